// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag::detail {

/// Maximises a concave J over the policy by directions in s = log nu, each step normalised:
/// nu <- nu exp(length ds). A Newton direction is an ascent direction of J in nu, so backtracking
/// on J makes it globally convergent, and the logarithm keeps small probabilities in reach.
template <class Game>
class PolicyAscent {
 public:
  using Real = typename Game::Real;

  /// Starts at these log-probabilities, normalised.
  PolicyAscent(const Game& game, std::vector<Real> log_nu) : game_(game) {
    for (std::size_t x = 0; x < game.contexts().blocks().count(); ++x) {
      log_normalize(game.contexts().blocks().of(std::span<Real>(log_nu), x));
    }
    at_.log_nu = std::move(log_nu);
    evaluate(at_);
  }

  struct Point {
    std::vector<Real> log_nu, nu;
    std::vector<Real> kkt;  ///< r_x - beta (s - s0), less its mean under nu_x; 0 at equilibrium
    Real value = 0;
    Real error = 0;  ///< max norm of kkt / beta weighted by nu: about the residual
  };

  [[nodiscard]] const Point& at() const { return at_; }

  /// Moves along ds, backtracking; true if J rose or (at the end, where J cannot tell) the error
  /// fell.
  [[nodiscard]] bool move(const std::vector<Real>& ds) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const Blocks& blocks = game_.contexts().blocks();
    Real length = 1;
    // Near the end J no longer tells points apart: a full step helps or nothing does.
    const int halvings = at_.error < Real(1e-9) ? 1 : 40;
    for (int halving = 0; halving < halvings; ++halving, length /= 2) {
      trial_.log_nu = at_.log_nu;
      bool finite = true;
      for (std::size_t i = 0; i < ds.size(); ++i) {
        if (trial_.log_nu[i] > -infinity) {
          trial_.log_nu[i] += length * ds[i];
          finite = finite && std::isfinite(trial_.log_nu[i]);
        }
      }
      if (!finite) {
        continue;
      }
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        log_normalize(blocks.of(std::span<Real>(trial_.log_nu), x));
      }
      evaluate(trial_);
      if (accept_trial()) {
        return true;
      }
    }
    return false;
  }

  /// Goes to a normalised point; true if J rose or the error fell, as for `move`. False: stays.
  [[nodiscard]] bool jump(std::vector<Real> log_nu) {
    trial_.log_nu = std::move(log_nu);
    evaluate(trial_);
    return accept_trial();
  }

  /// J and its stationarity at point.log_nu.
  void evaluate(Point& point) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const Blocks& blocks = game_.contexts().blocks();
    const std::size_t size = game_.policy_size();
    point.nu.resize(size);
    point.kkt.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
      point.nu[i] = std::exp(point.log_nu[i]);
    }
    const StateView<const Real> z{point.nu, point.log_nu};
    game_.field(z, std::span<Real>(point.kkt));
    point.value = game_.value(z);
    point.error = 0;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      Real mean = 0;
      const std::size_t first = blocks.offset(x), last = first + blocks.size(x);
      for (std::size_t i = first; i < last; ++i) {
        if (point.log_nu[i] > -infinity) {
          point.kkt[i] = point.kkt[i] / game_.contexts().weights()[x] -
                         game_.beta() * (point.log_nu[i] - game_.log_reference()[i]);
          mean += point.nu[i] * point.kkt[i];
        } else {
          point.kkt[i] = 0;
        }
      }
      for (std::size_t i = first; i < last; ++i) {
        if (point.log_nu[i] > -infinity) {
          point.kkt[i] -= mean;
          point.error = std::fmax(point.error, std::abs(point.kkt[i]));
        }
      }
    }
    point.error /= game_.beta();
  }

 private:
  [[nodiscard]] bool accept_trial() {
    const Real noise =
        std::numeric_limits<Real>::epsilon() * 16 * (1 + std::abs(at_.value) + game_.beta());
    const bool close = at_.error < Real(1e-6) || trial_.value >= at_.value - noise;
    const bool better = trial_.value > at_.value + noise || (close && trial_.error < at_.error);
    if (better) {
      std::swap(at_, trial_);
    }
    return better;
  }

  const Game& game_;
  Point at_, trial_;
};

}  // namespace dag::detail
