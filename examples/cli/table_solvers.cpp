// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "table_solvers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/symmetric.hpp>
#include <dag/solver/response/regret_dynamics.hpp>
#include <dag/solver/table/choose_equilibrium.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/detail/support_chart.hpp>
#include <dag/solver/table/homotopy_equilibria.hpp>
#include <dag/solver/table/iterated_dominance.hpp>
#include <dag/solver/table/lemke_howson.hpp>
#include <dag/solver/table/logit_branch.hpp>
#include <dag/solver/table/polynomial_equilibria.hpp>
#include <dag/solver/table/pure_equilibria.hpp>
#include <dag/solver/table/support_enumeration.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

namespace cli {
namespace {

/// Equilibria that are listed; a game of equal payoffs has as many pure ones as profiles.
constexpr std::size_t most_listed = 1000;

void require_no_knobs(std::string_view name, const Settings& settings, bool tau_allowed = false) {
  const auto& options = settings.options;
  dag::require(options.feedback == dag::Feedback<double>{}, dag::Errc::invalid_argument, name,
               ": it needs all payoffs; leave --feedback full");
  dag::require(options.average == dag::Average::automatic, dag::Errc::invalid_argument, name,
               ": it has no average; leave --average auto");
  dag::require(options.start.empty(), dag::Errc::invalid_argument, name,
               ": it has no start; leave --start out");
  dag::require(tau_allowed || settings.tau == 0, dag::Errc::unsupported, name,
               ": it does not take the pull of --tau; for games that are not zero-sum "
               "logit_branch does");
}

/// Certifies the first equilibrium, tells the observer, and fills in what is common.
/// step: what the record says of it.
void finish(const dag::GameTable& table, const Settings& settings, const dag::Stopwatch& watch,
            Found& found, double step = 0) {
  found.seconds = watch.seconds();
  found.iterate = "last";
  if (!found.equilibria.empty()) {
    found.strategies = found.equilibria.front();
  }
  if (!found.strategies.empty()) {
    const dag::RegretReport report = dag::certify(table, found.strategies);
    found.value = report.payoffs[0];
    found.gap = report.nash_conv;
    found.relative_gap = report.relative;
    found.residual = found.relative_gap;
    settings.options.observer(dag::Record{found.iterations, found.products, found.seconds,
                                          found.value, found.gap, found.relative_gap,
                                          found.residual, step});
  }
}

/// The fractions of each equilibrium as text.
std::vector<Found::Exact> exact_text(const dag::GameTable& table,
                                     const std::vector<dag::ExactProfile>& profiles) {
  std::vector<Found::Exact> texts;
  for (const dag::ExactProfile& profile : profiles) {
    Found::Exact text;
    for (const std::vector<dag::Fraction>& strategy : profile) {
      std::vector<std::string>& words = text.strategies.emplace_back();
      for (const dag::Fraction& probability : strategy) {
        words.push_back(probability.text());
      }
    }
    for (const dag::Fraction& payoff : dag::exact_payoffs(table, profile)) {
      text.payoffs.push_back(payoff.text());
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

/// Zero-sum games by one equilibrium in whole numbers.
Found exact_linear_program(const dag::GameTable& table, const Settings& settings) {
  require_no_knobs("linear_program", settings);
  const dag::Stopwatch watch;
  dag::LemkeHowsonOptions own;
  own.fractions = true;
  own.max_pivots = std::clamp<std::int64_t>(settings.options.max_iterations, 1, own.max_pivots);
  own.time_limit = settings.options.time_limit;
  own.stop = settings.options.stop;
  dag::EquilibriumSet set = dag::lemke_howson(table, own);
  dag::require(set.exact || set.status != dag::Status::converged, dag::Errc::unsupported,
               "--exact: this game is too large for whole numbers (up to 64 strategies a player, "
               "fewer where payoffs have many digits)");
  Found found;
  found.solver = "linear_program";
  found.status = set.status;
  found.iterations = set.steps;
  found.verified = set.exact;
  found.exact = exact_text(table, set.fractions);
  if (!set.equilibria.empty()) {
    found.strategies = set.equilibria.front();
  }
  found.note = "in whole numbers, by complementary pivoting";
  finish(table, settings, watch, found);
  return found;
}

/// Whether --select symmetric may leave all others out from the start.
bool only_symmetric(const dag::GameTable& table, const Settings& settings) {
  return settings.select == "symmetric" && dag::is_symmetric(table);
}

Found exact(std::string_view name, const dag::GameTable& table, const Settings& settings,
            std::int64_t max_vertices = dag::VertexEnumerationOptions{}.max_vertices) {
  require_no_knobs(name, settings);
  const dag::Stopwatch watch;
  Found found;
  found.solver = name;
  dag::EquilibriumSet set;
  if (name == "support_enumeration") {
    set = dag::support_enumeration(table, {.fractions = settings.exact,
                                           .time_limit = settings.options.time_limit,
                                           .stop = settings.options.stop});
    found.complete = set.complete;
    found.degenerate = set.degenerate;
  } else if (name == "vertex_enumeration") {
    set = dag::vertex_enumeration(table, {.max_vertices = max_vertices,
                                          .fractions = settings.exact,
                                          .symmetric = only_symmetric(table, settings),
                                          .time_limit = settings.options.time_limit,
                                          .stop = settings.options.stop});
    found.complete = set.complete;
    found.degenerate = set.degenerate;
  } else {
    dag::LemkeHowsonOptions own;
    own.all_labels = name == "lemke_howson_all";
    own.max_pivots = std::clamp<std::int64_t>(settings.options.max_iterations, 1, own.max_pivots);
    own.fractions = settings.exact;
    own.time_limit = settings.options.time_limit;
    own.stop = settings.options.stop;
    set = dag::lemke_howson(table, own);
    if (set.degenerate) {
      found.degenerate = true;  // an untied path says nothing of the rest of the game
    }
  }
  found.lists = true;
  found.status = set.status;
  found.iterations = set.steps;
  found.verified = set.exact;
  found.exact = exact_text(table, set.fractions);
  found.equilibria_count = set.equilibria.size();
  found.equilibria = std::move(set.equilibria);
  if (!found.verified) {
    found.note = "unverified: the game is too large to prove its equilibria in whole numbers";
  }
  finish(table, settings, watch, found);
  return found;
}

/// All equilibria of any number of players, enclosed.
Found every(const dag::GameTable& table, const Settings& settings) {
  require_no_knobs("polynomial_equilibria", settings);
  const dag::Stopwatch watch;
  dag::PolynomialEquilibria all = dag::polynomial_equilibria(
      table, {.time_limit = settings.options.time_limit, .stop = settings.options.stop});
  Found found;
  found.solver = "polynomial_equilibria";
  found.status = all.status;
  found.iterations = all.supports;
  found.products = all.cells;
  found.lists = true;
  found.complete = all.complete;
  found.degenerate = all.degenerate;
  found.equilibria_count = all.equilibria.size();
  std::size_t rational = 0;
  std::size_t components = 0;
  for (dag::EnclosedEquilibrium& one : all.equilibria) {
    rational += one.fractions.empty() ? 0 : 1;
    components += one.dimension > 0 ? 1 : 0;
    found.exact.push_back(one.fractions.empty() ? Found::Exact{}
                                                : exact_text(table, {one.fractions})[0]);
    found.around.push_back({one.radius, one.dimension, dag::to_string(one.shape),
                            std::move(one.low), std::move(one.high)});
    found.equilibria.push_back(std::move(one.profile));
  }
  found.verified = rational == found.equilibria.size();
  found.note = fmt::format("{} supports, {} cells; {} proved in fractions{}", all.supports,
                           all.cells, rational,
                           components == 0 ? std::string()
                                           : fmt::format("; {} stand for a set of equilibria, with "
                                                         "its dimension",
                                                         components));
  finish(table, settings, watch, found);
  return found;
}

/// Some equilibria of any game, from many starts.
Found sampled(const dag::GameTable& table, const Settings& settings) {
  require_no_knobs("homotopy_equilibria", settings);
  const dag::Stopwatch watch;
  dag::HomotopyEquilibriaOptions own;
  own.starts = std::clamp<std::int64_t>(settings.options.max_iterations, 1, own.starts);
  own.seed = settings.options.feedback.seed;
  own.tolerance = std::clamp(settings.options.tolerance, 1e-12, own.tolerance);
  own.time_limit = settings.options.time_limit;
  own.stop = settings.options.stop;
  dag::HomotopyEquilibria some = dag::homotopy_equilibria(table, own);
  Found found;
  found.solver = "homotopy_equilibria";
  found.status = some.status;
  found.iterations = some.starts;
  found.lists = true;
  found.equilibria_count = some.equilibria.size();
  found.equilibria = std::move(some.equilibria);
  found.note = fmt::format(
      "{} starts, {} without an end; by how many the equilibria were reached: ", some.starts,
      some.failed);
  for (std::size_t k = 0; k < some.reached.size(); ++k) {
    found.note += fmt::format("{}{}", k == 0 ? "" : ", ", some.reached[k]);
  }
  finish(table, settings, watch, found);
  return found;
}

Found pure(const dag::GameTable& table, const Settings& settings) {
  require_no_knobs("pure_equilibria", settings);
  const dag::Stopwatch watch;
  Found found;
  found.solver = "pure_equilibria";
  found.status = dag::Status::converged;
  found.lists = true;
  const auto profiles = dag::pure_equilibria(table);
  found.equilibria_count = profiles.size();
  found.complete = profiles.size() <= most_listed;
  for (std::size_t k = 0; k < std::min(profiles.size(), most_listed); ++k) {
    found.equilibria.push_back(dag::pure_profile(table.sizes, profiles[k]));
  }
  if (profiles.empty()) {
    found.note = "no pure equilibrium";
  }
  finish(table, settings, watch, found);
  return found;
}

Found dominance(const dag::GameTable& table, const Settings& settings) {
  require_no_knobs("iterated_dominance", settings);
  const dag::Stopwatch watch;
  Found found;
  found.solver = "iterated_dominance";
  found.status = dag::Status::converged;
  dag::DominanceResult result = dag::iterated_dominance(
      table, {.time_limit = settings.options.time_limit, .stop = settings.options.stop});
  found.status = result.status;
  bool single = true;
  std::vector<std::size_t> choices;
  for (const auto& kept : result.kept) {
    single = single && kept.size() == 1;
    choices.push_back(kept[0]);
  }
  for (const dag::DominatedStrategy& gone : result.removed) {
    found.removed.emplace_back(gone.player, gone.strategy);
    found.iterations = static_cast<std::int64_t>(gone.round);
  }
  found.kept = std::move(result.kept);
  if (single) {
    found.strategies = dag::pure_profile(table.sizes, choices);
    found.note = "one profile is left: the only equilibrium of any kind";
  }
  finish(table, settings, watch, found);
  return found;
}

/// The game whose pull to uniform play is this one's to --reference: p ∝ ref exp(u / tau) is
/// p ∝ exp((u + tau log ref) / tau).
dag::GameTable pulled_table(const dag::GameTable& table, const Settings& settings) {
  dag::GameTable pulled = table;
  std::size_t first = 0;
  for (std::size_t i = 0; i < table.player_count() && !settings.reference.empty(); ++i) {
    const std::size_t stride = dag::profile_stride(table.sizes, i);
    for (std::size_t profile = 0; profile < table.profile_count(); ++profile) {
      const double probability = settings.reference[first + profile / stride % table.sizes[i]];
      dag::require(probability > 0, dag::Errc::unsupported,
                   "--reference: logit_branch needs every probability > 0");
      pulled.payoffs[i][profile] += settings.tau * std::log(probability);
    }
    first += table.sizes[i];
  }
  return pulled;
}

/// The branch to the tolerance, or to the pull of --tau. A record a point.
Found logit(const dag::GameTable& table, const Settings& settings) {
  require_no_knobs("logit_branch", settings, true);
  const dag::Stopwatch watch;
  dag::LogitBranchOptions own;
  own.tolerance = settings.options.tolerance;
  own.max_lambda = std::max(own.max_lambda, 1e2 / std::max(own.tolerance, 1e-14));
  own.max_steps = std::clamp<std::int64_t>(settings.options.max_iterations, 1, own.max_steps);
  own.time_limit = settings.options.time_limit;
  own.stop = settings.options.stop;
  const dag::LogitBranch path =
      settings.tau > 0 ? dag::logit_equilibrium(pulled_table(table, settings), settings.tau, own)
                       : dag::logit_branch(table, own);
  Found found;
  found.solver = "logit_branch";
  found.status = path.status;
  const double seconds = watch.seconds();
  std::int64_t point = 0;
  const auto last = static_cast<std::int64_t>(path.points.size()) - 1;
  for (const dag::LogitBranchPoint& at : path.points) {
    const dag::RegretReport report = dag::certify(table, at.profile);
    const double relative = report.relative;
    if (point < last) {
      settings.options.observer(
          dag::Record{point, point,
                      seconds * static_cast<double>(point) /
                          static_cast<double>(std::max<std::int64_t>(last, 1)),
                      report.payoffs[0], report.nash_conv, relative, relative, at.lambda});
    }
    ++point;
  }
  found.iterations = last;
  found.products = path.steps;
  found.strategies = path.points.back().profile;
  const double lambda = path.points.back().lambda;
  found.note = fmt::format("the logit branch at lambda {:.4g}, {} turning point{}", lambda,
                           path.turning_points, path.turning_points == 1 ? "" : "s");
  finish(table, settings, watch, found, lambda);
  return found;
}

Found joint_answer(std::string_view name, dag::CorrelatedSolution solution, bool coarse,
                   const dag::Stopwatch& watch) {
  Found found;
  found.solver = name;
  found.status = solution.status;
  found.iterate = "uniform";
  found.iterations = solution.iterations;
  found.seconds = watch.seconds();
  found.value = solution.certificate.payoffs[0];
  found.gap = solution.gap;
  found.relative_gap = solution.relative_gap;
  found.residual = solution.relative_gap;
  found.coarse_gap = solution.certificate.coarse_gap;
  found.correlated_gap = solution.certificate.correlated_gap;
  found.joint_payoffs = solution.certificate.payoffs;
  found.joint = std::move(solution.joint);
  found.note = coarse ? "coarse correlated" : "correlated";
  return found;
}

Found learned(std::string_view name, const dag::GameTable& table, const Settings& settings) {
  const bool coarse = name == "external_regret_dynamics";
  const auto& options = settings.options;
  dag::require(
      options.average == dag::Average::automatic || options.average == dag::Average::uniform,
      dag::Errc::invalid_argument, name, ": average must be uniform");
  dag::require(settings.tau == 0, dag::Errc::unsupported, name,
               ": it does not take the pull of --tau");
  dag::require(options.feedback.kind != dag::Feedback<double>::Kind::noisy, dag::Errc::unsupported,
               name, ": --feedback must be full or sampled");
  const dag::Stopwatch watch;
  dag::RegretDynamicsOptions own;
  own.kind = coarse ? dag::RegretKind::external : dag::RegretKind::internal;
  own.feedback = options.feedback.kind == dag::Feedback<double>::Kind::sampled
                     ? dag::PlayFeedback::sampled
                     : dag::PlayFeedback::full;
  own.seed = options.feedback.seed;
  own.tolerance = options.tolerance;
  own.max_iterations = std::max<std::int64_t>(1, options.max_iterations);
  own.time_limit = options.time_limit;
  own.stop = options.stop;
  own.observer = options.observer;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < table.player_count() && !options.start.empty(); ++i) {
    const auto part = options.start.subspan(offset, table.sizes[i]);
    own.start.emplace_back(part.begin(), part.end());
    offset += table.sizes[i];
  }
  return joint_answer(name, dag::regret_dynamics(table, own), coarse, watch);
}

Found correlated(std::string_view name, const dag::GameTable& table, const Settings& settings) {
  require_no_knobs(name, settings);
  const bool coarse = name == "coarse_correlated_equilibrium";
  const dag::Stopwatch watch;
  dag::CorrelatedEquilibriumOptions own;
  own.kind = coarse ? dag::RegretKind::external : dag::RegretKind::internal;
  own.tolerance = settings.options.tolerance;
  own.time_limit = settings.options.time_limit;
  own.stop = settings.options.stop;
  Found found = joint_answer(name, dag::correlated_equilibrium(table, own), coarse, watch);
  found.iterate = "last";
  settings.options.observer(dag::Record{found.iterations, found.products, found.seconds,
                                        found.value, found.gap, found.relative_gap, found.residual,
                                        0.0});
  return found;
}

bool meets(const Found& found, const Settings& settings) {
  return found.status == dag::Status::converged && found.relative_gap <= settings.options.tolerance;
}

}  // namespace

std::optional<Found> table_solver(std::string_view name, const dag::GameTable& table,
                                  const Settings& settings) {
  if (settings.exact) {
    const bool zero_sum = table.player_count() == 2 && dag::is_constant_sum(table);
    if (table.player_count() != 2 && (name == "auto" || name == "polynomial_equilibria")) {
      return every(table, settings);
    }
    dag::require(table.player_count() == 2, dag::Errc::unsupported, "--exact: with ",
                 table.player_count(),
                 " players only polynomial_equilibria and auto show fractions");
    if (name == "linear_program" || (name == "auto" && zero_sum)) {
      return exact_linear_program(table, settings);
    }
    name = name == "auto" ? "vertex_enumeration" : name;
    dag::require(name == "vertex_enumeration" || name == "support_enumeration" ||
                     name == "lemke_howson" || name == "lemke_howson_all",
                 dag::Errc::unsupported, "--exact: ", name,
                 " works in doubles; exact are auto, linear_program, vertex_enumeration, "
                 "support_enumeration, lemke_howson and lemke_howson_all");
  }
  if (name == "vertex_enumeration" || name == "support_enumeration" || name == "lemke_howson" ||
      name == "lemke_howson_all") {
    return exact(name, table, settings);
  }
  if (name == "polynomial_equilibria") {
    return every(table, settings);
  }
  if (name == "homotopy_equilibria") {
    return sampled(table, settings);
  }
  if (name == "pure_equilibria") {
    return pure(table, settings);
  }
  if (name == "iterated_dominance") {
    return dominance(table, settings);
  }
  if (name == "logit_branch") {
    return logit(table, settings);
  }
  if (name == "external_regret_dynamics" || name == "internal_regret_dynamics") {
    return learned(name, table, settings);
  }
  if (name == "correlated_equilibrium" || name == "coarse_correlated_equilibrium") {
    return correlated(name, table, settings);
  }
  return {};
}

Found selected_equilibrium(std::string_view name, const dag::GameTable& table,
                           const Settings& settings) {
  const dag::EquilibriumRule rule = dag::equilibrium_rule(settings.select, table.player_count());
  if (name == "auto") {
    name = table.player_count() == 2 ? "vertex_enumeration" : "polynomial_equilibria";
  }
  dag::require(name == "vertex_enumeration" || name == "support_enumeration" ||
                   name == "polynomial_equilibria" || name == "pure_equilibria" ||
                   name == "homotopy_equilibria",
               dag::Errc::unsupported, "--select ", settings.select, ": ", name,
               " does not list equilibria; leave --solver auto");
  Found found = *table_solver(name, table, settings);
  const std::size_t before = found.equilibria.size();
  const std::vector<std::size_t> chosen = dag::choose_equilibria(table, found.equilibria, rule);
  const auto pick = [&](auto& list) {
    if (list.size() == before) {
      std::decay_t<decltype(list)> kept;
      for (const std::size_t k : chosen) {
        kept.push_back(std::move(list[k]));
      }
      list = std::move(kept);
    }
  };
  pick(found.exact);
  pick(found.around);
  pick(found.equilibria);
  found.equilibria_count = found.equilibria.size();
  found.selected = true;
  found.note += fmt::format(
      "{}{}: {} of {} listed equilibria{}{}", found.note.empty() ? "" : "; ", settings.select,
      chosen.size(), before, found.complete ? "" : " (there may be others)",
      !found.degenerate.value_or(false) ? ""
      : found.around.empty() ? "; the game is degenerate: of sets of equilibria, extreme points"
                             : "; the game is degenerate: of sets of equilibria, one point each");
  found.strategies = found.equilibria.empty() ? dag::MixedProfile{} : found.equilibria.front();
  if (!found.strategies.empty()) {
    const dag::RegretReport report = dag::certify(table, found.strategies);
    found.value = report.payoffs[0];
    found.gap = report.nash_conv;
    found.relative_gap = report.relative;
  }
  return found;
}

namespace {

/// An equilibrium by the branch; where one player's payoffs dwarf another's, so that no lambda
/// serves both, by that of the game with every player's moved and scaled to [0, 1].
Found equilibrium_by_logit(const dag::GameTable& table, const Settings& settings) {
  Found found = logit(table, settings);
  if (meets(found, settings) || found.status == dag::Status::time_limit ||
      found.status == dag::Status::stopped) {
    return found;
  }
  dag::GameTable own = table;
  own.numbers.clear();
  own.outcomes.clear();
  own.outcome_of_profile.clear();
  own.payoffs = dag::detail::unit_payoffs(table);
  Settings rest = settings;
  rest.options.time_limit = std::max(0.0, settings.options.time_limit - found.seconds);
  rest.options.observer = {};
  Found other = logit(own, rest);
  const dag::RegretReport report = dag::certify(table, other.strategies);
  if (!(report.relative < found.relative_gap)) {
    return found;
  }
  other.value = report.payoffs[0];
  other.gap = report.nash_conv;
  other.relative_gap = other.residual = report.relative;
  other.iterations += found.iterations;
  other.products += found.products;
  other.seconds += found.seconds;
  other.note += ", in units of each player's own range";
  settings.options.observer(dag::Record{other.iterations, other.products, other.seconds,
                                        other.value, other.gap, other.relative_gap, other.residual,
                                        0.0});
  return other;
}

}  // namespace

Found automatic_bimatrix(const dag::GameTable& table, const Settings& settings) {
  if (settings.tau > 0) {
    return logit(table, settings);
  }
  // All equilibria take well below a second in most games of this size; degenerate ones and those
  // whose payoffs differ much in size may have too many vertices for that.
  constexpr std::size_t few_strategies = 15;
  constexpr std::int64_t few_vertices = 100'000;
  if (std::min(table.sizes[0], table.sizes[1]) <= few_strategies) {
    Found found = exact("vertex_enumeration", table, settings, few_vertices);
    if (meets(found, settings)) {
      return found;
    }
  }
  Found found = exact("lemke_howson", table, settings);
  if (meets(found, settings)) {
    return found;
  }
  Found other = equilibrium_by_logit(table, settings);
  return found.strategies.empty() || other.relative_gap < found.relative_gap ? other : found;
}

Found automatic_many(const dag::GameTable& table, const Settings& settings) {
  if (settings.tau > 0) {
    return logit(table, settings);
  }
  Found found = pure(table, settings);
  if (!found.equilibria.empty()) {
    found.note = "mixed equilibria were not looked for; --solver logit_branch finds one";
    return found;
  }
  Found mixed = equilibrium_by_logit(table, settings);
  mixed.note += "; no pure equilibrium; there may be other mixed ones";
  return mixed;
}

}  // namespace cli
