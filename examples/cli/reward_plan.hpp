// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/group.hpp>
#include <dag/estimate/geometric_pool.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/text/answer_language.hpp>
#include <dag/utility/registry.hpp>

/// What `dag rewards` computes: a utility, how nu is estimated, a convention of advantages.
namespace cli {

/// As given on the command line.
struct RewardRequest {
  std::string utility;
  std::string estimator = "plug-in";
  std::string advantage = "trl-none";
  std::string target = "uniform";  ///< of the divergences: uniform, or a file
  std::string reference;           ///< rollouts whose consensus is frozen
  double weight = 1;
  std::optional<double> order;      ///< of tsallis, alpha and power_sharpening
  std::optional<double> terms;      ///< of max_rl
  std::optional<double> q;          ///< of event_q_logarithm
  std::optional<int> k;             ///< of pass_at_k, max_at_k, maj_at_k
  double smoothing = -1;            ///< -1: the default of the utility
  dag::ReadOptions reading;         ///< how answers of files are read
  std::string values;               ///< file: numbers of answers
  std::string mixture;              ///< of robust_reward; empty: the worst
  std::string multipliers, bounds;  ///< of constraints
  double penalty = 0;
  std::string ground = "discrete";  ///< between answers: discrete, number[:SCALE], or a file
  std::optional<double> epsilon;    ///< of transport
  std::string vote_of;              ///< of majority_vote: all (empty), others, own
  std::string shaping;              ///< empty: none
};

/// Checked: what was asked for makes sense together.
struct RewardPlan {
  const dag::UtilityEntry& utility;
  std::string name;         ///< of the utility, an alias that settles a field among them
  dag::AnyUtility formula;  ///< without data by answer; its weight is the request's
  dag::EstimatorKind estimator;
  dag::Advantage advantage;
  RewardRequest request;
  dag::ConsensusOptions consensus;
};

struct Rewards {
  std::vector<double> reward;
  std::vector<double> advantage;
  dag::AdvantageReport advantages;
  dag::ConsensusReport consensus;
  std::vector<double> value_means;  ///< <a_m, nu> of --values
  std::vector<double> strategy;     ///< the Target's mixture or multipliers
  std::vector<double> factor;       ///< of the advantages, where --shaping has one
};

/// Reads another rollout file as the first was read.
using ReadGroups = std::function<dag::AnswerGroups(const std::string&)>;

/// Names and summaries of the utilities, for --help.
std::string utility_list();

/// Which pool the utilities speak of: geometric, euclidean, else arithmetic.
enum class PoolKind { arithmetic, geometric, euclidean };
PoolKind pool_of(const std::vector<RewardPlan>& plans);

/// The parts of "coherence+0.1*entropy", one or more, each with its own weight in its request.
/// Errors: invalid_argument and unsupported, naming the option.
std::vector<RewardPlan> plan_rewards(const RewardRequest& request);
/// --shaping of the rewards (dra, gapo, differential_smoothing), before any baseline, or of the
/// advantages (uniqueness, ucpo); nothing where none was asked for. Errors: unsupported (gapo
/// beside another utility).
void shape_rewards(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                   Rewards& found);
void shape_advantages(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                      Rewards& found);
/// Rewards of the parts, summed, and their advantages.
Rewards compute_rewards(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                        const ReadGroups& read);

}  // namespace cli
