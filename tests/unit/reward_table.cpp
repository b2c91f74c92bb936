// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/estimate/reward_table.hpp>

#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using dag::EstimatorKind;
using dag::RewardFunction;

constexpr EstimatorKind log_kinds[] = {EstimatorKind::plug_in,     EstimatorKind::leave_one_out,
                                       EstimatorKind::u_statistic, EstimatorKind::digamma,
                                       EstimatorKind::minimax,     EstimatorKind::variance_optimal};

// A line of golden data: just enough of JSON for flat objects of numbers, strings and one array.
struct Golden {
  std::string text;
  [[nodiscard]] std::string_view after(const std::string& key) const {
    const auto at = text.find("\"" + key + "\": ");
    return at == std::string::npos ? std::string_view("null")
                                   : std::string_view(text).substr(at + key.size() + 4);
  }
  [[nodiscard]] double number(const std::string& key) const {
    return std::stod(std::string(after(key)));
  }
  [[nodiscard]] std::vector<double> table() const {
    std::vector<double> result;
    std::string_view rest = after("table");
    if (rest[0] != '[') {
      return result;
    }
    std::string entries(rest.substr(1, rest.find(']') - 1));
    for (std::size_t begin = 0; begin < entries.size();) {
      std::size_t used = 0;
      result.push_back(std::stod(entries.substr(begin), &used));
      begin += used + 2;
    }
    return result;
  }
};

std::vector<Golden> golden(const std::string& kind) {
  std::vector<Golden> result;
  std::ifstream file(DAG_SHARED_DATA "/golden/estimators.jsonl");
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"" + kind + "\"") != std::string::npos) {
      result.push_back({line});
    }
  }
  if (result.empty()) {
    MESSAGE("skipped: no golden data at " DAG_SHARED_DATA "/golden/estimators.jsonl");
  }
  return result;
}

// p E[c] - p log p by the plain sum, on `points` angles: an independent measurement.
double plain_sup_bias(const std::vector<double>& table, int points) {
  double largest = 0;
  const std::size_t m = table.size() - 1;
  for (int i = 1; i <= points; ++i) {
    const long double half = 3.14159265358979323846264L * i / points / 2;
    const long double log_p = 2 * std::log(std::sin(half));
    const long double log_q = i == points ? -1e30L : 2 * std::log(std::cos(half));
    long double mean = 0;
    for (std::size_t k = 0; k <= m; ++k) {
      mean += std::exp(dag::log_binomial<long double>(m, k) + static_cast<long double>(k) * log_p +
                       (k == m ? 0 : static_cast<long double>(m - k) * log_q)) *
              static_cast<long double>(table[k]);
    }
    const long double p = std::exp(log_p);
    largest = std::max(largest, static_cast<double>(std::abs(p * (mean - log_p))));
  }
  return largest;
}

// The integral of p Var(c) in closed form: sum w_k c_k^2 less Beta integrals of products.
double closed_form_variance(const std::vector<double>& table) {
  const std::size_t m = table.size() - 1;
  const auto log_beta = [](std::size_t a, std::size_t b) {
    return dag::log_factorial<long double>(a - 1) + dag::log_factorial<long double>(b - 1) -
           dag::log_factorial<long double>(a + b - 1);
  };
  long double sum = 0;
  for (std::size_t j = 0; j <= m; ++j) {
    const long double one =
        std::exp(dag::log_binomial<long double>(m, j) + log_beta(j + 2, m - j + 1));
    sum += one * static_cast<long double>(table[j]) * static_cast<long double>(table[j]);
    for (std::size_t k = 0; k <= m; ++k) {
      sum -= std::exp(dag::log_binomial<long double>(m, j) + dag::log_binomial<long double>(m, k) +
                      log_beta(j + k + 2, 2 * m - j - k + 1)) *
             static_cast<long double>(table[j]) * static_cast<long double>(table[k]);
    }
  }
  return static_cast<double>(sum);
}

double weight(std::size_t group_size, std::size_t k) {
  const auto size = static_cast<double>(group_size);
  return static_cast<double>(k + 1) / (size * (size + 1));
}

double posterior_mean(std::size_t group_size, std::size_t k) {
  return dag::digamma(static_cast<double>(k + 2)) -
         dag::digamma(static_cast<double>(group_size + 2));
}

}  // namespace

TEST_CASE("minimax tables: golden errors bracket ours, and no table does better") {
  for (const Golden& line : golden("minimax_log")) {
    const auto size = static_cast<std::size_t>(line.number("K"));
    CAPTURE(size);
    const auto& found = dag::reward_table(EstimatorKind::minimax, size);
    // The golden value is the optimum over a grid of p, a lower bound of the true one (its README:
    // about 1e-4); its table's bias over all p is an upper bound. The optimum lies between.
    CHECK(found.sup_bias >= line.number("sup_bias"));
    CHECK(found.sup_bias <= line.number("sup_bias") * (1 + 4e-4));
    const auto table = line.table();
    if (!table.empty()) {
      CHECK(found.sup_bias <= plain_sup_bias(table, 20000));
      for (std::size_t k = 0; k < size; ++k) {
        CHECK(found.table[k] == doctest::Approx(table[k]).epsilon(2e-3));
      }
    }
    CHECK(found.sup_bias == doctest::Approx(dag::minimax_log_error(size)).epsilon(1e-9));
    CHECK(found.slack == 1);
    CHECK(found.sound);
  }
}

TEST_CASE("eps* times K^2 tends to 0.3251 and agrees with a Remez run where it is extrapolated") {
  double before = 0;
  for (const std::size_t size : {2UL, 3UL, 4UL, 6UL, 8UL, 12UL, 16UL, 32UL, 63UL, 64UL, 256UL}) {
    const double scaled = dag::minimax_log_error(size) * static_cast<double>(size * size);
    CHECK(scaled > before);
    before = scaled;
    if (size >= 64) {
      const auto fit = dag::detail::minimax_log(size);
      CHECK(std::abs(fit.error) == doctest::Approx(dag::minimax_log_error(size)).epsilon(3e-8));
    }
  }
  CHECK(before < 0.32509);
  CHECK_THROWS_AS(static_cast<void>(dag::minimax_log_error(1)), dag::Error);
}

TEST_CASE("variance-optimal tables at the golden bounds have the golden variances") {
  for (const Golden& line : golden("aqp_log")) {
    const auto size = static_cast<std::size_t>(line.number("K"));
    const double expected = line.number("integrated_variance");
    CAPTURE(size);
    CAPTURE(expected);
    // The golden program bounds the bias at grid points by s * eps_star; over all p its table's
    // bias is a little more. So its objective lies between the optima at these two bounds.
    const auto table = line.table();
    REQUIRE(table.size() == size);
    const double strict = line.number("s") * line.number("eps_star");
    const double loose = dag::measure_table(table, {}).sup_bias;
    CHECK(loose == doctest::Approx(line.number("sup_bias")).epsilon(1e-5));
    const auto best = dag::variance_optimal_log_table(size, loose);
    const auto tighter = dag::variance_optimal_log_table(size, strict);
    CHECK(best.converged);
    CHECK(tighter.converged);
    CHECK(best.kkt_residual < 1e-6);
    CHECK(plain_sup_bias(best.table, 5000) <= loose * (1 + 1e-6));
    double objective = 0;
    for (std::size_t k = 0; k < size; ++k) {
      const double off = table[k] - posterior_mean(size, k);
      objective += weight(size, k) * off * off;
    }
    CHECK(best.objective <= objective * (1 + 1e-6));
    CHECK(tighter.objective >= objective * (1 - 1e-6));
    if (expected < 1) {  // K = 32, s = 2 has exploded: variance ~ bound^-17, only the bracket holds
      CHECK(dag::integrated_variance(best.table) == doctest::Approx(expected).epsilon(1e-3));
      CHECK(dag::integrated_variance(tighter.table) == doctest::Approx(expected).epsilon(1e-3));
    }
    CHECK(dag::integrated_variance(dag::plug_in_table(size, {})) ==
          doctest::Approx(line.number("plugin_integrated_variance")).epsilon(1e-6));
  }
}

TEST_CASE("no feasible table beats the variance-optimal one: the variational inequality") {
  // <gradient of the objective at c, other - c> >= 0 for every table within the same bound.
  for (const std::size_t size : {2UL, 5UL, 8UL, 16UL, 32UL, 64UL}) {
    CAPTURE(size);
    const double eps = dag::minimax_log_error(size), bound = (size == 64 ? 8 : 4) * eps;
    const auto best = dag::variance_optimal_log_table(size, bound);
    REQUIRE(best.converged);
    CHECK(best.kkt_residual < 1e-6);
    std::vector<std::vector<double>> others;
    for (const double fraction : {0.6, 0.9, 0.99, 0.999}) {
      const auto tighter = dag::variance_optimal_log_table(size, fraction * bound);
      REQUIRE(tighter.converged);
      CHECK(tighter.objective > best.objective);
      others.push_back(tighter.table);
    }
    if (size <= 32) {
      others.push_back(dag::minimax_log_table(size));
    }
    for (const auto& other : others) {
      double slope = 0, scale = 0;
      for (std::size_t k = 0; k < size; ++k) {
        const double mean =
            dag::digamma(static_cast<double>(k + 2)) - dag::digamma(static_cast<double>(size + 2));
        const double term = weight(size, k) * (best.table[k] - mean) * (other[k] - best.table[k]);
        slope += term;
        scale += std::abs(term);
      }
      CHECK(slope >= -1e-6 * scale);
    }
  }
}

TEST_CASE("beyond 128 samples the free entries suffice: the construction loses almost nothing") {
  // At K = 128 the program over all entries can be compared with one over the first 64.
  const double bound = 16 * dag::minimax_log_error(128);
  const auto full = dag::variance_optimal_log_table(128, bound);
  const auto cut = dag::detail::VarianceOptimalProgram(128, 64, bound).solve(1.0);
  REQUIRE(full.converged);
  REQUIRE(cut.converged);
  CHECK(cut.kkt_residual < 1e-6);
  CHECK(dag::integrated_variance(cut.table) <= 1.05 * dag::integrated_variance(full.table));
  const auto& large = dag::reward_table(EstimatorKind::variance_optimal, 300);
  CHECK(large.sound);
  CHECK(large.sup_bias <= large.slack * dag::minimax_log_error(300) * (1 + 1e-6));
  CHECK(large.sup_bias == doctest::Approx(plain_sup_bias(large.table, 4000)).epsilon(1e-3));
  for (std::size_t k = 128; k < 300; ++k) {
    CHECK(large.table[k] == dag::digamma_table(300)[k]);
  }
}

TEST_CASE("default slack: the smallest of the ladder within four times the plug-in's variance") {
  for (const std::size_t size : {4UL, 12UL, 16UL, 32UL, 64UL}) {
    CAPTURE(size);
    const auto& found = dag::reward_table(EstimatorKind::variance_optimal, size);
    const double limit = 4 * dag::reward_table(EstimatorKind::plug_in, size).integrated_variance;
    CHECK(found.slack == (size <= 12 ? 2 : size <= 32 ? 4 : 8));
    CHECK(found.integrated_variance <= limit);
    CHECK(found.kkt_residual < 1e-6);
    CHECK(found.sound);
    const auto tighter = found.slack == 2 ? dag::minimax_log_table(size)
                                          : dag::make_reward_table(EstimatorKind::variance_optimal,
                                                                   size, {.slack = found.slack / 2})
                                                .table;
    CHECK(dag::integrated_variance(tighter) > limit);
  }
}

TEST_CASE("measures agree with independent sums and closed forms") {
  for (const EstimatorKind kind : log_kinds) {
    for (const std::size_t size : {2UL, 3UL, 8UL, 16UL, 40UL}) {
      if (kind == EstimatorKind::minimax && size > 16) {
        continue;  // exploded: the reference sums cancel
      }
      CAPTURE(to_string(kind));
      CAPTURE(size);
      const auto& found = dag::reward_table(kind, size);
      REQUIRE(found.table.size() == size);
      const double sampled = plain_sup_bias(found.table, 4000);
      CHECK(sampled <= found.sup_bias * (1 + 1e-9));
      CHECK(sampled >= found.sup_bias * (1 - 1e-4));
      CHECK(found.integrated_variance ==
            doctest::Approx(closed_form_variance(found.table)).epsilon(1e-8));
      double largest = 0;
      for (int i = 1; i < 2000; ++i) {
        const double p = i / 2000.0;
        largest = std::max(largest, p * dag::table_moments(found.table, p).variance);
        CHECK(std::abs(dag::table_bias(found.table, p, {})) <= found.sup_bias * (1 + 1e-9));
      }
      CHECK(largest <= found.max_variance * (1 + 1e-9));
      CHECK(largest >= found.max_variance * (1 - 1e-3));
    }
  }
}

TEST_CASE("sampled counts have the exact mean and variance within five standard errors") {
  constexpr int draws = 10000;
  std::uint64_t stream_id = 0;
  for (const EstimatorKind kind : log_kinds) {
    for (const std::size_t size : {4UL, 8UL, 16UL}) {
      const auto& found = dag::reward_table(kind, size);
      for (const double p : {0.05, 0.3, 0.8}) {
        CAPTURE(to_string(kind));
        CAPTURE(size);
        CAPTURE(p);
        dag::RandomStream stream(20261123, stream_id++);
        const auto exact = dag::table_moments(found.table, p);
        std::vector<double> row(size);
        dag::binomial_row(p, row);
        double fourth = 0;  // E (c - mean)^4, for the error of the sampled variance
        for (std::size_t k = 0; k < size; ++k) {
          fourth += row[k] * std::pow(found.table[k] - exact.mean, 4);
        }
        double sum = 0, square = 0;
        for (int i = 0; i < draws; ++i) {
          std::size_t count = 0;
          for (std::size_t j = 1; j < size; ++j) {
            count += stream.uniform() < p ? 1 : 0;
          }
          const double off = found.table[count] - exact.mean;
          sum += off;
          square += off * off;
        }
        CHECK(std::abs(sum / draws) <= 5 * std::sqrt(exact.variance / draws));
        CHECK(std::abs(square / draws - exact.variance) <=
              5 * std::sqrt((fourth - exact.variance * exact.variance) / draws) +
                  1e-12 * exact.variance);
        // and the bias is what the table was measured to have
        CHECK(p * exact.mean - p * std::log(p) ==
              doctest::Approx(dag::table_bias(found.table, p, {})).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("U-statistics of polynomials have no bias; the cut series are digamma and plug-in") {
  for (const std::size_t size : {2UL, 4UL, 9UL, 64UL, 300UL}) {
    for (const int order : {1, 2, 3, 8}) {
      if (static_cast<std::size_t>(order) < size) {
        const auto found = dag::make_reward_table(EstimatorKind::u_statistic, size,
                                                  {.function = RewardFunction::power(order)});
        CHECK(found.sup_bias <= 1e-14);
        CHECK(found.sound);
      }
      if (static_cast<std::size_t>(order) <= size) {
        const auto found = dag::make_reward_table(EstimatorKind::u_statistic, size,
                                                  {.function = RewardFunction::pass_at_k(order)});
        CHECK(found.sup_bias <= 1e-13);
      }
    }
    CHECK(dag::u_statistic_table(size, RewardFunction::logarithm()) == dag::digamma_table(size));
  }
  // 1/p: p E[K/(k+1)] = 1 - (1-p)^K.
  const auto inverse = dag::plug_in_table(12, RewardFunction::inverse());
  for (const double p : {0.01, 0.2, 0.9}) {
    CHECK(dag::table_bias(inverse, p, RewardFunction::inverse()) ==
          doctest::Approx(-std::pow(1 - p, 12)).epsilon(1e-12));
  }
  // digamma: p sum_{j >= K} (1-p)^j / j.
  const auto digamma = dag::digamma_table(12);
  for (const double p : {0.05, 0.2, 0.9}) {
    double series = 0;
    for (int j = 12; j < 3000; ++j) {
      series += std::pow(1 - p, j) / j;
    }
    CHECK(dag::table_bias(digamma, p, {}) == doctest::Approx(p * series).epsilon(1e-9));
  }
  const auto counts = dag::leave_one_out_table(5, RewardFunction::power(1));
  CHECK(counts == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  CHECK(dag::leave_one_out_table(5, {})[0] == doctest::Approx(std::log(0.125)));
}

TEST_CASE("exploded coefficients are said, and every number stays finite") {
  for (const std::size_t size : {24UL, 64UL, 200UL}) {
    const auto found = dag::make_reward_table(EstimatorKind::minimax, size);
    CHECK_FALSE(found.sound);
    for (const double value : {found.sup_bias, found.integrated_variance, found.max_variance}) {
      CHECK(value > 0);
      CHECK(value <= std::numeric_limits<double>::max());
    }
    CHECK_NOTHROW(dag::detail::require_table("test", found.table));
  }
  const auto tight = dag::make_reward_table(EstimatorKind::variance_optimal, 64, {.slack = 2});
  CHECK_FALSE(tight.sound);
  for (const EstimatorKind kind : log_kinds) {
    CHECK(dag::reward_table(kind, 16).sound);
  }
}

TEST_CASE("requests out of range are refused with the rule") {
  const auto make = [](EstimatorKind kind, std::size_t size, dag::RewardTableOptions options = {}) {
    return dag::make_reward_table(kind, size, options);
  };
  using Kind = EstimatorKind;
  CHECK_THROWS_AS(make(Kind::plug_in, 1), dag::Error);
  CHECK_THROWS_AS(make(Kind::plug_in, 5000), dag::Error);
  CHECK_THROWS_AS(make(Kind::plug_in, 8, {.slack = 2}), dag::Error);
  CHECK_THROWS_AS(make(Kind::variance_optimal, 8, {.slack = 0.5}), dag::Error);
  CHECK_THROWS_AS(make(Kind::variance_optimal, 8, {.slack = std::nan("")}), dag::Error);
  CHECK_THROWS_AS(make(Kind::minimax, 8, {.function = RewardFunction::inverse()}), dag::Error);
  CHECK_THROWS_AS(make(Kind::u_statistic, 4, {.function = RewardFunction::power(4)}), dag::Error);
  CHECK_THROWS_AS(make(Kind::u_statistic, 4, {.function = RewardFunction::power(1.5)}), dag::Error);
  CHECK_THROWS_AS(make(Kind::u_statistic, 4, {.function = RewardFunction::pass_at_k(5)}),
                  dag::Error);
  CHECK_THROWS_AS(make(Kind::plug_in, 4, {.function = RewardFunction::power(-1)}), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::variance_optimal_log_table(8, 0)), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::table_moments(std::vector<double>{}, 0.5)), dag::Error);
  for (const EstimatorKind kind : log_kinds) {
    CHECK(dag::estimator_kind(to_string(kind)) == kind);
  }
  CHECK_THROWS_WITH_AS(static_cast<void>(dag::estimator_kind("median")),
                       doctest::Contains("got median"), dag::Error);
}

TEST_CASE("the builder scales tables of every size, a group of one included") {
  const dag::RewardTableBuilder builder{EstimatorKind::variance_optimal, {}, -0.5};
  std::vector<double> table(8), single(1, 7.0);
  builder(table);
  builder(single);
  CHECK(single[0] == 0);
  for (std::size_t k = 0; k < 8; ++k) {
    CHECK(table[k] == -0.5 * dag::reward_table(EstimatorKind::variance_optimal, 8).table[k]);
  }
}

TEST_CASE("an infeasible bound is an error or an unconverged solve, never a table") {
  const auto below = dag::variance_optimal_log_table(8, 0.9 * dag::minimax_log_error(8));
  CHECK_FALSE(below.converged);
  CHECK(below.table.empty());
}

TEST_CASE("the cache gives every thread the same table") {
  std::vector<std::thread> threads;
  std::vector<const dag::RewardTable*> seen(8);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    threads.emplace_back([&seen, i] {
      for (std::size_t size = 20; size < 30; ++size) {
        static_cast<void>(dag::reward_table(EstimatorKind::digamma, size));
      }
      seen[i] = &dag::reward_table(EstimatorKind::variance_optimal, 21);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const dag::RewardTable* table : seen) {
    CHECK(table == seen[0]);
  }
  CHECK(*seen[0] == dag::make_reward_table(EstimatorKind::variance_optimal, 21));
  CHECK(&dag::reward_table(EstimatorKind::variance_optimal, 21, {.slack = 8}) != seen[0]);
}
