// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The kernel of token log-probabilities as a function of PyTorch, its executor the host's: values
// and gradients beside PyTorch's own log_softmax and gather in double.
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <string>

#include <doctest/doctest.h>

#include <dag/gpu/context.hpp>
#include <dag/gpu/torch_token_log_probs.hpp>

namespace {

using Backend = dag::device::Context;

struct Expected {
  at::Tensor log_prob, entropy;
};
Expected by_torch(const at::Tensor& logits, const at::Tensor& target, double temperature) {
  const auto log_p = at::log_softmax(logits / temperature, -1);
  const auto kept = target.ge(0);
  const auto picked = log_p.gather(-1, target.clamp_min(0).unsqueeze(-1)).squeeze(-1);
  return {at::where(kept, picked, at::zeros_like(picked)),
          at::where(kept, -(log_p.exp() * log_p).sum(-1), at::zeros_like(picked))};
}
double distance(const at::Tensor& a, const at::Tensor& b) {
  REQUIRE((a.sizes() == b.sizes()));
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}
template <class Work>
dag::Errc code_of(Work work) {
  try {
    work();
  } catch (const dag::Error& error) {
    return error.code();
  }
  return dag::Errc::io;
}

}  // namespace

TEST_CASE("values and gradients are those of log_softmax and gather") {
  torch::manual_seed(5);
  const Backend gpu;
  for (const auto type : {at::kFloat, at::kBFloat16, at::kHalf}) {
    for (const double temperature : {1.0, 0.7}) {
      CAPTURE(std::string(c10::toString(type)));
      const auto logits = (4 * at::randn({3, 5, 67})).to(type).requires_grad_(true);
      auto target = at::randint(67, {3, 5}, at::kLong);
      target[1][2] = -100;  // masked
      const auto exact = logits.detach().to(at::kDouble).requires_grad_(true);
      const auto found = dag::torch_token_log_probs(gpu, logits, target, temperature);
      const auto expected = by_torch(exact, target, temperature);
      CHECK(distance(found.log_prob, expected.log_prob) <= 1e-5);
      CHECK(distance(found.entropy, expected.entropy) <= 1e-5);
      const auto weight = at::randn({3, 5});
      const auto loss = [&](const at::Tensor& p, const at::Tensor& h) {
        return (weight.to(p.scalar_type()) * p + 0.3 * h * h).sum();
      };
      const auto slope = torch::autograd::grad({loss(found.log_prob, found.entropy)}, {logits})[0];
      const auto right =
          torch::autograd::grad({loss(expected.log_prob, expected.entropy)}, {exact})[0];
      CHECK((slope.scalar_type() == type));
      const double size = right.abs().max().item<double>();
      CHECK(size > 0.1);
      CHECK(distance(slope, right) <= (type == at::kFloat ? 1e-5 : 5e-3) * size);
      gpu.synchronize();
    }
  }
}

TEST_CASE("one output alone, logits with gaps, and no copy of dense ones") {
  torch::manual_seed(6);
  const Backend gpu;
  const auto wide = at::randn({4, 18}).requires_grad_(true);
  const auto target = at::randint(9, {4}, at::kInt);
  const auto some = wide.slice(1, 0, 18, 2);  // every second column
  const auto found = dag::torch_token_log_probs(gpu, some, target);
  const auto expected = by_torch(some, target.to(at::kLong), 1);
  CHECK(distance(found.log_prob, expected.log_prob) <= 1e-6);
  const auto only_entropy = torch::autograd::grad({found.entropy.sum()}, {wide}, {}, true)[0];
  const auto right = torch::autograd::grad({expected.entropy.sum()}, {wide}, {}, true)[0];
  CHECK(distance(only_entropy, right) <= 1e-6);
  const auto only_log_prob = torch::autograd::grad({found.log_prob.sum()}, {wide}, {}, true)[0];
  CHECK(distance(only_log_prob, torch::autograd::grad({expected.log_prob.sum()}, {wide})[0]) <=
        1e-6);
  const auto none = dag::torch_token_log_probs(gpu, at::empty({0, 9}), at::empty({0}, at::kLong));
  CHECK(none.log_prob.numel() == 0);
}

TEST_CASE("what does not fit is refused") {
  const Backend gpu;
  const auto logits = at::zeros({2, 3});
  const auto run = [&](const at::Tensor& l, const at::Tensor& t, double temperature = 1) {
    return code_of([&] { (void)dag::torch_token_log_probs(gpu, l, t, temperature); });
  };
  const auto target = at::zeros({2}, at::kLong);
  CHECK(run(logits, at::zeros({3}, at::kLong)) == dag::Errc::dimension_mismatch);
  CHECK(run(logits, at::zeros({2, 1}, at::kLong)) == dag::Errc::dimension_mismatch);
  CHECK(run(logits, at::zeros({2})) == dag::Errc::invalid_argument);
  CHECK(run(logits.to(at::kDouble), target) == dag::Errc::invalid_argument);
  CHECK(run(logits.to(at::kLong), target) == dag::Errc::invalid_argument);
  CHECK(run(logits, target, 0) == dag::Errc::invalid_argument);
  CHECK(run(at::zeros({2, 0}), target) == dag::Errc::dimension_mismatch);
  // A target beyond the vocabulary, 2^32 in it: reported by the next function that waits.
  (void)dag::torch_token_log_probs(gpu, logits, target + (std::int64_t{1} << 32U));
  CHECK(code_of([&] { gpu.synchronize(); }) == dag::Errc::not_finite);
  gpu.synchronize();
}
