// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "experiment.hpp"

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>

#include <cmath>
#include <set>

namespace reasoning {
namespace {

/// One question's game on the answers that the base gave: rows of probabilities by form.
struct Estimated {
  std::vector<std::vector<double>> nu;
  std::vector<bool> right;  ///< stacked by form, as the rows
};

Estimated estimate(const Sum& question, const std::vector<std::vector<std::int32_t>>& forms) {
  std::set<std::int32_t> seen{question.a + question.b};
  for (const auto& form : forms) {
    seen.insert(form.begin(), form.end());
  }
  seen.erase(-1);
  Estimated out;
  for (const auto& form : forms) {
    std::vector<double> row;
    double total = 0;
    for (const std::int32_t answer : seen) {
      double count = 0.05;
      for (const std::int32_t other : form) {
        count += other == answer ? 1 : 0;
      }
      row.push_back(count);
      total += count;
      out.right.push_back(right(question, answer));
    }
    for (double& p : row) {
      p /= total;
    }
    out.nu.push_back(std::move(row));
  }
  return out;
}

/// Mean over forms of the equilibrium's probability of the right answer.
template <class Utility>
double solved(const Estimated& game, Utility utility, double beta) {
  //! [prediction]
  const dag::AlignmentGame<Utility, dag::no_backend> exact(std::move(utility),
                                                           dag::Contexts<double>(game.nu), beta);
  const std::vector<double> log_nu = dag::equilibrium(exact).log_nu;
  //! [prediction]
  double accuracy = 0;
  for (std::size_t i = 0; i < log_nu.size(); ++i) {
    accuracy += game.right[i] ? std::exp(log_nu[i]) / static_cast<double>(game.nu.size()) : 0;
  }
  return accuracy;
}

double solved(const Estimated& game, const std::string& method, double beta) {
  if (method == "coherence") {
    return solved(game, dag::ArithmeticCoherence<double>{}, beta);
  }
  if (method == "geometric") {
    return solved(game, dag::GeometricCoherence<double>{}, beta);
  }
  if (method == "euclidean") {
    return solved(game, dag::EuclideanCoherence<double>{}, beta);
  }
  if (method == "pairwise") {
    return solved(game, dag::PairwiseKl<double>{}, beta);
  }
  if (method == "log-likelihood") {
    return solved(game, dag::AnswerLogLikelihood<double>{game.right}, beta);
  }
  if (method == "pass@4") {
    return solved(game, dag::PassAtK<double>{game.right, 4}, beta);
  }
  if (method == "correctness") {
    return solved(game, dag::ExpectedReward<double>{{game.right.begin(), game.right.end()}}, beta);
  }
  // Frozen: the base's own pool, once a form.
  const std::size_t size = game.nu[0].size();
  std::vector<double> q(size, 0.0);
  double total = 0;
  for (std::size_t z = 0; z < size; ++z) {
    double sum = 0;
    for (const auto& row : game.nu) {
      sum += (method == "frozen" ? std::log(row[z]) : row[z]) / static_cast<double>(game.nu.size());
    }
    q[z] = method == "frozen" ? std::exp(sum) : sum;
    total += q[z];
  }
  std::vector<double> log_goal;
  for (std::size_t x = 0; x < game.nu.size(); ++x) {
    for (const double p : q) {
      log_goal.push_back(std::log(p / total));
    }
  }
  return solved(game,
                dag::FrozenConsensus<dag::ArithmeticCoherence<double>>{
                    {}, dag::Goal<double>::from_log(std::span<const double>(log_goal))},
                beta);
}

}  // namespace

Json predict(const std::string& base, const Size& size, const std::string& folder,
             std::size_t samples, const Progress& progress) {
  const Policy policy = load_base(base, size, folder);
  const std::span<const Sum> questions = std::span(split().test_sums).first(100);
  const SumAnswers answers = sample_sums(policy, questions, samples, 78);
  std::vector<Estimated> games;
  double start = 0;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    games.push_back(estimate(questions[q], answers[q]));
    for (std::size_t x = 0; x < games[q].nu.size(); ++x) {
      for (std::size_t z = 0; z < games[q].nu[x].size(); ++z) {
        start += games[q].right[z] ? games[q].nu[x][z] / static_cast<double>(form_count) : 0;
      }
    }
  }
  const auto n = static_cast<double>(questions.size());
  const std::vector<double> betas{0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
  const std::vector<std::string> methods{"coherence",   "geometric",      "euclidean",
                                         "pairwise",    "frozen",         "frozen-mean",
                                         "correctness", "log-likelihood", "pass@4"};
  Json out{{"base", base},
           {"samples", samples},
           {"questions", questions.size()},
           {"start", start / n},
           {"beta", betas}};
  out["test_sums"] = evaluate_sums(policy, policy, split().test_sums, 8, 6);
  out["test_pairs"] = evaluate_pairs(policy, policy, split().test_pairs, 16, 6);
  for (std::size_t m = 0; m < methods.size(); ++m) {
    std::vector<double> accuracy;
    for (const double beta : betas) {
      double sum = 0;
      for (const Estimated& game : games) {
        sum += solved(game, methods[m], beta) / n;
      }
      accuracy.push_back(sum);
      progress(static_cast<double>(m) / static_cast<double>(methods.size()),
               "exact games of base " + base + ": " + methods[m]);
    }
    out["accuracy"][methods[m]] = accuracy;
  }
  return out;
}

}  // namespace reasoning
