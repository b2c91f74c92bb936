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

/// A body that works on one segment of ragged arrays, as the work of warps that take segments in
/// turn.
template <class Offset, class Body>
struct WarpSegments {
  const Offset* begin;
  std::size_t segments;
  Body body;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    for (std::size_t s = warp.index(); s < segments; s += warp.count()) {
      const auto first = static_cast<std::size_t>(begin[s]);
      body(warp, s, first, static_cast<std::size_t>(begin[s + 1]) - first);
    }
  }
};
/// body(warp, segment, first, size) for every segment. Queued. Errors: device.
template <class Offset, class Body>
void launch_warp_segments(Stream stream, const Offset* begin, std::size_t segments,
                          const Body& body) {
  const std::size_t resident = resident_warps(stream);
  launch_warps(stream, segments < resident ? segments : resident, 0,
               WarpSegments<Offset, Body>{begin, segments, body});
}

/// log_p = logit(i), normalised, p its exponential, i < size; gives log sum exp logit. NaN, +inf or
/// all -inf raises *bad; nothing gives -inf. Three passes over the segment by a warp or a block,
/// one exponential an entry.
template <class Real, class Team, class Logit>
DAG_HOST_DEVICE Real normalize_segment(Team& team, std::size_t size, Logit logit, Real* log_p,
                                       Real* p, int* bad) {
  const Real top = reduce(
      team, size, -Limits<Real>::infinity, [&](std::size_t i) { return log_p[i] = logit(i); },
      Max{});
  if (!(top > -Limits<Real>::infinity && top < Limits<Real>::infinity)) {
    team.each(size > 0 ? 1 : 0, [&](std::size_t) { *bad = 1; });
    return -Limits<Real>::infinity;
  }
  const Real total = reduce(
      team, size, Real{0}, [&](std::size_t i) { return p[i] = std::exp(log_p[i] - top); }, Add{});
  const Real scale = Real{1} / total;
  const Real shift = top + std::log(total);
  team.each(size, [&](std::size_t i) {
    p[i] *= scale;
    log_p[i] -= shift;
  });
  return shift;
}

/// log softmax, softmax and log sum exp of a segment. A segment with NaN, +inf or no mass raises
/// *bad; an empty one has log sum exp -inf.
///
/// Bytes: a read and 2 writes a number, the rest from cache; 1 exponential.
template <class Real>
struct RaggedSoftmax {
  const Real* x;
  Real* log_p;
  Real* p;
  Real* log_normalizer;
  int* bad;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp, std::size_t s, std::size_t first,
                                  std::size_t size) const {
    const Real found = normalize_segment(
        warp, size, [&](std::size_t i) { return x[first + i]; }, log_p + first, p + first, bad);
    warp.each(1, [&](std::size_t) { log_normalizer[s] = found; });
  }
};

/// KL(p || q) of a segment from log-probabilities, in nats: 0 log 0 = 0, +inf where q has no mass
/// under p.
template <class Real>
struct RaggedKl {
  const Real* log_p;
  const Real* log_q;
  Real* out;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp, std::size_t s, std::size_t first,
                                  std::size_t size) const {
    const Real total = reduce(
        warp, size, Real{0},
        [&](std::size_t i) { return kl_term_from_log(log_p[first + i], log_q[first + i]); }, Add{});
    warp.each(1, [&](std::size_t) { out[s] = total; });
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
  device::launch_warp_segments(gpu.stream(), begin.data(), begin.size() - 1,
                               device::RaggedSoftmax<Real>{x.data(), log_p.data(), p.data(),
                                                           log_normalizer.data(), gpu.bad()});
}

/// out[s] = KL(p_s || q_s) from log-probabilities (device::RaggedKl). Errors: dimension_mismatch,
/// device. Deterministic.
template <class Backend, class Real>
void ragged_kl(const Backend& gpu, std::span<const std::int64_t> begin, std::span<const Real> log_p,
               std::span<const Real> log_q, std::span<Real> out) {
  require(!begin.empty() && out.size() + 1 == begin.size() && log_p.size() == log_q.size(),
          Errc::dimension_mismatch, "ragged_kl: ", begin.size(), " offsets, ", out.size(),
          " results, ", log_p.size(), " and ", log_q.size(), " log-probabilities");
  device::launch_warp_segments(gpu.stream(), begin.data(), out.size(),
                               device::RaggedKl<Real>{log_p.data(), log_q.data(), out.data()});
}

}  // namespace dag
