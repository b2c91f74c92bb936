// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>

namespace dag {

/// What of a sequence enters a policy loss. Each value leaves out more than the one before.
enum class SequenceUse : std::uint8_t {
  full,     ///< policy term and KL penalty
  kl_only,  ///< no policy term
  counted,  ///< neither, but the denominators of the aggregation count it
  out       ///< as if it had not been sampled
};

/// The tokens of a batch of sampled sequences, as trainers hold them: flat arrays over all tokens,
/// cut into sequences by offsets. Views only; nothing is copied. T tokens, B sequences. Scalar:
/// float or double; sums are taken in double either way.
///
/// Log-probabilities are natural, <= 0 up to rounding, of the tokens that were sampled. Empty spans
/// mean "not given": no `old` means on-policy (old = policy), no `mask` means every token counts,
/// no `use` means every sequence is used in full.
template <class Scalar>
struct BasicTokenBatch {
  std::span<const std::size_t> offsets;       ///< B + 1; sequence i is [offsets[i], offsets[i+1])
  std::span<const Scalar> log_prob;           ///< T, under the policy being trained
  std::span<const Scalar> old_log_prob = {};  ///< T, under the policy that was snapshot
  std::span<const Scalar> sampler_log_prob = {};    ///< T, as the inference engine reported them;
                                                    ///< NaN: it did not, `old` is taken
  std::span<const Scalar> reference_log_prob = {};  ///< T, under the KL anchor
  std::span<const std::uint8_t> mask = {};          ///< T, 0 leaves a token out of everything
  std::span<const Scalar> advantage = {};           ///< B, one a sequence
  std::span<const SequenceUse> use = {};            ///< B, see dead_group_use
  std::span<const Scalar> entropy = {};     ///< T, nats, of the policy's distribution at each token
  std::span<const std::size_t> group = {};  ///< B, number of the sequence's group, from 0 without
                                            ///< gaps in the whole optimiser batch

  [[nodiscard]] std::size_t sequences() const noexcept {
    return offsets.empty() ? 0 : offsets.size() - 1;
  }
  [[nodiscard]] bool counts(std::size_t token) const noexcept {
    return mask.empty() || mask[token] != 0;
  }
  [[nodiscard]] SequenceUse use_of(std::size_t i) const noexcept {
    return use.empty() ? SequenceUse::full : use[i];
  }
  /// Counted tokens of sequence i.
  [[nodiscard]] std::size_t length(std::size_t i) const noexcept {
    std::size_t count = 0;
    for (std::size_t t = offsets[i]; t < offsets[i + 1]; ++t) {
      count += counts(t) ? 1U : 0U;
    }
    return count;
  }
};

using TokenBatch = BasicTokenBatch<double>;

/// Checks shapes and values once, before any loss is computed. Errors: dimension_mismatch
/// (lengths), invalid_argument (offsets not ascending), not_finite (NaN or infinite numbers where a
/// counted token needs them; an advantage that is NaN).
template <class Scalar>
void validate(const BasicTokenBatch<Scalar>& batch) {
  require(!batch.offsets.empty() && batch.offsets.front() == 0, Errc::invalid_argument,
          "TokenBatch: offsets must begin with 0 and have one entry more than there are sequences");
  const std::size_t tokens = batch.log_prob.size();
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    require(batch.offsets[i] <= batch.offsets[i + 1], Errc::invalid_argument,
            "TokenBatch: offsets must ascend; entry ", i + 1, " is ", batch.offsets[i + 1],
            " after ", batch.offsets[i]);
  }
  require(batch.offsets.back() == tokens, Errc::dimension_mismatch, "TokenBatch: offsets end at ",
          batch.offsets.back(), ", log_prob has ", tokens, " tokens");
  const auto check = [&](std::span<const Scalar> values, const char* name, bool may_miss = false) {
    require(values.empty() || values.size() == tokens, Errc::dimension_mismatch,
            "TokenBatch: ", name, " has ", values.size(), " entries for ", tokens, " tokens");
    for (std::size_t t = 0; t < values.size(); ++t) {
      require(!batch.counts(t) || std::isfinite(values[t]) || (may_miss && std::isnan(values[t])),
              Errc::not_finite, "TokenBatch: ", name, " of token ", t, " is ", values[t],
              "; a sampled token has finite ones");
    }
  };
  require(batch.mask.empty() || batch.mask.size() == tokens, Errc::dimension_mismatch,
          "TokenBatch: mask has ", batch.mask.size(), " entries for ", tokens, " tokens");
  check(batch.log_prob, "log_prob");
  check(batch.old_log_prob, "old_log_prob");
  check(batch.sampler_log_prob, "sampler_log_prob", true);
  check(batch.reference_log_prob, "reference_log_prob");
  check(batch.entropy, "entropy");
  require(batch.advantage.size() == batch.sequences(), Errc::dimension_mismatch,
          "TokenBatch: ", batch.advantage.size(), " advantages for ", batch.sequences(),
          " sequences");
  require(batch.group.empty() || batch.group.size() == batch.sequences(), Errc::dimension_mismatch,
          "TokenBatch: group has ", batch.group.size(), " entries for ", batch.sequences(),
          " sequences");
  require(batch.use.empty() || batch.use.size() == batch.sequences(), Errc::dimension_mismatch,
          "TokenBatch: use has ", batch.use.size(), " entries for ", batch.sequences(),
          " sequences");
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    require(std::isfinite(batch.advantage[i]), Errc::not_finite,
            "TokenBatch: advantage of sequence ", i, " is ", batch.advantage[i],
            "; give sequences without a reward advantage 0 and mask them");
  }
}

}  // namespace dag
