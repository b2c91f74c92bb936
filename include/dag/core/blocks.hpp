// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

/// The blocks of a stacked point: block b is entries [offset(b), offset(b) + size(b)). A block is
/// one player's strategy, or one context's answer distribution.
class Blocks {
 public:
  Blocks() = default;
  Blocks(std::initializer_list<std::size_t> sizes)
      : Blocks(std::span(sizes.begin(), sizes.size())) {}
  /// Errors: invalid_argument for an empty block or a total that overflows.
  explicit Blocks(std::span<const std::size_t> sizes) {
    offsets_.reserve(sizes.size() + 1);
    for (const std::size_t size : sizes) {
      push_back(size);
    }
  }
  /// `count` blocks of `size` entries each.
  [[nodiscard]] static Blocks uniform(std::size_t count, std::size_t size) {
    Blocks blocks;
    for (std::size_t b = 0; b < count; ++b) {
      blocks.push_back(size);
    }
    return blocks;
  }

  void push_back(std::size_t size) {
    require(size > 0, Errc::invalid_argument, "Blocks: block ", count(), " is empty");
    require(size <= ~std::size_t{0} - total(), Errc::invalid_argument, "Blocks: total overflows");
    offsets_.push_back(total() + size);
  }

  [[nodiscard]] std::size_t count() const noexcept { return offsets_.size() - 1; }
  [[nodiscard]] std::size_t total() const noexcept { return offsets_.back(); }
  /// count() + 1 offsets: block b is [offsets[b], offsets[b + 1]).
  [[nodiscard]] std::span<const std::size_t> offsets() const noexcept { return offsets_; }
  [[nodiscard]] std::size_t offset(std::size_t b) const noexcept { return offsets_[b]; }
  [[nodiscard]] std::size_t size(std::size_t b) const noexcept {
    return offsets_[b + 1] - offsets_[b];
  }
  /// Entries of block b of a stacked vector.
  template <class Scalar>
  [[nodiscard]] std::span<Scalar> of(std::span<Scalar> stacked, std::size_t b) const noexcept {
    return stacked.subspan(offset(b), size(b));
  }
  friend bool operator==(const Blocks&, const Blocks&) = default;

 private:
  std::vector<std::size_t> offsets_{0};
};

}  // namespace dag
