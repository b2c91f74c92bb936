// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <contract/report.hpp>

#include <dag/testing/check_model.hpp>

namespace contract {

using dag::testing::ModelChecks;

/// A model's own test adds only what is particular to it.
template <dag::LogProbModel Model>
void check_model(const Model& model, const typename Model::prompt_type& prompt,
                 const ModelChecks& checks = {}) {
  expect(dag::testing::check_model(model, prompt, checks));
}

}  // namespace contract
