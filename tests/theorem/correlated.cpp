// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Classic slips seen to break these tests: internal regrets not weighted by p(a); p proportional to
// sums of regrets instead of stationary; payoffs in place of regrets.
#include <dag/core/random.hpp>
#include <dag/game/correlated.hpp>
#include <dag/numeric/stationary.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/response/regret_dynamics.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/support_enumeration.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace {

constexpr dag::RegretKind kinds[] = {dag::RegretKind::external, dag::RegretKind::internal};

double welfare(const dag::CorrelatedSolution& found) {
  double sum = 0;
  for (const double payoff : found.certificate.payoffs) {
    sum += payoff;
  }
  return sum;
}

/// The gaps of a joint distribution from their definition, over all maps of recommendations.
double swap_gain_by_enumeration(const dag::GameTable& game, const std::vector<double>& joint,
                                std::size_t player) {
  const std::size_t size = game.sizes[player];
  std::vector<std::size_t> sizes(size, size);
  std::vector<std::size_t> map(size, 0);
  double best = -1e300;
  do {
    double gain = 0;
    std::vector<std::size_t> choices(game.player_count(), 0);
    std::size_t profile = 0;
    do {
      std::vector<std::size_t> moved = choices;
      moved[player] = map[choices[player]];
      std::size_t other = 0;
      for (std::size_t i = moved.size(); i-- > 0;) {
        other = other * game.sizes[i] + moved[i];
      }
      gain += joint[profile] * (game.payoffs[player][other] - game.payoffs[player][profile]);
      ++profile;
    } while (dag::next_profile(game.sizes, choices));
    best = gain > best ? gain : best;
  } while (dag::next_profile(sizes, map));
  return best;
}

std::vector<double> random_joint(std::size_t profiles, std::uint64_t seed) {
  dag::RandomStream random(seed, 0x6a);
  std::vector<double> joint(profiles);
  double sum = 0;
  for (double& q : joint) {
    q = random.uniform() < 0.3 ? 0 : random.uniform();
    sum += q;
  }
  for (double& q : joint) {
    q /= sum;
  }
  return joint;
}

}  // namespace

TEST_CASE("stationary distributions balance, also of chains that fall apart") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    dag::RandomStream random(seed, 3);
    const std::size_t n = 1 + random.below(7);
    std::vector<double> rates(n * n);
    const double density = random.uniform();
    for (double& rate : rates) {
      rate = random.uniform() < density ? std::exp(20 * random.uniform() - 10) : 0.0;
    }
    std::vector<double> p(n);
    std::vector<double> work = rates;
    dag::stationary_distribution(work, p);
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) {
      double in = 0;
      double out = 0;
      for (std::size_t j = 0; j < n; ++j) {
        in += j == k ? 0 : p[j] * rates[j * n + k];
        out += j == k ? 0 : p[k] * rates[k * n + j];
      }
      CHECK(p[k] >= 0);
      CHECK(std::abs(in - out) <= 1e-13 * (in + out));
      sum += p[k];
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-14));
  }
  std::vector<double> rates(4, 0.0);
  std::vector<double> p(3);
  CHECK_THROWS_AS(dag::stationary_distribution(rates, p), dag::Error);
  p.resize(2);
  rates[1] = std::nan("");
  CHECK_THROWS_AS(dag::stationary_distribution(rates, p), dag::Error);
}

TEST_CASE("small probabilities are kept: the only correlated equilibrium of a lopsided game") {
  // Matching pennies whose first entry is a: a mixed equilibrium alone, each player's first
  // strategy with probability 2 / (a + 3), and no other correlated equilibrium (zero-sum, one
  // equilibrium).
  for (const double a : {5.0, 2e3, 2e5}) {
    CAPTURE(a);
    dag::GameTable game = dag::named_game("matching-pennies");
    game.payoffs = {{a, -1, -1, 1}, {-a, 1, 1, -1}};
    const double p = 2 / (a + 3);
    for (const auto kind : kinds) {
      const auto found = dag::correlated_equilibrium(game, {.kind = kind});
      CHECK(found.status == dag::Status::converged);
      CHECK(found.joint[1] + found.joint[3] == doctest::Approx(1 - p).epsilon(1e-9));
      CHECK(found.joint[2] + found.joint[3] == doctest::Approx(1 - p).epsilon(1e-9));
    }
    const auto joint = dag::correlated_equilibrium(game, {}).joint;
    CHECK(joint[1] == doctest::Approx(p * (1 - p)).epsilon(1e-6));
  }
}

TEST_CASE("the certificate is the definition: all deviations, enumerated") {
  for (const char* name : {"chicken", "shapley", "general:3x2x2:1", "general:2x4:2"}) {
    const dag::GameTable game = dag::named_game(name);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const std::vector<double> joint = random_joint(game.profile_count(), seed);
      const dag::CorrelatedReport report = dag::certify_joint(game, joint);
      for (std::size_t i = 0; i < game.player_count(); ++i) {
        CHECK(report.swap_regrets[i] ==
              doctest::Approx(swap_gain_by_enumeration(game, joint, i)).epsilon(1e-12));
        CHECK(report.external_regrets[i] <= report.swap_regrets[i] + 1e-15);
      }
    }
  }
  // At a product distribution both are the regrets of the profile.
  const dag::GameTable game = dag::named_game("general:3x2x4:7");
  const dag::MixedProfile profile{{0.2, 0.3, 0.5}, {0.9, 0.1}, {0.25, 0.25, 0.25, 0.25}};
  const auto product = dag::joint_distribution(profile);
  const dag::CorrelatedReport report = dag::certify_joint(game, product);
  CHECK(report.coarse_gap == doctest::Approx(dag::max_regret(game, profile)).epsilon(1e-13));
  CHECK(report.payoffs[1] == doctest::Approx(dag::certify(game, profile).payoffs[1]));
  CHECK_THROWS_AS((void)dag::certify_joint(game, std::vector<double>(24, 0.1)), dag::Error);
  CHECK_THROWS_AS((void)dag::certify_joint(game, std::vector<double>(23, 1.0 / 23)), dag::Error);
}

TEST_CASE("the best correlated equilibrium of chicken, and the coarse ones of Shapley's game") {
  // Aumann (1974): (yield, yield) 1/2, the two others with one dare 1/4 each; 21/2 together.
  const auto chicken = dag::correlated_equilibrium(dag::named_game("chicken"));
  REQUIRE(chicken.status == dag::Status::converged);
  const double expected[] = {0.5, 0.25, 0.25, 0};
  for (std::size_t s = 0; s < 4; ++s) {
    CHECK(chicken.joint[s] == doctest::Approx(expected[s]).epsilon(1e-11));
  }
  CHECK(welfare(chicken) == doctest::Approx(10.5).epsilon(1e-12));
  // The worst: no worse for both than what each is sure of, and found by negative weights.
  const auto worst = dag::correlated_equilibrium(dag::named_game("chicken"), {.weights = {-1, -1}});
  REQUIRE(worst.status == dag::Status::converged);
  CHECK(welfare(worst) < 9);
  // Shapley's game: uniform over the six cells in which somebody gains; welfare 1 instead of 2/3.
  const auto shapley = dag::correlated_equilibrium(dag::named_game("shapley"));
  REQUIRE(shapley.status == dag::Status::converged);
  CHECK(welfare(shapley) == doctest::Approx(1).epsilon(1e-11));
  const std::vector<double> six{1.0 / 6, 0, 1.0 / 6, 1.0 / 6, 1.0 / 6, 0, 0, 1.0 / 6, 1.0 / 6};
  const auto report = dag::certify_joint(dag::named_game("shapley"), six);
  CHECK(report.correlated_gap <= 1e-16);
  CHECK(report.payoffs[0] == doctest::Approx(0.5).epsilon(1e-15));
  // Defection dominates: nothing else is coarse correlated, whatever is maximised.
  const auto prison = dag::correlated_equilibrium(dag::named_game("prisoners-dilemma"),
                                                  {.kind = dag::RegretKind::external});
  CHECK(prison.joint[3] == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE(
    "linear programs: certified, coarse is at least as good, zero-sum payoffs are the value") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const char* shapes[] = {"3x3", "4x5", "2x3x2", "2x2x2x2"};
    const dag::GameTable game =
        dag::named_game("general:" + std::string(shapes[seed % 4]) + ":" + std::to_string(seed));
    const auto fine = dag::correlated_equilibrium(game);
    const auto coarse = dag::correlated_equilibrium(game, {.kind = dag::RegretKind::external});
    REQUIRE(fine.status == dag::Status::converged);
    REQUIRE(coarse.status == dag::Status::converged);
    CHECK(fine.certificate.correlated_gap <= 1e-10 * dag::payoff_range(game));
    CHECK(coarse.certificate.coarse_gap <= 1e-10 * dag::payoff_range(game));
    CHECK(welfare(coarse) >= welfare(fine) - 1e-9);
    // Nash equilibria are correlated: none is better than the best, or worse than the worst.
    const auto worst = dag::correlated_equilibrium(
        game, {.weights = std::vector<double>(game.player_count(), -1)});
    if (game.player_count() == 2) {
      for (const dag::MixedProfile& nash : dag::support_enumeration(game).equilibria) {
        const dag::RegretReport report = dag::certify(game, nash);
        CHECK(report.payoffs[0] + report.payoffs[1] <= welfare(fine) + 1e-9);
        CHECK(report.payoffs[0] + report.payoffs[1] >= welfare(worst) - 1e-9);
      }
    }
  }
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const dag::GameTable game = dag::named_game("random:5x6:" + std::to_string(seed));
    const double value = dag::linear_program(game).value;
    const auto found = dag::correlated_equilibrium(game);
    CHECK(found.certificate.payoffs[0] == doctest::Approx(value).epsilon(1e-9));
    // Of two players who share a constant, each is within the coarse gap of its value.
    for (const dag::RegretKind kind : kinds) {
      const auto play = dag::regret_dynamics(game, {.kind = kind, .tolerance = 1e-2});
      REQUIRE(play.status == dag::Status::converged);
      CHECK(std::abs(play.certificate.payoffs[0] - value) <= play.certificate.coarse_gap + 1e-12);
    }
  }
  CHECK_THROWS_AS((void)dag::correlated_equilibrium(dag::named_game("chicken"), {.weights = {1}}),
                  dag::Error);
  CHECK_THROWS_AS((void)dag::correlated_equilibrium(dag::named_game("chicken"), {.max_entries = 3}),
                  dag::Error);
}

TEST_CASE("regret dynamics keep their bounds in every game and round") {
  for (const char* name : {"chicken", "shapley", "jordan", "rps", "general:4x5:1",
                           "general:3x3x3:2", "general:2x2x2x2:3", "random:8x8:4"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    const double range = dag::payoff_range(game);
    for (const std::int64_t rounds : {1, 10, 100, 1000}) {
      for (const dag::RegretKind kind : kinds) {
        // From pure strategies: uniform play is an equilibrium of some of these games.
        const auto found = dag::regret_dynamics(
            game, {.kind = kind,
                   .tolerance = 0,
                   .max_iterations = rounds,
                   .start = dag::pure_profile(game.sizes,
                                              std::vector<std::size_t>(game.player_count(), 0))});
        const double t = static_cast<double>(found.iterations);
        for (std::size_t i = 0; i < game.player_count(); ++i) {
          const double n = static_cast<double>(game.sizes[i]);
          if (kind == dag::RegretKind::external) {
            CHECK(found.certificate.external_regrets[i] <= range * std::sqrt(n / t));
          } else {
            CHECK(found.certificate.swap_regrets[i] <= range * std::sqrt(n * (n - 1) / t));
          }
        }
      }
    }
  }
}

TEST_CASE("sampled play: regrets fall, the same seed gives the same play") {
  const dag::GameTable game = dag::named_game("shapley");
  for (const dag::RegretKind kind : kinds) {
    const dag::RegretDynamicsOptions options{
        .kind = kind, .feedback = dag::PlayFeedback::sampled, .tolerance = 0.02, .seed = 5};
    const auto found = dag::regret_dynamics(game, options);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.gap == (kind == dag::RegretKind::external ? found.certificate.coarse_gap
                                                          : found.certificate.correlated_gap));
    CHECK(dag::regret_dynamics(game, options) == found);
    // Counts of rounds: every probability is a multiple of one over their number.
    for (const double q : found.joint) {
      const double count = q * static_cast<double>(found.iterations);
      CHECK(std::abs(count - std::round(count)) <= 1e-9 * static_cast<double>(found.iterations));
    }
  }
  CHECK_THROWS_AS((void)dag::regret_dynamics(game, {.tolerance = std::nan("")}), dag::Error);
  CHECK_THROWS_AS((void)dag::regret_dynamics(game, {.max_iterations = 0}), dag::Error);
}

TEST_CASE("regret dynamics report each certificate, and stop when asked to") {
  const dag::GameTable game = dag::named_game("shapley");
  dag::RegretDynamicsOptions options;
  options.tolerance = 0;
  options.max_iterations = 500;
  options.start = {{1, 0, 0}, {0, 1, 0}};
  dag::History trace;
  options.observer = trace;
  const auto found = dag::regret_dynamics(game, options);
  CHECK(trace.records().back().iteration == 500);
  CHECK(trace.records().back().relative_gap == found.relative_gap);
  CHECK(trace.records().back().value == found.certificate.payoffs[0]);
  const auto until = [](const dag::Record& record) { return record.iteration < 100; };
  options.observer = until;
  const auto stopped = dag::regret_dynamics(game, options);
  CHECK(stopped.status == dag::Status::stopped);
  CHECK(stopped.iterations >= 100);
  CHECK(stopped.iterations < 110);
  options.observer = {};
  options.time_limit = 0;
  const auto late = dag::regret_dynamics(game, options);
  CHECK(late.status == dag::Status::time_limit);
  CHECK(late.iterations == 1);
  options.time_limit = -1;
  CHECK_THROWS_WITH_AS((void)dag::regret_dynamics(game, options), doctest::Contains("time_limit"),
                       dag::Error);
}

TEST_CASE("Shapley's game from a corner; both kinds of regret fall") {
  const dag::GameTable game = dag::named_game("shapley");
  const dag::MixedProfile corner{{1, 0, 0}, {1, 0, 0}};
  const auto coarse = dag::regret_dynamics(game, {.tolerance = 1e-2, .start = corner});
  const auto fine = dag::regret_dynamics(
      game, {.kind = dag::RegretKind::internal, .tolerance = 1e-2, .start = corner});
  REQUIRE(coarse.status == dag::Status::converged);
  REQUIRE(fine.status == dag::Status::converged);
  CHECK(coarse.iterations > 10);
  CHECK(fine.iterations > 10);
  CHECK(fine.certificate.correlated_gap <= 1e-2);
  CHECK(fine.certificate.coarse_gap <= fine.certificate.correlated_gap);
  CHECK_THROWS_AS((void)dag::regret_dynamics(game, {.start = {{1, 0, 0}}}), dag::Error);
  CHECK_THROWS_AS((void)dag::regret_dynamics(game, {.start = {{1, 0, 0}, {1, 1, 0}}}), dag::Error);
}
