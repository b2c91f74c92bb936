// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/alignment/all_equilibria.hpp>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/utility/sharpening.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using dag::AllEquilibria;
using dag::SharpeningGame;

std::vector<double> logs(std::vector<double> p) {
  for (double& x : p) {
    x = std::log(x);
  }
  return p;
}

struct Uniform {
  dag::RandomStream random;
  double operator()(double low, double high) { return low + (high - low) * random.uniform(); }
};

/// Ends of ascent in small steps from many starts, by nothing but the reward: the brute force.
std::vector<std::vector<double>> by_ascent(const SharpeningGame& game, Uniform& uniform,
                                           int starts) {
  std::vector<std::vector<double>> ends;
  const std::size_t n = game.log_reference.size();
  for (int start = 0; start < starts; ++start) {
    std::vector<double> t(n);
    for (std::size_t z = 0; z < n; ++z) {
      // First a start near every answer, then anywhere.
      t[z] = start < static_cast<int>(n) ? (z == static_cast<std::size_t>(start) ? 0.0 : -6.0)
                                         : std::log(-std::log(uniform(1e-12, 1)));
    }
    const double eta = 0.5 / (game.beta + game.scale * (1 + game.power));
    std::vector<double> nu(n);
    for (int round = 0; round < 60000; ++round) {
      double total = 0, longest = 0;
      for (std::size_t z = 0; z < n; ++z) {
        total += std::exp(t[z]);
      }
      double mean = 0;
      std::vector<double> step(n);
      for (std::size_t z = 0; z < n; ++z) {
        t[z] -= std::log(total);
        nu[z] = std::exp(t[z]);
        step[z] = eta * (game.scale * std::pow(nu[z], game.power) -
                         game.beta * (t[z] - game.log_reference[z]));
        mean += nu[z] * step[z];
      }
      for (std::size_t z = 0; z < n; ++z) {
        longest = std::fmax(longest, std::abs(step[z] - mean));
        t[z] += step[z];
      }
      if (longest < 1e-12) {
        break;
      }
    }
    ends.push_back(nu);
  }
  return ends;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (std::size_t z = 0; z < a.size(); ++z) {
    most = std::fmax(most, std::abs(a[z] - b[z]));
  }
  return most;
}

}  // namespace

TEST_CASE(
    "entropy minimisation in closed form: nu ∝ nu0^{beta / (beta - s)}, then single answers") {
  const std::vector<double> nu0{0.5, 0.3, 0.2};
  const AllEquilibria weak =
      dag::all_equilibria({.log_reference = logs(nu0), .beta = 1, .rate = 0.4});
  REQUIRE(weak.found.size() == 1);
  double total = 0;
  for (const double p : nu0) {
    total += std::pow(p, 1 / 0.6);
  }
  for (std::size_t z = 0; z < 3; ++z) {
    CHECK(weak.found[0].nu[z] == doctest::Approx(std::pow(nu0[z], 1 / 0.6) / total).epsilon(1e-14));
  }
  CHECK(weak.found[0].stable);
  CHECK(weak.found[0].residual < 1e-15);
  const AllEquilibria strong =
      dag::all_equilibria({.log_reference = logs(nu0), .beta = 1, .rate = 1.5});
  CHECK(strong.stable() == 3);
  CHECK(strong.found.size() == 7);  // the least point of every edge and of the inside
  CHECK(strong.found[strong.reached].nu == std::vector<double>{1, 0, 0});
  for (const auto& policy : strong.found) {
    CHECK(policy.residual < 1e-14);
  }
  // At s = beta what is left is linear: the mode alone, or all that tie.
  const AllEquilibria level =
      dag::all_equilibria({.log_reference = logs(nu0), .beta = 1, .rate = 1});
  REQUIRE(level.found.size() == 1);
  CHECK(level.found[0].nu == std::vector<double>{1, 0, 0});
  const AllEquilibria tied =
      dag::all_equilibria({.log_reference = logs({0.4, 0.4, 0.2}), .beta = 1, .rate = 2});
  CHECK(tied.stable() == 3);
  CHECK(tied.found[tied.reached].nu == std::vector<double>{0.5, 0.5, 0});
  CHECK_FALSE(tied.found[tied.reached].stable);
}

TEST_CASE("agreement as a reward: one equilibrium up to s = beta, the known two beyond") {
  for (const double s : {0.3, 0.9, 1.0}) {
    const AllEquilibria one =
        dag::all_equilibria({.log_reference = logs({0.52, 0.48}), .beta = 1, .scale = 2 * s});
    CHECK(one.found.size() == 1);
    CHECK(one.found[0].stable);
  }
  //! [all_equilibria]
  // Agreement s sum nu^2 with s = 1.3 beta: the reward of an answer is 2 s nu.
  const dag::AllEquilibria two = dag::all_equilibria(
      {.log_reference = {std::log(0.52), std::log(0.48)}, .beta = 1, .scale = 2 * 1.3});
  const dag::StationaryPolicy& reached = two.found[two.reached];  // (0.893, 0.107)
  //! [all_equilibria]
  CHECK(reached.stable);
  REQUIRE(two.found.size() == 3);
  CHECK(two.stable() == 2);
  CHECK(two.found[0].nu[0] == doctest::Approx(0.893).epsilon(5e-4));
  CHECK(two.found[1].nu[0] == doctest::Approx(0.148).epsilon(3e-3));
  CHECK(two.reached == 0);
  CHECK_FALSE(two.found[2].stable);
  // No preference: ascent from nu0 stays between.
  const AllEquilibria even =
      dag::all_equilibria({.log_reference = logs({0.5, 0.5}), .beta = 1, .scale = 2.6});
  CHECK(even.stable() == 2);
  CHECK(even.found[even.reached].nu[0] == doctest::Approx(0.5).epsilon(1e-12));
  CHECK_FALSE(even.found[even.reached].stable);
}

TEST_CASE("1,000 random small games: no stable equilibrium is missed, and none is invented") {
  Uniform uniform{dag::RandomStream(20260301, 0)};
  int several = 0, most = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const auto n = static_cast<std::size_t>(2 + trial % 4);
    SharpeningGame game;
    for (std::size_t z = 0; z < n; ++z) {
      game.log_reference.push_back(uniform(-1.5, 0));
    }
    game.beta = std::exp(uniform(-2, 2));
    game.power = trial % 3 == 0 ? 1.0 : uniform(0.3, 4);
    game.scale = game.beta * uniform(0.5, 6) / game.power;
    const AllEquilibria all = dag::all_equilibria(game);
    CHECK(all.complete);
    std::vector<std::size_t> hits(all.found.size());
    for (const auto& end : by_ascent(game, uniform, static_cast<int>(n) + 6)) {
      std::size_t nearest = 0;
      for (std::size_t i = 0; i < all.found.size(); ++i) {
        nearest =
            distance(all.found[i].nu, end) < distance(all.found[nearest].nu, end) ? i : nearest;
      }
      INFO("trial " << trial << ", " << all.found.size() << " found");
      CHECK(distance(all.found[nearest].nu, end) < 1e-4);
      ++hits[nearest];
    }
    for (const auto& policy : all.found) {
      CHECK(policy.residual < 1e-9);
    }
    // Poincare and Hopf: the field points inward everywhere, so (-1)^(directions that rise), summed
    // over all equilibria, is 1. With p entries of the Hessian > 0 there are p such directions, one
    // less where the sum of the entries' inverses is > 0.
    int sum = 0;
    for (const auto& policy : all.found) {
      int rising = 0;
      double inverses = 0;
      for (const double nu : policy.nu) {
        const double entry =
            game.scale * game.power * std::pow(nu, game.power - 1) - game.beta / nu;
        rising += entry > 0 ? 1 : 0;
        inverses += 1 / entry;
      }
      rising -= inverses > 0 ? 1 : 0;
      CHECK(policy.stable == (rising == 0));
      sum += rising % 2 == 0 ? 1 : -1;
    }
    CHECK(sum == 1);
    CHECK(all.stable() >= 1);
    several += all.stable() > 1 ? 1 : 0;
    most = std::max(most, static_cast<int>(all.stable()));
    // Where ascent from nu0 ends, found without it.
    SharpeningGame start = game;
    const auto from_nu0 = dag::detail::ascend(start);
    CHECK(distance(from_nu0.nu, all.found[all.reached].nu) < 1e-6);
    const dag::AllEquilibria few = dag::all_equilibria(game, {.unstable_up_to = 0});
    CHECK(few.stable() == all.stable());
  }
  MESSAGE(several << " games with several stable equilibria, at most " << most);
  CHECK(several > 200);
  CHECK(most >= 5);
}

TEST_CASE("the margin at which a majority locks in is where its own reward holds it") {
  Uniform uniform{dag::RandomStream(20260302, 0)};
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> reference;
    for (int z = 0; z < 2 + trial % 6; ++z) {
      reference.push_back(uniform(-2, 0));
    }
    const auto mode = static_cast<std::size_t>(
        std::max_element(reference.begin(), reference.end()) - reference.begin());
    const double margin = dag::lock_in(reference);
    CHECK(margin >= 0.5);
    for (const double s : {0.99 * margin, 1.01 * margin}) {
      const auto end =
          dag::reached_equilibrium({.log_reference = reference, .beta = 1, .scale = 2 * s});
      INFO("trial " << trial << ", margin " << margin);
      CHECK((2 * s * end.nu[mode] > 1) == (s > margin));
      CHECK(end.residual < 1e-9);
    }
  }
  CHECK(dag::lock_in({0.0}) == 0);
  CHECK(dag::lock_in({0.0, 0.0}) == doctest::Approx(1).epsilon(1e-12));  // the even pair's fork
}

TEST_CASE("the formulas of the utilities, and what is refused") {
  const auto check = [](const auto& u, double p) {
    const double h = 1e-6 * p;
    const auto term = [&](double x) { return u.term(dag::Probability<double>::of(x)); };
    const auto at = dag::Probability<double>::of(p);
    const double constant = u.reward(dag::Probability<double>::of(0.25)) -
                            (term(0.25 + 1e-6) - term(0.25 - 1e-6)) / 2e-6;
    CHECK((term(p + h) - term(p - h)) / (2 * h) + constant ==
          doctest::Approx(u.reward(at)).epsilon(1e-7));
    CHECK(u.table_reward()(u.table_reward().function(p)) ==
          doctest::Approx(u.reward(at)).epsilon(1e-12));
  };
  for (const double p : {0.1, 0.4, 0.9}) {
    check(dag::Sharpening<double>{0.7}, p);
    check(dag::PowerSharpening<double>{0.7}, p);
    check(dag::PowerSharpening<double>{0.7, 3.5}, p);
  }
  CHECK_THROWS_AS((dag::PowerSharpening<double>{1, 1}.check(dag::Blocks::uniform(1, 2))),
                  dag::Error);
  const auto solve = [](std::vector<double> nu0, double beta) {
    return dag::all_equilibria({.log_reference = logs(std::move(nu0)), .beta = beta});
  };
  CHECK_THROWS_AS((void)solve({0.5, 0.5}, 0), dag::Error);
  CHECK_THROWS_AS((void)solve({0, 0}, 1), dag::Error);
}
