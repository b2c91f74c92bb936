// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>

/// Kernel bodies of regret matching and Euclidean sets: one thread block, or one a tile.
namespace dag::device {

/// regrets += g - <g, p>, negative ones forgotten if `plus`; then p in proportion to max(regrets +
/// last (g - <g, p>), 0), left as it is where nothing is positive. Raises *bad on NaN and infinity.
template <class Real>
struct MatchRegrets {
  std::size_t size;
  const Real* g;
  bool plus;
  Real last;
  Real* regrets;
  Real* p;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const MatchRegrets self = *this;
    const Real earned = block.reduce(
        size, Real{0}, [=](std::size_t i) { return self.g[i] * self.p[i]; }, Add{});
    const auto hope = [=](std::size_t i) {
      const Real ahead = self.regrets[i] + self.last * (self.g[i] - earned);
      return ahead > 0 ? ahead : Real{0};
    };
    const Real total = block.reduce(
        size, Real{0},
        [=](std::size_t i) {
          const Real sum = self.regrets[i] + (self.g[i] - earned);
          self.regrets[i] = self.plus && sum < 0 ? Real{0} : sum;
          return hope(i);
        },
        Add{});
    const bool usable = total - total == 0 && earned - earned == 0;
    block.each(usable && total > 0 ? size : 0, [=](std::size_t i) { self.p[i] = hope(i) / total; });
    block.each(usable ? 0 : 1, [=](std::size_t) { *self.bad = 1; });
  }
};

/// v = its nearest point of the simplex, by Michelot's finite sequence of thresholds. NaN and
/// infinities raise *bad.
template <class Real, class Block>
DAG_HOST_DEVICE void project_segment(Block& block, std::size_t size, Real* v, int* bad) {
  Real threshold = (block.reduce(
                        size, Real{0}, [=](std::size_t i) { return v[i]; }, Add{}) -
                    1) /
                   static_cast<Real>(size);
  if (!(threshold - threshold == 0)) {
    block.each(1, [=](std::size_t) { *bad = 1; });
    return;
  }
  for (std::size_t kept = size;;) {
    const Real at = threshold;
    const std::size_t count = block.reduce(
        size, std::size_t{0}, [=](std::size_t i) { return std::size_t{v[i] > at}; }, Add{});
    if (count >= kept || count == 0) {  // never more, unless by rounding
      break;
    }
    kept = count;
    threshold =
        (block.reduce(
             size, Real{0}, [=](std::size_t i) { return v[i] > at ? v[i] : Real{0}; }, Add{}) -
         1) /
        static_cast<Real>(count);
  }
  const Real at = threshold;
  block.each(size, [=](std::size_t i) { v[i] = v[i] > at ? v[i] - at : Real{0}; });
}
/// The Euclidean projection of the `size` numbers at y onto the simplex, by one block.
template <class Real>
struct ProjectSimplex {
  std::size_t size;
  Real* y;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    project_segment(block, size, y, bad);
  }
};

/// out = a' through a tile of 32 x 32 with padded rows: both sides are read and written in order.
template <class Real>
struct Transpose {
  static constexpr std::size_t side = 32;
  static constexpr std::size_t shared_bytes = side * (side + 1) * sizeof(Real);

  std::size_t rows;
  std::size_t columns;
  const Real* a;
  Real* out;

  [[nodiscard]] DAG_HOST_DEVICE static std::size_t tiles(std::size_t n) {
    return (n + side - 1) / side;
  }
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const Transpose self = *this;
    Real* const tile = block.template shared<Real>(side * (side + 1));
    const std::size_t first_row = block.index() / tiles(columns) * side;
    const std::size_t first_column = block.index() % tiles(columns) * side;
    block.each(side * side, [=](std::size_t t) {
      const std::size_t i = first_row + t / side, j = first_column + t % side;
      if (i < self.rows && j < self.columns) {
        tile[t / side * (side + 1) + t % side] = self.a[i * self.columns + j];
      }
    });
    block.each(side * side, [=](std::size_t t) {
      const std::size_t j = first_column + t / side, i = first_row + t % side;
      if (i < self.rows && j < self.columns) {
        self.out[j * self.rows + i] = tile[t % side * (side + 1) + t / side];
      }
    });
  }
};

/// *at += number, in order with what else is launched.
template <class Real>
struct AddToEntry {
  Real* at;
  Real number;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    Real* const slot = at;
    const Real more = number;
    block.each(1, [=](std::size_t) { *slot += more; });
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

}  // namespace dag::device
