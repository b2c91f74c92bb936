// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <dag/text/answer_language.hpp>

namespace dag {

/// The key of an answer (ReadAnswer::key) as a function object: what groups of answers, golds,
/// values and targets have in common. A key of your own has the same shape. It may have a second
/// function too,
///   bool equal(std::string_view gold, std::string_view answer) const,
/// for answers that a gold accepts although their keys differ: "5" where the gold is "5 cm"; and
///   bool no_answer(std::string_view key) const,
/// for keys of what says nothing ("", "\text{}"): a missing answer, which agrees with no other.
struct AnswerKey {
  ReadOptions options{};
  void operator()(std::string_view answer, std::string& key) const {
    if (options.exact || detail::is_plain_integer(answer)) {
      key = answer;
    } else {
      key = read_answer(answer, options).key;
    }
  }
  [[nodiscard]] bool no_answer(std::string_view key) const noexcept {
    return key.empty() && !options.exact;
  }
  [[nodiscard]] bool equal(std::string_view gold, std::string_view answer) const {
    return equal_answers(gold, answer, options).equal;
  }
};

[[nodiscard]] inline std::string answer_key(std::string_view answer,
                                            const ReadOptions& options = {}) {
  std::string key;
  AnswerKey{options}(answer, key);
  return key;
}

}  // namespace dag
