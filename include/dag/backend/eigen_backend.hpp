// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>

#include <dag/backend/detail/eigen_maps.hpp>
#include <dag/backend/detail/eigen_simplices.hpp>
#include <dag/backend/detail/packet_loops.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// One band of `Rows` rows of the dual product: a_y[r] = row_scale * <row r, y>, and
/// at_x += column_scale * x[r] * row r. Reads each row once.
template <std::size_t Rows, class Scalar>
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
  for (std::size_t r = 0; r < Rows; ++r) {
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
    for (std::size_t r = 0; r < Rows; ++r) {
      const Scalar* const row = a + r * columns + j;
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
  for (std::size_t r = 0; r < Rows; ++r) {
    sums[r] = ei::predux(accumulated[r]);
  }
  for (; j < columns; ++j) {
    for (std::size_t r = 0; r < Rows; ++r) {
      const Scalar entry = a[r * columns + j];
      sums[r] += entry * y[j];
      at_x[j] += entry * scalar_weight[r];
    }
  }
  for (std::size_t r = 0; r < Rows; ++r) {
    a_y[r] = row_scale * sums[r];
  }
}

/// Rows of a band: as many accumulators and weights as the registers hold. Measured on an AVX-512
/// AMD EPYC, 2026-11-23, time over Eigen's two products (benchmarks/dual_product.cpp): 8 rows 0.58
/// at 1000 and 0.52 at 2000, 4 rows 0.67 and 0.63, 16 rows 0.61 and 0.50; one packet a turn instead
/// of two 0.77 and 0.60; software prefetch of the next band gains nothing.
constexpr std::size_t dual_product_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;

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
  std::size_t i = 0;
  for (; i + dual_product_rows <= rows; i += dual_product_rows) {
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

namespace dag {

inline namespace DAG_BINARY_NAMESPACE {

/// The CPU backend: one thread, Eigen's vector instructions, reductions in a fixed order (the same
/// bits from run to run). Spans passed in are host memory; outputs may not overlap inputs unless a
/// function says so. Nothing here allocates but `allocate`. Shapes are the caller's duty.
struct eigen : detail::EigenSimplices {
  template <class Scalar>
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  template <class Scalar>
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  static constexpr bool host_memory = true;

  // --- memory --------------------------------------------------------------------------------

  /// `size` zeros.
  template <class Scalar>
  [[nodiscard]] vector<Scalar> allocate(std::size_t size) const {
    return vector<Scalar>::Zero(static_cast<Eigen::Index>(size));
  }
  template <class Scalar>
  [[nodiscard]] static std::span<Scalar> view(vector<Scalar>& v) noexcept {
    return {v.data(), static_cast<std::size_t>(v.size())};
  }
  template <class Scalar>
  [[nodiscard]] static std::span<const Scalar> view(const vector<Scalar>& v) noexcept {
    return {v.data(), static_cast<std::size_t>(v.size())};
  }
  /// The same memory as an Eigen vector, for users.
  template <class Scalar>
  [[nodiscard]] static Eigen::Map<const vector<Scalar>> wrap(std::span<const Scalar> v) noexcept {
    return {v.data(), static_cast<Eigen::Index>(v.size())};
  }
  template <class Scalar>
  [[nodiscard]] static std::size_t rows(const matrix<Scalar>& a) noexcept {
    return static_cast<std::size_t>(a.rows());
  }
  template <class Scalar>
  [[nodiscard]] static std::size_t columns(const matrix<Scalar>& a) noexcept {
    return static_cast<std::size_t>(a.cols());
  }
  /// All entries, row after row.
  template <class Scalar>
  [[nodiscard]] static std::span<const Scalar> entries(const matrix<Scalar>& a) noexcept {
    return {a.data(), static_cast<std::size_t>(a.size())};
  }
  /// A matrix from entries given row after row. Errors: dimension_mismatch.
  template <class Scalar>
  [[nodiscard]] matrix<Scalar> make_matrix(std::size_t row_count, std::size_t column_count,
                                           std::span<const Scalar> host) const {
    require(host.size() == row_count * column_count, Errc::dimension_mismatch,
            "make_matrix: ", host.size(), " entries for a ", row_count, "x", column_count,
            " matrix");
    return Eigen::Map<const matrix<Scalar>>(host.data(), static_cast<Eigen::Index>(row_count),
                                            static_cast<Eigen::Index>(column_count));
  }
  /// Copies host memory in (a plain copy here).
  template <class Scalar>
  void upload(std::span<const Scalar> host, std::span<Scalar> out) const {
    copy(host, out);
  }
  template <class Scalar>
  void download(std::span<const Scalar> in, std::span<Scalar> host) const {
    copy(in, host);
  }

  // --- elementwise ---------------------------------------------------------------------------

  template <class Scalar>
  void copy(std::span<const Scalar> x, std::span<Scalar> y) const {
    detail::array(y) = detail::array(x);
  }
  template <class Scalar>
  void fill(std::span<Scalar> y, Scalar number) const {
    detail::array(y).setConstant(number);
  }
  /// y += number * x.
  template <class Scalar>
  void axpy(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    detail::array(y) += number * detail::array(x);
  }
  /// y += number * (x - y): one step of a running mean.
  template <class Scalar>
  void interpolate(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    detail::array(y) += number * (detail::array(x) - detail::array(y));
  }
  /// y[i] += number.
  template <class Scalar>
  void add_to_entry(std::span<Scalar> y, std::size_t i, Scalar number) const {
    y[i] += number;
  }
  /// y = a * x + b * y.
  template <class Scalar>
  void combine(Scalar a, std::span<const Scalar> x, Scalar b, std::span<Scalar> y) const {
    detail::array(y) = a * detail::array(x) + b * detail::array(y);
  }
  /// out = log x (log 0 = -inf).
  template <class Scalar>
  void log(std::span<const Scalar> x, std::span<Scalar> out) const {
    detail::array(out) = detail::array(x).log();
  }
  /// out = exp x, exactly 0 at -inf (Eigen's own exp gives a denormal there). May run in place.
  template <class Scalar>
  void exp(std::span<const Scalar> x, std::span<Scalar> out) const {
    detail::PacketLoops<Scalar>::exponentials(x, out);
  }

  // --- reductions ----------------------------------------------------------------------------

  template <class Scalar>
  [[nodiscard]] Scalar dot(std::span<const Scalar> x, std::span<const Scalar> y) const {
    return (detail::array(x) * detail::array(y)).sum();
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum(std::span<const Scalar> x) const {
    return detail::array(x).sum();
  }
  template <class Scalar>
  [[nodiscard]] Scalar max(std::span<const Scalar> x) const {
    return detail::array(x).maxCoeff();
  }
  template <class Scalar>
  [[nodiscard]] Scalar min(std::span<const Scalar> x) const {
    return detail::array(x).minCoeff();
  }
  /// Index of the first largest entry.
  template <class Scalar>
  [[nodiscard]] std::size_t argmax(std::span<const Scalar> x) const {
    const Scalar top = max(x);  // vectorised; the search then stops at the first hit
    std::size_t best = 0;
    while (best + 1 < x.size() && !(x[best] == top)) {
      ++best;
    }
    return best;
  }
  template <class Scalar>
  [[nodiscard]] Scalar max_abs_difference(std::span<const Scalar> x,
                                          std::span<const Scalar> y) const {
    return (detail::array(x) - detail::array(y)).abs().maxCoeff();
  }
  template <class Scalar>
  [[nodiscard]] Scalar squared_distance(std::span<const Scalar> x,
                                        std::span<const Scalar> y) const {
    return (detail::array(x) - detail::array(y)).square().sum();
  }
  template <class Scalar>
  [[nodiscard]] bool all_finite(std::span<const Scalar> x) const {
    // Infinity and NaN times 0 are NaN: in vectors, which asking each entry would prevent.
    return (detail::array(x) * Scalar{0}).sum() == Scalar{0};
  }

  // --- simplices in the log domain: see backend/detail/eigen_simplices.hpp
  // ---------------------------

  // --- Euclidean sets ------------------------------------------------------------------------

  /// y = min(max(y, lower), upper).
  template <class Scalar>
  void clamp(std::span<const Scalar> lower, std::span<const Scalar> upper,
             std::span<Scalar> y) const {
    detail::array(y) = detail::array(y).max(detail::array(lower)).min(detail::array(upper));
  }
  /// y = max(y, 0).
  template <class Scalar>
  void raise_to_zero(std::span<Scalar> y) const {
    detail::array(y) = detail::array(y).max(Scalar{0});
  }
  /// sum max(lower * g, upper * g): the largest <g, u> over a box.
  template <class Scalar>
  [[nodiscard]] Scalar box_support(std::span<const Scalar> lower, std::span<const Scalar> upper,
                                   std::span<const Scalar> g) const {
    return (detail::array(lower) * detail::array(g))
        .max(detail::array(upper) * detail::array(g))
        .sum();
  }
  /// y = its nearest point of the simplex {u >= 0, sum u = 1}, by Michelot's finite sequence of
  /// thresholds (doi:10.1007/BF00938486): each pass drops entries at or below the current one.
  template <class Scalar>
  void project_simplex(std::span<Scalar> y) const {
    using Loops = detail::PacketLoops<Scalar>;
    const auto v = detail::array(std::span<const Scalar>(y));
    auto [largest, sum] = Loops::largest_and_sum(y);
    if (std::abs(largest) > Scalar{8}) {  // a common offset would cost the sum its digits
      detail::array(y) -= largest;
      largest = 0;
      sum = v.sum();
    }
    require(std::isfinite(sum), Errc::not_finite,
            "project_simplex: the point has a NaN or an infinity");
    // Both are below it; the second one is exact whatever the other entries are.
    Scalar threshold =
        std::max((sum - Scalar{1}) / static_cast<Scalar>(v.size()), largest - Scalar{1});
    for (Scalar kept = static_cast<Scalar>(v.size());;) {
      const auto [excess, count] = Loops::excess_above(y, threshold);
      if (count >= kept || count == 0) {  // never more, unless by rounding
        threshold += count > 0 ? (excess - Scalar{1}) / count : Scalar{0};  // what rounding left
        break;
      }
      kept = count;
      threshold += (excess - Scalar{1}) / count;
    }
    detail::array(y) = (v - threshold).max(Scalar{0});
  }

  // --- products ------------------------------------------------------------------------------

  /// out = a x; x of columns(a), out of rows(a) entries.
  template <class Scalar>
  void multiply(const matrix<Scalar>& a, std::span<const Scalar> x, std::span<Scalar> out) const {
    detail::vector_map(out).noalias() = a * wrap(x);
  }
  /// out = a' x; x of rows(a), out of columns(a) entries.
  template <class Scalar>
  void multiply_transposed(const matrix<Scalar>& a, std::span<const Scalar> x,
                           std::span<Scalar> out) const {
    detail::vector_map(out).noalias() = a.transpose() * wrap(x);
  }
  /// a_y = row_scale * a y and at_x = column_scale * a' x, reading the matrix once.
  template <class Scalar>
  void dual_product(const matrix<Scalar>& a, std::span<const Scalar> x, std::span<const Scalar> y,
                    Scalar row_scale, Scalar column_scale, std::span<Scalar> a_y,
                    std::span<Scalar> at_x) const {
    detail::dual_product(a.data(), rows(a), columns(a), x.data(), y.data(), row_scale, column_scale,
                         a_y.data(), at_x.data());
  }
  /// A copy of a', row-major: its rows are the columns of a.
  template <class Scalar>
  [[nodiscard]] matrix<Scalar> transposed(const matrix<Scalar>& a) const {
    return a.transpose();
  }
  /// out += scale * (row i of a).
  template <class Scalar>
  void add_row(const matrix<Scalar>& a, std::size_t i, Scalar scale, std::span<Scalar> out) const {
    detail::vector_map(out) += scale * a.row(static_cast<Eigen::Index>(i)).transpose();
  }

  friend bool operator==(const eigen&, const eigen&) = default;
};

}  // namespace DAG_BINARY_NAMESPACE

template <class Matrix>
struct backend_of;  // declared with the games; lets `MatrixGame{payoff}` deduce its arguments
template <class Derived>
requires std::is_base_of_v<Eigen::EigenBase<Derived>, Derived>
struct backend_of<Derived> {
  using type = eigen;
};

}  // namespace dag
