// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/divergence/f_divergence.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// f(t) = w t log(t / m) - (1-w) log m with m = w t + 1 - w, for a weight w in (0, 1).
class JensenShannonGenerator {
 public:
  constexpr JensenShannonGenerator() = default;
  /// weight of the first argument, in (0, 1). Throws invalid_argument.
  explicit JensenShannonGenerator(double weight) : weight_(weight) {
    require(weight > 0 && weight < 1, Errc::invalid_argument,
            "JensenShannonGenerator: weight must be in (0, 1), got ", weight);
  }
  [[nodiscard]] double weight() const noexcept { return weight_; }

  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return term(t, Real{1});
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto marginal(Number t) const noexcept {
    return -static_cast<detail::plain_t<Number>>(weight_) * log_mean(t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto growth(Number t) const noexcept {
    const auto w = static_cast<detail::plain_t<Number>>(weight_);
    return w * (1 - w) / (w * detail::plain(t) + (1 - w));
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    return marginal(t);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    const Real w = static_cast<Real>(weight_);
    return -(1 - w) * std::log(w * t + (1 - w));
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto term(Number first, Number second) const noexcept {
    const auto p = detail::plain(first), q = detail::plain(second);
    const auto w = static_cast<detail::plain_t<Number>>(weight_);
    const auto mean = w * p + (1 - w) * q;
    return w * kl_bregman_term(p, mean) + (1 - w) * kl_bregman_term(q, mean);
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    const Real w = static_cast<Real>(weight_);
    const Real rest = 1 - w * std::exp(u / w);
    return rest > 0 ? (1 - w) * (std::log(1 - w) - std::log(rest))
                    : std::numeric_limits<Real>::infinity();
  }

 private:
  /// log(w + (1-w) / t).
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real log_mean(Real t) const noexcept {
    const Real w = static_cast<Real>(weight_);
    return std::log(w + (1 - w) / t);
  }
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real log_mean(LogNumber<Real> t) const noexcept {
    const Real w = static_cast<Real>(weight_);
    return log1p_exp(std::log((1 - w) / w) - t.log) + std::log(w);
  }

  double weight_ = 0.5;
};

/// Jensen-Shannon divergence w KL(p || m) + (1-w) KL(q || m), m = w p + (1-w) q; w = 1/2 unless
/// `JensenShannonDivergence{JensenShannonGenerator(w)}`. At most log 2 nats, finite everywhere; its
/// slopes are -inf at a zero of their own argument. Source: Lin (1991), doi:10.1109/18.61115.
using JensenShannonDivergence = FDivergence<JensenShannonGenerator>;

}  // namespace dag
