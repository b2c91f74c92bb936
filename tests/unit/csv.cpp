// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/io/csv.hpp>

#include <doctest/doctest.h>
#include <support/parsing.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace {

using parsing::has;

std::string refusal(const std::string& text) {
  return parsing::refusal([&] { static_cast<void>(dag::parse_csv(text, "x.csv")); });
}

}  // namespace

TEST_CASE("every separator gives the same matrix") {
  for (const char* text :
       {"1,2/3,-3\n4,.5,6\n", "1;2/3;-3\r\n4;.5;6", "1\t2/3\t-3\n4\t.5\t6\n",
        "  1 2/3   -3 \n\n4 .5 6", "# a; comment, here\n1, 2/3, -3\n# another\n4, .5, 6\n",
        "\xEF\xBB\xBF"
        "1,2/3,-3\n4,.5,6\n"}) {
    CAPTURE(text);
    const dag::GameTable game = dag::parse_csv(text);
    CHECK(dag::row_major(game, 0) == std::vector<double>{1, 2.0 / 3.0, -3, 4, 0.5, 6});
    CHECK(dag::is_zero_sum(game));
    CHECK(dag::written_payoff(game, 1, 2).text() == "-2/3");
    CHECK(game.labels.empty());
  }
}

TEST_CASE("headers and row names") {
  const dag::GameTable both =
      dag::parse_csv("me,rock,\"paper; \",scissors\nrock,0,-1,1\npaper,1,0,-1\n");
  CHECK(both.labels[0] == std::vector<std::string>{"rock", "paper"});
  CHECK(both.labels[1] == std::vector<std::string>{"rock", "paper; ", "scissors"});
  const dag::GameTable columns = dag::parse_csv("a b\n1 2\n3 4\n");
  CHECK(columns.labels[0] == std::vector<std::string>{"1", "2"});
  CHECK(columns.labels[1] == std::vector<std::string>{"a", "b"});
  const dag::GameTable rows = dag::parse_csv("x;1\ny;2\n");
  CHECK(rows.labels[0] == std::vector<std::string>{"x", "y"});
  CHECK(rows.sizes == std::vector<std::size_t>{2, 1});
}

TEST_CASE("written text reads back to the same game") {
  for (const char* text : {"1,2/3\n-4e2,.50\n", "me,\"1\",\"b, c\"\nr;1,0,-1\ns,1,0\n", "7\n"}) {
    const dag::GameTable game = dag::parse_csv(text, "n");
    const std::string once = dag::format_csv(game);
    const dag::GameTable again = dag::parse_csv(once, "n");
    CHECK(again == game);
    CHECK(dag::format_csv(again) == once);
  }
  dag::GameTable named = dag::parse_csv("\"\",\"the \"\"q\"\", b\"\n\"\"\"r\"\"\",1\n");
  CHECK(named.labels[0] == std::vector<std::string>{"\"r\""});
  CHECK(named.labels[1] == std::vector<std::string>{"the \"q\", b"});
  CHECK(dag::parse_csv(dag::format_csv(named)).labels == named.labels);
  named.labels[0][0] = "two\nlines";
  CHECK_THROWS_AS(static_cast<void>(dag::format_csv(named)), dag::Error);
  dag::GameTable general = dag::zero_sum_table("g", 1, 2, {1, 2});
  general.payoffs[1][0] = 5;
  CHECK_THROWS_AS(static_cast<void>(dag::format_csv(general)), dag::Error);
}

TEST_CASE("files are written whole or not at all") {
  const auto path = (std::filesystem::temp_directory_path() / "dag_csv_test.csv").string();
  const dag::GameTable game = dag::parse_csv(",left,right\nup,1/3,-2\n", path);
  dag::write_csv(path, game);
  CHECK(dag::read_csv(path) == game);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(dag::write_csv("/no/such/folder/x.csv", game), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::read_csv(path)), dag::Error);
}

TEST_CASE("refusals name the line and the text") {
  CHECK(has(refusal(""), "x.csv:1: expected a payoff matrix"));
  CHECK(has(refusal("# nothing\n\n"), "no line with numbers"));
  CHECK(has(refusal("1,2\n3\n"), "x.csv:2: expected 2 payoffs as in the rows before, found 1"));
  CHECK(has(refusal("1,2\n3,\n"), "x.csv:2: column 2: expected a payoff: not a number"));
  CHECK(has(refusal("1,2\n3,nan\n"), "found 'nan'"));
  CHECK(has(refusal("1,-inf\n"), "found '-inf'"));
  CHECK(has(refusal("1,inf\n"), "found 'inf'"));
  CHECK(has(refusal("1,1e999\n"), "beyond the range of double"));
  CHECK(has(refusal("1,1/0\n"), "denominator zero"));
  CHECK(has(refusal("1,5;2,5\n"), "write decimals with a point"));
  CHECK(has(refusal("a,b,c\n1,2\n"), "header names 3 columns") ==
        false);  // the corner may be named
  CHECK(has(refusal("a,b,c,d\n1,2\n"), "header names 4 columns"));
  CHECK(has(refusal("1,\"2\n"), "quote is not closed"));
  CHECK(has(refusal("1,2\nx,3,4\n"), "x.csv:2"));
  CHECK(has(refusal(std::string("1,2\n3,\0", 7)), "x.csv:2: a NUL byte"));
}

TEST_CASE("mutated matrices are read or refused, never more") {
  const std::string seeds[] = {"a,b,c\nx,1,2/3\ny,-4,5e2\n", "1;2\n3;4\n", "1 2 3\n4 5 6\n7 8 9\n",
                               "\"p q\",\"r\"\n1,2\n"};
  dag::RandomStream random(5, 0);
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string text = parsing::mutated(seeds[random.below(4)], "\",;\n #1/e-.a\xFF", random);
    try {
      const dag::GameTable game = dag::parse_csv(text, "mutant");
      dag::validate(game);
      ++accepted;
    } catch (const dag::Error& error) {
      const bool located = has(error.what(), "mutant:");
      CHECK(located);
    }
  }
  CHECK(accepted > 100);
}
