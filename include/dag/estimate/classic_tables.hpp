// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/binomial.hpp>
#include <dag/numeric/digamma.hpp>

namespace dag {

// Tables c[0..K-1] for groups of K samples: sample i with answer z gets c[k], k the number of the
// other K-1 samples whose answer is z (for pass@k: is correct). Build cost O(K).

/// g((k+1)/K): the frequency in the whole group. For log its sup bias is 0.43 to 0.57 / K.
/// For 1/p it is K/(k+1), whose p E[c] = 1 - (1-p)^K: exact but for groups without a correct
/// sample.
[[nodiscard]] inline std::vector<double> plug_in_table(std::size_t group_size,
                                                       const RewardFunction& function) {
  std::vector<double> table(group_size);
  for (std::size_t k = 0; k < group_size; ++k) {
    table[k] = function(static_cast<double>(k + 1) / static_cast<double>(group_size));
  }
  return table;
}

/// g(k/(K-1)): the frequency among the others, unbiased for g(p) = p. Where g is infinite at 0
/// (log, 1/p) no other hit counts as half a hit.
[[nodiscard]] inline std::vector<double> leave_one_out_table(std::size_t group_size,
                                                             const RewardFunction& function) {
  const bool infinite_at_zero = function.is_infinite_at_zero();
  std::vector<double> table(group_size);
  for (std::size_t k = 0; k < group_size; ++k) {
    const double hits = k == 0 && infinite_at_zero ? 0.5 : static_cast<double>(k);
    table[k] = function(hits / static_cast<double>(group_size - 1));
  }
  return table;
}

/// psi(k+1) - psi(K): E[c] = -sum_{j<K} (1-p)^j / j, the logarithm's series cut where the group
/// ends. Its bias p sum_{j>=K} (1-p)^j / j is exponentially small for p >> 1/K, about 0.28/K at
/// worst.
[[nodiscard]] inline std::vector<double> digamma_table(std::size_t group_size) {
  std::vector<double> table(group_size);
  const long double top = digamma(static_cast<long double>(group_size));
  for (std::size_t k = 0; k < group_size; ++k) {
    table[k] = static_cast<double>(digamma(static_cast<long double>(k + 1)) - top);
  }
  return table;
}

/// The U-statistic of g, m = K-1:
/// - p^j <- C(k,j)/C(m,j) (integer j <= m): unbiased. Gini, Tsallis, Euclidean coherence.
/// - MaxRL of order T, sum_{j<=T} (1-p)^(j-1) <- sum_{j<=T} C(m-c,j-1)/C(m,j-1) (T <= K): unbiased;
///   K/(k+1) at T = K.
/// - pass@k, j(1-p)^(j-1) <- j C(m-c,j-1)/C(m,j-1), c correct among the others (j <= K): unbiased.
/// - log p and 1/p have no unbiased estimator; their series at p = 1 cut at degree m have, and are
///   the digamma table and K/(k+1) = the plug-in.
/// Throws `invalid_argument` for an order that is no integer, or too large for the group.
[[nodiscard]] inline std::vector<double> u_statistic_table(std::size_t group_size,
                                                           const RewardFunction& function) {
  if (function.form == RewardFunction::Form::logarithm) {
    return digamma_table(group_size);
  }
  if (function.form == RewardFunction::Form::inverse) {
    return plug_in_table(group_size, function);
  }
  const bool power = function.form == RewardFunction::Form::power;
  const bool truncated = function.form == RewardFunction::Form::truncated_inverse;
  const double degree = function.degree();
  require(degree >= 0 && degree == std::floor(degree), Errc::invalid_argument,
          "u_statistic_table: the order must be an integer, got ", function.order,
          "; use the plug-in table for others");
  require(degree <= static_cast<double>(group_size - 1), Errc::invalid_argument,
          "u_statistic_table: a polynomial of degree ", degree, " needs groups of at least ",
          degree + 1, " samples, got ", group_size);
  const auto j = static_cast<std::size_t>(degree);
  std::vector<double> table(group_size);
  for (std::size_t k = 0; k < group_size; ++k) {
    const std::size_t hits = power ? k : group_size - 1 - k;
    // C(hits, j) / C(m, j) as a product of ratios <= 1; a factor is 0 when hits < j.
    long double value = power || truncated ? 1.0L : static_cast<long double>(function.order);
    long double sum = value;
    for (std::size_t i = 0; i < j; ++i) {
      value *= hits > i ? static_cast<long double>(hits - i) /
                              static_cast<long double>(group_size - 1 - i)
                        : 0.0L;
      sum += value;
    }
    table[k] = static_cast<double>(truncated ? sum : value);
  }
  return table;
}

}  // namespace dag
