// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
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

inline constexpr std::array<std::string_view, 6> row_format_names{"trl",     "verl", "openrlhf",
                                                                  "lm-eval", "vllm", "openai"};

/// The format of what is written by:
///   trl       the completions that GRPOTrainer logs: prompt, completion, reward, a gold column
///   verl      generations that verl dumps: input, output, gts, score
///   openrlhf  prompt or input, output or response, label, reward
///   lm-eval   samples of lm-evaluation-harness: doc_id, resps, target
///   vllm      request outputs: request_id or prompt, outputs with text and cumulative_logprob
///   openai    chat completions, alone or as lines of a batch: choices with messages
/// Errors: invalid_argument.
[[nodiscard]] inline RowFormat row_format(std::string_view name) {
  RowFormat out;
  out.context = {"context_id"};
  out.flat = true;
  out.gather = true;
  if (name == "trl") {
    out.group_by = {"prompt"};
    out.samples = "";
    out.gold = "gold|solution|ground_truth|answer|label";
    out.text = "completion|completions|text";
    out.answer = "pred";
    out.reward = "own_reward|reward|rewards";
  } else if (name == "verl") {
    out.group_by = {"uid|input|prompt"};
    out.samples = "";
    out.prompt = "input|prompt";
    out.gold = "gts|ground_truth|reward_model.ground_truth|gold";
    out.text = "output|response|text";
    out.answer = "pred";
    out.correct = "correct";
    out.reward = "own_reward|reward|score";
  } else if (name == "openrlhf") {
    out.group_by = {"prompt|input"};
    out.samples = "";
    out.prompt = "prompt|input";
    out.gold = "label|gold|answer";
    out.text = "output|response|completion|text";
    out.answer = "pred";
    out.reward = "own_reward|reward|rewards|score";
  } else if (name == "lm-eval") {
    out.group_by = {"doc_id"};
    out.samples = "resps.0|filtered_resps";
    out.prompt = "arguments.0.0";
    out.gold = "target";
  } else if (name == "vllm") {
    out.group_by = {"custom_id|request_id|prompt"};
    out.samples = "outputs|response.body.choices|choices";
    out.text = "text|message";
    out.logprob = "cumulative_logprob";
    out.gold = "gold|answer|target";
    out.answer = "answer";
  } else if (name == "openai") {
    out.group_by = {"custom_id|id"};
    out.samples = "response.body.choices|choices";
    out.text = "message|text";
    out.logprob = "logprobs.content";
    out.gold = "gold|metadata.gold|answer";
    out.answer = "answer";
  } else {
    std::string names;
    for (const std::string_view known : row_format_names) {
      names += (names.empty() ? "" : ", ") + std::string(known);
    }
    fail(Errc::invalid_argument, "row_format: no format is called '", name, "'; there are ", names);
  }
  return out;
}

}  // namespace dag
