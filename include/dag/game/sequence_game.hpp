// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/geometry/treeplex.hpp>

namespace dag {

/// A game tree as the solvers take it: N players on treeplexes, the field of a player being the
/// expected payoff of each own sequence against the others' plans. Its gap is NashConv: 0 exactly
/// at a Nash equilibrium; the field is monotone in two-player zero-sum (and constant-sum) games.
/// Memory: the shape and 4 N + 8 bytes a combination of sequences and player. Field: one pass over
/// the payoffs, no allocation. Backends in host memory only.
template <Scalar Real, class Backend, class Map = DilatedEntropy>
class SequenceGame {
 public:
  using scalar_type = Real;
  using backend_type = Backend;
  using players_type = Treeplexes<Real, Map>;

  explicit SequenceGame(const SequenceForm& form, std::vector<Real> weights = {},
                        Backend backend = {})
      : backend_(std::move(backend)),
        players_(form.shape, std::move(weights)),
        range_(static_cast<Real>(form.range())) {
    for (const PayoffRows<double>& given : form.rows) {
      PayoffRows<Real> own{given.sequence, given.offsets, given.others, {}};
      for (const double payoff : given.payoff) {
        own.payoff.push_back(static_cast<Real>(payoff));
      }
      rows_.push_back(std::move(own));
    }
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const players_type& players() const noexcept { return players_; }
  [[nodiscard]] const PayoffRows<Real>& rows(std::size_t i) const noexcept { return rows_[i]; }

  void field(StateView<const Real> z, std::span<Real> out) const {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      player_field(i, z.point, out);
    }
  }
  /// Player i's part of the field, `out` being player i's block.
  void block_field(StateView<const Real> z, std::size_t i, std::span<Real> out) const {
    const std::size_t offset = players_.blocks().offset(i);
    fill_rows(i, z.point, out, offset);
  }
  /// The same into the stacked vector.
  void player_field(std::size_t i, std::span<const Real> x, std::span<Real> out) const {
    fill_rows(i, x, players_.blocks().of(out, i), players_.blocks().offset(i));
  }
  /// The first player's expected payoff, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    return backend_.dot(players_.blocks().of(field, 0), players_.blocks().of(z.point, 0));
  }

  /// max over players of (largest payoff of a play - smallest).
  [[nodiscard]] Real range() const noexcept { return range_; }
  /// (N - 1) (range / 2) times the product of the two largest scales of the players' norms.
  [[nodiscard]] Real lipschitz() const noexcept {
    Real first = 0;
    Real second = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Real scale = players_.scale(i);
      if (scale > first) {
        second = first;
        first = scale;
      } else if (scale > second) {
        second = scale;
      }
    }
    return static_cast<Real>(rows_.size() - 1) * range_ / 2 * first * second;
  }

 private:
  void fill_rows(std::size_t i, std::span<const Real> x, std::span<Real> out,
                 std::size_t offset) const {
    const PayoffRows<Real>& rows = rows_[i];
    const std::size_t others = rows_.size() - 1;
    std::fill(out.begin(), out.end(), Real{0});
    const std::size_t count = rows.sequence.size();
    if (others == 1) {
      for (std::size_t r = 0; r < count; ++r) {
        Real sum = 0;
        for (std::uint32_t e = rows.offsets[r]; e < rows.offsets[r + 1]; ++e) {
          sum += rows.payoff[e] * x[rows.others[e]];
        }
        out[rows.sequence[r] - offset] = sum;
      }
      return;
    }
    for (std::size_t r = 0; r < count; ++r) {
      Real sum = 0;
      for (std::uint32_t e = rows.offsets[r]; e < rows.offsets[r + 1]; ++e) {
        Real product = rows.payoff[e];
        for (std::size_t j = 0; j < others; ++j) {
          product *= x[rows.others[e * others + j]];
        }
        sum += product;
      }
      out[rows.sequence[r] - offset] = sum;
    }
  }

  Backend backend_;
  players_type players_;
  std::vector<PayoffRows<Real>> rows_;
  Real range_ = 0;
};

}  // namespace dag
