// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "solve_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include <dag/core/error.hpp>
#include <dag/game/correlated.hpp>
#include <dag/game/regret.hpp>
#include <dag/io/history_file.hpp>

#include "rates.hpp"
#include "solver_list.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_shown = 20;  ///< strategies, equilibria or profiles on a screen

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// The strategies of profile number `profile`, counted from 0.
std::vector<std::size_t> choices_of(const dag::GameTable& table, std::size_t profile) {
  std::vector<std::size_t> choices;
  for (const std::size_t size : table.sizes) {
    choices.push_back(profile % size);
    profile /= size;
  }
  return choices;
}

Json profile_json(const dag::GameTable& table, const dag::MixedProfile& profile) {
  const dag::RegretReport report = dag::certify(table, profile);
  Json out;
  out["strategies"] = profile;
  out["payoffs"] = report.payoffs;
  out["max_regret"] = report.max_regret;
  return out;
}

Json interval_json(const Interval& interval) {
  return {{"mean", number(interval.mean)},
          {"low", number(interval.low)},
          {"high", number(interval.high)}};
}

Json repeats_json(const SolverRuns& runs) {
  Json out;
  Json each = Json::array();
  std::vector<double> values;
  std::vector<double> gaps;
  std::size_t converged = 0;
  for (const Run& run : runs.runs) {
    const Found& found = run.found;
    converged += found.status == dag::Status::converged ? 1U : 0U;
    values.push_back(found.value);
    gaps.push_back(found.relative_gap);
    each.push_back({{"seed", run.seed},
                    {"status", dag::to_string(found.status)},
                    {"iterations", found.iterations},
                    {"seconds", found.seconds},
                    {"value", number(found.value)},
                    {"relative_gap", number(found.relative_gap)}});
  }
  const Band band = band_of(runs);
  out["count"] = runs.runs.size();
  out["converged"] = converged;
  out["value"] = interval_json(interval_of(values));
  out["relative_gap"] = interval_json(interval_of(gaps));
  out["band"] = {
      {"iteration", band.rounds}, {"mean", band.mean}, {"low", band.low}, {"high", band.high}};
  out["runs"] = std::move(each);
  return out;
}

/// The certificate of what was found: made once, the costliest part of a report on a large game.
dag::RegretReport report_of(const Found& found, const Problem& problem) {
  return found.report ? *found.report : dag::certify(problem.table, found.strategies);
}

/// What every kind of answer says about its distance from equilibrium.
void add_certificate(Json& out, const Found& found, const Problem& problem) {
  if (found.strategies.empty()) {
    out["max_regret"] = nullptr;
    out["nash_conv"] = nullptr;
    out["payoffs"] = nullptr;
    return;
  }
  const dag::RegretReport report = report_of(found, problem);
  out["max_regret"] = report.max_regret;
  out["nash_conv"] = report.nash_conv;
  out["payoffs"] = report.payoffs;
  out["regrets"] = report.regrets;
}

/// The parts that only some solvers have.
void add_lists(Json& out, const Found& found, const Problem& problem) {
  if (found.lists) {
    out["equilibria_count"] = found.equilibria_count;
    out["complete"] = found.complete;
    out["verified"] = found.verified;
    out["degenerate"] = found.degenerate ? Json(*found.degenerate) : Json(nullptr);
    out["equilibria"] = Json::array();
    for (const dag::MixedProfile& profile : found.equilibria) {
      out["equilibria"].push_back(profile_json(problem.table, profile));
      if (const std::size_t k = out["equilibria"].size() - 1; k < found.around.size()) {
        Json& one = out["equilibria"].back();
        one["radius"] = found.around[k].radius;
        one["dimension"] = found.around[k].dimension;
        one["shape"] = found.around[k].shape;
        if (!found.around[k].low.empty()) {
          one["box"] = {{"low", found.around[k].low}, {"high", found.around[k].high}};
        }
      }
    }
  }
  if (!found.exact.empty()) {  // one for each equilibrium; fractions are text
    out["exact"] = Json::array();
    for (const Found::Exact& exact : found.exact) {
      out["exact"].push_back(exact.strategies.empty() ? Json(nullptr)
                                                      : Json{{"strategies", exact.strategies},
                                                             {"payoffs", exact.payoffs}});
    }
  }
  if (!found.joint.empty()) {
    out["payoffs"] = found.joint_payoffs;
    out["correlated_gap"] =
        std::isnan(found.correlated_gap) ? Json(nullptr) : Json(found.correlated_gap);
    out["coarse_gap"] = found.coarse_gap;
    out["distribution"] = nullptr;  // its text is written as it is: it may be long
  }
  if (!found.kept.empty()) {
    out["kept"] = found.kept;
    out["removed"] = Json::array();
    for (const auto& [player, strategy] : found.removed) {
      out["removed"].push_back({{"player", player}, {"strategy", strategy}});
    }
  }
}

/// The profiles that are played, as an array of objects at this depth of a report.
std::string distribution_text(const Problem& problem, const Found& found, std::size_t indent) {
  const std::string in = ",\n" + std::string(indent + 2, ' ');
  std::string out = "[";
  const auto played = static_cast<std::size_t>(
      std::count_if(found.joint.begin(), found.joint.end(), [](double p) { return p > 0; }));
  out.reserve(64 + played * (indent + 64 + 6 * problem.table.sizes.size()));
  for (std::size_t profile = 0; profile < found.joint.size(); ++profile) {
    if (!(found.joint[profile] > 0)) {
      continue;
    }
    out.append(in, out.size() > 1 ? 0 : 1).append("{\"profile\": [");
    std::size_t rest = profile;
    for (std::size_t i = 0; i < problem.table.sizes.size(); ++i) {
      out += i == 0 ? "" : ", ";
      out += std::to_string(rest % problem.table.sizes[i]);
      rest /= problem.table.sizes[i];
    }
    out += "], \"probability\": ";
    append_json(out, found.joint[profile]);
    out += '}';
  }
  out += out.size() == 1 ? "]" : '\n' + std::string(indent, ' ') + ']';
  return out;
}

Json to_json(const SolverRuns& runs, const GameFacts& game, const SolveOptions& options,
             const AddFields& strategies, const AddFields& more) {
  Json out;
  const Run& run = runs.first();
  const Found& found = run.found;
  out["game"] = options.game;
  out["players"] = game.players;
  out["solver"] = found.solver;
  if (!run.refused.empty()) {
    out["status"] = "refused";
    out["message"] = run.refused;
    return out;
  }
  const bool zero_sum = game.kind == GameKind::zero_sum;
  out["status"] = dag::to_string(found.status);
  out["iterations"] = found.iterations;
  out["seconds"] = found.seconds;
  if (zero_sum) {
    out["value"] = number(found.value);
    out["duality_gap"] = number(found.gap);
  }
  out["relative_gap"] = number(found.relative_gap);
  strategies(out, found);
  if (zero_sum) {
    out["values"] = {number(found.value), number(game.constant - found.value)};
    out["constant_sum"] = game.constant;
  }
  out["tau"] = options.tau;
  if (!options.reference.empty()) {
    out["reference"] = options.reference;
  }
  out["tolerance"] = options.tolerance;
  out["iterate"] = found.iterate;
  out["products"] = found.products;
  out["residual"] = number(found.residual);
  out["kind"] = to_string(game.kind);
  if (game.tree) {
    out["form"] = "extensive";
  }
  out["payoff_range"] = game.range;
  more(out, found);
  if (!found.note.empty()) {
    out["note"] = found.note;
  }
  if (runs.runs.size() > 1) {
    out["repeats"] = repeats_json(runs);
  }
  return out;
}

std::string strategy_text(const Problem& problem, const dag::MixedProfile& strategies) {
  std::string out;
  for (std::size_t player = 0; player < strategies.size(); ++player) {
    const auto& strategy = strategies[player];
    std::vector<std::size_t> order(strategy.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    out += fmt::format("\nPlayer {}: {}, {} strategies\n", player + 1,
                       problem.table.players[player], strategy.size());
    std::size_t shown = strategy.size();
    if (strategy.size() > most_shown) {
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return strategy[a] > strategy[b]; });
      shown = most_shown;
    }
    for (std::size_t i = 0; i < shown; ++i) {
      const std::size_t s = order[i];
      const std::string label =
          problem.table.labels.empty() ? "" : "  " + problem.table.labels[player][s];
      out += fmt::format("  {:>5}  {:.10f}{}\n", s + 1, strategy[s], label);
    }
    if (shown < strategy.size()) {
      double rest = 0;
      for (std::size_t i = shown; i < order.size(); ++i) {
        rest += strategy[order[i]];
      }
      out += fmt::format("  {} others with {:.3g} together\n", strategy.size() - shown, rest);
    }
  }
  return out;
}

/// "(0.5, 0.5)", or for many strategies "{3: 0.5, 7: 0.5}", those played, counted from 1.
std::string short_strategy(const std::vector<double>& strategy) {
  std::string out;
  if (strategy.size() <= 6) {
    for (const double probability : strategy) {
      out += fmt::format("{}{:.6g}", out.empty() ? "" : ", ", probability);
    }
    return '(' + out + ')';
  }
  for (std::size_t s = 0; s < strategy.size(); ++s) {
    if (strategy[s] > 0) {
      out += fmt::format("{}{}: {:.6g}", out.empty() ? "" : ", ", s + 1, strategy[s]);
    }
  }
  return '{' + out + '}';
}

std::string joined(const std::vector<double>& numbers) {
  std::string out;
  for (const double n : numbers) {
    out += fmt::format("{}{:.8g}", out.empty() ? "" : ", ", n + 0.0);
  }
  return out;
}

std::string equilibria_text(const Problem& problem, const Found& found) {
  std::string out = fmt::format("{} equilibri{}", found.equilibria_count,
                                found.equilibria_count == 1 ? "um" : "a");
  const bool all = found.solver == "support_enumeration" || found.solver == "vertex_enumeration" ||
                   found.solver == "polynomial_equilibria";
  if (found.selected) {
    out += " selected\n";
  } else if (all && !found.complete) {
    out += ": stopped early, there may be more\n";
  } else if (all) {
    out += found.solver == "polynomial_equilibria" && found.degenerate.value_or(false)
               ? ": all there are, of each set of equilibria one point\n"
           : found.degenerate.value_or(false)
               ? ": the game is degenerate, these are the extreme ones\n"
               : ": all there are, the game is nondegenerate\n";
  } else if (found.solver == "pure_equilibria") {
    out += ": all pure ones\n";
  } else {
    out += found.degenerate.value_or(false) ? ": the game is degenerate, there may be more\n"
                                            : ": there may be more\n";
  }
  for (std::size_t k = 0; k < std::min(found.equilibria.size(), most_shown); ++k) {
    const dag::RegretReport report = dag::certify(problem.table, found.equilibria[k]);
    out += fmt::format("{:>4} ", k + 1);
    for (const auto& strategy : found.equilibria[k]) {
      out += ' ' + short_strategy(strategy);
    }
    out +=
        fmt::format("  payoffs {}  max regret {:.2g}", joined(report.payoffs), report.max_regret);
    out += k < found.around.size() && found.around[k].dimension > 0
               ? fmt::format("  (one of a {} of dimension {})\n", found.around[k].shape,
                             found.around[k].dimension)
               : "\n";
  }
  if (found.equilibria_count > most_shown) {
    out += fmt::format("     {} more\n", found.equilibria_count - most_shown);
  }
  return out;
}

/// The fractions of the answer, where there are some.
std::string exact_text(const Found& found) {
  std::string out = found.exact.empty() ? "" : "in fractions:\n";
  for (std::size_t k = 0; k < std::min(found.exact.size(), most_shown); ++k) {
    if (found.exact[k].strategies.empty()) {
      continue;
    }
    out += fmt::format("{:>4} ", k + 1);
    for (const std::vector<std::string>& strategy : found.exact[k].strategies) {
      out += fmt::format(" ({})", fmt::join(strategy, ", "));
    }
    out += fmt::format("  payoffs {}\n", fmt::join(found.exact[k].payoffs, ", "));
  }
  return out;
}

std::string joint_text(const Problem& problem, const Found& found) {
  const dag::GameTable& table = problem.table;
  std::vector<std::size_t> order(found.joint.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto count = static_cast<std::size_t>(
      std::count_if(found.joint.begin(), found.joint.end(), [](double p) { return p > 0; }));
  const std::size_t shown = std::min(count, most_shown);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return found.joint[a] != found.joint[b] ? found.joint[a] > found.joint[b]
                                                              : a < b;
                    });
  std::string out =
      fmt::format("payoffs {}   correlated gap {}   coarse gap {:.3g}\n\nprofile  probability\n",
                  joined(found.joint_payoffs),
                  std::isnan(found.correlated_gap) ? "not evaluated"
                                                   : fmt::format("{:.3g}", found.correlated_gap),
                  found.coarse_gap);
  for (std::size_t k = 0; k < shown; ++k) {
    std::string profile;
    for (const std::size_t s : choices_of(table, order[k])) {
      profile += fmt::format("{}{}", profile.empty() ? "" : ",", s + 1);
    }
    out += fmt::format("  {:<8} {:.10f}\n", profile, found.joint[order[k]]);
  }
  if (shown < count) {
    out += fmt::format("  {} more\n", count - shown);
  }
  return out;
}

std::string kept_text(const Problem& problem, const Found& found) {
  std::string out;
  for (std::size_t player = 0; player < found.kept.size(); ++player) {
    out += fmt::format("Player {} keeps {} of {}:", player + 1, found.kept[player].size(),
                       problem.table.sizes[player]);
    for (std::size_t k = 0; k < std::min(found.kept[player].size(), most_shown); ++k) {
      out += fmt::format(" {}", found.kept[player][k] + 1);
    }
    out += found.kept[player].size() > most_shown ? " ...\n" : "\n";
  }
  return out;
}

std::string table_body(const Problem& problem, const Found& found) {
  std::string out = found.kept.empty() ? "" : kept_text(problem, found);
  if (!found.joint.empty()) {
    return out + joint_text(problem, found);
  }
  const bool zero_sum = problem.kind == GameKind::zero_sum;
  if (!found.strategies.empty() && (zero_sum || !found.lists)) {
    out += gap_text(found, zero_sum, report_of(found, problem));
  }
  if (found.lists) {
    return out + equilibria_text(problem, found) + exact_text(found);
  }
  return out + strategy_text(problem, found.strategies) + exact_text(found);
}

std::string text_of(double value, const char* digits) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(digits), value) : "-";
}

std::string repeated_gap(const SolverRuns& runs) {
  const Band band = band_of(runs);
  return band.mean.empty() ? "-"
                           : fmt::format("{:.2e} [{:.1e}, {:.1e}]", band.mean.back(),
                                         band.low.back(), band.high.back());
}

std::string many_text(const std::vector<SolverRuns>& all, const GameFacts& game,
                      const SolveOptions& options) {
  const bool repeated = options.repeats > 1;
  const bool zero_sum = game.kind == GameKind::zero_sum;
  std::vector<std::string> head{"solver",
                                "status",
                                "rounds",
                                "products",
                                "seconds",
                                zero_sum ? "value" : "payoff 1",
                                repeated ? "relative gap: mean [95 %]" : "relative gap",
                                "point",
                                "fitted rate"};
  if (!game.tree) {  // rates are proved for matrices
    head.emplace_back(zero_sum ? "theory" : "finds");
  }
  Table table(std::move(head));
  std::string refusals;
  for (const SolverRuns& runs : all) {
    const Run& run = runs.first();
    const Found& found = run.found;
    if (!run.refused.empty()) {
      table.add({found.solver, "refused"});
      refusals += "refused: " + run.refused + "\n";
      continue;
    }
    std::string status(dag::to_string(found.status));
    double rounds = 0;
    double seconds = 0;
    double products = 0;
    std::vector<double> values;
    if (repeated) {
      std::size_t converged = 0;
      for (const Run& each : runs.runs) {
        converged += each.found.status == dag::Status::converged ? 1U : 0U;
        rounds += static_cast<double>(each.found.iterations);
        products += static_cast<double>(each.found.products);
        seconds += each.found.seconds;
        values.push_back(each.found.value);
      }
      status = fmt::format("{}/{} converged", converged, runs.runs.size());
    }
    const double count = static_cast<double>(runs.runs.size());
    std::string finds = found.lists ? fmt::format("{} equilibria", found.equilibria_count)
                        : !found.joint.empty() ? found.note + " equilibrium"
                        : !found.kept.empty()  ? fmt::format("{} removed", found.removed.size())
                                               : "profile";
    std::vector<std::string> row{
        found.solver,
        status,
        repeated ? fmt::format("{:.4g}", rounds / count) : fmt::format("{}", found.iterations),
        repeated ? fmt::format("{:.4g}", products / count) : fmt::format("{}", found.products),
        fmt::format("{:.3g}", repeated ? seconds / count : found.seconds),
        text_of(repeated ? interval_of(values).mean : found.value, "{:.10g}"),
        repeated ? repeated_gap(runs) : text_of(found.relative_gap, "{:.2e}"),
        found.iterate,
        fitted_rate(run.trace)};
    if (!game.tree) {
      row.push_back(!zero_sum ? finds : options.tau > 0 ? "-" : promised_rate(found));
    }
    table.add(std::move(row));
  }
  return '\n' + table.text() + refusals;
}

}  // namespace

std::string gap_text(const Found& found, bool zero_sum, const dag::RegretReport& report) {
  return zero_sum
             ? fmt::format("value {:.12g}   duality gap {:.3g}   relative gap {:.3g}\n",
                           found.value, found.gap, found.relative_gap)
             : fmt::format("payoffs {}   max regret {:.3g}   NashConv {:.3g}   relative {:.3g}\n",
                           joined(report.payoffs), report.max_regret, report.nash_conv,
                           found.relative_gap);
}

std::string report_text(const std::vector<SolverRuns>& all, const GameFacts& game,
                        const SolveOptions& options,
                        const std::function<std::string(const Found&)>& body) {
  const std::string head = fmt::format(
      "{}: {}{}{}\n{}", options.game, game.sizes,
      game.kind == GameKind::zero_sum
          ? ""
          : fmt::format(", {} player{}, general-sum", game.players, game.players == 1 ? "" : "s"),
      options.tau > 0 ? fmt::format(", tau {:g}", options.tau) : "", game.note);
  const bool single = all.size() == 1 && all[0].runs.size() == 1 && all[0].first().refused.empty();
  if (!single) {
    return head + many_text(all, game, options);
  }
  const Found& found = all[0].first().found;
  return head +
         fmt::format(
             "{}{}: {} after {} rounds, {:.3g} s\n",
             options.solver == found.solver ? found.solver : options.solver + " = " + found.solver,
             found.iterate.empty() ? "" : " (" + found.iterate + ")", dag::to_string(found.status),
             found.iterations, found.seconds) +
         (found.note.empty() ? "" : found.note + '\n') + body(found);
}

std::size_t answer_indent(const std::vector<SolverRuns>& all, const SolveOptions& options) {
  const bool alone =
      all.size() == 1 && options.solver.find(',') == std::string::npos && options.solver != "all";
  return alone ? 2 : 6;
}

std::string report_json(const std::vector<SolverRuns>& all, const GameFacts& game,
                        const SolveOptions& options, const AddFields& strategies,
                        const AddFields& more, const Written& written) {
  const std::size_t indent = answer_indent(all, options);
  Json json;
  if (indent == 2) {
    json = to_json(all[0], game, options, strategies, more);
  } else {
    json["game"] = options.game;
    json["players"] = game.players;
    json["kind"] = to_string(game.kind);
    if (game.tree) {
      json["form"] = "extensive";
    }
    json["solver"] = options.solver;
    json["results"] = Json::array();
    for (const SolverRuns& runs : all) {
      json["results"].push_back(to_json(runs, game, options, strategies, more));
    }
  }
  std::string text = json_dump(json);
  // No text of others has a line break there: they are written as \n.
  std::size_t at = 0;
  std::size_t room = text.size() + 1;
  for (const auto& [key, one] : written) {
    room += one.size();
  }
  std::string out;
  out.reserve(written.empty() ? 0 : room);
  for (const auto& [key, one] : written) {
    const std::string place = '\n' + std::string(indent, ' ') + '"' + key + "\": ";
    const std::size_t next = text.find(place + "null", at) + place.size();
    out.append(text, at, next - at).append(one);
    at = next + 4;
  }
  return json_safe(written.empty() ? std::move(text) : std::move(out.append(text, at)));
}

namespace {

GameFacts facts_of(const Problem& problem) {
  return {problem.table.player_count(),
          problem.kind,
          problem.constant,
          problem.range,
          sizes_text(problem.table) + " strategies",
          problem.note};
}

}  // namespace

std::string solve_text(const std::vector<SolverRuns>& all, const Problem& problem,
                       const SolveOptions& options) {
  return report_text(all, facts_of(problem), options,
                     [&](const Found& found) { return table_body(problem, found); });
}

std::string solve_json(const std::vector<SolverRuns>& all, const Problem& problem,
                       const SolveOptions& options) {
  Written written;
  return report_json(
      all, facts_of(problem), options,
      [&](Json& out, const Found& found) {
        out["strategies"] = found.strategies;
        out["player_names"] = problem.table.players;
        if (!problem.table.labels.empty()) {
          out["strategy_names"] = problem.table.labels;
        }
      },
      [&](Json& out, const Found& found) {
        add_certificate(out, found, problem);
        add_lists(out, found, problem);
        if (!found.joint.empty()) {
          written.emplace_back("distribution",
                               distribution_text(problem, found, answer_indent(all, options)));
        }
      },
      written);
}

void check_trace_name(const std::string& path) {
  dag::require(path.ends_with(".csv") || path.ends_with(".json"), dag::Errc::invalid_argument,
               "--trace ", path, ": the name must end in .csv or .json");
}

std::string solve_trace(const std::vector<SolverRuns>& all, const SolveOptions& options) {
  const bool seeds = options.repeats > 1;
  const bool json = options.trace.ends_with(".json");
  std::string out = json ? "[" : "";
  // The step along the logit branch is its lambda: a column of that name, where it has been walked.
  const auto on_branch = [](const Run& run) { return run.found.solver == "logit_branch"; };
  const bool branch = std::any_of(all.begin(), all.end(), [&](const SolverRuns& runs) {
    return std::any_of(runs.runs.begin(), runs.runs.end(), on_branch);
  });
  bool first = true;
  for (const SolverRuns& runs : all) {
    for (const Run& run : runs.runs) {
      if (json) {
        std::string records = dag::format_history_json(run.trace);
        records.pop_back();  // the line break
        for (std::size_t at = 0; on_branch(run); at += 8) {
          at = records.find("\"step\": ", at);
          if (at == std::string::npos) {
            break;
          }
          const std::size_t end = records.find('}', at);
          records.insert(end, ", \"lambda\": " + records.substr(at + 8, end - at - 8));
        }
        out += fmt::format("{}\n{{\"solver\": {}, \"seed\": {}, \"trace\": {}}}", first ? "" : ",",
                           Json(run.found.solver).dump(), run.seed, records);
        first = false;
        continue;
      }
      const std::string text = dag::format_history_csv(run.trace);
      std::size_t begin = text.find('\n') + 1;
      if (first) {
        out = (seeds ? "solver,seed," : "solver,") + text.substr(0, begin - 1) +
              (branch ? ",lambda\n" : "\n");
        first = false;
      }
      for (std::size_t end = 0; begin < text.size(); begin = end) {
        end = text.find('\n', begin) + 1;
        const std::string line = text.substr(begin, end - begin - 1);
        out += run.found.solver + ',' + (seeds ? std::to_string(run.seed) + ',' : "") + line;
        if (branch) {
          out += ',' + (on_branch(run) ? line.substr(line.rfind(',') + 1) : std::string());
        }
        out += '\n';
      }
    }
  }
  return out + (json ? "\n]\n" : "");
}

}  // namespace cli
