// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// Options of `entropic_transport`.
template <class Real>
struct EntropicTransportOptions {
  Real epsilon = Real(0.1);  ///< weight of the entropy, in units of the cost, > 0
  /// On max |change of f| / epsilon in one round: the relative error of the plan.
  Real tolerance = 8 * std::numeric_limits<Real>::epsilon();
  std::int64_t max_rounds = 100'000;  ///< of two half steps each
};

/// Potentials f on the sources and g on the sinks, in units of the cost.
template <class Real>
struct EntropicTransport {
  Status status = Status::iteration_limit;
  std::int64_t rounds = 0;
  Real value = 0;  ///< OT_eps
  std::vector<Real> source;
  std::vector<Real> sink;
};

namespace detail {

/// -eps log sum_j exp(log_mass_j + (potential_j - cost_j) / eps) over cost[0], cost[stride], ...
template <class Real>
[[nodiscard]] Real soft_minimum(const Real* cost, std::size_t stride,
                                std::span<const Real> potential, std::span<const Real> log_mass,
                                Real eps) {
  LogSumExp<Real> sum;
  for (std::size_t j = 0; j < potential.size(); ++j) {
    sum.add(log_mass[j] + (potential[j] - cost[j * stride]) / eps);
  }
  return -eps * sum.value();
}

}  // namespace detail

/// Entropic transport between two distributions, by Sinkhorn's algorithm in the log domain:
///
///   OT_eps(p, q) = min_P <P, C> + eps KL(P || p q')  over plans P with margins p and q
///                = max_{f, g} <f, p> + <g, q> - eps sum p_i q_j (exp((f_i + g_j - C_ij) / eps) -
///                1)
///   f_i <- -eps log sum_j q_j exp((g_j - C_ij) / eps), then g from f likewise.
///
/// Source: Cuturi (2013), arXiv:1306.0895; potentials off the support, convexity and derivatives:
/// Feydy et al. (2019), arXiv:1810.08278. OT_eps is convex in p and in q; its derivatives are f and
/// g, which the update defines where the masses are zero too. Linear convergence, the slower the
/// smaller eps / max C.
/// Shapes: cost n x m row-major, log_p n, log_q m (log-probabilities, -inf legal). Units: those of
/// the cost. One pass over the cost a half step; allocates the result and nothing else.
/// Errors: dimension_mismatch, invalid_argument (options), not_finite (a cost).
/// status: converged, or iteration_limit with the potentials so far.
template <class Real>
[[nodiscard]] EntropicTransport<Real> entropic_transport(
    std::span<const Real> cost, std::span<const Real> log_p, std::span<const Real> log_q,
    const EntropicTransportOptions<Real>& options = {}) {
  const std::size_t n = log_p.size(), m = log_q.size();
  require(n > 0 && m > 0 && cost.size() == n * m, Errc::dimension_mismatch,
          "entropic_transport: the cost must have ", n, " x ", m, " entries, got ", cost.size());
  const Real eps = options.epsilon;
  const OptionRules rules("entropic_transport");
  rules.positive("epsilon", eps);
  rules.not_negative("tolerance", options.tolerance);
  rules.positive("max_rounds", options.max_rounds);
  for (std::size_t i = 0; i < cost.size(); ++i) {
    require(std::isfinite(cost[i]), Errc::not_finite, "entropic_transport: cost entry ", i,
            " must be finite, got ", cost[i]);
  }
  EntropicTransport<Real> out;
  out.source.assign(n, 0);
  out.sink.assign(m, 0);
  const auto source = std::span<const Real>(out.source);
  const auto sink = std::span<const Real>(out.sink);
  for (out.rounds = 0; out.rounds < options.max_rounds;) {
    ++out.rounds;
    for (std::size_t j = 0; j < m; ++j) {
      out.sink[j] = detail::soft_minimum(cost.data() + j, m, source, log_p, eps);
    }
    Real change = 0, size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Real next = detail::soft_minimum(cost.data() + i * m, 1, sink, log_q, eps);
      change = std::fmax(change, std::abs(next - out.source[i]));
      size = std::fmax(size, std::abs(next));
      out.source[i] = next;
    }
    if (change <= options.tolerance * std::fmax(eps, size)) {
      out.status = Status::converged;
      break;
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    out.value += std::exp(log_p[i]) * out.source[i];
  }
  for (std::size_t j = 0; j < m; ++j) {
    out.value += std::exp(log_q[j]) * out.sink[j];
  }
  return out;
}

}  // namespace dag
