// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

namespace dag::detail {

/// numeric_limits as values: code that also runs on a device may not call its functions.
template <class Real>
struct Limits {
  static constexpr Real infinity = std::numeric_limits<Real>::infinity();
  static constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();
  static constexpr Real largest = std::numeric_limits<Real>::max();
  static constexpr Real least = std::numeric_limits<Real>::min();  ///< normal number > 0
  static constexpr Real epsilon = std::numeric_limits<Real>::epsilon();
};

}  // namespace dag::detail
