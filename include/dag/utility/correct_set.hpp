// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// C_x: which of the stacked answers are correct.
using CorrectSet = std::vector<bool>;

namespace detail {

inline void check_correct(const CorrectSet& correct, const Blocks& blocks,
                          std::string_view utility) {
  require(correct.size() == blocks.total(), Errc::dimension_mismatch, utility, ": ", correct.size(),
          " correctness flags for ", blocks.total(), " answers");
}

}  // namespace detail
}  // namespace dag
