// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/parallel.hpp>
#include <dag/core/state.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/geometry/treeplex.hpp>

namespace dag {

/// A game tree as the solvers take it: N players on treeplexes, the field of a player being the
/// expected payoff of each own sequence against the others' plans. Its gap is NashConv: 0 exactly
/// at a Nash equilibrium; the field is monotone in two-player zero-sum (and constant-sum) games.
/// Fields are in the form's standard units; gaps and values are in payoffs as given, and the
/// relative gap adds up the players' regrets, each over its own range.
/// Memory: the shape; the payoffs are those of the form, shared (of another scalar: a copy, 4 N +
/// sizeof(Real) - 4 bytes a combination of sequences and player). Field: one pass over
/// the payoffs, no allocation; by `use_threads` on several threads where there are many of them, a
/// row's sum on one, so that all numbers of threads give the same bits; likewise the passes of the
/// players (treeplex.hpp) and running means. Backends in host memory only.
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
        units_(form.unit),
        shifts_(form.shift) {
    for (std::size_t i = 0; i < form.player_count(); ++i) {
      ranges_.push_back(static_cast<Real>(form.range(i) / form.unit[i]));
      range_ = ranges_[i] > range_ ? ranges_[i] : range_;
    }
    if constexpr (std::is_same_v<Real, double>) {
      rows_ = form.rows;
    } else {
      std::vector<PayoffRows<Real>> rows;
      for (const PayoffRows<double>& given : *form.rows) {
        rows.push_back({given.sequence,
                        given.offsets,
                        given.others,
                        {given.payoff.begin(), given.payoff.end()}});
      }
      rows_ = std::make_shared<const std::vector<PayoffRows<Real>>>(std::move(rows));
    }
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const players_type& players() const noexcept { return players_; }
  [[nodiscard]] const PayoffRows<Real>& rows(std::size_t i) const noexcept { return (*rows_)[i]; }

  void field(StateView<const Real> z, std::span<Real> out) const {
    for (std::size_t i = 0; i < rows_->size(); ++i) {
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
  /// The first player's expected payoff as given, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    const Real earned =
        backend_.dot(players_.blocks().of(field, 0), players_.blocks().of(z.point, 0));
    return static_cast<Real>(as_given(0, static_cast<double>(earned)));
  }
  /// Player i's payoff in standard units, as given; and the unit of its regrets.
  [[nodiscard]] double as_given(std::size_t i, double payoff) const noexcept {
    return shifts_[i] + units_[i] * payoff;
  }
  [[nodiscard]] double unit(std::size_t i) const noexcept { return units_[i]; }
  /// How far a profile is from equilibrium.
  struct Gaps {
    Real gap = 0;           ///< NashConv, in payoffs as given
    Real relative_gap = 0;  ///< regrets over the players' own ranges, added up
  };
  /// Of z, given the field there.
  [[nodiscard]] Gaps gaps(StateView<const Real> z, std::span<const Real> field) const {
    Gaps found;
    double gap = 0;
    players_.supports(field, [&](std::size_t i, Real best) {
      const Real regret =
          best - backend_.dot(players_.blocks().of(field, i), players_.blocks().of(z.point, i));
      gap += units_[i] * static_cast<double>(regret);
      found.relative_gap += ranges_[i] > 0 ? regret / ranges_[i] : Real{0};
    });
    found.gap = static_cast<Real>(gap);
    return found;
  }

  /// max over players of (largest payoff of a play - smallest), in standard units.
  [[nodiscard]] Real range() const noexcept { return range_; }
  [[nodiscard]] Real range(std::size_t i) const noexcept { return ranges_[i]; }
  /// (N - 1) (range / 2) times the product of the two largest scales of the players' norms.
  [[nodiscard]] Real lipschitz() const noexcept {
    Real first = 0;
    Real second = 0;
    for (std::size_t i = 0; i < rows_->size(); ++i) {
      const Real scale = players_.scale(i);
      if (scale > first) {
        second = first;
        first = scale;
      } else if (scale > second) {
        second = scale;
      }
    }
    return static_cast<Real>(rows_->size() - 1) * range_ / 2 * first * second;
  }

  /// out += share (point - out), entry by entry: what running means are made of.
  void interpolate(Real share, std::span<const Real> point, std::span<Real> out) const {
    detail::for_each_vector_chunk(out.size(), threads_, [&](std::size_t begin, std::size_t end) {
      backend_.interpolate(share, point.subspan(begin, end - begin),
                           out.subspan(begin, end - begin));
    });
  }

  /// At most so many threads, for fields of at least `parallel_from` payoffs and for players with
  /// many sequences (link dag::openmp, else one does all). Every number gives the same bits.
  /// Errors: invalid_argument.
  void use_threads(int threads) {
    players_.use_threads(threads);
    threads_ = threads;
  }
  /// Below, starting threads takes longer than the rows.
  static constexpr std::size_t parallel_from = 100'000;

 private:
  void fill_rows(std::size_t i, std::span<const Real> x, std::span<Real> out,
                 std::size_t offset) const {
    const int threads = (*rows_)[i].payoff.size() < parallel_from ? 1 : threads_;
    detail::for_each_vector_chunk(out.size(), threads, [&](std::size_t begin, std::size_t end) {
      std::fill(out.data() + begin, out.data() + end, Real{0});
    });
    detail::for_each_chunk(
        (*rows_)[i].sequence.size(), 512, threads,
        [&](std::size_t first, std::size_t last) { fill_some(i, x, out, offset, first, last); });
  }
  void fill_some(std::size_t i, std::span<const Real> x, std::span<Real> out, std::size_t offset,
                 std::size_t first, std::size_t last) const {
    const PayoffRows<Real>& rows = (*rows_)[i];
    const std::size_t others = rows_->size() - 1;
    if (others == 1) {
      for (std::size_t r = first; r < last; ++r) {
        Real sum = 0;
        for (std::uint32_t e = rows.offsets[r]; e < rows.offsets[r + 1]; ++e) {
          sum += rows.payoff[e] * x[rows.others[e]];
        }
        out[rows.sequence[r] - offset] = sum;
      }
      return;
    }
    for (std::size_t r = first; r < last; ++r) {
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
  std::vector<double> units_;
  std::vector<double> shifts_;
  std::vector<Real> ranges_;
  std::shared_ptr<const std::vector<PayoffRows<Real>>> rows_;
  Real range_ = 0;
  int threads_ = 1;
};

}  // namespace dag
