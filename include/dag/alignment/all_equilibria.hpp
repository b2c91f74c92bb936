// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/detail/branches.hpp>
#include <dag/alignment/sharpening_game.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// Options of `all_equilibria`.
struct AllEquilibriaOptions {
  /// Unstable ones as well, up to this number of answers: 2^n sets of answers are tried.
  std::size_t unstable_up_to = 8;
  const Deadline* deadline = nullptr;  ///< where it passes, the list ends there
};

/// All equilibria of one context, and the one that is reached from nu0.
struct AllEquilibria {
  std::vector<StationaryPolicy> found;  ///< by falling value
  std::size_t reached = 0;              ///< by ascent in small steps from nu0
  bool complete = false;                ///< unstable ones are among them
  /// The deadline passed before all were found; the best are kept, up to 2^20 probabilities.
  bool cut = false;
  /// Total variation by which the start of the ascent must move before it ends elsewhere, straight
  /// towards one of the other stable ones; +inf where there is none (or it was not asked for).
  double margin = std::numeric_limits<double>::infinity();
  [[nodiscard]] std::size_t stable() const {
    return static_cast<std::size_t>(std::count_if(
        found.begin(), found.end(), [](const StationaryPolicy& p) { return p.stable; }));
  }
};

namespace detail {

/// Residual, value and normalisation.
inline void certify_stationary(const SharpeningGame& game, StationaryPolicy& policy) {
  log_normalize(std::span<double>(policy.log_nu));
  const std::size_t size = policy.log_nu.size();
  std::vector<double> response(size);
  policy.nu.resize(size);
  policy.value = 0;
  for (std::size_t z = 0; z < size; ++z) {
    const double t = policy.log_nu[z];
    policy.nu[z] = std::exp(t);
    const bool alive = t > -std::numeric_limits<double>::infinity();
    response[z] = alive ? game.log_reference[z] + game.reward(t) / game.beta : t;
    if (policy.nu[z] > 0) {
      policy.value += policy.nu[z] * (game.rate * t - game.beta * (t - game.log_reference[z])) +
                      game.scale / (game.power + 1) * std::exp((game.power + 1) * t);
    }
  }
  softmax(std::span<double>(response));
  policy.residual = 0;
  for (std::size_t z = 0; z < size; ++z) {
    policy.residual = std::fmax(policy.residual, std::abs(response[z] - policy.nu[z]));
  }
}

/// Newton's steps on reward - beta (t - log nu0) = lambda and sum nu = 1, kept while they help.
inline void polish_stationary(const SharpeningGame& game, StationaryPolicy& policy) {
  certify_stationary(game, policy);
  for (int round = 0; round < 6; ++round) {
    double mass = 0, lambda = 0;
    std::vector<double> left(policy.nu.size()), curvature(policy.nu.size());
    for (std::size_t z = 0; z < left.size(); ++z) {
      const double t = policy.log_nu[z];
      left[z] = game.reward(t) - game.beta * (t - game.log_reference[z]);
      curvature[z] = game.beta - game.rate - game.scale * game.power * std::exp(game.power * t);
      mass += policy.nu[z] / curvature[z];
      lambda += policy.nu[z] / curvature[z] * left[z];
    }
    StationaryPolicy next = policy;
    bool settled = true;
    for (std::size_t z = 0; z < left.size(); ++z) {
      const double step = (left[z] - lambda / mass) / curvature[z];
      settled = settled && std::abs(step) < 1e-3;
      next.log_nu[z] += step;
    }
    if (!settled) {
      return;
    }
    certify_stationary(game, next);
    if (!(next.residual < policy.residual)) {
      return;
    }
    policy = std::move(next);
  }
}

/// Negative definite on the directions that keep the mass: no entry of the Hessian > 0, or one, and
/// sum of their inverses > 0.
[[nodiscard]] inline bool is_stable(const SharpeningGame& game, const StationaryPolicy& policy) {
  int positive = 0;
  double inverses = 0;
  for (std::size_t z = 0; z < policy.nu.size(); ++z) {
    const double entry = game.scale * game.power * std::exp(game.power * policy.log_nu[z]) -
                         (game.beta - game.rate);  // times nu
    if (!(policy.nu[z] > 0)) {
      continue;
    }
    positive += entry >= 0 ? 1 : 0;
    inverses += policy.nu[z] / entry;
  }
  return positive == 0 || (positive == 1 && inverses > 0);
}

/// Where ascent in small steps ends that starts at these log-probabilities.
[[nodiscard]] inline StationaryPolicy ascend(const SharpeningGame& game, std::vector<double> start,
                                             const Deadline* deadline = nullptr) {
  StationaryPolicy policy;
  policy.log_nu = std::move(start);
  log_normalize(std::span<double>(policy.log_nu));
  const double eta = 0.2 / (game.beta + std::abs(game.rate) + game.scale * (1 + game.power));
  for (int round = 0; round < 200000; ++round) {
    double longest = 0, mean = 0, mass = 0;
    std::vector<double> step(policy.log_nu.size());
    for (std::size_t z = 0; z < step.size(); ++z) {
      const double t = policy.log_nu[z];
      step[z] = eta * (game.reward(t) - game.beta * (t - game.log_reference[z]));
      mean += std::exp(t) * step[z];
      mass += std::exp(t);
    }
    for (std::size_t z = 0; z < step.size(); ++z) {
      longest = std::fmax(longest, std::abs(step[z] - mean / mass));
      policy.log_nu[z] += step[z];
    }
    log_normalize(std::span<double>(policy.log_nu));
    if (longest < 1e-14 || (deadline != nullptr && deadline->passed())) {
      break;
    }
  }
  polish_stationary(game, policy);
  policy.stable = is_stable(game, policy);
  return policy;
}

[[nodiscard]] inline double policy_distance(const StationaryPolicy& a, const StationaryPolicy& b) {
  double most = 0;
  for (std::size_t z = 0; z < a.nu.size(); ++z) {
    most = std::fmax(most, std::abs(a.nu[z] - b.nu[z]));
  }
  return most;
}

/// Adds a policy unless it is there; its place.
inline std::size_t add_policy(std::vector<StationaryPolicy>& all, StationaryPolicy policy) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (policy_distance(all[i], policy) < 1e-7) {
      return i;
    }
  }
  all.push_back(std::move(policy));
  return all.size() - 1;
}

/// strength > 0 and scale > 0: the stationary policies whose answers are on these branches.
inline void equilibria_on(const SharpeningGame& game, const std::vector<bool>& upper,
                          const Deadline* deadline, std::vector<StationaryPolicy>& out) {
  const std::size_t size = game.log_reference.size();
  std::vector<double> base(size);
  for (std::size_t z = 0; z < size; ++z) {
    base[z] = game.beta * game.log_reference[z] / (game.beta - game.rate);
  }
  const Branches branches(game, std::move(base), game.beta - game.rate);
  const BranchSum sum(branches, upper, deadline);
  const bool any = std::find(upper.begin(), upper.end(), true) != upper.end();
  const auto first = sum.at(branches.least_level());
  double width = 1 + std::abs(first.lambda);
  auto last = sum.at(first.lambda + width);
  const auto late = [&] { return deadline != nullptr && deadline->passed(); };
  while (!late() && (any ? !(last.up > 1) : !(last.down < 1))) {
    width *= 2;
    last = sum.at(first.lambda + width);
  }
  std::vector<double> roots;
  sum.roots(first, last, 60, roots);
  for (const double lambda : roots) {
    if (late()) {
      return;
    }
    StationaryPolicy policy;
    policy.log_nu = sum.at(lambda).t;
    polish_stationary(game, policy);
    policy.stable = is_stable(game, policy);
    if (policy.residual < 1e-6) {
      (void)add_policy(out, std::move(policy));
    }
  }
}

/// The same with every set of answers on the upper branch that a stable one can have: none or one;
/// with `unstable` all sets.
inline void equilibria_by_branches(const SharpeningGame& game, bool unstable,
                                   const Deadline* deadline, std::vector<StationaryPolicy>& out) {
  const std::size_t size = game.log_reference.size();
  std::vector<bool> upper(size, false);
  if (unstable) {
    for (std::uint64_t set = 0; set < (std::uint64_t{1} << size); ++set) {
      for (std::size_t z = 0; z < size; ++z) {
        upper[z] = ((set >> z) & 1) != 0;
      }
      equilibria_on(game, upper, deadline, out);
    }
    return;
  }
  equilibria_on(game, upper, deadline, out);
  for (std::size_t z = 0; z < size && !(deadline != nullptr && deadline->passed()); ++z) {
    upper[z] = true;
    equilibria_on(game, upper, deadline, out);
    upper[z] = false;
  }
  out.erase(std::remove_if(out.begin(), out.end(),
                           [](const StationaryPolicy& policy) { return !policy.stable; }),
            out.end());
}

/// strength > 0 and scale > 0: where ascent from nu0 ends. It keeps the order of the answers, so
/// that of the stable policies only those can be meant that have none or the mode of nu0 on the
/// upper branch; the ascent itself decides where there are two, or a tie of modes.
[[nodiscard]] inline StationaryPolicy reached_by_branches(const SharpeningGame& game,
                                                          const Deadline* deadline) {
  const auto& reference = game.log_reference;
  const auto mode = std::max_element(reference.begin(), reference.end());
  const bool late = deadline != nullptr && deadline->passed();
  if (!late && std::count(reference.begin(), reference.end(), *mode) == 1) {
    std::vector<StationaryPolicy> found;
    std::vector<bool> upper(reference.size(), false);
    equilibria_on(game, upper, deadline, found);
    upper[static_cast<std::size_t>(mode - reference.begin())] = true;
    equilibria_on(game, upper, deadline, found);
    const auto stable = [](const StationaryPolicy& policy) { return policy.stable; };
    if (std::count_if(found.begin(), found.end(), stable) == 1) {
      return *std::find_if(found.begin(), found.end(), stable);
    }
  }
  return ascend(game, reference, deadline);
}

/// strength <= 0: F - beta KL is convex, its maxima are single answers; with `unstable`, and where
/// nothing but logarithms is there, the least of every face as well: nu ∝ nu0^{beta / strength}.
inline void equilibria_at_vertices(const SharpeningGame& game, bool unstable,
                                   const Deadline* deadline, AllEquilibria& out) {
  const std::size_t size = game.log_reference.size();
  const double strength = game.beta - game.rate;
  const auto add = [&](std::uint64_t set) {
    StationaryPolicy policy;
    policy.log_nu.assign(size, -std::numeric_limits<double>::infinity());
    for (std::size_t z = 0; z < size; ++z) {
      if (((set >> z) & 1) != 0) {
        policy.log_nu[z] =
            (set & (set - 1)) == 0 ? 0.0 : game.beta * game.log_reference[z] / strength;
      }
    }
    certify_stationary(game, policy);
    policy.stable = (set & (set - 1)) == 0;
    out.found.push_back(std::move(policy));
  };
  if (unstable && strength < 0 && game.scale == 0 && size < 64) {
    for (std::uint64_t set = 1; set < (std::uint64_t{1} << size); ++set) {
      add(set);
    }
    return;
  }
  for (std::size_t k = 0; k < size && !(deadline != nullptr && deadline->passed()); ++k) {
    bool best = true;  // strength 0: moving away from k must cost something
    for (std::size_t z = 0; strength == 0 && z < size; ++z) {
      best = best && (z == k ||
                      game.scale + game.beta * (game.log_reference[k] - game.log_reference[z]) > 0);
    }
    if (best) {
      StationaryPolicy policy;
      policy.log_nu.assign(size, -std::numeric_limits<double>::infinity());
      policy.log_nu[k] = 0;
      certify_stationary(game, policy);
      policy.stable = true;
      out.found.push_back(std::move(policy));
    }
  }
}

}  // namespace detail

/// A game without the answers that nu0 rules out, and which are left.
struct ReducedGame {
  SharpeningGame game;
  std::vector<std::size_t> alive;

  explicit ReducedGame(const SharpeningGame& whole) : game(whole) {
    require(whole.beta > 0 && std::isfinite(whole.beta) && std::isfinite(whole.rate) &&
                whole.scale >= 0 && std::isfinite(whole.scale) && whole.power > 0 &&
                std::isfinite(whole.power),
            Errc::invalid_argument,
            "SharpeningGame: beta and power must be > 0, scale >= 0, all finite, got ", whole.beta,
            ", ", whole.power, ", ", whole.scale, " and a rate of ", whole.rate);
    game.log_reference.clear();
    for (std::size_t z = 0; z < whole.log_reference.size(); ++z) {
      if (whole.log_reference[z] > -std::numeric_limits<double>::infinity()) {
        alive.push_back(z);
        game.log_reference.push_back(whole.log_reference[z]);
      }
    }
    require(!alive.empty(), Errc::not_a_distribution, "SharpeningGame: nu0 allows no answer");
  }
  /// Over all answers again.
  [[nodiscard]] StationaryPolicy spread(const StationaryPolicy& policy, std::size_t answers) const {
    StationaryPolicy out = policy;
    out.nu.assign(answers, 0.0);
    out.log_nu.assign(answers, -std::numeric_limits<double>::infinity());
    for (std::size_t j = 0; j < alive.size(); ++j) {
      out.nu[alive[j]] = policy.nu[j];
      out.log_nu[alive[j]] = policy.log_nu[j];
    }
    return out;
  }
  /// Where ascent in small steps from nu0 ends.
  [[nodiscard]] StationaryPolicy reached(const Deadline* deadline = nullptr) const {
    const std::size_t size = alive.size();
    const double strength = game.beta - game.rate;
    if (size > 1 && strength > 0 && game.scale > 0) {
      return detail::reached_by_branches(game, deadline);
    }
    StationaryPolicy end;
    if (size == 1 || strength > 0) {
      end.log_nu = game.log_reference;
      for (double& t : end.log_nu) {
        t *= size == 1 ? 0 : game.beta / strength;
      }
      end.stable = true;
    } else {
      const double most = *std::max_element(game.log_reference.begin(), game.log_reference.end());
      for (const double log : game.log_reference) {
        end.log_nu.push_back(log == most ? 0.0 : -std::numeric_limits<double>::infinity());
      }
      end.stable = std::count(end.log_nu.begin(), end.log_nu.end(), 0.0) == 1;
    }
    detail::certify_stationary(game, end);
    return end;
  }
};

/// The equilibrium that ascent in small steps from nu0 reaches; with ties of the mode it may be
/// unstable. Errors: as `all_equilibria`.
[[nodiscard]] inline StationaryPolicy reached_equilibrium(const SharpeningGame& game) {
  const ReducedGame reduced(game);
  return reduced.spread(reduced.reached(), game.log_reference.size());
}

/// All equilibria of a game of one context with a convex utility: every stable one, and for small
/// games the unstable ones.
///
/// nu_z = nu0_z exp(r(nu_z) / beta) / Z has, an answer, a lower branch and an upper one, where the
/// entry F''(nu_z) - beta / nu_z of the Hessian is < 0 and > 0. A maximum has at most one answer on
/// its upper branch, so that n + 1 sets of branches are tried (2^n with the unstable ones), each
/// with all roots in the one multiplier that normalises: intervals are cut in two until bounds of
/// the sum and of its slope say that there is none, or that the sum is monotone. Where the anchor
/// is weaker than a logarithmic part (rate >= beta) the maxima are single answers.
/// `reached`: the end of ascent in small steps from nu0; with ties in nu0 it may be unstable.
/// Answers with nu0 = 0 stay at 0. Cost: n passes over n answers; a deadline ends the list before
/// (`cut`). Errors: invalid_argument (options of the game), not_a_distribution (no answer is left).
[[nodiscard]] inline AllEquilibria all_equilibria(const SharpeningGame& whole,
                                                  const AllEquilibriaOptions& options = {}) {
  const ReducedGame reduced(whole);
  const SharpeningGame& game = reduced.game;
  const std::size_t size = reduced.alive.size();
  const double strength = game.beta - game.rate;
  AllEquilibria out;
  const bool unstable = size <= options.unstable_up_to;
  if (size == 1 || (strength > 0 && game.scale == 0)) {
    out.complete = true;
  } else if (strength > 0) {
    detail::equilibria_by_branches(game, unstable, options.deadline, out.found);
    out.complete = unstable;
  } else {
    detail::equilibria_at_vertices(game, unstable, options.deadline, out);
    out.complete = unstable && game.scale == 0;
  }
  StationaryPolicy end = reduced.reached(options.deadline);
  out.cut = options.deadline != nullptr && options.deadline->passed();
  out.complete = out.complete && !out.cut;
  const std::size_t place = detail::add_policy(out.found, std::move(end));
  std::vector<std::size_t> order(out.found.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return out.found[a].value > out.found[b].value;
  });
  // A list that was cut is incomplete anyway: the best of it, so that no more time goes into it.
  const std::size_t answers = whole.log_reference.size();
  const std::size_t kept = out.cut ? 1 + (std::size_t{1} << 20) / answers : order.size();
  std::vector<StationaryPolicy> sorted;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i < kept || order[i] == place) {
      out.reached = order[i] == place ? sorted.size() : out.reached;
      sorted.push_back(reduced.spread(out.found[order[i]], answers));
    }
  }
  out.found = std::move(sorted);
  return out;
}

/// The least s / beta at which the agreement reward s sum nu^2 holds the mode of nu0 by itself: on
/// the way from nu0 the mode comes to its upper branch, 2 s nu = beta, where more of it raises its
/// own reward by more than the anchor takes. Below it a small change of nu0 changes the outcome a
/// little; above it the answer is locked in, right or wrong. 0 for a single answer, at least 1/2
/// otherwise; the root of 1 / (2 s) + what the others have on their lower branches = 1.
[[nodiscard]] inline double lock_in(const std::vector<double>& log_reference) {
  const ReducedGame reduced(
      {.log_reference = log_reference, .beta = 1, .rate = 0, .scale = 1, .power = 1});
  if (reduced.alive.size() == 1) {
    return 0;
  }
  const auto& reference = reduced.game.log_reference;
  const auto excess = [&](double strength) {
    const detail::Branches branches({.log_reference = {}, .beta = 1, .scale = 2 * strength},
                                    reference, 1.0);
    double mass = -1;
    for (std::size_t z = 0; z < reference.size(); ++z) {
      mass += std::exp(branches.at(z, branches.least_level(), false));
    }
    return mass;
  };
  double low = 0.5, high = 1;
  while (excess(high) > 0) {
    low = high;
    high *= 2;
  }
  for (int round = 0; round < 100 && low < high; ++round) {
    const double middle = (low + high) / 2;
    if (!(middle > low && middle < high)) {
      break;
    }
    (excess(middle) > 0 ? low : high) = middle;
  }
  return high;
}

}  // namespace dag
