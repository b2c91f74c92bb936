// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include "reward_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <dag/answers/answer_universe.hpp>
#include <dag/answers/goal_reward.hpp>
#include <dag/answers/right_reward.hpp>
#include <dag/answers/shaping.hpp>
#include <dag/answers/utility_reward.hpp>
#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/io/answer_ground.hpp>
#include <dag/io/answer_values.hpp>
#include <dag/io/goals.hpp>
#include <dag/numeric/number.hpp>
#include <dag/utility/registry.hpp>
#if defined(DAG_UTF8PROC)
#include <dag/interop/utf8proc.hpp>
#endif

namespace cli {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

double number(std::string_view option, std::string_view word) {
  double value = 0;
  dag::require(dag::detail::number_value(word, value) == nullptr, dag::Errc::invalid_argument,
               option, ": '", word, "' is no number");
  return value;
}

dag::AnswerKey key_of(const RewardRequest& request) { return {request.reading}; }

void need_as_many(std::string_view option, std::size_t given, std::size_t width) {
  dag::require(given == width, dag::Errc::invalid_argument, option, " has ", given,
               given == 1 ? " entry" : " entries", ", but --values has ", width,
               " numbers an answer");
}

/// The uniform distribution over the sampled answers, or the one of the file.
std::vector<std::vector<double>> targets(dag::AnswerUniverse& universe, const RewardPlan& plan) {
  if (plan.request.target != "uniform") {
    return dag::read_goals(plan.request.target, universe, key_of(plan.request));
  }
  std::vector<std::vector<double>> out;
  for (std::size_t q = 0; q < universe.groups().questions.size(); ++q) {
    const std::size_t n = universe.size(q);
    out.emplace_back(n, 1 / static_cast<double>(n));
  }
  return out;
}

/// --ground: discrete, number, number:SCALE or a file.
std::vector<std::vector<double>> grounds(const dag::AnswerUniverse& universe,
                                         const RewardPlan& plan, dag::Ground ground) {
  const std::string& how = plan.request.ground;
  const bool by_number = how == "number" || how.rfind("number:", 0) == 0;
  if (how != "discrete" && !by_number) {
    return dag::read_ground(how, ground, universe, key_of(plan.request));
  }
  const double scale = how.size() > 7 && by_number ? number("--ground", how.substr(7)) : 1;
  std::vector<std::vector<double>> out;
  for (std::size_t q = 0; q < universe.groups().questions.size(); ++q) {
    out.push_back(by_number ? dag::number_ground(ground, universe, q, scale)
                            : dag::discrete_ground(ground, universe.size(q)));
  }
  return out;
}

template <class U>
bool is_a(const RewardPlan& plan) {
  return std::holds_alternative<U>(plan.formula);
}

/// Whether one of the utility's fields is given by this option.
bool takes(const RewardPlan& plan, std::string_view option) {
  const auto& fields = plan.utility.fields;
  return std::any_of(fields.begin(), fields.end(),
                     [&](const dag::UtilityField& field) { return field.option == option; });
}

}  // namespace

std::vector<double> number_list(std::string_view option, const std::string& text) {
  std::vector<double> out;
  for (const std::string& word : words(text)) {
    out.push_back(number(option, word));
  }
  return out;
}

std::vector<dag::MomentBound> bound_list(const std::string& text) {
  using Kind = dag::MomentBound::Kind;
  std::vector<dag::MomentBound> out;
  for (std::string_view word : words(text)) {
    Kind kind = Kind::at_most;
    for (const auto& [sign, means] : {std::pair<std::string_view, Kind>{"<=", Kind::at_most},
                                      {">=", Kind::at_least},
                                      {"=", Kind::equal}}) {
      if (word.substr(0, sign.size()) == sign) {
        word.remove_prefix(sign.size());
        kind = means;
        break;
      }
    }
    out.push_back({kind, number("--bounds", word)});
  }
  return out;
}

void check_files(const std::vector<RewardPlan>& plans) {
  const RewardRequest& r = plans[0].request;
  const auto any = [&](const auto& holds) {
    return std::any_of(plans.begin(), plans.end(), holds);
  };
  const auto used = [&](const char* option, bool given) {
    dag::require(!given || any([&](const RewardPlan& plan) { return takes(plan, option); }),
                 dag::Errc::unsupported, option, ": ", r.utility, " does not use it");
  };
  const auto used_by = [&](const char* option, bool given, bool holds) {
    dag::require(!given || holds, dag::Errc::unsupported, option, ": ", r.utility,
                 " does not use it");
  };
  const bool moments = any(is_a<dag::MomentConstraints<double>>);
  for (const RewardPlan& plan : plans) {
    const auto need = [&](bool holds, const char* what) {
      dag::require(holds, dag::Errc::invalid_argument, "--utility ", plan.utility.name, " needs ",
                   what);
    };
    const bool hard = is_a<dag::MomentConstraints<double>>(plan);
    need(!r.values.empty() || is_a<dag::ExpectedReward<double>>(plan) || !takes(plan, "--values"),
         "--values, numbers of answers");
    need(!hard || r.multipliers.empty() != r.bounds.empty(),
         "either --multipliers or --bounds (with --penalty)");
    need(!hard || r.bounds.empty() || r.penalty > 0, "--penalty, a weight > 0");
    need(!is_a<dag::SoftConstraint<double>>(plan) || !r.bounds.empty(), "--bounds");
  }
  used("--values", !r.values.empty());
  used("--bounds", !r.bounds.empty());
  used("--order", r.order.has_value());
  used("--k", r.k.has_value());
  used("--terms", r.terms.has_value());
  used("--event-q", r.q.has_value());
  used("--epsilon", r.epsilon.has_value());
  used("--target", r.target != "uniform");
  const bool dra = !r.shaping.empty() && dag::shaping_choice(r.shaping).kind == dag::Shaping::dra;
  used_by("--ground", r.ground != "discrete",
          dra || any([](const RewardPlan& plan) { return takes(plan, "--ground"); }));
  dag::require(
      r.shaping.empty() || dag::shaping_choice(r.shaping).kind != dag::Shaping::gapo ||
          (plans.size() == 1 && is_a<dag::ExpectedReward<double>>(plans[0]) && r.values.empty()),
      dag::Errc::unsupported,
      "--shaping gapo pays right and wrong samples itself: it goes with --utility "
      "expected_reward alone, without --values");
  used_by("--mixture", !r.mixture.empty(), any(is_a<dag::RobustReward<double>>));
  used_by("--multipliers", !r.multipliers.empty(), moments);
  used_by("--penalty", r.penalty != 0, moments);
  used_by("--reference", !r.reference.empty(), any([](const RewardPlan& plan) {
            return plan.utility.family == dag::UtilityFamily::frozen;
          }));
  dag::require(r.penalty >= 0 && std::isfinite(r.penalty), dag::Errc::invalid_argument,
               "--penalty must be > 0 and finite, got ", r.penalty);
  dag::require(r.penalty == 0 || !r.bounds.empty(), dag::Errc::invalid_argument,
               "--penalty needs --bounds");
  for (const auto& bound : bound_list(r.bounds)) {
    dag::require(
        !any(is_a<dag::SoftConstraint<double>>) || bound.kind != dag::MomentBound::Kind::equal,
        dag::Errc::unsupported, "--bounds: soft_constraint takes <= and >=, not =");
  }
  double total = 0;
  for (const double q : number_list("--mixture", r.mixture)) {
    dag::require(q >= 0, dag::Errc::not_a_distribution, "--mixture: ", q, " is below 0");
    total += q;
  }
  dag::require(r.mixture.empty() || std::abs(total - 1) <= 1e-9, dag::Errc::not_a_distribution,
               "--mixture must sum to 1, got ", total);
}

void value_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan, Rewards& found) {
  const RewardRequest& r = plan.request;
  const dag::SampleValues values = dag::AnswerValues(r.values, groups, key_of(r)).by_sample();
  found.value_means = dag::group_means(groups, values);
  std::vector<double> weights{1.0};
  if (is_a<dag::ExpectedReward<double>>(plan)) {
    need_as_many("--utility expected_reward", 1, values.width);
  } else if (is_a<dag::RobustReward<double>>(plan)) {
    weights = r.mixture.empty() ? dag::worst_mixture(found.value_means)
                                : number_list("--mixture", r.mixture);
    need_as_many("--mixture", weights.size(), values.width);
    found.strategy = weights;
  } else {
    const std::vector<dag::MomentBound> bounds = bound_list(r.bounds);
    if (bounds.empty()) {
      weights = number_list("--multipliers", r.multipliers);
      need_as_many("--multipliers", weights.size(), values.width);
    } else {
      need_as_many("--bounds", bounds.size(), values.width);
      weights = dag::penalty_multipliers(found.value_means, bounds, r.penalty);
    }
    found.strategy = weights;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      weights[k] *= bounds.empty() ? -1 : -bounds[k].sign();
    }
  }
  for (double& weight : weights) {
    weight *= r.weight;
  }
  dag::weighted_value_rewards(groups, values, weights, found.reward);
}

namespace {

/// max_at_k: of each group's own rewards, without bias, or its gradient at the estimated
/// distribution. Samples without an answer take no part.
void max_rewards(const dag::AnswerGroups& groups, const dag::MaxAtK<double>& utility,
                 const RewardPlan& plan, std::span<double> reward) {
  const RewardRequest& r = plan.request;
  const dag::AnswerValues values(r.values, groups, key_of(r));
  need_as_many("max_at_k: values", 1, values.width());
  if (plan.estimator != dag::EstimatorKind::u_statistic) {
    dag::AnswerUniverse universe(groups);
    values.join(universe);
    const auto at = [&](std::size_t g) {
      dag::MaxAtK<double> one = utility;
      const auto question = static_cast<std::size_t>(groups.question[g]);
      for (std::size_t z = 0; z < universe.size(question); ++z) {
        one.rewards.push_back(values.of(g, std::string(universe.text(question, z)))[0]);
      }
      return one;
    };
    dag::utility_rewards(universe,
                         dag::UtilityRewardOptions{plan.consensus.counts, plan.consensus.smoothing},
                         at, reward);
    return;
  }
  std::vector<double> given, own;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    const auto answers = groups.group(g);
    const auto question = static_cast<std::size_t>(groups.question[g]);
    given.clear();
    for (const std::int32_t answer : answers) {
      if (answer >= 0) {
        given.push_back(values.of(g, std::string(groups.answer_text(question, answer)))[0]);
      }
    }
    own.resize(given.size());
    if (!given.empty()) {
      dag::max_at_k_rewards(given, utility.k, own);
    }
    const auto first = static_cast<std::size_t>(groups.begin[g]);
    for (std::size_t i = 0, next = 0; i < answers.size(); ++i) {
      reward[first + i] =
          answers[i] >= 0 ? utility.tau * own[next++] : std::numeric_limits<double>::quiet_NaN();
    }
  }
}

/// maj_at_k: without bias from each group's counts, or its gradient at the estimated distribution.
void majority_chances(const dag::AnswerGroups& groups, const dag::MajAtK<double>& utility,
                      const RewardPlan& plan, std::span<double> reward) {
  if (plan.estimator == dag::EstimatorKind::u_statistic) {
    dag::maj_at_k_rewards(groups, utility.k, reward);
    for (double& r : reward) {
      r *= utility.tau;
    }
    return;
  }
  const dag::AnswerGoal right = dag::right_goal(groups);
  const auto at = [&](std::size_t g) {
    return std::span(right.p).subspan(
        static_cast<std::size_t>(groups.answer_begin[static_cast<std::size_t>(groups.question[g])]),
        groups.answers_of(static_cast<std::size_t>(groups.question[g])));
  };
  const dag::AnswerUniverse universe(groups);
  dag::utility_rewards(
      universe, dag::UtilityRewardOptions{plan.consensus.counts, plan.consensus.smoothing},
      [&](std::size_t g) {
        dag::MajAtK<double> one = utility;
        for (const double p : at(g)) {
          one.correct_set.push_back(p > 0);
        }
        return one;
      },
      reward);
  for (std::size_t g = 0; g < groups.groups(); ++g) {  // questions that nobody judged
    for (std::size_t i = 0; !at(g).empty() && std::isnan(at(g)[0]) && i < groups.group(g).size();
         ++i) {
      reward[static_cast<std::size_t>(groups.begin[g]) + i] =
          std::numeric_limits<double>::quiet_NaN();
    }
  }
}

}  // namespace

void shape_rewards(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                   Rewards& found) {
  const RewardPlan& plan = plans[0];
  if (plan.request.shaping.empty()) {
    return;
  }
  const dag::ShapingChoice choice = dag::shaping_choice(plan.request.shaping);
  if (choice.kind == dag::Shaping::gapo) {
    dag::gapo_rewards(groups, found.reward);
    for (double& r : found.reward) {
      r *= plan.request.weight;
    }
  } else if (choice.kind == dag::Shaping::dra) {
    const dag::AnswerUniverse universe(groups);
    const auto kernel = grounds(universe, plan, dag::Ground::kernel);
    dag::dra_rewards(
        groups,
        [&](std::size_t g, std::size_t a, std::size_t b) {
          const auto q = static_cast<std::size_t>(groups.question[g]);
          return kernel[q][a * universe.size(q) + b];
        },
        found.reward);
  } else if (choice.kind == dag::Shaping::differential_smoothing) {
    dag::differential_smoothing_rewards(groups, choice.strength, found.reward);
  }
}

void shape_advantages(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                      Rewards& found) {
  const std::string& shaping = plans[0].request.shaping;
  if (shaping.empty() || !dag::shaping_choice(shaping).of_advantages()) {
    return;
  }
  found.factor.resize(groups.samples());
  dag::shaping_weights(groups, dag::shaping_choice(shaping), found.factor);
  for (std::size_t i = 0; i < found.factor.size(); ++i) {
    found.advantage[i] *= found.factor[i];
  }
}

void gradient_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan,
                      std::span<double> reward) {
  const RewardRequest& r = plan.request;
  const dag::UtilityRewardOptions options{plan.consensus.counts, plan.consensus.smoothing};
  dag::AnswerUniverse universe(groups);
  const auto question = [&](std::size_t g) { return static_cast<std::size_t>(groups.question[g]); };
  if (const auto* soft = std::get_if<dag::SoftConstraint<double>>(&plan.formula)) {
    const dag::AnswerValues values(r.values, groups, key_of(r));
    const auto bounds = bound_list(r.bounds);
    need_as_many("--bounds", bounds.size(), values.width());
    values.join(universe);
    std::vector<double> part(reward.size());
    for (std::size_t k = 0; k < bounds.size(); ++k) {
      const auto utility = [&](std::size_t g) {
        dag::SoftConstraint<double> out = *soft;
        out.bound = bounds[k].sign() * bounds[k].bound;
        for (std::size_t z = 0; z < universe.size(question(g)); ++z) {
          const std::string text(universe.text(question(g), z));
          out.feature.push_back(bounds[k].sign() * values.of(g, text)[k]);
        }
        return out;
      };
      dag::utility_rewards(universe, options, utility, part);
      for (std::size_t i = 0; i < part.size(); ++i) {
        reward[i] = k == 0 ? part[i] : reward[i] + part[i];
      }
    }
    return;
  }
  if (const auto* best = std::get_if<dag::MaxAtK<double>>(&plan.formula)) {
    max_rewards(groups, *best, plan, reward);
    return;
  }
  if (const auto* vote = std::get_if<dag::MajAtK<double>>(&plan.formula)) {
    majority_chances(groups, *vote, plan, reward);
    return;
  }
  if (const auto* even = std::get_if<dag::CorrectUniformity<double>>(&plan.formula)) {
    dag::uniformity_rewards(
        groups,
        dag::RewardTableBuilder{plan.estimator, {dag::RewardFunction::logarithm()}, -even->tau},
        reward);
    return;
  }
  auto target = targets(universe, plan);
  for (std::size_t q = 0; q < target.size(); ++q) {
    target[q].resize(universe.size(q));
  }
  const auto* mmd = std::get_if<dag::MmdToGoal<double>>(&plan.formula);
  const auto ground =
      grounds(universe, plan, mmd != nullptr ? dag::Ground::kernel : dag::Ground::distance);
  const auto rewards_of = [&](auto utility, auto matrix) {
    dag::utility_rewards(
        universe, options,
        [&](std::size_t g) {
          utility.goal = target[question(g)];
          utility.*matrix = ground[question(g)];
          return utility;
        },
        reward);
  };
  if (mmd != nullptr) {
    rewards_of(*mmd, &dag::MmdToGoal<double>::kernel);
  } else {
    using Transport = dag::EntropicTransportToGoal<double>;
    rewards_of(std::get<Transport>(plan.formula), &Transport::cost);
  }
}

}  // namespace cli
