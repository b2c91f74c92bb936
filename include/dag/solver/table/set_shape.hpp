// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace dag {

/// What the set of equilibria around one is like, among those with the same supports.
enum class SetShape {
  point,           ///< isolated, a simple root of the indifference system
  multiple_point,  ///< a root at which the system's Jacobian is singular, nothing seen to move
  segment,         ///< one dimension, straight
  face,            ///< a product of simplices, each a part of the players' own, whole
  region,          ///< the part of one where no other strategy is better
  curve,           ///< one dimension, bent
  surface          ///< more dimensions, bent
};

[[nodiscard]] constexpr std::string_view to_string(SetShape shape) noexcept {
  constexpr std::string_view words[] = {"point",  "multiple point", "segment", "face",
                                        "region", "curve",          "surface"};
  return words[static_cast<std::size_t>(shape)];
}

}  // namespace dag
