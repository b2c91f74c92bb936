// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <dag/io/file_lock.hpp>
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
  std::string on_collapse;  ///< of the watch; empty: the configuration's
  double time_limit = 0;    ///< seconds; 0: none
};
void add_train_options(CLI::App& app, TrainFlags& flags);

/// The configuration that the flags name, checked.
[[nodiscard]] TrainConfig train_config_of(const TrainFlags& flags);
/// Its options of `dag::train`, with the flags' seed and checkpoint and the interrupt.
[[nodiscard]] dag::TrainOptions train_options_of(const TrainFlags& flags,
                                                 const TrainConfig& config);
/// The metrics file, up to the checkpoint's step where the run goes on. To be opened after all that
/// The files of a run that are written as it goes on, and the right to write them.
struct RunFiles {
  std::optional<dag::FileLock> checkpoint_lock;
  std::optional<dag::FileLock> metrics_lock;
  std::optional<dag::MetricsLog> log;  ///< if asked for
};
/// After all that can be refused: locks the files, removes what killed runs left beside them, says
/// on standard error where a damaged checkpoint makes the run go on from the one before, and opens
/// the metrics. Throws dag::Error where another run writes one of them.
void open_files(const TrainFlags& flags, RunFiles& files);

/// Becomes the program dag-train-torch, which lies beside this one. Comes back only by an error:
/// unsupported where it was not built, with what to do about that.
[[noreturn]] void become_transformer_trainer(const TrainFlags& flags, const TrainConfig& config);

}  // namespace cli
