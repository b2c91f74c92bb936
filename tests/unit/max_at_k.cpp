// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// The best of k samples: by enumeration, finite differences, its two ends, and the exact game.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/alignment/any_equilibrium.hpp>
#include <dag/utility/max_at_k.hpp>

namespace {

const std::vector<double> given{0.5, -1, 2, 2}, nu{0.4, 0.3, 0.2, 0.1}, one{1};

/// visit(answers, probability) for all draws of n samples.
template <class Visit>
void all_draws(std::size_t n, Visit&& visit) {
  std::vector<std::size_t> z(n);
  std::size_t count = 1;
  for (std::size_t i = 0; i < n; ++i) {
    count *= nu.size();
  }
  for (std::size_t draw = 0; draw < count; ++draw) {
    double chance = 1;
    for (std::size_t i = 0, rest = draw; i < n; ++i, rest /= nu.size()) {
      z[i] = rest % nu.size();
      chance *= nu[z[i]];
    }
    visit(z, chance);
  }
}

double value_at(const dag::MaxAtK<double>& utility, const std::vector<double>& point) {
  const dag::Blocks blocks(std::vector<std::size_t>{point.size()});
  std::vector<double> log;
  for (const double p : point) {
    log.push_back(std::log(p));
  }
  return utility.value({blocks, one, {point, log}});
}

}  // namespace

TEST_CASE("value and gradient by enumeration and finite differences") {
  for (const std::size_t k : {1U, 2U, 3U, 5U}) {
    CAPTURE(k);
    const dag::MaxAtK<double> utility{given, static_cast<double>(k), 0.7};
    double mean = 0;
    all_draws(k, [&](const std::vector<std::size_t>& z, double chance) {
      double best = -1e300;
      for (const std::size_t answer : z) {
        best = std::max(best, given[answer]);
      }
      mean += chance * best;
    });
    CHECK(value_at(utility, nu) == doctest::Approx(0.7 * mean).epsilon(1e-13));
    const dag::Blocks blocks(std::vector<std::size_t>{4});
    std::vector<double> log, gradient(4);
    for (const double p : nu) {
      log.push_back(std::log(p));
    }
    utility.gradient({blocks, one, {nu, log}}, gradient);
    for (std::size_t z = 1; z < 4; ++z) {  // along e_z - e_0: constants do not count
      const double step = 1e-5;
      std::vector<double> up = nu, down = nu;
      up[z] += step, up[0] -= step, down[z] -= step, down[0] += step;
      const double slope = (value_at(utility, up) - value_at(utility, down)) / (2 * step);
      CHECK(gradient[z] - gradient[0] == doctest::Approx(slope).epsilon(1e-8));
    }
  }
}

TEST_CASE("the rewards of sampled groups have no bias") {
  for (const std::size_t k : {1U, 2U, 3U, 4U}) {
    CAPTURE(k);
    const dag::MaxAtK<double> utility{given, static_cast<double>(k), 1};
    const dag::Blocks blocks(std::vector<std::size_t>{4});
    std::vector<double> log, exact(4), mean(4), lowest(4);
    for (const double p : nu) {
      log.push_back(std::log(p));
    }
    utility.gradient({blocks, one, {nu, log}}, exact);
    all_draws(5, [&](const std::vector<std::size_t>& z, double chance) {
      std::vector<double> r, out(5);
      for (const std::size_t answer : z) {
        r.push_back(given[answer]);
      }
      dag::max_at_k_rewards(r, static_cast<double>(k), out);
      mean[z[0]] += chance / nu[z[0]] * out[0];
      lowest[z[0]] += k == 1 ? chance / nu[z[0]] * *std::min_element(r.begin(), r.end()) : 0.0;
    });
    for (std::size_t z = 0; z < 4; ++z) {
      // At k = 1 the group's lowest reward is taken off, whatever the sample's answer.
      const double expected = k == 1 ? given[z] - lowest[z] : exact[z];
      CHECK(mean[z] == doctest::Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("its ends: pass@k of 0/1 rewards, the expected reward at k = 1") {
  const dag::Contexts<double> contexts(std::vector<std::vector<double>>{{0.1, 0.6, 0.3}});
  const auto solved = [&](const dag::AnyUtility& utility) {
    const auto found = dag::any_equilibrium(std::vector<dag::AnyUtility>{utility}, contexts, 0.3);
    CHECK(found.solution.status == dag::Status::converged);
    return found.solution.nu;
  };
  const auto same = [&](const dag::AnyUtility& a, const dag::AnyUtility& b) {
    const auto x = solved(a), y = solved(b);
    for (std::size_t z = 0; z < x.size(); ++z) {
      CHECK(x[z] == doctest::Approx(y[z]).epsilon(1e-6));
    }
  };
  same(dag::MaxAtK<double>{{1, 0, 1}, 3, 0.8}, dag::PassAtK<double>{{true, false, true}, 3, 0.8});
  same(dag::MaxAtK<double>{{0.2, -0.4, 0.9}, 1, 1}, dag::ExpectedReward<double>{{0.2, -0.4, 0.9}});
  CHECK_THROWS_AS((dag::MaxAtK<double>{{1, 0}, 0.5, 1}.check(dag::Blocks({2}))), dag::Error);
  std::vector<double> out(2);
  CHECK_THROWS_AS(dag::max_at_k_rewards(std::vector<double>{1, 2}, 3, out), dag::Error);
}
