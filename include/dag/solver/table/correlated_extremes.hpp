// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/correlated.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/table/detail/ray_enumeration.hpp>

namespace dag {

/// Options of `correlated_extremes`.
struct CorrelatedExtremesOptions {
  RegretKind kind = RegretKind::internal;  ///< internal: correlated; external: coarse correlated
  std::size_t max_rays = 20'000;  ///< stop (iteration_limit) where more are held on the way
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// A vertex of the polytope of (coarse) correlated equilibria.
struct CorrelatedExtreme {
  std::vector<Fraction> fractions;  ///< one probability a profile, exact
  std::vector<double> joint;        ///< their nearest doubles
  std::vector<double> payoffs;      ///< what each player expects
  bool nash = false;                ///< a product of the players' own mixtures, exactly
  friend bool operator==(const CorrelatedExtreme&, const CorrelatedExtreme&) = default;
};

/// The corners of the set of correlated equilibria.
struct CorrelatedExtremes {
  std::vector<CorrelatedExtreme> points;  ///< in the order of their probabilities, largest first
  bool complete = false;  ///< `points` are all vertices; else there are none, since none is sure
  Status status = Status::iteration_limit;
  std::size_t most_rays = 0;  ///< held at a time
};

namespace detail {

/// What deviations gain, a row each, one whole number a profile.
[[nodiscard]] inline std::vector<std::vector<Integer>> whole_deviations(const GameTable& game,
                                                                        RegretKind kind) {
  const bool coarse = kind == RegretKind::external;
  std::vector<std::vector<Integer>> rows;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    const std::vector<Integer> payoffs = integer_payoffs(game, i).entries;
    const std::size_t stride = profile_stride(game.sizes, i);
    for (std::size_t a = 0; a < (coarse ? 1 : game.sizes[i]); ++a) {
      for (std::size_t b = 0; b < game.sizes[i]; ++b) {
        if (!coarse && a == b) {
          continue;
        }
        std::vector<Integer> row(payoffs.size());
        for (std::size_t s = 0; s < payoffs.size(); ++s) {
          const std::size_t own = s / stride % game.sizes[i];
          if (coarse || own == a) {
            row[s] = payoffs[s - own * stride + b * stride] - payoffs[s];
          }
        }
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

/// True if the joint distribution is the product of its marginals.
[[nodiscard]] inline bool is_product(const GameTable& game, const std::vector<Fraction>& joint) {
  std::vector<std::vector<Fraction>> marginals;
  for (const std::size_t size : game.sizes) {
    marginals.emplace_back(size);
  }
  std::vector<std::size_t> profile(game.sizes.size(), 0);
  for (const Fraction& probability : joint) {
    for (std::size_t i = 0; i < profile.size() && probability.numerator().sign() != 0; ++i) {
      marginals[i][profile[i]] = marginals[i][profile[i]] + probability;
    }
    next_profile(game.sizes, profile);
  }
  for (const Fraction& probability : joint) {
    Fraction product(Integer(1), Integer(1));
    for (std::size_t i = 0; i < profile.size(); ++i) {
      product = product * marginals[i][profile[i]];
    }
    if (!(product == probability)) {
      return false;
    }
    next_profile(game.sizes, profile);
  }
  return true;
}

}  // namespace detail

/// All extreme points of the polytope of correlated (Aumann 1974) or coarse correlated (Moulin and
/// Vial 1978) equilibria of a small game of any number of players, exactly: probabilities are
/// fractions, on the payoffs as written. Every (coarse) correlated equilibrium is a mixture of
/// them, and every linear objective is best at one of them.
///
/// The double description method (Motzkin, Raiffa, Thompson and Thrall 1953; Fukuda and Prodon
/// 1996, doi:10.1007/3-540-61576-8_77) in whole numbers: from the rays of the orthant, one
/// deviation after the other cuts, and makes one ray of each pair of adjacent rays on its two
/// sides. Grows fast: 2 x 2 x 2 and 3 x 3 take moments, 4 x 4 can have more than 100 000 vertices.
/// Where it is cut short `complete` is false and no point is given. Communication equilibria
/// (private information sent to a mediator) are another concept and are left out. Deterministic.
/// Errors: as `validate`.
[[nodiscard]] inline CorrelatedExtremes correlated_extremes(
    const GameTable& game, const CorrelatedExtremesOptions& options = {}) {
  validate(game);
  const Deadline deadline(options.stop, options.time_limit, "correlated_extremes");
  const std::size_t profiles = game.profile_count();
  CorrelatedExtremes found;
  if (profiles > options.max_rays) {
    return found;
  }
  detail::RayEnumeration rays(profiles, detail::whole_deviations(game, options.kind));
  found.complete = rays.run(options.max_rays, deadline);
  found.most_rays = rays.most_rays();
  found.status = deadline.ending(found.complete, true);
  if (!found.complete) {
    return found;
  }
  rays.each([&](const std::vector<Integer>& entries) {
    Integer sum;
    for (const Integer& entry : entries) {
      sum = sum + entry;
    }
    CorrelatedExtreme point;
    for (const Integer& entry : entries) {
      point.fractions.emplace_back(entry, sum);
      point.joint.push_back(point.fractions.back().nearest());
    }
    point.payoffs = certify_joint(game, point.joint, RegretKind::external).payoffs;
    point.nash = detail::is_product(game, point.fractions);
    found.points.push_back(std::move(point));
  });
  std::sort(found.points.begin(), found.points.end(),
            [](const CorrelatedExtreme& a, const CorrelatedExtreme& b) {
              for (std::size_t s = 0; s < a.fractions.size(); ++s) {
                if (const int order = compare(a.fractions[s], b.fractions[s]); order != 0) {
                  return order > 0;
                }
              }
              return false;
            });
  return found;
}

}  // namespace dag
