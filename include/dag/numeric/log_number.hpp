// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace dag {

/// A number >= 0 kept by its logarithm: sums, products and quotients far beyond the range of a
/// double, with its relative accuracy times the size of the logarithm. No subtraction.
class LogNumber {
 public:
  LogNumber() = default;
  explicit LogNumber(double value) : log_(std::log(value)) {}
  [[nodiscard]] static LogNumber of_log(double log) {
    LogNumber number;
    number.log_ = log;
    return number;
  }
  [[nodiscard]] double log() const noexcept { return log_; }

  LogNumber& operator+=(LogNumber b) noexcept {
    const double high = log_ < b.log_ ? b.log_ : log_;
    const double low = log_ < b.log_ ? log_ : b.log_;
    log_ = low == -std::numeric_limits<double>::infinity()
               ? high
               : high + std::log1p(std::exp(low - high));
    return *this;
  }
  LogNumber& operator/=(LogNumber b) noexcept {
    log_ -= b.log_;
    return *this;
  }
  friend LogNumber operator*(LogNumber a, LogNumber b) noexcept {
    const bool zero = a.log_ == -std::numeric_limits<double>::infinity() ||
                      b.log_ == -std::numeric_limits<double>::infinity();
    return zero ? LogNumber() : of_log(a.log_ + b.log_);
  }
  friend bool operator>(LogNumber a, LogNumber b) noexcept { return a.log_ > b.log_; }

  /// The numbers over their sum.
  [[nodiscard]] static std::vector<double> normalised(std::span<const LogNumber> numbers) {
    double top = -std::numeric_limits<double>::infinity();
    for (const LogNumber number : numbers) {
      top = number.log_ > top ? number.log_ : top;
    }
    std::vector<double> out;
    out.reserve(numbers.size());
    double sum = 0;
    for (const LogNumber number : numbers) {
      out.push_back(std::exp(number.log_ - top));
      sum += out.back();
    }
    for (double& share : out) {
      share /= sum;
    }
    return out;
  }

 private:
  double log_ = -std::numeric_limits<double>::infinity();
};

}  // namespace dag
