// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/grammar.hpp>

namespace dag::detail {

/// Commands of LaTeX: fractions, roots, functions, sums, matrices.

inline int Parser::command() {
  const Token t = peek();
  const std::string& name = t.text;
  next();
  if (name == "frac" || name == "dfrac" || name == "tfrac" || name == "cfrac") {
    const int above = argument(false);
    const int below = argument(false);
    used_.insert(AnswerRule::fraction);
    std::string derived;
    if (ok_ && derivative(above, below, derived)) {
      return derived.empty() ? refuse() : tree_.add(Op::symbol, {}, derived);
    }
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
  if (name == "imath" || name == "jmath") {
    return name == "imath" ? tree_.add(Op::imaginary) : tree_.add(Op::symbol, {}, "j");
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
    if (!ok_) {
      return 0;
    }
    std::vector<int> kids = known == "vec" ? letters_of(inside) : std::vector<int>{inside};
    return subscript_of(tree_.add(Op::opaque, std::move(kids), std::string(known)));
  }
  if (name == "angle" || name == "triangle" || name == "measuredangle") {
    std::string letters;
    while (peek().kind == TokenKind::letter || peek().kind == TokenKind::word) {
      letters += peek().text;
      next();
    }
    return letters.empty() ? refuse()
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
  if (name == "lVert") {
    const int value = expression();
    return take_command("rVert") ? tree_.add(Op::function, {value}, "abs") : refuse();
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
    if (name == "mathbb O" && peek().is('(')) {
      return tree_.add(Op::symbol, {}, "O");  // \mathcal{O}(n)
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

inline int Parser::subscript_of(int node) {
  if (!ok_ || !peek().is('_')) {
    return node;
  }
  next();
  const int index = peek().is('{') ? group() : short_exponent();
  return ok_ ? tree_.add(Op::opaque, {node, index}, "index") : 0;
}

inline int Parser::root(bool cubic) {
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

inline int Parser::function(std::string name) {
  if (name == "asin" || name == "acos" || name == "atan") {
    name = "arc" + name.substr(1);
  }
  int base = -1;
  if (name == "log" && take('_')) {
    if (peek().kind == TokenKind::letter && peek().text == "e") {
      next();
      name = "ln";
    } else {
      base = peek().is('{') ? group() : argument(true);
    }
  }
  if (base >= 0 && ok_ && tree_.at(base).op == Op::euler) {
    name = "ln";
    base = -1;
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

inline int Parser::argument_product() {
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

inline int Parser::call(std::string name) {
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

inline bool Parser::derivative(int above, int below, std::string& name) const {
  // d, d y, d^2 y, d x^2, d x d y: `of` is y where one letter follows d
  const auto differential = [&](int index, std::string& of) {
    const auto sign = [&](const Node& n) {
      return n.op == Op::symbol && (n.text == "d" || n.text == "\\partial");
    };
    const Node* node = &tree_.at(index);
    if (node->op == Op::multiply && tree_.at(node->kids[1]).op == Op::symbol &&
        sign(tree_.at(node->kids[0]))) {
      of = tree_.at(node->kids[1]).text;
    }
    while (node->op == Op::multiply) {
      node = &tree_.at(node->kids[0]);
    }
    return sign(*node) || (node->op == Op::power && sign(tree_.at(node->kids[0])));
  };
  std::string y;
  std::string x;
  if (!differential(above, y) || !differential(below, x) || tree_.at(below).op != Op::multiply) {
    return false;
  }
  if (y.size() == 1 && x.size() == 1 && tree_.at(tree_.at(below).kids[0]).text == "d" &&
      tree_.at(tree_.at(above).kids[0]).text == "d") {
    name = "\\frac{d" + y + "}{d" + x + "}";
  }
  return true;
}

inline void Parser::bind_index(std::size_t first, int relation) {
  const Node& node = tree_.at(relation);
  if (node.op != Op::relation) {
    return;
  }
  const Op kind = tree_.at(node.kids[0]).op;  // i and e are names here
  if (kind != Op::symbol && kind != Op::imaginary && kind != Op::euler) {
    return;
  }
  const std::string index = tree_.at(node.kids[0]).text;
  std::size_t inside = 0;  // sums of this sum, by their depth
  for (std::size_t i = first; i < tree_.nodes.size(); ++i) {
    const std::string& text = tree_.nodes[i].text;
    if (tree_.nodes[i].op == Op::symbol && text.compare(0, 6, "bound ") == 0) {
      inside = std::max(inside, text.size() - 5);
    }
  }
  const std::string bound = "bound " + std::string(inside + 1, 'i');
  for (std::size_t i = first; i < tree_.nodes.size(); ++i) {
    Node& symbol = tree_.nodes[i];
    if (symbol.op == kind && symbol.text == index) {
      symbol.op = Op::symbol;
      symbol.text = bound;
    }
  }
}

inline int Parser::big_operator(std::string name) {
  const Depth depth(*this);
  const std::size_t first = tree_.nodes.size();
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
  if (ok_ && kids.size() > 1) {
    bind_index(first, kids[0]);
  }
  return ok_ ? tree_.add(Op::opaque, std::move(kids), std::move(name)) : 0;
}

inline int Parser::cases(const std::string& end) {
  std::vector<int> kids;
  aligned_ = true;
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
  aligned_ = false;
  next();
  if (!ok_ || kids.empty()) {
    return refuse();
  }
  return kids.size() == 1 ? kids[0] : tree_.add(Op::list, std::move(kids), "and");
}

inline int Parser::product(int left, int right) {
  const auto is_matrix = [&](int index) {
    return tree_.at(index).op == Op::matrix && tree_.at(index).text == "matrix";
  };
  if (!ok_ || is_matrix(left) == is_matrix(right) || !constant(is_matrix(left) ? right : left)) {
    return ok_ ? tree_.add(Op::multiply, {left, right}) : 0;
  }
  const int factor = is_matrix(left) ? right : left;
  const std::vector<int> rows = tree_.at(is_matrix(left) ? left : right).kids;
  std::vector<int> scaled;
  for (const int row : rows) {
    const std::vector<int> entries = tree_.at(row).kids;
    std::vector<int> kids;
    kids.reserve(entries.size());
    for (const int entry : entries) {
      kids.push_back(tree_.add(Op::multiply, {factor, entry}));
    }
    scaled.push_back(tree_.add(Op::tuple, std::move(kids), "[]"));
  }
  used_.insert(AnswerRule::matrix);
  return tree_.add(Op::matrix, std::move(scaled), "matrix");
}

inline int Parser::matrix(const std::string& environment) {
  const Depth depth(*this);
  constexpr std::array<std::string_view, 12> lines{"cases",    "aligned",  "align*",    "align",
                                                   "alignat",  "split",    "gather",    "gather*",
                                                   "gathered", "equation", "equation*", "dcases"};
  if (one_of(std::string_view(environment), lines)) {
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

}  // namespace dag::detail
