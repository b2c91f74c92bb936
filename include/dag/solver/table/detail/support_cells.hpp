// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/dense.hpp>

namespace dag::detail {

/// A root of one support's system: weights over each player's support, one after the other.
struct SupportRoot {
  std::vector<double> weights;
  double radius = 0.0;        ///< the true root is within it, in each weight (0 dimensions)
  std::size_t dimension = 0;  ///< of the set of roots around it
  double slack = 0.0;         ///< least shortfall of a strategy outside the supports, in units
};

/// The indifference system of one choice of supports, searched without gaps.
///
/// Each player's payoff is affine in every other player's weights, so over a product of simplices
/// its coefficients in Bernstein form of degree (1, ..., 1) are its values at the products of their
/// corners, and it lies between the least and the largest of them. A cell is such a product, with
/// those values; halving an edge of one player's simplex is one mean of two slices. Thrown out is a
/// cell in which some strategy of a support is worse than another strategy at every corner, or
/// which Krawczyk's operator (preconditioned by the Jacobian at the middle) moves off itself. At
/// most one root is in a cell around which the preconditioned Jacobian stays within 1/2 of the
/// identity; Newton's method finds it or shows that it lies outside. What is left at edges of
/// 1/128 is projected to a root: if the Jacobian is singular there, a component of positive
/// dimension (or a multiple root); else the halving goes on. Larger cells are part of a component
/// where as many equations as the Jacobian's rank r leave r of the unknowns no choice once the
/// others are given, as Krawczyk's test shows, and roots reached from several of its points differ.
/// Where a component leaves the supports, or others become better, cells have no root of their own:
/// these are part of it if a piece of it is beside them, or have none if a strategy is worse than
/// another everywhere but where some of the supports are not played.
class SupportCells {
 public:
  /// Values below this, in units of the payoff range, decide nothing: rounding of 500 halvings.
  static constexpr double margin = 1e-13;

  /// units: each player's payoffs in the table's order, all in [0, 1].
  SupportCells(std::span<const std::size_t> sizes, const std::vector<std::vector<double>>& units,
               const std::vector<std::vector<std::size_t>>& supports)
      : sizes_(sizes.begin(), sizes.end()), supports_(supports), players_(sizes.size()) {
    std::size_t at = 0;
    std::size_t corners = 0;
    for (std::size_t i = 0; i < players_; ++i) {
      played_.push_back(supports[i].size());
      corner_offset_.push_back(corners);
      corners += played_[i] * played_[i];
      weight_offset_.push_back(weights_);
      weights_ += played_[i];
      unknown_offset_.push_back(unknowns_);
      unknowns_ += played_[i] - 1;
    }
    stride_.assign(players_ * players_, 0);
    for (std::size_t i = 0; i < players_; ++i) {
      std::size_t others = 1;
      for (std::size_t j = 0; j < players_; ++j) {
        if (j != i) {
          stride_[i * players_ + j] = others;
          others *= played_[j];
        }
      }
      others_.push_back(others);
      offset_.push_back(at);
      at += others * sizes_[i];
    }
    whole_.values.resize(at);
    std::vector<std::size_t> profile(players_);
    for (std::size_t i = 0; i < players_; ++i) {
      for (std::size_t s = 0; s < sizes_[i]; ++s) {
        for (std::size_t k = 0; k < others_[i]; ++k) {
          for (std::size_t j = 0; j < players_; ++j) {
            profile[j] = j == i ? s : supports_[j][digit(i, j, k)];
          }
          whole_.values[offset_[i] + s * others_[i] + k] = units[i][profile_index(sizes_, profile)];
        }
      }
    }
    whole_.corners.assign(corners, 0.0);
    for (std::size_t j = 0; j < players_; ++j) {
      for (std::size_t a = 0; a < played_[j]; ++a) {
        whole_.corners[corner_offset_[j] + a * played_[j] + a] = 1.0;
      }
    }
    const std::size_t n = unknowns_;
    low_.resize(n * n);
    high_.resize(n * n);
    middle_.resize(n * n);
    inverse_.resize(n * n);
    factors_.resize(n * n);
    pivots_.resize(n);
    f_.resize(n);
    step_.resize(n);
  }

  /// All roots with positive weights at which nothing outside the supports is better. Adds the
  /// cells looked at to `cells`; false if `max_cells` or the deadline ended the search, or if a
  /// cell could not be decided.
  [[nodiscard]] bool search(std::vector<SupportRoot>& roots, std::int64_t& cells,
                            std::int64_t max_cells, const Deadline& deadline) {
    bool complete = true;
    std::vector<Cell> open;
    std::vector<Cell> ends;  // of components, perhaps: looked at when these are known
    open.push_back(whole_);
    std::vector<Piece> pieces;
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
      if (dominated(cell) || settled(cell, roots)) {
        continue;
      }
      if (flat(cell)) {  // every point of it is a root
        Piece piece{{global(cell, middle_weights()), 0.0, unknowns_, 0.0}, longest_edge(cell)};
        piece.root.slack = slack(piece.root.weights);
        pieces.push_back(std::move(piece));
        continue;
      }
      const double edge = longest_edge(cell);
      if (edge <= largest_piece && component(cell, edge, pieces)) {
        continue;
      }
      if (edge <= coarse_edge) {
        if (!second) {
          ends.push_back(cell);
          continue;
        }
        if (beside(cell, edge, pieces) || worse_inside(cell)) {
          continue;
        }
      }
      if (edge <= finest_edge) {
        complete = false;
        continue;
      }
      halve(cell, edge, open);
    }
    cluster(pieces, roots);
    return complete;
  }

 private:
  static constexpr double largest_piece = 1.0 / 4;
  static constexpr double coarse_edge = 1.0 / 128;
  static constexpr double finest_edge = 1.0 / (1 << 24);
  static constexpr double inflation = 1.5;
  static constexpr double tie = 1e-10;  ///< of payoffs at a root, in units
  static constexpr double least_weight = 1e-9;

  /// A point of a component, and how large the cell is that it stands for.
  struct Piece {
    SupportRoot root;
    double edge = 0.0;
  };
  struct Cell {
    std::vector<double> values;   ///< player, own strategy, the others' corners
    std::vector<double> corners;  ///< player, corner, weights over the support
  };

  [[nodiscard]] std::size_t digit(std::size_t i, std::size_t j, std::size_t k) const {
    return j == i ? 0 : k / stride_[i * players_ + j] % played_[j];
  }
  [[nodiscard]] const double* row(const Cell& cell, std::size_t i, std::size_t s) const {
    return cell.values.data() + offset_[i] + s * others_[i];
  }

  /// Some strategy of a support is worse than another one at every corner.
  [[nodiscard]] bool dominated(const Cell& cell) const {
    for (std::size_t i = 0; i < players_; ++i) {
      for (const std::size_t mine : supports_[i]) {
        const double* own = row(cell, i, mine);
        for (std::size_t s = 0; s < sizes_[i]; ++s) {
          const double* other = row(cell, i, s);
          bool better = s != mine;
          for (std::size_t k = 0; k < others_[i] && better; ++k) {
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

  /// At every corner all strategies of the supports earn the same and none outside earns more.
  [[nodiscard]] bool flat(const Cell& cell) const {
    bool flat = unknowns_ > 0;
    for (std::size_t i = 0; i < players_ && flat; ++i) {
      const double* first = row(cell, i, supports_[i][0]);
      std::size_t next = 0;
      for (std::size_t s = 0; s < sizes_[i] && flat; ++s) {
        const bool mine = next < played_[i] && supports_[i][next] == s;
        next += mine ? 1 : 0;
        for (std::size_t k = 0; k < others_[i] && flat; ++k) {
          const double more = row(cell, i, s)[k] - first[k];
          flat = more <= margin && (!mine || more >= -margin);
        }
      }
    }
    return flat;
  }

  /// The system at weights `at` over a cell's corners, and its Jacobian in all but each player's
  /// first weight.
  void evaluate(const Cell& cell, std::span<const double> at, std::vector<double>& f,
                std::vector<double>& jacobian) const {
    std::fill(f.begin(), f.end(), 0.0);
    std::fill(jacobian.begin(), jacobian.end(), 0.0);
    for (std::size_t i = 0; i < players_; ++i) {
      const double* first = row(cell, i, supports_[i][0]);
      for (std::size_t k = 0; k < others_[i] && played_[i] > 1; ++k) {
        double all = 1.0;
        for (std::size_t j = 0; j < players_; ++j) {
          all *= j == i ? 1.0 : at[weight_offset_[j] + digit(i, j, k)];
        }
        for (std::size_t e = 1; e < played_[i]; ++e) {
          f[unknown_offset_[i] + e - 1] += all * (row(cell, i, supports_[i][e])[k] - first[k]);
        }
        for (std::size_t j = 0; j < players_; ++j) {
          if (j == i || played_[j] < 2) {
            continue;
          }
          double rest = 1.0;
          for (std::size_t l = 0; l < players_; ++l) {
            rest *= l == i || l == j ? 1.0 : at[weight_offset_[l] + digit(i, l, k)];
          }
          const std::size_t a = digit(i, j, k);
          for (std::size_t e = 1; e < played_[i]; ++e) {
            const double part = rest * (row(cell, i, supports_[i][e])[k] - first[k]);
            double* line = jacobian.data() + (unknown_offset_[i] + e - 1) * unknowns_;
            for (std::size_t c = 1; c < played_[j]; ++c) {
              line[unknown_offset_[j] + c - 1] += a == c ? part : a == 0 ? -part : 0.0;
            }
          }
        }
      }
    }
  }

  /// Least and largest of each entry of the Jacobian over a cell.
  void jacobian_range(const Cell& cell) {
    const std::size_t n = unknowns_;
    std::fill(low_.begin(), low_.end(), 0.0);
    std::fill(high_.begin(), high_.end(), 0.0);
    for (std::size_t i = 0; i < players_; ++i) {
      const double* first = row(cell, i, supports_[i][0]);
      for (std::size_t e = 1; e < played_[i]; ++e) {
        const double* other = row(cell, i, supports_[i][e]);
        const std::size_t line = (unknown_offset_[i] + e - 1) * n;
        for (std::size_t j = 0; j < players_; ++j) {
          if (j == i || played_[j] < 2) {
            continue;
          }
          const std::size_t stride = stride_[i * players_ + j];
          for (std::size_t c = 1; c < played_[j]; ++c) {
            double least = std::numeric_limits<double>::infinity();
            double most = -least;
            for (std::size_t outer = 0; outer < others_[i]; outer += stride * played_[j]) {
              for (std::size_t k = outer; k < outer + stride; ++k) {
                const std::size_t moved = k + c * stride;
                const double slope = (other[moved] - first[moved]) - (other[k] - first[k]);
                least = slope < least ? slope : least;
                most = slope > most ? slope : most;
              }
            }
            low_[line + unknown_offset_[j] + c - 1] = least;
            high_[line + unknown_offset_[j] + c - 1] = most;
          }
        }
      }
    }
  }

  /// The largest row sum of |identity - inverse * Jacobian| over the range, and each row's sum
  /// weighted by how far a coordinate of the cell may be from its middle.
  double contraction(std::vector<double>* reach) const {
    const std::size_t n = unknowns_;
    double worst = 0.0;
    for (std::size_t r = 0; r < n; ++r) {
      double sum = 0.0;
      double weighted = 0.0;
      for (std::size_t j = 0; j < players_; ++j) {
        for (std::size_t c = unknown_offset_[j]; c < unknown_offset_[j] + played_[j] - 1; ++c) {
          double centre = r == c ? 1.0 : 0.0;
          double radius = 0.0;
          for (std::size_t e = 0; e < n; ++e) {
            const double y = inverse_[r * n + e];
            centre -= y * 0.5 * (low_[e * n + c] + high_[e * n + c]);
            radius += std::abs(y) * (0.5 * (high_[e * n + c] - low_[e * n + c]) + margin);
          }
          const double entry = std::abs(centre) + radius;
          sum += entry;
          weighted += entry * (1.0 - 1.0 / static_cast<double>(played_[j]));
        }
      }
      worst = sum > worst ? sum : worst;
      if (reach != nullptr) {
        (*reach)[r] = weighted;
      }
    }
    return worst;
  }

  [[nodiscard]] std::vector<double> middle_weights() const {
    std::vector<double> at;
    for (const std::size_t size : played_) {
      at.insert(at.end(), size, 1.0 / static_cast<double>(size));
    }
    return at;
  }
  void add_step(std::vector<double>& at, std::span<const double> step, double sign) const {
    for (std::size_t j = 0; j < players_; ++j) {
      for (std::size_t c = 1; c < played_[j]; ++c) {
        const double change = sign * step[unknown_offset_[j] + c - 1];
        at[weight_offset_[j] + c] += change;
        at[weight_offset_[j]] -= change;
      }
    }
  }

  /// True if the cell needs no more halving: it has no root, or its only one is in `roots`.
  [[nodiscard]] bool settled(const Cell& cell, std::vector<SupportRoot>& roots) {
    const std::size_t n = unknowns_;
    const std::vector<double> middle = middle_weights();
    evaluate(cell, middle, f_, middle_);
    factors_ = middle_;
    if (!lu_factor(factors_, std::span<std::size_t>(pivots_))) {
      return false;
    }
    double largest = 0.0;
    for (std::size_t c = 0; c < n; ++c) {
      std::vector<double>& unit = step_;
      std::fill(unit.begin(), unit.end(), 0.0);
      unit[c] = 1.0;
      lu_solve(factors_, std::span<const std::size_t>(pivots_), unit);
      for (std::size_t r = 0; r < n; ++r) {
        inverse_[r * n + c] = unit[r];
        largest = std::fmax(largest, std::abs(unit[r]));
      }
    }
    if (!(largest < 1e9)) {
      return false;
    }
    jacobian_range(cell);
    std::vector<double> reach(n);
    const double factor = contraction(&reach);
    std::vector<double> moved(n, 0.0);
    for (std::size_t r = 0; r < n; ++r) {
      double rounding = 0.0;
      for (std::size_t e = 0; e < n; ++e) {
        moved[r] += inverse_[r * n + e] * f_[e];
        rounding += std::abs(inverse_[r * n + e]) * margin;
      }
      reach[r] += rounding + 1e-12;
    }
    // Where Krawczyk's operator puts the cell: each coordinate, and the first weight.
    for (std::size_t j = 0; j < players_; ++j) {
      const double centre = 1.0 / static_cast<double>(played_[j]);
      double rest_low = 1.0;
      for (std::size_t c = unknown_offset_[j]; c < unknown_offset_[j] + played_[j] - 1; ++c) {
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
    jacobian_range(inflated(cell));
    for (std::size_t k = 0; k < n * n; ++k) {  // back to the cell's own weights
      low_[k] /= inflation;
      high_[k] /= inflation;
    }
    if (!(contraction(nullptr) < 0.5)) {
      return false;
    }
    std::vector<double> at = middle;
    if (!newton(cell, at)) {
      return false;
    }
    bool inside = true;
    for (std::size_t j = 0; j < players_; ++j) {
      const double centre = 1.0 / static_cast<double>(played_[j]);
      for (std::size_t a = 0; a < played_[j]; ++a) {
        const double weight = at[weight_offset_[j] + a];
        if (weight < 0.999 * centre * (1.0 - inflation)) {
          return false;  // beyond what was looked at
        }
        inside = inside && weight >= -1e-6;
      }
    }
    if (inside) {
      add_root(global(cell, at), roots);
    }
    return true;
  }

  /// The cell about its middle, larger by `inflation` in each player's simplex.
  [[nodiscard]] Cell inflated(const Cell& cell) const {
    Cell large = cell;
    for (std::size_t j = 0; j < players_; ++j) {
      for (std::size_t i = 0; i < players_; ++i) {
        if (i == j || played_[j] < 2) {
          continue;
        }
        const std::size_t stride = stride_[i * players_ + j];
        double* values = large.values.data() + offset_[i];
        const std::size_t count = sizes_[i] * others_[i];
        for (std::size_t outer = 0; outer < count; outer += stride * played_[j]) {
          for (std::size_t k = outer; k < outer + stride; ++k) {
            double mean = 0.0;
            for (std::size_t a = 0; a < played_[j]; ++a) {
              mean += values[k + a * stride];
            }
            mean /= static_cast<double>(played_[j]);
            for (std::size_t a = 0; a < played_[j]; ++a) {
              double& value = values[k + a * stride];
              value = mean + inflation * (value - mean);
            }
          }
        }
      }
    }
    return large;
  }

  [[nodiscard]] bool newton(const Cell& cell, std::vector<double>& at) {
    double before = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 60; ++round) {
      evaluate(cell, at, f_, middle_);
      if (!lu_factor(middle_, std::span<std::size_t>(pivots_))) {
        return false;
      }
      lu_solve(middle_, std::span<const std::size_t>(pivots_), f_);
      double size = 0.0;
      for (const double entry : f_) {
        size = std::fmax(size, std::abs(entry));
      }
      if (!(size < 10.0)) {
        return false;
      }
      add_step(at, f_, -1.0);
      if (size < 1e-14 || (size < 1e-10 && size >= 0.5 * before)) {
        return true;
      }
      before = size;
    }
    return false;
  }

  [[nodiscard]] std::vector<double> global(const Cell& cell, std::span<const double> at) const {
    std::vector<double> weights(weights_, 0.0);
    for (std::size_t j = 0; j < players_; ++j) {
      for (std::size_t a = 0; a < played_[j]; ++a) {
        for (std::size_t b = 0; b < played_[j]; ++b) {
          weights[weight_offset_[j] + b] +=
              at[weight_offset_[j] + a] * cell.corners[corner_offset_[j] + a * played_[j] + b];
        }
      }
    }
    return weights;
  }

  /// How far the best strategy outside the supports falls short of those inside, in units.
  [[nodiscard]] double slack(std::span<const double> weights) const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < players_; ++i) {
      std::vector<double> earned(sizes_[i], 0.0);
      for (std::size_t k = 0; k < others_[i]; ++k) {
        double all = 1.0;
        for (std::size_t j = 0; j < players_; ++j) {
          all *= j == i ? 1.0 : weights[weight_offset_[j] + digit(i, j, k)];
        }
        for (std::size_t s = 0; s < sizes_[i]; ++s) {
          earned[s] += all * row(whole_, i, s)[k];
        }
      }
      std::size_t next = 0;
      for (std::size_t s = 0; s < sizes_[i]; ++s) {
        if (next < played_[i] && supports_[i][next] == s) {
          ++next;
          continue;
        }
        least = std::fmin(least, earned[supports_[i][0]] - earned[s]);
      }
    }
    return least;
  }

  void add_root(std::vector<double> weights, std::vector<SupportRoot>& roots) {
    if (!newton(whole_, weights)) {
      return;
    }
    double radius = 0.0;  // Newton's next step, doubled, and its rounding
    evaluate(whole_, weights, f_, middle_);
    if (lu_factor(middle_, std::span<std::size_t>(pivots_))) {
      lu_solve(middle_, std::span<const std::size_t>(pivots_), f_);
      for (const double entry : f_) {
        radius = std::fmax(radius, 2.0 * std::abs(entry));
      }
    }
    for (const double weight : weights) {
      if (weight < least_weight) {
        return;  // a root of smaller supports, found there
      }
    }
    const double left = slack(weights);
    if (left < -tie) {
      return;
    }
    for (const SupportRoot& known : roots) {
      if (distance(known.weights, weights) < 1e-8) {
        return;
      }
    }
    roots.push_back({std::move(weights), radius + 4e-16, 0, left});
  }

  /// A step of Gauss's elimination with complete pivoting; which rows and columns come to stand
  /// first is told. False where all that is left is 0.
  bool pivot_completely(std::vector<double>& a, std::size_t step, std::vector<std::size_t>& rows,
                        std::vector<std::size_t>& columns) const {
    const std::size_t n = unknowns_;
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
    const std::size_t n = unknowns_;
    evaluate(whole_, at, f_, middle_);
    std::vector<double> a = middle_;
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
    const std::size_t n = unknowns_;
    double size = 0.0;
    for (int round = 0; round < 60; ++round) {
      evaluate(whole_, at, f_, middle_);
      size = 0.0;
      for (const double entry : f_) {
        size = std::fmax(size, std::abs(entry));
      }
      if (!(size > 1e-15)) {
        break;
      }
      std::vector<double> gram(n * n);
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < n; ++c) {
          gram[r * n + c] = dot(middle_.data() + r * n, middle_.data() + c * n, n);
        }
        gram[r * n + r] += 1e-3 * size + 1e-15;
      }
      std::vector<double> share = f_;
      if (!lu_factor(gram, std::span<std::size_t>(pivots_))) {
        return std::numeric_limits<double>::infinity();
      }
      lu_solve(gram, std::span<const std::size_t>(pivots_), share);
      std::fill(step_.begin(), step_.end(), 0.0);
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < n; ++c) {
          step_[c] += middle_[r * n + c] * share[r];
        }
      }
      add_step(at, step_, -1.0);
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
    for (std::size_t j = 0; j < players_; ++j) {
      double sum = -1.0;
      for (std::size_t a = 0; a < played_[j]; ++a) {
        sum += simple[weight_offset_[j] + a];
      }
      if (std::abs(sum) > 1e-12) {
        return;
      }
    }
    evaluate(whole_, simple, f_, middle_);
    for (const double entry : f_) {
      if (std::abs(entry) > 1e-14) {
        return;
      }
    }
    at = std::move(simple);
  }

  [[nodiscard]] double distance(std::span<const double> a, std::span<const double> b) const {
    double most = 0.0;
    for (std::size_t k = 0; k < weights_; ++k) {
      most = std::fmax(most, std::abs(a[k] - b[k]));
    }
    return most;
  }

  /// Where the cell's corners of one number are weighed more than the others: 3/4.
  [[nodiscard]] std::vector<double> toward_corner(std::size_t corner) const {
    std::vector<double> at;
    for (const std::size_t size : played_) {
      for (std::size_t a = 0; a < size; ++a) {
        const double even = 0.25 / static_cast<double>(size);
        at.push_back(even + (a == corner % size ? 0.75 : 0.0));
      }
    }
    return at;
  }

  /// True if some `rank` of the equations leave `rank` of the unknowns no choice in the cell once
  /// the other unknowns are given.
  [[nodiscard]] bool is_graph(const Cell& cell, std::size_t rank) {
    const std::size_t n = unknowns_;
    evaluate(cell, middle_weights(), f_, middle_);
    std::vector<double> a = middle_;
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
        square[r * rank + c] = middle_[rows[r] * n + columns[c]];
      }
    }
    std::vector<std::size_t> pivots(rank);
    if (rank > 0 && !lu_factor(square, std::span<std::size_t>(pivots))) {
      return false;
    }
    jacobian_range(cell);
    std::vector<double> sums(rank, 0.0);
    std::vector<double> inverse(rank * rank);  // a column after the other
    for (std::size_t c = 0; c < rank; ++c) {
      std::vector<double> unit(rank, 0.0);
      unit[c] = 1.0;
      lu_solve(square, std::span<const std::size_t>(pivots), unit);
      std::copy(unit.begin(), unit.end(), inverse.begin() + static_cast<std::ptrdiff_t>(c * rank));
    }
    for (std::size_t r = 0; r < rank; ++r) {
      for (std::size_t c = 0; c < rank; ++c) {
        double centre = r == c ? 1.0 : 0.0;
        double radius = 0.0;
        for (std::size_t e = 0; e < rank; ++e) {
          const double y = inverse[e * rank + r];
          const std::size_t entry = rows[e] * n + columns[c];
          centre -= y * 0.5 * (low_[entry] + high_[entry]);
          radius += std::abs(y) * (0.5 * (high_[entry] - low_[entry]) + margin);
        }
        sums[r] += std::abs(centre) + radius;
      }
      if (!(sums[r] < 0.5)) {
        return false;
      }
    }
    return true;
  }

  /// True if a root at which the Jacobian is singular stands for the cell.
  [[nodiscard]] bool component(const Cell& cell, double edge, std::vector<Piece>& pieces) {
    const std::size_t n = unknowns_;
    const bool early = edge > coarse_edge;
    const std::vector<double> start = global(cell, middle_weights());
    std::vector<double> at = start;
    if (!(project(at) < 1e-11) || !(distance(at, start) < (early ? 1.0 : 8.0) * edge)) {
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
    for (std::size_t corner = 0; corner < largest_played(); ++corner) {
      std::vector<double> other = global(cell, toward_corner(corner));
      const bool there = project(other) < 1e-11;
      if (early && !(there && rank(other) == full && is_strict(other))) {
        return false;
      }
      moves = moves || (there && distance(other, at) > 0.01 * edge);
    }
    if (early && !moves) {
      return false;
    }
    if (!early) {
      simplify(at);
    }
    if (is_strict(at)) {
      const double left = slack(at);
      pieces.push_back({{std::move(at), 0.0, moves ? n - full : 0, left}, edge});
      return true;
    }
    const double least = *std::min_element(at.begin(), at.end());
    // Outside the supports or beaten by another strategy: decided when the cell is finer.
    return !early && (least < -2.0 * edge || slack(at) < -4.0 * edge);
  }
  /// Everything of the supports is played there, and nothing else is better.
  [[nodiscard]] bool is_strict(std::span<const double> at) const {
    return *std::min_element(at.begin(), at.end()) > least_weight && slack(at) >= -tie;
  }
  [[nodiscard]] std::size_t largest_played() const {
    return *std::max_element(played_.begin(), played_.end());
  }

  /// True if a piece of a component is beside the cell.
  [[nodiscard]] bool beside(const Cell& cell, double edge, const std::vector<Piece>& pieces) const {
    const std::vector<double> middle = global(cell, middle_weights());
    return std::any_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
      return distance(middle, piece.root.weights) < edge + piece.edge + 2.0 * coarse_edge;
    });
  }

  /// True if some strategy of a support is nowhere in the cell better than another one, and worse
  /// wherever all of the others' supports are played.
  [[nodiscard]] bool worse_inside(const Cell& cell) const {
    for (std::size_t i = 0; i < players_; ++i) {
      for (const std::size_t mine : supports_[i]) {
        for (std::size_t s = 0; s < sizes_[i]; ++s) {
          std::vector<bool> equal(others_[i]);
          bool never_better = s != mine;
          for (std::size_t k = 0; k < others_[i] && never_better; ++k) {
            const double more = row(cell, i, s)[k] - row(cell, i, mine)[k];
            never_better = more >= -margin;
            equal[k] = more <= margin;
          }
          std::vector<std::size_t> chosen(players_, 1);
          if (never_better && !equal_inside(cell, i, equal, 0, chosen)) {
            return true;
          }
        }
      }
    }
    return false;
  }
  /// True if players j and later have sets of corners at which, with those chosen of the earlier
  /// ones (bits), all is equal, and of which every set plays all of its player's support.
  [[nodiscard]] bool equal_inside(const Cell& cell, std::size_t i, const std::vector<bool>& equal,
                                  std::size_t j, std::vector<std::size_t>& chosen) const {
    if (j == players_) {
      for (std::size_t k = 0; k < others_[i]; ++k) {
        bool among = true;
        for (std::size_t l = 0; l < players_ && among; ++l) {
          among = l == i || (chosen[l] >> digit(i, l, k) & 1U) != 0;
        }
        if (among && !equal[k]) {
          return false;
        }
      }
      return true;
    }
    if (j == i) {
      return equal_inside(cell, i, equal, j + 1, chosen);
    }
    for (chosen[j] = 1; chosen[j] < std::size_t{1} << played_[j]; ++chosen[j]) {
      bool all_played = true;
      for (std::size_t w = 0; w < played_[j] && all_played; ++w) {
        bool played = false;
        for (std::size_t a = 0; a < played_[j]; ++a) {
          played = played || ((chosen[j] >> a & 1U) != 0 &&
                              cell.corners[corner_offset_[j] + a * played_[j] + w] > 0.0);
        }
        all_played = played;
      }
      if (all_played && equal_inside(cell, i, equal, j + 1, chosen)) {
        return true;
      }
    }
    return false;
  }

  /// One root for each connected group of pieces: the one farthest from the edge of the supports.
  void cluster(const std::vector<Piece>& pieces, std::vector<SupportRoot>& roots) const {
    std::vector<bool> taken(pieces.size(), false);
    for (std::size_t first = 0; first < pieces.size(); ++first) {
      if (taken[first]) {
        continue;
      }
      std::vector<std::size_t> group{first};
      taken[first] = true;
      std::size_t best = first;
      const auto least = [&](std::size_t k) {
        const std::vector<double>& weights = pieces[k].root.weights;
        return *std::min_element(weights.begin(), weights.end());
      };
      for (std::size_t next = 0; next < group.size(); ++next) {
        best = least(group[next]) > least(best) ? group[next] : best;
        for (std::size_t k = 0; k < pieces.size(); ++k) {
          const Piece& one = pieces[group[next]];
          if (!taken[k] && distance(pieces[k].root.weights, one.root.weights) <
                               pieces[k].edge + one.edge + 2.0 * coarse_edge) {
            taken[k] = true;
            group.push_back(k);
          }
        }
      }
      roots.push_back(pieces[best].root);
    }
  }

  [[nodiscard]] double edge_length(const Cell& cell, std::size_t j, std::size_t a,
                                   std::size_t b) const {
    const double* corners = cell.corners.data() + corner_offset_[j];
    double length = 0.0;
    for (std::size_t w = 0; w < played_[j]; ++w) {
      length =
          std::fmax(length, std::abs(corners[a * played_[j] + w] - corners[b * played_[j] + w]));
    }
    return length;
  }
  [[nodiscard]] double longest_edge(const Cell& cell) const {
    double longest = 0.0;
    for (std::size_t j = 0; j < players_; ++j) {
      for (std::size_t a = 0; a < played_[j]; ++a) {
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
    for (std::size_t j = 0; j < players_; ++j) {
      for (std::size_t a = 0; a < played_[j]; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
          const double length = edge_length(cell, j, a, b);
          if (length < 0.2 * longest) {
            continue;
          }
          double change = 1e-9 * length;
          for (std::size_t i = 0; i < players_; ++i) {
            if (i == j) {
              continue;
            }
            const std::size_t stride = stride_[i * players_ + j];
            for (const std::size_t s : supports_[i]) {
              const double* values = row(cell, i, s);
              for (std::size_t outer = 0; outer < others_[i]; outer += stride * played_[j]) {
                for (std::size_t k = outer; k < outer + stride; ++k) {
                  change += std::abs(values[k + a * stride] - values[k + b * stride]);
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
      const std::size_t changed = half == 0 ? from : to;
      const std::size_t kept = half == 0 ? to : from;
      const std::size_t size = played_[player];
      double* corners = child.corners.data() + corner_offset_[player];
      for (std::size_t w = 0; w < size; ++w) {
        corners[changed * size + w] =
            0.5 * corners[changed * size + w] + 0.5 * corners[kept * size + w];
      }
      for (std::size_t i = 0; i < players_; ++i) {
        if (i == player) {
          continue;
        }
        const std::size_t stride = stride_[i * players_ + player];
        double* values = child.values.data() + offset_[i];
        const std::size_t count = sizes_[i] * others_[i];
        for (std::size_t outer = 0; outer < count; outer += stride * size) {
          for (std::size_t k = outer; k < outer + stride; ++k) {
            values[k + changed * stride] =
                0.5 * values[k + changed * stride] + 0.5 * values[k + kept * stride];
          }
        }
      }
      open.push_back(std::move(child));
    }
  }

  std::vector<std::size_t> sizes_;
  std::vector<std::vector<std::size_t>> supports_;
  std::size_t players_;
  std::size_t weights_ = 0;
  std::size_t unknowns_ = 0;
  std::vector<std::size_t> played_;
  std::vector<std::size_t> corner_offset_;
  std::vector<std::size_t> weight_offset_;
  std::vector<std::size_t> unknown_offset_;
  std::vector<std::size_t> stride_;  ///< of player j's corner in player i's values
  std::vector<std::size_t> others_;  ///< products of the others' corners
  std::vector<std::size_t> offset_;  ///< of player i's values
  Cell whole_;
  std::vector<double> low_;
  std::vector<double> high_;
  std::vector<double> middle_;
  std::vector<double> inverse_;
  std::vector<double> factors_;
  std::vector<std::size_t> pivots_;
  std::vector<double> f_;
  std::vector<double> step_;
};

}  // namespace dag::detail
