// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/game/matrix.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/device_rounds.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>

namespace {

template <class Real>
dag::MatrixGame<Real, dag::cuda> random_game(std::size_t rows, std::size_t columns) {
  dag::RandomStream random(rows, columns);
  std::vector<Real> entries(rows * columns);
  for (Real& entry : entries) {
    entry = static_cast<Real>(2 * random.uniform() - 1);
  }
  const dag::cuda gpu;
  return dag::MatrixGame<Real, dag::cuda>(
      gpu.make_matrix(rows, columns, std::span<const Real>(entries)), gpu);
}

}  // namespace

TEST_CASE("recorded rounds give the iterates of the solvers they record") {
  const auto game = random_game<double>(37, 120);
  const auto flat = dag::euclidean(game);
  const auto agree = [](const auto& found, const auto& expected, bool same_residual) {
    CHECK(found.status == expected.status);
    CHECK(found.iterations == expected.iterations);
    CHECK(found.iterate == expected.iterate);
    CHECK(std::abs(found.gap - expected.gap) <= 1e-12);
    CHECK(std::abs(found.value - expected.value) <= 1e-12);
    if (same_residual) {
      CHECK(std::abs(found.residual - expected.residual) <= 1e-12);
    }
    for (const std::size_t player : {0U, 1U}) {
      const std::vector<double> p = found.strategy(player), q = expected.strategy(player);
      for (std::size_t i = 0; i < p.size(); ++i) {
        CHECK(std::abs(p[i] - q[i]) <= 1e-12);
      }
    }
  };
  for (const std::int64_t rounds : {0, 1, 7, 60}) {
    dag::SolverOptions<double> options{.tolerance = 0, .max_iterations = rounds, .check_every = 25};
    agree(dag::device_predictive_regret_matching_plus(game, options),
          dag::predictive_regret_matching_plus(game, options), true);
    for (const dag::Average average :
         {dag::Average::last, dag::Average::uniform, dag::Average::best}) {
      options.average = average;
      agree(dag::device_mirror_prox(game, options), dag::mirror_prox(game, options), true);
      agree(dag::device_optimistic_mirror_descent(game, options),
            dag::optimistic_mirror_descent(game, options), true);
      agree(dag::device_extragradient(game, options), dag::extragradient(flat, options), false);
    }
  }
}

TEST_CASE("a game on the device, as the documentation shows it") {
  const std::vector<float> payoffs{3, -1, -2, 1};  // value 1/7
  const std::size_t rows = 2, columns = 2;
  //! [solve]
  const dag::cuda gpu;
  const dag::MatrixGame<float, dag::cuda> game(
      gpu.make_matrix(rows, columns, std::span<const float>(payoffs)), gpu);
  const auto found = dag::device_mirror_prox(game, {.tolerance = 1e-4F});  // rounds as a CUDA graph
  //! [solve]
  CHECK(found.status == dag::Status::converged);
  CHECK(std::abs(found.value - 1.0F / 7) <= 5e-4F);  // the tolerance times the range
}

TEST_CASE_TEMPLATE("recorded rounds converge, checking seldom", Real, float, double) {
  const auto game = random_game<Real>(60, 60);
  std::int64_t checks = 0, rounds = 0;
  const auto count = [&](const dag::Record& record) {
    ++checks;
    rounds = record.iteration;
    return true;
  };
  dag::SolverOptions<Real> options{.tolerance = Real(5e-3)};
  options.observer = count;
  const auto found = dag::device_mirror_prox(game, options);
  CHECK(found.status == dag::Status::converged);
  CHECK(found.relative_gap <= Real(5e-3));
  CHECK(rounds == found.iterations);
  CHECK(checks <= 2 + rounds / 64);
  const auto again = dag::device_mirror_prox(game, options);
  CHECK(found.strategy(0) == again.strategy(0));  // the same bits
}

TEST_CASE("what recorded rounds cannot do is refused") {
  const auto game = random_game<float>(5, 6);
  CHECK_THROWS_AS((void)dag::device_mirror_prox(game, {.step = dag::Step<float>::adaptive()}),
                  dag::Error);
  CHECK_THROWS_AS((void)dag::device_mirror_prox(game, {.average = dag::Average::linear}),
                  dag::Error);
  CHECK_THROWS_AS((void)dag::device_mirror_prox(game, {.tolerance = -1}), dag::Error);
  CHECK_THROWS_AS(
      (void)dag::device_mirror_prox(game, {.feedback = dag::Feedback<float>::noisy(0.1F, 1)}),
      dag::Error);
  CHECK_THROWS_AS((void)dag::device_extragradient(game, {.average = dag::Average::linear}),
                  dag::Error);
  CHECK_THROWS_AS(
      (void)dag::device_predictive_regret_matching_plus(game, {.average = dag::Average::last}),
      dag::Error);
  CHECK_THROWS_AS((void)dag::device_predictive_regret_matching_plus(
                      game, {.step = dag::Step<float>::constant(1)}),
                  dag::Error);
}
