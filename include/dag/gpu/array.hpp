// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag::device {

/// Owns `size` trivially copyable values of device memory, freed in stream order; copying copies
/// the values on the device.
template <class T>
class Array {
 public:
  using value_type = T;

  Array() = default;
  /// Errors: device if the bytes cannot be counted or had.
  Array(std::size_t size, Stream stream) : size_(size), stream_(stream) {
    require(size <= static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T), Errc::device,
            "device memory: ", size, " values of ", sizeof(T), " bytes exceed any address space");
    data_ = size > 0 ? static_cast<T*>(allocate_bytes(size * sizeof(T), stream)) : nullptr;
  }
  Array(const Array& other) : Array(other.size_, other.stream_) {
    copy_bytes(data_, other.data_, size_ * sizeof(T), stream_);
  }
  Array(Array&& other) noexcept { swap(other); }
  Array& operator=(Array other) noexcept {
    swap(other);
    return *this;
  }
  ~Array() {
    if (data_ != nullptr) {
      free_bytes(data_, stream_);
    }
  }
  void swap(Array& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(stream_, other.stream_);
  }

  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Stream stream() const noexcept { return stream_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
  Stream stream_ = {};
};

/// A device copy of host values; waits, so that the caller may reuse its memory.
template <class T>
[[nodiscard]] Array<T> to_device(std::span<const T> host, Stream stream) {
  Array<T> copy(host.size(), stream);
  copy_bytes(copy.data(), host.data(), host.size_bytes(), stream);
  synchronize(stream);
  return copy;
}
/// A host copy of device values, once the work queued on their stream is done.
template <class T>
[[nodiscard]] std::vector<T> to_host(const Array<T>& values) {
  std::vector<T> copy(values.size());
  copy_bytes(copy.data(), values.data(), values.size() * sizeof(T), values.stream());
  synchronize(values.stream());
  return copy;
}

/// A row-major matrix in device memory.
template <class T>
struct Matrix {
  using Scalar = T;
  std::size_t rows = 0;
  std::size_t columns = 0;
  Array<T> entries;
};

/// A short read-only table of host values that a kernel reads: carried in the launch's arguments
/// where it fits, else in device memory.
template <class T>
class Table {
 public:
  static constexpr std::size_t capacity = 17;

  Table(std::span<const T> values, Array<T>& storage, Stream stream) {
    if (values.size() <= capacity) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        near_[i] = values[i];
      }
    } else {
      storage = Array<T>(values.size(), stream);
      copy_bytes(storage.data(), values.data(), values.size() * sizeof(T), stream);
      far_ = storage.data();
    }
  }
  [[nodiscard]] DAG_HOST_DEVICE T operator[](std::size_t i) const {
    return far_ != nullptr ? far_[i] : near_[i];
  }

 private:
  const T* far_ = nullptr;
  T near_[capacity] = {};
};

}  // namespace dag::device
