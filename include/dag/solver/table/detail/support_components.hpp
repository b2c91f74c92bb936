// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/numeric/dense.hpp>
#include <dag/solver/table/detail/small_program.hpp>
#include <dag/solver/table/detail/support_chart.hpp>
#include <dag/solver/table/detail/support_space.hpp>
#include <dag/solver/table/detail/support_system.hpp>
#include <dag/solver/table/set_shape.hpp>

namespace dag::detail {

/// A root of one choice of supports: weights over each player's support, one after the other.
struct SupportRoot {
  std::vector<double> weights;
  double radius = 0.0;        ///< the true root is within it, in each weight (0 dimensions)
  std::size_t dimension = 0;  ///< of the set of roots around it
  double slack = 0.0;         ///< least shortfall of a strategy outside the supports, in units
  SetShape shape = SetShape::point;
  std::vector<double> low;  ///< of the set's weights: a box that holds it; empty for a point
  std::vector<double> high;
};

/// Connected sets of roots of one support's system, as pieces: points with the edge of the cell
/// they stand for.
///
/// What is left at edges of 1/128 (sets of two dimensions 1/32, of more 1/16) is projected to a
/// root: if the Jacobian is singular there, a component of positive dimension (or a multiple root).
/// Larger cells are part of a component where as many equations as the Jacobian's rank r leave r of
/// the unknowns no choice once the others are given, as Krawczyk's test shows, and roots reached
/// from several of its points differ.
class SupportComponents {
 public:
  static constexpr double largest_piece = 1.0 / 4;  ///< edge of a cell
  static constexpr double tie = 1e-10;              ///< of payoffs at a root, in units
  static constexpr double least_weight = 1e-9;

  /// Keeps references to both.
  SupportComponents(const SupportChart& chart, SupportSystem& system)
      : chart_(chart),
        system_(system),
        space_(system.space),
        coarse(space_.unknowns >= space_.equations + 3   ? 1.0 / 16
               : space_.unknowns >= space_.equations + 2 ? 1.0 / 32
                                                         : 1.0 / 128),
        step_(space_.unknowns),
        pivots_(space_.equations) {}

  /// Takes a cell of which every point is a root.
  void add_flat(const SupportSpace::Cell& cell) {
    std::vector<double> at = space_.global(cell, space_.middle_weights());
    take(cell, std::move(at), space_.unknowns, space_.longest_edge(cell));
  }

  /// True if a root at which the Jacobian is singular stands for the cell.
  [[nodiscard]] bool add(const SupportSpace::Cell& cell, double edge) {
    const std::size_t n = space_.unknowns;
    const bool early = edge > coarse;
    const int rounds = early ? 12 : 60;
    const std::vector<double> start = space_.global(cell, space_.middle_weights());
    std::vector<double> at = start;
    if (!(project(at, rounds) < 1e-11) ||
        !(space_.distance(at, start) < (early ? 1.0 : 8.0) * edge)) {
      return false;
    }
    const std::size_t full = system_.rank(at);
    if (full == n) {
      return false;
    }
    if (early && !is_graph(cell, full)) {
      return false;
    }
    bool moves = false;  // or all points lead to one root, a multiple one
    for (std::size_t corner = 0; corner < space_.largest_played(); ++corner) {
      std::vector<double> other = space_.global(cell, space_.toward_corner(corner));
      const bool there = project(other, rounds) < 1e-11;
      if (early && !(there && system_.rank(other) == full && is_strict(other))) {
        return false;
      }
      moves = moves || (there && space_.distance(other, at) > 0.01 * edge);
    }
    if (early && !moves) {
      return false;
    }
    if (!moves && *std::min_element(at.begin(), at.end()) < 1.0 / 256) {
      return false;  // perhaps one where less is played, which projections only near
    }
    if (!early) {
      simplify(at);
    }
    if (is_strict(at)) {
      take(cell, std::move(at), moves ? n - full : 0, edge);
      return true;
    }
    const double least = *std::min_element(at.begin(), at.end());
    // Outside the supports or beaten by another strategy: decided when the cell is finer.
    return !early && (least < -2.0 * edge || system_.slack(at) < -4.0 * edge);
  }

  /// True if the cell is beside a piece of a component, which takes it.
  [[nodiscard]] bool take_beside(const SupportSpace::Cell& cell, double edge) {
    const std::vector<double> middle = space_.global(cell, space_.middle_weights());
    for (Piece& piece : pieces_) {
      if (space_.distance(middle, piece.at) < edge + piece.edge + 2.0 * coarse) {
        widen(piece.low, piece.high, cell);
        return true;
      }
    }
    return false;
  }

  /// True if a sum of rows shows that the cell has no equilibrium with all weights positive: of
  /// multiples of the equations, with or without a row that must not be above 0, which is nowhere
  /// below 0 and above 0 wherever all is played. A multiple may be another one at each corner of
  /// the equation's own player, on whose weights it does not depend. A linear program finds the
  /// multiples; what they give is then looked at.
  [[nodiscard]] bool kept_apart(const SupportSpace::Cell& cell) const {
    std::vector<std::vector<double>> multiplied;  // scaled, over all players' corners
    std::vector<std::vector<double>> bounds{std::vector<double>(space_.all_corners(), 0.0)};
    for (std::size_t i = 0; i < space_.players; ++i) {
      std::size_t apart = 1;
      for (std::size_t j = 0; j < i; ++j) {
        apart *= space_.played[j];
      }
      for (std::size_t r = 1; r < space_.sizes[i]; ++r) {
        std::vector<double> row = space_.spread(cell, i, r);
        const double size = SupportSystem::largest(row);
        for (double& value : row) {
          value = size > SupportSpace::margin ? value / size : 0.0;
        }
        for (std::size_t a = 0; a < space_.played[i] && r < space_.equal[i]; ++a) {
          std::vector<double>& own = multiplied.emplace_back(row);
          for (std::size_t k = 0; k < own.size(); ++k) {
            own[k] = k / apart % space_.played[i] == a ? own[k] : 0.0;
          }
        }
        if (r >= space_.equal[i]) {
          bounds.push_back(std::move(row));
        }
      }
    }
    return std::any_of(bounds.begin(), bounds.end(), [&](const std::vector<double>& bound) {
      return raised(cell, bound, multiplied, &bound == &bounds[0] ? 1.0 : 1e3);
    });
  }

  /// One root for each connected group of pieces: the one farthest from the edge of the supports.
  void cluster(std::vector<SupportRoot>& roots) const {
    std::vector<bool> taken(pieces_.size(), false);
    for (std::size_t first = 0; first < pieces_.size(); ++first) {
      if (taken[first]) {
        continue;
      }
      std::vector<std::size_t> group{first};
      taken[first] = true;
      std::size_t best = first;
      const auto inside = [&](std::size_t k) {  // rather where all is sure, then where all ties
        const double least = *std::min_element(pieces_[k].at.begin(), pieces_[k].at.end());
        const double slack = system_.slack(pieces_[k].at);
        return slack > 1e-9 ? 1.0 + std::fmin(least, slack) : slack > -1e-14 ? least : slack;
      };
      double most = inside(first);
      SupportRoot root;
      root.low = pieces_[first].low;
      root.high = pieces_[first].high;
      for (std::size_t next = 0; next < group.size(); ++next) {
        const Piece& one = pieces_[group[next]];
        const double here = inside(group[next]);
        best = here > most ? group[next] : best;
        most = std::fmax(most, here);
        root.dimension = std::max(root.dimension, one.dimension);
        for (std::size_t w = 0; w < one.low.size(); ++w) {
          root.low[w] = std::fmin(root.low[w], one.low[w]);
          root.high[w] = std::fmax(root.high[w], one.high[w]);
        }
        for (std::size_t k = 0; k < pieces_.size(); ++k) {
          if (!taken[k] &&
              space_.distance(pieces_[k].at, one.at) < pieces_[k].edge + one.edge + 2.0 * coarse) {
            taken[k] = true;
            group.push_back(k);
          }
        }
      }
      if (root.dimension == 1 && is_straight(group)) {
        root.shape = SetShape::segment;
      }
      root.weights = lifted(pieces_[best].at);
      root.slack = system_.slack(pieces_[best].at);
      roots.push_back(std::move(root));
    }
  }

  /// Weights over the supports of a point of the chart.
  [[nodiscard]] std::vector<double> lifted(std::span<const double> at) const {
    std::vector<double> weights;
    for (std::size_t j = 0; j < space_.players; ++j) {
      for (std::size_t w = 0; w < chart_.weights[j]; ++w) {
        weights.push_back(mixed(j, w, at.data() + space_.weight_offset[j]));
      }
    }
    return weights;
  }

 private:
  /// A point of a component, and how large the cell is that it stands for; the weights over the
  /// supports of all cells that it stands for.
  struct Piece {
    std::vector<double> at;
    std::size_t dimension = 0;
    double edge = 0.0;
    std::vector<double> low;
    std::vector<double> high;
  };

  /// True if the points of the pieces are on one line.
  [[nodiscard]] bool is_straight(const std::vector<std::size_t>& group) const {
    const std::vector<double>& from = pieces_[group[0]].at;
    std::size_t other = group[0];
    for (const std::size_t k : group) {
      other = space_.distance(pieces_[k].at, from) > space_.distance(pieces_[other].at, from)
                  ? k
                  : other;
    }
    const std::vector<double>& to = pieces_[other].at;
    std::size_t along = 0;
    for (std::size_t w = 0; w < from.size(); ++w) {
      along = std::abs(to[w] - from[w]) > std::abs(to[along] - from[along]) ? w : along;
    }
    const double length = to[along] - from[along];
    return group.size() > 2 && std::all_of(group.begin(), group.end(), [&](std::size_t k) {
             const double share = (pieces_[k].at[along] - from[along]) / length;
             for (std::size_t w = 0; w < from.size(); ++w) {
               if (!(std::abs(pieces_[k].at[w] - from[w] - share * (to[w] - from[w])) < 1e-7)) {
                 return false;
               }
             }
             return true;
           });
  }

  /// True if the sum of a row and multiples of others, none above `most`, is nowhere below 0 and
  /// above 0 wherever all is played.
  [[nodiscard]] bool raised(const SupportSpace::Cell& cell, std::vector<double> sum,
                            const std::vector<std::vector<double>>& rows, double most) const {
    const double lift = std::fmax(0.0, -*std::min_element(sum.begin(), sum.end()));
    const std::size_t columns = 2 * rows.size() + 1;  // the last: lift taken back
    std::vector<double> matrix((sum.size() + columns) * columns, 0.0);
    std::vector<double> right(sum.size() + columns, most);
    std::vector<double> costs(columns, 0.0);
    for (std::size_t k = 0; k < sum.size(); ++k) {
      double* line = matrix.data() + k * columns;
      right[k] = lift + sum[k];
      for (std::size_t e = 0; e < rows.size(); ++e) {
        line[2 * e] = -rows[e][k];
        line[2 * e + 1] = rows[e][k];
        costs[2 * e] += 1e-6 * rows[e][k];
        costs[2 * e + 1] -= 1e-6 * rows[e][k];
      }
      line[columns - 1] = 1.0;
    }
    costs.back() = 1.0;
    for (std::size_t c = 0; c < columns; ++c) {
      matrix[(sum.size() + c) * columns + c] = 1.0;
    }
    right.back() = lift;
    const std::vector<double> multiples = program(matrix, right, costs);
    for (std::size_t e = 0; e < rows.size() && !multiples.empty(); ++e) {
      for (std::size_t k = 0; k < sum.size(); ++k) {
        sum[k] += (multiples[2 * e] - multiples[2 * e + 1]) * rows[e][k];
      }
    }
    return space_.above_inside(cell, sum);
  }

  [[nodiscard]] double mixed(std::size_t j, std::size_t w, const double* shares) const {
    double sum = 0.0;
    for (std::size_t a = 0; a < chart_.corners[j]; ++a) {
      sum += shares[a] * chart_.embed[j][a * chart_.weights[j] + w];
    }
    return sum;
  }
  void take(const SupportSpace::Cell& cell, std::vector<double> at, std::size_t dimension,
            double edge) {
    Piece& piece = pieces_.emplace_back();
    piece.at = std::move(at);
    piece.dimension = dimension;
    piece.edge = edge;
    piece.low = lifted(piece.at);
    piece.high = piece.low;
    widen(piece.low, piece.high, cell);
  }
  void widen(std::vector<double>& low, std::vector<double>& high,
             const SupportSpace::Cell& cell) const {
    std::size_t next = 0;
    for (std::size_t j = 0; j < space_.players; ++j) {
      for (std::size_t w = 0; w < chart_.weights[j]; ++w, ++next) {
        for (std::size_t a = 0; a < chart_.corners[j]; ++a) {
          const double weight =
              mixed(j, w, cell.corners.data() + space_.corner_offset[j] + a * chart_.corners[j]);
          low[next] = std::fmin(low[next], weight);
          high[next] = std::fmax(high[next], weight);
        }
      }
    }
  }

  /// Everything of the supports is played there, and nothing else is better: closer than for a
  /// single root, since a set that only nears its limits where less is played would pass else.
  [[nodiscard]] bool is_strict(std::span<const double> at) const {
    return *std::min_element(at.begin(), at.end()) > least_weight && system_.slack(at) >= -1e-12;
  }

  /// Moves weights to a root by least steps, J' (J J' + mu)^-1 f; what is left of f.
  double project(std::vector<double>& at, int rounds) {
    const std::size_t n = space_.unknowns;
    const std::size_t m = space_.equations;
    double size = 0.0;
    for (int round = 0; round < rounds && m > 0; ++round) {
      system_.evaluate(space_.whole, at);
      size = SupportSystem::largest(system_.f);
      if (!(size > 1e-15)) {
        break;
      }
      std::vector<double> gram(m * m);
      for (std::size_t r = 0; r < m; ++r) {
        for (std::size_t c = 0; c < m; ++c) {
          gram[r * m + c] =
              dot(system_.jacobian.data() + r * n, system_.jacobian.data() + c * n, n);
        }
        gram[r * m + r] += 1e-3 * size + 1e-15;
      }
      std::vector<double> share = system_.f;
      if (!lu_factor(gram, std::span<std::size_t>(pivots_))) {
        return std::numeric_limits<double>::infinity();
      }
      lu_solve(gram, std::span<const std::size_t>(pivots_), share);
      std::fill(step_.begin(), step_.end(), 0.0);
      for (std::size_t r = 0; r < m; ++r) {
        for (std::size_t c = 0; c < n; ++c) {
          step_[c] += system_.jacobian[r * n + c] * share[r];
        }
      }
      system_.add_step(at, step_, -1.0);
    }
    return size;
  }

  /// A multiple root is reached to half the digits only: the simple fractions nearby, if they are a
  /// root, instead.
  void simplify(std::vector<double>& at) {
    std::vector<double> simple = at;
    for (double& weight : simple) {
      for (double q = 1.0; q <= 200.0; q += 1.0) {
        const double p = std::round(weight * q);
        if (std::abs(weight - p / q) < 1e-6) {
          weight = p / q;
          break;
        }
      }
    }
    for (std::size_t j = 0; j < space_.players; ++j) {
      double sum = -1.0;
      for (std::size_t a = 0; a < space_.played[j]; ++a) {
        sum += simple[space_.weight_offset[j] + a];
      }
      if (std::abs(sum) > 1e-12) {
        return;
      }
    }
    system_.evaluate(space_.whole, simple);
    if (!(SupportSystem::largest(system_.f) > 1e-14)) {
      at = std::move(simple);
    }
  }

  /// True if some `rank` of the equations leave `rank` of the unknowns no choice in the cell once
  /// the other unknowns are given.
  [[nodiscard]] bool is_graph(const SupportSpace::Cell& cell, std::size_t rank) {
    const std::size_t n = space_.unknowns;
    system_.evaluate(cell, space_.middle_weights());
    std::vector<double> a = system_.jacobian;
    std::vector<std::size_t> rows(space_.equations);
    std::vector<std::size_t> columns(n);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      rows[k] = k;
    }
    for (std::size_t k = 0; k < n; ++k) {
      columns[k] = k;
    }
    for (std::size_t step = 0; step < rank; ++step) {
      if (!system_.pivot_completely(a, step, rows, columns)) {
        return false;
      }
    }
    std::vector<double> square(rank * rank);
    for (std::size_t r = 0; r < rank; ++r) {
      for (std::size_t c = 0; c < rank; ++c) {
        square[r * rank + c] = system_.jacobian[rows[r] * n + columns[c]];
      }
    }
    std::vector<double> inverse;
    if (!system_.invert(square, rank, inverse)) {
      return false;
    }
    system_.jacobian_range(cell);
    for (std::size_t r = 0; r < rank; ++r) {
      double sum = 0.0;
      for (std::size_t c = 0; c < rank; ++c) {
        sum += system_.off_identity(inverse.data() + r * rank, rank, r == c,
                                    [&](std::size_t e) { return rows[e] * n + columns[c]; });
      }
      if (!(sum < 0.5)) {
        return false;
      }
    }
    return true;
  }

  const SupportChart& chart_;
  SupportSystem& system_;
  const SupportSpace& space_;

 public:
  const double coarse;  ///< edge of a cell at which the ends of a set are looked for

 private:
  std::vector<Piece> pieces_;
  std::vector<double> step_;
  std::vector<std::size_t> pivots_;
};

}  // namespace dag::detail
