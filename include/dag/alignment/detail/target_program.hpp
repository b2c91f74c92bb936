// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag::detail {

/// What a small set of mixtures and multipliers looks like to a quadratic program.
struct TargetShape {
  std::vector<bool> bounded;         ///< variable must stay >= 0
  std::vector<std::size_t> mixture;  ///< which mixture it belongs to, or none
  std::size_t mixtures = 0;
  static constexpr std::size_t none = ~std::size_t{0};

  [[nodiscard]] std::size_t size() const { return bounded.size(); }
};

/// max norm of what the optimality conditions of min psi(y) over the set leave: no derivative along
/// a free direction, none negative at a bound.
template <Scalar Real>
[[nodiscard]] Real target_residual(const TargetShape& shape, std::span<const Real> gradient,
                                   std::span<const Real> y) {
  std::vector<Real> least(shape.mixtures, std::numeric_limits<Real>::infinity());
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (shape.mixture[k] != TargetShape::none) {
      least[shape.mixture[k]] = std::fmin(least[shape.mixture[k]], gradient[k]);
    }
  }
  Real worst = 0;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const Real weight = std::fmin(y[k], Real{1});
    if (shape.mixture[k] != TargetShape::none) {
      worst = std::fmax(worst, weight * (gradient[k] - least[shape.mixture[k]]));
    } else if (shape.bounded[k]) {
      worst = std::fmax(worst, gradient[k] > 0 ? weight * gradient[k] : -gradient[k]);
    } else {
      worst = std::fmax(worst, std::abs(gradient[k]));
    }
  }
  return worst;
}

/// The step d that minimises <gradient, d> + d'Hd/2 with y + d in the set, H positive definite (up
/// to a small ridge that is added): a primal active-set method from d = 0. `pinned` says which
/// variables end at 0. Returns false if a system was singular. O(K^3) a pivot.
template <Scalar Real>
[[nodiscard]] bool target_step(const TargetShape& shape, std::span<const Real> hessian,
                               std::span<const Real> gradient, std::span<const Real> y,
                               std::span<Real> d) {
  const std::size_t size = shape.size(), total = size + shape.mixtures;
  constexpr Real epsilon = std::numeric_limits<Real>::epsilon();
  std::vector<bool> pinned(size);
  Real scale = 0;
  for (std::size_t k = 0; k < size; ++k) {
    pinned[k] = shape.bounded[k] && !(y[k] > 0);
    d[k] = 0;
    scale = std::fmax(scale, hessian[k * size + k]);
  }
  // Where the Hessian vanishes a long step follows, which the caller cuts to size.
  const Real ridge = std::fmax(scale * epsilon * 16, Real(1e-30));
  std::vector<Real> matrix(total * total), right(total);
  std::vector<std::size_t> pivots(total);
  for (std::size_t round = 0; round < 20 * (size + 1); ++round) {
    // Stationarity of the free variables, d_k = -y_k for the pinned, sum of d zero in each mixture.
    for (Real& entry : matrix) {
      entry = 0;
    }
    for (std::size_t k = 0; k < size; ++k) {
      if (pinned[k]) {
        matrix[k * total + k] = 1;
        right[k] = -y[k];
      } else {
        for (std::size_t j = 0; j < size; ++j) {
          matrix[k * total + j] = hessian[k * size + j];
        }
        matrix[k * total + k] += ridge;
        right[k] = -gradient[k];
        if (shape.mixture[k] != TargetShape::none) {
          matrix[k * total + size + shape.mixture[k]] = -scale - ridge;
        }
      }
      if (shape.mixture[k] != TargetShape::none) {
        matrix[(size + shape.mixture[k]) * total + k] = 1;
      }
    }
    for (std::size_t m = 0; m < shape.mixtures; ++m) {
      right[size + m] = 0;
    }
    if (!lu_factor(matrix, std::span<std::size_t>(pivots))) {
      return false;
    }
    lu_solve(matrix, std::span<const std::size_t>(pivots), right);
    Real length = 1;
    std::size_t blocking = TargetShape::none;
    for (std::size_t k = 0; k < size; ++k) {
      if (!pinned[k] && shape.bounded[k] && right[k] < -y[k]) {
        const Real fraction = (-y[k] - d[k]) / (right[k] - d[k]);
        if (fraction < length) {
          length = std::fmax(fraction, Real{0});
          blocking = k;
        }
      }
    }
    for (std::size_t k = 0; k < size; ++k) {
      d[k] += length * (right[k] - d[k]);
    }
    if (blocking != TargetShape::none) {
      d[blocking] = -y[blocking];
      pinned[blocking] = true;
      continue;
    }
    // Which bound would rather be left? Its multiplier is the reduced gradient.
    Real worst = -epsilon * 64 * (scale + ridge);
    std::size_t leaving = TargetShape::none;
    for (std::size_t k = 0; k < size; ++k) {
      if (pinned[k]) {
        Real reduced = gradient[k];
        for (std::size_t j = 0; j < size; ++j) {
          reduced += hessian[k * size + j] * d[j];
        }
        if (shape.mixture[k] != TargetShape::none) {
          reduced -= right[size + shape.mixture[k]] * (scale + ridge);
        }
        if (reduced < worst) {
          worst = reduced;
          leaving = k;
        }
      }
    }
    if (leaving == TargetShape::none) {
      return true;
    }
    pinned[leaving] = false;
  }
  return true;
}

}  // namespace dag::detail
