// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What holds of every iterative solver of zero-sum games: those of the list, and variants of them.
//
// Invariance: what a solver makes of a game must not depend on how the game is written: the unit of
// the payoffs, a constant added to all of them, the order of the strategies, which player is called
// the row. Checked on the points after a fixed number of rounds, so that a step, a start or a
// temperature that is not in the game's own units shows at once. (`linear_program`,
// `interior_point` and `solve_zero_sum` have the same tests in their own files.)
//
// Rates: the exponents fitted on random games are at least those of the list (solver/list.hpp).
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>
#include <support/refused.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/matrix/newton.hpp>
#include <dag/solver/rate.hpp>
#include <dag/solver/response.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;
using Matrix = Eigen::MatrixXd;

namespace {

/// What came out, in units of the payoff range where it is a payoff.
struct Outcome {
  Eigen::VectorXd x;
  Eigen::VectorXd y;
  double value = 0;
  double relative_gap = 0;
  dag::Status status = dag::Status::stalled;
};

template <class Found>
Outcome outcome_of(const Found& found) {
  return {found.strategy(0), found.strategy(1), found.value, found.relative_gap, found.status};
}

struct Solver {
  std::string name;
  std::function<Outcome(const Matrix&, const Options&)> solve;
  bool simultaneous = true;  ///< else who moves first matters, and swapped players play another run
  std::int64_t rounds = 40;
  bool projected = false;  ///< default step from a power iteration that depends on the order
};

const std::vector<Solver>& solvers() {
  using Step = dag::Step<double>;
  const auto adaptive = [](Options options) {
    options.step = Step::adaptive();
    return options;
  };
  constexpr dag::RegretMatchingOptions together{.turns = dag::Turns::simultaneous};
  const std::vector<Solver> variants = {
      {"gradient_descent_ascent, alternating",
       [](const Matrix& a, const Options& o) {
         return outcome_of(dag::gradient_descent_ascent(dag::euclidean(Game{a}), o,
                                                        {.turns = dag::Turns::alternating}));
       },
       false, 40, true},
      {"mirror_descent, adaptive",
       [=](const Matrix& a, const Options& o) {
         return outcome_of(dag::mirror_descent(Game{a}, adaptive(o)));
       }},
      {"mirror_prox, adaptive",
       [=](const Matrix& a, const Options& o) {
         return outcome_of(dag::mirror_prox(Game{a}, adaptive(o)));
       }},
      {"optimistic_mirror_descent, adaptive",
       [=](const Matrix& a, const Options& o) {
         return outcome_of(dag::optimistic_mirror_descent(Game{a}, adaptive(o)));
       }},
      {"optimistic_mirror_descent, reflected",
       [](const Matrix& a, const Options& o) {
         return outcome_of(
             dag::optimistic_mirror_descent(Game{a}, o, {.form = dag::Optimism::reflected}));
       }},
      {"magnetic_mirror_descent, annealed",
       [](const Matrix& a, const Options& o) {
         return outcome_of(
             dag::magnetic_mirror_descent(Game{a}, o, {.magnet = dag::Magnet::annealed}));
       }},
      {"regret_matching, simultaneous",
       [=](const Matrix& a, const Options& o) {
         return outcome_of(dag::regret_matching(Game{a}, o, together));
       }},
      {"regret_matching_plus, simultaneous",
       [=](const Matrix& a, const Options& o) {
         return outcome_of(dag::regret_matching_plus(Game{a}, o, together));
       }},
      {"predictive_regret_matching_plus, simultaneous",
       [=](const Matrix& a, const Options& o) {
         return outcome_of(dag::predictive_regret_matching_plus(Game{a}, o, together));
       }},
      {"best_response_dynamics, slow",
       [](const Matrix& a, const Options& o) {
         return outcome_of(dag::best_response_dynamics(Game{a}, o, {.rate = 0.3}));
       }},
      {"newton",
       [](const Matrix& a, const Options& o) {
         const Game game{a};
         Options exact = o;
         exact.measure = dag::Measure::residual;  // the gap is of the order of its square
         const double tau = 0.1 * game.range();
         return outcome_of(dag::newton(dag::RegularizedMatrixGame(game, tau, tau), exact));
       },
       true, 12},
  };
  static const std::vector<Solver> all = [&] {
    std::vector<Solver> listed;
    dag::for_each_call(
        [](const dag::SolverInfo& row) { return (row.kinds & dag::kinds::zero_sum) != 0; },
        [&](const auto& solver) {
          // The restarts of these let rounding grow: fewer rounds.
          const bool restarts = solver.info.name == "primal_dual_hybrid_gradient" ||
                                solver.info.name == "reflected_halpern";
          listed.push_back({std::string(solver.info.name),
                            [solver](const Matrix& a, const Options& o) {
                              return outcome_of(solver(Game{a}, o));
                            },
                            solver.info.simultaneous, restarts ? 25 : 40, solver.info.projected});
        });
    for (const Solver& solver : variants) {
      listed.push_back(solver);
    }
    return listed;
  }();
  return all;
}

Options rounds(const Solver& solver) { return {.tolerance = 0, .max_iterations = solver.rounds}; }

/// With a step that does not depend on the order of strategies and players (good to 1 % only, the
/// projected methods' own does).
Options ordered(const Solver& solver, const Matrix& a) {
  Options options = rounds(solver);
  if (solver.projected) {
    options.step = dag::Step<double>::constant(0.1 / (a.maxCoeff() - a.minCoeff()));
  }
  return options;
}

double distance(const Eigen::VectorXd& p, const Eigen::VectorXd& q) {
  return (p - q).cwiseAbs().maxCoeff();
}

/// Rounding of another order of sums, after as many rounds; an iterate in other units is off by
/// much more.
constexpr double rounding = 1e-10;

template <class Check>
void each(const Check& check) {
  for (const Solver& solver : solvers()) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      CAPTURE(solver.name);
      CAPTURE(seed);
      const Matrix a = test::uniform_payoff(seed, 15);
      const Outcome base = solver.solve(a, rounds(solver));
      CHECK(std::abs(base.x.sum() - 1) <= 1e-12);
      check(solver, a, base);
    }
  }
}

}  // namespace

TEST_CASE("payoffs in another unit: the same iterates, bit for bit for powers of two") {
  each([](const Solver& solver, const Matrix& a, const Outcome& base) {
    for (const int power : {-60, -2, 10, 60}) {  // even: newton takes a square root of the scale
      const double unit = std::ldexp(1.0, power);
      const Outcome scaled = solver.solve(a * unit, rounds(solver));
      CAPTURE(power);
      CHECK((scaled.x.array() == base.x.array()).all());
      CHECK((scaled.y.array() == base.y.array()).all());
      CHECK(scaled.value == base.value * unit);
      CHECK(scaled.relative_gap == base.relative_gap);
    }
    for (const double unit : {1e-6, 1e6}) {
      const Outcome scaled = solver.solve(a * unit, rounds(solver));
      CAPTURE(unit);
      CHECK(distance(scaled.x, base.x) <= rounding);
      CHECK(distance(scaled.y, base.y) <= rounding);
      CHECK(std::abs(scaled.value / unit - base.value) <= rounding);
      CHECK(std::abs(scaled.relative_gap - base.relative_gap) <= rounding);
    }
  });
}

TEST_CASE("a constant added to all payoffs: the same iterates, the value shifted by it") {
  each([](const Solver& solver, const Matrix& a, const Outcome& base) {
    const Outcome shifted = solver.solve(a.array() - 3.5, rounds(solver));
    CHECK(distance(shifted.x, base.x) <= rounding);
    CHECK(distance(shifted.y, base.y) <= rounding);
    CHECK(std::abs(shifted.value + 3.5 - base.value) <= rounding);
    CHECK(std::abs(shifted.relative_gap - base.relative_gap) <= rounding);
  });
}

TEST_CASE("constants to 1e15, units from 1e-300 to 1e300: the same iterates") {
  each([](const Solver& solver, const Matrix& a, const Outcome& base) {
    for (const double unit : {0x1p-996, 1e-300, 1e300, 0x1p996}) {
      CAPTURE(unit);
      const Outcome scaled = solver.solve(a * unit, rounds(solver));
      CHECK(distance(scaled.x, base.x) <= rounding);
      CHECK(distance(scaled.y, base.y) <= rounding);
      CHECK(std::abs(scaled.value / unit - base.value) <= rounding);
      CHECK(std::abs(scaled.relative_gap - base.relative_gap) <= rounding);
    }
    // Whole payoffs, which the constants do not round.
    const Matrix whole = (1e6 * a).array().round();
    const Outcome plain = solver.solve(whole, rounds(solver));
    for (const double constant : {1e9, -1e12, 1e15}) {
      CAPTURE(constant);
      const Outcome shifted = solver.solve(whole.array() + constant, rounds(solver));
      CHECK(distance(shifted.x, plain.x) <= rounding);
      CHECK(distance(shifted.y, plain.y) <= rounding);
      CHECK(std::abs(shifted.value - constant - plain.value) <=
            1e-3 + 0x1p-52 * std::abs(constant));
      CHECK(std::abs(shifted.relative_gap - plain.relative_gap) <= rounding);
    }
  });
}

TEST_CASE(
    "1,000 games with constants and outliers: the gap said is the gap, converged is converged") {
  using Wide = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
  dag::RandomStream random(77, 0);
  std::size_t next = 0;
  int converged = 0;
  for (int k = 0; k < 1000; ++k) {
    const Solver& solver = solvers()[next++ % solvers().size()];
    if (solver.name == "newton") {
      continue;  // of another game, with a pull
    }
    CAPTURE(solver.name);
    CAPTURE(k);
    Matrix a = test::uniform_payoff(1000 + static_cast<std::uint64_t>(k), 8);
    const double constant = std::array{0.0, 1e3, -1e6, 1e9, 1e12}[random.below(5)];
    const double outlier = std::array{1.0, -1e3, 1e6, -1e9}[random.below(4)];
    for (Eigen::Index i = 0; i < a.size(); ++i) {
      a(i) = constant + (random.below(7) == 0 ? outlier : std::round(8 * a(i)));
    }
    const double tolerance = std::array{1e-2, 1e-4, 1e-8}[random.below(3)];
    const Outcome found = solver.solve(a, {.tolerance = tolerance, .max_iterations = 400});
    const Wide wide = a.cast<long double>();
    const auto x = found.x.cast<long double>().eval();
    const auto y = found.y.cast<long double>().eval();
    const Eigen::Matrix<long double, Eigen::Dynamic, 1> rows = wide * y / y.sum();
    const Eigen::Matrix<long double, Eigen::Dynamic, 1> columns = wide.transpose() * x / x.sum();
    const long double range = wide.maxCoeff() - wide.minCoeff();
    const long double gap = range > 0 ? (rows.maxCoeff() - columns.minCoeff()) / range : 0;
    const long double slack = 1e-17L * (1 + std::abs(static_cast<long double>(constant)) /
                                                std::max(range, 1e-9L));  // of the sums here
    CHECK(std::abs(found.relative_gap - gap) <= 1e-9L * gap + slack);
    if (found.status == dag::Status::converged) {
      CHECK(gap <= tolerance + slack);
      ++converged;
    }
  }
  CHECK(converged >= 300);
}

TEST_CASE("strategies in another order: the same probabilities in that order") {
  each([](const Solver& solver, const Matrix& a, const Outcome&) {
    const Outcome base = solver.solve(a, ordered(solver, a));
    const Outcome turned = solver.solve(a.reverse(), ordered(solver, a));
    CHECK(distance(turned.x, base.x.reverse()) <= rounding);
    CHECK(distance(turned.y, base.y.reverse()) <= rounding);
    CHECK(std::abs(turned.value - base.value) <= rounding);
    CHECK(std::abs(turned.relative_gap - base.relative_gap) <= rounding);
  });
}

TEST_CASE("players who change seats: the same play, the value negated") {
  each([](const Solver& solver, const Matrix& a, const Outcome&) {
    if (!solver.simultaneous) {
      return;
    }
    const Outcome base = solver.solve(a, ordered(solver, a));
    const Outcome swapped = solver.solve(-a.transpose(), ordered(solver, a));
    CHECK(distance(swapped.x, base.y) <= rounding);
    CHECK(distance(swapped.y, base.x) <= rounding);
    CHECK(std::abs(swapped.value + base.value) <= rounding);
    CHECK(std::abs(swapped.relative_gap - base.relative_gap) <= rounding);
  });
}

TEST_CASE("bad options and bad starts: refused by the solver's and the field's name") {
  const Matrix payoff = test::uniform_payoff(2, 3, 7);
  for (const Solver& solver : solvers()) {
    std::string name = solver.name.substr(0, solver.name.find(','));
    if (name == "alternating_fictitious_play") {
      name = "fictitious_play";  // with turns
    }
    CAPTURE(name);
    const auto call = [&](const Options& o) { (void)solver.solve(payoff, o); };
    const Options good{.max_iterations = 2};
    REFUSED(name, good, test::not_negative, tolerance);
    REFUSED(name, good, test::negative, max_iterations);
    REFUSED(name, good, test::at_least_zero, time_limit);
    REFUSED(name, good, test::negative, check_every);
    if (solver.name.find(", adaptive") == std::string::npos) {  // these set their own step
      REFUSED(name, good, test::positive, step.size);
    }
    REFUSED(name, good, test::not_negative, feedback.sigma);
    test::starts_refused(name, good, {0.25, 0.75, 0.5, 0.5, 0}, call);
  }
}

TEST_CASE("rates: on random games every power law is met, every linear one reaches 1e-10") {
  // A finite curve fits its law up to its wobble; logarithms are left out of the table.
  const double wobble = 0.1;
  int checked = 0;
  for (const Solver& solver : solvers()) {
    const dag::SolverInfo* row = dag::find_solver(solver.name);
    for (const dag::Theory& theory : row == nullptr ? std::array<dag::Theory, 2>{} : row->theory) {
      const bool power = theory.law == dag::RateLaw::power && theory.exponent > 0;
      // Of multiplicative updates the last iterate is slow to turn linear: see first_order.
      const bool linear =
          theory.law == dag::RateLaw::linear && solver.name != "optimistic_mirror_descent";
      if (theory.iterate == dag::Average::automatic || !(power || linear)) {
        continue;
      }
      double exponents = 0;
      constexpr std::uint64_t games = 4;
      for (std::uint64_t seed = 300; seed < 300 + games; ++seed) {
        CAPTURE(solver.name);
        CAPTURE(seed);
        dag::History trace;
        const Options options{.tolerance = linear ? 1e-10 : 0,
                              .max_iterations = linear ? 100'000 : 4000,
                              .average = theory.iterate,
                              .observer = trace};
        (void)solver.solve(test::uniform_payoff(10, 10, seed), options);
        if (linear) {
          CHECK(trace.records().back().relative_gap <= 1e-10);
          CHECK(dag::fit_rate(trace, {.skip = 0.5, .running_minimum = true}).factor < 1);
        } else {
          exponents += dag::fit_rate(trace, {.running_minimum = true}).exponent / games;
        }
      }
      if (power) {
        CAPTURE(exponents);
        CHECK(exponents >= theory.exponent - wobble);
        MESSAGE(solver.name, ": fitted ", exponents, ", proved ", theory.exponent);
      }
      ++checked;
    }
  }
  CHECK(checked >= 11);
}
