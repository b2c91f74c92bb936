// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/deadline.hpp>
#include <dag/game/contraction.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/dense.hpp>

namespace dag::detail {

/// Payoffs of strategies in a table and how they change with the others' probabilities.
class TablePayoffs {
 public:
  explicit TablePayoffs(const GameTable& game) : blocks_(game.sizes), payoffs_(game.payoffs) {
    const double range = payoff_range(game);
    range_ = range > 0 ? range : 1.0;
    std::size_t most = 1;
    for (std::vector<double>& payoffs : payoffs_) {
      const auto [low, high] = std::minmax_element(payoffs.begin(), payoffs.end());
      const double middle = *low + 0.5 * (*high - *low);
      for (double& payoff : payoffs) {
        payoff = (payoff - middle) / range_;
      }
    }
    for (const std::size_t size : game.sizes) {
      most = size > most ? size : most;
    }
    pair_.resize(most * most);
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  [[nodiscard]] double range() const noexcept { return range_; }
  /// g and, at(row, column) being the Jacobian, what lambda (g_s - g_0) takes off the rows s > 0.
  template <class At>
  void evaluate(double lambda, std::span<const double>, std::span<const double> p,
                std::span<double> g, At&& at) {
    for (std::size_t i = 0; i < blocks_.count(); ++i) {
      const std::size_t top = blocks_.offset(i);
      const std::size_t size = blocks_.size(i);
      deviation_payoffs<double>(blocks_, payoffs_[i], i, p, blocks_.of(g, i));
      for (std::size_t j = 0; j < blocks_.count(); ++j) {
        if (j == i || size == 1) {
          continue;
        }
        const std::size_t columns = blocks_.size(j);
        const std::span<double> pair = std::span<double>(pair_).first(size * columns);
        for (double& entry : pair) {
          entry = 0.0;
        }
        Contraction<double>(blocks_, p, {i, columns}, {j, 1}).add(payoffs_[i], pair);
        for (std::size_t s = 1; s < size; ++s) {
          for (std::size_t t = 0; t < columns; ++t) {
            at(top + s, blocks_.offset(j) + t) -=
                lambda * (pair[s * columns + t] - pair[t]) * p[blocks_.offset(j) + t];
          }
        }
      }
    }
  }

 private:
  Blocks blocks_;
  std::vector<std::vector<double>> payoffs_;  // around zero, over their range
  std::vector<double> pair_;
  double range_ = 1.0;
};

/// The equations of logit equilibria in z = (x, lambda), x the stacked log-probabilities: for each
/// block (a player, or an information set) sum_s exp x_s = 1 and x_s - x_0 = lambda (g_s - g_0) +
/// b_s - b_0 for s > 0, payoffs g divided by the largest range, b the logarithms of the prior (0:
/// the uniform one). One equation less than unknowns; a linear one is added to follow the curve.
template <class Payoffs>
class LogitCurve {
 public:
  explicit LogitCurve(Payoffs payoffs)
      : payoffs_(std::move(payoffs)),
        blocks_(payoffs_.blocks()),
        unknowns_(blocks_.total() + 1),
        range_(payoffs_.range()),
        prior_(blocks_.total()),
        p_(blocks_.total()),
        g_(blocks_.total()),
        matrix_(unknowns_ * unknowns_),
        pivots_(unknowns_) {}

  /// Large systems are given up once it has passed; has to outlive this.
  void stop_at(const Deadline& deadline) noexcept {
    deadline_ = unknowns_ > 100 ? &deadline : nullptr;
  }
  [[nodiscard]] double range() const noexcept { return range_; }
  /// Every probability > 0. Before `start`.
  void set_prior(const MixedProfile& prior) {
    std::size_t k = 0;
    for (const std::vector<double>& strategy : prior) {
      for (const double probability : strategy) {
        prior_[k++] = std::log(probability);
      }
    }
    has_prior_ = !prior.empty();
  }
  /// The prior, or uniform play, at lambda = 0.
  [[nodiscard]] std::vector<double> start() const {
    std::vector<double> z(unknowns_, 0.0);
    for (std::size_t i = 0; i < blocks_.count(); ++i) {
      for (std::size_t s = 0; s < blocks_.size(i); ++s) {
        const std::size_t k = blocks_.offset(i) + s;
        z[k] = has_prior_ ? prior_[k] : -std::log(static_cast<double>(blocks_.size(i)));
      }
    }
    return z;
  }
  [[nodiscard]] MixedProfile profile(std::span<const double> z) const {
    MixedProfile profile(blocks_.count());
    for (std::size_t i = 0; i < blocks_.count(); ++i) {
      double sum = 0.0;
      for (const double log_p : blocks_.of(z, i)) {
        profile[i].push_back(std::exp(log_p));
        sum += profile[i].back();
      }
      for (double& p : profile[i]) {
        p /= sum;
      }
    }
    return profile;
  }

  /// out = the unit vector along the curve at z whose product with `along` is positive; false if
  /// the equations are singular there.
  [[nodiscard]] bool tangent(std::span<const double> z, std::span<const double> along,
                             std::vector<double>& out) {
    factor_input(z, along);
    if (!lu_factor(matrix_, std::span<std::size_t>(pivots_), deadline_)) {
      return false;
    }
    std::vector<double> direction(unknowns_, 0.0);
    direction.back() = 1.0;
    lu_solve(matrix_, std::span<const std::size_t>(pivots_), direction);
    const double length = std::sqrt(dot(direction.data(), direction.data(), unknowns_));
    if (!(length > 0.0) || !(length <= std::numeric_limits<double>::max())) {
      return false;
    }
    for (double& entry : direction) {
      entry /= length;
    }
    out = std::move(direction);
    return true;
  }

  /// The sign of the determinant of the equations' Jacobian with the last tangent's `along` under
  /// it: the same along the whole of one branch, turning points included, while `along` is within
  /// a right angle of the tangent.
  [[nodiscard]] bool positive() const noexcept {
    bool positive = true;
    for (std::size_t k = 0; k < unknowns_; ++k) {
      positive ^= matrix_[k * unknowns_ + k] < 0.0;
      positive ^= pivots_[k] != k;
    }
    return positive;
  }

  /// Newton's method from z on the curve's equations and <normal, z> = its value at the start.
  /// Returns the rounds made, 0 if it does not converge fast.
  [[nodiscard]] int correct(std::vector<double>& z, std::span<const double> normal) {
    const std::vector<double> first = z;
    double before = std::numeric_limits<double>::infinity();
    std::vector<double> delta(unknowns_);
    for (int round = 1; round <= 10; ++round) {
      factor_input(z, normal);
      residual(z, delta);
      delta.back() = 0.0;
      for (std::size_t k = 0; k < unknowns_; ++k) {
        delta.back() += normal[k] * (z[k] - first[k]);
      }
      if (!lu_factor(matrix_, std::span<std::size_t>(pivots_), deadline_)) {
        return 0;
      }
      lu_solve(matrix_, std::span<const std::size_t>(pivots_), delta);
      double largest = 0.0;
      for (std::size_t k = 0; k < unknowns_; ++k) {
        z[k] -= delta[k];
        const double change = std::abs(delta[k]) / (1.0 + std::abs(z[k]));
        largest = change <= largest ? largest : change;  // NaN wins
        if (k + 1 < unknowns_ && !(z[k] < 1.0)) {
          return 0;  // no probability is above one
        }
      }
      if (!(largest < 0.7 * before)) {
        // Payoffs times lambda are known to so much only.
        const double rounding = 64 * std::numeric_limits<double>::epsilon() * std::abs(z.back());
        return largest <= rounding && before <= rounding ? round : 0;
      }
      if (largest <= 1e-11) {
        return round;
      }
      before = largest;
    }
    return 0;
  }

 private:
  /// The probabilities and payoffs at z, and the Jacobian with `last` as its last row.
  void factor_input(std::span<const double> z, std::span<const double> last) {
    const double lambda = z.back();
    for (std::size_t k = 0; k + 1 < unknowns_; ++k) {
      p_[k] = std::exp(z[k]);
    }
    for (double& entry : matrix_) {
      entry = 0.0;
    }
    const auto at = [&](std::size_t row, std::size_t column) -> double& {
      return matrix_[row * unknowns_ + column];
    };
    payoffs_.evaluate(lambda, z.first(unknowns_ - 1), p_, g_, at);
    for (std::size_t i = 0; i < blocks_.count(); ++i) {
      const std::size_t top = blocks_.offset(i);
      const std::size_t size = blocks_.size(i);
      for (std::size_t s = 0; s < size; ++s) {
        at(top, top + s) = p_[top + s];
      }
      for (std::size_t s = 1; s < size; ++s) {
        at(top + s, top + s) += 1.0;
        at(top + s, top) -= 1.0;
        at(top + s, unknowns_ - 1) = -(g_[top + s] - g_[top]);
      }
    }
    for (std::size_t k = 0; k < unknowns_; ++k) {
      at(unknowns_ - 1, k) = last[k];
    }
  }
  /// The curve's equations at z, after `factor_input`.
  void residual(std::span<const double> z, std::span<double> out) const {
    for (std::size_t i = 0; i < blocks_.count(); ++i) {
      const std::size_t top = blocks_.offset(i);
      out[top] = -1.0;
      for (std::size_t s = 0; s < blocks_.size(i); ++s) {
        out[top] += p_[top + s];
      }
      for (std::size_t s = 1; s < blocks_.size(i); ++s) {
        out[top + s] = z[top + s] - z[top] - z.back() * (g_[top + s] - g_[top]) -
                       (prior_[top + s] - prior_[top]);
      }
    }
  }
  Payoffs payoffs_;
  Blocks blocks_;
  std::size_t unknowns_;
  double range_ = 1.0;
  std::vector<double> prior_;  // logarithms
  bool has_prior_ = false;
  std::vector<double> p_;
  std::vector<double> g_;
  std::vector<double> matrix_;
  std::vector<std::size_t> pivots_;
  const Deadline* deadline_ = nullptr;
};

/// Of a game in normal form.
class LogitSystem : public LogitCurve<TablePayoffs> {
 public:
  explicit LogitSystem(const GameTable& game) : LogitCurve(TablePayoffs(game)) {}
};

}  // namespace dag::detail
