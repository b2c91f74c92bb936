// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <span>
#include <type_traits>
#include <utility>

namespace dag::detail {

/// Anything contiguous that `std::span` can view (vector, array, span, Eigen vector), of floats.
template <class Values>
concept RealSpan = requires(Values&& values) {
  requires std::floating_point<typename decltype(std::span(values))::value_type>;
};

/// A `RealSpan` whose elements can be written.
template <class Values>
concept MutableRealSpan = RealSpan<Values> && requires(Values&& values) {
  requires !std::is_const_v<typename decltype(std::span(values))::element_type>;
};

/// By a function, since g++ 11 deduces nothing for std::span inside an alias.
template <class Values>
[[nodiscard]] auto span_of(Values& values) {
  return std::span(values);
}

template <RealSpan Values>
using span_scalar_t = typename decltype(span_of(std::declval<Values&>()))::value_type;

}  // namespace dag::detail
