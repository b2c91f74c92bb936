// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// What becomes of the magnet.
enum class Magnet {
  fixed,   ///< stays: converges to the quantal response equilibrium of its weight
  moving,  ///< jumps to the current iterate every `period` rounds: converges to a Nash equilibrium
  annealed,  ///< loses weight: follows those equilibria to the Nash equilibrium that `select` names
};

/// Which equilibrium an annealed magnet ends in, where there are several.
enum class Select {
  max_entropy,  ///< the magnet is the players' centre: the equilibrium of largest entropy
  reference,    ///< the magnet is the start point: the equilibrium nearest to it, D(u, start)
};

/// Options of `magnetic_mirror_descent` beside those of every solver.
template <Scalar Real>
struct MagneticOptions {
  Magnet magnet = Magnet::moving;  ///< whether the reference stays
  /// Of the magnet, in payoff ranges; 0: 0.1, and 0.5 for an annealed one, which can keep up with
  /// its target only from about 0.36 on (the contract below).
  Real weight = 0;
  /// moving: rounds between jumps; 0: log 10 / log(1 + eta tau), a tenth of the divergence.
  std::int64_t period = 0;
  Real cooling = Real(0.5);             ///< annealed: weight of round t = weight / t^cooling
  Select select = Select::max_entropy;  ///< what the magnet starts as
};

namespace detail {

template <MonotoneGame Game>
class MagneticRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;

  MagneticRounds(const Game& game, const SolverOptions<Real>& options,
                 const MagneticOptions<Real>& own, std::string_view solver)
      : Base(game, options, solver, Step<Real>::lipschitz()),
        next_(game.backend(), this->size()),
        magnet_(game.backend(), this->size()),
        weights_(game.players().blocks().count()),
        own_(own) {
    require(!this->adaptive(), Errc::invalid_argument, solver,
            ": an adaptive step is not one of its rules (and is the default where the game reports "
            "no Lipschitz constant); give .step = Step::constant(eta)");
    const Real range = payoff_range(game);
    if (own_.weight == 0) {
      own_.weight = own_.magnet == Magnet::annealed ? Real(0.5) : Real(0.1);
    }
    tau_ = own_.weight * (range > 0 ? range : Real{1});
    automatic_ = options.step.rule == Base::Rule::automatic;
    unit_ = 1 / this->first_step_;
    if (own.select == Select::reference) {
      keep();
    } else {
      game.players().start(game.backend(), magnet_.view());
    }
    set_step(tau_);
    if (own_.period == 0) {
      own_.period =
          1 + static_cast<std::int64_t>(std::log(Real{10}) / std::log1p(this->eta_ * tau_));
    }
  }

  bool round(std::int64_t t) {
    const auto& backend = this->backend();
    Real tau = tau_;
    if (own_.magnet == Magnet::annealed) {
      tau /= std::pow(static_cast<Real>(t), own_.cooling);
      set_step(tau);
    }
    this->schedule(t);
    for (Real& weight : weights_) {
      weight = tau;
    }
    this->evaluate(this->last());
    this->game_.players().prox(backend, this->last(), this->eta_, this->gradient(),
                               MagnetView<Real>{weights_, std::as_const(magnet_).view()},
                               next_.view());
    std::swap(this->last_, next_);
    if (own_.magnet == Magnet::moving && t % own_.period == 0) {
      keep();
    }
    return true;
  }
  [[nodiscard]] std::span<const Real> sample() const { return this->last().point; }

 private:
  void keep() {
    this->backend().copy(this->last().point, magnet_.view().point);
    this->backend().copy(this->last().dual, magnet_.view().dual);
  }
  /// min(1 / L, tau / L^2).
  void set_step(Real tau) {
    if (automatic_) {
      this->eta_ = (tau < unit_ ? tau / unit_ : Real{1}) / unit_;
    }
  }

  State<typename Base::Backend, Real> next_;
  State<typename Base::Backend, Real> magnet_;
  std::vector<Real> weights_;  // of the blocks' magnets, in host memory
  MagneticOptions<Real> own_;
  Real tau_ = 0;
  Real unit_ = 1;
  bool automatic_ = true;
};

}  // namespace detail

/// Magnetic mirror descent: mirror descent with a pull towards a magnet, for the last iterate.
///
/// Source: Sokota et al. (2023), arXiv:2206.05825; moving magnets: Perolat et al. (2021),
/// arXiv:2002.08456. Update: z = argmax_u eta (<g(z), u> - tau D(u, magnet)) - D(u, z). Rate: with
/// a fixed magnet D(z_tau, z) shrinks by 1 / (1 + eta tau) a round for eta <= tau / L^2, to the
/// regularised (quantal response) equilibrium z_tau; every jump of a moving magnet is a proximal
/// point step, so that the last iterate tends to a Nash equilibrium; annealed, z_tau leads to the
/// equilibrium of `select` with an error of the order of tau: with step tau / L^2 a round shrinks
/// the distance to the target by (tau / L)^2, while the target moves as 1 / t^(1 + cooling), so
/// that z keeps up where cooling < 1/2, or cooling = 1/2 and (tau_1 / L)^2 > 1/2. The game must
/// have no magnet of its own: a regularised game is what `mirror_descent` serves. Defaults: moving
/// magnet of weight 0.1 ranges, step min(1/L, tau/L^2), average `last`. The certificate is that of
/// the unregularised game. Cost a round: one field evaluation, one prox. Memory: nine stacked
/// vectors; nothing is allocated after the first round. Deterministic. Errors: invalid_argument
/// (options), dimension_mismatch or not_a_distribution (start), not_finite.
template <MonotoneGame Game>
requires(!Regularized<Game>) [[nodiscard]] Solution<Game> magnetic_mirror_descent(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const MagneticOptions<scalar_t<Game>>& own = {}) {
  static_assert(MagneticPlayer<players_t<Game>, backend_t<Game>>,
                "magnetic_mirror_descent: the players need a prox with a magnet (MagneticPlayer)");
  require(own.weight >= 0 && std::isfinite(own.weight), Errc::invalid_argument,
          "magnetic_mirror_descent: weight must be >= 0 payoff ranges (0: automatic), got ",
          own.weight);
  require(own.period >= 0, Errc::invalid_argument,
          "magnetic_mirror_descent: period must be >= 0 rounds, got ", own.period);
  require(own.cooling > 0 && own.cooling < 1, Errc::invalid_argument,
          "magnetic_mirror_descent: cooling must be in (0, 1), got ", own.cooling);
  return detail::solve_by<detail::MagneticRounds<Game>>(
      game, options, "magnetic_mirror_descent", detail::or_default(options.average, Average::last),
      own);
}

}  // namespace dag
