// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "game_input.hpp"

#include <string_view>

#include <dag/core/error.hpp>
#include <dag/io/csv.hpp>
#include <dag/io/nfg.hpp>
#include <dag/problem/catalogue.hpp>

namespace cli {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  if (text.size() < end.size()) {
    return false;
  }
  const std::string_view tail = text.substr(text.size() - end.size());
  for (std::size_t i = 0; i < end.size(); ++i) {
    const char c = tail[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != end[i]) {
      return false;
    }
  }
  return true;
}

/// `random:10x20` -> `random:10x20:SEED`, for every family whose last argument is a seed.
std::string with_seed(const std::string& word, std::uint64_t seed) {
  const auto colons = [](std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) {
      count += c == ':' ? 1U : 0U;
    }
    return count;
  };
  for (const dag::CatalogueEntry& entry : dag::catalogue()) {
    if (entry.name == std::string_view(word).substr(0, word.find(':')) &&
        entry.usage.ends_with(":SEED") && colons(word) + 1 == colons(entry.usage)) {
      return word + ":" + std::to_string(seed);
    }
  }
  return word;
}

}  // namespace

dag::GameTable load_game(const std::string& word, std::uint64_t seed) {
  if (ends_with(word, ".nfg")) {
    return dag::read_nfg(word);
  }
  if (ends_with(word, ".csv")) {
    return dag::read_csv(word);
  }
  dag::require(!ends_with(word, ".efg"), dag::Errc::unsupported, word,
               ": extensive-form games are not read by this version");
  dag::require(word.find('/') == std::string::npos, dag::Errc::unsupported, word,
               ": the name of a game file must end in .nfg or .csv");
  return dag::named_game(with_seed(word, seed));
}

}  // namespace cli
