// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "found.hpp"
#include "game_input.hpp"

namespace cli {

/// The answer with its certificate computed once more, from the payoffs as read and without
/// rounding, whatever the solver said of itself; `converged` becomes `stalled` where that
/// certificate is above the tolerance. Adds a note where the tolerance lets more pass than most
/// payoffs differ by, and where the game has integers that doubles cannot hold.
Found certified(Found found, const Problem& problem, const Settings& settings);

/// The tolerance on the relative gap under which the absolute gap is at most `absolute` as well.
double relative_tolerance(double relative, double absolute, const Problem& problem);

}  // namespace cli
