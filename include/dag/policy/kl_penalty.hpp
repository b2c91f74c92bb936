// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <string_view>

#include <dag/core/error.hpp>

namespace dag {

/// Estimators of KL(pi || ref) from a token sampled from pi, by d = log ref - log pi.
///
/// | name | value | expectation of the value | gradient in log pi | expectation of that gradient |
/// |---|---|---|---|---|
/// | k1 | -d | KL, unbiased | 1 | zero: as a loss it does nothing |
/// | k2 | d^2 / 2 | biased, second order in d | -d | the gradient of KL, unbiased on policy |
/// | k3 | e^d - d - 1 | KL, unbiased | 1 - e^d | that of KL(ref || pi): biased for KL(pi || ref) |
/// | absolute | the size of d | an upper bound, biased | - sign d | that of E abs d |
/// | k1_plus, k3_plus | those of k1 and k3 | KL, unbiased | -d | the gradient of KL (as k2),
/// unbiased on policy | Source of the names: Schulman, "Approximating KL divergence" (2020); the
/// last three: verl's abs, k1+ and k3+ (value and gradient are of different functions: straight
/// through).
enum class KlEstimator { none, k1, k2, k3, absolute, k1_plus, k3_plus };

/// Names in configurations, in the order of the enumeration.
inline constexpr std::array<std::string_view, 7> kl_estimator_names{"none", "k1",  "k2", "k3",
                                                                    "abs",  "k1+", "k3+"};

/// One token's penalty and its derivative with respect to log pi of that token. Units: nats.
struct KlTerm {
  double value = 0;
  double gradient = 0;
};

/// `clamp_difference` bounds |d|, `clamp_value` the result (verl: 20 and 10); infinity leaves both
/// alone (TRL). Where a clamp binds the gradient is zero, but for those straight through.
[[nodiscard]] inline KlTerm kl_term(KlEstimator kind, double log_prob, double reference_log_prob,
                                    double clamp_difference, double clamp_value) {
  const double difference = reference_log_prob - log_prob;
  double d = difference;
  bool free = true;
  if (std::abs(d) > clamp_difference) {
    d = d > 0 ? clamp_difference : -clamp_difference;
    free = false;
  }
  KlTerm term;
  switch (kind) {
    case KlEstimator::none: return {};
    case KlEstimator::k1:
    case KlEstimator::k1_plus: term = {-d, 1}; break;
    case KlEstimator::k2: term = {d * d / 2, -d}; break;
    case KlEstimator::k3:
    case KlEstimator::k3_plus: term = {std::expm1(d) - d, -std::expm1(d)}; break;
    case KlEstimator::absolute: term = {std::abs(d), d > 0 ? -1.0 : (d < 0 ? 1.0 : 0.0)}; break;
  }
  if (std::abs(term.value) > clamp_value) {
    term.value = term.value > 0 ? clamp_value : -clamp_value;
    free = false;
  }
  if (!free) {
    term.gradient = 0;
  }
  if (kind == KlEstimator::k1_plus || kind == KlEstimator::k3_plus) {
    term.gradient = -difference;
  }
  return term;
}

}  // namespace dag
