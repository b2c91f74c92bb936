// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "found.hpp"
#include "game_input.hpp"

namespace cli {

/// The answer with its certificate computed once more, from the payoffs as read and without
/// rounding, whatever the solver said of itself; `converged` becomes `stalled` where that
/// certificate is above the tolerance. Adds a note where the tolerance lets more pass than most
/// payoffs differ by, and where the game has integers that doubles cannot hold.
Found certified(Found found, const Problem& problem, const Settings& settings);

/// The same problem with each player's payoffs less about their middle, subtracted from the numbers
/// as written, where these lie so far from zero that their doubles have lost digits; nothing
/// otherwise. Strategies, gaps and certificates are those of the problem as it was.
std::optional<Problem> centred(const Problem& problem);

/// What `centred` takes from the payoffs of a player, and by how much that is more than what it
/// takes from another's: exact but for one rounding.
double taken_from(const Problem& problem, std::size_t player);
double taken_beyond(const Problem& problem, std::size_t player, std::size_t other);

/// The tolerance on the relative gap under which the absolute gap is at most `absolute` as well.
double relative_tolerance(double relative, double absolute, const Problem& problem);

}  // namespace cli
