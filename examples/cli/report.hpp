// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gnuplot_script.hpp"

#include "output.hpp"

namespace cli {

/// Something that was claimed, and what was found.
struct Claim {
  std::string text;
  std::string found;
  bool holds = false;
};

struct Figure {
  std::string name;  ///< of its file, without the extension
  Plot plot;
  std::string caption;
  std::string svg = {};  ///< filled in by `draw_figures`; empty: gnuplot is not here
};

struct ReportTable {
  std::string caption;
  Table table;
};

/// A part of a report: what it is about, what was found, and whether it is as claimed.
struct Section {
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<ReportTable> tables;
  std::vector<Figure> figures;
  std::vector<Claim> claims;
};

/// The section for a terminal: tables and claims.
std::string text_of(const Section& section);
/// One page that needs nothing else: style and drawings are inside.
std::string html_of(const std::string& title, const std::string& lead,
                    const std::vector<Section>& sections);

}  // namespace cli
