// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/classic_tables.hpp>
#include <dag/estimate/measure.hpp>
#include <dag/estimate/minimax_table.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/estimate/variance_optimal_table.hpp>

namespace dag {

/// A reward as a function of counts: sample i of a group of `group_size` gets table[k], k the
/// number of the other samples with its answer. Linear in its entries: scale and shift it freely.
struct RewardTable {
  EstimatorKind kind = EstimatorKind::plug_in;
  RewardFunction function;
  std::size_t group_size = 0;
  double slack = 0;                ///< bound on the bias / eps*_K (minimax: 1; 0: kind has none)
  std::vector<double> table;       ///< group_size entries
  double sup_bias = 0;             ///< max over p of |p E[c] - p g(p)|, measured
  double integrated_variance = 0;  ///< integral over p of p Var(c)
  double max_variance = 0;         ///< max over p of p Var(c)
  double kkt_residual = 0;         ///< relative optimality violation of the quadratic program
  /// The table does what it was built for also when its entries are rounded to float: that moves
  /// p E[c] by at most 1 % of the sup bias (or 1e-6), and the measured sup bias is within 1 % of
  /// the bound. False where coefficients explode: minimax from K = 19.
  bool sound = false;

  friend bool operator==(const RewardTable&, const RewardTable&) = default;
};

/// What a table is asked for, beside kind and group size.
struct RewardTableOptions {
  RewardFunction function = RewardFunction::logarithm();
  /// Variance-optimal only: allowed sup bias in units of eps*_K, >= 1. 0: the smallest of 1, 2, 4,
  /// 8,
  /// ... whose integrated variance is at most 4 times the plug-in's (2 to K=12, 4 to 32, 8 at 64,
  /// 16 at 128, then about K/8).
  double slack = 0;

  friend bool operator==(const RewardTableOptions&, const RewardTableOptions&) = default;
};

namespace detail {

inline void fill_measures(RewardTable& result) {
  const TableMeasure measure = measure_table(result.table, result.function);
  result.sup_bias = measure.sup_bias;
  result.integrated_variance = measure.integrated_variance;
  result.max_variance = measure.max_variance;
  constexpr double rounding = std::numeric_limits<float>::epsilon() / 2;
  const double allowed = 0.01 * measure.sup_bias > 1e-6 ? 0.01 * measure.sup_bias : 1e-6;
  result.sound = rounding * measure.magnitude <= allowed;
}

/// Fills a table at one slack; false when its variance must exceed `variance_limit`.
inline bool try_variance_optimal(RewardTable& result, double slack, double variance_limit) {
  const double bound = slack * minimax_log_error(result.group_size);
  result.slack = slack;
  if (slack == 1) {  // the only feasible table
    result.table = minimax_log_table(result.group_size);
    fill_measures(result);
    result.kkt_residual = std::abs(result.sup_bias / bound - 1);
  } else {
    // The objective is the integrated squared error less a constant >= 0, and the squared bias is a
    // small part of it: an objective of twice the limit rules the slack out.
    VarianceOptimalTable solved =
        variance_optimal_log_table(result.group_size, bound, 2 * variance_limit);
    if (solved.rejected) {
      return false;
    }
    require(solved.converged, Errc::unsupported,
            "reward_table: the quadratic program for groups of ", result.group_size, " with slack ",
            slack, " is too ill-conditioned for double; use a larger slack");
    result.table = std::move(solved.table);
    fill_measures(result);
    result.kkt_residual = solved.kkt_residual;
  }
  result.sound = result.sound && result.sup_bias <= 1.01 * bound && result.kkt_residual <= 1e-5;
  return result.integrated_variance <= variance_limit;
}

}  // namespace detail

/// Builds and measures a table. K = group_size from 2 to 4096 (minimax: 1024). Kinds and functions:
/// plug-in and leave-one-out serve every function, the U-statistic polynomials exactly (and the cut
/// series of log and 1/p), the others log p only. Throws `invalid_argument` for a size, slack or
/// order out of range, `unsupported` for other combinations and for a slack so small that the
/// program cannot be solved. Minimax 3 ms at K=64, 0.6 s at 1024; variance-optimal 15 ms at K=64,
/// 0.2 s at 1024; others below 1 ms, 0.1 s.
[[nodiscard]] inline RewardTable make_reward_table(EstimatorKind kind, std::size_t group_size,
                                                   const RewardTableOptions& options = {}) {
  require(group_size >= 2 && group_size <= 4096, Errc::invalid_argument,
          "reward_table: the group size must be from 2 to 4096, got ", group_size);
  require(options.slack == 0 || (kind == EstimatorKind::variance_optimal && options.slack >= 1 &&
                                 options.slack <= std::numeric_limits<double>::max()),
          Errc::invalid_argument, "reward_table: slack must be 0, or >= 1 for aqp, got ",
          options.slack, " for ", to_string(kind));
  const bool power = options.function.form == RewardFunction::Form::power;
  require(std::isfinite(options.function.order) && options.function.order > (power ? -1 : 0),
          Errc::invalid_argument, "reward_table: the order must be finite and > ", power ? -1 : 0,
          ", got ", options.function.order, power ? "; 1/p is RewardFunction::inverse()" : "");
  const bool any_function = kind == EstimatorKind::plug_in ||
                            kind == EstimatorKind::leave_one_out ||
                            kind == EstimatorKind::u_statistic;
  require(any_function || options.function.form == RewardFunction::Form::logarithm,
          Errc::unsupported, "reward_table: ", to_string(kind),
          " tables exist for log p only; use u-statistic for polynomials and plug-in for 1/p");
  RewardTable result;
  result.kind = kind;
  result.function = options.function;
  result.group_size = group_size;
  switch (kind) {
    case EstimatorKind::plug_in: result.table = plug_in_table(group_size, options.function); break;
    case EstimatorKind::leave_one_out:
      result.table = leave_one_out_table(group_size, options.function);
      break;
    case EstimatorKind::u_statistic:
      result.table = u_statistic_table(group_size, options.function);
      break;
    case EstimatorKind::digamma: result.table = digamma_table(group_size); break;
    case EstimatorKind::minimax:
      require(group_size <= 1024, Errc::invalid_argument,
              "reward_table: minimax tables go up to groups of 1024, got ", group_size);
      result.slack = 1;
      result.table = minimax_log_table(group_size);
      detail::fill_measures(result);
      result.sound = result.sound && result.sup_bias <= 1.01 * minimax_log_error(group_size);
      return result;
    case EstimatorKind::variance_optimal: {
      if (options.slack > 0) {
        static_cast<void>(detail::try_variance_optimal(result, options.slack,
                                                       std::numeric_limits<double>::infinity()));
        return result;
      }
      const double limit =
          4 * integrated_variance(plug_in_table(group_size, RewardFunction::logarithm()));
      double slack = group_size <= 16 ? 1 : 2;  // beyond 16 the minimax table has exploded
      while (!detail::try_variance_optimal(result, slack, limit)) {
        slack *= 2;
      }
      return result;
    }
  }
  detail::fill_measures(result);
  return result;
}

/// The same from a cache that lives as long as the program: built at the first request, then a walk
/// over the tables in use. Thread-safe without locks (two threads may build the same table once;
/// one is kept). The reference stays valid.
[[nodiscard]] inline const RewardTable& reward_table(EstimatorKind kind, std::size_t group_size,
                                                     const RewardTableOptions& options = {}) {
  struct Node {
    RewardTableOptions options;
    RewardTable table;
    const Node* next;
  };
  static std::atomic<const Node*> head{nullptr};
  const auto find = [&](const Node* node) {
    while (node != nullptr && !(node->table.kind == kind && node->table.group_size == group_size &&
                                node->options == options)) {
      node = node->next;
    }
    return node;
  };
  const Node* seen = head.load(std::memory_order_acquire);
  if (const Node* node = find(seen)) {
    return node->table;
  }
  Node* fresh = new Node{options, make_reward_table(kind, group_size, options), seen};
  while (!head.compare_exchange_weak(seen, fresh, std::memory_order_release,
                                     std::memory_order_acquire)) {
    if (const Node* node = find(seen)) {
      delete fresh;
      return node->table;
    }
    fresh->next = seen;
  }
  return fresh->table;
}

/// Fills the table of whatever group size it is handed, scaled by a utility's constant: the builder
/// to give to rollouts whose groups differ in size. A group of one has no other sample: its entry
/// is g(1), a constant that any baseline removes. Throws as `make_reward_table` (a U-statistic of
/// degree d needs groups of d + 1).
struct RewardTableBuilder {
  EstimatorKind kind = EstimatorKind::plug_in;
  RewardTableOptions options;
  double scale = 1;

  void operator()(std::span<double> table) const {
    if (table.size() == 1) {
      table[0] = scale * options.function(1.0);
      return;
    }
    const RewardTable& source = reward_table(kind, table.size(), options);
    for (std::size_t k = 0; k < table.size(); ++k) {
      table[k] = scale * source.table[k];
    }
  }
};

}  // namespace dag
