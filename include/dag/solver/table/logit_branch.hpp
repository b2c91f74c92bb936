// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/logit_system.hpp>

namespace dag {

/// Options of `logit_branch`.
struct LogitBranchOptions {
  /// Where the branch begins, p_s proportional to prior_s exp(lambda g_s); every probability > 0.
  /// Empty: uniform, the logit equilibria proper.
  MixedProfile prior = {};
  double tolerance = 1e-6;          ///< stop at the sum of regret / payoff range at or below this
  double max_lambda = 1e8;          ///< stop at this lambda * payoff range
  double first_step = 0.05;         ///< of arc length in (log p, lambda * range)
  std::int64_t max_steps = 10'000;  ///< predictor-corrector steps, refused ones included
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// A quantal response (logit) equilibrium: p_i = softmax(g_i(p) / tau) for every player.
struct LogitBranchPoint {
  double lambda = 0.0;  ///< 1 / tau, in units of 1 / payoff; 0: uniform play
  MixedProfile profile;
  double max_regret = 0.0;  ///< at most tau * log(strategies), in units of payoff
  double relative = 0.0;    ///< sum of regret / payoff range over the players
  friend bool operator==(const LogitBranchPoint&, const LogitBranchPoint&) = default;
};

/// The branch of quantal responses that begins at uniform play.
struct LogitBranch {
  Status status = Status::stalled;
  std::vector<LogitBranchPoint> points;  ///< lambda = 0 first; the last one is the answer
  std::size_t turning_points = 0;        ///< where lambda went from growing to falling, or back
  std::vector<double> bifurcations;      ///< lambda where another branch crosses this one
  std::int64_t steps = 0;
  friend bool operator==(const LogitBranch&, const LogitBranch&) = default;
};

namespace detail {

/// The principal branch of a curve, one accepted step at a time.
template <class System>
class BranchTracer {
 public:
  BranchTracer(System system, const LogitBranchOptions& options, const char* solver)
      : options_(options),
        deadline_(options.stop, options.time_limit, solver),
        system_(std::move(system)),
        h_(options.first_step) {
    z_ = system_.start();
    system_.stop_at(deadline_);
    std::vector<double> axis(z_.size(), 0.0);
    axis.back() = 1.0;
    tangent_ = axis;
    (void)system_.tangent(z_, axis, tangent_);
    positive_ = system_.positive();
  }

  /// One step along the branch; false when the steps have shrunk to nothing or run out.
  bool advance() {
    while (steps_ < options_.max_steps && h_ > 1e-12 && !deadline_.passed()) {
      ++steps_;
      std::vector<double> next = z_;
      for (std::size_t k = 0; k < z_.size(); ++k) {
        next[k] += h_ * tangent_[k];
      }
      const int rounds = system_.correct(next, tangent_);
      std::vector<double> turned(z_.size());
      double cosine = 0.0;
      bool crossed = false;
      if (rounds > 0 && system_.tangent(next, tangent_, turned)) {
        // A determinant of the other sign: another branch, however near; or, if it is so for steps
        // that shrink to nothing, a point at which another branch crosses this one.
        crossed = system_.positive() != positive_;
        for (std::size_t k = 0; k < z_.size(); ++k) {
          cosine += turned[k] * tangent_[k];
        }
      }
      // A sharp turn, or slow Newton steps: too far, and perhaps on another branch. With 0.97 (and
      // 0.995 below) 12 of 700 random games (2x2 to 10x10, 2x2x2x2, 3x3x3) ended at another
      // equilibrium than with 0.99999, with 0.999 one, with 0.9995 none; 98 steps a game.
      if (!(cosine > 0.9995) || (crossed && h_ > 1e-4)) {
        h_ *= 0.5;
        continue;
      }
      if (crossed) {
        bifurcations_.push_back(next.back() / system_.range());
        positive_ = !positive_;
      }
      turns_ += turned.back() * tangent_.back() < 0.0 ? 1U : 0U;
      before_ = std::exchange(z_, std::move(next));
      tangent_ = std::move(turned);
      h_ *= cosine > 0.9999 && rounds <= 4 ? 2.0 : 1.0;
      return true;
    }
    return false;
  }
  /// The point at `lambda` (scaled) between the last two, by Newton's method; false if that fails.
  bool land(double lambda) {
    const double share = (lambda - before_.back()) / (z_.back() - before_.back());
    std::vector<double> middle = before_;
    for (std::size_t k = 0; k < z_.size(); ++k) {
      middle[k] += share * (z_[k] - before_[k]);
    }
    std::vector<double> axis(z_.size(), 0.0);
    axis.back() = 1.0;
    if (system_.correct(middle, axis) == 0) {
      return false;
    }
    z_ = std::move(middle);
    return true;
  }
  /// Back to the point before, with a quarter of the step.
  void step_back() {
    z_ = before_;
    std::vector<double> tangent(z_.size());
    if (system_.tangent(z_, tangent_, tangent)) {
      tangent_ = std::move(tangent);
    }
    h_ *= 0.25;
  }
  [[nodiscard]] double lambda() const { return z_.back() / system_.range(); }
  /// One distribution a block.
  [[nodiscard]] MixedProfile profile() const { return system_.profile(z_); }
  [[nodiscard]] const Deadline& deadline() const noexcept { return deadline_; }
  [[nodiscard]] double scaled_lambda() const noexcept { return z_.back(); }
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  [[nodiscard]] std::size_t turns() const noexcept { return turns_; }
  [[nodiscard]] const std::vector<double>& bifurcations() const noexcept { return bifurcations_; }

 private:
  const LogitBranchOptions& options_;
  Deadline deadline_;
  System system_;
  std::vector<double> z_;       // log-probabilities, then lambda * range
  std::vector<double> before_;  // the point before
  std::vector<double> tangent_;
  double h_;
  bool positive_ = true;  // the determinant along this branch
  std::int64_t steps_ = 0;
  std::size_t turns_ = 0;
  std::vector<double> bifurcations_;
};

/// That of a game in normal form.
class LogitTracer : public BranchTracer<LogitSystem> {
 public:
  LogitTracer(const GameTable& game, const LogitBranchOptions& options, const char* solver)
      : BranchTracer(system_of(game, options), options, solver), game_(game) {}

  [[nodiscard]] LogitBranchPoint point() const {
    LogitBranchPoint found;
    found.lambda = lambda();
    found.profile = profile();
    const RegretReport report = certify(game_, found.profile);
    found.max_regret = report.max_regret;
    found.relative = report.relative;
    return found;
  }

 private:
  [[nodiscard]] static LogitSystem system_of(const GameTable& game,
                                             const LogitBranchOptions& options) {
    LogitSystem system(game);
    if (!options.prior.empty()) {
      validate(game, options.prior);
      for (const std::vector<double>& strategy : options.prior) {
        for (const double probability : strategy) {
          require(probability > 0, Errc::not_a_distribution,
                  "logit_branch: every probability of the prior must be > 0, got ", probability);
        }
      }
      system.set_prior(options.prior);
    }
    return system;
  }

  const GameTable& game_;
};

inline void validate(const LogitBranchOptions& options, const char* solver) {
  const OptionRules rules(solver);
  rules.not_negative("tolerance", options.tolerance);
  rules.positive("max_lambda", options.max_lambda);
  rules.positive("first_step", options.first_step);
  rules.positive("max_steps", options.max_steps);
}

/// A tracer's way: to the tolerance on the sum of regret / range, or to a lambda.
template <class Path, class Tracer>
[[nodiscard]] Path follow(Tracer& tracer, const LogitBranchOptions& options) {
  Path path;
  path.points.push_back(tracer.point());
  while (path.points.back().relative > options.tolerance &&
         tracer.scaled_lambda() < options.max_lambda) {
    if (!tracer.advance()) {
      break;
    }
    path.points.push_back(tracer.point());
  }
  path.steps = tracer.steps();
  path.turning_points = tracer.turns();
  path.bifurcations = tracer.bifurcations();
  path.status = tracer.deadline().ending(
      path.points.back().relative <= options.tolerance,
      path.steps >= options.max_steps || tracer.scaled_lambda() >= options.max_lambda);
  return path;
}
template <class Path, class Tracer>
[[nodiscard]] Path follow_to(Tracer& tracer, const LogitBranchOptions& options,
                             double scaled_lambda) {
  Path path;
  bool landed = false;
  path.points.push_back(tracer.point());
  while (tracer.advance()) {
    if (tracer.scaled_lambda() >= scaled_lambda) {
      if (tracer.land(scaled_lambda)) {
        landed = true;
        path.points.push_back(tracer.point());
        break;
      }
      tracer.step_back();
      continue;
    }
    path.points.push_back(tracer.point());
  }
  path.steps = tracer.steps();
  path.turning_points = tracer.turns();
  path.bifurcations = tracer.bifurcations();
  path.status = tracer.deadline().ending(landed, path.steps >= options.max_steps);
  return path;
}

}  // namespace detail

/// The principal branch of the logit equilibria of a game of any number of players: from uniform
/// play at lambda = 0 to, in almost all games, one Nash equilibrium as lambda grows. The points on
/// the way are kept, the last is nearest to that equilibrium.
///
/// Source: McKelvey and Palfrey (1995), doi:10.1006/game.1995.1023 (the branch selects a Nash
/// equilibrium); followed by predictor and Newton corrector along its arc length in the unknowns
/// (log p, lambda) as in Turocy (2005), doi:10.1016/j.geb.2004.04.003, which passes turning points
/// of lambda and keeps full accuracy where probabilities vanish. Steps double on straight pieces,
/// so that lambda grows geometrically at the end. Regret: at most (log strategies) / lambda. Only
/// at bifurcations of games with ties or symmetries is the branch not unique: it then goes straight
/// on, and `bifurcations` has the lambda (to about 1e-5 ranges). Status: converged at
/// the tolerance; iteration_limit at max_steps or max_lambda; stalled if steps shrink to nothing.
/// Cost a step: about three times players^2 passes over the payoffs and one LU of a matrix of the
/// size of all strategies together. Deterministic. Errors: invalid_argument, and as `validate`.
[[nodiscard]] inline LogitBranch logit_branch(const GameTable& game,
                                              const LogitBranchOptions& options = {}) {
  validate(game);
  detail::validate(options, "logit_branch");
  detail::LogitTracer tracer(game, options, "logit_branch");
  return detail::follow<LogitBranch>(tracer, options);
}

/// The quantal response equilibrium at one tau: the first point of the principal branch there
/// (below some tau games have several). The path that led to it is returned; its last point is the
/// answer. Errors: invalid_argument unless tau > 0 (units of payoff), and as `logit_branch`; of the
/// options only `first_step` and `max_steps` count.
[[nodiscard]] inline LogitBranch logit_equilibrium(const GameTable& game, double tau,
                                                   const LogitBranchOptions& options = {}) {
  validate(game);
  detail::validate(options, "logit_equilibrium");
  require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
          "logit_equilibrium: tau must be > 0 and finite, got ", tau);
  detail::LogitTracer tracer(game, options, "logit_equilibrium");
  const double range = payoff_range(game);
  return detail::follow_to<LogitBranch>(tracer, options, (range > 0 ? range : 1.0) / tau);
}

}  // namespace dag
