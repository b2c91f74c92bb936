// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Device memory as a GPU's is, on the host, for tests: included ahead of the library (-include), it
// closes what the backend allocates to everything but kernels, Thrust's algorithms and the
// backend's own copies, so that host code that touches device memory ends the program;
// `expect_device` ends it where host memory is passed for device memory. New and freed memory is
// poisoned (bytes 0xff: NaN, -1).
#define DAG_GUARDED_MEMORY

#include <bit>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace dag::device {

class GuardedMemory {
 public:
  [[nodiscard]] static GuardedMemory& of_process() {
    static GuardedMemory* const memory = new GuardedMemory;  // outlives static backends
    return *memory;
  }

  /// Lets code touch the memory for as long as it lives.
  class Open {
   public:
    Open() { of_process().change(1); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() { of_process().change(-1); }
  };

  [[nodiscard]] void* allocate(std::size_t bytes) {
    const std::size_t rank = rank_of(bytes);
    if (bytes > room || (free_[rank].empty() && (std::size_t{1} << rank) > room - used_)) {
      throw std::bad_alloc();
    }
    if (!free_[rank].empty()) {
      void* const again = free_[rank].back();
      free_[rank].pop_back();
      return again;  // poisoned when it was freed
    }
    unsigned char* const fresh = base_ + used_;
    used_ += std::size_t{1} << rank;
    sizes_.push_back({fresh, rank});
    const Open open;
    std::memset(fresh, 0xff, std::size_t{1} << rank);
    return fresh;
  }
  void free(void* memory) {
    std::size_t low = 0, high = sizes_.size();  // sorted by address
    while (high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      (static_cast<unsigned char*>(memory) < sizes_[middle].first ? high : low) = middle;
    }
    if (sizes_.empty() || sizes_[low].first != memory) {
      stop("memory is freed that was not allocated here");
    }
    const Open open;
    std::memset(memory, 0xff, std::size_t{1} << sizes_[low].rank);
    free_[sizes_[low].rank].push_back(memory);
  }
  [[nodiscard]] bool owns(const void* memory) const {
    const auto* const at = static_cast<const unsigned char*>(memory);
    return at >= base_ && at < base_ + room;
  }
  [[noreturn]] static void stop(const char* what) {
    std::fprintf(stderr, "guarded device memory: %s\n", what);
    std::abort();
  }

 private:
  static constexpr std::size_t room = std::size_t{1} << 32U;
  struct Size {
    unsigned char* first;
    std::size_t rank;
  };

  GuardedMemory()
      : base_(static_cast<unsigned char*>(
            mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
    if (base_ == MAP_FAILED) {
      stop("no address space");
    }
  }
  /// 2^rank bytes, at least 256: so is CUDA's alignment.
  [[nodiscard]] static std::size_t rank_of(std::size_t bytes) {
    return bytes <= 256 ? 8 : static_cast<std::size_t>(std::bit_width(bytes - 1));
  }
  void change(int by) {
    const bool was_open = open_ > 0;
    open_ += by;
    if ((open_ > 0) != was_open && used_ > 0) {
      (void)mprotect(base_, used_, open_ > 0 ? PROT_READ | PROT_WRITE : PROT_NONE);
    }
  }

  unsigned char* base_;
  std::size_t used_ = 0;
  int open_ = 0;
  std::vector<Size> sizes_;
  std::vector<void*> free_[64];
};

}  // namespace dag::device
