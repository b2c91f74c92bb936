// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>

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

/// nu0 of the contexts with an answer, in ascending order of the rows, so that the order of the
/// contexts changes nothing; player[x]: the row of context x.
[[nodiscard]] inline std::vector<std::vector<double>> smoothed_rows(
    const QuestionCounts& counts, double smoothing, std::vector<std::size_t>& player) {
  std::vector<std::pair<std::vector<double>, std::size_t>> rows;  // and their contexts
  for (std::size_t x = 0; x < counts.contexts(); ++x) {
    if (counts.answered(x) == 0) {
      continue;
    }
    const double mass =
        static_cast<double>(counts.answered(x)) + smoothing * static_cast<double>(counts.answers());
    rows.emplace_back(std::vector<double>(counts.answers(), smoothing / mass), x);
    for (const auto& entry : counts.entries(x)) {
      rows.back().first[static_cast<std::size_t>(entry.answer)] =
          (static_cast<double>(entry.count) + smoothing) / mass;
    }
  }
  std::sort(rows.begin(), rows.end());
  player.assign(counts.contexts(), 0);
  std::vector<std::vector<double>> sorted;
  for (auto& [row, context] : rows) {
    player[context] = sorted.size();
    sorted.push_back(std::move(row));
  }
  return sorted;
}

}  // namespace detail

/// Solves, question by question, the coherence game of `pool` between its contexts, anchored with
/// strength beta to nu0_x(z) = (n_xz + smoothing) / (K_x + smoothing n) (n the distinct answers of
/// the question, equal weights), and says how often the equilibrium policy is right. Right and
/// judged: as in RolloutStatistics. `smoothing` > 0: an answer that a context never gave could
/// otherwise never be adopted; with groups of one sample nothing would move at all.
/// Errors: invalid_argument (beta, smoothing, the pool's weight). Deterministic; the
/// same bits in any order of contexts and, where answers are numbered alike (`sort_answers`), of
/// samples. Time: one Newton solve a question, O(X^2 n + X^3) a round for X contexts and n answers.
template <CoherenceUtility Pool>
[[nodiscard]] AnswerEquilibrium answer_equilibrium(const CountedGroups& source, const Pool& pool,
                                                   double beta, double smoothing) {
  require(smoothing > 0 && std::isfinite(smoothing), Errc::invalid_argument,
          "answer_equilibrium: smoothing must be > 0 and finite, got ", smoothing);
  AnswerEquilibrium result;
  result.beta = beta;
  Mean sampled, greedy, consensus, gain, residual;
  QuestionCounts counts;
  std::vector<char> right;
  std::vector<std::size_t> player;  // of each context
  const auto accuracy_of = [&](std::span<const double> nu) {
    return winner_accuracy(
        nu.size(), [&](std::size_t z) { return nu[z]; },
        [&](std::size_t z) { return right[z] != 0; });
  };
  for (std::size_t q = 0; q < source.groups.questions.size(); ++q) {
    counts.load(source, q);
    right_answers(counts, right);
    const auto reference = detail::smoothed_rows(counts, smoothing, player);
    AlignmentSolution<double> found;
    if (!reference.empty()) {
      const AlignmentGame<Pool, no_backend> game(pool, Contexts<double>(reference), beta);
      found = equilibrium(game);
      const auto start = detail::certify_reference(game);
      ++result.questions;
      result.unconverged += found.status == Status::converged ? 0 : 1;
      result.worst_residual = std::fmax(result.worst_residual, found.residual);
      gain.add(found.value - start.value);
      residual.add(start.residual);
    }
    for (std::size_t x = 0; x < counts.contexts(); ++x) {
      const auto& context = counts.context(x);
      const bool plays = context.answered > 0;
      if (counts.judged(x) && context.samples > 0) {
        double mass = 0;
        for (std::size_t z = 0; plays && z < right.size(); ++z) {
          mass += right[z] != 0 ? found.strategy(player[x])[z] : 0;
        }
        sampled.add(mass * static_cast<double>(context.answered) /
                    static_cast<double>(context.samples));
        greedy.add(plays ? accuracy_of(found.strategy(player[x])) : 0);
      }
    }
    if (counts.judged()) {
      consensus.add(reference.empty() ? 0 : accuracy_of(found.consensus));
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
