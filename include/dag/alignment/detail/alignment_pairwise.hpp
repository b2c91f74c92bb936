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
#include <dag/alignment/detail/alignment_ascent.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/core/deadline.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag::detail {

/// A pairwise utility seen by one context, the others held: a pointwise utility, whose equilibrium
/// is the context's exact best response.
template <PairwiseUtility U>
struct PairwiseContext {
  using scalar_type = typename U::scalar_type;
  using Real = scalar_type;
  const U& utility;
  AnswersView<Real> answers;
  std::size_t own;

  [[nodiscard]] std::size_t datum(std::size_t i) const { return i; }
  [[nodiscard]] Real term(Probability<Real> nu, std::size_t i) const {
    return sum(
        i, [&](auto other) { return utility.pair_term(nu, other) + utility.pair_term(other, nu); });
  }
  [[nodiscard]] Real reward(Probability<Real> nu, std::size_t i) const {
    return sum(i, [&](auto other) { return utility.pair_reward(nu, other); });
  }
  [[nodiscard]] Real slope(Probability<Real> nu, std::size_t i) const {
    return sum(i, [&](auto other) { return utility.own_slope(nu, other); });
  }

 private:
  template <class Formula>
  [[nodiscard]] Real sum(std::size_t i, Formula&& formula) const {
    const std::size_t size = answers.blocks.size(0);
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      if (x != own) {
        total += answers.weights[x] * formula(answers.at(x * size + i % size));
      }
    }
    return total;
  }
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
  // From agreement on the references' geometric mean, where no ratio of probabilities is large; an
  // answer that only some contexts can give starts at their references.
  std::vector<Real> start(size * count, 0);
  for (std::size_t z = 0; z < size; ++z) {
    Real mean = 0;
    for (std::size_t x = 0; x < count; ++x) {
      mean += weights[x] * game.log_reference()[x * size + z];
    }
    for (std::size_t x = 0; x < count; ++x) {
      start[x * size + z] = mean > -infinity ? mean : game.log_reference()[x * size + z];
    }
  }
  PolicyAscent<Game> ascent(game, std::move(start));
  std::vector<Real> inverse(size * count * count), schur(count * count), multiplier(count);
  std::vector<Real> matrix(count * count), column(count), step(size * count);
  std::vector<std::size_t> pivots(count);
  std::vector<Real> base(size);
  const auto sweep = [&] {
    std::vector<Real> log_nu = ascent.at().log_nu, nu = ascent.at().nu;
    for (std::size_t x = 0; x < count; ++x) {
      const PairwiseContext<typename Game::utility_type> view{
          game.utility(), {game.contexts().blocks(), weights, {nu, log_nu}}, x};
      const auto own = std::span<Real>(log_nu).subspan(x * size, size);
      std::vector<Real> response(own.begin(), own.end());
      ContextResponse<PairwiseContext<typename Game::utility_type>>(view, game.beta())
          .solve(x * size, game.log_reference().subspan(x * size, size), {}, base, response);
      for (std::size_t z = 0; z < size; ++z) {
        own[z] = response[z];
        nu[x * size + z] = std::exp(response[z]);
      }
    }
    return ascent.jump(std::move(log_nu));
  };
  const Deadline deadline(options.stop, options.time_limit, "equilibrium");
  for (found.iterations = 0; found.iterations < options.max_iterations; ++found.iterations) {
    if (deadline.passed()) {
      break;
    }
    const auto& at = ascent.at();
    if (at.error == 0) {
      break;
    }
    schur.assign(count * count, 0);
    multiplier.assign(count, 0);
    bool regular = true;
    for (std::size_t z = 0; z < size && regular; ++z) {
      const auto alive = [&](std::size_t x) { return at.log_nu[x * size + z] > -infinity; };
      matrix.assign(count * count, 0);
      for (std::size_t x = 0; x < count; ++x) {
        if (!alive(x)) {
          matrix[x * count + x] = 1;  // ds = 0
          continue;
        }
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
        column[y] = alive(y) ? Real{1} : Real{0};
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
        for (std::size_t y = 0; y < count; ++y) {
          sum += inverse[(z * count + x) * count + y] * (at.kkt[y * size + z] - multiplier[y]);
        }
        step[x * size + z] = sum;
      }
    }
    const Real before = at.error;
    const bool moved = ascent.move(step);
    const bool halved = moved && ascent.at().error <= before / 2;
    if (!halved && (before < Real(1e-9) || (!sweep() && !moved))) {
      break;
    }
  }
  found.log_nu = ascent.at().log_nu;
}

}  // namespace dag::detail
