// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/game/reduced_normal_form.hpp>
#include <dag/io/efg.hpp>
#include <dag/io/game_document.hpp>
#include <dag/io/text_file.hpp>
#include <dag/problem/tree_catalogue.hpp>

namespace cli {
namespace {

bool is_efg(std::string_view word) {
  return word.size() >= 4 && (word.ends_with(".efg") || word.ends_with(".EFG"));
}

/// The text of a graphical program's document that holds a tree; nothing for all else.
std::optional<std::string> tree_document(const std::string& word) {
  std::string end = word.substr(word.find_last_of('.') + 1);
  for (char& c : end) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if ((end != "gbt" && end != "gte" && end != "xml") || !std::filesystem::is_regular_file(word)) {
    return std::nullopt;
  }
  std::string text = dag::read_text_file(word);
  const bool tree = text.find("<efgfile") != text.npos || text.find("<extensiveForm") != text.npos;
  return tree ? std::optional(std::move(text)) : std::nullopt;
}

std::string with_seed(const std::string& word, std::uint64_t seed) {
  const dag::TreeEntry* entry = dag::find_tree(word);
  if (entry != nullptr && entry->usage.ends_with(":SEED") &&
      std::count(word.begin(), word.end(), ':') + 1 ==
          std::count(entry->usage.begin(), entry->usage.end(), ':')) {
    return word + ":" + std::to_string(seed);
  }
  return word;
}

}  // namespace

bool is_tree(const std::string& word) {
  return is_efg(word) || tree_document(word) ||
         (word.find('/') == std::string::npos && dag::find_tree(word) != nullptr);
}

dag::ExtensiveGame load_tree(const std::string& word, std::uint64_t seed) {
  if (const std::optional<std::string> text = tree_document(word)) {
    dag::GameDocument document = dag::parse_game_document(*text, word);
    dag::require(document.tree.has_value(), dag::Errc::parse, word, ": holds no game tree");
    return std::move(*document.tree);
  }
  return is_efg(word) ? dag::read_efg(word) : dag::named_tree(with_seed(word, seed));
}

dag::GameTable normal_form(const std::string& word, std::uint64_t seed) {
  const dag::ExtensiveGame game = load_tree(word, seed);
  return dag::reduced_normal_form(game, dag::sequence_form(game)).table;
}

bool tree_depends_on_seed(const std::string& word) {
  return !is_efg(word) && with_seed(word, 0) != word;
}

TreeProblem read_tree(const std::string& word, std::uint64_t seed) {
  TreeProblem problem;
  problem.name = word;
  problem.game = load_tree(word, seed);
  problem.form = dag::sequence_form(problem.game);
  if (problem.game.player_count() != 2) {
    return problem;
  }
  const dag::PayoffSum sum = dag::payoff_sum(problem.game);
  if (sum.kind == dag::SumKind::general) {
    problem.kind = GameKind::bimatrix;
    return problem;
  }
  problem.kind = GameKind::zero_sum;
  problem.constant = sum.constant;
  if (sum.kind != dag::SumKind::zero) {
    problem.note = fmt::format(
        "The payoffs of every play add up to {:.10g}{}: two-player zero-sum up to a constant.\n",
        sum.constant,
        sum.kind == dag::SumKind::constant ? "" : " up to the rounding of their decimals");
  }
  return problem;
}

std::string tree_sizes(const dag::ExtensiveGame& game) {
  std::string text;
  for (const auto& sets : game.sets) {
    text += fmt::format("{}{}", text.empty() ? "" : " + ", sets.size());
  }
  return text + fmt::format(" information sets, {} nodes", game.nodes.size());
}

}  // namespace cli
