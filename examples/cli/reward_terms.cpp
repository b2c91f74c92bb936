// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "reward_terms.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include <dag/core/error.hpp>

#include "reward_files.hpp"

namespace cli {

SampleTerms take_terms(std::string& utility) {
  SampleTerms terms;
  std::string rest;
  for (std::size_t begin = 0; begin <= utility.size();) {
    const std::size_t end = std::min(utility.find('+', begin), utility.size());
    const std::string part = utility.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t star = part.find('*');
    std::string name = part.substr(star == std::string::npos ? 0 : star + 1);
    std::replace(name.begin(), name.end(), '-', '_');
    double* term = name == "own"                          ? &terms.own
                   : name == "majority" || name == "vote" ? &terms.majority
                   : name == "self_frequency"             ? &terms.self_frequency
                                                          : nullptr;
    if (term == nullptr) {
      rest += (rest.empty() ? "" : "+") + part;
      continue;
    }
    const auto factor = star == std::string::npos ? std::vector<double>{1}
                                                  : number_list("--utility", part.substr(0, star));
    dag::require(factor.size() == 1 && factor[0] > 0 && std::isfinite(factor[0]),
                 dag::Errc::invalid_argument, "--utility: a weight must be one number > 0, got '",
                 part, "'");
    *term += factor[0];
  }
  utility = rest;
  return terms;
}

std::string term_list() {
  return "\n  own: the sample's own reward (see --reward-field), which --out keeps as own_reward"
         "\n  majority (vote): 1 for the answer that most of the group gave; ties share the 1"
         "\n  self_frequency: nu(z), how often the group gave the answer";
}

void add_terms(const SampleTerms& terms, const dag::AnswerGroups& groups,
               std::span<const double> own, double weight, std::span<double> reward) {
  dag::require(terms.own == 0 || !own.empty() || reward.empty(), dag::Errc::invalid_argument,
               "--utility own: no sample has a reward of its own (see --reward-field)");
  if (terms.own > 0) {
    for (std::size_t i = 0; i < reward.size(); ++i) {
      reward[i] += weight * terms.own * own[i];
    }
  }
  if (terms.majority == 0 && terms.self_frequency == 0) {
    return;
  }
  std::vector<std::size_t> count;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    const auto answers = groups.group(g);
    count.assign(groups.answers_of(static_cast<std::size_t>(groups.question[g])), 0);
    std::size_t total = 0;
    for (const auto z : answers) {
      total += z >= 0 ? ++count[static_cast<std::size_t>(z)], 1 : 0;
    }
    const std::size_t most = count.empty() ? 0 : *std::max_element(count.begin(), count.end());
    const auto tied = static_cast<double>(std::count(count.begin(), count.end(), most));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      double& r = reward[static_cast<std::size_t>(groups.begin[g]) + i];
      if (answers[i] < 0) {
        r = std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      const std::size_t n = count[static_cast<std::size_t>(answers[i])];
      r += weight * (terms.majority * (n == most ? 1 / tied : 0.0) +
                     terms.self_frequency * static_cast<double>(n) / static_cast<double>(total));
    }
  }
}

bool unscore_missing(const dag::AnswerGroups& groups, const std::vector<bool>& own_verdict,
                     std::span<double> reward) {
  bool any = false;
  for (std::size_t i = 0; i < reward.size(); ++i) {
    if (groups.answer[i] < 0 && !own_verdict[i] && !std::isnan(reward[i])) {
      reward[i] = std::numeric_limits<double>::quiet_NaN();
      any = true;
    }
  }
  return any;
}

RewardRun plan_run(RewardRequest request) {
  RewardRun run{.request = std::move(request), .terms = {}, .only_terms = false, .plans = {}};
  run.terms = take_terms(run.request.utility);
  run.only_terms = run.request.utility.empty();
  if (run.only_terms) {
    run.request.utility = "expected_reward";  // carries the advantage
  }
  run.plans = plan_rewards(run.request);
  dag::require(!run.terms.any() || run.request.shaping != "gapo", dag::Errc::unsupported,
               "shaping gapo pays right and wrong samples itself and leaves no room for own, "
               "majority or self_frequency");
  return run;
}

Rewards run_rewards(const RewardRun& run, const dag::AnswerGroups& groups,
                    std::span<const double> own, const std::vector<bool>& own_verdict, bool unscore,
                    const ReadGroups& read) {
  Rewards found;
  if (run.only_terms) {
    found.reward.assign(groups.samples(), 0.0);
    found.advantage.assign(groups.samples(), 0.0);
  } else {
    found = compute_rewards(groups, run.plans, read);
  }
  add_terms(run.terms, groups, own, run.request.weight, found.reward);
  shape_rewards(groups, run.plans, found);
  const bool unscored =
      unscore && run.terms.own == 0 && unscore_missing(groups, own_verdict, found.reward);
  if (run.terms.any() || unscored || !run.request.shaping.empty()) {
    found.advantages = dag::advantages<double>(run.plans[0].advantage, found.reward, groups.begin,
                                               std::span<double>(found.advantage));
  }
  shape_advantages(groups, run.plans, found);
  return found;
}

}  // namespace cli
