// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/runtime.hpp>

/// The GPU backend in rooms of one kind of work each, stacked by inheritance: Context (stream,
/// scratch, errors, memory), ElementwiseOperations, Reductions, SimplexOperations, Products; then
/// dag::cuda.
namespace dag::device {

/// What copies of a backend share: the stream, the flag that kernels raise, and scratch memory that
/// grows to the largest use and then stays, so that loops allocate nothing.
class Context {
 public:
  template <class Scalar>
  using vector = device::Array<Scalar>;
  template <class Scalar>
  using matrix = device::Matrix<Scalar>;

  /// A stream of its own on the current device.
  Context() : shared_(std::make_shared<Shared>(OwnedStream())) {}
  /// The caller's stream, which has to outlive this, its copies and the arrays made with it.
  explicit Context(Stream stream) : shared_(std::make_shared<Shared>(stream)) {}
  /// A stream of its own on that device. Errors: device (there is none of that number).
  explicit Context(Device device) : Context(device, OnDevice(device)) {}

  [[nodiscard]] device::Stream stream() const noexcept { return shared_->stream; }
  /// The flag of this backend in device memory: a kernel sets it to 1 where it meets what is no
  /// distribution, to 2 where a formula meets what it is not defined for, and the next function
  /// that waits throws Errc::not_finite.
  [[nodiscard]] int* bad() const noexcept { return shared_->bad.data(); }
  /// Waits for all queued work. Errors: device, not_finite.
  void synchronize() const { throw_if(take_flag()); }

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

 protected:
  enum class Slot { parts, sums, segments, lower, upper, count };
  /// At least `count` numbers of scratch, valid until the slot is asked for again. One stream
  /// orders all uses. If memory runs out the old scratch stays.
  template <class T>
  [[nodiscard]] T* scratch(Slot slot, std::size_t count) const {
    auto& memory = shared_->scratch[static_cast<std::size_t>(slot)];
    const std::size_t words = (count * sizeof(T) + sizeof(double) - 1) / sizeof(double);
    if (memory.size() < words) {
      memory = Array<double>(words, stream());
    }
    return reinterpret_cast<T*>(memory.data());
  }
  /// The flag's value once all queued work is done; the flag is down afterwards.
  [[nodiscard]] int take_flag() const {
    int raised = 0;
    device::copy_bytes(&raised, bad(), sizeof raised, stream());
    device::synchronize(stream());
    if (raised != 0) {
      device::zero_bytes(bad(), sizeof(int), stream());
    }
    return raised;
  }
  static void throw_if(int raised) {
    if (raised == 2) {
      fail(Errc::not_finite,
           "a kernel met NaN, an infinity, or a number outside of the domain of its formula");
    }
    if (raised != 0) {
      fail(Errc::not_finite,
           "log-probabilities must be finite or -inf and not all -inf in every block");
    }
  }

 private:
  Context(Device, const OnDevice&) : Context() {}

  struct Shared {
    explicit Shared(OwnedStream own) : Shared(own.get()) { owned.emplace(std::move(own)); }
    explicit Shared(device::Stream of_caller) : stream(of_caller), bad(1, of_caller) {
      device::keep_pool(stream);
      device::zero_bytes(bad.data(), sizeof(int), stream);
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    std::optional<device::OwnedStream> owned;  // lent again after all memory is given back
    device::Stream stream;
    device::Array<int> bad;
    device::Array<double> scratch[static_cast<std::size_t>(Slot::count)];
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace dag::device
