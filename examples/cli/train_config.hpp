// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <dag/train/answer_objective.hpp>
#include <dag/train/constraint_objective.hpp>
#include <dag/train/majority_objective.hpp>
#include <dag/train/presets.hpp>
#include <dag/train/sum_objective.hpp>
#include <dag/train/train_options.hpp>
#include <dag/utility/registry.hpp>

/// What `dag train` reads: the game, the model and how to train, and the objective made of it.
namespace cli {

/// One utility by name, with its data and the settings of its estimation.
struct TrainPart {
  std::string name = "shannon";
  dag::UtilityData data = {};             ///< by answer; the weight is tau
  std::vector<std::size_t> correct = {};  ///< answers
  std::vector<std::string> given = {};    ///< keys that a configuration file gave
  std::string estimator = "aqp";          ///< of logarithms
  double smoothing = 0.5;                 ///< of the geometric pool
  double step = 0.1;                      ///< of robust rewards
  dag::WeightSchedule weight = {};
  dag::MajorityOptions vote = {};  ///< of majority_vote; its weight is tau

  [[nodiscard]] bool was_given(std::string_view key) const;
  /// Errors: invalid_argument with the list of names.
  [[nodiscard]] dag::UtilityChoice utility() const;
  /// The utility itself, its data repeated for so many contexts (0: without data by answer).
  [[nodiscard]] dag::AnyUtility made(std::size_t contexts, std::size_t answers) const;
};

/// Whether a part's key says something about this utility, or about how it is estimated.
[[nodiscard]] bool part_uses(const dag::UtilityChoice& choice, std::string_view key);

/// The share of `answers` in the listed contexts (none: all), against a bound or against the share
/// in other contexts.
struct TrainConstraint {
  std::vector<std::size_t> answers;
  std::string answer_class = {};  ///< of a task, in place of a list: correct, forbidden
  std::vector<std::size_t> contexts = {};
  std::vector<std::size_t> equal_to = {};  ///< contexts; not empty: both shares are equal
  std::string rule = "at_most";            ///< at_most, at_least, equal
  double bound = 0;
};

/// The transformer (`dag::TransformerImpl`) and where it lives.
struct TrainTransformer {
  std::int64_t width = 48, heads = 4, layers = 2;
  std::int64_t batch = 256;    ///< rows of a call of the module
  std::string device = "cpu";  ///< as torch names it
  std::int64_t threads = 1;    ///< equal bits need equal numbers of threads
};

/// The questions that the transformer answers (examples/reasoning/task.hpp).
struct TrainTask {
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  std::string name = "sums";                             ///< or pairs
  std::size_t pool = all, validation = all, test = all;  ///< questions of each kind in use
  std::size_t samples = 8;                               ///< a prompt, in an evaluation
};

/// The supervised phase that makes the reference, stopped early.
struct TrainSupervised {
  double target = 0.65;  ///< accuracy of samples on validation sums at which it stops
  std::int64_t steps = 2000, look_every = 10;
  std::size_t batch = 256;
  double learning_rate = 3e-3;
  std::vector<double> forms{0.45, 0.25, 0.18, 0.12};  ///< shares of the sums' forms
  double pairs = 0.35;                                ///< share of the pairs
};

struct TrainConfig {
  std::vector<TrainPart> parts{TrainPart{}};
  std::vector<TrainConstraint> constraints;
  dag::MultiplierOptions multipliers;
  std::string model = "layered";  ///< or transformer
  std::size_t layers = 20, states = 8, answers = 10, contexts = 1;
  std::uint64_t model_seed = 7;
  TrainTransformer transformer;
  TrainTask task;
  TrainSupervised supervised;
  std::string optimizer = "adam";
  std::vector<std::size_t> labels = {};  ///< right answers, for the watch of a collapse
  dag::TrainOptions train{
      .steps = 1500,
      .group_size = 64,
      .parts = 0,  // a part for 64 traces of a step, 64 at most
      .beta = 0.5,
      .learning_rate = {.peak = 0.03, .warm_up = 20, .total = 1500, .final_fraction = 0.01}};

  [[nodiscard]] bool is_transformer() const { return model == "transformer"; }
  /// The objective's name, a sum's joined by +.
  [[nodiscard]] std::string name() const;
};

/// The names of `--preset`, with a comma between.
[[nodiscard]] std::string preset_names();
/// Errors: invalid_argument with the list of names.
[[nodiscard]] TrainConfig train_preset(std::string_view name);
/// Reads a configuration file over a preset: the one given (may be empty) or that of its key
/// "preset". A transformer without either begins with the preset reasoning. Errors: parse or io,
/// naming the file and the key; unknown keys are refused with the list of known ones.
[[nodiscard]] TrainConfig read_train_config(const std::string& path, std::string preset);
/// Refuses what does not fit together (sizes, answers out of range, missing data).
void check(const TrainConfig& config);

/// What the objectives have to know about answers; a model's task says it.
struct AnswerSource {
  std::function<dag::AnswerFunction(const TrainPart&)> reward;   ///< of objective reward
  std::function<dag::AnswerFunction(const TrainPart&)> correct;  ///< > 0 where an answer is right
  std::function<dag::AnswerFunction(const TrainPart&)> target;   ///< a probability an answer
  std::function<dag::AnswerFunction(dag::Pool)> consensus;       ///< the reference's own
  std::function<dag::AnyObjective(const TrainPart&)> generic;    ///< see `is_generic`
  /// Whether an answer is one of those that the constraint bounds.
  std::function<bool(const TrainConstraint&, const dag::AnswerAt&)> constrained;
};
/// That of the layered model but for `generic`. reference: answer distributions by context.
[[nodiscard]] AnswerSource layered_answers(std::vector<std::vector<double>> reference);
/// The objective that is trained.
[[nodiscard]] dag::AnyObjective make_objective(const TrainConfig& config,
                                               const AnswerSource& source);
/// Whether the utility is estimated by tables of log nu.
[[nodiscard]] bool takes_logarithms(const dag::AnyUtility& utility);
/// The utilities that are trained by their gradient at the sampled frequencies
/// (`UtilityObjective`).
[[nodiscard]] bool is_generic(const dag::AnyUtility& utility);
[[nodiscard]] dag::AnyObjective make_generic(const TrainConfig& config, const TrainPart& part);
/// Whether a constraint's list of answers holds this one.
[[nodiscard]] bool listed(const TrainConstraint& constraint, std::size_t answer);
/// Feature of a constraint on its answers in a context, 0 on others; its mean over contexts and
/// samples is bounded as `rule` and `bound` say.
[[nodiscard]] double constraint_feature(const TrainConstraint& constraint, std::size_t contexts,
                                        std::size_t context);

/// The exact equilibrium of the same game.
struct TrainEquilibrium {
  std::vector<double> nu;      ///< stacked over contexts; empty where no exact solver serves
  std::vector<double> target;  ///< multipliers, mixtures
};
[[nodiscard]] TrainEquilibrium exact_equilibrium(const TrainConfig& config,
                                                 const std::vector<std::vector<double>>& reference);

}  // namespace cli
