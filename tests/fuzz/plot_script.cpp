// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The script for gnuplot: whatever titles, labels and names hold, they are words in double quotes
// of plain characters and octal codes, outside which the script is our own text.
#include "fuzz.hpp"

#include <string>

#include <cli/gnuplot_script.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  const std::string text(fuzz::text(data, size));
  cli::Plot plot;
  plot.title = plot.x_label = plot.y_label = text;
  plot.labels = {{text, 0.5, 0.5}};
  plot.x_names = {text, text};
  plot.series = {{text, {0, 1}, {0, 1}}};
  const std::string script = cli::gnuplot_script(plot, cli::PlotFormat::svg, text);
  const std::string harmless = [&] {
    plot.title = plot.x_label = plot.y_label = plot.labels[0].text = plot.x_names[0] =
        plot.x_names[1] = plot.series[0].title = "x";
    return cli::gnuplot_script(plot, cli::PlotFormat::svg, "x");
  }();
  // Without the quoted words both scripts are the same; inside them are plain characters and octal
  // codes only.
  const auto outside = [](const std::string& full) {
    std::string out;
    bool inside = false;
    for (std::size_t i = 0; i < full.size(); ++i) {
      const char c = full[i];
      if (inside && c == '\\') {
        for (std::size_t digit = 1; digit <= 3; ++digit) {
          fuzz::must(i + digit < full.size() && full[i + digit] >= '0' && full[i + digit] <= '7',
                     "a backslash is followed by three octal digits");
        }
      }
      fuzz::must(!inside || (c != '\n' && c != '`' && c != '$' && c != '\''),
                 "a quoted word has no character of gnuplot's");
      inside = inside != (c == '"');
      if (!inside && c != '"') {
        out += c;
      }
    }
    fuzz::must(!inside, "all quotes are closed");
    return out;
  };
  if (!text.empty()) {
    fuzz::must(outside(script) == outside(harmless), "a text changes nothing outside its quotes");
  }
  return 0;
}
