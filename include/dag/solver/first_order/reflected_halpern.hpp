// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/detail/primal_dual_rules.hpp>
#include <dag/solver/first_order/detail/face_finish.hpp>
#include <dag/solver/first_order/detail/primal_dual_steps.hpp>
#include <dag/solver/first_order/primal_dual_options.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {
namespace detail {

/// z_{k+1} = (k+1)/(k+2) (2 T z_k - z_k) + 1/(k+2) z_0, T the primal-dual step. `last` is T z_k,
/// which is feasible; z_k need not be.
template <DenseMatrixGame Game>
class ReflectedHalpernRounds : public PrimalDualSteps<Game> {
  using Base = PrimalDualSteps<Game>;

 public:
  using typename Base::Real;
  using typename Base::Vector;
  using Backend = typename Base::Backend;

  ReflectedHalpernRounds(const Game& game, const SolverOptions<Real>& options,
                         const PrimalDualOptions& own, std::string_view solver)
      : Base(game, options, own, solver),
        restarts_(own.sufficient, own.necessary, own.artificial, Real{0}),
        deadline_(options.stop, options.time_limit, "reflected_halpern") {
    this->allocate({&z_, &anchor_field_, &face_});
    if (this->adaptive()) {
      this->backend().fill(Backend::view(face_), Real{1});
      this->copy(this->view(this->field_), this->next_);  // which knows no order of the strategies
      if (const Real norm = operator_norm(); norm > 0) {
        this->eta_ = Real(0.99) / norm;
      }
      least_ = this->eta_;
    }
    anchor(this->view(this->field_));
  }

  bool round(std::int64_t t) {
    const auto z = this->view(z_);
    const auto field = this->view(this->field_);
    if (!this->adaptive()) {
      this->schedule(t);
    }
    this->propose(z, field);
    this->copy(this->view(this->next_), this->last_.point);
    this->fresh_ = false;
    const Real moved = this->moved_from(z);
    if (const Real limit = this->longest_from(z, field, moved);
        this->adaptive() && this->eta_ > limit) {  // the norm was underestimated, or the face left
      this->eta_ = Real(0.95) * limit;
      least_ = std::min(least_, this->eta_);
      anchor(this->view(this->next_field_));
      return this->eta_ > std::numeric_limits<Real>::min();
    }
    if constexpr (HasHostMemory<Backend>) {
      if (this->adaptive() && this->own_.finish && finish(t)) {
        return true;
      }
    }
    const Real residual = distance_moved(moved);
    if (++since_ == 1) {
      restarts_.restarted(residual);
    } else if (restarts_.asks(t, residual)) {
      if (this->own_.balance) {
        this->rebalance(this->last_view());
      }
      this->backend().axpy(Real{-1}, this->view(this->restart_), Backend::view(this->next_));
      anchor(this->view(this->next_field_));
      if constexpr (HasHostMemory<Backend>) {
        if (this->adaptive()) {
          step_of_face(t);
        }
      }
      return true;
    }
    const Real keep = static_cast<Real>(since_) / static_cast<Real>(since_ + 1);
    reflect(keep, this->view(this->next_), this->view(this->restart_), z_);
    reflect(keep, this->view(this->next_field_), this->view(anchor_field_), this->field_);
    return true;
  }

 private:
  static constexpr std::size_t lanczos_steps = 4;

  /// Begins anew at the equilibrium of the strategies in use, or of supports near to these: where
  /// it has a hundredth of the last point's gap, of each player the mix that guarantees more. In
  /// the first round at an equilibrium of pure strategies, if there is one. All of it may cost a
  /// quarter of the rounds; else it makes no difference to them.
  bool finish(std::int64_t t) {
    if (!finish_) {
      finish_.emplace(this->blocks(), Backend::entries(this->game_.payoff()), deadline_);
      spend(1);
      if (finish_->saddle()) {
        return enter_finish(Real{1});
      }
    }
    const double limit = 0.25 * static_cast<double>(t) + 1;
    const auto point = this->last_view(), field = this->view(this->next_field_);
    if (finish_cost_ + 1 > limit ||
        !(this->gap(field) >
          64 * std::numeric_limits<Real>::epsilon() * payoff_range(this->game_)) ||
        !finish_->guess(point, field)) {
      return false;
    }
    const double evaluation = 4 * static_cast<double>(this->blocks().size(0)) *
                              static_cast<double>(this->blocks().size(1));
    for (bool guessed = true; !deadline_.passed(); guessed = false) {
      const double cost = finish_->operations() / evaluation;
      if (finish_cost_ + cost + 1 > limit) {
        finish_->postpone();
        return false;
      }
      const std::size_t size = finish_->size();
      const bool solved = finish_->solve(guessed);
      spend(solved && finish_->size() == size ? cost : 2 * cost);
      if (!solved) {
        return false;
      }
      if (enter_finish(Real(0.01))) {
        return true;
      }
      spend(0.5);
      const bool moved = finish_->pivot(
          this->view(this->gradient_), [&](std::size_t b, std::span<const Real> direction) {
            const auto out = this->blocks().of(Backend::view(this->next_), b);
            this->game_.block_field(StateView<const Real>{direction, direction}, b, out);
            return std::span<const Real>(out);
          });
      this->copy(point, this->next_);
      if (!moved) {
        return false;
      }
    }
    return false;
  }
  /// Begins anew at the mixes found that guarantee more than the last ones, if the gap is then
  /// below `share` of the last point's and of what the last finish reached. gradient_ = the field
  /// of what was found.
  bool enter_finish(Real share) {
    const auto found = finish_->solved();
    spend(1);
    this->game_.field(StateView<const Real>{found, found}, Backend::view(this->gradient_));
    const auto theirs = this->view(this->gradient_), field = this->view(this->next_field_);
    std::array<bool, 2> better{};
    Real before = 0, after = 0;
    for (std::size_t b = 0; b < 2; ++b) {  // what b's mix leaves to the other player
      const Real now = this->backend().max(this->blocks().of(field, 1 - b));
      const Real then = this->backend().max(this->blocks().of(theirs, 1 - b));
      better[b] = finish_->sound(b) && then < now;
      before += now;
      after += better[b] ? then : now;
    }
    if (!(after < share * std::min(before, finished_))) {
      return false;
    }
    finished_ = after;
    for (std::size_t b = 0; b < 2; ++b) {
      if (better[b]) {
        this->backend().copy(this->blocks().of(found, b),
                             this->blocks().of(this->last_.view().point, b));
        this->backend().copy(this->blocks().of(theirs, 1 - b),
                             this->blocks().of(Backend::view(this->next_field_), 1 - b));
      }
    }
    anchor(this->view(this->next_field_));
    // The step was that of other strategies, and moves of rounding's size would not show it.
    this->eta_ = std::min(this->eta_, least_);
    this->backend().fill(Backend::view(face_), Real{0});
    return true;
  }
  /// Counts `cost` evaluations of the field, begun ones as whole ones.
  void spend(double cost) {
    const double before = std::ceil(finish_cost_);
    finish_cost_ += cost;
    this->products_ += static_cast<std::int64_t>(std::ceil(finish_cost_) - before);
  }

  /// Both players' strategies in use, and the step that these allow: 0.9 / the norm of A between
  /// them, at most twice the last one and not below that of all of A. Only where they have changed,
  /// and while norms have cost less than 0.3 of the rounds.
  void step_of_face(std::int64_t t) {
    const auto cost = static_cast<double>(face_products_ + std::int64_t{lanczos_steps});
    if (cost > 0.3 * static_cast<double>(t)) {
      return;
    }
    const auto face = Backend::view(face_);
    const auto point = this->last_view();
    bool changed = false;
    for (std::size_t i = 0; i < point.size(); ++i) {
      const Real used = point[i] > 0 ? Real{1} : Real{0};
      changed = changed || used != face[i];
      face[i] = used;
    }
    if (!changed) {
      return;
    }
    const std::int64_t before = this->products_;
    if (const Real norm = operator_norm(); norm > 0) {
      this->eta_ = std::min(2 * this->eta_, std::max(Real(0.9) / norm, least_));
    }
    face_products_ += this->products_ - before;
  }

  /// Of A between directions of the face that sum to 0, by Lanczos's bidiagonalisation: from below.
  /// next_ holds where to start from (its part of player 1), and is overwritten, as is next_field_.
  [[nodiscard]] Real operator_norm() {
    const auto& backend = this->backend();
    const auto v = Backend::view(this->next_);
    const auto product = Backend::view(this->next_field_);
    const auto origin = Backend::view(this->gradient_);
    const auto part = [&](auto stacked, std::size_t b) { return this->blocks().of(stacked, b); };
    std::array<Real, 2> weight{};  // of the face in the metric
    backend.fill(origin, Real{0});
    for (std::size_t b = 0; b < 2; ++b) {
      this->advance(b, Real{1}, part(this->view(face_), b), part(origin, b));
      weight[b] = backend.sum(part(this->view(this->gradient_), b));
    }
    backend.fill(origin, Real{0});
    // v_b brought to the face, centred there and to norm 1; the norm that it had.
    const auto unit = [&](std::size_t b) {
      const auto own = part(v, b);
      if constexpr (HasHostMemory<Backend>) {
        const auto face = part(this->view(face_), b);
        for (std::size_t i = 0; i < own.size(); ++i) {
          own[i] *= face[i];
        }
      }
      this->advance(b, -backend.sum(std::span<const Real>(own)) / weight[b],
                    part(this->view(face_), b), own);
      const Real norm = std::sqrt(this->squared_distance(b, v, this->view(this->gradient_)));
      backend.combine(Real{0}, std::span<const Real>(own), norm > 0 ? 1 / norm : Real{0}, own);
      return norm;
    };
    // v_b = its product less `before` v_b.
    const auto advance = [&](std::size_t b, Real before, Real sign) {
      const auto own = part(v, b);
      this->game_.block_field(StateView<const Real>{v, v}, b, part(product, b));
      backend.combine(Real{0}, std::span<const Real>(own), -before, own);
      this->advance(b, sign, std::span<const Real>(part(product, b)), own);
      return unit(b);
    };
    const Real size = std::max(backend.max(part(this->view(this->next_), 1)),
                               -backend.min(part(this->view(this->next_), 1)));
    // Where that is constant, as the first field of symmetric games, a fixed random vector.
    if (!(unit(1) > Real(1e-8) * size)) {
      std::vector<Real> start(this->size());
      RandomStream random(0, 0x6e6f726d);
      for (Real& entry : start) {
        entry = static_cast<Real>(random.normal());
      }
      backend.upload(std::span<const Real>(start), v);
      (void)unit(1);
    }
    backend.fill(part(v, 0), Real{0});
    std::array<Real, lanczos_steps> diagonal{}, beside{};
    // Below its root, rounding is what is left of the directions, and not orthogonal to the others.
    const auto nothing = [&](Real norm) {
      return !(norm > std::sqrt(std::numeric_limits<Real>::epsilon()) * diagonal[0]);
    };
    Real before = 0;
    for (std::size_t k = 0; k < lanczos_steps; ++k) {
      ++this->products_;
      const Real own = advance(0, before, Real{1});
      diagonal[k] = k == 0 || !nothing(own) ? own : Real{0};
      before = diagonal[k] > 0 ? advance(1, diagonal[k], Real{-1}) : Real{0};
      if (nothing(before)) {
        break;
      }
      beside[k] = before;
    }
    return largest_singular_value(diagonal, beside);
  }

  /// Of the matrix with rows (.., diagonal_k, beside_k, ..), by the power method.
  [[nodiscard]] static Real largest_singular_value(const std::array<Real, lanczos_steps>& diagonal,
                                                   const std::array<Real, lanczos_steps>& beside) {
    std::array<Real, lanczos_steps + 1> w{};
    w.fill(1);
    Real norm = 0;
    for (int round = 0; round < 100; ++round) {
      std::array<Real, lanczos_steps + 1> next{};
      Real size = 0;
      for (std::size_t k = 0; k < lanczos_steps; ++k) {
        const Real u = diagonal[k] * w[k] + beside[k] * w[k + 1];
        next[k] += diagonal[k] * u;
        next[k + 1] += beside[k] * u;
      }
      for (const Real entry : next) {
        size += entry * entry;
      }
      size = std::sqrt(size);
      if (!(size > 0)) {
        return 0;
      }
      for (std::size_t k = 0; k < w.size(); ++k) {
        w[k] = next[k] / size;
      }
      norm = std::sqrt(size);
    }
    return norm;
  }

  /// |z - T z| in the method's norm: |dx|^2 / (eta w) + w |dy|^2 / eta + 2 dx' A dy. The last from
  /// differences, where the difference of products would be rounding from 1e-8 on.
  [[nodiscard]] Real distance_moved(Real moved) {
    const auto& backend = this->backend();
    const auto change = this->blocks().of(Backend::view(this->gradient_), 0);
    backend.copy(this->blocks().of(this->view(this->next_field_), 0), change);
    backend.axpy(Real{-1}, this->blocks().of(this->view(this->field_), 0), change);
    const std::span<const Real> a_dy = change;
    const Real cross = backend.dot(a_dy, this->blocks().of(this->view(this->next_), 0)) -
                       backend.dot(a_dy, this->blocks().of(this->view(z_), 0));
    return std::sqrt(std::fmax(moved / this->eta_ + 2 * cross, Real{0}));
  }

  /// v = keep (2 next - v) + (1 - keep) start.
  void reflect(Real keep, std::span<const Real> next, std::span<const Real> start, Vector& v) {
    const auto out = Backend::view(v);
    this->backend().combine(2 * keep, next, -keep, out);
    this->backend().axpy(1 - keep, start, out);
  }
  /// Begins anew at the last point, whose field is `field`.
  void anchor(std::span<const Real> field) {
    this->copy(this->last_view(), this->restart_);
    this->copy(this->last_view(), z_);
    this->copy(field, anchor_field_);
    if (field.data() != this->view(this->field_).data()) {
      this->copy(field, this->field_);
    }
    since_ = 0;
  }

  Vector z_, anchor_field_;
  Vector face_;  ///< 1 where a strategy is in use, else 0
  RestartRule<Real> restarts_;
  Deadline deadline_;  ///< for what takes longer than a round
  Real least_ = 0;     ///< the step that all of A allows, as far as is known
  std::int64_t face_products_ = 0;
  std::optional<FaceFinish<Real>> finish_;
  Real finished_ = std::numeric_limits<Real>::infinity();  ///< the gap that a finish has reached
  double finish_cost_ = 0;                                 ///< in evaluations of the field
  std::int64_t since_ = 0;                                 ///< rounds since the last restart
};

}  // namespace detail

/// Restarted reflected Halpern primal-dual hybrid gradient (r2HPDHG) for matrix games.
///
/// Source: Lu and Yang (2024), arXiv:2407.16144; arXiv:2509.23903. With T the step of
/// `primal_dual_hybrid_gradient`, x+ = project(x + eta w A y), y+ = project(y - (eta / w) A'(2 x+ -
/// x)), and z_0 the point of the last restart: z_{k+1} = (k+1)/(k+2) (2 T z_k - z_k) + z_0/(k+2);
/// the point returned is T z_k. Restarts at T z_k, on the sufficient / necessary / artificial rule
/// of |z - T z| in the norm P of T, |(x, y)|_P^2 = |x|^2 / (eta w) + w |y|^2 / eta + 2 x'A y; w as
/// there. Differs from the source: w; shares of the restarts that were measured on matrix games
/// (docs/solvers/reflected_halpern.md); and the step. Step rules: adaptive (the default: at first
/// 0.99 / |A|_2 on directions that sum to 0; at restarts, on backends in host memory, 0.9 / the
/// norm of A between the strategies in use, which may be many times longer; norms by four steps of
/// Lanczos's method, each counted as a field evaluation; a move that shows that the step was too
/// long restarts with a shorter one), constant, lipschitz, decaying. Rate without restarts and with
/// eta |A|_2 <= 1: |z_k - T z_k|_P <= |z_0 - z*|_P / (k + 1), so that gap(T z_k) <= |z_0 - z*|_P
/// max_u |T z_k - u|_P / (k + 1); with restarts linear (matrix games are sharp); with the longer
/// steps of faces this is measured, and proved once the strategies in use stay the same.
///
/// With `finish` (the default), under the adaptive step on backends in host memory: where the
/// strategies in use have changed, the equilibrium of these is solved for, and of supports next to
/// them by steps of the simplex method; rounds go on from there if its gap, by the payoffs, is
/// below a hundredth of the last one's, from each player's mix only where it guarantees more, and
/// at each finish below a hundredth of what the one before reached. First of all a pure equilibrium
/// is looked for. Else the rounds are those without it. Once the strategies in use are those of an
/// equilibrium that is the only one, that is the end: exact to rounding. Cost: at most a quarter of
/// the rounds, 2 k^3 / 3 operations a try for k strategies in use, counted as the field evaluations
/// (4 operations a payoff) that they amount to.
///
/// Cost a round and errors: those of `primal_dual_hybrid_gradient`. Memory: eleven stacked vectors,
/// three more with scaling, four and two matrices of the strategies in use with `finish`; nothing
/// is allocated after the first round but for these matrices and where a norm has to start from a
/// random vector. Deterministic.
template <detail::DenseMatrixGame Game>
[[nodiscard]] Solution<Game> reflected_halpern(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const PrimalDualOptions& own = {.sufficient = 0.05, .necessary = 0.7, .artificial = 0.5}) {
  detail::check_primal_dual(options, own, "reflected_halpern");
  detail::need_host_memory(own, HasHostMemory<backend_t<Game>>, "reflected_halpern");
  return detail::solve_by<detail::ReflectedHalpernRounds<Game>>(
      game, options, "reflected_halpern", detail::or_default(options.average, Average::last), own);
}

}  // namespace dag
