// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = min_m sum_x w_x <R_m,x, nu_x> = min over mixtures q of M reward models.
/// Target: adversarial, a mixture q. Reward sum_m q_m R_m(z). Equilibrium: nu ∝ nu0 exp(q'R /
/// beta), q minimises sum_x w_x beta log sum exp(log nu0_x + q'R_x / beta).
template <Scalar Real>
struct RobustReward {
  using scalar_type = Real;
  static constexpr bool context_weighted = true;
  std::vector<std::vector<Real>> rewards;  ///< M rows over the stacked answers

  [[nodiscard]] std::size_t target_size() const { return rewards.size(); }
  [[nodiscard]] TargetKind target_kind(std::size_t) const { return TargetKind::mixture; }
  [[nodiscard]] std::span<const Real> target_row(std::size_t m) const { return rewards[m]; }
  [[nodiscard]] Real target_offset(std::size_t) const { return 0; }

  void check(const Blocks& blocks) const {
    require(!rewards.empty(), Errc::invalid_argument, "RobustReward: needs at least one reward");
    for (std::size_t m = 0; m < rewards.size(); ++m) {
      require(rewards[m].size() == blocks.total(), Errc::dimension_mismatch,
              "RobustReward: reward ", m, " has ", rewards[m].size(), " entries for ",
              blocks.total(), " answers");
      for (const Real r : rewards[m]) {
        require(std::isfinite(r), Errc::not_finite, "RobustReward: reward ", m,
                " must be finite, got ", r);
      }
    }
  }
};

}  // namespace dag
