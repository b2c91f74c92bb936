// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/game/behavior.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/device_tree.hpp>
#include <dag/gpu/ragged.hpp>
#include <dag/gpu/sinkhorn.hpp>
#include <dag/problem/tree_poker.hpp>

namespace {

template <class T>
dag::device::Array<T> on_device(const dag::device::Context& gpu, const std::vector<T>& values) {
  return dag::device::to_device(std::span<const T>(values), gpu.stream());
}

const double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("softmax and divergence of ragged segments") {
  const dag::device::Context gpu;
  dag::RandomStream random(31, 0);
  std::vector<std::int64_t> begin{0};
  std::vector<double> x, y;
  for (std::size_t s = 0; s < 60; ++s) {
    const std::size_t size = s % 7 == 6 ? 0 : s * s / 4 + 1;
    for (std::size_t i = 0; i < size; ++i) {
      const bool none = i % 5 == 4;
      x.push_back(none ? -infinity : 6 * random.normal());
      y.push_back(none && s % 2 == 0 ? -infinity : 3 * random.normal());
    }
    begin.push_back(static_cast<std::int64_t>(x.size()));
  }
  const auto offsets = on_device(gpu, begin);
  const auto softmax = [&](const std::vector<double>& values) {
    const auto in = on_device(gpu, values);
    auto log_p = on_device(gpu, std::vector<double>(x.size(), 7));
    auto p = log_p;
    auto z = on_device(gpu, std::vector<double>(60, 7));
    dag::ragged_softmax(gpu, gpu.view(offsets), gpu.view(in), gpu.view(log_p), gpu.view(p),
                        gpu.view(z));
    gpu.synchronize();
    const auto got_log = dag::device::to_host(log_p), got = dag::device::to_host(p),
               normalizer = dag::device::to_host(z);
    for (std::size_t s = 0; s < 60; ++s) {
      long double sum = 0;
      const auto first = static_cast<std::size_t>(begin[s]);
      const auto end = static_cast<std::size_t>(begin[s + 1]);
      for (std::size_t i = first; i < end; ++i) {
        sum += std::exp(static_cast<long double>(values[i]));
      }
      if (first == end) {
        CHECK(normalizer[s] == -infinity);
        continue;
      }
      CHECK(std::abs(normalizer[s] - static_cast<double>(std::log(sum))) <= 1e-13);
      for (std::size_t i = first; i < end; ++i) {
        const auto expected =
            static_cast<double>(std::exp(static_cast<long double>(values[i])) / sum);
        CHECK(std::abs(got[i] - expected) <= 1e-13);
        CHECK((values[i] == -infinity
                   ? got_log[i] == -infinity
                   : std::abs(got_log[i] - (values[i] - normalizer[s])) <= 1e-13));
      }
    }
    return log_p;
  };
  const auto log_p = softmax(x), log_q = softmax(y);
  auto out = on_device(gpu, std::vector<double>(60, -7));
  dag::ragged_kl(gpu, gpu.view(offsets), gpu.view(log_p), gpu.view(log_q), gpu.view(out));
  auto reversed = on_device(gpu, std::vector<double>(60, -7));
  dag::ragged_kl(gpu, gpu.view(offsets), gpu.view(log_q), gpu.view(log_p), gpu.view(reversed));
  const auto kl = dag::device::to_host(out), back = dag::device::to_host(reversed);
  const auto p = dag::device::to_host(log_p), q = dag::device::to_host(log_q);
  for (std::size_t s = 0; s < 60; ++s) {
    double expected = 0;
    bool wider = false;
    for (auto i = static_cast<std::size_t>(begin[s]); i < static_cast<std::size_t>(begin[s + 1]);
         ++i) {
      expected += p[i] > -infinity ? std::exp(p[i]) * (p[i] - q[i]) : 0;
      wider = wider || (p[i] == -infinity && q[i] > -infinity);
    }
    CHECK(std::abs(kl[s] - expected) <= 1e-11);
    CHECK((back[s] == infinity) == wider);
  }
  for (const double bad : {std::nan(""), infinity}) {
    std::vector<double> spoiled = x;
    spoiled[3] = bad;
    CHECK_THROWS_AS((void)softmax(spoiled), dag::Error);
  }
}

TEST_CASE_TEMPLATE("transport plans have their margins and the entropic cost", Real, float,
                   double) {
  const dag::device::Context gpu;
  dag::RandomStream random(32, 0);
  std::vector<std::int64_t> source{0}, sink{0}, place{0};
  std::vector<Real> log_a, log_b, cost;
  const std::pair<std::size_t, std::size_t> shapes[] = {{1, 1}, {1, 9}, {7, 3}, {30, 45}, {130, 5}};
  for (const auto& shape : shapes) {
    const auto masses = [&](std::size_t n, std::vector<Real>& out) {
      std::vector<double> mass(n);
      double sum = 0;
      for (double& m : mass) {
        sum += m = 0.1 + random.uniform();
      }
      for (const double m : mass) {
        out.push_back(static_cast<Real>(std::log(m / sum)));
      }
    };
    masses(shape.first, log_a);
    masses(shape.second, log_b);
    for (std::size_t i = 0; i < shape.first * shape.second; ++i) {
      cost.push_back(static_cast<Real>(random.uniform()));
    }
    source.push_back(static_cast<std::int64_t>(log_a.size()));
    sink.push_back(static_cast<std::int64_t>(log_b.size()));
    place.push_back(static_cast<std::int64_t>(cost.size()));
  }
  const auto d_source = on_device(gpu, source), d_sink = on_device(gpu, sink),
             d_place = on_device(gpu, place);
  const auto d_a = on_device(gpu, log_a), d_b = on_device(gpu, log_b),
             d_cost = on_device(gpu, cost);
  auto f = on_device(gpu, log_a), g = on_device(gpu, log_b);
  auto moved = on_device(gpu, std::vector<Real>(5)), error = moved;
  auto rounds = on_device(gpu, std::vector<std::int32_t>(5, -1)), status = rounds;
  const Real tolerance = sizeof(Real) == 4 ? Real(1e-5) : Real(1e-10);
  const dag::TransportProblems<Real> problems{gpu.view(d_source), gpu.view(d_sink),
                                              gpu.view(d_place),  gpu.view(d_a),
                                              gpu.view(d_b),      gpu.view(d_cost)};
  const dag::TransportResults<Real> results{gpu.view(f),     gpu.view(g),      gpu.view(moved),
                                            gpu.view(error), gpu.view(rounds), gpu.view(status)};
  dag::sinkhorn_batch(gpu, problems, results,
                      dag::TransportOptions<Real>{.epsilon = Real(0.1), .tolerance = tolerance});
  const auto got_f = dag::device::to_host(f), got_g = dag::device::to_host(g),
             got_cost = dag::device::to_host(moved);
  const auto code = dag::device::to_host(status);
  for (std::size_t b = 0; b < 5; ++b) {
    CHECK(code[b] == static_cast<std::int32_t>(dag::Status::converged));
    const std::size_t rows = shapes[b].first, columns = shapes[b].second;
    const auto at = [](std::int64_t offset, std::size_t i) {
      return static_cast<std::size_t>(offset) + i;
    };
    std::vector<double> column(columns);
    double total = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      double row = 0;
      for (std::size_t j = 0; j < columns; ++j) {
        const auto c = static_cast<double>(cost[at(place[b], i * columns + j)]);
        const double mass = std::exp((static_cast<double>(got_f[at(source[b], i)]) +
                                      static_cast<double>(got_g[at(sink[b], j)]) - c) /
                                     static_cast<double>(Real(0.1)));
        row += mass;
        column[j] += mass;
        total += mass * c;
      }
      // The last half step made the rows exact, to the rounding of the exponents.
      CHECK(std::abs(row - std::exp(static_cast<double>(log_a[at(source[b], i)]))) <=
            64 * static_cast<double>(std::numeric_limits<Real>::epsilon()));
    }
    double off = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      off += std::abs(column[j] - std::exp(static_cast<double>(log_b[at(sink[b], j)])));
    }
    CHECK(off <= 4 * static_cast<double>(tolerance));
    CHECK(std::abs(total - static_cast<double>(got_cost[b])) <= 1e-5);
  }
  CHECK_THROWS_AS(
      dag::sinkhorn_batch(gpu, problems, results, dag::TransportOptions<Real>{.epsilon = 0}),
      dag::Error);
}

TEST_CASE_TEMPLATE("regrets by levels of a tree reach its value", Real, float, double) {
  const dag::device::Context gpu;
  for (const std::size_t players : {2U, 3U}) {
    const dag::ExtensiveGame tree = dag::kuhn_poker_tree(players);
    const dag::SequenceForm form = dag::sequence_form(tree);
    dag::DeviceCfr<Real> rounds(gpu, form);
    rounds.run(1);
    rounds.run(299);
    const std::vector<Real> found = rounds.mean();
    const std::vector<double> mean(found.begin(), found.end());
    const auto report =
        dag::certify(tree, form, dag::behavior_of(tree, form, std::span<const double>(mean)));
    CHECK(report.regret.nash_conv < (players == 2 ? 0.002 : 0.05));
    if (players == 2) {
      CHECK(std::abs(report.regret.payoffs[0] + 1.0 / 18) < 0.002);
    }
  }
}
