// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/numeric/weighted_simplex_projection.hpp>

namespace dag {

/// How the steps of primal-dual methods differ from strategy to strategy. A_c is the payoff matrix
/// less the mean of all payoffs, so that a constant added to them changes no step.
enum class Scaling {
  none,            ///< one step a player
  pock_chambolle,  ///< a strategy's step: 1 / (the sum of its |A_c|)
  ruiz,            ///< the squared factors that bring the largest |A_c| of every strategy to one
};

namespace detail {

/// A diagonal metric on the two simplices of a matrix game: a weight w > 0 a strategy, the norm
/// |z|^2 = sum z_i^2 / w_i of each player. The largest weight of each player is 1, so that a step
/// which is short enough without the metric is short enough with it. Host memory.
///
/// Sources: Pock and Chambolle (2011), doi:10.1109/ICCV.2011.6126441, alpha = 1, where the step is
/// short enough if its product with `bound()` is at most 1; Ruiz (2001), RAL-TR-2001-034, 10
/// passes in the max norm. A strategy whose |A_c| are all below rounding gets the weight of the
/// mean.
template <Scalar Real>
class DiagonalMetric {
 public:
  DiagonalMetric(const Blocks& blocks, std::span<const Real> payoff, Scaling scaling)
      : blocks_(blocks), weights_(blocks.total(), Real{1}), workspace_(2 * blocks.total()) {
    const auto [low, high] = std::minmax_element(payoff.begin(), payoff.end());
    range_ = *high - *low;
    if (!(range_ > 0)) {
      return;
    }
    Real above = 0;  // of the mean over the lowest payoff
    for (const Real entry : payoff) {
      above += (entry - *low) / static_cast<Real>(payoff.size());
    }
    mean_ = *low + above;
    if (scaling == Scaling::pock_chambolle) {
      sums(payoff);
    } else if (scaling == Scaling::ruiz) {
      ruiz(payoff);
    }
  }

  [[nodiscard]] std::span<const Real> weights(std::size_t b) const {
    return blocks_.of(std::span<const Real>(weights_), b);
  }
  /// At least the operator norm of S^1/2 A_c T^1/2 (T, S the players' weights); 0 if not known.
  [[nodiscard]] Real bound() const noexcept { return bound_; }

  /// y += number * w x.
  void add(std::size_t b, Real number, std::span<const Real> x, std::span<Real> y) const {
    const auto w = weights(b);
    for (std::size_t i = 0; i < w.size(); ++i) {
      y[i] += number * (w[i] * x[i]);
    }
  }
  /// y = the nearest point of the simplex.
  void project(std::size_t b, std::span<Real> y) {
    project_weighted_simplex(y, weights(b), workspace_, Real{1});
  }
  /// |x - y|^2.
  [[nodiscard]] Real squared_distance(std::size_t b, std::span<const Real> x,
                                      std::span<const Real> y) const {
    const auto w = weights(b);
    Real sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      sum += (x[i] - y[i]) * (x[i] - y[i]) / w[i];
    }
    return sum;
  }

 private:
  [[nodiscard]] std::span<Real> of(std::size_t b) {
    return blocks_.of(std::span<Real>(weights_), b);
  }
  /// |A_c| in payoff ranges.
  [[nodiscard]] Real centred(Real entry) const { return std::abs(entry - mean_) / range_; }
  /// weights = 1 / sizes, the largest one; returns the smallest size.
  static Real invert(std::span<Real> sizes) {
    Real mean = 0;
    for (const Real size : sizes) {
      mean += size / static_cast<Real>(sizes.size());
    }
    const Real nothing = std::numeric_limits<Real>::epsilon() * mean;
    Real least = std::numeric_limits<Real>::infinity();
    for (Real& size : sizes) {
      size = size > nothing ? size : mean;
      least = std::min(least, size);
    }
    for (Real& size : sizes) {
      size = least / size;
    }
    return least;
  }
  void sums(std::span<const Real> payoff) {
    const std::size_t rows = blocks_.size(0), columns = blocks_.size(1);
    const auto t = of(0), s = of(1);
    std::fill(weights_.begin(), weights_.end(), Real{0});
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        const Real size = centred(payoff[i * columns + j]);
        t[i] += size;
        s[j] += size;
      }
    }
    const Real row = invert(t);
    const Real column = invert(s);
    bound_ = range_ * std::sqrt(row) * std::sqrt(column);
  }
  void ruiz(std::span<const Real> payoff) {
    const std::size_t rows = blocks_.size(0), columns = blocks_.size(1);
    std::vector<Real> factor(blocks_.total(), Real{1}), largest(blocks_.total());
    const auto d = blocks_.of(std::span<Real>(factor), 0),
               e = blocks_.of(std::span<Real>(factor), 1);
    const auto r = blocks_.of(std::span<Real>(largest), 0);
    const auto c = blocks_.of(std::span<Real>(largest), 1);
    for (int pass = 0; pass < 10; ++pass) {
      std::fill(largest.begin(), largest.end(), Real{0});
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          const Real size = centred(payoff[i * columns + j]) * (d[i] * e[j]);
          r[i] = std::max(r[i], size);
          c[j] = std::max(c[j], size);
        }
      }
      for (std::size_t k = 0; k < factor.size(); ++k) {
        factor[k] /= largest[k] > 0 ? std::sqrt(largest[k]) : Real{1};
      }
    }
    for (std::size_t b = 0; b < 2; ++b) {
      const auto f = blocks_.of(std::span<const Real>(factor), b);
      const auto w = of(b);
      for (std::size_t k = 0; k < w.size(); ++k) {
        w[k] = 1 / (f[k] * f[k]);
      }
      (void)invert(w);
    }
  }

  Blocks blocks_;
  std::vector<Real> weights_, workspace_;
  Real mean_ = 0, range_ = 0, bound_ = 0;
};

}  // namespace detail
}  // namespace dag
