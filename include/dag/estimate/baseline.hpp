// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <dag/core/error.hpp>

namespace dag {

/// Subtracts from each reward c[k_i] of a group the mean reward of the others as it would be
/// without sample i:  b_i = 1/(K-1) sum_{j != i} c'[k_j - [z_j = z_i]],  c' the table of groups of
/// K-1.
///
/// Why: with table rewards the other samples' rewards depend on answer i through the counts, so the
/// usual leave-one-out (or group) mean is no valid baseline. For Gini it shrinks the expected
/// gradient by exactly (K-2)/(K-1), for log rewards it bends it. b_i depends on the others alone,
/// so the gradient's expectation is that of the rewards without a baseline: exact for U-statistics.
///
/// others[i] = k_i, the number of other samples with the answer of i, in any integer type;
/// smaller_table = c' with K-1 entries (the builder's table of that size: c'[0] = g(1) at K = 2).
/// O(K), no allocation, fixed order. Throws `dimension_mismatch`, and `invalid_argument` for K < 2
/// or a count outside [0, K-1].
template <std::integral Count, std::floating_point Scalar>
void subtract_clean_baseline(std::span<const Count> others, std::span<const Scalar> smaller_table,
                             std::span<Scalar> rewards) {
  const std::size_t size = rewards.size();
  require(size >= 2, Errc::invalid_argument,
          "subtract_clean_baseline: a baseline needs at least 2 samples, got ", size);
  require(others.size() == size && smaller_table.size() + 1 == size, Errc::dimension_mismatch,
          "subtract_clean_baseline: need one count a sample and a table of one entry less, got ",
          others.size(), " counts, ", smaller_table.size(), " entries for ", size, " samples");
  // A group of one answer only: each of the others has K-2 companions once i is gone.
  Scalar total = 0;  // sum_j c'[k_j] over samples that are not everybody's answer
  bool unanimous = false;
  for (const Count count : others) {
    const auto k = static_cast<std::size_t>(count);
    require(k < size, Errc::invalid_argument,
            "subtract_clean_baseline: counts must be in [0, K-1], got ", count, " for K = ", size);
    unanimous = unanimous || k + 1 == size;
    total += k + 1 == size ? Scalar(0) : smaller_table[k];
  }
  const Scalar scale = 1 / static_cast<Scalar>(size - 1);
  for (std::size_t i = 0; i < size; ++i) {
    const auto k = static_cast<std::size_t>(others[i]);
    const auto same = static_cast<Scalar>(k);
    if (unanimous) {
      rewards[i] -= smaller_table[size - 2];
    } else {  // i itself leaves, and its k companions lose one
      const Scalar companions = k > 0 ? same * smaller_table[k - 1] : Scalar(0);
      rewards[i] -= scale * (total - (same + 1) * smaller_table[k] + companions);
    }
  }
}

}  // namespace dag
