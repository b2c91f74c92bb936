// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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
  double max_memory = 0;  ///< MiB; 0: no limit of our own

  /// Tables for people: not asked to be quiet, and standard output is not taken by JSON.
  [[nodiscard]] bool talks() const { return !quiet && !is_standard_output(json); }
};
void add_common(CLI::App& app, Common& common);
/// --time-limit of commands without one of their own: after so many seconds the run is asked to
/// end in order, as by Ctrl-C.
void add_time_limit(CLI::App& app, double& seconds);
void start_time_limit(double seconds);
/// --time-limit of commands that have nothing to show before they are done, unless there is one:
/// the command ends with an error.
void add_ending_time_limit(CLI::App& app);

/// A file of the command line: the option that named it, and its path.
struct NamedPath {
  std::string option;
  std::string path;
};
/// Refuses two outputs to one file, and an output over an input, before anything is read: other
/// names, links and folders of the same file included. Empty paths are options that were not given.
void require_distinct(const std::vector<NamedPath>& inputs, const std::vector<NamedPath>& outputs);

/// Refuses a piece of work that needs more than --max-memory, or more than the machine has, with
/// both numbers.
void require_memory(double bytes, const std::string& what);

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

/// Prints text for people to standard output, safe for a terminal (dag::printable).
void say(std::string_view text);
/// "WHO: WHAT" on standard error, safe for a terminal.
void complain(std::string_view who, std::string_view what);
/// Bytes as they are, to standard output.
void write_out(std::string_view bytes);

/// JSON as nlohmann/json writes it; bytes that are no UTF-8 (file names may have them) become the
/// replacement character.
template <class Json>
[[nodiscard]] std::string json_dump(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}
/// The shortest digits that read as this finite number, with a point or an exponent; null for
/// others.
void append_json(std::string& out, double value);
/// A text in quotes.
void append_json(std::string& out, const std::string& text);
/// A dump with control characters beyond ASCII's first 32 and marks that turn the direction of
/// writing (U+202A to U+202E, U+2066 to U+2069) written \u00NN, and a line break at its end.
[[nodiscard]] std::string json_safe(std::string dump);
/// A JSON text, safe in both ways.
template <class Json>
[[nodiscard]] std::string json_text(const Json& json, int indent = 2) {
  return json_safe(json_dump(json, indent));
}

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
/// The same for SIGTERM, which schedulers and mpirun send before they kill.
void install_termination();
/// For `dag::StopRef`: true once Ctrl-C was pressed.
struct Interrupt {
  [[nodiscard]] bool stop_requested() const;
};
extern const Interrupt interrupt;

/// The 0.975 quantile of Student's t; a large number for 0 degrees of freedom.
double student(std::size_t degrees);

}  // namespace cli
