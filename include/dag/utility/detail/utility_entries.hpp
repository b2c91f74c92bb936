// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <dag/estimate/reward_function.hpp>
// All of utility/; filled by scripts/sync_umbrellas.py.
#include <dag/utility/agreement.hpp>
#include <dag/utility/bregman_game.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/correct_entropy.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/correct_uniformity.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/event_q_logarithm.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/family_sums.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/maj_at_k.hpp>
#include <dag/utility/majority_vote.hpp>
#include <dag/utility/max_at_k.hpp>
#include <dag/utility/max_rl.hpp>
#include <dag/utility/mmd.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/parts.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/sharpening.hpp>
#include <dag/utility/soft_constraint.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/transport.hpp>
#include <dag/utility/tsallis.hpp>
#include <dag/utility/user_defined.hpp>
#include <dag/utility/utility_concepts.hpp>
#include <dag/utility/utility_entry.hpp>
// end of utility/

namespace dag {
namespace detail {

[[nodiscard]] inline std::vector<double> flattened(const std::vector<std::vector<double>>& rows) {
  std::vector<double> out;
  for (const auto& row : rows) {
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

[[nodiscard]] inline std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) {
    value *= factor;
  }
  return values;
}

[[nodiscard]] inline MomentConstraints<double> make_moment_constraints(const UtilityData& d) {
  MomentConstraints<double> out;
  if (d.rule == "equal") {
    return out.equal(d.feature, d.bound);
  }
  return d.rule == "at_least" ? out.at_least(d.feature, d.bound) : out.at_most(d.feature, d.bound);
}

[[nodiscard]] inline RobustReward<double> make_robust_reward(const UtilityData& d) {
  RobustReward<double> out{d.rewards};
  for (auto& row : out.rewards) {
    row = scaled(std::move(row), d.weight);
  }
  return out;
}

/// The utilities of the library, in the order of the documentation. A new one is its header and a
/// row here: from the row follow `AnyUtility`, `utility_registry`, and with them `dag align`, `dag
/// rewards`, `dag train` and `dag utilities`.
[[nodiscard]] inline auto make_utility_rows() {
  using D = UtilityData;
  using Family = UtilityFamily;
  using E = EstimatorKind;
  const UtilityField weight{.name = "weight",
                            .member = &D::weight,
                            .unit = "1",
                            .help = "factor of F",
                            .option = "--weight",
                            .fallback = 1,
                            .low = 0,
                            .above = true};
  UtilityField asked_weight = weight;
  asked_weight.asked = true;
  const auto order = [](double fallback, double low, bool above) {
    return UtilityField{.name = "order",
                        .member = &D::order,
                        .unit = "1",
                        .help = "order of the power",
                        .option = "--order",
                        .fallback = fallback,
                        .low = low,
                        .above = above,
                        .asked = true};
  };
  const auto by_answer = [](std::string_view name, auto member, std::string_view unit,
                            std::string_view help, std::string_view option, bool matrix = false) {
    return UtilityField{.name = name,
                        .member = member,
                        .unit = unit,
                        .help = help,
                        .option = option,
                        .matrix = matrix};
  };
  const UtilityField tries{.name = "k",
                           .member = &D::k,
                           .unit = "samples",
                           .help = "number of tries",
                           .option = "--k",
                           .fallback = 4,
                           .low = 1,
                           .asked = true};
  UtilityField votes = tries;
  votes.help = "number of votes";
  votes.high = static_cast<double>(maj_at_k_limit);
  votes.whole = true;
  const UtilityField reward =
      by_answer("reward", &D::reward, "units of beta", "a number an answer", "--values");
  const UtilityField target =
      by_answer("target", &D::target, "probability", "a probability an answer", "--target");
  const UtilityField correct =
      by_answer("correct", &D::correct, "0 or 1", "whether an answer is right", "gold");
  const UtilityField feature =
      by_answer("feature", &D::feature, "units of bound", "a number an answer", "--values");
  UtilityField mean_feature = feature;
  mean_feature.averaged = true;
  const UtilityField bound{.name = "bound",
                           .member = &D::bound,
                           .unit = "units of feature",
                           .help = "of the feature's mean",
                           .option = "--bounds"};
  const std::vector<E> simple{E::plug_in, E::leave_one_out};
  const std::vector<E> any{E::plug_in, E::leave_one_out, E::u_statistic};
  const std::vector<E> log{E::plug_in, E::leave_one_out, E::u_statistic,
                           E::digamma, E::minimax,       E::variance_optimal};
  const std::string_view sharp = "arXiv:2603.08660";
  const std::string_view mohri = "arXiv:2604.27166", bregman = "arXiv:2605.02435",
                         coherent = "arXiv:2511.08440";
  const std::string_view closed = "closed_form", root = "scalar_root", event = "event_root",
                         dual = "dual_newton", consensus = "consensus_newton",
                         pairs = "column_newton", generic = "generic";
  return std::tuple{
      UtilityRow{{"expected_reward",
                  {{"reward"}, {"flow_rl"}},
                  Family::values,
                  "<R, nu>",
                  "R(z); without --values 1 for a right sample, 0 for a wrong one",
                  closed,
                  mohri,
                  {reward, weight},
                  log},
                 [](const D& d) { return ExpectedReward{scaled(d.reward, d.weight)}; }},
      UtilityRow{{"shannon_entropy",
                  {{"shannon"}, {"entropy"}},
                  Family::answer,
                  "-sum nu log nu",
                  "-log nu(z): diverse answers",
                  closed,
                  mohri,
                  {asked_weight},
                  log},
                 [](const D& d) { return ShannonEntropy{d.weight}; }},
      UtilityRow{{"gini",
                  {},
                  Family::answer,
                  "1 - sum nu^2",
                  "-2 nu(z): diverse answers",
                  root,
                  mohri,
                  {asked_weight},
                  any},
                 [](const D& d) { return Gini{d.weight}; }},
      UtilityRow{{"tsallis",
                  {{"tsallis3", 3}},
                  Family::answer,
                  "(1 - sum nu^a) / (a - 1), a the order",
                  "-a/(a-1) nu(z)^(a-1): diverse answers",
                  root,
                  "doi:10.1007/BF01016429",
                  {asked_weight, order(3, 0, true)},
                  any},
                 [](const D& d) {
                   return TsallisEntropy{d.weight, d.order};
                 }},
      UtilityRow{{"log_barrier",
                  {},
                  Family::answer,
                  "sum log nu",
                  "1/nu(z): keeps every answer alive",
                  root,
                  bregman,
                  {weight},
                  any},
                 [](const D& d) {
                   return BregmanUtility<LogBarrier>{{}, d.weight};
                 }},
      UtilityRow{{"sharpening",
                  {},
                  Family::answer,
                  "sum nu log nu, the entropy less its sign",
                  "log nu(z): what is given often is given more",
                  "branches",
                  sharp,
                  {asked_weight},
                  log},
                 [](const D& d) { return Sharpening{d.weight}; }},
      UtilityRow{{"collision",
                  {},
                  Family::answer,
                  "sum nu^2, the chance that two answers agree",
                  "2 nu(z): agreement with the other samples",
                  "branches",
                  sharp,
                  {asked_weight},
                  any},
                 [](const D& d) {
                   return PowerSharpening{d.weight, 2.0};
                 }},
      UtilityRow{{"power_sharpening",
                  {},
                  Family::answer,
                  "sum nu^q, q the order; large q: the majority alone",
                  "q nu(z)^(q-1)",
                  "branches",
                  sharp,
                  {asked_weight, order(2, 1, true)},
                  any},
                 [](const D& d) {
                   return PowerSharpening{d.weight, d.order};
                 }},
      UtilityRow{{"majority_vote",
                  {},
                  Family::gradient,
                  "max q, q the mean over contexts",
                  "1 for the answer that most gave (ties share it)",
                  closed,
                  "arXiv:2504.16084",
                  {asked_weight},
                  {E::plug_in}},
                 [](const D& d) { return MajorityVote{d.weight}; }},
      UtilityRow{{"agreement",
                  {},
                  Family::pairwise,
                  "sum over pairs of contexts of <nu_x, nu_y>, each weighted",
                  "2 q(z), q the other contexts' part of the pool",
                  "branches",
                  sharp,
                  {asked_weight},
                  simple},
                 [](const D& d) { return Agreement{d.weight}; }},
      UtilityRow{{"max_rl",
                  {{"maxrl"}},
                  Family::event,
                  "-sum over j <= T of (1 - nu(C))^j / j, T the terms",
                  "sum over j <= T of (1 - nu(C))^(j-1) for a right sample",
                  event,
                  "arXiv:2602.02710",
                  {correct,
                   {.name = "terms",
                    .member = &D::terms,
                    .unit = "1",
                    .help = "of the series",
                    .option = "--terms",
                    .fallback = 8,
                    .low = 1,
                    .high = 4096,
                    .whole = true},
                   weight},
                  any},
                 [](const D& d) {
                   return MaxRl<double>{d.correct, d.terms, d.weight};
                 }},
      UtilityRow{{"event_q_logarithm",
                  {},
                  Family::event,
                  "(nu(C)^(1-q) - 1) / (1 - q), from nu(C) - 1 (q = 0) to log nu(C) (q = 1)",
                  "nu(C)^(-q) for a right sample",
                  event,
                  "arXiv:2604.25907",
                  {correct,
                   {.name = "q",
                    .member = &D::q,
                    .unit = "1",
                    .help = "how much more a rare success counts",
                    .option = "--q",
                    .fallback = 0.5,
                    .low = 0,
                    .high = 1},
                   weight},
                  simple},
                 [](const D& d) {
                   return EventQLogarithm<double>{d.correct, d.q, d.weight};
                 }},
      UtilityRow{{"correct_entropy",
                  {},
                  Family::event,
                  "-sum over the right answers of nu log nu",
                  "-(1 + log nu(z)) for a right sample, 0 for others",
                  root,
                  "arXiv:2605.00365",
                  {correct, weight},
                  log},
                 [](const D& d) {
                   return CorrectEntropy<double>{d.correct, d.weight};
                 }},
      UtilityRow{{"correct_uniformity",
                  {{"uniform_correct"}},
                  Family::gradient,
                  "nu(C) times the entropy of nu given C, C the right answers",
                  "-log(nu(z) / nu(C)) for a right sample, 0 for others",
                  closed,
                  "arXiv:2605.00365",
                  {correct, weight},
                  log},
                 [](const D& d) {
                   return CorrectUniformity<double>{d.correct, d.weight};
                 }},
      UtilityRow{{"maj_at_k",
                  {},
                  Family::gradient,
                  "P(the plurality of k samples is right), ties shared evenly; not concave",
                  "k E[what the sample changes in the outcome of k - 1 others]",
                  generic,
                  "arXiv:2503.19595",
                  {correct, votes, weight},
                  any},
                 [](const D& d) {
                   return MajAtK<double>{d.correct, d.k, d.weight};
                 }},
      UtilityRow{{"log_likelihood",
                  {},
                  Family::event,
                  "log nu(C), C the right answers",
                  "1/nu(C) for a right sample, C the right answers",
                  event,
                  mohri,
                  {correct, weight},
                  any},
                 [](const D& d) {
                   return AnswerLogLikelihood<double>{d.correct, d.weight};
                 }},
      UtilityRow{{"pass_at_k",
                  {},
                  Family::event,
                  "1 - (1 - nu(C))^k, C the right answers",
                  "k (1 - nu(C))^(k-1) for a right sample",
                  event,
                  mohri,
                  {correct, tries, weight},
                  any},
                 [](const D& d) {
                   return PassAtK<double>{d.correct, d.k, d.weight};
                 }},
      UtilityRow{{"reverse_kl",
                  {{"reverse_kl_to_target"}, {"gflownet"}},
                  Family::target,
                  "-KL(nu || p)",
                  "log p(z) - log nu(z)",
                  closed,
                  mohri,
                  {target, weight},
                  log},
                 [](const D& d) {
                   return ReverseKl{d.target, d.weight};
                 }},
      UtilityRow{{"forward_kl",
                  {{"forward_kl_to_target"}, {"ips_grpo"}, {"dmpo"}},
                  Family::target,
                  "-KL(p || nu)",
                  "p(z)/nu(z)",
                  root,
                  mohri,
                  {target, weight},
                  any},
                 [](const D& d) {
                   return ForwardKl{d.target, d.weight};
                 }},
      UtilityRow{{"chi_square",
                  {{"chi2"}, {"chi_square_to_target"}, {"chi2_to_target"}},
                  Family::target,
                  "-sum (nu - p)^2 / p",
                  "-2 nu(z)/p(z)",
                  root,
                  mohri,
                  {target, weight},
                  any},
                 [](const D& d) {
                   return ChiSquare{d.target, d.weight};
                 }},
      UtilityRow{{"jensen_shannon",
                  {{"js"}, {"jensen_shannon_to_target"}},
                  Family::target,
                  "-JS(nu, p)",
                  "log((nu(z) + p(z)) / 2 nu(z)) / 2",
                  root,
                  mohri,
                  {target, weight},
                  {E::plug_in}},
                 [](const D& d) {
                   return JensenShannon{d.target, d.weight};
                 }},
      UtilityRow{{"alpha",
                  {{"alpha_to_target"}},
                  Family::target,
                  "-sum p ((nu/p)^a - a nu/p + a - 1) / (a (a - 1)), a the order",
                  "(1 - (nu(z)/p(z))^(a-1)) / (a-1)",
                  root,
                  "doi:10.1111/j.2517-6161.1984.tb01318.x",
                  {target, order(0.5, -std::numeric_limits<double>::infinity(), false), weight},
                  any},
                 [](const D& d) {
                   return AlphaToGoal<double>{d.target, d.order, d.weight};
                 }},
      UtilityRow{
          {"mmd",
           {{"mmd_to_target"}},
           Family::gradient,
           "-(nu - p)' K (nu - p) / 2",
           "(K (p - nu))(z), K a kernel between answers",
           generic,
           "Gretton et al. (2012), JMLR 13",
           {target, by_answer("kernel", &D::kernel, "1", "rows of a kernel", "--ground", true),
            weight},
           simple},
          [](const D& d) {
            return MmdToGoal<double>{d.target, flattened(d.kernel), d.weight};
          }},
      UtilityRow{{"transport",
                  {{"sinkhorn"}, {"transport_to_target"}},
                  Family::gradient,
                  "-OT_eps(nu, p), eps the entropy's weight",
                  "minus the potential of moving nu to p at a cost between answers",
                  generic,
                  "arXiv:1306.0895",
                  {target,
                   by_answer("cost", &D::cost, "units of F", "rows of costs", "--ground", true),
                   {.name = "epsilon",
                    .member = &D::epsilon,
                    .unit = "units of cost",
                    .help = "weight of the entropy",
                    .option = "--epsilon",
                    .fallback = 0.1,
                    .low = 0,
                    .above = true},
                   weight},
                  simple},
                 [](const D& d) {
                   return EntropicTransportToGoal<double>{
                       d.target, flattened(d.cost), d.weight, {.epsilon = d.epsilon}};
                 }},
      UtilityRow{{"max_at_k",
                  {},
                  Family::gradient,
                  "E[best of R over k samples]",
                  "k E[(R(z) - M)+], M the best of k - 1 others",
                  generic,
                  "arXiv:2503.19595",
                  {reward, tries, weight},
                  any},
                 [](const D& d) {
                   return MaxAtK<double>{d.reward, d.k, d.weight};
                 }},
      UtilityRow{{"soft_constraint",
                  {},
                  Family::gradient,
                  "-min KL(nu || q) over q with <f, q> <= bound",
                  "log q(z) - log nu(z), q the nearest distribution within the bound",
                  generic,
                  "this library: dag/utility/soft_constraint.hpp",
                  {feature, bound, weight},
                  simple},
                 [](const D& d) {
                   return SoftConstraint<double>{d.feature, d.bound, d.weight};
                 }},
      UtilityRow{{"moment_constraints",
                  {{"gdc"},
                   {"moment_le", {}, "at_most"},
                   {"moment_ge", {}, "at_least"},
                   {"moment_eq", {}, "equal"}},
                  Family::values,
                  "0 where <f, nu> <= bound, else -inf (rule: at_most, at_least, equal)",
                  "-lambda f(z), lambda of --multipliers, or of --bounds and --penalty",
                  dual,
                  mohri,
                  {mean_feature,
                   bound,
                   {.name = "rule",
                    .member = &D::rule,
                    .unit = "",
                    .help = "at_most, at_least or equal",
                    .option = "--bounds"}},
                  {E::plug_in}},
                 [](const D& d) { return make_moment_constraints(d); }},
      UtilityRow{{"robust_reward",
                  {{"robust"}},
                  Family::values,
                  "min over m of <R_m, nu>",
                  "sum_m q_m R_m(z), q the worst mixture or --mixture",
                  dual,
                  mohri,
                  {by_answer("rewards", &D::rewards, "units of beta",
                             "a row a model, a number an answer", "--values"),
                   weight},
                  {E::plug_in}},
                 [](const D& d) { return make_robust_reward(d); }},
      UtilityRow{{"coherence_arithmetic",
                  {{"coherence"}},
                  Family::consensus,
                  "-mean over contexts of KL(nu_x || q), q their mean",
                  "log q(z) - log nu(z), q the mean over the contexts of the question",
                  consensus,
                  coherent,
                  {weight},
                  log},
                 [](const D& d) { return ArithmeticCoherence<double>{d.weight}; }},
      UtilityRow{{"coherence_geometric",
                  {},
                  Family::consensus,
                  "-mean over contexts of KL(q || nu_x), q their geometric mean",
                  "q(z)/nu(z), q the geometric mean",
                  consensus,
                  coherent,
                  {weight},
                  {E::plug_in, E::leave_one_out, E::minimax}},
                 [](const D& d) { return GeometricCoherence<double>{d.weight}; }},
      UtilityRow{{"coherence_euclidean",
                  {},
                  Family::consensus,
                  "-mean over contexts of |nu_x - q|^2 / 2, q their mean",
                  "q(z) - nu(z), q the mean",
                  consensus,
                  coherent,
                  {weight},
                  any},
                 [](const D& d) { return EuclideanCoherence<double>{d.weight}; }},
      UtilityRow{{"frozen_arithmetic",
                  {{"frozen"}},
                  Family::frozen,
                  "-KL(nu || q), q the reference's mean over contexts",
                  "log q(z) - log nu(z), q the mean of the reference's contexts",
                  root,
                  coherent,
                  {weight},
                  log},
                 [](const D& d) {
                   return FrozenConsensus<ArithmeticCoherence<double>>{{d.weight}, d.target};
                 }},
      UtilityRow{{"frozen_geometric",
                  {},
                  Family::frozen,
                  "-KL(q || nu), q the reference's geometric mean over contexts",
                  "q(z)/nu(z), q the geometric mean of the reference's contexts",
                  root,
                  coherent,
                  {weight},
                  any},
                 [](const D& d) {
                   return FrozenConsensus<GeometricCoherence<double>>{{d.weight}, d.target};
                 }},
      UtilityRow{{"frozen_euclidean",
                  {},
                  Family::frozen,
                  "-|nu - q|^2 / 2, q the reference's mean over contexts",
                  "q(z) - nu(z), q the mean of the reference's contexts",
                  root,
                  coherent,
                  {weight},
                  any},
                 [](const D& d) {
                   return FrozenConsensus<EuclideanCoherence<double>>{{d.weight}, d.target};
                 }},
      UtilityRow{{"pairwise_kl",
                  {{"coherence_pairwise"}},
                  Family::pairwise,
                  "-mean over pairs of contexts of KL(nu_x || nu_x')",
                  "KL to every other context, both ways",
                  pairs,
                  coherent,
                  {weight},
                  simple},
                 [](const D& d) { return PairwiseKl<double>{d.weight}; }},
      UtilityRow{{"pairwise_euclidean",
                  {},
                  Family::pairwise,
                  "-mean over pairs of contexts of |nu_x - nu_x'|^2 / 2",
                  "squared distance to every other context",
                  pairs,
                  coherent,
                  {weight},
                  simple},
                 [](const D& d) { return PairwiseEuclidean<double>{d.weight}; }},
  };
}

}  // namespace detail

}  // namespace dag
