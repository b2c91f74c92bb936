// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag check of game trees: payoffs by walking the nodes, best responses by information set from the
// last to the first, sums in twice the precision of double.

#include "check_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <dag/core/error.hpp>

namespace cli {
namespace {

constexpr std::uint32_t unseen = dag::TreeNode::none;

}  // namespace

TreeTruths::TreeTruths(const dag::ExtensiveGame& game) : game_(game) {
  dag::validate(game);
  place_sets();
  walk();
}

/// Sets in the order in which plays come to them; what no play comes to has no place.
void TreeTruths::place_sets() {
  slots_ = game_.player_count();  // slot i: player i before its first move
  for (const auto& sets : game_.sets) {
    decision_of_.emplace_back(sets.size(), unseen);
  }
  for (const dag::TreeNode& node : game_.nodes) {
    if (node.player >= game_.player_count() || decision_of_[node.player][node.set] != unseen) {
      continue;
    }
    decision_of_[node.player][node.set] = static_cast<std::uint32_t>(decisions_.size());
    const std::size_t size = game_.sets[node.player][node.set].actions.size();
    decisions_.push_back({static_cast<std::uint32_t>(slots_), static_cast<std::uint32_t>(size),
                          unseen, node.set, node.player});
    slots_ += size;
  }
}

void TreeTruths::walk() {
  const std::size_t n = game_.player_count();
  const std::size_t count = game_.nodes.size();
  at_.resize(count * n);
  chance_.assign(count, 1.0);
  above_least_.assign(count * n, 0.0);
  std::vector<double> totals;
  for (const dag::InformationSet& set : game_.chance_sets) {
    Sum total;
    for (const dag::Number& p : set.chances) {
      total.add(p.value());
    }
    totals.push_back(total.value());
  }
  for (std::size_t v = 0; v < count; ++v) {
    const dag::TreeNode& node = game_.nodes[v];
    for (std::size_t i = 0; i < n; ++i) {
      at_[v * n + i] = static_cast<std::uint32_t>(i);
    }
    if (node.parent != dag::TreeNode::none) {
      const dag::TreeNode& parent = game_.nodes[node.parent];
      std::copy_n(at_.begin() + static_cast<std::ptrdiff_t>(node.parent * n), n,
                  at_.begin() + static_cast<std::ptrdiff_t>(v * n));
      chance_[v] = chance_[node.parent];
      if (parent.player == dag::TreeNode::chance) {
        chance_[v] *=
            game_.chance_sets[parent.set].chances[node.action].value() / totals[parent.set];
      } else {
        at_[v * n + parent.player] =
            decisions_[decision_of_[parent.player][parent.set]].first + node.action;
      }
    }
    if (node.player < n) {
      std::uint32_t& parent = decisions_[decision_of_[node.player][node.set]].parent;
      const std::uint32_t own = at_[v * n + node.player];
      dag::require(
          parent == unseen || parent == own, dag::Errc::unsupported, "player ", node.player + 1,
          " does not have perfect recall: ", dag::set_name(game_.sets[node.player][node.set]),
          " has nodes that different own moves lead to; such games have no results");
      parent = own;
    }
  }
  add_payoffs();
}

/// Payoffs of plays above the least, from the numbers as written: no constant enters.
void TreeTruths::add_payoffs() {
  const std::size_t n = game_.player_count();
  const dag::detail::WholeOutcomes whole(game_);
  for (std::size_t i = 0; i < n; ++i) {
    const auto earned = [&](std::size_t k) -> const dag::Integer& {
      return whole.payoffs[k * n + i];
    };
    dag::Integer least;
    dag::Integer most;
    bool first = true;
    dag::detail::every_play(game_, earned, [&](std::size_t v, const dag::Integer& sum) {
      if (chance_[v] > 0) {
        least = first || compare(sum, least) < 0 ? sum : least;
        most = first || compare(most, sum) < 0 ? sum : most;
        first = false;
      }
    });
    dag::detail::every_play(game_, earned, [&](std::size_t v, const dag::Integer& sum) {
      above_least_[v * n + i] = whole.nearest(sum - least);
    });
    least_.push_back(whole.nearest(least));
    most_.push_back(whole.nearest(most));
    ranges_.push_back(whole.nearest(most - least));
  }
}

TreeTruths::Truth TreeTruths::of(const Profile& profile) const {
  const std::size_t n = game_.player_count();
  std::vector<double> played(slots_, 1.0);  // probability of each action at its set
  for (const Decision& at : decisions_) {
    const std::vector<double>& given = profile[at.player][at.set];
    Sum mass;
    for (const double p : given) {
      mass.add(p);
    }
    for (std::uint32_t a = 0; a < at.size; ++a) {
      played[at.first + a] = given[a] / mass.value();
    }
  }
  std::vector<double> reach(game_.nodes.size() * n, 1.0);  // by each player's own moves
  std::vector<Sum> pays(slots_);  // of ends after each last own move, by the others and chance
  for (std::size_t v = 0; v < game_.nodes.size(); ++v) {
    const dag::TreeNode& node = game_.nodes[v];
    if (node.parent != dag::TreeNode::none) {
      const dag::TreeNode& parent = game_.nodes[node.parent];
      std::copy_n(reach.begin() + static_cast<std::ptrdiff_t>(node.parent * n), n,
                  reach.begin() + static_cast<std::ptrdiff_t>(v * n));
      if (parent.player < n) {
        reach[v * n + parent.player] *= played[at_[v * n + parent.player]];
      }
    }
    for (std::size_t i = 0; node.player == dag::TreeNode::terminal && i < n; ++i) {
      double weight = chance_[v];
      for (std::size_t j = 0; j < n; ++j) {
        weight *= j == i ? 1.0 : reach[v * n + j];
      }
      pays[at_[v * n + i]].add_product(weight, above_least_[v * n + i]);
    }
  }
  std::vector<double> expected(slots_);
  std::vector<double> best(slots_);
  for (std::size_t s = 0; s < slots_; ++s) {
    expected[s] = best[s] = pays[s].value();
  }
  for (std::size_t k = decisions_.size(); k-- > 0;) {
    const Decision& at = decisions_[k];
    Sum mean;
    double most = best[at.first];
    for (std::uint32_t s = at.first; s < at.first + at.size; ++s) {
      mean.add_product(played[s], expected[s]);
      most = std::max(most, best[s]);
    }
    expected[at.parent] += mean.value();
    best[at.parent] += most;
  }
  Truth truth;
  Sum total;
  for (std::size_t i = 0; i < n; ++i) {
    truth.payoffs.push_back(least_[i] + expected[i]);
    truth.regrets.push_back(best[i] - expected[i]);
    truth.max_regret = std::max(truth.max_regret, truth.regrets[i]);
    truth.relative += range(i) > 0 ? truth.regrets[i] / range(i) : 0.0;
    total.add(truth.regrets[i]);
  }
  truth.nash_conv = total.value();
  return truth;
}

double TreeTruths::range() const {
  double largest = 0;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    largest = std::max(largest, range(i));
  }
  return largest;
}

/// Many terms of one sum lose as the root of their number.
double TreeTruths::unit_rounding() const {
  return (64 + 8 * std::sqrt(static_cast<double>(game_.nodes.size()))) *
         std::numeric_limits<double>::epsilon();
}
double TreeTruths::rounding(std::size_t player) const {
  return unit_rounding() * std::max(std::abs(least_[player]), std::abs(most_[player]));
}
double TreeTruths::regret_rounding(std::size_t player) const {
  return std::min(rounding(player), 16 * unit_rounding() * range(player)) +
         8 * std::numeric_limits<double>::denorm_min();
}

namespace {

class TreeClaims : private Claims {
 public:
  TreeClaims(const TreeTruths& tree, const std::string& where)
      : Claims(where), tree_(tree), players_(tree.game().player_count()) {
    for (std::size_t i = 0; i < players_; ++i) {
      payoff_slack_ = std::max(payoff_slack_, tree.rounding(i));
      regret_slack_ = std::max(regret_slack_, tree.regret_rounding(i));
    }
  }
  using Claims::checked;

  void check(const Json& result) {
    need(result.is_object(), "a result is an object");
    if (result.value("status", Json()) == "refused") {
      return;
    }
    tau_ = number_of(result, "tau", 0);
    equals(result, "players", static_cast<double>(players_), 0);
    equals(result, "payoff_range", tree_.range(), payoff_slack_);
    if (result.contains("form")) {
      say("form", result["form"].dump().substr(0, 60), "extensive", result["form"] == "extensive");
    }
    kind(result);
    claims(result);
    if (result.value("complete", Json()) == Json(false)) {
      touch("complete");  // claims nothing
    }
    if (result.value("status", Json()) != "converged") {
      touch("status");
    }
    rest(result, {"game", "profile", "solver", "message", "iterations", "seconds", "products",
                  "tolerance", "tau", "reference", "iterate", "note", "points", "selected"});
  }

 private:
  void claims(const Json& result) {
    if (result.contains("equilibria")) {
      equilibria(result);
    }
    const bool profile = result.contains("strategies") && result["strategies"].is_array() &&
                         !result["strategies"].empty();
    if (!profile) {
      need(!result.contains("strategies") || result["strategies"].is_array(),
           "strategies is a list");
      return;
    }
    const TreeTruths::Truth truth = tree_.of(profile_of(result["strategies"], "strategies"));
    compare(result, truth);
    const auto players = static_cast<double>(players_);
    equals(result, "exploitability", truth.nash_conv / players, regret_slack_);
    value(result, truth);
    status(result, truth);
  }

  void kind(const Json& result) {
    std::string found = "many_players";
    if (players_ == 2) {
      const dag::PayoffSum sum = dag::payoff_sum(tree_.game());
      zero_sum_ = sum.kind != dag::SumKind::general;
      spread_ = sum.spread;
      constant_ = sum.constant;
      found = zero_sum_ ? "zero_sum" : "bimatrix";
    }
    if (result.contains("kind")) {
      say("kind", result["kind"].dump().substr(0, 60), found, result["kind"] == found);
    }
    if (zero_sum_) {
      equals(result, "constant_sum", constant_, spread_ + 2 * payoff_slack_);
    }
  }

  /// Every set of the game once, with its label, its actions and a distribution over them.
  TreeTruths::Profile profile_of(const Json& json, const std::string& name) {
    touch(name);
    const dag::ExtensiveGame& game = tree_.game();
    need(json.is_array() && json.size() == players_, name + " has one list of sets a player");
    TreeTruths::Profile profile(players_);
    for (std::size_t i = 0; i < players_; ++i) {
      const std::string of = fmt::format("{}[{}]", name, i);
      const std::vector<dag::InformationSet>& sets = game.sets[i];
      need(json[i].is_array() && json[i].size() == sets.size(),
           fmt::format("{} has {} information sets", of, sets.size()));
      profile[i].resize(sets.size());
      double least = 0;
      double off = 0;
      std::string strange;
      for (std::size_t at = 0; at < sets.size(); ++at) {
        const Json& one = json[i][at];
        need(one.is_object() && one.contains("information_set") && one.contains("probabilities"),
             of + ": a set has its number and probabilities");
        // In the game's order, as they are written.
        const bool same = one["information_set"] == Json(sets[at].number) &&
                          one.value("label", Json(sets[at].label)) == Json(sets[at].label) &&
                          one.value("actions", Json(sets[at].actions)) == Json(sets[at].actions);
        if (!same && strange.empty()) {
          strange = fmt::format("{} in place of {}", one["information_set"].dump().substr(0, 20),
                                dag::set_name(sets[at]));
        }
        const Json& given = one["probabilities"];
        need(given.is_array() && given.size() == sets[at].actions.size(),
             fmt::format("{}: {} has {} probabilities", of, dag::set_name(sets[at]),
                         sets[at].actions.size()));
        Sum mass;
        for (const Json& p : given) {
          need(p.is_number(), of + ": probabilities are numbers");
          profile[i][at].push_back(std::max(p.get<double>(), 0.0));
          mass.add(p.get<double>());
          least = std::min(least, p.get<double>());
        }
        need(mass.value() > 0, of + ": every set has a positive probability");
        off = std::max(off, std::abs(mass.value() - 1));
      }
      say(of + " names the sets of the game", "yes", strange.empty() ? "yes" : strange,
          strange.empty());
      say(of + " >= 0", fmt::format("{}", least), "0 or more", least >= 0);
      say(of + " adds up to 1", fmt::format("1 within {:.3g}", off), "1 within 1e-9", off <= 1e-9);
    }
    return profile;
  }

  void compare(const Json& result, const TreeTruths::Truth& truth, const std::string& prefix = "") {
    equals(result, "payoffs", truth.payoffs, payoff_slack_, prefix);
    equals(result, "regrets", truth.regrets, regret_slack_, prefix);
    equals(result, "max_regret", truth.max_regret, regret_slack_, prefix);
    equals(result, "nash_conv", truth.nash_conv, regret_slack_ * static_cast<double>(players_),
           prefix);
  }

  void value(const Json& result, const TreeTruths::Truth& truth) {
    if (!zero_sum_ || tau_ > 0 || result.contains("joint_payoffs")) {
      return;
    }
    // With a gap, every number between the two guarantees is a value; without, they meet.
    const double slack = payoff_slack_ + spread_ + truth.nash_conv;
    equals(result, "value", truth.payoffs[0], slack);
    if (result.contains("values") && result["values"].is_array() && result["values"].size() == 2) {
      equals(result, "values", std::vector<double>{truth.payoffs[0], constant_ - truth.payoffs[0]},
             slack);
    }
    equals(result, "duality_gap", truth.nash_conv, 2 * regret_slack_ + 2 * spread_);
  }

  void equilibria(const Json& result) {
    const double tolerance = std::max(number_of(result, "tolerance", 0), 1e-9);
    const Json& all = result["equilibria"];
    if (all.is_array() && !all.empty() && all[0].is_object() && all[0].contains("lambda")) {
      quantal(all);
      return;
    }
    each_equilibrium(result, [&](const Json& one, const std::string& name) {
      const TreeTruths::Truth truth = tree_.of(profile_of(one["strategies"], name + ".strategies"));
      compare(one, truth, name + ".");
      say(name + " is an equilibrium", "yes",
          fmt::format("regrets of {:.3g} ranges", truth.relative),
          truth.relative <= tolerance + relative_slack());
    });
  }

  /// Points of `dag quantal`: what they earn; that the agents answer by softmax is not recomputed.
  void quantal(const Json& list) {
    touch("equilibria");
    for (std::size_t k = 0; k < list.size(); ++k) {
      const std::string name = fmt::format("equilibria[{}]", k);
      need(list[k].is_object() && list[k].contains("strategies"), name + " has strategies");
      compare(list[k], tree_.of(profile_of(list[k]["strategies"], name + ".strategies")),
              name + ".");
      rest(list[k], {}, name + ".");
    }
  }

  /// `converged` means regrets within the tolerance, in units of the payoff ranges.
  void status(const Json& result, const TreeTruths::Truth& truth) {
    if (tau_ > 0 || result.contains("joint_payoffs")) {
      return;  // the gap of a game with a pull is of another payoff; joint play is not written
    }
    equals(result, "relative_gap", truth.relative, 2 * relative_slack());
    const double tolerance = number_of(result, "tolerance", std::nan(""));
    if (result.value("status", Json()) == "converged" && std::isfinite(tolerance)) {
      // Exact solvers are done at rounding, whatever the tolerance says.
      say("status", "converged",
          fmt::format("relative gap {:.3g}, tolerance {:.3g}", truth.relative, tolerance),
          truth.relative <= std::max(tolerance, 1e-12) + relative_slack());
    }
  }
  [[nodiscard]] double relative_slack() const {
    double slack = 0;
    for (std::size_t i = 0; i < players_; ++i) {
      const double range = tree_.range(i);
      slack += range > 0 ? (tree_.regret_rounding(i) + spread_) / range : 0.0;
    }
    return slack;
  }

  const TreeTruths& tree_;
  std::size_t players_;
  double payoff_slack_ = 0;
  double regret_slack_ = 0;
  double tau_ = 0;
  double constant_ = 0;
  double spread_ = 0;
  bool zero_sum_ = false;
};

}  // namespace

Checked check_tree(const TreeTruths& tree, const Json& result, const std::string& where) {
  TreeClaims claims(tree, where);
  claims.check(result);
  return claims.checked();
}

}  // namespace cli
