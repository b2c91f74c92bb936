// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
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

#include <cmath>
#include <limits>
#include <vector>

namespace {

using Checks = contract::DivergenceChecks;

/// A user's generator: triangular discrimination, (t-1)^2 / (t+1).
struct Triangular {
  double value(double t) const { return (t - 1) * (t - 1) / (t + 1); }
  double derivative(double t) const { return 1 - 4 / ((t + 1) * (t + 1)); }
  double intercept(double t) const { return t < 1e300 ? 1 - 4 * t * t / ((t + 1) * (t + 1)) : -3; }
};

/// A user's potential on vectors: x' K x / 2 with K = I + 1 1'.
struct Mahalanobis {
  double value(std::span<const double> x) const {
    double sum = 0, square = 0;
    for (const double entry : x) {
      sum += entry;
      square += entry * entry;
    }
    return (square + sum * sum) / 2;
  }
  void gradient(std::span<const double> x, std::span<double> out) const {
    double sum = 0;
    for (const double entry : x) {
      sum += entry;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      out[i] = x[i] + sum;
    }
  }
  void hessian_product(std::span<const double>, std::span<const double> v,
                       std::span<double> out) const {
    gradient(v, out);
  }
};

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

static_assert(dag::Generator<dag::KlGenerator, float>);
static_assert(dag::HasConjugate<dag::AlphaGenerator>);
static_assert(!dag::HasConjugate<Triangular>);
static_assert(dag::SeparablePotential<dag::Tsallis> && !dag::VectorPotential<dag::Tsallis>);
static_assert(dag::VectorPotential<Mahalanobis> && !dag::SeparablePotential<Mahalanobis>);
static_assert(dag::HasInverseDerivative<dag::LogBarrier>);
static_assert(!dag::Divergence<dag::KlGenerator>);

TEST_CASE_TEMPLATE("f-divergences meet the contract", Real, float, double) {
  contract::check_divergence<Real>(dag::KlDivergence{}, {.infinite_where_first_alone = true});
  contract::check_divergence<Real>(dag::ReverseKlDivergence{},
                                   {.infinite_where_second_alone = true});
  contract::check_divergence<Real>(dag::ChiSquareDivergence{},
                                   {.infinite_where_first_alone = true});
  contract::check_divergence<Real>(dag::Swapped<dag::ChiSquareDivergence>{},
                                   {.infinite_where_second_alone = true});
  contract::check_divergence<Real>(dag::HellingerDivergence{}, {.symmetric = true});
  contract::check_divergence<Real>(dag::JensenShannonDivergence{}, {.symmetric = true});
  contract::check_divergence<Real>(dag::JensenShannonDivergence{dag::JensenShannonGenerator(0.2)},
                                   {});
  for (const double order :
       {-1.0, -0.3, 0.0, 1e-9, 0.3, 0.5, 0.8, 1.0, 1.0 + 1e-9, 1.5, 2.0, 3.0}) {
    CAPTURE(order);
    contract::check_divergence<Real>(
        dag::AlphaDivergence{dag::AlphaGenerator(order)},
        {.infinite_where_first_alone = order >= 1, .infinite_where_second_alone = order <= 0});
  }
}

TEST_CASE("total variation meets the contract (its entries never tie in the random checks)") {
  contract::check_divergence<double>(dag::TotalVariation{}, {.symmetric = true});
}

TEST_CASE("total variation takes the subgradient 0 at a tie") {
  const std::vector<double> p{0.2, 0.3, 0.5}, q{0.2, 0.5, 0.3};
  std::vector<double> slope(3);
  dag::TotalVariation{}.gradient_first(p, q, slope);
  CHECK(slope == std::vector<double>{0, -0.5, 0.5});
  dag::TotalVariation{}.gradient_second(p, q, slope);
  CHECK(slope == std::vector<double>{0, 0.5, -0.5});
}

TEST_CASE("a user's generator meets the contract") {
  contract::check_divergence<double>(dag::FDivergence<Triangular>{}, {.symmetric = true});
}

TEST_CASE_TEMPLATE("Renyi divergences meet the contract", Real, float, double) {
  for (const double order : {0.2, 0.5, 1.0, 2.0, 4.0}) {
    CAPTURE(order);
    contract::check_divergence<Real>(
        dag::RenyiDivergence(order),
        {.infinite_where_first_alone = order >= 1, .convex_first = order <= 1});
  }
}

TEST_CASE_TEMPLATE("Bregman divergences meet the contract", Real, float, double) {
  const Checks entropy{.infinite_where_first_alone = true};
  contract::check_divergence<Real>(dag::Bregman<dag::NegativeEntropy>{}, entropy);
  contract::check_divergence<Real>(
      dag::Bregman<dag::HalfSquaredNorm>{},
      {.symmetric = true, .data_processing = false, .refuses_negative = false});
  contract::check_divergence<Real>(dag::Bregman<dag::LogBarrier>{},
                                   {.infinite_where_first_alone = true,
                                    .infinite_where_second_alone = true,
                                    .convex_second = false,
                                    .data_processing = false});
  for (const double order : {0.5, 1.0, 1.5, 2.0, 3.0}) {
    CAPTURE(order);
    contract::check_divergence<Real>(dag::Bregman<dag::Tsallis>{dag::Tsallis(order)},
                                     {.infinite_where_first_alone = order <= 1,
                                      .convex_second = order >= 1 && order <= 2,
                                      .data_processing = order == 1});
  }
}

TEST_CASE("Bregman divergences of a user's potentials meet the contract") {
  contract::check_divergence<double>(
      dag::Bregman<Mahalanobis>{},
      {.symmetric = true, .data_processing = false, .refuses_negative = false, .separable = false});
  contract::check_divergence<double>(dag::Bregman<contract::PlainPotential<dag::NegativeEntropy>>{},
                                     {.infinite_where_first_alone = true});
  contract::check_divergence<double>(dag::Bregman<contract::PlainPotential<dag::LogBarrier>>{},
                                     {.infinite_where_first_alone = true,
                                      .infinite_where_second_alone = true,
                                      .convex_second = false,
                                      .data_processing = false});
  contract::check_divergence<double>(
      dag::Bregman<contract::PlainPotential<dag::HalfSquaredNorm>>{},
      {.symmetric = true, .data_processing = false, .refuses_negative = false});
}

TEST_CASE("potentials: inverse and conjugate of the derivative (Fenchel's equality)") {
  const auto check = [](const auto& potential) {
    for (const double x : {1e-3, 0.02, 0.3, 0.9, 1.0, 2.5}) {
      const double u = potential.derivative(x);
      CHECK(potential.inverse_derivative(u) == doctest::Approx(x).epsilon(1e-12));
      CHECK(potential.value(x) + potential.conjugate(u) == doctest::Approx(u * x).epsilon(1e-12));
      for (const double y : {0.01, 0.5, 3.0}) {  // Fenchel-Young
        CHECK(potential.value(y) + potential.conjugate(u) >= u * y - 1e-12);
      }
    }
  };
  check(dag::NegativeEntropy{});
  check(dag::HalfSquaredNorm{});
  check(dag::LogBarrier{});
  for (const double order : {0.5, 1.0, 1.0 + 1e-9, 1.5, 2.0, 3.0}) {
    CAPTURE(order);
    check(dag::Tsallis(order));
  }
  CHECK(dag::Tsallis(2.0).inverse_derivative(-5.0) == 0.0);
  CHECK(dag::Tsallis(2.0).conjugate(-5.0) == 0.0);
  CHECK(dag::Tsallis(0.5).conjugate(2.0) == infinity);
  CHECK(dag::LogBarrier{}.conjugate(0.0) == infinity);
}

TEST_CASE("potentials on vectors") {
  const std::vector<double> x{0.5, 0.0, 0.25}, negative{0.5, -0.1, 0.6};
  CHECK(dag::potential_value(dag::NegativeEntropy{}, x) == doctest::Approx(-std::log(2.0)));
  CHECK(dag::potential_value(dag::HalfSquaredNorm{}, negative) == doctest::Approx(0.31));
  CHECK(dag::potential_value(Mahalanobis{}, x) == doctest::Approx(0.15625 + 0.28125));
  std::vector<double> out(3);
  dag::potential_gradient(dag::NegativeEntropy{}, x, out);
  CHECK(out[0] == doctest::Approx(1 - std::log(2.0)));
  CHECK(out[1] == -infinity);
  dag::potential_gradient(Mahalanobis{}, x, out);
  CHECK(out[2] == doctest::Approx(1.0));
  contract::check_refuses(dag::Errc::not_a_distribution,
                          [&] { (void)dag::potential_value(dag::NegativeEntropy{}, negative); });
  out.pop_back();
  contract::check_refuses(dag::Errc::dimension_mismatch,
                          [&] { dag::potential_gradient(Mahalanobis{}, x, out); });
  contract::check_refuses(dag::Errc::dimension_mismatch,
                          [&] { dag::potential_gradient(dag::LogBarrier{}, x, out); });
}

TEST_CASE("options out of range are refused") {
  const auto refused = [](auto&& call) {
    contract::check_refuses(dag::Errc::invalid_argument, call);
  };
  for (const double weight : {0.0, 1.0, -0.5, double(NAN)}) {
    refused([&] { dag::JensenShannonGenerator{weight}; });
  }
  for (const double order : {infinity, double(NAN)}) {
    refused([&] { dag::AlphaGenerator{order}; });
    refused([&] { dag::RenyiDivergence{order}; });
    refused([&] { dag::Tsallis{order}; });
  }
  refused([] { dag::RenyiDivergence(0.0); });
  refused([] { dag::Tsallis(-1.0); });
}

TEST_CASE("extreme entries: finite where the value is, never NaN") {
  const std::vector<double> p{0.5, 0.5}, q{1e-320, 1.0}, tiny{1e-300, 1.0};
  CHECK(dag::KlDivergence{}.value(p, q) ==
        doctest::Approx(0.5 * (std::log(0.5) - std::log(1e-320)) + 0.5 * std::log(0.5)));
  CHECK(dag::ReverseKlDivergence{}.value(q, p) == dag::KlDivergence{}.value(p, q));
  CHECK(dag::ChiSquareDivergence{}.value(p, q) == infinity);  // 2.5e319
  CHECK(dag::RenyiDivergence(3.0).value(p, tiny) ==
        doctest::Approx(std::log(0.125) / 2 + 300 * std::log(10.0)));
  CHECK(dag::Bregman<dag::LogBarrier>{}.value(tiny, p) ==
        doctest::Approx(300 * std::log(10.0) + std::log(0.5) - 1 + 1 - std::log(2.0)));
}
