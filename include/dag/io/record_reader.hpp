// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/json_line.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/io/printable.hpp>

namespace dag {

/// What became of the lines of a file.
struct RecordReport {
  std::size_t good = 0;
  std::size_t bad = 0;
  std::size_t bytes = 0;            ///< read, unpacked
  std::size_t lone_surrogates = 0;  ///< each became U+FFFD
  std::vector<std::string> faults;  ///< "FILE:LINE: ..." of the first bad lines, up to 10
};

/// What a `RecordReader` does with lines that cannot be read.
struct RecordOptions {
  bool strict = false;                                         ///< the first bad line is an error
  bool keep_going = false;                                     ///< any number of bad lines is none
  std::size_t max_line_bytes = JsonlOptions{}.max_line_bytes;  ///< longer lines are bad
};

/// The lines of a file of JSON lines ("-", gzip: see JsonlReader) that can be read, one at a time;
/// bad ones are counted and the first ones named. Empty lines are passed over.
/// Errors: Errc::io; Errc::parse for a bad line if `strict`, and at the end where half of the lines
/// or more were bad (unless `keep_going`).
class RecordReader {
 public:
  explicit RecordReader(const std::string& path, const RecordOptions& options = {})
      : reader_(path, {.max_line_bytes = options.max_line_bytes, .lenient = true}),
        options_(options) {}

  /// The next line that `read(json)` accepts; false at the end. `read` throws JsonLine::Fault for
  /// what it does not accept. `on_bad(fault)` is told of the others.
  template <class Read, class OnBad>
  bool next(Read&& read, OnBad&& on_bad) {
    while (reader_.next()) {
      try {
        if (reader_.too_long()) {
          throw JsonLine::Fault{
              "the line is longer than " + std::to_string(options_.max_line_bytes) + " bytes", 0};
        }
        json_.parse(reader_.line());
        read(std::as_const(json_));
        report_.lone_surrogates += json_.surrogates();
        ++report_.good;
        return true;
      } catch (const JsonLine::Fault& fault) {
        ++report_.bad;
        std::string what = reader_.path() + ":" + std::to_string(reader_.line_number()) + ": ";
        if (fault.column > 1) {
          what += "column " + std::to_string(fault.column) + ": ";
        }
        what += printable(fault.what);
        if (fault.column > 0) {
          what += ", near '" + reader_.excerpt(fault.column) + "'";
        }
        require(!options_.strict, Errc::parse, what);
        if (report_.faults.size() < 10) {
          report_.faults.push_back(what);
        }
        on_bad(what);
      }
    }
    report_.bytes = reader_.bytes();
    require(options_.keep_going || report_.bad == 0 || report_.bad < report_.good, Errc::parse,
            report_.faults.empty() ? std::string() : report_.faults[0], " (", report_.bad, " of ",
            report_.bad + report_.good, " lines are bad)");
    return false;
  }
  template <class Read>
  bool next(Read&& read) {
    return next(read, [](const std::string&) {});
  }

  [[nodiscard]] std::string_view line() const noexcept { return reader_.line(); }
  [[nodiscard]] const JsonLine& json() const noexcept { return json_; }
  /// Complete once `next` was false.
  [[nodiscard]] const RecordReport& report() const noexcept { return report_; }

 private:
  JsonlReader reader_;
  RecordOptions options_;
  JsonLine json_;
  RecordReport report_;
};

}  // namespace dag
