// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag::detail {

/// White space within a line of cells.
[[nodiscard]] constexpr bool is_cell_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r';
}

/// Without blanks at the ends, those that do not break (U+00A0) among them.
[[nodiscard]] constexpr std::string_view trimmed_cell(std::string_view text) noexcept {
  constexpr std::string_view wide = "\xC2\xA0";
  while (true) {
    if (!text.empty() && is_cell_blank(text.front())) {
      text.remove_prefix(1);
    } else if (!text.empty() && is_cell_blank(text.back())) {
      text.remove_suffix(1);
    } else if (text.substr(0, 2) == wide) {
      text.remove_prefix(2);
    } else if (text.size() >= 2 && text.substr(text.size() - 2) == wide) {
      text.remove_suffix(2);
    } else {
      return text;
    }
  }
}

/// The number of a cell, with the minus signs of typeset text and full-width forms as plain ones;
/// what is wrong with it, or nullptr.
[[nodiscard]] inline const char* read_cell_number(std::string_view text, Number& number) {
  text = trimmed_cell(text);
  for (const std::string_view minus : {"\xE2\x88\x92", "\xEF\xB9\xA3", "\xEF\xBC\x8D"}) {
    if (text.substr(0, minus.size()) == minus) {
      return Number::read('-' + std::string(text.substr(minus.size())), number);
    }
  }
  return Number::read(text, number);
}

struct TextCell {
  std::string_view text;  ///< without blanks at the ends and the quotes around it
  bool quoted = false;
};

/// The lines of a table in text, cut into cells: the one grammar under matrices and lists of
/// profiles. Blank lines and lines that begin with # are left out. Cells stand between separators;
/// in quotes, with a quote written twice, a cell holds what it likes. The separator is given, or
/// told by the first line: semicolons if it has one outside quotes and brackets, else commas, else
/// tabs, else white space; then separators in round brackets are part of a cell. Cells are views
/// that live as long as text and scanner. Errc::parse with name and line.
class CellScanner {
 public:
  explicit CellScanner(std::string_view text, std::string_view name, char separator = '\0')
      : lines_(text, name), name_(name), separator_(separator), brackets_(separator == '\0') {}

  /// Cuts the next line into `cells`; false at the end.
  [[nodiscard]] bool next(std::vector<TextCell>& cells) {
    for (std::string_view line; lines_.next(line);) {
      const std::string_view inner = trimmed_cell(line);
      if (inner.empty() || inner.front() == '#') {
        continue;
      }
      separator_ = separator_ == '\0' ? separator_of(line) : separator_;
      // A leading tab is an empty cell where tabs separate.
      split(separator_ == '\t' ? line.substr(0, line.find_last_not_of(" \r") + 1) : inner, cells);
      return true;
    }
    return false;
  }
  /// Of the line that was read last, at the end of the text too; 1 in an empty one.
  [[nodiscard]] std::size_t number() const noexcept {
    return lines_.number() == 0 ? 1 : lines_.number();
  }
  [[nodiscard]] char separator() const noexcept { return separator_; }

 private:
  [[nodiscard]] static char separator_of(std::string_view line) noexcept {
    char found = ' ';
    bool inside = false;
    int depth = 0;
    const auto rank = [](char c) { return c == ';' ? 3 : c == ',' ? 2 : c == '\t' ? 1 : 0; };
    for (const char c : line) {
      inside = inside != (c == '"');
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (!inside && depth <= 0 && rank(c) > rank(found)) {
        found = c;
      }
    }
    return found;
  }

  void split(std::string_view line, std::vector<TextCell>& cells) {
    cells.clear();
    const bool any_blank = separator_ == ' ';
    const auto ends = [&](char c) { return any_blank ? is_cell_blank(c) : c == separator_; };
    std::size_t at = 0;
    const auto skip_blanks = [&] {
      while (at < line.size() && is_cell_blank(line[at]) && (any_blank || line[at] != separator_)) {
        ++at;
      }
    };
    while (true) {
      skip_blanks();
      if (at < line.size() && line[at] == '"') {
        cells.push_back({in_quotes(line, at), true});
        skip_blanks();
        require(at == line.size() || ends(line[at]) || any_blank, Errc::parse, name_, ":", number(),
                ": expected ", separator_ == ',' ? "a comma" : "a separator",
                " after a quoted cell, found ", quoted_excerpt(line.substr(at)));
      } else {
        const std::size_t begin = at;
        for (int depth = 0; at < line.size() && (depth > 0 || !ends(line[at])); ++at) {
          depth += brackets_ && line[at] == '(' ? 1 : brackets_ && line[at] == ')' ? -1 : 0;
        }
        cells.push_back({trimmed_cell(line.substr(begin, at - begin)), false});
        skip_blanks();
      }
      if (at == line.size()) {
        return;
      }
      at += any_blank ? 0U : 1U;
    }
  }

  /// The text of the quotes that open at `at`, which moves behind them.
  [[nodiscard]] std::string_view in_quotes(std::string_view line, std::size_t& at) {
    const std::size_t open = at + 1;
    bool twice = false;
    while (true) {
      at = line.find('"', at + 1);
      require(at != std::string_view::npos, Errc::parse, name_, ":", number(),
              ": a quote is not closed, found ", quoted_excerpt(line.substr(open - 1)));
      if (line.substr(at + 1, 1) != "\"") {
        break;
      }
      twice = true;
      ++at;
    }
    const std::string_view raw = line.substr(open, at++ - open);
    if (!twice) {
      return raw;
    }
    std::string& text = unquoted_.emplace_back();
    for (std::size_t k = 0; k < raw.size(); ++k) {
      text += raw[k];
      k += raw[k] == '"' ? 1U : 0U;
    }
    return text;
  }

  TextLines lines_;
  std::string_view name_;
  char separator_;
  bool brackets_;
  std::deque<std::string> unquoted_;  ///< cells that are not as they stand in the text
};

/// A cell in quotes. Errc::unsupported for a line break, naming the caller.
[[nodiscard]] inline std::string quoted_cell(std::string_view text, std::string_view where) {
  require(text.find_first_of("\r\n") == std::string_view::npos, Errc::unsupported, where,
          ": a name holds a line break: ", quoted_excerpt(text));
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + '"';
}

}  // namespace dag::detail
