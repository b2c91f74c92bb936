// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "answer_truths.hpp"

namespace cli {

/// Equilibria of the agreement of contexts as the strength s = weight / beta moves: J is linear in
/// what one context plays, less its divergence, so that the best a context can do against the
/// others is a softmax; one context after the other plays it, which never lowers J, until nothing
/// moves. At a fold or a branch the way of an equilibrium turns as a square root or breaks off.
class AgreementWays {
 public:
  explicit AgreementWays(const AnswerProblem& problem) : problem_(problem) {}
  /// Up to 8 contexts and 256 probabilities.
  [[nodiscard]] bool small() const;

  /// Whether the equilibrium at `from`, followed down, ends at `onset` (0: goes all the way):
  /// within about 1 %.
  [[nodiscard]] bool begins_at(AnswerRows nu, double from, double onset) const;

  /// Whether the one equilibrium of s = 0, followed up to `to`, meets a fold or a branch at each of
  /// `strengths`, in order, within about 1 %.
  [[nodiscard]] bool turns_at(const std::vector<double>& strengths, double to) const;

 private:
  /// Ascent at s; false where it does not settle.
  bool settle(AnswerRows& nu, double strength) const;
  /// In steps from one strength to another.
  bool follow(AnswerRows& nu, double from, double to) const;
  /// Walks over b towards `to` and on beyond it: does the way turn there?
  bool turns(AnswerRows& nu, double from, double at, double direction) const;

  const AnswerProblem& problem_;
};

}  // namespace cli
