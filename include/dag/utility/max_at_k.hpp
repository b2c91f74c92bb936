// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x E[max of R_x over k samples of nu_x] = tau sum_x w_x (R_top - int G_x^k),
/// G_x(v) = nu_x(R_x <= v): concave, since G is linear in nu. k = 1 is `ExpectedReward`, 0/1
/// rewards make it `PassAtK`. Source: arXiv:2503.19595. Reward tau k E[(R(z) - M)+], M the best of
/// k - 1 samples: nothing for what the others reach anyhow. Value and gradient: a sort a context.
/// Errors: dimension_mismatch, not_finite, invalid_argument (k >= 1, tau > 0).
template <Scalar Real>
struct MaxAtK {
  using scalar_type = Real;
  std::vector<Real> rewards;  ///< R, stacked over contexts
  Real k = 4;                 ///< samples, >= 1
  Real tau = 1;               ///< weight, > 0

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const std::vector<std::size_t> order = by_reward(answers.blocks, x);
      Real below = 0, sum = rewards[order.back()];
      for (std::size_t j = 0; j + 1 < order.size(); ++j) {
        below += answers.nu.point[order[j]];
        sum -= power(below, k) * (rewards[order[j + 1]] - rewards[order[j]]);
      }
      total += answers.weights[x] * sum;
    }
    return tau * total;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const std::vector<std::size_t> order = by_reward(answers.blocks, x);
      Real below = 0, sum = 0;
      for (std::size_t j = 0; j < order.size(); ++j) {
        out[order[j]] = answers.weights[x] * tau * k * sum;
        below += answers.nu.point[order[j]];
        if (j + 1 < order.size()) {
          sum += power(below, k - 1) * (rewards[order[j + 1]] - rewards[order[j]]);
        }
      }
    }
  }

  void check(const Blocks& blocks) const {
    require(rewards.size() == blocks.total(), Errc::dimension_mismatch, "MaxAtK: ", rewards.size(),
            " rewards for ", blocks.total(), " answers");
    for (const Real r : rewards) {
      require(std::isfinite(r), Errc::not_finite, "MaxAtK: rewards must be finite, got ", r);
    }
    require(k >= 1 && std::isfinite(k), Errc::invalid_argument, "MaxAtK: k must be >= 1, got ", k);
    detail::require_weight(tau, "MaxAtK");
  }

 private:
  [[nodiscard]] static Real power(Real base, Real exponent) {
    return exponent == 0 ? Real{1} : std::pow(std::fmin(base, Real{1}), exponent);
  }
  [[nodiscard]] std::vector<std::size_t> by_reward(const Blocks& blocks, std::size_t x) const {
    std::vector<std::size_t> order(blocks.size(x));
    std::iota(order.begin(), order.end(), blocks.offset(x));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rewards[a] < rewards[b]; });
    return order;
  }
};

/// The rewards of `MaxAtK` at weight 1 for one group of K samples with rewards r: k times the mean,
/// over all k - 1 of the other samples, of (r_i - their best)+. A U-statistic: no bias for
/// k <= K. out: K numbers. Time K log K. Errors: dimension_mismatch, not_finite, invalid_argument
/// (k a whole number from 1 to K).
inline void max_at_k_rewards(std::span<const double> r, double k, std::span<double> out) {
  const std::size_t size = r.size();
  require(out.size() == size, Errc::dimension_mismatch, "max_at_k_rewards: ", size,
          " samples but room for ", out.size(), " rewards");
  require(k >= 1 && k == std::floor(k) && k <= static_cast<double>(size), Errc::invalid_argument,
          "max_at_k_rewards: k must be a whole number from 1 to the ", size, " samples, got ", k);
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (const double reward : r) {
    require(std::isfinite(reward), Errc::not_finite,
            "max_at_k_rewards: rewards must be finite, got ", reward);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return r[a] < r[b]; });
  if (k == 1) {  // nobody beside it: the reward itself, from the lowest one
    for (std::size_t i = 0; i < size; ++i) {
      out[i] = r[i] - r[order[0]];
    }
    return;
  }
  // The best of k - 1 of m = K - 1 others is the j-th from below (from 0) with probability
  // C(j, k - 2) / C(m, k - 1); mass and moment of those below r_i.
  const auto others = static_cast<double>(size - 1);
  double mass = 0, moment = 0;
  for (std::size_t first = 0; first < size;) {
    std::size_t last = first;
    while (last < size && r[order[last]] == r[order[first]]) {
      out[order[last]] = k * (mass * r[order[first]] - moment);
      ++last;
    }
    for (std::size_t j = first; j < last; ++j) {
      const auto rank = static_cast<double>(j);
      double chance = rank + 1 >= k - 1 ? (k - 1) / others : 0.0;  // C(j, k-2) / C(m, k-1)
      for (double i = 0; i < k - 2 && chance > 0; i += 1) {
        chance *= (rank - i) / (others - 1 - i);
      }
      mass += chance;
      moment += chance * r[order[j]];
    }
    first = last;
  }
}

}  // namespace dag
