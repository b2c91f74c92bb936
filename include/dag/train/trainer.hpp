// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <dag/core/log_prob_model.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/status.hpp>
#include <dag/train/checkpoint.hpp>
#include <dag/train/detail/training.hpp>
#include <dag/train/objective.hpp>
#include <dag/train/optimizer.hpp>
#include <dag/train/train_options.hpp>
#include <dag/train/train_record.hpp>

namespace dag {

/// Evaluates nothing.
struct NoEvaluation {
  template <class Model>
  void operator()(const Model&, TrainRecord&) const {}
};

/// Answer-level policy gradient: at each step draws K traces of every context of the chosen
/// questions, turns their answers into signals by `objective` (rewards centred by a baseline that
/// keeps the gradient unbiased), anchors with -beta (log pi - log reference) inside the reward, and
/// ascends  mean_i signal_i grad log pi(y_i), or the surrogate of `options.policy_loss`.
///
/// model: moved. reference: the anchor at the start, not changed; copied where the options refresh
/// it (copies must not share parameters). answer: int32-like(prompt, trace), -1 for none.
/// optimiser: an `Optimizer` over flat parameters, or a `ModelOptimizer` that moves the model
/// itself. on_step: void or bool(const TrainRecord&), called after every step; false stops.
/// evaluate: void(const Model&, TrainRecord&), called before `on_step` every `evaluate_every` steps
/// and at the last one; it adds its results to `extra` of the record. Status: iteration_limit after
/// `steps` (their number is the budget), stopped otherwise.
///
/// Expectation: with U-statistic tables (Gini, Tsallis, pass@k), Euclidean coherence or answer
/// rewards the expected step is the exact gradient of F(nu) - beta KL; the objectives' headers
/// state the bias of the others. Determinism: a pure function of seed, options, objective and
/// model; resumed from a checkpoint bit for bit. With options.checkpoint set, that file is read
/// first if it is there, and written every `checkpoint_every` steps and at the end: parameters,
/// reference, optimiser, the objective's multipliers and mixtures (`AdaptiveObjective`), seed and
/// step, which address all random streams, and a fingerprint of the options: a checkpoint of
/// others is refused, with the fields that differ. Errors: invalid_argument, dimension_mismatch
/// (options); not_finite (a signal or gradient; the model is as before the step); those of the
/// checkpoint.
template <ParameterizedModel Model, class Optimiser, AnswerObjective Objective, class Answer,
          class OnStep, class Evaluate = NoEvaluation>
requires(Optimizer<Optimiser> || ModelOptimizer<Optimiser, Model>) Status
    train(Model& model, const Model& reference,
          std::span<const Question<typename Model::prompt_type>> questions, Objective& objective,
          Answer&& answer, Optimiser& optimiser, const TrainOptions& options, OnStep&& on_step,
          Evaluate&& evaluate = {}) {
  detail::validate(options, questions);
  const Stopwatch watch;
  detail::Training<Model, Optimiser, Objective, std::remove_reference_t<Answer>> training(
      model, reference, questions, objective, answer, optimiser, options);
  std::int64_t first = 0;
  if (!options.checkpoint.empty() && checkpoint_exists(options.checkpoint)) {
    const LoadedCheckpoint loaded = load_checkpoint(options.checkpoint);
    const std::string differs =
        fingerprint_difference(loaded.checkpoint.fingerprint, training.fingerprint());
    require(differs.empty(), Errc::invalid_argument, "train: the checkpoint '", loaded.path,
            "' was made by another configuration (", differs,
            "); give that one to go on, or another file to begin anew");
    training.restore(loaded.checkpoint);
    first = loaded.checkpoint.step;
  }
  for (std::int64_t step = first; step < options.steps; ++step) {
    TrainRecord record = training.step(step);
    bool go_on = !options.stop.stop_requested();
    bool last = step + 1 == options.steps || !go_on;
    if (options.evaluate_every > 0 && (last || record.step % options.evaluate_every == 0)) {
      evaluate(std::as_const(model), record);
    }
    record.seconds = watch.seconds();
    if constexpr (std::is_void_v<std::invoke_result_t<OnStep&, const TrainRecord&>>) {
      on_step(std::as_const(record));
    } else {
      go_on = static_cast<bool>(on_step(std::as_const(record))) && go_on;
    }
    last = last || !go_on;
    if (!options.checkpoint.empty() && (last || record.step % options.checkpoint_every == 0)) {
      save_checkpoint(training.snapshot(record.step), options.checkpoint);
    }
    if (!go_on) {
      return Status::stopped;
    }
  }
  return Status::iteration_limit;
}

}  // namespace dag
