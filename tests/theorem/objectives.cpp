// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The trainer's objectives, by enumeration: two contexts of three answers with groups of three, all
// 3^6 outcomes. For a softmax over answers d log nu(z) / d logit_j = [j = z] - nu_j, so the
// expected step of an unbiased objective is nu_x(z) (g_x(z) - <g_x, nu_x>) with g = dF/dnu,
// exactly.
#include <dag/train/constraint_objective.hpp>
#include <dag/train/goal_objective.hpp>
#include <dag/train/objective.hpp>
#include <dag/train/robust_objective.hpp>
#include <dag/train/sum_objective.hpp>
#include <dag/train/utility_objective.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/tsallis.hpp>
#include <dag/utility/user_defined.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using dag::AnswerAt;
using dag::EstimatorKind;
using dag::RewardFunction;

constexpr std::size_t contexts = 2, answers = 3, group = 3;
const std::vector<double> nu{0.5, 0.3, 0.2, 0.1, 0.3, 0.6};        // stacked
const std::vector<double> target{0.2, 0.2, 0.6, 0.25, 0.5, 0.25};  // stacked
const std::vector<double> reward{1, -0.5, 0.25, 0.1, 2, 0};

double at(const std::vector<double>& stacked, const AnswerAt& a) {
  return stacked[a.context * answers + a.answer];
}

/// sum over outcomes of P(outcome) mean_i weight_i score_i, an entry a logit; `weigh` writes one
/// number a sample. missing: an answer that is sampled but cannot be read.
std::vector<double> expected_step(
    const std::function<void(const dag::QuestionSample&, std::span<double>)>& weigh,
    std::int32_t missing = -2) {
  std::vector<double> expected(contexts * answers);
  std::vector<std::int32_t> drawn(contexts * group), seen(contexts * group);
  std::vector<double> weights(contexts * group);
  for (int outcome = 0; outcome < 729; ++outcome) {
    double probability = 1;
    int rest = outcome;
    for (std::size_t i = 0; i < drawn.size(); ++i, rest /= 3) {
      drawn[i] = rest % 3;
      seen[i] = drawn[i] == missing ? -1 : drawn[i];
      probability *= nu[i / group * answers + static_cast<std::size_t>(drawn[i])];
    }
    weigh({seen, contexts, group, 0}, weights);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const std::size_t x = i / group;
      for (std::size_t z = 0; z < answers; ++z) {
        const double score =
            (static_cast<std::size_t>(drawn[i]) == z ? 1.0 : 0.0) - nu[x * answers + z];
        expected[x * answers + z] +=
            probability * weights[i] * score / static_cast<double>(drawn.size());
      }
    }
  }
  return expected;
}

/// The exact gradient in the logits of any utility that has no Target of its own.
template <class Utility>
std::vector<double> exact_step(const Utility& utility) {
  const dag::Blocks blocks = dag::Blocks::uniform(contexts, answers);
  const std::vector<double> weights(contexts, 1.0 / contexts);
  std::vector<double> log_nu, slope(nu.size()), scratch(nu.size());
  for (const double p : nu) {
    log_nu.push_back(std::log(p));
  }
  const dag::AnswersView<double> view{blocks, weights, dag::StateView<const double>{nu, log_nu}};
  dag::gradient_of(utility, view, std::span<const double>{}, std::span<double>(slope),
                   std::span<double>(scratch));
  std::vector<double> step(nu.size());
  for (std::size_t x = 0; x < contexts; ++x) {
    double mean = 0;
    for (std::size_t i = x * answers; i < (x + 1) * answers; ++i) {
      mean += nu[i] * slope[i];
    }
    for (std::size_t i = x * answers; i < (x + 1) * answers; ++i) {
      step[i] = nu[i] * (slope[i] - mean);
    }
  }
  return step;
}

double distance(const std::vector<double>& left, const std::vector<double>& right) {
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    largest = std::fmax(largest, std::abs(left[i] - right[i]));
  }
  return largest;
}

template <class Objective, class Utility>
double bias(Objective objective, const Utility& utility, std::int32_t missing = -2) {
  return distance(expected_step([&](const dag::QuestionSample& sample,
                                    std::span<double> signal) { objective(sample, signal); },
                                missing),
                  exact_step(utility));
}

/// Occurrences of an answer in a context, sample i not counted.
std::size_t hits(const dag::QuestionSample& sample, std::size_t x, std::int32_t answer,
                 std::size_t i) {
  std::size_t count = 0;
  for (std::size_t j = x * group; j < (x + 1) * group; ++j) {
    count += j != i && sample.answers[j] == answer ? 1 : 0;
  }
  return count;
}

/// The distance between the expected step of an objective and that of raw rewards without any
/// baseline: 0 if the objective's baseline adds no bias and its rewards are those.
template <class Objective, class Raw>
double baseline_bias(Objective objective, Raw raw) {
  const auto with = expected_step([&](const dag::QuestionSample& sample, std::span<double> signal) {
    objective(sample, signal);
  });
  const auto without =
      expected_step([&](const dag::QuestionSample& sample, std::span<double> signal) {
        for (std::size_t i = 0; i < signal.size(); ++i) {
          signal[i] = raw(sample, i);
        }
      });
  return distance(with, without);
}

}  // namespace

TEST_CASE("objectives without bias: the expected step is the exact gradient to 1e-12") {
  const double tau = 0.7;
  CHECK(bias(dag::AnswerReward([](const AnswerAt& a) { return at(reward, a); }),
             dag::ExpectedReward<double>{reward}) < 1e-12);
  CHECK(bias(dag::TableObjective(EstimatorKind::u_statistic, RewardFunction::power(1), -2 * tau),
             dag::Gini<double>{tau}) < 1e-12);
  CHECK(bias(dag::TableObjective(EstimatorKind::u_statistic, RewardFunction::power(2), -1.5 * tau),
             dag::TsallisEntropy<double>{tau, 3}) < 1e-12);
  CHECK(bias(dag::TableObjective(EstimatorKind::plug_in, RewardFunction::power(2), -1.5 * tau),
             dag::TsallisEntropy<double>{tau, 3}) > 1e-3);
  CHECK(bias(dag::CoherenceObjective(dag::Pool::euclidean, EstimatorKind::plug_in, tau),
             dag::EuclideanCoherence<double>{tau}) < 1e-12);
  CHECK(bias(dag::GoalObjective(dag::ChiSquare<double>{{}, tau},
                                [](const AnswerAt& a) { return at(target, a); }),
             dag::ChiSquare<double>{target, tau}) < 1e-12);
  CHECK(bias(dag::GoalObjective(dag::FrozenConsensus<dag::EuclideanCoherence<double>>{{tau}, {}},
                                [](const AnswerAt& a) { return at(target, a); }),
             dag::FrozenConsensus<dag::EuclideanCoherence<double>>{{tau}, target}) < 1e-12);
  // The event's samples without an answer count as wrong.
  const dag::CorrectSet correct{true, true, false, true, false, false};
  const auto is_correct = [&](const AnswerAt& a) {
    return bool(correct[a.context * 3 + a.answer]);
  };
  for (const int k : {1, 2, 3}) {
    for (const std::int32_t missing : {-2, 2}) {
      CHECK(bias(dag::EventObjective(EstimatorKind::u_statistic, RewardFunction::pass_at_k(k), tau,
                                     is_correct),
                 dag::PassAtK<double>{correct, static_cast<double>(k), tau}, missing) < 1e-12);
    }
  }
  // A quadratic utility of one's own: maximum mean discrepancy to the target under any kernel.
  const double kernel[3][3] = {{1, 0.4, 0.1}, {0.4, 1, 0.5}, {0.1, 0.5, 1}};
  const auto slope = [&](dag::AnswersView<double> a, std::span<double> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = 0;
      for (std::size_t z = 0; z < 3; ++z) {
        const std::size_t j = i / 3 * 3 + z;
        out[i] -= a.weights[i / 3] * kernel[i % 3][z] * (a.nu.point[j] - target[j]);
      }
    }
  };
  const auto mmd = dag::user_utility([](dag::AnswersView<double>) { return 0.0; }, slope);
  CHECK(bias(dag::UtilityObjective(mmd, {.answers = 3, .counts = dag::Counts::leave_one_out}),
             mmd) < 1e-12);
  CHECK(bias(dag::UtilityObjective(mmd, {.answers = 3}), mmd) > 1e-3);
  CHECK(bias(dag::UtilityObjective(dag::EuclideanCoherence<double>{tau},
                                   {.counts = dag::Counts::leave_one_out}),
             dag::EuclideanCoherence<double>{tau}) < 1e-12);
}

TEST_CASE("constraints, mixtures and sums add their rewards without bias") {
  // At given multipliers the Target's term is an expected reward of -lambda f, f coupling contexts.
  const std::vector<double> feature{0.4, -1, 2, -0.3, 0, 1};
  const dag::ConstraintObjective constraint(
      {{.feature = [&](const AnswerAt& a) { return at(feature, a); }, .bound = 0.1},
       {.feature = [](const AnswerAt& a) { return a.context == 0 ? 1.0 : -1.0; },
        .equality = true}},
      {.start = 0.8});
  std::vector<double> priced(feature);
  for (double& f : priced) {
    f *= -0.8;
  }
  CHECK(bias(constraint, dag::ExpectedReward<double>{priced}) < 1e-12);

  const dag::RobustObjective robust({[](const AnswerAt& a) { return at(reward, a); },
                                     [&](const AnswerAt& a) { return at(feature, a); }});
  std::vector<double> mixed(reward);
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    mixed[i] = (reward[i] + feature[i]) / 2;
  }
  CHECK(bias(robust, dag::ExpectedReward<double>{mixed}) < 1e-12);

  dag::SumObjective sum;
  sum.add(dag::TableObjective(EstimatorKind::u_statistic, RewardFunction::power(1), -2), 0.3)
      .add(dag::AnswerReward([](const AnswerAt& a) { return at(reward, a); }),
           {.from = 0, .to = 2, .begin = 10, .end = 20});
  sum.begin_step(15);  // the weight is 1
  const auto step = expected_step(
      [&](const dag::QuestionSample& sample, std::span<double> signal) { sum(sample, signal); });
  auto both = exact_step(dag::Gini<double>{0.3});
  const auto other = exact_step(dag::ExpectedReward<double>{reward});
  for (std::size_t i = 0; i < both.size(); ++i) {
    both[i] += other[i];
  }
  CHECK(distance(step, both) < 1e-12);
}

TEST_CASE("baselines add no bias where the rewards have one") {
  for (const EstimatorKind kind : {EstimatorKind::plug_in, EstimatorKind::variance_optimal}) {
    const auto& table = dag::reward_table(kind, group).table;
    const auto& wide = dag::reward_table(kind, group + 1).table;
    const auto& pooled = dag::reward_table(kind, contexts * group).table;
    CHECK(baseline_bias(dag::TableObjective(kind, RewardFunction::logarithm(), -1),
                        [&](const dag::QuestionSample& s, std::size_t i) {
                          return -table[hits(s, i / group, s.answers[i], i)];
                        }) < 1e-12);
    CHECK(baseline_bias(
              dag::GoalObjective(
                  dag::ReverseKl<double>{}, [](const AnswerAt& a) { return at(target, a); }, kind),
              [&](const dag::QuestionSample& s, std::size_t i) {
                return std::log(target[i / group * 3 + static_cast<std::size_t>(s.answers[i])]) -
                       table[hits(s, i / group, s.answers[i], i)];
              }) < 1e-12);
    CHECK(baseline_bias(dag::CoherenceObjective(dag::Pool::arithmetic, kind),
                        [&](const dag::QuestionSample& s, std::size_t i) {
                          const std::size_t own = hits(s, i / group, s.answers[i], i);
                          return pooled[own + hits(s, 1 - i / group, s.answers[i], i)] - table[own];
                        }) < 1e-12);
    CHECK(baseline_bias(dag::CoherenceObjective(dag::Pool::pairwise, kind),
                        [&](const dag::QuestionSample& s, std::size_t i) {
                          const std::size_t own = hits(s, i / group, s.answers[i], i);
                          const std::size_t there = hits(s, 1 - i / group, s.answers[i], i);
                          const double ratio =
                              static_cast<double>(there) / static_cast<double>(own + 1);
                          return (wide[there] - table[own] - 1 + ratio) / 2;
                        }) < 1e-12);
  }
  const auto frequency = [](const dag::QuestionSample& s, std::size_t i) {
    return static_cast<double>(hits(s, i / group, s.answers[i], i) + 1) / group;
  };
  CHECK(baseline_bias(dag::GoalObjective(dag::ForwardKl<double>{},
                                         [](const AnswerAt& a) { return at(target, a); }),
                      [&](const dag::QuestionSample& s, std::size_t i) {
                        return target[i / group * 3 + static_cast<std::size_t>(s.answers[i])] /
                               frequency(s, i);
                      }) < 1e-12);
  const auto shannon = [&](const dag::QuestionSample& s, std::size_t i) {
    const auto p = target[i / group * 3 + static_cast<std::size_t>(s.answers[i])];
    return std::log((frequency(s, i) + p) / (2 * frequency(s, i))) / 2;
  };
  CHECK(baseline_bias(dag::GoalObjective(dag::JensenShannon<double>{},
                                         [](const AnswerAt& a) { return at(target, a); }),
                      shannon) < 1e-12);
  // The same through the general way, from the utility's own formula.
  CHECK(baseline_bias(dag::UtilityObjective(dag::JensenShannon<double>{target}, {.answers = 3}),
                      shannon) < 1e-12);
  CHECK(baseline_bias(dag::EventObjective(EstimatorKind::plug_in, RewardFunction::inverse(), 1,
                                          [](const AnswerAt& a) { return a.answer != 1; }),
                      [&](const dag::QuestionSample& s, std::size_t i) {
                        const double right = 3 - static_cast<double>(hits(s, i / group, 1, 99));
                        return s.answers[i] != 1 ? 3 / right : 0.0;
                      }) < 1e-12);
  // The geometric pool over the answers that were seen.
  CHECK(baseline_bias(dag::CoherenceObjective(dag::Pool::geometric, EstimatorKind::plug_in, 1, 0.5),
                      [&](const dag::QuestionSample& s, std::size_t i) {
                        double seen = 0, total = 0, own = 0, q = 0;
                        double counts[2][3];
                        for (std::int32_t z = 0; z < 3; ++z) {
                          counts[0][z] = static_cast<double>(hits(s, 0, z, 99));
                          counts[1][z] = static_cast<double>(hits(s, 1, z, 99));
                          seen += counts[0][z] + counts[1][z] > 0 ? 1 : 0;
                        }
                        for (std::int32_t z = 0; z < 3; ++z) {
                          if (counts[0][z] + counts[1][z] > 0) {
                            const double a = (counts[0][z] + 0.5) / (3 + 0.5 * seen);
                            const double b = (counts[1][z] + 0.5) / (3 + 0.5 * seen);
                            total += std::sqrt(a * b);
                            own = z == s.answers[i] ? (i < group ? a : b) : own;
                            q = z == s.answers[i] ? std::sqrt(a * b) : q;
                          }
                        }
                        return q / total / own;
                      }) < 1e-12);
}

TEST_CASE("missing answers get no signal and change nobody's frequencies") {
  const std::vector<std::int32_t> sparse{0, -1, 0, 1, -1, -1, -1, -1, -1, 2, 2, 1};
  const std::vector<std::int32_t> dense{0, 0, 1};
  std::vector<double> signal(12), own(3);
  dag::TableObjective table(EstimatorKind::u_statistic, RewardFunction::power(1), 1);
  table({sparse, 3, 4, 0}, signal);
  table({dense, 1, 3, 0}, own);
  CHECK(signal[1] == 0);
  CHECK(signal[0] == own[0]);
  CHECK(signal[3] == own[2]);
  CHECK(std::vector<double>(signal.begin() + 4, signal.begin() + 8) == std::vector<double>(4, 0.0));
  for (const auto pool :
       {dag::Pool::arithmetic, dag::Pool::euclidean, dag::Pool::geometric, dag::Pool::pairwise}) {
    dag::CoherenceObjective coherence(pool);
    coherence({sparse, 3, 4, 0}, signal);
    CHECK(signal[1] == 0);
    CHECK(signal[5] == 0);
    CHECK(std::isfinite(signal[0]));
    CHECK(signal[11] > signal[9]);  // answer 1 is given elsewhere, answer 2 is not
  }
}

TEST_CASE("multipliers: projected and PI steps by hand, state restored, feasibility reported") {
  const auto wrong = [](const AnswerAt& a) { return a.answer == 1 ? 1.0 : 0.0; };
  dag::ConstraintObjective c({{.feature = wrong, .bound = 0.25}},
                             {.integral = 2, .proportional = 3, .filter = 0.5, .limit = 2.5});
  const std::vector<std::int32_t> bad{1, 1, 1, 0}, good{0, 0, 0, 0};
  std::vector<double> signal(4);
  dag::TargetReport first, second, third, fourth;
  c.begin_step(0);
  c({bad, 1, 4, 0}, signal);
  CHECK(signal == std::vector<double>(4, 0.0));  // the multiplier is still 0
  c.end_step(0.5, first);                        // e = 0.5, no proportional part yet
  CHECK(first.strategy[0] == doctest::Approx(0.5));
  CHECK(first.slack[0] == doctest::Approx(-0.5));
  CHECK(first.violation == doctest::Approx(0.5));
  c.begin_step(1);
  c({bad, 1, 4, 0}, signal);
  CHECK(signal[3] == doctest::Approx(0.5));  // -0.5 [z = 1], centred by the mean of the others
  CHECK(signal[0] == doctest::Approx(-0.5 / 3));
  c.end_step(1, second);  // m = 0.5 -> 0.5: 0.5 + 2 * 0.5
  CHECK(second.strategy[0] == doctest::Approx(1.5));
  c.begin_step(2);
  c({good, 1, 4, 0}, signal);
  const std::vector<double> state = c.state();
  c.end_step(1, third);  // e = -0.25, m = 0.125: 1.5 - 0.5 + 3 * (0.125 - 0.5) < 0
  CHECK(third.strategy[0] == 0);
  CHECK(third.violation == 0);
  c.restore(state);
  c.begin_step(2);
  c({bad, 1, 4, 0}, signal);
  c.end_step(1, fourth);
  CHECK(fourth.strategy[0] == doctest::Approx(2.5));
  c.begin_step(3);
  c({bad, 1, 4, 0}, signal);
  c.end_step(1, fourth);
  CHECK(fourth.strategy[1] == 2.5);  // the limit
  CHECK_THROWS_AS(c.restore(std::vector<double>{1}), dag::Error);
  CHECK_THROWS_AS(dag::ConstraintObjective({}), dag::Error);
  CHECK_THROWS_AS(dag::ConstraintObjective({{.feature = wrong}}, {.integral = 0}), dag::Error);
}

TEST_CASE("the mixture of rewards moves to the worst model, optimistically") {
  dag::RobustObjective r({[](const AnswerAt& a) { return a.answer == 0 ? 1.0 : 0.0; },
                          [](const AnswerAt&) { return 0.5; }},
                         0.4);
  const std::vector<std::int32_t> all{0, 0}, half{0, 1};
  std::vector<double> signal(2);
  dag::TargetReport report;
  r.begin_step(0);
  r({all, 1, 2, 0}, signal);
  r.end_step(1, report);  // log q difference: -0.4 (1 - 0.5)
  CHECK(report.strategy[0] == doctest::Approx(1 / (1 + std::exp(0.2))));
  CHECK(report.slack == std::vector<double>{1, 0.5});
  const auto state = r.state();
  r.begin_step(1);
  r({half, 1, 2, 0}, signal);
  report = {};
  r.end_step(1, report);  // -0.2 - 0.4 ((2 * 0.5 - 1) - (2 * 0.5 - 0.5))
  CHECK(report.strategy[0] == doctest::Approx(0.5));
  r.restore(state);
  r.begin_step(1);
  r({half, 1, 2, 0}, signal);
  dag::TargetReport again;
  r.end_step(1, again);
  CHECK(again.strategy == report.strategy);
}

TEST_CASE("a sum keeps the states of its parts and refuses those of another") {
  const auto wrong = [](const AnswerAt& a) { return a.answer == 1 ? 1.0 : 0.0; };
  const auto build = [&] {
    dag::SumObjective sum;
    sum.add(dag::AnswerReward([](std::size_t, std::size_t z) { return z == 0 ? 1.0 : 0.0; }))
        .add(dag::ConstraintObjective({{.feature = wrong, .bound = 0.1}}))
        .add(dag::RobustObjective({wrong, wrong}));
    return sum;
  };
  static_assert(dag::AdaptiveObjective<dag::SumObjective>);
  static_assert(dag::AdaptiveObjective<dag::AnyObjective>);
  dag::SumObjective one = build(), other = build();
  const std::vector<std::int32_t> sample{0, 1, 1, 2};
  std::vector<double> left(4), right(4);
  dag::TargetReport report;
  one.begin_step(0);
  one({sample, 1, 4, 0}, left);
  one.end_step(1, report);
  CHECK(report.strategy.size() == 3);
  other.restore(one.state());
  one.begin_step(1);
  other.begin_step(1);
  one({sample, 1, 4, 0}, left);
  other({sample, 1, 4, 0}, right);
  CHECK(left == right);
  CHECK(one.state() == other.state());
  auto state = one.state();
  state.push_back(0);
  CHECK_THROWS_AS(other.restore(state), dag::Error);
  state.resize(3);
  CHECK_THROWS_AS(other.restore(state), dag::Error);
  const dag::WeightSchedule ramp{.from = 1, .to = 3, .begin = 2, .end = 4};
  CHECK(ramp.at(0) == 1);
  CHECK(ramp.at(3) == 2);
  CHECK(ramp.at(9) == 3);
  dag::SumObjective sum;
  CHECK_THROWS_AS(sum.add(dag::RobustObjective({wrong}), {.begin = 3, .end = 2}), dag::Error);
  CHECK_THROWS_AS(dag::UtilityObjective(dag::ShannonEntropy<double>{1},
                                        {.counts = dag::Counts::leave_one_out, .smoothing = 1}),
                  dag::Error);
}

TEST_CASE("ragged groups: the signals stay unbiased, and no bit depends on the order") {
  // Contexts of 2 and of 4 samples, all 3^6 outcomes.
  const std::vector<std::int64_t> begin{0, 2, 6};
  const double tau = 0.7;
  const auto step_of = [&](auto objective) {
    std::vector<double> expected(contexts * answers), weights(6);
    for (int outcome = 0; outcome < 729; ++outcome) {
      double probability = 1;
      std::vector<std::int32_t> drawn(6);
      int rest = outcome;
      for (std::size_t i = 0; i < 6; ++i, rest /= 3) {
        drawn[i] = rest % 3;
        probability *= nu[(i < 2 ? 0 : answers) + static_cast<std::size_t>(drawn[i])];
      }
      objective(dag::QuestionSample{drawn, contexts, 0, 0, begin}, std::span<double>(weights));
      for (std::size_t i = 0; i < 6; ++i) {
        const std::size_t x = i < 2 ? 0 : 1;
        for (std::size_t z = 0; z < answers; ++z) {
          const double hit = static_cast<std::size_t>(drawn[i]) == z ? 1.0 : 0.0;
          expected[x * answers + z] += probability * weights[i] * (hit - nu[x * answers + z]) /
                                       ((x == 0 ? 2.0 : 4.0) * contexts);
        }
      }
    }
    return expected;
  };
  CHECK(
      distance(step_of(dag::CoherenceObjective(dag::Pool::euclidean, EstimatorKind::plug_in, tau)),
               exact_step(dag::EuclideanCoherence<double>{tau})) < 1e-12);
  CHECK(distance(step_of(dag::TableObjective(EstimatorKind::u_statistic, RewardFunction::power(1),
                                             -2 * tau)),
                 exact_step(dag::Gini<double>{tau})) < 1e-12);
  const auto witness = [&](const AnswerAt& a) { return at(target, a); };
  CHECK(distance(step_of(dag::GoalObjective(
                     dag::FrozenConsensus<dag::EuclideanCoherence<double>>{{tau}, {}}, witness)),
                 exact_step(dag::FrozenConsensus<dag::EuclideanCoherence<double>>{{tau}, target})) <
        1e-12);
  // Groups of names: lines and samples in another order give the same signals.
  const std::vector<std::vector<const char*>> lines{
      {"b", "a", "", "b", "c"}, {"a", "a"}, {"c", "b", "b", "d", "a", "b", "c"}};
  const auto signals_of = [&](auto objective, bool reversed) {
    dag::AnswerGroupsBuilder builder;
    for (std::size_t l = 0; l < lines.size(); ++l) {
      const std::size_t line = reversed ? lines.size() - 1 - l : l;
      builder.begin_group("q", "x" + std::to_string(line));
      for (std::size_t i = 0; i < lines[line].size(); ++i) {
        const std::string_view text = lines[line][reversed ? lines[line].size() - 1 - i : i];
        builder.add(text.empty() ? std::nullopt : std::optional<std::string_view>(text));
      }
    }
    auto groups = builder.finish();
    dag::sort_answers(groups);
    std::vector<double> out(groups.samples());
    dag::question_signals(objective, groups, out);
    return reversed ? std::vector<double>(out.rbegin(), out.rend()) : out;
  };
  for (const auto pool : {dag::Pool::arithmetic, dag::Pool::euclidean, dag::Pool::pairwise}) {
    const auto straight = signals_of(dag::CoherenceObjective(pool, EstimatorKind::digamma), false);
    CHECK(straight == signals_of(dag::CoherenceObjective(pool, EstimatorKind::digamma), true));
    CHECK(straight[2] == 0);  // no answer
    CHECK(straight[0] != straight[1]);
  }
  const dag::TableObjective entropy(EstimatorKind::digamma, RewardFunction::logarithm(), -1);
  CHECK(signals_of(entropy, false) == signals_of(entropy, true));
}
