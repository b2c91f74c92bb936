// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Sampled answer-level training against the exact equilibrium of the same game, on a policy over
// 8^20 traces that no one could enumerate.
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/train/trainer.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/shannon_entropy.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using Model = dag::LayeredModel<double>;
constexpr std::size_t answers = 10;

std::vector<double> answer_distribution(const Model& model) {
  std::vector<double> nu = dag::answer_log_probs(model);
  for (double& entry : nu) {
    entry = std::exp(entry);
  }
  return nu;
}

double total_variation(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sum += std::abs(p[i] - q[i]);
  }
  return sum / 2;
}

template <class Utility>
std::vector<double> exact(const Model& reference, Utility utility, double beta) {
  const dag::AlignmentGame<Utility, dag::no_backend> game(
      std::move(utility), dag::Contexts<double>(answer_distribution(reference)), beta);
  const auto found = dag::equilibrium(game);
  REQUIRE(found.status == dag::Status::converged);
  std::vector<double> nu(found.log_nu);
  for (double& entry : nu) {
    entry = std::exp(entry);
  }
  return nu;
}

const std::vector<dag::Question<dag::NoPrompt>> one_question{{{dag::NoPrompt{}}}};

template <class Objective>
Model trained(const Model& reference, Objective& objective, dag::TrainOptions options) {
  Model policy = reference;
  dag::Adam adam;
  const auto answer = [&](dag::NoPrompt prompt, const Model::trace_type& trace) {
    return reference.answer(prompt, trace);
  };
  CHECK(dag::train(policy, reference, one_question, objective, answer, adam, options,
                   [](const dag::TrainRecord& record) { CHECK(std::isfinite(record.kl)); }) ==
        dag::Status::done);
  return policy;
}

/// Budget of every case below: 1500 steps of one group of 64 traces (96,000 traces of 8^20).
dag::TrainOptions budget(double beta) {
  return {.steps = 1500,
          .group_size = 64,
          .beta = beta,
          .learning_rate = {.peak = 0.03, .warm_up = 20, .total = 1500, .final_fraction = 0.01},
          .seed = 20261123};
}

}  // namespace

TEST_CASE("sampled training reaches the exact equilibrium: total variation below 0.02") {
  const Model reference = dag::random_layered_model<double>(20, 8, answers, 7);
  const double beta = 0.5, tau = 1;
  const auto reaches = [&](const char* name, auto objective, auto utility) {
    const std::vector<double> target = exact(reference, std::move(utility), beta);
    CHECK(total_variation(answer_distribution(reference), target) > 0.05);
    const Model policy = trained(reference, objective, budget(beta));
    const double distance = total_variation(answer_distribution(policy), target);
    MESSAGE(name << ": total variation " << distance);
    CHECK(distance < 0.02);
  };
  SUBCASE("Gini, by its U-statistic") {
    reaches("Gini",
            dag::TableObjective(dag::EstimatorKind::u_statistic, dag::RewardFunction::power(1),
                                -2 * tau),
            dag::Gini<double>{tau});
  }
  SUBCASE("Shannon entropy, by the variance-optimal table") {
    reaches("Shannon",
            dag::TableObjective(dag::EstimatorKind::variance_optimal,
                                dag::RewardFunction::logarithm(), -tau),
            dag::ShannonEntropy<double>{tau});
  }
  SUBCASE("expected reward") {
    std::vector<double> reward(answers);
    for (std::size_t z = 0; z < answers; ++z) {
      reward[z] = z % 3 == 0 ? 1.0 : 0.0;
    }
    reaches("expected reward",
            dag::AnswerReward([reward](std::size_t, std::size_t z) { return reward[z]; }),
            dag::ExpectedReward<double>{reward});
  }
}

TEST_CASE("Euclidean coherence: the expected signal-weighted score is the exact gradient") {
  // Two contexts, three answers, groups of three: every outcome enumerated. d F / d logit of
  // context x and answer z, F = -1/2 sum_x w_x ||nu_x - q||^2 with w_x = 1/2, is
  // w_x nu_x(z) (r_x(z) - <r_x, nu_x>); the estimator averages over contexts, so w_x appears.
  const double nu[2][3] = {{0.5, 0.3, 0.2}, {0.1, 0.3, 0.6}};
  constexpr std::size_t k = 3;
  dag::CoherenceObjective objective(dag::Pool::euclidean);
  double expected[2][3] = {};
  std::vector<std::int32_t> drawn(2 * k);
  std::vector<double> signal(2 * k);
  for (int outcome = 0; outcome < 729; ++outcome) {
    double probability = 1;
    for (std::size_t i = 0, rest = static_cast<std::size_t>(outcome); i < 2 * k; ++i, rest /= 3) {
      drawn[i] = static_cast<std::int32_t>(rest % 3);
      probability *= nu[i / k][rest % 3];
    }
    objective({drawn, 2, k, 0}, signal);
    for (std::size_t i = 0; i < 2 * k; ++i) {
      for (std::size_t z = 0; z < 3; ++z) {  // score of a softmax policy in logit z
        const double score = (static_cast<std::size_t>(drawn[i]) == z ? 1.0 : 0.0) - nu[i / k][z];
        expected[i / k][z] += probability * signal[i] * score / (2 * k);
      }
    }
  }
  for (std::size_t x = 0; x < 2; ++x) {
    double mean = 0;
    double reward[3];
    for (std::size_t z = 0; z < 3; ++z) {
      reward[z] = (nu[0][z] + nu[1][z]) / 2 - nu[x][z];
      mean += nu[x][z] * reward[z];
    }
    for (std::size_t z = 0; z < 3; ++z) {
      CHECK(std::abs(expected[x][z] - 0.5 * nu[x][z] * (reward[z] - mean)) < 1e-15);
    }
  }
}

TEST_CASE("a run resumed from its checkpoint continues bit for bit") {
  const auto folder = std::filesystem::temp_directory_path() / "dag_checkpoint_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string path = folder / "run.ckpt";
  const Model reference = dag::random_layered_model<double>(6, 3, 5, 3);
  const auto run = [&](std::int64_t steps, const std::string& file, std::int64_t stop_after) {
    Model policy = reference;
    dag::Adam adam;
    dag::TableObjective objective(dag::EstimatorKind::plug_in, dag::RewardFunction::logarithm(),
                                  -0.3);
    const auto answer = [&](dag::NoPrompt prompt, const Model::trace_type& trace) {
      return reference.answer(prompt, trace);
    };
    std::int64_t done = 0;
    (void)dag::train(policy, reference, one_question, objective, answer, adam,
                     {.steps = steps,
                      .beta = 0.1,
                      .seed = 5,
                      .refresh_every = 7,
                      .refresh_mixup = 0.5,
                      .checkpoint = file,
                      .checkpoint_every = 4},
                     [&](const dag::TrainRecord&) { return ++done < stop_after; });
    std::vector<double> parameters(policy.parameter_count());
    policy.copy_parameters(std::span<double>(parameters));
    return parameters;
  };
  const auto whole = run(30, "", 1000);
  (void)run(30, path, 11);  // stopped after 11 steps
  CHECK(dag::load_checkpoint(path).checkpoint.step == 11);
  CHECK(run(30, path, 1000) == whole);

  // A damaged newest file is refused by its checksum, and the previous one is used.
  const dag::Checkpoint previous = dag::load_checkpoint(path + ".previous").checkpoint;
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (const std::size_t where : {std::size_t{3}, bytes.size() / 2, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[where] = static_cast<char>(damaged[where] ^ 0x10);
    std::ofstream(path, std::ios::binary) << damaged;
    const auto loaded = dag::load_checkpoint(path);
    CHECK(loaded.path == path + ".previous");
    CHECK_FALSE(loaded.refused.empty());
    CHECK(loaded.checkpoint == previous);
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, bytes.size() - 9}) {
    std::ofstream(path, std::ios::binary) << bytes.substr(0, length);
    CHECK(dag::load_checkpoint(path).checkpoint == previous);
  }
  std::filesystem::remove(path);  // killed between the two renames
  CHECK(dag::load_checkpoint(path).checkpoint == previous);
  std::filesystem::remove(path + ".previous");
  CHECK_THROWS_AS((void)dag::load_checkpoint(path), dag::Error);
  std::filesystem::remove_all(folder);
}

TEST_CASE("training refuses options that cannot mean anything") {
  const Model reference = dag::random_layered_model<double>(3, 2, 4, 1);
  dag::AnswerReward objective([](std::size_t, std::size_t) { return 1.0; });
  const auto refused = [&](dag::TrainOptions options) {
    Model policy = reference;
    dag::Sgd sgd;
    CHECK_THROWS_AS(
        (void)dag::train(
            policy, reference, one_question, objective,
            [&](dag::NoPrompt p, const Model::trace_type& t) { return reference.answer(p, t); },
            sgd, options, [](const dag::TrainRecord&) {}),
        dag::Error);
  };
  refused({.group_size = 1});
  refused({.questions_per_step = 2});
  refused({.beta = std::nan("")});
  refused({.learning_rate = {.peak = 0}});
  refused({.checkpoint_every = 0});
  refused({.refresh_mixup = 0});
}
