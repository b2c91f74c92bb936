// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/simplex_operations.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/parts.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {
namespace device {

// Kernel bodies of utilities: no formula is here. Terms and rewards are the utilities' own, their
// sums those of utility/parts.hpp.

/// A utility's formula at answer i: `data` holds what it keeps of each answer, if it does.
template <class Formula, class Datum>
struct TermAt {
  Formula formula;
  const Datum* data;
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(std::size_t i, Probability<Real> nu) const {
    if constexpr (std::is_same_v<Datum, NoData>) {
      return formula.term(nu);
    } else {
      return formula.term(nu, data[i]);
    }
  }
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real reward(std::size_t i, Probability<Real> nu) const {
    if constexpr (std::is_same_v<Datum, NoData>) {
      return formula.reward(nu);
    } else {
      return formula.reward(nu, data[i]);
    }
  }
};

/// The consensus of a pool whose logarithms are in memory.
template <class Real>
struct ConsensusAt {
  const Real* log_q;
  [[nodiscard]] DAG_HOST_DEVICE Probability<Real> operator()(std::size_t z) const {
    return Probability<Real>::of_log(log_q[z]);
  }
};
/// log_q[z] = the pool of all contexts at answer z, elementwise.
template <class Real, class Pool>
struct PoolLogs {
  dag::detail::AnswerArrays<Real> answers;
  Pool pool;
  std::size_t size;
  Real* log_q;
  DAG_HOST_DEVICE void operator()(std::size_t z) const {
    log_q[z] = pool.log_pool_at(answers.weights, answers.nu, answers.contexts, size, z);
  }
};
/// log_q less its log sum exp, q its exponential; a pool without mass raises *bad.
template <class Real>
struct NormalizePool {
  Real* log_q;
  Real* q;
  int* bad;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block, std::size_t, std::size_t size) const {
    (void)normalize_segment(
        block, size, [&](std::size_t i) { return log_q[i]; }, log_q, q, bad);
  }
};

/// A part of utility/parts.hpp as a kernel: values[b] += its value, out += its rewards;
/// either may be null.
template <class Real, class Part>
struct PartKernel {
  Part part;
  Real* values;
  Real* out;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t b = block.index();
    if (values != nullptr) {
      const Real value = part.value(block, b);
      block.each(1, [&](std::size_t) { values[b] += value; });
    }
    if (out != nullptr) {
      part.add_rewards(block, b, out);
    }
  }
};

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

/// One part of a utility in device memory, by what it queues.
template <class Real>
struct UtilityPart {
  using Answers = dag::detail::AnswerArrays<Real>;
  /// Adds the part's F to `values`, its gradient to `out` (either may be null); gives what F has
  /// beyond that.
  std::function<Real(const Answers&, std::span<const Real> target, Real* values,
                     std::span<Real> out)>
      add;
  std::size_t target_size = 0;
  /// out = <a_k, nu> + b_k for the Target's variables.
  std::function<void(const Answers&, std::span<Real> out)> payoffs = {};
};

/// A part with a formula (utility/parts.hpp).
template <class Backend, class U>
[[nodiscard]] auto utility_part(const Backend& gpu, const U& u, const Blocks& blocks,
                                std::span<const typename U::scalar_type>) {
  using Real = typename U::scalar_type;
  using Answers = dag::detail::AnswerArrays<Real>;
  using Formula = decltype(formula_of(u));
  const Formula formula = formula_of(u);
  const auto queued = [gpu](const auto& part, unsigned threads, Real* values, std::span<Real> out) {
    using Part = std::remove_cvref_t<decltype(part)>;
    launch(gpu.stream(), part.blocks(), threads, 0,
           PartKernel<Real, Part>{part, values, out.data()});
    return Real{0};
  };
  /// get(i) of every answer, on the device.
  const auto upload = [&](const auto& get) {
    using Datum = std::remove_cvref_t<decltype(get(std::size_t{}))>;
    std::vector<Datum> data;
    for (std::size_t i = 0; i < blocks.total(); ++i) {
      data.push_back(get(i));
    }
    return std::make_shared<const Array<Datum>>(
        to_device(std::span<const Datum>(data), gpu.stream()));
  };
  const unsigned threads = threads_for(blocks.total() / blocks.count());
  using View = std::span<const Real>;
  if constexpr (PointwiseUtility<U>) {
    const auto with = [&](const auto& data) {
      using Datum = typename std::remove_cvref_t<decltype(*data)>::value_type;
      using Part = dag::detail::PointwisePart<Real, TermAt<Formula, Datum>>;
      return UtilityPart<Real>{[=](const Answers& nu, View, Real* values, std::span<Real> out) {
        return queued(Part{nu, {formula, data->data()}}, threads, values, out);
      }};
    };
    if constexpr (requires { u.datum(std::size_t{}); }) {
      return with(upload([&](std::size_t i) { return u.datum(i); }));
    } else {
      return with(std::make_shared<const Array<NoData>>());
    }
  } else if constexpr (EventUtility<U>) {
    using Part = dag::detail::EventPart<Real, Formula, const std::uint8_t*>;
    const auto correct = upload([&](std::size_t i) { return std::uint8_t{u.correct(i)}; });
    return UtilityPart<Real>{[=](const Answers& nu, View, Real* values, std::span<Real> out) {
      return queued(Part{nu, formula, correct->data()}, threads, values, out);
    }};
  } else if constexpr (CoherenceUtility<U>) {
    using Part = dag::detail::PoolPart<Real, Formula, ConsensusAt<Real>>;
    const std::size_t size = blocks.size(0);
    const auto q = std::make_shared<Array<Real>>(2 * size, gpu.stream());  // logarithms first
    return UtilityPart<Real>{[=](const Answers& nu, View, Real* values, std::span<Real> out) {
      launch_each(gpu.stream(), size, PoolLogs<Real, Formula>{nu, formula, size, q->data()});
      if constexpr (!U::pool_is_mean) {
        gpu.launch_segments(Blocks{size},
                            NormalizePool<Real>{q->data(), q->data() + size, gpu.bad()});
      }
      return queued(Part{nu, formula, {q->data()}}, threads_for(size), values, out);
    }};
  } else {
    static_assert(PairwiseUtility<U>,
                  "a utility known by value and gradient alone runs on the host");
    using Part = dag::detail::PairwisePart<Real, Formula>;
    return UtilityPart<Real>{[=](const Answers& nu, View, Real* values, std::span<Real> out) {
      return queued(Part{nu, formula}, threads, values, out);
    }};
  }
}

/// Mixtures and multipliers: the rows a_k (with the contexts' weights in them where they count)
/// are a matrix, one sweep of which gives the payoffs and the rewards.
template <class Backend, AdversarialUtility U>
[[nodiscard]] auto utility_part(const Backend& gpu, const U& u, const Blocks& blocks,
                                std::span<const typename U::scalar_type> weights) {
  using Real = typename U::scalar_type;
  using Answers = dag::detail::AnswerArrays<Real>;
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
  struct Held {
    Matrix<Real> rows;
    Array<Real> offsets, pulled, payoffs;
  };
  const auto held = std::make_shared<Held>(
      Held{gpu.make_matrix(u.target_size(), blocks.total(), std::span<const Real>(rows)),
           to_device(std::span<const Real>(offsets), gpu.stream()),
           Array<Real>(blocks.total(), gpu.stream()), Array<Real>(offsets.size(), gpu.stream())});
  const auto add_offsets = [gpu, held](std::span<Real> payoffs) {
    gpu.axpy(Real{1}, std::span<const Real>(gpu.view(held->offsets)), payoffs);
  };
  return UtilityPart<Real>{
      [=](const Answers& nu, std::span<const Real> target, Real* values, std::span<Real> out) {
        const std::span<Real> payoffs = gpu.view(held->payoffs), pulled = gpu.view(held->pulled);
        gpu.dual_product(held->rows, target, std::span<const Real>(nu.nu.point, pulled.size()),
                         Real{1}, Real{1}, payoffs, pulled);
        if (!out.empty()) {
          gpu.axpy(Real{1}, std::span<const Real>(pulled), out);
        }
        if (values == nullptr) {
          return Real{0};
        }
        add_offsets(payoffs);
        return gpu.dot(target, std::span<const Real>(payoffs));
      },
      u.target_size(),
      [=](const Answers& nu, std::span<Real> out) {
        gpu.multiply(held->rows, std::span<const Real>(nu.nu.point, held->pulled.size()), out);
        add_offsets(out);
      }};
}

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
    for_each_part(u, [&](const auto& part) {
      parts_.push_back(device::utility_part(gpu_, part, blocks, weights));
      target_size_ += parts_.back().target_size;
    });
  }

  [[nodiscard]] std::size_t target_size() const noexcept { return target_size_; }
  /// Phi(nu, target); waits. Errors: dimension_mismatch.
  [[nodiscard]] Real value(StateView<const Real> nu, std::span<const Real> target = {}) const {
    check(nu, target);
    device::zero_bytes(values_.data(), values_.size() * sizeof(Real), gpu_.stream());
    const Real beyond = add(nu, target, values_.data(), {});
    return beyond + gpu_.sum(std::span<const Real>(gpu_.view(values_)));
  }
  /// out = dPhi/dnu_x(z), with w_x in it, up to a constant a context. Queued.
  void gradient(StateView<const Real> nu, std::span<const Real> target, std::span<Real> out) const {
    check(nu, target);
    require(out.size() == blocks_.total(), Errc::dimension_mismatch, "DeviceUtility: room for ",
            out.size(), " derivatives of ", blocks_.total(), " answers");
    device::zero_bytes(out.data(), out.size_bytes(), gpu_.stream());
    (void)add(nu, target, nullptr, out);
  }
  /// out[k] = the payoff of the adversarial Target's variable k, <a_k, nu> + b_k. Queued.
  void target_payoffs(StateView<const Real> nu, std::span<Real> out) const {
    std::size_t k = 0;
    for (const auto& part : parts_) {
      if (part.target_size > 0) {
        part.payoffs(on_device(nu), out.subspan(k, part.target_size));
        k += part.target_size;
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
  [[nodiscard]] Real add(StateView<const Real> nu, std::span<const Real> target, Real* values,
                         std::span<Real> out) const {
    std::size_t k = 0;
    Real beyond = 0;
    for (const auto& part : parts_) {
      beyond += part.add(on_device(nu), target.subspan(k, part.target_size), values, out);
      k += part.target_size;
    }
    return beyond;
  }

  Backend gpu_;
  Blocks blocks_;
  device::Array<std::size_t> offsets_;
  device::Array<Real> weights_;
  mutable device::Array<Real> values_;
  std::vector<device::UtilityPart<Real>> parts_;
  std::size_t target_size_ = 0;
};

}  // namespace dag
