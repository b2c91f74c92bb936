// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dag/answers/interner.hpp>
#include <dag/core/error.hpp>
#include <dag/text/answer_key.hpp>

namespace dag {

/// Groups of sampled answers as flat arrays (structure of arrays, ragged by offsets): all that
/// rewards, advantages and statistics need. A *group* is the samples of one (question, context); a
/// question may have groups in many contexts. Group ids come from names, never from position.
///
/// Memory: 5 bytes a sample, about 24 a group, and the distinct strings.
struct AnswerGroups {
  // Samples, in the order they were added.
  std::vector<std::int32_t> answer;    ///< id within the question, dense from 0; -1: missing
  std::vector<std::int8_t> right;      ///< 1 right, 0 wrong, -1 not known (no gold, no verdict)
  std::vector<std::int64_t> begin{0};  ///< groups + 1 offsets into the samples

  // Groups.
  std::vector<std::int32_t> question;  ///< index into `questions`
  std::vector<std::int32_t> context;   ///< index into `contexts`

  // Questions.
  std::vector<std::int64_t> question_begin{0};  ///< questions + 1 offsets into `by_question`
  std::vector<std::int32_t> by_question;        ///< groups sorted by question, stable
  std::vector<std::int64_t> answer_begin{0};    ///< questions + 1 offsets into `answer_key`
  std::vector<std::int32_t> answer_key;  ///< canonical key (index into `keys`) of each answer

  // Names.
  StringInterner questions;
  StringInterner contexts;
  StringInterner keys;

  [[nodiscard]] std::size_t samples() const noexcept { return answer.size(); }
  [[nodiscard]] std::size_t groups() const noexcept { return question.size(); }

  /// The answers of group g.
  [[nodiscard]] std::span<const std::int32_t> group(std::size_t g) const noexcept {
    return std::span(answer).subspan(at(begin[g]), at(begin[g + 1] - begin[g]));
  }
  [[nodiscard]] std::span<const std::int8_t> group_right(std::size_t g) const noexcept {
    return std::span(right).subspan(at(begin[g]), at(begin[g + 1] - begin[g]));
  }
  /// The groups (indices) of question q.
  [[nodiscard]] std::span<const std::int32_t> groups_of(std::size_t q) const noexcept {
    return std::span(by_question)
        .subspan(at(question_begin[q]), at(question_begin[q + 1] - question_begin[q]));
  }
  /// How many distinct answers were sampled for question q, over all contexts.
  [[nodiscard]] std::size_t answers_of(std::size_t q) const noexcept {
    return at(answer_begin[q + 1] - answer_begin[q]);
  }
  /// The canonical key of answer `id` of question q.
  [[nodiscard]] std::string_view answer_text(std::size_t q, std::int32_t id) const noexcept {
    return keys[answer_key[at(answer_begin[q]) + at(id)]];
  }

  /// Refuses groups of which a question is not complete: `contexts` groups of different contexts
  /// with `samples` samples each (missing answers count). Rewards that compare contexts are wrong
  /// in silence where a batch holds a part of a question. `count`: what each entry stands for;
  /// none: 1. Errors: invalid_argument, naming the question and what it has.
  void require(std::size_t contexts, std::size_t samples,
               std::span<const std::int64_t> count = {}) const;

 private:
  [[nodiscard]] static constexpr std::size_t at(std::int64_t offset) noexcept {
    return static_cast<std::size_t>(offset);
  }
};

inline void AnswerGroups::require(std::size_t wanted_contexts, std::size_t wanted_samples,
                                  std::span<const std::int64_t> count) const {
  std::vector<std::int32_t> owner(contexts.size(), -1);
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const auto name = questions[static_cast<std::int32_t>(q)];
    const auto members = groups_of(q);
    for (const auto g : members) {
      const auto group = static_cast<std::size_t>(g);
      std::size_t size = 0;
      for (std::size_t i = at(begin[group]); i < at(begin[group + 1]); ++i) {
        size += count.empty() ? 1 : at(count[i]);
      }
      const auto where = contexts[context[group]];
      dag::require(size == wanted_samples, Errc::invalid_argument, "question '", name,
                   "' is not complete: context '", where, "' has ", size, " samples, wanted ",
                   wanted_samples);
      std::int32_t& seen = owner[static_cast<std::size_t>(context[group])];
      dag::require(seen != static_cast<std::int32_t>(q), Errc::invalid_argument, "question '", name,
                   "' has context '", where, "' twice");
      seen = static_cast<std::int32_t>(q);
    }
    dag::require(members.size() == wanted_contexts, Errc::invalid_argument, "question '", name,
                 "' is not complete: it has ", members.size(), " contexts, wanted ",
                 wanted_contexts);
  }
}

/// Numbers the answers of each question by the byte order of their keys, where a builder numbers
/// them by first appearance: what is computed from the ids alone is then the same in any order of
/// groups and samples. Time: linear, and a sort of the distinct answers.
inline void sort_answers(AnswerGroups& groups) {
  std::vector<std::int32_t> order, renamed, keys;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    const auto first = static_cast<std::size_t>(groups.answer_begin[q]);
    const std::size_t count = groups.answers_of(q);
    order.resize(count);
    renamed.resize(count);
    for (std::size_t id = 0; id < count; ++id) {
      order[id] = static_cast<std::int32_t>(id);
    }
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return groups.answer_text(q, a) < groups.answer_text(q, b);
    });
    keys.assign(groups.answer_key.begin() + static_cast<std::ptrdiff_t>(first),
                groups.answer_key.begin() + static_cast<std::ptrdiff_t>(first + count));
    for (std::size_t id = 0; id < count; ++id) {
      renamed[static_cast<std::size_t>(order[id])] = static_cast<std::int32_t>(id);
      groups.answer_key[first + id] = keys[static_cast<std::size_t>(order[id])];
    }
    for (const auto g : groups.groups_of(q)) {
      const auto group = static_cast<std::size_t>(g);
      for (auto i = groups.begin[group]; i < groups.begin[group + 1]; ++i) {
        auto& answer = groups.answer[static_cast<std::size_t>(i)];
        answer = answer < 0 ? answer : renamed[static_cast<std::size_t>(answer)];
      }
    }
  }
}

/// Builds AnswerGroups from strings: each spelling is hashed once and made canonical once in its
/// life, however often it is sampled. `Key` is the user's hook for equivalence:
/// void key(std::string_view answer, std::string& canonical). For an equivalence that is a
/// predicate and no key, see merge_equivalent.
///
/// Whether a sample is right: its own verdict where it has one; else, where the group has a gold
/// answer, key(answer) == key(gold) or, if the key has such a function, key.equal(gold, answer), a
/// missing answer being wrong; else not known.
template <class Key = AnswerKey>
class AnswerGroupsBuilder {
 public:
  explicit AnswerGroupsBuilder(Key key = {}) : key_(std::move(key)) {}

  /// Makes room for that many samples and groups: optional, saves growing.
  void reserve(std::size_t samples, std::size_t groups) {
    groups_.answer.reserve(samples);
    groups_.right.reserve(samples);
    groups_.begin.reserve(groups + 1);
    groups_.question.reserve(groups);
    groups_.context.reserve(groups);
  }

  /// Starts a group; the samples added from here on belong to it. The same pair of names again
  /// makes a second group of that context.
  void begin_group(std::string_view question, std::string_view context,
                   std::optional<std::string_view> gold = std::nullopt) {
    groups_.question.push_back(groups_.questions.intern(question));
    groups_.context.push_back(groups_.contexts.intern(context));
    groups_.begin.push_back(groups_.begin.back());
    gold_ = gold ? key_of(*gold) : -1;
    gold_text_ = gold ? spellings_.intern(*gold) : -1;
  }

  /// Adds a sample; `nullopt`, or what the key calls no answer: none could be read.
  void add(std::optional<std::string_view> answer, std::optional<bool> correct = std::nullopt) {
    require(!groups_.question.empty(), Errc::invalid_argument,
            "AnswerGroupsBuilder: begin_group must come before add");
    const std::int32_t key = answer ? key_of(*answer) : -1;
    const bool known = correct.has_value() || gold_ >= 0;
    const bool right =
        correct ? *correct : key == gold_ || (key >= 0 && gold_ >= 0 && accepted(*answer));
    push(key, known, right);
  }

  /// The key of an answer under which `add_key` adds it: for samples whose answers have numbers
  /// already, so that each text is hashed once and not once a sample. Of this builder until
  /// finish(). -1: it says nothing.
  [[nodiscard]] std::int32_t key_of_answer(std::string_view answer) { return key_of(answer); }
  /// Adds a sample by its answer's key (negative: none). Right by its own verdict; else where the
  /// group has a gold answer, if that has the same key.
  void add_key(std::int32_t key, std::optional<bool> correct = std::nullopt) {
    require(!groups_.question.empty(), Errc::invalid_argument,
            "AnswerGroupsBuilder: begin_group must come before add_key");
    require(key < static_cast<std::int32_t>(groups_.keys.size()), Errc::invalid_argument,
            "AnswerGroupsBuilder: key ", key, " is not one of key_of_answer: there are ",
            groups_.keys.size());
    const bool known = correct.has_value() || gold_ >= 0;
    const bool right = correct.value_or(key == gold_);
    push(key < 0 ? -1 : key, known, right);
  }

  /// The groups; the builder is empty afterwards. Time: linear.
  [[nodiscard]] AnswerGroups finish() {
    AnswerGroups done = std::exchange(groups_, AnswerGroups{});
    spellings_ = StringInterner{};
    key_of_spelling_.clear();
    accepted_.clear();
    sort_by_question(done);
    number_answers(done);
    return done;
  }

 private:
  void push(std::int32_t key, bool known, bool right) {
    groups_.answer.push_back(key);  // made local to the question by finish()
    groups_.right.push_back(static_cast<std::int8_t>(known ? static_cast<int>(right) : -1));
    ++groups_.begin.back();
  }
  std::int32_t key_of(std::string_view answer) {
    const auto spelling = static_cast<std::size_t>(spellings_.intern(answer));
    if (spelling == key_of_spelling_.size()) {
      key_(answer, scratch_);
      bool none = false;
      if constexpr (requires(std::string_view key) {
                      { key_.no_answer(key) } -> std::convertible_to<bool>;
                    }) {
        none = key_.no_answer(scratch_);
      }
      key_of_spelling_.push_back(none ? -1 : groups_.keys.intern(scratch_));
    }
    return key_of_spelling_[spelling];
  }

  /// Whether the group's gold accepts an answer of another key; asked once a pair of spellings.
  bool accepted(std::string_view answer) {
    if constexpr (requires(std::string_view text) {
                    { key_.equal(text, text) } -> std::convertible_to<bool>;
                  }) {
      const auto spelling = static_cast<std::uint64_t>(spellings_.intern(answer));
      const auto pair = (static_cast<std::uint64_t>(gold_text_) << 32) | spelling;
      const auto [at, fresh] = accepted_.try_emplace(pair, false);
      if (fresh) {
        at->second = key_.equal(spellings_[gold_text_], answer);
      }
      return at->second;
    } else {
      return false;
    }
  }

  static void sort_by_question(AnswerGroups& groups) {
    auto& begin = groups.question_begin;
    begin.assign(groups.questions.size() + 1, 0);
    for (const auto q : groups.question) {
      ++begin[static_cast<std::size_t>(q) + 1];
    }
    for (std::size_t q = 1; q < begin.size(); ++q) {
      begin[q] += begin[q - 1];
    }
    std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
    groups.by_question.resize(groups.groups());
    for (std::size_t g = 0; g < groups.groups(); ++g) {
      const auto place = next[static_cast<std::size_t>(groups.question[g])]++;
      groups.by_question[static_cast<std::size_t>(place)] = static_cast<std::int32_t>(g);
    }
  }

  static void number_answers(AnswerGroups& groups) {
    std::vector<std::int32_t> local(groups.keys.size());
    std::vector<std::int32_t> owner(groups.keys.size(), -1);
    for (std::size_t q = 0; q + 1 < groups.question_begin.size(); ++q) {
      const auto first = groups.answer_key.size();
      for (const auto g : groups.groups_of(q)) {
        for (auto i = groups.begin[static_cast<std::size_t>(g)];
             i < groups.begin[static_cast<std::size_t>(g) + 1]; ++i) {
          auto& answer = groups.answer[static_cast<std::size_t>(i)];
          if (answer < 0) {
            continue;
          }
          const auto key = static_cast<std::size_t>(answer);
          if (owner[key] != static_cast<std::int32_t>(q)) {
            owner[key] = static_cast<std::int32_t>(q);
            local[key] = static_cast<std::int32_t>(groups.answer_key.size() - first);
            groups.answer_key.push_back(answer);
          }
          answer = local[key];
        }
      }
      groups.answer_begin.push_back(static_cast<std::int64_t>(groups.answer_key.size()));
    }
  }

  Key key_;
  AnswerGroups groups_;
  StringInterner spellings_;
  std::vector<std::int32_t> key_of_spelling_;
  std::string scratch_;
  std::int32_t gold_ = -1;
  std::int32_t gold_text_ = -1;
  std::unordered_map<std::uint64_t, bool> accepted_;
};

/// What a set of groups holds, so that nothing that yields no signal goes unnoticed.
struct GroupReport {
  std::size_t questions = 0;
  std::size_t contexts = 0;
  std::size_t groups = 0;
  std::size_t samples = 0;
  std::size_t missing_answers = 0;    ///< samples without an answer
  std::size_t unjudged_samples = 0;   ///< neither gold nor verdict: right or wrong is not known
  std::size_t singleton_groups = 0;   ///< one sample: no baseline inside the group
  std::size_t unanswered_groups = 0;  ///< no sample has an answer: empty support
  std::size_t unanimous_groups = 0;   ///< two or more answers, all the same
  std::size_t duplicate_groups = 0;   ///< (question, context) seen before
  friend bool operator==(const GroupReport&, const GroupReport&) = default;
};

[[nodiscard]] inline GroupReport describe(const AnswerGroups& groups) {
  GroupReport report{.questions = groups.questions.size(),
                     .contexts = groups.contexts.size(),
                     .groups = groups.groups(),
                     .samples = groups.samples()};
  std::vector<std::int32_t> owner(groups.contexts.size(), -1);
  for (std::size_t q = 0; q < report.questions; ++q) {
    for (const auto index : groups.groups_of(q)) {
      const auto g = static_cast<std::size_t>(index);
      auto& seen = owner[static_cast<std::size_t>(groups.context[g])];
      report.duplicate_groups += seen == static_cast<std::int32_t>(q) ? 1 : 0;
      seen = static_cast<std::int32_t>(q);
      std::size_t answered = 0;
      std::int32_t first = -1;
      bool same = true;
      for (const auto answer : groups.group(g)) {
        if (answer >= 0) {
          first = answered++ == 0 ? answer : first;
          same = same && answer == first;
        }
      }
      report.missing_answers += groups.group(g).size() - answered;
      report.singleton_groups += groups.group(g).size() == 1 ? 1U : 0U;
      report.unanswered_groups += answered == 0 ? 1 : 0;
      report.unanimous_groups += answered >= 2 && same ? 1 : 0;
    }
  }
  for (const auto right : groups.right) {
    report.unjudged_samples += right < 0 ? 1 : 0;
  }
  return report;
}

/// The empirical answer distribution of a group: nu[z] = count of z / answered samples. `nu` has
/// one entry an answer of the question. Returns the number of answered samples; where it is 0 there
/// is no distribution and `nu` is all zeros.
[[nodiscard]] inline std::int64_t empirical_distribution(std::span<const std::int32_t> answers,
                                                         std::span<double> nu) {
  for (auto& p : nu) {
    p = 0;
  }
  std::int64_t answered = 0;
  for (const auto answer : answers) {
    if (answer >= 0) {
      require(static_cast<std::size_t>(answer) < nu.size(), Errc::dimension_mismatch,
              "empirical_distribution: answer id ", answer, " needs more than ", nu.size(),
              " entries");
      nu[static_cast<std::size_t>(answer)] += 1;
      ++answered;
    }
  }
  for (auto& p : nu) {
    p /= answered > 0 ? static_cast<double>(answered) : 1.0;
  }
  return answered;
}

}  // namespace dag
