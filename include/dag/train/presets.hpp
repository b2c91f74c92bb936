// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/train/constraint_objective.hpp>
#include <dag/train/goal_objective.hpp>
#include <dag/train/objective.hpp>
#include <dag/train/robust_objective.hpp>
#include <dag/train/sum_objective.hpp>
#include <dag/train/train_options.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/tsallis.hpp>

// Answer-level alignment by name: what to reward and how to train, ready for `train`. Each preset
// is a struct of settings and a function that gives the objective with the options.

namespace dag {

/// An objective and the options it is trained with; change either before `train`.
struct TrainPreset {
  AnyObjective objective;
  TrainOptions options;
};

/// A number for an answer: a reward, a target's probability.
using AnswerFunction = std::function<double(const AnswerAt&)>;

/// Small steps, a KL anchor, clipped gradients: a start for language models.
[[nodiscard]] inline TrainOptions preset_options(double beta) {
  return {.steps = 200,
          .questions_per_step = 8,
          .group_size = 8,
          .beta = beta,
          .learning_rate = {.peak = 5e-5, .warm_up = 5},
          .clip_norm = 1};
}

/// Agreement of the contexts of a question (self-improvement without labels).
struct CoherenceGrpo {
  Pool pool = Pool::arithmetic;
  EstimatorKind estimator = EstimatorKind::variance_optimal;  ///< of logarithms
  double tau = 1;
  double smoothing = 0.5;  ///< of the geometric pool
  /// A consensus that stays (`QuestionConsensus`: across contexts or within one). Empty: that of
  /// the step's own samples, which is across contexts; within one it would be the policy itself.
  AnswerFunction frozen = {};
  TrainOptions options = preset_options(0.05);
};
[[nodiscard]] inline TrainPreset coherence_grpo(CoherenceGrpo settings = {}) {
  CoherenceGrpo& s = settings;
  if (!s.frozen) {
    return {CoherenceObjective(s.pool, s.estimator, s.tau, s.smoothing), std::move(s.options)};
  }
  require(s.pool != Pool::pairwise, Errc::invalid_argument,
          "coherence_grpo: pairs have no consensus to freeze; use another pool");
  const auto pull = [&](auto pool) -> TrainPreset {
    using Frozen = FrozenConsensus<decltype(pool)>;
    return {GoalObjective(Frozen{pool, {}}, std::move(s.frozen), s.estimator),
            std::move(s.options)};
  };
  switch (s.pool) {
    case Pool::geometric: return pull(GeometricCoherence<double>{s.tau});
    case Pool::euclidean: return pull(EuclideanCoherence<double>{s.tau});
    default: return pull(ArithmeticCoherence<double>{s.tau});
  }
}

enum class Diversity { shannon, gini, tsallis };

/// Answers that differ, beside a reward if there is one.
struct DiversityGrpo {
  Diversity measure = Diversity::shannon;
  double tau = 1;
  double order = 3;                                           ///< of Tsallis, > 0 and not 1
  EstimatorKind estimator = EstimatorKind::variance_optimal;  ///< of Shannon's logarithm
  AnswerFunction reward = {};
  TrainOptions options = preset_options(0.05);
};
[[nodiscard]] inline AnyObjective diversity_objective(Diversity measure, double tau, double order,
                                                      EstimatorKind estimator) {
  if (measure == Diversity::shannon) {
    const TableReward table = ShannonEntropy<double>{tau}.table_reward();
    return TableObjective(estimator, table.function, table.scale);
  }
  const double a = measure == Diversity::gini ? 2 : order;
  require(a > 0 && a != 1, Errc::invalid_argument,
          "diversity_grpo: the order must be > 0 and not 1 (that is Shannon's entropy), got ", a);
  require(a > 1, Errc::unsupported,
          "diversity_grpo: orders below 1 have no reward table; use UtilityObjective, got ", a);
  const bool polynomial = a == std::floor(a);
  const TableReward table = TsallisEntropy<double>{tau, a}.table_reward();
  return TableObjective(polynomial ? EstimatorKind::u_statistic : EstimatorKind::plug_in,
                        table.function, table.scale);
}
[[nodiscard]] inline TrainPreset diversity_grpo(DiversityGrpo settings = {}) {
  DiversityGrpo& s = settings;
  AnyObjective diversity = diversity_objective(s.measure, s.tau, s.order, s.estimator);
  if (!s.reward) {
    return {std::move(diversity), std::move(s.options)};
  }
  SumObjective sum;
  sum.add(std::move(diversity)).add(AnswerReward(std::move(s.reward)));
  return {std::move(sum), std::move(s.options)};
}

enum class CorrectnessKind { reward, log_likelihood, pass_at_k };

/// Labels: an expected reward, the log-likelihood of the correct answers, or pass@k.
struct Correctness {
  CorrectnessKind kind = CorrectnessKind::reward;
  AnswerFunction reward = {};  ///< `reward`: any number; the others: correct where > 0
  int k = 4;                   ///< of pass@k
  double tau = 1;
  TrainOptions options = preset_options(0.05);
};
[[nodiscard]] inline TrainPreset correctness(Correctness settings) {
  Correctness& s = settings;
  require(static_cast<bool>(s.reward), Errc::invalid_argument, "correctness: needs a reward");
  if (s.kind == CorrectnessKind::reward) {
    const auto scaled = [reward = std::move(s.reward), tau = s.tau](const AnswerAt& at) {
      return tau * reward(at);
    };
    return {AnswerReward(scaled), std::move(s.options)};
  }
  const bool tries = s.kind == CorrectnessKind::pass_at_k;
  const auto correct = [reward = std::move(s.reward)](const AnswerAt& at) {
    return reward(at) > 0;
  };
  return {EventObjective(tries ? EstimatorKind::u_statistic : EstimatorKind::plug_in,
                         tries ? RewardFunction::pass_at_k(s.k) : RewardFunction::inverse(), s.tau,
                         correct),
          std::move(s.options)};
}

namespace detail {

/// The base, if there is one, and a Target that moves.
[[nodiscard]] inline SumObjective beside(std::optional<AnyObjective> base, AnyObjective target) {
  SumObjective sum;
  if (base) {
    sum.add(std::move(*base));
  }
  sum.add(std::move(target));
  return sum;
}

}  // namespace detail

/// A base objective (none: stay near the reference) under hard constraints on the answers.
struct Constrained {
  std::vector<AnswerConstraint> constraints = {};
  MultiplierOptions multipliers = {};
  std::optional<AnyObjective> base = {};
  TrainOptions options = preset_options(0.05);
};
[[nodiscard]] inline TrainPreset constrained(Constrained settings) {
  return {
      detail::beside(std::move(settings.base),
                     ConstraintObjective(std::move(settings.constraints), settings.multipliers)),
      std::move(settings.options)};
}

/// The worst mixture of several reward models, beside a base objective if there is one.
struct Robust {
  std::vector<AnswerFunction> rewards = {};
  double step = 0.1;
  std::optional<AnyObjective> base = {};
  TrainOptions options = preset_options(0.05);
};
[[nodiscard]] inline TrainPreset robust(Robust settings) {
  return {detail::beside(std::move(settings.base),
                         RobustObjective(std::move(settings.rewards), settings.step)),
          std::move(settings.options)};
}

}  // namespace dag
