// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/measure.hpp>
#include <dag/estimate/minimax_table.hpp>
#include <dag/numeric/remez.hpp>
#include <dag/numeric/sorted_sum.hpp>

namespace dag {

/// Estimates of p^w, 0 < w <= 1, from n hits in K samples: what the geometric pool q(z) ∝ prod_x
/// nu_x(z)^{w_x} is a product of. One table serves twice:
///   a sample of the own context:  own[k] for nu^{w-1}, k of the K - 1 others having its answer;
///   the other contexts:           other(n) = own[n-1] n/K for nu^w, other(0) = 0.
/// Both have the same bias B(p) = p E[own] - p^w = E[other] - p^w, a polynomial of degree K less
/// p^w.
struct PowerTable {
  double weight = 1;
  std::vector<double> own;  ///< K entries
  double sup_bias = 0;      ///< max over p of |B(p)|, measured

  [[nodiscard]] std::size_t group_size() const noexcept { return own.size(); }
  [[nodiscard]] double other(std::size_t hits) const noexcept {
    return hits == 0 ? 0
                     : own[hits - 1] * static_cast<double>(hits) / static_cast<double>(own.size());
  }
};

/// How a PowerTable is built.
enum class PowerEstimator {
  plug_in,  ///< own[k] = ((k+1)/K)^{w-1}: no answer seen is no probability. B(p) = -p^w where p is
            ///< far below 1/K, so that sup |B| is of order K^{-w}: large for many contexts
  minimax  ///< the smallest sup |B| that K samples allow, of order K^{-2w} (Bernstein; Remez here);
           ///< entries alternate in sign and grow like 1.8^K: for small K
};

/// B(p) of a table. Errors: invalid_argument unless 0 <= p <= 1.
[[nodiscard]] inline double power_bias(const PowerTable& table, double p) {
  return p * table_moments(table.own, p).mean - std::pow(p, table.weight);
}

/// Builds and measures the table. K from 1 to 4096 (minimax: 24). Errors: invalid_argument for K, w
/// out of range.
[[nodiscard]] inline PowerTable power_table(PowerEstimator kind, std::size_t group_size,
                                            double weight) {
  const std::size_t largest = kind == PowerEstimator::plug_in ? 4096 : 24;
  require(group_size >= 1 && group_size <= largest, Errc::invalid_argument,
          "power_table: the group size must be from 1 to ", largest, ", got ", group_size);
  require(weight > 0 && weight <= 1, Errc::invalid_argument,
          "power_table: the weight must be in (0, 1], got ", weight);
  PowerTable result{weight, std::vector<double>(group_size), 0};
  if (kind == PowerEstimator::plug_in || weight == 1) {
    for (std::size_t k = 0; k < group_size; ++k) {
      const double p = static_cast<double>(k + 1) / static_cast<double>(group_size);
      result.own[k] = std::pow(p, weight - 1);
    }
  } else {
    const auto exponent = static_cast<long double>(weight);
    const auto fit =
        best_approximation<long double>([&](long double p) { return std::pow(p, exponent - 1); },
                                        [](long double p) { return p; }, group_size - 1);
    const auto coefficients = detail::bernstein_coefficients(fit, group_size - 1);
    for (std::size_t k = 0; k < group_size; ++k) {
      result.own[k] = static_cast<double>(coefficients[k]);
    }
  }
  // Peaks of B crowd near 0 like those of a polynomial in the angle.
  const std::size_t points = 64 * (group_size + 8);
  for (std::size_t i = 0; i <= points; ++i) {
    const double theta =
        3.14159265358979323846 * static_cast<double>(i) / static_cast<double>(points);
    const double bias = std::abs(power_bias(result, std::pow(std::sin(theta / 2), 2)));
    result.sup_bias = bias > result.sup_bias ? bias : result.sup_bias;
  }
  return result;
}

/// The geometric pool's reward q(z)/nu_x(z) less its normaliser: prod_x' nu_x'^{w_x'} / nu_x of a
/// sample with answer z in context `own`, estimated by one table a context. counts[x] of context
/// x's samples have answer z; counts[own] includes the sample itself. Divide by the sum of
/// `geometric_pool_mass` over answers for the reward: it is the same for every answer of the
/// question, so that it scales a step and does not turn it (but for its own noise, which it shares
/// with the sample).
///
/// Bias, exactly, for independent groups: nu_own E[reward] = prod_x (nu_x^{w_x} + B_x(nu_x)), each
/// B_x its table's. Errors: dimension_mismatch; invalid_argument for a count beyond its group or an
/// own count of 0.
[[nodiscard]] inline double geometric_pool_reward(std::span<const PowerTable* const> tables,
                                                  std::span<const std::size_t> counts,
                                                  std::size_t own) {
  require(tables.size() == counts.size() && own < counts.size(), Errc::dimension_mismatch,
          "geometric_pool_reward: need one count a table and own below their number, got ",
          counts.size(), ", ", tables.size(), ", own ", own);
  require(counts[own] >= 1, Errc::invalid_argument,
          "geometric_pool_reward: the own count includes the sample itself, got 0");
  Terms room;
  const auto factors = room.take(counts.size());
  for (std::size_t x = 0; x < counts.size(); ++x) {
    require(counts[x] <= tables[x]->group_size(), Errc::invalid_argument,
            "geometric_pool_reward: context ", x, " has ", counts[x], " hits among ",
            tables[x]->group_size(), " samples");
    factors[x] = x == own ? 1 : tables[x]->other(counts[x]);
  }
  return sorted_product(factors) * tables[own]->own[counts[own] - 1];
}

/// Estimate of prod_x nu_x(z)^{w_x} from the counts of answer z; the sum over answers estimates the
/// pool's normaliser, with expectation sum_z prod_x (nu_x^{w_x} + B_x).
[[nodiscard]] inline double geometric_pool_mass(std::span<const PowerTable* const> tables,
                                                std::span<const std::size_t> counts) {
  require(tables.size() == counts.size(), Errc::dimension_mismatch,
          "geometric_pool_mass: need one count a table, got ", counts.size(), " and ",
          tables.size());
  Terms room;
  const auto factors = room.take(counts.size());
  for (std::size_t x = 0; x < counts.size(); ++x) {
    require(counts[x] <= tables[x]->group_size(), Errc::invalid_argument,
            "geometric_pool_mass: context ", x, " has ", counts[x], " hits among ",
            tables[x]->group_size(), " samples");
    factors[x] = tables[x]->other(counts[x]);
  }
  return sorted_product(factors);
}

/// nu_own (E[reward] - prod_x nu_x^{w_x} / nu_own): the bias of the expected gradient's weight,
/// exactly. Errors: dimension_mismatch.
[[nodiscard]] inline double geometric_pool_bias(std::span<const PowerTable* const> tables,
                                                std::span<const double> nu) {
  require(tables.size() == nu.size(), Errc::dimension_mismatch,
          "geometric_pool_bias: need one probability a table, got ", nu.size(), " and ",
          tables.size());
  double expected = 1;
  double exact = 1;
  for (std::size_t x = 0; x < nu.size(); ++x) {
    const double power = std::pow(nu[x], tables[x]->weight);
    expected *= power + power_bias(*tables[x], nu[x]);
    exact *= power;
  }
  return expected - exact;
}

}  // namespace dag
