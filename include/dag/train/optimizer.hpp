// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

/// What the training loop asks of an optimiser: one ascent step on flat parameters, and its state
/// as numbers, for checkpoints.
template <class O>
concept Optimizer = requires(O& optimizer, const O& constant, std::span<double> parameters,
                             std::span<const double> gradient, double rate,
                             const std::vector<double>& state) {
  optimizer.step(parameters, gradient, rate);
  { constant.state() } -> std::convertible_to<std::vector<double>>;
  optimizer.restore(state);
};

/// What the training loop asks of an optimiser that moves the model itself (its parameters
/// scattered or on a device): add rate * sum_i weights[i] grad log pi(traces[i]|prompts[i]) to the
/// gradient, clip its norm at `clip_norm` (may be infinite), step, and give back the norm before
/// clipping. With `TrainOptions::anchor_in_reward` off it adds its own anchor to that gradient.
template <class O, class Model>
concept ModelOptimizer = requires(O& optimizer, const O& constant, Model& model,
                                  std::span<const typename Model::prompt_type> prompts,
                                  std::span<const typename Model::trace_type> traces,
                                  std::span<const typename Model::scalar_type> weights,
                                  double number, const std::vector<double>& state) {
  {
    optimizer.ascend(model, prompts, traces, weights, number, number)
    } -> std::convertible_to<double>;
  { constant.state() } -> std::convertible_to<std::vector<double>>;
  optimizer.restore(state);
};

/// parameters += rate * gradient. No state.
class Sgd {
 public:
  void step(std::span<double> parameters, std::span<const double> gradient, double rate) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i] += rate * gradient[i];
    }
  }
  [[nodiscard]] std::vector<double> state() const { return {}; }
  void restore(const std::vector<double>& state) {
    require(state.empty(), Errc::invalid_argument, "Sgd::restore: expected no numbers, got ",
            state.size());
  }
};

/// Adam (Kingma and Ba, arXiv:1412.6980), ascending: m and v are running means of the gradient and
/// its square, both corrected for their start at zero; parameters += rate * m / (sqrt(v) +
/// epsilon). Memory: two numbers a parameter.
class Adam {
 public:
  explicit Adam(double mean_decay = 0.9, double square_decay = 0.95, double epsilon = 1e-8)
      : mean_decay_(mean_decay), square_decay_(square_decay), epsilon_(epsilon) {
    require(mean_decay >= 0 && mean_decay < 1 && square_decay >= 0 && square_decay < 1,
            Errc::invalid_argument, "Adam: decays must be in [0, 1), got ", mean_decay, " and ",
            square_decay);
    require(epsilon > 0, Errc::invalid_argument, "Adam: epsilon must be > 0, got ", epsilon);
  }

  void step(std::span<double> parameters, std::span<const double> gradient, double rate) {
    if (mean_.empty()) {
      mean_.resize(parameters.size());
      square_.resize(parameters.size());
    }
    require(mean_.size() == parameters.size(), Errc::dimension_mismatch, "Adam: its state is for ",
            mean_.size(), " parameters, the model has ", parameters.size());
    ++steps_;
    const double mean_scale = 1 / (1 - std::pow(mean_decay_, static_cast<double>(steps_)));
    const double square_scale = 1 / (1 - std::pow(square_decay_, static_cast<double>(steps_)));
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      mean_[i] += (1 - mean_decay_) * (gradient[i] - mean_[i]);
      square_[i] += (1 - square_decay_) * (gradient[i] * gradient[i] - square_[i]);
      parameters[i] +=
          rate * mean_scale * mean_[i] / (std::sqrt(square_scale * square_[i]) + epsilon_);
    }
  }
  /// [steps, m..., v...].
  [[nodiscard]] std::vector<double> state() const {
    std::vector<double> state{static_cast<double>(steps_)};
    state.insert(state.end(), mean_.begin(), mean_.end());
    state.insert(state.end(), square_.begin(), square_.end());
    return state;
  }
  void restore(const std::vector<double>& state) {
    require(state.size() % 2 == 1 && state[0] >= 0, Errc::invalid_argument,
            "Adam::restore: expected an odd number of numbers, the first >= 0, got ", state.size());
    const auto half = static_cast<std::ptrdiff_t>(state.size() / 2);
    steps_ = static_cast<std::int64_t>(state[0]);
    mean_.assign(state.begin() + 1, state.begin() + 1 + half);
    square_.assign(state.begin() + 1 + half, state.end());
  }

 private:
  double mean_decay_;
  double square_decay_;
  double epsilon_;
  std::int64_t steps_ = 0;
  std::vector<double> mean_;
  std::vector<double> square_;
};

}  // namespace dag
