// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/eigen.hpp>

#include <doctest/doctest.h>

TEST_CASE("mirror_prox finds the equilibrium of a 2x2 game with a closed form") {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;  // equilibrium (3/7, 4/7), (2/7, 5/7), value 1/7
  const dag::MatrixGame game{payoff};
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-9});
  CHECK(found.status == dag::Status::converged);
  CHECK(found.relative_gap <= 1e-9);
  CHECK(found.strategy(0)(0) == doctest::Approx(3.0 / 7).epsilon(1e-8));
  CHECK(found.strategy(1)(0) == doctest::Approx(2.0 / 7).epsilon(1e-8));
  CHECK(found.value == doctest::Approx(1.0 / 7).epsilon(1e-8));
}

TEST_CASE("the gap of the mean is below sup D / (eta T) at every round") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    dag::RandomStream random(seed, 0);
    const auto rows = static_cast<Eigen::Index>(2 + random.below(20));
    const auto columns = static_cast<Eigen::Index>(2 + random.below(20));
    Eigen::MatrixXd payoff(rows, columns);
    for (Eigen::Index i = 0; i < payoff.size(); ++i) {
      payoff.data()[i] = 2 * random.uniform() - 1;
    }
    const dag::MatrixGame game{payoff};
    const auto watch = [&](const dag::Record& record) {
      if (record.iteration > 0) {
        CHECK(record.gap <= game.players().radius() /
                                (record.step * static_cast<double>(record.iteration)) *
                                (1 + 1e-12));
      }
    };
    const auto found = dag::mirror_prox(game, {.tolerance = 0,
                                               .max_iterations = 500,
                                               .average = dag::Average::uniform,
                                               .observer = watch});
    CHECK(found.iterations == 500);
    CHECK(found.step == doctest::Approx(1 / game.lipschitz()));
  }
}
