// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_set>
#include <utility>
#include <vector>

#include <dag/core/random.hpp>

namespace dag::detail {

/// Names sets of labels by 128 bits: each label has two random words, a set their exclusive or, so
/// that a pivot changes the name by four words. Two sets of a walk over N bases share a name with
/// probability N^2 / 2^129.
class BasisNames {
 public:
  struct Name {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    friend bool operator==(const Name&, const Name&) = default;
  };
  explicit BasisNames(std::size_t labels) : words_(labels) {
    RandomStream random(0x76657274, 0);
    for (Name& word : words_) {
      word = {random(), random()};
    }
  }
  void toggle(std::size_t label) noexcept { now_ = with(now_, label); }
  /// Enters the set that differs from the present one by two labels; false if it was there.
  bool enter(std::size_t in, std::size_t out) {
    return seen_.insert(with(with(now_, in), out)).second;
  }
  void enter() { seen_.insert(now_); }

 private:
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept {
      return static_cast<std::size_t>(name.first);
    }
  };
  [[nodiscard]] Name with(Name name, std::size_t label) const noexcept {
    return {name.first ^ words_[label].first, name.second ^ words_[label].second};
  }

  std::vector<Name> words_;
  Name now_;
  std::unordered_set<Name, Hash> seen_;
};

/// A vertex that a walk has come to: its positive variables with their values, and the constraints
/// that hold with equality; as many of one as of the other.
struct WalkedVertex {
  std::vector<std::size_t> support;
  std::vector<std::size_t> tight;
  std::vector<double> values;
};

/// All vertices of {v >= 0, M v <= 1}, entries of M in [1, 2], in doubles, each proved by a bound
/// on its rounding: depth first over the edges from v = 0, every basis once.
///
/// Proof: at each basis the inverse that the dictionary holds bounds the error of its vertex
/// (Krawczyk): all basic variables are then above zero for sure, for any M within `slack` of the
/// one given. So every basis visited is a nondegenerate vertex of the exact polytope; each of its
/// edges leads to one other vertex, and that is visited too; the polytope's graph is connected:
/// none is missing. Where a bound does not decide (a degenerate vertex, or nearly so), `walk` gives
/// up.
class VertexWalk {
 public:
  VertexWalk(std::vector<double> matrix, std::size_t rows, std::size_t columns)
      : matrix_(std::move(matrix)),
        rows_(rows),
        columns_(columns),
        width_(columns + 1),
        names_(rows + columns) {
    for (std::size_t j = 0; j < columns; ++j) {
      cobasis_.push_back(j);
      names_.toggle(j);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      basis_.push_back(columns + i);
    }
    names_.enter();
    rebuild();
  }

  /// Calls visit(const WalkedVertex&) at every vertex but 0; it returns false to end the walk.
  /// False if it did, or if rounding leaves a vertex undecided.
  template <class Visit>
  [[nodiscard]] bool walk(Visit&& visit) {
    struct Level {
      std::size_t next = 0;  ///< the column to try
      std::size_t row = 0;   ///< of the pivot that led to the level above
    };
    std::vector<Level> path(1);
    while (!path.empty()) {
      Level& level = path.back();
      if (level.next == columns_) {
        path.pop_back();
        if (!path.empty()) {
          turn(path.back().row, path.back().next++);
        }
        continue;
      }
      const std::size_t row = leaving(level.next);
      if (row == none) {
        return false;  // bounded polytopes have no such edge: rounding
      }
      if (!names_.enter(basis_[row], cobasis_[level.next])) {
        ++level.next;
        continue;
      }
      level.row = row;
      turn(row, level.next);
      if (!certain() || !visit(std::as_const(vertex_))) {
        return false;
      }
      path.push_back({});
    }
    return true;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr double zero = 1e-11;
  static constexpr double epsilon = std::numeric_limits<double>::epsilon();

  [[nodiscard]] double& at(std::size_t row, std::size_t column) {
    return entries_[row * width_ + column];
  }
  [[nodiscard]] std::size_t leaving(std::size_t column) {
    std::size_t best = none;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < rows_; ++i) {
      const double pivot = at(i, column);
      if (pivot > zero && at(i, columns_) < least * pivot) {
        least = at(i, columns_) / pivot;
        best = i;
      }
    }
    return best;
  }
  void turn(std::size_t row, std::size_t column) {
    names_.toggle(basis_[row]);
    names_.toggle(cobasis_[column]);
    std::swap(basis_[row], cobasis_[column]);
    if (++turns_ % 24 == 0) {
      rebuild();
    } else {
      pivot(entries_, row, column);
    }
  }
  void pivot(std::vector<double>& entries, std::size_t row, std::size_t column) const {
    double* top = entries.data() + row * width_;
    const double inverse = 1 / top[column];
    for (std::size_t j = 0; j < width_; ++j) {
      top[j] *= inverse;
    }
    top[column] = inverse;
    for (std::size_t i = 0; i < rows_; ++i) {
      double* current = entries.data() + i * width_;
      const double factor = current[column];
      if (i == row || factor == 0) {
        continue;
      }
      for (std::size_t j = 0; j < width_; ++j) {
        current[j] -= factor * top[j];
      }
      current[column] = -factor * inverse;
    }
  }
  /// The dictionary of the present basis from M, so that rounding does not add up.
  void rebuild() {
    std::vector<double> fresh(rows_ * width_);
    std::vector<std::size_t> rows(rows_);  // label of each row
    std::vector<std::size_t> columns(columns_);
    for (std::size_t i = 0; i < rows_; ++i) {
      rows[i] = columns_ + i;
      for (std::size_t j = 0; j < columns_; ++j) {
        fresh[i * width_ + j] = matrix_[i * columns_ + j];
        columns[j] = j;
      }
      fresh[i * width_ + columns_] = 1;
    }
    std::vector<bool> basic(rows_ + columns_, false);
    for (const std::size_t label : basis_) {
      basic[label] = true;
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      if (!basic[j]) {
        continue;
      }
      std::size_t best = none;
      for (std::size_t i = 0; i < rows_; ++i) {
        if (rows[i] >= columns_ && !basic[rows[i]] &&
            (best == none ||
             std::abs(fresh[i * width_ + j]) > std::abs(fresh[best * width_ + j]))) {
          best = i;
        }
      }
      pivot(fresh, best, j);
      std::swap(rows[best], columns[j]);
    }
    // Into the rows and columns where the walk expects them.
    std::vector<std::size_t> place(rows_ + columns_);
    for (std::size_t i = 0; i < rows_; ++i) {
      place[rows[i]] = i;
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      place[columns[j]] = j;
    }
    entries_.resize(rows_ * width_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const double* from = fresh.data() + place[basis_[i]] * width_;
      for (std::size_t j = 0; j < columns_; ++j) {
        at(i, j) = from[place[cobasis_[j]]];
      }
      at(i, columns_) = from[columns_];
    }
  }

  /// Reads the vertex; true if it is one, and nondegenerate, beyond rounding.
  [[nodiscard]] bool certain() {
    vertex_.support.clear();
    vertex_.tight.clear();
    vertex_.values.clear();
    support_rows_.clear();
    tight_columns_.clear();
    for (std::size_t i = 0; i < rows_; ++i) {
      if (basis_[i] < columns_) {
        vertex_.support.push_back(basis_[i]);
        vertex_.values.push_back(at(i, columns_));
        support_rows_.push_back(i);
      }
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      if (cobasis_[j] >= columns_) {
        vertex_.tight.push_back(cobasis_[j] - columns_);
        tight_columns_.push_back(j);
      }
    }
    const std::size_t k = support_rows_.size();
    const auto count = static_cast<double>(k);
    double widest = 0;     // row sums of |C|
    double deviation = 0;  // row sums of |I - C M|
    double sum = 0;
    for (std::size_t i = 0; i < k; ++i) {
      const double* inverse = entries_.data() + support_rows_[i] * width_;
      double width = 0;
      double off = 0;
      for (std::size_t j = 0; j < k; ++j) {
        width += std::abs(inverse[tight_columns_[j]]);
      }
      for (std::size_t l = 0; l < k; ++l) {
        double product = i == l ? -1.0 : 0.0;
        for (std::size_t j = 0; j < k; ++j) {
          product += inverse[tight_columns_[j]] *
                     matrix_[vertex_.tight[j] * columns_ + vertex_.support[l]];
        }
        off += std::abs(product);
      }
      widest = width > widest ? width : widest;
      deviation = off > deviation ? off : deviation;
      sum += std::abs(vertex_.values[i]);
    }
    // Entries of M stand for any number within 4 epsilon: they are payoffs mapped to [1, 2].
    const double spread = 8 * count * (count + 4) * epsilon * widest;
    if (!(deviation + spread < 0.25)) {
      return false;
    }
    const double rounding = 8 * (count + 4) * epsilon * (1 + 2 * sum);
    double residual = 0;
    for (std::size_t j = 0; j < k; ++j) {
      residual = std::fmax(residual, std::abs(slack(vertex_.tight[j])));
    }
    const double error = 1.5 * widest * (residual + rounding);
    for (std::size_t i = 0; i < k; ++i) {
      if (!(vertex_.values[i] > error)) {
        return false;
      }
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      if (basis_[i] >= columns_ && !(slack(basis_[i] - columns_) > 2 * count * error + rounding)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] double slack(std::size_t row) const {
    double slack = 1;
    for (std::size_t i = 0; i < vertex_.support.size(); ++i) {
      slack -= matrix_[row * columns_ + vertex_.support[i]] * vertex_.values[i];
    }
    return slack;
  }

  std::vector<double> matrix_;
  std::size_t rows_;
  std::size_t columns_;
  std::size_t width_;
  BasisNames names_;
  std::vector<double> entries_;
  std::vector<std::size_t> basis_;
  std::vector<std::size_t> cobasis_;
  std::vector<std::size_t> support_rows_;
  std::vector<std::size_t> tight_columns_;
  WalkedVertex vertex_;
  std::uint64_t turns_ = 0;
};

}  // namespace dag::detail
