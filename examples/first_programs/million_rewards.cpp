// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Rewards of a million samples whose answers have numbers already.
//! [million_rewards]
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/rollout_batch.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  const std::size_t contexts = 31250, samples = 32;  // two contexts (phrasings) a question
  std::vector<std::int32_t> answer(contexts * samples), question(contexts);
  for (std::size_t i = 0; i < answer.size(); ++i) {
    answer[i] = i % samples < 8 + i / samples % 2 * 8 ? 1 : 0;  // -1 where none could be read
    question[i / samples] = static_cast<std::int32_t>(i / samples / 2);
  }
  const auto begin = dag::uniform_offsets<std::int64_t>(contexts, samples);
  dag::RolloutBatch<double> batch;
  batch.groups = begin;
  batch.answer = answer;
  batch.question = question;
  const dag::AnswerGroups groups = dag::answer_groups(batch);
  std::vector<double> reward(groups.samples());
  const auto coherence = [](double nu, double q) { return std::log(q / nu); };
  const auto report = dag::consensus_rewards(groups, {dag::Pool::arithmetic}, coherence, reward);
  std::printf("%zu rewards, the first %.6f\n", reward.size(), reward[0]);
  return report.unscored_samples == 0 && std::abs(reward[0] - std::log(1.5)) < 1e-12 ? 0 : 1;
}
//! [million_rewards]
