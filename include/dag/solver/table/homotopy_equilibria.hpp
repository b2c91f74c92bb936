// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/random.hpp>
#include <dag/core/status.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/table/logit_branch.hpp>

namespace dag {

/// Options of `homotopy_equilibria`.
struct HomotopyEquilibriaOptions {
  std::int64_t starts = 100;  ///< priors, the uniform one first
  std::uint64_t seed = 1;     ///< of the starts
  double tolerance = 1e-9;    ///< of each equilibrium: sum of regret / payoff range
  double apart = 1e-5;        ///< the same equilibrium: no probability differs by more
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// Equilibria found from many starts; others may exist.
struct HomotopyEquilibria {
  Status status = Status::stalled;
  std::vector<MixedProfile> equilibria;  ///< in the order in which they were found
  std::vector<double> max_regrets;       ///< of each, in units of payoff
  std::vector<std::int64_t> reached;     ///< from how many starts
  std::int64_t starts = 0;               ///< tried
  std::int64_t failed = 0;               ///< of them: paths that did not end at the tolerance
  bool complete = false;                 ///< never proved: always false
  friend bool operator==(const HomotopyEquilibria&, const HomotopyEquilibria&) = default;
};

/// Some Nash equilibria of a game too large for `polynomial_equilibria`: the ends of homotopies
/// from many random priors q, p_s proportional to q_s exp(lambda g_s(p)) as lambda goes from 0 on
/// (`logit_branch` with a prior). In almost all games each path ends at one equilibrium, which
/// depends on where it began; equilibria of negative index are the end of none. So the list is
/// honest about what it is: every entry is certified by its regret, `complete` is never claimed.
///
/// Priors: uniform first, then powers of uniform numbers, u^4 over their sum, which come near to
/// corners as well as to the middle. Source: McKelvey and Palfrey (1995),
/// doi:10.1006/game.1995.1023; of paths from arbitrary starts, Herings and Peeters (2010),
/// doi:10.1007/s00199-009-0441-5. Status: converged if all starts were tried. Cost: a
/// `logit_branch` a start. Deterministic in the seed. Errors: as `logit_branch`; invalid_argument
/// for options.
[[nodiscard]] inline HomotopyEquilibria homotopy_equilibria(
    const GameTable& game, const HomotopyEquilibriaOptions& options = {}) {
  validate(game);
  const OptionRules rules("homotopy_equilibria");
  rules.positive("starts", options.starts);
  rules.positive("tolerance", options.tolerance);
  rules.positive("apart", options.apart);
  const Deadline deadline(options.stop, options.time_limit, "homotopy_equilibria");
  RandomStream random(options.seed, 0);
  HomotopyEquilibria found;
  LogitBranchOptions own;
  own.tolerance = options.tolerance;
  own.max_lambda = std::fmax(own.max_lambda, 1e2 / options.tolerance);
  own.stop = options.stop;
  for (; found.starts < options.starts && !deadline.passed(); ++found.starts) {
    if (found.starts > 0) {
      own.prior.clear();
      for (const std::size_t size : game.sizes) {
        own.prior.emplace_back();
        double sum = 0.0;
        for (std::size_t s = 0; s < size; ++s) {
          own.prior.back().push_back(std::pow(0.05 + 0.95 * random.uniform(), 4));
          sum += own.prior.back().back();
        }
        for (double& probability : own.prior.back()) {
          probability /= sum;
        }
      }
    }
    own.time_limit = deadline.left();
    const LogitBranch path = logit_branch(game, own);
    if (path.status != Status::converged) {
      ++found.failed;
      continue;
    }
    const MixedProfile& end = path.points.back().profile;
    std::size_t same = 0;
    for (; same < found.equilibria.size(); ++same) {
      double apart = 0.0;
      for (std::size_t i = 0; i < end.size(); ++i) {
        for (std::size_t s = 0; s < end[i].size(); ++s) {
          apart = std::fmax(apart, std::abs(end[i][s] - found.equilibria[same][i][s]));
        }
      }
      if (apart <= options.apart) {
        break;
      }
    }
    if (same == found.equilibria.size()) {
      found.equilibria.push_back(end);
      found.max_regrets.push_back(path.points.back().max_regret);
      found.reached.push_back(0);
    }
    ++found.reached[same];
  }
  found.status = deadline.ending(found.starts == options.starts, true);
  return found;
}

}  // namespace dag
