// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/table/detail/small_program.hpp>

namespace dag {

/// How the follower of a commitment answers where several answers are best.
enum class Tie {
  strong,  ///< as the leader likes it: what the leader can get
  weak     ///< as the leader fears it: what the leader can have for sure, up to any small amount
};

/// A leader's mixed strategy that the other player sees before answering.
struct Commitment {
  std::vector<double> leader;    ///< the strategy committed to
  std::vector<double> follower;  ///< the answer: one pure strategy, or the quantal response
  double leader_payoff = 0.0;
  double follower_payoff = 0.0;
  bool attained = true;  ///< weak: false where the payoff is a supremum that `leader` only nears
  friend bool operator==(const Commitment&, const Commitment&) = default;
};

namespace detail {

/// A two-player game from the leader's side: payoffs of both as rows of the leader's strategies.
struct LeaderGame {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> leader;    ///< row-major
  std::vector<double> follower;  ///< row-major
};

[[nodiscard]] inline LeaderGame leader_game(const GameTable& game, std::size_t leader,
                                            const char* solver) {
  validate(game);
  require(game.player_count() == 2, Errc::unsupported, solver, ": needs a two-player game, got ",
          game.player_count(), " players");
  require(leader < 2, Errc::invalid_argument, solver, ": the leader is player 0 or 1, got ",
          leader);
  LeaderGame side{game.sizes[leader], game.sizes[1 - leader], {}, {}};
  for (std::size_t i = 0; i < side.rows; ++i) {
    for (std::size_t j = 0; j < side.columns; ++j) {
      const std::size_t at = leader == 0 ? i + side.rows * j : j + side.columns * i;
      side.leader.push_back(game.payoffs[leader][at]);
      side.follower.push_back(game.payoffs[1 - leader][at]);
    }
  }
  return side;
}

[[nodiscard]] inline double mixed_entry(const std::vector<double>& matrix, std::size_t columns,
                                        const std::vector<double>& x, std::size_t column) {
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i] * matrix[i * columns + column];
  }
  return sum;
}

/// Divides by the sum of the first `count` entries and cuts off the others; false for zero sums.
[[nodiscard]] inline bool normalise(std::vector<double>& x, std::size_t count) {
  if (x.size() < count) {
    return false;
  }
  x.resize(count);
  double sum = 0.0;
  for (const double entry : x) {
    sum += entry;
  }
  for (double& entry : x) {
    entry /= sum;
  }
  return sum > 0.5;
}

}  // namespace detail

/// The best commitment of a leader (player 0 or 1) in a two-player game: a Stackelberg equilibrium
/// in mixed strategies.
///
/// Strong: for each answer j of the follower the linear program max_x u(x, j) over the x to which j
/// is a best response, and the best of them: Conitzer and Sandholm (2006),
/// doi:10.1145/1134707.1134717. Weak: only answers to which some open set of x makes them best
/// count, and of answers that pay the follower the same whatever the leader does the worst for the
/// leader: von Stengel and Zamir (2010), doi:10.1016/j.geb.2009.05.010; the leader nears its payoff
/// and may not attain it. Payoffs in units of each player's range; of equal values the first j.
/// Cost: one linear program (two for weak) an answer, of the size of the game. Errors: as
/// `validate`; unsupported beyond two players; not_converged never: a program that fails is left
/// out, and unsupported says so where all do.
[[nodiscard]] inline Commitment stackelberg(const GameTable& game, std::size_t leader = 0,
                                            Tie tie = Tie::strong) {
  const detail::LeaderGame side = detail::leader_game(game, leader, "stackelberg");
  const std::size_t m = side.rows;
  const std::size_t n = side.columns;
  const auto units = [](const std::vector<double>& payoffs) {
    const detail::PayoffExtent extent = detail::payoff_extent(payoffs);
    const double half = 0.5 * extent.high - 0.5 * extent.low;
    std::vector<double> unit;
    unit.reserve(payoffs.size());
    for (const double payoff : payoffs) {
      unit.push_back(half > 0 ? (0.5 * payoff - 0.5 * extent.low) / half : 0.0);
    }
    return unit;
  };
  const std::vector<double> own = units(side.leader);
  const std::vector<double> other = units(side.follower);
  constexpr double tied = 1e-9;
  Commitment best;
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<std::size_t> same;  // answers that pay the follower what j does
    for (std::size_t k = 0; k < n; ++k) {
      bool equal = true;
      for (std::size_t i = 0; i < m; ++i) {
        equal = equal && other[i * n + k] == other[i * n + j];
      }
      if (equal) {
        same.push_back(k);
      }
    }
    const auto is_same = [&](std::size_t k) {
      return std::find(same.begin(), same.end(), k) != same.end();
    };
    if (tie == Tie::weak) {
      if (same.front() != j) {
        continue;
      }
      // The largest margin t by which j (and its like) can be better than all other answers.
      std::vector<double> matrix;
      std::vector<double> right_sides;
      std::vector<double> costs(m + 1, 1e-3);
      costs[m] = 1.0;
      for (std::size_t k = 0; k < n; ++k) {
        if (!is_same(k)) {
          for (std::size_t i = 0; i < m; ++i) {
            matrix.push_back(other[i * n + k] - other[i * n + j]);
          }
          matrix.push_back(1.0);
          right_sides.push_back(0.0);
        }
      }
      if (!right_sides.empty()) {
        matrix.insert(matrix.end(), m, 1.0);
        matrix.push_back(0.0);
        right_sides.push_back(1.0);
        const std::vector<double> y = detail::program(matrix, right_sides, costs);
        if (y.empty() || !(y[m] > tied)) {
          continue;
        }
      }
    }
    // max v: v is the leader's payoff, at most that of each answer in question, plus one.
    const std::vector<std::size_t> feared = tie == Tie::weak ? same : std::vector<std::size_t>{j};
    std::vector<double> matrix;
    std::vector<double> right_sides;
    for (const std::size_t k : feared) {
      for (std::size_t i = 0; i < m; ++i) {
        matrix.push_back(-1.0 - own[i * n + k]);
      }
      matrix.push_back(1.0);
      right_sides.push_back(0.0);
    }
    for (std::size_t k = 0; k < n; ++k) {
      if (!is_same(k)) {
        for (std::size_t i = 0; i < m; ++i) {
          matrix.push_back(other[i * n + k] - other[i * n + j]);
        }
        matrix.push_back(0.0);
        right_sides.push_back(0.0);
      }
    }
    matrix.insert(matrix.end(), m, 1.0);
    matrix.push_back(0.0);
    right_sides.push_back(1.0);
    std::vector<double> costs(m + 1, 0.0);
    costs[m] = 1.0;
    std::vector<double> x = detail::program(matrix, right_sides, costs);
    if (!detail::normalise(x, m)) {
      continue;  // j is never a best response
    }
    double payoff = std::numeric_limits<double>::infinity();
    std::size_t answer = j;
    double answered = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < n; ++k) {
      answered = std::fmax(answered, detail::mixed_entry(other, n, x, k));
    }
    if (detail::mixed_entry(other, n, x, j) < answered - tied) {
      continue;
    }
    for (const std::size_t k : feared) {
      const double mine = detail::mixed_entry(side.leader, n, x, k);
      answer = mine < payoff ? k : answer;
      payoff = std::fmin(payoff, mine);
    }
    if (payoff > most) {
      most = payoff;
      best.leader = x;
      best.follower.assign(n, 0.0);
      best.follower[answer] = 1.0;
      best.leader_payoff = payoff;
      best.follower_payoff = detail::mixed_entry(side.follower, n, x, answer);
      best.attained = true;
      for (std::size_t k = 0; k < n && tie == Tie::weak; ++k) {
        const bool also = detail::mixed_entry(other, n, x, k) >= answered - tied;
        best.attained = best.attained && !(also && detail::mixed_entry(side.leader, n, x, k) <
                                                       payoff - tied * (1.0 + std::abs(payoff)));
      }
    }
  }
  require(!best.leader.empty(), Errc::unsupported,
          "stackelberg: no linear program of this game was solved; payoffs may differ too much in "
          "size");
  return best;
}

/// The best commitment found against a follower who answers by the quantal response q_j(x) =
/// softmax_j(v(x, j) / tau): the leader's payoff sum_j q_j(x) u(x, j), climbed by multiplicative
/// steps with a line search from the corners, the middle, the strong commitment and `starts` random
/// points; the payoff is not concave, so it is a local best, the largest of those ends. tau > 0 in
/// units of the follower's payoff. Deterministic in `seed`. Errors: as `stackelberg`, and
/// invalid_argument unless tau > 0 and finite.
[[nodiscard]] inline Commitment quantal_stackelberg(const GameTable& game, double tau,
                                                    std::size_t leader = 0, std::size_t starts = 20,
                                                    std::uint64_t seed = 1) {
  const detail::LeaderGame side = detail::leader_game(game, leader, "quantal_stackelberg");
  require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
          "quantal_stackelberg: tau must be > 0 and finite, got ", tau);
  const std::size_t m = side.rows;
  const std::size_t n = side.columns;
  const detail::PayoffExtent extent = detail::payoff_extent(side.leader);
  const double range = extent.high - extent.low > 0 ? extent.high - extent.low : 1.0;
  std::vector<double> answer(n);
  std::vector<double> gains(n);
  std::vector<double> slope(m);
  const auto payoff = [&](const std::vector<double>& x) {
    double top = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < n; ++j) {
      answer[j] = detail::mixed_entry(side.follower, n, x, j) / tau;
      top = std::fmax(top, answer[j]);
    }
    double sum = 0.0;
    for (double& entry : answer) {
      entry = std::exp(entry - top);
      sum += entry;
    }
    double value = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      answer[j] /= sum;
      gains[j] = detail::mixed_entry(side.leader, n, x, j);
      value += answer[j] * gains[j];
    }
    return value;
  };
  Commitment best;
  best.leader_payoff = -std::numeric_limits<double>::infinity();
  const auto climb = [&](std::vector<double> x) {
    for (double& entry : x) {  // interior, so that every strategy may come back
      entry = 0.999 * entry + 0.001 / static_cast<double>(m);
    }
    double value = payoff(x);
    double step = 1.0;
    for (int round = 0; round < 5000 && step > 1e-12; ++round) {
      for (std::size_t i = 0; i < m; ++i) {
        double mean = 0.0;
        double own = 0.0;
        double both = 0.0;
        for (std::size_t j = 0; j < n; ++j) {
          mean += answer[j] * side.follower[i * n + j];
          both += answer[j] * side.follower[i * n + j] * gains[j];
          own += answer[j] * side.leader[i * n + j];
        }
        slope[i] = (own + (both - mean * value) / tau) / range;
      }
      const double highest = *std::max_element(slope.begin(), slope.end());
      std::vector<double> next = x;
      double sum = 0.0;
      for (std::size_t i = 0; i < m; ++i) {
        next[i] *= std::exp(step * (slope[i] - highest));
        sum += next[i];
      }
      for (double& entry : next) {
        entry /= sum;
      }
      const double better = payoff(next);
      if (better > value) {
        const bool still = better - value <= 1e-15 * range;
        x = std::move(next);
        value = better;
        step = std::fmin(2.0 * step, 1e6);
        if (still) {
          break;
        }
      } else {
        step *= 0.5;
        (void)payoff(x);
      }
    }
    value = payoff(x);
    if (value > best.leader_payoff) {
      best.leader = x;
      best.follower = answer;
      best.leader_payoff = value;
      best.follower_payoff = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        best.follower_payoff += answer[j] * detail::mixed_entry(side.follower, n, x, j);
      }
    }
  };
  climb(std::vector<double>(m, 1.0 / static_cast<double>(m)));
  for (std::size_t i = 0; i < m; ++i) {
    std::vector<double> corner(m, 0.0);
    corner[i] = 1.0;
    climb(corner);
  }
  climb(stackelberg(game, leader).leader);
  RandomStream stream(seed, 0);
  for (std::size_t k = 0; k < starts; ++k) {
    std::vector<double> x(m);
    double sum = 0.0;
    for (double& entry : x) {
      entry = -std::log1p(-stream.uniform());
      sum += entry;
    }
    for (double& entry : x) {
      entry /= sum;
    }
    climb(x);
  }
  return best;
}

}  // namespace dag
