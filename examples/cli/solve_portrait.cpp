// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

#include "solve_plots.hpp"
#include "solver_list.hpp"

namespace cli {
namespace {

using Style = PlotSeries::Style;

constexpr std::int64_t default_rounds = 200;
constexpr std::int64_t most_rounds = 2000;
constexpr std::int64_t most_points = 250;
constexpr std::size_t most_solvers = 6;
constexpr int ink = 7;  ///< of the palette

/// The profiles that a solver visits. Every solver is deterministic, so that its point after t
/// rounds is what a run of t rounds returns.
std::vector<dag::MixedProfile> path_of(const std::string& name, const Problem& problem,
                                       const SolveOptions& options,
                                       const std::vector<double>& start) {
  // A step of the replicator dynamics is short: five of them make a round of the picture.
  const std::int64_t rounds =
      (name == "replicator" ? 5 : 1) *
      (options.max_iterations < 0 ? default_rounds : std::min(options.max_iterations, most_rounds));
  const std::int64_t points = std::min(rounds, most_points);
  std::vector<dag::MixedProfile> path;
  for (std::int64_t k = 0; k <= points; ++k) {
    Settings settings = settings_of(options, options.common.seed, false, start);
    settings.reference = reference_of(options, problem);
    settings.options.max_iterations = points > 0 ? k * rounds / points : 0;
    settings.options.check_every = std::max<std::int64_t>(1, settings.options.max_iterations);
    settings.options.tolerance = 0;
    if (options.average == "auto") {
      settings.options.average = dag::Average::last;
    }
    const Found found = solve_game(name, problem, settings);
    path.push_back(found.strategies);
    if (found.status == dag::Status::converged || found.status == dag::Status::stalled ||
        interrupt.stop_requested()) {
      break;
    }
  }
  return path;
}

std::vector<double> start_or_default(const SolveOptions& options, const Problem& problem) {
  std::vector<double> start = start_of(options, problem);
  if (start.empty()) {
    start = problem.table.sizes[0] == 2 ? std::vector<double>{0.8, 0.2, 0.3, 0.7}
                                        : std::vector<double>{0.6, 0.3, 0.1, 0.2, 0.2, 0.6};
  }
  return start;
}

std::string strategy_name(const Problem& problem, std::size_t player, std::size_t strategy) {
  const auto& labels = problem.table.labels;
  if (labels.empty() || labels[player][strategy].empty()) {
    return fmt::format("strategy {}", strategy + 1);
  }
  return labels[player][strategy];
}

/// How fast the replicator dynamics move player 1's and player 2's first probability at (p, q).
std::array<double, 2> replicator_field(const dag::GameTable& table, double p, double q) {
  const std::vector<double>& u = table.payoffs[0];  // profile 0: (1, 1), 1: (2, 1), 2: (1, 2)
  const std::vector<double>& v = table.payoffs[1];
  const double first = q * (u[0] - u[1]) + (1 - q) * (u[2] - u[3]);
  const double second = p * (v[0] - v[2]) + (1 - p) * (v[1] - v[3]);
  return {p * (1 - p) * first, q * (1 - q) * second};
}

PlotSeries field_arrows(const dag::GameTable& table) {
  constexpr int lines = 13;
  constexpr double reach = 0.055;
  PlotSeries arrows{"", {}, {}, Style::arrows};
  double fastest = 0;
  for (int i = 0; i < lines; ++i) {
    for (int j = 0; j < lines; ++j) {
      const double p = (i + 0.5) / lines;
      const double q = (j + 0.5) / lines;
      const auto [dp, dq] = replicator_field(table, p, q);
      arrows.x.push_back(p);
      arrows.y.push_back(q);
      arrows.low.push_back(dp);
      arrows.high.push_back(dq);
      fastest = std::max(fastest, std::hypot(dp, dq));
    }
  }
  for (std::size_t k = 0; k < arrows.x.size() && fastest > 0; ++k) {
    // Square roots of speeds, so that slow places still show a direction; centred.
    const double speed = std::hypot(arrows.low[k], arrows.high[k]);
    const double scale = speed > 0 ? reach * std::sqrt(speed / fastest) / speed : 0.0;
    arrows.low[k] *= scale;
    arrows.high[k] *= scale;
    arrows.x[k] -= arrows.low[k] / 2;
    arrows.y[k] -= arrows.high[k] / 2;
  }
  return arrows;
}

/// The corners of a triangle with sides of one, its centre of mass at strategy (1/3, 1/3, 1/3).
constexpr std::array<std::array<double, 2>, 3> corners{
    {{0.0, 0.0}, {1.0, 0.0}, {0.5, 0.8660254037844386}}};

std::array<double, 2> in_triangle(const std::vector<double>& strategy) {
  std::array<double, 2> at{0, 0};
  for (std::size_t s = 0; s < 3; ++s) {
    at[0] += strategy[s] * corners[s][0];
    at[1] += strategy[s] * corners[s][1];
  }
  return at;
}

Plot square(const Problem& problem) {
  Plot plot;
  plot.x_label =
      fmt::format("{}: probability of {}", problem.table.players[0], strategy_name(problem, 0, 0));
  plot.y_label =
      fmt::format("{}: probability of {}", problem.table.players[1], strategy_name(problem, 1, 0));
  plot.x_range = plot.y_range = {-0.03, 1.03};
  plot.width = 640;
  plot.height = 700;
  plot.series.push_back(field_arrows(problem.table));
  return plot;
}

Plot triangle(const Problem& problem, std::size_t player) {
  Plot plot;
  plot.bare = true;
  plot.x_range = {-0.14, 1.14};
  plot.y_range = {-0.1, 0.98};
  plot.width = 560;
  plot.height = 600;
  PlotSeries edges{"", {}, {}};
  edges.color = ink;
  for (const std::size_t s : {0U, 1U, 2U, 0U}) {
    edges.x.push_back(corners[s][0]);
    edges.y.push_back(corners[s][1]);
  }
  plot.series.push_back(std::move(edges));
  for (std::size_t s = 0; s < 3; ++s) {
    plot.labels.push_back({strategy_name(problem, player, s), corners[s][0],
                           corners[s][1] + (s == 2 ? 0.05 : -0.05)});
  }
  return plot;
}

}  // namespace

void check_portrait(const Problem& problem, const std::vector<std::string>& names) {
  const auto& sizes = problem.table.sizes;
  dag::require(sizes.size() == 2 && sizes[0] == sizes[1] && (sizes[0] == 2 || sizes[0] == 3),
               dag::Errc::unsupported, problem.name,
               ": --portrait draws two-player games of 2 x 2 and 3 x 3 strategies; this one has ",
               sizes_text(problem.table));
  dag::require(names.size() <= most_solvers, dag::Errc::invalid_argument,
               "--portrait: ", names.size(), " solvers in one picture; name at most ",
               most_solvers);
  for (const std::string& name : names) {
    dag::require((name == "auto" && names.size() == 1) || walks(name), dag::Errc::invalid_argument,
                 "--portrait: ", name, " has no path of strategies; name first-order solvers");
  }
}

std::vector<Plot> portrait(const std::vector<std::string>& names, const Problem& problem,
                           const SolveOptions& options) {
  std::vector<std::string> solvers = names;
  if (names == std::vector<std::string>{"auto"}) {
    solvers =
        options.tau > 0
            ? std::vector<std::string>{"mirror_descent", "mirror_prox", "fictitious_play"}
        : problem.kind == GameKind::zero_sum
            ? std::vector<std::string>{"gradient_descent_ascent", "replicator", "extragradient"}
            : std::vector<std::string>{"replicator", "fictitious_play", "hedge"};
  }
  const bool small = problem.table.sizes[0] == 2;
  std::vector<Plot> plots;
  if (small) {
    plots.push_back(square(problem));
  } else {
    plots = {triangle(problem, 0), triangle(problem, 1)};
  }
  const std::string game = options.game.substr(options.game.rfind('/') + 1);
  for (std::size_t k = 0; k < plots.size(); ++k) {
    plots[k].title = small ? "Paths: " + game : game + ", " + problem.table.players[k];
    plots[k].equal_axes = true;
    plots[k].legend_below = true;
  }
  const auto at = [&](const dag::MixedProfile& profile, std::size_t k) {
    return small ? std::array<double, 2>{profile[0][0], profile[1][0]} : in_triangle(profile[k]);
  };
  const auto mark = [&](const char* title, int color,
                        const std::vector<dag::MixedProfile>& points) {
    for (std::size_t k = 0; k < plots.size(); ++k) {
      PlotSeries series{title, {}, {}, Style::marker};
      series.color = color;
      for (const dag::MixedProfile& profile : points) {
        const auto [x, y] = at(profile, k);
        series.x.push_back(x);
        series.y.push_back(y);
      }
      plots[k].series.push_back(std::move(series));
    }
  };

  const std::vector<double> start = start_or_default(options, problem);
  int color = 0;
  for (const std::string& name : solvers) {
    const auto path = path_of(name, problem, options, start);
    for (std::size_t k = 0; k < plots.size(); ++k) {
      PlotSeries series{name, {}, {}, Style::line_and_points};
      series.color = color;
      for (const dag::MixedProfile& profile : path) {
        const auto [x, y] = at(profile, k);
        series.x.push_back(x);
        series.y.push_back(y);
      }
      plots[k].series.push_back(std::move(series));
    }
    ++color;
  }
  const std::size_t half = problem.table.sizes[0];
  mark("start", ink,
       {{std::vector<double>(start.begin(), start.begin() + static_cast<std::ptrdiff_t>(half)),
         std::vector<double>(start.begin() + static_cast<std::ptrdiff_t>(half), start.end())}});
  std::vector<dag::MixedProfile> equilibria;
  if (options.tau > 0) {
    Settings settings = settings_of(options, options.common.seed, false, {});
    settings.reference = reference_of(options, problem);
    equilibria.push_back(solve_game("auto", problem, settings).strategies);
  } else {
    equilibria = dag::vertex_enumeration(problem.table).equilibria;
  }
  mark(equilibria.size() == 1 ? "equilibrium" : "equilibria", 6, equilibria);
  return plots;
}

}  // namespace cli
