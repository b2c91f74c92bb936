// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/concepts.hpp>

namespace dag::detail {

/// What one player's support should gain and lose: strategies of negative weight go, those outside
/// that would earn more come, the worst offenders first.
template <Scalar Real>
struct SupportMoves {
  using Vector = eigen::vector<Real>;
  using Indices = std::vector<Eigen::Index>;
  struct Entry {
    Eigen::Index index;
    Real size;
  };
  std::vector<Entry> add;
  std::vector<Entry> drop;
  SupportMoves(const Vector& p, const Indices& support, const Vector& gain, Real noise) {
    std::vector<char> used(static_cast<std::size_t>(p.size()), 0);
    for (const Eigen::Index i : support) {
      used[static_cast<std::size_t>(i)] = 1;
      if (p(i) < 0) {
        insert(drop, {i, -p(i)});
      }
    }
    for (Eigen::Index i = 0; i < p.size(); ++i) {
      if (used[static_cast<std::size_t>(i)] == 0 && gain(i) > noise) {
        insert(add, {i, gain(i)});
      }
    }
  }
  [[nodiscard]] bool empty() const { return add.empty() && drop.empty(); }
  [[nodiscard]] std::ptrdiff_t net() const {
    return static_cast<std::ptrdiff_t>(add.size()) - static_cast<std::ptrdiff_t>(drop.size());
  }
  void trim_additions(std::ptrdiff_t count) { trim(add, count); }
  void trim_removals(std::ptrdiff_t count) { trim(drop, count); }
  void apply(Indices& support) const {
    for (const Entry& entry : drop) {
      std::erase(support, entry.index);
    }
    for (const Entry& entry : add) {
      support.push_back(entry.index);
    }
  }

 private:
  /// Largest first.
  static void insert(std::vector<Entry>& list, Entry entry) {
    auto at = list.begin();
    while (at != list.end() && at->size >= entry.size) {
      ++at;
    }
    list.insert(at, entry);
  }
  static void trim(std::vector<Entry>& list, std::ptrdiff_t count) {
    const auto size = static_cast<std::ptrdiff_t>(list.size());
    list.erase(list.end() - (count < size ? count : size), list.end());
  }
};

}  // namespace dag::detail
