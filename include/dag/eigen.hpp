// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The library with the CPU backend.
#include <dag/backend/eigen_backend.hpp>
#include <dag/dag.hpp>
