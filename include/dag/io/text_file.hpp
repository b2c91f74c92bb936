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

namespace dag {

/// The bytes of a file, or of standard input ("-", /dev/stdin). Errc::io with the path and the
/// system's reason if it cannot be read.
[[nodiscard]] inline std::string read_text_file(const std::string& path) {
  const bool standard = path == "-" || path == "/dev/stdin";
  std::FILE* file = standard ? stdin : std::fopen(path.c_str(), "rb");
  const auto close = [&] { standard ? 0 : std::fclose(file); };
  require(file != nullptr, Errc::io, path, ": cannot open: ", std::strerror(errno));
  std::string text;
  std::size_t got = 0;
  do {
    const std::size_t chunk = text.size() < 65536 ? 65536 : text.size();
    const std::size_t before = text.size();
    DAG_TRY { text.resize(before + chunk); }
    DAG_CATCH_ALL {
      close();
      DAG_RETHROW;
    }
    got = std::fread(text.data() + before, 1, chunk, file);
    text.resize(before + got);
  } while (got != 0);
  const int reason = std::ferror(file) != 0 ? errno : 0;
  close();
  require(reason == 0, Errc::io, path, ": cannot read: ", std::strerror(reason));
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
