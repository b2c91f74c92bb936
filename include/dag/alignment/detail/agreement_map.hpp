// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/contexts.hpp>
#include <dag/core/deadline.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag::detail {

/// The agreement game of several contexts through their pool q = sum_x w_x nu_x. Its objective over
/// beta is, at strength a = 2 s / beta,
///
///   a/2 (||q||^2 - sum_x w_x^2 ||nu_x||^2) - sum_x w_x KL(nu_x || nu0_x),
///
/// where ||q||^2 = max over p of 2 <p, q> - ||p||^2: for a given p every context has one best
/// answer nu_x(p), log nu_x = log nu0_x + a (p - w_x nu_x) - lambda_x, and equilibria are the p
/// with T(p) = sum_x w_x nu_x(p) = p. T is the gradient of a convex function, so its Jacobian is
/// symmetric and positive semidefinite, p <- T(p) never lowers the objective, and an equilibrium is
/// a strict local maximum where I - DT is positive definite.
class AgreementMap {
 public:
  AgreementMap(const Contexts<double>& contexts, double strength)
      : contexts_(contexts), strength_(strength), answers_(contexts.blocks().size(0)) {}

  [[nodiscard]] std::size_t answers() const { return answers_; }
  [[nodiscard]] std::size_t size() const { return contexts_.blocks().total(); }
  [[nodiscard]] double strength() const { return strength_; }
  void set_strength(double strength) { strength_ = strength; }
  [[nodiscard]] const Contexts<double>& contexts() const { return contexts_; }

  struct Point {
    std::vector<double> pool, log_nu, nu;  ///< nu(pool), stacked
    std::vector<double> step;              ///< T(pool) - pool
    double error = 0;                      ///< max |step|
  };
  [[nodiscard]] Point at(std::vector<double> pool) const {
    Point out;
    out.pool = std::move(pool);
    out.log_nu.resize(size());
    out.nu.resize(size());
    for (std::size_t x = 0; x < contexts_.blocks().count(); ++x) {
      respond(x, out.pool, contexts_.blocks().of(std::span<double>(out.log_nu), x));
    }
    for (std::size_t i = 0; i < out.nu.size(); ++i) {
      out.nu[i] = std::exp(out.log_nu[i]);
    }
    out.step = pool_of(out.nu);
    for (std::size_t z = 0; z < answers_; ++z) {
      out.step[z] -= out.pool[z];
      out.error = std::fmax(out.error, std::abs(out.step[z]));
    }
    return out;
  }

  [[nodiscard]] std::vector<double> pool_of(std::span<const double> nu) const {
    std::vector<double> pool(answers_);
    for (std::size_t x = 0; x < contexts_.blocks().count(); ++x) {
      const auto row = contexts_.blocks().of(nu, x);
      for (std::size_t z = 0; z < answers_; ++z) {
        pool[z] += contexts_.weights()[x] * row[z];
      }
    }
    return pool;
  }

  /// DT, row-major, and dT / da.
  void derivatives(const Point& at, std::vector<double>& jacobian,
                   std::vector<double>& by_strength) const {
    jacobian.assign(answers_ * answers_, 0.0);
    by_strength.assign(answers_, 0.0);
    std::vector<double> h(answers_);
    for (std::size_t x = 0; x < contexts_.blocks().count(); ++x) {
      const double w = contexts_.weights()[x];
      const auto nu = contexts_.blocks().of(std::span<const double>(at.nu), x);
      double total = 0, mean = 0;
      for (std::size_t z = 0; z < answers_; ++z) {
        h[z] = nu[z] / (1 + strength_ * w * nu[z]);
        total += h[z];
        mean += h[z] * (at.pool[z] - w * nu[z]);
      }
      mean /= total;
      for (std::size_t z = 0; z < answers_; ++z) {
        by_strength[z] += w * h[z] * (at.pool[z] - w * nu[z] - mean);
        jacobian[z * answers_ + z] += w * strength_ * h[z];
        for (std::size_t y = 0; y < answers_; ++y) {
          jacobian[z * answers_ + y] -= w * strength_ * h[z] * h[y] / total;
        }
      }
    }
  }

  /// I - DT factored; false: not positive definite.
  [[nodiscard]] bool factor(const Point& at, std::vector<double>& lower,
                            std::vector<double>& by_strength) const {
    derivatives(at, lower, by_strength);
    for (std::size_t i = 0; i < lower.size(); ++i) {
      lower[i] = (i / answers_ == i % answers_ ? 1.0 : 0.0) - lower[i];
    }
    return cholesky_factor(lower, answers_);
  }

  struct Settled {
    Point at;
    bool stable = false;
  };
  /// The equilibrium that a pool leads to, wherever that is: `settle`, but where T is so near to
  /// the identity that its steps would take 1e4 rounds and more, from where best replies lead: one
  /// context after the other answers the others, which never lowers the objective either.
  [[nodiscard]] Settled settle_anywhere(std::vector<double> pool,
                                        const Deadline* deadline = nullptr) const {
    if (strength_ <= 1e4) {
      return settle(std::move(pool), 100000, deadline);
    }
    std::vector<double> nu = at(std::move(pool)).nu;
    std::vector<double> reply(answers_);
    double moved = 1;
    for (int sweep = 0; sweep < 1000 && moved > 1e-12; ++sweep) {
      std::vector<double> all = pool_of(nu);
      moved = 0;
      for (std::size_t x = 0; x < contexts_.blocks().count(); ++x) {
        const double w = contexts_.weights()[x];
        const auto own = contexts_.blocks().of(std::span<double>(nu), x);
        const auto reference = contexts_.blocks().of(contexts_.log_reference(), x);
        for (std::size_t z = 0; z < answers_; ++z) {
          reply[z] = reference[z] + strength_ * (all[z] - w * own[z]);
        }
        softmax(std::span<double>(reply));
        for (std::size_t z = 0; z < answers_; ++z) {
          moved = std::fmax(moved, std::abs(reply[z] - own[z]));
          all[z] += w * (reply[z] - own[z]);
          own[z] = reply[z];
        }
      }
    }
    return settle(pool_of(nu), 2000, deadline);
  }
  /// The equilibrium that p <- T(p) leads to, by Newton's steps where they help; `stable` says no
  /// where the rounds, or the time, end before.
  [[nodiscard]] Settled settle(std::vector<double> pool, int rounds = 100000,
                               const Deadline* deadline = nullptr) const {
    Settled out{at(std::move(pool)), false};
    std::vector<double> lower, unused;
    for (int round = 0; round < rounds; ++round) {
      if (deadline != nullptr && deadline->passed()) {
        out.stable = false;
        return out;
      }
      const bool checks = round % 8 == 0 || out.at.error < 1e-9;
      const bool definite = checks && factor(out.at, lower, unused);
      out.stable = definite;
      if (checks && out.at.error <= 4 * std::numeric_limits<double>::epsilon()) {
        return out;
      }
      std::vector<double> next = out.at.pool;
      if (definite) {
        std::vector<double> step = out.at.step;
        cholesky_solve(lower, step);
        for (std::size_t z = 0; z < answers_; ++z) {
          next[z] += step[z];
        }
        Point newton = at(std::move(next));
        if (newton.error < out.at.error / 2) {
          out.at = std::move(newton);
          continue;
        }
        if (out.at.error < 1e-13) {
          return out;
        }
        next = out.at.pool;
      }
      for (std::size_t z = 0; z < answers_; ++z) {
        next[z] += out.at.step[z];
      }
      out.at = at(std::move(next));
    }
    out.stable = out.at.error < 1e-12 && factor(out.at, lower, unused);
    return out;
  }

 private:
  /// log nu_x(pool): t + c exp(t) = log nu0 + a pool - lambda with c = a w_x, lambda by Newton's
  /// steps on the logarithm of the total.
  void respond(std::size_t x, std::span<const double> pool, std::span<double> log_nu) const {
    const auto reference = contexts_.blocks().of(contexts_.log_reference(), x);
    const double c = strength_ * contexts_.weights()[x];
    std::vector<double> level(answers_);
    for (std::size_t z = 0; z < answers_; ++z) {
      level[z] = reference[z] + strength_ * pool[z];
      log_nu[z] = level[z];
    }
    double high = log_sum_exp(std::span<const double>(level)), low = high - c;
    if (c == 0) {
      log_normalize(log_nu);
      return;
    }
    double lambda = high;
    for (int round = 0; round < 60; ++round) {
      double total = 0, slope = 0;
      for (std::size_t z = 0; z < answers_; ++z) {
        log_nu[z] = own_root(level[z] - lambda, c);
        const double nu = std::exp(log_nu[z]);
        total += nu;
        slope += nu / (1 + c * nu);
      }
      (total > 1 ? low : high) = lambda;
      const double move = total / slope * std::log(total);
      double next = lambda + move;
      if (!(next > low && next < high)) {
        next = (low + high) / 2;
      }
      if (next == lambda || std::abs(move) <= 4e-16 * (1 + std::abs(lambda))) {
        break;
      }
      lambda = next;
    }
    log_normalize(log_nu);
  }

  /// The t with t + c exp(t) = y: w = c exp(t) solves w + log w = y + log c.
  [[nodiscard]] static double own_root(double y, double c) {
    if (y == -std::numeric_limits<double>::infinity()) {
      return y;
    }
    const double u = y + std::log(c);
    double w = u > 1 ? u - std::log(u) : std::exp(u) / (1 + std::exp(u));
    for (int round = 0; round < 5 && w > 0; ++round) {
      w *= (1 + u - std::log(w)) / (1 + w);
    }
    return w > 1 ? std::log(w / c) : y - w;
  }

  const Contexts<double>& contexts_;
  double strength_;
  std::size_t answers_;
};

/// What rounding leaves open of a pool: the strength times the pool is what T exponentiates, and
/// where answers of a context compete with each other alone I - DT is as small as one over the
/// strength.
[[nodiscard]] inline double pool_noise(double strength) {
  return 16 * std::numeric_limits<double>::epsilon() * (1 + strength);
}
/// Beyond this noise of their pools ways of equilibria are not followed: steps, branches and other
/// equilibria are no longer told apart.
inline constexpr double most_pool_noise = 1e-6;

/// A stable equilibrium followed from one strength to another, in steps that keep it the same one.
struct FollowedPool {
  std::vector<double> pool;
  double strength = 0;  ///< where it ended
  bool whole = false;   ///< at the end that was asked for
  bool folds = false;   ///< else: it meets another one and both end; false: it branches
  bool lost = false;    ///< else: rounding ended the way (most_pool_noise), nothing else is said
};

/// Predictor dT/da and Newton's corrections; steps are halved until the correction is small beside
/// the step and I - DT stays positive definite, so that they shrink towards the strength at which
/// the equilibrium ends.
[[nodiscard]] inline FollowedPool follow(AgreementMap map, std::vector<double> pool, double to) {
  FollowedPool out{std::move(pool), map.strength(), false, false, false};
  std::vector<double> lower, slope;
  double step = (to > out.strength ? 0.05 : -0.05) * (1 + out.strength);
  AgreementMap::Point here = map.at(out.pool);
  while (out.strength != to) {
    if (pool_noise(out.strength) > most_pool_noise) {
      out.lost = true;
      return out;
    }
    map.set_strength(out.strength);
    const bool stands = map.factor(here, lower, slope);
    if (stands) {
      cholesky_solve(lower, slope);
    }
    bool accepted = false;
    while (stands && !accepted && std::abs(step) > 1e-10 * (1 + out.strength)) {
      double next = out.strength + step;
      next = (step > 0) == (next > to) || next == to ? to : next;
      const double h = next - out.strength;
      std::vector<double> guess = out.pool;
      double stride = 0;
      for (std::size_t z = 0; z < guess.size(); ++z) {
        guess[z] += h * slope[z];
        stride = std::fmax(stride, std::abs(h * slope[z]));
      }
      if (stride > 0.05) {
        step *= 0.04 / stride;
        continue;
      }
      map.set_strength(next);
      const std::vector<double> predicted = guess;
      AgreementMap::Point there = map.at(std::move(guess));
      std::vector<double> unused;
      bool definite = true;
      for (int round = 0; round < 8 && definite && there.error > 1e-14; ++round) {
        definite = map.factor(there, lower, unused);
        if (definite) {
          std::vector<double> correction = there.step, moved = there.pool;
          cholesky_solve(lower, correction);
          for (std::size_t z = 0; z < moved.size(); ++z) {
            moved[z] += correction[z];
          }
          there = map.at(std::move(moved));
        }
      }
      double off = 0;
      for (std::size_t z = 0; z < predicted.size(); ++z) {
        off = std::fmax(off, std::abs(there.pool[z] - predicted[z]));
      }
      const double noise = std::fmax(1e-12, pool_noise(next));
      accepted = definite && there.error < 1e-12 && off <= 0.25 * stride + noise &&
                 map.factor(there, lower, unused);
      if (accepted) {
        here = std::move(there);
        out.pool = here.pool;
        out.strength = next;
        step *= 1.5;
      } else {
        step /= 2;
      }
    }
    if (!accepted) {
      break;
    }
  }
  out.whole = out.strength == to;
  if (!out.whole) {  // dT/da along the direction that is about to leave
    map.set_strength(out.strength);
    std::vector<double> jacobian, by_strength, direction(out.pool.size());
    map.derivatives(here, jacobian, by_strength);
    double length = 0;
    for (std::size_t z = 0; z < direction.size(); ++z) {
      direction[z] = 1 + 0.1 * static_cast<double>(z % 7) + static_cast<double>(z % 3);
    }
    double along = 0;
    for (int round = 0; round < 400; ++round) {
      std::vector<double> image(direction.size());
      double norm = 0;
      for (std::size_t z = 0; z < image.size(); ++z) {
        for (std::size_t y = 0; y < image.size(); ++y) {
          image[z] += jacobian[z * image.size() + y] * direction[y];
        }
        norm += image[z] * image[z];
      }
      norm = std::sqrt(norm);
      for (std::size_t z = 0; z < image.size(); ++z) {
        direction[z] = norm > 0 ? image[z] / norm : 0.0;
      }
    }
    for (std::size_t z = 0; z < direction.size(); ++z) {
      along += direction[z] * by_strength[z];
      length += by_strength[z] * by_strength[z];
    }
    out.folds = std::abs(along) > 1e-4 * std::sqrt(length);
  }
  return out;
}

}  // namespace dag::detail
