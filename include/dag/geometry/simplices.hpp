// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>

namespace dag {

/// A product of probability simplices under the entropy mirror map, in the log domain: one block a
/// player (or a context). The state's dual is log p, where -inf (a zero that stays zero) is legal.
///
/// Block b may carry a weight w_b > 0 (default 1): its divergence is w_b KL, so that its prox
/// divides the gradient by w_b. Alignment games weigh contexts this way.
/// Norms: ||z||^2 = sum_b w_b ||z_b||_1^2. Memory: the block table only.
template <Scalar Real>
class Simplices {
 public:
  using scalar_type = Real;

  explicit Simplices(Blocks blocks) : blocks_(std::move(blocks)), weights_(blocks_.count(), 1) {}
  /// Errors: dimension_mismatch, invalid_argument unless there is one weight > 0 a block.
  Simplices(Blocks blocks, std::vector<Real> weights)
      : blocks_(std::move(blocks)), weights_(std::move(weights)) {
    require(weights_.size() == blocks_.count(), Errc::dimension_mismatch,
            "Simplices: ", weights_.size(), " weights for ", blocks_.count(), " blocks");
    for (const Real weight : weights_) {
      require(weight > 0 && std::isfinite(weight), Errc::invalid_argument,
              "Simplices: block weights must be > 0 and finite, got ", weight);
    }
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  [[nodiscard]] std::span<const Real> weights() const noexcept { return weights_; }

  /// The uniform strategies: the centre of the entropy.
  template <class Backend>
  void start(const Backend& backend, StateView<Real> out) const {
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      const Real size = static_cast<Real>(blocks_.size(b));
      backend.fill(blocks_.of(out.point, b), Real{1} / size);
      backend.fill(blocks_.of(out.dual, b), -std::log(size));
    }
  }

  /// Checks `state.point` (non-negative, each block summing to 1 within sqrt(epsilon)) and sets
  /// `state.dual` to its logarithm. Errors: not_a_distribution.
  template <class Backend>
  void enter(const Backend& backend, StateView<Real> state) const {
    const Real slack = std::sqrt(std::numeric_limits<Real>::epsilon());
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      const auto p = blocks_.of(state.point, b);
      const Real least = backend.min(std::span<const Real>(p));
      const Real total = backend.sum(std::span<const Real>(p));
      require(least >= 0 && std::abs(total - 1) <= slack, Errc::not_a_distribution,
              "strategy of block ", b, " must be >= 0 and sum to 1; smallest entry ", least,
              ", sum ", total);
      backend.log(std::span<const Real>(p), blocks_.of(state.dual, b));
    }
  }

  /// out_b = argmax eta <gradient_b, u> - w_b KL(u, center_b). `out` may be `center`.
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, StateView<Real> out) const {
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      backend.entropy_prox(blocks_.of(center.dual, b), eta / weights_[b], blocks_.of(gradient, b),
                           blocks_.of(out.dual, b), blocks_.of(out.point, b));
    }
  }

  /// The same with eta * (-magnet_b KL(u, reference_b)) added to the objective.
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, MagnetView<Real> magnet, StateView<Real> out) const {
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      backend.entropy_prox(blocks_.of(center.dual, b), eta / weights_[b], blocks_.of(gradient, b),
                           magnet.weights[b], blocks_.of(magnet.reference.dual, b),
                           blocks_.of(out.dual, b), blocks_.of(out.point, b));
    }
  }

  /// sum_b max_i gradient_b[i].
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    Real total = 0;
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      total += backend.max(blocks_.of(gradient, b));
    }
    return total;
  }

  /// The first pure best response of every block.
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     StateView<Real> out) const {
    backend.fill(out.point, Real{0});
    backend.fill(out.dual, -std::numeric_limits<Real>::infinity());
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      const std::size_t best = backend.argmax(blocks_.of(gradient, b));
      backend.fill(blocks_.of(out.point, b).subspan(best, 1), Real{1});
      backend.fill(blocks_.of(out.dual, b).subspan(best, 1), Real{0});
    }
  }

  /// The regularised best response: out_b = softmax(log reference_b + gradient_b / magnet_b).
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     MagnetView<Real> magnet, StateView<Real> out) const {
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      backend.entropy_prox(blocks_.of(magnet.reference.dual, b), Real{1} / magnet.weights[b],
                           blocks_.of(gradient, b), blocks_.of(out.dual, b),
                           blocks_.of(out.point, b));
    }
  }

  /// sum_b w_b KL(to_b, from_b), nats.
  template <class Backend>
  [[nodiscard]] Real divergence(const Backend& backend, StateView<const Real> to,
                                StateView<const Real> from) const {
    Real total = 0;
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      total += weights_[b] * backend.kl(blocks_.of(to.point, b), blocks_.of(to.dual, b),
                                        blocks_.of(from.dual, b));
    }
    return total;
  }

  /// sqrt(sum_b w_b ||x_b - y_b||_1^2); the divergence is at least half its square (Pinsker).
  template <class Backend>
  [[nodiscard]] Real distance(const Backend& backend, std::span<const Real> x,
                              std::span<const Real> y) const {
    Real total = 0;
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      const Real length = backend.l1_distance(blocks_.of(x, b), blocks_.of(y, b));
      total += weights_[b] * length * length;
    }
    return std::sqrt(total);
  }
  /// Its dual on gradients, where a constant added to a block counts for nothing:
  /// sqrt(sum_b (spread_b / 2)^2 / w_b), spread = largest minus smallest entry of g_b - h_b.
  template <class Backend>
  [[nodiscard]] Real dual_distance(const Backend& backend, std::span<const Real> g,
                                   std::span<const Real> h) const {
    Real total = 0;
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      const Real half = backend.spread_of_difference(blocks_.of(g, b), blocks_.of(h, b)) / 2;
      total += half * half / weights_[b];
    }
    return std::sqrt(total);
  }

  /// sum_b magnet_b KL(z_b, reference_b): what the magnet costs at z, nats times weight.
  template <class Backend>
  [[nodiscard]] Real magnet_value(const Backend& backend, StateView<const Real> z,
                                  MagnetView<Real> magnet) const {
    Real total = 0;
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      total += magnet.weights[b] * backend.kl(blocks_.of(z.point, b), blocks_.of(z.dual, b),
                                              blocks_.of(magnet.reference.dual, b));
    }
    return total;
  }

  /// sup_u D(u, centre) = sum_b w_b log size(b): the constant of the averaged rates.
  [[nodiscard]] Real radius() const {
    Real total = 0;
    for (std::size_t b = 0; b < blocks_.count(); ++b) {
      total += weights_[b] * std::log(static_cast<Real>(blocks_.size(b)));
    }
    return total;
  }

 private:
  Blocks blocks_;
  std::vector<Real> weights_;
};

}  // namespace dag
