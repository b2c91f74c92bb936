// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <xtensor/xcontainer.hpp>
#include <xtensor/xlayout.hpp>

#include <dag/answers/rollout_batch.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// The entries of an xtensor container or adaptor (xarray, xtensor, xtensor_fixed, adapt) as a span
/// in row-major order, without a copy. Errors: invalid_argument for another layout or entries that
/// are not adjacent.
template <class Derived>
[[nodiscard]] auto flat_view(const xt::xcontainer<Derived>& array) {
  const auto& self = static_cast<const Derived&>(array);
  std::size_t adjacent = 1;
  for (std::size_t axis = self.dimension(); axis-- > 0;) {
    const auto extent = static_cast<std::size_t>(self.shape()[axis]);
    require(extent <= 1 || static_cast<std::size_t>(self.strides()[axis]) == adjacent,
            Errc::invalid_argument, "flat_view: axis ", axis, " of the tensor has stride ",
            self.strides()[axis], " where adjacent row-major entries need ", adjacent);
    adjacent *= extent;
  }
  return std::span(self.data(), static_cast<std::size_t>(self.size()));
}

/// Offsets of a padded tensor: contexts x samples x tokens. Keep it alive as long as the views.
struct PaddedOffsets {
  std::vector<std::int64_t> groups;
  std::vector<std::size_t> tokens;
};

/// The offsets of a three-dimensional tensor (contexts, samples, tokens); padding is the mask's
/// business. Errors: dimension_mismatch for another number of axes.
template <class Derived>
[[nodiscard]] PaddedOffsets padded_offsets(const xt::xcontainer<Derived>& tensor) {
  const auto& self = static_cast<const Derived&>(tensor);
  require(self.dimension() == 3, Errc::dimension_mismatch,
          "padded_offsets: need the axes contexts, samples and tokens, got ", self.dimension(),
          " axes");
  const auto contexts = static_cast<std::size_t>(self.shape()[0]);
  const auto samples = static_cast<std::size_t>(self.shape()[1]);
  return {
      uniform_offsets<std::int64_t>(contexts, samples),
      uniform_offsets<std::size_t>(contexts * samples, static_cast<std::size_t>(self.shape()[2]))};
}

}  // namespace dag
