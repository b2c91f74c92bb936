// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/lexer.hpp>
#include <dag/text/detail/units.hpp>

namespace dag::detail {

/// A unit at a place among tokens: names and symbols with powers, products and quotients; or a noun
/// of up to four words, which is a unit of its own. Letters that stand alone are a unit only in
/// \text or after a blank: 5x has none, 5 m has.
class UnitParser {
 public:
  UnitParser(const std::vector<Token>& tokens, std::size_t at) : tokens_(tokens), at_(at) {}

  [[nodiscard]] std::size_t position() const noexcept { return at_; }

  [[nodiscard]] std::optional<Unit> parse() {
    const bool bracket = peek().is('(') && peek(1).roman;
    const std::size_t start = at_;
    at_ += bracket ? 1 : 0;
    std::optional<Unit> unit = product();
    if (unit && bracket) {
      if (!peek().is(')')) {
        unit.reset();
      } else {
        ++at_;
      }
    }
    if (unit && !ends() && !skip_words()) {
      unit.reset();
    }
    if (!unit) {
      at_ = start;
      unit = noun();
    }
    if (!unit) {
      at_ = start;
    }
    return unit;
  }

 private:
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const noexcept {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] static bool is_word(const Token& t) noexcept {
    return t.kind == TokenKind::word || (t.kind == TokenKind::letter && t.first) ||
           (t.plain && (t.text == "min" || t.text == "sec"));
  }
  /// The whole word that begins here: a word, or a run of letters.
  [[nodiscard]] static std::string_view word_of(const Token& t) noexcept {
    return t.kind == TokenKind::letter ? t.run : std::string_view(t.text);
  }
  void skip_word() noexcept {
    const std::size_t letters = peek().kind == TokenKind::letter ? peek().run.size() : 1;
    at_ = std::min(at_ + letters, tokens_.size() - 1);
  }
  [[nodiscard]] bool ends() const noexcept {
    const Token& t = peek();
    return t.kind == TokenKind::end || (t.kind == TokenKind::number && t.space) || t.is(',') ||
           t.is(';') || t.is(')') || t.is(']') || t.is('}') || t.is('=') || t.is('<') ||
           t.is('>') || word_of(t) == "and" || word_of(t) == "or" || t.text == "\\}" ||
           t.is_command("le") || t.is_command("ge") || t.is_command("leq") || t.is_command("geq") ||
           t.is_command("lt");
  }
  /// Up to three words after a unit that say nothing: 5 miles away. Others (3 km north, 2 hours
  /// late) are part of what is said.
  [[nodiscard]] bool skip_words() noexcept {
    constexpr std::array<std::string_view, 22> idle{
        "away",  "long", "wide",  "tall",    "high",          "deep", "old", "apart",
        "thick", "each", "total", "exactly", "approximately", "only", "ago", "altogether",
        "time",  "of",   "in",    "length",  "height",        "width"};
    for (int i = 0; i < 3 && is_word(peek()) && (peek().space || peek().roman) &&
                    one_of(word_of(peek()), idle);
         ++i) {
      skip_word();
    }
    return ends();
  }

  std::optional<Unit> product() {
    std::optional<Unit> unit = factor(true);
    while (unit) {
      if (peek().is('/') || (is_word(peek()) && word_of(peek()) == "per")) {
        peek().is('/') ? void(++at_) : skip_word();
        const auto below = factor(false);
        if (!below) {
          return std::nullopt;
        }
        unit = *unit * below->raised(-1);
      } else if (peek().is('*') || peek().is_command("cdot") || peek().is_command("times")) {
        ++at_;
        const auto more = factor(false);
        if (!more) {
          return std::nullopt;
        }
        unit = *unit * *more;
      } else {
        const std::size_t start = at_;
        const auto more = factor(true);
        if (!more) {
          at_ = start;
          break;
        }
        unit = *unit * *more;
      }
    }
    return unit;
  }

  std::optional<Unit> factor(bool first) {
    if (peek().kind == TokenKind::command &&
        (peek().text == "frac" || peek().text == "dfrac" || peek().text == "tfrac")) {
      ++at_;
      const auto above = braced();
      const auto below = braced();
      return above && below ? std::optional<Unit>(*above * below->raised(-1)) : std::nullopt;
    }
    if (peek().is_command("Omega") || peek().is_command("ohm")) {
      ++at_;
      return raised(*known_unit("ohm"));
    }
    if (peek().is_command("degree")) {
      ++at_;
      return known_unit("deg");
    }
    const bool micro =
        is_word(peek(1)) &&
        (peek(1).roman || (word_of(peek(1)).size() == 1 && peek(2).kind == TokenKind::end));
    if (peek().is_command("mu") && micro) {
      const auto unit = known_unit("u" + std::string(word_of(peek(1))));  // \mu\text{m}
      if (unit) {
        ++at_;
        skip_word();
        return raised(*unit);
      }
      return std::nullopt;
    }
    if (peek().is('{')) {
      const auto inside = braced();
      return inside ? std::optional<Unit>(raised(*inside)) : std::nullopt;
    }
    if (!is_word(peek())) {
      return std::nullopt;
    }
    int power = 1;
    std::string_view word = word_of(peek());
    if (word == "square" || word == "sq" || word == "cubic" || word == "cu") {
      power = word[0] == 's' ? 2 : 3;
      skip_word();
      if (peek().is('.')) {
        ++at_;
      }
      if (!is_word(peek())) {
        return std::nullopt;
      }
      word = word_of(peek());
    }
    const Token& t = peek();
    if (word.size() == 1 && !t.roman) {
      constexpr std::string_view letters = "mgshLNJWVAKCHT";
      if (first && (!t.space || letters.find(word[0]) == std::string_view::npos)) {
        return std::nullopt;
      }
    }
    auto unit = known_unit(word);
    if (!unit) {
      return std::nullopt;
    }
    skip_word();
    if ((word == "degrees" || word == "degree" || word == "deg") && is_word(peek())) {
      const std::string scale = lower_ascii(word_of(peek()));
      if (scale == "celsius" || scale == "fahrenheit" || scale == "c" || scale == "f") {
        unit = known_unit(scale[0] == 'c' ? "degC" : "degF");
        skip_word();
      }
    }
    const bool below = peek().is('^') && (peek(1).is('-') || (peek(1).is('{') && peek(2).is('-')));
    if (below && (word == "ms" || word == "kms" || word == "cms" || word == "mms")) {
      return *known_unit(word.substr(0, word.size() - 1)) * raised(*known_unit("s"));  // m s^{-1}
    }
    if (peek().is('.') && peek(1).kind == TokenKind::end) {
      ++at_;  // 5 in.
    }
    const Unit result = power == 1 ? *unit : unit->raised(power);
    return raised(result);
  }

  std::optional<Unit> braced() {
    const bool braces = peek().is('{');
    at_ += braces ? 1 : 0;
    std::optional<Unit> unit = braces ? inner() : factor(false);
    if (braces) {
      if (!peek().is('}')) {
        return std::nullopt;
      }
      ++at_;
    }
    return unit;
  }
  std::optional<Unit> inner() {
    std::optional<Unit> unit = factor(false);
    return unit;
  }

  Unit raised(const Unit& unit) {
    if (is_word(peek()) && (word_of(peek()) == "squared" || word_of(peek()) == "cubed")) {
      const int power = word_of(peek())[0] == 's' ? 2 : 3;
      skip_word();
      return unit.raised(power);
    }
    if (!peek().is('^')) {
      return unit;
    }
    std::size_t i = at_ + 1;
    const auto token = [&](std::size_t j) -> const Token& {
      return tokens_[std::min(j, tokens_.size() - 1)];
    };
    const bool braces = token(i).is('{');
    i += braces ? 1 : 0;
    const bool minus = token(i).is('-');
    i += minus ? 1 : 0;
    if (token(i).kind != TokenKind::number || token(i).text.size() != 1 ||
        (braces && !token(i + 1).is('}'))) {
      return unit;
    }
    const int power = token(i).text[0] - '0';
    at_ = std::min(i + (braces ? 2 : 1), tokens_.size() - 1);
    return unit.raised(minus ? -power : power);
  }

  /// "apples", "jelly beans": up to four words to the end.
  std::optional<Unit> noun() {
    constexpr std::array<std::string_view, 10> operators{
        "squared", "cubed", "times", "plus", "minus", "over", "mod", "modulo", "divided", "choose"};
    std::string name;
    int words = 0;
    while (is_word(peek()) && words < 4) {
      const std::string_view word = word_of(peek());
      if ((!peek().space && !peek().roman && !name.empty()) ||
          (word.size() < 3 && (words == 0 || !peek().space)) || word == "and" || word == "or" ||
          (words == 0 && one_of(word, operators))) {
        return std::nullopt;
      }
      if (words == 0 && !peek().space && !peek().roman && peek().kind == TokenKind::letter) {
        return std::nullopt;  // 3abc
      }
      for (const char c : word) {
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
      }
      name += ' ';
      ++words;
      skip_word();
    }
    if (words == 0 || !ends()) {
      return std::nullopt;
    }
    name.pop_back();
    if (name.size() > 3 && name.back() == 's') {
      name.pop_back();
    }
    constexpr std::array<std::string_view, 6> empty{"unit",          "square unit", "cubic unit",
                                                    "units squared", "sq unit",     "total"};
    Unit unit;
    if (std::find(empty.begin(), empty.end(), name) == empty.end()) {
      unit.powers[name] = 1;
    }
    return unit;
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace dag::detail
