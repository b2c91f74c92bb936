// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// Whose vote a sample is compared with.
enum class VoteOf {
  all,     ///< all contexts of the question, with equal weights: TTRL over several prompts
  others,  ///< all but the sample's own context (CPC-GRPO): no context can confirm itself
  own,     ///< the sample's own context: plain majority voting
};

/// The reverse of the names all, others, own. Errors: invalid_argument.
[[nodiscard]] inline VoteOf vote_of(std::string_view name) {
  require(name == "all" || name == "others" || name == "own", Errc::invalid_argument,
          "a vote must be of all, others or own, got '", name, "'");
  return name == "all" ? VoteOf::all : name == "others" ? VoteOf::others : VoteOf::own;
}

namespace detail {

/// The most voted answers of one question: 1 / ties for each of them, 0 for others. Shares that
/// differ by rounding tie.
class Modes {
 public:
  void find(std::span<const double> share) {
    most_ = 0;
    for (const double s : share) {
      most_ = std::fmax(most_, s);
    }
    share_ = share;
    std::size_t tied = 0;
    for (const double s : share) {
      tied += is_mode(s) ? 1U : 0U;
    }
    reward_ = tied > 0 ? 1 / static_cast<double>(tied) : 0.0;
  }
  [[nodiscard]] double reward(std::size_t z) const { return is_mode(share_[z]) ? reward_ : 0.0; }

 private:
  [[nodiscard]] bool is_mode(double s) const { return s > 0 && s >= most_ * (1 - 1e-12); }
  double most_ = 0, reward_ = 0;
  std::span<const double> share_;
};

}  // namespace detail

/// Rewards of `MajorityVote` at weight 1: 1 for the answer that has most votes, shared evenly where
/// several tie, 0 for others; a context's votes are its answers' shares, so that every context with
/// an answer weighs the same. Where nobody votes (others of a lone context) the reward is 0.
/// Plug-in at the sampled votes: with K votes the mode is wrong about as often as the sample's is.
/// Out: one reward a sample (of counts: one an entry), NaN for a missing answer. Errors:
/// dimension_mismatch. Time: samples, and contexts times answers a question for `others`.
inline ConsensusReport majority_rewards(const CountedGroups& source, VoteOf of,
                                        std::span<double> out) {
  std::vector<double> share;
  detail::Modes modes;
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t at = none;  // the context whose vote `modes` is
  return detail::score_questions(
      "majority", "", source, out, [&](const QuestionCounts&, std::size_t) { at = none; },
      [&](const QuestionCounts& counts, std::size_t x, const auto& entry, bool&) {
        if (at == none || (at != x && of != VoteOf::all)) {
          share.assign(counts.answers(), 0.0);
          for (std::size_t other = 0; other < counts.contexts(); ++other) {
            if (of != VoteOf::all && (other == x) != (of == VoteOf::own)) {
              continue;
            }
            for (const auto& vote : counts.entries(other)) {
              share[static_cast<std::size_t>(vote.answer)] +=
                  static_cast<double>(vote.count) / static_cast<double>(counts.answered(other));
            }
          }
          modes.find(share);
          at = x;
        }
        return modes.reward(static_cast<std::size_t>(entry.answer));
      });
}

}  // namespace dag
