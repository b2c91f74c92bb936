// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/io/problems.hpp>

#include <dag/core/observer.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace {

std::vector<double> flat(const nlohmann::json& value) {
  std::vector<double> out;
  for (const auto& entry : value) {
    if (entry.is_array()) {
      for (const double number : entry) {
        out.push_back(number);
      }
    } else {
      out.push_back(entry.get<double>());
    }
  }
  return out;
}

double distance(const nlohmann::json& a, const nlohmann::json& b) {
  const auto x = flat(a), y = flat(b);
  REQUIRE(x.size() == y.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    worst = std::fmax(worst, std::abs(x[i] - y[i]));
  }
  return worst;
}

}  // namespace

TEST_CASE("solved answer-level problems: solution, value, residual and time") {
  const std::string path = std::string(DAG_SHARED_DATA) + "/golden/answer_level.jsonl";
  std::ifstream file(path);
  if (!file) {
    MESSAGE("skipped: no data at " << path);
    return;
  }
  const dag::Stopwatch watch;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto problem = nlohmann::json::parse(line);
    const auto found = dag::solve_problem_line(line);
    INFO(problem["id"].get<std::string>());
    const double accuracy = problem["accuracy"];
    CHECK(distance(found["solution"], problem["solution"]) <= accuracy);
    CHECK(std::abs(found["value"].get<double>() - problem["value"].get<double>()) <=
          (accuracy > 1e-10 ? accuracy : 1e-9));
    CHECK(found["residual"].get<double>() < 1e-10);
    CHECK(found["gap"].get<double>() < 1e-10);
    CHECK(found["status"] == "converged");
    CHECK(found["kind"] == problem["kind"]);
    for (const char* name : {"consensus", "mixture"}) {
      CHECK(found.contains(name) == problem.contains(name));
      if (problem.contains(name)) {
        // The data's mixtures are less accurate than their policies.
        CHECK(distance(found[name], problem[name]) <= (name[0] == 'm' ? 1e-5 : accuracy));
      }
    }
    if (problem["kind"] == "moment_le") {
      CHECK(found["violation"].get<double>() <= 1e-12);
      CHECK(found["complementarity"].get<double>() <= 1e-12);
      CHECK(found["multipliers"][0].get<double>() > 0);  // the bound is active in the data
    }
  }
  CHECK(count == 108);
  CHECK(watch.seconds() < 2);
}

TEST_CASE("problems that cannot be read say which field, what it holds and the rule") {
  const auto message = [](const std::string& line) -> std::string {
    try {
      (void)dag::solve_problem_line(line);
    } catch (const dag::Error& error) {
      return error.what();
    }
    return "no error";
  };
  const auto says = [&](const std::string& line, const std::string& words) {
    INFO(line << "\n" << message(line));
    CHECK(message(line).find(words) != std::string::npos);
  };
  says("{", "not a line of JSON");
  says("[1]", "must be a JSON object");
  says(R"({"kind": "gini"})", R"("id" is missing)");
  says(R"({"id": "a", "kind": "magic"})", R"("kind" must be a known utility, got "magic")");
  says(R"({"id": "a", "kind": "gini", "nu0": [0.5, 0.5], "beta": 1})", R"("weight" is missing)");
  says(R"({"id": "a", "kind": "gini", "nu0": [0.5, 0.5], "beta": "1", "weight": 1})",
       R"("beta" must be a number, got "1")");
  says(R"({"id": "a", "kind": "gini", "nu0": [0.5, 0.6], "beta": 1, "weight": 1})",
       "must sum to 1, got 1.1");
  says(R"({"id": "a", "kind": "gini", "nu0": [1.5, -0.5], "beta": 1, "weight": 1})",
       "must be >= 0 and finite, got -0.5");
  says(R"({"id": "a", "kind": "gini", "nu0": [0.5, 0.5], "beta": 0, "weight": 1})",
       "beta must be > 0");
  says(R"({"id": "a", "kind": "gini", "nu0": [], "beta": 1, "weight": 1})",
       R"("nu0" must be an array of numbers)");
  says(R"({"id": "a", "kind": "expected_reward", "nu0": [0.5, 0.5], "beta": 1, "reward": [1]})",
       "1 rewards for 2 answers");
  says(R"({"id": "a", "kind": "pass_at_k", "nu0": [0.5, 0.5], "beta": 1, "correct": [2, 0]})",
       R"("correct" must hold 0 and 1 only, got 2)");
  says(R"({"id": "a", "kind": "moment_le", "nu0": [0.5, 0.5], "beta": 1, "feature": [1, 1],
           "bound": 0.5})",
       "no policy within the reference's support satisfies the constraints");
}
