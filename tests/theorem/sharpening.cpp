// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/alignment/all_equilibria.hpp>

#include <dag/alignment/agreement_equilibria.hpp>
#include <dag/alignment/basin_margin.hpp>
#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/train/agreement_objective.hpp>
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
    const auto from_nu0 = dag::detail::ascend(start, start.log_reference);
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

TEST_CASE("the margin of a basin: with two answers the unstable equilibrium is its border") {
  Uniform uniform{dag::RandomStream(20261128, 1)};
  int several = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const double p = uniform(0.3, 0.7), s = uniform(0.5, 2.5);
    const SharpeningGame game{.log_reference = logs({p, 1 - p}), .beta = 1, .scale = 2 * s};
    const AllEquilibria all = dag::all_equilibria(game);
    const double margin = dag::basin_margin(game, all);
    if (all.found.size() == 1) {
      CHECK(std::isinf(margin));
      continue;
    }
    CHECK(all.found.size() == 3);
    for (const auto& policy : all.found) {
      if (!policy.stable) {
        CHECK(margin == doctest::Approx(std::abs(policy.nu[0] - p)).epsilon(2e-3));
        ++several;
      }
    }
  }
  CHECK(several > 10);
}

TEST_CASE("agreement across contexts: a policy that jumps as its anchor is loosened") {
  //! [agreement]
  // Three contexts lean to the third answer, one is sure of the first: past s / beta = 1.98675 it
  // draws all to it.
  const dag::Contexts<double> contexts(
      {{0.18, 0.19, 0.63}, {0.23, 0.28, 0.49}, {0.90, 0.07, 0.03}, {0.27, 0.19, 0.54}});
  const dag::AgreementEquilibria all = dag::agreement_equilibria(contexts, 1, 3);
  const dag::AgreementBifurcation jump = all.bifurcations.front();
  //! [agreement]
  CHECK(all.bifurcations.size() == 1);
  CHECK(jump.fold);
  // The same by ascent alone, each s from where the last one ended: 0.1 of the pool at once.
  std::vector<double> t(contexts.log_reference().begin(), contexts.log_reference().end());
  double last = 0, jumped = 0;
  for (double s = 1.984; s < 1.99; s += 1e-3) {
    const dag::detail::AgreementMap map(contexts, 2 * s);
    const auto end = dag::detail::ascend(map, t);
    if (last > 0 && std::abs(end.at.nu[2] - last) > 0.1) {
      jumped = s;
    }
    last = end.at.nu[2];
    t = end.at.log_nu;
  }
  CHECK(jumped > jump.strength);
  CHECK(jumped <= jump.strength + 1e-3);
}

/// One game of agreement: its contexts, and the reward of context x by its formula.
struct AgreementCase {
  std::vector<std::vector<double>> nu0;
  std::vector<double> weights;
  double s = 1;

  AgreementCase(Uniform& uniform, std::size_t contexts, std::size_t answers)
      : nu0(contexts, std::vector<double>(answers)), weights(contexts), s(uniform(0.5, 6)) {
    double sum = 0;
    for (double& w : weights) {
      w = uniform(0.5, 1.5);
      sum += w;
    }
    for (double& w : weights) {
      w /= sum;
    }
    for (auto& row : nu0) {
      double total = 0;
      for (double& p : row) {
        p = -std::log(uniform(0.001, 0.999));
        total += p;
      }
      for (double& p : row) {
        p /= total;
      }
    }
  }
  [[nodiscard]] double reward(const std::vector<double>& nu, std::size_t x, std::size_t z) const {
    double sum = 0;
    for (std::size_t y = 0; y < nu0.size(); ++y) {
      sum += y == x ? 0.0 : 2 * s * weights[y] * nu[y * nu0[0].size() + z];
    }
    return sum;
  }
  /// nu0_x exp(eta-mixed response): one step of ascent on stacked logarithms; the largest move.
  double ascend(std::vector<double>& t, double eta) const {
    const std::size_t n = nu0[0].size();
    std::vector<double> nu(t.size());
    double longest = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
      nu[i] = std::exp(t[i]);
    }
    for (std::size_t x = 0; x < nu0.size(); ++x) {
      double total = 0;
      for (std::size_t z = 0; z < n; ++z) {
        t[x * n + z] += eta * (reward(nu, x, z) - (t[x * n + z] - std::log(nu0[x][z])));
        total += std::exp(t[x * n + z]);
      }
      for (std::size_t z = 0; z < n; ++z) {
        t[x * n + z] -= std::log(total);
        longest = std::fmax(longest, std::abs(std::exp(t[x * n + z]) - nu[x * n + z]));
      }
    }
    return longest;
  }
};

TEST_CASE("a deadline cuts the list of equilibria, and that is said") {
  const dag::Deadline passed({}, 0, "test");
  const dag::SharpeningGame game{.log_reference = logs({0.52, 0.48}), .beta = 1, .scale = 2.6};
  const AllEquilibria cut = dag::all_equilibria(game, {.deadline = &passed});
  CHECK(cut.cut);
  CHECK_FALSE(cut.complete);
  CHECK(cut.found.size() < dag::all_equilibria(game).found.size());
  CHECK_FALSE(dag::all_equilibria(game).cut);
}

TEST_CASE("agreement across contexts: values are F less the divergence, by falling value") {
  const std::vector<std::vector<double>> nu0{{0.6, 0.4}, {0.55, 0.45}, {0.3, 0.7}};
  const std::vector<double> w{0.5, 0.3, 0.2};
  const double beta = 0.8, weight = 2.5;
  const auto all = dag::agreement_equilibria(dag::Contexts<double>(nu0, w), beta, weight);
  REQUIRE(all.found.size() >= 2);
  double above = std::numeric_limits<double>::infinity();
  for (const auto& one : all.found) {
    double value = 0;
    for (std::size_t x = 0; x < 3; ++x) {
      for (std::size_t z = 0; z < 2; ++z) {
        const double p = one.nu[2 * x + z];
        for (std::size_t y = 0; y < 3; ++y) {
          value += y == x ? 0.0 : weight * w[x] * w[y] * p * one.nu[2 * y + z];
        }
        value -= beta * w[x] * p * std::log(p / nu0[x][z]);
      }
    }
    CHECK(one.value == doctest::Approx(value).epsilon(1e-12));
    CHECK(one.value <= above);
    above = one.value;
  }
}

TEST_CASE("agreement across contexts: its equilibria against ascent from many starts") {
  Uniform uniform{dag::RandomStream(20261128, 2)};
  int several = 0, jumps = 0, checked_onsets = 0;
  for (int trial = 0; trial < 120; ++trial) {
    const std::size_t contexts = 2 + static_cast<std::size_t>(trial % 3),
                      n = 2 + static_cast<std::size_t>(trial / 3 % 3);
    const AgreementCase game(uniform, contexts, n);
    const dag::Contexts<double> given(game.nu0, game.weights);
    const auto all = dag::agreement_equilibria(given, 1, game.s);
    INFO("trial " << trial << ", s " << game.s);
    for (const auto& policy : all.found) {
      std::vector<double> again = policy.log_nu;
      CHECK(game.ascend(again, 1) < 1e-12);  // a whole step: nu0 exp(reward) / Z
    }
    for (std::size_t j = 1; j < all.found.size(); ++j) {
      CHECK(all.found[j].value <= all.found[j - 1].value);
    }
    several += all.found.size() > 1 ? 1 : 0;
    jumps += static_cast<int>(all.bifurcations.size());
    for (int start = 0; start < 12; ++start) {
      std::vector<double> t;
      for (std::size_t x = 0; x < contexts; ++x) {
        double total = 0;
        for (std::size_t z = 0; z < n; ++z) {
          t.push_back(start == 0 ? std::log(game.nu0[x][z]) : 4 * std::log(uniform(0.001, 0.999)));
          total += std::exp(t.back());
        }
        for (std::size_t z = 0; z < n; ++z) {
          t[x * n + z] -= std::log(total);
        }
      }
      int rounds = 0;
      while (game.ascend(t, 0.2 / (1 + 2 * game.s)) > 1e-13 && rounds < 100000) {
        ++rounds;
      }
      std::vector<double> end;
      for (const double log : t) {
        end.push_back(std::exp(log));
      }
      std::size_t place = all.found.size();
      for (std::size_t j = 0; j < all.found.size(); ++j) {
        double off = 0;
        for (std::size_t i = 0; i < end.size(); ++i) {
          off = std::fmax(off, std::abs(all.found[j].nu[i] - end[i]));
        }
        place = off < 1e-6 ? j : place;
      }
      CHECK(place < all.found.size());
      if (start == 0) {
        CHECK(place == all.reached);
      }
    }
    // Just above its onset an equilibrium is there, just below it is not.
    for (const auto& policy : all.found) {
      if (policy.stable && policy.onset > 0 && checked_onsets < 20) {
        ++checked_onsets;
        const dag::detail::AgreementMap map(given, 2 * game.s);
        const auto path = dag::detail::follow(map, map.pool_of(policy.nu), 0);
        CHECK_FALSE(path.whole);
        CHECK(path.folds);
        for (const double side : {1 + 1e-4, 1 - 1e-4}) {
          const dag::detail::AgreementMap near(given, path.strength * side);
          const auto end = near.settle(path.pool);
          double off = 0;
          for (std::size_t z = 0; z < n; ++z) {
            off = std::fmax(off, std::abs(end.at.pool[z] - path.pool[z]));
          }
          CHECK((off < 0.1) == (side > 1));
        }
      }
    }
  }
  MESSAGE(several << " games with several equilibria, " << jumps << " jumps on the way from s = 0");
  CHECK(several > 30);
  CHECK(checked_onsets == 20);
}

TEST_CASE("agreement across even contexts branches at s / beta = X / (X - 1)") {
  for (const std::size_t contexts : {2, 3, 5}) {
    const std::vector<std::vector<double>> even(contexts, {0.5, 0.5});
    const auto critical = static_cast<double>(contexts) / static_cast<double>(contexts - 1);
    const auto above = dag::agreement_equilibria(dag::Contexts<double>(even), 2, 2.2 * critical);
    REQUIRE(above.bifurcations.size() == 1);
    CHECK_FALSE(above.bifurcations[0].fold);
    CHECK(above.bifurcations[0].strength == doctest::Approx(critical).epsilon(1e-8));
    CHECK(above.found.size() == 3);
    CHECK_FALSE(above.found[above.reached].stable);  // nothing breaks the tie
    CHECK(above.found[above.followed].stable);
    CHECK(dag::agreement_equilibria(dag::Contexts<double>(even), 2, 1.9 * critical).found.size() ==
          1);
  }
  CHECK_THROWS_AS((void)dag::agreement_equilibria(dag::Contexts<double>({0.5, 0.5}), 1, 1),
                  dag::Error);
}

TEST_CASE("sampled agreement: the expected signal is the gradient, by enumeration") {
  const std::vector<std::vector<double>> nu{{0.5, 0.3, 0.2}, {0.1, 0.2, 0.7}};
  const std::size_t group = 2, samples = 4;
  dag::AgreementObjective objective(0.7);
  std::vector<double> expected(6);
  for (int code = 0; code < 81; ++code) {
    std::vector<std::int32_t> answers;
    double chance = 1;
    for (std::size_t i = 0, rest = static_cast<std::size_t>(code); i < samples; ++i, rest /= 3) {
      answers.push_back(static_cast<std::int32_t>(rest % 3));
      chance *= nu[i / group][rest % 3];
    }
    std::vector<double> signal(samples);
    objective({.answers = answers, .contexts = 2, .group_size = group}, signal);
    for (std::size_t i = 0; i < samples; ++i) {
      expected[i / group * 3 + static_cast<std::size_t>(answers[i])] +=
          chance * signal[i] / static_cast<double>(group);
    }
  }
  for (std::size_t x = 0; x < 2; ++x) {
    double mean = 0;
    for (std::size_t z = 0; z < 3; ++z) {
      mean += nu[x][z] * 0.7 * nu[1 - x][z];  // 2 s times the weight 1/2 of the other context
    }
    for (std::size_t z = 0; z < 3; ++z) {
      CHECK(expected[x * 3 + z] ==
            doctest::Approx(nu[x][z] * (0.7 * nu[1 - x][z] - mean)).epsilon(1e-12));
    }
  }
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
