// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Policy losses at the level of tokens inside the training loop, on layered models (a layer is a
// token). Slips that this file was seen to catch: weights not negated; old log-probabilities taken
// for the current ones; dropped groups that leave their tokens behind.
#include <dag/model/contextual.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/policy/policy_loss_presets.hpp>
#include <dag/train/presets.hpp>
#include <dag/train/trainer.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace {

using Layered = dag::LayeredModel<double>;
using Model = dag::ContextualModel<Layered>;
using Trace = Model::trace_type;

constexpr std::size_t steps = 4;

Model model(std::uint64_t seed) {
  return Model({dag::random_layered_model<double>(steps, 3, 4, seed),
                dag::random_layered_model<double>(steps, 3, 4, seed + 10)});
}
std::vector<double> parameters(const Model& of) { return dag::detail::parameters_of(of); }

/// A policy near the one that sampled.
Model moved(const Model& from, double size, std::uint64_t seed) {
  Model out = from;
  std::vector<double> point = parameters(from);
  dag::RandomStream stream(seed, 0);
  for (double& p : point) {
    p += size * stream.normal();
  }
  dag::detail::set_parameters(out, point);
  return out;
}

/// A batch of traces with advantages, drawn from `old`.
struct Batch {
  std::vector<std::size_t> prompts;
  std::vector<Trace> traces;
  std::vector<double> advantage;

  explicit Batch(const Model& old, std::size_t size = 12) {
    dag::RandomStream stream(5, 0);
    for (std::size_t i = 0; i < size; ++i) {
      prompts.push_back(i % 2);
      traces.push_back(old.sample(i % 2, stream));
      advantage.push_back(stream.normal());
    }
  }
};

/// The gradient that the loop would ascend: drawn from `old`, taken at `now`.
std::vector<double> ascent(const Batch& batch, const dag::TrainOptions& options, const Model& old,
                           const Model& now, const Model& anchor, std::size_t epoch) {
  dag::detail::BatchScore<Model> score(options);
  std::vector<double> log_prob(batch.traces.size()), log_reference(batch.traces.size());
  const std::span<const std::size_t> prompts(batch.prompts);
  const std::span<const Trace> traces(batch.traces);
  const dag::SerialCommunicator alone;
  dag::detail::Conversation talk(alone);
  dag::detail::StepParts<dag::SerialCommunicator, double> parts(talk, traces.size(), 1);
  score.read(parts, old, anchor, prompts, traces, log_prob, log_reference, {});
  for (std::size_t i = 0; i < traces.size(); ++i) {
    CHECK(log_prob[i] == doctest::Approx(old.log_prob(prompts[i], traces[i])).epsilon(1e-14));
    score.keep(i, i);
  }
  dag::TrainRecord record;
  score.weigh(parts, epoch, now, prompts, traces, batch.advantage, log_prob, record);
  std::vector<double> gradient(now.parameter_count(), 0.0);
  score.accumulate(parts, now, prompts, traces, gradient);
  return gradient;
}

/// The loss itself, from the models' token log-probabilities.
double loss_at(const Batch& batch, const dag::PolicyLossOptions& options, const Model& old,
               const Model& now, const Model& anchor) {
  std::vector<std::size_t> offsets{0};
  std::vector<double> all[3];
  std::vector<double> row(steps);
  for (std::size_t i = 0; i < batch.traces.size(); ++i) {
    const Model* const models[3] = {&now, &old, &anchor};
    for (std::size_t m = 0; m < 3; ++m) {
      models[m]->token_log_probs(batch.prompts[i], batch.traces[i], row);
      all[m].insert(all[m].end(), row.begin(), row.end());
    }
    offsets.push_back(offsets.back() + steps);
  }
  dag::TokenBatch tokens{.offsets = offsets, .log_prob = all[0], .old_log_prob = all[1]};
  tokens.reference_log_prob = all[2];
  tokens.advantage = batch.advantage;
  std::vector<std::size_t> group(batch.traces.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i] = i / dag::TrainOptions{}.group_size;
  }
  tokens.group = group;
  std::vector<double> gradient(all[0].size());
  return dag::policy_loss(tokens, options, std::span<double>(gradient)).value();
}

dag::TrainOptions by_token(std::string_view preset) {
  dag::TrainOptions options{.policy_loss = dag::policy_preset(preset).loss,
                            .loss_level = dag::LossLevel::token};
  if (preset == "dr_grpo") {
    options.policy_loss.fixed_length = 7;
  }
  options.policy_loss.cov_ratio = 0.3;
  options.policy_loss.clip_cov_low = 0;
  return options;
}

const std::vector<dag::Question<std::size_t>> questions{{{0, 1}}};

dag::AnyObjective rewarded() {
  return dag::AnswerReward([](const dag::AnswerAt& at) { return at.answer == 2 ? 1.0 : 0.0; });
}

std::vector<double> trained(dag::TrainOptions options, dag::AnyObjective objective = rewarded(),
                            double* clipped = nullptr) {
  Model policy = moved(model(1), 0.5, 2);
  const Model reference = model(1);
  dag::Sgd sgd;
  dag::train(
      policy, reference, std::span(questions), objective,
      [&](std::size_t prompt, const Trace& trace) { return reference.answer(prompt, trace); }, sgd,
      options,
      [&](const dag::TrainRecord& record) {
        if (clipped != nullptr) {
          *clipped += record.clipped;
        }
      });
  return parameters(policy);
}

void check_close(const std::vector<double>& a, const std::vector<double>& b, double factor,
                 double tolerance) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::fmax(largest, std::abs(b[i]));
  }
  CHECK(largest > 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(std::abs(a[i] - factor * b[i]) <= tolerance * largest);
  }
}

TEST_CASE("at ratio one a loss by token is the loss by trace, by its lengths") {
  const Model old = model(1);
  const Batch batch(old);
  const dag::TrainOptions plain;  // reinforce by trace
  const auto whole = ascent(batch, plain, old, old, old, 0);
  // A trace's tokens all have its advantage. Mean over tokens: 1 / length of the sum.
  for (const char* name : {"grpo", "dapo", "bnpo", "gspo", "gspo_token", "cispo", "dual_clip",
                           "two_sided", "gpg", "sapo", "gmpo"}) {
    CAPTURE(name);
    check_close(ascent(batch, by_token(name), old, old, old, 0), whole, 1.0 / steps, 1e-12);
  }
  check_close(ascent(batch, by_token("dr_grpo"), old, old, old, 0), whole, 1.0 / 7, 1e-12);
  for (const char* name : {"reinforce", "rloo", "opo"}) {  // sums over tokens
    CAPTURE(name);
    check_close(ascent(batch, by_token(name), old, old, old, 0), whole, 1, 1e-12);
  }
}

TEST_CASE("the accumulated gradient is the derivative of the loss in the parameters") {
  const Model old = model(1), now = moved(old, 0.3, 3), anchor = model(4);
  const Batch batch(old);
  dag::RandomStream stream(6, 0);
  std::vector<double> direction(now.parameter_count());
  for (double& d : direction) {
    d = stream.normal();
  }
  for (const char* name :
       {"grpo", "dr_grpo", "dapo", "gspo", "luspo", "rloo", "reinforce", "gpg", "sapo", "gmpo",
        "dual_clip", "two_sided", "clip_cov", "kl_cov", "by group"}) {
    for (const auto kl : {dag::KlEstimator::none, dag::KlEstimator::k2, dag::KlEstimator::k3}) {
      CAPTURE(name);
      const bool by_group = name == std::string_view("by group");
      dag::TrainOptions options = by_token(by_group ? "grpo" : name);
      if (by_group) {  // of eight traces and of four
        options.policy_loss.aggregation = dag::Aggregation::group_mean_token_mean;
      }
      options.policy_loss.kl = kl;
      options.policy_loss.beta = kl == dag::KlEstimator::none ? 0 : 0.3;
      const auto gradient = ascent(batch, options, old, now, anchor, 1);
      double along = 0, size = 0;
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        along += gradient[i] * direction[i];
        size += std::abs(gradient[i] * direction[i]);
      }
      const double h = 1e-6;
      const auto at = [&](double step) {
        Model there = now;
        std::vector<double> point = parameters(now);
        for (std::size_t i = 0; i < point.size(); ++i) {
          point[i] += step * direction[i];
        }
        dag::detail::set_parameters(there, point);
        return loss_at(batch, options.policy_loss, old, there, anchor);
      };
      // The loop ascends; the loss falls.
      CHECK(std::abs(along + (at(h) - at(-h)) / (2 * h)) <= 1e-7 * (1 + size));
    }
  }
}

TEST_CASE("held weights: CISPO's gradient is that of weight * advantage * log pi, by token") {
  const Model old = model(1), now = moved(old, 0.5, 3);
  const Batch batch(old);
  dag::TrainOptions options = by_token("cispo");
  options.policy_loss.cispo_high = 1.2;
  std::vector<double> expected(now.parameter_count(), 0.0), own(steps), then(steps);
  std::size_t capped = 0;
  for (std::size_t i = 0; i < batch.traces.size(); ++i) {
    now.token_log_probs(batch.prompts[i], batch.traces[i], own);
    old.token_log_probs(batch.prompts[i], batch.traces[i], then);
    std::vector<double> weights(steps);
    for (std::size_t t = 0; t < steps; ++t) {
      const double ratio = std::exp(own[t] - then[t]);
      capped += ratio > 1.2 ? 1 : 0;
      weights[t] = std::fmin(ratio, 1.2) * batch.advantage[i] /
                   static_cast<double>(steps * batch.traces.size());
    }
    now.accumulate_token_score(batch.prompts[i], batch.traces[i], weights, expected);
  }
  CHECK(capped > 3);
  check_close(ascent(batch, options, old, now, old, 1), expected, 1, 1e-12);
}

TEST_CASE("the expected gradient of Dr. GRPO by token is the exact one, by enumeration") {
  // All pairs of the 3^4 traces of a context: E (r_i - mean) score_i = (1 - 1/K) grad E r.
  const Layered policy = dag::random_layered_model<double>(steps, 3, 4, 1);
  const Model both({policy});
  const std::vector<double> reward{0.3, -1, 0.5, 2};
  std::vector<Trace> all;
  for (std::uint32_t code = 0; code < 81; ++code) {
    all.push_back({code % 3, code / 3 % 3, code / 9 % 3, code / 27});
  }
  dag::TrainOptions options = by_token("dr_grpo");
  std::vector<double> expected(policy.parameter_count(), 0.0);
  Batch batch(both, 0);
  batch.prompts = {0, 0};
  for (const Trace& first : all) {
    for (const Trace& second : all) {
      const double p = std::exp(policy.log_prob({}, first) + policy.log_prob({}, second));
      const double a = reward[policy.answer({}, first)], b = reward[policy.answer({}, second)];
      batch.traces = {first, second};
      batch.advantage = {(a - b) / 2, (b - a) / 2};
      dag::detail::BatchScore<Model> score(options);
      double log_prob[2], log_reference[2];
      const dag::SerialCommunicator alone;
      dag::detail::Conversation talk(alone);
      dag::detail::StepParts<dag::SerialCommunicator, double> parts(talk, 2, 1);
      score.read(parts, both, both, batch.prompts, batch.traces, log_prob, log_reference, {});
      score.keep(0, 0);
      score.keep(1, 1);
      dag::TrainRecord record;
      score.weigh(parts, 0, both, batch.prompts, batch.traces, batch.advantage, log_prob, record);
      std::vector<double> gradient(expected.size(), 0.0);
      score.accumulate(parts, both, batch.prompts, batch.traces, gradient);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expected[i] += p * gradient[i];
      }
    }
  }
  std::vector<double> exact(expected.size(), 0.0);
  dag::accumulate_exact_gradient(policy, std::span<const double>(reward), std::span<double>(exact));
  check_close(expected, exact, 0.5 / 7, 1e-12);
}

TEST_CASE("whole runs: a ratio of whole traces is the same at either level, over many epochs") {
  // exp of the sum of log-ratios (RLOO) by token, clipped, is the clipped ratio of traces.
  dag::TrainOptions options{.steps = 6, .group_size = 8, .beta = 0.1, .epochs = 4, .seed = 3};
  options.learning_rate = {.peak = 0.5};
  options.policy_loss = {.surrogate = dag::Surrogate::clip};
  for (const auto rule : {dag::DeadGroup::keep, dag::DeadGroup::drop}) {
    options.dead_group = rule;
    //! [rloo]
    dag::TrainOptions tokens = options;
    tokens.policy_loss = dag::policy_preset("rloo").loss;
    tokens.loss_level = dag::LossLevel::token;
    //! [rloo]
    // Context 0 has no signal: its group is dead.
    const auto half = [] {
      return dag::AnyObjective(dag::AnswerReward(
          [](const dag::AnswerAt& at) { return at.context == 1 && at.answer != 1 ? 1.0 : 0.0; }));
    };
    double clipped = 0, clipped_tokens = 0;
    const auto by_trace = trained(options, half(), &clipped);
    check_close(trained(tokens, half(), &clipped_tokens), by_trace, 1, 1e-10);
    CHECK(clipped > 0);
    CHECK(clipped_tokens == doctest::Approx(clipped));
    CHECK(by_trace != trained(by_token("grpo"), half()));
  }
}

TEST_CASE("clips hold tokens back, lengths and anchors by token run, noise is measured") {
  dag::TrainOptions options = by_token("grpo");
  options.steps = 2;
  options.group_size = 16;
  options.beta = 0.1;
  options.epochs = 8;
  options.noise_every = 1;
  options.learning_rate = {.peak = 8};
  double clipped = 0;
  (void)trained(options, rewarded(), &clipped);
  CHECK(clipped > 0.1);
  options.learning_rate = {.peak = 0.5};
  options.advantage = dag::Advantage::opo;  // weighs by length: all equal here
  const auto by_length = trained(options);
  options.advantage = dag::Advantage::trl_none;
  check_close(by_length, trained(options), 1, 1e-10);
  // An anchor in the loss pulls towards the reference.
  options.beta = 0;
  options.steps = 40;
  const auto distance = [](const std::vector<double>& a) {
    const auto reference = parameters(model(1));
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      sum += std::pow(a[i] - reference[i], 2);
    }
    return sum;
  };
  const double free = distance(trained(options));
  options.policy_loss.beta = 2;
  CHECK(distance(trained(options)) < 0.8 * free);
}

TEST_CASE("what a level cannot mean is refused") {
  const auto refused = [](dag::Errc code, const dag::TrainOptions& options) {
    try {
      (void)trained(options);
      FAIL_CHECK("expected an error");
    } catch (const dag::Error& error) {
      CHECK(error.code() == code);
    }
  };
  const auto invalid = dag::Errc::invalid_argument;
  dag::TrainOptions options{.steps = 1};
  options.policy_loss = dag::policy_preset("grpo").loss;
  options.policy_loss.beta = 0.1;
  refused(invalid, options);  // by trace
  options.loss_level = dag::LossLevel::token;
  refused(invalid, options);  // two anchors
  options.beta = 0;
  CHECK_NOTHROW((void)trained(options));
  options.policy_loss = dag::policy_preset("dr_grpo").loss;
  refused(invalid, options);  // without a length
  options.policy_loss.fixed_length = 4;
  CHECK_NOTHROW((void)trained(options));
  options.loss_level = dag::LossLevel::trace;
  refused(invalid, options);
}

}  // namespace
