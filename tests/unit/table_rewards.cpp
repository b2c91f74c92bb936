// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/reward.hpp>
#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

using dag::Advantage;

namespace {

/// -log p: the reward of Shannon entropy.
double surprise(double p) { return -std::log(p); }

struct Batch {
  std::vector<std::int32_t> answer;
  std::vector<std::int64_t> begin{0};
};

/// Ragged groups of 0 to `largest` samples; `missing` of 10 answers are missing; ids up to 2^31.
Batch random_batch(std::uint64_t seed, std::size_t groups, std::uint64_t largest, int missing) {
  dag::RandomStream stream(seed, 0);
  Batch batch;
  for (std::size_t g = 0; g < groups; ++g) {
    const auto distinct = 1 + stream.below(10);
    const auto stride = 1 + stream.below(200000000);
    for (auto n = stream.below(largest + 1); n > 0; --n) {
      const bool gone = static_cast<int>(stream.below(10)) < missing;
      batch.answer.push_back(gone ? -1
                                  : static_cast<std::int32_t>(stream.below(distinct) * stride));
    }
    batch.begin.push_back(static_cast<std::int64_t>(batch.answer.size()));
  }
  return batch;
}

/// The definition, by std::map.
template <class Scalar>
std::vector<double> reference_rewards(const Batch& batch, const dag::RewardTables<Scalar>& tables) {
  std::vector<double> rewards;
  for (std::size_t g = 0; g + 1 < batch.begin.size(); ++g) {
    std::map<std::int32_t, std::size_t> count;
    std::size_t answered = 0;
    for (auto i = batch.begin[g]; i < batch.begin[g + 1]; ++i) {
      const auto id = batch.answer[static_cast<std::size_t>(i)];
      ++count[id];
      answered += id >= 0 ? 1 : 0;
    }
    for (auto i = batch.begin[g]; i < batch.begin[g + 1]; ++i) {
      const auto id = batch.answer[static_cast<std::size_t>(i)];
      rewards.push_back(id < 0 ? std::numeric_limits<double>::quiet_NaN()
                               : static_cast<double>(tables.table(answered)[count[id] - 1]));
    }
  }
  return rewards;
}

template <class Scalar>
void check_against_definition(const Batch& batch) {
  const auto plug_in = [](std::span<double> table) { dag::plug_in_table(surprise, table); };
  const dag::RewardTables<Scalar> tables(batch.answer, batch.begin, plug_in);
  const auto expected = reference_rewards(batch, tables);
  const std::vector<Scalar> lengths(batch.answer.size(), Scalar{3});
  bool alone = false;  // pass-at-k refuses groups of fewer than two answers
  for (std::size_t g = 0; g + 1 < batch.begin.size(); ++g) {
    int answered = 0;
    for (auto i = batch.begin[g]; i < batch.begin[g + 1]; ++i) {
      answered += batch.answer[static_cast<std::size_t>(i)] >= 0 ? 1 : 0;
    }
    alone = alone || answered < 2;
  }
  for (const auto& entry : dag::advantage_names) {
    const Advantage kind = entry.second;
    CAPTURE(to_string(kind));
    std::vector<Scalar> reward(expected.size()), advantage(expected.size());
    std::vector<double> exact(expected.size());
    if (kind == Advantage::pass_at_k && alone) {
      CHECK_THROWS_AS(dag::table_rewards<Scalar>(batch.answer, batch.begin, tables, kind, reward,
                                                 advantage, lengths),
                      dag::Error);
      continue;
    }
    const auto report = dag::table_rewards<Scalar>(batch.answer, batch.begin, tables, kind, reward,
                                                   advantage, lengths);
    auto wanted = dag::advantages<double>(kind, expected, batch.begin, exact,
                                          std::vector<double>(expected.size(), 3.0));
    CHECK(report.scale == doctest::Approx(wanted.scale).epsilon(1e-6));
    wanted.scale = report.scale;
    CHECK(report == wanted);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(i);
      REQUIRE(std::isnan(reward[i]) == std::isnan(expected[i]));
      REQUIRE((std::isnan(expected[i]) || static_cast<double>(reward[i]) == expected[i]));
      REQUIRE(std::abs(static_cast<double>(advantage[i]) - exact[i]) <=
              32 * static_cast<double>(std::numeric_limits<Scalar>::epsilon()) *
                  (1 + std::abs(exact[i])));
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("counts, tables and fused advantages follow the definition", Scalar, float,
                   double) {
  check_against_definition<Scalar>(random_batch(1, 600, 5, 0));
  check_against_definition<Scalar>(random_batch(2, 300, 80, 0));
  check_against_definition<Scalar>(random_batch(3, 300, 80, 3));
  check_against_definition<Scalar>(random_batch(4, 20, 700, 1));
  check_against_definition<Scalar>(random_batch(5, 50, 3, 10));
  check_against_definition<Scalar>(Batch{});
  Batch full;  // the whole-block kernels
  dag::RandomStream stream(6, 0);
  for (int g = 0; g < 100; ++g) {
    for (int i = 0; i < 16 * (1 + g % 4); ++i) {
      full.answer.push_back(static_cast<std::int32_t>(stream.below(1 + stream.below(20))));
    }
    full.begin.push_back(static_cast<std::int64_t>(full.answer.size()));
  }
  check_against_definition<Scalar>(full);
  full.answer[40] = -1;  // one missing answer inside a whole block
  check_against_definition<Scalar>(full);
}

TEST_CASE_TEMPLATE("no bit of a reward or an advantage depends on the order of the samples", Scalar,
                   float, double) {
  const auto plug_in = [](std::span<double> table) { dag::plug_in_table(surprise, table); };
  dag::RandomStream stream(9, 0);
  std::size_t changed = 0, compared = 0;
  for (const std::uint64_t largest : {20U, 90U, 700U}) {
    const Batch batch = random_batch(largest, 60, largest, 1);
    const dag::RewardTables<Scalar> tables(batch.answer, batch.begin, plug_in);
    const std::vector<Scalar> lengths(batch.answer.size(), Scalar{3});
    for (const auto& entry : dag::advantage_names) {
      const Advantage kind = entry.second;
      if (kind == Advantage::pass_at_k) {
        continue;  // refuses groups of one
      }
      CAPTURE(to_string(kind));
      const auto size = batch.answer.size();
      std::vector<Scalar> reward(size), advantage(size), other_reward(size), other(size);
      dag::table_rewards<Scalar>(batch.answer, batch.begin, tables, kind, reward, advantage,
                                 lengths);
      Batch shuffled = batch;
      std::vector<std::size_t> from(size);
      for (std::size_t g = 0; g + 1 < batch.begin.size(); ++g) {
        const auto first = static_cast<std::size_t>(batch.begin[g]);
        const auto last = static_cast<std::size_t>(batch.begin[g + 1]);
        for (std::size_t i = first; i < last; ++i) {
          from[i] = i;
        }
        for (std::size_t i = last; i > first + 1; --i) {
          std::swap(from[i - 1], from[first + stream.below(i - first)]);
        }
        for (std::size_t i = first; i < last; ++i) {
          shuffled.answer[i] = batch.answer[from[i]];
        }
      }
      dag::table_rewards<Scalar>(shuffled.answer, shuffled.begin, tables, kind, other_reward, other,
                                 lengths);
      for (std::size_t i = 0; i < size; ++i) {
        const bool same = other[i] == advantage[from[i]] &&
                          (other_reward[i] == reward[from[i]] ||
                           std::isnan(other_reward[i]) == std::isnan(reward[from[i]]));
        changed += same ? 0 : 1;
        ++compared;
      }
    }
  }
  CHECK(changed == 0);
  CHECK(compared > 100000);
}

TEST_CASE("advantages from counts are those of the samples, bit for bit") {
  dag::RandomStream stream(10, 0);
  std::vector<double> rewards, classes;
  std::vector<std::int64_t> begin{0}, class_begin{0}, times;
  for (int g = 0; g < 200; ++g) {
    for (auto classes_left = 1 + stream.below(8); classes_left > 0; --classes_left) {
      classes.push_back(stream.below(9) == 0 ? std::numeric_limits<double>::quiet_NaN()
                                             : 3 * stream.uniform() - 2);
      times.push_back(static_cast<std::int64_t>(1 + stream.below(40)));
      rewards.insert(rewards.end(), static_cast<std::size_t>(times.back()), classes.back());
    }
    begin.push_back(static_cast<std::int64_t>(rewards.size()));
    class_begin.push_back(static_cast<std::int64_t>(classes.size()));
  }
  for (const auto& entry : dag::advantage_names) {
    const Advantage kind = entry.second;
    CAPTURE(to_string(kind));
    std::vector<double> one(rewards.size()), counted(classes.size());
    const auto from_counts = [&] {
      return dag::advantages<double>(kind, classes, class_begin, counted, {}, times);
    };
    if (dag::needs_lengths(kind) || kind == Advantage::pass_at_k) {
      CHECK_THROWS_AS(from_counts(), dag::Error);
      continue;
    }
    CHECK(from_counts() == dag::advantages<double>(kind, rewards, begin, one));
    std::size_t next = 0, different = 0;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      for (std::int64_t i = 0; i < times[c]; ++i, ++next) {
        different +=
            one[next] == counted[c] || (std::isnan(one[next]) && std::isnan(counted[c])) ? 0 : 1;
      }
    }
    CHECK(different == 0);
  }
}

TEST_CASE("plug-in and leave-one-out tables are their formulas") {
  std::vector<double> table(4);
  dag::plug_in_table(surprise, table);
  CHECK(table[0] == doctest::Approx(std::log(4.0)));
  CHECK(table[3] == 0);
  dag::leave_one_out_table([](double p) { return -2 * p; }, table);
  CHECK(table == std::vector<double>{0, -2.0 / 3, -4.0 / 3, -2});
  dag::leave_one_out_table(surprise, table);
  CHECK(table[0] == doctest::Approx(std::log(6.0)));  // floored at half a count: p = 1/6
  CHECK(table[1] == doctest::Approx(std::log(3.0)));
  std::vector<double> lone(1);
  dag::leave_one_out_table(surprise, lone);
  CHECK(lone[0] == 0);
  dag::plug_in_table(surprise, lone);
  CHECK(lone[0] == 0);
}

TEST_CASE("leave-one-out is unbiased for rewards affine in p: the exact expectation over groups") {
  // E over K i.i.d. Bernoulli(p) of sum_i [z_i = 1] r_i / K must be p r(p), r(p) = 1 - 2 p.
  const auto reward = [](double p) { return 1 - 2 * p; };
  for (std::size_t size = 2; size <= 12; ++size) {
    std::vector<double> table(size);
    dag::leave_one_out_table(reward, table);
    for (const double p : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      double expectation = 0;
      for (std::size_t hits = 1; hits <= size; ++hits) {
        const double k = static_cast<double>(hits);
        const double n = static_cast<double>(size);
        const double choose =
            std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1));
        expectation += choose * std::pow(p, k) * std::pow(1 - p, n - k) * k / n * table[hits - 1];
      }
      CHECK(expectation == doctest::Approx(p * reward(p)).epsilon(1e-12));
    }
  }
}

TEST_CASE("broken input is refused") {
  const std::vector<std::int32_t> answer{0, 1, 0};
  const std::vector<std::int64_t> begin{0, 3};
  const auto plug_in = [](std::span<double> table) { dag::plug_in_table(surprise, table); };
  const dag::RewardTables<float> tables(answer, begin, plug_in);
  std::vector<float> reward(3), advantage(3);
  const auto code = [&](std::vector<std::int64_t> offsets, const dag::RewardTables<float>& table,
                        std::size_t room) {
    try {
      dag::table_rewards<float>(answer, offsets, table, Advantage::trl_group,
                                std::span(reward).first(room), advantage);
    } catch (const dag::Error& error) {
      return error.code();
    }
    return dag::Errc::unsupported;
  };
  CHECK(code({0, 3}, tables, 3) == dag::Errc::unsupported);  // that is: accepted
  CHECK(code({0, 2}, tables, 3) == dag::Errc::dimension_mismatch);
  CHECK(code({0, 5, 3}, tables, 3) == dag::Errc::dimension_mismatch);
  CHECK(code({0, 2, 1, 3}, tables, 3) == dag::Errc::invalid_argument);  // no table for groups of 2
  CHECK(code({}, tables, 3) == dag::Errc::dimension_mismatch);
  CHECK(code({0, 3}, tables, 2) == dag::Errc::dimension_mismatch);
  CHECK(code({0, 3}, dag::RewardTables<float>(2, plug_in), 3) == dag::Errc::invalid_argument);
  const auto infinite = [](std::span<double> table) {
    table[0] = std::numeric_limits<double>::infinity();
  };
  CHECK_THROWS_AS(dag::RewardTables<float>(2, infinite), dag::Error);
  const auto beyond_float = [](std::span<double> table) { table[0] = 1e300; };
  CHECK_THROWS_AS(dag::RewardTables<float>(2, beyond_float), dag::Error);
  CHECK_THROWS_AS(dag::RewardTables<float>(0, plug_in), dag::Error);
}
