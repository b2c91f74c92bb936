// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/solver/table/detail/chart_reduction.hpp>
#include <dag/solver/table/detail/support_chart.hpp>
#include <dag/solver/table/detail/support_components.hpp>
#include <dag/solver/table/detail/support_space.hpp>
#include <dag/solver/table/detail/support_system.hpp>

namespace dag::detail {

/// The largest difference of two lists of weights.
[[nodiscard]] inline double farthest(std::span<const double> one, std::span<const double> other) {
  double most = 0.0;
  for (std::size_t k = 0; k < one.size(); ++k) {
    most = std::fmax(most, std::abs(one[k] - other[k]));
  }
  return most;
}

/// The roots of one chart, searched without gaps.
///
/// Thrown out is a cell in which some strategy of a support is worse than another strategy at every
/// corner, or which Krawczyk's operator (preconditioned by the Jacobian at the middle) moves off
/// itself. At most one root is in a cell around which the preconditioned Jacobian stays within 1/2
/// of the identity; Newton's method finds it or shows that it lies outside. What is left is a part
/// of a component (see `SupportComponents`) or halved on. Where a component leaves the supports, or
/// others become better, cells have no root of their own: these are part of it if a piece of it is
/// beside them, or have none if a strategy is worse than another everywhere but where some of the
/// supports are not played.
class SupportCells {
 public:
  /// Keeps a reference to the chart.
  explicit SupportCells(const SupportChart& chart) : chart_(chart), system_(SupportSpace(chart)) {}
  SupportCells(const SupportCells&) = delete;  // its parts refer to each other
  SupportCells& operator=(const SupportCells&) = delete;

  /// All roots with positive weights at which nothing outside the supports is better. Adds the
  /// cells looked at to `cells`; false if `max_cells` or the deadline ended the search, or if a
  /// cell could not be decided.
  [[nodiscard]] bool search(std::vector<SupportRoot>& roots, std::int64_t& cells,
                            std::int64_t max_cells, const Deadline& deadline) {
    bool complete = true;
    const std::size_t before = roots.size();
    std::vector<Cell> open;
    std::vector<Cell> ends;  // of components, perhaps: looked at when these are known
    open.push_back(space_.whole);
    bool second = false;
    while (!open.empty() || !(second || ends.empty())) {
      if (open.empty()) {
        open.swap(ends);
        second = true;
      }
      if (++cells > max_cells || deadline.passed()) {
        complete = false;
        break;
      }
      const Cell cell = std::move(open.back());
      open.pop_back();
      if (space_.dominated(cell) || settled(cell, roots)) {
        continue;
      }
      if (space_.flat(cell)) {  // every point of it is a root
        components_.add_flat(cell);
        continue;
      }
      const double edge = space_.longest_edge(cell);
      const bool fresh = edge < 0.75 * cell.edge_before || edge <= components_.coarse;
      if (fresh && edge <= SupportComponents::largest_piece && edge > last_proof &&
          components_.add(cell, edge)) {
        continue;
      }
      if (edge <= components_.coarse) {
        if (!second) {
          ends.push_back(cell);
          continue;
        }
        if (components_.take_beside(cell, edge) || space_.worse_inside(cell) ||
            (edge > last_proof && components_.kept_apart(cell))) {
          continue;
        }
      }
      if (edge <= finest_edge) {
        complete = false;
        continue;
      }
      space_.halve(cell, edge, open);
    }
    components_.cluster(roots);
    for (std::size_t k = before; k < roots.size(); ++k) {
      name(roots[k]);
    }
    return complete;
  }

 private:
  using Cell = SupportSpace::Cell;
  static constexpr double finest_edge = 1.0 / (1 << 24);
  static constexpr double last_proof = 1.0 / (1 << 12);  ///< what fails until here fails further on

  /// The largest row sum of |identity - inverse * Jacobian| over the range, and each row's sum
  /// weighted by how far a coordinate of the cell may be from its middle.
  double contraction(std::vector<double>* reach) const {
    const std::size_t n = space_.unknowns;
    double worst = 0.0;
    for (std::size_t r = 0; r < n; ++r) {
      double sum = 0.0;
      double weighted = 0.0;
      for (std::size_t j = 0; j < space_.players; ++j) {
        for (std::size_t c = space_.unknown_offset[j];
             c < space_.unknown_offset[j] + space_.played[j] - 1; ++c) {
          const double entry =
              system_.off_identity(inverse_.data() + r * n, n, r == c,
                                   [&](std::size_t e) { return system_.picked[e] * n + c; });
          sum += entry;
          weighted += entry * (1.0 - 1.0 / static_cast<double>(space_.played[j]));
        }
      }
      worst = sum > worst ? sum : worst;
      if (reach != nullptr) {
        (*reach)[r] = weighted;
      }
    }
    return worst;
  }

  /// True if the cell needs no more halving: it has no root, or its only one is in `roots`.
  [[nodiscard]] bool settled(const SupportSpace::Cell& cell, std::vector<SupportRoot>& roots) {
    const std::size_t n = space_.unknowns;
    if (space_.equations < n) {
      return false;
    }
    const std::vector<double> middle = space_.middle_weights();
    system_.evaluate(cell, middle);
    system_.pick();
    if (!system_.invert(system_.square(), n, inverse_) ||
        !(SupportSystem::largest(inverse_) < 1e9)) {
      return false;
    }
    system_.jacobian_range(cell);
    std::vector<double> reach(n);
    const double factor = contraction(&reach);
    std::vector<double> moved(n, 0.0);
    for (std::size_t r = 0; r < n; ++r) {
      double rounding = 0.0;
      for (std::size_t e = 0; e < n; ++e) {
        moved[r] += inverse_[r * n + e] * system_.f[system_.picked[e]];
        rounding += std::abs(inverse_[r * n + e]) * SupportSpace::margin;
      }
      reach[r] += rounding + 1e-12;
    }
    // Where Krawczyk's operator puts the cell: each coordinate, and the first weight.
    for (std::size_t j = 0; j < space_.players; ++j) {
      const double centre = 1.0 / static_cast<double>(space_.played[j]);
      double rest_low = 1.0;
      for (std::size_t c = space_.unknown_offset[j];
           c < space_.unknown_offset[j] + space_.played[j] - 1; ++c) {
        const double low = centre - moved[c] - reach[c];
        const double high = centre - moved[c] + reach[c];
        if (high < 0.0 || low > 1.0) {
          return true;
        }
        rest_low -= low > 0.0 ? low : 0.0;
      }
      if (rest_low < 0.0) {
        return true;
      }
    }
    if (!(factor < 0.5)) {
      return false;
    }
    system_.jacobian_range(space_.inflated(cell));
    for (std::size_t k = 0; k < system_.low.size(); ++k) {  // back to the cell's own weights
      system_.low[k] /= SupportSpace::inflation;
      system_.high[k] /= SupportSpace::inflation;
    }
    if (!(contraction(nullptr) < 0.5)) {
      return false;
    }
    std::vector<double> at = middle;
    if (!system_.newton(cell, at)) {
      return false;
    }
    bool inside = true;
    for (std::size_t j = 0; j < space_.players; ++j) {
      const double centre = 1.0 / static_cast<double>(space_.played[j]);
      for (std::size_t a = 0; a < space_.played[j]; ++a) {
        const double weight = at[space_.weight_offset[j] + a];
        if (weight < 0.999 * centre * (1.0 - SupportSpace::inflation)) {
          return false;  // beyond what was looked at
        }
        inside = inside && weight >= -1e-6;
      }
    }
    if (inside) {
      add_root(space_.global(cell, at), roots);
    }
    return true;
  }

  void add_root(std::vector<double> at, std::vector<SupportRoot>& roots) {
    if (!system_.newton(space_.whole, at)) {
      return;
    }
    system_.evaluate(space_.whole, at);
    if (space_.equations > space_.unknowns &&
        !(SupportSystem::largest(system_.f) < SupportComponents::tie)) {
      return;  // an equation that was not picked does not hold
    }
    // Newton's next step, doubled, and its rounding.
    const double radius =
        system_.solve_step() ? 2.0 * SupportSystem::largest(system_.step) + 4e-16 : 4e-16;
    for (const double weight : at) {
      if (weight < SupportComponents::least_weight) {
        return;  // a root of smaller supports, found there
      }
    }
    const double left = system_.slack(at);
    if (left < -SupportComponents::tie) {
      return;
    }
    SupportRoot root;
    root.weights = components_.lifted(at);
    for (const SupportRoot& known : roots) {
      if (known.dimension == 0 && farthest(known.weights, root.weights) < 1e-8) {
        return;
      }
    }
    root.radius = radius;
    root.slack = left;
    roots.push_back(std::move(root));
  }

  /// Tells what the set around a root is like, with the players whose weights change nothing.
  void name(SupportRoot& root) const {
    const bool one = root.low.empty();
    root.dimension += chart_.free_dimension;
    if (root.dimension == 0) {
      root.shape = one ? SetShape::point : SetShape::multiple_point;
      return;
    }
    bool bounded = false;
    for (std::size_t i = 0; i < space_.players; ++i) {
      bounded = bounded || space_.sizes[i] > space_.equal[i];
    }
    const bool straight = one || space_.equations == 0 ||
                          (root.shape == SetShape::segment && chart_.free_dimension == 0);
    root.shape = straight              ? root.dimension == 1 ? SetShape::segment
                                         : one || !bounded   ? SetShape::face
                                                             : SetShape::region
                 : root.dimension == 1 ? SetShape::curve
                                       : SetShape::surface;
    if (one) {
      root.low = root.high = root.weights;
    }
    for (const auto& [player, corners] : chart_.free) {
      std::size_t first = 0;
      for (std::size_t j = 0; j < player; ++j) {
        first += chart_.weights[j];
      }
      for (std::size_t k = 0; k < corners.size(); ++k) {
        const std::size_t w = first + k % chart_.weights[player];
        root.low[w] = std::fmin(root.low[w], corners[k]);
        root.high[w] = std::fmax(root.high[w], corners[k]);
      }
    }
  }

  const SupportChart& chart_;
  SupportSystem system_;
  const SupportSpace& space_ = system_.space;
  SupportComponents components_{chart_, system_};
  std::vector<double> inverse_;
};

/// All roots of one choice of supports, from the charts that it is reduced to: see `SupportCells`.
[[nodiscard]] inline bool support_roots(const SupportChart& whole, std::vector<SupportRoot>& roots,
                                        std::int64_t& cells, std::int64_t max_cells,
                                        const Deadline& deadline) {
  const std::vector<SupportChart> charts = ChartReduction::charts(whole);
  bool complete = true;
  std::vector<bool> ends;
  for (const SupportChart& chart : charts) {
    SupportCells search(chart);
    complete = search.search(roots, cells, max_cells, deadline) && complete;
    ends.resize(roots.size(), chart.is_end);
  }
  if (roots.empty()) {
    return complete;
  }
  SupportSystem system{SupportSpace(whole)};
  for (SupportRoot& root : roots) {
    root.slack = system.slack(root.weights);
  }
  // A set may be part of another chart's, or the same.
  for (std::size_t k = 0; charts.size() > 1 && k < roots.size();) {
    const SupportRoot& one = roots[k];
    bool known = false;
    for (std::size_t l = 0; l < roots.size() && !known; ++l) {
      const SupportRoot& other = roots[l];
      if (l == k || other.dimension < one.dimension) {
        continue;
      }
      if (other.dimension == one.dimension) {
        known = l < k && farthest(one.weights, other.weights) < 1e-8 &&
                farthest(one.low, other.low) < 1e-8 && farthest(one.high, other.high) < 1e-8;
      } else if (ends[k] ||
                 (one.dimension == 0 && system.rank(one.weights) < system.space.unknowns)) {
        known = true;
        for (std::size_t w = 0; w < one.weights.size(); ++w) {
          const double low = one.low.empty() ? one.weights[w] : one.low[w];
          const double high = one.low.empty() ? one.weights[w] : one.high[w];
          known = known && low >= other.low[w] - 1e-6 && high <= other.high[w] + 1e-6;
        }
      }
    }
    if (known) {
      roots.erase(roots.begin() + static_cast<std::ptrdiff_t>(k));
      ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(k));
    } else {
      ++k;
    }
  }
  return complete;
}

}  // namespace dag::detail
