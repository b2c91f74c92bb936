// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/scan.hpp>
#include <dag/text/detail/sentence.hpp>
#include <dag/text/extraction.hpp>

namespace dag {

namespace detail {

/// The outcome of a text in which a way found nothing.
[[nodiscard]] constexpr ExtractOutcome nothing_found(const Spoken& said) noexcept {
  return said.unfinished    ? ExtractOutcome::unfinished
         : blank(said.text) ? ExtractOutcome::no_text
                            : ExtractOutcome::no_marker;
}

/// A macro that frames its argument, at text[at]: its length, or 0. Also as Python and JSON write
/// "\boxed" by mistake, with a backspace or a form feed in place of its first two characters.
[[nodiscard]] constexpr std::size_t box_macro(std::string_view text, std::size_t at) noexcept {
  constexpr std::array<std::string_view, 5> macros{"\\boxed", "\\fbox", "\\framebox", "\x08oxed",
                                                   "\x0C"
                                                   "box"};
  const char next = char_at(text, at + 1);
  if (next != 'b' && next != 'f' && next != 'o') {
    return 0;
  }
  for (const std::string_view macro : macros) {
    if (text.substr(at, macro.size()) == macro && !is_alpha(char_at(text, at + macro.size()))) {
      return macro.size();
    }
  }
  return 0;
}

/// The next backslash at or after `from`, or what a bad escape left of one.
[[nodiscard]] constexpr std::size_t next_macro(std::string_view text, std::size_t from) noexcept {
  std::size_t place = text.find('\\', from);
  for (const char c : {'\x08', '\x0C'}) {
    const std::size_t before = text.substr(0, place).find(c, from);
    place = before == nowhere ? place : before;
  }
  return place;
}

/// The last macro at or before `from` that frames its argument: its place, or nowhere.
[[nodiscard]] constexpr std::size_t last_box(std::string_view text, std::size_t from) noexcept {
  for (std::size_t i = text.find_last_of("\\\x08\x0C", from); i != nowhere;
       i = i == 0 ? nowhere : text.find_last_of("\\\x08\x0C", i - 1)) {
    if (box_macro(text, i) > 0) {
      return i;
    }
  }
  return nowhere;
}

/// Control characters that an unescaped \f, \b, \t or \r left of LaTeX macros (\frac, \beta,
/// \text, \right), put right.
[[nodiscard]] inline std::string mended_macros(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto before = [&](std::string_view rest) {
      return text.substr(i + 1, rest.size()) == rest;
    };
    const char c = text[i];
    if (c == '\x0C' && is_alpha(char_at(text, i + 1))) {
      out += "\\f";
    } else if (c == '\x08' && is_alpha(char_at(text, i + 1))) {
      out += "\\b";
    } else if (c == '\t' && (before("ext") || before("imes") || before("frac") || before("heta"))) {
      out += "\\t";
    } else if (c == '\r' && before("ight")) {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out;
}

/// The content of the box whose macro stands at text[at].
[[nodiscard]] inline Extraction box_content(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at + box_macro(text, at));
  while (!rest.empty() && is_blank(rest.front())) {
    rest.remove_prefix(1);
  }
  while (!rest.empty() && rest.front() == '[') {  // \framebox[width][position]{..}
    const std::size_t close = rest.find(']');
    rest.remove_prefix(close == nowhere ? rest.size() : close + 1);
  }
  if (rest.empty()) {
    return {ExtractOutcome::unclosed, {}};
  }
  std::string_view content = rest.substr(0, rest.find_first_of(" \t\r\n$"));
  if (rest.front() == '{') {
    const std::size_t end = group_end(rest, 0);
    if (end == nowhere) {
      return {ExtractOutcome::unclosed, {}};
    }
    content = rest.substr(1, end - 2);
  }
  return content.find_first_of("\x08\x0C\t\r") == nowhere ? finished(content)
                                                          : finished(mended_macros(content));
}

/// The name that a box at text[at] is the value of: the x of "x = \boxed{3}"; empty if none.
/// Letters of which no other stands before, with a figure below them or not.
[[nodiscard]] constexpr std::string_view name_before(std::string_view text,
                                                     std::size_t at) noexcept {
  const auto blanks = [&](std::size_t end) {
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '$')) {
      --end;
    }
    return end;
  };
  std::size_t end = blanks(at);
  if (end == 0 || text[end - 1] != '=') {
    return {};
  }
  end = blanks(end - 1);
  std::size_t begin = end;
  if (begin > 2 && is_digit_char(text[begin - 1]) && text[begin - 2] == '_') {
    begin -= 2;
  }
  if (begin == 0 || !is_alpha(text[begin - 1])) {
    return {};
  }
  --begin;
  const char before = begin == 0 ? ' ' : text[begin - 1];
  return before == ' ' || before == '$' || before == ',' || before == '\n'
             ? text.substr(begin, end - begin)
             : std::string_view{};
}

/// Where the box begins that ends just before text[at], with nothing between but what joins the
/// answers of one list (a comma, "and", dollars, space); nowhere if there is none.
[[nodiscard]] constexpr std::size_t joined_box(std::string_view text, std::size_t at) noexcept {
  constexpr std::array<std::string_view, 12> joins{
      "\\text{ and }", "\\text{and}", "\\text{ or }", "\\quad", "and", "or",
      "\\(",           "\\)",         "\\,",          "\\;",    "\\ ", "\\qquad"};
  std::size_t end = at;
  for (bool more = true; more && end > 0;) {
    more = false;
    const char c = text[end - 1];
    if (c == ' ' || c == '$' || c == ',' || c == ';' || c == '&') {
      --end;
      more = true;
      continue;
    }
    for (const std::string_view join : joins) {
      if (ends(text.substr(0, end), join)) {
        end -= join.size();
        more = true;
        break;
      }
    }
  }
  if (end == 0 || end == at || text[end - 1] != '}') {
    return nowhere;
  }
  const std::size_t open = group_begin(text, end - 1);
  const std::size_t box = open == nowhere || open == 0 ? nowhere : last_box(text, open - 1);
  return box != nowhere && box + box_macro(text, box) == open ? box : nowhere;
}

}  // namespace detail

/// The content of the last box outside of thoughts: \boxed{...}, \fbox, \framebox; nested and
/// escaped braces counted; "\boxed 5" without braces. Boxes that stand side by side (\boxed{3} and
/// \boxed{4}) are one answer, "3, 4". Earlier boxes are not looked at: a last box that does not
/// close is `unclosed`. With names before them (x = \boxed{3} or x = \boxed{4}) the names stay. A
/// box that follows a recited "Question:" is not the answer to this one. Linear.
[[nodiscard]] inline Extraction extract_boxed(std::string_view whole) {
  const detail::Spoken said = detail::spoken(whole);
  std::string_view text = said.text;
  std::size_t first = detail::next_macro(text, 0);
  while (first != detail::nowhere && detail::box_macro(text, first) == 0) {
    first = detail::next_macro(text, first + 1);
  }
  if (first == detail::nowhere) {
    return {detail::nothing_found(said), {}};
  }
  text = text.substr(0, detail::recital_begin(text, first));
  std::size_t box = detail::last_box(text, detail::nowhere);
  Extraction found = detail::box_content(text, box);
  std::string_view name = detail::name_before(text, box);
  const bool named = !name.empty();
  std::string list = named ? std::string(name) + " = " + found.answer : found.answer;
  bool joined = false;
  while (found.found()) {
    // Before "$x = \boxed{3}$" what joins ends at its name.
    const std::size_t from = named ? static_cast<std::size_t>(name.data() - text.data()) : box;
    box = detail::joined_box(text, from);
    name = box == detail::nowhere ? std::string_view{} : detail::name_before(text, box);
    if (box == detail::nowhere || named == name.empty()) {
      break;
    }
    const Extraction one = detail::box_content(text, box);
    if (one.found() && one.answer != found.answer) {
      const std::string answer = named ? std::string(name) + " = " + one.answer : one.answer;
      list.insert(0, answer + ", ");
      joined = true;
    }
  }
  if (joined) {
    found.answer = std::move(list);
  }
  return found;
}

/// What follows the last "####" on its line (GSM8K's mark), outside of thoughts. "#### Conclusion"
/// before more text is a heading.
[[nodiscard]] inline Extraction extract_hash(std::string_view whole) {
  const detail::Spoken said = detail::spoken(whole);
  std::string_view text = said.text;
  const std::size_t first = text.find("####");
  if (first == detail::nowhere) {
    return {detail::nothing_found(said), {}};
  }
  text = text.substr(0, detail::recital_begin(text, first));
  for (std::size_t at = text.rfind("####"); at != detail::nowhere;) {
    const std::size_t line = std::min(text.find('\n', at), text.size());
    const std::string_view content = detail::trimmed(text.substr(at + 4, line - at - 4));
    const bool heading = !detail::blank(text.substr(line)) && content.size() > 2 &&
                         detail::is_alpha(content[0]) && detail::is_word_byte(content[1]);
    if (!heading) {
      return detail::finished(content);
    }
    while (at > 0 && text[at - 1] == '#') {
      --at;
    }
    at = at == 0 ? detail::nowhere : text.rfind("####", at - 1);
  }
  return {ExtractOutcome::no_marker, {}};
}

/// The content of the last <name>...</name>, over lines, outside of thoughts (unless the name is
/// that of a thought); a box inside it is the answer. `unclosed` where the last one has no end.
[[nodiscard]] inline Extraction extract_tag(std::string_view whole, std::string_view name) {
  const bool thought = !detail::spoken("<" + std::string(name) + ">").text.empty() ? false : true;
  const detail::Spoken said = thought ? detail::Spoken{whole, false} : detail::spoken(whole);
  const std::string_view text = said.text;
  std::size_t open = detail::nowhere;
  std::size_t begin = 0;
  std::size_t close = detail::nowhere;
  for (std::size_t i = text.find('<'); i != detail::nowhere; i = text.find('<', i + 1)) {
    const std::size_t slash = detail::char_at(text, i + 1) == '/' ? 1 : 0;
    const std::size_t end = i + 1 + slash + name.size();
    if (text.substr(i + 1 + slash, name.size()) != name) {
      continue;
    }
    const char after = detail::char_at(text, end);
    if (slash == 1 && after == '>') {
      close = open != detail::nowhere && close == detail::nowhere ? i : close;
    } else if (slash == 0 && (after == '>' || after == ' ')) {
      const std::size_t bracket = after == '>' ? end : text.find_first_of("<>\n", end);
      if (bracket != detail::nowhere && text[bracket] == '>') {
        open = i;
        begin = bracket + 1;
        close = detail::nowhere;
      }
    }
  }
  if (open == detail::nowhere) {
    return {detail::nothing_found(said), {}};
  }
  if (close == detail::nowhere) {
    return {ExtractOutcome::unclosed, {}};
  }
  const std::string_view content = text.substr(begin, close - begin);
  return detail::last_box(content, detail::nowhere) != detail::nowhere ? extract_boxed(content)
                                                                       : detail::finished(content);
}

}  // namespace dag
