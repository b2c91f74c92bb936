// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/game/matrix.hpp>

namespace dag {
namespace detail {

template <class Backend, Scalar Real, class Rows>
[[nodiscard]] MatrixGame<Real, Backend> matrix_game_of(const Rows& rows) {
  const std::size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
  typename Backend::template matrix<Real> payoff(static_cast<std::ptrdiff_t>(rows.size()),
                                                 static_cast<std::ptrdiff_t>(columns));
  Real* out = payoff.data();
  std::size_t number = 0;
  for (const auto& row : rows) {
    require(row.size() == columns, Errc::dimension_mismatch, "matrix_game: row ", number, " has ",
            row.size(), " payoffs, row 0 has ", columns);
    out = std::copy(row.begin(), row.end(), out);
    ++number;
  }
  return MatrixGame<Real, Backend>(std::move(payoff));
}

}  // namespace detail

/// A zero-sum game from its payoffs as they are written: `matrix_game<eigen>({{3, -1}, {-2, 1}})`,
/// the row player's, a list a row. Errors: dimension_mismatch (rows of several lengths, naming the
/// first such row; no payoffs), not_finite.
template <class Backend, Scalar Real = double>
requires HasHostMemory<Backend>
[[nodiscard]] MatrixGame<Real, Backend> matrix_game(
    std::initializer_list<std::initializer_list<std::type_identity_t<Real>>> rows) {
  return detail::matrix_game_of<Backend, Real>(rows);
}
/// The same from rows that were computed.
template <class Backend, Scalar Real>
requires HasHostMemory<Backend>
[[nodiscard]] MatrixGame<Real, Backend> matrix_game(const std::vector<std::vector<Real>>& rows) {
  return detail::matrix_game_of<Backend, Real>(rows);
}

}  // namespace dag
