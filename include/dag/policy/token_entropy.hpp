// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/policy/token_batch.hpp>

namespace dag {

/// The entropies of the tokens that count (those of sequences that are not `out`), appended to
/// `out`: call it for every part of an optimiser batch, in any order.
template <class Scalar>
void append_entropies(const BasicTokenBatch<Scalar>& batch, std::vector<Scalar>& out) {
  require(batch.entropy.size() == batch.log_prob.size(), Errc::dimension_mismatch,
          "append_entropies: ", batch.entropy.size(), " entropies for ", batch.log_prob.size(),
          " tokens");
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    for (std::size_t t = batch.offsets[i]; t < batch.offsets[i + 1]; ++t) {
      if (batch.use_of(i) != SequenceUse::out && batch.counts(t)) {
        out.push_back(batch.entropy[t]);
      }
    }
  }
}

/// The least entropy among the share of tokens with the highest: the (1 + floor(share (N - 1)))-th
/// largest, as an interpolated quantile keeps them (TRL's torch.quantile), so that ties with it
/// count as well (-inf without tokens). An order statistic:
/// the same bits in every order. Reorders `entropies`; linear time. share in (0, 1].
template <class Scalar>
[[nodiscard]] double top_entropy_threshold(std::span<Scalar> entropies, double share) {
  require(share > 0 && share <= 1, Errc::invalid_argument,
          "top_entropy_threshold: the share must be in (0, 1], got ", share);
  if (entropies.empty()) {
    return -std::numeric_limits<double>::infinity();
  }
  // 1e-12: 0.1 of 31 tokens are 4, however 0.1 is rounded.
  const double above = std::floor(share * static_cast<double>(entropies.size() - 1) * (1 + 1e-12));
  const auto place = entropies.begin() + static_cast<std::ptrdiff_t>(above);
  std::nth_element(entropies.begin(), place, entropies.end(), std::greater<>());
  return static_cast<double>(*place);
}

/// An entropy coefficient that seeks a mean token entropy: after each step it moves by `delta`, up
/// where the entropy is at or below the target and down where it is above, within [least, most];
/// the next step uses it only where the entropy was at or below the target. (TRL's
/// use_adaptive_entropy and its defaults.) `value` and `last` are all of its state.
struct AdaptiveEntropy {
  double value = 0;
  double least = 0;
  double most = 1;
  double delta = 0.005;
  double target = 0.2;                                    ///< nats a token
  double last = std::numeric_limits<double>::infinity();  ///< the mean entropy of the last step

  /// The coefficient of the next step.
  [[nodiscard]] double applied() const { return last <= target ? value : 0; }

  void update(double mean_entropy) {
    require(std::isfinite(mean_entropy) && least >= 0 && least <= most && std::isfinite(most) &&
                delta > 0,
            Errc::invalid_argument,
            "AdaptiveEntropy: needs 0 <= least <= most, delta > 0 and a finite entropy, got ",
            least, ", ", most, ", ", delta, ", ", mean_entropy);
    value = std::clamp(value + (mean_entropy <= target ? delta : -delta), least, most);
    last = mean_entropy;
  }
};

}  // namespace dag
