// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

namespace dag {

/// A point of the players' joint set, seen twice: `point` holds the strategies, `dual` the same
/// point in the mirror map's coordinates (log-probabilities under the entropy map, where -inf is
/// legal; a copy of the point under the Euclidean map). Non-owning; both spans have one length.
template <class Scalar>
struct StateView {
  std::span<Scalar> point;
  std::span<Scalar> dual;

  [[nodiscard]] StateView segment(std::size_t offset, std::size_t size) const noexcept {
    return {point.subspan(offset, size), dual.subspan(offset, size)};
  }
  /// A view of a mutable state is a view of a constant one.
  template <class Constant>
  requires(std::is_same_v<Constant, const Scalar> && !std::is_const_v<Scalar>)
  operator StateView<Constant>() const noexcept {  // NOLINT(google-explicit-constructor)
    return {point, dual};
  }
};

/// Owns the two vectors of a `StateView`, in the backend's memory.
template <class Backend, class Scalar>
struct State {
  typename Backend::template vector<Scalar> point;
  typename Backend::template vector<Scalar> dual;

  State() = default;
  State(const Backend& backend, std::size_t size)
      : point(backend.template allocate<Scalar>(size)),
        dual(backend.template allocate<Scalar>(size)) {}

  [[nodiscard]] StateView<Scalar> view() noexcept {
    return {Backend::view(point), Backend::view(dual)};
  }
  [[nodiscard]] StateView<const Scalar> view() const noexcept {
    return {Backend::view(point), Backend::view(dual)};
  }
};

/// A pull towards a reference point: the payoff of block b gains -weights[b] * D(u, reference),
/// D being the player's own Bregman divergence (KL under the entropy map).
template <class Scalar>
struct MagnetView {
  std::span<const Scalar> weights;  ///< one a block, each > 0 (units of the payoff)
  StateView<const Scalar> reference;

  [[nodiscard]] MagnetView segment(std::size_t first_block, std::size_t block_count,
                                   std::size_t offset, std::size_t size) const noexcept {
    return {weights.subspan(first_block, block_count), reference.segment(offset, size)};
  }
};

}  // namespace dag
