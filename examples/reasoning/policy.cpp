// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "policy.hpp"

#include <dag/interop/torch.hpp>
#include <dag/interop/torch_transformer.hpp>
#include <dag/train/trainer.hpp>

#include <torch/utils.h>

#include <memory>

namespace reasoning {

using Model = dag::TorchModel<dag::TransformerImpl, float>;

struct Policy::Body {
  Model model;
};

Policy::Policy(const Size& size, std::uint64_t seed) try {
  //! [model]
  auto module = std::make_shared<dag::TransformerImpl>(
      dag::TransformerOptions{.vocabulary = vocabulary,
                              .length = prompt_length + trace_length,
                              .width = size.width,
                              .heads = size.heads,
                              .layers = size.layers,
                              .seed = seed});
  Model model(module, {.vocabulary = vocabulary,
                       .prompt_length = prompt_length,
                       .trace_length = trace_length,
                       .stop = stop_token,
                       .pad = pad_token,
                       .batch = size.batch,
                       .device = torch::Device(size.device),
                       .sees_pads = true});
  //! [model]
  body_ = std::make_unique<Body>(Body{std::move(model)});
} catch (const c10::Error& error) {  // its message carries a trace of calls
  dag::fail(dag::Errc::unsupported, "torch cannot use the device '", size.device,
            "': ", std::string_view(error.what_without_backtrace()));
}
Policy::Policy(const Policy& other) : body_(std::make_unique<Body>(*other.body_)) {}
Policy::~Policy() = default;

std::size_t Policy::parameter_count() const { return body_->model.parameter_count(); }
std::vector<double> Policy::parameters() const {
  std::vector<float> own(parameter_count());
  body_->model.copy_parameters(own);
  return {own.begin(), own.end()};
}
void Policy::set_parameters(std::span<const double> values) {
  const std::vector<float> own(values.begin(), values.end());
  body_->model.set_parameters(own);
}

std::vector<Tokens> Policy::sample(std::span<const Tokens> prompts, std::uint64_t seed) const {
  std::vector<Tokens> traces(prompts.size());
  dag::RandomStream stream(seed, 0);
  body_->model.sample_batch(prompts, stream, traces);
  return traces;
}
std::vector<Tokens> Policy::greedy(std::span<const Tokens> prompts) const {
  std::vector<Tokens> traces(prompts.size());
  body_->model.greedy_batch(prompts, traces);
  return traces;
}
std::vector<float> Policy::log_probs(std::span<const Tokens> prompts,
                                     std::span<const Tokens> traces) const {
  std::vector<float> out(traces.size());
  dag::log_prob_batch<Model>(body_->model, prompts, traces, out);
  return out;
}
void Policy::accumulate(std::span<const Tokens> prompts, std::span<const Tokens> traces,
                        std::span<const float> weights, std::span<float> gradient) const {
  dag::accumulate_score_batch<Model>(body_->model, prompts, traces, weights, gradient);
}

dag::Status Policy::train(const Policy& base, std::span<const dag::Question<Tokens>> questions,
                          dag::AnyObjective& objective,
                          const std::function<std::int32_t(const Tokens&, const Tokens&)>& answer,
                          const dag::TrainOptions& options,
                          const std::function<void(const dag::TrainRecord&)>& on_step,
                          const std::function<void(dag::TrainRecord&)>& evaluate,
                          bool plain_ascent) {
  const auto evaluated = [&](const Model&, dag::TrainRecord& record) {
    if (evaluate) {
      evaluate(record);
    }
  };
  if (plain_ascent) {
    dag::Sgd sgd;
    return dag::train(body_->model, base.body_->model, questions, objective, answer, sgd, options,
                      on_step, evaluated);
  }
  //! [train]
  dag::Adam adam(0.9, 0.95);
  return dag::train(body_->model, base.body_->model, questions, objective, answer, adam, options,
                    on_step, evaluated);
  //! [train]
}

void use_threads(std::int64_t count) { torch::set_num_threads(static_cast<int>(count)); }

}  // namespace reasoning
