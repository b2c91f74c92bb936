// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/solver/first_order/detail/diagonal_metric.hpp>
#include <dag/solver/options.hpp>

namespace dag {

/// Options of the restarted primal-dual methods beside those of every solver; restarts as in PDLP.
struct PrimalDualOptions {
  /// Restart once the progress measured is below this share of that at the last restart,
  double sufficient = 0.2;
  /// or below this share and growing again,
  double necessary = 0.8;
  /// or after this share of all rounds without a restart.
  double artificial = 0.36;
  bool balance = true;  ///< rebalance the players' steps at restarts, from how far each has moved
  /// A step a strategy in place of one a player. Needs a backend in host memory; not for trees.
  Scaling scaling = Scaling::none;
  /// Solve for the equilibrium of the strategies in use now and then: `reflected_halpern` only,
  /// with its adaptive step, on backends in host memory.
  bool finish = true;
};

namespace detail {

/// Refuses what no restarted primal-dual method can do. Errors: invalid_argument.
template <class Real>
void check_primal_dual(const SolverOptions<Real>& options, const PrimalDualOptions& own,
                       std::string_view solver) {
  validate(options, solver);
  require(options.feedback == Feedback<Real>{}, Errc::invalid_argument, solver,
          ": restarts need the full field; leave feedback as it is");
  const OptionRules rules(solver);
  rules.between_zero_and_one("necessary", own.necessary);
  rules.need(own.sufficient > 0 && own.sufficient < own.necessary, "sufficient",
             "> 0 and below necessary", own.sufficient);
  rules.positive("artificial", own.artificial);
}
/// Errors: unsupported.
inline void need_host_memory(const PrimalDualOptions& own, bool host, std::string_view solver) {
  require(own.scaling == Scaling::none || host, Errc::unsupported, solver,
          ": scaled steps run on backends in host memory only; leave scaling none");
}

}  // namespace detail
}  // namespace dag
