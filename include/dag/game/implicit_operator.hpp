// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// A payoff matrix that exists as two callbacks only: `product(y, out)` sets out = A y,
/// `transposed(x, out)` sets out = A' x, both over spans. `range`: at least the largest payoff
/// minus the smallest; it sets the steps and the unit of relative gaps, so only the game's author
/// can give it. Errors: invalid_argument unless it is finite and >= 0.
template <Scalar Real, class Product, class Transposed>
class ImplicitOperator {
 public:
  using scalar_type = Real;

  ImplicitOperator(std::size_t rows, std::size_t columns, Real range, Product product,
                   Transposed transposed)
      : rows_(rows),
        columns_(columns),
        range_(range),
        product_(std::move(product)),
        transposed_(std::move(transposed)) {
    require(range >= 0 && std::isfinite(range), Errc::invalid_argument,
            "ImplicitOperator: range must be finite and >= 0, got ", range);
  }

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  [[nodiscard]] Real range() const noexcept { return range_; }
  void multiply(std::span<const Real> y, std::span<Real> out) const { product_(y, out); }
  void multiply_transposed(std::span<const Real> x, std::span<Real> out) const {
    transposed_(x, out);
  }

 private:
  std::size_t rows_;
  std::size_t columns_;
  Real range_;
  Product product_;
  Transposed transposed_;
};

}  // namespace dag
