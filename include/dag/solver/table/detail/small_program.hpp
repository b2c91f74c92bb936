// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/solver/detail/simplex_method.hpp>

namespace dag::detail {

/// max costs' y over y >= 0, rows y <= right sides; empty where the simplex method did not end.
[[nodiscard]] inline std::vector<double> program(const std::vector<double>& matrix,
                                                 const std::vector<double>& right_sides,
                                                 const std::vector<double>& costs) {
  SimplexMethod<double> tableau(matrix, right_sides.size(), costs.size(), right_sides, costs);
  const auto size = static_cast<std::int64_t>(right_sides.size() + costs.size());
  if (!tableau.solve(1000 * size + 10'000)) {
    return {};
  }
  std::vector<double> duals(right_sides.size(), 0.0);
  std::vector<double> y(costs.size(), 0.0);
  tableau.read_off(duals, y);
  for (double& entry : y) {
    entry = entry > 1e-13 ? entry : 0.0;
  }
  return y;
}

}  // namespace dag::detail
