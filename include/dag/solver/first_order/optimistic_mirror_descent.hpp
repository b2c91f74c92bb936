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
    this->evaluate(this->last());
    std::swap(this->gradient_, previous_);
  }

  bool round(std::int64_t t) {
    this->schedule(t);
    return form_ == Optimism::past ? past_round() : reflected_round();
  }
  [[nodiscard]] std::span<const Real> sample() const { return probe_.view().point; }

 private:
  [[nodiscard]] std::span<const Real> previous() const { return Base::Backend::view(previous_); }

  bool past_round() {
    if (this->adaptive()) {
      this->lengthen();
    }
    for (;;) {
      this->move(this->last(), previous(), probe_.view());
      this->evaluate(std::as_const(probe_).view());
      this->move(this->last(), this->gradient(), next_.view());
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
    const Real moved = players.distance(this->backend(), sample(), this->last().point);
    if (!(this->eta_ * players.dual_distance(this->backend(), this->gradient(), previous()) <=
          longest_step * (moved + carried_))) {
      return false;
    }
    carried_ = players.distance(this->backend(), std::as_const(next_).view().point, sample());
    return true;
  }

  bool reflected_round() {
    const auto& backend = this->backend();
    this->evaluate(this->last());
    backend.copy(this->last().point, probe_.view().point);
    // previous = 2 g(z_t) - g(z_{t-1})
    backend.combine(Real{2}, this->gradient(), Real{-1}, Base::Backend::view(previous_));
    this->move(this->last(), previous(), next_.view());
    std::swap(this->last_, next_);
    std::swap(this->gradient_, previous_);
    return true;
  }

  State<typename Base::Backend, Real> probe_;
  State<typename Base::Backend, Real> next_;
  typename Base::Vector previous_;
  Optimism form_;
  Real carried_ = 0;
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
/// field evaluation (more while backtracking), two proxes (`reflected`: one). Memory: ten stacked
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
