// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Beyond two players and beyond zero-sum: correlated equilibria, regret dynamics, the logit branch,
// potentials, replicator dynamics, games on graphs and games known by their products.
#include <dag/eigen.hpp>
#include <dag/game/implicit_operator.hpp>
#include <dag/game/operator.hpp>
#include <dag/game/player_regrets.hpp>
#include <dag/game/polymatrix.hpp>
#include <dag/game/potential_game.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/response/regret_dynamics.hpp>
#include <dag/solver/response/replicator.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/logit_branch.hpp>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>
#include <vector>

int main() {
  bool right = true;
  {
    //! [linear_program]
    const dag::GameTable chicken = dag::named_game("chicken");
    const auto best = dag::correlated_equilibrium(chicken);  // the most welfare
    std::printf("both yield %.2f, one dares %.2f and %.2f, gap %.1e\n", best.joint[0],
                best.joint[1], best.joint[2], best.gap);
    //! [linear_program]
    right = right && std::abs(best.joint[0] - 0.5) < 1e-9;
  }
  {
    //! [dynamics]
    const dag::GameTable game = dag::named_game("general:5x5x5:1");  // three players
    const auto play =
        dag::regret_dynamics(game, {.kind = dag::RegretKind::internal, .tolerance = 1e-2});
    std::printf("after %lld rounds nobody gains more than %.4f by any map of strategies\n",
                static_cast<long long>(play.iterations), play.gap);
    //! [dynamics]
    right = right && play.status == dag::Status::converged;
  }
  {
    //! [logit]
    const dag::GameTable hunt = dag::named_game("stag-hunt");
    const auto at_one = dag::logit_equilibrium(hunt, 1.0);  // tau, in units of payoff
    const auto branch = dag::logit_branch(hunt);
    std::printf("hare: %.3f at tau 1, %.6f at the end, lambda %.1f, regret %.1e\n",
                at_one.points.back().profile[0][1], branch.points.back().profile[0][1],
                branch.points.back().lambda, branch.points.back().max_regret);
    //! [logit]
    right = right && branch.points.back().profile[0][1] > 0.999;
  }
  {
    //! [potential]
    const dag::PotentialReport hunt = dag::find_potential(dag::named_game("stag-hunt"));
    const dag::PotentialReport jordan = dag::find_potential(dag::named_game("jordan"));
    std::printf("stag hunt: potential %s; Jordan's game: players %zu and %zu gain %g on a round\n",
                hunt.exact ? "found" : "none", jordan.worst.first + 1, jordan.worst.second + 1,
                jordan.violation);
    //! [potential]
    right = right && hunt.exact && !jordan.exact;
  }
  {
    //! [replicator]
    Eigen::MatrixXd pennies(2, 2);
    pennies << 1, -1, -1, 1;
    const auto path =
        dag::replicator(dag::MatrixGame{pennies},
                        {.steps = 400, .record_every = 100, .start = {0.8, 0.2, 0.5, 0.5}});
    for (const dag::ReplicatorPoint& at : path) {
      std::printf("time %5.1f: %.3f %.3f\n", at.time, at.point[0], at.point[2]);  // a closed orbit
    }
    //! [replicator]
    right = right && path.back().regrets.nash_conv > 0.1;
  }
  {
    //! [polymatrix]
    // Three players in a ring; each wants to match the next, who wants not to.
    const std::vector<double> match{1, -1, -1, 1};
    const std::vector<double> differ{-1, 1, 1, -1};
    const std::vector<std::size_t> sizes{2, 2, 2};
    const dag::PolymatrixGame<double, dag::eigen> ring(sizes, {{0, 1, match},
                                                               {1, 0, differ},
                                                               {1, 2, match},
                                                               {2, 1, differ},
                                                               {2, 0, match},
                                                               {0, 2, differ}});
    const std::vector<double> start{0.9, 0.1, 0.6, 0.4, 0.2, 0.8};
    const auto found = dag::mirror_prox(ring, {.tolerance = 1e-6, .start = start});
    std::printf("ring: NashConv %.1e after %lld rounds\n", found.gap,
                static_cast<long long>(found.iterations));
    //! [polymatrix]
    right = right && found.status == dag::Status::converged;
  }
  {
    //! [operators]
    // "The larger of two numbers wins, unless it is larger by three or more", never written out.
    const std::size_t n = 1000;
    const auto product = [](std::span<const double> y, std::span<double> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = 0;
        for (std::size_t d = 1; d < 3; ++d) {
          out[i] += i >= d ? y[i - d] : 0;
          out[i] -= i + d < y.size() ? y[i + d] : 0;
        }
      }
    };
    const auto transposed = [&](std::span<const double> x, std::span<double> out) {
      product(x, out);
      for (double& entry : out) {
        entry = -entry;
      }
    };
    dag::ImplicitOperator payoff(n, n, 2.0, product, transposed);  // range: from -1 to 1
    const dag::OperatorGame<decltype(payoff), dag::eigen> game(payoff);
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-3});
    //! [operators]
    std::printf("operator: gap %.1e\n", found.gap);
    right = right && found.status == dag::Status::converged;
  }
  return right ? 0 : 1;
}
