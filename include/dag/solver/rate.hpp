// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/solver/history.hpp>

namespace dag {

/// The number of a record that is fitted.
enum class Column { relative_gap, gap, residual };

[[nodiscard]] inline double column(const Record& record, Column which) noexcept {
  switch (which) {
    case Column::relative_gap: return record.relative_gap;
    case Column::gap: return record.gap;
    case Column::residual: return record.residual;
  }
  return record.relative_gap;
}

/// What of a run `fit_rate` fits.
struct RateOptions {
  Column column = Column::relative_gap;  ///< of the history
  /// Values at or below this are rounding, not convergence: the fit ends before the first of them.
  double floor = 1e-13;
  /// Share of the records (by count, the earliest first) left out as the start-up.
  double skip = 0.25;
  /// Fit the smallest value so far instead of the value: for curves that oscillate.
  bool running_minimum = false;
};

/// Which law describes a curve better.
enum class RateLaw { none, power, linear };

/// Least-squares fits of log value: value = C t^-exponent and value = C factor^t. A positive
/// exponent, or a factor below 1, is convergence.
struct RateFit {
  RateLaw better = RateLaw::none;  ///< the law with the smaller error; none: fewer than 3 points
  double exponent = 0;             ///< p of C t^-p
  double power_constant = 0;       ///< its C
  double power_error = 0;          ///< root mean square of log value - log fit
  double factor = 1;               ///< rho of C rho^t
  double linear_constant = 0;
  double linear_error = 0;
  std::size_t points = 0;  ///< records used

  /// The better law's value at round t.
  [[nodiscard]] double at(double t) const {
    return better == RateLaw::linear ? linear_constant * std::pow(factor, t)
                                     : power_constant * std::pow(t, -exponent);
  }
  friend bool operator==(const RateFit&, const RateFit&) = default;
};

namespace detail {

struct Line {
  double intercept = 0;
  double slope = 0;
  double error = 0;
};

/// The least-squares line through (x, y), both centred first; at least two distinct x.
[[nodiscard]] inline Line fit_line(const std::vector<double>& x, const std::vector<double>& y) {
  const double count = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / count;
    mean_y += y[i] / count;
  }
  double xx = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  Line line;
  line.slope = xx > 0 ? xy / xx : 0;
  line.intercept = mean_y - line.slope * mean_x;
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double miss = y[i] - line.intercept - line.slope * x[i];
    squares += miss * miss;
  }
  line.error = std::sqrt(squares / count);
  return line;
}

}  // namespace detail

/// Fits both laws to a trace. Used: records of rounds >= 1 with a finite value, up to the first at
/// or below `floor`, less the first `skip` of them. Each record weighs the same: with the default
/// `check_every` they are spaced evenly in log t, so that a tail is not drowned by its end.
/// Errors: invalid_argument unless 0 <= skip < 1 and floor >= 0.
[[nodiscard]] inline RateFit fit_rate(const History& trace, const RateOptions& options = {}) {
  require(options.skip >= 0 && options.skip < 1, Errc::invalid_argument,
          "fit_rate: skip must be in [0, 1), got ", options.skip);
  require(options.floor >= 0, Errc::invalid_argument, "fit_rate: floor must be >= 0, got ",
          options.floor);
  std::vector<double> rounds;
  std::vector<double> logs;
  double least = std::numeric_limits<double>::infinity();
  for (const Record& record : trace.records()) {
    double value = column(record, options.column);
    if (record.iteration < 1 || !std::isfinite(value)) {
      continue;
    }
    least = value < least ? value : least;
    value = options.running_minimum ? least : value;
    if (!(value > options.floor)) {
      break;
    }
    rounds.push_back(static_cast<double>(record.iteration));
    logs.push_back(std::log(value));
  }
  const auto skipped = static_cast<std::ptrdiff_t>(options.skip * static_cast<double>(logs.size()));
  rounds.erase(rounds.begin(), rounds.begin() + skipped);
  logs.erase(logs.begin(), logs.begin() + skipped);

  RateFit fit;
  fit.points = logs.size();
  if (fit.points < 3) {
    return fit;
  }
  const detail::Line linear = detail::fit_line(rounds, logs);
  fit.factor = std::exp(linear.slope);
  fit.linear_constant = std::exp(linear.intercept);
  fit.linear_error = linear.error;
  for (double& t : rounds) {
    t = std::log(t);
  }
  const detail::Line power = detail::fit_line(rounds, logs);
  fit.exponent = -power.slope;
  fit.power_constant = std::exp(power.intercept);
  fit.power_error = power.error;
  fit.better = linear.error < power.error ? RateLaw::linear : RateLaw::power;
  return fit;
}

}  // namespace dag
