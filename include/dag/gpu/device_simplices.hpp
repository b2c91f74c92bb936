// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/block.hpp>

/// Kernel bodies on products of simplices: one thread block a simplex ("segment").
namespace dag::device {

/// A body that works on one segment, [first, first + size) of stacked vectors, as the kernel of one
/// block a segment.
template <class Body>
struct EachSegment {
  Table<std::size_t> offsets;
  Body body;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t first = offsets[block.index()];
    body(block, first, offsets[block.index() + 1] - first);
  }
};
/// One that finds one number: out[b] is that of segment b.
template <class Real, class Number>
struct EachNumber {
  Number number;
  Real* out;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real found = number(block, first, size);
    Real* const slot = out + block.index();
    block.each(1, [=](std::size_t) { *slot = found; });
  }
};

/// In: log_p holds logits of one segment; out: log_p normalised, p its exponential. A NaN, +inf or
/// all -inf raises *bad. Two passes over the segment, one exponential an entry.
template <class Real, class Block>
DAG_HOST_DEVICE void normalize_segment(Block& block, std::size_t size, Real* log_p, Real* p,
                                       int* bad) {
  const Real top = block.reduce(
      size, -Limits<Real>::infinity, [=](std::size_t i) { return log_p[i]; }, Max{});
  const bool usable = top > -Limits<Real>::infinity && top < Limits<Real>::infinity;
  if (!usable) {
    block.each(1, [=](std::size_t) { *bad = 1; });
    return;
  }
  const Real total = block.reduce(
      size, Real{0},
      [=](std::size_t i) {
        p[i] = std::exp(log_p[i] - top);
        return p[i];
      },
      Add{});
  const Real scale = Real{1} / total;
  const Real shift = top + std::log(total);
  block.each(size, [=](std::size_t i) {
    p[i] *= scale;
    log_p[i] -= shift;
  });
}

/// The entropic proximal step of a segment, in the log domain.
template <class Real>
struct EntropyProx {
  Table<Real> weights;
  const Real* log_center;
  Real eta;
  const Real* gradient;
  Real* log_p;
  Real* p;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const std::size_t b = block.index();
    const Real step = eta / weights[b];
    const Real* center = log_center + first;
    const Real* g = gradient + first;
    Real* out = log_p + first;
    block.each(size, [=](std::size_t i) { out[i] = center[i] + step * g[i]; });
    normalize_segment(block, size, out, p + first, bad);
  }
};

/// The same with a magnet: a pull of the given weight to a reference.
template <class Real>
struct MagneticProx {
  Table<Real> weights;
  Table<Real> magnet_weights;
  const Real* log_center;
  Real eta;
  const Real* gradient;
  const Real* log_reference;
  Real* log_p;
  Real* p;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const std::size_t b = block.index();
    const Real step = eta / weights[b];
    const Real tau = magnet_weights[b];
    const Real scale = Real{1} / (Real{1} + step * tau);
    const Real* center = log_center + first;
    const Real* g = gradient + first;
    const Real* reference = log_reference + first;
    Real* out = log_p + first;
    block.each(size, [=](std::size_t i) {
      out[i] = scale * center[i] + (scale * step) * g[i] + (scale * step * tau) * reference[i];
    });
    normalize_segment(block, size, out, p + first, bad);
  }
};

/// The uniform strategy of a segment and its logarithm.
template <class Real>
struct Uniform {
  Real* log_p;
  Real* p;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real mass = Real{1} / static_cast<Real>(size);
    const Real log_mass = -std::log(static_cast<Real>(size));
    Real* out = p + first;
    Real* log_out = log_p + first;
    block.each(size, [=](std::size_t i) {
      out[i] = mass;
      log_out[i] = log_mass;
    });
  }
};

/// log_p = log p; raises *bad unless the segment is >= 0 and sums to 1 within slack.
template <class Real>
struct EnterSimplices {
  Real slack;
  const Real* p;
  Real* log_p;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real* in = p + first;
    Real* out = log_p + first;
    const Real least = block.reduce(
        size, Limits<Real>::infinity, [=](std::size_t i) { return in[i]; }, Min{});
    const Real total = block.reduce(
        size, Real{0}, [=](std::size_t i) { return in[i]; }, Add{});
    const bool good = least >= 0 && total - 1 <= slack && 1 - total <= slack;
    int* const flag = bad;
    block.each(size, [=](std::size_t i) {
      out[i] = std::log(in[i]);
      if (!good) {
        *flag = 1;
      }
    });
  }
};

/// The first best answer to a gradient, as a strategy and its logarithm.
template <class Real>
struct PureResponse {
  const Real* gradient;
  Real* log_p;
  Real* p;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real* g = gradient + first;
    // The largest value, then the first index that has it: plain numbers fold in registers.
    const Real top = block.reduce(
        size, -Limits<Real>::infinity, [=](std::size_t i) { return g[i]; }, Max{});
    const std::size_t best = block.reduce(
        size, size, [=](std::size_t i) { return g[i] == top ? i : size; }, Min{});
    Real* out = p + first;
    Real* log_out = log_p + first;
    block.each(size, [=](std::size_t i) {
      out[i] = i == best ? Real{1} : Real{0};
      log_out[i] = i == best ? Real{0} : -Limits<Real>::infinity;
    });
  }
};

// --- one number a segment ------------------------------------------------------------------------

/// max over a segment.
template <class Real>
struct SegmentMax {
  using scalar_type = Real;
  const Real* x;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const Real* const in = x + first;
    return block.reduce(
        size, -Limits<Real>::infinity, [=](std::size_t i) { return in[i]; }, Max{});
  }
};

/// weight_b KL(p_b || q_b); 0 log 0 = 0, +inf where q has no mass under p.
template <class Real>
struct SegmentKl {
  using scalar_type = Real;
  Table<Real> weights;
  const Real* p;
  const Real* log_p;
  const Real* log_q;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const Real* const mass = p + first;
    const Real* const log_mass = log_p + first;
    const Real* const other = log_q + first;
    const Real total = block.reduce(
        size, Real{0},
        [=](std::size_t i) { return mass[i] > 0 ? mass[i] * (log_mass[i] - other[i]) : Real{0}; },
        Add{});
    return weights[block.index()] * total;
  }
};

/// weight_b ||x_b - y_b||_1^2.
template <class Real>
struct SegmentL1Squared {
  using scalar_type = Real;
  Table<Real> weights;
  const Real* x;
  const Real* y;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const Real* const left = x + first;
    const Real* const right = y + first;
    const Real length = block.reduce(
        size, Real{0}, [=](std::size_t i) { return std::abs(left[i] - right[i]); }, Add{});
    return weights[block.index()] * length * length;
  }
};

/// (half the spread of x_b - y_b)^2 / weight_b.
template <class Real>
struct SegmentSpreadSquared {
  using scalar_type = Real;
  Table<Real> weights;
  const Real* x;
  const Real* y;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const Real* const left = x + first;
    const Real* const right = y + first;
    const auto difference = [=](std::size_t i) { return left[i] - right[i]; };
    const Real top = block.reduce(size, -Limits<Real>::infinity, difference, Max{});
    const Real bottom = block.reduce(size, Limits<Real>::infinity, difference, Min{});
    const Real radius = (top - bottom) / 2;
    return radius * radius / weights[block.index()];
  }
};

}  // namespace dag::device
