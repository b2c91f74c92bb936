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
#include <dag/io/printable.hpp>

namespace cli {

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
    band,        ///< the area between `low` and `high`, behind what follows
    arrows,      ///< thin arrows from (x, y) by (`low`, `high`); grey unless `color` is given
    marker       ///< a single large point: where something begins or ends
  };
  std::string title;  ///< in the legend; empty: not there
  std::vector<double> x = {};
  std::vector<double> y = {};
  Style style = Style::line;
  std::vector<double> low = {};   ///< error_bars, band and arrows only, as long as y
  std::vector<double> high = {};  ///< the same
  int color = -1;                 ///< index into the palette; -1: the series' own number
};

/// A text in a plot, centred at a point.
struct PlotLabel {
  std::string text;
  double x = 0;
  double y = 0;
};

/// The part of an axis that is shown; by default what the data need.
struct PlotRange {
  double low = 0;
  double high = 0;  ///< not above low: as the data need
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
  bool bare = false;                      ///< no axes: the series draw what there is to see
  PlotRange x_range = {};
  PlotRange y_range = {};
  std::vector<PlotLabel> labels = {};
  int width = 760;  ///< pixels
  int height = 440;
};

enum class PlotFormat { svg, png };

namespace detail {

/// Text as a word of gnuplot: in double quotes, with every character that is not plain as its octal
/// code, so that no quote, backslash, backtick or dollar sign stands in a script but those that we
/// write ourselves. (Single quotes will not do: gnuplot 5.4 ends a word that begins with a doubled
/// one.) The only way by which a text of others gets into a script.
[[nodiscard]] inline std::string plot_text(std::string_view text) {
  constexpr std::string_view plain = " _-+.,:()=/<>*";
  std::string line(text);
  for (char& c : line) {  // a title is one line
    c = c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
  }
  std::string out = "\"";
  for (const char c : dag::printable(line)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || byte > 127 || plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      for (const unsigned shift : {6U, 3U, 0U}) {
        out += static_cast<char>('0' + ((byte >> shift) & 7U));
      }
    }
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

namespace detail {

inline void append_plot_range(std::string& out, const char* axis, const PlotRange& range) {
  if (range.high > range.low) {
    out += std::string("set ") + axis + "range [";
    append_plot_number(out, range.low);
    out += ':';
    append_plot_number(out, range.high);
    out += "]\n";
  }
}

/// Titles, axes and labels of one plot.
[[nodiscard]] inline std::string plot_settings(const Plot& plot) {
  std::string out = plot.bare ? "unset border\nunset tics\nunset grid\n"
                              : "set border 3 linecolor '#555555'\nset tics nomirror\n"
                                "set grid linecolor '#dddddd' linewidth 1 linetype 1\n";
  out += "set title " + plot_text(plot.title) + " noenhanced\n";
  out += "set xlabel " + plot_text(plot.x_label) + " noenhanced offset 0,0.3\n";
  out += "set ylabel " + plot_text(plot.y_label) + " noenhanced\n";
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
  append_plot_range(out, "x", plot.x_range);
  append_plot_range(out, "y", plot.y_range);
  for (const PlotLabel& label : plot.labels) {
    out += "set label " + plot_text(label.text) + " at ";
    append_plot_number(out, label.x);
    out += ',';
    append_plot_number(out, label.y);
    out += " center noenhanced\n";
  }
  if (!plot.x_names.empty()) {
    out += plot.x_names.size() > 8 ? "set xtics rotate by -30 (" : "set xtics (";
    for (std::size_t i = 0; i < plot.x_names.size(); ++i) {
      out += (i == 0 ? "" : ", ") + plot_text(plot.x_names[i]) + ' ' + std::to_string(i);
    }
    out += ") noenhanced\nset xrange [-0.6:" + std::to_string(plot.x_names.size() - 1) + ".6]\n";
    out += "set xtics scale 0\nset style fill solid 0.7 noborder\nset boxwidth ";
    append_plot_number(out, plot.box_width);
    out += '\n';
  }
  return out;
}

/// The data block of one series, named `name`; false if it has no point that can be drawn.
[[nodiscard]] inline bool append_plot_data(std::string& out, const Plot& plot,
                                           const PlotSeries& series, const std::string& name) {
  using Style = PlotSeries::Style;
  const bool four = series.style == Style::error_bars || series.style == Style::band ||
                    series.style == Style::arrows;
  dag::require(
      series.x.size() == series.y.size() && (!four || (series.low.size() == series.y.size() &&
                                                       series.high.size() == series.y.size())),
      dag::Errc::dimension_mismatch, "gnuplot_script: the columns of series '", series.title,
      "' differ in length");
  out += name + " << END_OF_DATA\n";
  bool any = false;
  for (std::size_t i = 0; i < series.y.size(); ++i) {
    const double x = series.x[i];
    const double y = series.y[i];
    if (!std::isfinite(x) || !std::isfinite(y) || (plot.log_x && !(x > 0)) ||
        (plot.log_y && !(y > 0)) ||
        (series.style == Style::band && plot.log_y && !(series.low[i] > 0))) {
      out += "\n";  // breaks the line
      continue;
    }
    any = true;
    append_plot_number(out, x);
    out += ' ';
    append_plot_number(out, y);
    if (four) {
      out += ' ';
      append_plot_number(out, series.low[i]);
      out += ' ';
      append_plot_number(out, series.high[i]);
    }
    out += '\n';
  }
  out += any ? "END_OF_DATA\n" : "NaN NaN NaN NaN\nEND_OF_DATA\n";
  return any;
}

[[nodiscard]] inline std::string plot_style(const PlotSeries& series, std::size_t number) {
  using Style = PlotSeries::Style;
  const std::string color(
      plot_color(series.color >= 0 ? static_cast<std::size_t>(series.color) : number));
  const std::string line = " linecolor rgb '" + color + "'";
  switch (series.style) {
    case Style::line: return " using 1:2 with lines linewidth 2" + line;
    case Style::dashed: return " using 1:2 with lines linewidth 2.5 dashtype '--'" + line;
    case Style::points: return " using 1:2 with points pointtype 7 pointsize 0.5" + line;
    case Style::line_and_points:
      return " using 1:2 with linespoints linewidth 1.5 pointtype 7 pointsize 0.4" + line;
    case Style::bars: return " using 1:2 with boxes" + line;
    case Style::error_bars:
      return " using 1:2:3:4 with yerrorbars linewidth 1.5 pointtype 7 pointsize 0.6" + line;
    case Style::band:
      return " using 1:3:4 with filledcurves fillstyle transparent solid 0.22 noborder" + line;
    case Style::arrows:
      return " using 1:2:3:4 with vectors head filled size screen 0.006,20 linewidth 1" +
             (series.color >= 0 ? line : std::string(" linecolor rgb '#b4b4b4'"));
    case Style::marker: return " using 1:2 with points pointtype 7 pointsize 1.2" + line;
  }
  return {};
}

}  // namespace detail

/// A gnuplot script (5.2 or newer) that draws plots side by side to standard output; the data are
/// inside. The image is as wide as all together and as high as the highest.
/// Errors: dimension_mismatch where the columns of a series differ in length, invalid_argument for
/// no plots or a plot without series.
[[nodiscard]] inline std::string gnuplot_script(const std::vector<Plot>& panels, PlotFormat format,
                                                std::string_view id = "dag") {
  dag::require(!panels.empty(), dag::Errc::invalid_argument, "gnuplot_script: there is no plot");
  int width = 0;
  int height = 0;
  for (const Plot& plot : panels) {
    dag::require(!plot.series.empty(), dag::Errc::invalid_argument,
                 "gnuplot_script: the plot has no series");
    width += plot.width;
    height = plot.height > height ? plot.height : height;
  }
  std::string out = "set encoding utf8\n";
  const std::string size = std::to_string(width) + "," + std::to_string(height);
  if (format == PlotFormat::svg) {
    out += "set terminal svg size " + size + " enhanced font 'Helvetica,14' background 'white' " +
           "name " + detail::plot_text(id) + "\n";
  } else {
    out += "set terminal pngcairo size " + size + " enhanced font 'Sans,11' background 'white'\n";
  }
  if (panels.size() > 1) {
    out += "set multiplot layout 1," + std::to_string(panels.size()) + "\n";
  }
  std::size_t block = 0;
  for (const Plot& plot : panels) {
    out += block > 0 ? "reset\nset encoding utf8\n" : "";
    out += detail::plot_settings(plot);
    bool nothing = true;
    const std::size_t first = block;
    for (const PlotSeries& series : plot.series) {
      const bool any =
          detail::append_plot_data(out, plot, series, "$data" + std::to_string(block++));
      nothing = nothing && !any;
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
      out += (s == 0 ? "$data" : ", \\\n     $data") + std::to_string(first + s);
      out += detail::plot_style(series, s);
      out += series.title.empty() ? " notitle" : " title " + detail::plot_text(series.title);
    }
    out += "\n";
  }
  return out + (panels.size() > 1 ? "unset multiplot\n" : "");
}

/// The script of one plot.
[[nodiscard]] inline std::string gnuplot_script(const Plot& plot, PlotFormat format,
                                                std::string_view id = "dag") {
  return gnuplot_script(std::vector<Plot>{plot}, format, id);
}

}  // namespace cli
