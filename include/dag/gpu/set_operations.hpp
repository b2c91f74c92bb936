// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/gpu/device_sets.hpp>
#include <dag/gpu/each_index.hpp>
#include <dag/gpu/simplex_operations.hpp>

namespace dag::device {

/// Regret matching, boxes, the Euclidean simplex and the transpose; contracts in
/// backend/eigen_backend.hpp.
class SetOperations : public SimplexOperations {
 public:
  using SimplexOperations::SimplexOperations;
  template <class Scalar>
  void match_regrets(std::span<const Scalar> g, bool plus, Scalar last, std::span<Scalar> regrets,
                     std::span<Scalar> p) const {
    expect_device(g, regrets, p);
    launch(stream(), 1, largest_block, 0,
           MatchRegrets<Scalar>{g.size(), g.data(), plus, last, regrets.data(), p.data(), bad()});
  }
  template <class Scalar>
  void project_simplex(std::span<Scalar> y) const {
    expect_device(y);
    launch(stream(), 1, largest_block, 0, ProjectSimplex<Scalar>{y.size(), y.data(), bad()});
  }
  template <class Scalar>
  void clamp(std::span<const Scalar> lower, std::span<const Scalar> upper,
             std::span<Scalar> y) const {
    expect_device(y);
    launch_each(stream(), y.size(),
                Clamp<Scalar>{bounds(Slot::lower, lower), bounds(Slot::upper, upper), y.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar box_support(std::span<const Scalar> lower, std::span<const Scalar> upper,
                                   std::span<const Scalar> g) const {
    expect_device(g);
    return fold(g.size(), Scalar{0},
                BoxTerm<Scalar>{bounds(Slot::lower, lower), bounds(Slot::upper, upper), g.data()},
                Add{});
  }
  template <class Scalar>
  void add_to_entry(std::span<Scalar> y, std::size_t i, Scalar number) const {
    expect_device(y);
    launch<32>(stream(), 1, 32, 0, AddToEntry<Scalar>{y.data() + i, number});
  }
  template <class Scalar>
  [[nodiscard]] Matrix<Scalar> transposed(const Matrix<Scalar>& a) const {
    using Body = Transpose<Scalar>;
    Matrix<Scalar> out{a.columns, a.rows, Array<Scalar>(a.rows * a.columns, stream())};
    launch<256>(stream(), Body::tiles(a.rows) * Body::tiles(a.columns), 256, Body::shared_bytes,
                Body{a.rows, a.columns, a.entries.data(), out.entries.data()});
    return out;
  }

 private:
  /// Bounds are host memory, as sets keep them: a copy for the next kernel.
  template <class Scalar>
  [[nodiscard]] const Scalar* bounds(Slot slot, std::span<const Scalar> host) const {
    Scalar* const copy = scratch<Scalar>(slot, host.size());
    copy_bytes(copy, host.data(), host.size_bytes(), stream());
    return copy;
  }
};

}  // namespace dag::device
