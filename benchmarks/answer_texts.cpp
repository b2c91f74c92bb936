// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
//
// Texts of 1 kB to answers, by each way alone (texts held in memory), and from a file of flat rows,
// 8 a question, to groups with verdicts. items_per_second is texts per second; heap_mib what the
// heap holds at most while the file is read. DAG_TEXTS=1000000 sets the number of rows (default
// 100000). scripts/answer_texts_peer.py does the same in Python.
#include <dag/io/rollout_file.hpp>
#include <dag/text/extractor.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "heap.hpp"

namespace {

std::size_t rows() {
  const char* asked = std::getenv("DAG_TEXTS");
  return asked != nullptr ? std::strtoul(asked, nullptr, 10) : 100000;
}

/// A solution of about 1 kB that ends in its answer.
std::string solution(std::size_t i) {
  std::string text;
  for (std::size_t step = 1; text.size() < 940; ++step) {
    text += "Step " + std::to_string(step) + ": we have $x_{" + std::to_string(i % 97) +
            "} = \\frac{" + std::to_string(i * step % 1013) + "}{7}$, so that the sum grows. ";
  }
  return text + "Therefore, the answer is $\\boxed{\\frac{" + std::to_string(i % 5) + "}{3}}$.";
}

void extract(benchmark::State& state, const char* way) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 1000; ++i) {
    texts.push_back(solution(i));
  }
  const dag::Extractor extractor(way);
  for (auto _ : state) {
    for (const std::string& text : texts) {
      benchmark::DoNotOptimize(extractor(text));
    }
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK_CAPTURE(extract, boxed, "boxed");
BENCHMARK_CAPTURE(extract, answer_is, "answer-is");
BENCHMARK_CAPTURE(extract, number, "number");
BENCHMARK_CAPTURE(extract, chain, "boxed,answer-is,number");

void file_to_groups(benchmark::State& state) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "dag_answer_texts.jsonl").string();
  {
    std::ofstream out(path);
    for (std::size_t i = 0; i < rows(); ++i) {
      std::string text;
      for (const char c : solution(i)) {
        text += c == '\\' ? "\\\\" : std::string(1, c);
      }
      out << "{\"question_id\": " << i / 8 << R"(, "gold": "\\frac{1}{3}", "text": ")" << text
          << "\"}\n";
    }
  }
  dag::RolloutFileOptions options;
  options.format.flat = options.format.gather = true;
  options.extract = dag::Extractor("boxed");
  for (auto _ : state) {
    heap_most = heap_now;
    const std::size_t before = heap_now;
    const dag::RolloutFile file(path, options);
    benchmark::DoNotOptimize(file.groups.samples());
    state.counters["heap_mib"] = static_cast<double>(heap_most - before) / (1 << 20);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows()));
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(std::filesystem::file_size(path)));
  std::remove(path.c_str());
}
BENCHMARK(file_to_groups)->Unit(benchmark::kMillisecond);

}  // namespace
