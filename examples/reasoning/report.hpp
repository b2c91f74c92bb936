// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evaluate.hpp"

#include <string>
#include <vector>

namespace reasoning {

/// Every run that stands in FOLDER/runs-*.jsonl. Errors: parse, naming file and line.
[[nodiscard]] std::vector<Json> read_runs(const std::string& folder);

/// The tables as Markdown: means over seeds with 95 % t intervals, each base on its own.
[[nodiscard]] std::string report_tables(const std::vector<Json>& runs,
                                        const std::vector<Json>& predictions);

/// Draws the plots into `directory` (SVG, by gnuplot); returns their paths.
std::vector<std::string> report_plots(const std::vector<Json>& runs,
                                      const std::vector<Json>& predictions,
                                      const std::string& directory);

}  // namespace reasoning
