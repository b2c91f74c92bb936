// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace dag::detail {

/// One number of each of eight games: loops over lanes become vector instructions.
inline constexpr std::size_t lane_count = 8;
struct alignas(64) Lanes {
  std::array<double, lane_count> at{};
  double& operator[](std::size_t lane) noexcept { return at[lane]; }
  double operator[](std::size_t lane) const noexcept { return at[lane]; }
};

}  // namespace dag::detail
