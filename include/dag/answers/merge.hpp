// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// So many samples that are equal in all that rewards depend on. Names are compared byte by byte.
struct CountRow {
  std::string_view question;
  std::string_view context;
  std::optional<std::string_view> answer;  ///< canonical key; none: no answer could be read
  std::int8_t verdict = -1;                ///< 1 right, 0 wrong, -1 not known
  std::int64_t count = 0;                  ///< >= 0
};

/// Counts of sampled answers by question, context, answer and verdict, with the names: what parts
/// of a batch (ranks, files, batches) send each other in place of their samples. Always in
/// canonical order (questions, contexts, answers and verdicts ascending, no answer first), so that
/// the same samples give equal counts, and rewards of the same bits, however they were split,
/// permuted and merged. Several groups of one question and context are one here.
///
/// Converts to CountedGroups: give it to `consensus_rewards`, `goal_rewards`, `counted_rewards`,
/// `rollout_statistics` and the others; they write one number a row. `to_samples` hands these to
/// samples.
class AnswerCounts {
 public:
  AnswerCounts() = default;

  [[nodiscard]] const AnswerGroups& groups() const noexcept { return groups_; }
  [[nodiscard]] std::span<const std::int64_t> counts() const noexcept { return count_; }
  [[nodiscard]] std::size_t rows() const noexcept { return count_.size(); }
  operator CountedGroups() const {  // NOLINT(google-explicit-constructor)
    return CountedGroups(groups_, count_);
  }

  /// Calls visit(const CountRow&) once a row, in canonical order. Names are valid inside the call.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t g = 0; g < groups_.groups(); ++g) {
      const auto q = static_cast<std::size_t>(groups_.question[g]);
      for (auto i = static_cast<std::size_t>(groups_.begin[g]);
           i < static_cast<std::size_t>(groups_.begin[g + 1]); ++i) {
        CountRow row{groups_.questions[groups_.question[g]], groups_.contexts[groups_.context[g]],
                     std::nullopt, groups_.right[i], count_[i]};
        if (groups_.answer[i] >= 0) {
          row.answer = groups_.answer_text(q, groups_.answer[i]);
        }
        visit(static_cast<const CountRow&>(row));
      }
    }
  }

  friend AnswerCounts from_counts(std::vector<CountRow> rows);

 private:
  AnswerGroups groups_;  ///< one "sample" a row
  std::vector<std::int64_t> count_;
};

/// The table of these rows in any order, equal ones added up, empty ones left out. Errors:
/// invalid_argument (a negative count, a verdict that is none, more than 2^31 - 1 samples of a
/// row), naming the question.
[[nodiscard]] inline AnswerCounts from_counts(std::vector<CountRow> rows) {
  const auto class_of = [](const CountRow& row) {
    return std::tuple(row.question, row.context, row.answer, row.verdict);
  };
  for (const CountRow& row : rows) {
    require(row.count >= 0 && row.verdict >= -1 && row.verdict <= 1, Errc::invalid_argument,
            "from_counts: counts must be >= 0 and verdicts -1, 0 or 1, got ", row.count, " and ",
            static_cast<int>(row.verdict), " for question '", row.question, "'");
  }
  std::sort(rows.begin(), rows.end(),
            [&](const CountRow& a, const CountRow& b) { return class_of(a) < class_of(b); });
  AnswerCounts made;
  AnswerGroupsBuilder<AnswerKey> builder{AnswerKey{exact_answers}};
  const CountRow* last = nullptr;
  for (std::size_t i = 0; i < rows.size();) {
    const CountRow& row = rows[i];
    std::int64_t count = 0;
    for (; i < rows.size() && class_of(rows[i]) == class_of(row); ++i) {
      require(rows[i].count <= std::numeric_limits<std::int32_t>::max() - count,
              Errc::invalid_argument, "from_counts: more than 2^31 - 1 equal samples of question '",
              row.question, "'");
      count += rows[i].count;
    }
    if (count == 0) {
      continue;
    }
    if (last == nullptr || last->question != row.question || last->context != row.context) {
      builder.begin_group(row.question, row.context);
    }
    last = &row;
    builder.add(row.answer, row.verdict < 0 ? std::nullopt : std::optional<bool>(row.verdict > 0));
    made.count_.push_back(count);
  }
  made.groups_ = builder.finish();
  return made;
}

namespace detail {
/// Where an answer of a question (-1: none) with a verdict (-1: not known) is counted.
[[nodiscard]] inline std::size_t kind_of(std::int32_t answer, std::int8_t verdict) noexcept {
  return 3 * static_cast<std::size_t>(std::int64_t{answer} + 1) +
         static_cast<std::size_t>(int{verdict} + 1);
}
}  // namespace detail

/// The counts of `samples`. Time: linear, and a sort of the distinct rows.
[[nodiscard]] inline AnswerCounts count_answers(const CountedGroups& samples) {
  const AnswerGroups& groups = samples.groups;
  std::vector<CountRow> rows;
  std::vector<std::size_t> place;  // of (answer + 1, verdict + 1) among the rows
  std::vector<std::size_t> touched;
  constexpr auto none = std::numeric_limits<std::size_t>::max();
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    const auto q = static_cast<std::size_t>(groups.question[g]);
    if (place.size() < 3 * (groups.answers_of(q) + 1)) {
      place.resize(3 * (groups.answers_of(q) + 1), none);
    }
    for (auto i = static_cast<std::size_t>(groups.begin[g]);
         i < static_cast<std::size_t>(groups.begin[g + 1]); ++i) {
      const std::int32_t answer = groups.answer[i];
      const auto kind = detail::kind_of(answer, groups.right[i]);
      if (place[kind] == none) {
        place[kind] = rows.size();
        touched.push_back(kind);
        CountRow row{groups.questions[groups.question[g]], groups.contexts[groups.context[g]],
                     std::nullopt, groups.right[i], 0};
        if (answer >= 0) {
          row.answer = groups.answer_text(q, answer);
        }
        rows.push_back(row);
      }
      rows[place[kind]].count += static_cast<std::int64_t>(samples.of(i));
    }
    for (const std::size_t kind : touched) {
      place[kind] = none;
    }
    touched.clear();
  }
  return from_counts(std::move(rows));
}

/// The counts of all parts together. Errors: those of `from_counts`.
[[nodiscard]] inline AnswerCounts merge(std::span<const AnswerCounts> parts) {
  std::vector<CountRow> rows;
  for (const AnswerCounts& part : parts) {
    part.for_each([&](const CountRow& row) { rows.push_back(row); });
  }
  return from_counts(std::move(rows));
}

/// Hands one number a row (a reward, an advantage) to the samples that the rows count: `samples`
/// may be a part of them, in any order. Errors: dimension_mismatch; invalid_argument for a sample
/// that is not among the counts, naming its question.
inline void to_samples(const AnswerCounts& counts, std::span<const double> values,
                       const AnswerGroups& samples, std::span<double> out) {
  require(values.size() == counts.rows() && out.size() == samples.samples(),
          Errc::dimension_mismatch, "to_samples: ", counts.rows(), " rows but ", values.size(),
          " values; ", samples.samples(), " samples but room for ", out.size());
  const AnswerGroups& classes = counts.groups();
  std::vector<std::int32_t> theirs(classes.keys.size(), -1);  // key -> answer id of the question
  constexpr auto none = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> place;  // of (answer + 1, verdict + 1) of the group among the rows
  for (std::size_t g = 0; g < samples.groups(); ++g) {
    const auto own = static_cast<std::size_t>(samples.question[g]);
    const std::string_view name = samples.questions[samples.question[g]];
    const std::int32_t found = classes.questions.find(name);
    const std::int32_t context = classes.contexts.find(samples.contexts[samples.context[g]]);
    std::size_t group = classes.groups();
    if (found >= 0 && context >= 0) {
      for (const auto index : classes.groups_of(static_cast<std::size_t>(found))) {
        const auto candidate = static_cast<std::size_t>(index);
        group = classes.context[candidate] == context ? candidate : group;
      }
    }
    require(group < classes.groups() || samples.group(g).empty(), Errc::invalid_argument,
            "to_samples: the counts hold nothing of question '", name, "' in context '",
            samples.contexts[samples.context[g]], "'");
    if (samples.group(g).empty()) {
      continue;
    }
    const auto q = static_cast<std::size_t>(found);
    for (std::size_t id = 0; id < classes.answers_of(q); ++id) {
      const auto at = static_cast<std::size_t>(classes.answer_begin[q]) + id;
      theirs[static_cast<std::size_t>(classes.answer_key[at])] = static_cast<std::int32_t>(id);
    }
    place.assign(3 * (classes.answers_of(q) + 1), none);
    for (auto i = static_cast<std::size_t>(classes.begin[group]);
         i < static_cast<std::size_t>(classes.begin[group + 1]); ++i) {
      place[detail::kind_of(classes.answer[i], classes.right[i])] = i;
    }
    for (auto i = static_cast<std::size_t>(samples.begin[g]);
         i < static_cast<std::size_t>(samples.begin[g + 1]); ++i) {
      std::int32_t id = -1;
      bool known = samples.answer[i] < 0;
      if (!known) {
        const auto key = classes.keys.find(samples.answer_text(own, samples.answer[i]));
        id = key < 0 ? -1 : theirs[static_cast<std::size_t>(key)];
        known = id >= 0;
      }
      const std::size_t row = known ? place[detail::kind_of(id, samples.right[i])] : none;
      require(row != none, Errc::invalid_argument, "to_samples: sample ", i, " of question '", name,
              "' is not among the counts");
      out[i] = values[row];
    }
    for (std::size_t id = 0; id < classes.answers_of(q); ++id) {
      const auto at = static_cast<std::size_t>(classes.answer_begin[q]) + id;
      theirs[static_cast<std::size_t>(classes.answer_key[at])] = -1;
    }
  }
}

}  // namespace dag
