// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag check: recomputes what a result of `dag solve --json` claims, from the payoffs as they are
// read and from nothing of the solvers: no header of dag/solver/, and not dag/game/regret.hpp,
// which the results are made with. Sums run in twice the precision of double.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/io/json_text.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

#include "check_alignment.hpp"
#include "check_claims.hpp"
#include "check_count.hpp"
#include "check_play.hpp"
#include "check_tree.hpp"
#include "checked_options.hpp"
#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "tree_input.hpp"

namespace cli {
namespace {

/// What is true of one mixed profile.
struct Truth {
  std::vector<double> payoffs;
  std::vector<double> regrets;
  double nash_conv = 0;
  double max_regret = 0;
};

Truth truth_of(const dag::GameTable& table, const Profile& profile) {
  Truth truth;
  Sum total;
  std::vector<double> masses;
  for (const std::vector<double>& strategy : profile) {
    Sum mass;
    for (const double p : strategy) {
      mass.add(p);
    }
    masses.push_back(mass.value());
  }
  for (std::size_t i = 0; i < table.sizes.size(); ++i) {
    const std::vector<double> values = deviations(table, profile, i);
    const double best = *std::max_element(values.begin(), values.end());
    // Payoff and regret from differences to the best: no constant added to all payoffs enters. The
    // probabilities of every player are taken relative to their sum: 1 + 1e-14 of a constant of 1e9
    // would be more than a payoff's rounding.
    Sum behind;
    for (std::size_t s = 0; s < values.size(); ++s) {
      behind.add_product(profile[i][s], best - values[s]);
    }
    double others = 1;
    for (std::size_t j = 0; j < profile.size(); ++j) {
      others *= j == i ? 1.0 : masses[j];
    }
    const double regret = behind.value() / masses[i] / others;
    truth.payoffs.push_back(best / others - regret);
    truth.regrets.push_back(regret);
    total.add(regret);
    truth.max_regret = std::max(truth.max_regret, regret);
  }
  truth.nash_conv = total.value();
  return truth;
}

/// What is true of a profile in the game with a pull: player i gains u_i - tau KL(x_i || ref_i).
struct Pulled {
  std::vector<double> divergences;  ///< KL(x_i || ref_i)
  double gap = 0;                   ///< sum over players of what the best reply gains
};

/// The best reply to values v is ref exp(v / tau) / Z, which gains tau KL(x || reply) over x.
Pulled pulled_by(const dag::GameTable& table, const Profile& profile, const Profile& reference,
                 double tau) {
  Pulled found;
  Sum gap;
  for (std::size_t i = 0; i < profile.size(); ++i) {
    const std::vector<double> values = deviations(table, profile, i);
    const double best = *std::max_element(values.begin(), values.end());
    Sum mass;
    for (std::size_t s = 0; s < values.size(); ++s) {
      mass.add_product(reference[i][s], std::exp((values[s] - best) / tau));
    }
    Sum divergence;
    Sum behind;
    for (std::size_t s = 0; s < values.size(); ++s) {
      const double p = profile[i][s];
      if (p > 0) {
        const double ratio = std::log(p / reference[i][s]);
        divergence.add_product(p, ratio);
        behind.add_product(p, ratio - (values[s] - best) / tau + std::log(mass.value()));
      }
    }
    found.divergences.push_back(divergence.value());
    gap.add(tau * behind.value());
  }
  found.gap = gap.value();
  return found;
}

/// Holds the claims of one result (an object of `dag solve --json`) against the game.
class Checker : private Claims {
 public:
  Checker(const dag::GameTable& table, std::string where)
      : Claims(std::move(where)), table_(table), range_(dag::payoff_range(table)) {
    for (const auto& payoffs : table.payoffs) {
      for (const double payoff : payoffs) {
        largest_ = std::max(largest_, std::abs(payoff));
      }
    }
  }

  void check(const Json& result) {
    need(result.is_object(), "a result is an object");
    if (result.value("status", Json()) == "refused") {
      return;
    }
    tau_ = number_of(result, "tau", 0);
    equals(result, "players", static_cast<double>(table_.sizes.size()), 0);
    evaluation_ = result.contains("best_payoffs");
    equals(result, "payoff_range", range_, rounding());
    kind(result);
    names(result);
    const bool profile = result.contains("strategies") && result["strategies"].is_array() &&
                         !result["strategies"].empty();
    Truth truth;
    if (profile) {
      const Profile played = profile_of(result["strategies"], "strategies");
      truth = truth_of(table_, played);
      compare_profile(result, truth);
      value(result, truth);
      if (tau_ > 0 && !result.contains("kept")) {
        pulled(result, played, truth);
      }
      equals(result, "exploitability", truth.nash_conv / static_cast<double>(played.size()),
             rounding() * static_cast<double>(played.size()));
      best_replies(result, played, truth);
      refinements(result, played, truth);
    }
    if (result.contains("distribution")) {
      joint(result);
    }
    if (is_quantal(result)) {
      quantal(result);
    } else if (result.contains("equilibria")) {
      equilibria(result);
    }
    if (result.contains("kept")) {
      kept(result);
    }
    status(result, profile, truth);
    for (const char* flag : {"complete", "verified", "degenerate"}) {
      if (result.value(flag, Json()) == Json(false)) {
        touch(flag);  // claims nothing
      }
    }
    if (result.value("status", Json()) != "converged") {
      touch("status");
    }
    rest(result,
         {"game", "profile", "solver", "message", "iterations", "seconds", "products", "tolerance",
          "tau", "reference", "iterate", "note", "points", "objective", "selected"});
  }
  using Claims::checked;

 private:
  /// What sums of payoffs written as doubles may lose: the solvers sum in double.
  [[nodiscard]] double rounding() const {
    double most = 0;
    for (std::size_t i = 0; i < table_.sizes.size(); ++i) {
      most = std::max(most, rounding(i));
    }
    return most;
  }
  [[nodiscard]] double rounding(std::size_t player) const {
    double largest = 0;
    for (const double payoff : table_.payoffs[player]) {
      largest = std::max(largest, std::abs(payoff));
    }
    double profiles = 0;
    for (const std::size_t size : table_.sizes) {
      profiles += static_cast<double>(size);
    }
    // The smallest number there is: what is below it is lost in sums of products too.
    return 8 * (profiles + 4) *
           (std::numeric_limits<double>::epsilon() * largest +
            std::numeric_limits<double>::denorm_min());
  }

  void kind(const Json& result) {
    if (!result.contains("kind")) {
      return;
    }
    std::string found = "many_players";
    if (table_.sizes.size() == 2) {
      double low = std::numeric_limits<double>::infinity();
      double high = -low;
      for (std::size_t k = 0; k < table_.payoffs[0].size(); ++k) {
        const double sum = table_.payoffs[0][k] + table_.payoffs[1][k];
        low = std::min(low, sum);
        high = std::max(high, sum);
      }
      constant_ = (low + high) / 2;
      spread_ = high - low;
      // A game written in decimals may be constant-sum up to their rounding only.
      // What the doubles cannot tell is told by the payoffs as written.
      const bool constant = spread_ <= rounding() && dag::is_constant_sum(table_);
      const bool rounded = spread_ <= 1e-3 * std::max(range_, largest_);
      found = constant || (rounded && result["kind"] == "zero_sum") ? "zero_sum" : "bimatrix";
    }
    say("kind", result["kind"].dump().substr(0, 60), found, result["kind"] == found);
    zero_sum_ = result["kind"] == "zero_sum";
    if (zero_sum_) {
      equals(result, "constant_sum", constant_, spread_ + rounding());
    }
  }

  void names(const Json& result) {
    if (result.contains("player_names")) {
      say("player_names", result["player_names"].dump().substr(0, 60), "those of the game",
          result["player_names"] == Json(table_.players));
    }
    if (result.contains("strategy_names")) {
      say("strategy_names", result["strategy_names"].dump().substr(0, 60), "those of the game",
          result["strategy_names"] == Json(table_.labels));
    }
  }

  /// The probabilities, each >= 0 and each player's with the sum 1.
  Profile profile_of(const Json& json, const std::string& name) {
    touch(name);
    need(json.is_array() && json.size() == table_.sizes.size(),
         name + " has one list of probabilities a player");
    Profile profile;
    for (std::size_t i = 0; i < json.size(); ++i) {
      const std::string of = fmt::format("{}[{}]", name, i);
      need(json[i].is_array() && json[i].size() == table_.sizes[i],
           fmt::format("{} has {} probabilities", of, table_.sizes[i]));
      std::vector<double> strategy;
      Sum sum;
      double least = 0;
      for (const Json& entry : json[i]) {
        need(entry.is_number(), of + " has numbers");
        strategy.push_back(entry.get<double>());
        sum.add(strategy.back());
        least = std::min(least, strategy.back());
      }
      say(of + " >= 0", fmt::format("{}", least), "0 or more", least >= 0);
      say(of + " adds up to 1", fmt::format("1 {:+.3g}", sum.value() - 1), "1 within 1e-9",
          std::abs(sum.value() - 1) <= 1e-9);
      for (double& p : strategy) {  // so that a wrong claim does not spoil the others
        p = std::max(p, 0.0);
      }
      need(sum.value() > 0, of + " has a positive probability");
      profile.push_back(std::move(strategy));
    }
    return profile;
  }

  void compare_profile(const Json& result, const Truth& truth, const std::string& prefix = "") {
    const double slack = rounding();
    equals(result, "payoffs", truth.payoffs, slack, prefix);
    equals(result, "regrets", truth.regrets, slack, prefix);
    equals(result, "max_regret", truth.max_regret, slack, prefix);
    equals(result, "nash_conv", truth.nash_conv, slack * static_cast<double>(table_.sizes.size()),
           prefix);
  }

  /// What `dag evaluate` says of deviations: what the best earns, and which ones earn it.
  void best_replies(const Json& result, const Profile& played, const Truth& truth) {
    if (!evaluation_) {
      return;
    }
    std::vector<double> best;
    for (std::size_t i = 0; i < played.size(); ++i) {
      best.push_back(truth.payoffs[i] + truth.regrets[i]);
    }
    equals(result, "best_payoffs", best, rounding());
    const Json lists = result.value("best_responses", Json::array());
    need(lists.is_array() && lists.size() == played.size(), "best_responses has a list a player");
    for (std::size_t i = 0; i < played.size(); ++i) {
      const std::vector<double> values = deviations(table_, played, i);
      double least = lists[i].empty() ? -std::numeric_limits<double>::infinity() : best[i];
      for (const Json& one : lists[i]) {
        need(one.is_object() && one.value("strategy", Json()).is_number_unsigned() &&
                 one["strategy"].get<std::size_t>() < values.size(),
             "best_responses has strategies");
        least = std::min(least, values[one["strategy"].get<std::size_t>()]);
      }
      say(fmt::format("best_responses[{}] earn it", i), "yes", fmt::format("{} or more", least),
          least >= best[i] - rounding(i));
    }
    touch("best_responses");
  }

  /// Verdicts of `dag evaluate --refine`: of what is no equilibrium both are no.
  void refinements(const Json& result, const Profile& played, const Truth& truth) {
    if (!result.contains("perfect") && !result.contains("proper")) {
      return;
    }
    bool equilibrium = true;
    for (std::size_t i = 0; i < played.size(); ++i) {
      const auto [low, high] =
          std::minmax_element(table_.payoffs[i].begin(), table_.payoffs[i].end());
      equilibrium = equilibrium && truth.regrets[i] <= 1e-9 * (*high - *low) + rounding(i);
    }
    const Refined found = equilibrium ? refined(table_, played) : Refined{false, false};
    for (const auto& [name, verdict] :
         {std::pair("perfect", found.perfect), std::pair("proper", found.proper)}) {
      const Json said = result.value(name, Json::object());
      need(said.is_object() && said.value("verdict", Json()).is_string(),
           fmt::format("{} has a verdict", name));
      if (said["verdict"] == "undecided") {
        touch(name);
      } else if (verdict) {
        const std::string truly = *verdict ? "yes" : "no";
        say(name, said["verdict"].get<std::string>(), truly, said["verdict"] == truly);
      }
    }
  }

  static bool is_quantal(const Json& result) {
    const auto list = result.find("equilibria");
    return result.contains("turning_points") || result.contains("fit") ||
           (list != result.end() && list->is_array() && !list->empty() &&
            (*list)[0].contains("lambda"));
  }

  /// A point of `dag quantal`: everyone answers by softmax(lambda * payoff).
  void quantal_point(const Json& one, const std::string& name) {
    need(one.is_object() && one.contains("strategies") && one.value("lambda", Json()).is_number(),
         name + " has strategies and a lambda");
    const Profile played = profile_of(one["strategies"], name + ".strategies");
    compare_profile(one, truth_of(table_, played), name + ".");
    const double lambda = one["lambda"].get<double>();
    const double off = logit_residual(table_, played, lambda);
    say(name + ".lambda", fmt::format("{}", lambda),
        fmt::format("off softmax(lambda payoffs) by {:.3g}", off),
        off <= 1e-8 + 4 * lambda * rounding());
    rest(one, {}, name + ".");
  }

  /// What `dag quantal` writes: points at a list of lambda, a fit, a path.
  void quantal(const Json& result) {
    const Json list = result.value("equilibria", Json::array());
    need(list.is_array(), "equilibria is a list");
    touch("equilibria");
    for (std::size_t k = 0; k < list.size(); ++k) {
      quantal_point(list[k], fmt::format("equilibria[{}]", k));
    }
    if (result.contains("fit")) {
      quantal_point(result["fit"], "fit");  // the counts it was fitted to are not written
      touch("fit");
    }
    if (result.value("bifurcations", Json()).is_array()) {
      bifurcations(result["bifurcations"]);
    }
    // A way on which lambda rises as far as it is said to have come turns nowhere; a pair of turns
    // may lie between two of its points.
    const double turns = number_of(result, "turning_points", -1);
    if (const double reached = number_of(result, "reached", 0);
        reached > 0 && LogitBranchTruth(table_, reached).told() &&
        (turns <= 0 || std::fmod(turns, 2) != 0)) {
      equals(result, "turning_points", 0, 0);
      touch("reached");
    }
  }

  /// Where the principal branch meets others: all of them, and nothing else.
  void bifurcations(const Json& list) {
    std::vector<double> said;
    for (const Json& entry : list) {
      need(entry.is_number(), "bifurcations has numbers");
      said.push_back(entry.get<double>());
    }
    if (said.empty()) {
      return;  // how far the path went is not written
    }
    const LogitBranchTruth branch(table_, 1.05 * *std::max_element(said.begin(), said.end()));
    if (!branch.told()) {
      return;
    }
    for (std::size_t k = 0; k < said.size(); ++k) {
      const bool there = branch.is_at(said[k]);
      say(fmt::format("bifurcations[{}]", k), fmt::format("{}", said[k]),
          there ? "a singular Jacobian there" : "none there", there);
    }
    for (const auto& [low, high] : branch.changes()) {
      const bool named = std::any_of(said.begin(), said.end(), [low = low, high = high](double b) {
        return b >= low * (1 - 1e-3) && b <= high * (1 + 1e-3);
      });
      say("bifurcations: none left out", named ? "yes" : "no",
          fmt::format("one in [{:.6g}, {:.6g}]", low, high), named);
    }
    touch("bifurcations");
  }

  void value(const Json& result, const Truth& truth) {
    if (!zero_sum_ || tau_ > 0 || result.contains("distribution")) {
      return;
    }
    // With a gap, every number between the two guarantees is a value; without, they meet.
    const double slack = rounding() + spread_ + truth.nash_conv;
    equals(result, "value", truth.payoffs[0], slack);
    if (result.contains("values") && result["values"].is_array() && result["values"].size() == 2) {
      equals(result, "values", std::vector<double>{truth.payoffs[0], constant_ - truth.payoffs[0]},
             slack);
    }
    equals(result, "duality_gap", truth.nash_conv, 2 * rounding() + 2 * spread_);
  }

  /// Uniform, or "p,p,..;q,q,.." as `dag solve --reference` takes it.
  Profile reference_of(const Json& result) const {
    Profile reference;
    for (const std::size_t size : table_.sizes) {
      reference.emplace_back(size, 1 / static_cast<double>(size));
    }
    if (!result.contains("reference") || !result["reference"].is_string()) {
      return reference;
    }
    std::istringstream players(result["reference"].get<std::string>());
    for (auto& probabilities : reference) {
      std::string player;
      need(static_cast<bool>(std::getline(players, player, ';')),
           "reference has probabilities for every player");
      std::istringstream entries(player);
      double sum = 0;
      for (double& p : probabilities) {
        std::string entry;
        need(static_cast<bool>(std::getline(entries, entry, ',')),
             "reference has a probability for every strategy");
        try {
          p = std::stod(entry);
        } catch (const std::exception&) {
          need(false, "reference has numbers");
        }
        sum += p;
      }
      for (double& p : probabilities) {
        p /= sum;
      }
    }
    return reference;
  }

  /// With a pull: the regularised value and gap, and that `converged` is said of that gap.
  void pulled(const Json& result, const Profile& played, const Truth& truth) {
    const Pulled found = pulled_by(table_, played, reference_of(result), tau_);
    const double slack = 4 * rounding() + 1e-12 * (range_ + tau_) + (zero_sum_ ? 2 * spread_ : 0.0);
    const bool measured = result.contains("duality_gap") && result["duality_gap"].is_number();
    if (measured && zero_sum_) {
      const double value = truth.payoffs[0] - tau_ * (found.divergences[0] - found.divergences[1]);
      const double between = slack + found.gap;
      equals(result, "value", value, between);
      equals(result, "duality_gap", found.gap, slack);
      if (range_ > 0) {
        equals(result, "relative_gap", found.gap / range_, slack / range_);
      }
    }
    const double tolerance = number_of(result, "tolerance", std::nan(""));
    if (result.value("status", Json()) == "converged" && std::isfinite(tolerance)) {
      const double unit = range_ > 0 ? range_ : 1.0;
      say("status", "converged",
          fmt::format("regularised gap {:.3g} of the range, tolerance {:.3g}", found.gap / unit,
                      tolerance),
          found.gap <= tolerance * unit + slack);
    }
  }

  /// A list said to be complete has as many equilibria as we count ourselves, in small games.
  void complete(const Json& result, std::size_t listed) {
    if (result.value("complete", Json()) != Json(true)) {
      return;
    }
    const std::string solver = result.value("solver", Json()).dump();
    if (solver == "\"pure_equilibria\"") {
      const std::size_t count = count_pure_equilibria(table_);
      say("complete", fmt::format("all {} are listed", listed), fmt::format("{} pure ones", count),
          count == listed);
    } else if (solver == "\"vertex_enumeration\"" || solver == "\"support_enumeration\"") {
      if (const auto count = count_extreme_equilibria(table_)) {
        say("complete", fmt::format("all {} are listed", listed),
            fmt::format("{} extreme ones", *count), *count == listed);
      }
    }
  }

  /// Fractions are those of the equilibrium of their place.
  void exact(const Json& result, const std::vector<Profile>& seen) {
    if (!result.contains("exact")) {
      return;
    }
    const Json& list = result["exact"];
    need(list.is_array() && list.size() <= seen.size(), "exact has an entry an equilibrium");
    for (std::size_t k = 0; k < list.size(); ++k) {
      if (list[k].is_null()) {
        continue;
      }
      need(list[k].is_object() && list[k].value("strategies", Json()).is_array() &&
               list[k]["strategies"].size() == seen[k].size(),
           "exact has fractions of every player");
      double off = 0;
      for (std::size_t i = 0; i < seen[k].size(); ++i) {
        const Json& row = list[k]["strategies"][i];
        need(row.is_array() && row.size() == seen[k][i].size(), "exact has every strategy");
        for (std::size_t s = 0; s < row.size(); ++s) {
          const double distance = std::abs(fraction(row[s]) - seen[k][i][s]);
          off = distance <= off ? off : distance;
        }
      }
      say(fmt::format("exact[{}]", k), "the equilibrium of its place",
          fmt::format("off by {:.3g}", off), off <= 1e-12);
      if (list[k].value("payoffs", Json()).is_array()) {
        const Truth truth = truth_of(table_, seen[k]);
        need(list[k]["payoffs"].size() == truth.payoffs.size(), "exact has payoffs");
        for (std::size_t i = 0; i < truth.payoffs.size(); ++i) {
          const double said = fraction(list[k]["payoffs"][i]);
          say(fmt::format("exact[{}].payoffs[{}]", k, i),
              list[k]["payoffs"][i].dump().substr(0, 60), fmt::format("{}", truth.payoffs[i]),
              std::abs(said - truth.payoffs[i]) <= rounding() + 1e-12 * range_);
        }
      }
    }
    touch("exact");
  }
  static double fraction(const Json& json) {
    need(json.is_string(), "a fraction is text");
    const std::string text = json.get<std::string>();
    const dag::Number number = dag::Number::parse(text);
    return number.value();
  }

  void equilibria(const Json& result) {
    const double tolerance = std::max(number_of(result, "tolerance", 0), 1e-9);
    std::vector<Profile> seen;
    each_equilibrium(result, [&](const Json& one, const std::string& name) {
      const Profile profile = profile_of(one["strategies"], name + ".strategies");
      const Truth truth = truth_of(table_, profile);
      compare_profile(one, truth, name + ".");
      say(name + " is an equilibrium", "yes", fmt::format("max regret {:.3g}", truth.max_regret),
          truth.max_regret <= tolerance * range_ + rounding());
      say(name + " is listed once", "yes", "see strategies",
          std::find(seen.begin(), seen.end(), profile) == seen.end());
      seen.push_back(profile);
      touch(name + ".strategies");
      rest(one, {}, name + ".");
    });
    exact(result, seen);
    complete(result, seen.size());
  }

  /// A distribution over profiles: what a player gains by swapping one strategy for another
  /// whenever it is recommended (correlated), or by ignoring recommendations (coarse).
  void joint(const Json& result) {
    need(result["distribution"].is_array(), "distribution is a list");
    touch("distribution");
    std::vector<std::size_t> strides{1};
    for (const std::size_t size : table_.sizes) {
      strides.push_back(strides.back() * size);
    }
    std::vector<double> p(table_.payoffs[0].size(), 0.0);
    Sum mass;
    double least = 0;
    for (const Json& entry : result["distribution"]) {
      need(entry.is_object() && entry.contains("profile") && entry["profile"].is_array() &&
               entry["profile"].size() == table_.sizes.size() &&
               entry.value("probability", Json()).is_number(),
           "an entry of distribution has a profile and a probability");
      std::size_t index = 0;
      for (std::size_t i = 0; i < table_.sizes.size(); ++i) {
        const Json& choice = entry["profile"][i];
        need(choice.is_number_unsigned() && choice.get<std::size_t>() < table_.sizes[i],
             "a profile has a strategy a player, counted from 0");
        index += strides[i] * choice.get<std::size_t>();
      }
      const double probability = entry["probability"].get<double>();
      least = std::min(least, probability);
      mass.add(probability);
      p[index] += probability;
    }
    say("distribution >= 0", fmt::format("{}", least), "0 or more", least >= 0);
    say("distribution adds up to 1", fmt::format("1 {:+.3g}", mass.value() - 1), "1 within 1e-9",
        std::abs(mass.value() - 1) <= 1e-9);
    std::vector<double> payoffs;
    correlated_ = 0;
    coarse_ = 0;
    for (std::size_t i = 0; i < table_.sizes.size(); ++i) {
      const std::size_t n = table_.sizes[i];
      Sum payoff;
      std::vector<Sum> gain(n * n);  // told s, playing d instead
      for (std::size_t k = 0; k < p.size(); ++k) {
        if (p[k] == 0) {
          continue;
        }
        const std::size_t s = k / strides[i] % n;
        payoff.add_product(p[k], table_.payoffs[i][k]);
        for (std::size_t d = 0; d < n; ++d) {
          const std::size_t other = k - s * strides[i] + d * strides[i];
          gain[s * n + d].add_product(p[k], table_.payoffs[i][other] - table_.payoffs[i][k]);
        }
      }
      payoffs.push_back(payoff.value());
      double swap = 0;
      double fixed = 0;
      for (std::size_t d = 0; d < n; ++d) {
        Sum all;
        for (std::size_t s = 0; s < n; ++s) {
          all.add(gain[s * n + d].value());
        }
        fixed = std::max(fixed, all.value());
      }
      for (std::size_t s = 0; s < n; ++s) {
        for (std::size_t d = 0; d < n; ++d) {
          swap = std::max(swap, gain[s * n + d].value());
        }
      }
      correlated_ = std::max(correlated_, swap);
      coarse_ = std::max(coarse_, fixed);
    }
    const double slack = rounding() + 1e-12 * range_;
    equals(result, "payoffs", payoffs, slack);
    // Both are the largest over players; sums over players or over recommendations are at least it.
    at_least(result, "correlated_gap", correlated_, slack);
    at_least(result, "coarse_gap", coarse_, slack);
  }
  void at_least(const Json& result, const char* key, double truth, double slack) {
    if (result.contains(key) && result[key].is_number()) {
      const double said = result[key].get<double>();
      say(key, fmt::format("{}", said), fmt::format("{} or more", truth), said >= truth - slack);
    }
  }

  /// Kept and removed are all strategies, once each; each removed one, in the order in which they
  /// went, was strictly dominated by a mixture of those that were left.
  void kept(const Json& result) {
    const Json& lists = result["kept"];
    need(lists.is_array() && lists.size() == table_.sizes.size(), "kept has a list a player");
    for (std::size_t i = 0; i < table_.sizes.size(); ++i) {
      std::vector<int> times(table_.sizes[i], 0);
      for (const Json& s : lists[i]) {
        need(s.is_number_unsigned() && s.get<std::size_t>() < times.size(), "kept has strategies");
        ++times[s.get<std::size_t>()];
      }
      for (const Json& gone : result.value("removed", Json::array())) {
        need(gone.is_object() && gone.value("player", Json()).is_number_unsigned() &&
                 gone.value("strategy", Json()).is_number_unsigned(),
             "removed has players and strategies");
        if (gone["player"].get<std::size_t>() == i) {
          need(gone["strategy"].get<std::size_t>() < times.size(), "removed has strategies");
          ++times[gone["strategy"].get<std::size_t>()];
        }
      }
      const bool once = std::all_of(times.begin(), times.end(), [](int t) { return t == 1; });
      say(fmt::format("kept[{}] and removed are all strategies, once each", i), "yes",
          once ? "yes" : "no", once && !lists[i].empty());
    }
    touch("kept");
    std::vector<std::pair<std::size_t, std::size_t>> removed;
    for (const Json& gone : result.value("removed", Json::array())) {
      need(gone["player"].get<std::size_t>() < table_.sizes.size(), "removed has players");
      removed.emplace_back(gone["player"].get<std::size_t>(), gone["strategy"].get<std::size_t>());
    }
    if (const auto dominated = each_was_dominated(table_, removed)) {
      say("removed", "strictly dominated, one after the other", *dominated ? "yes" : "no",
          *dominated);
    }
  }

  /// `converged` means a gap within the tolerance, in units of the payoff ranges.
  void status(const Json& result, bool profile, const Truth& truth) {
    const double tolerance = number_of(result, "tolerance", std::nan(""));
    const bool converged = result.value("status", Json()) == "converged";
    const double unit = range_ > 0 ? range_ : 1.0;
    const double slack = rounding() * static_cast<double>(table_.sizes.size());
    if (result.contains("distribution")) {
      const std::string solver = result.contains("solver") && result["solver"].is_string()
                                     ? result["solver"].get<std::string>()
                                     : std::string();
      const bool coarse = solver.find("coarse") == 0 || solver.find("external") == 0;
      const double gap = coarse ? coarse_ : correlated_;
      if (result.contains("relative_gap") && result["relative_gap"].is_number()) {
        const double said = result["relative_gap"].get<double>();
        say("relative_gap", fmt::format("{}", said), fmt::format("{} or more", gap / unit),
            said * unit >= gap - slack - 1e-12 * unit);
      }
      if (converged && std::isfinite(tolerance)) {
        say("status", "converged",
            fmt::format("{} gap {:.3g} of the range, tolerance {:.3g}",
                        coarse ? "coarse" : "correlated", gap / unit, tolerance),
            gap <= tolerance * unit + slack + 1e-12 * unit);
      }
      return;
    }
    if (!profile || tau_ > 0 || result.contains("kept")) {
      return;  // the gap of a game with a pull is of another payoff: pulled()
    }
    // Regrets in units of their own player's range; lists of equilibria are exact ones, whatever
    // the tolerance says.
    const bool measured = !result.contains("equilibria");
    double relative = 0;
    double relative_slack = 0;
    // Payoffs that add up to a constant after rounding are solved as those of one player.
    const double between = result.contains("constant_sum") ? spread_ : 0.0;
    for (std::size_t i = 0; i < truth.regrets.size(); ++i) {
      const double own = dag::payoff_range(table_, i);
      relative += own > 0 ? truth.regrets[i] / own : 0.0;
      relative_slack += own > 0 ? (rounding(i) + between) / own : 0.0;
    }
    if (evaluation_) {  // of all players together, in units of the largest range
      relative = range_ > 0 ? truth.nash_conv / range_ : 0.0;
      relative_slack = slack / unit;
    }
    if (result.contains("relative_gap") && result["relative_gap"].is_number()) {
      const double said = result["relative_gap"].get<double>();
      say("relative_gap", fmt::format("{}", said), fmt::format("{}", relative),
          std::abs(said - relative) <= 2 * relative_slack);
    }
    if (converged && std::isfinite(tolerance)) {
      say("status", "converged",
          fmt::format("relative gap {:.3g}, tolerance {:.3g}", relative, tolerance),
          relative <= (measured ? tolerance : std::max(tolerance, 1e-9)) + relative_slack);
    }
  }

  const dag::GameTable& table_;
  double range_ = 0;
  double largest_ = 0;
  double tau_ = 0;
  double constant_ = 0;
  double spread_ = 0;
  double correlated_ = 0;
  double coarse_ = 0;
  bool zero_sum_ = false;
  bool evaluation_ = false;  ///< of `dag evaluate`
};

struct CheckOptions {
  Common common;
  std::string result;
  std::string game;
};

/// A point of `dag correlated`, in the words of `dag solve`.
Json correlated_point(const Json& point, bool coarse, const dag::GameTable& table,
                      const std::string& file) {
  const auto wrong = [&](bool right) {
    dag::require(right, dag::Errc::parse, file, ": joint has a probability for each of the ",
                 table.profile_count(), " profiles");
  };
  wrong(point.is_object() && point.contains("joint") && point["joint"].is_array() &&
        point["joint"].size() == table.profile_count());
  Json result = {
      {"solver", coarse ? "coarse_correlated_equilibrium" : "correlated_equilibrium"},
      {"status", point.value("status", Json("converged"))},
      {"tolerance", 1e-9},
      {"relative_gap", point.value("relative_gap", Json(0.0))},  // extreme points are exact
      {"distribution", Json::array()}};
  if (point.contains("payoffs")) {
    result["payoffs"] = point["payoffs"];
  }
  std::vector<std::size_t> profile(table.player_count(), 0);
  for (const Json& probability : point["joint"]) {
    wrong(probability.is_number());
    if (probability.get<double>() != 0) {
      result["distribution"].push_back({{"profile", profile}, {"probability", probability}});
    }
    dag::next_profile(table.sizes, profile);
  }
  return result;
}

/// What was found, for people and as JSON; the exit code.
int report(const CheckOptions& options, const Checked& checked, const std::string& note = "") {
  const std::vector<Finding>& findings = checked.findings;
  dag::require(!findings.empty() || checked.unchecked.empty(), dag::Errc::unsupported,
               options.result, ": nothing in it can be recomputed; it claims ",
               fmt::format("{}", fmt::join(checked.unchecked, ", ")));
  dag::require(!findings.empty(), dag::Errc::parse, options.result,
               ": nothing in it claims anything; expected what 'dag solve --json' or 'dag align "
               "--json' writes");
  std::size_t wrong = 0;
  Json claims = Json::array();
  std::string text;
  for (const Finding& finding : findings) {
    if (!finding.holds) {
      ++wrong;
      text +=
          fmt::format("false: {}: said {}, found {}\n", finding.claim, finding.said, finding.found);
    }
    claims.push_back({{"claim", finding.claim},
                      {"said", finding.said},
                      {"found", finding.found},
                      {"holds", finding.holds}});
  }
  Outputs outputs;
  if (!options.common.json.empty()) {
    Json json;
    json["result"] = options.result;
    json["game"] = options.game;
    json["holds"] = wrong == 0;
    json["claims_checked"] = findings.size();
    json["claims_false"] = wrong;
    json["not_checked"] = checked.unchecked;
    json["claims"] = std::move(claims);
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    say(text +
        fmt::format("{} of {} claims hold{}\n", findings.size() - wrong, findings.size(), note) +
        (checked.unchecked.empty()
             ? std::string()
             : fmt::format("not recomputed: {}\n", fmt::join(checked.unchecked, ", "))));
  }
  return wrong == 0 ? exit_done : exit_not_converged;
}

/// Results of `dag align` and their problems.
int check_alignments(const CheckOptions& options, const std::string& results) {
  require_distinct({{"PROBLEMS.jsonl", options.game}, {"RESULT.json", options.result}},
                   {{"--json", options.common.json}});
  const AlignmentCheck found =
      check_alignment(results, dag::read_text_file(options.game), options.result);
  std::string note;
  if (found.unanswered > 0) {
    note += fmt::format("; {} problems have no result", found.unanswered);
  }
  if (found.too_large > 0) {
    note += fmt::format("; {} results are too large to recompute, or not determined in doubles",
                        found.too_large);
  }
  return report(options, found.checked, note);
}

int check_result(const CheckOptions& options) {
  const std::string written = dag::read_text_file(options.result);
  if (is_alignment_result(written)) {
    return check_alignments(options, written);
  }
  std::vector<NamedPath> inputs = game_files(options.game);
  inputs.push_back({"RESULT.json", options.result});
  require_distinct(inputs, {{"--json", options.common.json}});
  const Json result = dag::parse_json<Json>(written, options.result);
  const bool tree = is_tree(options.game);
  const dag::ExtensiveGame nodes =
      tree ? load_tree(options.game, options.common.seed) : dag::ExtensiveGame{};
  const dag::GameTable table =
      tree ? dag::GameTable{} : load_game(options.game, options.common.seed);
  const std::optional<TreeTruths> truths = tree ? std::optional<TreeTruths>(nodes) : std::nullopt;
  Checked checked;
  const auto take = [&](const Json& one, const std::string& where) {
    try {
      if (truths) {
        checked.add(check_tree(*truths, one, where));
      } else {
        Checker checker(table, where);
        checker.check(one);
        checked.add(checker.checked());
      }
    } catch (const Json::exception& error) {
      dag::fail(dag::Errc::parse, options.result,
                ": a field has the wrong type: ", dag::detail::json_complaint(error));
    }
  };
  dag::require(result.is_object(), dag::Errc::parse, options.result,
               ": expected an object, as 'dag solve --json' writes it");
  if (result.contains("results")) {
    dag::require(result["results"].is_array(), dag::Errc::parse, options.result,
                 ": results must be a list");
    for (std::size_t k = 0; k < result["results"].size(); ++k) {
      take(result["results"][k], fmt::format("results[{}].", k));
    }
  } else if (const Json kind = result.value("kind", Json());
             !tree && (kind == "correlated" || kind == "coarse")) {
    const bool coarse = kind == "coarse";
    if (result.contains("extremes")) {
      dag::require(result["extremes"].is_array(), dag::Errc::parse, options.result,
                   ": extremes must be a list");
      for (std::size_t k = 0; k < result["extremes"].size(); ++k) {
        take(correlated_point(result["extremes"][k], coarse, table, options.result),
             fmt::format("extremes[{}].", k));
      }
    } else {
      take(correlated_point(result, coarse, table, options.result), "");
    }
  } else {
    take(result, "");
  }
  return report(options, checked);
}

}  // namespace

Command add_check(CLI::App& app) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Recompute every claim of a result of 'dag solve' or 'dag align' from its input");
  command
      ->add_option(
          "RESULT.json", options->result,
          "What 'dag solve', 'dag evaluate', 'dag quantal', 'dag correlated' or 'dag align' "
          "wrote by --json")
      ->required()
      ->check(file_name());
  command
      ->add_option("GAME", options->game,
                   "The game, as 'dag solve' takes it, or the problems of 'dag align'")
      ->required();
  add_common(*command, options->common);
  command->footer(
      "Exit code 0 if all claims hold, 1 if one is false (it is named), 2 if the result cannot be\n"
      "read or does not fit the game. Claims: probabilities and their sums, payoffs, regrets,\n"
      "gaps, the value, the status against the tolerance, every listed equilibrium; verdicts of\n"
      "dag evaluate --refine; points and bifurcations of dag quantal; of an alignment\n"
      "the condition nu ∝ nu0 exp(reward / beta) from the utility's definition, bounds and\n"
      "multipliers, each of several equilibria, onsets and bifurcations of agreement. What is\n"
      "claimed and not recomputed is named: 'not recomputed:', in JSON not_checked.\n\n"
      "Example:\n  dag solve chicken --json result.json\n  dag check result.json chicken\n"
      "  echo "
      "'{\"id\":\"a\",\"kind\":\"gini\",\"nu0\":[0.7,0.3],\"weight\":1,\"beta\":1}'"
      " > problems.jsonl\n"
      "  dag align problems.jsonl --json results.jsonl\n"
      "  dag check results.jsonl problems.jsonl");
  return [options] { return check_result(*options); };
}

}  // namespace cli
