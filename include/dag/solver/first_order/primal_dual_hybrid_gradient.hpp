// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/detail/primal_dual_rules.hpp>
#include <dag/solver/first_order/detail/diagonal_metric.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

struct PrimalDualOptions {
  /// Restart at the mean once its gap is below this share of the gap at the last restart,
  double sufficient = 0.2;
  /// or below this share and growing again,
  double necessary = 0.8;
  /// or after this share of all rounds without a restart.
  double artificial = 0.36;
  bool balance = true;  ///< rebalance the players' steps at restarts, from how far each has moved
  /// A step a strategy in place of one a player. Needs a backend in host memory; not for trees.
  Scaling scaling = Scaling::none;
};

/// Errors: invalid_argument.
inline void validate(const PrimalDualOptions& own) {
  require(own.sufficient > 0 && own.sufficient < own.necessary && own.necessary < 1 &&
              own.artificial > 0,
          Errc::invalid_argument,
          "primal_dual_hybrid_gradient: restarts need 0 < sufficient < necessary < 1 and "
          "artificial > 0, got ",
          own.sufficient, ", ", own.necessary, ", ", own.artificial);
}

namespace detail {

/// Errors: invalid_argument.
inline void check(const PrimalDualOptions& own) {
  const OptionRules rules("primal_dual_hybrid_gradient");
  rules.between_zero_and_one("necessary", own.necessary);
  rules.need(own.sufficient > 0 && own.sufficient < own.necessary, "sufficient",
             "> 0 and below necessary", own.sufficient);
  rules.positive("artificial", own.artificial);
}

/// Rounds of the primal-dual hybrid gradient under Euclidean projections. Products are linear, so
/// those of the means are means of products: a restart check costs no product.
template <DenseMatrixGame Game>
class PrimalDualRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;
  using typename Base::Vector;
  using typename Base::View;
  using Backend = typename Base::Backend;

  PrimalDualRounds(const Game& game, const SolverOptions<Real>& options,
                   const PrimalDualOptions& own, std::string_view solver)
      : Base(game, options, solver, Step<Real>::adaptive(2)), own_(own) {
    if constexpr (HasHostMemory<Backend>) {
      if (own.scaling != Scaling::none) {
        metric_.emplace(blocks(), Backend::entries(game.payoff()), own.scaling);
      }
    }
    for (Vector* v : {&next_, &field_, &next_field_, &mean_, &mean_field_, &restart_}) {
      *v = game.backend().template allocate<Real>(this->size());
    }
    this->evaluate(Base::last());
    std::swap(field_, this->gradient_);
    copy(Base::last().point, restart_);
    restarts_.emplace(own.sufficient, own.necessary, own.artificial,
                      gap(Base::last().point, view(field_)));
    if (const Real unit = payoff_range(game); !(unit > 0)) {
      this->eta_ = 1;
    }
  }

  bool round(std::int64_t t) {
    if (this->adaptive()) {
      if (!adaptive_step(t)) {
        return false;
      }
    } else {
      this->schedule(t);
      propose();
    }
    copy(view(next_), this->last_.point);
    std::swap(field_, next_field_);
    weight_ += this->eta_;
    const Real share = this->eta_ / weight_;
    this->backend().interpolate(share, last_view(), Backend::view(mean_));
    this->backend().interpolate(share, view(field_), Backend::view(mean_field_));
    consider_restart(t);
    fresh_ = false;
    return true;
  }

  [[nodiscard]] View last() {
    if (!fresh_) {
      this->game_.players().enter(this->backend(), this->last_.view());
      fresh_ = true;
    }
    return Base::last();
  }
  [[nodiscard]] std::span<const Real> sample() const { return this->last_.view().point; }

 private:
  [[nodiscard]] static std::span<const Real> view(const Vector& v) { return Backend::view(v); }
  [[nodiscard]] std::span<const Real> last_view() const { return this->last_.view().point; }
  void copy(std::span<const Real> from, Vector& to) const {
    this->backend().copy(from, Backend::view(to));
  }
  [[nodiscard]] const Blocks& blocks() const { return this->game_.players().blocks(); }

  /// y += number * x, each entry times its weight.
  void advance(std::size_t b, Real number, std::span<const Real> x, std::span<Real> y) {
    if (metric_) {
      metric_->add(b, number, x, y);
    } else {
      this->backend().axpy(number, x, y);
    }
  }
  void project(std::size_t b, std::span<Real> y) {
    if (metric_) {
      metric_->project(b, y);
    } else {
      this->backend().project_simplex(y);
    }
  }
  /// Between player b's parts of two stacked points, in the metric.
  [[nodiscard]] Real squared_distance(std::size_t b, std::span<const Real> x,
                                      std::span<const Real> y) const {
    return metric_ ? metric_->squared_distance(b, blocks().of(x, b), blocks().of(y, b))
                   : this->backend().squared_distance(blocks().of(x, b), blocks().of(y, b));
  }

  /// next_ = (x+, y+), next_field_ = (A y+, -A' x+):  x+ = project(x + eta w A y),  y+ = project(y
  /// - (eta / w) A'(2 x+ - x)).
  void propose() {
    const auto& backend = this->backend();
    const auto next = Backend::view(next_);
    const auto next_field = Backend::view(next_field_);
    backend.copy(last_view(), next);
    const auto x = blocks().of(next, 0);
    advance(0, this->eta_ * balance_, blocks().of(view(field_), 0), x);
    project(0, x);
    this->game_.block_field(StateView<const Real>{next, next}, 1, blocks().of(next_field, 1));
    const auto y = blocks().of(next, 1);
    advance(1, 2 * this->eta_ / balance_, std::span<const Real>(blocks().of(next_field, 1)), y);
    advance(1, -this->eta_ / balance_, blocks().of(view(field_), 1), y);
    project(1, y);
    this->game_.block_field(StateView<const Real>{next, next}, 0, blocks().of(next_field, 0));
    ++this->products_;
  }
  /// Of PDLP: the longest step that this very move allows, |dz|_w^2 / (2 |dx' A dy|), and cautious
  /// growth towards it.
  bool adaptive_step(std::int64_t t) {
    const auto& backend = this->backend();
    for (;;) {
      propose();
      const Real dx = squared_distance(0, view(next_), last_view());
      const Real dy = squared_distance(1, view(next_), last_view());
      const auto a_next = blocks().of(view(next_field_), 0);
      const auto a_last = blocks().of(view(field_), 0);
      const auto x_next = blocks().of(view(next_), 0);
      const auto x_last = blocks().of(last_view(), 0);
      const Real cross = std::abs(backend.dot(a_next, x_next) - backend.dot(a_next, x_last) -
                                  backend.dot(a_last, x_next) + backend.dot(a_last, x_last));
      // Below the rounding of <A y, x>, the product says nothing about the step: it stays.
      const Real noise = 8 * std::numeric_limits<Real>::epsilon() *
                         std::max(std::abs(backend.max(a_next)), std::abs(backend.min(a_next)));
      const StepHunt<Real> hunt(t, this->eta_, dx / balance_ + dy * balance_, cross, noise);
      if (hunt.accepted) {
        next_eta_ = hunt.next;
        return true;
      }
      this->eta_ = hunt.next;
      if (!(this->eta_ > std::numeric_limits<Real>::min())) {
        return false;
      }
    }
  }

  /// Duality gap from the field (A y, -A' x).
  [[nodiscard]] Real gap(std::span<const Real>, std::span<const Real> field) const {
    return this->backend().max(blocks().of(field, 0)) + this->backend().max(blocks().of(field, 1));
  }
  void consider_restart(std::int64_t t) {
    const Real mean_gap = gap(view(mean_), view(mean_field_));
    const Real last_gap = gap(last_view(), view(field_));
    const bool to_mean = mean_gap < last_gap;
    const Real candidate = to_mean ? mean_gap : last_gap;
    const bool restart = restarts_->asks(t, candidate);
    if (this->adaptive()) {
      this->eta_ = next_eta_;
    }
    if (!restart) {
      return;
    }
    if (to_mean) {
      copy(view(mean_), this->last_.point);
      copy(view(mean_field_), field_);
    }
    if (own_.balance) {
      rebalance();
    }
    copy(last_view(), restart_);
    restarts_->restarted(candidate);
    weight_ = 0;
  }
  void rebalance() {
    balance_ = rebalanced(balance_, std::sqrt(squared_distance(0, last_view(), view(restart_))),
                          std::sqrt(squared_distance(1, last_view(), view(restart_))));
  }

  PrimalDualOptions own_;
  std::optional<DiagonalMetric<Real>> metric_;
  Vector next_, field_, next_field_, mean_, mean_field_, restart_;
  Real balance_ = 1;
  Real next_eta_ = 0;
  Real weight_ = 0;
  std::optional<RestartRule<Real>> restarts_;
  bool fresh_ = true;
};

}  // namespace detail

/// Restarted primal-dual hybrid gradient for matrix games, Euclidean projections.
///
/// Source: Chambolle and Pock (2011), doi:10.1007/s10851-010-0251-1; restarts, adaptive steps and
/// step balancing as in PDLP: Applegate et al. (2021), arXiv:2106.04756, and (2023),
/// doi:10.1007/s10107-022-01901-9. Update: x = project(x + eta w A y), y = project(y - (eta / w)
/// A'(2 x_new - x_old)). Restarts go to the mean of the rounds since the last one, or to the last
/// iterate, whichever has the smaller duality gap, on the sufficient / necessary / artificial rule;
/// on simplices the gap itself is the normalised one up to a bounded factor. Rate: linear (matrix
/// games are sharp). With `scaling` each strategy has a step and both projections are in that
/// metric: Pock and Chambolle (2011), doi:10.1109/ICCV.2011.6126441, or Ruiz (2001); see
/// solver/first_order/detail/diagonal_metric.hpp. Defaults: no scaling, adaptive step, average
/// `last`. Step rules: adaptive, constant, lipschitz (of the max norm: choose size <= (range / 2) /
/// |A|_2), decaying. Cost a round: two one-sided products, counted as one field evaluation, and two
/// projections. Memory: eleven stacked vectors, three more with scaling; nothing is allocated after
/// the first round. Deterministic. Errors: invalid_argument (options), unsupported (scaling on a
/// backend that is not in host memory), dimension_mismatch or not_a_distribution (start).
template <detail::DenseMatrixGame Game>
[[nodiscard]] Solution<Game> primal_dual_hybrid_gradient(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const PrimalDualOptions& own = {}) {
  detail::validate(options, "primal_dual_hybrid_gradient");
  require(options.feedback == Feedback<scalar_t<Game>>{}, Errc::invalid_argument,
          "primal_dual_hybrid_gradient: restarts need the full field; leave feedback as it is");
  detail::check(own);
  require(own.scaling == Scaling::none || HasHostMemory<backend_t<Game>>, Errc::unsupported,
          "primal_dual_hybrid_gradient: scaled steps run on backends in host memory only; leave "
          "scaling none");
  return detail::solve_by<detail::PrimalDualRounds<Game>>(
      game, options, "primal_dual_hybrid_gradient",
      detail::or_default(options.average, Average::last), own);
}

}  // namespace dag
