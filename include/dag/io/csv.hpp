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
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

namespace detail {

struct CsvCell {
  std::string_view text;  ///< without the quotes around it
  bool quoted = false;
};

/// The lines of a payoff matrix, cut into cells.
class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  [[nodiscard]] GameTable read() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
      text_.remove_prefix(3);
    }
    if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos) {
      fail(Errc::parse, name_, ":", line_of(text_, nul), ": a NUL byte in a text file");
    }
    std::size_t line = 0;
    for (std::size_t begin = 0; begin < text_.size();) {
      std::size_t end = text_.find('\n', begin);
      end = end == std::string_view::npos ? text_.size() : end;
      take_line(text_.substr(begin, end - begin), ++line);
      begin = end + 1;
    }
    require(rows_ > 0, Errc::parse, name_, ":", line == 0 ? 1 : line,
            ": expected a payoff matrix, found no line with numbers");
    return finish();
  }

 private:
  [[nodiscard]] static bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }
  [[nodiscard]] static std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) {
      text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
      text.remove_suffix(1);
    }
    return text;
  }

  [[nodiscard]] static char separator_of(std::string_view line) noexcept {
    char found = ' ';
    bool inside = false;
    for (const char c : line) {
      inside = inside != (c == '"');
      if (!inside && (c == ';' || (c == ',' && found == ' '))) {
        found = c;
      }
    }
    return found;
  }

  void split(std::string_view line, std::size_t number) {
    cells_.clear();
    std::size_t at = 0;
    while (true) {
      while (at < line.size() && is_blank(line[at])) {
        ++at;
      }
      CsvCell cell;
      if (at < line.size() && line[at] == '"') {
        const std::size_t close = line.find('"', at + 1);
        require(close != std::string_view::npos, Errc::parse, name_, ":", number,
                ": a quote is not closed, found ", quoted_excerpt(line.substr(at)));
        cell = {line.substr(at + 1, close - at - 1), true};
        at = close + 1;
        while (at < line.size() && is_blank(line[at])) {
          ++at;
        }
        require(at == line.size() || line[at] == separator_ || separator_ == ' ', Errc::parse,
                name_, ":", number, ": expected a separator after a quoted cell, found ",
                quoted_excerpt(line.substr(at)));
      } else {
        const std::size_t begin = at;
        while (at < line.size() &&
               (separator_ == ' ' ? !is_blank(line[at]) : line[at] != separator_)) {
          ++at;
        }
        cell.text = trimmed(line.substr(begin, at - begin));
      }
      cells_.push_back(cell);
      while (separator_ == ' ' && at < line.size() && is_blank(line[at])) {
        ++at;
      }
      if (at == line.size()) {
        return;
      }
      at += separator_ == ' ' ? 0U : 1U;
    }
  }

  [[nodiscard]] static bool is_number(const CsvCell& cell, Number& number) {
    return !cell.quoted && Number::read(cell.text, number) == nullptr;
  }
  /// A name begins with a letter, an underscore or anything beyond ASCII, or stands in quotes;
  /// everything else was meant as a number, and so were nan and inf.
  [[nodiscard]] static bool is_name(const CsvCell& cell) {
    if (cell.quoted) {
      return true;
    }
    std::string lower;
    for (const char c : cell.text.substr(0, 9)) {
      lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const char first = lower.empty() ? '0' : lower[0];
    return lower != "nan" && lower != "inf" && lower != "infinity" &&
           ((first >= 'a' && first <= 'z') || first == '_' ||
            (static_cast<unsigned char>(first) > 127));
  }

  void take_line(std::string_view line, std::size_t number) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') {
      return;
    }
    if (separator_ == '\0') {
      separator_ = separator_of(line);
    }
    split(line, number);
    if (rows_ == 0 && header_.empty() && is_name(cells_.back())) {
      for (const CsvCell& cell : cells_) {
        header_.push_back(to_utf8(std::string(cell.text)));
      }
      return;
    }
    std::size_t first = 0;
    if (rows_ == 0) {
      row_names_ = is_name(cells_[0]);
    }
    if (row_names_) {
      require(is_name(cells_[0]), Errc::parse, name_, ":", number,
              ": expected a row's name as in the rows before, found ",
              quoted_excerpt(cells_[0].text));
      names_.push_back(to_utf8(std::string(cells_[0].text)));
      first = 1;
    }
    const std::size_t count = cells_.size() - first;
    columns_ = rows_ == 0 ? count : columns_;
    require(count == columns_ && count > 0, Errc::parse, name_, ":", number, ": expected ",
            columns_, " payoffs as in the rows before, found ", count);
    for (std::size_t i = first; i < cells_.size(); ++i) {
      Number value;
      const char* wrong = Number::read(cells_[i].text, value);
      require(wrong == nullptr && !cells_[i].quoted, Errc::parse, name_, ":", number, ": column ",
              i + 1, ": expected a payoff: ", wrong == nullptr ? "a name in quotes" : wrong,
              separator_ == ';' && cells_[i].text.find(',') != std::string_view::npos
                  ? " (write decimals with a point)"
                  : "",
              ", found ", quoted_excerpt(cells_[i].text));
      payoffs_.push_back(std::move(value));
    }
    ++rows_;
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
    game.payoffs.assign(2, std::vector<double>(payoffs_.size()));
    game.numbers.resize(2 * payoffs_.size());
    for (std::size_t column = 0; column < columns_; ++column) {
      for (std::size_t row = 0; row < rows_; ++row) {
        const std::size_t profile = row + rows_ * column;
        Number& payoff = payoffs_[row * columns_ + column];
        game.payoffs[0][profile] = payoff.value();
        game.payoffs[1][profile] = 0.0 - payoff.value();
        game.numbers[2 * profile + 1] = payoff.negated();
        game.numbers[2 * profile] = std::move(payoff);
      }
    }
    return game;
  }

  std::string_view text_;
  std::string_view name_;
  char separator_ = '\0';  ///< unknown before the first line
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  bool row_names_ = false;
  std::vector<CsvCell> cells_;
  std::vector<std::string> header_;
  std::vector<std::string> names_;
  std::vector<Number> payoffs_;
};

}  // namespace detail

/// Reads the payoff matrix of a two-player zero-sum game: one line a row strategy, one cell a
/// column strategy; the row player receives the entry, the column player its negative.
///
/// Cells are separated by semicolons if the first line has one, else by commas if it has one, else
/// by white space. Numbers as in .nfg (fractions allowed, kept as written). Blank lines and lines
/// that begin with # are left out. A first line whose last cell is a name (a letter first, or
/// quotes) is a header of column names; a first cell that is a name makes the first column row
/// names (the header may name that column too). Errc::parse with "name:line: rule, found 'text'"
/// for ragged rows, empty cells, NaN, infinities and all else that is no number.
[[nodiscard]] inline GameTable parse_csv(std::string_view text, std::string_view name = "csv") {
  return detail::CsvReader(text, name).read();
}

/// `parse_csv` of a file; Errc::io if it cannot be read.
[[nodiscard]] inline GameTable read_csv(const std::string& path) {
  return parse_csv(read_text_file(path), path);
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
