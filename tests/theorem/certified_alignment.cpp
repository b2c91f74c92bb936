// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// What an alignment solution claims, held against the problem itself: policies normalised, mixtures
// and multipliers of the Target optimal where `converged` is said, at betas from 1 to 1e-12, and
// not said where a solve was cut short. Seen to fail: the mixture gap left out, violation allowed
// 1e5 times the tolerance, complementarity taken for granted, rewards not centred.
#include <dag/alignment/equilibrium.hpp>
#include <dag/core/random.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/tsallis.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace {

using Row = std::vector<double>;

template <class U>
auto solve(const U& utility, const std::vector<Row>& reference, double beta,
           const dag::EquilibriumOptions<double>& options = {}) {
  return dag::equilibrium(
      dag::AlignmentGame<U, dag::no_backend>(utility, dag::Contexts<double>(reference, {}), beta),
      options);
}

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

Row drawn(dag::RandomStream& random, std::size_t size, bool distribution) {
  Row row;
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    row.push_back(distribution ? 0.05 + random.uniform() : 2 * random.uniform() - 1);
    sum += row.back();
  }
  for (double& entry : row) {
    entry /= distribution ? sum : 1;
  }
  return row;
}

}  // namespace

TEST_CASE("robust rewards at betas down to 1e-12: rows in conflict are mixed, not ruled out") {
  const std::vector<Row> rows{{0.5, -1.0}, {-1.0, 0.5}, {-0.3, -0.1}};
  for (const double beta : {1.0, 1e-2, 1e-3, 1e-4, 1e-5, 3e-6, 1e-6, 1e-7, 1e-9, 1e-12}) {
    CAPTURE(beta);
    const auto found = solve(dag::RobustReward<double>{rows}, {{0.5, 0.5}}, beta);
    CHECK(found.status == dag::Status::converged);
    // By symmetry of the first two rows (the third is worth more at the even policy).
    CHECK(std::abs(found.nu[0] - 0.5) <= 1e-12);
    CHECK(std::abs(found.nu[1] - 0.5) <= 1e-12);
    CHECK(std::abs(found.target[0] - 0.5) <= 1e-6);
    CHECK(found.target[2] <= 1e-9);
  }
}

TEST_CASE("random robust rewards: converged means that the Target has no better mixture") {
  dag::RandomStream random(1, 0);
  int converged = 0;
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const std::size_t answers = 2 + random() % 4;
    std::vector<Row> rows;
    for (std::size_t k = 0; k < 2 + random() % 4; ++k) {
      rows.push_back(drawn(random, answers, false));
    }
    const double beta = std::pow(10.0, -static_cast<double>(random() % 8));
    const auto found =
        solve(dag::RobustReward<double>{rows}, {drawn(random, answers, true)}, beta,
              {.max_iterations = round % 2 == 0 ? 1000 : static_cast<std::int64_t>(random() % 12)});
    double sum = 0;
    for (const double p : found.nu) {
      sum += p;
    }
    CHECK(std::abs(sum - 1) <= 1e-14);
    double mixed = 0;
    double least = 1e300;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const double earned = dot(rows[k], found.nu);
      mixed += found.target[k] * earned;
      least = std::fmin(least, earned);
    }
    CHECK(found.mixture_gap == doctest::Approx(mixed - least).epsilon(1e-9));
    if (found.status == dag::Status::converged) {
      ++converged;
      CHECK(mixed - least <= 1.1e-10);
      CHECK(found.residual <= 1e-10);
    }
  }
  CHECK(converged >= 95);
}

TEST_CASE("constraints cut short: no converged beside a violation or a slack that is paid for") {
  dag::RandomStream random(2, 0);
  int refused = 0;
  int converged = 0;
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    const Row reference = drawn(random, 4, true);
    const Row a = drawn(random, 4, false);
    const Row b = drawn(random, 4, false);
    // Bounds that some policy satisfies: those of a random policy, loosened a little.
    const Row inside = drawn(random, 4, true);
    const double bound_a = dot(a, inside) + 0.01;
    const double bound_b = dot(b, inside) + 0.3 * random.uniform();
    const double tolerance = std::pow(10.0, -4 - static_cast<double>(random() % 6));
    const auto found = solve(
        dag::MomentConstraints<double>{}.at_most(a, bound_a).at_most(b, bound_b), {reference}, 0.3,
        {.tolerance = tolerance, .max_iterations = static_cast<std::int64_t>(random() % 9)});
    const double over_a = dot(a, found.nu) - bound_a;
    const double over_b = dot(b, found.nu) - bound_b;
    const double paid =
        std::fmax(std::abs(found.target[0] * over_a), std::abs(found.target[1] * over_b));
    const double largest =
        std::fmax(1, std::fmax(std::abs(found.target[0]), std::abs(found.target[1])));
    const double scale = std::fmax(1, std::fmax(std::abs(bound_a), std::abs(bound_b)));
    const bool good = std::fmax(over_a, over_b) <= tolerance * scale * 1.001 &&
                      paid <= tolerance * scale * largest * 1.001;
    converged += found.status == dag::Status::converged ? 1 : 0;
    refused += good ? 0 : 1;
    CHECK((found.status != dag::Status::converged || good));
  }
  CHECK(converged >= 50);
  CHECK(refused >= 50);
}

TEST_CASE("Tsallis at weight / beta of 6e14: the reference, to the last digits") {
  const Row reference{0.13918291762675564, 0.08867645279131948,   0.02769197701092474,
                      0.18611427833430597, 0.0032545166219406637, 0.02245664753501107,
                      0.12302957460550668, 0.17849060719901821,   0.040883230762768855,
                      0.19021979751244864};
  // nu^49 / beta is below 1e-20: the entropy's slope is constant, and a constant moves nothing.
  const auto found = solve(dag::TsallisEntropy<double>{666.2899508628017, 50}, {reference},
                           1.0930740368358352e-12);
  CHECK(found.status == dag::Status::converged);
  for (std::size_t z = 0; z < reference.size(); ++z) {
    CHECK(found.nu[z] == doctest::Approx(reference[z]).epsilon(1e-14));
  }
  // Order 2 at the same ratio: uniform but for beta (log nu0) / (2 tau).
  const auto flat = solve(dag::TsallisEntropy<double>{1, 2}, {{0.7, 0.2, 0.1}}, 1e-12);
  for (const double p : flat.nu) {
    CHECK(std::abs(p - 1.0 / 3) <= 1e-11);
  }
}

TEST_CASE("a limit ends an alignment solve, with the point so far") {
  dag::RandomStream random(3, 0);
  std::vector<Row> references;
  for (int x = 0; x < 6; ++x) {
    references.push_back(drawn(random, 40, true));
  }
  struct Pressed {
    [[nodiscard]] bool stop_requested() const { return true; }
  };
  const Pressed pressed;
  const auto stopped =
      solve(dag::ArithmeticCoherence<double>{1.0}, references, 5e-13, {.stop = pressed});
  CHECK(stopped.status == dag::Status::stopped);
  const auto late =
      solve(dag::RobustReward<double>{{drawn(random, 40, false), drawn(random, 40, false)}},
            {references[0]}, 1e-9, {.time_limit = 0});
  CHECK(late.status == dag::Status::time_limit);
  CHECK(late.nu.size() == 40);
}
