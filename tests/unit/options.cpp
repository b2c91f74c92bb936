// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// Every field of every struct of options that has a range, with values outside of it: the error
// names the entry, the field and the value.
#include <dag/alignment/equilibrium.hpp>
#include <dag/backend/eigen_backend.hpp>
#include <dag/divergence/entropic_transport.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/game/potential_game.hpp>
#include <dag/policy/policy_loss_options.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/problem/random_tree.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/rate.hpp>
#include <dag/solver/response/regret_dynamics.hpp>
#include <dag/solver/table/alpha_rank.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/fixation.hpp>
#include <dag/solver/table/homotopy_equilibria.hpp>
#include <dag/solver/table/iterated_dominance.hpp>
#include <dag/solver/table/lemke_howson.hpp>
#include <dag/solver/table/logit_branch.hpp>
#include <dag/solver/table/pure_equilibria.hpp>
#include <dag/solver/table/refinements.hpp>
#include <dag/solver/table/replicator_mutator.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>
#include <dag/solver/tree/sequence_form_program.hpp>
#include <dag/train/constraint_objective.hpp>
#include <dag/train/frozen_consensus.hpp>
#include <dag/train/majority_objective.hpp>
#include <dag/train/train_options.hpp>
#include <dag/train/utility_objective.hpp>
#include <dag/utility/gini.hpp>

#include <doctest/doctest.h>

#include <support/refused.hpp>

#include <span>
#include <string>
#include <vector>

namespace {

using namespace test;

/// A model of one answer.
struct OneAnswer {
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = int;
  [[nodiscard]] int sample(dag::NoPrompt, dag::RandomStream&) const { return 0; }
  [[nodiscard]] double log_prob(dag::NoPrompt, int) const { return 0; }
  [[nodiscard]] std::size_t parameter_count() const { return 0; }
  void accumulate_score(dag::NoPrompt, int, double, std::span<double>) const {}
};

const dag::GameTable dilemma = dag::named_game("prisoners-dilemma");
const dag::GameTable pennies = dag::named_game("matching-pennies");

}  // namespace

TEST_CASE("options of the solvers of tables") {
  SUBCASE("linear_program") {
    const auto call = [](const dag::LinearProgramOptions& o) {
      (void)dag::linear_program(pennies, o);
    };
    const dag::LinearProgramOptions good;
    REFUSED("linear_program", good, not_negative, tolerance);
    REFUSED("linear_program", good, negative, max_pivots);
    REFUSED("linear_program", good, at_least_zero, time_limit);
  }
  SUBCASE("lemke_howson") {
    const auto call = [](const dag::LemkeHowsonOptions& o) { (void)dag::lemke_howson(dilemma, o); };
    const dag::LemkeHowsonOptions good;
    REFUSED("lemke_howson", good, std::vector<double>{99}, dropped_label);
    REFUSED("lemke_howson", good, count, max_pivots);
    REFUSED("lemke_howson", good, not_negative, tolerance);
    REFUSED("lemke_howson", good, at_least_zero, time_limit);
  }
  SUBCASE("vertex_enumeration") {
    const auto call = [](const dag::VertexEnumerationOptions& o) {
      (void)dag::vertex_enumeration(dilemma, o);
    };
    const dag::VertexEnumerationOptions good;
    REFUSED("vertex_enumeration", good, zero, max_equilibria);
    REFUSED("vertex_enumeration", good, count, max_vertices);
    REFUSED("vertex_enumeration", good, at_least_zero, time_limit);
  }
  SUBCASE("logit_equilibrium") {
    const auto call = [](const dag::LogitBranchOptions& o) {
      (void)dag::logit_equilibrium(dilemma, 1.0, o);
    };
    REFUSED("logit_equilibrium", dag::LogitBranchOptions{}, count, max_steps);
    REFUSED("logit_equilibrium", dag::LogitBranchOptions{}, at_least_zero, time_limit);
  }
  SUBCASE("homotopy_equilibria") {
    const auto call = [](const dag::HomotopyEquilibriaOptions& o) {
      (void)dag::homotopy_equilibria(dilemma, o);
    };
    const dag::HomotopyEquilibriaOptions good{.starts = 1};
    REFUSED("homotopy_equilibria", good, zero, starts);
    REFUSED("homotopy_equilibria", good, positive, tolerance);
    REFUSED("homotopy_equilibria", good, positive, apart);
    REFUSED("homotopy_equilibria", good, at_least_zero, time_limit);
  }
  SUBCASE("logit_branch") {
    const auto call = [](const dag::LogitBranchOptions& o) { (void)dag::logit_branch(dilemma, o); };
    const dag::LogitBranchOptions good;
    REFUSED("logit_branch", good, not_negative, tolerance);
    REFUSED("logit_branch", good, positive, max_lambda);
    REFUSED("logit_branch", good, positive, first_step);
    REFUSED("logit_branch", good, count, max_steps);
    REFUSED("logit_branch", good, at_least_zero, time_limit);
  }
  SUBCASE("correlated_equilibrium") {
    const auto call = [](const dag::CorrelatedEquilibriumOptions& o) {
      (void)dag::correlated_equilibrium(dilemma, o);
    };
    const dag::CorrelatedEquilibriumOptions good;
    REFUSED("correlated_equilibrium", good, not_negative, tolerance);
    REFUSED("correlated_equilibrium", good, negative, max_pivots);
    REFUSED("correlated_equilibrium", good, at_least_zero, time_limit);
  }
  SUBCASE("regret_dynamics") {
    const auto call = [](const dag::RegretDynamicsOptions& o) {
      (void)dag::regret_dynamics(dilemma, o);
    };
    const dag::RegretDynamicsOptions good;
    REFUSED("regret_dynamics", good, not_negative, tolerance);
    REFUSED("regret_dynamics", good, count, max_iterations);
    REFUSED("regret_dynamics", good, negative, check_every);
    REFUSED("regret_dynamics", good, at_least_zero, time_limit);
  }
  SUBCASE("iterated_dominance") {
    const auto call = [](const dag::DominanceOptions& o) {
      (void)dag::iterated_dominance(dilemma, o);
    };
    const dag::DominanceOptions good;
    REFUSED("iterated_dominance", good, not_negative, tolerance);
    REFUSED("iterated_dominance", good, at_least_zero, time_limit);
  }
  SUBCASE("pure_equilibria") {
    const auto call = [](const dag::PureEquilibriaOptions& o) {
      (void)dag::pure_equilibria(dilemma, o);
    };
    REFUSED("pure_equilibria", dag::PureEquilibriaOptions{}, not_negative, tolerance);
  }
  SUBCASE("find_potential") {
    const auto call = [](const dag::PotentialOptions& o) { (void)dag::find_potential(dilemma, o); };
    REFUSED("find_potential", dag::PotentialOptions{}, not_negative, tolerance);
  }
  SUBCASE("test_refinements") {
    const auto call = [](const dag::RefinementOptions& o) {
      (void)dag::test_refinements(dilemma, {{0, 1}, {0, 1}}, o);
    };
    REFUSED("test_refinements", dag::RefinementOptions{}, not_negative, tolerance);
    REFUSED("test_refinements", dag::RefinementOptions{}, not_negative, support);
  }
  SUBCASE("replicator_mutator") {
    const auto call = [](const dag::ReplicatorMutatorOptions& o) {
      (void)dag::replicator_mutator(dilemma, o);
    };
    const dag::ReplicatorMutatorOptions good{.steps = 2};
    REFUSED("replicator_mutator", good, not_negative, mutation);
    REFUSED("replicator_mutator", good, positive, step);
    REFUSED("replicator_mutator", good, negative, steps);
    REFUSED("replicator_mutator", good, negative, record_every);
  }
  SUBCASE("alpha_rank") {
    const auto call = [](const dag::AlphaRankOptions& o) { (void)dag::alpha_rank(dilemma, o); };
    REFUSED("alpha_rank", dag::AlphaRankOptions{}, above_zero, alpha);
    REFUSED("alpha_rank", dag::AlphaRankOptions{}, (std::vector<double>{0, 1}), population);
  }
  SUBCASE("fixation") {
    const auto call = [](const dag::PopulationOptions& o) {
      (void)dag::log_fixation_probability(1, 2, 3, 4, o);
    };
    const std::string entry = "log_fixation_probability";
    REFUSED(entry, dag::PopulationOptions{}, (std::vector<double>{0, 1, 1e9}), population);
    REFUSED(entry, dag::PopulationOptions{}, not_negative, intensity);
  }
}

// Starts of tables are strategies by player, under the same rules.
TEST_CASE("starts of the solvers of tables") {
  const auto refuses = [](const char* entry, auto good, auto call) {
    for (const dag::MixedProfile& bad : {dag::MixedProfile{{0.5, 0.5}},
                                         {{0.5, 0.5}, {1}},
                                         {{0.5, 0.5}, {-0.5, 1.5}},
                                         {{0.5, 0.5}, {1, 1}},
                                         {{undefined, 1}, {0.5, 0.5}},
                                         {{0.5, 0.5}, {infinite, 0}}}) {
      good.start = bad;
      const std::string said = refusal(good, call);
      CAPTURE(said);
      CHECK(said.starts_with(std::string(entry) + ": start: profile: "));
    }
  };
  refuses("regret_dynamics", dag::RegretDynamicsOptions{},
          [](const auto& o) { (void)dag::regret_dynamics(dilemma, o); });
  const auto mutator = [](const auto& o) { (void)dag::replicator_mutator(dilemma, o); };
  refuses("replicator_mutator", dag::ReplicatorMutatorOptions{.steps = 2}, mutator);
  CHECK(refusal(dag::ReplicatorMutatorOptions{.steps = 2, .start = {{1, 0}, {0.5, 0.5}}},
                mutator) == "replicator_mutator: start must have probabilities > 0 only, got 0");
}

TEST_CASE("options of trees, transport, tables of rewards, rates and alignment") {
  SUBCASE("random_tree") {
    const auto call = [](const dag::RandomTreeOptions& o) { (void)dag::random_tree(o); };
    const dag::RandomTreeOptions good{.depth = 2};
    REFUSED("random_tree", good, zero, depth);
    REFUSED("random_tree", good, (std::vector<double>{0, 101}), branching);
    REFUSED("random_tree", good, (std::vector<double>{0, 11}), players);
    REFUSED("random_tree", good, (std::vector<double>{-1, 2, undefined, infinite}), merging);
    REFUSED("random_tree", good, below_one, chance);
  }
  SUBCASE("sequence_form_program") {
    const dag::ExtensiveGame tree = dag::random_tree({.depth = 2});
    const dag::SequenceForm form = dag::sequence_form(tree);
    const auto call = [&](const dag::SequenceProgramOptions& o) {
      (void)dag::sequence_form_program(tree, form, o);
    };
    REFUSED("sequence_form_program", dag::SequenceProgramOptions{}, not_negative, tolerance);
    REFUSED("sequence_form_program", dag::SequenceProgramOptions{}, negative, max_pivots);
  }
  SUBCASE("entropic_transport") {
    const std::vector<double> cost{0, 1, 1, 0}, log_half{-0.6931471805599453, -0.6931471805599453};
    const auto call = [&](const dag::EntropicTransportOptions<double>& o) {
      (void)dag::entropic_transport<double>(cost, log_half, log_half, o);
    };
    const dag::EntropicTransportOptions<double> good;
    REFUSED("entropic_transport", good, positive, epsilon);
    REFUSED("entropic_transport", good, not_negative, tolerance);
    REFUSED("entropic_transport", good, count, max_rounds);
  }
  SUBCASE("reward_table") {
    const auto call = [](const dag::RewardTableOptions& o) {
      (void)dag::make_reward_table(dag::EstimatorKind::variance_optimal, 8, o);
    };
    REFUSED("reward_table", (dag::RewardTableOptions{.slack = 2}),
            (std::vector<double>{-1, 0.5, undefined, infinite}), slack);
  }
  SUBCASE("fit_rate") {
    dag::History trace;
    for (std::int64_t t = 1; t <= 8; ++t) {
      const double gap = 1.0 / static_cast<double>(t);
      trace(dag::Record{.iteration = t, .gap = gap, .relative_gap = gap});
    }
    const auto call = [&](const dag::RateOptions& o) { (void)dag::fit_rate(trace, o); };
    REFUSED("fit_rate", dag::RateOptions{}, below_one, skip);
    REFUSED("fit_rate", dag::RateOptions{}, at_least_zero, floor);
  }
  SUBCASE("equilibrium") {
    const std::vector<double> reference{0.5, 0.3, 0.2};
    const dag::AlignmentGame game(dag::Gini<double>{}, dag::Contexts(reference), 0.1);
    const auto call = [&](const dag::EquilibriumOptions<double>& o) {
      (void)dag::equilibrium(game, o);
    };
    const dag::EquilibriumOptions<double> good;
    REFUSED("equilibrium", good, not_negative, tolerance);
    REFUSED("equilibrium", good, negative, max_iterations);
    REFUSED("equilibrium", good, at_least_zero, time_limit);
  }
}

TEST_CASE("options of training") {
  SUBCASE("train") {
    const std::vector<dag::Question<int>> questions{{{0}}};
    const auto call = [&](const dag::TrainOptions& o) {
      dag::detail::validate(o, std::span(questions));
      const dag::MajorityWatch watch(o.collapse);
    };
    dag::TrainOptions good;
    REFUSED("train", good, negative, steps);
    REFUSED("train", good, (std::vector<double>{0, 2}), questions_per_step);
    REFUSED("train", good, (std::vector<double>{0, 1}), group_size);
    REFUSED("train", good, (std::vector<double>{0, 9}), parts);  // of 8 traces
    REFUSED("train", good, not_negative, beta);
    REFUSED("train", good, zero, epochs);
    REFUSED("train", good, above_zero, clip_norm);
    REFUSED("train", good, negative, refresh_every);
    REFUSED("train", good, (std::vector<double>{0, -1, 2, undefined, infinite}), refresh_mixup);
    REFUSED("train", good, negative, evaluate_every);
    REFUSED("train", good, negative, noise_every);
    REFUSED("train", good, count, checkpoint_every);
    good.collapse.rule = dag::OnCollapse::stop;
    REFUSED("train", good, positive, collapse.accuracy_drop);
    REFUSED("train", good, inside, collapse.entropy_share);
    REFUSED("train", good, count, collapse.first_steps);
    REFUSED("train", good, below_one, collapse.memory);
    REFUSED("train", good, (std::vector<double>{1, 0, undefined, infinite}), collapse.raise);
  }
  SUBCASE("LearningRate") {
    const auto call = [](const dag::LearningRate& o) { dag::validate(o); };
    const dag::LearningRate good;
    REFUSED("LearningRate", good, positive, peak);
    REFUSED("LearningRate", good, negative, warm_up);
    REFUSED("LearningRate", good, negative, total);
    REFUSED("LearningRate", good, (std::vector<double>{-1, 2, undefined, infinite}),
            final_fraction);
  }
  SUBCASE("policy_loss") {
    const auto call = [](const dag::PolicyLossOptions& o) { dag::validate(o); };
    const dag::PolicyLossOptions good;
    REFUSED("policy_loss", good, below_one, epsilon_low);
    REFUSED("policy_loss", good, not_negative, epsilon_high);
    REFUSED("policy_loss", good, (std::vector<double>{1, 0, -1, undefined}), delta);
    REFUSED("policy_loss", good, (std::vector<double>{1, 0, -1, undefined}), dual_clip);
    REFUSED("policy_loss", good, not_negative, cispo_low);
    REFUSED("policy_loss", good, above_zero, cispo_high);
    REFUSED("policy_loss", good, above_zero, sapo_positive);
    REFUSED("policy_loss", good, above_zero, sapo_negative);
    REFUSED("policy_loss", good, above_zero, vespo_k_positive);
    REFUSED("policy_loss", good, above_zero, vespo_lambda_positive);
    REFUSED("policy_loss", good, above_zero, vespo_k_negative);
    REFUSED("policy_loss", good, above_zero, vespo_lambda_negative);
    REFUSED("policy_loss", good, (std::vector<double>{0, -1, 2, undefined, infinite}), cov_ratio);
    REFUSED("policy_loss", good, (std::vector<double>{undefined, infinite, -infinite}),
            clip_cov_low);
    REFUSED("policy_loss", good, (std::vector<double>{undefined, 1, -infinite}), clip_cov_high);
    REFUSED("policy_loss", good, not_negative, kl_cov_coef);
    REFUSED("policy_loss", good, above_zero, clamp_log_ratio);
    REFUSED("policy_loss", good, above_zero, clamp_kl_difference);
    REFUSED("policy_loss", good, above_zero, clamp_kl);
    REFUSED("policy_loss", good, not_negative, beta);
    REFUSED("policy_loss", good, not_negative, correction_min);
    REFUSED("policy_loss", good, positive, correction_max);
    REFUSED("policy_loss", good, above_zero, off_policy_threshold);
    REFUSED("policy_loss", good, not_negative, entropy_coef);
    REFUSED("policy_loss", good, (std::vector<double>{0, -1, 2, undefined, infinite}),
            top_entropy_quantile);
    dag::PolicyLossOptions fixed;
    fixed.aggregation = dag::Aggregation::token_sum_fixed;
    fixed.fixed_length = 1;
    REFUSED("policy_loss", fixed, positive, fixed_length);
  }
  SUBCASE("ConstraintObjective") {
    const auto call = [](const dag::MultiplierOptions& o) {
      const dag::ConstraintObjective held(
          {dag::AnswerConstraint{[](const dag::AnswerAt&) { return 1.0; }, 0.5}}, o);
    };
    const dag::MultiplierOptions good;
    REFUSED("ConstraintObjective", good, positive, integral);
    REFUSED("ConstraintObjective", good, not_negative, proportional);
    REFUSED("ConstraintObjective", good, below_one, filter);
    REFUSED("ConstraintObjective", good, above_zero, limit);
  }
  SUBCASE("MajorityObjective") {
    const auto call = [](const dag::MajorityOptions& o) { const dag::MajorityObjective vote(o); };
    const dag::MajorityOptions good;
    REFUSED("MajorityObjective", good, positive, weight);
    REFUSED("MajorityObjective", good, below_one, memory);
    REFUSED("MajorityObjective", good, count, every);
    REFUSED("MajorityObjective", good, std::vector<double>{1}, trained);
  }
  SUBCASE("frozen_consensus") {
    const std::vector<dag::Question<dag::NoPrompt>> questions{{{dag::NoPrompt{}}}};
    const auto call = [&](const dag::FrozenConsensusOptions& o) {
      (void)dag::frozen_consensus(
          OneAnswer{}, std::span<const dag::Question<dag::NoPrompt>>(questions),
          [](dag::NoPrompt, int trace) { return trace; }, o);
    };
    const dag::FrozenConsensusOptions good{.samples = 2};
    REFUSED("frozen_consensus", good, zero, samples);
    REFUSED("frozen_consensus", good, positive, sharpness);
    REFUSED("frozen_consensus", good, not_negative, smoothing);
    REFUSED("frozen_consensus", (dag::FrozenConsensusOptions{.samples = 2, .geometric = true}),
            zero, smoothing);
  }
  SUBCASE("UtilityObjective") {
    const auto call = [](const dag::UtilityObjectiveOptions& o) {
      const dag::UtilityObjective objective(dag::Gini<double>{}, o);
    };
    const dag::UtilityObjectiveOptions good;
    REFUSED("UtilityObjective", good, not_negative, smoothing);
    REFUSED("UtilityObjective", good, (std::vector<double>{undefined, infinite}), weight);
  }
}
