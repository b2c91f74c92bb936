// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
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
  for (const Add add :
       {&cli::add_solve, &cli::add_check, &cli::add_solvers, &cli::add_evaluate, &cli::add_commit,
        &cli::add_correlated, &cli::add_quantal, &cli::add_evolve, &cli::add_games,
        &cli::add_convert, &cli::add_align, &cli::add_answers, &cli::add_rewards,
        &cli::add_utilities, &cli::add_estimators, &cli::add_train, &cli::add_demo}) {
    cli::Command command = add(app);
    commands.emplace_back(app.get_subcommands({}).back(), std::move(command));
    cli::add_ending_time_limit(*commands.back().first);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      return app.exit(error);
    }
    const auto asked = app.get_subcommands();
    const std::string name = asked.empty() ? "dag" : "dag " + asked[0]->get_name();
    cli::complain(name, error.what());
    std::fprintf(stderr, "Try '%s --help'.\n", name.c_str());
    return cli::exit_bad_input;
  }

  cli::install_interrupt();
  for (const auto& [subcommand, command] : commands) {
    if (!subcommand->parsed()) {
      continue;
    }
    const std::string name = "dag " + subcommand->get_name();
    try {
      return command();
    } catch (const dag::Error& error) {
      cli::complain(name, error.what());
    } catch (const std::bad_alloc&) {
      cli::complain(name, "not enough memory; smaller sizes need less, --max-memory sets a limit");
    } catch (const std::length_error&) {  // its text names a function of the standard library
      cli::complain(name, "not enough memory: a size in the input is beyond all limits");
    } catch (const std::exception& error) {
      cli::complain(name, std::string("internal error, please report it: ") + error.what());
    }
  }
  return cli::exit_bad_input;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    cli::complain("dag", error.what());
    return cli::exit_bad_input;
  }
}
