// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>

namespace dag {
namespace detail {

/// A round of mirror-prox: probe w = prox(z, eta g(z)), then step z+ = prox(z, eta g(w)).
template <MonotoneGame Game>
class MirrorProxRounds {
 public:
  using Real = scalar_t<Game>;
  using View = StateView<const Real>;

  MirrorProxRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver)
      : game_(game),
        last_(game.backend(), size()),
        probe_(game.backend(), size()),
        next_(game.backend(), size()),
        gradient_(game.backend().template allocate<Real>(size())),
        at_last_(game.backend().template allocate<Real>(size())),
        step_(options.step) {
    enter_start(game, options, solver, last_.view());
    using Rule = typename Step<Real>::Rule;
    if (step_.rule == Rule::automatic) {
      step_.rule = HasLipschitz<Game> ? Rule::lipschitz : Rule::adaptive;
    }
    require(step_.rule != Rule::decaying, Errc::invalid_argument, solver,
            ": a decaying step is not one of its rules; use constant, lipschitz or adaptive");
    eta_ = step_.size;
    if (step_.rule == Rule::lipschitz || (step_.rule == Rule::adaptive && HasLipschitz<Game>)) {
      eta_ /= lipschitz(game, solver);
    }
  }

  bool round(std::int64_t) {
    const bool adaptive = step_.rule == Step<Real>::Rule::adaptive;
    evaluate(last());
    if (adaptive) {
      game_.backend().copy(gradient(), backend_t<Game>::view(at_last_));
      eta_ *= Real(1.25);
    }
    for (;;) {
      move(adaptive ? std::span<const Real>(backend_t<Game>::view(at_last_)) : gradient(),
           probe_.view());
      evaluate(std::as_const(probe_).view());
      move(gradient(), next_.view());
      if (!adaptive || step_is_short_enough()) {
        break;
      }
      eta_ *= Real(0.5);
      if (!(eta_ > std::numeric_limits<Real>::min())) {
        return false;
      }
    }
    std::swap(last_, next_);
    return true;
  }

  [[nodiscard]] View last() const { return last_.view(); }
  [[nodiscard]] std::span<const Real> sample() const { return probe_.view().point; }
  [[nodiscard]] Real step() const { return eta_; }
  [[nodiscard]] std::int64_t products() const { return products_; }

 private:
  [[nodiscard]] std::size_t size() const { return game_.players().blocks().total(); }
  [[nodiscard]] std::span<const Real> gradient() const { return backend_t<Game>::view(gradient_); }

  void evaluate(View z) {
    game_.field(z, backend_t<Game>::view(gradient_));
    ++products_;
  }
  void move(std::span<const Real> direction, StateView<Real> out) {
    prox_step(game_, last(), eta_, direction, out);
  }
  /// eta ||g(w) - g(z)||_* <= ||w - z||, which implies Nemirovski's inequality
  /// eta <g(w) - g(z), z+ - w> <= D(w, z) + D(z+, w) and, unlike it, survives rounding near the
  /// solution, where both of its sides cancel.
  [[nodiscard]] bool step_is_short_enough() const {
    const auto& backend = game_.backend();
    const auto& players = game_.players();
    return eta_ * players.dual_distance(backend, gradient(), backend_t<Game>::view(at_last_)) <=
           players.distance(backend, sample(), last().point);
  }

  const Game& game_;
  State<backend_t<Game>, Real> last_;
  State<backend_t<Game>, Real> probe_;
  State<backend_t<Game>, Real> next_;
  typename backend_t<Game>::template vector<Real> gradient_;
  typename backend_t<Game>::template vector<Real> at_last_;  // g(z), kept while backtracking
  Step<Real> step_;
  Real eta_ = 0;
  std::int64_t products_ = 0;
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
  detail::validate(options, "mirror_prox");
  detail::MirrorProxRounds<Game> rounds(game, options, "mirror_prox");
  const Average average = options.average == Average::automatic ? Average::best : options.average;
  return detail::run(game, rounds, average, options);
}

}  // namespace dag
