// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dag/alignment/preference_game.hpp>
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/io/problems.hpp>

namespace dag {

/// The kind of problem that is not a utility of answers but a game between them.
inline constexpr std::string_view preference_kind = "preference";

/// Whether a problem of `dag align` is one of comparisons.
[[nodiscard]] inline bool is_preference_problem(const nlohmann::json& problem) {
  return problem.is_object() && problem.contains("kind") && problem["kind"] == preference_kind;
}

/// Solves one problem of comparisons (`preference_equilibrium`): `id`, `kind` "preference", `nu0`
/// (a probability an answer), `beta` and `win_rates` (answers x answers: how often the row's answer
/// wins against the column's; the two of a pair add up to one constant). Out: id, kind, solution,
/// value (the value of the game: both sides play alike, so half of that constant), residual,
/// iterations, status, method, reward (each answer's win rate against the solution) and win_rate
/// (the solution's against nu0). Errors: parse (a field missing, of the wrong type or of another
/// kind), dimension_mismatch, and those of `preference_equilibrium`.
[[nodiscard]] inline nlohmann::json solve_preference_problem(const nlohmann::json& problem) {
  const detail::ProblemFields fields(problem);
  const std::string id = fields.text("id");
  for (const auto& [key, value] : problem.items()) {
    require(!is_utility_field(key), Errc::parse, "problem: field \"", std::string_view(key),
            "\" is none of preference's; it has id, nu0, beta and win_rates");
  }
  const std::vector<double> nu0 = fields.numbers("nu0");
  std::vector<double> wins;
  for (const std::vector<double>& row : fields.rows("win_rates")) {
    require(row.size() == nu0.size(), Errc::dimension_mismatch,
            "problem: a row of field \"win_rates\" has ", row.size(), " entries for ", nu0.size(),
            " answers");
    wins.insert(wins.end(), row.begin(), row.end());
  }
  const double beta = fields.number("beta");
  require(beta > 0, Errc::invalid_argument, "problem: field \"beta\" must be > 0, got ", beta);
  const PreferenceEquilibrium found = preference_equilibrium(wins, nu0, beta);
  return {{"id", id},
          {"kind", preference_kind},
          {"solution", found.nu},
          {"value", wins[0]},
          {"residual", found.residual},
          {"iterations", found.iterations},
          {"status", to_string(found.status)},
          {"method", "newton"},
          {"reward", found.reward},
          {"win_rate", found.win_rate}};
}

/// One line of what `dag align` reads: a problem of comparisons, or one of utilities; discarded
/// where `options.stop` ends the reading. Errors: those of `read_problem_line`,
/// `solve_preference_problem` and `solve_problem`.
template <std::same_as<double> Real = double>
[[nodiscard]] nlohmann::json solve_any_problem_line(std::string_view line,
                                                    const EquilibriumOptions<Real>& options = {}) {
  nlohmann::json problem = read_problem_line(line, options.stop);
  return problem.is_discarded()           ? problem
         : is_preference_problem(problem) ? solve_preference_problem(problem)
                                          : solve_problem(problem, options);
}

}  // namespace dag
