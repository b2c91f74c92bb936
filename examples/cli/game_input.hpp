// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <dag/game/table.hpp>
#include <dag/solver/list.hpp>

#include "output.hpp"

namespace cli {

/// The game that a word on the command line means: a file (.nfg, .gam, .agg, .bagg, .gbt, .gte,
/// .xml, .json; .csv, .tsv, .txt: a payoff matrix or a list of profiles; else as it begins), two
/// files of matrices with a comma between (the row player's, the column player's), - for a game on
/// standard input, or a name (`random:ROWSxCOLS` without a seed takes `seed`). Throws dag::Error.
dag::GameTable load_game(const std::string& word, std::uint64_t seed);
/// The files that a word means, to hold outputs against; none for a name.
std::vector<NamedPath> game_files(const std::string& word);
/// True if the game that a word means depends on `seed`.
bool depends_on_seed(const std::string& word);

/// What decides which solvers there are.
enum class GameKind : unsigned {
  zero_sum = dag::kinds::zero_sum,  ///< two players, payoffs that add up to a constant
  bimatrix = dag::kinds::bimatrix,  ///< two players, other payoffs
  many = dag::kinds::many           ///< one player, or three and more
};
const char* to_string(GameKind kind);

/// The game as the solvers take it, with what must be said about it.
struct Problem {
  std::string name;
  dag::GameTable table;
  GameKind kind = GameKind::many;
  double constant = 0;  ///< zero_sum: what the two payoffs of a profile add up to
  double range = 0;     ///< largest payoff range of a player
  std::string note;
};
Problem read_problem(const std::string& word, std::uint64_t seed);
/// The same of a table. Throws dag::Error where its shapes do not fit or a payoff is not finite.
Problem problem_of(std::string name, dag::GameTable table);

/// "3 x 4" or "2 x 2 x 2".
std::string sizes_text(const dag::GameTable& table);

}  // namespace cli
