// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/mirror_step.hpp>
#include <dag/gpu/products.hpp>
#include <dag/gpu/repeated_work.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>

namespace dag {
namespace detail {

/// A matrix game's rounds as recorded launches: fused steps, a dual product each, nothing allocated
/// and nothing waited for between checks.
template <class Game>
class DeviceRounds {
 public:
  using Real = scalar_t<Game>;

  DeviceRounds(const Game& game, const SolverOptions<Real>& options, std::string_view solver,
               Real longest)
      : game_(game),
        gpu_(game.backend()),
        players_{game.payoff().rows, game.payoff().columns},
        threads_(device::threads_for(players_.rows > players_.columns ? players_.rows
                                                                      : players_.columns)),
        shape_(device::DualProductShape::of<Real>(players_.rows, players_.columns)),
        last(gpu_, total()),
        sample(gpu_, total()),
        mean(gpu_, total()),
        field(gpu_.template allocate<Real>(total())),
        workspace_(shape_.row_parts() + shape_.column_parts(), gpu_.stream()),
        round_(gpu_.template allocate<std::int64_t>(2)),
        numbers_(gpu_.template allocate<Real>(2 + 2 * 4)) {
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

  [[nodiscard]] const device::TwoPlayers& players() const { return players_; }
  [[nodiscard]] unsigned threads() const { return threads_; }
  [[nodiscard]] std::int64_t* counters() { return round_.data(); }
  [[nodiscard]] std::size_t total() const { return players_.rows + players_.columns; }
  /// field = (A y, -A' x) at a stacked point.
  void evaluate(const device::Array<Real>& at) {
    device::dual_product(gpu_.stream(), shape_, game_.payoff().entries.data(), at.data(),
                         at.data() + players_.rows, Real{1}, Real{-1}, field.data(),
                         field.data() + players_.rows, workspace_.data());
  }
  /// out = prox of `last` along the field; counted and averaged where `averaged`.
  void step(State<backend_t<Game>, Real>& out, bool averaged) {
    device::launch(
        gpu_.stream(), 2, threads_, 0,
        device::MirrorStep<Real>{players_, eta, last.dual.data(), field.data(), out.dual.data(),
                                 out.point.data(), averaged ? mean.point.data() : nullptr,
                                 round_.data(), numbers_.data(), gpu_.bad()});
  }
  struct Gaps {
    Real last = 0, last_value = 0, mean = 0, mean_value = 0;
  };
  /// Both candidates' gaps; waits once. The field is left at the mean.
  [[nodiscard]] Gaps gaps() {
    Real host[10];
    const auto queue = [&](const device::Array<Real>& at, std::size_t place) {
      evaluate(at);
      device::launch(gpu_.stream(), 2, threads_, 0,
                     device::TwoPlayerGap<Real>{players_, at.data(), field.data(),
                                                numbers_.data() + 2 + 4 * place});
    };
    queue(last.point, 0);
    queue(mean.point, 1);
    device::copy_bytes(host, numbers_.data(), sizeof host, gpu_.stream());
    gpu_.synchronize();
    const auto gap = [&](std::size_t at) {
      const Real found = host[at] + host[at + 2] - (host[at + 1] + host[at + 3]);
      require(!std::isnan(found), Errc::not_finite, "the field has a NaN");
      return found > 0 ? found : Real{0};
    };
    return {gap(2), host[3], gap(6), host[7]};
  }

 private:
  const Game& game_;
  const backend_t<Game>& gpu_;
  device::TwoPlayers players_;
  unsigned threads_;  // of the block that makes one player's step
  device::DualProductShape shape_;

 public:
  State<backend_t<Game>, Real> last;
  State<backend_t<Game>, Real> sample;
  State<backend_t<Game>, Real> mean;
  device::Array<Real> field;
  Real eta = 0;

 private:
  device::Array<Real> workspace_;
  device::Array<std::int64_t> round_;
  device::Array<Real> numbers_;  // change of each player, then two candidates' maxima and earnings
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
  found.state = State<backend_t<Game>, Real>(backend, rounds.total());
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
      auto scratch = State<backend_t<Game>, Real>(backend, rounds.total());
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
/// two dual products and two fused steps (device::MirrorStep), iteration and average counted on the
/// device. The check every `check_every` rounds (0: rounds growing by a quarter, from 64) is the
/// only synchronisation: one copy of ten numbers. Same iterates as dag::mirror_prox; steps constant
/// or lipschitz; average last, uniform or best. `Game`: MatrixGame<Real, dag::cuda>. Errors: those
/// of mirror_prox, unsupported (other steps or averages), device. Memory: eight stacked vectors and
/// the dual product's workspace. Deterministic.
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
                                    Real(0.41421356237309503));
  const auto& backend = game.backend();
  auto previous = backend.template allocate<Real>(rounds.total());
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

}  // namespace dag
