// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/choices.hpp>
#include <dag/text/detail/dates.hpp>
#include <dag/text/detail/keys.hpp>
#include <dag/text/detail/notations.hpp>
#include <dag/text/detail/parser.hpp>
#include <dag/text/detail/unicode.hpp>
#include <dag/text/detail/unread_key.hpp>
#include <dag/text/detail/words.hpp>
#include <dag/text/detail/wrappers.hpp>

namespace dag::detail {

/// Reads one answer. The order: wrappers off, long texts, labelled parts, dates, times, choices,
/// ratios, mathematics, plain text, and what is none of them: unread.
class AnswerReader {
 public:
  explicit AnswerReader(const ReadOptions& options, int depth = 0)
      : options_(options), depth_(depth) {}

  [[nodiscard]] ReadAnswer operator()(std::string_view answer) {
    ReadAnswer out = read(answer);
    // A key that would be read as something else is marked, so that every key reads as itself.
    if (depth_ == 0 && out.key != answer && out.form != AnswerForm::number && !out.key.empty() &&
        out.key[0] != '?' && options_.decimal_mark == DecimalMark::automatic &&
        AnswerReader(options_).read(out.key).key != out.key) {
      out.key = "?" + std::string(trimmed(out.key));
    }
    return out;
  }

 private:
  [[nodiscard]] ReadAnswer read(std::string_view answer) {
    ReadAnswer out;
    if (trimmed(answer).substr(0, 1) == "?") {
      return fixed(std::move(out), std::string(trimmed(answer)), AnswerForm::unread);
    }
    if (on(AnswerRule::choices)) {  // before their circles are taken off
      AnswerRuleSet wrapping = out.rules;
      if (auto numbers = circled_numbers(unwrapped(trimmed(answer), options_, wrapping))) {
        finish(out, std::move(*numbers), AnswerForm::choices, AnswerRule::choices);
        return out;
      }
    }
    std::string characters;
    if (on(AnswerRule::unicode) && !is_ascii(answer)) {
      characters = plain_characters(answer);
      out.rules.insert(AnswerRule::unicode);
      answer = characters;
    }
    std::string_view text = unwrapped(trimmed(answer), options_, out.rules);
    if (on(AnswerRule::markup)) {
      const std::string_view said = after_announcement(text);
      if (said.size() < text.size()) {
        text = unwrapped(said, options_, out.rules);
        out.rules.insert(AnswerRule::markup);
      }
    }
    if (text.empty()) {
      const auto rest = trimmed(answer);
      return rest.empty() ? out
                          : fixed(std::move(out), "?" + std::string(rest), AnswerForm::unread);
    }
    if (read_decimal(text, out)) {
      return out;
    }
    std::string lengths;
    if (notation(text, out)) {
      return out;
    }
    if (auto feet = on(AnswerRule::unit) ? feet_and_inches(text) : std::nullopt) {
      lengths = std::move(*feet);
      text = lengths;
    }
    if (auto counted = on(AnswerRule::arithmetic) ? arrangements(text) : std::nullopt) {
      lengths = std::move(*counted);
      text = lengths;
    }
    if (text.size() > longest_formula || std::find(text.begin(), text.end(), '\0') != text.end()) {
      return plain(text, std::move(out));
    }
    std::string flat;
    const bool is_flat = flat_text(text, flat);
    const std::string_view words = trimmed(flat);
    if (is_flat && special(words, out)) {
      return out;
    }
    if (labelled(is_flat ? words : text, out) || ratio(is_flat ? words : text, out) ||
        (!(is_flat && letters_only(words)) && formula(text, out))) {
      return out;
    }
    if (!is_flat) {
      return fixed(std::move(out), unread_key(text, options_), AnswerForm::unread);
    }
    // Letters side by side are a word, but xy is matched by x*y.
    const bool product =
        words.size() >= 2 && words.size() <= 3 && depth_ == 0 && on(AnswerRule::identity) &&
        std::all_of(words.begin(), words.end(), [](char c) {
          return c >= 'a' && c <= 'z' && std::string_view("eiou").find(c) == std::string_view::npos;
        });
    ReadAnswer as_formula;
    out = plain(words, std::move(out));
    if (product && formula(words, as_formula) && as_formula.form == AnswerForm::expression) {
      out.bare = std::move(as_formula.key);
    }
    return out;
  }

  [[nodiscard]] bool on(AnswerRule rule) const noexcept { return !options_.off.contains(rule); }

  [[nodiscard]] static ReadAnswer fixed(ReadAnswer out, std::string key, AnswerForm form) {
    out.key = std::move(key);
    out.form = form;
    return out;
  }
  bool finish(ReadAnswer& out, std::string key, AnswerForm form, AnswerRule rule) const {
    out.key = std::move(key);
    out.form = form;
    out.rules.insert(rule);
    return true;
  }

  // ---- numbers of any length ----

  /// [+-] digits [. digits], at any length, or an integer with its commas is left to the formula.
  bool read_decimal(std::string_view text, ReadAnswer& out) const {
    if (!on(AnswerRule::number)) {
      return false;
    }
    std::string_view rest = text;
    const bool negative = rest.front() == '-';
    rest.remove_prefix(negative || rest.front() == '+' ? 1 : 0);
    const std::size_t point = std::min(rest.find('.'), rest.size());
    const std::string_view whole = rest.substr(0, point);
    const std::string_view part = rest.substr(std::min(point + 1, rest.size()));
    if ((whole.empty() && part.empty()) ||
        !std::all_of(whole.begin(), whole.end(), is_digit_char) ||
        !std::all_of(part.begin(), part.end(), is_digit_char) ||
        (options_.decimal_mark == DecimalMark::comma && point < rest.size())) {
      return false;
    }
    write_decimal(negative, whole, part, out.key);
    out.form = AnswerForm::number;
    out.rules.insert(AnswerRule::number);
    return true;
  }
  static void write_decimal(bool negative, std::string_view whole, std::string_view part,
                            std::string& key) {
    while (!whole.empty() && whole.front() == '0') {
      whole.remove_prefix(1);
    }
    while (!part.empty() && part.back() == '0') {
      part.remove_suffix(1);
    }
    key.clear();
    if (negative && !(whole.empty() && part.empty())) {
      key += '-';
    }
    key += whole.empty() ? std::string_view("0") : whole;
    if (!part.empty()) {
      key += '.';
      key += part;
    }
  }

  // ---- chemistry, numerals ----

  bool notation(std::string_view text, ReadAnswer& out) const {
    if (on(AnswerRule::markup)) {
      if (auto formula = chemical_formula(text)) {
        return finish(out, std::move(*formula), AnswerForm::text, AnswerRule::markup);
      }
    }
    if (on(AnswerRule::base)) {
      if (auto number = number_in_base(text)) {
        return finish(out, std::move(*number), AnswerForm::number, AnswerRule::base);
      }
    }
    if (on(AnswerRule::equation)) {
      if (auto remainder = congruence(text)) {
        return finish(out, std::move(*remainder), AnswerForm::equation, AnswerRule::equation);
      }
    }
    if (on(AnswerRule::number_word)) {
      if (const auto number = number_in_chinese(text)) {
        return finish(out, std::to_string(*number), AnswerForm::number, AnswerRule::number_word);
      }
    }
    return false;
  }

  // ---- choices, dates, times, words ----

  /// Words and no formula: letters, blanks and the signs of prose; not "n!" or "a, b".
  [[nodiscard]] static bool letters_only(std::string_view words) {
    if (words == "pi" || words == "inf" || words == "infinity" || words == "infty") {
      return false;
    }
    if (words.find_first_of(",-") != std::string_view::npos) {
      const auto list = words_of(words, " ,-");
      if (std::all_of(list.begin(), list.end(),
                      [](const auto& word) { return word.size() == 1; })) {
        return false;
      }
    }
    return std::all_of(words.begin(), words.end(),
                       [](char c) {
                         return is_alpha(c) || static_cast<unsigned char>(c) >= 0x80 ||
                                std::string_view(" '\".,!?-;:&").find(c) != std::string_view::npos;
                       }) &&
           words.size() > 1 && !(words.size() == 2 && words[1] == '!');  // n!
  }

  bool special(std::string_view words, ReadAnswer& out) {
    if (words.empty()) {
      return false;
    }
    if (on(AnswerRule::synonym)) {
      const std::string_view same = synonym(lower_ascii(words));
      if (!same.empty()) {
        const AnswerForm form = same[0] == '('                    ? AnswerForm::interval
                                : same[0] == '{'                  ? AnswerForm::set
                                : same == "inf" || same == "-inf" ? AnswerForm::constant
                                                                  : AnswerForm::text;
        return finish(out, std::string(same), form, AnswerRule::synonym);
      }
    }
    if (on(AnswerRule::choice) && choice(words, out)) {
      return true;
    }
    if (on(AnswerRule::date)) {
      if (auto date = date_of(words, options_.day_first)) {
        return finish(out, std::move(*date), AnswerForm::date, AnswerRule::date);
      }
      if (words.size() >= 6 && words.substr(0, 2) == "--" &&
          figures(words.substr(2, 2), 2, 2) > 0) {
        return finish(out, std::string(words), AnswerForm::date, AnswerRule::date);  // --07-01
      }
      if (words.size() == 7 && words[4] == '-' && figures(words.substr(0, 4), 4, 4) > 0 &&
          words[5] == '0') {
        return finish(out, std::string(words), AnswerForm::date, AnswerRule::date);  // 1972-07
      }
    }
    if (on(AnswerRule::time)) {
      const std::string low = lower_ascii(words.substr(0, 16));
      if (low == "noon" || low == "midnight") {
        return finish(out, low == "noon" ? "12:00" : "12:00 am", AnswerForm::time,
                      AnswerRule::time);
      }
      std::string_view clock = words;
      std::string hour;
      if (const std::size_t o = low.find(" o'clock");
          o != std::string::npos && o + 8 == low.size()) {
        hour = std::string(words.substr(0, o)) + ":00";
        clock = hour;
      }
      if (auto time = time_of(clock)) {
        return finish(out, std::move(*time), AnswerForm::time, AnswerRule::time);
      }
    }
    if (on(AnswerRule::number_word) && letters_only(words)) {
      std::string_view rest = words;
      bool negative = false;
      for (const std::string_view sign : {"minus ", "negative "}) {
        if (lower_ascii(words.substr(0, sign.size())) == sign) {
          negative = true;
          rest = trimmed(words.substr(sign.size()));
        }
      }
      if (const auto number = number_in_words(rest)) {
        return finish(out, Exact(negative ? -*number : *number).text(), AnswerForm::number,
                      AnswerRule::number_word);
      }
      if (auto number = fraction_in_words(rest)) {
        return finish(out, (negative ? "-" : "") + *number, AnswerForm::number,
                      AnswerRule::number_word);
      }
    }
    return false;
  }

  bool choice(std::string_view words, ReadAnswer& out) const {
    if (auto numerals = on(AnswerRule::choices) ? roman_statements(words) : std::nullopt) {
      return finish(out, std::move(*numerals), AnswerForm::choices, AnswerRule::choices);
    }
    const std::string letters = choice_letters(words, on(AnswerRule::choices));
    if (letters.empty()) {
      return false;
    }
    std::string key;
    for (const char c : letters) {
      key += key.empty() ? "" : ", ";
      key += c;
    }
    return letters.size() == 1
               ? finish(out, std::move(key), AnswerForm::choice, AnswerRule::choice)
               : finish(out, std::move(key), AnswerForm::choices, AnswerRule::choices);
  }

  /// (a) 3 (b) 4
  bool labelled(std::string_view words, ReadAnswer& out) {
    if (!on(AnswerRule::parts) || depth_ > 2) {
      return false;
    }
    std::vector<LabelledPart> parts = labelled_parts(words);
    if (parts.empty()) {
      // One part alone: (b) 4
      if (words.size() > 4 && words[0] == '(' && words[1] >= 'a' && words[1] <= 'h' &&
          words[2] == ')' && is_blank(words[3])) {
        parts.push_back({std::string(1, words[1]), trimmed(words.substr(3))});
      } else {
        return false;
      }
    }
    std::string key;
    for (const LabelledPart& part : parts) {
      const ReadAnswer inner = AnswerReader(options_, depth_ + 1)(part.text);
      out.rules.insert(inner.rules);
      key += (key.empty() ? "(" : " (") + part.label + ") " + inner.key;
    }
    return finish(out, std::move(key), AnswerForm::parts, AnswerRule::parts);
  }

  /// 3:4, 1:2:3
  bool ratio(std::string_view text, ReadAnswer& out) {
    if (!on(AnswerRule::ratio) || text.find(':') == std::string_view::npos || depth_ > 2) {
      return false;
    }
    std::vector<Exact> terms;
    for (std::string_view rest = text;;) {
      const std::size_t colon = rest.find(':');
      const auto part = trimmed(rest.substr(0, colon));
      const ReadAnswer term = part.empty() || part.size() > 60
                                  ? ReadAnswer{}
                                  : AnswerReader(options_, depth_ + 1)(part);
      std::string_view key = term.key;
      const std::size_t slash = std::min(key.find('/'), key.size());
      if (term.form != AnswerForm::number || key[0] == '-' || terms.size() > 4 ||
          key.find('i') != std::string_view::npos) {
        return false;
      }
      Exact value = Exact::decimal(key.substr(0, slash));
      if (slash < key.size()) {
        value = value / Exact::decimal(key.substr(slash + 1));
      }
      if (value.is_zero()) {
        return false;
      }
      terms.push_back(std::move(value));
      if (colon == std::string_view::npos) {
        break;
      }
      rest.remove_prefix(colon + 1);
    }
    // To coprime integers.
    BigNatural below(1);
    for (const Exact& term : terms) {
      const Exact scaled(false, below, term.below());
      below = below * scaled.below();
    }
    BigNatural common;
    for (const Exact& term : terms) {
      common = gcd((term * Exact(false, below, BigNatural(1))).above(), common);
    }
    std::string key;
    for (const Exact& term : terms) {
      const Exact part = term * Exact(false, below, common);
      key += (key.empty() ? "" : ":") + part.text();
    }
    return finish(out, std::move(key), AnswerForm::ratio, AnswerRule::ratio);
  }

  // ---- mathematics ----

  bool formula(std::string_view text, ReadAnswer& out) {
    if (!on(AnswerRule::number)) {
      return false;
    }
    Lexer lexer(text, options_);
    if (!lexer.ok()) {
      return false;
    }
    Parser parser(lexer.tokens(), options_);
    if (!parser.parse()) {
      return false;
    }
    KeyWriter writer(parser.tree(), options_);
    auto part = writer(parser.tree().root);
    if (!part || part->key.empty()) {
      return false;
    }
    if (part->key[0] == '{' && part->key.size() > 2 &&
        letters_only(std::string_view(part->key).substr(1, part->key.size() - 2))) {
      return false;  // a set of names is read as a list of words
    }
    AnswerRuleSet used = lexer.used();
    used.insert(parser.used());
    used.insert(writer.used());
    out.rules.insert(used);
    out.form = part->form;
    out.key = std::move(part->key);
    out.bare = std::move(part->bare);
    return true;
  }

  // ---- text ----

  [[nodiscard]] ReadAnswer plain(std::string_view words, ReadAnswer out) {
    // Yes! is Yes, but n!! is no n.
    const std::size_t end = words.find_last_not_of("!?.");
    const bool said = end != std::string_view::npos && end > 0 && is_word_byte(words[end]) &&
                      (is_word_byte(words[end - 1]) || words[end - 1] == ' ');
    const bool goes_on = words.size() > 3 && words.substr(words.size() - 3) == "..." &&
                         is_digit_char(words[words.size() - 4]);  // 3.14...
    if (on(AnswerRule::punctuation) && !goes_on &&
        (said || words.find('!') == std::string_view::npos)) {
      while (words.size() > 1 &&
             (words.back() == '!' || words.back() == '?' || words.back() == '.')) {
        words.remove_suffix(1);
        out.rules.insert(AnswerRule::punctuation);
      }
    }
    const LetterCase how = on(AnswerRule::letter_case) ? options_.letter_case : LetterCase::keep;
    std::string key = fold_case(words, how);
    if (key != words) {
      out.rules.insert(AnswerRule::letter_case);
    }
    return fixed(std::move(out), std::move(key), AnswerForm::text);
  }

  const ReadOptions& options_;
  int depth_;  ///< of parts inside parts, and of texts that are read again
};

}  // namespace dag::detail
