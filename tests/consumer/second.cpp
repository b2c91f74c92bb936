// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#if __has_include(<dag/dag.hpp>)
#include <dag/dag.hpp>
#endif
#include <dag/core/random.hpp>

double draw() { return dag::RandomStream(1, 2).uniform(); }
