// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/game/regret.hpp>
#include <dag/io/nfg.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/table/iterated_dominance.hpp>
#include <dag/solver/table/lemke_howson.hpp>
#include <dag/solver/table/pure_equilibria.hpp>
#include <dag/solver/table/support_enumeration.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct IndexRow {
  std::string extreme;
  std::string pure;
};

std::map<std::string, IndexRow> index_rows(const fs::path& folder) {
  std::map<std::string, IndexRow> rows;
  if (!fs::exists(folder / "index.csv")) {
    MESSAGE("skipped: no ", (folder / "index.csv").string());
    return rows;
  }
  std::ifstream in(folder / "index.csv");
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    if (cells[1] == "nfg") {
      rows[cells[0]] = {cells[15], cells[16]};
    }
  }
  return rows;
}

bool contains(const std::vector<dag::MixedProfile>& all, const dag::MixedProfile& one) {
  return std::any_of(all.begin(), all.end(), [&](const dag::MixedProfile& other) {
    double distance = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
      for (std::size_t s = 0; s < one[i].size(); ++s) {
        distance = std::max(distance, std::abs(one[i][s] - other[i][s]));
      }
    }
    return distance <= 1e-9;
  });
}

}  // namespace

TEST_CASE("real bimatrix games: all equilibria, as many as the index counts") {
  const fs::path folder = fs::path(DAG_SHARED_DATA) / "games";
  int nondegenerate = 0;
  int degenerate = 0;
  for (const auto& entry : index_rows(folder)) {
    const std::string& name = entry.first;
    const IndexRow& row = entry.second;
    const dag::GameTable game = dag::read_nfg((folder / "nfg" / name).string());
    CAPTURE(name);
    const auto pure = dag::pure_equilibria(game);
    if (!row.pure.empty()) {
      CHECK(std::to_string(pure.size()) == row.pure);
    }
    for (const auto& choices : pure) {
      CHECK(dag::max_regret(game, dag::pure_profile(game.sizes, choices)) == 0.0);
    }
    if (game.player_count() != 2) {
      CHECK_THROWS_AS(static_cast<void>(dag::support_enumeration(game)), dag::Error);
      CHECK_THROWS_AS(static_cast<void>(dag::lemke_howson(game)), dag::Error);
      continue;
    }
    const double allowed = 1e-10 * dag::payoff_range(game);
    const dag::EquilibriumSet paths = dag::lemke_howson(game, {.all_labels = true});
    CHECK(paths.status == dag::Status::converged);
    CHECK(!paths.equilibria.empty());
    CHECK(paths.max_regret <= allowed);
    if (row.extreme.empty()) {
      continue;
    }
    const dag::EquilibriumSet all = dag::support_enumeration(game);
    CHECK(all.status == dag::Status::converged);
    CHECK(all.max_regret <= allowed);
    for (const dag::MixedProfile& equilibrium : all.equilibria) {
      CHECK(dag::max_regret(game, equilibrium) <= allowed);
    }
    (all.degenerate ? degenerate : nondegenerate) += 1;
    if (name == "gambit_contrib_csg4.nfg") {
      // Degenerate; the index counts 9 because it includes midpoints. Both players' optimal sets
      // are segments, x_1 = x_2 and x_3 = x_4, so the extreme equilibria are 2 x 2.
      CHECK(all.degenerate);
      CHECK(all.equilibria.size() == 4);
      continue;
    }
    CHECK(std::to_string(all.equilibria.size()) == row.extreme);
    if (!all.degenerate) {
      CHECK(all.equilibria.size() % 2 == 1);  // Lemke and Howson: an odd number
      CHECK_FALSE(paths.degenerate);
      for (const dag::MixedProfile& equilibrium : paths.equilibria) {
        CHECK(contains(all.equilibria, equilibrium));
      }
    }
    for (const auto& choices : pure) {
      CHECK(contains(all.equilibria, dag::pure_profile(game.sizes, choices)));
    }
  }
  MESSAGE(nondegenerate, " nondegenerate and ", degenerate, " degenerate games enumerated");
}

TEST_CASE("Shapley's example: one equilibrium is on paths, two are not") {
  const auto game =
      dag::parse_nfg("NFG 1 R \"\" { \"1\" \"2\" } { 3 3 } 0 0 2 3 3 0 3 2 2 2 0 0 0 3 0 0 1 1");
  CHECK(dag::lemke_howson(game, {.all_labels = true}).equilibria.size() == 1);
  CHECK(dag::support_enumeration(game).equilibria.size() == 3);
}

TEST_CASE("catalogue games give their known equilibria") {
  for (const std::string name : {"rps", "biased-rps", "biased-pennies", "prisoners-dilemma",
                                 "battle-of-the-sexes", "chicken", "stag-hunt", "shapley",
                                 "unstable-rm", "slow-last-iterate:0.01", "diagonal:5:1000"}) {
    CAPTURE(name);
    const dag::KnownGame game = dag::known_game(name);
    const dag::EquilibriumSet all = dag::support_enumeration(game.table);
    CHECK(all.equilibria.size() == game.equilibria.size());
    // Equal payoffs away from the equilibrium: two replies are best against one pure strategy.
    CHECK(all.degenerate == (name == "unstable-rm" || name == "diagonal:5:1000"));
    for (const dag::MixedProfile& equilibrium : game.equilibria) {
      CHECK(contains(all.equilibria, equilibrium));
    }
  }
  const dag::EquilibriumSet morra = dag::support_enumeration(dag::named_game("morra"));
  CHECK(morra.degenerate);
  CHECK(morra.equilibria.size() == 4);
}

TEST_CASE("random nondegenerate games: odd counts, and pivoting ends in the enumerated set") {
  for (int seed = 0; seed < 60; ++seed) {
    const std::string sizes = std::to_string(1 + seed % 5) + "x" + std::to_string(1 + seed % 7);
    CAPTURE(seed);
    const dag::GameTable game = dag::named_game("general:" + sizes + ":" + std::to_string(seed));
    const dag::EquilibriumSet all = dag::support_enumeration(game);
    CHECK_FALSE(all.degenerate);
    CHECK(all.equilibria.size() % 2 == 1);
    CHECK(all.max_regret <= 1e-12 * dag::payoff_range(game));
    for (std::size_t label = 0; label < game.sizes[0] + game.sizes[1]; ++label) {
      const dag::EquilibriumSet one = dag::lemke_howson(game, {.dropped_label = label});
      CHECK(one.equilibria.size() == 1);
      CHECK(one.max_regret <= 1e-12 * dag::payoff_range(game));
      CHECK(contains(all.equilibria, one.equilibria.at(0)));
    }
  }
}

TEST_CASE("random degenerate games are recognised, and every extreme equilibrium is one") {
  dag::RandomStream random(6, 0);
  int recognised = 0;
  int tied = 0;
  for (int seed = 0; seed < 80; ++seed) {
    CAPTURE(seed);
    dag::GameTable game =
        dag::named_game("general:" + std::to_string(2 + seed % 4) + "x4:" + std::to_string(seed));
    for (auto& payoffs : game.payoffs) {
      for (double& payoff : payoffs) {
        payoff = static_cast<double>(random.below(3));
      }
    }
    const dag::EquilibriumSet all = dag::support_enumeration(game);
    CHECK(all.status == dag::Status::converged);
    CHECK(all.max_regret <= 1e-12);
    recognised += all.degenerate ? 1 : 0;
    const dag::EquilibriumSet paths = dag::lemke_howson(game, {.all_labels = true});
    CHECK(paths.status == dag::Status::converged);
    CHECK(paths.max_regret <= 1e-12);
    for (const dag::MixedProfile& equilibrium : paths.equilibria) {
      CHECK(contains(all.equilibria, equilibrium));
    }
    for (const auto& choices : dag::pure_equilibria(game)) {
      CHECK(contains(all.equilibria, dag::pure_profile(game.sizes, choices)));
    }
    tied += paths.degenerate ? 1 : 0;
    if (!all.degenerate) {
      CHECK_FALSE(paths.degenerate);
    }
  }
  CHECK(recognised >= 60);
  CHECK(tied >= 40);
}

TEST_CASE("payoff scale and player order do not matter") {
  for (int seed = 0; seed < 10; ++seed) {
    const dag::GameTable game = dag::named_game("general:4x5:" + std::to_string(100 + seed));
    const dag::EquilibriumSet all = dag::support_enumeration(game);
    dag::GameTable other = game;
    std::swap(other.sizes[0], other.sizes[1]);
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 5; ++j) {
        other.payoffs[0][j + 5 * i] = 1e6 * game.payoffs[1][i + 4 * j] - 3e5;
        other.payoffs[1][j + 5 * i] = 1e-6 * game.payoffs[0][i + 4 * j];
      }
    }
    const dag::EquilibriumSet swapped = dag::support_enumeration(other);
    CHECK(swapped.equilibria.size() == all.equilibria.size());
    for (const dag::MixedProfile& equilibrium : swapped.equilibria) {
      CHECK(contains(all.equilibria, {equilibrium[1], equilibrium[0]}));
    }
  }
}

TEST_CASE("pivoting on zero-sum games agrees with the linear program, also at 60 strategies") {
  for (const std::string name : {"random:60x60:1", "gaussian:30x50:2", "integer:40x40:2:3",
                                 "symmetric:41:4", "kuhn-poker", "low-rank:30x30:2:1"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    const dag::EquilibriumSet one = dag::lemke_howson(game);
    CHECK(one.status == dag::Status::converged);
    CHECK(one.max_regret <= 1e-12 * dag::payoff_range(game));
    const double value = dag::certify(game, one.equilibria.at(0)).payoffs[0];
    CHECK(std::abs(value - dag::linear_program(game).value) <= 1e-12 * dag::payoff_range(game));
  }
}

TEST_CASE("paths in doubles end at equilibria a thousandth apart, and both are told") {
  // Everybody plays the first strategy nearly always, by a game of matching pennies with payoffs of
  // 0.001 and 0.999; in the rest they meet at the second or at the third. 62 dominated rows make it
  // too large for exact pivots.
  const std::size_t rows = 65;
  std::vector<double> first(rows * 3, -1.0);
  std::vector<double> second(rows * 3, 0.0);
  const double often = 0.999;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const double meet = i == j ? 0.5 : 0.0;
      first[i * 3 + j] = i == 0 && j == 0 ? 1 - often : i > 0 && j > 0 ? often + meet : 0.0;
      second[i * 3 + j] = i == 0 && j > 0   ? 1 - often
                          : i > 0 && j == 0 ? 3
                          : i > 0 && j > 0  ? meet
                                            : 0.0;
    }
  }
  const dag::GameTable game = dag::detail::bimatrix_table("near", rows, 3, first, second);
  const dag::EquilibriumSet found = dag::lemke_howson(game, {.all_labels = true});
  CHECK_FALSE(found.exact);
  REQUIRE(found.equilibria.size() == 2);
  double apart = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t s = 0; s < found.equilibria[0][i].size(); ++s) {
      apart = std::max(apart, std::abs(found.equilibria[0][i][s] - found.equilibria[1][i][s]));
    }
    CHECK(dag::max_regret(game, found.equilibria[i]) < 1e-12);
  }
  CHECK(apart > 1e-5);
  CHECK(apart < 1e-2);
}

TEST_CASE("limits and refusals of the bimatrix solvers") {
  const dag::GameTable large = dag::named_game("random:20x20:1");
  CHECK_THROWS_AS(static_cast<void>(dag::support_enumeration(large)), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::support_enumeration(dag::named_game("random:1x100:1"))),
                  dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::lemke_howson(large, {.dropped_label = 40})), dag::Error);
  const dag::EquilibriumSet cut = dag::lemke_howson(large, {.max_pivots = 2});
  CHECK(cut.status == dag::Status::iteration_limit);
  CHECK(cut.equilibria.empty());
}

TEST_CASE("pure equilibria of any number of players against the definition") {
  dag::RandomStream random(8, 0);
  for (int seed = 0; seed < 20; ++seed) {
    dag::GameTable game = dag::named_game("general:3x2x4x2:" + std::to_string(seed));
    for (auto& payoffs : game.payoffs) {
      for (double& payoff : payoffs) {
        payoff = static_cast<double>(random.below(4));
      }
    }
    std::vector<std::vector<std::size_t>> expected;
    std::vector<std::size_t> choices(4, 0);
    do {
      if (dag::max_regret(game, dag::pure_profile(game.sizes, choices)) == 0.0) {
        expected.push_back(choices);
      }
    } while (dag::next_profile(game.sizes, choices));
    CHECK(dag::pure_equilibria(game) == expected);
    CHECK(dag::pure_equilibria(game, {.tolerance = 1.0}).size() == game.profile_count());
  }
  CHECK_THROWS_AS(
      static_cast<void>(dag::pure_equilibria(dag::named_game("rps"), {.tolerance = std::nan("")})),
      dag::Error);
}

TEST_CASE("iterated dominance keeps every equilibrium and certifies what it removes") {
  int removed = 0;
  for (int seed = 0; seed < 40; ++seed) {
    const dag::GameTable game =
        dag::named_game((seed % 2 == 0 ? "general:5x4:" : "general:3x3x2:") + std::to_string(seed));
    const dag::DominanceResult result = dag::iterated_dominance(game);
    auto kept = result.kept;
    // Replay: each removed strategy is worse than its dominating mix against all that was left
    // then.
    std::vector<std::vector<std::size_t>> left;
    for (const std::size_t size : game.sizes) {
      left.emplace_back(size);
      for (std::size_t s = 0; s < size; ++s) {
        left.back()[s] = s;
      }
    }
    std::size_t round = 0;
    auto at_round = left;
    for (const dag::DominatedStrategy& gone : result.removed) {
      ++removed;
      if (gone.round != round) {
        round = gone.round;
        at_round = left;
      }
      const dag::GameTable current = dag::restrict_table(game, at_round);
      std::vector<double> mix;
      std::size_t position = 0;
      for (std::size_t s = 0; s < at_round[gone.player].size(); ++s) {
        mix.push_back(gone.by[at_round[gone.player][s]]);
        position = at_round[gone.player][s] == gone.strategy ? s : position;
      }
      CHECK(mix[position] == 0.0);
      const std::vector<double> rows = dag::detail::own_payoff_rows(current, gone.player);
      const std::size_t columns = rows.size() / mix.size();
      for (std::size_t j = 0; j < columns; ++j) {
        double gain = -rows[position * columns + j];
        for (std::size_t s = 0; s < mix.size(); ++s) {
          gain += mix[s] * rows[s * columns + j];
        }
        CHECK(gain > 0.0);
      }
      auto& mine = left[gone.player];
      mine.erase(std::find(mine.begin(), mine.end(), gone.strategy));
    }
    CHECK(left == kept);
    for (const auto& choices : dag::pure_equilibria(game)) {
      for (std::size_t i = 0; i < choices.size(); ++i) {
        CHECK(std::find(kept[i].begin(), kept[i].end(), choices[i]) != kept[i].end());
      }
    }
    if (game.player_count() == 2) {
      CHECK(dag::support_enumeration(dag::restrict_table(game, kept)).equilibria.size() ==
            dag::support_enumeration(game).equilibria.size());
    }
  }
  CHECK(removed > 20);
}

TEST_CASE("dominance by mixes only") {
  // Row 2 is worse than half row 1 and half row 3, not than either.
  const dag::GameTable game =
      dag::detail::bimatrix_table("m", 3, 2, {4, 0, 1, 1, 0, 4}, {1, 2, 2, 1, 1, 2});
  CHECK(dag::iterated_dominance(game, {.mixed = false}).removed.empty());
  const dag::DominanceResult result = dag::iterated_dominance(game);
  CHECK(result.removed.at(0).player == 0);
  CHECK(result.removed.at(0).strategy == 1);
  CHECK(result.removed.at(0).by.at(0) == doctest::Approx(0.5));
  const auto dilemma = dag::iterated_dominance(dag::named_game("prisoners-dilemma"));
  CHECK(dilemma.kept == std::vector<std::vector<std::size_t>>{{1}, {1}});
  const dag::GameTable small =
      dag::restrict_table(dag::named_game("kuhn-poker"), {{3, 1}, {0, 7, 9}});
  CHECK(small.payoffs[0][1 + 2 * 2] == dag::named_game("kuhn-poker").payoffs[0][1 + 64 * 9]);
  CHECK(dag::parse_nfg(dag::format_nfg(small)) == small);
  CHECK_THROWS_AS(static_cast<void>(dag::restrict_table(game, {{0}, {2}})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::restrict_table(game, {{0}, {}})), dag::Error);
}
