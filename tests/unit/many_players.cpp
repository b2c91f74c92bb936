// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#if __has_include(<xtensor/xarray.hpp>)
#include <dag/eigen.hpp>
#include <dag/game/normal_form.hpp>
#include <dag/game/player_regrets.hpp>
#include <dag/game/polymatrix.hpp>
#include <dag/problem/catalogue.hpp>

#include <cmath>
#include <vector>

namespace {

using Game = dag::NormalFormGame<double, dag::eigen>;
using Polymatrix = dag::PolymatrixGame<double, dag::eigen>;
static_assert(dag::MonotoneGame<Game> && dag::HasRange<Game> && dag::HasLipschitz<Game>);
static_assert(dag::MonotoneGame<Polymatrix>);

dag::State<dag::eigen, double> random_point(const dag::Blocks& blocks, std::uint64_t seed,
                                            bool with_zeros = false) {
  dag::RandomStream random(seed, 0x7074);
  dag::State<dag::eigen, double> z(dag::eigen{}, blocks.total());
  for (std::size_t b = 0; b < blocks.count(); ++b) {
    const auto block = blocks.of(z.view().point, b);
    double sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
      const double weight = -std::log1p(-random.uniform());
      block[i] = with_zeros && i + 1 < block.size() && weight < 0.5 ? 0 : weight + 1e-3;
      sum += block[i];
    }
    for (double& p : block) {
      p /= sum;
    }
  }
  return z;
}

/// Each neighbour pair of a ring plays a random zero-sum game.
std::vector<dag::PolymatrixPayoff<double>> zero_sum_ring(const std::vector<std::size_t>& sizes,
                                                         std::uint64_t seed) {
  dag::RandomStream random(seed, 0x72696e67);
  std::vector<dag::PolymatrixPayoff<double>> edges;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t j = (i + 1) % sizes.size();
    dag::PolymatrixPayoff<double> there{i, j, std::vector<double>(sizes[i] * sizes[j])};
    dag::PolymatrixPayoff<double> back{j, i, std::vector<double>(sizes[i] * sizes[j])};
    for (std::size_t s = 0; s < sizes[i]; ++s) {
      for (std::size_t t = 0; t < sizes[j]; ++t) {
        const double payoff = 2 * random.uniform() - 1;
        there.payoff[s * sizes[j] + t] = payoff;
        back.payoff[t * sizes[i] + s] = -payoff;
      }
    }
    edges.push_back(there);
    edges.push_back(back);
  }
  return edges;
}

}  // namespace

TEST_CASE("the field of a normal-form game is each strategy's expected payoff, by enumeration") {
  for (const char* name : {"general:3:1", "general:4x3:2", "general:2x3x4:3", "general:3x1x2x2:4",
                           "general:2x2x2x2x2:5", "jordan"}) {
    CAPTURE(name);
    const dag::GameTable table = dag::named_game(name);
    const Game game{table};
    const dag::Blocks& blocks = game.players().blocks();
    for (const bool with_zeros : {false, true}) {
      const auto z = random_point(blocks, 7, with_zeros);
      std::vector<double> field(blocks.total(), std::nan(""));
      game.field(z.view(), std::span<double>(field));
      std::vector<double> expected(blocks.total(), 0.0);
      std::vector<std::size_t> choices(table.player_count(), 0);
      std::size_t profile = 0;
      do {
        for (std::size_t i = 0; i < table.player_count(); ++i) {
          double others = 1;
          for (std::size_t j = 0; j < table.player_count(); ++j) {
            others *= j == i ? 1 : blocks.of(z.view().point, j)[choices[j]];
          }
          expected[blocks.offset(i) + choices[i]] += others * table.payoffs[i][profile];
        }
        ++profile;
      } while (dag::next_profile(table.sizes, choices));
      for (std::size_t k = 0; k < field.size(); ++k) {
        CHECK(field[k] == doctest::Approx(expected[k]).epsilon(1e-14));
      }
      // The certificate of solvers is NashConv, and the regrets are those of the table.
      const dag::RegretReport wanted = dag::certify(table, dag::unstacked(blocks, z.view().point));
      const dag::RegretReport report = dag::player_regrets(game, z.view());
      CHECK(report.max_regret == doctest::Approx(wanted.max_regret).epsilon(1e-13));
      CHECK(report.nash_conv == doctest::Approx(wanted.nash_conv).epsilon(1e-13));
      CHECK(dag::certify(game, z.view()).gap == doctest::Approx(wanted.nash_conv).epsilon(1e-12));
      CHECK(dag::stacked(dag::unstacked(blocks, z.view().point)).size() == blocks.total());
      for (std::size_t i = 0; i < table.player_count(); ++i) {
        CHECK(report.payoffs[i] == doctest::Approx(wanted.payoffs[i]).epsilon(1e-13));
      }
    }
    CHECK(game.range() == dag::payoff_range(table));
  }
}

TEST_CASE("a game from one array a player is the game from its table, whatever the layout") {
  const dag::GameTable table = dag::named_game("general:2x3x4:9");
  std::vector<xt::xarray<double>> arrays;  // row-major: the table is not
  for (const std::vector<double>& payoffs : table.payoffs) {
    xt::xarray<double> array = xt::xarray<double>::from_shape({2, 3, 4});
    std::size_t k = 0;
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t b = 0; b < 3; ++b) {
        for (std::size_t a = 0; a < 2; ++a) {
          array(a, b, c) = payoffs[k++];
        }
      }
    }
    arrays.push_back(array);
  }
  const Game game{arrays};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::span<const double> payoff = game.payoff(i);
    CHECK(std::vector<double>(payoff.begin(), payoff.end()) == table.payoffs[i]);
  }
  CHECK(game.payoffs()(1, 2, 3, 0) == table.payoffs[0][1 + 2 * 2 + 6 * 3]);
  arrays.pop_back();
  CHECK_THROWS_AS(Game{arrays}, dag::Error);
  arrays.push_back(xt::xarray<double>::from_shape({2, 3, 5}));
  CHECK_THROWS_AS(Game{arrays}, dag::Error);
  arrays.back() = arrays.front();
  arrays.back()(0, 0, 0) = std::nan("");
  CHECK_THROWS_AS(Game{arrays}, dag::Error);
}

TEST_CASE("the Lipschitz constants of N-player games bound what the field does") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const std::vector<std::size_t> sizes{3, 2, 4, 2};
    const Polymatrix ring{sizes, zero_sum_ring(sizes, seed)};
    const Game game{dag::named_game("general:3x2x4x2:" + std::to_string(seed))};
    const auto slope = [&](const auto& any) {
      const auto u = random_point(any.players().blocks(), seed);
      const auto v = random_point(any.players().blocks(), seed + 50, true);
      std::vector<double> at_u(u.view().point.size());
      std::vector<double> at_v(at_u.size());
      any.field(u.view(), std::span<double>(at_u));
      any.field(v.view(), std::span<double>(at_v));
      return any.players().dual_distance(any.backend(), std::span<const double>(at_u),
                                         std::span<const double>(at_v)) /
             any.players().distance(any.backend(), u.view().point, v.view().point);
    };
    CHECK(slope(game) <= game.lipschitz());
    CHECK(slope(ring) <= ring.lipschitz());
  }
}

TEST_CASE("a polymatrix game is its expanded table") {
  const std::vector<std::size_t> sizes{2, 3, 2, 4};
  const Polymatrix game{sizes, zero_sum_ring(sizes, 3)};
  const dag::GameTable table = dag::expanded_table(game);
  dag::validate(table);
  const Game expanded{table};
  const auto z = random_point(game.players().blocks(), 5);
  std::vector<double> field(z.view().point.size());
  std::vector<double> wanted(field.size());
  game.field(z.view(), std::span<double>(field));
  expanded.field(z.view(), std::span<double>(wanted));
  for (std::size_t k = 0; k < field.size(); ++k) {
    CHECK(field[k] == doctest::Approx(wanted[k]).epsilon(1e-13));
  }
  CHECK(game.range() == doctest::Approx(expanded.range()).epsilon(1e-14));
  CHECK(game.value(z.view(), std::span<const double>(field)) ==
        doctest::Approx(dag::player_regrets(game, z.view()).payoffs[0]).epsilon(1e-13));
  CHECK_THROWS_AS((Polymatrix{sizes, {{0, 0, {1, 2, 3, 4}}}}), dag::Error);
  CHECK_THROWS_AS((Polymatrix{sizes, {{0, 9, {1, 2, 3, 4}}}}), dag::Error);
  CHECK_THROWS_AS((Polymatrix{sizes, {{0, 1, {1, 2, 3, 4}}}}), dag::Error);
  CHECK_THROWS_AS((Polymatrix{sizes, {{0, 2, {1, 2, 3, std::nan("")}}}}), dag::Error);
}

TEST_CASE("mirror-prox finds Nash equilibria of zero-sum polymatrix games") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<std::size_t> sizes{3, 4, 2, 5, 3};
    const Polymatrix game{sizes, zero_sum_ring(sizes, seed)};
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-4});
    REQUIRE(found.status == dag::Status::converged);
    const dag::MixedProfile profile =
        dag::unstacked(found.blocks, std::as_const(found.state).view().point);
    CHECK(dag::nash_conv(dag::expanded_table(game), profile) <= 1.001e-4 * game.range());
    // Its rate: gap <= sup D / (eta rounds) with eta = 1 / L, for the mean of the probes.
    const std::int64_t rounds = 200;
    const auto mean = dag::mirror_prox(
        game, {.tolerance = 0, .max_iterations = rounds, .average = dag::Average::uniform});
    CHECK(mean.gap <= game.players().radius() * game.lipschitz() / static_cast<double>(rounds));
  }
}

#else
TEST_CASE("games of many players") { MESSAGE("skipped: no xtensor"); }
#endif
