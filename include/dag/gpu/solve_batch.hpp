// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/batched_games.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/batched_newton.hpp>
#include <dag/gpu/batched_rounds.hpp>
#include <dag/solver/batch_solution.hpp>

namespace dag {

/// Options of `solve_batch` on a device.
template <class Real>
struct BatchOptions {
  BatchMethod method = BatchMethod::mirror_prox;  ///< newton: with entropies of weight tau
  Real tolerance = Real(1e-4);                    ///< on gap / payoff range
  std::int32_t max_rounds = 100000;               ///< of every game
  std::int32_t check_every = 0;  ///< rounds between checks; 0: at rounds growing by 5 %
  Real tau = 0;                  ///< newton only, > 0: weight of the entropies, in payoffs
};

/// Solves every game of a batch to the tolerance in one launch, one warp a game, payoffs in the
/// warp's memory. Rounds, steps, averages and checks are those of the solvers named by BatchMethod,
/// so a game gets the iterates that mirror_prox or optimistic_mirror_descent would give it, to
/// rounding. Errors: invalid_argument (options), not_finite (a payoff; the game is named), device.
/// Memory: the batch and its results on the device. Waits once. Deterministic.
template <class Backend, class Real>
[[nodiscard]] BatchSolution<Real> solve_batch(const Backend& gpu,
                                              const BatchedMatrixGames<Real>& games,
                                              const BatchOptions<Real>& options = {}) {
  require(options.tolerance >= 0 && std::isfinite(options.tolerance), Errc::invalid_argument,
          "solve_batch: tolerance must be >= 0 and finite, got ", options.tolerance);
  require(options.max_rounds >= 0 && options.check_every >= 0, Errc::invalid_argument,
          "solve_batch: max_rounds and check_every must be >= 0, got ", options.max_rounds, " and ",
          options.check_every);
  const bool newton = options.method == BatchMethod::newton;
  require(!newton || (options.tau > 0 && std::isfinite(options.tau)), Errc::invalid_argument,
          "solve_batch: newton needs tau > 0, got ", options.tau);
  const auto stream = gpu.stream();
  const std::size_t count = games.size();
  const auto rows = device::to_device(games.rows(), stream);
  const auto columns = device::to_device(games.columns(), stream);
  const auto entry_begin = device::to_device(games.entry_begin(), stream);
  const auto strategy_begin = device::to_device(games.strategy_begin(), stream);
  const auto entries = device::to_device(games.entries(), stream);
  device::Array<std::int32_t> status(count, stream), rounds(count, stream);
  device::Array<Real> gap(count, stream), value(count, stream),
      strategies(static_cast<std::size_t>(games.strategy_begin().back()), stream);
  const device::BatchView<Real> view{
      count,         rows.data(), columns.data(), entry_begin.data(), strategy_begin.data(),
      entries.data()};
  const device::BatchLimits<Real> limits{options.tolerance, options.max_rounds, options.check_every,
                                         options.tau};
  const device::BatchResults<Real> results{status.data(), rounds.data(), gap.data(), value.data(),
                                           strategies.data()};
  std::size_t capacity = 0, widest = 0, longest = 0;
  for (std::size_t g = 0; g < count; ++g) {
    const auto m = static_cast<std::size_t>(games.rows()[g]);
    const auto n = static_cast<std::size_t>(games.columns()[g]);
    capacity = capacity > m * (n | 1U) ? capacity : m * (n | 1U);
    widest = widest > n ? widest : n;
    longest = longest > m + n ? longest : m + n;
  }
  // Blocks of few warps: a block leaves when its slowest game is done.
  const auto first_order = [&]<BatchMethod method>() {
    if (longest <= device::warp_size) {
      using Body = device::SolveBatch<Real, 1, method>;
      device::launch_warps<4>(stream, count, Body::shared_bytes(capacity),
                              Body{view, limits, results, capacity});
    } else {
      using Body = device::SolveBatch<Real, 4, method>;
      device::launch_warps<1>(stream, count, Body::shared_bytes(capacity),
                              Body{view, limits, results, capacity});
    }
  };
  using Newton = device::SolveBatch<Real, 0, BatchMethod::newton>;
  switch (options.method) {
    case BatchMethod::mirror_prox:
      first_order.template operator()<BatchMethod::mirror_prox>();
      break;
    case BatchMethod::optimistic: first_order.template operator()<BatchMethod::optimistic>(); break;
    case BatchMethod::predictive_regret_matching_plus:
      first_order.template operator()<BatchMethod::predictive_regret_matching_plus>();
      break;
    case BatchMethod::newton:
      device::launch_warps<1>(stream, count, Newton::shared_bytes(capacity, widest),
                              Newton{view, limits, results, capacity});
      break;
  }
  BatchSolution<Real> found;
  const auto codes = device::to_host(status);
  for (std::size_t g = 0; g < count; ++g) {
    require(codes[g] >= 0, Errc::not_finite, "solve_batch: every payoff must be finite, but game ",
            g, " has a NaN or an infinity");
    found.status.push_back(static_cast<Status>(codes[g]));
  }
  found.rounds = device::to_host(rounds);
  found.gap = device::to_host(gap);
  found.value = device::to_host(value);
  found.strategies = device::to_host(strategies);
  found.strategy_begin.assign(games.strategy_begin().begin(), games.strategy_begin().end());
  found.rows.assign(games.rows().begin(), games.rows().end());
  return found;
}

}  // namespace dag
