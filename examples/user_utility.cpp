// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A utility of one's own from its value and gradient: answers are numbers, and their mean is to be
// near 2 (a squared loss). Any concave function will do; the game, its solvers and its certificate
// follow.
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/eigen.hpp>

#include <cmath>
#include <cstdio>

//! [user_utility]
struct MeanNearTwo {
  using scalar_type = double;
  double mean(dag::AnswersView<double> answers) const {
    double total = 0;
    for (std::size_t z = 0; z < answers.nu.point.size(); ++z) {
      total += answers.nu.point[z] * static_cast<double>(z);
    }
    return total;
  }
  double value(dag::AnswersView<double> answers) const {
    return -(mean(answers) - 2) * (mean(answers) - 2);
  }
  void gradient(dag::AnswersView<double> answers, std::span<double> out) const {
    for (std::size_t z = 0; z < out.size(); ++z) {
      out[z] = -2 * (mean(answers) - 2) * static_cast<double>(z);
    }
  }
};
//! [user_utility]

int main() {
  //! [solve_user_utility]
  const std::vector<double> reference{0.5, 0.3, 0.1, 0.05, 0.05};
  const dag::AlignmentGame game(MeanNearTwo{}, dag::Contexts(reference), 0.1);
  const auto fast = dag::equilibrium(game);                        // Newton
  const auto slow = dag::mirror_prox(game, {.tolerance = 1e-10});  // any other solver
  //! [solve_user_utility]
  double before = 0, after = 0, apart = 0;
  for (std::size_t z = 0; z < reference.size(); ++z) {
    before += reference[z] * static_cast<double>(z);
    after += fast.nu[z] * static_cast<double>(z);
    apart = std::fmax(apart, std::abs(fast.nu[z] - slow.strategy(0)(static_cast<long>(z))));
  }
  std::printf("mean answer %.3f -> %.3f (wanted 2), residual %.1e, solvers differ by %.1e\n",
              before, after, fast.residual, apart);
  const bool holds = fast.status == dag::Status::converged &&
                     slow.status == dag::Status::converged && fast.residual < 1e-12 &&
                     apart < 1e-4 && std::abs(after - 2) < 0.2 && before < 1;
  return holds ? 0 : 1;
}
