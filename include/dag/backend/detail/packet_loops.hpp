// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include <dag/backend/detail/eigen_maps.hpp>
#include <dag/detail/config.hpp>
#include <dag/numeric/exponential.hpp>
#include <dag/numeric/lane_vector.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// Eigen's packet of a type; the type itself where Eigen has no exponential of packets.
template <class Scalar, bool in_vectors = Eigen::internal::packet_traits<Scalar>::Vectorizable&&
                            Eigen::internal::packet_traits<Scalar>::HasExp>
struct PacketOf {
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr std::size_t lanes = Eigen::internal::packet_traits<Scalar>::size;
};
template <class Scalar>
struct PacketOf<Scalar, false> {
  using Packet = Scalar;
  static constexpr std::size_t lanes = 1;
};

/// Loops over a vector that do in one pass what several of Eigen's expressions would do in as many.
/// Packets begin at the first entry and the last one is filled up: the bits depend on the entries
/// and the instruction set, not on where the entries lie.
template <class Scalar>
class PacketLoops {
  using Packet = typename PacketOf<Scalar>::Packet;
  static constexpr std::size_t lanes = PacketOf<Scalar>::lanes;
  using Whole = std::integral_constant<std::size_t, lanes>;

 public:
  /// The largest entry, which no NaN is, and the sum, which a NaN makes one.
  [[nodiscard]] static std::pair<Scalar, Scalar> largest_and_sum(std::span<const Scalar> v) {
    namespace ei = Eigen::internal;
    Packet largest[] = {all(v[0]), all(v[0])};
    Packet sum[] = {all(Scalar{0}), all(Scalar{0})};
    visit(v.size(), [&](std::size_t i, auto count, auto k) {
      largest[k] = ei::pmax(load(&v[i], count, v[0]), largest[k]);
      sum[k] = ei::padd(sum[k], load(&v[i], count, Scalar{0}));
    });
    return {ei::predux_max(ei::pmax(largest[0], largest[1])), ei::predux(ei::padd(sum[0], sum[1]))};
  }

  /// The sum of what entries have above a threshold, and their number. The entries must be finite.
  [[nodiscard]] static std::pair<Scalar, Scalar> excess_above(std::span<const Scalar> v,
                                                              Scalar threshold) {
    namespace ei = Eigen::internal;
    const Packet zero = all(Scalar{0});
    const Packet one = all(Scalar{1});
    const Packet huge = all(std::numeric_limits<Scalar>::max());
    const Packet line = all(threshold);
    Packet sum[] = {zero, zero};
    Packet number[] = {zero, zero};
    visit(v.size(), [&](std::size_t i, auto count, auto k) {
      const Packet excess = ei::pmax(ei::psub(load(&v[i], count, threshold), line), zero);
      sum[k] = ei::padd(sum[k], excess);
      number[k] = ei::padd(number[k], ei::pmin(ei::pmul(excess, huge), one));
    });
    return {ei::predux(ei::padd(sum[0], sum[1])), ei::predux(ei::padd(number[0], number[1]))};
  }

  /// p = exp x, exactly 0 below e^-695 (float: e^-75): denormals, here and after a division by a
  /// sum of thousands, cost a hundred times a normal number in every loop that reads them. A NaN
  /// stays. `p` may be `x`. Returns the sum.
  static Scalar exponentials(std::span<const Scalar> x, std::span<Scalar> p) {
    namespace ei = Eigen::internal;
    constexpr Scalar least = sizeof(Scalar) == sizeof(double) ? Scalar(-695) : Scalar(-75);
    const Packet smallest = all(std::exp(least));
    const Packet lowest = all(least - 1);
    Packet sum = all(Scalar{0});
    visit(x.size(), [&](std::size_t i, auto count, auto) {
      const Packet raised = ei::pexp(ei::pmax(load(&x[i], count, least - 1), lowest));
      const Packet e = ei::pandnot(raised, ei::pcmp_lt(raised, smallest));
      sum = ei::padd(sum, e);
      store(e, &p[i], count);
    });
    return ei::predux(sum);
  }
  /// The same of logits - top, which are <= 0.
  static Scalar exponentials_below(Scalar top, std::span<const Scalar> logits,
                                   std::span<Scalar> p) {
    if constexpr (std::is_same_v<Scalar, double> && lanes_exp_pays) {
      LaneVector sum{};
      std::size_t i = 0;
      for (; i + lane_step <= logits.size(); i += lane_step) {
        const LaneVector e = lanes_exp(load_lanes(&logits[i]) - top);
        store_lanes(e, &p[i]);
        sum += e;
      }
      if (i < logits.size()) {
        std::array<double, lane_step> rest;
        rest.fill(-std::numeric_limits<double>::infinity());
        std::copy_n(&logits[i], logits.size() - i, rest.begin());
        const LaneVector e = lanes_exp(load_lanes(rest.data()) - top);
        store_lanes(e, rest.data());
        std::copy_n(rest.begin(), logits.size() - i, &p[i]);
        sum += e;
      }
      return sum_of_lanes(sum);
    } else if constexpr (std::is_same_v<Scalar, double>) {
      double sum = 0;  // the C library's is faster than Eigen's in vectors of two
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const double x = logits[i] - top;
        p[i] = x < -695 ? 0 : std::exp(x);
        sum += p[i];
      }
      return sum;
    } else {
      array(p) = array(logits) - top;
      return exponentials(p, p);
    }
  }

  /// p *= factor, logits -= shift; as long as each other.
  static void scale_and_shift(std::span<Scalar> p, Scalar factor, std::span<Scalar> logits,
                              Scalar shift) {
    namespace ei = Eigen::internal;
    const Packet f = all(factor);
    const Packet s = all(shift);
    std::size_t i = 0;
    for (; i + lanes <= p.size(); i += lanes) {
      ei::pstoreu(&p[i], ei::pmul(ei::ploadu<Packet>(&p[i]), f));
      ei::pstoreu(&logits[i], ei::psub(ei::ploadu<Packet>(&logits[i]), s));
    }
    for (; i < p.size(); ++i) {
      p[i] *= factor;
      logits[i] -= shift;
    }
  }

 private:
  [[nodiscard]] static Packet all(Scalar a) { return Eigen::internal::pset1<Packet>(a); }
  [[nodiscard]] static Packet load(const Scalar* from, Whole, Scalar) {
    return Eigen::internal::ploadu<Packet>(from);
  }
  [[nodiscard]] static Packet load(const Scalar* from, std::size_t count, Scalar filled) {
    std::array<Scalar, lanes> entries;
    for (std::size_t l = 0; l < lanes; ++l) {
      entries[l] = l < count ? from[l] : filled;
    }
    return Eigen::internal::ploadu<Packet>(entries.data());
  }
  static void store(const Packet& a, Scalar* to, Whole) { Eigen::internal::pstoreu(to, a); }
  static void store(const Packet& a, Scalar* to, std::size_t count) {
    std::array<Scalar, lanes> entries;
    Eigen::internal::pstoreu(entries.data(), a);
    for (std::size_t l = 0; l < count; ++l) {
      to[l] = entries[l];
    }
  }
  /// body(first entry, how many, 0 or 1): for two chains of additions.
  template <class Body>
  static void visit(std::size_t size, const Body& body) {
    constexpr std::integral_constant<std::size_t, 0> even;
    constexpr std::integral_constant<std::size_t, 1> odd;
    std::size_t i = 0;
    for (; i + 2 * lanes <= size; i += 2 * lanes) {
      body(i, Whole{}, even);
      body(i + lanes, Whole{}, odd);
    }
    if (i + lanes <= size) {
      body(i, Whole{}, even);
      i += lanes;
    }
    if (i < size) {
      body(i, size - i, odd);
    }
  }
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
