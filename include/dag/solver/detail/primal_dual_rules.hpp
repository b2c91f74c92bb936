// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include <dag/core/concepts.hpp>

namespace dag::detail {

/// When PDLP restarts: arXiv:2106.04756, section 3.2.
template <Scalar Real>
class RestartRule {
 public:
  /// Shares of the measure at the last restart, and of all rounds: see `PrimalDualOptions`.
  RestartRule(double sufficient, double necessary, double artificial, Real start)
      : sufficient_(sufficient),
        necessary_(necessary),
        artificial_(artificial),
        at_restart_(start) {}

  /// After round t, `candidate` being what a restart would start from: there the measured progress.
  [[nodiscard]] bool asks(std::int64_t t, Real candidate) {
    ++since_;
    const bool restart =
        candidate <= static_cast<Real>(sufficient_) * at_restart_ ||
        (candidate <= static_cast<Real>(necessary_) * at_restart_ && candidate > before_) ||
        static_cast<double>(since_) >= artificial_ * static_cast<double>(t);
    before_ = candidate;
    return restart;
  }
  void restarted(Real candidate) {
    at_restart_ = candidate;
    before_ = std::numeric_limits<Real>::infinity();
    since_ = 0;
  }

 private:
  double sufficient_;
  double necessary_;
  double artificial_;
  Real at_restart_;
  Real before_ = std::numeric_limits<Real>::infinity();
  std::int64_t since_ = 0;
};

/// A player's part of a move: where it leads, where it began, and the fields of both points there.
template <Scalar Real>
struct MovePart {
  std::span<const Real> x_next, x_last, a_next, a_last;
};

/// The longest step that a move allows, PDLP's, arXiv:2106.04756, section 3.1: moved / (2 |dx' A
/// dy|), `moved` its squared length in the players' metric. Infinite where the product is below the
/// rounding of <A y, x> and says nothing.
template <class Backend, Scalar Real>
[[nodiscard]] Real longest_step(const Backend& backend, Real moved, const MovePart<Real>& first) {
  const Real cross =
      std::abs(backend.dot(first.a_next, first.x_next) - backend.dot(first.a_next, first.x_last) -
               backend.dot(first.a_last, first.x_next) + backend.dot(first.a_last, first.x_last));
  const Real noise =
      8 * std::numeric_limits<Real>::epsilon() *
      std::max(std::abs(backend.max(first.a_next)), std::abs(backend.min(first.a_next)));
  return cross > noise ? moved / (2 * cross) : std::numeric_limits<Real>::infinity();
}

/// The steps of PDLP, where moves allow up to `limit`: cautious growth towards it.
template <Scalar Real>
struct StepHunt {
  bool accepted = false;
  Real next = 0;  ///< the step to take next, or to try instead

  StepHunt(std::int64_t t, Real tried, Real limit) {
    const Real round = static_cast<Real>(t) + 1;
    const Real longer = (1 + std::pow(round, Real(-0.6))) * tried;
    const Real safe = (1 - std::pow(round, Real(-0.3))) * limit;
    accepted = tried <= limit;
    const bool known = limit < std::numeric_limits<Real>::infinity();
    next = accepted && !known ? tried : safe < longer ? safe : longer;
  }
};

/// w^2 = |dx| / |dy| since the last restart, smoothed in the logarithm: both players then use up
/// their budgets at one speed. Distances, not squared.
template <Scalar Real>
[[nodiscard]] Real rebalanced(Real balance, Real dx, Real dy) {
  const Real least = std::numeric_limits<Real>::epsilon();
  return dx > least && dy > least ? std::exp((std::log(dx / dy) + std::log(balance)) / 2) : balance;
}

}  // namespace dag::detail
