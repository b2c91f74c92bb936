// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Game trees: a game of one's own, Kuhn's poker by CFR+, exactly, and by a solver of all convex
// games.
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/extensive_builder.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/problem/tree_catalogue.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/tree/cfr.hpp>
#include <dag/solver/tree/sequence_form_program.hpp>

namespace {

/// Player 1 draws a strong or a weak card and bets or passes; player 2 sees the bet, not the card,
/// and calls or folds.
dag::ExtensiveGame bluffing() {
  //! [build]
  dag::ExtensiveBuilder tree({"Bettor", "Caller"}, "Bluffing");
  const auto half = dag::Number::parse("1/2");
  const auto cards = tree.chance(tree.root(), {"strong", "weak"}, {half, half});
  for (std::size_t card = 0; card < 2; ++card) {
    const auto bet = tree.decision(cards[card], 0, card == 0 ? "strong" : "weak", {"pass", "bet"});
    const double win = card == 0 ? 1 : -1;
    tree.payoff(bet[0], std::vector<double>{win, -win});
    const auto call = tree.decision(bet[1], 1, "a bet", {"fold", "call"});  // one set
    tree.payoff(call[0], std::vector<double>{1, -1});
    tree.payoff(call[1], std::vector<double>{2 * win, -2 * win});
  }
  const dag::ExtensiveGame game = tree.finish();
  //! [build]
  return game;
}

}  // namespace

int main() {
  bool all = true;
  const auto claim = [&](const char* what, bool holds) {
    std::printf("%-60s %s\n", what, holds ? "yes" : "NO");
    all = all && holds;
  };

  const dag::ExtensiveGame own = bluffing();
  //! [exact]
  const dag::SequenceForm form = dag::sequence_form(own);  // checks perfect recall
  const dag::TreeEquilibrium exact = dag::sequence_form_program(own, form);
  const auto behavior = dag::behavior_of(own, form, std::span<const double>(exact.plan));
  const double bluff = behavior[0][1][1];  // player 1, second set, second action
  //! [exact]
  std::printf("value %.6f, a weak card bluffs with %.6f\n", exact.value, bluff);
  claim("the value is 1/3 and one weak card in three is a bluff",
        std::abs(exact.value - 1.0 / 3) < 1e-12 && std::abs(bluff - 1.0 / 3) < 1e-12);

  const dag::ExtensiveGame kuhn = dag::named_tree("kuhn_poker");
  const dag::SequenceForm kuhn_form = dag::sequence_form(kuhn);
  //! [cfr]
  const dag::SequenceGame<double, dag::eigen> game(kuhn_form);
  const auto found = dag::cfr_plus(game, {.tolerance = 1e-4});
  const auto faster = dag::predictive_cfr_plus(game, {.tolerance = 1e-8});
  const auto prox = dag::mirror_prox(game, {.tolerance = 1e-5});  // a solver of all convex games
  //! [cfr]
  std::printf("cfr_plus %lld rounds, predictive %lld, mirror_prox %lld\n",
              static_cast<long long>(found.iterations), static_cast<long long>(faster.iterations),
              static_cast<long long>(prox.iterations));
  claim("three solvers converge on Kuhn's poker", found.status == dag::Status::converged &&
                                                      faster.status == dag::Status::converged &&
                                                      prox.status == dag::Status::converged);
  claim("its value is -1/18", std::abs(faster.value + 1.0 / 18) < 1e-7);

  //! [certify]
  const dag::TreeReport report = dag::certify(kuhn, kuhn_form, dag::uniform_behavior(kuhn));
  std::printf("uniform play: NashConv %.6f\n", report.regret.nash_conv);
  //! [certify]
  claim("uniform play loses 11/12 to best responses",
        std::abs(report.regret.nash_conv - 11.0 / 12) < 1e-12);
  return all ? 0 : 1;
}
