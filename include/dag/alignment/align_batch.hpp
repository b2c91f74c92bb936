// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/batched_questions.hpp>
#include <dag/alignment/detail/alignment_lanes.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/equal_parts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/parallel.hpp>
#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/numeric/lanes.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// Options of `align_batch`.
struct AlignBatchOptions {
  double beta = 1;                     ///< of every question, nats
  std::span<const double> betas = {};  ///< or of each question
  double tolerance = 1e-10;            ///< on the residual
  int threads = 1;                     ///< at most so many, where OpenMP is on (dag::openmp)
};

/// What a batch of answer-level games gives: an entry a question; nu and log_nu as the questions'
/// blocks.
struct AlignBatchSolution {
  std::vector<Status> status;
  std::vector<std::int32_t> rounds;  ///< of Newton's method, the most over its contexts; closed: 0
  std::vector<double> value;         ///< J(nu)
  std::vector<double> residual;      ///< as `AlignmentSolution`'s
  std::vector<double> gap;           ///< as `AlignmentSolution`'s
  std::vector<std::uint8_t> alone;   ///< 1: a context was left to the solver of single ones
  std::vector<double> nu;
  std::vector<double> log_nu;
};

namespace detail {

inline namespace DAG_BINARY_NAMESPACE {

/// One part: contexts of one number of answers.
template <BatchUtility U>
class AlignBatchPart {
 public:
  struct Found {  ///< an entry a context
    std::vector<double> value, residual, gap;
    std::vector<std::int32_t> rounds;
    std::vector<std::uint8_t> alone;
  };

  AlignBatchPart(const U& utility, const Blocks& blocks, std::span<const double> log_reference,
                 std::span<const double> beta, double tolerance, Found& found,
                 AlignBatchSolution& out)
      : u_(utility),
        blocks_(blocks),
        log_reference_(log_reference),
        beta_(beta),
        tolerance_(tolerance),
        found_(found),
        out_(out) {}

  void solve(std::span<const std::size_t> contexts) {
    const std::size_t answers = blocks_.size(contexts[0]);
    AlignmentLanes<U> lanes(u_, answers);
    for (std::size_t at = 0; at < contexts.size(); at += lane_count) {
      const auto group = contexts.subspan(at, std::min(lane_count, contexts.size() - at));
      load(lanes, group);
      lanes.solve();
      lanes.certify();
      keep(lanes, group);
    }
    std::vector<double> base(answers);
    for (const std::size_t x : contexts) {
      if (!(found_.residual[x] <= tolerance_)) {
        alone(lanes, x, base);
      }
    }
  }

 private:
  /// Lanes beyond the group repeat its first context.
  void load(AlignmentLanes<U>& lanes, std::span<const std::size_t> group) {
    for (std::size_t l = 0; l < lane_count; ++l) {
      const std::size_t x = group[l < group.size() ? l : 0];
      lanes.first[l] = blocks_.offset(x);
      lanes.beta[l] = beta_[x];
      for (std::size_t z = 0; z < lanes.s.size(); ++z) {
        lanes.log_reference[z][l] = log_reference_[blocks_.offset(x) + z];
      }
    }
  }
  void keep(const AlignmentLanes<U>& lanes, std::span<const std::size_t> group) {
    for (std::size_t l = 0; l < group.size(); ++l) {
      const std::size_t x = group[l];
      found_.value[x] = lanes.value[l];
      found_.residual[x] = lanes.residual[l];
      found_.gap[x] = lanes.gap[l];
      found_.rounds[x] = lanes.rounds[l];
      for (std::size_t z = 0; z < lanes.s.size(); ++z) {
        out_.log_nu[blocks_.offset(x) + z] = lanes.s[z][l];
        out_.nu[blocks_.offset(x) + z] = lanes.nu[z][l];
      }
    }
  }
  /// By `ContextResponse`, where it does better.
  void alone(AlignmentLanes<U>& lanes, std::size_t x, std::span<double> base) {
    const std::array<std::size_t, 1> group{x};
    load(lanes, group);
    const auto log_nu = blocks_.of(std::span<double>(out_.log_nu), x);
    const std::vector<double> before(log_nu.begin(), log_nu.end());
    ContextResponse<U>(u_, beta_[x])
        .solve(blocks_.offset(x), blocks_.of(log_reference_, x), {}, base, log_nu);
    for (std::size_t z = 0; z < base.size(); ++z) {
      lanes.s[z].at.fill(log_nu[z]);
      lanes.nu[z].at.fill(std::exp(log_nu[z]));
    }
    lanes.rounds = {};
    lanes.certify();
    found_.alone[x] = 1;
    if (lanes.residual[0] <= found_.residual[x] || std::isnan(found_.residual[x])) {
      keep(lanes, group);
    } else {
      std::copy(before.begin(), before.end(), log_nu.begin());
    }
    require(!std::isnan(found_.residual[x]), Errc::not_finite,
            "align_batch: the utility's reward is NaN in context ", x);
  }

  const U& u_;
  const Blocks& blocks_;
  std::span<const double> log_reference_, beta_;
  double tolerance_;
  Found& found_;
  AlignBatchSolution& out_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace detail

inline namespace DAG_BINARY_NAMESPACE {

/// The equilibria of many answer-level games of one utility in one call: what `equilibrium` finds
/// for each, with the same certificate. The utility is pointwise or a sum of such; its data
/// (rewards, a goal) are stacked over all questions. Contexts of one number of answers are taken
/// eight in step; one whose tolerance is missed is solved again by the scalar roots of
/// `equilibrium`. Threads take parts of contexts; the bits are the same for any number of them, and
/// for a question alone or among others. Errors: invalid_argument (options; a reference on which F
/// = -inf, naming the context), dimension_mismatch (betas, the utility's data), not_finite. Memory:
/// the results, the references again, and 56 bytes an answer, lane and thread.
template <Utility U>
requires detail::BatchUtility<U>
[[nodiscard]] AlignBatchSolution align_batch(const U& utility,
                                             const BatchedQuestions<double>& questions,
                                             const AlignBatchOptions& options = {}) {
  const std::size_t count = questions.size();
  const OptionRules rules("align_batch");
  rules.not_negative("tolerance", options.tolerance);
  rules.positive("threads", options.threads);
  require(options.betas.empty() || options.betas.size() == count, Errc::dimension_mismatch,
          "align_batch: ", options.betas.size(), " betas for ", count, " questions");
  const Blocks& blocks = questions.blocks();
  const auto begin = questions.context_begin();
  check_utility(utility, blocks);
  std::vector<double> beta(blocks.count());
  for (std::size_t g = 0; g < count; ++g) {
    const double own = options.betas.empty() ? options.beta : options.betas[g];
    require(own > 0 && std::isfinite(own), Errc::invalid_argument,
            "align_batch: beta must be > 0 and finite, got ", own, " for question ", g);
    std::fill(beta.begin() + static_cast<std::ptrdiff_t>(begin[g]),
              beta.begin() + static_cast<std::ptrdiff_t>(begin[g + 1]), own);
  }
  std::vector<double> log_reference(questions.log_reference().begin(),
                                    questions.log_reference().end());
  detail::restrict_support(utility, blocks, std::span<double>(log_reference));

  AlignBatchSolution out;
  out.nu.resize(blocks.total());
  out.log_nu.resize(blocks.total());
  using Part = detail::AlignBatchPart<U>;
  typename Part::Found found;
  for (std::vector<double>* numbers : {&found.value, &found.residual, &found.gap}) {
    numbers->resize(blocks.count());
  }
  found.rounds.resize(blocks.count());
  found.alone.resize(blocks.count());
  const detail::EqualParts parts(blocks.count(), 256,
                                 [&](std::size_t x) { return blocks.size(x); });
  detail::spread_parts(parts.parts(), options.threads, [&](std::size_t part) {
    Part(utility, blocks, log_reference, beta, options.tolerance, found, out)
        .solve(parts.items(part));
  });

  for (std::vector<double>* numbers : {&out.value, &out.residual, &out.gap}) {
    numbers->resize(count);
  }
  out.status.resize(count);
  out.rounds.resize(count);
  out.alone.resize(count);
  for (std::size_t g = 0; g < count; ++g) {
    for (std::size_t x = begin[g]; x < begin[g + 1]; ++x) {
      out.value[g] += questions.weights()[x] * found.value[x];
      out.gap[g] += questions.weights()[x] * found.gap[x];
      out.residual[g] = std::max(out.residual[g], found.residual[x]);
      out.rounds[g] = std::max(out.rounds[g], found.rounds[x]);
      out.alone[g] = std::max(out.alone[g], found.alone[x]);
    }
    out.status[g] = out.residual[g] <= options.tolerance ? Status::converged : Status::stalled;
  }
  return out;
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag
