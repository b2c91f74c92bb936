// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/log_arithmetic.hpp>
#include <dag/numeric/stationary.hpp>

namespace dag {

/// A finite population in which strategies are copied: one member at a time takes up the strategy
/// of another with a chance that grows with what the other earns more.
struct PopulationOptions {
  std::size_t population = 100;  ///< members, at least 2
  double intensity = 1.0;        ///< of selection, per unit of payoff, >= 0
};

namespace detail {

inline void validate(const PopulationOptions& options, const char* who) {
  require(options.population >= 2 && options.population <= 10'000'000, Errc::invalid_argument, who,
          ": population must be 2 to 10000000, got ", options.population);
  require(options.intensity >= 0 && std::isfinite(options.intensity), Errc::invalid_argument, who,
          ": intensity must be >= 0 and finite, got ", options.intensity);
}

}  // namespace detail

/// The chance that one mutant takes over a population of residents, by its logarithm (it may be far
/// below what a double can hold). Payoffs: `mutant_mutant` of a mutant against a mutant, and so on;
/// members play all others and take the mean. The steps are those of pairwise comparison (Fermi:
/// 1 / (1 + exp(-intensity (other - own)))) and, with the same result, of a Moran process with
/// fitness exp(intensity payoff):
///
///   rho = 1 / (1 + sum_{k=1}^{N-1} exp(-intensity sum_{i=1}^{k} (mutant(i) - resident(i)))).
///
/// Neutral mutants: 1 / N. Source: Traulsen, Nowak and Pacheco (2006), doi:10.1103/PhysRevE.74.
/// 011909. Time: N. Errors: invalid_argument (options), not_finite (a payoff).
[[nodiscard]] inline double log_fixation_probability(double mutant_mutant, double mutant_resident,
                                                     double resident_mutant,
                                                     double resident_resident,
                                                     const PopulationOptions& options = {}) {
  detail::validate(options, "log_fixation_probability");
  require(std::isfinite(mutant_mutant) && std::isfinite(mutant_resident) &&
              std::isfinite(resident_mutant) && std::isfinite(resident_resident),
          Errc::not_finite, "log_fixation_probability: payoffs must be finite, got ", mutant_mutant,
          ", ", mutant_resident, ", ", resident_mutant, ", ", resident_resident);
  const auto n = static_cast<double>(options.population);
  double exponent = 0;  // of the sum's last term
  double top = 0;       // the largest exponent so far
  double sum = 1;       // over exp(top)
  for (std::size_t k = 1; k < options.population; ++k) {
    const auto i = static_cast<double>(k);
    const double mutant = ((i - 1) * mutant_mutant + (n - i) * mutant_resident) / (n - 1);
    const double resident = (i * resident_mutant + (n - i - 1) * resident_resident) / (n - 1);
    exponent -= options.intensity * (mutant - resident);
    if (exponent > top) {
      sum = sum * std::exp(top - exponent) + 1;
      top = exponent;
    } else {
      sum += std::exp(exponent - top);
    }
  }
  return -(top + std::log(sum));
}

/// Where a population with rare mutations spends its time.
struct RareMutations {
  std::vector<double> log_fixation;  ///< [resident * n + mutant]; 0 on the diagonal
  std::vector<double> share;         ///< of each strategy, sum 1
};

/// The chain of takeovers in a symmetric two-player game with n strategies, `payoff` [own * n +
/// other]: from each resident every other strategy appears equally often as a single mutant and
/// takes over with its fixation probability; `share` is the stationary distribution. Ratios of the
/// probabilities are kept where the probabilities themselves vanish.
/// Source: Fudenberg and Imhof (2006), doi:10.1016/j.jet.2005.04.006. Time: n^2 population + n^3.
/// Errors: dimension_mismatch, invalid_argument (options), not_finite.
[[nodiscard]] inline RareMutations rare_mutations(std::span<const double> payoff, std::size_t n,
                                                  const PopulationOptions& options = {}) {
  require(n >= 1 && payoff.size() == n * n, Errc::dimension_mismatch,
          "rare_mutations: ", payoff.size(), " payoffs for ", n,
          " strategies; needs the square of their number");
  RareMutations found;
  found.log_fixation.assign(n * n, 0.0);
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (a != b) {
        found.log_fixation[a * n + b] = log_fixation_probability(
            payoff[b * n + b], payoff[b * n + a], payoff[a * n + b], payoff[a * n + a], options);
      }
    }
  }
  std::vector<LogNumber<double>> rates(n * n);
  std::vector<LogNumber<double>> share(n);
  for (std::size_t e = 0; e < rates.size(); ++e) {
    rates[e] = LogNumber<double>{found.log_fixation[e]};
  }
  (void)detail::eliminate_states<LogNumber<double>>(rates, share, {0.0});
  found.share = normalised(std::span<const LogNumber<double>>(share));
  return found;
}

}  // namespace dag
