// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <dag/train/answer_objective.hpp>
#include <dag/train/constraint_objective.hpp>
#include <dag/train/sum_objective.hpp>
#include <dag/train/train_options.hpp>

/// What `dag train` reads: the game, the model and how to train, and the objective made of it.
namespace cli {

/// One objective by name, with the settings that it uses.
struct TrainPart {
  std::string name = "shannon";
  std::string estimator = "aqp";  ///< of logarithms
  double tau = 1;
  double order = 3;                               ///< tsallis, alpha
  double k = 4;                                   ///< pass-at-k
  double smoothing = 0.5;                         ///< coherence-geometric
  double step = 0.1;                              ///< robust
  std::vector<double> reward = {};                ///< by answer
  std::vector<double> target = {};                ///< by answer
  std::vector<std::size_t> correct = {};          ///< answers
  std::vector<std::vector<double>> rewards = {};  ///< robust: a row a model
  std::vector<std::vector<double>> kernel = {};   ///< mmd: answers x answers
  std::vector<std::vector<double>> cost = {};     ///< transport: answers x answers
  double epsilon = 0.1;                           ///< transport
  std::vector<double> feature = {};               ///< soft-constraint, by answer
  double bound = 0;                               ///< soft-constraint
  dag::WeightSchedule weight = {};
};

/// The share of `answers` in the listed contexts (none: all), against a bound or against the share
/// in other contexts.
struct TrainConstraint {
  std::vector<std::size_t> answers;
  std::vector<std::size_t> contexts = {};
  std::vector<std::size_t> equal_to = {};  ///< contexts; not empty: both shares are equal
  std::string rule = "at_most";            ///< at_most, at_least, equal
  double bound = 0;
};

struct TrainConfig {
  std::vector<TrainPart> parts{TrainPart{}};
  std::vector<TrainConstraint> constraints;
  dag::MultiplierOptions multipliers;
  std::size_t layers = 20, states = 8, answers = 10, contexts = 1;
  std::uint64_t model_seed = 7;
  std::string optimizer = "adam";
  dag::TrainOptions train{
      .steps = 1500,
      .group_size = 64,
      .beta = 0.5,
      .learning_rate = {.peak = 0.03, .warm_up = 20, .total = 1500, .final_fraction = 0.01}};

  /// The objective's name, a sum's joined by +.
  [[nodiscard]] std::string name() const;
};

/// The names of `--preset`, with a comma between.
[[nodiscard]] std::string preset_names();
/// Errors: invalid_argument with the list of names.
[[nodiscard]] TrainConfig train_preset(std::string_view name);
/// Reads a configuration file over `config`; a key "preset" begins with that preset. Errors: parse
/// or io, naming the file and the key; unknown keys are refused with the list of known ones.
[[nodiscard]] TrainConfig read_train_config(const std::string& path, TrainConfig config);
/// Refuses what does not fit together (sizes, answers out of range, missing data).
void check(const TrainConfig& config);

/// The objective that is trained. reference: answer distributions by context, for frozen consensus.
[[nodiscard]] dag::AnyObjective make_objective(const TrainConfig& config,
                                               const std::vector<std::vector<double>>& reference);
/// The utilities that are trained by their gradient at the sampled frequencies
/// (`UtilityObjective`).
[[nodiscard]] bool is_generic(const std::string& objective);
[[nodiscard]] dag::AnyObjective make_generic(const TrainConfig& config, const TrainPart& part,
                                             const std::vector<std::vector<double>>& reference);
/// Feature of a constraint, its mean over contexts and samples bounded as `rule` and `bound` say.
[[nodiscard]] double constraint_feature(const TrainConstraint& constraint, std::size_t contexts,
                                        std::size_t context, std::size_t answer);

/// The exact equilibrium of the same game.
struct TrainEquilibrium {
  std::vector<double> nu;      ///< stacked over contexts; empty where no exact solver serves
  std::vector<double> target;  ///< multipliers, mixtures
};
[[nodiscard]] TrainEquilibrium exact_equilibrium(const TrainConfig& config,
                                                 const std::vector<std::vector<double>>& reference);

}  // namespace cli
