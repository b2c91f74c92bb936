// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <dag/answers/group.hpp>

namespace dag {

/// The answers of each question that count: those that were sampled, with the ids they have in
/// `groups`, then those that were added because a target, a kernel or a feature speaks of them. A
/// utility that compares answers with each other needs the others too. `groups` must outlive it.
/// Memory: one map entry an answer.
class AnswerUniverse {
 public:
  explicit AnswerUniverse(const AnswerGroups& groups)
      : groups_(groups), ids_(groups.questions.size()), added_(groups.questions.size()) {
    for (std::size_t q = 0; q < ids_.size(); ++q) {
      for (std::size_t id = 0; id < groups.answers_of(q); ++id) {
        const auto z = static_cast<std::int32_t>(id);
        ids_[q].emplace(groups.answer_text(q, z), z);
      }
    }
  }

  [[nodiscard]] const AnswerGroups& groups() const noexcept { return groups_; }
  [[nodiscard]] std::size_t size(std::size_t q) const noexcept { return ids_[q].size(); }
  /// The id of a canonical key, or -1.
  [[nodiscard]] std::int32_t find(std::size_t q, const std::string& key) const {
    const auto at = ids_[q].find(key);
    return at == ids_[q].end() ? -1 : at->second;
  }
  /// Its id, new if it has none.
  std::int32_t add(std::size_t q, const std::string& key) {
    const auto [at, fresh] = ids_[q].emplace(key, static_cast<std::int32_t>(size(q)));
    if (fresh) {
      added_[q].push_back(key);
    }
    return at->second;
  }
  [[nodiscard]] std::string_view text(std::size_t q, std::size_t id) const noexcept {
    const std::size_t sampled = groups_.answers_of(q);
    return id < sampled ? groups_.answer_text(q, static_cast<std::int32_t>(id))
                        : std::string_view(added_[q][id - sampled]);
  }

 private:
  const AnswerGroups& groups_;
  std::vector<std::unordered_map<std::string, std::int32_t>> ids_;
  std::vector<std::vector<std::string>> added_;
};

}  // namespace dag
