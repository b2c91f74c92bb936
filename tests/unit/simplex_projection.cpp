// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/backend/eigen_backend.hpp>
#include <dag/core/random.hpp>
#include <dag/numeric/weighted_simplex_projection.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
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

TEST_CASE("the backend's projection is that by sorting") {
  dag::RandomStream stream(5, 0);
  for (int draw = 0; draw < 2000; ++draw) {
    const std::size_t size = 1 + stream.below(draw % 10 == 0 ? 300 : 12);
    const double spread = draw % 7 == 0 ? 1e17 : std::exp(5 * stream.normal());
    const double offset = draw % 3 == 0 ? 1e6 * stream.normal() : 0;
    std::vector<double> values(size);
    for (double& value : values) {
      value = offset + spread * (draw % 5 == 0 ? static_cast<double>(stream.below(3))  // ties
                                               : stream.normal());
    }
    const auto expected = by_sorting(values, 1);
    auto projected = values;
    dag::eigen{}.project_simplex(std::span<double>(projected));
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      REQUIRE(projected[i] >= 0);
      REQUIRE(std::abs(projected[i] - expected[i]) <= 200 * epsilon);
      sum += projected[i];
    }
    REQUIRE(std::abs(sum - 1) <= 200 * epsilon);
  }
}

// The weighted projection's theta by sorting the breakpoints, in long double.
static long double theta_by_sorting(const std::vector<double>& values,
                                    const std::vector<double>& weights, double radius) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  const auto ratio = [&](std::size_t i) {
    return static_cast<long double>(values[i]) / weights[i];
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return ratio(a) > ratio(b); });
  long double sum = 0, weight = 0, theta = 0;
  const long double shift = ratio(order[0]);
  for (const std::size_t i : order) {
    sum += values[i] - shift * weights[i];
    weight += weights[i];
    const long double candidate = (sum - radius) / weight;
    if (ratio(i) - shift > candidate) {
      theta = candidate;
    }
  }
  return theta + shift;
}

TEST_CASE("project_weighted_simplex satisfies the optimality conditions and is that by sorting") {
  dag::RandomStream stream(6, 0);
  std::vector<double> workspace(600);
  for (int draw = 0; draw < 2000; ++draw) {
    const std::size_t size = 1 + stream.below(draw % 10 == 0 ? 300 : 12);
    const double radius = std::exp(3 * stream.normal());
    const double spread = std::exp(3 * stream.normal());
    std::vector<double> values(size), weights(size);
    double heaviest = 0;
    for (std::size_t i = 0; i < size; ++i) {
      weights[i] = draw % 4 == 0 ? 1.0 + static_cast<double>(stream.below(2))  // ties
                                 : std::exp(3 * stream.normal());
      values[i] = spread * (draw % 4 == 0 ? static_cast<double>(stream.below(3)) : stream.normal());
      heaviest = std::max(heaviest, weights[i]);
    }
    auto projected = values;
    const double theta = dag::project_weighted_simplex(projected, weights, workspace, radius);
    const long double exact = theta_by_sorting(values, weights, radius);
    CAPTURE(draw);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      // (u - v) / w + theta - nu = 0 with nu >= 0 and nu u = 0: theta >= v / w where u = 0.
      const double unit = epsilon * (std::abs(values[i]) + std::abs(theta) * weights[i] + radius);
      REQUIRE(projected[i] >= 0);
      if (projected[i] > 0) {
        REQUIRE(std::abs(projected[i] - (values[i] - theta * weights[i])) <= 8 * unit);
      } else {
        REQUIRE(values[i] - theta * weights[i] <= 8 * unit);
      }
      const long double best = std::fmax(values[i] - exact * weights[i], 0.0L);
      REQUIRE(std::abs(static_cast<double>(projected[i] - best)) <=
              500 * epsilon * (radius + std::abs(values[i]) + std::abs(theta) * weights[i]));
      sum += projected[i];
    }
    REQUIRE(std::abs(sum - radius) <= 1000 * epsilon * (radius + spread));
  }
}

TEST_CASE(
    "weights of the projection: one for all is that by sorting, their scale changes nothing") {
  dag::RandomStream stream(7, 0);
  for (int draw = 0; draw < 200; ++draw) {
    const std::size_t size = 1 + stream.below(30);
    std::vector<double> values(size), weights(size), ones(size, 1.0), workspace(2 * size);
    for (std::size_t i = 0; i < size; ++i) {
      values[i] = stream.normal();
      weights[i] = 0.1 + stream.uniform();
    }
    auto same = values, first = values, second = values;
    const auto plain = by_sorting(values, 1);
    CHECK(dag::project_weighted_simplex(same, ones, workspace, 1) ==
          doctest::Approx(static_cast<double>(theta_by_sorting(values, ones, 1))).epsilon(1e-14));
    const double theta = dag::project_weighted_simplex(first, weights, workspace, 1);
    for (double& weight : weights) {
      weight *= 1024;  // a power of two: the same bits
    }
    CHECK(dag::project_weighted_simplex(second, weights, workspace, 1) == theta / 1024);
    CHECK(first == second);
    for (std::size_t i = 0; i < size; ++i) {
      REQUIRE(same[i] == doctest::Approx(plain[i]).epsilon(1e-13));
    }
  }
}

TEST_CASE("project_weighted_simplex refuses what it cannot project") {
  std::vector<double> values{1, 2}, weights{1, 1}, workspace(4), small(3), empty;
  const std::vector<double> one{1};
  CHECK_THROWS_AS(dag::project_weighted_simplex(empty, empty, workspace, 1), dag::Error);
  CHECK_THROWS_AS(dag::project_weighted_simplex(values, one, workspace, 1), dag::Error);
  CHECK_THROWS_AS(dag::project_weighted_simplex(values, weights, small, 1), dag::Error);
  CHECK_THROWS_AS(dag::project_weighted_simplex(values, weights, workspace, 0), dag::Error);
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    weights[1] = bad;
    CHECK_THROWS_AS(dag::project_weighted_simplex(values, weights, workspace, 1), dag::Error);
    weights[1] = 1;
    if (bad != 0.0 && bad != -1.0) {
      std::vector<double> broken{0.5, bad};
      CHECK_THROWS_AS(dag::project_weighted_simplex(broken, weights, workspace, 1), dag::Error);
    }
  }
  CHECK(values == std::vector<double>{1, 2});
}
