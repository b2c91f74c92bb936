// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/matrix_reader.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// Reads the payoff matrix of a two-player game: one line a row strategy, one cell a column
/// strategy. A cell of one number makes a zero-sum game: the row player receives it, the column
/// player its negative. Cells that are pairs, "3,4" in quotes or (3,4), hold the payoffs of both.
///
/// Cells are separated by semicolons if the first line has one, else by commas if it has one, else
/// by tabs, else by white space. Numbers as in .nfg (fractions allowed, kept as written); the minus
/// of typeset text (U+2212) is one. Blank lines and lines that begin with # are left out. A first
/// line whose last cell is a name (a letter first, or quotes around what is no payoff), or whose
/// first cell is empty, is a header of column names; a first cell that is a name, or an empty first
/// cell in the header, makes the first column row names. Errc::parse with "name:line: rule, found
/// 'text'" for ragged rows, empty cells, NaN, infinities, thousands separators, what may be a name
/// or a payoff, and all else that is no number.
[[nodiscard]] inline GameTable parse_csv(std::string_view text, std::string_view name = "csv") {
  return detail::MatrixReader(text, name).read();
}

/// `parse_csv` of a file; Errc::io if it cannot be read.
[[nodiscard]] inline GameTable read_csv(const std::string& path) {
  return parse_csv(read_text_file(path), path);
}

/// The matrix of the row player and that of the column player, both larger is better, as one game;
/// names of strategies from the first that has them. Errc::dimension_mismatch unless both have one
/// shape; Errc::parse for a second matrix of pairs.
[[nodiscard]] inline GameTable join_matrices(GameTable row, const GameTable& column,
                                             std::string_view name) {
  require(row.sizes == column.sizes, Errc::dimension_mismatch, name, ": the matrices have ",
          row.sizes[0], " x ", row.sizes[1], " and ", column.sizes[0], " x ", column.sizes[1],
          " payoffs");
  require(is_zero_sum(row) && is_zero_sum(column), Errc::parse, name,
          ": a matrix of pairs has the payoffs of both players; give it alone");
  row.title = name;
  row.payoffs[1] = column.payoffs[0];
  for (std::size_t profile = 0; profile < row.payoffs[0].size(); ++profile) {
    row.numbers[2 * profile + 1] = column.numbers[2 * profile];
  }
  row.labels = row.labels.empty() ? column.labels : row.labels;
  return row;
}

/// The row player's payoffs as comma-separated text, with strategy names if the game has them.
/// Errc::unsupported unless the game is two-player zero-sum exactly (a matrix says no more) or a
/// name cannot be quoted (it holds a quote or a line break).
[[nodiscard]] inline std::string format_csv(const GameTable& game) {
  require(game.player_count() == 2 && is_zero_sum(game), Errc::unsupported,
          "format_csv: a payoff matrix holds a two-player zero-sum game only; write .nfg instead");
  const auto quoted = [](const std::string& name) {
    require(name.find_first_of("\"\n") == std::string::npos, Errc::unsupported,
            "format_csv: a strategy's name holds a quote or a line break: ",
            detail::quoted_excerpt(name));
    return '"' + name + '"';
  };
  std::string out;
  if (!game.labels.empty()) {
    out += "\"\"";
    for (const std::string& name : game.labels[1]) {
      out += ',' + quoted(name);
    }
    out += '\n';
  }
  for (std::size_t row = 0; row < game.sizes[0]; ++row) {
    if (!game.labels.empty()) {
      out += quoted(game.labels[0][row]) + ',';
    }
    for (std::size_t column = 0; column < game.sizes[1]; ++column) {
      out += column == 0 ? "" : ",";
      out += written_payoff(game, 0, row + game.sizes[0] * column).text();
    }
    out += '\n';
  }
  return out;
}

/// Writes a .csv file, whole or not at all (see AtomicFile); Errc::io if it cannot.
inline void write_csv(const std::string& path, const GameTable& game) {
  write_file_atomically(path, format_csv(game));
}

}  // namespace dag
