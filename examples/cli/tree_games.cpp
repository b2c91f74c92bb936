// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_games.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include <dag/problem/tree_catalogue.hpp>

#include "commands.hpp"
#include "tree_input.hpp"

namespace cli {
namespace {

struct Shown {
  const dag::TreeEntry* family = nullptr;
  std::string example;
  TreeProblem problem;
};

std::vector<Shown> shown(const std::string& name, std::uint64_t seed) {
  std::vector<Shown> all;
  for (const dag::TreeEntry& family : dag::tree_catalogue()) {
    if (!name.empty() && &family != dag::find_tree(name)) {
      continue;
    }
    // A family's name alone stands for its example where it needs arguments.
    const bool bare =
        name == family.name && family.usage.starts_with(std::string(family.name) + ':');
    const std::string example = name.empty() || bare ? std::string(family.example) : name;
    all.push_back({&family, example, read_tree(example, seed)});
  }
  return all;
}

}  // namespace

std::string tree_games_text(const std::string& name, std::uint64_t seed) {
  std::string text = "Game trees:\n";
  for (const Shown& one : shown(name, seed)) {
    const dag::TreeEntry& family = *one.family;
    text += fmt::format("\n{}\n    {}\n    {}: {}, {}\n    known: {}\n    source: {}\n",
                        family.usage, family.description, one.example, tree_sizes(one.problem.game),
                        one.problem.kind == GameKind::zero_sum
                            ? std::string("zero-sum")
                            : fmt::format("{} players", one.problem.game.player_count()),
                        family.equilibrium, family.source);
  }
  return text;
}

nlohmann::ordered_json tree_games_json(const std::string& name, std::uint64_t seed) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Shown& one : shown(name, seed)) {
    const dag::TreeEntry& family = *one.family;
    std::vector<std::size_t> sets;
    for (const auto& list : one.problem.game.sets) {
      sets.push_back(list.size());
    }
    out.push_back({{"name", family.name},
                   {"usage", family.usage},
                   {"example", one.example},
                   {"description", family.description},
                   {"known", family.equilibrium},
                   {"source", family.source},
                   {"kind", to_string(one.problem.kind)},
                   {"form", "extensive"},
                   {"players", one.problem.game.player_count()},
                   {"sizes", sets},  // information sets, a player
                   {"nodes", one.problem.game.nodes.size()},
                   {"value", one.example == family.example && family.value
                                 ? nlohmann::ordered_json(*family.value)
                                 : nlohmann::ordered_json(nullptr)},
                   {"complete", false},
                   {"equilibria", nlohmann::ordered_json::array()}});
  }
  return out;
}

int tree_games(const std::string& name, const Common& common) {
  Outputs outputs;
  if (!common.json.empty()) {
    outputs.add(common.json, json_text(tree_games_json(name, common.seed)));
  }
  outputs.write();
  if (common.talks()) {
    say(tree_games_text(name, common.seed));
  }
  return exit_done;
}

}  // namespace cli
