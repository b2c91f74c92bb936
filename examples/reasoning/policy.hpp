// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "task.hpp"

#include <dag/core/status.hpp>
#include <dag/train/sum_objective.hpp>
#include <dag/train/train_options.hpp>
#include <dag/train/train_record.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace reasoning {

/// The transformer, and where it lives. The defaults run on one core of a CPU.
struct Size {
  std::int64_t width = 48, heads = 4, layers = 2;
  std::int64_t batch = 256;    ///< rows of a call of the module
  std::string device = "cpu";  ///< as torch names it: cpu, cuda, cuda:1
};

/// dag::TorchModel<dag::TransformerImpl> behind a wall: the only file that reads torch's headers is
/// policy.cpp.
class Policy {
 public:
  /// Errors: unsupported, where torch cannot use the device.
  Policy(const Size& size, std::uint64_t seed);
  Policy(const Policy& other);
  Policy& operator=(const Policy&) = delete;
  ~Policy();

  [[nodiscard]] std::size_t parameter_count() const;
  [[nodiscard]] std::vector<double> parameters() const;
  void set_parameters(std::span<const double> values);

  [[nodiscard]] std::vector<Tokens> sample(std::span<const Tokens> prompts,
                                           std::uint64_t seed) const;
  [[nodiscard]] std::vector<Tokens> greedy(std::span<const Tokens> prompts) const;
  [[nodiscard]] std::vector<float> log_probs(std::span<const Tokens> prompts,
                                             std::span<const Tokens> traces) const;
  /// gradient += sum_i weights[i] grad log pi(traces[i]|prompts[i]).
  void accumulate(std::span<const Tokens> prompts, std::span<const Tokens> traces,
                  std::span<const float> weights, std::span<float> gradient) const;

  /// dag::train on this policy, by Adam or plain ascent. evaluate: as `dag::train` has it.
  dag::Status train(const Policy& base, std::span<const dag::Question<Tokens>> questions,
                    dag::AnyObjective& objective,
                    const std::function<std::int32_t(const Tokens&, const Tokens&)>& answer,
                    const dag::TrainOptions& options,
                    const std::function<void(const dag::TrainRecord&)>& on_step,
                    const std::function<void(dag::TrainRecord&)>& evaluate = {},
                    bool plain_ascent = false);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

/// So many threads for torch's own kernels (OMP_NUM_THREADS binds those of the BLAS).
void use_threads(std::int64_t count);

}  // namespace reasoning
