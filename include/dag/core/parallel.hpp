// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>

namespace dag::detail {

/// Objects compiled with OpenMP and without may meet in one program: two names.
#if defined(_OPENMP)
inline namespace with_openmp {
#else
inline namespace without_openmp {
#endif

/// Calls f(part) for every part in [0, parts): on at most `threads` threads where the compiler has
/// OpenMP on (link dag::openmp), else one after the other. Parts must not share what they write, so
/// that results do not depend on the number of threads. The error of the first faulty part is
/// thrown once all are done. Errors: invalid_argument (threads < 1).
template <class F>
void spread_parts(std::size_t parts, int threads, F&& f) {
  require(threads >= 1, Errc::invalid_argument, "threads must be at least 1, got ", threads);
#if defined(_OPENMP)
  if (threads > 1 && parts > 1) {
    std::exception_ptr fault;
    const auto count = static_cast<std::int64_t>(parts);
    std::int64_t faulty = count;
    const int team = static_cast<int>(std::min(count, std::int64_t{threads}));
#pragma omp parallel for num_threads(team) schedule(dynamic, 1)
    for (std::int64_t part = 0; part < count; ++part) {
      DAG_TRY { f(static_cast<std::size_t>(part)); }
      DAG_CATCH_ALL {
#pragma omp critical(dag_spread_parts)
        if (part < faulty) {
          faulty = part;
          fault = std::current_exception();
        }
      }
    }
    if (fault) {
      std::rethrow_exception(fault);
    }
    return;
  }
#endif
  for (std::size_t part = 0; part < parts; ++part) {
    f(part);
  }
}

/// f(begin, end) for the chunks of [0, size), each of `chunk` but the last: what `spread_parts` is
/// to parts.
template <class F>
void for_each_chunk(std::size_t size, std::size_t chunk, int threads, F&& f) {
  if (threads == 1 || size <= chunk) {
    f(std::size_t{0}, size);
    return;
  }
  spread_parts((size + chunk - 1) / chunk, threads,
               [&](std::size_t k) { f(k * chunk, std::min(size, (k + 1) * chunk)); });
}

}  // namespace with_openmp / without_openmp
}  // namespace dag::detail
