// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <vector>

namespace dag {

/// A game of one context whose utility is convex: F(nu) = rate sum nu log nu + scale / (power + 1)
/// sum nu^{power + 1} (plus what is linear, which belongs into nu0), against beta KL(nu || nu0).
/// The reward of an answer is rate log nu + scale nu^power up to a constant.
struct SharpeningGame {
  std::vector<double> log_reference;  ///< log nu0 up to a constant; -inf: an answer ruled out
  double beta = 1;                    ///< > 0
  double rate = 0;                    ///< of log nu; negative: an entropy
  double scale = 0;                   ///< >= 0
  double power = 1;                   ///< > 0

  [[nodiscard]] double reward(double log_nu) const {
    const double own = rate == 0 ? 0.0 : rate * log_nu;
    return own + (scale > 0 ? scale * std::exp(power * log_nu) : 0.0);
  }
};

/// One equilibrium of a game of one context.
struct StationaryPolicy {
  std::vector<double> nu, log_nu;
  bool stable = false;  ///< a strict local maximum of F - beta KL: small steps come back
  double residual = 0;  ///< max norm of nu - softmax(log nu0 + r(nu) / beta)
  double value = 0;     ///< F - beta KL(nu || nu0), nu0 as given
  /// The least s / beta at which it is there, where that was followed (`Agreement`); else NaN.
  double onset = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace dag
