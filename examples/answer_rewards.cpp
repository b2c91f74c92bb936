// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// From answers as a model wrote them to advantages: one question asked in two ways, four samples
// each. Coherence rewards what the other phrasing also says.
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/reward.hpp>
#include <dag/text/answer_language.hpp>
#include <dag/utility/coherence.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  //! [groups]
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("apples", "plain phrasing", "1/2");  // question, context, gold answer
  for (const char* answer : {"0.5", "1/2", "2.0", ".50"}) {
    builder.add(answer);
  }
  builder.begin_group("apples", "as code", "1/2");
  for (const char* answer : {"2", "0.50", "0.5"}) {
    builder.add(answer);
  }
  builder.add(std::nullopt);  // no answer could be read: no reward, counted
  const dag::AnswerGroups groups = builder.finish();
  //! [groups]

  //! [rewards]
  std::vector<double> reward(groups.samples()), advantage(groups.samples());
  const dag::ArithmeticCoherence<double> coherence;
  const dag::ConsensusReport report = dag::consensus_rewards(
      groups, {dag::Pool::arithmetic},
      [&](double nu, double q) {
        return coherence.pair_reward(dag::Probability<double>::of(nu),
                                     dag::Probability<double>::of(q));
      },
      std::span<double>(reward));
  dag::advantages<double>(dag::Advantage::dr_grpo, reward, groups.begin, advantage);
  //! [rewards]

  for (std::size_t g = 0; g < groups.groups(); ++g) {
    for (auto i = groups.begin[g]; i < groups.begin[g + 1]; ++i) {
      const auto at = static_cast<std::size_t>(i);
      std::printf("context %zu  answer %2d  right %2d  reward % .4f  advantage % .4f\n", g,
                  groups.answer[at], groups.right[at], reward[at], advantage[at]);
    }
  }
  // 3/4 say one half in the first phrasing, 2/3 of the answered ones in the second: q = 17/24.
  const bool merged = groups.answers_of(0) == 2;
  const bool right = std::abs(reward[0] - std::log((17.0 / 24) / 0.75)) < 1e-12 &&
                     std::abs(reward[5] - std::log((17.0 / 24) / (2.0 / 3))) < 1e-12;
  std::printf("%zu distinct answers, %zu sample without one\n", groups.answers_of(0),
              report.unscored_samples);
  return merged && right && report.unscored_samples == 1 && advantage[7] == 0 ? 0 : 1;
}
