// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>
#include <support/refused.hpp>

#include <dag/eigen.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/io/nfg.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

namespace fs = std::filesystem;
using Game = dag::MatrixGame<double, dag::eigen>;
using Matrix = dag::eigen::matrix<double>;

namespace {

constexpr int kinds = 10;

/// dense, sparse, degenerate (low rank and skew), rank one, duplicated rows, all payoffs equal,
/// tiny, huge, integers with ties.
Matrix game_of(int kind, Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  Matrix a = test::uniform_payoff(rows, columns, seed);
  dag::RandomStream random(seed, 0x6b696e64);
  const Eigen::Index half = std::min(rows, columns) / 2;
  switch (kind) {
    case 1: a = a.unaryExpr([&](double v) { return random.uniform() < 0.9 ? 0.0 : v; }); break;
    case 2: a = Matrix(a.leftCols(3) * a.topRows(3)); break;
    case 3: a = Matrix(a.col(0) * a.row(0)); break;
    case 4: a.bottomRows(half) = Matrix(a.topRows(half)); break;
    case 5: a.setConstant(2.5); break;
    case 6: a *= 1e-6; break;
    case 7: a *= 1e6; break;
    case 8: a = a.unaryExpr([&](double) { return static_cast<double>(random.below(3)); }); break;
    case 9:
      a = a.unaryExpr([&](double) { return static_cast<double>(random.below(100)) - 50; });
      break;
    default: break;
  }
  return a;
}

double largest(const Matrix& a) { return a.cwiseAbs().maxCoeff(); }

/// From the definition, without the library's products.
double gap_of(const Matrix& a, const dag::ZeroSumSolution& found) {
  const Eigen::VectorXd x = found.strategy(0);
  const Eigen::VectorXd y = found.strategy(1);
  return (a * y).maxCoeff() - (a.transpose() * x).minCoeff();
}

struct Counts {
  int games = 0;
  int exact = 0;  ///< relative gap 1e-12 or 64 roundings of the largest payoff
  int methods[3] = {0, 0, 0};
  double worst = 0;
};

/// Where the methods change in the tests that are to see all of them: low, so that games stay
/// small.
constexpr dag::ZeroSumCutoffs low{
    .simplex_payoffs = 40'000, .simplex_side = 50, .exact_payoffs = 40'000};

void solve_and_check(const Matrix& a, Counts& counts, const dag::ZeroSumCutoffs& cutoffs = {}) {
  const Game game{a};
  const auto found = dag::solve_zero_sum(game, {.tolerance = 1e-12}, cutoffs);
  const double gap = gap_of(a, found);
  const double rounding = 64 * std::numeric_limits<double>::epsilon() * largest(a);
  const double range = game.range();
  const double noise = rounding;  // of sums in another order than the library's
  CHECK(std::abs(gap - found.gap) <= noise + 1e-3 * found.gap);
  CHECK(gap <= std::max(1e-8 * range, rounding) + noise);
  CHECK(found.strategy(0).minCoeff() >= 0);
  CHECK(found.strategy(1).minCoeff() >= 0);
  CHECK(std::abs(found.strategy(0).sum() - 1) <= 1e-13);
  CHECK(std::abs(found.strategy(1).sum() - 1) <= 1e-13);
  const bool exact = found.gap <= std::max(1e-12 * range, rounding);
  CHECK((found.status == dag::Status::converged) == exact);  // converged means certified
  ++counts.games;
  counts.exact += exact ? 1 : 0;
  ++counts.methods[static_cast<int>(found.method)];
  counts.worst = std::max(counts.worst, range > 0 ? found.gap / range : 0.0);

  const auto exact_answer = dag::linear_program(
      {a.data(), static_cast<std::size_t>(a.size())}, static_cast<std::size_t>(a.rows()),
      static_cast<std::size_t>(a.cols()), {.tolerance = 1e-12});
  CHECK(std::abs(found.value - exact_answer.value) <= found.gap + exact_answer.gap + rounding);
}

void print(const std::string& what, const Counts& counts) {
  MESSAGE(what, ": ", counts.exact, " of ", counts.games, " exact, worst relative gap ",
          counts.worst, "; by linear_program ", counts.methods[0], ", interior_point ",
          counts.methods[1], ", first_order ", counts.methods[2]);
}

}  // namespace

TEST_CASE("random games of every kind: relative gap 1e-12 in 95 %, 1e-8 in all, value of the LP") {
  // DAG_ALL_GAMES=1: two hundred games with 10 to 500 strategies instead of those up to 300.
  const bool all = std::getenv("DAG_ALL_GAMES") != nullptr;
  Counts counts;
  for (int kind = 0; kind < kinds; ++kind) {
    for (int k = 0; k < (all ? 20 : 6); ++k) {
      const auto seed = static_cast<std::uint64_t>(100 * kind + k);
      dag::RandomStream random(seed, 0x73697a65);
      // Evenly spread in the logarithm; every sixth one is as large as it gets.
      const double most = all ? 500 : k == 5 ? 240 : 90;
      const auto side = [&] {
        const double share = k % 6 == 5 ? 1.0 : random.uniform();
        return static_cast<Eigen::Index>(10 * std::pow(most / 10, share));
      };
      const Eigen::Index rows = side();
      const Eigen::Index columns = side();
      CAPTURE(kind);
      CAPTURE(rows);
      CAPTURE(columns);
      // Even ones with the cut-offs that everybody gets.
      solve_and_check(game_of(kind, rows, columns, seed), counts,
                      k % 2 == 0 ? dag::ZeroSumCutoffs{} : low);
    }
  }
  print("random games", counts);
  CHECK(counts.games == (all ? 200 : 60));
  CHECK(20 * counts.exact >= 19 * counts.games);
  CHECK(counts.methods[1] > 0);
}

TEST_CASE("all zero-sum game files") {
  const fs::path folder = fs::path(DAG_SHARED_DATA) / "games" / "nfg";
  if (!fs::exists(folder)) {
    MESSAGE("skipped: no ", folder.string());
    return;
  }
  Counts counts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".nfg") {
      continue;
    }
    const dag::GameTable table = dag::read_nfg(entry.path().string());
    if (table.player_count() != 2 || !dag::is_constant_sum(table)) {
      continue;
    }
    CAPTURE(entry.path().string());
    const std::vector<double> payoff = dag::row_major(table, 0);
    solve_and_check(
        Eigen::Map<const Matrix>(payoff.data(), static_cast<Eigen::Index>(table.sizes[0]),
                                 static_cast<Eigen::Index>(table.sizes[1])),
        counts);
  }
  print("files", counts);
  CHECK(counts.games >= 7);
  CHECK(counts.exact == counts.games);
}

TEST_CASE("scale, shift, swap and permutation change nothing but labels and the value") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    // By the simplex method, the last by the interior point.
    const Matrix a = seed < 10 ? Matrix(test::uniform_payoff(seed, 60))
                               : Matrix(test::uniform_payoff(
                                     205, 210 + 3 * static_cast<Eigen::Index>(seed - 10), seed));
    const auto solve = [](const Matrix& payoff) {
      const auto found = dag::solve_zero_sum(Game{payoff}, {.tolerance = 1e-12}, low);
      CHECK(found.status == dag::Status::converged);
      return found;
    };
    const auto close = [](const auto& p, const auto& q) {
      return (p - q).cwiseAbs().maxCoeff() <= 1e-9;
    };
    const auto base = solve(a);
    CHECK((base.method == dag::ZeroSumMethod::interior_point) == (seed >= 10));
    const Eigen::VectorXd x = base.strategy(0);
    const Eigen::VectorXd y = base.strategy(1);
    for (const int power : {-40, -3, 1, 30}) {  // bit for bit
      const double scale = std::ldexp(1.0, power);
      const auto scaled = solve(a * scale);
      CHECK((scaled.strategy(0).array() == x.array()).all());
      CHECK((scaled.strategy(1).array() == y.array()).all());
      CHECK(scaled.value == base.value * scale);
      CHECK(scaled.gap == base.gap * scale);
      CHECK(scaled.relative_gap == base.relative_gap);
    }
    for (const double scale : {1e-6, 3.0, 1e6}) {
      const auto scaled = solve(a * scale);
      CHECK(close(scaled.strategy(0), x));
      CHECK(close(scaled.strategy(1), y));
      CHECK(std::abs(scaled.value / scale - base.value) <= 1e-12);
    }
    const auto shifted = solve(a.array() + 7);
    CHECK(close(shifted.strategy(0), x));
    CHECK(close(shifted.strategy(1), y));
    CHECK(std::abs(shifted.value - 7 - base.value) <= 1e-12);
    const auto swapped = solve(-a.transpose());
    CHECK(close(swapped.strategy(0), y));
    CHECK(close(swapped.strategy(1), x));
    CHECK(std::abs(swapped.value + base.value) <= 1e-12);
    const auto reversed = solve(a.reverse());
    CHECK(close(reversed.strategy(0), x.reverse()));
    CHECK(close(reversed.strategy(1), y.reverse()));
    CHECK(std::abs(reversed.value - base.value) <= 1e-12);
  }
}

TEST_CASE("each tolerance is met by its method, and limits are reported as such") {
  const Matrix a = test::uniform_payoff(220, 260, 1);
  const Game game{a};
  const auto loose = dag::solve_zero_sum(game, {.tolerance = 1e-2}, low);
  CHECK(dag::solve_zero_sum(game, {.tolerance = 1e-12}).method ==
        dag::ZeroSumMethod::linear_program);  // 57 200 payoffs
  CHECK(loose.method == dag::ZeroSumMethod::first_order);
  CHECK(loose.status == dag::Status::converged);
  CHECK(gap_of(a, loose) <= 1e-2 * game.range());
  const auto tight = dag::solve_zero_sum(game, {.tolerance = 1e-6}, low);
  CHECK(tight.method == dag::ZeroSumMethod::interior_point);
  CHECK(gap_of(a, tight) <= 1e-6 * game.range());
  const auto zero = dag::solve_zero_sum(game, {.tolerance = 0}, low);
  CHECK(zero.status == dag::Status::converged);  // 64 roundings of the largest payoff
  CHECK(gap_of(a, zero) <= 66 * std::numeric_limits<double>::epsilon());
  CHECK(std::abs(zero.value - tight.value) <= tight.gap);

  const auto none = dag::solve_zero_sum(game, {.tolerance = 1e-6, .max_iterations = 0}, low);
  CHECK(none.status == dag::Status::iteration_limit);
  CHECK(none.gap == doctest::Approx(gap_of(a, none)));
  const auto few = dag::solve_zero_sum(game, {.tolerance = 1e-6, .max_iterations = 5}, low);
  CHECK(few.status == dag::Status::iteration_limit);
  CHECK(few.gap == doctest::Approx(gap_of(a, few)));
  const Game small{test::uniform_payoff(30, 30, 1)};
  const auto cut = dag::solve_zero_sum(small, {.tolerance = 1e-9, .max_iterations = 3});
  CHECK(cut.status == dag::Status::iteration_limit);
  CHECK(cut.relative_gap > 1e-9);
  const auto late = dag::solve_zero_sum(game, {.tolerance = 1e-6, .time_limit = 0}, low);
  CHECK(late.status == dag::Status::time_limit);

  dag::History trace;
  const auto watched = dag::solve_zero_sum(game, {.tolerance = 1e-6, .observer = trace}, low);
  CHECK(trace.records().back().iteration == watched.iterations);
  CHECK(trace.records().back().gap == watched.gap);
  for (std::size_t k = 1; k < trace.size(); ++k) {
    CHECK(trace.records()[k].iteration >= trace.records()[k - 1].iteration);
  }
  auto refuse = [](const dag::Record&) { return false; };
  CHECK(dag::solve_zero_sum(game, {.tolerance = 1e-6, .observer = refuse}, low).status ==
        dag::Status::stopped);

  CHECK_THROWS_AS((void)dag::solve_zero_sum(game, {.tolerance = -1}), dag::Error);
  CHECK_THROWS_AS((void)dag::solve_zero_sum(game, {.step = dag::Step<double>::constant(1)}),
                  dag::Error);
  CHECK_THROWS_AS((void)dag::solve_zero_sum(game, {.average = dag::Average::last}), dag::Error);
  CHECK_THROWS_AS((void)dag::solve_zero_sum(game, {.measure = dag::Measure::residual}), dag::Error);
}

TEST_CASE("where a first-order run ends near its supports polishing makes it exact") {
  // First-order rounds alone, too few for the tolerance: what they leave is polished, or nothing.
  dag::ZeroSumCutoffs first_order = low;
  first_order.exact_payoffs = first_order.simplex_payoffs = first_order.simplex_side = 0;
  first_order.first_order_tolerance = 0;
  int exact = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Matrix a = test::uniform_payoff(20, 25, seed);
    const auto found =
        dag::solve_zero_sum(Game{a}, {.tolerance = 1e-12, .max_iterations = 400}, first_order);
    INFO("seed " << seed << ": " << found.relative_gap);
    CHECK(found.method == dag::ZeroSumMethod::first_order);
    CHECK(found.relative_gap == doctest::Approx(gap_of(a, found) / Game{a}.range()).epsilon(1e-3));
    exact += found.status == dag::Status::converged ? 1 : 0;
  }
  CHECK(exact >= 5);
}

TEST_CASE("what solve_zero_sum chooses for itself is refused by name") {
  const Game game{test::uniform_payoff(2, 3, 7)};
  const std::vector<double> start{0.25, 0.75, 0.5, 0.5, 0};
  const auto call = [&](const dag::SolverOptions<double>& o) {
    (void)dag::solve_zero_sum(game, o);
  };
  CHECK(test::refusal(dag::SolverOptions<double>{.start = start}, call) ==
        "solve_zero_sum: start must be empty (it chooses its own), got 5");
  REFUSED("solve_zero_sum", dag::SolverOptions<double>{}, test::not_negative, tolerance);
  REFUSED("solve_zero_sum", dag::SolverOptions<double>{}, test::at_least_zero, time_limit);
}
