// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// One call of every kind of iterative solver of zero-sum games, each with the claim that it makes.
#include <dag/eigen.hpp>
#include <dag/problem/random_games.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/first_order/reflected_halpern.hpp>
#include <dag/solver/matrix/newton.hpp>
#include <dag/solver/matrix/zero_sum.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

bool right = true;

template <class Found>
void report(const char* solver, const Found& found, bool claim) {
  std::printf("%-32s %8lld rounds, gap %.1e\n", solver, static_cast<long long>(found.iterations),
              found.relative_gap);
  right = right && claim;
}

}  // namespace

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  payoff.array() += 1;  // value 1
  const dag::MatrixGame game{payoff};
  const std::vector<double> start{0.8, 0.1, 0.1, 0.1, 0.8, 0.1};

  //! [gradient_descent_ascent]
  const auto lost = dag::gradient_descent_ascent(
      dag::euclidean(game), {.tolerance = 1e-3, .max_iterations = 20000, .start = start});
  report("gradient_descent_ascent", lost, lost.status == dag::Status::iteration_limit);
  //! [gradient_descent_ascent]

  //! [mirror_descent]
  const auto mean = dag::mirror_descent(
      game, {.tolerance = 1e-2, .average = dag::Average::uniform, .start = start});
  report("mirror_descent", mean, mean.status == dag::Status::converged);
  //! [mirror_descent]

  //! [mirror_prox]
  const auto prox = dag::mirror_prox(game, {.tolerance = 1e-9, .start = start});
  const auto flat = dag::extragradient(dag::euclidean(game), {.tolerance = 1e-9, .start = start});
  report("mirror_prox", prox, prox.status == dag::Status::converged);
  report("extragradient", flat, std::abs(flat.strategy(0)(0) - 1.0 / 3) < 1e-7);
  //! [mirror_prox]

  //! [optimistic]
  const auto optimistic = dag::optimistic_mirror_descent(
      game, {.tolerance = 1e-9, .average = dag::Average::last, .start = start});
  report("optimistic_mirror_descent", optimistic, optimistic.status == dag::Status::converged);
  //! [optimistic]

  //! [anchored]
  const auto anchored =
      dag::anchored_extragradient(dag::euclidean(game), {.tolerance = 1e-4, .start = start});
  report("anchored_extragradient", anchored, anchored.status == dag::Status::converged);
  //! [anchored]

  //! [magnetic]
  const auto pulled =
      dag::magnetic_mirror_descent(game, {.tolerance = 1e-9, .start = start}, {.weight = 0.2});
  report("magnetic_mirror_descent", pulled, pulled.status == dag::Status::converged);
  //! [magnetic]

  //! [pdhg]
  const auto restarted =
      dag::primal_dual_hybrid_gradient(game, {.tolerance = 1e-12, .start = start});
  report("primal_dual_hybrid_gradient", restarted, restarted.status == dag::Status::converged);
  //! [pdhg]

  //! [halpern]
  const auto reflected = dag::reflected_halpern(game, {.tolerance = 1e-12, .start = start});
  report("reflected_halpern", reflected, reflected.status == dag::Status::converged);
  //! [halpern]

  //! [regret_matching]
  const auto predicted =
      dag::predictive_regret_matching_plus(game, {.tolerance = 1e-6, .start = start});
  report("predictive_regret_matching_plus", predicted, std::abs(predicted.value - 1) < 1e-5);
  //! [regret_matching]

  //! [fictitious_play]
  const auto played = dag::fictitious_play(game, {.tolerance = 1e-3, .start = start});
  report("fictitious_play", played, played.status == dag::Status::converged);
  //! [fictitious_play]

  //! [interior_point]
  const auto inside = dag::interior_point(game, {.tolerance = 1e-12});
  report("interior_point", inside, inside.status == dag::Status::converged);
  //! [interior_point]

  //! [zero_sum]
  const auto best = dag::solve_zero_sum(game, {.tolerance = 1e-12});
  std::printf("solve_zero_sum chose %s: value %.15f\n", dag::to_string(best.method).data(),
              best.value);
  right = right && best.status == dag::Status::converged && std::abs(best.value - 1) < 1e-12;
  //! [zero_sum]

  //! [newton]
  const double tau = 0.05 * game.range();
  const auto quantal = dag::newton(dag::RegularizedMatrixGame(game, tau, tau),
                                   {.tolerance = 1e-12, .measure = dag::Measure::residual});
  report("newton", quantal, quantal.residual <= 1e-12);
  const auto path =
      dag::logit_path(game, {.tolerance = 1e-10});  // tau from the range to 1e-4 of it
  std::printf("logit_path: %zu points, rock at %.4f, then %.4f, ..., %.4f\n", path.size(),
              path[0].found.strategy(0)(0), path[1].found.strategy(0)(0),
              path.back().found.strategy(0)(0));
  //! [newton]
  right = right && std::abs(path.back().found.strategy(0)(0) - 1.0 / 3) < 1e-2;
  return right ? 0 : 1;
}
