// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <dag/core/observer.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/solver/history.hpp>

namespace dag {
namespace detail {

/// Shortest text that reads back as the same double, whatever the locale.
inline void append_number(std::string& out, double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  out.append(text, end.ptr);
}
inline void append_number(std::string& out, std::int64_t value) { out += std::to_string(value); }

/// Calls `visit(name, value)` for every field of a record, in the order of the files.
template <class Visitor>
void for_each_field(const Record& record, Visitor&& visit) {
  visit(std::string_view("iteration"), record.iteration);
  visit(std::string_view("products"), record.products);
  visit(std::string_view("seconds"), record.seconds);
  visit(std::string_view("value"), record.value);
  visit(std::string_view("gap"), record.gap);
  visit(std::string_view("relative_gap"), record.relative_gap);
  visit(std::string_view("residual"), record.residual);
  visit(std::string_view("step"), record.step);
}

}  // namespace detail

/// A trace as CSV: a header line with the names of `Record`'s fields, one line a record. Numbers
/// round-trip; an infinite gap is written `inf`.
[[nodiscard]] inline std::string format_history_csv(const History& trace) {
  std::string out;
  const auto line = [&](const Record& record, bool names) {
    bool first = true;
    detail::for_each_field(record, [&](std::string_view name, auto value) {
      if (!first) {
        out += ',';
      }
      first = false;
      if (names) {
        out += name;
      } else {
        detail::append_number(out, value);
      }
    });
    out += '\n';
  };
  line(Record{}, true);
  for (const Record& record : trace.records()) {
    line(record, false);
  }
  return out;
}

/// A trace as a JSON array of objects with the names of `Record`'s fields, one object a line.
/// Numbers round-trip; an infinity, which JSON lacks, is written null.
[[nodiscard]] inline std::string format_history_json(const History& trace) {
  std::string out = "[";
  bool first_record = true;
  for (const Record& record : trace.records()) {
    out += first_record ? "\n{" : ",\n{";
    first_record = false;
    bool first = true;
    detail::for_each_field(record, [&](std::string_view name, auto value) {
      out += first ? "\"" : ", \"";
      first = false;
      out += name;
      out += "\": ";
      if (std::isfinite(static_cast<double>(value))) {
        detail::append_number(out, value);
      } else {
        out += "null";
      }
    });
    out += '}';
  }
  out += first_record ? "]\n" : "\n]\n";
  return out;
}

/// Writes the file whole or not at all. Errors: io.
inline void write_history_csv(const std::string& path, const History& trace) {
  write_file_atomically(path, format_history_csv(trace));
}
inline void write_history_json(const std::string& path, const History& trace) {
  write_file_atomically(path, format_history_json(trace));
}

}  // namespace dag
