// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_solvers.hpp"

#include <algorithm>

#include <dag/core/error.hpp>

namespace cli {

std::vector<TreeSolver> tree_solvers() {
  std::vector<TreeSolver> all;
  for (const std::span<const TreeSolver> part :
       {tree_exact_solvers(), tree_regret_solvers(), tree_first_order_solvers()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::vector<TreeSolver> tree_solvers_of(const std::string& words, GameKind kind) {
  const std::vector<TreeSolver> known = tree_solvers();
  const auto bit = static_cast<unsigned>(kind);
  std::vector<TreeSolver> chosen;
  if (words == "all") {
    std::copy_if(known.begin(), known.end(), std::back_inserter(chosen),
                 [&](const TreeSolver& solver) { return (solver.all & bit) != 0; });
    return chosen;
  }
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find(',', begin), words.size());
    const std::string name = words.substr(begin, end - begin);
    begin = end + 1;
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](const TreeSolver& solver) { return solver.name == name; });
    if (at == known.end()) {
      std::string names;
      for (const TreeSolver& solver : known) {
        names += (names.empty() ? "" : ", ") + std::string(solver.name);
      }
      dag::fail(dag::Errc::invalid_argument, "--solver: no solver of game trees is called '", name,
                "'. Known: all, ", names);
    }
    dag::require((at->kinds & bit) != 0, dag::Errc::invalid_argument, "--solver ", name,
                 ": it does not solve games of this kind (", to_string(kind), ")");
    chosen.push_back(*at);
  }
  return chosen;
}

std::string_view average_text(dag::Average average) {
  switch (average) {
    case dag::Average::automatic: return "auto";
    case dag::Average::last: return "last";
    case dag::Average::uniform: return "uniform";
    case dag::Average::linear: return "linear";
    case dag::Average::quadratic: return "quadratic";
    case dag::Average::best: return "best";
  }
  return "unknown";
}

}  // namespace cli
