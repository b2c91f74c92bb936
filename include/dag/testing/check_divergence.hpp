// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/divergence/divergence.hpp>
#include <dag/testing/report.hpp>

namespace dag::testing {

/// What the divergence claims; `check_divergence` holds it to that.
struct DivergenceChecks {
  bool infinite_where_first_alone = false;   ///< p_i > 0 = q_i
  bool infinite_where_second_alone = false;  ///< q_i > 0 = p_i
  bool symmetric = false;                    ///< D(p, q) = D(q, p)
  bool convex_first = true;                  ///< in p
  bool convex_second = true;                 ///< in q
  bool data_processing = true;               ///< D(Kp, Kq) <= D(p, q) for every channel K
  bool refuses_negative = true;              ///< negative entries are an error
  bool separable = true;      ///< a sum over entries, so that common zeros take no part at all
  std::uint64_t seed = 2026;  ///< of the points
};

/// A distribution with every entry at least about 1 / (20 n).
template <class Real>
std::vector<Real> random_distribution(std::size_t n, RandomStream& stream) {
  std::vector<Real> p(n);
  double total = 0;
  for (Real& entry : p) {
    const double draw = 0.05 - std::log1p(-stream.uniform());
    entry = static_cast<Real>(draw);
    total += draw;
  }
  for (Real& entry : p) {
    entry = static_cast<Real>(static_cast<double>(entry) / total);
  }
  return p;
}

template <class Real>
std::vector<Real> mix(const std::vector<Real>& a, const std::vector<Real>& b, Real weight) {
  std::vector<Real> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i] = (1 - weight) * a[i] + weight * b[i];
  }
  return out;
}

namespace detail {

/// D >= 0, zero iff equal, symmetric where promised.
template <class Real, class D>
void check_divergence_sign(Report& report, const D& divergence, const DivergenceChecks& checks) {
  constexpr Real epsilon = std::numeric_limits<Real>::epsilon();
  RandomStream stream(checks.seed, 1);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto p = random_distribution<Real>(7, stream), q = random_distribution<Real>(7, stream);
    const Real value = divergence.value(p, q), zero = divergence.value(p, p);
    DAG_TESTING_CHECK(value > 1000 * epsilon);
    DAG_TESTING_CHECK(zero >= 0);
    DAG_TESTING_CHECK(zero <= 100 * epsilon);
    DAG_TESTING_CHECK(divergence.value(mix(p, q, Real(0.01)), q) > 0);
    if (checks.symmetric) {
      DAG_TESTING_CHECK(std::abs(divergence.value(q, p) - value) <= 100 * epsilon * (1 + value));
    }
  }
}

/// Gradients by central differences along p_i (1 + h d_i), h = epsilon^(1/3): relative steps, so
/// the truncation is of order h^2 whatever the size of an entry. Constant where p = q.
template <class Real, class D>
void check_divergence_gradients(Report& report, const D& divergence,
                                const DivergenceChecks& checks) {
  const Real h = std::cbrt(std::numeric_limits<Real>::epsilon());
  RandomStream stream(checks.seed, 2);
  std::vector<Real> gradient(6);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto p = random_distribution<Real>(6, stream), q = random_distribution<Real>(6, stream);
    for (const bool first : {true, false}) {
      const auto& moving = first ? p : q;
      std::vector<Real> up = moving, down = moving, direction(moving.size());
      for (std::size_t i = 0; i < moving.size(); ++i) {
        direction[i] = moving[i] * static_cast<Real>(2 * stream.uniform() - 1);
        up[i] += h * direction[i];
        down[i] -= h * direction[i];
      }
      first ? divergence.gradient_first(p, q, gradient)
            : divergence.gradient_second(p, q, gradient);
      Real expected = 0, size = 1;
      for (std::size_t i = 0; i < moving.size(); ++i) {
        expected += gradient[i] * direction[i];
        size += std::abs(gradient[i] * direction[i]);
      }
      const Real difference = (first ? divergence.value(up, q) - divergence.value(down, q)
                                     : divergence.value(p, up) - divergence.value(p, down)) /
                              (2 * h);
      DAG_TESTING_CHECK(std::abs(difference - expected) <= h * size);
    }
    divergence.gradient_first(p, p, gradient);
    for (const Real entry : gradient) {
      DAG_TESTING_CHECK(std::abs(entry - gradient[0]) <=
                        1000 * std::numeric_limits<Real>::epsilon());
    }
    divergence.gradient_second(p, p, gradient);
    for (const Real entry : gradient) {
      DAG_TESTING_CHECK(std::abs(entry - gradient[0]) <=
                        1000 * std::numeric_limits<Real>::epsilon());
    }
  }
}

/// Convexity along random segments, and data processing under random channels.
template <class Real, class D>
void check_divergence_shape(Report& report, const D& divergence, const DivergenceChecks& checks) {
  const Real slack = 100 * std::numeric_limits<Real>::epsilon();
  RandomStream stream(checks.seed, 3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto a = random_distribution<Real>(5, stream), b = random_distribution<Real>(5, stream),
               c = random_distribution<Real>(5, stream);
    const Real weight = static_cast<Real>(stream.uniform());
    const auto middle = mix(a, b, weight);
    const auto convex = [&](Real at, Real left, Real right) {
      DAG_TESTING_CHECK(at <= (1 - weight) * left + weight * right + slack * (1 + left + right));
    };
    if (checks.convex_first) {
      convex(divergence.value(middle, c), divergence.value(a, c), divergence.value(b, c));
    }
    if (checks.convex_second) {
      convex(divergence.value(c, middle), divergence.value(c, a), divergence.value(c, b));
    }
    if (checks.data_processing) {
      std::vector<Real> seen_a(3, Real{0}), seen_b(3, Real{0});
      for (std::size_t i = 0; i < a.size(); ++i) {
        const auto row = random_distribution<Real>(3, stream);
        for (std::size_t j = 0; j < 3; ++j) {
          seen_a[j] += a[i] * row[j];
          seen_b[j] += b[i] * row[j];
        }
      }
      const Real before = divergence.value(a, b);
      DAG_TESTING_CHECK(divergence.value(seen_a, seen_b) <= before + slack * (1 + before));
    }
  }
}

/// The stated behaviour at zeros: infinite or finite, never NaN; common zeros take no part.
template <class Real, class D>
void check_divergence_support(Report& report, const D& divergence, const DivergenceChecks& checks) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  const std::vector<Real> both{Real(0.25), Real(0.75)}, one{Real{1}, Real{0}}, other{0, 1},
      negative_zero{Real{1}, -Real{0}};
  const auto check = [&](const std::vector<Real>& p, const std::vector<Real>& q, bool infinite) {
    const Real value = divergence.value(p, q);
    DAG_TESTING_CHECK(value > 0);
    DAG_TESTING_CHECK((value == infinity) == infinite);
    std::vector<Real> gradient(p.size());
    divergence.gradient_first(p, q, gradient);
    for (const Real entry : gradient) {
      DAG_TESTING_CHECK(entry == entry);
    }
    divergence.gradient_second(p, q, gradient);
    for (const Real entry : gradient) {
      DAG_TESTING_CHECK(entry == entry);
    }
  };
  check(both, one, checks.infinite_where_first_alone);
  check(one, both, checks.infinite_where_second_alone);
  DAG_TESTING_CHECK(divergence.value(negative_zero, both) == divergence.value(one, both));
  DAG_TESTING_CHECK(divergence.value(both, negative_zero) == divergence.value(both, one));
  std::vector<Real> slope(2), slope_again(2);
  divergence.gradient_first(one, both, slope);
  divergence.gradient_first(negative_zero, both, slope_again);
  DAG_TESTING_CHECK(slope == slope_again);
  for (const auto& [p, q] : {std::pair{one, other}, std::pair{other, one}}) {
    DAG_TESTING_CHECK(divergence.value(p, q) > 0);
    divergence.gradient_first(p, q, slope);
    DAG_TESTING_CHECK((slope[0] == slope[0] && slope[1] == slope[1]));
    divergence.gradient_second(p, q, slope);
    DAG_TESTING_CHECK((slope[0] == slope[0] && slope[1] == slope[1]));
  }
  DAG_TESTING_CHECK(divergence.value(one, one) <= 100 * std::numeric_limits<Real>::epsilon());

  if (!checks.separable) {
    return;
  }
  RandomStream stream(checks.seed, 4);
  const auto p = random_distribution<Real>(4, stream), q = random_distribution<Real>(4, stream);
  auto longer_p = p, longer_q = q;
  longer_p.push_back(0);
  longer_q.push_back(0);
  DAG_TESTING_CHECK(divergence.value(longer_p, longer_q) == divergence.value(p, q));
  std::vector<Real> gradient(4), longer(5);
  divergence.gradient_first(p, q, gradient);
  divergence.gradient_first(longer_p, longer_q, longer);
  DAG_TESTING_CHECK(longer[4] == 0);
  longer.pop_back();
  DAG_TESTING_CHECK(longer == gradient);
  longer.resize(5);
  divergence.gradient_second(p, q, gradient);
  divergence.gradient_second(longer_p, longer_q, longer);
  DAG_TESTING_CHECK(longer[4] == 0);
  longer.pop_back();
  DAG_TESTING_CHECK(longer == gradient);
}

/// Lengths and entries are checked by all three functions.
template <class Real, class D>
void check_divergence_errors(Report& report, const D& divergence, const DivergenceChecks& checks) {
  const std::vector<Real> good{Real(0.5), Real(0.5)}, three{0, 0, 1};
  std::vector<Real> out(2), long_out(3);
  const auto refuse = [&](Errc code, const std::vector<Real>& p, const std::vector<Real>& q) {
    refuses(report, code, [&] { (void)divergence.value(p, q); });
    refuses(report, code, [&] { divergence.gradient_first(p, q, out); });
    refuses(report, code, [&] { divergence.gradient_second(p, q, out); });
  };
  refuse(Errc::dimension_mismatch, good, three);
  refuse(Errc::dimension_mismatch, three, good);
  refuses(report, Errc::dimension_mismatch,
          [&] { divergence.gradient_first(good, good, long_out); });
  refuses(report, Errc::dimension_mismatch,
          [&] { divergence.gradient_second(good, good, long_out); });
  for (const Real bad :
       {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity(),
        -std::numeric_limits<Real>::infinity()}) {
    refuse(Errc::not_finite, {bad, Real(0.5)}, good);
    refuse(Errc::not_finite, good, {Real(0.5), bad});
  }
  if (checks.refuses_negative) {
    refuse(Errc::not_a_distribution, {Real(-0.1), Real(1.1)}, good);
    refuse(Errc::not_a_distribution, good, {Real(-0.1), Real(1.1)});
  }
}

}  // namespace detail

/// What every divergence promises: sign, gradients, convexity, data processing, the stated
/// behaviour at zeros, refusals.
template <class Real, class D>
[[nodiscard]] Report check_divergence(const D& divergence, const DivergenceChecks& checks = {}) {
  Report report;
  static_assert(Divergence<D, Real>);
  detail::check_divergence_sign<Real>(report, divergence, checks);
  detail::check_divergence_gradients<Real>(report, divergence, checks);
  detail::check_divergence_shape<Real>(report, divergence, checks);
  detail::check_divergence_support<Real>(report, divergence, checks);
  detail::check_divergence_errors<Real>(report, divergence, checks);
  return report;
}

}  // namespace dag::testing
