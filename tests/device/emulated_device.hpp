// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// CUDA's threads on the host, for tests: included ahead of the library (-include), it lets
// `dag::device::DeviceBlock` and `DeviceWarp` run as they are, every thread of a block a coroutine
// with a stack of its own. A thread runs until it meets a barrier or a shuffle; which of the others
// goes on then is drawn anew for every launch (forward, backward or shuffled, a warp running ahead
// as far as it can), so that a result that needs a barrier which is not there comes out wrong.
// Memory of a block is poisoned (bytes 0xff: NaN, -1) before the block starts. Threads of a warp
// that wait for different things, or of which some have left, end the program with a message.
#define DAG_EMULATED_DEVICE

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <ucontext.h>

namespace dag::device {

class EmulatedThreads {
 public:
  static constexpr unsigned warp = 32;
  enum class Kind { running, warp_barrier, exchange, block_barrier, done };

  [[nodiscard]] static EmulatedThreads& of_process() {
    static EmulatedThreads threads;
    return threads;
  }

  /// body() on every thread of every block.
  template <class Body>
  void launch(std::size_t blocks, unsigned threads, std::size_t shared_bytes, const Body& body) {
    work_ = [](const void* of) { (*static_cast<const Body*>(of))(); };
    argument_ = &body;
    ++launches_;
    size_ = threads;
    blocks_ = blocks;
    shared_.resize(shared_bytes / 16 + 1);
    const std::vector<std::size_t> order = drawn_order(blocks);
    for (const std::size_t block : order) {
      block_ = block;
      std::memset(shared_.data(), 0xff, shared_.size() * sizeof shared_[0]);
      run_block();
    }
  }

  [[nodiscard]] unsigned thread() const { return current_; }
  [[nodiscard]] std::size_t block() const { return block_; }
  [[nodiscard]] unsigned threads() const { return size_; }
  [[nodiscard]] std::size_t blocks() const { return blocks_; }
  [[nodiscard]] unsigned char* memory() { return shared_[0].bytes; }

  void wait(Kind kind, unsigned detail = 0) {
    Thread& me = *threads_[current_];
    me.kind = kind;
    me.detail = detail;
    if (_setjmp(me.context) == 0) {
      _longjmp(scheduler_, 1);
    }
  }
  /// What lane `from` of this thread's warp passes in the same call.
  [[nodiscard]] unsigned exchange(unsigned word, unsigned from, unsigned detail) {
    const unsigned lane = current_ % warp, first = current_ - lane;
    Thread& me = *threads_[current_];
    const unsigned side = me.exchanges++ % 2;
    me.slot[side] = word;
    wait(Kind::exchange, detail);
    return threads_[first + (from < warp ? from : lane)]->slot[side];
  }

 private:
  static constexpr std::size_t stack_bytes = 128 * 1024;
  struct Thread {
    std::unique_ptr<unsigned char[]> stack{new unsigned char[stack_bytes]};
    jmp_buf context;
    Kind kind = Kind::done;
    unsigned detail = 0;
    unsigned exchanges = 0;
    unsigned slot[2] = {};
  };
  struct alignas(16) Word {
    unsigned char bytes[16];
  };

  [[nodiscard]] std::uint64_t draw() {  // splitmix64
    std::uint64_t z = seed_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// 0, ..., count - 1 forward, backward or shuffled, by turns of launches.
  [[nodiscard]] std::vector<std::size_t> drawn_order(std::size_t count) {
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) {
      order[i] = launches_ % 3 == 1 ? count - 1 - i : i;
    }
    for (std::size_t i = count; launches_ % 3 == 2 && i > 1; --i) {
      std::swap(order[i - 1], order[draw() % i]);
    }
    return order;
  }
  [[noreturn]] void stop(const char* what) const {
    std::fprintf(stderr, "emulated device: block %zu, thread %u: %s\n", block_, current_, what);
    std::abort();
  }

  /// First entry of a thread, on its own stack.
  static void enter() {
    EmulatedThreads& all = of_process();
    all.work_(all.argument_);
    all.threads_[all.current_]->kind = Kind::done;
    _longjmp(all.scheduler_, 1);
  }
  void start(unsigned t) {
    Thread& thread = *threads_[t];
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = thread.stack.get();
    context.uc_stack.ss_size = stack_bytes;
    context.uc_link = nullptr;
    makecontext(&context, &EmulatedThreads::enter, 0);
    thread.kind = Kind::running;
    thread.exchanges = 0;
    current_ = t;
    if (_setjmp(scheduler_) == 0) {
      setcontext(&context);
    }
  }
  void resume(unsigned t) {
    current_ = t;
    threads_[t]->kind = Kind::running;
    if (_setjmp(scheduler_) == 0) {
      _longjmp(threads_[t]->context, 1);
    }
  }
  /// Runs warp w as far as it goes without the others; `fresh`: its threads have not started.
  void run_warp(unsigned w, bool fresh) {
    const unsigned first = w * warp;
    for (bool go = true; go;) {
      for (const std::size_t lane : drawn_order(warp)) {
        const unsigned t = first + static_cast<unsigned>(lane);
        fresh ? start(t) : resume(t);
      }
      fresh = false;
      const Thread& one = *threads_[first];
      for (unsigned lane = 1; lane < warp; ++lane) {
        current_ = first + lane;
        const Thread& other = *threads_[current_];
        if (other.kind != one.kind || other.detail != one.detail ||
            other.exchanges != one.exchanges) {
          stop("the lanes of a warp wait for different things");
        }
      }
      go = one.kind == Kind::warp_barrier || one.kind == Kind::exchange;
    }
  }
  void run_block() {
    while (threads_.size() < size_) {
      threads_.push_back(std::make_unique<Thread>());
    }
    for (bool fresh = true;; fresh = false) {
      for (const std::size_t w : drawn_order(size_ / warp)) {
        run_warp(static_cast<unsigned>(w), fresh);
      }
      for (unsigned t = 0; t < size_; ++t) {
        current_ = t;
        if (threads_[t]->kind != threads_[0]->kind) {
          stop("some threads have left the block while others wait");
        }
      }
      if (threads_[0]->kind == Kind::done) {
        return;
      }
    }
  }

  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Word> shared_;
  void (*work_)(const void*) = nullptr;
  const void* argument_ = nullptr;
  jmp_buf scheduler_;
  std::uint64_t seed_ = 1;
  std::size_t launches_ = 0;
  std::size_t block_ = 0, blocks_ = 0;
  unsigned size_ = 0, current_ = 0;
};

// CUDA's names, as DeviceBlock and DeviceWarp use them.
struct EmulatedThreadIndex {
  struct X {
    operator unsigned() const { return EmulatedThreads::of_process().thread(); }  // NOLINT
  } x;
};
struct EmulatedBlockIndex {
  struct X {
    operator unsigned() const {  // NOLINT
      return static_cast<unsigned>(EmulatedThreads::of_process().block());
    }
  } x;
};
struct EmulatedBlockSize {
  struct X {
    operator unsigned() const { return EmulatedThreads::of_process().threads(); }  // NOLINT
  } x;
};
struct EmulatedGridSize {
  struct X {
    operator unsigned() const {  // NOLINT
      return static_cast<unsigned>(EmulatedThreads::of_process().blocks());
    }
  } x;
};
inline constexpr EmulatedThreadIndex threadIdx{};
inline constexpr EmulatedBlockIndex blockIdx{};
inline constexpr EmulatedBlockSize blockDim{};
inline constexpr EmulatedGridSize gridDim{};

inline void __syncthreads() {
  EmulatedThreads::of_process().wait(EmulatedThreads::Kind::block_barrier);
}
inline void __syncwarp() {
  EmulatedThreads::of_process().wait(EmulatedThreads::Kind::warp_barrier);
}

// What gpu/block.hpp takes from CUB on a GPU.
template <class Value>
[[nodiscard]] Value exchanged(const Value& value, unsigned from, unsigned detail) {
  static_assert(sizeof(Value) % sizeof(unsigned) == 0);
  unsigned words[sizeof(Value) / sizeof(unsigned)];
  std::memcpy(words, &value, sizeof value);
  for (unsigned& word : words) {
    word = EmulatedThreads::of_process().exchange(word, from, detail);
  }
  Value moved;
  std::memcpy(&moved, words, sizeof moved);
  return moved;
}
template <class Value>
[[nodiscard]] Value shuffle(const Value& value, unsigned from) {
  return exchanged(value, from, 200);
}
template <class Value, class Operation>
[[nodiscard]] Value fold_to_first(Value value, Operation op) {
  for (unsigned half = EmulatedThreads::warp / 2; half > 0; half /= 2) {
    const unsigned lane = EmulatedThreads::of_process().thread() % EmulatedThreads::warp;
    value = op(value, exchanged(value, lane + half, 100 + half));
  }
  return value;
}

}  // namespace dag::device
