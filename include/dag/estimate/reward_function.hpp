// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// How a reward table is built from the counts of a group.
enum class EstimatorKind {
  plug_in,          ///< g of the group's frequency, the sample itself counted
  leave_one_out,    ///< g of the frequency among the other samples
  u_statistic,      ///< unbiased where g is a polynomial of degree < group size
  digamma,          ///< psi(k+1) - psi(K): the log series cut at degree K-1
  minimax,          ///< smallest possible sup bias
  variance_optimal  ///< smallest integrated error under a bound on the sup bias (AQP)
};

/// The names of the command line: plug-in, leave-one-out, u-statistic, digamma, minimax, aqp.
[[nodiscard]] constexpr std::string_view to_string(EstimatorKind kind) noexcept {
  switch (kind) {
    case EstimatorKind::plug_in: return "plug-in";
    case EstimatorKind::leave_one_out: return "leave-one-out";
    case EstimatorKind::u_statistic: return "u-statistic";
    case EstimatorKind::digamma: return "digamma";
    case EstimatorKind::minimax: return "minimax";
    case EstimatorKind::variance_optimal: return "aqp";
  }
  return "unknown";
}

/// The reverse of `to_string`; `variance-optimal` is accepted too. Throws `invalid_argument` with
/// the list of names.
[[nodiscard]] inline EstimatorKind estimator_kind(std::string_view name) {
  for (const EstimatorKind kind :
       {EstimatorKind::plug_in, EstimatorKind::leave_one_out, EstimatorKind::u_statistic,
        EstimatorKind::digamma, EstimatorKind::minimax, EstimatorKind::variance_optimal}) {
    if (to_string(kind) == name) {
      return kind;
    }
  }
  require(name == "variance-optimal", Errc::invalid_argument,
          "estimator_kind: expected plug-in, leave-one-out, u-statistic, digamma, minimax or aqp, ",
          "got ", name);
  return EstimatorKind::variance_optimal;
}

/// g(p): what the expectation of a table should be where the answer (or the set of correct answers)
/// has probability p. A utility's reward is a constant times one of these.
struct RewardFunction {
  enum class Form {
    logarithm,  ///< log p: Shannon entropy, reverse KL, arithmetic coherence
    power,  ///< p^order: Gini (1), Tsallis-a (a - 1), Euclidean coherence (1); < 0: q-logarithms
    pass_at_k,  ///< order (1-p)^(order-1), order = 1, 2, ...: p is that of the correct set
    inverse,    ///< 1/p: answer log-likelihood
    /// (1 - (1-p)^order) / p = sum over j <= order of (1-p)^(j-1), order = 1, 2, ...: MaxRL
    truncated_inverse
  };
  Form form = Form::logarithm;
  double order = 1;

  [[nodiscard]] static constexpr RewardFunction logarithm() noexcept { return {}; }
  [[nodiscard]] static constexpr RewardFunction power(double order) noexcept {
    return {Form::power, order};
  }
  [[nodiscard]] static constexpr RewardFunction pass_at_k(double k) noexcept {
    return {Form::pass_at_k, k};
  }
  [[nodiscard]] static constexpr RewardFunction inverse() noexcept { return {Form::inverse, 1}; }
  [[nodiscard]] static constexpr RewardFunction truncated_inverse(double order) noexcept {
    return {Form::truncated_inverse, order};
  }
  /// Degree of the polynomial in p that g is, if its order is a whole number; < 0 where it is none.
  [[nodiscard]] constexpr double degree() const noexcept {
    switch (form) {
      case Form::power: return order;
      case Form::pass_at_k:
      case Form::truncated_inverse: return order - 1;
      default: return -1;
    }
  }
  [[nodiscard]] bool is_polynomial() const noexcept {
    return degree() >= 0 && degree() == std::floor(degree());
  }
  [[nodiscard]] constexpr bool is_infinite_at_zero() const noexcept {
    return form == Form::logarithm || form == Form::inverse || (form == Form::power && order < 0);
  }

  /// g(p) for 0 < p <= 1 (at 0: -inf for log, +inf for 1/p).
  template <std::floating_point Scalar>
  [[nodiscard]] Scalar operator()(Scalar p) const noexcept {
    switch (form) {
      case Form::logarithm: return std::log(p);
      case Form::power: return std::pow(p, static_cast<Scalar>(order));
      case Form::pass_at_k:
        return static_cast<Scalar>(order) * std::pow(1 - p, static_cast<Scalar>(order - 1));
      case Form::inverse: return 1 / p;
      case Form::truncated_inverse:
        return p > 0 ? -std::expm1(static_cast<Scalar>(order) * std::log1p(-p)) / p
                     : static_cast<Scalar>(order);
    }
    return 0;
  }

  /// p g(p), with its limit at 0: what enters the expected gradient.
  template <std::floating_point Scalar>
  [[nodiscard]] Scalar weighted(Scalar p) const noexcept {
    switch (form) {
      case Form::logarithm: return xlogx(p);
      case Form::inverse: return 1;
      case Form::power: return std::pow(p, static_cast<Scalar>(order + 1));
      default: return p * (*this)(p);
    }
  }

  friend bool operator==(const RewardFunction&, const RewardFunction&) = default;
};

/// A utility's reward for an answer of probability p, as a table estimates it: level + scale g(p).
/// Affine in g, so that an unbiased table gives an unbiased reward.
struct TableReward {
  RewardFunction function = {};
  double scale = 1;
  double level = 0;

  [[nodiscard]] constexpr double operator()(double g) const noexcept { return level + scale * g; }
};

}  // namespace dag
