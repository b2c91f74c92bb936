// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The treeplex as a player. Slips seen to break these tests: values of a set without its weight;
// the magnet's share of the centre left out; depth left out of the norm; the plan not multiplied by
// its parent.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/random.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/geometry/treeplex.hpp>
#include <dag/problem/tree_catalogue.hpp>
#include <support/trees.hpp>

namespace {

const dag::eigen backend;
using State = dag::State<dag::eigen, double>;
using View = dag::StateView<const double>;

template <class Players>
State random_state(const Players& players, const dag::ExtensiveGame& game,
                   const dag::SequenceForm& form, dag::RandomStream& random) {
  State state(backend, players.blocks().total());
  const std::vector<double> plan = dag::plan_of(form, test::random_behavior(game, random));
  std::copy(plan.begin(), plan.end(), state.view().point.begin());
  players.enter(backend, state.view());
  return state;
}

std::vector<double> random_vector(std::size_t size, dag::RandomStream& random) {
  std::vector<double> v(size);
  for (double& entry : v) {
    entry = random.normal();
  }
  return v;
}

double dot(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i] * y[i];
  }
  return sum;
}

std::vector<dag::ExtensiveGame> trees() {
  return {dag::kuhn_poker_tree(), dag::kuhn_poker_tree(3), dag::named_tree("goofspiel:3"),
          dag::named_tree("random_tree:7:3:0.4:5"), dag::named_tree("random_tree:9:2:0.8:6")};
}

}  // namespace

TEST_CASE_TEMPLATE("prox, responses and norms of dilated maps", Map, dag::DilatedEntropy,
                   dag::DilatedEuclidean) {
  dag::RandomStream random(5, 0);
  for (const dag::ExtensiveGame& game : trees()) {
    const dag::SequenceForm form = dag::sequence_form(game);
    std::vector<double> weights;
    for (std::size_t k = 0; k < form.shape.set_count(); ++k) {
      weights.push_back(1 + random.uniform());
    }
    const dag::Treeplexes<double, Map> players(form.shape, weights);
    const std::size_t size = players.blocks().total();
    const std::vector<double> pulls(players.blocks().count(), 0.7);
    for (int round = 0; round < 20; ++round) {
      const State center = random_state(players, game, form, random);
      const State reference = random_state(players, game, form, random);
      const State rival = random_state(players, game, form, random);
      const std::vector<double> g = random_vector(size, random);
      const std::vector<double> h = random_vector(size, random);
      const double eta = 0.1 + random.uniform();
      State out(backend, size);
      const dag::MagnetView<double> magnet{pulls, reference.view()};

      // The prox is the best point: its own value at least that of any other, and optimality with
      // curvature: value(u) <= value(out) - D(u, out).
      players.prox(backend, center.view(), eta, g, out.view());
      const auto worth = [&](View u) {
        return eta * dot(g, u.point) - players.divergence(backend, u, center.view());
      };
      const View best = std::as_const(out).view();
      CHECK(worth(rival.view()) <=
            worth(best) - players.divergence(backend, rival.view(), best) + 1e-10);
      // It is a plan.
      State again(backend, size);
      std::copy(best.point.begin(), best.point.end(), again.view().point.begin());
      CHECK_NOTHROW(players.enter(backend, again.view()));

      // In place as well.
      State moved = center;
      players.prox(backend, std::as_const(moved).view(), eta, g, moved.view());
      CHECK(backend.max_abs_difference(std::as_const(moved).view().point, best.point) == 0);

      // With a magnet the curvature is 1 + eta tau.
      players.prox(backend, center.view(), eta, g, magnet, out.view());
      const auto pulled = [&](View u) {
        return worth(u) - eta * players.magnet_value(backend, u, magnet);
      };
      CHECK(pulled(rival.view()) <=
            pulled(best) - (1 + eta * 0.7) * players.divergence(backend, rival.view(), best) +
                1e-10);

      // Responses.
      players.best_response(backend, g, magnet, out.view());
      const auto soft = [&](View u) {
        return dot(g, u.point) - players.magnet_value(backend, u, magnet);
      };
      CHECK(soft(rival.view()) <= soft(best) + 1e-10);
      players.best_response(backend, g, out.view());
      CHECK(dot(g, best.point) ==
            doctest::Approx(players.support(backend, std::span<const double>(g))));
      CHECK(dot(g, rival.view().point) <= dot(g, best.point) + 1e-12);

      // Norms: strong convexity, and Hoelder's inequality between the norm and its dual.
      const View u = rival.view();
      const View v = center.view();
      const double distance = players.distance(backend, u.point, v.point);
      CHECK(players.divergence(backend, u, v) >= distance * distance / 2 - 1e-12);
      double gain = 0;
      for (std::size_t i = 0; i < size; ++i) {
        gain += (g[i] - h[i]) * (u.point[i] - v.point[i]);
      }
      CHECK(std::abs(gain) <=
            players.dual_distance(backend, std::span<const double>(g), std::span<const double>(h)) *
                    distance +
                1e-12);
      // The radius bounds the divergence from the uniform behaviour.
      State centre(backend, size);
      players.start(backend, centre.view());
      CHECK(players.divergence(backend, u, std::as_const(centre).view()) <=
            players.radius() + 1e-12);
    }
  }
}

TEST_CASE("drawn plans have the plan as their mean") {
  const dag::ExtensiveGame game = dag::kuhn_poker_tree();
  const dag::SequenceForm form = dag::sequence_form(game);
  const dag::Treeplexes<double> players(form.shape);
  dag::RandomStream random(7, 0);
  const State state = random_state(players, game, form, random);
  State drawn(backend, players.blocks().total());
  std::vector<double> mean(players.blocks().total(), 0.0);
  const int draws = 40000;
  for (int k = 0; k < draws; ++k) {
    players.draw(backend, state.view(), random, drawn.view());
    for (std::size_t s = 0; s < mean.size(); ++s) {
      mean[s] += drawn.view().point[s] / draws;
    }
  }
  for (std::size_t s = 0; s < mean.size(); ++s) {
    const double p = state.view().point[s];
    CHECK(std::abs(mean[s] - p) <= 4.5 * std::sqrt(p * (1 - p) / draws) + 1e-9);
  }
}

TEST_CASE("a tree of one set a player is a simplex") {
  dag::ExtensiveBuilder tree({"A"});
  tree.decision(tree.root(), 0, "only", {"a", "b", "c", "d"});
  const dag::SequenceForm form = dag::sequence_form(tree.finish());
  const dag::Treeplexes<double> treeplex(form.shape);
  const dag::Simplices<double> simplex(dag::Blocks{4});
  dag::RandomStream random(9, 0);
  State x(backend, 5);
  State y(backend, 4);
  treeplex.start(backend, x.view());
  simplex.start(backend, y.view());
  CHECK(treeplex.radius() == doctest::Approx(simplex.radius()));
  for (int round = 0; round < 30; ++round) {
    std::vector<double> g = random_vector(4, random);
    std::vector<double> with_root{0.0};
    with_root.insert(with_root.end(), g.begin(), g.end());
    treeplex.prox(backend, std::as_const(x).view(), 0.5, with_root, x.view());
    simplex.prox(backend, std::as_const(y).view(), 0.5, g, y.view());
    for (std::size_t a = 0; a < 4; ++a) {
      CHECK(x.view().point[a + 1] == doctest::Approx(y.view().point[a]).epsilon(1e-12));
    }
  }
}

TEST_CASE("zeros stay zeros, and points that are no plans are refused") {
  const dag::ExtensiveGame game = dag::kuhn_poker_tree();
  const dag::SequenceForm form = dag::sequence_form(game);
  const dag::Treeplexes<double> players(form.shape);
  State state(backend, players.blocks().total());
  const std::vector<double> g(players.blocks().total(), 1.0);
  players.best_response(backend, std::span<const double>(g), state.view());
  State next(backend, players.blocks().total());
  players.prox(backend, std::as_const(state).view(), 1.0, g, next.view());
  CHECK(backend.max_abs_difference(std::as_const(state).view().point,
                                   std::as_const(next).view().point) == 0);
  state.view().point[1] += 0.1;
  CHECK_THROWS_AS(players.enter(backend, state.view()), dag::Error);
  state.view().point[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(players.enter(backend, state.view()), dag::Error);
  CHECK_THROWS_AS(dag::Treeplexes<double>(form.shape, {1.0}), dag::Error);
}

TEST_CASE("responses to values far beyond the weights are distributions") {
  // A step may grow without end where nothing moves against it: values of 1e15 weights and more.
  for (const double unit : {1.0, 1e8, 1e15, 1e100, 1e300}) {
    CAPTURE(unit);
    for (const double behind : {0.0, 1.0, 4.0}) {
      std::vector<double> values{unit, unit - behind, 0.0};
      std::vector<double> center(3, -std::log(3.0));
      std::vector<double> out(3);
      dag::DilatedEntropy::respond(1.0, 3, values.data(), center.data(),
                                   static_cast<const double*>(nullptr), 0.0, out.data());
      double sum = 0.0;
      for (const double log_p : out) {
        sum += std::exp(log_p);
      }
      CHECK(sum == doctest::Approx(1.0).epsilon(1e-15));
    }
  }
}
