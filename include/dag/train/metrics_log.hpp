// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/open_file.hpp>
#include <dag/train/train_record.hpp>

namespace dag {

/// A JSON Lines file of a run's records that can be read while the run goes on: each line is handed
/// to the system whole, as soon as its step is done. A run that goes on from a checkpoint keeps the
/// lines up to its step and drops the rest (steps after the checkpoint, a line torn by a kill), so
/// that the file of an interrupted run is that of an uninterrupted one but for the seconds.
/// Errors: io.
class MetricsLog {
 public:
  /// step: that of the checkpoint the run goes on from; 0 begins a new file.
  explicit MetricsLog(std::string path, std::int64_t step = 0) : path_(std::move(path)) {
    AtomicFile kept(path_);
    if (step > 0) {
      const OpenFile old(std::fopen(path_.c_str(), "rb"));
      std::string line;
      for (int c = 0; old != nullptr && (c = std::fgetc(old.get())) != EOF;) {
        line += static_cast<char>(c);
        if (c == '\n') {
          if (const std::int64_t at = step_of(line); at >= 1 && at <= step) {
            kept.write(line);
          }
          line.clear();
        }
      }
    }
    kept.commit();
    file_.reset(std::fopen(path_.c_str(), "ab"));
    require(file_ != nullptr, Errc::io, "MetricsLog: cannot open '", path_,
            "': ", std::strerror(errno));
  }

  void write(const TrainRecord& record) {
    const std::string line = to_json(record) + '\n';
    const bool written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                         std::fflush(file_.get()) == 0;
    require(written, Errc::io, "MetricsLog: cannot write '", path_, "': ", std::strerror(errno));
  }
  void operator()(const TrainRecord& record) { write(record); }

 private:
  /// The step of a whole line as `to_json` writes it; 0 for any other.
  [[nodiscard]] static std::int64_t step_of(std::string_view line) {
    constexpr std::string_view start = "{\"step\":";
    if (line.substr(0, start.size()) != start || line.substr(line.size() - 2) != "}\n") {
      return 0;
    }
    return std::strtoll(line.data() + start.size(), nullptr, 10);
  }

  std::string path_;
  OpenFile file_;
};

}  // namespace dag
