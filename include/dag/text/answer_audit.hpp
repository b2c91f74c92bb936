// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>

#include <dag/text/answer_rules.hpp>

namespace dag {

/// What the reading of a file's answers and golds came to, so that nothing is lost unseen.
struct AnswerAudit {
  std::size_t golds = 0;         ///< distinct golds (with their aliases)
  std::size_t golds_unread = 0;  ///< of these, golds that no answer but their own spelling matches
  std::size_t answers = 0;       ///< distinct spellings of answers
  std::size_t answers_unread = 0;  ///< of these, not understood: equal only to themselves
  std::size_t merged = 0;          ///< spellings that became an answer that another one was before
  std::array<std::size_t, answer_rules().size()> merged_by{};  ///< of these, read by each rule
  std::map<std::string, std::size_t> matched_by;  ///< distinct answers equal to a gold, by the rule
  friend bool operator==(const AnswerAudit&, const AnswerAudit&) = default;
};

}  // namespace dag
