// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/log_prob_model.hpp>
#include <dag/dag.hpp>
#include <dag/geometry/euclidean.hpp>

/// Smallest types that satisfy the public concepts: declarations only, since nothing here is run.
/// Each compile-fail test takes one and leaves one part out.
namespace plain {

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

  void copy(std::span<const double> x, std::span<double> y) const;
  void fill(std::span<double> y, double number) const;
  void axpy(double number, std::span<const double> x, std::span<double> y) const;
  void interpolate(double number, std::span<const double> x, std::span<double> y) const;
  double dot(std::span<const double> x, std::span<const double> y) const;
  double max(std::span<const double> x) const;
  std::size_t argmax(std::span<const double> x) const;
  double max_abs_difference(std::span<const double> x, std::span<const double> y) const;
  bool all_finite(std::span<const double> x) const;
  double kl(std::span<const double> p, std::span<const double> log_p,
            std::span<const double> log_q) const;
  void multiply(const matrix<double>& a, std::span<const double> x, std::span<double> out) const;
  void multiply_transposed(const matrix<double>& a, std::span<const double> x,
                           std::span<double> out) const;
  void dual_product(const matrix<double>& a, std::span<const double> x, std::span<const double> y,
                    double alpha, double beta, std::span<double> ay, std::span<double> ax) const;
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

struct Model {
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = int;
  int sample(dag::NoPrompt prompt, dag::RandomStream& stream) const;
  double log_prob(dag::NoPrompt prompt, int trace) const;
  std::size_t parameter_count() const;
  void accumulate_score(dag::NoPrompt prompt, int trace, double weight,
                        std::span<double> gradient) const;
  void copy_parameters(std::span<double> out) const;
  void set_parameters(std::span<const double> in);
  std::size_t answer(dag::NoPrompt prompt, int trace) const;
  std::size_t answer_count(dag::NoPrompt prompt) const;
  void answer_log_probs(dag::NoPrompt prompt, std::span<double> out) const;
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
static_assert(dag::LogProbModel<Model>);
static_assert(dag::ParameterizedModel<Model>);
static_assert(dag::ExactAnswerModel<Model>);
static_assert(dag::ProjectionSet<Set, Backend>);

}  // namespace plain
