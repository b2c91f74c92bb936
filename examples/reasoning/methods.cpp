// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "methods.hpp"

#include <dag/core/error.hpp>
#include <dag/train/coherence_objective.hpp>
#include <dag/train/constraint_objective.hpp>
#include <dag/train/goal_objective.hpp>
#include <dag/train/objective.hpp>
#include <dag/utility/goal_divergence.hpp>

#include <cmath>
#include <set>
#include <utility>

namespace reasoning {
namespace {

using dag::EstimatorKind;
using dag::QuestionSample;
using dag::RewardFunction;

/// reward <- reward - mean of the others' rewards, group by group.
void centre(const QuestionSample& sample, std::span<double> signal) {
  const auto n = static_cast<double>(sample.group_size);
  for (std::size_t x = 0; x < sample.contexts; ++x) {
    const auto group = signal.subspan(x * sample.group_size, sample.group_size);
    double total = 0;
    for (const double value : group) {
      total += value;
    }
    for (double& value : group) {
      value = (n * value - total) / (n - 1);
    }
  }
}

/// 1[z = the most frequent answer], of all forms or of the own form only.
struct Majority {
  bool own_form = false;

  void operator()(const QuestionSample& sample, std::span<double> signal) const {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto voters = own_form ? sample.group(x) : sample.answers;
      std::map<std::int32_t, std::size_t> votes;
      std::int32_t winner = -1;
      for (const std::int32_t answer : voters) {
        if (answer >= 0 && (++votes[answer] > votes[winner] || winner < 0)) {
          winner = answer;
        }
      }
      const auto group = sample.group(x);
      for (std::size_t i = 0; i < group.size(); ++i) {
        signal[x * sample.group_size + i] = group[i] >= 0 && group[i] == winner ? 1 : 0;
      }
    }
    centre(sample, signal);
  }
};

/// Noise that knows nothing of the sample.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : seed_(seed), stream_(seed, 0) {}
  void begin_step(std::int64_t index) {
    stream_ = dag::RandomStream(seed_, 1'000'000 + static_cast<std::uint64_t>(index));
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (double& value : signal) {
      value = 0.6 * stream_.normal();
    }
    centre(sample, signal);
  }
  void end_step(double, dag::TargetReport&) {}
  [[nodiscard]] std::vector<double> state() const { return {}; }
  void restore(std::span<const double>) {}

 private:
  std::uint64_t seed_;
  dag::RandomStream stream_;
};

/// Consistency of traces: log mean_x' pi(y|x') - log pi(y|x), which needs every trace scored under
/// every form.
class TraceConsistency {
 public:
  explicit TraceConsistency(Surroundings around) : around_(std::move(around)) {
    for (std::size_t q = 0; q < around_.questions.size(); ++q) {
      for (const Tokens& prompt : around_.questions[q].contexts) {
        question_of_[prompt] = q;
      }
    }
  }
  void begin_step(std::int64_t) {
    std::vector<Tokens> prompts, traces;
    for (const auto& [prompt, trace] : *around_.traces) {
      for (const Tokens& form : around_.questions[question_of_.at(prompt)].contexts) {
        prompts.push_back(form);
        traces.push_back(trace);
      }
    }
    const auto log_probs = around_.policy->log_probs(prompts, traces);
    rewards_.clear();
    for (std::size_t i = 0; i < around_.traces->size(); ++i) {
      double mean = 0, own = 0;
      for (std::size_t x = 0; x < form_count; ++x) {
        const double entry = static_cast<double>(log_probs[i * form_count + x]);
        mean += std::exp(entry) / static_cast<double>(form_count);
        own = prompts[i * form_count + x] == (*around_.traces)[i].first ? entry : own;
      }
      rewards_.push_back(std::log(mean) - own);
    }
    next_ = 0;
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (double& value : signal) {
      value = rewards_.at(next_++);
    }
    centre(sample, signal);
  }
  void end_step(double, dag::TargetReport&) {}
  [[nodiscard]] std::vector<double> state() const { return {}; }
  void restore(std::span<const double>) {}

 private:
  Surroundings around_;
  std::map<Tokens, std::size_t> question_of_;
  std::vector<double> rewards_;
  std::size_t next_ = 0;
};

template <class Question>
dag::AnyObjective labelled(const std::string& name, const std::vector<Question>& questions) {
  const auto correct = [&questions](const dag::AnswerAt& at) {
    return right(questions[at.question], static_cast<std::int32_t>(at.answer));
  };
  if (name == "log-likelihood") {
    return dag::EventObjective(EstimatorKind::plug_in, RewardFunction::inverse(), 1, correct);
  }
  if (name == "pass@4") {
    return dag::EventObjective(EstimatorKind::u_statistic, RewardFunction::pass_at_k(4), 1,
                               correct);
  }
  return dag::AnswerReward([correct](const dag::AnswerAt& at) { return correct(at) ? 1.0 : 0.0; });
}

}  // namespace

std::vector<Method> sum_methods() {
  return {
      {"coherence", "plug-in"}, {"coherence", "aqp"},  {"geometric", "-"},      {"euclidean", "-"},
      {"pairwise", "plug-in"},  {"pairwise", "aqp"},   {"frozen", "plug-in"},   {"frozen", "aqp"},
      {"frozen-mean", "aqp"},   {"correctness", "-"},  {"log-likelihood", "-"}, {"pass@4", "-"},
      {"majority", "-"},        {"own-majority", "-"}, {"random", "-"},         {"trace", "-"}};
}
std::vector<Method> pair_methods() {
  return {{"correctness", "-"},   {"log-likelihood", "-"}, {"pass@4", "-"},
          {"diverse", "plug-in"}, {"diverse", "aqp"},      {"diverse-gini", "-"},
          {"constrained", "-"}};
}

Consensus consensus_of(std::span<const std::vector<std::vector<std::int32_t>>> answers,
                       bool geometric) {
  Consensus out;
  for (const auto& forms : answers) {
    std::set<std::int32_t> seen;
    for (const auto& form : forms) {
      seen.insert(form.begin(), form.end());
    }
    seen.erase(-1);
    std::map<std::int32_t, double> q;
    double total = 0;
    for (const std::int32_t answer : seen) {
      double value = 0;
      for (const auto& form : forms) {
        double count = 0;
        for (const std::int32_t other : form) {
          count += other == answer ? 1 : 0;
        }
        value += geometric ? std::log(count + 0.5) / static_cast<double>(forms.size()) : count;
      }
      q[answer] = geometric ? std::exp(value) : value;
      total += q[answer];
    }
    for (auto& [answer, value] : q) {
      value /= total;
    }
    out.push_back(std::move(q));
  }
  return out;
}

dag::AnyObjective sum_objective(const Method& method, const Surroundings& around) {
  const EstimatorKind table =
      method.table == "plug-in" ? EstimatorKind::plug_in : EstimatorKind::variance_optimal;
  if (method.name == "coherence") {
    return dag::CoherenceObjective(dag::Pool::arithmetic, table);
  }
  if (method.name == "geometric") {
    return dag::CoherenceObjective(dag::Pool::geometric);
  }
  if (method.name == "euclidean") {
    return dag::CoherenceObjective(dag::Pool::euclidean);
  }
  if (method.name == "pairwise") {
    return dag::CoherenceObjective(dag::Pool::pairwise, table);
  }
  if (method.name == "frozen" || method.name == "frozen-mean") {
    dag::require(around.consensus != nullptr, dag::Errc::invalid_argument,
                 "frozen methods need the base's consensus");
    const auto q = [consensus = around.consensus](const dag::AnswerAt& at) {
      const auto& own = (*consensus)[at.question];
      const auto found = own.find(static_cast<std::int32_t>(at.answer));
      return found == own.end() ? 0.0 : found->second;
    };
    // An answer that the base never gave: as rare as a hundredth.
    return dag::GoalObjective(dag::ReverseKl<double>{}, q, table, 0.01);
  }
  if (method.name == "trace") {
    return TraceConsistency(around);
  }
  if (method.name == "majority" || method.name == "own-majority") {
    return Majority{method.name == "own-majority"};
  }
  if (method.name == "random") {
    return Noise(around.seed);
  }
  return labelled(method.name, split().pool_sums);
}

dag::AnyObjective pair_objective(const Method& method, const Surroundings&) {
  const auto& questions = split().pool_pairs;
  if (method.name == "diverse" || method.name == "diverse-gini") {
    dag::SumObjective sum;
    sum.add(labelled("correctness", questions));
    if (method.name == "diverse") {
      sum.add(dag::TableObjective(
          method.table == "plug-in" ? EstimatorKind::plug_in : EstimatorKind::variance_optimal,
          RewardFunction::logarithm(), -0.3));
    } else {
      sum.add(dag::TableObjective(EstimatorKind::u_statistic, RewardFunction::power(1), -0.6));
    }
    return sum;
  }
  if (method.name == "constrained") {
    //! [constraint]
    dag::SumObjective sum;
    sum.add(labelled("correctness", questions));
    sum.add(dag::ConstraintObjective({{.feature =
                                           [](const dag::AnswerAt& at) {
                                             return forbidden(static_cast<std::int32_t>(at.answer))
                                                        ? 1.0
                                                        : 0.0;
                                           },
                                       .bound = 0.01}},
                                     {.integral = 0.5, .proportional = 1}));
    //! [constraint]
    return sum;
  }
  return labelled(method.name, questions);
}

}  // namespace reasoning
