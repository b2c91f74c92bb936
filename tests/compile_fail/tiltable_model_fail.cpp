// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A model without an exact best response cannot be tilted.
// concept: TiltableModel
// expect: TiltableModel
// expect: tilt\(model, ?rewards, ?beta\)
#include <dag/model/tilt.hpp>

#include "plain_model.hpp"

namespace mine {

struct Model : plain::Model {};
#if defined(DAG_EXPECT_SUCCESS)
dag::Tilted<Model> tilt(const Model& model, std::span<const double> rewards, double beta);
#endif

}  // namespace mine

template <dag::TiltableModel M>
void use(const M& model);

using Used = decltype(use(mine::Model{}));

int main() {}
