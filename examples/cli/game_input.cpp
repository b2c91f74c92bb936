// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "game_input.hpp"

#include <string_view>

#include <dag/core/error.hpp>
#include <dag/io/csv.hpp>
#include <dag/io/nfg.hpp>

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

}  // namespace

dag::GameTable load_game(const std::string& word, std::uint64_t) {
  if (ends_with(word, ".nfg")) {
    return dag::read_nfg(word);
  }
  if (ends_with(word, ".csv")) {
    return dag::read_csv(word);
  }
  dag::require(!ends_with(word, ".efg"), dag::Errc::unsupported, word,
               ": extensive-form games are not read by this version");
  dag::fail(dag::Errc::invalid_argument, "'", word,
            "' is neither a .nfg file, a .csv payoff matrix nor a game that dag knows by name");
}

}  // namespace cli
