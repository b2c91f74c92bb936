// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dag {

namespace detail {

/// One step through a UTF-8 text: the code point and its length in bytes. A byte that does not
/// begin a well-formed sequence is returned as itself with `valid` false, so that it can be copied.
struct CodePoint {
  char32_t value;
  std::size_t length;
  bool valid;
};

[[nodiscard]] constexpr CodePoint decode_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) {
    return {first, 1, true};
  }
  if (first >= 0xC2U && first < 0xE0U && tail(1)) {
    return {((first & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2, true};
  }
  if (first >= 0xE0U && first < 0xF0U && tail(1) && tail(2)) {
    const char32_t value = ((first & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    if (value >= 0x800 && (value < 0xD800 || value > 0xDFFF)) {
      return {value, 3, true};
    }
  }
  if (first >= 0xF0U && first < 0xF5U && tail(1) && tail(2) && tail(3)) {
    const char32_t value = ((first & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) |
                           ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
    if (value >= 0x10000 && value <= 0x10FFFF) {
      return {value, 4, true};
    }
  }
  return {first, 1, false};
}

inline void encode_utf8(char32_t value, std::string& out) {
  const auto put = [&](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | (value >> 6));
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | (value >> 12));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | (value >> 18));
    put(0x80 | ((value >> 12) & 0x3F));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

[[nodiscard]] constexpr bool is_space(char32_t c) noexcept {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000 || c == 0xFEFF;
}

/// Simple lower case of the bicameral scripts that are regular enough for a few ranges: ASCII,
/// Latin-1, Latin Extended-A, Greek, Cyrillic, full-width Latin. Every other code point, the
/// Turkish dotted and dotless i among them, is left as it is. to_lower(to_lower(c)) == to_lower(c).
[[nodiscard]] constexpr char32_t to_lower(char32_t c) noexcept {
  const bool even = (c & 1U) == 0;
  if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
      (c >= 0x391 && c <= 0x3AB && c != 0x3A2) || (c >= 0x410 && c <= 0x42F) ||
      (c >= 0xFF21 && c <= 0xFF3A)) {
    return c + 32;
  }
  if (c >= 0x400 && c <= 0x40F) {
    return c + 80;
  }
  if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177)) {
    return even ? c + 1 : c;
  }
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) {
    return even ? c : c + 1;
  }
  return c;
}

}  // namespace detail

/// `text` with case folded, runs of white space (also the Unicode ones) made one blank, and the
/// ends trimmed, written to `out` (cleared first; reuse it). UTF-8 in, UTF-8 out; bytes that are no
/// UTF-8 are copied unchanged. Idempotent. Case: see detail::to_lower.
inline void fold_text(std::string_view text, std::string& out) {
  out.clear();
  bool gap = false;
  while (!text.empty()) {
    const auto c = detail::decode_utf8(text);
    if (c.valid && detail::is_space(c.value)) {
      gap = !out.empty();
    } else {
      if (gap) {
        out += ' ';
        gap = false;
      }
      if (c.valid) {
        detail::encode_utf8(detail::to_lower(c.value), out);
      } else {
        out += text.front();
      }
    }
    text.remove_prefix(c.length);
  }
}

}  // namespace dag
