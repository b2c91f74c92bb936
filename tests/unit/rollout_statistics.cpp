// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/statistics.hpp>
#include <dag/io/rollout_file.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> result(1);
  for (const char c : row) {
    if (c == ',') {
      result.emplace_back();
    } else if (c != '\r') {
      result.back() += c;
    }
  }
  return result;
}

/// Equal to the printed digits: within half a unit of the last one.
bool prints_as(const std::optional<double>& value, const std::string& printed) {
  if (printed.empty()) {
    return !value.has_value();
  }
  const auto point = printed.find('.');
  const double digits =
      point == std::string::npos ? 0 : static_cast<double>(printed.size() - point - 1);
  return value && std::abs(*value - std::stod(printed)) <= 0.5000001 * std::pow(10.0, -digits);
}

void check_file(const std::string& folder, std::map<std::string, std::string> expected) {
  // The published statistics are of answers as they are spelled.
  const auto groups =
      dag::read_rollouts(folder + expected["file"], {.reading = dag::exact_answers});
  const auto s = dag::rollout_statistics(groups);
  CHECK(std::to_string(s.questions) == expected["questions"]);
  CHECK(std::to_string(s.contexts) == expected["contexts"]);
  CHECK(std::to_string(s.groups) == expected["groups"]);
  CHECK(std::to_string(s.samples_per_group_min) == expected["samples_per_group_min"]);
  CHECK(std::to_string(s.samples_per_group_max) == expected["samples_per_group_max"]);
  const auto check = [&](const char* name, const std::optional<double>& value) {
    CAPTURE(name);
    CAPTURE(expected[name]);
    CAPTURE(value.value_or(-1));
    CHECK(prints_as(value, expected[name]));
  };
  check("contexts_per_question", s.contexts_per_question);
  check("samples_per_group_mean", s.samples_per_group_mean);
  check("null_answer_rate", s.null_answer_rate);
  check("acc_random_sample", s.acc_random_sample);
  check("acc_majority_in_group", s.acc_majority_in_group);
  check("acc_majority_over_contexts", s.acc_majority_over_contexts);
  check("acc_oracle_in_group", s.acc_oracle_in_group);
  check("acc_oracle_over_contexts", s.acc_oracle_over_contexts);
  check("acc_best_context", s.acc_best_context);
  check("mean_entropy_in_group_nats", s.mean_entropy_in_group_nats);
  check("mean_entropy_over_contexts_nats", s.mean_entropy_over_contexts_nats);
  check("distinct_answers_per_group", s.distinct_answers_per_group);
  check("distinct_answers_per_question", s.distinct_answers_per_question);
  check("cross_context_agreement", s.cross_context_agreement);
  REQUIRE(s.best_context);
  CHECK(groups.contexts[*s.best_context] == expected["best_context"]);
}

}  // namespace

TEST_CASE("the statistics of real rollouts are those published with them") {
  const std::string folder = DAG_SHARED_DATA "/rollouts/";
  std::ifstream table(folder + "stats.csv");
  if (!table) {
    MESSAGE("skipped: no ", folder);
    return;
  }
  std::string row;
  std::getline(table, row);
  const auto names = cells(row);
  int files = 0;
  while (std::getline(table, row)) {
    const auto values = cells(row);
    REQUIRE(values.size() == names.size());
    std::map<std::string, std::string> expected;
    for (std::size_t i = 0; i < names.size(); ++i) {
      expected[names[i]] = values[i];
    }
    CAPTURE(expected["file"]);
    check_file(folder, expected);
    // Answers that are read lose no right sample, and merge nothing but game24's expressions, which
    // have values (so many right ones are the answer 24), and dates without their zeros.
    const auto read = dag::rollout_statistics(dag::read_rollouts(folder + expected["file"]));
    CHECK(read.acc_random_sample.value_or(0) >=
          std::stod(expected["acc_random_sample"].empty() ? "0" : expected["acc_random_sample"]) -
              0.00005);
    if (expected["file"].find("game24") == std::string::npos &&
        expected["file"].find("date") == std::string::npos) {
      CHECK(
          prints_as(read.distinct_answers_per_question, expected["distinct_answers_per_question"]));
    }
    ++files;
  }
  CHECK(files > 0);
}

TEST_CASE("statistics of a small example by hand") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "x", "a");
  for (const char* answer : {"a", "a", "b", "c"}) {
    builder.add(answer);
  }
  builder.begin_group("q", "y", "a");
  builder.add("b");
  builder.add("c");
  builder.add(std::nullopt);
  builder.begin_group("r", "y", "a");
  builder.add(std::nullopt);
  const auto s = dag::rollout_statistics(builder.finish());
  CHECK(*s.null_answer_rate == 2.0 / 8);
  CHECK(*s.acc_random_sample == doctest::Approx((0.5 + 0 + 0) / 3));
  CHECK(*s.acc_majority_in_group == doctest::Approx((1.0 + 0 + 0) / 3));
  // pool of q: a 1/2, b 1/4 + 1/2, c 1/4 + 1/2: b and c tie, both wrong.
  CHECK(*s.acc_majority_over_contexts == 0);
  CHECK(*s.acc_oracle_over_contexts == 0.5);
  CHECK(*s.mean_entropy_in_group_nats ==
        doctest::Approx((1.5 * std::log(2.0) + std::log(2.0) + 0) / 3));
  CHECK(*s.distinct_answers_per_group == doctest::Approx(5.0 / 3));
  CHECK(*s.distinct_answers_per_question == 1.5);
  CHECK(*s.cross_context_agreement == doctest::Approx(0.25));  // 1/4 1/2 twice
  CHECK(*s.acc_best_context == 0.5);
  CHECK(*s.majority_share == 0.5);  // 2 of 4, 1 of 2; the group without an answer has none
}

TEST_CASE("what the data does not decide is absent") {
  const auto empty = dag::rollout_statistics(dag::AnswerGroups{});
  CHECK_FALSE(empty.acc_random_sample);
  CHECK_FALSE(empty.null_answer_rate);
  CHECK_FALSE(empty.best_context);
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "x");
  builder.add("a");
  builder.begin_group("r", "x", "a");
  builder.add("b");
  builder.add("a");
  const auto s = dag::rollout_statistics(builder.finish());
  CHECK(*s.acc_random_sample == 0.5);  // of the one judged group
  CHECK(*s.acc_majority_in_group == 0.5);
  CHECK_FALSE(s.cross_context_agreement);
}
