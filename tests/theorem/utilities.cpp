// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Every utility against the contract of contract/utility.hpp: one line each.
#include <contract/utility.hpp>

#include <dag/divergence/potentials.hpp>
#include <dag/utility/bregman_game.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/mmd.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/soft_constraint.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/transport.hpp>
#include <dag/utility/tsallis.hpp>
#include <dag/utility/user_defined.hpp>

namespace {

using contract::check_utility;

std::vector<double> stacked(std::uint64_t seed) {
  dag::RandomStream stream(seed, 1);
  return contract::random_policies(stream).nu;
}

std::vector<double> rewards(std::uint64_t seed) {
  dag::RandomStream stream(seed, 2);
  std::vector<double> out;
  for (int i = 0; i < 15; ++i) {
    out.push_back(stream.normal());
  }
  return out;
}

/// exp(-|y - z|): positive definite.
std::vector<double> near_answers() {
  std::vector<double> out;
  for (int y = 0; y < 5; ++y) {
    for (int z = 0; z < 5; ++z) {
      out.push_back(std::exp(-std::abs(y - z)));
    }
  }
  return out;
}

/// |y - z|.
std::vector<double> distances() {
  std::vector<double> out;
  for (int y = 0; y < 5; ++y) {
    for (int z = 0; z < 5; ++z) {
      out.push_back(std::abs(y - z));
    }
  }
  return out;
}

/// Both games have one equilibrium.
template <dag::Utility U, dag::Utility V>
void check_same_equilibrium(const U& u, const V& v, double tolerance = 1e-12) {
  dag::RandomStream stream(21, 0);
  const auto reference = contract::random_policies(stream);
  const dag::Contexts contexts(contract::rows_of(reference), reference.weights);
  const auto a = dag::equilibrium(dag::AlignmentGame<U>(u, contexts, 0.4));
  const auto b = dag::equilibrium(dag::AlignmentGame<V>(v, contexts, 0.4));
  for (std::size_t i = 0; i < a.nu.size(); ++i) {
    CHECK(std::abs(a.nu[i] - b.nu[i]) <= tolerance);
  }
}

dag::CorrectSet correct() {
  return {true,  false, false, true,  false, false, true, true,
          false, false, false, false, false, false, true};
}

}  // namespace

TEST_CASE("expected reward") { check_utility(dag::ExpectedReward{rewards(1)}, true); }
TEST_CASE("Shannon entropy") { check_utility(dag::ShannonEntropy{0.7}); }
TEST_CASE("Gini") { check_utility(dag::Gini{0.7}); }
TEST_CASE("Tsallis 3") { check_utility(dag::TsallisEntropy{0.7, 3.0}); }
TEST_CASE("Tsallis 1/2") { check_utility(dag::TsallisEntropy{0.7, 0.5}); }
TEST_CASE("Tsallis 1 is Shannon") { check_utility(dag::TsallisEntropy{0.7, 1.0}); }
TEST_CASE("answer log-likelihood") {
  check_utility(dag::AnswerLogLikelihood<double>{correct(), 0.7}, true);
}
TEST_CASE("pass@k") { check_utility(dag::PassAtK<double>{correct(), 4, 0.7}, true); }
TEST_CASE("pass@1 is the expected 0/1 reward") {
  check_utility(dag::PassAtK<double>{correct(), 1}, true);
}
TEST_CASE("reverse KL") { check_utility(dag::ReverseKl{stacked(3), 0.7}, true); }
TEST_CASE("forward KL") { check_utility(dag::ForwardKl{stacked(3), 0.7}, true); }
TEST_CASE("chi square") { check_utility(dag::ChiSquare{stacked(3), 0.7}, true); }
TEST_CASE("Jensen-Shannon") { check_utility(dag::JensenShannon{stacked(3), 0.7}, true); }
TEST_CASE("alpha divergences") {
  for (const double order : {-1.0, 0.0, 0.5, 1.0, 1.5, 2.0}) {
    CAPTURE(order);
    check_utility(dag::AlphaToGoal{stacked(3), order, 0.7}, true);
  }
  check_same_equilibrium(dag::AlphaToGoal{stacked(3), 1.0}, dag::ReverseKl{stacked(3)});
  check_same_equilibrium(dag::AlphaToGoal{stacked(3), 0.0}, dag::ForwardKl{stacked(3)});
  check_same_equilibrium(dag::AlphaToGoal{stacked(3), 2.0}, dag::ChiSquare{stacked(3), 0.5});
}
TEST_CASE("Bregman games of a potential") {
  check_utility(dag::BregmanUtility{dag::LogBarrier{}, 0.1});
  check_same_equilibrium(dag::BregmanUtility{dag::HalfSquaredNorm{}, 1.4}, dag::Gini{0.7});
  check_same_equilibrium(dag::BregmanUtility{dag::NegativeEntropy{}, 0.7},
                         dag::ShannonEntropy{0.7});
}
TEST_CASE("maximum mean discrepancy") {
  check_utility(dag::MmdToGoal<double>{stacked(3), near_answers(), 0.7}, true);
  // With K = I it is the squared distance to p: Gini's entropy and a reward.
  std::vector<double> identity(25, 0);
  for (std::size_t z = 0; z < 25; z += 6) {
    identity[z] = 1;
  }
  check_same_equilibrium(dag::MmdToGoal<double>{stacked(3), identity, 1},
                         dag::Sum{dag::Gini{0.5}, dag::ExpectedReward{stacked(3)}});
  auto kernel = near_answers();
  kernel[1] += 1e-3;
  const auto refused = [](std::vector<double> k) {
    CHECK_THROWS_AS(
        (dag::AlignmentGame<dag::MmdToGoal<double>, dag::no_backend>(
            {stacked(3), std::move(k)},
            dag::Contexts(std::vector<std::vector<double>>(3, std::vector<double>(5, 0.2))), 1.0)),
        dag::Error);
  };
  refused(kernel);       // not symmetric
  refused(distances());  // not positive semidefinite
}
TEST_CASE("entropic transport") {
  check_utility(dag::EntropicTransportToGoal<double>{stacked(3), distances(), 0.7, {0.5}}, true);
  // Where the entropy rules, every answer costs its mean distance to p.
  const auto p = stacked(3);
  std::vector<double> mean(15, 0);
  for (std::size_t i = 0; i < 15; ++i) {
    for (std::size_t z = 0; z < 5; ++z) {
      mean[i] -= p[i / 5 * 5 + z] * distances()[i % 5 * 5 + z];
    }
  }
  check_same_equilibrium(dag::EntropicTransportToGoal<double>{p, distances(), 1, {1e6}},
                         dag::ExpectedReward{mean}, 1e-5);
}
TEST_CASE("entropic transport: margins, duality, and the limit of small epsilon") {
  const std::vector<double> p{0.1, 0.2, 0.3, 0.4, 0.0}, q{0.3, 0.3, 0.2, 0.1, 0.1};
  std::vector<double> log_p, log_q;
  for (std::size_t z = 0; z < 5; ++z) {
    log_p.push_back(std::log(p[z]));
    log_q.push_back(std::log(q[z]));
  }
  const auto cost = distances();
  const auto solve = [&](double epsilon) {
    return dag::entropic_transport<double>(cost, log_p, log_q, {.epsilon = epsilon});
  };
  const auto found = solve(0.3);
  CHECK(found.status == dag::Status::converged);
  double primal = 0;
  std::vector<double> column(5, 0);
  for (std::size_t y = 0; y < 5; ++y) {
    double row = 0;
    for (std::size_t z = 0; z < 5; ++z) {
      const double log_ratio = (found.source[y] + found.sink[z] - cost[y * 5 + z]) / 0.3;
      const double plan = p[y] * q[z] * std::exp(log_ratio);
      row += plan;
      column[z] += plan;
      primal += plan * (cost[y * 5 + z] + 0.3 * log_ratio);
    }
    CHECK(row == doctest::Approx(p[y]).epsilon(1e-13));
  }
  for (std::size_t z = 0; z < 5; ++z) {
    CHECK(column[z] == doctest::Approx(q[z]).epsilon(1e-13));
  }
  CHECK(found.value == doctest::Approx(primal).epsilon(1e-12));
  // On the line, transport costs the sum of |difference of distribution functions|; the entropy
  // adds at most eps times the entropy of a margin.
  double line = 0, below = 0;
  for (std::size_t z = 0; z < 5; ++z) {
    below += p[z] - q[z];
    line += std::abs(below);
  }
  for (const double epsilon : {0.1, 0.02}) {
    const double value = solve(epsilon).value;
    CHECK(value >= line);
    CHECK(value <= line + epsilon * 1.3);
  }
}
TEST_CASE("soft constraint") {
  std::vector<double> level;  // the number of the answer, at most 1 on average
  for (int i = 0; i < 15; ++i) {
    level.push_back(i % 5);
  }
  check_utility(dag::SoftConstraint<double>{level, 1.0, 0.7}, true);
  // The reverse projection is a distribution that meets the bound, and no other one is nearer.
  dag::RandomStream stream(31, 0);
  const auto nu = contract::random_policies(stream);
  const dag::SoftConstraint<double> constraint{level, 1.0};
  const double price = -constraint.value(nu.view());
  double nearest = 0;
  for (std::size_t x = 0; x < 3; ++x) {
    const double lambda = constraint.multiplier(nu.view(), x);
    double mass = 0, mean = 0;
    for (std::size_t i = 5 * x; i < 5 * x + 5; ++i) {
      const double q = nu.nu[i] / (1 + lambda * (level[i] - 1));
      mass += q;
      mean += q * level[i];
      nearest += nu.weights[x] * nu.nu[i] * std::log(nu.nu[i] / q);
    }
    CHECK(mass == doctest::Approx(1).epsilon(1e-13));
    CHECK((lambda == 0 ? mean <= 1 : std::abs(mean - 1) <= 1e-13));
  }
  CHECK(price == doctest::Approx(nearest).epsilon(1e-12));
  for (int repeat = 0; repeat < 200; ++repeat) {
    const auto other = contract::random_policies(stream);
    double divergence = 0;
    bool meets = true;
    for (std::size_t x = 0; x < 3; ++x) {
      double mean = 0;
      for (std::size_t i = 5 * x; i < 5 * x + 5; ++i) {
        mean += other.nu[i] * level[i];
        divergence += nu.weights[x] * nu.nu[i] * (nu.log_nu[i] - other.log_nu[i]);
      }
      meets = meets && mean <= 1;
    }
    CHECK((!meets || divergence >= price));
  }
  // A high price is a hard constraint; the distance to it falls like 1 / tau.
  dag::MomentConstraints<double> hard;
  for (std::size_t x = 0; x < 3; ++x) {
    std::vector<double> feature(15, 0);
    std::copy_n(level.begin(), 5, feature.begin() + static_cast<std::ptrdiff_t>(5 * x));
    hard.at_most(std::move(feature), 1);
  }
  const dag::Contexts contexts(contract::rows_of(nu), nu.weights);
  const auto limit = dag::equilibrium(dag::AlignmentGame(hard, contexts, 0.4));
  const auto distance = [&](double tau) {
    const auto soft = dag::equilibrium(
        dag::AlignmentGame(dag::SoftConstraint<double>{level, 1.0, tau}, contexts, 0.4));
    double worst = 0;
    for (std::size_t i = 0; i < 15; ++i) {
      worst = std::fmax(worst, std::abs(soft.nu[i] - limit.nu[i]));
    }
    return worst;
  };
  const double near = distance(40), far = distance(4);
  CHECK(near < 0.02);
  CHECK(near < far / 5);
}
TEST_CASE("arithmetic coherence") { check_utility(dag::ArithmeticCoherence<double>{0.7}); }
TEST_CASE("geometric coherence") { check_utility(dag::GeometricCoherence<double>{0.7}); }
TEST_CASE("Euclidean coherence") { check_utility(dag::EuclideanCoherence<double>{0.7}); }
TEST_CASE("pairwise KL") { check_utility(dag::PairwiseKl<double>{0.7}); }
TEST_CASE("pairwise Euclidean") { check_utility(dag::PairwiseEuclidean<double>{0.7}); }
TEST_CASE("frozen consensus, each pool") {
  dag::RandomStream stream(5, 0);
  const auto at = contract::random_policies(stream);
  check_utility(dag::freeze(dag::ArithmeticCoherence<double>{0.7}, at.view()), true);
  check_utility(dag::freeze(dag::GeometricCoherence<double>{0.7}, at.view()), true);
  check_utility(dag::freeze(dag::EuclideanCoherence<double>{0.7}, at.view()), true);
}
TEST_CASE("robust reward") {
  check_utility(dag::RobustReward<double>{{rewards(6), rewards(7), rewards(8)}}, true);
}
TEST_CASE("moment constraints, coupling contexts") {
  dag::MomentConstraints<double> constraints;
  std::vector<double> fair(15), safe(15);
  fair[0] = 1, fair[5] = -1;  // as often in context 0 as in context 1
  safe[4] = safe[9] = safe[14] = 1;
  check_utility(constraints.equal(fair, 0).at_most(safe, 0.2), true);
}
TEST_CASE("a sum of pointwise parts") {
  check_utility(dag::Sum{dag::ExpectedReward{rewards(1)}, dag::ShannonEntropy{0.4}}, true);
  check_utility(dag::Sum{dag::Gini{0.4}, dag::ForwardKl{stacked(3)}, dag::ShannonEntropy{0.4}},
                true);
}
TEST_CASE("a sum with adversarial parts, nested") {
  check_utility(
      dag::Sum{dag::Gini{0.4}, dag::Sum{dag::RobustReward<double>{{rewards(6), rewards(7)}},
                                        dag::MomentConstraints<double>{}.at_most(stacked(4), 0.4)}},
      true);
}
TEST_CASE("a sum that only the generic way solves") {
  check_utility(dag::Sum{dag::ArithmeticCoherence<double>{}, dag::PassAtK<double>{correct(), 4},
                         dag::Gini{0.1}},
                true);
}
TEST_CASE("a user's own, by value and gradient") {
  // minus the squared distance between the contexts' mean and uniform
  const auto mean = [](dag::AnswersView<double> a, std::size_t z) {
    return 0.2 * a.nu.point[z] + 0.3 * a.nu.point[5 + z] + 0.5 * a.nu.point[10 + z];
  };
  const auto value = [mean](dag::AnswersView<double> a) {
    double total = 0;
    for (std::size_t z = 0; z < 5; ++z) {
      total -= (mean(a, z) - 0.2) * (mean(a, z) - 0.2);
    }
    return total;
  };
  const auto gradient = [mean](dag::AnswersView<double> a, std::span<double> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = -2 * a.weights[i / 5] * (mean(a, i % 5) - 0.2);
    }
  };
  check_utility(dag::user_utility(value, gradient));
}
