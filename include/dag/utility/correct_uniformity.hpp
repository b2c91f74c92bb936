// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include <dag/core/blocks.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x nu_x(C_x) H(nu_x given C_x) = -tau sum_x w_x sum_{z in C_x} nu_x(z) log
/// (nu_x(z) / nu_x(C_x)): evenness among the right answers, however probable they are together.
/// Concave: the perspective of the entropy. H(nu given C) itself is constant along rays of the
/// right answers' masses, and such a function is concave only where it is constant. Reward -tau log
/// (nu(z) / nu(C)) >= 0 on C, 0 off it: it never pushes away from C, as `CorrectEntropy` may.
/// Purpose as of UCPO (arXiv:2605.00365), whose uniform-correct policy is its maximum with a reward
/// for C. Equilibrium in closed form: given C, nu ∝ nu0^(beta / (beta + tau)); the odds of C times
/// (sum_{z in C} nu0(z given C)^(beta / (beta + tau)))^((beta + tau) / beta).
template <Scalar Real>
struct CorrectUniformity {
  using scalar_type = Real;
  CorrectSet correct_set;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const Real log_mass = log_right(answers, x);
      for (std::size_t i = answers.blocks.offset(x); i < end(answers, x); ++i) {
        if (correct_set[i] && answers.nu.point[i] > 0) {
          total -= answers.weights[x] * answers.nu.point[i] * (answers.nu.dual[i] - log_mass);
        }
      }
    }
    return tau * total;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      const Real log_mass = log_right(answers, x);
      const bool any = log_mass > -std::numeric_limits<Real>::infinity();
      for (std::size_t i = answers.blocks.offset(x); i < end(answers, x); ++i) {
        out[i] = correct_set[i] && any ? -answers.weights[x] * tau * (answers.nu.dual[i] - log_mass)
                                       : Real{0};
      }
    }
  }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "CorrectUniformity");
    detail::require_weight(tau, "CorrectUniformity");
  }

 private:
  [[nodiscard]] static std::size_t end(AnswersView<Real> answers, std::size_t x) {
    return answers.blocks.offset(x) + answers.blocks.size(x);
  }
  [[nodiscard]] Real log_right(AnswersView<Real> answers, std::size_t x) const {
    LogSumExp<Real> sum;
    for (std::size_t i = answers.blocks.offset(x); i < end(answers, x); ++i) {
      if (correct_set[i]) {
        sum.add(answers.nu.dual[i]);
      }
    }
    return sum.value();
  }
};

}  // namespace dag
