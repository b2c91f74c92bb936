// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/answers/answer_universe.hpp>
#include <dag/answers/goal_reward.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>
#include <dag/io/detail/question_lines.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/text/answer_key.hpp>

namespace dag {

/// Reads a target distribution a question: one object a line, {"question_id": str, "target":
/// {answer: weight >= 0, ...}}; weights are normalised, answers go through `key` (two spellings of
/// one answer add up), questions that the groups do not have are passed over. Answers that nobody
/// sampled join the universe. Out: p by question and answer of the universe at that time; answers
/// that join later have none. Errors: those of JsonlReader; parse (fields, weights, a second target
/// of a question); invalid_argument for a question with answers and without a target.
template <class Key = AnswerKey>
[[nodiscard]] std::vector<std::vector<double>> read_goals(const std::string& path,
                                                          AnswerUniverse& universe,
                                                          const Key& key = {},
                                                          const JsonlOptions& options = {}) {
  const AnswerGroups& groups = universe.groups();
  std::vector<std::vector<double>> goal(groups.questions.size());
  std::string name;
  detail::read_question_lines(
      path, groups, "target", nlohmann::json::value_t::object, options,
      [&](const JsonlReader& reader, std::int32_t question, const nlohmann::json& line) {
        double total = 0;
        for (const auto& [answer, value] : line["target"].items()) {
          const double weight = value.is_number() ? value.template get<double>() : -1;
          if (!(weight >= 0) || !std::isfinite(weight)) {
            reader.fail_here("the weight of '", answer, "' must be a number >= 0, got ",
                             value.dump());
          }
          total += weight;
        }
        if (!(total > 0) || !std::isfinite(total)) {
          reader.fail_here("the weights of a target must have a positive sum, got ", total);
        }
        if (question < 0) {
          return;
        }
        const auto q = static_cast<std::size_t>(question);
        if (!goal[q].empty()) {
          reader.fail_here("there are two targets for question '", groups.questions[question], "'");
        }
        goal[q].resize(universe.size(q));
        for (const auto& [answer, value] : line["target"].items()) {
          key(answer, name);
          const auto z = static_cast<std::size_t>(universe.add(q, name));
          goal[q].resize(universe.size(q));
          goal[q][z] += value.template get<double>() / total;
        }
      });
  for (std::size_t q = 0; q < goal.size(); ++q) {
    require(!goal[q].empty() || groups.answers_of(q) == 0, Errc::invalid_argument, "read_goal: '",
            path, "' has no target for question '", groups.questions[static_cast<std::int32_t>(q)],
            "'");
  }
  return goal;
}

/// The same as an AnswerGoal: what it gives to answers that nobody sampled is left out.
template <class Key = AnswerKey>
[[nodiscard]] AnswerGoal read_goal(const std::string& path, const AnswerGroups& groups,
                                   const Key& key = {}, const JsonlOptions& options = {}) {
  AnswerUniverse universe(groups);
  const auto whole = read_goals(path, universe, key, options);
  AnswerGoal goal;
  for (std::size_t q = 0; q < whole.size(); ++q) {
    const auto sampled = static_cast<std::ptrdiff_t>(groups.answers_of(q));
    goal.p.insert(goal.p.end(), whole[q].begin(), whole[q].begin() + sampled);
  }
  return goal;
}

}  // namespace dag
