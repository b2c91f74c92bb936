// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/communicator.hpp>
#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/random.hpp>
#include <dag/core/status.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/checkpoint.hpp>
#include <dag/train/detail/batch_score.hpp>
#include <dag/train/detail/flat_parameters.hpp>
#include <dag/train/detail/group_diagnostics.hpp>
#include <dag/train/detail/step_parts.hpp>
#include <dag/train/fingerprint.hpp>
#include <dag/train/majority_watch.hpp>
#include <dag/train/objective.hpp>
#include <dag/train/optimizer.hpp>
#include <dag/train/silence.hpp>
#include <dag/train/train_options.hpp>
#include <dag/train/train_record.hpp>

namespace dag::detail {

/// The state of a run and one step of it (see `train`). A sample is a trace; a group is the K
/// samples of one context; groups of a question lie side by side. Of ranks, each has all but the
/// others' traces.
template <ParameterizedModel Model, class Optimiser, AnswerObjective Objective, class Answer,
          Communicator Ranks>
class Training {
 public:
  using Real = typename Model::scalar_type;
  using Prompt = typename Model::prompt_type;
  using Trace = typename Model::trace_type;

  Training(Conversation<Ranks>& talk, Model& model, const Model& reference,
           std::span<const Question<Prompt>> questions, Objective& objective, Answer& answer,
           Optimiser& optimiser, const TrainOptions& options)
      : model_(model),
        reference_(reference),
        questions_(questions),
        objective_(objective),
        answer_(answer),
        optimiser_(optimiser),
        options_(options),
        score_(options),
        watch_(options.collapse),
        contexts_(questions[0].contexts.size()),
        parts_(talk, options.questions_per_step * contexts_ * options.group_size, options.parts),
        count_(static_cast<std::size_t>(model.parameter_count())),
        order_(questions.size()) {
    require(score_.by_trace() || !ModelOptimizer<Optimiser, Model>, Errc::unsupported,
            "train: an optimiser that moves the model itself takes a weight a trace; "
            "LossLevel::token needs an Optimizer over flat parameters");
    require((options.parts == 1 && talk.size() == 1) || !ModelOptimizer<Optimiser, Model>,
            Errc::unsupported,
            "train: an optimiser that moves the model itself takes a step's traces at once, in one "
            "process; use an Optimizer over flat parameters, or the data parallelism of what moves "
            "the model");
    if (options.refresh_every > 0 || std::addressof(model) == std::addressof(reference)) {
      moving_.emplace(reference);
    }
    const std::size_t samples = options.questions_per_step * contexts_ * options.group_size;
    prompts_.resize(samples);
    traces_.resize(samples);
    answers_.resize(samples);
    for (auto* buffer : {&signal_, &anchored_, &advantage_}) {
      buffer->resize(samples);
    }
    for (auto* buffer : {&log_prob_, &log_reference_}) {
      buffer->resize(samples);
    }
    for (std::size_t g = 0; g <= samples / options.group_size; ++g) {
      begin_.push_back(static_cast<std::int64_t>(g * options.group_size));
    }
  }

  [[nodiscard]] TrainRecord step(std::int64_t index) {
    TrainRecord record;
    record.step = index + 1;
    record.learning_rate = options_.learning_rate.at(index);
    beta_ = record.beta = options_.beta * watch_.beta_factor();
    draw(index);
    judge(index, record);
    (void)watch_.close(record);
    live_ = signal_.size();
    weigh(record);
    if (options_.noise_every > 0 && record.step % options_.noise_every == 0 && live_ > 0) {
      set_weights(0, record);
      const bool by_question = options_.questions_per_step % 2 == 0 && live_ == signal_.size();
      score_.measure_noise(parts_, std::as_const(model_), prompts(), traces(),
                           by_question ? contexts_ * options_.group_size : 1, record);
    }
    ascend(index, record);
    if (options_.refresh_every > 0 && record.step % options_.refresh_every == 0) {
      mix_parameters(*moving_, std::as_const(model_), options_.refresh_mixup);
    }
    return record;
  }
  [[nodiscard]] Checkpoint snapshot(std::int64_t step) const {
    Checkpoint point{options_.seed,      step, parameters_of(model_), parameters_of(anchor()),
                     optimiser_.state(), {},   fingerprint(),         watch_.state()};
    if constexpr (AdaptiveObjective<Objective>) {
      point.multipliers = std::as_const(objective_).state();
    }
    return point;
  }
  [[nodiscard]] std::string fingerprint() const {
    return fingerprint_of(options_, questions_.size(), contexts_);
  }
  /// Whether any rank says so. Errors: invalid_argument where the ranks' records differ.
  [[nodiscard]] bool any(bool said, const TrainRecord& record) {
    const double same[] = {record.objective, record.kl, record.gradient_norm, record.beta};
    return parts_.talk().any(said, {reinterpret_cast<const char*>(same), sizeof same},
                             "train: the numbers of step ", record.step);
  }
  void restore(const Checkpoint& from) {
    const std::string differs = fingerprint_difference(from.fingerprint, fingerprint());
    require(differs.empty(), Errc::invalid_argument, "train: the checkpoint '", options_.checkpoint,
            "' was made by another configuration (", differs,
            "); give that one to go on, or another file to begin anew");
    require(from.parameters.size() == count_ && from.reference.size() == count_,
            Errc::dimension_mismatch, "train: the checkpoint has ", from.parameters.size(),
            " parameters, the model ", count_);
    require(from.seed == options_.seed, Errc::invalid_argument,
            "train: the checkpoint was made under seed ", from.seed, ", the options say ",
            options_.seed, "; use the same seed to go on");
    if (moving_) {
      set_parameters(*moving_, from.reference);
    } else {
      require(from.reference == parameters_of(reference_), Errc::invalid_argument,
              "train: the checkpoint was made with another reference; give the same to go on");
    }
    set_parameters(model_, from.parameters);
    optimiser_.restore(from.optimizer);
    watch_.restore(from.watch);
    if constexpr (AdaptiveObjective<Objective>) {
      objective_.restore(std::span<const double>(from.multipliers));
    } else {
      require(from.multipliers.empty(), Errc::invalid_argument,
              "train: the checkpoint has the state of another objective");
    }
  }

 private:
  /// Traces of this step's questions, a pure function of (seed, step, parts, model).
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
    parts_.begin();
    const std::span<const Prompt> prompts(prompts_);
    parts_.each_own([&](std::size_t part, std::size_t first, std::size_t size) {
      RandomStream stream(options_.seed, 2 * static_cast<std::uint64_t>(index) + 1,
                          static_cast<std::uint64_t>(part) << 32U);
      sample_batch(std::as_const(model_), prompts.subspan(first, size), stream,
                   std::span<Trace>(traces_).subspan(first, size));
      for (std::size_t i = first; i < first + size; ++i) {
        answers_[i] = static_cast<std::int32_t>(answer_(prompts_[i], traces_[i]));
      }
    });
    score_.read(parts_, std::as_const(model_), anchor(), prompts, std::span<const Trace>(traces_),
                std::span<Real>(log_prob_), std::span<Real>(log_reference_),
                std::span<std::int32_t>(answers_));
  }

  /// The objective's signals, by the convention of the options.
  void judge(std::int64_t index, TrainRecord& record) {
    if constexpr (AdaptiveObjective<Objective>) {
      objective_.begin_step(index);
    }
    const std::size_t per_question = contexts_ * options_.group_size;
    for (std::size_t q = 0; q < options_.questions_per_step; ++q) {
      const QuestionSample sample{
          std::span<const std::int32_t>(answers_).subspan(q * per_question, per_question),
          contexts_, options_.group_size, order_[q]};
      watch_.add(order_[q], contexts_, sample.answers);
      objective_(sample, std::span<double>(signal_).subspan(q * per_question, per_question));
    }
    for (const double signal : signal_) {
      require(std::isfinite(signal), Errc::not_finite, "train: the objective gave ", signal,
              " to a sample");
      record.objective += std::abs(signal) / static_cast<double>(signal_.size());
    }
    if (options_.advantage) {
      (void)advantages(*options_.advantage, std::span<const double>(signal_),
                       std::span<const std::int64_t>(begin_), std::span<double>(advantage_),
                       score_.lengths());
      signal_.swap(advantage_);
    }
    if constexpr (AdaptiveObjective<Objective>) {
      objective_.end_step(record.learning_rate / options_.learning_rate.peak, record.target);
    }
  }

  /// advantage_ = signal - beta (log pi - log reference), each part over its own denominator; the
  /// KL part is centred over its group: its reward does not depend on the other samples, so their
  /// mean is a fair baseline. Dropped groups leave the batch: what is left is the first `live_`
  /// samples.
  void weigh(TrainRecord& record) {
    const std::size_t size = options_.group_size, groups = signal_.size() / size;
    const auto n = static_cast<double>(size);
    const double beta = options_.anchor_in_reward ? beta_ : 0.0;
    record.gap = record.residual = 0;
    std::vector<bool> dead(groups, true);
    std::size_t alive = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t first = g * size;
      double total = 0;
      for (std::size_t i = first; i < first + size; ++i) {
        dead[g] = dead[g] && signal_[i] == signal_[first];
        total += drift(i);
      }
      alive += dead[g] ? 0U : 1U;
      for (std::size_t i = first; i < first + size; ++i) {
        anchored_[i] = signal_[i] - beta_ * drift(i);
        advantage_[i] = -beta * (n * drift(i) - total) / (n - 1);
      }
      record.kl += total;
      tally_.assign(std::span<const std::int32_t>(answers_).subspan(first, size));
      add_answers(tally_, size, record);
      gap_.add(tally_, std::span<const double>(anchored_).subspan(first, size), beta_, record);
    }
    const DeadGroup rule = options_.dead_group;
    std::size_t next = 0;
    kept_.clear();
    for (std::size_t g = 0; g < groups; ++g) {
      if (rule == DeadGroup::drop && dead[g]) {
        continue;
      }
      for (std::size_t i = g * size; i < (g + 1) * size; ++i, ++next) {
        const double kl = dead[g] && rule == DeadGroup::mask_kl ? 0.0 : advantage_[i];
        const double value = kl + (dead[g] && rule != DeadGroup::keep ? 0.0 : signal_[i]);
        if (next != i) {  // close the gap that a dropped group left
          prompts_[next] = prompts_[i];
          std::swap(traces_[next], traces_[i]);
          log_prob_[next] = log_prob_[i];
        }
        score_.keep(i, next);
        advantage_[next] = value;
        kept_.push_back(i);
      }
    }
    live_ = next;
    parts_.keep(kept_);
    const auto samples = static_cast<double>(signal_.size());
    const auto group_count = static_cast<double>(groups);
    record.kl /= samples;
    record.missing /= samples;
    record.dead_groups = static_cast<double>(groups - alive) / group_count;
    for (double* sum : {&record.answer_entropy, &record.distinct, &record.majority, &record.gap,
                        &record.residual}) {
      *sum /= group_count;
    }
  }

  void set_weights(std::size_t epoch, TrainRecord& record) {
    score_.weigh(parts_, epoch, std::as_const(model_), prompts(), traces(),
                 std::span<const double>(advantage_).first(live_),
                 std::span<const Real>(log_prob_).first(live_), record);
  }

  void ascend(std::int64_t index, TrainRecord& record) {
    for (std::size_t epoch = 0; epoch < options_.epochs && live_ > 0; ++epoch) {
      set_weights(epoch, record);
      double norm = 0;
      if constexpr (ModelOptimizer<Optimiser, Model>) {
        norm = static_cast<double>(optimiser_.ascend(model_, prompts(), traces(),
                                                     score_.trace_weights(), record.learning_rate,
                                                     options_.clip_norm));
      } else {
        norm = flat_.step(
            model_, optimiser_,
            [&](std::span<Real> gradient) {
              score_.accumulate(parts_, std::as_const(model_), prompts(), traces(), gradient);
            },
            record.learning_rate, options_.clip_norm);
      }
      require(std::isfinite(norm), Errc::not_finite, "train: the gradient of step ", index,
              " is not finite");
      record.gradient_norm = epoch == 0 ? norm : record.gradient_norm;
    }
  }

  [[nodiscard]] const Model& anchor() const { return moving_ ? *moving_ : reference_; }
  [[nodiscard]] std::span<const Prompt> prompts() const {
    return std::span<const Prompt>(prompts_).first(live_);
  }
  [[nodiscard]] std::span<const Trace> traces() const {
    return std::span<const Trace>(traces_).first(live_);
  }
  [[nodiscard]] double drift(std::size_t i) const {
    return static_cast<double>(log_prob_[i]) - static_cast<double>(log_reference_[i]);
  }

  Model& model_;
  const Model& reference_;
  std::optional<Model> moving_;  ///< where the reference moves, or is the model itself
  std::span<const Question<Prompt>> questions_;
  Objective& objective_;
  Answer& answer_;
  Optimiser& optimiser_;
  const TrainOptions& options_;
  BatchScore<Model> score_;
  MajorityWatch watch_;
  double beta_ = 0;  ///< of the step: what a collapse may have raised
  std::size_t contexts_;
  StepParts<Ranks, Real> parts_;
  std::size_t count_;
  std::size_t live_ = 0;
  std::vector<std::size_t> order_, kept_;
  std::vector<std::int64_t> begin_;
  std::vector<Prompt> prompts_;
  std::vector<Trace> traces_;
  std::vector<std::int32_t> answers_;
  std::vector<double> signal_, anchored_, advantage_;
  std::vector<Real> log_prob_, log_reference_;
  AnswerTally tally_;
  SampledGap gap_;
  FlatAscent<Model> flat_;
};

}  // namespace dag::detail

namespace dag {

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
/// and at the last one; it adds its results to `extra` of the record. options.collapse watches
/// every question's majority and may stop the run or raise beta. Status: done after
/// `steps`, stopped otherwise.
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
///
/// Over ranks (a `Communicator`), which all call this with equal arguments: the bits of one
/// process. A step's traces fall into `options.parts` parts; a rank draws, reads and scores those
/// of its run of parts, so that up to `parts` ranks have something to do. Answers and
/// log-probabilities go to all (20 bytes a trace to each rank; by token 12 and 16 a token),
/// gradients as `StepParts::sum` says; objective, optimiser and model stay equal on all ranks
/// without being sent. `on_step` and `evaluate` are called on all, the records equal but for the
/// seconds; a stop that any rank asks for stops all. Rank 0 alone reads and writes the checkpoint,
/// which knows nothing of ranks. Errors: what any rank throws is thrown on all, naming it;
/// invalid_argument where the ranks' records differ.
template <Communicator Ranks, ParameterizedModel Model, class Optimiser, AnswerObjective Objective,
          class Answer, class OnStep = NoReport, class Evaluate = NoEvaluation>
requires(Optimizer<Optimiser> || ModelOptimizer<Optimiser, Model>) Status
    train(const Ranks& ranks, Model& model, const Model& reference,
          std::span<const Question<typename Model::prompt_type>> questions, Objective& objective,
          Answer&& answer, Optimiser& optimiser, const TrainOptions& options, OnStep&& on_step = {},
          Evaluate&& evaluate = {}) {
  const Stopwatch watch;
  detail::Conversation<Ranks> talk(ranks);
  return talk.whole([&] {
    detail::validate(options, questions);
    detail::Training<Model, Optimiser, Objective, std::remove_reference_t<Answer>, Ranks> training(
        talk, model, reference, questions, objective, answer, optimiser, options);
    (void)talk.any(false,
                   training.fingerprint() + std::to_string(options.seed) + ' ' +
                       std::to_string(options.noise_every),
                   "train: the options or the number of questions");
    const auto loaded = detail::load_checkpoint_of_rank_0(talk, options.checkpoint);
    if (loaded) {
      training.restore(*loaded);
    }
    for (std::int64_t step = loaded ? loaded->step : 0; step < options.steps; ++step) {
      TrainRecord record = training.step(step);
      bool go_on = !training.any(options.stop.stop_requested(), record) &&
                   !(record.collapse && options.collapse.rule == OnCollapse::stop);
      bool last = step + 1 == options.steps || !go_on;
      if (options.evaluate_every > 0 && (last || record.step % options.evaluate_every == 0)) {
        evaluate(std::as_const(model), record);
      }
      record.seconds = watch.seconds();
      if constexpr (std::is_void_v<std::invoke_result_t<OnStep&, const TrainRecord&>>) {
        on_step(std::as_const(record));
      } else {
        const bool content = static_cast<bool>(on_step(std::as_const(record)));
        go_on = !training.any(!content, record) && go_on;
      }
      last = last || !go_on;
      if (!options.checkpoint.empty() && (last || record.step % options.checkpoint_every == 0) &&
          talk.rank() == 0) {
        save_checkpoint(training.snapshot(record.step), options.checkpoint);
      }
      if (last) {
        (void)training.any(false, record);  // nobody goes while another writes
      }
      if (!go_on) {
        return Status::stopped;
      }
    }
    return Status::done;
  });
}

/// The same in one process.
template <ParameterizedModel Model, class Optimiser, AnswerObjective Objective, class Answer,
          class OnStep = NoReport, class Evaluate = NoEvaluation>
requires(Optimizer<Optimiser> || ModelOptimizer<Optimiser, Model>) Status
    train(Model& model, const Model& reference,
          std::span<const Question<typename Model::prompt_type>> questions, Objective& objective,
          Answer&& answer, Optimiser& optimiser, const TrainOptions& options, OnStep&& on_step = {},
          Evaluate&& evaluate = {}) {
  return train(SerialCommunicator{}, model, reference, questions, objective, answer, optimiser,
               options, on_step, evaluate);
}

}  // namespace dag
