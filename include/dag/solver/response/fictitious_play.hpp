// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/response/detail/response_rounds.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// Options of `fictitious_play` beside those of every solver.
struct FictitiousPlayOptions {
  Turns turns = Turns::simultaneous;  ///< alternating: the column player sees the row's new move
};

namespace detail {

/// Fictitious play in O(rows + columns) a round: sums of the rows and columns played.
template <DenseMatrixGame Game>
class MatrixPlayRounds : public FirstOrder<Game> {
  using Base = FirstOrder<Game>;

 public:
  static constexpr bool step_over_payoffs = false;  // shares of the mean
  using typename Base::Real;
  using typename Base::View;

  MatrixPlayRounds(const Game& game, const SolverOptions<Real>& options, Turns turns,
                   std::string_view solver)
      : Base(game, options, solver, Step<Real>::constant(Real{1})),
        transposed_(game.backend().transposed(game.payoff())),
        counts_(game.backend().template allocate<Real>(this->size())),
        turns_(turns),
        belief_(options.average) {
    this->evaluate(this->last());  // the first move answers the start point
  }

  bool round(std::int64_t t) {
    const auto& backend = this->backend();
    const auto& blocks = this->game_.players().blocks();
    const std::span<Real> sums = Base::Backend::view(this->gradient_);
    const auto row_sums = blocks.of(sums, 0);
    const auto column_sums = blocks.of(sums, 1);
    const Real weight = belief_weight<Real>(belief_, t);
    const auto best = [&](std::span<const Real> payoffs) { return backend.argmax(payoffs); };

    std::array<std::size_t, 2> move{best(row_sums), 0};
    if (turns_ == Turns::simultaneous) {
      move[1] = best(column_sums);
    }
    if (t == 1) {
      backend.fill(column_sums, Real{0});
    }
    backend.add_row(this->game_.payoff(), move[0], -weight, column_sums);
    if (turns_ == Turns::alternating) {
      move[1] = best(column_sums);
    }
    if (t == 1) {
      backend.fill(row_sums, Real{0});
    }
    backend.add_row(transposed_, move[1], weight, row_sums);
    for (std::size_t b = 0; b < 2; ++b) {
      backend.add_to_entry(blocks.of(Base::Backend::view(counts_), b), move[b], weight);
    }
    total_ += weight;
    this->eta_ = weight / total_;
    fresh_ = false;
    return true;
  }

  /// The weighted frequencies of play; made when asked for.
  [[nodiscard]] View last() {
    if (!fresh_ && total_ > 0) {
      const auto& backend = this->backend();
      const StateView<Real> z = this->last_.view();
      backend.fill(z.point, Real{0});
      backend.axpy(1 / total_, std::span<const Real>(Base::Backend::view(counts_)), z.point);
      this->game_.players().enter(backend, z);
      fresh_ = true;
    }
    return Base::last();
  }
  [[nodiscard]] std::span<const Real> sample() { return last().point; }

 private:
  typename Game::Matrix transposed_;
  typename Base::Vector counts_;
  Turns turns_;
  Average belief_;
  Real total_ = 0;
  bool fresh_ = true;
};

}  // namespace detail

/// Fictitious play: everyone plays a best response to the mean of the others' past play.
///
/// Source: Brown (1951); Robinson (1951), doi:10.2307/1969530. Update: z += (best_response(g(z)) -
/// z) / t, first index on ties. Rate: gap -> 0 in zero-sum games (Robinson), about t^-1/2 on random
/// ones; no better than t^(-1/(rows + columns - 2)) for the worst tie-breaking (Daskalakis and Pan
/// 2014, arXiv:1412.4840). A regularised game is answered by its regularised response. Defaults:
/// simultaneous, uniform. `average` gives the weights of the mean (uniform; linear: 2/(t+1);
/// quadratic). Cost a round: on a dense matrix game one row, one column and two searches, O(rows +
/// columns), exact in integers for integer payoffs; elsewhere one field evaluation. Memory: a
/// transposed copy of the matrix (so that a column is contiguous) and eight stacked vectors;
/// nothing is allocated after the first round. `products` counts full field evaluations, that is
/// the checks' own. Deterministic. Errors: invalid_argument (options), dimension_mismatch or
/// not_a_distribution (start), not_finite.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> fictitious_play(const Game& game,
                                             const SolverOptions<scalar_t<Game>>& options = {},
                                             const FictitiousPlayOptions& own = {}) {
  detail::require_belief(options.average, "fictitious_play");
  const auto play = [&]<class Rounds>(const auto& how) {
    return detail::solve_by<Rounds>(game, options, "fictitious_play", Average::last, how);
  };
  using Responses = detail::ResponseRounds<Game>;
  const typename Responses::Settings means{.turns = own.turns, .belief = options.average};
  if constexpr (detail::DenseMatrixGame<Game>) {
    // What is seen of play is a pure row and a pure column in any case: sampled is full.
    if (options.feedback.kind != Feedback<scalar_t<Game>>::Kind::noisy) {
      return play.template operator()<detail::MatrixPlayRounds<Game>>(own.turns);
    }
  }
  return play.template operator()<Responses>(means);
}

}  // namespace dag
