// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/basin_margin.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/alignment/detail/agreement_map.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/utility/goal.hpp>

namespace dag {

/// One equilibrium of the agreement game, over all contexts.
struct AgreementPolicy {
  std::vector<double> nu, log_nu;  ///< stacked
  bool stable = false;             ///< a strict local maximum
  double value = 0;                ///< F - beta sum_x w_x KL(nu_x || nu0_x)
  /// The least s / beta at which it is there, followed down from this game's; 0: a continuous path
  /// joins it to nu0. NaN where it is not stable or was not followed.
  double onset = std::numeric_limits<double>::quiet_NaN();
};

/// What happens to the equilibrium that grows out of nu0 as s rises from 0.
struct AgreementBifurcation {
  double strength = 0;  ///< s / beta
  /// It meets an unstable one and both end, so that the policy jumps; false: it branches, and ties
  /// of nu0 decide nothing.
  bool fold = true;
};

/// What `agreement_equilibria` finds.
struct AgreementEquilibria {
  std::vector<AgreementPolicy> found;              ///< by falling value
  std::size_t reached = 0;                         ///< by ascent in small steps from nu0
  std::size_t followed = 0;                        ///< as s rises slowly from 0
  std::vector<AgreementBifurcation> bifurcations;  ///< on that way
  /// Total variation by which the start of the ascent must move before it ends elsewhere, straight
  /// towards one of the eight nearest others; +inf where there is none or nothing was followed.
  double margin = std::numeric_limits<double>::infinity();
  bool cut = false;  ///< the deadline passed before all was looked at
  /// False where s / beta is beyond about 1.4e8: doubles do not tell ways of equilibria apart
  /// there. Onsets and the margin are then not said, `bifurcations` are those below it, `followed`
  /// is `reached`.
  bool ways_resolved = true;
};

/// Options of `agreement_equilibria`.
struct AgreementOptions {
  std::size_t follow_up_to = 64;       ///< answers: onsets, bifurcations, margin
  std::size_t corners = 1024;          ///< starts, where one answer a context makes no more of them
  const Deadline* deadline = nullptr;  ///< where it passes, the list ends there
};

namespace detail {

/// Ascent in small steps from `start` (log-probabilities, stacked), until it is within 0.01 of the
/// stable equilibrium that settling leads to.
[[nodiscard]] inline AgreementMap::Settled ascend(const AgreementMap& map,
                                                  std::vector<double> log_nu,
                                                  const Deadline* deadline = nullptr) {
  const Contexts<double>& contexts = map.contexts();
  const Blocks& blocks = contexts.blocks();
  const double eta = 0.2 / (1 + map.strength());
  std::vector<double> nu(log_nu.size());
  for (int round = 0;; ++round) {
    for (std::size_t i = 0; i < nu.size(); ++i) {
      nu[i] = std::exp(log_nu[i]);
    }
    const std::vector<double> pool = map.pool_of(nu);
    if (round % 64 == 0) {
      AgreementMap::Settled end = map.settle(pool, 200, deadline);
      double off = 0;
      for (std::size_t i = 0; i < nu.size(); ++i) {
        off = std::fmax(off, std::abs(end.at.nu[i] - nu[i]));
      }
      if ((end.stable && off < 0.01) || off < 1e-9 || round > 200000 ||
          (deadline != nullptr && deadline->passed())) {
        return end;
      }
    }
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      const auto row = blocks.of(std::span<double>(log_nu), x);
      const auto reference = blocks.of(contexts.log_reference(), x);
      for (std::size_t z = 0; z < row.size(); ++z) {
        if (row[z] > -std::numeric_limits<double>::infinity()) {
          const double reward =
              map.strength() * (pool[z] - contexts.weights()[x] * nu[blocks.offset(x) + z]);
          row[z] += eta * (reward - (row[z] - reference[z]));
        }
      }
      log_normalize(row);
    }
  }
}

/// Starts for settling: nu0, its modes, every answer by all contexts, one answer a context.
[[nodiscard]] inline std::vector<std::vector<double>> agreement_starts(const AgreementMap& map,
                                                                       std::size_t corners) {
  const Contexts<double>& contexts = map.contexts();
  const Blocks& blocks = contexts.blocks();
  const std::size_t n = map.answers(), count = blocks.count();
  std::vector<std::vector<double>> starts;
  std::vector<double> nu0;
  for (const double log : contexts.log_reference()) {
    nu0.push_back(std::exp(log));
  }
  starts.push_back(map.pool_of(nu0));
  starts.emplace_back(n, 1 / static_cast<double>(n));
  std::vector<double> modes(n);
  for (std::size_t x = 0; x < count; ++x) {
    const auto row = blocks.of(std::span<const double>(nu0), x);
    modes[static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin())] +=
        contexts.weights()[x];
  }
  starts.push_back(std::move(modes));
  std::size_t all = 1;
  for (std::size_t x = 0; x < count && all <= corners; ++x) {
    all *= n;
  }
  if (all > corners) {
    for (std::size_t z = 0; z < n; ++z) {
      starts.emplace_back(n);
      starts.back()[z] = 1;
    }
    return starts;
  }
  for (std::size_t corner = 0; corner < all; ++corner) {
    starts.emplace_back(n);
    std::size_t rest = corner;
    for (std::size_t x = 0; x < count; ++x, rest /= n) {
      starts.back()[rest % n] += contexts.weights()[x];
    }
  }
  return starts;
}

}  // namespace detail

/// Equilibria of `Agreement` at weight s beside an anchor: max over nu of s sum_{x != y} w_x w_y
/// <nu_x, nu_y> - beta sum_x w_x KL(nu_x || nu0_x).
///
/// In the pool p = sum_x w_x nu_x an equilibrium is a fixed point of a symmetric map
/// (detail/agreement_map.hpp); it is stable where I - DT is positive definite. Found: what that
/// map's steps, which never lower the objective, lead to from nu0, from its modes and from single
/// answers (one a context, where those are at most `corners`), polished by Newton: stable ones in
/// practice all, without a proof (the test compares with ascent from random starts); an unstable
/// one only where ties hold the ascent from nu0. `reached`: the end of ascent in small steps from
/// nu0. As s rises from 0 the one equilibrium there is is followed by Newton's method: its
/// bifurcations, and `followed`, where a policy ends whose anchor is loosened slowly; every other
/// is followed down to its onset, where doubles resolve that (`ways_resolved`). Cost: answers^3 a
/// Newton step. Deterministic. Errors: invalid_argument (beta, weight, fewer than two contexts),
/// dimension_mismatch (contexts of unequal answers).
[[nodiscard]] inline AgreementEquilibria agreement_equilibria(
    const Contexts<double>& contexts, double beta, double weight,
    const AgreementOptions& options = {}) {
  require(beta > 0 && std::isfinite(beta) && weight > 0 && std::isfinite(weight),
          Errc::invalid_argument,
          "agreement_equilibria: beta and the weight must be > 0 and finite, got ", beta, " and ",
          weight);
  detail::check_same_answers(contexts.blocks(), "agreement_equilibria");
  require(contexts.blocks().count() >= 2, Errc::invalid_argument,
          "agreement_equilibria: needs two contexts or more to agree, got 1");
  const double strength = 2 * weight / beta;
  const detail::AgreementMap map(contexts, strength);
  const double same = std::fmax(1e-7, detail::pool_noise(strength));
  AgreementEquilibria out;
  out.ways_resolved = detail::pool_noise(strength) <= detail::most_pool_noise;
  const auto add = [&](const detail::AgreementMap::Settled& end) {
    for (std::size_t j = 0; j < out.found.size(); ++j) {
      double off = 0;
      for (std::size_t i = 0; i < end.at.nu.size(); ++i) {
        off = std::fmax(off, std::abs(end.at.nu[i] - out.found[j].nu[i]));
      }
      if (off < same) {
        return j;
      }
    }
    AgreementPolicy one;
    one.nu = end.at.nu;
    one.log_nu = end.at.log_nu;
    one.stable = end.stable;
    const std::vector<double> pool = map.pool_of(one.nu);
    for (const double p : pool) {
      one.value += weight * p * p;
    }
    for (std::size_t x = 0; x < contexts.blocks().count(); ++x) {
      const double w = contexts.weights()[x];
      for (std::size_t i = contexts.blocks().offset(x);
           i < contexts.blocks().offset(x) + map.answers(); ++i) {
        one.value -= weight * w * w * one.nu[i] * one.nu[i];
        one.value -= one.nu[i] > 0
                         ? beta * w * one.nu[i] * (one.log_nu[i] - contexts.log_reference()[i])
                         : 0.0;
      }
    }
    out.found.push_back(std::move(one));
    return out.found.size() - 1;
  };
  const auto late = [&] {
    out.cut = out.cut || (options.deadline != nullptr && options.deadline->passed());
    return out.cut;
  };
  const std::vector<double> start(contexts.log_reference().begin(), contexts.log_reference().end());
  out.reached = add(detail::ascend(map, start, options.deadline));
  for (std::vector<double>& pool : late() ? std::vector<std::vector<double>>{}
                                          : detail::agreement_starts(map, options.corners)) {
    if (late()) {
      break;
    }
    const auto end = map.settle_anywhere(std::move(pool), options.deadline);
    if (end.stable) {
      (void)add(end);
    }
  }
  out.followed = out.reached;
  const bool follows = map.answers() <= options.follow_up_to;
  if (follows && !late()) {
    detail::AgreementMap rising(contexts, 0);
    detail::FollowedPool path{rising.settle(map.pool_of(std::vector<double>(map.size()))).at.pool,
                              0, false, false, false};
    for (int events = 0; events < 64 && !late(); ++events) {
      rising.set_strength(path.strength);
      path = detail::follow(rising, std::move(path.pool), strength);
      if (path.whole || path.lost) {
        break;
      }
      out.bifurcations.push_back({path.strength / 2, path.folds});
      const double end = path.strength;
      for (double beyond = 1e-6; beyond < 1; beyond *= 10) {  // as soon as there is another one
        path.strength = std::fmin(strength, end + beyond * (1 + end));
        rising.set_strength(path.strength);
        std::vector<double> pool = path.pool;
        for (std::size_t z = 0; z < pool.size(); ++z) {  // the lower numbers win a tie
          pool[z] *= 1 + 1e-2 / (1 + static_cast<double>(z));
        }
        auto next = rising.settle_anywhere(std::move(pool), options.deadline);
        if (next.stable || path.strength == strength) {
          double moved = 0;
          for (std::size_t z = 0; z < path.pool.size(); ++z) {
            moved = std::fmax(moved, std::abs(next.at.pool[z] - path.pool[z]));
          }
          if (moved < 1e-7) {  // a branch moves by about the root of 1e-6: the way goes on
            out.bifurcations.pop_back();
          }
          path.pool = std::move(next.at.pool);
          break;
        }
      }
    }
    if (out.ways_resolved) {
      out.followed = add(map.settle_anywhere(std::move(path.pool), options.deadline));
    }
    for (AgreementPolicy& one : out.found) {
      if (out.ways_resolved && one.stable && !late()) {
        const auto down = detail::follow(map, map.pool_of(one.nu), 0);
        one.onset = down.strength / 2;
      }
    }
  }
  if (follows && out.ways_resolved && out.found[out.reached].stable && out.found.size() > 1 &&
      !late()) {
    std::vector<double> nu0(start);
    for (double& p : nu0) {
      p = std::exp(p);
    }
    std::vector<std::vector<double>> others;
    for (std::size_t j = 0; j < out.found.size(); ++j) {
      if (j != out.reached && out.found[j].stable) {
        others.push_back(out.found[j].nu);
      }
    }
    const std::vector<double>& goal = out.found[out.reached].nu;
    out.margin = detail::basin_margin(contexts.blocks(), contexts.weights(), nu0, std::move(others),
                                      [&](std::vector<double> log_point) {
                                        const auto end = detail::ascend(map, std::move(log_point),
                                                                        options.deadline);
                                        double off = 0;
                                        for (std::size_t i = 0; i < goal.size(); ++i) {
                                          off = std::fmax(off, std::abs(end.at.nu[i] - goal[i]));
                                        }
                                        return off < 1e-6;
                                      });
    if (late()) {
      out.margin = std::numeric_limits<double>::infinity();
    }
  }
  std::vector<std::size_t> order(out.found.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return out.found[a].value > out.found[b].value;
  });
  std::vector<AgreementPolicy> sorted;
  std::size_t reached = 0, followed = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    reached = order[i] == out.reached ? i : reached;
    followed = order[i] == out.followed ? i : followed;
    sorted.push_back(std::move(out.found[order[i]]));
  }
  out.found = std::move(sorted);
  out.reached = reached;
  out.followed = followed;
  return out;
}

}  // namespace dag
