// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/options.hpp>

namespace dag::detail {

/// The game and the options that a solver works with: the game's standard form where it has one and
/// is not near it already, with constant steps in its units. So a constant added to the payoffs, or
/// a positive factor, changes no iterate, whatever the solver. Refers to the caller's game.
template <MonotoneGame Game>
class Standard {
 public:
  using Options = SolverOptions<scalar_t<Game>>;

  Standard(const Game& game, const Options& options) : game_(game), options_(options) {
    if constexpr (HasStandardForm<Game>) {
      if (!game.is_standard()) {
        form_.emplace(game.standard_form());
        if (options.step.rule == Step<scalar_t<Game>>::Rule::constant) {
          options_.step.size *= payoff_per_unit(*form_);
        }
      }
    }
  }
  Standard(const Standard&) = delete;
  Standard& operator=(const Standard&) = delete;
  ~Standard() = default;

  [[nodiscard]] const Game& game() const noexcept {
    if constexpr (HasStandardForm<Game>) {
      return form_ ? *form_ : game_;
    } else {
      return game_;
    }
  }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

 private:
  const Game& game_;
  std::optional<Game> form_;
  Options options_;
};

}  // namespace dag::detail
