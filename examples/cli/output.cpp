// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// No fmt here: the reasoning example shares this file and does without it.
#include "output.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/printable.hpp>

#include "checked_options.hpp"
#include "commands.hpp"

namespace cli {

bool is_standard_output(std::string_view path) {
  return path == "-" || path == "/dev/stdout" || path == "/dev/fd/1" || path == "/proc/self/fd/1";
}

namespace {

double memory_limit = 0;  ///< bytes; 0: none

/// From here on allocations beyond the limit fail, whatever makes them.
void limit_memory(double mebibytes) {
  memory_limit = mebibytes * 1048576.0;
  const rlimit limit{static_cast<rlim_t>(memory_limit), RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
}

double machine_memory() {
  const double pages = static_cast<double>(::sysconf(_SC_PHYS_PAGES));
  return pages * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
}

}  // namespace

CLI::Validator positive_number() {
  return number_that([](double x) { return x > 0; }, "a number > 0");
}
CLI::Validator number_from_zero() {
  return number_that([](double x) { return x >= 0; }, "a number >= 0");
}
CLI::Validator file_name() {
  return {[](std::string& word) {
            return word.empty() ? std::string("the name of a file must not be empty")
                                : std::string();
          },
          ""};
}
std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value)
                                                                      : std::nullopt;
}
CLI::Validator natural_number() {
  return {[](std::string& word) {
            return whole_number(word)
                       ? std::string()
                       : "expected a whole number from 0 to 18446744073709551615, got '" +
                             dag::printable(word.substr(0, 40)) + "'";
          },
          ""};
}

void require_memory(double bytes, const std::string& what) {
  const double most = memory_limit > 0 ? memory_limit : machine_memory();
  dag::require(bytes <= most, dag::Errc::unsupported, what, " needs about ",
               static_cast<std::int64_t>(bytes / 1048576.0) + 1, " MiB; ",
               memory_limit > 0 ? "--max-memory allows " : "this machine has ",
               static_cast<std::int64_t>(most / 1048576.0), " MiB");
}

void require_distinct(const std::vector<NamedPath>& inputs, const std::vector<NamedPath>& outputs) {
  // A file that is there is its device and number; one that is not, its folder's and its name.
  using Identity = std::tuple<std::uint64_t, std::uint64_t, std::string>;
  const auto identity = [](const std::string& path) -> Identity {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0) {
      return {found.st_dev, found.st_ino, ""};
    }
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : path.substr(0, slash);
    if (::stat(folder.c_str(), &found) == 0) {
      return {found.st_dev, found.st_ino, path.substr(slash + 1)};  // npos + 1 is 0
    }
    return {0, 0, path};
  };
  const auto replaced = [](const std::string& path) {  // /dev/null takes many, and loses nothing
    struct stat found {};
    return path != "-" && (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode));
  };
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const NamedPath& out = outputs[k];
    if (out.path.empty() || (out.path != "-" && !replaced(out.path))) {
      continue;
    }
    for (const NamedPath& in : inputs) {
      dag::require(in.path.empty() || out.path == "-" || in.path == "-" ||
                       identity(in.path) != identity(out.path),
                   dag::Errc::invalid_argument, out.option, ": ", out.path, " is the input ",
                   in.option, "; it would be overwritten");
    }
    for (std::size_t other = 0; other < k; ++other) {
      const NamedPath& before = outputs[other];
      const bool same = before.path == "-" || out.path == "-"
                            ? before.path == out.path
                            : !before.path.empty() && identity(before.path) == identity(out.path);
      dag::require(!same, dag::Errc::invalid_argument, out.option, " and ", before.option,
                   " both write ", out.path == "-" ? "standard output" : out.path,
                   "; one of them would be lost");
    }
  }
}

void add_common(CLI::App& app, Common& common) {
  app.add_option("--json", common.json,
                 "Write the result as JSON to FILE, or to standard output: -")
      ->type_name("FILE|-")
      ->check(file_name());
  app.add_option("--max-memory", common.max_memory,
                 "MiB that the program may use; what needs more is refused beforehand")
      ->type_name("MIB")
      ->check(positive_number())
      ->each([](const std::string& word) { limit_memory(std::strtod(word.c_str(), nullptr)); });
  app.add_flag("-q,--quiet", common.quiet, "No tables, no progress");
  app.add_option("--seed", common.seed, "Seed of all random numbers")
      ->type_name("N")
      ->check(natural_number())
      ->capture_default_str();
}

void Outputs::add(std::string path, std::string content) {
  files_.emplace_back(std::move(path), std::move(content));
}

void Outputs::write(const std::function<void()>& between) const {
  // All files are on the disk under temporary names before the first takes its own.
  std::vector<std::unique_ptr<dag::AtomicFile>> open;
  for (const auto& [path, content] : files_) {
    if (!is_standard_output(path)) {
      dag::AtomicFile::remove_leftovers(path);
      open.push_back(std::make_unique<dag::AtomicFile>(path));
      open.back()->write(content);
    }
  }
  if (between) {
    between();
  }
  for (const auto& file : open) {
    file->commit();
  }
  for (const auto& [path, content] : files_) {
    if (is_standard_output(path)) {
      write_out(content);
    }
  }
}

void say(std::string_view text) { write_out(dag::printable(text, dag::Lines::many)); }

void complain(std::string_view who, std::string_view what) {
  // A message may repeat what it was given: a word of a file, however long.
  constexpr std::size_t most = 1200;
  std::string text(what.substr(0, most));
  if (what.size() > most) {
    text += " ... (" + std::to_string(what.size() - most) + " bytes more)";
  }
  const std::string line = dag::printable(std::string(who) + ": " + text, dag::Lines::many) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void append_json(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  out += text.find_first_of(".e") == std::string_view::npos ? ".0" : "";
}

void append_json(std::string& out, const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (plain) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += json_dump(nlohmann::ordered_json(text), -1);
  }
}

std::string json_safe(std::string dump) {
  const auto strange = [](char c) { return c == '\x7F' || c == '\xC2' || c == '\xE2'; };
  auto next = std::find_if(dump.begin(), dump.end(), strange);
  if (next == dump.end()) {
    return std::move(dump += '\n');
  }
  std::string out;
  const auto escape = [&](unsigned code) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", code);
    out += text;
  };
  auto from = dump.begin();
  while (next != dump.end()) {
    out.append(from, next);
    const auto at = static_cast<std::size_t>(next - dump.begin());
    const unsigned byte = static_cast<unsigned char>(dump[at]);
    const unsigned second = at + 1 < dump.size() ? static_cast<unsigned char>(dump[at + 1]) : 0U;
    const std::string_view three = std::string_view(dump).substr(at, 3);
    std::size_t taken = 1;
    if (byte == 0x7F) {
      escape(0x7F);
    } else if (byte == 0xC2 && second >= 0x80 && second < 0xA0) {
      escape(second);
      taken = 2;
    } else if ((three >= "\xE2\x80\xAA" && three <= "\xE2\x80\xAE") ||
               (three >= "\xE2\x81\xA6" && three <= "\xE2\x81\xA9")) {
      escape(0x2000U | (second & 0x3FU) << 6U | (static_cast<unsigned char>(three[2]) & 0x3FU));
      taken = 3;
    } else {
      out += *next;
    }
    from = next + static_cast<std::ptrdiff_t>(taken);
    next = std::find_if(from, dump.end(), strange);
  }
  return std::move(out.append(from, dump.end()) += '\n');
}

void write_out(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  dag::require(written, dag::Errc::io, "cannot write to standard output: ", std::strerror(errno));
}

namespace {

/// Characters on the screen: bytes that do not continue a UTF-8 character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string out;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string& cell = rows_[r][i];
      const std::string pad(widths[i] - width_of(cell), ' ');
      line += i == 0 ? cell + pad : "  " + pad + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
    if (r == 0) {
      std::size_t total = 0;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        total += widths[i] + (i == 0 ? 0 : 2);
      }
      out += std::string(total, '-') + '\n';
    }
  }
  return out;
}

Progress::Progress(bool wanted) : active_(wanted && ::isatty(STDERR_FILENO) == 1) {}

void Progress::show(double fraction, std::string_view text) {
  if (!due()) {
    return;
  }
  next_ = watch_.seconds() + 0.1;
  shown_ = true;
  constexpr int width = 24;
  const double inside = fraction >= 0 && fraction <= 1 ? fraction : fraction > 1 ? 1.0 : 0.0;
  const int full = static_cast<int>(inside * width);
  std::string line = "\r\x1b[K[" + std::string(static_cast<std::size_t>(full), '#') +
                     std::string(static_cast<std::size_t>(width - full), '.') + "] ";
  line += dag::printable(text);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

void Progress::clear() {
  if (shown_) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
  }
}

namespace {
volatile sig_atomic_t interrupted = 0;
volatile sig_atomic_t heard = 0;  // somebody looks, and will end in order
}  // namespace

const Interrupt interrupt{};

bool Interrupt::stop_requested() const {
  heard = 1;
  return interrupted != 0;
}

namespace {

/// The first such signal is a wish. Where nothing has looked at `interrupt` yet it ends the
/// program.
void ask_to_end_by(int signal) {
  struct sigaction action {};
  action.sa_handler = [](int came) {
    interrupted = 1;
    if (heard ==
        0) {  // a file is being read, say: there is nothing to keep, and the signal ends it
      ::raise(came);
    }
  };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_termination() { ask_to_end_by(SIGTERM); }
void install_interrupt() {
  ask_to_end_by(SIGINT);
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write that fails, with a message,
  ::signal(SIGXFSZ, SIG_IGN);  // and so is a file that grows over the system's limit
}

void add_time_limit(CLI::App& app, double& seconds) {
  app.add_option("--time-limit", seconds, "Seconds after which the run ends in order")
      ->type_name("S")
      ->check(positive_number());
}

namespace {

/// `at_end` is called as the handler of a signal after so many seconds.
void set_alarm(double seconds, void (*at_end)(int)) {
  struct sigaction action {};
  action.sa_handler = at_end;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  constexpr double most = 1e8;
  const double whole = std::floor(std::min(seconds, most));
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(whole);
  timer.it_value.tv_usec = std::max<suseconds_t>(
      static_cast<suseconds_t>(1e6 * (std::min(seconds, most) - whole)), whole > 0 ? 0 : 1);
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

void start_time_limit(double seconds) {
  if (seconds > 0) {
    set_alarm(seconds, [](int) { interrupted = 1; });
  }
}

void add_ending_time_limit(CLI::App& app) {
  if (app.get_option_no_throw("--time-limit") != nullptr) {
    return;
  }
  app.add_option("--time-limit",
                 "Seconds after which the command ends with an error; no file is written in part")
      ->type_name("S")
      ->expected(1)
      ->check(positive_number())
      ->each([](const std::string& word) {
        set_alarm(std::strtod(word.c_str(), nullptr), [](int) {  // what a handler may do: this
          constexpr std::string_view text =
              "dag: --time-limit is reached, the command is not done\n";
          (void)!::write(STDERR_FILENO, text.data(), text.size());
          ::_exit(exit_bad_input);
        });
      });
}

double student(std::size_t degrees) {
  constexpr std::array quantiles{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                 2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                 2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                 2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  if (degrees == 0) {
    return 0;
  }
  if (degrees <= quantiles.size()) {
    return quantiles[degrees - 1];
  }
  const double n = static_cast<double>(degrees);  // Cornish-Fisher; error below 1e-4 from 31 on
  constexpr double z = 1.959964;
  return z + (z * z * z + z) / (4 * n) +
         (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
}

}  // namespace cli
