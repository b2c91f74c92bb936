// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "reward_plan.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/io/targets.hpp>
#include <dag/rollout/event_reward.hpp>
#include <dag/rollout/pool_table_reward.hpp>
#include <dag/rollout/reward.hpp>
#include <dag/rollout/target_reward.hpp>
#include <dag/utility/jensen_shannon.hpp>

namespace cli {
namespace {

using Family = RewardFamily;

constexpr std::array utilities{
    UtilityEntry{"expected_reward", Family::verdict, "1 for a right sample, 0 for a wrong one"},
    UtilityEntry{"shannon_entropy", Family::answer, "-log nu(z): diverse answers"},
    UtilityEntry{"gini", Family::answer, "-2 nu(z): diverse answers"},
    UtilityEntry{"tsallis3", Family::answer, "-3/2 nu(z)^2: diverse answers"},
    UtilityEntry{"tsallis", Family::answer, "-a/(a-1) nu(z)^(a-1), a given by --order"},
    UtilityEntry{"log_likelihood", Family::event,
                 "1/nu(C) for a right sample, C the right answers"},
    UtilityEntry{"pass_at_k", Family::event, "k (1 - nu(C))^(k-1) for a right sample; see --k"},
    UtilityEntry{"reverse_kl", Family::target, "log p(z) - log nu(z), p given by --target"},
    UtilityEntry{"forward_kl", Family::target, "p(z)/nu(z)"},
    UtilityEntry{"chi_square", Family::target, "-2 nu(z)/p(z)"},
    UtilityEntry{"jensen_shannon", Family::target, "log((nu(z) + p(z)) / 2 nu(z)) / 2"},
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
  }
}

/// g(p) of a table, and the utility's constant before it.
std::pair<dag::RewardFunction, double> reward_function(const RewardPlan& plan) {
  const std::string_view name = plan.utility.name;
  const double a = name == "tsallis3" ? 3 : plan.request.order;
  if (name == "gini") {
    return {dag::RewardFunction::power(1), -2.0};
  }
  if (name == "tsallis3" || name == "tsallis") {
    return {dag::RewardFunction::power(a - 1), -a / (a - 1)};
  }
  if (name == "log_likelihood" || name == "forward_kl" || name == "frozen_geometric") {
    return {dag::RewardFunction::inverse(), 1.0};
  }
  if (name == "pass_at_k") {
    return {dag::RewardFunction::pass_at_k(plan.request.k), 1.0};
  }
  if (name == "chi_square" || name == "jensen_shannon" || name == "frozen_euclidean") {
    return {dag::RewardFunction::power(1), 1.0};
  }
  return {dag::RewardFunction::logarithm(), name == "shannon_entropy" ? -1.0 : 1.0};
}

/// The rewards of the families target and frozen: an estimate c of the table, and p.
double combine(std::string_view name, double c, double p) {
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

RewardPlan plan_rewards(const RewardRequest& request) {
  const UtilityEntry& utility = utility_of(request.utility);
  RewardPlan plan{utility,
                  dag::estimator_kind(request.estimator),
                  advantage_of(request.advantage),
                  request,
                  {}};
  dag::require(request.weight > 0 && std::isfinite(request.weight), dag::Errc::invalid_argument,
               "--weight must be > 0 and finite, got ", request.weight);
  dag::require(request.k >= 1, dag::Errc::invalid_argument, "--k must be >= 1, got ", request.k);
  dag::require(request.order > 1 && std::isfinite(request.order), dag::Errc::invalid_argument,
               "--order must be > 1 and finite (1 is shannon_entropy), got ", request.order);
  dag::require(utility.family != Family::frozen || !request.reference.empty(),
               dag::Errc::invalid_argument, "--utility ", std::string_view(utility.name),
               " needs --reference, the rollouts whose consensus is frozen");
  check_estimator(utility, plan.estimator);
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

Rewards compute_rewards(const dag::AnswerGroups& groups, const RewardPlan& plan,
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
      return out;
    }
    case Family::event:
      dag::event_rewards(
          groups, dag::RewardTableBuilder{plan.estimator, {.function = function}, tau * scale},
          reward);
      break;
    case Family::verdict:
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
      const dag::CanonicalAnswer key{plan.request.exact ? dag::exact_answers : dag::AnswerRules{}};
      const dag::AnswerTarget target =
          plan.utility.family == Family::frozen
              ? dag::frozen_target(groups, read(plan.request.reference), plan.consensus)
          : plan.request.target == "uniform" ? dag::uniform_target(groups)
                                             : dag::read_target(plan.request.target, groups, key);
      dag::target_rewards(
          groups, target, dag::RewardTableBuilder{plan.estimator, {.function = function}, scale},
          [&](double c, double p) { return tau * combine(name, c, p); }, reward);
      break;
    }
  }
  out.advantages = dag::advantages<double>(plan.advantage, out.reward, groups.begin, advantage);
  return out;
}

}  // namespace cli
