// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The objective that a configuration of `dag train` names.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <dag/train/agreement_objective.hpp>
#include <dag/train/coherence_objective.hpp>
#include <dag/train/goal_objective.hpp>
#include <dag/train/presets.hpp>
#include <dag/train/right_objective.hpp>
#include <dag/train/robust_objective.hpp>
#include <dag/train/table_objective.hpp>

#include "train_config.hpp"

namespace cli {
namespace {

dag::AnswerFunction by_answer(std::vector<double> values) {
  return [values = std::move(values)](const dag::AnswerAt& at) { return values[at.answer]; };
}

using Point = dag::Probability<double>;

/// The table of a reward that a utility has: of logarithms as asked for, without bias for powers
/// that are polynomials and for pass@k, else plug-in.
dag::EstimatorKind table_of(dag::RewardFunction function, dag::EstimatorKind logarithms) {
  using Form = dag::RewardFunction::Form;
  return function.form == Form::logarithm ? logarithms
         : function.is_polynomial()       ? dag::EstimatorKind::u_statistic
                                          : dag::EstimatorKind::plug_in;
}

/// The pool of a coherence objective, and its weight.
template <class U>
constexpr dag::Pool pool_of() {
  return std::is_same_v<U, dag::ArithmeticCoherence<double>>  ? dag::Pool::arithmetic
         : std::is_same_v<U, dag::GeometricCoherence<double>> ? dag::Pool::geometric
         : std::is_same_v<U, dag::PairwiseKl<double>>         ? dag::Pool::pairwise
                                                              : dag::Pool::euclidean;
}

dag::AnswerFunction scaled(dag::AnswerFunction function, double factor) {
  return [function = std::move(function), factor](const dag::AnswerAt& at) {
    return factor * function(at);
  };
}

dag::RightAnswer is_right(const TrainPart& part, const AnswerSource& source) {
  return [correct = source.correct(part)](const dag::AnswerAt& at) { return correct(at) > 0; };
}

template <class U>
dag::AnyObjective make_from(const U& u, const TrainConfig& config, const TrainPart& part,
                            const AnswerSource& source) {
  const dag::EstimatorKind logarithms = dag::estimator_kind(part.estimator);
  if constexpr (std::is_same_v<U, dag::ExpectedReward<double>>) {
    return dag::AnswerReward(scaled(source.reward(part), part.data.weight));
  } else if constexpr (std::is_same_v<U, dag::MajorityVote<double>>) {
    dag::MajorityOptions options = part.vote;
    options.weight = u.tau;
    return dag::MajorityObjective(options);
  } else if constexpr (std::is_same_v<U, dag::MajAtK<double>>) {
    return dag::MajAtKObjective(u.k, u.tau, is_right(part, source));
  } else if constexpr (std::is_same_v<U, dag::CorrectUniformity<double>>) {
    return dag::UniformityObjective(logarithms, u.tau, is_right(part, source));
  } else if constexpr (dag::EventUtility<U>) {
    const dag::TableReward table = u.table_reward();
    return dag::EventObjective(table_of(table.function, logarithms), table.function, table.scale,
                               is_right(part, source));
  } else if constexpr (std::is_same_v<U, dag::RobustReward<double>>) {
    std::vector<dag::AnswerFunction> models;
    for (const std::vector<double>& row : part.data.rewards) {
      models.push_back(scaled(by_answer(row), part.data.weight));
    }
    return dag::RobustObjective(std::move(models), part.step);
  } else if constexpr (std::is_same_v<U, dag::MomentConstraints<double>>) {
    const std::string rule =
        part.was_given("rule") ? part.data.rule : part.utility().defaults().rule;
    const double sign = rule == "at_least" ? -1 : 1;
    return dag::ConstraintObjective({{.feature = scaled(by_answer(part.data.feature), sign),
                                      .bound = sign * part.data.bound,
                                      .equality = rule == "equal"}},
                                    config.multipliers);
  } else if constexpr (requires { u.table_reward(); }) {
    const dag::TableReward table = u.table_reward();
    return dag::TableObjective(table_of(table.function, logarithms), table.function, table.scale);
  } else if constexpr (dag::IsFrozenConsensus<U>::value) {
    return dag::GoalObjective(u, source.consensus(pool_of<decltype(u.pool)>()), logarithms);
  } else if constexpr (dag::CoherenceUtility<U> || std::is_same_v<U, dag::PairwiseKl<double>>) {
    return dag::CoherenceObjective(pool_of<U>(), logarithms, u.tau, part.smoothing);
  } else if constexpr (std::is_same_v<U, dag::Agreement<double>>) {
    return dag::AgreementObjective(u.tau);
  } else if constexpr (std::is_same_v<U, dag::PairwiseEuclidean<double>>) {
    return dag::CoherenceObjective(dag::Pool::euclidean, logarithms, 2 * u.tau);
  } else if constexpr (std::is_same_v<U, dag::CorrectEntropy<double>>) {
    return dag::GoalObjective(u, is_right(part, source), logarithms);
  } else if constexpr (requires { u.reward(Point{}, Point{}); }) {
    return dag::GoalObjective(u, source.target(part), logarithms);
  } else {
    return source.generic(part);
  }
}

dag::AnyObjective make_part(const TrainConfig& config, const TrainPart& part,
                            const AnswerSource& source) {
  const dag::AnyUtility utility = part.made(0, 0);
  if (is_generic(utility)) {
    return source.generic(part);
  }
  return std::visit([&](const auto& u) { return make_from(u, config, part, source); }, utility);
}

}  // namespace

bool takes_logarithms(const dag::AnyUtility& utility) {
  return std::visit(
      [](const auto& u) {
        using U = std::remove_cvref_t<decltype(u)>;
        using Form = dag::RewardFunction::Form;
        if constexpr (requires { u.table_reward(); }) {
          return u.table_reward().function.form == Form::logarithm;
        } else if constexpr (std::is_same_v<U, dag::AlphaToGoal<double>>) {
          return false;
        } else if constexpr (requires { u.table_reward(Point{}); }) {
          return u.table_reward(Point::of(1)).function.form == Form::logarithm;
        } else {
          return std::is_same_v<U, dag::PairwiseKl<double>> ||
                 std::is_same_v<U, dag::CorrectUniformity<double>>;
        }
      },
      utility);
}

bool is_generic(const dag::AnyUtility& utility) {
  const auto* tsallis = std::get_if<dag::TsallisEntropy<double>>(&utility);
  return (tsallis != nullptr && tsallis->order < 1) ||
         std::holds_alternative<dag::BregmanUtility<dag::LogBarrier>>(utility) ||
         std::holds_alternative<dag::AlphaToGoal<double>>(utility) ||
         std::visit(
             [](const auto& u) {
               using U = std::remove_cvref_t<decltype(u)>;
               return dag::DirectUtility<U> && !dag::PointwiseUtility<U> &&
                      !std::is_same_v<U, dag::MajorityVote<double>> &&
                      !std::is_same_v<U, dag::MajAtK<double>> &&
                      !std::is_same_v<U, dag::CorrectUniformity<double>>;
             },
             utility);
}

AnswerSource layered_answers(std::vector<std::vector<double>> rows) {
  AnswerSource source;
  const auto reference = std::make_shared<const std::vector<std::vector<double>>>(std::move(rows));
  source.reward = [](const TrainPart& part) { return by_answer(part.data.reward); };
  source.correct = [reference](const TrainPart& part) {
    std::vector<double> marked((*reference)[0].size());
    for (const std::size_t z : part.correct) {
      marked[z] = 1;
    }
    return by_answer(std::move(marked));
  };
  source.target = [](const TrainPart& part) { return by_answer(part.data.target); };
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
    sum.add(make_part(config, part, source), part.weight);
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
