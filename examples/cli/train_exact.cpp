// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The exact game beside a training run, from the same configuration.
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/core/error.hpp>
#include <dag/divergence/potentials.hpp>
#include <dag/train/utility_objective.hpp>
#include <dag/utility/alpha_to_target.hpp>
#include <dag/utility/bregman_game.hpp>
#include <dag/utility/chi_square_to_target.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/forward_kl.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/jensen_shannon_to_target.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/mmd.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/reverse_kl.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/soft_constraint.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/transport.hpp>
#include <dag/utility/tsallis.hpp>

#include "train_config.hpp"

namespace cli {
namespace {

using Answers = dag::AnswersView<double>;
using Point = dag::Probability<double>;

/// A sum of pointwise utilities chosen at run time: one type, so one instantiation of the solvers.
struct Pointwise {
  using scalar_type = double;
  struct Part {
    double weight;
    std::function<double(Point, std::size_t)> term, reward, slope;
  };
  std::vector<Part> parts;

  template <class U>
  void add(double weight, U u) {
    parts.push_back({weight,
                     [u](Point nu, std::size_t i) { return dag::detail::term_at(u, i, nu); },
                     [u](Point nu, std::size_t i) { return dag::detail::reward_at(u, i, nu); },
                     [u](Point nu, std::size_t i) { return dag::detail::slope_at(u, i, nu); }});
  }
  [[nodiscard]] std::size_t datum(std::size_t i) const { return i; }
  [[nodiscard]] double term(Point nu, std::size_t i) const { return sum(&Part::term, nu, i); }
  [[nodiscard]] double reward(Point nu, std::size_t i) const { return sum(&Part::reward, nu, i); }
  [[nodiscard]] double slope(Point nu, std::size_t i) const { return sum(&Part::slope, nu, i); }

 private:
  template <class Member>
  [[nodiscard]] double sum(Member member, Point nu, std::size_t i) const {
    double total = 0;
    for (const Part& part : parts) {
      total += part.weight * (part.*member)(nu, i);
    }
    return total;
  }
};

/// A sum of any utilities without a Target of their own, by value and gradient.
struct Direct {
  using scalar_type = double;
  struct Part {
    double weight;
    std::function<double(Answers)> value;
    std::function<void(Answers, std::span<double>, std::span<double>)> gradient;
  };
  std::vector<Part> parts;

  template <class U>
  void add(double weight, U u) {
    parts.push_back({weight,
                     [u](Answers nu) { return dag::value_of(u, nu, std::span<const double>{}); },
                     [u](Answers nu, std::span<double> out, std::span<double> scratch) {
                       dag::gradient_of(u, nu, std::span<const double>{}, out, scratch);
                     }});
  }
  [[nodiscard]] double value(Answers nu) const {
    double total = 0;
    for (const Part& part : parts) {
      total += part.weight * part.value(nu);
    }
    return total;
  }
  void gradient(Answers nu, std::span<double> out) const {
    std::vector<double> own(out.size()), scratch(out.size());
    for (double& g : out) {
      g = 0;
    }
    for (const Part& part : parts) {
      part.gradient(nu, own, scratch);
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += part.weight * own[i];
      }
    }
  }
};

std::vector<double> repeated(const std::vector<double>& row, std::size_t times) {
  std::vector<double> stacked;
  for (std::size_t x = 0; x < times; ++x) {
    stacked.insert(stacked.end(), row.begin(), row.end());
  }
  return stacked;
}

std::vector<double> flat(const std::vector<std::vector<double>>& matrix) {
  std::vector<double> all;
  for (const auto& row : matrix) {
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

template <class Pool>
dag::FrozenConsensus<Pool> frozen(Pool pool, const dag::Contexts<double>& contexts) {
  const auto log_nu = contexts.log_reference();
  std::vector<double> nu(log_nu.size());
  for (std::size_t i = 0; i < nu.size(); ++i) {
    nu[i] = std::exp(log_nu[i]);
  }
  return dag::freeze(std::move(pool), Answers{contexts.blocks(), contexts.weights(),
                                              dag::StateView<const double>{nu, log_nu}});
}

/// Calls visit(utility) with the utility of a part; false for parts with a Target of their own.
template <class Visit>
bool with_utility(const TrainConfig& config, const TrainPart& part,
                  const dag::Contexts<double>& contexts, Visit&& visit) {
  const std::size_t x = config.contexts;
  const dag::CorrectSet correct = [&] {
    dag::CorrectSet set(config.answers * x);
    for (const std::size_t z : part.correct) {
      for (std::size_t c = 0; c < x; ++c) {
        set[c * config.answers + z] = true;
      }
    }
    return set;
  }();
  std::vector<double> reward = repeated(part.reward, x);
  for (double& r : reward) {
    r *= part.tau;
  }
  const std::vector<double> target = repeated(part.target, x);
  const std::string& name = part.name;
  if (name == "reward") {
    visit(dag::ExpectedReward<double>{reward});
  } else if (name == "shannon") {
    visit(dag::ShannonEntropy<double>{part.tau});
  } else if (name == "gini") {
    visit(dag::Gini<double>{part.tau});
  } else if (name == "tsallis") {
    visit(dag::TsallisEntropy<double>{part.tau, part.order});
  } else if (name == "log-likelihood") {
    visit(dag::AnswerLogLikelihood<double>{correct, part.tau});
  } else if (name == "pass-at-k") {
    visit(dag::PassAtK<double>{correct, part.k, part.tau});
  } else if (name == "reverse-kl") {
    visit(dag::ReverseKl<double>{target, part.tau});
  } else if (name == "forward-kl") {
    visit(dag::ForwardKl<double>{target, part.tau});
  } else if (name == "chi-square") {
    visit(dag::ChiSquare<double>{target, part.tau});
  } else if (name == "jensen-shannon") {
    visit(dag::JensenShannon<double>{target, part.tau});
  } else if (name == "coherence") {
    visit(dag::ArithmeticCoherence<double>{part.tau});
  } else if (name == "coherence-geometric") {
    visit(dag::GeometricCoherence<double>{part.tau});
  } else if (name == "coherence-euclidean") {
    visit(dag::EuclideanCoherence<double>{part.tau});
  } else if (name == "coherence-pairwise") {
    visit(dag::PairwiseKl<double>{part.tau});
  } else if (name == "frozen") {
    visit(frozen(dag::ArithmeticCoherence<double>{part.tau}, contexts));
  } else if (name == "frozen-geometric") {
    visit(frozen(dag::GeometricCoherence<double>{part.tau}, contexts));
  } else if (name == "frozen-euclidean") {
    visit(frozen(dag::EuclideanCoherence<double>{part.tau}, contexts));
  } else if (name == "alpha") {
    visit(dag::AlphaToTarget<double>{target, part.order, part.tau});
  } else if (name == "log-barrier") {
    visit(dag::BregmanUtility<dag::LogBarrier>{{}, part.tau});
  } else if (name == "mmd") {
    visit(dag::MmdToTarget<double>{target, flat(part.kernel), part.tau});
  } else if (name == "transport") {
    visit(dag::EntropicTransportToTarget<double>{
        target, flat(part.cost), part.tau, {.epsilon = part.epsilon}});
  } else if (name == "soft-constraint") {
    visit(dag::SoftConstraint<double>{repeated(part.feature, x), part.bound, part.tau});
  } else {
    return false;
  }
  return true;
}

template <class Utility>
TrainEquilibrium solved(const TrainConfig& config, const dag::Contexts<double>& contexts,
                        Utility utility) {
  const dag::AlignmentGame<Utility, dag::no_backend> game(std::move(utility), contexts,
                                                          config.train.beta);
  const auto found = dag::equilibrium(game, {.tolerance = 1e-8});
  if (found.status != dag::Status::converged) {
    return {};
  }
  return {found.nu, found.target};
}

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

dag::AnyObjective make_generic(const TrainConfig& config, const TrainPart& part,
                               const std::vector<std::vector<double>>& reference) {
  // The gradient of MMD is affine in nu: unbiased with the sample left out.
  const dag::UtilityObjectiveOptions options{
      .answers = config.answers,
      .counts = part.name == "mmd" ? dag::Counts::leave_one_out : dag::Counts::plug_in,
      .smoothing = part.name == "transport" ? 1e-3 : 0.0};
  std::optional<dag::AnyObjective> made;
  (void)with_utility(config, part, dag::Contexts<double>(reference), [&](auto utility) {
    using U = decltype(utility);
    if constexpr (std::is_same_v<U, dag::AlphaToTarget<double>> ||
                  std::is_same_v<U, dag::BregmanUtility<dag::LogBarrier>> ||
                  std::is_same_v<U, dag::MmdToTarget<double>> ||
                  std::is_same_v<U, dag::EntropicTransportToTarget<double>> ||
                  std::is_same_v<U, dag::SoftConstraint<double>>) {
      made.emplace(dag::UtilityObjective<U>(std::move(utility), options));
    }
  });
  dag::require(made.has_value(), dag::Errc::invalid_argument, "no objective '", part.name, "'");
  return std::move(*made);
}

TrainEquilibrium exact_equilibrium(const TrainConfig& config,
                                   const std::vector<std::vector<double>>& reference) {
  if (!(config.train.beta > 0) || config.train.refresh_every > 0) {
    return {};  // another game
  }
  const dag::Contexts<double> contexts(reference);
  Pointwise pointwise;
  Direct direct;
  bool all_pointwise = true;
  std::vector<const TrainPart*> adversarial;
  for (const TrainPart& part : config.parts) {
    const double weight = part.weight.to;
    const bool plain = with_utility(config, part, contexts, [&](auto utility) {
      using U = decltype(utility);
      if constexpr (dag::PointwiseUtility<U>) {
        pointwise.add(weight, utility);
      } else {
        all_pointwise = false;
      }
      direct.add(weight, utility);
    });
    if (!plain) {
      adversarial.push_back(&part);
    }
  }
  if (!config.constraints.empty() || !adversarial.empty()) {
    const bool served = all_pointwise && adversarial.size() <= 1 &&
                        (config.constraints.empty() || adversarial.empty());
    if (!served) {
      return {};
    }
    if (adversarial.empty()) {
      return solved(config, contexts, dag::Sum(pointwise, moment_constraints(config)));
    }
    dag::RobustReward<double> robust;
    for (const auto& row : adversarial[0]->rewards) {
      robust.rewards.push_back(repeated(row, config.contexts));
      for (double& r : robust.rewards.back()) {
        r *= adversarial[0]->tau * adversarial[0]->weight.to;
      }
    }
    return solved(config, contexts, dag::Sum(pointwise, robust));
  }
  if (all_pointwise) {
    return solved(config, contexts, pointwise);
  }
  TrainEquilibrium found;
  if (config.parts.size() == 1 && config.parts[0].weight.to == 1 &&
      !is_generic(config.parts[0].name)) {  // the solver for its family
    (void)with_utility(config, config.parts[0], contexts, [&](auto utility) {
      using U = decltype(utility);
      if constexpr (!dag::PointwiseUtility<U> && !dag::DirectUtility<U>) {
        found = solved(config, contexts, utility);
      }
    });
    return found;
  }
  return solved(config, contexts, direct);
}

}  // namespace cli
