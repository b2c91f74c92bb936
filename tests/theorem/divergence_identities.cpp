// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What ties divergences to each other: identities to rounding, and the inequalities of the field.
// Sources: Sason, Verdu (2016), doi:10.1109/TIT.2016.2603151; van Erven, Harremoes (2014).
#include <dag/divergence/alpha.hpp>
#include <dag/divergence/bregman.hpp>
#include <dag/divergence/chi_square.hpp>
#include <dag/divergence/hellinger.hpp>
#include <dag/divergence/jensen_shannon.hpp>
#include <dag/divergence/kl.hpp>
#include <dag/divergence/potentials.hpp>
#include <dag/divergence/renyi.hpp>
#include <dag/divergence/swapped.hpp>
#include <dag/divergence/total_variation.hpp>

#include <doctest/doctest.h>
#include <contract/divergence.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using Vector = std::vector<double>;

template <class Check>
void for_random_pairs(Check&& check) {
  dag::RandomStream stream(7, 0);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const std::size_t n = 2 + static_cast<std::size_t>(stream.below(9));
    const auto p = contract::random_distribution<double>(n, stream);
    auto q = contract::random_distribution<double>(n, stream);
    if (repeat % 3 == 0) {  // near each other: the relative accuracy matters
      q = contract::mix(p, q, 1e-3);
    }
    check(p, q);
  }
}

template <class A, class B>
void check_same(const A& a, const B& b, double factor, const Vector& p, const Vector& q) {
  const double x = a.value(p, q), y = factor * b.value(p, q);
  CHECK(std::abs(x - y) <= 1e-13 * (1 + y));
  Vector u(p.size()), v(p.size());
  a.gradient_first(p, q, u);
  b.gradient_first(p, q, v);
  for (std::size_t i = 0; i < p.size(); ++i) {
    CHECK(std::abs(u[i] - factor * v[i]) <= 1e-12 * (1 + std::abs(u[i])));
  }
  a.gradient_second(p, q, u);
  b.gradient_second(p, q, v);
  for (std::size_t i = 0; i < p.size(); ++i) {
    CHECK(std::abs(u[i] - factor * v[i]) <= 1e-12 * (1 + std::abs(u[i])));
  }
}

dag::AlphaDivergence alpha(double order) { return {dag::AlphaGenerator(order)}; }

}  // namespace

TEST_CASE("one divergence by several roads") {
  for_random_pairs([](const Vector& p, const Vector& q) {
    check_same(dag::Bregman<dag::NegativeEntropy>{}, dag::KlDivergence{}, 1, p, q);
    check_same(dag::Bregman<dag::Tsallis>{dag::Tsallis(1.0)}, dag::KlDivergence{}, 1, p, q);
    check_same(dag::Bregman<dag::Tsallis>{dag::Tsallis(2.0)}, dag::Bregman<dag::HalfSquaredNorm>{},
               2, p, q);
    check_same(dag::Swapped<dag::KlDivergence>{}, dag::ReverseKlDivergence{}, 1, p, q);
    check_same(alpha(1), dag::KlDivergence{}, 1, p, q);
    check_same(alpha(0), dag::ReverseKlDivergence{}, 1, p, q);
    check_same(alpha(2), dag::ChiSquareDivergence{}, 0.5, p, q);
    check_same(alpha(-1), dag::Swapped<dag::ChiSquareDivergence>{}, 0.5, p, q);
    check_same(alpha(0.5), dag::HellingerDivergence{}, 4, p, q);
    check_same(alpha(0.3), dag::Swapped<dag::AlphaDivergence>{alpha(0.7)}, 1, p, q);
  });
}

TEST_CASE("textbook formulas") {
  for_random_pairs([](const Vector& p, const Vector& q) {
    double kl = 0, chi = 0, affinity = 0, distance = 0, square = 0, js = 0, renyi = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double mean = (p[i] + q[i]) / 2;
      kl += p[i] * std::log(p[i] / q[i]);
      chi += p[i] * p[i] / q[i];
      affinity += std::sqrt(p[i] * q[i]);
      distance += std::abs(p[i] - q[i]);
      square += (p[i] - q[i]) * (p[i] - q[i]);
      js += -mean * std::log(mean) + (p[i] * std::log(p[i]) + q[i] * std::log(q[i])) / 2;
      renyi += std::pow(p[i], 3) / (q[i] * q[i]);
    }
    CHECK(dag::KlDivergence{}.value(p, q) == doctest::Approx(kl).epsilon(1e-9));
    CHECK(dag::ChiSquareDivergence{}.value(p, q) == doctest::Approx(chi - 1).epsilon(1e-9));
    CHECK(dag::HellingerDivergence{}.value(p, q) == doctest::Approx(1 - affinity).epsilon(1e-9));
    CHECK(dag::TotalVariation{}.value(p, q) == doctest::Approx(distance / 2).epsilon(1e-12));
    CHECK(dag::Bregman<dag::HalfSquaredNorm>{}.value(p, q) ==
          doctest::Approx(square / 2).epsilon(1e-12));
    CHECK(dag::JensenShannonDivergence{}.value(p, q) == doctest::Approx(js).epsilon(1e-9));
    CHECK(dag::RenyiDivergence(3.0).value(p, q) ==
          doctest::Approx(std::log(renyi) / 2).epsilon(1e-9));
    CHECK(dag::RenyiDivergence(0.5).value(p, q) ==
          doctest::Approx(-2 * std::log(affinity)).epsilon(1e-9));
    CHECK(dag::RenyiDivergence(2.0).value(p, q) == doctest::Approx(std::log(chi)).epsilon(1e-9));
  });
}

TEST_CASE("Jensen-Shannon is the mean of KLs to the mean, at most log 2, for every weight") {
  for_random_pairs([](const Vector& p, const Vector& q) {
    for (const double weight : {0.1, 0.5, 0.8}) {
      const dag::JensenShannonDivergence js{dag::JensenShannonGenerator(weight)};
      const auto mean = contract::mix(q, p, weight);
      const double kls = weight * dag::KlDivergence{}.value(p, mean) +
                         (1 - weight) * dag::KlDivergence{}.value(q, mean);
      CHECK(std::abs(js.value(p, q) - kls) <= 1e-14);
      CHECK(js.value(p, q) <= std::log(2.0));
    }
  });
  const Vector one{1, 0}, other{0, 1};
  CHECK(dag::JensenShannonDivergence{}.value(one, other) == doctest::Approx(std::log(2.0)));
  CHECK(dag::TotalVariation{}.value(one, other) == 1.0);
  CHECK(dag::HellingerDivergence{}.value(one, other) == 1.0);
}

TEST_CASE("inequalities: Pinsker, KL <= log(1 + chi2), Le Cam, Renyi increases with its order") {
  for_random_pairs([](const Vector& p, const Vector& q) {
    constexpr double slack = 1e-13;
    const double kl = dag::KlDivergence{}.value(p, q), tv = dag::TotalVariation{}.value(p, q),
                 chi = dag::ChiSquareDivergence{}.value(p, q),
                 hellinger = dag::HellingerDivergence{}.value(p, q),
                 js = dag::JensenShannonDivergence{}.value(p, q);
    CHECK(kl >= 2 * tv * tv - slack);
    CHECK(kl <= std::log1p(chi) + slack);
    CHECK(hellinger <= tv + slack);
    CHECK(tv <= std::sqrt(hellinger * (2 - hellinger)) + slack);
    CHECK(kl >= -2 * std::log1p(-hellinger) - slack);
    CHECK(js >= hellinger * hellinger / 2 - slack);
    CHECK(js <= std::log(2.0) * tv + slack);
    double before = 0;
    for (const double order : {0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 5.0, 30.0}) {
      const double renyi = dag::RenyiDivergence(order).value(p, q);
      CHECK(renyi >= before - slack);
      before = renyi;
    }
  });
}

TEST_CASE("conjugates: D_f = max_u sum p u - q f*(u), attained at u = f'(p/q)") {
  const auto check = [](const auto& divergence) {
    for_random_pairs([&](const Vector& p, const Vector& q) {
      dag::RandomStream stream(3, p.size());
      Vector slope(p.size());
      divergence.gradient_first(p, q, slope);
      double attained = 0, other = 0;
      for (std::size_t i = 0; i < p.size(); ++i) {
        attained += p[i] * slope[i] - q[i] * divergence.conjugate(slope[i]);
        const double u = slope[i] + 0.3 * stream.normal();
        other += p[i] * u - q[i] * divergence.conjugate(u);
      }
      const double value = divergence.value(p, q);
      CHECK(std::abs(attained - value) <= 1e-12 * (1 + value));
      CHECK(other <= value + 1e-12);
    });
  };
  check(dag::KlDivergence{});
  check(dag::ReverseKlDivergence{});
  check(dag::ChiSquareDivergence{});
  check(dag::HellingerDivergence{});
  check(dag::JensenShannonDivergence{});
  check(dag::JensenShannonDivergence{dag::JensenShannonGenerator(0.3)});
  check(dag::TotalVariation{});
  for (const double order : {-1.0, 0.0, 0.4, 1.0, 1.7, 2.0, 3.0}) {
    CAPTURE(order);
    check(alpha(order));
  }
}

TEST_CASE("conjugates are the supremum of t u - f(t) over t >= 0, for every u") {
  const auto check = [](const auto& generator) {
    for (double u = -4; u <= 4; u += 0.0625) {
      double best = -generator.intercept(0.0);  // t = 0
      for (double log_t = -12; log_t <= 12; log_t += 1e-3) {
        const double t = std::exp(log_t);
        best = std::max(best, t * u - generator.value(t));
      }
      const double conjugate = generator.conjugate(u);
      CAPTURE(u);
      CHECK(best <= conjugate + 1e-12 * (1 + std::abs(conjugate)));
      if (conjugate == std::numeric_limits<double>::infinity()) {
        CHECK(best > 3);  // still growing at the end of the grid
      } else if (best < 100) {
        CHECK(best >= conjugate - 1e-4 * (1 + std::abs(conjugate)));
      }
    }
  };
  check(dag::ChiSquareGenerator{});
  check(dag::KlGenerator{});
  check(dag::TotalVariationGenerator{});
  for (const double order : {1.5, 2.0, 3.0}) {
    check(dag::AlphaGenerator(order));
  }
  CHECK(dag::ReverseKlGenerator{}.conjugate(1.0) == std::numeric_limits<double>::infinity());
  CHECK(dag::HellingerGenerator{}.conjugate(0.5) == std::numeric_limits<double>::infinity());
  CHECK(dag::JensenShannonGenerator{}.conjugate(0.5) == std::numeric_limits<double>::infinity());
  CHECK(dag::AlphaGenerator(0.5).conjugate(2.5) == std::numeric_limits<double>::infinity());
  CHECK(dag::AlphaGenerator(-1.0).conjugate(0.5) == 1.0);  // f'(inf) = 1/2 is reached there
}

TEST_CASE("every f-divergence is f''(1) / 2 times chi-square between near distributions") {
  const Vector p{0.2, 0.3, 0.5};
  const double h = 1e-6;
  const Vector q{0.2 + h, 0.3 - 2 * h, 0.5 + h};
  const double chi = dag::ChiSquareDivergence{}.value(p, q);
  CHECK(dag::KlDivergence{}.value(p, q) == doctest::Approx(chi / 2).epsilon(1e-4));
  CHECK(dag::ReverseKlDivergence{}.value(p, q) == doctest::Approx(chi / 2).epsilon(1e-4));
  CHECK(dag::HellingerDivergence{}.value(p, q) == doctest::Approx(chi / 8).epsilon(1e-4));
  CHECK(dag::JensenShannonDivergence{}.value(p, q) == doctest::Approx(chi / 8).epsilon(1e-4));
}

TEST_CASE("Bregman: three-point identity, and the mean is the right centroid for every potential") {
  const auto check = [](const auto& divergence) {
    dag::RandomStream stream(11, 0);
    const auto a = contract::random_distribution<double>(5, stream),
               b = contract::random_distribution<double>(5, stream),
               c = contract::random_distribution<double>(5, stream);
    Vector slope(5);
    divergence.gradient_first(b, c, slope);  // grad phi(b) - grad phi(c)
    double inner = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      inner += slope[i] * (a[i] - b[i]);
    }
    const double left = divergence.value(a, c),
                 right = divergence.value(a, b) + divergence.value(b, c) + inner;
    CHECK(std::abs(left - right) <= 1e-12 * (1 + left));
    const auto mean = contract::mix(a, b, 0.3);
    const auto spread = [&](const Vector& centre) {
      return 0.7 * divergence.value(a, centre) + 0.3 * divergence.value(b, centre);
    };
    for (int repeat = 0; repeat < 20; ++repeat) {
      const auto other = contract::random_distribution<double>(5, stream);
      CHECK(spread(mean) < spread(other));
      CHECK(spread(other) - spread(mean) ==
            doctest::Approx(divergence.value(mean, other)).epsilon(1e-9));
    }
  };
  check(dag::Bregman<dag::NegativeEntropy>{});
  check(dag::Bregman<dag::HalfSquaredNorm>{});
  check(dag::Bregman<dag::LogBarrier>{});
  check(dag::Bregman<dag::Tsallis>{dag::Tsallis(0.5)});
  check(dag::Bregman<dag::Tsallis>{dag::Tsallis(3.0)});
}
