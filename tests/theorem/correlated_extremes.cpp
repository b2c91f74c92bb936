// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Classic slips seen to break these tests: rays combined without the test of adjacency (points that
// are not extreme); deviations of one player only; the coarse rows in place of the others.
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/correlated_extremes.hpp>
#include <dag/solver/table/support_enumeration.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace {

dag::CorrelatedExtremes extremes(const dag::GameTable& game,
                                 dag::RegretKind kind = dag::RegretKind::internal) {
  dag::CorrelatedExtremesOptions options;
  options.kind = kind;
  return dag::correlated_extremes(game, options);
}

/// Rank of a small matrix of doubles, by elimination with full pivoting.
std::size_t rank(std::vector<std::vector<double>> rows) {
  std::size_t found = 0;
  while (!rows.empty()) {
    std::size_t row = 0;
    std::size_t column = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < rows[i].size(); ++j) {
        if (std::abs(rows[i][j]) > std::abs(rows[row][column])) {
          row = i;
          column = j;
        }
      }
    }
    if (std::abs(rows[row][column]) < 1e-9) {
      return found;
    }
    ++found;
    const std::vector<double> pivot = rows[row];
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(row));
    for (auto& other : rows) {
      const double factor = other[column] / pivot[column];
      for (std::size_t j = 0; j < pivot.size(); ++j) {
        other[j] -= factor * pivot[j];
      }
    }
  }
  return found;
}

}  // namespace

TEST_CASE("2 x 2: five extreme points of chicken and of battle of the sexes, one elsewhere") {
  // Calvo-Armengol (2006), The set of correlated equilibria of 2 x 2 games.
  for (const char* name : {"chicken", "battle-of-the-sexes", "stag-hunt"}) {
    CAPTURE(name);
    const dag::CorrelatedExtremes found = extremes(dag::named_game(name));
    CHECK(found.complete);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.points.size() == 5);
    CHECK(std::count_if(found.points.begin(), found.points.end(),
                        [](const auto& point) { return point.nash; }) == 3);
  }
  for (const char* name : {"prisoners-dilemma", "matching-pennies", "biased-pennies"}) {
    const dag::CorrelatedExtremes found = extremes(dag::named_game(name));
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].nash);
  }
  CHECK(extremes(dag::named_game("biased-pennies")).points[0].fractions[0].text() == "6/49");
}

TEST_CASE("extreme points are equilibria, meet enough constraints, and no objective beats them") {
  for (const char* name :
       {"general:2x2x2:1", "general:3x3:2", "integer:3x3:2:3", "general:2x4:5", "shapley", "rps"}) {
    for (const dag::RegretKind kind : {dag::RegretKind::internal, dag::RegretKind::external}) {
      CAPTURE(name);
      const dag::GameTable game = dag::named_game(name);
      const dag::CorrelatedExtremes found = extremes(game, kind);
      REQUIRE(found.complete);
      REQUIRE_FALSE(found.points.empty());
      const auto rows = dag::detail::whole_deviations(game, kind);
      for (const dag::CorrelatedExtreme& point : found.points) {
        dag::Fraction sum;
        std::vector<std::vector<double>> tight;
        for (std::size_t s = 0; s < point.fractions.size(); ++s) {
          sum = sum + point.fractions[s];
          CHECK(point.fractions[s].numerator().sign() >= 0);
          if (point.fractions[s].numerator().sign() == 0) {
            tight.emplace_back(point.fractions.size(), 0.0);
            tight.back()[s] = 1;
          }
        }
        CHECK(sum.text() == "1");
        for (const auto& row : rows) {
          dag::Fraction gain;
          std::vector<double> doubles;
          double largest = 1e-300;
          for (std::size_t s = 0; s < row.size(); ++s) {
            gain = gain + point.fractions[s] * dag::Fraction(row[s], dag::Integer(1));
            doubles.push_back(row[s].nearest());
            largest = std::max(largest, std::abs(doubles.back()));
          }
          CHECK(gain.numerator().sign() <= 0);
          if (gain.numerator().sign() == 0) {
            for (double& entry : doubles) {
              entry /= largest;
            }
            tight.push_back(doubles);
          }
        }
        CHECK(rank(tight) == point.fractions.size() - 1);  // with sum 1, a vertex
      }
      // Every linear objective of the program is best at one of them.
      dag::RandomStream random(9, 0);
      for (int trial = 0; trial < 6; ++trial) {
        dag::CorrelatedEquilibriumOptions options;
        options.kind = kind;
        for (std::size_t i = 0; i < game.player_count(); ++i) {
          options.weights.push_back(2 * random.uniform() - 1);
        }
        const auto value = [&](const std::vector<double>& payoffs) {
          double sum = 0;
          for (std::size_t i = 0; i < payoffs.size(); ++i) {
            sum += options.weights[i] * payoffs[i];
          }
          return sum;
        };
        double best = -1e300;
        for (const dag::CorrelatedExtreme& point : found.points) {
          best = std::max(best, value(point.payoffs));
        }
        const auto program = dag::correlated_equilibrium(game, options);
        CHECK(value(program.certificate.payoffs) == doctest::Approx(best).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE(
    "every equilibrium of Nash that is extreme is among them, and correlated sets are nested") {
  const dag::GameTable game = dag::named_game("chicken");
  const dag::CorrelatedExtremes found = extremes(game);
  for (const auto& equilibrium : dag::support_enumeration(game).equilibria) {
    const std::vector<double> joint = dag::joint_distribution(equilibrium);
    // In generic two-player games every equilibrium is extreme (Nau, Gomez Canovas and Hansen 2004
    // put them on the boundary; Evangelista and Raghavan 1996 at vertices).
    double apart = 1;
    for (const dag::CorrelatedExtreme& point : found.points) {
      double distance = 0;
      for (std::size_t s = 0; s < joint.size(); ++s) {
        distance = std::max(distance, std::abs(joint[s] - point.joint[s]));
      }
      apart = std::min(apart, distance);
    }
    CHECK(apart <= 1e-12);
  }
  for (const dag::CorrelatedExtreme& point : found.points) {
    CHECK(dag::certify_joint(game, point.joint).coarse_gap <= 1e-14);
  }
}

TEST_CASE("the egalitarian program: the largest least payoff") {
  for (const char* name : {"chicken", "battle-of-the-sexes", "general:2x2x2:3", "general:3x3:6"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    dag::CorrelatedEquilibriumOptions options;
    options.egalitarian = true;
    const auto found = dag::correlated_equilibrium(game, options);
    CHECK(found.status == dag::Status::converged);
    const auto least = [](const std::vector<double>& payoffs) {
      return *std::min_element(payoffs.begin(), payoffs.end());
    };
    // No mixture of two extreme points does better.
    const auto all = extremes(game).points;
    double best = -1e300;
    for (const auto& a : all) {
      for (const auto& b : all) {
        for (int k = 0; k <= 20; ++k) {
          std::vector<double> mixed = a.payoffs;
          for (std::size_t i = 0; i < mixed.size(); ++i) {
            mixed[i] += 0.05 * k * (b.payoffs[i] - mixed[i]);
          }
          best = std::max(best, least(mixed));
        }
      }
    }
    CHECK(least(found.certificate.payoffs) >= best - 1e-9);
    if (game.player_count() == 2) {  // two extreme points are enough: an edge of the payoffs
      CHECK(least(found.certificate.payoffs) <= best + 0.1 * dag::payoff_range(game));
    }
  }
  // Battle of the sexes: the fair coin between the two meetings.
  dag::CorrelatedEquilibriumOptions options;
  options.egalitarian = true;
  const auto coin = dag::correlated_equilibrium(dag::named_game("battle-of-the-sexes"), options);
  CHECK(coin.certificate.payoffs[0] == doctest::Approx(coin.certificate.payoffs[1]));
  CHECK(coin.joint[0] == doctest::Approx(0.5));
  options.weights = {1, 1};
  CHECK_THROWS_AS(
      static_cast<void>(dag::correlated_equilibrium(dag::named_game("chicken"), options)),
      dag::Error);
}

TEST_CASE("a search that is cut short says so and lists nothing") {
  dag::CorrelatedExtremesOptions options;
  options.max_rays = 10;
  const dag::CorrelatedExtremes found =
      dag::correlated_extremes(dag::named_game("general:3x3:6"), options);
  CHECK_FALSE(found.complete);
  CHECK(found.points.empty());
  CHECK(found.status == dag::Status::iteration_limit);
}
