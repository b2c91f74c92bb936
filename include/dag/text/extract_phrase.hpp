// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dag/text/detail/phrase_words.hpp>
#include <dag/text/detail/scan.hpp>
#include <dag/text/detail/sentence.hpp>
#include <dag/text/extract.hpp>

namespace dag {

namespace detail {

/// By first byte: which nouns may begin there (up to the next of -1).
struct NounIndex {
  std::array<std::int16_t, 256> head{};
  std::array<std::int16_t, nouns.size()> next{};
};
[[nodiscard]] constexpr NounIndex make_noun_index() noexcept {
  NounIndex index;
  index.head.fill(-1);
  for (std::size_t k = nouns.size(); k > 0; --k) {
    const auto at = k - 1;
    const char c = nouns[at].word[0];
    index.next[at] = index.head[static_cast<unsigned char>(c)];
    index.head[static_cast<unsigned char>(c)] = static_cast<std::int16_t>(at);
  }
  for (char c = 'a'; c <= 'z'; ++c) {
    index.head[static_cast<unsigned char>(c - 32)] = index.head[static_cast<unsigned char>(c)];
  }
  index.head['R'] = index.head['r'];
  return index;
}
inline constexpr NounIndex noun_index = make_noun_index();

/// The noun that stands at text[at], or nowhere.
[[nodiscard]] constexpr std::size_t noun_at(std::string_view text, std::size_t at) noexcept {
  for (std::int16_t k = noun_index.head[static_cast<unsigned char>(text[at])]; k >= 0;
       k = noun_index.next[static_cast<std::size_t>(k)]) {
    const auto at_noun = static_cast<std::size_t>(k);
    if (spells(text, at, nouns[at_noun].word)) {
      return at_noun;
    }
  }
  return nowhere;
}

/// The longest of `words` that text at `at` begins with and that ends there as a word (a word of
/// ASCII letters is not the beginning of another): its length, or 0.
template <std::size_t Count>
[[nodiscard]] constexpr std::size_t word_at(std::string_view text, std::size_t at,
                                            const std::array<std::string_view, Count>& words) {
  std::size_t best = 0;
  for (const std::string_view word : words) {
    const std::size_t end = at + word.size();
    const bool latin =
        is_alpha(word.back()) ||
        (static_cast<unsigned char>(word[word.size() - 2 < word.size() ? word.size() - 2 : 0]) &
         0xE0U) == 0xC0U;
    if (word.size() > best && spells(text, at, word) &&
        !(latin && end < text.size() &&
          (is_alpha(text[end]) || text[end] == '\'' ||
           (static_cast<unsigned char>(text[end]) >= 0xC3 &&
            static_cast<unsigned char>(text[end]) <= 0xD4)))) {
      best = word.size();
    }
  }
  return best;
}

/// Past blanks, emphasis and (before a verb) quotes.
[[nodiscard]] constexpr std::size_t skip_markup(std::string_view text, std::size_t i,
                                                bool quotes = true) noexcept {
  while (i < text.size()) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '*' || c == '_' || c == '#' || (quotes && c == '"')) {
      ++i;
    } else if (text.substr(i, 2) == "\xC2\xA0") {
      i += 2;
    } else if (text.substr(i, 3) == "\xE2\x80\xAF" || text.substr(i, 3) == "\xE3\x80\x80") {
      i += 3;
    } else {
      break;
    }
  }
  return i;
}

/// Whether only mark-up and a few words stand between the line's beginning and text[at], so that
/// what ends there may be a heading: "### Final Answer".
[[nodiscard]] constexpr bool heading_before(std::string_view text, std::size_t at) noexcept {
  std::size_t begin = at;
  while (begin > 0 && at - begin < 24 && text[begin - 1] != '\n') {
    --begin;
  }
  if (begin > 0 && text[begin - 1] != '\n') {
    return false;
  }
  for (std::size_t i = begin; i < at; ++i) {
    const char c = text[i];
    if (c == '.' || c == ',' || c == '?' || is_digit_char(c)) {
      return false;
    }
  }
  return true;
}

/// Where the answer begins that the noun ending at text[i] announces, or nowhere.
[[nodiscard]] constexpr std::size_t announced(std::string_view text, std::size_t noun,
                                              std::size_t i) noexcept {
  const std::size_t limit = i + 100;
  i = skip_markup(text, i);
  if (char_at(text, i) == '(') {  // a remark: the answer (arabic numerals) is
    const std::size_t close = text.substr(0, i + 61).find(')', i);
    if (close == nowhere) {
      return nowhere;
    }
    i = skip_markup(text, close + 1);
  }
  if ((char_at(text, i) == '\n' || char_at(text, i) == '\r') && heading_before(text, noun)) {
    return i;
  }
  for (bool clause = false;; i = skip_markup(text, i)) {
    if (i >= text.size() || i > limit) {
      return nowhere;
    }
    if (const std::size_t verb = word_at(text, i, verbs); verb > 0) {
      const std::size_t end = i + verb;
      const bool to_clause = text.substr(i, verb) == "to" && char_at(text, end) == ' ';
      if (!to_clause) {
        i = end;
        break;
      }
    }
    if (text.substr(i, 2) == "- " && heading_before(text, noun)) {
      ++i;
      break;
    }
    if (text.substr(i, 2) == "->" || text.substr(i, 2) == "=>") {
      i += 2;
      break;
    }
    const std::size_t known = word_at(text, i, words_between);
    if (known == 0 && !clause) {
      return nowhere;
    }
    const std::size_t begin = i;
    if (known > 0) {
      clause = clause || known <= 3;  // a preposition: words of its own follow
      i += known;
    } else {
      while (i < text.size() && (is_word_byte(text[i]) || is_digit_char(text[i]) ||
                                 text[i] == '-' || text[i] == '\'')) {
        ++i;
      }
    }
    if (i == begin) {
      return nowhere;
    }
  }
  for (bool more = true; more;) {
    more = false;
    i = skip_markup(text, i, false);
    if (char_at(text, i) == ':' || char_at(text, i) == '=') {
      ++i;
      more = true;
    } else if (text.substr(i, 3) == "\xEF\xBC\x9A") {
      i += 3;
      more = true;
    } else if (const std::size_t filler = word_at(text, i, fillers); filler > 0) {
      i += filler;
      more = true;
    } else if (const std::size_t verb = word_at(text, i, verbs);
               verb > 0 && text.substr(i, verb) != "to") {
      i += verb;  // "would be", "should be": "is" may follow "then"
      more = true;
    }
  }
  return word_at(text, i, denials) > 0 ? nowhere : i;
}

/// The end of what stands before a noun, for "correct option": whether a word of `choosing` ends
/// there, with blanks between.
[[nodiscard]] constexpr bool chosen_before(std::string_view text, std::size_t at) noexcept {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '*')) {
    --at;
  }
  const std::string_view left = text.substr(at > 24 ? at - 24 : 0, at > 24 ? 24 : at);
  for (const std::string_view word : choosing) {
    if (left.size() >= word.size() && spells(left, left.size() - word.size(), word)) {
      return true;
    }
  }
  return false;
}

/// Whether one of `choosing` follows ("la opción correcta es").
[[nodiscard]] constexpr bool chosen_after(std::string_view text, std::size_t at) noexcept {
  return word_at(text, skip_markup(text, at), choosing) > 0;
}

/// "Option C is correct", from the end of "option": where the letter stands, or nowhere.
[[nodiscard]] constexpr std::size_t letter_is_correct(std::string_view text, std::size_t i) {
  i = skip_markup(text, i);
  i += char_at(text, i) == '(' ? 1U : 0U;
  const std::size_t letter = i;
  if (!is_upper(char_at(text, i)) || is_word_byte(char_at(text, i + 1))) {
    return nowhere;
  }
  i = skip_markup(text, i + 1);
  i = skip_markup(text, i + (char_at(text, i) == ')' ? 1 : 0));
  constexpr std::array<std::string_view, 1> is{"is"};
  if (word_at(text, i, is) == 0) {
    return nowhere;
  }
  i = skip_markup(text, i + 2);
  i = skip_markup(text, i + (spells(text, i, "the ") ? 4 : 0));
  return word_at(text, i, choosing) > 0 ? letter : nowhere;
}

/// "42 is the (correct) answer.", from the noun at `at` to its end at `end`: the words before "is",
/// or a view without data.
[[nodiscard]] constexpr std::string_view answer_before(std::string_view text, std::size_t at,
                                                       std::size_t end) noexcept {
  const std::size_t stop = skip_markup(text, end);
  const char next = char_at(text, stop);
  if (stop < text.size() && next != '.' && next != '!' && next != '\n' && next != ',') {
    return {};
  }
  const std::size_t from = at > 200 ? at - 200 : 0;
  std::string_view left = text.substr(from, at - from);
  const auto drop = [&](std::string_view word) {
    while (!left.empty() && (left.back() == ' ' || left.back() == '*')) {
      left.remove_suffix(1);
    }
    const bool is = left.size() > word.size() && spells(left, left.size() - word.size(), word);
    left.remove_suffix(is ? word.size() : 0);
    return is;
  };
  for (const std::string_view word : {"correct", "final", "right", "best"}) {
    (void)drop(word);
  }
  if (!drop(" the") || !drop(" is")) {
    return {};
  }
  std::size_t begin = left.rfind('\n');
  begin = begin == nowhere ? 0 : begin + 1;
  for (std::size_t i = begin; i + 1 < left.size(); ++i) {
    const bool ended = (left[i] == '.' || left[i] == '!' || left[i] == '?') && left[i + 1] == ' ';
    begin = ended && !abbreviation_point(left, i) ? i + 1 : begin;
  }
  left = trimmed(left.substr(begin));
  for (const std::string_view word : {"therefore", "thus", "hence", "so"}) {
    if (spells(left, 0, word) && !is_alpha(char_at(left, word.size()))) {
      left = left.substr(word.size());
      left = trimmed(left.substr(!left.empty() && left[0] == ',' ? 1 : 0));
    }
  }
  return blank(left) || spells(left, 0, "what") || spells(left, 0, "this") ||
                 spells(left, 0, "that") || spells(left, 0, "which") || spells(left, 0, "it")
             ? std::string_view()
             : left;
}

/// The answer that begins at the front of `rest`, after its announcement.
[[nodiscard]] inline Extraction announced_answer(std::string_view rest) {
  while (!rest.empty() && is_blank(rest.front())) {
    rest.remove_prefix(1);
  }
  if (const Emphasised first = emphasised(rest.substr(0, rest.find('\n'))); !first.inside.empty()) {
    const std::string_view after = trimmed(first.after);
    const bool label = after.size() > 2 && after[0] == '(' && after[2] == ')';
    if (starts(after, ":") || (starts(after, "(") && !label)) {  // **B**: Paris, **42** (see above)
      return announced_answer(first.inside);
    }
    if (!after.empty() && after[0] != '.' && last_box(first.inside, nowhere) == nowhere &&
        last_box(after, nowhere) == nowhere) {
      const std::string plain = without_marks(first, rest.substr(0, rest.find(first.inside[0])));
      return announced_answer(plain);
    }
  }
  while (!rest.empty() && (is_blank(rest.front()) || rest.front() == '*' || rest.front() == '#')) {
    rest.remove_prefix(1);
  }
  if (starts(rest, "```")) {  // a block of code: its lines
    const std::size_t line = std::min(rest.find('\n'), rest.size());
    const std::string_view block = rest.substr(line);
    return finished(block.substr(0, block.find("```")));
  }
  const std::string_view line = rest.substr(0, rest.find('\n'));
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"$$", "$$"}, {"\\[", "\\]"}}) {
    const std::size_t end = starts(rest, open) ? rest.find(close, 2) : nowhere;
    if (end != nowhere) {
      const std::string_view block = rest.substr(2, end - 2);
      return last_box(block, nowhere) != nowhere ? extract_boxed(block) : finished(block);
    }
  }
  if (last_box(line, nowhere) != nowhere) {
    return extract_boxed(line);
  }
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"\"", "\""},
                                    {"`", "`"},
                                    {"\xE2\x80\x9C", "\xE2\x80\x9D"},
                                    {"\xC2\xAB", "\xC2\xBB"},
                                    {"\xE3\x80\x8C", "\xE3\x80\x8D"}}) {
    const std::size_t end = starts(rest, open) ? line.find(close, open.size()) : nowhere;
    if (end != nowhere) {
      return finished(line.substr(open.size(), end - open.size()));
    }
  }
  std::string_view sentence = rest.substr(0, sentence_end(rest));
  if (const std::size_t letter = leading_choice(trimmed(line)); letter != nowhere) {
    return {ExtractOutcome::found, std::string(trimmed(line).substr(letter, 1))};
  }
  sentence = trimmed(sentence);
  for (const std::string_view verb : trailing_verbs) {
    if (sentence.size() > verb.size() && ends(sentence, verb)) {
      sentence.remove_suffix(verb.size());
      sentence = trimmed(sentence);
      break;
    }
  }
  return finished(sentence);
}

}  // namespace detail

/// What the last announcement of an answer announces, outside of thoughts, up to the end of its
/// sentence: "the answer is", "answers are", "**Answer:**", "answer =", "### Final Answer" and the
/// next line, "answer": in JSON, <answer>, "the correct option is", "the answer to the question
/// would be", and the like in Spanish, French, German, Italian, Portuguese, Russian, Chinese,
/// Japanese, Korean and others; where there is none, "the result is". Passed over: "the answer is
/// not", what follows a recited "Question:". Of the sentence: a box's content, a formula in $$ or
/// \[ over lines, a block of code, a quotation, the letter of "(B) Paris" and "B. Paris", else the
/// words. A text that is nothing but a choice, "(B)", is its answer. Linear.
[[nodiscard]] inline Extraction extract_answer_is(std::string_view whole) {
  const detail::Spoken said = detail::spoken(whole);
  const std::string_view text = said.text;
  std::size_t sure = detail::nowhere;
  std::size_t weak = detail::nowhere;
  std::string_view reversed;  // "42 is the answer", where nothing announces one
  bool json = false;
  const std::size_t closing = text.rfind("</");
  std::size_t limit = text.size();
  for (std::size_t i = 0; i < limit; ++i) {
    const std::size_t k = detail::noun_at(text, i);
    if (k == detail::nowhere) {
      continue;
    }
    const detail::AnnouncingNoun& noun = detail::nouns[k];
    const std::size_t end = i + noun.word.size();
    if (detail::is_alpha(noun.word[0]) && ((i > 0 && detail::is_alpha(text[i - 1])) ||
                                           detail::is_alpha(detail::char_at(text, end)))) {
      continue;
    }
    std::size_t begin = end;
    if (noun.how == detail::Announce::mark) {
      if (closing == detail::nowhere || closing < end) {
        continue;
      }
    } else if (noun.how != detail::Announce::directly) {
      begin = detail::announced(text, i, end);
      const bool option = noun.how == detail::Announce::chosen;
      if (begin == detail::nowhere && option) {
        const std::size_t letter = detail::letter_is_correct(text, end);
        reversed = letter == detail::nowhere ? reversed : text.substr(letter, 1);
      }
      if (begin == detail::nowhere) {
        const std::string_view before = detail::answer_before(text, i, end);
        reversed = before.empty() ? reversed : before;
      }
    } else {
      while (detail::char_at(text, begin) == ':' || detail::char_at(text, begin) == ' ' ||
             text.substr(begin, 3) == "\xEF\xBC\x9A") {
        begin += text[begin] == '\xEF' ? 3U : 1U;
      }
    }
    if (begin == detail::nowhere) {
      continue;
    }
    const bool is_sure = noun.how != detail::Announce::weak &&
                         (noun.how != detail::Announce::chosen || detail::chosen_before(text, i) ||
                          detail::chosen_after(text, end));
    if (noun.how == detail::Announce::chosen && !is_sure && detail::char_at(text, end) == ':') {
      continue;  // "Option: " lists
    }
    const bool first = sure == detail::nowhere;
    (is_sure ? sure : weak) = begin;
    json = detail::char_at(text, end) == '"' && detail::char_at(text, end + 1) == ':';
    if (is_sure && first) {
      limit = detail::recital_begin(text, begin);
    }
    i = begin > i ? begin - 1 : i;
  }
  const std::size_t begin = sure != detail::nowhere ? sure : weak;
  if (begin == detail::nowhere && !reversed.empty()) {
    return detail::announced_answer(reversed);
  }
  if (begin == detail::nowhere) {
    const char choice = detail::bare_choice(text);
    return choice != '\0' ? Extraction{ExtractOutcome::found, std::string(1, choice)}
                          : Extraction{detail::nothing_found(said), {}};
  }
  const std::string_view rest = text.substr(begin, std::max(limit, begin) - begin);
  const std::size_t tag =
      begin >= 8 && detail::spells(text, begin - 8, "<answer>") ? rest.find("</") : detail::nowhere;
  if (tag != detail::nowhere) {
    return extract_tag(text.substr(begin - 8, tag + 8 + 9), text.substr(begin - 7, 6));
  }
  if (json && detail::char_at(rest, 0) != '"') {
    return detail::finished(rest.substr(0, rest.find_first_of(",}\n")));
  }
  std::size_t marks = begin;  // emphasis that began with the answer
  while (marks > 0 && text[marks - 1] == '*') {
    --marks;
  }
  return detail::announced_answer(text.substr(marks, std::max(limit, begin) - marks));
}

/// What follows the last `phrase` (any case of ASCII letters), up to the end of its sentence, by
/// the rules of extract_answer_is.
[[nodiscard]] inline Extraction extract_after_phrase(std::string_view whole,
                                                     std::string_view phrase) {
  const detail::Spoken said = detail::spoken(whole);
  std::string lower(phrase);
  for (char& c : lower) {
    c = detail::ascii_lower(c);
  }
  for (std::size_t i = said.text.size() + 1; i > 0 && !lower.empty(); --i) {
    if (detail::spells(said.text, i - 1, lower)) {
      std::size_t begin = i - 1 + lower.size();
      while (begin < said.text.size() && (said.text[begin] == ' ' || said.text[begin] == ':')) {
        ++begin;
      }
      return detail::announced_answer(said.text.substr(begin));
    }
  }
  return {detail::nothing_found(said), {}};
}

}  // namespace dag
