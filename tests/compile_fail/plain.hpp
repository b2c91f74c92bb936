// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <dag/dag.hpp>
#include <dag/geometry/euclidean.hpp>

/// Smallest types that satisfy the public concepts: declarations only, since nothing here is run.
/// Each compile-fail test takes one and leaves one part out.
namespace plain {

struct Number {
  operator double() const;  // NOLINT(google-explicit-constructor)
};

struct Backend {
  template <class S>
  using vector = std::vector<S>;
  template <class S>
  struct matrix {};

  template <class S>
  vector<S> allocate(std::size_t size) const;
  template <class S>
  static std::span<S> view(vector<S>& v);
  template <class S>
  static std::span<const S> view(const vector<S>& v);

  // One name a primitive: what it takes and gives is the business of backend/eigen_backend.hpp.
  template <class... Arguments>
  Number copy(const Arguments&... arguments) const;
  template <class... Arguments>
  Number fill(const Arguments&... arguments) const;
  template <class... Arguments>
  Number axpy(const Arguments&... arguments) const;
  template <class... Arguments>
  Number interpolate(const Arguments&... arguments) const;
  template <class... Arguments>
  Number dot(const Arguments&... arguments) const;
  template <class... Arguments>
  Number max(const Arguments&... arguments) const;
  template <class... Arguments>
  Number argmax(const Arguments&... arguments) const;
  template <class... Arguments>
  Number max_abs_difference(const Arguments&... arguments) const;
  template <class... Arguments>
  Number all_finite(const Arguments&... arguments) const;
  template <class... Arguments>
  Number weighted_kl(const Arguments&... arguments) const;
  template <class... Arguments>
  Number multiply(const Arguments&... arguments) const;
  template <class... Arguments>
  Number multiply_transposed(const Arguments&... arguments) const;
  template <class... Arguments>
  Number dual_product(const Arguments&... arguments) const;
  template <class... Arguments>
  Number uniform(const Arguments&... arguments) const;
  template <class... Arguments>
  Number enter_simplices(const Arguments&... arguments) const;
  template <class... Arguments>
  Number entropy_prox(const Arguments&... arguments) const;
  template <class... Arguments>
  Number entropy_response(const Arguments&... arguments) const;
  template <class... Arguments>
  Number pure_response(const Arguments&... arguments) const;
  template <class... Arguments>
  Number sum_of_maxima(const Arguments&... arguments) const;
  template <class... Arguments>
  Number weighted_l1_squared(const Arguments&... arguments) const;
  template <class... Arguments>
  Number weighted_spread_squared(const Arguments&... arguments) const;
};

using View = dag::StateView<const double>;
using Out = dag::StateView<double>;
using Magnet = dag::MagnetView<double>;

struct Player {
  using scalar_type = double;
  const dag::Blocks& blocks() const;
  void start(const Backend& backend, Out state) const;
  void enter(const Backend& backend, Out state) const;
  void prox(const Backend& backend, View center, double eta, std::span<const double> gradient,
            Out out) const;
  double support(const Backend& backend, std::span<const double> gradient) const;
  void best_response(const Backend& backend, std::span<const double> gradient, Out out) const;
  double divergence(const Backend& backend, View to, View from) const;
  double distance(const Backend& backend, std::span<const double> x,
                  std::span<const double> y) const;
  double dual_distance(const Backend& backend, std::span<const double> x,
                       std::span<const double> y) const;
};

struct MagneticPlayer : Player {
  using Player::best_response;
  using Player::prox;
  void prox(const Backend& backend, View center, double eta, std::span<const double> gradient,
            Magnet magnet, Out out) const;
  void best_response(const Backend& backend, std::span<const double> gradient, Magnet magnet,
                     Out out) const;
  double magnet_value(const Backend& backend, View z, Magnet magnet) const;
};

struct Game {
  using scalar_type = double;
  using backend_type = Backend;
  const Backend& backend() const;
  const Player& players() const;
  void field(View z, std::span<double> out) const;
  double value(View z) const;
};

struct RegularizedGame : Game {
  Magnet magnet() const;
};

struct Set {
  using scalar_type = double;
  std::size_t size() const;
  void center(const Backend& backend, std::span<double> point) const;
  void project(const Backend& backend, std::span<double> point) const;
  double support(const Backend& backend, std::span<const double> gradient) const;
  void best_response(const Backend& backend, std::span<const double> gradient,
                     std::span<double> point) const;
};

static_assert(dag::Backend<Backend>);
static_assert(dag::Player<Player, Backend>);
static_assert(dag::MagneticPlayer<MagneticPlayer, Backend>);
static_assert(dag::MonotoneGame<Game>);
static_assert(dag::Payoff<Game>);
static_assert(dag::Regularized<RegularizedGame>);
static_assert(dag::ProjectionSet<Set, Backend>);

}  // namespace plain
