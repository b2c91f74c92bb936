// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/game/player_names.hpp>
#include <dag/game/table.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/numeric/dense.hpp>

namespace dag {

/// A two-player game on an edge of a polymatrix game, seen from one of its ends: what `player`
/// earns against `opponent`, row-major, rows are the player's strategies.
template <Scalar Real>
struct PolymatrixPayoff {
  std::size_t player = 0;
  std::size_t opponent = 0;
  std::vector<Real> payoff;
  friend bool operator==(const PolymatrixPayoff&, const PolymatrixPayoff&) = default;
};

/// A game on a graph: each player plays one strategy against all its neighbours, and earns the sum
/// of its pairwise games. Field of player i: sum over its neighbours of A_ij p_j; one pass over the
/// matrices, no allocation. Payoffs grow with the edges, not exponentially with the players.
///
/// If the payoffs of all players add up to zero in every profile, the field is monotone and
/// first-order solvers converge to Nash equilibria (Cai, Candogan, Daskalakis and Papadimitriou,
/// 2016, doi:10.1287/moor.2015.0745). Memory: the matrices, host memory (CPU backends).
/// Errors: dimension_mismatch, not_finite, invalid_argument for a player that does not exist, or
/// plays itself.
template <Scalar Real, class Backend>
class PolymatrixGame {
 public:
  using scalar_type = Real;
  using backend_type = Backend;

  PolymatrixGame(std::span<const std::size_t> sizes, std::vector<PolymatrixPayoff<Real>> payoffs,
                 Backend backend = {})
      : backend_(std::move(backend)), payoffs_(std::move(payoffs)), players_(Blocks(sizes)) {
    require(!sizes.empty(), Errc::invalid_argument, "PolymatrixGame: needs at least one player");
    std::vector<std::vector<Real>> low(sizes.size());
    std::vector<std::vector<Real>> high(sizes.size());
    std::vector<Real> given(sizes.size(), 0);  // sums of edge ranges a player moves others by
    std::vector<Real> taken(sizes.size(), 0);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      low[i].assign(sizes[i], 0);
      high[i].assign(sizes[i], 0);
    }
    for (const PolymatrixPayoff<Real>& edge : payoffs_) {
      require(edge.player < sizes.size() && edge.opponent < sizes.size() &&
                  edge.player != edge.opponent,
              Errc::invalid_argument, "PolymatrixGame: no edge from player ", edge.player, " to ",
              edge.opponent, " in a game of ", sizes.size(), " players numbered from 0");
      const std::size_t columns = sizes[edge.opponent];
      require(edge.payoff.size() == sizes[edge.player] * columns, Errc::dimension_mismatch,
              "PolymatrixGame: the edge from player ", edge.player, " to ", edge.opponent,
              " needs ", sizes[edge.player], "x", columns, " payoffs, got ", edge.payoff.size());
      Real edge_low = edge.payoff[0];
      Real edge_high = edge.payoff[0];
      for (std::size_t s = 0; s < sizes[edge.player]; ++s) {
        Real row_low = edge.payoff[s * columns];
        Real row_high = row_low;
        for (std::size_t t = 0; t < columns; ++t) {
          const Real entry = edge.payoff[s * columns + t];
          require(std::isfinite(entry), Errc::not_finite, "PolymatrixGame: a payoff of player ",
                  edge.player, " is ", entry);
          row_low = entry < row_low ? entry : row_low;
          row_high = entry > row_high ? entry : row_high;
        }
        low[edge.player][s] += row_low;
        high[edge.player][s] += row_high;
        edge_low = row_low < edge_low ? row_low : edge_low;
        edge_high = row_high > edge_high ? row_high : edge_high;
      }
      taken[edge.player] += (edge_high - edge_low) / 2;
      given[edge.opponent] += (edge_high - edge_low) / 2;
    }
    Real most_taken = 0;
    Real most_given = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Real range = largest(high[i]) - smallest(low[i]);
      range_ = range > range_ ? range : range_;
      most_taken = taken[i] > most_taken ? taken[i] : most_taken;
      most_given = given[i] > most_given ? given[i] : most_given;
    }
    lipschitz_ = std::sqrt(most_taken * most_given);
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Simplices<Real>& players() const noexcept { return players_; }
  [[nodiscard]] std::span<const PolymatrixPayoff<Real>> payoffs() const noexcept {
    return payoffs_;
  }

  void field(StateView<const Real> z, std::span<Real> out) const {
    const Blocks& blocks = players_.blocks();
    for (Real& entry : out) {
      entry = 0;
    }
    for (const PolymatrixPayoff<Real>& edge : payoffs_) {
      const std::span<const Real> against = blocks.of(z.point, edge.opponent);
      const std::span<Real> earned = blocks.of(out, edge.player);
      for (std::size_t s = 0; s < earned.size(); ++s) {
        earned[s] +=
            detail::dot(edge.payoff.data() + s * against.size(), against.data(), against.size());
      }
    }
  }
  /// The first player's expected payoff, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    return backend_.dot(players_.blocks().of(field, 0), players_.blocks().of(z.point, 0));
  }

  /// max over players of (largest payoff - smallest), exact: neighbours choose independently.
  /// (Exact for one edge a pair of players; several add up to an upper bound.)
  [[nodiscard]] Real range() const noexcept { return range_; }
  /// Of the field: the 2-norm of the matrix of half ranges, bounded by its row and column sums.
  [[nodiscard]] Real lipschitz() const noexcept { return lipschitz_; }

 private:
  [[nodiscard]] static Real largest(const std::vector<Real>& entries) {
    Real best = entries[0];
    for (const Real entry : entries) {
      best = entry > best ? entry : best;
    }
    return best;
  }
  [[nodiscard]] static Real smallest(const std::vector<Real>& entries) {
    Real best = entries[0];
    for (const Real entry : entries) {
      best = entry < best ? entry : best;
    }
    return best;
  }

  Backend backend_;
  std::vector<PolymatrixPayoff<Real>> payoffs_;
  Simplices<Real> players_;
  Real range_ = 0;
  Real lipschitz_ = 0;
};

/// The same game with every profile written out: product of the sizes times players numbers. For
/// small games: files, exact solvers. Errors: invalid_argument above a million profiles.
template <class Backend>
[[nodiscard]] GameTable expanded_table(const PolymatrixGame<double, Backend>& game) {
  const Blocks& blocks = game.players().blocks();
  GameTable table;
  table.players = numbered_players(blocks.count());
  for (std::size_t i = 0; i < blocks.count(); ++i) {
    table.sizes.push_back(blocks.size(i));
  }
  const std::size_t profiles = detail::bounded_product(table.sizes, 1'000'000);
  require(profiles <= 1'000'000, Errc::invalid_argument,
          "expanded_table: the game has more than a million profiles");
  table.payoffs.assign(blocks.count(), std::vector<double>(profiles, 0.0));
  std::vector<std::size_t> choices(blocks.count(), 0);
  std::size_t profile = 0;
  do {
    for (const PolymatrixPayoff<double>& edge : game.payoffs()) {
      table.payoffs[edge.player][profile] +=
          edge.payoff[choices[edge.player] * blocks.size(edge.opponent) + choices[edge.opponent]];
    }
    ++profile;
  } while (next_profile(table.sizes, choices));
  return table;
}

}  // namespace dag
