// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The pieces below the dual product, and the product itself with 16-bit storage, on the device this
// is compiled for: the host's executors, or a GPU under nvcc.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/dual_product.hpp>
#include <dag/gpu/storage.hpp>

namespace {

using dag::device::BFloat16;
using dag::device::Float16;

/// Each lane's 4 values lane + 100 k; then everything a warp can do with them.
struct WarpProbe {
  double* out;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    typename Warp::template Local<dag::device::Registers<double, 4>> pack;
    typename Warp::template Local<double> one;
    warp.lanes([&](unsigned lane) {
      for (unsigned k = 0; k < 4; ++k) {
        pack[lane][k] = lane + 100.0 * k;
      }
      one[lane] = lane * lane;
    });
    const double total = warp.fold(one, dag::device::Add{});
    const auto moved = warp.shuffle_xor(one, 5);
    const double nineteenth = warp.broadcast(one, 19);
    dag::device::fold_many<4>(warp, pack);
    double* const target = out + warp.index() * 128;
    warp.lanes([&](unsigned lane) {
      target[lane] = pack[lane][0];
      target[32 + lane] = moved[lane];
      target[64 + lane] = total;
      target[96 + lane] = nineteenth;
    });
  }
};

std::vector<float> random(std::size_t count, std::uint64_t seed) {
  dag::RandomStream stream(seed, 0);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(2 * stream.uniform() - 1);
  }
  return values;
}

template <class T>
std::span<const T> constant(const std::vector<T>& values) {
  return values;
}

}  // namespace

TEST_CASE("a warp folds, shuffles and broadcasts") {
  const dag::device::OwnedStream stream;
  dag::device::Array<double> out(8 * 128, stream.get());
  dag::device::launch_warps<8>(stream.get(), 8, 0, WarpProbe{out.data()});
  const auto got = dag::device::to_host(out);
  for (std::size_t warp = 0; warp < 8; ++warp) {
    const double* const from = got.data() + warp * 128;
    for (unsigned lane = 0; lane < 32; ++lane) {
      CHECK(from[lane] == 496 + 3200.0 * (lane / 8));  // lane l: total of value l / 8
      CHECK(from[32 + lane] == (lane ^ 5U) * (lane ^ 5U));
      CHECK(from[64 + lane] == 10416);
      CHECK(from[96 + lane] == 361);
    }
  }
}

TEST_CASE("16-bit numbers: every one is read and written back the same") {
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const auto pattern = static_cast<std::uint16_t>(bits);
    const float brain = dag::device::widen(BFloat16{pattern});
    const float narrow_one = dag::device::widen(Float16{pattern});
    if (!std::isnan(brain)) {
      CHECK(dag::device::narrow<BFloat16>(brain).bits == bits);
    }
    if (!std::isnan(narrow_one)) {
      CHECK(dag::device::narrow<Float16>(narrow_one).bits == bits);
    }
  }
  CHECK(dag::device::widen(Float16{0x3c00}) == 1);
  CHECK(dag::device::widen(Float16{0xc500}) == -5);
  CHECK(dag::device::widen(Float16{0x0001}) == 0x1p-24F);
  CHECK(dag::device::widen(Float16{0x7c00}) == std::numeric_limits<float>::infinity());
  CHECK(dag::device::widen(BFloat16{0x3f80}) == 1);
}

TEST_CASE("16-bit numbers: rounded to the nearest, ties to even") {
  CHECK(dag::device::narrow<BFloat16>(1 + 0x1p-8F).bits == 0x3f80);
  CHECK(dag::device::narrow<BFloat16>(1 + 0x3p-8F).bits == 0x3f82);
  CHECK(dag::device::narrow<BFloat16>(std::nextafter(1 + 0x1p-8F, 2.0F)).bits == 0x3f81);
  CHECK(dag::device::narrow<Float16>(1 + 0x1p-11F).bits == 0x3c00);
  CHECK(dag::device::narrow<Float16>(1 + 0x3p-11F).bits == 0x3c02);
  CHECK(dag::device::narrow<Float16>(65519.0F).bits == 0x7bff);
  CHECK(dag::device::narrow<Float16>(65520.0F).bits == 0x7c00);
  CHECK(dag::device::narrow<Float16>(0x1p-25F).bits == 0);
  CHECK(dag::device::narrow<Float16>(std::nextafter(0x1p-25F, 1.0F)).bits == 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(dag::device::widen(dag::device::narrow<BFloat16>(nan))));
  CHECK(std::isnan(dag::device::widen(dag::device::narrow<Float16>(nan))));
}

TEST_CASE_TEMPLATE("A y and A'x of a matrix stored in 16 bits", Storage, BFloat16, Float16) {
  const dag::device::Products gpu;
  for (const auto& shape : {std::vector<std::size_t>{5, 7}, {64, 512}, {130, 1032}, {33, 515}}) {
    const std::size_t rows = shape[0], columns = shape[1];
    const auto entries = random(rows * columns, 1), x = random(rows, 2), y = random(columns, 3);
    std::vector<Storage> stored;
    std::vector<double> a_y(rows), at_x(columns);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      stored.push_back(dag::device::narrow<Storage>(entries[i]));
      const double value = dag::device::widen(stored.back());
      a_y[i / columns] += value * y[i % columns];
      at_x[i % columns] += value * x[i / columns];
    }
    const auto a = gpu.make_matrix(rows, columns, constant(stored));
    const auto dx = dag::device::to_device(constant(x), gpu.stream());
    const auto dy = dag::device::to_device(constant(y), gpu.stream());
    const std::vector<float> poison(rows + columns, std::nanf(""));
    auto out = dag::device::to_device(constant(poison), gpu.stream());
    gpu.dual_product(a, gpu.view(dx), gpu.view(dy), 1.0F, 2.0F, gpu.view(out).first(rows),
                     gpu.view(out).subspan(rows));
    const auto got = dag::device::to_host(out);
    // A sum of n products of numbers up to 1, added in some order: n epsilon a term.
    for (std::size_t i = 0; i < rows; ++i) {
      CHECK(std::abs(got[i] - a_y[i]) <= 6e-8 * static_cast<double>(columns * columns));
    }
    for (std::size_t j = 0; j < columns; ++j) {
      CHECK(std::abs(got[rows + j] - 2 * at_x[j]) <= 12e-8 * static_cast<double>(rows * rows));
    }
  }
}

TEST_CASE("tiles and strips of the dual product meet at every edge") {
  // 1 at one place: exactly one row sum and one column sum see it, wherever it lies.
  const dag::device::Products gpu;
  for (const std::size_t rows : {15U, 16U, 17U, 129U}) {
    for (const std::size_t columns : {255U, 256U, 257U, 511U, 512U, 513U, 516U}) {
      for (const std::size_t place : {std::size_t{0}, rows * columns / 2 + 3, rows * columns - 1}) {
        std::vector<float> entries(rows * columns), x(rows), y(columns);
        entries[place] = 1;
        for (std::size_t i = 0; i < rows; ++i) {
          x[i] = static_cast<float>(i + 1);
        }
        for (std::size_t j = 0; j < columns; ++j) {
          y[j] = static_cast<float>(j + 1);
        }
        const auto a = gpu.make_matrix(rows, columns, constant(entries));
        const auto dx = dag::device::to_device(constant(x), gpu.stream());
        const auto dy = dag::device::to_device(constant(y), gpu.stream());
        dag::device::Array<float> out(rows + columns, gpu.stream());
        gpu.dual_product(a, gpu.view(dx), gpu.view(dy), 1.0F, 1.0F, gpu.view(out).first(rows),
                         gpu.view(out).subspan(rows));
        std::vector<float> expected(rows + columns);
        expected[place / columns] = y[place % columns];
        expected[rows + place % columns] = x[place / columns];
        CHECK(dag::device::to_host(out) == expected);
      }
    }
  }
}
