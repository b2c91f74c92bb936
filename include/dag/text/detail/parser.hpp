// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/lexer.hpp>
#include <dag/text/detail/tree.hpp>
#include <dag/text/detail/unit_parser.hpp>

namespace dag::detail {

inline constexpr std::array<std::string_view, 26> function_names{
    "sin",  "cos",    "tan",    "cot",    "sec",    "csc",    "arcsin", "arccos", "arctan",
    "sinh", "cosh",   "tanh",   "ln",     "log",    "lg",     "exp",    "asin",   "acos",
    "atan", "arccot", "arcsec", "arccsc", "arsinh", "arcosh", "artanh", "coth"};
inline constexpr std::array<std::string_view, 10> call_names{"max",   "min",  "gcd", "lcm", "abs",
                                                             "floor", "ceil", "det", "dim", "deg"};
inline constexpr std::array<std::string_view, 44> symbol_names{
    "alpha",    "beta",  "gamma", "delta",   "epsilon", "varepsilon", "zeta",  "eta",     "theta",
    "vartheta", "iota",  "kappa", "lambda",  "mu",      "nu",         "xi",    "omicron", "rho",
    "varrho",   "sigma", "tau",   "upsilon", "phi",     "varphi",     "chi",   "psi",     "omega",
    "Gamma",    "Delta", "Theta", "Lambda",  "Xi",      "Pi",         "Sigma", "Upsilon", "Phi",
    "Psi",      "Omega", "ell",   "hbar",    "partial", "nabla",      "Alpha", "aleph"};
inline constexpr std::array<std::string_view, 12> accent_names{
    "overline", "bar",       "vec", "overrightarrow", "hat",     "widehat",
    "tilde",    "widetilde", "dot", "ddot",           "overarc", "overleftrightarrow"};

/// The answer language: tokens to a tree, by recursive descent. What it does not know, or what is
/// ambiguous (x^-1y, {1}{2}), it refuses: `parse` returns false. Nesting up to 48.
class Parser {
 public:
  Parser(std::vector<Token>& tokens, const ReadOptions& options)
      : tokens_(tokens), options_(options) {}

  [[nodiscard]] bool parse() {
    tree_.root = list();
    return ok_ && peek().kind == TokenKind::end && tree_.nodes.size() < 4096;
  }
  [[nodiscard]] Tree& tree() noexcept { return tree_; }
  [[nodiscard]] AnswerRuleSet used() const noexcept { return used_; }

 private:
  [[nodiscard]] bool on(AnswerRule rule) const noexcept { return !options_.off.contains(rule); }
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const noexcept {
    const std::size_t i = at_ + ahead;
    return tokens_[std::min(i, tokens_.size() - 1)];
  }
  void next() noexcept { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  int refuse() noexcept {
    ok_ = false;
    return 0;
  }
  bool take(char c) noexcept {
    if (ok_ && peek().is(c)) {
      next();
      return true;
    }
    return false;
  }
  bool take_command(std::string_view name) noexcept {
    if (ok_ && peek().is_command(name)) {
      next();
      return true;
    }
    return false;
  }
  void expect(char c) noexcept {
    if (!take(c)) {
      refuse();
    }
  }

  // ---- lists and relations ----

  /// Whether a separator of list elements stands here; consumed with those that follow it.
  bool separator(bool& any_or, bool& any_and) {
    bool found = false;
    for (;;) {
      const Token& t = peek();
      const bool word = t.kind == TokenKind::word || t.kind == TokenKind::letter;
      if (t.is(',') || t.is(';') || (t.is('&') && found)) {
        next();
      } else if (word && t.run == "and" && t.first) {
        any_and = true;
        skip_run();
      } else if (word && t.run == "or" && t.first) {
        any_or = true;
        skip_run();
      } else if (t.is_command("lor") || t.is_command("vee")) {
        any_or = true;
        next();
      } else if (t.is_command("land") || t.is_command("wedge")) {
        any_and = true;
        next();
      } else {
        return found;
      }
      found = true;
    }
  }
  void skip_run() noexcept {
    const auto* run = peek().run.data();
    do {
      next();
    } while (peek().kind == TokenKind::letter && !peek().first && peek().run.data() == run);
  }

  int list() {
    std::vector<int> kids{element()};
    bool any_or = false;
    bool any_and = false;
    while (ok_ && separator(any_or, any_and)) {
      if (peek().kind == TokenKind::end) {
        break;
      }
      kids.push_back(element());
    }
    if (!ok_) {
      return 0;
    }
    return kids.size() == 1
               ? kids[0]
               : tree_.add(Op::list, std::move(kids), any_or ? "or" : (any_and ? "and" : ""));
  }

  [[nodiscard]] static std::string_view relation_sign(const Token& t) noexcept {
    if (t.kind == TokenKind::symbol) {
      return t.is('=') ? "=" : (t.is('<') ? "<" : (t.is('>') ? ">" : ""));
    }
    if (t.kind != TokenKind::command) {
      return "";
    }
    constexpr std::array<std::array<std::string_view, 2>, 19> signs{{{"le", "<="},
                                                                     {"leq", "<="},
                                                                     {"leqslant", "<="},
                                                                     {"leqq", "<="},
                                                                     {"ge", ">="},
                                                                     {"geq", ">="},
                                                                     {"geqslant", ">="},
                                                                     {"geqq", ">="},
                                                                     {"lt", "<"},
                                                                     {"gt", ">"},
                                                                     {"ne", "!="},
                                                                     {"neq", "!="},
                                                                     {"in", "in"},
                                                                     {"equiv", "equiv"},
                                                                     {"to", "to"},
                                                                     {"rightarrow", "to"},
                                                                     {"mapsto", "to"},
                                                                     {"approx", "="},
                                                                     {"simeq", "="}}};
    for (const auto& [name, sign] : signs) {
      if (t.text == name) {
        return sign;
      }
    }
    return "";
  }

  /// One answer: a chain of relations, a quantity, an expression.
  int element() {
    const std::string_view lone = relation_sign(peek());
    std::vector<int> kids;
    std::string signs;
    if (!lone.empty() && lone != "in" && lone != "to") {  // ">= 3", "= 5"
      next();
      const int right = union_of_sets();
      if (lone == "=") {
        return right;
      }
      signs = lone;
      kids = {tree_.add(Op::symbol, {}, ""), right};
      return ok_ ? tree_.add(Op::relation, std::move(kids), std::move(signs)) : 0;
    }
    kids.push_back(union_of_sets());
    while (ok_) {
      const std::string sign(relation_sign(peek()));
      if (sign.empty()) {
        break;
      }
      next();
      kids.push_back(union_of_sets());
      signs += (signs.empty() ? "" : " ") + sign;
    }
    if (!ok_) {
      return 0;
    }
    return kids.size() == 1 ? kids[0] : tree_.add(Op::relation, std::move(kids), std::move(signs));
  }

  int union_of_sets() {
    int left = quantity();
    while (ok_ && (peek().is_command("cup") || peek().is_command("bigcup") ||
                   peek().is_command("setminus") || peek().is_command("backslash"))) {
      const bool unite = peek().text == "cup" || peek().text == "bigcup";
      next();
      left = tree_.add(unite ? Op::unite : Op::without, {left, quantity()});
    }
    return left;
  }

  // ---- quantities ----

  int quantity() {
    std::optional<Unit> money;
    bool negative = false;
    if (on(AnswerRule::money)) {
      const std::size_t start = at_;
      negative = take('-');
      money = currency();
      if (money && !negative) {
        negative = take('-');
      }
      if (!money) {
        at_ = start;
        negative = false;
      }
    }
    int value = over();
    if (negative) {
      value = tree_.add(Op::negative, {value});
    }
    if (!ok_) {
      return 0;
    }
    if (take_magnitude(value)) {
      used_.insert(AnswerRule::magnitude);
    }
    if (!constant(value)) {
      return value;  // $2x is 2x
    }
    if (money) {
      used_.insert(AnswerRule::money);
      UnitParser units(tokens_, at_);
      if (const auto more = units.parse(); more && more->powers == money->powers) {
        at_ = units.position();  // $5 dollars
      }
      return with_unit(value, *money);
    }
    if (on(AnswerRule::money)) {
      if (const auto after = currency()) {
        used_.insert(AnswerRule::money);
        return with_unit(value, *after);
      }
    }
    if (on(AnswerRule::unit) && constant(value)) {
      if (tree_.at(value).op == Op::degree) {
        return degrees(value);
      }
      UnitParser units(tokens_, at_);
      if (const auto unit = units.parse()) {
        at_ = units.position();
        used_.insert(is_money(*unit) ? AnswerRule::money : AnswerRule::unit);
        return compound(value, *unit);
      }
    }
    return value;
  }

  /// 2 hours 30 minutes, 5 feet and 3 inches: one quantity where the units are of one kind.
  int compound(int value, const Unit& unit) {
    std::vector<int> terms;
    while (ok_ && !unit.powers.empty()) {
      const std::size_t start = at_;
      if ((peek().kind == TokenKind::letter || peek().kind == TokenKind::word) &&
          peek().run == "and" && peek().first) {
        skip_run();
      }
      if (peek().kind != TokenKind::number) {
        at_ = start;
        break;
      }
      const int more = number();
      UnitParser units(tokens_, at_);
      const auto next_unit = ok_ ? units.parse() : std::nullopt;
      if (!next_unit || next_unit->powers != unit.powers ||
          compare(next_unit->factor, unit.factor) >= 0) {
        ok_ = true;
        at_ = start;
        break;
      }
      at_ = units.position();
      terms.push_back(tree_.add(Op::multiply, {more, tree_.number(next_unit->factor)}));
    }
    if (terms.empty()) {
      return with_unit(value, unit);
    }
    terms.push_back(tree_.add(Op::multiply, {value, tree_.number(unit.factor)}));
    Unit base = unit;
    base.factor = Exact(1);
    return with_unit(tree_.add(Op::add, std::move(terms), "compound"), base);
  }

  /// 72^\circ, 25^\circ C
  int degrees(int value) {
    used_.insert(AnswerRule::unit);
    Unit unit;
    std::string name = "deg";
    const Token& t = peek();
    if (t.kind == TokenKind::letter && (t.text == "C" || t.text == "F")) {
      name += t.text;
      next();
    } else if (t.kind == TokenKind::word && (t.text == "Celsius" || t.text == "Fahrenheit")) {
      name += t.text[0];
      next();
    }
    unit.powers[name] = 1;
    return with_unit(tree_.at(value).kids[0], unit);
  }

  int with_unit(int value, const Unit& unit) {
    tree_.units.push_back(unit);
    const int node = tree_.add(Op::quantity, {value});
    tree_.nodes.back().value = Exact(static_cast<std::int64_t>(tree_.units.size()) - 1);
    return node;
  }

  std::optional<Unit> currency() {
    const Token& t = peek();
    std::string_view code;
    if (t.is('$') || t.is_command("dollar")) {
      code = "USD";
    } else if (t.is_command("euro")) {
      code = "EUR";
    } else if (t.is_command("pounds")) {
      code = "GBP";
    } else if (t.is_command("yen")) {
      code = "JPY";
    } else if (t.is_command("rupee")) {
      code = "INR";
    } else if (t.is_command("cent")) {
      next();
      return known_unit("cent");
    } else if (t.first && (t.run == "USD" || t.run == "EUR" || t.run == "GBP" || t.run == "Rs" ||
                           t.run == "INR" || t.run == "JPY" || t.run == "CNY" || t.run == "US")) {
      const bool dollars = t.run == "US";
      if (dollars && !peek(2).is('$')) {
        return std::nullopt;
      }
      code = dollars ? "USD" : (t.run == "Rs" ? "INR" : t.run);
      skip_run();
      take('.');
      take('$');
      return known_unit(code);
    } else {
      return std::nullopt;
    }
    next();
    return known_unit(code);
  }

  /// hundred, thousand, million, ... after a number.
  bool take_magnitude(int& value) {
    constexpr std::array<std::pair<std::string_view, int>, 10> words{{{"hundred", 2},
                                                                      {"thousand", 3},
                                                                      {"million", 6},
                                                                      {"billion", 9},
                                                                      {"trillion", 12},
                                                                      {"lakh", 5},
                                                                      {"crore", 7},
                                                                      {"millions", 6},
                                                                      {"billions", 9},
                                                                      {"thousands", 3}}};
    if (!on(AnswerRule::magnitude) || !constant(value)) {
      return false;
    }
    bool found = false;
    for (const auto& [word, power] : words) {
      if (peek().kind == TokenKind::word && peek().text == word) {
        next();
        value = tree_.add(Op::multiply,
                          {value, tree_.number(Exact(10).power(static_cast<unsigned>(power)))});
        found = true;
      }
    }
    return found;
  }

  /// Whether a tree holds no symbol: only then does a unit follow it.
  [[nodiscard]] bool constant(int index) const {
    const Node& node = tree_.at(index);
    if (node.op == Op::symbol || node.op == Op::opaque || node.op == Op::relation ||
        node.op == Op::matrix) {
      return false;
    }
    return std::all_of(node.kids.begin(), node.kids.end(), [&](int kid) { return constant(kid); });
  }

  // ---- expressions ----

  struct Depth {
    explicit Depth(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > 48) {
        parser_.ok_ = false;
      }
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    Parser& parser_;
  };

  int expression() {
    const Depth depth(*this);
    if (!ok_) {
      return 0;
    }
    std::vector<int> terms;
    bool first = true;
    while (ok_) {
      const Token& t = peek();
      if (t.is('+') || t.is('-')) {
        const bool minus = t.is('-');
        next();
        if (first && minus && peek().is('-')) {
          return refuse();  // --5
        }
        const int value = signed_term();
        terms.push_back(minus && ok_ ? tree_.add(Op::negative, {value}) : value);
      } else if (t.is_command("pm") || t.is_command("mp")) {
        const std::string sign = t.text == "pm" ? "+" : "-";
        next();
        used_.insert(AnswerRule::plus_minus);
        if (!on(AnswerRule::plus_minus)) {
          return refuse();
        }
        const int value = term();
        terms.push_back(ok_ ? tree_.add(Op::plus_minus, {value}, sign) : 0);
      } else if (first) {
        terms.push_back(term());
      } else {
        break;
      }
      first = false;
    }
    if (!ok_) {
      return 0;
    }
    return terms.size() == 1 ? terms[0] : tree_.add(Op::add, std::move(terms));
  }

  /// After a sign: one more may follow, as in 3+-5.
  int signed_term() {
    if (peek().is('-')) {
      next();
      const int value = term();
      return ok_ ? tree_.add(Op::negative, {value}) : 0;
    }
    return term();
  }

  [[nodiscard]] bool times_sign() const noexcept {
    const Token& t = peek();
    return t.is('*') || t.is_command("times") || t.is_command("cdot") || t.is_command("ast") ||
           (t.kind == TokenKind::letter && t.text == "x" && t.run == "x" && at_ > 0 &&
            tokens_[at_ - 1].kind == TokenKind::number && peek(1).kind == TokenKind::number &&
            peek(1).text == "10");  // 1.2x10^5
  }

  int term() {
    int left = factor();
    while (ok_) {
      const Token& t = peek();
      if (times_sign()) {
        next();
        left = tree_.add(Op::multiply, {left, signed_factor()});
      } else if (t.is('/') || t.is_command("div")) {
        next();
        left = tree_.add(Op::divide, {left, signed_factor()});
      } else if (t.is('%') || (t.kind == TokenKind::word && t.text == "percent")) {
        next();
        left = tree_.add(Op::percent, {left});
      } else if (begins_factor(left)) {
        left = tree_.add(Op::multiply, {left, factor()});
      } else {
        break;
      }
    }
    return left;
  }
  int signed_factor() {
    if (take('-')) {
      const int value = factor();
      return ok_ ? tree_.add(Op::negative, {value}) : 0;
    }
    take('+');
    return factor();
  }

  /// Whether what follows is multiplied without a sign. A number never is, nor is a unit.
  [[nodiscard]] bool begins_factor(int left) const {
    const Token& t = peek();
    switch (t.kind) {
      case TokenKind::letter:
        return t.run != "and" && t.run != "or" && !(constant(left) && unit_follows()) &&
               !(tree_.at(left).op == Op::degree && (t.text == "C" || t.text == "F"));
      case TokenKind::symbol:
        return t.is('{') || (t.is('|') && bars_ == 0) ||
               (t.is('(') && !(peek(1).roman && constant(left) && unit_follows()));
      case TokenKind::command: {
        if (!relation_sign(t).empty() || (constant(left) && unit_follows())) {
          return false;
        }
        constexpr std::array<std::string_view, 26> stops{
            "pm",     "mp",    "cup",  "cap",    "setminus", "rfloor", "rceil", "rangle", "over",
            "choose", "mid",   "div",  "times",  "cdot",     "ast",    "rvert", "euro",   "pounds",
            "yen",    "rupee", "cent", "bigcup", "bmod",     "pmod",   "lor",   "land"};
        return !one_of(t.text, stops) && t.text.compare(0, 3, "end") != 0 &&
               t.text.compare(0, 5, "begin") != 0;
      }
      default: return false;
    }
  }
  [[nodiscard]] bool unit_follows() const {
    if (!on(AnswerRule::unit)) {
      return false;
    }
    UnitParser units(tokens_, at_);
    return units.parse().has_value();
  }

  int factor() {
    int base = primary();
    while (ok_) {
      const Token& t = peek();
      if (t.is('^')) {
        base = raised(base);
      } else if (t.is('!') && !t.space) {
        next();
        if (peek().is('!')) {
          return refuse();
        }
        base = tree_.add(Op::factorial, {base});
      } else if (t.is('\'') && tree_.at(base).op == Op::symbol) {
        next();
        base = tree_.add(Op::symbol, {}, tree_.at(base).text + "'");
      } else if (t.is_command("degree")) {
        next();
        base = tree_.add(Op::degree, {base});
      } else {
        break;
      }
    }
    return base;
  }

  [[nodiscard]] bool degree_sign() noexcept {
    std::size_t i = at_;
    const bool braces = tokens_[i].is('{');
    i += braces ? 1 : 0;
    if (!tokens_[i].is_command("circ") || (braces && !tokens_[i + 1].is('}'))) {
      return false;
    }
    at_ = i + (braces ? 2 : 1);
    return true;
  }

  int raised(int base) {
    next();  // ^
    if (degree_sign()) {
      return tree_.add(Op::degree, {base});
    }
    const bool braces = peek().is('{');
    int exponent = 0;
    if (braces) {
      exponent = group();
      if (peek().is('^')) {
        return refuse();  // a^{b}^c
      }
    } else if (peek().is('(')) {
      exponent = primary();
    } else if (peek().is('-') || peek().is('+')) {
      const bool minus = peek().is('-');
      next();
      exponent = peek().is('(') ? primary() : short_exponent();
      const Token& after = peek();
      if (!after.space && (after.kind == TokenKind::letter || after.is('('))) {
        return refuse();  // x^-1y
      }
      exponent = minus && ok_ ? tree_.add(Op::negative, {exponent}) : exponent;
    } else {
      exponent = short_exponent();
      if (ok_ && peek().is('^')) {
        exponent = raised(exponent);
      }
    }
    return ok_ ? tree_.add(Op::power, {base, exponent}) : 0;
  }
  /// A number, a letter or a macro: what an exponent without braces is.
  int short_exponent() {
    const Token& t = peek();
    if (t.kind == TokenKind::number) {
      return argument(true);
    }
    if (t.kind == TokenKind::letter || (t.kind == TokenKind::command && relation_sign(t).empty())) {
      return primary();
    }
    return refuse();
  }

  /// {...}, with \over and \choose in it.
  int group() {
    expect('{');
    const int value = over();
    expect('}');
    return value;
  }
  int over() {
    const Depth depth(*this);
    const int value = expression();
    if (ok_ && (peek().is_command("over") || peek().is_command("choose"))) {
      const bool fraction = peek().text == "over";
      next();
      const int below = expression();
      return ok_ ? (fraction ? tree_.add(Op::divide, {value, below})
                             : tree_.add(Op::function, {value, below}, "binom"))
                 : 0;
    }
    return value;
  }

  /// A macro's argument: a group, one digit, a letter, a macro.
  int argument(bool whole_number) {
    const Depth depth(*this);
    if (!ok_) {
      return 0;
    }
    if (peek().is('{')) {
      return group();
    }
    Token& t = tokens_[at_];
    if (t.kind == TokenKind::number && !whole_number && t.text.size() > 1) {
      if (t.text.find('.') != std::string::npos) {
        return refuse();
      }
      const int digit = tree_.number(Exact::decimal(t.text.substr(0, 1)));
      t.text.erase(0, 1);
      return digit;
    }
    if (t.kind == TokenKind::number && t.text.size() <= exact_bits / 4 && t.exponent == 0) {
      const int value = tree_.number(Exact::decimal(t.text));
      next();
      return value;
    }
    if (t.kind == TokenKind::letter || t.kind == TokenKind::command ||
        (whole_number && t.is('('))) {
      return primary();
    }
    return refuse();
  }

  int primary() {
    const Depth depth(*this);
    if (!ok_) {
      return 0;
    }
    const Token& t = peek();
    switch (t.kind) {
      case TokenKind::number: return number();
      case TokenKind::letter: return letter();
      case TokenKind::command: return command();
      case TokenKind::symbol: return bracket();
      case TokenKind::atom: {
        const int node = tree_.add(Op::atom, {}, t.text);
        next();
        return node;
      }
      case TokenKind::word: return word();
      case TokenKind::end: break;
    }
    return refuse();
  }

  int word() {
    const Token& t = peek();
    const int node = tree_.add(Op::symbol, {}, t.text);
    next();
    // Words side by side are text, and so is a word beside a number.
    const TokenKind after = peek().kind;
    if (after == TokenKind::word || after == TokenKind::number || after == TokenKind::letter ||
        (at_ >= 2 && (tokens_[at_ - 2].kind == TokenKind::number ||
                      tokens_[at_ - 2].kind == TokenKind::letter))) {
      return refuse();
    }
    return subscript(node);
  }

  int number() {
    const Token& t = peek();
    if (t.text.size() > exact_bits / 4 || t.exponent > 1000 || t.exponent < -1000) {
      return refuse();
    }
    const bool integer = t.text.find('.') == std::string::npos && t.exponent == 0;
    const std::string digits = t.text;
    Exact value = Exact::decimal(digits, t.exponent);
    next();
    const Token& after = peek();
    if (digits.find('.') != std::string::npos && !after.space &&
        (after.is_command("overline") || after.is_command("bar") || after.is_command("dot"))) {
      return repeating(value, digits);
    }
    if (digits.find('.') != std::string::npos && on(AnswerRule::repeating) && dots()) {
      // 0.333...: the last digit, if it stands there twice
      const std::size_t last = digits.size() - 1;
      if (digits[last] != digits[last - 1] || t.exponent != 0) {
        return refuse();
      }
      at_ += peek().is('.') ? 3 : 1;
      used_.insert(AnswerRule::repeating);
      const auto places = static_cast<unsigned>(last - digits.find('.'));
      return tree_.number(value + Exact(digits[last] - '0') / Exact(9) / Exact(10).power(places));
    }
    if (after.is('_') && integer) {
      return based(digits);
    }
    if (integer && on(AnswerRule::mixed)) {
      const int mixed = mixed_number(value);
      if (!ok_ || mixed >= 0) {
        return mixed;
      }
    }
    if (peek().kind == TokenKind::number) {
      return refuse();  // 1 2
    }
    if (peek().kind == TokenKind::letter && !peek().space && peek(1).kind == TokenKind::number &&
        !peek(1).space && !times_sign()) {
      return refuse();  // 3a5
    }
    return tree_.number(std::move(value));
  }

  [[nodiscard]] bool dots() const noexcept {
    return peek().is_command("ldots") || peek().is_command("dots") || peek().is_command("cdots") ||
           (peek().is('.') && peek(1).is('.') && peek(2).is('.'));
  }

  int repeating(const Exact& head, const std::string& digits) {
    next();
    const bool braces = take('{');
    const Token& t = peek();
    if (!on(AnswerRule::repeating) || t.kind != TokenKind::number || t.exponent != 0 ||
        t.text.find('.') != std::string::npos || t.text.size() > 200) {
      return refuse();
    }
    const auto before = static_cast<unsigned>(digits.size() - digits.find('.') - 1);
    const Exact period = Exact::decimal(t.text) / (Exact(10).power(t.text.size()) - Exact(1)) /
                         Exact(10).power(before);
    next();
    if (braces) {
      expect('}');
    }
    used_.insert(AnswerRule::repeating);
    return ok_ ? tree_.number(head + period) : 0;
  }

  /// 1011_2
  int based(const std::string& digits) {
    next();
    const bool braces = take('{');
    const Token& t = peek();
    std::int64_t base = 0;
    if (t.kind != TokenKind::number || t.text.size() > 2 || !on(AnswerRule::base)) {
      return refuse();
    }
    for (const char c : t.text) {
      base = 10 * base + (c - '0');
    }
    next();
    if (braces) {
      expect('}');
    }
    Exact value;
    for (const char c : digits) {
      if (base < 2 || c - '0' >= base) {
        return refuse();
      }
      value = value * Exact(base) + Exact(c - '0');
    }
    used_.insert(AnswerRule::base);
    return tree_.number(std::move(value));
  }

  /// 2\frac{1}{2}, 2 1/2: a proper fraction of plain integers after an integer; -1 if none follows.
  int mixed_number(const Exact& whole) {
    std::size_t i = at_;
    const auto integer = [&](std::size_t j) {
      return j < tokens_.size() && tokens_[j].kind == TokenKind::number &&
             tokens_[j].exponent == 0 && tokens_[j].text.find('.') == std::string::npos &&
             tokens_[j].text.size() <= 18;
    };
    std::string above, below;
    if (tokens_[i].kind == TokenKind::command &&
        (tokens_[i].text == "frac" || tokens_[i].text == "dfrac" || tokens_[i].text == "tfrac" ||
         tokens_[i].text == "cfrac")) {
      ++i;
      for (std::string* part : {&above, &below}) {
        const bool braces = tokens_[i].is('{');
        i += braces ? 1 : 0;
        if (!integer(i)) {
          return -1;
        }
        if (braces) {
          *part = tokens_[i].text;
          if (!tokens_[i + 1].is('}')) {
            return -1;
          }
          i += 2;
        } else if (tokens_[i].text.size() == 2 && part == &above) {
          above = tokens_[i].text.substr(0, 1);
          below = tokens_[i].text.substr(1);
          ++i;
          break;
        } else if (tokens_[i].text.size() == 1) {
          *part = tokens_[i].text;
          ++i;
        } else {
          return -1;
        }
      }
    } else if (integer(i) && tokens_[i].space && tokens_[i + 1].is('/') && integer(i + 2)) {
      above = tokens_[i].text;
      below = tokens_[i + 2].text;
      i += 3;
    } else {
      return -1;
    }
    const Exact top = Exact::decimal(above);
    const Exact bottom = Exact::decimal(below);
    if (compare(top, bottom) >= 0) {
      return -1;
    }
    at_ = i;
    used_.insert(AnswerRule::mixed);
    return tree_.number(whole + top / bottom);
  }

  int letter() {
    const Token t = peek();
    next();
    const Token& after = peek();
    if (t.boundary && at_ >= 2 && !t.space && tokens_[at_ - 2].kind == TokenKind::letter) {
      return refuse();  // \text{A}\text{B}
    }
    if (after.kind == TokenKind::number && !after.space) {
      // x1 is a name if nothing precedes or follows it closely; a5b is none
      const bool alone = t.run.size() == 1 && after.text.size() <= 2 && after.exponent == 0 &&
                         after.text.find('.') == std::string::npos &&
                         (at_ < 2 || tokens_[at_ - 2].kind != TokenKind::number) &&
                         (peek(1).kind != TokenKind::letter || peek(1).space);
      if (!alone) {
        return refuse();
      }
      const int node = tree_.add(Op::symbol, {}, t.text + "_" + after.text);
      next();
      return node;
    }
    if (after.kind == TokenKind::number || after.kind == TokenKind::word) {
      return refuse();  // a 5
    }
    if (after.is('(') && !t.roman && t.run.size() == 1 &&
        (t.text == "f" || t.text == "g" || t.text == "h" || t.text == "F" || t.text == "G")) {
      return application(t.text);
    }
    if (after.is('^') && (t.text == "f" || t.text == "g" || t.text == "h") && peek(1).is('{') &&
        peek(2).is('-') && peek(3).text == "1" && peek(4).is('}') && peek(5).is('(')) {
      at_ += 5;
      return application(t.text + " inverse");
    }
    if (!after.is('_')) {
      if (t.text == "e") {
        return tree_.add(Op::euler);
      }
      if (t.text == "i") {
        return tree_.add(Op::imaginary);
      }
    }
    return subscript(tree_.add(Op::symbol, {}, t.text));
  }

  int application(std::string name) {
    next();  // (
    std::vector<int> kids{expression()};
    while (take(',')) {
      kids.push_back(expression());
    }
    expect(')');
    return ok_ ? tree_.add(Op::opaque, std::move(kids), "apply " + std::move(name)) : 0;
  }

  /// a_1, a_{n+1}: a plain index is part of the name, another an argument.
  int subscript(int symbol) {
    if (!ok_ || !take('_')) {
      return symbol;
    }
    const std::string name = tree_.at(symbol).text;
    const bool braces = peek().is('{');
    const std::size_t inner = at_ + (braces ? 1 : 0);
    const TokenKind kind = tokens_[std::min(inner, tokens_.size() - 1)].kind;
    const bool plain =
        kind == TokenKind::number || kind == TokenKind::letter || kind == TokenKind::word;
    if (plain && (!braces || peek(2).is('}'))) {
      Token& t = tokens_[inner];
      std::string index = t.text;
      if (!braces && kind == TokenKind::number && t.text.size() > 1) {
        index = t.text;  // a_12 as it is typed
      }
      at_ = inner + (braces ? 2 : 1);
      return tree_.add(Op::symbol, {}, name + "_" + index);
    }
    std::vector<int> kids;
    if (braces) {
      next();
      kids.push_back(expression());
      while (take(',')) {
        kids.push_back(expression());
      }
      expect('}');
    } else {
      kids.push_back(short_exponent());
    }
    return ok_ ? tree_.add(Op::opaque, std::move(kids), "index " + name) : 0;
  }

  // ---- brackets ----

  [[nodiscard]] static std::string_view closer(const Token& t) noexcept {
    if (t.is(')') || t.is(']')) {
      return t.text;
    }
    return t.is_command("rangle") ? ")" : "";
  }

  int bracket() {
    const Token& t = peek();
    if (t.is('{')) {
      next();
      int value = over();
      if (ok_ && peek().is(',')) {  // {1, 2} as it is typed
        std::vector<int> kids{value};
        while (take(',')) {
          kids.push_back(element());
        }
        value = on(AnswerRule::set) ? tree_.add(Op::set, std::move(kids)) : refuse();
      }
      expect('}');
      if (ok_ && peek().kind == TokenKind::symbol && peek().is('{')) {
        return refuse();  // {1}{2}
      }
      if (ok_ && peek().kind == TokenKind::number) {
        return refuse();
      }
      return value;
    }
    if (t.is('(') || t.is('[')) {
      return tuple(t.is('(') ? "(" : "[");
    }
    if (t.kind == TokenKind::symbol && t.text == "\\{") {
      return set();
    }
    if (t.is('|')) {
      return magnitude('|');
    }
    return refuse();
  }

  int magnitude(char close) {
    const Depth depth(*this);
    next();
    ++bars_;
    const int value = expression();
    --bars_;
    expect(close);
    return ok_ ? tree_.add(Op::function, {value}, "abs") : 0;
  }

  int tuple(const std::string& open) {
    const Depth depth(*this);
    next();
    const int bars = bars_;
    bars_ = 0;
    std::vector<int> kids;
    if (closer(peek()).empty()) {
      do {
        kids.push_back(element());
      } while (ok_ && (take(',') || take(';')));
    }
    bars_ = bars;
    const std::string close(ok_ ? closer(peek()) : "");
    if (close.empty()) {
      return refuse();
    }
    next();
    if (kids.size() == 1 && open == "(" && close == ")") {
      return tree_.at(kids[0]).op == Op::relation ? refuse() : kids[0];
    }
    if (kids.empty() || (kids.size() == 1 && open + close != "[]")) {
      return refuse();
    }
    if (kids.size() == 1 && tree_.at(kids[0]).op != Op::tuple &&
        tree_.at(kids[0]).op != Op::matrix && begins_operand()) {
      return kids[0];  // 2[x + 1]
    }
    return tree_.add(Op::tuple, std::move(kids), open + close);
  }
  [[nodiscard]] bool begins_operand() const noexcept {
    const Token& t = peek();
    return t.is('^') || t.is('+') || t.is('-') || t.is('*') || t.is('/') ||
           t.kind == TokenKind::letter || t.is('(');
  }

  int set() {
    const Depth depth(*this);
    next();
    std::vector<int> kids;
    const auto closes = [&] { return peek().kind == TokenKind::symbol && peek().text == "\\}"; };
    const int bars = bars_++;
    if (!closes()) {
      kids.push_back(element());
      if (ok_ && (peek().is('|') || peek().is(':') || peek().is_command("mid"))) {
        next();
        kids.assign(1, list());  // { x | ... }: what is said of x
        bars_ = bars;
        if (!ok_ || !closes()) {
          return refuse();
        }
        next();
        return kids[0];
      }
      bool any_or = false;
      bool any_and = false;
      while (ok_ && separator(any_or, any_and)) {
        kids.push_back(element());
      }
    }
    bars_ = bars;
    if (!ok_ || !closes()) {
      return refuse();
    }
    next();
    used_.insert(AnswerRule::set);
    return on(AnswerRule::set) ? tree_.add(Op::set, std::move(kids)) : refuse();
  }

  // ---- macros ----

  int command() {
    const Token t = peek();
    const std::string& name = t.text;
    next();
    if (name == "frac" || name == "dfrac" || name == "tfrac" || name == "cfrac") {
      const int above = argument(false);
      const int below = argument(false);
      used_.insert(AnswerRule::fraction);
      return ok_ ? tree_.add(Op::divide, {above, below}) : 0;
    }
    if (name == "sqrt" || name == "cbrt") {
      return root(name == "cbrt");
    }
    if (name == "pi") {
      return tree_.add(Op::pi);
    }
    if (name == "infty" || name == "inf" || name == "infinity") {
      return tree_.add(Op::infinity);
    }
    if (one_of(name, function_names)) {
      return function(name);
    }
    if (one_of(name, call_names)) {
      return call(name);
    }
    if (name == "binom" || name == "dbinom" || name == "tbinom") {
      if (t.plain) {
        return call("binom");
      }
      const int above = argument(false);
      const int below = argument(false);
      return ok_ ? tree_.add(Op::function, {above, below}, "binom") : 0;
    }
    if (one_of(name, symbol_names)) {
      const std::string_view known = name == "varepsilon" ? "epsilon"
                                     : name == "varphi"   ? "phi"
                                     : name == "vartheta" ? "theta"
                                                          : std::string_view(name);
      return subscript(tree_.add(Op::symbol, {}, "\\" + std::string(known)));
    }
    if (one_of(name, accent_names)) {
      std::string_view known = name;
      known = known == "overrightarrow" ? "vec" : known;
      known = known == "bar" ? "overline" : known;
      known = known == "widehat" ? "hat" : (known == "widetilde" ? "tilde" : known);
      const int inside = argument(false);
      return ok_ ? subscript_of(tree_.add(Op::opaque, {inside}, std::string(known))) : 0;
    }
    if (name == "angle" || name == "triangle" || name == "measuredangle") {
      std::string letters;
      while (peek().kind == TokenKind::letter || peek().kind == TokenKind::word) {
        letters += peek().text;
        next();
      }
      return letters.empty()
                 ? refuse()
                 : tree_.add(Op::symbol, {},
                             (name == "triangle" ? "\\triangle " : "\\angle ") + letters);
    }
    if (name == "lfloor" || name == "lceil") {
      const int value = expression();
      if (!take_command(name == "lfloor" ? "rfloor" : "rceil")) {
        return refuse();
      }
      return tree_.add(Op::function, {value}, name == "lfloor" ? "floor" : "ceil");
    }
    if (name == "lvert") {
      const int value = expression();
      return take_command("rvert") ? tree_.add(Op::function, {value}, "abs") : refuse();
    }
    if (name == "langle") {
      --at_;
      return tuple("(");
    }
    if (name == "emptyset" || name == "varnothing") {
      return tree_.add(Op::set);
    }
    if (name.compare(0, 7, "mathbb ") == 0) {
      if (name == "mathbb R") {
        const int end = tree_.add(Op::infinity);
        return tree_.add(Op::tuple, {tree_.add(Op::negative, {end}), end}, "()");
      }
      return subscript(tree_.add(Op::symbol, {}, "\\mathbb{" + name.substr(7) + "}"));
    }
    if (name.compare(0, 6, "begin ") == 0) {
      return matrix(name.substr(6));
    }
    if (name == "sum" || name == "prod" || name == "int" || name == "lim" || name == "iint" ||
        name == "oint") {
      return big_operator(name);
    }
    if (name == "ldots" || name == "dots" || name == "cdots") {
      return tree_.add(Op::symbol, {}, "...");
    }
    return refuse();
  }

  int subscript_of(int node) {
    if (!ok_ || !peek().is('_')) {
      return node;
    }
    next();
    const int index = peek().is('{') ? group() : short_exponent();
    return ok_ ? tree_.add(Op::opaque, {node, index}, "index") : 0;
  }

  int root(bool cubic) {
    std::int64_t degree = cubic ? 3 : 2;
    if (!cubic && take('[')) {
      const int index = expression();
      expect(']');
      if (!ok_) {
        return 0;
      }
      if (tree_.at(index).op != Op::number || !tree_.at(index).value.to_integer(degree) ||
          degree < 2 || degree > 1000) {
        const int radicand = argument(true);
        return ok_ ? tree_.add(Op::power,
                               {radicand, tree_.add(Op::divide, {tree_.number(Exact(1)), index})})
                   : 0;
      }
    }
    const int radicand = argument(true);
    if (!ok_) {
      return 0;
    }
    const int node = tree_.add(Op::root, {radicand});
    tree_.nodes.back().value = Exact(degree);
    return node;
  }

  /// sin 2x, \sin^2 x, \log_2 8, \ln(x + 1)
  int function(std::string name) {
    if (name == "asin" || name == "acos" || name == "atan") {
      name = "arc" + name.substr(1);
    }
    int base = -1;
    if (name == "log" && take('_')) {
      base = peek().is('{') ? group() : argument(true);
    }
    int power = -1;
    if (take('^')) {
      power = peek().is('{') ? group() : short_exponent();
      if (!ok_) {
        return 0;
      }
    }
    if (base < 0 && name == "log" && take('_')) {
      base = peek().is('{') ? group() : argument(true);
    }
    int inside = 0;
    if (peek().is('(') || peek().is('[')) {
      inside = primary();
    } else {
      inside = argument_product();
    }
    if (!ok_) {
      return 0;
    }
    std::vector<int> kids{inside};
    if (base >= 0) {
      kids.push_back(base);
    }
    const bool inverse = power >= 0 && tree_.at(power).op == Op::negative &&
                         tree_.at(tree_.at(power).kids[0]).op == Op::number &&
                         tree_.at(tree_.at(power).kids[0]).value == Exact(1);
    if (inverse && name.size() == 3 && name != "log" && name != "exp") {
      return tree_.add(Op::function, std::move(kids), "arc" + name);
    }
    const int value = tree_.add(Op::function, std::move(kids), std::move(name));
    return power >= 0 ? tree_.add(Op::power, {value, power}) : value;
  }

  /// What a function without parentheses takes: factors up to a sign or the next function.
  int argument_product() {
    if (peek().is('-')) {
      next();
      const int value = argument_product();
      return ok_ ? tree_.add(Op::negative, {value}) : 0;
    }
    int value = factor();
    while (ok_) {
      const Token& t = peek();
      const bool more = (t.kind == TokenKind::letter || t.is_command("pi") ||
                         (t.kind == TokenKind::command && one_of(t.text, symbol_names)) ||
                         t.is_command("sqrt") || t.is('{')) &&
                        !(constant(value) && unit_follows());
      if (more) {
        value = tree_.add(Op::multiply, {value, factor()});
      } else if (t.is('/') && tree_.at(value).op != Op::function &&
                 (peek(1).kind == TokenKind::number || peek(1).kind == TokenKind::letter) &&
                 !t.space) {  // sin x/2
        next();
        value = tree_.add(Op::divide, {value, factor()});
      } else {
        break;
      }
    }
    return value;
  }

  int call(std::string name) {
    if (!peek().is('(') && !peek().is('{')) {
      return refuse();
    }
    const bool braces = peek().is('{');
    next();
    std::vector<int> kids;
    do {
      kids.push_back(expression());
    } while (ok_ && take(','));
    expect(braces ? '}' : ')');
    return ok_ ? tree_.add(Op::function, std::move(kids), std::move(name)) : 0;
  }

  /// \sum_{i=1}^{n} a_i: its bounds and what follows, up to the end of the term.
  int big_operator(std::string name) {
    const Depth depth(*this);
    std::vector<int> kids;
    for (int i = 0; i < 2 && ok_; ++i) {
      if (take('_')) {
        name += "_";
        if (take('{')) {
          kids.push_back(element());
          expect('}');
        } else {
          kids.push_back(short_exponent());
        }
      } else if (take('^')) {
        name += "^";
        kids.push_back(peek().is('{') ? group() : short_exponent());
      }
    }
    kids.push_back(ok_ ? term() : 0);
    return ok_ ? tree_.add(Op::opaque, std::move(kids), std::move(name)) : 0;
  }

  /// Lines of relations: x = 1 \\ y = 2
  int cases(const std::string& end) {
    std::vector<int> kids;
    while (ok_ && !peek().is_command(end)) {
      take('&');
      kids.push_back(element());
      take(',');
      if (peek().kind == TokenKind::symbol && peek().text == "\\\\") {
        next();
      } else if (!peek().is_command(end)) {
        return refuse();
      }
    }
    next();
    return ok_ && kids.size() > 1 ? tree_.add(Op::list, std::move(kids), "and") : refuse();
  }

  int matrix(const std::string& environment) {
    const Depth depth(*this);
    if (environment == "cases" || environment == "aligned" || environment == "align*") {
      return cases("end " + environment);
    }
    constexpr std::array<std::string_view, 8> known{"matrix",  "pmatrix", "bmatrix",     "Bmatrix",
                                                    "vmatrix", "array",   "smallmatrix", "Vmatrix"};
    if (!one_of(std::string_view(environment), known) || !on(AnswerRule::matrix)) {
      return refuse();
    }
    if (environment == "array" && take('{')) {
      while (ok_ && !peek().is('}') && peek().kind != TokenKind::end) {
        next();
      }
      expect('}');
    }
    std::vector<int> rows;
    std::vector<int> row;
    const std::string end = "end " + environment;
    const auto finish_row = [&] {
      if (!row.empty()) {
        rows.push_back(tree_.add(Op::tuple, std::move(row), "[]"));
        row.clear();
      }
    };
    while (ok_ && !peek().is_command(end)) {
      row.push_back(expression());
      const bool line = peek().kind == TokenKind::symbol && peek().text == "\\\\";
      if (line) {
        next();
        finish_row();
      } else if (!take('&') && !peek().is_command(end)) {
        return refuse();
      }
    }
    finish_row();
    if (!ok_ || rows.empty()) {
      return refuse();
    }
    next();
    used_.insert(AnswerRule::matrix);
    const bool determinant = environment == "vmatrix" || environment == "Vmatrix";
    return tree_.add(Op::matrix, std::move(rows), determinant ? "determinant" : "matrix");
  }

  std::vector<Token>& tokens_;
  const ReadOptions& options_;
  Tree tree_;
  AnswerRuleSet used_{};
  std::size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;
  bool ok_ = true;
};

}  // namespace dag::detail
