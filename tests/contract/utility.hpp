// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/alignment/equilibrium.hpp>
#include <dag/core/random.hpp>
#include <dag/eigen.hpp>
#include <dag/utility/evaluate.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

/// What every utility promises. A utility's test is one line: itself, on three contexts of five
/// answers each.
namespace contract {

inline constexpr std::size_t answers_each = 5;

/// Random distributions with every entry at least about 1 / 100, stacked.
struct Policies {
  dag::Blocks blocks;
  std::vector<double> weights, nu, log_nu;

  [[nodiscard]] dag::AnswersView<double> view() const { return {blocks, weights, {nu, log_nu}}; }
  void refresh() {
    log_nu.resize(nu.size());
    for (std::size_t i = 0; i < nu.size(); ++i) {
      log_nu[i] = std::log(nu[i]);
    }
  }
};

inline Policies random_policies(dag::RandomStream& stream) {
  Policies out{dag::Blocks::uniform(3, answers_each), {0.2, 0.3, 0.5}, {}, {}};
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
template <dag::Utility U>
std::vector<double> some_target(const U& utility) {
  std::vector<double> out;
  dag::for_each_part(utility, [&](const auto& part) {
    if constexpr (dag::AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      const auto size = part.target_size();
      for (std::size_t k = 0; k < size; ++k) {
        out.push_back(
            part.target_kind(k) == dag::TargetKind::mixture ? 1 / static_cast<double>(size) : 0.7);
      }
    }
  });
  return out;
}

template <dag::Utility U>
std::vector<double> gradient(const U& utility, const Policies& at,
                             const std::vector<double>& target) {
  std::vector<double> out(at.nu.size()), scratch(at.nu.size());
  dag::gradient_of(utility, at.view(), std::span<const double>(target), std::span<double>(out),
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

/// The gradient is the derivative along every segment between policies; F is concave; the Target of
/// the tangent form, F(q) + <grad F(q), nu - q>, does best at q = nu.
template <dag::Utility U>
void check_gradient(const U& utility) {
  dag::RandomStream stream(11, 0);
  const auto target = some_target(utility);
  const std::span<const double> t(target);
  for (int repeat = 0; repeat < 10; ++repeat) {
    const Policies a = random_policies(stream), b = random_policies(stream);
    const auto value = [&](const Policies& p) { return dag::value_of(utility, p.view(), t); };
    const auto g = gradient(utility, a, target);
    const double slope = inner(g, a, b);
    const auto difference = [&](double h) {
      return (value(between(a, b, h)) - value(between(a, b, -h))) / (2 * h);
    };
    const double h = 1e-4;  // Richardson: the error is of order h^4 and epsilon / h
    const double numeric = (4 * difference(h / 2) - difference(h)) / 3;
    CHECK(slope == doctest::Approx(numeric).epsilon(1e-7).scale(1));
    const double rounding = 1e-12 * (1 + std::abs(value(a)) + std::abs(value(b)));
    CHECK(value(between(a, b, 0.5)) >= (value(a) + value(b)) / 2 - rounding);
    CHECK(value(a) + slope >= value(b) - rounding);
  }
}

/// The pointwise formula is the gradient over the context's weight, up to a constant a context; its
/// slope is its derivative in log nu, never positive; `log_root` solves what it says.
template <dag::SingleUtility U>
void check_formula(const U& utility) {
  dag::RandomStream stream(12, 0);
  const Policies a = random_policies(stream);
  const auto g = gradient(utility, a, some_target(utility));
  using dag::Probability;
  const double h = 1e-5;
  if constexpr (dag::PointwiseUtility<U>) {
    for (std::size_t i = 0; i < g.size(); ++i) {
      const std::size_t x = i / answers_each, first = x * answers_each;
      const auto reward = [&](std::size_t j, double shift) {
        return dag::detail::reward_at(utility, j, Probability<double>::of_log(a.log_nu[j] + shift));
      };
      CHECK(reward(i, 0) - reward(first, 0) ==
            doctest::Approx((g[i] - g[first]) / a.weights[x]).epsilon(1e-12).scale(1));
      const double slope = dag::detail::slope_at(utility, i, a.view().at(i));
      CHECK(slope <= 0);
      CHECK(slope ==
            doctest::Approx((reward(i, h) - reward(i, -h)) / (2 * h)).epsilon(1e-7).scale(1));
      if constexpr (requires { utility.log_root(i, 0.3, -1.0); }) {
        for (const double beta : {0.3, 1e-3, 100.0}) {
          const double s = utility.log_root(i, beta, -1.0);
          const double left = dag::detail::reward_at(utility, i, Probability<double>::of_log(s));
          CHECK(left == doctest::Approx(beta * (s + 1)).epsilon(1e-9).scale(beta));
        }
      }
    }
  } else if constexpr (dag::EventUtility<U>) {
    for (const double log_p : {-700.0, -3.0, -0.5, -1e-3}) {
      const auto reward = [&](double log) {
        return utility.event_reward(Probability<double>::of_log(log));
      };
      const double step = h * std::fmin(1.0, -log_p);
      const double numeric = (reward(log_p + step) - reward(log_p - step)) / (2 * step);
      const double slope = utility.event_slope(Probability<double>::of_log(log_p));
      CHECK(slope <= 0);
      CHECK(slope ==
            doctest::Approx(numeric).epsilon(1e-6).scale(std::fmax(1e-3, std::abs(numeric))));
    }
  } else if constexpr (dag::CoherenceUtility<U> || dag::PairwiseUtility<U>) {
    for (std::size_t z = 0; z < answers_each; ++z) {
      const double own = a.log_nu[z], other = a.log_nu[answers_each + z];
      const auto reward = [&](double s, double t) {
        return utility.pair_reward(Probability<double>::of_log(s), Probability<double>::of_log(t));
      };
      const auto p = Probability<double>::of_log(own), q = Probability<double>::of_log(other);
      CHECK(utility.own_slope(p, q) <= 0);
      CHECK(utility.own_slope(p, q) ==
            doctest::Approx((reward(own + h, other) - reward(own - h, other)) / (2 * h))
                .epsilon(1e-7));
      CHECK(utility.other_slope(p, q) ==
            doctest::Approx((reward(own, other + h) - reward(own, other - h)) / (2 * h))
                .epsilon(1e-7));
    }
  }
}

/// The Target's answer is its best: no other consensus, mixture or multiplier does better.
template <dag::SingleUtility U>
void check_target(const U& utility) {
  dag::RandomStream stream(13, 0);
  const Policies a = random_policies(stream);
  if constexpr (dag::CoherenceUtility<U>) {
    std::vector<double> q(answers_each), log_q(answers_each);
    dag::consensus(utility, a.view(), dag::StateView<double>{q, log_q});
    const auto payoff = [&](const std::vector<double>& consensus) {
      double total = 0;
      for (std::size_t i = 0; i < a.nu.size(); ++i) {
        const double c = consensus[i % answers_each];
        total += a.weights[i / answers_each] *
                 utility.pair_term(a.view().at(i), dag::Probability<double>::of(c));
      }
      return total;
    };
    const double best = payoff(q);
    CHECK(best == doctest::Approx(dag::value_of(utility, a.view())).epsilon(1e-13));
    double sum = 0;
    for (const double entry : q) {
      sum += entry;
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-14));
    for (int repeat = 0; repeat < 50; ++repeat) {
      const auto other = random_policies(stream);
      for (const double step : {1.0, 0.1, 1e-3}) {
        std::vector<double> mixed(q);
        for (std::size_t z = 0; z < answers_each; ++z) {
          mixed[z] += step * (other.nu[z] - q[z]);
        }
        CHECK(payoff(mixed) < best);
      }
    }
  }
}

/// equilibrium() certifies itself, no random policy has a larger J, a generic solver agrees, and
/// nu ∝ nu0 exp(r / beta) with the rewards taken from the game's field.
template <dag::Utility U>
void check_equilibrium(const U& utility) {
  dag::RandomStream stream(14, 0);
  const Policies reference = random_policies(stream);
  for (const double beta : {0.3, 3.0}) {
    const dag::AlignmentGame<U> game(utility, dag::Contexts(rows_of(reference), reference.weights),
                                     beta);
    const auto found = dag::equilibrium(game);
    CHECK(found.status == dag::Status::converged);
    CHECK(found.residual <= 1e-13);
    CHECK(found.gap <= 1e-12);
    const auto generic = dag::mirror_prox(game, {.tolerance = 1e-13,
                                                 .max_iterations = 100'000,
                                                 .average = dag::Average::last,
                                                 .measure = dag::Measure::residual});
    CHECK(generic.status == dag::Status::converged);
    for (std::size_t i = 0; i < found.nu.size(); ++i) {
      CHECK(generic.state.point(static_cast<Eigen::Index>(i)) ==
            doctest::Approx(found.nu[i]).epsilon(1e-9).scale(1));
    }
    CHECK(generic.value == doctest::Approx(found.value).epsilon(1e-9).scale(1));
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
        CHECK(left == doctest::Approx(level).epsilon(1e-9).scale(1));
      }
    }
    for (int repeat = 0; repeat < 20; ++repeat) {
      const Policies other = random_policies(stream);
      for (const double step : {1.0, 0.1, 1e-3}) {
        for (std::size_t i = 0; i < other.nu.size(); ++i) {
          point[i] = found.nu[i] + step * (other.nu[i] - found.nu[i]);
          dual[i] = std::log(point[i]);
        }
        CHECK(game.value({point, dual}) < found.value + 1e-14);
      }
    }
  }
}

/// Data of the wrong length and a beta that is not > 0 are refused.
template <dag::Utility U>
void check_refusals(const U& utility, bool has_data) {
  const auto code = [&](const std::vector<std::vector<double>>& rows, double beta) {
    try {
      const dag::AlignmentGame<U> game(utility, dag::Contexts(rows), beta);
    } catch (const dag::Error& error) {
      return std::string(dag::to_string(error.code()));
    }
    return std::string("accepted");
  };
  const std::vector<std::vector<double>> good(3, std::vector<double>(answers_each, 0.2));
  CHECK(code(good, 1) == "accepted");
  for (const double beta : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    CHECK(code(good, beta) == "invalid argument");
  }
  if (has_data) {
    CHECK(code({{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}}, 1) == "dimension mismatch");
  }
}

/// All of the above. `has_data`: the utility holds an entry for each answer.
template <dag::Utility U>
void check_utility(const U& utility, bool has_data = false) {
  check_gradient(utility);
  if constexpr (dag::SingleUtility<U>) {
    check_formula(utility);
    check_target(utility);
  }
  check_equilibrium(utility);
  check_refusals(utility, has_data);
}

}  // namespace contract
