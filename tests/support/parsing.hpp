// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What tests of parsers share.
namespace parsing {

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The message with which parse() refuses, or "accepted". Refusals must be parse errors.
template <class Parse>
std::string refusal(Parse&& parse) {
  try {
    parse();
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::parse);
    return error.what();
  }
  return "accepted";
}

/// One to three characters put in (from `alphabet`) or taken out, anywhere.
inline std::string mutated(std::string text, std::string_view alphabet, dag::RandomStream& random) {
  for (std::uint64_t edits = 1 + random.below(3); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = random.below(text.size());
    if (random.below(2) == 0) {
      text.insert(at, 1, alphabet[random.below(alphabet.size())]);
    } else {
      text.erase(at, 1);
    }
  }
  return text;
}

}  // namespace parsing
