// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// cuBLAS, if the machine that runs the benchmark has it: opened by name when the program runs, so
// that the program is built and carried without it (the library is larger than all else together).
#include <dag/gpu/runtime.hpp>

#if defined(__CUDACC__)
#include <dlfcn.h>
#endif

/// y = A x of square matrices in float. False where there is no cuBLAS.
class CublasByName {
 public:
  using Stream = dag::device::Stream;
  // Values of cublasOperation_t.
  static constexpr int as_is = 0;
  static constexpr int transposed = 1;

#if defined(__CUDACC__)
  explicit CublasByName(Stream stream) {
    for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
      if (library_ == nullptr) {
        library_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
      }
    }
    if (library_ == nullptr) {
      return;
    }
    const auto create = find<int (*)(void**)>("cublasCreate_v2");
    const auto use = find<int (*)(void*, Stream)>("cublasSetStream_v2");
    gemv_ = find<Gemv>("cublasSgemv_v2");
    dag::require(create(&handle_) == 0 && use(handle_, stream) == 0, dag::Errc::device,
                 "cuBLAS is here but does not start");
  }
  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
  void gemv(int operation, int size, const float* a, const float* x, float* y) const {
    const float one = 1, zero = 0;
    dag::require(gemv_(handle_, operation, size, size, &one, a, size, x, 1, &zero, y, 1) == 0,
                 dag::Errc::device, "cuBLAS: product");
  }

 private:
  using Gemv = int (*)(void*, int, int, int, const float*, const float*, int, const float*, int,
                       const float*, float*, int);
  template <class Function>
  [[nodiscard]] Function find(const char* name) const {
    void* const found = dlsym(library_, name);
    dag::require(found != nullptr, dag::Errc::device, "cuBLAS has no ", name);
    return reinterpret_cast<Function>(found);
  }
  void* library_ = nullptr;  // both live as long as the process
  void* handle_ = nullptr;
  Gemv gemv_ = nullptr;
#else
  explicit CublasByName(Stream) {}
  [[nodiscard]] explicit operator bool() const noexcept { return false; }
  void gemv(int, int, const float*, const float*, float*) const {}
#endif
};
