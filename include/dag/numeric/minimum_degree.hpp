// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>

namespace dag::detail {

/// An order of the nodes of a graph in which a symmetric matrix of that pattern fills up little
/// when it is eliminated: always a node of least (approximate) degree next. `neighbors[v]` may have
/// repetitions and v itself, and has to be symmetric; `weights[v]` unknowns stand behind node v.
///
/// Source: Amestoy, Davis and Duff (1996), doi:10.1137/S0895479894278952: quotient graphs,
/// absorption of elements, bounds on degrees; without their supervariables. Ties by number:
/// deterministic. Incomplete once the deadline has passed.
[[nodiscard]] inline std::vector<std::uint32_t> minimum_degree(
    std::vector<std::vector<std::uint32_t>> neighbors, const std::vector<std::uint32_t>& weights,
    const Deadline& deadline = {}) {
  const std::size_t n = neighbors.size();
  std::vector<std::vector<std::uint32_t>> elements(n);  // that a node is part of
  std::vector<std::vector<std::uint32_t>> members(n);   // of the element that a node has become
  std::vector<std::uint64_t> size(n, 0);                // weight of its members left
  std::vector<std::uint64_t> outside(n, 0);             // weight of an element's members elsewhere
  std::vector<std::uint32_t> seen(n, 0);
  std::vector<std::uint32_t> in_front(n, 0);
  std::vector<std::uint64_t> degree(n, 0);
  enum class State : char { node, element, absorbed };
  std::vector<State> state(n, State::node);
  using Entry = std::pair<std::uint64_t, std::uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (std::uint32_t v = 0; v < n; ++v) {
    auto& own = neighbors[v];
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    own.erase(std::remove(own.begin(), own.end(), v), own.end());
    for (const std::uint32_t u : own) {
      degree[v] += weights[u];
    }
    queue.emplace(degree[v], v);
  }
  std::vector<std::uint32_t> order;
  order.reserve(n);
  std::uint32_t stamp = 0;
  std::size_t spent = 0;
  while (order.size() < n) {
    if (spent > 200'000) {
      spent = 0;
      if (deadline.passed()) {
        break;
      }
    }
    const std::uint64_t least = queue.top().first;
    const std::uint32_t pivot = queue.top().second;
    queue.pop();
    if (state[pivot] != State::node || degree[pivot] != least) {
      continue;
    }
    order.push_back(pivot);
    ++stamp;
    // The front: all nodes that the pivot is connected with, through elements or directly.
    std::vector<std::uint32_t>& front = members[pivot];
    in_front[pivot] = stamp;
    const auto join = [&](std::uint32_t u) {
      if (state[u] == State::node && in_front[u] != stamp) {
        in_front[u] = stamp;
        front.push_back(u);
        size[pivot] += weights[u];
      }
    };
    for (const std::uint32_t u : neighbors[pivot]) {
      join(u);
    }
    for (const std::uint32_t e : elements[pivot]) {
      for (const std::uint32_t u : members[e]) {
        join(u);
      }
      state[e] = State::absorbed;
      members[e] = {};
    }
    state[pivot] = State::element;
    neighbors[pivot] = {};
    elements[pivot] = {};
    for (const std::uint32_t u : front) {
      for (const std::uint32_t e : elements[u]) {
        if (state[e] != State::element) {
          continue;
        }
        if (seen[e] != stamp) {
          seen[e] = stamp;
          outside[e] = size[e];
        }
        outside[e] -= weights[u];
      }
    }
    for (const std::uint32_t u : front) {
      std::uint64_t sum = size[pivot] - weights[u];
      auto& own = elements[u];
      // An element inside the new one is absorbed by it.
      own.erase(std::remove_if(
                    own.begin(), own.end(),
                    [&](std::uint32_t e) { return state[e] != State::element || outside[e] == 0; }),
                own.end());
      for (const std::uint32_t e : own) {
        sum += outside[e];
      }
      spent += own.size() + neighbors[u].size() + 1;
      own.push_back(pivot);
      auto& direct = neighbors[u];
      direct.erase(std::remove_if(direct.begin(), direct.end(),
                                  [&](std::uint32_t v) {
                                    return state[v] != State::node || in_front[v] == stamp;
                                  }),
                   direct.end());
      for (const std::uint32_t v : direct) {
        sum += weights[v];
      }
      if (sum != degree[u]) {
        degree[u] = sum;
        queue.emplace(sum, u);
      }
    }
  }
  return order;
}

}  // namespace dag::detail
