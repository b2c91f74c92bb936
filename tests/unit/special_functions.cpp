// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/numeric/digamma.hpp>
#include <dag/numeric/exponential.hpp>
#include <dag/numeric/lambert_w.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

// Computed with 40 digits from the binary values of the arguments.
struct Point {
  double x, value;
};
constexpr Point lambert[] = {{-0.36787944117144233, -0.99999999999999997748},
                             {-0.367879441171442, -0.99999995824871636719},
                             {-0.3678794411, -0.99998029224203295715},
                             {-0.36787, -0.99285272982152772597},
                             {-0.367, -0.93239918474792821668},
                             {-0.36, -0.80608431597081762445},
                             {-0.33, -0.60326664975513312215},
                             {-0.3000001, -0.48940254667661996069},
                             {-0.2999999, -0.48940190768411190263},
                             {-0.2, -0.25917110181907376448},
                             {-0.1, -0.11183255915896297182},
                             {-0.001, -0.0010010015026718858443},
                             {-1e-10, -1.0000000001000000364e-10},
                             {1e-300, 1.0000000000000000251e-300},
                             {1e-17, 1.0000000000000000615e-17},
                             {1e-08, 9.9999999000000017092e-9},
                             {0.01, 0.0099014738435950120894},
                             {0.3, 0.23675531078855930979},
                             {0.999999, 0.56714292851341995734},
                             {1.0, 0.567143290409783873},
                             {1.5, 0.72586135776622625705},
                             {2.718281828459045, 0.99999999999999997341},
                             {2.9999, 1.049891822299134895},
                             {3.0001, 1.0499259671952904747},
                             {10.0, 1.7455280027406993831},
                             {1000.0, 5.2496028524015962271},
                             {10000000000.0, 20.028685413304950781},
                             {1e+100, 224.84310644511850156},
                             {1e+308, 702.64136203410681209}};
constexpr Point omega[] = {
    {-600.0, 2.6503965530043108163e-261}, {-50.0, 1.928749847963917783e-22},
    {-1.0, 0.27846454276107379511},       {0.0, 0.567143290409783873},
    {0.5, 0.76624860816175025888},        {0.9999999, 0.99999995000000065132},
    {1.0000001, 1.0000000500000006542},   {2.0, 1.5571455989976114169},
    {10.0, 7.9294200950196973486},        {700.0, 693.45830887902549834},
    {10000.0, 9990.7905809942519249},     {1000000000000000.0, 999999999999965.46122},
    {1e+300, 1.0000000000000000525e+300}};
struct Psi {
  double x, psi, slope;
};
constexpr Psi psi[] = {{1e-10, -10000000000.5772153, 99999999999999992715.0},
                       {0.001, -1000.5755719318102797, 1000001.6425331958273},
                       {0.5, -1.9635100260214234794, 4.9348022005446793094},
                       {1.0, -0.57721566490153286061, 1.6449340668482264365},
                       {1.4616321449683622, -9.2412655217294275168e-17, 0.967672245447621255},
                       {2.0, 0.42278433509846713939, 0.64493406684822643647},
                       {3.7, 1.1671535393615114409, 0.31003785767003830216},
                       {9.999, 2.2516474172057353142, 0.10517738667672886215},
                       {10.0, 2.2517525890667211076, 0.10516633568168574612},
                       {10.001, 2.2518577498778718695, 0.10515528700654395987},
                       {100.0, 4.6001618527380874002, 0.010050166663333571395},
                       {1000000.0, 13.815510057964190771, 1.0000005000001666667e-6},
                       {1e+200, 460.51701859880913677, 1.0000000000000000303e-200}};

}  // namespace

TEST_CASE("lambert_w0 agrees with 40-digit values within 4 ulp, branch point included") {
  for (const Point& point : lambert) {
    CAPTURE(point.x);
    CHECK(std::abs(dag::lambert_w0(point.x) - point.value) <= 4 * epsilon * std::abs(point.value));
  }
  CHECK(dag::lambert_w0(0.0) == 0.0);
}

TEST_CASE_TEMPLATE("lambert_w0 inverts w exp(w)", Scalar, float, double, long double) {
  // The rounding of x = w exp(w) moves W by eps |w| / (1 + w): the condition of the problem.
  const Scalar unit = std::numeric_limits<Scalar>::epsilon();
  dag::RandomStream stream(3, 0);
  for (int draw = 0; draw < 3000; ++draw) {
    const auto w = static_cast<Scalar>(-1 + std::exp(10 * stream.uniform() - 6));
    const Scalar x = w * std::exp(w);
    CAPTURE(w);
    REQUIRE(std::abs(dag::lambert_w0(x) - w) <= 8 * unit * (std::abs(w) + std::abs(w) / (1 + w)) +
                                                    8 * unit * std::abs(w) * std::abs(w));
  }
}

TEST_CASE("lambert_w0 is increasing and refuses what lies outside its domain") {
  double before = -1;
  for (int i = 1; i < 20000; ++i) {
    const double x = -0.36787944117144233 + 1e-12 * std::pow(1.002, i);
    const double w = dag::lambert_w0(x);
    REQUIRE(w >= before);
    before = w;
  }
  CHECK(dag::lambert_w0(-0.36787944117144233) == doctest::Approx(-1).epsilon(1e-7));
  CHECK(dag::lambert_w0(static_cast<float>(-0.367879441171442334)) >= -1.0f);
  for (const double bad : {-0.3678794411714424, -1.0, infinity, -infinity, std::nan("")}) {
    CHECK_THROWS_AS(static_cast<void>(dag::lambert_w0(bad)), dag::Error);
  }
}

TEST_CASE("W0(exp(y)) neither overflows nor loses digits") {
  for (const Point& point : omega) {
    CAPTURE(point.x);
    const double w = dag::lambert_w0_exp(point.x);
    CHECK(std::abs(w - point.value) <=
          (4 + std::abs(std::fmin(point.x, 0.0))) * epsilon * point.value);
    if (point.x > -600) {
      const long double log_w = std::log(static_cast<long double>(point.value));
      CHECK(std::abs(dag::log_lambert_w0_exp(point.x) - log_w) <=
            8 * epsilon * (1 + std::abs(log_w)));
    }
  }
  CHECK(dag::log_lambert_w0_exp(-1e5) == -1e5);
  CHECK(dag::log_lambert_w0_exp(-infinity) == -infinity);
  CHECK(dag::lambert_w0_exp(-infinity) == 0.0);
  CHECK(dag::lambert_w0_exp(infinity) == infinity);
}

TEST_CASE("digamma and trigamma agree with 40-digit values") {
  for (const Psi& point : psi) {
    CAPTURE(point.x);
    CHECK(std::abs(dag::digamma(point.x) - point.psi) <= 8 * epsilon * (1 + std::abs(point.psi)));
    CHECK(std::abs(dag::trigamma(point.x) - point.slope) <= 8 * epsilon * point.slope);
  }
}

TEST_CASE_TEMPLATE("digamma and trigamma satisfy recurrence and reflection", Scalar, float, double,
                   long double) {
  const Scalar unit = std::numeric_limits<Scalar>::epsilon();
  const auto pi = static_cast<Scalar>(3.14159265358979323846264338327950288L);
  dag::RandomStream stream(4, 0);
  for (int draw = 0; draw < 2000; ++draw) {
    const auto x = static_cast<Scalar>(0.1 + 20 * stream.uniform());
    REQUIRE(std::abs(dag::digamma(x + 1) - dag::digamma(x) - 1 / x) <= 40 * unit * (1 + 1 / x));
    REQUIRE(std::abs(dag::trigamma(x) - dag::trigamma(x + 1) - 1 / x / x) <=
            40 * unit * dag::trigamma(x));
    const auto y = static_cast<Scalar>(0.1 + 0.8 * stream.uniform());
    REQUIRE(std::abs(dag::digamma(1 - y) - dag::digamma(y) - pi / std::tan(pi * y)) <= 400 * unit);
  }
  // psi(n+1) = H_n - gamma.
  Scalar harmonic = 0;
  for (int n = 1; n <= 200; ++n) {
    harmonic += 1 / static_cast<Scalar>(n);
    REQUIRE(std::abs(dag::digamma(static_cast<Scalar>(n + 1)) -
                     (harmonic - static_cast<Scalar>(0.57721566490153286060651209L))) <= 60 * unit);
  }
  for (const Scalar bad : {Scalar(0), Scalar(-1), std::numeric_limits<Scalar>::infinity(),
                           std::numeric_limits<Scalar>::quiet_NaN()}) {
    CHECK_THROWS_AS(static_cast<void>(dag::digamma(bad)), dag::Error);
    CHECK_THROWS_AS(static_cast<void>(dag::trigamma(bad)), dag::Error);
  }
}

namespace {
double ulps(double found, long double truth) {
  int exponent = 0;
  (void)std::frexp(static_cast<double>(truth), &exponent);
  const double unit = std::max(std::ldexp(1.0, exponent - 53), 0x1p-1074);
  return std::abs(static_cast<double>((found - truth) / unit));
}
/// Of an exponential over 200,000 draws of point(uniform number, count of draws), in ulp.
template <class Exp, class Point>
double largest_error(std::uint64_t seed, const Exp& exp, const Point& point) {
  dag::RandomStream stream(seed, 0);
  double error = 0;
  for (int draw = 0; draw < 200000; ++draw) {
    const double x = point(stream.uniform(), draw);
    error = std::max(error, ulps(exp(x), std::exp(static_cast<long double>(x))));
  }
  return error;
}
double lanes_exp(double x) {
  return dag::detail::smallest_lane(dag::detail::lanes_exp(dag::detail::all_lanes(x)));
}
}  // namespace

TEST_CASE("packed_exp is within one ulp of long double, denormal numbers included") {
  const double exp_error = largest_error(5, dag::detail::packed_exp, [](double u, int draw) {
    const int kind = draw % 4;
    return kind == 0   ? -746 + 1455.7 * u
           : kind == 1 ? 2 * u - 1
           : kind == 2 ? -40 * u
                       : -708.4 - 37 * u;
  });
  MESSAGE("largest error: ", exp_error, " ulp");
  CHECK(exp_error < 1);
  CHECK(dag::detail::packed_exp(0.0) == 1);
  CHECK(dag::detail::packed_exp(-infinity) == 0);
  CHECK(dag::detail::packed_exp(-746.0) == 0);
  CHECK(dag::detail::packed_exp(infinity) == infinity);
  CHECK(dag::detail::packed_exp(709.79) == infinity);
  CHECK(std::isfinite(dag::detail::packed_exp(709.78)));
  CHECK(std::isnan(dag::detail::packed_exp(std::nan(""))));
}

TEST_CASE("lanes_exp is within one ulp of long double, and 0 below e^-695") {
  const double exp_error = largest_error(6, lanes_exp, [](double u, int draw) {
    const int kind = draw % 3;
    return kind == 0 ? -695 + 1404 * u : kind == 1 ? 2 * u - 1 : -40 * u;
  });
  MESSAGE("largest error: ", exp_error, " ulp");
  CHECK(exp_error < 1);
  CHECK(lanes_exp(0.0) == 1);
  CHECK(lanes_exp(-695.0) > 0);
  for (const double x : {-695.0000001, -746.0, -1e300, -infinity}) {
    CHECK(lanes_exp(x) == 0);
  }
  CHECK(std::isnan(lanes_exp(std::nan(""))));
}
