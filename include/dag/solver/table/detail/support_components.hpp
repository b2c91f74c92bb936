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
#include <dag/solver/table/detail/support_system.hpp>

namespace dag::detail {

/// A root of one support's system: weights over each player's support, one after the other.
struct SupportRoot {
  std::vector<double> weights;
  double radius = 0.0;        ///< the true root is within it, in each weight (0 dimensions)
  std::size_t dimension = 0;  ///< of the set of roots around it
  double slack = 0.0;         ///< least shortfall of a strategy outside the supports, in units
};

/// Connected sets of roots of one support's system, as pieces: points with the edge of the cell
/// they stand for.
///
/// What is left at edges of 1/128 is projected to a root: if the Jacobian is singular there, a
/// component of positive dimension (or a multiple root). Larger cells are part of a component where
/// as many equations as the Jacobian's rank r leave r of the unknowns no choice once the others are
/// given, as Krawczyk's test shows, and roots reached from several of its points differ.
class SupportComponents {
 public:
  static constexpr double largest_piece = 1.0 / 4;  ///< edge of a cell
  static constexpr double coarse_edge = 1.0 / 128;
  static constexpr double tie = 1e-10;  ///< of payoffs at a root, in units
  static constexpr double least_weight = 1e-9;

  /// Keeps a reference to the system.
  explicit SupportComponents(SupportSystem& system)
      : system_(system), space_(system.space), step_(space_.unknowns), pivots_(space_.unknowns) {}

  /// Takes a cell of which every point is a root.
  void add_flat(const SupportSpace::Cell& cell) {
    std::vector<double> at = space_.global(cell, space_.middle_weights());
    const double left = system_.slack(at);
    pieces_.push_back({{std::move(at), 0.0, space_.unknowns, left}, space_.longest_edge(cell)});
  }

  /// True if a root at which the Jacobian is singular stands for the cell.
  [[nodiscard]] bool add(const SupportSpace::Cell& cell, double edge) {
    const std::size_t n = space_.unknowns;
    const bool early = edge > coarse_edge;
    const std::vector<double> start = space_.global(cell, space_.middle_weights());
    std::vector<double> at = start;
    if (!(project(at) < 1e-11) || !(space_.distance(at, start) < (early ? 1.0 : 8.0) * edge)) {
      return false;
    }
    const std::size_t full = rank(at);
    if (full == n) {
      return false;
    }
    if (early && !is_graph(cell, full)) {
      return false;
    }
    bool moves = false;  // or all points lead to one root, a multiple one
    for (std::size_t corner = 0; corner < space_.largest_played(); ++corner) {
      std::vector<double> other = space_.global(cell, space_.toward_corner(corner));
      const bool there = project(other) < 1e-11;
      if (early && !(there && rank(other) == full && is_strict(other))) {
        return false;
      }
      moves = moves || (there && space_.distance(other, at) > 0.01 * edge);
    }
    if (early && !moves) {
      return false;
    }
    if (!early) {
      simplify(at);
    }
    if (is_strict(at)) {
      const double left = system_.slack(at);
      pieces_.push_back({{std::move(at), 0.0, moves ? n - full : 0, left}, edge});
      return true;
    }
    const double least = *std::min_element(at.begin(), at.end());
    // Outside the supports or beaten by another strategy: decided when the cell is finer.
    return !early && (least < -2.0 * edge || system_.slack(at) < -4.0 * edge);
  }

  /// True if a piece of a component is beside the cell.
  [[nodiscard]] bool beside(const SupportSpace::Cell& cell, double edge) const {
    const std::vector<double> middle = space_.global(cell, space_.middle_weights());
    return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
      return space_.distance(middle, piece.root.weights) < edge + piece.edge + 2.0 * coarse_edge;
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
      const auto least = [&](std::size_t k) {
        const std::vector<double>& weights = pieces_[k].root.weights;
        return *std::min_element(weights.begin(), weights.end());
      };
      for (std::size_t next = 0; next < group.size(); ++next) {
        best = least(group[next]) > least(best) ? group[next] : best;
        for (std::size_t k = 0; k < pieces_.size(); ++k) {
          const Piece& one = pieces_[group[next]];
          if (!taken[k] && space_.distance(pieces_[k].root.weights, one.root.weights) <
                               pieces_[k].edge + one.edge + 2.0 * coarse_edge) {
            taken[k] = true;
            group.push_back(k);
          }
        }
      }
      roots.push_back(pieces_[best].root);
    }
  }

 private:
  /// A point of a component, and how large the cell is that it stands for.
  struct Piece {
    SupportRoot root;
    double edge = 0.0;
  };

  /// Everything of the supports is played there, and nothing else is better.
  [[nodiscard]] bool is_strict(std::span<const double> at) const {
    return *std::min_element(at.begin(), at.end()) > least_weight && system_.slack(at) >= -tie;
  }

  /// A step of Gauss's elimination with complete pivoting; which rows and columns come to stand
  /// first is told. False where all that is left is 0.
  bool pivot_completely(std::vector<double>& a, std::size_t step, std::vector<std::size_t>& rows,
                        std::vector<std::size_t>& columns) const {
    const std::size_t n = space_.unknowns;
    std::size_t best = step * n + step;
    for (std::size_t r = step; r < n; ++r) {
      for (std::size_t c = step; c < n; ++c) {
        best = std::abs(a[r * n + c]) > std::abs(a[best]) ? r * n + c : best;
      }
    }
    const std::size_t r = best / n;
    const std::size_t c = best % n;
    for (std::size_t k = 0; k < n; ++k) {
      std::swap(a[r * n + k], a[step * n + k]);
    }
    for (std::size_t k = 0; k < n; ++k) {
      std::swap(a[k * n + c], a[k * n + step]);
    }
    std::swap(rows[r], rows[step]);
    std::swap(columns[c], columns[step]);
    if (a[step * n + step] == 0.0) {
      return false;
    }
    for (std::size_t k = step + 1; k < n; ++k) {
      const double share = a[k * n + step] / a[step * n + step];
      for (std::size_t l = step; l < n; ++l) {
        a[k * n + l] -= share * a[step * n + l];
      }
    }
    return true;
  }

  /// The rank of the Jacobian at `at`.
  [[nodiscard]] std::size_t rank(std::span<const double> at) {
    const std::size_t n = space_.unknowns;
    system_.evaluate(space_.whole, at);
    std::vector<double> a = system_.jacobian;
    std::vector<std::size_t> order(n);
    std::size_t found = 0;
    while (found < n && pivot_completely(a, found, order, order) &&
           std::abs(a[found * n + found]) > 1e-6) {
      ++found;
    }
    return found;
  }

  /// Moves weights to a root by least steps, J' (J J' + mu)^-1 f; what is left of f.
  double project(std::vector<double>& at) {
    const std::size_t n = space_.unknowns;
    double size = 0.0;
    for (int round = 0; round < 60; ++round) {
      system_.evaluate(space_.whole, at);
      size = SupportSystem::largest(system_.f);
      if (!(size > 1e-15)) {
        break;
      }
      std::vector<double> gram(n * n);
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < n; ++c) {
          gram[r * n + c] =
              dot(system_.jacobian.data() + r * n, system_.jacobian.data() + c * n, n);
        }
        gram[r * n + r] += 1e-3 * size + 1e-15;
      }
      std::vector<double> share = system_.f;
      if (!lu_factor(gram, std::span<std::size_t>(pivots_))) {
        return std::numeric_limits<double>::infinity();
      }
      lu_solve(gram, std::span<const std::size_t>(pivots_), share);
      std::fill(step_.begin(), step_.end(), 0.0);
      for (std::size_t r = 0; r < n; ++r) {
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
    std::vector<std::size_t> rows(n);
    std::vector<std::size_t> columns(n);
    for (std::size_t k = 0; k < n; ++k) {
      rows[k] = columns[k] = k;
    }
    for (std::size_t step = 0; step < rank; ++step) {
      if (!pivot_completely(a, step, rows, columns)) {
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

  SupportSystem& system_;
  const SupportSpace& space_;
  std::vector<Piece> pieces_;
  std::vector<double> step_;
  std::vector<std::size_t> pivots_;
};

}  // namespace dag::detail
