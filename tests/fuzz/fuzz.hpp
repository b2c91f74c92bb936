// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <dag/core/error.hpp>

/// A fuzz target: any bytes go in; an error of the library's own comes out, or nothing does. What
/// else happens (another exception, a crash, a sanitizer's complaint, a false `must`) is a fault.
/// Built with libFuzzer by scripts/fuzz, and with replay.cpp as a test.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

inline void must(bool holds, const char* rule) {
  if (!holds) {
    std::fprintf(stderr, "fuzz: false: %s\n", rule);
    std::abort();
  }
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

template <class Run>
int refusals_allowed(Run&& run) {
  try {
    run();
  } catch (const dag::Error&) {
  }
  return 0;
}

}  // namespace fuzz
