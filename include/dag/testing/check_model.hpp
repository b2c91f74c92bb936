// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/log_prob_model.hpp>
#include <dag/core/random.hpp>
#include <dag/core/token_log_prob_model.hpp>
#include <dag/testing/report.hpp>

namespace dag::testing {

/// How much `check_model` looks at.
struct ModelChecks {
  std::uint64_t seed = 2026;        ///< of the samples
  std::size_t samples = 20000;      ///< for the statistical checks: five standard errors
  std::size_t differentiated = 25;  ///< traces whose score is held against finite differences
};

namespace detail {

template <class Model>
std::vector<typename Model::scalar_type> random_direction(const Model& model,
                                                          RandomStream& stream) {
  std::vector<typename Model::scalar_type> direction(model.parameter_count());
  for (auto& entry : direction) {
    entry = static_cast<typename Model::scalar_type>(stream.normal());
  }
  return direction;
}

template <class Scalar>
Scalar inner(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  Scalar sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

/// Equal streams give equal traces; a draw advances the stream; sampled traces have positive
/// probability.
template <LogProbModel Model>
void check_sampling(Report& report, const Model& model, const typename Model::prompt_type& prompt,
                    const ModelChecks& checks) {
  RandomStream first(checks.seed, 1), second(checks.seed, 1);
  const auto before = first;
  for (int i = 0; i < 100; ++i) {
    const typename Model::trace_type trace = model.sample(prompt, first);
    const typename Model::trace_type same = model.sample(prompt, second);
    DAG_TESTING_REQUIRE(trace == same);
    const auto log_prob = model.log_prob(prompt, trace);
    DAG_TESTING_REQUIRE(std::isfinite(log_prob));
    DAG_TESTING_REQUIRE(log_prob <=
                        100 * std::numeric_limits<typename Model::scalar_type>::epsilon());
  }
  DAG_TESTING_CHECK(first == second);
  DAG_TESTING_CHECK(!(first == before));
}

/// E[score] = 0 (along a random direction), and the score adds weight * score to what is there.
template <LogProbModel Model>
void check_score(Report& report, const Model& model, const typename Model::prompt_type& prompt,
                 const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  RandomStream stream(checks.seed, 2);
  const auto direction = random_direction(model, stream);
  double sum = 0, square = 0;
  std::vector<Scalar> gradient(model.parameter_count());
  for (std::size_t i = 0; i < checks.samples; ++i) {
    gradient.assign(gradient.size(), Scalar{0});
    model.accumulate_score(prompt, model.sample(prompt, stream), Scalar{1}, gradient);
    const double along = static_cast<double>(inner(gradient, direction));
    sum += along;
    square += along * along;
  }
  const double n = static_cast<double>(checks.samples);
  DAG_TESTING_CHECK(std::abs(sum / n) <= 5 * std::sqrt(square / n / n));

  const typename Model::trace_type trace = model.sample(prompt, stream);
  std::vector<Scalar> once(model.parameter_count(), Scalar{0}), twice = direction;
  model.accumulate_score(prompt, trace, Scalar{1}, once);
  model.accumulate_score(prompt, trace, Scalar{-2.5}, twice);
  for (std::size_t i = 0; i < once.size(); ++i) {
    DAG_TESTING_REQUIRE(close_to(twice[i], direction[i] - Scalar{2.5} * once[i],
                                 16 * std::numeric_limits<Scalar>::epsilon()));
  }
  std::vector<Scalar> wrong(model.parameter_count() + 1);
  refuses(report, Errc::dimension_mismatch,
          [&] { model.accumulate_score(prompt, trace, Scalar{1}, wrong); });
}

/// The score is the derivative of log_prob: central differences along random directions. Step h =
/// epsilon^(1/3); tolerance h relative to 1 + |score|_1 (truncation h^2, rounding epsilon / h, with
/// a margin for the third derivative).
template <ParameterizedModel Model>
void check_finite_differences(Report& report, const Model& model,
                              const typename Model::prompt_type& prompt,
                              const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  RandomStream stream(checks.seed, 3);
  const Scalar h = std::cbrt(std::numeric_limits<Scalar>::epsilon());
  std::vector<Scalar> parameters(model.parameter_count());
  model.copy_parameters(parameters);
  Model moved = model;
  for (std::size_t i = 0; i < checks.differentiated; ++i) {
    const auto direction = random_direction(model, stream);
    const typename Model::trace_type trace = model.sample(prompt, stream);
    std::vector<Scalar> point = parameters, score(parameters.size(), Scalar{0});
    model.accumulate_score(prompt, trace, Scalar{1}, score);
    const auto at = [&](Scalar step) {
      for (std::size_t k = 0; k < point.size(); ++k) {
        point[k] = parameters[k] + step * direction[k];
      }
      moved.set_parameters(point);
      return moved.log_prob(prompt, trace);
    };
    const Scalar difference = (at(h) - at(-h)) / (2 * h);
    Scalar size = 1;
    for (const Scalar entry : score) {
      size += std::abs(entry);
    }
    DAG_TESTING_CHECK(std::abs(difference - inner(score, direction)) <= h * size);
  }
  const typename Model::trace_type trace = model.sample(prompt, stream);
  moved.set_parameters(parameters);
  DAG_TESTING_CHECK(moved.log_prob(prompt, trace) == model.log_prob(prompt, trace));

  parameters[0] = std::numeric_limits<Scalar>::quiet_NaN();
  refuses(report, Errc::not_finite, [&] { moved.set_parameters(parameters); });
  DAG_TESTING_CHECK(moved.log_prob(prompt, trace) == model.log_prob(prompt, trace));
  parameters.push_back(0);
  refuses(report, Errc::dimension_mismatch, [&] { moved.set_parameters(parameters); });
  refuses(report, Errc::dimension_mismatch, [&] { moved.copy_parameters(parameters); });
}

/// Batches agree with single calls; item i does not depend on its neighbours; lengths are checked.
template <LogProbModel Model>
void check_batches(Report& report, const Model& model, const typename Model::prompt_type& prompt,
                   const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  using Prompt = typename Model::prompt_type;
  using Trace = typename Model::trace_type;
  constexpr std::size_t count = 17;
  const std::vector<Prompt> prompts(count, prompt);
  std::vector<Trace> traces(count), fewer(3);
  RandomStream stream(checks.seed, 4), again = stream;
  sample_batch<Model>(model, prompts, stream, traces);
  sample_batch<Model>(model, std::span(prompts).first(3), again, fewer);
  DAG_TESTING_CHECK(stream == again);
  for (std::size_t i = 0; i < fewer.size(); ++i) {
    DAG_TESTING_CHECK(fewer[i] == traces[i]);
  }
  std::vector<Scalar> log_probs(count), weights(count), total(model.parameter_count(), Scalar{0}),
      expected(model.parameter_count(), Scalar{0});
  log_prob_batch<Model>(model, prompts, traces, log_probs);
  for (std::size_t i = 0; i < count; ++i) {
    DAG_TESTING_CHECK(log_probs[i] == model.log_prob(prompt, traces[i]));
    weights[i] = static_cast<Scalar>(stream.normal());
    model.accumulate_score(prompt, traces[i], weights[i], expected);
  }
  accumulate_score_batch<Model>(model, prompts, traces, weights, total);
  for (std::size_t i = 0; i < total.size(); ++i) {
    DAG_TESTING_REQUIRE(std::abs(total[i] - expected[i]) <=
                        Scalar{1000} * std::numeric_limits<Scalar>::epsilon());
  }
  log_probs.pop_back();
  refuses(report, Errc::dimension_mismatch,
          [&] { log_prob_batch<Model>(model, prompts, traces, log_probs); });
  refuses(report, Errc::dimension_mismatch,
          [&] { sample_batch<Model>(model, prompts, stream, fewer); });
  weights.pop_back();
  refuses(report, Errc::dimension_mismatch,
          [&] { accumulate_score_batch<Model>(model, prompts, traces, weights, total); });
}

/// Tokens add up to the trace; one weight for all is the trace's score; other weights are the
/// derivative of the weighted sum (central differences, as above); batches agree with single calls.
template <TokenLogProbModel Model>
void check_tokens(Report& report, const Model& model, const typename Model::prompt_type& prompt,
                  const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  using Prompt = typename Model::prompt_type;
  using Trace = typename Model::trace_type;
  constexpr std::size_t count = 9;
  const Scalar close = Scalar{1000} * std::numeric_limits<Scalar>::epsilon();
  const std::vector<Prompt> prompts(count, prompt);
  std::vector<Trace> traces(count);
  RandomStream stream(checks.seed, 6);
  sample_batch<Model>(model, prompts, stream, traces);
  const auto offsets = token_offsets<Model>(model, prompts, traces);
  std::vector<Scalar> all(offsets.back()), weights(offsets.back());
  token_log_prob_batch<Model>(model, prompts, traces, offsets, all);
  for (Scalar& weight : weights) {
    weight = static_cast<Scalar>(stream.normal());
  }
  std::vector<Scalar> total(model.parameter_count(), Scalar{0}), expected = total;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = offsets[i + 1] - offsets[i];
    DAG_TESTING_REQUIRE(size == model.token_count(prompt, traces[i]));
    DAG_TESTING_REQUIRE(size >= 1);
    std::vector<Scalar> own(size);
    model.token_log_probs(prompt, traces[i], own);
    Scalar sum = 0;
    for (std::size_t t = 0; t < size; ++t) {
      DAG_TESTING_CHECK(own[t] == all[offsets[i] + t]);
      DAG_TESTING_CHECK(own[t] <= 100 * std::numeric_limits<Scalar>::epsilon());
      sum += own[t];
    }
    DAG_TESTING_CHECK(std::abs(sum - model.log_prob(prompt, traces[i])) <= close);
    model.accumulate_token_score(
        prompt, traces[i], std::span<const Scalar>(weights).subspan(offsets[i], size), expected);
    std::vector<Scalar> trace_score(total.size(), Scalar{0}), token_score = trace_score;
    model.accumulate_score(prompt, traces[i], Scalar{-1.5}, trace_score);
    model.accumulate_token_score(prompt, traces[i], std::vector<Scalar>(size, Scalar{-1.5}),
                                 token_score);
    for (std::size_t k = 0; k < trace_score.size(); ++k) {
      DAG_TESTING_REQUIRE(std::abs(trace_score[k] - token_score[k]) <= close);
    }
    own.push_back(0);
    refuses(report, Errc::dimension_mismatch,
            [&] { model.token_log_probs(prompt, traces[i], own); });
    refuses(report, Errc::dimension_mismatch,
            [&] { model.accumulate_token_score(prompt, traces[i], own, token_score); });
  }
  accumulate_token_score_batch<Model>(model, prompts, traces, offsets, weights, total);
  for (std::size_t k = 0; k < total.size(); ++k) {
    DAG_TESTING_REQUIRE(std::abs(total[k] - expected[k]) <= close);
  }
  if constexpr (ParameterizedModel<Model>) {
    const Scalar h = std::cbrt(std::numeric_limits<Scalar>::epsilon());
    std::vector<Scalar> start(model.parameter_count());
    model.copy_parameters(start);
    const auto direction = random_direction(model, stream);
    Model moved = model;
    const auto at = [&](Scalar step) {
      std::vector<Scalar> point = start;
      for (std::size_t k = 0; k < point.size(); ++k) {
        point[k] += step * direction[k];
      }
      moved.set_parameters(point);
      token_log_prob_batch<Model>(moved, prompts, traces, offsets, all);
      return inner(all, weights);
    };
    Scalar size = 1;
    for (const Scalar entry : total) {
      size += std::abs(entry);
    }
    DAG_TESTING_CHECK(std::abs((at(h) - at(-h)) / (2 * h) - inner(total, direction)) <= h * size);
  }
  weights.pop_back();
  refuses(report, Errc::dimension_mismatch, [&] {
    accumulate_token_score_batch<Model>(model, prompts, traces, offsets, weights, total);
  });
}

/// The exact answer distribution sums to one and is the law of sampled answers (five standard
/// errors an answer, never an answer of probability zero).
template <ExactAnswerModel Model>
void check_answers(Report& report, const Model& model, const typename Model::prompt_type& prompt,
                   const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  std::vector<Scalar> log_nu(model.answer_count(prompt));
  model.answer_log_probs(prompt, log_nu);
  Scalar total = 0;
  for (const Scalar entry : log_nu) {
    total += std::exp(entry);
  }
  DAG_TESTING_CHECK(std::abs(total - 1) <= 1000 * std::numeric_limits<Scalar>::epsilon());
  std::vector<std::size_t> counts(log_nu.size(), 0);
  RandomStream stream(checks.seed, 5);
  for (std::size_t i = 0; i < checks.samples; ++i) {
    const std::size_t answer = model.answer(prompt, model.sample(prompt, stream));
    DAG_TESTING_REQUIRE(answer < counts.size());
    DAG_TESTING_REQUIRE(log_nu[answer] > -std::numeric_limits<Scalar>::infinity());
    ++counts[answer];
  }
  const double n = static_cast<double>(checks.samples);
  for (std::size_t answer = 0; answer < counts.size(); ++answer) {
    const double p = std::exp(static_cast<double>(log_nu[answer]));
    // 25 / n: the Bernstein term, for answers that are too rare for a normal approximation
    DAG_TESTING_CHECK(std::abs(static_cast<double>(counts[answer]) / n - p) <=
                      5 * std::sqrt(p * (1 - p) / n) + 25 / n);
  }
  log_nu.push_back(0);
  refuses(report, Errc::dimension_mismatch, [&] { model.answer_log_probs(prompt, log_nu); });
}

}  // namespace detail

/// What every model promises, as far as its concepts allow: equal streams draw equal traces, the
/// score has mean zero and is the derivative of log_prob, batches agree with single calls, tokens
/// add up, answers have the stated law, bad shapes are refused. `prompt`: one that the model takes.
template <LogProbModel Model>
Report check_model(const Model& model, const typename Model::prompt_type& prompt,
                   const ModelChecks& checks = {}) {
  Report report;
  detail::check_sampling(report, model, prompt, checks);
  detail::check_score(report, model, prompt, checks);
  detail::check_batches(report, model, prompt, checks);
  if constexpr (ParameterizedModel<Model>) {
    detail::check_finite_differences(report, model, prompt, checks);
  }
  if constexpr (TokenLogProbModel<Model>) {
    detail::check_tokens(report, model, prompt, checks);
  }
  if constexpr (ExactAnswerModel<Model>) {
    detail::check_answers(report, model, prompt, checks);
  }
  return report;
}

}  // namespace dag::testing
