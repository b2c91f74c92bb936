// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/train/train_record.hpp>

namespace dag {

/// What a run does when its answers collapse.
enum class OnCollapse {
  report,  ///< says so in the record
  stop,    ///< and ends
  anchor,  ///< and multiplies beta by `raise`
};

/// The reverse of the names report, stop, anchor. Errors: invalid_argument.
[[nodiscard]] inline OnCollapse on_collapse(std::string_view name) {
  require(name == "report" || name == "stop" || name == "anchor", Errc::invalid_argument,
          "on_collapse must be stop, anchor or report, got '", name, "'");
  return name == "report" ? OnCollapse::report
         : name == "stop" ? OnCollapse::stop
                          : OnCollapse::anchor;
}

/// When answers have collapsed. Where labels judge the samples: their smoothed accuracy lies
/// `accuracy_drop` below that of the first steps, or below half of it. Without labels agreement on
/// right and on wrong answers look alike; then the smoothed entropy of a question's answers lies
/// below `entropy_share` of that of the first steps.
struct CollapseOptions {
  std::optional<OnCollapse> rule = {};  ///< none: the record's numbers alone
  double accuracy_drop = 0.1;     ///< with labels: below the first steps by this is a collapse
  double entropy_share = 0.5;     ///< without: below this share of the first entropy
  std::int64_t first_steps = 10;  ///< that make the start; no warning before
  double memory = 0.8;            ///< smoothed <- memory smoothed + (1 - memory) now
  double raise = 2;               ///< of beta, by `anchor`, at most every `first_steps`
  /// Whether an answer of a question is right: > 0 right, 0 wrong, < 0 not known. Empty: no labels.
  std::function<int(std::size_t question, std::int32_t answer)> label = {};
  /// Probability of an answer at the predicted equilibrium. Empty: none is predicted.
  std::function<double(std::size_t question, std::size_t context, std::int32_t answer)> predicted =
      {};
};

/// Watches every question's majority through a run. State: last majorities, means, the factor of
/// beta.
class MajorityWatch {
 public:
  explicit MajorityWatch(const CollapseOptions& options) : options_(&options) {
    if (options.rule) {
      const OptionRules rules("train");
      rules.positive("collapse.accuracy_drop", options.accuracy_drop);
      rules.between_zero_and_one("collapse.entropy_share", options.entropy_share);
      rules.positive("collapse.first_steps", options.first_steps);
      rules.below_one("collapse.memory", options.memory);
      rules.need(options.raise > 1 && std::isfinite(options.raise), "collapse.raise",
                 "> 1 and finite", options.raise);
    }
  }

  [[nodiscard]] double beta_factor() const { return factor_; }

  /// One question's samples, contexts side by side.
  void add(std::size_t question, std::size_t contexts, std::span<const std::int32_t> answers) {
    tally_.assign(answers);
    const std::size_t answered = tally_.answered();
    std::size_t most = 0, next = 0;
    std::int32_t majority = -1;  // the smaller id wins a tie
    double entropy = 0;
    for (std::size_t slot = 0; slot < tally_.distinct(); ++slot) {
      const std::size_t count = tally_.count(slot);
      const double share = static_cast<double>(count) / static_cast<double>(answered);
      entropy -= share * std::log(share);
      next = count > most ? most : std::max(next, count);
      majority = count > most ? tally_.answer(slot) : majority;
      most = std::max(most, count);
    }
    if (answered == 0) {
      return;
    }
    ++questions_;
    entropy_ += entropy;
    margin_ += static_cast<double>(most - next) / static_cast<double>(answered);
    const auto [last, fresh] = last_.try_emplace(question, majority);
    if (!fresh) {
      ++seen_;
      const bool flipped = last->second != majority;
      flips_ += flipped ? 1 : 0;
      agreement_ += flipped ? 0.0 : static_cast<double>(most) / static_cast<double>(answered);
      last->second = majority;
    }
    judge(question, contexts, answers);
  }

  /// The step's means into its record; counts on to the next step. True where the answers have
  /// collapsed.
  bool close(TrainRecord& record) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const auto mean = [](double sum, std::size_t n) {
      return n > 0 ? sum / static_cast<double>(n) : none;
    };
    record.flip_rate = mean(static_cast<double>(flips_), seen_);
    record.margin = mean(margin_, questions_);
    record.agreement = mean(agreement_, seen_ - flips_);
    record.label_accuracy = mean(static_cast<double>(right_), judged_);
    record.equilibrium_distance = mean(distance_, groups_);
    const bool labels = judged_ > 0;
    const double now = labels ? record.label_accuracy : mean(entropy_, questions_);
    entropy_ = margin_ = agreement_ = distance_ = 0;
    questions_ = seen_ = flips_ = right_ = judged_ = groups_ = 0;
    if (!options_->rule || std::isnan(now)) {
      return false;
    }
    ++steps_;
    if (steps_ <= options_->first_steps) {
      start_ += (now - start_) / static_cast<double>(steps_);
      smooth_ = start_;
      return false;
    }
    smooth_ = options_->memory * smooth_ + (1 - options_->memory) * now;
    const bool collapsed = labels
                               ? smooth_ < start_ - std::fmin(options_->accuracy_drop, start_ / 2)
                               : smooth_ < options_->entropy_share * start_;
    if (collapsed && *options_->rule == OnCollapse::anchor &&
        steps_ - raised_ >= options_->first_steps) {
      factor_ *= options_->raise;
      raised_ = steps_;
    }
    record.collapse = collapsed;
    return collapsed;
  }

  [[nodiscard]] std::vector<double> state() const {
    std::vector<double> out{static_cast<double>(steps_), static_cast<double>(raised_), start_,
                            smooth_, factor_};
    for (const auto& [question, majority] : last_) {
      out.insert(out.end(), {static_cast<double>(question), static_cast<double>(majority)});
    }
    return out;
  }
  /// Of a checkpoint; one from before there was a watch has none, and the watch begins anew.
  void restore(std::span<const double> state) {
    if (state.empty()) {
      return;
    }
    require(state.size() >= 5 && state.size() % 2 == 1, Errc::dimension_mismatch,
            "train: the checkpoint's watch has ", state.size(), " numbers");
    steps_ = static_cast<std::int64_t>(state[0]);
    raised_ = static_cast<std::int64_t>(state[1]);
    start_ = state[2];
    smooth_ = state[3];
    factor_ = state[4];
    for (std::size_t i = 5; i + 1 < state.size(); i += 2) {
      last_[static_cast<std::size_t>(state[i])] = static_cast<std::int32_t>(state[i + 1]);
    }
  }

 private:
  void judge(std::size_t question, std::size_t contexts, std::span<const std::int32_t> answers) {
    const std::size_t size = answers.size() / contexts;
    for (std::size_t i = 0; options_->label && i < answers.size(); ++i) {
      const int right = answers[i] >= 0 ? options_->label(question, answers[i]) : 0;
      judged_ += right >= 0 ? 1 : 0;
      right_ += right > 0 ? 1 : 0;
    }
    for (std::size_t x = 0; options_->predicted && x < contexts; ++x) {
      tally_.assign(answers.subspan(x * size, size));
      // Total variation: what the sampled shares have above the predicted.
      double excess = static_cast<double>(size - tally_.answered()) / static_cast<double>(size);
      for (std::size_t slot = 0; slot < tally_.distinct(); ++slot) {
        const double share = static_cast<double>(tally_.count(slot)) / static_cast<double>(size);
        excess += std::fmax(share - options_->predicted(question, x, tally_.answer(slot)), 0.0);
      }
      distance_ += excess;
      ++groups_;
    }
  }

  const CollapseOptions* options_;
  std::map<std::size_t, std::int32_t> last_;
  AnswerTally tally_;
  double entropy_ = 0, margin_ = 0, agreement_ = 0, distance_ = 0;  // sums of this step
  std::size_t questions_ = 0, seen_ = 0, flips_ = 0, right_ = 0, judged_ = 0, groups_ = 0;
  std::int64_t steps_ = 0, raised_ = 0;
  double start_ = 0, smooth_ = 0, factor_ = 1;
};

}  // namespace dag
