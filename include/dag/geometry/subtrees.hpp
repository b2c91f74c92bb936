// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/parallel.hpp>
#include <dag/detail/config.hpp>
#include <dag/geometry/treeplex_shape.hpp>

namespace dag::detail {

/// How the passes over one player's treeplex are spread over threads: subtrees of information sets
/// in parts of about equal size, which share nothing, and the crown above them, which one thread
/// does. What a subtree's root is worth is kept until the crown adds it above, in the order of one
/// pass over all sets: every number of threads has the bits of that pass. The cut does not depend
/// on the number of threads.
///
/// Memory: 12 bytes a run of sets that follow each other in a part (in prefix order, few).
class Subtrees {
 public:
  /// Below, starting threads takes longer than the sets (sequences of a player).
  static constexpr std::size_t worth_from = 20'000;

  /// The sets [begin, end) of a shape, all of one player, in one piece.
  Subtrees(std::uint32_t begin, std::uint32_t end) : begin_(begin), end_(end) {}
  /// Cut for threads, where there are enough of them.
  Subtrees(const TreeplexShape& shape, std::uint32_t begin, std::uint32_t end)
      : Subtrees(begin, end) {
    const std::uint32_t offset = begin < end ? shape.first[begin] - 1 : 0;  // the empty sequence
    const std::size_t sequences =
        begin < end ? shape.first[end - 1] + shape.size[end - 1] - offset : 0;
    if (sequences < worth_from) {
      return;
    }
    std::vector<std::uint32_t> above(sequences, none);  // the set that a sequence is an action of
    std::vector<std::size_t> weight(end - begin);       // sequences in the subtree of a set
    for (std::uint32_t k = begin; k < end; ++k) {
      std::fill_n(above.begin() + (shape.first[k] - offset), shape.size[k], k);
    }
    for (std::uint32_t k = end; k-- > begin;) {
      weight[k - begin] += shape.size[k];
      const std::uint32_t up = above[shape.parent[k] - offset];
      if (up != none) {
        weight[up - begin] += weight[k - begin];
      }
    }
    const std::size_t grain = std::max(worth_from / 8, sequences / 64);
    std::vector<std::uint32_t> part(end - begin, none);  // none: of the crown
    std::size_t filled = 0;
    for (std::uint32_t k = begin; k < end; ++k) {
      const std::uint32_t up = above[shape.parent[k] - offset];
      const bool below_crown = up == none || part[up - begin] == none;
      const bool root = below_crown && weight[k - begin] <= grain;
      if (!below_crown) {
        part[k - begin] = part[up - begin];
      } else if (root) {
        if (parts_.empty() || filled + weight[k - begin] > grain) {
          parts_.emplace_back();
          filled = 0;
        }
        filled += weight[k - begin];
        part[k - begin] = static_cast<std::uint32_t>(parts_.size() - 1);
      }
      const std::uint32_t slot = root ? roots_++ : none;
      if (part[k - begin] != none) {
        extend(parts_[part[k - begin]], k, slot);
      }
      if (below_crown) {
        extend(crown_, k, slot);
      }
    }
  }

  /// Parts that threads may take; 0: the player's tree is too small to cut.
  [[nodiscard]] std::size_t parts() const noexcept { return parts_.size(); }

  /// Bottom-up: q[parent[k]] += value(k) for every set, after all sets below it.
  template <class Real, class Value>
  void up(const TreeplexShape& shape, int threads, std::span<Real> q, const Value& value) const {
    if (threads > 1 && parts_.size() > 1) {
      up_parts(shape, threads, q.data(), value);
      return;
    }
    Real* const sums = q.data();
    const std::uint32_t* const parent = shape.parent.data();
    for (std::uint32_t k = end_; k-- > begin_;) {
      sums[parent[k]] += value(k);
    }
  }

  /// Top-down: each(k) for every set, after the set above it.
  template <class Each>
  void down(int threads, const Each& each) const {
    if (threads > 1 && parts_.size() > 1) {
      down_parts(threads, each);
      return;
    }
    for (std::uint32_t k = begin_; k < end_; ++k) {
      each(k);
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  /// Sets that follow each other; roots of subtrees have the slots of their worth from `slot` on.
  struct Run {
    std::uint32_t begin, end, slot;
  };

  static void extend(std::vector<Run>& runs, std::uint32_t k, std::uint32_t slot) {
    if (!runs.empty() && runs.back().end == k &&
        (slot == none
             ? runs.back().slot == none
             : runs.back().slot != none && slot - runs.back().slot == k - runs.back().begin)) {
      ++runs.back().end;
    } else {
      runs.push_back({k, k + 1, slot});
    }
  }
  template <class Each>
  static void backward(const std::vector<Run>& runs, Each&& each) {
    for (std::size_t r = runs.size(); r-- > 0;) {
      const Run& run = runs[r];
      for (std::uint32_t k = run.end; k-- > run.begin;) {
        each(k, run.slot == none ? none : run.slot + (k - run.begin));
      }
    }
  }

  template <class Real, class Value>
  DAG_OUT_OF_LINE void up_parts(const TreeplexShape& shape, int threads, Real* q,
                                const Value& value) const {
    thread_local std::vector<Real> memory;
    memory.resize(std::max<std::size_t>(memory.size(), roots_));
    Real* const worth = memory.data();  // the caller's: a thread of the team has its own memory
    spread_parts(parts_.size(), threads, [&](std::size_t p) {
      backward(parts_[p], [&](std::uint32_t k, std::uint32_t slot) {
        const Real found = value(k);
        if (slot != none) {
          worth[slot] = found;
        } else {
          q[shape.parent[k]] += found;
        }
      });
    });
    backward(crown_, [&](std::uint32_t k, std::uint32_t slot) {
      q[shape.parent[k]] += slot != none ? worth[slot] : value(k);
    });
  }
  template <class Each>
  DAG_OUT_OF_LINE void down_parts(int threads, const Each& each) const {
    for (const Run& run : crown_) {
      for (std::uint32_t k = run.begin; run.slot == none && k < run.end; ++k) {
        each(k);
      }
    }
    spread_parts(parts_.size(), threads, [&](std::size_t p) {
      for (const Run& run : parts_[p]) {
        for (std::uint32_t k = run.begin; k < run.end; ++k) {
          each(k);
        }
      }
    });
  }

  std::uint32_t begin_;
  std::uint32_t end_;
  std::uint32_t roots_ = 0;
  std::vector<std::vector<Run>> parts_;
  std::vector<Run> crown_;  ///< of the crown, and the roots of the subtrees
};

/// `for_each_chunk` over entries of vectors: chunks of whole cache lines, longer work than the
/// start of a thread.
template <class F>
void for_each_vector_chunk(std::size_t size, int threads, F&& f) {
  for_each_chunk(size, 16'384, threads, f);
}

}  // namespace dag::detail
