// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// How optimism reuses the previous field.
enum class Optimism {
  past,       ///< Popov: probe with the previous field, step with the new one; two proxes
  reflected,  ///< one prox along 2 g(z_t) - g(z_{t-1}): optimistic multiplicative weights
};

/// Options of `optimistic_mirror_descent` beside those of every solver.
struct OptimisticOptions {
  Optimism form = Optimism::past;  ///< the adaptive step needs `past`
};

namespace detail {

template <MonotoneGame Game>
class OptimisticRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;
  using typename Base::View;
  /// The longest step for which the rate is proved, in units of 1/L: sqrt(2) - 1.
  static constexpr Real longest_step = Real(0.41421356237309503);

  OptimisticRounds(const Game& game, const SolverOptions<Real>& options,
                   const OptimisticOptions& own, std::string_view solver)
      : Base(game, options, solver, Step<Real>::lipschitz(longest_step)),
        probe_(game.backend(), this->size()),
        next_(game.backend(), this->size()),
        previous_(game.backend().template allocate<Real>(this->size())),
        form_(own.form) {
    require(form_ == Optimism::past || !this->adaptive(), Errc::invalid_argument, solver,
            ": the adaptive step needs form past; give .step = Step::constant(eta)");
    this->evaluate(Base::last());
    std::swap(this->gradient_, previous_);
  }

  bool round(std::int64_t t) {
    this->schedule(t);
    if constexpr (HasProxDual<Game>) {
      if (form_ == Optimism::past && !this->adaptive()) {
        dual_round(t);
        return true;
      }
    }
    return form_ == Optimism::past ? past_round() : reflected_round();
  }
  [[nodiscard]] View last() {
    if constexpr (HasProxDual<Game>) {
      if (!settled_) {
        this->backend().copy(Base::last().dual, next_.view().dual);
        this->game_.players().settle(this->backend(), next_.view());
        return std::as_const(next_).view();
      }
    }
    return Base::last();
  }
  [[nodiscard]] std::span<const Real> sample() const { return probe_.view().point; }

 private:
  [[nodiscard]] std::span<const Real> previous() const { return Base::Backend::view(previous_); }

  /// A round of form `past` with one exponential an entry: nothing asks for z as a point but
  /// checks, which get a copy, so that they change nothing. Its constant is taken out every 64
  /// rounds.
  void dual_round(std::int64_t t) requires HasProxDual<Game> {
    const StateView<Real> z = this->last_.view();
    this->move(z, previous(), probe_.view());
    this->evaluate(std::as_const(probe_).view());
    prox_dual_step(this->game_, std::span<const Real>(z.dual), this->eta_, this->gradient(),
                   z.dual);
    settled_ = t % 64 == 0;
    if (settled_) {
      this->game_.players().settle(this->backend(), z);
    }
    std::swap(this->gradient_, previous_);
  }
  bool past_round() {
    if (this->adaptive()) {
      this->lengthen();
    }
    for (;;) {
      this->move(Base::last(), previous(), probe_.view());
      this->evaluate(std::as_const(probe_).view());
      this->move(Base::last(), this->gradient(), next_.view());
      if (!this->adaptive() || is_short_enough()) {
        break;
      }
      if (!this->shorten()) {
        return false;
      }
    }
    std::swap(this->last_, next_);
    std::swap(this->gradient_, previous_);
    return true;
  }
  /// eta ||g(w) - g(w before)||_* <= (sqrt(2) - 1) (||w - z|| + ||z - w before||): summed over
  /// rounds, it leaves nothing of the regret but D(u, start).
  [[nodiscard]] bool is_short_enough() {
    const auto& players = this->game_.players();
    const Real moved = players.distance(this->backend(), sample(), Base::last().point);
    if (!(this->eta_ * players.dual_distance(this->backend(), this->gradient(), previous()) <=
          longest_step * (moved + carried_))) {
      return false;
    }
    carried_ = players.distance(this->backend(), std::as_const(next_).view().point, sample());
    return true;
  }

  bool reflected_round() {
    const auto& backend = this->backend();
    this->evaluate(Base::last());
    backend.copy(Base::last().point, probe_.view().point);
    // previous = 2 g(z_t) - g(z_{t-1})
    backend.combine(Real{2}, this->gradient(), Real{-1}, Base::Backend::view(previous_));
    this->move(Base::last(), previous(), next_.view());
    std::swap(this->last_, next_);
    std::swap(this->gradient_, previous_);
    return true;
  }

  State<typename Base::Backend, Real> probe_;
  State<typename Base::Backend, Real> next_;
  typename Base::Vector previous_;
  Optimism form_;
  Real carried_ = 0;
  bool settled_ = true;  ///< last_ is in full, not only its dual but for constants
};

}  // namespace detail

/// Optimistic mirror descent: mirror-prox at the price of one field evaluation a round.
///
/// Source: Popov (1980), doi:10.1007/BF01141092; Rakhlin and Sridharan (2013), arXiv:1311.1869;
/// last iterate: Daskalakis and Panageas (2019), arXiv:1807.04252; Wei et al. (2021),
/// arXiv:2006.09517. Update: w = argmax_u eta <g(w_previous), u> - D(u, z), then z = argmax_u eta
/// <g(w), u> - D(u, z); or, `reflected`, z = argmax_u eta <2 g(z) - g(z_previous), u> - D(u, z).
/// Rate (past): gap(mean of w) <= sup_u D(u, start) / (eta * rounds) for eta <= (sqrt(2) - 1) / L;
/// the last iterate converges linearly on matrix games with a unique equilibrium. Defaults: step
/// lipschitz(sqrt(2) - 1), adaptive where the game reports no L; average `best`. Cost a round: one
/// field evaluation (more while backtracking), two proxes (`reflected`: one; on simplices in host
/// memory without backtracking: one and a sum). Memory: ten stacked
/// vectors; nothing is allocated after the first round. Deterministic. Errors: invalid_argument
/// (options), dimension_mismatch or not_a_distribution (start), not_finite.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> optimistic_mirror_descent(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const OptimisticOptions& own = {}) {
  return detail::solve_by<detail::OptimisticRounds<Game>>(
      game, options, "optimistic_mirror_descent",
      detail::or_default(options.average, Average::best), own);
}

}  // namespace dag
