// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/token_log_probs.hpp>

namespace {

using dag::device::BFloat16;
using dag::device::Float16;

struct Reference {
  std::vector<double> log_prob, entropy, normalizer;
};

template <class Storage>
struct Problem {
  std::size_t tokens, vocabulary;
  float temperature;
  std::vector<Storage> logits;
  std::vector<std::int32_t> target;
  double largest = 0;  // logit over temperature

  Problem(std::size_t token_count, std::size_t words, float heat, std::uint64_t seed, double spread)
      : tokens(token_count), vocabulary(words), temperature(heat) {
    dag::RandomStream random(seed, 0);
    for (std::size_t i = 0; i < tokens * vocabulary; ++i) {
      const auto x = static_cast<float>(spread * random.normal());
      logits.push_back(dag::device::narrow<Storage>(x));
      largest = std::max(largest, std::abs(static_cast<double>(x) / temperature));
    }
    for (std::size_t t = 0; t < tokens; ++t) {
      target.push_back(static_cast<std::int32_t>(random.below(vocabulary)));
    }
  }
  [[nodiscard]] double at(std::size_t token, std::size_t word) const {
    return static_cast<double>(dag::device::widen(logits[token * vocabulary + word])) /
           static_cast<double>(temperature);
  }
  [[nodiscard]] Reference reference() const {
    Reference r;
    for (std::size_t t = 0; t < tokens; ++t) {
      double top = -std::numeric_limits<double>::infinity(), sum = 0, mean = 0;
      for (std::size_t j = 0; j < vocabulary; ++j) {
        top = std::max(top, at(t, j));
      }
      for (std::size_t j = 0; j < vocabulary; ++j) {
        const double power = std::exp(at(t, j) - top);
        sum += power;
        mean += power > 0 ? power * at(t, j) : 0;
      }
      r.normalizer.push_back(top + std::log(sum));
      r.entropy.push_back(r.normalizer.back() - mean / sum);
      r.log_prob.push_back(at(t, static_cast<std::size_t>(target[t])) - r.normalizer.back());
    }
    return r;
  }
};

/// The kernels' results of one problem, on the host.
template <class Storage>
struct Outcome {
  std::vector<float> log_prob, entropy, normalizer;
  std::vector<Storage> gradient;

  /// `shift` numbers lie before the logits, so that rows start off the sixteen bytes.
  Outcome(const Problem<Storage>& problem, std::size_t shift,
          std::span<const float> log_prob_weight, std::span<const float> entropy_weight) {
    const dag::device::Context gpu;
    const std::vector<float> poison(problem.tokens, std::nanf(""));
    auto p = dag::device::to_device(std::span<const float>(poison), gpu.stream());
    auto h = p, z = p;
    std::vector<Storage> padded(shift, dag::device::narrow<Storage>(99));
    padded.insert(padded.end(), problem.logits.begin(), problem.logits.end());
    auto logits = dag::device::to_device(std::span<const Storage>(padded), gpu.stream());
    const auto target =
        dag::device::to_device(std::span<const std::int32_t>(problem.target), gpu.stream());
    const auto in = std::span<const Storage>(gpu.view(std::as_const(logits))).subspan(shift);
    const dag::TokenLogProbs out{gpu.view(p), gpu.view(h), gpu.view(z)};
    dag::token_log_probs(gpu, in, problem.vocabulary, gpu.view(target), out, problem.temperature);
    gpu.synchronize();
    log_prob = dag::device::to_host(p);
    entropy = dag::device::to_host(h);
    normalizer = dag::device::to_host(z);
    if (!log_prob_weight.empty()) {
      const auto weight = dag::device::to_device(log_prob_weight, gpu.stream());
      const auto bend = dag::device::to_device(entropy_weight, gpu.stream());
      dag::token_log_probs_backward(gpu, in, problem.vocabulary, gpu.view(target), out,
                                    gpu.view(weight), gpu.view(bend),
                                    gpu.view(logits).subspan(shift), problem.temperature);
      gpu.synchronize();
      gradient = dag::device::to_host(logits);  // in the logits' own memory
      for (std::size_t i = 0; i < shift; ++i) {
        CHECK(dag::device::widen(gradient[i]) == 99);
      }
      gradient.erase(gradient.begin(), gradient.begin() + static_cast<std::ptrdiff_t>(shift));
    }
  }
};

constexpr double epsilon = 1.2e-7;  // of float

}  // namespace

TEST_CASE_TEMPLATE("log-probabilities, entropies and their gradients", Storage, float, BFloat16,
                   Float16) {
  // Rounding of a stored gradient.
  const double grain = sizeof(Storage) == 4 ? 0 : 0x1p-8;
  for (const std::size_t vocabulary : {1U, 2U, 7U, 8U, 129U, 1000U, 4099U, 9000U}) {
    for (const std::size_t shift : {0U, 1U, 3U}) {
      const Problem<Storage> problem(3, vocabulary, shift == 3 ? 0.5F : 1.0F, vocabulary, 4);
      const std::vector<float> weight{1, -0.5F, 2}, bend{0, 0.25F, 1};
      const Outcome<Storage> got(problem, shift, weight, bend);
      const Reference expected = problem.reference();
      // x log2 e is rounded once: an error of epsilon |x| in every exponent.
      const double slack = 8 * epsilon * (problem.largest + 4);
      for (std::size_t t = 0; t < 3; ++t) {
        CHECK(std::abs(got.log_prob[t] - expected.log_prob[t]) <= slack);
        CHECK(std::abs(got.entropy[t] - expected.entropy[t]) <= slack);
        CHECK(std::abs(got.normalizer[t] - expected.normalizer[t]) <= slack);
        for (std::size_t j = 0; j < vocabulary; ++j) {
          const double log_p = problem.at(t, j) - expected.normalizer[t], p = std::exp(log_p);
          const bool chosen = static_cast<std::size_t>(problem.target[t]) == j;
          const double gradient =
              (weight[t] * ((chosen ? 1 : 0) - p) - bend[t] * p * (log_p + expected.entropy[t])) /
              static_cast<double>(problem.temperature);
          CHECK(std::abs(dag::device::widen(got.gradient[t * vocabulary + j]) - gradient) <=
                16 * slack + grain * std::abs(gradient) + (sizeof(Storage) == 2 ? 0x1p-25 : 0));
        }
      }
    }
  }
}

TEST_CASE("the gradient is the derivative of the forward pass") {
  Problem<float> problem(1, 40, 0.7F, 5, 1);
  const std::vector<float> weight{1.5F}, bend{-0.75F};
  const Outcome<float> at(problem, 0, weight, bend);
  const auto loss = [&] {
    const Reference r = problem.reference();
    return 1.5 * r.log_prob[0] - 0.75 * r.entropy[0];
  };
  for (std::size_t j = 0; j < 40; ++j) {
    const float x = problem.logits[j];
    problem.logits[j] = x + 0x1p-10F;
    const double up = loss();
    problem.logits[j] = x - 0x1p-10F;
    const double down = loss();
    problem.logits[j] = x;
    const double difference = (up - down) / static_cast<double>((x + 0x1p-10F) - (x - 0x1p-10F));
    CHECK(std::abs(at.gradient[j] - difference) <= 1e-5);
  }
}

TEST_CASE("far logits, words without mass, and one certain word") {
  const float none = -std::numeric_limits<float>::infinity();
  Problem<float> problem(4, 3000, 1, 1, 0);
  problem.logits.assign(problem.logits.size(), none);
  problem.target = {7, 7, 2999, 8};
  problem.logits[7] = -1e4F;       // token 0: certain
  problem.logits[3000 + 7] = 300;  // token 1: two words, far above zero
  problem.logits[3000 + 2500] = 300;
  for (std::size_t j = 0; j < 3000; ++j) {  // token 2: all words alike, far below zero
    problem.logits[6000 + j] = -500;
  }
  problem.logits[9000 + 2] = 0;  // token 3: the target has no mass
  const Outcome<float> got(problem, 0, std::vector<float>{1, 1, 1, 0}, std::vector<float>(4, 1.0F));
  CHECK(got.log_prob[0] == 0);
  CHECK(got.entropy[0] == 0);
  CHECK(std::abs(got.log_prob[1] + std::log(2.0)) < 1e-4);
  CHECK(std::abs(got.entropy[1] - std::log(2.0)) < 1e-6);
  CHECK(std::abs(got.log_prob[2] + std::log(3000.0)) < 2e-4);
  CHECK(std::abs(got.entropy[2] - std::log(3000.0)) < 1e-5);
  CHECK(got.log_prob[3] == none);
  CHECK(got.entropy[3] == 0);
  for (const float g : got.gradient) {
    CHECK(std::isfinite(g));
  }
}

TEST_CASE("masked tokens are left out; what is no distribution is reported") {
  Problem<float> problem(2, 100, 1, 3, 1);
  problem.target[0] = -100;
  const Outcome<float> got(problem, 0, std::vector<float>{5, 1}, std::vector<float>{5, 1});
  CHECK(got.log_prob[0] == 0);
  CHECK(got.entropy[0] == 0);
  for (std::size_t j = 0; j < 100; ++j) {
    CHECK(got.gradient[j] == 0);
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), infinity}) {
    for (const std::size_t place : {100U, 150U, 199U}) {
      Problem<float> spoiled(2, 100, 1, 3, 1);
      spoiled.logits[place] = bad;
      CHECK_THROWS_AS((Outcome<float>(spoiled, 1, {}, {})), dag::Error);
    }
  }
  Problem<float> empty(2, 100, 1, 3, 1);
  std::fill(empty.logits.begin(), empty.logits.begin() + 100, -infinity);
  CHECK_THROWS_AS((Outcome<float>(empty, 0, {}, {})), dag::Error);
  Problem<float> beyond(2, 100, 1, 3, 1);
  beyond.target[1] = 100;
  CHECK_THROWS_AS((Outcome<float>(beyond, 0, {}, {})), dag::Error);
  beyond.target[1] = 99;
  beyond.temperature = 0;
  CHECK_THROWS_AS((Outcome<float>(beyond, 0, {}, {})), dag::Error);
}
