// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/storage.hpp>

/// Tensors of other libraries (PyTorch, CuPy, JAX) in and out without a copy, by DLPack's binary
/// interface, version 0.x: `DLManagedTensor*` of <dlpack/dlpack.h> and the pointer in a Python
/// capsule "dltensor" may be cast to dlpack::ManagedTensor*.
namespace dag::dlpack {

enum class Where : std::int32_t { cpu = 1, cuda = 2, cuda_managed = 13 };
enum class Kind : std::uint8_t { integer = 0, unsigned_integer = 1, real = 2, bfloat = 4 };

/// Which memory, and of which device.
struct Place {
  Where where;
  std::int32_t index;
};
/// A type of numbers.
struct Type {
  Kind kind;
  std::uint8_t bits;
  std::uint16_t lanes;
  friend bool operator==(const Type&, const Type&) = default;
};
/// DLPack's tensor, not owned.
struct Tensor {
  void* data;
  Place place;
  std::int32_t dimensions;
  Type type;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null: rows after rows
  std::uint64_t byte_offset;
};
/// DLPack's tensor with its owner.
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor* self);
};

/// DLPack's name of a type of numbers.
template <class T>
[[nodiscard]] constexpr Type type_of() {
  using Value = std::remove_cv_t<T>;
  static_assert(std::is_arithmetic_v<Value> || device::is_half<Value>,
                "DLPack carries numbers, device::BFloat16 and device::Float16");
  const auto bits = static_cast<std::uint8_t>(8 * sizeof(Value));
  if constexpr (std::is_same_v<Value, device::BFloat16>) {
    return {Kind::bfloat, bits, 1};
  } else if constexpr (std::is_floating_point_v<Value> || device::is_half<Value>) {
    return {Kind::real, bits, 1};
  } else {
    return {std::is_signed_v<Value> ? Kind::integer : Kind::unsigned_integer, bits, 1};
  }
}

/// As the libraries of Python call it: "int32", "bfloat16"; kinds not known here by their number.
[[nodiscard]] inline std::string text_of(const Type& type) {
  std::string name = "kind " + std::to_string(static_cast<int>(type.kind)) + ", bits ";
  switch (type.kind) {
    case Kind::integer: name = "int"; break;
    case Kind::unsigned_integer: name = "uint"; break;
    case Kind::real: name = "float"; break;
    case Kind::bfloat: name = "bfloat"; break;
  }
  name += std::to_string(type.bits);
  return type.lanes == 1 ? name : name + " x " + std::to_string(type.lanes);
}

/// The numbers of a tensor where they lie, row after row; a view that owns nothing. The tensor is
/// in memory that the backend can read (the GPU's; under a host compiler the host's), of type T,
/// and without gaps. Whoever wrote it on another stream orders that stream before the backend's.
/// Errors: invalid_argument, with `name` and what the tensor is.
template <class T>
[[nodiscard]] std::span<T> view(const Tensor& tensor, std::string_view name = "DLPack") {
  const Type wanted = type_of<T>();
  require(tensor.type == wanted, Errc::invalid_argument, name, ": ", text_of(tensor.type),
          " where ", text_of(wanted), " is expected; convert it, nothing is converted here");
#if defined(__CUDACC__)
  const bool here = tensor.place.where == Where::cuda || tensor.place.where == Where::cuda_managed;
#else
  const bool here = tensor.place.where == Where::cpu;
#endif
  require(here, Errc::invalid_argument, name, ": the tensor is on a device of type ",
          static_cast<int>(tensor.place.where),
          " (DLPack: 1 the CPU, 2 CUDA), where this call does ", "not work");
  require(tensor.dimensions >= 0, Errc::invalid_argument, name, ": ", tensor.dimensions,
          " dimensions");
  const bool empty =  // its strides may be anything: NumPy has 0
      std::count(tensor.shape, tensor.shape + tensor.dimensions, std::int64_t{0}) > 0;
  std::size_t size = 1;
  for (std::int32_t d = tensor.dimensions; d-- > 0;) {
    const std::int64_t extent = tensor.shape[d];
    require(extent >= 0, Errc::invalid_argument, name, ": dimension ", d, " has ", extent,
            " entries");
    require(tensor.strides == nullptr || extent <= 1 || empty ||
                tensor.strides[d] == static_cast<std::int64_t>(size),
            Errc::invalid_argument, name, ": dimension ", d, " has stride ",
            tensor.strides == nullptr ? 0 : tensor.strides[d], " where ", size,
            " leaves no gap; make the tensor contiguous");
    require(extent == 0 || size <= static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T) /
                                       static_cast<std::size_t>(extent),
            Errc::invalid_argument, name, ": dimension ", d, " of ", extent,
            " entries exceeds any address space");
    size *= static_cast<std::size_t>(extent);
  }
  auto* const first = static_cast<unsigned char*>(tensor.data) + tensor.byte_offset;
  require(size == 0 ||
              (tensor.data != nullptr && reinterpret_cast<std::uintptr_t>(first) % alignof(T) == 0),
          Errc::invalid_argument, name, ": no data, or data that are not aligned to ", alignof(T),
          " bytes");
  return {reinterpret_cast<T*>(first), size};
}

/// Hands device memory out as a tensor of this shape; whoever takes it calls its deleter once (a
/// Python capsule "dltensor" does). Waits for the work queued on the array's stream, so that any
/// stream may read. Errors: dimension_mismatch, device.
template <class T>
[[nodiscard]] ManagedTensor* hand_out(device::Array<T>&& values, std::vector<std::int64_t> shape) {
  std::size_t size = 1;
  for (const std::int64_t extent : shape) {
    require(extent >= 0, Errc::dimension_mismatch, "DLPack: a dimension of ", extent, " entries");
    size *= static_cast<std::size_t>(extent);
  }
  require(size == values.size(), Errc::dimension_mismatch, "DLPack: a shape of ", size,
          " entries for ", values.size(), " numbers");
  struct Owner {
    device::Array<T> values;
    std::vector<std::int64_t> shape;
    ManagedTensor managed;
  };
  device::synchronize(values.stream());
  auto owner = std::make_unique<Owner>();
  owner->values = std::move(values);
  owner->shape = std::move(shape);
#if defined(__CUDACC__)
  const device::OnDevice on(owner->values.stream());
  int index = 0;
  device::check(cudaGetDevice(&index), "device");
  const Place place{Where::cuda, index};
#else
  const Place place{Where::cpu, 0};
#endif
  owner->managed = {{owner->values.data(), place, static_cast<std::int32_t>(owner->shape.size()),
                     type_of<T>(), owner->shape.data(), nullptr, 0},
                    owner.get(),
                    [](ManagedTensor* self) { delete static_cast<Owner*>(self->context); }};
  return &owner.release()->managed;
}

}  // namespace dag::dlpack
