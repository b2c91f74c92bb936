// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dag::detail {

/// Bytes on their way to a file: small writes are collected up to 64 KiB, larger ones pass through.
/// write_through(bytes) hands them to the system.
class WriteBuffer {
 public:
  template <class WriteThrough>
  void write(std::string_view bytes, WriteThrough&& write_through) {
    if (bytes_.size() + bytes.size() > size) {
      flush(write_through);
    }
    if (bytes.size() > size) {
      write_through(bytes);
    } else {
      bytes_ += bytes;
    }
  }
  template <class WriteThrough>
  void flush(WriteThrough&& write_through) {
    write_through(std::string_view(bytes_));
    bytes_.clear();
  }

 private:
  static constexpr std::size_t size = std::size_t{1} << 16;
  std::string bytes_;
};

}  // namespace dag::detail
