// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/runtime.hpp>
#include <dag/gpu/storage.hpp>

namespace dag::device {

/// Logits are scaled to base 2 once, so that each exponential is one instruction of the GPU.
constexpr float log2_e = 1.44269504088896340736F;
constexpr float ln_2 = 0.69314718055994530942F;

/// 2^x to two units in the last place; 0 where that is below the normal numbers (on the GPU).
[[nodiscard]] DAG_HOST_DEVICE inline float power_of_2(float x) {
#if defined(__CUDA_ARCH__)
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
#else
  return std::exp2(x);
#endif
}

/// What one pass over numbers x (in base 2) keeps: top = max x, sum = sum of 2^(x - top), moment =
/// sum of (x - top) 2^(x - top). Two of them merge exactly as if they had been one.
struct OnlineSoftmax {
  float top;
  float sum;
  float moment;

  [[nodiscard]] static DAG_HOST_DEVICE OnlineSoftmax none() {
    return {-Limits<float>::infinity, 0, 0};
  }
  /// Where everything so far is -inf, differences are taken from 0.
  [[nodiscard]] DAG_HOST_DEVICE float base() const {
    return top > -Limits<float>::infinity ? top : 0.0F;
  }
  /// Adds one x <= top. Below -200 the power is 0 in float, and -inf times it must not become NaN.
  DAG_HOST_DEVICE void add(float x) {
    const float difference = x - base();
    const float clipped = difference < -200 ? -200.0F : difference;  // NaN stays NaN
    const float power = power_of_2(clipped);
    sum += power;
    moment += clipped * power;
  }
  /// Moves to a new top that is at least the old one.
  DAG_HOST_DEVICE void raise(float to) {
    const float difference = top - to;
    if (difference < 0) {
      const float clipped = difference < -200 ? -200.0F : difference;
      const float power = power_of_2(clipped);
      moment = power * (moment + clipped * sum);
      sum *= power;
      top = to;
    }
  }
};
/// Commutative, so that lanes may fold by halves.
struct MergeSoftmax {
  DAG_HOST_DEVICE OnlineSoftmax operator()(OnlineSoftmax a, OnlineSoftmax b) const {
    const float top = a.top >= b.top ? a.top : b.top;
    a.raise(top);
    b.raise(top);
    return {top, a.sum + b.sum, a.moment + b.moment};
  }
};

/// A row cut for sixteen-byte loads: numbers before the first packet, chunks of `packets` packets
/// for every thread, numbers after the last packet.
template <class Storage>
struct PacketRow {
  static constexpr std::size_t width = Packet<Storage>::size;
  static constexpr unsigned packets = 4;

  std::size_t size;
  std::size_t head;
  std::size_t whole;  // packets

  DAG_HOST_DEVICE PacketRow(const Storage* row, std::size_t count)
      : size(count),
        head(to_next_packet(row) < count ? to_next_packet(row) : count),
        whole((count - head) / width) {}
  [[nodiscard]] DAG_HOST_DEVICE std::size_t chunks(std::size_t threads) const {
    const std::size_t turn = packets * threads;
    return (whole + turn - 1) / turn * threads;
  }
  /// Packet p of a thread's chunk: neighbours in a warp read neighbours in memory.
  [[nodiscard]] static DAG_HOST_DEVICE std::size_t packet(std::size_t chunk, unsigned p,
                                                          std::size_t threads) {
    return chunk / threads * packets * threads + p * threads + chunk % threads;
  }
  /// The numbers outside of packets, as one list.
  [[nodiscard]] DAG_HOST_DEVICE std::size_t rest() const { return size - whole * width; }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t rest_at(std::size_t i) const {
    return i < head ? i : whole * width + i;
  }
};

/// For every token the log-probability of its target, the entropy and the log of the normaliser:
///   log_prob = x[target] - log sum exp x,  entropy = log sum exp x - <softmax x, x>,  in nats,
/// x = logits * inverse_temperature. One thread block a token, one read of its logits, sixteen
/// bytes a load, four loads a thread in flight, sums in float about a running maximum. A target < 0
/// masks its token: its logits are not read, all three outputs are 0. NaN, +inf, a row of -inf or a
/// target beyond the vocabulary raise *bad and give NaN, which the gradient keeps. A target without
/// mass has log_prob -inf.
///
/// Bytes: tokens * vocabulary * sizeof(Storage) read. Operations: about 8 a logit, one of them a
/// power.
template <class Storage>
struct TokenLogProb {
  static constexpr unsigned threads = 256;

  const Storage* logits;
  std::size_t vocabulary;
  const std::int32_t* target;
  float inverse_temperature;
  float* log_prob;
  float* entropy;
  float* log_normalizer;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t token = block.index();
    const std::int32_t chosen = target[token];
    if (chosen < 0 || static_cast<std::size_t>(chosen) >= vocabulary) {
      block.each(1, [&](std::size_t) { write_all(token, chosen < 0 ? 0.0F : refused()); });
      return;
    }
    const Storage* const row = logits + token * vocabulary;
    const PacketRow<Storage> cut(row, vocabulary);
    const std::size_t team = block.threads();
    const std::size_t chunks = cut.chunks(team);
    const float scale = inverse_temperature * log2_e;
    // One more chunk for the numbers outside of packets.
    const OnlineSoftmax all = block.reduce(
        chunks + (cut.rest() > 0 ? 1 : 0), OnlineSoftmax::none(),
        [&](std::size_t chunk) {
          return chunk < chunks ? of_packets(row, cut, chunk, team, scale)
                                : of_rest(row, cut, scale);
        },
        MergeSoftmax{});
    block.each(1, [&](std::size_t) {
      if (!(all.sum >= 0.5F && all.sum - all.sum == 0)) {  // the largest term is 1 unless none is
        write_all(token, refused());
        return;
      }
      const float log_sum = std::log(all.sum);
      const float normalizer = all.top * ln_2 + log_sum;
      write(token, (widen(row[chosen]) * scale - all.top) * ln_2 - log_sum,
            log_sum - ln_2 * all.moment / all.sum, normalizer);
    });
  }

 private:
  DAG_HOST_DEVICE void write(std::size_t token, float p, float h, float z) const {
    log_prob[token] = p;
    entropy[token] = h;
    log_normalizer[token] = z;
  }
  DAG_HOST_DEVICE void write_all(std::size_t token, float x) const { write(token, x, x, x); }
  [[nodiscard]] DAG_HOST_DEVICE float refused() const {
    *bad = 1;
    return Limits<float>::nan;
  }
  [[nodiscard]] static DAG_HOST_DEVICE OnlineSoftmax of_packets(const Storage* row,
                                                                const PacketRow<Storage>& cut,
                                                                std::size_t chunk, std::size_t team,
                                                                float scale) {
    constexpr unsigned width = PacketRow<Storage>::width;
    constexpr unsigned packets = PacketRow<Storage>::packets;
    Packet<Storage> raw[packets];
    DAG_UNROLL
    for (unsigned p = 0; p < packets; ++p) {
      const std::size_t at = cut.packet(chunk, p, team);
      // A thread past the end reads the last packet of its row and leaves it out below.
      raw[p] = load_packet(row + cut.head + (at < cut.whole ? at : cut.whole - 1) * width);
    }
    OnlineSoftmax part = OnlineSoftmax::none();
    DAG_UNROLL
    for (unsigned p = 0; p < packets; ++p) {
      DAG_UNROLL
      for (unsigned k = 0; k < width; ++k) {
        const float x = widen(raw[p].value[k]) * scale;
        part.top = x > part.top ? x : part.top;  // one packet too many does no harm here
      }
    }
    DAG_UNROLL
    for (unsigned p = 0; p < packets; ++p) {
      if (cut.packet(chunk, p, team) < cut.whole) {
        DAG_UNROLL
        for (unsigned k = 0; k < width; ++k) {
          part.add(widen(raw[p].value[k]) * scale);
        }
      }
    }
    return part;
  }
  [[nodiscard]] static DAG_HOST_DEVICE OnlineSoftmax of_rest(const Storage* row,
                                                             const PacketRow<Storage>& cut,
                                                             float scale) {
    OnlineSoftmax part = OnlineSoftmax::none();
    for (std::size_t i = 0; i < cut.rest(); ++i) {
      const float x = widen(row[cut.rest_at(i)]) * scale;
      part.raise(x > part.top ? x : part.top);
      part.add(x);
    }
    return part;
  }
};

/// The gradient of sum over tokens of log_prob_gradient * log_prob + entropy_gradient * entropy
/// with respect to the logits, p = softmax x:
///   d/dlogit_j = inverse_temperature (g (1{j = target} - p_j) - h p_j (log p_j + entropy)).
/// `log_normalizer` and `entropy` are the forward pass's. Masked tokens get zeros. One read of the
/// logits, one write; `gradient` may be `logits` itself.
///
/// Bytes: 2 tokens * vocabulary * sizeof(Storage). Operations: about 8 a logit.
template <class Storage>
struct TokenLogProbGradient {
  static constexpr unsigned threads = 256;

  const Storage* logits;
  std::size_t vocabulary;
  const std::int32_t* target;
  float inverse_temperature;
  const float* log_normalizer;
  const float* entropy;
  const float* log_prob_gradient;
  const float* entropy_gradient;  // null: zeros
  Storage* gradient;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t token = block.index();
    const bool masked = target[token] < 0;
    const Storage* const row = logits + token * vocabulary;
    Storage* const out = gradient + token * vocabulary;
    const std::size_t chosen = masked ? vocabulary : static_cast<std::size_t>(target[token]);
    const Terms terms{inverse_temperature, log_normalizer[token], entropy[token],
                      masked ? 0.0F : log_prob_gradient[token] * inverse_temperature,
                      masked || entropy_gradient == nullptr
                          ? 0.0F
                          : entropy_gradient[token] * inverse_temperature};
    const PacketRow<Storage> cut(row, vocabulary);
    constexpr std::size_t width = PacketRow<Storage>::width;
    const bool together = to_next_packet(out) == to_next_packet(row);
    block.each(together ? cut.whole : 0, [&](std::size_t p) {
      const std::size_t first = cut.head + p * width;
      Packet<Storage> packet{};
      if (!masked) {
        packet = load_packet(row + first);
        DAG_UNROLL
        for (unsigned k = 0; k < width; ++k) {
          packet.value[k] = narrow<Storage>(terms.at(widen(packet.value[k]), first + k == chosen));
        }
      }
      store_packet(out + first, packet);
    });
    block.each(together ? cut.rest() : vocabulary, [&](std::size_t i) {
      const std::size_t j = together ? cut.rest_at(i) : i;
      out[j] = masked ? narrow<Storage>(0) : narrow<Storage>(terms.at(widen(row[j]), j == chosen));
    });
  }

 private:
  struct Terms {
    float inverse_temperature, normalizer, entropy, weight, entropy_weight;
    [[nodiscard]] DAG_HOST_DEVICE float at(float logit, bool chosen) const {
      const float log_p = logit * inverse_temperature - normalizer;
      const float p = power_of_2(log_p * log2_e);
      // p log p: 0 where p is 0, log p = -inf included.
      const float bend = p > 0 ? p * (log_p + entropy) : 0.0F;
      return weight * ((chosen ? 1.0F : 0.0F) - p) - entropy_weight * bend;
    }
  };
};

}  // namespace dag::device

namespace dag {

/// What the forward pass leaves of each token, in device memory, in nats.
struct TokenLogProbs {
  std::span<float> log_prob;        ///< of the target
  std::span<float> entropy;         ///< of the whole distribution
  std::span<float> log_normalizer;  ///< log sum exp; the backward pass needs it
};

namespace device {
template <class Storage>
void check_tokens(std::span<const Storage> logits, std::size_t vocabulary,
                  std::span<const std::int32_t> target, float temperature, const char* who) {
  require(vocabulary > 0 && logits.size() == target.size() * vocabulary, Errc::dimension_mismatch,
          who, ": ", logits.size(), " logits for ", target.size(), " tokens and a vocabulary of ",
          vocabulary);
  require(temperature > 0 && std::isfinite(temperature), Errc::invalid_argument, who,
          ": temperature must be > 0 and finite, got ", temperature);
}
}  // namespace device

/// Log-probability and entropy of every token from logits [tokens, vocabulary] in device memory:
/// log softmax (logits / temperature) at the targets; see device::TokenLogProb. `Storage`: float,
/// device::BFloat16 or device::Float16; sums are in float. Targets < 0 mask their tokens (outputs
/// 0). Queued on the backend's stream, waits for nothing; NaN, +inf, rows of -inf and targets
/// beyond the vocabulary are reported as Errc::not_finite by the next function that waits. Errors:
/// dimension_mismatch, invalid_argument (temperature), device. No allocation. Deterministic.
template <class Backend, class Storage>
void token_log_probs(const Backend& gpu, std::span<const Storage> logits, std::size_t vocabulary,
                     std::span<const std::int32_t> target, TokenLogProbs out,
                     float temperature = 1) {
  using Body = device::TokenLogProb<Storage>;
  device::check_tokens(logits, vocabulary, target, temperature, "token_log_probs");
  require(out.log_prob.size() == target.size() && out.entropy.size() == target.size() &&
              out.log_normalizer.size() == target.size(),
          Errc::dimension_mismatch, "token_log_probs: every output needs ", target.size(),
          " entries");
  device::launch<Body::threads>(
      gpu.stream(), target.size(), Body::threads, 0,
      Body{logits.data(), vocabulary, target.data(), 1 / temperature, out.log_prob.data(),
           out.entropy.data(), out.log_normalizer.data(), gpu.bad()});
}

/// The backward pass: gradient of the loss in the logits, given the loss's derivatives in each
/// token's log_prob and (empty: none) entropy, and the outputs of the forward pass. `gradient` has
/// the logits' shape and may be the logits' own memory. Errors: as above.
template <class Backend, class Storage>
void token_log_probs_backward(const Backend& gpu, std::span<const Storage> logits,
                              std::size_t vocabulary, std::span<const std::int32_t> target,
                              const TokenLogProbs& forward,
                              std::span<const float> log_prob_gradient,
                              std::span<const float> entropy_gradient, std::span<Storage> gradient,
                              float temperature = 1) {
  using Body = device::TokenLogProbGradient<Storage>;
  device::check_tokens(logits, vocabulary, target, temperature, "token_log_probs_backward");
  require(gradient.size() == logits.size() && log_prob_gradient.size() == target.size() &&
              (entropy_gradient.empty() || entropy_gradient.size() == target.size()) &&
              forward.entropy.size() == target.size() &&
              forward.log_normalizer.size() == target.size(),
          Errc::dimension_mismatch, "token_log_probs_backward: one derivative a token (",
          target.size(), ") and one gradient a logit (", logits.size(), ") are needed");
  device::launch<Body::threads>(
      gpu.stream(), target.size(), Body::threads, 0,
      Body{logits.data(), vocabulary, target.data(), 1 / temperature, forward.log_normalizer.data(),
           forward.entropy.data(), log_prob_gradient.data(),
           entropy_gradient.empty() ? nullptr : entropy_gradient.data(), gradient.data()});
}

}  // namespace dag
