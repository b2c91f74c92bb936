// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <contract/report.hpp>

#include <dag/eigen.hpp>
#include <dag/testing/check_utility.hpp>

/// A utility's test is one line: itself, on three contexts of five answers each.
namespace contract {

using dag::testing::answers_each;
using dag::testing::Policies;
using dag::testing::random_policies;
using dag::testing::rows_of;

template <dag::Utility U>
void check_utility(const U& utility, bool has_data = false) {
  expect(dag::testing::check_utility(utility, has_data));
}

}  // namespace contract
