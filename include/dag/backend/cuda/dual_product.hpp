// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/backend/cuda/block.hpp>
#include <dag/detail/config.hpp>

namespace dag::device {

/// A y and A' x in one sweep of the row-major matrix A (rows x columns). One thread block reads one
/// tile of A into its own memory and leaves partial sums in a workspace,
///   row_part[column tile][row], column_part[row tile][column],
/// which `FinishDualProduct` adds in a fixed order: no atomics, the same bits from run to run.
template <class Real>
struct DualProductTile {
  static constexpr std::size_t tile_rows = 32;
  static constexpr std::size_t tile_columns = 128;
  static constexpr std::size_t stride = tile_columns + 1;  // odd: rows start in different banks
  static constexpr std::size_t shared_bytes = tile_rows * stride * sizeof(Real);

  const Real* a;
  std::size_t rows;
  std::size_t columns;
  const Real* x;
  const Real* y;
  Real* row_part;
  Real* column_part;

  [[nodiscard]] DAG_HOST_DEVICE static std::size_t tiles(std::size_t n, std::size_t tile) {
    return (n + tile - 1) / tile;
  }

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t column_tiles = tiles(columns, tile_columns);
    const std::size_t row_tile = block.index() / column_tiles;
    const std::size_t column_tile = block.index() % column_tiles;
    const std::size_t first_row = row_tile * tile_rows;
    const std::size_t first_column = column_tile * tile_columns;
    const std::size_t height = rows - first_row < tile_rows ? rows - first_row : tile_rows;
    const std::size_t width =
        columns - first_column < tile_columns ? columns - first_column : tile_columns;
    Real* const tile = block.template shared<Real>(tile_rows * stride);
    const Real* const corner = a + first_row * columns + first_column;
    const std::size_t pitch = columns;
    block.each(height * width, [=](std::size_t i) {
      tile[i / width * stride + i % width] = corner[i / width * pitch + i % width];
    });
    const Real* const x_part = x + first_row;
    const Real* const y_part = y + first_column;
    Real* const row_out = row_part + column_tile * rows + first_row;
    Real* const column_out = column_part + row_tile * columns + first_column;
    block.each(width + height, [=](std::size_t i) {
      Real sum = 0;
      if (i < width) {
        for (std::size_t r = 0; r < height; ++r) {
          sum += tile[r * stride + i] * x_part[r];
        }
        column_out[i] = sum;
      } else {
        const std::size_t r = i - width;
        for (std::size_t c = 0; c < width; ++c) {
          sum += tile[r * stride + c] * y_part[c];
        }
        row_out[r] = sum;
      }
    });
  }
};

/// out[i] = scale * sum over parts of part[k][i], k in order.
template <class Real>
struct FinishDualProduct {
  static constexpr std::size_t chunk = 1024;

  const Real* part;
  std::size_t parts;
  std::size_t size;
  Real scale;
  Real* out;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t first = block.index() * chunk;
    const std::size_t count = size - first < chunk ? size - first : chunk;
    const FinishDualProduct self = *this;
    block.each(count, [=](std::size_t i) {
      Real sum = 0;
      for (std::size_t k = 0; k < self.parts; ++k) {
        sum += self.part[k * self.size + first + i];
      }
      self.out[first + i] = self.scale * sum;
    });
  }
};

}  // namespace dag::device
