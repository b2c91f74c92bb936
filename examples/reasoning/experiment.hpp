// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evaluate.hpp"
#include "methods.hpp"
#include "pretrain.hpp"

#include <dag/core/observer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reasoning {

/// One run: a method from a base, under a seed.
struct Run {
  std::string base = "A";
  std::string task = "sums";  ///< sums or pairs
  Method method{"coherence", "aqp"};
  std::uint64_t seed = 1;
  std::int64_t steps = 40;
  std::size_t questions = 16;  ///< a step; sums ask each in all forms
  std::size_t group = 8;       ///< samples a form
  double beta = 0.05;
  double rate = 1e-4;
  std::int64_t checkpoint_every = 40;
  std::string note = {};  ///< empty in the main grid; names side studies

  /// Names the run in files: two runs with one key are the same run.
  [[nodiscard]] std::string key() const;
};

/// The bases of the experiment: their mixtures of forms differ, and so does where they stop.
[[nodiscard]] std::vector<BaseRecipe> bases();

/// Aligns and evaluates on validation and test questions. The model is checkpointed on the way
/// (FOLDER/KEY.ckpt, removed at the end): an interrupted run goes on bit for bit. Null if stopped.
[[nodiscard]] Json align(const Run& run, const Size& size, const std::string& folder,
                         const Progress& progress, dag::StopRef stop);

/// The exact game on the base's answers, estimated from `samples` a form on test questions: the
/// accuracy of its equilibrium by method and beta. Beside it the base's own evaluation.
[[nodiscard]] Json predict(const std::string& base, const Size& size, const std::string& folder,
                           std::size_t samples, const Progress& progress);

/// The runs of a grid, in the order in which they are worth having.
enum class Grid { small, full };
[[nodiscard]] std::vector<Run> grid(Grid which);
/// Runs on base A under a seed of its own whose validation accuracy chooses rate and beta.
[[nodiscard]] std::vector<Run> pilot_grid();
/// Single departures from the main setting: steps, group size, anchor.
[[nodiscard]] std::vector<Run> side_grid();

}  // namespace reasoning
