// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/reward_set.hpp>
#include <dag/core/random.hpp>
#include <dag/policy/advantage.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using dag::Advantage;

namespace {

constexpr double unscored = std::numeric_limits<double>::quiet_NaN();
const std::vector<double> golden_rewards{1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1};
const std::vector<double> golden_lengths{3, 5, 2, 4, 1, 4, 3, 2, 2, 2, 2, 2};
const std::vector<std::int64_t> golden_begin{0, 4, 8, 12};

struct Result {
  std::vector<double> advantage;
  dag::AdvantageReport report;
};

template <class Scalar = double>
Result run(Advantage kind, const std::vector<double>& rewards,
           const std::vector<std::int64_t>& begin, const std::vector<double>& lengths = {}) {
  const std::vector<Scalar> input(rewards.begin(), rewards.end());
  const std::vector<Scalar> tokens(lengths.begin(), lengths.end());
  std::vector<Scalar> out(input.size(), Scalar{77});
  Result result;
  result.report = dag::advantages<Scalar>(kind, input, begin, out, tokens);
  result.advantage.assign(out.begin(), out.end());
  return result;
}

/// Agreement with a printed value to `digits` decimals: half a unit of the last one.
bool prints_as(double value, double printed, int digits) {
  return std::abs(value - printed) <= 0.5000001 * std::pow(10.0, -digits);
}

}  // namespace

TEST_CASE("golden vectors of every convention") {
  struct Golden {
    Advantage kind;
    double g1_hit, g1_miss, g2_hit, g2_miss, g3;
    int digits;
  };
  const std::vector<Golden> table{
      {Advantage::trl_group, 1.4997, -0.4999, 0.4999, -1.4997, 0, 4},
      {Advantage::verl_grpo, 1.499997, -0.499999, 0.499999, -1.499997, 0, 6},
      {Advantage::trl_batch, 1.522948, -0.507649, 0.507649, -1.522948, 0, 6},
      {Advantage::dr_grpo, 0.75, -0.25, 0.25, -0.75, 0, 12},
      {Advantage::trl_none, 0.75, -0.25, 0.25, -0.75, 0, 12},
      {Advantage::rloo, 1, -0.333333333333, 0.333333333333, -1, 0, 12},
      {Advantage::rloo_vectorized, 1, -0.333333333333, 0.333333333333, -1, 0, 12},
      {Advantage::opo, 0.785714, -0.214286, 0.3, -0.7, 0, 6},
      {Advantage::gpg, 1.125, -0.375, 0.375, -1.125, 0, 12},
      {Advantage::pass_at_k, 1.999996, 0, 0, 0, 0, 6},
      {Advantage::nemo_rl, 1, -0.577349, 0.577349, -1, 0, 6},  // the odd one: its others are tied
  };
  for (const auto& row : table) {
    CAPTURE(to_string(row.kind));
    const auto [a, report] = run(row.kind, golden_rewards, golden_begin, golden_lengths);
    for (std::size_t i = 0; i < 12; ++i) {
      const bool hit = golden_rewards[i] == 1;
      const double expected = i < 4   ? (hit ? row.g1_hit : row.g1_miss)
                              : i < 8 ? (hit ? row.g2_hit : row.g2_miss)
                                      : row.g3;
      CAPTURE(i);
      CHECK(prints_as(a[i], expected, row.digits));
    }
    CHECK(report.zero_variance_groups == 1);
    CHECK(report.singleton_groups == 0);
  }
  const auto whitened =
      run(Advantage::reinforce_plus_plus_baseline, golden_rewards, golden_begin, golden_lengths);
  CHECK(prints_as(whitened.advantage[0], 2.05768, 5));
  CHECK(prints_as(whitened.advantage[1], -0.57615, 5));
  CHECK(prints_as(whitened.advantage[4], 0.740765, 6));
  CHECK(prints_as(whitened.advantage[6], -1.893066, 6));
  CHECK(prints_as(whitened.advantage[8], 0.082307, 6));
  CHECK(
      prints_as(run(Advantage::trl_batch, golden_rewards, golden_begin).report.scale, 0.492466, 6));
  CHECK(run(Advantage::gpg, golden_rewards, golden_begin).report.scale == 1.5);
  CHECK(run(Advantage::raw, golden_rewards, golden_begin).advantage == golden_rewards);
  // REINFORCE++: over all 32 tokens, mean and deviation of s by hand.
  const auto plain =
      run(Advantage::reinforce_plus_plus, golden_rewards, golden_begin, golden_lengths);
  const double mean = 18.0 / 32;  // tokens of the right samples: 3 + 7 + 8
  const double deviation = std::sqrt(mean * (1 - mean) * 32 / 31 + 1e-8);
  CHECK(plain.advantage[0] == doctest::Approx((1 - mean) / deviation).epsilon(1e-13));
  CHECK(plain.advantage[1] == doctest::Approx(-mean / deviation).epsilon(1e-13));
  for (const auto& [name, kind] : dag::advantage_names) {
    CHECK(dag::advantage_kind(name) == kind);
  }
  CHECK_THROWS_AS((void)dag::advantage_kind("grpo"), dag::Error);
}

TEST_CASE("towards the Target: n softmax(s) - 1, the gradient of a cross-entropy") {
  const std::vector<double> s{0.3, -1.2, 2.0, unscored, 0.3};
  const auto [a, report] = run(Advantage::target, s, {0, 5});
  // sum_i q_i log p_i with p = softmax(theta) over the scored samples, differenced at theta = 0.
  double total = 0;
  for (const double r : s) {
    total += std::isnan(r) ? 0 : std::exp(r);
  }
  for (std::size_t i = 0; i < 5; ++i) {
    const auto loss = [&](double theta) {
      double normal = 3 + std::exp(theta), sum = 0;
      for (std::size_t j = 0; j < 5; ++j) {
        sum += std::isnan(s[j])
                   ? 0
                   : std::exp(s[j]) / total * ((j == i ? theta : 0) - std::log(normal));
      }
      return sum;
    };
    const double slope = std::isnan(s[i]) ? 0 : 4 * (loss(1e-5) - loss(-1e-5)) / 2e-5;
    CHECK(a[i] == doctest::Approx(slope).epsilon(1e-8));
  }
  CHECK(report.unscored_samples == 1);
  // A constant in the rewards moves nothing.
  const auto moved = run(Advantage::target, {700.3, 698.8, 702.0, unscored, 700.3}, {0, 5});
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(moved.advantage[i] == doctest::Approx(a[i]).epsilon(1e-12));
  }
}

TEST_CASE("a near tie: one input, three conventions, 124 times apart") {
  const std::vector<double> rewards{1, 1.00001};
  CHECK(prints_as(run(Advantage::trl_group, rewards, {0, 2}).advantage[1], 0.046698, 6));
  CHECK(prints_as(run(Advantage::verl_grpo, rewards, {0, 2}).advantage[1], 0.619497, 6));
  CHECK(prints_as(run(Advantage::verl_vectorized, rewards, {0, 2}).advantage[1], 0.004995, 6));
  CHECK(prints_as(run(Advantage::verl_grpo, rewards, {0, 2}).advantage[0], -0.619497, 6));
  // The same tie a million away from zero keeps its digits: moments are taken about the first
  // reward.
  const auto far = run(Advantage::group_norm, {1e6, 1e6 + 0x1p-20}, {0, 2});
  CHECK(far.advantage[1] == doctest::Approx(1 / std::sqrt(2.0)).epsilon(2e-3));
  CHECK(far.advantage[0] == -far.advantage[1]);
}

TEST_CASE("exact ties give exact zeros, whatever their value") {
  for (const double value : {0.1, 1.0 / 3, -7e300, 1e-310, 1.7e308}) {
    const std::vector<double> rewards(7, value);
    for (const auto& entry : dag::advantage_names) {
      const Advantage kind = entry.second;
      if (kind == Advantage::reinforce_plus_plus_baseline || dag::is_uncentred(kind)) {
        continue;  // whitens the whole batch, or has no baseline in the group
      }
      CAPTURE(to_string(kind));
      const auto [a, report] = run(kind, rewards, {0, 7}, std::vector<double>(7, 2.0));
      CHECK(a == std::vector<double>(7, 0.0));
      CHECK(report.zero_variance_groups == 1);
    }
  }
}

TEST_CASE("samples without a reward are outside the baseline, and are counted") {
  for (const auto& entry : dag::advantage_names) {
    const Advantage kind = entry.second;
    CAPTURE(to_string(kind));
    const auto full = run(kind, {1, 0, 0.5, 3, 2}, {0, 3, 5}, {3, 1, 2, 5, 4});
    const auto holes = run(kind, {unscored, 1, 0, unscored, 0.5, 3, unscored, 2}, {0, 5, 8},
                           {9, 3, 1, 9, 2, 5, 9, 4});
    std::size_t next = 0;
    for (const std::size_t i : {1U, 2U, 4U, 5U, 7U}) {
      CHECK(holes.advantage[i] == full.advantage[next++]);
    }
    for (const std::size_t i : {0U, 3U, 6U}) {
      CHECK(holes.advantage[i] == 0);
    }
    CHECK(holes.report.unscored_samples == 3);
    CHECK(holes.report.unscored_groups == 0);
  }
  const auto empty = run(Advantage::trl_group, {unscored, unscored, 4}, {0, 2, 2, 3});
  CHECK(empty.report == dag::AdvantageReport{.groups = 3,
                                             .samples = 3,
                                             .unscored_samples = 2,
                                             .unscored_groups = 2,
                                             .singleton_groups = 1});
  CHECK(empty.advantage == std::vector<double>(3, 0.0));
}

TEST_CASE("a lone sample: each convention's own rule") {
  const auto lone = [](Advantage kind) { return run(kind, {2.0}, {0, 1}, {3.0}).advantage[0]; };
  for (const auto kind : {Advantage::trl_group, Advantage::trl_none, Advantage::trl_batch,
                          Advantage::rloo_vectorized, Advantage::group_norm, Advantage::nemo_rl}) {
    CHECK(lone(kind) == 0);
  }
  for (const auto kind : {Advantage::dr_grpo, Advantage::rloo, Advantage::opo, Advantage::gpg}) {
    CHECK(lone(kind) == 2);
  }
  CHECK(lone(Advantage::verl_grpo) == doctest::Approx(2 / (1 + 1e-6)).epsilon(1e-15));
  CHECK_THROWS_AS(lone(Advantage::pass_at_k), dag::Error);
}

TEST_CASE("centred conventions sum to zero and ignore a shift; std conventions ignore the scale") {
  dag::RandomStream stream(3, 1);
  for (int round = 0; round < 200; ++round) {
    const auto n = 2 + stream.below(30);
    std::vector<double> rewards(n), moved(n), scaled(n);
    for (std::size_t i = 0; i < n; ++i) {
      rewards[i] = stream.normal();
      moved[i] = rewards[i] + 4;
      scaled[i] = rewards[i] * 1e6;
    }
    const std::vector<std::int64_t> begin{0, static_cast<std::int64_t>(n)};
    for (const auto kind : {Advantage::trl_group, Advantage::trl_none, Advantage::verl_grpo,
                            Advantage::rloo, Advantage::group_norm, Advantage::trl_batch}) {
      const auto a = run(kind, rewards, begin).advantage;
      const auto b = run(kind, moved, begin).advantage;
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += a[i];
        REQUIRE(std::abs(a[i] - b[i]) < 1e-12);
      }
      REQUIRE(std::abs(sum) < 1e-12);
    }
    const auto small = run(Advantage::group_norm, rewards, begin).advantage;
    const auto large = run(Advantage::group_norm, scaled, begin).advantage;
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(std::abs(small[i] - large[i]) < 1e-7);
    }
  }
}

TEST_CASE("rloo is the reward minus the mean of the others") {
  const std::vector<double> s{0.3, -1, 2, 2, 5};
  const auto a = run(Advantage::rloo, s, {0, 5}).advantage;
  for (std::size_t i = 0; i < 5; ++i) {
    double others = 0;
    for (std::size_t j = 0; j < 5; ++j) {
      others += j == i ? 0 : s[j] / 4;
    }
    CHECK(a[i] == doctest::Approx(s[i] - others).epsilon(1e-14));
  }
}

TEST_CASE("groups do not see each other, and float agrees with double") {
  dag::RandomStream stream(9, 4);
  std::vector<double> rewards;
  std::vector<std::int64_t> begin{0};
  for (int g = 0; g < 50; ++g) {
    for (auto n = 1 + stream.below(20); n > 0; --n) {
      rewards.push_back(static_cast<double>(static_cast<float>(stream.normal())));
    }
    begin.push_back(static_cast<std::int64_t>(rewards.size()));
  }
  for (const auto kind : {Advantage::trl_group, Advantage::verl_grpo, Advantage::rloo}) {
    const auto all = run(kind, rewards, begin).advantage;
    const auto single = run<float>(kind, rewards, begin).advantage;
    for (std::size_t g = 0; g + 1 < begin.size(); ++g) {
      const std::vector<double> own(rewards.begin() + begin[g], rewards.begin() + begin[g + 1]);
      const auto part = run(kind, own, {0, static_cast<std::int64_t>(own.size())}).advantage;
      for (std::size_t i = 0; i < own.size(); ++i) {
        REQUIRE(part[i] == all[static_cast<std::size_t>(begin[g]) + i]);
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      REQUIRE(std::abs(single[i] - all[i]) <= 1e-7 * (1 + std::abs(all[i])));
    }
  }
}

TEST_CASE("broken input is refused with its numbers") {
  const auto code = [](Advantage kind, const std::vector<double>& rewards,
                       const std::vector<std::int64_t>& begin, const std::vector<double>& lengths) {
    try {
      run(kind, rewards, begin, lengths);
    } catch (const dag::Error& error) {
      return error.code();
    }
    return dag::Errc::unsupported;
  };
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(code(Advantage::trl_group, {1, inf}, {0, 2}, {}) == dag::Errc::not_finite);
  CHECK(code(Advantage::trl_group, {-inf, unscored}, {0, 2}, {}) == dag::Errc::not_finite);
  CHECK(code(Advantage::trl_group, {1, 2}, {0, 1}, {}) == dag::Errc::dimension_mismatch);
  CHECK(code(Advantage::trl_group, {1, 2}, {1, 2}, {}) == dag::Errc::dimension_mismatch);
  CHECK(code(Advantage::trl_group, {1, 2}, {}, {}) == dag::Errc::dimension_mismatch);
  CHECK(code(Advantage::trl_group, {1, 2}, {0, 3, 2}, {}) == dag::Errc::dimension_mismatch);
  CHECK(code(Advantage::opo, {1, 2}, {0, 2}, {}) == dag::Errc::dimension_mismatch);
  CHECK(code(Advantage::opo, {1, 2}, {0, 2}, {1, 0}) == dag::Errc::invalid_argument);
  CHECK(code(Advantage::opo, {1, 2}, {0, 2}, {1, unscored}) == dag::Errc::invalid_argument);
}

TEST_CASE("several rewards: summed then normalised, and normalised then summed") {
  // Two groups; the second reward is a thousand times larger and leaves a sample unscored.
  const std::vector<double> small{1, 0, 0, 0, 1, 1, 0, unscored};
  const std::vector<double> large{0, 1000, 0, 0, 0, unscored, 0, unscored};
  const std::vector<std::int64_t> begin{0, 4, 8};
  const std::vector<dag::WeightedReward> set{{"right", small, 1}, {"long", large, 0.5}};
  std::vector<double> sum(8), both(8);
  dag::sum_rewards(set, sum);
  CHECK(std::vector<double>(sum.begin(), sum.begin() + 7) ==
        std::vector<double>{1, 500, 0, 0, 1, 1, 0});
  CHECK(std::isnan(sum[7]));
  dag::normalized_sum_advantages(set, begin, both);
  // By hand: z of (1,0,0,0) is (1.5, -0.5...) / 1.0002, of (1,1,0) is (1/3, 1/3, -2/3) over its
  // deviation; the second reward is tied in the second group.
  const double d1 = 0.5 + 1e-4, d2 = 500 + 1e-4, d3 = std::sqrt(1.0 / 3) + 1e-4;
  const std::vector<double> total{0.75 / d1 - 0.5 * 250 / d2,
                                  -0.25 / d1 + 0.5 * 750 / d2,
                                  -0.25 / d1 - 0.5 * 250 / d2,
                                  -0.25 / d1 - 0.5 * 250 / d2,
                                  1.0 / 3 / d3,
                                  1.0 / 3 / d3,
                                  -2.0 / 3 / d3};
  double mean = 0, square = 0;
  for (const double t : total) {
    mean += t / 7;
  }
  for (const double t : total) {
    square += (t - mean) * (t - mean) / 6;
  }
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(both[i] ==
          doctest::Approx((total[i] - mean) / (std::sqrt(square) + 1e-4)).epsilon(1e-12));
  }
  CHECK(both[7] == 0);
  const auto summary = dag::summarize(large);
  CHECK(summary.scored == 6);
  CHECK(summary.mean == doctest::Approx(1000.0 / 6));
  CHECK(summary.deviation == doctest::Approx(1000 / std::sqrt(6.0)));
  CHECK(std::isnan(dag::summarize(std::vector<double>{unscored}).mean));
  std::vector<double> mixed(8);
  dag::mix_advantages(0.25, both, small, mixed);
  CHECK(mixed[0] == 0.25 * both[0] + 0.75);
  CHECK_THROWS_AS(dag::mix_advantages(1.5, both, small, mixed), dag::Error);
  CHECK_THROWS_AS(dag::sum_rewards({}, sum), dag::Error);
  const std::vector<double> infinite(8, std::numeric_limits<double>::infinity());
  CHECK_THROWS_AS(dag::sum_rewards(std::vector<dag::WeightedReward>{{"x", infinite, 1}}, sum),
                  dag::Error);
  CHECK_THROWS_AS(dag::sum_rewards(std::vector<dag::WeightedReward>{{"x", small, unscored}}, sum),
                  dag::Error);
}

TEST_CASE(
    "nemo-rl beside an outlier: the deviation of the others is theirs, not what is left over") {
  for (const double far : {1e3, 1e6, 1e8, 1e10, -1e9}) {
    CAPTURE(far);
    const std::vector<double> reward{0.1, far, 0.2, 0.3};
    const std::vector<std::int64_t> begin{0, 4}, times{1, 1, 1, 1};
    std::vector<double> out(4), counted(4);
    dag::advantages<double>(dag::Advantage::nemo_rl, reward, begin, out);
    CHECK(out[1] == doctest::Approx((far - 0.2) / (0.1 + 1e-6)).epsilon(1e-12));
    dag::advantages<double>(dag::Advantage::nemo_rl, reward, begin, counted, {}, times);
    CHECK(counted == out);
  }
  const std::vector<double> reward{0, 1, 1e8};  // 0 twice, 1 once, by counts
  const std::vector<std::int64_t> begin{0, 3}, times{2, 1, 1};
  std::vector<double> out(3);
  dag::advantages<double>(dag::Advantage::nemo_rl, reward, begin, out, {}, times);
  CHECK(out[2] == doctest::Approx((1e8 - 1.0 / 3) / (std::sqrt(1.0 / 3) + 1e-6)).epsilon(1e-12));
}

TEST_CASE("rewards too far apart for their squares: refused where these are needed, else right") {
  const std::vector<double> reward{1e300, -1e300};
  const std::vector<std::int64_t> begin{0, 2};
  std::vector<double> out(2);
  for (const dag::Advantage kind : {dag::Advantage::trl_group, dag::Advantage::trl_batch,
                                    dag::Advantage::verl_grpo, dag::Advantage::group_norm}) {
    CHECK_THROWS_AS(dag::advantages<double>(kind, reward, begin, out), dag::Error);
  }
  dag::advantages<double>(dag::Advantage::trl_none, reward, begin, out);
  CHECK(out == reward);
  dag::advantages<double>(dag::Advantage::trl_group, std::vector<double>{1e149, -1e149}, begin,
                          out);
  CHECK(out[0] == doctest::Approx(std::sqrt(0.5)).epsilon(1e-12));
}
