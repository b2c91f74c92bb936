// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/numeric/dense.hpp>

#include <dag/core/random.hpp>
#include <dag/numeric/newton_root.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

namespace {

template <class Scalar>
std::vector<Scalar> random_vector(std::size_t size, std::uint64_t seed) {
  dag::RandomStream stream(seed, 0);
  std::vector<Scalar> result(size);
  for (Scalar& value : result) {
    value = static_cast<Scalar>(stream.normal());
  }
  return result;
}

// Largest |matrix x - right| relative to the size of the terms: a backward error.
template <class Scalar>
Scalar backward_error(const std::vector<Scalar>& matrix, const std::vector<Scalar>& x,
                      const std::vector<Scalar>& right) {
  Scalar worst = 0, norm = 0, size_x = 0;
  const std::size_t size = x.size();
  for (std::size_t row = 0; row < size; ++row) {
    long double residual = -right[row];
    Scalar row_sum = 0;
    for (std::size_t column = 0; column < size; ++column) {
      residual += static_cast<long double>(matrix[row * size + column]) * x[column];
      row_sum += std::abs(matrix[row * size + column]);
    }
    worst = std::fmax(worst, static_cast<Scalar>(std::abs(residual)));
    norm = std::fmax(norm, row_sum);
    size_x = std::fmax(size_x, std::abs(x[row]));
  }
  return worst / (norm * size_x);
}

}  // namespace

TEST_CASE_TEMPLATE("factorisations solve to a small backward error", Scalar, float, double,
                   long double) {
  const Scalar unit = std::numeric_limits<Scalar>::epsilon();
  for (const std::size_t size : {1UL, 2UL, 3UL, 7UL, 8UL, 9UL, 40UL, 131UL}) {
    CAPTURE(size);
    const auto bound = 4 * static_cast<Scalar>(size) * unit;
    const auto square = random_vector<Scalar>(size * size, size);
    const auto right = random_vector<Scalar>(size, 1000 + size);

    auto factor = square;
    std::vector<std::size_t> pivots(size);
    REQUIRE(dag::lu_factor(factor, pivots));
    auto x = right;
    dag::lu_solve(factor, pivots, x);
    CHECK(backward_error(square, x, right) <= bound);

    auto definite = square;  // A A' + I
    auto quasi = square;     // [A A' + I on a leading block; -(...) below]
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        Scalar sum = i == j ? Scalar(1) : Scalar(0);
        for (std::size_t k = 0; k < size; ++k) {
          sum += square[i * size + k] * square[j * size + k];
        }
        definite[i * size + j] = sum;
        const bool top = i < size / 2, left = j < size / 2;
        quasi[i * size + j] = top == left ? (top ? sum : -sum)
                                          : (i < j ? square[i * size + j] : square[j * size + i]);
      }
    }
    factor = definite;
    REQUIRE(dag::cholesky_factor(factor, size));
    x = right;
    dag::cholesky_solve(factor, x);
    CHECK(backward_error(definite, x, right) <= bound);

    factor = quasi;
    std::vector<Scalar> workspace(size);
    REQUIRE(dag::ldlt_factor(factor, size, workspace));
    std::size_t positive = 0;
    for (std::size_t i = 0; i < size; ++i) {
      positive += factor[i * size + i] > 0 ? 1 : 0;
    }
    CHECK(positive == size / 2);  // Sylvester's law of inertia
    x = right;
    dag::ldlt_solve(factor, x);
    CHECK(backward_error(quasi, x, right) <= 4 * bound);
  }
}

TEST_CASE("what cannot be factored is said, and shapes are checked") {
  std::vector<double> indefinite{1, 2, 2, 1};
  CHECK_FALSE(dag::cholesky_factor(indefinite, 2));
  std::vector<double> singular{1, 2, 2, 4};
  std::vector<std::size_t> pivots(2);
  CHECK_FALSE(dag::lu_factor(singular, pivots));
  std::vector<double> nothing{std::nan(""), 0, 0, 1};
  CHECK_FALSE(dag::lu_factor(nothing, pivots));
  nothing = {std::nan(""), 0, 0, 1};
  CHECK_FALSE(dag::cholesky_factor(nothing, 2));
  std::vector<double> zero{0, 0, 0, 0}, workspace(2);
  CHECK_FALSE(dag::ldlt_factor(zero, 2, workspace));
  CHECK_THROWS_AS(static_cast<void>(dag::cholesky_factor(zero, 3)), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::lu_factor(workspace, pivots)), dag::Error);
  std::vector<double> swap{0, 1, 1, 0}, x{3, 5};
  REQUIRE(dag::lu_factor(swap, pivots));
  dag::lu_solve(swap, pivots, x);
  CHECK(x == std::vector<double>{5, 3});
}

TEST_CASE("damped Newton finds the minimum of strictly convex functions") {
  // f(x) = log sum_i exp(a_i'x) + |x|^2 / 200 - 2 x_0, far from its minimum: undamped steps
  // overshoot.
  const std::size_t size = 5, terms = 12;
  const auto rows = random_vector<double>(size * terms, 77);
  int calls = 0;
  const auto smooth = [&](std::span<const double> x, std::span<double> gradient,
                          std::span<double> hessian) {
    ++calls;
    std::vector<double> weight(terms);
    double largest = -1e300, sum = 0;
    for (std::size_t i = 0; i < terms; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        weight[i] += 3 * rows[i * size + j] * x[j];
      }
      largest = std::fmax(largest, weight[i]);
    }
    for (double& value : weight) {
      value = std::exp(value - largest);
      sum += value;
    }
    double result = largest + std::log(sum) - 2 * x[0];
    for (std::size_t j = 0; j < size; ++j) {
      result += x[j] * x[j] / 200;
    }
    if (!gradient.empty()) {
      for (std::size_t j = 0; j < size; ++j) {
        gradient[j] = x[j] / 100 - (j == 0 ? 2 : 0);
        for (std::size_t i = 0; i < terms; ++i) {
          gradient[j] += weight[i] / sum * 3 * rows[i * size + j];
        }
      }
      for (std::size_t j = 0; j < size; ++j) {
        for (std::size_t k = 0; k < size; ++k) {
          double entry = j == k ? 0.01 : 0, mean_j = 0, mean_k = 0;
          for (std::size_t i = 0; i < terms; ++i) {
            const double w = weight[i] / sum;
            entry += w * 9 * rows[i * size + j] * rows[i * size + k];
            mean_j += w * 3 * rows[i * size + j];
            mean_k += w * 3 * rows[i * size + k];
          }
          hessian[j * size + k] = entry - mean_j * mean_k;
        }
      }
    }
    return result;
  };
  std::vector<double> x(size, 20.0);
  const auto found = dag::minimize_newton(smooth, std::span(x), {.tolerance = 1e-18});
  CHECK(found.converged);
  CHECK(found.gradient_max <= 1e-12);
  CHECK(found.iterations <= 40);

  // A barrier: -log x + 7 x on x > 0, from a point where the full step leaves the domain.
  std::vector<double> y{3.0};
  const auto barrier = dag::minimize_newton(
      [](std::span<const double> at, std::span<double> gradient, std::span<double> hessian) {
        if (!(at[0] > 0)) {
          return std::numeric_limits<double>::infinity();
        }
        if (!gradient.empty()) {
          gradient[0] = 7 - 1 / at[0];
          hessian[0] = 1 / (at[0] * at[0]);
        }
        return 7 * at[0] - std::log(at[0]);
      },
      std::span(y));
  CHECK(barrier.converged);
  CHECK(y[0] == doctest::Approx(1.0 / 7).epsilon(1e-13));
}

TEST_CASE("damped Newton survives a semidefinite Hessian and refuses bad starts") {
  // x^4 + (y-1)^2: singular Hessian at x = 0.
  const auto quartic = [](std::span<const double> x, std::span<double> gradient,
                          std::span<double> hessian) {
    if (!gradient.empty()) {
      gradient[0] = 4 * x[0] * x[0] * x[0];
      gradient[1] = 2 * (x[1] - 1);
      hessian[0] = 12 * x[0] * x[0];
      hessian[2] = 0;
      hessian[3] = 2;
    }
    return x[0] * x[0] * x[0] * x[0] + (x[1] - 1) * (x[1] - 1);
  };
  std::vector<double> x{0.0, 5.0};
  CHECK(dag::minimize_newton(quartic, std::span(x)).converged);
  CHECK(x[1] == doctest::Approx(1));
  x = {2.0, 5.0};
  const auto slow =
      dag::minimize_newton(quartic, std::span(x), {.tolerance = 0, .max_iterations = 3});
  CHECK_FALSE(slow.converged);
  CHECK(slow.iterations == 3);
  const auto outside = [](std::span<const double>, std::span<double>, std::span<double>) {
    return std::numeric_limits<double>::infinity();
  };
  CHECK_THROWS_AS(dag::minimize_newton(outside, std::span(x)), dag::Error);
  CHECK_THROWS_AS(dag::minimize_newton(quartic, std::span(x), {.max_iterations = -1}), dag::Error);
}
