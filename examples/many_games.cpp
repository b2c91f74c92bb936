// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Ten thousand small games in a call, three times.
#include <cstdio>
#include <vector>

#include <dag/alignment/align_batch.hpp>
#include <dag/core/random.hpp>
#include <dag/solver/matrix/batch.hpp>
#include <dag/solver/table/logit_batch.hpp>
#include <dag/utility/gini.hpp>

int main() {
  dag::RandomStream random(1, 0);
  const auto payoffs = [&random](std::size_t count) {
    std::vector<double> out(count);
    for (double& a : out) {
      a = 2 * random.uniform() - 1;
    }
    return out;
  };

  dag::BatchedMatrixGames<double> games;
  for (int g = 0; g < 10000; ++g) {
    games.add(8, 8, payoffs(64));  // row-major, to the row player; shapes may differ
  }
  const auto solved = dag::solve_batch(games, {.tolerance = 1e-9, .threads = 2});
  std::printf("game 0: value %.6f, gap at most %.0e, plays its first row with %.4f\n",
              solved.value[0], solved.gap[0], solved.strategy(0, 0)[0]);

  //! [logit]
  dag::BatchedBimatrixGames<double> pairs;
  for (int g = 0; g < 10000; ++g) {
    pairs.add(3, 4, payoffs(12), payoffs(12));
  }
  const auto responses = dag::logit_batch(pairs, {.tau = 0.2, .threads = 2});
  std::printf("game 0: Nash gap %.3f at tau 0.2, found in %d Newton rounds\n",
              responses.nash_gap[0], responses.rounds[0]);
  //! [logit]

  //! [answers]
  dag::BatchedQuestions<double> questions;
  for (int g = 0; g < 10000; ++g) {
    questions.add(std::vector<double>{0.7, 0.2, 0.1});  // nu0 of a context; answers may differ
  }
  const auto aligned = dag::align_batch(dag::Gini<double>{1.0}, questions, {.beta = 0.5});
  std::printf("question 0: the first answer's probability falls to %.3f, residual %.0e\n",
              aligned.nu[0], aligned.residual[0]);
  //! [answers]

  int unsolved = 0;
  for (std::size_t g = 0; g < 10000; ++g) {
    unsolved += solved.status[g] != dag::Status::converged ? 1 : 0;
    unsolved += responses.status[g] != dag::Status::converged ? 1 : 0;
    unsolved += aligned.status[g] != dag::Status::converged ? 1 : 0;
  }
  std::printf("%d of 30000 unsolved\n", unsolved);
  return unsolved == 0 ? 0 : 1;
}
