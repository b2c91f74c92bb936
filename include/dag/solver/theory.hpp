// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include <dag/solver/options.hpp>
#include <dag/solver/rate.hpp>

namespace dag {

/// What is proved about a solver's relative gap on zero-sum matrix games, to be held against the
/// fitted rate: value <= C t^-exponent (power) or C factor^t with a factor below 1 that depends on
/// the game (linear).
struct Theory {
  std::string_view solver;
  Average iterate = Average::uniform;  ///< of which point
  RateLaw law = RateLaw::power;        ///< none: no convergence is promised
  double exponent = 0;                 ///< of the power law, logarithms left out
  std::string_view statement;
  std::string_view source;
};

/// One row a promise; a solver may have several.
inline constexpr std::array theories{
    Theory{"gradient_descent_ascent", Average::last, RateLaw::none, 0,
           "no convergence on bilinear games: the last iterate spirals outward or cycles",
           "doi:10.1137/1.9781611975031.172"},
    Theory{"mirror_descent", Average::uniform, RateLaw::power, 0.5,
           "(R + sum eta^2 |g|^2 / 2) / sum eta", "doi:10.1016/S0167-6377(02)00231-6"},
    Theory{"extragradient", Average::uniform, RateLaw::power, 1, "R / (eta t)",
           "doi:10.1137/S1052623403425629"},
    Theory{"extragradient", Average::last, RateLaw::linear, 0, "linear on bilinear games",
           "doi:10.1016/0377-0427(94)00094-H"},
    Theory{"mirror_prox", Average::uniform, RateLaw::power, 1, "R / (eta t)",
           "doi:10.1137/S1052623403425629"},
    Theory{"optimistic_mirror_descent", Average::uniform, RateLaw::power, 1,
           "R / (eta t), eta <= (sqrt 2 - 1) / L", "arXiv:1311.1869"},
    Theory{"optimistic_mirror_descent", Average::last, RateLaw::linear, 0,
           "linear where the equilibrium is unique", "arXiv:2006.09517"},
    Theory{"fictitious_play", Average::uniform, RateLaw::power, 0,
           "tends to 0; t^(-1/(m + n - 2)) in the worst case, about t^-1/2 on random games",
           "doi:10.2307/1969530"},
    Theory{"smooth_fictitious_play", Average::uniform, RateLaw::power, 0.5,
           "t^-1/2 when cooled as t^-1/2", "doi:10.1111/1468-0262.00376"},
    Theory{"regret_matching", Average::uniform, RateLaw::power, 0.5, "sum range sqrt(size / t)",
           "doi:10.1111/1468-0262.00153"},
    Theory{"regret_matching_plus", Average::linear, RateLaw::power, 0.5,
           "as regret matching; near 1/t in practice", "arXiv:1407.5042"},
    Theory{"predictive_regret_matching_plus", Average::quadratic, RateLaw::power, 0.5,
           "t^-1/2; beats 1/t in practice", "arXiv:2007.14358"},
    Theory{"hedge", Average::uniform, RateLaw::power, 0.5,
           "sum (log size / eta + range^2 sum eta / 8) / t", "doi:10.1006/jcss.1997.1504"},
    Theory{"frank_wolfe", Average::last, RateLaw::power, 0,
           "1/t on regularised and concave potential games; else as fictitious play",
           "arXiv:1610.07797"},
    Theory{"anchored_extragradient", Average::last, RateLaw::power, 1, "C L D / t",
           "arXiv:2206.05248"},
    Theory{"magnetic_mirror_descent", Average::last, RateLaw::none, 0,
           "linear, 1 / (1 + eta tau), to the regularised equilibrium; moving: tends to 0",
           "arXiv:2206.05825"},
    Theory{"primal_dual_hybrid_gradient", Average::last, RateLaw::linear, 0,
           "linear on matrix games, which are sharp", "doi:10.1007/s10107-022-01901-9"},
    Theory{"best_response_dynamics", Average::last, RateLaw::none, 0,
           "linear where responses contract (regularised games with tau > L); else cycles",
           "doi:10.2307/2938230"},
};

/// The promise about a solver's iterate, or nullptr. `automatic` finds the solver's first row.
[[nodiscard]] constexpr const Theory* find_theory(std::string_view solver,
                                                  Average iterate = Average::automatic) noexcept {
  for (const Theory& row : theories) {
    if (row.solver == solver && (iterate == Average::automatic || row.iterate == iterate)) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace dag
