// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/answers/merge.hpp>
#include <dag/answers/owner.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>

namespace dag {

/// Ranks that send each other bytes: one process (`SerialCommunicator`), MPI
/// (interop/mpi_communicator.hpp), or whatever a trainer has. `exchange(to)`: to[r] goes to rank r,
/// and what came from rank r is the result's entry r; all ranks call it together. A copy or a
/// reference may be used from one thread at a time.
template <class C>
concept Communicator = requires(const C& ranks, std::vector<std::string> to) {
  { ranks.rank() } -> std::convertible_to<std::size_t>;
  { ranks.size() } -> std::convertible_to<std::size_t>;
  { ranks.exchange(std::move(to)) } -> std::same_as<std::vector<std::string>>;
};

/// One process, which is all there are.
struct SerialCommunicator {
  [[nodiscard]] std::size_t rank() const noexcept { return 0; }
  [[nodiscard]] std::size_t size() const noexcept { return 1; }
  [[nodiscard]] std::vector<std::string> exchange(std::vector<std::string> to) const { return to; }
};

namespace detail {

/// Numbers and texts in a row of bytes; ranks have the same byte order.
class Message {
 public:
  Message() = default;
  explicit Message(std::string bytes) : bytes_(std::move(bytes)) {}

  template <class Number>
  void put(Number value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof value);
  }
  void put_text(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_.append(text);
  }
  [[nodiscard]] bool done() const noexcept { return next_ == bytes_.size(); }
  template <class Number>
  [[nodiscard]] Number get() {
    Number value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  /// Valid as long as this.
  [[nodiscard]] std::string_view get_text() {
    return take(static_cast<std::size_t>(get<std::uint64_t>()));
  }
  [[nodiscard]] std::string release() { return std::move(bytes_); }

 private:
  [[nodiscard]] std::string_view take(std::size_t size) {
    require(size <= bytes_.size() - next_, Errc::invalid_argument,
            "Communicator: a message is shorter than it says: ranks run different programs?");
    next_ += size;
    return std::string_view(bytes_).substr(next_ - size, size);
  }
  std::string bytes_;
  std::size_t next_ = 0;
};

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
  std::vector<std::string> to(ranks.size(), message.release());
  std::vector<detail::Message> from;
  for (std::string& bytes : ranks.exchange(std::move(to))) {
    from.emplace_back(std::move(bytes));
  }
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
  const auto swap = [&](std::vector<detail::Message>& messages) {
    std::vector<std::string> bytes;
    bytes.reserve(messages.size());
    for (detail::Message& message : messages) {
      bytes.push_back(message.release());
    }
    std::vector<detail::Message> received;
    for (std::string& text : ranks.exchange(std::move(bytes))) {
      received.emplace_back(std::move(text));
    }
    return received;
  };
  std::vector<detail::Message> from = swap(to);
  std::vector<detail::Message> back(count);
  const auto answer = [&] {
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
      back[r].put(std::uint8_t{1});
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
  };
  DAG_TRY { answer(); }
  DAG_CATCH(std::exception, error) {
    for (detail::Message& message : back) {
      message = detail::Message();
      message.put(std::uint8_t{0});
      message.put_text(error.what());
    }
  }
  from = swap(back);
  for (std::size_t r = 0; r < count; ++r) {
    if (from[r].template get<std::uint8_t>() == 0) {
      fail(Errc::invalid_argument, "shared_rewards, rank ", r, " of ", count, ": ",
           from[r].get_text());
    }
  }
  std::vector<double> values(own.rows());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = from[owner[i]].template get<double>();
  }
  to_samples(own, values, mine, out);
}

}  // namespace dag
