// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
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
namespace detail {

/// A round of dual averaging: z = prox(start, eta_t, sum of all fields).
template <MonotoneGame Game>
class HedgeRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;

  HedgeRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver)
      : Base(game, options, solver, Step<Real>::decaying()),
        start_(game.backend(), this->size()),
        played_(game.backend(), this->size()),
        sum_(game.backend().template allocate<Real>(this->size())) {
    require(!this->adaptive(), Errc::invalid_argument, solver,
            ": an adaptive step is not one of its rules; use decaying, constant or lipschitz");
    game.backend().copy(this->last().point, start_.view().point);
    game.backend().copy(this->last().dual, start_.view().dual);
  }

  bool round(std::int64_t t) {
    this->evaluate(this->last());
    std::swap(this->last_, played_);
    this->backend().axpy(Real{1}, this->gradient(), Base::Backend::view(sum_));
    this->schedule(t);
    used_ = this->eta_;
    this->schedule(t + 1);  // the next point is played in the next round
    this->game_.players().prox(this->backend(), std::as_const(start_).view(), this->eta_,
                               Base::Backend::view(std::as_const(sum_)), this->last_.view());
    return true;
  }
  [[nodiscard]] std::span<const Real> sample() const { return played_.view().point; }
  [[nodiscard]] Real step() const { return used_; }
  [[nodiscard]] Real weight() const { return 1; }

 private:
  State<typename Base::Backend, Real> start_;
  State<typename Base::Backend, Real> played_;
  typename Base::Vector sum_;
  Real used_ = 0;
};

}  // namespace detail

/// Hedge (dual averaging, follow the regularised leader): everyone plays the prox of the start
/// along the sum of all its fields; on simplices p proportional to start exp(eta_t sum g).
///
/// Source: Freund and Schapire (1997), doi:10.1006/jcss.1997.1504; Nesterov (2009),
/// doi:10.1007/s10107-007-0149-x. Rate on matrix games: gap(mean of z) <= sum_b (log size_b / eta_T
/// + range^2 sum_t eta_t / 8) / T, the steps not growing; O(1 / sqrt T) for decaying ones. Step
/// rules: decaying(1) by default (eta = 1 / (unit sqrt t)), constant, lipschitz. Average: uniform
/// by default; weighted by 1, round or round^2, never by eta. Cost a round: one field evaluation,
/// one prox. Memory: nine stacked vectors; nothing is allocated after the first round.
/// Deterministic. Errors: invalid_argument (options), dimension_mismatch or not_a_distribution
/// (start), not_finite.
template <MonotoneGame Game>
requires(!Regularized<Game>)
    [[nodiscard]] Solution<Game> hedge(const Game& game,
                                       const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_by<detail::HedgeRounds<Game>>(
      game, options, "hedge", detail::or_default(options.average, Average::uniform));
}

}  // namespace dag
