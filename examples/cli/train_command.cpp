// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "train_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/numeric/number.hpp>
#include <dag/train/checkpoint.hpp>
#include <dag/train/fingerprint.hpp>

#include "checked_options.hpp"
#include "commands.hpp"

namespace cli {
namespace {

/// The objective and the model: what a run that goes on must share beside the options of training.
std::string fingerprint_of(const TrainConfig& config) {
  dag::FingerprintLines lines;
  const auto row = [](const std::vector<double>& numbers) {
    std::string text;
    for (const double number : numbers) {
      text += (text.empty() ? "" : ",") + dag::Number(number).text();
    }
    return text;
  };
  const auto rows = [&](const std::vector<std::vector<double>>& table) {
    std::string text;
    for (const auto& numbers : table) {
      text += (text.empty() ? "" : ";") + row(numbers);
    }
    return text;
  };
  lines.add("objective", config.name());
  for (std::size_t k = 0; k < config.parts.size(); ++k) {
    const TrainPart& part = config.parts[k];
    const std::string head = config.parts.size() == 1 ? "" : "part" + std::to_string(k + 1) + ".";
    lines.add(head + "estimator", part.estimator);
    lines.add(head + "tau", part.data.weight);
    lines.add(head + "order", part.data.order);
    lines.add(head + "k", part.data.k);
    lines.add(head + "terms", part.data.terms);
    lines.add(head + "q", part.data.q);
    lines.add(head + "smoothing", part.smoothing);
    lines.add(head + "step", part.step);
    lines.add(head + "epsilon", part.data.epsilon);
    lines.add(head + "bound", part.data.bound);
    lines.add(head + "reward", row(part.data.reward));
    lines.add(head + "target", row(part.data.target));
    lines.add(head + "feature", row(part.data.feature));
    lines.add(head + "rewards", rows(part.data.rewards));
    lines.add(head + "kernel", rows(part.data.kernel));
    lines.add(head + "cost", rows(part.data.cost));
    if (part.name == "majority_vote") {
      lines.add(head + "vote_of", part.vote.of);
      lines.add(head + "trained_samples", part.vote.trained);
      lines.add(head + "vote_memory", part.vote.memory);
      lines.add(head + "vote_every", part.vote.every);
    }
  }
  for (std::size_t k = 0; k < config.constraints.size(); ++k) {
    const TrainConstraint& c = config.constraints[k];
    const std::string head = "constraint" + std::to_string(k + 1) + ".";
    lines.add(head + "rule", c.rule);
    lines.add(head + "bound", c.bound);
    lines.add(head + "answers",
              row(std::vector<double>(c.answers.begin(), c.answers.end())) + c.answer_class);
  }
  lines.add("model", config.model);
  lines.add("layers", config.layers);
  lines.add("states", config.states);
  lines.add("answers", config.answers);
  lines.add("model_seed", config.model_seed);
  lines.add("optimizer", config.optimizer);
  return lines.text();
}

}  // namespace

void add_train_options(CLI::App& app, TrainFlags& flags) {
  app.add_option("CONFIG", flags.config, "A configuration file (JSON; see docs/cli.md)");
  app.add_option("--preset", flags.preset, preset_names() + "; keys of a file come on top")
      ->type_name("NAME");
  app.add_option("--metrics", flags.metrics, "Write a line of JSON per step as the run goes on")
      ->type_name("FILE.jsonl")
      ->check(file_name());
  app.add_option("--checkpoint", flags.checkpoint,
                 "Go on from this file if it is there; write it on the way")
      ->type_name("FILE")
      ->check(file_name());
  app.add_option(
         "--on-collapse", flags.on_collapse,
         "When the answers collapse (accuracy where there are labels, else entropy, falls): "
         "stop, anchor (raise beta) or report; key \"collapse\" of CONFIG has the limits")
      ->type_name("RULE")
      ->check(CLI::IsMember({"stop", "anchor", "report"}));
  add_time_limit(app, flags.time_limit);
  add_common(app, flags.common);
}

TrainConfig train_config_of(const TrainFlags& flags) {
  require_distinct({{"CONFIG", flags.config}}, {{"--json", flags.common.json},
                                                {"--metrics", flags.metrics},
                                                {"--checkpoint", flags.checkpoint}});
  dag::require(!flags.config.empty() || !flags.preset.empty(), dag::Errc::invalid_argument,
               "give a configuration file or --preset NAME (", preset_names(), ")");
  TrainConfig config = flags.config.empty() ? train_preset(flags.preset)
                                            : read_train_config(flags.config, flags.preset);
  if (!flags.on_collapse.empty()) {
    config.train.collapse.rule = dag::on_collapse(flags.on_collapse);
  }
  check(config);
  start_time_limit(flags.time_limit);
  return config;
}

dag::TrainOptions train_options_of(const TrainFlags& flags, const TrainConfig& config) {
  dag::TrainOptions options = config.train;
  if (options.parts == 0) {
    constexpr std::size_t enough = 64, most = 64;
    const std::size_t traces = options.questions_per_step * config.contexts * options.group_size;
    options.parts = std::clamp<std::size_t>(traces / enough, 1, most);
  }
  options.seed = flags.common.seed;
  options.checkpoint = flags.checkpoint;
  options.fingerprint = fingerprint_of(config);
  options.stop = interrupt;
  return options;
}

void open_files(const TrainFlags& flags, RunFiles& files) {
  std::int64_t step = 0;
  if (!flags.checkpoint.empty()) {
    files.checkpoint_lock.emplace(flags.checkpoint);
    dag::AtomicFile::remove_leftovers(flags.checkpoint);
    if (dag::checkpoint_exists(flags.checkpoint)) {
      const dag::LoadedCheckpoint loaded = dag::load_checkpoint(flags.checkpoint);
      step = loaded.checkpoint.step;
      if (!loaded.refused.empty()) {
        complain("dag train", loaded.refused + "; goes on from '" + loaded.path + "', step " +
                                  std::to_string(step));
      }
    }
  }
  if (!flags.metrics.empty()) {
    files.metrics_lock.emplace(flags.metrics);
    dag::AtomicFile::remove_leftovers(flags.metrics);
    files.log.emplace(flags.metrics, step);
  }
}

namespace {

/// The path of a program beside this one.
std::string beside(const char* name) {
  std::error_code none;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none);
  return (self.parent_path() / name).string();
}

[[noreturn]] void become(std::string program, const TrainFlags& flags) {
  std::vector<std::string> words{program, "--seed", std::to_string(flags.common.seed)};
  const auto pass = [&](const char* option, const std::string& value) {
    if (!value.empty()) {
      words.insert(words.end(), {option, value});
    }
  };
  pass("--preset", flags.preset);
  pass("--metrics", flags.metrics);
  pass("--checkpoint", flags.checkpoint);
  pass("--on-collapse", flags.on_collapse);
  if (flags.time_limit > 0) {
    pass("--time-limit", std::to_string(flags.time_limit));
  }
  if (flags.common.max_memory > 0) {
    pass("--max-memory", std::to_string(flags.common.max_memory));
  }
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
  ::alarm(0);  // a time limit is the new program's, which has no handler yet
  ::execv(program.c_str(), arguments.data());
  dag::fail(dag::Errc::io, "cannot run '", program, "': ", std::string_view(std::strerror(errno)));
}

}  // namespace

void become_transformer_trainer(const TrainFlags& flags, const TrainConfig& config) {
  const std::string program = beside("dag-train-torch");
  dag::require(std::filesystem::exists(program), dag::Errc::unsupported,
               "the transformer runs on libtorch, and this dag was built without it (there is no '",
               program,
               "'). Install libtorch (Debian: apt-get install libtorch-dev libopenblas0-pthread), "
               "then configure and build again; g++, or clang++ from 15 on");
  // Read when the libraries are loaded, so set before: bits depend on the number of threads.
  const std::string threads = std::to_string(config.transformer.threads);
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
    ::setenv(name, threads.c_str(), /*overwrite=*/1);
  }
  become(program, flags);
}

int become_rank(const TrainFlags& flags, const Part& launched) {
  const std::string program = beside("dag-train-mpi");
  const bool there = std::filesystem::exists(program);
  if (!there && launched.rank > 0) {
    return exit_bad_input;  // rank 0 says why
  }
  dag::require(
      there, dag::Errc::unsupported, "the launcher started ", launched.size,
      " processes, and this dag was built without MPI, by which they share a run (there "
      "is no '",
      program,
      "'). Install it (Debian: apt-get install libopenmpi-dev openmpi-bin), then configure "
      "and build again; or start dag train alone");
  become(program, flags);
}

int run_train_program(int argc, char** argv, const char* what, bool speaks,
                      const std::function<int(const TrainFlags&)>& train) {
  const auto refuse = [&](const char* text) {
    if (speaks) {
      complain("dag train", text);
    }
    return exit_bad_input;
  };
  CLI::App app{what};
  app.name("dag train");
  TrainFlags flags;
  add_train_options(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      return speaks ? app.exit(error) : exit_done;
    }
    (void)refuse(error.what());
    if (speaks) {
      std::fputs("Try 'dag train --help'.\n", stderr);
    }
    return exit_bad_input;
  }
  install_interrupt();
  try {
    return train(flags);
  } catch (const std::bad_alloc&) {
    return refuse("not enough memory; smaller sizes need less, --max-memory sets a limit");
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}

}  // namespace cli
