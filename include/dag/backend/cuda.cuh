// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thrust/execution_policy.h>
#include <thrust/extrema.h>
#include <thrust/inner_product.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include <dag/backend/cuda/dual_product.hpp>
#include <dag/backend/cuda/elementwise.hpp>
#include <dag/backend/cuda/runtime.hpp>
#include <dag/backend/cuda/simplices.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// The GPU backend: vectors in device memory, work queued on one stream, nothing waited for but the
/// functions that return a number or copy to the host. Elementwise work and reductions are
/// Thrust's, segmented simplex work and the dual product are kernels of this library.
///
/// Spans passed in hold device addresses, except those of per-block weights and of `upload` and
/// `download`, which are host memory. Copies of a `cuda` share the stream and workspace; use one
/// object a host thread. Errors: Errc::device with CUDA's own text; a kernel that meets NaN, +inf
/// or an empty simplex is reported as Errc::not_finite at the next function that waits.
/// Determinism: sums have a fixed order that depends on shapes alone.
///
/// Compiled by a host compiler with THRUST_DEVICE_SYSTEM set to CPP or OMP, the device is the host.
class cuda {
 public:
  template <class Scalar>
  using vector = device::Array<Scalar>;
  template <class Scalar>
  using matrix = device::Matrix<Scalar>;

  cuda() : shared_(std::make_shared<Shared>()) {}

  [[nodiscard]] device::Stream stream() const noexcept { return shared_->stream; }
  /// Waits for all queued work. Errors: device, not_finite.
  void synchronize() const {
    int bad = 0;
    device::copy_bytes(&bad, shared_->bad.data(), sizeof bad, stream());
    device::synchronize(stream());
    throw_if(bad);
  }

  /// The execution policy that queues Thrust algorithms on this backend's stream.
  [[nodiscard]] auto policy() const { return device::policy(stream()); }

  // --- memory --------------------------------------------------------------------------------

  template <class Scalar>
  [[nodiscard]] vector<Scalar> allocate(std::size_t size) const {
    vector<Scalar> v(size, stream());
    device::zero_bytes(v.data(), size * sizeof(Scalar), stream());
    return v;
  }
  template <class Scalar>
  [[nodiscard]] static std::span<Scalar> view(vector<Scalar>& v) noexcept {
    return {v.data(), v.size()};
  }
  template <class Scalar>
  [[nodiscard]] static std::span<const Scalar> view(const vector<Scalar>& v) noexcept {
    return {v.data(), v.size()};
  }
  /// A host copy of device memory, for users; waits for the whole device.
  template <class Scalar>
  [[nodiscard]] static std::vector<Scalar> wrap(std::span<const Scalar> v) {
    std::vector<Scalar> host(v.size());
    device::copy_to_host(host.data(), v.data(), v.size() * sizeof(Scalar));
    return host;
  }
  template <class Scalar>
  [[nodiscard]] static std::size_t rows(const matrix<Scalar>& a) noexcept {
    return a.rows;
  }
  template <class Scalar>
  [[nodiscard]] static std::size_t columns(const matrix<Scalar>& a) noexcept {
    return a.columns;
  }
  template <class Scalar>
  [[nodiscard]] static std::span<const Scalar> entries(const matrix<Scalar>& a) noexcept {
    return {a.entries.data(), a.entries.size()};
  }
  /// A device matrix from host entries, row after row. Errors: dimension_mismatch.
  template <class Scalar>
  [[nodiscard]] matrix<Scalar> make_matrix(std::size_t rows, std::size_t columns,
                                           std::span<const Scalar> host) const {
    require(host.size() == rows * columns, Errc::dimension_mismatch, "make_matrix: ", host.size(),
            " entries for a ", rows, "x", columns, " matrix");
    matrix<Scalar> a{rows, columns, vector<Scalar>(host.size(), stream())};
    upload(host, view(a.entries));
    return a;
  }
  template <class Scalar>
  void upload(std::span<const Scalar> host, std::span<Scalar> out) const {
    device::copy_bytes(out.data(), host.data(), host.size_bytes(), stream());
    device::synchronize(stream());  // the caller may reuse its memory
  }
  template <class Scalar>
  void download(std::span<const Scalar> in, std::span<Scalar> host) const {
    device::copy_bytes(host.data(), in.data(), in.size_bytes(), stream());
    synchronize();
  }

  // --- elementwise ---------------------------------------------------------------------------

  template <class Scalar>
  void copy(std::span<const Scalar> x, std::span<Scalar> y) const {
    device::copy_bytes(y.data(), x.data(), x.size_bytes(), stream());
  }
  template <class Scalar>
  void fill(std::span<Scalar> y, Scalar number) const {
    unary(std::span<const Scalar>(y), y, device::Constant<Scalar>{number});
  }
  /// y += number * x.
  template <class Scalar>
  void axpy(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    binary(x, y, device::Axpy<Scalar>{number});
  }
  /// y += number * (x - y).
  template <class Scalar>
  void interpolate(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    binary(x, y, device::Interpolate<Scalar>{number});
  }
  /// y = a * x + b * y.
  template <class Scalar>
  void combine(Scalar a, std::span<const Scalar> x, Scalar b, std::span<Scalar> y) const {
    binary(x, y, device::Combine<Scalar>{a, b});
  }
  template <class Scalar>
  void log(std::span<const Scalar> x, std::span<Scalar> out) const {
    unary(x, out, device::Log{});
  }
  template <class Scalar>
  void exp(std::span<const Scalar> x, std::span<Scalar> out) const {
    unary(x, out, device::Exp{});
  }
  /// y = max(y, 0).
  template <class Scalar>
  void raise_to_zero(std::span<Scalar> y) const {
    unary(std::span<const Scalar>(y), y, device::PositivePart{});
  }

  // --- reductions: each waits for its result -------------------------------------------------

  template <class Scalar>
  [[nodiscard]] Scalar dot(std::span<const Scalar> x, std::span<const Scalar> y) const {
    return pair_reduce(x, y, Scalar{0}, device::Add{}, device::Product{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum(std::span<const Scalar> x) const {
    return reduce(x, Scalar{0}, device::Add{}, device::Identity{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar max(std::span<const Scalar> x) const {
    return reduce(x, -std::numeric_limits<Scalar>::infinity(), device::Max{}, device::Identity{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar min(std::span<const Scalar> x) const {
    return reduce(x, std::numeric_limits<Scalar>::infinity(), device::Min{}, device::Identity{});
  }
  /// Index of the first largest entry.
  template <class Scalar>
  [[nodiscard]] std::size_t argmax(std::span<const Scalar> x) const {
    const auto first = pointer(x);
    const auto best = thrust::max_element(policy(), first, first + length(x));
    return static_cast<std::size_t>(best - first);
  }
  template <class Scalar>
  [[nodiscard]] Scalar max_abs_difference(std::span<const Scalar> x,
                                          std::span<const Scalar> y) const {
    return pair_reduce(x, y, Scalar{0}, device::Max{}, device::AbsDifference{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar squared_distance(std::span<const Scalar> x,
                                        std::span<const Scalar> y) const {
    return pair_reduce(x, y, Scalar{0}, device::Add{}, device::SquaredDifference{});
  }
  template <class Scalar>
  [[nodiscard]] bool all_finite(std::span<const Scalar> x) const {
    return reduce(x, Scalar{0}, device::Max{}, device::IsNotFinite{}) == Scalar{0};
  }

  // --- simplices in the log domain: one thread block a simplex --------------------------------

  template <class Scalar>
  void uniform(const Blocks& blocks, std::span<Scalar> log_p, std::span<Scalar> p) const {
    Segments segments(*this, blocks);
    run(blocks, device::Uniform<Scalar>{segments.offsets, log_p.data(), p.data()});
  }
  /// log_p = log p; waits. Errors: not_a_distribution.
  template <class Scalar>
  void enter_simplices(const Blocks& blocks, Scalar slack, std::span<const Scalar> p,
                       std::span<Scalar> log_p) const {
    synchronize();  // what is raised from here on is about this check
    Segments segments(*this, blocks);
    run(blocks, device::EnterSimplices<Scalar>{segments.offsets, slack, p.data(), log_p.data(),
                                               shared_->bad.data()});
    int bad = 0;
    device::copy_bytes(&bad, shared_->bad.data(), sizeof bad, stream());
    device::synchronize(stream());
    if (bad != 0) {
      clear_flag();
      fail(Errc::not_a_distribution, "strategies must be >= 0 and sum to 1 in every block, within ",
           slack);
    }
  }
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    Segments segments(*this, blocks);
    Weights<Scalar> weight(*this, weights);
    run(blocks,
        device::EntropyProx<Scalar>{segments.offsets, weight.table, log_center.data(), eta,
                                    gradient.data(), log_p.data(), p.data(), shared_->bad.data()});
  }
  template <class Scalar>
  void entropy_prox(const Blocks& blocks, std::span<const Scalar> weights,
                    std::span<const Scalar> log_center, Scalar eta,
                    std::span<const Scalar> gradient, std::span<const Scalar> magnet_weights,
                    std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                    std::span<Scalar> p) const {
    Segments segments(*this, blocks);
    Weights<Scalar> weight(*this, weights);
    Weights<Scalar> magnet(*this, magnet_weights);
    run(blocks,
        device::MagneticProx<Scalar>{segments.offsets, weight.table, magnet.table,
                                     log_center.data(), eta, gradient.data(), log_reference.data(),
                                     log_p.data(), p.data(), shared_->bad.data()});
  }
  template <class Scalar>
  void entropy_response(const Blocks& blocks, std::span<const Scalar> gradient,
                        std::span<const Scalar> magnet_weights,
                        std::span<const Scalar> log_reference, std::span<Scalar> log_p,
                        std::span<Scalar> p) const {
    entropy_prox(blocks, magnet_weights, log_reference, Scalar{1}, gradient, log_p, p);
  }
  template <class Scalar>
  void pure_response(const Blocks& blocks, std::span<const Scalar> gradient,
                     std::span<Scalar> log_p, std::span<Scalar> p) const {
    Segments segments(*this, blocks);
    run(blocks,
        device::PureResponse<Scalar>{segments.offsets, gradient.data(), log_p.data(), p.data()});
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum_of_maxima(const Blocks& blocks, std::span<const Scalar> x) const {
    Segments segments(*this, blocks);
    vector<Scalar> part(blocks.count(), stream());
    run(blocks, device::SegmentMax<Scalar>{segments.offsets, x.data(), part.data()});
    return sum(std::span<const Scalar>(view(part)));
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_kl(const Blocks& blocks, std::span<const Scalar> weights,
                                   std::span<const Scalar> p, std::span<const Scalar> log_p,
                                   std::span<const Scalar> log_q) const {
    Segments segments(*this, blocks);
    Weights<Scalar> weight(*this, weights);
    vector<Scalar> part(blocks.count(), stream());
    run(blocks, device::SegmentKl<Scalar>{segments.offsets, weight.table, p.data(), log_p.data(),
                                          log_q.data(), part.data()});
    return sum(std::span<const Scalar>(view(part)));
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_l1_squared(const Blocks& blocks, std::span<const Scalar> weights,
                                           std::span<const Scalar> x,
                                           std::span<const Scalar> y) const {
    return weighted_pair<device::SegmentL1Squared<Scalar>>(blocks, weights, x, y);
  }
  template <class Scalar>
  [[nodiscard]] Scalar weighted_spread_squared(const Blocks& blocks,
                                               std::span<const Scalar> weights,
                                               std::span<const Scalar> g,
                                               std::span<const Scalar> h) const {
    return weighted_pair<device::SegmentSpreadSquared<Scalar>>(blocks, weights, g, h);
  }

  // --- products ------------------------------------------------------------------------------

  /// a_y = row_scale * a y and at_x = column_scale * a' x, reading the matrix once.
  template <class Scalar>
  void dual_product(const matrix<Scalar>& a, std::span<const Scalar> x, std::span<const Scalar> y,
                    Scalar row_scale, Scalar column_scale, std::span<Scalar> a_y,
                    std::span<Scalar> at_x) const {
    using Tile = device::DualProductTile<Scalar>;
    const std::size_t row_tiles = Tile::tiles(a.rows, Tile::tile_rows);
    const std::size_t column_tiles = Tile::tiles(a.columns, Tile::tile_columns);
    vector<Scalar> row_part(column_tiles * a.rows, stream());
    vector<Scalar> column_part(row_tiles * a.columns, stream());
    device::launch(stream(), row_tiles * column_tiles, 256, Tile::shared_bytes,
                   Tile{a.entries.data(), a.rows, a.columns, x.data(), y.data(), row_part.data(),
                        column_part.data()});
    finish(row_part, column_tiles, row_scale, a_y);
    finish(column_part, row_tiles, column_scale, at_x);
  }
  template <class Scalar>
  void multiply(const matrix<Scalar>& a, std::span<const Scalar> x, std::span<Scalar> out) const {
    vector<Scalar> zeros = allocate<Scalar>(a.rows);
    vector<Scalar> unused(a.columns, stream());
    dual_product(a, std::span<const Scalar>(view(zeros)), x, Scalar{1}, Scalar{0}, out,
                 view(unused));
  }
  template <class Scalar>
  void multiply_transposed(const matrix<Scalar>& a, std::span<const Scalar> x,
                           std::span<Scalar> out) const {
    vector<Scalar> zeros = allocate<Scalar>(a.columns);
    vector<Scalar> unused(a.rows, stream());
    dual_product(a, x, std::span<const Scalar>(view(zeros)), Scalar{0}, Scalar{1}, view(unused),
                 out);
  }
  /// out += scale * (row i of a).
  template <class Scalar>
  void add_row(const matrix<Scalar>& a, std::size_t i, Scalar scale, std::span<Scalar> out) const {
    axpy(scale, entries(a).subspan(i * a.columns, a.columns), out);
  }

 private:
  struct Shared {
    Shared() : bad(1, stream) { device::zero_bytes(bad.data(), sizeof(int), stream); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    device::OwnedStream owned;
    device::Stream stream = owned.get();
    device::Array<int> bad;  // raised by kernels that meet what is not a distribution
  };
  /// Per-block tables of one launch and the memory behind the long ones.
  struct Segments {
    Segments(const cuda& backend, const Blocks& blocks)
        : offsets(blocks.offsets(), storage, backend.stream()) {}
    device::Array<std::size_t> storage;
    device::Table<std::size_t> offsets;
  };
  template <class Scalar>
  struct Weights {
    Weights(const cuda& backend, std::span<const Scalar> weights)
        : table(weights, storage, backend.stream()) {}
    device::Array<Scalar> storage;
    device::Table<Scalar> table;
  };

  void clear_flag() const { device::zero_bytes(shared_->bad.data(), sizeof(int), stream()); }
  void throw_if(int bad) const {
    if (bad != 0) {
      clear_flag();
      fail(Errc::not_finite,
           "log-probabilities must be finite or -inf and not all -inf in every block");
    }
  }
  template <class Body>
  void run(const Blocks& blocks, const Body& body) const {
    device::launch(stream(), blocks.count(), block_threads(blocks), 0, body);
  }
  /// Threads of a block that owns one simplex: the next warp multiple of the mean size, 32 to 1024.
  [[nodiscard]] static unsigned block_threads(const Blocks& blocks) {
    const std::size_t mean = blocks.total() / blocks.count();
    unsigned threads = device::warp_size;
    while (threads < mean && threads < device::largest_block) {
      threads *= 2;
    }
    return threads;
  }
  template <class Scalar>
  [[nodiscard]] static Scalar* pointer(std::span<Scalar> x) {
    return x.data();  // the policy says where it points
  }
  template <class Scalar>
  [[nodiscard]] static std::ptrdiff_t length(std::span<Scalar> x) {
    return static_cast<std::ptrdiff_t>(x.size());
  }
  template <class Scalar, class Function>
  void unary(std::span<const Scalar> x, std::span<Scalar> out, Function f) const {
    thrust::transform(policy(), pointer(x), pointer(x) + length(x), pointer(out), f);
  }
  template <class Scalar, class Function>
  void binary(std::span<const Scalar> x, std::span<Scalar> y, Function f) const {
    thrust::transform(policy(), pointer(x), pointer(x) + length(x), pointer(y), pointer(y), f);
  }
  template <class Scalar, class Operation, class Function>
  [[nodiscard]] Scalar reduce(std::span<const Scalar> x, Scalar identity, Operation op,
                              Function f) const {
    const Scalar result =
        thrust::transform_reduce(policy(), pointer(x), pointer(x) + length(x), f, identity, op);
    synchronize();
    return result;
  }
  template <class Scalar, class Operation, class Function>
  [[nodiscard]] Scalar pair_reduce(std::span<const Scalar> x, std::span<const Scalar> y,
                                   Scalar identity, Operation op, Function f) const {
    const Scalar result = thrust::inner_product(policy(), pointer(x), pointer(x) + length(x),
                                                pointer(y), identity, op, f);
    synchronize();
    return result;
  }
  template <class Body, class Scalar>
  [[nodiscard]] Scalar weighted_pair(const Blocks& blocks, std::span<const Scalar> weights,
                                     std::span<const Scalar> x, std::span<const Scalar> y) const {
    Segments segments(*this, blocks);
    Weights<Scalar> weight(*this, weights);
    vector<Scalar> part(blocks.count(), stream());
    run(blocks, Body{segments.offsets, weight.table, x.data(), y.data(), part.data()});
    return sum(std::span<const Scalar>(view(part)));
  }
  template <class Scalar>
  void finish(const vector<Scalar>& part, std::size_t parts, Scalar scale,
              std::span<Scalar> out) const {
    using Finish = device::FinishDualProduct<Scalar>;
    device::launch(stream(), (out.size() + Finish::chunk - 1) / Finish::chunk, 256, 0,
                   Finish{part.data(), parts, out.size(), scale, out.data()});
  }

  std::shared_ptr<Shared> shared_;
};

template <class Matrix>
struct backend_of;  // declared with the games; lets `MatrixGame{payoff}` deduce its arguments
template <class Scalar>
struct backend_of<device::Matrix<Scalar>> {
  using type = cuda;
};

}  // namespace dag
