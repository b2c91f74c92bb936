// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// Counts and certificates that rounding cannot touch: named games on which doubles go wrong, with
// the exact answer in code; random games with outliers, offsets, ties and dependent rows, held to
// regrets in fractions; the same set of equilibria from supports, vertices and paths.
#include <dag/core/random.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/symmetric.hpp>
#include <dag/io/nfg.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/iterated_dominance.hpp>
#include <dag/solver/table/lemke_howson.hpp>
#include <dag/solver/table/logit_branch.hpp>
#include <dag/solver/table/pure_equilibria.hpp>
#include <dag/solver/table/support_enumeration.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace {

using dag::Fraction;
using dag::Integer;

Fraction whole(double value) {
  int exponent = 0;
  const Integer mantissa = Integer::mantissa(value, exponent);
  return exponent >= 0
             ? Fraction(mantissa.shifted_left(static_cast<std::size_t>(exponent)), 1)
             : Fraction(mantissa, Integer(1).shifted_left(static_cast<std::size_t>(-exponent)));
}

/// Sum over both players of regret / payoff range, in fractions, the strategies divided by their
/// sums.
double true_relative_gap(const dag::GameTable& game, const dag::MixedProfile& profile) {
  Fraction total;
  Fraction sums[2];
  for (std::size_t i = 0; i < 2; ++i) {
    for (const double p : profile[i]) {
      sums[i] = sums[i] + whole(p);
    }
  }
  const Fraction all = sums[0] * sums[1];
  for (std::size_t player = 0; player < 2; ++player) {
    const auto [low, high] =
        std::minmax_element(game.payoffs[player].begin(), game.payoffs[player].end());
    if (*low == *high) {
      continue;
    }
    std::vector<Fraction> earned(game.sizes[player]);
    Fraction expected;
    for (std::size_t i = 0; i < game.sizes[0]; ++i) {
      for (std::size_t j = 0; j < game.sizes[1]; ++j) {
        const std::size_t own = player == 0 ? i : j;
        const double other = profile[1 - player][player == 0 ? j : i];
        if (other != 0) {
          earned[own] =
              earned[own] + whole(other) * whole(game.payoffs[player][i + game.sizes[0] * j]);
        }
      }
    }
    Fraction best = earned[0];
    for (std::size_t s = 0; s < earned.size(); ++s) {
      best = compare(best, earned[s]) < 0 ? earned[s] : best;
      expected = expected + whole(profile[player][s]) * earned[s];
    }
    const Fraction regret = best * sums[player] + expected * Fraction(Integer(-1), Integer(1));
    const Fraction range = whole(*high) + whole(*low) * Fraction(Integer(-1), Integer(1));
    total = total + Fraction(regret.numerator() * range.denominator(),
                             regret.denominator() * range.numerator());
  }
  return Fraction(total.numerator() * all.denominator(), total.denominator() * all.numerator())
      .nearest();
}

dag::GameTable bimatrix(std::size_t rows, std::size_t columns, std::vector<double> first,
                        std::vector<double> second) {
  dag::GameTable game;
  game.players = {"Row", "Column"};
  game.sizes = {rows, columns};
  game.payoffs = {std::move(first), std::move(second)};  // first player fastest
  dag::validate(game);
  return game;
}

std::vector<dag::MixedProfile> sorted(std::vector<dag::MixedProfile> profiles) {
  std::sort(profiles.begin(), profiles.end());
  return profiles;
}

/// Both enumerations give `count`, the same ones, complete.
dag::EquilibriumSet count_both(const dag::GameTable& game, std::size_t count) {
  const dag::EquilibriumSet supports = dag::support_enumeration(game);
  const dag::EquilibriumSet vertices = dag::vertex_enumeration(game);
  CHECK(supports.equilibria.size() == count);
  CHECK(sorted(supports.equilibria) == sorted(vertices.equilibria));
  CHECK(supports.complete);
  CHECK(vertices.complete);
  CHECK(supports.exact);
  CHECK(vertices.exact);
  CHECK(vertices.status == dag::Status::converged);
  return vertices;
}

/// A random game of whole numbers: small payoffs, some dependent rows, ties, outliers, an offset.
dag::GameTable drawn_game(dag::RandomStream& random, bool zero_sum) {
  const std::size_t rows = 2 + random() % 4;
  const std::size_t columns = 2 + random() % 4;
  const double outlier = std::pow(10.0, static_cast<double>(3 * (random() % 5)));
  const double share = random() % 2 == 0 ? 0.15 : 0.0;
  const double offset = random() % 3 == 0 ? std::pow(10.0, static_cast<double>(random() % 13)) : 0;
  const std::uint64_t spread = random() % 3 == 0 ? 3 : 19;
  std::vector<double> payoffs[2];
  for (std::size_t player = 0; player < 2; ++player) {
    for (std::size_t k = 0; k < rows * columns; ++k) {
      double payoff = static_cast<double>(random() % spread) - 9;
      if (random.uniform() < share) {
        payoff = random() % 2 == 0 ? outlier : -outlier;
      }
      if (random() % 4 == 0 && k >= rows) {
        payoff = 2 * payoffs[player][k - rows];  // columns that depend on each other
      }
      payoffs[player].push_back(payoff);
    }
  }
  for (std::size_t k = 0; k < rows * columns; ++k) {
    payoffs[0][k] += offset;
    payoffs[1][k] = zero_sum ? -payoffs[0][k] : payoffs[1][k] + offset;
  }
  return bimatrix(rows, columns, payoffs[0], payoffs[1]);
}

}  // namespace

TEST_CASE("games on which supports that depend on each other look like equilibria") {
  count_both(dag::zero_sum_table("", 3, 3, {9, -6, -9, -6, 4, 6, -9, 6, 9}), 4);
  count_both(dag::parse_nfg("NFG 1 R \"x\" { \"a\" \"b\" } { 3 3 }\n-1.0 -1.0 -4.0 -4.0 8.0 8.0 "
                            "-0.5 0.5 -2.0 -2.0 4.0 4.0 0.125 0.125 0.5 -0.5 -1.0 1.0",
                            "game"),
             5);
  count_both(
      dag::parse_nfg("NFG 1 R \"x\" { \"a\" \"b\" } { 3 3 }\n-6 -1 5 2 -1/2 1/2 -8 -3 -2 6 -5 "
                     "3/2 -6 2 -7 -4 -13/2 -1",
                     "game"),
      6);
  // Powers of two: 4 x 7, where compiler flags used to change the count.
  std::string text =
      "NFG 1 R \"x\" { \"a\" \"b\" } { 4 7 }\n-1 -1 2 2 -4 -4 8 8 -0.5 0.5 -1 1 -2 -2 4 4 "
      "-0.25 -0.25 0.5 -0.5 -1 -1 -2 -2 0.125 0.125 -0.25 -0.25 0.5 -0.5 -1 1 0.0625 "
      "0.0625 0.125 -0.125 -0.25 0.25 0.5 -0.5 0.03125 -0.03125 -0.0625 0.0625 0.125 "
      "-0.125 0.25 -0.25 0.015625 0.015625 0.03125 0.03125 -0.0625 -0.0625 0.125 0.125";
  count_both(dag::parse_nfg(text, "game"), 3);
  // Outliers of -1e6.
  count_both(
      dag::parse_nfg("NFG 1 R \"t\" { \"r\" \"c\" } { 4 5 }\n1 3 1 0 5 4 1 3 3 2 5 2 -1000000 "
                     "-1000000 2 3 3 -1000000 1 0 3 3 1 3 -1000000 0 -1000000 4 4 5 5 4 5 "
                     "-1000000 -1000000 3 -1000000 4 2 4",
                     "game"),
      2);
  const auto small = count_both(
      dag::parse_nfg("NFG 1 R \"t\" { \"r\" \"c\" } { 3 2 }\n1 3 1 0 5 4 3 2 5 2 -1000000 -1000000",
                     "game"),
      3);
  CHECK(small.max_regret <= 1e-16);
  // A payoff of 1e16 beside ones: exactly the column that is never better.
  count_both(
      dag::parse_nfg("NFG 1 R \"\" { \"a\" \"b\" } { 2 2 }\n10000000000000000 -10000000000000000 0 "
                     "0 0 1 1 0",
                     "game"),
      2);
  // Integers that share a double: 2^53 + 1 is the better row.
  const auto big = dag::parse_nfg(
      "NFG 1 R \"\" { \"a\" \"b\" } { 2 2 }\n9007199254740993 0 9007199254740992 0 1 0 1 0",
      "game");
  CHECK(count_both(big, 3).degenerate);
  CHECK(dag::pure_equilibria(big).size() == 3);  // not the row that is one less
}

TEST_CASE("fractions: the exact equilibrium and its payoffs") {
  const auto game = dag::zero_sum_table("", 2, 2, {1000000001, 1000000000, 1000000000, 1000000002});
  const auto found = dag::vertex_enumeration(game, {.fractions = true});
  REQUIRE(found.fractions.size() == 1);
  CHECK(found.fractions[0][0][0].text() == "2/3");
  CHECK(found.fractions[0][1][1].text() == "1/3");
  const auto payoffs = dag::exact_payoffs(game, found.fractions[0]);
  CHECK(payoffs[0].text() == "3000000002/3");
  CHECK(payoffs[1].text() == "-3000000002/3");
  const auto path = dag::lemke_howson(game, {.fractions = true});
  CHECK(path.fractions[0] == found.fractions[0]);
}

TEST_CASE(
    "Lemke-Howson returns equilibria only: outliers of 1e5 and 1e9, and a path that circled") {
  const auto wild = dag::parse_nfg(
      "NFG 1 R \"t\" { \"r\" \"c\" } { 4 4 }\n1 5 1 1 5 4 3 -100000 2 1 1 3 -100000 -100000 3 3 2 "
      "4 4 3 "
      "-100000 2 3 -100000 5 1 1 3 -100000 4 3 5",
      "game");
  const auto zero_sum = dag::zero_sum_table(
      "", 4, 5, {1, 9, 9, -1e9, 0, 3, 8, 2, 0, 7, 8, 0, -1e9, 9, 2, -1e9, -1e9, 0, 6, 1});
  // Doubles leave the path here and circle: powers of two down to 2^-70 and one payoff of 1e12.
  dag::RandomStream random(1196, 0);
  std::vector<double> first, second;
  for (int k = 0; k < 12 * 11; ++k) {
    first.push_back(2 * random.uniform() - 1);
    second.push_back(random() % 12 == 0 ? 1e12 : 2 * random.uniform() - 1);
  }
  for (const auto& game : {wild, zero_sum, bimatrix(12, 11, first, second)}) {
    const auto found = dag::lemke_howson(game, {.all_labels = true});
    CHECK(found.status == dag::Status::converged);
    CHECK(found.exact);
    for (const auto& profile : found.equilibria) {
      CHECK(true_relative_gap(game, profile) <= 1e-15);
    }
  }
}

TEST_CASE("beyond whole numbers a certificate decides: Lemke-Howson and its tolerance") {
  dag::RandomStream random(70, 0);
  std::vector<double> payoffs[2];
  for (auto& player : payoffs) {
    for (int k = 0; k < 70 * 70; ++k) {
      player.push_back(random.uniform());
    }
  }
  const auto game = bimatrix(70, 70, payoffs[0], payoffs[1]);
  const auto found = dag::lemke_howson(game);
  CHECK(!found.exact);
  CHECK(found.status == dag::Status::converged);
  CHECK(dag::certify(game, found.equilibria[0]).relative <= 1e-14);
  // The better of the two ways to read the tableau is kept, so that this is far below its rounding.
  const auto strict = dag::lemke_howson(game, {.tolerance = 0.0});
  CHECK(strict.status == (dag::certify(game, strict.equilibria[0]).relative == 0.0
                              ? dag::Status::converged
                              : dag::Status::stalled));
  CHECK_THROWS_AS((void)dag::lemke_howson(game, {.tolerance = -1.0}), dag::Error);
}

TEST_CASE(
    "beyond whole numbers and beside outliers: what doubles found counts as its certificate says") {
  dag::RandomStream random(66, 0);
  int converged = 0;
  for (int round = 0; round < 8; ++round) {
    CAPTURE(round);
    const double outlier = std::pow(10.0, 5 + round);
    std::vector<double> payoffs[2];
    for (auto& player : payoffs) {
      for (int k = 0; k < 66 * 66; ++k) {
        player.push_back(random() % 12 == 0 ? -outlier : random.uniform());
      }
    }
    const auto game = bimatrix(66, 66, payoffs[0], payoffs[1]);
    const auto found = dag::lemke_howson(game, {.max_pivots = 20'000});
    CHECK(!found.exact);
    for (const auto& profile : found.equilibria) {
      const double relative = dag::certify(game, profile).relative;
      MESSAGE("outlier ", outlier, ": relative gap ", relative);
      CHECK((found.status == dag::Status::converged) == (relative <= 1e-9));
    }
    converged += found.status == dag::Status::converged ? 1 : 0;
  }
  CHECK(converged >= 1);
}

TEST_CASE("1000 random games with outliers, offsets and ties: exact counts, no false certificate") {
  dag::RandomStream random(12, 0);
  double worst = 0;
  for (int round = 0; round < 1000; ++round) {
    CAPTURE(round);
    const bool zero_sum = round % 3 == 0;
    const dag::GameTable game = drawn_game(random, zero_sum);
    const auto supports = dag::support_enumeration(game);
    const auto vertices = dag::vertex_enumeration(game);
    const auto exactly = dag::vertex_enumeration(game, {.exact = true});
    CHECK(supports.complete);
    CHECK(!supports.equilibria.empty());
    CHECK(sorted(supports.equilibria) == sorted(vertices.equilibria));
    CHECK(sorted(supports.equilibria) == sorted(exactly.equilibria));
    for (const auto& profile : supports.equilibria) {
      const double gap = true_relative_gap(game, profile);
      worst = std::max(worst, gap);
      CHECK(dag::certify(game, profile).relative == doctest::Approx(gap).epsilon(1e-12));
    }
    const auto path = dag::lemke_howson(game);
    CHECK(path.status == dag::Status::converged);
    REQUIRE(path.equilibria.size() == 1);
    CHECK(true_relative_gap(game, path.equilibria[0]) <= 1e-15);
    if (zero_sum) {
      for (const double tolerance : {1e-6, 1e-12, 1e-15}) {
        const auto vertex = dag::linear_program(game, {.tolerance = tolerance});
        CHECK(vertex.status == dag::Status::converged);
        CHECK(true_relative_gap(game, {vertex.row, vertex.column}) / 2 <= tolerance);
      }
    }
  }
  CHECK(worst <= 1e-15);
}

TEST_CASE(
    "random games with outliers: the logit branch and correlated equilibria do not claim more") {
  dag::RandomStream random(13, 0);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const dag::GameTable game = drawn_game(random, false);
    const auto branch = dag::logit_branch(game, {.tolerance = 1e-6, .max_steps = 300});
    const double gap = true_relative_gap(game, branch.points.back().profile);
    CHECK((branch.status != dag::Status::converged || gap <= 1e-6));
    for (const auto kind : {dag::RegretKind::internal, dag::RegretKind::external}) {
      const auto best = dag::correlated_equilibrium(game, {.kind = kind});
      const auto report = dag::certify_joint(game, best.joint);
      CHECK((best.status != dag::Status::converged || best.relative_gap <= 1e-10));
      CHECK(best.gap ==
            (kind == dag::RegretKind::internal ? report.correlated_gap : report.coarse_gap));
    }
  }
}

TEST_CASE(
    "affine laws of table solvers: offsets to 1e15, scales from 1e-300 to 1e300, one player's") {
  const std::vector<double> first{6, 0, 3, 5, 7, 1, 2, 4, 8};
  const std::vector<double> second{1, 4, 2, 5, 0, 3, 7, 2, 1};
  const auto plain = bimatrix(3, 3, first, second);
  const auto all = sorted(dag::support_enumeration(plain).equilibria);
  const auto path = dag::lemke_howson(plain).equilibria;
  const auto branch = dag::logit_branch(plain);
  const auto joint = dag::correlated_equilibrium(plain, {.weights = {1, 0}});
  const auto dominance = dag::iterated_dominance(plain);
  struct Map {
    double scale[2];
    double offset[2];
  };
  for (const Map& map :
       {Map{{1, 1}, {1e15, -1e15}}, Map{{1e-300, 1e-300}, {0, 0}}, Map{{1e300, 1e300}, {0, 0}},
        Map{{1e-300, 1e300}, {0, 0}}, Map{{1, 1e12}, {1e6, 0}}, Map{{0x1p-40, 8}, {1, 1e14}}}) {
    auto game = plain;
    for (std::size_t player = 0; player < 2; ++player) {
      for (double& payoff : game.payoffs[player]) {
        payoff = payoff * map.scale[player] + map.offset[player];
      }
    }
    CAPTURE(map.scale[0]);
    CAPTURE(map.scale[1]);
    CAPTURE(map.offset[0]);
    CHECK(sorted(dag::support_enumeration(game).equilibria) == all);
    CHECK(sorted(dag::vertex_enumeration(game).equilibria) == all);
    CHECK(dag::lemke_howson(game).equilibria == path);
    CHECK(dag::pure_equilibria(game) == dag::pure_equilibria(plain));
    CHECK(dag::iterated_dominance(game).kept == dominance.kept);
    const auto best = dag::correlated_equilibrium(game, {.weights = {1, 0}});
    CHECK(best.status == joint.status);
    for (std::size_t s = 0; s < joint.joint.size(); ++s) {
      CHECK(std::abs(best.joint[s] - joint.joint[s]) <= 1e-9);
    }
    if (map.scale[0] == map.scale[1]) {  // a common scale is only another unit of lambda
      const auto there = dag::logit_branch(game);
      CHECK(there.status == branch.status);
      CHECK(there.points.size() == branch.points.size());
      CHECK(std::abs(there.points.back().profile[0][0] - branch.points.back().profile[0][0]) <=
            1e-9);
    }
  }
  // The prisoners' dilemma and its shift.
  for (const double offset : {0.0, 1e6, 1e12}) {
    const auto dilemma = bimatrix(2, 2, {3 + offset, 5 + offset, offset, 1 + offset},
                                  {3 + offset, offset, 5 + offset, 1 + offset});
    const auto found = dag::logit_branch(dilemma);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.points.back().profile[0][1] >= 1 - 1e-5);
    CHECK(dag::iterated_dominance(dilemma).kept == std::vector<std::vector<std::size_t>>{{1}, {1}});
  }
}

TEST_CASE(
    "dominance is strict: equal strategies stay, mixes better by little go, beside outliers") {
  // Rows 0 and 1 equal: neither dominates the other, nor does any mix of them.
  const auto twins = bimatrix(3, 2, {1, 1, 2, 2, 2, 1}, {0, 0, 0, 0, 0, 0});
  CHECK(dag::iterated_dominance(twins).kept[0].size() == 3);
  // Row 2 is below the even mix of rows 0 and 1 by 1e-6, which is 1e-15 of the range.
  const double less = 2 - 1e-6;
  const auto close =
      bimatrix(3, 3, {4, 0, less, 0, 4, less, 1e9, 1e9, 1e9 - 1}, {0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto removed = dag::iterated_dominance(close).removed;
  REQUIRE(removed.size() == 1);
  CHECK(removed[0].strategy == 2);
  // Exactly the mix: weakly dominated at most.
  const auto equal = bimatrix(3, 2, {4, 0, 2, 0, 4, 2}, {0, 0, 0, 0, 0, 0});
  CHECK(dag::iterated_dominance(equal).kept[0].size() == 3);
}

TEST_CASE("correlated equilibria keep probabilities that are small but count") {
  // Chicken with one payoff of 1e8: the equilibrium of largest welfare plays its profile with
  // probability about 1e-8, and without it the gain would be missed.
  const auto game = bimatrix(2, 2, {0, 2, 7, 6}, {0, 7, 2, 6});
  const auto found = dag::correlated_equilibrium(game);
  CHECK(found.status == dag::Status::converged);
  double welfare = 0;
  for (std::size_t s = 0; s < 4; ++s) {
    welfare += found.joint[s] * (game.payoffs[0][s] + game.payoffs[1][s]);
  }
  CHECK(welfare == doctest::Approx(10.5).epsilon(1e-12));  // 1/2 (6, 6), 1/4 each of (2, 7), (7, 2)
  // Scaled so that one probability of the optimum is 2^-30: cut off at 1e-3 it would be lost.
  const double tiny = std::ldexp(1.0, -30);
  const auto skewed = bimatrix(2, 2, {0, tiny, 1, 1 - tiny}, {0, 1, tiny, 1 - tiny});
  const auto other = dag::correlated_equilibrium(skewed);
  CHECK(other.status == dag::Status::converged);
  CHECK(other.relative_gap <= 1e-10);
}

TEST_CASE("maximal Nash subsets: products of interchangeable strategies") {
  const auto square = count_both(dag::zero_sum_table("", 3, 3, {9, -6, -9, -6, 4, 6, -9, 6, 9}), 4);
  const auto one = dag::maximal_nash_subsets(square);
  REQUIRE(one.subsets.size() == 1);
  CHECK(one.subsets[0].first.size() == 2);
  CHECK(one.subsets[0].second.size() == 2);
  const auto chain = dag::maximal_nash_subsets(
      dag::vertex_enumeration(dag::parse_nfg("NFG 1 R \"x\" { \"a\" \"b\" } { 3 3 }\n-1.0 -1.0 "
                                             "-4.0 -4.0 8.0 8.0 -0.5 0.5 -2.0 -2.0 4.0 4.0 0.125 "
                                             "0.125 0.5 -0.5 -1.0 1.0",
                                             "game")));
  CHECK(chain.subsets.size() == 4);
  for (const auto& subset : chain.subsets) {  // every pair of a subset is an equilibrium
    CHECK((subset.first.size() == 1 || subset.second.size() == 1));
  }
}

TEST_CASE("symmetric equilibria by one polytope, and equilibria seen as they are found") {
  dag::RandomStream random(23, 0);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t n = 2 + static_cast<std::size_t>(trial) % 5;
    std::vector<double> rows(n * n);
    std::vector<double> columns(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {  // every other game has many ties
        const double payoff = static_cast<double>(random.below(trial % 2 == 0 ? 1'000'000 : 3));
        rows[i * n + j] = payoff;
        columns[j * n + i] = 3 * payoff - 1;  // a factor and a constant do not matter
      }
    }
    const auto game = bimatrix(n, n, rows, columns);
    CHECK(dag::is_symmetric(game));
    std::vector<dag::MixedProfile> seen;
    const auto watch = [&](const dag::EquilibriumSet& found) {
      seen.push_back(found.equilibria.back());
      CHECK(found.equilibria.size() == seen.size());
    };
    const auto all = dag::vertex_enumeration(game, {.observer = watch});
    CHECK(seen == all.equilibria);
    CHECK(sorted(all.equilibria) == sorted(dag::support_enumeration(game).equilibria));
    const auto twins = dag::vertex_enumeration(game, {.fractions = true, .symmetric = true});
    CHECK(twins.complete);
    CHECK(!twins.equilibria.empty());  // Nash (1951): symmetric games have symmetric equilibria
    std::vector<dag::MixedProfile> expected;  // where nothing ties, those of all that are
    for (const auto& profile : all.equilibria) {
      if (profile[0] == profile[1]) {
        expected.push_back(profile);
      }
    }
    if (!all.degenerate) {
      CHECK(sorted(twins.equilibria) == sorted(expected));
      CHECK(twins.equilibria.size() % 2 == 1);
    }
    for (std::size_t k = 0; k < twins.equilibria.size(); ++k) {
      CHECK(twins.fractions[k][0] == twins.fractions[k][1]);
      CHECK(twins.regrets[k] <= 1e-12 * dag::payoff_range(game));
    }
    for (const auto& profile : expected) {  // extreme and symmetric: an extreme symmetric one
      CHECK(std::find(twins.equilibria.begin(), twins.equilibria.end(), profile) !=
            twins.equilibria.end());
    }
    const auto first = [](const dag::EquilibriumSet&) { return false; };
    const auto one = dag::vertex_enumeration(game, {.observer = first});
    CHECK(one.equilibria.size() == 1);
    CHECK(one.status == dag::Status::stopped);
    CHECK(!one.complete);
  }
  const auto seats = bimatrix(2, 2, {1, 0, 0, 1}, {1, 0, 1, 0});
  CHECK(!dag::is_symmetric(seats));
  CHECK_THROWS_AS((void)dag::vertex_enumeration(seats, {.symmetric = true}), dag::Error);
}

TEST_CASE("vertices: larger random games, lopsided ones, and what limits do") {
  dag::RandomStream random(17, 0);
  const auto uniform = [&](std::size_t rows, std::size_t columns) {
    std::vector<double> payoffs[2];
    for (auto& player : payoffs) {
      for (std::size_t k = 0; k < rows * columns; ++k) {
        player.push_back(random.uniform());
      }
    }
    return bimatrix(rows, columns, payoffs[0], payoffs[1]);
  };
  for (const std::size_t n : {6U, 7U, 8U}) {
    const auto game = uniform(n, n);
    CHECK(sorted(dag::vertex_enumeration(game).equilibria) ==
          sorted(dag::support_enumeration(game).equilibria));
  }
  const auto wide = uniform(2, 300);
  const auto found = dag::vertex_enumeration(wide);
  CHECK(found.complete);
  CHECK(found.equilibria.size() % 2 == 1);  // nondegenerate: an odd number
  const auto square = uniform(11, 11);
  CHECK(dag::vertex_enumeration(square).equilibria.size() % 2 == 1);
  const auto cut = dag::vertex_enumeration(square, {.max_vertices = 20});
  CHECK(cut.status == dag::Status::iteration_limit);
  CHECK(!cut.complete);
  struct Pressed {
    [[nodiscard]] bool stop_requested() const { return true; }
  };
  const Pressed pressed;
  CHECK(dag::vertex_enumeration(square, {.stop = pressed}).status == dag::Status::stopped);
  CHECK(dag::support_enumeration(square, {.time_limit = 0.0}).status == dag::Status::time_limit);
  CHECK(!dag::support_enumeration(square, {.time_limit = 0.0}).complete);
  CHECK(dag::lemke_howson(square, {.stop = pressed}).status == dag::Status::stopped);
  CHECK(dag::logit_branch(square, {.stop = pressed}).status == dag::Status::stopped);
  const auto untried = dag::iterated_dominance(square, {.stop = pressed});
  CHECK(untried.status == dag::Status::stopped);
  CHECK(untried.removed.empty());
  CHECK(untried.kept[0].size() == square.sizes[0]);
}
