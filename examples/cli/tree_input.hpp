// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <dag/game/extensive.hpp>
#include <dag/game/sequence_form.hpp>

#include "game_input.hpp"

namespace cli {

/// True if a word on the command line means a game tree: a .efg file or a name of the list of
/// trees.
bool is_tree(const std::string& word);
/// The tree that a word means (`random_tree` without a seed takes `seed`). Throws dag::Error.
dag::ExtensiveGame load_tree(const std::string& word, std::uint64_t seed);
/// The reduced normal form of the tree that a word means. Throws dag::Error.
dag::GameTable normal_form(const std::string& word, std::uint64_t seed);
/// True if the tree that a word means depends on `seed`.
bool tree_depends_on_seed(const std::string& word);

/// A tree as the solvers take it, with what must be said about it.
struct TreeProblem {
  std::string name;
  dag::ExtensiveGame game;
  dag::SequenceForm form;
  GameKind kind = GameKind::many;
  double constant = 0;  ///< zero_sum: what the two payoffs of a play add up to
  std::string note;
};
TreeProblem read_tree(const std::string& word, std::uint64_t seed);

/// "6 + 6 information sets, 55 nodes".
std::string tree_sizes(const dag::ExtensiveGame& game);

}  // namespace cli
