// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "objective.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/utility/registry.hpp>

#include "train_config.hpp"

namespace dag_python {
namespace {

[[noreturn]] void refuse(const cli::TrainPart& part) {
  dag::fail(dag::Errc::unsupported, "signals: ", part.name,
            " needs data by answer, which groups of sampled answers do not hold; use rewards()");
}

/// 1 for the answers of a question that were judged right.
dag::AnswerFunction right_answers(const dag::AnswerGroups& groups) {
  const auto right = std::make_shared<std::vector<std::vector<bool>>>();
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    right->emplace_back(groups.answers_of(q));
    for (const auto g : groups.groups_of(q)) {
      const auto answers = groups.group(static_cast<std::size_t>(g));
      const auto verdicts = groups.group_right(static_cast<std::size_t>(g));
      for (std::size_t i = 0; i < answers.size(); ++i) {
        dag::require(verdicts[i] >= 0, dag::Errc::invalid_argument,
                     "signals: question '", groups.questions[static_cast<std::int32_t>(q)],
                     "' has samples that are neither right nor wrong; give gold= or right=");
        if (answers[i] >= 0 && verdicts[i] > 0) {
          (*right)[q][static_cast<std::size_t>(answers[i])] = true;
        }
      }
    }
  }
  return [right](const dag::AnswerAt& at) {
    return (*right)[at.question][at.answer] ? 1.0 : 0.0;
  };
}

}  // namespace

dag::AnyObjective objective_of(const std::string& utility, const std::string& estimator,
                               double smoothing, const dag::AnswerGroups* groups) {
  dag::require(smoothing > 0, dag::Errc::invalid_argument, "signals: smoothing must be > 0, got ",
               smoothing);
  (void)dag::estimator_kind(estimator);
  cli::TrainConfig config;
  config.parts.clear();
  for (const dag::UtilityChoice& choice : dag::utility_sum(utility)) {
    cli::TrainPart part;
    part.name = std::string(choice.alias != nullptr ? choice.alias->name : choice.entry->name);
    part.data = choice.defaults();
    part.estimator = estimator;
    part.smoothing = smoothing;
    part.weight.from = part.weight.to = choice.factor;
    if (choice.entry->family == dag::UtilityFamily::values &&
        choice.entry->name != "expected_reward") {
      refuse(part);  // their numbers by answer would be looked up in an empty list
    }
    config.parts.push_back(std::move(part));
  }
  cli::AnswerSource source;
  source.reward = source.correct = [groups](const cli::TrainPart& part) {
    if (groups == nullptr) {
      refuse(part);
    }
    return right_answers(*groups);
  };
  source.target = [](const cli::TrainPart& part) -> dag::AnswerFunction { refuse(part); };
  source.consensus = [](dag::Pool) -> dag::AnswerFunction {
    dag::fail(dag::Errc::unsupported, "signals: a frozen consensus needs rollouts of its own");
  };
  source.generic = [](const cli::TrainPart& part) -> dag::AnyObjective { refuse(part); };
  return cli::make_objective(config, source);
}

}  // namespace dag_python
