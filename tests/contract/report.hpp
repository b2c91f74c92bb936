// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/error.hpp>
#include <dag/testing/report.hpp>

#include <doctest/doctest.h>

#include <string>

namespace contract {

/// The promises of dag/testing as checks of the test framework.
inline void expect(const dag::testing::Report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

template <class Call>
void check_refuses(dag::Errc code, Call&& call) {
  try {
    call();
    FAIL_CHECK("expected an error: ", std::string(dag::to_string(code)));
  } catch (const dag::Error& error) {
    CHECK(error.code() == code);
    CHECK(std::string(error.what()).find(": ") != std::string::npos);
  }
}

}  // namespace contract
