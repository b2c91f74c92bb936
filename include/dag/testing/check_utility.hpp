// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/backend/eigen_backend.hpp>
#include <dag/core/random.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/testing/report.hpp>
#include <dag/utility/evaluate.hpp>

namespace dag::testing {

/// Utilities are tried on three contexts of so many answers each.
inline constexpr std::size_t answers_each = 5;

/// Random distributions with every entry at least about 1 / 100, stacked.
struct Policies {
  Blocks blocks;
  std::vector<double> weights, nu, log_nu;

  [[nodiscard]] AnswersView<double> view() const { return {blocks, weights, {nu, log_nu}}; }
  void refresh() {
    log_nu.resize(nu.size());
    for (std::size_t i = 0; i < nu.size(); ++i) {
      log_nu[i] = std::log(nu[i]);
    }
  }
};

inline Policies random_policies(RandomStream& stream) {
  Policies out{Blocks::uniform(3, answers_each), {0.2, 0.3, 0.5}, {}, {}};
  for (std::size_t x = 0; x < 3; ++x) {
    std::vector<double> row;
    double total = 0;
    for (std::size_t z = 0; z < answers_each; ++z) {
      row.push_back(0.05 - std::log1p(-stream.uniform()));
      total += row.back();
    }
    for (const double entry : row) {
      out.nu.push_back(entry / total);
    }
  }
  out.refresh();
  return out;
}

inline std::vector<std::vector<double>> rows_of(const Policies& policies) {
  std::vector<std::vector<double>> rows;
  for (std::size_t x = 0; x < 3; ++x) {
    const auto row = policies.blocks.of(std::span<const double>(policies.nu), x);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

/// A legal strategy of the adversarial Targets: uniform mixtures, multipliers 0.7.
template <Utility U>
std::vector<double> some_target(const U& utility) {
  std::vector<double> out;
  for_each_part(utility, [&](const auto& part) {
    if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      const auto size = part.target_size();
      for (std::size_t k = 0; k < size; ++k) {
        out.push_back(part.target_kind(k) == TargetKind::mixture ? 1 / static_cast<double>(size)
                                                                 : 0.7);
      }
    }
  });
  return out;
}

template <Utility U>
std::vector<double> gradient(const U& utility, const Policies& at,
                             const std::vector<double>& target) {
  std::vector<double> out(at.nu.size()), scratch(at.nu.size());
  gradient_of(utility, at.view(), std::span<const double>(target), std::span<double>(out),
              std::span<double>(scratch));
  return out;
}

/// from + step * (to - from).
inline Policies between(const Policies& from, const Policies& to, double step) {
  Policies out = from;
  for (std::size_t i = 0; i < out.nu.size(); ++i) {
    out.nu[i] += step * (to.nu[i] - from.nu[i]);
  }
  out.refresh();
  return out;
}

inline double inner(const std::vector<double>& g, const Policies& from, const Policies& to) {
  double total = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    total += g[i] * (to.nu[i] - from.nu[i]);
  }
  return total;
}

namespace detail {

/// The gradient is the derivative along every segment between policies; F is concave; the Target of
/// the tangent form, F(q) + <grad F(q), nu - q>, does best at q = nu.
template <Utility U>
void check_gradient(Report& report, const U& utility) {
  RandomStream stream(11, 0);
  const auto target = some_target(utility);
  const std::span<const double> t(target);
  for (int repeat = 0; repeat < 10; ++repeat) {
    const Policies a = random_policies(stream), b = random_policies(stream);
    const auto value = [&](const Policies& p) { return value_of(utility, p.view(), t); };
    const auto g = gradient(utility, a, target);
    const double slope = inner(g, a, b);
    const auto difference = [&](double h) {
      return (value(between(a, b, h)) - value(between(a, b, -h))) / (2 * h);
    };
    const double h = 1e-4;  // Richardson: the error is of order h^4 and epsilon / h
    const double numeric = (4 * difference(h / 2) - difference(h)) / 3;
    DAG_TESTING_CHECK(close_to(slope, numeric, 1e-7, 1));
    const double rounding = 1e-12 * (1 + std::abs(value(a)) + std::abs(value(b)));
    DAG_TESTING_CHECK(value(between(a, b, 0.5)) >= (value(a) + value(b)) / 2 - rounding);
    DAG_TESTING_CHECK(value(a) + slope >= value(b) - rounding);
  }
}

/// The pointwise formula is the gradient over the context's weight, up to a constant a context; its
/// slope is its derivative in log nu, never positive; `log_root` solves what it says.
template <SingleUtility U>
void check_formula(Report& report, const U& utility) {
  RandomStream stream(12, 0);
  const Policies a = random_policies(stream);
  const auto g = gradient(utility, a, some_target(utility));
  const double h = 1e-5;
  if constexpr (PointwiseUtility<U>) {
    for (std::size_t i = 0; i < g.size(); ++i) {
      const std::size_t x = i / answers_each, first = x * answers_each;
      const auto reward = [&](std::size_t j, double shift) {
        return dag::detail::reward_at(utility, j, Probability<double>::of_log(a.log_nu[j] + shift));
      };
      DAG_TESTING_CHECK(
          close_to(reward(i, 0) - reward(first, 0), (g[i] - g[first]) / a.weights[x], 1e-12, 1));
      const double slope = dag::detail::slope_at(utility, i, a.view().at(i));
      DAG_TESTING_CHECK(slope <= 0);
      DAG_TESTING_CHECK(close_to(slope, (reward(i, h) - reward(i, -h)) / (2 * h), 1e-7, 1));
      if constexpr (requires { utility.log_root(i, 0.3, -1.0); }) {
        for (const double beta : {0.3, 1e-3, 100.0}) {
          const double s = utility.log_root(i, beta, -1.0);
          const double left = dag::detail::reward_at(utility, i, Probability<double>::of_log(s));
          DAG_TESTING_CHECK(close_to(left, beta * (s + 1), 1e-9, beta));
        }
      }
    }
  } else if constexpr (EventUtility<U>) {
    for (const double log_p : {-700.0, -3.0, -0.5, -1e-3}) {
      const auto reward = [&](double log) {
        return utility.event_reward(Probability<double>::of_log(log));
      };
      const double step = h * std::fmin(1.0, -log_p);
      const double numeric = (reward(log_p + step) - reward(log_p - step)) / (2 * step);
      const double slope = utility.event_slope(Probability<double>::of_log(log_p));
      DAG_TESTING_CHECK(slope <= 0);
      DAG_TESTING_CHECK(close_to(slope, numeric, 1e-6, std::fmax(1e-3, std::abs(numeric))));
    }
  } else if constexpr (CoherenceUtility<U> || PairwiseUtility<U>) {
    for (std::size_t z = 0; z < answers_each; ++z) {
      const double own = a.log_nu[z], other = a.log_nu[answers_each + z];
      const auto reward = [&](double s, double t) {
        return utility.pair_reward(Probability<double>::of_log(s), Probability<double>::of_log(t));
      };
      const auto p = Probability<double>::of_log(own), q = Probability<double>::of_log(other);
      DAG_TESTING_CHECK(utility.own_slope(p, q) <= 0);
      DAG_TESTING_CHECK(close_to(utility.own_slope(p, q),
                                 (reward(own + h, other) - reward(own - h, other)) / (2 * h),
                                 1e-7));
      DAG_TESTING_CHECK(close_to(utility.other_slope(p, q),
                                 (reward(own, other + h) - reward(own, other - h)) / (2 * h),
                                 1e-7));
    }
  }
}

/// The Target's answer is its best: no other consensus, mixture or multiplier does better.
template <SingleUtility U>
void check_target(Report& report, const U& utility) {
  RandomStream stream(13, 0);
  const Policies a = random_policies(stream);
  if constexpr (CoherenceUtility<U>) {
    std::vector<double> q(answers_each), log_q(answers_each);
    consensus(utility, a.view(), StateView<double>{q, log_q});
    const auto payoff = [&](const std::vector<double>& consensus) {
      double total = 0;
      for (std::size_t i = 0; i < a.nu.size(); ++i) {
        const double c = consensus[i % answers_each];
        total += a.weights[i / answers_each] *
                 utility.pair_term(a.view().at(i), Probability<double>::of(c));
      }
      return total;
    };
    const double best = payoff(q);
    DAG_TESTING_CHECK(close_to(best, value_of(utility, a.view()), 1e-13));
    double sum = 0;
    for (const double entry : q) {
      sum += entry;
    }
    DAG_TESTING_CHECK(close_to(sum, 1, 1e-14));
    for (int repeat = 0; repeat < 50; ++repeat) {
      const auto other = random_policies(stream);
      for (const double step : {1.0, 0.1, 1e-3}) {
        std::vector<double> mixed(q);
        for (std::size_t z = 0; z < answers_each; ++z) {
          mixed[z] += step * (other.nu[z] - q[z]);
        }
        DAG_TESTING_CHECK(payoff(mixed) < best);
      }
    }
  }
}

/// equilibrium() certifies itself, no random policy has a larger J, a generic solver agrees, and
/// nu ∝ nu0 exp(r / beta) with the rewards taken from the game's field.
template <Utility U>
void check_equilibrium(Report& report, const U& utility) {
  RandomStream stream(14, 0);
  const Policies reference = random_policies(stream);
  for (const double beta : {0.3, 3.0}) {
    const AlignmentGame<U> game(utility, Contexts(rows_of(reference), reference.weights), beta);
    const auto found = equilibrium(game);
    DAG_TESTING_CHECK(found.status == Status::converged);
    DAG_TESTING_CHECK(found.residual <= 1e-13);
    DAG_TESTING_CHECK(found.gap <= 1e-12);
    const auto generic = mirror_prox(game, {.tolerance = 1e-13,
                                            .max_iterations = 100'000,
                                            .average = Average::last,
                                            .measure = Measure::residual});
    DAG_TESTING_CHECK(generic.status == Status::converged);
    for (std::size_t i = 0; i < found.nu.size(); ++i) {
      DAG_TESTING_CHECK(close_to(generic.state.view().point[i], found.nu[i], 1e-9, 1));
    }
    DAG_TESTING_CHECK(close_to(generic.value, found.value, 1e-9, 1));
    // J against the Target's equilibrium strategy is largest at nu.
    std::vector<double> point(found.nu), dual(found.log_nu);
    point.insert(point.end(), found.target.begin(), found.target.end());
    dual.insert(dual.end(), found.target.begin(), found.target.end());
    std::vector<double> field(point.size());
    game.field({point, dual}, field);
    for (std::size_t x = 0; x < 3; ++x) {
      double level = 0;
      for (std::size_t z = 0; z < answers_each; ++z) {
        const std::size_t i = x * answers_each + z;
        const double left =
            found.log_nu[i] - reference.log_nu[i] - field[i] / reference.weights[x] / beta;
        level = z == 0 ? left : level;
        DAG_TESTING_CHECK(close_to(left, level, 1e-9, 1));
      }
    }
    for (int repeat = 0; repeat < 20; ++repeat) {
      const Policies other = random_policies(stream);
      for (const double step : {1.0, 0.1, 1e-3}) {
        for (std::size_t i = 0; i < other.nu.size(); ++i) {
          point[i] = found.nu[i] + step * (other.nu[i] - found.nu[i]);
          dual[i] = std::log(point[i]);
        }
        DAG_TESTING_CHECK(game.value({point, dual}) < found.value + 1e-14);
      }
    }
  }
}

/// Data of the wrong length and a beta that is not > 0 are refused.
template <Utility U>
void check_refusals(Report& report, const U& utility, bool has_data) {
  const auto code = [&](const std::vector<std::vector<double>>& rows, double beta) {
    DAG_TRY { const AlignmentGame<U> game(utility, Contexts(rows), beta); }
    DAG_CATCH(Error, error) { return std::string(to_string(error.code())); }
    return std::string("accepted");
  };
  const std::vector<std::vector<double>> good(3, std::vector<double>(answers_each, 0.2));
  DAG_TESTING_CHECK(code(good, 1) == "accepted");
  for (const double beta : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    DAG_TESTING_CHECK(code(good, beta) == "invalid argument");
  }
  if (has_data) {
    DAG_TESTING_CHECK(code({{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}}, 1) == "dimension mismatch");
  }
}

}  // namespace detail

/// What every utility promises: gradient = derivative of its value, concavity, the pointwise
/// formula and its slope, the Target's answer is its best, `equilibrium` agrees with a generic
/// solver, bad shapes are refused. The utility must be for three contexts of `answers_each` answers
/// (or any shape). `has_data`: it holds an entry for each answer.
template <Utility U>
[[nodiscard]] Report check_utility(const U& utility, bool has_data = false) {
  Report report;
  detail::check_gradient(report, utility);
  if constexpr (SingleUtility<U>) {
    detail::check_formula(report, utility);
    detail::check_target(report, utility);
  }
  detail::check_equilibrium(report, utility);
  detail::check_refusals(report, utility, has_data);
  return report;
}

}  // namespace dag::testing
