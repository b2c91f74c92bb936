// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// Rewards that depend on the probability p = nu(C) of the right answers (log-likelihood: 1/p;
/// pass@k: k (1 - p)^(k - 1)): a right sample of a group of K judged samples, k of the others
/// right, gets table(K)[k]; a wrong one, a missing answer among them, gets 0; one that is not
/// judged gets NaN.
///
/// `builder` fills a table as for RewardTables, e.g. [&](auto table) { leave_one_out_table(reward,
/// table); }. Returns the number of samples that are not judged. Errors: dimension_mismatch,
/// not_finite (a table).
template <class Builder>
std::size_t event_rewards(const AnswerGroups& groups, Builder&& builder, std::span<double> out) {
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "event_rewards: ", groups.samples(), " samples but room for ", out.size(), " rewards");
  const std::vector<std::int32_t> judged(groups.right.begin(), groups.right.end());
  const RewardTables<double> tables(judged, groups.begin, builder);
  std::size_t unjudged = 0;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    const auto right = groups.group_right(g);
    std::size_t size = 0;
    std::size_t hits = 0;
    for (const auto verdict : right) {
      size += verdict >= 0 ? 1 : 0;
      hits += verdict > 0 ? 1 : 0;
    }
    const double reward = hits > 0 ? tables.table(size)[hits - 1] : 0;
    const auto first = static_cast<std::size_t>(groups.begin[g]);
    for (std::size_t i = 0; i < right.size(); ++i) {
      out[first + i] = right[i] > 0    ? reward
                       : right[i] == 0 ? 0
                                       : std::numeric_limits<double>::quiet_NaN();
    }
    unjudged += right.size() - size;
  }
  return unjudged;
}

}  // namespace dag
