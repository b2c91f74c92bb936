// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/runtime.hpp>
#include <dag/gpu/warp.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {
namespace device {

/// log softmax, softmax and log sum exp of ragged segments, one warp a segment, warps in turn. A
/// segment with NaN, +inf or no mass raises *bad; an empty one has log sum exp -inf.
///
/// Bytes: 3 reads (the second and third from cache) and 2 writes a number; 2 exponentials.
template <class Real>
struct RaggedSoftmax {
  const std::int64_t* begin;
  std::size_t segments;
  const Real* x;
  Real* log_p;
  Real* p;
  Real* log_normalizer;
  int* bad;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    for (std::size_t s = warp.index(); s < segments; s += warp.count()) {
      const auto first = static_cast<std::size_t>(begin[s]);
      const auto size = static_cast<std::size_t>(begin[s + 1] - begin[s]);
      const Real top = reduce(
          warp, size, -Limits<Real>::infinity, [&](std::size_t i) { return x[first + i]; }, Max{});
      const bool usable = top > -Limits<Real>::infinity && top < Limits<Real>::infinity;
      const Real total = reduce(
          warp, usable ? size : 0, Real{0},
          [&](std::size_t i) { return std::exp(x[first + i] - top); }, Add{});
      const Real normalizer = usable ? top + std::log(total) : -Limits<Real>::infinity;
      warp.each(usable ? size : 0, [&](std::size_t i) {
        const Real value = x[first + i] - normalizer;
        log_p[first + i] = value;
        p[first + i] = std::exp(value);
      });
      warp.each(1, [&](std::size_t) {
        log_normalizer[s] = normalizer;
        if (size > 0 && !usable) {
          *bad = 1;
        }
      });
    }
  }
};

/// KL(p || q) of ragged segments from log-probabilities, in nats: 0 log 0 = 0, +inf where q has no
/// mass under p.
template <class Real>
struct RaggedKl {
  const std::int64_t* begin;
  std::size_t segments;
  const Real* log_p;
  const Real* log_q;
  Real* out;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    for (std::size_t s = warp.index(); s < segments; s += warp.count()) {
      const auto first = static_cast<std::size_t>(begin[s]);
      const auto size = static_cast<std::size_t>(begin[s + 1] - begin[s]);
      const Real total = reduce(
          warp, size, Real{0},
          [&](std::size_t i) { return kl_term_from_log(log_p[first + i], log_q[first + i]); },
          Add{});
      warp.each(1, [&](std::size_t) { out[s] = total; });
    }
  }
};

}  // namespace device

/// log softmax, softmax and log sum exp of every segment [begin[s], begin[s + 1]) of x; all spans
/// in device memory (device::RaggedSoftmax). Queued; NaN, +inf and segments without mass are
/// reported as Errc::not_finite by the next function that waits. Errors: dimension_mismatch,
/// device. Deterministic.
template <class Backend, class Real>
void ragged_softmax(const Backend& gpu, std::span<const std::int64_t> begin,
                    std::span<const Real> x, std::span<Real> log_p, std::span<Real> p,
                    std::span<Real> log_normalizer) {
  require(!begin.empty() && log_normalizer.size() + 1 == begin.size() && log_p.size() == x.size() &&
              p.size() == x.size(),
          Errc::dimension_mismatch, "ragged_softmax: ", begin.size(), " offsets, ",
          log_normalizer.size(), " normalisers, ", x.size(), " numbers in, ", log_p.size(), " and ",
          p.size(), " out");
  const std::size_t segments = begin.size() - 1, resident = device::resident_warps(gpu.stream());
  device::launch_warps(gpu.stream(), segments < resident ? segments : resident, 0,
                       device::RaggedSoftmax<Real>{begin.data(), segments, x.data(), log_p.data(),
                                                   p.data(), log_normalizer.data(), gpu.bad()});
}

/// out[s] = KL(p_s || q_s) from log-probabilities (device::RaggedKl). Errors: dimension_mismatch,
/// device. Deterministic.
template <class Backend, class Real>
void ragged_kl(const Backend& gpu, std::span<const std::int64_t> begin, std::span<const Real> log_p,
               std::span<const Real> log_q, std::span<Real> out) {
  require(!begin.empty() && out.size() + 1 == begin.size() && log_p.size() == log_q.size(),
          Errc::dimension_mismatch, "ragged_kl: ", begin.size(), " offsets, ", out.size(),
          " results, ", log_p.size(), " and ", log_q.size(), " log-probabilities");
  const std::size_t segments = out.size(), resident = device::resident_warps(gpu.stream());
  device::launch_warps(
      gpu.stream(), segments < resident ? segments : resident, 0,
      device::RaggedKl<Real>{begin.data(), segments, log_p.data(), log_q.data(), out.data()});
}

}  // namespace dag
