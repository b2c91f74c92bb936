// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/regret.hpp>
#include <dag/io/nfg.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/matrix/linear_program.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Matrix {
  std::size_t rows;
  std::size_t columns;
  std::vector<double> entries;
};

Matrix matrix_of(const std::string& name) {
  const dag::GameTable game = dag::named_game(name);
  return {game.sizes[0], game.sizes[1], dag::row_major(game, 0)};
}

dag::MatrixEquilibrium solve(const Matrix& game) {
  return dag::linear_program(game.entries, game.rows, game.columns);
}

/// The certificate, computed here from nothing but the definition.
double gap_of(const Matrix& game, const dag::MatrixEquilibrium& found) {
  double best = -std::numeric_limits<double>::infinity();
  double worst = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < game.rows; ++i) {
    long double sum = 0;
    for (std::size_t j = 0; j < game.columns; ++j) {
      sum += static_cast<long double>(game.entries[i * game.columns + j]) * found.column[j];
    }
    best = std::max(best, static_cast<double>(sum));
  }
  for (std::size_t j = 0; j < game.columns; ++j) {
    long double sum = 0;
    for (std::size_t i = 0; i < game.rows; ++i) {
      sum += static_cast<long double>(game.entries[i * game.columns + j]) * found.row[i];
    }
    worst = std::min(worst, static_cast<double>(sum));
  }
  return best - worst;
}

double range_of(const Matrix& game) {
  const auto [low, high] = std::minmax_element(game.entries.begin(), game.entries.end());
  return *high - *low;
}

void check_solved(const Matrix& game, const dag::MatrixEquilibrium& found) {
  CHECK(found.status == dag::Status::converged);
  const double scale =
      std::max(std::abs(*std::max_element(game.entries.begin(), game.entries.end())),
               std::abs(*std::min_element(game.entries.begin(), game.entries.end())));
  CHECK(gap_of(game, found) <= std::max(1e-12 * range_of(game), 1.5e-14 * scale));
  for (const auto& strategy : {found.row, found.column}) {
    CHECK(std::accumulate(strategy.begin(), strategy.end(), 0.0) ==
          doctest::Approx(1.0).epsilon(1e-14));
    CHECK(*std::min_element(strategy.begin(), strategy.end()) >= 0.0);
  }
}

}  // namespace

TEST_CASE("known values of the catalogue") {
  int seen = 0;
  for (const dag::CatalogueEntry& entry : dag::catalogue()) {
    const dag::KnownGame game = dag::known_game(entry.example);
    if (!dag::is_zero_sum(game.table)) {
      continue;
    }
    CAPTURE(entry.example);
    const dag::MatrixEquilibrium found = dag::linear_program(game.table);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.relative_gap <= 1e-12);
    if (game.value) {
      ++seen;
      CHECK(std::abs(found.value - *game.value) <= 1e-13 * dag::payoff_range(game.table));
    }
    if (game.complete && game.equilibria.size() == 1) {
      for (std::size_t s = 0; s < found.row.size(); ++s) {
        CHECK(found.row[s] == doctest::Approx(game.equilibria[0][0][s]).epsilon(1e-11));
      }
    }
  }
  CHECK(seen >= 10);
}

TEST_CASE("two hundred random games of every kind are solved to rounding") {
  std::vector<std::string> names;
  for (int seed = 0; seed < 20; ++seed) {
    const std::string s = std::to_string(seed);
    const std::string n = std::to_string(3 + 4 * seed);
    names.insert(
        names.end(),
        {"random:" + n + "x" + n + ":" + s, "gaussian:" + n + "x7:" + s, "random:5x" + n + ":" + s,
         "low-rank:" + n + "x" + n + ":1:" + s, "low-rank:" + n + "x40:3:" + s,
         "sparse:" + n + "x" + n + ":0.1:" + s, "integer:" + n + "x" + n + ":1:" + s,
         "integer:" + n + "x30:4:" + s, "symmetric:" + n + ":" + s, "cyclic:" + n + ":" + s});
  }
  for (const std::string& name : names) {
    CAPTURE(name);
    const Matrix game = matrix_of(name);
    check_solved(game, solve(game));
  }
}

TEST_CASE("degenerate shapes") {
  check_solved({1, 1, {-3.5}}, solve({1, 1, {-3.5}}));
  check_solved({4, 3, std::vector<double>(12, 7.0)}, solve({4, 3, std::vector<double>(12, 7.0)}));
  check_solved({1, 4, {3, -1, 2, -1}}, solve({1, 4, {3, -1, 2, -1}}));
  CHECK(solve({1, 4, {3, -1, 2, -1}}).value == -1);
  CHECK(solve({4, 1, {3, -1, 2, -1}}).value == 3);
  Matrix twice = matrix_of("random:15x15:3");
  const std::vector<double> once = twice.entries;
  twice.entries.insert(twice.entries.end(), once.begin(), once.end());
  twice.rows = 30;
  check_solved(twice, solve(twice));
  CHECK(solve(twice).value ==
        doctest::Approx(solve(matrix_of("random:15x15:3")).value).epsilon(1e-13));
  check_solved({2, 2, {1e300, -1e300, -1e300, 1e300}},
               solve({2, 2, {1e300, -1e300, -1e300, 1e300}}));
  check_solved({2, 2, {1e-300, 0, 0, 1e-300}}, solve({2, 2, {1e-300, 0, 0, 1e-300}}));
  check_solved({2, 2, {1.7e308, -1.7e308, 0, 1}}, solve({2, 2, {1.7e308, -1.7e308, 0, 1}}));
}

TEST_CASE("Bland's rule alone ends at the same values") {
  for (const char* name : {"integer:20x20:1:1", "integer:15x25:2:2", "blotto:5:5:3", "morra",
                           "kuhn-poker", "sparse:20x20:0.1:3", "random:12x9:4"}) {
    const Matrix game = matrix_of(name);
    const std::vector<double> unit = dag::detail::unit_payoffs(game.entries);
    dag::detail::SimplexMethod<double> tableau(unit, game.rows, game.columns);
    CHECK(tableau.solve(100000, 0));
    dag::MatrixEquilibrium found;
    found.row.assign(game.rows, 0.0);
    found.column.assign(game.columns, 0.0);
    tableau.read_off(found.row, found.column);
    dag::detail::clean_strategy(found.row);
    dag::detail::clean_strategy(found.column);
    CHECK(gap_of(game, found) <= 1e-9 * range_of(game));
  }
}

/// The optimal basis as the tableau of floats has it after at most `statements` statements of the
/// program; the strategies come out of the refinement.
dag::MatrixEquilibrium in_floats(const Matrix& game, int statements) {
  const dag::detail::UnitMap unit(dag::detail::payoff_extent(game.entries));
  dag::detail::SimplexMethod<float> tableau(game.entries, game.rows, game.columns, unit);
  dag::detail::SimplexRefinement refinement(game.entries, game.rows, game.columns, unit);
  dag::MatrixEquilibrium found;
  for (int statement = 1; statement <= statements; ++statement) {
    (void)tableau.solve(10000);
    refinement.solve(tableau);
    found.row = refinement.row();
    found.column = refinement.column();
    dag::detail::clean_strategy(found.row);
    dag::detail::clean_strategy(found.column);
    found.gap = gap_of(game, found);
    if (found.gap <= 1e-12 * range_of(game)) {
      break;
    }
    refinement.restate(tableau);
  }
  return found;
}

TEST_CASE("a tableau of floats: its refined vertex is exact, once the program is stated anew") {
  int restated = 0;
  for (const char* name :
       {"integer:60x60:1:1", "integer:40x90:2:2", "sparse:70x70:0.1:3", "low-rank:80x60:3:1",
        "blotto:9:8:4", "diagonal:60:1e3", "diagonal:40:1e5", "kuhn-poker"}) {
    CAPTURE(name);
    const Matrix game = matrix_of(name);
    CHECK(in_floats(game, 4).gap <= 1e-12 * range_of(game));
    restated += in_floats(game, 1).gap > 1e-12 * range_of(game) ? 1 : 0;
  }
  for (int seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const Matrix game = matrix_of("random:150x120:" + std::to_string(seed));
    CHECK(in_floats(game, 4).gap <= 1e-12 * range_of(game));
    restated += in_floats(game, 1).gap > 1e-12 * range_of(game) ? 1 : 0;
  }
  MESSAGE(restated << " of 48 games needed more than one statement");
  CHECK(restated > 0);
}

TEST_CASE("without refinement: the same value, by floats or doubles; within the limit on pivots") {
  for (const char* name :
       {"random:50x50:1", "random:60x200:2", "random:200x60:3", "integer:100x100:1:2",
        "sparse:100x100:0.1:3", "sparse:500x500:0.02:3", "diagonal:60:1e6", "low-rank:90x90:1:1"}) {
    CAPTURE(name);
    const Matrix game = matrix_of(name);
    const dag::MatrixEquilibrium quick =
        dag::linear_program(game.entries, game.rows, game.columns, {.refine = false});
    check_solved(game, quick);
    CHECK(std::abs(quick.value - solve(game).value) <= 2e-12 * range_of(game));
    for (const std::int64_t limit : {std::int64_t{1}, quick.pivots / 2, quick.pivots - 1}) {
      const dag::MatrixEquilibrium cut = dag::linear_program(
          game.entries, game.rows, game.columns, {.max_pivots = limit, .refine = false});
      CHECK(cut.pivots <= limit);
      CHECK((cut.status == dag::Status::converged) == (cut.relative_gap <= 1e-12));
      CHECK(cut.gap == doctest::Approx(gap_of(game, cut)).epsilon(1e-9));
    }
  }
}

TEST_CASE("ill-conditioned games: the small value is right to its own last digits") {
  for (const char* name : {"diagonal:30:1e9", "diagonal:60:1e6", "diagonal:8:1e3"}) {
    const dag::KnownGame game = dag::known_game(name);
    const dag::MatrixEquilibrium found = dag::linear_program(game.table);
    CHECK(found.value == doctest::Approx(*game.value).epsilon(1e-13));
    CHECK(found.gap <= 1e-12 * *game.value);
  }
}

TEST_CASE("scaling, shifting, permuting and swapping change labels and the value only") {
  for (int seed = 0; seed < 10; ++seed) {
    const Matrix game = matrix_of("random:17x23:" + std::to_string(seed));
    const dag::MatrixEquilibrium base = solve(game);
    for (const double scale : {1e-6, 1e6}) {
      Matrix scaled = game;
      for (double& entry : scaled.entries) {
        entry *= scale;
      }
      const dag::MatrixEquilibrium found = solve(scaled);
      CHECK(found.value == doctest::Approx(scale * base.value).epsilon(1e-12));
      for (std::size_t i = 0; i < game.rows; ++i) {
        CHECK(std::abs(found.row[i] - base.row[i]) <= 1e-12);
      }
    }
    Matrix shifted = game;
    Matrix swapped{game.columns, game.rows, std::vector<double>(game.entries.size())};
    Matrix permuted = game;
    for (std::size_t i = 0; i < game.rows; ++i) {
      for (std::size_t j = 0; j < game.columns; ++j) {
        const double entry = game.entries[i * game.columns + j];
        shifted.entries[i * game.columns + j] = entry + 1000;
        swapped.entries[j * game.rows + i] = -entry;
        permuted.entries[(i + 5) % game.rows * game.columns + 3 * j % game.columns] = entry;
      }
    }
    CHECK(solve(shifted).value - 1000 == doctest::Approx(base.value).epsilon(1e-9));
    const dag::MatrixEquilibrium other = solve(swapped);
    CHECK(other.value == doctest::Approx(-base.value).epsilon(1e-12));
    const dag::MatrixEquilibrium moved = solve(permuted);
    CHECK(moved.value == doctest::Approx(base.value).epsilon(1e-12));
    for (std::size_t i = 0; i < game.rows; ++i) {
      CHECK(std::abs(other.column[i] - base.row[i]) <= 1e-12);
      CHECK(std::abs(moved.row[(i + 5) % game.rows] - base.row[i]) <= 1e-12);
    }
  }
}

TEST_CASE("values of real zero-sum and constant-sum games") {
  const fs::path folder = fs::path(DAG_SHARED_DATA) / "games";
  if (!fs::exists(folder / "reference.csv")) {
    MESSAGE("skipped: no ", (folder / "reference.csv").string());
    return;
  }
  std::ifstream in(folder / "reference.csv");
  int seen = 0;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    if (cells[1] != "nfg" || cells[2] != "gambit-lp") {
      continue;
    }
    ++seen;
    CAPTURE(cells[0]);
    const dag::GameTable game = dag::read_nfg((folder / "nfg" / cells[0]).string());
    const dag::MatrixEquilibrium found = dag::linear_program(game);
    const dag::Number value = dag::Number::parse(cells[5].substr(0, cells[5].find(';')));
    CHECK(std::abs(found.value - value.value()) <= 1e-12 * dag::payoff_range(game));
    CHECK(dag::max_regret(game, {found.row, found.column}) <= 1e-12 * dag::payoff_range(game));
  }
  CHECK(seen >= 7);
}

TEST_CASE("limits and refusals") {
  const Matrix game = matrix_of("random:40x40:1");
  const dag::MatrixEquilibrium cut =
      dag::linear_program(game.entries, game.rows, game.columns, {.max_pivots = 3});
  CHECK(cut.status == dag::Status::iteration_limit);
  CHECK(cut.gap > 1e-6);
  CHECK(cut.gap == doctest::Approx(gap_of(game, cut)).epsilon(1e-12));
  CHECK(std::accumulate(cut.row.begin(), cut.row.end(), 0.0) == doctest::Approx(1.0));
  CHECK_THROWS_AS(static_cast<void>(solve({2, 2, {1, 2, 3}})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(solve({0, 0, {}})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(solve({1, 2, {1, std::nan("")}})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::linear_program(dag::named_game("shapley"))), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::linear_program(dag::named_game("jordan"))), dag::Error);
}
