// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <dag/numeric/integer.hpp>

namespace dag::detail {

/// M v + slack = 1, v and slack >= 0, without rounding: a dictionary of whole numbers over one
/// common denominator (Edmonds 1967), the basic variables as rows, the others as columns. Rows
/// leave by the lexicographic rule, as if the right sides were 1 + (e, e^2, ...), so that no basis
/// comes twice. Variables are known by their labels.
class IntegerDictionary {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `matrix`: rows x columns, row-major, entries > 0. Column j is variable first_variable + j, the
  /// slack of row i is first_slack + i; together they are the labels 0 .. rows + columns - 1.
  IntegerDictionary(std::vector<Integer> matrix, std::size_t rows, std::size_t columns,
                    std::size_t first_variable, std::size_t first_slack)
      : rows_(rows), width_(columns + 1), first_slack_(first_slack), at_(rows + columns) {
    entries_.reserve(rows * width_);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        entries_.push_back(std::move(matrix[i * columns + j]));
      }
      entries_.emplace_back(1);
      basis_.push_back(first_slack + i);
      at_[first_slack + i] = {true, i};
    }
    for (std::size_t j = 0; j < columns; ++j) {
      cobasis_.push_back(first_variable + j);
      at_[first_variable + j] = {false, j};
    }
  }

  [[nodiscard]] bool basic(std::size_t label) const noexcept { return at_[label].basic; }
  [[nodiscard]] const std::vector<std::size_t>& basis() const noexcept { return basis_; }
  [[nodiscard]] const std::vector<std::size_t>& cobasis() const noexcept { return cobasis_; }
  /// The variable's value times `denominator()`.
  [[nodiscard]] Integer value(std::size_t label) const {
    return basic(label) ? entries_[at_[label].index * width_ + width_ - 1] : Integer();
  }
  [[nodiscard]] const Integer& denominator() const noexcept { return denominator_; }
  [[nodiscard]] bool tied() const noexcept { return tied_; }

  /// The row that leaves when a nonbasic label comes in; `none` if no row bounds it.
  [[nodiscard]] std::size_t leaving_row(std::size_t label) {
    const std::size_t column = at_[label].index;
    std::size_t best = none;
    bool tie = false;
    for (std::size_t i = 0; i < rows_; ++i) {
      if (entry(i, column).sign() <= 0) {
        continue;
      }
      int order = best == none ? -1
                               : compare(entry(i, width_ - 1) * entry(best, column),
                                         entry(best, width_ - 1) * entry(i, column));
      tie = order == 0 || (order > 0 && tie);
      for (std::size_t s = 0; order == 0 && s < rows_; ++s) {
        order = compare(slack_entry(i, s) * entry(best, column),
                        slack_entry(best, s) * entry(i, column));
      }
      best = order < 0 ? i : best;
    }
    tied_ = tied_ || tie;
    return best;
  }
  /// Brings a nonbasic label in; the label that leaves, or `none`.
  std::size_t bring_in(std::size_t label) {
    const std::size_t row = leaving_row(label);
    return row == none ? none : pivot(row, label);
  }
  /// The label of `row` leaves for `label`; its entry must be > 0.
  std::size_t pivot(std::size_t row, std::size_t label) {
    const std::size_t column = at_[label].index;
    const Integer top = entry(row, column);
    for (std::size_t i = 0; i < rows_; ++i) {
      if (i == row) {
        continue;
      }
      const Integer factor = entry(i, column);
      for (std::size_t j = 0; j < width_; ++j) {
        if (j != column) {
          entry(i, j) = cross_divide(entry(i, j), top, factor, entry(row, j), denominator_);
        }
      }
      entry(i, column) = factor.negated();
    }
    entry(row, column) = denominator_;
    denominator_ = top;
    const std::size_t leaving = basis_[row];
    basis_[row] = label;
    cobasis_[column] = leaving;
    at_[label] = {true, row};
    at_[leaving] = {false, column};
    return leaving;
  }

 private:
  struct Place {
    bool basic = false;
    std::size_t index = 0;
  };
  [[nodiscard]] Integer& entry(std::size_t row, std::size_t column) {
    return entries_[row * width_ + column];
  }
  /// The entry of row i in the column of the s-th slack.
  [[nodiscard]] Integer slack_entry(std::size_t row, std::size_t s) {
    const Place place = at_[first_slack_ + s];
    return !place.basic ? entry(row, place.index) : place.index == row ? denominator_ : Integer();
  }

  std::size_t rows_;
  std::size_t width_;  ///< columns and the right side
  std::size_t first_slack_;
  std::vector<Integer> entries_;
  Integer denominator_{1};
  std::vector<std::size_t> basis_;
  std::vector<std::size_t> cobasis_;
  std::vector<Place> at_;
  bool tied_ = false;
};

}  // namespace dag::detail
