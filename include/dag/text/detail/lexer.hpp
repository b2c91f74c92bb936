// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <dag/numeric/number.hpp>
#include <dag/text/detail/scan.hpp>
#include <dag/text/read_options.hpp>

namespace dag::detail {

enum class TokenKind : std::uint8_t { number, letter, word, command, symbol, atom, end };

/// A word of the answer language.
struct Token {
  TokenKind kind = TokenKind::end;
  bool space = false;     ///< white space stands before it
  bool roman = false;     ///< inside \text, \mathrm and the like
  bool boundary = false;  ///< a \text begins or ended just before it
  bool plain = false;     ///< a command's name without its backslash; ** for ^
  bool first = true;      ///< the first letter of its run
  int exponent = 0;       ///< of a number: times 10^exponent
  std::string text;       ///< digits [. digits]; a letter; a name; the symbol's characters
  std::string_view run;   ///< of a letter: the run of letters it is part of

  [[nodiscard]] bool is(char c) const noexcept {
    return kind == TokenKind::symbol && text.size() == 1 && text[0] == c;
  }
  [[nodiscard]] bool is_command(std::string_view name) const noexcept {
    return kind == TokenKind::command && text == name;
  }
};

template <std::size_t N>
[[nodiscard]] constexpr bool one_of(std::string_view name,
                                    const std::array<std::string_view, N>& names) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

inline constexpr std::array<std::string_view, 13> text_macros{
    "text", "textbf",     "textit", "textrm", "textsf", "texttt",      "mbox",
    "hbox", "textnormal", "emph",   "textsc", "mathrm", "operatorname"};
inline constexpr std::array<std::string_view, 15> font_macros{
    "mathbf", "mathit",   "mathsf", "mathtt",     "boldsymbol", "bm",         "bold",     "boxed",
    "fbox",   "framebox", "pmb",    "ensuremath", "underline",  "mathnormal", "textstyle"};
inline constexpr std::array<std::string_view, 37> ignored_macros{
    "huge",     "Huge",      "large", "Large",       "LARGE", "small",    "normalsize",   "tiny",
    "left",     "right",     "big",   "Big",         "bigg",  "Bigg",     "bigl",         "bigr",
    "Bigl",     "Bigr",      "biggl", "biggr",       "Biggl", "Biggr",    "displaystyle", "limits",
    "nolimits", "mathstrut", "rm",    "bf",          "it",    "mathopen", "mathclose",    "middle",
    "nonumber", "noindent",  "hfill", "scriptstyle", "strut"};
/// Names that are read as commands without a backslash too.
inline constexpr std::array<std::string_view, 33> plain_commands{
    "sqrt", "sin",  "cos", "tan", "cot",   "sec",  "csc",   "arcsin", "arccos",   "arctan", "sinh",
    "cosh", "tanh", "log", "ln",  "lg",    "exp",  "pi",    "inf",    "infinity", "infty",  "max",
    "min",  "gcd",  "lcm", "abs", "floor", "ceil", "binom", "asin",   "acos",     "atan",   "cbrt"};

/// Longest text, and most tokens, that are read as mathematics: what is longer is text.
inline constexpr std::size_t longest_formula = 4096;
inline constexpr std::size_t most_tokens = 2048;

/// Text to tokens. `ok()` is false where mark-up does not close or is nested too deeply.
class Lexer {
 public:
  Lexer(std::string_view text, const ReadOptions& options) : options_(options) {
    read(text, false, 0);
    Token end;
    end.space = space_;
    tokens_.push_back(std::move(end));
  }
  [[nodiscard]] bool ok() const noexcept { return ok_ && tokens_.size() <= most_tokens; }
  [[nodiscard]] std::vector<Token>& tokens() noexcept { return tokens_; }
  [[nodiscard]] AnswerRuleSet used() const noexcept { return used_; }

 private:
  [[nodiscard]] bool on(AnswerRule rule) const noexcept { return !options_.off.contains(rule); }
  [[nodiscard]] static bool is_digit(std::string_view text, std::size_t i) noexcept {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  }
  [[nodiscard]] static bool letter_at(std::string_view text, std::size_t i) noexcept {
    return i < text.size() && (is_alpha(text[i]) || static_cast<unsigned char>(text[i]) >= 0x80);
  }

  Token& add(TokenKind kind, std::string text, bool roman) {
    Token token;
    token.kind = kind;
    token.space = space_;
    token.roman = roman;
    token.boundary = boundary_;
    token.text = std::move(text);
    space_ = false;
    boundary_ = false;
    tokens_.push_back(std::move(token));
    return tokens_.back();
  }

  void read(std::string_view text, bool roman, int depth) {
    if (depth > 24) {
      ok_ = false;
      return;
    }
    for (std::size_t at = 0; at < text.size() && ok_ && tokens_.size() < most_tokens + 1;) {
      const char c = text[at];
      if (const std::size_t size = atom_size(text, at); size != 0) {
        add(TokenKind::atom, std::string(text.substr(at, size)), roman);
        at += size;
      } else if (is_blank(c) || c == '~') {
        space_ = true;
        ++at;
      } else if (is_digit(text, at) || (c == '.' && is_digit(text, at + 1))) {
        at = read_number(text, at, roman);
      } else if (letter_at(text, at)) {
        at = read_letters(text, at, roman);
      } else if (c == '\\') {
        at = read_macro(text, at, roman, depth);
      } else {
        at = read_symbol(text, at, roman);
      }
    }
  }

  /// The size of a key of this library that stands for a value: ~ and many digits, # and 24.
  [[nodiscard]] static std::size_t atom_size(std::string_view text, std::size_t at) noexcept {
    if (text[at] != '~' && text[at] != '#') {
      return 0;
    }
    std::size_t end = at + 1;
    constexpr std::string_view more = "+-.~:#";
    while (end < text.size() && (is_alpha(text[end]) || is_digit(text, end) ||
                                 more.find(text[end]) != std::string_view::npos)) {
      ++end;
    }
    return end - at >= 25 ? end - at : 0;
  }

  std::size_t read_symbol(std::string_view text, std::size_t at, bool roman) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : ' ';
    if ((c == '<' || c == '>' || c == '!') && next == '=') {
      add(TokenKind::command, c == '<' ? "le" : (c == '>' ? "ge" : "ne"), roman);
      return at + 2;
    }
    if (c == '*' && next == '*') {
      add(TokenKind::symbol, "^", roman).plain = true;
      return at + 2;
    }
    if (c == '=' && next == '=') {
      add(TokenKind::symbol, "=", roman);
      return at + 2;
    }
    if (c == '+' && text.substr(at, 3) == "+/-") {
      add(TokenKind::command, "pm", roman);
      return at + 3;
    }
    if (c == '+' && next == '-' && at + 2 < text.size() && !is_digit(text, at + 3)) {
      // +- as it is often typed; 3+-5 is a sum
      if (tokens_.empty() || tokens_.back().kind == TokenKind::symbol) {
        add(TokenKind::command, "pm", roman);
        return at + 2;
      }
    }
    if (c == '(' || c == '[' || c == '{') {
      ++brackets_;
    } else if (c == ')' || c == ']' || c == '}') {
      brackets_ -= brackets_ > 0 ? 1 : 0;
    }
    add(TokenKind::symbol, std::string(1, c), roman);
    return at + 1;
  }

  /// A run of letters: one letter each, or a name that is known, or a word of four and more.
  std::size_t read_letters(std::string_view text, std::size_t at, bool roman) {
    std::size_t end = at;
    bool foreign = false;
    while (letter_at(text, end)) {
      foreign = foreign || static_cast<unsigned char>(text[end]) >= 0x80;
      ++end;
    }
    const std::string_view run = text.substr(at, end - at);
    if (!foreign && one_of(run, plain_commands)) {
      add(TokenKind::command, std::string(run), roman).plain = true;
      return end;
    }
    if (!roman && !foreign && run.size() >= 3 && run.size() <= 5) {
      for (const std::string_view name : {"sin", "cos", "tan", "log", "ln"}) {
        if (run.size() == name.size() + 1 && run.substr(0, name.size()) == name) {
          add(TokenKind::command, std::string(name), roman).plain = true;
          add(TokenKind::letter, std::string(run.substr(name.size())), roman).run =
              run.substr(name.size());
          return end;
        }
      }
      if (run.substr(run.size() - 2) == "pi" && run.size() == 3) {
        add(TokenKind::letter, std::string(run.substr(0, 1)), roman).run = run.substr(0, 1);
        add(TokenKind::command, "pi", roman).plain = true;
        return end;
      }
    }
    if (foreign || run.size() >= 4 || (roman && run.size() > 1)) {
      add(TokenKind::word, std::string(run), roman).run = run;
      return end;
    }
    for (std::size_t i = 0; i < run.size(); ++i) {
      Token& token = add(TokenKind::letter, std::string(run.substr(i, 1)), roman);
      token.run = run;
      token.first = i == 0;
    }
    return end;
  }

  /// The length of a separator of thousands at text[at], and which one (0: none).
  [[nodiscard]] std::size_t separator(std::string_view text, std::size_t at,
                                      char& kind) const noexcept {
    const auto starts = [&](std::string_view s) { return text.substr(at, s.size()) == s; };
    struct Form {
      std::string_view spelling;
      char kind;
    };
    static constexpr std::array<Form, 14> forms{{{"{,}", 'f'},
                                                 {"{,\\!}", 'f'},
                                                 {",\\!", 'f'},
                                                 {"\\!,", 'f'},
                                                 {",\\,", 'f'},
                                                 {"\\,", 's'},
                                                 {"\\ ", 's'},
                                                 {"\\;", 's'},
                                                 {"{\\,}", 's'},
                                                 {"{ }", 's'},
                                                 {" ", 's'},
                                                 {"_", '_'},
                                                 {"'", '\''},
                                                 {"~", 's'}}};
    for (const auto& form : forms) {
      if (starts(form.spelling)) {
        kind = form.kind;
        return form.spelling.size();
      }
    }
    if (starts(",") || starts(".")) {
      kind = text[at];
      return 1;
    }
    return 0;
  }

  /// Groups of thousands after the `lead` digits at text[at]: the end of the last group, its digits
  /// appended to `digits`; `lead` again where there are none.
  std::size_t read_groups(std::string_view text, std::size_t at, std::size_t end,
                          std::string& digits, char& kind) const {
    const std::size_t lead = end - at;
    if (lead > 3 || text[at] == '0') {
      return end;
    }
    std::string more;
    std::size_t groups = 0;
    std::size_t place = end;
    bool two = false;
    bool zero = false;
    kind = 0;
    for (;;) {
      char here = 0;
      const std::size_t size = separator(text, place, here);
      if (size == 0 || (kind != 0 && here != kind)) {
        break;
      }
      std::size_t stop = place + size;
      while (is_digit(text, stop)) {
        ++stop;
      }
      const std::size_t length = stop - place - size;
      if (length == 0) {
        break;
      }
      char next_kind = 0;
      const bool indian = here == ',' && length == 2 && lead <= 2 &&
                          separator(text, stop, next_kind) != 0 && next_kind == ',';
      if (length != 3 && !indian) {
        if (here == ',' && groups > 0) {
          return end;  // 1,234,5 is a list
        }
        break;
      }
      if (letter_at(text, stop) && here == 's') {
        break;
      }
      two = two || indian;
      zero = zero || text[place + size] == '0';
      more += text.substr(place + size, length);
      kind = here;
      ++groups;
      place = stop;
    }
    if (groups == 0) {
      return end;
    }
    const DecimalMark mark = options_.decimal_mark;
    const bool comma_after = place < text.size() && text[place] == ',' && is_digit(text, place + 1);
    bool taken = true;
    if (kind == '.') {
      taken = mark == DecimalMark::comma ||
              (mark == DecimalMark::automatic && (groups > 1 || comma_after));
    } else if (kind == ',') {
      taken = mark != DecimalMark::comma && (brackets_ == 0 || zero) && !comma_after;
    } else if (kind == '_') {
      taken = true;
    }
    if (!taken || (two && more.size() % 2 == 0)) {
      return end;
    }
    digits += more;
    return place;
  }

  std::size_t read_number(std::string_view text, std::size_t at, bool roman) {
    std::size_t end = at;
    while (is_digit(text, end)) {
      ++end;
    }
    std::string digits(text.substr(at, end - at));
    if (digits == "0" && read_literal(text, end, roman)) {
      return end;
    }
    char kind = 0;
    if (!digits.empty() && on(AnswerRule::thousands)) {
      const std::size_t grouped = read_groups(text, at, end, digits, kind);
      if (grouped != end) {
        used_.insert(AnswerRule::thousands);
        end = grouped;
      } else {
        kind = 0;
      }
    }
    char point = kind == '.' || options_.decimal_mark == DecimalMark::comma ? ',' : '.';
    if (kind == 's' && options_.decimal_mark == DecimalMark::automatic && end < text.size() &&
        text[end] == ',' && is_digit(text, end + 1) && !is_digit(text, end + 3)) {
      point = ',';  // 1 234,56
    }
    if (end < text.size() && text[end] == point && is_digit(text, end + 1)) {
      digits += '.';
      for (++end; is_digit(text, end); ++end) {
        digits += text[end];
      }
    } else if (end < text.size() && text[end] == '.' &&
               (text.substr(end + 1, 9) == "\\overline" || text.substr(end + 1, 4) == "\\bar" ||
                text.substr(end + 1, 4) == "\\dot" ||
                (text.substr(end + 1, 1) == "(" && is_digit(text, end + 2)))) {
      digits += '.';
      ++end;
    }
    int exponent = 0;
    if (end < text.size() && (text[end] == 'e' || text[end] == 'E') && on(AnswerRule::scientific)) {
      std::size_t power = end + 1;
      const bool down = power < text.size() && text[power] == '-';
      power += power < text.size() && (text[power] == '-' || text[power] == '+') ? 1U : 0U;
      std::size_t stop = power;
      while (is_digit(text, stop)) {
        exponent = exponent > 9999 ? exponent : 10 * exponent + (text[stop] - '0');
        ++stop;
      }
      if (stop > power && stop - power <= 3 && !letter_at(text, stop)) {
        exponent = down ? -exponent : exponent;
        end = stop;
        used_.insert(AnswerRule::scientific);
      } else {
        exponent = 0;
      }
    }
    add(TokenKind::number, std::move(digits), roman).exponent = exponent;
    return end;
  }

  /// 0xFF, 0b101, 0o17 after the 0 at text[end - 1]: a number, and `end` behind it.
  bool read_literal(std::string_view text, std::size_t& end, bool roman) {
    const char mark = end < text.size() ? text[end] : ' ';
    const std::uint32_t base = mark == 'x' ? 16 : (mark == 'b' ? 2 : (mark == 'o' ? 8 : 0));
    if (base == 0 || !on(AnswerRule::base)) {
      return false;
    }
    BigNatural value;
    std::size_t stop = end + 1;
    for (; stop < text.size() && stop - end <= 512; ++stop) {
      const char c = text[stop];
      const std::uint32_t digit = c >= '0' && c <= '9'   ? static_cast<std::uint32_t>(c - '0')
                                  : c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a' + 10)
                                  : c >= 'A' && c <= 'F' ? static_cast<std::uint32_t>(c - 'A' + 10)
                                                         : 99U;
      if (digit >= base) {
        break;
      }
      value.multiply_add(base, digit);
    }
    if (stop == end + 1 || letter_at(text, stop) || is_digit(text, stop)) {
      return false;
    }
    used_.insert(AnswerRule::base);
    add(TokenKind::number, value.text(), roman);
    end = stop;
    return true;
  }

  /// Of an argument that is a name: LaTeX does not care for blanks there, and marks have none.
  static std::string without_blanks(std::string_view name) {
    std::string out;
    for (const char c : name) {
      if (!is_blank(c)) {
        out += c;
      }
    }
    return out;
  }

  /// The end of a macro's argument in braces at text[at] (blanks before it allowed), or npos.
  [[nodiscard]] static std::size_t argument_end(std::string_view text, std::size_t& at) noexcept {
    while (at < text.size() && text[at] == ' ') {
      ++at;
    }
    return at < text.size() && text[at] == '{' ? group_end(text, at) : std::string_view::npos;
  }

  std::size_t read_macro(std::string_view text, std::size_t at, bool roman, int depth) {
    std::size_t end = at + 1;
    while (end < text.size() && is_alpha(text[end])) {
      ++end;
    }
    if (end == at + 1) {
      return read_control(text, at, roman);
    }
    const std::string_view name = text.substr(at + 1, end - at - 1);
    constexpr std::size_t none = std::string_view::npos;
    if (one_of(name, ignored_macros)) {
      used_.insert(AnswerRule::markup);
      if ((name == "left" || name == "right") && end < text.size() && text[end] == '.') {
        ++end;
      }
      if (text.substr(end, 2) == "{}") {
        end += 2;  // \mathopen{}
      }
      return end;
    }
    if (name == "quad" || name == "qquad" || name == "space" || name == "enspace") {
      space_ = true;
      return end;
    }
    if (name == "not" && end < text.size() && text[end] == '=') {
      add(TokenKind::command, "ne", roman);
      return end + 1;
    }
    const bool is_text = one_of(name, text_macros);
    if (is_text || one_of(name, font_macros)) {
      std::size_t open = end;
      if (open < text.size() && text[open] == '*') {
        ++open;
      }
      const std::size_t close = argument_end(text, open);
      if (close == none) {
        if (is_text) {
          ok_ = false;
        }
        return end;  // \textstyle 42, \boxed 5
      }
      used_.insert(AnswerRule::markup);
      const std::string_view inside = text.substr(open + 1, close - open - 2);
      if (is_text) {
        boundary_ = true;
        read(inside, true, depth + 1);
        boundary_ = true;
      } else {
        add(TokenKind::symbol, "{", false);
        read(inside, roman, depth + 1);
        add(TokenKind::symbol, "}", false);
      }
      return close;
    }
    if (name == "color" || name == "textcolor" || name == "hspace" || name == "vspace" ||
        name == "phantom" || name == "hphantom" || name == "label" || name == "tag" ||
        name == "kern") {
      std::size_t open = end;
      const std::size_t close = argument_end(text, open);
      used_.insert(AnswerRule::markup);
      return close == none ? end : close;
    }
    if (name == "mathbb" || name == "mathcal" || name == "mathfrak" || name == "mathscr") {
      std::size_t open = end;
      const std::size_t close = argument_end(text, open);
      const std::string_view inside =
          close == none ? text.substr(open, 1) : text.substr(open + 1, close - open - 2);
      add(TokenKind::command, "mathbb " + without_blanks(inside), roman);
      return close == none ? std::min(open + 1, text.size()) : close;
    }
    if (name == "begin" || name == "end") {
      std::size_t open = end;
      const std::size_t close = argument_end(text, open);
      if (close == none) {
        ok_ = false;
        return end;
      }
      add(TokenKind::command,
          std::string(name) + " " + without_blanks(text.substr(open + 1, close - open - 2)), roman);
      return close;
    }
    add(TokenKind::command, std::string(name), roman);
    return end;
  }

  /// \, \% \{ and the like.
  std::size_t read_control(std::string_view text, std::size_t at, bool roman) {
    const char c = at + 1 < text.size() && !is_blank(text[at + 1]) ? text[at + 1] : ' ';
    switch (c) {
      case ',':
      case ';':
      case ':':
      case '>':
      case ' ':
      case '/': space_ = true; break;
      case '!':
      case '(':
      case ')':
      case '[':
      case ']':
        if (c != '!') {
          used_.insert(AnswerRule::markup);
        }
        break;
      case '{':
      case '}':
        brackets_ += c == '{' ? 1 : (brackets_ > 0 ? -1 : 0);
        add(TokenKind::symbol, c == '{' ? "\\{" : "\\}", roman);
        break;
      case '\\': add(TokenKind::symbol, "\\\\", roman); break;
      case '|': add(TokenKind::symbol, "|", roman); break;
      default: add(TokenKind::symbol, std::string(1, c), roman); break;
    }
    return std::min(at + 2, text.size());
  }

  const ReadOptions& options_;
  std::vector<Token> tokens_;
  AnswerRuleSet used_{};
  bool ok_ = true;
  bool space_ = false;
  bool boundary_ = false;
  int brackets_ = 0;
};

}  // namespace dag::detail
