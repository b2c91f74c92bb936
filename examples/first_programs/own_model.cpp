// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A model of your own, trained without labels: a biased coin is rewarded for rare answers.
//! [own_model]
#include <dag/train/table_objective.hpp>
#include <dag/train/trainer.hpp>

#include <cmath>
#include <cstdio>

struct Coin {  // one parameter: the logit of heads
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = int;
  double logit = 0;

  double heads() const { return 1 / (1 + std::exp(-logit)); }
  int sample(dag::NoPrompt, dag::RandomStream& random) const {
    return random.uniform() < heads() ? 1 : 0;
  }
  double log_prob(dag::NoPrompt, int head) const { return std::log(head ? heads() : 1 - heads()); }
  void accumulate_score(dag::NoPrompt, int head, double weight, std::span<double> score) const {
    score[0] += weight * (head - heads());
  }
  std::size_t parameter_count() const { return 1; }
  void copy_parameters(std::span<double> out) const { out[0] = logit; }
  void set_parameters(std::span<const double> in) { logit = in[0]; }
};

int main() {
  const Coin reference{2.0};
  Coin coin = reference;
  const std::vector<dag::Question<dag::NoPrompt>> questions{{{dag::NoPrompt{}}}};
  dag::TableObjective rare(dag::EstimatorKind::u_statistic, dag::RewardFunction::power(1), -2);
  dag::Adam adam;
  const auto answer = [](dag::NoPrompt, int head) { return head; };
  dag::train(coin, reference, std::span(questions), rare, answer, adam,
             {.steps = 300, .learning_rate = {.peak = 0.05, .total = 300}});
  std::printf("P(heads) from %.3f to %.3f\n", reference.heads(), coin.heads());
  return coin.heads() < 0.65 && coin.heads() > 0.45 ? 0 : 1;
}
//! [own_model]
