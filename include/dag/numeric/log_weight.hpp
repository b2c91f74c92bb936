// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// A weight >= 0 kept by its logarithm: sums, products and quotients far beyond the range of a
/// double, with its relative accuracy times the size of the logarithm. No subtraction.
class LogWeight {
 public:
  LogWeight() = default;
  explicit LogWeight(double value) : log_(std::log(value)) {}
  [[nodiscard]] static LogWeight of_log(double log) {
    LogWeight number;
    number.log_ = log;
    return number;
  }
  [[nodiscard]] double log() const noexcept { return log_; }

  LogWeight& operator+=(LogWeight b) noexcept {
    const double high = log_ < b.log_ ? b.log_ : log_;
    const double low = log_ < b.log_ ? log_ : b.log_;
    log_ = low == -std::numeric_limits<double>::infinity()
               ? high
               : high + std::log1p(std::exp(low - high));
    return *this;
  }
  LogWeight& operator/=(LogWeight b) noexcept {
    log_ -= b.log_;
    return *this;
  }
  friend LogWeight operator*(LogWeight a, LogWeight b) noexcept {
    const bool zero = a.log_ == -std::numeric_limits<double>::infinity() ||
                      b.log_ == -std::numeric_limits<double>::infinity();
    return zero ? LogWeight() : of_log(a.log_ + b.log_);
  }
  friend bool operator>(LogWeight a, LogWeight b) noexcept { return a.log_ > b.log_; }

  /// The numbers over their sum.
  [[nodiscard]] static std::vector<double> normalised(std::span<const LogWeight> numbers) {
    std::vector<double> out;
    out.reserve(numbers.size());
    for (const LogWeight number : numbers) {
      out.push_back(number.log_);
    }
    softmax(out);
    return out;
  }

 private:
  double log_ = -std::numeric_limits<double>::infinity();
};

}  // namespace dag
