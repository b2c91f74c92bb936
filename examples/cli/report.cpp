// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "report.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include <dag/io/printable.hpp>

namespace cli {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : dag::printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

/// What gnuplot writes, less the XML head, which has no place inside a page.
std::string inline_svg(const std::string& svg, const std::string& title) {
  const auto begin = svg.find("<svg");
  if (begin == std::string::npos) {
    return {};
  }
  return "<svg role=\"img\" aria-label=\"" + escaped(title) + "\" " + svg.substr(begin + 4);
}

std::string html_table(const ReportTable& table) {
  std::string out =
      "<div class=\"wide\"><table>\n<caption>" + escaped(table.caption) + "</caption>\n";
  const auto& rows = table.table.rows();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const char* tag = r == 0 ? "th" : "td";
    out += r == 0 ? "<thead><tr>" : "<tr>";
    for (const std::string& cell : rows[r]) {
      out += std::string("<") + tag + ">" + escaped(cell) + "</" + tag + ">";
    }
    out += r == 0 ? "</tr></thead>\n<tbody>\n" : "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6475; --page: #f6f7f9; --card: #ffffff;
  --line: #d9dde5; --good: #14713d; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #a3abba; --page: #14171d;
  --card: #1d2129; --line: #353b47; --good: #62c78f; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem; }
p { margin: 0 0 .9rem; max-width: 46rem; }
.lead, figcaption, caption { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.5rem; margin-top: 1.75rem; }
.wide { overflow-x: auto; margin: 1.25rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; font-size: .9rem; }
th, td { padding: .3rem .75rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { font-weight: 600; border-bottom-width: 2px; }
figure { margin: 1.25rem 0; }
figure svg { display: block; width: 100%; max-width: 760px; height: auto; background: #fff;
  border: 1px solid var(--line); border-radius: 8px; padding: .5rem; }
figcaption { font-size: .9rem; margin-top: .4rem; max-width: 46rem; }
ul.claims { list-style: none; padding: 0; margin: 1.25rem 0 0; }
ul.claims li { padding: .45rem 0 .45rem 5.5rem; position: relative;
  border-top: 1px solid var(--line); }
ul.claims b { position: absolute; left: 0; font-size: .85rem; }
.holds b { color: var(--good); } .fails b { color: var(--bad); }
ul.claims span { color: var(--soft); }
)";

}  // namespace

std::string text_of(const Section& section) {
  std::string out = "\n== " + section.title + "\n";
  for (const ReportTable& table : section.tables) {
    out += '\n' + table.caption + '\n' + table.table.text();
  }
  out += '\n';
  for (const Claim& claim : section.claims) {
    out += (claim.holds ? "  holds  " : "  FAILS  ") + claim.text + ": " + claim.found + '\n';
  }
  return out;
}

std::string html_of(const std::string& title, const std::string& lead,
                    const std::vector<Section>& sections) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      escaped(title) + "</title>\n<style>" + std::string(style) + "</style>\n</head>\n<body>\n" +
      "<main>\n<h1>" + escaped(title) + "</h1>\n<p class=\"lead\">" + escaped(lead) + "</p>\n";
  for (const Section& section : sections) {
    out += "<section>\n<h2>" + escaped(section.title) + "</h2>\n";
    for (const std::string& paragraph : section.paragraphs) {
      out += "<p>" + escaped(paragraph) + "</p>\n";
    }
    for (const ReportTable& table : section.tables) {
      out += html_table(table);
    }
    for (const Figure& figure : section.figures) {
      if (!figure.svg.empty()) {
        out += "<figure>\n" + inline_svg(figure.svg, figure.plot.title) + "\n<figcaption>" +
               escaped(figure.caption) + "</figcaption>\n</figure>\n";
      }
    }
    out += "<ul class=\"claims\">\n";
    for (const Claim& claim : section.claims) {
      out += fmt::format("<li class=\"{}\"><b>{}</b>{}<br><span>{}</span></li>\n",
                         claim.holds ? "holds" : "fails",
                         claim.holds ? "&#10003; holds" : "&#10007; fails", escaped(claim.text),
                         escaped(claim.found));
    }
    out += "</ul>\n</section>\n";
  }
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace cli
