// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau / 2 sum_x w_x (nu_x - p_x)' K (nu_x - p_x): minus half the squared maximum mean
/// discrepancy under a kernel K between answers, which lets near answers stand for each other.
/// Target: adversarial, answers u = K (nu - p). Reward -tau u(z). K = I: half the squared distance.
/// Equilibrium: Newton on differenced gradients, or proximal ascent. O(n^2) a context, no memory.
/// Source: Gretton et al. (2012), JMLR 13.
/// Errors: dimension_mismatch, not_a_distribution, invalid_argument (a kernel that is not symmetric
/// or not positive semidefinite to rounding).
template <Scalar Real>
struct MmdToGoal {
  using scalar_type = Real;
  Goal<Real> goal;           ///< p, stacked over contexts
  std::vector<Real> kernel;  ///< n x n, row-major; no units
  Real tau = 1;              ///< weight, > 0

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      for (std::size_t z = 0; z < answers.blocks.size(x); ++z) {
        total -= tau / 2 * answers.weights[x] * excess(answers, x, z) * witness(answers, x, z);
      }
    }
    return total;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      for (std::size_t z = 0; z < answers.blocks.size(x); ++z) {
        out[answers.blocks.offset(x) + z] = -tau * answers.weights[x] * witness(answers, x, z);
      }
    }
  }

  void check(const Blocks& blocks) const {
    goal.check(blocks, "MmdToGoal");
    detail::require_weight(tau, "MmdToGoal");
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      require(blocks.size(x) * blocks.size(x) == kernel.size(), Errc::dimension_mismatch,
              "MmdToGoal: context ", x, " has ", blocks.size(x),
              " answers, so the kernel needs the square of that, got ", kernel.size(), " entries");
    }
    check_kernel(blocks.size(0));
  }

 private:
  [[nodiscard]] Real excess(AnswersView<Real> answers, std::size_t x, std::size_t z) const {
    const std::size_t i = answers.blocks.offset(x) + z;
    return answers.nu.point[i] - goal[i].value;
  }
  /// (K (nu_x - p_x))(z).
  [[nodiscard]] Real witness(AnswersView<Real> answers, std::size_t x, std::size_t z) const {
    const std::size_t size = answers.blocks.size(x);
    Real sum = 0;
    for (std::size_t y = 0; y < size; ++y) {
      sum += kernel[z * size + y] * excess(answers, x, y);
    }
    return sum;
  }
  /// Symmetric, and a Cholesky factorisation meets no pivot below minus rounding.
  void check_kernel(std::size_t n) const {
    Real largest = 0;
    for (const Real entry : kernel) {
      require(std::isfinite(entry), Errc::not_finite, "MmdToGoal: the kernel has the entry ",
              entry);
      largest = std::fmax(largest, std::abs(entry));
    }
    const Real rounding =
        64 * static_cast<Real>(n) * std::numeric_limits<Real>::epsilon() * largest;
    std::vector<Real> left = kernel;  // the Schur complement, from the last row up
    for (std::size_t k = n; k-- > 0;) {
      const Real pivot = left[k * n + k];
      require(pivot >= -rounding, Errc::invalid_argument,
              "MmdToGoal: the kernel must be positive semidefinite; pivot ", k, " is ", pivot);
      for (std::size_t i = 0; i < k; ++i) {
        require(std::abs(kernel[i * n + k] - kernel[k * n + i]) <= rounding, Errc::invalid_argument,
                "MmdToGoal: the kernel must be symmetric; entries (", i, ", ", k, ") and (", k,
                ", ", i, ") are ", kernel[i * n + k], " and ", kernel[k * n + i]);
        // A zero pivot needs a zero column: [a b; b 0] has a negative eigenvalue unless b = 0.
        require(pivot > rounding || std::abs(left[i * n + k]) <= std::sqrt(rounding * largest),
                Errc::invalid_argument,
                "MmdToGoal: the kernel must be positive semidefinite; pivot ", k,
                " is zero beside ", left[i * n + k]);
        for (std::size_t j = 0; pivot > rounding && j < k; ++j) {
          left[i * n + j] -= left[i * n + k] * left[k * n + j] / pivot;
        }
      }
    }
  }
};

}  // namespace dag
