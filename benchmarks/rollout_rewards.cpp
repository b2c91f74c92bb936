// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
//
// Rewards from counts with group advantages (trl_group), groups of K samples, 32 answers with Zipf
// weights, one thread. Beside it: the same in a plain hand-written loop, and memcpy of the ids plus
// the two float outputs. items_per_second is samples per second; bytes_per_sample is what the heap
// holds at most, inputs and outputs included. scripts/rollout_peers.py runs it beside NumPy and
// Counter.
#include <dag/answers/group.hpp>
#include <dag/answers/reward.hpp>
#include <dag/core/random.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "heap.hpp"

namespace {

constexpr std::size_t total_samples = std::size_t{1} << 20;

struct Data {
  std::vector<std::int32_t> answer;
  std::vector<std::int64_t> begin{0};
  std::vector<float> reward, advantage;

  explicit Data(std::size_t size) {
    std::vector<double> tail{0};
    for (int z = 1; z <= 32; ++z) {
      tail.push_back(tail.back() + std::pow(z, -1.2));
    }
    dag::RandomStream stream(1, size);
    while (answer.size() + size <= total_samples) {
      for (std::size_t i = 0; i < size; ++i) {
        const double u = stream.uniform() * tail.back();
        std::int32_t z = 0;
        while (tail[static_cast<std::size_t>(z) + 1] < u) {
          ++z;
        }
        answer.push_back(z);
      }
      begin.push_back(static_cast<std::int64_t>(answer.size()));
    }
    reward.resize(answer.size());
    advantage.resize(answer.size());
  }
};

void plug_in(std::span<double> table) {
  dag::plug_in_table([](double p) { return -std::log(p); }, table);
}

void count(benchmark::State& state, const Data& data) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(data.answer.size()));
}

void dag_rewards(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::size_t before = heap_now;
  Data data(size);
  data.answer.shrink_to_fit();
  data.begin.shrink_to_fit();
  heap_most = heap_now;
  const dag::RewardTables<float> tables(size, plug_in);
  for (auto _ : state) {
    dag::table_rewards<float>(data.answer, data.begin, tables, dag::Advantage::trl_group,
                              data.reward, data.advantage);
    benchmark::ClobberMemory();
  }
  count(state, data);
  state.counters["bytes_per_sample"] =
      static_cast<double>(heap_most - before) / static_cast<double>(data.answer.size());
}

void hand_written_loop(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Data data(size);
  const dag::RewardTables<float> tables(size, plug_in);
  const float* table = tables.table(size).data();
  for (auto _ : state) {
    for (std::size_t first = 0; first < data.answer.size(); first += size) {
      const std::int32_t* ids = data.answer.data() + first;
      float* reward = data.reward.data() + first;
      float* advantage = data.advantage.data() + first;
      float mean = 0;
      for (std::size_t i = 0; i < size; ++i) {
        int others = -1;
        for (std::size_t j = 0; j < size; ++j) {
          others += ids[j] == ids[i];
        }
        reward[i] = table[others];
        mean += reward[i];
      }
      mean /= static_cast<float>(size);
      float squares = 0;
      for (std::size_t i = 0; i < size; ++i) {
        squares += (reward[i] - mean) * (reward[i] - mean);
      }
      const float factor = 1 / (std::sqrt(squares / static_cast<float>(size - 1)) + 1e-4F);
      for (std::size_t i = 0; i < size; ++i) {
        advantage[i] = (reward[i] - mean) * factor;
      }
    }
    benchmark::ClobberMemory();
  }
  count(state, data);
}

void copy_of_the_arrays(benchmark::State& state) {
  Data data(static_cast<std::size_t>(state.range(0)));
  std::vector<float> reward = data.reward;
  std::vector<float> advantage = data.advantage;
  std::vector<std::int32_t> answer = data.answer;
  for (auto _ : state) {
    std::memcpy(answer.data(), data.answer.data(), answer.size() * 4);
    std::memcpy(reward.data(), data.reward.data(), reward.size() * 4);
    std::memcpy(advantage.data(), data.advantage.data(), advantage.size() * 4);
    benchmark::ClobberMemory();
  }
  count(state, data);
}

std::vector<std::string> spellings(const Data& data) {
  std::vector<std::string> text;
  for (std::size_t i = 0; i < data.answer.size(); ++i) {
    text.push_back(std::to_string(1000003 * (data.answer[i] + 1) + 7));
  }
  return text;
}

void dag_groups_from_strings(benchmark::State& state) {
  const Data data(static_cast<std::size_t>(state.range(0)));
  const auto text = spellings(data);
  const std::size_t before = heap_most = heap_now;
  for (auto _ : state) {
    dag::AnswerGroupsBuilder builder;
    builder.reserve(text.size(), data.begin.size() - 1);
    for (std::size_t g = 0; g + 1 < data.begin.size(); ++g) {
      builder.begin_group("question", "context");
      for (auto i = data.begin[g]; i < data.begin[g + 1]; ++i) {
        builder.add(text[static_cast<std::size_t>(i)]);
      }
    }
    benchmark::DoNotOptimize(builder.finish().answer.data());
  }
  count(state, data);
  state.counters["bytes_per_sample"] =
      static_cast<double>(heap_most - before) / static_cast<double>(data.answer.size());
}

void unordered_map_counts_from_strings(benchmark::State& state) {
  const Data data(static_cast<std::size_t>(state.range(0)));
  const auto text = spellings(data);
  std::vector<int> counts(text.size());
  for (auto _ : state) {
    for (std::size_t g = 0; g + 1 < data.begin.size(); ++g) {
      std::unordered_map<std::string_view, int> seen;
      for (auto i = data.begin[g]; i < data.begin[g + 1]; ++i) {
        ++seen[text[static_cast<std::size_t>(i)]];
      }
      for (auto i = data.begin[g]; i < data.begin[g + 1]; ++i) {
        counts[static_cast<std::size_t>(i)] = seen[text[static_cast<std::size_t>(i)]];
      }
    }
    benchmark::ClobberMemory();
  }
  count(state, data);
}

}  // namespace

BENCHMARK(dag_rewards)->Arg(8)->Arg(16)->Arg(24)->Arg(32)->Arg(64)->Arg(100)->Arg(256);
BENCHMARK(hand_written_loop)->Arg(8)->Arg(16)->Arg(24)->Arg(32)->Arg(64)->Arg(100)->Arg(256);
BENCHMARK(copy_of_the_arrays)->Arg(16);
BENCHMARK(dag_groups_from_strings)->Arg(16)->Arg(64);
BENCHMARK(unordered_map_counts_from_strings)->Arg(16)->Arg(64);
