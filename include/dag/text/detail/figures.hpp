// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <dag/text/detail/scan.hpp>

namespace dag::detail {

/// Characters beyond ASCII that write numbers, as the ASCII or LaTeX that means the same:
/// full-width forms, the minus and dashes before digits, thin spaces, times, root, pi.
[[nodiscard]] inline std::string plain_figures(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> forms{
      {{"\xE2\x88\x92", "-"},
       {"\xE2\x80\x93", "-"},
       {"\xE2\x80\x89", "\\,"},
       {"\xE2\x80\xAF", "\\,"},
       {"\xC2\xA0", " "},
       {"\xE3\x80\x80", " "},
       {"\xC3\x97", "\\times "},
       {"\xC2\xB7", "\\cdot "},
       {"\xE2\x8B\x85", "\\cdot "},
       {"\xE2\x88\x9A", "\\sqrt "},
       {"\xCF\x80", "\\pi "},
       {"\xC2\xB1", "\\pm "},
       {"\xE2\x89\xA4", "<"},
       {"\xE2\x89\xA5", ">"},
       {"\xC3\xB7", "\\div "}}};
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) {
      return static_cast<unsigned char>(char_at(text, i + k));
    };
    if (byte(0) < 0x80) {
      out += text[i++];
      continue;
    }
    if (byte(0) == 0xEF && (byte(1) == 0xBC || byte(1) == 0xBD) && byte(2) >= 0x80) {
      const unsigned c = 0x21U + ((byte(1) - 0xBCU) << 6U) + byte(2) - 0x81U;
      if (c < 0x7F) {
        out += static_cast<char>(c);
        i += 3;
        continue;
      }
    }
    bool known = false;
    for (const auto& [from, to] : forms) {
      if (text.substr(i, from.size()) == from) {
        out += to;
        i += from.size();
        known = true;
        break;
      }
    }
    if (!known) {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace dag::detail
