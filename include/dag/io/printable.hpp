// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include <dag/text/fold.hpp>

namespace dag {

/// Which control characters may stay.
enum class Lines {
  one,  ///< none: names, titles, pieces of a message
  many  ///< line breaks and tabs: a whole page of text
};

/// Text that a terminal, a log or a plot shows and does nothing else with: control characters (C0,
/// DEL, C1) and bytes that are no UTF-8 become \xNN, marks that turn the direction of writing
/// become \u{NNNN}; everything else stays, byte for byte. Every text that comes from a file, a file
/// name or a model passes here before it is shown.
[[nodiscard]] inline std::string printable(std::string_view text, Lines lines = Lines::one) {
  std::string safe;
  safe.reserve(text.size());
  const auto code = [&](const char* format, unsigned value) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, format, value);
    safe += buffer;
  };
  while (!text.empty()) {
    const auto c = detail::decode_utf8(text);
    const unsigned value = static_cast<unsigned>(c.value);
    const bool kept = lines == Lines::many && (value == '\n' || value == '\t');
    const bool control = value < 0x20 || (value >= 0x7F && value < 0xA0);
    const bool turns = (value >= 0x202A && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069);
    if (c.valid && turns) {
      code("\\u{%04X}", value);
    } else if (c.valid && (!control || kept)) {
      safe += text.substr(0, c.length);
    } else if (c.valid) {
      code("\\x%02X", value);
    } else {
      code("\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(text.front())));
    }
    text.remove_prefix(c.valid ? c.length : 1);
  }
  return safe;
}

}  // namespace dag
