// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/problem/catalogue.hpp>

#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "tree_games.hpp"
#include "tree_input.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

struct GamesOptions {
  Common common;
  std::string name;
};

/// A family of games, with one of them looked at.
struct Entry {
  const dag::CatalogueEntry* family = nullptr;
  std::string example;
  Problem problem;
  dag::KnownGame game;
};

Entry look_at(const dag::CatalogueEntry& family, const std::string& example, std::uint64_t seed) {
  Entry entry;
  entry.family = &family;
  entry.example = example;
  entry.problem = read_problem(example, seed);
  entry.game = dag::known_game(entry.problem.table.title);  // with its seed
  return entry;
}

std::vector<Entry> entries(const GamesOptions& options) {
  std::vector<Entry> found;
  for (const dag::CatalogueEntry& family : dag::catalogue()) {
    if (options.name.empty()) {
      found.push_back(look_at(family, std::string(family.example), options.common.seed));
    } else if (family.name == options.name.substr(0, options.name.find(':'))) {
      // A family's name alone stands for its example where it needs arguments.
      const bool bare =
          options.name == family.name &&
          family.usage.substr(0, family.name.size() + 1) == std::string(family.name) + ':';
      found.push_back(
          look_at(family, bare ? std::string(family.example) : options.name, options.common.seed));
    }
  }
  if (found.empty()) {
    static_cast<void>(dag::known_game(options.name));  // says which names there are
  }
  return found;
}

Json to_json(const Entry& entry) {
  Json out;
  out["name"] = entry.family->name;
  out["usage"] = entry.family->usage;
  out["example"] = entry.example;
  out["description"] = entry.family->description;
  out["known"] = entry.family->equilibrium;
  out["source"] = entry.family->source;
  out["kind"] = to_string(entry.problem.kind);
  out["players"] = entry.game.table.player_count();
  out["sizes"] = entry.game.table.sizes;
  out["value"] = entry.game.value ? Json(*entry.game.value) : Json(nullptr);
  out["complete"] = entry.game.complete;
  out["equilibria"] = Json::array();
  for (const dag::MixedProfile& profile : entry.game.equilibria) {
    const dag::RegretReport report = dag::certify(entry.game.table, profile);
    out["equilibria"].push_back(
        {{"strategies", profile}, {"payoffs", report.payoffs}, {"max_regret", report.max_regret}});
  }
  return out;
}

std::string kind_text(const Entry& entry) {
  switch (entry.problem.kind) {
    case GameKind::zero_sum: return "zero-sum";
    case GameKind::bimatrix: return "two players";
    case GameKind::many: break;
  }
  const std::size_t players = entry.game.table.player_count();
  return fmt::format("{} player{}", players, players == 1 ? "" : "s");
}

std::string text_of(const Entry& entry) {
  const dag::CatalogueEntry& family = *entry.family;
  std::string counted;
  if (!entry.game.equilibria.empty()) {
    counted = fmt::format("  [{} equilibri{} stored{}]", entry.game.equilibria.size(),
                          entry.game.equilibria.size() == 1 ? "um" : "a",
                          entry.game.complete ? ", all" : "");
  }
  return fmt::format("{}\n    {}\n    {}: {}, {}\n    known: {}{}\n    source: {}\n", family.usage,
                     family.description, entry.example, sizes_text(entry.game.table),
                     kind_text(entry), family.equilibrium, counted, family.source);
}

/// The payoffs of a small two-player game.
std::string payoffs_text(const dag::GameTable& table) {
  constexpr std::size_t most = 12;
  if (table.player_count() != 2 || table.sizes[0] > most || table.sizes[1] > most) {
    return {};
  }
  const auto name = [&](std::size_t player, std::size_t s) {
    return table.labels.empty() ? std::to_string(s + 1) : table.labels[player][s];
  };
  std::vector<std::string> header{""};
  for (std::size_t j = 0; j < table.sizes[1]; ++j) {
    header.push_back(name(1, j));
  }
  Table text(header);
  for (std::size_t i = 0; i < table.sizes[0]; ++i) {
    std::vector<std::string> row{name(0, i)};
    for (std::size_t j = 0; j < table.sizes[1]; ++j) {
      const std::size_t profile = i + table.sizes[0] * j;
      row.push_back(fmt::format("{:.6g}, {:.6g}", table.payoffs[0][profile],
                                table.payoffs[1][profile] + 0.0));
    }
    text.add(std::move(row));
  }
  return '\n' + text.text();
}

int games(const GamesOptions& options) {
  if (!options.name.empty() && is_tree(options.name)) {
    return tree_games(options.name, options.common);
  }
  const std::vector<Entry> found = entries(options);
  Outputs outputs;
  if (!options.common.json.empty()) {
    Json json = Json::array();
    for (const Entry& entry : found) {
      json.push_back(to_json(entry));
    }
    if (options.name.empty()) {
      for (Json& tree : tree_games_json({}, options.common.seed)) {
        json.push_back(std::move(tree));
      }
    }
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    std::string text;
    for (const Entry& entry : found) {
      text += (text.empty() ? "" : "\n") + text_of(entry);
    }
    say(options.name.empty() ? text + '\n' + tree_games_text({}, options.common.seed)
                             : text + payoffs_text(found[0].game.table));
  }
  return exit_done;
}

}  // namespace

Command add_games(CLI::App& app) {
  const auto options = std::make_shared<GamesOptions>();
  CLI::App* command = app.add_subcommand("games", "The named games: sizes, what is known, sources");
  command->add_option("NAME", options->name, "One of them, with its payoffs if it is small");
  add_common(*command, options->common);
  command->footer("Example:\n  dag games\n  dag games chicken\n  dag games --json -");
  return [options] { return games(*options); };
}

}  // namespace cli
