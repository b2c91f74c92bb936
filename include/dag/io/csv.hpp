// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/cells.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

namespace detail {

/// The lines of a payoff matrix, cut into cells (see `parse_csv` for what is read how).
class MatrixReader {
 public:
  MatrixReader(std::string_view text, std::string_view name) : scanner_(text, name), name_(name) {}

  [[nodiscard]] GameTable read() {
    std::vector<TextCell> first;
    for (bool begun = false; scanner_.next(cells_);) {
      line_ = scanner_.number();
      if (!begun && first.empty()) {
        first = cells_;
        first_line_ = line_;
        continue;
      }
      if (!begun) {  // two lines tell the form
        std::swap(first, cells_);
        const std::size_t second_line = std::exchange(line_, first_line_);
        begin_table(first);
        std::swap(first, cells_);
        line_ = second_line;
        begun = true;
      }
      take_row();
      first_line_ = 0;
    }
    if (first_line_ != 0) {
      cells_ = first;
      line_ = first_line_;
      begin_table({});
    }
    require(rows_ > 0, Errc::parse, name_, ":", line_ == 0 ? scanner_.number() : line_,
            ": expected a payoff matrix, found no line with numbers");
    require(!pairs_ || sure_pairs_, Errc::parse, name_, ":", first_pair_line_,
            ": pairs of payoffs, or numbers with thousands separators? Write pairs as (3,3), "
            "numbers without separators");
    return finish();
  }

 private:
  enum class Cell { number, pair, name, unclear };

  [[nodiscard]] static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

  /// "3,4", "(3, 4)", "3;4" or "(3 4)": the payoffs of both players.
  [[nodiscard]] static bool read_pair(std::string_view text, std::array<Number, 2>& pair) {
    text = trimmed_cell(text);
    const bool brackets = text.size() > 2 && text.front() == '(' && text.back() == ')';
    if (brackets) {
      text = trimmed_cell(text.substr(1, text.size() - 2));
    }
    for (const char between : {',', ';', ' '}) {
      const std::size_t at = text.find(between);
      if (at != std::string_view::npos && (between != ' ' || brackets)) {
        return read_cell_number(text.substr(0, at), pair[0]) == nullptr &&
               read_cell_number(text.substr(at + 1), pair[1]) == nullptr;
      }
    }
    return false;
  }
  /// 1,000 or -12,345.5: could be one number, written for people.
  [[nodiscard]] static bool looks_like_thousands(std::string_view text) {
    text = trimmed_cell(text);
    const std::size_t comma = text.find(',');
    const std::string_view tail = text.substr(comma == std::string_view::npos ? 0 : comma + 1);
    return comma != std::string_view::npos && text.front() != '(' && tail.size() >= 3 &&
           is_digit(tail[0]) && is_digit(tail[1]) && is_digit(tail[2]) &&
           (tail.size() == 3 || tail[3] == ',' || tail[3] == '.');
  }

  /// A name begins with a letter or an underscore, or stands in quotes and reads as no payoff. What
  /// may be either (a digit behind a sign that is no letter, nan, inf) is unclear.
  [[nodiscard]] static Cell kind_of(const TextCell& cell) {
    Number number;
    std::array<Number, 2> pair;
    if (read_cell_number(cell.text, number) == nullptr) {
      return Cell::number;
    }
    if ((cell.quoted || trimmed_cell(cell.text).substr(0, 1) == "(") &&
        read_pair(cell.text, pair)) {
      return Cell::pair;
    }
    if (cell.quoted && looks_like_thousands(cell.text)) {
      return Cell::pair;
    }
    if (cell.quoted) {
      return Cell::name;
    }
    std::string lower;
    for (const char c : cell.text.substr(0, 9)) {
      lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (lower.empty() || lower == "nan" || lower == "inf" || lower == "infinity") {
      return Cell::unclear;
    }
    const auto first = static_cast<unsigned char>(lower[0]);
    const auto second = static_cast<unsigned char>(lower.size() > 1 ? lower[1] : '\0');
    if ((first >= 'a' && first <= 'z') || first == '_') {
      return Cell::name;
    }
    // Signs and symbols of Latin-1, punctuation to arrows and blocks, full-width forms.
    const bool symbol = first == 0xC2 || first == 0xE2 || (first == 0xEF && second >= 0xBC);
    const bool digits = cell.text.find_first_of("0123456789") != std::string_view::npos;
    return first > 127 && !(symbol && (digits || first == 0xEF)) ? Cell::name : Cell::unclear;
  }

  /// Decides from the first two lines (`cells_` and `second`) whether there is a header and whether
  /// rows have names, and takes the first line.
  void begin_table(const std::vector<TextCell>& second) {
    const bool corner = cells_.size() > 1 && cells_[0].text.empty();
    bool all_quoted = true;
    for (const TextCell& cell : cells_) {
      all_quoted = all_quoted && cell.quoted;
    }
    const bool second_quoted = !second.empty() && second.back().quoted;
    const Cell last = kind_of(cells_.back());
    const bool header = corner || last == Cell::name ||
                        (all_quoted && !second.empty() && !second_quoted && last == Cell::number);
    if (header) {
      for (const TextCell& cell : cells_) {
        header_.push_back(to_utf8(std::string(cell.text)));
      }
      row_names_ = corner;
      return;
    }
    take_row();
  }

  void take_row() {
    std::size_t first = 0;
    if (rows_ == 0 && !row_names_) {
      const Cell kind = kind_of(cells_[0]);
      const bool others_plain = cells_.size() > 1 && !cells_.back().quoted;
      require(kind != Cell::number || !cells_[0].quoted || !others_plain, Errc::parse, name_, ":",
              line_, ": is ", quoted_excerpt(cells_[0].text),
              " a row's name or a payoff? Write payoffs without quotes; for names that are numbers "
              "give a header line that begins with an empty cell");
      row_names_ = kind == Cell::name && cells_.size() > 1;
    }
    if (row_names_) {
      require(named_by_header() || kind_of(cells_[0]) == Cell::name, Errc::parse, name_, ":", line_,
              ": expected a row's name as in the rows before, found ",
              quoted_excerpt(cells_[0].text));
      names_.push_back(to_utf8(std::string(cells_[0].text)));
      first = 1;
    }
    const std::size_t count = cells_.size() - first;
    columns_ = rows_ == 0 ? count : columns_;
    require(count == columns_ && count > 0, Errc::parse, name_, ":", line_, ": expected ", columns_,
            " payoffs as in the rows before, found ", count);
    for (std::size_t i = first; i < cells_.size(); ++i) {
      take_payoff(cells_[i], i + 1, rows_ == 0 && i == first);
    }
    ++rows_;
  }
  [[nodiscard]] bool named_by_header() const { return !header_.empty() && header_[0].empty(); }

  void take_payoff(const TextCell& cell, std::size_t column, bool very_first) {
    std::array<Number, 2> pair;
    const bool marked = cell.quoted || cell.text.substr(0, 1) == "(";
    const bool is_pair = marked && read_pair(cell.text, pair);
    if (very_first) {
      pairs_ = is_pair;
      first_pair_line_ = line_;
    }
    if (is_pair && pairs_) {
      sure_pairs_ = sure_pairs_ || !looks_like_thousands(cell.text);
      payoffs_.push_back(std::move(pair[0]));
      payoffs_.push_back(std::move(pair[1]));
      return;
    }
    Number value;
    const char* wrong = read_cell_number(cell.text, value);
    if (wrong == nullptr && pairs_) {
      wrong = sure_pairs_ ? "a pair as in the first cell"
                          : "a pair as in the first cell (or is that one a number with a "
                            "thousands separator? write it without)";
    } else if (wrong != nullptr && marked && looks_like_thousands(cell.text)) {
      wrong = "one number, written without a thousands separator";
    } else if (wrong != nullptr && is_pair) {
      wrong = "one number, as in the first cell";
    } else if (wrong != nullptr && cell.quoted) {
      wrong = "a number, not a name in quotes";
    }
    require(
        wrong == nullptr, Errc::parse, name_, ":", line_, ": column ", column,
        ": expected a payoff: ", wrong == nullptr ? "" : wrong,
        scanner_.separator() != ',' && !cell.quoted && cell.text.find(',') != std::string_view::npos
            ? " (write decimals with a point, pairs as (3,3))"
            : "",
        ", found ", quoted_excerpt(cell.text));
    payoffs_.push_back(std::move(value));
  }

  [[nodiscard]] GameTable finish() {
    GameTable game;
    game.title = name_;
    game.players = {"Row", "Column"};
    game.sizes = {rows_, columns_};
    if (!header_.empty()) {
      require(header_.size() == columns_ || header_.size() == columns_ + 1, Errc::parse, name_,
              ": the header names ", header_.size(), " columns, the rows have ", columns_);
      header_.erase(header_.begin(), header_.end() - static_cast<std::ptrdiff_t>(columns_));
    }
    if (!header_.empty() || row_names_) {
      for (std::size_t i = names_.size(); i < rows_; ++i) {
        names_.push_back(std::to_string(i + 1));
      }
      for (std::size_t i = header_.size(); i < columns_; ++i) {
        header_.push_back(std::to_string(i + 1));
      }
      game.labels = {std::move(names_), std::move(header_)};
    }
    const std::size_t cells = rows_ * columns_;
    game.payoffs.assign(2, std::vector<double>(cells));
    game.numbers.resize(2 * cells);
    for (std::size_t column = 0; column < columns_; ++column) {
      for (std::size_t row = 0; row < rows_; ++row) {
        const std::size_t profile = row + rows_ * column;
        const std::size_t at = row * columns_ + column;
        Number& payoff = payoffs_[pairs_ ? 2 * at : at];
        Number other = pairs_ ? std::move(payoffs_[2 * at + 1]) : payoff.negated();
        game.payoffs[0][profile] = payoff.value();
        game.payoffs[1][profile] = pairs_ ? other.value() : 0.0 - payoff.value();
        game.numbers[2 * profile + 1] = std::move(other);
        game.numbers[2 * profile] = std::move(payoff);
      }
    }
    return game;
  }

  CellScanner scanner_;
  std::string_view name_;
  std::size_t line_ = 0;
  std::size_t first_line_ = 0;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  bool row_names_ = false;
  bool pairs_ = false;
  bool sure_pairs_ = false;  ///< some pair cannot be a number with thousands separators
  std::size_t first_pair_line_ = 0;
  std::vector<TextCell> cells_;
  std::vector<std::string> header_;
  std::vector<std::string> names_;
  std::vector<Number> payoffs_;
};

}  // namespace detail

/// Reads the payoff matrix of a two-player game: one line a row strategy, one cell a column
/// strategy. A cell of one number makes a zero-sum game: the row player receives it, the column
/// player its negative. Cells that are pairs, "3,4" in quotes or (3,4), hold the payoffs of both.
///
/// Cells are separated by semicolons if the first line has one, else by commas if it has one, else
/// by tabs, else by white space. Numbers as in .nfg (fractions allowed, kept as written); the minus
/// of typeset text (U+2212) is one. A cell may stand in quotes, in which a quote is written twice.
/// Blank lines and lines that begin with # are left out. A first line whose last cell is a name (a
/// letter first, or quotes around what is no payoff), or whose first cell is empty, is a header of
/// column names; a first cell that is a name, or an empty first cell in the header, makes the first
/// column row names. Errc::parse with "name:line: rule, found 'text'" for ragged rows, empty cells,
/// NaN, infinities, thousands separators, what may be a name or a payoff, and all else that is no
/// number.
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
/// name holds a line break.
[[nodiscard]] inline std::string format_csv(const GameTable& game) {
  require(game.player_count() == 2 && is_zero_sum(game), Errc::unsupported,
          "format_csv: a payoff matrix holds a two-player zero-sum game only; write .nfg instead");
  const auto quoted = [](const std::string& name) {
    return detail::quoted_cell(name, "format_csv");
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
