// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/minimum_degree.hpp>
#include <dag/numeric/sparse_ldl.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
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
    auto transposed = square;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        transposed[i * size + j] = square[j * size + i];
      }
    }
    x = right;
    dag::lu_solve_transposed(factor, pivots, x);
    CHECK(backward_error(transposed, x, right) <= bound);

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
  CHECK_THROWS_AS(dag::lu_solve_transposed(swap, std::span<const std::size_t>(pivots).first(1), x),
                  dag::Error);
}

TEST_CASE("sparse factors of a quasi-definite matrix solve it; a dependent row is held at zero") {
  dag::RandomStream random(7, 1);
  const std::size_t n = 60;
  std::vector<bool> positive(n);
  std::vector<std::size_t> starts{0};
  std::vector<std::uint32_t> rows;
  std::vector<double> values;
  std::vector<std::vector<double>> full(n, std::vector<double>(n, 0.0));
  for (std::uint32_t k = 0; k < n; ++k) {
    positive[k] = random.uniform() < 0.5;
    for (std::uint32_t i = 0; i <= k; ++i) {
      if (i == k || (positive[i] != positive[k] && random.uniform() < 0.1)) {
        const double value =
            i == k ? (positive[k] ? 1.0 : -1.0) * (0.01 + random.uniform()) : random.normal();
        rows.push_back(i);
        values.push_back(value);
        full[i][k] = full[k][i] = value;
      }
    }
    starts.push_back(rows.size());
  }
  dag::detail::SparseLdl factors(starts, rows);
  REQUIRE(factors.factor(values, positive, dag::Deadline()));
  std::vector<double> x(n);
  std::vector<double> b(n, 0.0);
  for (double& entry : x) {
    entry = random.normal();
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      b[i] += full[i][j] * x[j];
    }
  }
  std::vector<double> found = b;
  factors.solve(found);
  factors.subtract_product(values, found, b);
  for (std::size_t i = 0; i < n; ++i) {
    CHECK(found[i] == doctest::Approx(x[i]).epsilon(1e-9));
    CHECK(std::abs(b[i]) < 1e-10);
  }
  // [1 1; 1 1] with signs + +: the second pivot is 0.
  dag::detail::SparseLdl twice({0, 1, 3}, {0, 0, 1});
  REQUIRE(twice.factor(std::vector<double>{1, 1, 1}, {true, true}, dag::Deadline()));
  std::vector<double> y{2, 2};
  twice.solve(y);
  CHECK(y[0] == doctest::Approx(2));
  CHECK(std::abs(y[1]) < 1e-30);
  CHECK_THROWS_AS(dag::detail::SparseLdl({0, 1}, {1}), dag::Error);
}

TEST_CASE("minimum degree: a permutation; a tree and a star fill up nothing") {
  // A star: the middle comes last or last but one; a path: every pivot has degree one.
  const std::uint32_t n = 40;
  std::vector<std::vector<std::uint32_t>> star(n);
  std::vector<std::vector<std::uint32_t>> path(n);
  for (std::uint32_t v = 1; v < n; ++v) {
    star[0].push_back(v);
    star[v].push_back(0);
    path[v - 1].push_back(v);
    path[v].push_back(v - 1);
  }
  for (const auto& graph : {star, path}) {
    const auto order = dag::detail::minimum_degree(graph, std::vector<std::uint32_t>(n, 1));
    std::vector<std::uint32_t> place(n);
    std::vector<std::uint32_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t k = 0; k < n; ++k) {
      CHECK(sorted[k] == k);
      place[order[k]] = k;
    }
    std::vector<std::vector<std::uint32_t>> columns(n);
    for (std::uint32_t v = 0; v < n; ++v) {
      columns[place[v]].push_back(place[v]);
      for (const std::uint32_t u : graph[v]) {
        if (place[u] < place[v]) {
          columns[place[v]].push_back(place[u]);
        }
      }
    }
    std::vector<std::size_t> starts{0};
    std::vector<std::uint32_t> rows;
    for (const auto& column : columns) {
      rows.insert(rows.end(), column.begin(), column.end());
      starts.push_back(rows.size());
    }
    CHECK(dag::detail::SparseLdl(starts, rows).entries() == n - 1);
  }
}
