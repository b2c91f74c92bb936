// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/measure.hpp>
#include <dag/numeric/binomial.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/digamma.hpp>
#include <dag/numeric/dual_active_set.hpp>
#include <dag/numeric/remez.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// How a variance-optimal table came out.
struct VarianceOptimalTable {
  std::vector<double> table;  ///< empty when `rejected`
  double objective = 0;       ///< sum_k w_k (c_k - mu_k)^2
  double kkt_residual = 0;    ///< largest of the optimality conditions' relative violations
  std::size_t active = 0;     ///< points where the bias bound is active
  std::size_t free = 0;       ///< entries the program chose; the others are psi(k+1) - psi(K)
  bool rejected = false;      ///< the objective's lower bound passed `objective_limit`
  bool converged = false;
};

namespace detail {

/// The program in coordinates u_k = sqrt(w_k) (c_k - mu_k), k < free: min |u|^2 subject to
/// |<row(p), u> + offset(p)| <= bound for all p = sin^2(theta/2), theta in (0, theta_end].
class VarianceOptimalProgram {
 public:
  VarianceOptimalProgram(std::size_t group_size, std::size_t free, double bound)
      : free_(free),
        bound_(bound),
        root_weight_(free),
        mean_(free),
        tail_(group_size),
        wide_row_(group_size),
        row_(group_size),
        solver_(free) {
    const auto size = static_cast<long double>(group_size);
    const long double top = digamma(size), prior = digamma(size + 2);
    for (std::size_t k = 0; k < group_size; ++k) {
      const auto count = static_cast<long double>(k);
      if (k < free) {  // w_k = C(m,k) B(k+2, m-k+1) = (k+1) / (K (K+1))
        root_weight_[k] = std::sqrt((count + 1) / (size * (size + 1)));
        mean_[k] = digamma(count + 2) - prior;
      } else {
        tail_[k] = digamma(count + 1) - top;
      }
    }
    // Beyond theta_end the free entries have no weight left.
    const auto entries = static_cast<long double>(free);
    const long double p_end = (entries + 12 * std::sqrt(entries) + 40) / size;
    theta_end_ = free == group_size || p_end >= 1 ? pi : 2 * std::asin(std::sqrt(p_end));
  }

  [[nodiscard]] VarianceOptimalTable solve(double objective_limit) {
    VarianceOptimalTable result;
    result.free = free_;
    fill_grid();
    solve_on_grid(objective_limit, result);
    if (!result.rejected && result.converged) {
      finish(result);
    }
    return result;
  }

 private:
  static constexpr long double pi = 3.14159265358979323846264338327950288L;
  static constexpr double tolerance = 1e-8;  // allowed excess over the bound, relative

  /// Writes sqrt-weighted p B_k(p) to `out` and returns <p B, mu> + tail - p log p.
  template <class Scalar>
  Scalar constraint(long double theta, std::span<Scalar> out, std::vector<Scalar>& row) {
    const auto p = static_cast<Scalar>(half_angle_square(theta));
    binomial_row(p, row);
    Scalar offset = 0;
    for (std::size_t k = 0; k < free_; ++k) {
      offset += row[k] * static_cast<Scalar>(mean_[k]);
      out[k] = p * row[k] / static_cast<Scalar>(root_weight_[k]);
    }
    for (std::size_t k = free_; k < row.size(); ++k) {
      offset += row[k] * static_cast<Scalar>(tail_[k]);
    }
    return p * offset - xlogx(p);
  }

  std::size_t push_point(long double theta) {
    const std::size_t index = angles_.size();
    angles_.push_back(theta);
    rows_.resize(rows_.size() + free_);
    offsets_.push_back(
        constraint<double>(theta, std::span(rows_).subspan(index * free_, free_), row_));
    return index;
  }

  void fill_grid() {
    const std::size_t points = 10 * free_ + 20;
    spacing_ = theta_end_ / static_cast<long double>(points);
    angles_.reserve(2 * points);
    rows_.reserve(2 * points * free_);
    for (std::size_t i = 1; i <= points; ++i) {
      push_point(static_cast<long double>(i) * spacing_);
    }
    grid_ = points;
  }

  [[nodiscard]] double bias(std::size_t index) const {
    return dot(rows_.data() + index * free_, solver_.point().data(), free_) + offsets_[index];
  }

  /// Adds the most violated point until none is; then points at the peaks between grid points.
  void solve_on_grid(double objective_limit, VarianceOptimalTable& result) {
    std::vector<double> normal(free_), values;
    for (std::size_t round = 0; round < 60 + 40 * free_; ++round) {
      values.resize(angles_.size());
      std::size_t worst = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = bias(i);
        worst = std::abs(values[i]) > std::abs(values[worst]) ? i : worst;
      }
      if (!(std::abs(values[worst]) > bound_ * (1 + tolerance))) {
        if (!add_peaks(values)) {
          result.converged = true;
          return;
        }
        continue;
      }
      // sign * (<row, u> + offset) <= bound  as  <-sign row, u> >= sign * offset - bound.
      const double sign = values[worst] > 0 ? 1 : -1;
      for (std::size_t k = 0; k < free_; ++k) {
        normal[k] = -sign * rows_[worst * free_ + k];
      }
      const std::size_t label = 2 * worst + (sign > 0 ? 0 : 1);
      if (solver_.add(normal, sign * offsets_[worst] - bound_, label) != ActiveSetStep::added) {
        return;  // too ill-conditioned for double
      }
      if (solver_.squared_norm() > objective_limit) {
        result.rejected = true;
        return;
      }
    }
  }

  /// Appends points at peaks of |bias| between grid points that exceed the bound; false if none.
  bool add_peaks(const std::vector<double>& values) {
    std::vector<double> scratch(free_);
    bool added = false;
    for (std::size_t i = 0; i < grid_; ++i) {
      const double here = std::abs(values[i]);
      const bool peak = here > 0.9 * bound_ && (i == 0 || here >= std::abs(values[i - 1])) &&
                        (i + 1 == grid_ || here >= std::abs(values[i + 1]));
      if (!peak) {
        continue;
      }
      const double sign = values[i] > 0 ? 1 : -1;
      long double theta = angles_[i], value = here;
      refine_maximum(
          [&](long double at) {
            const double offset = constraint<double>(at, std::span(scratch), row_);
            return static_cast<long double>(
                sign * (dot(scratch.data(), solver_.point().data(), free_) + offset));
          },
          theta, value, spacing_);
      if (value > static_cast<long double>(bound_) * (1 + static_cast<long double>(tolerance))) {
        push_point(theta);
        added = true;
      }
    }
    return added;
  }

  /// Re-solves the active equations in long double (least norm by Cholesky of the Gram matrix with
  /// refinement), then measures every condition of optimality.
  void finish(VarianceOptimalTable& result) {
    const auto labels = solver_.active();
    const std::size_t active = labels.size();
    std::vector<long double> rows(active * free_), gram(active * active), right(active),
        multipliers(active), point(free_);
    for (std::size_t i = 0; i < active; ++i) {
      const long double sign = labels[i] % 2 == 0 ? 1 : -1;
      const auto row = std::span(rows).subspan(i * free_, free_);
      const long double offset = constraint<long double>(angles_[labels[i] / 2], row, wide_row_);
      right[i] = sign * static_cast<long double>(bound_) - offset;
    }
    for (std::size_t i = 0; i < active; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        gram[i * active + j] = dot(rows.data() + i * free_, rows.data() + j * free_, free_);
      }
    }
    if (!cholesky_factor(gram, active)) {
      result.converged = false;
      return;
    }
    std::vector<long double> step = right;
    for (int round = 0; round < 4; ++round) {
      cholesky_solve(gram, step);
      for (std::size_t i = 0; i < active; ++i) {
        multipliers[i] += step[i];
        for (std::size_t k = 0; k < free_; ++k) {
          point[k] += step[i] * rows[i * free_ + k];
        }
      }
      for (std::size_t i = 0; i < active; ++i) {
        step[i] = right[i] - dot(rows.data() + i * free_, point.data(), free_);
      }
    }
    // u = sum_i y_i row_i exactly; conditions left: sign of y, equality and feasibility.
    long double objective = 0, largest = 0, wrong_sign = 0, unequal = 0;
    for (std::size_t k = 0; k < free_; ++k) {
      objective += point[k] * point[k];
    }
    for (std::size_t i = 0; i < active; ++i) {
      // On the upper bound (even label) the gradient pushes down: y must be <= 0.
      const long double outward = labels[i] % 2 == 0 ? multipliers[i] : -multipliers[i];
      wrong_sign = outward > wrong_sign ? outward : wrong_sign;
      largest = std::abs(multipliers[i]) > largest ? std::abs(multipliers[i]) : largest;
      unequal = std::abs(step[i]) > unequal ? std::abs(step[i]) : unequal;
    }
    result.active = active;
    result.objective = static_cast<double>(objective);
    result.table.resize(tail_.size());
    for (std::size_t k = 0; k < tail_.size(); ++k) {
      result.table[k] =
          static_cast<double>(k < free_ ? mean_[k] + point[k] / root_weight_[k] : tail_[k]);
    }
    const double excess =
        measure_table(result.table, RewardFunction::logarithm()).sup_bias / bound_ - 1;
    result.kkt_residual = static_cast<double>(unequal) / bound_;
    if (active > 0 && static_cast<double>(wrong_sign / largest) > result.kkt_residual) {
      result.kkt_residual = static_cast<double>(wrong_sign / largest);
    }
    result.kkt_residual = excess > result.kkt_residual ? excess : result.kkt_residual;
  }

  std::size_t free_, grid_ = 0;
  double bound_;
  long double theta_end_ = pi, spacing_ = 0;
  std::vector<long double> root_weight_, mean_, tail_, wide_row_, angles_;
  std::vector<double> row_, rows_, offsets_;
  DualActiveSet<double> solver_;
};

}  // namespace detail

/// The table for log p of smallest integrated squared error under a bound on the bias:
///
///   min sum_k w_k (c_k - mu_k)^2  subject to  |p sum_k c_k Bin(k; K-1, p) - p log p| <= bound, all
///   p w_k = C(m,k) B(k+2, m-k+1) = (k+1)/(K(K+1)),  mu_k = psi(k+2) - psi(K+2),  m = K-1,
///
/// which is the integral over p of p E[(c_k - log p)^2] up to a constant. A semi-infinite quadratic
/// program: the dual active-set method on a grid uniform in theta (p = sin^2(theta/2)), with the
/// peaks of the bias between grid points added until none exceeds the bound by 1e-8, and a last
/// solve of the active equations in long double. `kkt_residual` is the largest relative violation
/// among the multipliers' signs, the active equations and the bound itself, measured on a finer
/// grid.
///
/// All K entries are free up to K = 128. Beyond, the first 128 are, and the others are the
/// bias-corrected logarithm psi(k+1) - psi(K), whose own bias is exponentially small where counts
/// of 128 and more occur. `objective_limit`: give up (`rejected`) as soon as a lower bound of the
/// objective exceeds it. Throws `invalid_argument` unless K >= 2 and bound > 0.
/// O(K^3) and 10 K^2 doubles of memory; deterministic.
[[nodiscard]] inline VarianceOptimalTable variance_optimal_log_table(
    std::size_t group_size, double bound,
    double objective_limit = std::numeric_limits<double>::infinity()) {
  require(group_size >= 2, Errc::invalid_argument,
          "variance_optimal_log_table: the group must have at least 2 samples, got ", group_size);
  require(bound > 0 && bound <= std::numeric_limits<double>::max(), Errc::invalid_argument,
          "variance_optimal_log_table: the bound must be finite and > 0, got ", bound);
  constexpr std::size_t most_free = 128;
  const std::size_t free = group_size < most_free ? group_size : most_free;
  return detail::VarianceOptimalProgram(group_size, free, bound).solve(objective_limit);
}

}  // namespace dag
