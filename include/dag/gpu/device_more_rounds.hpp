// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/error.hpp>
#include <dag/gpu/device_rounds.hpp>
#include <dag/gpu/player_steps.hpp>
#include <dag/solver/first_order/extragradient.hpp>

namespace dag {

/// dag::predictive_regret_matching_plus of a matrix game in device memory with its rounds captured
/// as one CUDA graph: alternating turns, a one-sided product and a matching each, then the
/// quadratic mean, counted on the device; checks as in `device_mirror_prox`. Same iterates.
/// Average: quadratic (its own). Errors: those of predictive_regret_matching_plus, unsupported
/// (another average, a step), device. Memory: nine stacked vectors and the product's workspace.
/// Deterministic.
template <class Game>
[[nodiscard]] Solution<Game> device_predictive_regret_matching_plus(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  using Real = scalar_t<Game>;
  constexpr const char* solver = "device_predictive_regret_matching_plus";
  detail::validate(options, solver);
  require(options.step == Step<Real>{}, Errc::unsupported, solver, ": it has no step");
  require(options.average == Average::automatic || options.average == Average::quadratic,
          Errc::unsupported, solver, ": on the device the average is quadratic");
  detail::DeviceRounds<Game> rounds(game, options, solver, 1);
  const auto& backend = game.backend();
  const auto& blocks = game.players().blocks();
  auto regrets = backend.template allocate<Real>(rounds.total());
  const auto regret = backend.view(regrets);
  const auto point = backend.view(rounds.last.point);
  const auto field = backend.view(rounds.field);
  const auto record = [&rounds, &backend, &blocks, regret, point, field] {
    for (std::size_t player = 0; player < 2; ++player) {
      rounds.evaluate(rounds.last.point);  // the other player's part is not looked at
      backend.match_regrets(std::span<const Real>(blocks.of(field, player)), true, Real{1},
                            blocks.of(regret, player), blocks.of(point, player));
    }
    device::launch(backend.stream(), 2, rounds.threads(), 0,
                   device::QuadraticMean<Real>{rounds.players(), rounds.last.point.data(),
                                               rounds.mean.point.data(), rounds.counters()});
  };
  return detail::run_recorded(game, rounds, Average::quadratic, options, 2, record);
}

/// dag::extragradient of a matrix game under the Euclidean map, its rounds captured as one CUDA
/// graph: two dual products and two fused projected steps (device::ProjectedStep). Same iterates as
/// extragradient(euclidean(game)); steps constant or lipschitz, L the operator norm; average last,
/// uniform or best. The residual is that of `game`, under its own map. Errors: those of
/// extragradient, unsupported (other steps or averages), device. Memory: as device_mirror_prox, and
/// a copy of the matrix while L is found. Deterministic.
template <class Game>
[[nodiscard]] Solution<Game> device_extragradient(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  using Real = scalar_t<Game>;
  using Rule = typename Step<Real>::Rule;
  constexpr const char* solver = "device_extragradient";
  detail::validate(options, solver);
  const Average average = detail::recorded_average(options.average, solver);
  detail::DeviceRounds<Game> rounds(game, options, solver, 1);
  Real eta = rounds.eta;
  if (options.step.rule != Rule::constant) {
    const Real norm = euclidean(game).lipschitz();
    eta = (options.step.rule == Rule::lipschitz ? options.step.size : Real{1}) /
          (norm > 0 ? norm : Real{1});
    rounds.eta = eta;
  }
  const auto step = [&rounds, &game, eta](device::Array<Real>& out, Real* mean) {
    device::launch(game.backend().stream(), 2, rounds.threads(), 0,
                   device::ProjectedStep<Real>{rounds.players(), eta, rounds.last.point.data(),
                                               rounds.field.data(), out.data(), mean,
                                               rounds.counters(), game.backend().bad()});
  };
  return detail::run_recorded(game, rounds, average, options, 2, [&rounds, step] {
    rounds.evaluate(rounds.last.point);
    step(rounds.sample.point, rounds.mean.point.data());
    rounds.evaluate(rounds.sample.point);
    step(rounds.last.point, nullptr);
  });
}

}  // namespace dag
