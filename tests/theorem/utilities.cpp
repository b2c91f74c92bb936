// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Every utility against the contract of contract/utility.hpp: one line each.
#include <contract/utility.hpp>

#include <dag/utility/chi_square.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/forward_kl.hpp>
#include <dag/utility/frozen_consensus.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/jensen_shannon.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/reverse_kl.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/sum.hpp>
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
