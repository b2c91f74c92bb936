// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/version.hpp>

/// Said first and alone: the second line stops the compiler before it finds a thousand other
/// faults.
#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "dag needs C++20: compile with -std=c++20 (MSVC: /std:c++20)"
#include <dag_needs_cpp20>
#endif

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

/// -ffast-math makes isfinite(NaN) true and reassociates sums, -ffinite-math-only alone does the
/// first, and so does MSVC's /fp:fast: every check and every determinism contract of this library
/// would be void.
#if !defined(DAG_ALLOW_FAST_MATH) && (defined(__FAST_MATH__) || defined(_M_FP_FAST) || \
                                      (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0))
#error "dag: compile without -ffast-math, -ffinite-math-only and /fp:fast (NaN checks depend on it)"
#endif

/// windows.h has min and max as macros unless NOMINMAX is defined before it: std::min would then be
/// no name in any header of C++.
#if defined(min) || defined(max)
#error "dag: min or max is a macro; define NOMINMAX before windows.h"
#endif

/// One exception type in every shared object that throws or catches it, whatever their visibility.
#if defined(__GNUC__) || defined(__clang__)
#define DAG_VISIBLE [[gnu::visibility("default")]]
#else
#define DAG_VISIBLE
#endif

/// Without exceptions (-fno-exceptions) an error ends the program with its message. A program that
/// wants something else defines DAG_THROW(error) before the first include: an expression that does
/// not return, of a `const dag::Error&`.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define DAG_EXCEPTIONS 1
#else
#define DAG_EXCEPTIONS 0
#endif
#if !defined(DAG_THROW) && DAG_EXCEPTIONS
#define DAG_THROW(error) throw error
#endif

/// `DAG_TRY {...} DAG_CATCH(Error, fault) {...}`: without exceptions the second part is compiled
/// and never run.
#if DAG_EXCEPTIONS
#define DAG_TRY try
#define DAG_CATCH(type, name) catch (const type& name)
#define DAG_CATCH_ALL catch (...)
#else
#define DAG_TRY if constexpr (true)
#define DAG_CATCH(type, name) else if (const type& name = ::dag::detail::never<type>(); false)
#define DAG_CATCH_ALL else
namespace dag::detail {
template <class T>
const T& never();
}
#endif

/// The inline namespace of what depends on the version and on the instructions that a translation
/// unit is compiled for. Files compiled with different -m flags then have functions of different
/// names, where the linker would else keep one for both: its widths and Eigen's alignments would be
/// wrong in the other file. Objects of two versions of the library do not mix either.
#if defined(__AVX512F__)
#define DAG_INSTRUCTIONS avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define DAG_INSTRUCTIONS avx2_fma
#elif defined(__AVX2__)
#define DAG_INSTRUCTIONS avx2
#elif defined(__AVX__)
#define DAG_INSTRUCTIONS avx
#else
#define DAG_INSTRUCTIONS base
#endif
#define DAG_JOIN_NAMES(a, b, c, d) a##b##_##c##_##d
#define DAG_EXPAND_NAMES(a, b, c, d) DAG_JOIN_NAMES(a, b, c, d)
#define DAG_BINARY_NAMESPACE \
  DAG_EXPAND_NAMES(v, DAG_VERSION_MAJOR, DAG_VERSION_MINOR, DAG_INSTRUCTIONS)
