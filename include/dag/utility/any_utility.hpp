// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <dag/utility/detail/utility_entries.hpp>
#include <dag/utility/utility_entry.hpp>

namespace dag {
namespace detail {

/// std::variant of the types, each once, in their order.
template <class Variant, class... Types>
struct VariantOf {
  using type = Variant;
};
template <class... Kept, class First, class... Rest>
struct VariantOf<std::variant<Kept...>, First, Rest...>
    : std::conditional_t<(std::is_same_v<Kept, First> || ...),
                         VariantOf<std::variant<Kept...>, Rest...>,
                         VariantOf<std::variant<Kept..., First>, Rest...>> {};

template <class Rows>
struct UtilityOfRows;
template <class... Make>
struct UtilityOfRows<std::tuple<UtilityRow<Make>...>>
    : VariantOf<std::variant<>, std::invoke_result_t<Make, const UtilityData&>...> {};

}  // namespace detail

/// A utility chosen at run time: one of the rows', in double.
using AnyUtility = typename detail::UtilityOfRows<decltype(detail::make_utility_rows())>::type;

/// A utility of the library by name.
struct UtilityEntry : UtilityInfo {
  AnyUtility (*make)(const UtilityData&);
};

}  // namespace dag
