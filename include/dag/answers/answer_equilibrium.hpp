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

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/answers/detail/vote.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/statistics.hpp>
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

/// The contexts of one question as a game needs them.
struct QuestionAnswers {
  struct Member {
    double size = 0;      ///< samples
    double answered = 0;  ///< of these, with an answer
    bool judged = true;
  };
  std::vector<Member> members;
  std::vector<std::vector<double>> reference;  ///< of the members with an answer, in their order
  std::vector<char> right;                     ///< by answer

  void load(const AnswerGroups& groups, std::size_t q, double smoothing) {
    const std::size_t count = groups.answers_of(q);
    members.clear();
    reference.clear();
    right.assign(count, 0);
    for (const auto index : groups.groups_of(q)) {
      const auto g = static_cast<std::size_t>(index);
      const auto answers = groups.group(g);
      const auto verdicts = groups.group_right(g);
      Member member{.size = static_cast<double>(answers.size())};
      std::vector<double> row(count, smoothing);
      for (std::size_t i = 0; i < answers.size(); ++i) {
        member.judged = member.judged && verdicts[i] >= 0;
        if (answers[i] >= 0) {
          const auto z = static_cast<std::size_t>(answers[i]);
          member.answered += 1;
          row[z] += 1;
          right[z] = static_cast<char>(right[z] != 0 || verdicts[i] > 0);
        }
      }
      if (member.answered > 0) {
        for (double& p : row) {
          p /= member.answered + smoothing * static_cast<double>(count);
        }
        reference.push_back(std::move(row));
      }
      members.push_back(member);
    }
  }
};

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
  detail::QuestionAnswers question;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    question.load(groups, q, smoothing);
    AlignmentSolution<double> found;
    if (!question.reference.empty()) {
      const AlignmentGame<Pool, no_backend> game(pool, Contexts<double>(question.reference), beta);
      found = equilibrium(game);
      const auto start = detail::certify_reference(game);
      ++result.questions;
      result.unconverged += found.status == Status::converged ? 0 : 1;
      result.worst_residual = std::fmax(result.worst_residual, found.residual);
      gain.add(found.value - start.value);
      residual.add(start.residual);
    }
    bool judged = true;
    std::size_t x = 0;
    for (const auto& member : question.members) {
      judged = judged && member.judged;
      const bool plays = member.answered > 0;
      if (member.judged && member.size > 0) {
        double mass = 0;
        for (std::size_t z = 0; plays && z < question.right.size(); ++z) {
          mass += question.right[z] != 0 ? found.strategy(x)[z] : 0;
        }
        sampled.add(mass * member.answered / member.size);
        greedy.add(plays ? detail::greedy_accuracy(found.strategy(x), question.right) : 0);
      }
      x += plays ? 1 : 0;
    }
    if (judged) {
      consensus.add(question.reference.empty()
                        ? 0
                        : detail::greedy_accuracy(found.consensus, question.right));
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
