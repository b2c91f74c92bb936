// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>

namespace dag::detail {

/// What a first-order method has to offer the loop. `round(t)` makes round t = 1, 2, ... and
/// returns false if it cannot go on (a step that shrank to nothing). `last()` is its current
/// iterate, `sample()` the point that averages are made of, `step()` the step taken, `products()`
/// the field evaluations made so far. `weight()`, where there is one, replaces `step()` as the
/// weight of the sample in means.
template <class M, class Real>
concept Method = requires(M& method, std::int64_t t) {
  { method.round(t) } -> std::same_as<bool>;
  { method.last() } -> std::convertible_to<StateView<const Real>>;
  { method.sample() } -> std::convertible_to<std::span<const Real>>;
  { method.step() } -> std::convertible_to<Real>;
  { method.products() } -> std::convertible_to<std::int64_t>;
};

/// Lipschitz constant of the field where the game reports one; refused otherwise.
template <MonotoneGame Game>
[[nodiscard]] scalar_t<Game> lipschitz(const Game& game, std::string_view solver) {
  if constexpr (HasLipschitz<Game>) {
    const scalar_t<Game> constant = game.lipschitz();
    // A constant field (all payoffs equal) has L = 0: any step will do.
    return constant > 0 ? constant : scalar_t<Game>{1};
  } else {
    fail(Errc::invalid_argument, solver,
         ": this game reports no Lipschitz constant; give it lipschitz(), or set "
         ".step = Step::constant(eta) or Step::adaptive(first)");
  }
}

/// Puts the start point of the options, or the players' centre, into `state`. A start that the
/// players refuse is an error "SOLVER: start...", by their own rule.
template <MonotoneGame Game>
void enter_start(const Game& game, const SolverOptions<scalar_t<Game>>& options,
                 std::string_view solver, StateView<scalar_t<Game>> state) {
  if (options.start.empty()) {
    game.players().start(game.backend(), state);
    return;
  }
  require(options.start.size() == state.point.size(), Errc::dimension_mismatch, solver,
          ": start has ", options.start.size(), " entries, the game has ", state.point.size());
  game.backend().upload(options.start, state.point);
  OptionRules(solver).held("start", [&] { game.players().enter(game.backend(), state); });
}

/// out = argmax eta <direction, u> - D(u, center), with the game's magnet inside where it has one.
template <MonotoneGame Game>
void prox_step(const Game& game, StateView<const scalar_t<Game>> center, scalar_t<Game> eta,
               std::span<const scalar_t<Game>> direction, StateView<scalar_t<Game>> out) {
  if constexpr (Regularized<Game>) {
    game.players().prox(game.backend(), center, eta, direction, game.magnet(), out);
  } else {
    game.players().prox(game.backend(), center, eta, direction, out);
  }
}

/// Players whose prox has a part without the point (`Simplices::prox_dual`).
template <class Game>
concept HasProxDual = requires(const Game& game, std::span<const scalar_t<Game>> in,
                               std::span<scalar_t<Game>> out) {
  game.players().prox_dual(game.backend(), in, scalar_t<Game>{}, in, out);
};
/// out = the dual of `prox_step` but for constants.
template <HasProxDual Game>
void prox_dual_step(const Game& game, std::span<const scalar_t<Game>> center, scalar_t<Game> eta,
                    std::span<const scalar_t<Game>> direction, std::span<scalar_t<Game>> out) {
  if constexpr (Regularized<Game>) {
    game.players().prox_dual(game.backend(), center, eta, direction, game.magnet(), out);
  } else {
    game.players().prox_dual(game.backend(), center, eta, direction, out);
  }
}

/// True of games in less than double precision whose running means drift off the set in the course
/// of a solve (in float by 3e-4 in 1e5 rounds) and can be brought back to it.
template <class Game>
inline constexpr bool rescales_means = std::numeric_limits<scalar_t<Game>>::digits < 53 &&
                                       requires(const Game& game, StateView<scalar_t<Game>> z) {
  game.players().rescale(game.backend(), z);
};
inline constexpr std::int64_t rounds_between_rescaling = 256;

/// The dual of a running mean brought up to date, and the mean back onto the set.
template <MonotoneGame Game>
void enter_mean(const Game& game, StateView<scalar_t<Game>> mean) {
  game.players().enter(game.backend(), mean);
  if constexpr (rescales_means<Game>) {
    game.players().rescale(game.backend(), mean);
  }
}

/// A running weighted mean of a method's samples.
template <MonotoneGame Game>
class RunningMean {
 public:
  using Real = scalar_t<Game>;
  RunningMean(const Game& game, Average average)
      : game_(game), average_(average), state_(game.backend(), game.players().blocks().total()) {}

  void add(std::int64_t round, Real step, std::span<const Real> point) {
    Real weight = step;
    if (average_ == Average::linear) {
      weight *= static_cast<Real>(round);
    } else if (average_ == Average::quadratic) {
      weight *= static_cast<Real>(round) * static_cast<Real>(round);
    }
    total_ += weight;
    if constexpr (requires { game_.interpolate(weight, point, state_.view().point); }) {
      game_.interpolate(weight / total_, point, state_.view().point);  // on the game's threads
    } else {
      game_.backend().interpolate(weight / total_, point, state_.view().point);
    }
    if constexpr (rescales_means<Game>) {
      if (++added_ % rounds_between_rescaling == 0) {
        enter_mean(game_, state_.view());
      }
    }
  }
  /// The mean so far, its dual brought up to date. Means of feasible points are feasible.
  [[nodiscard]] StateView<const Real> view() {
    enter_mean(game_, state_.view());
    return std::as_const(state_).view();
  }

 private:
  const Game& game_;
  Average average_;
  State<backend_t<Game>, Real> state_;
  Real total_ = 0;
  std::int64_t added_ = 0;
};

/// What rounding may do to a relative gap computed in the precision of the solve, on payoffs around
/// zero: each of the field's sums errs by less than its terms times epsilon.
template <MonotoneGame Game>
[[nodiscard]] double gap_rounding(const Game& game) {
  return 4.0 * (static_cast<double>(game.players().blocks().total()) + 16.0) *
         static_cast<double>(std::numeric_limits<scalar_t<Game>>::epsilon());
}

/// Replaces the certificate in `solution` by the one without rounding, where the game has it.
template <MonotoneGame Game>
bool refine_gap(const Game& game, Solution<Game>& solution) {
  using Real = scalar_t<Game>;
  if constexpr (HasPreciseGap<Game>) {
    if (const auto precise = game.precise_gap(std::span<const Real>(solution.state.view().point))) {
      solution.gap = static_cast<Real>(precise->gap);
      solution.relative_gap = static_cast<Real>(precise->relative_gap);
      solution.value = static_cast<Real>(precise->value);
      return true;
    }
  }
  return false;
}

/// What an observer is told of a solution so far.
template <MonotoneGame Game>
[[nodiscard]] Record record_of(const Solution<Game>& solution) {
  return {solution.iterations,
          solution.products,
          solution.seconds,
          static_cast<double>(solution.value),
          static_cast<double>(solution.gap),
          static_cast<double>(solution.relative_gap),
          static_cast<double>(solution.residual),
          static_cast<double>(solution.step)};
}

/// True if the relative gap of `solution`, rounding included, is at or below the tolerance: what
/// makes a solution `converged`. Where the tolerance is too near to rounding to tell, a game that
/// has a `precise_gap` decides, computed from the payoffs as they were given.
template <MonotoneGame Game>
[[nodiscard]] bool gap_meets(const Game& game, double tolerance, Solution<Game>& solution) {
  const auto reached = static_cast<double>(solution.relative_gap);
  if (!(reached <= tolerance)) {
    return false;
  }
  return reached + gap_rounding(game) <= tolerance || !refine_gap(game, solution) ||
         static_cast<double>(solution.relative_gap) <= tolerance;
}

/// True for methods whose steps are in units of 1 / payoff, as they say by `step_over_payoffs`.
template <class Rounds>
[[nodiscard]] constexpr bool steps_over_payoffs() {
  if constexpr (requires { Rounds::step_over_payoffs; }) {
    return Rounds::step_over_payoffs;
  } else {
    return false;
  }
}

/// Looks at the clock and the stop token about every two milliseconds, whatever a round takes.
class RoundClock {
 public:
  RoundClock(StopRef stop, double time_limit) : stop_(stop), time_limit_(time_limit) {}

  /// True if round `t` was the last.
  [[nodiscard]] bool ends(std::int64_t t, const Stopwatch& watch) {
    if (t < next_) {
      return false;
    }
    const double now = watch.seconds();
    const double since = now - last_;
    every_ = since < 1e-3 ? 2 * every_ : since > 4e-3 && every_ > 1 ? every_ / 2 : every_;
    last_ = now;
    next_ = t + every_;
    return stop_.stop_requested() || now >= time_limit_;
  }

 private:
  StopRef stop_;
  double time_limit_;
  double last_ = 0;
  std::int64_t next_ = 1;
  std::int64_t every_ = 1;
};

/// Notices when a gap has come down to rounding and stays there.
class StallWatch {
 public:
  /// True if the best gap is that of rounding and has not fallen by a tenth for twice as many
  /// rounds as it took to get there, and 2000 more.
  [[nodiscard]] bool stalled(std::int64_t t, double measured, double rounding) {
    if (measured < 0.9 * best_) {
      best_ = measured;
      since_ = t;
    }
    return best_ <= 100 * rounding && t > 3 * since_ + 2000;
  }

 private:
  double best_ = std::numeric_limits<double>::infinity();
  std::int64_t since_ = 0;
};

/// Runs a method to its certificate: rounds, running mean, checks, limits, observer. The one place
/// where an iterative solver's status is set: `converged` if the certificate of the point returned
/// is at or below the tolerance (`gap_meets`).
/// Allocates before the first round only (but for the precise gap of a game of tables).
template <MonotoneGame Game, Method<scalar_t<Game>> Rounds>
[[nodiscard]] Solution<Game> run(const Game& game, Rounds& method, Average average,
                                 const SolverOptions<scalar_t<Game>>& options) {
  using Real = scalar_t<Game>;
  const Stopwatch watch;
  const auto& backend = game.backend();
  const std::size_t size = game.players().blocks().total();
  const bool uses_mean = average != Average::last;
  RunningMean<Game> mean(game, average);
  auto field = backend.template allocate<Real>(size);
  State<backend_t<Game>, Real> scratch(backend, size);
  // What a game's field leaves out stays NaN, and the certificate refuses it.
  backend.fill(backend_t<Game>::view(field), std::numeric_limits<Real>::quiet_NaN());

  Solution<Game> solution;
  solution.blocks = game.players().blocks();
  solution.state = State<backend_t<Game>, Real>(backend, size);

  std::int64_t checks = 0;
  constexpr bool in_payoffs = steps_over_payoffs<Rounds>();
  const double rounding = gap_rounding(game);
  const bool gap_measured = options.measure != Measure::residual;
  const auto measured = [&](const Certificate<Real>& c) {
    const bool use_gap = options.measure == Measure::gap ||
                         (options.measure == Measure::automatic && std::isfinite(c.gap));
    return use_gap ? c.relative_gap : c.residual;
  };
  // Certifies the candidate(s) into `solution`; true if the tolerance is met.
  const auto check = [&](std::int64_t t) {
    const auto examine = [&](StateView<const Real> z) {
      ++checks;
      return certify(game, z, backend_t<Game>::view(field), scratch.view());
    };
    const bool has_mean = uses_mean && t > 0;
    const bool has_last = average == Average::last || average == Average::best || t == 0;
    Certificate<Real> found;
    StateView<const Real> chosen;
    solution.iterate = Average::last;
    if (has_last) {
      chosen = method.last();
      found = examine(chosen);
    }
    if (has_mean) {
      const StateView<const Real> candidate = mean.view();
      const Certificate<Real> other = examine(candidate);
      if (!has_last || measured(other) < measured(found)) {
        found = other;
        chosen = candidate;
        solution.iterate = average == Average::best ? Average::uniform : average;
      }
    }
    backend.copy(chosen.point, solution.state.view().point);
    backend.copy(chosen.dual, solution.state.view().dual);
    solution.iterations = t;
    solution.products = method.products() + checks;
    solution.seconds = watch.seconds();
    solution.value = found.value;
    solution.gap = found.gap;
    solution.relative_gap = found.relative_gap;
    solution.residual = found.residual;
    solution.step = t == 0       ? Real{0}
                    : in_payoffs ? method.step() / payoff_per_unit(game)
                                 : method.step();
    return measured(found);
  };
  const auto met = [&](double reached) {
    const auto tolerance = static_cast<double>(options.tolerance);
    return gap_measured && std::isfinite(solution.gap) ? gap_meets(game, tolerance, solution)
                                                       : reached <= tolerance;
  };
  // The last gap of a game of up to 65 536 payoffs a player is computed without rounding.
  double entries = 1;
  for (std::size_t b = 0; b < solution.blocks.count(); ++b) {
    entries *= static_cast<double>(solution.blocks.size(b));
  }
  const bool few_entries = entries <= 65'536;

  RoundClock clock(options.stop, options.time_limit);
  StallWatch stall;
  std::int64_t next_check = 0;
  for (std::int64_t t = 0;; ++t) {
    bool alive = true;
    if (t > 0) {
      alive = method.round(t);
      if (uses_mean && alive) {
        if constexpr (requires { method.weight(); }) {
          mean.add(t, method.weight(), method.sample());
        } else {
          mean.add(t, method.step(), method.sample());
        }
      }
    }
    const bool out_of_time = clock.ends(t, watch);
    const bool last_round = t == options.max_iterations || !alive || out_of_time;
    if (t < next_check && !last_round) {
      continue;
    }
    const auto reached = static_cast<double>(check(t));
    // How it ends, if it does: known before the observer sees the last record.
    std::optional<Status> end;
    if (met(reached)) {
      end = Status::converged;
    } else if (options.stop.stop_requested()) {
      end = Status::stopped;
    } else if (last_round && !out_of_time) {
      end = alive ? Status::iteration_limit : Status::stalled;
    } else if (solution.seconds >= options.time_limit) {
      end = Status::time_limit;
    } else if (stall.stalled(t, reached, rounding)) {
      end = Status::stalled;
    }
    if (end && few_entries && gap_measured) {
      refine_gap(game, solution);
    }
    const bool go_on = options.observer(record_of(solution));
    if (end || !go_on) {
      solution.status = end == Status::converged || go_on ? *end : Status::stopped;
      return solution;
    }
    next_check = options.check_every > 0 ? t + options.check_every : t + 1 + t / 20;
  }
}

}  // namespace dag::detail
