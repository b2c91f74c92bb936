// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The library with the GPU backend. Include it from .cu files compiled by nvcc; or, to run the
/// same code on the host, from C++ compiled with THRUST_DEVICE_SYSTEM set to
/// THRUST_DEVICE_SYSTEM_CPP or THRUST_DEVICE_SYSTEM_OMP.
#include <dag/dag.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/device_alignment.hpp>
#include <dag/gpu/device_divergence.hpp>
#include <dag/gpu/device_rewards.hpp>
#include <dag/gpu/device_rounds.hpp>
#include <dag/gpu/device_tree.hpp>
#include <dag/gpu/dlpack.hpp>
#include <dag/gpu/ragged.hpp>
#include <dag/gpu/sinkhorn.hpp>
#include <dag/gpu/solve_batch.hpp>
#include <dag/gpu/token_log_probs.hpp>
