// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// Options of `replicator_mutator`.
struct ReplicatorMutatorOptions {
  double mutation = 0.01;         ///< mu * payoff range: the rate at which strategies mutate, >= 0
  double step = 0.1;              ///< h times the payoff range, > 0
  std::int64_t steps = 1000;      ///< how many, >= 0
  std::int64_t record_every = 0;  ///< steps between recorded points; 0: first and last only
  MixedProfile start = {};        ///< every probability > 0; empty: uniform
};

/// A recorded point of the dynamics.
struct MutatorPoint {
  double time = 0.0;  ///< steps * h, in units of 1 / payoff
  MixedProfile profile;
  double max_regret = 0.0;  ///< in units of payoff
  friend bool operator==(const MutatorPoint&, const MutatorPoint&) = default;
};

/// The replicator dynamics with mutation, a population a player: each strategy grows at the rate of
/// its payoff above the average, and every member mutates at the rate mu to any strategy alike,
///
///   dp_s/dt = p_s (g_s(p) - <p, g(p)>) + mu (1/n - p_s).
///
/// Source: Bomze and Burger (1995), doi:10.1006/game.1995.1047. Followed in logarithms by the
/// classic fourth-order scheme: d log p_s/dt = g_s + mu/(n p_s) up to a constant of the player.
/// Without mutation it is `replicator`. Any mutation makes the uniform equilibrium of cyclic
/// zero-sum games attract all paths; rest points go to Nash equilibria as mu goes to 0. Steps are
/// to be short beside n p_s / mu of the rarest strategy on the path; a step that is not ends in
/// Errc::not_finite. Errors: as `validate`; invalid_argument; not_a_distribution for the start.
[[nodiscard]] inline std::vector<MutatorPoint> replicator_mutator(
    const GameTable& game, const ReplicatorMutatorOptions& options = {}) {
  validate(game);
  const OptionRules rules("replicator_mutator");
  rules.not_negative("mutation", options.mutation);
  rules.positive("step", options.step);
  rules.not_negative("steps", options.steps);
  rules.not_negative("record_every", options.record_every);
  const double range = payoff_range(game) > 0 ? payoff_range(game) : 1.0;
  const double mu = options.mutation * range;
  const double h = options.step / range;
  using Logs = std::vector<std::vector<double>>;
  Logs z;
  if (!options.start.empty()) {
    rules.held("start", [&] { validate(game, options.start); });
  }
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    z.emplace_back(game.sizes[i], -std::log(static_cast<double>(game.sizes[i])));
    for (std::size_t s = 0; s < game.sizes[i] && !options.start.empty(); ++s) {
      require(options.start[i][s] > 0, Errc::not_a_distribution,
              "replicator_mutator: start must have probabilities > 0 only, got ",
              options.start[i][s]);
      z[i][s] = std::log(options.start[i][s]);
    }
  }
  const auto profile_of = [](const Logs& logs) {
    MixedProfile profile = logs;
    for (std::vector<double>& strategy : profile) {
      for (double& entry : strategy) {
        entry = std::exp(entry);
      }
    }
    return profile;
  };
  const auto slope = [&](const Logs& logs) {
    const MixedProfile profile = profile_of(logs);
    Logs slopes;
    for (std::size_t i = 0; i < profile.size(); ++i) {
      slopes.push_back(deviation_payoffs(game, profile, i));
      for (std::size_t s = 0; s < profile[i].size(); ++s) {
        slopes[i][s] += mu / (static_cast<double>(profile[i].size()) * profile[i][s]);
        require(std::isfinite(slopes[i][s]), Errc::not_finite,
                "replicator_mutator: a step is too long beside the mutation of a rare strategy");
      }
      // Less their largest: payoffs far from 0 beside their range would drown the probabilities.
      const double most = *std::max_element(slopes[i].begin(), slopes[i].end());
      for (double& entry : slopes[i]) {
        entry -= most;
      }
    }
    return slopes;
  };
  const auto moved = [](Logs logs, double by, const Logs& slopes) {
    for (std::size_t i = 0; i < logs.size(); ++i) {
      for (std::size_t s = 0; s < logs[i].size(); ++s) {
        logs[i][s] += by * slopes[i][s];
      }
      log_normalize(logs[i]);
    }
    return logs;
  };
  std::vector<MutatorPoint> path;
  const auto record = [&](std::int64_t t) {
    MutatorPoint point;
    point.time = static_cast<double>(t) * h;
    point.profile = profile_of(z);
    point.max_regret = max_regret(game, point.profile);
    path.push_back(std::move(point));
  };
  record(0);
  for (std::int64_t t = 1; t <= options.steps; ++t) {
    Logs sum = slope(z);
    Logs stage = sum;
    for (const double reach : {h / 2, h / 2, h}) {
      stage = slope(moved(z, reach, stage));
      for (std::size_t i = 0; i < sum.size(); ++i) {
        for (std::size_t s = 0; s < sum[i].size(); ++s) {
          sum[i][s] += (reach == h ? 1 : 2) * stage[i][s];
        }
      }
    }
    z = moved(z, h / 6, sum);
    if (t == options.steps || (options.record_every > 0 && t % options.record_every == 0)) {
      record(t);
    }
  }
  return path;
}

}  // namespace dag
