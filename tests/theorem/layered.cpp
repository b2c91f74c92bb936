// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The layered trace model against brute-force enumeration, against sampling, and the theorems of
// the lift: chain rule of KL, the tilted policy as the maximiser, conditionals kept.
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/model/tabular.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using Model = dag::LayeredModel<double>;
using Trace = Model::trace_type;
constexpr double none = -std::numeric_limits<double>::infinity();

std::vector<Trace> all_traces(const dag::LayeredShape& shape) {
  std::vector<Trace> traces;
  Trace trace(shape.steps, 0);
  for (;;) {
    traces.push_back(trace);
    std::size_t step = 0;
    while (step < shape.steps && ++trace[step] == shape.states) {
      trace[step++] = 0;
    }
    if (step == shape.steps) {
      return traces;
    }
  }
}

/// The same distribution as a table over all traces.
dag::TabularModel<double> enumerate(const Model& model) {
  std::vector<double> logits;
  std::vector<std::size_t> answers;
  for (const Trace& trace : all_traces(model.shape())) {
    logits.push_back(model.log_prob({}, trace));
    answers.push_back(model.answer({}, trace));
  }
  return {logits, answers, model.answer_count()};
}

/// Logits that depend on the accumulator as well, some of them -inf.
Model random_general(std::size_t steps, std::size_t states, std::size_t modulus, std::uint64_t seed,
                     bool forbid) {
  dag::RandomStream stream(seed, 9);
  dag::LayeredShape shape = dag::random_layered_model<double>(steps, states, modulus, seed).shape();
  std::vector<double> logits(shape.row_count() * states);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits[i] = 1.5 * stream.normal();
    if (forbid && i % states != 0 && stream.uniform() < 0.3) {
      logits[i] = none;
    }
  }
  return {std::move(shape), std::move(logits)};
}

std::vector<double> random_rewards(std::size_t count, std::uint64_t seed) {
  dag::RandomStream stream(seed, 10);
  std::vector<double> rewards(count);
  for (double& reward : rewards) {
    reward = stream.normal();
  }
  return rewards;
}

void check_equal(std::span<const double> a, std::span<const double> b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == none || b[i] == none) {
      CHECK(a[i] == b[i]);
    } else {
      CHECK(std::abs(a[i] - b[i]) <= tolerance);
    }
  }
}

double answer_kl(std::span<const double> p, std::span<const double> q) {
  return dag::categorical::kl(p, q);
}

struct Size {
  std::size_t steps, states, modulus;
};
constexpr Size sizes[] = {{1, 1, 1}, {1, 4, 3}, {2, 3, 5}, {3, 4, 4}, {5, 3, 7}, {6, 2, 1}};

}  // namespace

TEST_CASE("answer distribution, tilt, KL and log Z agree with enumeration to 1e-12") {
  for (const Size size : sizes) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      const Model model =
          random_general(size.steps, size.states, size.modulus, seed, seed % 2 == 0);
      const auto table = enumerate(model);
      CAPTURE(size.steps);
      CAPTURE(seed);
      const auto log_nu = dag::answer_log_probs(model);
      std::vector<double> expected(size.modulus);
      table.answer_log_probs({}, expected);
      check_equal(log_nu, expected, 1e-12);

      auto rewards = random_rewards(size.modulus, seed);
      if (size.modulus > 1 && seed % 3 == 0) {  // rule out one answer, if another one has mass
        std::size_t others = 0;
        for (std::size_t z = 1; z < size.modulus; ++z) {
          others += log_nu[z] > none ? 1 : 0;
        }
        rewards[0] = others > 0 ? none : rewards[0];
      }
      const auto best = dag::tilt(model, rewards, 0.3);
      const auto best_table = dag::tilt(table, rewards, 0.3);
      CHECK(std::abs(best.log_normalizer - best_table.log_normalizer) <= 1e-12);
      const auto traces = all_traces(model.shape());
      for (std::size_t y = 0; y < traces.size(); ++y) {
        const double log_prob = best.policy.log_prob({}, traces[y]);
        const double exact = best_table.policy.log_prob({}, y);
        REQUIRE((log_prob == exact || std::abs(log_prob - exact) <= 1e-12));
      }
      CHECK(std::abs(dag::trace_kl(best.policy, model) - dag::trace_kl(best_table.policy, table)) <=
            1e-12);
      if (seed % 2 == 1) {  // same support
        const Model other = random_general(size.steps, size.states, size.modulus, seed, false);
        CHECK(std::abs(dag::trace_kl(model, other) - dag::trace_kl(table, enumerate(other))) <=
              1e-12);
      }
    }
  }
}

TEST_CASE("a trace's answer and log-probability follow the definition") {
  const Model model = random_general(4, 3, 5, 8, true);
  const auto& shape = model.shape();
  for (const Trace& trace : all_traces(shape)) {
    std::size_t sum = 0, left = 0;
    double log_prob = 0;
    for (std::size_t step = 0; step < 4; ++step) {
      const std::size_t row = step == 0 ? 0 : 1 + ((step - 1) * 3 + left) * 5 + sum % 5;
      double total = 0;
      for (std::size_t state = 0; state < 3; ++state) {
        total += std::exp(model.logits()[row * 3 + state]);
      }
      left = trace[step];
      log_prob += model.logits()[row * 3 + left] - std::log(total);
      sum += shape.values[left];
    }
    REQUIRE(model.answer({}, trace) == sum % 5);
    const double given = model.log_prob({}, trace);
    REQUIRE((given == log_prob || std::abs(given - log_prob) <= 1e-12));
  }
}

TEST_CASE("rows from which every answer is ruled out keep the reference's conditionals") {
  const auto reference = dag::random_layered_model<double>(3, 3, 6, 4);
  const auto& shape = reference.shape();
  const std::size_t wanted = reference.answer({}, Trace(3, 1));
  std::vector<double> rewards(6, none);
  rewards[wanted] = 0;
  const auto policy = dag::tilt(reference, rewards, 1.0).policy;
  std::size_t hopeless = 0;
  for (std::size_t left = 0; left < 3; ++left) {
    for (std::size_t accumulator = 0; accumulator < 6; ++accumulator) {
      const std::size_t row = shape.row(2, left, accumulator);
      bool reachable = false;
      for (std::size_t state = 0; state < 3; ++state) {
        const bool hit = (accumulator + shape.values[state]) % 6 == wanted;
        reachable = reachable || hit;
      }
      if (!reachable) {
        ++hopeless;
        check_equal(policy.row_log_probs(row), reference.row_log_probs(row), 1e-14);
      }
    }
  }
  CHECK(hopeless > 0);
}

TEST_CASE("KL is infinite where the policy uses what the reference forbids") {
  const Model full({1, 2, 2, {0, 1}}, {0.0, 0.0}), half({1, 2, 2, {0, 1}}, {0.0, none});
  CHECK(dag::trace_kl(full, half) == std::numeric_limits<double>::infinity());
  CHECK(dag::trace_kl(half, full) == doctest::Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(dag::trace_kl(half, half) == 0.0);
}

TEST_CASE("chain rule: KL(pi||pi0) = KL(nu||nu0) + E_nu KL(pi(.|z)||pi0(.|z)) to 1e-12") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Model policy = random_general(7, 4, 5, seed, false);
    const dag::LayeredShape shape = policy.shape();
    dag::RandomStream stream(seed, 11);
    std::vector<double> logits(policy.parameter_count());
    for (double& logit : logits) {
      logit = stream.normal();
    }
    const Model reference(shape, logits);
    const auto log_nu = dag::answer_log_probs(policy), log_nu0 = dag::answer_log_probs(reference);
    double sum = answer_kl(log_nu, log_nu0);
    for (std::size_t z = 0; z < shape.modulus; ++z) {
      if (log_nu[z] > none) {
        sum += std::exp(log_nu[z]) *
               dag::trace_kl(dag::given_answer(policy, z), dag::given_answer(reference, z));
      }
    }
    CHECK(std::abs(dag::trace_kl(policy, reference) - sum) <= 1e-12 * (1 + sum));
  }
}

TEST_CASE("lift: the wanted answers, the reference's conditionals, KL of answers = KL of traces") {
  const auto reference = dag::random_layered_model<double>(20, 8, 10, 3);
  const auto log_nu0 = dag::answer_log_probs(reference);
  std::vector<double> log_nu = random_rewards(10, 4);
  dag::log_normalize(log_nu);
  const Model lifted = dag::lift<Model>(reference, log_nu);
  check_equal(dag::answer_log_probs(lifted), log_nu, 1e-12);
  CHECK(std::abs(dag::trace_kl(lifted, reference) - answer_kl(log_nu, log_nu0)) <= 1e-12);
  for (std::size_t z = 0; z < 10; ++z) {
    CHECK(dag::trace_kl(dag::given_answer(lifted, z), dag::given_answer(reference, z)) <= 1e-12);
  }
  log_nu[3] = none;
  dag::log_normalize(log_nu);
  check_equal(dag::answer_log_probs(dag::lift<Model>(reference, log_nu)), log_nu, 1e-12);
}

TEST_CASE("tilt maximises <r, nu> - beta KL, with value beta log Z, over 8^20 traces") {
  const auto reference = dag::random_layered_model<double>(20, 8, 10, 7);
  const auto rewards = random_rewards(10, 7);
  const double beta = 0.4;
  const auto value = [&](const Model& policy) {
    double sum = -beta * dag::trace_kl(policy, reference);
    const auto log_nu = dag::answer_log_probs(policy);
    for (std::size_t z = 0; z < rewards.size(); ++z) {
      sum += std::exp(log_nu[z]) * rewards[z];
    }
    return sum;
  };
  const auto best = dag::tilt(reference, rewards, beta);
  CHECK(std::abs(value(best.policy) - beta * best.log_normalizer) <= 1e-12);
  // Any other policy loses exactly beta KL(policy || best): the identity behind optimality.
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    dag::RandomStream stream(seed, 12);
    std::vector<double> logits(best.policy.logits().begin(), best.policy.logits().end());
    for (double& logit : logits) {
      logit += 0.3 * stream.normal();
    }
    const Model other(reference.shape(), logits);
    const double loss = value(best.policy) - value(other);
    CHECK(loss > 0);
    CHECK(std::abs(loss - beta * dag::trace_kl(other, best.policy)) <= 1e-12 * (1 + loss));
  }
  // Natural residual: nu* = softmax(log nu0 + r / beta).
  auto expected = dag::answer_log_probs(reference);
  for (std::size_t z = 0; z < expected.size(); ++z) {
    expected[z] += rewards[z] / beta;
  }
  dag::log_normalize(expected);
  check_equal(dag::answer_log_probs(best.policy), expected, 1e-12);
  // And the exact gradient vanishes there.
  std::vector<double> gradient(reference.parameter_count(), 0.0);
  dag::accumulate_exact_gradient(best.policy, reference, rewards, beta, gradient);
  for (const double entry : gradient) {
    REQUIRE(std::abs(entry) <= 1e-12);
  }
}

TEST_CASE("the exact gradient is the derivative of the objective (central differences)") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const bool forbid = seed % 2 == 0;
    const Model model = random_general(4, 3, 4, seed, forbid);
    const Model reference = dag::random_layered_model<double>(4, 3, 4, seed);
    const auto rewards = random_rewards(4, seed);
    const auto objective = [&](const Model& policy, double beta) {
      double sum = beta > 0 ? -beta * dag::trace_kl(policy, reference) : 0.0;
      const auto log_nu = dag::answer_log_probs(policy);
      for (std::size_t z = 0; z < rewards.size(); ++z) {
        sum += std::exp(log_nu[z]) * rewards[z];
      }
      return sum;
    };
    for (const double beta : {0.0, 0.7}) {
      std::vector<double> gradient(model.parameter_count(), 0.25);  // it is added to
      if (beta > 0) {
        dag::accumulate_exact_gradient(model, reference, rewards, beta, gradient);
      } else {
        dag::accumulate_exact_gradient(model, rewards, gradient);
      }
      std::vector<double> logits(model.logits().begin(), model.logits().end());
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const double h = 1e-5, centre = logits[i];
        logits[i] = centre + h;
        const double up = objective(Model(model.shape(), logits), beta);
        logits[i] = centre - h;
        const double down = objective(Model(model.shape(), logits), beta);
        logits[i] = centre;
        REQUIRE(std::abs((up - down) / (2 * h) - (gradient[i] - 0.25)) <= 1e-9);
      }
    }
  }
}

TEST_CASE("8^20 traces: sampling agrees with the exact law of the tilted policy") {
  const auto reference = dag::random_layered_model<double>(20, 8, 10, 1);
  const auto rewards = random_rewards(10, 1);
  const auto policy = dag::tilt(reference, rewards, 0.5).policy;
  const auto log_nu = dag::answer_log_probs(policy);
  constexpr std::size_t n = 50000;
  std::vector<std::size_t> counts(10, 0);
  dag::RandomStream stream(99, 0);
  double ratio = 0, ratio_square = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto trace = policy.sample({}, stream);
    ++counts[policy.answer({}, trace)];
    const double log_ratio = policy.log_prob({}, trace) - reference.log_prob({}, trace);
    ratio += log_ratio;
    ratio_square += log_ratio * log_ratio;
  }
  for (std::size_t z = 0; z < 10; ++z) {
    const double p = std::exp(log_nu[z]);
    CHECK(std::abs(static_cast<double>(counts[z]) / n - p) <= 5 * std::sqrt(p * (1 - p) / n));
  }
  const double mean = ratio / n, variance = ratio_square / n - mean * mean;
  CHECK(std::abs(mean - dag::trace_kl(policy, reference)) <= 5 * std::sqrt(variance / n));
}

TEST_CASE("log domain: answers of probability e^-4000 keep their logarithm") {
  std::vector<double> edges(2 + 9 * 4);
  for (std::size_t i = 0; i < edges.size(); i += 2) {
    edges[i + 1] = -400;  // state 1, worth 1, is chosen with probability e^-400 a step
  }
  const auto model = Model::from_edges({10, 2, 11, {0, 1}}, edges);
  const auto log_nu = dag::answer_log_probs(model);
  CHECK(log_nu[10] == doctest::Approx(-4000).epsilon(1e-15));
  CHECK(log_nu[1] == doctest::Approx(-400 + std::log(10.0)).epsilon(1e-15));
  std::vector<double> rewards(11, none);
  rewards[10] = 1;
  const auto best = dag::tilt(model, rewards, 1.0);
  CHECK(best.log_normalizer == doctest::Approx(-3999).epsilon(1e-15));
  CHECK(best.policy.log_prob({}, Trace(10, 1)) == doctest::Approx(0.0));
}

TEST_CASE("8^20 traces take milliseconds") {
  const auto reference = dag::random_layered_model<double>(20, 8, 10, 2);
  const auto rewards = random_rewards(10, 2);
  const auto start = std::chrono::steady_clock::now();
  const auto policy = dag::tilt(reference, rewards, 0.5).policy;
  const auto log_nu = dag::answer_log_probs(policy);
  const double divergence = dag::trace_kl(policy, reference);
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  MESSAGE("tilt + answer distribution + KL of 8^20 traces: ", ms, " ms");
  CHECK(std::isfinite(divergence));
  CHECK(log_nu.size() == 10);
  CHECK(ms < 500);  // a debug build under sanitizers on a busy machine; enumeration takes years
}
