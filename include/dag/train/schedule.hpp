// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>

namespace dag {

/// Learning rate by step (0, 1, ...): linear warm-up to `peak`, then constant or a cosine down to
/// `final_fraction * peak` at `total` steps.
struct LearningRate {
  double peak = 1e-2;
  std::int64_t warm_up = 0;  ///< steps; step s of the warm-up has peak * (s + 1) / warm_up
  std::int64_t total = 0;    ///< 0: constant after the warm-up
  double final_fraction = 0.1;

  [[nodiscard]] double at(std::int64_t step) const {
    if (step < warm_up) {
      return peak * static_cast<double>(step + 1) / static_cast<double>(warm_up);
    }
    if (total <= warm_up) {
      return peak;
    }
    const double span = static_cast<double>(total - warm_up);
    const double done = std::fmin(static_cast<double>(step - warm_up) / span, 1.0);
    constexpr double pi = 3.14159265358979323846;
    return peak * (final_fraction + (1 - final_fraction) * 0.5 * (1 + std::cos(pi * done)));
  }
  friend bool operator==(const LearningRate&, const LearningRate&) = default;
};

/// Errors: invalid_argument.
inline void validate(const LearningRate& rate) {
  const OptionRules rules("LearningRate");
  rules.positive("peak", rate.peak);
  rules.not_negative("warm_up", rate.warm_up);
  rules.not_negative("total", rate.total);
  rules.share("final_fraction", rate.final_fraction);
}

}  // namespace dag
