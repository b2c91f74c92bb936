// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "check_claims.hpp"

namespace cli {

/// log(a / b) of positive numbers, also where the quotient is out of range.
inline double log_ratio(double a, double b) {
  const double ratio = a / b;
  return std::isnormal(ratio) ? std::log(ratio) : std::log(a) - std::log(b);
}

using AnswerRows = std::vector<std::vector<double>>;  ///< [context][answer]

/// The largest difference of an answer's probability. Rows of the same shape.
[[nodiscard]] double farthest(const AnswerRows& a, const AnswerRows& b);

/// A utility of a problem, with the data it has there.
struct AnswerUtility {
  std::string kind;  ///< the registry's name, no alias
  double weight = 1;
  double order = 0;
  double k = 0;
  double terms = 0;
  double q = 0;
  double epsilon = 0;
  double bound = 0;
  std::string rule;
  AnswerRows reward, target, correct, feature;  ///< [context][answer]
  std::vector<AnswerRows> rewards;              ///< [model][context][answer]
  AnswerRows matrix;                            ///< kernel, cost or win rates: [answer][answer]

  [[nodiscard]] bool constraint() const { return kind == "moment_constraints"; }
  [[nodiscard]] bool mixture() const { return kind == "robust_reward"; }
};

/// A problem of `dag align`, read for the second time, by code of its own.
struct AnswerProblem {
  std::string id;
  std::string kind;
  double beta = 0;
  bool rows = false;     ///< nu0 had rows
  AnswerRows reference;  ///< normalised
  std::vector<double> weights;
  std::vector<AnswerUtility> utilities;
};

/// Errors: parse.
[[nodiscard]] AnswerProblem read_answer_problem(const Json& json);

/// AnswerRewards and value of a policy, of all utilities together.
struct AnswerRewards {
  AnswerRows reward;  ///< r_x(z) = dF / dnu_x(z) / w_x up to a constant a context; -inf: ruled out
  double value = 0;   ///< F
  double bulk = 0;    ///< the largest of what was added and taken away: rounding is relative to it
  AnswerRows consensus;  ///< q of a coherence, one row; else empty
  double violation = 0, complementarity = 0, mixture_gap = 0;
  double target_gap = 0;      ///< what the Target's deviations gain
  std::vector<double> slack;  ///< of mixtures' rows and constraints, in order
};

/// At the policy nu with the Target's mixture and multipliers, in the order of the utilities.
/// Empty where it would take too long (maj_at_k of many answers and votes), or where doubles do not
/// determine it (transport at costs far above epsilon).
[[nodiscard]] std::optional<AnswerRewards> rewards_at(const AnswerProblem& problem,
                                                      const AnswerRows& nu,
                                                      const std::vector<double>& mixture,
                                                      const std::vector<double>& multipliers);

}  // namespace cli
