// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {
namespace detail {

/// Damped Newton on the smaller player's own problem,
///   min over y of  phi(y) = tau_x log sum x0 exp(B y / tau_x) + tau_y KL(y || y0),
/// the other player answering exactly. Strongly convex and smooth, so line search always succeeds.
/// B = A with y the column player, or -A' with y the row player, whichever makes y the shorter.
template <Scalar Real>
class NewtonRounds {
 public:
  using Game = RegularizedMatrixGame<Real, eigen>;
  using Matrix = eigen::matrix<Real>;
  using Vector = eigen::vector<Real>;

  NewtonRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver)
      : game_(game),
        own_(game.players().blocks().size(1) <= game.players().blocks().size(0) ? 1 : 0),
        tau_x_(game.magnet().weights[1 - own_]),
        tau_y_(game.magnet().weights[own_]),
        state_(game.backend(), game.players().blocks().total()) {
    enter_start(game, options, solver, state_.view());
    payoff_ = own_ == 1 ? game.game().payoff() : Matrix(-game.game().payoff().transpose());
    log_y_ = dual(own_);
    log_y0_ = eigen::wrap<Real>(blocks().of(game.magnet().reference.dual, own_));
    log_x0_ = eigen::wrap<Real>(blocks().of(game.magnet().reference.dual, 1 - own_));
    // Zeros of the reference or of the start stay zeros: they take no part.
    log_y_ = log_y0_.array().isFinite().select(log_y_, log_y0_);
    require((log_y_.array() > -std::numeric_limits<Real>::infinity()).any(),
            Errc::not_a_distribution, solver,
            ": start has no strategy in common with the reference of player ", own_ + 1);
    value_ = evaluate(log_y_, log_x_, y_);
    publish();
  }

  bool round(std::int64_t) {
    x_.resize(log_x_.size());
    game_.backend().exp(eigen::view(std::as_const(log_x_)), eigen::view(x_));
    const Vector& x = x_;
    // Gradient over y: B'x + tau_y (log y - log y0), up to a constant; 0 where y0 is.
    gradient_.noalias() = payoff_.transpose() * x;
    gradient_.array() +=
        tau_y_ * log_y_.array().isFinite().select(log_y_.array() - log_y0_.array(), Real{0});
    gradient_.array() -= y_.dot(gradient_);  // a constant, large beside what is left at the end
    // In units of sqrt y:  tau_y I + S B' (diag x - x x') B S / tau_x,  S = diag(sqrt y).
    const Vector root = y_.cwiseSqrt();
    weighted_.noalias() = x.cwiseSqrt().asDiagonal() * payoff_ * root.asDiagonal();
    const Vector mean = weighted_.transpose() * x.cwiseSqrt();
    weighted_ -= x.cwiseSqrt() * mean.transpose();
    hessian_.setZero(root.size(), root.size());
    hessian_.template selfadjointView<Eigen::Lower>().rankUpdate(weighted_.transpose(), 1 / tau_x_);
    hessian_.diagonal().array() += tau_y_;
    cholesky_.compute(hessian_);
    const Vector along = cholesky_.solve(root.cwiseProduct(gradient_));
    const Vector border = cholesky_.solve(root);
    const Real price = root.dot(along) / root.dot(border);
    const Vector scaled = price * border - along;  // dy / sqrt y, summing to zero over dy
    // dy / y. For small probabilities from the row itself, tau_y dy / y = price - gradient - B'W B
    // dy / tau_x, since the quotient has lost its digits there.
    along_ = x.cwiseProduct(payoff_ * root.cwiseProduct(scaled));
    along_ -= along_.sum() * x;
    step_.noalias() = payoff_.transpose() * along_;
    step_ = (root.array() > Real(1e-4))
                .select(scaled.array() / root.array(),
                        (price - gradient_.array() - step_.array() / tau_x_) / tau_y_);
    const Real slope = gradient_.dot(y_.cwiseProduct(step_));
    if (!std::isfinite(slope)) {
      return false;
    }
    // log y += length * step: positive without a boundary. Armijo's rule, up to rounding.
    const Real noise = 64 * std::numeric_limits<Real>::epsilon() *
                       (std::abs(value_) + payoff_.cwiseAbs().maxCoeff() + tau_x_ + tau_y_);
    // A strategy with next to no probability may vanish as fast as it likes, but not come back.
    const Real widest =
        log_y_.array()
            .isFinite()
            .select(
                (y_.array() > negligible).select(step_.array().abs(), step_.array().max(Real{0})),
                Real{0})
            .maxCoeff();
    // Below the rounding of phi only a step shorter than all before it is progress.
    if (-slope < noise && !(widest < narrowest_ / 2)) {
      ++idle_;
    }
    narrowest_ = std::min(widest, narrowest_);
    if (idle_ > 3) {
      return false;
    }
    length_ = widest > 4 ? 4 / widest : Real{1};
    for (int halvings = 0; halvings < 40; ++halvings, length_ /= 2) {
      trial_ = log_y_.array().isFinite().select(log_y_.array() + length_ * step_.array(),
                                                log_y_.array());
      const Real value = evaluate(trial_, trial_x_, trial_y_);
      if (value <= value_ + Real(1e-4) * length_ * slope + noise) {
        value_ = value;
        std::swap(log_y_, trial_);
        std::swap(log_x_, trial_x_);
        std::swap(y_, trial_y_);
        publish();
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] StateView<const Real> last() const { return state_.view(); }
  [[nodiscard]] std::span<const Real> sample() const { return state_.view().point; }
  [[nodiscard]] Real step() const { return length_; }
  [[nodiscard]] std::int64_t products() const { return products_; }

 private:
  [[nodiscard]] const Blocks& blocks() const { return game_.players().blocks(); }
  [[nodiscard]] Vector dual(std::size_t b) const {
    return eigen::wrap<Real>(blocks().of(state_.view().dual, b));
  }
  /// Normalises log_y, answers it with log_x, gives phi and y.
  Real evaluate(Vector& log_y, Vector& log_x, Vector& y) {
    y.resize(log_y.size());
    log_y.array() -= log_sum_exp(eigen::view(std::as_const(log_y)));
    game_.backend().exp(eigen::view(std::as_const(log_y)), eigen::view(y));
    log_x.noalias() = payoff_ * y;
    log_x = log_x / tau_x_ + log_x0_;
    const Real top = log_sum_exp(eigen::view(std::as_const(log_x)));
    log_x.array() -= top;
    ++products_;
    const Real pull =
        (y.array() > 0).select(y.array() * (log_y.array() - log_y0_.array()), Real{0}).sum();
    return tau_x_ * top + tau_y_ * pull;
  }
  void publish() {
    const auto view = state_.view();
    game_.backend().copy(eigen::view(std::as_const(log_y_)), blocks().of(view.dual, own_));
    game_.backend().copy(eigen::view(std::as_const(log_x_)), blocks().of(view.dual, 1 - own_));
    game_.backend().exp(std::span<const Real>(view.dual), view.point);
  }

  static constexpr Real negligible = std::numeric_limits<Real>::epsilon();

  const Game& game_;
  std::size_t own_;  // the block of y
  Real tau_x_, tau_y_;
  State<eigen, Real> state_;
  Matrix payoff_, weighted_, hessian_;
  Eigen::LLT<Matrix> cholesky_;
  Vector log_y_, log_y0_, log_x_, log_x0_, y_, gradient_, step_, along_, trial_, trial_x_, trial_y_,
      x_;
  Real value_ = 0;
  Real length_ = 0;
  Real narrowest_ = std::numeric_limits<Real>::infinity();
  int idle_ = 0;
  std::int64_t products_ = 0;
};

/// `newton`, whose errors name `solver`.
template <Scalar Real>
[[nodiscard]] Solution<RegularizedMatrixGame<Real, eigen>> newton_as(
    const RegularizedMatrixGame<Real, eigen>& game, SolverOptions<Real> options,
    std::string_view solver) {
  validate(options, solver);
  require(options.feedback == Feedback<Real>{}, Errc::invalid_argument, solver,
          ": it needs the full field; leave feedback as it is");
  require(options.step == Step<Real>{}, Errc::invalid_argument, solver,
          ": it has no step rule; leave step automatic");
  require(options.average == Average::automatic || options.average == Average::last,
          Errc::invalid_argument, solver, ": average must be last");
  options.check_every = options.check_every > 0 ? options.check_every : 1;
  const Standard<RegularizedMatrixGame<Real, eigen>> standard(game, options);
  NewtonRounds<Real> rounds(standard.game(), standard.options(), solver);
  return run(standard.game(), rounds, Average::last, standard.options());
}

}  // namespace detail

/// Newton's method for the quantal response equilibrium of a regularised dense matrix game
/// (includes more of Eigen).
///
/// Source: standard damped Newton (Boyd and Vandenberghe 2004, section 10.2) on the reduced convex
/// problem above, in the log domain: probabilities of e^-700 are no trouble. Rate: quadratic near
/// the solution; where tau is far below the payoff range start from a larger tau, as `logit_path`
/// does. Defaults: tolerance on the gap; ask for `Measure::residual` to pin the strategies
/// themselves. Cost a round: m n^2 + n^3 / 3 multiplications, n the smaller player's strategies.
/// Memory: two matrices of the game's size and one n x n. Step, average and observer as in
/// `interior_point`: step and average are refused. Deterministic. Errors: invalid_argument
/// (options), dimension_mismatch or not_a_distribution (start).
template <Scalar Real>
[[nodiscard]] Solution<RegularizedMatrixGame<Real, eigen>> newton(
    const RegularizedMatrixGame<Real, eigen>& game, const SolverOptions<Real>& options = {}) {
  return detail::newton_as(game, options, "newton");
}

/// Which weights the points of `logit_path` have.
template <Scalar Real>
struct LogitPathOptions {
  Real from = 1;            ///< first tau, in payoff ranges
  Real to = Real(1e-4);     ///< last tau
  Real factor = Real(0.5);  ///< of one tau to the next, in (0, 1)
};

/// One point of the logit path: the weight of both players' magnets (payoff units) and the
/// equilibrium there.
template <Scalar Real>
struct LogitPoint {
  Real tau = 0;
  Solution<RegularizedMatrixGame<Real, eigen>> found;
};

/// The logit path: quantal response equilibria from a large tau to a small one, each the start of
/// the next; every point is kept.
///
/// Source: McKelvey and Palfrey (1995), doi:10.1006/game.1995.1023; Turocy (2005),
/// doi:10.1016/j.geb.2004.04.003. Its limit is the equilibrium of largest entropy. `options` hold
/// for each point (its start for the first). Errors: invalid_argument.
template <Scalar Real>
[[nodiscard]] std::vector<LogitPoint<Real>> logit_path(const MatrixGame<Real, eigen>& game,
                                                       const SolverOptions<Real>& options = {},
                                                       const LogitPathOptions<Real>& own = {}) {
  const OptionRules rules("logit_path");
  rules.positive("to", own.to);
  rules.need(own.from >= own.to && std::isfinite(own.from), "from", "at least to, and finite",
             own.from);
  rules.between_zero_and_one("factor", own.factor);
  const Real range = game.range() > 0 ? game.range() : Real{1};
  std::vector<LogitPoint<Real>> path;
  std::vector<Real> start(options.start.begin(), options.start.end());
  for (Real share = own.from;; share = std::max(own.to, share * own.factor)) {
    const RegularizedMatrixGame<Real, eigen> pulled(game, share * range, share * range);
    SolverOptions<Real> each = options;
    each.start = start;
    path.push_back({share * range, detail::newton_as(pulled, each, "logit_path")});
    const auto point = std::as_const(path.back().found.state).view().point;
    start.assign(point.begin(), point.end());
    if (share <= own.to) {
      return path;
    }
  }
}

}  // namespace dag
