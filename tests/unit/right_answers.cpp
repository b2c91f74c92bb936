// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The right answers' own family: MaxRL, the q-logarithm of an event, evenness, published shapings,
// and the majority vote.
#include <dag/alignment/any_equilibrium.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/majority_reward.hpp>
#include <dag/answers/right_reward.hpp>
#include <dag/answers/shaping.hpp>
#include <dag/core/random.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/numeric/binomial.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/train/majority_objective.hpp>
#include <dag/train/right_objective.hpp>
#include <dag/utility/correct_uniformity.hpp>
#include <dag/utility/event_q_logarithm.hpp>
#include <dag/utility/majority_vote.hpp>
#include <dag/utility/max_rl.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Point = dag::Probability<double>;

/// d term / dp by central differences against the reward, and d reward / d log p against the slope.
template <class U>
void check_event_slopes(const U& u) {
  for (const double p : {0.003, 0.2, 0.5, 0.93}) {
    CAPTURE(p);
    const double h = 1e-6 * p;
    const double slope =
        (u.event_term(Point::of(p + h)) - u.event_term(Point::of(p - h))) / (2 * h);
    CHECK(u.event_reward(Point::of(p)) == doctest::Approx(slope).epsilon(1e-7));
    const double bend = (u.event_reward(Point::of(p * std::exp(1e-6))) -
                         u.event_reward(Point::of(p * std::exp(-1e-6)))) /
                        2e-6;
    CHECK(u.event_slope(Point::of(p)) == doctest::Approx(bend).epsilon(1e-7));
  }
}

}  // namespace

TEST_CASE("MaxRL: one right of four with the group mean off is 3, -1, -1, -1") {
  const auto table = dag::reward_table(dag::EstimatorKind::u_statistic, 4,
                                       {.function = dag::RewardFunction::truncated_inverse(4)});
  for (std::size_t k = 0; k < 4; ++k) {  // order K is K / (k + 1)
    CHECK(table.table[k] == doctest::Approx(4.0 / static_cast<double>(k + 1)).epsilon(1e-15));
  }
  const std::vector<double> rewards{table.table[0], 0, 0, 0};
  const std::vector<std::int64_t> begin{0, 4};
  std::vector<double> out(4);
  dag::advantages<double>(dag::Advantage::dr_grpo, rewards, begin, out);
  CHECK(out == std::vector<double>{3, -1, -1, -1});
}

TEST_CASE("MaxRL of order T has no bias, by enumeration, and lies between its ends") {
  for (const std::size_t size : {2U, 5U, 9U}) {
    for (std::size_t order = 1; order <= size; ++order) {
      CAPTURE(size);
      CAPTURE(order);
      const auto g = dag::RewardFunction::truncated_inverse(static_cast<double>(order));
      const auto table = dag::reward_table(dag::EstimatorKind::u_statistic, size, {.function = g});
      for (const double p : {0.01, 0.3, 0.77, 1.0}) {
        double series = 0;
        for (std::size_t j = 0; j < order; ++j) {
          series += std::pow(1 - p, static_cast<double>(j));
        }
        CHECK(g(p) == doctest::Approx(series).epsilon(1e-13));
        CHECK(dag::table_moments(table.table, p).mean == doctest::Approx(series).epsilon(1e-12));
      }
    }
  }
  const dag::CorrectSet right{true, false};
  check_event_slopes(dag::MaxRl<double>{right, 1, 0.7});
  check_event_slopes(dag::MaxRl<double>{right, 6, 0.7});
  check_event_slopes(dag::MaxRl<double>{right, 400, 0.7});
  // Order 1 is the expected reward but for a constant, a large one the log-likelihood.
  const dag::MaxRl<double> first{right, 1, 1}, last{right, 4096, 1};
  CHECK(first.event_term(Point::of(0.3)) + 1 == doctest::Approx(0.3));
  CHECK(last.event_term(Point::of(0.3)) == doctest::Approx(std::log(0.3)));
}

TEST_CASE("the q-logarithm of an event: its slopes, and its ends in the exact game") {
  const dag::CorrectSet right{true, false, true};
  for (const double q : {0.0, 0.3, 0.999, 1.0}) {
    CAPTURE(q);
    check_event_slopes(dag::EventQLogarithm<double>{right, q, 0.7});
  }
  const std::vector<std::vector<double>> nu0{{0.1, 0.7, 0.2}};
  const dag::Contexts<double> contexts(nu0);
  const auto solved = [&](dag::AnyUtility u) {
    const std::vector<dag::AnyUtility> one{std::move(u)};
    const auto found = dag::any_equilibrium(one, contexts, 0.4).solution;
    CHECK(found.residual < 1e-10);
    return found.nu[0] + found.nu[2];
  };
  const double low = solved(dag::EventQLogarithm<double>{right, 0, 1});
  const double half = solved(dag::EventQLogarithm<double>{right, 0.5, 1});
  const double high = solved(dag::EventQLogarithm<double>{right, 1, 1});
  CHECK(low == doctest::Approx(0.3 * std::exp(2.5) / (0.3 * std::exp(2.5) + 0.7)).epsilon(1e-10));
  CHECK(high == doctest::Approx(solved(dag::AnswerLogLikelihood<double>{right, 1})).epsilon(1e-10));
  CHECK(half > low);
  CHECK(high > half);
  CHECK(solved(dag::MaxRl<double>{right, 1, 1}) == doctest::Approx(low).epsilon(1e-10));
}

TEST_CASE("entropy inside the right answers: slopes, the exact game, sampled rewards") {
  const dag::CorrectSet right{true, false, true, false};
  const dag::CorrectEntropy<double> utility{right, 0.7};
  const double step = 1e-6;
  for (const double p : {0.05, 0.3, 0.9}) {
    for (const double c : {0.0, 1.0}) {
      const auto at = [&](double x) { return utility.term(Point::of(x), Point::of(c)); };
      CHECK(utility.reward(Point::of(p), Point::of(c)) ==
            doctest::Approx((at(p + step) - at(p - step)) / (2 * step)).epsilon(1e-7));
      CHECK(utility.slope(Point::of(p), Point::of(c)) == (c > 0 ? -0.7 : 0.0));
    }
  }
  // At the equilibrium: beta (log nu - log nu0) - reward is one number for all answers.
  const std::vector<std::vector<double>> nu0{{0.1, 0.5, 0.3, 0.1}};
  const std::vector<dag::AnyUtility> parts{utility, dag::ExpectedReward<double>{{1, 0, 1, 0}}};
  const auto found = dag::any_equilibrium(parts, dag::Contexts<double>(nu0), 0.4).solution;
  CHECK(found.status == dag::Status::converged);
  double level = 0;
  for (std::size_t z = 0; z < 4; ++z) {
    const double reward =
        utility.reward(Point::of(found.nu[z]), utility.datum(z)) + (right[z] ? 1 : 0);
    const double here = 0.4 * std::log(found.nu[z] / nu0[0][z]) - reward;
    level = z == 0 ? here : level;
    CHECK(here == doctest::Approx(level).epsilon(1e-9));
  }
  // Right answers come closer to each other than in nu0, wrong ones keep their ratio.
  CHECK(found.nu[2] / found.nu[0] < 3 - 0.5);
  CHECK(found.nu[1] / found.nu[3] == doctest::Approx(5).epsilon(1e-9));
  CHECK(utility.table_reward(Point::of(1))(std::log(0.3)) ==
        doctest::Approx(utility.reward(Point::of(0.3), Point::of(1))));
  CHECK(utility.table_reward(Point::of(0))(std::log(0.3)) == 0);
}

TEST_CASE("evenness of the right answers: slopes, concavity, closed form beside ascent") {
  const dag::CorrectSet right{true, false, true, true, false};
  const dag::CorrectUniformity<double> utility{right, 0.7};
  const dag::Blocks blocks(std::vector<std::size_t>{5});
  const std::vector<double> one{1};
  const auto logs = [](const std::vector<double>& nu) {
    std::vector<double> log;
    for (const double p : nu) {
      log.push_back(std::log(p));
    }
    return log;
  };
  const auto value = [&](const std::vector<double>& nu) {
    const std::vector<double> log = logs(nu);
    return utility.value({blocks, one, {nu, log}});
  };
  dag::RandomStream random(5, 0);
  const auto draw = [&] {
    std::vector<double> nu(5);
    double total = 0;
    for (double& p : nu) {
      total += p = 0.02 - std::log1p(-random.uniform());
    }
    for (double& p : nu) {
      p /= total;
    }
    return nu;
  };
  for (int trial = 0; trial < 50; ++trial) {
    const std::vector<double> nu = draw(), other = draw(), log = logs(nu);
    std::vector<double> gradient(5), middle(5);
    utility.gradient({blocks, one, {nu, log}}, gradient);
    for (std::size_t z = 0; z < 5; ++z) {
      std::vector<double> up = nu, down = nu;
      up[z] += 1e-6, down[z] -= 1e-6;
      CHECK(gradient[z] == doctest::Approx((value(up) - value(down)) / 2e-6).epsilon(1e-6));
      middle[z] = (nu[z] + other[z]) / 2;
    }
    CHECK(value(middle) >= (value(nu) + value(other)) / 2 - 1e-14);
  }
  // The entropy of nu given C by itself is not concave: along a ray it does not change, so that a
  // chord from a point mass of C to an even C of little weight lies above it.
  const auto given = [&](double a, double b) {
    return -(a * std::log(a) + b * std::log(b) - (a + b) * std::log(a + b)) / (a + b);
  };
  CHECK(given(0.5 * (0.9 + 0.01), 0.5 * (1e-9 + 0.01)) <
        0.5 * (given(0.9, 1e-9) + given(0.01, 0.01)) - 0.2);
  // Closed form: also with an answer that nu0 excludes, and beside the gradient's own way.
  const std::vector<std::vector<double>> nu0{{0.15, 0.4, 0.3, 0.05, 0.1}, {0.2, 0.5, 0, 0.2, 0.1}};
  const dag::Contexts<double> contexts(nu0, {0.25, 0.75});
  const dag::CorrectSet both{true, false, true, true, false, true, false, true, true, false};
  for (const double beta : {0.05, 0.4, 3.0}) {
    const dag::AlignmentGame<dag::CorrectUniformity<double>, dag::no_backend> game({both, 0.7},
                                                                                   contexts, beta);
    const auto found = dag::equilibrium(game);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.method == dag::AlignmentMethod::closed_form);
    CHECK(found.residual < 1e-12);
    CHECK(found.nu[7] == 0);
    const double power = beta / (beta + 0.7);
    CHECK(found.nu[2] / found.nu[0] == doctest::Approx(std::pow(2, power)).epsilon(1e-12));
    CHECK(found.nu[1] / found.nu[4] == doctest::Approx(4).epsilon(1e-12));
    // Two equal answers: the odds of C times (2 (1/2)^power)^(1/power) = 2^(1/power - 1).
    CHECK(found.nu[5] / found.nu[6] ==
          doctest::Approx(0.2 / 0.5 * std::pow(2, 1 / power - 1)).epsilon(1e-10));
    // A reward of 0 beside it, small enough to be nothing, goes by ascent.
    const std::vector<dag::AnyUtility> parts{
        dag::CorrectUniformity<double>{both, 0.7},
        dag::ExpectedReward<double>{std::vector<double>(10, 0.0)}};
    const auto ascended = dag::any_equilibrium(parts, contexts, beta).solution;
    CHECK(ascended.status == dag::Status::converged);
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(ascended.nu[i] == doctest::Approx(found.nu[i]).epsilon(1e-8));
    }
  }
  // No right answer, and one alone: nothing to even out.
  const std::vector<dag::AnyUtility> none{dag::CorrectUniformity<double>{dag::CorrectSet(10), 1}};
  const auto still = dag::any_equilibrium(none, contexts, 0.3).solution;
  CHECK(still.nu[1] == doctest::Approx(0.4).epsilon(1e-14));
}

TEST_CASE("evenness of the right answers: golden rewards, a baseline that moves nothing") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "", "a|b");
  for (const char* answer : {"a", "a", "a", "b", "c", "c"}) {
    builder.add(answer, *answer != 'c');
  }
  builder.add(std::nullopt, false);
  const dag::AnswerGroups groups = builder.finish();
  std::vector<double> reward(7);
  const dag::RewardTableBuilder table{
      dag::EstimatorKind::plug_in, {dag::RewardFunction::logarithm()}, -1};
  CHECK(dag::uniformity_rewards(groups, table, reward) == 0);
  CHECK(reward[0] == doctest::Approx(std::log(4.0 / 3)).epsilon(1e-15));
  CHECK(reward[3] == doctest::Approx(std::log(4.0)).epsilon(1e-15));
  CHECK(reward[4] == 0);
  CHECK(reward[6] == 0);  // missing and judged: wrong

  const std::vector<double> nu{0.4, 0.25, 0.2, 0.15};
  const dag::CorrectSet right{true, true, false, true};
  dag::UniformityObjective objective(dag::EstimatorKind::digamma, 0.7,
                                     [&](const dag::AnswerAt& at) { return right[at.answer]; });
  std::vector<double> step(4), plain(4), signal(5);
  for (std::size_t draw = 0; draw < 1024; ++draw) {
    std::vector<std::int32_t> z;
    std::vector<std::size_t> count(4);
    double chance = 1;
    std::size_t right_samples = 0;
    for (std::size_t i = 0, rest = draw; i < 5; ++i, rest /= 4) {
      z.push_back(static_cast<std::int32_t>(rest % 4));
      chance *= nu[rest % 4];
      ++count[rest % 4];
      right_samples += right[rest % 4] ? 1 : 0;
    }
    objective({z, 1, 5, 0}, signal);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto own = static_cast<std::size_t>(z[i]);
      const double paid =
          !right[own] || right_samples < 2
              ? 0.0
              : -0.7 * dag::reward_table(dag::EstimatorKind::digamma, right_samples,
                                         {.function = dag::RewardFunction::logarithm()})
                           .table[count[own] - 1];
      for (std::size_t a = 0; a < 4; ++a) {
        const double score = (own == a ? 1.0 : 0.0) - nu[a];
        step[a] += chance * signal[i] * score / 5;
        plain[a] += chance * paid * score / 5;
      }
    }
  }
  for (std::size_t a = 0; a < 4; ++a) {
    CHECK(step[a] == doctest::Approx(plain[a]).epsilon(1e-12));
  }
}

TEST_CASE("uniqueness, DRA-GRPO, GAPO, UCPO: golden vectors") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "");
  for (const char* answer : {"a", "a", "a", "b", "c", "c"}) {  // a and b right
    builder.add(answer, *answer != 'c');
  }
  builder.add(std::nullopt, false);
  builder.begin_group("open", "");
  builder.add("a");
  const dag::AnswerGroups groups = builder.finish();
  const auto weights = [&](dag::Shaping kind, double strength) {
    std::vector<double> out(groups.samples());
    dag::shaping_weights(groups, {kind, strength}, out);
    return out;
  };
  const auto close = [](const std::vector<double>& found, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-15));
    }
  };
  close(weights(dag::Shaping::uniqueness, 1), {1. / 3, 1. / 3, 1. / 3, 1, 0.5, 0.5, 1, 1});
  close(weights(dag::Shaping::uniqueness, 0), {1, 1, 1, 1, 1, 1, 1, 1});
  close(weights(dag::Shaping::uniqueness, 2), {1. / 9, 1. / 9, 1. / 9, 1, 0.25, 0.25, 1, 1});
  // The paper's code: q by sample = (3, 3, 3, 1) / 10, 1/q over their sum (1/6, 1/6, 1/6, 1/2),
  // times the 4 right samples; tau between that and 1. The right samples' sum stays 4.
  close(weights(dag::Shaping::ucpo, 1), {2. / 3, 2. / 3, 2. / 3, 2, 1, 1, 1, 1});
  close(weights(dag::Shaping::ucpo, 0.3), {0.9, 0.9, 0.9, 1.3, 1, 1, 1, 1});
  // f over right samples, u = 1/2: 1 - (3/4 - 1/2), 1 - (1/4 - 1/2), and -1.
  std::vector<double> reward(groups.samples());
  dag::gapo_rewards(groups, reward);
  close(reward, {0.75, 0.75, 0.75, 1.25, -1, -1, -1});
  CHECK(std::isnan(reward[7]));
  // A right answer over how many gave it: of K = 7 samples K times that is the plug-in 1 / nu.
  reward = {1, 1, 1, 1, 0, 0, 0, 1};
  dag::dra_rewards(groups, reward);
  close(reward, {1. / 3, 1. / 3, 1. / 3, 1, 0, 0, 0, 1});
  reward = {1, 1, 1, 1, 0, 0, 0, 1};  // a and b are half alike: over 3 + 1/2 and 1 + 3/2
  dag::dra_rewards(
      groups, [](std::size_t, std::size_t a, std::size_t b) { return a + b == 1 ? 0.5 : 0.0; },
      reward);
  close(reward, {2. / 7, 2. / 7, 2. / 7, 0.4, 0, 0, 0, 1});
  // Shares 3/6, 1/6 (right) and 2/6 of six answers; no answer and no verdict: as it was.
  reward = {1, 1, 1, 1, 0, 0, 0, 1};
  dag::differential_smoothing_rewards(groups, 0.5, reward);
  const double half = 0.5 * std::log(2.0), third = 0.5 * std::log(3.0);
  close(reward, {1 + half, 1 + half, 1 + half, 1 + half + third, -third, -third, 0, 1});
  CHECK(dag::shaping_choice("ucpo:0.3").strength == 0.3);
  CHECK(dag::shaping_choice("differential_smoothing").strength == 0.1);
  CHECK(dag::shaping_choice("uniqueness").strength == 1);
  for (const char* wrong : {"", "rare", "dra:1", "ucpo:1.5", "uniqueness:-1", "uniqueness:x"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS((void)dag::shaping_choice(wrong), dag::Error);
  }
  CHECK_THROWS_AS(weights(dag::Shaping::dra, 1), dag::Error);
  CHECK_THROWS_AS(dag::differential_smoothing_rewards(groups, -1, reward), dag::Error);
}

TEST_CASE("Differential Smoothing's fixed point: closed form, beside ascent from the reference") {
  // Right answers 0 to 2, wrong 3 to 5. The rewards are those of a group whose shares are nu.
  const std::vector<double> nu0{0.3, 0.05, 0.05, 0.25, 0.25, 0.1};
  const double s = 0.2, beta = 0.5;
  const auto rewards = [&](const std::vector<double>& nu) {
    const double samples = 50'000;
    dag::AnswerGroupsBuilder builder;
    builder.begin_group("q", "");
    std::vector<double> reward, first, count;
    for (std::size_t z = 0; z < 6; ++z) {
      first.push_back(static_cast<double>(reward.size()));
      count.push_back(std::round(samples * nu[z]));
      for (double i = 0; i < count[z]; ++i) {
        builder.add(std::string(1, static_cast<char>('a' + z)), z < 3);
        reward.push_back(z < 3 ? 1.0 : 0.0);
      }
    }
    dag::differential_smoothing_rewards(builder.finish(), s, reward);
    std::vector<double> found;
    for (const double i : first) {
      found.push_back(reward[static_cast<std::size_t>(i)]);
    }
    return found;
  };
  // The level of reward - beta log(nu / nu0) at which everything sums to 1.
  const auto at = [&](double level) {
    std::vector<double> nu;
    for (std::size_t z = 0; z < 6; ++z) {
      const double slope = z < 3 ? beta + s : beta - s;
      nu.push_back(std::exp(((z < 3 ? 1.0 : 0.0) + beta * std::log(nu0[z]) - level) / slope));
    }
    return nu;
  };
  const auto sum = [](const std::vector<double>& x) {
    double total = 0;
    for (const double v : x) {
      total += v;
    }
    return total;
  };
  double low = -10, high = 10;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (sum(at(middle)) > 1 ? low : high) = middle;
  }
  const std::vector<double> expected = at(low);
  std::vector<double> nu = nu0;
  for (int round = 0; round < 40; ++round) {
    const std::vector<double> reward = rewards(nu);
    for (std::size_t z = 0; z < 6; ++z) {
      nu[z] = std::sqrt(nu[z]) * std::sqrt(nu0[z]) * std::exp(reward[z] / (2 * beta));
    }
    const double total = sum(nu);
    for (double& v : nu) {
      v /= total;
    }
  }
  for (std::size_t z = 0; z < 6; ++z) {  // a share is rounded to 1/50,000, and the steps contract
    CHECK(std::abs(nu[z] - expected[z]) < 5e-5);
  }
  CHECK(nu[0] / nu[1] < nu0[0] / nu0[1]);  // the right are evened, the wrong sharpened
  CHECK(nu[3] / nu[5] > nu0[3] / nu0[5]);
}

TEST_CASE("inverse probabilities and temperatures: R nu^-g is the alpha divergence's reward") {
  const std::vector<double> reward{1, 0.5, 2}, nu{0.2, 0.5, 0.3};
  for (const double g : {0.3, 1.0, 1.7}) {  // to p ∝ R^(1/g), order 1 - g; g = 1: forward KL
    CAPTURE(g);
    std::vector<double> p;
    double total = 0;
    for (const double r : reward) {
      p.push_back(std::pow(r, 1 / g));
      total += p.back();
    }
    for (std::size_t z = 0; z < 3; ++z) {
      const dag::AlphaToGoal<double> alpha{p, 1 - g, 1};
      const double own = alpha.reward(Point::of(nu[z]), Point::of(p[z] / total));
      const double scaled = reward[z] * std::pow(nu[z], -g) * std::pow(total, -g);
      CHECK(own == doctest::Approx((scaled - 1) / g).epsilon(1e-12));
      const dag::ForwardKl<double> forward{p, 1};
      CHECK((g != 1 || forward.reward(Point::of(nu[z]), Point::of(p[z] / total)) ==
                           doctest::Approx(scaled).epsilon(1e-12)));
    }
  }
}

TEST_CASE("UCPO's fixed point: given C that of forward KL to the even C") {
  // Shaped reward 1 - tau + tau nu(C) / (|C| nu(z)) on C with an anchor: p = nu given C solves
  // beta log(p / p0) = tau / (|C| p) + const, the equilibrium of `forward_kl`.
  const std::vector<double> p0{0.5, 0.3, 0.2};
  const double tau = 0.4, beta = 0.3;
  const std::vector<std::vector<double>> rows{p0};
  const std::vector<dag::AnyUtility> parts{
      dag::ForwardKl<double>{std::vector<double>(3, 1.0 / 3), tau}};
  const auto inside = dag::any_equilibrium(parts, dag::Contexts<double>(rows), beta).solution;
  // nu0 = half of it right; the odds of C follow from the level inside.
  const double level = beta * std::log(inside.nu[0] / p0[0]) - tau / (3 * inside.nu[0]);
  const double mass = 1 / (1 + std::exp(-(1 - tau - level) / beta));
  std::vector<double> nu{mass * inside.nu[0], mass * inside.nu[1], mass * inside.nu[2], 1 - mass};
  const std::vector<double> nu0{0.25, 0.15, 0.1, 0.5};
  for (std::size_t z = 0; z < 4; ++z) {
    const double shaped = z == 3 ? 0 : 1 - tau + tau * mass / (3 * nu[z]);
    CHECK(beta * std::log(nu[z] / nu0[z]) - shaped ==
          doctest::Approx(beta * std::log(nu[3] / 0.5)).epsilon(1e-9));
  }
}

TEST_CASE("the majority vote: all equilibria in closed form, none missed") {
  dag::RandomStream random(31, 0);
  for (int trial = 0; trial < 1000; ++trial) {
    CAPTURE(trial);
    const std::size_t n = 2 + random.below(4), contexts_count = 1 + random.below(3);
    std::vector<std::vector<double>> rows(contexts_count, std::vector<double>(n));
    for (auto& row : rows) {
      double total = 0;
      for (double& p : row) {
        total += p = -std::log(random.uniform() + 1e-300);
      }
      for (double& p : row) {
        p /= total;
      }
    }
    const dag::Contexts<double> contexts(rows);
    const double beta = 0.3 + random.uniform(), s = 3 * random.uniform() + 1e-3;
    const dag::MajorityEquilibria all = dag::majority_equilibria(contexts, beta, s);
    REQUIRE_FALSE(all.mode.empty());
    // Brute force: ascent by nothing but the reward, from a start near every answer.
    std::vector<bool> ends(n, false);
    for (std::size_t start = 0; start <= n; ++start) {
      std::vector<std::vector<double>> nu = rows;
      for (auto& row : nu) {
        for (std::size_t z = 0; start < n && z < n; ++z) {
          row[z] = z == start ? 0.97 : 0.03 / static_cast<double>(n - 1);
        }
      }
      std::size_t mode = 0;
      for (int round = 0; round < 300; ++round) {
        std::vector<double> q(n);
        for (const auto& row : nu) {
          for (std::size_t z = 0; z < n; ++z) {
            q[z] += row[z];
          }
        }
        mode = static_cast<std::size_t>(std::max_element(q.begin(), q.end()) - q.begin());
        for (std::size_t x = 0; x < nu.size(); ++x) {
          double total = 0;
          for (std::size_t z = 0; z < n; ++z) {  // a step of 0.05 towards the best response
            nu[x][z] = std::pow(nu[x][z], 0.95) *
                       std::pow(rows[x][z] * std::exp(z == mode ? s / beta : 0.0), 0.05);
            total += nu[x][z];
          }
          for (double& p : nu[x]) {
            p /= total;
          }
        }
      }
      if (start == n) {
        CHECK(all.mode[all.reached] == mode);
      } else if (mode == start) {
        ends[mode] = true;
      }
    }
    for (std::size_t z = 0; z < n; ++z) {
      const bool listed = std::find(all.mode.begin(), all.mode.end(), z) != all.mode.end();
      if (ends[z]) {
        CHECK(listed);
      }
      if (std::abs(s / beta - dag::majority_onset(contexts, z)) > 1e-9) {
        CHECK(listed == (s / beta > dag::majority_onset(contexts, z)));
      }
    }
  }
}

TEST_CASE("the majority vote among the utilities: value, gradient, certificate") {
  const dag::Contexts<double> contexts({{0.5, 0.3, 0.2}, {0.2, 0.7, 0.1}}, {0.75, 0.25});
  const std::vector<dag::AnyUtility> vote{dag::MajorityVote<double>{0.8}};
  const dag::AnyEquilibrium found = dag::any_equilibrium(vote, contexts, 0.5);
  CHECK(found.several());
  CHECK(found.solution.residual < 1e-15);
  CHECK(found.solution.nu[0] ==
        doctest::Approx(0.5 * std::exp(1.6) / (0.5 * std::exp(1.6) + 0.5)).epsilon(1e-14));
  const std::vector<dag::AnyUtility> two{dag::MajorityVote<double>{1}, dag::Gini<double>{1}};
  CHECK_THROWS_AS((void)dag::any_equilibrium(two, contexts, 0.5), dag::Error);
  // Ties share the reward.
  const std::vector<std::vector<double>> level{{0.4, 0.4, 0.2}};
  const dag::Contexts<double> even(level);
  const dag::MajorityEquilibria tied = dag::majority_equilibria(even, 1, 1);
  CHECK(tied.tied);
  CHECK(tied.mode.size() == 3);  // 0.2 e > 0.4: the third can lead as well
  std::vector<double> gradient(3);
  const std::vector<double> nu{0.4, 0.4, 0.2}, log_nu{std::log(0.4), std::log(0.4), std::log(0.2)};
  const std::vector<double> one{1};
  const dag::Blocks blocks = dag::Blocks::uniform(1, 3);
  dag::MajorityVote<double>{1}.gradient({blocks, one, {nu, log_nu}}, gradient);
  CHECK(gradient == std::vector<double>{0.5, 0.5, 0});
}

TEST_CASE("votes of rollouts: all, the others, the own context") {
  const std::vector<std::int32_t> answers{0, 0, 1, 1, 1, 2, -1, 1, 0};
  const std::vector<std::int64_t> begin{0, 3, 6, 9};
  const dag::QuestionSample sample{answers, 3, 0, 0, begin};
  const auto signals = [&](dag::MajorityOptions options) {
    std::vector<double> signal(answers.size());
    dag::MajorityObjective objective(options);
    objective(sample, signal);
    return signal;
  };
  // Shares: 2/3 1/3 0; 0 2/3 1/3; 1/2 1/2 0: answer 1 leads, of others than the first as well.
  const auto all = signals({});
  CHECK(all[2] == doctest::Approx(1));
  CHECK(all[0] == doctest::Approx(-0.5));
  CHECK(all[6] == 0);
  const auto own = signals({.of = dag::VoteOf::own});
  CHECK(own[0] == doctest::Approx(0.5));
  CHECK(own[7] == 0);  // 1/2 for both: no signal
  const auto others = signals({.of = dag::VoteOf::others});
  CHECK(others[2] == doctest::Approx(1));
  CHECK(others[3] == 0);  // without its own context answer 0 leads: nobody of it gave that
  CHECK(others[7] == doctest::Approx(1));
  // The same rewards from a file's groups.
  dag::AnswerGroupsBuilder builder;
  for (std::size_t x = 0; x < 3; ++x) {
    builder.begin_group("q", std::to_string(x));
    for (const std::int32_t answer : sample.group(x)) {
      const std::string text(1, static_cast<char>('a' + answer));
      builder.add(answer < 0 ? std::nullopt : std::optional<std::string_view>(text));
    }
  }
  const dag::AnswerGroups groups = builder.finish();
  std::vector<double> reward(answers.size());
  dag::majority_rewards(groups, dag::VoteOf::others, reward);
  CHECK(std::isnan(reward[6]));
  reward[6] = 0;
  CHECK(reward == std::vector<double>{0, 0, 1, 0, 0, 0, 0, 1, 0});
  dag::majority_rewards(groups, dag::VoteOf::own, reward);
  reward[6] = 0;
  CHECK(reward == std::vector<double>{1, 1, 0, 1, 1, 0, 0, 0.5, 0.5});
}

TEST_CASE("more votes than trained samples, and a consensus that moves and is restored") {
  const std::vector<std::int32_t> first{0, 1, 1, 1}, second{0, 0, 0, 0};
  std::vector<double> signal(4);
  dag::MajorityObjective fewer({.trained = 2});
  fewer({first, 1, 4, 0}, signal);
  CHECK(signal == std::vector<double>{-2, 2, 0, 0});  // all four vote, two carry the gradient
  dag::MajorityObjective slow({.memory = 0.9});
  slow({first, 1, 4, 7}, signal);
  CHECK(signal[1] == doctest::Approx(1.0 / 3));
  slow({second, 1, 4, 7}, signal);
  CHECK(signal == std::vector<double>{0, 0, 0, 0});  // 1 leads still, and nobody gave it
  const std::vector<std::int32_t> both{0, 0, 1, 1};
  slow({both, 1, 4, 7}, signal);
  CHECK(signal[2] > 0);
  dag::MajorityObjective again({.memory = 0.9});
  again.restore(slow.state());
  CHECK(again.state() == slow.state());
  for (int step = 0; step < 12; ++step) {
    slow({second, 1, 4, 7}, signal);
  }
  slow({both, 1, 4, 7}, signal);
  CHECK(signal[0] > 0);  // the consensus has moved
  again({both, 1, 4, 7}, signal);
  CHECK(signal[0] < 0);  // and that of the copy has not
  dag::MajorityObjective rare({.every = 3});
  rare({first, 1, 4, 0}, signal);
  rare({second, 1, 4, 0}, signal);
  CHECK(signal == std::vector<double>{0, 0, 0, 0});
  rare({second, 1, 4, 0}, signal);
  rare({second, 1, 4, 0}, signal);  // the fourth use makes them anew
  rare({both, 1, 4, 0}, signal);
  CHECK(signal[0] > 0);
  CHECK_THROWS_AS(dag::MajorityObjective({.of = dag::VoteOf::own, .memory = 0.5}), dag::Error);
}
