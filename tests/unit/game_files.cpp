// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/io/any_game.hpp>
#include <dag/problem/catalogue.hpp>

#include <doctest/doctest.h>
#include <support/parsing.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace {

/// Payoffs profile by profile, as written.
std::vector<std::string> written(const dag::GameTable& game) {
  std::vector<std::string> all;
  for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      all.push_back(dag::written_payoff(game, i, profile).text());
    }
  }
  return all;
}

using Texts = std::vector<std::string>;

std::string refused(const std::string& text) {
  return parsing::refusal([&] { static_cast<void>(dag::parse_any_game(text, "g")); });
}
dag::GameTable strategic(const std::string& text) {
  return dag::strategic_form(dag::parse_any_game(text, "g"));
}

const std::string two_by_two = "#AGG\n# a comment, 7\n2 2 0\n2 2\n0 1\n0 1\n2 0 1\n2 1 0\n";

}  // namespace

TEST_CASE("action graphs: complete payoffs are in lexicographic order of what can happen") {
  // Node 0 sees (itself, node 1): (1, 1) and (2, 0). Node 1 sees (itself, node 0).
  const dag::GameTable game = strategic(two_by_two + "0 1/3 -4\n0 -10 .5\n");
  CHECK(game.sizes == std::vector<std::size_t>{2, 2});
  CHECK(written(game) == Texts{"-4", "-4", "-10", "1/3", "1/3", "-10", ".5", ".5"});
  CHECK(game.payoffs[0][2] == doctest::Approx(1.0 / 3));
}

TEST_CASE("action graphs: function nodes of every type") {
  // Three players with own actions: player 1 has nodes 0, 1; player 2 has 2, 3; player 3 has 4.
  // Node 4 sees the function f of nodes 0 and 3, of counts (n0, n3) in {0, 1}^2.
  const auto seen_by = [](const std::string& function, const std::string& configurations) {
    const dag::GameTable game =
        strategic("#AGG\n3 5 1\n2 2 1\n0 1\n2 3\n4\n0\n0\n0\n0\n1 5\n2 0 3\n" + function +
                  "\n0 0\n0 0\n0 0\n0 0\n" + configurations);
    std::vector<double> third = game.payoffs[2];
    return third;  // profiles (0,2) (1,2) (0,3) (1,3): counts (1,0) (0,0) (1,1) (0,1)
  };
  using V = std::vector<double>;
  CHECK(seen_by("0", "1 3 [0] 10 [1] 11 [2] 12") == V{11, 10, 12, 11});  // sum
  CHECK(seen_by("1", "1 2 [0] 10 [1] 11") == V{11, 10, 11, 11});         // any
  CHECK(seen_by("2", "1 3 [0] 10 [3] 13 [6] 16") == V{10, 16, 13, 13});  // highest; 6 nodes
  CHECK(seen_by("3", "1 3 [0] 10 [3] 13 [6] 16") == V{10, 16, 10, 13});  // lowest
  CHECK(seen_by("10 1 [2 0 0 5 0]", "1 4 [3] 3 [1] 1 [8] 8 [6] 6") == V{3, 1, 8, 6});
  CHECK(seen_by("11 0 [0 0 0 5 0]", "1 2 [0] 10 [1] 11") == V{10, 10, 11, 11});
  CHECK(seen_by("12 9 [2 0 0 5 0]", "1 3 [2] 2 [5] 5 [9] 9") == V{2, 9, 5, 5});
  CHECK(seen_by("13 9 [2 0 0 5 0]", "1 3 [2] 2 [5] 5 [9] 9") == V{2, 9, 2, 5});
}

TEST_CASE("action graphs: functions of functions, and circles of them") {
  const std::string head = "#AGG\n2 3 2\n2 1\n0 1\n2\n0\n0\n1 4\n1 0\n1 ";
  CHECK(strategic(head + "3\n0\n0\n0 0\n0 0\n1 2 [0] 5 [1] 6").payoffs[1] ==
        std::vector<double>{6, 5});
  CHECK(parsing::has(refused(head + "4\n0\n0\n0 0\n0 0\n1 2 [0] 5 [1] 6"), "depends on itself"));
}

TEST_CASE("Bayesian action graphs: the agent form, expectations in exact fractions") {
  const dag::GameTable game = strategic(
      "#BAGG\n2\n2\n0\n2 1\n1/3 2/3\n1\n2\n2\n2\n0 1\n0 1\n0 1\n2 0 1\n2 1 0\n0 35 -4\n0 -10 95\n");
  CHECK(game.players == Texts{"Player 1 type 1", "Player 1 type 2", "Player 2 type 1"});
  CHECK(game.sizes == std::vector<std::size_t>{2, 2, 2});
  // All play node 0: each meets (2, 0) = -4. Type 1 of player 1 alone plays node 1: it meets
  // (1, 1) of node 1, -10; player 2 expects 35/3 - 8/3 = 9.
  const Texts all = written(game);
  CHECK(Texts(all.begin(), all.begin() + 6) == Texts{"-4", "-4", "-4", "-10", "-4", "9"});
  // Type 2 deviates: player 2 expects -4/3 + 70/3 = 22.
  CHECK(all[8] == "22");
  // Player 2 plays node 1 against types at 0 and 1: (1, 1) = -10 and (2, 0) = 95: 60.
  CHECK(all[20] == "60");
}

TEST_CASE("a workspace of Gambit: the game inside it, entities read") {
  const dag::GameTable game = strategic(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gambit:document "
      "version=\"0.1\"><colors><player "
      "id=\"-1\" red=\"0\" /></colors><game>\n<nfgfile>\nNFG 1 R &quot;a &amp; b&quot; { \"R\" "
      "\"C\" } "
      "{ 2 1 }\n1 2 3/4 4\n</nfgfile>\n</game></gambit:document>");
  CHECK(game.title == "a & b");
  CHECK(written(game) == Texts{"1", "2", "3/4", "4"});
  const dag::GameDocument tree = dag::parse_any_game(
      "<gambit:document><game><efgfile>EFG 2 R \"t\" { \"A\" }\np \"\" 1 1 \"s\" { \"l\" \"r\" } "
      "0\nt "
      "\"\" 1 \"\" { 1 }\nt \"\" 2 \"\" { 2 }\n</efgfile></game></gambit:document>");
  CHECK_FALSE(tree.table.has_value());
  CHECK(tree.tree->sets[0][0].actions == Texts{"l", "r"});
}

TEST_CASE("Game Theory Explorer: Bagwell's matrix and a tree with chance") {
  const dag::GameTable game = strategic(
      "<gte version=\"0.1\"><gameDescription/><players><player playerId=\"1\">I</player><player "
      "playerId=\"2\">II</player></players><strategicForm size=\"{ 2 2 }\"><strategy "
      "player=\"I\">{ "
      "\"T\" \"B\" }</strategy><strategy player=\"II\">{ \"l\" \"r\" }</strategy><payoffs "
      "player=\"I\">5 6\n3 4</payoffs><payoffs player=\"II\">2 3\n1 "
      "4</payoffs></strategicForm></gte>");
  // The leader's first strategy pays 5 against l and 3 against r.
  CHECK(game.labels == std::vector<Texts>{{"T", "B"}, {"l", "r"}});
  CHECK(written(game) == Texts{"5", "2", "6", "3", "3", "1", "4", "4"});
  const dag::GameDocument document = dag::parse_any_game(
      "<gte version=\"0.1\"><players><player playerId=\"1\">1</player><player "
      "playerId=\"2\">2</player></players><extensiveForm><node><node iset=\"a\" player=\"1\" "
      "prob=\"1/3\" move=\"x\"><outcome move=\"L\"><payoff "
      "player=\"1\">5</payoff></outcome><outcome "
      "move=\"R\"><payoff player=\"1\" value=\"1/2\"/><payoff "
      "player=\"2\">2</payoff></outcome></node>"
      "<node iset=\"a\" prob=\"2/3\" move=\"y\"><outcome move=\"L\"/><node player=\"2\" move=\"R\">"
      "<outcome move=\"up\"/><outcome move=\"down\"/></node></node></node></extensiveForm></gte>");
  REQUIRE(document.tree.has_value());
  const dag::ExtensiveGame& tree = *document.tree;
  CHECK(tree.nodes.size() == 9);
  CHECK(tree.sets[0].size() == 1);
  CHECK(tree.sets[0][0].actions == Texts{"L", "R"});
  CHECK(tree.sets[1][0].label.empty());
  CHECK(tree.sets[1][0].actions == Texts{"up", "down"});
  CHECK(tree.chance_sets[0].chances[1].text() == "2/3");
  CHECK(dag::parse_efg(dag::format_efg(tree)).nodes == tree.nodes);
  const auto path = (std::filesystem::temp_directory_path() / "dag_game_files_test.efg").string();
  dag::write_efg(path, tree);
  CHECK(dag::read_efg(path).nodes == tree.nodes);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(dag::write_efg("/no/such/folder/x.efg", tree), dag::Error);
}

TEST_CASE("GameTracer and GAMUT") {
  const dag::GameTable gam = dag::parse_gam("2\n2 3\n\n1 2 3 4 5 6\n10 20 1/3 40 50 60\n");
  CHECK(gam.payoffs[0] == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(gam.numbers[5].text() == "1/3");
  CHECK(dag::parse_gam(dag::format_gam(gam)).numbers == gam.numbers);
  const dag::GameTable lines = strategic(
      "# Generated by GAMUT v1.0.1\n# Random Game\n# Players: 2\n\n[1  1] :\t[ 1 2.50 ]\n[2  1] "
      ":\t[ 3 4 "
      "]\n[2  2] :\t[ 7 8 ]\n[1  2] :\t[ 5 6 ]\n");
  CHECK(lines.title == "Random Game");
  CHECK(written(lines) == Texts{"1", "2.50", "3", "4", "5", "6", "7", "8"});
  const dag::GameTable pairs =
      strategic("// Generated by GAMUT v1.0.1\n\n// Chicken\n(0, 1)\t(2, 3)\n(4, 5)\t(6, -7.5)\n");
  CHECK(pairs.title == "Chicken");
  CHECK(written(pairs) == Texts{"0", "1", "4", "5", "2", "3", "6", "-7.5"});
  try {
    static_cast<void>(strategic("# Generated by GAMUT v1.0.1\ngraph {\nNode_0 -- Node_1\n}\n"));
    FAIL("accepted");
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::unsupported);
    CHECK(parsing::has(error.what(), "GTOutput"));
  }
}

TEST_CASE("JSON: write, read, write is the identity") {
  std::vector<dag::GameTable> games;
  for (const dag::CatalogueEntry& entry : dag::catalogue()) {
    games.push_back(dag::named_game(entry.example));
  }
  dag::GameTable odd = dag::parse_nfg(
      "NFG 1 D \"quotes \\\" and \\n\" { \"\xC3\xA9\" \"\" } { { \"a b\" \"\" } { \"1\" } }\n\"\"\n"
      "+1/3 .50 -0 1e9");
  games.push_back(odd);
  games.push_back(
      dag::parse_nfg("NFG 1 R \"o\" { \"a\" \"b\" } { 2 2 }\n{ { \"x\" 1 2/3 } { \"\" 4 5 } }\n"
                     "1 0 2 1"));
  for (const dag::GameTable& game : games) {
    CAPTURE(game.title);
    const std::string text = dag::format_game_json(game);
    const dag::GameTable again = dag::parse_game_json(text);
    CHECK(again == game);
    CHECK(dag::format_game_json(again) == text);
  }
  const dag::GameTable hand = strategic(
      "{\"players\": [{\"name\": \"Row\", \"strategies\": [\"up\", \"down\"]}, {\"name\": "
      "\"Column\", "
      "\"strategies\": 2}], \"payoffs\": [[1, \"1/3\"], [0, 0], [0, 0], [0.5, 2]]}");
  CHECK(hand.labels[1] == Texts{"1", "2"});
  CHECK(hand.numbers[1].text() == "1/3");
}

TEST_CASE("files of games on disk survive JSON and .gam") {
  const std::filesystem::path folder = std::filesystem::path(DAG_SHARED_DATA) / "games" / "nfg";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: no folder ", folder.string());
    return;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    CAPTURE(entry.path().string());
    const dag::GameTable game = dag::read_nfg(entry.path().string());
    CHECK(dag::parse_game_json(dag::format_game_json(game)) == game);
    CHECK(dag::parse_gam(dag::format_gam(game)).payoffs == game.payoffs);
  }
}

TEST_CASE("what is wrong is refused with its line, before memory is asked for") {
  const auto says = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    const std::string message = refused(text);
    CAPTURE(message);
    CHECK(parsing::has(message, part));
    CHECK(parsing::has(message, "g:"));
  };
  says("#AGG\n2 2 0\n2 2\n0 1\n0 5\n", "g:5: an action node that does not exist, found '5'");
  says(two_by_two + "0 1\n0 1 2\n", "2 entries cannot fit");
  says(two_by_two + "0 1 2\n1 1 [1 1] 3\n",
       "no payoff of action node 1 where its neighbours are [ 2 0 ]");
  says(two_by_two + "0 1 2\n1 2 [1 1] 3 [1 1] 4\n", "given before");
  says(two_by_two + "0 1 2\n0 1 2\n3", "text after the payoffs");
  says(two_by_two + "2 1 2\n0 1 2\n", "(0 or 1)");
  says("#AGG\n1000000000 1 1\n", "cannot fit");
  says("#AGG\n1 1 1\n1\n0\n0\n1 0\n7\n0 1", "(0 to 3, 10 to 13)");
  says("#BAGG\n1 1 0\n2\n0.5 0.6\n", "add up to 1.1");
  says("#AGGX\n", "found '#AGGX'");
  says("<gte version=\"0.1\"><a></gte>", "g:1: a closing tag that closes nothing");
  says("<a>&bomb;</a>", "an entity that is not known");
  says("<!DOCTYPE a [<!ENTITY b \"c\">]><a/>", "defines entities");
  says("<a/>", "expected a document");
  says("<gte><players><player>I</player></players></gte>", "extensiveForm or strategicForm");
  says(
      "<gte><players><player>I</player></players>\n<strategicForm size=\"{ 3 }\">\n<payoffs "
      "player=\"I\">1 2</payoffs></strategicForm></gte>",
      "g:3: expected 3 payoffs of the player, got 2");
  says(
      "<gte><players><player>I</player></players><strategicForm size=\"{ 1 }\"><payoffs "
      "player=\"J\">1</payoffs></strategicForm></gte>",
      "not one of the players: 'J'");
  says("{\"players\": []}", "at least one player");
  says("{\"players\": [{\"name\": \"a\", \"strategies\": 999999999}], \"payoffs\": []}",
       "names or a number");
  says("{\"players\": [{\"name\": \"a\", \"strategies\": 2}],\n\"payoffs\": [[1]]}",
       "g:2: expected one entry for each of the 2 profiles, got 1");
  says("{\"players\": [{\"name\": \"a\", \"strategies\": 1}], \"payoffs\": [[\"nan\"]]}",
       "a payoff");
  says("{\"players\": 1", "g:1: ");
  says("{\"version\": 2, \"players\": []}", "expected 1");
  says("# Generated by GAMUT\n[1 1] : [ 1 2 ]\n[3 1] : [ 1 2 ]\n", "one line for each profile");
  says("# Generated by GAMUT\n[1] : [ 1 ]\n[1] : [ 1 ]\n[2] : [ 1 ]\n",
       "one line for each profile");
  says("# Generated by GAMUT\n[2] : [ 1 ]\n[2] : [ 1 ]\n", "g:3: a profile that was given before");
  CHECK(parsing::has(
      parsing::refusal([] { static_cast<void>(dag::parse_gam("2\n100000 100000\n1 2 3", "g")); }),
      "more payoffs than"));
  CHECK(parsing::has(
      parsing::refusal([] { static_cast<void>(dag::parse_gam("2\n1 2\n1 2 3", "g")); }),
      "more payoffs than"));
  // Small files of games beyond any memory.
  for (const char* huge : {"#AGG\n40 2 0\n", "#BAGG\n40 2 0\n"}) {
    std::string text = huge;
    for (const char* row : {"1 ", "1 ", "2 ", "0 1 "}) {
      const bool skip = text[1] == 'A' && std::string(row) == "1 ";
      for (int i = 0; i < 40 && !skip; ++i) {
        text += row;
      }
    }
    try {
      static_cast<void>(strategic(text));
      FAIL("accepted");
    } catch (const dag::Error& error) {
      CHECK(error.code() == dag::Errc::unsupported);
      CHECK(parsing::has(error.what(), "too many to write out"));
    }
  }
}
