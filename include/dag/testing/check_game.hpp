// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/testing/report.hpp>

namespace dag::testing {

/// How much `check_game` looks at.
struct GameChecks {
  std::uint64_t seed = 2026;  ///< of the points
  std::size_t pairs = 30;     ///< pairs of random points of the players' sets
};

namespace detail {

/// A random point of the players' set: a few prox steps of random gradients from its centre, so
/// that any set is reached that a solver could reach.
template <MonotoneGame Game>
State<backend_t<Game>, scalar_t<Game>> random_point(const Game& game, RandomStream& stream) {
  using Real = scalar_t<Game>;
  const std::size_t size = game.players().blocks().total();
  State<backend_t<Game>, Real> from(game.backend(), size), to(game.backend(), size);
  game.players().start(game.backend(), from.view());
  std::vector<Real> gradient(size);
  for (int step = 0; step < 3; ++step) {
    for (Real& entry : gradient) {
      entry = static_cast<Real>(stream.normal());
    }
    game.players().prox(game.backend(), std::as_const(from).view(), Real(0.5),
                        std::span<const Real>(gradient), to.view());
    std::swap(from, to);
  }
  return from;
}

/// The checks of one game; keeps what they share.
template <MonotoneGame Game>
class GameCheck {
 public:
  using Real = scalar_t<Game>;
  using Point = State<backend_t<Game>, Real>;

  GameCheck(const Game& game, const GameChecks& checks, Report& report)
      : game_(game), report_(report), stream_(checks.seed, 0x67616d65) {
    constants();
    for (std::size_t k = 0; k < checks.pairs; ++k) {
      const Point a = random_point(game, stream_), b = random_point(game, stream_);
      const std::vector<Real> at_a = field(a), at_b = field(b);
      monotone(a, b, at_a, at_b);
      if constexpr (Payoff<Game> && !Regularized<Game>) {
        slopes(a, b);
      }
    }
  }

 private:
  using View = StateView<const Real>;

  static View view(const Point& point) { return point.view(); }
  static Real rounding() { return std::numeric_limits<Real>::epsilon(); }

  void constants() {
    if constexpr (HasRange<Game>) {
      const auto range = static_cast<Real>(game_.range());
      report_.that(range >= 0 && std::isfinite(range), "range() must be finite and >= 0");
    }
    if constexpr (HasLipschitz<Game>) {
      const auto constant = static_cast<Real>(game_.lipschitz());
      report_.that(constant >= 0 && std::isfinite(constant), "lipschitz() must be finite and >= 0");
    }
  }

  /// The field, seen three times: into buffers of 17, of -5 and of NaN.
  std::vector<Real> field(const Point& z) {
    const std::size_t size = game_.players().blocks().total();
    std::vector<Real> first(size, Real(17)), second(size, Real(-5)),
        third(size, std::numeric_limits<Real>::quiet_NaN());
    game_.field(view(z), std::span<Real>(first));
    game_.field(view(z), std::span<Real>(second));
    game_.field(view(z), std::span<Real>(third));
    for (std::size_t i = 0; i < size; ++i) {
      const bool left_out = first[i] == 17 && second[i] == -5;
      if (left_out) {
        report_.that(false, "field() must write every component (it leaves component " +
                                std::to_string(i) + ")");
        continue;
      }
      report_.that(std::isfinite(first[i]), "field() must be finite inside the players' sets");
      report_.that(first[i] == second[i] && first[i] == third[i],
                   "field() must overwrite its output and depend on the point alone");
    }
    return first;
  }

  void monotone(const Point& a, const Point& b, const std::vector<Real>& at_a,
                const std::vector<Real>& at_b) {
    const auto x = view(a).point, y = view(b).point;
    Real product = 0, size = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      product += (at_a[i] - at_b[i]) * (x[i] - y[i]);
      size += (std::abs(at_a[i]) + std::abs(at_b[i])) * std::abs(x[i] - y[i]);
    }
    report_.that(product <= 1000 * rounding() * (size + rounding()),
                 "the field must be monotone, <field(z) - field(z'), z - z'> <= 0 (a flipped sign, "
                 "or a payoff that is not concave in its player's own strategy)");
    if constexpr (HasLipschitz<Game>) {
      const Real moved = game_.players().distance(game_.backend(), x, y);
      const Real turned = game_.players().dual_distance(
          game_.backend(), std::span<const Real>(at_a), std::span<const Real>(at_b));
      report_.that(turned <= static_cast<Real>(game_.lipschitz()) * moved * Real(1.0001) +
                                 1000 * rounding() * (1 + size),
                   "lipschitz() must bound |field(z) - field(z')| / |z - z'|");
    }
  }

  /// Along each block from the middle between a and b: the derivative of value() is the field of
  /// block 0, and plus or minus that of the others.
  void slopes(const Point& a, const Point& b) {
    const auto& blocks = game_.players().blocks();
    Point middle = a;
    for (std::size_t i = 0; i < view(a).point.size(); ++i) {
      middle.view().point[i] = (view(a).point[i] + view(b).point[i]) / 2;
    }
    game_.players().enter(game_.backend(), middle.view());
    const std::vector<Real> at = field(middle);
    const Real h = std::cbrt(rounding());
    for (std::size_t k = 0; k < blocks.count(); ++k) {
      Real expected = 0, size = 0;
      const auto own = blocks.of(std::span<const Real>(at), k);
      const auto from = blocks.of(view(a).point, k), to = blocks.of(view(b).point, k);
      for (std::size_t i = 0; i < own.size(); ++i) {
        expected += own[i] * (to[i] - from[i]);
        size += std::abs(own[i] * (to[i] - from[i]));
      }
      const auto value = [&](Real step) {
        Point moved = middle;
        const auto part = blocks.of(moved.view().point, k);
        for (std::size_t i = 0; i < part.size(); ++i) {
          part[i] += step * (to[i] - from[i]);
        }
        game_.players().enter(game_.backend(), moved.view());
        return static_cast<Real>(game_.value(view(moved)));
      };
      const Real up = value(h), down = value(-h);
      if (!report_.that(std::isfinite(up) && std::isfinite(down), "value() must be finite")) {
        return;
      }
      const Real slope = (up - down) / (2 * h);
      const Real noise = 10 * h * (size + std::abs(slope)) +
                         100 * rounding() * (std::abs(up) + std::abs(down)) / h;
      if (k == 0) {
        report_.that(std::abs(slope - expected) <= noise,
                     "the field of the first player must be the derivative of value() (sign "
                     "included)");
      } else {
        report_.that(std::abs(std::abs(slope) - std::abs(expected)) <= noise,
                     "the field of every player must be the derivative of value(), up to sign");
      }
    }
  }

  const Game& game_;
  Report& report_;
  RandomStream stream_;
};

}  // namespace detail

/// What every game promises, at random points of its players' sets: the field writes each of its
/// components, is finite, deterministic and monotone; where the game has `value`, the field is its
/// derivative (the first player's with its sign); `range` and `lipschitz` are what they say. A
/// solver trusts all that: with a flipped sign it certifies the worst point instead of the best.
/// Host memory. Deterministic.
template <MonotoneGame Game>
requires HasHostMemory<backend_t<Game>>
[[nodiscard]] Report check_game(const Game& game, const GameChecks& checks = {}) {
  Report report;
  detail::GameCheck<Game>(game, checks, report);
  return report;
}

}  // namespace dag::testing
