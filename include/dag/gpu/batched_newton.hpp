// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/batched_rounds.hpp>
#include <dag/gpu/warp.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag::device {

/// Newton's method for the equilibrium of x'A y + tau H(x) - tau H(y), H the entropy: the column
/// player minimises the smooth convex
///   f(y) = tau log sum exp(A y / tau) - tau H(y),  x = softmax(A y / tau).
/// Variables s = d / sqrt(y), in which the Hessian is tau I + (1 / tau) S A'(diag x - x x') A S,
/// S = diag sqrt(y): never worse conditioned than 1 + (range / tau)^2. A step keeps 1'y = 1, stays
/// inside by 0.95 of the way to the boundary, and is halved until f falls (Armijo, 1e-4); once f
/// cannot fall by more than its rounding, two more steps are taken whole, and are the last.
/// Certificate: f(y) minus what the row player's x guarantees. Memory: (columns | 1)^2 numbers.
template <class Real>
struct SolveBatch<Real, 0, BatchMethod::newton> {
  static constexpr std::size_t most = 64;  // strategies of a player

  BatchView<Real> batch;
  BatchLimits<Real> limits;
  BatchResults<Real> results;
  std::size_t capacity;

  [[nodiscard]] static std::size_t shared_bytes(std::size_t capacity, std::size_t columns) {
    return ((capacity + (columns | 1U) * columns + 8 * most) * sizeof(Real) + 15) / 16 * 16;
  }

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    if (warp.index() >= batch.games) {
      return;
    }
    Game<Warp> game(warp, batch, warp.index(), capacity, limits.tau);
    const auto finish = [&](std::int32_t status, std::int32_t rounds, Real gap) {
      const Real value = reduce(
          warp, game.rows, Real{0}, [&](std::size_t i) { return game.x[i] * game.ay[i]; }, Add{});
      Real* const out = results.strategies + batch.strategy_begin[warp.index()];
      warp.each(game.rows, [&](std::size_t i) { out[i] = game.x[i]; });
      warp.each(game.columns, [&](std::size_t j) { out[game.rows + j] = game.y[j]; });
      results.write(warp, status, rounds, gap, value);
    };
    warp.each(game.columns,
              [&](std::size_t j) { game.y[j] = Real{1} / static_cast<Real>(game.columns); });
    Real f = game.evaluate(game.y);
    if (!(game.range - game.range == 0)) {
      finish(-1, 0, Real{0});
      return;
    }
    for (std::int32_t t = 0;; ++t) {
      const Real gap = game.gap(f);
      // Below this the gap and the fall of f are rounding: then Newton's last steps decide.
      const Real noise = 8 * Limits<Real>::epsilon * (game.range + magnitude(f));
      if (gap <= limits.tolerance * game.range && limits.tolerance * game.range > noise) {
        finish(static_cast<std::int32_t>(Status::converged), t, gap);
        return;
      }
      if (t >= limits.max_rounds) {
        finish(static_cast<std::int32_t>(Status::iteration_limit), t, gap);
        return;
      }
      const Real slope = game.direction();
      const Real limit = reduce(
          warp, game.columns, Real{1},
          [&](std::size_t j) {
            return game.step[j] < 0 ? Real(-0.95) * game.y[j] / game.step[j] : Real{1};
          },
          Min{});
      // What f can still fall by drowns in its rounding, but Newton's steps do not: the last two.
      if (-slope <= noise) {
        for (int step = 0; step < 2; ++step) {
          const Real part = step == 0 ? limit : Real{1};
          warp.each(game.columns, [&](std::size_t j) {
            const Real moved = game.y[j] + part * game.step[j];
            game.y[j] = moved > 0 ? moved : game.y[j];
          });
          f = game.evaluate(game.y);
          const Real left = game.gap(f);
          if (step == 1) {
            finish(static_cast<std::int32_t>(
                       left <= limits.tolerance * game.range ? Status::converged : Status::stalled),
                   t + 1 + step, left);
            return;
          }
          (void)game.direction();
        }
      }
      Real length = limit;
      bool fell = false;
      for (int halvings = 0; halvings < 40 && !fell; ++halvings) {
        warp.each(game.columns,
                  [&](std::size_t j) { game.trial[j] = game.y[j] + length * game.step[j]; });
        const Real at = game.evaluate(game.trial);
        fell = at <= f + Real(1e-4) * length * slope;
        f = fell ? at : f;
        length /= 2;
      }
      if (!fell) {
        f = game.evaluate(game.y);
        finish(static_cast<std::int32_t>(Status::stalled), t, gap);
        return;
      }
      warp.each(game.columns, [&](std::size_t j) { game.y[j] = game.trial[j]; });
    }
  }

 private:
  [[nodiscard]] static DAG_HOST_DEVICE Real magnitude(Real f) { return f < 0 ? -f : f; }
  template <class Warp>
  struct Game {
    Warp& warp;
    std::size_t rows, columns, stride;
    Real tau;
    Real *payoff, *matrix, *x, *y, *ay, *atx, *step, *trial, *right, *unit;
    Real range;

    DAG_HOST_DEVICE Game(Warp& owner, const BatchView<Real>& batch, std::size_t index,
                         std::size_t room, Real weight)
        : warp(owner),
          rows(static_cast<std::size_t>(batch.rows[index])),
          columns(static_cast<std::size_t>(batch.columns[index])),
          stride(columns | 1U),
          tau(weight),
          payoff(owner.template shared<Real>()) {
      Real* vectors = payoff + room;
      x = vectors;
      y = vectors + most;
      ay = vectors + 2 * most;
      atx = vectors + 3 * most;
      step = vectors + 4 * most;
      trial = vectors + 5 * most;
      right = vectors + 6 * most;
      unit = vectors + 7 * most;
      matrix = vectors + 8 * most;
      range = batch.load(warp, index, payoff);
    }
    /// tau log sum exp(v / tau); `p`, if any, becomes the softmax.
    [[nodiscard]] DAG_HOST_DEVICE Real soft_max(std::size_t n, const Real* v, Real sign,
                                                Real* p) const {
      const Real top = reduce(
          warp, n, -Limits<Real>::infinity, [&](std::size_t i) { return sign * v[i]; }, Max{});
      const Real total = reduce(
          warp, n, Real{0}, [&](std::size_t i) { return std::exp((sign * v[i] - top) / tau); },
          Add{});
      if (p != nullptr) {
        warp.each(n, [&](std::size_t i) { p[i] = std::exp((sign * v[i] - top) / tau) / total; });
      }
      return top + tau * std::log(total);
    }
    /// f at `at`; sets ay and x.
    [[nodiscard]] DAG_HOST_DEVICE Real evaluate(const Real* at) const {
      warp.each(rows, [&](std::size_t i) {
        Real sum = 0;
        for (std::size_t j = 0; j < columns; ++j) {
          sum += payoff[i * stride + j] * at[j];
        }
        ay[i] = sum;
      });
      const Real best = soft_max(rows, ay, Real{1}, x);
      return best +
             tau * reduce(
                       warp, columns, Real{0}, [&](std::size_t j) { return xlogx(at[j]); }, Add{});
    }
    /// Sets atx; f(y) less the least that x leaves the column player.
    [[nodiscard]] DAG_HOST_DEVICE Real gap(Real f) const {
      warp.each(columns, [&](std::size_t j) {
        Real sum = 0;
        for (std::size_t i = 0; i < rows; ++i) {
          sum += payoff[i * stride + j] * x[i];
        }
        atx[j] = sum;
      });
      const Real entropy = -reduce(
          warp, rows, Real{0}, [&](std::size_t i) { return xlogx(x[i]); }, Add{});
      const Real guaranteed = tau * entropy - soft_max(columns, atx, Real{-1}, nullptr);
      return f - guaranteed > 0 ? f - guaranteed : Real{0};
    }
    /// step = Newton's direction; returns its slope <gradient, step>.
    [[nodiscard]] DAG_HOST_DEVICE Real direction() const {
      warp.each(columns * columns, [&](std::size_t cell) {
        const std::size_t j = cell / columns, k = cell % columns;
        if (k <= j) {
          Real sum = 0;
          for (std::size_t i = 0; i < rows; ++i) {
            sum += x[i] * (payoff[i * stride + j] - atx[j]) * (payoff[i * stride + k] - atx[k]);
          }
          matrix[j * stride + k] = std::sqrt(y[j] * y[k]) * sum / tau + (j == k ? tau : Real{0});
        }
      });
      warp.each(columns, [&](std::size_t j) {
        unit[j] = std::sqrt(y[j]);
        right[j] = unit[j] * (atx[j] + tau * (std::log(y[j]) + 1));
      });
      factor();
      // trial is free here: the gradient in s, kept for the slope.
      warp.each(columns, [&](std::size_t j) {
        trial[j] = right[j];
        step[j] = unit[j];
      });
      solve(right);
      solve(step);
      const auto along = [&](const Real* v) {
        return reduce(
            warp, columns, Real{0}, [&](std::size_t j) { return unit[j] * v[j]; }, Add{});
      };
      const Real multiplier = along(right) / along(step);
      warp.each(columns, [&](std::size_t j) { step[j] = multiplier * step[j] - right[j]; });
      const Real slope = reduce(
          warp, columns, Real{0}, [&](std::size_t j) { return trial[j] * step[j]; }, Add{});
      warp.each(columns, [&](std::size_t j) { step[j] *= unit[j]; });
      return slope;
    }
    /// matrix = L L', lower triangle, column after column.
    DAG_HOST_DEVICE void factor() const {
      for (std::size_t k = 0; k < columns; ++k) {
        const Real pivot = std::sqrt(matrix[k * stride + k]);
        warp.each(columns - k, [&](std::size_t i) {
          Real& cell = matrix[(k + i) * stride + k];
          cell = i == 0 ? pivot : cell / pivot;
        });
        const std::size_t left = columns - k - 1;
        warp.each(left * left, [&](std::size_t cell) {
          const std::size_t i = k + 1 + cell / left, j = k + 1 + cell % left;
          if (j <= i) {
            matrix[i * stride + j] -= matrix[i * stride + k] * matrix[j * stride + k];
          }
        });
      }
    }
    DAG_HOST_DEVICE void solve(Real* v) const {
      for (std::size_t k = 0; k < columns; ++k) {
        const Real known = v[k] / matrix[k * stride + k];
        warp.each(columns - k, [&](std::size_t i) {
          v[k + i] = i == 0 ? known : v[k + i] - matrix[(k + i) * stride + k] * known;
        });
      }
      for (std::size_t k = columns; k-- > 0;) {
        const Real known = v[k] / matrix[k * stride + k];
        warp.each(k + 1, [&](std::size_t i) {
          v[i] = i == k ? known : v[i] - matrix[k * stride + i] * known;
        });
      }
    }
  };
};

}  // namespace dag::device
