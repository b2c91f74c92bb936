// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <torch/nn/cloneable.h>
#include <torch/types.h>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>

namespace dag {

/// Sizes of a `TransformerImpl`.
struct TransformerOptions {
  std::int64_t vocabulary = 0;  ///< different tokens
  std::int64_t length = 0;      ///< longest sequence, tokens
  std::int64_t width = 48;      ///< of the states
  std::int64_t heads = 4;       ///< divides width
  std::int64_t layers = 2;      ///< blocks of attention and feed-forward
  std::int64_t hidden = 0;      ///< of the feed-forward part; 0: 4 * width
  std::uint64_t seed = 1;       ///< of the initial weights, by RandomStream
};

/// A pre-norm decoder transformer: h = E[token] + R[position]; per layer h += O attention(norm h),
/// h += D relu(U norm h); logits = W norm h. Causal softmax attention with scale 1/sqrt(width /
/// heads); learned positions; biases everywhere but in E, R and W. Source of the block order: Xiong
/// et al. (2020), arXiv:2002.04745.
/// Initial weights: normal, variance 1 / inputs (E and R: 1/width); O and D divided by
/// sqrt(2 layers); biases 0. Equal seeds give equal weights, whatever torch's generator did.
/// Satisfies LogitModule and DecodingModule (keys and values cached; a single query is attended by
/// elementwise products, not by many small matrix products). Moves between devices as any module.
class TransformerImpl : public torch::nn::Cloneable<TransformerImpl> {
 public:
  explicit TransformerImpl(const TransformerOptions& options) : options_(options) {
    require(options.vocabulary >= 2 && options.length >= 1 && options.layers >= 1,
            Errc::invalid_argument,
            "Transformer: needs vocabulary >= 2, length >= 1, layers >= 1, got ",
            options.vocabulary, ", ", options.length, ", ", options.layers);
    require(options.heads >= 1 && options.width >= 1 && options.width % options.heads == 0,
            Errc::invalid_argument, "Transformer: heads must divide width, got ", options.heads,
            " and ", options.width);
    options_.hidden = options.hidden > 0 ? options.hidden : 4 * options.width;
    reset();
  }

  void reset() override {
    RandomStream stream(options_.seed, 0);
    const auto d = options_.width, f = options_.hidden;
    const double residual = 1 / std::sqrt(2.0 * static_cast<double>(options_.layers));
    embedding_ = normal("embedding", options_.vocabulary, d, 1, stream);
    position_ = normal("position", options_.length, d, 1, stream);
    blocks_.assign(static_cast<std::size_t>(options_.layers), Block{});
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      Block& b = blocks_[i];
      const std::string at = "block" + std::to_string(i) + "_";
      b.norm1 = norm(at + "norm1", d);
      b.qkv = {normal(at + "qkv", 3 * d, d, 1, stream), zeros(at + "qkv_bias", 3 * d)};
      b.out = {normal(at + "out", d, d, residual, stream), zeros(at + "out_bias", d)};
      b.norm2 = norm(at + "norm2", d);
      b.up = {normal(at + "up", f, d, 1, stream), zeros(at + "up_bias", f)};
      b.down = {normal(at + "down", d, f, residual, stream), zeros(at + "down_bias", d)};
    }
    norm_ = norm("norm", d);
    head_ = normal("head", options_.vocabulary, d, 1, stream);
    at::Tensor mask = torch::zeros({options_.length, options_.length});
    for (std::int64_t row = 0; row + 1 < options_.length; ++row) {
      mask[row].narrow(0, row + 1, options_.length - row - 1).fill_(masked);
    }
    mask_ = register_buffer("mask", mask);
  }

  [[nodiscard]] const TransformerOptions& options() const noexcept { return options_; }

  /// Keys and values of the tokens read so far, [batch, heads, length, width / heads] a layer.
  struct Cache {
    std::vector<at::Tensor> keys, values;
    std::int64_t read = 0;
  };

  [[nodiscard]] at::Tensor forward(const at::Tensor& tokens) {
    return at::linear(
        at::layer_norm(read(tokens, nullptr), {options_.width}, norm_.scale, norm_.shift), head_);
  }
  [[nodiscard]] at::Tensor prefill(const at::Tensor& tokens, Cache& cache) {
    const at::Tensor last = read(tokens, &cache).select(1, tokens.size(1) - 1);
    return at::linear(at::layer_norm(last, {options_.width}, norm_.scale, norm_.shift), head_);
  }
  [[nodiscard]] at::Tensor decode(const at::Tensor& tokens, Cache& cache) {
    require(cache.read >= 1 && cache.read < options_.length, Errc::invalid_argument,
            "Transformer::decode: the cache holds ", cache.read, " of ", options_.length,
            " tokens");
    const std::int64_t batch = tokens.size(0), heads = options_.heads,
                       each = options_.width / heads;
    at::Tensor h = at::embedding(embedding_, tokens) + position_[cache.read];
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const Block& b = blocks_[i];
      const at::Tensor qkv =
          at::linear(normed(h, b.norm1), b.qkv.weight, b.qkv.bias).view({batch, 3, heads, each});
      cache.keys[i].select(2, cache.read).copy_(qkv.select(1, 1));
      cache.values[i].select(2, cache.read).copy_(qkv.select(1, 2));
      const at::Tensor keys = cache.keys[i].narrow(2, 0, cache.read + 1);
      const at::Tensor values = cache.values[i].narrow(2, 0, cache.read + 1);
      const at::Tensor weights =
          at::softmax((keys * qkv.select(1, 0).unsqueeze(2)).sum(3) * scale(), 2);
      const at::Tensor mixed = (values * weights.unsqueeze(3)).sum(2).reshape({batch, -1});
      h = h + at::linear(mixed, b.out.weight, b.out.bias);
      h = h + fed_forward(h, b);
    }
    ++cache.read;
    return at::linear(normed(h, norm_), head_);
  }

 private:
  struct Norm {
    at::Tensor scale, shift;
  };
  struct Linear {
    at::Tensor weight, bias;
  };
  struct Block {
    Norm norm1, norm2;
    Linear qkv, out, up, down;
  };
  static constexpr double masked = -1e30;  // exp gives 0; an infinity would have NaN derivatives

  [[nodiscard]] double scale() const {
    return 1 / std::sqrt(static_cast<double>(options_.width / options_.heads));
  }
  [[nodiscard]] at::Tensor normed(const at::Tensor& h, const Norm& n) const {
    return at::layer_norm(h, {options_.width}, n.scale, n.shift);
  }
  [[nodiscard]] at::Tensor fed_forward(const at::Tensor& h, const Block& b) const {
    return at::linear(at::relu(at::linear(normed(h, b.norm2), b.up.weight, b.up.bias)),
                      b.down.weight, b.down.bias);
  }

  /// Hidden states [batch, time, width]; fills the cache where there is one.
  [[nodiscard]] at::Tensor read(const at::Tensor& tokens, Cache* cache) {
    const std::int64_t batch = tokens.size(0), time = tokens.size(1), heads = options_.heads,
                       each = options_.width / heads;
    require(time <= options_.length, Errc::dimension_mismatch, "Transformer: a sequence of ", time,
            " tokens, length is ", options_.length);
    at::Tensor h = at::embedding(embedding_, tokens) + position_.narrow(0, 0, time);
    const at::Tensor mask = mask_.narrow(0, 0, time).narrow(1, 0, time);
    for (const Block& b : blocks_) {
      const at::Tensor qkv = at::linear(normed(h, b.norm1), b.qkv.weight, b.qkv.bias)
                                 .view({batch, time, 3, heads, each})
                                 .permute({2, 0, 3, 1, 4});
      const at::Tensor query = qkv[0], key = qkv[1], value = qkv[2];
      const at::Tensor weights =
          at::softmax(at::matmul(query, key.transpose(2, 3)) * scale() + mask, 3);
      const at::Tensor mixed =
          at::matmul(weights, value).transpose(1, 2).reshape({batch, time, options_.width});
      if (cache != nullptr) {
        remember(key, cache->keys);
        remember(value, cache->values);
      }
      h = h + at::linear(mixed, b.out.weight, b.out.bias);
      h = h + fed_forward(h, b);
    }
    if (cache != nullptr) {
      cache->read = time;
    }
    return h;
  }
  void remember(const at::Tensor& part, std::vector<at::Tensor>& where) const {
    at::Tensor whole =
        torch::zeros({part.size(0), part.size(1), options_.length, part.size(3)}, part.options());
    whole.narrow(2, 0, part.size(2)).copy_(part);
    where.push_back(whole);
  }

  [[nodiscard]] at::Tensor normal(const std::string& name, std::int64_t rows, std::int64_t inputs,
                                  double factor, RandomStream& stream) {
    at::Tensor values = torch::empty({rows, inputs}, torch::kFloat64);
    double* out = values.data_ptr<double>();
    for (std::int64_t i = 0; i < rows * inputs; ++i) {
      out[i] = factor * stream.normal() / std::sqrt(static_cast<double>(inputs));
    }
    return register_parameter(name, values.to(torch::get_default_dtype()));
  }
  [[nodiscard]] at::Tensor zeros(const std::string& name, std::int64_t size) {
    return register_parameter(name, torch::zeros({size}));
  }
  [[nodiscard]] Norm norm(const std::string& name, std::int64_t size) {
    return {register_parameter(name + "_scale", torch::ones({size})), zeros(name + "_shift", size)};
  }

  TransformerOptions options_;
  at::Tensor embedding_, position_, head_, mask_;
  Norm norm_;
  std::vector<Block> blocks_;
};

}  // namespace dag
