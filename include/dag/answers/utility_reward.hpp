// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/answer_universe.hpp>
#include <dag/answers/consensus.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/utility/evaluate.hpp>

namespace dag {

/// How a group becomes the distribution at which a utility's gradient is taken:
/// nu(z) = (n_z + smoothing) / (K + smoothing n), n the answers of the question's universe.
struct UtilityRewardOptions {
  Counts counts = Counts::plug_in;  ///< whose samples count: all, or the others
  double smoothing = 0;             ///< added to the count of every answer
};

/// Rewards of any utility without a Target of its own that looks at one context at a time: a sample
/// earns dF/dnu(z) at the distribution estimated from its group. `utility_of(g)` makes the utility
/// of group g over the answers of its question in `universe`.
///
/// Bias of nu E[reward] against nu dF/dnu: plug_in O(1/K); leave_one_out, which takes the sample
/// out of the counts, none where the gradient is affine in nu (MMD), O(1/K) elsewhere. Smoothing
/// adds its own. Without smoothing leave-one-out has nothing to say in a group of one answer: NaN.
/// Out: one reward a sample, NaN for a missing answer; returns the number of NaN. One gradient a
/// group; with leave_one_out one a distinct answer of it. Errors: those of the utility, naming the
/// question; not_finite, naming the answer; invalid_argument (smoothing), dimension_mismatch.
/// `count_of`: what each entry stands for where the universe's groups are merged counts.
template <class UtilityOf>
std::size_t utility_rewards(const AnswerUniverse& universe, const UtilityRewardOptions& options,
                            UtilityOf&& utility_of, std::span<double> out,
                            std::span<const std::int64_t> count_of = {}) {
  const AnswerGroups& groups = universe.groups();
  const CountedGroups source =
      count_of.empty() ? CountedGroups(groups) : CountedGroups(groups, count_of);
  const double smoothing = options.smoothing;
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "utility_rewards: ", groups.samples(), " samples but room for ", out.size(), " rewards");
  require(smoothing >= 0 && std::isfinite(smoothing), Errc::invalid_argument,
          "utility_rewards: smoothing must be >= 0 and finite, got ", smoothing);
  const std::vector<double> weights{1.0};
  QuestionCounts counts;
  std::vector<double> count, nu, log_nu, reward, gradient, scratch;
  std::size_t unscored = 0;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    const auto q = static_cast<std::size_t>(groups.question[g]);
    const auto answers = groups.group(g);
    const auto rewards = out.subspan(static_cast<std::size_t>(groups.begin[g]), answers.size());
    const std::size_t n = universe.size(q);
    for (auto* buffer : {&count, &nu, &log_nu, &reward, &gradient, &scratch}) {
      buffer->assign(n, 0.0);
    }
    counts.load_group(source, g);
    for (const auto& entry : counts.entries(0)) {
      count[static_cast<std::size_t>(entry.answer)] = static_cast<double>(entry.count);
    }
    const auto answered = static_cast<double>(counts.answered(0));
    const bool alone = options.counts == Counts::leave_one_out && answered == 1 && smoothing == 0;
    if (answered > 0 && !alone) {
      DAG_TRY {
        const auto utility = utility_of(g);
        const Blocks blocks = Blocks::uniform(1, n);
        check_utility(utility, blocks);
        const auto differentiate = [&](double samples) {
          for (std::size_t z = 0; z < n; ++z) {
            nu[z] = (count[z] + smoothing) / (samples + smoothing * static_cast<double>(n));
            log_nu[z] = std::log(nu[z]);
          }
          gradient_of(
              utility, AnswersView<double>{blocks, weights, StateView<const double>{nu, log_nu}},
              std::span<const double>{}, std::span<double>(gradient), std::span<double>(scratch));
        };
        if (options.counts == Counts::plug_in) {
          differentiate(answered);
          reward = gradient;
        }
        for (std::size_t z = 0; z < n && options.counts == Counts::leave_one_out; ++z) {
          if (count[z] > 0) {
            count[z] -= 1;
            differentiate(answered - 1);
            count[z] += 1;
            reward[z] = gradient[z];
          }
        }
      }
      DAG_CATCH(Error, error) {
        fail(error.code(), "question '", groups.questions[groups.question[g]], "': ", error.what());
      }
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const bool scored = answers[i] >= 0 && !alone;
      rewards[i] = scored ? reward[static_cast<std::size_t>(answers[i])]
                          : std::numeric_limits<double>::quiet_NaN();
      unscored += scored ? 0 : source.of(static_cast<std::size_t>(groups.begin[g]) + i);
      if (scored && !std::isfinite(rewards[i])) {
        fail(Errc::not_finite, "utility_rewards: the reward of answer '",
             groups.answer_text(q, answers[i]), "' of question '",
             groups.questions[groups.question[g]], "' is ", rewards[i], "; use smoothing > 0");
      }
    }
  }
  return unscored;
}

}  // namespace dag
