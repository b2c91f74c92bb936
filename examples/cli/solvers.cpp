// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include <dag/core/error.hpp>
#include <dag/solver/list.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "rates.hpp"
#include "solver_list.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

const char* to_string(dag::Room room) {
  switch (room) {
    case dag::Room::first_order: return "first_order";
    case dag::Room::response: return "response";
    case dag::Room::matrix: return "matrix";
    case dag::Room::table: return "table";
    case dag::Room::tree: return "tree";
  }
  return "unknown";
}

const char* to_string(dag::RateLaw law) {
  switch (law) {
    case dag::RateLaw::none: return "none";
    case dag::RateLaw::power: return "power";
    case dag::RateLaw::linear: return "linear";
  }
  return "unknown";
}

Json to_json(const dag::SolverInfo& row) {
  Json out;
  out["name"] = row.name;
  out["room"] = to_string(row.room);
  out["kinds"] = Json::array();
  out["trees"] = Json::array();
  for (const GameKind kind : {GameKind::zero_sum, GameKind::bimatrix, GameKind::many}) {
    if ((row.kinds & static_cast<unsigned>(kind)) != 0) {
      out["kinds"].push_back(to_string(kind));
    }
    if ((row.trees.kinds & static_cast<unsigned>(kind)) != 0) {
      out["trees"].push_back(to_string(kind));
    }
  }
  out["iterate"] = dag::to_string(row.iterate);
  out["knobs"] = Json::array();
  for (unsigned bit = 1; bit <= dag::knobs::seed; bit *= 2) {
    if ((row.knobs & bit) != 0) {
      out["knobs"].push_back(knobs_text(bit));
    }
  }
  out["theory"] = Json::array();
  for (const dag::Theory& theory : row.theory) {
    if (theory.iterate != dag::Average::automatic) {
      out["theory"].push_back({{"iterate", dag::to_string(theory.iterate)},
                               {"law", to_string(theory.law)},
                               {"exponent", theory.exponent},
                               {"statement", theory.statement},
                               {"source", theory.source}});
    }
  }
  out["page"] = row.page;
  out["summary"] = row.summary;
  return out;
}

std::string theory_text(const dag::SolverInfo& row) {
  std::string text;
  for (const dag::Theory& theory : row.theory) {
    if (theory.iterate != dag::Average::automatic) {
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", promise_text(theory),
                          dag::to_string(theory.iterate));
    }
  }
  return text.empty() ? "-" : text;
}

struct SolversOptions {
  Common common;
  std::string name;
  bool markdown = false;
};

int solvers(const SolversOptions& options) {
  const dag::SolverInfo* one = dag::find_solver(options.name);
  dag::require(options.name.empty() || one != nullptr, dag::Errc::invalid_argument,
               "no solver is called '", options.name, "'; 'dag solvers' lists them");
  Json json = Json::array();
  std::string markdown =
      "| solver | games | game trees | point | proved on zero-sum games | takes |\n"
      "|---|---|---|---|---|---|\n";
  Table table({"solver", "games", "trees", "point", "theory", "takes"});
  for (const dag::SolverInfo& row : dag::solver_list) {
    if (one != nullptr && row.name != one->name) {
      continue;
    }
    const std::string name(row.name);
    const std::string point(dag::to_string(row.iterate));
    json.push_back(to_json(row));
    table.add({name, kinds_text(row.kinds), kinds_text(row.trees.kinds), point, theory_text(row),
               knobs_text(row.knobs)});
    markdown += fmt::format("| [`{}`]({}.md) | {} | {} | {} | {} | {} |\n", name, row.page,
                            kinds_text(row.kinds), kinds_text(row.trees.kinds), point,
                            theory_text(row), knobs_text(row.knobs));
  }
  Outputs outputs;
  if (!options.common.json.empty()) {
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (!options.common.talks()) {
    return exit_done;
  }
  std::string text = options.markdown ? markdown : table.text();
  if (one != nullptr && !options.markdown) {
    text += fmt::format("\n{}\n", one->summary);
    for (const dag::Theory& theory : one->theory) {
      if (theory.iterate != dag::Average::automatic) {
        text += fmt::format("proved of {}: {} ({})\n", dag::to_string(theory.iterate),
                            theory.statement, theory.source);
      }
    }
  }
  say(text);
  return exit_done;
}

}  // namespace

Command add_solvers(CLI::App& app) {
  const auto options = std::make_shared<SolversOptions>();
  CLI::App* command =
      app.add_subcommand("solvers", "The solvers: games, points, what is proved, options");
  command->add_option("NAME", options->name, "One of them, with what is proved and by whom");
  command->add_flag("--markdown", options->markdown, "As a table of the documentation");
  add_common(*command, options->common);
  command->footer("Example:\n  dag solvers\n  dag solvers mirror_prox\n  dag solvers --json -");
  return [options] { return solvers(*options); };
}

}  // namespace cli
