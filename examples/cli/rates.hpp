// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <dag/solver/trace.hpp>

#include "zero_sum_solvers.hpp"

namespace cli {

/// The law that fits a trace better, as text in t, the number of rounds; "none" without progress.
std::string fitted_rate(const dag::Trace& trace);
/// What theory promises for the point that a solver returned.
std::string promised_rate(const Found& found);

}  // namespace cli
