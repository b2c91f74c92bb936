// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <dag/solver/history.hpp>
#include <dag/solver/list.hpp>

#include "found.hpp"

namespace cli {

/// The law that fits a trace better, as text in t, the number of rounds; "none" without progress.
std::string fitted_rate(const dag::History& trace);
/// What is proved about the point that a solver returned, on zero-sum games; nullptr: nothing.
const dag::Theory* theory_of(const Found& found);
/// "t^-0.5", "-> 0", "linear" or "none".
std::string promise_text(const dag::Theory& theory);
/// What theory promises for the point that a solver returned.
std::string promised_rate(const Found& found);

}  // namespace cli
