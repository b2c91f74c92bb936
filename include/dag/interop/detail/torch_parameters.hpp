// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/module.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/interop/torch_module.hpp>

namespace dag::detail {

/// module.parameters(), each once: weights that are tied (registered under two names) stay so.
[[nodiscard]] inline std::vector<at::Tensor> own_parameters(const torch::nn::Module& module) {
  std::vector<at::Tensor> own;
  for (const at::Tensor& parameter : module.parameters()) {
    const bool seen = std::any_of(
        own.begin(), own.end(), [&](const at::Tensor& other) { return other.is_same(parameter); });
    if (!seen) {
      own.push_back(parameter);
    }
  }
  return own;
}

/// The parameters of a torch module as one flat tensor of Scalars, in the order of
/// `own_parameters`. A module without parameters of half precision takes the type Scalar, and its
/// parameters are views of the tensor. In one with bfloat16 or float16 every parameter keeps its
/// type; those of another type than Scalar hold the tensor's values rounded (`round`), so that the
/// tensor is a master copy in which steps below their spacing add up.
template <class Scalar>
class TorchParameters {
 public:
  /// Moves the module to the device, its parameters as above. Errors: invalid_argument (no
  /// parameters).
  void adopt(torch::nn::Module& module, torch::Device device, at::ScalarType kind) {
    const torch::NoGradGuard no_graph;
    std::vector<at::Tensor> parameters = own_parameters(module);
    if (std::any_of(parameters.begin(), parameters.end(),
                    [](const at::Tensor& parameter) { return is_half(parameter.scalar_type()); })) {
      module.to(device);
    } else {
      module.to(device, kind);
    }
    module.eval();
    sizes_.clear();
    rounded_.clear();
    count_ = 0;
    for (const at::Tensor& parameter : parameters) {
      sizes_.push_back(static_cast<std::size_t>(parameter.numel()));
      count_ += sizes_.back();
    }
    require(count_ > 0, Errc::invalid_argument, "TorchModel: the module has no parameters");
    flat_ = torch::empty({static_cast<std::int64_t>(count_)}, torch::dtype(kind).device(device));
    std::int64_t next = 0;
    for (at::Tensor& parameter : parameters) {
      const at::Tensor home = flat_.narrow(0, next, parameter.numel());
      home.copy_(parameter.reshape({-1}));
      next += parameter.numel();
      if (parameter.scalar_type() == kind) {
        parameter.set_data(home.view(parameter.sizes()));
      } else {
        rounded_.emplace_back(parameter, home.view(parameter.sizes()));
      }
    }
  }
  /// The same values as `other`, also where the modules hold them rounded.
  void assign(const TorchParameters& other) {
    const torch::NoGradGuard no_graph;
    flat_.copy_(other.flat_);
    round();
  }
  /// Takes the values of the parameters that hold rounded ones.
  void reread() {
    const torch::NoGradGuard no_graph;
    for (const auto& [parameter, home] : rounded_) {
      home.copy_(parameter);
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::span<Scalar> view() {
    lent_ = true;
    return {flat_.template data_ptr<Scalar>(), count_};
  }
  /// Before a pass of the module: who was lent the values may have written to them.
  void settle() const {
    if (lent_) {
      round();
    }
  }
  void copy_to(std::span<Scalar> out) const {
    const at::Tensor values = flat_.cpu();
    std::copy_n(values.template data_ptr<Scalar>(), count_, out.begin());
  }
  /// On an error nothing is changed. Errors: not_finite.
  void assign(std::span<const Scalar> in) {
    for (std::size_t i = 0; i < in.size(); ++i) {
      require(std::isfinite(in[i]), Errc::not_finite,
              "TorchModel::set_parameters: parameters must be finite, got ", in[i], " at ", i);
    }
    const torch::NoGradGuard no_graph;
    flat_.copy_(torch::from_blob(const_cast<Scalar*>(in.data()),
                                 {static_cast<std::int64_t>(count_)}, flat_.scalar_type()));
    round();
  }
  /// gradient += d total / d parameters.
  void add_gradient(const torch::nn::Module& module, const at::Tensor& total,
                    std::span<Scalar> gradient) const {
    const auto grads =
        torch::autograd::grad({total}, own_parameters(module), {}, c10::nullopt, false,
                              /*allow_unused=*/true);
    std::size_t next = 0;
    for (std::size_t p = 0; p < grads.size(); ++p) {
      if (!grads[p].defined()) {  // a parameter that the logits do not depend on
        next += sizes_[p];
        continue;
      }
      const at::Tensor part = grads[p].to(torch::kCPU, flat_.scalar_type()).contiguous();
      const Scalar* from = part.template data_ptr<Scalar>();
      for (std::size_t i = 0; i < sizes_[p]; ++i) {
        gradient[next++] += from[i];
      }
    }
  }

 private:
  void round() const {
    const torch::NoGradGuard no_graph;
    for (const auto& [parameter, home] : rounded_) {
      parameter.data().copy_(home);
    }
  }

  at::Tensor flat_;
  std::vector<std::pair<at::Tensor, at::Tensor>> rounded_;  ///< parameter, its place in `flat_`
  std::vector<std::size_t> sizes_;
  std::size_t count_ = 0;
  bool lent_ = false;
};

}  // namespace dag::detail
