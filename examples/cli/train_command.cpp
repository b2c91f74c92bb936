// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "train_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/train/checkpoint.hpp>

namespace cli {

void add_train_options(CLI::App& app, TrainFlags& flags) {
  app.add_option("CONFIG", flags.config, "A configuration file (JSON; see docs/cli.md)");
  app.add_option("--preset", flags.preset, preset_names() + "; keys of a file come on top")
      ->type_name("NAME");
  app.add_option("--metrics", flags.metrics, "Write a line of JSON per step as the run goes on")
      ->type_name("FILE.jsonl");
  app.add_option("--checkpoint", flags.checkpoint,
                 "Go on from this file if it is there; write it on the way")
      ->type_name("FILE");
  add_common(app, flags.common);
}

TrainConfig train_config_of(const TrainFlags& flags) {
  dag::require(!flags.config.empty() || !flags.preset.empty(), dag::Errc::invalid_argument,
               "give a configuration file or --preset NAME (", preset_names(), ")");
  TrainConfig config = flags.config.empty() ? train_preset(flags.preset)
                                            : read_train_config(flags.config, flags.preset);
  check(config);
  return config;
}

dag::TrainOptions train_options_of(const TrainFlags& flags, const TrainConfig& config) {
  dag::TrainOptions options = config.train;
  options.seed = flags.common.seed;
  options.checkpoint = flags.checkpoint;
  options.stop = interrupt;
  return options;
}

void open_metrics(const TrainFlags& flags, std::optional<dag::MetricsLog>& log) {
  if (!flags.metrics.empty()) {
    const bool resumes = !flags.checkpoint.empty() && dag::checkpoint_exists(flags.checkpoint);
    log.emplace(flags.metrics,
                resumes ? dag::load_checkpoint(flags.checkpoint).checkpoint.step : 0);
  }
}

void become_transformer_trainer(const TrainFlags& flags, const TrainConfig& config) {
  std::error_code none;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none);
  const std::string program = (self.parent_path() / "dag-train-torch").string();
  dag::require(std::filesystem::exists(program), dag::Errc::unsupported,
               "the transformer runs on libtorch, and this dag was built without it (there is no '",
               program,
               "'). Install libtorch (Debian: apt-get install libtorch-dev libopenblas0-pthread), "
               "then configure and build again; g++, or clang++ from 15 on");
  std::vector<std::string> words{program, "--seed", std::to_string(flags.common.seed)};
  const auto pass = [&](const char* option, const std::string& value) {
    if (!value.empty()) {
      words.insert(words.end(), {option, value});
    }
  };
  pass("--preset", flags.preset);
  pass("--metrics", flags.metrics);
  pass("--checkpoint", flags.checkpoint);
  pass("--json", flags.common.json);
  if (flags.common.quiet) {
    words.emplace_back("--quiet");
  }
  pass("--", flags.config);
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  // Read when the libraries are loaded, so set before: bits depend on the number of threads.
  const std::string threads = std::to_string(config.transformer.threads);
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
    ::setenv(name, threads.c_str(), /*overwrite=*/1);
  }
  ::execv(program.c_str(), arguments.data());
  dag::fail(dag::Errc::io, "cannot run '", program, "': ", std::string_view(std::strerror(errno)));
}

}  // namespace cli
