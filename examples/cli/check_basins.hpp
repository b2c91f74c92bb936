// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "answer_truths.hpp"

namespace cli {

/// What was found of a claimed margin.
struct Basin {
  bool holds = false;
  std::string text;
};

/// The definition of `basin_margin`, walked: the start (the reference, with the rewards beside the
/// utility) moved by `margin` less 3 % (total variation, mean over contexts by weight) straight
/// towards each of the eight nearest other stable equilibria still ends at `reached` by ascent in
/// small steps, nu <- nu exp(eta (r / beta - log(nu / nu0))) / Z; moved by 3 % more it ends
/// elsewhere on one of these ways. Nothing for utilities without a bound of the step here, large
/// problems, or an ascent too slow to end. `stable`: what the result lists, `reached` among them.
[[nodiscard]] std::optional<Basin> basin_of(const AnswerProblem& problem, const AnswerRows& reached,
                                            const std::vector<AnswerRows>& stable, double margin);

}  // namespace cli
