// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/detail/figures.hpp>
#include <dag/text/detail/number_after.hpp>
#include <dag/text/detail/number_before.hpp>
#include <dag/text/detail/number_token.hpp>
#include <dag/text/extract.hpp>
#include <dag/text/extraction.hpp>

namespace dag::detail {

/// The first number of the text from `from` on, or the last.
[[nodiscard]] inline Extraction scan_numbers(std::string_view text, std::size_t from, bool first) {
  const NumberScanner scanner(text);
  using Before = NumberScanner::Before;
  Extraction found{ExtractOutcome::no_marker, {}};
  for (std::size_t i = from; i < text.size();) {
    const char c = text[i];
    const bool point = c == '.' && scanner.digit(i + 1) && (i == 0 || !is_digit_char(text[i - 1]));
    if (!point && !is_digit_char(c) && !(c == '\\' && scanner.fraction_macro(i) > 0)) {
      const bool word = is_alpha(c) || c == '_';
      ++i;
      while (word && i < text.size() && (is_alpha(text[i]) || is_digit_char(text[i]))) {
        ++i;  // the 4 of gpt4 is part of a name
      }
      if (c == '\\') {
        while (i < text.size() && is_alpha(text[i])) {
          ++i;
        }
      }
      continue;
    }
    const Before before = scanner.before(i, !first);
    const NumberToken token = scanner.token(i);
    if (before != Before::skip) {
      const bool piece =
          token.fragment || before == Before::fragment || token.spelled.empty() ||
          scanner.coordinate(i, token.end) ||
          (first && (scanner.list_goes_on(token.end) || scanner.measured_on(token.end) ||
                     (char_at(text, token.end) == '!' &&  // 5! is not 5
                      char_at(text, token.end + 1) != '=')));
      found = piece ? Extraction{ExtractOutcome::fragment, {}}
                    : Extraction{ExtractOutcome::found,
                                 (before == Before::minus ? "-" : "") + token.spelled};
      if (first) {
        return found;
      }
    }
    i = token.end > i ? token.end : i + 1;
  }
  return found;
}

/// Where a clause that says why or when begins after the first digit: "3 (since x = 4)", "5 where
/// n = 2"; the size of the text if there is none.
[[nodiscard]] inline std::size_t clause_after_number(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 6> words{"since", "because", "where", "when", "if", "as"};
  const std::size_t digit = text.find_first_of("0123456789");
  for (std::size_t i = digit; i < text.size(); ++i) {
    const bool begins =
        i > digit && is_alpha(text[i]) && !is_word_byte(text[i - 1]) && text[i - 1] != '\\';
    if (begins && std::any_of(words.begin(), words.end(), [&](std::string_view word) {
          return starts(text.substr(i), word) && !is_word_byte(char_at(text, i + word.size()));
        })) {
      return i;
    }
  }
  return text.size();
}

/// The first or the last number of the text. The last is looked for from lines near the end on,
/// which say the same as the whole text would: what a number is depends on its line alone.
[[nodiscard]] inline Extraction scan_number(std::string_view raw, bool first) {
  bool ascii = true;
  for (const char c : raw) {
    ascii = ascii && (static_cast<unsigned char>(c) & 0x80U) == 0;
  }
  const std::string mapped = ascii ? std::string() : plain_figures(raw);
  const std::string_view text = ascii ? raw : std::string_view(mapped);
  for (std::size_t back = 1024; !first && back < text.size(); back *= 8) {
    const std::size_t line = text.rfind('\n', text.size() - back);
    if (line == nowhere) {
      break;
    }
    Extraction found = scan_numbers(text, line + 1, false);
    if (found.outcome != ExtractOutcome::no_marker) {
      return found;
    }
  }
  return scan_numbers(text, 0, first);
}

}  // namespace dag::detail

namespace dag {

/// The last number outside of thoughts, as it is spelled, without its unit: sign, thousands
/// (1,234; 12,34,567; 1\,234; 1 234), a decimal point or comma, a fraction (3/4, \frac34, a mixed
/// 3\frac{1}{4} as "3 1/4"), a power of ten (1.2\times10^5), a percent sign; full-width digits
/// become ASCII. A number that is a piece of something else is no answer but a `fragment`: a factor
/// (6\sqrt3, 2\pi), a term (10 - 5, x+3), an argument (\sqrt{2}), a bound (x > 3), a time or ratio
/// (1:30), a date (2024-05-17), a range (10-15), a coordinate ((1,2)). Exponents of units (12
/// cm^2), indices (x_1), names (gpt4), numbers of steps and items are passed over. Linear.
[[nodiscard]] inline Extraction extract_number(std::string_view whole) {
  const detail::Spoken said = detail::spoken(whole);
  Extraction found = detail::scan_number(said.text, false);
  if (found.outcome == ExtractOutcome::no_marker) {
    found.outcome = detail::nothing_found(said);
  }
  return found;
}

/// The first number of a short text that says one thing ("12 apples", "x = 5", "5\text{ m}^2"):
/// after the last = if there is one there, before a clause that says why or when ("3 since x = 4").
/// Rules of extract_number; also a `fragment` if the text goes on with another number ("3 and 4",
/// "5 hours 30 minutes") or with a factorial's sign.
[[nodiscard]] inline Extraction only_number(std::string_view text) {
  text = text.substr(0, detail::clause_after_number(text));
  const std::size_t equals = text.rfind('=');
  if (equals != detail::nowhere) {
    const std::size_t other = text.substr(0, equals).rfind('=');
    const bool list = other != detail::nowhere &&
                      text.substr(other, equals - other).find_first_of(",;&") != detail::nowhere;
    if (list) {
      return {ExtractOutcome::fragment, {}};  // x = 1, y = 2
    }
    Extraction behind = detail::scan_number(text.substr(equals + 1), true);
    if (behind.outcome != ExtractOutcome::no_marker) {
      return behind;
    }
  }
  return detail::scan_number(text, true);
}

}  // namespace dag
