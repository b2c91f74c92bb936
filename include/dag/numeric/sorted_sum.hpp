// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace dag {

/// Sums and products of a few numbers that do not depend on their order by one bit: the terms are
/// sorted first. Where many are added, or parts are merged: `ExactSum`.

/// Room for terms, on the stack while they are few.
class Terms {
 public:
  /// `count` numbers, not cleared. The span is valid until the next call.
  [[nodiscard]] std::span<double> take(std::size_t count) {
    if (count <= near_.size()) {
      return std::span(near_).first(count);
    }
    far_.resize(count);
    return far_;
  }

 private:
  std::array<double, 32> near_{};
  std::vector<double> far_;
};

namespace detail {

/// Ascending; numbers that are not finite come in no order that matters: they make any sum or
/// product what it is.
inline void sort_terms(std::span<double> terms) {
  if (terms.size() > 32) {
    // A total order also with NaN, which sorts last.
    std::sort(terms.begin(), terms.end(),
              [](double a, double b) { return a < b || (b != b && a == a); });
    return;
  }
  for (std::size_t i = 1; i < terms.size(); ++i) {
    const double term = terms[i];
    std::size_t j = i;
    for (; j > 0 && term < terms[j - 1]; --j) {
      terms[j] = terms[j - 1];
    }
    terms[j] = term;
  }
}

}  // namespace detail

/// The sum; `terms` are sorted in place. 0 for none.
[[nodiscard]] inline double sorted_sum(std::span<double> terms) {
  detail::sort_terms(terms);
  double sum = 0;
  for (const double term : terms) {
    sum += term;
  }
  return sum;
}

/// The product; `terms` are sorted in place. 1 for none.
[[nodiscard]] inline double sorted_product(std::span<double> terms) {
  detail::sort_terms(terms);
  double product = 1;
  for (const double term : terms) {
    product *= term;
  }
  return product;
}

}  // namespace dag
