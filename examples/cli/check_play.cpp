// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag check of what is said of equilibria beyond their gap: refinements, dominance, paths of logit
// equilibria. Nothing of the solvers is used.

#include "check_play.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <dag/game/integer_payoffs.hpp>
#include <dag/numeric/integer.hpp>

#include "check_claims.hpp"

namespace cli {
namespace {

using dag::Integer;
using Rows = std::vector<std::vector<Integer>>;

constexpr std::size_t most_entries = 600;  ///< of one linear program
constexpr double played_above = 1e-9;

/// Whether some y >= 0 with gains y <= 0 has a positive sum over the wanted entries: the simplex
/// method on max of that sum under sum y <= 1, from y = 0, by Bland's rule; pivots keep whole
/// numbers (every entry is a minor of the rows).
bool believes(const Rows& gains, std::size_t columns, const std::vector<bool>& wanted) {
  const std::size_t rows = gains.size() + 1;
  const std::size_t width = columns + rows + 1;
  Rows t;
  for (std::size_t i = 0; i <= rows; ++i) {  // the last row: minus the objective
    std::vector<Integer> row(width, Integer(0));
    for (std::size_t j = 0; j < columns; ++j) {
      row[j] = i < gains.size() ? gains[i][j] : i < rows ? Integer(1) : Integer(wanted[j] ? -1 : 0);
    }
    if (i < rows) {
      row[columns + i] = Integer(1);
    }
    if (i == rows - 1) {
      row[width - 1] = Integer(1);
    }
    t.push_back(std::move(row));
  }
  std::vector<std::size_t> basic(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    basic[i] = columns + i;
  }
  Integer before(1);
  while (t[rows][width - 1].sign() <= 0) {
    std::size_t enters = 0;
    while (enters < width - 1 && t[rows][enters].sign() >= 0) {
      ++enters;
    }
    if (enters == width - 1) {
      return false;
    }
    std::size_t leaves = rows;
    for (std::size_t i = 0; i < rows; ++i) {
      if (t[i][enters].sign() <= 0) {
        continue;
      }
      const int nearer = leaves == rows ? -1
                                        : compare(t[i][width - 1] * t[leaves][enters],
                                                  t[leaves][width - 1] * t[i][enters]);
      if (nearer < 0 || (nearer == 0 && basic[i] < basic[leaves])) {
        leaves = i;
      }
    }
    if (leaves == rows) {
      return false;  // never: sum y <= 1 bounds all
    }
    const Integer pivot = t[leaves][enters];
    for (std::size_t i = 0; i <= rows; ++i) {
      if (i == leaves) {
        continue;
      }
      const Integer factor = t[i][enters];
      for (std::size_t j = 0; j < width; ++j) {
        t[i][j] = quotient(pivot * t[i][j] - factor * t[leaves][j], before);
      }
    }
    before = pivot;
    basic[leaves] = enters;
  }
  return true;
}

/// What strategies `others` of a player gain on `own`, one row each, a column for each choice of
/// the other players out of what they have left.
Rows gains_on(const dag::GameTable& table, const std::vector<Integer>& payoffs, std::size_t player,
              std::size_t own, const std::vector<std::size_t>& others,
              const std::vector<std::vector<bool>>& left) {
  std::size_t stride = 1;
  for (std::size_t j = 0; j < player; ++j) {
    stride *= table.sizes[j];
  }
  Rows rows(others.size());
  for (std::size_t at = 0; at < payoffs.size(); ++at) {
    bool there = at / stride % table.sizes[player] == 0;
    std::size_t rest = at;
    for (std::size_t j = 0; j < table.sizes.size(); ++j) {
      there = there && (j == player || left[j][rest % table.sizes[j]]);
      rest /= table.sizes[j];
    }
    for (std::size_t k = 0; there && k < others.size(); ++k) {
      rows[k].push_back(payoffs[at + stride * others[k]] - payoffs[at + stride * own]);
    }
  }
  return rows;
}

std::vector<std::vector<bool>> everything(const dag::GameTable& table) {
  std::vector<std::vector<bool>> left;
  for (const std::size_t size : table.sizes) {
    left.emplace_back(size, true);
  }
  return left;
}

/// Gaussian elimination with partial pivots: solves in place, and says the determinant.
double eliminate(std::vector<std::vector<double>>& a) {
  const std::size_t n = a.size();
  double determinant = 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      pivot = std::abs(a[i][k]) > std::abs(a[pivot][k]) ? i : pivot;
    }
    determinant *= pivot == k ? a[pivot][k] : -a[pivot][k];
    if (a[pivot][k] == 0) {
      return 0;
    }
    std::swap(a[pivot], a[k]);
    for (std::size_t i = 0; i < n; ++i) {
      const double factor = i == k ? 0.0 : a[i][k] / a[k][k];
      for (std::size_t j = k; factor != 0 && j < a[i].size(); ++j) {
        a[i][j] -= factor * a[k][j];
      }
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    a[k].back() /= a[k][k];
  }
  return determinant;
}

std::vector<double> softmax_of(const std::vector<double>& values, double lambda) {
  const double best = *std::max_element(values.begin(), values.end());
  std::vector<double> out;
  Sum total;
  for (const double value : values) {
    out.push_back(std::exp(lambda * (value - best)));
    total.add(out.back());
  }
  for (double& p : out) {
    p /= total.value();
  }
  return out;
}

}  // namespace

std::vector<double> deviations(const dag::GameTable& table, const Profile& profile,
                               std::size_t player) {
  std::vector<Sum> sums(table.sizes[player]);
  std::vector<std::size_t> s(table.sizes.size(), 0);
  for (const double payoff : table.payoffs[player]) {
    // The others' probability times the payoff; a product of many probabilities loses a rounding
    // each, relative to itself.
    double weight = 1;
    for (std::size_t j = 0; j < s.size(); ++j) {
      weight *= j == player ? 1.0 : profile[j][s[j]];
    }
    sums[s[player]].add_product(weight, payoff);
    for (std::size_t j = 0; j < s.size() && ++s[j] == table.sizes[j]; ++j) {
      s[j] = 0;
    }
  }
  std::vector<double> values;
  for (const Sum& sum : sums) {
    values.push_back(sum.value());
  }
  return values;
}

Refined refined(const dag::GameTable& table, const Profile& profile) {
  const std::size_t players = table.sizes.size();
  bool mixed = true;
  bool pure = true;
  std::vector<std::vector<std::size_t>> plays(players);
  for (std::size_t i = 0; i < players; ++i) {
    for (std::size_t s = 0; s < table.sizes[i]; ++s) {
      if (profile[i][s] > played_above) {
        plays[i].push_back(s);
      }
    }
    mixed = mixed && plays[i].size() == table.sizes[i];
    pure = pure && plays[i].size() == 1;
  }
  if (mixed) {
    return {true, true};
  }
  const std::vector<std::vector<bool>> all = everything(table);
  std::vector<std::vector<bool>> played;
  for (std::size_t i = 0; i < players; ++i) {
    played.emplace_back(table.sizes[i], false);
    for (const std::size_t s : plays[i]) {
      played[i][s] = true;
    }
  }
  Refined out;
  bool strict = pure;
  bool undominated = true;
  bool small = true;
  for (std::size_t i = 0; i < players; ++i) {
    const std::vector<Integer> payoffs = dag::integer_payoffs(table, i).entries;
    std::vector<std::size_t> others;
    for (std::size_t s = 0; s < table.sizes[i]; ++s) {
      if (!pure || s != plays[i][0]) {
        others.push_back(s);
      }
    }
    if (pure) {
      for (const auto& row : gains_on(table, payoffs, i, plays[i][0], others, played)) {
        strict = strict && row[0].sign() < 0;
      }
    }
    Rows rows;
    for (const std::size_t own : plays[i]) {
      Rows more = gains_on(table, payoffs, i, own, others, all);
      std::move(more.begin(), more.end(), std::back_inserter(rows));
    }
    if (rows.empty()) {
      continue;
    }
    const std::size_t columns = rows[0].size();
    if (rows.size() * columns > most_entries) {
      small = false;
      continue;
    }
    for (std::size_t j = 0; undominated && j < columns; ++j) {
      std::vector<bool> wanted(columns, false);
      wanted[j] = true;
      undominated = believes(rows, columns, wanted);
    }
  }
  if (strict) {
    return {true, true};
  }
  if (!undominated) {
    return {false, false};
  }
  if (players == 2 && small) {
    out.perfect = true;
  }
  return out;
}

std::optional<bool> each_was_dominated(
    const dag::GameTable& table, const std::vector<std::pair<std::size_t, std::size_t>>& removed) {
  std::vector<std::vector<Integer>> payoffs;
  for (std::size_t i = 0; i < table.sizes.size(); ++i) {
    if (table.payoffs[i].size() > most_entries) {
      return std::nullopt;
    }
    payoffs.push_back(dag::integer_payoffs(table, i).entries);
  }
  std::vector<std::vector<bool>> left = everything(table);
  for (const auto& [player, strategy] : removed) {
    left[player][strategy] = false;
    std::vector<std::size_t> others;
    for (std::size_t s = 0; s < table.sizes[player]; ++s) {
      if (left[player][s]) {
        others.push_back(s);
      }
    }
    if (others.empty()) {
      return false;
    }
    const Rows rows = gains_on(table, payoffs[player], player, strategy, others, left);
    if (believes(rows, rows[0].size(), std::vector<bool>(rows[0].size(), true))) {
      return false;
    }
  }
  return true;
}

double logit_residual(const dag::GameTable& table, const Profile& profile, double lambda) {
  double off = 0;
  for (std::size_t i = 0; i < profile.size(); ++i) {
    const std::vector<double> reply = softmax_of(deviations(table, profile, i), lambda);
    for (std::size_t s = 0; s < reply.size(); ++s) {
      const double distance = std::abs(reply[s] - profile[i][s]);
      off = distance <= off ? off : distance;  // NaN stays
    }
  }
  return off;
}

/// Newton's method on x = softmax(lambda u(x)), from where the point is.
bool LogitBranchTruth::settle(Point& point) const {
  const std::size_t players = table_.sizes.size();
  std::vector<std::size_t> first{0};
  for (const std::size_t size : table_.sizes) {
    first.push_back(first.back() + size);
  }
  for (int round = 0; round < 25; ++round) {
    std::vector<std::vector<double>> a(first.back(), std::vector<double>(first.back() + 1, 0.0));
    std::vector<std::vector<double>> replies;
    double off = 0;
    for (std::size_t i = 0; i < players; ++i) {
      replies.push_back(softmax_of(deviations(table_, point.profile, i), point.lambda));
      for (std::size_t s = 0; s < table_.sizes[i]; ++s) {
        a[first[i] + s][first[i] + s] = 1;
        a[first[i] + s].back() = replies[i][s] - point.profile[i][s];
        off = std::max(off, std::abs(a[first[i] + s].back()));
      }
    }
    for (std::size_t j = 0; j < players; ++j) {
      for (std::size_t t = 0; t < table_.sizes[j]; ++t) {
        Profile moved = point.profile;  // u is linear in what player j plays
        moved[j].assign(table_.sizes[j], 0.0);
        moved[j][t] = 1;
        for (std::size_t i = 0; i < players; ++i) {
          if (i == j) {
            continue;
          }
          const std::vector<double> slope = deviations(table_, moved, i);
          Sum mean;
          for (std::size_t s = 0; s < slope.size(); ++s) {
            mean.add_product(replies[i][s], slope[s]);
          }
          for (std::size_t s = 0; s < slope.size(); ++s) {
            a[first[i] + s][first[j] + t] -=
                point.lambda * replies[i][s] * (slope[s] - mean.value());
          }
        }
      }
    }
    point.determinant = eliminate(a);
    // What is exponentiated is rounded as lambda times the payoffs are.
    if (off <= 1e-12 + 4 * std::numeric_limits<double>::epsilon() * point.lambda * largest_) {
      return true;
    }
    for (std::size_t i = 0; i < players; ++i) {
      for (std::size_t s = 0; s < table_.sizes[i]; ++s) {
        const double step = a[first[i] + s].back();
        point.profile[i][s] += step;
        if (!(std::abs(step) < 0.2) || !(point.profile[i][s] > -0.1)) {
          return false;
        }
      }
    }
  }
  return false;
}

LogitBranchTruth::LogitBranchTruth(const dag::GameTable& table, double to) : table_(table) {
  std::size_t strategies = 0;
  double range = 0;
  Point start;
  for (std::size_t i = 0; i < table.sizes.size(); ++i) {
    strategies += table.sizes[i];
    start.profile.emplace_back(table.sizes[i], 1 / static_cast<double>(table.sizes[i]));
    const auto [low, high] = std::minmax_element(table.payoffs[i].begin(), table.payoffs[i].end());
    range = std::max(range, *high - *low);
    largest_ = std::max({largest_, std::abs(*low), std::abs(*high)});
  }
  if (strategies > 24 || table.payoffs[0].size() > most_entries || !(range > 0) || !(to > 0) ||
      to * largest_ > 1e8) {
    return;
  }
  points_.push_back(start);
  double step = 1e-3 / range;
  while (points_.back().lambda < to) {
    Point next = points_.back();
    next.lambda = std::min(to, next.lambda + step);
    if (!settle(next)) {
      step /= 4;
      if (step * range < 1e-7) {
        return;
      }
      continue;
    }
    if (next.determinant * points_.back().determinant < 0) {
      changes_.emplace_back(points_.back().lambda, next.lambda);
    }
    points_.push_back(std::move(next));
    step = std::min(1.5 * step, 0.02 * (points_.back().lambda + 1 / range));
  }
  told_ = true;
}

std::optional<double> LogitBranchTruth::determinant(double lambda) const {
  const auto near =
      std::min_element(points_.begin(), points_.end(), [&](const Point& a, const Point& b) {
        return std::abs(a.lambda - lambda) < std::abs(b.lambda - lambda);
      });
  Point point = *near;
  point.lambda = lambda;
  return settle(point) ? std::optional(std::abs(point.determinant)) : std::nullopt;
}

bool LogitBranchTruth::is_at(double lambda) const {
  // A determinant with a zero here is a tenth, or less, at a tenth of the distance.
  const double d = 1e-3 * lambda;
  for (const double side : {-1.0, 1.0}) {
    const auto far = determinant(lambda + 10 * side * d);
    const auto close = determinant(lambda + side * d);
    if (!far || !close || !(*close <= 0.25 * *far)) {
      return false;
    }
  }
  return true;
}

}  // namespace cli
