// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/io/open_file.hpp>

namespace dag {

/// The bytes of a file, or of standard input ("-", /dev/stdin). Errc::io with the path and the
/// system's reason if it cannot be read.
[[nodiscard]] inline std::string read_text_file(const std::string& path) {
  const bool standard = path == "-" || path == "/dev/stdin";
  const OpenFile owned(standard ? nullptr : std::fopen(path.c_str(), "rb"));
  std::FILE* const file = standard ? stdin : owned.get();
  require(file != nullptr, Errc::io, path, ": cannot open: ", std::strerror(errno));
  std::string text;
  std::size_t got = 0;
  do {
    const std::size_t chunk = text.size() < 65536 ? 65536 : text.size();
    const std::size_t before = text.size();
    text.resize(before + chunk);
    got = std::fread(text.data() + before, 1, chunk, file);
    text.resize(before + got);
  } while (got != 0);
  require(std::ferror(file) == 0, Errc::io, path, ": cannot read: ", std::strerror(errno));
  return text;
}

namespace detail {

/// A piece of input for a message: at most 40 bytes, control and non-ASCII bytes as \xHH.
[[nodiscard]] inline std::string quoted_excerpt(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, 40)) {
    const unsigned code = static_cast<unsigned char>(c);
    if (code < 32 || code > 126) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02X", code);
      out += hex;
    } else {
      out += c;
    }
  }
  out += text.size() > 40 ? "...'" : "'";
  return out;
}

/// 1-based line of an offset.
[[nodiscard]] inline std::size_t line_of(std::string_view text, std::size_t offset) noexcept {
  std::size_t line = 1;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    line += text[i] == '\n' ? 1U : 0U;
  }
  return line;
}

/// Without the mark that some editors put before UTF-8.
[[nodiscard]] constexpr std::string_view without_mark(std::string_view text) noexcept {
  return text.substr(0, 3) == "\xEF\xBB\xBF" ? text.substr(3) : text;
}

/// The lines of a text file, counted from 1. Errc::parse for a NUL byte, naming its line.
class TextLines {
 public:
  TextLines(std::string_view text, std::string_view name) : text_(without_mark(text)) {
    const std::size_t nul = text_.find('\0');
    if (nul != std::string_view::npos) {
      fail(Errc::parse, name, ":", line_of(text_, nul), ": a NUL byte in a text file");
    }
  }
  /// The next line without its line feed; false at the end.
  [[nodiscard]] bool next(std::string_view& line) noexcept {
    if (begin_ >= text_.size()) {
      return false;
    }
    const std::size_t end = text_.find('\n', begin_);
    line = text_.substr(begin_, end == std::string_view::npos ? end : end - begin_);
    begin_ = end == std::string_view::npos ? text_.size() : end + 1;
    ++number_;
    return true;
  }
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

 private:
  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t number_ = 0;
};

/// True if the text is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1U
                               : lead < 0xC2 ? 0U
                               : lead < 0xE0 ? 2U
                               : lead < 0xF0 ? 3U
                               : lead < 0xF5 ? 4U
                                             : 0U;
    if (length == 0 || text.size() - i < length) {
      return false;
    }
    for (std::size_t j = 1; j < length; ++j) {
      const unsigned next = static_cast<unsigned char>(text[i + j]);
      unsigned low = 0x80;
      unsigned high = 0xBF;
      if (j == 1) {
        low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : low;
        high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : high;
      }
      if (next < low || next > high) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

/// UTF-8 as it is; anything else taken as Latin-1 and turned into UTF-8.
[[nodiscard]] inline std::string to_utf8(std::string text) {
  if (is_utf8(text)) {
    return text;
  }
  std::string out;
  for (const char c : text) {
    const unsigned code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (code >> 6));
      out += static_cast<char>(0x80U | (code & 0x3FU));
    }
  }
  return out;
}

}  // namespace detail
}  // namespace dag
