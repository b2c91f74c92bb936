// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <dag/core/observer.hpp>

namespace dag {

/// An observer that keeps every record: `dag::History trace; solve(game, {.observer = trace});`.
/// Memory: 64 bytes a check. io/history_file.hpp writes it, solver/rate.hpp fits rates to it.
class History {
 public:
  History() = default;
  explicit History(std::vector<Record> records) : records_(std::move(records)) {}

  void operator()(const Record& record) { records_.push_back(record); }

  [[nodiscard]] const std::vector<Record>& records() const noexcept { return records_; }
  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
  [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
  void clear() noexcept { records_.clear(); }
  friend bool operator==(const History&, const History&) = default;

 private:
  std::vector<Record> records_;
};

}  // namespace dag
