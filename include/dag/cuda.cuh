// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The library with the GPU backend. Include it from .cu files compiled by nvcc; or, to run the
/// same code on the host, from C++ compiled with THRUST_DEVICE_SYSTEM set to
/// THRUST_DEVICE_SYSTEM_CPP or THRUST_DEVICE_SYSTEM_OMP.
#include <dag/backend/cuda.cuh>
#include <dag/backend/cuda/ragged.hpp>
#include <dag/backend/cuda/sinkhorn.hpp>
#include <dag/backend/cuda/solve_batch.hpp>
#include <dag/backend/cuda/token_log_probs.hpp>
#include <dag/dag.hpp>
#include <dag/divergence/device_divergence.hpp>
#include <dag/game/device_alignment.hpp>
#include <dag/rollout/device_rewards.hpp>
#include <dag/solver/device_more_rounds.hpp>
#include <dag/solver/device_rounds.hpp>
