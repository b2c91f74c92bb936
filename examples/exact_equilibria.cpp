// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Exact methods on named games: pure equilibria, dominance, linear program, all equilibria of a
// bimatrix game and one of them by complementary pivoting.
#include <dag/problem/catalogue.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/table/iterated_dominance.hpp>
#include <dag/solver/table/lemke_howson.hpp>
#include <dag/solver/table/pure_equilibria.hpp>
#include <dag/solver/table/support_enumeration.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

#include <cmath>
#include <cstdio>

int main() {
  bool right = true;
  {
    //! [pure]
    const dag::GameTable hunt = dag::named_game("stag-hunt");
    const auto pure = dag::pure_equilibria(hunt);  // one strategy index a player
    for (const auto& profile : pure) {
      std::printf("pure: %zu, %zu\n", profile[0], profile[1]);
    }
    //! [pure]
    right = right && pure.size() == 2;
  }
  {
    //! [dominance]
    const dag::GameTable dilemma = dag::named_game("prisoners-dilemma");
    const dag::DominanceResult left = dag::iterated_dominance(dilemma);
    const dag::GameTable small = dag::restrict_table(dilemma, left.kept);
    std::printf("dominance: %zu strategies removed, %zu profile left\n", left.removed.size(),
                small.profile_count());
    //! [dominance]
    right = right && small.profile_count() == 1;
  }
  {
    //! [linear_program]
    const auto found = dag::linear_program(dag::named_game("kuhn-poker"));
    std::printf("linear program: value %.15f, gap %.1e\n", found.value, found.gap);
    //! [linear_program]
    right = right && std::abs(found.value + 1.0 / 18) < 1e-12;
  }
  {
    //! [support_enumeration]
    const dag::GameTable chicken = dag::named_game("chicken");
    const dag::EquilibriumSet all = dag::support_enumeration(chicken);
    for (const dag::MixedProfile& profile : all.equilibria) {
      std::printf("equilibrium: yield with %.4f and %.4f\n", profile[0][0], profile[1][0]);
    }
    std::printf("regret %.1e, degenerate: %s\n", all.max_regret, all.degenerate ? "yes" : "no");
    //! [support_enumeration]
    right = right && all.equilibria.size() == 3 && !all.degenerate && all.max_regret < 1e-14;
  }
  {
    //! [vertex_enumeration]
    // One player's payoffs shifted by 1e9, as a currency or a bonus would: nothing changes.
    dag::GameTable game = dag::named_game("general:8x8:1");
    for (double& payoff : game.payoffs[1]) {
      payoff += 1e9;
    }
    const dag::EquilibriumSet all = dag::vertex_enumeration(game, {.fractions = true});
    const dag::NashSubsets groups = dag::maximal_nash_subsets(all);
    std::printf("vertices: %zu equilibria in %zu groups, %s\n", all.equilibria.size(),
                groups.subsets.size(), all.complete ? "complete" : "perhaps not all");
    std::printf("the first, exactly: %.40s...\n", all.fractions[0][0][0].text().c_str());
    //! [vertex_enumeration]
    right = right && all.complete && all.exact && all.equilibria.size() % 2 == 1;
  }
  {
    //! [lemke_howson]
    const dag::GameTable game = dag::named_game("general:20x30:1");
    const dag::EquilibriumSet found = dag::lemke_howson(game, {.dropped_label = 0});
    std::printf("Lemke-Howson: %lld pivots, regret %.1e\n", static_cast<long long>(found.steps),
                found.max_regret);
    //! [lemke_howson]
    right = right && found.status == dag::Status::converged && found.max_regret < 1e-12;
  }
  return right ? 0 : 1;
}
