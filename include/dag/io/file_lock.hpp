// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(_WIN32)

#include <dag/io/detail/windows_file.hpp>

#else

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <dag/core/error.hpp>

namespace dag {

/// The right to write a file over a long time: one holder a path, over all processes. Held as an
/// advisory lock (flock) on `path`.lock, which is removed in the end; the system lets go of it when
/// a process dies, so that a file that a kill has left stops nobody.
/// Errors: io if another process (or another FileLock of this one) holds it, or the lock cannot be
/// made.
class FileLock {
 public:
  explicit FileLock(const std::string& path) : name_(path + ".lock") {
    while (true) {
      descriptor_ = ::open(name_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
      require(descriptor_ >= 0, Errc::io, "FileLock: cannot create '", name_,
              "': ", std::strerror(errno));
      if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        (void)::close(std::exchange(descriptor_, -1));
        require(reason != EWOULDBLOCK, Errc::io, "another run writes '", path, "' (it holds '",
                name_, "'); give this one a file of its own, or wait");
        fail(Errc::io, "FileLock: cannot lock '", name_, "': ", std::strerror(reason));
      }
      // The holder before may have removed the name between our open and our lock.
      struct stat held {};
      struct stat named {};
      if (::fstat(descriptor_, &held) == 0 && ::stat(name_.c_str(), &named) == 0 &&
          held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
        return;
      }
      (void)::close(std::exchange(descriptor_, -1));
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    (void)::unlink(name_.c_str());
    (void)::close(descriptor_);
  }

 private:
  std::string name_;
  int descriptor_ = -1;
};

}  // namespace dag

#endif
