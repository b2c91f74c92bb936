// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/device_terms.hpp>
#include <dag/gpu/each_index.hpp>
#include <dag/utility/evaluate.hpp>

namespace dag {
namespace device {

/// The formula of a utility without its data, which a kernel takes as an argument.
template <class U>
[[nodiscard]] auto formula_of(const U& u) {
  if constexpr (requires { u.formula(); }) {
    return u.formula();
  } else {
    static_assert(std::is_trivially_copyable_v<U>,
                  "a utility on a device is trivially copyable or gives formula(), the same "
                  "without its data (NoData)");
    return u;
  }
}

/// One part of a utility in device memory.
template <class Backend, class Real>
class UtilityPart {
 public:
  UtilityPart() = default;
  UtilityPart(const UtilityPart&) = delete;
  UtilityPart& operator=(const UtilityPart&) = delete;
  virtual ~UtilityPart() = default;
  [[nodiscard]] virtual std::size_t target_size() const { return 0; }
  /// Adds the part's F to values, its gradient to out (either may be null).
  virtual void add(const Backend& gpu, const dag::detail::AnswerArrays<Real>& answers,
                   std::span<const Real> target, Real* values, std::span<Real> out) = 0;
  /// out = <a_k, nu> + b_k for the Target's variables.
  virtual void payoffs(const Backend&, const dag::detail::AnswerArrays<Real>&, std::span<Real>) {}
};

/// A utility and what it needs in device memory.
template <class Backend, class U>
class UtilityPartOf final : public UtilityPart<Backend, typename U::scalar_type> {
 public:
  using Real = typename U::scalar_type;
  using Formula = decltype(formula_of(std::declval<const U&>()));

  UtilityPartOf(const Backend& gpu, const U& u, const Blocks& blocks, unsigned threads)
      : formula_(formula_of(u)), blocks_(blocks), threads_(threads) {
    if constexpr (PointwiseUtility<U>) {
      if constexpr (has_data) {
        std::vector<Datum> data;
        for (std::size_t i = 0; i < blocks.total(); ++i) {
          data.push_back(u.datum(i));
        }
        data_ = to_device(std::span<const Datum>(data), gpu.stream());
      }
    } else if constexpr (EventUtility<U>) {
      std::vector<std::uint8_t> correct;
      for (std::size_t i = 0; i < blocks.total(); ++i) {
        correct.push_back(u.correct(i) ? 1 : 0);
      }
      correct_ = to_device(std::span<const std::uint8_t>(correct), gpu.stream());
    } else if constexpr (CoherenceUtility<U>) {
      log_q_ = Array<Real>(blocks.size(0), gpu.stream());
    }
  }

  void add(const Backend& gpu, const dag::detail::AnswerArrays<Real>& answers,
           std::span<const Real>, Real* values, std::span<Real> out) override {
    const auto run = [&](const auto& part, unsigned threads) {
      using Part = std::remove_cvref_t<decltype(part)>;
      launch(gpu.stream(), part.blocks(), threads, 0,
             PartKernel<Real, Part>{part, values, out.data()});
    };
    if constexpr (PointwiseUtility<U>) {
      using Term = TermAt<Formula, Datum>;
      run(dag::detail::PointwisePart<Real, Term>{answers, {formula_, data_.data()}}, threads_);
    } else if constexpr (EventUtility<U>) {
      using Marks = const std::uint8_t*;
      run(dag::detail::EventPart<Real, Formula, Marks>{answers, formula_, correct_.data()},
          threads_);
    } else if constexpr (CoherenceUtility<U>) {
      const std::size_t size = blocks_.size(0);
      launch_each(gpu.stream(), size,
                  PoolLogs<Real, Formula>{answers, formula_, size, log_q_.data()});
      if constexpr (!U::pool_is_mean) {
        launch(gpu.stream(), 1, threads_for(size), 0,
               NormalizePool<Real>{size, log_q_.data(), gpu.bad()});
      }
      run(
          dag::detail::PoolPart<Real, Formula, ConsensusAt<Real>>{
              answers, formula_, {log_q_.data()}},
          threads_for(size));
    } else {
      static_assert(PairwiseUtility<U>,
                    "a utility known by value and gradient alone runs on the host");
      run(dag::detail::PairwisePart<Real, Formula>{answers, formula_}, threads_);
    }
  }

 private:
  static constexpr bool has_data = requires(const U& u) { u.datum(std::size_t{}); };
  template <class V, bool = has_data>
  struct DatumOf {
    using type = NoData;
  };
  template <class V>
  struct DatumOf<V, true> {
    using type = std::remove_cvref_t<decltype(std::declval<const V&>().datum(std::size_t{}))>;
  };
  using Datum = typename DatumOf<U>::type;

  Formula formula_;
  Blocks blocks_;
  unsigned threads_;
  Array<Datum> data_;
  Array<std::uint8_t> correct_;
  Array<Real> log_q_;
};

/// Mixtures and multipliers: the rows a_k (with the contexts' weights in them where they count)
/// are a matrix, one sweep of which gives the payoffs and the rewards.
template <class Backend, AdversarialUtility U>
class UtilityPartOf<Backend, U> final : public UtilityPart<Backend, typename U::scalar_type> {
 public:
  using Real = typename U::scalar_type;

  UtilityPartOf(const Backend& gpu, const U& u, const Blocks& blocks, std::span<const Real> weights)
      : pulled_(blocks.total(), gpu.stream()), payoffs_(u.target_size(), gpu.stream()) {
    std::vector<Real> rows, offsets;
    for (std::size_t k = 0; k < u.target_size(); ++k) {
      const auto row = u.target_row(k);
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
          rows.push_back(U::context_weighted ? weights[x] * row[i] : row[i]);
        }
      }
      offsets.push_back(u.target_offset(k));
    }
    rows_ = gpu.make_matrix(u.target_size(), blocks.total(), std::span<const Real>(rows));
    offsets_ = to_device(std::span<const Real>(offsets), gpu.stream());
  }
  [[nodiscard]] std::size_t target_size() const override { return offsets_.size(); }
  void add(const Backend& gpu, const dag::detail::AnswerArrays<Real>& answers,
           std::span<const Real> target, Real* values, std::span<Real> out) override {
    const std::span<const Real> nu(answers.nu.point, rows_.columns);
    gpu.dual_product(rows_, target, nu, Real{1}, Real{1}, gpu.view(payoffs_), gpu.view(pulled_));
    if (values != nullptr) {
      gpu.axpy(Real{1}, gpu.view(std::as_const(offsets_)), gpu.view(payoffs_));
      launch(gpu.stream(), 1, threads_for(offsets_.size()), 0,
             TargetValue<Real>{offsets_.size(), target.data(), payoffs_.data(), values});
    }
    if (!out.empty()) {
      gpu.axpy(Real{1}, gpu.view(std::as_const(pulled_)), out);
    }
  }
  void payoffs(const Backend& gpu, const dag::detail::AnswerArrays<Real>& answers,
               std::span<Real> out) override {
    gpu.multiply(rows_, std::span<const Real>(answers.nu.point, rows_.columns), out);
    gpu.axpy(Real{1}, gpu.view(std::as_const(offsets_)), out);
  }

 private:
  Matrix<Real> rows_;
  Array<Real> offsets_;
  Array<Real> pulled_;
  Array<Real> payoffs_;
};

}  // namespace device

/// A utility over contexts in device memory: value_of and gradient_of of the host (evaluate.hpp)
/// for answer distributions that lie there, every formula compiled for the device. Any utility of
/// the library and sums of them; a user's own whose formulas carry DAG_HOST_DEVICE. One known by
/// value and gradient alone (DirectUtility) is refused when compiled. `Backend`: dag::cuda. Memory:
/// the data of the parts, one number a context. Errors: those of `check_utility`, device.
template <Utility U, class Backend>
class DeviceUtility {
 public:
  using Real = typename U::scalar_type;

  DeviceUtility(Backend gpu, const U& u, const Blocks& blocks, std::span<const Real> weights)
      : gpu_(std::move(gpu)),
        blocks_(blocks),
        offsets_(device::to_device(blocks.offsets(), gpu_.stream())),
        weights_(device::to_device(weights, gpu_.stream())),
        values_(blocks.count(), gpu_.stream()) {
    check_utility(u, blocks);
    const unsigned threads = device::threads_for(blocks.total() / blocks.count());
    for_each_part(u, [&](const auto& part) {
      using Part = std::remove_cvref_t<decltype(part)>;
      using Stored = device::UtilityPartOf<Backend, Part>;
      if constexpr (AdversarialUtility<Part>) {
        parts_.push_back(std::make_shared<Stored>(gpu_, part, blocks, weights));
      } else {
        parts_.push_back(std::make_shared<Stored>(gpu_, part, blocks, threads));
      }
      target_size_ += parts_.back()->target_size();
    });
  }

  [[nodiscard]] std::size_t target_size() const noexcept { return target_size_; }
  /// Phi(nu, target); waits. Errors: dimension_mismatch.
  [[nodiscard]] Real value(StateView<const Real> nu, std::span<const Real> target = {}) const {
    check(nu, target);
    device::zero_bytes(values_.data(), values_.size() * sizeof(Real), gpu_.stream());
    add(nu, target, values_.data(), {});
    return gpu_.sum(gpu_.view(std::as_const(values_)));
  }
  /// out = dPhi/dnu_x(z), with w_x in it, up to a constant a context. Queued.
  void gradient(StateView<const Real> nu, std::span<const Real> target, std::span<Real> out) const {
    check(nu, target);
    require(out.size() == blocks_.total(), Errc::dimension_mismatch, "DeviceUtility: room for ",
            out.size(), " derivatives of ", blocks_.total(), " answers");
    device::zero_bytes(out.data(), out.size_bytes(), gpu_.stream());
    add(nu, target, nullptr, out);
  }
  /// out[k] = the payoff of the adversarial Target's variable k, <a_k, nu> + b_k. Queued.
  void target_payoffs(StateView<const Real> nu, std::span<Real> out) const {
    std::size_t k = 0;
    for (const auto& part : parts_) {
      if (part->target_size() > 0) {
        part->payoffs(gpu_, on_device(nu), out.subspan(k, part->target_size()));
        k += part->target_size();
      }
    }
  }

 private:
  void check(StateView<const Real> nu, std::span<const Real> target) const {
    require(nu.point.size() == blocks_.total() && target.size() == target_size_,
            Errc::dimension_mismatch, "DeviceUtility: ", nu.point.size(), " probabilities of ",
            blocks_.total(), " answers and ", target.size(), " of ", target_size_,
            " variables of the Target");
    device::expect_device(nu.point, nu.dual, target);
  }
  [[nodiscard]] dag::detail::AnswerArrays<Real> on_device(StateView<const Real> nu) const {
    return {offsets_.data(), weights_.data(), blocks_.count(), {nu.point.data(), nu.dual.data()}};
  }
  void add(StateView<const Real> nu, std::span<const Real> target, Real* values,
           std::span<Real> out) const {
    std::size_t k = 0;
    for (const auto& part : parts_) {
      part->add(gpu_, on_device(nu), target.subspan(k, part->target_size()), values, out);
      k += part->target_size();
    }
  }

  Backend gpu_;
  Blocks blocks_;
  device::Array<std::size_t> offsets_;
  device::Array<Real> weights_;
  mutable device::Array<Real> values_;
  std::vector<std::shared_ptr<device::UtilityPart<Backend, Real>>> parts_;
  std::size_t target_size_ = 0;
};

}  // namespace dag
