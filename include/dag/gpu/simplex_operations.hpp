// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/ragged.hpp>
#include <dag/gpu/vector_operations.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag::device {

// Kernel bodies on products of simplices: one thread block a simplex ("segment").

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
    block.each(1, [&](std::size_t) { out[block.index()] = found; });
  }
};

/// The entropic proximal step of a segment, in the log domain; with `log_reference` towards a
/// magnet of the given weight.
template <class Real>
struct EntropyProx {
  Table<Real> weights;
  Table<Real> magnet_weights;
  const Real* log_center;
  Real eta;
  const Real* gradient;
  const Real* log_reference;  // null: no magnet
  Real* log_p;
  Real* p;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real step = eta / weights[block.index()];
    const Real tau = log_reference == nullptr ? Real{0} : magnet_weights[block.index()];
    const Real scale = Real{1} / (Real{1} + step * tau);
    const auto logit = [&](std::size_t i) {
      const std::size_t at = first + i;
      return log_reference == nullptr ? log_center[at] + step * gradient[at]
                                      : scale * log_center[at] + (scale * step) * gradient[at] +
                                            (scale * step * tau) * log_reference[at];
    };
    (void)normalize_segment(block, size, logit, log_p + first, p + first, bad);
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
    block.each(size, [&](std::size_t i) {
      p[first + i] = mass;
      log_p[first + i] = log_mass;
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
    const auto mass = [&](std::size_t i) { return p[first + i]; };
    const Real least = block.reduce(size, Limits<Real>::infinity, mass, Min{});
    const Real total = block.reduce(size, Real{0}, mass, Add{});
    const bool good = least >= 0 && total - 1 <= slack && 1 - total <= slack;
    block.each(size, [&](std::size_t i) {
      log_p[first + i] = std::log(mass(i));
      if (!good) {
        *bad = 1;
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
    const Real* const g = gradient + first;
    // The largest value, then the first index that has it: plain numbers fold in registers.
    const Real top = block.reduce(
        size, -Limits<Real>::infinity, [&](std::size_t i) { return g[i]; }, Max{});
    const std::size_t best = block.reduce(
        size, size, [&](std::size_t i) { return g[i] == top ? i : size; }, Min{});
    block.each(size, [&](std::size_t i) {
      p[first + i] = i == best ? Real{1} : Real{0};
      log_p[first + i] = i == best ? Real{0} : -Limits<Real>::infinity;
    });
  }
};

// One number a segment.

/// max over a segment.
template <class Real>
struct SegmentMax {
  const Real* x;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    return block.reduce(
        size, -Limits<Real>::infinity, [&](std::size_t i) { return x[first + i]; }, Max{});
  }
};

/// weight_b KL(p_b || q_b); 0 log 0 = 0, +inf where q has no mass under p.
template <class Real>
struct SegmentKl {
  Table<Real> weights;
  const Real* p;
  const Real* log_p;
  const Real* log_q;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const auto term = [&](std::size_t i) {
      return kl_term_from_log(p[first + i], log_p[first + i], log_q[first + i]);
    };
    return weights[block.index()] * block.reduce(size, Real{0}, term, Add{});
  }
};

/// weight_b ||x_b - y_b||_1^2.
template <class Real>
struct SegmentL1Squared {
  Table<Real> weights;
  const Real* x;
  const Real* y;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const Real length = block.reduce(
        size, Real{0}, [&](std::size_t i) { return std::abs(x[first + i] - y[first + i]); }, Add{});
    return weights[block.index()] * length * length;
  }
};

/// (half the spread of x_b - y_b)^2 / weight_b.
template <class Real>
struct SegmentSpreadSquared {
  Table<Real> weights;
  const Real* x;
  const Real* y;

  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Block& block, std::size_t first,
                                                std::size_t size) const {
    const auto difference = [&](std::size_t i) { return x[first + i] - y[first + i]; };
    const Real top = block.reduce(size, -Limits<Real>::infinity, difference, Max{});
    const Real bottom = block.reduce(size, Limits<Real>::infinity, difference, Min{});
    const Real radius = (top - bottom) / 2;
    return radius * radius / weights[block.index()];
  }
};

/// The backend's simplices in the log domain; contracts in backend/detail/eigen_simplices.hpp.
class SimplexOperations : public VectorOperations {
 public:
  using VectorOperations::VectorOperations;
  template <class Scalar>
  void uniform(const Blocks& blocks, std::span<Scalar> log_p, std::span<Scalar> p) const {
    expect_device(log_p, p);
    launch_segments(blocks, Uniform<Scalar>{log_p.data(), p.data()});
  }
  /// log_p = log p; waits. Errors: not_a_distribution.
  template <class Scalar>
  void enter_simplices(const Blocks& blocks, Scalar slack, std::span<const Scalar> p,
                       std::span<Scalar> log_p) const {
    expect_device(p, log_p);
    synchronize();  // what is raised from here on is about this check
    launch_segments(blocks, EnterSimplices<Scalar>{slack, p.data(), log_p.data(), bad()});
    if (take_flag() != 0) {
      fail(Errc::not_a_distribution, "strategies must be >= 0 and sum to 1 in every block, within ",
           slack);
    }
  }
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    entropy_prox(blocks, weights, log_center, eta, gradient, {}, {}, log_p, p);
  }
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<const Scalar> magnet_weights,
                    std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    expect_device(log_center, gradient, log_reference, log_p, p);
    const Weights<Scalar> weight(*this, weights), magnet(*this, magnet_weights);
    launch_segments(blocks, EntropyProx<Scalar>{weight.table, magnet.table, log_center.data(), eta,
                                                gradient.data(), log_reference.data(), log_p.data(),
                                                p.data(), bad()});
  }
  template <class Scalar>
  void entropy_response(const Blocks& blocks, std::span<const Scalar> gradient,
                        std::span<const Scalar> magnet_weights,
                        std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                        std::span<Scalar> p) const {
    entropy_prox(blocks, magnet_weights, log_reference, Scalar{1}, gradient, log_p, p);
  }
  template <class Scalar>
  void pure_response(const Blocks& blocks, std::span<const Scalar> gradient,
                     std::span<Scalar> log_p, std::span<Scalar> p) const {
    expect_device(gradient, log_p, p);
    launch_segments(blocks, PureResponse<Scalar>{gradient.data(), log_p.data(), p.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum_of_maxima(const Blocks& blocks, std::span<const Scalar> x) const {
    expect_device(x);
    return sum_of<Scalar>(blocks, SegmentMax<Scalar>{x.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_kl(const Blocks& blocks, std::span<const Scalar> weights,
                                   std::span<const Scalar> p, std::span<const Scalar> log_p,
                                   std::span<const Scalar> log_q) const {
    expect_device(p, log_p, log_q);
    const Weights<Scalar> weight(*this, weights);
    return sum_of<Scalar>(blocks,
                          SegmentKl<Scalar>{weight.table, p.data(), log_p.data(), log_q.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_l1_squared(const Blocks& blocks, std::span<const Scalar> weights,
                                           std::span<const Scalar> x,
                                           std::span<const Scalar> y) const {
    expect_device(x, y);
    const Weights<Scalar> weight(*this, weights);
    return sum_of<Scalar>(blocks, SegmentL1Squared<Scalar>{weight.table, x.data(), y.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_spread_squared(const Blocks& blocks,
                                               std::span<const Scalar> weights,
                                               std::span<const Scalar> g,
                                               std::span<const Scalar> h) const {
    expect_device(g, h);
    const Weights<Scalar> weight(*this, weights);
    return sum_of<Scalar>(blocks, SegmentSpreadSquared<Scalar>{weight.table, g.data(), h.data()});
  }

  /// One thread block a segment: body(block, first, size). Queued. Errors: device.
  template <class Body>
  void launch_segments(const Blocks& blocks, const Body& body) const {
    Array<std::size_t> storage;
    const Table<std::size_t> offsets(blocks.offsets(), storage, stream());
    launch(stream(), blocks.count(), threads_for(blocks.total() / blocks.count()), 0,
           EachSegment<Body>{offsets, body});
  }

 private:
  /// The weights of one launch and the memory behind a long table of them.
  template <class Scalar>
  struct Weights {
    Weights(const SimplexOperations& backend, std::span<const Scalar> weights)
        : table(weights, storage, backend.stream()) {}
    Array<Scalar> storage;
    Table<Scalar> table;
  };

  /// The sum over segments of the number that the body finds in each; waits.
  template <class Scalar, class Number>
  [[nodiscard]] Scalar sum_of(const Blocks& blocks, const Number& number) const {
    Scalar* const part = scratch<Scalar>(Slot::segments, blocks.count());
    launch_segments(blocks, EachNumber<Scalar, Number>{number, part});
    return sum(std::span<const Scalar>(part, blocks.count()));
  }
};

}  // namespace dag::device
