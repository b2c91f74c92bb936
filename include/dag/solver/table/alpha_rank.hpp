// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/log_arithmetic.hpp>
#include <dag/numeric/stationary.hpp>

namespace dag {

/// Options of `alpha_rank`.
struct AlphaRankOptions {
  double alpha = std::numeric_limits<double>::infinity();  ///< intensity of selection, > 0
  std::size_t population = 50;                             ///< members of each population, >= 2
  std::size_t max_states = 3000;                           ///< refuse games with more profiles
};

/// The mass of every pure profile (table order), sum 1; for one population, of every strategy.
struct AlphaRank {
  std::vector<double> mass;
};

namespace detail {

/// The first term of a number c e^{-alpha x} as alpha grows: sums keep the smallest x, and what is
/// divided is never subtracted from, so that the stationary distribution's limit is exact.
class LeadingTerm {
 public:
  LeadingTerm() = default;
  explicit LeadingTerm(double c, double x = 0.0) : c_(c), x_(x) {}

  /// Exponents are sums of gains over the largest of them: what differs by less than this differs
  /// by rounding alone.
  static constexpr double slack = 1e-10;
  LeadingTerm& operator+=(const LeadingTerm& b) noexcept {
    if (b.c_ == 0) {
      return *this;
    }
    if (c_ == 0 || b.x_ < x_ - slack) {
      *this = b;
    } else if (b.x_ <= x_ + slack) {
      c_ += b.c_;
    }
    return *this;
  }
  LeadingTerm& operator/=(const LeadingTerm& b) noexcept {
    c_ /= b.c_;
    x_ -= b.x_;
    return *this;
  }
  friend LeadingTerm operator*(const LeadingTerm& a, const LeadingTerm& b) noexcept {
    return a.c_ == 0 || b.c_ == 0 ? LeadingTerm() : LeadingTerm(a.c_ * b.c_, a.x_ + b.x_);
  }
  friend bool operator>(const LeadingTerm& a, const LeadingTerm& b) noexcept {
    return a.c_ > b.c_ && b.c_ == 0;  // asked of zero alone
  }

  [[nodiscard]] static std::vector<double> normalised(std::span<const LeadingTerm> terms) {
    LeadingTerm sum;
    for (const LeadingTerm& term : terms) {
      sum += term;
    }
    std::vector<double> out;
    out.reserve(terms.size());
    for (const LeadingTerm& term : terms) {
      LeadingTerm both = sum;
      both += term;  // of the sum's order only where it changes the coefficient
      const bool counts = term.c_ != 0 && both.c_ != sum.c_;
      out.push_back(counts ? term.c_ / sum.c_ : 0.0);
    }
    return out;
  }

 private:
  double c_ = 0;
  double x_ = 0;
};

inline void validate(const AlphaRankOptions& options) {
  require(options.alpha > 0, Errc::invalid_argument, "alpha_rank: alpha must be > 0, got ",
          options.alpha);
  require(options.population >= 2, Errc::invalid_argument,
          "alpha_rank: population must be at least 2, got ", options.population);
}

/// The chance that a mutant who earns `gain` more takes over, with constant payoffs:
/// (1 - e^{-alpha gain}) / (1 - e^{-m alpha gain}), 1 / m for gain 0.
[[nodiscard]] inline LogNumber<double> takeover(double gain, const AlphaRankOptions& options) {
  const auto m = static_cast<double>(options.population);
  const double a = options.alpha * gain;
  if (a == 0) {
    return LogNumber<double>{std::log(1 / m)};
  }
  if (a > 0) {
    return LogNumber<double>{std::log(-std::expm1(-a)) - std::log(-std::expm1(-m * a))};
  }
  // The same over e^{(m - 1) |a|}, which may be beyond a double.
  return LogNumber<double>{(m - 1) * a + std::log(-std::expm1(a)) - std::log(-std::expm1(m * a))};
}
[[nodiscard]] inline LeadingTerm takeover_limit(double gain, const AlphaRankOptions& options) {
  const auto m = static_cast<double>(options.population);
  return gain == 0 ? LeadingTerm(1 / m) : LeadingTerm(1, gain > 0 ? 0.0 : -(m - 1) * gain);
}

/// `each(add)` calls add(from, to, gain) for every transition.
template <class Each>
[[nodiscard]] AlphaRank alpha_rank_of(std::size_t states, const AlphaRankOptions& options,
                                      Each&& each) {
  require(states <= options.max_states, Errc::unsupported, "alpha_rank: ", states,
          " states are more than max_states = ", options.max_states);
  AlphaRank found;
  if (std::isinf(options.alpha)) {
    std::vector<LeadingTerm> rates(states * states);
    std::vector<LeadingTerm> mass(states);
    double widest = 0;
    each([&](std::size_t, std::size_t, double gain) {
      widest = std::abs(gain) > widest ? std::abs(gain) : widest;
    });
    each([&](std::size_t from, std::size_t to, double gain) {
      rates[from * states + to] = takeover_limit(gain == 0 ? 0 : gain / widest, options);
    });
    (void)eliminate_states<LeadingTerm>(rates, mass);
    found.mass = LeadingTerm::normalised(mass);
  } else {
    std::vector<LogNumber<double>> rates(states * states);
    std::vector<LogNumber<double>> mass(states);
    each([&](std::size_t from, std::size_t to, double gain) {
      rates[from * states + to] = takeover(gain, options);
    });
    (void)eliminate_states<LogNumber<double>>(rates, mass, {0.0});
    found.mass = normalised(std::span<const LogNumber<double>>(mass));
  }
  return found;
}

}  // namespace detail

/// Alpha-rank of a game of any number of players, a population each: the stationary distribution of
/// the chain over pure profiles in which one player at a time tries another strategy and keeps it
/// with the chance (1 - e^{-alpha gain}) / (1 - e^{-population alpha gain}). All strategies are
/// tried equally often. alpha infinite (the default): the limit, computed exactly from the first
/// terms of all rates rather than by a large alpha, so that it does not depend on how far a double
/// reaches (gains that differ by less than 1e-10 of the largest count as equal). Source:
/// Omidshafiei et al. (2019), doi:10.1038/s41598-019-45619-9. Time: profiles^3 / 3; memory: 16
/// profiles^2 bytes. Deterministic. Errors: as `validate`; invalid_argument (options); unsupported
/// beyond `max_states`.
[[nodiscard]] inline AlphaRank alpha_rank(const GameTable& game,
                                          const AlphaRankOptions& options = {}) {
  validate(game);
  detail::validate(options);
  return detail::alpha_rank_of(game.profile_count(), options, [&](auto&& add) {
    for (std::size_t player = 0; player < game.player_count(); ++player) {
      const std::size_t stride = profile_stride(game.sizes, player);
      const std::size_t size = game.sizes[player];
      for (std::size_t s = 0; s < game.profile_count(); ++s) {
        const std::size_t own = s / stride % size;
        for (std::size_t other = 0; other < size; ++other) {
          if (other != own) {
            const std::size_t to = s + other * stride - own * stride;
            add(s, to, game.payoffs[player][to] - game.payoffs[player][s]);
          }
        }
      }
    }
  });
}

/// The same for one population that plays a symmetric two-player game, `payoff` [own * n + other]:
/// states are strategies, and a mutant's gain is what it earns against the residents less what they
/// earn against it. Errors: dimension_mismatch, not_finite, and as above.
[[nodiscard]] inline AlphaRank alpha_rank_of_one_population(std::span<const double> payoff,
                                                            std::size_t n,
                                                            const AlphaRankOptions& options = {}) {
  require(n >= 1 && payoff.size() == n * n, Errc::dimension_mismatch,
          "alpha_rank_of_one_population: ", payoff.size(), " payoffs for ", n,
          " strategies; needs the square of their number");
  for (const double a : payoff) {
    require(std::isfinite(a), Errc::not_finite,
            "alpha_rank_of_one_population: payoffs must be finite, got ", a);
  }
  detail::validate(options);
  return detail::alpha_rank_of(n, options, [&](auto&& add) {
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        if (a != b) {
          add(a, b, payoff[b * n + a] - payoff[a * n + b]);
        }
      }
    }
  });
}

}  // namespace dag
