// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/Validators.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <dag/io/printable.hpp>
#include <dag/numeric/number.hpp>

/// Checks of words of the command line: NaN and infinities fail, messages are short.
namespace cli {

/// A finite number for which `holds`, else "expected RULE, got 'WORD'".
template <class Holds>
[[nodiscard]] CLI::Validator number_that(Holds holds, const std::string& rule) {
  return {[=](std::string& word) {
            double value = 0;
            const bool read = dag::detail::number_value(word, value) == nullptr;
            return read && std::isfinite(value) && holds(value)
                       ? std::string()
                       : "expected " + rule + ", got '" + dag::printable(word.substr(0, 40)) + "'";
          },
          ""};
}
[[nodiscard]] CLI::Validator positive_number();
[[nodiscard]] CLI::Validator number_from_zero();
[[nodiscard]] CLI::Validator file_name();  ///< not empty
/// A whole number that fits in 64 bits without a sign: digits and nothing else.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view digits);
[[nodiscard]] CLI::Validator natural_number();

}  // namespace cli
