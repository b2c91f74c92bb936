// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/deadline.hpp>
#include <dag/numeric/dense.hpp>

namespace dag::detail {

/// From a point near an equilibrium of a matrix game to the equilibrium with the strategies that it
/// uses: the indifference systems of both players' supports, and pivots to neighbouring supports
/// where their solution is no equilibrium. Promises nothing: whoever asks compares the gaps.
///
/// Notation: field_b the payoffs of player b's strategies, field_0 = A y and field_1 = -A' x, as in
/// MatrixGame. Player b's mix z_b makes the other player indifferent on his support,
///   field_other = level on it, sum z_b = 1, z_b = 0 off b's support.
/// With supports of one size both systems have the factors of one matrix
///   M = [A_IJ -1; 1' 0]:  M for y, -M' for x, payoffs divided by the largest of A_IJ.
/// The mixes are an equilibrium if they are not negative and no field exceeds its level. Host
/// memory, payoffs row after row; refers to its arguments. Where the deadline passes, nothing is
/// found. Memory: four vectors of all strategies, two matrices of the supports. Deterministic.
/// Tolerances are 64 epsilon for numbers that should be 0, and the root of epsilon for what is
/// divided by.
template <Scalar Real>
class FaceFinish {
 public:
  FaceFinish(const Blocks& blocks, std::span<const Real> payoff, const Deadline& deadline)
      : blocks_(blocks),
        payoff_(payoff),
        deadline_(deadline),
        solved_(blocks.total()),
        direction_(blocks.total()),
        in_(blocks.total()),
        used_(blocks.total()) {}

  /// Both mixes found last, stacked.
  [[nodiscard]] std::span<const Real> solved() const noexcept { return solved_; }
  /// True if player b's is a distribution.
  [[nodiscard]] bool sound(std::size_t b) const noexcept { return sound_[b]; }
  /// Strategies in each support.
  [[nodiscard]] std::size_t size() const noexcept { return support_[0].size(); }
  /// Of `solve`, but for a system that has to be reduced, which takes twice as many.
  [[nodiscard]] double operations() const noexcept {
    const auto side = static_cast<double>(size() + 1);
    return 2 * side * side * side / 3;
  }

  /// Finds a payoff that is the least of its row and the largest of its column: an equilibrium of
  /// pure strategies. False if there is none. Two comparisons a payoff.
  [[nodiscard]] bool saddle() {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const std::size_t columns = blocks_.size(1);
    std::vector<Real> most(columns, -infinity);
    Real best = -infinity;
    std::size_t row = 0;
    for (std::size_t i = 0; i < blocks_.size(0); ++i) {
      Real least = infinity;
      for (std::size_t j = 0; j < columns; ++j) {
        least = std::min(least, entry(i, j));
        most[j] = std::max(most[j], entry(i, j));
      }
      if (least > best) {
        best = least;
        row = i;
      }
    }
    const auto column = std::min_element(most.begin(), most.end());
    if (*column > best) {
      return false;
    }
    std::fill(solved_.begin(), solved_.end(), Real{0});
    own(solved_, 0)[row] = 1;
    own(solved_, 1)[static_cast<std::size_t>(column - most.begin())] = 1;
    sound_ = {true, true};
    return true;
  }

  /// Supports: what the point uses; of the player who uses more, as many as the other one does, and
  /// those first that are more probable than they lose (each in units of its sum). False if the
  /// point uses what it did the last time, unless pivots were postponed: then the supports stay.
  [[nodiscard]] bool guess(std::span<const Real> point, std::span<const Real> field) {
    bool changed = false;
    for (std::size_t i = 0; i < point.size(); ++i) {
      const char uses = point[i] > 0 ? 1 : 0;
      changed = changed || uses != used_[i];
      used_[i] = uses;
    }
    if (!changed) {
      return std::exchange(postponed_, false);
    }
    postponed_ = false;
    for (std::size_t b = 0; b < 2; ++b) {
      support_[b].clear();
      const auto uses = own(used_, b);
      for (std::size_t i = 0; i < uses.size(); ++i) {
        if (uses[i] != 0) {
          support_[b].push_back(i);
        }
      }
    }
    const std::size_t larger = support_[0].size() > support_[1].size() ? 0 : 1;
    const std::size_t size = support_[1 - larger].size();
    if (size == 0) {
      return false;
    }
    if (support_[larger].size() > size) {
      const auto p = blocks_.of(point, larger), payoffs = blocks_.of(field, larger);
      const Real best = *std::max_element(payoffs.begin(), payoffs.end());
      Real lost = 0;
      for (const Real payoff : payoffs) {
        lost += best - payoff;
      }
      const auto score = [&](std::size_t i) { return p[i] * lost - (best - payoffs[i]); };
      std::sort(support_[larger].begin(), support_[larger].end(),
                [&](std::size_t i, std::size_t j) {
                  return score(i) > score(j) || (!(score(i) < score(j)) && i < j);
                });
      support_[larger].resize(size);
      std::sort(support_[larger].begin(), support_[larger].end());
    }
    return true;
  }
  void postpone() noexcept { postponed_ = true; }

  /// The mixes of the supports. Where these have no single ones, `reducible` supports are reduced
  /// to a part that has; false if there is none.
  [[nodiscard]] bool solve(bool reducible) {
    return (factor() && mixes()) || (reducible && reduce() && factor() && mixes());
  }

  /// Moves to neighbouring supports: a step of the simplex method for the player whose mix is
  /// nearer to feasible, or else for the other one. `field` is that of solved(); product(b, z) is
  /// player b's part of the field at z. False if there is no such step.
  template <class Product>
  [[nodiscard]] bool pivot(std::span<const Real> field, const Product& product) {
    std::array<Real, 2> worst{};
    for (std::size_t b = 0; b < 2; ++b) {
      for (const Real p : own(solved_, b)) {
        worst[b] = std::max(worst[b], -p);
      }
      const auto theirs = blocks_.of(field, 1 - b);
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        if (!solved_for(1 - b, i)) {
          worst[b] = std::max(worst[b], above(1 - b, theirs[i]));
        }
      }
    }
    const std::size_t first = worst[0] < worst[1] ? 0 : 1;
    return step(first, field, product) || step(1 - first, field, product);
  }

 private:
  static constexpr Real noise = 64 * std::numeric_limits<Real>::epsilon();
  [[nodiscard]] static Real coarse() { return std::sqrt(std::numeric_limits<Real>::epsilon()); }

  [[nodiscard]] Real entry(std::size_t i, std::size_t j) const {
    return payoff_[i * blocks_.size(1) + j];
  }
  template <class Vector>
  [[nodiscard]] auto own(Vector& stacked, std::size_t b) const {
    return blocks_.of(std::span<typename Vector::value_type>(stacked), b);
  }
  [[nodiscard]] bool solved_for(std::size_t b, std::size_t i) const {
    return in_[(b == 0 ? 0 : blocks_.size(0)) + i] != 0;
  }
  /// What a payoff of player b is above the level of his support.
  [[nodiscard]] Real above(std::size_t b, Real payoff) const { return payoff / unit_ - level_[b]; }

  /// The factors of M; false without a pivot.
  bool factor() {
    const std::size_t k = size(), side = k + 1;
    system_.resize(side * side);
    unit_ = 0;
    for (const std::size_t i : support_[0]) {
      for (const std::size_t j : support_[1]) {
        unit_ = std::max(unit_, std::abs(entry(i, j)));
      }
    }
    unit_ = unit_ > 0 ? unit_ : Real{1};
    for (std::size_t r = 0; r < k; ++r) {
      for (std::size_t c = 0; c < k; ++c) {
        system_[r * side + c] = entry(support_[0][r], support_[1][c]) / unit_;
      }
      system_[r * side + k] = -1;
      system_[k * side + r] = 1;
    }
    system_[side * side - 1] = 0;
    factor_ = system_;
    pivots_.resize(side);
    return lu_factor(factor_, std::span<std::size_t>(pivots_), &deadline_);
  }
  /// r = the inverse of player b's system, times r.
  void divide(std::size_t b, std::vector<Real>& r) const {
    const std::span<const std::size_t> pivots(pivots_);
    if (b == 1) {
      lu_solve(factor_, pivots, r);
      return;
    }
    lu_solve_transposed(factor_, pivots, r);
    for (Real& number : r) {
      number = -number;
    }
  }
  /// Both solutions, refined once. False if they are none.
  bool mixes() {
    const std::size_t k = size(), side = k + 1;
    std::fill(in_.begin(), in_.end(), char{0});
    for (std::size_t b = 0; b < 2; ++b) {
      z_.assign(side, Real{0});
      z_[k] = 1;
      divide(b, z_);
      if (!(missing(b) <= coarse())) {
        return false;
      }
      divide(b, rest_);
      for (std::size_t c = 0; c < side; ++c) {
        z_[c] += rest_[c];
      }
      if (!(missing(b) <= coarse())) {
        return false;
      }
      const auto mix = own(solved_, b);
      const auto in = own(in_, b);
      std::fill(mix.begin(), mix.end(), Real{0});
      sound_[b] = true;
      Real sum = 0;
      for (std::size_t c = 0; c < k; ++c) {
        const Real p = std::abs(z_[c]) <= noise ? Real{0} : z_[c];
        if (!(std::abs(p) * coarse() <= 1)) {
          return false;
        }
        in[support_[b][c]] = 1;
        mix[support_[b][c]] = p;
        sound_[b] = sound_[b] && p >= 0;
        sum += p;
      }
      for (Real& p : mix) {
        p /= sum;
      }
      level_[1 - b] = z_[k];
    }
    return true;
  }
  /// rest_ = what z_ leaves of player b's system, and the largest of it.
  Real missing(std::size_t b) {
    const std::size_t side = z_.size();
    rest_.assign(side, Real{0});
    rest_.back() = 1;
    Real worst = 0;
    for (std::size_t r = 0; r < side; ++r) {
      for (std::size_t c = 0; c < side; ++c) {
        rest_[r] -= (b == 1 ? system_[r * side + c] : -system_[c * side + r]) * z_[c];
      }
      const Real size = std::abs(rest_[r]);
      worst = size <= worst ? worst : size;  // NaN stays
    }
    return worst;
  }
  /// Supports whose system has one solution, by elimination with the largest pivots; its border
  /// first, which stays. False if that is all of them.
  bool reduce() {
    const std::size_t k = size(), side = k + 1;
    factor_ = system_;
    std::vector<std::size_t> rows(side), columns(side);
    for (std::size_t i = 0; i < side; ++i) {
      rows[i] = columns[i] = (k + i) % side;
    }
    std::swap(columns[0], columns[1]);  // the border crosses itself in a 0
    const auto at = [&](std::size_t r, std::size_t c) -> Real& {
      return factor_[rows[r] * side + columns[c]];
    };
    std::size_t rank = 0;
    for (; rank < side; ++rank) {
      if (deadline_.passed()) {
        return false;
      }
      std::size_t row = rank, column = rank;
      Real best = 0;
      for (std::size_t r = rank; r < (rank == 0 ? 1 : side); ++r) {
        for (std::size_t c = rank == 0 ? 0 : rank; c < (rank == 1 ? 2 : side); ++c) {
          const Real size = std::abs(at(r, c));
          if (columns[c] != k || rank == 1 ? size > best : false) {
            best = size;
            row = r;
            column = c;
          }
        }
      }
      if (!(best > coarse())) {
        break;
      }
      std::swap(rows[rank], rows[row]);
      std::swap(columns[rank], columns[column]);
      for (std::size_t r = rank + 1; r < side; ++r) {
        const Real share = at(r, rank) / at(rank, rank);
        for (std::size_t c = rank; c < side; ++c) {
          at(r, c) -= share * at(rank, c);
        }
      }
    }
    if (rank < 2 || rank == side) {
      return false;
    }
    std::array<std::vector<std::size_t>, 2> kept;
    for (std::size_t r = 0; r < rank; ++r) {
      if (rows[r] != k) {
        kept[0].push_back(support_[0][rows[r]]);
      }
      if (columns[r] != k) {
        kept[1].push_back(support_[1][columns[r]]);
      }
    }
    support_ = std::move(kept);
    return true;
  }

  /// Of player b's simplex method: what the other player's mix or payoffs ask for most comes in, a
  /// strategy that he uses with a negative weight (it goes) or one of b's that would gain (it
  /// comes). Along that edge the first to reach its bound follows: one of b's that reaches 0 goes,
  /// or one of the other player's whose payoff reaches the level comes.
  template <class Product>
  bool step(std::size_t b, std::span<const Real> field, const Product& product) {
    const std::size_t other = 1 - b, k = size();
    const auto mix = own(solved_, b), edge = own(direction_, b);
    const auto gains = blocks_.of(field, b), payoffs = blocks_.of(field, other);
    Real most = noise;
    bool goes = false;
    std::size_t chosen = 0;
    for (std::size_t r = 0; r < k; ++r) {
      if (const Real size = -own(solved_, other)[support_[other][r]]; size > most) {
        most = size;
        goes = true;
        chosen = r;
      }
    }
    for (std::size_t j = 0; j < gains.size(); ++j) {
      if (const Real size = above(b, gains[j]); !solved_for(b, j) && size > most) {
        most = size;
        goes = false;
        chosen = j;
      }
    }
    if (!(most > noise)) {
      return false;
    }
    std::fill(direction_.begin(), direction_.end(), Real{0});
    z_.assign(k + 1, Real{0});
    if (goes) {
      z_[chosen] = -1;
    } else {
      for (std::size_t r = 0; r < k; ++r) {
        z_[r] = (b == 1 ? -entry(support_[0][r], chosen) : entry(chosen, support_[1][r])) / unit_;
      }
      z_[k] = -1;
      edge[chosen] = 1;
    }
    divide(b, z_);
    for (std::size_t c = 0; c < k; ++c) {
      edge[support_[b][c]] = z_[c];
    }
    const std::span<const Real> change = product(other, std::span<const Real>(direction_));
    Real nearest = std::numeric_limits<Real>::infinity();
    Real steepest = 0;
    bool leaves = false;
    std::size_t bound = 0;
    const auto consider = [&](Real room, Real falls, bool mine, std::size_t which) {
      if (room < -noise || !(falls > coarse())) {
        return;
      }
      const Real length = std::max(room, Real{0}) / falls;
      if (length < nearest || (!(length > nearest) && falls > steepest)) {
        nearest = length;
        steepest = falls;
        leaves = mine;
        bound = which;
      }
    };
    for (std::size_t c = 0; c < k; ++c) {
      consider(mix[support_[b][c]], -z_[c], true, c);
    }
    for (std::size_t i = 0; i < payoffs.size(); ++i) {
      if (!solved_for(other, i)) {
        consider(-above(other, payoffs[i]), change[i] / unit_ - z_[k], false, i);
      }
    }
    if (!(nearest < std::numeric_limits<Real>::infinity())) {
      return false;
    }
    const auto drop = [&](std::size_t player, std::size_t place) {
      support_[player].erase(support_[player].begin() + static_cast<std::ptrdiff_t>(place));
    };
    if (goes) {
      drop(other, chosen);
    }
    if (leaves) {
      drop(b, bound);
    } else {
      support_[other].push_back(bound);
    }
    if (!goes) {
      support_[b].push_back(chosen);
    }
    return !support_[0].empty();
  }

  const Blocks& blocks_;
  std::span<const Real> payoff_;
  const Deadline& deadline_;
  std::array<std::vector<std::size_t>, 2> support_;
  std::vector<Real> solved_, direction_;
  std::vector<char> in_;    ///< 1 for strategies in the supports that were solved last
  std::vector<char> used_;  ///< 1 for strategies of the point that was guessed from
  std::vector<Real> system_, factor_, z_, rest_;
  std::vector<std::size_t> pivots_;
  std::array<bool, 2> sound_{};
  std::array<Real, 2> level_{};  ///< of the payoffs of each player's support, divided by unit_
  Real unit_ = 1;
  bool postponed_ = false;
};

}  // namespace dag::detail
