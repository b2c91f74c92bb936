// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Utilities and alignment games in device memory: values, rewards and equilibria are the host's.
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/alignment/equilibrium.hpp>
#include <dag/core/random.hpp>
#include <dag/gpu/device_alignment.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/tsallis.hpp>

namespace {

constexpr std::size_t contexts = 3, answers = 70;  // more than a warp

template <class Real>
std::vector<std::vector<Real>> rows(std::uint64_t seed) {
  dag::RandomStream random(seed, 0);
  std::vector<std::vector<Real>> found(contexts);
  for (auto& row : found) {
    Real total = 0;
    for (std::size_t z = 0; z < answers; ++z) {
      row.push_back(static_cast<Real>(0.05 + random.uniform()));
      total += row.back();
    }
    for (Real& p : row) {
      p /= total;
    }
  }
  return found;
}
template <class Real>
std::vector<Real> stacked(const std::vector<std::vector<Real>>& from) {
  std::vector<Real> all;
  for (const auto& row : from) {
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}
template <class Real>
std::vector<Real> numbers(std::uint64_t seed) {
  dag::RandomStream random(seed, 1);
  std::vector<Real> found(contexts * answers);
  for (Real& one : found) {
    one = static_cast<Real>(random.uniform());
  }
  return found;
}
dag::CorrectSet some_correct() {
  dag::CorrectSet correct(contexts * answers);
  for (std::size_t i = 0; i < correct.size(); ++i) {
    correct[i] = i % 5 == 2;
  }
  return correct;
}

/// Value and gradient at random answers and a random Target.
template <class U>
void agree(const U& u) {
  using Real = typename U::scalar_type;
  const dag::Blocks blocks = dag::Blocks::uniform(contexts, answers);
  const std::vector<Real> weights{Real(0.25), Real(0.5), Real(0.25)};
  std::vector<Real> nu = stacked(rows<Real>(5)), log_nu;
  for (const Real p : nu) {
    log_nu.push_back(std::log(p));
  }
  const std::size_t size = nu.size();
  std::vector<Real> target(dag::target_size(u));
  for (std::size_t k = 0; k < target.size(); ++k) {
    target[k] = Real(0.25) * static_cast<Real>(k + 1);
  }
  const dag::StateView<const Real> view{nu, log_nu};
  const dag::AnswersView<Real> on_host{blocks, weights, view};
  std::vector<Real> gradient(size), scratch(size);
  dag::gradient_of(u, on_host, std::span<const Real>(target), std::span<Real>(gradient),
                   std::span<Real>(scratch));
  const Real value = dag::value_of(u, on_host, std::span<const Real>(target));

  const dag::cuda gpu;
  const dag::DeviceUtility<U, dag::cuda> on_device(gpu, u, blocks, weights);
  dag::State<dag::cuda, Real> z(gpu, size);
  auto out = gpu.allocate<Real>(size), q = gpu.allocate<Real>(target.size());
  gpu.upload(std::span<const Real>(nu), z.view().point);
  gpu.upload(std::span<const Real>(log_nu), z.view().dual);
  gpu.upload(std::span<const Real>(target), gpu.view(q));
  const auto given = std::as_const(z).view();
  const std::span<const Real> mix = gpu.view(std::as_const(q));
  const Real epsilon = std::numeric_limits<Real>::epsilon();
  CHECK(std::abs(on_device.value(given, mix) - value) <=
        static_cast<Real>(size) * epsilon * (1 + std::abs(value)));
  on_device.gradient(given, mix, gpu.view(out));
  std::vector<Real> got(size);
  gpu.download(std::span<const Real>(gpu.view(out)), std::span<Real>(got));
  for (std::size_t i = 0; i < size; ++i) {
    CHECK(std::abs(got[i] - gradient[i]) <= 64 * epsilon * (1 + std::abs(gradient[i])));
  }
  auto payoffs = gpu.allocate<Real>(target.size());
  on_device.target_payoffs(given, gpu.view(payoffs));
  const std::vector<Real> paid = gpu.wrap(std::span<const Real>(gpu.view(payoffs)));
  std::size_t k = 0;
  dag::for_each_part(u, [&](const auto& part) {
    if constexpr (dag::AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      for (std::size_t j = 0; j < part.target_size(); ++j, ++k) {
        CHECK(std::abs(paid[k] - dag::detail::target_payoff(part, on_host, j)) <=
              static_cast<Real>(size) * epsilon);
      }
    }
  });
}

/// Mirror-prox in device memory beside the host's own solver of that utility.
template <class U>
void same_equilibrium(const U& u) {
  const dag::Contexts<double> reference(rows<double>(7), {0.25, 0.5, 0.25});
  const double beta = 0.5;
  const auto expected =
      dag::equilibrium(dag::AlignmentGame<U, dag::no_backend>(u, reference, beta));
  const dag::cuda gpu;
  const dag::AlignmentGame<U, dag::cuda> game(u, reference, beta, gpu);
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-10, .max_iterations = 5000});
  CHECK(found.status == dag::Status::converged);
  CHECK(std::abs(found.value - expected.value) <= 1e-8);
  std::vector<double> nu(found.blocks.total());
  gpu.download(found.state.view().point, std::span<double>(nu));
  for (std::size_t i = 0; i < contexts * answers; ++i) {
    CHECK(std::abs(nu[i] - std::exp(expected.log_nu[i])) <= 1e-5);  // gap 1e-10 bounds |.|_1^2
  }
}

}  // namespace

TEST_CASE_TEMPLATE("value and rewards of every utility are the host's", Real, float, double) {
  const auto target = stacked(rows<Real>(9));
  agree(dag::ExpectedReward<Real>{numbers<Real>(1)});
  agree(dag::ShannonEntropy<Real>{Real(0.7)});
  agree(dag::Gini<Real>{Real(0.7)});
  agree(dag::TsallisEntropy<Real>{Real(0.7), Real(1.5)});
  agree(dag::ReverseKl<Real>{target, Real(0.7)});
  agree(dag::ForwardKl<Real>{target, Real(0.7)});
  agree(dag::ChiSquare<Real>{target, Real(0.7)});
  agree(dag::JensenShannon<Real>{target, Real(0.7)});
  agree(dag::PassAtK<Real>{some_correct(), 4, Real(0.7)});
  agree(dag::AnswerLogLikelihood<Real>{some_correct(), Real(0.7)});
  agree(dag::ArithmeticCoherence<Real>{Real(0.7)});
  agree(dag::GeometricCoherence<Real>{Real(0.7)});
  agree(dag::EuclideanCoherence<Real>{Real(0.7)});
  agree(dag::FrozenConsensus<dag::GeometricCoherence<Real>>{{Real(0.7)}, target});
  agree(dag::PairwiseKl<Real>{Real(0.7)});
  agree(dag::PairwiseEuclidean<Real>{Real(0.7)});
  const dag::RobustReward<Real> robust{{numbers<Real>(2), numbers<Real>(3), numbers<Real>(4)}};
  agree(robust);
  dag::MomentConstraints<Real> moments;
  moments.at_most(numbers<Real>(5), Real(0.4)).equal(numbers<Real>(6), Real(1.5));
  agree(moments);
  using Inner = dag::Sum<dag::Gini<Real>, dag::PassAtK<Real>>;
  const Inner inner(dag::Gini<Real>{Real(0.5)}, dag::PassAtK<Real>{some_correct(), 2});
  agree(dag::Sum<dag::ExpectedReward<Real>, dag::RobustReward<Real>, Inner,
                 dag::MomentConstraints<Real>>(dag::ExpectedReward<Real>{numbers<Real>(1)}, robust,
                                               inner, moments));
}

TEST_CASE("alignment games on the device have the host's equilibria") {
  same_equilibrium(
      dag::Sum{dag::ExpectedReward<double>{numbers<double>(1)}, dag::ShannonEntropy<double>{0.3}});
  same_equilibrium(dag::GeometricCoherence<double>{0.4});
  same_equilibrium(dag::PassAtK<double>{some_correct(), 4});
  same_equilibrium(dag::RobustReward<double>{{numbers<double>(2), numbers<double>(3)}});
}

TEST_CASE("an alignment game, as the documentation shows it") {
  //! [alignment]
  const dag::cuda gpu;
  const dag::Contexts<double> reference({{0.7, 0.2, 0.1}, {0.5, 0.25, 0.25}});
  const dag::AlignmentGame<dag::ShannonEntropy<double>, dag::cuda> game(
      dag::ShannonEntropy<double>{1.0}, reference, 1.0, gpu);  // nu ∝ sqrt(nu0)
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-10});
  //! [alignment]
  CHECK(found.status == dag::Status::converged);
  const std::vector<double> nu = found.strategy(1);
  CHECK(std::abs(nu[0] - std::sqrt(0.5) / (std::sqrt(0.5) + 1)) <= 1e-5);
}

TEST_CASE("an answer that the utility rules out stays at zero; NaN is reported") {
  auto target = rows<double>(9);
  for (auto& row : target) {
    row[0] += row[1];
    row[1] = 0;  // ReverseKl allows no mass here
  }
  const dag::cuda gpu;
  const dag::AlignmentGame<dag::ReverseKl<double>, dag::cuda> game(
      dag::ReverseKl<double>{stacked(target)}, dag::Contexts<double>(rows<double>(7)), 0.5, gpu);
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-8, .max_iterations = 2000});
  std::vector<double> nu(found.blocks.total());
  gpu.download(found.state.view().point, std::span<double>(nu));
  CHECK(found.status == dag::Status::converged);
  CHECK(nu[1] == 0);
  dag::State<dag::cuda, double> z(gpu, nu.size());
  std::vector<double> spoiled(nu.size(), std::nan(""));
  gpu.upload(std::span<const double>(spoiled), z.view().point);
  gpu.upload(std::span<const double>(spoiled), z.view().dual);
  auto out = gpu.allocate<double>(nu.size());
  game.field(std::as_const(z).view(), gpu.view(out));
  CHECK_THROWS_AS(gpu.synchronize(), dag::Error);
}
