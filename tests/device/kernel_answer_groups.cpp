// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/device_rewards.hpp>

namespace {

struct Batch {
  std::vector<std::int32_t> answer;
  std::vector<std::int64_t> begin{0};
  std::vector<double> length;

  void add(std::size_t size, std::uint64_t answers, double missing, dag::RandomStream& random) {
    for (std::size_t i = 0; i < size; ++i) {
      const bool gone = random.uniform() < missing;
      answer.push_back(gone ? -1 : static_cast<std::int32_t>(random.below(answers) * 1000003));
      length.push_back(1 + static_cast<double>(random.below(50)));
    }
    begin.push_back(static_cast<std::int64_t>(answer.size()));
  }
};

template <class Scalar>
void agree(const Batch& batch, dag::Advantage kind) {
  const auto plug_in = [](std::span<double> table) {
    dag::plug_in_table([](double p) { return std::log(p); }, table);
  };
  const dag::RewardTables<Scalar> tables(batch.answer, batch.begin, plug_in);
  const std::size_t samples = batch.answer.size();
  std::vector<Scalar> reward(samples), advantage(samples),
      lengths(batch.length.begin(), batch.length.end());
  const auto own_lengths =
      dag::needs_lengths(kind) ? std::span<const Scalar>(lengths) : std::span<const Scalar>();
  const auto expected = dag::table_rewards<Scalar>(batch.answer, batch.begin, tables, kind, reward,
                                                   advantage, own_lengths);
  const dag::device::Context gpu;
  dag::DeviceGroups<Scalar> groups(gpu, batch.begin, tables);
  const std::vector<Scalar> poison(samples, Scalar(777));
  auto out = dag::device::to_device(std::span<const Scalar>(poison), gpu.stream());
  auto gain = out;
  const auto ids =
      dag::device::to_device(std::span<const std::int32_t>(batch.answer), gpu.stream());
  const auto device_lengths = dag::device::to_device(own_lengths, gpu.stream());
  const auto found = groups.table_rewards(gpu, gpu.view(ids), kind, gpu.view(out), gpu.view(gain),
                                          gpu.view(device_lengths));
  auto counted = found;
  counted.scale = expected.scale;  // a sum, in another order
  CHECK(counted == expected);
  CHECK(std::abs(found.scale - expected.scale) <= 1e-6 * expected.scale);
  const auto got_reward = dag::device::to_host(out), got = dag::device::to_host(gain);
  // Rewards are looked up: the same bits. Advantages: sums in another order, relative to the
  // largest advantage that a group of 1024 can have, sqrt(1024).
  const Scalar slack = std::numeric_limits<Scalar>::epsilon() * Scalar(32 * 16);
  for (std::size_t i = 0; i < samples; ++i) {
    CHECK((got_reward[i] == reward[i] || (std::isnan(got_reward[i]) && std::isnan(reward[i]))));
    CHECK(std::abs(got[i] - advantage[i]) <= slack);
  }
}

constexpr dag::Advantage any_size[] = {dag::Advantage::trl_group,
                                       dag::Advantage::trl_batch,
                                       dag::Advantage::trl_none,
                                       dag::Advantage::verl_grpo,
                                       dag::Advantage::verl_vectorized,
                                       dag::Advantage::dr_grpo,
                                       dag::Advantage::group_norm,
                                       dag::Advantage::rloo,
                                       dag::Advantage::rloo_vectorized,
                                       dag::Advantage::opo,
                                       dag::Advantage::gpg,
                                       dag::Advantage::reinforce_plus_plus_baseline,
                                       dag::Advantage::reinforce_plus_plus,
                                       dag::Advantage::raw};

}  // namespace

TEST_CASE_TEMPLATE("rewards and advantages of ragged groups agree with the CPU", Scalar, float,
                   double) {
  for (const dag::Advantage kind : any_size) {
    CAPTURE(dag::to_string(kind));
    dag::RandomStream random(11, 0);
    Batch batch;
    for (const std::size_t size : {0U,  1U,  2U,   3U,   4U,   5U,   31U,   32U,   33U,   63U,
                                   64U, 65U, 100U, 128U, 129U, 500U, 1023U, 1024U, 1025U, 3000U}) {
      batch.add(size, 1, 0, random);     // all alike
      batch.add(size, 4, 0.2, random);   // some missing
      batch.add(size, 1000, 0, random);  // nearly all different
      batch.add(size, 7, 1, random);     // nothing answered
    }
    agree<Scalar>(batch, kind);
  }
}

TEST_CASE("the ends of the range of ids in groups of every path") {
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  const std::int32_t ids[] = {most, most - 1, 0, 1, -1, least, most, 0};
  Batch batch;
  for (const std::size_t size : {40U, 1024U, 1025U, 5000U}) {
    for (std::size_t i = 0; i < size; ++i) {
      batch.answer.push_back(ids[i * i % 8]);
      batch.length.push_back(1);
    }
    batch.begin.push_back(static_cast<std::int64_t>(batch.answer.size()));
  }
  agree<double>(batch, dag::Advantage::trl_group);
}

TEST_CASE("pass-at-k: the first best sample takes the difference") {
  dag::RandomStream random(12, 0);
  Batch batch;
  for (const std::size_t size : {4U, 8U, 40U, 64U, 70U, 300U, 1500U}) {
    batch.add(size, 3, 0.1, random);
    batch.add(size, 1, 0, random);
    batch.add(size, 40, 0, random);
  }
  agree<double>(batch, dag::Advantage::pass_at_k);
  agree<float>(batch, dag::Advantage::pass_at_k);
}

TEST_CASE("what the device cannot serve is refused") {
  const dag::device::Context gpu;
  const dag::RewardTables<float> tables(
      4, [](std::span<double> table) { dag::plug_in_table([](double p) { return p; }, table); });
  const std::vector<std::int64_t> begin{0, 4, 8};
  dag::DeviceGroups<float> groups(gpu, begin, tables);
  const auto run = [&](const std::vector<std::int32_t>& answer, dag::Advantage kind) {
    const auto ids = dag::device::to_device(std::span<const std::int32_t>(answer), gpu.stream());
    dag::device::Array<float> reward(8, gpu.stream()), advantage(8, gpu.stream());
    (void)groups.table_rewards(gpu, gpu.view(ids), kind, gpu.view(reward), gpu.view(advantage));
  };
  const std::vector<std::int32_t> whole{1, 2, 3, 4, 5, 5, 5, 5};
  run(whole, dag::Advantage::trl_group);
  const auto code = [&](const std::vector<std::int32_t>& answer, dag::Advantage kind) {
    try {
      run(answer, kind);
    } catch (const dag::Error& error) {
      return error.code();
    }
    return dag::Errc::io;
  };
  CHECK(code(whole, dag::Advantage::reinforce_plus_plus_baseline) == dag::Errc::dimension_mismatch);
  CHECK(code(whole, dag::Advantage::opo) == dag::Errc::dimension_mismatch);
  CHECK(code({1, 2, 3, -1, 5, 5, 5, 5}, dag::Advantage::rloo) == dag::Errc::invalid_argument);
  CHECK(code({1, 2, 3}, dag::Advantage::rloo) == dag::Errc::dimension_mismatch);
  CHECK(code(whole, dag::Advantage::nemo_rl) == dag::Errc::unsupported);
  CHECK(code(whole, dag::Advantage::target) == dag::Errc::unsupported);
  const std::vector<std::int64_t> backwards{0, 4, 2};
  CHECK_THROWS_AS((dag::DeviceGroups<float>(gpu, backwards, tables)), dag::Error);
}

TEST_CASE("lengths must be positive and finite") {
  const dag::device::Context gpu;
  const dag::RewardTables<float> tables(
      4, [](std::span<double> table) { dag::plug_in_table([](double p) { return p; }, table); });
  const std::vector<std::int64_t> begin{0, 4};
  const std::vector<std::int32_t> answer{1, 1, 2, 3};
  dag::DeviceGroups<float> groups(gpu, begin, tables);
  const auto ids = dag::device::to_device(std::span<const std::int32_t>(answer), gpu.stream());
  dag::device::Array<float> reward(4, gpu.stream()), advantage(4, gpu.stream());
  for (const float bad : {0.0F, -1.0F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    const std::vector<float> lengths{5, bad, 5, 5};
    const auto given = dag::device::to_device(std::span<const float>(lengths), gpu.stream());
    for (const auto kind : {dag::Advantage::opo, dag::Advantage::reinforce_plus_plus_baseline}) {
      CHECK_THROWS_AS((void)groups.table_rewards(gpu, gpu.view(ids), kind, gpu.view(reward),
                                                 gpu.view(advantage), gpu.view(given)),
                      dag::Error);
    }
  }
}
