// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/device_utility.hpp>
#include <dag/gpu/reduction.hpp>

namespace dag {
namespace device {

/// out = detail::field_entry(out) elementwise; NaN raises *bad to 2.
template <class Real>
struct EnterField {
  const Real* log_reference;
  Real* out;
  int* bad;
  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    out[i] = dag::detail::field_entry(out[i], log_reference[i]);
    if (out[i] != out[i]) {
      *bad = 2;
    }
  }
};

}  // namespace device

/// The alignment game in device memory: the same players, field, value and refusals as
/// AlignmentGame over any other backend (alignment/alignment.hpp), utility and reference uploaded
/// once, so that every first-order solver runs on the GPU. Its fast solvers (`equilibrium`) work on
/// the host: they are Newton's method on a few numbers. Errors: those of AlignmentGame, device; NaN
/// in the field is Errc::not_finite at the next function that waits.
template <Utility U>
class AlignmentGame<U, cuda> : public detail::AlignmentParts<U, cuda> {
  using Parts = detail::AlignmentParts<U, cuda>;

 public:
  using Parts::policy_size;
  using typename Parts::Real;

  AlignmentGame(U utility, Contexts<Real> contexts, Real beta, cuda backend = {})
      : Parts(std::move(utility), std::move(contexts), beta, std::move(backend)),
        on_device_(backend_, this->utility(), contexts_.blocks(), contexts_.weights()),
        reference_(backend_, policy_size()) {
    backend_.upload(std::span<const Real>(Parts::reference_), reference_.view().point);
    backend_.upload(this->log_reference(), reference_.view().dual);
  }

  [[nodiscard]] MagnetView<Real> magnet() const noexcept {
    return {Parts::magnet_weights_, reference_.view()};
  }

  /// As AlignmentGame::field; queued.
  void field(StateView<const Real> z, std::span<Real> out) const {
    const auto nu = z.segment(0, policy_size());
    on_device_.gradient(nu, z.point.subspan(policy_size()), out.first(policy_size()));
    device::launch_each(
        backend_.stream(), policy_size(),
        device::EnterField<Real>{reference_.view().dual.data(), out.data(), backend_.bad()});
    if constexpr (Parts::adversarial) {
      const auto payoffs = out.subspan(policy_size());
      on_device_.target_payoffs(nu, payoffs);
      backend_.combine(Real{0}, std::span<const Real>(payoffs), Real{-1}, payoffs);
    }
  }
  /// J(nu, q); waits.
  [[nodiscard]] Real value(StateView<const Real> z) const {
    const auto nu = z.segment(0, policy_size());
    return on_device_.value(nu, z.point.subspan(policy_size())) - this->beta() * divergence(nu);
  }
  /// sum_x w_x KL(nu_x || nu0_x), nats; +inf off the reference's support; waits.
  [[nodiscard]] Real divergence(StateView<const Real> nu) const {
    return backend_.weighted_kl(contexts_.blocks(), contexts_.weights(), nu.point, nu.dual,
                                reference_.view().dual);
  }

 private:
  using Parts::backend_, Parts::contexts_;
  DeviceUtility<U, cuda> on_device_;
  State<cuda, Real> reference_;  // in device memory
};

}  // namespace dag
