// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The library dag::compiled.
#define DAG_COMPILED_HERE
#include <dag/alignment/any_equilibrium.hpp>
#include <dag/compiled.hpp>

DAG_COMPILED_LIST()
template dag::AnyEquilibrium dag::any_equilibrium(std::span<const dag::AnyUtility>,
                                                  const dag::Contexts<double>&, double,
                                                  const dag::EquilibriumOptions<double>&);
