// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "game_input.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/io/csv.hpp>
#include <dag/io/nfg.hpp>
#include <dag/io/profile_csv.hpp>
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
    const std::string text = dag::read_text_file(word);
    return dag::is_profile_csv(text) ? dag::parse_profile_csv(text, word)
                                     : dag::parse_csv(text, word);
  }
  if (is_tree(word)) {
    return normal_form(word, seed);
  }
  dag::require(word.find('/') == std::string::npos, dag::Errc::unsupported, word,
               ": the name of a game file must end in .nfg, .efg or .csv");
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
