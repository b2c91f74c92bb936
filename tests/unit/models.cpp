// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/model/contextual.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/model/tabular.hpp>

#include <doctest/doctest.h>
#include <contract/model.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

constexpr double none = -std::numeric_limits<double>::infinity();

/// A user's model: no batches, no parameters to write, no exact answers, a trace type of its own.
struct Coin {
  using scalar_type = double;
  using prompt_type = double;  // the bias in logits
  struct trace_type {
    bool head;
    bool operator==(const trace_type&) const = default;
  };
  double logit = 0;
  trace_type sample(double prompt, dag::RandomStream& stream) const {
    return {std::log(1 / (stream.uniform() + 1e-300) - 1) > -(logit + prompt)};
  }
  double log_prob(double prompt, trace_type trace) const {
    return -std::log1p(std::exp(trace.head ? -(logit + prompt) : logit + prompt));
  }
  std::size_t parameter_count() const { return 1; }
  void accumulate_score(double prompt, trace_type trace, double weight,
                        std::span<double> gradient) const {
    dag::require(gradient.size() == 1, dag::Errc::dimension_mismatch,
                 "Coin: gradient must have 1 entry, got ", gradient.size());
    gradient[0] += weight * ((trace.head ? 1 : 0) - 1 / (1 + std::exp(-(logit + prompt))));
  }
};

dag::TabularModel<double> small_table() {
  return {{0.3, none, -1.0, 2.0, 0.1, -700.0}, {0, 1, 2, 0, 2, 3}, 4};
}

template <class Call>
void refused(dag::Errc code, Call&& call) {
  contract::check_refuses(code, call);
}

}  // namespace

static_assert(dag::LogProbModel<Coin>);
static_assert(!dag::ParameterizedModel<Coin>);
static_assert(!dag::ExactAnswerModel<Coin>);
static_assert(!dag::LogProbModel<int>);
static_assert(dag::TiltableModel<dag::TabularModel<double>>);
static_assert(dag::TiltableModel<dag::LayeredModel<float>>);
static_assert(!dag::TiltableModel<dag::ContextualModel<dag::TabularModel<double>>>);
static_assert(dag::ParameterizedModel<dag::ContextualModel<dag::LayeredModel<double>>>);
static_assert(dag::ExactAnswerModel<dag::ContextualModel<dag::LayeredModel<double>>>);

TEST_CASE("a user's model meets the contract") { contract::check_model(Coin{0.4}, -1.0); }

TEST_CASE_TEMPLATE("the tabular model meets the contract", Scalar, float, double) {
  std::vector<Scalar> logits{Scalar(0.3), Scalar(-1), Scalar(2), Scalar(0.1), Scalar(-0.5)};
  contract::check_model(dag::TabularModel<Scalar>(logits, {0, 1, 2, 0, 2}, 3), dag::NoPrompt{});
}

TEST_CASE_TEMPLATE("the layered model meets the contract", Scalar, float, double) {
  contract::check_model(dag::random_layered_model<Scalar>(5, 3, 4, 11), dag::NoPrompt{});
}

TEST_CASE("models with forbidden traces meet the contract") {
  contract::check_model(small_table(), dag::NoPrompt{});
  auto model = dag::random_layered_model<double>(4, 3, 3, 5);
  std::vector<double> logits(model.logits().begin(), model.logits().end());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits[i] = i % 4 == 1 ? none : logits[i];
  }
  model.set_parameters(logits);
  contract::check_model(model, dag::NoPrompt{});
}

TEST_CASE("a model of several contexts meets the contract in each of them") {
  const dag::ContextualModel<dag::LayeredModel<double>> model(
      {dag::random_layered_model<double>(3, 2, 3, 1), dag::random_layered_model<double>(2, 4, 5, 2),
       dag::random_layered_model<double>(1, 3, 2, 3)});
  CHECK(model.parameter_count() == model.context(0).parameter_count() +
                                       model.context(1).parameter_count() +
                                       model.context(2).parameter_count());
  for (std::size_t prompt = 0; prompt < 3; ++prompt) {
    contract::check_model(model, prompt);
  }
  refused(dag::Errc::invalid_argument, [&] { (void)model.answer_count(3); });
  refused(dag::Errc::invalid_argument, [] { dag::ContextualModel<dag::TabularModel<double>>({}); });

  SUBCASE("a refused parameter leaves every context unchanged") {
    auto changed = model;
    std::vector<double> parameters(model.parameter_count(), 0.0);
    parameters.back() = std::numeric_limits<double>::infinity();
    refused(dag::Errc::not_finite, [&] { changed.set_parameters(parameters); });
    CHECK(changed.log_prob(0, {0, 0, 0}) == model.log_prob(0, {0, 0, 0}));
  }
}

TEST_CASE("tabular: answers without mass, and closed-form tilt") {
  const auto model = small_table();
  std::vector<double> log_nu(4);
  model.answer_log_probs({}, log_nu);
  const double total = std::log(std::exp(0.3) + std::exp(-1.0) + std::exp(2.0) + std::exp(0.1));
  CHECK(log_nu[0] == doctest::Approx(std::log(std::exp(0.3) + std::exp(2.0)) - total));
  CHECK(log_nu[1] == none);
  CHECK(log_nu[3] == doctest::Approx(-700 - total));
  const std::vector<double> rewards{1.0, 5.0, -2.0, none};
  const auto best = dag::tilt(model, rewards, 0.5);
  CHECK(best.log_normalizer ==
        doctest::Approx(std::log(std::exp(log_nu[0] + 2) + std::exp(log_nu[2] - 4))));
  CHECK(best.policy.log_prob({}, 4) ==
        doctest::Approx(model.log_prob({}, 4) - 4 - best.log_normalizer));
  CHECK(best.policy.log_prob({}, 5) == none);
}

TEST_CASE("random instances: reproducible, and their answers are neither flat nor certain") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto model = dag::random_layered_model<double>(20, 8, 10, seed);
    const auto again = dag::random_layered_model<double>(20, 8, 10, seed);
    CHECK(std::vector<double>(model.logits().begin(), model.logits().end()) ==
          std::vector<double>(again.logits().begin(), again.logits().end()));
    double largest = none, smallest = 0;
    for (const double entry : dag::answer_log_probs(model)) {
      largest = std::max(largest, entry);
      smallest = entry > none ? std::min(smallest, entry) : smallest;
    }
    CHECK(largest < std::log(0.9));
    CHECK(largest - smallest > 1);
  }
  refused(dag::Errc::invalid_argument,
          [] { (void)dag::random_layered_model<double>(2, 2, 2, 1, -1.0); });
}

TEST_CASE("errors name the rule") {
  using Table = dag::TabularModel<double>;
  refused(dag::Errc::dimension_mismatch, [] { Table({0.0, 1.0}, {0}, 1); });
  refused(dag::Errc::invalid_argument, [] { Table({0.0}, {1}, 1); });
  refused(dag::Errc::invalid_argument, [] { Table({}, {}, 1); });
  refused(dag::Errc::not_a_distribution, [] { Table({none, none}, {0, 0}, 1); });
  refused(dag::Errc::not_finite, [] { Table({NAN, 0.0}, {0, 0}, 1); });
  refused(dag::Errc::not_finite, [] { Table({-none, 0.0}, {0, 0}, 1); });
  const auto table = small_table();
  std::vector<double> gradient(6);
  refused(dag::Errc::invalid_argument, [&] { (void)table.log_prob({}, 6); });
  refused(dag::Errc::invalid_argument, [&] { (void)table.answer({}, 6); });
  refused(dag::Errc::invalid_argument, [&] { table.accumulate_score({}, 1, 1.0, gradient); });

  using Layered = dag::LayeredModel<double>;
  refused(dag::Errc::invalid_argument, [] { Layered({0, 1, 1, {0}}, {0.0}); });
  refused(dag::Errc::invalid_argument, [] { Layered({1, 1, 0, {0}}, {0.0}); });
  refused(dag::Errc::invalid_argument, [] { Layered({1, 1, 2, {2}}, {0.0}); });
  refused(dag::Errc::invalid_argument, [] {
    Layered({std::size_t{1} << 60, 1, std::size_t{1} << 60, {0}}, {0.0});
  });
  refused(dag::Errc::dimension_mismatch, [] { Layered({1, 2, 2, {1}}, {0.0, 0.0}); });
  refused(dag::Errc::dimension_mismatch, [] { Layered({2, 1, 2, {1}}, {0.0, 0.0}); });
  refused(dag::Errc::not_finite, [] { Layered({1, 2, 2, {0, 1}}, {0.0, NAN}); });
  refused(dag::Errc::not_a_distribution, [] { Layered({1, 2, 2, {0, 1}}, {none, none}); });
  refused(dag::Errc::dimension_mismatch, [] {
    (void)Layered::from_edges({2, 2, 2, {0, 1}}, std::vector<double>(5));
  });
  refused(dag::Errc::invalid_argument, [] { (void)dag::random_layered_model<double>(0, 2, 2, 1); });

  const Layered model({2, 2, 2, {0, 1}}, {0, none, 1, 2, 3, 4, 5, 6, 7, 8});
  std::vector<double> right(10);
  refused(dag::Errc::dimension_mismatch,
          [&] { (void)model.log_prob({}, std::vector<std::uint32_t>{0}); });
  refused(dag::Errc::invalid_argument, [&] {
    (void)model.log_prob({}, std::vector<std::uint32_t>{0, 2});
  });
  CHECK(model.log_prob({}, std::vector<std::uint32_t>{1, 0}) == none);
  refused(dag::Errc::invalid_argument, [&] {
    model.accumulate_score({}, std::vector<std::uint32_t>{1, 0}, 1.0, right);
  });

  const std::vector<double> good{0.0, 1.0}, three(3), excluded{none, none}, endless{0.0, -none};
  refused(dag::Errc::invalid_argument, [&] { (void)dag::tilt(model, good, 0.0); });
  refused(dag::Errc::invalid_argument, [&] { (void)dag::tilt(model, good, NAN); });
  refused(dag::Errc::dimension_mismatch, [&] { (void)dag::tilt(model, three, 1.0); });
  refused(dag::Errc::not_finite, [&] { (void)dag::tilt(model, endless, 1.0); });
  refused(dag::Errc::not_finite, [&] { (void)dag::tilt(model, good, 1e-309); });
  refused(dag::Errc::not_a_distribution, [&] { (void)dag::tilt(model, excluded, 1.0); });
  refused(dag::Errc::not_a_distribution, [&] { (void)dag::lift<Layered>(model, good); });
  refused(dag::Errc::not_a_distribution, [&] {
    (void)dag::lift<Table>(table, std::vector<double>{none, 0.0, none, none});
  });
  refused(dag::Errc::not_a_distribution, [&] { (void)dag::given_answer(table, 1); });
  refused(dag::Errc::invalid_argument, [&] { (void)dag::given_answer(table, 4); });
  refused(dag::Errc::dimension_mismatch,
          [&] { (void)dag::trace_kl(model, dag::random_layered_model<double>(2, 3, 2, 1)); });
  refused(dag::Errc::dimension_mismatch,
          [&] { dag::accumulate_exact_gradient(model, three, right); });
  refused(dag::Errc::not_finite, [&] { dag::accumulate_exact_gradient(model, endless, right); });
  const Layered wider({2, 2, 2, {0, 1}}, {0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
  refused(dag::Errc::invalid_argument,
          [&] { dag::accumulate_exact_gradient(wider, model, good, 1.0, right); });
}
