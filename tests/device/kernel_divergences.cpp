// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/divergence/alpha.hpp>
#include <dag/divergence/bregman.hpp>
#include <dag/divergence/chi_square.hpp>
#include <dag/divergence/hellinger.hpp>
#include <dag/divergence/jensen_shannon.hpp>
#include <dag/divergence/kl.hpp>
#include <dag/divergence/potentials.hpp>
#include <dag/divergence/renyi.hpp>
#include <dag/divergence/swapped.hpp>
#include <dag/divergence/total_variation.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/device_divergence.hpp>

namespace {

template <class Real>
struct Segments {
  std::vector<std::int64_t> begin{0};
  std::vector<Real> p, q;

  /// `zeros`: some entries of p, some of q and some of both are 0.
  void add(std::size_t size, bool zeros, dag::RandomStream& random) {
    const auto fill = [&](std::vector<Real>& v, std::size_t empty) {
      const std::size_t first = v.size();
      Real total = 0;
      for (std::size_t i = 0; i < size; ++i) {
        v.push_back(zeros && (i % 7 == empty || i % 11 == 5) ? Real(0)
                                                             : static_cast<Real>(random.uniform()));
        total += v.back();
      }
      for (std::size_t i = first; i < v.size() && total > 0; ++i) {
        v[i] /= total;
      }
    };
    fill(p, 2);
    fill(q, 3);
    begin.push_back(static_cast<std::int64_t>(p.size()));
  }
};

/// Equal to rounding, or the same infinity.
template <class Real>
void near(Real got, Real expected, Real slack) {
  if (std::isfinite(expected)) {
    CHECK(std::abs(got - expected) <= slack);
  } else {
    CHECK(got == expected);
  }
}

template <class Real, class D>
void agree(const D& divergence) {
  dag::RandomStream random(71, 0);
  Segments<Real> segments;
  for (const std::size_t size : {0U, 1U, 2U, 31U, 33U, 200U}) {
    segments.add(size, false, random);
    segments.add(size, size > 2, random);
  }
  const dag::device::Context gpu;
  const auto begin =
      dag::device::to_device(std::span<const std::int64_t>(segments.begin), gpu.stream());
  const auto p = dag::device::to_device(std::span<const Real>(segments.p), gpu.stream());
  const auto q = dag::device::to_device(std::span<const Real>(segments.q), gpu.stream());
  const std::size_t count = segments.begin.size() - 1, numbers = segments.p.size();
  dag::device::Array<Real> values(count, gpu.stream()), first(numbers, gpu.stream()),
      second(numbers, gpu.stream());
  dag::ragged_divergence(gpu, divergence, gpu.view(begin), gpu.view(p), gpu.view(q),
                         gpu.view(values));
  dag::ragged_gradient_first(gpu, divergence, gpu.view(begin), gpu.view(p), gpu.view(q),
                             gpu.view(first));
  dag::ragged_gradient_second(gpu, divergence, gpu.view(begin), gpu.view(p), gpu.view(q),
                              gpu.view(second));
  gpu.synchronize();
  const auto got = dag::device::to_host(values), d_p = dag::device::to_host(first),
             d_q = dag::device::to_host(second);
  const Real epsilon = std::numeric_limits<Real>::epsilon();
  for (std::size_t s = 0; s < count; ++s) {
    const auto from = static_cast<std::size_t>(segments.begin[s]);
    const auto size = static_cast<std::size_t>(segments.begin[s + 1]) - from;
    const auto a = std::span<const Real>(segments.p).subspan(from, size);
    const auto b = std::span<const Real>(segments.q).subspan(from, size);
    const Real value = divergence.value(a, b);
    near(got[s], value, epsilon * static_cast<Real>(size + 8) * (1 + std::abs(value)));
    std::vector<Real> slope(size);
    divergence.gradient_first(a, b, slope);
    for (std::size_t i = 0; i < size; ++i) {
      near(d_p[from + i], slope[i], 64 * epsilon * (1 + std::abs(slope[i])));
    }
    divergence.gradient_second(a, b, slope);
    for (std::size_t i = 0; i < size; ++i) {
      near(d_q[from + i], slope[i], 64 * epsilon * (1 + std::abs(slope[i])));
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("divergences and their gradients over ragged segments are the CPU's", Real,
                   float, double) {
  agree<Real>(dag::KlDivergence{});
  agree<Real>(dag::ReverseKlDivergence{});
  agree<Real>(dag::ChiSquareDivergence{});
  agree<Real>(dag::HellingerDivergence{});
  agree<Real>(dag::JensenShannonDivergence{dag::JensenShannonGenerator(0.3)});
  agree<Real>(dag::TotalVariation{});
  agree<Real>(dag::AlphaDivergence{dag::AlphaGenerator(1.5)});
  agree<Real>(dag::Bregman<dag::NegativeEntropy>{});
  agree<Real>(dag::Bregman<dag::HalfSquaredNorm>{});
  agree<Real>(dag::Bregman<dag::Tsallis>{dag::Tsallis(1.5)});
  agree<Real>(dag::Bregman<dag::LogBarrier>{});
  for (const double order : {0.5, 1.0, 2.0}) {
    agree<Real>(dag::RenyiDivergence(order));
  }
  agree<Real>(dag::Swapped<dag::ChiSquareDivergence>{});
}

TEST_CASE("numbers outside of the domain are reported, and the backend stays usable") {
  const dag::device::Context gpu;
  const std::vector<std::int64_t> bounds{0, 3};
  const auto begin = dag::device::to_device(std::span<const std::int64_t>(bounds), gpu.stream());
  const auto attempt = [&](double spoiled, const auto& divergence) {
    const std::vector<double> host{0.5, spoiled, 0.25};
    const auto p = dag::device::to_device(std::span<const double>(host), gpu.stream());
    dag::device::Array<double> out(1, gpu.stream());
    dag::ragged_divergence(gpu, divergence, gpu.view(begin), gpu.view(p), gpu.view(p),
                           gpu.view(out));
    gpu.synchronize();
  };
  for (const double bad : {-0.25, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(attempt(bad, dag::KlDivergence{}), dag::Error);
    CHECK_THROWS_AS(attempt(bad, dag::RenyiDivergence(2)), dag::Error);
    attempt(0.25, dag::KlDivergence{});
  }
  attempt(-0.25, dag::Bregman<dag::HalfSquaredNorm>{});  // defined on the whole line
}
