// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <dag/game/table.hpp>

namespace cli {

using Profile = std::vector<std::vector<double>>;  ///< [player][strategy]

/// u_i(s, sigma_-i) of every strategy s of a player, one pass over the table, in twice the
/// precision of double. The profile with strategies s_1, s_2, ... is entry s_1 + n_1 (s_2 + ...).
[[nodiscard]] std::vector<double> deviations(const dag::GameTable& table, const Profile& profile,
                                             std::size_t player);

/// What is told here of refinements of an equilibrium, without rounding, from which strategies are
/// played; nothing where it is not told.
struct Refined {
  std::optional<bool> perfect;  ///< trembling-hand perfect
  std::optional<bool> proper;
};

/// Completely mixed and strict equilibria are both. Not perfect where no belief that leaves nothing
/// out has all that a player plays as best replies (a linear program, pivots in whole numbers after
/// Bland); of two players all others are perfect. Nothing for large games.
[[nodiscard]] Refined refined(const dag::GameTable& table, const Profile& profile);

/// Whether each removed strategy, in this order, was strictly dominated by a mixture of what was
/// left: no belief about what the others have left has it as a best reply. Nothing for large games.
[[nodiscard]] std::optional<bool> each_was_dominated(
    const dag::GameTable& table, const std::vector<std::pair<std::size_t, std::size_t>>& removed);

/// max |x_i - softmax(lambda u_i(., x_-i))| of a profile.
[[nodiscard]] double logit_residual(const dag::GameTable& table, const Profile& profile,
                                    double lambda);

/// Where the principal branch of logit equilibria, followed by Newton's method from lambda = 0 as
/// far as `to`, has a singular Jacobian: `is_at(b)` whether b is such a point, within 1e-3 of
/// itself. Nothing where the branch turns back, or for large games.
class LogitBranchTruth {
 public:
  LogitBranchTruth(const dag::GameTable& table, double to);
  /// The whole way: lambda rises all along it.
  [[nodiscard]] bool told() const { return told_; }
  [[nodiscard]] bool is_at(double lambda) const;
  /// Values of lambda between which the determinant changes its sign.
  [[nodiscard]] const std::vector<std::pair<double, double>>& changes() const { return changes_; }

 private:
  struct Point {
    double lambda = 0;
    Profile profile;
    double determinant = 1;
  };
  [[nodiscard]] bool settle(Point& point) const;
  [[nodiscard]] std::optional<double> determinant(double lambda) const;

  const dag::GameTable& table_;
  std::vector<Point> points_;
  std::vector<std::pair<double, double>> changes_;
  double largest_ = 0;  ///< payoff
  bool told_ = false;
};

}  // namespace cli
