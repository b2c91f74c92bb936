// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/alignment/align_batch.hpp>
#include <dag/solver/matrix/batch.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/shannon_entropy.hpp>

#include "module.hpp"

namespace dag_python {
namespace {

std::vector<std::uint8_t> converged(std::span<const dag::Status> status) {
  std::vector<std::uint8_t> out(status.size());
  for (std::size_t g = 0; g < out.size(); ++g) {
    out[g] = status[g] == dag::Status::converged ? 1 : 0;
  }
  return out;
}

/// Games of one shape.
nb::dict solve_batch(const Array& payoffs, std::size_t rows, std::size_t columns, double tolerance,
                     int threads) {
  const auto all = view<double>(payoffs, "solve_batch: payoffs");
  const std::size_t count = all.size() / (rows * columns);
  dag::BatchSolution<double> found;
  std::vector<double> first, second;
  {
    const nb::gil_scoped_release free;
    dag::BatchedMatrixGames<double> games;
    for (std::size_t g = 0; g < count; ++g) {
      games.add(rows, columns, all.subspan(g * rows * columns, rows * columns));
    }
    found = dag::solve_batch(games, {.tolerance = tolerance, .threads = threads});
    for (std::size_t g = 0; g < count; ++g) {
      const auto x = found.strategy(g, 0), y = found.strategy(g, 1);
      first.insert(first.end(), x.begin(), x.end());
      second.insert(second.end(), y.begin(), y.end());
    }
  }
  nb::dict d;
  d["row"] = give(std::move(first), {count, rows});
  d["column"] = give(std::move(second), {count, columns});
  d["value"] = give(std::move(found.value));
  d["gap"] = give(std::move(found.gap));
  d["converged"] = give(converged(found.status));
  return d;
}

template <class Utility>
dag::AlignBatchSolution aligned(const Utility& utility, std::span<const double> nu0,
                                std::size_t answers, const dag::AlignBatchOptions& options) {
  dag::BatchedQuestions<double> questions;
  for (std::size_t at = 0; at < nu0.size(); at += answers) {
    questions.add(nu0.subspan(at, answers));
  }
  return dag::align_batch(utility, questions, options);
}

/// Questions of one number of answers; `table`: rewards or goals, an entry an answer.
nb::dict align_batch(const std::string& kind, const Array& nu0, std::size_t answers,
                     const Array& betas, double weight, const std::optional<Array>& table,
                     double tolerance, int threads) {
  const auto given = view<double>(nu0, "align_batch: nu0");
  const auto data = view<double>(table, "align_batch: reward or target");
  const dag::AlignBatchOptions options{.betas = view<double>(betas, "align_batch: beta"),
                                       .tolerance = tolerance,
                                       .threads = threads};
  dag::AlignBatchSolution found;
  {
    const nb::gil_scoped_release free;
    if (kind == "shannon_entropy") {
      found = aligned(dag::ShannonEntropy<double>{weight}, given, answers, options);
    } else if (kind == "gini") {
      found = aligned(dag::Gini<double>{weight}, given, answers, options);
    } else if (kind == "expected_reward") {
      std::vector<double> reward(data.begin(), data.end());
      for (double& r : reward) {
        r *= weight;
      }
      found = aligned(dag::ExpectedReward<double>{std::move(reward)}, given, answers, options);
    } else {
      dag::require(kind == "forward_kl", dag::Errc::invalid_argument,
                   "align_batch: kind must be shannon_entropy, gini, expected_reward or "
                   "forward_kl, got ",
                   kind, "; align takes every kind");
      found = aligned(dag::ForwardKl<double>{dag::Goal<double>(data), weight}, given, answers,
                      options);
    }
  }
  const std::size_t count = found.value.size();
  nb::dict d;
  d["solution"] = give(std::move(found.nu), {count, answers});
  d["value"] = give(std::move(found.value));
  d["residual"] = give(std::move(found.residual));
  d["gap"] = give(std::move(found.gap));
  d["converged"] = give(converged(found.status));
  return d;
}

}  // namespace

void add_batch(nb::module_& m) {
  m.def("solve_batch", &solve_batch);
  m.def("align_batch", &align_batch, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(),
        nb::arg().none(), nb::arg(), nb::arg());
}

}  // namespace dag_python
