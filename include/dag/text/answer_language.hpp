// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <dag/text/answer_rules.hpp>
#include <dag/text/detail/reader.hpp>
#include <dag/text/read_options.hpp>

namespace dag {

namespace detail {

/// An integer of at most 18 digits as it should be: no leading zeros, no +, no -0.
[[nodiscard]] constexpr bool is_plain_integer(std::string_view text) noexcept {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  if (text.size() <= sign || text.size() > 18 || (text[sign] == '0' && text.size() > 1)) {
    return false;
  }
  for (std::size_t i = sign; i < text.size(); ++i) {
    if (!is_digit_char(text[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace detail

/// Reads an answer. Never throws for its content; bytes that are no UTF-8 are text. Linear in the
/// answer but for numbers of at most 2,400 digits and formulas of at most 4 kB (longer ones are
/// text), nesting up to 48.
[[nodiscard]] inline ReadAnswer read_answer(std::string_view answer,
                                            const ReadOptions& options = {}) {
  ReadAnswer read;
  if (options.exact) {
    read.key = answer;
    read.form = answer.empty() ? AnswerForm::empty : AnswerForm::text;
    return read;
  }
  if (detail::is_plain_integer(answer)) {
    read.key = answer;
    read.form = AnswerForm::number;
    return read;
  }
  return detail::AnswerReader(options)(answer);
}

/// Equal keys; or one of them omits a unit, a percent sign or a left side that the other has (the
/// rules ...-omitted, which are symmetric but, by their nature, not transitive: 5 cm, 5, 5 km).
/// `options`: those that both were read with.
[[nodiscard]] inline Equality equal_answers(const ReadAnswer& a, const ReadAnswer& b,
                                            const ReadOptions& /*options*/ = {}) {
  if (a.key == b.key) {
    // The last rule of meaning that either needed, or else the last of spelling.
    Equality equal{true, "same"};
    for (const auto& info : answer_rules()) {
      if (a.rules.contains(info.rule) || b.rules.contains(info.rule)) {
        equal.rule = info.name;
      }
    }
    return equal;
  }
  for (const auto& [with, without] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!with->bare.empty() && without->bare.empty() && with->bare == without->key) {
      const bool left = with->rules.contains(AnswerRule::equation);
      const bool percent = with->rules.contains(AnswerRule::percent);
      const bool letters = with->form == AnswerForm::text;  // xy and x*y
      return {true, to_string(letters   ? AnswerRule::identity
                              : left    ? AnswerRule::left_side_omitted
                              : percent ? AnswerRule::percent_omitted
                                        : AnswerRule::unit_omitted)};
    }
  }
  const bool unread = a.form == AnswerForm::unread || b.form == AnswerForm::unread;
  return {false, unread ? "not understood" : "different"};
}

[[nodiscard]] inline Equality equal_answers(std::string_view a, std::string_view b,
                                            const ReadOptions& options = {}) {
  return a == b ? Equality{true, "same"}
                : equal_answers(read_answer(a, options), read_answer(b, options), options);
}

}  // namespace dag
