// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/event_reward.hpp>
#include <dag/answers/statistics.hpp>
#include <dag/answers/utility_reward.hpp>
#include <dag/core/random.hpp>
#include <dag/utility/mmd.hpp>
#include <dag/utility/shannon_entropy.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using dag::ConsensusOptions;
using dag::Counts;
using dag::Pool;

namespace {

double arithmetic(double nu, double q) { return std::log(q) - std::log(nu); }
double geometric(double nu, double q) { return q / nu; }
double euclidean(double nu, double q) { return q - nu; }
double pairwise_kl(double own, double other) { return -(std::log(own / other) + 1 - other / own); }

dag::AnswerGroups random_groups(std::uint64_t seed, int questions, std::uint64_t largest) {
  dag::RandomStream stream(seed, 0);
  dag::AnswerGroupsBuilder builder;
  for (int q = 0; q < questions; ++q) {
    for (auto x = 1 + stream.below(4); x > 0; --x) {
      builder.begin_group("q" + std::to_string(q), "x" + std::to_string(x), "1");
      for (auto i = 1 + stream.below(largest); i > 0; --i) {
        const auto answer = stream.below(5);
        builder.add(answer == 0 ? std::optional<std::string_view>()
                                : std::to_string(answer).substr(0, 1));
      }
    }
  }
  return builder.finish();
}

/// Dense counts of one question by context, without sample `skipped` (an index; none: -1).
struct Dense {
  std::vector<std::vector<double>> count;
  std::vector<double> answered;
  Dense(const dag::AnswerGroups& groups, std::size_t q, std::int64_t skipped) {
    for (const auto g : groups.groups_of(q)) {
      count.emplace_back(groups.answers_of(q));
      answered.push_back(0);
      for (auto i = groups.begin[static_cast<std::size_t>(g)];
           i < groups.begin[static_cast<std::size_t>(g) + 1]; ++i) {
        const auto answer = groups.answer[static_cast<std::size_t>(i)];
        if (answer >= 0 && i != skipped) {
          count.back()[static_cast<std::size_t>(answer)] += 1;
          answered.back() += 1;
        }
      }
    }
  }
  [[nodiscard]] double nu(std::size_t x, std::size_t z, double a) const {
    return (count[x][z] + a) / (answered[x] + a * static_cast<double>(count[x].size()));
  }
  /// The pool over the contexts that have answers or, with smoothing, that had any at first.
  [[nodiscard]] double q(Pool pool, std::size_t z, double a, const Dense& all) const {
    std::vector<double> value(count[0].size());
    double contexts = 0;
    for (std::size_t x = 0; x < count.size(); ++x) {
      if (answered[x] > 0 || (a > 0 && all.answered[x] > 0)) {
        contexts += 1;
        for (std::size_t i = 0; i < value.size(); ++i) {
          value[i] += pool == Pool::arithmetic ? nu(x, i, a) : std::log(nu(x, i, a));
        }
      }
    }
    double total = 0;
    for (auto& v : value) {
      v = pool == Pool::arithmetic ? v / contexts : std::exp(v / contexts);
      total += v;
    }
    return value[z] / total;
  }
};

void check_against_definition(const dag::AnswerGroups& groups, const ConsensusOptions& options,
                              double (*reward)(double, double)) {
  std::vector<double> out(groups.samples());
  const auto report = dag::consensus_rewards(groups, options, reward, out);
  std::size_t floored = 0;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    const Dense all(groups, q, -1);
    const auto members = groups.groups_of(q);
    for (std::size_t x = 0; x < members.size(); ++x) {
      for (auto i = groups.begin[static_cast<std::size_t>(members[x])];
           i < groups.begin[static_cast<std::size_t>(members[x]) + 1]; ++i) {
        const double got = out[static_cast<std::size_t>(i)];
        const auto answer = groups.answer[static_cast<std::size_t>(i)];
        if (answer < 0) {
          REQUIRE(std::isnan(got));
          continue;
        }
        const auto z = static_cast<std::size_t>(answer);
        const double a = options.smoothing;
        const Dense left(groups, q, options.counts == Counts::plug_in ? -1 : i);
        if (a == 0 && left.answered[x] == 0) {
          continue;  // the only sample of its context: tested by hand below
        }
        const double expected = reward(left.nu(x, z, a), left.q(options.pool, z, a, all));
        if (!std::isfinite(expected)) {
          ++floored;
          continue;
        }
        CAPTURE(q);
        CAPTURE(i);
        REQUIRE(got == doctest::Approx(expected).epsilon(1e-11));
      }
    }
  }
  CHECK(report.floored_samples >= floored);
  CHECK((options.smoothing == 0 || report.floored_samples == 0));
}

}  // namespace

TEST_CASE("consensus rewards follow the definition: sample out, recount, pool") {
  for (const auto counts : {Counts::plug_in, Counts::leave_one_out}) {
    const auto groups = random_groups(1, 60, 7);
    check_against_definition(groups, {Pool::arithmetic, 0, counts}, arithmetic);
    check_against_definition(groups, {Pool::arithmetic, 0, counts}, euclidean);
    check_against_definition(groups, {Pool::arithmetic, 0.5, counts}, arithmetic);
    check_against_definition(groups, {Pool::geometric, 0.5, counts}, geometric);
    check_against_definition(groups, {Pool::geometric, 2, counts}, geometric);
    check_against_definition(random_groups(2, 60, 1), {Pool::geometric, 1, counts}, geometric);
  }
}

TEST_CASE("leave-one-out edges by hand") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "x");
  builder.add("a");
  builder.begin_group("q", "y");
  builder.add("a");
  builder.add("a");
  builder.add("b");
  builder.begin_group("q", "z");
  builder.add(std::nullopt);
  builder.begin_group("r", "x");
  builder.add("a");
  const auto groups = builder.finish();
  std::vector<double> out(groups.samples());
  const ConsensusOptions leave{Pool::arithmetic, 0, Counts::leave_one_out};
  const auto report = dag::consensus_rewards(groups, leave, arithmetic, out);
  CHECK(out[0] == doctest::Approx(std::log(2.0 / 3)));  // nu = 1, q: that of y alone
  CHECK(out[1] == doctest::Approx(std::log((0.5 + 0.25) / 0.5)));
  CHECK(out[3] == doctest::Approx(std::log(0.5)));  // half a sample of two: nu = 1/4, q = 1/8
  CHECK(std::isnan(out[4]));
  CHECK(out[5] == 0);  // nobody else at all: nu = q = 1
  CHECK(report == dag::ConsensusReport{
                      .unscored_samples = 1, .floored_samples = 1, .single_context_questions = 1});
}

TEST_CASE(
    "leave-one-out Euclidean coherence is unbiased: all outcomes of two contexts enumerated") {
  // E[ (1/K) sum_i 1[z_i = z] r_i ] = nu_x(z) (q(z) - nu_x(z)) for every x and z.
  const double p[2] = {0.3, 0.8};  // of answer "a" in either context; "b" is the other
  constexpr int samples = 3;
  double expectation[2][2] = {};
  for (unsigned bits = 0; bits < (1U << (2 * samples)); ++bits) {
    dag::AnswerGroupsBuilder builder;
    double probability = 1;
    for (unsigned x = 0; x < 2; ++x) {
      builder.begin_group("q", x == 0 ? "x" : "y");
      for (unsigned i = 0; i < samples; ++i) {
        const bool a = ((bits >> (samples * x + i)) & 1U) != 0;
        builder.add(a ? "a" : "b");
        probability *= a ? p[x] : 1 - p[x];
      }
    }
    const auto groups = builder.finish();
    std::vector<double> out(groups.samples());
    dag::consensus_rewards(groups, {Pool::arithmetic, 0, Counts::leave_one_out}, euclidean, out);
    for (unsigned x = 0; x < 2; ++x) {
      for (unsigned i = 0; i < samples; ++i) {
        const bool a = ((bits >> (samples * x + i)) & 1U) != 0;
        expectation[x][a ? 0 : 1] += probability * out[samples * x + i] / samples;
      }
    }
  }
  for (int x = 0; x < 2; ++x) {
    const double q = (p[0] + p[1]) / 2;
    CHECK(expectation[x][0] == doctest::Approx(p[x] * (q - p[x])).epsilon(1e-13));
    CHECK(expectation[x][1] == doctest::Approx((1 - p[x]) * (p[x] - q)).epsilon(1e-13));
  }
}

TEST_CASE("pairwise rewards: the Euclidean one is twice the consensus; KL follows its formula") {
  const auto groups = random_groups(3, 40, 6);
  std::vector<double> pairs(groups.samples()), pool(groups.samples());
  for (const double smoothing : {0.0, 0.3}) {
    const ConsensusOptions options{Pool::arithmetic, smoothing, Counts::plug_in};
    dag::pairwise_rewards(
        groups, options, [](double own, double other) { return 2 * (other - own); }, pairs);
    dag::consensus_rewards(groups, options, euclidean, pool);
    for (std::size_t i = 0; i < pool.size(); ++i) {
      REQUIRE(std::isnan(pairs[i]) == std::isnan(pool[i]));
      REQUIRE((std::isnan(pool[i]) || std::abs(pairs[i] - 2 * pool[i]) < 1e-14));
    }
  }
  // Sum over x' of w' (log nu' - log nu - 1 + nu'/nu) = log geometric mean - log nu - 1 + q / nu.
  for (const auto counts : {Counts::plug_in, Counts::leave_one_out}) {
    dag::pairwise_rewards(groups, {Pool::arithmetic, 0.5, counts}, pairwise_kl, pairs);
    for (std::size_t q = 0; q < groups.questions.size(); ++q) {
      const Dense all(groups, q, -1);
      const auto members = groups.groups_of(q);
      for (std::size_t x = 0; x < members.size(); ++x) {
        for (auto i = groups.begin[static_cast<std::size_t>(members[x])];
             i < groups.begin[static_cast<std::size_t>(members[x]) + 1]; ++i) {
          const auto answer = groups.answer[static_cast<std::size_t>(i)];
          if (answer < 0) {
            continue;
          }
          const Dense left(groups, q, counts == Counts::plug_in ? -1 : i);
          const auto z = static_cast<std::size_t>(answer);
          double sum = 0, contexts = 0;
          for (std::size_t other = 0; other < members.size(); ++other) {
            if (all.answered[other] > 0) {
              contexts += 1;
              sum += pairwise_kl(left.nu(x, z, 0.5), left.nu(other, z, 0.5));
            }
          }
          REQUIRE(std::abs(pairs[static_cast<std::size_t>(i)] - sum / contexts) < 1e-12);
        }
      }
    }
  }
}

TEST_CASE("the arithmetic consensus without smoothing is the vote over contexts") {
  for (std::uint64_t seed = 10; seed < 30; ++seed) {
    const auto groups = random_groups(seed, 30, 4);
    CHECK(*dag::consensus_accuracy(groups) ==
          doctest::Approx(*dag::rollout_statistics(groups).acc_majority_over_contexts));
  }
  CHECK_FALSE(dag::consensus_accuracy(dag::AnswerGroups{}));
  // The geometric pool can elect the answer that all give over the one that some give often.
  dag::AnswerGroupsBuilder builder;
  for (const char* context : {"x", "y", "z"}) {
    builder.begin_group("q", context, "b");
    for (int i = 0; i < 10; ++i) {
      builder.add(i < 4 ? "b" : *context == 'z' ? "c" : "a");
    }
  }
  const auto groups = builder.finish();
  CHECK(*dag::consensus_accuracy(groups) == 0.5);  // a and b tie at 0.4
  CHECK(*dag::consensus_accuracy(groups, {Pool::geometric, 0.01, Counts::plug_in}) == 1);
}

TEST_CASE("event rewards: right samples by the table, wrong ones zero, unjudged ones none") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "x", "a");
  for (const char* answer : {"a", "b", "a"}) {
    builder.add(answer);
  }
  builder.add(std::nullopt);
  builder.begin_group("r", "x");
  builder.add("a");
  builder.add("b", true);
  builder.begin_group("s", "x", "a");
  builder.add("b");
  const auto groups = builder.finish();
  std::vector<double> out(groups.samples());
  const auto inverse = [](double p) { return 1 / p; };
  CHECK(dag::event_rewards(
            groups, [&](std::span<double> table) { dag::plug_in_table(inverse, table); }, out) ==
        1);
  CHECK(out[0] == 2);  // 1 / (2/4)
  CHECK(out[1] == 0);
  CHECK(out[2] == 2);
  CHECK(out[3] == 0);
  CHECK(std::isnan(out[4]));
  CHECK(out[5] == 1);
  CHECK(out[6] == 0);
}

TEST_CASE("what cannot be computed is refused, with the remedy") {
  const auto groups = random_groups(4, 3, 4);
  std::vector<double> out(groups.samples());
  CHECK_THROWS_AS(
      dag::consensus_rewards(groups, {Pool::geometric, 0, Counts::plug_in}, geometric, out),
      dag::Error);
  CHECK_THROWS_AS(
      dag::consensus_rewards(groups, {Pool::arithmetic, -1, Counts::plug_in}, geometric, out),
      dag::Error);
  CHECK_THROWS_AS(dag::consensus_rewards(groups, {}, geometric, std::span<double>(out).first(1)),
                  dag::Error);
  CHECK_THROWS_AS(dag::pairwise_rewards(random_groups(4, 3, 4), {}, pairwise_kl, out),
                  dag::Error);  // without smoothing some pair has no common answer
}

TEST_CASE("gradients affine in nu: leave-one-out rewards of any utility are without bias") {
  const std::vector<double> nu{0.5, 0.3, 0.2}, p{0.1, 0.6, 0.3};
  const std::vector<double> kernel{1, 0.5, 0.2, 0.5, 1, 0.4, 0.2, 0.4, 1};
  const dag::MmdToGoal<double> mmd{p, kernel, 2.0};
  const std::size_t size = 4;
  const char* const names[] = {"a", "b", "c"};
  // Every sequence of four answers, with an answerless sample that must not count.
  const auto expected = [&](Counts counts, double smoothing) {
    std::vector<double> mean(3);
    for (std::size_t code = 0; code < 81; ++code) {
      dag::AnswerGroupsBuilder builder;
      builder.begin_group("q", "x");
      double probability = 1;
      std::vector<std::size_t> answers;
      for (std::size_t i = 0, left = code; i < size; ++i, left /= 3) {
        answers.push_back(left % 3);
        probability *= nu[left % 3];
        builder.add(names[left % 3]);
      }
      builder.add(std::nullopt);
      const auto groups = builder.finish();
      dag::AnswerUniverse universe(groups);
      // The utility's data in the order of this group's ids; unseen answers join.
      std::vector<std::size_t> of_id(3);
      for (std::size_t z = 0; z < 3; ++z) {
        of_id[static_cast<std::size_t>(universe.add(0, names[z]))] = z;
      }
      REQUIRE(universe.size(0) == 3);
      std::vector<double> target(3), own(9), reward(groups.samples());
      for (std::size_t z = 0; z < 3; ++z) {
        CHECK(universe.text(0, z) == names[of_id[z]]);
        target[z] = p[of_id[z]];
        for (std::size_t y = 0; y < 3; ++y) {
          own[z * 3 + y] = kernel[of_id[z] * 3 + of_id[y]];
        }
      }
      const auto unscored = dag::utility_rewards(
          universe, {counts, smoothing},
          [&](std::size_t) {
            return dag::MmdToGoal<double>{target, own, 2.0};
          },
          std::span<double>(reward));
      CHECK(unscored == 1);
      CHECK(std::isnan(reward[size]));
      for (std::size_t i = 0; i < size; ++i) {
        mean[answers[i]] += probability * reward[i] / static_cast<double>(size);
      }
    }
    return mean;
  };
  const auto unbiased = expected(Counts::leave_one_out, 0);
  const auto plug_in = expected(Counts::plug_in, 0);
  for (std::size_t z = 0; z < 3; ++z) {
    double witness = 0, own = 0;
    for (std::size_t y = 0; y < 3; ++y) {
      witness += kernel[z * 3 + y] * (nu[y] - p[y]);
      own += kernel[z * 3 + y] * ((y == z ? 1 : 0) - nu[y]);
    }
    CHECK(unbiased[z] == doctest::Approx(-2 * nu[z] * witness).epsilon(1e-13));
    // The sample itself counts with weight 1/K: that is the plug-in's bias.
    CHECK(plug_in[z] ==
          doctest::Approx(-2 * nu[z] * (witness + own / static_cast<double>(size))).epsilon(1e-13));
  }
}

TEST_CASE("rewards of any utility: smoothing over the universe, lone samples, refusals") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "x");
  builder.add("a");
  builder.begin_group("q", "y");
  builder.add("b");
  builder.add("b");
  builder.begin_group("q", "z");
  builder.add(std::nullopt);
  const auto groups = builder.finish();
  dag::AnswerUniverse universe(groups);
  CHECK(universe.add(0, "c") == 2);
  CHECK(universe.add(0, "a") == 0);
  CHECK(universe.find(0, "d") == -1);
  std::vector<double> reward(groups.samples());
  const auto shannon = [](std::size_t) { return dag::ShannonEntropy<double>{}; };
  CHECK(dag::utility_rewards(universe, {Counts::plug_in, 0.5}, shannon,
                             std::span<double>(reward)) == 1);
  CHECK(reward[0] == doctest::Approx(-std::log(1.5 / 2.5)).epsilon(1e-14));
  CHECK(reward[1] == doctest::Approx(-std::log(2.5 / 3.5)).epsilon(1e-14));
  CHECK(dag::utility_rewards(universe, {Counts::leave_one_out, 0}, shannon,
                             std::span<double>(reward)) == 2);
  CHECK(std::isnan(reward[0]));
  CHECK(reward[1] == 0);
  CHECK(dag::utility_rewards(universe, {Counts::leave_one_out, 1}, shannon,
                             std::span<double>(reward)) == 1);
  CHECK(reward[0] == doctest::Approx(std::log(3.0)).epsilon(1e-14));
  builder.begin_group("q", "x");
  builder.add("a");
  builder.add("b");
  const auto two = builder.finish();
  const dag::AnswerUniverse pair(two);
  reward.resize(2);
  CHECK_THROWS_WITH_AS(
      dag::utility_rewards(pair, {Counts::leave_one_out, 0}, shannon, std::span<double>(reward)),
      doctest::Contains("answer 'a' of question 'q'"), dag::Error);
  CHECK_THROWS_WITH_AS(
      dag::utility_rewards(pair, {Counts::plug_in, -1}, shannon, std::span<double>(reward)),
      doctest::Contains("smoothing"), dag::Error);
  CHECK_THROWS_WITH_AS(dag::utility_rewards(
                           pair, {},
                           [](std::size_t) {
                             return dag::MmdToGoal<double>{{{0.5, 0.5}}, {1.0}};
                           },
                           std::span<double>(reward)),
                       doctest::Contains("question 'q': MmdToGoal"), dag::Error);
}
