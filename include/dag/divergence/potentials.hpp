// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// x log x: minus the Shannon entropy. Its Bregman divergence is KL.
struct NegativeEntropy {
  DAG_HOST_DEVICE static constexpr double lower() noexcept { return 0; }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real x) const noexcept {
    return xlogx(x);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real x) const noexcept {
    return std::log(x) + 1;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real curvature(Real x) const noexcept {
    return 1 / x;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real inverse_derivative(Real u) const noexcept {
    return std::exp(u - 1);
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return std::exp(u - 1);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const noexcept {
    return kl_bregman_term(p, q);
  }
};

/// x^2 / 2 on the whole line. Its Bregman divergence is half the squared distance.
struct HalfSquaredNorm {
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real x) const noexcept {
    return x * x / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real x) const noexcept {
    return x;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real curvature(Real) const noexcept {
    return 1;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real inverse_derivative(Real u) const noexcept {
    return u;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return u * u / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const noexcept {
    return (p - q) * (p - q) / 2;
  }
};

namespace detail {

/// phi(x) = (x^a - x) / (a - 1), x log x at a = 1, for numbers of any form: `marginal` = phi' less
/// the constant 1, `growth` = x phi''.
template <std::floating_point Real>
struct TsallisFormula {
  Real order;

  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Number x) const noexcept {
    return plain(x) == 0 ? Real{0} : plain(x) * q_logarithm(order - 1, log_of(x));
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE Real marginal(Number x) const noexcept {
    return order * q_logarithm(order - 1, log_of(x));
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE Real growth(Number x) const noexcept {
    return order == 1 ? Real{1} : order * std::exp((order - 1) * log_of(x));
  }
};

}  // namespace detail

/// (x^a - x) / (a - 1), a > 0: minus the Tsallis entropy; a = 1 is NegativeEntropy, a = 2 is
/// x^2 - x (Gini).
class Tsallis {
 public:
  /// Throws invalid_argument unless order > 0 and finite.
  explicit Tsallis(double order) : order_(order) {
    require(order > 0 && order < std::numeric_limits<double>::infinity(), Errc::invalid_argument,
            "Tsallis: the order must be finite and > 0, got ", order);
  }
  [[nodiscard]] double order() const noexcept { return order_; }
  DAG_HOST_DEVICE static constexpr double lower() noexcept { return 0; }

  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real x) const noexcept {
    return formula<Real>().value(x);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real x) const noexcept {
    return formula<Real>().marginal(x) + 1;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real curvature(Real x) const noexcept {
    return static_cast<Real>(order_) * std::pow(x, static_cast<Real>(order_) - 2);
  }
  /// The x >= 0 with derivative u; 0 below the range of the derivative, +inf above it.
  template <std::floating_point Real>
  [[nodiscard]] Real inverse_derivative(Real u) const noexcept {
    const Real a = static_cast<Real>(order_), step = (u - 1) / a, base = 1 + (a - 1) * step;
    if (a == 1) {
      return std::exp(step);
    }
    if (!(base > 0)) {
      return a > 1 ? Real{0} : detail::Limits<Real>::infinity;
    }
    return std::exp(std::log1p((a - 1) * step) / (a - 1));
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    // u x - phi(x) = x^a where u = phi'(x): a x^(a-1) - 1 = (a-1) u
    const Real x = inverse_derivative(u);
    return std::pow(x, static_cast<Real>(order_));
  }

 private:
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE detail::TsallisFormula<Real> formula() const noexcept {
    return {static_cast<Real>(order_)};
  }

  double order_;
};

/// -log x on x > 0 (Burg's entropy). Its Bregman divergence is Itakura-Saito's p/q - log(p/q) - 1.
struct LogBarrier {
  DAG_HOST_DEVICE static constexpr double lower() noexcept { return 0; }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real x) const noexcept {
    return -std::log(x);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real x) const noexcept {
    return -1 / x;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real curvature(Real x) const noexcept {
    return 1 / (x * x);
  }
  /// For u < 0; +inf otherwise (the derivative is negative everywhere).
  template <std::floating_point Real>
  [[nodiscard]] Real inverse_derivative(Real u) const noexcept {
    return u < 0 ? -1 / u : detail::Limits<Real>::infinity;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return u < 0 ? -1 - std::log(-u) : detail::Limits<Real>::infinity;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const noexcept {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    if (p == 0 || q == 0) {
      return p == q ? Real{0} : infinity;
    }
    const Real excess = (p - q) / q;
    const Real gap = std::abs(excess) < Real(0.5) ? excess - std::log1p(excess)
                                                  : excess - (std::log(p) - std::log(q));
    return gap > 0 ? gap : Real{0};
  }
};

}  // namespace dag
