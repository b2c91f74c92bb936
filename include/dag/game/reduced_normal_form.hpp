// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// A tree in reduced normal form: pure strategies that differ only where they never come are one.
/// Payoffs whose constant would take more than 20 bits of them are in the table's numbers too.
struct ReducedNormalForm {
  GameTable table;
  /// sequences[player][strategy]: the sequences (stacked) that the strategy plays with certainty.
  std::vector<std::vector<std::vector<std::uint32_t>>> sequences;
};

/// Reduced pure strategies of each player; `limit + 1` where there are more than `limit`.
[[nodiscard]] inline std::vector<std::size_t> reduced_strategy_counts(
    const SequenceForm& form, std::size_t limit = detail::largest_count) {
  const TreeplexShape& shape = form.shape;
  std::vector<std::size_t> ways(shape.blocks.total(), 1);
  for (std::size_t k = shape.set_count(); k-- > 0;) {
    std::size_t sum = 0;
    for (std::uint32_t a = 0; a < shape.size[k]; ++a) {
      sum = std::min(sum + ways[shape.first[k] + a], limit + 1);
    }
    std::size_t& above = ways[shape.parent[k]];
    above = sum > limit / above ? limit + 1 : above * sum;
  }
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < form.player_count(); ++i) {
    counts.push_back(ways[shape.blocks.offset(i)]);
  }
  return counts;
}

namespace detail {

class ReducedFormMaker {
 public:
  ReducedFormMaker(const ExtensiveGame& game, const SequenceForm& form, const Deadline& deadline)
      : game_(game), form_(form), deadline_(deadline) {}

  [[nodiscard]] ReducedNormalForm make(std::size_t limit) {
    const std::vector<std::size_t> counts = reduced_strategy_counts(form_, limit);
    require(bounded_product(counts, limit) <= limit, Errc::unsupported,
            "reduced_normal_form: the strategies", sizes_of(counts, limit), " make more than ",
            limit, " profiles; solve the tree itself");
    for (std::size_t i = 0; i < form_.player_count(); ++i) {
      require(form_.shape.depth(i) <= 2000, Errc::unsupported, "reduced_normal_form: player ",
              i + 1, " has ", form_.shape.depth(i), " own moves on a path; solve the tree itself");
    }
    ReducedNormalForm found;
    GameTable& table = found.table;
    table.title = game_.title;
    table.comment = game_.comment;
    table.has_comment = game_.has_comment;
    table.players = game_.players;
    table.sizes = counts;
    children_.resize(form_.shape.blocks.total());
    set_of_.resize(form_.shape.blocks.total(), no_set);
    for (std::uint32_t k = 0; k < form_.shape.set_count(); ++k) {
      children_[form_.shape.parent[k]].push_back(k);
      for (std::uint32_t a = 0; a < form_.shape.size[k]; ++a) {
        set_of_[form_.shape.first[k] + a] = k;
      }
    }
    for (std::size_t i = 0; i < form_.player_count(); ++i) {
      const auto root = static_cast<std::uint32_t>(form_.shape.blocks.offset(i));
      found.sequences.push_back(below(root));
      std::vector<std::string> names;
      for (const auto& strategy : found.sequences.back()) {
        names.push_back(name_of(i, strategy));
      }
      table.labels.push_back(std::move(names));
    }
    fill(found);
    return found;
  }

 private:
  using Strategies = std::vector<std::vector<std::uint32_t>>;

  [[nodiscard]] static std::string sizes_of(const std::vector<std::size_t>& counts,
                                            std::size_t limit) {
    std::string text;
    for (const std::size_t count : counts) {
      text += text.empty() ? " " : " x ";
      text += count > limit ? "(more)" : std::to_string(count);
    }
    return text;
  }

  /// Everything that can be played once `sequence` was: last set slowest, as in plans.
  [[nodiscard]] Strategies below(std::uint32_t sequence) const {
    Strategies all{{sequence}};
    for (const std::uint32_t k : children_[sequence]) {
      Strategies wider;
      for (const std::vector<std::uint32_t>& before : all) {
        for (std::uint32_t a = 0; a < form_.shape.size[k]; ++a) {
          look_at_the_clock();
          for (const std::vector<std::uint32_t>& after : below(form_.shape.first[k] + a)) {
            wider.push_back(before);
            wider.back().insert(wider.back().end(), after.begin(), after.end());
          }
        }
      }
      all = std::move(wider);
    }
    return all;
  }

  /// The action at every set of the player in the game's order, * where the strategy never comes.
  [[nodiscard]] std::string name_of(std::size_t player,
                                    const std::vector<std::uint32_t>& strategy) const {
    look_at_the_clock();
    std::vector<std::string_view> actions(game_.sets[player].size(), "*");
    for (const std::uint32_t s : strategy) {
      if (const std::uint32_t k = set_of_[s]; k != no_set) {
        actions[form_.set_of[k]] =
            game_.sets[player][form_.set_of[k]].actions[s - form_.shape.first[k]];
      }
    }
    std::string name;
    for (const std::string_view action : actions) {
      name += name.empty() ? "" : " ";
      name += action;
    }
    return name;
  }

  /// Every combination of sequences adds its payoff to the profiles that play it.
  void fill(ReducedNormalForm& found) const {
    GameTable& table = found.table;
    const std::size_t players = table.sizes.size();
    const std::size_t profiles = bounded_product(table.sizes, largest_count);
    for (std::size_t i = 0; i < players; ++i) {
      table.payoffs.emplace_back(profiles, 0.0);
    }
    std::vector<std::vector<std::size_t>> playing(form_.shape.blocks.total());
    for (std::size_t i = 0; i < players; ++i) {
      const std::size_t stride = profile_stride(table.sizes, i);
      for (std::size_t s = 0; s < found.sequences[i].size(); ++s) {
        for (const std::uint32_t sequence : found.sequences[i][s]) {
          playing[sequence].push_back(s * stride);
        }
      }
    }
    std::vector<std::size_t> at(players);
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      const std::uint32_t* sequences = form_.sequences.data() + term * players;
      look_at_the_clock();
      std::fill(at.begin(), at.end(), std::size_t{0});
      for (bool more = true; more;) {
        std::size_t profile = 0;
        for (std::size_t i = 0; i < players; ++i) {
          profile += playing[sequences[i]][at[i]];
        }
        for (std::size_t i = 0; i < players; ++i) {
          table.payoffs[i][profile] += form_.unit[i] * form_.payoffs[term * players + i];
        }
        more = false;
        for (std::size_t i = 0; i < players && !more; ++i) {
          more = ++at[i] < playing[sequences[i]].size();
          at[i] = more ? at[i] : 0;
        }
      }
    }
    keep_digits(table);
    for (std::size_t i = 0; i < players; ++i) {
      for (double& payoff : table.payoffs[i]) {
        payoff += form_.shift[i];
      }
    }
    for (std::size_t k = 0; k < table.numbers.size(); ++k) {
      table.payoffs[k % players][k / players] = table.numbers[k].value();
    }
  }

  /// Where a constant would take more than 20 bits of the payoffs above it, these are written out:
  /// the sums as numbers, which a double would round.
  void keep_digits(GameTable& table) const {
    const std::size_t players = table.sizes.size();
    std::vector<bool> distant;
    for (std::size_t i = 0; i < players; ++i) {
      const double range = form_.range(i);
      distant.push_back(range > 0 && std::abs(form_.shift[i]) > std::ldexp(range, 20));
    }
    const bool any = std::find(distant.begin(), distant.end(), true) != distant.end();
    const std::vector<Fraction> least = any ? least_of_plays() : std::vector<Fraction>();
    for (std::size_t k = 0; any && k < table.payoffs[0].size(); ++k) {
      look_at_the_clock();
      for (std::size_t i = 0; i < players; ++i) {
        const double payoff = table.payoffs[i][k];
        table.numbers.push_back(distant[i] ? Number::parse((least[i] + Fraction::of(payoff)).text())
                                           : Number(form_.shift[i] + payoff));
      }
    }
  }

  /// Each player's smallest payoff of a play that chance allows, as written.
  [[nodiscard]] std::vector<Fraction> least_of_plays() const {
    std::vector<bool> allowed(game_.nodes.size(), true);
    for (std::size_t v = 1; v < allowed.size(); ++v) {
      const TreeNode& parent = game_.nodes[game_.nodes[v].parent];
      allowed[v] = allowed[game_.nodes[v].parent] &&
                   (parent.player != TreeNode::chance ||
                    game_.chance_sets[parent.set].chances[game_.nodes[v].action].value() > 0);
    }
    const WholeOutcomes whole(game_);
    std::vector<Fraction> least;
    for (std::size_t i = 0; i < form_.player_count(); ++i) {
      Integer smallest;
      bool first = true;
      every_play(
          game_,
          [&](std::size_t k) -> const Integer& {
            return whole.payoffs[k * form_.player_count() + i];
          },
          [&](std::size_t v, const Integer& sum) {
            if (allowed[v] && (first || compare(sum, smallest) < 0)) {
              smallest = sum;
              first = false;
            }
          });
      least.emplace_back(smallest, whole.denominator);
    }
    return least;
  }

  static constexpr std::uint32_t no_set = std::numeric_limits<std::uint32_t>::max();

  void look_at_the_clock() const {
    require(!deadline_.passed(), Errc::unsupported,
            "reduced_normal_form: stopped, or the time limit came, before it was made; solve the "
            "tree itself");
  }

  const ExtensiveGame& game_;
  const SequenceForm& form_;
  const Deadline& deadline_;
  std::vector<std::vector<std::uint32_t>> children_;
  std::vector<std::uint32_t> set_of_;  ///< of each sequence, where its last action is taken
};

}  // namespace detail

/// The reduced normal form, payoffs being expectations over chance. Kuhn (1953). Time and memory:
/// its profiles, and for each strategy its length; names take a word a set of the player. Errors:
/// unsupported where it has more than `limit` profiles, a
/// player more than 2000 own moves on a path, or `deadline` passes before it is made.
[[nodiscard]] inline ReducedNormalForm reduced_normal_form(const ExtensiveGame& game,
                                                           const SequenceForm& form,
                                                           std::size_t limit = 10'000'000,
                                                           const Deadline& deadline = {}) {
  return detail::ReducedFormMaker(game, form, deadline).make(limit);
}

/// The stacked plan that earns what the mixed strategies earn (Kuhn's theorem).
[[nodiscard]] inline std::vector<double> plan_of(const SequenceForm& form,
                                                 const ReducedNormalForm& normal,
                                                 const MixedProfile& profile) {
  validate(normal.table, profile);
  std::vector<double> plan(form.shape.blocks.total(), 0.0);
  for (std::size_t i = 0; i < profile.size(); ++i) {
    for (std::size_t s = 0; s < profile[i].size(); ++s) {
      for (const std::uint32_t sequence : normal.sequences[i][s]) {
        plan[sequence] += profile[i][s];
      }
    }
    plan[form.shape.blocks.offset(i)] = 1.0;
  }
  return plan;
}

}  // namespace dag
