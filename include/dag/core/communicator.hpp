// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  /// Of a vector or a span of numbers.
  template <class Values>
  void put_all(const Values& values) {
    put(static_cast<std::uint64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()),
                  values.size() * sizeof(*values.data()));
  }
  [[nodiscard]] bool done() const noexcept { return next_ == bytes_.size(); }
  template <class Number>
  [[nodiscard]] Number get() {
    Number value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  /// Behind what is there.
  template <class Number>
  void add_all(std::vector<Number>& values) {
    const auto count = static_cast<std::size_t>(get<std::uint64_t>());
    const std::string_view bytes = take(count * sizeof(Number));
    const std::size_t before = values.size();
    values.resize(before + count);
    if (count > 0) {
      std::memcpy(values.data() + before, bytes.data(), bytes.size());
    }
  }
  /// Into what is there, which must be as long.
  template <class Number>
  void get_all(std::span<Number> values) {
    const auto count = static_cast<std::size_t>(get<std::uint64_t>());
    require(count == values.size(), Errc::dimension_mismatch, "Communicator: a rank sent ", count,
            " numbers where there is room for ", values.size());
    const std::string_view bytes = take(count * sizeof(Number));
    if (count > 0) {
      std::memcpy(values.data(), bytes.data(), bytes.size());
    }
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

/// Every rank's message to every other.
template <Communicator Ranks>
[[nodiscard]] std::vector<Message> exchanged(const Ranks& ranks, std::vector<Message>& messages) {
  std::vector<std::string> bytes;
  bytes.reserve(messages.size());
  for (Message& message : messages) {
    bytes.push_back(message.release());
  }
  std::vector<Message> received;
  for (std::string& text : ranks.exchange(std::move(bytes))) {
    received.emplace_back(std::move(text));
  }
  return received;
}

/// `work` puts an answer into each message. What it throws on one rank is thrown on all, naming the
/// rank: none waits for ever.
template <Communicator Ranks, class Work>
[[nodiscard]] std::vector<Message> answered(const Ranks& ranks, std::string_view what,
                                            Work&& work) {
  std::vector<Message> to(ranks.size());
  DAG_TRY {
    for (Message& message : to) {
      message.put(std::uint8_t{1});
    }
    work(to);
  }
  DAG_CATCH(std::exception, error) {
    for (Message& message : to) {
      message = Message();
      message.put(std::uint8_t{0});
      message.put_text(error.what());
    }
  }
  std::vector<Message> from = exchanged(ranks, to);
  for (std::size_t r = 0; r < from.size(); ++r) {
    if (from[r].template get<std::uint8_t>() == 0) {
      fail(Errc::invalid_argument, what, ", rank ", r, " of ", from.size(), ": ",
           from[r].get_text());
    }
  }
  return from;
}

/// Ranks that go through the same exchanges, one after another, and do what they like between them.
/// What a rank throws inside `whole` goes out in the place of its next message, and is thrown on
/// all ranks, naming it, with its code: none waits for ever, unless the transport itself fails.
/// Ranks that all fail alike keep their own error.
template <Communicator Ranks>
class Conversation {
 public:
  explicit Conversation(const Ranks& ranks) : ranks_(ranks) {}
  [[nodiscard]] std::size_t rank() const { return static_cast<std::size_t>(ranks_.rank()); }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(ranks_.size()); }

  /// fill(r, message) for every rank, this one too, then take(r, message) in their order.
  template <class Fill, class Take>
  void exchange(Fill&& fill, Take&& take) {
    std::vector<Message> to(size());
    for (std::size_t r = 0; r < to.size(); ++r) {
      to[r].put(std::uint8_t{1});
      fill(r, to[r]);
    }
    std::vector<Message> from = exchanged(ranks_, to);
    for (std::size_t r = 0; r < from.size(); ++r) {
      if (from[r].template get<std::uint8_t>() == 0) {
        over_ = true;
        const auto code = static_cast<Errc>(from[r].template get<std::uint8_t>());
        fail(code, "rank ", r, " of ", from.size(), ": ", from[r].get_text());
      }
    }
    for (std::size_t r = 0; r < from.size(); ++r) {
      take(r, from[r]);
    }
  }

  /// Whether any rank says so. All bring the `same` bytes; where a rank has others it is named
  /// after `what` (invalid_argument).
  template <class... What>
  [[nodiscard]] bool any(bool said, std::string_view same, const What&... what) {
    if (size() == 1) {
      return said;
    }
    exchange(
        [&](std::size_t, Message& to) {
          to.put(static_cast<std::uint8_t>(said));
          to.put_text(same);
        },
        [&](std::size_t r, Message& from) {
          said = from.get<std::uint8_t>() != 0 || said;
          require(from.get_text() == same, Errc::invalid_argument, what..., " are others on rank ",
                  r, " than on rank ", rank(),
                  "; ranks need equal programs, inputs and arithmetic");
        });
    return said;
  }

  /// Gives back what `work` does.
  template <class Work>
  auto whole(Work&& work) {
    DAG_TRY { return work(); }
    DAG_CATCH(Error, fault) {
      end(fault.code(), fault.what());
#if DAG_EXCEPTIONS
      throw;
#endif
    }
    DAG_CATCH(std::exception, error) {
      end(Errc::invalid_argument, error.what());
#if DAG_EXCEPTIONS
      throw;
#endif
    }
  }

 private:
  void end(Errc code, std::string_view text) {
    if (!over_ && size() > 1) {
      over_ = true;
      Message last;
      last.put(std::uint8_t{0});
      last.put(static_cast<std::uint8_t>(code));
      last.put_text(text);
      (void)ranks_.exchange(std::vector<std::string>(size(), last.release()));
    }
  }
  const Ranks& ranks_;
  bool over_ = false;
};

}  // namespace detail
}  // namespace dag
