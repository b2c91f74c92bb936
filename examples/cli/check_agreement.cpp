// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "check_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cli {
namespace {

constexpr double width = 1e-3;     // of the window around a turn, relative
constexpr double most_off = 1e-6;  // of probabilities, by rounding

/// What rounding leaves of probabilities that are exponentials of the strength times others.
double rounding(double strength) {
  return std::max(1e-13, 16 * std::numeric_limits<double>::epsilon() * strength);
}

/// On the way up ties are broken, the lower numbers win: past a branch that shows at once.
void nudge(AnswerRows& nu, double direction) {
  for (std::vector<double>& row : nu) {
    double total = 0;
    for (std::size_t z = 0; z < row.size(); ++z) {
      row[z] *= direction > 0 ? 1 + 1e-6 / (1 + static_cast<double>(z)) : 1.0;
      total += row[z];
    }
    for (double& p : row) {
      p /= total;
    }
  }
}

}  // namespace

bool AgreementWays::small() const {
  return problem_.reference.size() <= 8 &&
         problem_.reference.size() * problem_.reference[0].size() <= 256 &&
         rounding(problem_.utilities[0].weight / problem_.beta) <= most_off;
}

bool AgreementWays::settle(AnswerRows& nu, double strength) const {
  const std::size_t answers = nu[0].size();
  std::vector<double> pool(answers, 0.0);
  const double enough = rounding(strength);
  for (int round = 0; round < 200'000 && work_ > 0; ++round) {
    work_ -= static_cast<double>(nu.size() * answers);
    std::fill(pool.begin(), pool.end(), 0.0);
    for (std::size_t x = 0; x < nu.size(); ++x) {
      for (std::size_t z = 0; z < answers; ++z) {
        pool[z] += problem_.weights[x] * nu[x][z];
      }
    }
    double moved = 0;
    for (std::size_t x = 0; x < nu.size(); ++x) {
      const double w = problem_.weights[x];
      std::vector<double> reply(answers);
      double most = 0;
      for (std::size_t z = 0; z < answers; ++z) {
        reply[z] = 2 * strength * (pool[z] - w * nu[x][z]);
        most = std::max(most, problem_.reference[x][z] > 0 ? reply[z] : 0.0);
      }
      double total = 0;
      for (std::size_t z = 0; z < answers; ++z) {
        reply[z] = problem_.reference[x][z] * std::exp(reply[z] - most);
        total += reply[z];
      }
      for (std::size_t z = 0; z < answers; ++z) {
        const double p = reply[z] / total;
        moved = std::max(moved, std::abs(p - nu[x][z]));
        pool[z] += w * (p - nu[x][z]);
        nu[x][z] = p;
      }
    }
    if (moved <= enough) {
      return true;
    }
  }
  return false;
}

bool AgreementWays::follow(AnswerRows& nu, double from, double to) const {
  constexpr int steps = 40;
  for (int k = 1; k <= steps; ++k) {
    const double share = static_cast<double>(k) / steps;
    const double at = from > to ? from * std::pow(to / from, share) : from + (to - from) * share;
    if (!settle(nu, at)) {
      return false;
    }
  }
  return true;
}

/// The way's displacement over [at - d, at + d] beside the one over a window as wide, ten of its
/// halves before: a square root moves more than three times as far, a smooth way as far. Of what
/// bends like a root of the distance to `at` a window at three halves moves 2.3 times as far as one
/// at eleven.
std::optional<AgreementWays::Turn> AgreementWays::turns(AnswerRows& nu, double from, double at,
                                                        double direction) const {
  const double d = width * at * direction;
  if (!follow(nu, from, at - 11 * d)) {
    return std::nullopt;
  }
  nudge(nu, direction);
  const auto over = [&](double a, double b) {
    if (!settle(nu, a)) {
      return -1.0;
    }
    const AnswerRows before = nu;
    return settle(nu, b) ? farthest(before, nu) : -1.0;
  };
  const double smooth = over(at - 11 * d, at - 9 * d);
  const double late = smooth < 0 ? -1.0 : over(at - 3 * d, at - d);
  if (late < 0) {
    return std::nullopt;
  }
  nudge(nu, direction);
  const AnswerRows before = nu;
  if (!settle(nu, at + d)) {
    return std::nullopt;
  }
  Turn turn;
  turn.there = farthest(before, nu) > std::max(2 * smooth, 1e-4);
  turn.kind = late > 1.8 * smooth ? "fold" : late < 1.3 * smooth ? "branch" : "";
  return turn;
}

std::optional<bool> AgreementWays::begins_at(AnswerRows nu, double from, double onset) const {
  if (onset > 0) {
    const auto turn = turns(nu, from, onset, -1);
    return turn ? std::optional(turn->there) : std::nullopt;
  }
  // All the way without a jump: what moves far in a step moves less in a part of it.
  double at = from;
  double share = 1.0 / 32;  // of the strength, a step
  while (at > 0) {
    if (!(work_ > 0)) {
      return std::nullopt;
    }
    AnswerRows next = nu;
    const double to = at < 1e-3 ? 0.0 : at * (1 - share);
    (void)settle(next, to);  // on a branch it is slow without end, and near enough
    if (farthest(next, nu) > 0.02) {
      share /= 4;
      if (share < 1e-7) {
        return false;
      }
      continue;
    }
    nu = std::move(next);
    at = to;
    share = std::min(2 * share, 1.0 / 32);
  }
  return true;
}

std::optional<std::vector<AgreementWays::Turn>> AgreementWays::turns_at(
    const std::vector<double>& strengths, double to) const {
  AnswerRows nu = problem_.reference;
  std::vector<Turn> found;
  double from = 0;
  for (const double at : strengths) {
    const bool ahead = at > from && at <= to * (1 + 1e-9);
    const auto turn = ahead ? turns(nu, from, at, 1) : std::optional<Turn>(Turn{});
    if (!turn) {
      return std::nullopt;
    }
    found.push_back(*turn);
    if (!turn->there) {
      break;
    }
    from = at * (1 + width);
  }
  return found;
}

}  // namespace cli
