// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/blocks.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/simplex_operations.hpp>

namespace dag::device {

// Kernel bodies of regret matching and Euclidean sets: one thread block a segment.

/// regrets += g - <g, p>, negative ones forgotten if `plus`; then p in proportion to max(regrets +
/// last (g - <g, p>), 0), left as it is where nothing is positive. Raises *bad on NaN and infinity.
template <class Real>
struct MatchRegrets {
  const Real* gradient;
  bool plus;
  Real last;
  Real* sums;
  Real* strategy;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real* const g = gradient + first;
    Real* const regrets = sums + first;
    Real* const p = strategy + first;
    const Real earned = block.reduce(
        size, Real{0}, [&](std::size_t i) { return g[i] * p[i]; }, Add{});
    const auto hope = [&](std::size_t i) {
      const Real ahead = regrets[i] + last * (g[i] - earned);
      return ahead > 0 ? ahead : Real{0};
    };
    const Real total = block.reduce(
        size, Real{0},
        [&](std::size_t i) {
          const Real sum = regrets[i] + (g[i] - earned);
          regrets[i] = plus && sum < 0 ? Real{0} : sum;
          return hope(i);
        },
        Add{});
    const bool usable = total - total == 0 && earned - earned == 0;
    block.each(usable && total > 0 ? size : 0, [&](std::size_t i) { p[i] = hope(i) / total; });
    block.each(usable ? 0 : 1, [&](std::size_t) { *bad = 1; });
  }
};

/// y = the nearest point of the simplex to y in each segment, by Michelot's finite sequence of
/// thresholds, from 1 below the largest entry on: what lies further below has no part in it, and
/// would cost the sums their digits. NaN and infinities raise *bad.
template <class Real>
struct ProjectSimplex {
  Real* y;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    Real* const v = y + first;
    const Real nothing = block.reduce(
        size, Real{0}, [&](std::size_t i) { return v[i] - v[i]; }, Add{});
    if (!(nothing == 0)) {
      block.each(1, [&](std::size_t) { *bad = 1; });
      return;
    }
    const Real top = block.reduce(
        size, -Limits<Real>::infinity, [&](std::size_t i) { return v[i]; }, Max{});
    Real threshold = -1;
    for (std::size_t kept = size + 1;;) {
      const auto above = [&](std::size_t i) { return v[i] - top > threshold; };
      const std::size_t count = block.reduce(
          size, std::size_t{0}, [&](std::size_t i) { return std::size_t{above(i)}; }, Add{});
      if (count >= kept || count == 0) {  // never more, unless by rounding
        break;
      }
      const Real sum = block.reduce(
          size, Real{0}, [&](std::size_t i) { return above(i) ? v[i] - top : Real{0}; }, Add{});
      kept = count;
      threshold = (sum - 1) / static_cast<Real>(count);
    }
    block.each(size, [&](std::size_t i) {
      v[i] = v[i] - top > threshold ? (v[i] - top) - threshold : Real{0};
    });
  }
};

/// out = a', entry by entry of out.
template <class Real>
struct Transpose {
  std::size_t rows;
  std::size_t columns;
  const Real* a;
  Real* out;
  DAG_HOST_DEVICE void operator()(std::size_t k) const {
    out[k] = a[k % rows * columns + k / rows];
  }
};

/// y = min(max(y, lower), upper), elementwise.
template <class Real>
struct Clamp {
  const Real* lower;
  const Real* upper;
  Real* y;
  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    const Real raised = y[i] < lower[i] ? lower[i] : y[i];
    y[i] = raised > upper[i] ? upper[i] : raised;
  }
};

/// max over x from lower to upper of x g, entry by entry: the support function of a box.
template <class Real>
struct BoxTerm {
  const Real* lower;
  const Real* upper;
  const Real* g;
  DAG_HOST_DEVICE Real operator()(std::size_t i) const {
    const Real low = lower[i] * g[i], high = upper[i] * g[i];
    return low > high ? low : high;
  }
};

/// Regret matching, boxes, the Euclidean simplex and the transpose; contracts in
/// backend/eigen_backend.hpp.
class SetOperations : public SimplexOperations {
 public:
  using SimplexOperations::SimplexOperations;
  template <class Scalar>
  void match_regrets(std::span<const Scalar> g, bool plus, Scalar last, std::span<Scalar> regrets,
                     std::span<Scalar> p) const {
    expect_device(g, regrets, p);
    launch_segments(Blocks{g.size()},
                    MatchRegrets<Scalar>{g.data(), plus, last, regrets.data(), p.data(), bad()});
  }
  template <class Scalar>
  void project_simplex(std::span<Scalar> y) const {
    expect_device(y);
    launch_segments(Blocks{y.size()}, ProjectSimplex<Scalar>{y.data(), bad()});
  }
  template <class Scalar>
  void clamp(std::span<const Scalar> lower, std::span<const Scalar> upper,
             std::span<Scalar> y) const {
    expect_device(y);
    launch_each(stream(), y.size(),
                Clamp<Scalar>{bounds(Slot::lower, lower), bounds(Slot::upper, upper), y.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar box_support(std::span<const Scalar> lower, std::span<const Scalar> upper,
                                   std::span<const Scalar> g) const {
    expect_device(g);
    return fold(g.size(), Scalar{0},
                BoxTerm<Scalar>{bounds(Slot::lower, lower), bounds(Slot::upper, upper), g.data()},
                Add{});
  }
  template <class Scalar>
  [[nodiscard]] Matrix<Scalar> transposed(const Matrix<Scalar>& a) const {
    Matrix<Scalar> out{a.columns, a.rows, Array<Scalar>(a.rows * a.columns, stream())};
    launch_each(stream(), out.entries.size(),
                Transpose<Scalar>{a.rows, a.columns, a.entries.data(), out.entries.data()});
    return out;
  }

 private:
  /// Bounds are host memory, as sets keep them: a copy for the next kernel.
  template <class Scalar>
  [[nodiscard]] const Scalar* bounds(Slot slot, std::span<const Scalar> host) const {
    Scalar* const copy = scratch<Scalar>(slot, host.size());
    copy_bytes(copy, host.data(), host.size_bytes(), stream());
    return copy;
  }
};

}  // namespace dag::device
