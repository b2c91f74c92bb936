// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/answers/group.hpp>

namespace dag {

/// What merge_equivalent did, and whether the predicate was an equivalence.
struct EquivalenceReport {
  std::size_t pairs = 0;         ///< pairs of distinct answers that were compared
  std::size_t merged = 0;        ///< answers that lost an id of their own
  std::size_t asymmetric = 0;    ///< pairs with equal(a, b) != equal(b, a)
  std::size_t intransitive = 0;  ///< pairs in one class although equal says they differ
  friend bool operator==(const EquivalenceReport&, const EquivalenceReport&) = default;
};

/// Merges answers of a question that a predicate calls equal, by union-find over its distinct
/// answers: a and b share an id if equal(a, b) or equal(b, a), directly or through others. The
/// predicate need be neither symmetric nor transitive; the report counts where it is not. Each
/// class keeps its smallest id's key; ids stay dense in order of first appearance. `right` is
/// unchanged.
///
/// `equal`: bool(std::string_view a, std::string_view b), called twice a pair on canonical keys.
/// Cost: d^2 calls for a question of d distinct answers.
template <class Equal>
EquivalenceReport merge_equivalent(AnswerGroups& groups, Equal&& equal) {
  EquivalenceReport report;
  std::vector<std::int64_t> answer_begin{0};
  std::vector<std::int32_t> answer_key;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    const std::size_t count = groups.answers_of(q);
    std::vector<std::size_t> parent(count);
    std::vector<char> same(count * count);
    for (std::size_t a = 0; a < count; ++a) {
      parent[a] = a;
    }
    const auto root = [&](std::size_t a) {
      while (parent[a] != a) {
        a = parent[a] = parent[parent[a]];
      }
      return a;
    };
    for (std::size_t b = 1; b < count; ++b) {
      for (std::size_t a = 0; a < b; ++a) {
        const auto left = groups.answer_text(q, static_cast<std::int32_t>(a));
        const auto right = groups.answer_text(q, static_cast<std::int32_t>(b));
        const bool forward = equal(left, right);
        const bool backward = equal(right, left);
        ++report.pairs;
        report.asymmetric += forward != backward ? 1 : 0;
        same[b * count + a] = static_cast<char>(forward || backward);
        if (forward || backward) {
          const std::size_t low = root(a) < root(b) ? root(a) : root(b);
          const std::size_t high = root(a) < root(b) ? root(b) : root(a);
          parent[high] = low;
        }
      }
    }
    std::vector<std::int32_t> renamed(count);
    const std::size_t first = answer_key.size();
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = a + 1; b < count; ++b) {
        report.intransitive += root(a) == root(b) && same[b * count + a] == 0 ? 1 : 0;
      }
      if (root(a) == a) {
        renamed[a] = static_cast<std::int32_t>(answer_key.size() - first);
        answer_key.push_back(
            groups.answer_key[static_cast<std::size_t>(groups.answer_begin[q]) + a]);
      } else {
        renamed[a] = renamed[root(a)];  // the root is the smallest id: already renamed
        ++report.merged;
      }
    }
    answer_begin.push_back(static_cast<std::int64_t>(answer_key.size()));
    for (const auto g : groups.groups_of(q)) {
      for (auto i = groups.begin[static_cast<std::size_t>(g)];
           i < groups.begin[static_cast<std::size_t>(g) + 1]; ++i) {
        auto& answer = groups.answer[static_cast<std::size_t>(i)];
        answer = answer < 0 ? answer : renamed[static_cast<std::size_t>(answer)];
      }
    }
  }
  groups.answer_begin = std::move(answer_begin);
  groups.answer_key = std::move(answer_key);
  return report;
}

}  // namespace dag
