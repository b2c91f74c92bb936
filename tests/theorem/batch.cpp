// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Many small games in one call: every claim re-checked by plain loops, values against
// `solve_zero_sum`, branches against `logit_equilibrium`, the same bits for any number of threads.
// Classic slips seen to break these tests: the dual read with its sign, a lane's row of the table
// left out of an update, the logit's system without t^2, no look at the determinant's sign.
#include <dag/core/random.hpp>
#include <dag/solver/matrix/batch.hpp>
#include <dag/solver/table/logit_batch.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace {

constexpr std::uint64_t seed = 20261128;

struct Shape {
  std::size_t rows;
  std::size_t columns;
};

std::vector<double> random_payoffs(std::size_t count, dag::RandomStream& random) {
  std::vector<double> payoffs(count);
  for (double& a : payoffs) {
    a = 2 * random.uniform() - 1;
  }
  return payoffs;
}

/// The duality gap by plain loops in long double, of the strategies over their sums.
long double plain_gap(std::span<const double> a, std::span<const double> x,
                      std::span<const double> y) {
  long double best = -std::numeric_limits<long double>::infinity();
  long double worst = std::numeric_limits<long double>::infinity();
  for (std::size_t i = 0; i < x.size(); ++i) {
    long double earned = 0;
    for (std::size_t j = 0; j < y.size(); ++j) {
      earned += static_cast<long double>(a[i * y.size() + j]) * y[j];
    }
    best = earned > best ? earned : best;
  }
  for (std::size_t j = 0; j < y.size(); ++j) {
    long double against = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      against += static_cast<long double>(a[i * y.size() + j]) * x[i];
    }
    worst = against < worst ? against : worst;
  }
  long double x_sum = 0;
  long double y_sum = 0;
  for (const double p : x) {
    x_sum += p;
  }
  for (const double p : y) {
    y_sum += p;
  }
  return best / y_sum - worst / x_sum;
}

/// max |p - softmax(g / tau)| over one player.
double response_error(std::span<const double> p, const std::vector<double>& earned, double tau) {
  double top = earned[0];
  for (const double e : earned) {
    top = e > top ? e : top;
  }
  double sum = 0;
  for (const double e : earned) {
    sum += std::exp((e - top) / tau);
  }
  double worst = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    worst = std::fmax(worst, std::abs(p[i] - std::exp((earned[i] - top) / tau) / sum));
  }
  return worst;
}

struct Bimatrix {
  Shape shape;
  std::vector<double> a;
  std::vector<double> b;
};
double logit_error(const Bimatrix& game, std::span<const double> x, std::span<const double> y,
                   double tau) {
  std::vector<double> rows(x.size());
  std::vector<double> columns(y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      rows[i] += game.a[i * y.size() + j] * y[j];
      columns[j] += game.b[i * y.size() + j] * x[i];
    }
  }
  return std::fmax(response_error(x, rows, tau), response_error(y, columns, tau));
}

dag::GameTable table(const Bimatrix& game) {
  const auto [rows, columns] = game.shape;
  dag::GameTable out;
  out.players = {"row", "column"};
  out.sizes = {rows, columns};
  for (const std::vector<double>* given : {&game.a, &game.b}) {
    std::vector<double>& payoffs = out.payoffs.emplace_back(given->size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        payoffs[i + rows * j] = (*given)[i * columns + j];
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("zero-sum: every game of a ragged batch, by its own certificate and by plain loops") {
  dag::RandomStream random(seed, 1);
  dag::BatchedMatrixGames<double> games;
  std::vector<std::vector<double>> payoffs;
  for (int round = 0; round < 40; ++round) {
    for (const Shape shape : {Shape{1, 1}, Shape{1, 5}, Shape{4, 1}, Shape{2, 2}, Shape{3, 3},
                              Shape{8, 8}, Shape{5, 12}, Shape{16, 7}, Shape{32, 33}}) {
      payoffs.push_back(random_payoffs(shape.rows * shape.columns, random));
      games.add(shape.rows, shape.columns, payoffs.back());
    }
  }
  const auto found = dag::solve_batch(games, {.tolerance = 1e-9});
  for (std::size_t g = 0; g < games.size(); ++g) {
    CAPTURE(g);
    const auto x = found.strategy(g, 0);
    const auto y = found.strategy(g, 1);
    CHECK(found.status[g] == dag::Status::converged);
    CHECK(found.alone[g] == (x.size() * y.size() == 1 || x.size() == 32 ? 1 : 0));
    const long double gap = plain_gap(payoffs[g], x, y);
    CHECK(gap <= found.gap[g] + 1e-18L);  // long double rounds as well
    CHECK(found.gap[g] <= 2e-9);
    // The value lies between what each player can be sure of.
    using Matrix = dag::MatrixGame<double, dag::eigen>::Matrix;
    const auto rows = static_cast<Eigen::Index>(x.size());
    const auto columns = static_cast<Eigen::Index>(y.size());
    const Matrix matrix = Eigen::Map<const Matrix>(payoffs[g].data(), rows, columns);
    const auto alone = dag::solve_zero_sum(dag::MatrixGame<double, dag::eigen>(matrix));
    CHECK(std::abs(found.value[g] - alone.value) <= found.gap[g] + 1e-6 * 2);
  }
}

TEST_CASE("zero-sum: ties, constants, offsets and scales") {
  dag::BatchedMatrixGames<double> games;
  std::vector<std::vector<double>> payoffs;
  const auto add = [&](std::size_t rows, std::size_t columns, std::vector<double> a) {
    payoffs.push_back(a);
    games.add(rows, columns, a);
  };
  add(3, 3, {0, -1, 1, 1, 0, -1, -1, 1, 0});
  add(2, 2, {5, 5, 5, 5});
  add(2, 2, {1e9 + 2, 1e9, 1e9, 1e9 + 1});
  add(2, 2, {2e-300, 0, 0, 1e-300});
  add(2, 2, {2e200, 0, 0, 1e200});
  add(4, 4, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  add(3, 4, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto found = dag::solve_batch(games, {.tolerance = 1e-6});
  const std::vector<double> values = {0, 5, 1e9 + 2.0 / 3, 2e-300 / 3, 2e200 / 3, 0.25, 0};
  for (std::size_t g = 0; g < games.size(); ++g) {
    CAPTURE(g);
    CHECK(found.status[g] == dag::Status::converged);
    double size = 0;
    for (const double a : payoffs[g]) {
      size = std::fmax(size, std::abs(a));
    }
    CHECK(std::abs(found.value[g] - values[g]) <= 1e-6 * size);
  }
  CHECK(found.strategy(2, 0)[0] == doctest::Approx(1.0 / 3).epsilon(1e-6));
}

TEST_CASE("logit: every game is a fixed point, on the branch that logit_equilibrium follows") {
  dag::RandomStream random(seed, 2);
  for (const double tau : {1.0, 0.1, 0.03}) {
    dag::BatchedBimatrixGames<double> games;
    std::vector<Bimatrix> plain;
    for (int round = 0; round < 60; ++round) {
      for (const Shape shape :
           {Shape{1, 3}, Shape{2, 2}, Shape{3, 2}, Shape{3, 3}, Shape{2, 5}, Shape{4, 4}}) {
        const std::size_t count = shape.rows * shape.columns;
        plain.push_back({shape, random_payoffs(count, random), random_payoffs(count, random)});
        games.add(shape.rows, shape.columns, plain.back().a, plain.back().b);
      }
    }
    const auto found = dag::logit_batch(games, {.tau = tau});
    long rounds = 0;
    for (std::size_t g = 0; g < games.size(); ++g) {
      CAPTURE(g);
      CAPTURE(tau);
      const auto x = found.strategy(g, 0);
      const auto y = found.strategy(g, 1);
      REQUIRE(found.status[g] == dag::Status::converged);
      CHECK(logit_error(plain[g], x, y, tau) <= 1e-12);
      const double entropies = std::log(static_cast<double>(plain[g].shape.rows)) +
                               std::log(static_cast<double>(plain[g].shape.columns));
      CHECK(found.nash_gap[g] <= tau * entropies);
      CHECK(found.gap[g] <= 1e-12);
      CHECK(found.alone[g] == 0);
      rounds += found.rounds[g];
      const dag::LogitBranch path = dag::logit_equilibrium(table(plain[g]), tau);
      const dag::MixedProfile& wanted = path.points.back().profile;
      for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(std::abs(x[i] - wanted[0][i]) <= 1e-8);
      }
    }
    // Newton's method, not one that creeps: 6, 37 and 48 a game were seen.
    CHECK(rounds <= 70 * static_cast<long>(games.size()));
    MESSAGE("tau ", tau, ": ", rounds / static_cast<long>(games.size()), " rounds a game");
  }
}

TEST_CASE("logit: a branch that nearly meets another is kept by the determinant's sign") {
  // In this game steps of either method without that look end at the mixed equilibrium.
  dag::RandomStream random(seed, 3);
  int several = 0;
  dag::BatchedBimatrixGames<double> games;
  std::vector<Bimatrix> plain;
  for (int g = 0; g < 600; ++g) {
    // Coordination with a small bias: an imperfect pitchfork.
    const double bias = 0.02 * (2 * random.uniform() - 1);
    const double other = 0.02 * (2 * random.uniform() - 1);
    plain.push_back({{2, 2}, {1 + bias, 0, 0, 1}, {1 + other, 0, 0, 1}});
    games.add(2, 2, plain.back().a, plain.back().b);
  }
  const auto found = dag::logit_batch(games, {.tau = 0.1});
  for (std::size_t g = 0; g < games.size(); ++g) {
    CAPTURE(g);
    // The branch leaves towards the side that earns more at uniform play; where both players agree,
    // it stays there.
    const double bias = plain[g].a[0] - 1;
    const double other = plain[g].b[0] - 1;
    if (bias * other > 0) {
      ++several;
      CHECK((found.strategy(g, 0)[0] > 0.9) == (bias > 0));
      CHECK((found.strategy(g, 0)[1] > 0.9) == (bias < 0));
    }
  }
  CHECK(several > 200);
}

TEST_CASE("batches: the same bits for any number of threads and any company") {
  dag::RandomStream random(seed, 4);
  dag::BatchedMatrixGames<double> games;
  dag::BatchedBimatrixGames<double> pairs;
  std::vector<std::vector<double>> payoffs;
  for (std::size_t g = 0; g < 1500; ++g) {
    const std::size_t rows = 2 + g % 4;
    payoffs.push_back(random_payoffs(rows * 3, random));
    games.add(rows, 3, payoffs.back());
    pairs.add(rows, 3, payoffs.back(), random_payoffs(rows * 3, random));
  }
  const auto one = dag::solve_batch(games);
  const auto logit = dag::logit_batch(pairs, {.tau = 0.2});
  for (const int threads : {2, 3, 7}) {
    const auto many = dag::solve_batch(games, {.threads = threads});
    CHECK(many.strategies == one.strategies);
    CHECK(many.gap == one.gap);
    CHECK(many.rounds == one.rounds);
    CHECK(dag::logit_batch(pairs, {.tau = 0.2, .threads = threads}).strategies == logit.strategies);
  }
  dag::BatchedMatrixGames<double> alone;
  alone.add(2 + 777 % 4, 3, payoffs[777]);
  const auto single = dag::solve_batch(alone);
  for (std::size_t i = 0; i < single.strategies.size(); ++i) {
    CHECK(single.strategies[i] ==
          one.strategies[static_cast<std::size_t>(one.strategy_begin[777]) + i]);
  }
}

TEST_CASE("batches: faults name the game and the rule") {
  dag::BatchedMatrixGames<double> games;
  games.add(2, 2, std::vector<double>{1, 0, 0, 1});
  games.add(2, 2, std::vector<double>{1, 0, std::nan(""), 1});
  CHECK_THROWS_WITH_AS((void)dag::solve_batch(games), doctest::Contains("game 1"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::solve_batch(games, {.threads = 0}), doctest::Contains("threads"),
                       dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::solve_batch(games, {.tolerance = -1}), doctest::Contains("-1"),
                       dag::Error);
  CHECK_THROWS_WITH_AS(games.add(0, 2, std::vector<double>{}), doctest::Contains("0x2"),
                       dag::Error);
  CHECK_THROWS_WITH_AS(games.add(65, 1, std::vector<double>(65)), doctest::Contains("65x1"),
                       dag::Error);
  dag::BatchedBimatrixGames<double> pairs;
  pairs.add(1, 2, std::vector<double>{1, 2}, std::vector<double>{1, 1e308});
  CHECK_THROWS_WITH_AS((void)dag::logit_batch(pairs, {.tau = 1e-3}), doctest::Contains("game 0"),
                       dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::logit_batch(pairs, {.tau = 0}), doctest::Contains("tau"),
                       dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::logit_batch(pairs, {.taus = std::vector<double>{1, 2}}),
                       doctest::Contains("2 taus for 1 games"), dag::Error);
}
