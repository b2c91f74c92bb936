// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <dag/core/error.hpp>
#include <dag/gpu/storage.hpp>
#include <dag/gpu/token_log_probs.hpp>

namespace dag {
namespace detail {

/// The numbers of a dense tensor where they lie.
template <class T>
[[nodiscard]] std::span<T> numbers_of(const at::Tensor& tensor) {
  return {static_cast<T*>(tensor.data_ptr()), static_cast<std::size_t>(tensor.numel())};
}

/// work(Storage{}) for the type of number of these logits. Errors: invalid_argument.
template <class Work>
void with_storage(const at::Tensor& logits, Work work) {
  switch (logits.scalar_type()) {
    case at::kFloat: return work(float{});
    case at::kBFloat16: return work(device::BFloat16{});
    case at::kHalf: return work(device::Float16{});
    default:
      fail(Errc::invalid_argument, "torch_token_log_probs: logits are of type ",
           c10::toString(logits.scalar_type()), "; float, bfloat16 and half are known");
  }
}

template <class Backend>
struct TorchTokenLogProbsFunction : torch::autograd::Function<TorchTokenLogProbsFunction<Backend>> {
  struct Held : torch::CustomClassHolder {
    explicit Held(const Backend& backend) : gpu(backend) {}
    Backend gpu;
  };

  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const at::Tensor& logits, const at::Tensor& target,
                                                double temperature, const Backend& gpu) {
    const at::Tensor rows = logits.contiguous();
    const at::Tensor log_prob = at::empty(target.sizes(), logits.options().dtype(at::kFloat));
    const at::Tensor entropy = at::empty_like(log_prob), normalizer = at::empty_like(log_prob);
    with_storage(rows, [&](auto kind) {
      token_log_probs(
          gpu, std::span<const decltype(kind)>(numbers_of<decltype(kind)>(rows)),
          static_cast<std::size_t>(rows.size(-1)),
          std::span<const std::int32_t>(numbers_of<std::int32_t>(target)),
          {numbers_of<float>(log_prob), numbers_of<float>(entropy), numbers_of<float>(normalizer)},
          static_cast<float>(temperature));
    });
    context->save_for_backward({rows, target, log_prob, entropy, normalizer});
    context->saved_data["temperature"] = temperature;
    context->saved_data["gpu"] = at::IValue::make_capsule(c10::make_intrusive<Held>(gpu));
    return {log_prob, entropy};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list given) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &rows = saved[0], &target = saved[1];
    const auto dense = [](const at::Tensor& slopes) {
      return slopes.defined() ? slopes.to(at::kFloat).contiguous() : slopes;
    };
    at::Tensor of_log_prob = dense(given[0]);
    const at::Tensor of_entropy = dense(given[1]);
    if (!of_log_prob.defined()) {
      of_log_prob = at::zeros_like(saved[2]);
    }
    const at::Tensor gradient = at::empty_like(rows);
    const auto held =
        c10::static_intrusive_pointer_cast<Held>(context->saved_data["gpu"].toCapsule());
    with_storage(rows, [&](auto kind) {
      using Storage = decltype(kind);
      token_log_probs_backward(
          held->gpu, std::span<const Storage>(numbers_of<Storage>(rows)),
          static_cast<std::size_t>(rows.size(-1)),
          std::span<const std::int32_t>(numbers_of<std::int32_t>(target)),
          {numbers_of<float>(saved[2]), numbers_of<float>(saved[3]), numbers_of<float>(saved[4])},
          std::span<const float>(numbers_of<float>(of_log_prob)),
          of_entropy.defined() ? std::span<const float>(numbers_of<float>(of_entropy))
                               : std::span<const float>(),
          numbers_of<Storage>(gradient),
          static_cast<float>(context->saved_data["temperature"].toDouble()));
    });
    return {gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace detail

/// What `token_log_probs` gives: a number a token, both in nats.
struct TorchTokenLogProbs {
  at::Tensor log_prob;  ///< of the targets, float, in nats
  at::Tensor entropy;   ///< of the whole distributions
};

/// `token_log_probs` as a function of PyTorch's autograd: logits [..., vocabulary] (float, bfloat16
/// or half; read where they lie if contiguous) and targets [...] (whole numbers; negative ones are
/// masked) give both outputs, and backward gives the logits' gradient from either. The backend's
/// stream is PyTorch's current one: `dag::cuda gpu(at::cuda::getCurrentCUDAStream())`. Queued; what
/// the kernel meets (NaN, targets beyond the vocabulary) is thrown by the next function of the
/// backend that waits. No second derivative. Errors: dimension_mismatch, invalid_argument, device.
template <class Backend>
[[nodiscard]] TorchTokenLogProbs torch_token_log_probs(const Backend& gpu, const at::Tensor& logits,
                                                       const at::Tensor& target,
                                                       double temperature = 1) {
#if defined(__CUDACC__)
  const bool here = logits.is_cuda();
#else
  const bool here = logits.is_cpu();
#endif
  require(here && target.device() == logits.device(), Errc::invalid_argument,
          "torch_token_log_probs: logits on ", logits.device().str(), " and targets on ",
          target.device().str(), ", which is not where this backend works");
  require(logits.dim() >= 1 && logits.size(-1) > 0 &&
              target.sizes() == logits.sizes().slice(0, static_cast<std::size_t>(logits.dim()) - 1),
          Errc::dimension_mismatch, "torch_token_log_probs: targets of ", target.numel(),
          " entries for logits of ", logits.numel(), ": one target for each row is needed");
  require(logits.size(-1) <= std::numeric_limits<std::int32_t>::max() &&
              !target.is_floating_point() && !target.is_complex(),
          Errc::invalid_argument,
          "torch_token_log_probs: targets must be whole numbers and the "
          "vocabulary less than 2^31");
  // Numbers that 32 bits do not hold stay beyond the vocabulary, or negative.
  const at::Tensor ids = target.clamp(-1, logits.size(-1)).to(at::kInt).contiguous();
  const auto out =
      detail::TorchTokenLogProbsFunction<Backend>::apply(logits, ids, temperature, gpu);
  return {out[0], out[1]};
}

}  // namespace dag
