// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

/// Where the parts of a rollout stand in a line of JSON. A field is a key, or a path of keys and
/// positions ("response.body.choices", "resps.0"), or several to be tried in order ("output|text").
struct RowFormat {
  std::vector<std::string> group_by{"question_id"};  ///< together they name the question
  std::vector<std::string> context{"context_id"};    ///< together they name the context
  std::string samples = "samples";  ///< a list of samples in each line; empty: the line is one
  std::string prompt = "prompt";
  std::string gold = "gold";
  std::string text = "text";  ///< this and the rest: of a sample
  std::string answer = "answer";
  std::string correct = "correct";
  std::string logprob = "logprob";
  std::string reward = "own_reward|reward";
  bool flat = false;    ///< a line without `samples` is one sample
  bool gather = false;  ///< lines of the same question and context are one group
};

/// Formats by name, of what is written by:
///   trl       the completions that GRPOTrainer logs: prompt, completion, reward, a gold column
///   verl      generations that verl dumps: input, output, gts, score
///   openrlhf  prompt or input, output or response, label, reward
///   lm-eval   samples of lm-evaluation-harness: doc_id, resps, target
///   vllm      request outputs: request_id or prompt, outputs with text and cumulative_logprob
///   openai    chat completions, alone or as lines of a batch: choices with messages
[[nodiscard]] inline const std::map<std::string_view, RowFormat>& row_formats() {
  static const auto lines_of = [](RowFormat format) {
    format.context = {"context_id"};
    format.flat = format.gather = true;
    return format;
  };
  static const std::map<std::string_view, RowFormat> formats{
      {"trl", lines_of({.group_by = {"prompt"},
                        .samples = "",
                        .gold = "gold|solution|ground_truth|answer|label",
                        .text = "completion|completions|text",
                        .answer = "pred",
                        .reward = "own_reward|reward|rewards"})},
      {"verl", lines_of({.group_by = {"uid|input|prompt"},
                         .samples = "",
                         .prompt = "input|prompt",
                         .gold = "gts|ground_truth|reward_model.ground_truth|gold",
                         .text = "output|response|text",
                         .answer = "pred",
                         .reward = "own_reward|reward|score"})},
      {"openrlhf", lines_of({.group_by = {"prompt|input"},
                             .samples = "",
                             .prompt = "prompt|input",
                             .gold = "label|gold|answer",
                             .text = "output|response|completion|text",
                             .answer = "pred",
                             .reward = "own_reward|reward|rewards|score"})},
      {"lm-eval", lines_of({.group_by = {"doc_id"},
                            .samples = "resps.0|filtered_resps",
                            .prompt = "arguments.0.0",
                            .gold = "target"})},
      {"vllm", lines_of({.group_by = {"custom_id|request_id|prompt"},
                         .samples = "outputs|response.body.choices|choices",
                         .gold = "gold|answer|target",
                         .text = "text|message",
                         .logprob = "cumulative_logprob"})},
      {"openai", lines_of({.group_by = {"custom_id|id"},
                           .samples = "response.body.choices|choices",
                           .gold = "gold|metadata.gold|answer",
                           .text = "message|text",
                           .logprob = "logprobs.content"})}};
  return formats;
}

/// One of them. Errors: invalid_argument.
[[nodiscard]] inline RowFormat row_format(std::string_view name) {
  const auto& formats = row_formats();
  const auto found = formats.find(name);
  if (found == formats.end()) {
    std::string names;
    for (const auto& [known, format] : formats) {
      names += (names.empty() ? "" : ", ") + std::string(known);
    }
    fail(Errc::invalid_argument, "row_format: no format is called '", name, "'; there are ", names);
  }
  return found->second;
}

}  // namespace dag
