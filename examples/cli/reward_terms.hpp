// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include <dag/answers/group.hpp>

#include "reward_plan.hpp"

/// Terms of --utility that are no functionals of the answer distribution but numbers of a sample.
namespace cli {

/// Weights; 0: the term is not asked for.
struct SampleTerms {
  double own = 0;             ///< the sample's own reward
  double majority = 0;        ///< 1 for the answer that most of its group gave (ties share the 1)
  double self_frequency = 0;  ///< how often its group gave the answer
  [[nodiscard]] bool any() const { return own > 0 || majority > 0 || self_frequency > 0; }
};

/// Takes own, majority (or vote) and self_frequency out of a sum such as "own+0.5*vote+coherence";
/// what is left may be empty. Errors: invalid_argument (a weight).
SampleTerms take_terms(std::string& utility);

/// Names and summaries, for --help.
std::string term_list();

/// Adds the terms, times `weight`. A sample without what a term needs has no reward (NaN).
/// Errors: invalid_argument where no sample has a reward of its own and it is asked for.
void add_terms(const SampleTerms& terms, const dag::AnswerGroups& groups,
               std::span<const double> own, double weight, std::span<double> reward);

/// Samples without an answer and without a verdict of their own get no reward (NaN). Whether any
/// had one.
bool unscore_missing(const dag::AnswerGroups& groups, const std::vector<bool>& own_verdict,
                     std::span<double> reward);

/// All that `dag rewards` and the Python module ask for: utilities and terms of a sum.
struct RewardRun {
  RewardRequest request;
  SampleTerms terms;
  bool only_terms = false;
  std::vector<RewardPlan> plans;
};

/// From the request as given. Errors: invalid_argument, unsupported (gapo beside a term).
RewardRun plan_run(RewardRequest request);

/// Rewards and advantages: utilities, terms, shaping, then samples without an answer and without a
/// verdict of their own unscored (`unscore`; not where the own reward is a term), then advantages
/// of what came out. `own`: the samples' own rewards, may be empty.
Rewards run_rewards(const RewardRun& run, const dag::AnswerGroups& groups,
                    std::span<const double> own, const std::vector<bool>& own_verdict, bool unscore,
                    const ReadGroups& read);

}  // namespace cli
