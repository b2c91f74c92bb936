// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/error.hpp>
#include <dag/core/serial_block.hpp>
#include <dag/detail/config.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/parts.hpp>
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

/// Atom: a family whose value and rewards follow from a formula (parts.hpp).
template <class U>
concept HasFormula =
    PointwiseUtility<U> || EventUtility<U> || CoherenceUtility<U> || PairwiseUtility<U>;

/// Terms and rewards of a utility that keeps its data itself.
template <class U>
struct TermOf {
  const U* utility;
  DAG_CALLS_HOST
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(std::size_t i, Probability<Real> nu) const {
    return term_at(*utility, i, nu);
  }
  DAG_CALLS_HOST
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real reward(std::size_t i, Probability<Real> nu) const {
    return reward_at(*utility, i, nu);
  }
};
template <class U>
struct CorrectOf {
  const U* utility;
  DAG_CALLS_HOST
  [[nodiscard]] DAG_HOST_DEVICE bool operator[](std::size_t i) const { return utility->correct(i); }
};
template <class Pool, class Real>
struct ConsensusOf {
  const Pool* pool;
  AnswersView<Real> answers;
  Real log_total;
  DAG_CALLS_HOST
  [[nodiscard]] DAG_HOST_DEVICE Probability<Real> operator()(std::size_t z) const {
    return Probability<Real>::of_log(pool->log_pool(answers, z) - log_total);
  }
};

/// The utility over these answers as host and device evaluate it.
template <class U, Scalar Real>
[[nodiscard]] auto part_over(const U& u, AnswersView<Real> answers) {
  const AnswerArrays<Real> arrays{answers.blocks.offsets().data(),
                                  answers.weights.data(),
                                  answers.blocks.count(),
                                  {answers.nu.point.data(), answers.nu.dual.data()}};
  if constexpr (PointwiseUtility<U>) {
    return PointwisePart<Real, TermOf<U>>{arrays, {&u}};
  } else if constexpr (EventUtility<U>) {
    return EventPart<Real, const U&, CorrectOf<U>>{arrays, u, {&u}};
  } else if constexpr (CoherenceUtility<U>) {
    return PoolPart<Real, U, ConsensusOf<U, Real>>{
        arrays, u, {&u, answers, log_pool_total(u, answers)}};
  } else {
    return PairwisePart<Real, U>{arrays, u};
  }
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
  Real total = 0;
  std::size_t k = 0;
  for_each_part(u, [&](const auto& part) {
    using Part = std::remove_cvref_t<decltype(part)>;
    if constexpr (detail::HasFormula<Part>) {
      const auto over = detail::part_over(part, answers);
      for (std::size_t b = 0; b < over.blocks(); ++b) {
        const detail::SerialBlock block(b);
        total += over.value(block, b);
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
    if constexpr (detail::HasFormula<Part>) {
      const auto over = detail::part_over(part, answers);
      for (std::size_t b = 0; b < over.blocks(); ++b) {
        const detail::SerialBlock block(b);
        over.add_rewards(block, b, out.data());
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
