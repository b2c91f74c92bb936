// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/io/nfg.hpp>

#include <doctest/doctest.h>
#include <support/failing_memory.hpp>
#include <support/parsing.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path data = DAG_SHARED_DATA;

std::vector<fs::path> files_of(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> files;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == extension) {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    MESSAGE("skipped: no ", extension, " files in ", folder.string());
  }
  return files;
}

/// Rows of a csv file without line breaks inside cells.
std::vector<std::vector<std::string>> csv_rows(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    rows.push_back(cells);
  }
  return rows;
}

using parsing::has;

std::string refusal(const std::string& text) {
  return parsing::refusal([&] { static_cast<void>(dag::parse_nfg(text, "x.nfg")); });
}

}  // namespace

TEST_CASE("an allocation that fails, whichever, is an error, never a game with a part missing") {
  const std::string text =
      "NFG 1 R \"a title longer than strings keep in place\" { \"A\" \"B\" } { { \"up\" \"a "
      "strategy of "
      "some length\" } { \"left\" \"middle\" \"right\" } } 1 10 2 20 3 30 4 40 5 50 1/3 0.6";
  const auto read = [&] { return dag::format_nfg(dag::parse_nfg(text, "x.nfg")); };
  CHECK(failing_memory::every_allocation(read, [] { return true; }) > 20);
}

TEST_CASE("both dialects of one game give the same payoffs, first player fastest") {
  const auto payoffs =
      dag::parse_nfg("NFG 1 R \"t\" { \"A\" \"B\" } { 2 3 } 1 10 2 20 3 30, 4 40\n5 50 6 60");
  CHECK(payoffs.sizes == std::vector<std::size_t>{2, 3});
  CHECK(payoffs.payoffs[0] == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(payoffs.payoffs[1] == std::vector<double>{10, 20, 30, 40, 50, 60});
  CHECK(dag::row_major(payoffs, 0) == std::vector<double>{1, 3, 5, 2, 4, 6});
  const auto outcomes = dag::parse_nfg(
      "NFG 1 R \"t\" { \"A\" \"B\" } { { \"a\" \"b\" } { \"c\" \"d\" \"e\" } } \"\" { { \"one\" 1, "
      "10 }\n"
      "{ \"two\" 2 20 } { \"three\" 3,30 } { \"four\" 4 , 40 } { \"\" 5, 50 } { \"\" 6, 60 } }\n"
      "1 2 3 4 5 6");
  CHECK(outcomes.payoffs == payoffs.payoffs);
  CHECK(outcomes.labels[1][2] == "e");
  CHECK(outcomes.outcomes[1].name == "two");
  const auto none =
      dag::parse_nfg("NFG 1 D \"\" { \"A\" } { { \"x\" \"y\" } } { { \"\" 7/2 } } 0 1");
  CHECK(none.decimal_file);
  CHECK(none.payoffs[0] == std::vector<double>{0, 3.5});
  CHECK(dag::written_payoff(none, 0, 1).text() == "7/2");
  CHECK(dag::written_payoff(none, 0, 0).text() == "0");
}

TEST_CASE("quotes, backslashes, line breaks and odd white space") {
  const auto game = dag::parse_nfg(
      "\xEF\xBB\xBFNFG\t1\r\nR\"say \\\"no\\\" to \\alpha \\\\\"{\"A\nB\"\"C\"}{1 "
      "1}\"two\nlines\"\f3/4,\v-.5");
  CHECK(game.title == "say \"no\" to \\alpha \\");
  CHECK(game.players == std::vector<std::string>{"A\nB", "C"});
  CHECK(game.comment == "two\nlines");
  CHECK(game.payoffs[0][0] == 0.75);
  CHECK(game.payoffs[1][0] == -0.5);
  CHECK(dag::parse_nfg(dag::format_nfg(game)) == game);
  // Any text survives.
  dag::RandomStream random(3, 0);
  for (int i = 0; i < 500; ++i) {
    dag::GameTable odd = game;
    odd.title.clear();
    for (std::uint64_t length = random.below(8); length > 0; --length) {
      odd.title += "\\\"a\n{,"[random.below(6)];
    }
    CHECK(dag::parse_nfg(dag::format_nfg(odd)).title == odd.title);
  }
}

TEST_CASE("text that is not UTF-8 is taken as Latin-1") {
  const auto game = dag::parse_nfg("NFG 1 R \"caf\xE9\" { \"\xC3\xA9\" } { 1 } 0");
  CHECK(game.title == "caf\xC3\xA9");
  CHECK(game.players[0] == "\xC3\xA9");
}

TEST_CASE("refusals name the file, the line, the rule and the text") {
  const std::string head = "NFG 1 R \"t\" { \"A\" \"B\" } { 2 2 }\n\n";
  CHECK(refusal(head + "1 1 NaN 2 2 0 3 3") ==
        "x.nfg:3: expected a payoff: not a number (an integer, decimal or fraction is needed), "
        "found 'NaN'");
  CHECK(has(refusal(head + "1 1 1/0 2 2 0 3 3"), "denominator zero, found '1/0'"));
  CHECK(has(refusal(head + "1 2 3 4 5 6 7"), "expected 8 payoffs, got 7, found end of file"));
  CHECK(has(refusal(head + "1 2 3 4 5 6 7 8\n9"), "x.nfg:4: text after the last payoff"));
  CHECK(has(refusal(head + "1 2 3 4,, 5 6 7 8"), "expected a payoff, found ','"));
  CHECK(has(refusal("NFG 1 R \"t"), "quotes around the title are not closed"));
  CHECK(has(refusal("NFG 1 R \"t\" { } { }"), "at least one player"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" } { 2 2 } 1"), "more than 1 players"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" \"B\" } { 2 } 1"), "strategies for 1 players"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" } { 99999999999999999999 } 1"), "found '9999"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" \"B\" } { 65536 65536 } 1"), "cannot fit"));
  CHECK(has(refusal("NFG 1 R \"a\0b\" { \"A\" } { 1 } 1" + std::string(1, '\0')), "found"));
  CHECK(has(refusal(std::string("NFG 1 R \"a\0b\" { \"A\" } { 1 } 1", 28)), "NUL byte"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" \"B\" } { 1 1 } { { \"\" 1 } } 1"),
            "one for each player"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" } { 1 } { { \"\" 1, 2 } } 1"), "expected } after"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" } { 1 } { { \"\" 1 } } -1"), "found '-1'"));
  CHECK(has(refusal("NFG 1 R \"t\" { \"A\" } { 2 } { { \"\" 1 } } 1"),
            "outcomes of 2 profiles, got 1"));
}

TEST_CASE("many players of one strategy cannot blow up memory") {
  std::string text = "NFG 1 R \"t\" {";
  std::string sizes = "} {";
  for (int i = 0; i < 5000; ++i) {
    text += " \"\"";
    sizes += " 1";
  }
  text += " \"\" " + sizes + " 5000 } { } ";
  for (int i = 0; i < 5000; ++i) {
    text += "0 ";
  }
  CHECK(has(refusal(text), "much more memory"));
}

TEST_CASE("write, read, write is the identity on real files") {
  int byte_identical = 0;
  for (const fs::path& path : files_of(data / "games" / "nfg", ".nfg")) {
    CAPTURE(path.string());
    const dag::GameTable game = dag::read_nfg(path.string());
    const std::string once = dag::format_nfg(game);
    const dag::GameTable again = dag::parse_nfg(once, path.string());
    CHECK(again == game);
    CHECK(dag::format_nfg(again) == once);
    byte_identical += once == dag::read_text_file(path.string()) ||
                              once == dag::read_text_file(path.string()) + "\n"
                          ? 1
                          : 0;
  }
  MESSAGE("files whose own bytes come back: ", byte_identical);
}

TEST_CASE("real files are what their index says") {
  const fs::path index = data / "games" / "index.csv";
  if (!fs::exists(index)) {
    MESSAGE("skipped: no ", index.string());
    return;
  }
  for (const auto& row : csv_rows(index)) {
    if (row[1] != "nfg") {
      continue;
    }
    CAPTURE(row[0]);
    const dag::GameTable game = dag::read_nfg((data / "games" / "nfg" / row[0]).string());
    CHECK(std::to_string(game.player_count()) == row[2]);
    std::string sizes;
    for (const std::size_t size : game.sizes) {
      sizes += (sizes.empty() ? "" : ";") + std::to_string(size);
    }
    CHECK(sizes == row[3]);
    CHECK(dag::is_zero_sum(game) == (row[4] == "yes"));
    CHECK(dag::is_constant_sum(game) == (row[5] == "yes"));
    CHECK(game.outcomes.empty() == (row[7] == "payoff"));
  }
}

TEST_CASE("malformed files behave as their manifest says") {
  const fs::path manifest = data / "malformed" / "manifest.csv";
  if (!fs::exists(manifest)) {
    MESSAGE("skipped: no ", manifest.string());
    return;
  }
  int seen = 0;
  for (const auto& row : csv_rows(manifest)) {
    if (row[1] != "nfg") {
      continue;
    }
    CAPTURE(row[0]);
    ++seen;
    const std::string path = (data / "malformed" / row[0]).string();
    std::string message = "accepted";
    try {
      static_cast<void>(dag::read_nfg(path));
    } catch (const dag::Error& error) {
      message = error.what();
      CHECK(has(message, path + ":"));
      MESSAGE(message.substr(message.rfind('/') + 1), "   [", row[3], "]");
    }
    if (row[2] == "reject") {
      CHECK(message != "accepted");
    }
  }
  CHECK(seen > 0);
}

TEST_CASE("mutated real files are read or refused, never more") {
  std::vector<std::string> seeds;
  for (const char* folder : {"games/nfg", "malformed/nfg"}) {
    for (const fs::path& path : files_of(data / folder, ".nfg")) {
      seeds.push_back(dag::read_text_file(path.string()).substr(0, 2000));
    }
  }
  if (seeds.empty()) {
    seeds.push_back("NFG 1 R \"t\" { \"A\" \"B\" } { 2 2 }\n\n1 1 0 2 2 0 3 3");
    seeds.push_back("NFG 1 R \"t\" { \"A\" } { { \"x\" \"y\" } } \"c\" { { \"o\" 1/2 } } 0 1");
  }
  const char* const pieces[] = {"{",     "}",   "\"",  "\\",       ",",    "/",
                                "e",     "-",   ".",   " ",        "0",    "99999999999",
                                "1e400", "1/0", "nan", "NFG 1 R ", "\xFF", "{ 2 2 }"};
  dag::RandomStream random(4, 0);
  int accepted = 0;
  int refused = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string text = seeds[random.below(seeds.size())];
    for (std::uint64_t edits = 1 + random.below(3); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random.below(text.size());
      switch (random.below(5)) {
        case 0: text.erase(at, 1 + random.below(4)); break;
        case 1: text.insert(at, pieces[random.below(std::size(pieces))]); break;
        case 2: text[at] = static_cast<char>(random.below(256)); break;
        case 3: text.resize(at); break;
        default: text.insert(at, text.substr(random.below(text.size()), random.below(20))); break;
      }
    }
    try {
      const dag::GameTable game = dag::parse_nfg(text, "mutant");
      const std::string once = dag::format_nfg(game);
      const bool same = dag::format_nfg(dag::parse_nfg(once)) == once;
      CHECK(same);
      static_cast<void>(dag::payoff_sum(game));
      ++accepted;
    } catch (const dag::Error& error) {
      const bool located = has(error.what(), "mutant:");
      CHECK(located);
      ++refused;
    }
  }
  CHECK(accepted > 100);
  CHECK(refused > 100);
}

TEST_CASE("payoff sums are classified on the numbers as written") {
  const auto kind = [](const std::string& body) {
    return dag::payoff_sum(dag::parse_nfg("NFG 1 R \"\" { \"A\" \"B\" } { 2 2 } " + body)).kind;
  };
  CHECK(kind("1 -1 2 -2 0 0 -1/3 1/3") == dag::SumKind::zero);
  CHECK(kind("0.1 -1/10 2 -2 0 -0 1e1 -10") == dag::SumKind::zero);
  CHECK(kind("1 1 2 0 0 2 1/3 5/3") == dag::SumKind::constant);
  CHECK(kind("10000000000000000001 -1e19 1 0 0 1 1 0") == dag::SumKind::constant);
  CHECK(kind("10000000000000000001 -1e19 1 0 0 1 0 0") == dag::SumKind::general);
  // 8.1235 was cut to four places against 8.12346: fits within one unit of the last place each.
  CHECK(kind("8.1235 -8.1235 3.3333 -3.3334 0 0 6.6667 -6.6666") == dag::SumKind::rounded_constant);
  CHECK(kind("8.1235 -8.1235 3.3333 -3.3337 0 0 6.6667 -6.6666") == dag::SumKind::general);
  // Within the last places, but far too coarse for the range: a general-sum game.
  CHECK(kind("0.5 0.5 0.6 0.5 0.4 0.5 0.5 0.4") == dag::SumKind::general);
  const auto three = dag::payoff_sum(
      dag::parse_nfg("NFG 1 R \"\" { \"A\" \"B\" \"C\" } { 2 1 1 } 0.1 0.2 -0.3 1/3 1/3 -2/3"));
  CHECK(three.kind == dag::SumKind::zero);
  const auto mixed = dag::payoff_sum(
      dag::parse_nfg("NFG 1 R \"\" { \"A\" \"B\" } { 2 1 } 10.001 -5.001 3.000 1.999"));
  CHECK(mixed.kind == dag::SumKind::rounded_constant);
  CHECK(mixed.constant == doctest::Approx(4.9995));
  CHECK(mixed.spread == doctest::Approx(0.001));
}

TEST_CASE("tables are checked, measured and built from matrices") {
  dag::GameTable game = dag::zero_sum_table("m", 2, 3, {1, 2, 3, -4, 5, 6});
  CHECK(dag::row_major(game, 0) == std::vector<double>{1, 2, 3, -4, 5, 6});
  CHECK(dag::is_zero_sum(game));
  CHECK(dag::payoff_range(game) == 10.0);
  CHECK(dag::parse_nfg(dag::format_nfg(game)).payoffs == game.payoffs);
  std::vector<std::size_t> profile(2, 0);
  std::vector<std::size_t> firsts;
  do {
    firsts.push_back(profile[0]);
  } while (dag::next_profile(game.sizes, profile));
  CHECK(firsts == std::vector<std::size_t>{0, 1, 0, 1, 0, 1});
  game.payoffs[0][0] = std::nan("");
  CHECK_THROWS_AS(dag::validate(game), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::zero_sum_table("m", 2, 3, {1, 2})), dag::Error);
}

TEST_CASE("payoffs whose constant is beyond all digits of a double are measured as written") {
  const auto game_beside = [](const std::string& zeros) {  // 1000...003 and so on
    const auto far = [&](int payoff) { return "1" + zeros + std::to_string(payoff); };
    std::string text = "NFG 1 R \"far\" { \"A\" \"B\" } { 2 2 }";
    for (const int payoff : {3, 1, 0, 0, 0, 7, 5, 4}) {
      text += " " + (zeros.empty() ? std::to_string(payoff) : far(payoff));
    }
    return dag::parse_nfg(text);
  };
  const dag::GameTable near = game_beside("");
  const dag::MixedProfile profile{{0.3, 0.7}, {0.9, 0.1}};
  const dag::RegretReport want = dag::certify(near, profile);
  REQUIRE(want.regrets[1] > 0.1);
  for (const std::size_t zeros : {15U, 16U, 17U, 29U, 40U, 299U}) {
    CAPTURE(zeros);
    const dag::GameTable far = game_beside(std::string(zeros, '0'));
    CHECK(dag::payoff_range(far) == 7.0);
    CHECK(dag::payoff_range(far, 0) == 5.0);
    CHECK(dag::payoff_sum(far).kind == dag::SumKind::general);
    CHECK(dag::payoff_sum(far).spread == 9.0);
    const dag::RegretReport report = dag::certify(far, profile);
    CHECK(report.relative == doctest::Approx(want.relative).epsilon(1e-14));
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(report.regrets[i] == doctest::Approx(want.regrets[i]).epsilon(1e-14));
      CHECK(report.payoffs[i] ==
            doctest::Approx(std::pow(10.0, static_cast<double>(zeros + 1))).epsilon(1e-14));
    }
  }
  // Beside a range beyond doubles every gap would be 0.
  const dag::GameTable wide =
      dag::parse_nfg("NFG 1 R \"\" { \"A\" \"B\" } { 2 1 } -9e307 1 9e307 2");
  CHECK_THROWS_WITH_AS(
      static_cast<void>(dag::payoff_range(wide)),
      "GameTable: the payoffs of player 1 go from -9e+307 to 9e+307, which is further "
      "apart than a double can hold",
      dag::Error);
  CHECK(dag::payoff_sum(wide).kind == dag::SumKind::general);
  // Player 2's payoffs take player 1's back but for small integers, which were not rounded.
  const dag::PayoffSum odd = dag::payoff_sum(
      dag::parse_nfg("NFG 1 R \"\" { \"A\" \"B\" } { 2 1 } 100000000000000000003 0.5 "
                     "100000000000001000000 -1000000.5"));
  CHECK(odd.kind == dag::SumKind::general);
}

TEST_CASE("files are written whole or not at all") {
  const fs::path path = fs::temp_directory_path() / "dag_nfg_test.nfg";
  const dag::GameTable game = dag::zero_sum_table("m", 1, 2, {0.1, -2});
  dag::write_nfg(path.string(), game);
  CHECK(dag::read_nfg(path.string()).payoffs == game.payoffs);
  fs::remove(path);
  CHECK_THROWS_AS(dag::write_nfg("/no/such/folder/x.nfg", game), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::read_nfg("/no/such/file.nfg")), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::read_nfg(fs::temp_directory_path().string())), dag::Error);
}
