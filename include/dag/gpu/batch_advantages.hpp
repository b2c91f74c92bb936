// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>

/// What advantage conventions that look at a whole batch add to the groups' own work: sums over all
/// scored samples (reward not NaN), in double, and one last pass.
namespace dag::device {

/// Three sums that are taken together.
struct Sums {
  double a;
  double b;
  double c;
};
/// Sums, entry by entry.
struct AddSums {
  DAG_HOST_DEVICE Sums operator()(Sums x, Sums y) const {
    return {x.a + y.a, x.b + y.b, x.c + y.c};
  }
};

/// Number of scored samples, sum of rewards, number of rewards that are not 0.
template <class Real>
struct RewardSums {
  const Real* reward;
  DAG_HOST_DEVICE Sums operator()(std::size_t i) const {
    const double s = static_cast<double>(reward[i]);
    return s == s ? Sums{1, s, s != 0 ? 1.0 : 0.0} : Sums{0, 0, 0};
  }
};
/// Sum of (reward - mean)^2.
template <class Real>
struct RewardSquares {
  const Real* reward;
  double mean;
  DAG_HOST_DEVICE Sums operator()(std::size_t i) const {
    const double deviation = static_cast<double>(reward[i]) - mean;
    return {deviation == deviation ? deviation * deviation : 0.0, 0, 0};
  }
};
/// Tokens, sum of length * advantage, number of lengths (of any sample) that are not > 0 and
/// finite.
template <class Real>
struct TokenSums {
  const Real* reward;
  const Real* advantage;
  const Real* lengths;
  DAG_HOST_DEVICE Sums operator()(std::size_t i) const {
    const double length = static_cast<double>(lengths[i]);
    const double refused = length > 0 && length - length == 0 ? 0 : 1;
    return reward[i] == reward[i]
               ? Sums{length, length * static_cast<double>(advantage[i]), refused}
               : Sums{0, 0, refused};
  }
};
/// Sum of length * (advantage - mean)^2.
template <class Real>
struct TokenSquares {
  const Real* reward;
  const Real* advantage;
  const Real* lengths;
  double mean;
  DAG_HOST_DEVICE Sums operator()(std::size_t i) const {
    const double deviation = static_cast<double>(advantage[i]) - mean;
    return {reward[i] == reward[i] ? static_cast<double>(lengths[i]) * deviation * deviation : 0.0,
            0, 0};
  }
};

/// advantage = (advantage - mean) * factor where there is a reward, elementwise.
template <class Real>
struct RescaleAdvantages {
  const Real* reward;
  double mean;
  double factor;
  Real* advantage;

  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    advantage[i] = reward[i] == reward[i]
                       ? static_cast<Real>((static_cast<double>(advantage[i]) - mean) * factor)
                       : Real{0};
  }
};

}  // namespace dag::device
