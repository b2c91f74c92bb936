// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/train/train_record.hpp>

namespace dag {

/// What `train` calls after a step unless it is given something: reports nothing.
struct NoReport {
  void operator()(const TrainRecord&) const {}
};

/// Evaluates nothing.
struct NoEvaluation {
  template <class Model>
  void operator()(const Model&, TrainRecord&) const {}
};

}  // namespace dag
