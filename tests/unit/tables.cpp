// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Payoff tables as people have them: what is read as what, and what is refused rather than guessed.
// JSON texts and printable text, whose limits the readers share.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <dag/io/csv.hpp>
#include <dag/io/json_text.hpp>
#include <dag/io/printable.hpp>

namespace {

using Payoffs = std::vector<double>;

template <class Run>
std::string refusal(Run&& run) {
  try {
    run();
  } catch (const dag::Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string refused(const std::string& text) {
  return refusal([&] { (void)dag::parse_csv(text, "t"); });
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("forms of one zero-sum matrix") {
  const Payoffs want{5, -7, -6, 8};  // column by column
  for (const char* text :
       {"5,-6\n-7,8\n", "5;-6\n-7;8", "5 -6\n-7 8\n", "5\t-6\n-7\t8\n", ",0,1\n0,5,-6\n1,-7,8\n",
        "\"\",\"0\",\"1\"\n\"0\",5,-6\n\"1\",-7,8\n", "\t0\t1\n0\t5\t-6\n1\t-7\t8\n",
        "\xEF\xBB\xBF"
        "5,-6\r\n-7,8\r\n",
        "5,\xE2\x88\x92"
        "6\n\xE2\x88\x92"
        "7,8\n",
        "\"5\",\"-6\"\n\"-7\",\"8\"\n", "L,R\n5,-6\n-7,8\n", "\"1\",\"2\"\n5,-6\n-7,8\n",
        "U,5,-6\nD,-7,8\n", "# a comment\n\n5,\xC2\xA0-6\n-7,8\n", "'5', -6\n"}) {
    CAPTURE(text);
    if (text[0] == '\'') {
      CHECK(has(refused(text), "expected a payoff"));
      continue;
    }
    const dag::GameTable game = dag::parse_csv(text, "t");
    CHECK(game.payoffs[0] == want);
    CHECK(game.payoffs[1] == Payoffs{-5, 7, 6, -8});
  }
  const dag::GameTable named = dag::parse_csv(",L,R\n7,5,-6\n9,-7,8\n", "t");
  CHECK(named.labels == std::vector<std::vector<std::string>>{{"7", "9"}, {"L", "R"}});
  CHECK(named.payoffs[0] == want);
}

TEST_CASE("pairs are the payoffs of both players") {
  for (const char* text :
       {"\"3,3\",\"0,5\"\n\"5,0\",\"1,1\"\n", "(3,3),(0,5)\n(5,0),(1,1)\n",
        "(3,3) (0,5)\n(5, 0) (1,1)\n", "(3;3);(0;5)\n(5;0);(1;1)\n", "(3,3)\t(0,5)\n(5,0)\t(1,1)\n",
        ",C,D\nC,\"3,3\",\"0,5\"\nD,\"5,0\",\"1,1\"\n",
        "\"(3, 3)\";\"(0, 5)\"\n\"(5,0)\";\"1,1\"\n"}) {
    CAPTURE(text);
    const dag::GameTable game = dag::parse_csv(text, "t");
    CHECK(game.sizes == std::vector<std::size_t>{2, 2});
    CHECK(game.payoffs[0] == Payoffs{3, 5, 0, 1});
    CHECK(game.payoffs[1] == Payoffs{3, 0, 5, 1});
    CHECK(dag::written_payoff(game, 1, 2).text() == "5");
  }
  // One pair that is no number with a thousands separator says what the others are.
  CHECK(dag::parse_csv("\"3,100\",\"2,5\"\n", "t").payoffs[1] == Payoffs{100, 5});
}

TEST_CASE("two matrices are one game") {
  const auto game = dag::join_matrices(dag::parse_csv("3,0\n5,1\n", "r"),
                                       dag::parse_csv("L,R\n3,5\n0,1\n", "c"), "both");
  CHECK(game.payoffs[0] == Payoffs{3, 5, 0, 1});
  CHECK(game.payoffs[1] == Payoffs{3, 0, 5, 1});
  CHECK(game.labels[1] == std::vector<std::string>{"L", "R"});
  CHECK(has(refusal([] {
              (void)dag::join_matrices(dag::parse_csv("1,2\n", "r"), dag::parse_csv("1\n", "c"),
                                       "b");
            }),
            "1 x 2 and 1 x 1"));
  CHECK(has(refusal([] {
              (void)dag::join_matrices(dag::parse_csv("(1,2)\n", "r"), dag::parse_csv("1\n", "c"),
                                       "b");
            }),
            "give it alone"));
}

TEST_CASE("what may be two things is refused, never guessed") {
  CHECK(has(refused("\"1,000\",2\n\"3,000\",4\n"), "thousands"));
  CHECK(has(refused("\"1,000\",\"2,000\"\n\"3,000\",\"4,000\"\n"), "thousands"));
  CHECK(has(refused("2,\"1,000\"\n3,4\n"), "thousands"));
  CHECK(has(refused("2,\"1,5\"\n3,4\n"), "one number"));
  CHECK(has(refused("\"5\",-6\n\"-7\",8\n"), "a row's name or a payoff"));
  CHECK(has(refused("3,3;0,5\n5,0;1,1\n"), "decimals with a point"));
  CHECK(has(refused("(1,2),3\n"), "a pair as in the first cell"));
  CHECK(has(refused("\xE2\x82\xAC"
                    "5,6\n"),
            "expected a payoff"));  // a currency
  CHECK(has(refused("\xE2\x80\x93"
                    "5,6\n"),
            "expected a payoff"));  // a dash that is no minus
  CHECK(has(refused("1,2\n3\n"), "found 1"));
  CHECK(has(refused("1,,2\n"), "expected a payoff"));
  CHECK(has(refused("nan,1\n"), "expected a payoff"));
  CHECK(has(refused("a,b\n"), "no line with numbers"));
  CHECK(has(refused(""), "no line with numbers"));
}

TEST_CASE("nested JSON has a limit, and what is wrong has a line") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(dag::parse_json(nested(64), "t").size() == 1);
  CHECK(has(refusal([&] { (void)dag::parse_json(nested(65), "t"); }), "t:1: more than 64"));
  CHECK(has(refusal([&] { (void)dag::parse_json("\n" + nested(100000), "t"); }), "t:2: more than"));
  CHECK(dag::parse_json("\"" + std::string(100, '[') + "\\\"[\"", "t").is_string());
  CHECK(has(refusal([&] { (void)dag::parse_json("{\n\"a\": nan}", "t"); }), "t:2: "));
}

TEST_CASE("printable text shows and does nothing else") {
  CHECK(dag::printable("a\x1b[31m\n") == "a\\x1B[31m\\x0A");
  CHECK(dag::printable("a\tb\n", dag::Lines::many) == "a\tb\n");
  CHECK(dag::printable("\x7F\xC2\x9B\xFF") == "\\x7F\\x9B\\xFF");
  CHECK(dag::printable("\xE2\x80\xAE"
                       "evil") == "\\u{202E}evil");
  CHECK(dag::printable("Zürich 中文 −1 😀") == "Zürich 中文 −1 😀");
}
