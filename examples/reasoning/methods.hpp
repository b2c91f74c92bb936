// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy.hpp"
#include "task.hpp"

#include <dag/estimate/reward_function.hpp>
#include <dag/train/sum_objective.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace reasoning {

/// What a method is called in the tables.
struct Method {
  std::string name;
  std::string table;  ///< estimator of logarithms: plug-in, aqp, or - where there is no choice
  [[nodiscard]] std::string label() const { return table == "-" ? name : name + "/" + table; }
};

/// Names of the methods on sums (no labels but where the name says so) and on pairs:
///   coherence         arithmetic pool: log q - log nu_x, q the mean of the forms
///   geometric         geometric pool: q / nu_x, smoothed by half a sample
///   euclidean         q - nu_x, unbiased
///   pairwise          every pair of forms, by KL
///   frozen            the base's geometric consensus, measured once: log q0 - log nu_x
///   frozen-mean       the same with the base's arithmetic mean
///   trace             consistency of whole traces: log mean_x' pi(y|x') - log pi(y|x)
///   majority          1[z = the majority of all forms' samples]
///   own-majority      control: 1[z = the majority of the own form's samples]
///   random            control: normal noise of deviation 0.6
///   correctness, log-likelihood, pass@4      with labels
/// On pairs, all with labels:
///   correctness, log-likelihood, pass@4
///   diverse, diverse-gini     correctness + 0.3 entropy of the answers (Shannon or Gini)
///   constrained               correctness, forbidden answers at most 1 %
[[nodiscard]] std::vector<Method> sum_methods();
[[nodiscard]] std::vector<Method> pair_methods();

/// The base's consensus on the pool questions, for the frozen methods: consensus[q][answer].
using Consensus = std::vector<std::map<std::int32_t, double>>;
/// From sampled answers: the geometric mean of the forms' frequencies (each plus half a sample), or
/// the arithmetic mean.
[[nodiscard]] Consensus consensus_of(
    std::span<const std::vector<std::vector<std::int32_t>>> answers, bool geometric);

/// What an objective may look at beside the answers.
struct Surroundings {
  const Policy* policy = nullptr;  ///< as it is being trained
  std::span<const dag::Question<Tokens>> questions;
  std::uint64_t seed = 0;
  const Consensus* consensus = nullptr;
  /// Filled by the answer function, sample by sample; the objective of traces empties it.
  std::shared_ptr<std::vector<std::pair<Tokens, Tokens>>> traces;
};

[[nodiscard]] dag::AnyObjective sum_objective(const Method& method, const Surroundings& around);
[[nodiscard]] dag::AnyObjective pair_objective(const Method& method, const Surroundings& around);

}  // namespace reasoning
