// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <dag/core/blocks.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau max_z q(z), q = sum_x w_x nu_x: majority vote as a reward, pooled over the contexts
/// of a question (TTRL, arXiv:2504.16084; one context: its own vote). Reward tau 1[z is the mode of
/// q], shared evenly where modes tie exactly. The limit of powers: nu^a for a -> inf rewards
/// nothing but the mode, scaled by its own share. F is convex: `majority_equilibria` lists what the
/// game with an anchor has. Every context needs the same answers.
template <Scalar Real>
struct MajorityVote {
  using scalar_type = Real;
  Real tau = 1;  ///< weight s, > 0

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real most = 0;
    for (std::size_t z = 0; z < answers.blocks.size(0); ++z) {
      most = std::fmax(most, pooled(answers, z));
    }
    return tau * most;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    const std::size_t n = answers.blocks.size(0);
    Real most = 0, tied = 0;
    for (std::size_t z = 0; z < n; ++z) {
      const Real share = pooled(answers, z);
      tied = share > most ? Real{1} : tied + (share == most ? 1 : 0);
      most = std::fmax(most, share);
    }
    for (std::size_t z = 0; z < n; ++z) {
      const bool mode = pooled(answers, z) == most;
      for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
        out[answers.blocks.offset(x) + z] = mode ? tau * answers.weights[x] / tied : Real{0};
      }
    }
  }

  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, "MajorityVote");
    detail::require_weight(tau, "MajorityVote");
  }

 private:
  [[nodiscard]] static Real pooled(AnswersView<Real> answers, std::size_t z) {
    Real sum = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      sum += answers.weights[x] * answers.nu.point[answers.blocks.offset(x) + z];
    }
    return sum;
  }
};

template <class Real>
MajorityVote(Real) -> MajorityVote<Real>;

}  // namespace dag
