// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
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
  template <class Number>
  void put_all(const std::vector<Number>& values) {
    put(static_cast<std::uint64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
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

}  // namespace detail
}  // namespace dag
