// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/train/majority_watch.hpp>

#include <dag/core/error.hpp>
#include <dag/model/contextual.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/train/majority_objective.hpp>
#include <dag/train/trainer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace {

using Model = dag::LayeredModel<double>;

struct Run {
  std::int64_t steps = 0, warned = 0;
  double accuracy_before = 0, accuracy = 0, lowest = 1, beta = 0;
  dag::Status status = dag::Status::iteration_limit;
};

/// A vote far stronger than its anchor, whose majority is wrong: right is the second answer of the
/// reference.
Run run(std::uint64_t seed, std::optional<dag::OnCollapse> rule, bool labels, std::int64_t steps) {
  const Model reference = dag::random_layered_model<double>(6, 4, 5, 11);
  Model policy = reference;
  const auto answers_of = [](const Model& model) {
    std::vector<double> log(model.answer_count());
    model.answer_log_probs({}, std::span<double>(log));
    for (double& entry : log) {
      entry = std::exp(entry);
    }
    return log;
  };
  std::vector<std::pair<double, std::size_t>> order;
  const std::vector<double> nu0 = answers_of(reference);
  for (std::size_t z = 0; z < nu0.size(); ++z) {
    order.emplace_back(-nu0[z], z);
  }
  std::sort(order.begin(), order.end());
  const std::size_t right = order[1].second;
  std::vector<dag::Question<Model::prompt_type>> questions(1);
  questions[0].contexts.resize(1);
  dag::MajorityObjective objective({.weight = 1});
  const auto answer = [&](const Model::prompt_type& x, const Model::trace_type& trace) {
    return reference.answer(x, trace);
  };
  dag::TrainOptions options{.steps = steps,
                            .group_size = 64,
                            .beta = 0.05,
                            .learning_rate = {.peak = 0.03},
                            .seed = seed};
  options.collapse = {.rule = rule, .accuracy_drop = 0.05, .raise = 4};
  if (labels) {
    options.collapse.label = [right](std::size_t, std::int32_t z) {
      return static_cast<std::size_t>(z) == right ? 1 : 0;
    };
  }
  Run out;
  out.accuracy_before = nu0[right];
  dag::Adam adam;
  out.status =
      dag::train(policy, reference, std::span<const dag::Question<Model::prompt_type>>(questions),
                 objective, answer, adam, options, [&](const dag::TrainRecord& record) {
                   out.steps = record.step;
                   out.beta = record.beta;
                   out.lowest = std::fmin(out.lowest, answers_of(policy)[right]);
                   if (record.collapse && out.warned == 0) {
                     out.warned = record.step;
                   }
                 });
  out.accuracy = answers_of(policy)[right];
  return out;
}

}  // namespace

TEST_CASE("flips, margins, agreement, labels and distance by hand") {
  dag::CollapseOptions options;
  options.label = [](std::size_t, std::int32_t z) { return z == 1 ? 1 : z == 2 ? -1 : 0; };
  options.predicted = [](std::size_t, std::size_t, std::int32_t z) { return z == 0 ? 0.5 : 0.25; };
  dag::MajorityWatch watch(options);
  const std::vector<std::int32_t> first{0, 0, 1, 2}, second{1, 1, -1, 1};
  dag::TrainRecord record;
  watch.add(3, 1, first);
  CHECK_FALSE(watch.close(record));
  CHECK(std::isnan(record.flip_rate));  // nothing before
  CHECK(record.margin == doctest::Approx(0.25));
  CHECK(record.label_accuracy == doctest::Approx(1.0 / 3));  // one is not judged
  CHECK(record.equilibrium_distance == doctest::Approx(0));
  const std::vector<double> kept = watch.state();
  watch.add(3, 1, second);
  watch.add(5, 1, first);
  (void)watch.close(record);
  CHECK(record.flip_rate == doctest::Approx(1));
  CHECK(std::isnan(record.agreement));  // the one question that was seen before has flipped
  CHECK(record.margin == doctest::Approx((1 + 0.25) / 2));
  CHECK(record.equilibrium_distance == doctest::Approx((0.5 + 0.25 + 0) / 2));
  dag::MajorityWatch again(options);
  again.restore(kept);
  again.add(3, 1, first);
  (void)again.close(record);
  CHECK(record.flip_rate == 0);
  CHECK(record.agreement == doctest::Approx(0.5));
  CHECK_THROWS_AS(dag::MajorityWatch({.rule = dag::OnCollapse::stop, .raise = 1}), dag::Error);
  CHECK_THROWS_AS((void)dag::on_collapse("hope"), dag::Error);
}

TEST_CASE("a run that locks in on a wrong majority: warned of, stopped, saved by its anchor") {
  int collapsed = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(seed);
    const Run alone = run(seed, dag::OnCollapse::report, true, 160);
    const Run stopped = run(seed, dag::OnCollapse::stop, true, 160);
    const Run anchored = run(seed, dag::OnCollapse::anchor, true, 160);
    const Run blind = run(seed, dag::OnCollapse::stop, false, 160);
    MESSAGE("seed ", seed, ": right answer ", alone.accuracy_before, " before, ", alone.accuracy,
            " after; warned at ", alone.warned, "; stopped at ", stopped.steps, " with ",
            stopped.accuracy, "; anchored ", anchored.accuracy, " at beta ", anchored.beta,
            "; by entropy alone at ", blind.steps);
    if (alone.accuracy > alone.accuracy_before) {  // the sampled votes went to the right answer
      CHECK(alone.warned == 0);
      CHECK(stopped.accuracy == alone.accuracy);
      CHECK(anchored.accuracy == alone.accuracy);
      continue;
    }
    ++collapsed;
    CHECK(alone.accuracy < 0.2 * alone.accuracy_before);
    CHECK(alone.warned > 10);
    CHECK(stopped.status == dag::Status::stopped);
    CHECK(stopped.steps == alone.warned);
    CHECK(stopped.accuracy > 2 * alone.accuracy);
    CHECK(anchored.accuracy > 2 * alone.accuracy);
    CHECK(anchored.beta > 0.05);
    CHECK(blind.status == dag::Status::stopped);
  }
  CHECK(collapsed >= 3);
}
