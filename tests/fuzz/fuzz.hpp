// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
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

/// An input may take so long, of this process's time: 50 ms, and ten times that in builds that
/// look at every address (scripts/fuzz without --fast) or are a test beside others.
class Watch {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    const double seconds = static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC;
    must(seconds < allowed, "an input takes no longer than the time allowed");
  }

 private:
#ifdef DAG_FUZZ_FAST
  static constexpr double allowed = 0.05;
#else
  static constexpr double allowed = 0.5;
#endif
  std::clock_t start_ = std::clock();
};

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
