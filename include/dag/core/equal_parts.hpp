// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace dag::detail {

/// The items 0 to count - 1 by their key (a shape, a size), each key's in order, cut into parts of
/// at most `most` items of one key: what threads take one after the other.
struct EqualParts {
  std::vector<std::size_t> order;
  std::vector<std::size_t> begin{0};

  template <class Key>
  EqualParts(std::size_t count, std::size_t most, const Key& key) : order(count) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto before = [&](std::size_t a, std::size_t b) { return key(a) < key(b); };
    if (!std::is_sorted(order.begin(), order.end(), before)) {  // sorting alike ones is slow
      std::stable_sort(order.begin(), order.end(), before);
    }
    for (std::size_t k = 1; k <= count; ++k) {
      if (k == count || k - begin.back() == most || key(order[k]) != key(order[k - 1])) {
        begin.push_back(k);
      }
    }
  }
  [[nodiscard]] std::size_t parts() const noexcept { return begin.size() - 1; }
  [[nodiscard]] std::span<const std::size_t> items(std::size_t part) const noexcept {
    return std::span<const std::size_t>(order).subspan(begin[part], begin[part + 1] - begin[part]);
  }
};

}  // namespace dag::detail
