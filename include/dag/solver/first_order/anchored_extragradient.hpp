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
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {
namespace detail {

/// A round: both steps start from z + (start - z) / (t + 1).
template <EuclideanGame Game>
class AnchoredRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;

  AnchoredRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver)
      : Base(game, options, solver, Step<Real>::lipschitz(Real(0.5))),
        anchor_(game.backend(), this->size()),
        center_(game.backend(), this->size()),
        probe_(game.backend(), this->size()) {
    require(!this->adaptive(), Errc::invalid_argument, solver,
            ": an adaptive step is not one of its rules (and is the default where the game reports "
            "no Lipschitz constant); give .step = Step::constant(eta)");
    game.backend().copy(this->last().point, anchor_.view().point);
  }

  bool round(std::int64_t t) {
    const auto& backend = this->backend();
    this->schedule(t);
    backend.copy(this->last().point, center_.view().point);
    backend.interpolate(1 / static_cast<Real>(t + 1), std::span<const Real>(anchor_.view().point),
                        center_.view().point);
    backend.copy(std::span<const Real>(center_.view().point), center_.view().dual);
    this->evaluate(this->last());
    this->move(std::as_const(center_).view(), this->gradient(), probe_.view());
    this->evaluate(std::as_const(probe_).view());
    this->move(std::as_const(center_).view(), this->gradient(), this->last_.view());
    return true;
  }
  [[nodiscard]] std::span<const Real> sample() const { return probe_.view().point; }

 private:
  State<typename Base::Backend, Real> anchor_;
  State<typename Base::Backend, Real> center_;
  State<typename Base::Backend, Real> probe_;
};

}  // namespace detail

/// Anchored extragradient: extragradient pulled back to its start with weight 1/(t+1).
///
/// Source: Halpern (1967); Yoon and Ryu (2021), arXiv:2102.07922; with projections Cai, Oikonomou
/// and Zheng (2022), arXiv:2206.05248. Update: c = z + (start - z)/(t+1), w = project(c + eta
/// g(z)), z = project(c + eta g(w)). Rate: the residual of the last iterate is O(1/t) for eta < 1 /
/// (sqrt 3 L), without averaging, where plain extragradient has O(1/sqrt t); hence also its gap on
/// bounded sets. Defaults: step lipschitz(0.5), average `last`. Step rules: constant, lipschitz,
/// decaying. Cost a round: two field evaluations, two projections. Memory: ten stacked vectors;
/// nothing is allocated after the first round. Deterministic. Errors: invalid_argument (options),
/// dimension_mismatch (start), not_finite.
template <EuclideanGame Game>
[[nodiscard]] Solution<Game> anchored_extragradient(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_by<detail::AnchoredRounds<Game>>(
      game, options, "anchored_extragradient", detail::or_default(options.average, Average::last));
}

}  // namespace dag
