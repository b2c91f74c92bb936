// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <span>
#include <vector>

#include <dag/answers/majority_reward.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/train/answer_objective.hpp>

namespace dag {

/// Options of `MajorityObjective`.
struct MajorityOptions {
  double weight = 1;        ///< s, of the reward 1
  VoteOf of = VoteOf::all;  ///< which contexts vote
  /// The first so many samples of a group are trained on, all vote. 0: all are trained on.
  std::size_t trained = 0;
  /// The consensus moves: votes <- memory * votes + (1 - memory) * this step's. 0: only this
  /// step's.
  double memory = 0;
  /// Uses of a question between updates of its votes (the first makes them); 1: every time.
  std::int64_t every = 1;
};

/// Majority vote as a reward (TTRL, arXiv:2504.16084; its own context left out: CPC-GRPO): weight
/// for a sample whose answer has most votes, shared where answers tie, 0 for others. Contexts have
/// equal weight; missing answers do not vote and get 0.
///
/// Signal: reward less the mean reward of the other trained samples of the group, times K /
/// trained, so that the mean over the group is one over its trained part. Of samples with own votes
/// that baseline depends on them a little, by the reward that they turn; with `others`, or a
/// consensus that does not move in this step, it does not, and the expected step is the gradient of
/// the reward. A moving consensus is kept by question and goes into checkpoints; it is one for all
/// contexts, so `others` and `own` are refused beside it. Errors: invalid_argument (options).
class MajorityObjective {
 public:
  explicit MajorityObjective(MajorityOptions options = {}) : options_(options) {
    const OptionRules rules("MajorityObjective");
    rules.positive("weight", options.weight);
    rules.below_one("memory", options.memory);
    rules.positive("every", options.every);
    rules.need(options.trained != 1, "trained",
               "0 or at least 2 (one sample has nothing to be compared with)", options.trained);
    require(!moves() || options.of == VoteOf::all, Errc::invalid_argument,
            "MajorityObjective: a consensus that moves is that of all contexts");
  }

  void operator()(const QuestionSample& sample, std::span<double> signal) {
    if (moves()) {
      remember(sample);
    }
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      if (!moves()) {
        votes_.clear();
        for (std::size_t other = 0; other < sample.contexts; ++other) {
          if (options_.of == VoteOf::all || (other == x) == (options_.of == VoteOf::own)) {
            add_votes(sample.group(other), 1, votes_);
          }
        }
      }
      judge(sample.group(x), moves() ? memory_[sample.question].votes : votes_,
            sample.part(x, signal));
    }
  }

  void begin_step(std::int64_t) {}
  void end_step(double, TargetReport&) {}
  /// By question: its number, uses, votes, then answers with shares.
  [[nodiscard]] std::vector<double> state() const {
    std::vector<double> out;
    for (const auto& [question, kept] : memory_) {
      out.insert(out.end(), {static_cast<double>(question), static_cast<double>(kept.uses),
                             static_cast<double>(kept.votes.size())});
      for (const auto& [answer, share] : kept.votes) {
        out.insert(out.end(), {static_cast<double>(answer), share});
      }
    }
    return out;
  }
  void restore(std::span<const double> state) {
    memory_.clear();
    for (std::size_t i = 0; i < state.size();) {
      require(i + 3 <= state.size() && state[i + 2] >= 0 &&
                  2 * state[i + 2] <= static_cast<double>(state.size() - i - 3),
              Errc::dimension_mismatch, "MajorityObjective: the state of ", state.size(),
              " numbers is not one of this objective");
      Kept& kept = memory_[static_cast<std::size_t>(state[i])];
      kept.uses = static_cast<std::int64_t>(state[i + 1]);
      const auto count = static_cast<std::size_t>(state[i + 2]);
      i += 3;
      for (std::size_t k = 0; k < count; ++k, i += 2) {
        kept.votes[static_cast<std::int32_t>(state[i])] = state[i + 1];
      }
    }
  }

 private:
  using Votes = std::map<std::int32_t, double>;
  struct Kept {
    std::int64_t uses = 0;
    Votes votes;
  };

  [[nodiscard]] bool moves() const { return options_.memory > 0 || options_.every > 1; }

  /// Adds a group's shares times a factor.
  static void add_votes(std::span<const std::int32_t> group, double factor, Votes& to) {
    double answered = 0;
    for (const std::int32_t answer : group) {
      answered += answer >= 0 ? 1 : 0;
    }
    std::map<std::int32_t, double> count;
    for (const std::int32_t answer : group) {
      if (answer >= 0) {
        ++count[answer];
      }
    }
    for (const auto& [answer, n] : count) {
      to[answer] += factor * n / answered;
    }
  }

  void remember(const QuestionSample& sample) {
    Kept& kept = memory_[sample.question];
    const bool first = kept.votes.empty();
    if (first || kept.uses % options_.every == 0) {
      for (auto& [answer, share] : kept.votes) {
        share *= options_.memory;
      }
      for (std::size_t x = 0; x < sample.contexts; ++x) {
        add_votes(sample.group(x), first ? 1 : 1 - options_.memory, kept.votes);
      }
    }
    ++kept.uses;
  }

  void judge(std::span<const std::int32_t> answers, const Votes& votes, std::span<double> signal) {
    share_.clear();
    for (const auto& [answer, share] : votes) {
      share_.push_back(share);
    }
    modes_.find(share_);
    const std::size_t trained = options_.trained > 0 && options_.trained < answers.size()
                                    ? options_.trained
                                    : answers.size();
    double total = 0, scored = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto found = answers[i] >= 0 ? votes.find(answers[i]) : votes.end();
      signal[i] =
          found == votes.end()
              ? 0.0
              : options_.weight *
                    modes_.reward(static_cast<std::size_t>(std::distance(votes.begin(), found)));
      if (i < trained && answers[i] >= 0) {
        total += signal[i];
        scored += 1;
      }
    }
    const double factor = static_cast<double>(answers.size()) / static_cast<double>(trained);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const bool counts = i < trained && answers[i] >= 0 && scored > 1;
      signal[i] = counts ? factor * (signal[i] - (total - signal[i]) / (scored - 1)) : 0.0;
    }
  }

  MajorityOptions options_;
  std::map<std::size_t, Kept> memory_;
  Votes votes_;
  std::vector<double> share_;
  detail::Modes modes_;
};

}  // namespace dag
