// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/solver/table/detail/support_chart.hpp>

namespace dag::detail {

/// The product of simplices of a chart, and its cells.
///
/// Each row is affine in every player's weights, so over a product of simplices its coefficients in
/// Bernstein form of degree (1, ..., 1) are its values at the products of their corners, and it
/// lies between the least and the largest of them. A cell is such a product, with those values;
/// halving an edge of one player's simplex is one mean of two slices. Row 0 of each player is 0:
/// what the first strategy of the support earns; then come the player's equations, then the others.
struct SupportSpace {
  struct Cell {
    std::vector<double> values;   ///< player, row, the others' corners
    std::vector<double> corners;  ///< player, corner, weights over the chart's corners
    double edge_before = 2.0;     ///< the longest edge of the cell that this is a half of
  };
  /// Values below this, in units of the payoff range, decide nothing: rounding of 500 halvings.
  static constexpr double margin = SupportChart::margin;
  static constexpr double inflation = 1.5;  ///< of a cell about its middle

  explicit SupportSpace(const SupportChart& chart)
      : players(chart.players()), played(chart.corners) {
    std::size_t at = 0;
    std::size_t corners = 0;
    for (std::size_t i = 0; i < players; ++i) {
      equal.push_back(1);
      for (const SupportChart::Row& row : chart.rows[i]) {
        equal[i] += row.equation ? 1U : 0U;
      }
      sizes.push_back(1 + chart.rows[i].size());
      corner_offset.push_back(corners);
      corners += played[i] * played[i];
      weight_offset.push_back(weights);
      weights += played[i];
      unknown_offset.push_back(unknowns);
      unknowns += played[i] - 1;
      equation_offset.push_back(equations);
      equations += equal[i] - 1;
    }
    stride.assign(players * players, 0);
    for (std::size_t i = 0; i < players; ++i) {
      std::size_t product = 1;
      for (std::size_t j = 0; j < players; ++j) {
        if (j != i) {
          stride[i * players + j] = product;
          product *= played[j];
        }
      }
      others.push_back(product);
      offset.push_back(at);
      at += product * sizes[i];
      digit_offset.push_back(digits.size());
      for (std::size_t k = 0; k < product; ++k) {
        for (std::size_t j = 0; j < players; ++j) {
          digits.push_back(j == i ? 0 : k / stride[i * players + j] % played[j]);
        }
      }
    }
    whole.values.assign(at, 0.0);
    for (std::size_t i = 0; i < players; ++i) {
      for (std::size_t r = 0; r < chart.rows[i].size(); ++r) {
        std::copy(
            chart.rows[i][r].values.begin(), chart.rows[i][r].values.end(),
            whole.values.begin() + static_cast<std::ptrdiff_t>(offset[i] + (r + 1) * others[i]));
      }
    }
    whole.corners.assign(corners, 0.0);
    for (std::size_t j = 0; j < players; ++j) {
      for (std::size_t a = 0; a < played[j]; ++a) {
        whole.corners[corner_offset[j] + a * played[j] + a] = 1.0;
      }
    }
  }

  [[nodiscard]] std::size_t digit(std::size_t i, std::size_t j, std::size_t k) const {
    return digits[digit_offset[i] + k * players + j];
  }
  [[nodiscard]] const double* row(const Cell& cell, std::size_t i, std::size_t s) const {
    return cell.values.data() + offset[i] + s * others[i];
  }

  /// Some equation, or a difference of two, has one sign at every corner, or a row is above one.
  [[nodiscard]] bool dominated(const Cell& cell) const {
    for (std::size_t i = 0; i < players; ++i) {
      for (std::size_t mine = 0; mine < equal[i]; ++mine) {
        const double* own = row(cell, i, mine);
        for (std::size_t s = 0; s < sizes[i]; ++s) {
          const double* other = row(cell, i, s);
          bool better = s != mine;
          for (std::size_t k = 0; k < others[i] && better; ++k) {
            better = other[k] - own[k] > margin;
          }
          if (better) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /// At every corner all equations hold and nothing is above 0.
  [[nodiscard]] bool flat(const Cell& cell) const {
    bool even = unknowns > 0;
    for (std::size_t i = 0; i < players && even; ++i) {
      for (std::size_t r = 1; r < sizes[i] && even; ++r) {
        const double* values = row(cell, i, r);
        for (std::size_t k = 0; k < others[i] && even; ++k) {
          even = values[k] <= margin && (r >= equal[i] || values[k] >= -margin);
        }
      }
    }
    return even;
  }

  /// True if some strategy of a support is nowhere in the cell better than another one, and worse
  /// wherever all of the others' supports are played.
  [[nodiscard]] bool worse_inside(const Cell& cell) const {
    for (std::size_t i = 0; i < players; ++i) {
      for (std::size_t mine = 0; mine < equal[i]; ++mine) {
        for (std::size_t s = 0; s < sizes[i]; ++s) {
          std::vector<bool> even(others[i]);
          bool never_better = s != mine;
          for (std::size_t k = 0; k < others[i] && never_better; ++k) {
            const double more = row(cell, i, s)[k] - row(cell, i, mine)[k];
            never_better = more >= -margin;
            even[k] = more <= margin;
          }
          std::vector<std::size_t> chosen(players, 1);
          if (never_better && !even_inside(cell, i, even, 0, chosen)) {
            return true;
          }
        }
      }
    }
    return false;
  }
  /// A row over the corners of all players.
  [[nodiscard]] std::vector<double> spread(const Cell& cell, std::size_t i, std::size_t r) const {
    std::vector<double> values(all_corners());
    const double* own = row(cell, i, r);
    for (std::size_t at = 0; at < values.size(); ++at) {
      std::size_t rest = at;
      std::size_t k = 0;
      for (std::size_t j = 0; j < players; ++j) {
        k += j == i ? 0 : stride[i * players + j] * (rest % played[j]);
        rest /= played[j];
      }
      values[at] = own[k];
    }
    return values;
  }
  [[nodiscard]] std::size_t all_corners() const {
    std::size_t product = 1;
    for (const std::size_t count : played) {
      product *= count;
    }
    return product;
  }
  /// True if a sum of rows, of values at the corners of all players, is nowhere below 0 and above 0
  /// wherever all is played.
  [[nodiscard]] bool above_inside(const Cell& cell, const std::vector<double>& sum) const {
    std::vector<bool> even(sum.size());
    for (std::size_t at = 0; at < sum.size(); ++at) {
      if (sum[at] < -margin) {
        return false;
      }
      even[at] = sum[at] <= margin;
    }
    std::vector<std::size_t> chosen(players, 1);
    return !even_inside(cell, players, even, 0, chosen);
  }

  /// True if players j and later have sets of corners at which, with those chosen of the earlier
  /// ones (bits), all is equal, and of which every set plays all of its player's support. `even`:
  /// by the corners of all players but i.
  [[nodiscard]] bool even_inside(const Cell& cell, std::size_t i, const std::vector<bool>& even,
                                 std::size_t j, std::vector<std::size_t>& chosen) const {
    if (j == players) {
      for (std::size_t k = 0; k < even.size(); ++k) {
        bool among = true;
        std::size_t rest = k;
        for (std::size_t l = 0; l < players && among; ++l) {
          if (l != i) {
            among = (chosen[l] >> (rest % played[l]) & 1U) != 0;
            rest /= played[l];
          }
        }
        if (among && !even[k]) {
          return false;
        }
      }
      return true;
    }
    if (j == i) {
      return even_inside(cell, i, even, j + 1, chosen);
    }
    for (chosen[j] = 1; chosen[j] < std::size_t{1} << played[j]; ++chosen[j]) {
      bool all_played = true;
      for (std::size_t w = 0; w < played[j] && all_played; ++w) {
        bool plays = false;
        for (std::size_t a = 0; a < played[j]; ++a) {
          plays = plays || ((chosen[j] >> a & 1U) != 0 &&
                            cell.corners[corner_offset[j] + a * played[j] + w] > 0.0);
        }
        all_played = plays;
      }
      if (all_played && even_inside(cell, i, even, j + 1, chosen)) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::vector<double> middle_weights() const {
    std::vector<double> at;
    for (const std::size_t size : played) {
      at.insert(at.end(), size, 1.0 / static_cast<double>(size));
    }
    return at;
  }

  /// Where the cell's corners of one number are weighed more than the others: 3/4.
  [[nodiscard]] std::vector<double> toward_corner(std::size_t corner) const {
    std::vector<double> at;
    for (const std::size_t size : played) {
      for (std::size_t a = 0; a < size; ++a) {
        const double even = 0.25 / static_cast<double>(size);
        at.push_back(even + (a == corner % size ? 0.75 : 0.0));
      }
    }
    return at;
  }

  /// The weights over the chart's corners of a point of a cell.
  [[nodiscard]] std::vector<double> global(const Cell& cell, std::span<const double> at) const {
    std::vector<double> point(weights, 0.0);
    for (std::size_t j = 0; j < players; ++j) {
      for (std::size_t a = 0; a < played[j]; ++a) {
        for (std::size_t b = 0; b < played[j]; ++b) {
          point[weight_offset[j] + b] +=
              at[weight_offset[j] + a] * cell.corners[corner_offset[j] + a * played[j] + b];
        }
      }
    }
    return point;
  }

  /// The cell about its middle, larger by `inflation` in each player's simplex.
  [[nodiscard]] Cell inflated(const Cell& cell) const {
    Cell large = cell;
    for (std::size_t j = 0; j < players; ++j) {
      for (std::size_t i = 0; i < players; ++i) {
        if (i == j || played[j] < 2) {
          continue;
        }
        const std::size_t apart = stride[i * players + j];
        double* values = large.values.data() + offset[i];
        const std::size_t count = sizes[i] * others[i];
        for (std::size_t outer = 0; outer < count; outer += apart * played[j]) {
          for (std::size_t k = outer; k < outer + apart; ++k) {
            double mean = 0.0;
            for (std::size_t a = 0; a < played[j]; ++a) {
              mean += values[k + a * apart];
            }
            mean /= static_cast<double>(played[j]);
            for (std::size_t a = 0; a < played[j]; ++a) {
              double& value = values[k + a * apart];
              value = mean + inflation * (value - mean);
            }
          }
        }
      }
    }
    return large;
  }

  [[nodiscard]] double distance(std::span<const double> a, std::span<const double> b) const {
    double most = 0.0;
    for (std::size_t k = 0; k < weights; ++k) {
      most = std::fmax(most, std::abs(a[k] - b[k]));
    }
    return most;
  }
  [[nodiscard]] std::size_t largest_played() const {
    return *std::max_element(played.begin(), played.end());
  }

  [[nodiscard]] double edge_length(const Cell& cell, std::size_t j, std::size_t a,
                                   std::size_t b) const {
    const double* corners = cell.corners.data() + corner_offset[j];
    double length = 0.0;
    for (std::size_t w = 0; w < played[j]; ++w) {
      length = std::fmax(length, std::abs(corners[a * played[j] + w] - corners[b * played[j] + w]));
    }
    return length;
  }
  [[nodiscard]] double longest_edge(const Cell& cell) const {
    double longest = 0.0;
    for (std::size_t j = 0; j < players; ++j) {
      for (std::size_t a = 0; a < played[j]; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
          longest = std::fmax(longest, edge_length(cell, j, a, b));
        }
      }
    }
    return longest;
  }

  /// Halves the edge along which the payoffs change most, among those not much shorter than the
  /// longest one.
  void halve(const Cell& cell, double longest, std::vector<Cell>& open) const {
    std::size_t player = 0;
    std::size_t from = 0;
    std::size_t to = 0;
    double most = -1.0;
    for (std::size_t j = 0; j < players; ++j) {
      for (std::size_t a = 0; a < played[j]; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
          const double length = edge_length(cell, j, a, b);
          if (length < 0.2 * longest) {
            continue;
          }
          double change = 1e-9 * length;
          for (std::size_t i = 0; i < players; ++i) {
            if (i == j) {
              continue;
            }
            const std::size_t apart = stride[i * players + j];
            for (std::size_t s = 1; s < sizes[i]; ++s) {
              const double* values = row(cell, i, s);
              for (std::size_t outer = 0; outer < others[i]; outer += apart * played[j]) {
                for (std::size_t k = outer; k < outer + apart; ++k) {
                  change += std::abs(values[k + a * apart] - values[k + b * apart]);
                }
              }
            }
          }
          if (change > most) {
            most = change;
            player = j;
            from = a;
            to = b;
          }
        }
      }
    }
    for (int half = 0; half < 2; ++half) {
      Cell child = cell;
      child.edge_before = longest;
      const std::size_t changed = half == 0 ? from : to;
      const std::size_t kept = half == 0 ? to : from;
      const std::size_t size = played[player];
      double* corners = child.corners.data() + corner_offset[player];
      for (std::size_t w = 0; w < size; ++w) {
        corners[changed * size + w] =
            0.5 * corners[changed * size + w] + 0.5 * corners[kept * size + w];
      }
      for (std::size_t i = 0; i < players; ++i) {
        if (i == player) {
          continue;
        }
        const std::size_t apart = stride[i * players + player];
        double* values = child.values.data() + offset[i];
        const std::size_t count = sizes[i] * others[i];
        for (std::size_t outer = 0; outer < count; outer += apart * size) {
          for (std::size_t k = outer; k < outer + apart; ++k) {
            values[k + changed * apart] =
                0.5 * values[k + changed * apart] + 0.5 * values[k + kept * apart];
          }
        }
      }
      open.push_back(std::move(child));
    }
  }

  std::size_t players;
  std::vector<std::size_t> played;  ///< corners of each player's simplex
  std::size_t weights = 0;
  std::size_t unknowns = 0;
  std::size_t equations = 0;
  std::vector<std::size_t> sizes;  ///< rows of each player
  std::vector<std::size_t> equal;  ///< of these are equations, with row 0
  std::vector<std::size_t> equation_offset;
  std::vector<std::size_t> corner_offset;
  std::vector<std::size_t> weight_offset;
  std::vector<std::size_t> unknown_offset;
  std::vector<std::size_t> stride;  ///< of player j's corner in player i's values
  std::vector<std::size_t> others;  ///< products of the others' corners
  std::vector<std::size_t> offset;  ///< of player i's values
  std::vector<std::size_t> digits;  ///< player, choice of the others, player: the corner
  std::vector<std::size_t> digit_offset;
  Cell whole;
};

}  // namespace dag::detail
