// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "solve_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/game/correlated.hpp>
#include <dag/numeric/number.hpp>

#include "certified.hpp"
#include "solver_list.hpp"

namespace cli {
namespace {

constexpr std::array<std::pair<const char*, dag::Average>, 6> averages{
    {{"auto", dag::Average::automatic},
     {"last", dag::Average::last},
     {"uniform", dag::Average::uniform},
     {"linear", dag::Average::linear},
     {"quadratic", dag::Average::quadratic},
     {"best", dag::Average::best}}};

dag::Average average_of(const std::string& name) {
  for (const auto& [known, average] : averages) {
    if (name == known) {
      return average;
    }
  }
  return dag::Average::automatic;
}

/// "full", "sampled" or "noisy:SIGMA".
dag::Feedback<double> feedback_of(const std::string& word, std::uint64_t seed) {
  if (word == "full") {
    return {};
  }
  if (word == "sampled") {
    return dag::Feedback<double>::sampled(seed);
  }
  double sigma = 0;
  dag::require(word.rfind("noisy:", 0) == 0 &&
                   dag::detail::number_value(std::string_view(word).substr(6), sigma) == nullptr &&
                   sigma > 0,
               dag::Errc::invalid_argument, "--feedback: expected full, sampled or noisy:SIGMA ",
               "(SIGMA > 0 in payoff ranges), got '", word, "'");
  return dag::Feedback<double>::noisy(sigma, seed);
}

/// Collects a trace and shows progress.
class Watcher {
 public:
  Watcher(std::string name, double tolerance, bool wanted)
      : name_(std::move(name)), tolerance_(tolerance), progress_(wanted) {}
  void operator()(const dag::Record& record) {
    trace(record);
    if (!progress_.due()) {
      return;
    }
    const double first = trace.records().front().relative_gap;
    const double fraction =
        first > record.relative_gap && tolerance_ > 0
            ? std::log(first / record.relative_gap) / std::log(first / tolerance_)
            : 0.0;
    progress_.show(fraction,
                   fmt::format("{}  round {}  relative gap {:.2e} -> {:.0e}  {:.0f} s", name_,
                               record.iteration, record.relative_gap, tolerance_, record.seconds));
  }
  dag::History trace;

 private:
  std::string name_;
  double tolerance_;
  Progress progress_;
};

double middle_of(const std::vector<double>& payoffs) {
  const auto [low, high] = std::minmax_element(payoffs.begin(), payoffs.end());
  return *low + (*high - *low) / 2;
}

Run run_once(const std::string& name, const Problem& problem, const SolveOptions& options,
             std::uint64_t seed, bool several, const std::vector<double>& start) {
  return run_watched(name, options, seed, several, start, [&](const Settings& given) {
    Settings settings = given;
    settings.options.tolerance =
        relative_tolerance(options.tolerance, options.absolute_tolerance, problem);
    settings.reference = reference_of(options, problem);
    const bool as_written = settings.exact || name == "vertex_enumeration" ||
                            name == "support_enumeration" || name == "lemke_howson" ||
                            name == "lemke_howson_all" || name == "pure_equilibria" ||
                            name == "polynomial_equilibria" ||
                            !(settings.select.empty() || settings.select == "max_entropy" ||
                              settings.select == "reference") ||
                            (name == "auto" && problem.kind != GameKind::zero_sum);
    const std::optional<Problem> moved = as_written ? std::nullopt : centred(problem);
    Found solved = solve_game(name, moved ? *moved : problem, settings);
    if (moved && std::isfinite(solved.value)) {
      solved.value += middle_of(problem.table.payoffs[0]) - middle_of(moved->table.payoffs[0]);
    }
    if (moved && !solved.joint.empty()) {
      solved.joint_payoffs =
          dag::certify_joint(problem.table, solved.joint, dag::RegretKind::external).payoffs;
    }
    Found found = certified(std::move(solved), problem, settings);
    if (name == "auto" && found.status == dag::Status::stalled && settings.tau == 0 &&
        settings.select.empty() && problem.table.player_count() == 2) {
      Found other = certified(solve_game("lemke_howson", problem, settings), problem, settings);
      if (other.status == dag::Status::converged) {
        return other;  // the ends of its paths are proved in whole numbers
      }
    }
    return found;
  });
}

}  // namespace

Run run_watched(const std::string& name, const SolveOptions& options, std::uint64_t seed,
                bool several, const std::vector<double>& start,
                const std::function<Found(const Settings&)>& solve) {
  Run run;
  run.seed = seed;
  Watcher watcher(name, options.tolerance, !options.common.quiet);
  Settings settings = settings_of(options, seed, several, start);
  settings.options.observer = watcher;
  try {
    run.found = solve(settings);
  } catch (const dag::Error& error) {
    if (!several ||
        (error.code() != dag::Errc::unsupported && error.code() != dag::Errc::invalid_argument)) {
      throw;
    }
    run.found.solver = name;
    run.refused = error.what();
  }
  // The last line tells the gap that the result does: computed again, from the payoffs as read.
  std::vector<dag::Record> records = watcher.trace.records();
  if (!records.empty() && records.back().iteration == run.found.iterations &&
      std::isfinite(run.found.relative_gap)) {
    records.back().gap = run.found.gap;
    records.back().relative_gap = run.found.relative_gap;
  }
  run.trace = dag::History(std::move(records));
  return run;
}

std::vector<std::string> average_names() {
  std::vector<std::string> names;
  for (const auto& [name, average] : averages) {
    names.emplace_back(name);
  }
  return names;
}

void check(const SolveOptions& options) {
  dag::require(options.tau >= 0 && std::isfinite(options.tau), dag::Errc::invalid_argument,
               "--tau must be >= 0 and finite, got ", options.tau);
  dag::require(options.repeats >= 1 && options.repeats <= 10'000, dag::Errc::invalid_argument,
               "--repeats must be between 1 and 10000, got ", options.repeats);
  dag::require(options.absolute_tolerance > 0, dag::Errc::invalid_argument,
               "--absolute-tolerance must be > 0 units of payoff, got ",
               options.absolute_tolerance);
  (void)feedback_of(options.feedback, 0);
}

Settings settings_of(const SolveOptions& options, std::uint64_t seed, bool several,
                     const std::vector<double>& start) {
  Settings settings;
  settings.seed = seed;
  settings.tau = options.tau;
  settings.select = options.select;
  settings.exact = options.exact;
  settings.scaling = options.scaling == "ruiz"             ? dag::Scaling::ruiz
                     : options.scaling == "pock-chambolle" ? dag::Scaling::pock_chambolle
                                                           : dag::Scaling::none;
  dag::SolverOptions<double>& own = settings.options;
  own.tolerance = options.tolerance;
  own.max_iterations = options.max_iterations >= 0 ? options.max_iterations
                       : several                   ? 100'000
                                                   : 10'000'000;
  own.time_limit = options.time_limit >= 0 ? options.time_limit
                   : several               ? 5.0
                                           : std::numeric_limits<double>::infinity();
  own.average = average_of(options.average);
  own.feedback = feedback_of(options.feedback, seed);
  own.start = start;
  own.stop = interrupt;
  return settings;
}

namespace {

/// Strategies as `option` says them: probabilities with commas, players with semicolons.
std::vector<double> strategies_of(const std::string& text, const char* option,
                                  const Problem& problem) {
  std::vector<double> start;
  if (text.empty()) {
    return start;
  }
  const auto& sizes = problem.table.sizes;
  std::size_t player = 0;
  double sum = 0;
  std::string cell;
  std::size_t cells = 0;
  for (const char c : text + ";") {
    if (c != ',' && c != ';') {
      cell += c;
      continue;
    }
    double probability = 0;
    const auto begin = cell.find_first_not_of(' ');
    const auto end = cell.find_last_not_of(' ');
    const std::string word =
        begin == std::string::npos ? std::string() : cell.substr(begin, end - begin + 1);
    const char* wrong = dag::detail::number_value(word, probability);
    dag::require(wrong == nullptr && probability >= 0, dag::Errc::invalid_argument, option,
                 ": expected a probability, found '", word, "'");
    start.push_back(probability);
    sum += probability;
    ++cells;
    cell.clear();
    if (c == ';') {
      dag::require(player < sizes.size() && cells == sizes[player], dag::Errc::invalid_argument,
                   option, ": ", problem.name, " has ", sizes_text(problem.table),
                   " strategies; player ", player + 1, " got ", cells);
      // Three digits a probability, as people write thirds, may miss 1 by half a digit each.
      constexpr double slack = 1e-3;
      dag::require(std::abs(sum - 1) <= slack, dag::Errc::invalid_argument, option,
                   ": the probabilities of player ", player + 1,
                   " must add up to 1 within 0.001 (they are then divided by their sum), got ",
                   sum);
      for (std::size_t s = 0; s < cells; ++s) {
        start[start.size() - cells + s] /= sum;
      }
      ++player;
      cells = 0;
      sum = 0;
    }
  }
  dag::require(player == sizes.size(), dag::Errc::invalid_argument, option, ": ", problem.name,
               " has ", sizes.size(), " players, got strategies for ", player,
               "; separate players by ';'");
  return start;
}

}  // namespace

std::vector<double> start_of(const SolveOptions& options, const Problem& problem) {
  return strategies_of(options.start, "--start", problem);
}

std::vector<double> reference_of(const SolveOptions& options, const Problem& problem) {
  dag::require(options.reference.empty() || options.tau > 0, dag::Errc::invalid_argument,
               "--reference: it is where --tau pulls to; give --tau, its weight");
  return strategies_of(options.reference, "--reference", problem);
}

std::vector<SolverRuns> run_solvers(const std::vector<std::string>& names, const Problem& problem,
                                    const SolveOptions& options) {
  const bool several = names.size() > 1;
  const bool random_game = options.repeats > 1 && depends_on_seed(options.game);
  const std::vector<double> start = start_of(options, problem);
  std::vector<SolverRuns> all;
  for (const std::string& name : names) {
    SolverRuns runs{name, {}};
    for (std::int64_t k = 0; k < options.repeats; ++k) {
      const std::uint64_t seed = options.common.seed + static_cast<std::uint64_t>(k);
      runs.runs.push_back(
          random_game && k > 0
              ? run_once(name, read_problem(options.game, seed), options, seed, several, start)
              : run_once(name, problem, options, seed, several, start));
      if (interrupt.stop_requested() || !runs.runs.back().refused.empty()) {
        break;
      }
    }
    all.push_back(std::move(runs));
    if (interrupt.stop_requested()) {
      break;
    }
  }
  return all;
}

Interval interval_of(const std::vector<double>& numbers) {
  Interval found;
  if (numbers.empty()) {
    return found;
  }
  const double count = static_cast<double>(numbers.size());
  double mean = 0;
  for (const double number : numbers) {
    mean += number / count;
  }
  double squares = 0;
  for (const double number : numbers) {
    squares += (number - mean) * (number - mean);
  }
  const double half = numbers.size() > 1
                          ? student(numbers.size() - 1) * std::sqrt(squares / (count - 1) / count)
                          : 0.0;
  return {mean, mean - half, mean + half};
}

Band band_of(const SolverRuns& runs) {
  constexpr double least = 1e-17;  // of a relative gap: so that its logarithm is finite
  std::vector<std::int64_t> rounds;
  for (const Run& run : runs.runs) {
    for (const dag::Record& record : run.trace.records()) {
      rounds.push_back(record.iteration);
    }
  }
  std::sort(rounds.begin(), rounds.end());
  rounds.erase(std::unique(rounds.begin(), rounds.end()), rounds.end());
  Band band;
  std::vector<std::size_t> at(runs.runs.size(), 0);
  for (const std::int64_t round : rounds) {
    std::vector<double> logs;
    for (std::size_t k = 0; k < runs.runs.size(); ++k) {
      const auto& records = runs.runs[k].trace.records();
      while (at[k] + 1 < records.size() && records[at[k] + 1].iteration <= round) {
        ++at[k];
      }
      if (!records.empty() && std::isfinite(records[at[k]].relative_gap)) {
        logs.push_back(std::log(std::max(records[at[k]].relative_gap, least)));
      }
    }
    const Interval interval = interval_of(logs);
    band.rounds.push_back(static_cast<double>(round));
    band.mean.push_back(std::exp(interval.mean));
    band.low.push_back(std::exp(interval.low));
    band.high.push_back(std::exp(interval.high));
  }
  return band;
}

}  // namespace cli
