// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace dag::detail {

/// The arithmetic of one pivot on rows of doubles, written so that compilers make vector
/// instructions of it: arrays begin at a multiple of 64 bytes and `size` is a multiple of 8.
struct SimplexKernels {
  static constexpr std::size_t lanes = 8;

  [[nodiscard]] static constexpr std::size_t padded(std::size_t size) noexcept {
    return (size + lanes - 1) / lanes * lanes;
  }
  /// Doubles that begin at a multiple of 64 bytes, valid until `memory` is copied or changed.
  [[nodiscard]] static double* aligned(std::vector<double>& memory, std::size_t size,
                                       double number) {
    memory.assign(size + lanes, number);
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(double);
    return memory.data() + (lanes - address % lanes) % lanes;
  }

  /// row = shift + unit(from), entry by entry; norms += its squares.
  template <class Unit>
  static void enter(double* __restrict row, std::size_t size, const double* __restrict from,
                    double shift, Unit unit, double* __restrict norms) noexcept {
    for (std::size_t j = 0; j < size; ++j) {
      const double entry = shift + unit(from[j]);
      row[j] = entry;
      norms[j] += entry * entry;
    }
  }
  /// rows[k] -= factors[k] * top for four consecutive rows; norms += the squares of the results.
  /// Four at a time, so that top and norms are read and written a quarter as often.
  static void eliminate_four(double* rows, std::size_t size, const double* factors,
                             const double* top, double* norms) noexcept {
    subtract(rows, rows + size, rows + 2 * size, rows + 3 * size, size / lanes, factors, top,
             norms);
  }
  static void eliminate_one(double* __restrict row, std::size_t size, double factor,
                            const double* __restrict top, double* __restrict norms) noexcept {
    for (std::size_t j = 0; j < size; ++j) {
      const double entry = row[j] - factor * top[j];
      row[j] = entry;
      norms[j] += entry * entry;
    }
  }
  /// The same for the row of costs; rates[j] = costs[j]^2 / norms[j] where costs[j] < -zero, else
  /// 0.
  static void price(double* __restrict costs, std::size_t size, double factor,
                    const double* __restrict top, const double* __restrict norms,
                    double* __restrict rates, double zero) noexcept {
    for (std::size_t j = 0; j < size; ++j) {
      const double cost = costs[j] - factor * top[j];
      const double gain = cost < -zero ? cost : 0.0;
      costs[j] = cost;
      rates[j] = gain * gain / norms[j];
    }
  }

  /// The largest of `size` numbers, at least 0. `scratch`: as many.
  [[nodiscard]] static double largest(const double* numbers, std::size_t size,
                                      double* scratch) noexcept {
    return folded(numbers, size, scratch, 0.0, [](double a, double b) { return a > b ? a : b; });
  }
  /// The least right[i] / column[i] where column[i] > zero. `scratch`: twice `size`.
  [[nodiscard]] static double least_ratio(const double* __restrict right,
                                          const double* __restrict column, std::size_t size,
                                          double zero, double* __restrict scratch) noexcept {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    double* __restrict ratios = scratch + size;
    for (std::size_t i = 0; i < size; ++i) {
      const double entry = column[i];
      const double over = entry > zero ? right[i] : infinity;
      ratios[i] = over / (entry > zero ? entry : 1.0);
    }
    return folded(ratios, size, scratch, infinity,
                  [](double a, double b) { return a < b ? a : b; });
  }

 private:
  /// Halves the row over and over: loops without a chain through one register, which compilers turn
  /// into vector instructions whatever they may assume about NaN.
  template <class Choose>
  [[nodiscard]] static double folded(const double* __restrict numbers, std::size_t size,
                                     double* __restrict scratch, double least,
                                     Choose choose) noexcept {
    std::size_t half = padded((size + 1) / 2);
    for (std::size_t j = half; j < size; ++j) {
      scratch[j - half] = choose(numbers[j - half], numbers[j]);
    }
    for (std::size_t j = size - half; j < half; ++j) {
      scratch[j] = numbers[j];
    }
    while (half > lanes) {
      const std::size_t next = padded((half + 1) / 2);
      double* __restrict upper = scratch + next;
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
  static void subtract(double* __restrict a, double* __restrict b, double* __restrict c,
                       double* __restrict d, std::size_t blocks, const double* factors,
                       const double* __restrict top, double* __restrict norms) noexcept {
    const double of_a = factors[0];
    const double of_b = factors[1];
    const double of_c = factors[2];
    const double of_d = factors[3];
    for (std::size_t j = 0; j < blocks * lanes; ++j) {
      const double entry_a = a[j] - of_a * top[j];
      const double entry_b = b[j] - of_b * top[j];
      const double entry_c = c[j] - of_c * top[j];
      const double entry_d = d[j] - of_d * top[j];
      a[j] = entry_a;
      b[j] = entry_b;
      c[j] = entry_c;
      d[j] = entry_d;
      norms[j] += (entry_a * entry_a + entry_b * entry_b) + (entry_c * entry_c + entry_d * entry_d);
    }
  }
};

}  // namespace dag::detail
