// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

// Bytes on the heap, now and at most, as the allocator counts them. Replaces operator new of the
// program: for the one file of a benchmark.
inline std::size_t heap_now = 0;
inline std::size_t heap_most = 0;

[[gnu::noinline]] void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  heap_now += malloc_usable_size(block);
  heap_most = std::max(heap_most, heap_now);
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  heap_now -= block == nullptr ? 0 : malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
