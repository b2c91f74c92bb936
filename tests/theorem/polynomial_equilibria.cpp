// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A slip seen to break these tests: the Jacobian's range of the inflated cell not divided by the
// inflation (nothing is ever settled).

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/io/nfg.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/choose_equilibrium.hpp>
#include <dag/solver/table/polynomial_equilibria.hpp>
#include <dag/solver/table/support_enumeration.hpp>

namespace {

dag::GameTable table_of(std::vector<std::size_t> sizes,
                        const std::vector<std::vector<double>>& payoffs) {
  dag::GameTable game;
  game.sizes = std::move(sizes);
  for (std::size_t i = 0; i < game.sizes.size(); ++i) {
    game.players.push_back("P" + std::to_string(i + 1));
  }
  game.payoffs = payoffs;
  return game;
}

}  // namespace

TEST_CASE("random games of three and four players: an odd number of equilibria, each certified") {
  // Wilson (1971): almost all games have an odd number.
  for (const char* size : {"2x2x2", "3x2x2", "3x3x3", "4x3x2", "2x2x2x2"}) {
    for (int seed = 1; seed <= 12; ++seed) {
      const std::string name = "general:" + std::string(size) + ":" + std::to_string(seed);
      CAPTURE(name);
      const dag::GameTable game = dag::named_game(name);
      const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game);
      CHECK(all.status == dag::Status::converged);
      CHECK(all.complete);
      CHECK(!all.degenerate);
      CHECK(all.equilibria.size() % 2 == 1);
      for (const dag::EnclosedEquilibrium& one : all.equilibria) {
        CHECK(one.max_regret <= 1e-13);
        CHECK(one.dimension == 0);
        CHECK(one.radius <= 1e-12);
      }
    }
  }
}

TEST_CASE("two players: the same as support enumeration") {
  for (int seed = 1; seed <= 20; ++seed) {
    const dag::GameTable game = dag::named_game("general:3x4:" + std::to_string(seed));
    const dag::EquilibriumSet known = dag::support_enumeration(game);
    const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game);
    REQUIRE(all.equilibria.size() == known.equilibria.size());
    for (const dag::MixedProfile& profile : known.equilibria) {
      double nearest = 1.0;
      for (const dag::EnclosedEquilibrium& one : all.equilibria) {
        double apart = 0.0;
        for (std::size_t i = 0; i < 2; ++i) {
          for (std::size_t s = 0; s < profile[i].size(); ++s) {
            apart = std::fmax(apart, std::abs(profile[i][s] - one.profile[i][s]));
          }
        }
        nearest = std::fmin(nearest, apart);
      }
      CHECK(nearest <= 1e-12);
    }
  }
}

TEST_CASE("2 x 2 x 2: one mixed equilibrium, and three players who coordinate") {
  const dag::GameTable jordan = dag::named_game("jordan");
  const dag::PolynomialEquilibria one = dag::polynomial_equilibria(jordan);
  REQUIRE(one.equilibria.size() == 1);
  CHECK(one.equilibria[0].profile == dag::MixedProfile{{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}});
  CHECK(one.equilibria[0].fractions[0][0].text() == "1/2");
  // Everybody gains exactly when all choose alike: three players, coordination. Pure: both; mixed:
  // (1/2, 1/2, 1/2), and none on the edges.
  dag::GameTable match =
      table_of({2, 2, 2}, std::vector<std::vector<double>>(3, {1, 0, 0, 0, 0, 0, 0, 1}));
  const dag::PolynomialEquilibria matched = dag::polynomial_equilibria(match);
  CHECK(matched.complete);
  std::size_t mixed = 0;
  for (const dag::EnclosedEquilibrium& found : matched.equilibria) {
    mixed += found.profile[0][0] == doctest::Approx(0.5) && found.dimension == 0 ? 1U : 0U;
    CHECK(found.max_regret <= 1e-12);
  }
  CHECK(mixed == 1);
}

TEST_CASE("irrational equilibria are enclosed, and no fraction is claimed") {
  // Player 1 and 2 are indifferent where 2 b c = 1 ... : x^2 = 1/2 in each coordinate.
  // u_i = 1 for strategy 2 always; strategy 1 pays 2 when both others play 1.
  std::vector<std::vector<double>> payoffs(3, std::vector<double>(8));
  for (std::size_t k = 0; k < 8; ++k) {
    for (std::size_t i = 0; i < 3; ++i) {
      const bool first = (k >> i & 1U) == 0;
      const bool others = ((k >> (i + 1) % 3 & 1U) == 0) && ((k >> (i + 2) % 3 & 1U) == 0);
      payoffs[i][k] = first ? (others ? 2.0 : 0.0) : 1.0;
    }
  }
  const dag::PolynomialEquilibria all = dag::polynomial_equilibria(table_of({2, 2, 2}, payoffs));
  CHECK(all.complete);
  CHECK(all.equilibria.size() == 3);  // both pure ones, and 1 / sqrt 2
  const dag::EnclosedEquilibrium& mixed = all.equilibria.back();
  CHECK(std::abs(mixed.profile[0][0] - std::sqrt(0.5)) <= mixed.radius);
  CHECK(mixed.fractions.empty());
}

TEST_CASE("components of positive dimension are told as such") {
  // Player 3 alone decides what she gets; nobody else cares: a square of equilibria.
  const dag::GameTable game = table_of(
      {2, 2, 2},
      {std::vector<double>(8, 1.0), std::vector<double>(8, 1.0), {1, 1, 1, 1, 0, 0, 0, 0}});
  const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game);
  CHECK(all.complete);
  CHECK(all.degenerate);
  std::size_t largest = 0;
  for (const dag::EnclosedEquilibrium& one : all.equilibria) {
    largest = one.dimension > largest ? one.dimension : largest;
    CHECK(one.profile[2][0] == 1.0);
    CHECK(one.max_regret <= 1e-12);
  }
  CHECK(largest == 2);
}

TEST_CASE("sets of equilibria with ends, in the games of Nau and others (2004)") {
  // doi:10.1007/s001820300162, section 5: three pure equilibria, the completely mixed ones a curve.
  const dag::PolynomialEquilibria curve = dag::polynomial_equilibria(table_of(
      {2, 2, 2}, {{0, 3, 0, 0, 1, 0, 0, 0}, {0, 0, 3, 0, 1, 0, 0, 0}, {2, 0, 0, 0, 0, 0, 0, 3}}));
  CHECK(curve.complete);
  std::size_t mixed = 0;
  for (const dag::EnclosedEquilibrium& one : curve.equilibria) {
    CHECK(one.max_regret <= 1e-12);
    const bool everything = std::all_of(one.profile.begin(), one.profile.end(),
                                        [](const auto& p) { return p[0] > 0 && p[1] > 0; });
    mixed += everything ? 1U : 0U;
    CHECK((!everything || (one.dimension == 1 && one.shape == dag::SetShape::curve)));
  }
  CHECK(mixed == 1);
  // Section 6: players 1 and 2 even, player 3 (t, t, 1/2 - t, 1/2 - t): a segment with two ends.
  const dag::PolynomialEquilibria segment = dag::polynomial_equilibria(
      table_of({2, 2, 4}, {{2, 0, 0, 1, 1, 0, 0, 2, 1, 0, 0, 2, 2, 0, 0, 1},
                           {0, 2, 1, 0, 0, 1, 2, 0, 0, 2, 1, 0, 0, 1, 2, 0},
                           {0, 1, 1, 2, 2, 1, 1, 0, 1, 0, 2, 1, 1, 2, 0, 1}}));
  CHECK(segment.complete);
  CHECK(segment.equilibria.size() == 3);  // the ends, and one for what is between
  CHECK(segment.equilibria[2].shape == dag::SetShape::segment);
  CHECK(!segment.equilibria[2].fractions.empty());
  CHECK(segment.equilibria[2].low[2][0] <= 0.02);
  CHECK(segment.equilibria[2].high[2][0] >= 0.48);
  for (const dag::EnclosedEquilibrium& one : segment.equilibria) {
    CHECK(std::abs(one.profile[0][0] - 0.5) <= 1e-9);
    CHECK(std::abs(one.profile[1][0] - 0.5) <= 1e-9);
    CHECK(std::abs(one.profile[2][0] - one.profile[2][1]) <= 1e-9);
    CHECK(std::abs(one.profile[2][2] - one.profile[2][3]) <= 1e-9);
  }
}

TEST_CASE("sets of equilibria are told by shape: faces, segments, regions, curves") {
  using Payoffs = std::vector<std::vector<double>>;
  const auto shapes = [](const dag::GameTable& game, std::size_t played) {
    std::vector<dag::SetShape> all;
    for (const dag::EnclosedEquilibrium& one : dag::polynomial_equilibria(game).equilibria) {
      std::size_t weights = 0;
      for (const std::vector<double>& strategy : one.profile) {
        weights += static_cast<std::size_t>(
            std::count_if(strategy.begin(), strategy.end(), [](double p) { return p > 0.0; }));
      }
      if (weights == played) {
        all.push_back(one.shape);
      }
      CHECK(one.low.empty() == (one.dimension == 0));
      for (std::size_t i = 0; i < one.low.size(); ++i) {
        for (std::size_t s = 0; s < one.low[i].size(); ++s) {
          CHECK(one.low[i][s] <= one.profile[i][s]);
          CHECK(one.profile[i][s] <= one.high[i][s]);
        }
      }
    }
    return all;
  };
  // Player 3 gets (x - 1/2)(y - 1/2) more by her first strategy: two squares that cross.
  const Payoffs cross{
      std::vector<double>(8, 0.0), std::vector<double>(8, 0.0), {1, -1, -1, 1, 0, 0, 0, 0}};
  CHECK(shapes(table_of({2, 2, 2}, cross), 6) ==
        std::vector<dag::SetShape>{dag::SetShape::face, dag::SetShape::face});
  // ... and x y <= 1/4 where she plays the second: the part of a square below a hyperbola, and the
  // hyperbola, a curve times her own weights.
  const Payoffs bent{
      std::vector<double>(8, 0.0), std::vector<double>(8, 0.0), {3, -1, -1, -1, 0, 0, 0, 0}};
  const dag::GameTable below = table_of({2, 2, 2}, bent);
  CHECK(dag::polynomial_equilibria(below).complete);
  CHECK(shapes(below, 6) == std::vector<dag::SetShape>{dag::SetShape::surface});
  const std::vector<dag::SetShape> five = shapes(below, 5);  // x or y 1: a segment
  CHECK(std::count(five.begin(), five.end(), dag::SetShape::region) == 2);
  CHECK(std::count(five.begin(), five.end(), dag::SetShape::segment) == 2);
  CHECK(five.size() == 4);
}

TEST_CASE("each equilibrium on a grid is listed, or in the box of a set with its supports") {
  dag::RandomStream random(8, 2);
  for (int trial = 0; trial < 30; ++trial) {
    const double top = trial % 2 == 0 ? 2 : 3;  // payoffs below
    std::vector<std::vector<double>> payoffs(3, std::vector<double>(8));
    for (std::vector<double>& player : payoffs) {
      for (double& payoff : player) {
        payoff = static_cast<double>(random.below(static_cast<std::uint64_t>(top)));
      }
    }
    const dag::GameTable game = table_of({2, 2, 2}, payoffs);
    const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game, {.max_cells = 20'000});
    if (!all.complete) {
      continue;
    }
    for (int x = 0; x <= 12; ++x) {
      for (int y = 0; y <= 12; ++y) {
        for (int z = 0; z <= 12; ++z) {
          const dag::MixedProfile at{{x / 12.0, (12 - x) / 12.0},
                                     {y / 12.0, (12 - y) / 12.0},
                                     {z / 12.0, (12 - z) / 12.0}};
          if (dag::max_regret(game, at) > 1e-12) {
            continue;
          }
          const bool known =
              std::any_of(all.equilibria.begin(), all.equilibria.end(), [&](const auto& one) {
                bool same = true;
                for (std::size_t i = 0; i < 3; ++i) {
                  for (std::size_t s = 0; s < 2; ++s) {
                    const double p = at[i][s];
                    same =
                        same && (p > 0.0) == (one.profile[i][s] > 0.0) &&
                        (one.low.empty() ? std::abs(p - one.profile[i][s]) < 1e-9
                                         : p >= one.low[i][s] - 1e-9 && p <= one.high[i][s] + 1e-9);
                  }
                }
                return same;
              });
          CAPTURE(trial);
          CAPTURE(x);
          CAPTURE(y);
          CAPTURE(z);
          CHECK(known);
        }
      }
    }
  }
}

TEST_CASE("games with many ties: complete nearly always, and no equilibrium with a regret") {
  dag::RandomStream random(5, 3);
  std::size_t complete = 0;
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<std::vector<double>> payoffs(3, std::vector<double>(8));
    for (std::vector<double>& player : payoffs) {
      for (double& payoff : player) {
        payoff = static_cast<double>(random.below(3));
      }
    }
    const dag::GameTable game = table_of({2, 2, 2}, payoffs);
    const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game, {.max_cells = 20'000});
    complete += all.complete ? 1U : 0U;
    for (const dag::EnclosedEquilibrium& one : all.equilibria) {
      CHECK(one.max_regret <= 1e-12);
    }
  }
  CHECK(complete >= 38);
}

TEST_CASE("scale, offset and order of players do not change the count") {
  const dag::GameTable game = dag::named_game("general:3x3x2:4");
  const std::size_t count = dag::polynomial_equilibria(game).equilibria.size();
  dag::GameTable moved = game;
  moved.numbers.clear();
  for (std::size_t i = 0; i < 3; ++i) {
    for (double& payoff : moved.payoffs[i]) {
      payoff = 1024.0 * payoff + 512.0;
    }
  }
  CHECK(dag::polynomial_equilibria(moved).equilibria.size() == count);
}

TEST_CASE("limits are told, and bad input refused") {
  const dag::GameTable game = dag::named_game("general:3x3x3:1");
  const dag::PolynomialEquilibria cut = dag::polynomial_equilibria(game, {.max_cells = 3});
  CHECK(!cut.complete);
  CHECK(cut.status == dag::Status::iteration_limit);
  CHECK(dag::polynomial_equilibria(game, {.time_limit = 0.0}).status == dag::Status::time_limit);
  CHECK_THROWS_AS(static_cast<void>(dag::polynomial_equilibria(dag::named_game("general:9x9x9:1"))),
                  dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::polynomial_equilibria(game, {.max_cells = 0})),
                  dag::Error);
}

TEST_CASE("rules that choose among equilibria") {
  // Stag hunt: (4, 4) pays most, (3, 3) is risk-dominant; the mixed one is symmetric too.
  const dag::GameTable hunt = table_of({2, 2}, {{4, 3, 0, 3}, {4, 0, 3, 3}});
  const std::vector<dag::MixedProfile> all = dag::support_enumeration(hunt).equilibria;
  REQUIRE(all.size() == 3);
  const auto chosen = [&](const char* word) {
    return dag::choose_equilibria(hunt, all, dag::equilibrium_rule(word, 2));
  };
  const dag::MixedProfile stag{{1, 0}, {1, 0}};
  const dag::MixedProfile hare{{0, 1}, {0, 1}};
  for (const char* word : {"welfare", "egalitarian", "payoff:1", "payoff:2"}) {
    REQUIRE(chosen(word).size() == 1);
    CHECK(all[chosen(word)[0]] == stag);
  }
  REQUIRE(chosen("risk_dominant").size() == 1);
  CHECK(all[chosen("risk_dominant")[0]] == hare);
  CHECK(chosen("symmetric").size() == 3);
  for (const char* word : {"payoff:3", "payoff:", "payoff:1.5", "best", ""}) {
    CHECK_THROWS_AS(static_cast<void>(dag::equilibrium_rule(word, 2)), dag::Error);
  }
  CHECK_THROWS_AS(static_cast<void>(dag::equilibrium_rule("risk_dominant", 3)), dag::Error);
}

TEST_CASE("all equilibria beside constants beyond the digits of a double are those without") {
  // Three players in a ring, mixed play only; the third one's payoffs in thirds.
  const auto ring = [](const std::string& zeros) {
    std::string text = "NFG 1 R \"ring\" { \"A\" \"B\" \"C\" } { 2 2 2 }";
    const int match[2][2] = {{6, 2}, {1, 4}};
    for (int c = 0; c < 2; ++c) {
      for (int b = 0; b < 2; ++b) {
        for (int a = 0; a < 2; ++a) {
          const auto far = [&](int payoff) {
            return " " + (zeros.empty() ? "" : "1" + zeros) + std::to_string(payoff);
          };
          text += far(match[a][b]) + far(9 - match[b][c]) + far(match[c][a]) + "/3";
        }
      }
    }
    return dag::parse_nfg(text);
  };
  const dag::PolynomialEquilibria want = dag::polynomial_equilibria(ring(""));
  REQUIRE(want.complete);
  REQUIRE(want.equilibria.size() >= 1);
  for (const std::size_t zeros : {16U, 29U, 60U}) {
    CAPTURE(zeros);
    const dag::PolynomialEquilibria found =
        dag::polynomial_equilibria(ring(std::string(zeros, '0')));
    CHECK(found.complete);
    CHECK(found.degenerate == want.degenerate);
    REQUIRE(found.equilibria.size() == want.equilibria.size());
    for (std::size_t k = 0; k < want.equilibria.size(); ++k) {
      CHECK(found.equilibria[k].max_regret < 1e-9);
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(found.equilibria[k].profile[i][0] ==
              doctest::Approx(want.equilibria[k].profile[i][0]).epsilon(1e-9));
      }
    }
  }
}
