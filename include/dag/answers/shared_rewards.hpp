// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/answers/merge.hpp>
#include <dag/answers/owner.hpp>
#include <dag/core/communicator.hpp>
#include <dag/core/error.hpp>

namespace dag {

namespace detail {

inline void put_row(Message& message, const CountRow& row) {
  message.put_text(row.question);
  message.put_text(row.context);
  message.put(static_cast<std::uint8_t>(row.answer.has_value()));
  message.put_text(row.answer.value_or(""));
  message.put(row.verdict);
  message.put(row.count);
}
[[nodiscard]] inline CountRow get_row(Message& message) {
  CountRow row;
  row.question = message.get_text();
  row.context = message.get_text();
  const bool answered = message.get<std::uint8_t>() != 0;
  const std::string_view answer = message.get_text();
  row.answer = answered ? std::optional<std::string_view>(answer) : std::nullopt;
  row.verdict = message.get<std::int8_t>();
  row.count = message.get<std::int64_t>();
  return row;
}

}  // namespace detail

/// The counts of all ranks on every rank. Errors: those of `merge`.
template <Communicator Ranks>
[[nodiscard]] AnswerCounts merge(const Ranks& ranks, const AnswerCounts& mine) {
  detail::Message message;
  mine.for_each([&](const CountRow& row) { detail::put_row(message, row); });
  std::vector<detail::Message> to(ranks.size(), message);
  std::vector<detail::Message> from = detail::exchanged(ranks, to);
  std::vector<CountRow> rows;
  for (detail::Message& part : from) {
    while (!part.done()) {
      rows.push_back(detail::get_row(part));
    }
  }
  return from_counts(std::move(rows));
}

/// Rewards of samples whose groups are spread over ranks, the same bits as on one: each rank counts
/// its own samples, sends the counts of a question to the rank that owns it, which merges them and
/// calls rewards(const AnswerCounts&, std::span<double> out), and gets one number a row back.
/// `out`: one reward for each sample of `mine`, which may be empty. A reward has to be a function
/// of its question's counts; one that looks at all questions at once (means of reward models) needs
/// `merge` in place of this. Sent: two messages a pair of ranks, about 30 bytes and the names a
/// distinct row.
///
/// Errors: what `rewards` throws on any rank is thrown on all of them (invalid_argument, naming the
/// rank), so that none waits for ever. dimension_mismatch.
template <Communicator Ranks, class Rewards>
void shared_rewards(const Ranks& ranks, const AnswerGroups& mine, Rewards&& rewards,
                    std::span<double> out) {
  require(out.size() == mine.samples(), Errc::dimension_mismatch,
          "shared_rewards: ", mine.samples(), " samples but room for ", out.size());
  const std::size_t count = ranks.size();
  const AnswerCounts own = count_answers(mine);
  std::vector<detail::Message> to(count);
  std::vector<std::size_t> owner;  // of each row
  own.for_each([&](const CountRow& row) {
    owner.push_back(owner_of(row.question, count));
    detail::put_row(to[owner.back()], row);
  });
  std::vector<detail::Message> from = detail::exchanged(ranks, to);
  from = detail::answered(ranks, "shared_rewards", [&](std::vector<detail::Message>& back) {
    std::vector<std::vector<CountRow>> parts(count);
    std::vector<CountRow> all;
    for (std::size_t r = 0; r < count; ++r) {
      while (!from[r].done()) {
        parts[r].push_back(detail::get_row(from[r]));
      }
      all.insert(all.end(), parts[r].begin(), parts[r].end());
    }
    const AnswerCounts merged = from_counts(std::move(all));
    std::vector<double> values(merged.rows());
    rewards(merged, std::span<double>(values));
    for (std::size_t r = 0; r < count; ++r) {
      // A part is in canonical order too: its rows stand among the merged ones in their order.
      std::size_t next = 0, row = 0;
      merged.for_each([&](const CountRow& whole) {
        if (next < parts[r].size()) {
          const CountRow& sent = parts[r][next];
          if (sent.question == whole.question && sent.context == whole.context &&
              sent.answer == whole.answer && sent.verdict == whole.verdict) {
            back[r].put(values[row]);
            ++next;
          }
        }
        ++row;
      });
    }
  });
  std::vector<double> values(own.rows());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = from[owner[i]].template get<double>();
  }
  to_samples(own, values, mine, out);
}

}  // namespace dag
