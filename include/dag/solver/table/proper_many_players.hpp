// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/table/detail/support_chart.hpp>
#include <dag/solver/table/detail/support_space.hpp>
#include <dag/solver/table/detail/support_system.hpp>

namespace dag::detail {

/// A pure equilibrium of any number of players and the mistakes by which it is left, in whole
/// numbers. Weights are not normalised: what is played has weight 1, so that payoffs are
/// polynomials in the weights of mistakes, and which strategy of a player earns more is the same.
class MistakeOrders {
 public:
  /// `payoffs`: of each player, whole, in the table's order. Keeps references to all.
  MistakeOrders(const GameTable& game, const std::vector<std::vector<Integer>>& payoffs,
                const std::vector<std::size_t>& played)
      : game_(game), payoffs_(payoffs), played_(played) {}

  /// True if some best reply that is not played is better against all small mistakes of the others:
  /// of each of them the first mistakes that matter are worth a gain and none is worth a loss, nor
  /// are mistakes of several at once that do not matter alone; all others are rarer. `ordered`: a
  /// mistake that costs its player more is infinitely rarer than one that costs less (proper).
  [[nodiscard]] bool beaten(bool ordered) const {
    for (std::size_t i = 0; i < played_.size(); ++i) {
      for (std::size_t s = 0; s < game_.sizes[i]; ++s) {
        if (s != played_[i] && gain(i, s, played_) == 0 && beats(i, s, ordered)) {
          return true;
        }
      }
    }
    return false;
  }

  /// True if mistakes of sizes epsilon^k, k whole numbers, are in the order of what they cost as
  /// epsilon falls to 0: then the equilibrium is proper. Tries k from 1 up to 6, at most `most`
  /// choices.
  [[nodiscard]] bool answered(std::size_t most) const {
    std::vector<std::pair<std::size_t, std::size_t>> mistakes;
    std::vector<std::vector<int>> levels;
    for (std::size_t i = 0; i < played_.size(); ++i) {
      levels.emplace_back(game_.sizes[i], 0);
      for (std::size_t s = 0; s < game_.sizes[i]; ++s) {
        if (s != played_[i]) {
          mistakes.emplace_back(i, s);
        }
      }
    }
    double choices = 1.0;
    int highest = 6;
    for (; highest > 1; --highest) {
      choices = std::pow(highest, static_cast<double>(mistakes.size()));
      if (choices <= static_cast<double>(most)) {
        break;
      }
    }
    for (const auto& [i, s] : mistakes) {
      levels[i][s] = 1;
    }
    while (true) {
      if (fits(levels)) {
        return true;
      }
      std::size_t k = 0;
      for (; k < mistakes.size(); ++k) {
        int& level = levels[mistakes[k].first][mistakes[k].second];
        level = level == highest ? 1 : level + 1;
        if (level > 1) {
          break;
        }
      }
      if (k == mistakes.size()) {
        return false;
      }
    }
  }

 private:
  [[nodiscard]] Integer difference(std::size_t player, std::size_t s, std::size_t t,
                                   std::vector<std::size_t> profile) const {
    profile[player] = s;
    const std::size_t one = profile_index(game_.sizes, profile);
    profile[player] = t;
    return payoffs_[player][one] - payoffs_[player][profile_index(game_.sizes, profile)];
  }
  /// The sign of what `s` earns more than what is played.
  [[nodiscard]] int gain(std::size_t player, std::size_t s,
                         const std::vector<std::size_t>& profile) const {
    return difference(player, s, played_[player], profile).sign();
  }

  [[nodiscard]] bool beats(std::size_t player, std::size_t s, bool ordered) const {
    // Of each other player: what is played, and mistakes that alone make no difference and may be
    // larger than those that do.
    std::vector<std::vector<std::size_t>> even(played_.size());
    bool better = false;
    for (std::size_t j = 0; j < played_.size(); ++j) {
      even[j] = {j == player ? s : played_[j]};
      if (j == player) {
        continue;
      }
      std::vector<std::size_t> open;
      for (std::size_t t = 0; t < game_.sizes[j]; ++t) {
        if (t != played_[j]) {
          open.push_back(t);
        }
      }
      const auto costs_less = [&](std::size_t a, std::size_t b) {
        return ordered && difference(j, a, b, played_).sign() > 0;
      };
      std::stable_sort(open.begin(), open.end(), costs_less);
      bool matters = false;
      for (std::size_t k = 0; k < open.size() && !matters;) {
        const std::size_t first = k;
        for (; k < open.size() && !costs_less(open[first], open[k]); ++k) {
          std::vector<std::size_t> profile = played_;
          profile[j] = open[k];
          const int sign = gain(player, s, profile);
          if (sign < 0) {
            return false;
          }
          if (sign == 0) {
            even[j].push_back(open[k]);
          }
          matters = matters || sign > 0;
        }
      }
      better = better || matters;
    }
    std::vector<std::size_t> counts;
    counts.reserve(even.size());
    for (const std::vector<std::size_t>& list : even) {
      counts.push_back(list.size());
    }
    std::vector<std::size_t> digits(counts.size(), 0);
    std::vector<std::size_t> profile(counts.size());
    do {
      for (std::size_t j = 0; j < counts.size(); ++j) {
        profile[j] = even[j][digits[j]];
      }
      const int sign = gain(player, s, profile);
      if (sign < 0) {
        return false;
      }
      better = better || sign > 0;
    } while (next_profile(counts, digits));
    return better;
  }

  /// Whether, against mistakes of these powers of epsilon, each strategy that earns less than
  /// another one has a higher power.
  [[nodiscard]] bool fits(const std::vector<std::vector<int>>& levels) const {
    for (std::size_t i = 0; i < played_.size(); ++i) {
      for (std::size_t s = 0; s < game_.sizes[i]; ++s) {
        for (std::size_t t = 0; t < s; ++t) {
          const int more = order(i, s, t, levels);
          if ((more < 0 && levels[i][s] <= levels[i][t]) ||
              (more > 0 && levels[i][s] >= levels[i][t])) {
            return false;
          }
        }
      }
    }
    return true;
  }
  /// The sign of what s earns more than t for small epsilon.
  [[nodiscard]] int order(std::size_t player, std::size_t s, std::size_t t,
                          const std::vector<std::vector<int>>& levels) const {
    std::map<int, Integer> powers;
    const std::size_t stride = profile_stride(game_.sizes, player);
    std::vector<std::size_t> choices(played_.size(), 0);
    std::size_t at = 0;
    do {
      if (choices[player] == 0) {
        const Integer more = payoffs_[player][at + stride * s] - payoffs_[player][at + stride * t];
        if (more.sign() != 0) {
          int power = 0;
          for (std::size_t j = 0; j < choices.size(); ++j) {
            power += j == player ? 0 : levels[j][choices[j]];
          }
          Integer& sum = powers[power];
          sum = sum + more;
        }
      }
      ++at;
    } while (next_profile(game_.sizes, choices));
    for (const auto& [power, sum] : powers) {
      if (sum.sign() != 0) {
        return sum.sign();
      }
    }
    return 0;
  }

  const GameTable& game_;
  const std::vector<std::vector<Integer>>& payoffs_;
  const std::vector<std::size_t>& played_;
};

/// True if within a small distance of the profile there is an equilibrium with these supports that
/// is regular (van Damme 1991, section 2.5): no unplayed strategy is as good as what is played, and
/// the Jacobian of the indifference system is not singular. By the theorem of Newton and
/// Kantorovich, with margins far above rounding.
[[nodiscard]] inline bool is_regular(const GameTable& game, const MixedProfile& profile,
                                     const std::vector<std::vector<std::size_t>>& supports) {
  const SupportChart chart(game.sizes, unit_payoffs(game), supports);
  SupportSystem system{SupportSpace(chart)};
  const SupportSpace& space = system.space;
  if (space.equations != space.unknowns) {
    return false;
  }
  std::vector<double> at;
  for (std::size_t i = 0; i < supports.size(); ++i) {
    double sum = 0.0;
    for (const std::size_t s : supports[i]) {
      sum += profile[i][s];
    }
    for (const std::size_t s : supports[i]) {
      at.push_back(profile[i][s] / sum);
    }
  }
  const std::size_t n = space.unknowns;
  system.evaluate(space.whole, at);
  std::vector<double> square = system.square();
  std::vector<double> inverse;
  if (!system.invert(square, n, inverse)) {
    return false;
  }
  double norm = 0.0;
  for (std::size_t r = 0; r < n; ++r) {
    double sum = 0.0;
    for (std::size_t c = 0; c < n; ++c) {
      sum += std::abs(inverse[r * n + c]);
    }
    norm = std::fmax(norm, sum);
  }
  const double step = norm * (SupportSystem::largest(system.f) + 1e-13);
  const double bend = 4.0 * static_cast<double>(n * n);  // second derivatives are at most 4 each
  if (!(norm < 1e8) || !(norm * step * bend <= 0.5)) {
    return false;
  }
  const double away = 2.0 * step;
  return *std::min_element(at.begin(), at.end()) > away &&
         system.slack(at) > 2.0 * static_cast<double>(n) * away + 1e-10;
}

}  // namespace dag::detail
