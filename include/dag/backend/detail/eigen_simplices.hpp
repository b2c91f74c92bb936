// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <dag/backend/detail/eigen_maps.hpp>
#include <dag/backend/detail/packet_loops.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// The CPU backend's primitives on products of simplices. Every vector is stacked by `blocks`;
/// `weights` has one entry a block. Logs are natural and may be -inf; nothing allocates.
struct EigenSimplices {
  /// p = 1 / size, log_p = -log size in every block.
  template <class Scalar>
  void uniform(const Blocks& blocks, std::span<Scalar> log_p, std::span<Scalar> p) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const Scalar size = static_cast<Scalar>(blocks.size(b));
      array(blocks.of(p, b)).setConstant(Scalar{1} / size);
      array(blocks.of(log_p, b)).setConstant(-std::log(size));
    }
  }
  /// log_p = log p. Errors: not_a_distribution unless every block is >= 0 and sums to 1 within
  /// `slack`; the message names the first bad block.
  template <class Scalar>
  void enter_simplices(const Blocks& blocks, Scalar slack, std::span<const Scalar> p,
                       std::span<Scalar> log_p) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const auto entries = array(blocks.of(p, b));
      const Scalar least = entries.minCoeff();
      const Scalar total = entries.sum();
      require(least >= 0 && std::abs(total - 1) <= slack, Errc::not_a_distribution,
              "strategy of block ", b, " must be >= 0 and sum to 1; smallest entry ", least,
              ", sum ", total);
    }
    array(log_p) = array(p).log();
  }
  /// In: log_p holds logits. Out: log_p = logits - log sum exp, p = exp(log_p), block by block, one
  /// exponential an entry. Errors: not_finite if a logit is NaN or +inf, or a block is all -inf.
  template <class Scalar>
  void normalize(const Blocks& blocks, std::span<Scalar> log_p, std::span<Scalar> p) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      normalize_block(blocks.of(log_p, b), blocks.of(p, b));
    }
  }
  /// Entropic prox: log_p = log_center + (eta / weight) gradient, normalised; p its exponential.
  /// In place (log_p = log_center) is allowed.
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      prox_logits(eta / weights[b], blocks.of(log_center, b), blocks.of(gradient, b),
                  blocks.of(log_p, b));
      normalize_block(blocks.of(log_p, b), blocks.of(p, b));
    }
  }
  /// The same with a magnet: with s = eta / weight and tau the magnet's weight of the block,
  /// log_p = (log_center + s gradient + s tau log_ref) / (1 + s tau), normalised. A zero of the
  /// reference stays zero.
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<const Scalar> magnet_weights,
                    std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      prox_logits(eta / weights[b], blocks.of(log_center, b), blocks.of(gradient, b),
                  magnet_weights[b], blocks.of(log_reference, b), blocks.of(log_p, b));
      normalize_block(blocks.of(log_p, b), blocks.of(p, b));
    }
  }
  /// Both without normalising: logits, which are log_p but for a constant a block.
  template <class Scalar>
  void entropy_logits(const Blocks& blocks, std::span<const Scalar> weights,
                      std::span<const Scalar> log_center, Scalar eta,
                      std::span<const Scalar> gradient, std::span<Scalar> logits) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      prox_logits(eta / weights[b], blocks.of(log_center, b), blocks.of(gradient, b),
                  blocks.of(logits, b));
    }
  }
  template <class Scalar>
  void entropy_logits(const Blocks& blocks, std::span<const Scalar> weights,
                      std::span<const Scalar> log_center, Scalar eta,
                      std::span<const Scalar> gradient, std::span<const Scalar> magnet_weights,
                      std::span<const Scalar> log_reference, std::span<Scalar> logits) const {
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      prox_logits(eta / weights[b], blocks.of(log_center, b), blocks.of(gradient, b),
                  magnet_weights[b], blocks.of(log_reference, b), blocks.of(logits, b));
    }
  }
  /// Regularised best response: log_p = log_reference + gradient / magnet_weight, normalised.
  template <class Scalar>
  void entropy_response(const Blocks& blocks, std::span<const Scalar> gradient,
                        std::span<const Scalar> magnet_weights,
                        std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                        std::span<Scalar> p) const {
    entropy_prox(blocks, magnet_weights, log_reference, Scalar{1}, gradient, log_p, p);
  }
  /// The first largest entry of each block gets all the mass.
  template <class Scalar>
  void pure_response(const Blocks& blocks, std::span<const Scalar> gradient,
                     std::span<Scalar> log_p, std::span<Scalar> p) const {
    array(p).setZero();
    array(log_p).setConstant(-std::numeric_limits<Scalar>::infinity());
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const auto g = blocks.of(gradient, b);
      const Scalar top = array(g).maxCoeff();  // in vectors; the search stops at the first hit
      std::size_t best = 0;
      while (best + 1 < g.size() && !(g[best] == top)) {
        ++best;
      }
      blocks.of(p, b)[best] = Scalar{1};
      blocks.of(log_p, b)[best] = Scalar{0};
    }
  }
  /// One block of regret matching: regrets += g - <g, p>, with negative ones forgotten if `plus`;
  /// then p ∝ max(regrets + last (g - <g, p>), 0), `last` = 1 to predict that the field stays, 0
  /// not to; p is left as it is where nothing is positive. Regrets are of the payoff's unit.
  template <class Scalar>
  void match_regrets(std::span<const Scalar> g, bool plus, Scalar last, std::span<Scalar> regrets,
                     std::span<Scalar> p) const {
    const Scalar earned = (array(g) * array(std::span<const Scalar>(p))).sum();
    auto sums = array(regrets);
    sums += array(g) - earned;
    if (plus) {
      sums = sums.max(Scalar{0});
    }
    const auto hopes = (sums + last * (array(g) - earned)).max(Scalar{0});
    const Scalar total = hopes.sum();
    require(std::isfinite(total), Errc::not_finite, "match_regrets: the field has a NaN or an inf");
    if (total > 0) {
      array(p) = hopes / total;
    }
  }
  /// sum over blocks of the largest entry.
  template <class Scalar>
  [[nodiscard]] Scalar sum_of_maxima(const Blocks& blocks, std::span<const Scalar> x) const {
    Scalar total = 0;
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      total += array(blocks.of(x, b)).maxCoeff();
    }
    return total;
  }
  /// sum_b weight_b KL(p_b || q_b) in nats, from p, log p and log q. A zero of p adds nothing; a
  /// zero of q under p > 0 gives +inf.
  template <class Scalar>
  [[nodiscard]] Scalar weighted_kl(const Blocks& blocks, std::span<const Scalar> weights,
                                   std::span<const Scalar> p, std::span<const Scalar> log_p,
                                   std::span<const Scalar> log_q) const {
    Scalar total = 0;
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const auto mass = array(blocks.of(p, b));
      const auto ratio = array(blocks.of(log_p, b)) - array(blocks.of(log_q, b));
      total += weights[b] * (mass > Scalar{0}).select(mass * ratio, Scalar{0}).sum();
    }
    return total;
  }
  /// sum_b weight_b ||x_b - y_b||_1^2.
  template <class Scalar>
  [[nodiscard]] Scalar weighted_l1_squared(const Blocks& blocks, std::span<const Scalar> weights,
                                           std::span<const Scalar> x,
                                           std::span<const Scalar> y) const {
    Scalar total = 0;
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const Scalar length = (array(blocks.of(x, b)) - array(blocks.of(y, b))).abs().sum();
      total += weights[b] * length * length;
    }
    return total;
  }
  /// sum_b (half the spread of g_b - h_b)^2 / weight_b, spread = largest minus smallest entry.
  template <class Scalar>
  [[nodiscard]] Scalar weighted_spread_squared(const Blocks& blocks,
                                               std::span<const Scalar> weights,
                                               std::span<const Scalar> g,
                                               std::span<const Scalar> h) const {
    Scalar total = 0;
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const auto difference = array(blocks.of(g, b)) - array(blocks.of(h, b));
      const Scalar half = (difference.maxCoeff() - difference.minCoeff()) / 2;
      total += half * half / weights[b];
    }
    return total;
  }

  friend bool operator==(const EigenSimplices&, const EigenSimplices&) = default;

 private:
  template <class Scalar>
  static void prox_logits(Scalar step, std::span<const Scalar> log_center,
                          std::span<const Scalar> gradient, std::span<Scalar> logits) {
    array(logits) = array(log_center) + step * array(gradient);
  }
  template <class Scalar>
  static void prox_logits(Scalar step, std::span<const Scalar> log_center,
                          std::span<const Scalar> gradient, Scalar tau,
                          std::span<const Scalar> log_reference, std::span<Scalar> logits) {
    const Scalar scale = Scalar{1} / (Scalar{1} + step * tau);
    array(logits) = scale * array(log_center) + (scale * step) * array(gradient) +
                    (scale * step * tau) * array(log_reference);
  }
  template <class Scalar>
  static void normalize_block(std::span<Scalar> log_p, std::span<Scalar> p) {
    const Scalar top = array(log_p).maxCoeff();
    const Scalar total = PacketLoops<Scalar>::exponentials_below(top, log_p, p);
    require(std::isfinite(top) && std::isfinite(total), Errc::not_finite,
            "log-probabilities must be finite or -inf and not all -inf; largest is ", top,
            ", sum of exponentials ", total);
    PacketLoops<Scalar>::scale_and_shift(p, Scalar{1} / total, log_p, top + std::log(total));
  }
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
