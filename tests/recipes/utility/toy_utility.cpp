// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <variant>

#include <doctest/doctest.h>

#include <dag/utility/registry.hpp>

TEST_CASE("it is found by name, and its reward is the slope of its value") {
  const auto found = dag::find_utility("toy-utility");  // either spelling
  REQUIRE(found.has_value());
  const dag::UtilityEntry* entry = found->entry;
  dag::UtilityData data = entry->defaults();
  data.weight = 2;
  const dag::AnyUtility made = entry->make(data);
  const auto& utility = std::get<dag::ToyUtility<double>>(made);
  const double p = 0.3, h = 1e-6;
  const auto value = [&](double nu) { return -utility.tau * nu * nu * nu; };
  CHECK(utility.reward(dag::Probability<double>{p}) ==
        doctest::Approx((value(p + h) - value(p - h)) / (2 * h)).epsilon(1e-8));
}
