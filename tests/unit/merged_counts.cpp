// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The same bits for every permutation of questions, contexts and samples, and for 1 to 8 parts
// whose counts are merged.
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/event_reward.hpp>
#include <dag/answers/goal_reward.hpp>
#include <dag/answers/merge.hpp>
#include <dag/answers/pool_table_reward.hpp>
#include <dag/answers/statistics.hpp>
#include <dag/answers/utility_reward.hpp>
#include <dag/answers/value_reward.hpp>
#include <dag/core/random.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/utility/mmd.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

using dag::Counts;
using dag::EstimatorKind;
using dag::Pool;

/// A sample with its names, and where it stood at first.
struct Sample {
  std::string question, context, answer;  // answer "": none
  int verdict = -1;
  std::size_t place = 0;
};

std::vector<Sample> random_samples(std::uint64_t seed, std::uint64_t questions) {
  dag::RandomStream stream(seed, 0);
  std::vector<Sample> samples;
  for (std::uint64_t q = 0; q < questions; ++q) {
    const auto contexts = 1 + stream.below(6);
    const auto answers = 1 + stream.below(9);
    for (std::uint64_t x = 0; x < contexts; ++x) {
      for (auto i = 1 + stream.below(12); i > 0; --i) {
        const auto z = stream.below(answers + 1);
        const auto verdict = static_cast<int>(stream.below(5));
        samples.push_back({"q" + std::to_string(q), "x" + std::to_string(x),
                           z == answers ? "" : "a" + std::to_string(z * 7919 % 31),
                           z == answers || verdict > 0 ? (z == 0 ? 1 : 0) : -1, samples.size()});
      }
    }
  }
  return samples;
}

void shuffle(std::vector<Sample>& samples, dag::RandomStream& stream) {
  for (std::size_t i = samples.size(); i > 1; --i) {
    std::swap(samples[i - 1], samples[stream.below(i)]);
  }
}

/// Groups in the order in which the samples name them; place[i]: where sample i of the groups is in
/// `samples`.
dag::AnswerGroups groups_of(const std::vector<Sample>& samples, std::vector<std::size_t>& place) {
  std::vector<std::pair<std::string, std::string>> order;
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    auto& list = members[{samples[i].question, samples[i].context}];
    if (list.empty()) {
      order.emplace_back(samples[i].question, samples[i].context);
    }
    list.push_back(i);
  }
  dag::AnswerGroupsBuilder builder;
  place.clear();
  for (const auto& name : order) {
    builder.begin_group(name.first, name.second);
    for (const std::size_t i : members[name]) {
      const Sample& s = samples[i];
      builder.add(s.answer.empty() ? std::nullopt : std::optional<std::string_view>(s.answer),
                  s.verdict < 0 ? std::nullopt : std::optional<bool>(s.verdict > 0));
      place.push_back(s.place);
    }
  }
  return builder.finish();
}

double of_key(std::string_view key) {
  double number = 0.37;
  for (const char c : key) {
    number = number * 1.7 + 0.013 * c;
  }
  return number - std::floor(number);
}

using Rewards = std::function<void(const dag::CountedGroups&, std::span<double>)>;

/// One number an answer of the question, from its key alone.
dag::AnswerGoal target_of(const dag::AnswerGroups& groups) {
  dag::AnswerGoal target;
  for (const std::int32_t key : groups.answer_key) {
    target.p.push_back(0.05 + 0.1 * of_key(groups.keys[key]));
  }
  return target;
}

std::vector<std::pair<const char*, Rewards>> all_rewards() {
  std::vector<std::pair<const char*, Rewards>> list;
  const auto arithmetic = [](double nu, double q) { return std::log(q) - std::log(nu); };
  const auto ratio = [](double nu, double q) { return q / nu; };
  const auto difference = [](double nu, double q) { return q - nu; };
  const auto pair = [](double a, double b) { return -(std::log(a / b) + 1 - b / a); };
  for (const Counts counts : {Counts::plug_in, Counts::leave_one_out}) {
    list.emplace_back("arithmetic", [=](const auto& g, auto out) {
      dag::consensus_rewards(g, {Pool::arithmetic, 0, counts}, arithmetic, out);
    });
    list.emplace_back("euclidean", [=](const auto& g, auto out) {
      dag::consensus_rewards(g, {Pool::euclidean, 0.3, counts}, difference, out);
    });
    list.emplace_back("geometric", [=](const auto& g, auto out) {
      dag::consensus_rewards(g, {Pool::geometric, 0.5, counts}, ratio, out);
    });
    list.emplace_back("pairwise", [=](const auto& g, auto out) {
      dag::pairwise_rewards(g, {Pool::pairwise, 0.5, counts}, pair, out);
    });
  }
  list.emplace_back("arithmetic tables", [](const auto& g, auto out) {
    dag::arithmetic_table_rewards(g, EstimatorKind::digamma, out);
  });
  list.emplace_back("euclidean tables",
                    [](const auto& g, auto out) { dag::euclidean_table_rewards(g, out); });
  for (const auto kind : {dag::PowerEstimator::plug_in, dag::PowerEstimator::minimax}) {
    list.emplace_back("geometric tables",
                      [=](const auto& g, auto out) { dag::geometric_table_rewards(g, kind, out); });
  }
  const auto builder = [](EstimatorKind kind, dag::RewardFunction function) {
    return dag::RewardTableBuilder{kind, {.function = function}, -1.0};
  };
  list.emplace_back("entropy", [=](const auto& g, auto out) {
    dag::counted_rewards(g, builder(EstimatorKind::digamma, {}), out);
  });
  list.emplace_back("event", [=](const auto& g, auto out) {
    dag::event_rewards(g, builder(EstimatorKind::plug_in, dag::RewardFunction::inverse()), out);
  });
  list.emplace_back("target", [=](const auto& g, auto out) {
    dag::goal_rewards(
        g, target_of(g.groups), builder(EstimatorKind::leave_one_out, {}),
        [](double c, double p) { return std::log(p) - c; }, out);
  });
  list.emplace_back("robust", [](const auto& g, auto out) {
    dag::SampleValues values{2, {}};
    for (std::size_t gr = 0; gr < g.groups.groups(); ++gr) {
      for (const auto z : g.groups.group(gr)) {
        const double v =
            z < 0
                ? std::numeric_limits<double>::quiet_NaN()
                : of_key(g.groups.answer_text(static_cast<std::size_t>(g.groups.question[gr]), z));
        values.values.push_back(v);
        values.values.push_back(1 - v * v);
      }
    }
    const auto means = dag::group_means(g, values);
    dag::weighted_value_rewards(g.groups, values, means, out);
  });
  list.emplace_back("mmd", [](const auto& source, auto out) {
    dag::AnswerGroups sorted = source.groups;
    dag::sort_answers(sorted);
    const dag::AnswerUniverse universe(sorted);
    dag::utility_rewards(
        universe, {Counts::leave_one_out, 0.5},
        [&](std::size_t g) {
          const auto q = static_cast<std::size_t>(sorted.question[g]);
          std::vector<double> p, kernel;
          for (std::size_t a = 0; a < universe.size(q); ++a) {
            p.push_back(1 / static_cast<double>(universe.size(q)));
            for (std::size_t b = 0; b < universe.size(q); ++b) {
              const double d = of_key(universe.text(q, a)) - of_key(universe.text(q, b));
              kernel.push_back(std::exp(-d * d));
            }
          }
          return dag::MmdToGoal<double>{p, kernel, 1.0};
        },
        out, source.count);
  });
  return list;
}

bool same_bits(double a, double b) {
  return (a != a && b != b) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// How many of the rewards differ in a bit from those of the samples in their first order.
std::size_t differences(const std::vector<double>& wanted, const std::vector<double>& found,
                        const std::vector<std::size_t>& place) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    count += same_bits(wanted[place[i]], found[i]) ? 0 : 1;
  }
  return count;
}

void check_same(const dag::RolloutStatistics& a, const dag::RolloutStatistics& b) {
  CHECK(a.acc_random_sample == b.acc_random_sample);
  CHECK(a.acc_majority_in_group == b.acc_majority_in_group);
  CHECK(a.acc_majority_over_contexts == b.acc_majority_over_contexts);
  CHECK(a.acc_best_context == b.acc_best_context);
  CHECK(a.mean_entropy_in_group_nats == b.mean_entropy_in_group_nats);
  CHECK(a.mean_entropy_over_contexts_nats == b.mean_entropy_over_contexts_nats);
  CHECK(a.majority_share == b.majority_share);
  CHECK(a.cross_context_agreement == b.cross_context_agreement);
  CHECK(a.null_answer_rate == b.null_answer_rate);
}

}  // namespace

TEST_CASE("rewards and statistics: the same bits in any order, and from 1 to 8 merged parts") {
  const auto samples = random_samples(41, 40);
  std::vector<std::size_t> place;
  const dag::AnswerGroups first = groups_of(samples, place);
  const auto statistics = dag::rollout_statistics(first);
  std::vector<std::size_t> at(samples.size());  // by place among the samples of `first`
  for (std::size_t i = 0; i < place.size(); ++i) {
    at[place[i]] = i;
  }
  for (const auto& entry : all_rewards()) {
    const Rewards& rewards = entry.second;
    CAPTURE(std::string(entry.first));
    std::vector<double> wanted(samples.size()), found(samples.size()), by_place(samples.size());
    rewards(first, wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      by_place[place[i]] = wanted[i];
    }
    dag::RandomStream stream(7, 0);
    for (int round = 0; round < 12; ++round) {
      auto shuffled = samples;
      shuffle(shuffled, stream);
      std::vector<std::size_t> own;
      const auto groups = groups_of(shuffled, own);
      rewards(groups, found);
      CHECK(differences(by_place, found, own) == 0);
      check_same(dag::rollout_statistics(groups), statistics);
    }
    for (std::size_t parts = 1; parts <= 8; ++parts) {
      std::vector<std::vector<Sample>> split(parts);
      for (const Sample& sample : samples) {
        split[stream.below(parts)].push_back(sample);  // groups straddle the parts
      }
      std::vector<dag::AnswerCounts> counted;
      std::vector<std::vector<std::size_t>> places(parts);
      std::vector<dag::AnswerGroups> part_groups;
      for (std::size_t p = 0; p < parts; ++p) {
        shuffle(split[p], stream);
        part_groups.push_back(groups_of(split[p], places[p]));
        counted.push_back(dag::count_answers(part_groups.back()));
      }
      const dag::AnswerCounts all = dag::merge(counted);
      std::vector<double> values(all.rows());
      rewards(all, values);
      check_same(dag::rollout_statistics(all), statistics);
      for (std::size_t p = 0; p < parts; ++p) {
        std::vector<double> own(part_groups[p].samples());
        dag::to_samples(all, values, part_groups[p], own);
        CHECK(differences(by_place, own, places[p]) == 0);
      }
    }
  }
}

TEST_CASE("the rewards do depend on what they should: a sample twice changes those of others") {
  const auto samples = random_samples(41, 40);
  std::vector<std::size_t> place;
  const auto before = groups_of(samples, place);
  for (const auto& entry : all_rewards()) {
    const Rewards& rewards = entry.second;
    CAPTURE(std::string(entry.first));
    std::vector<double> wanted(before.samples());
    rewards(before, wanted);
    std::size_t changed = 0;
    for (std::size_t i = 0; i < samples.size(); i += 37) {
      auto more = samples;
      more.push_back(samples[i]);
      const auto after = groups_of(more, place);
      std::vector<double> found(after.samples());
      rewards(after, found);
      changed += differences(wanted, found, place);  // its twin has the same place
    }
    CHECK(changed > 0);
  }
}

TEST_CASE("counts add up, in canonical order, and are refused where they are none") {
  const auto counts = dag::from_counts({{"q", "y", "b", -1, 2},
                                        {"q", "x", std::nullopt, 0, 1},
                                        {"q", "y", "a", 1, 3},
                                        {"p", "x", "b", -1, 0},
                                        {"q", "y", "b", -1, 5},
                                        {"q", "x", "b", 0, 1}});
  std::string text;
  counts.for_each([&](const dag::CountRow& row) {
    text += std::string(row.question) + std::string(row.context) +
            std::string(row.answer.value_or("-")) + std::to_string(row.verdict) + ":" +
            std::to_string(row.count) + " ";
  });
  CHECK(text == "qx-0:1 qxb0:1 qya1:3 qyb-1:7 ");
  CHECK_THROWS_WITH_AS((void)dag::from_counts({{"q", "x", "a", -1, -1}}), doctest::Contains("'q'"),
                       dag::Error);
  CHECK_THROWS_AS((void)dag::from_counts({{"q", "x", "a", 2, 1}}), dag::Error);
  CHECK_THROWS_AS((void)dag::from_counts({{"q", "x", "a", -1, 0x7FFFFFFF}, {"q", "x", "a", -1, 1}}),
                  dag::Error);
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "x");
  builder.add("z");
  const auto foreign = builder.finish();
  std::vector<double> values(counts.rows()), out(1);
  CHECK_THROWS_WITH_AS(dag::to_samples(counts, values, foreign, out),
                       doctest::Contains("question 'q'"), dag::Error);
}

TEST_CASE("a question that is not complete is refused by its name") {
  dag::AnswerGroupsBuilder builder;
  const auto add = [&](const char* question, const char* context, int samples) {
    builder.begin_group(question, context);
    for (int i = 0; i < samples; ++i) {
      builder.add(i == 0 ? std::nullopt : std::optional<std::string_view>("a"));
    }
  };
  add("whole", "x", 3);
  add("whole", "y", 3);
  CHECK_NOTHROW(builder.finish().require(2, 3));
  add("whole", "x", 3);
  add("whole", "y", 3);
  add("half", "x", 3);
  CHECK_THROWS_WITH_AS(builder.finish().require(2, 3), doctest::Contains("'half'"), dag::Error);
  add("short", "x", 3);
  add("short", "y", 2);
  const auto few = builder.finish();
  CHECK_THROWS_WITH_AS(few.require(2, 3),
                       doctest::Contains("'short' is not complete: context 'y' has 2 samples"),
                       dag::Error);
  CHECK_THROWS_WITH_AS(dag::CountedGroups(dag::count_answers(few)).require(2, 3),
                       doctest::Contains("context 'y' has 2"), dag::Error);
  add("double", "x", 3);
  add("double", "x", 3);
  CHECK_THROWS_WITH_AS(builder.finish().require(2, 3), doctest::Contains("'x' twice"), dag::Error);
}
