// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "answer_truths.hpp"

namespace cli {

/// Equilibria of the agreement of contexts as the strength s = weight / beta moves: J is linear in
/// what one context plays, less its divergence, so that the best a context can do against the
/// others is a softmax; one context after the other plays it, which never lowers J, until nothing
/// moves. At a fold or a branch the way of an equilibrium turns as a square root or breaks off.
/// Nothing is told where rounding, or a bound on the work, ends a way.
class AgreementWays {
 public:
  explicit AgreementWays(const AnswerProblem& problem) : problem_(problem) {}
  /// Up to 8 contexts, 256 probabilities, and a strength that doubles resolve.
  [[nodiscard]] bool small() const;

  /// Whether the equilibrium at `from`, followed down, ends at `onset` (0: goes all the way):
  /// within about 1 %.
  [[nodiscard]] std::optional<bool> begins_at(AnswerRows nu, double from, double onset) const;

  /// A turn of the way up: "fold" where the way bends towards its end like a square root and goes
  /// no further, "branch" where it is smooth up to there, empty between the two.
  struct Turn {
    bool there = false;
    std::string kind;
  };
  /// Whether the one equilibrium of s = 0, followed up to `to`, meets a fold or a branch at each of
  /// `strengths`, in order, within about 1 %: one entry each, up to the first that is not there.
  [[nodiscard]] std::optional<std::vector<Turn>> turns_at(const std::vector<double>& strengths,
                                                          double to) const;

 private:
  /// Ascent at s; false where it does not settle.
  bool settle(AnswerRows& nu, double strength) const;
  /// In steps from one strength to another.
  bool follow(AnswerRows& nu, double from, double to) const;
  /// Walks up or down to `at` and on beyond it: does the way turn there?
  std::optional<Turn> turns(AnswerRows& nu, double from, double at, double direction) const;

  const AnswerProblem& problem_;
  mutable double work_ = 1e8;  ///< exponentials that may still be computed
};

}  // namespace cli
