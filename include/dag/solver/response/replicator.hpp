// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/state.hpp>
#include <dag/game/player_regrets.hpp>

namespace dag {

/// Options of `replicator`.
struct ReplicatorOptions {
  /// How d/dt log p = g - <p, g> is followed over one time step h, always in the log domain.
  enum class Scheme {
    exponential,   ///< p <- p exp(h g) / Z: exact for a constant field; multiplicative weights
    runge_kutta4,  ///< classic fourth order: error O(h^4) at a fixed time
  };
  Scheme scheme = Scheme::runge_kutta4;  ///< of a step
  double step = 0.1;                     ///< h times the payoff range, > 0
  std::int64_t steps = 1000;             ///< how many, >= 0
  std::int64_t record_every = 0;         ///< steps between recorded points; 0: first and last only
  std::vector<double> start = {};        ///< stacked; empty: uniform. Zeros stay zero.
  /// Seconds; then, or when asked to stop, the path ends with the point so far.
  double time_limit = std::numeric_limits<double>::infinity();
  StopRef stop = {};  ///< e.g. a named std::stop_token
};

/// A recorded point of the replicator dynamics.
struct ReplicatorPoint {
  double time = 0.0;          ///< steps * h, in units of 1 / payoff
  std::vector<double> point;  ///< stacked strategies
  RegretReport regrets;
  friend bool operator==(const ReplicatorPoint&, const ReplicatorPoint&) = default;
};

/// The replicator dynamics of a game on simplices (`MatrixGame`, `NormalFormGame`,
/// `PolymatrixGame`): each strategy grows at the rate of its payoff above the player's average,
/// dp_s/dt = p_s (g_s(p) - <p, g(p)>). Returns the path, first and last points included.
///
/// Source: Taylor and Jonker (1978), doi:10.1016/0025-5564(78)90077-9; several populations:
/// Hofbauer and Sigmund (1998). What holds in continuous time: in zero-sum games with an interior
/// equilibrium p*, sum_i KL(p*_i, p_i) is conserved, so the path circles and does not converge (its
/// time average does: Mertikopoulos, Papadimitriou and Piliouras, 2018, arXiv:1709.02738); the
/// exponential scheme lets it grow by at most sum_i (h spread_i)^2 / 8 a step, the fourth-order one
/// keeps it to O(h^4). In exact potential games the potential rises at the rate sum_i
/// Var_{p_i}(g_i) and interior paths converge to Nash equilibria of the game restricted to the
/// support left. It is no solver: the regrets of the points are recorded and nothing is promised in
/// other games. Errors: invalid_argument (options), dimension_mismatch or not_a_distribution
/// (start), not_finite.
template <HasPlayers Game>
requires HasField<Game> && HasRange<Game>
[[nodiscard]] std::vector<ReplicatorPoint> replicator(const Game& game,
                                                      const ReplicatorOptions& options = {}) {
  using Real = scalar_t<Game>;
  using Backend = backend_t<Game>;
  const OptionRules rules("replicator");
  rules.positive("step", options.step);
  rules.not_negative("steps", options.steps);
  rules.not_negative("record_every", options.record_every);
  const Deadline deadline(options.stop, options.time_limit, "replicator");
  const auto& players = game.players();
  const Backend& backend = game.backend();
  const std::size_t size = players.blocks().total();
  const Real range = game.range();
  const Real h = static_cast<Real>(options.step) / (range > 0 ? range : Real{1});

  State<Backend, Real> z(backend, size);
  State<Backend, Real> stage(backend, size);
  auto field = backend.template allocate<Real>(size);
  auto slope = backend.template allocate<Real>(size);
  if (options.start.empty()) {
    players.start(backend, z.view());
  } else {
    require(options.start.size() == size, Errc::dimension_mismatch, "replicator: start has ",
            options.start.size(), " entries, the game has ", size);
    const std::vector<Real> start(options.start.begin(), options.start.end());
    backend.upload(std::span<const Real>(start), z.view().point);
    rules.held("start", [&] { players.enter(backend, z.view()); });
  }
  const std::span<const Real> g = Backend::view(std::as_const(field));
  const std::span<Real> sum = Backend::view(slope);

  std::vector<Real> host(size);
  std::vector<ReplicatorPoint> path;
  const auto record = [&](std::int64_t t) {
    game.field(std::as_const(z).view(), Backend::view(field));
    require(backend.all_finite(g), Errc::not_finite, "replicator: the field has a NaN at step ", t);
    ReplicatorPoint found;
    found.time = static_cast<double>(t) * static_cast<double>(h);
    backend.download(std::as_const(z).view().point, std::span<Real>(host));
    found.point.assign(host.begin(), host.end());
    backend.download(g, std::span<Real>(host));
    found.regrets = player_regrets(players.blocks(), std::vector<double>(host.begin(), host.end()),
                                   found.point);
    path.push_back(std::move(found));
  };
  record(0);
  for (std::int64_t t = 1; t <= options.steps; ++t) {
    // In the coordinates w with p = softmax(w) the dynamics are dw/dt = g: a prox adds to w.
    game.field(std::as_const(z).view(), Backend::view(field));
    if (options.scheme == ReplicatorOptions::Scheme::runge_kutta4) {
      backend.copy(g, sum);
      for (const Real reach : {h / 2, h / 2, h}) {
        players.prox(backend, std::as_const(z).view(), reach, g, stage.view());
        game.field(std::as_const(stage).view(), Backend::view(field));
        backend.axpy(reach == h ? Real{1} : Real{2}, g, sum);
      }
      players.prox(backend, std::as_const(z).view(), h / 6, std::span<const Real>(sum), z.view());
    } else {
      players.prox(backend, std::as_const(z).view(), h, g, z.view());
    }
    const bool late = deadline.passed();
    if (late || t == options.steps || (options.record_every > 0 && t % options.record_every == 0)) {
      record(t);
    }
    if (late) {
      break;
    }
  }
  return path;
}

}  // namespace dag
