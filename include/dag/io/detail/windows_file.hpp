// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(_WIN32)

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/io/detail/write_buffer.hpp>

/// Windows' half of io/atomic_file.hpp and io/file_lock.hpp: the same promises, kept by what an
/// open file forbids there. Names are in the process's code page.
namespace dag::detail {

/// Opens a file that nobody else may open while it is. -1 and errno if that fails.
[[nodiscard]] inline int open_alone(const std::string& name, int flags) noexcept {
  int descriptor = -1;
  const int reason = ::_sopen_s(&descriptor, name.c_str(), flags | _O_BINARY | _O_NOINHERIT,
                                _SH_DENYRW, _S_IREAD | _S_IWRITE);
  if (reason != 0) {
    errno = reason;
  }
  return reason == 0 ? descriptor : -1;
}

}  // namespace dag::detail

namespace dag {

/// See io/atomic_file.hpp. A temporary file is closed before it is renamed, so that what nobody has
/// open may still be wanted: leftovers are removed a minute after they were written.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path) : path_(std::move(path)) {
    require(!path_.empty(), Errc::io, "AtomicFile: the file name is empty");
    if (path_ == "-" || path_ == "/dev/stdout" || path_ == "/dev/stderr") {
      descriptor_ = ::_dup(::_fileno(path_ == "/dev/stderr" ? stderr : stdout));
      require(descriptor_ >= 0, Errc::io, "AtomicFile: cannot write '", path_,
              "': ", std::strerror(errno));
      (void)::_setmode(descriptor_, _O_BINARY);
      return;
    }
    std::error_code none;
    if (std::filesystem::is_directory(path_, none)) {
      fail(Errc::io, "AtomicFile: '", path_, "' is a folder");
    }
    if (std::filesystem::is_symlink(path_, none)) {
      if (const auto real = std::filesystem::canonical(path_, none); !none) {
        path_ = real.string();
      }
    }
    for (int attempt = 0; attempt < 1000 && descriptor_ < 0; ++attempt) {
      temporary_ = path_ + ".tmp." + std::to_string(::_getpid()) + "." + std::to_string(attempt);
      descriptor_ = detail::open_alone(temporary_, _O_WRONLY | _O_CREAT | _O_EXCL);
      if (descriptor_ < 0 && errno != EEXIST) {
        break;
      }
    }
    if (descriptor_ < 0) {
      const int reason = errno;
      temporary_.clear();
      fail(Errc::io, "AtomicFile: cannot create '", path_, "': ", std::strerror(reason));
    }
  }

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() { discard(); }

  static void remove_leftovers(const std::string& path) {
    const std::filesystem::path whole(path);
    const std::string start = whole.filename().string() + ".tmp.";
    std::error_code none;
    const auto folder = whole.has_parent_path() ? whole.parent_path() : std::filesystem::path(".");
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
      const std::string name = entry.path().filename().string();
      if (name.substr(0, start.size()) == start &&
          name.find_first_not_of("0123456789.", start.size()) == std::string::npos &&
          entry.last_write_time(none) + std::chrono::minutes(1) <
              std::filesystem::file_time_type::clock::now()) {
        std::filesystem::remove(entry.path(), none);  // fails for one that is open
      }
    }
  }

  void write(std::string_view bytes) {
    require(descriptor_ >= 0, Errc::io, "AtomicFile: '", path_, "' is already committed");
    buffer_.write(bytes, [this](std::string_view block) { write_through(block); });
  }

  void commit() {
    require(descriptor_ >= 0, Errc::io, "AtomicFile: '", path_, "' is already committed");
    buffer_.flush([this](std::string_view block) { write_through(block); });
    if (!temporary_.empty()) {
      const bool flushed = ::_commit(descriptor_) == 0;
      require(flushed, Errc::io, "AtomicFile: cannot flush '", temporary_,
              "': ", std::strerror(errno));
    }
    const int closed = ::_close(std::exchange(descriptor_, -1));
    require(closed == 0, Errc::io, "AtomicFile: cannot close '", path_,
            "': ", std::strerror(errno));
    if (!temporary_.empty()) {
      std::error_code reason;
      std::filesystem::rename(temporary_, path_, reason);  // replaces
      require(!reason, Errc::io, "AtomicFile: cannot rename '", temporary_, "' to '", path_,
              "': ", reason.message());
      temporary_.clear();
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void write_through(std::string_view bytes) {
    constexpr std::size_t most = std::size_t{1} << 30;
    while (!bytes.empty()) {
      const int written =
          ::_write(descriptor_, bytes.data(),
                   static_cast<unsigned>(bytes.size() < most ? bytes.size() : most));
      require(written > 0, Errc::io, "AtomicFile: cannot write '", path_,
              "': ", std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void discard() noexcept {
    if (descriptor_ >= 0) {
      (void)::_close(std::exchange(descriptor_, -1));
    }
    if (!temporary_.empty()) {
      std::error_code none;
      std::filesystem::remove(temporary_, none);
      temporary_.clear();
    }
  }

  std::string path_;
  std::string temporary_;
  detail::WriteBuffer buffer_;
  int descriptor_ = -1;
};

/// See io/file_lock.hpp. The lock is a file that nobody else may open; it goes with its holder.
class FileLock {
 public:
  explicit FileLock(const std::string& path) : name_(path + ".lock") {
    descriptor_ = detail::open_alone(name_, _O_RDWR | _O_CREAT | _O_TEMPORARY);
    require(descriptor_ >= 0 || errno != EACCES, Errc::io, "another run writes '", path,
            "' (it holds '", name_, "'); give this one a file of its own, or wait");
    require(descriptor_ >= 0, Errc::io, "FileLock: cannot create '", name_,
            "': ", std::strerror(errno));
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { (void)::_close(descriptor_); }

 private:
  std::string name_;
  int descriptor_ = -1;
};

}  // namespace dag

#endif
