// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = sum_x w_x <R_x, nu_x>: no Target. Equilibrium: nu ∝ nu0 exp(R / beta).
/// `rewards`: R_x(z), stacked over contexts.
template <Scalar Real, class Data = std::vector<Real>>
struct ExpectedReward {
  using scalar_type = Real;
  Data rewards;

  [[nodiscard]] Real datum(std::size_t i) const { return rewards[i]; }
  [[nodiscard]] auto formula() const { return ExpectedReward<Real, NoData>{}; }
  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Real r) const {
    return r * nu.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real>, Real r) const { return r; }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real>, Real) const { return 0; }

  /// The reward is level - rate * log nu.
  [[nodiscard]] Real log_affine_level(std::size_t i) const { return rewards[i]; }
  [[nodiscard]] Real log_affine_rate() const { return 0; }

  void check(const Blocks& blocks) const {
    require(rewards.size() == blocks.total(), Errc::dimension_mismatch,
            "ExpectedReward: ", rewards.size(), " rewards for ", blocks.total(), " answers");
    for (const Real r : rewards) {
      require(std::isfinite(r), Errc::not_finite, "ExpectedReward: rewards must be finite, got ",
              r);
    }
  }
};

template <class Real>
ExpectedReward(std::vector<Real>) -> ExpectedReward<Real>;

}  // namespace dag
