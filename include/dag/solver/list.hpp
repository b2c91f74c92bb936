// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <dag/solver/options.hpp>
#include <dag/solver/rate.hpp>

/// The solvers, a row each: what they solve, which point they return, what is proved of it, which
/// options they take, and how they are called. The program, its help, `dag solvers`, the table of
/// docs/solvers, the plots, the benchmarks, the tests of every solver and those of their rates read
/// this list and no other: a new solver is its header and a row here.
namespace dag {

/// Games that a solver solves, as bits.
namespace kinds {
inline constexpr unsigned zero_sum = 1;  ///< two players, payoffs that add up to a constant
inline constexpr unsigned bimatrix = 2;  ///< two players, other payoffs
inline constexpr unsigned many = 4;      ///< one player, or three and more
inline constexpr unsigned two_players = zero_sum | bimatrix;
inline constexpr unsigned general = bimatrix | many;
inline constexpr unsigned all = zero_sum | general;
}  // namespace kinds

/// What a solver takes beside tolerance and limits, as bits.
namespace knobs {
inline constexpr unsigned start = 1;      ///< SolverOptions::start
inline constexpr unsigned average = 2;    ///< SolverOptions::average
inline constexpr unsigned feedback = 4;   ///< SolverOptions::feedback
inline constexpr unsigned pull = 8;       ///< a pull to uniform play (RegularizedMatrixGame)
inline constexpr unsigned select = 16;    ///< which of several equilibria
inline constexpr unsigned scaling = 32;   ///< steps by strategy
inline constexpr unsigned adaptive = 64;  ///< the program lets its step adapt
inline constexpr unsigned seed = 128;     ///< draws of its own
inline constexpr unsigned seen = start | average | feedback;  ///< of a first-order method
}  // namespace knobs

/// How a solver is called, and so which folder it lies in.
enum class Room {
  first_order,  ///< NAME(game, options), by steps along the field
  response,     ///< NAME(game, options), by best responses and regrets
  matrix,       ///< on the matrix of a zero-sum game
  table,        ///< on the table of a game in normal form
  tree          ///< on the information sets of a game tree
};

/// What is proved about a solver's relative gap on zero-sum matrix games, to be held against the
/// fitted rate: value <= C t^-exponent (power) or C factor^t with a factor below 1 that depends on
/// the game (linear).
struct Theory {
  Average iterate = Average::automatic;  ///< of which point; automatic: there is no such row
  RateLaw law = RateLaw::power;          ///< none: no convergence is promised
  double exponent = 0;                   ///< of the power law, logarithms left out
  std::string_view statement = {};
  std::string_view source = {};
};

/// What a solver does with game trees (sequence form; those of the room `table`: the reduced normal
/// form).
struct TreeUse {
  unsigned kinds = 0;     ///< of trees that it solves
  unsigned compared = 0;  ///< kinds for which `all` means it too
  bool pull = false;      ///< a pull to uniform play at every information set
  bool flat = false;      ///< under the dilated Euclidean map, as projected solvers
};

/// A row of the list, without the call.
struct SolverInfo {
  std::string_view name;
  Room room = Room::first_order;
  unsigned kinds = 0;     ///< of games that it solves; 0: trees alone
  unsigned compared = 0;  ///< kinds for which `all` means it too
  unsigned knobs = 0;
  Average iterate = Average::last;  ///< the point that it returns if not asked for another
  bool projected = false;           ///< walks by Euclidean projections: give it euclidean(game)
  bool simultaneous = true;         ///< players who change seats play the same
  std::string_view page = {};       ///< of docs/solvers
  std::string_view summary = {};
  std::array<Theory, 2> theory = {};
  TreeUse trees = {};
};

/// A solver without a uniform call: the exact ones, whose results differ.
struct NoCall {};

/// A row of the list of solvers: what is said of one, and how it is called.
template <class Call = NoCall>
struct SolverRow {
  SolverInfo info;
  Call call = {};  ///< call(game, options) -> Solution<Game>; found by argument-dependent look-up
  static constexpr bool callable = !std::is_same_v<Call, NoCall>;
};
template <class Call>
SolverRow(SolverInfo, Call) -> SolverRow<Call>;
SolverRow(SolverInfo)->SolverRow<NoCall>;

/// All rows. A row with a call names the function `dag::NAME(game, options)`, whose header whoever
/// calls it includes (this file includes none, so that it costs nothing to read the list).
inline constexpr std::tuple solver_rows{
    SolverRow{{.name = "gradient_descent_ascent",
               .kinds = kinds::zero_sum,
               .compared = kinds::zero_sum,
               .knobs = knobs::seen | knobs::pull,
               .projected = true,
               .page = "mirror_descent",
               .summary = "projected gradient steps: the baseline that cycles",
               .theory = {{{Average::last, RateLaw::none, 0,
                            "no convergence on bilinear games: the last iterate spirals outward or "
                            "cycles",
                            "doi:10.1137/1.9781611975031.172"}}},
               .trees = {kinds::all, kinds::zero_sum}},
              [](const auto& game, const auto& options) {
                return gradient_descent_ascent(game, options);
              }},
    SolverRow{
        {.name = "mirror_descent",
         .kinds = kinds::all,
         .compared = kinds::all,
         .knobs = knobs::seen | knobs::pull,
         .iterate = Average::best,
         .page = "mirror_descent",
         .summary = "multiplicative weights with a decaying step, averaged",
         .theory = {{{Average::uniform, RateLaw::power, 0.5, "(R + sum eta^2 |g|^2 / 2) / sum eta",
                      "doi:10.1016/S0167-6377(02)00231-6"}}},
         .trees = {kinds::all, kinds::zero_sum, true}},
        [](const auto& game, const auto& options) { return mirror_descent(game, options); }},
    SolverRow{{.name = "hedge",
               .room = Room::response,
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen,
               .iterate = Average::uniform,
               .page = "mirror_descent",
               .summary = "multiplicative weights on the sum of all payoffs",
               .theory = {{{Average::uniform, RateLaw::power, 0.5,
                            "sum (log size / eta + range^2 sum eta / 8) / t",
                            "doi:10.1006/jcss.1997.1504"}}}},
              [](const auto& game, const auto& options) { return hedge(game, options); }},
    SolverRow{{.name = "extragradient",
               .kinds = kinds::zero_sum,
               .compared = kinds::zero_sum,
               .knobs = knobs::seen | knobs::adaptive,
               .iterate = Average::best,
               .projected = true,
               .page = "mirror_prox",
               .summary = "two projected steps a round, adaptive step",
               .theory = {{{Average::uniform, RateLaw::power, 1, "R / (eta t)",
                            "doi:10.1137/S1052623403425629"},
                           {Average::last, RateLaw::linear, 0, "linear on bilinear games",
                            "doi:10.1016/0377-0427(94)00094-H"}}},
               .trees = {kinds::all, kinds::zero_sum}},
              [](const auto& game, const auto& options) { return extragradient(game, options); }},
    SolverRow{{.name = "anchored_extragradient",
               .kinds = kinds::zero_sum,
               .compared = kinds::zero_sum,
               .knobs = knobs::seen,
               .projected = true,
               .page = "mirror_prox",
               .summary = "extragradient pulled back to its start",
               .theory = {{{Average::last, RateLaw::power, 1, "C L D / t", "arXiv:2206.05248"}}}},
              [](const auto& game, const auto& options) {
                return anchored_extragradient(game, options);
              }},
    SolverRow{{.name = "mirror_prox",
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen | knobs::pull,
               .iterate = Average::best,
               .page = "mirror_prox",
               .summary = "two multiplicative steps a round",
               .theory = {{{Average::uniform, RateLaw::power, 1, "R / (eta t)",
                            "doi:10.1137/S1052623403425629"}}},
               .trees = {kinds::all, kinds::zero_sum, true}},
              [](const auto& game, const auto& options) { return mirror_prox(game, options); }},
    SolverRow{{.name = "optimistic_mirror_descent",
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen | knobs::pull,
               .iterate = Average::best,
               .page = "optimistic_mirror_descent",
               .summary = "one multiplicative step that looks ahead",
               .theory = {{{Average::uniform, RateLaw::power, 1,
                            "R / (eta t), eta <= (sqrt 2 - 1) / L", "arXiv:1311.1869"},
                           {Average::last, RateLaw::linear, 0,
                            "linear where the equilibrium is unique", "arXiv:2006.09517"}}},
               .trees = {kinds::all, kinds::zero_sum, true}},
              [](const auto& game, const auto& options) {
                return optimistic_mirror_descent(game, options);
              }},
    SolverRow{
        {.name = "magnetic_mirror_descent",
         .kinds = kinds::all,
         .compared = kinds::all,
         .knobs = knobs::seen | knobs::select,
         .page = "magnetic_mirror_descent",
         .summary = "multiplicative steps with a pull to a moving point",
         .theory = {{{Average::last, RateLaw::none, 0,
                      "linear, 1 / (1 + eta tau), to the regularised equilibrium; moving: tends "
                      "to 0",
                      "arXiv:2206.05825"}}},
         .trees = {kinds::all, kinds::zero_sum}},
        [](const auto& game, const auto& options) {
          return magnetic_mirror_descent(game, options);
        }},
    SolverRow{
        {.name = "primal_dual_hybrid_gradient",
         .kinds = kinds::zero_sum,
         .compared = kinds::zero_sum,
         .knobs = knobs::start | knobs::average | knobs::scaling,
         .simultaneous = false,
         .page = "primal_dual_hybrid_gradient",
         .summary = "restarted, projected steps in turn",
         .theory = {{{Average::last, RateLaw::linear, 0, "linear on matrix games, which are sharp",
                      "doi:10.1007/s10107-022-01901-9"}}},
         .trees = {kinds::zero_sum, kinds::zero_sum, false, true}},
        [](const auto& game, const auto& options) {
          return primal_dual_hybrid_gradient(game, options);
        }},
    SolverRow{
        {.name = "reflected_halpern",
         .kinds = kinds::zero_sum,
         .compared = kinds::zero_sum,
         .knobs = knobs::start | knobs::average,
         .simultaneous = false,
         .page = "reflected_halpern",
         .summary = "the same, reflected and pulled back to the last restart",
         .theory = {{{Average::last, RateLaw::linear, 0, "linear on matrix games, which are sharp",
                      "arXiv:2407.16144"}}}},
        [](const auto& game, const auto& options) { return reflected_halpern(game, options); }},
    SolverRow{{.name = "regret_matching",
               .room = Room::response,
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen,
               .iterate = Average::uniform,
               .simultaneous = false,
               .page = "regret_matching",
               .summary = "plays in proportion to positive regrets",
               .theory = {{{Average::uniform, RateLaw::power, 0.5, "sum range sqrt(size / t)",
                            "doi:10.1111/1468-0262.00153"}}}},
              [](const auto& game, const auto& options) { return regret_matching(game, options); }},
    SolverRow{
        {.name = "regret_matching_plus",
         .room = Room::response,
         .kinds = kinds::all,
         .compared = kinds::all,
         .knobs = knobs::seen,
         .iterate = Average::linear,
         .simultaneous = false,
         .page = "regret_matching",
         .summary = "the same, negative regrets are forgotten",
         .theory = {{{Average::linear, RateLaw::power, 0.5,
                      "as regret matching; near 1/t in practice", "arXiv:1407.5042"}}}},
        [](const auto& game, const auto& options) { return regret_matching_plus(game, options); }},
    SolverRow{{.name = "predictive_regret_matching_plus",
               .room = Room::response,
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen,
               .iterate = Average::quadratic,
               .simultaneous = false,
               .page = "regret_matching",
               .summary = "the same, expecting the last payoffs once more",
               .theory = {{{Average::quadratic, RateLaw::power, 0.5,
                            "t^-1/2; beats 1/t in practice", "arXiv:2007.14358"}}}},
              [](const auto& game, const auto& options) {
                return predictive_regret_matching_plus(game, options);
              }},
    SolverRow{
        {.name = "fictitious_play",
         .room = Room::response,
         .kinds = kinds::all,
         .compared = kinds::all,
         .knobs = knobs::seen | knobs::pull,
         .page = "responses",
         .summary = "best responses to the mean of past play",
         .theory = {{{Average::uniform, RateLaw::power, 0,
                      "tends to 0; t^(-1/(m + n - 2)) in the worst case, about t^-1/2 on random "
                      "games",
                      "doi:10.2307/1969530"}}},
         .trees = {kinds::all, kinds::all, true}},
        [](const auto& game, const auto& options) { return fictitious_play(game, options); }},
    SolverRow{
        {.name = "alternating_fictitious_play",
         .room = Room::response,
         .kinds = kinds::all,
         .compared = kinds::all,
         .knobs = knobs::seen | knobs::pull,
         .simultaneous = false,
         .page = "responses",
         .summary = "the same, each player sees the moves before it",
         .theory = {{{Average::uniform, RateLaw::power, 0,
                      "tends to 0; t^(-1/(m + n - 2)) in the worst case, about t^-1/2 on random "
                      "games",
                      "doi:10.2307/1969530"}}}},
        [](const auto& game, const auto& options) {
          return fictitious_play(game, options, {.turns = Turns::alternating});
        }},
    SolverRow{{.name = "smooth_fictitious_play",
               .room = Room::response,
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen | knobs::pull,
               .page = "responses",
               .summary = "entropy-smoothed responses to the mean of past play",
               .theory = {{{Average::uniform, RateLaw::power, 0.5, "t^-1/2 when cooled as t^-1/2",
                            "doi:10.1111/1468-0262.00376"}}},
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) {
                return smooth_fictitious_play(game, options);
              }},
    SolverRow{
        {.name = "frank_wolfe",
         .room = Room::response,
         .kinds = kinds::all,
         .compared = kinds::all,
         .knobs = knobs::seen | knobs::pull,
         .page = "responses",
         .summary = "best responses, later ones weigh more",
         .theory = {{{Average::last, RateLaw::power, 0,
                      "1/t on regularised and concave potential games; else as fictitious play",
                      "arXiv:1610.07797"}}},
         .trees = {kinds::all, kinds::zero_sum, true}},
        [](const auto& game, const auto& options) { return frank_wolfe(game, options); }},
    SolverRow{{.name = "best_response_dynamics",
               .room = Room::response,
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::seen | knobs::pull,
               .page = "responses",
               .summary = "best responses to the last move: converges with --tau",
               .theory = {{{Average::last, RateLaw::none, 0,
                            "linear where responses contract (regularised games with tau > L); "
                            "else cycles",
                            "doi:10.2307/2938230"}}},
               .trees = {kinds::all, kinds::all, true}},
              [](const auto& game, const auto& options) {
                return best_response_dynamics(game, options);
              }},
    SolverRow{{.name = "replicator",
               .room = Room::response,
               .kinds = kinds::all,
               .compared = kinds::all,
               .knobs = knobs::start | knobs::average,
               .page = "replicator",
               .summary = "the replicator dynamics: no solver, circles"}},
    SolverRow{{.name = "interior_point",
               .room = Room::matrix,
               .kinds = kinds::zero_sum,
               .compared = kinds::zero_sum,
               .knobs = knobs::start | knobs::average,
               .page = "interior_point",
               .summary = "path following, support polishing"}},
    SolverRow{{.name = "linear_program",
               .room = Room::matrix,
               .kinds = kinds::zero_sum,
               .compared = kinds::zero_sum,
               .page = "linear_program",
               .summary = "the simplex method, exact supports"}},
    SolverRow{{.name = "newton",
               .room = Room::matrix,
               .kinds = kinds::zero_sum,
               .knobs = knobs::start | knobs::average | knobs::pull | knobs::select,
               .page = "newton",
               .summary = "quantal response equilibria: with --tau or --select"}},
    SolverRow{{.name = "vertex_enumeration",
               .room = Room::table,
               .kinds = kinds::two_players,
               .compared = kinds::bimatrix,
               .page = "vertex_enumeration",
               .summary = "all (extreme) equilibria, fast"}},
    SolverRow{{.name = "support_enumeration",
               .room = Room::table,
               .kinds = kinds::two_players,
               .compared = kinds::bimatrix,
               .page = "support_enumeration",
               .summary = "the same, by trying all supports",
               .trees = {kinds::bimatrix}}},
    SolverRow{{.name = "lemke_howson",
               .room = Room::table,
               .kinds = kinds::two_players,
               .compared = kinds::bimatrix,
               .page = "lemke_howson",
               .summary = "one equilibrium by complementary pivoting",
               .trees = {kinds::bimatrix, kinds::bimatrix}}},
    SolverRow{{.name = "lemke_howson_all",
               .room = Room::table,
               .kinds = kinds::two_players,
               .compared = kinds::bimatrix,
               .page = "lemke_howson",
               .summary = "those at the ends of all labels' paths"}},
    SolverRow{{.name = "polynomial_equilibria",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::many,
               .page = "polynomial_equilibria",
               .summary = "all equilibria of a small game of any number of players"}},
    SolverRow{{.name = "homotopy_equilibria",
               .room = Room::table,
               .kinds = kinds::all,
               .page = "polynomial_equilibria",
               .summary = "some equilibria of a larger game: paths from many starts"}},
    SolverRow{{.name = "pure_equilibria",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .page = "pure_equilibria",
               .summary = "all pure equilibria",
               .trees = {kinds::all, kinds::general}}},
    SolverRow{{.name = "iterated_dominance",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .page = "iterated_dominance",
               .summary = "removes strictly dominated strategies"}},
    SolverRow{{.name = "logit_branch",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .knobs = knobs::pull,
               .page = "logit_branch",
               .summary = "quantal response equilibria from uniform play to a Nash equilibrium",
               .trees = {kinds::general, kinds::general}}},
    SolverRow{{.name = "external_regret_dynamics",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .knobs = knobs::seen,
               .iterate = Average::uniform,
               .page = "regret_dynamics",
               .summary = "mean play tends to the coarse correlated equilibria"}},
    SolverRow{{.name = "internal_regret_dynamics",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .knobs = knobs::seen,
               .iterate = Average::uniform,
               .page = "regret_dynamics",
               .summary = "mean play tends to the correlated equilibria"}},
    SolverRow{{.name = "correlated_equilibrium",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .page = "correlated_equilibrium",
               .summary = "the correlated equilibrium of largest welfare, by a linear program"}},
    SolverRow{{.name = "coarse_correlated_equilibrium",
               .room = Room::table,
               .kinds = kinds::all,
               .compared = kinds::general,
               .page = "correlated_equilibrium",
               .summary = "the same, coarse"}},
    SolverRow{{.name = "cfr",
               .room = Room::tree,
               .knobs = knobs::start | knobs::average,
               .iterate = Average::uniform,
               .page = "trees",
               .summary = "counterfactual regret minimisation",
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) { return cfr(game, options); }},
    SolverRow{{.name = "cfr_plus",
               .room = Room::tree,
               .knobs = knobs::start | knobs::average,
               .iterate = Average::linear,
               .page = "trees",
               .summary = "CFR+: regrets cut at zero, linear averages",
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) { return cfr_plus(game, options); }},
    SolverRow{{.name = "linear_cfr",
               .room = Room::tree,
               .knobs = knobs::start | knobs::average,
               .iterate = Average::uniform,
               .page = "trees",
               .summary = "CFR whose rounds weigh t",
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) { return linear_cfr(game, options); }},
    SolverRow{{.name = "discounted_cfr",
               .room = Room::tree,
               .knobs = knobs::start | knobs::average,
               .iterate = Average::uniform,
               .page = "trees",
               .summary = "CFR whose old regrets fade: 3/2, 0, 2",
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) { return discounted_cfr(game, options); }},
    SolverRow{
        {.name = "predictive_cfr_plus",
         .room = Room::tree,
         .knobs = knobs::start | knobs::average,
         .iterate = Average::quadratic,
         .page = "trees",
         .summary = "CFR+: the last regret is expected again, quadratic averages",
         .trees = {kinds::all, kinds::all}},
        [](const auto& game, const auto& options) { return predictive_cfr_plus(game, options); }},
    SolverRow{{.name = "asymmetric_predictive_cfr_plus",
               .room = Room::tree,
               .knobs = knobs::start | knobs::average,
               .iterate = Average::quadratic,
               .page = "trees",
               .summary = "the same, predictions count for a sixth",
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) {
                return asymmetric_predictive_cfr_plus(game, options);
              }},
    SolverRow{{.name = "adaptive_predictive_cfr_plus",
               .room = Room::tree,
               .knobs = knobs::start | knobs::average,
               .iterate = Average::quadratic,
               .page = "trees",
               .summary = "the same, by how true predictions came at each set",
               .trees = {kinds::all, kinds::all}},
              [](const auto& game, const auto& options) {
                return adaptive_predictive_cfr_plus(game, options);
              }},
    SolverRow{
        {.name = "restarted_cfr_plus",
         .room = Room::tree,
         .knobs = knobs::start | knobs::average,
         .iterate = Average::last,
         .page = "trees",
         .summary = "CFR+ pulled to a reference that jumps: the last iterate converges",
         .trees = {kinds::all, kinds::zero_sum}},
        [](const auto& game, const auto& options) { return restarted_cfr_plus(game, options); }},
    SolverRow{
        {.name = "coarse_correlated_cfr",
         .room = Room::tree,
         .iterate = Average::uniform,
         .page = "trees",
         .summary = "CFR of all players at once: joint mean play and its coarse correlated gap",
         .trees = {kinds::all, kinds::many}}},
    SolverRow{{.name = "external_sampling",
               .room = Room::tree,
               .knobs = knobs::seed,
               .iterate = Average::uniform,
               .page = "trees",
               .summary = "CFR on sampled moves of the others and of chance",
               .trees = {kinds::all, kinds::all}}},
    SolverRow{{.name = "outcome_sampling",
               .room = Room::tree,
               .knobs = knobs::seed,
               .iterate = Average::uniform,
               .page = "trees",
               .summary = "CFR on single sampled plays",
               .trees = {kinds::all, kinds::all}}},
    SolverRow{{.name = "sequence_form_program",
               .room = Room::tree,
               .iterate = Average::last,
               .page = "trees",
               .summary = "linear program on the sequence form, exact",
               .trees = {kinds::zero_sum, kinds::zero_sum}}},
    SolverRow{{.name = "sequence_form_interior_point",
               .room = Room::tree,
               .iterate = Average::last,
               .page = "trees",
               .summary = "interior point on the sequence form, exact to 1e-13",
               .trees = {kinds::zero_sum, kinds::zero_sum}}},
    SolverRow{
        {.name = "agent_logit_branch",
         .room = Room::tree,
         .knobs = knobs::pull,
         .iterate = Average::last,
         .page = "trees",
         .summary = "agent quantal responses from uniform behavior to a sequential equilibrium",
         .trees = {kinds::all, kinds::general, true}}},
    SolverRow{{.name = "best_response",
               .room = Room::tree,
               .iterate = Average::last,
               .page = "trees",
               .summary = "the best answer to chance, in games of one player",
               .trees = {kinds::many}}},
};

/// The rows without their calls, in order.
inline constexpr auto solver_list = std::apply(
    [](const auto&... row) { return std::array<SolverInfo, sizeof...(row)>{row.info...}; },
    solver_rows);

/// The row of a solver, or nullptr.
[[nodiscard]] constexpr const SolverInfo* find_solver(std::string_view name) noexcept {
  for (const SolverInfo& row : solver_list) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

/// The promise about a solver's iterate, or nullptr. `automatic` finds the solver's first one.
[[nodiscard]] constexpr const Theory* find_theory(std::string_view solver,
                                                  Average iterate = Average::automatic) noexcept {
  const SolverInfo* row = find_solver(solver);
  for (std::size_t k = 0; row != nullptr && k < row->theory.size(); ++k) {
    const Theory& theory = row->theory[k];
    if (theory.iterate != Average::automatic &&
        (iterate == Average::automatic || theory.iterate == iterate)) {
      return &theory;
    }
  }
  return nullptr;
}

/// The solver of row I, callable: solver(game, options) -> Solution. A projected one turns a matrix
/// game on the simplex into that of euclidean(game).
template <std::size_t I>
struct SolverCall {
  static constexpr SolverInfo info = std::get<I>(solver_rows).info;
  template <class Game, class Options>
  [[nodiscard]] auto operator()(const Game& game, const Options& options) const {
    if constexpr (info.projected && requires { euclidean(game); }) {
      return std::get<I>(solver_rows).call(euclidean(game), options);
    } else {
      return std::get<I>(solver_rows).call(game, options);
    }
  }
};

namespace detail {

// Named templates in place of lambdas: nvcc's host half does not print the types of the rows' calls
// inside one.
template <std::size_t I>
inline constexpr bool has_call = std::get<I>(solver_rows).callable;

template <std::size_t I, class Wanted, class Visit>
constexpr void visit_call(Visit& visit) {
  if constexpr (has_call<I>) {
    if constexpr (Wanted{}(SolverCall<I>::info)) {
      visit(SolverCall<I>{});
    }
  }
}
template <class Wanted, class Visit, std::size_t... I>
constexpr void visit_calls(Visit& visit, std::index_sequence<I...>) {
  (visit_call<I, Wanted>(visit), ...);
}

}  // namespace detail

/// visit(SolverCall<I>) for every row that has a call and that `wanted`, a captureless lambda of a
/// SolverInfo, picks: no other calls are instantiated.
template <class Wanted, class Visit>
constexpr void for_each_call(Wanted, Visit&& visit) {
  detail::visit_calls<Wanted>(visit, std::make_index_sequence<solver_list.size()>{});
}

[[nodiscard]] constexpr std::string_view to_string(Average average) noexcept {
  switch (average) {
    case Average::automatic: return "automatic";
    case Average::last: return "last";
    case Average::uniform: return "uniform";
    case Average::linear: return "linear";
    case Average::quadratic: return "quadratic";
    case Average::best: return "best";
  }
  return "unknown";
}

}  // namespace dag
