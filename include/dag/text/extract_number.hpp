// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/detail/number_token.hpp>
#include <dag/text/extract.hpp>

namespace dag {

/// The last number outside of thoughts, as it is spelled, without its unit: sign, thousands
/// (1,234; 12,34,567; 1\,234; 1 234), a decimal point or comma, a fraction (3/4, \frac34, a mixed
/// 3\frac{1}{4} as "3 1/4"), a power of ten (1.2\times10^5), a percent sign; full-width digits
/// become ASCII. A number that is a piece of something else is no answer but a `fragment`: a factor
/// (6\sqrt3, 2\pi), a term (10 - 5, x+3), an argument (\sqrt{2}), a bound (x > 3), a time or ratio
/// (1:30), a date (2024-05-17), a range (10-15), a coordinate ((1,2)). Exponents of units (12
/// cm^2), indices (x_1), names (gpt4), numbers of steps and items are passed over. Linear.
[[nodiscard]] inline Extraction extract_number(std::string_view whole) {
  const detail::Spoken said = detail::spoken(whole);
  Extraction found = detail::scan_number(said.text, false);
  if (found.outcome == ExtractOutcome::no_marker) {
    found.outcome = detail::nothing_found(said);
  }
  return found;
}

/// The first number of a short text that says one thing ("12 apples", "x = 5", "5\text{ m}^2"):
/// after the last = if there is one there. Rules of extract_number; also a `fragment` if the text
/// goes on with another number ("3 and 4").
[[nodiscard]] inline Extraction only_number(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals != detail::nowhere) {
    const std::size_t other = text.substr(0, equals).rfind('=');
    const bool list = other != detail::nowhere &&
                      text.substr(other, equals - other).find_first_of(",;&") != detail::nowhere;
    if (list) {
      return {ExtractOutcome::fragment, {}};  // x = 1, y = 2
    }
    Extraction behind = detail::scan_number(text.substr(equals + 1), true);
    if (behind.outcome != ExtractOutcome::no_marker) {
      return behind;
    }
  }
  return detail::scan_number(text, true);
}

}  // namespace dag
