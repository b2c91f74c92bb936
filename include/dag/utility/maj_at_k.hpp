// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// The largest k of `MajAtK`.
inline constexpr std::size_t maj_at_k_limit = 64;

namespace detail {

/// The sum over all vote counts j_1 + .. + j_n = votes of prod_w term(w, j_w) times the share of
/// right answers among those with most votes: linear in the terms of each answer. Terms nu^j / j!
/// give the chance of a right plurality (times votes!), binomials the subsets of a sample. One pass
/// over the answers for each count of the winners ("cap"), over states of (answers at the cap,
/// votes given); the derivatives by every term from the same pass backwards. All terms >= 0 give
/// sums without cancellation. Time answers * votes^3, memory answers * votes^2.
template <class Real>
class PluralitySum {
 public:
  PluralitySum(std::size_t answers, std::size_t votes)
      : answers_(answers),
        votes_(votes),
        terms_(answers * (votes + 1)),
        slopes_(answers * (votes + 1)) {}

  [[nodiscard]] std::size_t votes() const noexcept { return votes_; }
  [[nodiscard]] Real& term(std::size_t w, std::size_t j) { return terms_[w * (votes_ + 1) + j]; }
  /// Derivative by term(w, j), after `differentiate`.
  [[nodiscard]] Real slope(std::size_t w, std::size_t j) const {
    return slopes_[w * (votes_ + 1) + j];
  }

  /// right(w): whether answer w is right.
  template <class Right>
  [[nodiscard]] Real value(Right&& right) {
    Real total = 0;
    for (std::size_t cap = 1; cap <= votes_; ++cap) {
      total += answers_ * cap >= votes_ ? forward(cap, right) : Real{0};
    }
    return total;
  }
  template <class Right>
  void differentiate(Right&& right) {
    std::fill(slopes_.begin(), slopes_.end(), Real{0});
    for (std::size_t cap = 1; cap <= votes_; ++cap) {
      if (answers_ * cap >= votes_) {
        (void)forward(cap, right);
        backward(cap, right);
      }
    }
  }

 private:
  /// Sums over the answers so far: all of them, and times the right answers at the cap.
  struct State {
    Real all = 0, right = 0;
  };
  [[nodiscard]] std::size_t at(std::size_t tied, std::size_t given) const {
    return tied * (votes_ + 1) + given;
  }

  template <class Right>
  [[nodiscard]] Real forward(std::size_t cap, Right&& right) {
    const std::size_t most = votes_ / cap, stride = (most + 1) * (votes_ + 1);
    states_.assign((answers_ + 1) * stride, State{});
    states_[0].all = 1;
    for (std::size_t w = 0; w < answers_; ++w) {
      const State* from = states_.data() + w * stride;
      State* to = states_.data() + (w + 1) * stride;
      for (std::size_t tied = 0; tied <= most; ++tied) {
        for (std::size_t given = tied * cap; given <= votes_; ++given) {
          const State s = from[at(tied, given)];
          if (s.all == 0) {
            continue;
          }
          for (std::size_t j = 0; j < cap && given + j <= votes_; ++j) {
            to[at(tied, given + j)].all += term(w, j) * s.all;
            to[at(tied, given + j)].right += term(w, j) * s.right;
          }
          if (tied < most && given + cap <= votes_) {
            State& next = to[at(tied + 1, given + cap)];
            next.all += term(w, cap) * s.all;
            next.right += term(w, cap) * (s.right + (right(w) ? s.all : Real{0}));
          }
        }
      }
    }
    Real total = 0;
    for (std::size_t tied = 1; tied <= most; ++tied) {
      total += states_[answers_ * stride + at(tied, votes_)].right / static_cast<Real>(tied);
    }
    return total;
  }

  template <class Right>
  void backward(std::size_t cap, Right&& right) {
    const std::size_t most = votes_ / cap, stride = (most + 1) * (votes_ + 1);
    adjoint_.assign(stride, State{});
    for (std::size_t tied = 1; tied <= most; ++tied) {
      adjoint_[at(tied, votes_)].right = 1 / static_cast<Real>(tied);
    }
    for (std::size_t w = answers_; w-- > 0;) {
      const State* from = states_.data() + w * stride;
      Real* slope = slopes_.data() + w * (votes_ + 1);
      before_.assign(stride, State{});
      for (std::size_t tied = 0; tied <= most; ++tied) {
        for (std::size_t given = tied * cap; given <= votes_; ++given) {
          const State s = from[at(tied, given)];
          State& out = before_[at(tied, given)];
          for (std::size_t j = 0; j < cap && given + j <= votes_; ++j) {
            const State a = adjoint_[at(tied, given + j)];
            out.all += term(w, j) * a.all;
            out.right += term(w, j) * a.right;
            slope[j] += a.all * s.all + a.right * s.right;
          }
          if (tied < most && given + cap <= votes_) {
            State a = adjoint_[at(tied + 1, given + cap)];
            a.all += right(w) ? a.right : Real{0};
            out.all += term(w, cap) * a.all;
            out.right += term(w, cap) * a.right;
            slope[cap] += a.all * s.all + a.right * s.right;
          }
        }
      }
      adjoint_.swap(before_);
    }
  }

  std::size_t answers_, votes_;
  std::vector<Real> terms_, slopes_;  ///< by answer and votes
  std::vector<State> states_;         ///< before each answer
  std::vector<State> adjoint_, before_;
};

inline std::size_t maj_votes(double k, const char* where) {
  require(k >= 1 && k <= static_cast<double>(maj_at_k_limit) && k == std::floor(k),
          Errc::invalid_argument, where, ": k must be a whole number from 1 to ", maj_at_k_limit,
          ", got ", k);
  return static_cast<std::size_t>(k);
}

}  // namespace detail

/// F(nu) = tau sum_x w_x P(the plurality of k samples of nu_x is right), ties shared evenly among
/// the answers that tie: maj@k. Source: arXiv:2503.19595. k = 1 (and k = 2) is the expected 0/1
/// reward. Reward tau k E[outcome with z among the k samples]. NOT concave: an answer that leads
/// gains more from each further vote, so that the game may have several equilibria; what ascent
/// from the reference reaches is stationary and no worse than the reference, another one may exist.
/// Value and gradient: answers * k^3 a context (`detail::PluralitySum`). Errors:
/// dimension_mismatch, invalid_argument (k a whole number from 1 to 64, tau > 0).
template <Scalar Real>
struct MajAtK {
  using scalar_type = Real;
  static constexpr bool concave = false;
  CorrectSet correct_set;
  Real k = 4;    ///< votes
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Real value(AnswersView<Real> answers) const {
    Real total = 0;
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      auto sum = sum_of(answers, x);
      total += answers.weights[x] * sum.value(right(answers.blocks.offset(x)));
    }
    return tau * orders() * total;
  }
  void gradient(AnswersView<Real> answers, std::span<Real> out) const {
    for (std::size_t x = 0; x < answers.blocks.count(); ++x) {
      auto sum = sum_of(answers, x);
      const std::size_t first = answers.blocks.offset(x);
      sum.differentiate(right(first));
      for (std::size_t z = 0; z < answers.blocks.size(x); ++z) {
        Real power = unit(), slope = 0;  // of unit^j nu^j / j!
        for (std::size_t j = 1; j <= sum.votes(); ++j) {
          slope += power * sum.slope(z, j);
          power *= unit() * answers.nu.point[first + z] / static_cast<Real>(j);
        }
        out[first + z] = answers.weights[x] * tau * orders() * slope;
      }
    }
  }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "MajAtK");
    (void)detail::maj_votes(static_cast<double>(k), "MajAtK");
    detail::require_weight(tau, "MajAtK");
  }

 private:
  [[nodiscard]] auto right(std::size_t first) const {
    return [this, first](std::size_t z) -> bool { return correct_set[first + z]; };
  }
  /// Probabilities are scaled so that no factorial leaves the range: of float k! would.
  [[nodiscard]] Real unit() const { return k * Real(0.37); }
  /// k! / unit^k: the orders of the samples.
  [[nodiscard]] Real orders() const {
    Real product = 1;
    for (Real j = 1; j <= k; j += 1) {
      product *= j / unit();
    }
    return product;
  }
  [[nodiscard]] detail::PluralitySum<Real> sum_of(AnswersView<Real> answers, std::size_t x) const {
    detail::PluralitySum<Real> sum(answers.blocks.size(x), static_cast<std::size_t>(k));
    for (std::size_t z = 0; z < answers.blocks.size(x); ++z) {
      Real power = 1;
      for (std::size_t j = 0; j <= sum.votes(); ++j) {
        sum.term(z, j) = power;
        power *= unit() * answers.nu.point[answers.blocks.offset(x) + z] / static_cast<Real>(j + 1);
      }
    }
    return sum;
  }
};

/// The rewards of `MajAtK` at weight 1 from one group, by answer: `count` samples gave each answer,
/// K in all. k times the mean, over all sets T of k - 1 of the other samples, of outcome(T and the
/// sample) - outcome(T), outcome the right share of the plurality: what the sample changes. A
/// U-statistic: no bias for k <= K; the second term, which the sample has no part in, moves no
/// gradient. out: a reward an answer, 0 where count is 0. Nothing depends on the order of the
/// samples. Time answers * k^3. Errors: dimension_mismatch, invalid_argument (k a whole number from
/// 1 to 64 and to K).
inline void maj_at_k_rewards(std::span<const std::size_t> count, const CorrectSet& correct,
                             double k, std::span<double> out) {
  require(correct.size() == count.size() && out.size() == count.size(), Errc::dimension_mismatch,
          "maj_at_k_rewards: ", count.size(), " counts, ", correct.size(),
          " correctness flags, room for ", out.size(), " rewards");
  const std::size_t votes = detail::maj_votes(k, "maj_at_k_rewards");
  std::vector<std::size_t> given;
  std::size_t total = 0;
  for (std::size_t z = 0; z < count.size(); ++z) {
    out[z] = 0;
    total += count[z];
    if (count[z] > 0) {
      given.push_back(z);
    }
  }
  require(votes <= total, Errc::invalid_argument, "maj_at_k_rewards: k must be at most the ", total,
          " samples of the group, got ", k);
  const auto right = [&](std::size_t w) -> bool { return correct[given[w]]; };
  const auto size = static_cast<double>(total);
  // Binomials over K^j, so that neither they nor their products overflow.
  const auto filled = [&](std::size_t of) {
    detail::PluralitySum<double> sum(given.size(), of);
    for (std::size_t w = 0; w < given.size(); ++w) {
      const auto n = static_cast<double>(count[given[w]]);
      double term = 1;
      for (std::size_t j = 0; j <= of; ++j) {
        sum.term(w, j) = term;
        term *= (n - static_cast<double>(j)) / (size * static_cast<double>(j + 1));
        term = term > 0 ? term : 0;
      }
    }
    sum.differentiate(right);
    return sum;
  };
  /// prod_{i = 1}^{of} i K / (K - i): of! K^of / (the sets of `of` samples out of K - 1, ordered).
  const auto sets = [&](std::size_t of) {
    double product = 1;
    for (std::size_t i = 1; i <= of; ++i) {
      product *= static_cast<double>(i) * size / (size - static_cast<double>(i));
    }
    return product;
  };
  const auto with = filled(votes);
  const double scale = k * sets(votes - 1);
  for (std::size_t w = 0; w < given.size(); ++w) {
    const auto n = static_cast<double>(count[given[w]]);
    double term = 1, mean = 0;  // C(n - 1, j - 1) / K^(j - 1)
    for (std::size_t j = 1; j <= votes && term > 0; ++j) {
      mean += with.slope(w, j) * term;
      term *= (n - static_cast<double>(j)) / (size * static_cast<double>(j));
    }
    out[given[w]] = scale * mean;
  }
  if (votes == 1) {
    return;  // nobody beside it
  }
  const auto without = filled(votes - 1);
  for (std::size_t w = 0; w < given.size(); ++w) {
    const auto n = static_cast<double>(count[given[w]]);
    double term = 1, mean = 0;  // C(n - 1, j) / K^j
    for (std::size_t j = 0; j < votes && term > 0; ++j) {
      mean += without.slope(w, j) * term;
      term *= (n - 1 - static_cast<double>(j)) / (size * static_cast<double>(j + 1));
    }
    out[given[w]] -= scale * mean;
  }
}

}  // namespace dag
