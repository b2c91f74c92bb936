// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/version.hpp>

#include "commands.hpp"
#include "output.hpp"

namespace {

int run(int argc, char** argv) {
  CLI::App app{
      "dag: equilibria of games, and models aligned at the level of their answers.\n"
      "Exit codes: 0 converged or done, 1 not converged within the limits, 2 bad usage or input."};
  app.name("dag");
  app.set_version_flag("--version", "dag " DAG_VERSION_STRING);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n  dag solve rps\n  dag solve game.nfg --tolerance 1e-8 --json -\n"
      "'dag COMMAND --help' says more.");

  using Add = cli::Command (*)(CLI::App&);
  std::vector<std::pair<CLI::App*, cli::Command>> commands;
  for (const Add add : {&cli::add_solve, &cli::add_evaluate, &cli::add_games, &cli::add_convert,
                        &cli::add_align, &cli::add_answers, &cli::add_rewards, &cli::add_estimators,
                        &cli::add_train, &cli::add_demo}) {
    cli::Command command = add(app);
    commands.emplace_back(app.get_subcommands({}).back(), std::move(command));
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      return app.exit(error);
    }
    const auto asked = app.get_subcommands();
    const std::string name = asked.empty() ? "dag" : "dag " + asked[0]->get_name();
    std::fprintf(stderr, "%s: %s\nTry '%s --help'.\n", name.c_str(), error.what(), name.c_str());
    return cli::exit_bad_input;
  }

  cli::install_interrupt();
  for (const auto& [subcommand, command] : commands) {
    if (!subcommand->parsed()) {
      continue;
    }
    const char* name = subcommand->get_name().c_str();
    try {
      return command();
    } catch (const dag::Error& error) {
      std::fprintf(stderr, "dag %s: %s\n", name, error.what());
    } catch (const std::bad_alloc&) {
      std::fprintf(stderr, "dag %s: not enough memory\n", name);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "dag %s: %s\n", name, error.what());
    }
  }
  return cli::exit_bad_input;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dag: %s\n", error.what());
    return cli::exit_bad_input;
  }
}
