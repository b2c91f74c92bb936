// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag-reasoning: answer-level alignment of a transformer, from supervised training to tables.
#include "../cli/output.hpp"
#include "experiment.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/json_text.hpp>
#include <dag/io/text_file.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace {

using reasoning::Json;

struct Flags {
  std::string folder = "reasoning-runs";
  bool quiet = false;
  std::string json;
  reasoning::Size size;
  reasoning::Run run;
  std::string base = "all", table = "-";
  std::string which = "small", shard = "0/1";
  std::string plots, tables;
  std::size_t samples = 256;
  double target = -1;
};

void add_common(CLI::App& sub, Flags& flags) {
  sub.add_option("--folder", flags.folder, "Where bases, runs and checkpoints are kept")
      ->type_name("DIR")
      ->capture_default_str();
  sub.add_flag("-q,--quiet", flags.quiet, "No text, no progress");
}
void add_size(CLI::App& sub, Flags& flags) {
  sub.add_option("--device", flags.size.device, "cpu, cuda, cuda:1")->capture_default_str();
  sub.add_option("--width", flags.size.width, "Width of the transformer")->capture_default_str();
  sub.add_option("--heads", flags.size.heads, "Attention heads")->capture_default_str();
  sub.add_option("--layers", flags.size.layers, "Layers")->capture_default_str();
  sub.add_option("--batch", flags.size.batch, "Sequences in a call of the model")
      ->capture_default_str();
}

bool pretrain(const Flags& flags) {
  cli::Progress bar(!flags.quiet);
  bool known = false;
  for (auto recipe : reasoning::bases()) {
    if (flags.base != "all" && flags.base != recipe.name) {
      continue;
    }
    known = true;
    recipe.target = flags.target >= 0 ? flags.target : recipe.target;
    if (!reasoning::pretrain(
            recipe, flags.size, flags.folder,
            [&](double done, const std::string& what) { bar.show(done < 1 ? done : 1, what); },
            cli::interrupt)) {
      return false;
    }
  }
  dag::require(known, dag::Errc::invalid_argument, "--base must be A, B or all, got '", flags.base,
               "'");
  return true;
}

/// The shard's results, a line a run; the file is replaced as a whole.
void append_run(const std::string& path, const Json& run) {
  std::string text;
  if (std::filesystem::exists(path)) {
    text = dag::read_text_file(path);
  }
  dag::write_file_atomically(path, text + run.dump() + "\n");
}

std::string predictions_path(const Flags& flags, const std::string& base) {
  return flags.folder + "/base-" + base + "-exact.json";
}
void predict(const Flags& flags) {
  cli::Progress bar(!flags.quiet);
  for (const auto& recipe : reasoning::bases()) {
    const std::string path = predictions_path(flags, recipe.name);
    if ((flags.base != "all" && flags.base != recipe.name) || std::filesystem::exists(path)) {
      continue;
    }
    const Json found =
        reasoning::predict(recipe.name, flags.size, flags.folder, flags.samples,
                           [&](double done, const std::string& what) { bar.show(done, what); });
    dag::write_file_atomically(path, found.dump(2) + "\n");
  }
}

std::string summary(const Json& run) {
  const Json& t = run["test"];
  char text[200];
  std::snprintf(text, sizeof text, "%s: greedy %.3f, sampled %.3f, pass@8 %.3f, KL %.2f\n",
                run["key"].get<std::string>().c_str(), t["greedy"].get<double>(),
                t["sampled"].get<double>(), t["pass8"].get<double>(), t["kl"].get<double>());
  return text;
}

int align(Flags flags) {
  flags.run.base = flags.base == "all" ? "A" : flags.base;
  flags.base = flags.run.base;
  flags.run.method.table = flags.table;
  bool known = false;
  std::string names;
  for (const auto& method :
       flags.run.task == "sums" ? reasoning::sum_methods() : reasoning::pair_methods()) {
    known = known || (method.name == flags.run.method.name && method.table == flags.table);
    names += (names.empty() ? "" : ", ") + method.label();
  }
  dag::require(known, dag::Errc::invalid_argument, "no method '", flags.run.method.label(), "' on ",
               flags.run.task, "; there are: ", names, " (--method NAME --table TABLE)");
  if (!pretrain(flags)) {
    return 1;
  }
  cli::Progress bar(!flags.quiet);
  const Json found = reasoning::align(
      flags.run, flags.size, flags.folder,
      [&](double done, const std::string& what) { bar.show(done, what); }, cli::interrupt);
  bar.clear();
  if (found.is_null()) {
    return 1;
  }
  if (!flags.json.empty()) {
    if (flags.json == "-") {
      cli::say(found.dump(2) + "\n");
    } else {
      dag::write_file_atomically(flags.json, found.dump(2) + "\n");
    }
  }
  if (!flags.quiet && flags.json != "-") {
    cli::say(summary(found));
  }
  return 0;
}

int grid(Flags flags) {
  unsigned long index = 0, count = 0;
  dag::require(std::sscanf(flags.shard.c_str(), "%lu/%lu", &index, &count) == 2 && index < count,
               dag::Errc::invalid_argument, "--shard must be I/N with I < N, got '", flags.shard,
               "'");
  std::vector<reasoning::Run> runs;
  if (flags.which == "small" || flags.which == "full") {
    runs = reasoning::grid(flags.which == "small" ? reasoning::Grid::small : reasoning::Grid::full);
  } else if (flags.which == "pilot") {
    runs = reasoning::pilot_grid();
  } else if (flags.which == "side") {
    runs = reasoning::side_grid();
  } else {
    dag::fail(dag::Errc::invalid_argument, "the grid must be small, full, pilot or side, got '",
              flags.which, "'");
  }
  if (flags.which == "small" && flags.base == "all") {
    flags.base = "A";
  }
  if (!pretrain(flags)) {
    return 1;
  }
  if (index == 0) {
    predict(flags);
  }
  std::set<std::string> done;
  for (const Json& run : reasoning::read_runs(flags.folder)) {
    done.insert(run["key"].get<std::string>());
  }
  cli::Progress bar(!flags.quiet);
  for (std::size_t i = index; i < runs.size(); i += count) {
    if (done.count(runs[i].key()) > 0 || (flags.base != "all" && flags.base != runs[i].base)) {
      continue;
    }
    const Json found = reasoning::align(
        runs[i], flags.size, flags.folder,
        [&](double share, const std::string& what) {
          bar.show((static_cast<double>(i) + share) / static_cast<double>(runs.size()),
                   std::to_string(i + 1) + " of " + std::to_string(runs.size()) + "  " + what);
        },
        cli::interrupt);
    if (found.is_null()) {
      return 1;
    }
    append_run(flags.folder + "/runs-" + flags.which + "-" + std::to_string(index) + ".jsonl",
               found);
    if (!flags.quiet) {
      bar.clear();
      cli::say(summary(found));
    }
  }
  return 0;
}

int report(const Flags& flags) {
  const auto runs = reasoning::read_runs(flags.folder);
  dag::require(!runs.empty(), dag::Errc::io, "no runs in '", flags.folder,
               "'; make them with: dag-reasoning grid small --folder ", flags.folder);
  std::vector<Json> predictions;
  for (const auto& recipe : reasoning::bases()) {
    const std::string path = predictions_path(flags, recipe.name);
    if (std::filesystem::exists(path)) {
      predictions.push_back(dag::read_json<Json>(path));
    }
  }
  const std::string tables = reasoning::report_tables(runs, predictions);
  if (!flags.tables.empty()) {
    dag::write_file_atomically(flags.tables, tables);
  } else if (!flags.quiet) {
    cli::say(tables);
  }
  if (!flags.plots.empty()) {
    for (const std::string& path : reasoning::report_plots(runs, predictions, flags.plots)) {
      if (!flags.quiet) {
        cli::say(path + "\n");
      }
    }
  }
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{
      "dag-reasoning: answer-level alignment of a small transformer (docs/experiments.md).\n"
      "Exit codes: 0 done, 1 interrupted (the same command goes on), 2 bad usage or input."};
  app.name("dag-reasoning");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n  dag-reasoning grid small\n  dag-reasoning report --plots plots\n"
      "  dag-reasoning align --method coherence --table aqp --base A\n"
      "OMP_NUM_THREADS=1 lets several processes share a machine.");
  Flags flags;
  CLI::App* pretraining = app.add_subcommand("pretrain", "Train the base models");
  CLI::App* aligning = app.add_subcommand("align", "One run of one method");
  CLI::App* predicting = app.add_subcommand("predict", "Solve the exact games of the bases");
  CLI::App* gridding = app.add_subcommand("grid", "Many runs; goes on where it was stopped");
  CLI::App* reporting = app.add_subcommand("report", "Tables and plots of the runs in a folder");
  for (CLI::App* sub : {pretraining, aligning, predicting, gridding, reporting}) {
    add_common(*sub, flags);
  }
  for (CLI::App* sub : {pretraining, aligning, predicting, gridding}) {
    add_size(*sub, flags);
    sub->add_option("--base", flags.base, "A, B or all")->capture_default_str();
    sub->add_option("--target", flags.target,
                    "Stop supervised training at this accuracy of samples (default: by base)")
        ->check(CLI::Range(0.0, 1.0));
  }
  aligning->add_option("--task", flags.run.task, "sums or pairs")->capture_default_str();
  aligning->add_option("--method", flags.run.method.name, "See docs/experiments.md")
      ->capture_default_str();
  aligning->add_option("--table", flags.table, "plug-in, aqp, or - where there is no choice")
      ->capture_default_str();
  aligning->add_option("--steps", flags.run.steps, "Steps")->capture_default_str();
  aligning->add_option("--questions", flags.run.questions, "Questions a step")
      ->capture_default_str();
  aligning->add_option("--group", flags.run.group, "Samples a form")->capture_default_str();
  aligning->add_option("--beta", flags.run.beta, "Weight of the KL to the base")
      ->capture_default_str();
  aligning->add_option("--rate", flags.run.rate, "Learning rate")->capture_default_str();
  aligning->add_option("--checkpoint-every", flags.run.checkpoint_every, "Steps")
      ->capture_default_str();
  aligning->add_option("--seed", flags.run.seed, "Seed")->capture_default_str();
  aligning->add_option("--json", flags.json, "Write the result to FILE, or to standard output: -")
      ->type_name("FILE|-");
  predicting->add_option("--samples", flags.samples, "Samples a form")->capture_default_str();
  gridding->add_option("GRID", flags.which, "small, full, pilot or side")->capture_default_str();
  gridding->add_option("--shard", flags.shard, "Run every N-th run from the I-th: I/N")
      ->capture_default_str();
  reporting->add_option("--plots", flags.plots, "Draw the plots into DIR")->type_name("DIR");
  reporting->add_option("--tables", flags.tables, "Write the tables to FILE (Markdown)")
      ->type_name("FILE");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      return app.exit(error);
    }
    std::fprintf(stderr, "dag-reasoning: %s\nTry 'dag-reasoning --help'.\n", error.what());
    return 2;
  }
  cli::install_interrupt();
  reasoning::use_threads(1);
  try {
    if (pretraining->parsed()) {
      return pretrain(flags) ? 0 : 1;
    }
    if (predicting->parsed()) {
      predict(flags);
      return 0;
    }
    return aligning->parsed() ? align(flags) : gridding->parsed() ? grid(flags) : report(flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dag-reasoning: %s\n", error.what());
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
