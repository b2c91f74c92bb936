// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/geometry/treeplex_shape.hpp>
#include <dag/numeric/integer.hpp>

namespace dag {

/// One player's expected payoffs, row by row over the player's sequences: row r belongs to sequence
/// sequence[r] (stacked), and has the entries [offsets[r], offsets[r + 1]), each a payoff times
/// chance's probability, earned if the others play the sequences `others` (players - 1 an entry).
template <class Real>
struct PayoffRows {
  std::vector<std::uint32_t> sequence;
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> others;
  std::vector<Real> payoff;
};

/// A game tree in sequence form, flat: who owns which sequences (`shape`), and what each player
/// earns by combination of sequences. Plays that differ only by chance are one entry, so that
/// nothing of the tree's size is walked in a round of a solver.
///
/// Standard units: player i earns shift[i] + unit[i] times what is stored. The shift is 0 and the
/// unit 1 but where payoffs are far from zero beside their range, or their range is far from one,
/// so that neither a constant nor a unit costs precision: such payoffs are differences of the
/// numbers as written (1e17 + 3 and 1e17 + 5 are 2 apart, and one double).
///
/// Source: von Stengel (1996), doi:10.1006/game.1996.0050; Koller, Megiddo, von Stengel (1996).
/// Memory: 8 + 12 N + N (4 N + 4) bytes a combination of sequences for N players (56 for two), 8 a
/// sequence, 20 a set.
struct SequenceForm {
  TreeplexShape shape;
  std::vector<std::uint32_t> set_of;  ///< set k of the shape is game.sets[owner][set_of[k]]
  /// The combinations that plays make: player_count entries each; chance's probability of them, and
  /// that times the payoff in standard units, player by player.
  std::vector<std::uint32_t> sequences;
  std::vector<double> reach;
  std::vector<double> payoffs;
  /// One a player, in standard units; games made of the form share them.
  std::shared_ptr<const std::vector<PayoffRows<double>>> rows;
  std::vector<double> least;  ///< smallest payoff of a play as given, one a player
  std::vector<double> most;
  std::vector<double> extent;  ///< largest less smallest payoff of a play, one a player
  std::vector<double> shift;   ///< as given, one a player
  std::vector<double> unit;    ///< a power of two, one a player

  [[nodiscard]] std::size_t player_count() const noexcept { return shape.blocks.count(); }
  [[nodiscard]] std::size_t term_count() const noexcept { return reach.size(); }
  /// Player i's largest payoff less the smallest.
  [[nodiscard]] double range(std::size_t i) const noexcept { return extent[i]; }
  /// The largest over the players.
  [[nodiscard]] double range() const noexcept {
    double largest = 0;
    for (std::size_t i = 0; i < extent.size(); ++i) {
      largest = std::max(largest, range(i));
    }
    return largest;
  }
  /// Regrets (payoffs as given), each over its player's range, added up: the relative gap. Players
  /// who always earn the same have none.
  [[nodiscard]] double relative(const std::vector<double>& regrets) const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < regrets.size(); ++i) {
      sum += range(i) > 0 ? regrets[i] / range(i) : 0.0;
    }
    return sum;
  }
};

namespace detail {

/// Builds the sequence form of a tree; checks recall on the way.
class SequenceFormMaker {
 public:
  explicit SequenceFormMaker(const ExtensiveGame& game)
      : game_(game), players_(game.player_count()) {}

  [[nodiscard]] SequenceForm make() {
    number_sets();
    walk();
    standardize();
    merge();
    std::vector<PayoffRows<double>> rows;
    for (std::size_t i = 0; i < players_; ++i) {
      rows.push_back(rows_of(i));
    }
    form_.rows = std::make_shared<const std::vector<PayoffRows<double>>>(std::move(rows));
    return std::move(form_);
  }

 private:
  static constexpr std::uint32_t unseen = TreeNode::none;

  /// Sets in the order in which plays come to them: parents before children.
  void number_sets() {
    std::vector<std::vector<std::uint32_t>> order(players_);
    rank_.resize(players_);
    for (std::size_t i = 0; i < players_; ++i) {
      rank_[i].assign(game_.sets[i].size(), unseen);
    }
    for (const TreeNode& node : game_.nodes) {
      if (node.player < players_ && rank_[node.player][node.set] == unseen) {
        rank_[node.player][node.set] = 0;
        order[node.player].push_back(node.set);
      }
    }
    TreeplexShape& shape = form_.shape;
    shape.begin.push_back(0);
    for (std::size_t i = 0; i < players_; ++i) {
      std::size_t next = shape.blocks.total() + 1;
      for (const std::uint32_t set : order[i]) {
        const std::size_t actions = game_.sets[i][set].actions.size();
        rank_[i][set] = static_cast<std::uint32_t>(shape.first.size());
        shape.first.push_back(static_cast<std::uint32_t>(next));
        shape.size.push_back(static_cast<std::uint32_t>(actions));
        shape.parent.push_back(unseen);
        shape.owner.push_back(static_cast<std::uint32_t>(i));
        form_.set_of.push_back(set);
        next += actions;
      }
      shape.blocks.push_back(next - shape.blocks.total());
      shape.begin.push_back(static_cast<std::uint32_t>(shape.first.size()));
    }
    require(shape.blocks.total() < unseen, Errc::unsupported,
            "SequenceForm: more than 2^32 sequences");
  }

  void walk() {
    TreeplexShape& shape = form_.shape;
    const std::size_t n = players_;
    // Of the nodes on the path to the one at hand alone: they are in prefix order.
    std::vector<std::uint32_t> path;
    std::vector<std::uint32_t> at;  // the sequences that lead to a node
    std::vector<double> reach;
    std::vector<double> earned;
    form_.least.assign(n, 0.0);
    form_.most.assign(n, 0.0);
    bool any = false;
    for (std::uint32_t v = 0; v < game_.nodes.size(); ++v) {
      const TreeNode& node = game_.nodes[v];
      while (!path.empty() && path.back() != node.parent) {
        path.pop_back();
      }
      const std::size_t depth = path.size();
      path.push_back(v);
      at.resize((depth + 1) * n);
      reach.resize(depth + 1);
      earned.resize((depth + 1) * n);
      reach[depth] = depth == 0 ? 1.0 : reach[depth - 1];
      for (std::size_t i = 0; i < n; ++i) {
        at[depth * n + i] = depth == 0 ? static_cast<std::uint32_t>(shape.blocks.offset(i))
                                       : at[(depth - 1) * n + i];
        earned[depth * n + i] =
            (depth == 0 ? 0.0 : earned[(depth - 1) * n + i]) +
            (node.outcome == 0 ? 0.0 : game_.outcomes[node.outcome - 1].payoffs[i].value());
        require(std::isfinite(earned[depth * n + i]), Errc::not_finite,
                "SequenceForm: the payoffs of player ", i + 1,
                " on a path add up to more than a double can hold");
      }
      if (depth > 0) {
        const TreeNode& parent = game_.nodes[node.parent];
        if (parent.player == TreeNode::chance) {
          reach[depth] *= probability(parent.set, node.action);
        } else {
          at[depth * n + parent.player] =
              shape.first[rank_[parent.player][parent.set]] + node.action;
        }
      }
      if (node.player < players_) {
        std::uint32_t& parent = shape.parent[rank_[node.player][node.set]];
        const std::uint32_t own = at[depth * n + node.player];
        if (parent == unseen) {
          parent = own;
        } else if (parent != own) {
          refuse_recall(v);
        }
      } else if (node.player == TreeNode::terminal && reach[depth] > 0) {
        for (std::size_t i = 0; i < n; ++i) {
          const double payoff = earned[depth * n + i];
          form_.least[i] = any ? std::min(form_.least[i], payoff) : payoff;
          form_.most[i] = any ? std::max(form_.most[i], payoff) : payoff;
          form_.sequences.push_back(at[depth * n + i]);
          form_.payoffs.push_back(payoff);  // times reach, in standard units: later
        }
        form_.reach.push_back(reach[depth]);
        ends_.push_back(v);
        any = true;
      }
    }
  }

  /// Payoffs of plays to standard units, times chance's probability.
  void standardize() {
    std::vector<bool> distant;
    for (std::size_t i = 0; i < players_; ++i) {
      const double range = form_.most[i] - form_.least[i];
      require(std::isfinite(range), Errc::not_finite, "SequenceForm: the payoffs of player ", i + 1,
              " go from ", form_.least[i], " to ", form_.most[i],
              ", which is further apart than a double can hold");
      const double largest = std::max(std::abs(form_.least[i]), std::abs(form_.most[i]));
      distant.push_back(largest > 8 * range);
      form_.shift.push_back(distant[i] ? form_.least[i] : 0.0);
      form_.extent.push_back(range);
    }
    if (std::find(distant.begin(), distant.end(), true) != distant.end()) {
      const WholeOutcomes whole(game_);
      for (std::size_t i = 0; i < players_; ++i) {
        if (distant[i]) {
          from_the_least(whole, i);
        }
      }
    }
    for (std::size_t i = 0; i < players_; ++i) {
      const double range = form_.extent[i];
      const bool extreme = range > 0 && (range < 0x1p-100 || range > 0x1p100);
      form_.unit.push_back(extreme ? std::ldexp(1.0, std::ilogb(range)) : 1.0);
      for (std::size_t term = 0; term < form_.reach.size(); ++term) {
        double& payoff = form_.payoffs[term * players_ + i];
        payoff = form_.reach[term] * (payoff / form_.unit[i]);
      }
    }
  }

  /// Player i's payoffs of plays as what they are above the least, from the numbers as written.
  void from_the_least(const WholeOutcomes& whole, std::size_t i) {
    std::vector<Integer> earned;
    std::size_t next = 0;
    every_play(
        game_, [&](std::size_t k) -> const Integer& { return whole.payoffs[k * players_ + i]; },
        [&](std::size_t v, const Integer& sum) {
          if (next < ends_.size() && ends_[next] == v) {
            earned.push_back(sum);
            ++next;
          }
        });
    Integer least = earned[0];
    Integer most = earned[0];
    for (const Integer& sum : earned) {
      least = compare(sum, least) < 0 ? sum : least;
      most = compare(most, sum) < 0 ? sum : most;
    }
    form_.least[i] = form_.shift[i] = whole.nearest(least);
    form_.most[i] = whole.nearest(most);
    form_.extent[i] = whole.nearest(most - least);
    for (std::size_t term = 0; term < earned.size(); ++term) {
      form_.payoffs[term * players_ + i] = whole.nearest(earned[term] - least);
    }
  }

  /// Decimals that were rounded are brought back to a sum of one.
  [[nodiscard]] double probability(std::uint32_t set, std::uint32_t action) {
    if (totals_.empty()) {
      for (const InformationSet& chance : game_.chance_sets) {
        double total = 0;
        for (const Number& p : chance.chances) {
          total += p.value();
        }
        totals_.push_back(std::abs(total - 1) < 1e-14 ? 1.0 : total);
      }
    }
    return game_.chance_sets[set].chances[action].value() / totals_[set];
  }

  [[noreturn]] void refuse_recall(std::size_t v) const {
    const TreeNode& node = game_.nodes[v];
    const InformationSet& set = game_.sets[node.player][node.set];
    for (std::uint32_t up = node.parent; up != TreeNode::none; up = game_.nodes[up].parent) {
      if (game_.nodes[up].player == node.player && game_.nodes[up].set == node.set) {
        fail(Errc::unsupported, "SequenceForm: player ", node.player + 1,
             " is absent-minded: a play meets ", set_name(set),
             " twice, so that plans are not made of sequences");
      }
    }
    fail(Errc::unsupported, "SequenceForm: player ", node.player + 1,
         " does not have perfect recall: ", set_name(set),
         " has nodes that different own moves lead to");
  }

  /// Adds up plays that make the same combination of sequences.
  void merge() {
    const std::size_t n = players_;
    std::vector<std::uint32_t> order(form_.reach.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto& sequences = form_.sequences;
    const auto key = [&](std::uint32_t term) {
      return sequences.begin() + static_cast<std::ptrdiff_t>(term * n);
    };
    const auto length = static_cast<std::ptrdiff_t>(n);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::lexicographical_compare(key(a), key(a) + length, key(b), key(b) + length);
    });
    const auto first_of_its_kind = [&](std::size_t k) {
      return k == 0 || !std::equal(key(order[k]), key(order[k]) + length, key(order[k - 1]));
    };
    std::size_t distinct = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      distinct += first_of_its_kind(k) ? 1U : 0U;
    }
    // One array after the other, so that no two are held twice; the keys last.
    const auto add_up = [&](std::vector<double>& terms, std::size_t width) {
      std::vector<double> sums;
      sums.reserve(distinct * width);
      for (std::size_t k = 0; k < order.size(); ++k) {
        if (first_of_its_kind(k)) {
          sums.resize(sums.size() + width, 0.0);
        }
        for (std::size_t i = 0; i < width; ++i) {
          sums[sums.size() - width + i] += terms[order[k] * width + i];
        }
      }
      terms = std::move(sums);
    };
    add_up(form_.payoffs, n);
    add_up(form_.reach, 1);
    std::vector<std::uint32_t> merged;
    merged.reserve(distinct * n);
    for (std::size_t k = 0; k < order.size(); ++k) {
      if (first_of_its_kind(k)) {
        merged.insert(merged.end(), key(order[k]), key(order[k]) + length);
      }
    }
    form_.sequences = std::move(merged);
  }

  [[nodiscard]] PayoffRows<double> rows_of(std::size_t player) const {
    const std::size_t n = players_;
    std::vector<std::uint32_t> order;
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      if (form_.payoffs[term * n + player] != 0) {
        order.push_back(static_cast<std::uint32_t>(term));
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return form_.sequences[a * n + player] < form_.sequences[b * n + player];
    });
    PayoffRows<double> rows;
    rows.others.reserve(order.size() * (n - 1));
    rows.payoff.reserve(order.size());
    for (const std::uint32_t term : order) {
      const std::uint32_t own = form_.sequences[term * n + player];
      if (rows.sequence.empty() || rows.sequence.back() != own) {
        rows.sequence.push_back(own);
        rows.offsets.push_back(static_cast<std::uint32_t>(rows.payoff.size()));
      }
      for (std::size_t i = 0; i < n; ++i) {
        if (i != player) {
          rows.others.push_back(form_.sequences[term * n + i]);
        }
      }
      rows.payoff.push_back(form_.payoffs[term * n + player]);
    }
    rows.offsets.push_back(static_cast<std::uint32_t>(rows.payoff.size()));
    rows.sequence.shrink_to_fit();
    rows.offsets.shrink_to_fit();
    return rows;
  }

  const ExtensiveGame& game_;
  std::size_t players_;
  SequenceForm form_;
  std::vector<std::vector<std::uint32_t>> rank_;
  std::vector<std::uint32_t> ends_;  ///< the nodes of the plays that chance allows
  std::vector<double> totals_;
};

}  // namespace detail

/// The sequence form of a game. Errors: as `validate` for a game that is none, unsupported for
/// players without perfect recall (the message names the information set, and says so if they are
/// absent-minded), not_finite for payoffs, or differences of payoffs, that overflow.
[[nodiscard]] inline SequenceForm sequence_form(const ExtensiveGame& game) {
  validate(game);
  return detail::SequenceFormMaker(game).make();
}

}  // namespace dag
