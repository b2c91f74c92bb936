// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <dag/core/error.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/utility_concepts.hpp>

// Value and gradient of any utility from its formula: the one place where formulas are summed.
// `target`: the strategies of adversarial Targets, stacked in the order of the parts; empty where
// there are none.

namespace dag {

/// Number of the Target's own variables: mixtures and multipliers; 0 without an adversarial part.
template <Utility U>
[[nodiscard]] std::size_t target_size(const U& u) {
  std::size_t size = 0;
  for_each_part(u, [&](const auto& part) {
    if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      size += part.target_size();
    }
  });
  return size;
}

/// Refuses data that do not fit these blocks: whatever each part's `check` refuses.
template <Utility U>
void check_utility(const U& u, const Blocks& blocks) {
  for_each_part(u, [&](const auto& part) {
    if constexpr (requires { part.check(blocks); }) {
      part.check(blocks);
    }
  });
}

namespace detail {

/// nu_x(C_x).
template <class U, Scalar Real>
[[nodiscard]] Probability<Real> event_probability(const U& u, AnswersView<Real> answers,
                                                  std::size_t x) {
  Real inside = 0;
  LogSumExp<Real> log;
  const Blocks& blocks = answers.blocks;
  for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
    if (u.correct(i)) {
      inside += answers.nu.point[i];
      log.add(answers.nu.dual[i]);
    }
  }
  // Rounding must not push a certain event above 1.
  return {std::fmin(inside, Real{1}), std::fmin(log.value(), Real{0})};
}

/// <a_k, nu> + b_k.
template <class U, Scalar Real>
[[nodiscard]] Real target_payoff(const U& u, AnswersView<Real> answers, std::size_t k) {
  const std::span<const Real> row = u.target_row(k);
  Real total = u.target_offset(k);
  for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
    Real sum = 0;
    const std::size_t first = answers.blocks.offset(x);
    for (std::size_t i = first; i < first + answers.blocks.size(x); ++i) {
      sum += row[i] * answers.nu.point[i];
    }
    total += U::context_weighted ? answers.weights[x] * sum : sum;
  }
  return total;
}

}  // namespace detail

/// Phi(nu, target): F(nu) where no part is adversarial. Errors: dimension_mismatch.
template <Utility U, Scalar Real = typename U::scalar_type>
[[nodiscard]] Real value_of(const U& u, AnswersView<Real> answers,
                            std::span<const Real> target = {}) {
  const Blocks& blocks = answers.blocks;
  Real total = 0;
  std::size_t k = 0;
  for_each_part(u, [&](const auto& part) {
    using Part = std::remove_cvref_t<decltype(part)>;
    if constexpr (PointwiseUtility<Part> || EventUtility<Part>) {
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        Real sum = 0;
        if constexpr (PointwiseUtility<Part>) {
          for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
            sum += detail::term_at(part, i, answers.at(i));
          }
        } else {
          sum = part.event_term(detail::event_probability(part, answers, x));
        }
        total += answers.weights[x] * sum;
      }
    } else if constexpr (CoherenceUtility<Part>) {
      const Real log_total = log_pool_total(part, answers);
      const std::size_t size = blocks.size(0);
      for (std::size_t z = 0; z < size; ++z) {
        const auto q = Probability<Real>::of_log(part.log_pool(answers, z) - log_total);
        for (std::size_t x = 0; x < blocks.count(); ++x) {
          total += answers.weights[x] * part.pair_term(answers.at(x * size + z), q);
        }
      }
    } else if constexpr (PairwiseUtility<Part>) {
      const std::size_t size = blocks.size(0);
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        for (std::size_t y = 0; y < blocks.count(); ++y) {
          for (std::size_t z = 0; x != y && z < size; ++z) {
            total += answers.weights[x] * answers.weights[y] *
                     part.pair_term(answers.at(x * size + z), answers.at(y * size + z));
          }
        }
      }
    } else if constexpr (AdversarialUtility<Part>) {
      require(k + part.target_size() <= target.size(), Errc::dimension_mismatch,
              "value_of: an adversarial utility needs its Target's strategy; got ", target.size(),
              " entries");
      for (std::size_t j = 0; j < part.target_size(); ++j, ++k) {
        total += target[k] * detail::target_payoff(part, answers, j);
      }
    } else {
      total += part.value(answers);
    }
  });
  return total;
}

/// out = dPhi/dnu_x(z), with w_x in it, up to a constant a context. `scratch` (as long as out) is
/// used where a part is a user's own.
template <Utility U, Scalar Real = typename U::scalar_type>
void gradient_of(const U& u, AnswersView<Real> answers, std::span<const Real> target,
                 std::span<Real> out, std::span<Real> scratch) {
  const Blocks& blocks = answers.blocks;
  for (Real& g : out) {
    g = 0;
  }
  std::size_t k = 0;
  for_each_part(u, [&](const auto& part) {
    using Part = std::remove_cvref_t<decltype(part)>;
    if constexpr (PointwiseUtility<Part> || EventUtility<Part>) {
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        const std::size_t first = blocks.offset(x), last = first + blocks.size(x);
        if constexpr (PointwiseUtility<Part>) {
          for (std::size_t i = first; i < last; ++i) {
            out[i] += answers.weights[x] * detail::reward_at(part, i, answers.at(i));
          }
        } else {
          const Real reward = part.event_reward(detail::event_probability(part, answers, x));
          for (std::size_t i = first; i < last; ++i) {
            out[i] += part.correct(i) ? answers.weights[x] * reward : Real{0};
          }
        }
      }
    } else if constexpr (CoherenceUtility<Part>) {
      const Real log_total = log_pool_total(part, answers);
      const std::size_t size = blocks.size(0);
      for (std::size_t z = 0; z < size; ++z) {
        const auto q = Probability<Real>::of_log(part.log_pool(answers, z) - log_total);
        for (std::size_t x = 0; x < blocks.count(); ++x) {
          const std::size_t i = x * size + z;
          out[i] += answers.weights[x] * part.pair_reward(answers.at(i), q);
        }
      }
    } else if constexpr (PairwiseUtility<Part>) {
      const std::size_t size = blocks.size(0);
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        for (std::size_t y = 0; y < blocks.count(); ++y) {
          for (std::size_t z = 0; x != y && z < size; ++z) {
            out[x * size + z] +=
                answers.weights[x] * answers.weights[y] *
                part.pair_reward(answers.at(x * size + z), answers.at(y * size + z));
          }
        }
      }
    } else if constexpr (AdversarialUtility<Part>) {
      require(k + part.target_size() <= target.size(), Errc::dimension_mismatch,
              "gradient_of: an adversarial utility needs its Target's strategy; got ",
              target.size(), " entries");
      for (std::size_t j = 0; j < part.target_size(); ++j, ++k) {
        const std::span<const Real> row = part.target_row(j);
        for (std::size_t x = 0; x < blocks.count(); ++x) {
          const Real scale = Part::context_weighted ? answers.weights[x] * target[k] : target[k];
          for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
            out[i] += scale * row[i];
          }
        }
      }
    } else {
      part.gradient(answers, scratch);
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += scratch[i];
      }
    }
  });
}

}  // namespace dag
