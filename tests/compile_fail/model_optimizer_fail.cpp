// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// An optimiser that moves a model itself has to be told where to clip the gradient.
// concept: ModelOptimizer
// expect: ModelOptimizer
// expect: ascend
#include <dag/train/optimizer.hpp>

#include "plain_model.hpp"

struct OnDevice {
  double ascend(plain::Model& model, std::span<const dag::NoPrompt> prompts,
                std::span<const int> traces, std::span<const double> weights, double rate
#if defined(DAG_EXPECT_SUCCESS)
                ,
                double clip_norm
#endif
  );
  std::vector<double> state() const;
  void restore(const std::vector<double>& state);
};

template <class O>
requires dag::ModelOptimizer<O, plain::Model>
void use(O& optimizer);

OnDevice on_device;
using Used = decltype(use(on_device));

int main() {}
