// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "reward_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include <dag/answers/event_reward.hpp>
#include <dag/answers/pool_table_reward.hpp>
#include <dag/answers/reward.hpp>
#include <dag/answers/target_reward.hpp>
#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/io/targets.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/utility/alpha_to_target.hpp>
#include <dag/utility/jensen_shannon_to_target.hpp>

#include "reward_files.hpp"

namespace cli {
namespace {

using Family = RewardFamily;

constexpr std::array utilities{
    UtilityEntry{"expected_reward", Family::verdict,
                 "1 for a right sample, 0 for a wrong one; R(z) with --values"},
    UtilityEntry{"shannon_entropy", Family::answer, "-log nu(z): diverse answers"},
    UtilityEntry{"gini", Family::answer, "-2 nu(z): diverse answers"},
    UtilityEntry{"tsallis3", Family::answer, "-3/2 nu(z)^2: diverse answers"},
    UtilityEntry{"tsallis", Family::answer, "-a/(a-1) nu(z)^(a-1), a given by --order"},
    UtilityEntry{"log_barrier", Family::answer, "1/nu(z): keeps every answer alive"},
    UtilityEntry{"log_likelihood", Family::event,
                 "1/nu(C) for a right sample, C the right answers"},
    UtilityEntry{"pass_at_k", Family::event, "k (1 - nu(C))^(k-1) for a right sample; see --k"},
    UtilityEntry{"reverse_kl", Family::target, "log p(z) - log nu(z), p given by --target"},
    UtilityEntry{"forward_kl", Family::target, "p(z)/nu(z)"},
    UtilityEntry{"chi_square", Family::target, "-2 nu(z)/p(z)"},
    UtilityEntry{"jensen_shannon", Family::target, "log((nu(z) + p(z)) / 2 nu(z)) / 2"},
    UtilityEntry{"alpha", Family::target, "(1 - (nu(z)/p(z))^(a-1)) / (a-1), a given by --order"},
    UtilityEntry{"mmd", Family::gradient, "(K (p - nu))(z), K the kernel of --ground"},
    UtilityEntry{"transport", Family::gradient,
                 "minus the potential of moving nu to p at the cost of --ground; see --epsilon"},
    UtilityEntry{"robust_reward", Family::values,
                 "sum_m q_m R_m(z), R of --values, q the worst mixture or --mixture"},
    UtilityEntry{"moment_constraints", Family::values,
                 "-sum_k lambda_k f_k(z), f of --values, lambda of --multipliers, or of --bounds "
                 "and --penalty"},
    UtilityEntry{"soft_constraint", Family::gradient,
                 "log q(z) - log nu(z), q the nearest distribution within --bounds of --values"},
    UtilityEntry{"coherence_arithmetic", Family::consensus,
                 "log q(z) - log nu(z), q the mean over the contexts of the question"},
    UtilityEntry{"coherence_geometric", Family::consensus, "q(z)/nu(z), q the geometric mean"},
    UtilityEntry{"coherence_euclidean", Family::consensus, "q(z) - nu(z), q the mean"},
    UtilityEntry{"frozen_arithmetic", Family::frozen,
                 "log q(z) - log nu(z), q the mean of the --reference rollouts"},
    UtilityEntry{"frozen_geometric", Family::frozen,
                 "q(z)/nu(z), q the geometric mean of the --reference rollouts"},
    UtilityEntry{"frozen_euclidean", Family::frozen,
                 "q(z) - nu(z), q the mean of the --reference rollouts"},
    UtilityEntry{"pairwise_kl", Family::pairwise, "KL to every other context, both ways"},
    UtilityEntry{"pairwise_euclidean", Family::pairwise, "squared distance to every other context"},
};

/// `coherence`, `entropy`, `log-likelihood`, `chi2` and the like.
const UtilityEntry& utility_of(const std::string& word) {
  std::string name;
  for (const char c : word) {
    name += c == '-' ? '_' : c;
  }
  name = name == "coherence"                      ? "coherence_arithmetic"
         : name == "shannon" || name == "entropy" ? "shannon_entropy"
         : name == "chi2"                         ? "chi_square"
         : name == "js"                           ? "jensen_shannon"
         : name == "robust"                       ? "robust_reward"
         : name == "sinkhorn"                     ? "transport"
                                                  : name;
  std::string names;
  for (const UtilityEntry& entry : utilities) {
    if (name == entry.name) {
      return entry;
    }
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  dag::fail(dag::Errc::invalid_argument, "--utility: no utility is called '", word, "'; there are ",
            names);
}

dag::Advantage advantage_of(const std::string& name) {
  std::string names;
  for (const auto& [known, kind] : dag::advantage_names) {
    if (name == known) {
      dag::require(!dag::needs_lengths(kind), dag::Errc::unsupported, "--advantage ", name,
                   " weights samples by their lengths in tokens, which a rollout file does not "
                   "hold");
      return kind;
    }
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  dag::fail(dag::Errc::invalid_argument, "--advantage: no convention is called '", name,
            "'; there are ", names);
}

bool is_simple(dag::EstimatorKind kind) {
  return kind == dag::EstimatorKind::plug_in || kind == dag::EstimatorKind::leave_one_out;
}

/// Refuses estimators that a utility has no table for.
void check_estimator(const UtilityEntry& utility, dag::EstimatorKind kind) {
  const std::string_view name = utility.name;
  const auto refuse = [&](bool holds, const char* serves) {
    dag::require(holds, dag::Errc::unsupported, "--estimator ", to_string(kind), ": ", name,
                 " takes ", serves);
  };
  if (utility.family == Family::pairwise) {
    refuse(is_simple(kind), "plug-in or leave-one-out");
  } else if (name == "coherence_euclidean") {
    refuse(is_simple(kind) || kind == dag::EstimatorKind::u_statistic,
           "plug-in, leave-one-out or u-statistic");
  } else if (name == "coherence_geometric") {
    refuse(is_simple(kind) || kind == dag::EstimatorKind::minimax,
           "plug-in, leave-one-out or minimax");
  } else if (name == "jensen_shannon") {
    refuse(kind == dag::EstimatorKind::plug_in, "plug-in");
  } else if (utility.family == Family::gradient) {
    refuse(is_simple(kind), "plug-in or leave-one-out");
  } else if (utility.family == Family::values) {
    refuse(kind == dag::EstimatorKind::plug_in,
           "plug-in: it is linear in nu, so that there is nothing to estimate");
  }
}

/// a of tsallis3, tsallis and alpha.
double order_of(const UtilityEntry& utility, const RewardRequest& request) {
  const std::string_view name = utility.name;
  return name == "tsallis3" ? 3 : request.order.value_or(name == "alpha" ? 0.5 : 3);
}

/// alpha by a table of nu^(a-1), into which its reward is affine; otherwise it is taken at nu.
bool alpha_by_power(const RewardPlan& plan) {
  return std::string_view(plan.utility.name) == "alpha" &&
         plan.estimator != dag::EstimatorKind::plug_in;
}

/// g(p) of a table, and the utility's constant before it.
std::pair<dag::RewardFunction, double> reward_function(const RewardPlan& plan) {
  const std::string_view name = plan.utility.name;
  const double a = order_of(plan.utility, plan.request);
  if (name == "gini") {
    return {dag::RewardFunction::power(1), -2.0};
  }
  if (name == "tsallis3" || name == "tsallis") {
    return {dag::RewardFunction::power(a - 1), -a / (a - 1)};
  }
  if (alpha_by_power(plan)) {
    return {dag::RewardFunction::power(a - 1), 1.0};
  }
  if (name == "log_likelihood" || name == "forward_kl" || name == "frozen_geometric" ||
      name == "log_barrier") {
    return {dag::RewardFunction::inverse(), 1.0};
  }
  if (name == "pass_at_k") {
    return {dag::RewardFunction::pass_at_k(plan.request.k), 1.0};
  }
  if (name == "chi_square" || name == "jensen_shannon" || name == "alpha" ||
      name == "frozen_euclidean") {
    return {dag::RewardFunction::power(1), 1.0};
  }
  return {dag::RewardFunction::logarithm(), name == "shannon_entropy" ? -1.0 : 1.0};
}

/// The rewards of the families target and frozen: an estimate c of the table, and p.
double combine(const RewardPlan& plan, double c, double p) {
  const std::string_view name = plan.utility.name;
  if (name == "reverse_kl" || name == "frozen_arithmetic") {
    return std::log(p) - c;
  }
  if (name == "forward_kl" || name == "frozen_geometric") {
    return p * c;
  }
  if (name == "chi_square") {
    return -2 * c / p;
  }
  if (name == "jensen_shannon") {
    return dag::JensenShannon<double>{std::vector<double>{}}.reward(
        dag::Probability<double>::of(c), dag::Probability<double>::of(p));
  }
  if (name == "alpha") {
    const double a = order_of(plan.utility, plan.request);
    return alpha_by_power(plan)
               ? (1 - c * std::pow(p, 1 - a)) / (a - 1)
               : dag::AlphaToTarget<double>{{}, a}.reward(dag::Probability<double>::of(c),
                                                          dag::Probability<double>::of(p));
  }
  return p - c;
}

dag::ConsensusReport consensus(const dag::AnswerGroups& groups, const RewardPlan& plan,
                               std::span<double> reward) {
  const std::string_view name = plan.utility.name;
  if (name == "coherence_arithmetic" && !is_simple(plan.estimator)) {
    return dag::arithmetic_table_rewards(groups, plan.estimator, reward);
  }
  if (name == "coherence_euclidean" && plan.estimator == dag::EstimatorKind::u_statistic) {
    return dag::euclidean_table_rewards(groups, reward);
  }
  if (name == "coherence_geometric" && plan.consensus.smoothing == 0) {
    return dag::geometric_table_rewards(groups,
                                        plan.estimator == dag::EstimatorKind::minimax
                                            ? dag::PowerEstimator::minimax
                                            : dag::PowerEstimator::plug_in,
                                        reward);
  }
  return dag::consensus_rewards(
      groups, plan.consensus,
      [&](double nu, double q) {
        return name == "coherence_arithmetic"  ? std::log(q) - std::log(nu)
               : name == "coherence_geometric" ? q / nu
                                               : q - nu;
      },
      reward);
}

}  // namespace

std::string utility_list() {
  std::string list;
  for (const UtilityEntry& entry : utilities) {
    list += fmt::format("\n  {}: {}", entry.name, entry.summary);
  }
  return list;
}

namespace {

RewardPlan plan_part(const RewardRequest& request) {
  const UtilityEntry& utility = utility_of(request.utility);
  RewardPlan plan{utility,
                  dag::estimator_kind(request.estimator),
                  advantage_of(request.advantage),
                  request,
                  {}};
  dag::require(request.weight > 0 && std::isfinite(request.weight), dag::Errc::invalid_argument,
               "--weight must be > 0 and finite, got ", request.weight);
  dag::require(request.k >= 1, dag::Errc::invalid_argument, "--k must be >= 1, got ", request.k);
  const double order = order_of(utility, request);
  const bool alpha = std::string_view(utility.name) == "alpha";
  dag::require(std::isfinite(order) && (alpha || order > 1), dag::Errc::invalid_argument,
               "--order must be finite, and > 1 for tsallis (1 is shannon_entropy), got ", order);
  dag::require(!(alpha_by_power(plan) && !(order > 1)), dag::Errc::unsupported, "--estimator ",
               to_string(plan.estimator), ": alpha takes plug-in at orders of at most 1 (order 1 ",
               "is reverse_kl, order 0 forward_kl), got order ", order);
  dag::require(request.epsilon > 0 && std::isfinite(request.epsilon), dag::Errc::invalid_argument,
               "--epsilon must be > 0 and finite, got ", request.epsilon);
  dag::require(utility.family != Family::frozen || !request.reference.empty(),
               dag::Errc::invalid_argument, "--utility ", std::string_view(utility.name),
               " needs --reference, the rollouts whose consensus is frozen");
  const bool given = utility.family == Family::verdict && !request.values.empty();
  check_estimator(given ? UtilityEntry{utility.name, Family::values, ""} : utility, plan.estimator);
  const std::string_view name = utility.name;
  const bool minimax = plan.estimator == dag::EstimatorKind::minimax;
  plan.consensus.counts = plan.estimator == dag::EstimatorKind::leave_one_out
                              ? dag::Counts::leave_one_out
                              : dag::Counts::plug_in;
  plan.consensus.pool = name == "coherence_geometric" || name == "frozen_geometric"
                            ? dag::Pool::geometric
                            : dag::Pool::arithmetic;
  const bool needs_smoothing =
      name == "pairwise_kl" || name == "frozen_arithmetic" || name == "frozen_geometric" ||
      (name == "coherence_geometric" && plan.estimator == dag::EstimatorKind::leave_one_out);
  const bool smooths = needs_smoothing || (name == "coherence_geometric" && !minimax);
  plan.consensus.smoothing = request.smoothing >= 0 ? request.smoothing : smooths ? 0.5 : 0.0;
  dag::require(!(needs_smoothing && plan.consensus.smoothing == 0), dag::Errc::invalid_argument,
               "--smoothing must be > 0 for ", name,
               ": an answer that one context never gave would have an infinite reward");
  dag::require(!(name == "coherence_geometric" && minimax && plan.consensus.smoothing > 0),
               dag::Errc::invalid_argument,
               "--smoothing: the minimax tables of coherence_geometric take none");
  return plan;
}

/// The rewards of one part; its advantages where they come with the rewards.
Rewards part_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan,
                     const ReadGroups& read) {
  Rewards out;
  out.reward.resize(groups.samples());
  out.advantage.resize(groups.samples());
  const std::span<double> reward(out.reward);
  const std::span<double> advantage(out.advantage);
  const std::string_view name = plan.utility.name;
  const double tau = plan.request.weight;
  const auto [function, scale] = reward_function(plan);
  const auto scale_by_weight = [&] {
    for (double& r : out.reward) {
      r *= tau;
    }
  };
  switch (plan.utility.family) {
    case Family::answer: {
      const dag::RewardTables<double> tables(
          groups.answer, groups.begin,
          dag::RewardTableBuilder{plan.estimator, {.function = function}, tau * scale});
      out.advantages = dag::table_rewards<double>(groups.answer, groups.begin, tables,
                                                  plan.advantage, reward, advantage);
      break;
    }
    case Family::event:
      dag::event_rewards(
          groups, dag::RewardTableBuilder{plan.estimator, {.function = function}, tau * scale},
          reward);
      break;
    case Family::values: value_rewards(groups, plan, out); break;
    case Family::gradient: gradient_rewards(groups, plan, reward); break;
    case Family::verdict:
      if (!plan.request.values.empty()) {
        value_rewards(groups, plan, out);
        break;
      }
      for (std::size_t i = 0; i < groups.samples(); ++i) {
        reward[i] = groups.right[i] < 0 ? std::numeric_limits<double>::quiet_NaN()
                                        : tau * static_cast<double>(groups.right[i]);
      }
      break;
    case Family::consensus:
      out.consensus = consensus(groups, plan, reward);
      scale_by_weight();
      break;
    case Family::pairwise:
      out.consensus = dag::pairwise_rewards(
          groups, plan.consensus,
          [&](double nu, double other) {
            return tau * (name == "pairwise_kl" ? -(std::log(nu / other) + 1 - other / nu)
                                                : 2 * (other - nu));
          },
          reward);
      break;
    case Family::target:
    case Family::frozen: {
      const dag::AnswerKey key{plan.request.reading};
      const dag::AnswerTarget target =
          plan.utility.family == Family::frozen
              ? dag::frozen_target(groups, read(plan.request.reference), plan.consensus)
          : plan.request.target == "uniform" ? dag::uniform_target(groups)
                                             : dag::read_target(plan.request.target, groups, key);
      dag::target_rewards(
          groups, target, dag::RewardTableBuilder{plan.estimator, {.function = function}, scale},
          [&](double c, double p) { return tau * combine(plan, c, p); }, reward);
      break;
    }
  }
  return out;
}

}  // namespace

std::vector<RewardPlan> plan_rewards(const RewardRequest& request) {
  std::vector<RewardPlan> plans;
  for (std::size_t begin = 0; begin <= request.utility.size();) {
    const std::size_t end = std::min(request.utility.find('+', begin), request.utility.size());
    RewardRequest part = request;
    part.utility = request.utility.substr(begin, end - begin);
    begin = end + 1;
    if (const auto star = part.utility.find('*'); star != std::string::npos) {
      const auto factor = number_list("--utility", part.utility.substr(0, star));
      dag::require(factor.size() == 1 && factor[0] > 0, dag::Errc::invalid_argument,
                   "--utility: a weight must be one number > 0, got '", part.utility, "'");
      part.weight *= factor[0];
      part.utility.erase(0, star + 1);
    }
    plans.push_back(plan_part(part));
  }
  check_files(plans);
  return plans;
}

Rewards compute_rewards(const dag::AnswerGroups& groups, const std::vector<RewardPlan>& plans,
                        const ReadGroups& read) {
  Rewards out = part_rewards(groups, plans[0], read);
  for (std::size_t p = 1; p < plans.size(); ++p) {
    Rewards part = part_rewards(groups, plans[p], read);
    for (std::size_t i = 0; i < out.reward.size(); ++i) {
      out.reward[i] += part.reward[i];
    }
    out.consensus.single_context_questions =
        std::max(out.consensus.single_context_questions, part.consensus.single_context_questions);
    out.consensus.floored_samples += part.consensus.floored_samples;
    if (!part.value_means.empty()) {
      out.value_means = part.value_means;
      out.strategy = part.strategy;
    }
  }
  if (plans.size() > 1 || plans[0].utility.family != Family::answer) {
    out.advantages = dag::advantages<double>(plans[0].advantage, out.reward, groups.begin,
                                             std::span<double>(out.advantage));
  }
  return out;
}

}  // namespace cli
