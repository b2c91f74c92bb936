// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// docs/tutorial.md: from a 2 x 2 game to a game over answers to a model that is trained for it.
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/reward.hpp>
#include <dag/eigen.hpp>
#include <dag/game/matrix_rows.hpp>
#include <dag/train/table_objective.hpp>
#include <dag/train/trainer.hpp>
#include <dag/utility/gini.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

namespace {

//! [small_game]
bool small_game() {
  // The keeper's row, the striker's column: the chance that the shot is saved.
  const auto game = dag::matrix_game<dag::eigen>({{0.6, 0.2}, {0.1, 0.7}});
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-9});
  std::printf("keeper dives left with %.3f, striker shoots left with %.3f, %.3f is saved\n",
              found.strategy(0)(0), found.strategy(1)(0), found.value);
  return found.status == dag::Status::converged && std::abs(found.value - 0.4) < 1e-8;
}
//! [small_game]

//! [certificate]
bool certificate() {
  const auto game = dag::matrix_game<dag::eigen>({{0.6, 0.2}, {0.1, 0.7}});
  bool bounded = true;
  for (const int rounds : {1, 10, 100}) {
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-12, .max_iterations = rounds});
    std::printf("%3d rounds: value %.6f, gap %.1e, %s\n", rounds, found.value, found.gap,
                dag::to_string(found.status).data());
    bounded = bounded && std::abs(found.value - 0.4) <= found.gap;
  }
  return bounded;
}
//! [certificate]

//! [reference]
// How often a model gives each of four answers to one question, before any training.
const std::vector<double> reference{0.70, 0.20, 0.07, 0.03};
constexpr double beta = 0.25;  // what a nat of distance from the reference costs
//! [reference]

//! [answer_game]
std::vector<double> answer_game() {
  const dag::Gini<double> diverse{1.0};  // F(nu) = 1 - sum nu(z)^2
  const dag::AlignmentGame<dag::Gini<double>, dag::no_backend> game(
      diverse, dag::Contexts<double>(reference), beta);
  const auto found = dag::equilibrium(game);
  std::printf("answer  before  equilibrium  reward\n");
  for (std::size_t z = 0; z < reference.size(); ++z) {
    std::printf("%6zu   %.3f     %.3f      %+.3f\n", z, reference[z], found.nu[z],
                diverse.reward(dag::Probability<double>::of(found.nu[z])));
  }
  std::printf("residual %.1e\n", found.residual);
  return found.nu;
}
//! [answer_game]

//! [rewards]
bool rewards() {
  dag::AnswerGroupsBuilder builder;  // texts are compared by what they mean
  builder.begin_group("how much is left?", "plain");
  for (const char* answer : {"1/2", "0.5", "\\frac12", "2", "50%", "3"}) {
    builder.add(answer);
  }
  const dag::AnswerGroups groups = builder.finish();
  // -2 times the share of the other samples that agree: unbiased for the reward -2 nu(z).
  const dag::RewardTables<double> tables(
      groups.answer, groups.begin,
      dag::RewardTableBuilder{
          dag::EstimatorKind::u_statistic, {.function = dag::RewardFunction::power(1)}, -2.0});
  std::vector<double> reward(groups.samples()), advantage(groups.samples());
  dag::table_rewards<double>(groups.answer, groups.begin, tables, dag::Advantage::dr_grpo, reward,
                             advantage);
  for (std::size_t i = 0; i < reward.size(); ++i) {
    std::printf("sample %zu: answer %d, reward %+.2f, advantage %+.2f\n", i, groups.answer[i],
                reward[i], advantage[i]);
  }
  return groups.answers_of(0) == 3 && std::abs(reward[0] + 2 * 3 / 5.0) < 1e-12 && reward[3] == 0 &&
         advantage[3] > 0;
}
//! [rewards]

//! [model]
struct FourAnswers {  // a model of one's own: four logits
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = int;
  std::array<double, 4> logit{};

  std::array<double, 4> probabilities() const {
    std::array<double, 4> p{};
    double sum = 0;
    for (std::size_t z = 0; z < 4; ++z) {
      sum += p[z] = std::exp(logit[z]);
    }
    for (double& each : p) {
      each /= sum;
    }
    return p;
  }
  int sample(dag::NoPrompt, dag::RandomStream& random) const {
    const auto p = probabilities();
    double left = random.uniform();
    int z = 0;
    while (z < 3 && left >= p[static_cast<std::size_t>(z)]) {
      left -= p[static_cast<std::size_t>(z++)];
    }
    return z;
  }
  double log_prob(dag::NoPrompt, int z) const {
    return std::log(probabilities()[static_cast<std::size_t>(z)]);
  }
  // Adds weight * d log_prob / d logits.
  void accumulate_score(dag::NoPrompt, int z, double weight, std::span<double> score) const {
    const auto p = probabilities();
    for (std::size_t k = 0; k < 4; ++k) {
      score[k] += weight * ((static_cast<std::size_t>(z) == k ? 1 : 0) - p[k]);
    }
  }
  std::size_t parameter_count() const { return 4; }
  void copy_parameters(std::span<double> out) const {
    std::copy(logit.begin(), logit.end(), out.begin());
  }
  void set_parameters(std::span<const double> in) {
    std::copy(in.begin(), in.end(), logit.begin());
  }
};
//! [model]

//! [training]
bool training(const std::vector<double>& equilibrium) {
  FourAnswers before;
  for (std::size_t z = 0; z < 4; ++z) {
    before.logit[z] = std::log(reference[z]);
  }
  FourAnswers model = before;
  const std::vector<dag::Question<dag::NoPrompt>> questions{{{dag::NoPrompt{}}}};
  dag::TableObjective diverse(dag::EstimatorKind::u_statistic, dag::RewardFunction::power(1), -2.0);
  dag::Adam adam;
  const auto answer_of = [](dag::NoPrompt, int trace) { return trace; };
  const auto watch = [](const dag::TrainRecord& now) {
    if (now.step % 500 == 0) {
      std::printf("step %4lld: entropy of the answers %.2f nats\n",
                  static_cast<long long>(now.step), now.answer_entropy);
    }
  };
  const dag::Status status =
      dag::train(model, before, std::span(questions), diverse, answer_of, adam,
                 {.steps = 1500,
                  .group_size = 32,
                  .beta = beta,
                  .learning_rate = {.peak = 0.03, .total = 1500},
                  .seed = 1},
                 watch);
  double distance = 0;
  for (std::size_t z = 0; z < 4; ++z) {
    distance += std::abs(model.probabilities()[z] - equilibrium[z]) / 2;
  }
  std::printf("%s; distance to the equilibrium %.3f\n", dag::to_string(status).data(), distance);
  return status == dag::Status::done && distance < 0.03;
}
//! [training]

}  // namespace

int main() {
  bool held = small_game() && certificate();
  const std::vector<double> equilibrium = answer_game();
  for (std::size_t z = 1; z < equilibrium.size(); ++z) {
    const auto level = [&](std::size_t at) {  // the same for all: nu(z) ~ nu0(z) exp(r(z) / beta)
      return std::log(equilibrium[at] / reference[at]) + 2 * equilibrium[at] / beta;
    };
    held = held && std::abs(level(z) - level(0)) < 1e-8;
  }
  held = rewards() && held;
  held = training(equilibrium) && held;
  return held ? 0 : 1;
}
