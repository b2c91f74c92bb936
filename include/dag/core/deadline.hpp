// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/status.hpp>

namespace dag {

/// When a solve has to end: a stop token, or seconds of wall time since construction. A look costs
/// some tens of nanoseconds.
class Deadline {
 public:
  Deadline() = default;
  /// Errc::invalid_argument unless seconds >= 0.
  Deadline(StopRef stop, double seconds, const char* solver) : stop_(stop), seconds_(seconds) {
    require(seconds >= 0, Errc::invalid_argument, solver, ": time_limit must be >= 0 seconds, got ",
            seconds);
  }

  /// True from the first look at or after the end.
  [[nodiscard]] bool passed() const {
    if (status_ == Status::converged) {
      status_ = stop_.stop_requested()                                ? Status::stopped
                : seconds_ < infinity && watch_.seconds() >= seconds_ ? Status::time_limit
                                                                      : Status::converged;
    }
    return status_ != Status::converged;
  }
  /// Why it passed: stopped or time_limit.
  [[nodiscard]] Status status() const noexcept { return status_; }
  /// How a solve ends, the one order of reasons: its certificate, the clock, its limit, or no
  /// progress.
  [[nodiscard]] Status ending(bool certified, bool at_limit) const {
    return certified  ? Status::converged
           : passed() ? status_
           : at_limit ? Status::iteration_limit
                      : Status::stalled;
  }
  /// Seconds that are left, at least 0.
  [[nodiscard]] double left() const noexcept {
    const double left = seconds_ - watch_.seconds();
    return left > 0 ? left : 0.0;
  }
  [[nodiscard]] double spent() const noexcept { return watch_.seconds(); }
  [[nodiscard]] StopRef stop() const noexcept { return stop_; }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  StopRef stop_;
  double seconds_ = infinity;
  Stopwatch watch_;
  mutable Status status_ = Status::converged;  ///< converged: not yet
};

}  // namespace dag
