// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The library without a backend: everything that needs the standard library alone.
#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/core/status.hpp>
#include <dag/game/bilinear.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/geometry/euclidean.hpp>
#include <dag/geometry/product.hpp>
#include <dag/geometry/sets.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/mirror_prox.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/version.hpp>
