// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/detail/primal_dual_rules.hpp>
#include <dag/solver/first_order/detail/primal_dual_steps.hpp>
#include <dag/solver/first_order/primal_dual_options.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {
namespace detail {

/// Rounds of the primal-dual hybrid gradient. Products are linear, so those of the means are means
/// of products: a restart check costs no product.
template <DenseMatrixGame Game>
class PrimalDualRounds : public PrimalDualSteps<Game> {
  using Base = PrimalDualSteps<Game>;

 public:
  using typename Base::Real;
  using typename Base::Vector;
  using Backend = typename Base::Backend;

  PrimalDualRounds(const Game& game, const SolverOptions<Real>& options,
                   const PrimalDualOptions& own, std::string_view solver)
      : Base(game, options, own, solver),
        restarts_(own.sufficient, own.necessary, own.artificial,
                  this->gap(this->view(this->field_))) {
    this->allocate({&mean_, &mean_field_});
  }

  bool round(std::int64_t t) {
    if (this->adaptive()) {
      if (!adaptive_step(t)) {
        return false;
      }
    } else {
      this->schedule(t);
      this->propose(this->last_view(), this->view(this->field_));
    }
    this->copy(this->view(this->next_), this->last_.point);
    std::swap(this->field_, this->next_field_);
    weight_ += this->eta_;
    const Real share = this->eta_ / weight_;
    this->backend().interpolate(share, this->last_view(), Backend::view(mean_));
    this->backend().interpolate(share, this->view(this->field_), Backend::view(mean_field_));
    consider_restart(t);
    this->fresh_ = false;
    return true;
  }

 private:
  /// Of PDLP: the longest step that this very move allows, and cautious growth towards it.
  bool adaptive_step(std::int64_t t) {
    for (;;) {
      this->propose(this->last_view(), this->view(this->field_));
      const StepHunt<Real> hunt(t, this->eta_,
                                this->longest_from(this->last_view(), this->view(this->field_),
                                                   this->moved_from(this->last_view())));
      if (hunt.accepted) {
        next_eta_ = hunt.next;
        return true;
      }
      this->eta_ = hunt.next;
      if (!(this->eta_ > std::numeric_limits<Real>::min())) {
        return false;
      }
    }
  }

  void consider_restart(std::int64_t t) {
    const Real mean_gap = this->gap(this->view(mean_field_));
    const Real last_gap = this->gap(this->view(this->field_));
    const bool to_mean = mean_gap < last_gap;
    const Real candidate = to_mean ? mean_gap : last_gap;
    const bool restart = restarts_.asks(t, candidate);
    if (this->adaptive()) {
      this->eta_ = next_eta_;
    }
    if (!restart) {
      return;
    }
    if (to_mean) {
      this->copy(this->view(mean_), this->last_.point);
      this->copy(this->view(mean_field_), this->field_);
    }
    if (this->own_.balance) {
      this->rebalance(this->last_view());
    }
    this->copy(this->last_view(), this->restart_);
    restarts_.restarted(candidate);
    weight_ = 0;
  }

  Vector mean_, mean_field_;
  Real next_eta_ = 0;
  Real weight_ = 0;
  RestartRule<Real> restarts_;
};

}  // namespace detail

/// Restarted primal-dual hybrid gradient for matrix games, Euclidean projections.
///
/// Source: Chambolle and Pock (2011), doi:10.1007/s10851-010-0251-1; restarts, adaptive steps and
/// step balancing as in PDLP: Applegate et al. (2021), arXiv:2106.04756, and (2023),
/// doi:10.1007/s10107-022-01901-9. Update: x = project(x + eta w A y), y = project(y - (eta / w)
/// A'(2 x_new - x_old)). Restarts go to the mean of the rounds since the last one, or to the last
/// iterate, whichever has the smaller duality gap, on the sufficient / necessary / artificial rule;
/// on simplices the gap itself is the normalised one up to a bounded factor. Rate: linear (matrix
/// games are sharp). With `scaling` each strategy has a step and both projections are in that
/// metric: Pock and Chambolle (2011), doi:10.1109/ICCV.2011.6126441, or Ruiz (2001); see
/// solver/first_order/detail/diagonal_metric.hpp. Defaults: no scaling, adaptive step, average
/// `last`. Step rules: adaptive, constant, lipschitz (of the max norm: choose size <= (range / 2) /
/// |A|_2), decaying. Cost a round: two one-sided products, counted as one field evaluation, and two
/// projections. Memory: eleven stacked vectors, three more with scaling; nothing is allocated after
/// the first round. Deterministic. Errors: invalid_argument (options), unsupported (scaling on a
/// backend that is not in host memory), dimension_mismatch or not_a_distribution (start).
template <detail::DenseMatrixGame Game>
[[nodiscard]] Solution<Game> primal_dual_hybrid_gradient(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const PrimalDualOptions& own = {}) {
  detail::check_primal_dual(options, own, "primal_dual_hybrid_gradient");
  detail::need_host_memory(own, HasHostMemory<backend_t<Game>>, "primal_dual_hybrid_gradient");
  return detail::solve_by<detail::PrimalDualRounds<Game>>(
      game, options, "primal_dual_hybrid_gradient",
      detail::or_default(options.average, Average::last), own);
}

}  // namespace dag
