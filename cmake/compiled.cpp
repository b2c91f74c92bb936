// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The library dag::compiled.
#define DAG_COMPILED_HERE
#include <dag/compiled.hpp>

DAG_COMPILED_LIST()
