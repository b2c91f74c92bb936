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
#include <dag/core/random.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/tree/counterfactual_regret.hpp>

namespace dag {

/// Options of sampled CFR beside those of every solver.
template <Scalar Real>
struct SampledCfrOptions {
  std::uint64_t seed = 0;        ///< of a RandomStream; the same seed gives the same run
  Real exploration = Real(0.6);  ///< outcome_sampling: share of uniform play at own sets, in (0, 1]
};

namespace detail {

/// Rounds of Monte Carlo CFR: one walk of the tree for each player, along sampled moves. The
/// iterate is the mean strategy.
template <class Game>
requires is_sequence_game<Game>
class SampledRounds {
 public:
  using Real = scalar_t<Game>;
  using View = StateView<const Real>;

  SampledRounds(const Game& game, const ExtensiveGame& tree, const SequenceForm& form,
                const SampledCfrOptions<Real>& own, bool single)
      : game_(game),
        tree_(tree),
        form_(form),
        shape_(game.players().shape()),
        own_(own),
        single_(single),
        random_(own.seed, 0x6d636366),
        state_(game.backend(), shape_.blocks.total()),
        regrets_(shape_.blocks.total(), Real{0}),
        sums_(shape_.blocks.total(), Real{0}),
        rank_(tree.player_count()) {
    game.players().start(game.backend(), state_.view());
    for (std::size_t i = 0; i < rank_.size(); ++i) {
      rank_[i].resize(tree.sets[i].size());
    }
    std::size_t widest = 1;
    for (std::size_t k = 0; k < shape_.set_count(); ++k) {
      rank_[shape_.owner[k]][form.set_of[k]] = static_cast<std::uint32_t>(k);
      widest = shape_.size[k] > widest ? shape_.size[k] : widest;
    }
    std::vector<std::uint32_t> level(tree.nodes.size(), 0);
    std::uint32_t depth = 0;
    for (std::size_t v = 1; v < level.size(); ++v) {
      level[v] = level[tree.nodes[v].parent] + 1;
      depth = level[v] > depth ? level[v] : depth;
    }
    require(depth <= 20000, Errc::unsupported,
            "sampled CFR: walks of more than 20000 moves are not made, the tree is ", depth,
            " deep");
    play_.resize((depth + std::size_t{1}) * widest);
    values_.resize(play_.size());
    widest_ = widest;
  }

  bool round(std::int64_t) {
    for (std::uint32_t i = 0; i < shape_.blocks.count(); ++i) {
      if (single_) {
        static_cast<void>(outcome(0, i, 0, Real{1}, Real{1}, Real{1}));
      } else {
        static_cast<void>(external(0, i, 0));
      }
    }
    fresh_ = false;
    return true;
  }
  [[nodiscard]] View last() {
    if (!fresh_) {
      const auto z = state_.view();
      for (std::size_t k = 0; k < shape_.set_count(); ++k) {
        Real total = 0;
        const std::uint32_t begin = shape_.first[k];
        for (std::uint32_t s = begin; s < begin + shape_.size[k]; ++s) {
          total += sums_[s];
        }
        for (std::uint32_t s = begin; s < begin + shape_.size[k]; ++s) {
          z.point[s] = z.point[shape_.parent[k]] *
                       (total > 0 ? sums_[s] / total : 1 / static_cast<Real>(shape_.size[k]));
        }
      }
      game_.players().enter(game_.backend(), z);
      fresh_ = true;
    }
    return std::as_const(state_).view();
  }
  [[nodiscard]] std::span<const Real> sample() { return last().point; }
  [[nodiscard]] Real step() const { return 0; }
  [[nodiscard]] std::int64_t products() const { return 0; }

 private:
  /// Regret matching at set k into p.
  void match(std::uint32_t k, Real* p) const {
    const Real* regret = regrets_.data() + shape_.first[k];
    Real total = 0;
    for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
      p[a] = regret[a] > 0 ? regret[a] : Real{0};
      total += p[a];
    }
    for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
      p[a] = total > 0 ? p[a] / total : 1 / static_cast<Real>(shape_.size[k]);
    }
  }
  template <class Probability>
  [[nodiscard]] std::uint32_t draw(std::uint32_t size, Probability&& probability) {
    double left = random_.uniform();
    std::uint32_t possible = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      const double p = static_cast<double>(probability(a));
      possible = p > 0 ? a : possible;
      left -= p;
      if (left < 0 && p > 0) {
        return a;
      }
    }
    return possible;
  }
  [[nodiscard]] std::uint32_t draw_chance(const TreeNode& node) {
    const InformationSet& set = tree_.chance_sets[node.set];
    return draw(static_cast<std::uint32_t>(set.actions.size()),
                [&](std::uint32_t a) { return set.chances[a].value(); });
  }
  /// In the form's standard units.
  [[nodiscard]] Real payoff(const TreeNode& node, std::uint32_t player) const {
    const double given =
        node.outcome == 0 ? 0.0 : tree_.outcomes[node.outcome - 1].payoffs[player].value();
    const double shift = node.player == TreeNode::terminal ? form_.shift[player] : 0.0;
    return static_cast<Real>((given - shift) / form_.unit[player]);
  }

  /// What `player` earns below a node: own moves all tried, the others' and chance's drawn.
  Real external(std::uint32_t v, std::uint32_t player, std::size_t depth) {
    const TreeNode& node = tree_.nodes[v];
    const Real here = payoff(node, player);
    if (node.player == TreeNode::terminal) {
      return here;
    }
    const std::uint32_t* children = tree_.children.data() + node.children;
    if (node.player == TreeNode::chance) {
      return here + external(children[draw_chance(node)], player, depth + 1);
    }
    const std::uint32_t k = rank_[node.player][node.set];
    const std::uint32_t size = shape_.size[k];
    const std::uint32_t first = shape_.first[k];
    Real* p = play_.data() + depth * widest_;
    match(k, p);
    if (node.player != player) {
      for (std::uint32_t a = 0; a < size; ++a) {
        sums_[first + a] += p[a];
      }
      const std::uint32_t a = draw(size, [&](std::uint32_t b) { return p[b]; });
      return here + external(children[a], player, depth + 1);
    }
    Real* value = values_.data() + depth * widest_;
    Real expected = 0;
    for (std::uint32_t a = 0; a < size; ++a) {
      value[a] = external(children[a], player, depth + 1);
      expected += p[a] * value[a];
    }
    for (std::uint32_t a = 0; a < size; ++a) {
      regrets_[first + a] += value[a] - expected;
    }
    return here + expected;
  }

  /// One play. `own`, `others`: how likely the player, and all others with chance, make the moves
  /// so far; `drawn`: how likely they were drawn. Gives what is earned below, over the probability
  /// with which everything below was drawn, and the probability that everybody makes these moves.
  struct Tail {
    Real payoff;  ///< of the rest of the play
    Real drawn;   ///< probability of its draws
    Real played;  ///< probability that the strategies make them
  };
  Tail outcome(std::uint32_t v, std::uint32_t player, std::size_t depth, Real own, Real others,
               Real drawn) {
    const TreeNode& node = tree_.nodes[v];
    const Real here = payoff(node, player);
    if (node.player == TreeNode::terminal) {
      return {here, Real{1}, Real{1}};
    }
    const std::uint32_t* children = tree_.children.data() + node.children;
    if (node.player == TreeNode::chance) {
      const std::uint32_t a = draw_chance(node);
      const Real chance = static_cast<Real>(tree_.chance_sets[node.set].chances[a].value());
      Tail tail = outcome(children[a], player, depth + 1, own, others * chance, drawn * chance);
      tail.payoff += here;
      tail.drawn *= chance;
      tail.played *= chance;
      return tail;
    }
    const std::uint32_t k = rank_[node.player][node.set];
    const std::uint32_t size = shape_.size[k];
    const std::uint32_t first = shape_.first[k];
    Real* p = play_.data() + depth * widest_;
    match(k, p);
    const bool mine = node.player == player;
    const Real explore = mine ? own_.exploration : Real{0};
    const auto chosen = [&](std::uint32_t a) {
      return explore / static_cast<Real>(size) + (1 - explore) * p[a];
    };
    const std::uint32_t a = draw(size, chosen);
    const Real q = chosen(a);
    const Real pa = p[a];
    Tail tail = mine ? outcome(children[a], player, depth + 1, own * pa, others, drawn * q)
                     : outcome(children[a], player, depth + 1, own, others * pa, drawn * q);
    if (mine) {
      // Of the action drawn, an unbiased counterfactual value; of the others 0.
      const Real value = others / drawn * tail.payoff * tail.played / (tail.drawn * q);
      for (std::uint32_t b = 0; b < size; ++b) {
        regrets_[first + b] += (b == a ? value : Real{0}) - pa * value;
        sums_[first + b] += own / drawn * p[b];
      }
    }
    tail.payoff += here;
    tail.drawn *= q;
    tail.played *= pa;
    return tail;
  }

  const Game& game_;
  const ExtensiveGame& tree_;
  const SequenceForm& form_;
  const TreeplexShape& shape_;
  SampledCfrOptions<Real> own_;
  bool single_;
  RandomStream random_;
  State<backend_t<Game>, Real> state_;
  std::vector<Real> regrets_;
  std::vector<Real> sums_;
  std::vector<std::vector<std::uint32_t>> rank_;
  std::vector<Real> play_;
  std::vector<Real> values_;
  std::size_t widest_ = 1;
  bool fresh_ = true;
};

template <class Game>
[[nodiscard]] Solution<Game> sampled_cfr(const Game& game, const ExtensiveGame& tree,
                                         const SequenceForm& form,
                                         const SolverOptions<scalar_t<Game>>& options,
                                         const SampledCfrOptions<scalar_t<Game>>& own, bool single,
                                         std::string_view solver) {
  validate(options, solver);
  const OptionRules rules(solver);
  rules.need(options.start.empty(), "start", "empty (it begins at uniform play)",
             options.start.size());
  require(options.feedback == Feedback<scalar_t<Game>>{}, Errc::invalid_argument, solver,
          ": it samples by its own rule; leave feedback as it is");
  require(options.step == Step<scalar_t<Game>>{}, Errc::invalid_argument, solver,
          ": it has no step; leave step automatic");
  require(options.average == Average::automatic || options.average == Average::uniform,
          Errc::invalid_argument, solver, ": its iterate is the uniform mean; leave average so");
  require(own.exploration > 0 && own.exploration <= 1, Errc::invalid_argument, solver,
          ": exploration must be in (0, 1], got ", own.exploration);
  require(form.shape == game.players().shape(), Errc::dimension_mismatch, solver,
          ": the tree and the game differ");
  SampledRounds<Game> rounds(game, tree, form, own, single);
  Solution<Game> found = run(game, rounds, Average::last, options);
  found.iterate = Average::uniform;
  return found;
}

}  // namespace detail

/// External-sampling Monte Carlo CFR: a round walks the tree once a player, trying all own moves
/// and drawing those of the others and of chance. Source: Lanctot, Waugh, Zinkevich, Bowling
/// (2009). Regrets are unbiased, so that with probability 1 - p NashConv of the mean is O(sqrt(1 /
/// (p t))). Draws come from one Philox stream: the same seed gives the same run. Memory: three
/// stacked vectors and a row of actions a level. Errors: invalid_argument, unsupported (deeper than
/// 20000).
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> external_sampling(const Game& game, const ExtensiveGame& tree,
                                               const SequenceForm& form,
                                               const SolverOptions<scalar_t<Game>>& options = {},
                                               const SampledCfrOptions<scalar_t<Game>>& own = {}) {
  return detail::sampled_cfr(game, tree, form, options, own, false, "external_sampling");
}

/// Outcome-sampling Monte Carlo CFR: a round makes one play a player, own moves drawn with
/// `exploration` of uniform play in them, and weighs what it sees by the inverse probability of the
/// draws. Source, rate, errors as `external_sampling`; a round costs a path, and its noise is
/// larger.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> outcome_sampling(const Game& game, const ExtensiveGame& tree,
                                              const SequenceForm& form,
                                              const SolverOptions<scalar_t<Game>>& options = {},
                                              const SampledCfrOptions<scalar_t<Game>>& own = {}) {
  return detail::sampled_cfr(game, tree, form, options, own, true, "outcome_sampling");
}

}  // namespace dag
