// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Fixation, rare mutations, alpha-rank and evolutionary stability against closed forms, plain
// chains of all states and brute force. Classic slips seen to break these tests: resident and
// mutant exchanged; N for N - 1 opponents.
#include <dag/core/random.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/alpha_rank.hpp>
#include <dag/solver/table/evolutionary_stability.hpp>
#include <dag/solver/table/fixation.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace {

constexpr std::uint64_t seed = 20261128;

/// The chance to reach N mutants before 0 from one, by solving the birth-death chain of the Fermi
/// process itself: h(i) = p_up h(i+1) + p_down h(i-1) + (1 - p_up - p_down) h(i).
double absorbed(double aa, double ab, double ba, double bb, std::size_t members, double intensity) {
  const auto n = static_cast<double>(members);
  // Tridiagonal elimination of h(1..N-1) with h(0) = 0, h(N) = 1.
  std::vector<double> upper(members + 1);
  std::vector<double> right(members + 1);
  for (std::size_t k = 1; k < members; ++k) {
    const auto i = static_cast<double>(k);
    const double a = ((i - 1) * aa + (n - i) * ab) / (n - 1);
    const double b = (i * ba + (n - i - 1) * bb) / (n - 1);
    const double mix = i / n * (n - i) / n;
    const double up = mix / (1 + std::exp(-intensity * (a - b)));
    const double down = mix / (1 + std::exp(intensity * (a - b)));
    const double pivot = up + down - (k > 1 ? down * upper[k - 1] : 0.0);
    upper[k] = up / pivot;
    right[k] = ((k + 1 == members ? up : 0.0) + (k > 1 ? down * right[k - 1] : 0.0)) / pivot;
  }
  double h = right[members - 1];
  for (std::size_t k = members - 1; k-- > 1;) {
    h = right[k] + upper[k] * h;
  }
  return h;
}

}  // namespace

TEST_CASE("fixation: neutral mutants, constant advantage, and the chain itself") {
  using dag::log_fixation_probability;
  CHECK(std::exp(log_fixation_probability(1, 1, 1, 1, {.population = 37})) ==
        doctest::Approx(1.0 / 37));
  CHECK(std::exp(log_fixation_probability(3, 0, 5, 1, {.population = 10, .intensity = 0})) ==
        doctest::Approx(0.1));
  // A constant fitness r = e^{w g}: (1 - 1/r) / (1 - r^-N).
  for (const double gain : {0.7, -0.4}) {
    const double r = std::exp(gain);
    const double wanted = (1 - 1 / r) / (1 - std::pow(r, -20.0));
    CHECK(std::exp(log_fixation_probability(gain, gain, 0, 0, {.population = 20})) ==
          doctest::Approx(wanted).epsilon(1e-12));
  }
  dag::RandomStream random(seed, 1);
  for (int round = 0; round < 200; ++round) {
    const auto u = [&] { return 4 * random.uniform() - 2; };
    const double aa = u(), ab = u(), ba = u(), bb = u();
    const std::size_t members = 2 + random.below(30);
    const double wanted = absorbed(aa, ab, ba, bb, members, 0.8);
    CAPTURE(round);
    CHECK(std::exp(log_fixation_probability(aa, ab, ba, bb,
                                            {.population = members, .intensity = 0.8})) ==
          doctest::Approx(wanted).epsilon(1e-9));
  }
  // Far below a double: the logarithm is kept.
  const double far = log_fixation_probability(0, 0, 1, 1, {.population = 5000});
  CHECK(far == doctest::Approx(-4999 + std::log(-std::expm1(-1.0))).epsilon(1e-9));
}

TEST_CASE("rare mutations: two strategies by their ratio, detailed balance, and vanishing rates") {
  const std::vector<double> hawk_dove{-1, 2, 0, 1};
  const auto found = dag::rare_mutations(hawk_dove, 2, {.population = 40, .intensity = 0.3});
  const double ratio = std::exp(found.log_fixation[1 * 2 + 0] - found.log_fixation[0 * 2 + 1]);
  CHECK(found.share[0] / found.share[1] == doctest::Approx(ratio).epsilon(1e-12));
  CHECK(found.share[0] + found.share[1] == doctest::Approx(1).epsilon(1e-15));
  // Rock, paper, scissors: a third each, whatever the intensity; rates here are e^-1000.
  const std::vector<double> rps{0, -1, 1, 1, 0, -1, -1, 1, 0};
  for (const double share :
       dag::rare_mutations(rps, 3, {.population = 2000, .intensity = 50}).share) {
    CHECK(share == doctest::Approx(1.0 / 3).epsilon(1e-9));
  }
}

TEST_CASE("alpha-rank: closed forms, a plain stationary solve, and the limit as alpha grows") {
  // Prisoners' dilemma: all mass on mutual defection in the limit.
  dag::GameTable dilemma;
  dilemma.players = {"row", "column"};
  dilemma.sizes = {2, 2};
  dilemma.payoffs = {{3, 5, 0, 1}, {3, 0, 5, 1}};
  const dag::AlphaRank limit = dag::alpha_rank(dilemma);
  CHECK(limit.mass[3] == doctest::Approx(1).epsilon(1e-15));
  // Matching pennies: a cycle of four, a quarter each.
  dag::GameTable pennies = dilemma;
  pennies.payoffs = {{1, -1, -1, 1}, {-1, 1, 1, -1}};
  for (const double mass : dag::alpha_rank(pennies).mass) {
    CHECK(mass == doctest::Approx(0.25).epsilon(1e-15));
  }
  // Pure coordination with equal stakes: both, half each; unequal: by the size of what is lost.
  dag::GameTable together = dilemma;
  together.payoffs = {{1, 0, 0, 1}, {1, 0, 0, 1}};
  CHECK(dag::alpha_rank(together).mass[0] == doctest::Approx(0.5));
  together.payoffs = {{2, 0, 0, 1}, {2, 0, 0, 1}};
  CHECK(dag::alpha_rank(together).mass[0] == doctest::Approx(1));

  dag::RandomStream random(seed, 2);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    dag::GameTable game;
    game.players = {"1", "2", "3"};
    game.sizes = {2, 3, 2};
    game.payoffs.assign(3, std::vector<double>(12));
    for (auto& payoffs : game.payoffs) {
      for (double& a : payoffs) {
        a = static_cast<double>(random.below(7));  // ties
      }
    }
    // Against power iteration of the chain as it is defined.
    const double alpha = 0.3;
    const std::size_t members = 5;
    std::vector<double> mass(12, 1.0 / 12);
    for (int step = 0; step < 20000; ++step) {
      std::vector<double> next = mass;
      std::size_t stride = 1;
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t s = 0; s < 12; ++s) {
          const std::size_t own = s / stride % game.sizes[i];
          for (std::size_t t = 0; t < game.sizes[i]; ++t) {
            if (t == own) {
              continue;
            }
            const std::size_t to = s - own * stride + t * stride;
            const double gain = game.payoffs[i][to] - game.payoffs[i][s];
            const double rho =
                gain == 0 ? 1.0 / 5
                          : (1 - std::exp(-alpha * gain)) / (1 - std::exp(-5 * alpha * gain));
            next[s] -= mass[s] * rho / 4;  // eta = 1 / (1 + 2 + 1)
            next[to] += mass[s] * rho / 4;
          }
        }
        stride *= game.sizes[i];
      }
      mass = next;
    }
    const auto found = dag::alpha_rank(game, {.alpha = alpha, .population = members});
    const auto end = dag::alpha_rank(game, {.population = members});
    const auto near = dag::alpha_rank(game, {.alpha = 60, .population = members});
    for (std::size_t s = 0; s < 12; ++s) {
      CHECK(std::abs(found.mass[s] - mass[s]) <= 1e-9);
      CHECK(std::abs(end.mass[s] - near.mass[s]) <= 1e-12);  // differences of at least 1: e^-60
    }
  }
}

TEST_CASE("evolutionary stability: textbook games") {
  using dag::Stability;
  const auto of = [](std::vector<double> payoff, std::vector<double> x) {
    return dag::evolutionary_stability(payoff, x);
  };
  // Hawk and dove, V = 2, C = 4: half hawks.
  CHECK(of({-1, 2, 0, 1}, {0.5, 0.5}) == Stability::stable);
  CHECK(of({-1, 2, 0, 1}, {1, 0}) == Stability::not_nash);
  // Coordination: both pure ones, the mixed one not.
  CHECK(of({2, 0, 0, 1}, {1, 0}) == Stability::stable);
  CHECK(of({2, 0, 0, 1}, {1.0 / 3, 2.0 / 3}) == Stability::unstable);
  // Rock, paper, scissors: standard unstable (neutral), good stable, bad unstable.
  const std::vector<double> third(3, 1.0 / 3);
  CHECK(of({0, -1, 1, 1, 0, -1, -1, 1, 0}, third) == Stability::unstable);
  CHECK(of({0, -1, 2, 2, 0, -1, -1, 2, 0}, third) == Stability::stable);
  CHECK(of({0, -2, 1, 1, 0, -2, -2, 1, 0}, third) == Stability::unstable);
  // A best reply outside the support that does as well against itself: not stable; worse: stable.
  CHECK(of({1, 1, 1, 1}, {1, 0}) == Stability::unstable);
  CHECK(of({1, 1, 1, 0}, {1, 0}) == Stability::stable);
  const auto mixed = dag::evolutionarily_stable_strategies(std::vector<double>{-1, 2, 0, 1}, 2);
  REQUIRE(mixed.size() == 1);
  CHECK(mixed[0][0] == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(dag::evolutionarily_stable_strategies(std::vector<double>{2, 0, 0, 1}, 2).size() == 2);
}

TEST_CASE("evolutionary stability: brute force over mutants of random games") {
  dag::RandomStream random(seed, 3);
  int stable = 0;
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    const std::size_t n = 2 + random.below(3);
    std::vector<double> a(n * n);
    for (double& entry : a) {
      entry = static_cast<double>(random.below(5));
    }
    const auto value = [&](const std::vector<double>& x, const std::vector<double>& y) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          sum += x[i] * a[i * n + j] * y[j];
        }
      }
      return sum;
    };
    for (const auto& x : dag::evolutionarily_stable_strategies(a, n)) {
      ++stable;
      for (int k = 0; k < 200; ++k) {  // near x: (1 - e) x + e y
        std::vector<double> y(n);
        double sum = 0;
        for (double& p : y) {
          p = -std::log(1 - random.uniform());
          p *= random.below(3) == 0 ? 0.0 : 1.0;
          sum += p;
        }
        if (sum == 0) {
          continue;
        }
        double distance = 0;
        for (std::size_t i = 0; i < n; ++i) {
          const double old = x[i];
          y[i] = 0.999 * old + 0.001 * y[i] / sum;
          distance += std::abs(y[i] - old);
        }
        if (distance > 1e-9) {  // else y is x
          CHECK(value(x, y) > value(y, y));
        }
      }
    }
  }
  CHECK(stable > 300);
}

TEST_CASE("evolution: faults name the rule") {
  CHECK_THROWS_WITH_AS((void)dag::rare_mutations(std::vector<double>(6), 2),
                       doctest::Contains("6 payoffs for 2 strategies"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::log_fixation_probability(1, 1, 1, 1, {.population = 1}),
                       doctest::Contains("population"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::evolutionary_stability(std::vector<double>{1, 0, 0, 1},
                                                         std::vector<double>{0.5, 0.6}),
                       doctest::Contains("1.1"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::alpha_rank(dag::named_game("rps"), {.alpha = 0}),
                       doctest::Contains("alpha"), dag::Error);
}
