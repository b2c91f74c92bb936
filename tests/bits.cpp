// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What has to be the same with every compiler: tables of rewards, equilibria. Prints numbers bit by
// bit; tests/bits.py compares what compilers make of it.
#include <cstdio>
#include <vector>

#include <dag/alignment/equilibrium.hpp>
#include <dag/core/random.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/tsallis.hpp>

namespace {

void print(const char* name, const std::vector<double>& numbers) {
  std::printf("%s", name);
  for (const double number : numbers) {
    std::printf(" %a", number);
  }
  std::printf("\n");
}

template <class Utility>
void equilibrium(const char* name, const dag::Contexts<double>& contexts, const Utility& utility) {
  const auto found =
      dag::equilibrium(dag::AlignmentGame<Utility, dag::no_backend>(utility, contexts, 0.3));
  print(name, found.nu);
  print(name, {found.value, found.residual, found.gap, static_cast<double>(found.iterations)});
}

}  // namespace

int main() {
  for (const auto kind :
       {dag::EstimatorKind::plug_in, dag::EstimatorKind::digamma, dag::EstimatorKind::minimax}) {
    print("table", dag::make_reward_table(kind, 8).table);
  }
  std::vector<double> nu0(40);
  dag::RandomStream random(20261128, 0);
  double sum = 0;
  for (double& p : nu0) {
    p = 0.01 + random.uniform();
    sum += p;
  }
  for (double& p : nu0) {
    p /= sum;
  }
  const dag::Contexts<double> contexts(nu0);
  equilibrium("shannon", contexts, dag::ShannonEntropy{1.0});
  equilibrium("gini", contexts, dag::Gini{1.0});
  equilibrium("tsallis", contexts, dag::TsallisEntropy{1.0, 2.5});
  return 0;
}
