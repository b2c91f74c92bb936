// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/solver/detail/first_order.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>
#include <dag/solver/tree/regret_step.hpp>

namespace dag {

/// Options of the CFR family beside those of every solver.
template <Scalar Real>
struct CounterfactualOptions {
  RegretRule rule = RegretRule::plus;  ///< what becomes of regrets
  Turns turns = Turns::alternating;    ///< who moves in a round
  Real alpha = Real(1.5);              ///< discounted: of positive regrets
  Real beta = 0;                       ///< discounted: of negative regrets
  Real gamma = 2;                      ///< discounted: strategies of round t weigh t^gamma
  Real asymmetry = 0;                  ///< predictive: >= 0; 0 is PCFR+; adaptive: the largest
  /// > 0: the payoffs of a set gain -pull |p - reference|^2 / 2, in payoff ranges; the reference
  /// jumps to the current play every `period` rounds, so that the last iterate converges.
  Real pull = 0;
  std::int64_t period = 0;  ///< of the reference, in rounds; 0: 100
};

namespace detail {

template <class Game>
inline constexpr bool is_sequence_game = false;
template <class Real, class Backend, class Map>
inline constexpr bool is_sequence_game<SequenceGame<Real, Backend, Map>> = true;

/// Rounds of counterfactual regret minimisation: for each player in turn one product, one pass
/// bottom-up (values, regrets) and one top-down (plan). Alternating turns are cut so that a round
/// begins with the last player's move: the plans in memory are then those that the last player has
/// just been measured against, which is what averages are made of, without a copy. On the game's
/// threads, subtree by subtree.
template <class Game>
requires is_sequence_game<Game>
class CounterfactualRounds {
 public:
  using Real = scalar_t<Game>;
  using View = StateView<const Real>;
  using Own = CounterfactualOptions<Real>;
  using Map = typename Game::players_type::map_type;

  CounterfactualRounds(const Game& game, const SolverOptions<Real>& options, const Own& own,
                       std::string_view solver)
      : game_(game),
        shape_(game.players().shape()),
        own_(own),
        state_(game.backend(), shape_.blocks.total()),
        field_(shape_.blocks.total()),
        regrets_(shape_.blocks.total(), Real{0}),
        behavior_(shape_.blocks.total()) {
    enter_start(game, options, solver, state_.view());
    for (std::size_t s = 0; s < behavior_.size(); ++s) {
      behavior_[s] = Map::from_dual(state_.view().dual[s]);
    }
    if (own_.pull > 0) {
      own_.pull *= game.range() > 0 ? game.range() : Real{1};
      own_.period = own_.period > 0 ? own_.period : 100;
      reference_ = behavior_;
    }
    if (own_.rule == RegretRule::adaptive) {
      before_.assign(regrets_.size(), Real{0});
      surprise_.assign(shape_.set_count(), Real{0});
      moved_.assign(shape_.set_count(), Real{0});
    }
  }

  bool round(std::int64_t t) {
    round_ = t;
    const std::size_t last = shape_.blocks.count() - 1;
    if (own_.turns == Turns::simultaneous || last == 0) {
      if (t > 1) {
        const View z = state_.view();
        game_.field(z, std::span<Real>(field_));
        ++products_;
        for (std::size_t i = 0; i <= last; ++i) {
          update(i, t - 1);
        }
      }
    } else {
      if (t > 1) {
        move(last, t - 1);
      }
      for (std::size_t i = 0; i < last; ++i) {
        move(i, t);
      }
      ++products_;
    }
    if (own_.pull > 0 && t % own_.period == 0) {
      reference_ = behavior_;
    }
    fresh_ = false;
    return true;
  }

  [[nodiscard]] View last() {
    if (!fresh_) {
      const auto z = state_.view();
      for (std::size_t s = 0; s < behavior_.size(); ++s) {
        z.dual[s] = Map::to_dual(behavior_[s]);
      }
      for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
        z.dual[shape_.blocks.offset(i)] = Map::to_dual(Real{1});
      }
      fresh_ = true;
    }
    return state_.view();
  }
  [[nodiscard]] std::span<const Real> sample() const { return std::as_const(state_).view().point; }
  /// Of the sample in means, beside the average's own weight.
  [[nodiscard]] Real weight() const {
    return own_.rule == RegretRule::discounted ? std::pow(static_cast<Real>(round_), own_.gamma)
                                               : Real{1};
  }
  [[nodiscard]] Real step() const { return 0; }
  [[nodiscard]] std::int64_t products() const { return products_; }

 private:
  void move(std::size_t i, std::int64_t t) {
    game_.player_field(i, sample(), std::span<Real>(field_));
    update(i, t);
  }

  void update(std::size_t i, std::int64_t t) {
    if (own_.pull > 0) {
      update<RegretRule::plus, true>(i, t);
      return;
    }
    switch (own_.rule) {
      case RegretRule::plain: update<RegretRule::plain, false>(i, t); return;
      case RegretRule::plus: update<RegretRule::plus, false>(i, t); return;
      case RegretRule::discounted: update<RegretRule::discounted, false>(i, t); return;
      case RegretRule::predictive: update<RegretRule::predictive, false>(i, t); return;
      case RegretRule::adaptive: update<RegretRule::adaptive, false>(i, t); return;
    }
  }

  template <RegretRule rule, bool pulled>
  void update(std::size_t i, std::int64_t t) {
    RegretStep<Real, rule, pulled> step{.pull = own_.pull};
    if constexpr (rule == RegretRule::discounted) {
      const Real up = std::pow(static_cast<Real>(t), own_.alpha);
      const Real down = std::pow(static_cast<Real>(t), own_.beta);
      step.keep_positive = std::isfinite(up) ? up / (up + 1) : Real{1};
      step.keep_negative = std::isfinite(down) ? down / (down + 1) : Real{1};
    }
    const Real fixed = 1 / (1 + own_.asymmetry);
    Real* const q = field_.data();
    Real* const p = behavior_.data();
    Real* const regret = regrets_.data();
    const Real* const reference = reference_.data();
    const std::uint32_t* const first = shape_.first.data();
    const std::uint32_t* const size = shape_.size.data();
    const std::uint32_t* const parent = shape_.parent.data();
    game_.players().up(i, std::span<Real>(field_), [=, this](std::uint32_t k) {
      const std::uint32_t s = first[k];
      return step(size[k], q + s, pulled ? reference + s : nullptr, regret + s, p + s,
                  [=, this](const Real* value, Real expected) {
                    return rule == RegretRule::adaptive ? 1 / (1 + asymmetry(k, value, expected))
                                                        : fixed;
                  });
    });
    Real* const x = state_.view().point.data();
    game_.players().down(i, [=](std::uint32_t k) {
      const Real reach = x[parent[k]];
      for (std::uint32_t s = first[k]; s < first[k] + size[k]; ++s) {
        x[s] = reach * p[s];
      }
    });
  }

  /// sqrt(sum |r - r before|^2 / sum |R after - R|^2) over the rounds so far, this one included.
  [[nodiscard]] Real asymmetry(std::uint32_t k, const Real* value, Real expected) {
    const std::uint32_t begin = shape_.first[k];
    for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
      const Real r = value[a] - expected;
      const Real total = regrets_[begin + a] + r;
      const Real moved = (total > 0 ? total : Real{0}) - regrets_[begin + a];
      const Real surprise = r - before_[begin + a];
      before_[begin + a] = r;
      surprise_[k] += surprise * surprise;
      moved_[k] += moved * moved;
    }
    const Real most = own_.asymmetry;
    return surprise_[k] < most * most * moved_[k] ? std::sqrt(surprise_[k] / moved_[k]) : most;
  }

  const Game& game_;
  const TreeplexShape& shape_;
  Own own_;
  State<backend_t<Game>, Real> state_;
  std::vector<Real> field_;
  std::vector<Real> regrets_;
  std::vector<Real> behavior_;
  std::vector<Real> reference_;
  std::vector<Real> before_;    ///< adaptive: the last regrets
  std::vector<Real> surprise_;  ///< adaptive, a set: the sum of their squared changes,
  std::vector<Real> moved_;     ///< and of those of R
  std::int64_t round_ = 0;
  std::int64_t products_ = 0;
  bool fresh_ = true;
};

template <Scalar Real>
void check_counterfactual(const SolverOptions<Real>& options,
                          const CounterfactualOptions<Real>& own, std::string_view solver) {
  validate(options, solver);
  require(options.feedback == Feedback<Real>{}, Errc::invalid_argument, solver,
          ": it sees the whole tree; leave feedback as it is (for samples: external_sampling, "
          "outcome_sampling)");
  require(options.step == Step<Real>{}, Errc::invalid_argument, solver,
          ": it has no step; leave step automatic");
  const OptionRules rules(solver);
  rules.need(own.alpha >= 0, "alpha", ">= 0", own.alpha);
  rules.need(own.gamma >= 0, "gamma", ">= 0", own.gamma);
  rules.need(!std::isnan(own.beta), "beta", "a number", own.beta);
  rules.not_negative("asymmetry", own.asymmetry);
  rules.not_negative("pull", own.pull);
  rules.not_negative("period", own.period);
  require(own.pull == 0 || own.rule == RegretRule::plus, Errc::invalid_argument, solver,
          ": a pull needs the rule plus");
}

template <class Game>
[[nodiscard]] Solution<Game> counterfactual(const Game& game,
                                            const SolverOptions<scalar_t<Game>>& options,
                                            const CounterfactualOptions<scalar_t<Game>>& own,
                                            Average automatic, std::string_view solver) {
  check_counterfactual(options, own, solver);
  return solve_by<CounterfactualRounds<Game>>(game, options, solver,
                                              or_default(options.average, automatic), own);
}

}  // namespace detail
}  // namespace dag
