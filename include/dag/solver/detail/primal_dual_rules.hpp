// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <dag/core/concepts.hpp>

namespace dag::detail {

/// When PDLP restarts: arXiv:2106.04756, section 3.2.
template <Scalar Real>
class RestartRule {
 public:
  /// Shares of the gap at the last restart, and of all rounds: see `PrimalDualOptions`.
  RestartRule(double sufficient, double necessary, double artificial, Real gap)
      : sufficient_(sufficient), necessary_(necessary), artificial_(artificial), at_restart_(gap) {}

  /// After round t, the smaller gap of the mean and the last iterate being `candidate`.
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

/// The steps of PDLP, arXiv:2106.04756, section 3.1: a move of squared length `moved` (in the
/// players' metric) and product `cross` = |dx' A dy| allows steps up to moved / (2 cross).
template <Scalar Real>
struct StepHunt {
  bool accepted = false;
  Real next = 0;  ///< the step to take next, or to try instead

  /// `noise`: a product below says nothing about the step, which then stays.
  StepHunt(std::int64_t t, Real tried, Real moved, Real cross, Real noise) {
    const Real limit = cross > noise ? moved / (2 * cross) : std::numeric_limits<Real>::infinity();
    const Real round = static_cast<Real>(t) + 1;
    const Real longer = (1 + std::pow(round, Real(-0.6))) * tried;
    const Real safe = (1 - std::pow(round, Real(-0.3))) * limit;
    accepted = tried <= limit;
    next = accepted && !(cross > noise) ? tried : safe < longer ? safe : longer;
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
