// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/json_text.hpp>
#include <dag/io/printable.hpp>

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

namespace dag {

/// Limits of the reader: what keeps hostile input from exhausting memory or the stack.
struct JsonlOptions {
  std::size_t max_line_bytes = std::size_t{1} << 30;  ///< a longer line is an error
  std::size_t max_depth = most_json_levels;           ///< nested arrays and objects in a line
  /// Files as people have them: empty lines and a byte order mark at the front are passed over, and
  /// a line beyond the limit is for `too_long` to say, not an exception.
  bool lenient = false;
};

/// Reads a file of JSON lines, or standard input ("-"), unpacking gzip on the way (see ByteSource),
/// strictly, one line in memory at a time: lines end at LF only (other
/// line separators may stand inside strings), the last LF may be missing, a CR before it is white
/// space. Refused: empty lines, a byte order mark, lines and nesting beyond the limits, and
/// whatever is not exactly one JSON value a line (RFC 8259): NaN and Infinity, comments, trailing
/// commas or text, raw control characters, bytes that are not UTF-8, lone surrogates, numbers
/// beyond double. An empty file has no lines and is no error.
///
/// Errors: Errc::io (open, read), Errc::parse; the message is "FILE:LINE: fault", with the column
/// and the offending text where there is one.
class JsonlReader {
 public:
  explicit JsonlReader(std::string path, JsonlOptions options = {})
      : source_(std::move(path)), options_(options) {}
  JsonlReader(const JsonlReader&) = delete;
  JsonlReader& operator=(const JsonlReader&) = delete;

  /// Moves to the next line; false at the end of the file.
  bool next() {
    while (next_line()) {
      if (!options_.lenient) {
        check_text();
        return true;
      }
      if (number_ == 1 && std::string_view(line_).substr(0, 3) == "\xEF\xBB\xBF") {
        line_.erase(0, 3);
      }
      if (too_long_ || line_.find_first_not_of(" \t\r") != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  /// Lenient: whether the line is beyond the limit (its bytes are not kept).
  [[nodiscard]] bool too_long() const noexcept { return too_long_; }
  /// Bytes read so far, unpacked.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return source_.bytes() - (filled_ - position_);
  }
  [[nodiscard]] const JsonlOptions& options() const noexcept { return options_; }

  /// The current line without its LF. Valid until the next call of `next`.
  [[nodiscard]] std::string_view line() const noexcept { return line_; }
  /// Its number, counted from 1.
  [[nodiscard]] std::int64_t line_number() const noexcept { return number_; }
  [[nodiscard]] const std::string& path() const noexcept { return source_.path(); }

  /// The current line as a JSON value of type `Json` (nlohmann::json, or ordered_json to keep the
  /// order of the keys). Of equal keys the last counts.
  template <class Json = nlohmann::json>
  [[nodiscard]] Json parse() const {
    try {
      return Json::parse(line_);
    } catch (const nlohmann::json::exception& error) {
      fail_json(error);
    }
  }

  /// Throws Errc::parse for this line: "FILE:LINE: parts".
  template <class... Parts>
  [[noreturn]] void fail_here(const Parts&... parts) const {
    fail(Errc::parse, path(), ":", number_, ": ", parts...);
  }

  /// Throws Errc::parse for a complaint of the JSON parser about this line.
  [[noreturn]] void fail_json(const nlohmann::json::exception& error) const {
    const std::string reason = detail::json_complaint(error);
    const auto* parse = dynamic_cast<const nlohmann::json::parse_error*>(&error);
    if (parse == nullptr) {
      fail_here(reason);
    }
    const std::size_t column = parse->byte;
    fail_here("column ", column, ": ", reason, ", near '", excerpt(column), "'");
  }

  /// Up to 40 bytes around a column (from 1) of the current line, safe to print.
  [[nodiscard]] std::string excerpt(std::size_t column) const {
    const std::size_t begin = column > 21 ? column - 21 : 0;
    return printable(
        std::string_view(line_).substr(begin < line_.size() ? begin : line_.size(), 40));
  }

 private:
  bool next_line() {
    line_.clear();
    too_long_ = false;
    bool ended = false;
    bool any = false;
    while (!ended) {
      if (position_ == filled_ && !fill()) {
        break;
      }
      any = true;
      const char* begin = chunk_ + position_;
      const auto* end = static_cast<const char*>(std::memchr(begin, '\n', filled_ - position_));
      const std::size_t length =
          end != nullptr ? static_cast<std::size_t>(end - begin) : filled_ - position_;
      ended = end != nullptr;
      position_ += length + (ended ? 1 : 0);
      too_long_ = too_long_ || line_.size() + length > options_.max_line_bytes;
      if (too_long_ && !options_.lenient) {
        ++number_;
        fail_here("the line is longer than ", options_.max_line_bytes, " bytes");
      }
      too_long_ ? line_.clear() : static_cast<void>(line_.append(begin, length));
    }
    number_ += any ? 1 : 0;
    return any;
  }

  bool fill() {
    position_ = 0;
    filled_ = source_.read(chunk_, sizeof chunk_);
    return filled_ > 0;
  }

  void check_text() const {
    if (line_.find_first_not_of(" \t\r") == std::string::npos) {
      fail_here("the line is empty");
    }
    if (std::string_view(line_).substr(0, 3) == "\xEF\xBB\xBF") {
      fail_here("the line begins with a byte order mark; remove it");
    }
    const std::size_t deep = detail::too_deep_at(line_, options_.max_depth);
    if (deep != std::string_view::npos) {
      fail_here("column ", deep + 1, ": more than ", options_.max_depth,
                " nested arrays or objects, near '", excerpt(deep + 1), "'");
    }
  }

  detail::ByteSource source_;
  JsonlOptions options_;
  std::string line_;
  bool too_long_ = false;
  std::int64_t number_ = 0;
  std::size_t position_ = 0;
  std::size_t filled_ = 0;
  char chunk_[1 << 16];
};

}  // namespace dag
