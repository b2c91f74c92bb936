// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/geometry/simplices.hpp>

namespace dag {

template <class Operator>
concept HasOperatorShape = requires(const Operator& a) {
  typename Operator::scalar_type;
  { a.rows() } -> std::convertible_to<std::size_t>;
  { a.columns() } -> std::convertible_to<std::size_t>;
};

template <class Operator>
concept HasOperatorProducts = requires(const Operator& a,
                                       std::span<const typename Operator::scalar_type> x,
                                       std::span<typename Operator::scalar_type> out) {
  a.multiply(x, out);             // out = A x
  a.multiply_transposed(x, out);  // out = A' x
};

template <class Operator>
concept HasOperatorRange = requires(const Operator& a) {
  { a.range() } -> std::convertible_to<typename Operator::scalar_type>;  // >= largest - smallest
};

/// A payoff matrix known by its products only: see sparse_operator.hpp, factored_operators.hpp and
/// implicit_operator.hpp. The ready ones hold host memory, allocate at construction only and add in
/// a fixed order; shapes of products are the caller's duty.
template <class Operator>
concept PayoffOperator =
    HasOperatorShape<Operator> && HasOperatorProducts<Operator> && HasOperatorRange<Operator>;

/// A zero-sum game whose payoff matrix A is an operator: x maximises x' A y, y minimises it. What
/// `MatrixGame` is for dense matrices; every first-order solver takes it.
///
/// Field: (A y, -A' x), by the operator's `dual_product(x, y, row_out, column_out)` where it has
/// one (out = A y and A' x in one sweep), else by its two products. `range()` is the operator's:
/// where that is only an upper bound, relative gaps come out smaller than with the exact range, and
/// lipschitz() = range / 2 larger, so that steps stay safe.
/// Memory: the operator, moved in. The ready operators work on host memory, so the
/// backend has to be a CPU one. Errors: dimension_mismatch if A is empty, not_finite if its range
/// is not a finite number >= 0.
template <PayoffOperator Operator, class Backend>
class OperatorGame {
 public:
  using scalar_type = typename Operator::scalar_type;
  using backend_type = Backend;
  using Real = scalar_type;

  explicit OperatorGame(Operator payoff, Backend backend = {})
      : backend_(std::move(backend)), payoff_(std::move(payoff)), players_(checked_shape(payoff_)) {
    const Real range = payoff_.range();
    require(range >= 0 && std::isfinite(range), Errc::not_finite,
            "OperatorGame: the operator's range must be finite and >= 0, got ", range);
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Simplices<Real>& players() const noexcept { return players_; }
  [[nodiscard]] const Operator& payoff() const noexcept { return payoff_; }

  /// out = (A y, -A' x); `out` has rows + columns entries.
  void field(StateView<const Real> z, std::span<Real> out) const {
    const Blocks& blocks = players_.blocks();
    const std::span<const Real> x = blocks.of(z.point, 0);
    const std::span<const Real> y = blocks.of(z.point, 1);
    const std::span<Real> columns = blocks.of(out, 1);
    if constexpr (requires { payoff_.dual_product(x, y, columns, columns); }) {
      payoff_.dual_product(x, y, blocks.of(out, 0), columns);
    } else {
      payoff_.multiply(y, blocks.of(out, 0));
      payoff_.multiply_transposed(x, columns);
    }
    for (Real& entry : columns) {
      entry = -entry;
    }
  }
  /// x' A y, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    return backend_.dot(players_.blocks().of(field, 0), players_.blocks().of(z.point, 0));
  }
  /// x' A y. Allocates one vector; the two-argument form does not.
  [[nodiscard]] Real value(StateView<const Real> z) const {
    auto row_payoffs = backend_.template allocate<Real>(players_.blocks().size(0));
    payoff_.multiply(players_.blocks().of(z.point, 1), Backend::view(row_payoffs));
    return backend_.dot(players_.blocks().of(z.point, 0),
                        std::span<const Real>(Backend::view(row_payoffs)));
  }

  /// Largest payoff minus smallest, or the operator's upper bound on it.
  [[nodiscard]] Real range() const { return payoff_.range(); }
  /// Of the field, in the 1-norm: half the range.
  [[nodiscard]] Real lipschitz() const { return range() / 2; }

 private:
  [[nodiscard]] static Blocks checked_shape(const Operator& payoff) {
    require(payoff.rows() > 0 && payoff.columns() > 0, Errc::dimension_mismatch,
            "OperatorGame: the payoff matrix is empty: ", payoff.rows(), "x", payoff.columns());
    return Blocks{payoff.rows(), payoff.columns()};
  }

  Backend backend_;
  Operator payoff_;
  Simplices<Real> players_;
};

namespace detail {

/// The smallest interval that holds what was added.
template <Scalar Real>
struct Interval {
  Real low = 0;
  Real high = 0;

  [[nodiscard]] static Interval of(std::span<const Real> entries, std::size_t stride = 1,
                                   std::size_t first = 0) {
    Interval found{entries[first], entries[first]};
    for (std::size_t i = first; i < entries.size(); i += stride) {
      found.include(entries[i]);
    }
    return found;
  }
  void include(Real entry) {
    low = entry < low ? entry : low;
    high = entry > high ? entry : high;
  }
  /// All products of a member of one and a member of the other.
  [[nodiscard]] Interval times(const Interval& other) const {
    Interval found{low * other.low, low * other.low};
    found.include(low * other.high);
    found.include(high * other.low);
    found.include(high * other.high);
    return found;
  }
};

template <Scalar Real>
void require_finite(std::span<const Real> entries, const char* where) {
  for (const Real entry : entries) {
    require(std::isfinite(entry), Errc::not_finite, where, ": an entry is ", entry);
  }
}

}  // namespace detail

}  // namespace dag
