// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A main for fuzz targets where libFuzzer is not: the files and folders named on the command line
// as they are, then RUNS mutations of them from a fixed seed. Usage: TARGET RUNS SEED [PATH...]
#include "fuzz.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <dag/core/random.hpp>

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Bytes flipped, cut, doubled, swapped for those that grammars are made of, spliced with another.
std::string mutated(std::string text, const std::string& other, dag::RandomStream& random) {
  static constexpr std::string_view grammar =
      "{}[]()\",;:/\\\n\t -+.eE0123456789`'$\0\x1B\xFF\xC2\x9B";
  const std::uint64_t edits = 1 + random.below(6);
  for (std::uint64_t k = 0; k < edits; ++k) {
    const std::size_t at =
        text.empty() ? 0 : static_cast<std::size_t>(random.below(text.size() + 1));
    const std::size_t length =
        std::min(text.size() - at, static_cast<std::size_t>(random.below(24)));
    switch (random.below(6)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, 1, grammar[random.below(grammar.size())]); break;
      case 2:
        if (at < text.size()) {
          text[at] = static_cast<char>(random.below(256));
        }
        break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4:
        text = text.substr(0, at) +
               (other.empty() ? std::string() : other.substr(random.below(other.size())));
        break;
      default:
        if (at < text.size()) {
          text[at] = grammar[random.below(grammar.size())];
        }
    }
  }
  text.resize(std::min<std::size_t>(text.size(), 4096));
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const long runs = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1000;
  const unsigned long long seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::vector<std::string> corpus{""};
  for (int k = 3; k < argc; ++k) {
    const std::filesystem::path path(argv[k]);
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::directory_iterator(path)) {
        files.push_back(entry.path());
      }
      std::sort(files.begin(), files.end());
    } else if (std::filesystem::exists(path)) {
      files.push_back(path);
    }
    for (const auto& file : files) {
      run(read(file));
      if (std::filesystem::file_size(file) <= 4096) {
        corpus.push_back(read(file));
      }
    }
  }
  dag::RandomStream random(seed, 0);
  for (long k = 0; k < runs; ++k) {
    const std::string& base = corpus[random.below(corpus.size())];
    const std::string& other = corpus[random.below(corpus.size())];
    run(mutated(base, other, random));
  }
  std::printf("%ld mutations of %zu inputs, seed %llu: no fault\n", runs, corpus.size(), seed);
  return 0;
}
