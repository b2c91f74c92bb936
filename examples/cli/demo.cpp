// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "demo.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/rollout_file.hpp>
#include <dag/version.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "plot.hpp"

namespace cli {
namespace {

struct DemoOptions {
  Common common;
  std::string out = "build/demo";
  std::string rollouts;
};

int demo(const DemoOptions& options) {
  const dag::Stopwatch watch;
  if (!options.rollouts.empty()) {  // a bad file is refused before anything is made
    static_cast<void>(dag::read_rollouts(options.rollouts));
  }
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  dag::require(!error && std::filesystem::is_directory(options.out), dag::Errc::io, "--out ",
               options.out, ": cannot make this folder: ", error ? error.message() : "");

  const bool own = options.rollouts.empty();
  const std::string rollouts = own ? options.out + "/rollouts.jsonl" : options.rollouts;
  const std::uint64_t seed = options.common.seed;
  const std::vector<std::function<Section(const Tell&)>> parts{
      [&](const Tell& tell) { return demo_games(seed, tell); },
      [&](const Tell& tell) { return demo_policy(seed, tell); },
      [&](const Tell& tell) {
        if (own) {
          dag::write_file_atomically(rollouts, make_rollouts(seed));
        }
        return demo_coherence(rollouts, own, tell);
      }};
  std::vector<Section> sections;
  Progress progress(!options.common.quiet);
  bool all_hold = true;
  Outputs outputs;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const auto tell = [&](double fraction, std::string_view text) {
      const double whole = static_cast<double>(p) + fraction;
      progress.show(whole / static_cast<double>(parts.size()),
                    fmt::format("part {} of {}: {}", p + 1, parts.size(), text));
    };
    Section section = parts[p](tell);
    for (Figure& figure : section.figures) {
      if (have_gnuplot()) {
        tell(0.99, "drawing " + figure.name);
        figure.svg = draw(figure.plot, PlotFormat::svg, figure.name);
        outputs.add(options.out + "/" + figure.name + ".svg", figure.svg);
      }
    }
    for (const Claim& claim : section.claims) {
      all_hold = all_hold && claim.holds;
    }
    progress.clear();
    if (options.common.talks()) {
      say(text_of(section));
    }
    sections.push_back(std::move(section));
    if (interrupt.stop_requested()) {
      return exit_not_converged;
    }
  }

  const std::string page = options.out + "/report.html";
  outputs.add(page, html_of("dag " DAG_VERSION_STRING ": what it does, shown",
                            fmt::format("Written by dag demo --seed {} in {:.1f} seconds. Every "
                                        "claim below was checked in that run.",
                                        options.common.seed, watch.seconds()),
                            sections));
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json;
    json["seed"] = options.common.seed;
    json["seconds"] = watch.seconds();
    json["all_hold"] = all_hold;
    json["report"] = page;
    json["claims"] = nlohmann::ordered_json::array();
    for (const Section& section : sections) {
      for (const Claim& claim : section.claims) {
        json["claims"].push_back({{"part", section.title},
                                  {"claim", claim.text},
                                  {"found", claim.found},
                                  {"holds", claim.holds}});
      }
    }
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    say(fmt::format("\n{} {:.1f} s. Report: {}{}\n",
                    all_hold ? "Every claim holds." : "A claim FAILS; see above.", watch.seconds(),
                    page, have_gnuplot() ? "" : " (without plots: apt-get install gnuplot-nox)"));
  }
  return all_hold ? exit_done : exit_not_converged;
}

}  // namespace

Command add_demo(CLI::App& app) {
  const auto options = std::make_shared<DemoOptions>();
  CLI::App* command = app.add_subcommand("demo", "What dag does, shown and checked, in a minute");
  command->add_option("--out", options->out, "Folder for the report and its plots")
      ->type_name("DIR")
      ->capture_default_str();
  command
      ->add_option("--rollouts", options->rollouts,
                   "Rollout file for the third part (default: one made by this library's models)")
      ->type_name("FILE.jsonl");
  add_common(*command, options->common);
  command->footer(
      "Exit code 1 if one of the claims that it prints fails.\n\n"
      "Example:\n  dag demo --out build/demo");
  return [options] { return demo(*options); };
}

}  // namespace cli
