// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// {u : lower <= u <= upper}, entrywise, finite bounds kept in host memory.
/// Errors: dimension_mismatch, invalid_argument (a lower bound above its upper one).
template <Scalar Real>
class Box {
 public:
  using scalar_type = Real;
  Box(std::vector<Real> lower, std::vector<Real> upper)
      : lower_(std::move(lower)), upper_(std::move(upper)) {
    require(!lower_.empty() && lower_.size() == upper_.size(), Errc::dimension_mismatch,
            "Box: ", lower_.size(), " lower and ", upper_.size(), " upper bounds");
    for (std::size_t i = 0; i < lower_.size(); ++i) {
      require(lower_[i] <= upper_[i] && std::isfinite(lower_[i]) && std::isfinite(upper_[i]),
              Errc::invalid_argument, "Box: bounds of entry ", i,
              " must be finite and ordered: ", lower_[i], " to ", upper_[i]);
    }
  }
  /// [lower, upper]^size.
  Box(std::size_t size, Real lower, Real upper)
      : Box(std::vector<Real>(size, lower), std::vector<Real>(size, upper)) {}

  [[nodiscard]] std::size_t size() const noexcept { return lower_.size(); }
  template <class Backend>
  void center(const Backend& backend, std::span<Real> out) const {
    std::vector<Real> middle(lower_);
    for (std::size_t i = 0; i < middle.size(); ++i) {
      middle[i] += Real(0.5) * (upper_[i] - lower_[i]);
    }
    backend.upload(bound(middle), out);
  }
  template <class Backend>
  void project(const Backend& backend, std::span<Real> point) const {
    backend.clamp(bound(lower_), bound(upper_), point);
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return backend.box_support(bound(lower_), bound(upper_), gradient);
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     std::span<Real> out) const {
    // Far along the gradient every entry with a nonzero derivative is at its better bound.
    center(backend, out);
    backend.axpy(std::numeric_limits<Real>::max(), gradient, out);
    project(backend, out);
  }

 private:
  [[nodiscard]] static std::span<const Real> bound(const std::vector<Real>& v) { return v; }
  std::vector<Real> lower_;
  std::vector<Real> upper_;
};

namespace detail {

/// What sets about the origin share: their dimension, and the origin as their centre.
template <Scalar Real>
class CenteredSet {
 public:
  using scalar_type = Real;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  template <class Backend>
  void center(const Backend& backend, std::span<Real> out) const {
    backend.fill(out, Real{0});
  }

 protected:
  CenteredSet(std::size_t size, const char* name) : size_(size) {
    require(size > 0, Errc::invalid_argument, name, ": size must be > 0");
  }

 private:
  std::size_t size_;
};

}  // namespace detail

/// {u : ||u|| <= radius} in `size` dimensions, about the origin.
/// Errors: invalid_argument unless size > 0 and 0 < radius < inf.
template <Scalar Real>
class Ball : public detail::CenteredSet<Real> {
 public:
  Ball(std::size_t size, Real radius) : detail::CenteredSet<Real>(size, "Ball"), radius_(radius) {
    require(radius > 0 && std::isfinite(radius), Errc::invalid_argument,
            "Ball: the radius must be finite and > 0, got ", radius);
  }
  template <class Backend>
  void project(const Backend& backend, std::span<Real> point) const {
    const Real norm = length(backend, point);
    if (norm > radius_) {
      backend.combine(Real{0}, std::span<const Real>(point), radius_ / norm, point);
    }
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return radius_ * length(backend, gradient);
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     std::span<Real> out) const {
    const Real norm = length(backend, gradient);
    backend.fill(out, Real{0});
    if (norm > 0) {
      backend.axpy(radius_ / norm, gradient, out);
    }
  }

 private:
  template <class Backend>
  [[nodiscard]] static Real length(const Backend& backend, std::span<const Real> v) {
    return std::sqrt(backend.dot(v, v));
  }
  Real radius_;
};

/// All of R^size. Unbounded: gaps are infinite unless the gradient is zero, so solvers certify by
/// the residual.
template <Scalar Real>
class WholeSpace : public detail::CenteredSet<Real> {
 public:
  explicit WholeSpace(std::size_t size) : detail::CenteredSet<Real>(size, "WholeSpace") {}
  template <class Backend>
  void project(const Backend&, std::span<Real>) const {}
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    const bool zero = backend.max(gradient) == 0 && backend.min(gradient) == 0;
    return zero ? Real{0} : std::numeric_limits<Real>::infinity();
  }
  template <class Backend>
  void best_response(const Backend&, std::span<const Real>, std::span<Real>) const {
    fail(Errc::unsupported, "WholeSpace: an unbounded set has no best response");
  }
};

/// {u : u >= 0}: multipliers of inequality constraints. Unbounded, as `WholeSpace`.
template <Scalar Real>
class Orthant : public detail::CenteredSet<Real> {
 public:
  explicit Orthant(std::size_t size) : detail::CenteredSet<Real>(size, "Orthant") {}
  template <class Backend>
  void project(const Backend& backend, std::span<Real> point) const {
    backend.raise_to_zero(point);
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return backend.max(gradient) <= 0 ? Real{0} : std::numeric_limits<Real>::infinity();
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     std::span<Real> out) const {
    require(backend.max(gradient) <= 0, Errc::unsupported,
            "Orthant: unbounded along a gradient with a positive entry");
    backend.fill(out, Real{0});
  }
};

/// The probability simplex as a projection set; for the entropy map see `Simplices`.
template <Scalar Real>
class ProbabilitySimplex {
 public:
  using scalar_type = Real;
  explicit ProbabilitySimplex(std::size_t size) : size_(size) {
    require(size > 0, Errc::invalid_argument, "ProbabilitySimplex: size must be > 0");
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  template <class Backend>
  void center(const Backend& backend, std::span<Real> out) const {
    backend.fill(out, Real{1} / static_cast<Real>(size_));
  }
  template <class Backend>
  void project(const Backend& backend, std::span<Real> point) const {
    backend.project_simplex(point);
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    return backend.max(gradient);
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     std::span<Real> out) const {
    backend.fill(out, Real{0});
    backend.fill(out.subspan(backend.argmax(gradient), 1), Real{1});
  }

 private:
  std::size_t size_;
};

}  // namespace dag
