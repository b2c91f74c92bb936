// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag {

/// Ragged problems of entropic transport in device memory: problem b moves masses exp(log_source)
/// on its sources to masses exp(log_sink) on its sinks at cost[b] (sources x sinks, row-major).
template <class Real>
struct TransportProblems {
  std::span<const std::int64_t> source_begin;  ///< problems + 1 offsets into log_source
  std::span<const std::int64_t> sink_begin;    ///< problems + 1 offsets into log_sink
  std::span<const std::int64_t> cost_begin;    ///< problems + 1 offsets into cost
  std::span<const Real> log_source;            ///< -inf: no mass
  std::span<const Real> log_sink;
  std::span<const Real> cost;
};
/// What Sinkhorn leaves of each problem, in device memory.
template <class Real>
struct TransportResults {
  std::span<Real> source_potential;
  std::span<Real> sink_potential;
  std::span<Real> transport_cost;  ///< <plan, cost>
  std::span<Real> error;           ///< sum of |row sum - source mass| before the last half step
  std::span<std::int32_t> rounds;  ///< of two half steps each
  std::span<std::int32_t> status;  ///< a dag::Status
};
/// Options of `device::Sinkhorn`.
template <class Real>
struct TransportOptions {
  Real epsilon = Real(0.1);     ///< weight of the entropy, in units of the cost, > 0
  Real tolerance = Real(1e-5);  ///< on the error
  std::int32_t max_rounds = 10000;
};

namespace device {

/// Sinkhorn in the log domain, one thread block a problem, all rounds in one launch:
///   f_i = eps (log a_i - log sum_j exp((g_j - C_ij) / eps)), then g_j likewise.
/// The error of a round comes with its first half step: the row sums before it are
/// a_i exp((f_old - f_new) / eps). Bytes: two reads of the costs a round, mostly from cache.
template <class Real>
struct Sinkhorn {
  // TransportProblems and TransportResults as pointers: device code may not call members of spans.
  const std::int64_t* source_begin;
  const std::int64_t* sink_begin;
  const std::int64_t* cost_begin;
  const Real* log_source;
  const Real* log_sink;
  const Real* cost;
  Real* source_potential;
  Real* sink_potential;
  Real* transport_cost;
  Real* errors;
  std::int32_t* rounds;
  std::int32_t* status;
  TransportOptions<Real> options;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t b = block.index();
    const auto source = static_cast<std::size_t>(source_begin[b]);
    const auto sink = static_cast<std::size_t>(sink_begin[b]);
    const auto rows = static_cast<std::size_t>(source_begin[b + 1]) - source;
    const auto columns = static_cast<std::size_t>(sink_begin[b + 1]) - sink;
    const Real* const c = cost + cost_begin[b];
    const Real* const log_a = log_source + source;
    const Real* const log_b = log_sink + sink;
    Real* const f = source_potential + source;
    Real* const g = sink_potential + sink;
    const Real eps = options.epsilon;
    const Real per_eps = 1 / eps;  // no division in the loops: its slow path is a call
    block.each(rows, [&](std::size_t i) { f[i] = 0; });
    block.each(columns, [&](std::size_t j) { g[j] = 0; });
    Real error = Limits<Real>::infinity;
    std::int32_t t = 0;
    for (;; ++t) {
      // One half step; at the first the plan has no meaning yet, nor has its error.
      const Real found = block.reduce(
          rows, Real{0},
          [&](std::size_t i) {
            const Real old = f[i];
            f[i] = eps * (log_a[i] - log_sum(c + i * columns, 1, g, columns, per_eps));
            const Real mass = std::exp(log_a[i]);
            return mass > 0 ? mass * std::abs(std::exp((old - f[i]) * per_eps) - 1) : Real{0};
          },
          Add{});
      error = t > 0 ? found : error;
      if (error <= options.tolerance || t >= options.max_rounds || error != error) {
        break;
      }
      block.each(columns, [&](std::size_t j) {
        g[j] = eps * (log_b[j] - log_sum(c + j, columns, f, rows, per_eps));
      });
    }
    const Real moved = block.reduce(
        rows, Real{0},
        [&](std::size_t i) {
          Real sum = 0;
          for (std::size_t j = 0; j < columns; ++j) {
            const Real mass = std::exp((f[i] + g[j] - c[i * columns + j]) * per_eps);
            sum += mass > 0 ? mass * c[i * columns + j] : Real{0};
          }
          return sum;
        },
        Add{});
    block.each(1, [&](std::size_t) {
      transport_cost[b] = moved;
      errors[b] = error;
      rounds[b] = t;
      status[b] = static_cast<std::int32_t>(error <= options.tolerance ? Status::converged
                                                                       : Status::iteration_limit);
    });
  }

 private:
  /// log sum_k exp((potential_k - cost[k * stride]) / eps).
  static DAG_HOST_DEVICE Real log_sum(const Real* cost, std::size_t stride, const Real* potential,
                                      std::size_t size, Real per_eps) {
    Real top = -Limits<Real>::infinity;
    for (std::size_t k = 0; k < size; ++k) {
      const Real x = (potential[k] - cost[k * stride]) * per_eps;
      top = x > top ? x : top;
    }
    Real sum = 0;
    for (std::size_t k = 0; k < size; ++k) {
      sum += std::exp((potential[k] - cost[k * stride]) * per_eps - top);
    }
    return top + std::log(sum);
  }
};

}  // namespace device

/// Entropic transport of many ragged problems in one launch (device::Sinkhorn). Source: Cuturi
/// (2013), arXiv:1306.0895; log domain: Peyre and Cuturi (2019), arXiv:1803.00567, section 4.4. The
/// plan of problem b is exp((f_i + g_j - C_ij) / epsilon). The last half step makes its row sums
/// exact; `error` is what they were off by before it, with exact column sums. Masses must sum to
/// the same total. Queued on the stream, waits for nothing. Errors: dimension_mismatch,
/// invalid_argument (options), device. No memory of its own. Deterministic.
template <class Backend, class Real>
void sinkhorn_batch(const Backend& gpu, const TransportProblems<Real>& problems,
                    const TransportResults<Real>& results,
                    const TransportOptions<Real>& options = {}) {
  require(options.epsilon > 0 && options.tolerance >= 0 && options.max_rounds >= 0,
          Errc::invalid_argument,
          "sinkhorn_batch: epsilon must be > 0, tolerance and rounds >= 0, got ", options.epsilon,
          ", ", options.tolerance, ", ", options.max_rounds);
  const std::size_t count = results.status.size();
  require(problems.source_begin.size() == count + 1 && problems.sink_begin.size() == count + 1 &&
              problems.cost_begin.size() == count + 1 && results.rounds.size() == count &&
              results.error.size() == count && results.transport_cost.size() == count &&
              results.source_potential.size() == problems.log_source.size() &&
              results.sink_potential.size() == problems.log_sink.size(),
          Errc::dimension_mismatch, "sinkhorn_batch: ", count,
          " problems need offsets one longer, one result each, one potential a mass");
  device::launch<128>(
      gpu.stream(), count, 128, 0,
      device::Sinkhorn<Real>{problems.source_begin.data(), problems.sink_begin.data(),
                             problems.cost_begin.data(), problems.log_source.data(),
                             problems.log_sink.data(), problems.cost.data(),
                             results.source_potential.data(), results.sink_potential.data(),
                             results.transport_cost.data(), results.error.data(),
                             results.rounds.data(), results.status.data(), options});
}

}  // namespace dag
