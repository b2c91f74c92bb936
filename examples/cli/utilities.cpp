// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/utility/registry.hpp>

#include "commands.hpp"
#include "output.hpp"

namespace cli {
namespace {

struct UtilitiesOptions {
  Common common;
  std::string name;
};

/// "number", "text", "numbers", "flags", "rows" or "matrix".
std::string_view shape(const dag::UtilityField& field) {
  constexpr std::string_view names[] = {"number", "text", "numbers", "flags", "rows"};
  return field.matrix ? "matrix" : names[field.member.index()];
}

nlohmann::ordered_json described(const dag::UtilityField& field) {
  nlohmann::ordered_json out;
  out["name"] = field.name;
  out["type"] = shape(field);
  out["unit"] = field.unit;
  out["default"] = field.fallback              ? nlohmann::ordered_json(*field.fallback)
                   : field.member.index() == 1 ? nlohmann::ordered_json("at_most")
                                               : nlohmann::ordered_json(nullptr);
  out["range"] =
      field.is_number() ? nlohmann::ordered_json(field.range()) : nlohmann::ordered_json(nullptr);
  out["required_by_align"] = field.asked || (!field.fallback && field.member.index() != 1);
  out["option"] = field.option;
  out["help"] = field.help;
  return out;
}

nlohmann::ordered_json described(const dag::UtilityEntry& entry) {
  nlohmann::ordered_json out;
  out["name"] = entry.name;
  out["help"] = entry.help;
  out["formula"] = entry.formula;
  out["source"] = entry.source;
  out["aliases"] = nlohmann::ordered_json::array();
  for (const dag::UtilityAlias& alias : entry.aliases) {
    out["aliases"].push_back(alias.name);
  }
  out["fields"] = nlohmann::ordered_json::array();
  for (const dag::UtilityField& field : entry.fields) {
    out["fields"].push_back(described(field));
  }
  out["subcommands"] = {"align", "rewards", "train"};
  out["method"] = entry.method;
  for (const dag::EstimatorKind kind : entry.estimators) {
    out["estimators"].push_back(to_string(kind));
  }
  return out;
}

std::string page(const dag::UtilityEntry& entry) {
  std::string text =
      fmt::format("{}\n  F: {}\n  reward: {}\n", entry.name, entry.formula, entry.help);
  std::string aliases;
  for (const dag::UtilityAlias& alias : entry.aliases) {
    aliases += fmt::format("{}{}{}", aliases.empty() ? "" : ", ", alias.name,
                           alias.order          ? fmt::format(" (order {:g})", *alias.order)
                           : alias.rule.empty() ? ""
                                                : fmt::format(" (rule {})", alias.rule));
  }
  text += aliases.empty() ? "" : fmt::format("  other names: {}\n", aliases);
  std::string estimators;
  for (const dag::EstimatorKind kind : entry.estimators) {
    estimators += (estimators.empty() ? "" : ", ") + std::string(to_string(kind));
  }
  text += fmt::format("  exactly by: {}\n  estimators: {}\n  source: {}\n\n", entry.method,
                      estimators, entry.source);
  Table table({"field", "type", "unit", "default", "range", "dag rewards", "meaning"});
  for (const dag::UtilityField& field : entry.fields) {
    table.add({std::string(field.name), std::string(shape(field)), std::string(field.unit),
               field.fallback ? fmt::format("{:g}", *field.fallback) : "",
               field.is_number() ? field.range() : "", std::string(field.option),
               std::string(field.help)});
  }
  return text + table.text();
}

int utilities(const UtilitiesOptions& options) {
  std::vector<const dag::UtilityEntry*> shown;
  if (options.name.empty()) {
    for (const dag::UtilityEntry& entry : dag::utility_registry()) {
      shown.push_back(&entry);
    }
  } else {
    const auto found = dag::find_utility(options.name);
    dag::require(found.has_value(), dag::Errc::invalid_argument, "no utility is called '",
                 options.name, "'; there are ", dag::utility_names());
    shown.push_back(found->entry);
  }
  Outputs outputs;
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const dag::UtilityEntry* entry : shown) {
      json.push_back(described(*entry));
    }
    outputs.add(options.common.json, json.dump(2) + '\n');
  }
  outputs.write();
  if (options.common.talks()) {
    if (!options.name.empty()) {
      say(page(*shown[0]));
      return exit_done;
    }
    std::string text;
    for (const dag::UtilityEntry* entry : shown) {
      text += fmt::format("{:21} {}\n", entry->name, entry->help);
    }
    say(text +
        "\nThe reward of a sampled answer z at weight 1; dag utilities NAME says more.\n"
        "Each of them, and sums (coherence+0.1*entropy), in dag align, dag rewards and dag train;\n"
        "dag align solves robust_reward and moment_constraints beside utilities that are sums "
        "over\n"
        "answers only.\n");
  }
  return exit_done;
}

}  // namespace

Command add_utilities(CLI::App& app) {
  const auto options = std::make_shared<UtilitiesOptions>();
  CLI::App* command = app.add_subcommand(
      "utilities", "The utilities: formula, fields, what takes them and their source");
  command->add_option("NAME", options->name, "One utility, by any of its names");
  add_common(*command, options->common);
  command->footer("Example:\n  dag utilities\n  dag utilities tsallis\n  dag utilities --json -");
  return [options] { return utilities(*options); };
}

}  // namespace cli
