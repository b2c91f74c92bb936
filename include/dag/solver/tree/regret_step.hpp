// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include <dag/detail/config.hpp>

namespace dag {

/// What is kept of the regrets of an information set from round to round.
enum class RegretRule {
  plain,       ///< R += r (CFR)
  plus,        ///< R = max(R + r, 0) (CFR+)
  discounted,  ///< R += r, then positive ones times t^alpha / (t^alpha + 1), negative ones with
               ///< beta
  predictive,  ///< as plus; play from max(R + r / (1 + asymmetry), 0) (PCFR+)
  adaptive,    ///< predictive; the asymmetry of each set from its own past, at most `asymmetry`
};

namespace detail {

/// One information set in a round of counterfactual regret minimisation, on the host and on
/// devices: r_a = v_a - <p, v>, R and p as the rule says, p proportional to what is positive of R,
/// uniform if nothing is. With a pull, v gains that of -pull |p - reference|^2 / 2 first.
template <class Real, RegretRule rule, bool pulled>
struct RegretStep {
  Real keep_positive = 1;  ///< discounted: the factor of positive regrets,
  Real keep_negative = 1;  ///< and of negative ones
  Real pull = 0;

  /// `value`, `regret`, `p`, `reference` (pulled): of the set's actions. `hope(value, expected)`:
  /// the share of r that play expects again (predictive, adaptive). What the set is worth to the
  /// player under the old p.
  template <class Hope>
  DAG_HOST_DEVICE Real operator()(std::uint32_t size, Real* value, const Real* reference,
                                  Real* regret, Real* p, const Hope& hope) const {
    switch (size) {  // the usual sizes without loops
      case 2: return of_size(2, value, reference, regret, p, hope);
      case 3: return of_size(3, value, reference, regret, p, hope);
      default: return of_size(size, value, reference, regret, p, hope);
    }
  }

 private:
  static constexpr Real least = std::numeric_limits<Real>::min();  ///< below it 1 / sum may be inf

  template <class Hope>
  DAG_HOST_DEVICE Real of_size(std::uint32_t size, Real* value, const Real* reference, Real* regret,
                               Real* p, const Hope& hope) const {
    if constexpr (pulled) {
      for (std::uint32_t a = 0; a < size; ++a) {
        value[a] += pull * (reference[a] - p[a]);
      }
    }
    Real expected = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      expected += p[a] * value[a];
    }
    Real worth = expected;
    if constexpr (pulled) {  // <p, g> - pull |p - reference|^2 / 2, from <p, g + pull (ref - p)>
      for (std::uint32_t a = 0; a < size; ++a) {
        const Real away = p[a] - reference[a];
        worth += pull * (p[a] - away / 2) * away;
      }
    }
    Real share = 0;
    if constexpr (rule == RegretRule::predictive || rule == RegretRule::adaptive) {
      share = hope(static_cast<const Real*>(value), expected);
    }
    Real sum = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      const Real r = value[a] - expected;
      Real total = regret[a] + r;
      if constexpr (rule == RegretRule::discounted) {
        total *= total > 0 ? keep_positive : keep_negative;
      } else if constexpr (rule != RegretRule::plain) {
        total = total > 0 ? total : Real{0};
      }
      regret[a] = total;
      if constexpr (rule == RegretRule::predictive || rule == RegretRule::adaptive) {
        total += share * r;
      }
      const Real hoped = total > 0 ? total : Real{0};
      p[a] = hoped;
      sum += hoped;
    }
    if (sum >= least) {
      const Real scale = 1 / sum;
      for (std::uint32_t a = 0; a < size; ++a) {
        p[a] *= scale;
      }
    } else {
      const Real even = 1 / static_cast<Real>(size);
      for (std::uint32_t a = 0; a < size; ++a) {
        p[a] = even;
      }
    }
    return worth;
  }
};

}  // namespace detail
}  // namespace dag
