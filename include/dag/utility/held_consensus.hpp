// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/utility/coherence.hpp>
#include <dag/utility/goal.hpp>

namespace dag {

/// A pool whose consensus is given and stays: F(nu) = sum_x w_x sum_z f(nu_x(z), q(z)) with the
/// pool's own f. Separable over contexts.
template <CoherenceUtility Pool, class Data = Goal<typename Pool::scalar_type>>
struct FrozenConsensus {
  using scalar_type = typename Pool::scalar_type;
  using Real = scalar_type;
  Pool pool;
  Data goal;  ///< q, stacked once a context

  [[nodiscard]] Probability<Real> datum(std::size_t i) const { return goal[i]; }
  [[nodiscard]] auto formula() const { return FrozenConsensus<Pool, NoData>{pool, {}}; }
  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> q) const {
    return pool.pair_term(nu, q);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> q) const {
    return pool.pair_reward(nu, q);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu, Probability<Real> q) const {
    return pool.own_slope(nu, q);
  }
  [[nodiscard]] TableReward table_reward(Probability<Real> q) const { return pool.table_reward(q); }
  [[nodiscard]] bool excludes(std::size_t i) const {
    return std::isinf(pool.pair_term(Probability<Real>::of(1), goal[i]));
  }
  [[nodiscard]] bool needs(std::size_t i) const {
    return goal[i].value > 0 && std::isinf(pool.pair_term(Probability<Real>{}, goal[i]));
  }
  void check(const Blocks& blocks) const {
    pool.check(blocks);
    goal.check(blocks, "FrozenConsensus");
  }
};

template <class U>
struct IsFrozenConsensus : std::false_type {};
template <class Pool, class Data>
struct IsFrozenConsensus<FrozenConsensus<Pool, Data>> : std::true_type {};

/// The pool with its consensus frozen at these answers, the reference's for example.
template <CoherenceUtility Pool>
[[nodiscard]] FrozenConsensus<Pool> freeze(Pool pool,
                                           AnswersView<typename Pool::scalar_type> answers) {
  using Real = typename Pool::scalar_type;
  pool.check(answers.blocks);
  const std::size_t size = answers.blocks.size(0);
  std::vector<Real> point(answers.blocks.total()), log(answers.blocks.total());
  const std::span<Real> points(point), logs(log);
  dag::consensus(pool, answers, StateView<Real>{points.first(size), logs.first(size)});
  for (std::size_t i = size; i < log.size(); ++i) {
    log[i] = log[i - size];
  }
  return {std::move(pool), Goal<Real>::from_log(std::span<const Real>(log))};
}

}  // namespace dag
