// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/repeated_work.hpp>
#include <dag/gpu/set_operations.hpp>
#include <dag/gpu/simplex_operations.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>

namespace dag {
namespace device {

/// mean += mean_share(power, t) (point - mean), t = ++round[segment]. `mean` may be null: then
/// round stays. Counted on the device, so that a launch can be captured once and replayed.
template <class Real>
struct SegmentMean {
  int power;
  const Real* point;
  Real* mean;
  std::int64_t* round;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    if (mean == nullptr) {
      return;
    }
    std::int64_t* const counter = round + block.index();
    const Real share = mean_share<Real>(power, *counter + 1);
    block.each(size, [&](std::size_t i) {
      mean[first + i] += share * (point[first + i] - mean[first + i]);
    });
    block.each(1, [&](std::size_t) { ++*counter; });
  }
};

/// out[2 b] and out[2 b + 1]: a player's largest field entry and <field, strategy>, all that a
/// duality gap needs.
template <class Real>
struct PlayerGap {
  const Real* point;
  const Real* field;
  Real* out;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t first, std::size_t size) const {
    const Real best = SegmentMax<Real>{field}(block, first, size);
    const Real earned = block.reduce(
        size, Real{0}, [&](std::size_t i) { return field[first + i] * point[first + i]; }, Add{});
    block.each(1, [&](std::size_t) {
      out[2 * block.index()] = best;
      out[2 * block.index() + 1] = earned;
    });
  }
};

}  // namespace device

namespace detail {

/// A matrix game's rounds as recorded launches: steps fused with their means, one thread block a
/// player, a dual product each, nothing allocated and nothing waited for between checks.
template <class Game>
class DeviceRounds {
 public:
  using Real = scalar_t<Game>;

  DeviceRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver,
               Real longest)
      : last(game.backend(), game.players().blocks().total()),
        sample(game.backend(), last.point.size()),
        mean(game.backend(), last.point.size()),
        field(game.backend().template allocate<Real>(last.point.size())),
        game_(game),
        gpu_(game.backend()),
        shape_(device::DualProductShape::of<Real>(game.payoff().rows, game.payoff().columns)),
        workspace_(shape_.row_parts() + shape_.column_parts(), gpu_.stream()),
        round_(gpu_.template allocate<std::int64_t>(2)),
        gaps_(gpu_.template allocate<Real>(8)) {
    using Rule = typename Step<Real>::Rule;
    const Rule rule = options.step.rule;
    require(rule == Rule::automatic || rule == Rule::constant || rule == Rule::lipschitz,
            Errc::unsupported, solver, ": on the device steps are constant or 1/L");
    const Real constant = game.lipschitz() > 0 ? game.lipschitz() : Real{1};
    eta = rule == Rule::constant
              ? options.step.size
              : (rule == Rule::automatic ? longest : options.step.size) / constant;
    enter_start(game, options, solver, last.view());
  }

  /// field = (A y, -A' x) at a stacked point.
  void evaluate(const device::Array<Real>& at) {
    device::dual_product(gpu_.stream(), shape_, game_.payoff().entries.data(), at.data(),
                         at.data() + shape_.rows, Real{1}, Real{-1}, field.data(),
                         field.data() + shape_.rows, workspace_.data());
  }
  /// out = entropic prox of `last` along the field; averaged and counted where `averaged`.
  void step(State<backend_t<Game>, Real>& out, bool averaged) {
    const Real ones[] = {1, 1};
    device::Array<Real> none;
    const device::Table<Real> weights(std::span<const Real>(ones), none, gpu_.stream());
    move(device::EntropyProx<Real>{weights, weights, last.dual.data(), eta, field.data(), nullptr,
                                   out.dual.data(), out.point.data(), gpu_.bad()},
         out, averaged);
  }
  /// The same by Euclidean projections.
  void projected_step(State<backend_t<Game>, Real>& out, bool averaged) {
    move(device::ProjectSimplex<Real>{last.point.data(), eta, field.data(), out.point.data(),
                                      gpu_.bad()},
         out, averaged);
  }
  [[nodiscard]] device::SegmentMean<Real> mean_of(const State<backend_t<Game>, Real>& point,
                                                  int power, bool averaged) {
    return {power, point.point.data(), averaged ? mean.point.data() : nullptr, round_.data()};
  }
  struct Gaps {
    Real last = 0, last_value = 0, mean = 0, mean_value = 0;
  };
  /// Both candidates' gaps; waits once. The field is left at the mean.
  [[nodiscard]] Gaps gaps() {
    Real host[8];
    Real* slot = gaps_.data();
    for (const auto* at : {&last.point, &mean.point}) {
      evaluate(*at);
      launch(device::PlayerGap<Real>{at->data(), field.data(), slot});
      slot += 4;
    }
    device::copy_bytes(host, gaps_.data(), sizeof host, gpu_.stream());
    gpu_.synchronize();
    const auto gap = [&](std::size_t at) {
      const Real found = host[at] + host[at + 2] - (host[at + 1] + host[at + 3]);
      require(!std::isnan(found), Errc::not_finite, "the field has a NaN");
      return found > 0 ? found : Real{0};
    };
    return {gap(0), host[1], gap(4), host[5]};
  }
  /// One thread block a player.
  template <class Body>
  void launch(const Body& body) const {
    gpu_.launch_segments(game_.players().blocks(), body);
  }

  State<backend_t<Game>, Real> last;
  State<backend_t<Game>, Real> sample;
  State<backend_t<Game>, Real> mean;
  device::Array<Real> field;
  Real eta = 0;

 private:
  template <class Move>
  void move(const Move& body, const State<backend_t<Game>, Real>& out, bool averaged) {
    using Mean = device::SegmentMean<Real>;
    launch(device::Then<Move, Mean>{body, mean_of(out, 0, averaged)});
  }

  const Game& game_;
  const backend_t<Game>& gpu_;
  device::DualProductShape shape_;
  device::Array<Real> workspace_;
  device::Array<std::int64_t> round_;
  device::Array<Real> gaps_;  // of two candidates: each player's maximum and earnings
};

/// The average of recorded mirror steps: last, uniform or best (the default).
[[nodiscard]] inline Average recorded_average(Average wanted, std::string_view solver) {
  require(wanted == Average::automatic || wanted == Average::best || wanted == Average::last ||
              wanted == Average::uniform,
          Errc::unsupported, solver, ": on the device the average is last, uniform or best");
  return wanted == Average::automatic ? Average::best : wanted;
}

/// Replays recorded rounds to the certificate. `average`: last, best, or what `rounds.mean` is.
template <class Game, class Work>
[[nodiscard]] Solution<Game> run_recorded(const Game& game, DeviceRounds<Game>& rounds,
                                          Average average,
                                          const SolverOptions<scalar_t<Game>>& options,
                                          std::int64_t products_a_round, Work record) {
  using Real = scalar_t<Game>;
  const Stopwatch watch;
  const auto& backend = game.backend();
  device::RepeatedWork<Work> round(backend.stream(), record);
  const Real range = payoff_range(game);
  Solution<Game> found;
  found.blocks = game.players().blocks();
  found.state = State<backend_t<Game>, Real>(backend, found.blocks.total());
  std::int64_t checks = 0;
  for (std::int64_t t = 0;;) {
    const auto gaps = rounds.gaps();
    ++checks;
    const bool has_mean = t > 0 && average != Average::last;
    const bool has_last = !has_mean || average == Average::best;
    const bool use_mean = has_mean && (!has_last || gaps.mean < gaps.last);
    found.iterate = !use_mean ? Average::last : has_last ? Average::uniform : average;
    found.gap = use_mean ? gaps.mean : gaps.last;
    found.value = use_mean ? gaps.mean_value : gaps.last_value;
    found.relative_gap = range > 0 ? found.gap / range : Real{0};
    found.iterations = t;
    found.products = products_a_round * t + 2 * checks;
    found.seconds = watch.seconds();
    found.step = t > 0 ? rounds.eta : Real{0};
    const bool go_on = options.observer(dag::Record{
        found.iterations, found.products, found.seconds, static_cast<double>(found.value),
        static_cast<double>(found.gap), static_cast<double>(found.relative_gap),
        static_cast<double>(found.residual), static_cast<double>(found.step)});
    const bool done = found.relative_gap <= options.tolerance;
    const bool stopped = !go_on || options.stop.stop_requested();
    if (done || stopped || t >= options.max_iterations || found.seconds >= options.time_limit) {
      found.status = done ? Status::converged
                          : (stopped ? Status::stopped
                                     : (t >= options.max_iterations ? Status::iteration_limit
                                                                    : Status::time_limit));
      backend.copy(
          std::span<const Real>(backend.view(use_mean ? rounds.mean.point : rounds.last.point)),
          found.state.view().point);
      game.players().enter(backend, found.state.view());
      // The whole certificate once, at the point that is returned.
      auto scratch = State<backend_t<Game>, Real>(backend, found.blocks.total());
      const StateView<const Real> chosen = found.state.view();
      const auto certificate = certify(game, chosen, backend.view(rounds.field), scratch.view());
      found.residual = certificate.residual;
      return found;
    }
    const std::int64_t every = options.check_every > 0 ? options.check_every : 64 + t / 4;
    const std::int64_t left = options.max_iterations - t;
    round.run(every < left ? every : left);
    t += every < left ? every : left;
  }
}

}  // namespace detail

/// dag::mirror_prox of a matrix game in device memory with its rounds captured as one CUDA graph:
/// two dual products and two fused steps (DeviceRounds), iteration and average counted on the
/// device. The check every `check_every` rounds (0: rounds growing by a quarter, from 64) is the
/// only synchronisation: one copy of eight numbers. Same iterates as dag::mirror_prox; steps
/// constant or lipschitz; average last, uniform or best. `Game`: MatrixGame<Real, dag::cuda>.
/// Errors: those of mirror_prox, unsupported (other steps or averages), device. Memory: eight
/// stacked vectors and the dual product's workspace. Deterministic.
template <class Game>
[[nodiscard]] Solution<Game> device_mirror_prox(const Game& game,
                                                const SolverOptions<scalar_t<Game>>& options = {}) {
  detail::validate(options, "device_mirror_prox");
  detail::DeviceRounds<Game> rounds(game, options, "device_mirror_prox", 1);
  const Average average = detail::recorded_average(options.average, "device_mirror_prox");
  return detail::run_recorded(game, rounds, average, options, 2, [&rounds] {
    rounds.evaluate(rounds.last.point);
    rounds.step(rounds.sample, true);
    rounds.evaluate(rounds.sample.point);
    rounds.step(rounds.last, false);
  });
}

/// dag::optimistic_mirror_descent (form past) the same way: one dual product a round. The field
/// between two rounds is kept apart from the one that checks use.
template <class Game>
[[nodiscard]] Solution<Game> device_optimistic_mirror_descent(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  detail::validate(options, "device_optimistic_mirror_descent");
  using Real = scalar_t<Game>;
  detail::DeviceRounds<Game> rounds(game, options, "device_optimistic_mirror_descent",
                                    detail::OptimisticRounds<Game>::longest_step);
  const auto& backend = game.backend();
  auto previous = backend.template allocate<Real>(rounds.field.size());
  const auto field = backend.view(rounds.field);
  const auto kept = backend.view(previous);
  rounds.evaluate(rounds.last.point);
  backend.copy(std::span<const Real>(field), kept);
  const Average average =
      detail::recorded_average(options.average, "device_optimistic_mirror_descent");
  return detail::run_recorded(game, rounds, average, options, 1, [&rounds, &backend, field, kept] {
    backend.copy(std::span<const Real>(kept), field);
    rounds.step(rounds.sample, true);
    rounds.evaluate(rounds.sample.point);
    rounds.step(rounds.last, false);
    backend.copy(std::span<const Real>(field), kept);
  });
}

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
  auto regrets = backend.template allocate<Real>(rounds.field.size());
  const auto regret = backend.view(regrets);
  const auto point = backend.view(rounds.last.point);
  const auto field = backend.view(rounds.field);
  const auto record = [&rounds, &backend, &blocks, regret, point, field] {
    for (std::size_t player = 0; player < 2; ++player) {
      rounds.evaluate(rounds.last.point);  // the other player's part is not looked at
      backend.match_regrets(std::span<const Real>(blocks.of(field, player)), true, Real{1},
                            blocks.of(regret, player), blocks.of(point, player));
    }
    rounds.launch(rounds.mean_of(rounds.last, 2, true));
  };
  return detail::run_recorded(game, rounds, Average::quadratic, options, 2, record);
}

/// dag::extragradient of a matrix game under the Euclidean map, its rounds captured as one CUDA
/// graph: two dual products and two fused projected steps (DeviceRounds). Same iterates as
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
  if (options.step.rule != Rule::constant) {
    const Real norm = euclidean(game).lipschitz();
    rounds.eta = (options.step.rule == Rule::lipschitz ? options.step.size : Real{1}) /
                 (norm > 0 ? norm : Real{1});
  }
  return detail::run_recorded(game, rounds, average, options, 2, [&rounds] {
    rounds.evaluate(rounds.last.point);
    rounds.projected_step(rounds.sample, true);
    rounds.evaluate(rounds.sample.point);
    rounds.projected_step(rounds.last, false);
  });
}

}  // namespace dag
