// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "reward_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <dag/answers/event_reward.hpp>
#include <dag/answers/goal_reward.hpp>
#include <dag/answers/majority_reward.hpp>
#include <dag/answers/pool_table_reward.hpp>
#include <dag/answers/reward.hpp>
#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/io/goals.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/utility/registry.hpp>

#include "reward_files.hpp"

namespace cli {
namespace {

using Family = dag::UtilityFamily;
using Point = dag::Probability<double>;

template <class... Utilities>
bool is_one_of(const dag::AnyUtility& utility) {
  return (std::holds_alternative<Utilities>(utility) || ...);
}

using GeometricPool = dag::GeometricCoherence<double>;
using EuclideanPool = dag::EuclideanCoherence<double>;
using ArithmeticPool = dag::ArithmeticCoherence<double>;

dag::Advantage advantage_of(const std::string& name) {
  std::string names;
  for (const auto& [known, kind] : dag::advantage_names) {
    if (name == known) {
      dag::require(!dag::needs_lengths(kind), dag::Errc::unsupported, "--advantage ", name,
                   " weights samples by their lengths in tokens, which a rollout file does not "
                   "hold");
      return kind;
    }
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  dag::fail(dag::Errc::invalid_argument, "--advantage: no convention is called '", name,
            "'; there are ", names);
}

bool is_simple(dag::EstimatorKind kind) {
  return kind == dag::EstimatorKind::plug_in || kind == dag::EstimatorKind::leave_one_out;
}

/// Refuses estimators that a utility has no table for.
void check_estimator(const dag::UtilityEntry& utility, dag::EstimatorKind kind) {
  std::string names;
  for (const dag::EstimatorKind known : utility.estimators) {
    names += (names.empty() ? "" : ", ") + std::string(to_string(known));
  }
  const auto& all = utility.estimators;
  dag::require(std::find(all.begin(), all.end(), kind) != all.end(), dag::Errc::unsupported,
               "--estimator ", to_string(kind), ": ", utility.name, " takes ", names);
}

/// Rewards of a pool at weight 1.
template <class Pool>
dag::ConsensusReport consensus(const dag::AnswerGroups& groups, const RewardPlan& plan, Pool pool,
                               std::span<double> reward) {
  if constexpr (std::is_same_v<Pool, ArithmeticPool>) {
    if (!is_simple(plan.estimator)) {
      return dag::arithmetic_table_rewards(groups, plan.estimator, reward);
    }
  } else if constexpr (std::is_same_v<Pool, EuclideanPool>) {
    if (plan.estimator == dag::EstimatorKind::u_statistic) {
      return dag::euclidean_table_rewards(groups, reward);
    }
  } else if (plan.consensus.smoothing == 0) {
    return dag::geometric_table_rewards(groups,
                                        plan.estimator == dag::EstimatorKind::minimax
                                            ? dag::PowerEstimator::minimax
                                            : dag::PowerEstimator::plug_in,
                                        reward);
  }
  pool.tau = 1;
  return dag::consensus_rewards(
      groups, plan.consensus,
      [&](double nu, double q) { return pool.pair_reward(Point::of(nu), Point::of(q)); }, reward);
}

/// Rewards that compare nu(z) with p(z): by a table of the utility, or by its reward at the
/// frequencies.
template <class U>
void given_rewards(const dag::AnswerGroups& groups, const dag::AnswerGoal& target, const U& u,
                   dag::EstimatorKind estimator, std::span<double> reward) {
  if (estimator == dag::EstimatorKind::plug_in) {
    dag::goal_rewards(
        groups, target, dag::RewardTableBuilder{estimator, {dag::RewardFunction::power(1)}},
        [&](double nu, double p) { return u.reward(Point::of(nu), Point::of(p)); }, reward);
  } else if constexpr (requires { u.table_reward(Point{}); }) {
    dag::goal_rewards(
        groups, target, dag::RewardTableBuilder{estimator, {u.table_reward(Point::of(1)).function}},
        [&](double g, double p) { return u.table_reward(Point::of(p))(g); }, reward);
  }
}

}  // namespace

std::string utility_list() {
  std::string list;
  for (const dag::UtilityEntry& entry : dag::utility_registry()) {
    list += fmt::format("\n  {}: {}", entry.name, entry.help);
  }
  return list;
}

namespace {

/// The utility of one part, without data by answer.
dag::AnyUtility formula_of(const dag::UtilityChoice& choice, const RewardRequest& request) {
  dag::UtilityData data = choice.defaults();
  const auto take = [&](std::string_view name, double& value, std::optional<double> given) {
    const dag::UtilityField* field = choice.entry->field(name);
    dag::require(!given || !choice.settles(name), dag::Errc::unsupported, "--", name, ": ",
                 choice.alias != nullptr ? choice.alias->name : "", " settles it");
    if (field != nullptr && given) {
      value = *given;
      field->check(value, "--");
    }
  };
  data.weight = request.weight;
  take("weight", data.weight, request.weight);
  take("order", data.order, request.order);
  take("k", data.k, request.k);
  take("terms", data.terms, request.terms);
  take("q", data.q, request.q);
  take("epsilon", data.epsilon, request.epsilon);
  return choice.entry->make(data);
}

RewardPlan plan_part(const dag::UtilityChoice& choice, RewardRequest request) {
  dag::require(request.weight > 0 && std::isfinite(request.weight), dag::Errc::invalid_argument,
               "--weight must be > 0 and finite, got ", request.weight);
  request.weight *= choice.factor;
  const dag::UtilityEntry& utility = *choice.entry;
  RewardPlan plan{utility,
                  std::string(choice.alias != nullptr ? choice.alias->name : utility.name),
                  formula_of(choice, request),
                  dag::estimator_kind(request.estimator),
                  advantage_of(request.advantage),
                  request,
                  {}};
  const bool linear =
      utility.family == Family::values &&
      (!is_one_of<dag::ExpectedReward<double>>(plan.formula) || !request.values.empty());
  dag::require(!linear || plan.estimator == dag::EstimatorKind::plug_in, dag::Errc::unsupported,
               "--estimator ", to_string(plan.estimator), ": ", utility.name,
               " of --values takes plug-in: it is linear in nu, so that there is nothing to "
               "estimate");
  check_estimator(utility, plan.estimator);
  std::visit(
      [&](const auto& u) {
        using U = std::remove_cvref_t<decltype(u)>;
        if constexpr (std::is_same_v<U, dag::TsallisEntropy<double>>) {
          dag::require(u.order > 1, dag::Errc::invalid_argument,
                       "--order must be > 1 for tsallis (1 is shannon_entropy), got ", u.order);
        }
        if constexpr (requires { u.table_reward(Point{}); }) {
          if (plan.estimator != dag::EstimatorKind::plug_in) {
            (void)u.table_reward(Point::of(1));  // refuses what has no table
          }
        }
      },
      plan.formula);
  dag::require(utility.family != Family::frozen || !request.reference.empty(),
               dag::Errc::invalid_argument, "--utility ", utility.name,
               " needs --reference, the rollouts whose consensus is frozen");
  const bool votes = is_one_of<dag::MajorityVote<double>>(plan.formula);
  dag::require(votes || request.vote_of.empty(), dag::Errc::unsupported,
               "--vote-of: ", utility.name, " takes no votes; it belongs to majority_vote");
  const bool geometric = is_one_of<GeometricPool>(plan.formula);
  const bool minimax = plan.estimator == dag::EstimatorKind::minimax;
  plan.consensus.counts = plan.estimator == dag::EstimatorKind::leave_one_out
                              ? dag::Counts::leave_one_out
                              : dag::Counts::plug_in;
  plan.consensus.pool = geometric || is_one_of<dag::FrozenConsensus<GeometricPool>>(plan.formula)
                            ? dag::Pool::geometric
                            : dag::Pool::arithmetic;
  const bool needs_smoothing =
      is_one_of<dag::PairwiseKl<double>, dag::FrozenConsensus<ArithmeticPool>,
                dag::FrozenConsensus<GeometricPool>>(plan.formula) ||
      (geometric && plan.estimator == dag::EstimatorKind::leave_one_out);
  const bool smooths = needs_smoothing || (geometric && !minimax);
  plan.consensus.smoothing = request.smoothing >= 0 ? request.smoothing : smooths ? 0.5 : 0.0;
  dag::require(!(needs_smoothing && plan.consensus.smoothing == 0), dag::Errc::invalid_argument,
               "--smoothing must be > 0 for ", utility.name,
               ": an answer that one context never gave would have an infinite reward");
  dag::require(!(geometric && minimax && plan.consensus.smoothing > 0), dag::Errc::invalid_argument,
               "--smoothing: the minimax tables of coherence_geometric take none");
  return plan;
}

/// The rewards of one part; its advantages where they come with the rewards.
Rewards part_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan,
                     const ReadGroups& read) {
  Rewards out;
  out.reward.resize(groups.samples());
  out.advantage.resize(groups.samples());
  const std::span<double> reward(out.reward);
  const std::span<double> advantage(out.advantage);
  const auto target = [&] {
    const dag::AnswerKey key{plan.request.reading};
    if (is_one_of<dag::CorrectEntropy<double>>(plan.formula)) {
      return dag::right_goal(groups);
    }
    return plan.utility.family == Family::frozen
               ? dag::frozen_goal(groups, read(plan.request.reference), plan.consensus)
           : plan.request.target == "uniform" ? dag::uniform_goal(groups)
                                              : dag::read_goal(plan.request.target, groups, key);
  };
  const bool judged =
      is_one_of<dag::ExpectedReward<double>>(plan.formula) && plan.request.values.empty();
  if (judged) {
    for (std::size_t i = 0; i < groups.samples(); ++i) {
      reward[i] = groups.right[i] < 0 ? std::numeric_limits<double>::quiet_NaN()
                                      : plan.request.weight * static_cast<double>(groups.right[i]);
    }
  } else if (plan.utility.family == Family::values) {
    value_rewards(groups, plan, out);
  } else if (const auto* vote = std::get_if<dag::MajorityVote<double>>(&plan.formula)) {
    const std::string& of = plan.request.vote_of;
    out.consensus =
        dag::majority_rewards(groups, of.empty() ? dag::VoteOf::all : dag::vote_of(of), reward);
    for (double& r : out.reward) {
      r *= vote->tau;
    }
  } else if (plan.utility.family == Family::gradient) {
    gradient_rewards(groups, plan, reward);
  }
  std::visit(
      [&](const auto& u) {
        using U = std::remove_cvref_t<decltype(u)>;
        if constexpr (requires { u.table_reward(); }) {
          const dag::TableReward table = u.table_reward();
          const dag::RewardTableBuilder builder{plan.estimator, {table.function}, table.scale};
          if constexpr (dag::EventUtility<U>) {
            dag::event_rewards(groups, builder, reward);
          } else {
            const dag::RewardTables<double> tables(groups.answer, groups.begin, builder);
            out.advantages = dag::table_rewards<double>(groups.answer, groups.begin, tables,
                                                        plan.advantage, reward, advantage);
          }
        } else if constexpr (dag::CoherenceUtility<U>) {
          out.consensus = consensus(groups, plan, u, reward);
          for (double& r : out.reward) {
            r *= u.tau;
          }
        } else if constexpr (dag::PairwiseUtility<U>) {
          out.consensus = dag::pairwise_rewards(
              groups, plan.consensus,
              [&](double nu, double other) {
                return u.pair_reward(Point::of(nu), Point::of(other));
              },
              reward);
        } else if constexpr (requires { u.reward(Point{}, Point{}); }) {
          given_rewards(groups, target(), u, plan.estimator, reward);
        }
      },
      plan.formula);
  return out;
}

}  // namespace

PoolKind pool_of(const std::vector<RewardPlan>& plans) {
  for (const RewardPlan& plan : plans) {
    if (is_one_of<GeometricPool, dag::FrozenConsensus<GeometricPool>>(plan.formula)) {
      return PoolKind::geometric;
    }
    if (is_one_of<EuclideanPool, dag::FrozenConsensus<EuclideanPool>,
                  dag::PairwiseEuclidean<double>>(plan.formula)) {
      return PoolKind::euclidean;
    }
  }
  return PoolKind::arithmetic;
}

std::vector<RewardPlan> plan_rewards(const RewardRequest& request) {
  std::vector<RewardPlan> plans;
  std::vector<dag::UtilityChoice> parts;
  try {
    parts = dag::utility_sum(request.utility);
  } catch (const dag::Error& error) {
    dag::fail(error.code(), "--utility: ", std::string_view(error.what()));
  }
  for (const dag::UtilityChoice& part : parts) {
    plans.push_back(plan_part(part, request));
  }
  check_files(plans);
  return plans;
}

Rewards compute_rewards(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                        const ReadGroups& read) {
  Rewards out = part_rewards(groups, plans[0], read);
  for (std::size_t p = 1; p < plans.size(); ++p) {
    Rewards part = part_rewards(groups, plans[p], read);
    for (std::size_t i = 0; i < out.reward.size(); ++i) {
      out.reward[i] += part.reward[i];
    }
    out.consensus.single_context_questions =
        std::max(out.consensus.single_context_questions, part.consensus.single_context_questions);
    out.consensus.floored_samples += part.consensus.floored_samples;
    if (!part.value_means.empty()) {
      out.value_means = part.value_means;
      out.strategy = part.strategy;
    }
  }
  if (plans.size() > 1 || plans[0].utility.family != Family::answer) {
    out.advantages = dag::advantages<double>(plans[0].advantage, out.reward, groups.begin,
                                             std::span<double>(out.advantage));
  }
  return out;
}

}  // namespace cli
