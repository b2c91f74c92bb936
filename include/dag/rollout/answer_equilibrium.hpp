// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/alignment.hpp>
#include <dag/rollout/group.hpp>
#include <dag/rollout/statistics.hpp>
#include <dag/rollout/vote.hpp>
#include <dag/solver/equilibrium.hpp>

namespace dag {

/// What a coherence game played on the estimated answer distributions comes to.
///
/// Missing answers are no answers: the game moves probability among the answers that were given, a
/// sample that gave none stays wrong, and a context without any answer takes no part (it is judged
/// wrong). At beta = inf nobody moves: `acc_sampled` is then the accuracy of a random sample (less
/// what smoothing spreads out), `acc_greedy` that of the majority in the group.
struct AnswerEquilibrium {
  double beta = 0;
  std::size_t questions = 0;          ///< solved: at least one context has an answer
  std::size_t unconverged = 0;        ///< of these, with another status than converged
  std::optional<double> acc_sampled;  ///< mean over judged groups of nu*_x(right) * answered share
  std::optional<double> acc_greedy;   ///< mean over judged groups: their most probable answer
  std::optional<double> acc_consensus;  ///< mean over judged questions: the most probable of q*
  double worst_residual = 0;            ///< of the solutions: max over questions
  double mean_gain = 0;                 ///< J(equilibrium) - J(estimated policy), nats times weight
  double mean_residual = 0;  ///< natural residual of the estimated policy itself: how far
                             ///< the rollouts are from their own equilibrium
};

namespace detail {

/// The natural residual of the policy `game` is anchored to: |nu0 - softmax(log nu0 + r / beta)|.
template <class Game>
[[nodiscard]] AlignmentSolution<double> certify_reference(const Game& game) {
  AlignmentSolution<double> at;
  at.blocks = game.contexts().blocks();
  at.log_nu.assign(game.log_reference().begin(), game.log_reference().end());
  certify_policy(game, at);
  return at;
}

/// The share of the most probable answers that are right: ties within 1e-9 count evenly.
[[nodiscard]] inline double greedy_accuracy(std::span<const double> nu,
                                            std::span<const char> right) {
  double most = 0;
  for (const double p : nu) {
    most = p > most ? p : most;
  }
  double tied = 0;
  double hits = 0;
  for (std::size_t z = 0; z < nu.size(); ++z) {
    if (nu[z] >= most * (1 - 1e-9)) {
      tied += 1;
      hits += right[z] != 0 ? 1 : 0;
    }
  }
  return hits / tied;
}

}  // namespace detail

/// Solves, question by question, the coherence game of `pool` between its contexts, anchored with
/// strength beta to nu0_x(z) = (n_xz + smoothing) / (K_x + smoothing n) (n the distinct answers of
/// the question, equal weights), and says how often the equilibrium policy is right. Right and
/// judged: as in RolloutStatistics. `smoothing` > 0: an answer that a context never gave could
/// otherwise never be adopted; with groups of one sample nothing would move at all.
/// Errors: invalid_argument (beta, smoothing, the pool's weight). Deterministic. Time: one Newton
/// solve a question, O(X^2 n + X^3) a round for X contexts and n answers.
template <CoherenceUtility Pool>
[[nodiscard]] AnswerEquilibrium answer_equilibrium(const AnswerGroups& groups, const Pool& pool,
                                                   double beta, double smoothing) {
  require(smoothing > 0 && std::isfinite(smoothing), Errc::invalid_argument,
          "answer_equilibrium: smoothing must be > 0 and finite, got ", smoothing);
  AnswerEquilibrium result;
  result.beta = beta;
  detail::Mean sampled, greedy, consensus, gain, residual;
  std::vector<double> answered;
  std::vector<char> right;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    const std::size_t count = groups.answers_of(q);
    const auto members = groups.groups_of(q);
    std::vector<std::vector<double>> reference;
    answered.assign(members.size(), 0);
    right.assign(count, 0);
    std::vector<char> judged(members.size(), 1);
    bool question_judged = true;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto g = static_cast<std::size_t>(members[m]);
      std::vector<double> row(count, smoothing);
      for (std::size_t i = 0; i < groups.group(g).size(); ++i) {
        const auto answer = groups.group(g)[i];
        const auto verdict = groups.group_right(g)[i];
        judged[m] = static_cast<char>(judged[m] != 0 && verdict >= 0);
        if (answer >= 0) {
          answered[m] += 1;
          row[static_cast<std::size_t>(answer)] += 1;
          right[static_cast<std::size_t>(answer)] |= static_cast<char>(verdict > 0);
        }
      }
      question_judged = question_judged && judged[m] != 0;
      if (answered[m] > 0) {
        for (double& p : row) {
          p /= answered[m] + smoothing * static_cast<double>(count);
        }
        reference.push_back(std::move(row));
      }
    }
    if (!reference.empty()) {
      const AlignmentGame<Pool, no_backend> game(pool, Contexts<double>(reference), beta);
      const auto found = equilibrium(game);
      const auto start = detail::certify_reference(game);
      ++result.questions;
      result.unconverged += found.status == Status::converged ? 0 : 1;
      result.worst_residual = std::fmax(result.worst_residual, found.residual);
      gain.add(found.value - start.value);
      residual.add(start.residual);
      std::size_t x = 0;
      for (std::size_t m = 0; m < members.size(); ++m) {
        if (answered[m] > 0) {
          const auto nu = found.strategy(x++);
          double mass = 0;
          for (std::size_t z = 0; z < count; ++z) {
            mass += right[z] != 0 ? nu[z] : 0;
          }
          if (judged[m] != 0) {
            const double size =
                static_cast<double>(groups.group(static_cast<std::size_t>(members[m])).size());
            sampled.add(mass * answered[m] / size);
            greedy.add(detail::greedy_accuracy(nu, right));
          }
        } else if (judged[m] != 0 && !groups.group(static_cast<std::size_t>(members[m])).empty()) {
          sampled.add(0);
          greedy.add(0);
        }
      }
      if (question_judged) {
        consensus.add(detail::greedy_accuracy(found.consensus, right));
      }
    } else {
      for (std::size_t m = 0; m < members.size(); ++m) {
        if (judged[m] != 0 && !groups.group(static_cast<std::size_t>(members[m])).empty()) {
          sampled.add(0);
          greedy.add(0);
        }
      }
      if (question_judged) {
        consensus.add(0);
      }
    }
  }
  result.acc_sampled = sampled.get();
  result.acc_greedy = greedy.get();
  result.acc_consensus = consensus.get();
  result.mean_gain = gain.get().value_or(0);
  result.mean_residual = residual.get().value_or(0);
  return result;
}

}  // namespace dag
