// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/detail/primal_dual_rules.hpp>
#include <dag/solver/first_order/detail/diagonal_metric.hpp>
#include <dag/solver/first_order/primal_dual_options.hpp>
#include <dag/solver/options.hpp>

namespace dag::detail {

/// The step of the primal-dual hybrid gradient under Euclidean projections, and what its restarted
/// forms share: fields of all points are kept, since products are linear.
template <DenseMatrixGame Game>
class PrimalDualSteps : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  using typename Base::Real;
  using typename Base::Vector;
  using typename Base::View;
  using Backend = typename Base::Backend;

  [[nodiscard]] View last() {
    if (!fresh_) {
      this->game_.players().enter(this->backend(), this->last_.view());
      fresh_ = true;
    }
    return Base::last();
  }
  [[nodiscard]] std::span<const Real> sample() const { return this->last_.view().point; }

 protected:
  PrimalDualSteps(const Game& game, const SolverOptions<Real>& options,
                  const PrimalDualOptions& own, std::string_view solver)
      : Base(game, options, solver, Step<Real>::adaptive(2)), own_(own) {
    if constexpr (HasHostMemory<Backend>) {
      if (own.scaling != Scaling::none) {
        metric_.emplace(blocks(), Backend::entries(game.payoff()), own.scaling);
      }
    }
    allocate({&next_, &field_, &next_field_, &restart_});
    this->evaluate(Base::last());
    std::swap(field_, this->gradient_);
    copy(Base::last().point, restart_);
    if (const Real unit = payoff_range(game); !(unit > 0)) {
      this->eta_ = 1;
    }
  }

  void allocate(std::initializer_list<Vector*> vectors) const {
    for (Vector* v : vectors) {
      *v = this->backend().template allocate<Real>(this->size());
    }
  }
  [[nodiscard]] static std::span<const Real> view(const Vector& v) { return Backend::view(v); }
  [[nodiscard]] std::span<const Real> last_view() const { return this->last_.view().point; }
  void copy(std::span<const Real> from, Vector& to) const {
    this->backend().copy(from, Backend::view(to));
  }
  [[nodiscard]] const Blocks& blocks() const { return this->game_.players().blocks(); }

  /// Between player b's parts of two stacked points, in the metric.
  [[nodiscard]] Real squared_distance(std::size_t b, std::span<const Real> x,
                                      std::span<const Real> y) const {
    return metric_ ? metric_->squared_distance(b, blocks().of(x, b), blocks().of(y, b))
                   : this->backend().squared_distance(blocks().of(x, b), blocks().of(y, b));
  }

  /// From z = (x, y), whose field is `field`: next_ = (x+, y+), next_field_ = (A y+, -A' x+),
  /// x+ = project(x + eta w A y),  y+ = project(y - (eta / w) A'(2 x+ - x)).
  void propose(std::span<const Real> z, std::span<const Real> field) {
    const auto& backend = this->backend();
    const auto next = Backend::view(next_);
    const auto next_field = Backend::view(next_field_);
    backend.copy(z, next);
    const auto x = blocks().of(next, 0);
    advance(0, this->eta_ * balance_, blocks().of(field, 0), x);
    project(0, x);
    this->game_.block_field(StateView<const Real>{next, next}, 1, blocks().of(next_field, 1));
    const auto y = blocks().of(next, 1);
    advance(1, 2 * this->eta_ / balance_, std::span<const Real>(blocks().of(next_field, 1)), y);
    advance(1, -this->eta_ / balance_, blocks().of(field, 1), y);
    project(1, y);
    this->game_.block_field(StateView<const Real>{next, next}, 0, blocks().of(next_field, 0));
    ++this->products_;
  }

  /// |dx|^2 / w + w |dy|^2 of the proposed step from z.
  [[nodiscard]] Real moved_from(std::span<const Real> z) const {
    return squared_distance(0, view(next_), z) / balance_ +
           squared_distance(1, view(next_), z) * balance_;
  }
  /// The longest step that the proposed one, of squared length `moved`, allows.
  [[nodiscard]] Real longest_from(std::span<const Real> z, std::span<const Real> field,
                                  Real moved) const {
    return longest_step<Backend, Real>(this->backend(), moved,
                                       {.x_next = blocks().of(view(next_), 0),
                                        .x_last = blocks().of(z, 0),
                                        .a_next = blocks().of(view(next_field_), 0),
                                        .a_last = blocks().of(field, 0)});
  }

  /// Duality gap from the field (A y, -A' x).
  [[nodiscard]] Real gap(std::span<const Real> field) const {
    return this->backend().max(blocks().of(field, 0)) + this->backend().max(blocks().of(field, 1));
  }
  void rebalance(std::span<const Real> at) {
    balance_ = rebalanced(balance_, std::sqrt(squared_distance(0, at, view(restart_))),
                          std::sqrt(squared_distance(1, at, view(restart_))));
  }

  /// y += number * x, each entry times its weight.
  void advance(std::size_t b, Real number, std::span<const Real> x, std::span<Real> y) {
    if (metric_) {
      metric_->add(b, number, x, y);
    } else {
      this->backend().axpy(number, x, y);
    }
  }

  PrimalDualOptions own_;
  Vector next_, field_, next_field_, restart_;
  Real balance_ = 1;
  bool fresh_ = true;

 private:
  void project(std::size_t b, std::span<Real> y) {
    if (metric_) {
      metric_->project(b, y);
    } else {
      this->backend().project_simplex(y);
    }
  }

  std::optional<DiagonalMetric<Real>> metric_;
};

}  // namespace dag::detail
