// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Rewards for log p from groups of 16 samples: the plug-in's bias, and what removing it costs.
#include <dag/estimate/reward_table.hpp>

#include <cmath>
#include <cstdio>
#include <string>

int main() {
  using dag::EstimatorKind;
  std::printf("%-14s %8s %12s %12s\n", "kind", "slack", "sup bias", "variance");
  for (const EstimatorKind kind : {EstimatorKind::plug_in, EstimatorKind::digamma,
                                   EstimatorKind::minimax, EstimatorKind::variance_optimal}) {
    const dag::RewardTable& table = dag::reward_table(kind, 16);
    std::printf("%-14s %8g %12.3g %12.3g\n", std::string(to_string(kind)).c_str(), table.slack,
                table.sup_bias, table.integrated_variance);
  }

  //! [use]
  const dag::RewardTable& table = dag::reward_table(EstimatorKind::variance_optimal, 16);
  // A sample whose answer 3 of the other 15 share:
  const double reward = table.table[3];
  // What the estimator does to an answer of probability 0.2, exactly:
  const dag::TableMoments moments = dag::table_moments(table.table, 0.2);
  const double bias = dag::table_bias(table.table, 0.2, table.function);
  //! [use]

  const dag::RewardTable& plug_in = dag::reward_table(EstimatorKind::plug_in, 16);
  std::printf("reward for 3 of 15: %.3f; at p = 0.2: mean %.3f, log p %.3f, weighted bias %.1e\n",
              reward, moments.mean, std::log(0.2), bias);
  const bool holds = table.sound && table.sup_bias < plug_in.sup_bias / 6 &&
                     table.integrated_variance < 2 * plug_in.integrated_variance;
  std::printf("a sixth of the plug-in's bias for less than twice its variance: %s\n",
              holds ? "yes" : "NO");
  return holds ? 0 : 1;
}
