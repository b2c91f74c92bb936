// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/dense.hpp>

namespace dag {

/// What a strategy of a symmetric two-player game is to evolution.
enum class Stability {
  not_nash,  ///< another strategy earns more against it
  unstable,  ///< a symmetric equilibrium that some mutant enters without loss
  stable,    ///< evolutionarily stable (ESS): every rare mutant loses
};
[[nodiscard]] constexpr std::string_view to_string(Stability stability) noexcept {
  switch (stability) {
    case Stability::not_nash: return "not_nash";
    case Stability::unstable: return "unstable";
    case Stability::stable: return "stable";
  }
  return "unknown";
}

namespace detail {

/// Whether the symmetric matrix q (n x n) is positive: d' q d > margin |d|^2 in effect, for all d
/// != 0 (copositive false) or all d >= 0, d != 0 (true). Scaled to the largest entry 1 before.
[[nodiscard]] inline bool positive_definite(std::vector<double> q, std::size_t n, double margin) {
  for (std::size_t k = 0; k < n; ++k) {
    if (!(q[k * n + k] > margin)) {
      return false;
    }
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = q[i * n + k] / q[k * n + k];
      for (std::size_t j = k; j < n; ++j) {
        q[i * n + j] -= factor * q[k * n + j];
      }
    }
  }
  return true;
}

/// Strict copositivity by the smallest value on each face of the simplex: where a face has an inner
/// stationary point q d = lambda 1, d > 0, its value is lambda. 2^n solves; n is small.
[[nodiscard]] inline bool strictly_copositive(std::span<const double> q, std::size_t n,
                                              double margin) {
  for (std::size_t face = 1; face < (std::size_t{1} << n); ++face) {
    std::vector<std::size_t> on;
    for (std::size_t k = 0; k < n; ++k) {
      if ((face >> k & 1U) != 0) {
        on.push_back(k);
      }
    }
    const std::size_t m = on.size();
    std::vector<double> system(m * m);
    std::vector<double> d(m, 1.0);
    std::vector<std::size_t> pivots(m);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < m; ++j) {
        system[i * m + j] = q[on[i] * n + on[j]];
      }
    }
    if (!lu_factor(system, std::span<std::size_t>(pivots))) {
      // Singular: d' q d = 0 for some d of this face's span. Strict only if no such d is >= 0; a
      // value of 0 within it is found on this face by a small shift.
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < m; ++j) {
          system[i * m + j] = q[on[i] * n + on[j]] - (i == j ? margin : 0.0);
        }
      }
      if (!lu_factor(system, std::span<std::size_t>(pivots))) {
        return false;
      }
    }
    lu_solve(system, std::span<const std::size_t>(pivots), d);
    double sum = 0;
    bool inside = true;
    for (const double entry : d) {
      sum += entry;
    }
    for (const double entry : d) {
      inside = inside && entry * sum > 0;
    }
    if (inside && !(1 / sum > margin)) {
      return false;  // the value there is 1 / sum
    }
  }
  return true;
}

}  // namespace detail

/// Whether a strategy x of the symmetric two-player game `payoff` [own * n + other] is
/// evolutionarily stable: a best reply to itself, and for every other best reply y to it x earns
/// more against y than y does: (x - y)' A y > 0. With d = y - x this is d' A d < 0 on the cone of
/// directions to the best replies: negative definite along the support, and strictly copositive
/// (negated) towards best replies outside of it. Source: Haigh (1975), doi:10.2307/3212440;
/// Abakuks (1980), doi:10.2307/3212973; Bomze (1992), doi:10.1007/BF02204672.
/// `tolerance`: on probabilities and on payoffs over the payoff range; values of the form within
/// it count as 0 (not stable). At most 20 best replies outside the support. Errors:
/// dimension_mismatch, not_finite, invalid_argument (x is no distribution), unsupported.
[[nodiscard]] inline Stability evolutionary_stability(std::span<const double> payoff,
                                                      std::span<const double> x,
                                                      double tolerance = 1e-9) {
  const std::size_t n = x.size();
  require(n >= 1 && payoff.size() == n * n, Errc::dimension_mismatch,
          "evolutionary_stability: ", payoff.size(), " payoffs for ", n,
          " strategies; needs the square of their number");
  require(tolerance > 0 && tolerance < 1e-2, Errc::invalid_argument,
          "evolutionary_stability: tolerance must be > 0 and below 0.01, got ", tolerance);
  double low = payoff[0];
  double high = payoff[0];
  for (const double a : payoff) {
    require(std::isfinite(a), Errc::not_finite,
            "evolutionary_stability: payoffs must be finite, got ", a);
    low = std::min(low, a);
    high = std::max(high, a);
  }
  double sum = 0;
  for (const double p : x) {
    require(p >= -tolerance, Errc::invalid_argument,
            "evolutionary_stability: probabilities must be >= 0, got ", p);
    sum += p;
  }
  require(std::abs(sum - 1) <= 1e-6, Errc::invalid_argument,
          "evolutionary_stability: probabilities must add up to 1, got ", sum);
  const double range = high - low;
  if (range == 0) {
    return n == 1 ? Stability::stable : Stability::unstable;
  }
  const auto a = [&](std::size_t i, std::size_t j) { return (payoff[i * n + j] - low) / range; };
  std::vector<double> earned(n);
  double own = 0;
  double best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      earned[i] += a(i, j) * x[j] / sum;
    }
    own += x[i] / sum * earned[i];
    best = i == 0 ? earned[0] : std::max(best, earned[i]);
  }
  if (best - own > tolerance) {
    return Stability::not_nash;
  }
  std::vector<std::size_t> support;
  std::vector<std::size_t> outside;  // best replies that x does not play
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] > tolerance) {
      support.push_back(i);
    } else if (earned[i] >= best - tolerance) {
      outside.push_back(i);
    }
  }
  require(outside.size() <= 20, Errc::unsupported, "evolutionary_stability: ", outside.size(),
          " best replies outside the support are more than 20");
  // Directions e_k - e_0, k over the rest of the support (free), then over `outside` (>= 0).
  std::vector<std::size_t> ends(support.begin() + 1, support.end());
  const std::size_t free = ends.size();
  ends.insert(ends.end(), outside.begin(), outside.end());
  const std::size_t m = ends.size();
  const std::size_t base = support[0];
  std::vector<double> form(m * m);  // -(d' A d), made symmetric
  for (std::size_t r = 0; r < m; ++r) {
    for (std::size_t c = 0; c < m; ++c) {
      const auto bilinear = [&](std::size_t i, std::size_t j) {
        return a(i, j) - a(i, base) - a(base, j) + a(base, base);
      };
      form[r * m + c] = -0.5 * (bilinear(ends[r], ends[c]) + bilinear(ends[c], ends[r]));
    }
  }
  // Along the support: definite. Towards the outside: what is left when the free directions have
  // done their best against it (the Schur complement).
  std::vector<double> along(free * free);
  for (std::size_t r = 0; r < free; ++r) {
    for (std::size_t c = 0; c < free; ++c) {
      along[r * free + c] = form[r * m + c];
    }
  }
  if (!detail::positive_definite(along, free, tolerance)) {
    return Stability::unstable;
  }
  for (std::size_t k = 0; k < free; ++k) {
    for (std::size_t i = k + 1; i < m; ++i) {
      const double factor = form[i * m + k] / form[k * m + k];
      for (std::size_t j = k + 1; j < m; ++j) {
        form[i * m + j] -= factor * form[k * m + j];
      }
    }
  }
  const std::size_t rest = m - free;
  std::vector<double> left(rest * rest);
  for (std::size_t r = 0; r < rest; ++r) {
    for (std::size_t c = 0; c < rest; ++c) {
      left[r * rest + c] = form[(free + r) * m + free + c];
    }
  }
  return detail::strictly_copositive(left, rest, tolerance) ? Stability::stable
                                                            : Stability::unstable;
}

/// All evolutionarily stable strategies of a symmetric two-player game: along the support of one
/// the payoffs are strictly concave, so that its indifference conditions have one solution; all
/// supports are tried, but those that contain or lie in one that was found (Bishop and Cannings
/// 1976, doi:10.1016/0022-5193(76)90112-7). Up to 16 strategies. Errors: unsupported, and as
/// `evolutionary_stability`.
[[nodiscard]] inline std::vector<std::vector<double>> evolutionarily_stable_strategies(
    std::span<const double> payoff, std::size_t n, double tolerance = 1e-9) {
  require(n >= 1 && n <= 16, Errc::unsupported,
          "evolutionarily_stable_strategies: 1 to 16 strategies, got ", n);
  require(payoff.size() == n * n, Errc::dimension_mismatch,
          "evolutionarily_stable_strategies: ", payoff.size(), " payoffs for ", n, " strategies");
  double low = payoff[0];
  double high = payoff[0];
  for (const double a : payoff) {
    low = std::min(low, a);
    high = std::max(high, a);
  }
  const double range = high > low ? high - low : 1;
  std::vector<std::size_t> supports;
  for (std::size_t support = 1; support < (std::size_t{1} << n); ++support) {
    supports.push_back(support);
  }
  const auto size = [](std::size_t support) {
    std::size_t count = 0;
    for (; support != 0; support &= support - 1) {
      ++count;
    }
    return count;
  };
  std::stable_sort(supports.begin(), supports.end(),
                   [&](std::size_t a, std::size_t b) { return size(a) < size(b); });
  std::vector<std::size_t> found;
  std::vector<std::vector<double>> all;
  for (const std::size_t support : supports) {
    if (std::any_of(found.begin(), found.end(),
                    [&](std::size_t other) { return (support & other) == other; })) {
      continue;
    }
    std::vector<std::size_t> on;
    for (std::size_t k = 0; k < n; ++k) {
      if ((support >> k & 1U) != 0) {
        on.push_back(k);
      }
    }
    // A x = v 1 on the support and sum x = 1.
    const std::size_t m = on.size() + 1;
    std::vector<double> system(m * m);
    std::vector<double> x(m);
    std::vector<std::size_t> pivots(m);
    for (std::size_t i = 0; i + 1 < m; ++i) {
      for (std::size_t j = 0; j + 1 < m; ++j) {
        system[i * m + j] = (payoff[on[i] * n + on[j]] - low) / range;
      }
      system[i * m + m - 1] = -1;
      system[(m - 1) * m + i] = 1;
    }
    x[m - 1] = 1;
    if (!lu_factor(system, std::span<std::size_t>(pivots))) {
      continue;
    }
    lu_solve(system, std::span<const std::size_t>(pivots), x);
    std::vector<double> strategy(n);
    bool inside = true;
    for (std::size_t k = 0; k + 1 < m; ++k) {
      inside = inside && x[k] > tolerance;
      strategy[on[k]] = x[k];
    }
    if (inside && evolutionary_stability(payoff, strategy, tolerance) == Stability::stable) {
      found.push_back(support);
      all.push_back(std::move(strategy));
    }
  }
  return all;
}

}  // namespace dag
