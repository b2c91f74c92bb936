// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "report.hpp"

namespace cli {

/// Called as a part of the demo goes on: fraction of that part, what it is doing.
using Tell = std::function<void(double fraction, std::string_view text)>;

/// Gradient steps that cycle and extragradient steps that arrive, on two bilinear games.
Section demo_games(std::uint64_t seed, const Tell& tell);
/// A policy over 8^20 traces aligned at the answer level, exactly, and checked by sampling.
Section demo_policy(std::uint64_t seed, const Tell& tell);
/// Coherence on a rollout file; `own`: the one of `make_rollouts`.
Section demo_coherence(const std::string& path, bool own, const Tell& tell);
/// A small rollout file, sampled from layered models.
std::string make_rollouts(std::uint64_t seed);

}  // namespace cli
