// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/gpu/device_policy.cuh>
#include <dag/gpu/device_utility.hpp>
#include <dag/gpu/each_index.hpp>

namespace dag {

/// The alignment game in device memory: the same players, field, value and refusals as
/// AlignmentGame over any other backend (alignment/alignment.hpp), utility and reference uploaded
/// once, so that every first-order solver runs on the GPU. Its fast solvers (`equilibrium`) work on
/// the host: they are Newton's method on a few numbers. Errors: those of AlignmentGame, device; NaN
/// in the field is Errc::not_finite at the next function that waits.
template <Utility U>
class AlignmentGame<U, cuda> {
 public:
  using scalar_type = typename U::scalar_type;
  using backend_type = cuda;
  using utility_type = U;
  using Real = scalar_type;
  static constexpr bool adversarial = detail::IsAdversarial<U>::value;
  using Players = decltype(detail::alignment_players(std::declval<const U&>(),
                                                     std::declval<const Contexts<Real>&>()));

  AlignmentGame(U utility, Contexts<Real> contexts, Real beta, cuda backend = {})
      : utility_(detail::checked_alignment(std::move(utility), contexts, beta)),
        contexts_(std::move(contexts)),
        beta_(beta),
        backend_(std::move(backend)),
        players_(detail::alignment_players(utility_, contexts_)),
        on_device_(backend_, utility_, contexts_.blocks(), contexts_.weights()),
        reference_(backend_, policy_size()) {
    std::vector<Real> log(contexts_.log_reference().begin(), contexts_.log_reference().end());
    detail::restrict_support(utility_, contexts_.blocks(), std::span<Real>(log));
    std::vector<Real> point;
    for (const Real one : log) {
      point.push_back(std::exp(one));
    }
    for (const Real w : contexts_.weights()) {
      magnet_weights_.push_back(beta_ * w);
    }
    backend_.upload(std::span<const Real>(point), reference_.view().point);
    backend_.upload(std::span<const Real>(log), reference_.view().dual);
  }

  [[nodiscard]] const U& utility() const noexcept { return utility_; }
  [[nodiscard]] const Contexts<Real>& contexts() const noexcept { return contexts_; }
  [[nodiscard]] Real beta() const noexcept { return beta_; }
  [[nodiscard]] const cuda& backend() const noexcept { return backend_; }
  [[nodiscard]] const Players& players() const noexcept { return players_; }
  [[nodiscard]] MagnetView<Real> magnet() const noexcept {
    return {magnet_weights_, reference_.view()};
  }
  [[nodiscard]] std::size_t policy_size() const noexcept { return contexts_.blocks().total(); }

  /// As AlignmentGame::field; queued.
  void field(StateView<const Real> z, std::span<Real> out) const {
    const auto nu = z.segment(0, policy_size());
    on_device_.gradient(nu, z.point.subspan(policy_size()), out.first(policy_size()));
    device::launch_each(
        backend_.stream(), policy_size(),
        device::ClampField<Real>{reference_.view().dual.data(), detail::field_bound<Real>,
                                 out.data(), backend_.bad()});
    if constexpr (adversarial) {
      const auto payoffs = out.subspan(policy_size());
      on_device_.target_payoffs(nu, payoffs);
      backend_.combine(Real{0}, std::span<const Real>(payoffs), Real{-1}, payoffs);
    }
  }
  /// J(nu, q); waits.
  [[nodiscard]] Real value(StateView<const Real> z) const {
    const auto nu = z.segment(0, policy_size());
    return on_device_.value(nu, z.point.subspan(policy_size())) - beta_ * divergence(nu);
  }
  /// sum_x w_x KL(nu_x || nu0_x), nats; +inf off the reference's support; waits.
  [[nodiscard]] Real divergence(StateView<const Real> nu) const {
    return backend_.weighted_kl(contexts_.blocks(), contexts_.weights(), nu.point, nu.dual,
                                reference_.view().dual);
  }

 private:
  U utility_;
  Contexts<Real> contexts_;
  Real beta_;
  cuda backend_;
  Players players_;
  DeviceUtility<U, cuda> on_device_;
  State<cuda, Real> reference_;
  std::vector<Real> magnet_weights_;
};

}  // namespace dag
