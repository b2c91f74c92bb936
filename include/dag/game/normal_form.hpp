// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <xtensor/xarray.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/game/contraction.hpp>
#include <dag/game/matrix_certificate.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/geometry/simplices.hpp>

namespace dag {

/// A normal-form game of N players, each on its own simplex (block i). Field: for every player the
/// expected payoff of each pure strategy against the others' mixed ones, one pass over the payoffs
/// a player, no allocation.
///
/// The payoffs are one xtensor array in the order of `GameTable`: column-major, axes (s_0, ...,
/// s_{N-1}, player). Everybody maximises: a zero-sum game is written with both players' payoffs.
/// The concept's field need not be monotone, and in general is not, so solvers certify and do not
/// promise. Their gap is NashConv: 0 exactly at a Nash equilibrium. What converges to what:
/// - two-player zero-sum, zero-sum polymatrix: all first-order solvers, to Nash equilibria;
/// - exact potential games (game/potential_game.hpp): replicator dynamics, best responses in turn,
/// to
///   Nash equilibria;
/// - all games: `regret_dynamics`, whose average play tends to the coarse correlated (external
///   regret) or correlated equilibria (internal regret); `logit_branch`, to one Nash equilibrium.
/// Memory: the tensor. CPU backends only. Errors: dimension_mismatch, not_finite.
template <Scalar Real, class Backend>
class NormalFormGame {
 public:
  using scalar_type = Real;
  using backend_type = Backend;
  using Tensor = xt::xarray<Real, xt::layout_type::column_major>;

  explicit NormalFormGame(const GameTable& table, Backend backend = {})
      : NormalFormGame(checked_tensor(table), std::move(backend)) {}
  /// One payoff array a player, all of one shape.
  explicit NormalFormGame(const std::vector<xt::xarray<Real>>& payoffs, Backend backend = {})
      : NormalFormGame(checked_tensor(payoffs), std::move(backend)) {}
  /// The whole tensor, axes (s_0, ..., s_{N-1}, player).
  explicit NormalFormGame(Tensor payoffs, Backend backend = {})
      : backend_(std::move(backend)),
        payoffs_(std::move(payoffs)),
        players_(checked_shape(payoffs_)) {
    for (std::size_t i = 0; i < players_.blocks().count(); ++i) {
      Real low = payoff(i)[0];
      Real high = low;
      for (const Real entry : payoff(i)) {
        require(std::isfinite(entry), Errc::not_finite, "NormalFormGame: a payoff of player ",
                i + 1, " is ", entry);
        low = entry < low ? entry : low;
        high = entry > high ? entry : high;
      }
      // Payoffs around zero keep their bits but for the power of two.
      const Real largest = high > -low ? high : -low;
      middles_.push_back(largest <= 2 * (high - low) ? Real{0} : low + (high - low) / 2);
      ranges_.push_back(high - low);
      require(std::isfinite(ranges_[i]), Errc::not_finite, "NormalFormGame: the payoffs of player ",
              i + 1, " have an infinite range: ", low, " to ", high);
      range_ = high - low > range_ ? high - low : range_;
    }
    units_.assign(ranges_.size(), Real{1});
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Simplices<Real>& players() const noexcept { return players_; }
  [[nodiscard]] const Tensor& payoffs() const noexcept { return payoffs_; }
  /// Player i's payoffs, first player fastest.
  [[nodiscard]] std::span<const Real> payoff(std::size_t i) const {
    const std::size_t profiles = payoffs_.size() / players_.blocks().count();
    return {payoffs_.data() + i * profiles, profiles};
  }

  void field(StateView<const Real> z, std::span<Real> out) const {
    const Blocks& blocks = players_.blocks();
    for (std::size_t i = 0; i < blocks.count(); ++i) {
      detail::deviation_payoffs<Real>(blocks, payoff(i), i, z.point, blocks.of(out, i));
    }
  }
  /// The first player's expected payoff, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    const Real value =
        backend_.dot(players_.blocks().of(field, 0), players_.blocks().of(z.point, 0));
    return source_ != nullptr ? source_->middles_[0] + units_[0] * value : value;
  }

  /// This game in the units of solvers: each player's payoffs less their middle, over their range;
  /// where all ranges are equal, over the power of two below (which keeps ties exact). No player's
  /// offset or scale touches an iterate.
  /// Strategies, gaps and values are those of this game, which has to outlive it. Memory: the
  /// tensor.
  [[nodiscard]] NormalFormGame standard_form() const {
    NormalFormGame form = *this;
    form.source_ = this;
    form.range_ = 0;
    const bool alike = std::all_of(ranges_.begin(), ranges_.end(),
                                   [this](Real range) { return range == ranges_[0]; });
    const std::size_t profiles = payoffs_.size() / players_.blocks().count();
    for (std::size_t i = 0; i < players_.blocks().count(); ++i) {
      const Real unit = !(ranges_[i] > 0) ? Real{1}
                        : alike           ? std::ldexp(Real{1}, std::ilogb(ranges_[i]))
                                          : ranges_[i];
      for (std::size_t k = 0; k < profiles; ++k) {
        Real& entry = form.payoffs_.data()[i * profiles + k];
        entry = (entry - middles_[i]) / unit;
      }
      form.units_[i] = unit;
      form.ranges_[i] = ranges_[i] / unit;
      form.range_ = form.ranges_[i] > form.range_ ? form.ranges_[i] : form.range_;
    }
    return form;
  }
  [[nodiscard]] bool is_standard() const noexcept {
    bool standard = source_ != nullptr;
    if (!standard) {
      standard = true;
      for (std::size_t i = 0; i < ranges_.size(); ++i) {
        standard = standard && ranges_[i] == range_ && range_ >= Real(1e-6) &&
                   range_ <= Real(1e6) && middles_[i] == 0;
      }
    }
    return standard;
  }
  /// NashConv and the sum of regret / payoff range from the field at z.
  [[nodiscard]] Gaps<Real> gaps(StateView<const Real> z, std::span<const Real> field) const {
    Gaps<Real> found;
    for (std::size_t i = 0; i < players_.blocks().count(); ++i) {
      const std::span<const Real> payoffs = players_.blocks().of(field, i);
      const Real regret =
          backend_.max(payoffs) - backend_.dot(payoffs, players_.blocks().of(z.point, i));
      found.gap += units_[i] * regret;
      found.relative_gap += ranges_[i] > 0 ? regret / ranges_[i] : Real{0};
    }
    return found;
  }
  /// The gap of z without rounding, from the payoffs as they were given; allocates.
  [[nodiscard]] std::optional<PreciseGap> precise_gap(std::span<const Real> point) const {
    const NormalFormGame& given = source_ != nullptr ? *source_ : *this;
    std::vector<std::span<const Real>> payoffs;
    MixedProfile profile;
    for (std::size_t i = 0; i < players_.blocks().count(); ++i) {
      const std::span<const Real> strategy = players_.blocks().of(point, i);
      payoffs.push_back(given.payoff(i));
      profile.emplace_back(strategy.begin(), strategy.end());
    }
    const RegretReport report = detail::certify_profile(payoffs, profile);
    return PreciseGap{report.nash_conv, report.relative, report.payoffs[0]};
  }

  /// max over players of (largest payoff - smallest).
  [[nodiscard]] Real range() const noexcept { return range_; }
  /// (N - 1) range / 2: each of the others' moves shifts a payoff difference by at most range times
  /// its 1-norm.
  [[nodiscard]] Real lipschitz() const noexcept {
    return static_cast<Real>(players_.blocks().count() - 1) * range_ / 2;
  }

 private:
  [[nodiscard]] static Tensor checked_tensor(const GameTable& table) {
    validate(table);
    std::vector<std::size_t> shape = table.sizes;
    shape.push_back(table.player_count());
    Tensor tensor = Tensor::from_shape(shape);
    std::size_t k = 0;
    for (const std::vector<double>& payoffs : table.payoffs) {
      for (const double entry : payoffs) {
        tensor.data()[k++] = static_cast<Real>(entry);
      }
    }
    return tensor;
  }
  [[nodiscard]] static Tensor checked_tensor(const std::vector<xt::xarray<Real>>& payoffs) {
    require(!payoffs.empty(), Errc::dimension_mismatch, "NormalFormGame: no payoffs were given");
    std::vector<std::size_t> shape(payoffs[0].shape().begin(), payoffs[0].shape().end());
    shape.push_back(payoffs.size());
    Tensor tensor = Tensor::from_shape(shape);
    std::size_t k = 0;
    for (const xt::xarray<Real>& payoff : payoffs) {
      require(payoff.shape() == payoffs[0].shape(), Errc::dimension_mismatch,
              "NormalFormGame: the players' payoff arrays have different shapes");
      for (auto entry = payoff.template begin<xt::layout_type::column_major>();
           entry != payoff.template end<xt::layout_type::column_major>(); ++entry) {
        tensor.data()[k++] = *entry;
      }
    }
    return tensor;
  }
  [[nodiscard]] static Blocks checked_shape(const Tensor& payoffs) {
    const std::size_t axes = payoffs.dimension();
    require(axes >= 2 && payoffs.shape()[axes - 1] == axes - 1, Errc::dimension_mismatch,
            "NormalFormGame: needs one axis a player and a last one over players, got ", axes,
            " axes, the last of length ", axes > 0 ? payoffs.shape()[axes - 1] : 0);
    Blocks blocks;
    for (std::size_t i = 0; i + 1 < axes; ++i) {
      blocks.push_back(payoffs.shape()[i]);
    }
    return blocks;
  }

  Backend backend_;
  Tensor payoffs_;
  Simplices<Real> players_;
  Real range_ = 0;
  std::vector<Real> middles_;
  std::vector<Real> ranges_;
  std::vector<Real> units_;  ///< of a standard form; else 1
  const NormalFormGame* source_ = nullptr;
};

}  // namespace dag
