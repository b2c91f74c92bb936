// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <dag/io/file_lock.hpp>
#include <dag/train/metrics_log.hpp>

#include "output.hpp"
#include "part.hpp"
#include "train_config.hpp"

/// What the programs that run `dag train` share: dag itself, and dag-train-torch and dag-train-mpi,
/// which dag becomes where the model is a transformer or a launcher started several processes, so
/// that no other command waits for libtorch or MPI.
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
/// Becomes dag-train-mpi in the same way: one of several ranks. Gives back an exit code where rank
/// 0 says why not.
[[nodiscard]] int become_rank(const TrainFlags& flags, const Part& launched);

/// The frame of a program that dag becomes: reads the flags, then train(flags); what is refused or
/// fails is said as dag says it, by whom `speaks`. Gives back the exit code.
[[nodiscard]] int run_train_program(int argc, char** argv, const char* what, bool speaks,
                                    const std::function<int(const TrainFlags&)>& train);

/// A `dag::Communicator` by name of its parts; one process unless it is filled in.
struct TrainRanks {
  std::size_t own = 0, count = 1;
  std::function<std::vector<std::string>(std::vector<std::string>)> swap;

  [[nodiscard]] std::size_t rank() const { return own; }
  [[nodiscard]] std::size_t size() const { return count; }
  [[nodiscard]] std::vector<std::string> exchange(std::vector<std::string> to) const {
    return swap ? swap(std::move(to)) : to;
  }
};
/// `dag train` of the layered model. Rank 0 alone reads and writes files and speaks; what any rank
/// throws is thrown on all. Gives back the exit code, on all. config: reads it.
[[nodiscard]] int train_layered(const TrainFlags& flags, const std::function<TrainConfig()>& config,
                                const TrainRanks& ranks = {});

}  // namespace cli
