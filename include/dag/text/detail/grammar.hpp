// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
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
    open_condition();
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
  void next() noexcept { at_ += at_ + 1 < tokens_.size() ? 1U : 0U; }
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
  bool separator(bool& any_or, bool& any_and);
  void skip_run() noexcept;

  int list();

  [[nodiscard]] static std::string_view relation_sign(const Token& t) noexcept;

  /// One answer: a chain of relations, a quantity, an expression.
  int element();

  int union_of_sets();

  /// (0, 1) U (2, 3) as it is typed, \mathbb{R} - \{1\}
  [[nodiscard]] bool joins_sets(int left) const;

  /// Z after \in is \mathbb{Z}, as R is the line.
  int number_set(int index);

  /// 2k (k \in Z): what an answer says in parentheses at its end, with a sign of order or of
  /// membership in it, is an element of a list: 2k, k \in Z.
  void open_condition();

  // ---- quantities ----

  int quantity();

  /// The K, M, B or T right after a number of money: the power of a thousand, or 0.
  [[nodiscard]] int magnitude_letter() const;

  /// 2 hours 30 minutes, 5 feet and 3 inches: one quantity where the units are of one kind.
  int compound(int value, const Unit& unit);

  /// 72^\circ, 25^\circ C
  int degrees(int value);

  int with_unit(int value, const Unit& unit);

  std::optional<Unit> currency();

  /// hundred, thousand, million, ... after a number.
  bool take_magnitude(int& value);

  /// Whether a tree holds no symbol: only then does a unit follow it.
  [[nodiscard]] bool constant(int index) const;

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

  int expression();

  /// After a sign: one more may follow, as in 3+-5.
  int signed_term();
  [[nodiscard]] bool begins_matrix() const;

  [[nodiscard]] bool times_sign() const noexcept;

  int term();
  int signed_factor();

  /// \vec a, \nabla: of two, the products \cdot and \times are not one.
  [[nodiscard]] bool is_field(int index) const;

  /// Whether what follows is multiplied without a sign. A number never is, nor is a unit.
  [[nodiscard]] bool begins_factor(int left) const;
  [[nodiscard]] bool unit_follows() const;

  int factor();

  /// 7!!: of a number alone.
  int double_factorial(int base);

  [[nodiscard]] bool degree_sign() noexcept;

  int raised(int base);
  /// A number, a letter or a macro: what an exponent without braces is.
  int short_exponent();

  /// {...}, with \over and \choose in it.
  int group();
  int over();

  /// A macro's argument: a group, one digit, a letter, a macro.
  int argument(bool whole_number);

  int primary();

  int word();

  int number();

  [[nodiscard]] bool dots() const noexcept;

  int repeating(const Exact& head, const std::string& digits);

  /// 1011_2
  int based(const std::string& digits);

  /// 2\frac{1}{2}, 2 1/2: a proper fraction of plain integers after an integer; -1 if none follows.
  int mixed_number(const Exact& whole);

  int letter();

  int application(std::string name);

  /// a_1, a_{n+1}: a plain index is part of the name, another an argument.
  int subscript(int symbol);

  // ---- brackets ----

  [[nodiscard]] static std::string_view closer(const Token& t) noexcept;

  int bracket();

  int magnitude(char close);

  int tuple(std::string open);
  [[nodiscard]] bool begins_operand() const noexcept;

  int set();

  /// \{ x | x > 2 \} says x > 2; \{ x \in S | ... \} that and x \in S; \{ 2k | k \in Z \} is 2k, k
  /// \in Z.
  int set_builder(int element, int said);

  /// (-inf, inf)
  [[nodiscard]] bool is_line(int index) const;
  void names_in(int index, std::vector<std::string>& names) const;

  /// Of 2n\pi, n \in Z the name n does not count: it becomes k, if there is no k.
  void bind_integer(const std::vector<int>& kids);

  /// The letters of AB one by one, in their order: \vec{AB} is not \vec{BA}. Else `index` alone.
  [[nodiscard]] std::vector<int> letters_of(int index) const;

  // ---- macros ----

  int command();

  int subscript_of(int node);

  int root(bool cubic);

  /// sin 2x, \sin^2 x, \log_2 8, \ln(x + 1)
  int function(std::string name);

  /// What a function without parentheses takes: factors up to a sign or the next function.
  int argument_product();

  int call(std::string name);

  /// \sum_{i=1}^{n} a_i: its bounds and what follows, up to the end of the term.
  int big_operator(std::string name);

  /// d/dx and dy/dx: no quotient. A name, or nothing where something stands behind d/dx.
  [[nodiscard]] bool derivative(int above, int below, std::string& name) const;

  /// C_n^k and A_n^k of whole numbers: so many choices and arrangements.
  [[nodiscard]] int arrangements(int base, int exponent);

  /// The index of a sum is bound: its name does not count.
  void bind_index(std::size_t first, int relation);

  /// Lines of relations: x = 1 \\ y = 2
  int cases(const std::string& end);

  int matrix(const std::string& environment);

  /// A product; of a known number and a matrix the matrix of products.
  int product(int left, int right);

  std::vector<Token>& tokens_;
  const ReadOptions& options_;
  Tree tree_;
  AnswerRuleSet used_{};
  std::size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;
  bool aligned_ = false;  ///< & before a sign only aligns
  bool logic_ = false;    ///< a list was joined by \land or \lor
  bool ok_ = true;
};

}  // namespace dag::detail
