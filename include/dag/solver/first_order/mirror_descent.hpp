// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// What `mirror_descent` and `gradient_descent_ascent` take beyond the common options.
struct MirrorDescentOptions {
  /// Alternating costs one field evaluation and one prox of the whole point for every block.
  Turns turns = Turns::simultaneous;
};

namespace detail {

/// A round of mirror descent: z+ = prox(z, eta g(z)).
template <MonotoneGame Game>
class MirrorDescentRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;
  using typename Base::View;

  /// `step`: what stands in for Step::Rule::automatic; itself automatic: decaying, and for a
  /// regularised game that reports L the longest step that converges linearly.
  MirrorDescentRounds(const Game& game, const SolverOptions<Real>& options,
                      const MirrorDescentOptions& own, Step<Real> step, std::string_view solver)
      : Base(game, options, solver,
             step.rule == Step<Real>::Rule::automatic ? own_step(game, solver) : step),
        next_(game.backend(), this->size()),
        previous_(game.backend(), own.turns == Turns::alternating ? this->size() : 0),
        turns_(own.turns) {}

  bool round(std::int64_t t) {
    this->schedule(t);
    if (turns_ == Turns::alternating) {
      alternate();
    } else {
      this->evaluate(this->last());
      this->move(this->last(), this->gradient(), next_.view());
      std::swap(this->last_, next_);  // next_ keeps the point where the field was taken
    }
    if (this->adaptive()) {
      adapt();
    }
    return true;
  }

  [[nodiscard]] std::span<const Real> sample() const { return before().point; }
  [[nodiscard]] Real step() const { return used_ > 0 ? used_ : this->eta_; }

 private:
  [[nodiscard]] static Step<Real> own_step(const Game& game, std::string_view solver) {
    if constexpr (Regularized<Game> && HasLipschitz<Game>) {
      return Step<Real>::constant(magnetic_step(game, solver));
    } else {
      return Step<Real>::decaying();
    }
  }
  [[nodiscard]] View before() const {
    return turns_ == Turns::alternating ? previous_.view() : next_.view();
  }
  void alternate() {
    const auto& backend = this->backend();
    const auto& blocks = this->game_.players().blocks();
    backend.copy(this->last().point, previous_.view().point);
    backend.copy(this->last().dual, previous_.view().dual);
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      this->evaluate(this->last());
      this->move(this->last(), this->gradient(), next_.view());
      const View moved = std::as_const(next_).view();
      backend.copy(blocks.of(moved.point, b), blocks.of(this->last_.view().point, b));
      backend.copy(blocks.of(moved.dual, b), blocks.of(this->last_.view().dual, b));
    }
  }
  /// eta = first / sqrt(1 + sum of 2 D(z+, z) (first / eta)^2): the sum measures squared fields in
  /// the map's own local norm.
  void adapt() {
    const Real moved = this->game_.players().divergence(this->backend(), this->last(), before());
    const Real ratio = this->first_step_ / this->eta_;
    sum_ += 2 * moved * ratio * ratio;
    used_ = this->eta_;
    this->eta_ = this->first_step_ / std::sqrt(1 + sum_);
  }

  State<typename Base::Backend, Real> next_;
  State<typename Base::Backend, Real> previous_;
  Turns turns_;
  Real sum_ = 0;
  Real used_ = 0;  // the step of the round just made, where adapt() has set the next one
};

}  // namespace detail

/// Mirror descent (for games: every player's mirror ascent at once).
///
/// Source: Nemirovski and Yudin (1983); Beck and Teboulle (2003),
/// doi:10.1016/S0167-6377(02)00231-6. Update: z = argmax_u eta_t <g(z), u> - D(u, z); a magnet of
/// the game enters exactly (then this is `magnetic_mirror_descent` with a fixed magnet). Rate:
/// gap(mean of z weighted by eta) <= (sup_u D(u, start) + sum eta^2 |g|^2 / 2) / sum eta = O(log T
/// / sqrt T) for eta = size / (unit sqrt t), |g| the largest dual norm of the field; in a
/// regularised game D(z*, z) of the last iterate shrinks by 1 / (1 + eta tau) a round for a
/// constant eta <= tau / L^2 (Sokota et al. 2023, arXiv:2206.05825). The last iterate of an
/// unregularised bilinear game spirals outward. Defaults: step decaying(1), for a regularised game
/// that reports L constant(min(1/L, tau / L^2)); average `best`. Step rules: all; `adaptive` is eta
/// = size / (unit sqrt(1 + sum 2 D(z+, z) / eta^2 ...)), the diagonal-free AdaGrad rule in the
/// map's own geometry. Cost a round: one field evaluation, one prox. Memory: eight stacked vectors;
/// nothing is allocated after the first round. Deterministic. Errors: invalid_argument (options),
/// dimension_mismatch or not_a_distribution (start), not_finite.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> mirror_descent(const Game& game,
                                            const SolverOptions<scalar_t<Game>>& options = {},
                                            const MirrorDescentOptions& own = {}) {
  return detail::solve_by<detail::MirrorDescentRounds<Game>>(
      game, options, "mirror_descent", detail::or_default(options.average, Average::best), own,
      Step<scalar_t<Game>>{});
}

}  // namespace dag
