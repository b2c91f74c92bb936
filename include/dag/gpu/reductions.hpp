// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include <dag/gpu/elementwise_operations.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag::device {

/// Reductions to one number. Each waits for its result, once.
class Reductions : public ElementwiseOperations {
 public:
  using ElementwiseOperations::ElementwiseOperations;
  template <class Scalar>
  [[nodiscard]] Scalar dot(std::span<const Scalar> x, std::span<const Scalar> y) const {
    return of_pairs(x, y, Scalar{0}, Add{}, Product{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum(std::span<const Scalar> x) const {
    return of_one(x, Scalar{0}, Add{}, Identity{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar max(std::span<const Scalar> x) const {
    return of_one(x, -std::numeric_limits<Scalar>::infinity(), Max{}, Identity{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar min(std::span<const Scalar> x) const {
    return of_one(x, std::numeric_limits<Scalar>::infinity(), Min{}, Identity{});
  }
  /// Index of the first largest entry.
  template <class Scalar>
  [[nodiscard]] std::size_t argmax(std::span<const Scalar> x) const {
    expect_device(x);
    const Place<Scalar> none{-std::numeric_limits<Scalar>::infinity(), Scalar{0}, x.size()};
    const std::size_t best =
        fold(x.size(), none, PlaceTerm<Scalar>{x.data()}, FirstLargest{}).index;
    return best < x.size() ? best : 0;  // all -inf or NaN
  }
  template <class Scalar>
  [[nodiscard]] Scalar max_abs_difference(std::span<const Scalar> x,
                                          std::span<const Scalar> y) const {
    return of_pairs(x, y, Scalar{0}, Max{}, AbsDifference{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar squared_distance(std::span<const Scalar> x,
                                        std::span<const Scalar> y) const {
    return of_pairs(x, y, Scalar{0}, Add{}, SquaredDifference{});
  }
  template <class Scalar>
  [[nodiscard]] bool all_finite(std::span<const Scalar> x) const {
    return of_one(x, Scalar{0}, Max{}, IsNotFinite{}) == Scalar{0};
  }

 protected:
  template <class Value, class Term, class Operation>
  [[nodiscard]] Value fold(std::size_t size, Value identity, const Term& term, Operation op) const {
    const auto host = fold_on(stream(), size, identity, term, op, bad(), [this](std::size_t bytes) {
      return scratch<unsigned char>(Slot::sums, bytes);
    });
    if (host.bad != 0) {
      throw_if(take_flag());
    }
    return host.value;
  }

 private:
  template <class Scalar, class Operation, class Function>
  [[nodiscard]] Scalar of_one(std::span<const Scalar> x, Scalar identity, Operation op,
                              Function f) const {
    expect_device(x);
    return fold(x.size(), identity, OneTerm<Scalar, Function>{x.data(), f}, op);
  }
  template <class Scalar, class Operation, class Function>
  [[nodiscard]] Scalar of_pairs(std::span<const Scalar> x, std::span<const Scalar> y,
                                Scalar identity, Operation op, Function f) const {
    expect_device(x, y);
    return fold(x.size(), identity, PairTerm<Scalar, Function>{x.data(), y.data(), f}, op);
  }
};

}  // namespace dag::device
