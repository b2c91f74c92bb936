// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <vector>

#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/probability.hpp>

// Arithmetic of weights >= 0 that are kept by their logarithms (`LogNumber`): sums, products and
// quotients far beyond the range of a double, with its relative accuracy times the size of the
// logarithm. No subtraction.
namespace dag {

template <std::floating_point Real>
LogNumber<Real>& operator+=(LogNumber<Real>& a, LogNumber<Real> b) noexcept {
  const Real high = a.log < b.log ? b.log : a.log;
  const Real low = a.log < b.log ? a.log : b.log;
  a.log = low == -std::numeric_limits<Real>::infinity() ? high
                                                        : high + std::log1p(std::exp(low - high));
  return a;
}
template <std::floating_point Real>
LogNumber<Real>& operator/=(LogNumber<Real>& a, LogNumber<Real> b) noexcept {
  a.log -= b.log;
  return a;
}
template <std::floating_point Real>
[[nodiscard]] LogNumber<Real> operator*(LogNumber<Real> a, LogNumber<Real> b) noexcept {
  constexpr Real zero = -std::numeric_limits<Real>::infinity();
  return {a.log == zero || b.log == zero ? zero : a.log + b.log};
}
template <std::floating_point Real>
[[nodiscard]] bool operator>(LogNumber<Real> a, LogNumber<Real> b) noexcept {
  return a.log > b.log;
}

/// The numbers over their sum.
template <std::floating_point Real>
[[nodiscard]] std::vector<Real> normalised(std::span<const LogNumber<Real>> numbers) {
  std::vector<Real> out;
  out.reserve(numbers.size());
  for (const LogNumber<Real> number : numbers) {
    out.push_back(number.log);
  }
  softmax(out);
  return out;
}

}  // namespace dag
