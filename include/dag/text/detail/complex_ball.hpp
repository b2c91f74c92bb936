// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <dag/text/detail/ball.hpp>

namespace dag::detail {

/// A complex number of two balls. Roots, logarithms and powers are principal values: the argument
/// lies in (-pi, pi], and a ball whose side of the cut is not certain makes the result not valid.
struct ComplexBall {
  Ball real;
  Ball imaginary;

  [[nodiscard]] bool valid() const noexcept { return real.valid() && imaginary.valid(); }
  [[nodiscard]] bool is_real() const noexcept { return imaginary.exactly_zero(); }
  [[nodiscard]] bool exactly_zero() const noexcept {
    return real.exactly_zero() && imaginary.exactly_zero();
  }
  [[nodiscard]] ComplexBall negated() const noexcept {
    return {real.negated(), imaginary.negated()};
  }
  [[nodiscard]] friend ComplexBall operator+(const ComplexBall& a, const ComplexBall& b) noexcept {
    return {a.real + b.real, a.imaginary + b.imaginary};
  }
  [[nodiscard]] friend ComplexBall operator*(const ComplexBall& a, const ComplexBall& b) noexcept {
    if (a.is_real() && b.is_real()) {
      return {a.real * b.real, {}};
    }
    return {a.real * b.real - a.imaginary * b.imaginary,
            a.real * b.imaginary + a.imaginary * b.real};
  }
  [[nodiscard]] ComplexBall inverse() const noexcept {
    if (is_real()) {
      return {real.inverse(), {}};
    }
    const Ball square = (real * real + imaginary * imaginary).inverse();
    return {real * square, imaginary.negated() * square};
  }
};

[[nodiscard]] inline ComplexBall invalid_complex() noexcept { return {Ball::invalid(), {}}; }

[[nodiscard]] inline Ball magnitude(const ComplexBall& z) noexcept {
  return z.is_real() ? z.real.magnitude() : (z.real * z.real + z.imaginary * z.imaginary).root();
}

/// The argument, in (-pi, pi].
[[nodiscard]] inline Ball argument(const ComplexBall& z) noexcept {
  const Ball pi = Ball::pi();
  if (z.is_real()) {
    const int sign = z.real.sign();
    return sign == 0 ? Ball::invalid() : (sign > 0 ? Ball{} : pi);
  }
  const int side = z.imaginary.sign();
  if (z.real.sign() > 0) {
    return arc_tangent(z.imaginary / z.real);
  }
  if (side == 0) {
    return Ball::invalid();
  }
  const Ball quarter = side > 0 ? pi.scaled(-1) : pi.scaled(-1).negated();
  return quarter - arc_tangent(z.real / z.imaginary);
}

[[nodiscard]] inline ComplexBall exponential(const ComplexBall& z) noexcept {
  const Ball size = exponential(z.real);
  if (z.is_real()) {
    return {size, {}};
  }
  const SineCosine turn = sine_cosine(z.imaginary);
  return {size * turn.cosine, size * turn.sine};
}

[[nodiscard]] inline ComplexBall logarithm(const ComplexBall& z) noexcept {
  return {logarithm(magnitude(z)), argument(z)};
}

[[nodiscard]] inline ComplexBall root(const ComplexBall& z) noexcept {
  if (z.exactly_zero()) {
    return z;
  }
  if (z.is_real()) {
    return z.real.sign() >= 0 ? ComplexBall{z.real.root(), {}}
                              : ComplexBall{{}, z.real.negated().root()};
  }
  const Ball size = magnitude(z);
  if (z.real.sign() >= 0) {
    const Ball real = ((size + z.real).scaled(-1)).root();
    return {real, z.imaginary.scaled(-1) / real};
  }
  const int side = z.imaginary.sign();
  if (side == 0) {
    return invalid_complex();
  }
  const Ball height = ((size - z.real).scaled(-1)).root();
  return {z.imaginary.magnitude().scaled(-1) / height, side > 0 ? height : height.negated()};
}

/// z^n, n >= 0, by squaring.
[[nodiscard]] inline ComplexBall power(const ComplexBall& z, std::uint64_t n) noexcept {
  return power_of(z, n, ComplexBall{Ball(1), {}});
}

/// a^b = e^(b log a); 0^b = 0 for b > 0.
[[nodiscard]] inline ComplexBall power(const ComplexBall& a, const ComplexBall& b) noexcept {
  if (a.exactly_zero()) {
    return b.is_real() && b.real.sign() > 0 ? a : invalid_complex();
  }
  return exponential(b * logarithm(a));
}

/// Sine and cosine of a complex number.
[[nodiscard]] inline std::pair<ComplexBall, ComplexBall> sine_cosine(
    const ComplexBall& z) noexcept {
  const SineCosine at = sine_cosine(z.real);
  if (z.is_real()) {
    return {{at.sine, {}}, {at.cosine, {}}};
  }
  const Ball up = exponential(z.imaginary);
  const Ball down = up.inverse();
  const Ball cosh = (up + down).scaled(-1);
  const Ball sinh = (up - down).scaled(-1);
  return {{at.sine * cosh, at.cosine * sinh}, {at.cosine * cosh, (at.sine * sinh).negated()}};
}

}  // namespace dag::detail
