// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>

namespace dag {

/// The divergence of the answers nu from a given p: F = -tau D.
enum class TargetDivergence {
  reverse_kl,      ///< KL(nu || p): log p - log nu, by a table; bias: the table's
  forward_kl,      ///< KL(p || nu): p / nu, by K/(k+1): nu E = p (1 - (1-nu)^K)
  chi_square,      ///< sum (nu-p)^2/p: -2 nu / p, by the U-statistic: no bias
  jensen_shannon,  ///< log((nu+p)/(2 nu)) / 2, plug-in: bias O(1/K)
  euclidean,       ///< |nu-p|^2 / 2: p - nu, by the U-statistic: no bias
};

/// Pulls every context's answers to a distribution p: a data set's answers, or a consensus that was
/// frozen (`QuestionConsensus`). p(AnswerAt) is a probability; where it is 0 (or below `floor`),
/// the floor is taken, so that rewards stay finite. Baseline: `detail::clean_signals`. A missing
/// answer gets 0.
class TargetObjective {
 public:
  using Probability = std::function<double(const AnswerAt&)>;

  TargetObjective(TargetDivergence divergence, Probability p, double tau = 1,
                  EstimatorKind log_table = EstimatorKind::variance_optimal, double floor = 1e-6)
      : divergence_(divergence),
        p_(std::move(p)),
        tau_(tau),
        floor_(floor),
        logs_(log_table, RewardFunction::logarithm()) {
    require(static_cast<bool>(p_), Errc::invalid_argument, "TargetObjective: needs a target p");
    require(tau > 0 && std::isfinite(tau) && floor > 0 && floor < 1, Errc::invalid_argument,
            "TargetObjective: tau must be > 0 and finite and floor in (0, 1), got ", tau, " and ",
            floor);
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      tally_.assign(sample.group(x));
      given_.resize(tally_.distinct());
      for (std::size_t s = 0; s < given_.size(); ++s) {
        const double p = p_({sample.question, x, static_cast<std::size_t>(tally_.answer(s))});
        require(p >= 0 && p <= 1, Errc::not_a_distribution,
                "TargetObjective: a probability must be in [0, 1], got ", p);
        given_[s] = p > floor_ ? p : floor_;
      }
      detail::clean_signals(
          tally_.slots(), tally_.counts(),
          [&](std::size_t s, std::size_t others, std::size_t size) {
            return reward(given_[s], others, size);
          },
          tau_, sample.part(x, signal), scratch_);
    }
  }

 private:
  [[nodiscard]] double reward(double p, std::size_t others, std::size_t size) {
    const auto k = static_cast<double>(others), n = static_cast<double>(size);
    const double unbiased = size > 1 ? k / (n - 1) : 0.0, plug_in = (k + 1) / n;
    switch (divergence_) {
      case TargetDivergence::reverse_kl: return std::log(p) - logs_(others, size);
      case TargetDivergence::forward_kl: return p / plug_in;
      case TargetDivergence::chi_square: return -2 * unbiased / p;
      case TargetDivergence::jensen_shannon: return 0.5 * std::log((plug_in + p) / (2 * plug_in));
      case TargetDivergence::euclidean: return p - unbiased;
    }
    return 0;
  }

  TargetDivergence divergence_;
  Probability p_;
  double tau_, floor_;
  detail::TablesBySize logs_;
  AnswerTally tally_;
  std::vector<double> given_, scratch_;
};

}  // namespace dag
