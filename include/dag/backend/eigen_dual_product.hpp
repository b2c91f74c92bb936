// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstddef>

namespace dag::detail {

/// One band of `Rows` rows of the dual product: a_y[r] = row_scale * <row r, y>, and
/// at_x += column_scale * x[r] * row r. Reads each row once.
template <int Rows, class Scalar>
void dual_product_band(const Scalar* a, std::size_t columns, const Scalar* x, const Scalar* y,
                       Scalar row_scale, Scalar column_scale, Scalar* a_y, Scalar* at_x) {
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  namespace ei = Eigen::internal;
  constexpr std::size_t lanes = ei::packet_traits<Scalar>::size;

  Packet accumulated[Rows];
  Packet weight[Rows];
  Scalar scalar_weight[Rows];
  for (int r = 0; r < Rows; ++r) {
    accumulated[r] = ei::pset1<Packet>(Scalar{0});
    scalar_weight[r] = column_scale * x[r];
    weight[r] = ei::pset1<Packet>(scalar_weight[r]);
  }
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    const Packet y_lane = ei::ploadu<Packet>(y + j);
    Packet column = ei::ploadu<Packet>(at_x + j);
    for (int r = 0; r < Rows; ++r) {
      const Packet entry = ei::ploadu<Packet>(a + static_cast<std::size_t>(r) * columns + j);
      accumulated[r] = ei::pmadd(entry, y_lane, accumulated[r]);
      column = ei::pmadd(entry, weight[r], column);
    }
    ei::pstoreu(at_x + j, column);
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

/// a_y = row_scale * a y and at_x = column_scale * a' x in one sweep of the row-major matrix a
/// (rows x columns), eight rows at a time: A is read once, at_x once every eight rows. Memory
/// traffic is half that of two products, which is all that counts once A exceeds the cache.
/// No allocation; the order of additions depends on the shape and the vector width alone.
template <class Scalar>
void dual_product(const Scalar* a, std::size_t rows, std::size_t columns, const Scalar* x,
                  const Scalar* y, Scalar row_scale, Scalar column_scale, Scalar* a_y,
                  Scalar* at_x) {
  for (std::size_t j = 0; j < columns; ++j) {
    at_x[j] = Scalar{0};
  }
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    dual_product_band<8>(a + i * columns, columns, x + i, y, row_scale, column_scale, a_y + i,
                         at_x);
  }
  for (; i < rows; ++i) {
    dual_product_band<1>(a + i * columns, columns, x + i, y, row_scale, column_scale, a_y + i,
                         at_x);
  }
}

}  // namespace dag::detail
