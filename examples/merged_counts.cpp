// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A question whose samples lie on two ranks: each counts its own, the counts are merged by name,
// and the rewards are those of one process, bit for bit.
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/merge.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

dag::AnswerGroups rank(int number) {
  dag::AnswerGroupsBuilder builder;
  for (const char* context : {"plain phrasing", "as code"}) {
    builder.begin_group("apples", context);
    for (int i = number; i < 7; i += 2) {  // every second sample
      builder.add(i % 3 == 0 ? "1/2" : *context == 'p' ? "2" : "0.50");
    }
  }
  return builder.finish();
}

}  // namespace

int main() {
  const auto log_ratio = [](double nu, double q) { return std::log(q) - std::log(nu); };
  const dag::AnswerGroups first = rank(0), second = rank(1);
  //! [merge]
  const std::vector<dag::AnswerCounts> parts{dag::count_answers(first), dag::count_answers(second)};
  const dag::AnswerCounts all = dag::merge(parts);
  dag::CountedGroups(all).require(2, 7);  // the question is complete: 2 contexts, 7 samples each

  std::vector<double> by_row(all.rows()), reward(second.samples());
  dag::consensus_rewards(all, {dag::Pool::arithmetic}, log_ratio, by_row);
  dag::to_samples(all, by_row, second, reward);  // of the second rank's samples
  //! [merge]

  dag::AnswerGroupsBuilder builder;  // all samples in one process, in another order
  for (const char* context : {"as code", "plain phrasing"}) {
    builder.begin_group("apples", context);
    for (int i = 6; i >= 0; --i) {
      builder.add(i % 3 == 0 ? "1/2" : *context == 'p' ? "2" : "0.50");
    }
  }
  const dag::AnswerGroups together = builder.finish();
  std::vector<double> wanted(together.samples());
  dag::consensus_rewards(together, {dag::Pool::arithmetic}, log_ratio, wanted);
  bool same = true;
  for (std::size_t i = 0; i < 3; ++i) {  // sample 2 i + 1 of either phrasing
    same = same && reward[i] == wanted[7 + 6 - (2 * i + 1)];
    same = same && reward[3 + i] == wanted[6 - (2 * i + 1)];
    std::printf("sample %zu: % .17g and % .17g\n", 2 * i + 1, reward[i], reward[3 + i]);
  }
  std::printf("%zu rows for %zu samples; the same bits as in one process: %s\n", all.rows(),
              wanted.size(), same ? "yes" : "no");
  return same ? 0 : 1;
}
