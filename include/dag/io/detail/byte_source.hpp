// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>

#if defined(DAG_ZLIB)
#include <zlib.h>
#endif

namespace dag::detail {

/// Whether a path stands for standard input.
[[nodiscard]] inline bool is_standard_input(std::string_view path) noexcept {
  return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0";
}

/// The bytes of a file, or of standard input ("-", /dev/stdin), read once from front to back.
/// gzip is recognised by its first two bytes and unpacked on the way (all members of the file), by
/// zlib (DAG_ZLIB; link dag::zlib). Errors: Errc::io with the name and the reason;
/// Errc::unsupported for gzip without zlib.
class ByteSource {
 public:
  explicit ByteSource(std::string path)
      : path_(std::move(path)),
        file_(
            is_standard_input(path_) ? stdin : std::fopen(path_.c_str(), "rb"),
            is_standard_input(path_) ? [](std::FILE*) { return 0; }
                                     : [](std::FILE* file) { return std::fclose(file); }) {
    require(file_ != nullptr, Errc::io, "JsonlReader: cannot open '", path_,
            "': ", std::strerror(errno));
  }

  /// The name for messages.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Up to `size` bytes; 0 at the end.
  std::size_t read(char* out, std::size_t size) {
    if (!begun_) {
      begun_ = true;
      fill();
      packed_ = raw_.size() >= 2 && raw_[0] == '\x1F' && raw_[1] == '\x8B';
#if defined(DAG_ZLIB)
      if (packed_) {
        start();
      }
#else
      require(!packed_, Errc::unsupported, "JsonlReader: '", path_,
              "' is packed by gzip, and this program was built without zlib (Debian: apt-get "
              "install zlib1g-dev, then configure again)");
#endif
    }
    const std::size_t got = packed_ ? unpack(out, size) : copy(out, size);
    bytes_ += got;
    return got;
  }

 private:
  static constexpr std::size_t chunk = std::size_t{1} << 16;

  void fill() {
    raw_.resize(chunk);
    place_ = 0;
    raw_.resize(std::fread(raw_.data(), 1, chunk, file_.get()));
    if (raw_.empty() && std::ferror(file_.get()) != 0) {
      fail(Errc::io, "JsonlReader: cannot read '", path_, "': ", std::strerror(errno));
    }
  }

  std::size_t copy(char* out, std::size_t size) {
    if (place_ == raw_.size()) {
      fill();
    }
    const std::size_t count = std::min(size, raw_.size() - place_);
    std::memcpy(out, raw_.data() + place_, count);
    place_ += count;
    return count;
  }

#if defined(DAG_ZLIB)
  struct Inflate {
    z_stream stream{};
    Inflate() = default;
    Inflate(const Inflate&) = delete;
    Inflate& operator=(const Inflate&) = delete;
    ~Inflate() { (void)inflateEnd(&stream); }
  };

  void start() {
    inflate_ = std::make_unique<Inflate>();
    require(inflateInit2(&inflate_->stream, 16 + MAX_WBITS) == Z_OK, Errc::io,
            "JsonlReader: cannot unpack '", path_, "'");
  }

  std::size_t unpack(char* out, std::size_t size) {
    z_stream& stream = inflate_->stream;
    stream.next_out = reinterpret_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(size);
    while (stream.avail_out == static_cast<uInt>(size)) {
      if (place_ == raw_.size()) {
        fill();
      }
      if (raw_.empty()) {
        require(ended_, Errc::io, "JsonlReader: '", path_, "' ends inside its gzip data");
        return 0;
      }
      if (ended_) {  // another member
        require(inflateReset(&stream) == Z_OK, Errc::io, "JsonlReader: cannot unpack '", path_,
                "'");
        ended_ = false;
      }
      stream.next_in = reinterpret_cast<Bytef*>(raw_.data() + place_);
      stream.avail_in = static_cast<uInt>(raw_.size() - place_);
      const int state = inflate(&stream, Z_NO_FLUSH);
      place_ = raw_.size() - stream.avail_in;
      require(state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR, Errc::io,
              "JsonlReader: '", path_, "' is no sound gzip data: ",
              std::string_view(stream.msg != nullptr ? stream.msg : "damaged"));
      ended_ = state == Z_STREAM_END;
    }
    return size - stream.avail_out;
  }

  std::unique_ptr<Inflate> inflate_;
  bool ended_ = false;
#else
  std::size_t unpack(char* /*out*/, std::size_t /*size*/) { return 0; }
#endif

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::vector<char> raw_;
  std::size_t place_ = 0;
  std::size_t bytes_ = 0;
  bool begun_ = false;
  bool packed_ = false;
};

}  // namespace dag::detail
