// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/numeric/scalar_root.hpp>

#include <doctest/doctest.h>

#include <limits>

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// f(x) with f(root) = 0, monotone on [low, high].
struct Case {
  double (*value)(double);
  double (*slope)(double);
  double low, high, root;
};

const Case cases[] = {
    {[](double x) { return x * x - 2; }, [](double x) { return 2 * x; }, 0, 100, std::sqrt(2.0)},
    {[](double x) { return std::exp(-x) - x; }, [](double x) { return -std::exp(-x) - 1; }, -5, 900,
     0.567143290409783873},
    {[](double x) { return std::atan(x - 3); },
     [](double x) { return 1 / (1 + (x - 3) * (x - 3)); }, -1e6, 1e8, 3},
    {[](double x) { return std::log(x) - 5; }, [](double x) { return 1 / x; }, 1e-300, 1e300,
     std::exp(5.0)},
    {[](double x) { return 1 / (1 - x) - 1e6; }, [](double x) { return 1 / (1 - x) / (1 - x); }, 0,
     1 - 1e-12, 1 - 1e-6},
    {[](double x) { return x - 1e-30; }, [](double) { return 1.0; }, -1, 1, 1e-30},
};

}  // namespace

TEST_CASE("find_root reaches the precision of the scalar on monotone functions") {
  for (const Case& item : cases) {
    CAPTURE(item.root);
    const auto found = dag::find_root(item.value, item.low, item.high, {.max_iterations = 2000});
    CHECK(found.converged);
    CHECK(std::abs(found.root - item.root) <= 8 * epsilon * std::abs(item.root) + 1e-16 * 1e-16);
    CHECK(found.low <= found.root);
    CHECK(found.root <= found.high);
    const auto newton = dag::find_root_newton(
        [&](double x) {
          return dag::ValueAndSlope<double>{item.value(x), item.slope(x)};
        },
        item.low, item.high, item.low + (item.high - item.low) / 3, {.max_iterations = 2000});
    CHECK(newton.converged);
    CHECK(std::abs(newton.root - item.root) <= 8 * epsilon * std::abs(item.root) + 1e-16 * 1e-16);
  }
}

TEST_CASE("smooth functions take few evaluations, nasty ones at most a few bisections more") {
  CHECK(dag::find_root([](double x) { return x * x * x - x - 1; }, 1.0, 2.0).iterations <= 12);
  const auto newton = dag::find_root_newton(
      [](double x) {
        return dag::ValueAndSlope<double>{x * x * x - x - 1, 3 * x * x - 1};
      },
      1.0, 2.0, 1.5);
  CHECK(newton.iterations <= 7);
  // A step, and a root of order nine: no interpolation helps, bisection must.
  const auto step = dag::find_root([](double x) { return x < 0.3 ? -1.0 : 1.0; }, 0.0, 1.0);
  CHECK(step.converged);
  CHECK(std::abs(step.root - 0.3) <= 4 * epsilon);
  CHECK(step.iterations <= 60);
  const auto flat = dag::find_root([](double x) { return std::pow(x - 0.3, 9); }, -1.0, 1.5);
  CHECK(flat.converged);
  CHECK(flat.iterations <= 180);
}

TEST_CASE("Newton's step is taken only while it shrinks fast enough") {
  // Near 0.3 the steps overshoot by 0.82: plain Newton creeps, alternating, inside its bracket.
  const auto creeping = dag::find_root_newton(
      [](double x) {
        const double off = x - 0.3, size = std::abs(off);
        return dag::ValueAndSlope<double>{std::copysign(std::pow(size, 0.55), off),
                                          0.55 * std::pow(size, -0.45)};
      },
      -1.0, 1.0, 0.9);
  CHECK(creeping.converged);
  CHECK(std::abs(creeping.root - 0.3) <= 4 * epsilon);
  CHECK(creeping.iterations <= 120);
}

TEST_CASE("roots at an end, infinite values and tolerances") {
  CHECK(dag::find_root([](double x) { return x; }, 0.0, 1.0).root == 0.0);
  CHECK(dag::find_root([](double x) { return x - 1; }, 0.0, 1.0).root == 1.0);
  CHECK(dag::find_root([](double x) { return x; }, 0.0, 0.0).root == 0.0);
  const auto pole = [](double x) { return 1 / x - 1 / (1 - x) - 8; };
  CHECK(dag::find_root(pole, 0.0, 1.0).root ==
        doctest::Approx((10 - std::sqrt(100.0 - 32)) / 16).epsilon(1e-14));
  const auto rough = dag::find_root([](double x) { return x - 0.2; }, 0.0, 1.0,
                                    {.absolute_tolerance = 0.5, .max_iterations = 3});
  CHECK(rough.converged);
  const auto stopped = dag::find_root([](double x) { return x < 0.3 ? -1.0 : 1.0; }, 0.0, 1.0,
                                      {.max_iterations = 3});
  CHECK_FALSE(stopped.converged);
  CHECK(stopped.iterations == 3);
  CHECK(stopped.low <= 0.3);
  CHECK(stopped.high >= 0.3);
}

TEST_CASE("no sign change, NaN and a wrong bracket are errors that say so") {
  const auto positive = [](double x) { return x * x + 1; };
  CHECK_THROWS_WITH_AS(static_cast<void>(dag::find_root(positive, -1.0, 1.0)),
                       doctest::Contains("must change sign"), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::find_root(positive, 1.0, -1.0)), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::find_root([](double) { return std::nan(""); }, 0.0, 1.0)),
                  dag::Error);
  CHECK_THROWS_AS(
      static_cast<void>(dag::find_root(
          [](double x) { return x == 0 || x == 1 ? x - 0.5 : std::nan(""); }, 0.0, 1.0)),
      dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::find_root_newton(
                      [](double x) {
                        return dag::ValueAndSlope<double>{x + 5, 1};
                      },
                      0.0, 1.0, 0.5)),
                  dag::Error);
}

TEST_CASE("bracket_root walks outward to a sign change, within its limits") {
  const auto f = [](double x) { return x - 1000; };
  const auto up = dag::bracket_root(f, 0.0, 1.0);
  CHECK(f(up.low) <= 0);
  CHECK(f(up.high) >= 0);
  const auto down = dag::bracket_root(f, 5000.0, -1.0);
  CHECK(f(down.low) <= 0);
  CHECK(f(down.high) >= 0);
  CHECK_THROWS_AS(static_cast<void>(dag::bracket_root(f, 0.0, 1.0, 0.0, 999.0)), dag::Error);
  CHECK(dag::bracket_root(f, 0.0, 1.0, 0.0, 1000.0).high == 1000.0);
  CHECK_THROWS_AS(static_cast<void>(dag::bracket_root(f, 0.0, 0.0)), dag::Error);
}
