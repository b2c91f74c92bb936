// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag::detail {

[[nodiscard]] constexpr bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
[[nodiscard]] constexpr bool is_separator(char c) noexcept {
  return is_space(c) || c == ',' || c == '{' || c == '}' || c == '"' || c == '[' || c == ']' ||
         c == '(' || c == ')';
}

/// Refuses a small file that stands for a game too large to be written out: compact formats reach
/// sizes that no memory holds. Returns the profiles.
[[nodiscard]] inline std::size_t expanded_profiles(const std::vector<std::size_t>& sizes,
                                                   std::size_t characters, std::string_view name) {
  const std::size_t most = (std::size_t{1} << 20) + 16 * characters;
  const std::size_t profiles = bounded_product(sizes, most);
  require(!sizes.empty() && profiles <= most / sizes.size(), Errc::unsupported, name,
          ": the strategic form of this game of ", sizes.size(), " players has more than ", most,
          " payoffs: too many to write out");
  return profiles;
}

/// The words, quoted texts and numbers of a game file, and refusals that name file and line.
class GameScanner {
 public:
  GameScanner(std::string_view text, std::string_view name) : text_(text), name_(name) {
    at_ = text_.size() - without_mark(text_).size();
  }

 protected:
  static constexpr int end_of_file = -1;

  [[noreturn]] void refuse_at(std::size_t offset, const std::string& rule) const {
    std::string found = "end of file";
    if (offset < text_.size()) {
      std::size_t end = offset + 1;
      while (end < text_.size() && !is_separator(text_[end])) {
        ++end;
      }
      found = quoted_excerpt(text_.substr(offset, end - offset));
    }
    fail(Errc::parse, name_, ":", line_of(text_, offset), ": ", rule, ", found ", found);
  }
  [[noreturn]] void refuse(const std::string& rule) const { refuse_at(at_, rule); }
  /// Skips white space; the next character or end_of_file.
  [[nodiscard]] int peek() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
    return at_ < text_.size() ? static_cast<int>(static_cast<unsigned char>(text_[at_]))
                              : end_of_file;
  }

  /// WORD VERSION R|D "title" { "player" ... }: how the formats begin.
  template <class Game>
  void begin(Game& game, const std::string& format, const std::string& version, const char* kind) {
    require_word(format, std::string("not ") + kind + " game: expected the word " + format);
    require_word(version, "unknown version of the format: expected " + version);
    static_cast<void>(peek());
    const std::size_t start = at_;
    const std::string_view numbers = word();
    if (numbers != "R" && numbers != "D") {
      refuse_at(start, "expected R or D after the version");
    }
    game.decimal_file = numbers == "D";
    game.title = quoted("the title");
    expect('{', "before the players");
    while (peek() != '}') {
      game.players.push_back(quoted("a player's name"));
    }
    if (game.players.empty()) {
      refuse("a game needs at least one player");
    }
    ++at_;
  }
  void skip_comma() {
    if (peek() == ',') {
      ++at_;
    }
  }

  void expect(char wanted, const char* where) {
    if (peek() != wanted) {
      refuse(std::string("expected ") + wanted + " " + where);
    }
    ++at_;
  }

  [[nodiscard]] std::string_view word() {
    static_cast<void>(peek());
    const std::size_t start = at_;
    while (at_ < text_.size() && !is_separator(text_[at_])) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  /// "text": n backslashes before a quote stand for n/2 backslashes, and the quote is part of the
  /// text if n is odd; all other backslashes stand for themselves.
  [[nodiscard]] std::string quoted(const char* what) {
    if (peek() != '"') {
      refuse(std::string("expected ") + what + " in double quotes");
    }
    const std::size_t start = at_++;
    std::string value;
    for (std::size_t slashes = 0; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '\0') {
        refuse_at(at_ - 1, std::string("a NUL byte in ") + what);
      }
      if (c != '"') {
        slashes = c == '\\' ? slashes + 1 : 0;
        value += c;
        continue;
      }
      value.erase(value.size() - (slashes + 1) / 2);
      if (slashes % 2 == 0) {
        return to_utf8(std::move(value));
      }
      value += c;
      slashes = 0;
    }
    refuse_at(start, std::string("the quotes around ") + what + " are not closed");
  }

  [[nodiscard]] std::size_t natural(const std::string& what) {
    static_cast<void>(peek());
    const std::size_t start = at_;
    const std::string_view digits = word();
    std::size_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) {
      refuse_at(start, "expected " + what);
    }
    return value;
  }

  [[nodiscard]] Number number(const char* what) {
    static_cast<void>(peek());
    const std::size_t start = at_;
    const std::string_view text = word();
    Number value;
    const char* wrong = Number::read(text, value);
    if (wrong != nullptr) {
      refuse_at(start, text.empty() ? std::string("expected ") + what
                                    : std::string("expected ") + what + ": " + wrong);
    }
    return value;
  }

  std::string_view text_;
  std::string_view name_;
  std::size_t at_ = 0;

 private:
  void require_word(const std::string& wanted, const std::string& otherwise) {
    static_cast<void>(peek());
    const std::size_t start = at_;
    if (word() != wanted) {
      refuse_at(start, otherwise);
    }
  }
};

}  // namespace dag::detail
