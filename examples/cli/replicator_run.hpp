// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <dag/solver/response/replicator.hpp>

#include "solver_parts.hpp"

namespace cli {

/// The replicator dynamics, with the records and the limits of a solver. Steps of a tenth of a time
/// unit; the tolerance is looked at in the end.
template <class Game>
Found replicator_run(const Game& game, const Settings& settings) {
  const dag::SolverOptions<double>& options = settings.options;
  dag::require(options.feedback == dag::Feedback<double>{}, dag::Errc::invalid_argument,
               "replicator: it needs the full field; leave --feedback full");
  dag::require(options.average == dag::Average::automatic || options.average == dag::Average::last,
               dag::Errc::invalid_argument, "replicator: average must be last");
  constexpr std::int64_t most = 20'000;
  const dag::Stopwatch watch;
  dag::ReplicatorOptions own;
  own.steps = std::min(options.max_iterations, most);
  own.record_every = own.steps <= 400 ? 1 : own.steps / 400;
  own.start.assign(options.start.begin(), options.start.end());
  own.time_limit = options.time_limit;
  own.stop = options.stop;
  const auto path = dag::replicator(game, own);
  const double range = game.range();
  const double h = own.step / (range > 0 ? range : 1.0);
  Found found;
  found.solver = "replicator";
  found.iterate = "last";
  for (const dag::ReplicatorPoint& point : path) {
    found.iterations = std::llround(point.time / h);
    found.products = 4 * found.iterations;
    found.seconds = watch.seconds();
    found.value = point.regrets.payoffs[0];
    found.gap = point.regrets.nash_conv;
    found.relative_gap = range > 0 ? found.gap / range : 0.0;
    options.observer(dag::Record{found.iterations, found.products, found.seconds, found.value,
                                 found.gap, found.relative_gap, found.relative_gap, h});
  }
  found.status = found.relative_gap <= options.tolerance ? dag::Status::converged
                 : found.iterations == own.steps         ? dag::Status::iteration_limit
                 : options.stop.stop_requested()         ? dag::Status::stopped
                                                         : dag::Status::time_limit;
  found.strategies = dag::unstacked(game.players().blocks(), path.back().point);
  return found;
}

}  // namespace cli
