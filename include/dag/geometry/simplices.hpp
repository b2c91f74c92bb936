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
    backend.uniform(blocks_, out.dual, out.point);
  }
  /// Checks `state.point` (non-negative, each block summing to 1 within sqrt(epsilon)) and sets
  /// `state.dual` to its logarithm. Errors: not_a_distribution.
  template <class Backend>
  void enter(const Backend& backend, StateView<Real> state) const {
    backend.enter_simplices(blocks_, std::sqrt(std::numeric_limits<Real>::epsilon()),
                            std::span<const Real>(state.point), state.dual);
  }
  /// out_b = argmax eta <gradient_b, u> - w_b KL(u, center_b). `out` may be `center`.
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, StateView<Real> out) const {
    backend.entropy_prox(blocks_, weights(), center.dual, eta, gradient, out.dual, out.point);
  }
  /// The same with eta * (-magnet_b KL(u, reference_b)) added to the objective.
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, MagnetView<Real> magnet, StateView<Real> out) const {
    backend.entropy_prox(blocks_, weights(), center.dual, eta, gradient, magnet.weights,
                         magnet.reference.dual, out.dual, out.point);
  }
  /// The duals of both proxes but for a constant a block: all that another prox asks of a centre,
  /// without exponentials. On backends that have `entropy_logits`.
  template <class Backend>
  requires HasEntropyLogits<Backend, Real>
  void prox_dual(const Backend& backend, std::span<const Real> center, Real eta,
                 std::span<const Real> gradient, std::span<Real> out) const {
    backend.entropy_logits(blocks_, weights(), center, eta, gradient, out);
  }
  template <class Backend>
  requires HasEntropyLogits<Backend, Real>
  void prox_dual(const Backend& backend, std::span<const Real> center, Real eta,
                 std::span<const Real> gradient, MagnetView<Real> magnet,
                 std::span<Real> out) const {
    backend.entropy_logits(blocks_, weights(), center, eta, gradient, magnet.weights,
                           magnet.reference.dual, out);
  }
  /// From such a dual: the point, and the dual in full.
  template <class Backend>
  void settle(const Backend& backend, StateView<Real> state) const {
    backend.normalize(blocks_, state.dual, state.point);
  }
  /// Each block of an entered state over its sum: for means, which rounding moves off the set.
  template <class Backend>
  void rescale(const Backend& backend, StateView<Real> state) const {
    // A step of length 0: normalises in place, on every backend; the gradient does not matter.
    backend.entropy_prox(blocks_, weights(), std::span<const Real>(state.dual), Real{0},
                         std::span<const Real>(state.point), state.dual, state.point);
  }
  /// sum_b max_i gradient_b[i].
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return backend.sum_of_maxima(blocks_, gradient);
  }
  /// The first pure best response of every block.
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     StateView<Real> out) const {
    backend.pure_response(blocks_, gradient, out.dual, out.point);
  }
  /// The regularised best response: out_b = softmax(log reference_b + gradient_b / magnet_b).
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     MagnetView<Real> magnet, StateView<Real> out) const {
    backend.entropy_response(blocks_, gradient, magnet.weights, magnet.reference.dual, out.dual,
                             out.point);
  }
  /// sum_b w_b KL(to_b, from_b), nats.
  template <class Backend>
  [[nodiscard]] Real divergence(const Backend& backend, StateView<const Real> to,
                                StateView<const Real> from) const {
    return backend.weighted_kl(blocks_, weights(), to.point, to.dual, from.dual);
  }
  /// sqrt(sum_b w_b ||x_b - y_b||_1^2); the divergence is at least half its square (Pinsker).
  template <class Backend>
  [[nodiscard]] Real distance(const Backend& backend, std::span<const Real> x,
                              std::span<const Real> y) const {
    return std::sqrt(backend.weighted_l1_squared(blocks_, weights(), x, y));
  }
  /// Its dual on gradients, where a constant added to a block counts for nothing:
  /// sqrt(sum_b (spread_b / 2)^2 / w_b), spread = largest minus smallest entry of g_b - h_b.
  template <class Backend>
  [[nodiscard]] Real dual_distance(const Backend& backend, std::span<const Real> g,
                                   std::span<const Real> h) const {
    return std::sqrt(backend.weighted_spread_squared(blocks_, weights(), g, h));
  }
  /// sum_b magnet_b KL(z_b, reference_b): what the magnet costs at z, nats times weight.
  template <class Backend>
  [[nodiscard]] Real magnet_value(const Backend& backend, StateView<const Real> z,
                                  MagnetView<Real> magnet) const {
    return backend.weighted_kl(blocks_, magnet.weights, z.point, z.dual, magnet.reference.dual);
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
