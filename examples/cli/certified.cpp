// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "certified.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <dag/game/integer_payoffs.hpp>
#include <dag/game/matrix_certificate.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>

namespace cli {
namespace {

/// The largest distance between payoffs of one player once a tenth of them at each end is left out.
double inner_range(const dag::GameTable& table) {
  double widest = 0;
  for (std::vector<double> payoffs : table.payoffs) {
    const auto cut = static_cast<std::ptrdiff_t>(payoffs.size() / 10);
    const auto low = payoffs.begin() + cut;
    const auto high = payoffs.end() - 1 - cut;
    std::nth_element(payoffs.begin(), low, payoffs.end());
    std::nth_element(low, high, payoffs.end());
    widest = std::max(widest, *high - *low);
  }
  return widest;
}

/// True if some payoff was written as an integer that is not its double.
bool has_rounded_integers(const dag::GameTable& table) {
  constexpr double exact_below = 9007199254740992.0;  // 2^53
  if (table.numbers.empty() && table.outcome_of_profile.empty()) {
    return false;
  }
  for (std::size_t player = 0; player < table.player_count(); ++player) {
    for (std::size_t profile = 0; profile < table.profile_count(); ++profile) {
      const double payoff = table.payoffs[player][profile];
      if (std::abs(payoff) < exact_below) {
        continue;
      }
      const dag::Number written = dag::written_payoff(table, player, profile);
      if (written.text().find_first_of(".eE/") != std::string::npos) {
        continue;
      }
      const auto exact = written.exact();
      int exponent = 0;
      const dag::Integer mantissa = dag::Integer::mantissa(payoff, exponent);
      if (!(dag::Integer(exact.negative, exact.numerator) ==
            mantissa.shifted_left(static_cast<std::size_t>(std::max(exponent, 0))))) {
        return true;
      }
    }
  }
  return false;
}

/// Player 1's numbers as written, and their negatives for player 2.
std::vector<dag::Number> own_numbers(const dag::GameTable& table) {
  std::vector<dag::Number> numbers;
  if (table.numbers.empty() && table.outcome_of_profile.empty()) {
    return numbers;
  }
  for (std::size_t k = 0; k < table.profile_count(); ++k) {
    numbers.push_back(dag::written_payoff(table, 0, k));
    numbers.push_back(numbers.back().negated());
  }
  return numbers;
}

/// Whether a player's payoffs are moved, and the middle that is taken from them: 0 if not.
bool moves(const dag::GameTable& table, std::size_t player) {
  return dag::has_written_payoffs(table) &&
         dag::detail::PayoffBounds(table.payoffs[player]).is_far();
}
dag::detail::Rational taken(const dag::GameTable& table, std::size_t player) {
  dag::detail::Rational middle;
  if (moves(table, player)) {
    const auto [low, high] = dag::detail::written_extent(table, player);
    middle = low + high;
    middle.denominator = middle.denominator * dag::detail::BigNatural(2U);
  }
  return middle;
}

void add_note(Found& found, const std::string& sentence) {
  found.note += (found.note.empty() ? "" : "; ") + sentence;
}

}  // namespace

std::optional<Problem> centred(const Problem& problem) {
  const dag::GameTable& table = problem.table;
  std::optional<Problem> moved;
  for (std::size_t i = 0; i < table.player_count(); ++i) {
    if (!moves(table, i)) {
      continue;
    }
    if (!moved) {
      moved = problem;
      moved->table.numbers.clear();
      moved->table.outcomes.clear();
      moved->table.outcome_of_profile.clear();
    }
    const dag::IntegerPayoffs whole = dag::integer_payoffs(table, i);
    dag::Integer top;
    for (const dag::Integer& entry : whole.entries) {
      top = compare(top, entry) < 0 ? entry : top;
    }
    for (std::size_t k = 0; k < whole.entries.size(); ++k) {
      const dag::Integer twice = whole.entries[k] + whole.entries[k] - top;
      moved->table.payoffs[i][k] =
          0.5 * (whole.unit * dag::Fraction(twice, dag::Integer(1))).nearest();
    }
  }
  return moved;
}

double taken_from(const Problem& problem, std::size_t player) {
  return taken(problem.table, player).nearest();
}

double taken_beyond(const Problem& problem, std::size_t player, std::size_t other) {
  return (taken(problem.table, player) + taken(problem.table, other).negated()).nearest();
}

double relative_tolerance(double relative, double absolute, const Problem& problem) {
  return problem.range > 0 ? std::min(relative, absolute / problem.range) : relative;
}

Found certified(Found found, const Problem& problem, const Settings& settings) {
  const double tolerance = dag::tolerance_or_rounding(settings.options.tolerance);
  const bool plain = settings.tau == 0 && found.kept.empty() && !found.strategies.empty();
  if (plain) {
    dag::RegretReport report;
    if (problem.kind == GameKind::zero_sum && problem.constant != 0) {
      // Sums may be constant up to the rounding of decimals only: the game is player 1's.
      const std::vector<std::size_t>& sizes = problem.table.sizes;
      dag::GameTable table =
          dag::zero_sum_table("", sizes[0], sizes[1], dag::row_major(problem.table, 0));
      table.numbers = own_numbers(problem.table);
      report = dag::certify(table, found.strategies);
    } else {
      report = dag::certify(problem.table, found.strategies);
      found.report = report;
    }
    found.value = report.payoffs[0];
    found.gap = report.nash_conv;
    // In a zero-sum game the range is that of both players.
    found.relative_gap = problem.kind != GameKind::zero_sum ? report.relative
                         : problem.range > 0                ? found.gap / problem.range
                                                            : 0.0;
    if (std::abs(found.value) <= 1e-20 * problem.range) {
      found.value = 0;  // what probabilities rounded to doubles leave of an exact zero
    }
    if (found.status == dag::Status::converged && !(found.relative_gap <= tolerance)) {
      found.status = dag::Status::stalled;
      add_note(found, fmt::format("the gap is {:.3g} of the payoff range: no nearer in doubles",
                                  found.relative_gap));
    }
    const double inner =
        found.status == dag::Status::converged ? inner_range(problem.table) : problem.range;
    if (found.status == dag::Status::converged && problem.range > 0 &&
        found.gap > tolerance * inner && tolerance * problem.range > 1e-3 * inner) {
      add_note(found,
               fmt::format("most payoffs lie within {:.3g}, but a few stretch the range to {:.3g}: "
                           "the gap {:.3g} is small only beside these; --absolute-tolerance bounds "
                           "it in payoffs",
                           inner, problem.range, found.gap));
    }
  }
  if (!plain) {
    double largest = 0;
    for (const double payoff : problem.table.payoffs[0]) {
      largest = std::max(largest, std::abs(payoff));
    }
    // A value within the rounding of one product with the payoffs is not told apart from 0.
    if (std::abs(found.value) <= 2 * std::numeric_limits<double>::epsilon() * largest) {
      found.value = 0;
    }
  }
  if (!found.verified && has_rounded_integers(problem.table)) {
    add_note(found,
             "some payoffs are integers beyond 2^53, which doubles round; --exact keeps them");
  }
  return found;
}

}  // namespace cli
