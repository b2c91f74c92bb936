// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>
#include <dag/policy/token_batch.hpp>

namespace dag {

/// Sampled rollouts of many contexts as a trainer holds them: G groups (one a context) of B samples
/// of T tokens in all, ragged at both levels. Views only: of vectors, of Eigen and xtensor arrays
/// (flat_view.hpp, interop/xtensor.hpp), of padded tensors (`uniform_offsets` and a mask).
///
/// What it feeds: table_rewards(answer, groups), advantages(groups, lengths), policy_loss
/// (`tokens_of`), dead_group_use(groups), consensus_rewards (`answer_groups`).
template <class Scalar>
struct RolloutBatch {
  std::span<const std::int64_t> groups;  ///< G + 1 offsets into the samples
  std::span<const std::int32_t> answer;  ///< B ids, the same id within a question: the same answer;
                                         ///< negative: no answer could be read
  std::span<const std::size_t> tokens;   ///< B + 1 offsets into the tokens
  std::span<const Scalar> log_prob;      ///< T, nats, under the policy being trained
  std::span<const Scalar> old_log_prob = {};        ///< T, under the snapshot; none: on policy
  std::span<const Scalar> sampler_log_prob = {};    ///< T, as the inference engine reported them
  std::span<const Scalar> reference_log_prob = {};  ///< T, under the KL anchor
  std::span<const std::uint8_t> mask = {};          ///< T, 0: padding, prompt or tool output
  std::span<const std::int32_t> question = {};  ///< G, equal for contexts of one question; none:
                                                ///< each group is a question of its own
  std::span<const Scalar> entropy = {};  ///< T, nats, of the policy's distribution at each token

  [[nodiscard]] std::size_t group_count() const noexcept {
    return groups.empty() ? 0 : groups.size() - 1;
  }
  [[nodiscard]] std::size_t samples() const noexcept { return answer.size(); }

  /// The tokens with their sequences' advantages, for policy_loss.
  [[nodiscard]] BasicTokenBatch<Scalar> tokens_of(
      std::span<const Scalar> advantage, std::span<const SequenceUse> use = {}) const noexcept {
    return {tokens, log_prob,  old_log_prob, sampler_log_prob, reference_log_prob,
            mask,   advantage, use,          entropy};
  }
};

/// The number of every sample's group, for `TokenBatch::group`.
template <class Scalar>
[[nodiscard]] std::vector<std::size_t> group_numbers(const RolloutBatch<Scalar>& batch) {
  std::vector<std::size_t> numbers(batch.samples());
  for (std::size_t g = 0; g < batch.group_count(); ++g) {
    for (std::int64_t i = batch.groups[g]; i < batch.groups[g + 1]; ++i) {
      numbers[static_cast<std::size_t>(i)] = g;
    }
  }
  return numbers;
}

/// n + 1 offsets 0, step, 2 step, ...: groups of one size, or the rows of a padded tensor.
template <class Offset>
[[nodiscard]] std::vector<Offset> uniform_offsets(std::size_t n, std::size_t step) {
  std::vector<Offset> offsets(n + 1);
  for (std::size_t i = 0; i <= n; ++i) {
    offsets[i] = static_cast<Offset>(i * step);
  }
  return offsets;
}

/// Checks everything once, where the rollouts come in: shapes, offsets, finite log-probabilities of
/// counted tokens, none above rounding over 0. Errors: dimension_mismatch, invalid_argument,
/// not_finite.
template <class Scalar>
void validate(const RolloutBatch<Scalar>& batch) {
  require(!batch.groups.empty() && batch.groups.front() == 0 &&
              batch.groups.back() == static_cast<std::int64_t>(batch.samples()),
          Errc::dimension_mismatch,
          "RolloutBatch: group offsets must run from 0 to the number of samples, ",
          batch.samples());
  for (std::size_t g = 0; g < batch.group_count(); ++g) {
    require(batch.groups[g] <= batch.groups[g + 1], Errc::invalid_argument,
            "RolloutBatch: group offsets must ascend; entry ", g + 1, " is ", batch.groups[g + 1],
            " after ", batch.groups[g]);
  }
  require(batch.question.empty() || batch.question.size() == batch.group_count(),
          Errc::dimension_mismatch, "RolloutBatch: ", batch.question.size(), " questions for ",
          batch.group_count(), " groups");
  require(batch.tokens.size() == batch.samples() + 1, Errc::dimension_mismatch,
          "RolloutBatch: ", batch.tokens.size(), " token offsets for ", batch.samples(),
          " samples");
  const std::vector<Scalar> no_advantage(batch.samples());
  validate(batch.tokens_of(no_advantage));
  for (std::size_t t = 0; t < batch.log_prob.size(); ++t) {
    const bool counts = batch.mask.empty() || batch.mask[t] != 0;
    require(!counts || batch.log_prob[t] <= Scalar(1e-3), Errc::invalid_argument,
            "RolloutBatch: log_prob of token ", t, " is ", batch.log_prob[t],
            "; a log-probability is at most 0");
  }
}

/// Counted tokens of each sample, as advantages wants them (at least 1: a sample without a counted
/// token weighs as one). `out`: B entries.
template <class Scalar>
void lengths(const RolloutBatch<Scalar>& batch, std::span<Scalar> out) {
  require(out.size() == batch.samples(), Errc::dimension_mismatch, "lengths: ", batch.samples(),
          " samples but room for ", out.size());
  const auto view = batch.tokens_of({});
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t length = view.length(i);
    out[i] = static_cast<Scalar>(length > 0 ? length : 1);
  }
}

/// The groups of the batch for rewards that compare contexts: answers renumbered densely within
/// their question. `right`: one a sample (1, 0, -1 not known), or none. Copies ids, not tokens.
template <class Scalar>
[[nodiscard]] AnswerGroups answer_groups(const RolloutBatch<Scalar>& batch,
                                         std::span<const std::int8_t> right = {}) {
  require(right.empty() || right.size() == batch.samples(), Errc::dimension_mismatch,
          "answer_groups: ", right.size(), " verdicts for ", batch.samples(), " samples");
  const auto text = [](std::int64_t number, char(&room)[24]) {
    return std::string_view(
        room, static_cast<std::size_t>(std::to_chars(room, room + sizeof room, number).ptr - room));
  };
  AnswerGroupsBuilder<AnswerKey> builder(AnswerKey{exact_answers});
  builder.reserve(batch.samples(), batch.group_count());
  // Keys by id: a table where ids are dense, so that each id is written and hashed once.
  constexpr std::int32_t unseen = -1;
  const std::size_t room = 4 * batch.samples() + 1024;
  std::vector<std::int32_t> key_of_id;
  const auto key_of = [&](std::int32_t id) {
    char answer[24];
    const auto at = static_cast<std::size_t>(id);
    if (at >= room) {
      return builder.key_of_answer(text(id, answer));
    }
    if (at >= key_of_id.size()) {
      key_of_id.resize(at + 1, unseen);
    }
    if (key_of_id[at] == unseen) {
      key_of_id[at] = builder.key_of_answer(text(id, answer));
    }
    return key_of_id[at];
  };
  char question[24];
  char context[24];
  for (std::size_t g = 0; g < batch.group_count(); ++g) {
    const auto own = batch.question.empty() ? static_cast<std::int64_t>(g)
                                            : static_cast<std::int64_t>(batch.question[g]);
    builder.begin_group(text(own, question), text(static_cast<std::int64_t>(g), context));
    for (auto i = static_cast<std::size_t>(batch.groups[g]);
         i < static_cast<std::size_t>(batch.groups[g + 1]); ++i) {
      const std::int32_t key = batch.answer[i] < 0 ? -1 : key_of(batch.answer[i]);
      if (right.empty() || right[i] < 0) {
        builder.add_key(key);
      } else {
        builder.add_key(key, right[i] > 0);
      }
    }
  }
  return builder.finish();
}

}  // namespace dag
