// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/io/nfg.hpp>
#include <dag/io/nfg_version.hpp>
#include <dag/io/profile_csv.hpp>
#include <dag/problem/catalogue.hpp>

#include <doctest/doctest.h>
#include <support/parsing.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path folder = fs::path(DAG_SHARED_DATA) / "games" / "nfg";

using parsing::has;

std::string refusal(const std::string& text) {
  return parsing::refusal([&] { static_cast<void>(dag::parse_profile_csv(text, "x.csv")); });
}

std::vector<std::string> written(const dag::GameTable& game) {
  std::vector<std::string> texts;
  for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      texts.push_back(dag::written_payoff(game, i, profile).text());
    }
  }
  return texts;
}

const std::string chicken =
    "strategy of R,strategy of C,payoff of R,payoff of C\n"
    "dare,dare,0,0\nyield,dare,2,7\ndare,yield,7,2\nyield,yield,6,6.50\n";

}  // namespace

TEST_CASE("a list of profiles is the game, in any order") {
  const dag::GameTable game = dag::parse_profile_csv(chicken);
  CHECK(game.sizes == std::vector<std::size_t>{2, 2});
  CHECK(game.players == std::vector<std::string>{"R", "C"});
  CHECK(game.labels[1] == std::vector<std::string>{"dare", "yield"});
  CHECK(game.payoffs[0] == std::vector<double>{0, 2, 7, 6});
  CHECK(game.payoffs[1] == std::vector<double>{0, 7, 2, 6.5});
  CHECK(dag::written_payoff(game, 1, 3).text() == "6.50");
  CHECK(dag::format_profile_csv(game) == chicken);
  const dag::GameTable other = dag::parse_profile_csv(
      "# comment\n\n\"strategy of R\" , strategy of C,payoff of R,payoff of C\r\n"
      "dare,dare,0,0\nyield,yield,6,6.50\n\"yield\",dare,2,7\n dare , yield,7,2");
  CHECK(other == game);
}

TEST_CASE("names with commas and quotes come back; without names strategies are numbers") {
  dag::GameTable game = dag::named_game("chicken");
  game.players = {"the \"row\", one", ""};
  game.labels = {{"a,b", "\"q\""}, {" blank\xC2\xA0", "#"}};
  const std::string once = dag::format_profile_csv(game);
  const dag::GameTable again = dag::parse_profile_csv(once);
  CHECK(again.players == game.players);
  CHECK(again.labels == game.labels);
  CHECK(again.payoffs == game.payoffs);
  game.labels = {{"same", "same"}, {"x", "y"}};
  CHECK(dag::parse_profile_csv(dag::format_profile_csv(game)).labels[0] ==
        std::vector<std::string>{"1", "2"});
  game.labels.clear();
  CHECK(dag::parse_profile_csv(dag::format_profile_csv(game)).labels.empty());
  game.players[0] = "two\nlines";
  CHECK_THROWS_WITH_AS(static_cast<void>(dag::format_profile_csv(game)),
                       doctest::Contains("line break"), dag::Error);
}

TEST_CASE("the minus of typeset text is one, as in a matrix") {
  const auto game = dag::parse_profile_csv(
      "strategy of R,payoff of R\na,\xE2\x88\x92"
      "3/2\n");
  CHECK(game.payoffs[0] == std::vector<double>{-1.5});
  CHECK(dag::written_payoff(game, 0, 0).text() == "-3/2");
}

TEST_CASE("refusals name the line and the text") {
  CHECK(has(refusal(""), "x.csv:1: expected a header"));
  CHECK(has(refusal("strategy of R,payoff of C\n1,1\n"), "x.csv:1"));
  CHECK(has(refusal("strategy of R,payoff of R,extra\n1,1,1\n"), "x.csv:1"));
  CHECK(has(refusal("strategy of R,payoff of R\n"), "a line a profile"));
  CHECK(has(refusal(chicken + "dare,dare,1,1\n"), "x.csv:6: this profile stands in a line before"));
  CHECK(has(refusal(chicken + "swerve,dare,1,1\n"), "some are missing"));
  CHECK(has(refusal(chicken + "swerve,dare,1\n"), "x.csv:6: expected 2 strategies"));
  CHECK(has(refusal("strategy of R,payoff of R\na,nan\n"), "x.csv:2: column 2: expected a payoff"));
  CHECK(has(refusal("strategy of R,payoff of R\na,1/0\n"), "found '1/0'"));
  CHECK(has(refusal("strategy of R,payoff of R\n,1\n"), "expected a strategy"));
  CHECK(has(refusal("strategy of R,payoff of R\n\"a,1\n"), "quote is not closed"));
  CHECK(has(refusal("strategy of R,payoff of R\n\"a\"b,1\n"), "expected a comma"));
  CHECK(has(refusal(std::string("strategy of R,payoff of R\na,\0", 29)), "NUL"));
  CHECK(dag::is_profile_csv("# c\n\n\"strategy of R\",payoff of R\n"));
  CHECK_FALSE(dag::is_profile_csv("1,2\n3,4\n"));
  CHECK_FALSE(dag::is_profile_csv(""));
}

TEST_CASE("every real file and named game survives each form, number for number") {
  std::vector<dag::GameTable> games;
  for (const dag::CatalogueEntry& entry : dag::catalogue()) {
    games.push_back(dag::named_game(entry.example));
  }
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      games.push_back(dag::read_nfg(entry.path().string()));
    }
  } else {
    MESSAGE("skipped: no files in ", folder.string());
  }
  for (const dag::GameTable& game : games) {
    CAPTURE(game.title);
    const std::string list = dag::format_profile_csv(game);
    const dag::GameTable listed = dag::parse_profile_csv(list);
    CHECK(written(listed) == written(game));
    CHECK(listed.sizes == game.sizes);
    CHECK(dag::format_profile_csv(listed) == list);
    const dag::GameTable outcomes = dag::with_outcomes(dag::with_payoffs(game));
    CHECK(written(outcomes) == written(game));
    CHECK(outcomes.outcomes.size() <= game.profile_count());
    const std::string text = dag::format_nfg(outcomes);
    CHECK(dag::format_nfg(dag::parse_nfg(text)) == text);
    CHECK(written(dag::parse_nfg(text)) == written(game));
    const std::string payoffs = dag::format_nfg(dag::with_payoffs(outcomes));
    CHECK(written(dag::parse_nfg(payoffs)) == written(game));
    CHECK(dag::format_nfg(dag::parse_nfg(payoffs)) == payoffs);
  }
}

TEST_CASE("mutated lists are read or refused, never more") {
  dag::RandomStream random(8, 0);
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string text = parsing::mutated(chicken, "\",;\n #1/e-.a\xFF", random);
    try {
      dag::validate(dag::parse_profile_csv(text, "mutant"));
      ++accepted;
    } catch (const dag::Error& error) {
      CHECK(has(error.what(), "mutant:"));
    }
  }
  CHECK(accepted > 50);
}
