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
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/options.hpp>

namespace dag::detail {

/// A game that knows its players' joint best response, e.g. from a Target's closed form.
template <class Game>
concept HasBestResponse = requires(const Game& game, StateView<const scalar_t<Game>> z,
                                   StateView<scalar_t<Game>> out) {
  game.best_response(z, out);
};

/// Round t of a mean of plays: its weight under an average (1, t or t^2).
template <Scalar Real>
[[nodiscard]] Real belief_weight(Average average, std::int64_t t) {
  const Real round = static_cast<Real>(t);
  return average == Average::linear      ? round
         : average == Average::quadratic ? round * round
                                         : Real{1};
}
/// Dynamics whose iterate is itself a mean take `average` as the weights of that mean.
inline void require_belief(Average average, std::string_view solver) {
  require(average != Average::best, Errc::invalid_argument, solver,
          ": its iterate is a mean of plays; average must be uniform, linear or quadratic (the "
          "weights of that mean), or last (= uniform)");
}

/// A round of response dynamics: z += a_t (response(z) - z).
template <MonotoneGame Game>
class ResponseRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  static constexpr bool step_over_payoffs = false;  // shares of the mean
  using typename Base::Real;
  using typename Base::View;

  struct Settings {
    Turns turns = Turns::simultaneous;
    Average belief = Average::uniform;  ///< weights of the mean, where rate is 0
    Real rate = 0;                      ///< in (0, 1]: a_t = rate; 0: the running mean of responses
    Real temperature = 0;  ///< > 0: response regularised towards the centre, in payoff ranges
    Real cooling = 0;      ///< temperature of round t = temperature / t^cooling
  };

  ResponseRounds(const Game& game, const SolverOptions<Real>& options, const Settings& settings,
                 std::string_view solver)
      : Base(game, options, solver, Step<Real>::constant(Real{1})),
        response_(game.backend(), this->size()),
        settings_(settings) {
    if (settings_.temperature > 0) {
      const Real range = payoff_range(game);
      settings_.temperature *= range > 0 ? range : Real{1};
      reference_ = State<typename Base::Backend, Real>(game.backend(), this->size());
      game.players().start(game.backend(), reference_.view());
      weights_.resize(game.players().blocks().count());
    }
  }

  bool round(std::int64_t t) {
    const auto& backend = this->backend();
    const auto& blocks = this->game_.players().blocks();
    this->eta_ = settings_.rate;
    if (!(settings_.rate > 0)) {
      const Real weight = belief_weight<Real>(settings_.belief, t);
      total_ += weight;
      this->eta_ = weight / total_;
    }
    const bool alternating = settings_.turns == Turns::alternating;
    const StateView<Real> z = this->last_.view();
    for (std::size_t b = 0; b < (alternating ? blocks.count() : 1); ++b) {
      respond(t);
      const std::span<const Real> to = response_.view().point;
      if (alternating) {
        backend.interpolate(this->eta_, blocks.of(to, b), blocks.of(z.point, b));
      } else {
        backend.interpolate(this->eta_, to, z.point);
      }
      if constexpr (is_matrix_game<Game>) {
        entered_ = false;
      } else {
        this->game_.players().enter(backend, z);
      }
    }
    if constexpr (rescales_means<Game>) {
      if (t % rounds_between_rescaling == 0) {
        enter_mean(this->game_, z);
        entered_ = true;
      }
    }
    return true;
  }

  /// Fields of matrix games look at the point alone: its dual is brought up to date for who asks.
  [[nodiscard]] View last() {
    if (!entered_) {
      enter_mean(this->game_, this->last_.view());
      entered_ = true;
    }
    return Base::last();
  }
  [[nodiscard]] std::span<const Real> sample() const { return response_.view().point; }

 private:
  void respond(std::int64_t t) {
    const auto& backend = this->backend();
    const auto& players = this->game_.players();
    if constexpr (HasBestResponse<Game>) {
      this->game_.best_response(Base::last(), response_.view());
      ++this->products_;
    } else {
      this->evaluate(Base::last());
      if constexpr (Regularized<Game>) {
        players.best_response(backend, this->gradient(), this->game_.magnet(), response_.view());
        return;
      } else {
        using Players = std::remove_cvref_t<decltype(players)>;
        if constexpr (MagneticPlayer<Players, typename Base::Backend>) {
          if (settings_.temperature > 0) {
            for (Real& weight : weights_) {
              weight = settings_.temperature / std::pow(static_cast<Real>(t), settings_.cooling);
            }
            players.best_response(backend, this->gradient(),
                                  MagnetView<Real>{weights_, std::as_const(reference_).view()},
                                  response_.view());
            return;
          }
        }
        players.best_response(backend, this->gradient(), response_.view());
      }
    }
  }

  State<typename Base::Backend, Real> response_;
  State<typename Base::Backend, Real> reference_;
  std::vector<Real> weights_;  // of the blocks' magnets, in host memory
  Settings settings_;
  Real total_ = 0;
  bool entered_ = true;  ///< the iterate's dual is that of its point
};

}  // namespace dag::detail
