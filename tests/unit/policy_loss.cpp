// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/rollout/policy_loss.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

namespace {

using dag::Aggregation;
using dag::KlEstimator;
using dag::PolicyLossOptions;
using dag::RatioLevel;
using dag::SamplerCorrection;
using dag::Surrogate;

/// Owns what a TokenBatch views.
struct Batch {
  std::vector<std::size_t> offsets{0};
  std::vector<double> log_prob, old_log_prob, sampler_log_prob, reference_log_prob, advantage;
  std::vector<std::uint8_t> mask;

  [[nodiscard]] dag::TokenBatch view() const {
    return {offsets, log_prob, old_log_prob, sampler_log_prob, reference_log_prob, mask, advantage};
  }
};

Batch random_batch(std::uint64_t seed, std::size_t sequences) {
  dag::RandomStream random(seed, 0);
  Batch batch;
  for (std::size_t i = 0; i < sequences; ++i) {
    const std::size_t length = 1 + random.below(6);
    for (std::size_t t = 0; t < length; ++t) {
      const double old = -3 * random.uniform();
      batch.old_log_prob.push_back(old);
      batch.log_prob.push_back(old + 0.5 * random.normal());
      batch.sampler_log_prob.push_back(old + 0.2 * random.normal());
      batch.reference_log_prob.push_back(old + 0.3 * random.normal());
      batch.mask.push_back(t == 0 || random.uniform() < 0.8 ? 1 : 0);
    }
    batch.offsets.push_back(batch.log_prob.size());
    batch.advantage.push_back(random.normal());
  }
  return batch;
}

double token_loss(double ratio, double advantage, PolicyLossOptions options) {
  Batch batch;
  batch.offsets = {0, 1};
  batch.log_prob = {std::log(ratio) - 1};
  batch.old_log_prob = {-1};
  batch.advantage = {advantage};
  std::vector<double> gradient(1);
  return dag::policy_loss(batch.view(), options, gradient).value();
}

std::vector<PolicyLossOptions> every_loss() {
  std::vector<PolicyLossOptions> all;
  const auto mean = Aggregation::sequence_mean_token_mean;
  for (const auto aggregation :
       {Aggregation::token_mean, mean, Aggregation::sequence_mean_token_sum,
        Aggregation::sequence_mean_fixed, Aggregation::token_sum_fixed}) {
    all.push_back({.aggregation = aggregation, .fixed_length = 7});
  }
  all.push_back({.delta = 1.5, .beta = 0.1});
  all.push_back({.surrogate = Surrogate::dual_clip, .dual_clip = 1.4, .clamp_log_ratio = 20});
  all.push_back({.surrogate = Surrogate::sapo, .aggregation = mean});
  all.push_back({.surrogate = Surrogate::reinforce});
  all.push_back({.ratio = RatioLevel::sequence, .aggregation = mean, .beta = 0.2});
  all.push_back(
      {.ratio = RatioLevel::sequence_sum, .aggregation = Aggregation::sequence_mean_token_sum});
  all.push_back({.surrogate = Surrogate::geo_mean,
                 .aggregation = mean,
                 .epsilon_low = 0.4,
                 .epsilon_high = 0.4});
  all.push_back({.beta = 0.3,
                 .kl = KlEstimator::k2,
                 .correction = SamplerCorrection::token_truncate,
                 .correction_max = 1.1});
  all.push_back({.beta = 0.3,
                 .kl_times_ratio = true,
                 .correction = SamplerCorrection::sequence_mask,
                 .off_policy_threshold = 0.05});
  return all;
}

}  // namespace

TEST_CASE("token losses at the published values") {
  CHECK(token_loss(1.5, 1, {}) == doctest::Approx(-1.2).epsilon(1e-12));
  CHECK(token_loss(1.5, 1, {.epsilon_high = 0.28}) == doctest::Approx(-1.28).epsilon(1e-12));
  CHECK(token_loss(1.5, 1, {.surrogate = Surrogate::sapo}) ==
        doctest::Approx(-2.489837).epsilon(1e-6));
  CHECK(token_loss(6, -1, {}) == doctest::Approx(6).epsilon(1e-12));
  CHECK(token_loss(6, -1, {.delta = 4}) == doctest::Approx(4).epsilon(1e-12));
  CHECK(token_loss(6, -1, {.surrogate = Surrogate::dual_clip}) ==
        doctest::Approx(3).epsilon(1e-12));
  CHECK(token_loss(6, -1, {.surrogate = Surrogate::sapo}) ==
        doctest::Approx(3.789638).epsilon(1e-6));
  // cispo: -min(r, 0.2) A log pi.
  CHECK(token_loss(1.5, 2, {.surrogate = Surrogate::cispo}) ==
        doctest::Approx(-0.2 * 2 * (std::log(1.5) - 1)).epsilon(1e-12));
}

TEST_CASE("k1, k2, k3 at the published values, and verl's clamps") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto value = [&](KlEstimator kind, double d, double clamp) {
    return dag::kl_term(kind, 0, d, infinity, clamp).value;
  };
  CHECK(value(KlEstimator::k1, -0.7, infinity) == doctest::Approx(0.7));
  CHECK(value(KlEstimator::k2, -0.7, infinity) == doctest::Approx(0.245));
  CHECK(value(KlEstimator::k3, -0.7, infinity) == doctest::Approx(0.196585).epsilon(1e-5));
  CHECK(value(KlEstimator::k1, 0.7, infinity) == doctest::Approx(-0.7));
  CHECK(value(KlEstimator::k3, 0.7, infinity) == doctest::Approx(0.313753).epsilon(1e-5));
  CHECK(value(KlEstimator::k3, 3, infinity) == doctest::Approx(16.085537).epsilon(1e-7));
  CHECK(value(KlEstimator::k3, 3, 10) == 10);
  CHECK(dag::kl_term(KlEstimator::k3, 0, 3, 20, 10).gradient == 0);
}

TEST_CASE("stated biases of the KL estimators, by enumeration of a four-answer policy") {
  const std::vector<double> logits{0.3, -0.4, 1.0, 0.1}, reference{0.2, 0.1, -0.5, -1.2};
  std::vector<double> p(4), q(4);
  double zp = 0, zq = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    zp += std::exp(logits[i]);
    zq += std::exp(reference[i]);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    p[i] = std::exp(logits[i]) / zp;
    q[i] = std::exp(reference[i]) / zq;
  }
  double kl = 0, reverse = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    kl += p[i] * std::log(p[i] / q[i]);
  }
  const auto expectation = [&](KlEstimator kind) {
    double total = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      total += p[i] * dag::kl_term(kind, std::log(p[i]), std::log(q[i]), 1e9, 1e9).value;
    }
    return total;
  };
  CHECK(expectation(KlEstimator::k1) == doctest::Approx(kl).epsilon(1e-12));
  CHECK(expectation(KlEstimator::k3) == doctest::Approx(kl).epsilon(1e-12));
  // Expected gradient in logit j: E[term.gradient (1[i=j] - p_j)].
  for (std::size_t j = 0; j < 4; ++j) {
    const auto gradient = [&](KlEstimator kind) {
      double total = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        total += p[i] * dag::kl_term(kind, std::log(p[i]), std::log(q[i]), 1e9, 1e9).gradient *
                 ((i == j ? 1 : 0) - p[j]);
      }
      return total;
    };
    const double exact = p[j] * (std::log(p[j] / q[j]) - kl);
    reverse = p[j] - q[j];  // d KL(ref || pi) / d logit j
    CHECK(std::abs(gradient(KlEstimator::k1)) < 1e-15);
    CHECK(std::abs(gradient(KlEstimator::k2) - exact) < 1e-15);
    CHECK(std::abs(gradient(KlEstimator::k3) - reverse) < 1e-15);
  }
}

TEST_CASE("the gradient of every loss is its finite difference") {
  for (const PolicyLossOptions& options : every_loss()) {
    Batch batch = random_batch(3, 12);
    std::vector<double> gradient(batch.log_prob.size()), scratch(batch.log_prob.size());
    (void)dag::policy_loss(batch.view(), options, gradient);
    for (std::size_t t = 0; t < batch.log_prob.size(); ++t) {
      const double step = 1e-6;
      const double at = batch.log_prob[t];
      batch.log_prob[t] = at + step;
      const double above = dag::policy_loss(batch.view(), options, scratch).value();
      batch.log_prob[t] = at - step;
      const double below = dag::policy_loss(batch.view(), options, scratch).value();
      batch.log_prob[t] = at;
      CAPTURE(static_cast<int>(options.surrogate));
      CAPTURE(static_cast<int>(options.ratio));
      CAPTURE(t);
      CHECK(std::abs(gradient[t] - (above - below) / (2 * step)) < 1e-8);
      if (batch.mask[t] == 0) {
        CHECK(gradient[t] == 0);
      }
    }
  }
}

TEST_CASE("losses whose weights are held fixed have the gradient weight * advantage") {
  const Batch batch = random_batch(4, 10);
  std::vector<double> gradient(batch.log_prob.size());
  const PolicyLossOptions options{.surrogate = Surrogate::cispo, .cispo_high = 1.1};
  (void)dag::policy_loss(batch.view(), options, gradient);
  const double tokens = static_cast<double>(dag::totals(batch.view()).tokens);
  for (std::size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
    for (std::size_t t = batch.offsets[i]; t < batch.offsets[i + 1]; ++t) {
      const double weight = std::min(std::exp(batch.log_prob[t] - batch.old_log_prob[t]), 1.1);
      const double expected = batch.mask[t] != 0 ? -weight * batch.advantage[i] / tokens : 0.0;
      CHECK(gradient[t] == doctest::Approx(expected).epsilon(1e-13));
    }
  }
}

TEST_CASE("the same bits for every split, order and number of threads") {
  for (const PolicyLossOptions& options : every_loss()) {
    const Batch whole = random_batch(9, 40);
    const dag::BatchTotals all = dag::totals(whole.view());
    std::vector<double> gradient(whole.log_prob.size());
    const double value = dag::policy_loss(whole.view(), options, gradient).value();

    const auto part = [&](std::size_t first, std::size_t last, std::span<double> out) {
      const std::size_t begin = whole.offsets[first];
      const std::size_t count = whole.offsets[last] - begin;
      std::vector<std::size_t> offsets;
      for (std::size_t i = first; i <= last; ++i) {
        offsets.push_back(whole.offsets[i] - begin);
      }
      const auto cut = [&](const auto& v) { return std::span(v).subspan(begin, count); };
      const dag::TokenBatch batch{offsets,
                                  cut(whole.log_prob),
                                  cut(whole.old_log_prob),
                                  cut(whole.sampler_log_prob),
                                  cut(whole.reference_log_prob),
                                  cut(whole.mask),
                                  std::span(whole.advantage).subspan(first, last - first)};
      return dag::policy_loss(batch, options, all, out.subspan(begin, count));
    };
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{9}}) {
      std::vector<dag::PolicyLossSum> sums((40 + size - 1) / size);
      std::vector<double> split(gradient.size());
      std::vector<std::thread> threads;
      for (std::size_t k = 0; k < sums.size(); ++k) {
        threads.emplace_back(
            [&, k] { sums[k] = part(k * size, std::min<std::size_t>(40, (k + 1) * size), split); });
      }
      for (std::thread& thread : threads) {
        thread.join();
      }
      dag::PolicyLossSum merged;
      for (std::size_t k = sums.size(); k-- > 0;) {  // in another order than the whole
        merged.add(sums[k]);
      }
      CHECK(merged.value() == value);
      CHECK(split == gradient);
      CHECK(merged.tokens == all.tokens);
    }
  }
}

TEST_CASE("combinations that mean something else than they say are refused") {
  const Batch batch = random_batch(1, 3);
  std::vector<double> gradient(batch.log_prob.size());
  const auto refused = [&](PolicyLossOptions options, const char* why) {
    try {
      (void)dag::policy_loss(batch.view(), options, gradient);
    } catch (const dag::Error& error) {
      CHECK(error.code() == dag::Errc::invalid_argument);
      CHECK(std::string(error.what()).find(why) != std::string::npos);
      return;
    }
    FAIL_CHECK("accepted: " << why);
  };
  refused({.ratio = RatioLevel::sequence}, "length");
  refused({.delta = 1.1}, "delta");
  refused({.surrogate = Surrogate::sapo, .delta = 4}, "delta");
  refused({.aggregation = Aggregation::sequence_mean_fixed}, "fixed_length");
  refused({.beta = 0.1, .kl = KlEstimator::k1}, "k1");
  refused({.epsilon_low = std::nan("")}, "epsilon_low");
  refused({.beta = std::nan("")}, "beta");
  Batch bare = batch;
  bare.reference_log_prob.clear();
  CHECK_THROWS_AS((void)dag::policy_loss(bare.view(), {.beta = 0.1}, gradient), dag::Error);
  bare.sampler_log_prob.clear();
  CHECK_THROWS_AS(
      (void)dag::policy_loss(bare.view(), {.correction = SamplerCorrection::token_mask}, gradient),
      dag::Error);
  bare = batch;
  bare.advantage[1] = std::nan("");
  CHECK_THROWS_AS((void)dag::policy_loss(bare.view(), {}, gradient), dag::Error);
  CHECK_THROWS_AS((void)dag::policy_loss(batch.view(), {}, {1, 1}, gradient), dag::Error);
}

TEST_CASE("empty sequences and off-policy sequences are counted") {
  Batch batch = random_batch(2, 6);
  for (std::size_t t = batch.offsets[2]; t < batch.offsets[3]; ++t) {
    batch.mask[t] = 0;
  }
  for (std::size_t t = batch.offsets[4]; t < batch.offsets[5]; ++t) {
    batch.sampler_log_prob[t] = batch.log_prob[t] + 5;
  }
  batch.advantage[4] = -1;
  std::vector<double> gradient(batch.log_prob.size());
  const auto sum = dag::policy_loss(batch.view(), {.off_policy_threshold = 2}, gradient);
  CHECK(sum.empty == 1);
  CHECK(sum.off_policy == 1);
  CHECK(sum.sequences == 6);
  for (std::size_t t = batch.offsets[4]; t < batch.offsets[5]; ++t) {
    CHECK(gradient[t] == 0);
  }
  CHECK(sum.effective_sample_size() > 0);
  CHECK(sum.effective_sample_size() <= 5 + 1e-12);
}
