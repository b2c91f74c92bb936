// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>

namespace dag {

/// A closed convex set that can be projected on: what the Euclidean mirror map needs.
template <class S, class B>
concept ProjectionSet = requires(const S& set, const B& backend,
                                 std::span<typename S::scalar_type> point,
                                 std::span<const typename S::scalar_type> gradient) {
  { set.size() } -> std::convertible_to<std::size_t>;
  set.center(backend, point);   // a canonical point of the set
  set.project(backend, point);  // point = the nearest point of the set
  { set.support(backend, gradient) } -> std::convertible_to<typename S::scalar_type>;
  set.best_response(backend, gradient, point);  // argmax <gradient, u>; fails where unbounded
};

/// A player who owns a projection set under the Euclidean mirror map: D(u, v) = ||u - v||^2 / 2,
/// the prox is a projection, and the state's dual repeats its point. One block.
template <class Set>
class Euclidean {
 public:
  using scalar_type = typename Set::scalar_type;
  using Real = scalar_type;

  explicit Euclidean(Set set) : set_(std::move(set)), blocks_{set_.size()} {}

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  [[nodiscard]] const Set& set() const noexcept { return set_; }

  template <class Backend>
  void start(const Backend& backend, StateView<Real> out) const {
    set_.center(backend, out.point);
    repeat(backend, out);
  }
  /// Checks that `state.point` lies in the set within sqrt(epsilon) of its own size.
  /// Errors: not_finite, invalid_argument.
  template <class Backend>
  void enter(const Backend& backend, StateView<Real> state) const {
    const std::span<const Real> point = state.point;
    require(backend.all_finite(point), Errc::not_finite, "strategy has a NaN or an infinity");
    backend.copy(point, state.dual);
    set_.project(backend, state.dual);
    const Real distance = backend.max_abs_difference(point, std::span<const Real>(state.dual));
    const Real size = 1 + std::sqrt(backend.dot(point, point));
    require(distance <= std::sqrt(std::numeric_limits<Real>::epsilon()) * size,
            Errc::invalid_argument, "strategy lies outside its set, at distance ", distance);
    repeat(backend, state);
  }
  /// out = projection of center + eta * gradient.
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, StateView<Real> out) const {
    backend.copy(center.dual, out.point);
    backend.axpy(eta, gradient, out.point);
    set_.project(backend, out.point);
    repeat(backend, out);
  }
  /// The same with a magnet tau: projection of (center + eta gradient + eta tau ref) / (1 + eta
  /// tau).
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, MagnetView<Real> magnet, StateView<Real> out) const {
    const Real tau = magnet.weights[0];
    const Real scale = Real{1} / (Real{1} + eta * tau);
    backend.copy(center.dual, out.point);
    backend.combine(scale * eta, gradient, scale, out.point);
    backend.axpy(scale * eta * tau, magnet.reference.point, out.point);
    set_.project(backend, out.point);
    repeat(backend, out);
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return set_.support(backend, gradient);
  }
  /// argmax <gradient, u>. Errors: unsupported where the set is unbounded.
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     StateView<Real> out) const {
    set_.best_response(backend, gradient, out.point);
    repeat(backend, out);
  }
  /// out = projection of ref + gradient / tau.
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     MagnetView<Real> magnet, StateView<Real> out) const {
    backend.copy(magnet.reference.point, out.point);
    backend.axpy(Real{1} / magnet.weights[0], gradient, out.point);
    set_.project(backend, out.point);
    repeat(backend, out);
  }
  template <class Backend>
  [[nodiscard]] Real divergence(const Backend& backend, StateView<const Real> to,
                                StateView<const Real> from) const {
    return backend.squared_distance(to.point, from.point) / 2;
  }
  template <class Backend>
  [[nodiscard]] Real distance(const Backend& backend, std::span<const Real> x,
                              std::span<const Real> y) const {
    return std::sqrt(backend.squared_distance(x, y));
  }
  template <class Backend>
  [[nodiscard]] Real dual_distance(const Backend& backend, std::span<const Real> g,
                                   std::span<const Real> h) const {
    return distance(backend, g, h);
  }
  /// tau ||z - ref||^2 / 2.
  template <class Backend>
  [[nodiscard]] Real magnet_value(const Backend& backend, StateView<const Real> z,
                                  MagnetView<Real> magnet) const {
    return magnet.weights[0] * divergence(backend, z, magnet.reference);
  }

 private:
  template <class Backend>
  static void repeat(const Backend& backend, StateView<Real> out) {
    backend.copy(std::span<const Real>(out.point), out.dual);
  }

  Set set_;
  Blocks blocks_;
};

}  // namespace dag
