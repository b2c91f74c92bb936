// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "output.hpp"

namespace cli {

/// The named game trees (or the one of that name) for people, and as a JSON array.
std::string tree_games_text(const std::string& name, std::uint64_t seed);
nlohmann::ordered_json tree_games_json(const std::string& name, std::uint64_t seed);
/// `dag games NAME` of a tree; the exit code.
int tree_games(const std::string& name, const Common& common);

}  // namespace cli
