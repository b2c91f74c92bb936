// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag evolve: what evolution makes of a game: evolutionarily stable strategies, takeovers in finite
// populations, alpha-rank, the replicator dynamics with mutation.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/solver/table/alpha_rank.hpp>
#include <dag/solver/table/evolutionary_stability.hpp>
#include <dag/solver/table/fixation.hpp>
#include <dag/solver/table/replicator_mutator.hpp>

#include "certified.hpp"
#include "checked_options.hpp"
#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "solve_run.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

struct EvolveOptions {
  Common common;
  std::string game;
  std::size_t population = 100;
  double intensity = 1;
  double alpha = std::numeric_limits<double>::infinity();
  double mutation = -1;  ///< < 0: no replicator dynamics
  std::int64_t steps = 10'000;
  std::string start;
};

/// The replicator dynamics with mutation, about a hundred points of its path.
std::vector<dag::MutatorPoint> mutating(const EvolveOptions& options, const Problem& problem) {
  if (options.mutation < 0) {
    dag::require(options.start.empty(), dag::Errc::invalid_argument,
                 "--start: it is of the replicator dynamics; give --mutation, its rate (0: none)");
    return {};
  }
  SolveOptions words;
  words.start = options.start;
  const std::vector<double> start = start_of(words, problem);
  dag::ReplicatorMutatorOptions told{.mutation = options.mutation,
                                     .steps = options.steps,
                                     .record_every = (options.steps + 99) / 100};
  for (std::size_t i = 0, at = 0; i < problem.table.sizes.size() && !start.empty(); ++i) {
    const auto first = start.begin() + static_cast<std::ptrdiff_t>(at);
    told.start.emplace_back(first, first + static_cast<std::ptrdiff_t>(problem.table.sizes[i]));
    at += problem.table.sizes[i];
  }
  return dag::replicator_mutator(problem.table, told);
}

/// The payoffs [own * n + other] of a symmetric two-player game; nothing for other games.
std::optional<std::vector<double>> symmetric_payoffs(const dag::GameTable& table) {
  if (table.player_count() != 2 || table.sizes[0] != table.sizes[1]) {
    return std::nullopt;
  }
  const std::size_t n = table.sizes[0];
  std::vector<double> payoff(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      payoff[i * n + j] = table.payoffs[0][i + n * j];
      if (payoff[i * n + j] != table.payoffs[1][j + n * i]) {
        return std::nullopt;
      }
    }
  }
  return payoff;
}

std::string strategy_name(const dag::GameTable& table, std::size_t player, std::size_t s) {
  return table.labels.empty() ? std::to_string(s + 1) : table.labels[player][s];
}

/// What a symmetric game has beside alpha-rank.
struct Symmetric {
  std::vector<std::vector<double>> stable;
  bool tried = false;  ///< up to 16 strategies
  dag::RareMutations rare;
  std::vector<double> alpha_rank;  ///< of one population
};

Symmetric of_symmetric(const std::vector<double>& payoff, std::size_t n,
                       const EvolveOptions& options, const dag::AlphaRankOptions& rank) {
  Symmetric found;
  found.tried = n <= 16;
  if (found.tried) {
    found.stable = dag::evolutionarily_stable_strategies(payoff, n);
  }
  found.rare = dag::rare_mutations(
      payoff, n, {.population = options.population, .intensity = options.intensity});
  found.alpha_rank = dag::alpha_rank_of_one_population(payoff, n, rank).mass;
  return found;
}

Json json_of(const EvolveOptions& options, const Problem& problem,
             const std::optional<Symmetric>& symmetric, const dag::AlphaRank& rank,
             const std::vector<dag::MutatorPoint>& path) {
  Json json;
  json["game"] = options.game;
  json["sizes"] = problem.table.sizes;
  json["symmetric"] = symmetric.has_value();
  json["population"] = options.population;
  json["intensity"] = options.intensity;
  if (std::isinf(options.alpha)) {
    json["alpha"] = "infinity";
  } else {
    json["alpha"] = options.alpha;
  }
  if (symmetric) {
    const std::size_t n = problem.table.sizes[0];
    if (symmetric->tried) {
      json["evolutionarily_stable"] = symmetric->stable;
    }
    Json fixation = Json::array();
    for (std::size_t a = 0; a < n; ++a) {
      fixation.push_back(std::vector<double>(
          symmetric->rare.log_fixation.begin() + static_cast<std::ptrdiff_t>(a * n),
          symmetric->rare.log_fixation.begin() + static_cast<std::ptrdiff_t>((a + 1) * n)));
    }
    json["log_fixation"] = fixation;
    json["rare_mutations"] = symmetric->rare.share;
    json["alpha_rank_one_population"] = symmetric->alpha_rank;
  }
  Json profiles = Json::array();
  for (std::size_t s = 0; s < rank.mass.size(); ++s) {
    std::vector<std::size_t> profile;
    std::size_t rest = s;
    for (const std::size_t size : problem.table.sizes) {
      profile.push_back(rest % size);
      rest /= size;
    }
    profiles.push_back({{"profile", profile}, {"mass", rank.mass[s]}});
  }
  json["alpha_rank"] = profiles;
  if (!path.empty()) {
    Json points = Json::array();
    for (const dag::MutatorPoint& point : path) {
      points.push_back(
          {{"time", point.time}, {"strategies", point.profile}, {"max_regret", point.max_regret}});
    }
    json["replicator"] = {
        {"mutation", options.mutation}, {"steps", options.steps}, {"path", points}};
  }
  return json;
}

std::string text_of(const EvolveOptions& options, const Problem& problem,
                    const std::optional<Symmetric>& symmetric, const dag::AlphaRank& rank,
                    const std::vector<dag::MutatorPoint>& path) {
  const dag::GameTable& table = problem.table;
  std::string out = fmt::format("{}: {}\n", options.game, sizes_text(table));
  if (symmetric) {
    const std::size_t n = table.sizes[0];
    if (!symmetric->tried) {
      out += "more than 16 strategies: evolutionarily stable ones not looked for\n";
    } else if (symmetric->stable.empty()) {
      out += "no evolutionarily stable strategy\n";
    }
    for (const std::vector<double>& x : symmetric->stable) {
      out += "evolutionarily stable:";
      for (std::size_t s = 0; s < n; ++s) {
        if (x[s] > 0) {
          out += fmt::format("  {} {:.6g}", strategy_name(table, 0, s), x[s]);
        }
      }
      out += "\n";
    }
    Table rows({"strategy", "share", "alpha-rank", "taken over by (chance)"});
    for (std::size_t a = 0; a < n; ++a) {
      std::size_t best = a;
      for (std::size_t b = 0; b < n; ++b) {
        if (b != a && (best == a || symmetric->rare.log_fixation[a * n + b] >
                                        symmetric->rare.log_fixation[a * n + best])) {
          best = b;
        }
      }
      rows.add({strategy_name(table, 0, a), fmt::format("{:.6f}", symmetric->rare.share[a]),
                fmt::format("{:.6f}", symmetric->alpha_rank[a]),
                best == a ? "-"
                          : fmt::format("{} ({:.3g})", strategy_name(table, 0, best),
                                        std::exp(symmetric->rare.log_fixation[a * n + best]))});
    }
    out += fmt::format("one population of {}, rare mutations, intensity {}:\n{}",
                       options.population, options.intensity, rows.text());
  } else {
    out += "not a symmetric two-player game: alpha-rank only\n";
  }
  Table profiles({"profile", "mass"});
  for (std::size_t s = 0; s < rank.mass.size() && rank.mass.size() <= 400; ++s) {
    if (rank.mass[s] < 1e-6) {
      continue;
    }
    std::string name;
    std::size_t rest = s;
    for (std::size_t i = 0; i < table.player_count(); ++i) {
      name += (i == 0 ? "" : ", ") + strategy_name(table, i, rest % table.sizes[i]);
      rest /= table.sizes[i];
    }
    profiles.add({name, fmt::format("{:.6f}", rank.mass[s])});
  }
  out += fmt::format("alpha-rank, a population a player, alpha {}:\n{}",
                     std::isinf(options.alpha) ? "infinite" : fmt::format("{}", options.alpha),
                     profiles.text());
  if (!path.empty()) {
    out += fmt::format("replicator dynamics, mutation {}, to time {:.6g}, largest regret {:.3g}:\n",
                       options.mutation, path.back().time, path.back().max_regret);
    Table ends({"player", "strategy", "start", "end"});
    for (std::size_t i = 0; i < table.sizes.size(); ++i) {
      for (std::size_t s = 0; s < table.sizes[i]; ++s) {
        ends.add({table.players[i], strategy_name(table, i, s),
                  fmt::format("{:.6f}", path.front().profile[i][s]),
                  fmt::format("{:.6f}", path.back().profile[i][s])});
      }
    }
    out += ends.text();
  }
  return out;
}

int evolve(const EvolveOptions& options) {
  require_distinct(game_files(options.game), {{"--json", options.common.json}});
  Problem problem = read_problem(options.game, options.common.seed);
  const bool may_be_symmetric = symmetric_payoffs(problem.table).has_value();
  if (std::optional<Problem> moved = centred(problem)) {
    problem = std::move(*moved);  // no answer depends on the constants
  }
  const dag::AlphaRankOptions rank_options{.alpha = options.alpha,
                                           .population = options.population};
  const auto states = static_cast<double>(problem.table.profile_count());
  require_memory(16 * states * states, "alpha-rank over all profiles");
  const dag::AlphaRank rank = dag::alpha_rank(problem.table, rank_options);
  std::optional<Symmetric> symmetric;
  if (const auto payoff = symmetric_payoffs(problem.table); payoff && may_be_symmetric) {
    symmetric = of_symmetric(*payoff, problem.table.sizes[0], options, rank_options);
  }
  const std::vector<dag::MutatorPoint> path = mutating(options, problem);
  Outputs outputs;
  if (!options.common.json.empty()) {
    outputs.add(options.common.json, json_text(json_of(options, problem, symmetric, rank, path)));
  }
  outputs.write();
  if (options.common.talks()) {
    say(text_of(options, problem, symmetric, rank, path));
  }
  return exit_done;
}

}  // namespace

Command add_evolve(CLI::App& app) {
  auto options = std::make_shared<EvolveOptions>();
  CLI::App* command = app.add_subcommand(
      "evolve", "What evolution makes of a game: stability, takeovers, alpha-rank");
  command->add_option("GAME", options->game, "A game, as dag solve takes it")->required();
  command->add_option("--population", options->population, "Members of each population")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(2, 1000000));
  command
      ->add_option("--intensity", options->intensity,
                   "Of selection under rare mutations, per unit of payoff")
      ->capture_default_str()
      ->type_name("W");
  command
      ->add_option("--alpha", options->alpha,
                   "Of alpha-rank, per unit of payoff (default: the limit of large alpha)")
      ->type_name("A");
  command
      ->add_option("--mutation", options->mutation,
                   "Follow the replicator dynamics, a population a player, with mutation at this "
                   "rate / payoff range (0: without)")
      ->type_name("MU")
      ->check(number_from_zero());
  command
      ->add_option("--steps", options->steps,
                   "Of the replicator dynamics, a tenth of 1 / payoff range each")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 10000000));
  command
      ->add_option("--start", options->start,
                   "Where the replicator dynamics start, as --start of dag solve; every "
                   "probability > 0 (default: uniform)")
      ->type_name("P;Q");
  add_common(*command, options->common);
  command->footer(
      "Example:\n"
      "  dag evolve chicken\n"
      "  dag evolve game.nfg --population 50 --alpha 10 --json -\n"
      "  dag evolve rps --mutation 0.05 --start \"0.6,0.3,0.1;0.2,0.3,0.5\"\n"
      "A symmetric two-player game: its evolutionarily stable strategies, and the shares of one\n"
      "population in which rare mutants take over or die out. Any game: alpha-rank, and the\n"
      "replicator dynamics with mutation.");
  return [options] { return evolve(*options); };
}

}  // namespace cli
