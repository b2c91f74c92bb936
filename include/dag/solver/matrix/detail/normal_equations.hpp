// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <limits>

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
    return (x.dot(s) + y.dot(t)) / static_cast<Real>(x.size() + y.size());
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
    out.x = x + d * by.x;
    out.t = t + d * by.t;
    out.w = w + d * by.w;
    out.y = y + p * by.y;
    out.s = s + p * by.s;
    out.v = v + p * by.v;
  }

 private:
  using Vector = eigen::vector<Real>;
  [[nodiscard]] static Real longest(const Vector& a, const Vector& da, const Vector& b,
                                    const Vector& db) {
    const Real of_a = (-da.array() / a.array()).maxCoeff();
    const Real of_b = (-db.array() / b.array()).maxCoeff();
    const Real worst = of_a > of_b ? of_a : of_b;
    return worst > Real(0.9) ? 1 / worst : 1 / Real(0.9);
  }
};

/// Newton's equations of the path  B y + s = v 1, B'x - t = w 1, 1'x = 1'y = 1, x s = c1, y t = c2,
/// reduced to the m rows: (B diag(y/t) B' + diag(s/x)) dx = ..., one Cholesky a factor().
template <Scalar Real>
class NormalEquations {
 public:
  using Vector = eigen::vector<Real>;
  using Matrix = eigen::matrix<Real>;

  /// At z, with by = B y and btx = B'x. A pivot lost to rounding is met by a multiple of the
  /// identity. False if nothing helps.
  bool factor(const Matrix& payoff, const InteriorPoint<Real>& z, const Vector& by,
              const Vector& btx) {
    r1_ = z.v - by.array() - z.s.array();
    r3_ = z.w + z.t.array() - btx.array();
    r2_ = 1 - z.y.sum();
    r4_ = 1 - z.x.sum();
    d_ = z.y.cwiseQuotient(z.t);
    weighted_.noalias() = payoff * d_.cwiseSqrt().asDiagonal();
    normal_.setZero(payoff.rows(), payoff.rows());
    normal_.template selfadjointView<Eigen::Lower>().rankUpdate(weighted_);
    normal_.diagonal().array() += z.s.array() / z.x.array();
    Real shift = normal_.diagonal().maxCoeff() * std::numeric_limits<Real>::epsilon() * 8;
    for (int attempt = 0; attempt < 6; ++attempt, shift *= 100) {
      cholesky_.compute(normal_);
      if (cholesky_.info() == Eigen::Success) {
        a_.noalias() = payoff * d_;
        u2_ = cholesky_.solve(a_);
        u3_.setOnes(normal_.rows());
        cholesky_.solveInPlace(u3_);
        return u2_.allFinite() && u3_.allFinite();
      }
      normal_.diagonal().array() += shift;
    }
    return false;
  }

  /// The direction with  x ds + s dx = c1, y dt + t dy = c2.
  void direction(const Matrix& payoff, const InteriorPoint<Real>& z, const Vector& c1,
                 const Vector& c2, InteriorPoint<Real>& out) {
    q_ = r3_.array() + c2.array() / z.y.array();
    dq_ = d_.cwiseProduct(q_);
    u1_.noalias() = payoff * dq_;
    u1_.array() += c1.array() / z.x.array() - r1_.array();
    cholesky_.solveInPlace(u1_);
    // 1'dx = r4 and 1'dy = r2 fix dw and dv.
    const Real k11 = u2_.sum();
    const Real k12 = -u3_.sum();
    const Real k21 = a_.dot(u2_) - d_.sum();
    const Real k22 = -a_.dot(u3_);
    const Real b1 = r4_ - u1_.sum();
    const Real b2 = dq_.sum() - a_.dot(u1_) - r2_;
    const Real determinant = k11 * k22 - k12 * k21;
    out.w = (b1 * k22 - k12 * b2) / determinant;
    out.v = (k11 * b2 - b1 * k21) / determinant;
    out.x = u1_ + out.w * u2_ - out.v * u3_;
    out.y.noalias() = payoff.transpose() * out.x;
    out.y = d_.array() * (q_.array() - out.y.array() + out.w);
    out.s = (c1.array() - z.s.array() * out.x.array()) / z.x.array();
    out.t = (c2.array() - z.t.array() * out.y.array()) / z.y.array();
  }

 private:
  Matrix weighted_, normal_;
  Eigen::LLT<Matrix> cholesky_;
  Vector q_, dq_, d_, u1_, u2_, u3_, a_, r1_, r3_;
  Real r2_ = 0;
  Real r4_ = 0;
};

}  // namespace dag::detail
