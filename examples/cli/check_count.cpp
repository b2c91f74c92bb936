// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "check_count.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <dag/game/integer_payoffs.hpp>
#include <dag/numeric/integer.hpp>

namespace cli {
namespace {

using dag::Integer;
using Rows = std::vector<std::vector<Integer>>;

/// Gauss and Jordan without fractions (Bareiss 1968, doi:10.1090/S0025-5718-1968-0226829-0): the
/// last column becomes det times the solution, `det` > 0. False if the system is singular.
bool solve(Rows& a, Integer& det) {
  const std::size_t size = a.size();
  Integer before(1);
  for (std::size_t k = 0; k < size; ++k) {
    std::size_t pivot = k;
    while (pivot < size && a[pivot][k].is_zero()) {
      ++pivot;
    }
    if (pivot == size) {
      return false;
    }
    std::swap(a[pivot], a[k]);
    for (std::size_t i = 0; i < size; ++i) {
      if (i == k) {
        continue;
      }
      const Integer factor = a[i][k];
      for (std::size_t j = 0; j <= size; ++j) {
        a[i][j] = quotient(a[k][k] * a[i][j] - factor * a[k][j], before);
      }
    }
    before = a[k][k];
  }
  det = before;
  if (det.sign() < 0) {
    det = det.negated();
    for (auto& row : a) {
      row[size] = row[size].negated();
    }
  }
  return true;
}

/// The labels of every vertex of {(x, v): x >= 0, sum x = 1, sum_i x_i earned[i][j] <= v}: bit i
/// where x_i = 0, bit size + j where j is a best reply. A vertex is the only one with its labels.
std::set<std::uint32_t> vertices(const Rows& earned) {
  const std::size_t size = earned.size();
  const std::size_t others = earned[0].size();
  std::set<std::uint32_t> found;
  std::vector<bool> chosen(size + others, false);
  std::fill(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(size), true);
  do {
    Rows rows(1, std::vector<Integer>(size + 2, Integer(1)));
    rows[0][size] = Integer(0);
    for (std::size_t label = 0; label < size + others; ++label) {
      if (!chosen[label]) {
        continue;
      }
      std::vector<Integer> row(size + 2, Integer(0));
      if (label < size) {
        row[label] = Integer(1);
      } else {
        for (std::size_t i = 0; i < size; ++i) {
          row[i] = earned[i][label - size];
        }
        row[size] = Integer(-1);
      }
      rows.push_back(std::move(row));
    }
    Integer det;
    if (!solve(rows, det)) {
      continue;
    }
    std::uint32_t labels = 0;
    bool feasible = true;
    for (std::size_t i = 0; i < size; ++i) {
      feasible = feasible && rows[i][size + 1].sign() >= 0;
      labels |= rows[i][size + 1].is_zero() ? std::uint32_t{1} << i : 0;
    }
    for (std::size_t j = 0; j < others && feasible; ++j) {
      Integer sum;
      for (std::size_t i = 0; i < size; ++i) {
        sum = sum + earned[i][j] * rows[i][size + 1];
      }
      const int side = compare(sum, rows[size][size + 1]);
      feasible = side <= 0;
      labels |= side == 0 ? std::uint32_t{1} << (size + j) : 0;
    }
    if (feasible) {
      found.insert(labels);
    }
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
  return found;
}

}  // namespace

std::optional<std::size_t> count_extreme_equilibria(const dag::GameTable& table) {
  if (table.player_count() != 2 || table.sizes[0] + table.sizes[1] > 16) {
    return {};
  }
  const std::size_t m = table.sizes[0];
  const std::size_t n = table.sizes[1];
  double choices = 1;
  for (std::size_t k = 1; k <= m; ++k) {
    choices *= static_cast<double>(n + k) / static_cast<double>(k);
  }
  if (choices > 1000) {
    return {};
  }
  const std::vector<Integer> first = dag::integer_payoffs(table, 0).entries;
  const std::vector<Integer> second = dag::integer_payoffs(table, 1).entries;
  Rows of_second(m, std::vector<Integer>(n));  // what player 2 earns, by player 1's strategy
  Rows of_first(n, std::vector<Integer>(m));
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      of_second[i][j] = second[i + m * j];
      of_first[j][i] = first[i + m * j];
    }
  }
  const auto low = (std::uint32_t{1} << m) - 1;
  const auto all = (std::uint32_t{1} << (m + n)) - 1;
  const auto rows = vertices(of_second);
  std::size_t count = 0;
  for (const std::uint32_t y : vertices(of_first)) {  // its labels: player 2's, then player 1's
    const std::uint32_t turned = (y << m & all) | (y >> n & low);
    for (const std::uint32_t x : rows) {
      count += (x | turned) == all ? 1U : 0U;
    }
  }
  return count;
}

std::size_t count_pure_equilibria(const dag::GameTable& table) {
  // As written where that is cheap: doubles round integers beyond 2^53 to ties.
  constexpr std::size_t most_whole = 10'000;
  std::vector<std::vector<dag::Integer>> whole;
  for (std::size_t i = 0; table.profile_count() <= most_whole && i < table.sizes.size(); ++i) {
    whole.push_back(dag::integer_payoffs(table, i).entries);
  }
  std::size_t count = 0;
  for (std::size_t k = 0; k < table.profile_count(); ++k) {
    bool stays = true;
    for (std::size_t i = 0; i < table.sizes.size() && stays; ++i) {
      const std::size_t stride = dag::profile_stride(table.sizes, i);
      const std::size_t own = k / stride % table.sizes[i];
      for (std::size_t s = 0; s < table.sizes[i]; ++s) {
        const std::size_t other = k - own * stride + s * stride;
        stays = stays && (whole.empty() ? table.payoffs[i][other] <= table.payoffs[i][k]
                                        : compare(whole[i][other], whole[i][k]) <= 0);
      }
    }
    count += stays ? 1U : 0U;
  }
  return count;
}

}  // namespace cli
