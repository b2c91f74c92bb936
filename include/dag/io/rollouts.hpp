// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/io/printable.hpp>
#include <dag/io/rollout_schema.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/text/extraction.hpp>

namespace dag {

namespace detail {

/// The current line of `reader` as a group of the schema, and where its samples stand in `json`.
inline void read_group_line(const JsonlReader& reader, JsonLine& json, RolloutGroup& group,
                            std::vector<JsonLine::Index>& places, AnswerField answers) {
  static const RowFormat schema;
  try {
    json.parse(reader.line(), reader.options().max_depth);
    RowReader(json, schema, answers).read(group, places);
  } catch (const JsonLine::Fault& fault) {
    if (fault.column > 1) {
      reader.fail_here("column ", fault.column, ": ", printable(fault.what), ", near '",
                       reader.excerpt(fault.column), "'");
    }
    reader.fail_here(printable(fault.what), ", near '", reader.excerpt(1), "'");
  }
}

}  // namespace detail

/// Reads the next group of a rollout file into `group` (storage is reused); false at the end.
///
/// Schema, one object a line: {"question_id": str, "context_id": str, "prompt": str|null,
/// "gold": str|null, "samples": [{"text": str|null, "answer": str|null, "correct": bool,
/// "logprob": number, "reward": number}, ...]}. "question_id", "samples" (not empty) and, unless
/// `answers` says so, "answer" must be there, all of them once; other fields are ignored. An answer
/// null is no answer. What people write in their place is read too: see detail::RowReader.
/// Errors: those of JsonlReader; a missing, repeated or ill-typed field (Errc::parse).
inline bool read_group(JsonlReader& reader, RolloutGroup& group,
                       AnswerField answers = AnswerField::required) {
  if (!reader.next()) {
    return false;
  }
  JsonLine json;
  std::vector<JsonLine::Index> places;
  detail::read_group_line(reader, json, group, places, answers);
  return true;
}

/// Reads the answer of a sample that has none from its text, and counts how that went.
template <AnswerExtractor Extract>
void fill_answer(RolloutSample& sample, const Extract& extract, ExtractionReport& report) {
  if (sample.answer) {
    return;
  }
  Extraction found = sample.text ? extract(std::string_view(*sample.text))
                                 : Extraction{ExtractOutcome::no_text, {}};
  report.add(found.outcome);
  if (found.found()) {
    sample.answer = std::move(found.answer);
  }
}

namespace detail {

/// prepare(sample): called on each before it is added.
template <class Key, class Prepare>
[[nodiscard]] AnswerGroups read_rollouts(const std::string& path, Key key,
                                         const JsonlOptions& options, AnswerField field,
                                         Prepare&& prepare) {
  JsonlReader reader(path, options);
  AnswerGroupsBuilder<Key> builder(std::move(key));
  RolloutGroup group;
  while (read_group(reader, group, field)) {
    builder.begin_group(
        group.question_id, group.context_id,
        group.gold.empty() ? std::nullopt : std::optional<std::string_view>(group.gold[0]));
    for (RolloutSample& sample : group.samples) {
      prepare(sample);
      builder.add(sample.answer, sample.correct);
    }
  }
  return builder.finish();
}

}  // namespace detail

/// Reads a whole rollout file into flat answer groups (texts are not kept): group g is line g + 1,
/// samples in the order of the file. The same (question, context) on two lines makes two groups of
/// equal weight, counted by `describe`. An empty file has no groups. Memory: see AnswerGroups.
template <class Key = AnswerKey>
[[nodiscard]] AnswerGroups read_rollouts(const std::string& path, Key key = {},
                                         const JsonlOptions& options = {}) {
  return detail::read_rollouts(path, std::move(key), options, AnswerField::required,
                               [](RolloutSample&) {});
}

/// The same for files of raw texts: a sample without an answer (null, or no such field) gets the
/// one that `extract` reads from its text; `report` counts how that went. Answers that are there
/// stay.
template <class Key, AnswerExtractor Extract>
[[nodiscard]] AnswerGroups read_rollouts(const std::string& path, Key key, const Extract& extract,
                                         ExtractionReport& report,
                                         const JsonlOptions& options = {}) {
  return detail::read_rollouts(
      path, std::move(key), options, AnswerField::optional,
      [&](RolloutSample& sample) { fill_answer(sample, extract, report); });
}

}  // namespace dag
