// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive_builder.hpp>
#include <dag/game/table.hpp>
#include <dag/io/detail/game_scanner.hpp>
#include <dag/io/detail/xml_reader.hpp>
#include <dag/io/efg.hpp>
#include <dag/io/nfg.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// What a document of a graphical program holds: exactly one of the two.
struct GameDocument {
  std::optional<GameTable> table;
  std::optional<ExtensiveGame> tree;
};

namespace detail {

/// Names in quotes and numbers, in braces or not, of an element's text.
class DocumentScanner : GameScanner {
 public:
  DocumentScanner(std::string_view text, std::string_view name) : GameScanner(text, name) {
    at_ = 0;
  }
  [[nodiscard]] std::vector<std::string> names() {
    std::vector<std::string> names;
    expect('{', "before a player's strategies");
    while (peek() != '}') {
      names.push_back(quoted("a strategy's name"));
    }
    ++at_;
    return names;
  }
  [[nodiscard]] std::vector<std::size_t> sizes() {
    std::vector<std::size_t> sizes;
    expect('{', "before the numbers of strategies");
    for (; peek() != '}'; skip_comma()) {
      sizes.push_back(natural("a number of strategies"));
      if (sizes.back() == 0) {
        refuse("a player needs at least one strategy");
      }
    }
    return sizes;
  }
  [[nodiscard]] std::vector<Number> numbers() {
    std::vector<Number> numbers;
    while (peek() != end_of_file) {
      numbers.push_back(number("a payoff"));
    }
    return numbers;
  }
};

/// The game of Game Theory Explorer's elements (version 0.1).
class GteReader {
 public:
  GteReader(std::vector<XmlElement> elements, std::string_view text, std::string_view name)
      : elements_(std::move(elements)), text_(text), name_(name) {}

  [[nodiscard]] GameDocument read() {
    std::size_t game = 0;
    std::string title;
    if (elements_[0].name == "gte") {
      for (const std::size_t child : elements_[0].children) {
        const XmlElement& element = elements_[child];
        if (element.name == "gameDescription") {
          title = element.text;
        } else if (element.name == "players") {
          take_players(element);
        } else if (element.name == "extensiveForm" ||
                   (element.name == "strategicForm" && game == 0)) {
          game = child;
        }
      }
      if (game == 0) {
        refuse(elements_[0], "expected an element extensiveForm or strategicForm");
      }
    }
    GameDocument document;
    if (elements_[game].name == "strategicForm") {
      document.table = table(elements_[game], title);
    } else {
      document.tree = tree(elements_[game], title);
    }
    return document;
  }

 private:
  [[noreturn]] void refuse(const XmlElement& element, const std::string& rule) const {
    fail(Errc::parse, name_, ":", line_of(text_, element.at), ": ", rule, ", found <", element.name,
         ">");
  }
  void require_of(const XmlElement& element, bool fine, const std::string& rule) const {
    if (!fine) {
      refuse(element, rule);
    }
  }
  /// "name:line: part", of what a scanner says of an element's text.
  [[nodiscard]] std::string place(const XmlElement& element) const {
    return std::string(name_) + ":" + std::to_string(line_of(text_, element.at)) + ": <" +
           element.name + ">";
  }

  void take_players(const XmlElement& list) {
    for (const std::size_t child : list.children) {
      players_.push_back(elements_[child].text);
      const std::string* id = elements_[child].attribute("playerId");
      ids_.push_back(id == nullptr ? std::string() : *id);
      for (std::size_t i = 0; i + 1 < players_.size(); ++i) {
        require_of(elements_[child], players_[i] != players_.back(), "a second player of one name");
      }
    }
  }
  [[nodiscard]] std::size_t player_of(const XmlElement& element) const {
    const std::string* player = element.attribute("player");
    require_of(element, player != nullptr, "expected the name of a player, player=\"...\"");
    for (std::size_t i = 0; i < players_.size(); ++i) {
      if (players_[i] == *player) {
        return i;
      }
    }
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] == *player) {
        return i;
      }
    }
    refuse(element, "a player that is not one of the players: " + quoted_excerpt(*player));
  }

  /// Payoffs stand in lines of the first player's strategies, the second player's strategies going
  /// down, then the third's: the order of a GameTable.
  [[nodiscard]] GameTable table(const XmlElement& form, const std::string& title) const {
    GameTable game;
    game.title = title;
    game.players = players_;
    require_of(form, !players_.empty(), "expected players before the game");
    const std::string* size = form.attribute("size");
    require_of(form, size != nullptr, "expected size=\"{ ... }\"");
    game.sizes = DocumentScanner(*size, place(form)).sizes();
    require_of(form, game.sizes.size() == players_.size(),
               "expected one number of strategies for each player");
    const std::size_t profiles = expanded_profiles(game.sizes, text_.size(), name_);
    game.labels.resize(players_.size());
    game.payoffs.resize(players_.size());
    std::vector<std::vector<Number>> numbers(players_.size());
    for (const std::size_t child : form.children) {
      const XmlElement& element = elements_[child];
      const std::size_t i = player_of(element);
      if (element.name == "strategy") {
        game.labels[i] = DocumentScanner(element.text, place(element)).names();
        require_of(element, game.labels[i].size() <= game.sizes[i],
                   "more names than the player has strategies");
      } else if (element.name == "payoffs") {
        numbers[i] = DocumentScanner(element.text, place(element)).numbers();
        require_of(element, numbers[i].size() == profiles,
                   "expected " + std::to_string(profiles) + " payoffs of the player, got " +
                       std::to_string(numbers[i].size()));
      } else {
        refuse(element, "expected strategy or payoffs");
      }
    }
    for (std::size_t i = 0; i < players_.size(); ++i) {
      require_of(form, numbers[i].size() == profiles, "the payoffs of a player are missing");
      for (std::size_t s = game.labels[i].size(); s < game.sizes[i]; ++s) {
        game.labels[i].push_back(std::to_string(s + 1));
      }
      for (const Number& number : numbers[i]) {
        game.payoffs[i].push_back(number.value());
      }
    }
    for (std::size_t profile = 0; profile < profiles; ++profile) {
      for (std::size_t i = 0; i < players_.size(); ++i) {
        game.numbers.push_back(std::move(numbers[i][profile]));
      }
    }
    return game;
  }

  /// Players of a document without a list of them (version 0): as they come.
  void find_players() {
    for (const XmlElement& element : elements_) {
      const std::string* player = element.attribute("player");
      bool known = player == nullptr || (element.name != "node" && element.name != "payoff");
      for (const std::string& other : players_) {
        known = known || other == *player;
      }
      if (!known) {
        players_.push_back(*player);
      }
    }
  }

  [[nodiscard]] ExtensiveGame tree(const XmlElement& form, const std::string& title) {
    require_of(form, form.name == "extensiveForm", "expected an element gte or extensiveForm");
    if (players_.empty()) {
      find_players();
    }
    require_of(form, !players_.empty(), "expected the names of players");
    require_of(form, form.children.size() == 1, "expected one root of the tree");
    ExtensiveBuilder builder(players_, title);
    struct Open {
      std::size_t element;
      ExtensiveBuilder::Node node;
    };
    // A set's player may be named at one of its nodes only.
    std::map<std::string, std::size_t> mover;
    for (const XmlElement& element : elements_) {
      const std::string* set = element.attribute("iset");
      if (element.name == "node" && set != nullptr && element.attribute("player") != nullptr) {
        const std::size_t player = player_of(element);
        require_of(element, mover.try_emplace(*set, player).first->second == player,
                   "an information set of two players");
      }
    }
    std::vector<Open> open{{form.children[0], ExtensiveBuilder::root()}};
    while (!open.empty()) {
      const Open here = open.back();
      open.pop_back();
      const XmlElement& element = elements_[here.element];
      if (element.name == "outcome") {
        builder.payoff(here.node, payoffs(element));
        continue;
      }
      require_of(element, element.name == "node", "expected a node or an outcome");
      std::vector<std::size_t> below;
      std::vector<std::string> actions;
      std::vector<Number> chances;
      for (const std::size_t child : element.children) {
        const XmlElement& next = elements_[child];
        require_of(next, next.name == "node" || next.name == "outcome",
                   "expected a node or an outcome");
        below.push_back(child);
        const std::string* move = next.attribute("move");
        actions.push_back(move == nullptr ? std::to_string(below.size()) : *move);
        const std::string* chance = next.attribute("prob");
        chances.push_back(chance == nullptr ? Number{} : read_number(next, *chance));
      }
      if (below.empty()) {
        continue;  // an end of play that pays nothing
      }
      const std::string* set = element.attribute("iset");
      const auto known = set == nullptr ? mover.end() : mover.find(*set);
      const bool moves = element.attribute("player") != nullptr || known != mover.end();
      std::vector<ExtensiveBuilder::Node> children;
      if (moves) {
        // Nodes without a set are sets of their own, which no written name can be.
        const std::string label =
            set == nullptr ? std::string("\x01") + std::to_string(here.element) : *set;
        children = builder.decision(
            here.node, known == mover.end() ? player_of(element) : known->second, label, actions);
      } else {
        children = builder.chance(here.node, actions, chances);
      }
      for (std::size_t k = below.size(); k-- > 0;) {
        open.push_back({below[k], children[k]});
      }
    }
    ExtensiveGame game = builder.finish();
    for (auto& sets : game.sets) {
      for (InformationSet& set : sets) {
        set.label = set.label.substr(0, 1) == "\x01" ? std::string() : set.label;
      }
    }
    return game;
  }

  [[nodiscard]] Number read_number(const XmlElement& element, std::string_view text) const {
    Number number;
    const auto start = text.find_first_not_of(" \t\r\n");
    text = start == text.npos ? std::string_view{} : text.substr(start);
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    const char* wrong = Number::read(text, number);
    require_of(element, wrong == nullptr,
               std::string("expected a number: ") + (wrong == nullptr ? "" : wrong));
    return number;
  }
  [[nodiscard]] std::vector<Number> payoffs(const XmlElement& outcome) const {
    std::vector<Number> payoffs(players_.size());
    for (const std::size_t child : outcome.children) {
      const XmlElement& element = elements_[child];
      require_of(element, element.name == "payoff", "expected a payoff");
      const std::string* value = element.attribute("value");
      payoffs[player_of(element)] = read_number(element, value == nullptr ? element.text : *value);
    }
    return payoffs;
  }

  std::vector<XmlElement> elements_;
  std::string_view text_;
  std::string_view name_;
  std::vector<std::string> players_;
  std::vector<std::string> ids_;  ///< by which players are known too, where no name says so
};

}  // namespace detail

/// Reads what graphical programs save: a workspace of Gambit (.gbt: the .nfg or .efg text inside
/// it) or a document of Game Theory Explorer (elements gte, strategicForm, extensiveForm; .xml,
/// .gte). Names of players, strategies, moves and information sets are kept, payoffs and
/// probabilities as written. A node that names no player, nor its set does, is chance's; outcomes
/// of players that are not named pay zero. What belongs to the picture is passed over.
///
/// Errors: parse with "name:line: rule, found 'text'" (inside the texts of elements, lines count
/// from the element); those of ExtensiveBuilder for trees whose sets do not fit; unsupported for
/// sizes beyond `expanded_profiles`.
[[nodiscard]] inline GameDocument parse_game_document(std::string_view text,
                                                      std::string_view name = "xml") {
  std::vector<detail::XmlElement> elements = detail::XmlReader(text, name).read();
  GameDocument document;
  for (const detail::XmlElement& element : elements) {
    if (element.name == "efgfile") {
      document.tree = parse_efg(element.text, std::string(name) + ": <efgfile>");
      return document;
    }
    if (element.name == "nfgfile") {
      document.table = parse_nfg(element.text, std::string(name) + ": <nfgfile>");
      return document;
    }
  }
  const std::string& root = elements[0].name;
  require(root == "gte" || root == "extensiveForm", Errc::parse, name,
          ":1: expected a document of Gambit (with nfgfile or efgfile) or of Game Theory Explorer "
          "(gte), found <",
          root, ">");
  return detail::GteReader(std::move(elements), text, name).read();
}

}  // namespace dag
