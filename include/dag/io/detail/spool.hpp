// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <dag/core/error.hpp>

namespace dag::detail {

/// Records of bytes, written once and read back in order: in memory up to 16 MiB, beyond that in a
/// temporary file without a name, in the folder of `beside` (of "-" and the like: $TMPDIR or /tmp).
/// Nothing of it is left when the program ends, however it ends. POSIX. Errors: Errc::io.
class Spool {
 public:
  explicit Spool(std::string beside) : beside_(std::move(beside)) {}

  void put(std::string_view record) {
    const std::uint64_t size = record.size();
    write({reinterpret_cast<const char*>(&size), sizeof size});
    write(record);
  }

  void rewind() {
    place_ = 0;
    if (file_ != nullptr) {
      check(std::fflush(file_.get()) == 0);
      std::rewind(file_.get());
    }
  }

  /// The next record; false at the end.
  bool get(std::string& record) {
    std::uint64_t size = 0;
    if (!read(reinterpret_cast<char*>(&size), sizeof size)) {
      return false;
    }
    record.resize(size);
    check(read(record.data(), size));
    return true;
  }

 private:
  static constexpr std::size_t in_memory = std::size_t{16} << 20;

  void check(bool holds) const {
    require(holds, Errc::io, "a temporary file beside '", beside_, "': ", std::strerror(errno));
  }

  void write(std::string_view bytes) {
    if (file_ == nullptr && memory_.size() + bytes.size() > in_memory) {
      open();
      check(std::fwrite(memory_.data(), 1, memory_.size(), file_.get()) == memory_.size());
      memory_ = {};
    }
    if (file_ == nullptr) {
      memory_ += bytes;
    } else {
      check(std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size());
    }
  }

  bool read(char* out, std::size_t size) {
    if (file_ != nullptr) {
      const std::size_t got = std::fread(out, 1, size, file_.get());
      check(std::ferror(file_.get()) == 0);
      return got == size;
    }
    if (memory_.size() - place_ < size) {
      return false;
    }
    std::memcpy(out, memory_.data() + place_, size);
    place_ += size;
    return true;
  }

  void open() {
    const char* folder = std::getenv("TMPDIR");
    std::string name = folder != nullptr && *folder != '\0' ? folder : "/tmp";
    if (beside_ != "-" && beside_.rfind("/dev/", 0) != 0 && beside_.rfind("/proc/", 0) != 0) {
      const auto slash = beside_.rfind('/');
      name = slash == std::string::npos ? "." : slash == 0 ? "/" : beside_.substr(0, slash);
    }
    name += "/.dag.XXXXXX";
    const int descriptor = ::mkstemp(name.data());
    check(descriptor >= 0);
    (void)::unlink(name.c_str());
    file_.reset(::fdopen(descriptor, "w+b"));
    if (file_ == nullptr) {
      (void)::close(descriptor);
    }
    check(file_ != nullptr);
  }

  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  std::string beside_;
  std::string memory_;
  std::size_t place_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace dag::detail
