// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The objectives whose Target has no state: rewards of the own answer, tables of counts,
/// coherence.
#include <dag/train/agreement_objective.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/answer_reward.hpp>
#include <dag/train/coherence_objective.hpp>
#include <dag/train/table_objective.hpp>
