// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>

namespace dag::detail {

/// Players who draw pure strategies themselves, such as treeplexes.
template <class Players, class Backend, class Real>
concept HasDraw = requires(const Players& players, const Backend& backend, StateView<const Real> z,
                           RandomStream& random, StateView<Real> out) {
  players.draw(backend, z, random, out);
};

/// The field as a method sees it: in full, at a sampled pure profile, or with noise. Draws come
/// from one counter-based stream in the order of the entries: deterministic.
template <MonotoneGame Game>
class FieldOracle {
 public:
  using Real = scalar_t<Game>;
  using Backend = backend_t<Game>;
  using Kind = typename Feedback<Real>::Kind;

  FieldOracle(const Game& game, const Feedback<Real>& feedback)
      : game_(game), feedback_(feedback), random_(feedback.seed, 0x6665656462616b) {
    if (feedback.kind == Kind::full) {
      return;
    }
    const std::size_t size = game.players().blocks().total();
    host_.resize(size);
    profile_ = State<Backend, Real>(game.backend(), size);
    sigma_ = feedback.sigma * payoff_range(game);
  }

  [[nodiscard]] bool full() const noexcept { return feedback_.kind == Kind::full; }

  void operator()(StateView<const Real> z, std::span<Real> out) {
    if (feedback_.kind == Kind::sampled) {
      if constexpr (HasDraw<players_t<Game>, Backend, Real>) {
        game_.players().draw(game_.backend(), z, random_, profile_.view());
      } else {
        sample(z);
      }
      game_.field(std::as_const(profile_).view(), out);
      return;
    }
    game_.field(z, out);
    if (feedback_.kind == Kind::noisy) {
      for (Real& entry : host_) {
        entry = sigma_ * static_cast<Real>(random_.normal());
      }
      game_.backend().upload(std::span<const Real>(host_), profile_.view().point);
      game_.backend().axpy(Real{1}, std::as_const(profile_).view().point, out);
    }
  }

 private:
  /// profile = one pure strategy a block, by inversion of the cumulative probabilities.
  void sample(StateView<const Real> z) {
    const auto& backend = game_.backend();
    const auto& blocks = game_.players().blocks();
    backend.download(z.point, std::span<Real>(host_));
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const auto p = blocks.of(std::span<Real>(host_), b);
      Real left = static_cast<Real>(random_.uniform());
      std::size_t chosen = p.size();
      std::size_t possible = 0;  // the last entry with mass, should rounding leave some over
      for (std::size_t i = 0; i < p.size(); ++i) {
        possible = p[i] > 0 ? i : possible;
        left -= p[i];
        if (left < 0 && chosen == p.size()) {
          chosen = i;
        }
        p[i] = 0;
      }
      p[chosen < p.size() ? chosen : possible] = 1;
    }
    backend.upload(std::span<const Real>(host_), profile_.view().point);
    game_.players().enter(backend, profile_.view());
  }

  const Game& game_;
  Feedback<Real> feedback_;
  RandomStream random_;
  std::vector<Real> host_;
  State<Backend, Real> profile_;
  Real sigma_ = 0;
};

}  // namespace dag::detail

namespace dag::detail {

/// The unit of a game's field: its Lipschitz constant where it reports one, else its payoff range,
/// else 1. Steps are multiples of 1 / unit, so that the scale of the payoffs changes no iterate.
template <MonotoneGame Game>
[[nodiscard]] scalar_t<Game> payoff_unit(const Game& game, std::string_view solver) {
  if constexpr (HasLipschitz<Game>) {
    return lipschitz(game, solver);
  } else {
    const scalar_t<Game> range = payoff_range(game);
    return range > 0 ? range : scalar_t<Game>{1};
  }
}

/// min(1/L, tau/L^2), tau the smallest weight of the magnet: the longest step for which a single
/// prox a round converges linearly to a regularised equilibrium.
template <MonotoneGame Game>
requires Regularized<Game>
[[nodiscard]] scalar_t<Game> magnetic_step(const Game& game, std::string_view solver) {
  const scalar_t<Game> constant = lipschitz(game, solver);
  scalar_t<Game> least = std::numeric_limits<scalar_t<Game>>::infinity();
  for (const scalar_t<Game> weight : game.magnet().weights) {
    least = weight < least ? weight : least;
  }
  const scalar_t<Game> ratio = least / constant;
  return (ratio < 1 ? ratio : scalar_t<Game>{1}) / constant;
}

template <class Players>
inline constexpr bool is_simplices = false;
template <class Real>
inline constexpr bool is_simplices<Simplices<Real>> = true;

/// What first-order methods share: the game, the iterate, the field with its count, the step rule.
template <MonotoneGame Game>
class FirstOrder {
 public:
  using Real = scalar_t<Game>;
  using View = StateView<const Real>;
  using Backend = backend_t<Game>;
  using Vector = typename Backend::template vector<Real>;
  using Rule = typename Step<Real>::Rule;

  /// Steps are in units of 1 / payoff; methods whose steps have none (means of past play) hide
  /// this.
  static constexpr bool step_over_payoffs = true;

  [[nodiscard]] View last() const { return last_.view(); }
  [[nodiscard]] Real step() const { return eta_; }
  [[nodiscard]] std::int64_t products() const { return products_; }

 protected:
  /// `automatic`: the step that stands in for Step::Rule::automatic; where it asks for a Lipschitz
  /// constant that the game does not report, the adaptive rule takes its place.
  FirstOrder(const Game& game, const SolverOptions<Real>& options, std::string_view solver,
             Step<Real> automatic)
      : game_(game),
        oracle_(game, options.feedback),
        last_(game.backend(), size()),
        gradient_(game.backend().template allocate<Real>(size())),
        step_(options.step.rule == Rule::automatic ? automatic : options.step) {
    enter_start(game, options, solver, last_.view());
    // What a game's field leaves out stays NaN, and the certificate refuses it.
    game.backend().fill(Backend::view(gradient_), std::numeric_limits<Real>::quiet_NaN());
    if (options.step.rule == Rule::automatic && step_.rule == Rule::lipschitz &&
        !HasLipschitz<Game>) {
      step_.rule = Rule::adaptive;
    }
    if (!oracle_.full()) {
      // Noise asks for shrinking steps, and no inequality can be tested under it.
      if (options.step.rule == Rule::automatic && step_.rule != Rule::constant) {
        step_ = Step<Real>::decaying();
      }
      require(!adaptive(), Errc::invalid_argument, solver,
              ": an adaptive step needs full feedback; use decaying or constant");
      if constexpr (!is_simplices<players_t<Game>> && !HasDraw<players_t<Game>, Backend, Real>) {
        require(options.feedback.kind != Feedback<Real>::Kind::sampled, Errc::unsupported, solver,
                ": sampled feedback needs players who own simplices or treeplexes");
      }
    }
    first_step_ = step_.size;
    if (step_.rule == Rule::lipschitz) {
      first_step_ /= lipschitz(game, solver);
    } else if (step_.rule != Rule::constant) {
      first_step_ /= payoff_unit(game, solver);
    }
    eta_ = first_step_;
  }

  [[nodiscard]] const Backend& backend() const { return game_.backend(); }
  [[nodiscard]] std::size_t size() const { return game_.players().blocks().total(); }
  [[nodiscard]] bool adaptive() const { return step_.rule == Rule::adaptive; }
  [[nodiscard]] std::span<const Real> gradient() const { return Backend::view(gradient_); }

  /// gradient() = the field at z.
  void evaluate(View z) {
    oracle_(z, Backend::view(gradient_));
    ++products_;
  }
  /// out = argmax eta <direction, u> - D(u, center), the game's magnet inside.
  void move(View center, std::span<const Real> direction, StateView<Real> out) {
    prox_step(game_, center, eta_, direction, out);
  }
  /// Sets the step of round t under the constant, lipschitz and decaying rules.
  void schedule(std::int64_t t) {
    if (step_.rule == Rule::decaying) {
      eta_ = first_step_ / std::sqrt(static_cast<Real>(t));
    }
  }
  /// Backtracking: a longer step to try, a shorter one; false once nothing is left of it.
  void lengthen() { eta_ *= Real(1.25); }
  [[nodiscard]] bool shorten() {
    eta_ *= Real(0.5);
    return eta_ > std::numeric_limits<Real>::min();
  }

  const Game& game_;
  FieldOracle<Game> oracle_;
  State<Backend, Real> last_;
  Vector gradient_;
  Step<Real> step_;
  Real first_step_ = 0;
  Real eta_ = 0;
  std::int64_t products_ = 0;
};

}  // namespace dag::detail
