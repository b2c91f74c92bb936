// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/random.hpp>
#include <dag/core/status.hpp>
#include <dag/game/contraction.hpp>
#include <dag/game/correlated.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/stationary.hpp>

namespace dag {

/// What a player learns of its payoffs in a round.
enum class PlayFeedback {
  full,     ///< the expected payoff of each strategy against the others' mixed strategies
  sampled,  ///< the payoff of each strategy against the pure profile that was drawn
};

/// Options of `regret_dynamics`.
struct RegretDynamicsOptions {
  RegretKind kind = RegretKind::external;      ///< that the players keep small
  PlayFeedback feedback = PlayFeedback::full;  ///< what players learn of a round
  double tolerance = 1e-3;                     ///< on the kind's gap / payoff range
  std::int64_t max_iterations = 1'000'000;     ///< rounds
  std::int64_t check_every = 0;                ///< rounds between certificates; 0: growing by 5 %
  std::uint64_t seed = 0;                      ///< of the draws, for sampled play
  MixedProfile start = {};                     ///< the first round's strategies; empty: uniform
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
  ObserverRef observer = {};  ///< called at each certificate; gap and value of the mean play
};

/// Average play of `regret_dynamics`, or a solution of `correlated_equilibrium`.
struct CorrelatedSolution {
  Status status = Status::iteration_limit;
  std::vector<double> joint;  ///< over profiles, first player fastest
  CorrelatedReport certificate;
  double gap = 0.0;           ///< of the kind asked for; units of payoff
  double relative_gap = 0.0;  ///< gap / payoff range
  std::int64_t iterations = 0;
  friend bool operator==(const CorrelatedSolution&, const CorrelatedSolution&) = default;
};

namespace detail {

/// One player's regrets, and the strategy they call for.
class RegretLearner {
 public:
  RegretLearner(std::size_t size, RegretKind kind)
      : kind_(kind),
        regrets_(kind == RegretKind::external ? size : size * size, 0.0),
        rates_(kind == RegretKind::external ? 0 : size * size, 0.0) {}

  /// Adds a round in which `p` was played and each strategy would have earned `payoffs`.
  void observe(std::span<const double> p, std::span<const double> payoffs) {
    const std::size_t size = p.size();
    if (kind_ == RegretKind::external) {
      double earned = 0.0;
      for (std::size_t s = 0; s < size; ++s) {
        earned += p[s] * payoffs[s];
      }
      for (std::size_t s = 0; s < size; ++s) {
        regrets_[s] += payoffs[s] - earned;
      }
      return;
    }
    for (std::size_t a = 0; a < size; ++a) {
      for (std::size_t b = 0; b < size; ++b) {
        regrets_[a * size + b] += p[a] * (payoffs[b] - payoffs[a]);
      }
    }
  }
  /// The next strategy; unchanged where nothing is regretted.
  void respond(std::span<double> p) {
    double sum = 0.0;
    for (const double regret : regrets_) {
      sum += regret > 0.0 ? regret : 0.0;
    }
    if (!(sum > 0.0)) {
      return;
    }
    if (kind_ == RegretKind::internal) {
      for (std::size_t k = 0; k < regrets_.size(); ++k) {
        rates_[k] = regrets_[k] > 0.0 ? regrets_[k] / sum : 0.0;
      }
      stationary_distribution(rates_, p);
      return;
    }
    for (std::size_t s = 0; s < p.size(); ++s) {
      p[s] = regrets_[s] > 0.0 ? regrets_[s] / sum : 0.0;
    }
  }

 private:
  RegretKind kind_;
  std::vector<double> regrets_;
  std::vector<double> rates_;
};

/// joint += weight * the product of the players' strategies, profiles of probability zero left out.
inline void add_product(const Blocks& blocks, std::span<const double> point, std::size_t player,
                        double weight, std::span<double> joint) {
  const std::span<const double> p = blocks.of(point, player);
  const std::size_t inner = joint.size() / p.size();
  for (std::size_t s = 0; s < p.size(); ++s) {
    if (p[s] == 0.0) {
      continue;
    }
    if (player == 0) {
      joint[s] += weight * p[s];
    } else {
      add_product(blocks, point, player - 1, weight * p[s], joint.subspan(s * inner, inner));
    }
  }
}

[[nodiscard]] inline std::size_t draw(std::span<const double> p, RandomStream& random) {
  double left = random.uniform();
  std::size_t last = 0;
  for (std::size_t s = 0; s < p.size(); ++s) {
    if (p[s] > 0.0) {
      last = s;
      if (left < p[s]) {
        return s;
      }
      left -= p[s];
    }
  }
  return last;
}

}  // namespace detail

/// Every player runs regret matching; the average of what they play tends to the coarse correlated
/// equilibria (external regret) or to the correlated ones (internal regret) of any game.
///
/// Source: Hart and Mas-Colell (2000), doi:10.1111/1468-0262.00153, Theorem B for external regret,
/// p proportional to [R]_+; for internal regret the stationary distribution of the positive regrets
/// (their 2001, doi:10.1006/jeth.2000.2746) in place of the inertia of their Theorem A, which needs
/// the play to be drawn. With full feedback nothing is random: the joint distribution is the mean
/// of the rounds' product distributions. Bounds there, after T rounds, for a player of n strategies
/// and payoff range r: external regret <= r sqrt(n / T); internal regrets a -> b have Euclidean
/// norm <= r sqrt((n - 1) / T), so swap regret <= r sqrt(n (n - 1) / T). With sampled feedback the
/// same rates hold with high probability, and a round costs sum of sizes instead of a pass over the
/// payoffs. The gap is certified by evaluating all deviations against the joint distribution.
/// Average strategies need not be near a Nash equilibrium, except in two-player zero-sum games.
/// Memory: one number a profile, size^2 a player (internal). Deterministic; the draws of player i
/// in round t depend on the seed, i and t only. Errors: invalid_argument, and as `validate`.
[[nodiscard]] inline CorrelatedSolution regret_dynamics(const GameTable& game,
                                                        const RegretDynamicsOptions& options = {}) {
  validate(game);
  const OptionRules rules("regret_dynamics");
  rules.not_negative("tolerance", options.tolerance);
  rules.positive("max_iterations", options.max_iterations);
  rules.not_negative("check_every", options.check_every);
  const Deadline deadline(options.stop, options.time_limit, "regret_dynamics");
  if (!options.start.empty()) {
    rules.held("start", [&] { validate(game, options.start); });
  }
  const Blocks blocks(game.sizes);
  const std::size_t players = game.player_count();
  const bool sampled = options.feedback == PlayFeedback::sampled;
  const double range = payoff_range(game);
  std::vector<double> point(blocks.total());
  std::vector<double> played(blocks.total(), 0.0);
  std::vector<double> payoffs(blocks.total());
  std::vector<double> total(game.profile_count(), 0.0);
  std::vector<detail::RegretLearner> learners;
  std::vector<RandomStream> streams;
  for (std::size_t i = 0; i < players; ++i) {
    for (std::size_t s = 0; s < blocks.size(i); ++s) {
      point[blocks.offset(i) + s] =
          options.start.empty() ? 1.0 / static_cast<double>(blocks.size(i)) : options.start[i][s];
    }
    learners.emplace_back(blocks.size(i), options.kind);
    streams.emplace_back(options.seed, i);
  }
  CorrelatedSolution solution;
  std::int64_t next_check = 1;
  for (std::int64_t t = 1;; ++t) {
    const std::span<const double> strategies = sampled ? played : point;
    if (sampled) {
      std::size_t profile = 0;
      for (double& p : played) {
        p = 0.0;
      }
      for (std::size_t i = players; i-- > 0;) {
        const std::size_t s =
            detail::draw(blocks.of(std::span<const double>(point), i), streams[i]);
        played[blocks.offset(i) + s] = 1.0;
        profile = profile * blocks.size(i) + s;
      }
      total[profile] += 1.0;
    } else {
      detail::add_product(blocks, point, players - 1, 1.0, total);
    }
    for (std::size_t i = 0; i < players; ++i) {
      detail::deviation_payoffs<double>(blocks, game.payoffs[i], i, strategies,
                                        blocks.of(std::span<double>(payoffs), i));
    }
    for (std::size_t i = 0; i < players; ++i) {
      learners[i].observe(blocks.of(strategies, i), blocks.of(std::span<const double>(payoffs), i));
      learners[i].respond(blocks.of(std::span<double>(point), i));
    }
    if (t < next_check && t < options.max_iterations && !deadline.passed()) {
      continue;
    }
    next_check = options.check_every > 0 ? t + options.check_every : t + 1 + t / 20;
    double sum = 0.0;
    for (const double probability : total) {
      sum += probability;
    }
    solution.joint = total;
    for (double& probability : solution.joint) {
      probability /= sum;
    }
    solution.certificate = certify_joint(game, solution.joint, options.kind, &deadline);
    solution.gap = options.kind == RegretKind::external ? solution.certificate.coarse_gap
                                                        : solution.certificate.correlated_gap;
    if (std::isnan(solution.gap)) {  // cut short: a bound that always holds
      solution.gap = range;
    }
    solution.relative_gap = range > 0 ? solution.gap / range : 0.0;
    solution.iterations = t;
    const bool go_on =
        options.observer(Record{t, t, deadline.spent(), solution.certificate.payoffs[0],
                                solution.gap, solution.relative_gap, solution.relative_gap, 0.0});
    const bool met = solution.relative_gap <= options.tolerance;
    if (met || !go_on || t == options.max_iterations || deadline.passed()) {
      solution.status =
          !met && !go_on ? Status::stopped : deadline.ending(met, t == options.max_iterations);
      return solution;
    }
  }
}

}  // namespace dag
