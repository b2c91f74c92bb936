// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/scalar_root.hpp>

namespace dag::detail {

/// One context's exact best response to a consensus q = exp(theta): answers as roots of the pool's
/// reward (its `log_root`), normalised by one scalar root that starts where the last one ended.
template <class Game>
class ConsensusResponse {
 public:
  using Real = typename Game::Real;

  explicit ConsensusResponse(const Game& game)
      : game_(game),
        size_(game.contexts().blocks().size(0)),
        base_(size_),
        level_(game.contexts().blocks().count(), infinity) {}

  /// nu_x: roots of the reward at q less beta (s - log nu0) = beta t, normalised through t.
  void solve(const std::vector<Real>& theta, Real beta, std::size_t x, std::span<Real> out) {
    const auto reference = game_.contexts().blocks().of(game_.log_reference(), x);
    const auto& u = game_.utility();
    const auto total = [&](Real t) {
      Real sum = 0, slope = 0;
      for (std::size_t z = 0; z < size_; ++z) {
        const auto q = Probability<Real>::of_log(theta[z]);
        const Real s = reference[z] > -infinity ? u.log_root(q, beta, reference[z] - t) : -infinity;
        out[z] = s;
        // Far from the root a probability may pass 1; cap it before it overflows.
        const auto nu = Probability<Real>::of_log(s < 50 ? s : Real{50});
        if (nu.value > 0) {
          sum += nu.value;
          slope -= nu.value * beta / (beta - u.own_slope(nu, q));
        }
      }
      return ValueAndSlope<Real>{std::log(sum), slope / sum};
    };
    // At low some answer has probability >= 1, at high none has more than 1 / n.
    const Real log_size = std::log(static_cast<Real>(size_));
    Real low = -infinity, high = -infinity;
    for (std::size_t z = 0; z < size_; ++z) {
      if (reference[z] > -infinity) {
        const auto q = Probability<Real>::of_log(theta[z]);
        low = std::fmax(low, reference[z] + u.pair_reward(Probability<Real>::of(1), q) / beta);
        high = std::fmax(high, reference[z] + log_size +
                                   u.pair_reward(Probability<Real>::of_log(-log_size), q) / beta);
      }
    }
    if (low < high) {
      widen_bracket(total, low, high);
      const bool warm = level_[x] > low && level_[x] < high;
      RootOptions<Real> coarse;
      coarse.value_tolerance = Real(1e-7);  // of log sum nu: polished below
      level_[x] =
          find_root_newton(total, low, high, warm ? level_[x] : (low + high) / 2, coarse).root;
      (void)total(level_[x]);
    } else {
      (void)total(low);
    }
    log_normalize(out);
    polish(theta, beta, x, out);
  }

 private:
  static constexpr Real infinity = std::numeric_limits<Real>::infinity();

  /// Newton steps on reward - beta (s - s0) = lambda itself: t is of size reward / beta, and
  /// its rounding would show in s where beta is small.
  void polish(const std::vector<Real>& theta, Real beta, std::size_t x, std::span<Real> out) {
    const auto& u = game_.utility();
    for (int round = 0; round < 4; ++round) {
      Real mass = 0, lambda = 0, longest = 0;
      for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t z = 0; z < size_; ++z) {
          if (!(out[z] > -infinity)) {
            continue;
          }
          const auto nu = Probability<Real>::of_log(out[z]);
          const auto q = Probability<Real>::of_log(theta[z]);
          const Real strength = beta - u.own_slope(nu, q);
          const Real left =
              u.pair_reward(nu, q) - beta * (out[z] - game_.log_reference()[x * size_ + z]);
          if (pass == 0) {
            mass += nu.value / strength;
            lambda += nu.value / strength * left;
          } else {
            base_[z] = (left - lambda) / strength;
            longest = std::fmax(longest, std::abs(base_[z]));
          }
        }
        lambda = pass == 0 ? lambda / mass : lambda;
      }
      if (!(longest < Real(1e-3))) {
        return;
      }
      for (std::size_t z = 0; z < size_; ++z) {
        out[z] += out[z] > -infinity ? base_[z] : Real{0};
      }
      log_normalize(out);
      if (longest < Real(1e-9)) {
        return;  // quadratic: what is left is rounding
      }
    }
  }

  const Game& game_;
  std::size_t size_;
  std::vector<Real> base_, level_;
};

}  // namespace dag::detail
