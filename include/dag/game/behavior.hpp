// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/sequence_form.hpp>

namespace dag {

/// Probabilities of actions: profile[player][information set][action], in the order of the game.
using BehaviorProfile = std::vector<std::vector<std::vector<double>>>;

/// Every action of every set equally likely.
[[nodiscard]] inline BehaviorProfile uniform_behavior(const ExtensiveGame& game) {
  BehaviorProfile profile;
  for (const std::vector<InformationSet>& sets : game.sets) {
    profile.emplace_back();
    for (const InformationSet& set : sets) {
      profile.back().emplace_back(set.actions.size(),
                                  1.0 / static_cast<double>(set.actions.size()));
    }
  }
  return profile;
}

/// Errors: dimension_mismatch or not_a_distribution unless there is a distribution (sum within
/// `tolerance` of one) for every information set.
inline void validate(const ExtensiveGame& game, const BehaviorProfile& profile,
                     double tolerance = 1e-9) {
  require(profile.size() == game.player_count(), Errc::dimension_mismatch, "profile: the game has ",
          game.player_count(), " players, got ", profile.size(), " strategies");
  for (std::size_t i = 0; i < profile.size(); ++i) {
    require(profile[i].size() == game.sets[i].size(), Errc::dimension_mismatch, "profile: player ",
            i + 1, " has ", game.sets[i].size(), " information sets, got ", profile[i].size());
    for (std::size_t k = 0; k < profile[i].size(); ++k) {
      const InformationSet& set = game.sets[i][k];
      require(profile[i][k].size() == set.actions.size(), Errc::dimension_mismatch,
              "profile: player ", i + 1, ", ", set_name(set), " has ", set.actions.size(),
              " actions, got ", profile[i][k].size(), " probabilities");
      double sum = 0;
      for (const double p : profile[i][k]) {
        require(p >= -tolerance && std::isfinite(p), Errc::not_a_distribution, "profile: player ",
                i + 1, ", ", set_name(set), " has a probability ", p);
        sum += p;
      }
      require(std::abs(sum - 1.0) <= tolerance, Errc::not_a_distribution, "profile: player ", i + 1,
              ", ", set_name(set), ": probabilities must add up to one, got ", sum);
    }
  }
}

/// The stacked plan of a behaviour.
[[nodiscard]] inline std::vector<double> plan_of(const SequenceForm& form,
                                                 const BehaviorProfile& profile) {
  const TreeplexShape& shape = form.shape;
  std::vector<double> plan(shape.blocks.total(), 1.0);
  for (std::size_t k = 0; k < shape.set_count(); ++k) {
    const std::vector<double>& behavior = profile[shape.owner[k]][form.set_of[k]];
    for (std::uint32_t a = 0; a < shape.size[k]; ++a) {
      plan[shape.first[k] + a] = plan[shape.parent[k]] * behavior[a];
    }
  }
  return plan;
}

/// The behaviour of a stacked plan; uniform where the plan never comes.
[[nodiscard]] inline BehaviorProfile behavior_of(const ExtensiveGame& game,
                                                 const SequenceForm& form,
                                                 std::span<const double> plan) {
  const TreeplexShape& shape = form.shape;
  BehaviorProfile profile = uniform_behavior(game);
  for (std::size_t k = 0; k < shape.set_count(); ++k) {
    std::vector<double>& behavior = profile[shape.owner[k]][form.set_of[k]];
    double sum = 0;
    for (std::uint32_t a = 0; a < shape.size[k]; ++a) {
      sum += std::max(plan[shape.first[k] + a], 0.0);
    }
    for (std::uint32_t a = 0; sum > 0 && a < shape.size[k]; ++a) {
      behavior[a] = std::max(plan[shape.first[k] + a], 0.0) / sum;
    }
  }
  return profile;
}

/// Player i's expected payoff, in the form's standard units, of each own sequence (its block) while
/// the others follow `plan`.
[[nodiscard]] inline std::vector<double> sequence_payoffs(const SequenceForm& form,
                                                          std::span<const double> plan,
                                                          std::size_t i) {
  const PayoffRows<double>& rows = (*form.rows)[i];
  const std::size_t others = form.player_count() - 1;
  std::vector<double> values(form.shape.blocks.size(i), 0.0);
  for (std::size_t r = 0; r < rows.sequence.size(); ++r) {
    double& value = values[rows.sequence[r] - form.shape.blocks.offset(i)];
    for (std::uint32_t e = rows.offsets[r]; e < rows.offsets[r + 1]; ++e) {
      double product = rows.payoff[e];
      for (std::size_t j = 0; j < others; ++j) {
        product *= plan[rows.others[e * others + j]];
      }
      value += product;
    }
  }
  return values;
}

/// A profile's certificate on the tree, with a pure best response of every player: at each set the
/// first best action, given that it is reached by the player's own moves.
struct TreeReport {
  RegretReport regret;
  BehaviorProfile best_responses;
  std::vector<double> best_payoffs;
};

/// One pass over the payoffs and one bottom-up a player. Allocates.
[[nodiscard]] inline TreeReport certify(const ExtensiveGame& game, const SequenceForm& form,
                                        std::span<const double> plan) {
  const TreeplexShape& shape = form.shape;
  TreeReport report;
  report.best_responses = uniform_behavior(game);
  for (std::size_t i = 0; i < form.player_count(); ++i) {
    std::vector<double> values = sequence_payoffs(form, plan, i);
    const std::size_t offset = shape.blocks.offset(i);
    double expected = 0;
    for (std::size_t s = 0; s < values.size(); ++s) {
      expected += values[s] * plan[offset + s];
    }
    for (std::uint32_t k = shape.begin[i + 1]; k-- > shape.begin[i];) {
      const double* own = values.data() + (shape.first[k] - offset);
      std::uint32_t best = 0;
      for (std::uint32_t a = 1; a < shape.size[k]; ++a) {
        best = own[a] > own[best] ? a : best;
      }
      values[shape.parent[k] - offset] += own[best];
      std::vector<double>& response = report.best_responses[i][form.set_of[k]];
      std::fill(response.begin(), response.end(), 0.0);
      response[best] = 1.0;
    }
    const double gained = std::max(values[0] - expected, 0.0);
    const double regret = form.unit[i] * gained;
    report.regret.relative += form.range(i) > 0 ? gained / (form.range(i) / form.unit[i]) : 0.0;
    const auto as_given = [&](double payoff) { return form.shift[i] + form.unit[i] * payoff; };
    report.regret.payoffs.push_back(as_given(expected));
    report.regret.regrets.push_back(regret);
    report.regret.max_regret = std::max(report.regret.max_regret, regret);
    report.regret.nash_conv += regret;
    report.best_payoffs.push_back(as_given(std::max(values[0], expected)));
  }
  return report;
}

/// The same for a behaviour. Throws as `validate` does.
[[nodiscard]] inline TreeReport certify(const ExtensiveGame& game, const SequenceForm& form,
                                        const BehaviorProfile& profile) {
  validate(game, profile);
  const std::vector<double> plan = plan_of(form, profile);
  return certify(game, form, std::span<const double>(plan));
}

}  // namespace dag
