// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Alignment games: the lift, limits and identities of coherence, constraints, robust rewards,
// references with zeros, extreme numbers.
#include <contract/utility.hpp>

#include <dag/alignment/lift.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/tsallis.hpp>

#include <limits>

namespace {

using Rows = std::vector<std::vector<double>>;
constexpr double none = -std::numeric_limits<double>::infinity();

template <class U>
auto solve(const U& utility, const Rows& reference, double beta, std::vector<double> weights = {}) {
  return dag::equilibrium(
      dag::AlignmentGame<U, dag::no_backend>(utility, dag::Contexts(reference, weights), beta));
}

template <class Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const dag::Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& words) {
  INFO(text);
  return text.find(words) != std::string::npos;
}

double distance(std::span<const double> a, std::span<const double> b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::fmax(worst, std::abs(a[i] - b[i]));
  }
  return worst;
}

}  // namespace

TEST_CASE("the lift: answers in closed form give the trace-level optimum (chain rule)") {
  const auto reference = dag::random_layered_model<double>(12, 4, 7, 3);  // 4^12 traces
  const std::vector<double> log_nu0 = dag::answer_log_probs(reference);
  const dag::AlignmentGame<dag::Gini<double>> game(dag::Gini{1.5},
                                                   dag::Contexts<double>::from_log({log_nu0}), 0.4);
  const auto found = dag::equilibrium(game);
  CHECK(found.residual < 1e-14);
  const auto policy = dag::lift(reference, found.log_strategy(0));
  const auto log_nu = dag::answer_log_probs(policy);
  CHECK(distance(log_nu, found.log_nu) < 1e-11);
  const double answer_kl = game.divergence(found.view());
  CHECK(dag::trace_kl(policy, reference) == doctest::Approx(answer_kl).epsilon(1e-11));
  // Each trace's weight is its answer's.
  const auto weights = dag::lift(found.log_strategy(0), std::span<const double>(log_nu0));
  dag::RandomStream stream(1, 1);
  for (int i = 0; i < 50; ++i) {
    const auto trace = reference.sample({}, stream);
    CHECK(policy.log_prob({}, trace) - reference.log_prob({}, trace) ==
          doctest::Approx(weights[reference.answer({}, trace)]).epsilon(1e-10).scale(1));
  }
  // No other policy does better: random models of the same kind, and mixtures of answers' tilts.
  for (int i = 0; i < 20; ++i) {
    std::vector<double> logits(reference.logits().begin(), reference.logits().end());
    for (double& logit : logits) {
      logit += 0.3 * stream.normal();
    }
    const dag::LayeredModel<double> other(reference.shape(), logits);
    const auto log_other = dag::answer_log_probs(other);
    double gini = 1.5;
    for (const double log : log_other) {
      gini -= 1.5 * std::exp(2 * log);
    }
    CHECK(gini - 0.4 * dag::trace_kl(other, reference) < found.value);
  }
}

TEST_CASE("the lift drops what the policy drops and refuses what no trace can give") {
  const std::vector<double> zero_one{0, none}, half{std::log(0.5), std::log(0.5)};
  const auto weights = dag::lift<double>(zero_one, half);
  CHECK(weights[0] == doctest::Approx(std::log(2.0)));
  CHECK(weights[1] == none);
  CHECK(dag::lift<double>(zero_one, zero_one)[1] == none);
  CHECK(contains(error_of([&] { (void)dag::lift<double>(half, zero_one); }),
                 "answer 1 has probability 0 under the reference"));
  CHECK(contains(error_of([&] { (void)dag::lift<double>(half, std::vector<double>{0}); }),
                 "2 answers, but the reference has 1"));
}

TEST_CASE("coherence: as beta -> 0 the answers tend to the normalised geometric mean, linearly") {
  // Accuracies .83 .55 .56 .36 .64 over 12 answers, the wrong mass spread unevenly.
  const double accuracy[5] = {0.83, 0.55, 0.56, 0.36, 0.64};
  Rows reference;
  dag::RandomStream stream(8, 0);
  for (const double right : accuracy) {
    std::vector<double> row{right};
    double total = 0;
    for (int z = 1; z < 12; ++z) {
      row.push_back(0.02 + std::pow(stream.uniform(), 4));
      total += row.back();
    }
    for (std::size_t z = 1; z < 12; ++z) {
      row[z] *= (1 - right) / total;
    }
    reference.push_back(row);
  }
  std::vector<double> geometric(12, 0);
  for (const auto& row : reference) {
    for (std::size_t z = 0; z < 12; ++z) {
      geometric[z] += std::log(row[z]) / 5;
    }
  }
  dag::softmax(geometric);
  double accuracy_before = 0.588;  // the references' own mean
  double ratio = 0;
  for (const double beta : {1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001}) {
    const auto found = solve(dag::ArithmeticCoherence<double>{}, reference, beta);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.iterations <= 12);  // best responses alone need about 30 / beta rounds
    CHECK(found.consensus[0] > accuracy_before);  // agreement sharpens
    CHECK(found.consensus[0] < geometric[0]);
    accuracy_before = found.consensus[0];
    double variation = 0;
    for (std::size_t z = 0; z < 12; ++z) {
      variation += std::abs(found.consensus[z] - geometric[z]) / 2;
    }
    if (beta <= 0.01) {
      CHECK((ratio == 0 || variation / beta == doctest::Approx(ratio).epsilon(0.1)));
      ratio = variation / beta;
    }
    if (beta >= 0.1) {  // the same fixed point as best-response dynamics, at their own pace
      std::vector<double> q(12, 1.0 / 12), next(12);
      int rounds = 0;
      for (double change = 1; change > 1e-13; ++rounds) {
        next.assign(12, 0);
        for (const auto& row : reference) {
          std::vector<double> nu(12);
          for (std::size_t z = 0; z < 12; ++z) {
            nu[z] = (std::log(q[z]) + beta * std::log(row[z])) / (1 + beta);
          }
          dag::softmax(nu);
          for (std::size_t z = 0; z < 12; ++z) {
            next[z] += nu[z] / 5;
          }
        }
        change = distance(next, q);
        q = next;
      }
      CHECK(distance(q, found.consensus) < 1e-12 / beta);
      CHECK(rounds > 20 / beta);
    }
  }
  CHECK(ratio > 0.01);
}

TEST_CASE("where all contexts share an error, coherence gains nothing") {
  const std::vector<double> row{0.35, 0.5, 0.15};
  for (const double beta : {1.0, 1e-3}) {
    const auto found = solve(dag::ArithmeticCoherence<double>{}, {row, row, row}, beta);
    CHECK(distance(found.consensus, row) < 1e-12);
  }
}

TEST_CASE("pairwise Euclidean coherence is twice the consensus kind") {
  dag::RandomStream stream(21, 0);
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto at = contract::random_policies(stream);
    CHECK(dag::value_of(dag::PairwiseEuclidean<double>{1}, at.view()) ==
          doctest::Approx(2 * dag::value_of(dag::EuclideanCoherence<double>{1}, at.view()))
              .epsilon(1e-13));
    const auto pairs =
        solve(dag::PairwiseEuclidean<double>{1}, contract::rows_of(at), 0.2, at.weights);
    const auto pool =
        solve(dag::EuclideanCoherence<double>{2}, contract::rows_of(at), 0.2, at.weights);
    CHECK(distance(pairs.nu, pool.nu) < 1e-13);
    CHECK(pairs.value == doctest::Approx(pool.value).epsilon(1e-13));
  }
}

TEST_CASE("the geometric pool's value is the log of its own constant") {
  dag::RandomStream stream(22, 0);
  const auto at = contract::random_policies(stream);
  double sum = 0;
  for (std::size_t z = 0; z < 5; ++z) {
    sum += std::exp(0.2 * at.log_nu[z] + 0.3 * at.log_nu[5 + z] + 0.5 * at.log_nu[10 + z]);
  }
  CHECK(dag::value_of(dag::GeometricCoherence<double>{1}, at.view()) ==
        doctest::Approx(std::log(sum)).epsilon(1e-13));
}

TEST_CASE("separable utilities: contexts solved together are contexts solved alone") {
  const Rows rows{{0.2, 0.3, 0.5}, {0.6, 0.1, 0.3}};
  const auto both = solve(dag::Sum{dag::Gini{0.8}, dag::ExpectedReward<double>{{1, 0, 2, 0, 3, 1}}},
                          rows, 0.3, {0.9, 0.1});
  const auto first =
      solve(dag::Sum{dag::Gini{0.8}, dag::ExpectedReward<double>{{1, 0, 2}}}, {rows[0]}, 0.3);
  const auto second =
      solve(dag::Sum{dag::Gini{0.8}, dag::ExpectedReward<double>{{0, 3, 1}}}, {rows[1]}, 0.3);
  CHECK(distance(both.strategy(0), first.nu) < 1e-15);
  CHECK(distance(both.strategy(1), second.nu) < 1e-15);
  CHECK(both.value == doctest::Approx(0.9 * first.value + 0.1 * second.value).epsilon(1e-14));
}

TEST_CASE("constraints: active, inactive, redundant, degenerate, and impossible ones") {
  const Rows one{{0.5, 0.3, 0.2}};
  using Constraints = dag::MomentConstraints<double>;
  SUBCASE("two answers by hand: nu(C) = c and lambda = beta (logit p0 - logit c)") {
    const auto found = solve(Constraints{}.at_most({1, 0, 0}, 0.1), one, 0.7);
    CHECK(found.nu[0] == doctest::Approx(0.1).epsilon(1e-12));
    CHECK(found.nu[1] / found.nu[2] == doctest::Approx(1.5).epsilon(1e-12));
    CHECK(found.target[0] == doctest::Approx(0.7 * std::log(9.0)).epsilon(1e-12));
    CHECK(found.complementarity < 1e-14);
  }
  SUBCASE("an inactive one costs nothing") {
    const auto found = solve(Constraints{}.at_most({1, 0, 0}, 0.6), one, 0.7);
    CHECK(distance(found.nu, one[0]) < 1e-15);
    CHECK(found.target[0] == 0);
    CHECK(found.slack[0] == doctest::Approx(0.1));
    CHECK(found.violation == 0);
  }
  SUBCASE("at_least is at_most turned round") {
    const auto found = solve(Constraints{}.at_least({0, 1, 1}, 0.9), one, 0.7);
    CHECK(found.nu[0] == doctest::Approx(0.1).epsilon(1e-12));
  }
  SUBCASE("the same equality twice") {
    const auto found = solve(Constraints{}.equal({1, 0, 0}, 0.1).equal({1, 0, 0}, 0.1), one, 0.7);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.nu[0] == doctest::Approx(0.1).epsilon(1e-12));
  }
  SUBCASE("a bound that only a vertex meets") {
    const auto found = solve(Constraints{}.at_most({1, 1, 0}, 0), one, 0.7);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.nu[2] == doctest::Approx(1).epsilon(1e-10));
  }
  SUBCASE("impossible ones are refused, with the proof's numbers") {
    for (const double bound : {-0.1, 0.0}) {
      const auto message = error_of([&] {
        (void)solve(Constraints{}.at_most({1, 1, 1}, bound), one, 0.7);
      });
      CHECK(contains(message, "no policy within the reference's support satisfies"));
    }
    CHECK(contains(
        error_of([&] {
          (void)solve(Constraints{}.equal({1, 0, 0}, 0.2).at_least({1, 0, 0}, 0.3), one, 0.7);
        }),
        "no policy"));
    // Possible on the simplex, but not where the reference is 0.
    CHECK(contains(error_of([&] {
                     (void)solve(Constraints{}.equal({0, 0, 1}, 0.5), {{0.5, 0.5, 0}}, 0.7);
                   }),
                   "no policy"));
  }
  SUBCASE("fairness couples contexts through one multiplier") {
    const auto found =
        solve(Constraints{}.equal({1, 0, -1, 0}, 0), {{0.8, 0.2}, {0.4, 0.6}}, 0.5, {0.25, 0.75});
    CHECK(found.nu[0] == doctest::Approx(found.nu[2]).epsilon(1e-12));
    // Stationarity: w_x beta (logit nu - logit nu0) is minus the multiplier in one, plus in the
    // other.
    const auto logit = [](double p) { return std::log(p / (1 - p)); };
    CHECK(0.25 * 0.5 * (logit(found.nu[0]) - logit(0.8)) ==
          doctest::Approx(-found.target[0]).epsilon(1e-11));
    CHECK(0.75 * 0.5 * (logit(found.nu[2]) - logit(0.4)) ==
          doctest::Approx(found.target[0]).epsilon(1e-11));
  }
}

TEST_CASE("robust rewards: one row, equal rows, a dominated row, rows in conflict") {
  const Rows one{{0.5, 0.3, 0.2}};
  const std::vector<double> a{1, 0, 0.5}, b{0, 1, 0.5}, high{2, 2, 2};
  const auto plain = solve(dag::ExpectedReward{a}, one, 0.3);
  CHECK(distance(solve(dag::RobustReward<double>{{a}}, one, 0.3).nu, plain.nu) < 1e-14);
  CHECK(distance(solve(dag::RobustReward<double>{{a, a}}, one, 0.3).nu, plain.nu) < 1e-14);
  const auto dominated = solve(dag::RobustReward<double>{{a, high}}, one, 0.3);
  CHECK(distance(dominated.nu, plain.nu) < 1e-14);
  CHECK(dominated.target[1] == 0);
  const auto found = solve(dag::RobustReward<double>{{a, b, high}}, one, 0.3);
  CHECK(found.status == dag::Status::converged);
  CHECK(found.slack[0] == doctest::Approx(found.slack[1]).epsilon(1e-12));  // both binding
  CHECK(found.target[0] + found.target[1] == doctest::Approx(1).epsilon(1e-14));
  CHECK(found.gap < 1e-13);
}

TEST_CASE("zeros: of the reference they stay zero, of the target they are obeyed") {
  const Rows one{{0.5, 0.3, 0.2, 0}};
  const std::vector<double> p{0.1, 0.9, 0, 0};
  const auto good = [](const auto& found) {
    CHECK(found.status == dag::Status::converged);
    CHECK(found.nu[3] == 0);
    CHECK(found.log_nu[3] == none);
    CHECK(std::isfinite(found.value));
    return found;
  };
  (void)good(solve(dag::ShannonEntropy{1.0}, one, 0.5));
  (void)good(solve(dag::Gini{1.0}, one, 0.5));
  (void)good(solve(dag::TsallisEntropy{1.0, 0.5}, one, 0.5));
  (void)good(solve(dag::ExpectedReward<double>{{0, 0, 0, 9}}, one, 0.5));
  (void)good(solve(dag::AnswerLogLikelihood<double>{{true, false, false, true}}, one, 0.5));
  (void)good(solve(dag::JensenShannon{p}, one, 0.5));
  (void)good(solve(dag::ForwardKl{p}, one, 0.5));
  CHECK(good(solve(dag::ReverseKl{p}, one, 0.5)).nu[2] == 0);
  CHECK(good(solve(dag::ChiSquare{p}, one, 0.5)).nu[2] == 0);
  (void)good(solve(dag::MomentConstraints<double>{}.at_most({1, 0, 0, 0}, 0.1), one, 0.5));
  (void)good(solve(dag::RobustReward<double>{{{1, 0, 0, 5}, {0, 1, 0, 5}}}, one, 0.5));
  const Rows two{{0.5, 0.3, 0.2, 0}, {0, 0.4, 0.5, 0.1}};
  for (const double beta : {1.0, 1e-3}) {
    const auto mean = solve(dag::ArithmeticCoherence<double>{}, two, beta);
    CHECK(mean.status == dag::Status::converged);
    CHECK(mean.nu[3] == 0);
    CHECK(mean.nu[4] == 0);
    const auto geometric = solve(dag::GeometricCoherence<double>{}, two, beta);
    CHECK(geometric.status == dag::Status::converged);
    CHECK(geometric.consensus[0] == 0);
    CHECK(geometric.log_nu[0] > none);  // no consensus there, but nothing forbids it
    CHECK(solve(dag::EuclideanCoherence<double>{}, two, beta).status == dag::Status::converged);
    const auto pairs = solve(dag::PairwiseKl<double>{}, two, beta);
    CHECK(pairs.status == dag::Status::converged);
    CHECK(pairs.nu[0] == 0);  // context 1 cannot follow
  }
  // F = -inf everywhere: refused, with the reason.
  CHECK(contains(error_of([&] {
                   (void)solve(dag::ForwardKl<double>{{{0.5, 0, 0, 0.5}}}, one, 1);
                 }),
                 "which the reference rules out"));
  CHECK(
      contains(error_of([&] {
                 (void)solve(dag::AnswerLogLikelihood<double>{{false, false, false, true}}, one, 1);
               }),
               "no correct answer of context 0"));
  CHECK(contains(error_of([&] {
                   (void)solve(dag::ReverseKl<double>{{{0, 0, 0, 1}}}, one, 1);
                 }),
                 "allows no answer of context 0"));
  CHECK(contains(error_of([&] {
                   (void)solve(dag::GeometricCoherence<double>{}, {{1, 0}, {0, 1}}, 1);
                 }),
                 "no answer has a positive probability in every context"));
}

TEST_CASE("extreme numbers: references down to e^-700, beta and weights over many decades") {
  const Rows logs{{0, -700, -300, -40, -1e-3}, {-650, 0, -2, -80, -0.5}};
  Rows normalized = logs;
  for (auto& row : normalized) {
    dag::log_normalize(row);
  }
  const auto contexts = [&](bool both) {
    return dag::Contexts<double>::from_log(both ? normalized : Rows{normalized[0]});
  };
  const auto check = [](const auto& found, double beta, double scale) {
    INFO(std::string(dag::to_string(found.method))
         << ", beta " << beta << ", scale " << scale << ", residual " << found.residual << ", "
         << found.iterations << " rounds");
    for (const double p : found.nu) {
      CHECK(p >= 0);
      CHECK(p <= 1 + 1e-15);
    }
    CHECK(std::isfinite(found.value));
    CHECK(std::isfinite(found.gap));
    // A reward of size s is known to s epsilon, which the residual divides by beta.
    CHECK(found.residual < 1e-12 * (1 + scale / beta) + 1e-11);
  };
  for (const double beta : {1e-3, 1e-2, 1.0, 1e3}) {
    for (const double tau : {1e-3, 1.0, 1e3}) {
      const auto run = [&](auto utility, bool both) {
        using U = decltype(utility);
        check(
            dag::equilibrium(dag::AlignmentGame<U, dag::no_backend>(utility, contexts(both), beta)),
            beta, 700 * tau);
      };
      const std::vector<double> p{0.1, 0.2, 0.3, 0.3, 0.1};
      const dag::CorrectSet rare{false, true, false, false, false};
      run(dag::ShannonEntropy{tau}, false);
      run(dag::Gini{tau}, false);
      run(dag::TsallisEntropy{tau, 3.0}, false);
      run(dag::TsallisEntropy{tau, 0.5}, false);
      run(dag::ReverseKl{p, tau}, false);
      run(dag::ForwardKl{p, tau}, false);
      run(dag::ChiSquare{p, tau}, false);
      run(dag::JensenShannon{p, tau}, false);
      run(dag::AnswerLogLikelihood<double>{rare, tau}, false);
      run(dag::PassAtK<double>{rare, 16, tau}, false);
      run(dag::RobustReward<double>{{{0, tau, 0, 0, 0}, {tau, 0, 0, 0, 0}}}, false);
      run(dag::MomentConstraints<double>{}.at_most({1, 0, 0, 0, 0}, 0.1), false);
      run(dag::ArithmeticCoherence<double>{tau}, true);
      run(dag::GeometricCoherence<double>{tau}, true);
      run(dag::EuclideanCoherence<double>{tau}, true);
      run(dag::PairwiseKl<double>{tau}, true);
      run(dag::PairwiseEuclidean<double>{tau}, true);
    }
  }
}

TEST_CASE("constraints far from the reference: the multiplier crosses hundreds of nats") {
  for (const double rare : {1e-20, 3e-105, 1e-300}) {
    const auto found =
        solve(dag::MomentConstraints<double>{}.equal({54.7, -32.9}, -4.7), {{1, rare}}, 1.07);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.nu[0] == doctest::Approx((32.9 - 4.7) / (54.7 + 32.9)).epsilon(1e-10));
    CHECK(found.iterations < 60);
  }
}

TEST_CASE("pairs whose contexts have supports of their own") {
  const Rows two{{0.5, 0.3, 0.2, 0}, {0, 0.4, 0.5, 0.1}};
  const auto found = solve(dag::PairwiseEuclidean<double>{1}, two, 0.1);
  CHECK(found.status == dag::Status::converged);
  CHECK(found.nu[3] == 0);
  CHECK(found.nu[4] == 0);
  const auto pool = solve(dag::EuclideanCoherence<double>{2}, two, 0.1);
  CHECK(distance(found.nu, pool.nu) < 1e-12);
}

TEST_CASE("contexts are checked") {
  using dag::Contexts;
  CHECK(contains(error_of([] {
                   Contexts<double>(std::vector<double>{0.5, 0.6});
                 }),
                 "sum to 1, got 1.1"));
  CHECK(contains(error_of([] { Contexts<double>(Rows{{1}}, {0.5}); }), "weights must sum to 1"));
  CHECK(contains(error_of([] { Contexts<double>(Rows{{1}, {1}}, {1, 0}); }), "must be > 0"));
  CHECK(contains(error_of([] { Contexts<double>(Rows{{1}, {1}}, {1}); }), "1 weights for 2"));
  CHECK(contains(error_of([] { Contexts<double>(Rows{}); }), "at least one context"));
  CHECK(contains(error_of([] {
                   Contexts<double>(std::vector<double>{std::nan(""), 1});
                 }),
                 "got nan"));
}
