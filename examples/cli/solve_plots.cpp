// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "solve_plots.hpp"

#include <utility>

namespace cli {

dag::Plot gap_plot(const std::vector<SolverRuns>& all, const SolveOptions& options) {
  dag::Plot plot;
  plot.title = "Distance from equilibrium: " + options.game.substr(options.game.rfind('/') + 1);
  plot.x_label = "rounds";
  plot.y_label = "gap / payoff range";
  plot.log_x = true;
  plot.log_y = true;
  plot.legend_below = all.size() > 1;
  for (const SolverRuns& runs : all) {
    if (!runs.first().refused.empty()) {
      continue;
    }
    dag::PlotSeries series{runs.first().found.solver, {}, {}};
    for (const dag::Record& record : runs.first().trace.records()) {
      series.x.push_back(static_cast<double>(record.iteration));
      series.y.push_back(record.relative_gap);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace cli
