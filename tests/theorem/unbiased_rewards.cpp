// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/estimate/baseline.hpp>
#include <dag/estimate/coherence_tables.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <vector>

// The expected sampled gradient against the exact one, by enumerating every group of traces of
// small tabular softmax policies: pi(y) ~ exp(theta_y), answers a(y), gradient estimate 1/K sum_i
// r_i grad log pi(y_i), d log pi(y) / d theta_j = [j = y] - pi_j.
namespace {

using dag::EstimatorKind;
using dag::RewardFunction;

struct Policy {
  std::vector<double> logits;
  std::vector<std::size_t> answer_of;  // trace -> answer
  std::size_t answers;

  [[nodiscard]] std::vector<double> traces() const {
    std::vector<double> pi;
    double sum = 0;
    for (const double logit : logits) {
      pi.push_back(std::exp(logit));
      sum += pi.back();
    }
    for (double& value : pi) {
      value /= sum;
    }
    return pi;
  }
  [[nodiscard]] std::vector<double> answer_distribution() const {
    const auto pi = traces();
    std::vector<double> nu(answers);
    for (std::size_t y = 0; y < pi.size(); ++y) {
      nu[answer_of[y]] += pi[y];
    }
    return nu;
  }
  // sum_z slope_z d nu_z / d theta_j = pi_j (slope(a(j)) - <slope, nu>).
  [[nodiscard]] std::vector<double> exact_gradient(const std::vector<double>& slope) const {
    const auto pi = traces(), nu = answer_distribution();
    double mean = 0;
    for (std::size_t z = 0; z < answers; ++z) {
      mean += slope[z] * nu[z];
    }
    std::vector<double> gradient(pi.size());
    for (std::size_t j = 0; j < pi.size(); ++j) {
      gradient[j] = pi[j] * (slope[answer_of[j]] - mean);
    }
    return gradient;
  }
};

const Policy policy{{0.3, -0.8, 1.1, 0.0, -1.7}, {0, 1, 1, 2, 0}, 3};

// Calls visit(group, probability) for every sequence of `size` traces.
void for_each_group(const std::vector<double>& pi, std::size_t size,
                    const std::function<void(const std::vector<std::size_t>&, double)>& visit) {
  std::vector<std::size_t> group(size, 0);
  for (;;) {
    double probability = 1;
    for (const std::size_t y : group) {
      probability *= pi[y];
    }
    visit(group, probability);
    std::size_t place = 0;
    while (place < size && ++group[place] == pi.size()) {
      group[place++] = 0;
    }
    if (place == size) {
      return;
    }
  }
}

std::size_t others(const Policy& model, const std::vector<std::size_t>& group, std::size_t sample,
                   const std::function<bool(std::size_t)>& hit) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    count += i != sample && hit(model.answer_of[group[i]]) ? 1 : 0;
  }
  return count;
}

// E[1/K sum_i reward(group, i) grad log pi(y_i)].
std::vector<double> expected_gradient(
    const Policy& model, std::size_t size,
    const std::function<double(const std::vector<std::size_t>&, std::size_t)>& reward) {
  const auto pi = model.traces();
  std::vector<double> gradient(pi.size());
  for_each_group(pi, size, [&](const std::vector<std::size_t>& group, double probability) {
    for (std::size_t i = 0; i < size; ++i) {
      const double share = probability * reward(group, i) / static_cast<double>(size);
      for (std::size_t j = 0; j < pi.size(); ++j) {
        gradient[j] += share * ((j == group[i] ? 1 : 0) - pi[j]);
      }
    }
  });
  return gradient;
}

double distance(const std::vector<double>& left, const std::vector<double>& right) {
  double largest = 0;
  for (std::size_t j = 0; j < left.size(); ++j) {
    largest = std::max(largest, std::abs(left[j] - right[j]));
  }
  return largest;
}

// Reward scale * table[other samples with the same answer].
std::vector<double> table_gradient(const Policy& model, const std::vector<double>& table,
                                   double scale) {
  return expected_gradient(
      model, table.size(), [&](const std::vector<std::size_t>& group, std::size_t i) {
        const std::size_t own = model.answer_of[group[i]];
        return scale * table[others(model, group, i, [&](std::size_t z) { return z == own; })];
      });
}

}  // namespace

TEST_CASE("Gini and Tsallis-3: the expected sampled gradient is exact, the plug-in's is not") {
  const auto nu = policy.answer_distribution();
  constexpr double tau = 0.7;
  for (const std::size_t size : {2UL, 3UL, 5UL}) {
    CAPTURE(size);
    std::vector<double> gini, tsallis;
    for (const double p : nu) {
      gini.push_back(-2 * tau * p);
      tsallis.push_back(-1.5 * tau * p * p);
    }
    const auto linear = RewardFunction::power(1), square = RewardFunction::power(2);
    const auto exact = policy.exact_gradient(gini);
    CHECK(distance(table_gradient(policy, dag::u_statistic_table(size, linear), -2 * tau), exact) <
          1e-12);
    CHECK(distance(table_gradient(policy, dag::plug_in_table(size, linear), -2 * tau), exact) >
          1e-2);
    if (size >= 3) {
      CHECK(distance(table_gradient(policy, dag::u_statistic_table(size, square), -1.5 * tau),
                     policy.exact_gradient(tsallis)) < 1e-12);
      CHECK(distance(table_gradient(policy, dag::leave_one_out_table(size, square), -1.5 * tau),
                     policy.exact_gradient(tsallis)) > 1e-3);
    }
  }
}

TEST_CASE("baselines: the clean one keeps the gradient exact, leave-one-out shrinks it") {
  const auto nu = policy.answer_distribution();
  const auto linear = RewardFunction::power(1);
  for (const std::size_t size : {2UL, 3UL, 5UL}) {
    CAPTURE(size);
    const auto table = dag::u_statistic_table(size, linear);
    const dag::RewardTableBuilder builder{EstimatorKind::u_statistic, {.function = linear}, 1};
    std::vector<double> smaller(size - 1);
    builder(smaller);
    const auto rewards_of = [&](const std::vector<std::size_t>& group, bool clean) {
      std::vector<double> rewards;
      std::vector<int> counts;
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t own = policy.answer_of[group[i]];
        const auto k = others(policy, group, i, [&](std::size_t z) { return z == own; });
        counts.push_back(static_cast<int>(k));
        rewards.push_back(table[k]);
      }
      if (clean) {
        dag::subtract_clean_baseline<int, double>(counts, smaller, rewards);
        return rewards;
      }
      double sum = 0;
      for (const double reward : rewards) {
        sum += reward;
      }
      for (double& reward : rewards) {
        reward -= (sum - reward) / static_cast<double>(size - 1);
      }
      return rewards;
    };
    auto exact = policy.exact_gradient(nu);
    const auto expected = [&](bool clean) {
      return expected_gradient(policy, size,
                               [&](const std::vector<std::size_t>& group, std::size_t i) {
                                 return rewards_of(group, clean)[i];
                               });
    };
    CHECK(distance(expected(true), exact) < 1e-12);
    for (double& value : exact) {
      value *= static_cast<double>(size - 2) / static_cast<double>(size - 1);
    }
    CHECK(distance(expected(false), exact) < 1e-12);
    // The formula by counts is the definition: rewards of the others without i.
    for_each_group(policy.traces(), size, [&](const std::vector<std::size_t>& group, double) {
      const auto fast = rewards_of(group, true);
      for (std::size_t i = 0; i < size; ++i) {
        auto rest = group;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        double baseline = 0;
        for (std::size_t j = 0; j < rest.size(); ++j) {
          const std::size_t own = policy.answer_of[rest[j]];
          baseline += smaller[others(policy, rest, j, [&](std::size_t z) { return z == own; })];
        }
        const std::size_t own = policy.answer_of[group[i]];
        const auto k = others(policy, group, i, [&](std::size_t z) { return z == own; });
        REQUIRE(
            fast[i] ==
            doctest::Approx(table[k] - baseline / static_cast<double>(size - 1)).epsilon(1e-12));
      }
    });
  }
  std::vector<double> two(2), one(1);
  const std::vector<int> good{0, 0}, bad{0, 2}, negative{0, -1};
  CHECK_NOTHROW(dag::subtract_clean_baseline<int, double>(good, one, two));
  CHECK_THROWS_AS((dag::subtract_clean_baseline<int, double>(bad, one, two)), dag::Error);
  CHECK_THROWS_AS((dag::subtract_clean_baseline<int, double>(negative, one, two)), dag::Error);
  CHECK_THROWS_AS((dag::subtract_clean_baseline<int, double>(good, two, two)), dag::Error);
  CHECK_THROWS_AS((dag::subtract_clean_baseline<int, double>(std::vector<int>{0}, {}, one)),
                  dag::Error);
}

TEST_CASE("pass@k: the expected sampled gradient is exact") {
  const auto correct = [](std::size_t z) { return z != 0; };
  const auto nu = policy.answer_distribution();
  const double p = nu[1] + nu[2];
  for (const std::size_t size : {2UL, 4UL, 5UL}) {
    for (const int k : {1, 2, 4, 5}) {
      if (static_cast<std::size_t>(k) > size) {
        continue;
      }
      CAPTURE(size);
      CAPTURE(k);
      const auto table = dag::u_statistic_table(size, RewardFunction::pass_at_k(k));
      const double slope = k * std::pow(1 - p, k - 1);
      const auto sampled = expected_gradient(
          policy, size, [&](const std::vector<std::size_t>& group, std::size_t i) {
            return correct(policy.answer_of[group[i]]) ? table[others(policy, group, i, correct)]
                                                       : 0.0;
          });
      CHECK(distance(sampled, policy.exact_gradient({0, slope, slope})) < 1e-12);
    }
  }
}

TEST_CASE("Euclidean coherence: the expected sampled gradient of every context is exact") {
  const std::vector<Policy> models{{{0.3, -0.8, 1.1, 0.2}, {0, 1, 1, 2}, 3},
                                   {{-0.5, 0.4, 0.1}, {0, 1, 2}, 3}};
  const std::vector<double> weights{0.35, 0.65};
  const std::vector<std::size_t> sizes{3, 4};
  std::vector<std::vector<double>> nus;
  for (const Policy& model : models) {
    nus.push_back(model.answer_distribution());
  }
  for (std::size_t own = 0; own < 2; ++own) {
    const std::size_t other = 1 - own;
    std::vector<double> slope;  // dF / d nu_own = w (q - nu_own)
    for (std::size_t z = 0; z < 3; ++z) {
      slope.push_back(weights[own] *
                      (weights[0] * nus[0][z] + weights[1] * nus[1][z] - nus[own][z]));
    }
    std::vector<double> sampled(models[own].logits.size());
    for_each_group(
        models[other].traces(), sizes[other],
        [&](const std::vector<std::size_t>& foreign, double probability) {
          const auto part = expected_gradient(
              models[own], sizes[own], [&](const std::vector<std::size_t>& group, std::size_t i) {
                const std::size_t answer = models[own].answer_of[group[i]];
                const auto same = [&](std::size_t z) { return z == answer; };
                std::vector<std::size_t> counts(2);
                counts[own] = 1 + others(models[own], group, i, same);
                counts[other] = others(models[other], foreign, foreign.size(), same);
                return weights[own] * dag::euclidean_coherence_reward(counts, sizes, weights, own);
              });
          for (std::size_t j = 0; j < sampled.size(); ++j) {
            sampled[j] += probability * part[j];
          }
        });
    CHECK(distance(sampled, models[own].exact_gradient(slope)) < 1e-12);
  }
}

TEST_CASE("log rewards: the expected gradient is off by exactly the tables' biases") {
  const auto nu = policy.answer_distribution();
  for (const EstimatorKind kind : {EstimatorKind::plug_in, EstimatorKind::digamma,
                                   EstimatorKind::minimax, EstimatorKind::variance_optimal}) {
    const auto& table = dag::reward_table(kind, 4);
    std::vector<double> slope;
    for (const double p : nu) {
      slope.push_back(std::log(p) + dag::table_bias(table.table, p, table.function) / p);
    }
    CHECK(distance(table_gradient(policy, table.table, 1), policy.exact_gradient(slope)) < 1e-12);
  }
}

TEST_CASE("arithmetic coherence: coherence_bias is the bias, by enumeration of both groups") {
  const std::vector<double> nu{0.3, 0.55};
  constexpr std::size_t size = 4;
  for (const EstimatorKind kind :
       {EstimatorKind::plug_in, EstimatorKind::digamma, EstimatorKind::variance_optimal}) {
    const auto tables = dag::coherence_tables(kind, 2, size);
    for (std::size_t own = 0; own < 2; ++own) {
      double expected = 0;
      for (std::size_t bits = 0; bits < 128; ++bits) {  // 3 own others, 4 of the other context
        double probability = 1;
        std::size_t mine = 0, theirs = 0;
        for (std::size_t i = 0; i < 7; ++i) {
          const bool hit = ((bits >> i) & 1) != 0;
          const double p = i < 3 ? nu[own] : nu[1 - own];
          probability *= hit ? p : 1 - p;
          (i < 3 ? mine : theirs) += hit ? 1 : 0;
        }
        expected += probability * tables(mine + theirs, mine);
      }
      const double exact = std::log((nu[0] + nu[1]) / 2 / nu[own]);
      CHECK(dag::coherence_bias(tables, nu, own) ==
            doctest::Approx(nu[own] * (expected - exact)).epsilon(1e-12));
    }
  }
  // Stated size of the part that comes from pooling: (q - nu_x)/(X K q) to first order.
  const auto large = dag::coherence_tables(EstimatorKind::digamma, 2, 500);
  const double q = 0.425;
  for (std::size_t own = 0; own < 2; ++own) {
    CHECK(dag::coherence_bias(large, nu, own) / nu[own] ==
          doctest::Approx((q - nu[own]) / (1000 * q)).epsilon(0.2));
  }
}

TEST_CASE("ragged pools: equal groups reduce to the tables, plug-in to the weighted frequency") {
  using Sizes = std::vector<std::size_t>;
  const std::vector<double> equal{0.5, 0.5};
  for (const EstimatorKind kind : {EstimatorKind::plug_in, EstimatorKind::variance_optimal}) {
    const auto tables = dag::coherence_tables(kind, 2, 4);
    for (std::size_t mine = 1; mine <= 4; ++mine) {
      for (std::size_t theirs = 0; theirs <= 4; ++theirs) {
        CHECK(dag::arithmetic_coherence_reward(kind, Sizes{theirs, mine}, Sizes{4, 4}, equal, 1) ==
              doctest::Approx(tables(mine + theirs - 1, mine - 1)).epsilon(1e-14));
      }
    }
  }
  // Weights 0.2, 0.5, 0.3 and sizes 5, 8, 3: N = 1 / (0.008 + 0.03125 + 0.03) = 14.4.
  const std::vector<double> weights{0.2, 0.5, 0.3};
  const Sizes sizes{5, 8, 3};
  for (std::size_t hits = 0; hits <= 8; ++hits) {
    const double q = 0.2 * 2 / 5 + 0.5 * static_cast<double>(hits) / 8 + 0.3 * 1 / 3;
    const double reward = dag::arithmetic_coherence_reward(EstimatorKind::plug_in,
                                                           Sizes{2, hits, 1}, sizes, weights, 0);
    // Interpolating log between integers n <= 14 q < n + 1 is low by at most 1 / (8 n^2).
    const double error = reward - (std::log(q) - std::log(0.4));
    CHECK(error <= 1e-14);
    CHECK(error >= -0.125 / std::pow(std::floor(14 * q), 2));
  }
  // One sample a context: the own term is constant, the reward log q.
  CHECK(dag::arithmetic_coherence_reward(EstimatorKind::plug_in, Sizes{1, 1, 0, 0},
                                         Sizes{1, 1, 1, 1}, std::vector<double>(4, 0.25),
                                         0) == doctest::Approx(std::log(0.5)));
  CHECK(dag::table_at(std::vector<double>{1, 3, 7}, 1.25) == 4);
  CHECK(dag::table_at(std::vector<double>{1, 3, 7}, -2) == 1);
  CHECK(dag::table_at(std::vector<double>{1, 3, 7}, 9) == 7);
  CHECK_THROWS_AS(static_cast<void>(dag::table_at(std::vector<double>{1}, std::nan(""))),
                  dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::arithmetic_coherence_reward(
                      EstimatorKind::plug_in, Sizes{1, 0}, Sizes{2, 0}, equal, 0)),
                  dag::Error);
}

TEST_CASE("coherence rewards refuse impossible counts") {
  using Sizes = std::vector<std::size_t>;
  const std::vector<double> weights{0.5, 0.5};
  const auto reward = [&](const Sizes& counts, const Sizes& sizes, std::size_t own) {
    return dag::euclidean_coherence_reward(counts, sizes, weights, own);
  };
  CHECK(reward({1, 0}, {2, 1}, 0) == 0);
  CHECK_THROWS_AS(reward({0, 1}, {2, 2}, 0), dag::Error);
  CHECK_THROWS_AS(reward({1, 1}, {1, 2}, 0), dag::Error);
  CHECK_THROWS_AS(reward({3, 1}, {2, 2}, 0), dag::Error);
  CHECK_THROWS_AS(reward({1, 0}, {2, 0}, 0), dag::Error);
  CHECK_THROWS_AS(reward({1, 1}, {2, 2}, 2), dag::Error);
  CHECK_THROWS_AS(reward({1}, {2}, 0), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::coherence_tables(EstimatorKind::plug_in, 0, 8)),
                  dag::Error);
  const auto tables = dag::coherence_tables(EstimatorKind::plug_in, 2, 8);
  CHECK_THROWS_AS(static_cast<void>(dag::coherence_bias(tables, std::vector<double>{0.5}, 0)),
                  dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::coherence_bias(tables, std::vector<double>{0.0, 0.5}, 0)),
                  dag::Error);
}
