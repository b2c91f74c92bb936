// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/random.hpp>
#include <dag/model/categorical.hpp>
#include <dag/model/layered_graph.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// A policy over exponentially many traces whose exact game is solvable: pi(s'|t, s, c) is a
/// softmax row per (step, state, accumulator). The rows see the accumulator because the best
/// responses do, so those are policies of the same kind (layered_exact.hpp: answer distribution,
/// tilted policy, KL, gradients). Parameters are the logits; -inf forbids an edge, NaN and +inf are
/// refused.
///
/// Satisfies LogProbModel, TokenLogProbModel (a layer is a token), ParameterizedModel and
/// ExactAnswerModel. Sampling a trace costs L draws,
/// O(L V). Memory: three scalars per logit, row_count() * V logits. Equal seeds give equal traces.
template <std::floating_point Scalar = double>
class LayeredModel {
 public:
  using scalar_type = Scalar;
  using prompt_type = NoPrompt;
  using trace_type = std::vector<std::uint32_t>;

  /// Logits of every row, `shape.row_count() * shape.states` entries. Throws dimension_mismatch,
  /// invalid_argument (an empty shape, a value not below the modulus), not_finite,
  /// not_a_distribution (a row of -inf only).
  LayeredModel(LayeredShape shape, std::vector<Scalar> logits) : shape_(std::move(shape)) {
    check_shape(shape_);
    assign(std::move(logits));
  }

  /// A policy that does not look at the accumulator: `edges` holds V logits for the root, then V
  /// rows of V logits (row = state left) for each of the steps 2..L.
  [[nodiscard]] static LayeredModel from_edges(LayeredShape shape, std::span<const Scalar> edges) {
    check_shape(shape);
    const std::size_t width = shape.states;
    require(edges.size() == width + (shape.steps - 1) * width * width, Errc::dimension_mismatch,
            "LayeredModel::from_edges: need states + (steps - 1) * states^2 logits for ",
            shape.steps, " steps and ", width, " states, got ", edges.size());
    std::vector<Scalar> logits(edges.begin(), edges.begin() + static_cast<std::ptrdiff_t>(width));
    logits.reserve(shape.row_count() * width);
    for (std::size_t left = 1; left < edges.size() / width; ++left) {
      const auto row = edges.subspan(left * width, width);
      for (std::size_t accumulator = 0; accumulator < shape.modulus; ++accumulator) {
        logits.insert(logits.end(), row.begin(), row.end());
      }
    }
    return LayeredModel(std::move(shape), std::move(logits));
  }

  [[nodiscard]] const LayeredShape& shape() const noexcept { return shape_; }
  [[nodiscard]] std::span<const Scalar> logits() const noexcept { return logits_; }
  /// The logits normalised row by row.
  [[nodiscard]] std::span<const Scalar> log_probs() const noexcept { return log_probs_; }
  /// exp(log_probs()).
  [[nodiscard]] std::span<const Scalar> probs() const noexcept { return probs_; }
  /// Normalised log pi(.|row), V entries.
  [[nodiscard]] std::span<const Scalar> row_log_probs(std::size_t row) const noexcept {
    return std::span<const Scalar>(log_probs_).subspan(row * shape_.states, shape_.states);
  }

  [[nodiscard]] trace_type sample(NoPrompt, RandomStream& stream) const {
    trace_type trace;
    sample_into(stream, trace);
    return trace;
  }

  /// As the free function `sample_batch`, with the same draws; reuses the traces' memory.
  void sample_batch(std::span<const NoPrompt> prompts, RandomStream& stream,
                    std::span<trace_type> traces) const {
    const auto seed = stream();
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      RandomStream own(seed, i);
      sample_into(own, traces[i]);
    }
  }

  /// log pi(trace), -inf if an edge is forbidden. Throws dimension_mismatch for a trace that has
  /// not L states, invalid_argument for a state not below V.
  [[nodiscard]] Scalar log_prob(NoPrompt, std::span<const std::uint32_t> trace) const {
    Scalar sum = 0;
    walk(trace, [&](std::size_t row, std::size_t state) {
      sum += log_probs_[row * shape_.states + state];
    });
    return sum;
  }

  /// gradient += weight * grad log pi(trace) in the logits. Throws as log_prob, and
  /// invalid_argument for a trace of probability zero (its score does not exist).
  void accumulate_score(NoPrompt prompt, std::span<const std::uint32_t> trace, Scalar weight,
                        std::span<Scalar> gradient) const {
    check_score(prompt, trace, gradient.size(), "accumulate_score");
    walk(trace, [&](std::size_t row, std::size_t state) {
      categorical::accumulate_score(row_probs(row), state, weight,
                                    gradient.subspan(row * shape_.states, shape_.states));
    });
  }

  /// L, whatever the trace. Throws as log_prob.
  [[nodiscard]] std::size_t token_count(NoPrompt, std::span<const std::uint32_t> trace) const {
    check_steps(trace.size());
    return shape_.steps;
  }
  /// out[t] = log pi(state t+1 of the trace|those before). Throws as log_prob, and
  /// dimension_mismatch unless out has L entries.
  void token_log_probs(NoPrompt, std::span<const std::uint32_t> trace,
                       std::span<Scalar> out) const {
    check_steps(out.size());
    std::size_t step = 0;
    walk(trace, [&](std::size_t row, std::size_t state) {
      out[step++] = log_probs_[row * shape_.states + state];
    });
  }
  /// gradient += sum_t weights[t] grad log pi(state t+1). Throws as accumulate_score, and
  /// dimension_mismatch unless there are L weights.
  void accumulate_token_score(NoPrompt prompt, std::span<const std::uint32_t> trace,
                              std::span<const Scalar> weights, std::span<Scalar> gradient) const {
    check_steps(weights.size());
    check_score(prompt, trace, gradient.size(), "accumulate_token_score");
    std::size_t step = 0;
    walk(trace, [&](std::size_t row, std::size_t state) {
      categorical::accumulate_score(row_probs(row), state, weights[step++],
                                    gradient.subspan(row * shape_.states, shape_.states));
    });
  }

  [[nodiscard]] std::size_t parameter_count() const noexcept { return logits_.size(); }
  void copy_parameters(std::span<Scalar> out) const {
    require(out.size() == parameter_count(), Errc::dimension_mismatch,
            "LayeredModel::copy_parameters: need ", parameter_count(), " entries, got ",
            out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = logits_[i];
    }
  }
  /// Replaces the logits; on an error the model is unchanged. Throws as the constructor.
  void set_parameters(std::span<const Scalar> logits) {
    assign(std::vector<Scalar>(logits.begin(), logits.end()));
  }

  /// The final accumulator. Throws as log_prob.
  [[nodiscard]] std::size_t answer(NoPrompt, std::span<const std::uint32_t> trace) const {
    return walk(trace, [](std::size_t, std::size_t) {});
  }
  [[nodiscard]] std::size_t answer_count(NoPrompt = {}) const noexcept { return shape_.modulus; }
  /// out = log nu by dynamic programming, O(L V^2 M); answers without mass are -inf.
  void answer_log_probs(NoPrompt, std::span<Scalar> out) const {
    require(out.size() == shape_.modulus, Errc::dimension_mismatch,
            "LayeredModel::answer_log_probs: need ", shape_.modulus, " entries, got ", out.size());
    const auto answers = detail::layered_forward<Scalar>(shape_, log_probs_).answers;
    for (std::size_t answer = 0; answer < out.size(); ++answer) {
      out[answer] = answers[answer];
    }
  }

 private:
  static void check_shape(const LayeredShape& shape) {
    require(shape.steps >= 1 && shape.states >= 1 && shape.modulus >= 1, Errc::invalid_argument,
            "LayeredModel: steps, states and modulus must be >= 1, got ", shape.steps, ", ",
            shape.states, " and ", shape.modulus);
    const double logits = static_cast<double>(shape.steps) * static_cast<double>(shape.states) *
                          static_cast<double>(shape.states) * static_cast<double>(shape.modulus);
    require(shape.states <= 0xFFFFFFFFU && logits < 0x1p40, Errc::invalid_argument,
            "LayeredModel: steps * states^2 * modulus must be below 2^40, got ", logits);
    require(shape.values.size() == shape.states, Errc::dimension_mismatch,
            "LayeredModel: need one value per state (", shape.states, "), got ",
            shape.values.size());
    for (std::size_t state = 0; state < shape.states; ++state) {
      require(shape.values[state] < shape.modulus, Errc::invalid_argument,
              "LayeredModel: a value must be below the modulus ", shape.modulus, ", got ",
              shape.values[state], " for state ", state);
    }
  }

  void assign(std::vector<Scalar> logits) {
    const std::size_t width = shape_.states;
    require(logits.size() == shape_.row_count() * width, Errc::dimension_mismatch,
            "LayeredModel: need row_count * states = ", shape_.row_count() * width, " logits, got ",
            logits.size());
    std::vector<Scalar> log_probs(logits);
    const std::span<Scalar> out(log_probs);
    for (std::size_t row = 0; row < shape_.row_count(); ++row) {
      categorical::check_logits<Scalar>(out.subspan(row * width, width), "LayeredModel", row);
      log_normalize(out.subspan(row * width, width));
    }
    std::vector<Scalar> probs(log_probs.size());
    categorical::exponentiate<Scalar>(log_probs, probs);
    logits_ = std::move(logits);
    log_probs_ = std::move(log_probs);
    probs_ = std::move(probs);
  }

  [[nodiscard]] std::span<const Scalar> row_probs(std::size_t row) const noexcept {
    return probs().subspan(row * shape_.states, shape_.states);
  }

  void sample_into(RandomStream& stream, trace_type& trace) const {
    trace.resize(shape_.steps);
    std::size_t state = 0, accumulator = 0;
    for (std::size_t step = 0; step < shape_.steps; ++step) {
      state = categorical::sample(row_probs(shape_.row(step, state, accumulator)), stream);
      accumulator = shape_.advance(accumulator, state);
      trace[step] = static_cast<std::uint32_t>(state);
    }
  }

  void check_steps(std::size_t count) const {
    require(count == shape_.steps, Errc::dimension_mismatch,
            "LayeredModel: a trace has one state per step (", shape_.steps, "), got ", count);
  }
  void check_score(NoPrompt prompt, std::span<const std::uint32_t> trace, std::size_t gradient,
                   const char* where) const {
    require(gradient == parameter_count(), Errc::dimension_mismatch, "LayeredModel::", where,
            ": gradient must have ", parameter_count(), " entries, got ", gradient);
    require(log_prob(prompt, trace) > -std::numeric_limits<Scalar>::infinity(),
            Errc::invalid_argument, "LayeredModel::", where,
            ": the trace has probability zero, so no score");
  }

  /// Calls visit(row, state) for each step of a checked trace; returns the final accumulator.
  template <class Visit>
  std::size_t walk(std::span<const std::uint32_t> trace, Visit&& visit) const {
    check_steps(trace.size());
    std::size_t left = 0, accumulator = 0;
    for (std::size_t step = 0; step < shape_.steps; ++step) {
      const std::size_t state = trace[step];
      require(state < shape_.states, Errc::invalid_argument,
              "LayeredModel: a trace's states must be below ", shape_.states, ", got ", state,
              " at step ", step);
      visit(shape_.row(step, left, accumulator), state);
      accumulator = shape_.advance(accumulator, state);
      left = state;
    }
    return accumulator;
  }

  LayeredShape shape_;
  std::vector<Scalar> logits_;
  std::vector<Scalar> log_probs_;
  std::vector<Scalar> probs_;
};

}  // namespace dag
