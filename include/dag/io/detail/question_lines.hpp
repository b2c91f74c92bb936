// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <dag/answers/group.hpp>
#include <dag/io/jsonl.hpp>

namespace dag::detail {

/// Reads JSON lines that say something of questions: objects with a question_id and `field`, which
/// is an object (`"target": {answer: ...}`) or an array. on_line(reader, q, line), q the index of
/// the question in `groups` or -1: then nothing is kept, but faults are faults.
template <class OnLine>
void read_question_lines(const std::string& path, const AnswerGroups& groups, const char* field,
                         nlohmann::json::value_t type, const JsonlOptions& options,
                         OnLine&& on_line) {
  JsonlReader reader(path, options);
  while (reader.next()) {
    const nlohmann::json line = reader.parse();
    if (!line.is_object() || !line.contains("question_id") ||
        !(line["question_id"].is_string() || line["question_id"].is_number_integer()) ||
        !line.contains(field) || line[field].type() != type) {
      reader.fail_here("a line must be an object with question_id (a string or an integer) and ",
                       field, " (an ",
                       type == nlohmann::json::value_t::array ? "array" : "object by answer",
                       "), got '", std::string_view(reader.line()).substr(0, 100), "'");
    }
    const nlohmann::json& id = line["question_id"];
    on_line(reader, groups.questions.find(id.is_string() ? id.get<std::string>() : id.dump()),
            line);
  }
}

/// A finite number, or an error of this line that says what was to be one.
[[nodiscard]] inline double finite_number(const JsonlReader& reader, const nlohmann::json& value,
                                          std::string_view what) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    reader.fail_here(what, " must be a finite number, got ", value.dump().substr(0, 100));
  }
  return value.get<double>();
}

}  // namespace dag::detail
