// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <dag/game/table.hpp>

namespace cli {

/// The game that a word on the command line means: a .nfg file, a .csv payoff matrix, or a name
/// (`random:ROWSxCOLS` without a seed takes `seed`). Throws dag::Error.
dag::GameTable load_game(const std::string& word, std::uint64_t seed);

}  // namespace cli
