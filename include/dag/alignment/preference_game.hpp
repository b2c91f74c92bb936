// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/solver/matrix/newton.hpp>

namespace dag {

/// Alignment by comparisons: max over nu, min over nu' of
///
///   <nu, P nu'> - beta KL(nu || nu0) + beta KL(nu' || nu0)     (rows: nu, columns: nu'),
///
/// P[a][b] how often answer a wins against b: P[a][b] + P[b][a] = c for all pairs (1 for
/// probabilities, 0 for differences), so that the game is symmetric. Its equilibrium is unique,
/// both players play it, and nu ∝ nu0 exp(P nu / beta): the reward of an answer is its win rate
/// against the policy itself. No order of the answers is needed: cycles are allowed. Sources: Munos
/// et al. (2023), arXiv:2312.00886 (Nash-MD); extragradient under it: arXiv:2505.19731.
///
/// win_rates: row-major, answers x answers; beta > 0 in its units; nu0: a distribution, whose zeros
/// stay zero. A `RegularizedMatrixGame`, so every solver with a pull runs on it: mirror_prox is
/// Nash-MP, extragradient EGPO, mirror descent Nash-MD. Errors: dimension_mismatch,
/// not_finite, invalid_argument (win rates of a pair that do not add up; beta), not_a_distribution.
[[nodiscard]] inline RegularizedMatrixGame<double, eigen> preference_game(
    std::span<const double> win_rates, std::span<const double> nu0, double beta) {
  const std::size_t n = nu0.size();
  require(n >= 1 && win_rates.size() == n * n, Errc::dimension_mismatch, "preference_game: ", n,
          " answers need ", n * n, " win rates, got ", win_rates.size());
  double largest = 0;
  for (const double rate : win_rates) {
    require(std::isfinite(rate), Errc::not_finite, "preference_game: a win rate is ", rate);
    largest = std::fmax(largest, std::abs(rate));
  }
  const double both = 2 * win_rates[0];
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      const double sum = win_rates[a * n + b] + win_rates[b * n + a];
      require(std::abs(sum - both) <= 1e-9 * std::fmax(largest, std::abs(both)),
              Errc::invalid_argument, "preference_game: the win rates of answers ", a, " and ", b,
              " add up to ", sum, ", those of answer 0 against itself to ", both,
              "; what one wins the other loses");
    }
  }
  double total = 0;
  for (const double p : nu0) {
    require(p >= 0, Errc::not_a_distribution, "preference_game: a probability of nu0 is ", p);
    total += p;
  }
  require(std::abs(total - 1) <= 1e-9, Errc::not_a_distribution,
          "preference_game: nu0 must sum to 1, got ", total);
  using Matrix = eigen::matrix<double>;
  const auto size = static_cast<Eigen::Index>(n);
  Matrix payoff(size, size);
  for (Eigen::Index a = 0; a < size; ++a) {
    for (Eigen::Index b = 0; b < size; ++b) {
      payoff(a, b) = win_rates[static_cast<std::size_t>(a * size + b)];
    }
  }
  const Eigen::Map<const Eigen::VectorXd> reference(nu0.data(), size);
  return {MatrixGame<double, eigen>(std::move(payoff)), beta, beta, reference, reference};
}

/// The equilibrium of a `preference_game`.
struct PreferenceEquilibrium {
  Status status = Status::stalled;
  std::vector<double> nu, log_nu;
  std::vector<double> reward;  ///< P nu: each answer's win rate against the policy
  double win_rate = 0;         ///< of the policy against nu0
  /// Largest |log nu - log nu0 - (P nu) / beta + a constant|, over answers of nu0.
  double residual = 0;
  std::int64_t iterations = 0;
};

/// By Newton's method on the game of falling beta. `residual` <= tolerance: converged. Cost: n^3 a
/// round. Errors: those of `preference_game`; invalid_argument (tolerance).
[[nodiscard]] inline PreferenceEquilibrium preference_equilibrium(std::span<const double> win_rates,
                                                                  std::span<const double> nu0,
                                                                  double beta,
                                                                  double tolerance = 1e-9) {
  require(tolerance > 0 && std::isfinite(tolerance), Errc::invalid_argument,
          "preference_equilibrium: tolerance must be > 0 and finite, got ", tolerance);
  const auto first = preference_game(win_rates, nu0, beta);
  const std::size_t n = nu0.size();
  double range = first.game().range();
  range = range > 0 ? range : 1;
  PreferenceEquilibrium out;
  std::vector<double> start;
  double weight = beta;
  while (weight < range / 16) {
    weight *= 2;
  }
  for (;; weight /= 2) {
    const bool last = weight <= beta;
    SolverOptions<double> options{.tolerance = last ? 1e-15 : 1e-3 * weight / range,
                                  .max_iterations = 200};
    options.measure = last ? Measure::residual : Measure::gap;
    options.start = start;
    const auto found = newton(last ? first : preference_game(win_rates, nu0, weight), options);
    out.iterations += found.iterations;
    const auto x = found.strategy(0), y = found.strategy(1);
    const auto log_x = found.log_strategy(0);
    out.nu.assign(x.begin(), x.end());
    out.log_nu.assign(log_x.begin(), log_x.end());
    start.clear();
    for (const auto& side : {x, y}) {
      std::size_t z = 0;
      for (const double p : side) {  // what has underflowed may come back
        start.push_back(nu0[z++] > 0 ? std::fmax(p, 1e-300) : 0.0);
      }
    }
    if (last) {
      break;
    }
  }
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t a = 0; a < n; ++a) {
    double mine = 0, against = 0;
    for (std::size_t b = 0; b < n; ++b) {
      mine += win_rates[a * n + b] * out.nu[b];
      against += win_rates[a * n + b] * nu0[b];
    }
    out.reward.push_back(mine);
    out.win_rate += out.nu[a] * against;
    if (nu0[a] > 0) {
      const double level = out.log_nu[a] - std::log(nu0[a]) - mine / beta;
      low = std::fmin(low, level);
      high = std::fmax(high, level);
    }
  }
  out.residual = (high - low) / 2;
  // The levels are read from rewards over beta, which are known to their own rounding.
  const double rounding = 64 * std::numeric_limits<double>::epsilon() * (1 + range / beta);
  out.status = out.residual <= tolerance + rounding ? Status::converged : Status::stalled;
  return out;
}

/// Rewards of one group of sampled answers from comparisons between them: sample i gets the mean of
/// its win rates against the others, whose expectation given its answer z is (P nu)(z): no bias,
/// for any model of preferences that is asked or sampled independently. wins[i * n + j]: how often,
/// or how probably, i wins against j (0, 1, or between); the diagonal is not read. out: n numbers.
/// Errors: dimension_mismatch (n >= 2), not_finite.
inline void win_rate_rewards(std::span<const double> wins, std::span<double> out) {
  const std::size_t n = out.size();
  require(n >= 2 && wins.size() == n * n, Errc::dimension_mismatch, "win_rate_rewards: ", n,
          " samples need 2 or more and ", n * n, " comparisons, got ", wins.size());
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      sum += i == j ? 0.0 : wins[i * n + j];
    }
    require(std::isfinite(sum), Errc::not_finite, "win_rate_rewards: a comparison of sample ", i,
            " is not finite");
    out[i] = sum / static_cast<double>(n - 1);
  }
}

}  // namespace dag
