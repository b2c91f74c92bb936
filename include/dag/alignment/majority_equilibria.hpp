// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/all_equilibria.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/utility/goal.hpp>

namespace dag {

/// The equilibria of the majority vote beside an anchor, max_nu s max_z q(z) - beta sum_x w_x
/// KL(nu_x || nu0_x), q = sum_x w_x nu_x (`MajorityVote`).
struct MajorityEquilibria {
  std::vector<std::size_t> mode;            ///< of each, by falling value
  std::vector<std::vector<double>> log_nu;  ///< of each, stacked over contexts
  std::vector<double> value;
  std::vector<double> lead;  ///< of each: q of its mode less q of the next answer, > 0
  std::size_t reached = 0;   ///< by ascent in small steps from nu0
  /// Two answers tie for the mode of nu0's own pool: the one of the lower number is taken.
  bool tied = false;
  bool cut = false;  ///< the deadline passed: only what was reached is here
};

/// All equilibria that are strict local maxima, in closed form: while answer m is the mode the
/// reward is s 1[z = m], so that nu_x ∝ nu0_x exp(s 1[z = m] / beta); it is one if m is then indeed
/// the only mode. An ascent from nu0 raises the pool's first mode in every context and lowers all
/// others, so that it ends at that mode's. Points where modes tie, which may be stationary, are
/// saddles: mass moved to one of them raises F and, to first order, costs nothing. Errors:
/// invalid_argument (beta, weight), dimension_mismatch (contexts of unequal answers). Time: answers
/// times contexts an equilibrium, memory likewise; deterministic. Where the deadline passes, the
/// list has the one that is reached and says `cut`.
[[nodiscard]] inline MajorityEquilibria majority_equilibria(const Contexts<double>& contexts,
                                                            double beta, double weight,
                                                            const Deadline* deadline = nullptr) {
  require(beta > 0 && std::isfinite(beta) && weight > 0 && std::isfinite(weight),
          Errc::invalid_argument,
          "majority_equilibria: beta and the weight must be > 0 and finite, got ", beta, " and ",
          weight);
  const Blocks& blocks = contexts.blocks();
  detail::check_same_answers(blocks, "majority_equilibria");
  const std::size_t answers = blocks.size(0);
  const auto pooled = [&](const std::vector<double>& log_nu) {
    std::vector<double> q(answers);
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      for (std::size_t z = 0; z < answers; ++z) {
        q[z] += contexts.weights()[x] * std::exp(log_nu[blocks.offset(x) + z]);
      }
    }
    return q;
  };
  const std::vector<double> start(contexts.log_reference().begin(), contexts.log_reference().end());
  const std::vector<double> at_start = pooled(start);
  const auto first = std::max_element(at_start.begin(), at_start.end());
  const auto first_mode = static_cast<std::size_t>(first - at_start.begin());
  struct Found {
    std::size_t mode;
    std::vector<double> log_nu;
    double value, lead;
  };
  std::vector<Found> all;
  // With m raised it still loses to the first mode, by more than rounding: no equilibrium.
  const auto loses = [&](std::size_t m) {
    double own = 0, other = 0;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      const auto row = blocks.of(contexts.log_reference(), x);
      const double p = std::exp(row[m]);
      const double least = std::exp(-weight / beta);  // over e^(s / beta), which may overflow
      const double mass = p + (1 - p) * least;
      own += mass > 0 ? contexts.weights()[x] * p / mass : 0.0;
      other += mass > 0 ? contexts.weights()[x] * std::exp(row[first_mode]) * (least / mass) : 0.0;
    }
    return m != first_mode && own < other * (1 - 1e-9);
  };
  bool cut = false;
  for (std::size_t m = 0; m < answers; ++m) {
    cut = cut || (deadline != nullptr && deadline->passed());
    if (loses(m) || (cut && m != first_mode)) {
      continue;
    }
    std::vector<double> log_nu = start;
    double kl = 0;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      const auto row = blocks.of(std::span<double>(log_nu), x);
      row[m] += weight / beta;
      log_normalize(row);
      for (std::size_t z = 0; z < answers; ++z) {
        const double t = row[z];
        kl += t > -std::numeric_limits<double>::infinity()
                  ? contexts.weights()[x] * std::exp(t) * (t - start[blocks.offset(x) + z])
                  : 0.0;
      }
    }
    const std::vector<double> q = pooled(log_nu);
    double next = 0;
    for (std::size_t z = 0; z < answers; ++z) {
      next = z == m ? next : std::fmax(next, q[z]);
    }
    if (q[m] > next || (m == first_mode && q[m] > 0)) {
      all.push_back({m, std::move(log_nu), weight * q[m] - beta * kl, q[m] - next});
    }
  }
  if (cut) {
    std::erase_if(all, [&](const Found& one) { return one.mode != first_mode; });
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Found& a, const Found& b) { return a.value > b.value; });
  MajorityEquilibria out;
  out.cut = cut;
  out.tied = std::count(at_start.begin(), at_start.end(), *first) > 1;
  for (Found& one : all) {
    if (one.mode == first_mode) {
      out.reached = out.mode.size();
    }
    out.mode.push_back(one.mode);
    out.log_nu.push_back(std::move(one.log_nu));
    out.value.push_back(one.value);
    out.lead.push_back(one.lead);
  }
  return out;
}

/// The weight s / beta from which answer m can be the mode of an equilibrium (`majority_equilibria`
/// has one with it for every larger weight): 0 for the pool's only mode, +inf where every context
/// rules it out. Bisection on a monotone lead.
[[nodiscard]] inline double majority_onset(const Contexts<double>& contexts, std::size_t answer) {
  const Blocks& blocks = contexts.blocks();
  detail::check_same_answers(blocks, "majority_onset");
  require(answer < blocks.size(0), Errc::invalid_argument, "majority_onset: answer ", answer,
          " is not below ", blocks.size(0));
  const auto leads = [&](double strength) {
    std::vector<double> q(blocks.size(0));
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      const auto given = blocks.of(contexts.log_reference(), x);
      std::vector<double> row(given.begin(), given.end());
      row[answer] += strength;
      log_normalize(std::span<double>(row));
      for (std::size_t z = 0; z < q.size(); ++z) {
        q[z] += contexts.weights()[x] * std::exp(row[z]);
      }
    }
    for (std::size_t z = 0; z < q.size(); ++z) {
      if (z != answer && !(q[answer] > q[z])) {
        return false;
      }
    }
    return true;
  };
  if (leads(0)) {
    return 0;
  }
  double high = 1;
  while (!leads(high)) {
    high *= 2;
    if (high > 4096) {
      return std::numeric_limits<double>::infinity();
    }
  }
  double low = high == 1 ? 0 : high / 2;
  for (int round = 0; round < 80; ++round) {
    const double middle = (low + high) / 2;
    (leads(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace dag
