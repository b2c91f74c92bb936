// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(_WIN32)

#include <dag/io/detail/windows_file.hpp>

#else

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/io/detail/write_buffer.hpp>

namespace dag {

/// A file that appears complete or not at all: bytes go to a temporary name in the same folder,
/// `commit()` flushes them to the disk (fsync) and renames over `path`. Without `commit()`, that is
/// also when an exception passes by, the destructor removes the temporary file and `path` is as
/// before. A process that is killed may leave the temporary file (`remove_leftovers`), never a
/// half-written `path`.
///
/// A symbolic link is followed (its target is replaced); an existing file keeps its permission
/// bits. A `path` that exists and is no regular file (a pipe) cannot be replaced: it is written
/// directly. "-", /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N are the open descriptors:
/// what is written there follows what was written before, also where they lead to a file. (Windows:
/// "-", /dev/stdout and /dev/stderr; io/detail/windows_file.hpp.) Memory: a buffer of 64 KiB.
/// Errors: Errc::io with the name and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path) : path_(std::move(path)) {
    require(!path_.empty(), Errc::io, "AtomicFile: the file name is empty");
    if (const int open = open_descriptor(path_); open >= 0) {
      descriptor_ = ::fcntl(open, F_DUPFD_CLOEXEC, 0);
      require(descriptor_ >= 0, Errc::io, "AtomicFile: cannot write '", path_,
              "': ", std::strerror(errno));
      return;
    }
    struct stat found {};
    const bool exists = ::stat(path_.c_str(), &found) == 0;
    if (exists && S_ISDIR(found.st_mode)) {
      fail(Errc::io, "AtomicFile: '", path_, "' is a folder");
    }
    if (exists && !S_ISREG(found.st_mode)) {
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
      require(descriptor_ >= 0, Errc::io, "AtomicFile: cannot write '", path_,
              "': ", std::strerror(errno));
      return;
    }
    if (exists) {
      if (char* real = ::realpath(path_.c_str(), nullptr)) {
        path_ = real;
        std::free(real);  // NOLINT: realpath allocates with malloc
      }
    }
    open_temporary();
    if (exists && ::fchmod(descriptor_, found.st_mode & 07777U) != 0) {
      discard();
      fail(Errc::io, "AtomicFile: cannot copy the permissions of '", path_,
           "': ", std::strerror(errno));
    }
  }

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() { discard(); }

  /// Removes what killed writers of `path` left: its temporary files that nobody holds open for
  /// writing. Those of writers that are alive stay (they hold a lock, also on network file systems
  /// that have them).
  static void remove_leftovers(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const std::string start = path.substr(slash + 1) + ".tmp.";  // npos + 1 is 0
    DIR* entries = ::opendir(folder.c_str());
    if (entries == nullptr) {
      return;
    }
    while (const dirent* entry = ::readdir(entries)) {
      const std::string_view name = entry->d_name;
      if (name.substr(0, start.size()) != start ||
          name.find_first_not_of("0123456789.", start.size()) != std::string_view::npos) {
        continue;
      }
      const std::string left = folder + '/' + std::string(name);
      const int descriptor = ::open(left.c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor >= 0) {
        // A writer renames before it lets go of its lock: what has its name still was left.
        struct stat held {
        }, named{};
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 && ::fstat(descriptor, &held) == 0 &&
            ::lstat(left.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
            held.st_dev == named.st_dev) {
          (void)::unlink(left.c_str());
        }
        (void)::close(descriptor);
      }
    }
    (void)::closedir(entries);
  }

  /// Appends bytes. Errors (disk full) may also show in a later write or in `commit()`.
  void write(std::string_view bytes) {
    require(descriptor_ >= 0, Errc::io, "AtomicFile: '", path_, "' is already committed");
    buffer_.write(bytes, [this](std::string_view block) { write_through(block); });
  }

  /// Makes the written bytes the content of `path`. Call once, last.
  void commit() {
    require(descriptor_ >= 0, Errc::io, "AtomicFile: '", path_, "' is already committed");
    buffer_.flush([this](std::string_view block) { write_through(block); });
    if (temporary_.empty()) {  // not replaceable: written directly
      close_checked();
      return;
    }
    const bool flushed = ::fsync(descriptor_) == 0;
    require(flushed, Errc::io, "AtomicFile: cannot flush '", temporary_,
            "': ", std::strerror(errno));
    // Under the lock: once that is gone, the file is a leftover to others.
    const bool renamed = ::rename(temporary_.c_str(), path_.c_str()) == 0;
    require(renamed, Errc::io, "AtomicFile: cannot rename '", temporary_, "' to '", path_,
            "': ", std::strerror(errno));
    temporary_.clear();
    close_checked();
    // Best effort: the new name itself survives a power failure.
    const int folder = ::open(folder_name().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
      (void)::fsync(folder);
      (void)::close(folder);
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  /// The descriptor that a path means, or -1.
  [[nodiscard]] static int open_descriptor(std::string_view path) noexcept {
    if (path == "-" || path == "/dev/stdout") {
      return STDOUT_FILENO;
    }
    if (path == "/dev/stderr") {
      return STDERR_FILENO;
    }
    for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
      if (path.substr(0, prefix.size()) == prefix && path.size() > prefix.size() &&
          path.size() < prefix.size() + 5) {
        int number = 0;
        for (const char c : path.substr(prefix.size())) {
          if (c < '0' || c > '9') {
            return -1;
          }
          number = number * 10 + (c - '0');
        }
        return number;
      }
    }
    return -1;
  }

  [[nodiscard]] std::string folder_name() const {
    const auto slash = path_.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
  }

  void open_temporary() {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      temporary_ = path_ + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(attempt);
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor_ >= 0) {
        if (is_ours()) {
          return;
        }
        (void)::close(std::exchange(descriptor_, -1));
        continue;
      }
      if (errno != EEXIST) {
        break;
      }
    }
    const int reason = errno;
    temporary_.clear();
    fail(Errc::io, "AtomicFile: cannot create '", path_, "': ", std::strerror(reason));
  }

  /// Locks the new file, which says that it is no leftover. False where `remove_leftovers` of
  /// another process came first: that has removed it, or is about to. A file system without locks:
  /// true.
  [[nodiscard]] bool is_ours() const {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      return false;
    }
    struct stat found {};
    return ::fstat(descriptor_, &found) != 0 || found.st_nlink > 0;
  }

  void write_through(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) {
        continue;
      }
      require(written > 0, Errc::io, "AtomicFile: cannot write '", path_,
              "': ", std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void close_checked() {
    const int closed = ::close(std::exchange(descriptor_, -1));
    require(closed == 0, Errc::io, "AtomicFile: cannot close '", path_,
            "': ", std::strerror(errno));
  }

  void discard() noexcept {
    if (descriptor_ >= 0) {
      (void)::close(std::exchange(descriptor_, -1));
    }
    if (!temporary_.empty()) {
      (void)::unlink(temporary_.c_str());
      temporary_.clear();
    }
  }

  std::string path_;
  std::string temporary_;
  detail::WriteBuffer buffer_;
  int descriptor_ = -1;
};

}  // namespace dag

#endif

namespace dag {

/// `content` becomes the content of `path`, completely or not at all (see AtomicFile).
inline void write_file_atomically(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace dag
