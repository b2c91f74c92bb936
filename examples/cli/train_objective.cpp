// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The objective that a configuration of `dag train` names.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/train/presets.hpp>

#include "train_config.hpp"

namespace cli {
namespace {

dag::AnswerFunction by_answer(std::vector<double> values) {
  return [values = std::move(values)](const dag::AnswerAt& at) { return values[at.answer]; };
}

bool ends(std::string_view name, std::string_view tail) {
  return name.size() > tail.size() && name.substr(name.size() - tail.size()) == tail;
}

dag::AnyObjective make_part(const TrainPart& part, const AnswerSource& source) {
  if (is_generic(part.name)) {
    return source.generic(part);
  }
  const dag::EstimatorKind estimator = dag::estimator_kind(part.estimator);
  const std::string& name = part.name;
  if (name == "shannon" || name == "gini" || name == "tsallis") {
    const auto measure = name == "shannon" ? dag::Diversity::shannon
                         : name == "gini"  ? dag::Diversity::gini
                                           : dag::Diversity::tsallis;
    return dag::diversity_objective(measure, part.tau, part.order, estimator);
  }
  if (name == "reward") {
    return dag::correctness({.reward = source.reward(part), .tau = part.tau}).objective;
  }
  if (name == "log-likelihood" || name == "pass-at-k") {
    const auto kind = name == "pass-at-k" ? dag::CorrectnessKind::pass_at_k
                                          : dag::CorrectnessKind::log_likelihood;
    return dag::correctness({.kind = kind,
                             .reward = source.correct(part),
                             .k = static_cast<int>(part.k),
                             .tau = part.tau})
        .objective;
  }
  const std::pair<const char*, dag::TargetDivergence> divergences[] = {
      {"reverse-kl", dag::TargetDivergence::reverse_kl},
      {"forward-kl", dag::TargetDivergence::forward_kl},
      {"chi-square", dag::TargetDivergence::chi_square},
      {"jensen-shannon", dag::TargetDivergence::jensen_shannon}};
  for (const auto& [known, divergence] : divergences) {
    if (name == known) {
      return dag::TargetObjective(divergence, source.target(part), part.tau, estimator);
    }
  }
  if (name == "robust") {
    std::vector<dag::AnswerFunction> models;
    for (std::vector<double> row : part.rewards) {
      for (double& r : row) {
        r *= part.tau;
      }
      models.push_back(by_answer(std::move(row)));
    }
    return dag::robust({.rewards = std::move(models), .step = part.step}).objective;
  }
  dag::CoherenceGrpo settings{.estimator = estimator, .tau = part.tau, .smoothing = part.smoothing};
  settings.pool = ends(name, "-geometric")   ? dag::Pool::geometric
                  : ends(name, "-euclidean") ? dag::Pool::euclidean
                  : ends(name, "-pairwise")  ? dag::Pool::pairwise
                                             : dag::Pool::arithmetic;
  if (name.substr(0, 6) == "frozen") {
    settings.frozen = source.consensus(settings.pool);
  }
  return dag::coherence_grpo(std::move(settings)).objective;
}

}  // namespace

bool is_generic(const std::string& objective) {
  return objective == "alpha" || objective == "log-barrier" || objective == "mmd" ||
         objective == "transport" || objective == "soft-constraint";
}

AnswerSource layered_answers(std::vector<std::vector<double>> rows) {
  AnswerSource source;
  const auto reference = std::make_shared<const std::vector<std::vector<double>>>(std::move(rows));
  source.reward = [](const TrainPart& part) { return by_answer(part.reward); };
  source.correct = [reference](const TrainPart& part) {
    std::vector<double> marked((*reference)[0].size());
    for (const std::size_t z : part.correct) {
      marked[z] = 1;
    }
    return by_answer(std::move(marked));
  };
  source.target = [](const TrainPart& part) { return by_answer(part.target); };
  source.consensus = [reference](dag::Pool kind) {  // exact
    const bool geometric = kind == dag::Pool::geometric;
    std::vector<double> pool((*reference)[0].size());
    double total = 0;
    for (std::size_t z = 0; z < pool.size(); ++z) {
      for (const auto& row : *reference) {
        const auto x = static_cast<double>(reference->size());
        pool[z] += (geometric ? std::log(row[z]) : row[z]) / x;
      }
      pool[z] = geometric ? std::exp(pool[z]) : pool[z];
      total += pool[z];
    }
    for (double& p : pool) {
      p /= total;
    }
    return by_answer(std::move(pool));
  };
  source.constrained = [](const TrainConstraint& c, const dag::AnswerAt& at) {
    return listed(c, at.answer);
  };
  return source;
}

bool listed(const TrainConstraint& c, std::size_t answer) {
  return std::find(c.answers.begin(), c.answers.end(), answer) != c.answers.end();
}

double constraint_feature(const TrainConstraint& c, std::size_t contexts, std::size_t context) {
  const auto share = [&](const std::vector<std::size_t>& of) {
    const auto x = static_cast<double>(contexts);
    const bool in = std::find(of.begin(), of.end(), context) != of.end();
    return of.empty() ? 1.0 : (in ? x / static_cast<double>(of.size()) : 0.0);
  };
  return share(c.contexts) - (c.equal_to.empty() ? 0.0 : share(c.equal_to));
}

dag::AnyObjective make_objective(const TrainConfig& config, const AnswerSource& source) {
  dag::SumObjective sum;
  for (const TrainPart& part : config.parts) {
    sum.add(make_part(part, source), part.weight);
  }
  std::vector<dag::AnswerConstraint> constraints;
  for (const TrainConstraint& c : config.constraints) {
    const double sign = c.rule == "at_least" ? -1 : 1;
    constraints.push_back({.feature =
                               [c, sign, contexts = config.contexts,
                                in = source.constrained](const dag::AnswerAt& at) {
                                 return in(c, at)
                                            ? sign * constraint_feature(c, contexts, at.context)
                                            : 0.0;
                               },
                           .bound = sign * c.bound,
                           .equality = c.rule == "equal" || !c.equal_to.empty()});
  }
  if (constraints.empty()) {
    return sum;
  }
  return dag::constrained({.constraints = std::move(constraints),
                           .multipliers = config.multipliers,
                           .base = dag::AnyObjective(std::move(sum))})
      .objective;
}

}  // namespace cli
