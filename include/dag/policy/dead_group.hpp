// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>
#include <dag/policy/token_batch.hpp>

namespace dag {

/// What to do with a group that gives no direction: all its scored rewards are exactly equal, or
/// fewer than two samples are scored. Each value leaves out more than the one before.
enum class DeadGroup {
  keep,     ///< nothing: advantages that are not zero (whitened, a lone sample's) act, and the KL
  mask,     ///< no policy term; the KL still pulls
  mask_kl,  ///< no policy term and no KL; the denominators count its sequences and tokens
  drop      ///< as if it had not been sampled: the denominators shrink, the others' steps grow
};

/// Writes what of each sample enters the loss (TokenBatch::use) and returns the number of dead
/// groups. `rewards`: one a sample, NaN for none; `begin`: groups + 1 offsets; `use`: one a sample.
/// A sample without a reward in a live group is used in full: its advantage is 0, so that only the
/// KL acts on it. Errors: dimension_mismatch.
template <class Scalar>
std::size_t dead_group_use(DeadGroup policy, std::span<const Scalar> rewards,
                           std::span<const std::int64_t> begin, std::span<SequenceUse> use) {
  require(!begin.empty() && begin.front() == 0 &&
              begin.back() == static_cast<std::int64_t>(rewards.size()) &&
              use.size() == rewards.size(),
          Errc::dimension_mismatch, "dead_group_use: ", rewards.size(), " rewards, room for ",
          use.size(), " uses, and offsets that must run from 0 to the number of rewards");
  std::size_t dead_groups = 0;
  for (std::size_t g = 0; g + 1 < begin.size(); ++g) {
    require(begin[g] <= begin[g + 1] && begin[g + 1] <= begin.back(), Errc::dimension_mismatch,
            "dead_group_use: offsets must not decrease, but group ", g, " runs from ", begin[g],
            " to ", begin[g + 1]);
    const auto first = static_cast<std::size_t>(begin[g]);
    const auto last = static_cast<std::size_t>(begin[g + 1]);
    std::size_t scored = 0;
    Scalar one{};
    bool tied = true;
    for (std::size_t i = first; i < last; ++i) {
      if (!std::isnan(rewards[i])) {
        one = scored++ == 0 ? rewards[i] : one;
        tied = tied && rewards[i] == one;
      }
    }
    const bool dead = scored < 2 || tied;
    dead_groups += dead ? 1 : 0;
    for (std::size_t i = first; i < last; ++i) {
      use[i] = dead ? static_cast<SequenceUse>(policy) : SequenceUse::full;
    }
  }
  return dead_groups;
}

static_assert(static_cast<int>(DeadGroup::keep) == static_cast<int>(SequenceUse::full) &&
              static_cast<int>(DeadGroup::mask) == static_cast<int>(SequenceUse::kl_only) &&
              static_cast<int>(DeadGroup::mask_kl) == static_cast<int>(SequenceUse::counted) &&
              static_cast<int>(DeadGroup::drop) == static_cast<int>(SequenceUse::out));

}  // namespace dag
