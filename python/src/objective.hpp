// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <dag/answers/group.hpp>
#include <dag/train/sum_objective.hpp>

namespace dag_python {

/// The objective that `dag train` makes of a utility or a sum of utilities, for answers that only
/// their groups know. groups: what the utilities of right answers look up; it has to outlive the
/// objective, null where none is known. Errors: unsupported for utilities that need data by answer
/// (targets, values, constraints).
dag::AnyObjective objective_of(const std::string& utility, const std::string& estimator,
                               double smoothing, const dag::AnswerGroups* groups);

}  // namespace dag_python
