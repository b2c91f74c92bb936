// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/eigen.hpp>
#include <dag/game/factored_operators.hpp>
#include <dag/game/implicit_operator.hpp>
#include <dag/game/operator.hpp>
#include <dag/game/sparse_operator.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace {

using Span = std::span<const double>;
using Out = std::span<double>;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Entries uniform on [low, low + 2).
std::vector<double> random_entries(std::size_t count, std::uint64_t seed, double low = -1) {
  dag::RandomStream random(seed, 0x6f70);
  std::vector<double> entries(count);
  for (double& entry : entries) {
    entry = 2 * random.uniform() + low;
  }
  return entries;
}

Matrix matrix_of(std::size_t rows, std::size_t columns, const std::vector<double>& entries) {
  return Eigen::Map<const Matrix>(entries.data(), static_cast<Eigen::Index>(rows),
                                  static_cast<Eigen::Index>(columns));
}

/// Two games are one: field, value and range at random points, and mirror-prox on both.
template <class Operator>
void check_equal(const Operator& payoff, const Matrix& dense, bool exact_range) {
  const dag::MatrixGame expected{dense};
  const dag::OperatorGame<Operator, dag::eigen> game{payoff};
  static_assert(dag::MonotoneGame<dag::OperatorGame<Operator, dag::eigen>>);
  static_assert(dag::PayoffOperator<Operator>);
  REQUIRE(game.players().blocks() == expected.players().blocks());
  const std::size_t size = game.players().blocks().total();
  const double scale = dense.cwiseAbs().maxCoeff() * static_cast<double>(size);
  const double tolerance = 64 * std::numeric_limits<double>::epsilon() * scale;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    dag::State<dag::eigen, double> z(game.backend(), size);
    const std::vector<double> weights = random_entries(size, seed + 100, 0);
    for (std::size_t b = 0; b < 2; ++b) {
      const Out block = game.players().blocks().of(z.view().point, b);
      double sum = 0;
      for (std::size_t i = 0; i < block.size(); ++i) {
        sum += block[i] = weights[game.players().blocks().offset(b) + i];
      }
      for (double& p : block) {
        p /= sum;
      }
    }
    game.players().enter(game.backend(), z.view());
    std::vector<double> field(size, std::nan(""));
    std::vector<double> field_expected(size);
    game.field(z.view(), Out(field));
    expected.field(z.view(), Out(field_expected));
    for (std::size_t i = 0; i < size; ++i) {
      CHECK(std::abs(field[i] - field_expected[i]) <= tolerance);
    }
    CHECK(std::abs(game.value(z.view()) - expected.value(z.view())) <= tolerance);
    CHECK(std::abs(game.value(z.view(), Span(field)) - expected.value(z.view())) <= tolerance);
  }
  if (exact_range) {
    CHECK(std::abs(game.range() - expected.range()) <= tolerance);
  } else {
    CHECK(game.range() >= expected.range());
  }
  CHECK(game.lipschitz() == game.range() / 2);
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-3});
  const auto certificate = dag::certify(expected, std::as_const(found.state).view());
  CHECK(found.status == dag::Status::converged);
  CHECK(std::abs(found.gap - certificate.gap) <= 4 * tolerance);
}

}  // namespace

TEST_CASE("a sparse game is the dense game") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const std::size_t rows = 7 + seed;
    const std::size_t columns = 11 - seed;
    // Payoffs all positive: absent entries, zeros, are then the smallest.
    const std::vector<double> entries = random_entries(rows * columns, seed, 0.5);
    dag::RandomStream random(seed, 1);
    std::vector<double> dense(rows * columns, 0.0);
    std::vector<dag::Triplet<double>> triplets;
    for (std::size_t k = rows * columns; k-- > 0;) {  // in no order that helps
      if (seed == 3 || random.uniform() < 0.3) {      // seed 3: no entry is absent
        dense[k] = entries[k];
        triplets.push_back({k / columns, k % columns, entries[k]});
      }
    }
    const dag::SparseOperator<double> payoff(rows, columns, triplets);
    CHECK(payoff.entries() == triplets.size());
    check_equal(payoff, matrix_of(rows, columns, dense), true);
  }
}

TEST_CASE("a sparse operator refuses entries that are outside, twice, or not numbers") {
  using Sparse = dag::SparseOperator<double>;
  const std::vector<dag::Triplet<double>> outside{{0, 3, 1.0}};
  const std::vector<dag::Triplet<double>> twice{{1, 1, 1.0}, {0, 0, 1.0}, {1, 1, 2.0}};
  const std::vector<dag::Triplet<double>> bad{{0, 0, std::nan("")}};
  CHECK_THROWS_AS((Sparse(2, 3, outside)), dag::Error);
  CHECK_THROWS_AS((Sparse(2, 3, twice)), dag::Error);
  CHECK_THROWS_AS((Sparse(2, 3, bad)), dag::Error);
  CHECK_THROWS_AS((dag::OperatorGame<Sparse, dag::eigen>(Sparse(0, 3, {}))), dag::Error);
}

TEST_CASE("a game of low rank is the dense game, also beyond one chunk of factors") {
  for (const std::size_t rank : {1U, 3U, 64U, 70U}) {
    const std::size_t rows = 9;
    const std::size_t columns = 13;
    const std::vector<double> left = random_entries(rows * rank, rank);
    const std::vector<double> right = random_entries(columns * rank, rank + 1);
    const Matrix dense = matrix_of(rows, rank, left) * matrix_of(columns, rank, right).transpose();
    const double range = dense.maxCoeff() - dense.minCoeff();
    check_equal(dag::LowRankOperator<double>(rank, left, right), dense, false);
    check_equal(dag::LowRankOperator<double>(rank, left, right, range), dense, true);
  }
  CHECK_THROWS_AS((dag::LowRankOperator<double>(2, {1, 2, 3}, {1, 2})), dag::Error);
  CHECK_THROWS_AS((dag::LowRankOperator<double>(1, {1, 2, 3}, {1, std::nan("")})), dag::Error);
}

TEST_CASE("a Kronecker product is the dense game, with its exact range") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const std::size_t shape[4] = {2 + seed, 3, 4, 5 - seed};
    const double low = seed == 0 ? -1 : seed == 1 ? 0.5 : -3;  // mixed, positive, negative
    const Matrix outer = matrix_of(shape[0], shape[1], random_entries(shape[0] * shape[1], seed));
    const Matrix inner =
        matrix_of(shape[2], shape[3], random_entries(shape[2] * shape[3], seed + 9, low));
    Matrix dense(outer.rows() * inner.rows(), outer.cols() * inner.cols());
    for (Eigen::Index i = 0; i < dense.rows(); ++i) {
      for (Eigen::Index j = 0; j < dense.cols(); ++j) {
        dense(i, j) =
            outer(i / inner.rows(), j / inner.cols()) * inner(i % inner.rows(), j % inner.cols());
      }
    }
    const std::vector<double> b(outer.data(), outer.data() + outer.size());
    const std::vector<double> c(inner.data(), inner.data() + inner.size());
    check_equal(dag::KroneckerOperator<double>(shape[1], b, shape[3], c), dense, true);
  }
  CHECK_THROWS_AS((dag::KroneckerOperator<double>(2, {1, 2, 3}, 1, {1})), dag::Error);
}

TEST_CASE("two callbacks are a game") {
  const std::size_t n = 12;  // payoff: 1 for the larger number, by less than three; else 0
  Matrix dense(n, n);
  const auto entry = [](std::size_t i, std::size_t j) {
    return i > j && i - j < 3 ? 1.0 : j > i && j - i < 3 ? -1.0 : 0.0;
  };
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      dense(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = entry(i, j);
    }
  }
  const auto product = [&](Span y, Out out) {
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = 0;
      for (std::size_t j = 0; j < n; ++j) {
        out[i] += entry(i, j) * y[j];
      }
    }
  };
  const auto transposed = [&](Span x, Out out) {  // the matrix is antisymmetric
    product(x, out);
    for (double& number : out) {
      number = -number;
    }
  };
  const dag::ImplicitOperator payoff(n, n, 2.0, product, transposed);
  check_equal(payoff, dense, true);
  CHECK_THROWS_AS(dag::ImplicitOperator(n, n, std::nan(""), product, transposed), dag::Error);
}
