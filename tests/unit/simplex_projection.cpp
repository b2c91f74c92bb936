// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/numeric/simplex_projection.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// The projection by a full sort, in long double.
std::vector<double> by_sorting(const std::vector<double>& values, double radius) {
  std::vector<long double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const long double shift = sorted[0];
  long double sum = 0, tau = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum += sorted[i] - shift;
    const long double candidate = (sum - radius) / static_cast<long double>(i + 1);
    if (sorted[i] - shift > candidate) {
      tau = candidate;
    }
  }
  std::vector<double> result;
  for (const double value : values) {
    result.push_back(static_cast<double>(std::fmax((value - shift) - tau, 0.0L)));
  }
  return result;
}

}  // namespace

TEST_CASE("project_simplex equals the projection by sorting") {
  dag::RandomStream stream(5, 0);
  std::vector<double> workspace(300);
  for (int draw = 0; draw < 2000; ++draw) {
    const std::size_t size = 1 + stream.below(draw % 10 == 0 ? 300 : 12);
    const double radius = std::exp(4 * stream.normal());
    const double spread = std::exp(5 * stream.normal());
    const double offset = draw % 3 == 0 ? 1e6 * stream.normal() : 0;
    std::vector<double> values(size);
    for (double& value : values) {
      value = offset + spread * (draw % 5 == 0 ? static_cast<double>(stream.below(3))  // ties
                                               : stream.normal());
    }
    const auto expected = by_sorting(values, radius);
    auto projected = values;
    const double tau = dag::project_simplex(projected, workspace, radius);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      REQUIRE(projected[i] >= 0);
      REQUIRE(std::abs(projected[i] - expected[i]) <= 4000 * epsilon * (radius + spread));
      REQUIRE(std::abs(projected[i] - std::fmax(values[i] - tau, 0.0)) <=
              8 * epsilon * (std::abs(tau) + std::abs(values[i]) + radius));
      sum += projected[i];
    }
    REQUIRE(std::abs(sum - radius) <= 1000 * epsilon * (radius + spread));
  }
}

TEST_CASE("points of the simplex stay, one coordinate takes all, ties share") {
  std::vector<double> inside{0.2, 0.3, 0.5};
  dag::project_simplex(inside);
  CHECK(inside[0] == doctest::Approx(0.2).epsilon(1e-15));
  CHECK(inside[2] == doctest::Approx(0.5).epsilon(1e-15));
  std::vector<double> vertex{-1e300, 1e300, 0};
  dag::project_simplex(vertex);
  CHECK(vertex == std::vector<double>{0, 1, 0});
  std::vector<double> ties(8, 1e15);
  dag::project_simplex(ties);
  CHECK(ties == std::vector<double>(8, 0.125));
  std::vector<double> single{-7};
  CHECK(dag::project_simplex(single) == -8);
  CHECK(single[0] == 1);
}

TEST_CASE("project_simplex refuses what it cannot project") {
  std::vector<double> empty, values{1, 2}, small(1);
  CHECK_THROWS_AS(dag::project_simplex(empty), dag::Error);
  CHECK_THROWS_AS(dag::project_simplex(values, small, 1), dag::Error);
  std::vector<double> workspace(2);
  CHECK_THROWS_AS(dag::project_simplex(values, workspace, 0), dag::Error);
  CHECK_THROWS_AS(dag::project_simplex(values, workspace, std::nan("")), dag::Error);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    std::vector<double> broken{0.5, bad};
    CHECK_THROWS_AS(dag::project_simplex(broken), dag::Error);
  }
}

TEST_CASE("box and ball") {
  std::vector<double> values{-3, 0.5, 4};
  dag::project_box(values, -1, 1);
  CHECK(values == std::vector<double>{-1, 0.5, 1});
  CHECK_THROWS_AS(dag::project_box(values, 1, -1), dag::Error);
  std::vector<double> far{3e300, -4e300};
  CHECK(dag::project_ball(far, 5) == doctest::Approx(5e300));
  CHECK(far[0] == doctest::Approx(3));
  CHECK(far[1] == doctest::Approx(-4));
  std::vector<double> near{0.1, 0.2};
  dag::project_ball(near, 5);
  CHECK(near == std::vector<double>{0.1, 0.2});
  std::vector<double> zero{0, 0};
  CHECK(dag::project_ball(zero, 0) == 0);
  CHECK_THROWS_AS(dag::project_ball(near, -1), dag::Error);
}
