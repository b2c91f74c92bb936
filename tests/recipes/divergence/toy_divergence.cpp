// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <doctest/doctest.h>

#include <contract/divergence.hpp>

#include <dag/divergence/toy_divergence.hpp>

TEST_CASE("it meets the contract, and one value by hand") {
  contract::check_divergence<double>(dag::ToyDivergence{}, {.symmetric = true});
  const std::vector<double> p{0.5, 0.5}, q{0.25, 0.75};
  CHECK(dag::ToyDivergence{}.value(p, q) == doctest::Approx(0.0625 / 0.75 + 0.0625 / 1.25));
  const std::vector<double> left{1, 0}, right{0, 1};
  CHECK(dag::ToyDivergence{}.value(left, right) == doctest::Approx(2));
}
