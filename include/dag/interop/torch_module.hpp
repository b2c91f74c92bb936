// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <torch/nn/module.h>
#include <torch/types.h>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>

namespace dag {

/// Token ids, 0..vocabulary-1.
using TokenSequence = std::vector<std::int32_t>;

/// Atom of TorchModel: a torch module that maps token ids [batch, time] (int64) to logits [batch,
/// time, vocabulary]; entry t is the distribution of token t+1 and depends on tokens 0..t only.
template <class Module>
concept LogitModule = std::derived_from<Module, torch::nn::Module> &&
    requires(Module& module, const at::Tensor& tokens) {
  { module.forward(tokens) } -> std::convertible_to<at::Tensor>;
};

/// Atom, optional: decoding that remembers. `prefill(tokens, cache)` reads [batch, time] into an
/// empty cache, `decode(tokens, cache)` one more token a row [batch]; both give the logits [batch,
/// vocabulary] after the last token. Without it each token costs a pass over its whole prefix: T
/// tokens after a prompt of P make the module read T P + T (T - 1) / 2 tokens in place of P + T
/// - 1.
template <class Module>
concept DecodingModule = LogitModule<Module> &&
    requires(Module& module, const at::Tensor& tokens, typename Module::Cache& cache) {
  { module.prefill(tokens, cache) } -> std::convertible_to<at::Tensor>;
  { module.decode(tokens, cache) } -> std::convertible_to<at::Tensor>;
};

/// How a module is called and its traces are read.
struct TorchModelOptions {
  std::int32_t vocabulary = 0;     ///< different tokens
  std::int64_t prompt_length = 0;  ///< tokens of the longest prompt; shorter ones: see `sees_pads`
  std::int64_t trace_length = 0;   ///< a trace ends with `stop`, or after this many tokens
  std::int32_t stop = 0;           ///< the token that ends a trace
  std::int32_t pad = 0;            ///< the token that fills rows up
  std::int64_t batch = 64;  ///< rows of every call of the module (filled up, so shapes are fixed)
  torch::Device device = torch::kCPU;  ///< where the module is
  /// False: a prompt begins its row, at position 0, and pads stand behind prompt and trace, where a
  /// causal module cannot see them: each row is what it is alone, without a mask. True: pads stand
  /// before a shorter prompt and the module takes them for tokens, right only for one that was
  /// trained so (`TransformerImpl` here).
  bool sees_pads = false;
};

namespace detail {

inline void check_token(const TorchModelOptions& options, std::int32_t token, const char* what) {
  require(token >= 0 && token < options.vocabulary, Errc::invalid_argument, "TorchModel: ", what,
          " must be in [0, ", options.vocabulary, "), got ", token);
}

/// Writes a prompt to a row of pads: to the right end of its prompt_length entries where the module
/// sees pads, else to the left. Returns where its trace begins.
inline std::size_t write_prompt(const TorchModelOptions& options, const TokenSequence& prompt,
                                std::int64_t* row) {
  const auto length = static_cast<std::size_t>(options.prompt_length);
  require(prompt.size() <= length, Errc::invalid_argument, "TorchModel: a prompt has ",
          prompt.size(), " tokens, prompt_length is ", length);
  require(!prompt.empty() || options.sees_pads, Errc::invalid_argument,
          "TorchModel: a prompt has no tokens, so that nothing predicts the first of its trace; "
          "begin prompts with a token of their own");
  const std::size_t begin = options.sees_pads ? length - prompt.size() : 0;
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    check_token(options, prompt[i], "a token of a prompt");
    row[begin + i] = prompt[i];
  }
  return begin + prompt.size();
}

inline void check_trace(const TorchModelOptions& options, const TokenSequence& trace) {
  const auto limit = static_cast<std::size_t>(options.trace_length);
  require(!trace.empty() && trace.size() <= limit &&
              (trace.back() == options.stop || trace.size() == limit),
          Errc::invalid_argument, "TorchModel: a trace must end with token ", options.stop,
          " or have ", limit, " tokens; this one has ", trace.size());
  for (std::size_t t = 0; t < trace.size(); ++t) {
    check_token(options, trace[t], "a token of a trace");
    require(trace[t] != options.stop || t + 1 == trace.size(), Errc::invalid_argument,
            "TorchModel: a trace goes on after its stop token at ", t);
  }
}

[[nodiscard]] inline bool is_half(at::ScalarType type) {
  return type == torch::kBFloat16 || type == torch::kHalf;
}

/// Shape of the logits, and that no entry depends on a later token.
template <LogitModule Module>
void check_logits(Module& module, const TorchModelOptions& options, at::ScalarType kind) {
  const torch::NoGradGuard no_graph;
  const std::int64_t length = options.prompt_length + options.trace_length - 1;
  at::Tensor tokens = torch::full({options.batch, length}, std::int64_t{options.pad},
                                  torch::dtype(torch::kInt64).device(options.device));
  const at::Tensor logits = module.forward(tokens);
  require(logits.dim() == 3 && logits.size(0) == options.batch && logits.size(1) == length &&
              logits.size(2) == options.vocabulary &&
              (logits.scalar_type() == kind || is_half(logits.scalar_type())),
          Errc::dimension_mismatch,
          "TorchModel: the module must give logits [batch, time, vocabulary] of its scalar type, "
          "or of bfloat16 or float16");
  const double slack = is_half(logits.scalar_type()) ? 0.02 : 1e-3;
  if (length > 1) {
    tokens.select(1, length - 1).fill_(std::int64_t{options.stop == 0 ? 1 : 0});
    const at::Tensor changed = module.forward(tokens);
    require(at::allclose(changed.narrow(1, 0, length - 1).to(kind),
                         logits.narrow(1, 0, length - 1).to(kind), slack, slack / 10),
            Errc::invalid_argument,
            "TorchModel: the module is not causal: logits depend on later tokens");
  }
}

/// Up to `batch` traces as rows of one pass: what the module reads, and which of its predictions
/// are the traces' tokens.
template <class Scalar>
struct ScoredRows {
  std::vector<std::int64_t> input;   ///< [batch, prompt_length + trace_length - 1]
  std::vector<std::int64_t> target;  ///< [batch, trace_length]
  std::vector<std::int64_t> from;    ///< [batch, trace_length], the entries that predict them
  std::vector<Scalar> mask;          ///< 1 where there is a target
  bool aligned = true;               ///< all traces begin at prompt_length

  ScoredRows(const TorchModelOptions& options, std::span<const TokenSequence> prompts,
             std::span<const TokenSequence> traces) {
    const auto rows = static_cast<std::size_t>(options.batch);
    const auto before = static_cast<std::size_t>(options.prompt_length);
    const auto limit = static_cast<std::size_t>(options.trace_length);
    const std::size_t length = before + limit - 1;
    input.assign(rows * length, options.pad);
    target.assign(rows * limit, 0);
    from.assign(rows * limit, 0);
    mask.assign(rows * limit, Scalar{0});
    for (std::size_t i = 0; i < traces.size(); ++i) {
      const std::size_t begin = write_prompt(options, prompts[i], input.data() + i * length);
      check_trace(options, traces[i]);
      aligned = aligned && begin == before;
      for (std::size_t t = 0; t < traces[i].size(); ++t) {
        target[i * limit + t] = traces[i][t];
        from[i * limit + t] = static_cast<std::int64_t>(begin + t) - 1;
        mask[i * limit + t] = Scalar{1};
        if (t + 1 < limit) {
          input[i * length + begin + t] = traces[i][t];
        }
      }
    }
  }
};

/// A copy of host numbers [batch, columns] on the device.
template <class Number>
[[nodiscard]] at::Tensor device_tensor(std::vector<Number>& numbers,
                                       const TorchModelOptions& options, std::int64_t columns) {
  return torch::from_blob(numbers.data(), {options.batch, columns},
                          c10::CppTypeToScalarType<Number>::value)
      .to(options.device, /*non_blocking=*/false, /*copy=*/true);
}

/// Of [batch, time, width] the entries at `places` [batch, n]: [batch, n, width].
[[nodiscard]] inline at::Tensor entries_at(const at::Tensor& rows, const at::Tensor& places) {
  return rows.gather(1, places.unsqueeze(2).expand({-1, -1, rows.size(2)}));
}

/// log pi of every token of up to `batch` traces, [batch, trace_length]; 0 after a trace's end.
template <class Scalar, LogitModule Module>
[[nodiscard]] at::Tensor token_log_prob_tensor(Module& module, const TorchModelOptions& options,
                                               std::span<const TokenSequence> prompts,
                                               std::span<const TokenSequence> traces) {
  ScoredRows<Scalar> rows(options, prompts, traces);
  const at::Tensor logits = module.forward(
      device_tensor(rows.input, options, options.prompt_length + options.trace_length - 1));
  const at::Tensor used =
      rows.aligned ? logits.narrow(1, options.prompt_length - 1, options.trace_length)
                   : entries_at(logits, device_tensor(rows.from, options, options.trace_length));
  const at::Tensor log_probs =
      at::log_softmax(used.to(c10::CppTypeToScalarType<Scalar>::value), /*dim=*/2);
  const at::Tensor keep = device_tensor(rows.mask, options, options.trace_length);
  const at::Tensor chosen =
      log_probs.gather(2, device_tensor(rows.target, options, options.trace_length).unsqueeze(2))
          .squeeze(2);
  // where, not a product: a masked entry may be -inf.
  return at::where(keep > 0, chosen, at::zeros_like(chosen));
}

template <class Scalar>
[[nodiscard]] std::int32_t largest_logit(std::span<const Scalar> logits) {
  return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// A token ~ softmax(logits), by the inverse distribution in double.
template <class Scalar>
[[nodiscard]] std::int32_t draw_token(std::span<const Scalar> logits, RandomStream& stream) {
  std::int32_t token = largest_logit(logits);  // if rounding leaves a rest
  const double top = static_cast<double>(logits[static_cast<std::size_t>(token)]);
  require(std::isfinite(top), Errc::not_finite, "TorchModel: the largest logit is ", top);
  double total = 0;
  for (const Scalar logit : logits) {
    total += std::exp(static_cast<double>(logit) - top);
  }
  double left = stream.uniform() * total;
  for (std::size_t z = 0; z < logits.size(); ++z) {
    left -= std::exp(static_cast<double>(logits[z]) - top);
    if (left < 0) {
      token = static_cast<std::int32_t>(z);
      break;
    }
  }
  return token;
}

/// Logits after the last token of every row, one token more at a time: by the module's cache where
/// it has one (the prompts then have one length), else by a pass over the rows so far, as long as
/// if all prompts had prompt_length tokens, so that no row depends on its neighbours.
template <LogitModule Module>
class TorchDecoder {
 public:
  TorchDecoder(Module& module, const TorchModelOptions& options)
      : module_(module), options_(options) {}
  /// tokens: [batch, prompt_length], as `write_prompt` fills them; ends: where the traces begin.
  [[nodiscard]] at::Tensor begin(std::vector<std::int64_t>& tokens,
                                 std::vector<std::int64_t>& ends) {
    const at::Tensor prompts = device_tensor(tokens, options_, options_.prompt_length);
    if constexpr (DecodingModule<Module>) {
      return module_.prefill(prompts.narrow(1, 0, ends.front()).contiguous(), cache_);
    } else {
      cache_ = at::cat({prompts, torch::full({options_.batch, options_.trace_length - 1},
                                             std::int64_t{options_.pad}, prompts.options())},
                       1);
      last_ = device_tensor(ends, options_, 1) - 1;
      time_ = options_.prompt_length;
      return read();
    }
  }
  /// tokens: [batch, 1].
  [[nodiscard]] at::Tensor next(const at::Tensor& tokens) {
    if constexpr (DecodingModule<Module>) {
      return module_.decode(tokens.squeeze(1), cache_);
    } else {
      last_ = last_ + 1;
      cache_.scatter_(1, last_, tokens);
      ++time_;
      return read();
    }
  }

 private:
  [[nodiscard]] at::Tensor read() requires(!DecodingModule<Module>) {
    const at::Tensor logits = module_.forward(cache_.narrow(1, 0, time_).contiguous());
    return entries_at(logits, last_).squeeze(1);
  }

  template <class M>
  struct State {
    using type = at::Tensor;  // [batch, prompt_length + trace_length - 1], the tokens
  };
  template <DecodingModule M>
  struct State<M> {
    using type = typename M::Cache;
  };
  Module& module_;
  const TorchModelOptions& options_;
  typename State<Module>::type cache_;
  at::Tensor last_;  // [batch, 1], places of the rows' last tokens
  std::int64_t time_ = 0;
};

}  // namespace detail
}  // namespace dag
