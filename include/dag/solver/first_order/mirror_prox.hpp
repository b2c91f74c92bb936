// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

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
namespace detail {

/// A round of mirror-prox: probe w = prox(z, eta g(z)), then step z+ = prox(z, eta g(w)).
template <MonotoneGame Game>
class MirrorProxRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;
  using typename Base::View;

  MirrorProxRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver)
      : Base(game, options, solver, Step<Real>::lipschitz()),
        probe_(game.backend(), this->size()),
        next_(game.backend(), this->size()),
        start_field_(game.backend().template allocate<Real>(this->adaptive() ? this->size() : 0)) {}

  bool round(std::int64_t t) {
    this->schedule(t);
    this->evaluate(this->last());
    if (!this->adaptive()) {
      this->move(this->last(), this->gradient(), probe_.view());
      step_from_probe();
    } else if (!search()) {
      return false;
    }
    std::swap(this->last_, next_);
    return true;
  }
  [[nodiscard]] std::span<const Real> sample() const { return probe_.view().point; }

 private:
  void step_from_probe() {
    this->evaluate(std::as_const(probe_).view());
    this->move(this->last(), this->gradient(), next_.view());
  }
  /// Shortens the step until eta ||g(w) - g(z)||_* <= ||w - z||, which implies Nemirovski's
  /// inequality eta <g(w) - g(z), z+ - w> <= D(w, z) + D(z+, w) and, unlike it, survives rounding
  /// near the solution, where both of its sides cancel.
  [[nodiscard]] bool search() {
    const auto& backend = this->backend();
    const auto& players = this->game_.players();
    std::swap(this->gradient_, start_field_);
    const std::span<const Real> at_last = Base::Backend::view(std::as_const(start_field_));
    this->lengthen();
    for (;;) {
      this->move(this->last(), at_last, probe_.view());
      step_from_probe();
      if (this->step() * players.dual_distance(backend, this->gradient(), at_last) <=
          players.distance(backend, sample(), this->last().point)) {
        return true;
      }
      if (!this->shorten()) {
        return false;
      }
    }
  }

  State<typename Base::Backend, Real> probe_;
  State<typename Base::Backend, Real> next_;
  typename Base::Vector start_field_;  // g(z), kept while the step is sought
};

}  // namespace detail

/// Mirror-prox: an equilibrium of a monotone game by two proximal steps a round. Under the
/// Euclidean map it is Korpelevich's extragradient.
///
/// Source: Nemirovski (2004), doi:10.1137/S1052623403425629; Korpelevich (1976).
/// Update: w = argmax_u eta <g(z), u> - D(u, z), then z = argmax_u eta <g(w), u> - D(u, z); a
/// magnet of the game enters both steps exactly. Rate: gap(mean of w) <= sup_u D(u, start) / (eta *
/// rounds) for eta <= 1/L; linear for a regularised game. Defaults: step lipschitz(1) if the game
/// reports L, else adaptive; average `best`. Cost a round: two field evaluations and two proxes
/// (more while backtracking). Memory: nine stacked vectors; nothing is allocated after the first
/// round. Deterministic. Errors: invalid_argument (options), dimension_mismatch or
/// not_a_distribution (start), not_finite (a field with NaN).
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> mirror_prox(const Game& game,
                                         const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_by<detail::MirrorProxRounds<Game>>(
      game, options, "mirror_prox", detail::or_default(options.average, Average::best));
}

}  // namespace dag
