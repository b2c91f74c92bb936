// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/game/payoff_sum.hpp>
#include <dag/game/regret.hpp>
#include <dag/io/nfg.hpp>
#include <dag/problem/catalogue.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace {

std::string refusal(const std::string& name) {
  try {
    static_cast<void>(dag::named_game(name));
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::invalid_argument);
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every known equilibrium of the catalogue is one, with the value it states") {
  for (const dag::CatalogueEntry& entry : dag::catalogue()) {
    CAPTURE(entry.example);
    const dag::KnownGame game = dag::known_game(entry.example);
    dag::validate(game.table);
    CHECK(game.table.title == entry.example);
    CHECK_FALSE(entry.description.empty());
    CHECK_FALSE(entry.source.empty());
    for (const dag::MixedProfile& equilibrium : game.equilibria) {
      const dag::RegretReport report = dag::certify(game.table, equilibrium);
      CHECK(report.max_regret <= 1e-14 * dag::payoff_range(game.table));
      if (game.value) {
        CHECK(report.payoffs[0] == doctest::Approx(*game.value).epsilon(1e-13));
      }
    }
    // A slightly wrong equilibrium is noticed: the certificate is not trivially zero.
    for (dag::MixedProfile equilibrium : game.equilibria) {
      for (auto& strategy : equilibrium) {
        double sum = 0;
        for (std::size_t s = 0; s < strategy.size(); ++s) {
          strategy[s] =
              0.9 * strategy[s] + (s == 0 ? 0.07 : 0.0) + (s + 1 == strategy.size() ? 0.03 : 0.0);
          sum += strategy[s];
        }
        CHECK(sum == doctest::Approx(1.0));
      }
      CHECK(dag::max_regret(game.table, equilibrium) > 1e-6 * dag::payoff_range(game.table));
    }
    const dag::GameTable again = dag::parse_nfg(dag::format_nfg(game.table));
    CHECK(again.payoffs == game.table.payoffs);
  }
}

TEST_CASE("zero-sum families are zero-sum, and names are deterministic") {
  for (const char* name :
       {"rps", "rps:7", "biased-rps", "biased-rps:1:3:1", "matching-pennies", "biased-pennies",
        "morra", "kuhn-poker", "blotto:4:3:2", "slow-last-iterate", "unstable-rm", "diagonal:4:1e6",
        "random:4x3:7", "gaussian:4x3:7", "low-rank:6x5:2:7", "sparse:9x9:0.3:7", "integer:5x5:2:7",
        "cyclic:6:7", "symmetric:6:7"}) {
    CAPTURE(name);
    CHECK(dag::is_zero_sum(dag::named_game(name)));
    CHECK(dag::named_game(name) == dag::named_game(name));
  }
  CHECK(dag::named_game("random:4x3:7").payoffs != dag::named_game("random:4x3:8").payoffs);
  CHECK_FALSE(dag::is_constant_sum(dag::named_game("shapley")));
}

TEST_CASE("definitions, entry by entry") {
  const auto rps = dag::row_major(dag::named_game("rps"), 0);
  CHECK(rps == std::vector<double>{0, -1, 1, 1, 0, -1, -1, 1, 0});
  dag::RandomStream draws(7, 0);
  for (const double entry : dag::row_major(dag::named_game("random:4x3:7"), 0)) {
    CHECK(entry == 2 * draws.uniform() - 1);
    CHECK(std::abs(entry) <= 1);
  }
  const auto general = dag::named_game("general:3x4x2:1");
  CHECK(general.sizes == std::vector<std::size_t>{3, 4, 2});
  int zeros = 0;
  for (const double entry : dag::row_major(dag::named_game("sparse:100x100:0.1:3"), 0)) {
    zeros += entry == 0.0 ? 1 : 0;
  }
  CHECK(zeros > 8800);
  CHECK(zeros < 9200);
  // Low rank: all 3x3 minors of a rank-2 game vanish.
  const auto a = dag::row_major(dag::named_game("low-rank:3x3:2:5"), 0);
  const double determinant = a[0] * (a[4] * a[8] - a[5] * a[7]) -
                             a[1] * (a[3] * a[8] - a[5] * a[6]) +
                             a[2] * (a[3] * a[7] - a[4] * a[6]);
  CHECK(std::abs(determinant) < 1e-13);
  // 4 soldiers on 2 fields against 3: row 4-0 against column 0-3: one won, one lost.
  const dag::GameTable blotto = dag::named_game("blotto:4:3:2");
  CHECK(blotto.sizes == std::vector<std::size_t>{5, 4});
  CHECK(blotto.labels[0][4] == "4-0");
  CHECK(blotto.payoffs[0][4 + 5 * 0] == 0.0);
  CHECK(blotto.payoffs[0][2 + 5 * 1] == 0.5);  // 2-2 against 1-2
  const dag::GameTable kuhn = dag::named_game("kuhn-poker");
  CHECK(dag::written_payoff(kuhn, 0, 0).text() == "0");
  // Always bet against never call: the first player takes every ante.
  CHECK(dag::written_payoff(kuhn, 0, 7).text() == "1");
}

TEST_CASE("unknown and malformed names") {
  CHECK(has(refusal("matching-penies"), "did you mean matching-pennies?"));
  CHECK(has(refusal("RPS"), "did you mean rps[:N]?"));
  CHECK(has(refusal("no-such-game-at-all"), "Known: rps, biased-rps"));
  CHECK(has(refusal(""), "Known"));
  CHECK(has(refusal("random:3x4"), "form random:ROWSxCOLS:SEED"));
  CHECK(has(refusal("random:3x4:x"), "'x' is not a natural number"));
  CHECK(has(refusal("random:3x4:-1"), "'-1' is not a natural number"));
  CHECK(has(refusal("random:3x4x5:1"), "form random:ROWSxCOLS:SEED"));
  CHECK(has(refusal("random:0x4:1"), "at least one strategy"));
  CHECK(has(refusal("random:1000000000x1000000000:1"), "more than 2^27 payoffs"));
  CHECK(has(refusal("random:4294967296x4294967296:1"), "more than 2^27 payoffs"));
  CHECK(has(refusal("cyclic:99999999:1"), "1 to 8192"));
  CHECK(has(refusal("rps:4"), "odd"));
  CHECK(has(refusal("rps:3:3"), "form rps[:N]"));
  CHECK(has(refusal("sparse:3x3:nan:1"), "not a number"));
  CHECK(has(refusal("sparse:3x3:2:1"), "density"));
  CHECK(has(refusal("blotto:1000:1000:5"), "more than 5000 deployments"));
  CHECK(has(refusal("blotto:1:1:0"), "at least one field"));
  CHECK(has(refusal("biased-rps:1:0:1"), "must be > 0"));
  CHECK(has(refusal("slow-last-iterate:0.5"), "(0, 1/2)"));
}

TEST_CASE("certificates against brute force over pure profiles") {
  const dag::GameTable game = dag::named_game("general:3x4x2x3:11");
  dag::RandomStream random(12, 0);
  dag::MixedProfile profile;
  for (const std::size_t size : game.sizes) {
    std::vector<double> strategy(size);
    double sum = 0;
    for (double& p : strategy) {
      p = random.uniform();
      sum += p;
    }
    for (double& p : strategy) {
      p /= sum;
    }
    profile.push_back(strategy);
  }
  const dag::RegretReport report = dag::certify(game, profile);
  double total = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<double> deviation(game.sizes[i], 0.0);
    double expected = 0;
    std::vector<std::size_t> s(4, 0);
    std::size_t index = 0;
    do {
      double others = game.payoffs[i][index++];
      for (std::size_t j = 0; j < 4; ++j) {
        others *= j == i ? 1.0 : profile[j][s[j]];
      }
      deviation[s[i]] += others;
      expected += others * profile[i][s[i]];
    } while (dag::next_profile(game.sizes, s));
    const auto direct = dag::deviation_payoffs(game, profile, i);
    double best = deviation[0];
    for (std::size_t k = 0; k < deviation.size(); ++k) {
      CHECK(direct[k] == doctest::Approx(deviation[k]).epsilon(1e-13));
      best = std::max(best, deviation[k]);
    }
    CHECK(report.payoffs[i] == doctest::Approx(expected).epsilon(1e-13));
    CHECK(report.regrets[i] == doctest::Approx(best - expected).epsilon(1e-12));
    total += best - expected;
  }
  CHECK(report.nash_conv == doctest::Approx(total).epsilon(1e-12));
  const double taken = profile[1][0] + 0.2;  // the sum stays 1, one probability is -0.2
  profile[1][0] -= taken;
  profile[1][1] += taken;
  CHECK_THROWS_AS(static_cast<void>(dag::certify(game, profile)), dag::Error);
  profile[1][0] = std::nan("");
  CHECK_THROWS_AS(static_cast<void>(dag::certify(game, profile)), dag::Error);
  profile.pop_back();
  CHECK_THROWS_AS(static_cast<void>(dag::certify(game, profile)), dag::Error);
}
