// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace dag::detail {

/// The arithmetic of one pivot on rows of numbers, written so that compilers make vector
/// instructions of it: arrays begin at a multiple of 64 bytes and `size` is a multiple of `lanes`.
template <class Real>
struct SimplexKernels {
  static constexpr std::size_t lanes = 64 / sizeof(Real);

  [[nodiscard]] static constexpr std::size_t padded(std::size_t size) noexcept {
    return (size + lanes - 1) / lanes * lanes;
  }
  /// Numbers that begin at a multiple of 64 bytes, valid until `memory` is copied or changed.
  [[nodiscard]] static Real* aligned(std::vector<Real>& memory, std::size_t size, Real number) {
    memory.assign(size + lanes, number);
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(Real);
    return memory.data() + (lanes - address % lanes) % lanes;
  }

  /// row = shift + unit(from), entry by entry; norms += its squares.
  template <class Unit>
  static void enter(Real* __restrict row, std::size_t size, const double* __restrict from,
                    double shift, Unit unit, Real* __restrict norms) noexcept {
    for (std::size_t j = 0; j < size; ++j) {
      const Real entry = static_cast<Real>(shift + unit(from[j]));
      row[j] = entry;
      norms[j] += entry * entry;
    }
  }
  /// rows[k] -= factors[k] * top for four consecutive rows; norms += the squares of the results.
  /// Four at a time, so that top and norms are read and written a quarter as often.
  static void eliminate_four(Real* rows, std::size_t size, const Real* factors, const Real* top,
                             Real* norms) noexcept {
    subtract(rows, rows + size, rows + 2 * size, rows + 3 * size, size / lanes, factors, top,
             norms);
  }
  static void eliminate_one(Real* __restrict row, std::size_t size, Real factor,
                            const Real* __restrict top, Real* __restrict norms) noexcept {
    for (std::size_t j = 0; j < size; ++j) {
      const Real entry = row[j] - factor * top[j];
      row[j] = entry;
      norms[j] += entry * entry;
    }
  }
  /// The same for the row of costs; rates[j] = costs[j]^2 / norms[j] where costs[j] < -zero, else
  /// 0.
  static void price(Real* __restrict costs, std::size_t size, Real factor,
                    const Real* __restrict top, const Real* __restrict norms,
                    Real* __restrict rates, Real zero) noexcept {
    for (std::size_t j = 0; j < size; ++j) {
      const Real cost = costs[j] - factor * top[j];
      const Real gain = cost < -zero ? cost : Real{0};
      costs[j] = cost;
      rates[j] = gain * gain / norms[j];
    }
  }

  /// The largest of `size` numbers, at least 0. `scratch`: as many.
  [[nodiscard]] static Real largest(const Real* numbers, std::size_t size, Real* scratch) noexcept {
    return folded(numbers, size, scratch, Real{0}, [](Real a, Real b) { return a > b ? a : b; });
  }
  /// The least right[i] / column[i] where column[i] > zero. `scratch`: twice `size`.
  [[nodiscard]] static Real least_ratio(const Real* __restrict right, const Real* __restrict column,
                                        std::size_t size, Real zero,
                                        Real* __restrict scratch) noexcept {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    Real* __restrict ratios = scratch + size;
    for (std::size_t i = 0; i < size; ++i) {
      const Real entry = column[i];
      const Real over = entry > zero ? right[i] : infinity;
      ratios[i] = over / (entry > zero ? entry : Real{1});
    }
    return folded(ratios, size, scratch, infinity, [](Real a, Real b) { return a < b ? a : b; });
  }

 private:
  /// Halves the row over and over: loops without a chain through one register, which compilers turn
  /// into vector instructions whatever they may assume about NaN.
  template <class Choose>
  [[nodiscard]] static Real folded(const Real* __restrict numbers, std::size_t size,
                                   Real* __restrict scratch, Real least, Choose choose) noexcept {
    std::size_t half = padded((size + 1) / 2);
    for (std::size_t j = half; j < size; ++j) {
      scratch[j - half] = choose(numbers[j - half], numbers[j]);
    }
    for (std::size_t j = size - half; j < half; ++j) {
      scratch[j] = numbers[j];
    }
    while (half > lanes) {
      const std::size_t next = padded((half + 1) / 2);
      Real* __restrict upper = scratch + next;
      for (std::size_t j = 0; j < half - next; ++j) {
        scratch[j] = choose(scratch[j], upper[j]);
      }
      half = next;
    }
    for (std::size_t j = 0; j < half; ++j) {
      least = choose(least, scratch[j]);
    }
    return least;
  }
  static void subtract(Real* __restrict a, Real* __restrict b, Real* __restrict c,
                       Real* __restrict d, std::size_t blocks, const Real* factors,
                       const Real* __restrict top, Real* __restrict norms) noexcept {
    const Real of_a = factors[0];
    const Real of_b = factors[1];
    const Real of_c = factors[2];
    const Real of_d = factors[3];
    for (std::size_t j = 0; j < blocks * lanes; ++j) {
      const Real entry_a = a[j] - of_a * top[j];
      const Real entry_b = b[j] - of_b * top[j];
      const Real entry_c = c[j] - of_c * top[j];
      const Real entry_d = d[j] - of_d * top[j];
      a[j] = entry_a;
      b[j] = entry_b;
      c[j] = entry_c;
      d[j] = entry_d;
      norms[j] += (entry_a * entry_a + entry_b * entry_b) + (entry_c * entry_c + entry_d * entry_d);
    }
  }
};

}  // namespace dag::detail
