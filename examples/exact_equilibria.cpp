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
