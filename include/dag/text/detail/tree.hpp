// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/text/detail/exact.hpp>
#include <dag/text/detail/units.hpp>

namespace dag::detail {

/// What a node of an answer's expression tree is.
enum class Op : std::uint8_t {
  // values
  number,  ///< value
  symbol,  ///< a variable, or anything that is known by its name only: text
  pi,
  euler,
  imaginary,
  infinity,
  atom,        ///< a key that stands for a value: text
  negative,    ///< kids: 1
  add,         ///< kids: any
  multiply,    ///< kids: 2
  divide,      ///< kids: 2
  power,       ///< kids: base, exponent
  root,        ///< kids: radicand; value: its degree
  function,    ///< text: its name; kids
  opaque,      ///< not evaluated: equal arguments, equal value; text, kids
  factorial,   ///< kids: 1
  plus_minus,  ///< kids: 1 (+-a); text: "+" or "-" as the sign it takes first
  percent,     ///< kids: 1
  degree,      ///< kids: 1: an angle
  // what has parts
  tuple,     ///< text: its two brackets; kids
  set,       ///< kids, in any order
  unite,     ///< kids: 2, of sets
  without,   ///< kids: 2, a set and what is taken away
  matrix,    ///< kids: rows, each a tuple; text: "matrix" or "determinant"
  relation,  ///< kids: sides; text: their signs, blank between
  quantity,  ///< kids: 1; unit
  list       ///< kids, side by side; text: "and" or "or" where such a word stood
};

struct Node {
  Op op = Op::number;
  std::string text;
  Exact value;
  std::vector<int> kids;
};

struct Tree {
  std::vector<Node> nodes;
  std::vector<Unit> units;  ///< of the quantities; a quantity's `value` is the index here
  int root = -1;

  [[nodiscard]] const Node& at(int index) const noexcept {
    return nodes[static_cast<std::size_t>(index)];
  }
  int add(Op op, std::vector<int> kids = {}, std::string text = {}) {
    nodes.push_back(Node{op, std::move(text), Exact{}, std::move(kids)});
    return static_cast<int>(nodes.size()) - 1;
  }
  int number(Exact value) {
    nodes.push_back(Node{Op::number, {}, std::move(value), {}});
    return static_cast<int>(nodes.size()) - 1;
  }
};

}  // namespace dag::detail
