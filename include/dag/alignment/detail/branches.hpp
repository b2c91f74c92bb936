// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <dag/alignment/sharpening_game.hpp>
#include <dag/core/deadline.hpp>

namespace dag::detail {

/// The branches of one answer: with t = log nu, h(t) = scale e^{power t} - strength t falls from
/// +inf to its fold and rises after it; the equilibrium asks for h(t_z) = lambda - strength base_z
/// of every answer, strength = beta - rate > 0 and base = beta log nu0 / strength.
class Branches {
 public:
  Branches(const SharpeningGame& game, std::vector<double> base, double strength)
      : power_(game.power), scale_(game.scale), strength_(strength), base_(std::move(base)) {
    fold_ = std::log(strength_ / (scale_ * power_)) / power_;
    fold_level_ = h(fold_);
  }

  [[nodiscard]] std::size_t size() const { return base_.size(); }
  [[nodiscard]] double fold() const { return fold_; }
  [[nodiscard]] double h(double t) const { return scale_ * std::exp(power_ * t) - strength_ * t; }
  /// dh/dt = nu times the entry of the Hessian.
  [[nodiscard]] double slope(double t) const {
    return scale_ * power_ * std::exp(power_ * t) - strength_;
  }
  /// The least lambda at which these answers have both branches.
  [[nodiscard]] double least_level() const {
    double most = -std::numeric_limits<double>::infinity();
    for (const double b : base_) {
      most = std::fmax(most, fold_level_ + strength_ * b);
    }
    return most;
  }
  /// t of answer z at lambda on its lower or upper branch: bisection, then Newton's steps.
  [[nodiscard]] double at(std::size_t z, double lambda, bool upper) const {
    const double level = lambda - strength_ * base_[z];
    if (!(level > fold_level_)) {
      return fold_;
    }
    double inner = fold_, step = 1;
    double outer = upper ? fold_ + step : fold_ - step;
    while (h(outer) < level) {
      step *= 2;
      inner = outer;
      outer = upper ? fold_ + step : fold_ - step;
    }
    double t = (inner + outer) / 2;
    for (int round = 0; round < 200; ++round) {
      const double excess = h(t) - level;
      (excess < 0 ? inner : outer) = t;
      double next = t - excess / slope(t);
      if (!(next > std::fmin(inner, outer) && next < std::fmax(inner, outer))) {
        next = (inner + outer) / 2;
      }
      if (next == t || inner == outer) {
        break;
      }
      t = next;
    }
    return t;
  }

 private:
  double power_, scale_, strength_;
  std::vector<double> base_;
  double fold_, fold_level_;
};

/// Sum over answers of nu(lambda), some on their upper branch, and bounds between two lambdas.
class BranchSum {
 public:
  /// Roots that are not found when the deadline passes are left out.
  BranchSum(const Branches& branches, std::vector<bool> upper, const Deadline* deadline)
      : branches_(branches), upper_(std::move(upper)), deadline_(deadline) {}

  struct Point {
    double lambda = 0;
    double up = 0, down = 0;  ///< mass of the upper branches, which rises, and of the lower
    double down_slope = 0;    ///< of the lower branches, < 0
    std::vector<double> t;
    [[nodiscard]] double excess() const { return up + down - 1; }
  };
  [[nodiscard]] Point at(double lambda) const {
    Point out;
    out.lambda = lambda;
    for (std::size_t z = 0; z < branches_.size(); ++z) {
      const double t = branches_.at(z, lambda, upper_[z]);
      const double nu = std::exp(t);
      out.t.push_back(t);
      (upper_[z] ? out.up : out.down) += nu;
      out.down_slope += upper_[z] ? 0.0 : nu / std::fmin(branches_.slope(t), -0.0);
    }
    return out;
  }
  /// dup/dlambda = sum nu / h'(t) between two points, by its factors' ends.
  [[nodiscard]] std::pair<double, double> up_slope_between(const Point& a, const Point& b) const {
    double low = 0, high = 0;
    for (std::size_t z = 0; z < upper_.size(); ++z) {
      if (upper_[z]) {
        low += std::exp(a.t[z]) / std::fmax(branches_.slope(b.t[z]), 0.0);
        high += std::exp(b.t[z]) / std::fmax(branches_.slope(a.t[z]), 0.0);
      }
    }
    return {low, high};
  }

  /// All lambda in [low, high] at which the masses add up to 1: intervals are cut in two until the
  /// bounds say that there is no root or that the sum is monotone.
  void roots(const Point& a, const Point& b, int depth, std::vector<double>& out) const {
    const double slack = 1e-13;  // of a mass: the rounding of what is compared
    if (a.up + b.down > 1 + slack || b.up + a.down < 1 - slack || passed()) {
      return;
    }
    const auto [up_low, up_high] = up_slope_between(a, b);
    // The lower branches' derivative -sum nu / |h'| rises with lambda.
    const bool rises = up_low + a.down_slope > 0, falls = up_high + b.down_slope < 0;
    if (rises || falls || depth == 0) {
      if (a.excess() == 0) {
        out.push_back(a.lambda);
      } else if ((a.excess() > 0) != (b.excess() > 0)) {
        out.push_back(bisect(a, b));
      }
      return;
    }
    const Point middle = at((a.lambda + b.lambda) / 2);
    roots(a, middle, depth - 1, out);
    roots(middle, b, depth - 1, out);
  }

 private:
  [[nodiscard]] double bisect(const Point& a, const Point& b) const {
    const bool sign = a.excess() > 0;
    double low = a.lambda, high = b.lambda;
    for (int round = 0; round < 200; ++round) {
      const double middle = (low + high) / 2;
      if (!(middle > low && middle < high) || passed()) {
        break;
      }
      ((at(middle).excess() > 0) == sign ? low : high) = middle;
    }
    return (low + high) / 2;
  }

  [[nodiscard]] bool passed() const { return deadline_ != nullptr && deadline_->passed(); }

  const Branches& branches_;
  std::vector<bool> upper_;
  const Deadline* deadline_;
};

}  // namespace dag::detail
