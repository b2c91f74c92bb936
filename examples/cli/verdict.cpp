// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "output.hpp"

namespace cli {
namespace {

nlohmann::ordered_json maybe(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

std::string shown(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "not known";
}

/// What the vote changes in accuracy, question by question: the mean of (majority right) less (a
/// sample right), with Student's interval of 95 % and the bounds that always hold.
struct Gain {
  double mean = 0, low = -1, high = 1;
  std::size_t questions = 0;
};
Gain gain_of(const dag::Verdict& verdict) {
  Gain gain;
  double squares = 0;
  for (const dag::QuestionVerdict& question : verdict.questions) {
    if (question.right) {  // Welford
      const double change = *question.right - *question.acc_sampled, before = gain.mean;
      ++gain.questions;
      gain.mean += (change - before) / static_cast<double>(gain.questions);
      squares += (change - before) * (change - gain.mean);
    }
  }
  if (gain.questions > 1) {
    const auto n = static_cast<double>(gain.questions);
    const double half = student(gain.questions - 1) * std::sqrt(squares / (n - 1) / n);
    gain.low = std::max(gain.mean - half, -1.0);
    gain.high = std::min(gain.mean + half, 1.0);
  }
  return gain;
}

/// The middle of the margins of the questions whose answers differ.
std::optional<double> median_margin(const dag::Verdict& verdict) {
  std::vector<double> margins;
  for (const dag::QuestionVerdict& question : verdict.questions) {
    if (question.lock_in > 0) {
      margins.push_back(question.lock_in);
    }
  }
  if (margins.empty()) {
    return std::nullopt;
  }
  std::sort(margins.begin(), margins.end());
  const std::size_t half = margins.size() / 2;
  return margins.size() % 2 == 1 ? margins[half] : (margins[half - 1] + margins[half]) / 2;
}

}  // namespace

std::vector<double> verdict_betas(double weight) {
  return {4 * weight, 2 * weight, weight, weight / 2, weight / 4, weight / 10};
}

nlohmann::ordered_json verdict_json(const dag::AnswerGroups& groups, const dag::Verdict& verdict) {
  nlohmann::ordered_json out;
  out["reward"] = "collision";
  out["median_lock_in"] = maybe(median_margin(verdict));
  if (verdict.right) {
    out["majority_right"] = {{"share", verdict.right->share},
                             {"low", verdict.right->low},
                             {"high", verdict.right->high},
                             {"questions", verdict.right->count}};
    const Gain gain = gain_of(verdict);
    out["vote_gain"] = {
        {"mean", gain.mean}, {"low", gain.low}, {"high", gain.high}, {"questions", gain.questions}};
  } else {
    out["majority_right"] = nullptr;
    out["vote_gain"] = nullptr;
  }
  out["by_beta"] = nlohmann::ordered_json::array();
  for (const dag::VerdictAtBeta& at : verdict.at) {
    nlohmann::ordered_json one;
    one["beta"] = at.beta;
    one["margin"] = at.margin;
    one["acc_sampled"] = maybe(at.acc_sampled);
    one["acc_greedy"] = maybe(at.acc_greedy);
    one["locked_in"] = at.locked;
    one["least_group"] = maybe(at.least_group);
    out["by_beta"].push_back(std::move(one));
  }
  out["questions"] = nlohmann::ordered_json::array();
  for (const dag::QuestionVerdict& question : verdict.questions) {
    nlohmann::ordered_json one;
    one["question_id"] = groups.questions[static_cast<std::int32_t>(question.question)];
    one["majority"] = groups.answer_text(question.question, question.majority);
    one["share"] = question.share;
    one["right"] = maybe(question.right);
    one["acc_sampled"] = maybe(question.acc_sampled);
    one["lock_in"] = question.lock_in;
    out["questions"].push_back(std::move(one));
  }
  return out;
}

std::string verdict_text(const dag::Verdict& verdict) {
  std::string text = fmt::format(
      "\nVerdict: agreement as a reward, s sum nu^2 beside beta KL, question by question\n"
      "  majority right: {}\n  margin s/beta at which the majority locks in: {} in the middle\n",
      verdict.right
          ? fmt::format("{:.4f}, 95 % in [{:.4f}, {:.4f}], {} questions", verdict.right->share,
                        verdict.right->low, verdict.right->high, verdict.right->count)
          : "not known: no labels",
      shown(median_margin(verdict)));
  if (verdict.right) {
    const Gain gain = gain_of(verdict);
    text += fmt::format("  the vote changes accuracy by: {:+.4f}, 95 % in [{:+.4f}, {:+.4f}]\n",
                        gain.mean, gain.low, gain.high);
  }
  Table table(
      {"beta", "s/beta", "accuracy of a sample", "of the best answer", "locked in", "least group"});
  for (const dag::VerdictAtBeta& at : verdict.at) {
    table.add({fmt::format("{:g}", at.beta), fmt::format("{:g}", at.margin), shown(at.acc_sampled),
               shown(at.acc_greedy), fmt::format("{}", at.locked),
               at.least_group ? fmt::format("{:g}", *at.least_group) : "-"});
  }
  return text + table.text();
}

}  // namespace cli
