// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/model/layered.hpp>
#include <dag/model/layered_exact.hpp>

namespace dag {

/// A reproducible layered model: values uniform below the modulus; edge logits normal with standard
/// deviation `edge_scale`, blind to the accumulator; then tilted by answer rewards that are normal
/// with standard deviation `answer_scale`. (Sums of many random values are nearly uniform modulo M:
/// without the tilt the answer distribution of a deep model is flat; with answer_scale = 0 there is
/// none.) Draws from RandomStream(seed, 0). Throws invalid_argument for an empty shape or a scale
/// that is not finite and >= 0.
template <std::floating_point Scalar = double>
[[nodiscard]] LayeredModel<Scalar> random_layered_model(std::size_t steps, std::size_t states,
                                                        std::size_t modulus, std::uint64_t seed,
                                                        Scalar edge_scale = 1,
                                                        Scalar answer_scale = 1) {
  require(steps >= 1 && states >= 1 && modulus >= 1, Errc::invalid_argument,
          "random_layered_model: steps, states and modulus must be >= 1, got ", steps, ", ", states,
          " and ", modulus);
  require(edge_scale >= 0 && std::isfinite(edge_scale) && answer_scale >= 0 &&
              std::isfinite(answer_scale),
          Errc::invalid_argument, "random_layered_model: scales must be finite and >= 0, got ",
          edge_scale, " and ", answer_scale);
  RandomStream stream(seed, 0);
  LayeredShape shape{steps, states, modulus, std::vector<std::size_t>(states)};
  for (auto& value : shape.values) {
    value = static_cast<std::size_t>(stream.below(modulus));
  }
  std::vector<Scalar> edges(states + (steps - 1) * states * states);
  for (auto& edge : edges) {
    edge = edge_scale * static_cast<Scalar>(stream.normal());
  }
  auto model = LayeredModel<Scalar>::from_edges(std::move(shape), edges);
  if (!(answer_scale > 0)) {
    return model;
  }
  std::vector<Scalar> rewards(modulus);
  for (auto& reward : rewards) {
    reward = answer_scale * static_cast<Scalar>(stream.normal());
  }
  return tilt(model, rewards, Scalar{1}).policy;
}

}  // namespace dag
