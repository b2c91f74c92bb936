// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/detail/scan.hpp>

namespace dag::detail {

/// A number that stands in a text. `text` is plain_figures.
struct NumberToken {
  std::size_t end = 0;
  std::string spelled;
  bool fragment = false;
};

/// Numbers that stand in a text: what each spells, and what its two sides make of it.
class NumberScanner {
 public:
  explicit NumberScanner(std::string_view text) : text_(text) {}

  /// The number whose first digit (or point before one, or \frac) is at `at`, without its sign.
  [[nodiscard]] NumberToken token(std::size_t at) const;

  enum class Before { nothing, minus, fragment, skip };

  /// What stands before the number at `at`: nothing that matters, its sign, a piece of an
  /// expression that it belongs to, or what makes it no number at all (x_1, 10^3, Step 2).
  [[nodiscard]] Before before(std::size_t at, bool prose) const;

  /// Whether the number from `at` to `end` is the last of a tuple or an interval: (1, 2].
  [[nodiscard]] bool coordinate(std::size_t at, std::size_t end) const;

  /// Whether the text after a first number goes on with another one of the same list.
  [[nodiscard]] bool list_goes_on(std::size_t i) const;

  /// Whether a number of a smaller unit follows: 5 hours 30 minutes, 5 ft and 6 in.
  [[nodiscard]] bool measured_on(std::size_t i) const;

  [[nodiscard]] bool digit(std::size_t i) const {
    return i < text_.size() && is_digit_char(text_[i]);
  }

  /// \frac, \dfrac, \tfrac, \cfrac at `at`: the length of the macro, or 0.
  [[nodiscard]] std::size_t fraction_macro(std::size_t at) const;

 private:
  [[nodiscard]] std::size_t digits(std::size_t i) const {
    while (digit(i)) {
      ++i;
    }
    return i;
  }

  /// Past blanks and LaTeX's small spaces.
  [[nodiscard]] std::size_t spaces(std::size_t i) const {
    while (i < text_.size()) {
      if (text_[i] == ' ' || text_[i] == '~') {
        ++i;
      } else if (text_[i] == '\\' && i + 1 < text_.size() &&
                 std::string_view(",;!: ").find(text_[i + 1]) != nowhere) {
        i += 2;
      } else {
        break;
      }
    }
    return i;
  }

  [[nodiscard]] bool exactly(std::size_t i, std::size_t count) const {
    return digits(i) == i + count;
  }

  /// The length of what separates thousands at `i` ("," "{,}" "\," "\ " "{\,}" " " "_"), or 0.
  [[nodiscard]] std::size_t separator(std::size_t i) const;

  [[nodiscard]] std::size_t decimal_comma(std::size_t i) const;

  /// Digits with thousands, written to `out` (groups by commas as they are; others closed up).
  std::size_t integer(std::size_t at, NumberToken& out) const;

  /// A number between braces or a single digit, an argument of \frac; false if it is none.
  bool argument(std::size_t& i, std::string& out) const;

  /// After the two arguments of a \frac that holds no plain numbers, as far as they are short.
  [[nodiscard]] std::size_t past_arguments(std::size_t i) const;

  /// a/b, \frac{a}{b}, and after an integer " a/b" or \frac: a mixed number.
  std::size_t fraction(std::size_t at, std::size_t i, NumberToken& out) const;

  /// The repeated digits of 0.\overline{3}, 0.1\dot{6}, 0.333...
  std::size_t repetend(std::size_t i, NumberToken& out) const;

  /// The base of 1011_2, 1011_{2}.
  std::size_t base(std::size_t i, NumberToken& out) const;

  std::size_t power_of_ten(std::size_t i, NumberToken& out) const;

  /// "5 million": the word is part of the number.
  std::size_t magnitude(std::size_t i, NumberToken& out) const;

  /// Whether [at, end) stands alone in parentheses or brackets: (1,2).
  [[nodiscard]] bool in_parentheses(std::size_t at, std::size_t end) const;

  /// Whether the digits [at, end) are the day or the year of a date in words: May 5, 2024; 17th of
  /// May; in May 2024. Months begin with a capital letter ("5 may be" names none).
  [[nodiscard]] bool in_date(std::size_t at, std::size_t end) const;
  [[nodiscard]] std::size_t back_over(std::size_t i, std::string_view blanks) const {
    while (i > 0 && blanks.find(text_[i - 1]) != nowhere) {
      --i;
    }
    return i;
  }
  [[nodiscard]] bool month_before(std::size_t end) const;
  /// A month's name, or its first three letters, from `at` to the end of the word.
  [[nodiscard]] bool month_at(std::size_t at) const;

  /// Whether what follows a number at `i` makes it a piece of something.
  [[nodiscard]] bool goes_on(std::size_t i) const;

  [[nodiscard]] static constexpr bool is_unit_letter(char c) noexcept {
    return std::string_view("mgsLlhdKWVANJCFTtH").find(c) != nowhere;
  }

  /// Whether the digits before the s at `end` name a decade: 1990s, the 90s; not 90s of time.
  [[nodiscard]] bool decade(std::size_t end) const;

  /// Whether a few words before the number at `at` join it with one before: 3 to 5, 2 out of 7,
  /// 20% of 50, between 3 and 5, 5 x 4, 2 hours and 30 minutes, the day of a date in Chinese.
  [[nodiscard]] bool joined(std::size_t at, std::size_t end) const;
  /// A digit or a percent sign at the end of text_[0, i).
  [[nodiscard]] bool operand_figure(std::size_t i) const;
  /// "2 hours", "5 ft" at the end of text_[0, end).
  [[nodiscard]] bool larger_unit(std::size_t end) const;
  [[nodiscard]] bool smaller_unit(std::size_t begin) const;

  /// Whether the letters before `i` are a macro: \quad5, \approx5.
  [[nodiscard]] bool after_macro(std::size_t i) const;

  [[nodiscard]] bool currency_sign(std::size_t i) const;

  /// Whether the text to the left of `left` can be subtracted from; `begin`: where the sign stands.
  [[nodiscard]] bool minuend(std::size_t left, std::size_t begin) const;

  /// Whether the text that ends at `i` makes what follows a piece of an expression: an operator
  /// with a left side, a function, a relation, a colon or slash after a digit.
  [[nodiscard]] bool operand(std::size_t i) const;

  [[nodiscard]] bool operand_digit(std::size_t i) const;

  /// Whether the word before `i` numbers something: Step 2, Question 5.
  [[nodiscard]] bool label(std::size_t i) const;

  /// Whether the number at `at` counts the items of a list: "2. Then" at the beginning of a line.
  [[nodiscard]] bool item(std::size_t at) const;

  std::string_view text_;
};

}  // namespace dag::detail
