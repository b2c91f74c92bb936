// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The library without a backend, from the standard library alone: core, geometry, games, utilities
/// and alignment games, first-order solvers. What would cost more to compile is included by name:
/// dag/divergence/, dag/model/, dag/estimate/, dag/answers/, dag/problem/, dag/train/, dag/io/, the
/// exact solvers of dag/solver/ and of alignment games (dag/alignment/equilibrium.hpp, as long to
/// compile as half of all here), rates (dag/solver/rate.hpp). benchmarks/compile_time.py holds this
/// header to half the time of <Eigen/Dense>.
#include <dag/alignment/alignment.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/core/status.hpp>
#include <dag/core/token_log_prob_model.hpp>
#include <dag/game/bilinear.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/geometry/euclidean.hpp>
#include <dag/geometry/product.hpp>
#include <dag/geometry/sets.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/response/best_response_dynamics.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>
#include <dag/solver/solution.hpp>
#include <dag/utility/bregman_game.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/held_consensus.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/mmd.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pairwise_coherence.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/robust_reward.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/soft_constraint.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/transport.hpp>
#include <dag/utility/tsallis.hpp>
#include <dag/utility/user_defined.hpp>
#include <dag/utility/utility_concepts.hpp>
#include <dag/version.hpp>
