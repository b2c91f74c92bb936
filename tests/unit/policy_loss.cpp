// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/policy/dead_group.hpp>
#include <dag/policy/policy_loss.hpp>
#include <dag/policy/policy_loss_fields.hpp>
#include <dag/policy/policy_loss_presets.hpp>
#include <dag/policy/trainer_presets.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <tuple>
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
  std::vector<double> entropy;
  std::vector<std::uint8_t> mask;
  std::vector<std::size_t> group;

  [[nodiscard]] dag::TokenBatch view() const {
    return {offsets, log_prob,  old_log_prob, sampler_log_prob, reference_log_prob,
            mask,    advantage, {},           entropy,          group};
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
      batch.entropy.push_back(2 * random.uniform());
    }
    batch.offsets.push_back(batch.log_prob.size());
    batch.advantage.push_back(random.normal());
    batch.group.push_back(i / 3);
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

/// False where the ratio is a weight held fixed: the value does not have the stated gradient.
bool has_finite_difference(const PolicyLossOptions& o) {
  return o.surrogate != Surrogate::cispo && o.surrogate != Surrogate::vespo &&
         o.surrogate != Surrogate::dppo_tv && o.surrogate != Surrogate::dppo_kl &&
         o.ratio != RatioLevel::sequence_token;
}

std::vector<PolicyLossOptions> every_loss() {
  std::vector<PolicyLossOptions> all;
  const auto mean = Aggregation::sequence_mean_token_mean;
  for (const auto aggregation :
       {Aggregation::token_mean, mean, Aggregation::sequence_mean_token_sum,
        Aggregation::sequence_mean_fixed, Aggregation::token_sum_fixed,
        Aggregation::group_mean_token_mean}) {
    all.push_back({.aggregation = aggregation, .fixed_length = 7});
  }
  all.push_back({.delta = 1.5, .beta = 0.1});
  all.push_back({.surrogate = Surrogate::dual_clip, .dual_clip = 1.4, .clamp_log_ratio = 20});
  all.push_back({.surrogate = Surrogate::sapo, .aggregation = mean});
  all.push_back({.surrogate = Surrogate::reinforce});
  all.push_back({.ratio = RatioLevel::sequence, .aggregation = mean, .beta = 0.2});
  all.push_back({.ratio = RatioLevel::sequence_sum, .aggregation = mean});
  all.push_back(
      {.ratio = RatioLevel::sequence, .aggregation = Aggregation::sequence_mean_by_length});
  all.push_back({.ratio = RatioLevel::sequence, .aggregation = mean, .clamp_log_ratio = 0.4});
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
  all.push_back({.entropy_coef = 0.3, .top_entropy_quantile = 0.4});
  all.push_back({.aggregation = mean, .beta = 0.2, .top_entropy_quantile = 0.2});
  all.push_back({.surrogate = Surrogate::reinforce,
                 .aggregation = Aggregation::token_sum_fixed,
                 .fixed_length = 7,
                 .correction = SamplerCorrection::token_mask,
                 .top_entropy_quantile = 0.7});
  all.push_back({.ratio = RatioLevel::sequence, .aggregation = mean, .entropy_coef = 0.1});
  all.push_back({.ratio = RatioLevel::sequence, .length_weighted = true});
  all.push_back({.surrogate = Surrogate::clip,
                 .ratio = RatioLevel::sequence,
                 .aggregation = mean,
                 .clamp_sequence_log_ratio = 0.1});
  all.push_back({.beta = 0.2,
                 .kl = KlEstimator::absolute,
                 .entropy_coef = 0.3,
                 .top_entropy_quantile = 0.4,
                 .mask_entropy_bonus = true});
  all.push_back({.surrogate = Surrogate::clip_cov, .cov_ratio = 0.4, .clip_cov_low = -0.2});
  all.push_back({.surrogate = Surrogate::kl_cov,
                 .aggregation = Aggregation::group_mean_token_mean,
                 .cov_ratio = 0.4,
                 .kl_cov_coef = 0.7,
                 .beta = 0.1});
  for (const auto& row : dag::trainer_presets) {
    if (has_finite_difference(row.loss)) {
      all.push_back(row.loss);
      all.back().fixed_length = 7;
    }
  }
  for (const auto& preset : dag::policy_presets) {
    if (has_finite_difference(preset.loss)) {
      all.push_back(preset.loss);
      all.back().fixed_length = 7;
    }
  }
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
    std::vector<double> by_entropy(batch.log_prob.size()), more_scratch(batch.log_prob.size());
    (void)dag::policy_loss(batch.view(), options, gradient, by_entropy);
    const auto difference = [&](double& variable) {
      const double step = 1e-6;
      const double at = variable;
      variable = at + step;
      const double above = dag::policy_loss(batch.view(), options, scratch, more_scratch).value();
      variable = at - step;
      const double below = dag::policy_loss(batch.view(), options, scratch, more_scratch).value();
      variable = at;
      return (above - below) / (2 * step);
    };
    for (std::size_t t = 0; t < batch.log_prob.size(); ++t) {
      CAPTURE(static_cast<int>(options.surrogate));
      CAPTURE(static_cast<int>(options.ratio));
      CAPTURE(t);
      CHECK(std::abs(gradient[t] - difference(batch.log_prob[t])) < 1e-8);
      CHECK(std::abs(by_entropy[t] - difference(batch.entropy[t])) < 1e-8);
      if (batch.mask[t] == 0) {
        CHECK(gradient[t] == 0);
        CHECK(by_entropy[t] == 0);
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
    dag::BatchTotals all = dag::totals(whole.view());
    std::vector<double> gradient(whole.log_prob.size()), by_entropy(gradient.size());
    const double value = dag::policy_loss(whole.view(), options, gradient, by_entropy).value();
    if (options.top_entropy_quantile < 1) {
      std::vector<double> entropies;
      dag::append_entropies(whole.view(), entropies);
      std::reverse(entropies.begin(), entropies.end());  // as other parts first would leave them
      all.entropy_threshold =
          dag::top_entropy_threshold(std::span(entropies), options.top_entropy_quantile);
      all.kept_tokens =
          static_cast<std::size_t>(std::count_if(entropies.begin(), entropies.end(), [&](double h) {
            return h >= *all.entropy_threshold;
          }));
    }
    if (dag::chooses_tokens(options.surrogate)) {
      std::vector<dag::CovarianceToken> tokens;
      dag::append_covariance_tokens(whole.view(), options.cov_seed, tokens);
      std::reverse(tokens.begin(), tokens.end());
      all.covariance = dag::covariance_choice(options, tokens);
      CHECK(all.covariance->count > 0);
    }

    const auto part = [&](std::size_t first, std::size_t last, std::span<double> out,
                          std::span<double> entropy_out) {
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
                                  std::span(whole.advantage).subspan(first, last - first),
                                  {},
                                  cut(whole.entropy),
                                  std::span(whole.group).subspan(first, last - first)};
      return dag::policy_loss(batch, options, all, out.subspan(begin, count),
                              entropy_out.subspan(begin, count));
    };
    for (std::size_t last = 40; last > 0; last -= 10) {
      dag::TokenBatch groups = whole.view();
      groups.offsets = groups.offsets.subspan(last - 10, 11);
      groups.group = groups.group.subspan(last - 10, 10);
      dag::add_groups(groups, all);
    }
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{9}}) {
      std::vector<dag::PolicyLossSum> sums((40 + size - 1) / size);
      std::vector<double> split(gradient.size()), entropy_split(gradient.size());
      std::vector<std::thread> threads;
      for (std::size_t k = 0; k < sums.size(); ++k) {
        threads.emplace_back([&, k] {
          sums[k] = part(k * size, std::min<std::size_t>(40, (k + 1) * size), split, entropy_split);
        });
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
      CHECK(entropy_split == by_entropy);
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
  refused({.ratio = RatioLevel::sequence_sum, .aggregation = Aggregation::sequence_mean_token_sum},
          "length");
  refused({.surrogate = Surrogate::geo_mean, .aggregation = Aggregation::token_mean}, "length");
  refused({.aggregation = Aggregation::sequence_mean_by_length}, "one ratio");
  refused({.surrogate = Surrogate::vespo, .correction = SamplerCorrection::token_mask}, "vespo");
  refused({.delta = 1.1}, "delta");
  refused({.surrogate = Surrogate::sapo, .delta = 4}, "delta");
  refused({.aggregation = Aggregation::sequence_mean_fixed}, "fixed_length");
  refused({.beta = 0.1, .kl = KlEstimator::k1}, "k1");
  refused({.epsilon_low = std::nan("")}, "epsilon_low");
  refused({.ratio = RatioLevel::sequence,
           .aggregation = Aggregation::sequence_mean_token_mean,
           .top_entropy_quantile = 0.5},
          "picks tokens");
  refused({.surrogate = Surrogate::kl_cov, .ratio = RatioLevel::sequence_token}, "level");
  refused({.surrogate = Surrogate::clip_cov, .delta = 4}, "delta");
  refused({.clip_cov_low = 5}, "clip_cov_high");
  refused({.top_entropy_quantile = 0}, "top_entropy_quantile");
  refused({.top_entropy_quantile = std::nan("")}, "top_entropy_quantile");
  refused({.entropy_coef = -1}, "entropy_coef");
  CHECK_THROWS_WITH_AS((void)dag::policy_loss(batch.view(), {.entropy_coef = 1}, gradient),
                       doctest::Contains("entropy_gradient"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::policy_loss(batch.view(), {.top_entropy_quantile = 0.5},
                                              dag::totals(batch.view()), gradient),
                       doctest::Contains("threshold of the whole"), dag::Error);
  refused({.beta = std::nan("")}, "beta");
  Batch bare = batch;
  bare.reference_log_prob.clear();
  CHECK_THROWS_AS((void)dag::policy_loss(bare.view(), {.beta = 0.1}, gradient), dag::Error);
  bare.sampler_log_prob.clear();
  CHECK_THROWS_AS(
      (void)dag::policy_loss(bare.view(), {.correction = SamplerCorrection::token_mask}, gradient),
      dag::Error);
  bare.entropy.clear();
  for (const PolicyLossOptions& options :
       {PolicyLossOptions{.entropy_coef = 1}, PolicyLossOptions{.top_entropy_quantile = 0.5}}) {
    std::vector<double> by_entropy(gradient.size());
    CHECK_THROWS_WITH_AS((void)dag::policy_loss(bare.view(), options, gradient, by_entropy),
                         doctest::Contains("need the entropy"), dag::Error);
  }
  bare = batch;
  bare.entropy[0] = std::nan("");
  CHECK_THROWS_AS((void)dag::policy_loss(bare.view(), {}, gradient), dag::Error);
  bare = batch;
  bare.advantage[1] = std::nan("");
  CHECK_THROWS_AS((void)dag::policy_loss(bare.view(), {}, gradient), dag::Error);
  CHECK_THROWS_AS((void)dag::policy_loss(batch.view(), {}, {1, 1}, gradient), dag::Error);
}

TEST_CASE("entropy bonus and mask: by hand, dead groups, ties, the adaptive coefficient") {
  // Ten tokens with entropies 0.0 to 0.9; on policy, so that a kept token's loss is -A.
  Batch batch;
  batch.offsets = {0, 4, 10};
  batch.advantage = {1, -2};
  for (int t = 0; t < 10; ++t) {
    batch.log_prob.push_back(-1);
    batch.entropy.push_back(0.1 * ((7 * t) % 10));  // 0, .7, .4, .1 | .8, .5, .2, .9, .6, .3
  }
  std::vector<double> gradient(10), by_entropy(10);
  const auto masked = dag::policy_loss(
      batch.view(), {.entropy_coef = 2, .top_entropy_quantile = 0.4}, gradient, by_entropy);
  // Kept: 0.7 of the first, 0.8, 0.9 and 0.6 of the second; all ten still divide.
  CHECK(masked.value() == doctest::Approx((-1 + 3 * 2) / 10.0 - 2 * 0.45).epsilon(1e-14));
  CHECK(masked.low_entropy == 6);
  CHECK(masked.mean_entropy() == doctest::Approx(0.45).epsilon(1e-14));
  for (std::size_t t = 0; t < 10; ++t) {
    const double advantage = t < 4 ? 1 : -2;
    CHECK(gradient[t] == (batch.entropy[t] > 0.55 ? -advantage / 10 : 0));
    CHECK(by_entropy[t] == -0.2);
  }
  // The same with the bonus of the kept tokens alone: 0.7, 0.8, 0.9 and 0.6.
  const auto kept = dag::policy_loss(
      batch.view(), {.entropy_coef = 2, .top_entropy_quantile = 0.4, .mask_entropy_bonus = true},
      gradient, by_entropy);
  CHECK(kept.value() == doctest::Approx((-1 + 3 * 2) / 10.0 - 2 * 0.75).epsilon(1e-14));
  for (std::size_t t = 0; t < 10; ++t) {
    CHECK(by_entropy[t] == (batch.entropy[t] > 0.55 ? -0.5 : 0));
  }
  // A dead group without policy term keeps the bonus; one without either does not.
  for (const auto use : {dag::SequenceUse::kl_only, dag::SequenceUse::counted}) {
    const std::vector<dag::SequenceUse> uses{dag::SequenceUse::full, use};
    auto view = batch.view();
    view.use = uses;
    (void)dag::policy_loss(view, {.entropy_coef = 2}, gradient, by_entropy);
    CHECK(by_entropy[3] == -0.2);
    CHECK(by_entropy[4] == (use == dag::SequenceUse::kl_only ? -0.2 : 0));
  }
  // One that is out counts nowhere: the threshold is of the other four tokens.
  const std::vector<dag::SequenceUse> uses{dag::SequenceUse::full, dag::SequenceUse::out};
  auto view = batch.view();
  view.use = uses;
  std::vector<double> entropies;
  dag::append_entropies(view, entropies);
  CHECK(dag::top_entropy_threshold(std::span(entropies), 0.5) == batch.entropy[2]);
  std::vector<float> ties{1, 2, 2, 2, 0};
  CHECK(dag::top_entropy_threshold(std::span(ties), 0.2) == 2);
  CHECK(dag::top_entropy_threshold(std::span(ties), 1e-9) == 2);
  CHECK(dag::top_entropy_threshold(std::span(ties), 0.81) == 1);  // 1 + floor(0.81 * 4) of five
  CHECK(dag::top_entropy_threshold(std::span(ties), 1) == 0);
  CHECK(dag::top_entropy_threshold(std::span<float>(), 0.5) ==
        -std::numeric_limits<double>::infinity());
  CHECK_THROWS_AS((void)dag::top_entropy_threshold(std::span(ties), 0), dag::Error);
  // From the coefficient 0 up to where the entropy reaches 0.2 nats, and down again.
  dag::AdaptiveEntropy adaptive;
  adaptive.update(0.3);
  CHECK(adaptive.value == 0);
  adaptive.update(0.1);
  adaptive.update(0.2);  // a tie goes up
  CHECK(adaptive.value == doctest::Approx(0.01));
  CHECK(adaptive.applied() == adaptive.value);
  adaptive.update(0.21);
  CHECK(adaptive.value == doctest::Approx(0.005));
  CHECK(adaptive.applied() == 0);  // above the target there is no bonus
  adaptive.value = 0.999;
  adaptive.update(0);
  CHECK(adaptive.value == 1);
  CHECK_THROWS_AS(adaptive.update(std::nan("")), dag::Error);
}

TEST_CASE("tokens chosen by covariance: the largest, or a draw from a band") {
  const Batch batch = random_batch(12, 60);
  const dag::TokenBatch view = batch.view();
  std::vector<double> gradient(batch.log_prob.size());
  // By hand, token by token.
  struct Token {
    std::size_t at, sequence;
    double cov, r;
  };
  std::vector<Token> tokens;
  double advantage = 0, log_prob = 0;
  for (std::size_t i = 0; i < view.sequences(); ++i) {
    for (std::size_t t = view.offsets[i]; t < view.offsets[i + 1]; ++t) {
      if (view.counts(t)) {
        tokens.push_back({t, i, 0, std::exp(batch.log_prob[t] - batch.old_log_prob[t])});
        advantage += batch.advantage[i];
        log_prob += batch.log_prob[t];
      }
    }
  }
  const auto n = static_cast<double>(tokens.size());
  for (Token& token : tokens) {
    token.cov = (batch.advantage[token.sequence] - advantage / n) *
                (batch.log_prob[token.at] - log_prob / n);
  }
  std::sort(tokens.begin(), tokens.end(),
            [](const Token& a, const Token& b) { return a.cov > b.cov; });
  for (const double share : {1e-9, 0.1, 1.0}) {
    const PolicyLossOptions options{
        .surrogate = Surrogate::kl_cov, .cov_ratio = share, .kl_cov_coef = 0.5};
    const auto sum = dag::policy_loss(view, options, gradient);
    const auto k = std::max<std::size_t>(1, static_cast<std::size_t>(share * n));
    CHECK(sum.chosen == k);
    double expected = 0;
    for (std::size_t c = 0; c < tokens.size(); ++c) {
      const Token& x = tokens[c];
      const double a = batch.advantage[x.sequence];
      const double pull = c < k ? 0.5 : 0;
      expected += (-x.r * a + pull * std::abs(std::log(x.r))) / n;
      CHECK(gradient[x.at] ==
            doctest::Approx((-x.r * a + pull * (x.r > 1 ? 1 : -1)) / n).epsilon(1e-12));
    }
    CHECK(sum.value() == doctest::Approx(expected).epsilon(1e-12));
  }
  // A band: its unclipped tokens are all drawn equally often over the seeds, none other is ever.
  PolicyLossOptions band{.surrogate = Surrogate::clip_cov,
                         .cov_ratio = 5.5 / n,
                         .clip_cov_low = 0.1,
                         .clip_cov_high = 0.6};
  std::vector<double> clip(gradient.size());
  (void)dag::policy_loss(view, {}, clip);
  std::vector<std::size_t> drawn(gradient.size(), 0);
  constexpr std::size_t seeds = 2000;
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    band.cov_seed = seed;
    CHECK(dag::policy_loss(view, band, gradient).chosen == 5);
    for (std::size_t t = 0; t < gradient.size(); ++t) {
      CHECK((gradient[t] == clip[t] || gradient[t] == 0));
      drawn[t] += gradient[t] != clip[t] ? 1 : 0;
    }
  }
  const auto free =
      static_cast<double>(std::count_if(tokens.begin(), tokens.end(), [&](const Token& x) {
        return x.cov > 0.1 && x.cov < 0.6 && clip[x.at] != 0;
      }));
  CHECK(free > 10);
  const double p = 5 / free;
  for (const Token& x : tokens) {
    const bool may = x.cov > 0.1 && x.cov < 0.6 && clip[x.at] != 0;
    const double often = static_cast<double>(drawn[x.at]) / seeds;
    CHECK(std::abs(often - (may ? p : 0)) <= (may ? 5 * std::sqrt(p * (1 - p) / seeds) : 0));
  }
  band.cov_ratio = 1;  // no more than there are
  CHECK(dag::policy_loss(view, band, gradient).chosen == static_cast<std::size_t>(free));
  // Equal advantages: every covariance is 0, and the draw among equals still takes k of them.
  Batch equal = batch;
  std::fill(equal.advantage.begin(), equal.advantage.end(), 0.25);
  const PolicyLossOptions options{.surrogate = Surrogate::kl_cov, .cov_ratio = 4.5 / n};
  CHECK(dag::policy_loss(equal.view(), options, gradient).chosen == 4);
  // Nothing in the batch, or nothing in the band.
  CHECK(dag::covariance_choice(options, {}).count == 0);
  band.clip_cov_low = 1e6;
  band.clip_cov_high = 2e6;
  CHECK(dag::policy_loss(view, band, gradient).chosen == 0);
  CHECK(gradient == clip);
  CHECK_THROWS_WITH_AS((void)dag::policy_loss(view, band, dag::totals(view), gradient),
                       doctest::Contains("choice of the whole"), dag::Error);
}

TEST_CASE("a mean over groups is the mean of the groups' own token means") {
  Batch batch = random_batch(8, 7);  // groups of 3, 3 and 1
  for (std::size_t t = batch.offsets[6]; t < batch.offsets[7]; ++t) {
    batch.mask[t] = 0;  // the last has no token
  }
  std::vector<double> gradient(batch.log_prob.size()), part(gradient.size()), expected;
  PolicyLossOptions options{.aggregation = Aggregation::group_mean_token_mean, .beta = 0.2};
  PolicyLossOptions one = options;
  one.aggregation = Aggregation::token_mean;
  for (const bool count_empty : {true, false}) {
    options.count_empty = count_empty;
    const double groups = count_empty ? 3 : 2;
    double value = 0;
    expected.assign(gradient.size(), 0.0);
    for (std::size_t g = 0; g < 2; ++g) {
      std::vector<dag::SequenceUse> use(7, dag::SequenceUse::out);
      std::fill_n(use.begin() + static_cast<std::ptrdiff_t>(3 * g), 3, dag::SequenceUse::full);
      dag::TokenBatch view = batch.view();
      view.use = use;
      value += dag::policy_loss(view, one, part).value() / groups;
      for (std::size_t t = 0; t < part.size(); ++t) {
        expected[t] += part[t] / groups;
      }
    }
    CHECK(dag::policy_loss(batch.view(), options, gradient).value() ==
          doctest::Approx(value).epsilon(1e-13));
    for (std::size_t t = 0; t < gradient.size(); ++t) {
      CHECK(gradient[t] == doctest::Approx(expected[t]).epsilon(1e-13));
    }
  }
  // One that is out leaves its group's mean to the others.
  std::vector<dag::SequenceUse> use(7, dag::SequenceUse::full);
  use[1] = dag::SequenceUse::out;
  dag::TokenBatch view = batch.view();
  view.use = use;
  dag::BatchTotals all = dag::totals(view);
  dag::add_groups(view, all);
  CHECK(all.groups[0].sequences == 2);
  CHECK(all.groups[0].tokens == view.length(0) + view.length(2));
  CHECK(all.group_count == 3);
  CHECK(all.empty_groups == 1);
  CHECK_THROWS_WITH_AS((void)dag::policy_loss(view, options, dag::totals(view), gradient),
                       doctest::Contains("add_groups"), dag::Error);
  view.group = {};
  CHECK_THROWS_WITH_AS((void)dag::policy_loss(view, options, gradient),
                       doctest::Contains("TokenBatch::group"), dag::Error);
  batch.group[3] = 7;
  CHECK_THROWS_WITH_AS((void)dag::policy_loss(batch.view(), options, gradient),
                       doctest::Contains("without gaps"), dag::Error);
}

TEST_CASE("a sequence-level loss is one number a sequence: RLOO and GSPO by hand") {
  // Two sequences of 1 and 3 tokens; old log-probabilities 0.1 above and below the policy's.
  Batch batch;
  batch.offsets = {0, 1, 4};
  batch.log_prob = {-1, -1, -2, -1.5};
  batch.old_log_prob = {-1.1, -0.9, -1.9, -1.4};
  batch.advantage = {2, -1};
  std::vector<double> gradient(4);
  PolicyLossOptions rloo = dag::policy_preset("rloo").loss;
  rloo.epsilon_low = 0.9;
  rloo.epsilon_high = 9;
  const double first = std::exp(0.1);
  const double second = std::exp(-0.3);
  CHECK(dag::policy_loss(batch.view(), rloo, gradient).value() ==
        doctest::Approx((-2 * first + second) / 2).epsilon(1e-14));
  CHECK(gradient[0] == doctest::Approx(-first).epsilon(1e-14));
  CHECK(gradient[3] == doctest::Approx(second / 2).epsilon(1e-14));
  PolicyLossOptions gspo = rloo;
  gspo.ratio = RatioLevel::sequence;
  CHECK(dag::policy_loss(batch.view(), gspo, gradient).value() ==
        doctest::Approx((-2 * first + std::exp(-0.1)) / 2).epsilon(1e-14));
  gspo.aggregation = Aggregation::sequence_mean_by_length;
  CHECK(dag::policy_loss(batch.view(), gspo, gradient).value() ==
        doctest::Approx((-2 * first + 3 * std::exp(-0.1)) / 2).epsilon(1e-14));
}

TEST_CASE("every preset runs, by its name, and only dr_grpo asks for a length") {
  const Batch batch = random_batch(5, 8);
  std::vector<double> gradient(batch.log_prob.size());
  for (const auto& preset : dag::policy_presets) {
    CAPTURE(preset.name);
    CHECK(&dag::policy_preset(preset.name) == &preset);
    PolicyLossOptions options = preset.loss;
    if (preset.name == "dr_grpo") {
      CHECK_THROWS_AS((void)dag::policy_loss(batch.view(), options, gradient), dag::Error);
      options.fixed_length = 10;
    }
    CHECK(std::isfinite(dag::policy_loss(batch.view(), options, gradient).value()));
  }
  CHECK_THROWS_AS((void)dag::policy_preset("grpo2"), dag::Error);
  // What tells the presets apart, at r = 1.25 (one token, A = 1) and at r = 6 (A = -1).
  const auto loss = [](const char* name, double ratio, double advantage) {
    return token_loss(ratio, advantage, dag::policy_preset(name).loss);
  };
  CHECK(loss("grpo", 1.25, 1) == doctest::Approx(-1.2));
  CHECK(loss("dapo", 1.25, 1) == doctest::Approx(-1.25));
  CHECK(loss("gspo", 1.25, 1) == doctest::Approx(-1.0004));
  CHECK(loss("gmpo", 1.6, 1) == doctest::Approx(-std::exp(0.4)));
  CHECK(loss("dual_clip", 6, -1) == doctest::Approx(3));
  CHECK(loss("two_sided", 6, -1) == doctest::Approx(4));
  CHECK(loss("cispo", 6, -1) == doctest::Approx(5 * (std::log(6) - 1)));
  CHECK(loss("cispo_verl", 6, -1) == doctest::Approx(1.2 * (std::log(6) - 1)));
  CHECK(loss("sapo", 6, -1) == doctest::Approx(3.789638).epsilon(1e-6));
  CHECK(loss("reinforce", 6, -1) == doctest::Approx(std::log(6) - 1));
}

TEST_CASE("dead groups: each policy leaves out what it says") {
  // Groups {1, 2}, {5, 5}, {NaN, 3}, {4, 0}; the middle two are dead.
  const std::vector<double> rewards{1, 2, 5, 5, std::nan(""), 3, 4, 0};
  const std::vector<std::int64_t> begin{0, 2, 4, 6, 8};
  Batch batch = random_batch(6, 8);
  batch.advantage = {-0.5, 0.5, 0.1, 0.1, 0, 3, 2, -2};  // a dead group need not have zeros
  std::vector<dag::SequenceUse> use(8);
  PolicyLossOptions options = dag::policy_preset("grpo").loss;
  options.beta = 0.3;
  const auto run = [&](dag::DeadGroup policy, std::vector<double>& gradient) {
    CHECK(dag::dead_group_use<double>(policy, rewards, begin, use) == 2);
    dag::TokenBatch view = batch.view();
    view.use = use;
    gradient.assign(batch.log_prob.size(), 7);
    return dag::policy_loss(view, options, gradient);
  };
  std::vector<double> keep, mask, mask_kl, drop, only_live;
  const double kept = run(dag::DeadGroup::keep, keep).value();
  CHECK(run(dag::DeadGroup::mask, mask).masked == 4);
  const auto counted = run(dag::DeadGroup::mask_kl, mask_kl);
  CHECK(counted.sequences == 8);
  const auto dropped = run(dag::DeadGroup::drop, drop);
  CHECK(dropped.sequences == 4);
  CHECK(dropped.left_out == 4);
  Batch live;
  for (const std::size_t i : {0U, 1U, 6U, 7U}) {
    for (std::size_t t = batch.offsets[i]; t < batch.offsets[i + 1]; ++t) {
      live.log_prob.push_back(batch.log_prob[t]);
      live.old_log_prob.push_back(batch.old_log_prob[t]);
      live.sampler_log_prob.push_back(batch.sampler_log_prob[t]);
      live.reference_log_prob.push_back(batch.reference_log_prob[t]);
      live.mask.push_back(batch.mask[t]);
    }
    live.offsets.push_back(live.log_prob.size());
    live.advantage.push_back(batch.advantage[i]);
  }
  only_live.resize(live.log_prob.size());
  const double alone = dag::policy_loss(live.view(), options, only_live).value();
  CHECK(dropped.value() == alone);  // as if the dead groups had not been sampled
  CHECK(counted.value() == doctest::Approx(alone / 2).epsilon(1e-14));
  CHECK(kept != counted.value());
  const dag::TokenBatch plain = batch.view();
  for (std::size_t i = 0; i < 8; ++i) {
    const bool dead = i >= 2 && i < 6;
    for (std::size_t t = batch.offsets[i]; t < batch.offsets[i + 1]; ++t) {
      if (!dead || !plain.counts(t)) {
        CHECK(mask[t] == keep[t]);
        CHECK(mask_kl[t] == keep[t]);
        CHECK(drop[t] == doctest::Approx(2 * keep[t]).epsilon(1e-14));
        continue;
      }
      CHECK(mask_kl[t] == 0);
      CHECK(drop[t] == 0);
      const double pull =
          dag::kl_term(KlEstimator::k3, batch.log_prob[t], batch.reference_log_prob[t], 1e9, 1e9)
              .gradient;
      const double length = static_cast<double>(plain.length(i));
      CHECK(mask[t] == doctest::Approx(0.3 * pull / (8 * length)).epsilon(1e-13));
    }
  }
}

TEST_CASE("ratios beyond double: clipped terms keep gradient zero, statistics stay finite") {
  Batch batch;
  batch.offsets = {0, 2};
  batch.log_prob = {-1, -1};
  batch.old_log_prob = {-500, -500};
  batch.advantage = {1};
  std::vector<double> gradient(2);
  const auto rloo = dag::policy_loss(batch.view(), dag::policy_preset("rloo").loss, gradient);
  CHECK(rloo.value() == doctest::Approx(-1.2));
  CHECK(gradient == std::vector<double>{0, 0});
  CHECK(std::isfinite(rloo.effective_sample_size()));
}

TEST_CASE("dro, dppo and the KL estimators straight through, by hand") {
  // log r = 0.5: -A log pi + beta / 2 (log r)^2.
  Batch batch;
  batch.offsets = {0, 1};
  batch.log_prob = {-1};
  batch.old_log_prob = {-1.5};
  batch.reference_log_prob = {-0.4};
  batch.advantage = {2};
  std::vector<double> gradient(1);
  const PolicyLossOptions dro{.surrogate = Surrogate::dro, .dro_beta = 0.4};
  CHECK(dag::policy_loss(batch.view(), dro, gradient).value() == doctest::Approx(2 + 0.2 * 0.25));
  CHECK(gradient[0] == doctest::Approx(-2 + 0.4 * 0.5));
  CHECK_THROWS_WITH_AS(
      (void)dag::policy_loss(batch.view(), {.surrogate = Surrogate::dro}, gradient),
      doctest::Contains("dro_beta"), dag::Error);
  // The probability rose from 0.223 to 0.368: by 0.145, or binary KL 0.0502.
  for (const Surrogate kind : {Surrogate::dppo_tv, Surrogate::dppo_kl}) {
    const double moved = kind == Surrogate::dppo_tv ? std::exp(-1) - std::exp(-1.5)
                                                    : dag::detail::binary_kl(-1, -1.5);
    const PolicyLossOptions inside{.surrogate = kind, .epsilon_high = moved + 1e-9};
    CHECK(dag::policy_loss(batch.view(), inside, gradient).value() ==
          doctest::Approx(2 * std::exp(0.5)));
    CHECK(gradient[0] == doctest::Approx(-2 * std::exp(0.5)));
    const PolicyLossOptions outside{.surrogate = kind, .epsilon_high = moved - 1e-9};
    const auto sum = dag::policy_loss(batch.view(), outside, gradient);
    CHECK(sum.value() == 0);
    CHECK(gradient[0] == 0);
    CHECK(sum.clipped_high == 1);
    batch.advantage = {-2};  // A falling advantage pulls it back: never outside.
    (void)dag::policy_loss(batch.view(), outside, gradient);
    CHECK(gradient[0] == doctest::Approx(2 * std::exp(0.5)));
    batch.advantage = {2};
  }
  // d = log ref - log pi = 0.6: values of k1 and k3, slope of k2.
  const double inf = std::numeric_limits<double>::infinity();
  for (const auto& [kind, value, slope] :
       {std::tuple{KlEstimator::k1_plus, -0.6, -0.6},
        std::tuple{KlEstimator::k3_plus, std::expm1(0.6) - 0.6, -0.6},
        std::tuple{KlEstimator::absolute, 0.6, -1.0}}) {
    const dag::KlTerm term = dag::kl_term(kind, -1, -0.4, inf, inf);
    CHECK(term.value == doctest::Approx(value));
    CHECK(term.gradient == doctest::Approx(slope));
  }
  CHECK(dag::kl_term(KlEstimator::k3_plus, -5, 0, 20, 10).gradient == -5);  // beyond the clamp
}

TEST_CASE("a token that the sampler did not report has weight 1") {
  Batch batch = random_batch(2, 6);
  const PolicyLossOptions options{.correction = SamplerCorrection::sequence_truncate,
                                  .off_policy_threshold = 0.1};
  std::vector<double> missing(batch.log_prob.size()), equal(batch.log_prob.size());
  batch.sampler_log_prob[3] = std::nan("");
  const double value = dag::policy_loss(batch.view(), options, missing).value();
  batch.sampler_log_prob[3] = batch.old_log_prob[3];
  CHECK(dag::policy_loss(batch.view(), options, equal).value() == value);
  CHECK(missing == equal);
  batch.sampler_log_prob[3] = std::numeric_limits<double>::infinity();
  batch.mask[3] = 1;
  CHECK_THROWS_AS((void)dag::policy_loss(batch.view(), options, equal), dag::Error);
}

TEST_CASE("presets of the trainers: found by version, their own differences") {
  for (const auto& row : dag::trainer_presets) {
    CHECK(&dag::trainer_preset(row.peer, row.version, row.name) == &row);
    CHECK(&dag::trainer_preset(row.peer, std::string(row.version) + ".3", row.name) == &row);
    CHECK(!row.setting.empty());
    CHECK(!dag::loss_formula(row.loss).empty());
    std::size_t fields = 0;
    PolicyLossOptions copy;
    dag::each_field(copy, [&](auto&&...) { ++fields; });
    CHECK(fields == 38);
  }
  CHECK_THROWS_WITH_AS((void)dag::trainer_preset("trl", "1.160", "grpo"),
                       doctest::Contains("trl 1.16, verl 0.9, openrlhf 0.11"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::trainer_preset("trl", "1.16", "gro"),
                       doctest::Contains("dr_grpo"), dag::Error);
  CHECK(dag::loss_of_preset("trl-1.16/cispo").cispo_high == 5);
  CHECK(dag::loss_of_preset("grpo").aggregation == dag::policy_preset("grpo").loss.aggregation);
  // A mean over sequences: verl leaves out the empty one, TRL counts it.
  Batch batch;
  batch.offsets = {0, 1, 2};
  batch.log_prob = {-1, -1};
  batch.mask = {1, 0};
  batch.advantage = {1, 1};
  std::vector<double> gradient(2);
  CHECK(dag::policy_loss(batch.view(), dag::loss_of_preset("trl-1.16/grpo"), gradient).value() ==
        -0.5);
  CHECK(dag::policy_loss(batch.view(), dag::loss_of_preset("verl-0.9/gspo"), gradient).value() ==
        -1);
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
