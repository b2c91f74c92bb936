// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <span>
#include <utility>

#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// A user's own concave F from two callables: value(answers) and gradient(answers, out), out being
/// dF/dnu_x(z) with the context's weight in it. Nothing else is asked: the Target of its Bregman
/// game answers q = nu. (A struct with the two as members does as well.)
template <Scalar Real, class Value, class Gradient>
requires std::invocable<const Value&, AnswersView<Real>> &&
    std::invocable<const Gradient&, AnswersView<Real>, std::span<Real>>
class UserUtility {
 public:
  using scalar_type = Real;
  UserUtility(Value value, Gradient gradient)
      : value_(std::move(value)), gradient_(std::move(gradient)) {}
  [[nodiscard]] Real value(AnswersView<Real> answers) const { return value_(answers); }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const { gradient_(answers, out); }

 private:
  Value value_;
  Gradient gradient_;
};

/// user_utility(value, gradient): the same, its types deduced.
template <Scalar Real = double, class Value, class Gradient>
[[nodiscard]] UserUtility<Real, Value, Gradient> user_utility(Value value, Gradient gradient) {
  return {std::move(value), std::move(gradient)};
}

}  // namespace dag
