// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/group.hpp>
#include <dag/version.hpp>
#if defined(CONSUMER_HAS_EIGEN)
#include <dag/eigen.hpp>
#endif

#include <cstdio>

int main() {
  dag::AnswerGroupsBuilder<> builder;
  builder.begin_group("question", "phrasing");
  builder.add("1/2");
  builder.add("0.5");
  const bool same = builder.finish().answers_of(0) == 1;
  double first = 3.0 / 7;
#if defined(CONSUMER_HAS_EIGEN)
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;
  first = dag::mirror_prox(dag::MatrixGame{payoff}, {.tolerance = 1e-9}).strategy(0)(0);
#endif
  std::printf("dag %s: %.6f of 3/7, answers %s\n", DAG_VERSION_STRING, first,
              same ? "equal" : "apart");
  return same && first > 3.0 / 7 - 1e-8 && first < 3.0 / 7 + 1e-8 ? 0 : 1;
}
