// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Marks a function that runs on the host and, when nvcc compiles it, on the device as well.
#if defined(__CUDACC__)
#define DAG_HOST_DEVICE __host__ __device__
#define DAG_DEVICE __device__
#define DAG_BLOCK_MEMORY __shared__
#else
#define DAG_HOST_DEVICE
#define DAG_DEVICE
#define DAG_BLOCK_MEMORY static
#endif

/// Keeps code that formats and throws out of line, so that the checked path stays small.
#if defined(__GNUC__) || defined(__clang__)
#define DAG_COLD [[gnu::cold, gnu::noinline]]
#else
#define DAG_COLD
#endif

/// Keeps a rarer path out of line, so that the usual one can be inlined.
#if defined(__GNUC__) || defined(__clang__)
#define DAG_OUT_OF_LINE [[gnu::noinline]]
#else
#define DAG_OUT_OF_LINE
#endif

/// -ffast-math makes isfinite(NaN) true and reassociates sums: every check and every determinism
/// contract of this library would be void.
#if defined(__FAST_MATH__) && !defined(DAG_ALLOW_FAST_MATH)
#error "dag: compile without -ffast-math (NaN checks and fixed reduction order depend on it)"
#endif
