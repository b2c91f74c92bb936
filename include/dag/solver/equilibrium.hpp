// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/game/alignment.hpp>
#include <dag/solver/alignment_event.hpp>
#include <dag/solver/alignment_pointwise.hpp>
#include <dag/solver/alignment_solution.hpp>

namespace dag {

template <Utility U, class Backend, class Real = typename U::scalar_type>
[[nodiscard]] AlignmentSolution<Real> equilibrium(const AlignmentGame<U, Backend>& game,
                                                  const EquilibriumOptions<Real>& options = {}) {
  const Blocks& blocks = game.contexts().blocks();
  AlignmentSolution<Real> found;
  found.blocks = blocks;
  found.log_nu.resize(blocks.total());
  found.nu.resize(blocks.total());
  const std::span<Real> log_nu(found.log_nu);
  std::vector<Real> base(blocks.total());
  if constexpr (EventUtility<U>) {
    found.method = AlignmentMethod::event_root;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      detail::solve_event(game.utility(), game.beta(), blocks.offset(x),
                          blocks.of(game.log_reference(), x), blocks.of(log_nu, x));
    }
  } else if constexpr (EveryPart<detail::IsPointwise, U>::value) {
    found.method = EveryPart<detail::IsLogAffine, U>::value ? AlignmentMethod::closed_form
                                                            : AlignmentMethod::scalar_root;
    const detail::ContextResponse<U> response(game.utility(), game.beta());
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      response.solve(blocks.offset(x), blocks.of(game.log_reference(), x), {},
                     blocks.of(std::span<Real>(base), x), blocks.of(log_nu, x));
    }
  }
  for (std::size_t i = 0; i < found.nu.size(); ++i)
    found.nu[i] = std::exp(found.log_nu[i]);
  std::vector<Real> reward;
  detail::certify_alignment(game, found, reward);
  found.status = found.residual <= options.tolerance ? Status::converged : Status::stalled;
  return found;
}

}  // namespace dag
