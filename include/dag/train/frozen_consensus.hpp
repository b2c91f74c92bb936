// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/random.hpp>
#include <dag/numeric/sorted_sum.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>
#include <dag/train/train_options.hpp>

namespace dag {

/// Whose answers make the consensus of a context.
enum class ConsensusScope {
  across,  ///< all contexts of its question
  within,  ///< its own: agreement of a context with itself, of use where it is sharpened
};

/// Options of `QuestionConsensus`.
struct FrozenConsensusOptions {
  std::size_t samples = 64;                       ///< a context
  ConsensusScope scope = ConsensusScope::across;  ///< whose answers are pooled
  bool geometric = false;  ///< normalised geometric mean of the contexts; else their mean
  double smoothing = 0.5;  ///< of the geometric mean: (n + smoothing) / (K + smoothing * different)
  double sharpness = 1;    ///< q <- q^sharpness, normalised; > 1 leans to the majority
  std::uint64_t seed = 1;  ///< of the samples
};

/// The answers of a reference, pooled and kept: q(AnswerAt), a target for `GoalObjective` that
/// does not move with the policy. Answers that were not sampled have probability 0.
class QuestionConsensus {
 public:
  /// Adds the next question from samples of its contexts.
  void add(const QuestionSample& sample, const FrozenConsensusOptions& options) {
    if (options.scope == ConsensusScope::across) {
      rows_.push_back({pool(sample, options)});
      return;
    }
    std::vector<Row> own;
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      own.push_back(pool({sample.group(x), 1, sample.size(x), sample.question}, options));
    }
    rows_.push_back(std::move(own));
  }
  [[nodiscard]] double operator()(const AnswerAt& at) const {
    require(at.question < rows_.size(), Errc::invalid_argument, "QuestionConsensus: question ",
            at.question, " of ", rows_.size());
    const auto& question = rows_[at.question];
    const Row& row = question[question.size() == 1 ? 0 : at.context];
    const auto found = std::lower_bound(row.begin(), row.end(), std::pair{at.answer, -1.0});
    return found != row.end() && found->first == at.answer ? found->second : 0.0;
  }
  [[nodiscard]] std::size_t questions() const noexcept { return rows_.size(); }

 private:
  using Row = std::vector<std::pair<std::size_t, double>>;  ///< ascending answers

  [[nodiscard]] static Row pool(const QuestionSample& sample, const FrozenConsensusOptions& o) {
    AnswerTally tally;
    std::vector<std::int64_t> begin{0};
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      begin.push_back(static_cast<std::int64_t>(sample.first(x + 1)));
    }
    tally.assign(sample.answers, begin);
    ConsensusPool pool({.pool = o.geometric ? Pool::geometric : Pool::arithmetic,
                        .smoothing = o.geometric ? o.smoothing : 0.0});
    pool.pool(tally.table());
    Row row;
    Terms room;
    const auto terms = room.take(tally.distinct());
    for (std::size_t z = 0; z < terms.size(); ++z) {
      terms[z] = std::pow(pool.q(static_cast<std::int32_t>(z)), o.sharpness);
      row.emplace_back(static_cast<std::size_t>(tally.answer(z)), terms[z]);
    }
    const double total = sorted_sum(terms);
    for (auto& [answer, value] : row) {
      value /= total;
    }
    return row;
  }

  std::vector<std::vector<Row>> rows_;  ///< by question; one row, or one a context
};

/// Samples `options.samples` traces of every context of every question from a model and pools them.
/// The model needs no log-probabilities: a server that only samples will do.
/// answer: int32-like(prompt, trace), -1 for none. Deterministic: a function of the seed. Errors:
/// invalid_argument.
template <SamplesTraces Model, class Answer>
[[nodiscard]] QuestionConsensus frozen_consensus(
    const Model& model, std::span<const Question<typename Model::prompt_type>> questions,
    Answer&& answer, const FrozenConsensusOptions& options = {}) {
  const OptionRules rules("frozen_consensus");
  rules.positive("samples", options.samples);
  rules.positive("sharpness", options.sharpness);
  rules.not_negative("smoothing", options.smoothing);
  rules.need(options.smoothing > 0 || !options.geometric, "smoothing", "> 0 for the geometric mean",
             options.smoothing);
  QuestionConsensus found;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    std::vector<typename Model::prompt_type> prompts;
    for (const auto& prompt : questions[q].contexts) {
      prompts.insert(prompts.end(), options.samples, prompt);
    }
    std::vector<typename Model::trace_type> traces(prompts.size());
    RandomStream stream(options.seed, q);
    sample_batch(model, std::span<const typename Model::prompt_type>(prompts), stream,
                 std::span<typename Model::trace_type>(traces));
    std::vector<std::int32_t> answers(prompts.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      answers[i] = static_cast<std::int32_t>(answer(prompts[i], traces[i]));
    }
    found.add({answers, questions[q].contexts.size(), options.samples, q}, options);
  }
  return found;
}

}  // namespace dag
