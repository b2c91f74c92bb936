// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstddef>

#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// One band of `Rows` rows of the dual product: a_y[r] = row_scale * <row r, y>, and
/// at_x += column_scale * x[r] * row r. Reads each row once.
template <int Rows, class Scalar>
void dual_product_band(const Scalar* a, std::size_t columns, const Scalar* x, const Scalar* y,
                       Scalar row_scale, Scalar column_scale, Scalar* a_y, Scalar* at_x) {
  namespace ei = Eigen::internal;
  using Packet = typename ei::packet_traits<Scalar>::type;
  constexpr std::size_t lanes = ei::packet_traits<Scalar>::size;
  // Two packets a row and turn: one load and store of at_x serves 2 * Rows products, and the chains
  // of additions stay longer than the latency of a fused multiply-add.
  constexpr std::size_t turn = 2 * lanes;

  Packet accumulated[Rows];
  Packet weight[Rows];
  Scalar scalar_weight[Rows];
  for (int r = 0; r < Rows; ++r) {
    accumulated[r] = ei::pset1<Packet>(Scalar{0});
    scalar_weight[r] = column_scale * x[r];
    weight[r] = ei::pset1<Packet>(scalar_weight[r]);
  }
  std::size_t j = 0;
  for (; j + turn <= columns; j += turn) {
    const Packet y_low = ei::ploadu<Packet>(y + j);
    const Packet y_high = ei::ploadu<Packet>(y + j + lanes);
    Packet low = ei::ploadu<Packet>(at_x + j);
    Packet high = ei::ploadu<Packet>(at_x + j + lanes);
    for (int r = 0; r < Rows; ++r) {
      const Scalar* const row = a + static_cast<std::size_t>(r) * columns + j;
      const Packet entry_low = ei::ploadu<Packet>(row);
      const Packet entry_high = ei::ploadu<Packet>(row + lanes);
      accumulated[r] = ei::pmadd(entry_low, y_low, accumulated[r]);
      low = ei::pmadd(entry_low, weight[r], low);
      accumulated[r] = ei::pmadd(entry_high, y_high, accumulated[r]);
      high = ei::pmadd(entry_high, weight[r], high);
    }
    ei::pstoreu(at_x + j, low);
    ei::pstoreu(at_x + j + lanes, high);
  }
  Scalar sums[Rows];
  for (int r = 0; r < Rows; ++r) {
    sums[r] = ei::predux(accumulated[r]);
  }
  for (; j < columns; ++j) {
    for (int r = 0; r < Rows; ++r) {
      const Scalar entry = a[static_cast<std::size_t>(r) * columns + j];
      sums[r] += entry * y[j];
      at_x[j] += entry * scalar_weight[r];
    }
  }
  for (int r = 0; r < Rows; ++r) {
    a_y[r] = row_scale * sums[r];
  }
}

/// Rows of a band: as many accumulators and weights as the registers hold. Measured on an AVX-512
/// AMD EPYC, 2026-11-23, time over Eigen's two products (benchmarks/dual_product.cpp): 8 rows 0.58
/// at 1000 and 0.52 at 2000, 4 rows 0.67 and 0.63, 16 rows 0.61 and 0.50; one packet a turn instead
/// of two 0.77 and 0.60; software prefetch of the next band gains nothing.
constexpr int dual_product_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;

/// a_y = row_scale * a y and at_x = column_scale * a' x in one sweep of the row-major matrix a
/// (rows x columns), a band of rows at a time: A is read once. Memory traffic is half that of two
/// products, which is all that counts once A exceeds the cache.
/// No allocation; the order of additions depends on the shape and the vector width alone.
template <class Scalar>
void dual_product(const Scalar* a, std::size_t rows, std::size_t columns, const Scalar* x,
                  const Scalar* y, Scalar row_scale, Scalar column_scale, Scalar* a_y,
                  Scalar* at_x) {
  for (std::size_t j = 0; j < columns; ++j) {
    at_x[j] = Scalar{0};
  }
  constexpr std::size_t band = dual_product_rows;
  std::size_t i = 0;
  for (; i + band <= rows; i += band) {
    dual_product_band<dual_product_rows>(a + i * columns, columns, x + i, y, row_scale,
                                         column_scale, a_y + i, at_x);
  }
  for (; i < rows; ++i) {
    dual_product_band<1>(a + i * columns, columns, x + i, y, row_scale, column_scale, a_y + i,
                         at_x);
  }
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
