// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/policy/advantage_kind.hpp>
#include <dag/policy/dead_group.hpp>
#include <dag/policy/policy_loss_options.hpp>
#include <dag/train/majority_watch.hpp>
#include <dag/train/schedule.hpp>

namespace dag {

/// What a policy loss takes for its tokens.
enum class LossLevel {
  trace,  ///< whole traces: each counts as one token, its ratio is pi(y) / pi_old(y)
  token,  ///< the model's tokens (`TokenLogProbModel`): ratios, lengths and aggregation as trainers
          ///< have them; all tokens of a trace share its advantage
};

/// Options of `train`.
struct TrainOptions {
  std::int64_t steps = 100;            ///< in all, those of a resumed checkpoint counted
  std::size_t questions_per_step = 1;  ///< drawn without replacement from the question list
  std::size_t group_size = 8;          ///< K samples a context
  /// In how many runs of nearly equal length a step's traces are drawn and scored, each by itself:
  /// what ranks share (`train` over a `Communicator`). Other parts have other random numbers. A
  /// model that takes many traces at once is the slower the smaller they are.
  std::size_t parts = 1;
  double beta = 0.1;             ///< weight of KL(pi || reference), nats; > 0 anchors
  bool anchor_in_reward = true;  ///< false: the optimiser adds an anchor of its own to the gradient
  /// Of groups whose signals are all equal. A dropped group's score is not computed.
  DeadGroup dead_group = DeadGroup::keep;
  /// Rescales or recentres the objective's signals group by group (trl_group divides by the
  /// standard deviation). None: signals as they are, which keeps them unbiased. Those by length
  /// need LossLevel::token.
  std::optional<Advantage> advantage = {};
  /// Ascent steps on one batch; from the second on, samples are those of an older policy.
  std::size_t epochs = 1;
  /// `reinforce` has no ratio. By token its `beta` may anchor to the reference (k2, k3) in place of
  /// the anchor above.
  PolicyLossOptions policy_loss = {.surrogate = Surrogate::reinforce};
  LossLevel loss_level = LossLevel::trace;                     ///< what the loss is of
  LearningRate learning_rate = {};                             ///< by step
  double clip_norm = std::numeric_limits<double>::infinity();  ///< of the whole gradient
  std::uint64_t seed = 1;                                      ///< of questions and samples
  std::int64_t refresh_every = 0;  ///< steps between updates of the reference; 0: frozen
  double refresh_mixup = 1;        ///< reference <- mixup * policy + (1 - mixup) * reference
  CollapseOptions collapse = {};   ///< watches the majorities, and what a collapse does
  std::int64_t evaluate_every =
      0;                         ///< steps between calls of `evaluate` (and at the end); 0: never
  std::int64_t noise_every = 0;  ///< steps between measures of the gradient's noise; 0: never
  std::string checkpoint = {};   ///< file; empty: none
  std::int64_t checkpoint_every = 100;  ///< steps; at the end too
  /// What else a run that goes on must have in common with the one that made the checkpoint: lines
  /// `name=value` (the objective, the model). Options of this struct are compared anyway.
  std::string fingerprint = {};
  StopRef stop = {};  ///< ends after the step under way
};

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
  need(o.collapse.rule != OnCollapse::anchor || o.beta > 0,
       "on_collapse anchor raises beta, which must be > 0", o.beta);
  need(o.epochs >= 1, "epochs must be >= 1", static_cast<double>(o.epochs));
  need(o.clip_norm > 0, "clip_norm must be > 0", o.clip_norm);
  need(o.refresh_every >= 0, "refresh_every must be >= 0", static_cast<double>(o.refresh_every));
  need(o.refresh_mixup > 0 && o.refresh_mixup <= 1, "refresh_mixup must be in (0, 1]",
       o.refresh_mixup);
  need(o.evaluate_every >= 0, "evaluate_every must be >= 0", static_cast<double>(o.evaluate_every));
  need(o.noise_every >= 0, "noise_every must be >= 0", static_cast<double>(o.noise_every));
  need(o.checkpoint_every > 0, "checkpoint_every must be > 0",
       static_cast<double>(o.checkpoint_every));
  const bool by_token = o.loss_level == LossLevel::token;
  require(by_token || !o.advantage || !needs_lengths(*o.advantage), Errc::invalid_argument,
          "train: advantages by length need token counts (LossLevel::token), got ",
          o.advantage ? to_string(*o.advantage) : "");
  validate(o.policy_loss);
  need(by_token || o.policy_loss.beta == 0,
       "policy_loss.beta must be 0: the anchor is TrainOptions::beta", o.policy_loss.beta);
  need(o.policy_loss.beta == 0 || o.beta == 0,
       "one anchor is enough: policy_loss.beta > 0 needs beta = 0", o.beta);
  require(by_token || !(o.policy_loss.fixed_length > 0), Errc::invalid_argument,
          "train: a trace is one token of its policy loss; leave fixed lengths off, or use "
          "LossLevel::token");
  require(o.policy_loss.correction == SamplerCorrection::off &&
              !std::isfinite(o.policy_loss.off_policy_threshold) &&
              o.policy_loss.entropy_coef == 0 && o.policy_loss.top_entropy_quantile == 1,
          Errc::invalid_argument,
          "train: the policy itself samples, and says nothing of token entropies; leave sampler "
          "corrections, entropy_coef and top_entropy_quantile off");
  need(!questions.empty() && !questions[0].contexts.empty(),
       "needs at least one question with at least one context", 0);
  need(o.questions_per_step >= 1 && o.questions_per_step <= questions.size(),
       "questions_per_step must be from 1 to the number of questions",
       static_cast<double>(o.questions_per_step));
  const std::size_t samples = o.questions_per_step * questions[0].contexts.size() * o.group_size;
  require(o.parts >= 1 && o.parts <= samples, Errc::invalid_argument,
          "train: parts must be from 1 to the traces of a step, ", samples, ", got ", o.parts);
  for (const auto& question : questions) {
    require(question.contexts.size() == questions[0].contexts.size(), Errc::dimension_mismatch,
            "train: every question needs the same number of contexts, got ",
            question.contexts.size(), " and ", questions[0].contexts.size());
  }
}

}  // namespace detail
}  // namespace dag
