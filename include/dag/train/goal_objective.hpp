// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// Pulls every context's answers to a distribution p: a data set's answers, or a consensus that was
/// frozen (`QuestionConsensus`). The utility says how, its weight included: its reward as an affine
/// function of g(nu) is estimated by a table of g,
///   log nu (`ReverseKl`, a frozen arithmetic pool)           `log_table`; bias: the table's
///   1 / nu (`ForwardKl`, a frozen geometric pool)            plug-in: nu E = p (1 - (1-nu)^K)
///   polynomials (`ChiSquare`, a frozen Euclidean pool)       the U-statistic: no bias
/// and where it has none (`JensenShannon`) it is taken at the frequency, with a bias O(1/K).
/// p(AnswerAt) is a probability; where it is 0 (or below `floor`), the floor is taken, so that
/// rewards stay finite. Baseline: `detail::clean_signals`. A missing answer gets 0.
class GoalObjective {
 public:
  using Given = std::function<double(const AnswerAt&)>;

  template <class U>
  GoalObjective(U utility, Given p, EstimatorKind log_table = EstimatorKind::variance_optimal,
                double floor = 1e-6)
      : p_(std::move(p)), floor_(floor) {
    require(static_cast<bool>(p_), Errc::invalid_argument, "GoalObjective: needs a target p");
    require(floor > 0 && floor < 1, Errc::invalid_argument,
            "GoalObjective: floor must be in (0, 1), got ", floor);
    using Point = Probability<double>;
    if constexpr (requires { utility.table_reward(Point{}); }) {
      const RewardFunction function = utility.table_reward(Point::of(1)).function;
      using Form = RewardFunction::Form;
      const EstimatorKind kind =
          function.form == Form::logarithm ? log_table
          : function.form == Form::power && function.order == std::floor(function.order)
              ? EstimatorKind::u_statistic
              : EstimatorKind::plug_in;
      reward_ = [u = std::move(utility), tables = detail::TablesBySize(kind, function)](
                    double given, std::size_t others, std::size_t size) mutable {
        return u.table_reward(Point::of(given))(tables(others, size));
      };
    } else {
      reward_ = [u = std::move(utility)](double given, std::size_t others, std::size_t size) {
        const double nu = static_cast<double>(others + 1) / static_cast<double>(size);
        return u.reward(Point::of(nu), Point::of(given));
      };
    }
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      tally_.assign(sample.group(x));
      given_.resize(tally_.distinct());
      for (std::size_t s = 0; s < given_.size(); ++s) {
        const double p = p_({sample.question, x, static_cast<std::size_t>(tally_.answer(s))});
        require(p >= 0 && p <= 1, Errc::not_a_distribution,
                "GoalObjective: a probability must be in [0, 1], got ", p);
        given_[s] = p > floor_ ? p : floor_;
      }
      detail::clean_signals(
          tally_.slots(), tally_.counts(),
          [&](std::size_t s, std::size_t others, std::size_t size) {
            return reward_(given_[s], others, size);
          },
          1.0, sample.part(x, signal), scratch_);
    }
  }

 private:
  Given p_;
  double floor_;
  std::function<double(double, std::size_t, std::size_t)> reward_;
  AnswerTally tally_;
  std::vector<double> given_, scratch_;
};

}  // namespace dag
