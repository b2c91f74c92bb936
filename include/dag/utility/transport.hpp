// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/divergence/entropic_transport.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x OT_eps(nu_x, p_x): how far answers have to be moved, at a ground cost
/// between answers, to become the target. Target player: adversarial, plays the potentials f of
/// Sinkhorn's algorithm. Reward -tau f(z). Small eps: Wasserstein; large eps: the mean cost to p.
/// The entropy blurs: F is largest a little inside of nu = p. Each value or gradient runs
/// Sinkhorn's algorithm (allocates). Equilibrium: Newton on differenced gradients, or proximal
/// ascent. Source: arXiv:1306.0895, arXiv:1810.08278. Errors: dimension_mismatch,
/// not_a_distribution, invalid_argument (also where Sinkhorn's algorithm needs more rounds than
/// allowed: raise eps or max_rounds).
template <Scalar Real>
struct EntropicTransportToGoal {
  using scalar_type = Real;
  Goal<Real> goal;         ///< p, stacked over contexts
  std::vector<Real> cost;  ///< n x n, row-major; row: answer of the policy; units of F / tau
  Real tau = 1;            ///< weight, > 0
  EntropicTransportOptions<Real> options = {};

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      total -= tau * answers.weights[x] * solve(answers, x).value;
    }
    return total;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const EntropicTransport<Real> found = solve(answers, x);
      for (std::size_t z = 0; z < found.source.size(); ++z) {
        out[answers.blocks.offset(x) + z] = -tau * answers.weights[x] * found.source[z];
      }
    }
  }

  void check(const Blocks& blocks) const {
    goal.check(blocks, "EntropicTransportToGoal");
    detail::require_weight(tau, "EntropicTransportToGoal");
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      require(blocks.size(x) * blocks.size(x) == cost.size(), Errc::dimension_mismatch,
              "EntropicTransportToGoal: context ", x, " has ", blocks.size(x),
              " answers, so the cost needs the square of that, got ", cost.size(), " entries");
    }
  }

 private:
  [[nodiscard]] EntropicTransport<Real> solve(AnswersView<Real> answers, std::size_t x) const {
    const std::size_t first = answers.blocks.offset(x), size = answers.blocks.size(x);
    std::vector<Real> log_p(size);
    for (std::size_t z = 0; z < size; ++z) {
      log_p[z] = goal[first + z].log;
    }
    EntropicTransport<Real> found =
        entropic_transport(std::span<const Real>(cost), answers.nu.dual.subspan(first, size),
                           std::span<const Real>(log_p), options);
    require(found.status == Status::converged, Errc::invalid_argument,
            "EntropicTransportToGoal: Sinkhorn's algorithm did not converge in ", found.rounds,
            " rounds at epsilon ", options.epsilon, "; raise epsilon or max_rounds");
    return found;
  }
};

}  // namespace dag
