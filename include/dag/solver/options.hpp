// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>

namespace dag {

/// Which point a solver certifies and returns.
enum class Average {
  automatic,  ///< the solver's own choice, named in its contract
  last,       ///< the last iterate
  uniform,    ///< mean of the sampled iterates, weighted by the steps taken
  linear,     ///< the same, weighted by round as well
  quadratic,  ///< the same, weighted by round squared
  best,       ///< whichever of last and uniform has the smaller certificate at the check
};

/// What is compared with the tolerance.
enum class Measure {
  automatic,  ///< gap where every player's set is bounded, else residual
  gap,        ///< gap / payoff range
  residual,   ///< max norm of z - response(z): see `Certificate`
};

/// Who moves when.
enum class Turns {
  simultaneous,  ///< all from the same point: one field evaluation a round
  alternating,   ///< block after block, each seeing the moves before it
};

/// Step sizes. L is the Lipschitz constant that the game reports; unit is L where it is reported,
/// else the payoff range, else 1, so that the payoffs' scale changes no iterate.
template <Scalar Real>
struct Step {
  enum class Rule {
    automatic,  ///< the solver's own choice, named in its contract
    constant,   ///< eta = size
    lipschitz,  ///< eta = size / L
    decaying,   ///< eta = size / (unit sqrt(round))
    adaptive,   ///< the solver's own rule, mostly backtracking on its inequality, from size / unit
  };
  Rule rule = Rule::automatic;
  Real size = 1;

  [[nodiscard]] static constexpr Step constant(Real eta) { return {Rule::constant, eta}; }
  [[nodiscard]] static constexpr Step lipschitz(Real scale = 1) { return {Rule::lipschitz, scale}; }
  [[nodiscard]] static constexpr Step decaying(Real scale = 1) { return {Rule::decaying, scale}; }
  [[nodiscard]] static constexpr Step adaptive(Real first = 1) { return {Rule::adaptive, first}; }
  friend bool operator==(const Step&, const Step&) = default;
};

/// What a first-order method sees of the field.
template <Scalar Real>
struct Feedback {
  enum class Kind {
    full,     ///< the field
    sampled,  ///< the field at one pure strategy a block, drawn from the point: unbiased where
              ///< payoffs are linear in each block
    noisy,    ///< the field plus independent normal noise
  };
  Kind kind = Kind::full;
  Real sigma = 0;          ///< of the noise, in payoff ranges
  std::uint64_t seed = 0;  ///< of a RandomStream; the same seed gives the same run

  [[nodiscard]] static constexpr Feedback sampled(std::uint64_t seed) {
    return {Kind::sampled, 0, seed};
  }
  [[nodiscard]] static constexpr Feedback noisy(Real sigma, std::uint64_t seed) {
    return {Kind::noisy, sigma, seed};
  }
  friend bool operator==(const Feedback&, const Feedback&) = default;
};

/// Options of every iterative solver; a solver's own knobs are a second argument of its own type.
template <Scalar Real>
struct SolverOptions {
  Real tolerance = Real(1e-6);  ///< on the measure; gaps are relative to the payoff range
  std::int64_t max_iterations = 1'000'000;                      ///< rounds
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  /// Rounds between checks; a check costs one field evaluation a candidate and is the only
  /// host synchronisation. 0: at rounds growing by 5 %, so that checking stays cheap.
  std::int64_t check_every = 0;
  Step<Real> step = {};                  ///< its size, or a rule; automatic by default
  Average average = Average::automatic;  ///< which iterate is the answer
  Feedback<Real> feedback = {};          ///< certificates always see the full field
  Measure measure = Measure::automatic;
  std::span<const Real> start = {};  ///< stacked start point in host memory; empty: the centre
  StopRef stop = {};                 ///< e.g. a named std::stop_token
  ObserverRef observer = {};         ///< called at each check with a `Record`
};

namespace detail {

/// Refuses options outside their range, naming the solver. Conditions are written so that NaN
/// fails.
template <Scalar Real>
void validate(const SolverOptions<Real>& options, std::string_view solver) {
  require(options.tolerance >= 0 && std::isfinite(options.tolerance), Errc::invalid_argument,
          solver, ": tolerance must be >= 0 and finite, got ", options.tolerance);
  require(options.max_iterations >= 0, Errc::invalid_argument, solver,
          ": max_iterations must be >= 0, got ", options.max_iterations);
  require(options.time_limit >= 0, Errc::invalid_argument, solver,
          ": time_limit must be >= 0 seconds, got ", options.time_limit);
  require(options.check_every >= 0, Errc::invalid_argument, solver,
          ": check_every must be >= 0, got ", options.check_every);
  require(options.step.size > 0 && std::isfinite(options.step.size), Errc::invalid_argument, solver,
          ": step.size must be > 0 and finite, got ", options.step.size);
  require(options.feedback.sigma >= 0 && std::isfinite(options.feedback.sigma),
          Errc::invalid_argument, solver, ": feedback.sigma must be >= 0 payoff ranges, got ",
          options.feedback.sigma);
}

}  // namespace detail
}  // namespace dag
