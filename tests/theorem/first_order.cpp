// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/rate.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;
using Step = dag::Step<double>;

namespace {

constexpr std::int64_t kRounds = 400;

/// The largest ratio gap / bound over the records of rounds >= 1; a theorem holds where it is <= 1.
template <class Bound>
double worst_ratio(const dag::History& trace, Bound bound) {
  double worst = 0;
  for (const dag::Record& record : trace.records()) {
    if (record.iteration > 0) {
      worst = std::max(worst, record.gap / bound(record));
    }
  }
  return worst;
}

/// Mirror-prox, mirror descent and optimistic mirror descent with a classic mistake each.
enum class Slip { none, step_from_probe, field_at_last, last_point };

class SlippedMirrorProx : public dag::detail::FirstOrder<Game> {
 public:
  SlippedMirrorProx(const Game& game, const Options& options, Slip slip)
      : FirstOrder(game, options, "slipped", Step::lipschitz()),
        probe_(game.backend(), size()),
        next_(game.backend(), size()),
        slip_(slip) {}
  bool round(std::int64_t) {
    evaluate(last());
    move(last(), gradient(), probe_.view());
    if (slip_ != Slip::field_at_last) {
      evaluate(std::as_const(probe_).view());
    }
    move(slip_ == Slip::step_from_probe ? std::as_const(probe_).view() : last(), gradient(),
         next_.view());
    std::swap(last_, next_);
    return true;
  }
  [[nodiscard]] std::span<const double> sample() const { return probe_.view().point; }

 private:
  dag::State<dag::eigen, double> probe_;
  dag::State<dag::eigen, double> next_;
  Slip slip_;
};

class SlippedOptimistic : public dag::detail::FirstOrder<Game> {
 public:
  SlippedOptimistic(const Game& game, const Options& options, Slip slip)
      : FirstOrder(game, options, "slipped", Step::lipschitz(std::sqrt(2.0) - 1)),
        probe_(game.backend(), size()),
        next_(game.backend(), size()),
        previous_(game.backend().allocate<double>(size())),
        slip_(slip) {
    evaluate(last());
    previous_ = gradient_;
  }
  bool round(std::int64_t) {
    move(last(), Backend::view(std::as_const(previous_)), probe_.view());
    evaluate(slip_ == Slip::field_at_last ? last() : std::as_const(probe_).view());
    move(slip_ == Slip::step_from_probe ? std::as_const(probe_).view() : last(), gradient(),
         next_.view());
    std::swap(last_, next_);
    previous_ = gradient_;
    return true;
  }
  [[nodiscard]] std::span<const double> sample() const { return probe_.view().point; }

 private:
  dag::State<dag::eigen, double> probe_;
  dag::State<dag::eigen, double> next_;
  dag::eigen::vector<double> previous_;
  Slip slip_;
};

template <class Method>
dag::History slipped_trace(const Game& game, Slip slip) {
  dag::History trace;
  const Options options{.tolerance = 0, .max_iterations = kRounds, .observer = trace};
  Method method(game, options, slip);
  const auto average = slip == Slip::last_point ? dag::Average::last : dag::Average::uniform;
  (void)dag::detail::run(game, method, average, options);
  return trace;
}

double averaged_bound(const Game& game, const dag::Record& record) {
  return game.players().radius() / (record.step * static_cast<double>(record.iteration)) *
         (1 + 1e-12);
}

}  // namespace

TEST_CASE("optimistic mirror descent: gap of the mean <= sup D / (eta T) on random games") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    dag::History trace;
    const auto found = dag::optimistic_mirror_descent(game, {.tolerance = 0,
                                                             .max_iterations = kRounds,
                                                             .average = dag::Average::uniform,
                                                             .observer = trace});
    CHECK(found.iterations == kRounds);
    CHECK(found.step == doctest::Approx((std::sqrt(2.0) - 1) / game.lipschitz()));
    CHECK(worst_ratio(trace, [&](const auto& r) { return averaged_bound(game, r); }) <= 1);
  }
}

TEST_CASE("mirror descent: gap of the mean <= (sup D + sum eta^2 |g|^2 / 2) / sum eta") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    // |g|^2 <= 2 (range / 2)^2: both players' fields, less a constant, in the max norm.
    const double field = std::sqrt(2.0) * game.range() / 2;
    for (const bool decaying : {true, false}) {
      const double first = 1 / game.lipschitz();
      dag::History trace;
      (void)dag::mirror_descent(game, {.tolerance = 0,
                                       .max_iterations = kRounds,
                                       .check_every = 1,
                                       .step = decaying ? Step::decaying() : Step::constant(first),
                                       .average = dag::Average::uniform,
                                       .observer = trace});
      double steps = 0;
      double squares = 0;
      const double worst = worst_ratio(trace, [&](const dag::Record& record) {
        const double eta =
            decaying ? first / std::sqrt(static_cast<double>(record.iteration)) : first;
        CHECK(record.step == doctest::Approx(eta));
        steps += eta;
        squares += eta * eta;
        return (game.players().radius() + squares * field * field / 2) / steps * (1 + 1e-12);
      });
      CHECK(worst <= 1);
    }
  }
}

TEST_CASE("each classic slip breaks the averaged bound of mirror-prox and of optimism") {
  for (const Slip slip :
       {Slip::none, Slip::step_from_probe, Slip::field_at_last, Slip::last_point}) {
    double prox = 0;
    double optimistic = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const Game game{test::uniform_payoff(seed)};
      const auto bound = [&](const dag::Record& r) { return averaged_bound(game, r); };
      prox = std::max(prox, worst_ratio(slipped_trace<SlippedMirrorProx>(game, slip), bound));
      optimistic =
          std::max(optimistic, worst_ratio(slipped_trace<SlippedOptimistic>(game, slip), bound));
    }
    CAPTURE(static_cast<int>(slip));
    CHECK((prox <= 1) == (slip == Slip::none));
    CHECK((optimistic <= 1) == (slip == Slip::none));
  }
}

TEST_CASE("mirror descent's bound breaks if the last point is taken instead of the mean") {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    dag::History trace;
    (void)dag::mirror_descent(game, {.tolerance = 0,
                                     .max_iterations = 5000,
                                     .check_every = 1,
                                     .average = dag::Average::last,
                                     .observer = trace});
    double steps = 0;
    double squares = 0;
    worst = std::max(
        worst, worst_ratio(trace, [&](const dag::Record& record) {
          steps += record.step;
          squares += record.step * record.step;
          return (game.players().radius() + squares * game.range() * game.range() / 4) / steps;
        }));
  }
  CHECK(worst > 1);
}

TEST_CASE("unconstrained bilinear games: descent-ascent spirals out, extragradient spirals in") {
  // V(x, y) = s x y on the plane: |z|^2 is multiplied by exactly 1 + eta^2 s^2, respectively
  // 1 - eta^2 s^2 + eta^4 s^4.
  const double s = 2;
  const double eta = 0.2;
  const dag::BilinearGame game(Eigen::MatrixXd::Constant(1, 1, s), dag::WholeSpace<double>(1),
                               dag::WholeSpace<double>(1));
  const std::vector<double> start{0.6, 0.8};
  const Options options{.tolerance = 0,
                        .max_iterations = 50,
                        .step = Step::constant(eta),
                        .average = dag::Average::last,
                        .measure = dag::Measure::residual,
                        .start = start};
  const auto squared_norm = [](const auto& found) {
    return found.strategy(0).squaredNorm() + found.strategy(1).squaredNorm();
  };
  const double e = eta * eta * s * s;
  CHECK(squared_norm(dag::gradient_descent_ascent(game, options)) ==
        doctest::Approx(std::pow(1 + e, 50)).epsilon(1e-12));
  CHECK(squared_norm(dag::extragradient(game, options)) ==
        doctest::Approx(std::pow(1 - e + e * e, 50)).epsilon(1e-12));
  // Alternating turns conserve x^2 + y^2 + eta s x y, so they neither converge nor escape.
  const auto found =
      dag::gradient_descent_ascent(game, options, {.turns = dag::Turns::alternating});
  const auto invariant = [&](double x, double y) { return x * x + y * y + eta * s * x * y; };
  CHECK(invariant(found.strategy(0)(0), found.strategy(1)(0)) ==
        doctest::Approx(invariant(0.6, 0.8)).epsilon(1e-12));
}

TEST_CASE(
    "matrix games: descent-ascent does not converge, optimism and extragradient do, linearly") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Game game{test::uniform_payoff(5, 5, seed)};
    const auto flat = dag::euclidean(game);
    dag::History optimistic;
    dag::History extra;
    Options options{.tolerance = 1e-12, .max_iterations = 200'000, .average = dag::Average::last};
    options.observer = optimistic;
    CAPTURE(seed);
    CHECK(dag::optimistic_mirror_descent(flat, options).status == dag::Status::converged);
    options.observer = extra;
    CHECK(dag::extragradient(flat, options).status == dag::Status::converged);
    for (const dag::History* trace : {&optimistic, &extra}) {
      // Of the tail: once the support is found, the gap falls by a constant factor.
      const auto fit = dag::fit_rate(*trace, {.skip = 0.6, .running_minimum = true});
      CHECK(fit.factor < 1);
      CHECK(trace->records().back().relative_gap <= 1e-12);
    }
  }
  Eigen::MatrixXd pennies(2, 2);
  pennies << 1, -1, -1, 1;
  const Game game{pennies};
  const std::vector<double> start{0.6, 0.4, 0.5, 0.5};
  dag::History trace;
  const auto lost = dag::gradient_descent_ascent(game, {.tolerance = 1e-3,
                                                        .max_iterations = 5000,
                                                        .step = Step::constant(0.1),
                                                        .start = start,
                                                        .observer = trace});
  CHECK(lost.status == dag::Status::iteration_limit);
  CHECK(trace.records().back().relative_gap > trace.records().front().relative_gap);
  const auto found = dag::optimistic_mirror_descent(
      game, {.tolerance = 1e-12, .average = dag::Average::last, .start = start});
  CHECK(found.status == dag::Status::converged);
  CHECK(found.iterations < 1000);
}

TEST_CASE("optimistic mirror descent is Popov's iteration, and checks change no bit of it") {
  const double eta = 0.2;
  for (const std::int64_t rounds : {1, 63, 64, 65, 500}) {
    CAPTURE(rounds);
    const auto matrix = test::uniform_payoff(9, 7, 5);
    // By plain loops over probabilities: w = z exp(eta g(w before)), z = z exp(eta g(w)).
    std::vector<long double> z(16), w, g(16), before;
    const auto field = [&](const std::vector<long double>& at) {
      std::fill(g.begin(), g.end(), 0.0L);
      for (Eigen::Index i = 0; i < 9; ++i) {
        for (Eigen::Index j = 0; j < 7; ++j) {
          const auto row = static_cast<std::size_t>(i), column = static_cast<std::size_t>(9 + j);
          g[row] += matrix(i, j) * at[column];
          g[column] -= matrix(i, j) * at[row];
        }
      }
    };
    const auto step = [&](const std::vector<long double>& from, std::vector<long double> along) {
      long double sum[2] = {0, 0};
      for (std::size_t k = 0; k < 16; ++k) {
        along[k] = from[k] * std::exp(eta * along[k]);
        sum[k < 9 ? 0 : 1] += along[k];
      }
      for (std::size_t k = 0; k < 16; ++k) {
        along[k] /= sum[k < 9 ? 0 : 1];
      }
      return along;
    };
    for (std::size_t k = 0; k < 16; ++k) {
      z[k] = k < 9 ? 1 / 9.0L : 1 / 7.0L;
    }
    field(z);
    before = g;
    for (std::int64_t t = 0; t < rounds; ++t) {
      w = step(z, before);
      field(w);
      before = g;
      z = step(z, g);
    }
    const auto run = [&](std::int64_t every) {
      return dag::optimistic_mirror_descent(Game{matrix}, {.tolerance = 0,
                                                           .max_iterations = rounds,
                                                           .check_every = every,
                                                           .step = Step::constant(eta),
                                                           .average = dag::Average::last});
    };
    const auto found = run(rounds);
    const auto point = found.state.view().point, dual = found.state.view().dual;
    for (std::size_t k = 0; k < 16; ++k) {
      CHECK(std::abs(point[k] - static_cast<double>(z[k])) <= 1e-13);
      CHECK(std::abs(dual[k] - static_cast<double>(std::log(z[k]))) <= 1e-12);
    }
    for (const std::int64_t every : {1, 7}) {
      const auto other = run(every);
      CHECK(std::equal(point.begin(), point.end(), other.state.view().point.begin()));
    }
  }
}

TEST_CASE("the adaptive steps keep the averaged bound with the steps they took") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    for (const bool optimistic : {false, true}) {
      double steps = 0;
      double worst = 0;
      const auto watch = [&](const dag::Record& record) {
        if (record.iteration > 0) {
          steps += record.step;
          worst = std::max(worst, record.gap * steps / game.players().radius());
        }
      };
      const Options options{.tolerance = 0,
                            .max_iterations = 300,
                            .check_every = 1,
                            .step = Step::adaptive(),
                            .average = dag::Average::uniform,
                            .observer = watch};
      const auto found = optimistic ? dag::optimistic_mirror_descent(game, options)
                                    : dag::mirror_prox(game, options);
      CHECK(found.iterations == 300);
      CHECK(worst <= 1 + 1e-9);
      CHECK(found.products <= 300 * (optimistic ? 3 : 4) + 302);
    }
  }
}

TEST_CASE("a regularised game: D(z*, z) of mirror descent shrinks by 1 / (1 + eta tau) a round") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const double tau = 0.3;
    const dag::RegularizedMatrixGame game(Game{test::uniform_payoff(seed)}, tau, tau);
    const auto star = dag::mirror_prox(
        game, {.tolerance = 0, .max_iterations = 3000, .average = dag::Average::last});
    CHECK(star.relative_gap < 1e-14);
    double bound = 0;
    for (std::int64_t t = 0; t <= 40; t += 10) {
      const auto found = dag::mirror_descent(
          game, {.tolerance = 0, .max_iterations = t, .average = dag::Average::last});
      const double distance =
          game.players().divergence(game.backend(), star.state.view(), found.state.view());
      if (t == 0) {
        bound = distance;
        continue;
      }
      CHECK(found.step == doctest::Approx(tau / std::pow(game.lipschitz(), 2)));
      CHECK(distance <= bound * std::pow(1 + found.step * tau, -static_cast<double>(t)) + 1e-13);
    }
  }
}

TEST_CASE("fitted rates are at least as good as their theorems") {
  for (std::uint64_t seed = 100; seed < 103; ++seed) {
    const Game game{test::uniform_payoff(10, 10, seed)};
    const auto fitted = [&](auto solve) {
      dag::History trace;
      (void)solve(Options{.tolerance = 0,
                          .max_iterations = 5000,
                          .average = dag::Average::uniform,
                          .observer = trace});
      return dag::fit_rate(trace, {.running_minimum = true}).exponent;
    };
    const auto promised = [](std::string_view solver) {
      return dag::find_theory(solver, dag::Average::uniform)->exponent;
    };
    // A finite curve fits its law up to its wobble; logarithms are left out of the table.
    const double wobble = 0.1;
    CHECK(fitted([&](const Options& o) { return dag::mirror_prox(game, o); }) >
          promised("mirror_prox") - wobble);
    CHECK(fitted([&](const Options& o) { return dag::optimistic_mirror_descent(game, o); }) >
          promised("optimistic_mirror_descent") - wobble);
    CHECK(fitted([&](const Options& o) { return dag::mirror_descent(game, o); }) >
          promised("mirror_descent") - wobble);
  }
}
