// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include <dag/core/deadline.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/scalar_root.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag::detail {

/// Parts whose reward is level(i) - rate * log nu: they only move the anchor.
template <class U>
concept LogAffine = PointwiseUtility<U> && requires(const U& u) {
  u.log_affine_level(std::size_t{});
  u.log_affine_rate();
};

template <class U>
struct IsPointwise : std::bool_constant<PointwiseUtility<U>> {};
template <class U>
struct IsPointwiseOrAdversarial : std::bool_constant<PointwiseUtility<U> || AdversarialUtility<U>> {
};
template <class U>
struct IsLogAffine : std::bool_constant<LogAffine<U> || AdversarialUtility<U>> {};

/// Parts that are pointwise and not log-affine.
template <class U>
struct CurvedParts : std::integral_constant<int, PointwiseUtility<U> && !LogAffine<U>> {};
template <class... Parts>
struct CurvedParts<Sum<Parts...>> : std::integral_constant<int, (CurvedParts<Parts>::value + ...)> {
};

/// A part's reward, less a constant that moves no answer where that is more accurate.
template <class Part, class Real>
[[nodiscard]] Real reward_from_zero_at(const Part& part, std::size_t i, Probability<Real> nu) {
  if constexpr (requires { part.reward_from_zero(nu); }) {
    return part.reward_from_zero(nu);
  } else {
    return reward_at(part, i, nu);
  }
}

/// Moves the ends of a falling function's bracket outward until rounding leaves its signs alone.
template <Scalar Real, class Function>
void widen_bracket(Function&& function, Real& low, Real& high) {
  Real margin = std::numeric_limits<Real>::epsilon() * 8 * (1 + std::abs(low) + std::abs(high));
  low -= margin;
  high += margin;
  for (int round = 0; round < 50 && function(low).value < 0; ++round, margin *= 4) {
    low -= margin;
  }
  for (int round = 0; round < 50 && function(high).value > 0; ++round, margin *= 4) {
    high += margin;
  }
}

/// One context of a sum of pointwise parts (others are ignored): the policy that maximises
///   sum_z f_z(nu(z)) + <offset, nu> - beta KL(nu || reference),
/// in the log domain. Stationarity, R(nu_z) - strength (s_z - base_z) = lambda with s = log nu,
/// where log-affine parts are in base and strength: answers are roots in s of one multiplier (by
/// the part's `log_root` where there is one), which a second root normalises.
template <Utility U>
class ContextResponse {
 public:
  using Real = typename U::scalar_type;

  /// `deadline`: where it passes, what is not yet solved stays at the parts' common level.
  ContextResponse(const U& u, Real beta, const Deadline* deadline = nullptr)
      : u_(u), beta_(beta), strength_(beta), deadline_(deadline) {
    for_each_part(u, [&](const auto& part) {
      if constexpr (LogAffine<std::remove_cvref_t<decltype(part)>>) {
        strength_ += part.log_affine_rate();
      }
    });
  }

  /// beta plus the rates of log-affine parts.
  [[nodiscard]] Real strength() const { return strength_; }

  /// d reward / d log nu of the parts that are not log-affine.
  [[nodiscard]] Real slope(std::size_t i, Probability<Real> nu) const {
    Real total = 0;
    for_each_part(u_, [&](const auto& part) {
      if constexpr (CurvedParts<std::remove_cvref_t<decltype(part)>>::value == 1) {
        total += slope_at(part, i, nu);
      }
    });
    return total;
  }

  /// `first`: stacked index of the context's first answer. `offset` may be empty. In: log_nu is
  /// scratch. Out: log nu, normalised. `level`: where the search for the multiplier starts if it
  /// lies in its bracket; out, where it ended.
  void solve(std::size_t first, std::span<const Real> log_reference, std::span<const Real> offset,
             std::span<Real> base, std::span<Real> log_nu, Real* level = nullptr) const {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const std::size_t size = log_reference.size();
    std::size_t alive = 0;
    Real top = -infinity;
    for (std::size_t z = 0; z < size; ++z) {
      Real pull = offset.empty() ? Real{0} : offset[z];
      for_each_part(u_, [&](const auto& part) {
        if constexpr (LogAffine<std::remove_cvref_t<decltype(part)>>) {
          pull += part.log_affine_level(first + z);
        }
      });
      base[z] = log_reference[z] > -infinity ? pull : -infinity;
      alive += base[z] > -infinity ? 1U : 0U;
      top = std::fmax(top, base[z]);
    }
    // Less the highest level: a constant moves no answer, and over a small strength its rounding
    // would drown the reference.
    for (std::size_t z = 0; z < size; ++z) {
      base[z] = base[z] > -infinity ? (beta_ * log_reference[z] + (base[z] - top)) / strength_
                                    : -infinity;
    }
    if constexpr (CurvedParts<U>::value > 0) {
      solve_roots(first, base, log_nu, alive, level);
    } else {
      for (std::size_t z = 0; z < size; ++z) {
        log_nu[z] = base[z];
      }
    }
    log_normalize(log_nu);
    if constexpr (CurvedParts<U>::value > 0) {
      if (!late()) {
        polish(first, base, log_nu);
      }
    }
  }

 private:
  [[nodiscard]] Real reward(std::size_t i, Real log_nu) const {
    Real total = 0;
    for_each_part(u_, [&](const auto& part) {
      using Part = std::remove_cvref_t<decltype(part)>;
      if constexpr (CurvedParts<Part>::value == 1) {
        const auto nu = Probability<Real>::of_log(log_nu);
        total += reward_from_zero_at(part, i, nu);
      }
    });
    return total;
  }

  /// Newton steps on R - strength (s - base) = lambda itself: t = lambda / strength is large
  /// where beta is small, and its rounding would show in s.
  void polish(std::size_t first, std::span<const Real> base, std::span<Real> log_nu) const {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    for (int round = 0; round < 4; ++round) {
      Real mass = 0, lambda = 0, longest = 0;
      const auto visit = [&](auto&& use) {
        for (std::size_t z = 0; z < base.size(); ++z) {
          if (base[z] > -infinity) {
            const auto nu = Probability<Real>::of_log(log_nu[z]);
            const Real left = reward(first + z, nu.log) - strength_ * (nu.log - base[z]);
            use(z, nu.value, left, strength_ - slope(first + z, nu));
          }
        }
      };
      visit([&](std::size_t, Real nu, Real left, Real curvature) {
        mass += nu / curvature;
        lambda += nu / curvature * left;
      });
      lambda /= mass;
      visit([&](std::size_t, Real, Real left, Real curvature) {
        longest = std::fmax(longest, std::abs(left - lambda) / curvature);
      });
      if (!(longest < Real(1e-3))) {
        return;
      }
      visit([&](std::size_t z, Real, Real left, Real curvature) {
        log_nu[z] += (left - lambda) / curvature;
      });
      log_normalize(log_nu);
      if (longest < Real(1e-9)) {
        return;  // quadratic: what is left is rounding
      }
    }
  }

  void solve_roots(std::size_t first, std::span<const Real> base, std::span<Real> log_nu,
                   std::size_t alive, Real* level) const {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const Real log_alive = std::log(static_cast<Real>(alive));
    // At t = low some answer has probability 1 or more, at t = high none has more than 1 / alive.
    Real low = -infinity, high = -infinity;
    for (std::size_t z = 0; z < base.size(); ++z) {
      if (base[z] > -infinity) {
        low = std::fmax(low, base[z] + reward(first + z, 0) / strength_);
        high = std::fmax(high, base[z] + log_alive + reward(first + z, -log_alive) / strength_);
      }
    }
    require(std::isfinite(low) && std::isfinite(high), Errc::not_finite,
            "equilibrium: rewards over the anchor leave the range of numbers, beta ", beta_);
    if (deadline_ != nullptr) {
      std::copy(base.begin(), base.end(), log_nu.begin());
    }
    const auto total = [&](Real t) {
      Real sum = 0, slope = 0;
      for (std::size_t z = 0; z < base.size(); ++z) {
        if (z % 1024 == 0 && late()) {
          return ValueAndSlope<Real>{0, -1};  // no search goes on from a root
        }
        log_nu[z] = base[z] > -infinity ? answer(first + z, base[z] - t) : -infinity;
        const Probability<Real> nu = Probability<Real>::of_log(log_nu[z]);
        if (nu.value > 0) {
          sum += nu.value;
          slope -= nu.value * strength_ / (strength_ - this->slope(first + z, nu));
        }
      }
      return ValueAndSlope<Real>{std::log(sum), slope / sum};
    };
    if (low < high) {
      widen_bracket(total, low, high);
      RootOptions<Real> coarse;
      coarse.value_tolerance = Real(1e-7);  // of log sum nu: polished afterwards
      if (late()) {
        return;
      }
      const bool warm = level != nullptr && *level > low && *level < high;
      const Real start = warm ? *level : (low + high) / 2;
      const Real root = find_root_newton(total, low, high, start, coarse).root;
      (void)total(root);
      if (level != nullptr) {
        *level = root;
      }
    } else {
      (void)total(low);
    }
  }

  /// The root s of R(e^s) - strength (s - level) = 0, or 0 if it lies above.
  [[nodiscard]] Real answer(std::size_t i, Real level) const {
    Real root = 0;
    bool known = false;
    for_each_part(u_, [&](const auto& part) {
      using Part = std::remove_cvref_t<decltype(part)>;
      if constexpr (CurvedParts<U>::value == 1 && CurvedParts<Part>::value == 1 &&
                    requires { part.log_root(i, strength_, level); }) {
        root = part.log_root(i, strength_, level);
        known = true;
      }
    });
    if (known) {
      return root < 0 ? root : Real{0};
    }
    const Real at_one = reward(i, 0) + strength_ * level;
    if (!(at_one < 0)) {
      return 0;
    }
    const auto excess = [&](Real s) {
      return ValueAndSlope<Real>{reward(i, s) - strength_ * (s - level),
                                 this->slope(i, Probability<Real>::of_log(s)) - strength_};
    };
    // The slope is at most -strength, so the root is not further below 0 than this.
    Real low = at_one / strength_, high = 0;
    widen_bracket(excess, low, high);
    RootOptions<Real> coarse;
    coarse.absolute_tolerance = Real(1e-8);  // polished afterwards
    const Real start = level < 0 && level > low ? level : low / 2;
    return find_root_newton(excess, low, high, start, coarse).root;
  }

  [[nodiscard]] bool late() const { return deadline_ != nullptr && deadline_->passed(); }

  const U& u_;
  Real beta_;
  Real strength_;
  const Deadline* deadline_;
};

/// A lower bound of sum_x w_x (sum_z f_z(nu_x(z)) - beta KL(nu_x || nu0_x)) over all policies:
/// concave terms are least at an end of [0, 1], and the KL is largest at a vertex. May be -inf.
template <class Game, class Real = typename Game::Real>
[[nodiscard]] Real least_pointwise_value(const Game& game) {
  const Blocks& blocks = game.contexts().blocks();
  Real bound = 0;
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    Real farthest = 0, lowest = 0;
    for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
      const Real log = game.log_reference()[i];
      if (log > -std::numeric_limits<Real>::infinity()) {
        farthest = std::fmax(farthest, -log);
        Real at_zero = 0, at_one = 0;
        for_each_part(game.utility(), [&](const auto& part) {
          if constexpr (PointwiseUtility<std::remove_cvref_t<decltype(part)>>) {
            at_zero += term_at(part, i, Probability<Real>{});
            at_one += term_at(part, i, Probability<Real>::of(1));
          }
        });
        lowest += std::fmin(at_zero, at_one);
      }
    }
    bound += game.contexts().weights()[x] * (lowest - game.beta() * farthest);
  }
  return bound;
}

}  // namespace dag::detail
