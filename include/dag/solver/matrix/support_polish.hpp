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

#include <dag/backend/dense_factors.hpp>
#include <dag/backend/eigen_backend.hpp>
#include <dag/backend/least_norm.hpp>
#include <dag/core/concepts.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/solution.hpp>

namespace dag::detail {

/// What one player's support should gain and lose: strategies of negative weight go, those outside
/// that would earn more come, the worst offenders first.
template <Scalar Real>
struct SupportMoves {
  using Vector = eigen::vector<Real>;
  using Indices = std::vector<Eigen::Index>;
  struct Entry {
    Eigen::Index index;
    Real size;
  };
  std::vector<Entry> add;
  std::vector<Entry> drop;
  SupportMoves(const Vector& p, const Indices& support, const Vector& gain, Real noise) {
    std::vector<char> used(static_cast<std::size_t>(p.size()), 0);
    for (const Eigen::Index i : support) {
      used[static_cast<std::size_t>(i)] = 1;
      if (p(i) < 0) {
        insert(drop, {i, -p(i)});
      }
    }
    for (Eigen::Index i = 0; i < p.size(); ++i) {
      if (used[static_cast<std::size_t>(i)] == 0 && gain(i) > noise) {
        insert(add, {i, gain(i)});
      }
    }
  }
  [[nodiscard]] bool empty() const { return add.empty() && drop.empty(); }
  [[nodiscard]] std::ptrdiff_t net() const {
    return static_cast<std::ptrdiff_t>(add.size()) - static_cast<std::ptrdiff_t>(drop.size());
  }
  void trim_additions(std::ptrdiff_t count) { trim(add, count); }
  void trim_removals(std::ptrdiff_t count) { trim(drop, count); }
  void apply(Indices& support) const {
    for (const Entry& entry : drop) {
      std::erase(support, entry.index);
    }
    for (const Entry& entry : add) {
      support.push_back(entry.index);
    }
  }

 private:
  /// Largest first.
  static void insert(std::vector<Entry>& list, Entry entry) {
    auto at = list.begin();
    while (at != list.end() && at->size >= entry.size) {
      ++at;
    }
    list.insert(at, entry);
  }
  static void trim(std::vector<Entry>& list, std::ptrdiff_t count) {
    const auto size = static_cast<std::ptrdiff_t>(list.size());
    list.erase(list.end() - (count < size ? count : size), list.end());
  }
};

}  // namespace dag::detail

namespace dag {

/// Options of `support_polish`.
struct PolishOptions {
  /// Guesses of the supports to try: each costs one LU of the support (2 k^3 / 3 operations), or,
  /// for supports of unequal size or a singular system, one complete orthogonal decomposition.
  int exchanges = 20;
};

namespace detail {

/// From an approximate equilibrium to the exact one of its support. Owns its workspace. Searches
/// that try millions of small supports solve theirs by `IndifferenceSystem`, without a
/// factorisation's memory and to the last bits of double.
template <Scalar Real>
class SupportPolisher {
 public:
  using Matrix = eigen::matrix<Real>;
  using Vector = eigen::vector<Real>;
  using Indices = std::vector<Eigen::Index>;

  /// `payoff` must outlive the polisher.
  explicit SupportPolisher(const Matrix& payoff)
      : payoff_(payoff),
        largest_(
            std::max(-eigen{}.min(eigen::entries(payoff)), eigen{}.max(eigen::entries(payoff)))) {
    int exponent = 0;
    std::frexp(largest_, &exponent);
    scale_ = std::ldexp(Real{1}, -exponent);
  }

  /// Duality gap of (x, y); a_y = A y, at_x = A'x.
  Real gap(const Vector& x, const Vector& y) {
    a_y_.resize(payoff_.rows());
    at_x_.resize(payoff_.cols());
    dual_product(payoff_.data(), static_cast<std::size_t>(payoff_.rows()),
                 static_cast<std::size_t>(payoff_.cols()), x.data(), y.data(), Real{1}, Real{1},
                 a_y_.data(), at_x_.data());
    return top(a_y_) - bottom(at_x_);
  }
  /// The largest payoff in magnitude.
  [[nodiscard]] Real largest() const noexcept { return largest_; }

  /// Replaces (x, y) by the best point found if its gap is smaller; returns the gap of what is
  /// there now. Stops early at a gap <= enough.
  Real polish(Vector& x, Vector& y, Real enough, const PolishOptions& options) {
    Real best = gap(x, y);
    guess(x, y);
    Vector base_x = x;  // the point that least-norm corrections start from
    Vector base_y = y;
    int failures = 0;
    for (int k = 0; k < options.exchanges && best > enough && failures < 6; ++k) {
      if (!solve(base_x, base_y)) {
        break;
      }
      clean(solved_x_, clean_x_);
      clean(solved_y_, clean_y_);
      const Real reached = gap(clean_x_, clean_y_);
      ++failures;
      if (reached < best) {
        best = reached;
        x = clean_x_;
        y = clean_y_;
        failures = 0;
      }
      if (best <= enough || !exchange()) {
        break;
      }
    }
    return best;
  }

  [[nodiscard]] const Indices& rows() const noexcept { return rows_; }
  [[nodiscard]] const Indices& columns() const noexcept { return columns_; }

 private:
  /// Strict complementarity at an equilibrium: a strategy is used or its slack is positive. Each is
  /// measured against its own mean, and the larger one wins. Slacks all of rounding's size (the
  /// other player's strategy is exact) say nothing: their mean is not taken below rounding.
  void guess(const Vector& x, const Vector& y) {
    const Real noise = 64 * std::numeric_limits<Real>::epsilon() * largest_;
    const Real best = top(a_y_);
    const Real worst = bottom(at_x_);
    choose(x, a_y_, best, Real{-1}, noise, rows_);
    choose(y, at_x_, worst, Real{1}, noise, columns_);
  }
  /// Slack: sign (payoffs - level).
  static void choose(const Vector& p, const Vector& payoffs, Real level, Real sign, Real noise,
                     Indices& support) {
    Real scale = 0;
    for (Eigen::Index i = 0; i < p.size(); ++i) {
      scale += sign * (payoffs(i) - level);
    }
    scale = std::max(scale, noise * static_cast<Real>(p.size()));
    support.clear();
    Eigen::Index best = 0;
    for (Eigen::Index i = 0; i < p.size(); ++i) {
      if (p(i) * scale > sign * (payoffs(i) - level)) {
        support.push_back(i);
      }
      best = p(i) > p(best) ? i : best;
    }
    if (support.empty()) {
      support.push_back(best);
    }
  }
  static Real top(const Vector& v) { return eigen{}.max(eigen::view(v)); }
  static Real bottom(const Vector& v) { return eigen{}.min(eigen::view(v)); }
  static bool finite(const Vector& v) { return eigen{}.all_finite(eigen::view(v)); }
  /// out = max(p, 0) / its sum.
  static void clean(const Vector& p, Vector& out) {
    out = p;
    eigen{}.raise_to_zero(eigen::view(out));
    const Real total = eigen{}.sum(eigen::view(std::as_const(out)));
    for (Eigen::Index i = 0; i < out.size(); ++i) {
      out(i) /= total;
    }
  }

  /// solved_x_, solved_y_: the indifference systems of both players on the supports,
  ///   A_IJ y = v 1, 1'y = 1 and A_IJ' x = v 1, 1'x = 1.
  bool solve(const Vector& base_x, const Vector& base_y) {
    const auto m = static_cast<Eigen::Index>(rows_.size());
    const auto n = static_cast<Eigen::Index>(columns_.size());
    system_.resize(m + 1, n + 1);
    for (Eigen::Index i = 0; i < m; ++i) {
      const Real* row = payoff_.data() + rows_[static_cast<std::size_t>(i)] * payoff_.cols();
      for (Eigen::Index j = 0; j < n; ++j) {
        system_(i, j) = scale_ * row[columns_[static_cast<std::size_t>(j)]];
      }
      system_(i, n) = -1;
    }
    for (Eigen::Index j = 0; j < n; ++j) {
      system_(m, j) = 1;
    }
    system_(m, n) = 0;

    Vector x;
    Vector y;
    if (m != n || !square(x, y)) {
      least_norm(system_, base_y, columns_, y);
      least_norm(eigen{}.transposed(system_), base_x, rows_, x);
    }
    if (!finite(x) || !finite(y)) {
      return false;
    }
    value_ = y(n) / scale_;
    scatter(x, rows_, payoff_.rows(), solved_x_);
    scatter(y, columns_, payoff_.cols(), solved_y_);
    return true;
  }
  /// One LU for both systems, each refined once. False if a solution is none.
  bool square(Vector& x, Vector& y) {
    lu_.factor(system_);
    const Eigen::Index last = system_.rows() - 1;
    unit_ = eigen{}.template allocate<Real>(eigen::rows(system_));
    unit_(last) = 1;
    y = unit_;
    lu_.solve(y);
    image(false, y);
    missing_ = unit_;
    subtract(image_, missing_);
    lu_.solve(missing_);
    add(missing_, y);
    image(false, y);
    if (!finite(y) || !solves(y)) {
      return false;
    }
    // The row player's system is the transpose with the signs of its border exchanged: solve
    // [A' 1; -1' 0] (x, -w) = (0, -1).
    unit_(last) = -1;
    x = unit_;
    lu_.solve_transposed(x);
    image(true, x);
    missing_ = unit_;
    subtract(image_, missing_);
    lu_.solve_transposed(missing_);
    add(missing_, x);
    image(true, x);
    return finite(x) && solves(x);
  }
  static void add(const Vector& from, Vector& to) {
    eigen{}.axpy(Real{1}, eigen::view(from), eigen::view(to));
  }
  static void subtract(const Vector& from, Vector& to) {
    eigen{}.axpy(Real{-1}, eigen::view(from), eigen::view(to));
  }
  /// image_ = the system, or its transpose, times z.
  void image(bool transposed, const Vector& z) {
    image_.resize(z.size());
    if (transposed) {
      eigen{}.multiply_transposed(system_, eigen::view(z), eigen::view(image_));
    } else {
      eigen{}.multiply(system_, eigen::view(z), eigen::view(image_));
    }
  }
  /// Whether image_, that of z, is 0 but for the border.
  [[nodiscard]] bool solves(const Vector& z) const {
    const Eigen::Index last = z.size() - 1;
    const Real tolerance = std::sqrt(std::numeric_limits<Real>::epsilon());
    Real most = 0;
    for (Eigen::Index i = 0; i < last; ++i) {
      most = std::max(most, std::abs(image_(i)));
    }
    return most <= tolerance * (1 + std::abs(z(last))) &&
           std::abs(std::abs(image_(last)) - 1) <= tolerance;
  }
  /// The solution nearest to `base` in units of base itself: min |dz / base|, so that entries well
  /// inside stay positive.
  void least_norm(const Matrix& system, const Vector& base, const Indices& support, Vector& z) {
    const Eigen::Index rows = system.rows();
    const Eigen::Index size = system.cols() - 1;
    // The last row may be (1, 0) or, transposed, (-1, 0): ask for the same sign.
    const Real sign = system(rows - 1, 0);
    Vector weight(size + 1);
    z.resize(size + 1);
    Real most = 0;
    for (Eigen::Index i = 0; i < size; ++i) {
      z(i) = base(support[static_cast<std::size_t>(i)]);
      most = std::max(most, z(i));
    }
    z(size) = 0;
    for (Eigen::Index i = 0; i < size; ++i) {
      weight(i) = std::max(z(i), most * std::numeric_limits<Real>::epsilon());
    }
    weight(size) = 1;
    Matrix weighted = system;
    for (Eigen::Index i = 0; i < rows; ++i) {
      for (Eigen::Index j = 0; j <= size; ++j) {
        weighted(i, j) *= weight(j);
      }
    }
    const LeastNorm<Real> factor(std::move(weighted));
    missing_.resize(rows);
    for (int pass = 0; pass < 2; ++pass) {
      eigen{}.multiply(system, eigen::view(std::as_const(z)), eigen::view(missing_));
      for (Eigen::Index i = 0; i < rows; ++i) {
        missing_(i) = (i + 1 < rows ? Real{0} : sign) - missing_(i);
      }
      const Vector correction = factor.solve(missing_);
      for (Eigen::Index j = 0; j <= size; ++j) {
        z(j) += weight(j) * correction(j);
      }
    }
  }
  static void scatter(const Vector& part, const Indices& support, Eigen::Index size, Vector& out) {
    out.resize(size);
    eigen{}.fill(eigen::view(out), Real{0});
    for (std::size_t i = 0; i < support.size(); ++i) {
      out(support[i]) = part(static_cast<Eigen::Index>(i));
    }
  }

  /// Block exchange: drops strategies of negative weight, adds those that would gain, as many on
  /// each side as keeps equal supports equal. False if there is nothing to exchange.
  bool exchange() {
    gap(solved_x_, solved_y_);
    const Real noise = 128 * std::numeric_limits<Real>::epsilon() * largest_;
    for (Eigen::Index i = 0; i < a_y_.size(); ++i) {
      a_y_(i) -= value_;
    }
    for (Eigen::Index j = 0; j < at_x_.size(); ++j) {
      at_x_(j) = value_ - at_x_(j);
    }
    SupportMoves<Real> row_moves(solved_x_, rows_, a_y_, noise);
    SupportMoves<Real> column_moves(solved_y_, columns_, at_x_, noise);
    if (row_moves.empty() && column_moves.empty()) {
      return false;
    }
    const auto skew = static_cast<std::ptrdiff_t>(rows_.size()) + row_moves.net() -
                      static_cast<std::ptrdiff_t>(columns_.size()) - column_moves.net();
    (skew > 0 ? row_moves : column_moves).trim_additions(skew > 0 ? skew : -skew);
    const auto left = static_cast<std::ptrdiff_t>(rows_.size()) + row_moves.net() -
                      static_cast<std::ptrdiff_t>(columns_.size()) - column_moves.net();
    (left > 0 ? column_moves : row_moves).trim_removals(left > 0 ? left : -left);
    row_moves.apply(rows_);
    column_moves.apply(columns_);
    return !rows_.empty() && !columns_.empty();
  }

  const Matrix& payoff_;
  Real largest_;
  Real scale_ = 1;  ///< a power of two that brings the payoffs to size one, beside the border of 1s
  Indices rows_;
  Indices columns_;
  Matrix system_;
  DenseLu<Real> lu_;
  Vector unit_;
  Vector image_;
  Vector missing_;
  Vector a_y_;
  Vector at_x_;
  Vector solved_x_;
  Vector solved_y_;
  Vector clean_x_;
  Vector clean_y_;
  Real value_ = 0;
};

}  // namespace detail

/// Support polishing: makes an approximate equilibrium of a dense zero-sum game exact to rounding.
///
/// Method: guess the supports by strict complementarity (a strategy is in if its probability
/// exceeds its slack, each in units of its mean), solve both indifference systems on them (one LU;
/// where the supports differ in size or the system is singular, as in degenerate games, the
/// correction of least norm relative to the point itself, so that a point inside the optimal face
/// stays inside), verify by the duality gap of the whole game, exchange negative strategies for
/// profitable ones, repeat. The answer is the polished point, or the given one unchanged, whichever
/// has the smaller gap; its certificate is recomputed. Cost: 2 k^3 / 3 a try, k the support.
/// Deterministic.
template <Scalar Real>
[[nodiscard]] Solution<MatrixGame<Real, eigen>> support_polish(
    const MatrixGame<Real, eigen>& game, Solution<MatrixGame<Real, eigen>> found,
    const PolishOptions& options = {}) {
  const Blocks& blocks = game.players().blocks();
  const auto point = found.state.view().point;
  eigen::vector<Real> x(static_cast<Eigen::Index>(blocks.size(0)));
  eigen::vector<Real> y(static_cast<Eigen::Index>(blocks.size(1)));
  game.backend().copy(std::span<const Real>(blocks.of(point, 0)), eigen::view(x));
  game.backend().copy(std::span<const Real>(blocks.of(point, 1)), eigen::view(y));
  detail::SupportPolisher<Real> polisher(game.payoff());
  const Real before = polisher.gap(x, y);
  if (polisher.polish(x, y, Real{0}, options) < before) {
    game.backend().copy(eigen::view(std::as_const(x)), blocks.of(point, 0));
    game.backend().copy(eigen::view(std::as_const(y)), blocks.of(point, 1));
    game.players().enter(game.backend(), found.state.view());
    const auto certificate = certify(game, std::as_const(found.state).view());
    found.value = certificate.value;
    found.gap = certificate.gap;
    found.relative_gap = certificate.relative_gap;
    found.residual = certificate.residual;
  }
  return found;
}

}  // namespace dag
