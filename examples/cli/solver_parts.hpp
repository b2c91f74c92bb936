// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/solution.hpp>

#include "found.hpp"

/// What the files of solvers share: from a solver's types to plain data. The solvers of the
/// list are called in walking_solvers.hpp.
namespace cli {

template <class Game>
Found plain_data(std::string_view solver, const dag::Solution<Game>& solution) {
  Found found;
  found.solver = solver;
  found.status = solution.status;
  found.iterate = dag::to_string(solution.iterate);
  found.iterations = solution.iterations;
  found.products = solution.products;
  found.seconds = solution.seconds;
  found.value = solution.value;
  found.gap = solution.gap;
  found.relative_gap = solution.relative_gap;
  found.residual = solution.residual;
  for (std::size_t b = 0; b < solution.blocks.count(); ++b) {
    const auto strategy = solution.strategy(b);
    found.strategies.emplace_back(strategy.data(), strategy.data() + strategy.size());
  }
  return found;
}

/// A solver's view of a run that has already spent something.
struct Continued {
  const dag::ObserverRef& observer;
  const Found& before;
  bool operator()(dag::Record record) const {
    record.iteration += before.iterations;
    record.products += before.products;
    record.seconds += before.seconds;
    return observer(record);
  }
};

}  // namespace cli
