// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
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

namespace dag {

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

struct CorrelatedExtremes {
  std::vector<CorrelatedExtreme> points;  ///< in the order of their probabilities, largest first
  bool complete = false;  ///< `points` are all vertices; else there are none, since none is sure
  Status status = Status::iteration_limit;
  std::size_t most_rays = 0;  ///< held at a time
};

namespace detail {

/// The double description method in whole numbers: the extreme rays of {q >= 0 : rows q <= 0}.
class RayEnumeration {
 public:
  RayEnumeration(std::size_t columns, std::vector<std::vector<Integer>> rows)
      : columns_(columns), rows_(std::move(rows)), words_((columns + rows_.size() + 63) / 64) {}

  /// False where more than `most` rays are held, or the deadline passes.
  [[nodiscard]] bool run(std::size_t most, const Deadline& deadline) {
    for (std::size_t j = 0; j < columns_; ++j) {
      Ray ray{std::vector<Integer>(columns_), Bits(words_, 0)};
      ray.entries[j] = Integer(1);
      for (std::size_t k = 0; k < columns_; ++k) {
        if (k != j) {
          set(ray.tight, k);
        }
      }
      rays_.push_back(std::move(ray));
    }
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (!add(row, most, deadline)) {
        return false;
      }
    }
    return true;
  }
  template <class Visit>
  void each(Visit&& visit) const {
    for (const Ray& ray : rays_) {
      visit(ray.entries);
    }
  }
  [[nodiscard]] std::size_t most_rays() const noexcept { return most_rays_; }

 private:
  using Bits = std::vector<std::uint64_t>;
  struct Ray {
    std::vector<Integer> entries;
    Bits tight;  ///< which constraints it meets with equality: entries, then rows
  };

  static void set(Bits& bits, std::size_t k) { bits[k / 64] |= std::uint64_t{1} << k % 64; }

  bool add(std::size_t row, std::size_t most, const Deadline& deadline) {
    std::vector<Integer> values;
    std::vector<std::size_t> inside;
    std::vector<std::size_t> outside;
    for (std::size_t r = 0; r < rays_.size(); ++r) {
      Integer value;
      for (std::size_t j = 0; j < columns_; ++j) {
        if (rows_[row][j].sign() != 0 && rays_[r].entries[j].sign() != 0) {
          value = value + rows_[row][j] * rays_[r].entries[j];
        }
      }
      if (value.sign() == 0) {
        set(rays_[r].tight, columns_ + row);
      } else {
        (value.sign() < 0 ? inside : outside).push_back(r);
      }
      values.push_back(std::move(value));
    }
    std::vector<Ray> made;
    for (const std::size_t in : inside) {
      for (const std::size_t out : outside) {
        if (deadline.passed()) {
          return false;
        }
        if (!adjacent(in, out)) {
          continue;
        }
        made.push_back(between(rays_[in], values[out], rays_[out], values[in].negated()));
        set(made.back().tight, columns_ + row);
        if (rays_.size() + made.size() > 2 * most) {
          return false;
        }
      }
    }
    std::vector<Ray> kept;
    for (std::size_t r = 0; r < rays_.size(); ++r) {
      if (values[r].sign() <= 0) {
        kept.push_back(std::move(rays_[r]));
      }
    }
    for (Ray& ray : made) {
      kept.push_back(std::move(ray));
    }
    rays_ = std::move(kept);
    most_rays_ = rays_.size() > most_rays_ ? rays_.size() : most_rays_;
    return rays_.size() <= most;
  }

  /// Two rays span a face of dimension two if no third one meets all that both meet.
  [[nodiscard]] bool adjacent(std::size_t a, std::size_t b) const {
    Bits both(words_);
    int common = 0;
    for (std::size_t w = 0; w < words_; ++w) {
      both[w] = rays_[a].tight[w] & rays_[b].tight[w];
      common += std::popcount(both[w]);
    }
    if (static_cast<std::size_t>(common) + 2 < columns_) {
      return false;
    }
    for (std::size_t r = 0; r < rays_.size(); ++r) {
      if (r == a || r == b) {
        continue;
      }
      bool all = true;
      for (std::size_t w = 0; w < words_ && all; ++w) {
        all = (both[w] & ~rays_[r].tight[w]) == 0;
      }
      if (all) {
        return false;
      }
    }
    return true;
  }

  /// x a + y b without common divisor, x and y > 0.
  [[nodiscard]] Ray between(const Ray& a, const Integer& x, const Ray& b, const Integer& y) const {
    Ray ray{std::vector<Integer>(columns_), Bits(words_)};
    BigNatural divisor;
    for (std::size_t j = 0; j < columns_; ++j) {
      ray.entries[j] = x * a.entries[j] + y * b.entries[j];
      divisor = gcd(divisor, ray.entries[j].size());
    }
    const Integer unit(false, divisor);
    for (Integer& entry : ray.entries) {
      entry = quotient(entry, unit);
    }
    for (std::size_t w = 0; w < words_; ++w) {
      ray.tight[w] = a.tight[w] & b.tight[w];
    }
    return ray;
  }

  std::size_t columns_;
  std::vector<std::vector<Integer>> rows_;
  std::size_t words_;
  std::vector<Ray> rays_;
  std::size_t most_rays_ = 0;
};

/// What deviations gain, a row each, one whole number a profile.
[[nodiscard]] inline std::vector<std::vector<Integer>> whole_deviations(const GameTable& game,
                                                                        RegretKind kind) {
  const bool coarse = kind == RegretKind::external;
  std::vector<std::vector<Integer>> rows;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    const std::vector<Integer> payoffs = integer_payoffs(game, i).entries;
    const std::size_t stride = profile_stride(game, i);
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
