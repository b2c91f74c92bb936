// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include <dag/core/error.hpp>

/// A program's memory that fails where a test says so. Include it in one file of a program: it
/// replaces operator new. Memory that does not come from there (Eigen's, the C library's) is not
/// touched.
namespace failing_memory {

inline long taken = 0;       ///< allocations so far
inline long live = 0;        ///< not given back
inline long fails_at = -1;   ///< the allocation that fails, counted as `taken` is; -1: none
inline bool failed = false;  ///< it did

/// Descriptors that are open; 0 where the system has no list of them.
[[nodiscard]] inline std::ptrdiff_t open_files() {
  std::ptrdiff_t count = 0;
#if !defined(_WIN32)
  std::error_code none;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", none), last; entry != last;
       entry.increment(none)) {
    ++count;
  }
#endif
  return count;
}

/// Runs `run` with its first allocation failing, its second, and so on until it needs no more. Each
/// time it either throws std::bad_alloc or dag::Error, and keeps no memory and no file open, or it
/// returns what it does without a failure. `after`: what must hold then, whatever came. Returns how
/// many allocations failed; negative, with the number, where one of this was not so.
template <class Run, class After>
[[nodiscard]] long every_allocation(Run&& run, After&& after) {
  const auto expected = run();  // and what is made once is made
  const std::ptrdiff_t open_before = open_files();
  for (long n = 1;; ++n) {
    bool fine = false;
    const long before = live;
    failed = false;
    fails_at = taken + n;
    try {
      const auto result = run();
      fails_at = -1;
      fine = result == expected;
    } catch (const std::bad_alloc&) {
      fails_at = -1;
      fine = failed;
    } catch (const dag::Error&) {
      fails_at = -1;
      fine = failed;
    }
    if (!fine || live != before || open_files() != open_before || !after()) {
      return -n;
    }
    if (!failed) {
      return n - 1;
    }
  }
}

}  // namespace failing_memory

void* operator new(std::size_t size) {
  using namespace failing_memory;
  if (++taken == fails_at) {
    failed = true;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) {
    ++live;
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  failing_memory::live -= memory != nullptr ? 1 : 0;
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
