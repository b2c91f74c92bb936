// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>

namespace dag::testing {

/// What a check of somebody's own type found: `ok()`, or `text()` with one line a fault. No test
/// framework is needed: `assert(report.ok())`, or print the text.
class Report {
 public:
  /// A promise that does not hold.
  struct Fault {
    std::string promise;    ///< the sentence or expression that does not hold
    std::size_t times = 0;  ///< how often
    friend bool operator==(const Fault&, const Fault&) = default;
  };

  /// Notes a promise as kept or broken; returns `holds`. Same promises are counted together.
  bool that(bool holds, std::string_view promise) {
    ++checks_;
    if (!holds) {
      for (Fault& fault : faults_) {
        if (fault.promise == promise) {
          ++fault.times;
          return false;
        }
      }
      faults_.push_back({std::string(promise), 1});
    }
    return holds;
  }

  [[nodiscard]] bool ok() const noexcept { return faults_.empty() && checks_ > 0; }
  [[nodiscard]] std::size_t checks() const noexcept { return checks_; }
  [[nodiscard]] const std::vector<Fault>& faults() const noexcept { return faults_; }
  /// "N checks, no fault", or a line a fault.
  [[nodiscard]] std::string text() const {
    std::string out = std::to_string(checks_) + " checks, ";
    out += faults_.empty() ? "no fault" : std::to_string(faults_.size()) + " kinds of fault:";
    for (const Fault& fault : faults_) {
      out += "\n  " + fault.promise + " (broken " + std::to_string(fault.times) + " times)";
    }
    return out;
  }

 private:
  std::size_t checks_ = 0;
  std::vector<Fault> faults_;
};

namespace detail {

/// |a - b| < epsilon (scale + max(|a|, |b|)); false for NaN.
template <class A, class B>
[[nodiscard]] bool close_to(A a, B b, double epsilon, double scale = 1) {
  const auto left = static_cast<double>(a), right = static_cast<double>(b);
  return std::abs(left - right) < epsilon * (scale + std::fmax(std::abs(left), std::abs(right)));
}

/// The call must throw dag::Error with this code and a message "where: rule".
template <class Call>
void refuses(Report& report, Errc code, Call&& call) {
  DAG_TRY {
    call();
    report.that(false, "bad input must be refused: " + std::string(to_string(code)));
  }
  DAG_CATCH(Error, error) {
    report.that(error.code() == code, "bad input must be refused as " +
                                          std::string(to_string(code)) + ", was as " +
                                          std::string(to_string(error.code())));
    report.that(std::string_view(error.what()).find(": ") != std::string_view::npos,
                "the message of a refusal must say where and why");
  }
}

}  // namespace detail
}  // namespace dag::testing

/// Inside dag/testing: checks an expression and keeps its text; the second leaves the function.
#define DAG_TESTING_CHECK(...) report.that(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)
#define DAG_TESTING_REQUIRE(...)                                      \
  do {                                                                \
    if (!report.that(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)) { \
      return;                                                         \
    }                                                                 \
  } while (false)
