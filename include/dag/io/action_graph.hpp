// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/io/detail/action_graph_reader.hpp>
#include <dag/io/text_file.hpp>

namespace dag {

/// Reads an action-graph game (.agg, first line #AGG) or a Bayesian one (.bagg, #BAGG) and writes
/// it out as a strategic form. Source of the format: Jiang, Leyton-Brown and Bhat (2011),
/// doi:10.1016/j.geb.2010.10.012; Bayesian: Jiang and Leyton-Brown (2010).
///
/// Read as documented: comments from # to the end of a line; function nodes of types 0 to 3
/// (over function nodes too, without circles) and 10 to 13 (over action nodes); payoffs of type 0
/// (every configuration that can happen, in lexicographic order) and 1 (listed). A Bayesian game
/// becomes its agent form: one player for each type, who expects over the types of the others;
/// expectations are fractions, exact. Payoffs are kept as written. The format has no names:
/// strategies are numbered as the action sets list them.
///
/// Errors: parse with "name:line: rule, found 'text'"; unsupported where the strategic form has
/// more than 2^20 payoffs and 16 for each character of the file. Memory: 56 bytes a payoff.
[[nodiscard]] inline GameTable parse_action_graph(std::string_view text,
                                                  std::string_view name = "agg") {
  const std::size_t start = text.size() - detail::without_mark(text).size();
  const std::string_view first = text.substr(start, text.find_first_of(" \t\r\n", start) - start);
  require(first == "#AGG" || first == "#BAGG", Errc::parse, name,
          ":1: not an action-graph game: expected the line #AGG or #BAGG, found ",
          detail::quoted_excerpt(first));
  const std::string blanked = detail::without_comments(text);
  return detail::ActionGraphReader(blanked, name, first == "#BAGG").read();
}

}  // namespace dag
