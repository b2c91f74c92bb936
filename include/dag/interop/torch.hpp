// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/cloneable.h>
#include <torch/nn/module.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/random.hpp>
#include <dag/core/token_log_prob_model.hpp>
#include <dag/interop/detail/torch_parameters.hpp>
#include <dag/interop/torch_module.hpp>

namespace dag {

/// Any causal torch module as a LogProbModel: prompts and traces are token sequences,
///   log pi(y|x) = sum_t log softmax(logits[P - 1 + t])[y_t],  t = 0..|y|-1,
/// y ends at its first `stop` or after trace_length tokens, so that the mass of all traces is one.
/// P is the prompt's own length: prompts of a call may differ in theirs, and each has the numbers
/// that it has alone, to rounding (the same bits, in one model). The module's rows begin with their
/// prompts, and no mask is needed (`TorchModelOptions::sees_pads` is for modules that were trained
/// on pads). A module with a cache samples prompts of one length together, `batch` rows for each.
///
/// Parameters: those of the module, in the order of module.parameters(), moved into one flat tensor
/// of which they become views: reading and writing them is one copy, and none on the CPU
/// (`parameters()`). Tied weights count once. Copying the model clones the module
/// (torch::nn::Cloneable); a module that a clone unties is refused there (unsupported).
/// Precision: a module with a parameter of bfloat16 or float16 keeps its types, and computes in
/// them up to the logits; log-softmax, sampling and sums over tokens are in Scalar. `parameters()`,
/// `set_parameters` and checkpoints are of a master copy in Scalar, of which the module's
/// parameters are the rounded values: steps below their spacing add up there, as mixed-precision
/// training has it (arXiv:1710.03740). It costs 4 bytes a parameter (float). Derivatives are taken
/// at the rounded values and arrive rounded too. Any other module takes the type Scalar. The
/// module's own optimiser: hand `module().parameters()` to any of torch::optim and let
/// `log_prob_tensor` (which keeps the graph) be part of a loss. With half precision it steps the
/// rounded values, past the master copy (`reread_parameters`).
///
/// Determinism: samples come from RandomStream by inverse distribution in double, never from
/// torch's generator. Every call has the same shape, so that a row does not depend on its
/// neighbours; equal inputs give equal bits on one machine with one number of threads. Satisfies
/// LogProbModel, TokenLogProbModel and ParameterizedModel. The module is put into evaluation mode.
/// Errors: invalid_argument (options; a token outside the vocabulary; a prompt too long; a trace
/// that does not end; a prompt without a token, unless options.sees_pads), dimension_mismatch,
/// not_finite; what torch throws passes through.
template <LogitModule Module, std::floating_point Scalar = float>
class TorchModel {
 public:
  using scalar_type = Scalar;
  using prompt_type = TokenSequence;
  using trace_type = TokenSequence;

  TorchModel(std::shared_ptr<Module> module, TorchModelOptions options)
      : module_(std::move(module)), options_(options) {
    require(module_ != nullptr, Errc::invalid_argument, "TorchModel: no module");
    require(options.prompt_length >= 1 && options.trace_length >= 1 && options.batch >= 1,
            Errc::invalid_argument,
            "TorchModel: prompt_length, trace_length and batch must be >= 1, got ",
            options.prompt_length, ", ", options.trace_length, " and ", options.batch);
    detail::check_token(options, options.stop, "stop");
    detail::check_token(options, options.pad, "pad");
    adopt();
    detail::check_logits(*module_, options_, scalar_kind());
  }
  TorchModel(const TorchModel& other)
      : module_(std::dynamic_pointer_cast<Module>(other.module_->clone(other.options_.device))),
        options_(other.options_) {
    adopt();
    require(parameter_count() == other.parameter_count(), Errc::unsupported,
            "TorchModel: the copy of the module has ", parameter_count(),
            " parameters, the module ", other.parameter_count(),
            ": its weights are tied, and cloning unties them unless its "
            "reset() registers one tensor under both names");
    parameters_.assign(other.parameters_);
  }
  TorchModel& operator=(const TorchModel& other) { return *this = TorchModel(other); }
  TorchModel(TorchModel&&) noexcept = default;
  TorchModel& operator=(TorchModel&&) noexcept = default;
  ~TorchModel() = default;

  [[nodiscard]] Module& module() const noexcept { return *module_; }
  [[nodiscard]] const TorchModelOptions& options() const noexcept { return options_; }

  [[nodiscard]] TokenSequence sample(const TokenSequence& prompt, RandomStream& stream) const {
    TokenSequence trace;
    draw({&prompt, 1}, {&stream, 1}, {&trace, 1});
    return trace;
  }
  void sample_batch(std::span<const TokenSequence> prompts, RandomStream& stream,
                    std::span<TokenSequence> traces) const {
    const auto seed = stream();
    std::vector<RandomStream> streams;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      streams.emplace_back(seed, i);
    }
    draw(prompts, streams, traces);
  }
  /// The most likely token at each step (the first of equals).
  void greedy_batch(std::span<const TokenSequence> prompts, std::span<TokenSequence> traces) const {
    require(prompts.size() == traces.size(), Errc::dimension_mismatch,
            "TorchModel::greedy_batch: one trace per prompt, got ", prompts.size(), " and ",
            traces.size());
    draw(prompts, {}, traces);
  }

  [[nodiscard]] Scalar log_prob(const TokenSequence& prompt, const TokenSequence& trace) const {
    Scalar out = 0;
    log_prob_batch({&prompt, 1}, {&trace, 1}, {&out, 1});
    return out;
  }
  void log_prob_batch(std::span<const TokenSequence> prompts, std::span<const TokenSequence> traces,
                      std::span<Scalar> out) const {
    const torch::NoGradGuard no_graph;
    each_part(traces.size(), [&](std::size_t first, std::size_t size) {
      const at::Tensor values =
          score(prompts.subspan(first, size), traces.subspan(first, size)).cpu().contiguous();
      std::copy_n(values.template data_ptr<Scalar>(), size, out.begin() + offset(first));
    });
  }
  /// The same as a tensor [n] with its graph, for losses of your own.
  [[nodiscard]] at::Tensor log_prob_tensor(std::span<const TokenSequence> prompts,
                                           std::span<const TokenSequence> traces) const {
    require(prompts.size() == traces.size() && !traces.empty(), Errc::dimension_mismatch,
            "TorchModel::log_prob_tensor: needs as many prompts as traces and at least one, got ",
            prompts.size(), " and ", traces.size());
    std::vector<at::Tensor> parts;
    each_part(traces.size(), [&](std::size_t first, std::size_t size) {
      parts.push_back(score(prompts.subspan(first, size), traces.subspan(first, size))
                          .narrow(0, 0, offset(size)));
    });
    return at::cat(parts);
  }

  void accumulate_score(const TokenSequence& prompt, const TokenSequence& trace, Scalar weight,
                        std::span<Scalar> gradient) const {
    accumulate_score_batch({&prompt, 1}, {&trace, 1}, {&weight, 1}, gradient);
  }
  void accumulate_score_batch(std::span<const TokenSequence> prompts,
                              std::span<const TokenSequence> traces,
                              std::span<const Scalar> weights, std::span<Scalar> gradient) const {
    check_length(gradient.size());
    each_part(traces.size(), [&](std::size_t first, std::size_t size) {
      std::vector<Scalar> padded(static_cast<std::size_t>(options_.batch), Scalar{0});
      std::copy_n(weights.begin() + offset(first), size, padded.begin());
      const at::Tensor weight =
          torch::tensor(padded, torch::dtype(scalar_kind())).to(options_.device);
      const at::Tensor total =
          (score(prompts.subspan(first, size), traces.subspan(first, size)) * weight).sum();
      parameters_.add_gradient(*module_, total, gradient);
    });
  }

  /// Tokens, the stop among them. Errors: invalid_argument for a trace that does not end.
  [[nodiscard]] std::size_t token_count(const TokenSequence&, const TokenSequence& trace) const {
    detail::check_trace(options_, trace);
    return trace.size();
  }
  void token_log_probs(const TokenSequence& prompt, const TokenSequence& trace,
                       std::span<Scalar> out) const {
    const std::size_t offsets[2] = {0, trace.size()};
    dag::token_log_prob_batch<TorchModel>(*this, {&prompt, 1}, {&trace, 1}, offsets, out);
  }
  void token_log_prob_batch(std::span<const TokenSequence> prompts,
                            std::span<const TokenSequence> traces,
                            std::span<const std::size_t> offsets, std::span<Scalar> out) const {
    const torch::NoGradGuard no_graph;
    each_part(traces.size(), [&](std::size_t first, std::size_t size) {
      const at::Tensor values =
          score_tokens(prompts.subspan(first, size), traces.subspan(first, size))
              .cpu()
              .contiguous();
      for (std::size_t i = 0; i < size; ++i) {
        std::copy_n(values.template data_ptr<Scalar>() + offset(i) * options_.trace_length,
                    traces[first + i].size(), out.begin() + offset(offsets[first + i]));
      }
    });
  }
  void accumulate_token_score(const TokenSequence& prompt, const TokenSequence& trace,
                              std::span<const Scalar> weights, std::span<Scalar> gradient) const {
    const std::size_t offsets[2] = {0, trace.size()};
    dag::accumulate_token_score_batch<TorchModel>(*this, {&prompt, 1}, {&trace, 1}, offsets,
                                                  weights, gradient);
  }
  void accumulate_token_score_batch(std::span<const TokenSequence> prompts,
                                    std::span<const TokenSequence> traces,
                                    std::span<const std::size_t> offsets,
                                    std::span<const Scalar> weights,
                                    std::span<Scalar> gradient) const {
    check_length(gradient.size());
    each_part(traces.size(), [&](std::size_t first, std::size_t size) {
      std::vector<Scalar> padded(static_cast<std::size_t>(options_.batch * options_.trace_length),
                                 Scalar{0});
      for (std::size_t i = 0; i < size; ++i) {
        std::copy_n(weights.begin() + offset(offsets[first + i]), traces[first + i].size(),
                    padded.begin() + offset(i) * options_.trace_length);
      }
      const at::Tensor weight = detail::device_tensor(padded, options_, options_.trace_length);
      const at::Tensor total =
          (score_tokens(prompts.subspan(first, size), traces.subspan(first, size)) * weight).sum();
      parameters_.add_gradient(*module_, total, gradient);
    });
  }

  [[nodiscard]] std::size_t parameter_count() const noexcept { return parameters_.count(); }
  /// The parameters where they are, without a copy. Errors: unsupported unless on the CPU.
  [[nodiscard]] std::span<Scalar> parameters() {
    require(options_.device.is_cpu(), Errc::unsupported,
            "TorchModel::parameters: a view needs the CPU; use copy_parameters");
    return parameters_.view();
  }
  /// After something else wrote to parameters of half precision (an optimiser of torch, a file):
  /// the master copy takes their values.
  void reread_parameters() { parameters_.reread(); }
  void copy_parameters(std::span<Scalar> out) const {
    check_length(out.size());
    parameters_.copy_to(out);
  }
  /// On an error nothing is changed.
  void set_parameters(std::span<const Scalar> in) {
    check_length(in.size());
    parameters_.assign(in);
  }

 private:
  [[nodiscard]] static constexpr at::ScalarType scalar_kind() {
    return c10::CppTypeToScalarType<Scalar>::value;
  }
  [[nodiscard]] static constexpr std::int64_t offset(std::size_t i) {
    return static_cast<std::int64_t>(i);
  }
  void check_length(std::size_t length) const {
    require(length == parameter_count(), Errc::dimension_mismatch, "TorchModel: the module has ",
            parameter_count(), " parameters, got ", length);
  }
  void adopt() {
    require(module_ != nullptr, Errc::unsupported,
            "TorchModel: to be copied, a module must derive from torch::nn::Cloneable");
    parameters_.adopt(*module_, options_.device, scalar_kind());
  }

  template <class Body>
  void each_part(std::size_t count, Body&& body) const {
    const auto rows = static_cast<std::size_t>(options_.batch);
    for (std::size_t first = 0; first < count; first += rows) {
      body(first, std::min(rows, count - first));
    }
  }

  /// log pi of up to `batch` traces, as a tensor [batch]; rows beyond them are 0.
  [[nodiscard]] at::Tensor score(std::span<const TokenSequence> prompts,
                                 std::span<const TokenSequence> traces) const {
    return score_tokens(prompts, traces).sum(1);
  }
  /// The same token by token, [batch, trace_length]; 0 after a trace's end.
  [[nodiscard]] at::Tensor score_tokens(std::span<const TokenSequence> prompts,
                                        std::span<const TokenSequence> traces) const {
    parameters_.settle();
    return detail::token_log_prob_tensor<Scalar>(*module_, options_, prompts, traces);
  }

  /// Traces by their streams, or greedy where there are none.
  void draw(std::span<const TokenSequence> prompts, std::span<RandomStream> streams,
            std::span<TokenSequence> traces) const {
    const torch::NoGradGuard no_graph;
    // A cache reads one token of all rows at a time, at one place.
    const bool by_length = DecodingModule<Module> && !options_.sees_pads;
    std::map<std::size_t, std::vector<std::size_t>> together;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      together[by_length ? prompts[i].size() : 0].push_back(i);
    }
    for (const auto& [length, rows] : together) {
      each_part(rows.size(), [&](std::size_t first, std::size_t size) {
        draw_rows(std::span(rows).subspan(first, size), prompts, streams, traces);
      });
    }
  }
  /// The same for up to `batch` of them, by number.
  void draw_rows(std::span<const std::size_t> rows, std::span<const TokenSequence> prompts,
                 std::span<RandomStream> streams, std::span<TokenSequence> traces) const {
    const auto batch = static_cast<std::size_t>(options_.batch);
    const auto before = static_cast<std::size_t>(options_.prompt_length);
    std::vector<std::int64_t> tokens(batch * before, options_.pad), last(batch, options_.pad);
    std::vector<std::int64_t> ends(batch, 1);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      ends[k] =
          offset(detail::write_prompt(options_, prompts[rows[k]], tokens.data() + k * before));
      traces[rows[k]].clear();
    }
    parameters_.settle();
    detail::TorchDecoder<Module> decoder(*module_, options_);
    at::Tensor logits = decoder.begin(tokens, ends);
    std::size_t alive = rows.size();
    for (std::int64_t t = 0;; ++t) {
      const at::Tensor host = logits.to(torch::kCPU, scalar_kind()).contiguous();
      const auto width = static_cast<std::size_t>(options_.vocabulary);
      for (std::size_t k = 0; k < rows.size(); ++k) {
        TokenSequence& trace = traces[rows[k]];
        if (!trace.empty() && trace.back() == options_.stop) {
          continue;
        }
        const std::span<const Scalar> row(host.template data_ptr<Scalar>() + k * width, width);
        const std::int32_t token = streams.empty() ? detail::largest_logit(row)
                                                   : detail::draw_token(row, streams[rows[k]]);
        trace.push_back(token);
        last[k] = token;
        alive -= token == options_.stop ? 1 : 0;
      }
      if (alive == 0 || t + 1 == options_.trace_length) {
        return;
      }
      logits = decoder.next(detail::device_tensor(last, options_, 1));
    }
  }
  std::shared_ptr<Module> module_;
  TorchModelOptions options_;
  detail::TorchParameters<Scalar> parameters_;
};

}  // namespace dag
