// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/random.hpp>
#include <dag/core/status.hpp>
#include <dag/train/checkpoint.hpp>
#include <dag/train/objective.hpp>
#include <dag/train/optimizer.hpp>
#include <dag/train/train_options.hpp>

namespace dag {

namespace detail {

/// The state of a run and one step of it.
template <ParameterizedModel Model, Optimizer Optimiser, AnswerObjective Objective, class Answer>
class Training {
 public:
  using Real = typename Model::scalar_type;
  using Prompt = typename Model::prompt_type;
  using Trace = typename Model::trace_type;

  Training(Model& model, const Model& reference, std::span<const Question<Prompt>> questions,
           Objective& objective, Answer& answer, Optimiser& optimiser, const TrainOptions& options)
      : model_(model),
        reference_(reference),
        questions_(questions),
        objective_(objective),
        answer_(answer),
        optimiser_(optimiser),
        options_(options),
        contexts_(questions[0].contexts.size()),
        count_(model.parameter_count()),
        gradient_(count_),
        parameters_(count_),
        ascent_(count_) {
    const std::size_t samples = options.questions_per_step * contexts_ * options.group_size;
    prompts_.resize(samples);
    traces_.resize(samples);
    answers_.resize(samples);
    signal_.resize(samples);
    log_prob_.resize(samples);
    log_reference_.resize(samples);
    weights_.resize(samples);
    order_.resize(questions.size());
  }

  [[nodiscard]] TrainRecord step(std::int64_t index) {
    TrainRecord record;
    record.step = index + 1;
    draw(index);
    rewards(record);
    ascend(index, record);
    return record;
  }
  [[nodiscard]] Checkpoint snapshot(std::int64_t step) const {
    return {options_.seed,      step, parameters_of(model_), parameters_of(reference_),
            optimiser_.state(), {}};
  }
  void restore(const Checkpoint& from) {
    require(from.parameters.size() == count_ && from.reference.size() == count_,
            Errc::dimension_mismatch, "train: the checkpoint has ", from.parameters.size(),
            " parameters, the model ", count_);
    require(from.seed == options_.seed, Errc::invalid_argument,
            "train: the checkpoint was made under seed ", from.seed, ", the options say ",
            options_.seed, "; use the same seed to go on");
    set_parameters(model_, from.parameters);
    set_parameters(reference_, from.reference);
    optimiser_.restore(from.optimizer);
  }

 private:
  /// Traces of this step's questions, a pure function of (seed, step, model).
  void draw(std::int64_t index) {
    RandomStream choose(options_.seed, 2 * static_cast<std::uint64_t>(index));
    for (std::size_t q = 0; q < order_.size(); ++q) {
      order_[q] = q;
    }
    std::size_t next = 0;
    for (std::size_t q = 0; q < options_.questions_per_step; ++q) {
      std::swap(order_[q], order_[q + choose.below(order_.size() - q)]);
      for (const Prompt& prompt : questions_[order_[q]].contexts) {
        for (std::size_t i = 0; i < options_.group_size; ++i) {
          prompts_[next++] = prompt;
        }
      }
    }
    RandomStream stream(options_.seed, 2 * static_cast<std::uint64_t>(index) + 1);
    sample_batch(std::as_const(model_), std::span<const Prompt>(prompts_), stream,
                 std::span<Trace>(traces_));
    log_prob_batch(std::as_const(model_), std::span<const Prompt>(prompts_),
                   std::span<const Trace>(traces_), std::span<Real>(log_prob_));
    log_prob_batch(std::as_const(reference_), std::span<const Prompt>(prompts_),
                   std::span<const Trace>(traces_), std::span<Real>(log_reference_));
    for (std::size_t i = 0; i < traces_.size(); ++i) {
      answers_[i] = static_cast<std::int32_t>(answer_(prompts_[i], traces_[i]));
    }
  }

  /// signal = objective - beta (log pi - log reference), the KL part centred over its group: its
  /// reward does not depend on the other samples, so their mean is a fair baseline.
  void rewards(TrainRecord& record) {
    const std::size_t per_question = contexts_ * options_.group_size;
    for (std::size_t q = 0; q < options_.questions_per_step; ++q) {
      const QuestionSample sample{
          std::span<const std::int32_t>(answers_).subspan(q * per_question, per_question),
          contexts_, options_.group_size, order_[q]};
      objective_(sample, std::span<double>(signal_).subspan(q * per_question, per_question));
    }
    const std::size_t groups = options_.questions_per_step * contexts_;
    const auto n = static_cast<double>(options_.group_size);
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t first = g * options_.group_size;
      describe(std::span<const std::int32_t>(answers_).subspan(first, options_.group_size), record);
      bool dead = true;
      double total = 0;
      for (std::size_t i = first; i < first + options_.group_size; ++i) {
        require(std::isfinite(signal_[i]), Errc::not_finite, "train: the objective gave ",
                signal_[i], " to a sample");
        record.objective += std::abs(signal_[i]);
        dead = dead && signal_[i] == 0;
        total += drift(i);
        record.kl += drift(i);
      }
      record.dead_groups += dead ? 1 : 0;
      for (std::size_t i = first; i < first + options_.group_size; ++i) {
        const double centred = n > 1 ? (n * drift(i) - total) / (n - 1) : drift(i);
        weights_[i] = static_cast<Real>((signal_[i] - options_.beta * centred) /
                                        static_cast<double>(signal_.size()));
      }
    }
    const auto samples = static_cast<double>(signal_.size());
    const auto group_count = static_cast<double>(groups);
    record.objective /= samples;
    record.kl /= samples;
    record.missing /= samples;
    record.dead_groups /= group_count;
    record.answer_entropy /= group_count;
    record.distinct /= group_count;
    record.majority /= group_count;
  }

  void ascend(std::int64_t index, TrainRecord& record) {
    std::fill(gradient_.begin(), gradient_.end(), Real{0});
    accumulate_score_batch(std::as_const(model_), std::span<const Prompt>(prompts_),
                           std::span<const Trace>(traces_), std::span<const Real>(weights_),
                           std::span<Real>(gradient_));
    double squares = 0;
    for (const Real entry : gradient_) {
      squares += static_cast<double>(entry) * static_cast<double>(entry);
    }
    record.gradient_norm = std::sqrt(squares);
    require(std::isfinite(record.gradient_norm), Errc::not_finite, "train: the gradient of step ",
            index, " is not finite");
    const double scale =
        record.gradient_norm > options_.clip_norm ? options_.clip_norm / record.gradient_norm : 1.0;
    for (std::size_t i = 0; i < count_; ++i) {
      ascent_[i] = scale * static_cast<double>(gradient_[i]);
    }
    parameters_ = parameters_of(model_);
    record.learning_rate = options_.learning_rate.at(index);
    optimiser_.step(parameters_, ascent_, record.learning_rate);
    set_parameters(model_, parameters_);
    if (options_.refresh_every > 0 && (index + 1) % options_.refresh_every == 0) {
      std::vector<double> mixed = parameters_of(reference_);
      const std::vector<double> current = parameters_of(model_);
      for (std::size_t i = 0; i < count_; ++i) {
        mixed[i] += options_.refresh_mixup * (current[i] - mixed[i]);
      }
      set_parameters(reference_, mixed);
    }
  }

  /// Entropy, distinct answers and majority share of one group, from its counts.
  void describe(std::span<const std::int32_t> group, TrainRecord& record) const {
    std::size_t answered = 0, most = 0;
    double entropy = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      answered += group[i] >= 0 ? 1 : 0;
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (group[i] < 0) {
        continue;
      }
      const std::size_t count = count_same(group, group[i]);
      const double p = static_cast<double>(count) / static_cast<double>(answered);
      entropy -= std::log(p) / static_cast<double>(answered);
      record.distinct += 1 / static_cast<double>(count);
      most = count > most ? count : most;
    }
    record.missing += static_cast<double>(group.size() - answered);
    record.answer_entropy += entropy;
    record.majority += answered > 0 ? static_cast<double>(most) / static_cast<double>(answered) : 0;
  }
  [[nodiscard]] double drift(std::size_t i) const {
    return static_cast<double>(log_prob_[i]) - static_cast<double>(log_reference_[i]);
  }
  [[nodiscard]] std::vector<double> parameters_of(const Model& model) const {
    std::vector<Real> own(count_);
    model.copy_parameters(std::span<Real>(own));
    return {own.begin(), own.end()};
  }
  void set_parameters(Model& model, const std::vector<double>& values) const {
    const std::vector<Real> own(values.begin(), values.end());
    model.set_parameters(std::span<const Real>(own));
  }

  Model& model_;
  Model reference_;
  std::span<const Question<Prompt>> questions_;
  Objective& objective_;
  Answer& answer_;
  Optimiser& optimiser_;
  const TrainOptions& options_;
  std::size_t contexts_;
  std::size_t count_;
  std::vector<Real> gradient_;
  std::vector<double> parameters_, ascent_, signal_;
  std::vector<Prompt> prompts_;
  std::vector<Trace> traces_;
  std::vector<std::int32_t> answers_;
  std::vector<Real> log_prob_, log_reference_, weights_;
  std::vector<std::size_t> order_;
};

}  // namespace detail

/// Answer-level policy gradient: at each step draws K traces of every context of the chosen
/// questions, turns their answers into signals by `objective` (rewards centred by a baseline that
/// keeps the gradient unbiased), anchors with -beta (log pi - log reference) inside the reward, and
/// ascends  mean_i signal_i grad log pi(y_i).
///
/// model: moved. reference: the anchor at the start (copied; refreshed as the options say). answer:
/// int32-like(prompt, trace), -1 for none. on_step: void or bool(const TrainRecord&), called after
/// every step; false stops. Status: iteration_limit after `steps` (their number is the budget),
/// stopped otherwise.
/// Expectation: with U-statistic tables (Gini, Euclidean coherence) or answer rewards the expected
/// step is the exact gradient of F(nu) - beta KL.
/// Determinism: a pure function of seed, options and model; resumed from a checkpoint bit for bit.
/// With options.checkpoint set, that file is read first if it is there, and written every
/// `checkpoint_every` steps and at the end.
/// Errors: invalid_argument, dimension_mismatch (options); not_finite (a signal or gradient); those
/// of the checkpoint.
template <ParameterizedModel Model, Optimizer Optimiser, AnswerObjective Objective, class Answer,
          class OnStep>
Status train(Model& model, const Model& reference,
             std::span<const Question<typename Model::prompt_type>> questions, Objective& objective,
             Answer&& answer, Optimiser& optimiser, const TrainOptions& options, OnStep&& on_step) {
  detail::validate(options, questions);
  const Stopwatch watch;
  detail::Training<Model, Optimiser, Objective, std::remove_reference_t<Answer>> training(
      model, reference, questions, objective, answer, optimiser, options);
  std::int64_t first = 0;
  if (!options.checkpoint.empty() && checkpoint_exists(options.checkpoint)) {
    const LoadedCheckpoint loaded = load_checkpoint(options.checkpoint);
    training.restore(loaded.checkpoint);
    first = loaded.checkpoint.step;
  }
  const auto save = [&](std::int64_t step) {
    if (!options.checkpoint.empty()) {
      save_checkpoint(training.snapshot(step), options.checkpoint);
    }
  };
  for (std::int64_t step = first; step < options.steps; ++step) {
    TrainRecord record = training.step(step);
    record.seconds = watch.seconds();
    bool go_on = !options.stop.stop_requested();
    if constexpr (std::is_void_v<std::invoke_result_t<OnStep&, const TrainRecord&>>) {
      on_step(std::as_const(record));
    } else {
      go_on = static_cast<bool>(on_step(std::as_const(record))) && go_on;
    }
    const bool last = step + 1 == options.steps || !go_on;
    if (last || (step + 1) % options.checkpoint_every == 0) {
      save(step + 1);
    }
    if (!go_on) {
      return Status::stopped;
    }
  }
  return Status::iteration_limit;
}

}  // namespace dag
