// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/solver/detail/logit_system.hpp>
#include <dag/solver/table/logit_branch.hpp>

namespace dag {

/// The logit equilibrium at `lambda` (units of 1 / payoff) that Newton's method reaches from
/// `start`, a profile whose probabilities are all positive, or else from the logit response to it
/// (near pure play log-probabilities are far from those of any start that one would type): how the
/// other branches of a pitchfork, and those that are not connected with the principal one, are
/// found. Nothing where it does not converge, or where the equations are singular. lambda = 0 is
/// uniform play. Errors: as `validate`; invalid_argument unless lambda >= 0 and finite;
/// not_a_distribution for a zero probability.
[[nodiscard]] inline std::optional<LogitBranchPoint> logit_equilibrium_near(
    const GameTable& game, double lambda, const MixedProfile& start) {
  validate(game);
  validate(game, start);
  require(lambda >= 0 && std::isfinite(lambda), Errc::invalid_argument,
          "logit_equilibrium_near: lambda must be >= 0 and finite, got ", lambda);
  detail::LogitSystem system(game);
  std::vector<double> z;
  for (const std::vector<double>& strategy : start) {
    for (const double probability : strategy) {
      require(probability > 0, Errc::not_a_distribution,
              "logit_equilibrium_near: every probability must be > 0, got ", probability);
      z.push_back(std::log(probability));
    }
  }
  z.push_back(lambda * system.range());
  std::vector<double> axis(z.size(), 0.0);
  axis.back() = 1.0;
  if (system.correct(z, axis) == 0) {
    z.clear();
    for (std::size_t i = 0; i < start.size(); ++i) {
      std::vector<double> logits = deviation_payoffs(game, start, i);
      for (double& logit : logits) {
        logit *= lambda;
      }
      log_normalize(logits);
      z.insert(z.end(), logits.begin(), logits.end());
    }
    z.push_back(lambda * system.range());
    if (system.correct(z, axis) == 0) {
      return {};
    }
  }
  LogitBranchPoint found;
  found.lambda = lambda;
  found.profile = system.profile(z);
  const RegretReport report = certify(game, found.profile);
  found.max_regret = report.max_regret;
  found.relative = report.relative;
  return found;
}

/// The principal branch's first points at several lambda (units of 1 / payoff; in any order): the
/// quantal response equilibria that a list of precisions asks for, each with full accuracy. In the
/// order of `lambdas`; a point that was not reached is left out. Errors: as `logit_branch`;
/// invalid_argument unless each lambda is >= 0 and finite.
[[nodiscard]] inline std::vector<LogitBranchPoint> logit_equilibria(
    const GameTable& game, std::span<const double> lambdas,
    const LogitBranchOptions& options = {}) {
  validate(game);
  detail::validate(options, "logit_equilibria");
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t k = 0; k < lambdas.size(); ++k) {
    require(lambdas[k] >= 0 && std::isfinite(lambdas[k]), Errc::invalid_argument,
            "logit_equilibria: every lambda must be >= 0 and finite, got ", lambdas[k]);
    order.emplace_back(lambdas[k], k);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::optional<LogitBranchPoint>> found(lambdas.size());
  const double game_range = payoff_range(game);
  const double range = game_range > 0 ? game_range : 1.0;
  detail::LogitTracer tracer(game, options, "logit_equilibria");
  LogitBranchPoint last = tracer.point();
  std::size_t next = 0;
  for (; next < order.size() && order[next].first == 0.0; ++next) {
    found[order[next].second] = last;
  }
  while (next < order.size() && tracer.advance()) {
    const double reached = tracer.scaled_lambda();
    bool landed = true;
    while (next < order.size() && reached >= order[next].first * range && landed) {
      // Newton's method from between the last two points, which stay where they are.
      detail::LogitTracer at = tracer;
      landed = at.land(order[next].first * range);
      if (landed) {
        found[order[next].second] = at.point();
        found[order[next].second]->lambda = order[next].first;
        ++next;
      }
    }
    if (!landed) {
      tracer.step_back();
    }
  }
  std::vector<LogitBranchPoint> points;
  for (std::optional<LogitBranchPoint>& point : found) {
    if (point) {
      points.push_back(*std::move(point));
    }
  }
  return points;
}

/// The precision at which a game's principal branch explains observed play best.
struct QuantalFit {
  LogitBranchPoint best;
  double log_likelihood = 0.0;  ///< sum of counts log p
  double low = 0.0;             ///< 95 % by the likelihood ratio: log-likelihood within 1.92
  double high = 0.0;            ///< infinite: nothing up to max_lambda is rejected
  friend bool operator==(const QuantalFit&, const QuantalFit&) = default;
};

/// sum over players and strategies of counts log p; -infinity where something was played that has
/// probability 0.
[[nodiscard]] inline double log_likelihood(const MixedProfile& counts,
                                           const MixedProfile& profile) {
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (std::size_t s = 0; s < counts[i].size(); ++s) {
      sum += counts[i][s] > 0 ? counts[i][s] * std::log(profile[i][s]) : 0.0;
    }
  }
  return sum;
}

/// Maximum likelihood of lambda on the principal branch, from how often each strategy was played
/// (one list of counts a player): McKelvey and Palfrey (1995), doi:10.1006/game.1995.1023. The path
/// is walked to `options.max_lambda` / payoff range; around its best point the likelihood is
/// maximised by golden section to 1e-8, and the interval's ends are bisected. Errors: as
/// `logit_branch`; dimension_mismatch or invalid_argument for counts (>= 0, some positive).
[[nodiscard]] inline QuantalFit fit_quantal(const GameTable& game, const MixedProfile& counts,
                                            LogitBranchOptions options = {}) {
  validate(game);
  require(counts.size() == game.player_count(), Errc::dimension_mismatch,
          "fit_quantal: the game "
          "has ",
          game.player_count(), " players, got counts for ", counts.size());
  double total = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    require(counts[i].size() == game.sizes[i], Errc::dimension_mismatch, "fit_quantal: player ",
            i + 1, " has ", game.sizes[i], " strategies, got ", counts[i].size(), " counts");
    for (const double count : counts[i]) {
      require(count >= 0 && std::isfinite(count), Errc::invalid_argument,
              "fit_quantal: counts must be >= 0 and finite, got ", count);
      total += count;
    }
  }
  require(total > 0, Errc::invalid_argument, "fit_quantal: no play was observed, all counts are 0");
  options.tolerance = 0.0;
  options.max_lambda = std::fmin(options.max_lambda, 1e4);
  const LogitBranch path = logit_branch(game, options);
  std::vector<double> values;
  for (const LogitBranchPoint& point : path.points) {
    values.push_back(log_likelihood(counts, point.profile));
  }
  const std::size_t best =
      static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  QuantalFit fit{path.points[best], values[best], 0.0, std::numeric_limits<double>::infinity()};
  // The point at lambda by Newton's method from the nearest one of the path.
  const auto nearest = [&](double lambda, std::size_t from) {
    return logit_equilibrium_near(game, lambda, path.points[from].profile);
  };
  const std::size_t before = best > 0 ? best - 1 : 0;
  const std::size_t after = std::min(best + 1, path.points.size() - 1);
  double left = std::fmin(path.points[before].lambda, path.points[best].lambda);
  double right = std::fmax(path.points[after].lambda, path.points[best].lambda);
  constexpr double golden = 0.6180339887498949;
  for (int round = 0; round < 80 && right - left > 1e-9 * (1.0 + right); ++round) {
    const double a = right - golden * (right - left);
    const double b = left + golden * (right - left);
    const auto at_a = nearest(a, best);
    const auto at_b = nearest(b, best);
    if (!at_a || !at_b) {
      break;
    }
    const double value_a = log_likelihood(counts, at_a->profile);
    const double value_b = log_likelihood(counts, at_b->profile);
    (value_a < value_b ? left : right) = value_a < value_b ? a : b;
    const bool first = value_a >= value_b;
    if (std::fmax(value_a, value_b) > fit.log_likelihood) {
      fit.log_likelihood = std::fmax(value_a, value_b);
      fit.best = first ? *at_a : *at_b;
    }
  }
  constexpr double drop = 1.9207294103470620;  // half the 0.95 quantile of chi-squared, 1 degree
  const auto crossing = [&](std::size_t inside, std::size_t outside) {
    double in = path.points[inside].lambda;
    double out = path.points[outside].lambda;
    in = inside == best ? fit.best.lambda : in;
    for (int round = 0; round < 60 && std::abs(out - in) > 1e-9 * (1.0 + std::abs(in)); ++round) {
      const double middle = 0.5 * in + 0.5 * out;
      const auto at = nearest(middle, outside);
      if (!at) {
        break;
      }
      (log_likelihood(counts, at->profile) >= fit.log_likelihood - drop ? in : out) = middle;
    }
    return in;
  };
  for (std::size_t k = best; k-- > 0;) {
    if (values[k] < fit.log_likelihood - drop) {
      fit.low = crossing(k + 1, k);
      break;
    }
  }
  for (std::size_t k = best + 1; k < path.points.size(); ++k) {
    if (values[k] < fit.log_likelihood - drop) {
      fit.high = crossing(k - 1, k);
      break;
    }
  }
  return fit;
}

}  // namespace dag
