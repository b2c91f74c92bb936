// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <dag/eigen.hpp>
#include <dag/game/bilinear.hpp>
#include <dag/geometry/sets.hpp>
#include <dag/problem/random_games.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/history.hpp>

#include "demo.hpp"
#include "rates.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {
namespace {

using Square = dag::Box<double>;
using Game = dag::BilinearGame<double, dag::eigen, Square, Square>;

/// The points (x, y) of a solver without memory: one round at a time, from where the last ended.
struct Path {
  std::vector<double> x;
  std::vector<double> y;
  [[nodiscard]] double distance(std::size_t t) const { return std::hypot(x[t], y[t]); }
};

template <class Solver>
Path walk(const Game& game, double eta, int rounds, Solver&& solver) {
  Path path{{0.5}, {0.0}};
  for (int t = 0; t < rounds; ++t) {
    const std::vector<double> start{path.x.back(), path.y.back()};
    dag::SolverOptions<double> options;
    options.tolerance = 0;
    options.max_iterations = 1;
    options.step = dag::Step<double>::constant(eta);
    options.average = dag::Average::last;
    options.start = start;
    const auto solution = solver(game, options);
    path.x.push_back(solution.strategy(0)[0]);
    path.y.push_back(solution.strategy(1)[0]);
  }
  return path;
}

PlotSeries distance_series(const std::string& title, const Path& path) {
  PlotSeries series;
  series.title = title;
  for (std::size_t t = 0; t < path.x.size(); ++t) {
    series.x.push_back(static_cast<double>(t));
    series.y.push_back(path.distance(t));
  }
  return series;
}

void small_game(Section& section) {
  constexpr double eta = 0.2;
  constexpr int rounds = 700;
  const Game game(Eigen::MatrixXd::Ones(1, 1), Square(1, -1.0, 1.0), Square(1, -1.0, 1.0));
  const Path simultaneous = walk(game, eta, rounds, [](const Game& g, const auto& options) {
    return dag::gradient_descent_ascent(g, options);
  });
  const Path alternating = walk(game, eta, rounds, [](const Game& g, const auto& options) {
    return dag::gradient_descent_ascent(g, options, {.turns = dag::Turns::alternating});
  });
  const Path extra = walk(game, eta, rounds, [](const Game& g, const auto& options) {
    return dag::extragradient(g, options);
  });

  Plot portrait;
  portrait.title = "Paths of three methods on V(x, y) = x y";
  portrait.x_label = "x (maximises)";
  portrait.y_label = "y (minimises)";
  portrait.equal_axes = true;
  portrait.legend_below = true;
  portrait.width = 620;
  portrait.height = 620;
  const auto first = [](const Path& path, std::size_t count) {
    return Path{{path.x.begin(), path.x.begin() + static_cast<std::ptrdiff_t>(count)},
                {path.y.begin(), path.y.begin() + static_cast<std::ptrdiff_t>(count)}};
  };
  const auto add = [&](const std::string& title, const Path& path) {
    PlotSeries series;
    series.title = title;
    series.x = path.x;
    series.y = path.y;
    portrait.series.push_back(std::move(series));
  };
  add("gradient descent-ascent", first(simultaneous, 140));
  add("alternating turns", first(alternating, 140));
  add("extragradient", first(extra, 200));
  PlotSeries start{"start", {0.5}, {0.0}, PlotSeries::Style::marker};
  start.color = 7;
  PlotSeries end{"equilibrium", {0.0}, {0.0}, PlotSeries::Style::marker};
  end.color = 4;
  portrait.series.push_back(std::move(start));
  portrait.series.push_back(std::move(end));
  section.figures.push_back(
      {"phase_portrait", std::move(portrait),
       "Step 0.2 on the square [-1, 1] x [-1, 1]. Simultaneous gradient steps spiral outward into "
       "the walls and go round there; taken in turns they go round on a closed curve; the "
       "extragradient, which looks one step ahead, winds in."});

  Plot distances;
  distances.title = "Distance from the equilibrium of V(x, y) = x y";
  distances.x_label = "rounds";
  distances.y_label = "Euclidean distance";
  distances.log_y = true;
  distances.legend_below = true;
  distances.series = {distance_series("gradient descent-ascent", simultaneous),
                      distance_series("alternating turns", alternating),
                      distance_series("extragradient", extra)};
  const double bound = std::sqrt(1 - eta * eta + std::pow(eta, 4));
  PlotSeries theory{"theory: (1 - s^2 + s^4)^(t/2), s = 0.2", {}, {}, PlotSeries::Style::dashed};
  for (int t = 0; t <= rounds; t += 10) {
    theory.x.push_back(t);
    theory.y.push_back(0.5 * std::pow(bound, t));
  }
  theory.color = 7;
  distances.series.push_back(std::move(theory));
  section.figures.push_back({"distance", std::move(distances),
                             "The extragradient shrinks the distance by the factor that theory "
                             "gives for the step s = 0.2; the other two never come nearer."});

  const auto last = static_cast<std::size_t>(rounds);
  double nearest = simultaneous.distance(0);
  double low = alternating.distance(0);
  double high = low;
  double slowest = 0;
  for (std::size_t t = 1; t <= last; ++t) {
    nearest = std::min(nearest, simultaneous.distance(t));
    low = std::min(low, alternating.distance(t));
    high = std::max(high, alternating.distance(t));
    slowest = std::max(slowest, extra.distance(t) / extra.distance(t - 1));
  }
  section.claims.push_back(
      {"Gradient descent-ascent never comes nearer to the equilibrium than its start",
       fmt::format("start 0.5, nearest {:.4f}, after {} rounds {:.4f}", nearest, rounds,
                   simultaneous.distance(last)),
       nearest >= 0.5 && simultaneous.distance(last) > 0.5});
  section.claims.push_back({"In alternating turns it stays on a closed curve about the equilibrium",
                            fmt::format("distances between {:.4f} and {:.4f}", low, high),
                            low > 0.4 && high < 0.6});
  section.claims.push_back(
      {"The extragradient's distance shrinks every round by the factor of theory, or faster",
       fmt::format("slowest round {:.9f}, theory {:.9f}; after {} rounds {:.1e}", slowest, bound,
                   rounds, extra.distance(last)),
       slowest <= bound * (1 + 1e-12) && extra.distance(last) < 1e-5});
}

void random_game(Section& section, std::uint64_t seed, const Tell& tell) {
  constexpr std::size_t size = 30;
  ZeroSumGame game;
  game.rows = game.columns = size;
  game.payoff = dag::row_major(dag::random_uniform_game(size, size, seed).table, 0);
  Plot plot;
  plot.title = "A random 30 x 30 matrix game";
  plot.x_label = "rounds";
  plot.y_label = "duality gap / payoff range";
  plot.log_x = plot.log_y = true;
  plot.legend_below = true;
  Table table({"solver", "rounds", "seconds", "value", "relative gap", "fitted rate", "theory"});
  const std::vector<std::string> names{
      "gradient_descent_ascent",   "fictitious_play", "mirror_descent", "mirror_prox",
      "optimistic_mirror_descent", "extragradient"};
  double reached = 1;
  double cycling = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    tell(0.3 + 0.7 * static_cast<double>(i) / static_cast<double>(names.size()), names[i]);
    dag::History trace;
    dag::SolverOptions<double> options;
    options.tolerance = 1e-8;
    options.max_iterations = names[i] == "extragradient" ? 1'000'000 : 50'000;
    options.observer = trace;
    const Found found = solve_zero_sum(names[i], game, options);
    table.add({names[i], fmt::format("{}", found.iterations), fmt::format("{:.2f}", found.seconds),
               fmt::format("{:.9f}", found.value), fmt::format("{:.1e}", found.relative_gap),
               fitted_rate(trace), promised_rate(found)});
    PlotSeries series;
    series.title = names[i];
    for (const dag::Record& record : trace.records()) {
      series.x.push_back(static_cast<double>(record.iteration));
      series.y.push_back(record.relative_gap);
    }
    plot.series.push_back(std::move(series));
    reached = names[i] == "extragradient" ? found.relative_gap : reached;
    cycling = names[i] == "gradient_descent_ascent" ? found.relative_gap : cycling;
  }
  section.tables.push_back(
      {fmt::format("Random uniform {0} x {0} matrix game, seed {1}", size, seed),
       std::move(table)});
  section.figures.push_back(
      {"matrix_game", std::move(plot),
       "Gaps of the points that the solvers return: the last iterate or the mean, whichever is "
       "better at that round. The extragradient ends on the right support and then converges "
       "linearly; the others keep their sublinear pace."});
  section.claims.push_back({"Extragradient: a duality gap of at most 1e-8 of the payoff range",
                            fmt::format("{:.1e}", reached), reached <= 1e-8});
  section.claims.push_back({"Gradient descent-ascent: the gap of its last iterate stays above 0.01",
                            fmt::format("{:.2g}", cycling), cycling > 0.01});
}

}  // namespace

Section demo_games(std::uint64_t seed, const Tell& tell) {
  Section section;
  section.title = "1. Descent-ascent cycles, the extragradient converges";
  section.paragraphs = {
      "In a zero-sum game one player's gain is the other's loss, and following one's own gradient "
      "leads round the equilibrium instead of into it. Solvers that look ahead repair this."};
  tell(0, "V(x, y) = x y");
  small_game(section);
  random_game(section, seed, tell);
  return section;
}

}  // namespace cli
