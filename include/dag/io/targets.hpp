// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/core/error.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/rollout/answer.hpp>
#include <dag/rollout/group.hpp>
#include <dag/rollout/target_reward.hpp>

namespace dag {

/// Reads a target distribution a question for `groups`: one object a line, {"question_id": str,
/// "target": {answer: weight >= 0, ...}}; weights are normalised, answers go through `key` (two
/// spellings of one answer add up), questions that `groups` does not have are passed over.
/// Errors: those of JsonlReader; parse (fields, weights); invalid_argument for a question of
/// `groups` without a target, or with two.
template <class Key = CanonicalAnswer>
[[nodiscard]] AnswerTarget read_target(const std::string& path, const AnswerGroups& groups,
                                       const Key& key = {}, const JsonlOptions& options = {}) {
  AnswerTarget target{std::vector<double>(groups.answer_key.size())};
  std::vector<char> seen(groups.questions.size());
  JsonlReader reader(path, options);
  std::string name;
  while (reader.next()) {
    const nlohmann::json line = nlohmann::json::parse(reader.line(), nullptr, false);
    if (!line.is_object() || !line.contains("question_id") || !line["question_id"].is_string() ||
        !line.contains("target") || !line["target"].is_object()) {
      reader.fail_here(
          "a line must be an object with question_id (a string) and target (an object ",
          "of weights by answer)");
    }
    const auto q = groups.questions.find(line["question_id"].get<std::string>());
    double total = 0;
    const nlohmann::json& weights = line["target"];
    for (auto at = weights.begin(); at != weights.end(); ++at) {
      const double weight = at->is_number() ? at->get<double>() : -1;
      if (!(weight >= 0) || !std::isfinite(weight)) {
        reader.fail_here("the weight of '", at.key(), "' must be a number >= 0, got ", at->dump());
      }
      total += weight;
    }
    if (!(total > 0)) {
      reader.fail_here("the weights of a target must have a positive sum");
    }
    if (q < 0) {
      continue;
    }
    const auto question = static_cast<std::size_t>(q);
    require(seen[question] == 0, Errc::invalid_argument, "read_target: '", path,
            "' has two targets for question '", groups.questions[q], "'");
    seen[question] = 1;
    for (auto at = weights.begin(); at != weights.end(); ++at) {
      key(at.key(), name);
      const auto wanted = groups.keys.find(name);
      for (auto i = groups.answer_begin[question]; i < groups.answer_begin[question + 1]; ++i) {
        if (groups.answer_key[static_cast<std::size_t>(i)] == wanted) {
          target.p[static_cast<std::size_t>(i)] += at->get<double>() / total;
        }
      }
    }
  }
  for (std::size_t q = 0; q < seen.size(); ++q) {
    require(seen[q] != 0 || groups.answers_of(q) == 0, Errc::invalid_argument, "read_target: '",
            path, "' has no target for question '", groups.questions[static_cast<std::int32_t>(q)],
            "'");
  }
  return target;
}

}  // namespace dag
