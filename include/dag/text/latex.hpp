// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dag {

namespace detail {

/// The position after the group that opens at text[at] == '{' (escaped braces do not count), or
/// npos where it does not close.
[[nodiscard]] constexpr std::size_t close_brace(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '{') {
      ++depth;
    } else if (text[at] == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// One argument of a macro, consumed: {group}, \macro or a single character; blanks before it too.
[[nodiscard]] constexpr std::string_view take_argument(std::string_view& text) noexcept {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return {};
  }
  std::size_t length = 1;
  std::size_t inset = 0;
  if (text.front() == '{') {
    const std::size_t end = close_brace(text, 0);
    if (end == std::string_view::npos) {
      return {};
    }
    length = end;
    inset = 1;
  } else if (text.front() == '\\') {
    while (length < text.size() && is_letter(text[length])) {
      ++length;
    }
  }
  const auto argument = text.substr(inset, length - 2 * inset);
  text.remove_prefix(length);
  return argument;
}

inline void plain_latex(std::string_view text, std::string& out, int depth);

/// a or (a): what is more than one number or name is put into parentheses.
inline void append_operand(std::string_view text, std::string& out, int depth) {
  std::string plain;
  plain_latex(text, plain, depth);
  const bool simple = plain.find_first_of("+-*/ ^") == std::string::npos ||
                      (plain.size() > 1 && plain.find_first_of("+-*/ ^", 1) == std::string::npos);
  out += simple ? plain : '(' + plain + ')';
}

/// The macro at the front of `text` (after its backslash), consumed.
inline void plain_macro(std::string_view& text, std::string& out, int depth) {
  std::size_t length = 0;
  while (length < text.size() && is_letter(text[length])) {
    ++length;
  }
  if (length == 0) {  // \$ \% \{ \} \, \! \; \( \) and the like
    const char c = text.empty() ? ' ' : text.front();
    text.remove_prefix(text.empty() ? 0 : 1);
    constexpr std::string_view dropped = ",!;:> ()[]";
    if (dropped.find(c) == std::string_view::npos) {
      out += c;
    } else if (c == ' ' || c == ';' || c == ':') {
      out += ' ';
    }
    return;
  }
  const auto name = text.substr(0, length);
  text.remove_prefix(length);
  const auto is = [&](auto... names) { return ((name == names) || ...); };
  if (is("frac", "dfrac", "tfrac", "cfrac")) {
    if (!out.empty() && out.back() >= '0' && out.back() <= '9') {
      out += ' ';  // 3\frac{1}{2} is no 31/2
    }
    append_operand(take_argument(text), out, depth);
    out += '/';
    append_operand(take_argument(text), out, depth);
  } else if (is("text", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit", "mathsf",
                "mbox", "boxed", "operatorname")) {
    plain_latex(take_argument(text), out, depth);
  } else if (is("sqrt")) {
    out += "sqrt";
    out += '(';
    plain_latex(take_argument(text), out, depth);
    out += ')';
  } else if (is("left", "right", "big", "Big", "bigl", "bigr", "displaystyle", "limits", "degree",
                "circ")) {
    // says nothing about the value; \left. and \right. end in a dot of their own
    if (is("left", "right") && !text.empty() && text.front() == '.') {
      text.remove_prefix(1);
    }
  } else if (is("quad", "qquad")) {
    out += ' ';
  } else if (is("cdot", "times")) {
    out += '*';
  } else if (is("div")) {
    out += '/';
  } else if (is("pi")) {
    out += "pi";
  } else if (is("infty")) {
    out += "infinity";
  } else if (is("le", "leq")) {
    out += "<=";
  } else if (is("ge", "geq")) {
    out += ">=";
  } else if (is("neq", "ne")) {
    out += "!=";
  } else if (is("pm")) {
    out += "+-";
  } else {
    out += '\\';
    out += name;
  }
}

inline void plain_latex(std::string_view text, std::string& out, int depth) {
  if (depth > 32) {  // a nesting no answer has; keep it as it is
    out += text;
    return;
  }
  while (!text.empty()) {
    const char c = text.front();
    if (c == '\\') {
      text.remove_prefix(1);
      plain_macro(text, out, depth + 1);
    } else if (c == '{') {
      const std::size_t before = text.size();
      const auto group = take_argument(text);
      if (text.size() == before) {  // it does not close
        out += c;
        text.remove_prefix(1);
      } else if (group == ",") {  // 1{,}000
        out += ',';
      } else {
        plain_latex(group, out, depth + 1);
      }
    } else if (c == '^') {  // ^\circ and ^{\circ} are a unit
      text.remove_prefix(1);
      auto rest = text;
      const auto exponent = take_argument(rest);
      if (exponent == "\\circ" || exponent == " \\circ") {
        text = rest;
      } else {
        out += '^';
      }
    } else {
      if (c != '$' && c != '~') {
        out += c;
      } else if (c == '~') {
        out += ' ';
      }
      text.remove_prefix(1);
    }
  }
}

}  // namespace detail

/// The mark-up of a short LaTeX answer taken away, so that canonical_answer sees the value:
/// \frac{a}{b} and its kin (\dfrac12 too) become a/b, \text{..} its text, \left and \right,
/// spacing, math dollars and degree signs vanish, 1{,}000 becomes 1,000, \cdot and \times *, \% %,
/// \$ $. What it does not know it keeps. It simplifies nothing and solves nothing: 2/4 stays 2/4
/// (which canonical_answer knows to be 1/2), x=5 stays x=5. Text without a backslash, brace, caret,
/// tilde or dollar is unchanged. Linear in the text, nesting up to 32.
[[nodiscard]] inline std::string plain_latex(std::string_view text) {
  std::string out;
  if (text.find_first_of("\\{}^~$") == std::string_view::npos) {
    out = text;
  } else {
    detail::plain_latex(text, out, 0);
  }
  return out;
}

}  // namespace dag
