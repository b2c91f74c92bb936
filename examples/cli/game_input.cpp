// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "game_input.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/io/any_game.hpp>
#include <dag/io/text_file.hpp>
#include <dag/problem/catalogue.hpp>

#include "tree_input.hpp"

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

bool is_table_name(std::string_view word) {
  return ends_with(word, ".csv") || ends_with(word, ".tsv") || ends_with(word, ".txt");
}

/// An ending of a game's file, so that one that is not there is missed as a file.
bool is_file_name(std::string_view word) {
  for (const std::string_view end : {".agg", ".bagg", ".gbt", ".gte", ".xml", ".json"}) {
    if (ends_with(word, end)) {
      return true;
    }
  }
  return is_table_name(word);
}

/// At least as many payoffs as the sizes in a name ask for: `general:30x30x30:1` has 3 * 27000. 0
/// where no sizes can be read: then the name's own limits hold.
double named_payoffs(std::string_view word) {
  const auto colon = word.find(':');
  double product = 1;
  double players = 0;
  if (colon == std::string_view::npos) {
    return 0;
  }
  std::string_view sizes = word.substr(colon + 1);
  sizes = sizes.substr(0, sizes.find(':'));
  while (!sizes.empty()) {
    std::uint64_t size = 0;
    const auto read = std::from_chars(sizes.data(), sizes.data() + sizes.size(), size);
    if (read.ec != std::errc{}) {
      return 0;
    }
    product *= static_cast<double>(size);
    players += 1;
    sizes.remove_prefix(static_cast<std::size_t>(read.ptr - sizes.data()));
    sizes.remove_prefix(sizes.substr(0, 1) == "x" ? 1 : sizes.size());
  }
  return players > 1 ? product * players : 0;
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

namespace {

/// The two words of "A.csv,B.csv"; nothing for one file or a name.
std::optional<std::pair<std::string, std::string>> two_matrices(const std::string& word) {
  const auto comma = word.find(',');
  if (comma == std::string::npos || std::filesystem::exists(word)) {
    return {};
  }
  std::pair<std::string, std::string> names{word.substr(0, comma), word.substr(comma + 1)};
  return is_table_name(names.first) && is_table_name(names.second) ? std::optional(names)
                                                                   : std::nullopt;
}

/// A file at most as large as memory allows: a payoff takes some 60 bytes beside its text.
std::string read_game_text(const std::string& path) {
  std::error_code none;
  const auto bytes = std::filesystem::file_size(path, none);
  if (!none) {
    require_memory(20.0 * static_cast<double>(bytes), path);
  }
  return dag::read_text_file(path);
}

}  // namespace

std::vector<NamedPath> game_files(const std::string& word) {
  if (const auto two = two_matrices(word)) {
    return {{"GAME", two->first}, {"GAME", two->second}};
  }
  return word == "-" || !std::filesystem::exists(word) ? std::vector<NamedPath>{}
                                                       : std::vector<NamedPath>{{"GAME", word}};
}

dag::GameTable load_game(const std::string& word, std::uint64_t seed) {
  dag::require(!word.empty(), dag::Errc::invalid_argument, "the game's name is empty");
  if (word == "-") {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    return dag::strategic_form(dag::parse_any_game(text, "standard input"));
  }
  if (const auto two = two_matrices(word)) {
    return dag::join_matrices(dag::parse_csv(read_game_text(two->first), two->first),
                              dag::parse_csv(read_game_text(two->second), two->second), word);
  }
  if (ends_with(word, ".nfg")) {
    return dag::parse_nfg(read_game_text(word), word);
  }
  if (ends_with(word, ".gam")) {
    return dag::parse_gam(read_game_text(word), word);
  }
  if (is_tree(word)) {
    return normal_form(word, seed);
  }
  if (is_file_name(word) || std::filesystem::is_regular_file(word)) {
    return dag::strategic_form(dag::parse_any_game(read_game_text(word), word));
  }
  dag::require(
      word.find('/') == std::string::npos, dag::Errc::io, word,
      ": there is no such file, and names of games have no slash ('dag games' lists them)");
  require_memory(48 * named_payoffs(word), word);
  return dag::named_game(with_seed(word, seed));
}

bool depends_on_seed(const std::string& word) { return with_seed(word, 0) != word; }

const char* to_string(GameKind kind) {
  switch (kind) {
    case GameKind::zero_sum: return "zero_sum";
    case GameKind::bimatrix: return "bimatrix";
    case GameKind::many: return "many_players";
  }
  return "unknown";
}

std::string sizes_text(const dag::GameTable& table) {
  std::string text;
  for (const std::size_t size : table.sizes) {
    text += fmt::format("{}{}", text.empty() ? "" : " x ", size);
  }
  return text;
}

Problem read_problem(const std::string& word, std::uint64_t seed) {
  return problem_of(word, load_game(word, seed));
}

Problem problem_of(std::string name, dag::GameTable table) {
  dag::validate(table);
  Problem problem;
  problem.name = std::move(name);
  problem.table = std::move(table);
  problem.range = dag::payoff_range(problem.table);
  if (problem.table.player_count() != 2) {
    problem.kind = GameKind::many;
    return problem;
  }
  const dag::PayoffSum sum = dag::payoff_sum(problem.table);
  if (sum.kind == dag::SumKind::general) {
    problem.kind = GameKind::bimatrix;
    return problem;
  }
  problem.kind = GameKind::zero_sum;
  problem.constant = sum.kind == dag::SumKind::zero ? 0.0 : sum.constant;
  if (sum.kind == dag::SumKind::constant) {
    problem.note = fmt::format(
        "The payoffs add up to {0:.10g}: solved as the zero-sum game of player 1's payoffs; "
        "player 2 receives {0:.10g} minus the value.\n",
        sum.constant);
  } else if (sum.kind == dag::SumKind::rounded_constant) {
    problem.note = fmt::format(
        "The payoffs add up to {:.10g} up to the rounding of their decimals (the sums differ by "
        "{:.3g}): solved as the zero-sum game of player 1's payoffs.\n",
        sum.constant, sum.spread);
  }
  return problem;
}

}  // namespace cli
