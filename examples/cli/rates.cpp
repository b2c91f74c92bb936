// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "rates.hpp"

#include <fmt/format.h>

#include <dag/solver/list.hpp>
#include <dag/solver/rate.hpp>

namespace cli {

std::string fitted_rate(const dag::History& trace) {
  const dag::RateFit fit = dag::fit_rate(trace);
  switch (fit.better) {
    case dag::RateLaw::power:
      return fit.exponent >= 0.05 ? fmt::format("t^{:.2f}", -fit.exponent) : "none";
    case dag::RateLaw::linear:
      return fit.factor < 0.99995 ? fmt::format("{:.4f}^t", fit.factor) : "none";
    case dag::RateLaw::none: break;
  }
  return "-";
}

const dag::Theory* theory_of(const Found& found) {
  const dag::Average iterate = found.iterate == "last"      ? dag::Average::last
                               : found.iterate == "uniform" ? dag::Average::uniform
                                                            : dag::Average::automatic;
  const dag::Theory* theory = dag::find_theory(found.solver, iterate);
  return theory == nullptr ? dag::find_theory(found.solver) : theory;
}

std::string promise_text(const dag::Theory& theory) {
  switch (theory.law) {
    case dag::RateLaw::power:
      return theory.exponent > 0 ? fmt::format("t^{:g}", -theory.exponent) : "-> 0";
    case dag::RateLaw::linear: return "linear";
    case dag::RateLaw::none: break;
  }
  return "none";
}

std::string promised_rate(const Found& found) {
  const dag::Theory* theory = theory_of(found);
  return theory == nullptr ? "-" : promise_text(*theory);
}

}  // namespace cli
