// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include <cli/gnuplot_script.hpp>
#include <dag/core/error.hpp>

namespace {

cli::Plot small_plot() {
  cli::Plot plot;
  plot.title = "a \"quoted\" title \\ with\na break";
  plot.x_label = "x_1";
  plot.y_label = "y, nats";
  plot.series = {{"first", {1, 2, 3}, {0.5, 0.25, 0.125}}};
  return plot;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

dag::Errc code_of(const cli::Plot& plot) {
  try {
    static_cast<void>(cli::gnuplot_script(plot, cli::PlotFormat::svg));
  } catch (const dag::Error& error) {
    return error.code();
  }
  return dag::Errc::device;
}

}  // namespace

TEST_CASE("a script holds its data, and text cannot leave its quotes") {
  const std::string script = cli::gnuplot_script(small_plot(), cli::PlotFormat::svg, "one");
  CHECK(has(script, "set terminal svg size 760,440"));
  CHECK(has(script, "name \"one\""));
  CHECK(has(script, "set title \"a \\042quoted\\042 title \\134 with a break\""));
  CHECK(has(script, "1 0.5\n2 0.25\n3 0.125\nEND_OF_DATA\n"));
  CHECK(has(script, "title \"first\""));
  CHECK_FALSE(has(script, "logscale"));
  CHECK(has(cli::gnuplot_script(small_plot(), cli::PlotFormat::png), "set terminal pngcairo"));
}

TEST_CASE("points that an axis cannot show break the line") {
  cli::Plot plot = small_plot();
  plot.log_y = true;
  plot.series[0].y = {0.5, 0.0, 0.125};
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "1 0.5\n\n3 0.125\n"));
  plot.series[0].y = {0.5, std::numeric_limits<double>::quiet_NaN(), 0.125};
  plot.log_y = false;
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "1 0.5\n\n3 0.125\n"));
}

TEST_CASE("a plot without a point to draw says so instead of failing in gnuplot") {
  cli::Plot plot = small_plot();
  plot.log_y = true;
  plot.series[0].y = {0, 0, 0};
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "no point to draw"));
  CHECK_FALSE(has(cli::gnuplot_script(small_plot(), cli::PlotFormat::svg), "no point to draw"));
}

TEST_CASE("shapes that do not fit are refused") {
  cli::Plot plot = small_plot();
  plot.series[0].y.pop_back();
  CHECK(code_of(plot) == dag::Errc::dimension_mismatch);
  plot = small_plot();
  plot.series[0].style = cli::PlotSeries::Style::error_bars;
  CHECK(code_of(plot) == dag::Errc::dimension_mismatch);
  plot.series[0].low = {0, 0, 0};
  plot.series[0].high = {1, 1, 1};
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "1 0.5 0 1\n"));
  plot.series.clear();
  CHECK(code_of(plot) == dag::Errc::invalid_argument);
}

TEST_CASE("bands, arrows, labels and ranges") {
  cli::Plot plot = small_plot();
  plot.series[0].style = cli::PlotSeries::Style::band;
  CHECK(code_of(plot) == dag::Errc::dimension_mismatch);
  plot.series[0].low = {0.1, 0, 0.1};
  plot.series[0].high = {1, 1, 1};
  plot.log_y = true;  // a band cannot reach down to zero there
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "1 0.5 0.1 1\n\n3 0.125 0.1 1\n"));
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "using 1:3:4 with filledcurves"));
  plot.series[0].style = cli::PlotSeries::Style::arrows;
  CHECK(has(cli::gnuplot_script(plot, cli::PlotFormat::svg), "with vectors"));
  plot.x_range = {0, 2.5};
  plot.labels = {{"a \"b\"", 0.5, -1}};
  plot.bare = true;
  const std::string script = cli::gnuplot_script(plot, cli::PlotFormat::svg);
  CHECK(has(script, "set xrange [0:2.5]\n"));
  CHECK_FALSE(has(script, "set yrange"));
  CHECK(has(script, "set label \"a \\042b\\042\" at 0.5,-1 center"));
  CHECK(has(script, "unset border"));
}

TEST_CASE("plots side by side share an image, not their settings or data") {
  cli::Plot second = small_plot();
  second.height = 500;
  cli::Plot first = small_plot();
  first.log_x = true;
  const std::string script =
      cli::gnuplot_script(std::vector<cli::Plot>{first, second}, cli::PlotFormat::svg);
  CHECK(has(script, "set terminal svg size 1520,500"));
  CHECK(has(script, "set multiplot layout 1,2"));
  CHECK(has(script, "$data0 <<"));
  CHECK(has(script, "$data1 <<"));
  CHECK(script.find("set logscale x") < script.find("reset\n"));
  CHECK(script.find("set logscale x", script.find("reset\n")) == std::string::npos);
  CHECK_THROWS_AS(
      static_cast<void>(cli::gnuplot_script(std::vector<cli::Plot>{}, cli::PlotFormat::svg)),
      dag::Error);
}
