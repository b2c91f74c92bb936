// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evaluate.hpp"
#include "policy.hpp"
#include "task.hpp"

#include <dag/core/observer.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace reasoning {

/// A base model: supervised training, stopped early on purpose so that forms disagree.
struct BaseRecipe {
  std::string name = "A";
  Mix mix;
  std::uint64_t seed = 1;
  /// Stop at the first look (every `look_every` steps) at which the accuracy of samples on the
  /// validation questions, mean over forms, is at least this.
  double target = 0.5;
  std::int64_t most_steps = 2000;
  std::int64_t look_every = 10;
  std::size_t batch = 256;
  double rate = 3e-3;
};

/// (share done, what is going on); called often.
using Progress = std::function<void(double, const std::string&)>;

/// How the supervised phase ended.
struct Supervised {
  bool stopped = false;  ///< on request, before the target
  std::int64_t steps = 0;
  double accuracy = 0;  ///< at the last look
};

/// Trains `policy`, fresh from the recipe's seed, until the target; the recipe's name is what
/// progress and errors call it. A checkpoint (empty: none) is
/// written at every look; where there is one, training goes on from it bit for bit, or ends at once
/// if the target was reached. Errors: invalid_argument if it is not reached in `most_steps`, or if
/// the checkpoint belongs to another model.
[[nodiscard]] Supervised supervise(Policy& policy, const BaseRecipe& recipe,
                                   const std::string& checkpoint, const Progress& progress,
                                   dag::StopRef stop);

/// Trains a base model into FOLDER/base-NAME.ckpt, with its story in FOLDER/base-NAME.json. A run
/// that was interrupted goes on where it last looked; a finished one returns at once. False if
/// stopped.
bool pretrain(const BaseRecipe& recipe, const Size& size, const std::string& folder,
              const Progress& progress, dag::StopRef stop);

/// The finished base model. Errors: io, naming the command that makes it.
[[nodiscard]] Policy load_base(const std::string& name, const Size& size,
                               const std::string& folder);

}  // namespace reasoning
