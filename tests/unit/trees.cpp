// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/extensive_builder.hpp>
#include <dag/game/reduced_normal_form.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/io/efg.hpp>
#include <dag/io/nfg.hpp>
#include <dag/problem/tree_catalogue.hpp>

#include <doctest/doctest.h>
#include <support/parsing.hpp>
#include <support/trees.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path data = DAG_SHARED_DATA;

std::vector<fs::path> efg_files(const fs::path& folder) {
  std::vector<fs::path> files;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".efg") {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    MESSAGE("skipped: no .efg files in ", folder.string());
  }
  return files;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

/// The message of a dag::Error with this code, or "accepted".
template <class Action>
std::string error_of(dag::Errc code, Action&& action) {
  try {
    action();
  } catch (const dag::Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  return "accepted";
}

using parsing::has;

}  // namespace

TEST_CASE("a user's own game: matching pennies in a few lines") {
  //! [own_tree]
  dag::ExtensiveBuilder tree({"Row", "Column"}, "Matching pennies");
  const std::vector<std::string> sides{"heads", "tails"};
  const auto after = tree.decision(tree.root(), 0, "row", sides);
  for (std::size_t a = 0; a < 2; ++a) {
    const auto leaves = tree.decision(after[a], 1, "column", sides);  // one set: a is not seen
    for (std::size_t b = 0; b < 2; ++b) {
      const double won = a == b ? 1 : -1;
      tree.payoff(leaves[b], std::vector<double>{won, -won});
    }
  }
  const dag::ExtensiveGame game = tree.finish();
  //! [own_tree]
  CHECK(game.nodes.size() == 7);
  CHECK(game.sets[0].size() == 1);
  CHECK(game.sets[1].size() == 1);
  CHECK(game.outcomes.size() == 2);
  CHECK(dag::payoff_sum(game).kind == dag::SumKind::zero);
  const dag::SequenceForm form = dag::sequence_form(game);
  const dag::TreeReport report = dag::certify(game, form, dag::uniform_behavior(game));
  CHECK(report.regret.nash_conv == 0);
  const auto normal = dag::reduced_normal_form(game, form);
  CHECK(normal.table.sizes == std::vector<std::size_t>{2, 2});
  CHECK(normal.table.payoffs[0] == std::vector<double>{1, -1, -1, 1});
  CHECK(normal.table.labels[1][1] == "tails");
}

TEST_CASE("the builder refuses what makes no game") {
  using Tree = dag::ExtensiveBuilder;
  const auto refuse = [](auto&& action) { return error_of(dag::Errc::invalid_argument, action); };
  CHECK(has(refuse([] { Tree({"A"}).decision(0, 1, "x", {"a"}); }), "player 2 moves"));
  CHECK(has(refuse([] {
              Tree tree({"A"});
              tree.decision(0, 0, "x", {"a"});
              tree.decision(0, 0, "y", {"a"});
            }),
            "moves already"));
  CHECK(has(refuse([] {
              Tree tree({"A"});
              const auto next = tree.decision(0, 0, "x", {"a", "b"});
              tree.decision(next[0], 0, "x", {"c"});
            }),
            "comes again with other actions"));
  CHECK(has(error_of(dag::Errc::not_a_distribution,
                     [] {
                       Tree tree({"A"});
                       tree.chance(0, {"a", "b"}, {dag::Number(0.5), dag::Number(0.25)});
                       static_cast<void>(tree.finish());
                     }),
            "add up to 0.75"));
  CHECK(has(error_of(dag::Errc::dimension_mismatch,
                     [] {
                       Tree({"A"}).payoff(0, std::vector<double>{1, 2});
                     }),
            "2 payoffs for 1"));
}

TEST_CASE("all .efg files: read, written, read again; sets, nodes and recall as the index says") {
  std::ifstream index(data / "games" / "index.csv");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(index, line);) {
    rows.push_back(cells_of(line));
  }
  for (const fs::path& path : efg_files(data / "games" / "efg")) {
    CAPTURE(path.filename().string());
    const dag::ExtensiveGame game = dag::read_efg(path.string());
    const std::string once = dag::format_efg(game);
    const dag::ExtensiveGame again = dag::parse_efg(once);
    CHECK(again == game);
    CHECK(dag::format_efg(again) == once);
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& cells) {
      return cells[0] == path.filename().string();
    });
    REQUIRE(row != rows.end());
    // file, kind, players, strategies, zero_sum, constant_sum, source, dialect, sets, nodes,
    // chance, imperfect, recall
    CHECK(std::to_string(game.player_count()) == (*row)[2]);
    std::string sets;
    for (const auto& list : game.sets) {
      sets += (sets.empty() ? "" : ";") + std::to_string(list.size());
    }
    CHECK(sets == (*row)[8]);
    CHECK(std::to_string(game.nodes.size()) == (*row)[9]);
    const std::string recall =
        error_of(dag::Errc::unsupported, [&] { static_cast<void>(dag::sequence_form(game)); });
    CHECK((recall == "accepted") == ((*row)[12] == "yes"));
    if (recall != "accepted") {
      CHECK(has(recall, "information set"));
      CHECK((has(recall, "absent-minded") || has(recall, "perfect recall")));
    }
    const dag::SumKind kind = dag::payoff_sum(game).kind;
    CHECK((kind == dag::SumKind::zero) == ((*row)[4] == "yes"));
    CHECK((kind != dag::SumKind::general) == ((*row)[5] == "yes"));
  }
}

TEST_CASE("malformed .efg files behave as their manifest says") {
  std::ifstream manifest(data / "malformed" / "manifest.csv");
  int seen = 0;
  for (std::string line; std::getline(manifest, line);) {
    const std::vector<std::string> row = cells_of(line);
    if (row.size() < 3 || row[1] != "efg") {
      continue;
    }
    ++seen;
    CAPTURE(row[0]);
    const std::string path = (data / "malformed" / row[0]).string();
    const std::string message = parsing::refusal([&] { static_cast<void>(dag::read_efg(path)); });
    if (message != "accepted") {
      CHECK(has(message, path + ":"));
    }
    if (row[2] == "reject") {
      CHECK(message != "accepted");
    }
  }
  if (seen == 0) {
    MESSAGE("skipped: no manifest in ", data.string());
  }
}

TEST_CASE("a refusal names the line and the rule") {
  const auto refusal = [](const std::string& body) {
    return parsing::refusal([&] {
      static_cast<void>(dag::parse_efg("EFG 2 R \"t\" { \"A\" \"B\" }\n" + body, "f.efg"));
    });
  };
  CHECK(has(refusal("p \"\" 1 1 \"i\" { \"a\" \"b\" } 0\nt \"\" 1 \"x\" { 1, 2 }\n"),
            "f.efg:4: expected the child of action 2 of 2"));
  CHECK(has(refusal("t \"\" 1 \"x\" { 1, 2, 3 }"),
            "f.efg:2: an outcome needs 2 payoffs, one a player, and has 3"));
  CHECK(has(refusal("t \"\" 1 \"x\" { 1 }"), "has 1"));
  CHECK(has(refusal("t \"\" 1 \"x\" { 1,, 2 }"), "expected a payoff"));
  CHECK(
      has(refusal("c \"\" 1 \"c\" { \"a\" 1/2 \"b\" 1/3 } 0"), "must add up to 1, these to 0.83"));
  CHECK(has(refusal("p \"\" 1 1 0"), "used before its actions are given"));
  CHECK(has(refusal("t \"\" 0 \"x\" { 1, 2 }"), "outcome 0 means none"));
  CHECK(has(refusal("t \"\" 1 \"x\" { 1e999, 2 }"), "beyond the range of double"));
}

TEST_CASE(
    "known sets and outcomes need no second description; numbers of sets are a player's own") {
  const dag::ExtensiveGame game = dag::parse_efg(
      "EFG 2 D \"t\" { \"A\" \"B\" } \"say \\\"{\\\"\"\n"
      "p \"\" 1 7 \"x\" { \"l\" \"r\" } 3 \"inner\" { 1/2 , -1/2 }\n"
      "p \"n\" 2 7 \"y\" { \"u\" \"d\" } 0\nt \"\" 9 { 1, -1 }\nt \"\" 0\n"
      "p \"\" 2 7 0\nt \"\" 9\nt \"\" 0\n");
  CHECK(game.comment == "say \"{\"");
  CHECK(game.sets[0].size() == 1);
  CHECK(game.sets[1].size() == 1);
  CHECK(game.sets[1][0].number == 7);
  const dag::SequenceForm form = dag::sequence_form(game);
  // The inner outcome counts for every play.
  const auto report = dag::certify(game, form, dag::uniform_behavior(game));
  CHECK(report.regret.payoffs[0] == doctest::Approx(1.0));
  CHECK(dag::parse_efg(dag::format_efg(game)) == game);
}

TEST_CASE("payoffs of plays whose constant is beyond all digits of a double are as written") {
  // Player 2 prefers the second move by 4, which a sum in doubles does not see; a constant may lie
  // on an inner node and be taken back below.
  const auto tree = [](const std::string& root, const std::string& low, const std::string& high) {
    return dag::parse_efg(
        "EFG 2 R \"far\" { \"A\" \"B\" }\np \"\" 2 1 \"\" { \"a\" \"b\" } 1 \"\" { 0 " + root +
        " }\nt \"\" 2 \"\" { 0 " + low +
        " }\np \"\" 1 1 \"\" { \"c\" \"d\" } 0\nt \"\" 3 \"\" { 1 " + high +
        " }\nt \"\" 4 \"\" { 0 " + high + " }\n");
  };
  const std::string zeros(40, '0');
  const std::vector<dag::ExtensiveGame> games{
      tree("0", "999999999999998", "1000000000000002"),
      tree("0", "100000000000000001", "100000000000000005"),
      tree("0", "1" + zeros + "1", "1" + zeros + "5"), tree("1" + zeros, "1", "5"),
      tree("1" + zeros, "-1" + zeros, "-9" + zeros.substr(1) + "6")};
  for (std::size_t k = 0; k < games.size(); ++k) {
    CAPTURE(k);
    const dag::ExtensiveGame& game = games[k];
    const dag::PayoffSum sum = dag::payoff_sum(game);
    CHECK(sum.kind == dag::SumKind::general);
    const dag::SequenceForm form = dag::sequence_form(game);
    if (k + 1 < games.size()) {
      CHECK(sum.spread == 5.0);
      CHECK(form.range() == 4.0);
      const dag::TreeReport report = dag::certify(game, form, dag::uniform_behavior(game));
      CHECK(report.regret.regrets == std::vector<double>{0.25, 2.0});
      CHECK(form.relative(report.regret.regrets) == 0.75);
      CHECK(report.best_responses[1][0][1] == 1.0);
      const dag::GameTable table = dag::reduced_normal_form(game, form).table;
      CHECK(dag::payoff_range(table) == 4.0);
      CHECK(dag::certify(table, {{0.5, 0.5}, {0.5, 0.5}}).regrets == report.regret.regrets);
      CHECK(dag::parse_nfg(dag::format_nfg(table)).numbers == table.numbers);
      const std::vector<std::string> low{"999999999999998", "100000000000000001",
                                         "1" + zeros + "1"};
      if (k < low.size()) {
        CHECK(dag::written_payoff(table, 1, 0).text() == low[k]);
      }
    }
  }
  // What was rounded is still one sum: by the range of the payoffs, not by their distance from 0.
  const auto kind = [](const std::string& a, const std::string& b) {
    return dag::payoff_sum(
               dag::parse_efg("EFG 2 R \"\" { \"A\" \"B\" }\np \"\" 1 1 \"\" { \"a\" \"b\" } 0\n"
                              "t \"\" 1 \"\" { " +
                              a + " }\nt \"\" 2 \"\" { " + b + " }\n"))
        .kind;
  };
  CHECK(kind("3.333 -3.334", "6 -6") == dag::SumKind::rounded_constant);
  CHECK(kind("3.333 999996.667", "6 999994") == dag::SumKind::constant);
  CHECK(kind("3.334 999996.667", "6 999994") == dag::SumKind::rounded_constant);
  CHECK(kind("1000000.1 0.2", "1000000.2 0.3") == dag::SumKind::general);
  CHECK(kind("1 -1", "2 -2") == dag::SumKind::zero);
}

TEST_CASE("a relative gap has no unit, not even the least one that doubles have") {
  const auto relative = [](const std::string& unit) {
    const auto end = [&](int k, int payoff) {
      return "t \"\" " + std::to_string(k) + " \"\" { " + std::to_string(payoff) + unit + " " +
             std::to_string(-payoff) + unit + " }\n";
    };
    const dag::ExtensiveGame game =
        dag::parse_efg("EFG 2 R \"\" { \"A\" \"B\" }\np \"\" 2 1 \"\" { \"a\" \"b\" } 0\n" +
                       end(1, -9) + "p \"\" 1 1 \"\" { \"c\" \"d\" } 0\n" + end(2, -3) + end(3, 6));
    const dag::SequenceForm form = dag::sequence_form(game);
    const dag::BehaviorProfile near{{{0.5e-3, 0.9995}}, {{1 - 1e-6, 1e-6}}};
    return dag::certify(game, form, near).regret.relative;
  };
  REQUIRE(relative("") == doctest::Approx(1e-6).epsilon(0.01));
  CHECK(relative("e300") == doctest::Approx(relative("")).epsilon(1e-12));
  CHECK(relative("e-300") == doctest::Approx(relative("")).epsilon(1e-12));
  CHECK(relative("e-320") == doctest::Approx(relative("")).epsilon(1e-3));
}

TEST_CASE("deep trees are read, taken apart and written without recursion") {
  const std::size_t depth = 50000;
  std::string text = "EFG 2 R \"deep\" { \"A\" \"B\" }\n";
  for (std::size_t d = 0; d < depth; ++d) {
    text += "p \"\" " + std::to_string(d % 2 + 1) + " " + std::to_string(d + 1) +
            " \"\" { \"go\" } 0\n";
  }
  text += "t \"\" 1 \"\" { 1, 2 }\n";
  const dag::ExtensiveGame game = dag::parse_efg(text);
  const dag::SequenceForm form = dag::sequence_form(game);
  CHECK(form.shape.depth(0) == depth / 2);
  CHECK(dag::certify(game, form, dag::uniform_behavior(game)).regret.payoffs[1] == 2.0);
  CHECK(dag::format_efg(dag::parse_efg(dag::format_efg(game))) == dag::format_efg(game));
}

TEST_CASE("mutated files are read or refused, never more") {
  std::vector<std::string> seeds;
  for (const char* folder : {"games/efg", "malformed/efg"}) {
    for (const fs::path& path : efg_files(data / folder)) {
      seeds.push_back(dag::read_text_file(path.string()).substr(0, 1200));
    }
  }
  seeds.push_back(dag::format_efg(dag::kuhn_poker_tree()).substr(0, 1500));
  dag::RandomStream random(4, 0);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string text =
        parsing::mutated(seeds[random.below(seeds.size())], "{}\"\\,/e-. 019ctpx\n\xFF", random);
    try {
      const dag::ExtensiveGame game = dag::parse_efg(text, "mutant");
      const std::string once = dag::format_efg(game);
      const bool same = dag::format_efg(dag::parse_efg(once)) == once;
      CHECK(same);
      ++accepted;
    } catch (const dag::Error& error) {
      CHECK(error.code() == dag::Errc::parse);
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("named trees have the sizes that the literature gives") {
  const auto sets = [](const char* name) {
    const dag::ExtensiveGame game = dag::named_tree(name);
    std::size_t count = 0;
    for (const auto& list : game.sets) {
      count += list.size();
    }
    return count;
  };
  CHECK(sets("kuhn_poker") == 12);
  CHECK(sets("kuhn_poker:3") == 48);
  CHECK(sets("leduc_poker") == 288);
  CHECK(sets("leduc_poker:936") == 936);
  CHECK(sets("liars_dice:4") == 1024);
  CHECK(sets("sequential_matching_pennies") == 10);
  for (const dag::TreeEntry& entry : dag::tree_catalogue()) {
    CAPTURE(entry.name);
    const dag::ExtensiveGame game = dag::named_tree(entry.example);
    CHECK(dag::payoff_sum(game).kind == dag::SumKind::zero);
    CHECK(dag::parse_efg(dag::format_efg(game)) == game);
    CHECK(dag::named_tree(entry.example) == game);
  }
  CHECK(has(error_of(dag::Errc::invalid_argument,
                     [] { static_cast<void>(dag::named_tree("kuhn_poker:9")); }),
            "2 to 6 players"));
  CHECK(has(error_of(dag::Errc::invalid_argument,
                     [] { static_cast<void>(dag::named_tree("goofspiel")); }),
            "does not follow its form"));
}

TEST_CASE("sequence form, tree and reduced normal form agree on payoffs and regrets") {
  dag::RandomStream random(11, 0);
  std::vector<dag::ExtensiveGame> games{dag::kuhn_poker_tree(2), dag::named_tree("goofspiel:3"),
                                        dag::named_tree("liars_dice:2")};
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    games.push_back(dag::random_tree({.depth = 5,
                                      .branching = 2,
                                      .merging = 0.5,
                                      .players = 1 + seed % 3,
                                      .zero_sum = false,
                                      .seed = seed}));
  }
  for (const fs::path& path : efg_files(data / "games" / "efg")) {
    try {
      dag::ExtensiveGame game = dag::read_efg(path.string());
      static_cast<void>(dag::sequence_form(game));
      games.push_back(std::move(game));
    } catch (const dag::Error&) {  // without perfect recall
    }
  }
  int compared = 0;
  for (const dag::ExtensiveGame& game : games) {
    CAPTURE(game.title);
    const dag::SequenceForm form = dag::sequence_form(game);
    const double scale = 1e-12 * (1 + std::max(form.range(), std::abs(form.most[0])));
    const dag::BehaviorProfile profile = test::random_behavior(game, random);
    const dag::TreeReport report = dag::certify(game, form, profile);
    const std::vector<double> walked = test::expected_payoffs(game, profile);
    for (std::size_t i = 0; i < walked.size(); ++i) {
      CHECK(std::abs(walked[i] - report.regret.payoffs[i]) <= scale);
      // The best response earns what it says.
      dag::BehaviorProfile deviation = profile;
      deviation[i] = report.best_responses[i];
      CHECK(std::abs(test::expected_payoffs(game, deviation)[i] - report.best_payoffs[i]) <= scale);
    }
    const std::vector<double> plan = dag::plan_of(form, profile);
    CHECK(dag::behavior_of(game, form, plan).size() == profile.size());
    const std::vector<std::size_t> counts = dag::reduced_strategy_counts(form, 3000);
    if (dag::detail::bounded_product(counts, 3000) > 3000) {
      continue;
    }
    ++compared;
    const dag::ReducedNormalForm normal = dag::reduced_normal_form(game, form);
    CHECK(normal.table.sizes == counts);
    dag::MixedProfile mixed;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      mixed.emplace_back();
      double sum = 0;
      for (std::size_t s = 0; s < counts[i]; ++s) {
        mixed.back().push_back(random.uniform());
        sum += mixed.back().back();
      }
      for (double& p : mixed.back()) {
        p /= sum;
      }
    }
    const std::vector<double> same = dag::plan_of(form, normal, mixed);
    const dag::RegretReport expected = dag::certify(normal.table, mixed);
    const dag::TreeReport found = dag::certify(game, form, std::span<const double>(same));
    for (std::size_t i = 0; i < counts.size(); ++i) {
      CHECK(std::abs(expected.payoffs[i] - found.regret.payoffs[i]) <= scale);
      CHECK(std::abs(expected.regrets[i] - found.regret.regrets[i]) <= scale);
    }
  }
  CHECK(compared >= 10);
}

TEST_CASE("imperfect recall is refused by name") {
  dag::ExtensiveBuilder forgetful({"A"});
  const auto first = forgetful.decision(forgetful.root(), 0, "first", {"l", "r"});
  forgetful.decision(first[0], 0, "second", {"l", "r"});
  forgetful.decision(first[1], 0, "second", {"l", "r"});
  const dag::ExtensiveGame game = forgetful.finish();
  CHECK(has(error_of(dag::Errc::unsupported, [&] { static_cast<void>(dag::sequence_form(game)); }),
            "player 1 does not have perfect recall: information set 2 ('second')"));
  dag::ExtensiveBuilder absent({"A"});
  const auto exit = absent.decision(absent.root(), 0, "crossing", {"on", "off"});
  absent.decision(exit[0], 0, "crossing", {"on", "off"});
  const dag::ExtensiveGame driver = absent.finish();
  CHECK(
      has(error_of(dag::Errc::unsupported, [&] { static_cast<void>(dag::sequence_form(driver)); }),
          "absent-minded: a play meets information set 1 ('crossing') twice"));
}

TEST_CASE("too many strategies for a normal form are refused before memory is asked for") {
  const dag::ExtensiveGame game = dag::leduc_poker_tree();
  const dag::SequenceForm form = dag::sequence_form(game);
  CHECK(has(error_of(dag::Errc::unsupported,
                     [&] { static_cast<void>(dag::reduced_normal_form(game, form)); }),
            "more than 10000000 profiles"));
}

TEST_CASE("the normal form of a long chain: by hand, and no longer than its deadline") {
  constexpr std::size_t moves = 600;  // whose turn it is takes, and the game ends; or passes
  dag::ExtensiveBuilder tree({"A", "B"}, "chain");
  auto at = tree.root();
  for (std::size_t k = 0; k < moves; ++k) {
    const auto next = tree.decision(at, k % 2, "s" + std::to_string(k), {"take", "pass"});
    tree.payoff(next[0],
                std::vector<double>{static_cast<double>(k), -2.0 * static_cast<double>(k)});
    at = next[1];
  }
  tree.payoff(at, std::vector<double>{-1, 1});
  const dag::ExtensiveGame game = tree.finish();
  const dag::SequenceForm form = dag::sequence_form(game);
  const dag::ReducedNormalForm normal = dag::reduced_normal_form(game, form);
  const std::size_t own = moves / 2 + 1;
  REQUIRE(normal.table.sizes == std::vector<std::size_t>{own, own});
  std::vector<std::size_t> takes[2];  // the move at which a strategy takes, by its name
  for (std::size_t i = 0; i < 2; ++i) {
    for (const std::string& label : normal.table.labels[i]) {
      const std::size_t cut = label.find("take");
      takes[i].push_back(cut == std::string::npos ? moves : 2 * (cut / 5) + i);
      REQUIRE((cut == std::string::npos ||
               label.find_first_not_of(" *", cut + 4) == std::string::npos));
    }
  }
  for (std::size_t b = 0; b < own; ++b) {
    for (std::size_t a = 0; a < own; ++a) {
      const std::size_t end = std::min(takes[0][a], takes[1][b]);
      REQUIRE(normal.table.payoffs[0][b * own + a] ==
              (end == moves ? -1.0 : static_cast<double>(end)));
    }
  }
  CHECK(has(error_of(dag::Errc::unsupported,
                     [&] {
                       static_cast<void>(dag::reduced_normal_form(game, form, 10'000'000,
                                                                  dag::Deadline({}, 0, "test")));
                     }),
            "the time limit came"));
}
