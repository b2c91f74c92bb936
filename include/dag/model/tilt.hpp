// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// A best response to answer-level rewards: pi(y) = reference(y) exp(r(a(y)) / beta) / Z.
template <class Model>
struct Tilted {
  Model policy;
  typename Model::scalar_type log_normalizer;  ///< log Z = log E_reference exp(r(a(y)) / beta)
};

namespace detail {

template <std::floating_point Scalar>
void check_tilt(std::span<const Scalar> rewards, std::size_t answers, Scalar beta) {
  require(beta > 0 && beta < std::numeric_limits<Scalar>::infinity(), Errc::invalid_argument,
          "tilt: beta must be finite and > 0, got ", beta);
  require(rewards.size() == answers, Errc::dimension_mismatch, "tilt: need one reward per answer (",
          answers, "), got ", rewards.size());
  for (std::size_t answer = 0; answer < answers; ++answer) {
    require(rewards[answer] < std::numeric_limits<Scalar>::infinity(), Errc::not_finite,
            "tilt: a reward must be finite or -inf, got ", rewards[answer], " for answer ", answer);
    require(rewards[answer] / beta < std::numeric_limits<Scalar>::infinity(), Errc::not_finite,
            "tilt: reward / beta overflows for reward ", rewards[answer], " and beta ", beta);
  }
}

template <std::floating_point Scalar>
void check_log_normalizer(Scalar log_normalizer) {
  require(log_normalizer > -std::numeric_limits<Scalar>::infinity(), Errc::not_a_distribution,
          "tilt: every answer that the reference gives mass to has reward -inf; leave one finite");
}

}  // namespace detail

/// A model with a fixed question whose answer distribution is exact and which has an exact best
/// response `tilt(model, rewards, beta)`.
template <class Model>
concept TiltableModel = ExactAnswerModel<Model> &&
    std::same_as<typename Model::prompt_type, NoPrompt> &&
    requires(const Model& model, std::span<const typename Model::scalar_type> rewards,
             typename Model::scalar_type beta) {
  { tilt(model, rewards, beta) } -> std::same_as<Tilted<Model>>;
};

/// The lift of an answer distribution to traces: pi(y) = reference(y) nu(a(y)) / nu0(a(y)), the
/// policy closest to the reference (in KL) among those with answer distribution nu. It keeps the
/// reference's conditionals given the answer, and KL(pi||reference) = KL(nu||nu0).
///
/// log_nu: one entry per answer, summing to one within sqrt(epsilon). Throws dimension_mismatch,
/// not_finite, not_a_distribution (the sum, or mass on an answer that the reference cannot give).
template <ExactAnswerModel Model>
[[nodiscard]] Model lift(const Model& reference,
                         std::span<const typename Model::scalar_type> log_nu) {
  using Scalar = typename Model::scalar_type;
  constexpr Scalar none = -std::numeric_limits<Scalar>::infinity();
  const std::size_t answers = reference.answer_count(NoPrompt{});
  require(log_nu.size() == answers, Errc::dimension_mismatch,
          "lift: need one log-probability per answer (", answers, "), got ", log_nu.size());
  for (std::size_t answer = 0; answer < answers; ++answer) {
    require(log_nu[answer] < std::numeric_limits<Scalar>::infinity(), Errc::not_finite,
            "lift: a log-probability must be finite or -inf, got ", log_nu[answer], " for answer ",
            answer);
  }
  const Scalar total = log_sum_exp(log_nu);
  require(std::abs(total) <= std::sqrt(std::numeric_limits<Scalar>::epsilon()),
          Errc::not_a_distribution, "lift: probabilities must sum to one, the log of the sum is ",
          total);
  std::vector<Scalar> ratio(answers);
  reference.answer_log_probs(NoPrompt{}, ratio);
  for (std::size_t answer = 0; answer < answers; ++answer) {
    require(!(log_nu[answer] > none) || ratio[answer] > none, Errc::not_a_distribution,
            "lift: answer ", answer, " has mass but the reference cannot give it");
    ratio[answer] = log_nu[answer] > none ? log_nu[answer] - ratio[answer] : none;
  }
  return tilt(reference, std::span<const Scalar>(ratio), Scalar{1}).policy;
}

/// pi(.|a(y) = answer): the model given its answer. Throws invalid_argument for an answer out of
/// range, not_a_distribution for one without mass.
template <ExactAnswerModel Model>
[[nodiscard]] Model given_answer(const Model& model, std::size_t answer) {
  using Scalar = typename Model::scalar_type;
  const std::size_t answers = model.answer_count(NoPrompt{});
  require(answer < answers, Errc::invalid_argument, "given_answer: the answer must be below ",
          answers, ", got ", answer);
  std::vector<Scalar> rewards(answers, -std::numeric_limits<Scalar>::infinity());
  rewards[answer] = 0;
  return tilt(model, std::span<const Scalar>(rewards), Scalar{1}).policy;
}

}  // namespace dag
