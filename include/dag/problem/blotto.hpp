// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <dag/problem/known_game.hpp>

namespace dag {

namespace detail {

/// All ways to put `soldiers` on `fields`, in lexicographic order.
[[nodiscard]] inline std::vector<std::vector<std::size_t>> deployments(std::size_t soldiers,
                                                                       std::size_t fields) {
  std::vector<std::vector<std::size_t>> all;
  std::vector<std::size_t> current(fields, 0);
  current.back() = soldiers;
  while (true) {
    all.push_back(current);
    require(all.size() <= 5000, Errc::invalid_argument, "blotto: ", soldiers, " soldiers on ",
            fields, " fields have more than 5000 deployments; ask for fewer");
    // Move one soldier from the last occupied field to the one before, the rest to the end.
    std::size_t last = fields - 1;
    while (last > 0 && current[last] == 0) {
      --last;
    }
    if (last == 0) {
      return all;
    }
    const std::size_t rest = current[last] - 1;
    current[last] = 0;
    current.back() = rest;
    ++current[last - 1];
  }
}

}  // namespace detail

/// Colonel Blotto, discrete: the players deploy their soldiers on battlefields; the payoff is
/// (fields won - fields lost) / fields, ties counting nothing. Value 0 for equal armies (symmetry).
/// Borel (1921); Hart (2008), doi:10.1007/s00182-007-0099-9.
[[nodiscard]] inline KnownGame blotto(std::size_t first_army, std::size_t second_army,
                                      std::size_t fields) {
  require(fields >= 1 && first_army <= 10000 && second_army <= 10000, Errc::invalid_argument,
          "blotto: needs at least one field and at most 10000 soldiers, got ", fields, " fields, ",
          first_army, " and ", second_army, " soldiers");
  const auto rows = detail::deployments(first_army, fields);
  const auto columns = detail::deployments(second_army, fields);
  std::vector<double> payoff;
  payoff.reserve(rows.size() * columns.size());
  for (const auto& row : rows) {
    for (const auto& column : columns) {
      int balance = 0;
      for (std::size_t field = 0; field < fields; ++field) {
        balance += row[field] > column[field] ? 1 : (row[field] < column[field] ? -1 : 0);
      }
      payoff.push_back(static_cast<double>(balance) / static_cast<double>(fields));
    }
  }
  KnownGame game{
      zero_sum_table("Colonel Blotto", rows.size(), columns.size(), payoff), {}, false, {}};
  const auto names = [](const std::vector<std::vector<std::size_t>>& all) {
    std::vector<std::string> labels;
    for (const auto& deployment : all) {
      std::string label;
      for (const std::size_t soldiers : deployment) {
        label += label.empty() ? "" : "-";
        label += std::to_string(soldiers);
      }
      labels.push_back(label);
    }
    return labels;
  };
  game.table.labels = {names(rows), names(columns)};
  if (first_army == second_army) {
    game.value = 0.0;
  }
  return game;
}

}  // namespace dag
