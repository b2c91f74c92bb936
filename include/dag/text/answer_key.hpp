// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <dag/text/answer_language.hpp>

namespace dag {

/// The key of an answer as the reader of answers reads it, as a function object: what groups of
/// answers, golds, values and targets have in common.
struct AnswerKey {
  ReadOptions options{};
  void operator()(std::string_view answer, std::string& key) const {
    key = read_answer(answer, options).key;
  }
};

}  // namespace dag
