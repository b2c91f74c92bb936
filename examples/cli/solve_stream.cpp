// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag solve --stream: equilibria as they are found, a line each.
#include "solve_stream.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/solver/table/polynomial_equilibria.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"

namespace cli {
namespace {

void show(const dag::MixedProfile& profile, const dag::ExactProfile* fractions) {
  nlohmann::ordered_json line;
  line["strategies"] = profile;
  if (fractions != nullptr) {
    nlohmann::ordered_json& exact = line["exact"];
    for (const std::vector<dag::Fraction>& strategy : *fractions) {
      nlohmann::ordered_json words = nlohmann::ordered_json::array();
      for (const dag::Fraction& probability : strategy) {
        words.push_back(probability.text());
      }
      exact.push_back(words);
    }
  }
  write_out(line.dump() + '\n');
}

}  // namespace

int stream_equilibria(const SolveOptions& options, const Problem& problem) {
  const dag::GameTable& table = problem.table;
  const bool two = table.player_count() == 2;
  const char* solver = two ? "vertex_enumeration" : "polynomial_equilibria";
  dag::require(options.solver == "auto" || options.solver == solver, dag::Errc::invalid_argument,
               "--stream: of a game of ", table.player_count(), " players ", solver,
               " shows equilibria as it finds them; got --solver ", options.solver);
  const bool symmetric = options.select == "symmetric" && two;
  dag::require(options.select.empty() || symmetric, dag::Errc::invalid_argument,
               "--stream: of --select only symmetric, of two players, does not need to know all "
               "equilibria first; got ",
               options.select);
  dag::require(options.common.json.empty() && options.trace.empty() && options.plot.empty() &&
                   options.portrait.empty() && options.repeats == 1 && options.tau == 0,
               dag::Errc::invalid_argument, "--stream: its lines are all that it writes; leave ",
               "--json, --trace, --plot, --portrait, --repeats and --tau out");
  const double limit =
      options.time_limit < 0 ? std::numeric_limits<double>::infinity() : options.time_limit;
  dag::Status status{};
  if (two) {
    const auto watch = [&](const dag::EquilibriumSet& found) {
      show(found.equilibria.back(), options.exact ? &found.fractions.back() : nullptr);
    };
    status = dag::vertex_enumeration(table, {.fractions = options.exact,
                                             .symmetric = symmetric,
                                             .observer = watch,
                                             .time_limit = limit,
                                             .stop = interrupt})
                 .status;
  } else {
    const auto watch = [&](const dag::PolynomialEquilibria& found) {
      const dag::EnclosedEquilibrium& last = found.equilibria.back();
      show(last.profile, options.exact && !last.fractions.empty() ? &last.fractions : nullptr);
    };
    status = dag::polynomial_equilibria(table,
                                        {.observer = watch, .time_limit = limit, .stop = interrupt})
                 .status;
  }
  return status == dag::Status::converged ? exit_done : exit_not_converged;
}

}  // namespace cli
