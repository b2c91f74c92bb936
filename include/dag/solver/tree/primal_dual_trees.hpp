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
#include <dag/core/state.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/detail/primal_dual_rules.hpp>
#include <dag/solver/first_order/primal_dual_options.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>
#include <dag/solver/tree/counterfactual_regret.hpp>

namespace dag {
namespace detail {

/// Rounds of the primal-dual hybrid gradient on treeplexes: the proximal steps are those of the
/// dilated map, one player's at a time (the other's gradient is 0, which leaves it where it is).
template <class Game>
requires is_sequence_game<Game>
class TreePrimalDualRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;
  using typename Base::Vector;
  using typename Base::View;
  using Backend = typename Base::Backend;

  TreePrimalDualRounds(const Game& game, const SolverOptions<Real>& options,
                       const PrimalDualOptions& own, std::string_view solver)
      : Base(game, options, solver, Step<Real>::adaptive(2)),
        own_(own),
        next_(game.backend(), this->size()),
        restart_(game.backend(), this->size()),
        mean_(game.backend(), this->size()) {
    for (Vector* v : {&field_, &next_field_, &mean_field_, &direction_}) {
      *v = game.backend().template allocate<Real>(this->size());
    }
    game.field(Base::last(), Backend::view(field_));
    ++this->products_;
    copy(Base::last(), restart_.view());
    restarts_.emplace(own.sufficient, own.necessary, own.artificial,
                      gap(Base::last().point, view(field_)));
    if (!(game.range() > 0)) {
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
    copy(std::as_const(next_).view(), this->last_.view());
    std::swap(field_, next_field_);
    weight_ += this->eta_;
    const Real share = this->eta_ / weight_;
    this->backend().interpolate(share, sample(), mean_.view().point);
    this->backend().interpolate(share, view(field_), Backend::view(mean_field_));
    consider_restart(t);
    return true;
  }
  [[nodiscard]] std::span<const Real> sample() const { return this->last_.view().point; }

 private:
  [[nodiscard]] static std::span<const Real> view(const Vector& v) { return Backend::view(v); }
  void copy(View from, StateView<Real> to) const {
    this->backend().copy(from.point, to.point);
    this->backend().copy(from.dual, to.dual);
  }
  [[nodiscard]] const auto& players() const { return this->game_.players(); }
  [[nodiscard]] const Blocks& blocks() const { return players().blocks(); }

  /// x+ = argmax eta w <A y, u> - D(u, x);  y+ = argmax (eta / w) <-A'(2 x+ - x), u> - D(u, y).
  void propose() {
    const auto& backend = this->backend();
    const auto direction = Backend::view(direction_);
    backend.fill(direction, Real{0});
    backend.axpy(balance_, blocks().of(view(field_), 0), blocks().of(direction, 0));
    players().prox(backend, Base::last(), this->eta_, direction, next_.view());
    moved_first_ = players().divergence(backend, std::as_const(next_).view(), Base::last());
    const auto next_field = Backend::view(next_field_);
    this->game_.player_field(1, std::as_const(next_).view().point, next_field);
    backend.fill(direction, Real{0});
    const auto second = blocks().of(direction, 1);
    backend.axpy(2 / balance_, std::span<const Real>(blocks().of(next_field, 1)), second);
    backend.axpy(-1 / balance_, blocks().of(view(field_), 1), second);
    players().prox(backend, std::as_const(next_).view(), this->eta_, direction, next_.view());
    moved_ = players().divergence(backend, std::as_const(next_).view(), Base::last());
    this->game_.player_field(0, std::as_const(next_).view().point, next_field);
    ++this->products_;
  }
  bool adaptive_step(std::int64_t t) {
    const auto& backend = this->backend();
    for (;;) {
      propose();
      // Twice a divergence stands for a squared distance.
      const Real first = 2 * moved_first_;
      const Real second = std::max(2 * (moved_ - moved_first_), Real{0});
      const Real limit =
          longest_step<Backend, Real>(backend, first / balance_ + second * balance_,
                                      {.x_next = blocks().of(std::as_const(next_).view().point, 0),
                                       .x_last = blocks().of(sample(), 0),
                                       .a_next = blocks().of(view(next_field_), 0),
                                       .a_last = blocks().of(view(field_), 0)});
      const StepHunt<Real> hunt(t, this->eta_, limit);
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

  [[nodiscard]] Real gap(std::span<const Real> point, std::span<const Real> field) const {
    return players().support(this->backend(), field) - this->backend().dot(field, point);
  }
  void consider_restart(std::int64_t t) {
    const Real mean_gap = gap(std::as_const(mean_).view().point, view(mean_field_));
    const Real last_gap = gap(sample(), view(field_));
    const Real candidate = std::min(mean_gap, last_gap);
    const bool restart = restarts_->asks(t, candidate);
    if (this->adaptive()) {
      this->eta_ = next_eta_;
    }
    if (!restart) {
      return;
    }
    if (mean_gap < last_gap) {
      this->backend().copy(std::as_const(mean_).view().point, this->last_.view().point);
      players().enter(this->backend(), this->last_.view());
      this->backend().copy(view(mean_field_), Backend::view(field_));
    }
    if (own_.balance) {
      const auto moved = [&](std::size_t b) {
        return std::sqrt(this->backend().squared_distance(
            blocks().of(sample(), b), blocks().of(std::as_const(restart_).view().point, b)));
      };
      balance_ = std::clamp(rebalanced(balance_, moved(0), moved(1)), 1 / widest, widest);
    }
    copy(Base::last(), restart_.view());
    restarts_->restarted(candidate);
    weight_ = 0;
  }

  /// A player who is at its equilibrium moves no more, and would be given ever shorter steps: with
  /// 30 a random tree of 2^8 plays and liar's dice stood still, with 1 Leduc's poker took six times
  /// as long.
  static constexpr Real widest = 4;

  PrimalDualOptions own_;
  State<backend_t<Game>, Real> next_;
  State<backend_t<Game>, Real> restart_;
  State<backend_t<Game>, Real> mean_;
  Vector field_, next_field_, mean_field_, direction_;
  std::optional<RestartRule<Real>> restarts_;
  Real balance_ = 1;
  Real next_eta_ = 0;
  Real weight_ = 0;
  Real moved_first_ = 0;  ///< divergence of player 1's move, then of both
  Real moved_ = 0;
};

}  // namespace detail

/// Restarted primal-dual hybrid gradient on two-player zero-sum trees: that of matrix games with
/// the proximal steps of the dilated map, payoffs being walked as they are stored (no matrix is
/// made).
///
/// Source: Chambolle and Pock (2016), doi:10.1007/s10107-015-0957-3 (Bregman distances); restarts,
/// steps and balance as in `primal_dual_hybrid_gradient` of matrix games: Applegate et al. (2021),
/// arXiv:2106.04756. Differs from it where the map does: twice a divergence stands for a squared
/// distance, and the balance of the players' steps stays within 4; the linear rate is measured, not
/// proved. Dilated Euclidean maps (`DilatedEuclidean`) are the quicker ones on most trees tried.
/// Defaults: adaptive step, average last. Cost a round: one pass over the payoffs a player, two
/// proximal steps, two divergences, two gaps. Nothing is allocated after the first round.
/// Deterministic. Errors: invalid_argument, unsupported (not two players).
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> primal_dual_hybrid_gradient(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const PrimalDualOptions& own = {}) {
  detail::check_primal_dual(options, own, "primal_dual_hybrid_gradient");
  require(game.players().blocks().count() == 2, Errc::unsupported,
          "primal_dual_hybrid_gradient: needs two players, got ", game.players().blocks().count());
  require(own.scaling == Scaling::none, Errc::unsupported,
          "primal_dual_hybrid_gradient: scaled steps are for matrix games; leave scaling none");
  return detail::solve_by<detail::TreePrimalDualRounds<Game>>(
      game, options, "primal_dual_hybrid_gradient",
      detail::or_default(options.average, Average::last), own);
}

}  // namespace dag
