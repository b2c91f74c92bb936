// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <dag/geometry/treeplex_shape.hpp>

namespace dag {

/// KL at each information set, in the log domain: the dual of a behaviour is its logarithm.
struct DilatedEntropy {
  template <class Real>
  [[nodiscard]] static Real to_dual(Real probability) {
    return std::log(probability);
  }
  template <class Real>
  [[nodiscard]] static Real from_dual(Real dual) {
    return std::exp(dual);
  }
  /// out = argmax over p of <q, p> - weight (KL(p, center) + pull KL(p, reference)); its value.
  /// q is overwritten. `out` may be `center`.
  template <class Real>
  static Real respond(Real weight, std::uint32_t size, Real* q, const Real* center,
                      const Real* reference, Real pull, Real* out) {
    const Real scale = 1 / (1 + pull);
    const Real inverse = scale / weight;
    Real largest = -std::numeric_limits<Real>::infinity();
    for (std::uint32_t a = 0; a < size; ++a) {
      Real z = scale * center[a] + inverse * q[a];
      if (reference != nullptr && pull > 0) {
        z += scale * pull * reference[a];
      }
      q[a] = z;
      largest = z > largest ? z : largest;
    }
    Real sum = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      sum += std::exp(q[a] - largest);
    }
    const Real normal = std::log(sum);
    for (std::uint32_t a = 0; a < size; ++a) {
      out[a] = (q[a] - largest) - normal;  // largest + normal loses digits after long steps
    }
    return weight * (1 + pull) * (largest + normal);
  }
  template <class Real>
  [[nodiscard]] static Real divergence(std::uint32_t size, const Real* to, const Real* from) {
    Real total = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      const Real p = std::exp(to[a]);
      total += p > 0 ? p * (to[a] - from[a]) : Real{0};
    }
    return total;
  }
  template <class Real>
  [[nodiscard]] static Real radius(std::uint32_t size) {
    return std::log(static_cast<Real>(size));
  }
  /// D >= |.|_Q^2 / (2 modulus).
  template <class Real>
  [[nodiscard]] static Real modulus(const TreeplexShape& shape, std::size_t player) {
    return static_cast<Real>(shape.depth(player));
  }
};

/// Half the squared distance at each information set: the dual repeats the behaviour.
struct DilatedEuclidean {
  template <class Real>
  [[nodiscard]] static Real to_dual(Real probability) {
    return probability;
  }
  template <class Real>
  [[nodiscard]] static Real from_dual(Real dual) {
    return dual;
  }
  /// As above, the nearest point of the simplex to (center + pull reference + q / weight) / (1 +
  /// pull).
  template <class Real>
  static Real respond(Real weight, std::uint32_t size, Real* q, const Real* center,
                      const Real* reference, Real pull, Real* out) {
    const Real scale = 1 / (1 + pull);
    Real value = 0;
    Real shift = 0;
    // The threshold t of (v - t)^+ summing to one: fall from the mean of all to that of the kept.
    const auto aim = [&](std::uint32_t a) {
      const Real base = center[a] + q[a] / weight;
      return scale * (reference != nullptr ? base + pull * reference[a] : base);
    };
    Real sum = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      sum += aim(a);
    }
    shift = (sum - 1) / static_cast<Real>(size);
    for (std::uint32_t kept = size;;) {
      Real above = 0;
      std::uint32_t count = 0;
      for (std::uint32_t a = 0; a < size; ++a) {
        const Real excess = aim(a) - shift;
        above += excess > 0 ? excess : Real{0};
        count += excess > 0 ? 1U : 0U;
      }
      if (count >= kept || count == 0) {
        break;
      }
      kept = count;
      shift += (above - 1) / static_cast<Real>(count);
    }
    Real total = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      const Real excess = aim(a) - shift;
      const Real p = excess > 0 ? excess : Real{0};
      total += p;
      const Real moved = p - center[a];
      value += q[a] * p - weight * moved * moved / 2;
      if (reference != nullptr) {
        const Real pulled = p - reference[a];
        value -= weight * pull * pulled * pulled / 2;
      }
      q[a] = p;
    }
    for (std::uint32_t a = 0; a < size; ++a) {
      out[a] = q[a] / total;
    }
    return value;
  }
  template <class Real>
  [[nodiscard]] static Real divergence(std::uint32_t size, const Real* to, const Real* from) {
    Real total = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      total += (to[a] - from[a]) * (to[a] - from[a]);
    }
    return total / 2;
  }
  template <class Real>
  [[nodiscard]] static Real radius(std::uint32_t size) {
    return (1 - 1 / static_cast<Real>(size)) / 2;
  }
  template <class Real>
  [[nodiscard]] static Real modulus(const TreeplexShape& shape, std::size_t player) {
    return static_cast<Real>(shape.depth(player) * shape.largest_set(player));
  }
};

}  // namespace dag
