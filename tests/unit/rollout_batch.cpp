// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/reward.hpp>
#include <dag/answers/rollout_batch.hpp>
#include <dag/core/random.hpp>
#include <dag/policy/dead_group.hpp>
#include <dag/policy/flat_view.hpp>
#include <dag/policy/policy_loss.hpp>
#include <dag/policy/policy_loss_presets.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#if __has_include(<Eigen/Core>)
#include <Eigen/Core>
#endif
#if __has_include(<xtensor/xarray.hpp>)
#include <dag/interop/xtensor.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#endif

namespace {

/// Three contexts of two samples, at most four tokens each, as a padded tensor and as ragged
/// arrays.
constexpr std::size_t contexts = 3;
constexpr std::size_t samples = 2;
constexpr std::size_t width = 4;
const std::vector<std::size_t> token_count{4, 2, 1, 3, 4, 4};

struct Store {
  std::vector<float> log_prob, old, reference;
  std::vector<std::uint8_t> mask;
  std::vector<std::size_t> tokens{0};
  std::vector<std::int64_t> groups{0, 2, 4, 6};
  std::vector<std::int32_t> answer{7, 3, 3, 3, -1, 7};
  std::vector<std::int32_t> question{5, 5, 9};

  explicit Store(bool padded) {
    dag::RandomStream random(11, 0);
    for (const std::size_t length : token_count) {
      for (std::size_t t = 0; t < width; ++t) {
        const bool real = t < length;
        const float draws[3] = {static_cast<float>(-random.uniform()),
                                static_cast<float>(-random.uniform()),
                                static_cast<float>(-random.uniform())};
        if (real || padded) {
          log_prob.push_back(real ? draws[0] : std::nanf(""));
          old.push_back(draws[1]);
          reference.push_back(draws[2]);
          mask.push_back(real ? 1 : 0);
        }
      }
      tokens.push_back(log_prob.size());
    }
  }
  [[nodiscard]] dag::RolloutBatch<float> view() const {
    return {groups, answer, tokens, log_prob, old, {}, reference, mask, question};
  }
};

struct Outcome {
  std::vector<float> advantage, gradient;
  double loss = 0;
};

/// Rewards, advantages and loss of a batch.
Outcome whole_pipeline(const dag::RolloutBatch<float>& batch) {
  dag::validate(batch);
  Outcome out;
  std::vector<float> reward(batch.samples());
  out.advantage.resize(batch.samples());
  const dag::RewardTables<float> tables(batch.answer, batch.groups, [](std::span<double> table) {
    dag::plug_in_table([](double p) { return -std::log(p); }, table);
  });
  std::vector<float> length(batch.samples());
  dag::lengths(batch, std::span<float>(length));
  dag::table_rewards<float>(batch.answer, batch.groups, tables, dag::Advantage::opo, reward,
                            out.advantage, length);
  std::vector<dag::SequenceUse> use(batch.samples());
  CHECK(dag::dead_group_use<float>(dag::DeadGroup::mask_kl, reward, batch.groups, use) == 3);
  use[0] = use[1] = dag::SequenceUse::full;
  out.advantage[0] = 1;
  out.gradient.resize(batch.log_prob.size());
  dag::PolicyLossOptions options = dag::policy_preset("dapo").loss;
  options.beta = 0.1;
  out.loss = dag::policy_loss(batch.tokens_of(out.advantage, use), options, out.gradient).value();
  return out;
}

}  // namespace

TEST_CASE("a padded tensor with a mask is the ragged batch, bit for bit, in float") {
  const Store ragged(false);
  const Store padded(true);
  const Outcome a = whole_pipeline(ragged.view());
  const Outcome b = whole_pipeline(padded.view());
  CHECK(a.advantage == b.advantage);
  CHECK(a.loss == b.loss);
  CHECK(a.loss != 0);
  std::vector<float> kept;
  for (std::size_t t = 0; t < b.gradient.size(); ++t) {
    if (padded.mask[t] != 0) {
      kept.push_back(b.gradient[t]);
    } else {
      CHECK(b.gradient[t] == 0);
    }
  }
  CHECK(kept == a.gradient);
}

TEST_CASE("float and double batches agree to float's rounding") {
  const Store store(false);
  const std::vector<double> log_prob(store.log_prob.begin(), store.log_prob.end());
  const std::vector<double> old(store.old.begin(), store.old.end());
  const std::vector<double> advantage{1, -1, 0.5, 2, 0, -2};
  const std::vector<float> advantage_f(advantage.begin(), advantage.end());
  std::vector<double> gradient(log_prob.size());
  std::vector<float> gradient_f(log_prob.size());
  for (const auto& preset : dag::policy_presets) {
    dag::PolicyLossOptions options = preset.loss;
    options.fixed_length = 4;
    const dag::TokenBatch wide{store.tokens, log_prob, old, {}, {}, {}, advantage};
    const dag::BasicTokenBatch<float> narrow{store.tokens, store.log_prob, store.old, {}, {},
                                             {},           advantage_f};
    CHECK(dag::policy_loss(wide, options, gradient).value() ==
          dag::policy_loss(narrow, options, gradient_f).value());
    for (std::size_t t = 0; t < gradient.size(); ++t) {
      CHECK(gradient_f[t] == doctest::Approx(gradient[t]).epsilon(1e-6));
    }
  }
}

TEST_CASE("contexts of one question are compared under their own ids") {
  const Store store(false);
  const dag::AnswerGroups groups = dag::answer_groups(store.view());
  CHECK(groups.questions.size() == 2);
  CHECK(groups.groups() == 3);
  CHECK(groups.answer == std::vector<std::int32_t>{0, 1, 1, 1, -1, 0});
  CHECK(groups.answer_text(0, 0) == "7");
  std::vector<double> reward(groups.samples());
  dag::consensus_rewards(
      groups, {}, [](double nu, double q) { return q - nu; }, reward);
  CHECK(reward[0] == doctest::Approx(-0.25));  // q = 1/4, nu = 1/2
  CHECK(reward[2] == doctest::Approx(-0.25));  // q = 3/4, nu = 1
  const std::vector<std::int8_t> right{1, 0, 0, 0, -1, 1};
  CHECK(dag::answer_groups(store.view(), right).right == right);
}

TEST_CASE("what does not fit is refused once, at the entry") {
  const Store store(true);
  const auto refused = [](const dag::RolloutBatch<float>& batch, dag::Errc code) {
    try {
      dag::validate(batch);
    } catch (const dag::Error& error) {
      CHECK(error.code() == code);
      return;
    }
    FAIL_CHECK("accepted");
  };
  dag::RolloutBatch<float> batch = store.view();
  batch.mask = {};  // the padding is NaN
  refused(batch, dag::Errc::not_finite);
  batch = store.view();
  batch.answer = batch.answer.first(5);
  refused(batch, dag::Errc::dimension_mismatch);
  batch = store.view();
  batch.question = batch.question.first(2);
  refused(batch, dag::Errc::dimension_mismatch);
  batch = store.view();
  const std::vector<std::int64_t> back{0, 4, 2, 6};
  batch.groups = back;
  refused(batch, dag::Errc::invalid_argument);
  batch = store.view();
  std::vector<float> positive = store.log_prob;
  positive[0] = 0.5F;
  batch.log_prob = positive;
  refused(batch, dag::Errc::invalid_argument);
  batch = store.view();
  batch.tokens = batch.tokens.first(6);
  refused(batch, dag::Errc::dimension_mismatch);
}

TEST_CASE("dead groups are those with equal rewards, one reward or none") {
  const double none = std::nan("");
  const std::vector<double> rewards{1, 1, 1, 2, none, 3, none, none, 0.1, 0.1, none};
  const std::vector<std::int64_t> begin{0, 2, 4, 6, 8, 11};
  std::vector<dag::SequenceUse> use(11);
  CHECK(dag::dead_group_use<double>(dag::DeadGroup::drop, rewards, begin, use) == 4);
  for (std::size_t i = 0; i < 11; ++i) {
    CHECK(use[i] == (i == 2 || i == 3 ? dag::SequenceUse::full : dag::SequenceUse::out));
  }
  CHECK_THROWS_AS(
      dag::dead_group_use<double>(dag::DeadGroup::keep, rewards, std::span(begin).first(5), use),
      dag::Error);
}

#if __has_include(<Eigen/Core>)
TEST_CASE("Eigen arrays are seen, not copied") {
  // Tokens run down a column: column-major, one sample a column.
  const Store padded(true);
  Eigen::MatrixXf log_prob(width, contexts * samples);
  std::copy(padded.log_prob.begin(), padded.log_prob.end(), log_prob.data());
  dag::RolloutBatch<float> batch = padded.view();
  batch.log_prob = dag::flat_view(log_prob);
  CHECK(batch.log_prob.data() == log_prob.data());
  CHECK(whole_pipeline(batch).gradient == whole_pipeline(padded.view()).gradient);
  CHECK(dag::flat_view(log_prob.leftCols(2)).size() == 8);
  CHECK_THROWS_AS((void)dag::flat_view(log_prob.topRows(2)), dag::Error);
  CHECK_THROWS_AS((void)dag::flat_view(log_prob.row(1)), dag::Error);
}
#endif

#if __has_include(<xtensor/xarray.hpp>)
TEST_CASE("xtensor arrays are seen, not copied") {
  Store padded(true);
  const std::array<std::size_t, 3> shape{contexts, samples, width};
  const xt::xtensor<float, 3> log_prob = xt::adapt(padded.log_prob, shape);
  const auto offsets = dag::padded_offsets(log_prob);
  CHECK(offsets.groups == padded.groups);
  CHECK(offsets.tokens == padded.tokens);
  dag::RolloutBatch<float> batch = padded.view();
  batch.log_prob = dag::flat_view(log_prob);
  batch.old_log_prob = dag::flat_view(xt::adapt(padded.old, shape));
  CHECK(batch.log_prob.data() == log_prob.data());
  CHECK(batch.old_log_prob.data() == padded.old.data());
  CHECK(whole_pipeline(batch).gradient == whole_pipeline(padded.view()).gradient);
  const xt::xtensor<float, 2, xt::layout_type::column_major> other =
      xt::adapt(padded.log_prob, std::array<std::size_t, 2>{contexts * samples, width});
  CHECK_THROWS_AS((void)dag::flat_view(other), dag::Error);
  CHECK_THROWS_AS((void)dag::padded_offsets(other), dag::Error);
}
#endif
