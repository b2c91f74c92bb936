// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <barrier>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// Ranks as threads of one process.
namespace support {

/// A mailbox that all threads share.
struct Mail {
  explicit Mail(std::size_t ranks)
      : boxes(ranks, std::vector<std::string>(ranks)), all(static_cast<std::ptrdiff_t>(ranks)) {}
  std::vector<std::vector<std::string>> boxes;  // from, to
  std::barrier<> all;
};

struct ThreadRanks {
  Mail& mail;
  std::size_t own;

  [[nodiscard]] std::size_t rank() const { return own; }
  [[nodiscard]] std::size_t size() const { return mail.boxes.size(); }
  [[nodiscard]] std::vector<std::string> exchange(std::vector<std::string> to) const {
    mail.boxes[own] = std::move(to);
    mail.all.arrive_and_wait();
    std::vector<std::string> from;
    for (std::size_t r = 0; r < size(); ++r) {
      from.push_back(mail.boxes[r][own]);
    }
    mail.all.arrive_and_wait();
    return from;
  }
};

}  // namespace support
