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
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/solver/detail/logit_system.hpp>
#include <dag/solver/table/logit_branch.hpp>

namespace dag {

/// A logit equilibrium of the agents of a tree: at every information set, probabilities are
/// proportional to exp(lambda g), g what each action earns its player, given that play comes there.
struct AgentLogitPoint {
  double lambda = 0;  ///< 1 / tau, in units of 1 / payoff; 0: uniform behaviour
  BehaviorProfile profile;
  double max_regret = 0;  ///< of the players, in payoffs
  double relative = 0;    ///< regrets over the players' payoff ranges, added up
  friend bool operator==(const AgentLogitPoint&, const AgentLogitPoint&) = default;
};

/// The branch of agent quantal responses that begins at uniform play.
struct AgentLogitBranch {
  Status status = Status::stalled;
  std::vector<AgentLogitPoint> points;  ///< lambda = 0 first; the last one is the answer
  std::size_t turning_points = 0;
  std::vector<double> bifurcations;
  std::int64_t steps = 0;
  friend bool operator==(const AgentLogitBranch&, const AgentLogitBranch&) = default;
};

namespace detail {

/// What actions earn, given that their set is reached, and how that changes with all probabilities:
/// block k is set k of the form, its entries the actions. Beliefs are ratios of probabilities of
/// plays, taken in logarithms, so that sets that hardly are reached have exact ones.
class AgentPayoffs {
 public:
  explicit AgentPayoffs(const SequenceForm& form) : shape_(form.shape) {
    const std::size_t players = form.player_count();
    range_ = form.range() > 0 ? form.range() : 1.0;
    std::vector<std::uint32_t> action_of(shape_.blocks.total(), none);  // of a sequence, stacked
    owner_of_.assign(shape_.blocks.total() - players, 0);
    for (std::uint32_t k = 0; k < shape_.set_count(); ++k) {
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        action_of[shape_.first[k] + a] = static_cast<std::uint32_t>(blocks_.total()) + a;
        owner_of_[blocks_.total() + a] = shape_.owner[k];
      }
      blocks_.push_back(shape_.size[k]);
    }
    parents_.assign(blocks_.total(), none);  // the own action before
    for (std::uint32_t k = 0; k < shape_.set_count(); ++k) {
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        parents_[action_of[shape_.first[k] + a]] = action_of[shape_.parent[k]];
      }
    }
    const std::size_t terms = form.term_count();
    log_reach_.resize(terms);
    payoffs_.resize(terms * players);
    last_.resize(terms * players);
    after_.resize(blocks_.total());
    for (std::uint32_t term = 0; term < terms; ++term) {
      log_reach_[term] = std::log(form.reach[term]);
      for (std::size_t i = 0; i < players; ++i) {
        payoffs_[term * players + i] =
            form.payoffs[term * players + i] / form.reach[term] * (form.unit[i] / range_);
        last_[term * players + i] = action_of[form.sequences[term * players + i]];
        for (std::uint32_t s = last_[term * players + i]; s != none; s = parents_[s]) {
          after_[s].push_back(term);
        }
      }
    }
    log_x_.resize(blocks_.total());
    slope_.resize(blocks_.total());
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  [[nodiscard]] double range() const noexcept { return range_; }

  template <class At>
  void evaluate(double lambda, std::span<const double> log_p, std::span<const double>,
                std::span<double> g, At&& at) {
    const std::size_t players = shape_.blocks.count();
    for (std::size_t s = 0; s < log_x_.size(); ++s) {  // parents come first
      log_x_[s] = log_p[s] + (parents_[s] == none ? 0.0 : log_x_[parents_[s]]);
    }
    for (std::size_t k = 0; k < blocks_.count(); ++k) {
      const std::size_t top = blocks_.offset(k);
      for (std::size_t s = top; s < top + blocks_.size(k); ++s) {
        const std::uint32_t player = owner_of_[s];
        earned(s, player, players, g);
        if (blocks_.size(k) == 1) {
          continue;
        }
        for (std::size_t t = 0; t < slope_.size(); ++t) {
          const double change = lambda * slope_[t];
          if (change == 0) {
            continue;
          }
          if (s > top) {
            at(s, t) -= change;
          } else {  // the action that the others are measured against
            for (std::size_t row = top + 1; row < top + blocks_.size(k); ++row) {
              at(row, t) += change;
            }
          }
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// g_s, the mean of the payoffs after s under the others' moves and the later own ones, and its
  /// slope in the logarithm of every probability.
  void earned(std::size_t s, std::uint32_t player, std::size_t players, std::span<double> g) {
    for (double& slope : slope_) {
      slope = 0;
    }
    weights_.clear();
    double largest = -std::numeric_limits<double>::infinity();
    for (const std::uint32_t term : after_[s]) {
      double weight = log_reach_[term];
      for (std::size_t i = 0; i < players; ++i) {
        const std::uint32_t last = last_[term * players + i];
        weight += last == none ? 0.0 : log_x_[last];
      }
      weights_.push_back(weight);
      largest = weight > largest ? weight : largest;
    }
    double sum = 0;
    double mean = 0;
    for (std::size_t e = 0; e < weights_.size(); ++e) {
      weights_[e] = std::exp(weights_[e] - largest);
      sum += weights_[e];
      mean += weights_[e] * payoffs_[after_[s][e] * players + player];
    }
    g[s] = sum > 0 ? mean / sum : 0.0;
    for (std::size_t e = 0; e < weights_.size(); ++e) {
      const std::uint32_t term = after_[s][e];
      const double pull = weights_[e] / sum * (payoffs_[term * players + player] - g[s]);
      for (std::size_t i = 0; i < players; ++i) {
        for (std::uint32_t t = last_[term * players + i]; t != none && t != s; t = parents_[t]) {
          slope_[t] += pull;
        }
      }
    }
  }

  const TreeplexShape& shape_;
  Blocks blocks_;
  double range_ = 1;
  std::vector<std::uint32_t> owner_of_;  // of an action
  std::vector<std::uint32_t> parents_;
  std::vector<double> log_reach_;                  // of a combination of sequences, by chance
  std::vector<double> payoffs_;                    // over the range, by term and player
  std::vector<std::uint32_t> last_;                // own action of each player, by term
  std::vector<std::vector<std::uint32_t>> after_;  // terms after an action
  std::vector<double> log_x_;
  std::vector<double> slope_;
  std::vector<double> weights_;
};

class AgentTracer : public BranchTracer<LogitCurve<AgentPayoffs>> {
 public:
  AgentTracer(const ExtensiveGame& game, const SequenceForm& form,
              const LogitBranchOptions& options)
      : BranchTracer(LogitCurve<AgentPayoffs>(AgentPayoffs(form)), options, "agent_logit_branch"),
        game_(game),
        form_(form) {}

  [[nodiscard]] AgentLogitPoint point() const {
    AgentLogitPoint found;
    found.lambda = lambda();
    found.profile = uniform_behavior(game_);
    MixedProfile behaviors = profile();
    for (std::size_t k = 0; k < behaviors.size(); ++k) {
      found.profile[form_.shape.owner[k]][form_.set_of[k]] = std::move(behaviors[k]);
    }
    const std::vector<double> plan = plan_of(form_, found.profile);
    const TreeReport report = certify(game_, form_, std::span<const double>(plan));
    found.max_regret = report.regret.max_regret;
    found.relative = report.regret.relative;
    return found;
  }

 private:
  const ExtensiveGame& game_;
  const SequenceForm& form_;
};

inline void check_agents(const SequenceForm& form, const LogitBranchOptions& options,
                         const char* solver) {
  validate(options, solver);
  require(options.prior.empty(), Errc::invalid_argument, solver,
          ": the branch of a tree begins at uniform behaviour; leave prior empty");
  const std::size_t actions = form.shape.blocks.total() - form.player_count();
  require(actions <= 1500, Errc::unsupported, solver, ": factors matrices of the ", actions,
          " actions of all information sets; the limit is 1500");
}

}  // namespace detail

/// The principal branch of the agent logit equilibria of a tree of any number of players: from
/// uniform behaviour at lambda = 0 towards, in almost all games, a sequential equilibrium.
///
/// Source: McKelvey and Palfrey (1998), doi:10.1023/A:1009905800005; that limits are sequential
/// equilibria and the equations in logarithms: Turocy (2010), doi:10.1007/s00199-009-0443-3. Every
/// information set is a player of its own, who values an action by what it earns given that the set
/// is reached. Followed as `logit_branch` follows that of a table. Nothing is reached with
/// probability 0, and beliefs are ratios of logarithms, exact however small. Status as
/// `logit_branch`. Cost a step: plays times the square of own moves on a path, and three LU of a
/// matrix of all actions. Errors: unsupported (more than 1500 actions), invalid_argument.
[[nodiscard]] inline AgentLogitBranch agent_logit_branch(const ExtensiveGame& game,
                                                         const SequenceForm& form,
                                                         const LogitBranchOptions& options = {}) {
  detail::check_agents(form, options, "agent_logit_branch");
  detail::AgentTracer tracer(game, form, options);
  return detail::follow<AgentLogitBranch>(tracer, options);
}

/// The agent logit equilibrium at one tau = 1 / lambda (units of payoff, > 0): the first point of
/// the principal branch there, the last of what is returned.
[[nodiscard]] inline AgentLogitBranch agent_logit_equilibrium(
    const ExtensiveGame& game, const SequenceForm& form, double tau,
    const LogitBranchOptions& options = {}) {
  detail::check_agents(form, options, "agent_logit_equilibrium");
  require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
          "agent_logit_equilibrium: tau must be > 0 and finite, got ", tau);
  detail::AgentTracer tracer(game, form, options);
  const double range = form.range();
  return detail::follow_to<AgentLogitBranch>(tracer, options, (range > 0 ? range : 1.0) / tau);
}

}  // namespace dag
