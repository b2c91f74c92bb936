// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/status.hpp>
#include <dag/game/regret.hpp>
#include <dag/solver/first_order/detail/diagonal_metric.hpp>
#include <dag/solver/options.hpp>

namespace cli {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// What any solver found, without the solver's types. The answer is one profile (`strategies`), a
/// list of them (`equilibria`, the first of them also in `strategies`), a distribution over
/// profiles (`joint`), or what is left of the strategies (`kept`).
struct Found {
  std::string solver;
  dag::Status status = dag::Status::iteration_limit;
  std::string iterate;
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  double seconds = 0;
  double value = unknown;         ///< of player 1; zero-sum games only
  double gap = unknown;           ///< the solver's own measure, in units of payoff
  double relative_gap = unknown;  ///< what was compared with the tolerance
  double residual = unknown;
  dag::MixedProfile strategies;
  /// The certificate of `strategies` from the payoffs as read, where it has been made.
  std::optional<dag::RegretReport> report;

  std::vector<dag::MixedProfile> equilibria;
  std::size_t equilibria_count = 0;  ///< of all that were found; the list may be cut
  bool lists = false;                ///< the solver looks for several: `equilibria` counts
  bool selected = false;             ///< `equilibria` are those that a rule left of all
  bool complete = false;             ///< the list has all equilibria of the solver's kind
  std::optional<bool> degenerate;    ///< where the solver can tell
  bool verified = false;             ///< each was proved an equilibrium in whole numbers
  /// With --exact, beside each of `equilibria`: the fractions of every strategy, and what each
  /// player expects.
  struct Exact {
    std::vector<std::vector<std::string>> strategies;
    std::vector<std::string> payoffs;
  };
  std::vector<Exact> exact;
  /// What each of `equilibria` stands for, where the solver tells.
  struct Around {
    double radius = 0.0;
    std::size_t dimension = 0;
    std::string_view shape;
    dag::MixedProfile low;  ///< a box that holds the set
    dag::MixedProfile high;
  };
  std::vector<Around> around;

  std::vector<double> joint;
  double coarse_gap = unknown;
  double correlated_gap = unknown;
  std::vector<double> joint_payoffs;  ///< of `joint`, a number a player

  std::vector<std::vector<std::size_t>> kept;
  std::vector<std::pair<std::size_t, std::size_t>> removed;  ///< player and strategy, in order

  std::string note;  ///< a sentence for people
};

/// What a solver is told, whatever the game.
struct Settings {
  dag::SolverOptions<double> options;
  double tau = 0;                             ///< > 0: everybody is pulled to `reference`
  std::vector<double> reference;              ///< strategies side by side; empty: uniform play
  std::string select;                         ///< max_entropy, reference or empty
  bool exact = false;                         ///< whole numbers, and fractions beside the answer
  dag::Scaling scaling = dag::Scaling::none;  ///< of primal_dual_hybrid_gradient
  std::uint64_t seed = 0;                     ///< of what draws on its own
};

}  // namespace cli
