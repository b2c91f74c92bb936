// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>

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

[[nodiscard]] constexpr Average or_default(Average asked, Average automatic) noexcept {
  return asked == Average::automatic ? automatic : asked;
}

/// The frame of a solver's entry: checks the options, brings the game to standard units, makes the
/// method Rounds(game, options, own..., solver) and runs it to its certificate.
template <class Rounds, MonotoneGame Game, class... Own>
[[nodiscard]] Solution<Game> solve_by(const Game& game,
                                      const SolverOptions<scalar_t<Game>>& options,
                                      std::string_view solver, Average average, const Own&... own) {
  validate(options, solver);
  const Standard<Game> standard(game, options);
  Rounds rounds(standard.game(), standard.options(), own..., solver);
  return run(standard.game(), rounds, average, standard.options());
}

}  // namespace dag::detail
