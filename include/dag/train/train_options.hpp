// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/train/schedule.hpp>

namespace dag {

/// Options of `train`.
struct TrainOptions {
  std::int64_t steps = 100;
  std::size_t questions_per_step = 1;  ///< drawn without replacement from the question list
  std::size_t group_size = 8;          ///< K samples a context
  double beta = 0.1;                   ///< weight of KL(pi || reference), nats; > 0 anchors
  LearningRate learning_rate = {};
  double clip_norm = std::numeric_limits<double>::infinity();  ///< of the whole gradient
  std::uint64_t seed = 1;
  std::int64_t refresh_every = 0;  ///< steps between updates of the reference; 0: frozen
  double refresh_mixup = 1;        ///< reference <- mixup * policy + (1 - mixup) * reference
  std::string checkpoint = {};     ///< file; empty: none
  std::int64_t checkpoint_every = 100;
  StopRef stop = {};
};

/// What one step did.
struct TrainRecord {
  std::int64_t step = 0;      ///< steps completed, this one included
  double objective = 0;       ///< mean |signal| of the objective
  double kl = 0;              ///< mean log pi - log reference of the samples, nats a trace
  double answer_entropy = 0;  ///< plug-in, mean over groups, nats
  double distinct = 0;        ///< mean distinct answers a group
  double majority = 0;        ///< mean share of the most frequent answer
  double missing = 0;         ///< share of samples without an answer
  double dead_groups = 0;     ///< share of groups whose signal is zero throughout
  double gradient_norm = 0;   ///< before clipping
  double learning_rate = 0;
  double seconds = 0;  ///< since `train` began
};

/// One line of JSON, numbers round-trip.
[[nodiscard]] inline std::string to_json(const TrainRecord& r) {
  char text[640];
  std::snprintf(text, sizeof text,
                "{\"step\":%lld,\"objective\":%.17g,\"kl\":%.17g,\"answer_entropy\":%.17g,"
                "\"distinct\":%.17g,\"majority\":%.17g,\"missing\":%.17g,\"dead_groups\":%.17g,"
                "\"gradient_norm\":%.17g,\"learning_rate\":%.17g,\"seconds\":%.6g}",
                static_cast<long long>(r.step), r.objective, r.kl, r.answer_entropy, r.distinct,
                r.majority, r.missing, r.dead_groups, r.gradient_norm, r.learning_rate, r.seconds);
  return text;
}

/// A question: the prompts of its contexts (phrasings). Every question has the same number.
template <class Prompt>
struct Question {
  std::vector<Prompt> contexts;
};

namespace detail {

/// Refuses options that cannot mean anything, and questions of unequal shape.
template <class Prompt>
void validate(const TrainOptions& o, std::span<const Question<Prompt>> questions) {
  const auto need = [](bool holds, const char* rule, double got) {
    require(holds, Errc::invalid_argument, "train: ", rule, ", got ", got);
  };
  validate(o.learning_rate);
  need(o.steps >= 0, "steps must be >= 0", static_cast<double>(o.steps));
  need(o.group_size >= 2, "group_size must be >= 2: one sample has nothing to be compared with",
       static_cast<double>(o.group_size));
  need(o.beta >= 0 && std::isfinite(o.beta), "beta must be >= 0 and finite", o.beta);
  need(o.clip_norm > 0, "clip_norm must be > 0", o.clip_norm);
  need(o.refresh_every >= 0, "refresh_every must be >= 0", static_cast<double>(o.refresh_every));
  need(o.refresh_mixup > 0 && o.refresh_mixup <= 1, "refresh_mixup must be in (0, 1]",
       o.refresh_mixup);
  need(o.checkpoint_every > 0, "checkpoint_every must be > 0",
       static_cast<double>(o.checkpoint_every));
  need(!questions.empty() && !questions[0].contexts.empty(),
       "needs at least one question with at least one context", 0);
  need(o.questions_per_step >= 1 && o.questions_per_step <= questions.size(),
       "questions_per_step must be from 1 to the number of questions",
       static_cast<double>(o.questions_per_step));
  for (const auto& question : questions) {
    require(question.contexts.size() == questions[0].contexts.size(), Errc::dimension_mismatch,
            "train: every question needs the same number of contexts, got ",
            question.contexts.size(), " and ", questions[0].contexts.size());
  }
}

}  // namespace detail
}  // namespace dag
