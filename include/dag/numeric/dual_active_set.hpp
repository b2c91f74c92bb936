// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/dense.hpp>

namespace dag {

/// What `DualActiveSet::add` did.
enum class ActiveSetStep {
  added,      ///< the constraint is active now
  satisfied,  ///< it held already
  infeasible  ///< no point satisfies it together with the active ones
};

/// min |u|^2 / 2 subject to <normal_i, u> >= bound_i, one constraint at a time: the dual active-set
/// method, which starts at the unconstrained minimum and adds whatever constraint the caller finds
/// violated, dropping others as their multipliers reach zero. The constraints need not be known in
/// advance, so it serves semi-infinite problems. After each `add`, `point()` is the optimum over
/// the active constraints and |point()|^2 / 2 a lower bound of the optimum over all. Source:
/// Goldfarb and Idnani (1983), doi:10.1007/BF02591962. A strictly convex quadratic with Hessian LL'
/// is brought to this form by u = L'x + L^-1 g. Memory n^2 + q^2; O(n^2) a step; deterministic;
/// allocates only in the constructor and for `add`'s list of active constraints.
template <std::floating_point Scalar>
class DualActiveSet {
 public:
  explicit DualActiveSet(std::size_t size)
      : size_(size),
        point_(size),
        basis_(size * size),
        triangle_(size * size),
        projected_(size),
        step_(size),
        ratio_(size) {
    for (std::size_t i = 0; i < size; ++i) {
      basis_[i * size + i] = 1;
    }
  }

  [[nodiscard]] std::span<const Scalar> point() const noexcept { return point_; }
  /// Labels of the active constraints, as given to `add`, and their multipliers (> 0 or at 0).
  [[nodiscard]] std::span<const std::size_t> active() const noexcept { return labels_; }
  [[nodiscard]] std::span<const Scalar> multipliers() const noexcept { return multipliers_; }
  /// |point|^2.
  [[nodiscard]] Scalar squared_norm() const noexcept {
    return detail::dot(point_.data(), point_.data(), size_);
  }

  /// Makes <normal, u> >= bound hold. Throws `dimension_mismatch`, and `not_finite` when an entry
  /// of the normal or the bound is not finite.
  ActiveSetStep add(std::span<const Scalar> normal, Scalar bound, std::size_t label) {
    require(normal.size() == size_, Errc::dimension_mismatch,
            "DualActiveSet: the normal must have ", size_, " entries, got ", normal.size());
    const Scalar length = detail::dot(normal.data(), normal.data(), size_);
    require(length <= std::numeric_limits<Scalar>::max() &&
                std::abs(bound) <= std::numeric_limits<Scalar>::max(),
            Errc::not_finite,
            "DualActiveSet: normal and bound must be finite, got |normal|^2 = ", length,
            ", bound = ", bound);
    Scalar multiplier = 0;
    for (;;) {
      const Scalar missing = bound - detail::dot(normal.data(), point_.data(), size_);
      if (!(missing > 0)) {
        if (multiplier > 0) {  // reached by rounding during partial steps
          push(multiplier, label, normal);
          return ActiveSetStep::added;
        }
        return ActiveSetStep::satisfied;
      }
      project(normal);
      const std::size_t active = labels_.size();
      const Scalar free =
          detail::dot(projected_.data() + active, projected_.data() + active, size_ - active);
      constexpr Scalar epsilon = std::numeric_limits<Scalar>::epsilon();
      const bool independent = free > 1000 * epsilon * epsilon * length;
      constexpr Scalar never = std::numeric_limits<Scalar>::infinity();
      Scalar dual_length = never;
      std::size_t blocking = 0;
      for (std::size_t i = 0; i < active; ++i) {
        if (ratio_[i] > 0 && multipliers_[i] / ratio_[i] < dual_length) {
          dual_length = multipliers_[i] / ratio_[i];
          blocking = i;
        }
      }
      const Scalar full_length = independent ? missing / free : never;
      const Scalar taken = full_length <= dual_length ? full_length : dual_length;
      if (!(taken < never)) {
        return ActiveSetStep::infeasible;
      }
      for (std::size_t i = 0; i < active; ++i) {
        multipliers_[i] -= taken * ratio_[i];
      }
      multiplier += taken;
      if (independent) {
        for (std::size_t i = 0; i < size_; ++i) {
          point_[i] += taken * step_[i];
        }
      }
      if (full_length <= dual_length) {
        push(multiplier, label, normal);
        return ActiveSetStep::added;
      }
      drop(blocking);
    }
  }

 private:
  // basis_ holds an orthogonal matrix by rows: the first q span the active normals, N = Q1 R.

  /// projected_ = Q n, step_ = the part of n outside the active normals, ratio_ = R^-1 (Q n)_1.
  void project(std::span<const Scalar> normal) {
    const std::size_t active = labels_.size();
    for (std::size_t i = 0; i < size_; ++i) {
      projected_[i] = detail::dot(basis_.data() + i * size_, normal.data(), size_);
      step_[i] = 0;
    }
    for (std::size_t i = active; i < size_; ++i) {
      const Scalar weight = projected_[i];
      const Scalar* row = basis_.data() + i * size_;
      for (std::size_t j = 0; j < size_; ++j) {
        step_[j] += weight * row[j];
      }
    }
    for (std::size_t i = active; i-- > 0;) {
      Scalar value = projected_[i];
      for (std::size_t j = i + 1; j < active; ++j) {
        value -= triangle_[i * size_ + j] * ratio_[j];
      }
      ratio_[i] = value / triangle_[i * size_ + i];
    }
  }

  /// Appends a constraint: one Householder reflection of the free rows of the basis.
  void push(Scalar multiplier, std::size_t label, std::span<const Scalar> normal) {
    project(normal);
    const std::size_t active = labels_.size();
    if (active == size_) {  // the normal is a combination of the active ones: so is its share
      for (std::size_t i = 0; i < active; ++i) {
        multipliers_[i] += multiplier * ratio_[i];
      }
      return;
    }
    Scalar norm = std::sqrt(
        detail::dot(projected_.data() + active, projected_.data() + active, size_ - active));
    norm = projected_[active] > 0 ? -norm : norm;
    std::vector<Scalar>& mirror = step_;  // v = d - norm e_1, reflection I - 2 v v' / v'v
    const Scalar head = projected_[active] - norm;
    const Scalar scale = -1 / (norm * head);  // 2 / v'v
    for (std::size_t j = 0; j < size_; ++j) {
      mirror[j] = 0;
    }
    for (std::size_t i = active; i < size_; ++i) {
      const Scalar weight = i == active ? head : projected_[i];
      const Scalar* row = basis_.data() + i * size_;
      for (std::size_t j = 0; j < size_; ++j) {
        mirror[j] += weight * row[j];
      }
    }
    for (std::size_t i = active; i < size_; ++i) {
      const Scalar weight = scale * (i == active ? head : projected_[i]);
      Scalar* row = basis_.data() + i * size_;
      for (std::size_t j = 0; j < size_; ++j) {
        row[j] -= weight * mirror[j];
      }
    }
    for (std::size_t i = 0; i < active; ++i) {
      triangle_[i * size_ + active] = projected_[i];
    }
    triangle_[active * size_ + active] = norm;
    labels_.push_back(label);
    multipliers_.push_back(multiplier);
  }

  /// Removes an active constraint: shifts the columns of R and restores its triangle by rotations.
  void drop(std::size_t position) {
    const std::size_t last = labels_.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
      for (std::size_t j = position; j < last; ++j) {
        triangle_[i * size_ + j] = triangle_[i * size_ + j + 1];
      }
    }
    for (std::size_t k = position; k < last; ++k) {
      Scalar* upper = triangle_.data() + k * size_;
      Scalar* lower = upper + size_;
      const Scalar length = std::hypot(upper[k], lower[k]);
      const Scalar cosine = upper[k] / length, sine = lower[k] / length;
      rotate(upper + k, lower + k, last - k, cosine, sine);
      lower[k] = 0;
      rotate(basis_.data() + k * size_, basis_.data() + (k + 1) * size_, size_, cosine, sine);
    }
    for (std::size_t i = position; i < last; ++i) {
      labels_[i] = labels_[i + 1];
      multipliers_[i] = multipliers_[i + 1];
    }
    labels_.pop_back();
    multipliers_.pop_back();
  }

  static void rotate(Scalar* upper, Scalar* lower, std::size_t count, Scalar cosine,
                     Scalar sine) noexcept {
    for (std::size_t j = 0; j < count; ++j) {
      const Scalar top = upper[j], bottom = lower[j];
      upper[j] = cosine * top + sine * bottom;
      lower[j] = cosine * bottom - sine * top;
    }
  }

  std::size_t size_;
  std::vector<Scalar> point_, basis_, triangle_, projected_, step_, ratio_, multipliers_;
  std::vector<std::size_t> labels_;
};

}  // namespace dag
