// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "output.hpp"

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>

namespace cli {

bool is_standard_output(std::string_view path) {
  return path == "-" || path == "/dev/stdout" || path == "/dev/fd/1" || path == "/proc/self/fd/1";
}

void add_common(CLI::App& app, Common& common) {
  app.add_option("--json", common.json,
                 "Write the result as JSON to FILE, or to standard output: -")
      ->type_name("FILE|-");
  app.add_flag("-q,--quiet", common.quiet, "No tables, no progress");
  app.add_option("--seed", common.seed, "Seed of all random numbers")
      ->type_name("N")
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
      say(content);
    }
  }
}

void say(std::string_view text) {
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
  line += text;
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
}

const Interrupt interrupt{};

bool Interrupt::stop_requested() const { return interrupted != 0; }

void install_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace cli
