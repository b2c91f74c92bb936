// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <dag/core/blocks.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F = sum_i F_i: rewards add, and the Target plays the product of the parts' targets. Sums nest.
template <Utility... Parts>
class Sum {
 public:
  using scalar_type = typename std::tuple_element_t<0, std::tuple<Parts...>>::scalar_type;
  static_assert((std::is_same_v<scalar_type, typename Parts::scalar_type> && ...),
                "dag::Sum: all parts must have the same scalar_type");

  explicit Sum(Parts... parts) : parts_(std::move(parts)...) {}

  template <class Visitor>
  constexpr void each(Visitor&& visit) const {
    std::apply([&](const auto&... part) { (visit(part), ...); }, parts_);
  }

 private:
  std::tuple<Parts...> parts_;
};

/// True if P<Part> holds for each single part of a utility, down through nested sums.
template <template <class> class P, class U>
struct EveryPart : P<U> {};
template <template <class> class P, class... Parts>
struct EveryPart<P, Sum<Parts...>> : std::bool_constant<(EveryPart<P, Parts>::value && ...)> {};

/// visit(part) for each single part, left to right, down through nested sums.
template <Utility U, class Visitor>
constexpr void for_each_part(const U& u, Visitor&& visit) {
  if constexpr (HasParts<U>) {
    u.each([&](const auto& part) { for_each_part(part, visit); });
  } else {
    visit(u);
  }
}

}  // namespace dag
