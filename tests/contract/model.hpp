// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/log_prob_model.hpp>
#include <dag/core/token_log_prob_model.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

/// What every LogProbModel promises. `check_model(model, prompt)` runs the checks that the model's
/// concepts allow; a model's own test adds only what is particular to it.
namespace contract {

struct ModelChecks {
  std::uint64_t seed = 2026;
  std::size_t samples = 20000;      ///< for the statistical checks: five standard errors
  std::size_t differentiated = 25;  ///< traces whose score is held against finite differences
};

template <class Model>
std::vector<typename Model::scalar_type> random_direction(const Model& model,
                                                          dag::RandomStream& stream) {
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

template <class Model, class Call>
void check_refused(dag::Errc code, Call&& call) {
  try {
    call();
    FAIL_CHECK("expected an error: ", std::string(dag::to_string(code)));
  } catch (const dag::Error& error) {
    CHECK(error.code() == code);
    CHECK(std::string(error.what()).find(": ") != std::string::npos);
  }
}

/// Equal streams give equal traces; a draw advances the stream; sampled traces have positive
/// probability.
template <dag::LogProbModel Model>
void check_sampling(const Model& model, const typename Model::prompt_type& prompt,
                    const ModelChecks& checks) {
  dag::RandomStream first(checks.seed, 1), second(checks.seed, 1);
  const auto before = first;
  for (int i = 0; i < 100; ++i) {
    const typename Model::trace_type trace = model.sample(prompt, first);
    const typename Model::trace_type same = model.sample(prompt, second);
    REQUIRE(trace == same);
    const auto log_prob = model.log_prob(prompt, trace);
    REQUIRE(std::isfinite(log_prob));
    REQUIRE(log_prob <= 100 * std::numeric_limits<typename Model::scalar_type>::epsilon());
  }
  CHECK(first == second);
  CHECK_FALSE(first == before);
}

/// E[score] = 0 (along a random direction), and the score adds weight * score to what is there.
template <dag::LogProbModel Model>
void check_score(const Model& model, const typename Model::prompt_type& prompt,
                 const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  dag::RandomStream stream(checks.seed, 2);
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
  CHECK(std::abs(sum / n) <= 5 * std::sqrt(square / n / n));

  const typename Model::trace_type trace = model.sample(prompt, stream);
  std::vector<Scalar> once(model.parameter_count(), Scalar{0}), twice = direction;
  model.accumulate_score(prompt, trace, Scalar{1}, once);
  model.accumulate_score(prompt, trace, Scalar{-2.5}, twice);
  for (std::size_t i = 0; i < once.size(); ++i) {
    REQUIRE(twice[i] == doctest::Approx(direction[i] - Scalar{2.5} * once[i])
                            .epsilon(16 * std::numeric_limits<Scalar>::epsilon()));
  }
  std::vector<Scalar> wrong(model.parameter_count() + 1);
  check_refused<Model>(dag::Errc::dimension_mismatch,
                       [&] { model.accumulate_score(prompt, trace, Scalar{1}, wrong); });
}

/// The score is the derivative of log_prob: central differences along random directions. Step h =
/// epsilon^(1/3); tolerance h relative to 1 + |score|_1 (truncation h^2, rounding epsilon / h, with
/// a margin for the third derivative).
template <dag::ParameterizedModel Model>
void check_finite_differences(const Model& model, const typename Model::prompt_type& prompt,
                              const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  dag::RandomStream stream(checks.seed, 3);
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
    CHECK(std::abs(difference - inner(score, direction)) <= h * size);
  }
  const typename Model::trace_type trace = model.sample(prompt, stream);
  moved.set_parameters(parameters);
  CHECK(moved.log_prob(prompt, trace) == model.log_prob(prompt, trace));

  parameters[0] = std::numeric_limits<Scalar>::quiet_NaN();
  check_refused<Model>(dag::Errc::not_finite, [&] { moved.set_parameters(parameters); });
  CHECK(moved.log_prob(prompt, trace) == model.log_prob(prompt, trace));
  parameters.push_back(0);
  check_refused<Model>(dag::Errc::dimension_mismatch, [&] { moved.set_parameters(parameters); });
  check_refused<Model>(dag::Errc::dimension_mismatch, [&] { moved.copy_parameters(parameters); });
}

/// Batches agree with single calls; item i does not depend on its neighbours; lengths are checked.
template <dag::LogProbModel Model>
void check_batches(const Model& model, const typename Model::prompt_type& prompt,
                   const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  using Prompt = typename Model::prompt_type;
  using Trace = typename Model::trace_type;
  constexpr std::size_t count = 17;
  const std::vector<Prompt> prompts(count, prompt);
  std::vector<Trace> traces(count), fewer(3);
  dag::RandomStream stream(checks.seed, 4), again = stream;
  dag::sample_batch<Model>(model, prompts, stream, traces);
  dag::sample_batch<Model>(model, std::span(prompts).first(3), again, fewer);
  CHECK(stream == again);
  for (std::size_t i = 0; i < fewer.size(); ++i) {
    CHECK(fewer[i] == traces[i]);
  }
  std::vector<Scalar> log_probs(count), weights(count), total(model.parameter_count(), Scalar{0}),
      expected(model.parameter_count(), Scalar{0});
  dag::log_prob_batch<Model>(model, prompts, traces, log_probs);
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(log_probs[i] == model.log_prob(prompt, traces[i]));
    weights[i] = static_cast<Scalar>(stream.normal());
    model.accumulate_score(prompt, traces[i], weights[i], expected);
  }
  dag::accumulate_score_batch<Model>(model, prompts, traces, weights, total);
  for (std::size_t i = 0; i < total.size(); ++i) {
    REQUIRE(std::abs(total[i] - expected[i]) <=
            Scalar{1000} * std::numeric_limits<Scalar>::epsilon());
  }
  log_probs.pop_back();
  check_refused<Model>(dag::Errc::dimension_mismatch,
                       [&] { dag::log_prob_batch<Model>(model, prompts, traces, log_probs); });
  check_refused<Model>(dag::Errc::dimension_mismatch,
                       [&] { dag::sample_batch<Model>(model, prompts, stream, fewer); });
  weights.pop_back();
  check_refused<Model>(dag::Errc::dimension_mismatch, [&] {
    dag::accumulate_score_batch<Model>(model, prompts, traces, weights, total);
  });
}

/// Tokens add up to the trace; one weight for all is the trace's score; other weights are the
/// derivative of the weighted sum (central differences, as above); batches agree with single calls.
template <dag::TokenLogProbModel Model>
void check_tokens(const Model& model, const typename Model::prompt_type& prompt,
                  const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  using Prompt = typename Model::prompt_type;
  using Trace = typename Model::trace_type;
  constexpr std::size_t count = 9;
  const Scalar close = Scalar{1000} * std::numeric_limits<Scalar>::epsilon();
  const std::vector<Prompt> prompts(count, prompt);
  std::vector<Trace> traces(count);
  dag::RandomStream stream(checks.seed, 6);
  dag::sample_batch<Model>(model, prompts, stream, traces);
  const auto offsets = dag::token_offsets<Model>(model, prompts, traces);
  std::vector<Scalar> all(offsets.back()), weights(offsets.back());
  dag::token_log_prob_batch<Model>(model, prompts, traces, offsets, all);
  for (Scalar& weight : weights) {
    weight = static_cast<Scalar>(stream.normal());
  }
  std::vector<Scalar> total(model.parameter_count(), Scalar{0}), expected = total;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = offsets[i + 1] - offsets[i];
    REQUIRE(size == model.token_count(prompt, traces[i]));
    REQUIRE(size >= 1);
    std::vector<Scalar> own(size);
    model.token_log_probs(prompt, traces[i], own);
    Scalar sum = 0;
    for (std::size_t t = 0; t < size; ++t) {
      CHECK(own[t] == all[offsets[i] + t]);
      CHECK(own[t] <= 100 * std::numeric_limits<Scalar>::epsilon());
      sum += own[t];
    }
    CHECK(std::abs(sum - model.log_prob(prompt, traces[i])) <= close);
    model.accumulate_token_score(
        prompt, traces[i], std::span<const Scalar>(weights).subspan(offsets[i], size), expected);
    std::vector<Scalar> trace_score(total.size(), Scalar{0}), token_score = trace_score;
    model.accumulate_score(prompt, traces[i], Scalar{-1.5}, trace_score);
    model.accumulate_token_score(prompt, traces[i], std::vector<Scalar>(size, Scalar{-1.5}),
                                 token_score);
    for (std::size_t k = 0; k < trace_score.size(); ++k) {
      REQUIRE(std::abs(trace_score[k] - token_score[k]) <= close);
    }
    own.push_back(0);
    check_refused<Model>(dag::Errc::dimension_mismatch,
                         [&] { model.token_log_probs(prompt, traces[i], own); });
    check_refused<Model>(dag::Errc::dimension_mismatch, [&] {
      model.accumulate_token_score(prompt, traces[i], own, token_score);
    });
  }
  dag::accumulate_token_score_batch<Model>(model, prompts, traces, offsets, weights, total);
  for (std::size_t k = 0; k < total.size(); ++k) {
    REQUIRE(std::abs(total[k] - expected[k]) <= close);
  }
  if constexpr (dag::ParameterizedModel<Model>) {
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
      dag::token_log_prob_batch<Model>(moved, prompts, traces, offsets, all);
      return inner(all, weights);
    };
    Scalar size = 1;
    for (const Scalar entry : total) {
      size += std::abs(entry);
    }
    CHECK(std::abs((at(h) - at(-h)) / (2 * h) - inner(total, direction)) <= h * size);
  }
  weights.pop_back();
  check_refused<Model>(dag::Errc::dimension_mismatch, [&] {
    dag::accumulate_token_score_batch<Model>(model, prompts, traces, offsets, weights, total);
  });
}

/// The exact answer distribution sums to one and is the law of sampled answers (five standard
/// errors an answer, never an answer of probability zero).
template <dag::ExactAnswerModel Model>
void check_answers(const Model& model, const typename Model::prompt_type& prompt,
                   const ModelChecks& checks) {
  using Scalar = typename Model::scalar_type;
  std::vector<Scalar> log_nu(model.answer_count(prompt));
  model.answer_log_probs(prompt, log_nu);
  Scalar total = 0;
  for (const Scalar entry : log_nu) {
    total += std::exp(entry);
  }
  CHECK(std::abs(total - 1) <= 1000 * std::numeric_limits<Scalar>::epsilon());
  std::vector<std::size_t> counts(log_nu.size(), 0);
  dag::RandomStream stream(checks.seed, 5);
  for (std::size_t i = 0; i < checks.samples; ++i) {
    const std::size_t answer = model.answer(prompt, model.sample(prompt, stream));
    REQUIRE(answer < counts.size());
    REQUIRE(log_nu[answer] > -std::numeric_limits<Scalar>::infinity());
    ++counts[answer];
  }
  const double n = static_cast<double>(checks.samples);
  for (std::size_t answer = 0; answer < counts.size(); ++answer) {
    const double p = std::exp(static_cast<double>(log_nu[answer]));
    CAPTURE(answer);
    // 25 / n: the Bernstein term, for answers that are too rare for a normal approximation
    CHECK(std::abs(static_cast<double>(counts[answer]) / n - p) <=
          5 * std::sqrt(p * (1 - p) / n) + 25 / n);
  }
  log_nu.push_back(0);
  check_refused<Model>(dag::Errc::dimension_mismatch,
                       [&] { model.answer_log_probs(prompt, log_nu); });
}

/// Everything above that the model's concepts allow.
template <dag::LogProbModel Model>
void check_model(const Model& model, const typename Model::prompt_type& prompt,
                 const ModelChecks& checks = {}) {
  check_sampling(model, prompt, checks);
  check_score(model, prompt, checks);
  check_batches(model, prompt, checks);
  if constexpr (dag::ParameterizedModel<Model>) {
    check_finite_differences(model, prompt, checks);
  }
  if constexpr (dag::TokenLogProbModel<Model>) {
    check_tokens(model, prompt, checks);
  }
  if constexpr (dag::ExactAnswerModel<Model>) {
    check_answers(model, prompt, checks);
  }
}

}  // namespace contract
