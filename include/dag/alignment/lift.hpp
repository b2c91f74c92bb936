// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// From answers to traces: the best policy with answer distribution nu keeps the reference's
/// conditionals, log pi(y) = log pi0(y) + out[a(y)], out = log nu - log nu0 (nats). By the chain
/// rule KL(pi || pi0) = KL(nu || nu0), so that a nu that solves the answer-level game gives a pi
/// that solves the trace-level one. Where nu is 0, out is -inf: those traces are dropped. Shapes: n
/// entries each (any number of contexts, stacked alike). Errors: dimension_mismatch; not_finite
/// (NaN or +inf); not_a_distribution (nu > 0 where nu0 = 0: no trace gives that answer).
template <Scalar Real>
[[nodiscard]] std::vector<Real> lift(std::span<const Real> log_nu, std::span<const Real> log_nu0) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  require(log_nu.size() == log_nu0.size(), Errc::dimension_mismatch, "lift: ", log_nu.size(),
          " answers, but the reference has ", log_nu0.size());
  std::vector<Real> out(log_nu.size(), -infinity);
  for (std::size_t i = 0; i < out.size(); ++i) {
    require(log_nu[i] < infinity && log_nu0[i] < infinity, Errc::not_finite,
            "lift: log-probabilities must be finite or -inf, got ", log_nu[i], " and ", log_nu0[i],
            " for answer ", i);
    require(!(log_nu[i] > -infinity) || log_nu0[i] > -infinity, Errc::not_a_distribution,
            "lift: answer ", i,
            " has probability 0 under the reference, so no policy anchored to "
            "it can give it; its log-probability is ",
            log_nu[i]);
    if (log_nu[i] > -infinity) {
      out[i] = log_nu[i] - log_nu0[i];
    }
  }
  return out;
}

}  // namespace dag
