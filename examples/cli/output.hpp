// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/observer.hpp>

namespace CLI {
class App;
}

/// What every subcommand shares: common options, where text and files go, progress, Ctrl-C.
namespace cli {

/// Whether a file name means standard output: -, /dev/stdout and the like.
bool is_standard_output(std::string_view path);

/// The options that every subcommand has.
struct Common {
  std::string json;  ///< file for the result, "-" for standard output, empty for none
  bool quiet = false;
  std::uint64_t seed = 1;

  /// Tables for people: not asked to be quiet, and standard output is not taken by JSON.
  [[nodiscard]] bool talks() const { return !quiet && !is_standard_output(json); }
};
void add_common(CLI::App& app, Common& common);

/// All files of a run, kept until everything has succeeded, then written, each whole or not at
/// all. "-" stands for standard output.
class Outputs {
 public:
  void add(std::string path, std::string content);
  /// `between` runs when all is on the disk under temporary names: what it throws leaves nothing.
  void write(const std::function<void()>& between = {}) const;

 private:
  std::vector<std::pair<std::string, std::string>> files_;
};

/// Prints to standard output.
void say(std::string_view text);

/// Text in columns: the first left-aligned, the others right-aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<std::vector<std::string>>& rows() const { return rows_; }

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// One line of progress on standard error, on a terminal only; redrawn at most ten times a second.
class Progress {
 public:
  explicit Progress(bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }
  /// fraction in [0, 1].
  void show(double fraction, std::string_view text);
  [[nodiscard]] bool due() const { return active_ && watch_.seconds() >= next_; }
  void clear();

 private:
  bool active_ = false;
  bool shown_ = false;
  dag::Stopwatch watch_;
  double next_ = 0.2;  // nothing for runs that end at once
};

/// After this, Ctrl-C asks for an orderly end; a second one ends the program at once.
void install_interrupt();
/// For `dag::StopRef`: true once Ctrl-C was pressed.
struct Interrupt {
  [[nodiscard]] bool stop_requested() const;
};
extern const Interrupt interrupt;

}  // namespace cli
