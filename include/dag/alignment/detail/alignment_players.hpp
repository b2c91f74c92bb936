// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/geometry/euclidean.hpp>
#include <dag/geometry/product.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// The adversarial Targets' set: mixtures and multipliers side by side. Its support is finite only
/// where every multiplier's constraint holds.
template <Scalar Real>
class TargetSet {
 public:
  using scalar_type = Real;
  struct Segment {
    TargetKind kind;
    std::size_t size;
  };

  explicit TargetSet(std::vector<Segment> segments) : segments_(std::move(segments)) {
    for (const Segment& segment : segments_) {
      size_ += segment.size;
    }
  }

  [[nodiscard]] std::span<const Segment> segments() const noexcept { return segments_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  template <class Backend>
  void center(const Backend& backend, std::span<Real> out) const {
    each([&](const Segment& s, std::size_t at) {
      backend.fill(out.subspan(at, s.size),
                   s.kind == TargetKind::mixture ? Real{1} / static_cast<Real>(s.size) : Real{0});
    });
  }
  template <class Backend>
  void project(const Backend& backend, std::span<Real> point) const {
    each([&](const Segment& s, std::size_t at) {
      if (s.kind == TargetKind::mixture) {
        backend.project_simplex(point.subspan(at, s.size));
      } else if (s.kind == TargetKind::nonnegative) {
        backend.raise_to_zero(point.subspan(at, s.size));
      }
    });
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    Real total = 0;
    each([&](const Segment& s, std::size_t at) {
      const auto g = gradient.subspan(at, s.size);
      if (s.kind == TargetKind::mixture) {
        total += backend.max(g);
      } else if (backend.max(g) > 0 || (s.kind == TargetKind::free && backend.min(g) < 0)) {
        total = infinity;
      }
    });
    return total;
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     std::span<Real> out) const {
    require(support(backend, gradient) < std::numeric_limits<Real>::infinity(), Errc::unsupported,
            "TargetSet: multipliers have no best response where a constraint is violated");
    each([&](const Segment& s, std::size_t at) {
      backend.fill(out.subspan(at, s.size), Real{0});
      if (s.kind == TargetKind::mixture) {
        backend.fill(out.subspan(at + backend.argmax(gradient.subspan(at, s.size)), 1), Real{1});
      }
    });
  }

 private:
  template <class Visitor>
  void each(Visitor&& visit) const {
    std::size_t at = 0;
    for (const Segment& segment : segments_) {
      visit(segment, at);
      at += segment.size;
    }
  }

  std::vector<Segment> segments_;
  std::size_t size_ = 0;
};

/// The Policy's simplices, pulled to the reference, beside the Target's set, which no magnet pulls.
/// Blocks: the contexts, then one block of the Target's variables.
template <Scalar Real>
class AlignmentPlayers {
 public:
  using scalar_type = Real;

  AlignmentPlayers(Simplices<Real> policy, TargetSet<Real> target)
      : product_(std::move(policy), Euclidean<TargetSet<Real>>(std::move(target))) {}

  [[nodiscard]] const Blocks& blocks() const noexcept { return product_.blocks(); }
  [[nodiscard]] const Simplices<Real>& policy() const { return product_.template player<0>(); }
  [[nodiscard]] const Euclidean<TargetSet<Real>>& target() const {
    return product_.template player<1>();
  }

  template <class Backend>
  void start(const Backend& backend, StateView<Real> out) const {
    product_.start(backend, out);
  }
  template <class Backend>
  void enter(const Backend& backend, StateView<Real> state) const {
    product_.enter(backend, state);
  }
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, StateView<Real> out) const {
    product_.prox(backend, center, eta, gradient, out);
  }
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, MagnetView<Real> magnet, StateView<Real> out) const {
    policy().prox(backend, head(center), eta, head(gradient), magnet, head(out));
    target().prox(backend, tail(center), eta, tail(gradient), tail(out));
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return product_.support(backend, gradient);
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     StateView<Real> out) const {
    product_.best_response(backend, gradient, out);
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     MagnetView<Real> magnet, StateView<Real> out) const {
    policy().best_response(backend, head(gradient), magnet, head(out));
    target().best_response(backend, tail(gradient), tail(out));
  }
  /// The gap at z, +inf where a constraint is violated; and what the natural residual compares z
  /// with: the regularised best response of the Policy and a unit proximal step of the Target,
  /// whose set may have no best response.
  template <class Backend>
  [[nodiscard]] Real gap(const Backend& backend, StateView<const Real> z,
                         std::span<const Real> gradient, MagnetView<Real> magnet,
                         StateView<Real> response) const {
    policy().best_response(backend, head(gradient), magnet, head(response));
    target().prox(backend, tail(z), Real{1}, tail(gradient), tail(response));
    const StateView<const Real> best = head(response);
    return (backend.dot(head(gradient), best.point) -
            policy().magnet_value(backend, best, magnet)) -
           (backend.dot(gradient, z.point) - magnet_value(backend, z, magnet)) +
           target().support(backend, tail(gradient));
  }
  template <class Backend>
  [[nodiscard]] Real divergence(const Backend& backend, StateView<const Real> to,
                                StateView<const Real> from) const {
    return product_.divergence(backend, to, from);
  }
  template <class Backend>
  [[nodiscard]] Real distance(const Backend& backend, std::span<const Real> x,
                              std::span<const Real> y) const {
    return product_.distance(backend, x, y);
  }
  template <class Backend>
  [[nodiscard]] Real dual_distance(const Backend& backend, std::span<const Real> g,
                                   std::span<const Real> h) const {
    return product_.dual_distance(backend, g, h);
  }
  template <class Backend>
  [[nodiscard]] Real magnet_value(const Backend& backend, StateView<const Real> z,
                                  MagnetView<Real> magnet) const {
    return policy().magnet_value(backend, head(z), magnet);
  }

 private:
  [[nodiscard]] std::size_t split() const { return policy().blocks().total(); }
  template <class T>
  [[nodiscard]] std::span<T> head(std::span<T> v) const {
    return v.first(split());
  }
  template <class T>
  [[nodiscard]] std::span<T> tail(std::span<T> v) const {
    return v.subspan(split());
  }
  template <class T>
  [[nodiscard]] StateView<T> head(StateView<T> v) const {
    return {head(v.point), head(v.dual)};
  }
  template <class T>
  [[nodiscard]] StateView<T> tail(StateView<T> v) const {
    return {tail(v.point), tail(v.dual)};
  }

  Product<Simplices<Real>, Euclidean<TargetSet<Real>>> product_;
};

}  // namespace dag
