// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// A game whose every block is a simplex and whose payoffs are linear in each: what regrets of pure
/// strategies are defined for.
template <class Game>
concept SimplexGame = MonotoneGame<Game> && !Regularized<Game> &&
                      std::is_same_v<players_t<Game>, Simplices<scalar_t<Game>>>;

struct RegretMatchingOptions {
  Turns turns = Turns::alternating;  ///< alternating is what practice prefers: see the contracts
};

namespace detail {

/// A game that gives one player's part of the field for less than all of it.
template <class Game>
concept HasBlockField = requires(const Game& game, StateView<const scalar_t<Game>> z, std::size_t b,
                                 std::span<scalar_t<Game>> out) {
  game.block_field(z, b, out);
};

/// A round of regret matching and its kin.
template <SimplexGame Game>
class RegretRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  static constexpr bool step_over_payoffs = false;  // shares of the mean
  using typename Base::Real;
  using typename Base::View;

  RegretRounds(const Game& game, const SolverOptions<Real>& options, Turns turns, bool plus,
               bool predictive, std::string_view solver)
      : Base(game, options, solver, Step<Real>::constant(Real{1})),
        regrets_(game.backend().template allocate<Real>(this->size())),
        played_(game.backend().template allocate<Real>(turns == Turns::simultaneous ? this->size()
                                                                                    : 0)),
        turns_(turns),
        plus_(plus),
        predictive_(predictive) {
    require(options.step == Step<Real>{}, Errc::invalid_argument, solver,
            ": it has no step; leave step automatic");
  }

  bool round(std::int64_t) {
    const auto& backend = this->backend();
    const auto& blocks = this->game_.players().blocks();
    const StateView<Real> z = this->last_.view();
    const auto gradient = Base::Backend::view(this->gradient_);
    const auto regrets = Base::Backend::view(regrets_);
    if (turns_ == Turns::simultaneous) {
      this->evaluate(z);
      backend.copy(std::span<const Real>(z.point), Base::Backend::view(played_));
    }
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      if (turns_ == Turns::alternating) {
        see(b);
      }
      backend.match_regrets(std::span<const Real>(blocks.of(gradient, b)), plus_,
                            predictive_ ? Real{1} : Real{0}, blocks.of(regrets, b),
                            blocks.of(z.point, b));
    }
    fresh_ = false;
    return true;
  }

  [[nodiscard]] View last() {
    if (!fresh_) {
      this->game_.players().enter(this->backend(), this->last_.view());
      fresh_ = true;
    }
    return Base::last();
  }
  /// The point played: the field was taken at it, or, alternating, each move answers the last.
  [[nodiscard]] std::span<const Real> sample() const {
    if (turns_ == Turns::simultaneous) {
      return Base::Backend::view(played_);
    }
    return this->last_.view().point;
  }

 private:
  void see(std::size_t b) {
    const View z = this->last_.view();
    if constexpr (HasBlockField<Game>) {
      if (!this->oracle_.full()) {
        this->evaluate(z);
        return;
      }
      this->game_.block_field(
          z, b, this->game_.players().blocks().of(Base::Backend::view(this->gradient_), b));
      this->products_ += b == 0 ? 1 : 0;  // the blocks' parts make one field
    } else {
      this->evaluate(z);
    }
  }

  typename Base::Vector regrets_;
  typename Base::Vector played_;
  Turns turns_;
  bool plus_;
  bool predictive_;
  bool fresh_ = true;
};

template <SimplexGame Game>
[[nodiscard]] Solution<Game> match_regrets(const Game& game,
                                           const SolverOptions<scalar_t<Game>>& options,
                                           const RegretMatchingOptions& own, bool plus,
                                           bool predictive, Average automatic,
                                           std::string_view solver) {
  return solve_by<RegretRounds<Game>>(game, options, solver, or_default(options.average, automatic),
                                      own.turns, plus, predictive);
}

}  // namespace detail
}  // namespace dag
