// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/alignment/detail/alignment_ascent.hpp>
#include <dag/core/deadline.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag::detail {

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
  PolicyAscent<Game> ascent(game, {game.log_reference().begin(), game.log_reference().end()});
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
  // The error has to fall by a tenth in so many rounds: else rounding holds it where it is.
  constexpr std::int64_t patience = 200;
  Real least = infinity;
  std::int64_t since = 0;
  const Deadline deadline(options.stop, options.time_limit, "equilibrium");
  for (found.iterations = 0; found.iterations < options.max_iterations; ++found.iterations) {
    if (ascent.at().error < Real(0.9) * least) {
      least = ascent.at().error;
      since = found.iterations;
    }
    if (deadline.passed() || found.iterations - since >= patience) {
      break;
    }
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
