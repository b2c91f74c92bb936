// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dag/answers/value_reward.hpp>

#include "reward_plan.hpp"

/// Rewards of utilities whose data are numbers of answers, or of pairs of answers.
namespace cli {

/// The numbers of "0.1,1,10". Errors: invalid_argument, naming the option and the word.
std::vector<double> number_list(std::string_view option, const std::string& text);

/// "0.01,>=0.5,=0": at most (or "<="), at least, equal.
std::vector<dag::MomentBound> bound_list(const std::string& text);

/// Refuses what one of the utilities lacks, and what none of them uses.
void check_files(const std::vector<RewardPlan>& plans);

/// expected_reward with --values, robust_reward, moment_constraints: linear in nu given the
/// Target's strategy, which is kept in `found`.
void value_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan, Rewards& found);

/// mmd, transport, soft_constraint: the utility's gradient at the estimated distributions.
void gradient_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan,
                      std::span<double> reward);

}  // namespace cli
