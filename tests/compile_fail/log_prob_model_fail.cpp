// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A model without a score: the compiler names the missing atom.
// expect: AccumulatesScore
// expect: accumulate_score
#include <dag/core/log_prob_model.hpp>

struct Certain {
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = int;
  int sample(dag::NoPrompt, dag::RandomStream&) const { return 0; }
  double log_prob(dag::NoPrompt, int) const { return 0; }
  std::size_t parameter_count() const { return 0; }
#if defined(DAG_EXPECT_SUCCESS)
  void accumulate_score(dag::NoPrompt, int, double, std::span<double>) const {}
#endif
};

int main() {
  int trace = 1;
  const dag::NoPrompt prompt;
  dag::RandomStream stream(1, 2);
  dag::sample_batch(Certain{}, std::span(&prompt, 1), stream, std::span(&trace, 1));
  return trace;
}
