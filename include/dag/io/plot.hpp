// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

/// One curve or set of points of a plot. Points that are not finite, or not positive on a
/// logarithmic axis, are left out; a line is broken there.
struct PlotSeries {
  enum class Style {
    line,
    dashed,
    points,
    line_and_points,
    bars,
    error_bars,  ///< a point with a vertical bar from `low` to `high`
    marker       ///< a single large point: where something begins or ends
  };
  std::string title;  ///< in the legend; empty: not there
  std::vector<double> x = {};
  std::vector<double> y = {};
  Style style = Style::line;
  std::vector<double> low = {};   ///< error_bars only, as long as y
  std::vector<double> high = {};  ///< error_bars only
  int color = -1;                 ///< index into the palette; -1: the series' own number
};

/// A plot as plain data.
struct Plot {
  std::string title;
  std::string x_label;  ///< with its unit
  std::string y_label;
  bool log_x = false;
  bool log_y = false;
  bool equal_axes = false;  ///< one unit has the same length on both axes
  bool legend_below = false;
  std::vector<PlotSeries> series = {};
  std::vector<std::string> x_names = {};  ///< names at x = 0, 1, ... in place of numbers
  double box_width = 0.6;                 ///< of bars, in units of x
  int width = 760;                        ///< pixels
  int height = 440;
};

enum class PlotFormat { svg, png };

namespace detail {

/// Text for gnuplot in double quotes. Control characters become blanks.
[[nodiscard]] inline std::string plot_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return out + '"';
}

inline void append_plot_number(std::string& out, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  out += text;
}

/// Colours that stay apart for most forms of colour blindness (Okabe and Ito, 2008), dark enough
/// for thin lines on white.
[[nodiscard]] inline std::string_view plot_color(std::size_t index) {
  static constexpr std::string_view colors[] = {"#0072B2", "#D55E00", "#009E73", "#AA4499",
                                                "#B8860B", "#56B4E9", "#882255", "#555555"};
  return colors[index % (sizeof colors / sizeof colors[0])];
}

}  // namespace detail

/// A gnuplot script (5.2 or newer) that draws the plot to standard output; the data are inside.
/// Errors: dimension_mismatch where the columns of a series differ in length, invalid_argument for
/// a plot without series.
[[nodiscard]] inline std::string gnuplot_script(const Plot& plot, PlotFormat format,
                                                std::string_view id = "dag") {
  using Style = PlotSeries::Style;
  require(!plot.series.empty(), Errc::invalid_argument, "gnuplot_script: the plot has no series");
  std::string out = "set encoding utf8\n";
  const std::string size = std::to_string(plot.width) + "," + std::to_string(plot.height);
  if (format == PlotFormat::svg) {
    out += "set terminal svg size " + size + " enhanced font 'Helvetica,14' background 'white' " +
           "name '" + std::string(id) + "'\n";
  } else {
    out += "set terminal pngcairo size " + size + " enhanced font 'Sans,11' background 'white'\n";
  }
  out +=
      "set border 3 linecolor '#555555'\nset tics nomirror\n"
      "set grid linecolor '#dddddd' linewidth 1 linetype 1\n";
  out += "set title " + detail::plot_text(plot.title) + " noenhanced\n";
  out += "set xlabel " + detail::plot_text(plot.x_label) + " noenhanced offset 0,0.3\n";
  out += "set ylabel " + detail::plot_text(plot.y_label) + " noenhanced\n";
  out += plot.legend_below ? "set key below center horizontal samplen 2.5 spacing 1.3 noenhanced\n"
                           : "set key top right noenhanced\n";
  if (plot.log_x) {
    out += "set logscale x\nset format x '10^{%L}'\n";
  }
  if (plot.log_y) {
    out += "set logscale y\nset format y '10^{%L}'\n";
  }
  if (plot.equal_axes) {
    out += "set size ratio -1\n";
  }
  if (!plot.x_names.empty()) {
    out += "set xtics (";
    for (std::size_t i = 0; i < plot.x_names.size(); ++i) {
      out += (i == 0 ? "" : ", ") + detail::plot_text(plot.x_names[i]) + ' ' + std::to_string(i);
    }
    out += ") noenhanced\nset xrange [-0.6:" + std::to_string(plot.x_names.size() - 1) + ".6]\n";
    out += "set xtics scale 0\nset style fill solid 0.7 noborder\nset boxwidth ";
    detail::append_plot_number(out, plot.box_width);
    out += '\n';
  }
  bool nothing = true;
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    const PlotSeries& series = plot.series[s];
    const bool bars = series.style == Style::error_bars;
    require(
        series.x.size() == series.y.size() && (!bars || (series.low.size() == series.y.size() &&
                                                         series.high.size() == series.y.size())),
        Errc::dimension_mismatch, "gnuplot_script: the columns of series ", s, " differ in length");
    out += "$data" + std::to_string(s) + " << END_OF_DATA\n";
    bool any = false;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double x = series.x[i];
      const double y = series.y[i];
      if (!std::isfinite(x) || !std::isfinite(y) || (plot.log_x && !(x > 0)) ||
          (plot.log_y && !(y > 0))) {
        out += "\n";  // breaks the line
        continue;
      }
      any = true;
      detail::append_plot_number(out, x);
      out += ' ';
      detail::append_plot_number(out, y);
      if (bars) {
        out += ' ';
        detail::append_plot_number(out, series.low[i]);
        out += ' ';
        detail::append_plot_number(out, series.high[i]);
      }
      out += '\n';
    }
    nothing = nothing && !any;
    out += any ? "END_OF_DATA\n" : "NaN NaN NaN NaN\nEND_OF_DATA\n";
  }
  if (nothing) {  // gnuplot refuses an empty plot
    out +=
        "set xrange [1:10]\nset yrange [0.1:1]\n"
        "set label 'no point to draw: not finite, or not positive on a logarithmic axis' "
        "at graph 0.5,0.5 center noenhanced\n";
  }
  out += "plot ";
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    const PlotSeries& series = plot.series[s];
    const std::string color(
        detail::plot_color(series.color >= 0 ? static_cast<std::size_t>(series.color) : s));
    out += (s == 0 ? "$data" : ", \\\n     $data") + std::to_string(s);
    const std::string line = " linecolor rgb '" + color + "'";
    switch (series.style) {
      case Style::line: out += " using 1:2 with lines linewidth 2" + line; break;
      case Style::dashed: out += " using 1:2 with lines linewidth 2.5 dashtype '--'" + line; break;
      case Style::points: out += " using 1:2 with points pointtype 7 pointsize 0.5" + line; break;
      case Style::line_and_points:
        out += " using 1:2 with linespoints linewidth 1.5 pointtype 7 pointsize 0.4" + line;
        break;
      case Style::bars: out += " using 1:2 with boxes" + line; break;
      case Style::error_bars:
        out += " using 1:2:3:4 with yerrorbars linewidth 1.5 pointtype 7 pointsize 0.6" + line;
        break;
      case Style::marker: out += " using 1:2 with points pointtype 7 pointsize 1.2" + line; break;
    }
    out += series.title.empty() ? " notitle" : " title " + detail::plot_text(series.title);
  }
  return out + "\n";
}

}  // namespace dag
