// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/storage.hpp>
#include <dag/gpu/warp.hpp>

namespace dag::device {

/// How `DualProductStrip` cuts a matrix: depends on the shape alone, so that sums have one order.
struct DualProductShape {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t strip_columns = 1;
  std::size_t tile_rows = 1;

  template <class Storage>
  [[nodiscard]] static DualProductShape of(std::size_t rows, std::size_t columns);

  [[nodiscard]] DAG_HOST_DEVICE std::size_t strips() const {
    return (columns + strip_columns - 1) / strip_columns;
  }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t tiles() const {
    return (rows + tile_rows - 1) / tile_rows;
  }
  /// Numbers of the workspace: the rows' parts, then the columns' parts.
  [[nodiscard]] DAG_HOST_DEVICE std::size_t row_parts() const { return strips() * rows; }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t column_parts() const { return tiles() * columns; }
};

/// A y and A' x in one sweep of the row-major matrix A (rows x columns): one warp reads a strip of
/// 512 columns (double: 256) by up to 128 rows once, sixteen bytes a lane and load, y and the
/// column sums in registers, row sums folded four rows at a time by shuffles. It leaves partial
/// sums in a workspace,
///   row_part[strip][row], column_part[tile of rows][column],
/// which `FinishDualProduct` adds in a fixed order: no atomics, the same bits from run to run.
/// `aligned`: A starts, and so does every row, at a multiple of sixteen bytes.
///
/// Bytes: rows * columns * sizeof(Storage) read; (1 / 512 + 1 / tile_rows) of the entries written
/// and read again as partial sums. Operations: 4 an entry.
template <class Storage, bool aligned>
struct DualProductStrip {
  using Real = Wide<Storage>;
  static constexpr unsigned packet = Packet<Storage>::size;
  static constexpr unsigned packets = is_half<Storage> ? 2 : 4;
  static constexpr unsigned lane_columns = packet * packets;
  static constexpr unsigned batch = 4;  // rows whose loads are in flight together

  DualProductShape shape;
  const Storage* a;
  const Real* x;
  const Real* y;
  Real* row_part;
  Real* column_part;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    if (warp.index() >= shape.strips() * shape.tiles()) {
      return;
    }
    const std::size_t strip = warp.index() % shape.strips();
    const std::size_t tile = warp.index() / shape.strips();
    const std::size_t first_column = strip * shape.strip_columns;
    const std::size_t first_row = tile * shape.tile_rows;
    const std::size_t end_row =
        first_row + shape.tile_rows < shape.rows ? first_row + shape.tile_rows : shape.rows;
    typename Warp::template Local<Registers<Real, lane_columns>> weight, column_sum;
    warp.lanes([&](unsigned lane) {
      DAG_UNROLL
      for (unsigned k = 0; k < lane_columns; ++k) {
        const std::size_t j = column(first_column, lane, k);
        weight[lane][k] = j < shape.columns ? y[j] : Real{0};
        column_sum[lane][k] = 0;
      }
    });
    for (std::size_t row = first_row; row < end_row; row += batch) {
      typename Warp::template Local<Registers<Real, batch>> row_sum;
      warp.lanes([&](unsigned lane) {
        Packet<Storage> entry[batch][packets];
        DAG_UNROLL
        for (unsigned r = 0; r < batch; ++r) {
          // Past the end the last row is read again, with weight 0.
          const std::size_t i = row + r < end_row ? row + r : end_row - 1;
          DAG_UNROLL
          for (unsigned p = 0; p < packets; ++p) {
            entry[r][p] = load(i, column(first_column, lane, p * packet));
          }
        }
        DAG_UNROLL
        for (unsigned r = 0; r < batch; ++r) {
          const Real factor = row + r < end_row ? x[row + r] : Real{0};
          Real sum = 0;
          DAG_UNROLL
          for (unsigned k = 0; k < lane_columns; ++k) {
            const Real value = widen(entry[r][k / packet].value[k % packet]);
            sum += value * weight[lane][k];
            column_sum[lane][k] += value * factor;
          }
          row_sum[lane][r] = sum;
        }
      });
      fold_many<batch>(warp, row_sum);
      warp.lanes([&](unsigned lane) {
        constexpr unsigned each = warp_size / batch;
        const std::size_t i = row + lane / each;
        if (lane % each == 0 && i < end_row) {
          row_part[strip * shape.rows + i] = row_sum[lane][0];
        }
      });
    }
    warp.lanes([&](unsigned lane) {
      DAG_UNROLL
      for (unsigned k = 0; k < lane_columns; ++k) {
        const std::size_t j = column(first_column, lane, k);
        if (j < shape.columns) {
          column_part[tile * shape.columns + j] = column_sum[lane][k];
        }
      }
    });
  }

 private:
  /// Register k of a lane holds a column of packet k / packet; a packet's lanes lie side by side.
  [[nodiscard]] static DAG_HOST_DEVICE std::size_t column(std::size_t first, unsigned lane,
                                                          unsigned k) {
    return first + (k / packet * warp_size + lane) * packet + k % packet;
  }
  /// Entries (i, j) to (i, j + packet - 1); 0 beyond the last column.
  [[nodiscard]] DAG_HOST_DEVICE Packet<Storage> load(std::size_t i, std::size_t j) const {
    if constexpr (aligned) {  // then a packet lies inside the row or beyond it
      return j < shape.columns ? load_packet(a + i * shape.columns + j) : Packet<Storage>{};
    } else {
      Packet<Storage> entries{};
      DAG_UNROLL
      for (unsigned k = 0; k < packet; ++k) {
        if (j + k < shape.columns) {
          entries.value[k] = a[i * shape.columns + j + k];
        }
      }
      return entries;
    }
  }
};

template <class Storage>
DualProductShape DualProductShape::of(std::size_t rows, std::size_t columns) {
  constexpr std::size_t wanted_warps = 2048;  // about four resident warps a multiprocessor quarter
  DualProductShape shape{
      rows, columns, warp_size * std::size_t{DualProductStrip<Storage, true>::lane_columns}, 128};
  while (shape.tile_rows > 16 && shape.tiles() * shape.strips() < wanted_warps) {
    shape.tile_rows /= 2;
  }
  return shape;
}

/// out[i] = scale * the sum of its parts, eight interleaved chains, then their fold: rows first,
/// then columns, 32 of them a thread block.
template <class Real>
struct FinishDualProduct {
  static constexpr std::size_t width = 32;
  static constexpr std::size_t chains = 8;
  static constexpr std::size_t shared_bytes = width * chains * sizeof(Real);

  DualProductShape shape;
  const Real* row_part;
  const Real* column_part;
  Real row_scale;
  Real column_scale;
  Real* a_y;
  Real* at_x;

  [[nodiscard]] static std::size_t blocks(const DualProductShape& shape) {
    return (shape.rows + width - 1) / width + (shape.columns + width - 1) / width;
  }

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t row_blocks = (shape.rows + width - 1) / width;
    const bool is_row = block.index() < row_blocks;
    const std::size_t first = (is_row ? block.index() : block.index() - row_blocks) * width;
    const std::size_t size = is_row ? shape.rows : shape.columns;
    const std::size_t parts = is_row ? shape.strips() : shape.tiles();
    const Real* const part = is_row ? row_part : column_part;
    const Real scale = is_row ? row_scale : column_scale;
    Real* const out = is_row ? a_y : at_x;
    Real* const chain = block.template shared<Real>();
    block.each(width * chains, [&](std::size_t t) {
      const std::size_t i = first + t % width;
      Real sum = 0;
      if (i < size) {
        for (std::size_t k = t / width; k < parts; k += chains) {
          sum += part[k * size + i];
        }
      }
      chain[t] = sum;
    });
    block.each(width, [&](std::size_t t) {
      Real sum = 0;
      for (std::size_t c = 0; c < chains; ++c) {
        sum += chain[c * width + t];
      }
      if (first + t < size) {
        out[first + t] = scale * sum;
      }
    });
  }
};

}  // namespace dag::device
