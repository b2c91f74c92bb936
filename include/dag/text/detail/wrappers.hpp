// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/answer_rules.hpp>
#include <dag/text/detail/scan.hpp>
#include <dag/text/read_options.hpp>

namespace dag::detail {

/// Takes `open` and `close` off, if they stand at the two ends and nowhere between.
[[nodiscard]] inline bool strip_pair(std::string_view& text, std::string_view open,
                                     std::string_view close) {
  if (text.size() < open.size() + close.size() + 1 || text.substr(0, open.size()) != open ||
      text.substr(text.size() - close.size()) != close) {
    return false;
  }
  const auto inside = text.substr(open.size(), text.size() - open.size() - close.size());
  if (inside.find(open) != std::string_view::npos || inside.find(close) != std::string_view::npos) {
    return false;
  }
  if (inside.back() == '\\') {
    return false;  // $5\$
  }
  text = inside;
  return true;
}

/// The text without what only sets it apart: dollars, boxes, emphasis, quotes, final points. The
/// rules that took something away go to `used`.
[[nodiscard]] inline std::string_view unwrapped(std::string_view text, const ReadOptions& options,
                                                AnswerRuleSet& used) {
  const auto on = [&](AnswerRule rule) { return !options.off.contains(rule); };
  constexpr std::array<std::array<std::string_view, 2>, 9> pairs{{{"$$", "$$"},
                                                                  {"$", "$"},
                                                                  {"\\(", "\\)"},
                                                                  {"\\[", "\\]"},
                                                                  {"**", "**"},
                                                                  {"__", "__"},
                                                                  {"```", "```"},
                                                                  {"`", "`"},
                                                                  {"*", "*"}}};
  constexpr std::array<std::array<std::string_view, 2>, 3> quotes{
      {{"\"", "\""}, {"'", "'"}, {"``", "''"}}};
  for (bool again = true; again && !text.empty();) {
    again = false;
    const std::size_t before = text.size();
    if (on(AnswerRule::markup)) {
      for (const auto& [open, close] : pairs) {
        strip_pair(text, open, close) ? void(used.insert(AnswerRule::markup)) : void();
      }
      if (text.size() > 2 && text.front() == '{' && group_end(text, 0) == text.size()) {
        text = text.substr(1, text.size() - 2);
        used.insert(AnswerRule::markup);
      }
      for (const std::string_view macro : {"\\boxed", "\\fbox", "\\framebox", "\\displaystyle"}) {
        if (text.substr(0, macro.size()) == macro && text.size() > macro.size() &&
            !is_alpha(text[macro.size()])) {
          text.remove_prefix(macro.size());
          used.insert(AnswerRule::markup);
        }
      }
      for (const std::string_view space :
           {"\\ ", "\\,", "\\;", "\\!", "\\\\", "~", "\\quad", "\\qquad"}) {
        if (text.size() >= space.size() && text.substr(text.size() - space.size()) == space) {
          text.remove_suffix(space.size());
        }
        if (text.substr(0, space.size()) == space && text.size() > space.size() && space != "~" &&
            !(is_alpha(space.back()) && is_alpha(text[space.size()]))) {
          text.remove_prefix(space.size());
        }
      }
    }
    if (on(AnswerRule::punctuation)) {
      for (const auto& [open, close] : quotes) {
        strip_pair(text, open, close) ? void(used.insert(AnswerRule::punctuation)) : void();
      }
      while (!text.empty() &&
             std::string_view(".,;:").find(text.back()) != std::string_view::npos &&
             !(text.size() >= 2 && text[text.size() - 2] == '\\') &&
             !(text.size() >= 3 && text.substr(text.size() - 3) == "...")) {
        text.remove_suffix(1);
        used.insert(AnswerRule::punctuation);
      }
      if (!text.empty() && (text[0] == ':' || text[0] == '=') && text.substr(0, 2) != "==") {
        text.remove_prefix(1);
      }
    }
    text = trimmed(text);
    again = text.size() != before;
  }
  return text;
}

/// A letter after "answer", "option", "choice": what is after it; else all.
[[nodiscard]] inline std::string_view after_option(std::string_view text) {
  constexpr std::array<std::string_view, 9> openings{"the answer is",
                                                     "the correct answer is",
                                                     "final answer",
                                                     "correct answer",
                                                     "answer is",
                                                     "answer",
                                                     "option",
                                                     "choice",
                                                     "ans"};
  std::string_view rest = text;
  for (bool again = true; again;) {
    again = false;
    const std::string low = lower_ascii(rest.substr(0, 24));
    for (const std::string_view opening : openings) {
      if (low.substr(0, opening.size()) == opening && rest.size() > opening.size() &&
          std::string_view(" :=(*").find(rest[opening.size()]) != std::string_view::npos) {
        rest.remove_prefix(opening.size());
        while (!rest.empty() &&
               std::string_view(" :=*").find(rest.front()) != std::string_view::npos) {
          rest.remove_prefix(1);
        }
        again = !rest.empty();
        break;
      }
    }
  }
  return rest.empty() ? text : rest;
}

/// "Answer: 42", "**Answer:** 42", "The answer is 42": what is after it; else all.
[[nodiscard]] inline std::string_view after_announcement(std::string_view text) {
  constexpr std::array<std::string_view, 9> openings{
      "the answer is ", "the final answer is ", "answer is ", "answer:",    "final answer:",
      "**answer:**",    "**final answer:**",    "ans:",       "the answer:"};
  const std::string low = lower_ascii(text.substr(0, 24));
  for (const std::string_view opening : openings) {
    if (low.substr(0, opening.size()) == opening) {
      const std::string_view rest = trimmed(text.substr(opening.size()));
      return rest.empty() ? text : rest;
    }
  }
  return text;
}

}  // namespace dag::detail
