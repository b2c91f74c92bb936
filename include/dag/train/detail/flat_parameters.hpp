// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/log_prob_model.hpp>
#include <dag/train/optimizer.hpp>

namespace dag::detail {

/// A model's parameters as doubles, whatever its scalar type.
template <ParameterizedModel Model>
[[nodiscard]] std::vector<double> parameters_of(const Model& model) {
  std::vector<typename Model::scalar_type> own(static_cast<std::size_t>(model.parameter_count()));
  model.copy_parameters(std::span<typename Model::scalar_type>(own));
  return {own.begin(), own.end()};
}
template <ParameterizedModel Model>
void set_parameters(Model& model, const std::vector<double>& values) {
  using Real = typename Model::scalar_type;
  const std::vector<Real> own(values.begin(), values.end());
  model.set_parameters(std::span<const Real>(own));
}

/// reference <- share * model + (1 - share) * reference, parameter by parameter.
template <ParameterizedModel Model>
void mix_parameters(Model& reference, const Model& model, double share) {
  std::vector<double> mixed = parameters_of(reference);
  const std::vector<double> current = parameters_of(model);
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    mixed[i] += share * (current[i] - mixed[i]);
  }
  set_parameters(reference, mixed);
}

/// One ascent step of an `Optimizer` on a model's flat parameters; the work space of a run.
template <ParameterizedModel Model>
class FlatAscent {
 public:
  using Real = typename Model::scalar_type;

  /// accumulate(gradient) adds the batch's gradient to zeros. Gives back its norm before clipping;
  /// where that is not finite the model is as before.
  template <Optimizer Optimiser, class Accumulate>
  double step(Model& model, Optimiser& optimiser, Accumulate&& accumulate, double rate,
              double clip_norm) {
    gradient_.assign(static_cast<std::size_t>(model.parameter_count()), Real{0});
    accumulate(std::span<Real>(gradient_));
    double squares = 0;
    for (const Real entry : gradient_) {
      squares += static_cast<double>(entry) * static_cast<double>(entry);
    }
    const double norm = std::sqrt(squares);
    if (!std::isfinite(norm)) {
      return norm;
    }
    const double scale = norm > clip_norm ? clip_norm / norm : 1.0;
    ascent_.resize(gradient_.size());
    for (std::size_t i = 0; i < gradient_.size(); ++i) {
      ascent_[i] = scale * static_cast<double>(gradient_[i]);
    }
    parameters_ = parameters_of(model);
    optimiser.step(parameters_, ascent_, rate);
    set_parameters(model, parameters_);
    return norm;
  }

 private:
  std::vector<Real> gradient_;
  std::vector<double> parameters_, ascent_;
};

}  // namespace dag::detail
