// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/io/csv.hpp>
#include <dag/io/efg.hpp>
#include <dag/io/game_json.hpp>
#include <dag/io/gamut.hpp>
#include <dag/io/nfg.hpp>
#include <dag/io/nfg_version.hpp>
#include <dag/io/profile_csv.hpp>

#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "tree_input.hpp"

namespace cli {
namespace {

struct ConvertOptions {
  Common common;
  std::string in;
  std::string out;
  std::string form = "auto";
};

/// The form in which the game is written: payoffs or outcomes (.nfg), matrix or profiles (.csv).
std::string form_of(const ConvertOptions& options, const dag::GameTable& table) {
  for (const char* only : {"json", "gam"}) {
    if (options.out.ends_with(std::string(".") + only)) {
      dag::require(options.form == "auto", dag::Errc::invalid_argument, "--form ", options.form,
                   ": ", options.out, " has one form");
      return only;
    }
  }
  const bool nfg = options.out.ends_with(".nfg");
  dag::require(nfg || options.out.ends_with(".csv"), dag::Errc::invalid_argument, options.out,
               ": the name of the file to write must end in .nfg, .csv, .json, .gam or .efg");
  std::string form = options.form;
  if (form == "auto") {
    form = nfg ? (table.outcome_of_profile.empty() ? "payoffs" : "outcomes")
               : (table.player_count() == 2 && dag::is_zero_sum(table) ? "matrix" : "profiles");
  }
  const bool of_nfg = form == "payoffs" || form == "outcomes";
  dag::require(of_nfg == nfg, dag::Errc::invalid_argument, "--form ", form, ": ", options.out,
               " takes ", nfg ? "payoffs or outcomes" : "matrix or profiles");
  return form;
}

std::string written(const dag::GameTable& table, const std::string& form) {
  if (form == "payoffs") {
    return dag::format_nfg(dag::with_payoffs(table));
  }
  if (form == "outcomes") {
    return dag::format_nfg(dag::with_outcomes(table));
  }
  if (form == "json" || form == "gam") {
    return form == "json" ? dag::format_game_json(table) : dag::format_gam(table);
  }
  return form == "matrix" ? dag::format_csv(table) : dag::format_profile_csv(table);
}

/// Reads the text back: what is written has to be the same game.
void check(const dag::GameTable& table, const std::string& text, const std::string& form) {
  const dag::GameTable again = form == "matrix"     ? dag::parse_csv(text)
                               : form == "profiles" ? dag::parse_profile_csv(text)
                               : form == "json"     ? dag::parse_game_json(text)
                               : form == "gam"      ? dag::parse_gam(text)
                                                    : dag::parse_nfg(text);
  dag::require(again.sizes == table.sizes && again.payoffs == table.payoffs, dag::Errc::unsupported,
               "convert: the game does not survive being written as ", form);
}

/// A game tree as it is, to another name or form of the same file.
int convert_tree(const ConvertOptions& options) {
  dag::require(
      is_tree(options.in), dag::Errc::unsupported, options.out,
      ": only a tree (a .efg file, a document with one, a named tree) can be written as .efg, not ",
      options.in);
  dag::require(options.form == "auto", dag::Errc::invalid_argument, "--form ", options.form, ": ",
               options.out, " has one form");
  const dag::ExtensiveGame game = load_tree(options.in, options.common.seed);
  Outputs outputs;
  outputs.add(options.out, dag::format_efg(game));
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json;
    json["in"] = options.in;
    json["out"] = options.out;
    json["form"] = "extensive";
    json["players"] = game.player_count();
    json["nodes"] = game.nodes.size();
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    say(fmt::format("{}: {}, written to {}\n", options.in, tree_sizes(game), options.out));
  }
  return exit_done;
}

int convert(const ConvertOptions& options) {
  require_distinct(game_files(options.in), {{"OUT", options.out}, {"--json", options.common.json}});
  if (options.out.ends_with(".efg")) {
    return convert_tree(options);
  }
  const dag::GameTable table = load_game(options.in, options.common.seed);
  const std::string form = form_of(options, table);
  const std::string text = written(table, form);
  check(table, text, form);
  Outputs outputs;
  outputs.add(options.out, text);
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json;
    json["in"] = options.in;
    json["out"] = options.out;
    json["form"] = form;
    json["players"] = table.player_count();
    json["sizes"] = table.sizes;
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    say(fmt::format("{}: {} strategies, written as {} to {}\n", options.in, sizes_text(table), form,
                    options.out));
  }
  return exit_done;
}

}  // namespace

Command add_convert(CLI::App& app) {
  const auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = app.add_subcommand("convert", "A game from one file format to another");
  command->add_option("IN", options->in, "A file as of 'dag solve', - or a name ('dag games')")
      ->required();
  command
      ->add_option(
          "OUT", options->out,
          "The file to write: .nfg, .csv, .json or .gam (a tree: its reduced normal form), "
          "or .efg")
      ->required();
  command
      ->add_option("--form", options->form,
                   "auto; of .nfg: payoffs or outcomes (auto: as IN has them); of .csv: matrix "
                   "(zero-sum, row player's payoffs) or profiles (auto: matrix where it can)")
      ->check(CLI::IsMember({"auto", "payoffs", "outcomes", "matrix", "profiles"}))
      ->option_text("FORM=auto");
  add_common(*command, options->common);
  command->footer(
      "Numbers are written as they were read, fractions too.\n\nExample:\n"
      "  dag convert chicken chicken.csv\n  dag convert rps rps.nfg --form outcomes\n"
      "  dag convert kuhn_poker kuhn.efg\n  dag convert kuhn.efg kuhn.nfg\n"
      "  dag convert kuhn.nfg kuhn.json");
  return [options] { return convert(*options); };
}

}  // namespace cli
