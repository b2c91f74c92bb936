// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/divergence/renyi.hpp>
#include <dag/divergence/swapped.hpp>
#include <dag/gpu/runtime.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// Atom: a divergence that is a sum over entries and shows its terms: what a device takes besides
/// Renyi's and swapped ones. Trivially copyable; its members carry DAG_HOST_DEVICE.
template <class D, class Real>
concept HasTerms = std::is_trivially_copyable_v<D> && requires(const D& divergence, Real p) {
  { divergence.term(p, p) } -> std::convertible_to<Real>;
  { divergence.slope_first(p, p) } -> std::convertible_to<Real>;
  { divergence.lower() } -> std::convertible_to<double>;
};

namespace device {

/// What is computed of a pair of arguments.
enum class DivergencePart { value, first, second };

/// A divergence of ragged segments, or its gradient, one thread block a segment. Numbers outside of
/// the domain and NaN raise *bad to 2. Bytes: 2 reads a number, and a write for gradients (Renyi's:
/// up to 6 reads).
template <class Real, class D, DivergencePart part>
struct RaggedDivergence {
  const std::int64_t* begin;
  const Real* p;
  const Real* q;
  D divergence;
  Real lower;
  Real* out;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const auto first = static_cast<std::size_t>(begin[block.index()]);
    const auto size = static_cast<std::size_t>(begin[block.index() + 1]) - first;
    // f(x, y) at entry i; NaN outside of the domain. -0 counts as 0.
    const auto inside = [&](std::size_t i, auto f) {
      const Real x = p[first + i], y = q[first + i];
      return x >= lower && y >= lower && x - x == 0 && y - y == 0
                 ? Real(f(x + Real{0}, y + Real{0}))
                 : Limits<Real>::nan;
    };
    const auto write = [&](Real* to, Real number) {
      *to = number;
      if (number != number) {
        *bad = 2;
      }
    };
    const auto sum_of = [&](auto f) {
      return block.reduce(
          size, Real{0}, [&](std::size_t i) { return inside(i, f); }, Add{});
    };
    if constexpr (std::is_same_v<D, RenyiDivergence>) {
      const Real a = static_cast<Real>(divergence.order());
      const auto log_part = [&](std::size_t i) {
        return inside(i, [a](Real x, Real y) { return D::log_part(a, x, y); });
      };
      Real total = 0;
      if (a != 1) {
        total = block.reduce(size, -Limits<Real>::infinity, log_part, Max{});
        if (total - total == 0) {  // else no common support, +inf or NaN
          total += std::log(block.reduce(
              size, Real{0}, [&](std::size_t i) { return std::exp(log_part(i) - total); }, Add{}));
        }
      }
      if constexpr (part == DivergencePart::value) {
        const Real sum = a == 1 ? sum_of([](Real x, Real y) { return kl_term(x, y); }) : total;
        block.each(1, [&](std::size_t) { write(out + block.index(), D::value_of(a, sum)); });
      } else {
        block.each(size, [&](std::size_t i) {
          write(out + first + i, inside(i, [&](Real x, Real y) {
                  return part == DivergencePart::first ? D::slope_first(a, x, y, total)
                                                       : D::slope_second(a, x, y, total);
                }));
        });
      }
    } else if constexpr (part == DivergencePart::value) {
      const Real sum = sum_of([&](Real x, Real y) { return divergence.term(x, y); });
      block.each(1, [&](std::size_t) { write(out + block.index(), sum); });
    } else {
      block.each(size, [&](std::size_t i) {
        write(out + first + i, inside(i, [&](Real x, Real y) {
                if constexpr (part == DivergencePart::first) {
                  return divergence.slope_first(x, y);
                } else {
                  return divergence.slope_second(x, y);
                }
              }));
      });
    }
  }
};

template <class D>
struct IsSwapped : std::false_type {};
template <class Inner>
struct IsSwapped<Swapped<Inner>> : std::true_type {};

template <DivergencePart part, class Backend, class D, class Real>
void ragged_part(const Backend& gpu, const D& divergence, std::span<const std::int64_t> begin,
                 std::span<const Real> p, std::span<const Real> q, std::span<Real> out,
                 const char* who) {
  constexpr bool is_value = part == DivergencePart::value;
  if constexpr (IsSwapped<D>::value) {
    constexpr auto turned = is_value                        ? part
                            : part == DivergencePart::first ? DivergencePart::second
                                                            : DivergencePart::first;
    ragged_part<turned>(gpu, divergence.inner, begin, q, p, out, who);
  } else {
    static_assert(std::is_same_v<D, RenyiDivergence> || HasTerms<D, Real>,
                  "this divergence does not show its terms (HasTerms): it runs on the host");
    require(!begin.empty() && p.size() == q.size() &&
                out.size() == (is_value ? begin.size() - 1 : p.size()),
            Errc::dimension_mismatch, who, ": ", begin.size(), " offsets, arguments of ", p.size(),
            " and ", q.size(), " numbers, room for ", out.size(), " results");
    expect_device(begin, p, q);
    Real lower = 0;
    if constexpr (!std::is_same_v<D, RenyiDivergence>) {
      lower = static_cast<Real>(divergence.lower());
    }
    const std::size_t segments = begin.size() - 1;
    launch(gpu.stream(), segments, threads_for(segments > 0 ? p.size() / segments : 0), 0,
           RaggedDivergence<Real, D, part>{begin.data(), p.data(), q.data(), divergence, lower,
                                           out.data(), gpu.bad()});
  }
}

}  // namespace device

/// out[s] = D(p_s, q_s) for the segments [begin[s], begin[s + 1]) of p and q; all spans in device
/// memory. `D`: f-divergences, Bregman divergences of separable potentials, Renyi's, and Swapped
/// ones; values, limits off the support and domains are those of D.value. Queued; numbers outside
/// of the domain and NaN are reported as Errc::not_finite by the next function that waits. Errors:
/// dimension_mismatch, device. No memory. Deterministic: sums have an order that depends on the
/// shapes alone.
template <class Backend, class D, class Real>
void ragged_divergence(const Backend& gpu, const D& divergence, std::span<const std::int64_t> begin,
                       std::span<const Real> p, std::span<const Real> q, std::span<Real> out) {
  device::ragged_part<device::DivergencePart::value>(gpu, divergence, begin, p, q, out,
                                                     "ragged_divergence");
}

/// out = dD/dp, entry by entry: D.gradient_first of every segment. As above.
template <class Backend, class D, class Real>
void ragged_gradient_first(const Backend& gpu, const D& divergence,
                           std::span<const std::int64_t> begin, std::span<const Real> p,
                           std::span<const Real> q, std::span<Real> out) {
  device::ragged_part<device::DivergencePart::first>(gpu, divergence, begin, p, q, out,
                                                     "ragged_gradient_first");
}

/// out = dD/dq, entry by entry: D.gradient_second of every segment. As above.
template <class Backend, class D, class Real>
void ragged_gradient_second(const Backend& gpu, const D& divergence,
                            std::span<const std::int64_t> begin, std::span<const Real> p,
                            std::span<const Real> q, std::span<Real> out) {
  device::ragged_part<device::DivergencePart::second>(gpu, divergence, begin, p, q, out,
                                                      "ragged_gradient_second");
}

}  // namespace dag
