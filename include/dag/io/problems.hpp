// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/chi_square_to_target.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/forward_kl.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/jensen_shannon_to_target.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/reverse_kl.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/tsallis.hpp>

namespace dag {

namespace detail {

/// Fields of one problem, checked as they are read. Errors name the field, its value and the rule.
class ProblemFields {
 public:
  explicit ProblemFields(const nlohmann::json& object) : object_(object) {}

  [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }

  [[nodiscard]] std::string text(const char* name) const {
    const auto& value = at(name);
    check(value.is_string(), name, value, "must be a string");
    return value.get<std::string>();
  }
  [[nodiscard]] double number(const char* name) const { return as_number(at(name), name); }
  [[nodiscard]] std::vector<double> numbers(const char* name) const {
    return as_numbers(at(name), name);
  }
  [[nodiscard]] std::vector<std::vector<double>> rows(const char* name) const {
    const auto& value = at(name);
    check(value.is_array() && !value.empty(), name, value, "must be an array of arrays of numbers");
    std::vector<std::vector<double>> rows;
    for (const auto& row : value) {
      rows.push_back(as_numbers(row, name));
    }
    return rows;
  }
  /// 0/1 or false/true an answer.
  [[nodiscard]] std::vector<bool> flags(const char* name) const {
    const auto& value = at(name);
    check(value.is_array(), name, value, "must be an array of 0 and 1, one an answer");
    std::vector<bool> flags;
    for (const auto& flag : value) {
      const bool legal = flag.is_boolean() || (flag.is_number() && (flag == 0 || flag == 1));
      check(legal, name, flag, "must hold 0 and 1 only");
      flags.push_back(flag.is_boolean() ? flag.get<bool>() : flag != 0);
    }
    return flags;
  }

 private:
  [[nodiscard]] const nlohmann::json& at(const char* name) const {
    const auto found = object_.find(name);
    require(found != object_.end(), Errc::parse, "problem: field \"", name, "\" is missing");
    return *found;
  }
  static void check(bool holds, const char* name, const nlohmann::json& value, const char* rule) {
    if (!holds) {
      std::string shown = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
      if (shown.size() > 60) {
        shown = shown.substr(0, 57) + "...";
      }
      fail(Errc::parse, "problem: field \"", name, "\" ", rule, ", got ", shown);
    }
  }
  [[nodiscard]] static double as_number(const nlohmann::json& value, const char* name) {
    check(value.is_number(), name, value, "must be a number");
    const double number = value.get<double>();
    check(std::isfinite(number), name, value, "must be finite");
    return number;
  }
  [[nodiscard]] static std::vector<double> as_numbers(const nlohmann::json& value,
                                                      const char* name) {
    check(value.is_array() && !value.empty(), name, value, "must be an array of numbers");
    std::vector<double> numbers;
    for (const auto& entry : value) {
      numbers.push_back(as_number(entry, name));
    }
    return numbers;
  }

  const nlohmann::json& object_;
};

/// Solves the game and writes the answer's common fields.
template <Utility U>
[[nodiscard]] nlohmann::json solve_to_json(const std::string& id, const std::string& kind,
                                           U utility, Contexts<double> contexts, double beta,
                                           bool many) {
  const AlignmentGame<U, no_backend> game(std::move(utility), std::move(contexts), beta);
  const auto found = equilibrium(game);
  nlohmann::json out;
  out["id"] = id;
  out["kind"] = kind;
  if (many) {
    for (std::size_t x = 0; x < found.blocks.count(); ++x) {
      const auto row = found.strategy(x);
      out["solution"].push_back(std::vector<double>(row.begin(), row.end()));
    }
  } else {
    out["solution"] = found.nu;
  }
  out["value"] = found.value;
  out["residual"] = found.residual;
  out["gap"] = found.gap;
  out["iterations"] = found.iterations;
  out["status"] = to_string(found.status);
  out["method"] = to_string(found.method);
  if (!found.consensus.empty()) {
    out["consensus"] = found.consensus;
  }
  if (kind == "robust_reward") {
    out["mixture"] = found.target;
  } else if (!found.target.empty()) {
    out["multipliers"] = found.target;
    out["slack"] = found.slack;
    out["violation"] = found.violation;
    out["complementarity"] = found.complementarity;
  }
  return out;
}

}  // namespace detail

/// Solves one answer-level problem, a JSON object with `id`, `kind`, `nu0` (numbers, or rows of
/// them for the kinds of many contexts), `beta` and the fields of its kind:
///   expected_reward: reward. shannon_entropy, gini, tsallis3: weight. tsallis: weight, order.
///   reward_plus_entropy: reward, weight. log_likelihood: correct. pass_at_k: correct, k.
///   forward_kl_to_target, reverse_kl_to_target, chi2_to_target, jensen_shannon_to_target: target.
///   moment_le, moment_eq: feature, bound. robust_reward: rewards (rows).
///   coherence_arithmetic, coherence_geometric, coherence_euclidean, pairwise_kl,
///   pairwise_euclidean: weights (of the contexts).
/// Other fields are ignored. Out: id, kind, solution, value, residual, gap, iterations, status,
/// method; consensus, mixture, or multipliers with slack, violation and complementarity.
/// Errors: parse (a field missing or of the wrong type, an unknown kind), and those of the game.
[[nodiscard]] inline nlohmann::json solve_problem(const nlohmann::json& problem) {
  using std::move;
  require(problem.is_object(), Errc::parse, "problem: must be a JSON object, got ",
          std::string_view(problem.type_name()));
  const detail::ProblemFields fields(problem);
  const std::string id = fields.text("id");
  const std::string kind = fields.text("kind");
  const auto many = [&](auto utility) {
    return detail::solve_to_json(id, kind, move(utility),
                                 Contexts<double>(fields.rows("nu0"), fields.numbers("weights")),
                                 fields.number("beta"), true);
  };
  const auto one = [&](auto utility) {
    return detail::solve_to_json(id, kind, move(utility), Contexts<double>(fields.numbers("nu0")),
                                 fields.number("beta"), false);
  };
  const auto weight = [&] { return fields.number("weight"); };
  const auto target = [&] { return fields.numbers("target"); };
  if (kind == "expected_reward") {
    return one(ExpectedReward{fields.numbers("reward")});
  }
  if (kind == "shannon_entropy") {
    return one(ShannonEntropy{weight()});
  }
  if (kind == "reward_plus_entropy") {
    return one(Sum{ExpectedReward{fields.numbers("reward")}, ShannonEntropy{weight()}});
  }
  if (kind == "gini") {
    return one(Gini{weight()});
  }
  if (kind == "tsallis3" || kind == "tsallis") {
    return one(TsallisEntropy{weight(), kind == "tsallis" ? fields.number("order") : 3.0});
  }
  if (kind == "log_likelihood") {
    return one(AnswerLogLikelihood<double>{fields.flags("correct")});
  }
  if (kind == "pass_at_k") {
    return one(PassAtK<double>{fields.flags("correct"), fields.number("k")});
  }
  if (kind == "forward_kl_to_target") {
    return one(ForwardKl{target()});
  }
  if (kind == "reverse_kl_to_target") {
    return one(ReverseKl{target()});
  }
  if (kind == "chi2_to_target") {
    return one(ChiSquare{target()});
  }
  if (kind == "jensen_shannon_to_target") {
    return one(JensenShannon{target()});
  }
  if (kind == "moment_le" || kind == "moment_eq") {
    MomentConstraints<double> constraints;
    if (kind == "moment_eq") {
      constraints.equal(fields.numbers("feature"), fields.number("bound"));
    } else {
      constraints.at_most(fields.numbers("feature"), fields.number("bound"));
    }
    return one(move(constraints));
  }
  if (kind == "robust_reward") {
    return one(RobustReward<double>{fields.rows("rewards")});
  }
  if (kind == "coherence_arithmetic") {
    return many(ArithmeticCoherence<double>{});
  }
  if (kind == "coherence_geometric") {
    return many(GeometricCoherence<double>{});
  }
  if (kind == "coherence_euclidean") {
    return many(EuclideanCoherence<double>{});
  }
  if (kind == "pairwise_kl") {
    return many(PairwiseKl<double>{});
  }
  if (kind == "pairwise_euclidean") {
    return many(PairwiseEuclidean<double>{});
  }
  fail(Errc::parse, "problem: field \"kind\" must be a known utility, got \"", kind, "\"");
}

/// The same from one line of text. Errors: parse where it is not JSON, with the offset of the
/// fault.
[[nodiscard]] inline nlohmann::json solve_problem_line(std::string_view line) {
  nlohmann::json problem;
  try {
    // A problem has no use for deep nesting, and what walks a value recursively (dump) would
    // overflow the stack.
    problem = nlohmann::json::parse(
        line.begin(), line.end(),
        [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
          require(depth <= 64, Errc::parse, "problem: arrays or objects nested deeper than 64");
          return true;
        });
  } catch (const nlohmann::json::exception& fault) {
    fail(Errc::parse, "problem: not a line of JSON: ", std::string_view(fault.what()));
  }
  return solve_problem(problem);
}

}  // namespace dag
