// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/exact_sum.hpp>
#include <dag/numeric/sorted_sum.hpp>

namespace dag {

/// Groups of which each entry stands for so many equal samples of its group: what rewards are
/// computed from. Samples as they were drawn convert to it (each stands for itself), and so do
/// counts that were merged (answers/merge.hpp). A view: both must outlive it.
struct CountedGroups {
  const AnswerGroups& groups;
  std::span<const std::int64_t> count;  ///< one an entry; empty: 1 each

  CountedGroups(const AnswerGroups& samples)  // NOLINT(google-explicit-constructor)
      : groups(samples) {}
  CountedGroups(const AnswerGroups& classes, std::span<const std::int64_t> counts)
      : groups(classes), count(counts) {
    dag::require(counts.size() == classes.samples(), Errc::dimension_mismatch,
                 "CountedGroups: ", classes.samples(), " classes of samples but ", counts.size(),
                 " counts");
  }
  /// Refuses a question that is not complete: AnswerGroups::require.
  void require(std::size_t contexts, std::size_t samples) const {
    groups.require(contexts, samples, count);
  }
  [[nodiscard]] std::size_t of(std::size_t entry) const noexcept {
    return count.empty() ? 1 : static_cast<std::size_t>(count[entry]);
  }
};

/// The counts of one question, contexts x answers: the table that votes, pools, rewards, signals
/// and statistics are functions of. Sparse by context (time and memory linear in the samples) and
/// by answer. A context is one group, in the order of the source; answers are the question's ids.
///
/// What is computed from it should not depend on the order of contexts, answers or samples by one
/// bit: add terms up with `sorted_sum`.
class QuestionCounts {
 public:
  /// An answer that a context gave.
  struct Entry {
    std::int32_t answer = 0;
    bool right = false;  ///< a sample that gave it is known to be right
    std::size_t count = 0;
  };
  /// A context that gave an answer.
  struct Given {
    std::size_t context = 0;
    std::size_t count = 0;
  };
  /// How many samples a context has.
  struct Context {
    std::size_t samples = 0;
    std::size_t answered = 0;  ///< of these, with an answer
    std::size_t right = 0;     ///< known to be right
    std::size_t unjudged = 0;  ///< neither right nor wrong
  };

  /// An empty table of answers 0 .. answers - 1; then `begin_context` and `add` in turn, `finish`.
  void start(std::size_t answers) {
    answers_ = answers;
    contexts_.clear();
    entries_.clear();
    entry_begin_.assign(1, 0);
    if (place_.size() < answers) {
      place_.resize(answers);
      stamp_of_.resize(answers);
    }
  }
  void begin_context() {
    contexts_.emplace_back();
    entry_begin_.push_back(entries_.size());
    ++stamp_;
  }
  /// `count` equal samples of the context begun last. answer < 0: none. verdict: 1 right, 0 wrong,
  /// -1 not known. An answer beyond the table is not checked.
  void add(std::int32_t answer, std::size_t count = 1, std::int8_t verdict = -1) {
    Context& context = contexts_.back();
    context.samples += count;
    context.right += verdict > 0 ? count : 0;
    context.unjudged += verdict < 0 ? count : 0;
    if (answer < 0) {
      return;
    }
    context.answered += count;
    const auto z = static_cast<std::size_t>(answer);
    if (stamp_of_[z] != stamp_) {
      stamp_of_[z] = stamp_;
      place_[z] = entries_.size();
      entries_.push_back({answer, false, 0});
      ++entry_begin_.back();
    }
    Entry& entry = entries_[place_[z]];
    entry.count += count;
    entry.right = entry.right || verdict > 0;
  }
  /// Sorts the counts by answer. Nothing but `contexts`, `context` and `entries` works before it.
  void finish() {
    given_begin_.assign(answers_ + 1, 0);
    for (const Entry& entry : entries_) {
      ++given_begin_[static_cast<std::size_t>(entry.answer) + 1];
    }
    for (std::size_t z = 0; z < answers_; ++z) {
      given_begin_[z + 1] += given_begin_[z];
    }
    given_.resize(entries_.size());
    next_.assign(given_begin_.begin(), given_begin_.end());
    answered_contexts_ = 0;
    for (std::size_t x = 0; x < contexts_.size(); ++x) {
      answered_contexts_ += contexts_[x].answered > 0 ? 1U : 0U;
      for (const Entry& entry : entries(x)) {
        given_[next_[static_cast<std::size_t>(entry.answer)]++] = {x, entry.count};
      }
    }
  }
  /// Question q of `source`.
  void load(const CountedGroups& source, std::size_t q) {
    start(source.groups.answers_of(q));
    for (const auto index : source.groups.groups_of(q)) {
      add_group(source, static_cast<std::size_t>(index));
    }
    finish();
  }
  /// One group as a table of one context.
  void load_group(const CountedGroups& source, std::size_t g) {
    start(source.groups.answers_of(static_cast<std::size_t>(source.groups.question[g])));
    add_group(source, g);
    finish();
  }

  [[nodiscard]] std::size_t answers() const noexcept { return answers_; }
  [[nodiscard]] std::size_t contexts() const noexcept { return contexts_.size(); }
  [[nodiscard]] std::size_t answered_contexts() const noexcept { return answered_contexts_; }
  [[nodiscard]] const Context& context(std::size_t x) const noexcept { return contexts_[x]; }
  /// Samples with an answer.
  [[nodiscard]] std::size_t answered(std::size_t x) const noexcept { return contexts_[x].answered; }
  /// The answers of a context, each once, in order of first appearance.
  [[nodiscard]] std::span<const Entry> entries(std::size_t x) const noexcept {
    return std::span(entries_).subspan(entry_begin_[x], entry_begin_[x + 1] - entry_begin_[x]);
  }
  /// The contexts that gave answer z.
  [[nodiscard]] std::span<const Given> given(std::size_t z) const noexcept {
    return std::span(given_).subspan(given_begin_[z], given_begin_[z + 1] - given_begin_[z]);
  }
  /// Whether every sample of the context is known to be right or wrong.
  [[nodiscard]] bool judged(std::size_t x) const noexcept { return contexts_[x].unjudged == 0; }
  [[nodiscard]] bool judged() const noexcept {
    for (const Context& context : contexts_) {
      if (context.unjudged > 0) {
        return false;
      }
    }
    return true;
  }

 private:
  void add_group(const CountedGroups& source, std::size_t g) {
    begin_context();
    for (auto i = static_cast<std::size_t>(source.groups.begin[g]);
         i < static_cast<std::size_t>(source.groups.begin[g + 1]); ++i) {
      add(source.groups.answer[i], source.of(i), source.groups.right[i]);
    }
  }

  std::size_t answers_ = 0;
  std::size_t answered_contexts_ = 0;
  std::vector<Context> contexts_;
  std::vector<Entry> entries_;  ///< by context
  std::vector<Given> given_;    ///< by answer
  std::vector<std::size_t> entry_begin_, given_begin_, next_;
  std::vector<std::size_t> place_;       ///< of an answer among the entries of the last context
  std::vector<std::uint64_t> stamp_of_;  ///< the context in which `place_` was set
  std::uint64_t stamp_ = 0;
};

/// The counts of samples that are given as ids, whatever non-negative numbers these are: of one
/// group, or of a question's groups side by side (ragged). Classes of equal samples are numbered in
/// ascending order of the ids, so that nothing depends on the order of the samples. Memory is kept.
class AnswerTally {
 public:
  /// One context.
  void assign(std::span<const std::int32_t> group) {
    const std::int64_t whole[2] = {0, static_cast<std::int64_t>(group.size())};
    assign(group, whole);
  }
  /// `begin`: contexts + 1 ascending offsets into `answers`; ids < 0: no answer.
  void assign(std::span<const std::int32_t> answers, std::span<const std::int64_t> begin) {
    ids_.clear();
    for (const std::int32_t id : answers) {
      if (id >= 0) {
        ids_.push_back(id);
      }
    }
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
    slots_.clear();
    table_.start(ids_.size());
    for (std::size_t x = 0; x + 1 < begin.size(); ++x) {
      table_.begin_context();
      for (auto i = begin[x]; i < begin[x + 1]; ++i) {
        const std::int32_t id = answers[static_cast<std::size_t>(i)];
        const auto place = std::lower_bound(ids_.begin(), ids_.end(), id) - ids_.begin();
        slots_.push_back(id < 0 ? -1 : static_cast<std::int32_t>(place));
        table_.add(slots_.back());
      }
    }
    table_.finish();
    counts_of(0);
  }
  [[nodiscard]] const QuestionCounts& table() const noexcept { return table_; }
  /// The samples' classes, below distinct(); -1 where there is no answer.
  [[nodiscard]] std::span<const std::int32_t> slots() const noexcept { return slots_; }
  [[nodiscard]] std::size_t distinct() const noexcept { return ids_.size(); }
  /// The id of a class.
  [[nodiscard]] std::int32_t answer(std::size_t slot) const noexcept { return ids_[slot]; }
  /// Samples of every class in context x, 0 where it gave none. Valid until the next call.
  std::span<const std::size_t> counts_of(std::size_t x) {
    counts_.assign(ids_.size(), 0);
    if (x < table_.contexts()) {
      for (const auto& entry : table_.entries(x)) {
        counts_[static_cast<std::size_t>(entry.answer)] = entry.count;
      }
    }
    return counts_;
  }
  /// Of one group: its counts, and its samples with an answer.
  [[nodiscard]] std::span<const std::size_t> counts() const noexcept { return counts_; }
  [[nodiscard]] std::size_t count(std::size_t slot) const noexcept { return counts_[slot]; }
  [[nodiscard]] std::size_t answered() const noexcept {
    return table_.contexts() > 0 ? table_.answered(0) : 0;
  }

 private:
  std::vector<std::int32_t> ids_, slots_;
  std::vector<std::size_t> counts_;
  QuestionCounts table_;
};

/// The chance that the most probable of some answers is right, ties broken evenly. Probabilities
/// are sums of fractions: what differs by less than 1e-9 of the largest is tied. 0 where all are 0.
/// weight(i), right(i): of answer i < count.
template <class Weight, class Right>
[[nodiscard]] double winner_accuracy(std::size_t count, Weight&& weight, Right&& right) {
  double most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    most = weight(i) > most ? weight(i) : most;
  }
  double tied = 0;
  double hits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (weight(i) > 0 && weight(i) >= most * (1 - 1e-9)) {
      tied += 1;
      hits += right(i) ? 1 : 0;
    }
  }
  return tied > 0 ? hits / tied : 0;
}

/// Entropy in nats of weights > 0, normalised; 0 for none. `terms` is overwritten.
[[nodiscard]] inline double entropy_of(std::span<double> terms) {
  const double total = sorted_sum(terms);
  for (double& term : terms) {
    const double p = term / total;
    term = -p * std::log(p);
  }
  const double sum = sorted_sum(terms);
  return sum > 0 ? sum : 0;
}

/// Samples with an answer, of every group: the sizes that reward tables are needed for.
[[nodiscard]] inline std::vector<std::size_t> answered_sizes(const CountedGroups& source) {
  std::vector<std::size_t> sizes(source.groups.groups());
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    for (auto i = static_cast<std::size_t>(source.groups.begin[g]);
         i < static_cast<std::size_t>(source.groups.begin[g + 1]); ++i) {
      sizes[g] += source.groups.answer[i] >= 0 ? source.of(i) : 0;
    }
  }
  return sizes;
}

/// Whether a sample of the question that gave answer z is known to be right, by answer.
inline void right_answers(const QuestionCounts& counts, std::vector<char>& right) {
  right.assign(counts.answers(), 0);
  for (std::size_t x = 0; x < counts.contexts(); ++x) {
    for (const auto& entry : counts.entries(x)) {
      char& known = right[static_cast<std::size_t>(entry.answer)];
      known = static_cast<char>(known != 0 || entry.right);
    }
  }
}

/// A mean over groups or questions, the same bits in any order; absent where nothing was added.
class Mean {
 public:
  void add(double value) {
    sum_.add(value);
    ++count_;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::optional<double> get() const {
    return count_ == 0 ? std::nullopt
                       : std::optional<double>(sum_.value() / static_cast<double>(count_));
  }

 private:
  ExactSum sum_;
  std::size_t count_ = 0;
};

/// What a reward from counts could not do as asked, counted in samples.
struct ConsensusReport {
  std::size_t unscored_samples = 0;          ///< no answer: reward NaN
  std::size_t floored_samples = 0;           ///< leave-one-out zero made half a sample
  std::size_t single_context_questions = 0;  ///< one context with answers: no one to agree with
  friend bool operator==(const ConsensusReport&, const ConsensusReport&) = default;
};

namespace detail {

/// A reward as a function of the counts of its question, for every entry of `source`: start(counts,
/// q) once a question, then reward(counts, x, entry, floored) once an answer of a context. NaN for
/// a missing answer. `remedy`: what an infinite or undefined reward is refused with; nullptr: it is
/// "no reward". Errors: dimension_mismatch; not_finite, naming question and answer.
template <class Start, class Reward>
ConsensusReport score_questions(const char* where, const char* remedy, const CountedGroups& source,
                                std::span<double> out, Start&& start, Reward&& reward) {
  const AnswerGroups& groups = source.groups;
  require(out.size() == groups.samples(), Errc::dimension_mismatch, where, ": ", groups.samples(),
          " samples but room for ", out.size(), " rewards");
  ConsensusReport report;
  QuestionCounts counts;
  std::vector<double> value;
  std::vector<char> floored;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    counts.load(source, q);
    report.single_context_questions += counts.answered_contexts() == 1 ? 1U : 0U;
    start(static_cast<const QuestionCounts&>(counts), q);
    value.resize(counts.answers());
    floored.resize(counts.answers());
    const auto members = groups.groups_of(q);
    for (std::size_t x = 0; x < members.size(); ++x) {
      for (const auto& entry : counts.entries(x)) {
        const auto z = static_cast<std::size_t>(entry.answer);
        bool floor = false;
        value[z] = reward(static_cast<const QuestionCounts&>(counts), x, entry, floor);
        floored[z] = static_cast<char>(floor);
        require(remedy == nullptr || std::isfinite(value[z]), Errc::not_finite, where,
                ": the reward of answer '", groups.answer_text(q, entry.answer), "' of question '",
                groups.questions[static_cast<std::int32_t>(q)], "' is ", value[z], "; ",
                remedy == nullptr ? "" : remedy);
      }
      const auto g = static_cast<std::size_t>(members[x]);
      for (auto i = static_cast<std::size_t>(groups.begin[g]);
           i < static_cast<std::size_t>(groups.begin[g + 1]); ++i) {
        const auto answer = groups.answer[i];
        const auto z = static_cast<std::size_t>(answer);
        out[i] = answer >= 0 ? value[z] : std::numeric_limits<double>::quiet_NaN();
        report.unscored_samples += out[i] != out[i] ? source.of(i) : 0;
        report.floored_samples += answer >= 0 && floored[z] != 0 ? source.of(i) : 0;
      }
    }
  }
  return report;
}

}  // namespace detail
}  // namespace dag
