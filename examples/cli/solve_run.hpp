// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <dag/solver/history.hpp>

#include "found.hpp"
#include "game_input.hpp"
#include "output.hpp"

namespace cli {

struct SolveOptions {
  Common common;
  std::string game;
  std::string column;
  std::string solver = "auto";
  double tolerance = 1e-6;
  double absolute_tolerance = std::numeric_limits<double>::infinity();  ///< in units of payoff
  bool exact = false;
  bool stream = false;               ///< equilibria as they are found
  std::int64_t max_iterations = -1;  ///< -1: the default of the mode
  double time_limit = -1;
  std::string average = "auto";
  double tau = 0;
  std::string reference;
  std::string select;
  std::string scaling = "none";
  std::string start;
  std::string feedback = "full";
  std::int64_t repeats = 1;
  std::string trace;
  std::string plot;
  std::string axes = "log-log";
  std::string portrait;
};

/// One solver's run, or why it refused.
struct Run {
  std::uint64_t seed = 0;
  Found found;
  dag::History trace;
  std::string refused;
};

/// All runs of one solver: one a seed.
struct SolverRuns {
  std::string name;  ///< as asked for
  std::vector<Run> runs;
  [[nodiscard]] const Run& first() const { return runs.front(); }
};

std::vector<std::string> average_names();
/// Checks the words of the command line that need no game. Throws dag::Error.
void check(const SolveOptions& options);
/// What the solvers are told. `start`: the stacked start point, empty for the centre; it has to
/// live as long as the settings.
Settings settings_of(const SolveOptions& options, std::uint64_t seed, bool several,
                     const std::vector<double>& start);
/// One run of `solve`, with its trace, progress on the screen, and, among several solvers, what it
/// refuses noted.
Run run_watched(const std::string& name, const SolveOptions& options, std::uint64_t seed,
                bool several, const std::vector<double>& start,
                const std::function<Found(const Settings&)>& solve);
/// `--start`: "0.2,0.8;0.5,0.5" for this game; empty if it was not given.
std::vector<double> start_of(const SolveOptions& options, const Problem& problem);
/// `--reference`, in the same words.
std::vector<double> reference_of(const SolveOptions& options, const Problem& problem);

/// Runs the solvers, each once a seed, in the order of `names`.
std::vector<SolverRuns> run_solvers(const std::vector<std::string>& names, const Problem& problem,
                                    const SolveOptions& options);

/// Gaps over the repeats of a solver: geometric mean and 95 % confidence interval (Student's t on
/// the logarithm) at every round at which some run was checked. A run that has ended keeps its last
/// gap.
struct Band {
  std::vector<double> rounds;
  std::vector<double> mean;
  std::vector<double> low;
  std::vector<double> high;
};
Band band_of(const SolverRuns& runs);
/// Mean and 95 % interval of numbers, Student's t.
struct Interval {
  double mean = unknown;
  double low = unknown;
  double high = unknown;
};
Interval interval_of(const std::vector<double>& numbers);

}  // namespace cli
