// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/gpu/device_simplices.hpp>
#include <dag/gpu/reductions.hpp>

namespace dag::device {

/// Simplices in the log domain: one thread block a simplex.
class SimplexOperations : public Reductions {
 public:
  using Reductions::Reductions;
  template <class Scalar>
  void uniform(const Blocks& blocks, std::span<Scalar> log_p, std::span<Scalar> p) const {
    expect_device(log_p, p);
    run(blocks, Uniform<Scalar>{log_p.data(), p.data()});
  }
  /// log_p = log p; waits. Errors: not_a_distribution.
  template <class Scalar>
  void enter_simplices(const Blocks& blocks, Scalar slack, std::span<const Scalar> p,
                       std::span<Scalar> log_p) const {
    expect_device(p, log_p);
    synchronize();  // what is raised from here on is about this check
    run(blocks, EnterSimplices<Scalar>{slack, p.data(), log_p.data(), bad()});
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
    expect_device(log_center, gradient, log_p, p);
    Weights<Scalar> weight(*this, weights);
    run(blocks, EntropyProx<Scalar>{weight.table, log_center.data(), eta, gradient.data(),
                                    log_p.data(), p.data(), bad()});
  }
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<const Scalar> magnet_weights,
                    std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    expect_device(log_center, gradient, log_reference, log_p, p);
    Weights<Scalar> weight(*this, weights);
    Weights<Scalar> magnet(*this, magnet_weights);
    run(blocks,
        MagneticProx<Scalar>{weight.table, magnet.table, log_center.data(), eta, gradient.data(),
                             log_reference.data(), log_p.data(), p.data(), bad()});
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
    run(blocks, PureResponse<Scalar>{gradient.data(), log_p.data(), p.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum_of_maxima(const Blocks& blocks, std::span<const Scalar> x) const {
    expect_device(x);
    return sum_of(blocks, SegmentMax<Scalar>{x.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_kl(const Blocks& blocks, std::span<const Scalar> weights,
                                   std::span<const Scalar> p, std::span<const Scalar> log_p,
                                   std::span<const Scalar> log_q) const {
    expect_device(p, log_p, log_q);
    Weights<Scalar> weight(*this, weights);
    return sum_of(blocks, SegmentKl<Scalar>{weight.table, p.data(), log_p.data(), log_q.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_l1_squared(const Blocks& blocks, std::span<const Scalar> weights,
                                           std::span<const Scalar> x,
                                           std::span<const Scalar> y) const {
    return weighted_pair<SegmentL1Squared<Scalar>>(blocks, weights, x, y);
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_spread_squared(const Blocks& blocks,
                                               std::span<const Scalar> weights,
                                               std::span<const Scalar> g,
                                               std::span<const Scalar> h) const {
    return weighted_pair<SegmentSpreadSquared<Scalar>>(blocks, weights, g, h);
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

  template <class Body>
  void run(const Blocks& blocks, const Body& body) const {
    Array<std::size_t> storage;
    const Table<std::size_t> offsets(blocks.offsets(), storage, stream());
    launch(stream(), blocks.count(), block_threads(blocks), 0, EachSegment<Body>{offsets, body});
  }
  /// The sum over segments of the number that the body finds in each; waits.
  template <class Number, class Scalar = typename Number::scalar_type>
  [[nodiscard]] Scalar sum_of(const Blocks& blocks, const Number& number) const {
    Scalar* const part = scratch<Scalar>(Slot::segments, blocks.count());
    run(blocks, EachNumber<Scalar, Number>{number, part});
    return sum(std::span<const Scalar>(part, blocks.count()));
  }
  /// Threads of a block that owns one simplex: the next warp multiple of the mean size, 32 to 1024.
  [[nodiscard]] static unsigned block_threads(const Blocks& blocks) {
    return threads_for(blocks.total() / blocks.count());
  }
  template <class Body, class Scalar>
  [[nodiscard]] Scalar weighted_pair(const Blocks& blocks, std::span<const Scalar> weights,
                                     std::span<const Scalar> x, std::span<const Scalar> y) const {
    expect_device(x, y);
    Weights<Scalar> weight(*this, weights);
    return sum_of(blocks, Body{weight.table, x.data(), y.data()});
  }
};

}  // namespace dag::device
