// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/scalar_root.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x min { KL(nu_x || q) : q a distribution with <f_x, q> <= c }: a constraint
/// that may be missed, at the price of the distance to it in nats; 0 where it holds. Target:
/// cooperative, answers with the reverse projection q(z) = nu(z) / (1 + lambda (f(z) - c)), lambda
/// >= 0 by a scalar root. Reward tau log q(z) / nu(z) = -tau log(1 + lambda (f(z) - c)). A sum of
/// several is a sum of prices. tau -> inf: `MomentConstraints`. Equilibrium: Newton on differenced
/// gradients, or proximal ascent. Value and gradient: O(n) a step of the root, no memory.
/// Errors: dimension_mismatch, not_finite, invalid_argument (tau; a context none of whose answers
/// has f < c).
template <Scalar Real>
struct SoftConstraint {
  using scalar_type = Real;
  std::vector<Real> feature;  ///< f, stacked over contexts
  Real bound = 0;             ///< c, units of f
  Real tau = 1;               ///< weight, > 0

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const Real lambda = multiplier(answers, x);
      for (std::size_t i = answers.blocks.offset(x);
           i < answers.blocks.offset(x) + answers.blocks.size(x); ++i) {
        total += answers.nu.point[i] > 0
                     ? answers.weights[x] * answers.nu.point[i] * reward(i, lambda)
                     : Real{0};
      }
    }
    return total;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const Real lambda = multiplier(answers, x);
      for (std::size_t i = answers.blocks.offset(x);
           i < answers.blocks.offset(x) + answers.blocks.size(x); ++i) {
        out[i] = answers.weights[x] * reward(i, lambda);
      }
    }
  }
  /// lambda of context x: 0 where <f, nu_x> <= c; units 1 / f.
  [[nodiscard]] Real multiplier(AnswersView<Real> answers, std::size_t x) const {
    const std::size_t first = answers.blocks.offset(x), last = first + answers.blocks.size(x);
    Real excess = 0, lowest = 0;
    for (std::size_t i = first; i < last; ++i) {
      excess += answers.nu.point[i] * (feature[i] - bound);
      lowest = std::fmin(lowest, feature[i] - bound);
    }
    if (!(excess > 0)) {
      return 0;
    }
    // <f - c, q>, falling in lambda, from `excess` at 0 to -inf at the pole of the lowest f (or to
    // what is left there if the policy never gives that answer).
    const auto moment = [&](Real lambda) {
      Real sum = 0, slope = 0;
      for (std::size_t i = first; i < last; ++i) {
        if (answers.nu.point[i] > 0) {
          const Real h = feature[i] - bound, q = answers.nu.point[i] / (1 + lambda * h);
          sum += q * h;
          slope -= q * h / (1 + lambda * h) * h;
        }
      }
      return ValueAndSlope<Real>{sum, slope};
    };
    const Real pole = -1 / lowest;
    const Real high = pole * (1 - 4 * std::numeric_limits<Real>::epsilon());
    return moment(high).value < 0 ? find_root_newton(moment, Real{0}, high, pole / 2).root : high;
  }

  void check(const Blocks& blocks) const {
    require(feature.size() == blocks.total(), Errc::dimension_mismatch,
            "SoftConstraint: the feature has ", feature.size(), " entries for ", blocks.total(),
            " answers");
    detail::require_weight(tau, "SoftConstraint");
    require(std::isfinite(bound), Errc::not_finite,
            "SoftConstraint: the bound must be finite, got ", bound);
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      bool possible = false;
      for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
        require(std::isfinite(feature[i]), Errc::not_finite,
                "SoftConstraint: the feature must be finite, got ", feature[i], " at answer ", i);
        possible = possible || feature[i] < bound;
      }
      require(possible, Errc::invalid_argument, "SoftConstraint: no answer of context ", x,
              " has a feature below the bound ", bound);
    }
  }

 private:
  [[nodiscard]] Real reward(std::size_t i, Real lambda) const {
    return -tau * std::log1p(lambda * (feature[i] - bound));
  }
};

}  // namespace dag
