// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <dag/train/metrics_log.hpp>

#include "output.hpp"
#include "train_config.hpp"

/// What the two programs that run `dag train` share: dag itself, and dag-train-torch, which dag
/// becomes where the model is a transformer, so that no other command waits for libtorch.
namespace cli {

struct TrainFlags {
  Common common;
  std::string config;
  std::string preset;
  std::string metrics;
  std::string checkpoint;
};
void add_train_options(CLI::App& app, TrainFlags& flags);

/// The configuration that the flags name, checked.
[[nodiscard]] TrainConfig train_config_of(const TrainFlags& flags);
/// Its options of `dag::train`, with the flags' seed and checkpoint and the interrupt.
[[nodiscard]] dag::TrainOptions train_options_of(const TrainFlags& flags,
                                                 const TrainConfig& config);
/// The metrics file, up to the checkpoint's step where the run goes on. To be opened after all that
/// can be refused.
void open_metrics(const TrainFlags& flags, std::optional<dag::MetricsLog>& log);

/// Becomes the program dag-train-torch, which lies beside this one. Comes back only by an error:
/// unsupported where it was not built, with what to do about that.
[[noreturn]] void become_transformer_trainer(const TrainFlags& flags, const TrainConfig& config);

}  // namespace cli
