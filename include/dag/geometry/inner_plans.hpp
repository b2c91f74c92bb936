// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/geometry/treeplex_shape.hpp>

namespace dag {

/// All players' plans, stacked, in which each action is as probable as its share of its set's
/// weights: one weight > 0 a sequence.
[[nodiscard]] inline std::vector<double> plan_by_weights(const TreeplexShape& shape,
                                                         const std::vector<double>& weights) {
  std::vector<double> plan(shape.blocks.total(), 1.0);
  for (std::size_t k = 0; k < shape.set_count(); ++k) {
    const std::uint32_t end = shape.first[k] + shape.size[k];
    double sum = 0;
    for (std::uint32_t s = shape.first[k]; s < end; ++s) {
      sum += weights[s];
    }
    for (std::uint32_t s = shape.first[k]; s < end; ++s) {
      plan[s] = plan[shape.parent[k]] * (weights[s] / sum);
    }
  }
  return plan;
}

/// Plans well inside the treeplexes: uniform ones, but where plays are so long that these all but
/// vanish (an entry below 1e-30) plans by the number of own sequences from an action on, which are
/// nowhere below one over their number.
[[nodiscard]] inline std::vector<double> inner_plans(const TreeplexShape& shape) {
  std::vector<double> plan = plan_by_weights(shape, std::vector<double>(shape.blocks.total(), 1.0));
  if (*std::min_element(plan.begin(), plan.end()) < 1e-30) {
    std::vector<double> after(shape.blocks.total(), 1.0);
    for (std::size_t k = shape.set_count(); k-- > 0;) {
      for (std::uint32_t a = 0; a < shape.size[k]; ++a) {
        after[shape.parent[k]] += after[shape.first[k] + a];
      }
    }
    plan = plan_by_weights(shape, after);
  }
  return plan;
}

}  // namespace dag
