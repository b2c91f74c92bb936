// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#if defined(_WIN32)
#include <chrono>
#else
#include <ctime>
#endif

#include <dag/core/watcher.hpp>

namespace dag {

/// What a solver knows at a check.
struct Record {
  std::int64_t iteration = 0;  ///< rounds made
  std::int64_t products = 0;   ///< field evaluations made, the checks' own included
  double seconds = 0;          ///< wall time since the solve began
  double value = 0;            ///< payoff of the checked point
  double gap = 0;              ///< its gap (infinite where the sets are unbounded)
  double relative_gap = 0;     ///< gap / payoff range
  double residual = 0;         ///< its natural residual
  double step = 0;             ///< step size of the last round
  friend bool operator==(const Record&, const Record&) = default;
};

/// Anything that can be called with a `Record`. Returning `false` stops the solve.
template <class Watcher>
concept Observer = std::invocable<Watcher&, const Record&>;

/// A reference to an observer in options: `dag::History trace; solve(game, {.observer = trace});`
using ObserverRef = WatcherRef<Record>;

/// A non-owning reference to anything with `stop_requested()`: `std::stop_token`, or one's own.
class StopRef {
 public:
  StopRef() = default;
  template <class Token>
  requires requires(const Token& token) {
    { token.stop_requested() } -> std::convertible_to<bool>;
  }
  StopRef(const Token& token)  // NOLINT(google-explicit-constructor)
      : object_(&token), call_([](const void* object) {
          return static_cast<bool>(static_cast<const Token*>(object)->stop_requested());
        }) {}
  template <class Token>
  StopRef(const Token&&) = delete;  // a temporary would dangle: name the token

  [[nodiscard]] bool stop_requested() const { return call_ != nullptr && call_(object_); }

 private:
  const void* object_ = nullptr;
  bool (*call_)(const void*) = nullptr;
};

/// Wall time since construction, in seconds. (The header chrono costs half of dag.hpp's compile
/// time, and is included where there is no other steady clock.)
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const noexcept { return now() - start_; }

 private:
  [[nodiscard]] static double now() noexcept {
#if defined(_WIN32)
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
#else
    std::timespec time{};
#if defined(CLOCK_MONOTONIC)
    clock_gettime(CLOCK_MONOTONIC, &time);
#else
    (void)std::timespec_get(&time, TIME_UTC);
#endif
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
#endif
  }
  double start_ = now();
};

}  // namespace dag
