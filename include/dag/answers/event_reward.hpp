// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// Rewards that depend on the probability p = nu(C) of the right answers (log-likelihood: 1/p;
/// pass@k: k (1 - p)^(k - 1)): a right sample of a group of K judged samples, k of the others
/// right, gets table(K)[k]; a wrong one, a missing answer among them, gets 0; one that is not
/// judged gets NaN.
///
/// `builder` fills a table as for RewardTables, e.g. [&](auto table) { leave_one_out_table(reward,
/// table); }. Out: one reward an entry; returns the number of samples that are not judged. Errors:
/// dimension_mismatch, not_finite (a table).
template <class Builder>
std::size_t event_rewards(const CountedGroups& source, Builder&& builder, std::span<double> out) {
  const AnswerGroups& groups = source.groups;
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "event_rewards: ", groups.samples(), " samples but room for ", out.size(), " rewards");
  std::vector<std::size_t> judged(groups.groups()), hits(groups.groups());
  QuestionCounts counts;
  std::size_t unjudged = 0;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    counts.load_group(source, g);
    const auto& context = counts.context(0);
    judged[g] = context.samples - context.unjudged;
    hits[g] = context.right;
    unjudged += context.unjudged;
  }
  const RewardTables<double> tables(judged, builder);
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    const auto right = groups.group_right(g);
    const double reward = hits[g] > 0 ? tables.table(judged[g])[hits[g] - 1] : 0;
    const auto first = static_cast<std::size_t>(groups.begin[g]);
    for (std::size_t i = 0; i < right.size(); ++i) {
      out[first + i] = right[i] > 0    ? reward
                       : right[i] == 0 ? 0
                                       : std::numeric_limits<double>::quiet_NaN();
    }
  }
  return unjudged;
}

}  // namespace dag
