// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "check_basins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cli {
namespace {

/// Largest slope of the rewards in the logarithms of nu, beside the anchor's weight.
std::optional<double> steepest(const AnswerProblem& problem) {
  double rate = 0;
  double power = 0;
  for (const AnswerUtility& u : problem.utilities) {
    if (u.kind == "sharpening") {
      rate += u.weight;
    } else if (u.kind == "shannon_entropy") {
      rate -= u.weight;
    } else if (u.kind == "collision") {
      power += 4 * u.weight;
    } else if (u.kind == "power_sharpening") {
      power += u.order * u.order * u.weight;
    } else if (u.kind == "agreement") {
      power += 2 * u.weight;
    } else if (u.kind != "expected_reward") {
      return std::nullopt;
    }
  }
  if (!(problem.beta - rate > 0)) {
    return std::nullopt;  // single answers are the ends, and the ascent is at none of them in time
  }
  return problem.beta + std::abs(rate) + power;
}

/// Where the ascent begins: the reference, with the rewards that stand beside the utility, which
/// are linear and belong into it.
AnswerRows start_of(const AnswerProblem& problem) {
  AnswerRows start = problem.reference;
  for (std::size_t x = 0; x < start.size(); ++x) {
    std::vector<double> log(start[x].size(), 0.0);
    for (const AnswerUtility& u : problem.utilities) {
      for (std::size_t z = 0; z < log.size() && u.kind == "expected_reward"; ++z) {
        log[z] += u.weight * u.reward[x][z] / problem.beta;
      }
    }
    const double best = *std::max_element(log.begin(), log.end());
    double total = 0;
    for (std::size_t z = 0; z < log.size(); ++z) {
      start[x][z] *= std::exp(log[z] - best);
      total += start[x][z];
    }
    for (double& p : start[x]) {
      p /= total;
    }
  }
  return start;
}

/// Where ascent in small steps ends; nothing where it takes too long.
std::optional<AnswerRows> ascend(const AnswerProblem& problem, AnswerRows nu, double eta) {
  AnswerRows log = nu;
  for (std::size_t x = 0; x < nu.size(); ++x) {
    for (std::size_t z = 0; z < nu[x].size(); ++z) {
      log[x][z] = std::log(nu[x][z]);
    }
  }
  for (int round = 0; round < 20'000; ++round) {
    const std::optional<AnswerRewards> found = rewards_at(problem, nu, {}, {});
    if (!found) {
      return std::nullopt;
    }
    double moved = 0;
    for (std::size_t x = 0; x < nu.size(); ++x) {
      double total = 0;
      for (std::size_t z = 0; z < nu[x].size(); ++z) {
        if (problem.reference[x][z] > 0) {
          log[x][z] += eta * (found->reward[x][z] -
                              problem.beta * (log[x][z] - std::log(problem.reference[x][z])));
        }
        total += std::exp(log[x][z]);
      }
      for (std::size_t z = 0; z < nu[x].size(); ++z) {
        log[x][z] -= std::log(total);
        const double p = std::exp(log[x][z]);
        moved = std::max(moved, std::abs(p - nu[x][z]));
        nu[x][z] = p;
      }
    }
    if (moved < 1e-9) {
      return nu;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Basin> basin_of(const AnswerProblem& problem, const AnswerRows& reached,
                              const std::vector<AnswerRows>& stable, double margin) {
  const std::optional<double> slope = steepest(problem);
  if (!slope || problem.reference.size() > 8 || problem.reference[0].size() > 32) {
    return std::nullopt;
  }
  const AnswerRows start = start_of(problem);
  std::vector<std::pair<double, AnswerRows>> ways;
  for (const AnswerRows& other : stable) {
    if (farthest(other, reached) > 1e-7) {
      double distance = 0;
      for (std::size_t x = 0; x < other.size(); ++x) {
        for (std::size_t z = 0; z < other[x].size(); ++z) {
          distance += problem.weights[x] * std::abs(other[x][z] - start[x][z]) / 2;
        }
      }
      ways.emplace_back(distance, other);
    }
  }
  std::stable_sort(ways.begin(), ways.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ways.resize(std::min<std::size_t>(ways.size(), 8));
  const auto comes_back = [&](const auto& way, double moved) -> std::optional<bool> {
    AnswerRows nu = start;
    const double share = moved / way.first;
    for (std::size_t x = 0; x < nu.size(); ++x) {
      for (std::size_t z = 0; z < nu[x].size(); ++z) {
        nu[x][z] += share * (way.second[x][z] - nu[x][z]);
      }
    }
    const auto end = ascend(problem, std::move(nu), 0.2 / *slope);
    return end ? std::optional(farthest(*end, reached) < 1e-3) : std::nullopt;
  };
  constexpr double slack = 0.03;
  bool leaves = false;
  for (const auto& way : ways) {
    if ((1 - slack) * margin > way.first) {
      return Basin{false, fmt::format("another one is {:.4g} away", way.first)};
    }
    const double inside = (1 - slack) * margin;
    const auto stays = comes_back(way, inside);
    if (!stays) {
      return std::nullopt;
    }
    if (!*stays) {
      return Basin{false, fmt::format("moved by {:.4g} it ends elsewhere", inside)};
    }
    const double beyond = (1 + slack) * margin;
    if (leaves || beyond >= way.first) {
      leaves = true;  // at its end it is the other one
      continue;
    }
    const auto back = comes_back(way, beyond);
    if (!back) {
      return std::nullopt;
    }
    leaves = !*back;
  }
  return Basin{leaves, leaves ? "within 3 %" : "moved by 3 % more it still ends there"};
}

}  // namespace cli
