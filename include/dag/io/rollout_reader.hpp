// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/io/json_line.hpp>
#include <dag/io/record_reader.hpp>
#include <dag/io/rollout_schema.hpp>
#include <dag/io/row_format.hpp>

namespace dag {

/// The groups of a rollout file, one line at a time: the only reader of such lines.
///
/// Schema, one object a line: {"question_id": str, "context_id": str, "prompt": str|null,
/// "gold": str|null, "samples": [{"text": str|null, "answer": str|null, "correct": bool,
/// "logprob": number, "reward": number}, ...]}. "question_id", "samples" (not empty) and, unless
/// `answers` says so, "answer" must be there, all of them once; other fields are ignored. An answer
/// null is no answer. What people write in their place is read too: see RowFormat and
/// detail::RowReader. Errors: those of RecordReader.
class RolloutReader {
 public:
  explicit RolloutReader(const std::string& path, RowFormat format = {},
                         AnswerField answers = AnswerField::required,
                         const RecordOptions& options = {})
      : records_(path, options), format_(std::move(format)), answers_(answers) {}

  /// The next line that can be read, into `group` (storage is reused); false at the end.
  bool next(RolloutGroup& group) {
    return records_.next([&](const JsonLine& json) {
      detail::RowReader(json, format_, answers_).read(group, places_);
    });
  }

  /// The current line as it stands in the file.
  [[nodiscard]] std::string_view line() const noexcept { return records_.line(); }
  /// Complete once `next` was false.
  [[nodiscard]] const RecordReport& report() const noexcept { return records_.report(); }

 private:
  RecordReader records_;
  RowFormat format_;
  AnswerField answers_;
  std::vector<JsonLine::Index> places_;
};

}  // namespace dag
