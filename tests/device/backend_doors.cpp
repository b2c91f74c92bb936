// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What comes in and goes out: tensors of other libraries, the caller's streams, devices by number,
// memory that runs out.
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/dlpack.hpp>
#include <dag/gpu/token_log_probs.hpp>

namespace {

namespace device = dag::device;
namespace dlpack = dag::dlpack;

template <class Work>
std::string text_of(dag::Errc code, Work work) {
  try {
    work();
  } catch (const dag::Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

template <class T>
dlpack::ManagedTensor* tensor_of(const dag::cuda& gpu, const std::vector<T>& host,
                                 std::vector<std::int64_t> shape) {
  return dlpack::hand_out(device::to_device(std::span<const T>(host), gpu.stream()),
                          std::move(shape));
}

}  // namespace

TEST_CASE("tensors in, log-probabilities out, no copy between") {
  const dag::cuda gpu;
  auto* const logits = tensor_of<float>(gpu, {0, 0, 0, 0, 1, 2}, {2, 3});
  auto* const target = tensor_of<std::int32_t>(gpu, {2, 2}, {2});
  //! [tensors]
  const std::span<const float> rows = dlpack::view<const float>(logits->tensor);  // [2, 3]
  const auto words = dlpack::view<const std::int32_t>(target->tensor);
  device::Array<float> p(2, gpu.stream()), h(2, gpu.stream()), z(2, gpu.stream());
  dag::token_log_probs(gpu, rows, 3, words, {gpu.view(p), gpu.view(h), gpu.view(z)});
  //! [tensors]
  CHECK(rows.data() == logits->tensor.data);
  CHECK(rows.size() == 6);
  gpu.synchronize();
  const float* const where = p.data();
  auto* const out = dlpack::hand_out(std::move(p), {2, 1});
  CHECK(out->tensor.data == where);
  CHECK(out->tensor.dimensions == 2);
  CHECK(out->tensor.strides == nullptr);
  std::vector<float> found(2);
  gpu.download(dlpack::view<const float>(out->tensor), std::span<float>(found));
  CHECK(std::abs(found[0] + std::log(3.0F)) <= 1e-6F);
  CHECK(std::abs(found[1] - 2 + std::log(1 + std::exp(1.0F) + std::exp(2.0F))) <= 1e-6F);
  for (auto* const tensor : {logits, target, out}) {
    tensor->deleter(tensor);
  }
}

TEST_CASE("tensors that a kernel would misread are refused") {
  const dag::cuda gpu;
  auto* const managed = tensor_of<float>(gpu, std::vector<float>(24, 1.0F), {2, 3, 4});
  dlpack::Tensor tensor = managed->tensor;
  const auto refused = [&](const char* words) {
    const auto said =
        text_of(dag::Errc::invalid_argument, [&] { (void)dlpack::view<const float>(tensor); });
    CAPTURE(said);
    CHECK(said.find(words) != std::string::npos);
    tensor = managed->tensor;
  };
  std::int64_t rows[] = {12, 4, 1}, turned[] = {1, 2, 6}, gaps[] = {24, 8, 2};
  tensor.strides = rows;
  CHECK(dlpack::view<const float>(tensor).size() == 24);
  tensor.strides = turned;
  refused("contiguous");
  tensor.strides = gaps;
  refused("stride 2 where 1 leaves no gap");
  tensor.type = dlpack::type_of<device::Float16>();
  refused("float16 where float32");
  tensor.type.lanes = 4;
  refused("float32 x 4 where float32");
  tensor.type = dlpack::type_of<std::int32_t>();
  refused("int32");
  tensor.place.where = dlpack::Where{3};  // pinned host memory
  refused("type 3");
  tensor.byte_offset = 2;
  refused("aligned");
  tensor.data = nullptr;
  refused("no data");
  std::int64_t negative[] = {2, -3, 4}, huge[] = {INT64_MAX, 3, 4}, none[] = {2, 0, 4};
  tensor.shape = negative;
  refused("dimension 1 has -3");
  tensor.shape = huge;
  refused("address space");
  tensor.shape = none;
  CHECK(dlpack::view<const float>(tensor).empty());
  std::int64_t zeros[] = {0, 0, 0};  // NumPy's strides of an empty array
  tensor.strides = zeros;
  CHECK(dlpack::view<const float>(tensor).empty());
  tensor = managed->tensor;
  tensor.dimensions = 0;  // a number
  CHECK(dlpack::view<const float>(tensor).size() == 1);
  tensor = managed->tensor;
  tensor.byte_offset = 4;  // a view into a larger one
  CHECK(dlpack::view<const float>(tensor).data() == static_cast<float*>(tensor.data) + 1);
  CHECK(dlpack::type_of<device::BFloat16>() == dlpack::Type{dlpack::Kind::bfloat, 16, 1});
  managed->deleter(managed);
  device::Array<float> three(3, gpu.stream());
  (void)text_of(dag::Errc::dimension_mismatch, [&] {
    (void)dlpack::hand_out(std::move(three), {2, 2});
  });
  CHECK(three.size() == 3);  // still ours
}

TEST_CASE("work is queued on the caller's stream, on the device that was named") {
  const dag::cuda owner, first(device::Device{0});
  const dag::cuda gpu(owner.stream());
#if defined(__CUDACC__)
  CHECK(gpu.stream() == owner.stream());
  CHECK(first.stream() != owner.stream());
  const dag::cuda by_default{cudaStream_t{nullptr}};
  auto other = by_default.allocate<float>(10);
  by_default.fill(by_default.view(other), 2.0F);
  CHECK(by_default.sum(std::span<const float>(by_default.view(other))) == 20);
#endif
  const std::vector<double> entries{1, 2, 3, 4};
  for (const dag::cuda& one : {owner, first, gpu}) {
    auto v = one.allocate<double>(4);
    one.upload(std::span<const double>(entries), one.view(v));
    CHECK(one.sum(std::span<const double>(one.view(v))) == 10);
    CHECK(one.argmax(std::span<const double>(one.view(v))) == 3);
  }
  const auto said = text_of(dag::Errc::device, [] { const dag::cuda none(device::Device{77}); });
  CHECK(said.find("device") != std::string::npos);
}
