// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include <dag/backend/dense_factors.hpp>
#include <dag/backend/eigen_backend.hpp>
#include <dag/core/concepts.hpp>

namespace dag::detail {

/// One primal-dual point, or a direction. s: slacks of the rows, t: of the columns.
template <Scalar Real>
struct InteriorPoint {
  eigen::vector<Real> x, s, y, t;
  Real v = 0;
  Real w = 0;
  /// The mean product of a probability and its slack.
  [[nodiscard]] Real complementarity() const {
    const eigen cpu;
    return (cpu.dot(eigen::view(x), eigen::view(s)) + cpu.dot(eigen::view(y), eigen::view(t))) /
           static_cast<Real>(x.size() + y.size());
  }
  /// The longest step along `by` that keeps y, s (primal) or x, t (dual) >= 0, at most 1 / 0.9.
  [[nodiscard]] Real primal_step(const InteriorPoint& by) const {
    return longest(y, by.y, s, by.s);
  }
  [[nodiscard]] Real dual_step(const InteriorPoint& by) const { return longest(x, by.x, t, by.t); }
  /// out = this + step * by, steps cut at 1.
  void advance(Real primal, Real dual, const InteriorPoint& by, InteriorPoint& out) const {
    const Real p = primal < 1 ? primal : Real{1};
    const Real d = dual < 1 ? dual : Real{1};
    along(x, d, by.x, out.x);
    along(t, d, by.t, out.t);
    out.w = w + d * by.w;
    along(y, p, by.y, out.y);
    along(s, p, by.s, out.s);
    out.v = v + p * by.v;
  }

 private:
  using Vector = eigen::vector<Real>;
  static void along(const Vector& from, Real step, const Vector& by, Vector& out) {
    out.resize(from.size());
    for (Eigen::Index i = 0; i < from.size(); ++i) {
      out(i) = from(i) + step * by(i);
    }
  }
  [[nodiscard]] static Real longest(const Vector& a, const Vector& da, const Vector& b,
                                    const Vector& db) {
    Real worst = Real(0.9);
    for (Eigen::Index i = 0; i < a.size(); ++i) {
      const Real share = -da(i) / a(i);
      worst = share > worst ? share : worst;
    }
    for (Eigen::Index i = 0; i < b.size(); ++i) {
      const Real share = -db(i) / b(i);
      worst = share > worst ? share : worst;
    }
    return 1 / worst;
  }
};

/// Newton's equations of the path  B y + s = v 1, B'x - t = w 1, 1'x = 1'y = 1, x s = c1, y t = c2,
/// reduced to the m rows: (B diag(y/t) B' + diag(s/x)) dx = ..., one Cholesky a factor().
template <Scalar Real>
class NormalEquations {
 public:
  using Vector = eigen::vector<Real>;
  using Matrix = eigen::matrix<Real>;

  /// Factorisations end early, and fail, once it has passed; has to outlive this.
  void stop_at(const Deadline& deadline) noexcept {
    product_.stop_at(deadline);
    cholesky_.stop_at(deadline);
  }

  /// At z, with by = B y and btx = B'x. A pivot lost to rounding is met by a multiple of the
  /// identity. False if nothing helps.
  bool factor(const Matrix& payoff, const InteriorPoint<Real>& z, const Vector& by,
              const Vector& btx) {
    const Eigen::Index m = payoff.rows();
    const Eigen::Index n = payoff.cols();
    r1_.resize(m);
    r3_.resize(n);
    d_.resize(n);
    for (Eigen::Index i = 0; i < m; ++i) {
      r1_(i) = z.v - by(i) - z.s(i);
    }
    for (Eigen::Index j = 0; j < n; ++j) {
      r3_(j) = z.w + z.t(j) - btx(j);
      d_(j) = z.y(j) / z.t(j);
    }
    const eigen cpu;
    r2_ = 1 - cpu.sum(eigen::view(z.y));
    r4_ = 1 - cpu.sum(eigen::view(z.x));
    weigh(payoff);
    multiply(payoff);
    Real most = 0;
    for (Eigen::Index i = 0; i < m; ++i) {
      normal_(i, i) += z.s(i) / z.x(i);
      most = normal_(i, i) > most ? normal_(i, i) : most;
    }
    Real shift = most * std::numeric_limits<Real>::epsilon() * 8;
    for (int attempt = 0; attempt < 6; ++attempt, shift *= 100) {
      if (product_.late()) {
        return false;
      }
      factor_ = normal_;
      if (cholesky_.factor(factor_)) {
        a_.resize(m);
        cpu.multiply(payoff, eigen::view(std::as_const(d_)), eigen::view(a_));
        u2_ = a_;
        cholesky_.solve(factor_, u2_);
        u3_.resize(m);
        cpu.fill(eigen::view(u3_), Real{1});
        cholesky_.solve(factor_, u3_);
        return cpu.all_finite(eigen::view(std::as_const(u2_))) &&
               cpu.all_finite(eigen::view(std::as_const(u3_)));
      }
      for (Eigen::Index i = 0; i < m; ++i) {
        normal_(i, i) += shift;
      }
    }
    return false;
  }

  /// The direction with  x ds + s dx = c1, y dt + t dy = c2.
  void direction(const Matrix& payoff, const InteriorPoint<Real>& z, const Vector& c1,
                 const Vector& c2, InteriorPoint<Real>& out) {
    const Eigen::Index m = payoff.rows();
    const Eigen::Index n = payoff.cols();
    const eigen cpu;
    q_.resize(n);
    dq_.resize(n);
    for (Eigen::Index j = 0; j < n; ++j) {
      q_(j) = r3_(j) + c2(j) / z.y(j);
      dq_(j) = d_(j) * q_(j);
    }
    u1_.resize(m);
    cpu.multiply(payoff, eigen::view(std::as_const(dq_)), eigen::view(u1_));
    for (Eigen::Index i = 0; i < m; ++i) {
      u1_(i) += c1(i) / z.x(i) - r1_(i);
    }
    cholesky_.solve(factor_, u1_);
    // 1'dx = r4 and 1'dy = r2 fix dw and dv.
    const auto sum = [&cpu](const Vector& v) { return cpu.sum(eigen::view(v)); };
    const auto dot = [&](const Vector& v) {
      return cpu.dot(eigen::view(std::as_const(a_)), eigen::view(v));
    };
    const Real k11 = sum(u2_);
    const Real k12 = -sum(u3_);
    const Real k21 = dot(u2_) - sum(d_);
    const Real k22 = -dot(u3_);
    const Real b1 = r4_ - sum(u1_);
    const Real b2 = sum(dq_) - dot(u1_) - r2_;
    const Real determinant = k11 * k22 - k12 * k21;
    out.w = (b1 * k22 - k12 * b2) / determinant;
    out.v = (k11 * b2 - b1 * k21) / determinant;
    out.x.resize(m);
    out.s.resize(m);
    for (Eigen::Index i = 0; i < m; ++i) {
      out.x(i) = u1_(i) + out.w * u2_(i) - out.v * u3_(i);
      out.s(i) = (c1(i) - z.s(i) * out.x(i)) / z.x(i);
    }
    out.y.resize(n);
    out.t.resize(n);
    cpu.multiply_transposed(payoff, eigen::view(std::as_const(out.x)), eigen::view(out.y));
    for (Eigen::Index j = 0; j < n; ++j) {
      out.y(j) = d_(j) * (q_(j) - out.y(j) + out.w);
      out.t(j) = (c2(j) - z.t(j) * out.y(j)) / z.y(j);
    }
  }

 private:
  /// weighted_ = diag(sqrt d) B', a tile at a time: it reads rows and writes columns.
  void weigh(const Matrix& payoff) {
    constexpr Eigen::Index tile = 16;
    const Eigen::Index m = payoff.rows();
    const Eigen::Index n = payoff.cols();
    weighted_.resize(n, m);
    for (Eigen::Index j = 0; j < n; j += tile) {
      const Eigen::Index end = j + tile < n ? j + tile : n;
      Real root[tile];
      for (Eigen::Index k = j; k < end; ++k) {
        root[k - j] = std::sqrt(d_(k));
      }
      for (Eigen::Index i = 0; i < m; ++i) {
        for (Eigen::Index k = j; k < end; ++k) {
          weighted_(k, i) = root[k - j] * payoff(i, k);
        }
      }
    }
  }
  /// The upper triangle of normal_ = B diag(d) B'.
  void multiply(const Matrix& payoff) {
    const std::size_t m = eigen::rows(payoff);
    const std::size_t n = eigen::columns(payoff);
    normal_.resize(payoff.rows(), payoff.rows());
    std::fill(normal_.data(), normal_.data() + m * m, Real{0});
    product_.add(Real{1}, m, m, n, {weighted_.data(), 1, m}, weighted_.data(), m, normal_.data(), m,
                 true);
  }

  Matrix weighted_, normal_, factor_;
  DenseProduct<Real> product_;
  DenseCholesky<Real> cholesky_;
  Vector q_, dq_, d_, u1_, u2_, u3_, a_, r1_, r3_;
  Real r2_ = 0;
  Real r4_ = 0;
};

}  // namespace dag::detail
