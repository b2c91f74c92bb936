// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The two wings meet: a layered model of traces is a one-player tree. Dilated KL is the KL of
// traces, and an alignment game solved on the treeplex by mirror-prox has the answer distribution
// of `equilibrium`.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/alignment/equilibrium.hpp>
#include <dag/backend/eigen_backend.hpp>
#include <dag/geometry/treeplex.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/tsallis.hpp>

namespace {

const dag::eigen backend;

/// The traces of a layered model as a treeplex: a set for every prefix, an action for every state.
struct TraceTree {
  dag::TreeplexShape shape;
  std::vector<std::size_t> row;     ///< of the model, one a set
  std::vector<std::size_t> answer;  ///< one a sequence; `none` for those that are no whole trace
  static constexpr std::size_t none = ~std::size_t{0};

  explicit TraceTree(const dag::LayeredShape& model) {
    struct Prefix {
      std::uint32_t sequence;
      std::size_t step, state, accumulator;
    };
    std::vector<Prefix> open{{0, 0, 0, 0}};
    answer.push_back(none);
    for (std::size_t at = 0; at < open.size(); ++at) {  // breadth first: parents before children
      const Prefix prefix = open[at];
      if (prefix.step == model.steps) {
        continue;
      }
      shape.first.push_back(static_cast<std::uint32_t>(answer.size()));
      shape.size.push_back(static_cast<std::uint32_t>(model.states));
      shape.parent.push_back(prefix.sequence);
      shape.owner.push_back(0);
      row.push_back(model.row(prefix.step, prefix.state, prefix.accumulator));
      for (std::size_t state = 0; state < model.states; ++state) {
        const std::size_t next = model.advance(prefix.accumulator, state);
        open.push_back({static_cast<std::uint32_t>(answer.size()), prefix.step + 1, state, next});
        answer.push_back(prefix.step + 1 == model.steps ? next : none);
      }
    }
    shape.blocks.push_back(answer.size());
    shape.begin = {0, static_cast<std::uint32_t>(shape.first.size())};
  }

  /// The model's conditionals as a state of the treeplex.
  [[nodiscard]] dag::State<dag::eigen, double> enter(const dag::Treeplexes<double>& players,
                                                     const dag::LayeredModel<double>& model) const {
    dag::State<dag::eigen, double> state(backend, answer.size());
    const auto view = state.view();
    view.point[0] = 1;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const auto logs = model.row_log_probs(row[k]);
      for (std::size_t a = 0; a < logs.size(); ++a) {
        view.point[shape.first[k] + a] = view.point[shape.parent[k]] * std::exp(logs[a]);
      }
    }
    players.enter(backend, view);
    return state;
  }
  [[nodiscard]] std::vector<double> answers(std::span<const double> plan, std::size_t count) const {
    std::vector<double> nu(count, 0.0);
    for (std::size_t s = 0; s < plan.size(); ++s) {
      if (answer[s] != none) {
        nu[answer[s]] += plan[s];
      }
    }
    return nu;
  }
};

/// max F(nu(x)) - beta D(x, reference) over plans x: a game of one player with a magnet.
template <class U>
class TraceGame {
 public:
  using scalar_type = double;
  using backend_type = dag::eigen;

  TraceGame(U utility, const dag::LayeredModel<double>& reference, double beta)
      : utility_(std::move(utility)),
        tree_(reference.shape()),
        players_(tree_.shape),
        reference_(tree_.enter(players_, reference)),
        beta_{beta},
        answers_{reference.shape().modulus} {}

  [[nodiscard]] const dag::eigen& backend() const { return ::backend; }
  [[nodiscard]] const dag::Treeplexes<double>& players() const { return players_; }
  [[nodiscard]] dag::MagnetView<double> magnet() const { return {beta_, reference_.view()}; }
  [[nodiscard]] const TraceTree& tree() const { return tree_; }

  void field(dag::StateView<const double> z, std::span<double> out) const {
    const std::size_t count = answers_.total();
    const std::vector<double> nu = tree_.answers(z.point, count);
    std::vector<double> log_nu(count), slope(count), scratch(count);
    for (std::size_t a = 0; a < count; ++a) {
      log_nu[a] = std::log(nu[a]);
    }
    const std::vector<double> weights{1.0};
    const dag::AnswersView<double> view{answers_, weights, {nu, log_nu}};
    dag::gradient_of(utility_, view, std::span<const double>(), std::span<double>(slope),
                     std::span<double>(scratch));
    for (std::size_t s = 0; s < out.size(); ++s) {
      out[s] = tree_.answer[s] == TraceTree::none ? 0.0 : slope[tree_.answer[s]];
    }
  }

 private:
  U utility_;
  TraceTree tree_;
  dag::Treeplexes<double> players_;
  dag::State<dag::eigen, double> reference_;
  std::vector<double> beta_;
  dag::Blocks answers_;
};

template <class U>
void check_same_answers(const U& utility, const char* name) {
  for (const std::uint64_t seed : {1U, 2U}) {
    CAPTURE(name);
    const auto reference = dag::random_layered_model<double>(4, 3, 5, seed);
    const double beta = 0.4;
    const TraceGame<U> traces(utility, reference, beta);
    const auto found = dag::mirror_prox(traces, {.tolerance = 1e-10,
                                                 .max_iterations = 20000,
                                                 .average = dag::Average::last,
                                                 .measure = dag::Measure::residual});
    CHECK(found.status == dag::Status::converged);
    const std::vector<double> nu = traces.tree().answers(found.state.view().point, 5);
    const auto exact = dag::equilibrium(dag::AlignmentGame<U, dag::no_backend>(
        utility, dag::Contexts<double>::from_log({dag::answer_log_probs(reference)}), beta));
    CHECK(exact.status == dag::Status::converged);
    for (std::size_t a = 0; a < nu.size(); ++a) {
      CHECK(nu[a] == doctest::Approx(std::exp(exact.log_nu[a])).epsilon(1e-7));
    }
  }
}

}  // namespace

TEST_CASE("dilated KL is the KL of traces") {
  for (const std::uint64_t seed : {3U, 4U, 5U}) {
    const auto one = dag::random_layered_model<double>(4, 3, 5, seed);
    const auto other = dag::tilt(one, std::vector<double>{0.3, -1, 0.5, 2, 0}, 0.7).policy;
    const TraceTree tree(one.shape());
    const dag::Treeplexes<double> players(tree.shape);
    const auto x = tree.enter(players, one);
    const auto y = tree.enter(players, other);
    double traces = 0;  // sum over all traces of p log(p / q)
    for (std::size_t s = 0; s < tree.answer.size(); ++s) {
      if (tree.answer[s] != TraceTree::none) {
        const double p = x.view().point[s];
        traces += p * std::log(p / y.view().point[s]);
      }
    }
    CHECK(players.divergence(backend, x.view(), y.view()) ==
          doctest::Approx(traces).epsilon(1e-12));
    // And the answers are those of the model.
    const auto log_nu = dag::answer_log_probs(one);
    const std::vector<double> nu = tree.answers(x.view().point, 5);
    for (std::size_t a = 0; a < nu.size(); ++a) {
      CHECK(nu[a] == doctest::Approx(std::exp(log_nu[a])).epsilon(1e-12));
    }
  }
}

TEST_CASE("alignment on the treeplex has the answers of equilibrium, utility by utility") {
  const std::vector<double> rewards{0.2, -0.4, 1.0, 0.0, 0.5};
  check_same_answers(dag::ExpectedReward<double>{rewards}, "ExpectedReward");
  check_same_answers(dag::ShannonEntropy<double>{0.6}, "ShannonEntropy");
  check_same_answers(dag::TsallisEntropy<double>{0.8, 1.5}, "TsallisEntropy");
  check_same_answers(dag::Gini<double>{1.5}, "Gini");
  check_same_answers(dag::ReverseKl{std::vector<double>{0.1, 0.2, 0.3, 0.3, 0.1}, 0.5},
                     "ReverseKl");
}
