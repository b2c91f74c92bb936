// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Monte Carlo CFR. Slips seen to break these tests: the value of the drawn action not divided by
// its probability; sums weighted by the others' reach; regrets of the drawn action only.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/refused.hpp>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/problem/tree_catalogue.hpp>
#include <dag/solver/tree/sampled_cfr.hpp>

namespace {

using Game = dag::SequenceGame<double, dag::eigen>;

}  // namespace

TEST_CASE("sampled CFR comes near equilibria, at a falling rate, the same for the same seed") {
  for (const char* name : {"kuhn_poker", "goofspiel:3", "liars_dice:2", "random_tree:6:2:0.5:3"}) {
    const std::string game_name = name;
    CAPTURE(game_name);
    const dag::ExtensiveGame tree = dag::named_tree(name);
    const dag::SequenceForm form = dag::sequence_form(tree);
    const Game game(form);
    const dag::SolverOptions<double> few{.tolerance = 0, .max_iterations = 2000};
    const dag::SolverOptions<double> many{.tolerance = 0, .max_iterations = 200000};
    const auto rough = dag::external_sampling(game, tree, form, few, {.seed = 3});
    const auto fine = dag::external_sampling(game, tree, form, many, {.seed = 3});
    CHECK(fine.relative_gap < 0.01);
    CHECK(fine.relative_gap < 0.5 * rough.relative_gap);
    const auto again = dag::external_sampling(game, tree, form, few, {.seed = 3});
    CHECK(again.state.point == rough.state.point);
    const auto other = dag::external_sampling(game, tree, form, few, {.seed = 4});
    CHECK(other.state.point != rough.state.point);
    const auto single = dag::outcome_sampling(game, tree, form, many, {.seed = 3});
    CHECK(single.relative_gap < 0.04);
    CHECK(single.relative_gap <
          dag::outcome_sampling(game, tree, form, few, {.seed = 3}).relative_gap);
  }
}

TEST_CASE("three players and refusals") {
  const dag::ExtensiveGame tree = dag::kuhn_poker_tree(3);
  const dag::SequenceForm form = dag::sequence_form(tree);
  const Game game(form);
  const auto found =
      dag::external_sampling(game, tree, form, {.tolerance = 0, .max_iterations = 20000});
  CHECK(found.relative_gap < 0.1);
  {
    const auto call = [&](const dag::SampledCfrOptions<double>& o) {
      (void)dag::outcome_sampling(game, tree, form, {.max_iterations = 2}, o);
    };
    REFUSED("outcome_sampling", dag::SampledCfrOptions<double>{},
            (std::vector<double>{0, -1, 2, test::undefined}), exploration);
  }
  const auto call = [&](const dag::SolverOptions<double>& o) {
    (void)dag::external_sampling(game, tree, form, o);
  };
  const dag::SolverOptions<double> good{.max_iterations = 2};
  REFUSED("external_sampling", good, test::not_negative, tolerance);
  REFUSED("external_sampling", good, test::negative, max_iterations);
  const std::vector<double> start(form.shape.blocks.total(), 0.5);
  CHECK(
      test::refusal(dag::SolverOptions<double>{.start = start}, call)
          .starts_with("external_sampling: start must be empty (it begins at uniform play), got "));
  CHECK(test::refusal(dag::SolverOptions<double>{.step = dag::Step<double>::constant(1)}, call) ==
        "external_sampling: it has no step; leave step automatic");
  CHECK(test::refusal(dag::SolverOptions<double>{.feedback = dag::Feedback<double>::sampled(1)},
                      call) ==
        "external_sampling: it samples by its own rule; leave feedback as it is");
  const dag::ExtensiveGame two = dag::kuhn_poker_tree();
  CHECK_THROWS_AS(static_cast<void>(dag::external_sampling(game, two, dag::sequence_form(two))),
                  dag::Error);
}
