// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/io/detail/game_scanner.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/numeric/number.hpp>

namespace dag::detail {

/// The text with everything from a # to the end of its line blank: places stay what they are.
[[nodiscard]] inline std::string without_comments(std::string_view text) {
  std::string out(text);
  bool inside = false;
  for (char& c : out) {
    inside = c == '#' || (inside && c != '\n');
    c = inside ? ' ' : c;
  }
  return out;
}

/// One pass over an action-graph file, and its strategic form. A player of a Bayesian game is in
/// `actions_` once for each of its types ("seats"); in a plain one each player is one seat.
class ActionGraphReader : GameScanner {
 public:
  ActionGraphReader(std::string_view blanked, std::string_view name, bool bayesian)
      : GameScanner(blanked, name), bayesian_(bayesian) {}

  [[nodiscard]] GameTable read() {
    const std::size_t players = at_least(1, "the number of players");
    const std::size_t actions = at_least(1, "the number of action nodes");
    const std::size_t functions = at_least(0, "the number of function nodes");
    promise(players + actions + functions);
    types_.assign(players, 1);
    if (bayesian_) {
      for (std::size_t& types : types_) {
        types = at_least(1, "a player's number of types");
      }
    }
    for (std::size_t i = 0; i < players; ++i) {
      first_seat_.push_back(seats_);
      seats_ += types_[i];
    }
    promise(seats_ + actions + functions);
    read_chances();
    std::vector<std::size_t> sizes;
    for (std::size_t k = 0; k < seats_; ++k) {
      sizes.push_back(at_least(1, "the size of an action set"));
    }
    const std::size_t profiles = expanded_profiles(sizes, text_.size(), name_);
    for (const std::size_t size : sizes) {
      promise(size);
      actions_.emplace_back();
      for (std::size_t a = 0; a < size; ++a) {
        const std::size_t start = next_word();
        actions_.back().push_back(natural("an action node"));
        require_at(start, actions_.back().back() < actions, "an action node that does not exist");
      }
    }
    for (std::size_t node = 0; node < actions + functions; ++node) {
      read_neighbours(actions + functions);
    }
    order_functions(actions);
    for (std::size_t f = 0; f < functions; ++f) {
      read_function(actions, neighbours_[actions + f]);
    }
    limit_work();
    find_configurations(actions);
    for (std::size_t node = 0; node < actions; ++node) {
      read_payoffs(node);
    }
    if (peek() != end_of_file) {
      refuse("text after the payoffs of the last action node");
    }
    return expand(std::move(sizes), profiles);
  }

 private:
  struct Function {
    std::size_t type = 0;
    long long otherwise = 0;
    std::vector<long long> weights;  ///< one an action node
  };
  using Configuration = std::vector<long long>;
  using Expectations = std::map<std::vector<const Number*>, Number>;

  [[nodiscard]] std::size_t at_least(std::size_t least, const char* what) {
    const std::size_t start = next_word();
    const std::size_t value = natural(what);
    require_at(start, value >= least && value <= 1000000000, std::string("expected ") + what);
    return value;
  }
  /// Where the next word begins.
  [[nodiscard]] std::size_t next_word() {
    static_cast<void>(peek());
    return at_;
  }
  void require_at(std::size_t start, bool fine, const std::string& rule) const {
    if (!fine) {
      refuse_at(start, rule);
    }
  }
  /// What is promised takes at least a character and a space each.
  void promise(std::size_t entries) const {
    if (entries > (text_.size() - at_) / 2 + 1) {
      refuse(std::to_string(entries) + " entries cannot fit in the rest of the file");
    }
  }
  [[nodiscard]] long long integer(const char* what) {
    const std::size_t start = next_word();
    const double value = number(what).value();
    require_at(start, value == std::floor(value) && std::abs(value) <= 1e9,
               std::string("expected ") + what);
    return static_cast<long long>(value);
  }

  void read_chances() {
    chances_.assign(seats_, Number(1.0));
    for (std::size_t i = 0; bayesian_ && i < types_.size(); ++i) {
      const std::size_t start = next_word();
      double sum = 0;
      for (std::size_t t = 0; t < types_[i]; ++t) {
        Number& chance = chances_[first_seat_[i] + t];
        chance = number("a type's probability");
        require_at(start, chance.value() >= 0, "expected probabilities of types");
        sum += chance.value();
      }
      require_at(
          start, std::abs(sum - 1) <= 1e-8,
          "a player's types' probabilities add up to " + std::to_string(sum) + " instead of 1");
    }
  }

  void read_neighbours(std::size_t nodes) {
    const std::size_t size = at_least(0, "a node's number of neighbours");
    promise(size);
    neighbours_.emplace_back();
    for (std::size_t k = 0; k < size; ++k) {
      const std::size_t start = next_word();
      neighbours_.back().push_back(natural("a node's neighbour"));
      require_at(start, neighbours_.back().back() < nodes, "a neighbour that does not exist");
    }
  }

  /// Function nodes after those that they look at: order_, by depth first.
  void order_functions(std::size_t actions) {
    enum : char { untouched, open, done };
    std::vector<char> state(neighbours_.size() - actions, untouched);
    for (std::size_t root = 0; root < state.size(); ++root) {
      std::vector<std::pair<std::size_t, std::size_t>> path;  // a function, and its next neighbour
      if (state[root] == untouched) {
        path.emplace_back(root, 0);
        state[root] = open;
      }
      while (!path.empty()) {
        const std::size_t f = path.back().first;
        const std::vector<std::size_t>& from = neighbours_[actions + f];
        if (path.back().second == from.size()) {
          state[f] = done;
          order_.push_back(f);
          path.pop_back();
          continue;
        }
        const std::size_t node = from[path.back().second++];
        if (node < actions || state[node - actions] == done) {
          continue;
        }
        if (state[node - actions] == open) {
          refuse("function node " + std::to_string(node) + " depends on itself");
        }
        state[node - actions] = open;
        path.emplace_back(node - actions, 0);
      }
    }
  }

  void read_function(std::size_t actions, const std::vector<std::size_t>& from) {
    const std::size_t start = next_word();
    Function function;
    function.type = natural("a function's type (0 to 3, 10 to 13)");
    require_at(start, function.type <= 3 || (function.type >= 10 && function.type <= 13),
               "expected a function's type (0 to 3, 10 to 13)");
    if (function.type >= 10) {
      for (const std::size_t node : from) {
        require_at(start, node < actions, "a weighted function's neighbours must be action nodes");
      }
      function.otherwise = integer("a function's default value");
      expect('[', "before a function's weights");
      promise(actions);
      for (std::size_t a = 0; a < actions; ++a) {
        function.weights.push_back(integer("a weight of an action node"));
      }
      expect(']', "after a function's weights (one for each action node)");
    }
    functions_.push_back(std::move(function));
  }

  /// What function node f counts, where the nodes before it in order_ have counted.
  [[nodiscard]] long long value_of(std::size_t f, const std::vector<long long>& values) const {
    const Function& function = functions_[f];
    const std::size_t none = neighbours_.size();
    const bool weighted = function.type >= 10;
    const std::size_t kind = function.type % 10;
    long long sum = function.otherwise;
    std::size_t found = none;
    for (const std::size_t node : neighbours_[none - functions_.size() + f]) {
      sum += values[node] * (weighted ? function.weights[node] : 1);
      const bool better = found == none || (kind == 2 ? node > found : node < found);
      found = values[node] > 0 && better ? node : found;
    }
    if (kind < 2) {
      return kind == 0 ? sum : (sum > 0 ? 1 : 0);
    }
    if (!weighted) {
      return static_cast<long long>(found);
    }
    return found == none ? function.otherwise : function.weights[found];
  }

  /// What all nodes count where each player plays one action node. `values` is all zero before.
  void count(const std::vector<std::size_t>& played, std::vector<long long>& values) const {
    for (const std::size_t action : played) {
      ++values[action];
    }
    for (const std::size_t f : order_) {
      values[values.size() - functions_.size() + f] = value_of(f, values);
    }
  }
  void forget(const std::vector<std::size_t>& played, std::vector<long long>& values) const {
    for (const std::size_t action : played) {
      values[action] = 0;
    }
  }
  /// The configuration that the player of `action` sees.
  [[nodiscard]] Configuration seen(std::size_t action, const std::vector<long long>& values) const {
    Configuration seen;
    for (const std::size_t node : neighbours_[action]) {
      seen.push_back(values[node]);
    }
    return seen;
  }

  /// Each player's actions, those of all its types together.
  [[nodiscard]] std::vector<std::size_t> totals() const {
    std::vector<std::size_t> totals(types_.size(), 0);
    for (std::size_t i = 0; i < types_.size(); ++i) {
      for (std::size_t t = 0; t < types_[i]; ++t) {
        totals[i] += actions_[first_seat_[i] + t].size();
      }
    }
    return totals;
  }

  /// Refuses a graph so dense that to look at each node's neighbours in every profile takes hours.
  void limit_work() const {
    std::size_t looks = functions_.size() + 1;
    for (const std::vector<std::size_t>& neighbours : neighbours_) {
      looks += neighbours.size();
    }
    std::vector<std::size_t> factors = totals();
    factors.push_back(looks);
    std::vector<std::size_t> expectations = types_;
    for (const std::vector<std::size_t>& own : actions_) {
      expectations.push_back(own.size());
    }
    expectations.push_back(looks);
    constexpr std::size_t most = std::size_t{1} << 26;
    require(bounded_product(factors, most) <= most &&
                bounded_product(expectations, 4 * most) <= 4 * most,
            Errc::unsupported, name_, ": the strategic form of this game of ", types_.size(),
            " players takes too many looks at its graph to write out (more than ", most, ")");
  }

  /// The players' choices (a seat of each, and its action) one after the other: seats of the first
  /// player fastest, then its actions.
  template <class Visit>
  void each_choice(Visit&& visit) const {
    const std::size_t players = types_.size();
    const std::vector<std::size_t> sizes = totals();
    std::vector<std::size_t> at(players, 0);
    std::vector<std::size_t> played(players);
    do {
      for (std::size_t i = 0; i < players; ++i) {
        std::size_t seat = first_seat_[i];
        std::size_t left = at[i];
        for (; left >= actions_[seat].size(); ++seat) {
          left -= actions_[seat].size();
        }
        played[i] = actions_[seat][left];
      }
      visit(played);
    } while (next_profile(sizes, at));
  }

  /// Which configurations each action node can meet, in lexicographic order.
  void find_configurations(std::size_t actions) {
    known_.resize(actions);
    std::vector<long long> values(neighbours_.size(), 0);
    each_choice([&](const std::vector<std::size_t>& played) {
      count(played, values);
      for (const std::size_t action : played) {
        known_[action].try_emplace(seen(action, values), Number{});
      }
      forget(played, values);
    });
  }

  void read_payoffs(std::size_t node) {
    const std::size_t start = next_word();
    const std::size_t type = natural("the type of an action node's payoffs (0 or 1)");
    require_at(start, type <= 1, "expected the type of an action node's payoffs (0 or 1)");
    if (type == 0) {
      promise(known_[node].size());
      for (auto& [configuration, payoff] : known_[node]) {
        payoff = number("a payoff (one for each configuration of the node's neighbours)");
      }
      return;
    }
    const std::size_t rows = natural("the number of configurations");
    promise(rows);
    std::map<Configuration, Number> given;
    for (std::size_t row = 0; row < rows; ++row) {
      static_cast<void>(peek());
      const std::size_t row_start = at_;
      expect('[', "before a configuration");
      Configuration configuration;
      for (std::size_t k = 0; k < neighbours_[node].size(); ++k) {
        configuration.push_back(integer("the count of a neighbour"));
      }
      expect(']', "after a configuration (one count for each neighbour)");
      const Number payoff = number("a configuration's payoff");
      require_at(row_start, given.try_emplace(std::move(configuration), payoff).second,
                 "a configuration that was given before");
    }
    for (auto& [configuration, payoff] : known_[node]) {
      const auto at = given.find(configuration);
      if (at == given.end()) {
        std::string text;
        for (const long long n : configuration) {
          text += std::to_string(n) + ' ';
        }
        refuse_at(start, "no payoff of action node " + std::to_string(node) +
                             " where its neighbours are [ " + text + "], which can happen");
      }
      payoff = at->second;
    }
  }

  /// The strategic form: one player a seat.
  [[nodiscard]] GameTable expand(std::vector<std::size_t> sizes, std::size_t profiles) const {
    GameTable game;
    game.title = name_;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      for (std::size_t t = 0; t < types_[i]; ++t) {
        game.players.push_back(
            "Player " + std::to_string(i + 1) +
            (types_[i] > 1 || bayesian_ ? " type " + std::to_string(t + 1) : std::string()));
      }
    }
    game.payoffs.assign(seats_, std::vector<double>(profiles));
    game.numbers.reserve(profiles * seats_);
    std::vector<std::size_t> profile(seats_, 0);
    std::vector<long long> values(neighbours_.size(), 0);
    std::vector<Expectations> expected(seats_);
    for (std::size_t at = 0; at < profiles; ++at) {
      std::size_t seat = 0;
      for (std::size_t i = 0; i < types_.size(); ++i) {
        for (std::size_t t = 0; t < types_[i]; ++t, ++seat) {
          game.numbers.push_back(payoff_of(i, seat, profile, values, expected[seat]));
          game.payoffs[seat][at] = game.numbers.back().value();
        }
      }
      next_profile(sizes, profile);
    }
    game.sizes = std::move(sizes);
    return game;
  }

  /// What `seat` of player i expects: over the types of the others, as fractions where there are
  /// several. The action nodes' `values` are zero before and after.
  [[nodiscard]] const Number& payoff_of(std::size_t i, std::size_t seat,
                                        const std::vector<std::size_t>& profile,
                                        std::vector<long long>& values, Expectations& known) const {
    std::vector<std::size_t> others = types_;
    others[i] = 1;
    std::vector<std::size_t> type(types_.size(), 0);
    std::vector<std::size_t> played(types_.size());
    std::vector<const Number*> payoffs;
    do {
      for (std::size_t j = 0; j < types_.size(); ++j) {
        const std::size_t at = j == i ? seat : first_seat_[j] + type[j];
        played[j] = actions_[at][profile[at]];
      }
      count(played, values);
      payoffs.push_back(&known_[played[i]].find(seen(played[i], values))->second);
      forget(played, values);
    } while (next_profile(others, type));
    if (payoffs.size() == 1) {
      return *payoffs[0];
    }
    const auto [at, is_new] = known.try_emplace(payoffs);
    if (is_new) {
      at->second = expectation(i, others, payoffs);
    }
    return at->second;
  }
  [[nodiscard]] Number expectation(std::size_t i, const std::vector<std::size_t>& others,
                                   const std::vector<const Number*>& payoffs) const {
    Fraction sum;
    std::vector<std::size_t> type(types_.size(), 0);
    for (const Number* payoff : payoffs) {
      Fraction part = fraction_of(*payoff);
      for (std::size_t j = 0; j < types_.size(); ++j) {
        part = j == i ? part : part * fraction_of(chances_[first_seat_[j] + type[j]]);
      }
      sum = sum + part;
      next_profile(others, type);
    }
    return Number::parse(sum.text());
  }
  [[nodiscard]] static Fraction fraction_of(const Number& number) {
    const Rational exact = number.exact();
    return {Integer(exact.negative, exact.numerator), Integer(false, exact.denominator)};
  }

  bool bayesian_;
  std::size_t seats_ = 0;
  std::vector<std::size_t> types_;       ///< of each player
  std::vector<std::size_t> first_seat_;  ///< of each player
  std::vector<Number> chances_;          ///< of each seat
  std::vector<std::vector<std::size_t>> actions_;
  std::vector<std::vector<std::size_t>> neighbours_;
  std::vector<Function> functions_;
  std::vector<std::size_t> order_;  ///< functions, those first that others look at
  std::vector<std::map<Configuration, Number>> known_;  ///< payoffs of an action node
};

}  // namespace dag::detail
