// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include <dag/text/detail/exact.hpp>

namespace dag::detail {

/// An upper bound m * 2^e of an error, 1 <= m < 2, or zero: every operation rounds up.
class Bound {
 public:
  static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min() / 4;

  constexpr Bound() = default;
  /// 2^exponent
  constexpr explicit Bound(std::int64_t exponent) : part_(1), exponent_(exponent) {}

  [[nodiscard]] constexpr bool is_zero() const noexcept { return part_ == 0; }
  /// At most 2^exponent.
  [[nodiscard]] constexpr std::int64_t exponent() const noexcept {
    return is_zero() ? none : exponent_ + 1;
  }
  [[nodiscard]] friend Bound operator+(const Bound& a, const Bound& b) noexcept {
    if (a.is_zero() || b.is_zero()) {
      return a.is_zero() ? b : a;
    }
    const Bound& large = a.exponent_ >= b.exponent_ ? a : b;
    const Bound& lesser = a.exponent_ >= b.exponent_ ? b : a;
    const auto shift = std::min<std::int64_t>(large.exponent_ - lesser.exponent_, 60);
    return Bound((large.part_ + std::ldexp(lesser.part_, -static_cast<int>(shift))) * slack,
                 large.exponent_);
  }
  [[nodiscard]] friend Bound operator*(const Bound& a, const Bound& b) noexcept {
    return a.is_zero() || b.is_zero() ? Bound{}
                                      : Bound(a.part_ * b.part_ * slack, a.exponent_ + b.exponent_);
  }
  [[nodiscard]] Bound scaled(std::int64_t power_of_two) const noexcept {
    Bound result = *this;
    result.exponent_ += power_of_two;
    return result;
  }

 private:
  static constexpr double slack = 1 + 1e-14;
  Bound(double part, std::int64_t exponent) noexcept : part_(part), exponent_(exponent) {
    while (part_ >= 2) {
      part_ /= 2;
      ++exponent_;
    }
  }
  double part_ = 0;
  std::int64_t exponent_ = 0;
};

/// A real number with a bound of its error: |true value - value| <= error. The value is
/// +- 0.m * 2^exponent with 256 bits m, the top one set (all zero for zero). Every operation
/// widens the bound by what it takes over and by its own rounding; a result that is not defined
/// (a quotient by a ball around zero, an exponent beyond 2^40) is not `valid`.
class Ball {
 public:
  static constexpr int limbs = 8;
  static constexpr std::int64_t bits = 32 * limbs;
  static constexpr std::int64_t longest = std::int64_t{1} << 40;
  using Mantissa = std::array<std::uint32_t, limbs>;  ///< lowest limb first

  Ball() = default;
  explicit Ball(std::int64_t value) : negative_(value < 0) {
    const auto size =
        value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    mantissa_[6] = static_cast<std::uint32_t>(size);
    mantissa_[7] = static_cast<std::uint32_t>(size >> 32);
    exponent_ = 64;
    normalise();
  }
  explicit Ball(const Exact& value) {
    const auto top = static_cast<std::int64_t>(value.above().bit_length());
    const auto bottom = static_cast<std::int64_t>(value.below().bit_length());
    if (top == 0) {
      return;
    }
    // quotient of at least bits + 1 bits
    const std::int64_t shift = bits + 2 + bottom - top;
    BigNatural above = value.above();
    BigNatural below = value.below();
    (shift > 0 ? above : below).shift_left(static_cast<std::size_t>(shift > 0 ? shift : -shift));
    BigNatural quotient = std::move(above);
    bool rounded = !quotient.divide(below).is_zero();
    const auto size = static_cast<std::int64_t>(quotient.bit_length());
    BigNatural kept = quotient;
    kept.shift_right(static_cast<std::size_t>(size - bits));
    BigNatural whole = kept;
    whole.shift_left(static_cast<std::size_t>(size - bits));
    rounded = rounded || !(whole == quotient);
    for (std::size_t i = 0; i < limbs; ++i) {
      mantissa_[i] = static_cast<std::uint32_t>(kept.low_64());
      kept.shift_right(32);
    }
    negative_ = value.negative();
    exponent_ = size - shift;
    error_ = rounded ? Bound(exponent_ - bits) : Bound{};
  }
  [[nodiscard]] static Ball from_double(double value) {
    Ball result;
    int exponent = 0;
    const double part = std::frexp(std::abs(value), &exponent);
    const auto word = static_cast<std::uint64_t>(std::ldexp(part, 64));
    result.mantissa_[6] = static_cast<std::uint32_t>(word);
    result.mantissa_[7] = static_cast<std::uint32_t>(word >> 32);
    result.exponent_ = exponent;
    result.negative_ = value < 0;
    result.normalise();
    return result;
  }
  [[nodiscard]] static Ball constant(const Mantissa& mantissa, std::int64_t exponent) {
    Ball result;
    result.mantissa_ = mantissa;
    result.exponent_ = exponent;
    result.error_ = Bound(exponent - bits);
    return result;
  }
  [[nodiscard]] static Ball pi() {
    return constant({0x3B139B22U, 0x020BBEA6U, 0x8A67CC74U, 0x29024E08U, 0x80DC1CD1U, 0xC4C6628BU,
                     0x2168C234U, 0xC90FDAA2U},
                    2);
  }
  [[nodiscard]] static Ball log_two() {
    return constant({0x8BAAFA2CU, 0x8A0D175BU, 0x7298B62DU, 0x40F34326U, 0x03F2F6AFU, 0xC9E3B398U,
                     0xD1CF79ABU, 0xB17217F7U},
                    0);
  }
  [[nodiscard]] static Ball invalid() {
    Ball result;
    result.valid_ = false;
    return result;
  }

  [[nodiscard]] bool valid() const noexcept { return valid_; }
  [[nodiscard]] bool negative() const noexcept { return negative_; }
  [[nodiscard]] bool value_is_zero() const noexcept { return mantissa_[limbs - 1] == 0; }
  [[nodiscard]] bool exactly_zero() const noexcept { return value_is_zero() && error_.is_zero(); }
  /// Whether zero lies in the ball.
  [[nodiscard]] bool may_be_zero() const noexcept {
    return value_is_zero() || error_.exponent() >= exponent_ - 1;
  }
  /// |value| < 2^exponent
  [[nodiscard]] std::int64_t exponent() const noexcept { return exponent_; }
  /// |true value - value| <= 2^error()
  [[nodiscard]] std::int64_t error() const noexcept { return error_.exponent(); }
  [[nodiscard]] const Mantissa& mantissa() const noexcept { return mantissa_; }
  /// Bits of the value that are certain.
  [[nodiscard]] std::int64_t certain_bits() const noexcept {
    return error_.is_zero() ? bits : exponent_ - 1 - error_.exponent();
  }
  [[nodiscard]] double approximate() const noexcept {
    if (value_is_zero()) {
      return 0;
    }
    const double part = std::ldexp(static_cast<double>(mantissa_[7]), -32) +
                        std::ldexp(static_cast<double>(mantissa_[6]), -64);
    const double size =
        std::ldexp(part, static_cast<int>(std::clamp<std::int64_t>(exponent_, -100000, 100000)));
    return negative_ ? -size : size;
  }
  /// The value (without its error) as a rational; for exponents within +-exact_bits.
  [[nodiscard]] Exact exact() const {
    BigNatural above;
    for (std::size_t i = limbs; i-- > 0;) {
      above.shift_left(32);
      above = above + BigNatural(mantissa_[i]);
    }
    BigNatural below(1);
    const std::int64_t shift = exponent_ - bits;
    (shift > 0 ? above : below).shift_left(static_cast<std::size_t>(shift > 0 ? shift : -shift));
    return {negative_, std::move(above), std::move(below)};
  }

  [[nodiscard]] Ball negated() const noexcept {
    Ball result = *this;
    result.negative_ = !negative_ && !value_is_zero();
    return result;
  }
  [[nodiscard]] Ball magnitude() const noexcept { return negative_ ? negated() : *this; }
  [[nodiscard]] Ball scaled(std::int64_t power_of_two) const noexcept {
    Ball result = *this;
    result.exponent_ += value_is_zero() ? 0 : power_of_two;
    result.error_ = error_.scaled(power_of_two);
    return result.checked();
  }
  [[nodiscard]] Ball widened(const Bound& error) const noexcept {
    Ball result = *this;
    result.error_ = error_ + error;
    return result.checked();
  }

  [[nodiscard]] friend Ball operator+(const Ball& a, const Ball& b) noexcept { return sum(a, b); }
  [[nodiscard]] friend Ball operator-(const Ball& a, const Ball& b) noexcept {
    return sum(a, b.negated());
  }
  [[nodiscard]] friend Ball operator*(const Ball& a, const Ball& b) noexcept {
    Ball result;
    result.valid_ = a.valid_ && b.valid_;
    const Bound error = a.error_ * b.size() + b.error_ * a.size() + a.error_ * b.error_;
    if (a.value_is_zero() || b.value_is_zero()) {
      result.error_ = error;
      return result.checked();
    }
    std::array<std::uint32_t, 2 * limbs> product{};
    for (std::size_t i = 0; i < limbs; ++i) {
      std::uint64_t carry = 0;
      if (a.mantissa_[i] == 0) {
        continue;
      }
      for (std::size_t j = 0; j < limbs; ++j) {
        carry += product[i + j] + std::uint64_t{a.mantissa_[i]} * b.mantissa_[j];
        product[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      product[i + limbs] = static_cast<std::uint32_t>(carry);
    }
    result.negative_ = a.negative_ != b.negative_;
    result.exponent_ = a.exponent_ + b.exponent_;
    const bool shift = (product[2 * limbs - 1] & 0x80000000U) == 0;
    bool rounded = false;
    for (std::size_t i = 0; i < limbs; ++i) {
      const std::uint32_t high = product[limbs + i];
      const std::uint32_t low = product[limbs + i - 1];
      result.mantissa_[i] = shift ? (high << 1) | (low >> 31) : high;
      rounded = rounded || product[i] != 0;
    }
    result.exponent_ -= shift ? 1 : 0;
    result.error_ = rounded ? error + Bound(result.exponent_ - bits) : error;
    return result.checked();
  }
  [[nodiscard]] friend Ball operator/(const Ball& a, const Ball& b) noexcept {
    return a * b.inverse();
  }

  /// 1 / this by Newton's iteration. Not valid where zero lies in the ball.
  [[nodiscard]] Ball inverse() const noexcept {
    if (!valid_ || may_be_zero()) {
      return invalid();
    }
    Ball unit = *this;  // in [1/2, 1)
    unit.exponent_ = 0;
    unit.error_ = {};
    Ball guess = from_double(1 / unit.approximate());
    const Ball two(2);
    for (int i = 0; i < 3; ++i) {
      guess = guess * (two - unit * guess);
      guess.error_ = {};
    }
    guess.exponent_ -= exponent_;
    // |1/x - 1/y| <= error / (|x| |y|), |x| >= 2^(exponent-1), |y| >= |x| / 2
    guess.error_ = Bound(guess.exponent_ - bits + 5) + error_.scaled(-2 * (exponent_ - 1) + 1);
    return guess.checked();
  }
  /// The square root, of a ball that holds no negative number or is exactly zero.
  [[nodiscard]] Ball root() const noexcept {
    if (exactly_zero()) {
      return *this;
    }
    if (!valid_ || negative_ || may_be_zero()) {
      return invalid();
    }
    Ball unit = *this;  // in [1/2, 2)
    const std::int64_t odd = exponent_ & 1;
    unit.exponent_ = odd;
    unit.error_ = {};
    Ball guess = from_double(1 / std::sqrt(unit.approximate()));
    const Ball three(3);
    for (int i = 0; i < 3; ++i) {
      guess = (guess * (three - unit * guess * guess)).scaled(-1);
      guess.error_ = {};
    }
    Ball result = unit * guess;
    result.exponent_ += (exponent_ - odd) / 2;
    // error / sqrt(|x|)
    result.error_ = Bound(result.exponent_ - bits + 5) + error_.scaled(1 - (exponent_ - 2) / 2);
    return result.checked();
  }

  /// -1, 0 (not certain) or 1 as the ball lies below, around or above zero.
  [[nodiscard]] int sign() const noexcept { return may_be_zero() ? 0 : (negative_ ? -1 : 1); }

 private:
  /// An upper bound of the value's size.
  [[nodiscard]] Bound size() const noexcept { return value_is_zero() ? Bound{} : Bound(exponent_); }
  [[nodiscard]] Ball checked() const noexcept {
    Ball result = *this;
    if (exponent_ > longest || exponent_ < -longest || error_.exponent() > longest) {
      result.valid_ = false;
    }
    return result;
  }
  void normalise() noexcept {
    std::size_t top = limbs;
    while (top > 0 && mantissa_[top - 1] == 0) {
      --top;
    }
    if (top == 0) {
      negative_ = false;
      exponent_ = 0;
      return;
    }
    const std::size_t words = limbs - top;
    const int rest = std::countl_zero(mantissa_[top - 1]);
    if (words == 0 && rest == 0) {
      return;
    }
    for (std::size_t i = limbs; i-- > 0;) {
      const std::uint32_t high = i >= words ? mantissa_[i - words] : 0U;
      const std::uint32_t low = i >= words + 1 ? mantissa_[i - words - 1] : 0U;
      mantissa_[i] = rest == 0 ? high : (high << rest) | (low >> (32 - rest));
    }
    exponent_ -= 32 * static_cast<std::int64_t>(words) + rest;
  }
  [[nodiscard]] static Ball sum(const Ball& a, const Ball& b) noexcept {
    if (!a.valid_ || !b.valid_) {
      return invalid();
    }
    const Bound error = a.error_ + b.error_;
    if (a.value_is_zero() || b.value_is_zero()) {
      Ball result = a.value_is_zero() ? b : a;
      result.error_ = error;
      return result.checked();
    }
    const bool first = a.exponent_ != b.exponent_ ? a.exponent_ > b.exponent_
                                                  : !std::lexicographical_compare(
                                                        a.mantissa_.rbegin(), a.mantissa_.rend(),
                                                        b.mantissa_.rbegin(), b.mantissa_.rend());
    const Ball& large = first ? a : b;
    const Ball& lesser = first ? b : a;
    const std::int64_t shift = large.exponent_ - lesser.exponent_;
    if (shift > bits + 32) {
      return large.widened(lesser.error_ + Bound(lesser.exponent_));
    }
    // One limb of guard below and one above.
    std::array<std::uint32_t, limbs + 2> left{};
    std::array<std::uint32_t, limbs + 2> right{};
    std::copy(large.mantissa_.begin(), large.mantissa_.end(), left.begin() + 1);
    const auto words = static_cast<std::size_t>(shift / 32);
    const auto rest = static_cast<unsigned>(shift % 32);
    bool rounded = false;
    const auto limb = [&](std::size_t i) {  // lesser's mantissa with its guard limb, shifted
      const std::size_t at = i + words;
      const std::uint32_t low = at >= 1 && at <= limbs ? lesser.mantissa_[at - 1] : 0U;
      const std::uint32_t high = at < limbs ? lesser.mantissa_[at] : 0U;
      return rest == 0 ? low : (low >> rest) | (high << (32 - rest));
    };
    for (std::size_t i = 0; i <= limbs; ++i) {
      right[i] = limb(i);
    }
    rounded = shift > 32;  // bits below the guard may be lost
    if (large.negative_ == lesser.negative_) {
      std::uint64_t carry = 0;
      for (std::size_t i = 0; i < left.size(); ++i) {
        carry += std::uint64_t{left[i]} + right[i];
        left[i] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
    } else {
      std::int64_t borrow = 0;
      for (std::size_t i = 0; i < left.size(); ++i) {
        const std::int64_t digit = std::int64_t{left[i]} - right[i] + borrow;
        borrow = digit < 0 ? -1 : 0;
        left[i] = static_cast<std::uint32_t>(digit);
      }
    }
    std::size_t top = left.size();
    while (top > 0 && left[top - 1] == 0) {
      --top;
    }
    Ball result;
    result.error_ = rounded ? error + Bound(large.exponent_ - bits - 31) : error;
    if (top == 0) {
      return result.checked();
    }
    const int free = std::countl_zero(left[top - 1]);
    // Value: left / 2^(32 (limbs + 1)) * 2^exponent; the top limb is left[top - 1].
    for (std::size_t i = 0; i < limbs; ++i) {
      const auto get = [&](std::size_t back) {  // limb `back` below the top one
        return back < top ? left[top - 1 - back] : 0U;
      };
      const std::size_t back = limbs - 1 - i;
      result.mantissa_[i] =
          free == 0 ? get(back) : (get(back) << free) | (get(back + 1) >> (32 - free));
    }
    result.negative_ = large.negative_;
    result.exponent_ = large.exponent_ + 32 * (static_cast<std::int64_t>(top) - limbs - 1) - free;
    if (static_cast<std::int64_t>(top) == limbs + 2 || (top == limbs + 1 && left[0] != 0)) {
      result.error_ = result.error_ + Bound(result.exponent_ - bits);
    }
    return result.checked();
  }

  bool negative_ = false;
  bool valid_ = true;
  std::int64_t exponent_ = 0;
  Bound error_{};
  Mantissa mantissa_{};
};

/// e^x. Error: relative 2^error(x), and rounding. Not valid for |x| above 2^30.
[[nodiscard]] inline Ball exponential(const Ball& x) noexcept {
  if (!x.valid() || x.exponent() > 30) {
    return Ball::invalid();
  }
  if (x.exactly_zero()) {
    return Ball(1);
  }
  const double whole = std::nearbyint(x.approximate() / 0.69314718055994531);
  const Ball rest = x - Ball(static_cast<std::int64_t>(whole)) * Ball::log_two();
  constexpr int halvings = 12;
  const Ball lesser = rest.scaled(-halvings);
  Ball term(1);
  Ball total(1);
  for (std::int64_t n = 1; n <= 24; ++n) {  // 2^(-13 n) / n! < 2^-300 at n = 20
    term = term * lesser *
           Ball(Exact(false, BigNatural(1), BigNatural(static_cast<std::uint64_t>(n))));
    total = total + term;
  }
  for (int i = 0; i < halvings; ++i) {
    total = total * total;
  }
  return total.scaled(static_cast<std::int64_t>(whole));
}

/// The natural logarithm of a ball above zero.
[[nodiscard]] inline Ball logarithm(const Ball& x) noexcept {
  if (!x.valid() || x.sign() <= 0) {
    return Ball::invalid();
  }
  // x = unit * 2^k, unit in [1/2, 1) or exactly 1
  const std::int64_t k = x.exponent();
  const Ball unit = x.scaled(-k);
  Ball guess = Ball::from_double(std::log(unit.approximate()));
  for (int i = 0; i < 2; ++i) {  // Halley: three times as many digits a round
    const Ball e = exponential(guess);
    guess = guess + ((unit - e) / (unit + e)).scaled(1);
  }
  return guess + Ball(k) * Ball::log_two();
}

struct SineCosine {
  Ball sine;
  Ball cosine;
};

/// Both, of a ball of at most 2^64 in size.
[[nodiscard]] inline SineCosine sine_cosine(const Ball& x) noexcept {
  if (!x.valid() || x.exponent() > 50) {
    return {Ball::invalid(), Ball::invalid()};
  }
  const double turns = std::nearbyint(x.approximate() / 1.5707963267948966);
  const auto quarter = static_cast<std::int64_t>(turns);
  const Ball rest = x - Ball(quarter) * Ball::pi().scaled(-1);
  constexpr int halvings = 8;
  const Ball lesser = rest.scaled(-halvings);
  const Ball square = lesser * lesser;
  // sin and 1 - cos, so that the small angle keeps its digits
  Ball sine = lesser;
  Ball versine = square.scaled(-1);
  Ball odd = lesser;
  Ball even = versine;
  for (std::int64_t n = 1; n <= 18; ++n) {
    const auto inverse = [](std::int64_t a, std::int64_t b) {
      return Ball(Exact(false, BigNatural(1), BigNatural(static_cast<std::uint64_t>(a * b))));
    };
    odd = (odd * square * inverse(2 * n, 2 * n + 1)).negated();
    even = (even * square * inverse(2 * n + 1, 2 * n + 2)).negated();
    sine = sine + odd;
    versine = versine + even;
  }
  const Ball one(1);
  for (int i = 0; i < halvings; ++i) {  // sin 2t = 2 sin t (1 - v), 1 - cos 2t = 2 sin^2 t
    const Ball doubled = (sine * (one - versine)).scaled(1);
    versine = (sine * sine).scaled(1);
    sine = doubled;
  }
  const Ball cosine = one - versine;
  switch (quarter & 3) {
    case 0: return {sine, cosine};
    case 1: return {cosine, sine.negated()};
    case 2: return {sine.negated(), cosine.negated()};
    default: return {cosine.negated(), sine};
  }
}

/// arctan x, in (-pi/2, pi/2).
[[nodiscard]] inline Ball arc_tangent(const Ball& x) noexcept {
  if (!x.valid()) {
    return x;
  }
  if (x.exactly_zero()) {
    return x;
  }
  if (x.exponent() > 1) {  // pi/2 - atan(1/x)
    const Ball rest = arc_tangent(x.magnitude().inverse());
    const Ball result = Ball::pi().scaled(-1) - rest;
    return x.negative() ? result.negated() : result;
  }
  const Ball guess = Ball::from_double(std::atan(x.approximate()));
  const SineCosine at = sine_cosine(guess);
  const Ball d = (x * at.cosine - at.sine) / (at.cosine + x * at.sine);
  const Ball cube = d * d * d;
  const auto part = [](std::uint64_t n) {
    return Ball(Exact(false, BigNatural(1), BigNatural(n)));
  };
  return guess + d - cube * part(3) + cube * d * d * part(5);  // d is below 2^-50
}

}  // namespace dag::detail
