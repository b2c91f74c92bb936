// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/repeated_work.hpp>
#include <dag/gpu/simplex_operations.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#include <dag/solver/solution.hpp>

namespace dag {
namespace device {

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

/// The duality gap of points in device memory, and the row player's payoff, of a matrix game.
template <class Game>
class DeviceGaps {
 public:
  using Real = scalar_t<Game>;
  struct Gap {
    Real gap = 0, value = 0;
  };

  explicit DeviceGaps(const Game& game)
      : game_(game),
        field_(game.backend().template allocate<Real>(game.players().blocks().total())),
        sums_(8, game.backend().stream()) {}

  /// Of two points; waits once. Errors: not_finite.
  void measure(std::span<const Real> one, std::span<const Real> other, Gap (&found)[2]) {
    const auto& gpu = game_.backend();
    Real host[8];
    Real* sums = sums_.data();
    for (const auto point : {one, other}) {
      game_.field({point, {}}, field());
      gpu.launch_segments(game_.players().blocks(),
                          device::PlayerGap<Real>{point.data(), field_.data(), sums});
      sums += 4;
    }
    gpu.download(std::span<const Real>(gpu.view(sums_)), std::span<Real>(host));
    for (const std::size_t k : {0U, 1U}) {
      const Real* const at = host + 4 * k;
      const Real gap = at[0] + at[2] - (at[1] + at[3]);
      require(!std::isnan(gap), Errc::not_finite, "the field has a NaN");
      found[k] = {gap > 0 ? gap : Real{0}, at[1]};
    }
  }
  [[nodiscard]] std::span<Real> field() { return game_.backend().view(field_); }

 private:
  const Game& game_;
  device::Array<Real> field_;
  device::Array<Real> sums_;  // of two points: each player's maximum and earnings
};

/// Runs a host solver's rounds (`Method` of solver/loop.hpp) on the device as a graph, with the
/// mean of their samples, weighted t^power: nothing is allocated and nothing waited for between
/// checks. `average`: last, best, or what that mean is.
template <class Game, class Rounds>
[[nodiscard]] Solution<Game> run_recorded(const Game& game, Rounds& method, int power,
                                          Average average,
                                          const SolverOptions<scalar_t<Game>>& options,
                                          std::int64_t products_a_round) {
  using Real = scalar_t<Game>;
  require(
      options.feedback.kind == Feedback<Real>::Kind::full, Errc::unsupported,
      "recorded rounds see the whole field; give sampled or noisy feedback to the solver itself, "
      "which runs on the device too");
  const Stopwatch watch;
  const auto& backend = game.backend();
  DeviceGaps<Game> gaps(game);
  State<backend_t<Game>, Real> mean(backend, game.players().blocks().total());
  device::RoundMean averaged(backend);
  device::RepeatedWork round(backend.stream(), [&] {
    (void)method.round(1);
    averaged.add(power, method.sample(), mean.view().point);
  });
  // The iterate without its dual, which some methods bring up to date when asked.
  const auto last = [&] {
    return []<class Form>(const FirstOrder<Form>& base) { return base.last().point; }(method);
  };
  const Real range = payoff_range(game);
  Solution<Game> found;
  found.blocks = game.players().blocks();
  found.state = State<backend_t<Game>, Real>(backend, found.blocks.total());
  for (std::int64_t t = 0, checks = 1;; ++checks) {
    typename DeviceGaps<Game>::Gap of[2];
    gaps.measure(last(), std::as_const(mean).view().point, of);
    const bool has_mean = t > 0 && average != Average::last;
    const bool has_last = !has_mean || average == Average::best;
    const bool use_mean = has_mean && (!has_last || of[1].gap < of[0].gap);
    found.iterate = !use_mean ? Average::last : has_last ? Average::uniform : average;
    found.gap = of[use_mean ? 1 : 0].gap;
    found.value = of[use_mean ? 1 : 0].value;
    found.relative_gap = range > 0 ? found.gap / range : Real{0};
    found.iterations = t;
    found.products = products_a_round * t + 2 * checks;
    found.seconds = watch.seconds();
    found.step = t > 0 ? method.step() : Real{0};
    const bool go_on = options.observer(record_of(found));
    const bool done = found.relative_gap <= options.tolerance;
    const bool stopped = !go_on || options.stop.stop_requested();
    if (done || stopped || t >= options.max_iterations || found.seconds >= options.time_limit) {
      found.status = done ? Status::converged
                          : (stopped ? Status::stopped
                                     : (t >= options.max_iterations ? Status::iteration_limit
                                                                    : Status::time_limit));
      backend.copy(use_mean ? std::as_const(mean).view().point : last(), found.state.view().point);
      game.players().enter(backend, found.state.view());
      // The whole certificate once, at the point that is returned.
      auto scratch = State<backend_t<Game>, Real>(backend, found.blocks.total());
      found.residual =
          certify(game, std::as_const(found.state).view(), gaps.field(), scratch.view()).residual;
      return found;
    }
    const std::int64_t every = options.check_every > 0 ? options.check_every : 64 + t / 4;
    const std::int64_t left = options.max_iterations - t;
    round.run(every < left ? every : left);
    t += every < left ? every : left;
  }
}

/// The entry of a recorded solver: its rounds over `of`, the game itself or another form of it.
template <class Rounds, class Game, class Form, class... Own>
[[nodiscard]] Solution<Game> solve_recorded(const Game& game, const Form& of,
                                            const SolverOptions<scalar_t<Game>>& options,
                                            std::string_view solver, std::int64_t products,
                                            const Own&... own) {
  using Rule = typename Step<scalar_t<Game>>::Rule;
  validate(options, solver);
  const Rule rule = options.step.rule;
  require(rule == Rule::automatic || rule == Rule::constant || rule == Rule::lipschitz,
          Errc::unsupported, solver, ": on the device steps are constant or 1/L");
  const Average wanted = options.average;
  require(wanted == Average::automatic || wanted == Average::best || wanted == Average::last ||
              wanted == Average::uniform,
          Errc::unsupported, solver, ": on the device the average is last, uniform or best");
  Rounds rounds(of, options, own..., solver);
  return run_recorded(game, rounds, 0, or_default(wanted, Average::best), options, products);
}

}  // namespace detail

/// dag::mirror_prox of a matrix game in device memory, its own rounds captured as a CUDA graph,
/// the mean counted on the device. The check every `check_every` rounds (0: rounds growing by a
/// quarter, from 64) is the only synchronisation: one copy of eight numbers. Same iterates as
/// dag::mirror_prox; steps constant or lipschitz; average last, uniform or best. `Game`:
/// MatrixGame<Real, dag::cuda>. Errors: those of mirror_prox, unsupported (other steps or
/// averages), device. Memory: that of mirror_prox. Deterministic.
template <class Game>
[[nodiscard]] Solution<Game> device_mirror_prox(const Game& game,
                                                const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_recorded<detail::MirrorProxRounds<Game>>(game, game, options,
                                                                "device_mirror_prox", 2);
}

/// dag::optimistic_mirror_descent (form past) the same way: one dual product a round.
template <class Game>
[[nodiscard]] Solution<Game> device_optimistic_mirror_descent(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_recorded<detail::OptimisticRounds<Game>>(
      game, game, options, "device_optimistic_mirror_descent", 1, OptimisticOptions{});
}

/// dag::predictive_regret_matching_plus the same way: alternating turns, then the quadratic mean.
/// Average: quadratic (its own). Errors: those of predictive_regret_matching_plus, unsupported
/// (another average), device.
template <class Game>
[[nodiscard]] Solution<Game> device_predictive_regret_matching_plus(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  constexpr const char* solver = "device_predictive_regret_matching_plus";
  detail::validate(options, solver);
  require(options.average == Average::automatic || options.average == Average::quadratic,
          Errc::unsupported, solver, ": on the device the average is quadratic");
  detail::RegretRounds<Game> rounds(game, options, Turns::alternating, true, true, solver);
  return detail::run_recorded(game, rounds, 2, Average::quadratic, options, 1);
}

/// dag::extragradient of a matrix game under the Euclidean map, the same way. Same iterates as
/// extragradient(euclidean(game)), L the operator norm. The residual is that of `game`, under its
/// own map. Memory: that of extragradient, and a copy of the matrix.
template <class Game>
[[nodiscard]] Solution<Game> device_extragradient(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {}) {
  const auto flat = euclidean(game);
  return detail::solve_recorded<detail::MirrorProxRounds<std::remove_const_t<decltype(flat)>>>(
      game, flat, options, "device_extragradient", 2);
}

}  // namespace dag
