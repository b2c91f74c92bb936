// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All of dag/solver/response/; filled by scripts/sync_umbrellas.py.
#include <dag/solver/response/best_response_dynamics.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/frank_wolfe.hpp>
#include <dag/solver/response/hedge.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#include <dag/solver/response/regret_dynamics.hpp>
#include <dag/solver/response/regret_matching.hpp>
#include <dag/solver/response/regret_matching_plus.hpp>
#include <dag/solver/response/replicator.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>
