// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/game/alignment.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/solver/alignment_solution.hpp>

namespace dag::detail {

/// The reference, with no probability where the utility rules an answer out.
template <class Game, class Real = typename Game::Real>
void start_at_reference(const Game& game, std::vector<Real>& log_nu) {
  const Blocks& blocks = game.contexts().blocks();
  log_nu.assign(game.log_reference().begin(), game.log_reference().end());
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    log_normalize(blocks.of(std::span<Real>(log_nu), x));
  }
}

/// Maximises a concave J over the policy by directions in s = log nu, each step normalised:
/// nu <- nu exp(length ds). A Newton direction is an ascent direction of J in nu, so backtracking
/// on J makes it globally convergent, and the logarithm keeps small probabilities in reach.
template <class Game>
class PolicyAscent {
 public:
  using Real = typename Game::Real;

  explicit PolicyAscent(const Game& game) : game_(game) {
    start_at_reference(game, at_.log_nu);
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
    const Real noise = std::numeric_limits<Real>::epsilon() * 16 * (1 + std::abs(at_.value));
    Real length = 1;
    for (int halving = 0; halving < 40; ++halving, length /= 2) {
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
      if (trial_.value > at_.value + noise ||
          (trial_.value >= at_.value - noise && trial_.error < at_.error)) {
        std::swap(at_, trial_);
        return true;
      }
    }
    return false;
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
  const Game& game_;
  Point at_, trial_;
};

/// Newton for pairwise coherence: the Hessian couples the contexts answer by answer, so a step is
/// one X x X system an answer and one for the X normalisations. O(n X^3) a round.
template <class Game>
void column_newton(const Game& game, const EquilibriumOptions<typename Game::Real>& options,
                   AlignmentSolution<typename Game::Real>& found) {
  using Real = typename Game::Real;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  const std::size_t count = game.contexts().blocks().count();
  const std::size_t size = game.contexts().blocks().size(0);
  const auto weights = game.contexts().weights();
  PolicyAscent<Game> ascent(game);
  std::vector<Real> inverse(size * count * count), schur(count * count), multiplier(count);
  std::vector<Real> matrix(count * count), column(count), step(size * count);
  std::vector<std::size_t> pivots(count);
  for (found.iterations = 0; found.iterations < options.max_iterations; ++found.iterations) {
    const auto& at = ascent.at();
    if (at.error == 0) {
      break;
    }
    schur.assign(count * count, 0);
    multiplier.assign(count, 0);
    bool regular = true;
    for (std::size_t z = 0; z < size && regular; ++z) {
      if (!(at.log_nu[z] > -infinity)) {
        continue;  // common support
      }
      matrix.assign(count * count, 0);
      for (std::size_t x = 0; x < count; ++x) {
        const Probability<Real> own{at.nu[x * size + z], at.log_nu[x * size + z]};
        matrix[x * count + x] = game.beta();
        for (std::size_t y = 0; y < count; ++y) {
          if (y != x) {
            const Probability<Real> other{at.nu[y * size + z], at.log_nu[y * size + z]};
            matrix[x * count + x] -= weights[y] * game.utility().own_slope(own, other);
            matrix[x * count + y] -= weights[y] * game.utility().other_slope(own, other);
          }
        }
      }
      regular = lu_factor(matrix, std::span<std::size_t>(pivots));
      for (std::size_t y = 0; y < count && regular; ++y) {
        column.assign(count, 0);
        column[y] = 1;
        lu_solve(matrix, std::span<const std::size_t>(pivots), column);
        for (std::size_t x = 0; x < count; ++x) {
          inverse[(z * count + x) * count + y] = column[x];
          schur[x * count + y] += at.nu[x * size + z] * column[x];
          multiplier[x] += at.nu[x * size + z] * column[x] * at.kkt[y * size + z];
        }
      }
    }
    if (!regular || !lu_factor(schur, std::span<std::size_t>(pivots))) {
      break;
    }
    lu_solve(schur, std::span<const std::size_t>(pivots), multiplier);
    for (std::size_t z = 0; z < size; ++z) {
      for (std::size_t x = 0; x < count; ++x) {
        Real sum = 0;
        for (std::size_t y = 0; y < count && at.log_nu[z] > -infinity; ++y) {
          sum += inverse[(z * count + x) * count + y] * (at.kkt[y * size + z] - multiplier[y]);
        }
        step[x * size + z] = sum;
      }
    }
    if (!ascent.move(step)) {
      break;
    }
  }
  found.log_nu = ascent.at().log_nu;
}

/// For sums and users' own utilities, from values and gradients alone. Up to `newton_limit`
/// answers: Newton with the gradient differenced along every answer (n gradients a round). Above,
/// or where that fails: proximal ascent, s <- (s + eta (r + beta s0)) / (1 + eta beta), its step
/// eta adapted.
template <class Game>
void generic_ascent(const Game& game, const EquilibriumOptions<typename Game::Real>& options,
                    AlignmentSolution<typename Game::Real>& found) {
  using Real = typename Game::Real;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  constexpr std::size_t newton_limit = 400;
  const Blocks& blocks = game.contexts().blocks();
  PolicyAscent<Game> ascent(game);
  std::vector<std::size_t> alive, context;
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
      if (ascent.at().log_nu[i] > -infinity) {
        alive.push_back(i);
        context.push_back(x);
      }
    }
  }
  const std::size_t size = alive.size(), total = size + blocks.count();
  const bool use_newton = size <= newton_limit;
  std::vector<Real> step(game.policy_size());
  std::vector<Real> matrix(use_newton ? total * total : 0), right(total);
  std::vector<std::size_t> pivots(total);
  typename PolicyAscent<Game>::Point probe;

  const auto newton_step = [&] {
    const auto& at = ascent.at();
    for (Real& entry : matrix) {
      entry = 0;
    }
    // About eps^(1/3) for central differences.
    const Real h = std::cbrt(std::numeric_limits<Real>::epsilon());
    for (std::size_t j = 0; j < size; ++j) {
      const auto block = blocks.of(std::span<const Real>(at.log_nu), context[j]);
      std::vector<Real> sides[2];
      for (int side = 0; side < 2; ++side) {
        probe.log_nu = at.log_nu;
        probe.log_nu[alive[j]] += side == 0 ? h : -h;
        const auto moved =
            std::span<Real>(probe.log_nu).subspan(blocks.offset(context[j]), block.size());
        log_normalize(moved);
        ascent.evaluate(probe);
        sides[side] = probe.kkt;
      }
      for (std::size_t i = 0; i < size; ++i) {
        matrix[i * total + j] = (sides[1][alive[i]] - sides[0][alive[i]]) / (2 * h);
      }
      matrix[(size + context[j]) * total + j] = at.nu[alive[j]];
      matrix[j * total + size + context[j]] = 1;
      right[j] = at.kkt[alive[j]];
    }
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      right[size + x] = 0;
    }
    if (!lu_factor(matrix, std::span<std::size_t>(pivots))) {
      return false;
    }
    lu_solve(matrix, std::span<const std::size_t>(pivots), right);
    for (Real& s : step) {
      s = 0;
    }
    for (std::size_t j = 0; j < size; ++j) {
      step[alive[j]] = right[j];
    }
    return true;
  };

  Real eta = 1 / game.beta();
  int failures = 0;
  for (found.iterations = 0; found.iterations < options.max_iterations; ++found.iterations) {
    if (ascent.at().error <= std::numeric_limits<Real>::epsilon() || failures > 60) {
      break;
    }
    if (use_newton && failures == 0) {
      if (newton_step() && ascent.move(step)) {
        continue;
      }
      if (ascent.at().error <= options.tolerance) {
        break;
      }
    }
    // kkt = r - beta (s - s0) less a constant, so the prox step is eta kkt / (1 + eta beta).
    for (std::size_t i = 0; i < step.size(); ++i) {
      step[i] = eta / (1 + eta * game.beta()) * ascent.at().kkt[i];
    }
    const Real before = ascent.at().error;
    if (ascent.move(step)) {
      failures = 0;
      eta = ascent.at().error < before ? eta * Real(1.5) : eta / 2;
    } else {
      ++failures;
      eta /= 4;
    }
  }
  found.log_nu = ascent.at().log_nu;
}

}  // namespace dag::detail
