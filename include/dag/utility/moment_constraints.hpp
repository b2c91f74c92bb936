// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = 0 where every <f_k, nu> <= c_k (or = c_k), else -inf: hard constraints. f_k runs over
/// the stacked answers of all contexts, so that it may couple them (fairness: mean over one group
/// less mean over another = 0; the contexts' weights are not applied to f). Target: adversarial
/// multipliers lambda_k (>= 0 for <=). Reward -sum_k lambda_k f_k(z) / w_x. Equilibrium: the
/// information projection nu_x ∝ nu0_x exp(-lambda'f_x / (w_x beta)).
template <Scalar Real>
struct MomentConstraints {
  using scalar_type = Real;
  static constexpr bool context_weighted = false;

  /// <feature, nu> <= bound, or = bound; the feature is kept with the other sign.
  struct Constraint {
    std::vector<Real> negated_feature;
    Real bound = 0;
    bool equality = false;
  };
  std::vector<Constraint> constraints;

  /// <feature, nu> <= bound.
  MomentConstraints& at_most(std::vector<Real> feature, Real bound) {
    return add(std::move(feature), bound, false);
  }
  /// <feature, nu> >= bound, kept (and its multiplier read) as <-feature, nu> <= -bound.
  MomentConstraints& at_least(std::vector<Real> feature, Real bound) {
    for (Real& f : feature) {
      f = -f;
    }
    return add(std::move(feature), -bound, false);
  }
  /// <feature, nu> = bound.
  MomentConstraints& equal(std::vector<Real> feature, Real bound) {
    return add(std::move(feature), bound, true);
  }

  [[nodiscard]] std::size_t target_size() const { return constraints.size(); }
  [[nodiscard]] TargetKind target_kind(std::size_t k) const {
    return constraints[k].equality ? TargetKind::free : TargetKind::nonnegative;
  }
  /// -f_k.
  [[nodiscard]] std::span<const Real> target_row(std::size_t k) const {
    return constraints[k].negated_feature;
  }
  [[nodiscard]] Real target_offset(std::size_t k) const { return constraints[k].bound; }

  void check(const Blocks& blocks) const {
    require(!constraints.empty(), Errc::invalid_argument,
            "MomentConstraints: needs at least one constraint (at_most, at_least, equal)");
    for (std::size_t k = 0; k < constraints.size(); ++k) {
      require(constraints[k].negated_feature.size() == blocks.total(), Errc::dimension_mismatch,
              "MomentConstraints: feature ", k, " has ", constraints[k].negated_feature.size(),
              " entries for ", blocks.total(), " answers");
      for (const Real f : constraints[k].negated_feature) {
        require(std::isfinite(f), Errc::not_finite, "MomentConstraints: feature ", k,
                " must be finite, got ", -f);
      }
      require(std::isfinite(constraints[k].bound), Errc::not_finite, "MomentConstraints: bound ", k,
              " must be finite, got ", constraints[k].bound);
    }
  }

 private:
  MomentConstraints& add(std::vector<Real> feature, Real bound, bool equality) {
    for (Real& f : feature) {
      f = -f;
    }
    constraints.push_back({std::move(feature), bound, equality});
    return *this;
  }
};

}  // namespace dag
