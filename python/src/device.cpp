// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The device half of dag_games (dag_games/cuda.py): one source, two modules. nvcc makes `_cuda`,
// for tensors on GPUs; the C++ compiler makes `_host`, for tensors of the CPU, whose kernels run
// serially (gpu/block.hpp). Tensors come as DLPack capsules, are written and read where they lie,
// and stay their owners'.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/core/error.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/device_rewards.hpp>
#include <dag/gpu/dlpack.hpp>
#include <dag/gpu/storage.hpp>
#include <dag/gpu/token_log_probs.hpp>
#include <dag/policy/advantage.hpp>

#include "report.hpp"

namespace {

namespace nb = nanobind;
namespace device = dag::device;
namespace dlpack = dag::dlpack;

/// A tensor and what it is called where it is refused. Made while the interpreter's lock is held.
struct Named {
  const char* name;
  const dlpack::Tensor* tensor;

  Named(const nb::capsule& capsule, const char* called) : name(called), tensor(nullptr) {
    void* const managed = PyCapsule_GetPointer(capsule.ptr(), "dltensor");
    if (managed == nullptr) {
      PyErr_Clear();
      dag::fail(dag::Errc::invalid_argument, name, " is no DLPack tensor, or was taken by others");
    }
    tensor = &static_cast<const dlpack::ManagedTensor*>(managed)->tensor;
  }
};

/// The device that a call works on, current while this lives, and a backend on the caller's stream
/// (a cudaStream_t as a number; 0 and 1 are the default stream).
struct Call {
  Call(int index, std::uintptr_t stream) : on(device::Device{index}), gpu(stream_of(stream)) {}

  /// The entries of a tensor where they lie; that it is on this device, dag_games/cuda.py has seen.
  /// Errors: those of dlpack::view.
  template <class T>
  [[nodiscard]] static std::span<T> view(const Named& one) {
    return dlpack::view<T>(*one.tensor, one.name);
  }

  device::OnDevice on;
  device::Context gpu;

 private:
  static device::Stream stream_of([[maybe_unused]] std::uintptr_t handle) {
#if defined(__CUDACC__)
    return handle <= 1 ? nullptr : reinterpret_cast<device::Stream>(handle);
#else
    return {};
#endif
  }
};

/// `tables`: those of 1, 2, ..., K answered samples, one after the other.
template <class Real>
nb::dict table_rewards(const nb::capsule& ids, const std::vector<double>& tables,
                       const std::string& advantage, const nb::capsule& rewards,
                       const nb::capsule& advantages, int index, std::uintptr_t stream) {
  const Named id(ids, "table_rewards: ids"), reward(rewards, "table_rewards: the rewards' out"),
      centred(advantages, "table_rewards: the advantages' out");
  dag::AdvantageReport report;
  {
    const nb::gil_scoped_release free;
    const Call call(index, stream);
    const auto answer = call.view<const std::int32_t>(id);
    dag::require(id.tensor->dimensions == 2, dag::Errc::dimension_mismatch, id.name,
                 " must have two dimensions (groups x samples), got ", id.tensor->dimensions);
    const auto groups = static_cast<std::size_t>(id.tensor->shape[0]);
    const auto samples = static_cast<std::size_t>(id.tensor->shape[1]);
    dag::require(tables.size() == samples * (samples + 1) / 2, dag::Errc::dimension_mismatch,
                 "table_rewards: ", tables.size(), " entries of tables for groups of ", samples);
    std::vector<std::size_t> sizes(samples);
    std::iota(sizes.begin(), sizes.end(), std::size_t{1});
    const dag::RewardTables<Real> by_size(sizes, [&](std::span<double> table) {
      std::copy_n(tables.data() + table.size() * (table.size() - 1) / 2, table.size(),
                  table.data());
    });
    std::vector<std::int64_t> begin(groups + 1);
    for (std::size_t g = 0; g <= groups; ++g) {
      begin[g] = static_cast<std::int64_t>(g * samples);
    }
    report = dag::DeviceGroups<Real>(call.gpu, begin, by_size)
                 .table_rewards(call.gpu, answer, dag::advantage_kind(advantage),
                                call.view<Real>(reward), call.view<Real>(centred));
  }
  return dag_python::report_of(report);
}

/// What both passes over logits know of them, and what the forward one leaves.
struct Tokens {
  Named logits, target, entropy, normalizer;
  float temperature;

  Tokens(const nb::capsule& x, const nb::capsule& y, const nb::capsule& h, const nb::capsule& z,
         float heat)
      : logits(x, "token_log_probs: logits"),
        target(y, "token_log_probs: targets"),
        entropy(h, "token_log_probs: entropy"),
        normalizer(z, "token_log_probs: log_normalizer"),
        temperature(heat) {
    dag::require(logits.tensor->dimensions >= 1, dag::Errc::dimension_mismatch, logits.name,
                 " must have a dimension for the vocabulary, the last one");
  }
  [[nodiscard]] std::size_t vocabulary() const {
    return static_cast<std::size_t>(logits.tensor->shape[logits.tensor->dimensions - 1]);
  }
  /// work(Storage{}) for the logits' type of number.
  template <class Work>
  void with_storage(Work work) const {
    const dlpack::Type type = logits.tensor->type;
    if (type == dlpack::type_of<float>()) {
      work(float{});
    } else if (type == dlpack::type_of<device::BFloat16>()) {
      work(device::BFloat16{});
    } else if (type == dlpack::type_of<device::Float16>()) {
      work(device::Float16{});
    } else {
      dag::fail(dag::Errc::invalid_argument, logits.name, ": ", dlpack::text_of(type),
                " where float32, bfloat16 or float16 is expected");
    }
  }
};

void token_log_probs(const nb::capsule& logits, const nb::capsule& target,
                     const nb::capsule& log_probs, const nb::capsule& entropy,
                     const nb::capsule& normalizer, float temperature, bool check, int index,
                     std::uintptr_t stream) {
  const Tokens all(logits, target, entropy, normalizer, temperature);
  const Named log_prob(log_probs, "token_log_probs: log_prob");
  const nb::gil_scoped_release free;
  const Call call(index, stream);
  all.with_storage([&]<class Storage>(Storage) {
    dag::token_log_probs(call.gpu, call.view<const Storage>(all.logits), all.vocabulary(),
                         call.view<const std::int32_t>(all.target),
                         {call.view<float>(log_prob), call.view<float>(all.entropy),
                          call.view<float>(all.normalizer)},
                         all.temperature);
  });
  if (check) {
    try {
      call.gpu.synchronize();
    } catch (const dag::Error& error) {
      dag::require(
          error.code() != dag::Errc::not_finite, dag::Errc::not_finite,
          "token_log_probs: a row of logits has NaN, +inf or nothing but -inf, or a target "
          "is not below the vocabulary ",
          all.vocabulary(), "; log_prob is NaN there");
      throw;
    }
  }
}

void token_log_probs_backward(const nb::capsule& logits, const nb::capsule& target,
                              const nb::capsule& entropy, const nb::capsule& normalizer,
                              const nb::capsule& of_log_prob, const nb::capsule& of_entropy,
                              const nb::capsule& gradient, float temperature, int index,
                              std::uintptr_t stream) {
  const Tokens all(logits, target, entropy, normalizer, temperature);
  const Named log_prob_gradient(of_log_prob, "token_log_probs: log_prob's gradient"),
      entropy_gradient(of_entropy, "token_log_probs: entropy's gradient"),
      out(gradient, "token_log_probs: the gradient's out");
  const nb::gil_scoped_release free;
  const Call call(index, stream);
  all.with_storage([&]<class Storage>(Storage) {
    dag::token_log_probs_backward(
        call.gpu, call.view<const Storage>(all.logits), all.vocabulary(),
        call.view<const std::int32_t>(all.target),
        {{}, call.view<float>(all.entropy), call.view<float>(all.normalizer)},
        call.view<const float>(log_prob_gradient), call.view<const float>(entropy_gradient),
        call.view<Storage>(out), all.temperature);
  });
}

/// Memory of the library's own, as a capsule that whoever takes it frees.
template <class T>
nb::object empty_of(const std::vector<std::int64_t>& shape, const Call& call) {
  std::size_t size = 1;
  for (const std::int64_t extent : shape) {
    size *= static_cast<std::size_t>(extent);
  }
  auto* const managed = dlpack::hand_out(device::Array<T>(size, call.gpu.stream()), shape);
  return nb::steal(PyCapsule_New(managed, "dltensor", [](PyObject* capsule) {
    if (PyCapsule_IsValid(capsule, "dltensor") != 0) {  // nobody has taken it
      auto* const own =
          static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
      own->deleter(own);
    }
  }));
}
nb::object empty(const std::vector<std::int64_t>& shape, const std::string& type, int index,
                 std::uintptr_t stream) {
  const Call call(index, stream);
  if (type == "float32") {
    return empty_of<float>(shape, call);
  }
  if (type == "float64") {
    return empty_of<double>(shape, call);
  }
  dag::fail(dag::Errc::invalid_argument, "dtype must be float32 or float64, got ", type);
}

void wait(int index, std::uintptr_t stream) {
  const nb::gil_scoped_release free;
  Call(index, stream).gpu.synchronize();
}

void fill(nb::module_& m) {
  static PyObject* const error_type =
      nb::object(nb::module_::import_("dag_games._core").attr("Error")).release().ptr();
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const dag::Error& error) {
      PyErr_SetString(error_type, error.what());
    }
  });
  m.def("table_rewards32", &table_rewards<float>);
  m.def("table_rewards64", &table_rewards<double>);
  m.def("token_log_probs", &token_log_probs);
  m.def("token_log_probs_backward", &token_log_probs_backward);
  m.def("empty", &empty);
  m.def("wait", &wait);
}

}  // namespace

#if defined(__CUDACC__)
NB_MODULE(_cuda, m) { fill(m); }
#else
NB_MODULE(_host, m) { fill(m); }
#endif
