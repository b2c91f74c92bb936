// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "gnuplot_script.hpp"

namespace cli {

/// The format that a file's name asks for (.svg or .png); throws dag::Error, naming the option,
/// otherwise.
PlotFormat plot_format(const std::string& path, const std::string& option = "--plot");

/// True if gnuplot can be started.
bool have_gnuplot();
/// Throws dag::Error, saying what to install, unless gnuplot can be started.
void require_gnuplot();

/// The image's bytes, drawn by gnuplot. `id` tells several images on one page apart. Throws
/// dag::Error with gnuplot's own message if it fails.
std::string draw(const Plot& plot, PlotFormat format, const std::string& id = "dag");
/// The same of several plots side by side.
std::string draw(const std::vector<Plot>& panels, PlotFormat format, const std::string& id = "dag");

}  // namespace cli
