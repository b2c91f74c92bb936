// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// The best and the majority of k samples: by enumeration, finite differences, ends, and the exact
// game.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <dag/alignment/any_equilibrium.hpp>
#include <dag/answers/right_reward.hpp>
#include <dag/core/random.hpp>
#include <dag/train/right_objective.hpp>
#include <dag/utility/maj_at_k.hpp>
#include <dag/utility/max_at_k.hpp>

namespace {

const std::vector<double> given{0.5, -1, 2, 2}, nu{0.4, 0.3, 0.2, 0.1}, one{1};

/// visit(answers, probability) for all draws of n samples.
template <class Visit>
void all_draws(std::size_t n, Visit&& visit) {
  std::vector<std::size_t> z(n);
  std::size_t count = 1;
  for (std::size_t i = 0; i < n; ++i) {
    count *= nu.size();
  }
  for (std::size_t draw = 0; draw < count; ++draw) {
    double chance = 1;
    for (std::size_t i = 0, rest = draw; i < n; ++i, rest /= nu.size()) {
      z[i] = rest % nu.size();
      chance *= nu[z[i]];
    }
    visit(z, chance);
  }
}

template <class U>
double value_at(const U& utility, const std::vector<double>& point) {
  const dag::Blocks blocks(std::vector<std::size_t>{point.size()});
  std::vector<double> log;
  for (const double p : point) {
    log.push_back(std::log(p));
  }
  return utility.value({blocks, one, {point, log}});
}

template <class U>
std::vector<double> gradient_at(const U& utility, const std::vector<double>& point) {
  const dag::Blocks blocks(std::vector<std::size_t>{point.size()});
  std::vector<double> log, gradient(point.size());
  for (const double p : point) {
    log.push_back(std::log(p));
  }
  utility.gradient({blocks, one, {point, log}}, gradient);
  return gradient;
}

/// The right share of the answers that most of these samples gave; 0 of none.
double outcome(const std::vector<std::size_t>& z, const dag::CorrectSet& right) {
  std::vector<std::size_t> votes(right.size());
  std::size_t most = 0;
  for (const std::size_t answer : z) {
    most = std::max(most, ++votes[answer]);
  }
  double tied = 0, hits = 0;
  for (std::size_t a = 0; a < votes.size(); ++a) {
    tied += most > 0 && votes[a] == most ? 1 : 0;
    hits += most > 0 && votes[a] == most && right[a] ? 1 : 0;
  }
  return tied > 0 ? hits / tied : 0;
}

std::vector<double> majority_rewards_of(const std::vector<std::size_t>& z,
                                        const dag::CorrectSet& right, double k) {
  std::vector<std::size_t> count(right.size());
  for (const std::size_t answer : z) {
    ++count[answer];
  }
  std::vector<double> out(right.size());
  dag::maj_at_k_rewards(count, right, k, out);
  return out;
}

}  // namespace

TEST_CASE("value and gradient by enumeration and finite differences") {
  for (const std::size_t k : {1U, 2U, 3U, 5U}) {
    CAPTURE(k);
    const dag::MaxAtK<double> utility{given, static_cast<double>(k), 0.7};
    double mean = 0;
    all_draws(k, [&](const std::vector<std::size_t>& z, double chance) {
      double best = -1e300;
      for (const std::size_t answer : z) {
        best = std::max(best, given[answer]);
      }
      mean += chance * best;
    });
    CHECK(value_at(utility, nu) == doctest::Approx(0.7 * mean).epsilon(1e-13));
    const dag::Blocks blocks(std::vector<std::size_t>{4});
    std::vector<double> log, gradient(4);
    for (const double p : nu) {
      log.push_back(std::log(p));
    }
    utility.gradient({blocks, one, {nu, log}}, gradient);
    for (std::size_t z = 1; z < 4; ++z) {  // along e_z - e_0: constants do not count
      const double step = 1e-5;
      std::vector<double> up = nu, down = nu;
      up[z] += step, up[0] -= step, down[z] -= step, down[0] += step;
      const double slope = (value_at(utility, up) - value_at(utility, down)) / (2 * step);
      CHECK(gradient[z] - gradient[0] == doctest::Approx(slope).epsilon(1e-8));
    }
  }
}

TEST_CASE("the rewards of sampled groups have no bias") {
  for (const std::size_t k : {1U, 2U, 3U, 4U}) {
    CAPTURE(k);
    const dag::MaxAtK<double> utility{given, static_cast<double>(k), 1};
    const dag::Blocks blocks(std::vector<std::size_t>{4});
    std::vector<double> log, exact(4), mean(4), lowest(4);
    for (const double p : nu) {
      log.push_back(std::log(p));
    }
    utility.gradient({blocks, one, {nu, log}}, exact);
    all_draws(5, [&](const std::vector<std::size_t>& z, double chance) {
      std::vector<double> r, out(5);
      for (const std::size_t answer : z) {
        r.push_back(given[answer]);
      }
      dag::max_at_k_rewards(r, static_cast<double>(k), out);
      mean[z[0]] += chance / nu[z[0]] * out[0];
      lowest[z[0]] += k == 1 ? chance / nu[z[0]] * *std::min_element(r.begin(), r.end()) : 0.0;
    });
    for (std::size_t z = 0; z < 4; ++z) {
      // At k = 1 the group's lowest reward is taken off, whatever the sample's answer.
      const double expected = k == 1 ? given[z] - lowest[z] : exact[z];
      CHECK(mean[z] == doctest::Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("its ends: pass@k of 0/1 rewards, the expected reward at k = 1") {
  const dag::Contexts<double> contexts(std::vector<std::vector<double>>{{0.1, 0.6, 0.3}});
  const auto solved = [&](const dag::AnyUtility& utility) {
    const auto found = dag::any_equilibrium(std::vector<dag::AnyUtility>{utility}, contexts, 0.3);
    CHECK(found.solution.status == dag::Status::converged);
    return found.solution.nu;
  };
  const auto same = [&](const dag::AnyUtility& a, const dag::AnyUtility& b) {
    const auto x = solved(a), y = solved(b);
    for (std::size_t z = 0; z < x.size(); ++z) {
      CHECK(x[z] == doctest::Approx(y[z]).epsilon(1e-6));
    }
  };
  same(dag::MaxAtK<double>{{1, 0, 1}, 3, 0.8}, dag::PassAtK<double>{{true, false, true}, 3, 0.8});
  same(dag::MaxAtK<double>{{0.2, -0.4, 0.9}, 1, 1}, dag::ExpectedReward<double>{{0.2, -0.4, 0.9}});
  CHECK_THROWS_AS((dag::MaxAtK<double>{{1, 0}, 0.5, 1}.check(dag::Blocks({2}))), dag::Error);
  std::vector<double> out(2);
  CHECK_THROWS_AS(dag::max_at_k_rewards(std::vector<double>{1, 2}, 3, out), dag::Error);
}

TEST_CASE("maj@k: value and gradient by enumeration and finite differences") {
  for (const dag::CorrectSet& right :
       {dag::CorrectSet{true, false, false, false}, dag::CorrectSet{false, true, false, true}}) {
    for (const std::size_t k : {1U, 2U, 3U, 4U, 6U}) {
      CAPTURE(k);
      const dag::MajAtK<double> utility{right, static_cast<double>(k), 0.7};
      double mean = 0;
      all_draws(k, [&](const std::vector<std::size_t>& z, double chance) {
        mean += chance * outcome(z, right);
      });
      CHECK(value_at(utility, nu) == doctest::Approx(0.7 * mean).epsilon(1e-13));
      const std::vector<double> gradient = gradient_at(utility, nu);
      for (std::size_t z = 0; z < 4; ++z) {  // off the simplex as well: F is a polynomial
        std::vector<double> up = nu, down = nu;
        up[z] += 1e-5, down[z] -= 1e-5;
        const double slope = (value_at(utility, up) - value_at(utility, down)) / 2e-5;
        CHECK(gradient[z] == doctest::Approx(slope).epsilon(1e-8));
      }
      if (k <= 2) {  // two votes that differ tie: one of the two by lot
        const double mass = right[0] ? nu[0] : nu[1] + nu[3];
        CHECK(mean == doctest::Approx(mass).epsilon(1e-14));
      }
    }
  }
  // An answer of probability 0 still has a slope, and 64 votes of two answers are a binomial.
  const std::vector<double> edge{0.6, 0.4, 0};
  const dag::MajAtK<double> big{{true, false, true}, 64, 1};
  double log_choose = 0, mean = 0;
  for (int j = 0; j <= 64; ++j) {
    const double chance = std::exp(log_choose + j * std::log(0.6) + (64 - j) * std::log(0.4));
    mean += j > 32 ? chance : j == 32 ? chance / 2 : 0;
    log_choose += std::log(64 - j) - std::log(j + 1);
  }
  CHECK(value_at(big, edge) == doctest::Approx(mean).epsilon(1e-12));
  CHECK(gradient_at(big, edge)[2] > 0);
  const dag::MajAtK<float> small{{true, false, true}, 64, 1};  // 64! is no float
  const std::vector<float> nu_float{0.6F, 0.4F, 0}, weight{1};
  CHECK(small.value({dag::Blocks::uniform(1, 3), weight, {nu_float, nu_float}}) ==
        doctest::Approx(mean).epsilon(1e-5));
  // The only answer there is: every plurality is its own.
  CHECK(value_at(dag::MajAtK<double>{{true}, 5, 1}, {1.0}) == doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("maj@k: golden rewards by hand, and by all subsets") {
  // 2 x a (right), b, c; three votes. A sample a: with {a, b} or {a, c} 1 for 1/2, with {b, c} 1/3
  // for 0: 3 (1/2 + 1/2 + 1/3) / 3. A sample b: with {a, a} 1 for 1, with {a, c} 1/3 for 1/2.
  const auto rewards = majority_rewards_of({0, 0, 1, 2}, {true, false, false}, 3);
  CHECK(rewards[0] == doctest::Approx(4.0 / 3).epsilon(1e-14));
  CHECK(rewards[1] == doctest::Approx(-1.0 / 3).epsilon(1e-14));
  CHECK(rewards[2] == doctest::Approx(-1.0 / 3).epsilon(1e-14));
  CHECK(majority_rewards_of({0, 0, 1}, {true, false}, 1) == std::vector<double>{1, 0});
  CHECK(majority_rewards_of({0, 0, 0, 0}, {true}, 3)[0] == doctest::Approx(0).scale(1));
  dag::RandomStream random(7, 0);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t size = 2 + random.below(6), k = 1 + random.below(size);
    std::vector<std::size_t> z(size);
    for (std::size_t& answer : z) {
      answer = random.below(4);
    }
    const dag::CorrectSet right{random.below(2) > 0, true, false, random.below(2) > 0};
    CAPTURE(size);
    CAPTURE(k);
    const auto found = majority_rewards_of(z, right, static_cast<double>(k));
    for (std::size_t i = 0; i < size; ++i) {
      double sum = 0, sets = 0;
      for (std::size_t mask = 0; mask < (std::size_t{1} << size); ++mask) {
        std::vector<std::size_t> others;
        for (std::size_t j = 0; j < size; ++j) {
          if (j != i && (mask >> j & 1) > 0) {
            others.push_back(z[j]);
          }
        }
        if ((mask >> i & 1) == 0 && others.size() == k - 1) {
          sum -= outcome(others, right);
          others.push_back(z[i]);
          sum += outcome(others, right);
          sets += 1;
        }
      }
      CHECK(found[z[i]] == doctest::Approx(static_cast<double>(k) * sum / sets).scale(1));
    }
  }
  std::vector<double> out(2);
  const std::vector<std::size_t> counts{1, 2};
  CHECK_THROWS_AS(dag::maj_at_k_rewards(counts, {true, false}, 4, out), dag::Error);
  CHECK_THROWS_AS(dag::maj_at_k_rewards(counts, {true, false}, 1.5, out), dag::Error);
  CHECK_THROWS_AS(dag::maj_at_k_rewards(counts, {true}, 1, out), dag::Error);
  CHECK_THROWS_AS((dag::MajAtK<double>{{true, false}, 65, 1}.check(dag::Blocks({2}))), dag::Error);
}

TEST_CASE("maj@k: sampled rewards and training signals have no bias, by enumeration") {
  const dag::CorrectSet right{false, true, false, true};
  for (const std::size_t k : {1U, 2U, 3U, 5U}) {
    CAPTURE(k);
    const auto exact = gradient_at(dag::MajAtK<double>{right, static_cast<double>(k), 1}, nu);
    dag::MajAtKObjective objective(static_cast<double>(k), 1,
                                   [&](const dag::AnswerAt& at) { return right[at.answer]; });
    std::vector<double> mean(4), step(4), signal(5);
    double level = 0;
    all_draws(5, [&](const std::vector<std::size_t>& z, double chance) {
      mean[z[0]] += chance / nu[z[0]] * majority_rewards_of(z, right, static_cast<double>(k))[z[0]];
      const std::vector<std::int32_t> ids(z.begin(), z.end());
      objective({ids, 1, 5, 0}, signal);
      for (std::size_t i = 0; i < 5; ++i) {  // of log nu: the score is 1[z] - nu
        for (std::size_t a = 0; a < 4; ++a) {
          step[a] += chance * signal[i] * ((z[i] == a ? 1.0 : 0.0) - nu[a]) / 5;
        }
      }
    });
    for (std::size_t a = 0; a < 4; ++a) {
      level += nu[a] * exact[a];
    }
    for (std::size_t a = 0; a < 4; ++a) {  // the part without the sample is one number
      CHECK(mean[a] - mean[0] == doctest::Approx(exact[a] - exact[0]).epsilon(1e-11).scale(1));
      CHECK(step[a] == doctest::Approx(nu[a] * (exact[a] - level)).epsilon(1e-11).scale(1));
    }
  }
}

TEST_CASE("maj@k in the exact game: stationary, no worse than the reference, not always alone") {
  dag::RandomStream random(11, 0);
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<std::vector<double>> nu0{{}};
    double total = 0;
    for (std::size_t z = 0; z < 4; ++z) {
      nu0[0].push_back(0.05 - std::log1p(-random.uniform()));
      total += nu0[0].back();
    }
    for (double& p : nu0[0]) {
      p /= total;
    }
    const dag::MajAtK<double> vote{{true, false, random.below(2) > 0, false}, 7, 1};
    const dag::Contexts<double> contexts(nu0);
    const double beta = 0.2 + random.uniform();
    const std::vector<dag::AnyUtility> parts{vote};
    const auto found = dag::any_equilibrium(parts, contexts, beta).solution;
    CHECK(found.status == dag::Status::converged);
    CHECK(found.value >= value_at(vote, nu0[0]) - 1e-12);
    const auto gradient = gradient_at(vote, {found.nu.begin(), found.nu.end()});
    for (std::size_t z = 0; z < 4; ++z) {
      CHECK(beta * std::log(found.nu[z] / nu0[0][z]) - gradient[z] ==
            doctest::Approx(beta * std::log(found.nu[0] / nu0[0][0]) - gradient[0]).epsilon(1e-8));
    }
  }
  // Two answers: F is steepest where the vote is close, so that from 0.2 there are three
  // equilibria, and ascent stays at the one below one half; from 0.45 it ends above.
  const dag::MajAtK<double> many{{true, false}, 31, 1};
  int changes = 0;
  for (double p = 0.011; p < 0.99; p += 0.01) {
    const auto push = [&](double at) {
      const auto gradient = gradient_at(many, {at, 1 - at});
      return gradient[0] - gradient[1] - std::log(at / (1 - at)) + std::log(0.2 / 0.8);
    };
    changes += (push(p) > 0) != (push(p + 0.01) > 0) ? 1 : 0;
  }
  CHECK(changes == 3);
  const auto right_at = [&](double start, double beta) {
    const std::vector<std::vector<double>> nu0{{start, 1 - start}};
    const std::vector<dag::AnyUtility> parts{many};
    return dag::any_equilibrium(parts, dag::Contexts<double>(nu0), beta).solution.nu[0];
  };
  CHECK(right_at(0.2, 1) < 0.25);
  CHECK(right_at(0.45, 1) > 0.6);
}

TEST_CASE(
    "maj@k of groups: missing answers do not vote, questions without a verdict are left out") {
  dag::AnswerGroupsBuilder builder;
  const auto add = [&](const char* question, const std::vector<const char*>& answers,
                       const char* gold) {
    builder.begin_group(question, "");
    for (const char* answer : answers) {
      builder.add(answer == nullptr ? std::nullopt : std::optional<std::string_view>(answer),
                  gold == nullptr     ? std::optional<bool>()
                  : answer != nullptr ? std::optional<bool>(std::string(answer) == gold)
                                      : std::optional<bool>(false));
    }
  };
  add("a", {"x", "x", "y", "z", nullptr}, "x");
  add("b", {"x", "y", "y"}, nullptr);
  const dag::AnswerGroups groups = builder.finish();
  std::vector<double> reward(groups.samples());
  CHECK(dag::maj_at_k_rewards(groups, 3, reward) == 4);
  CHECK(reward[0] == doctest::Approx(4.0 / 3).epsilon(1e-14));
  CHECK(reward[2] == doctest::Approx(-1.0 / 3).epsilon(1e-14));
  CHECK(std::isnan(reward[4]));
  CHECK(std::isnan(reward[5]));
}

TEST_CASE("a list of equilibria that the time limit cuts is not called converged") {
  const std::vector<dag::AnyUtility> convex{dag::PowerSharpening<double>{1.3, 2}};
  const dag::Contexts<double> contexts(std::vector<double>{0.52, 0.48});
  const auto cut = dag::any_equilibrium(convex, contexts, 1.0, {.time_limit = 0});
  CHECK(cut.solution.status == dag::Status::time_limit);
  CHECK(dag::any_equilibrium(convex, contexts, 1.0).solution.status == dag::Status::converged);
}
