// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "solve_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include <dag/solver/rate.hpp>

#include "rates.hpp"

namespace cli {
namespace {

using Style = PlotSeries::Style;

bool shown(const SolverRuns& runs) { return runs.first().refused.empty(); }

double last_round(const SolverRuns& runs) {
  double last = 1;
  for (const Run& run : runs.runs) {
    if (!run.trace.empty()) {
      last = std::max(last, static_cast<double>(run.trace.records().back().iteration));
    }
  }
  return last;
}

/// C t^-p for every power that theory promises one of the solvers, through the highest first gap of
/// those it is for; for a single solver of linear rate its fitted C rho^t.
void add_theory(Plot& plot, const std::vector<SolverRuns>& all) {
  std::map<double, std::pair<double, double>> powers;  // exponent: constant, last round
  std::size_t count = 0;
  for (const SolverRuns& runs : all) {
    if (!shown(runs)) {
      continue;
    }
    ++count;
    const dag::Theory* theory = theory_of(runs.first().found);
    if (theory == nullptr || theory->law != dag::RateLaw::power || !(theory->exponent > 0)) {
      continue;
    }
    for (const dag::Record& record : runs.first().trace.records()) {
      if (record.iteration >= 1 && record.relative_gap > 0) {
        auto& [constant, last] = powers[theory->exponent];
        constant =
            std::max(constant, record.relative_gap * std::pow(static_cast<double>(record.iteration),
                                                              theory->exponent));
        last = std::max(last, last_round(runs));
        break;
      }
    }
  }
  for (const auto& [exponent, line] : powers) {
    PlotSeries series{fmt::format("theory t^-{:g}", exponent), {}, {}, Style::dashed};
    series.color = &line == &powers.begin()->second ? 7 : 6;
    for (int k = 0; k <= 100; ++k) {
      const double t = std::pow(line.second, k / 100.0);
      series.x.push_back(t);
      series.y.push_back(line.first * std::pow(t, -exponent));
    }
    plot.series.push_back(std::move(series));
  }
  if (count != 1) {
    return;
  }
  for (const SolverRuns& runs : all) {
    const dag::Theory* theory = shown(runs) ? theory_of(runs.first().found) : nullptr;
    const dag::RateFit fit = dag::fit_rate(runs.first().trace);
    if (theory == nullptr || theory->law != dag::RateLaw::linear || fit.points < 3 ||
        !(fit.factor < 1)) {
      continue;
    }
    PlotSeries series{
        fmt::format("theory linear, fitted {:.4g}^t", fit.factor), {}, {}, Style::dashed};
    series.color = 7;
    for (int k = 0; k <= 100; ++k) {
      const double t = std::max(1.0, last_round(runs) * k / 100.0);
      series.x.push_back(t);
      series.y.push_back(fit.linear_constant * std::pow(fit.factor, t));
    }
    plot.series.push_back(std::move(series));
  }
}

Plot gap_plot(const std::vector<SolverRuns>& all, const Problem& problem,
              const SolveOptions& options, bool log_rounds) {
  Plot plot;
  const bool repeated = options.repeats > 1;
  plot.title = "Distance from equilibrium: " + options.game.substr(options.game.rfind('/') + 1);
  plot.x_label = "rounds";
  plot.y_label =
      problem.kind == GameKind::zero_sum ? "duality gap / payoff range" : "gap / payoff range";
  plot.log_x = log_rounds;
  plot.log_y = true;
  plot.legend_below = true;
  plot.height = 460 + 14 * static_cast<int>(std::max<std::size_t>(all.size(), 4) - 4);
  int color = 0;
  double longest = 1;
  double longest_converged = 0;
  for (const SolverRuns& runs : all) {
    if (!shown(runs)) {
      continue;
    }
    longest = std::max(longest, last_round(runs));
    if (runs.first().found.status == dag::Status::converged) {
      longest_converged = std::max(longest_converged, last_round(runs));
    }
    PlotSeries series{runs.first().found.solver, {}, {}};
    series.color = color++;
    if (repeated) {
      Band band = band_of(runs);
      PlotSeries area{"", band.rounds, band.mean, Style::band, band.low, band.high};
      area.color = series.color;
      plot.series.push_back(std::move(area));
      series.title += fmt::format(": mean of {}, 95 %", runs.runs.size());
      series.x = std::move(band.rounds);
      series.y = std::move(band.mean);
    } else {
      for (const dag::Record& record : runs.first().trace.records()) {
        series.x.push_back(static_cast<double>(record.iteration));
        series.y.push_back(record.relative_gap);
      }
    }
    if (series.x.size() == 1) {
      series.style = Style::marker;
    }
    plot.series.push_back(std::move(series));
  }
  if (options.tau == 0 && options.select.empty() && problem.kind == GameKind::zero_sum) {
    add_theory(plot, all);
  }
  // On linear axes a solver that needs very many rounds would hide all the others.
  if (!log_rounds && longest_converged > 0 && longest_converged * 1.5 < longest) {
    plot.x_range = {0, longest_converged * 1.5};
  }
  if (plot.series.empty()) {
    plot.series.push_back({"every solver refused", {}, {}});
  }
  return plot;
}

}  // namespace

std::vector<Plot> gap_plots(const std::vector<SolverRuns>& all, const Problem& problem,
                            const SolveOptions& options) {
  std::vector<Plot> plots;
  if (options.axes != "semi-log") {
    plots.push_back(gap_plot(all, problem, options, true));
  }
  if (options.axes != "log-log") {
    plots.push_back(gap_plot(all, problem, options, false));
  }
  return plots;
}

}  // namespace cli
