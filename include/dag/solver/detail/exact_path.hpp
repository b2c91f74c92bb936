// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/status.hpp>
#include <dag/solver/detail/exact_mix.hpp>
#include <dag/solver/detail/integer_dictionary.hpp>

namespace dag::detail {

/// Word products that one fraction-free pivot of a rows x columns game costs at most: its entries
/// are minors of up to min(rows, columns) rows of numbers of `bits` bits.
[[nodiscard]] inline double exact_pivot_work(std::size_t rows, std::size_t columns,
                                             std::size_t bits) noexcept {
  const auto least = static_cast<double>(rows < columns ? rows : columns);
  const double words = 1 + least * static_cast<double>(bits + 4) / 32;
  return static_cast<double>(rows) * static_cast<double>(columns) * words * words;
}

/// The Lemke-Howson path of one label in whole numbers, to an equilibrium of the bimatrix game of
/// `first` and `second` (entries >= 0, row-major); see `lemke_howson`. It cannot cycle. Adds its
/// pivots to `steps`; sets `tied` if a ratio test was. Status: converged, or iteration_limit,
/// time_limit or stopped without a result.
[[nodiscard]] inline Status exact_path(const std::vector<Integer>& first,
                                       const std::vector<Integer>& second, std::size_t rows,
                                       std::size_t columns, std::size_t dropped,
                                       std::int64_t max_pivots, const Deadline& deadline,
                                       std::int64_t& steps, bool& tied, ExactMix (&mixes)[2]) {
  const auto positive = [&](const std::vector<Integer>& payoff, bool transposed) {
    std::vector<Integer> matrix;
    matrix.reserve(payoff.size());
    for (std::size_t i = 0; i < (transposed ? columns : rows); ++i) {
      for (std::size_t j = 0; j < (transposed ? rows : columns); ++j) {
        matrix.push_back(payoff[transposed ? j * columns + i : i * columns + j] + Integer(1));
      }
    }
    return matrix;
  };
  IntegerDictionary sides[2] = {{positive(second, true), columns, rows, 0, rows},
                                {positive(first, false), rows, columns, rows, 0}};
  std::size_t entering = dropped;
  std::size_t turn = dropped < rows ? 0 : 1;
  for (std::int64_t pivot = 0; entering != dropped || pivot == 0; ++pivot, turn = 1 - turn) {
    if (pivot >= max_pivots || deadline.passed()) {
      return deadline.passed() ? deadline.status() : Status::iteration_limit;
    }
    ++steps;
    entering = sides[turn].bring_in(entering);
  }
  tied = tied || sides[0].tied() || sides[1].tied();
  for (std::size_t player = 0; player < 2; ++player) {
    ExactMix& mix = mixes[player];
    mix = {};
    for (std::size_t label = 0; label < rows + columns; ++label) {
      Integer value = sides[player].value(label);
      const bool own = (label < rows) == (player == 0);
      mix.total = own ? mix.total + value : mix.total;
      (own ? mix.weights : mix.shortfalls).push_back(std::move(value));
    }
  }
  return Status::converged;
}

}  // namespace dag::detail
