// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/scalar_root.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag::detail {

/// One context of an event utility: nu keeps the reference's conditionals inside and outside C, and
/// u = logit nu(C) solves h'(nu(C)) = beta (u - u0). log_nu: out, normalised.
template <EventUtility U, class Real = typename U::scalar_type>
void solve_event(const U& u, Real beta, std::size_t first, std::span<const Real> log_reference,
                 std::span<Real> log_nu) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  LogSumExp<Real> inside, outside;
  for (std::size_t z = 0; z < log_reference.size(); ++z) {
    (u.correct(first + z) ? inside : outside).add(log_reference[z]);
    log_nu[z] = log_reference[z];
  }
  if (inside.value() > -infinity && outside.value() > -infinity) {
    const Real start = inside.value() - outside.value();
    const auto excess = [&](Real logit) {
      const Real log_p = -log1p_exp(-logit);
      const auto p = Probability<Real>::of_log(log_p);
      // d h' / d logit = d h' / d log p * (1 - p)
      return ValueAndSlope<Real>{u.event_reward(p) - beta * (logit - start),
                                 u.event_slope(p) * std::exp(-log1p_exp(logit)) - beta};
    };
    // h' >= 0 falls, so the root lies between the start and where beta (u - u0) meets h' there. The
    // distance is capped: with h' = infinity at the start a step of 2^k finds the far end.
    Real far = start, step = 1;
    while (excess(far).value > 0) {
      far += step;
      step *= 2;
    }
    const Real logit = find_root_newton(excess, start, far, (start + far) / 2).root;
    const Real gain = -log1p_exp(-logit) - inside.value();
    const Real loss = -log1p_exp(logit) - outside.value();
    for (std::size_t z = 0; z < log_nu.size(); ++z) {
      log_nu[z] += u.correct(first + z) ? gain : loss;
    }
  }
  log_normalize(log_nu);
}

}  // namespace dag::detail
