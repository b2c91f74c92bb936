// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <dag/io/history_file.hpp>
#include <dag/io/text_file.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/rate.hpp>

namespace {

template <class Curve>
dag::History curve(Curve gap, std::int64_t last = 2000) {
  dag::History trace;
  for (std::int64_t t = 0; t <= last; t += 1 + t / 20) {
    dag::Record record;
    record.iteration = t;
    record.relative_gap = gap(static_cast<double>(t));
    record.residual = record.relative_gap / 7;
    trace(record);
  }
  return trace;
}

}  // namespace

TEST_CASE("exact laws are fitted exactly and told apart") {
  const auto power = dag::fit_rate(curve([](double t) { return 3 * std::pow(t, -0.75); }));
  CHECK(power.better == dag::RateLaw::power);
  CHECK(power.exponent == doctest::Approx(0.75));
  CHECK(power.power_constant == doctest::Approx(3));
  CHECK(power.power_error < 1e-12);
  CHECK(power.at(100) == doctest::Approx(3 * std::pow(100.0, -0.75)));

  const auto linear = dag::fit_rate(curve([](double t) { return 2 * std::pow(0.99, t); }));
  CHECK(linear.better == dag::RateLaw::linear);
  CHECK(linear.factor == doctest::Approx(0.99));
  CHECK(linear.linear_constant == doctest::Approx(2));
  CHECK(linear.at(50) == doctest::Approx(2 * std::pow(0.99, 50)));
}

TEST_CASE("the floor cuts rounding off, skip the start, the running minimum the wobble") {
  const auto stalls = curve([](double t) { return std::max(std::pow(0.9, t), 1e-16); });
  CHECK(dag::fit_rate(stalls).factor == doctest::Approx(0.9));
  CHECK(dag::fit_rate(stalls, {.floor = 0}).factor > 0.95);
  const auto late = curve([](double t) { return t < 20 ? 1.0 : 20 / t; });
  CHECK(dag::fit_rate(late, {.skip = 0.6}).exponent == doctest::Approx(1));
  CHECK(dag::fit_rate(late, {.skip = 0}).exponent < 0.9);
  const auto wobble = curve([](double t) { return (1.5 + std::sin(t)) / (1 + t); });
  CHECK(dag::fit_rate(wobble, {.running_minimum = true}).power_error <
        dag::fit_rate(wobble).power_error);
  CHECK(
      dag::fit_rate(curve([](double t) { return 1 / (1 + t); }), {.column = dag::Column::residual})
          .points > 10);
}

TEST_CASE("too few points are said to be so, wrong options refused") {
  CHECK(dag::fit_rate(dag::History{}).better == dag::RateLaw::none);
  CHECK(dag::fit_rate(curve([](double) { return 0.0; })).points == 0);
  CHECK_THROWS_AS((void)dag::fit_rate(dag::History{}, {.skip = 1}), dag::Error);
  CHECK_THROWS_AS((void)dag::fit_rate(dag::History{}, {.floor = std::nan("")}), dag::Error);
}

TEST_CASE("traces as CSV and JSON keep every bit") {
  dag::History trace;
  trace({.iteration = 12,
         .products = 30,
         .seconds = 0.1,
         .value = -1.0 / 3,
         .gap = 1e-300,
         .relative_gap = 0.1 + 0.2,
         .residual = 5e-324,
         .step = 1.7976931348623157e308});
  trace({.iteration = 13, .gap = std::numeric_limits<double>::infinity()});
  const std::string csv = dag::format_history_csv(trace);
  CHECK(csv.substr(0, csv.find('\n')) ==
        "iteration,products,seconds,value,gap,relative_gap,residual,step");
  const auto cell = [&](int index) {
    std::size_t at = csv.find('\n') + 1;
    for (int k = 0; k < index; ++k) {
      at = csv.find(',', at) + 1;
    }
    return std::strtod(csv.c_str() + at, nullptr);
  };
  CHECK(cell(0) == 12);
  CHECK(cell(1) == 30);
  CHECK(cell(2) == 0.1);
  CHECK(cell(3) == -1.0 / 3);
  CHECK(cell(4) == 1e-300);
  CHECK(cell(5) == 0.1 + 0.2);
  CHECK(cell(6) == 5e-324);
  CHECK(cell(7) == 1.7976931348623157e308);
  CHECK(csv.find(",inf,") != std::string::npos);

  const std::string json = dag::format_history_json(trace);
  CHECK(json.find("\"value\": -0.3333333333333333,") != std::string::npos);
  CHECK(json.find("\"gap\": null") != std::string::npos);
  CHECK(json.find("\"relative_gap\": 0.30000000000000004") != std::string::npos);
  CHECK(dag::format_history_json(dag::History{}) == "[]\n");

  const auto path = (std::filesystem::temp_directory_path() / "dag_history_test").string();
  dag::write_history_csv(path, trace);
  CHECK(dag::read_text_file(path) == csv);
  dag::write_history_json(path, trace);
  CHECK(dag::read_text_file(path) == json);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(dag::write_history_csv("/no/such/folder/x.csv", trace), dag::Error);
}

TEST_CASE("theory is looked up by solver and iterate") {
  REQUIRE(dag::find_theory("mirror_prox") != nullptr);
  CHECK(dag::find_theory("mirror_prox")->exponent == 1);
  CHECK(dag::find_theory("optimistic_mirror_descent", dag::Average::last)->law ==
        dag::RateLaw::linear);
  CHECK(dag::find_theory("nobody") == nullptr);
  CHECK(dag::find_theory("linear_program") == nullptr);
}

TEST_CASE("the list of solvers: names are unique, rows are complete") {
  for (const dag::SolverInfo& row : dag::solver_list) {
    CAPTURE(row.name);
    CHECK(dag::find_solver(row.name) == &row);
    CHECK((row.kinds | row.trees.kinds) != 0);
    CHECK((row.compared & ~row.kinds) == 0);
    CHECK((row.trees.compared & ~row.trees.kinds) == 0);
    CHECK_FALSE(row.summary.empty());
    CHECK_FALSE(row.page.empty());
    CHECK(row.iterate != dag::Average::automatic);
    for (const dag::Theory& theory : row.theory) {
      CHECK((theory.iterate == dag::Average::automatic) == theory.source.empty());
    }
  }
}
