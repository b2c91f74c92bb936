// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dag {

/// What brings a UTF-8 text to its composed, compatible form (NFKC), or null. Including
/// <dag/interop/utf8proc.hpp> in one file of a program sets it before main. Without it what the
/// reader of answers knows by itself is folded (full-width forms, digits, signs, fractions, raised
/// and lowered characters), but letters with combining accents are not composed, and ligatures and
/// other compatible letters are not taken apart: their spellings stay different answers.
inline std::string (*text_composer)(std::string_view text) = nullptr;

}  // namespace dag
