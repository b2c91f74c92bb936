// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <dag/estimate/geometric_pool.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/rollout/advantage.hpp>
#include <dag/rollout/consensus.hpp>
#include <dag/rollout/consensus_reward.hpp>
#include <dag/rollout/group.hpp>

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
  double order = 3;  ///< of tsallis
  int k = 8;
  double smoothing = -1;  ///< -1: the default of the utility
  bool exact = false;     ///< answers are the same only byte for byte
};

/// What a utility's reward is made of.
enum class RewardFamily { answer, event, consensus, pairwise, verdict, target, frozen };

struct UtilityEntry {
  const char* name;
  RewardFamily family;
  const char* summary;
};

/// Checked: what was asked for makes sense together.
struct RewardPlan {
  const UtilityEntry& utility;
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
};

/// Reads another rollout file as the first was read.
using ReadGroups = std::function<dag::AnswerGroups(const std::string&)>;

/// Names and summaries of the utilities, for --help.
std::string utility_list();

/// Errors: invalid_argument and unsupported, naming the option.
RewardPlan plan_rewards(const RewardRequest& request);
Rewards compute_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan,
                        const ReadGroups& read);

}  // namespace cli
