// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The exact game beside a training run, from the same configuration.
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <dag/alignment/any_equilibrium.hpp>
#include <dag/core/error.hpp>
#include <dag/train/utility_objective.hpp>

#include "train_config.hpp"

namespace cli {
namespace {

dag::MomentConstraints<double> moment_constraints(const TrainConfig& config) {
  dag::MomentConstraints<double> all;
  for (const TrainConstraint& c : config.constraints) {
    std::vector<double> feature;
    for (std::size_t x = 0; x < config.contexts; ++x) {
      for (std::size_t z = 0; z < config.answers; ++z) {
        feature.push_back(listed(c, z) ? constraint_feature(c, config.contexts, x) /
                                             static_cast<double>(config.contexts)
                                       : 0.0);
      }
    }
    if (c.rule == "equal" || !c.equal_to.empty()) {
      all.equal(std::move(feature), c.bound);
    } else if (c.rule == "at_least") {
      all.at_least(std::move(feature), c.bound);
    } else {
      all.at_most(std::move(feature), c.bound);
    }
  }
  return all;
}

}  // namespace

dag::AnyObjective make_generic(const TrainConfig& config, const TrainPart& part) {
  const dag::AnyUtility utility = part.made(config.contexts, config.answers);
  // The gradient of MMD is affine in nu: unbiased with the sample left out.
  const bool affine = std::holds_alternative<dag::MmdToGoal<double>>(utility);
  const bool transport = std::holds_alternative<dag::EntropicTransportToGoal<double>>(utility);
  const dag::UtilityObjectiveOptions options{
      .answers = config.answers,
      .counts = affine ? dag::Counts::leave_one_out : dag::Counts::plug_in,
      .smoothing = transport ? 1e-3 : 0.0};
  dag::DirectSum one;
  std::visit(
      [&](const auto& u) {
        if constexpr (!dag::AdversarialUtility<std::remove_cvref_t<decltype(u)>>) {
          one.add(u);
        }
      },
      utility);
  return dag::UtilityObjective<dag::DirectSum>(std::move(one), options);
}

TrainEquilibrium exact_equilibrium(const TrainConfig& config,
                                   const std::vector<std::vector<double>>& reference) {
  if (!(config.train.beta > 0) || config.train.refresh_every > 0) {
    return {};  // another game
  }
  const dag::Contexts<double> contexts(reference);
  std::vector<dag::AnyUtility> utilities;
  for (TrainPart part : config.parts) {
    if (part.weight.to == 0) {
      continue;
    }
    part.data.weight *= part.weight.to;
    if (!(part.data.weight > 0)) {
      return {};  // not concave
    }
    utilities.push_back(part.made(config.contexts, config.answers));
  }
  if (!config.constraints.empty()) {
    utilities.emplace_back(moment_constraints(config));
  }
  if (utilities.empty()) {
    return {};
  }
  try {
    const auto found =
        dag::any_equilibrium(utilities, contexts, config.train.beta, {.tolerance = 1e-8}).solution;
    return found.status == dag::Status::converged ? TrainEquilibrium{found.nu, found.target}
                                                  : TrainEquilibrium{};
  } catch (const dag::Error& error) {
    if (error.code() == dag::Errc::unsupported) {
      return {};
    }
    throw;
  }
}

}  // namespace cli
