// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/game/matrix.hpp>

namespace dag {
namespace detail {

/// x <- argmin KL(x || reference) over {x > 0, sum x = 1, every row of `payoffs` pays x the same},
/// from an x > 0 close to it, by Newton's method: in units of sqrt x a step is a least-norm
/// correction onto the constraints (complete orthogonal decomposition: they may depend on each
/// other). False if it does not settle.
template <Scalar Real>
[[nodiscard]] bool project_entropy(eigen::matrix<Real> payoffs,
                                   const eigen::vector<Real>& reference, eigen::vector<Real>& x) {
  using Matrix = eigen::matrix<Real>;
  using Vector = eigen::vector<Real>;
  const Eigen::Index count = payoffs.rows();
  payoffs.rowwise() -= payoffs.colwise().mean().eval();
  Matrix constraints(count + 1, x.size());
  const Real scale = payoffs.cwiseAbs().maxCoeff();
  constraints.topRows(count) = payoffs / (scale > 0 ? scale : Real{1});
  constraints.row(count).setOnes();
  for (int round = 0; round < 60; ++round) {
    const Vector root = x.cwiseSqrt();
    const Vector slope = root.array() * (x.array() / reference.array()).log();
    const Matrix weighted = constraints * root.asDiagonal();
    Eigen::CompleteOrthogonalDecomposition<Matrix> factor;
    factor.setThreshold(Real{64} * std::numeric_limits<Real>::epsilon() *
                        static_cast<Real>(x.size()));
    factor.compute(weighted);
    Vector missing = weighted * slope - constraints * x;
    missing(count) += 1;
    const Vector step = factor.solve(missing) - slope;  // dx / sqrt x
    const Real longest = (-(step.array() / root.array())).maxCoeff();
    const Real length = longest > Real(0.9) ? Real(0.9) / longest : Real{1};
    const Real size = step.cwiseAbs().maxCoeff();
    if (!std::isfinite(size)) {
      return false;
    }
    x.array() += length * root.array() * step.array();
    if (length == 1 && size <= std::sqrt(std::numeric_limits<Real>::epsilon()) / 4) {
      return true;  // quadratic: the next step would be its square
    }
  }
  return false;
}

}  // namespace detail

/// Where a path of quantal response equilibria of a dense zero-sum game ends, exactly: the Nash
/// equilibrium nearest to the path's reference in relative entropy (to the uniform one: of largest
/// entropy). `coarse` and `fine` are stacked points of the path at weights tau and tau / 2, solved
/// to a tolerance well below tau / range (1e-7 of it: probabilities that vanish have to show it).
///
/// Method: along the path a probability tends to a positive limit, or falls like tau or faster: a
/// strategy is in the limit's support if its probability keeps more than 0.7 of itself over the
/// halving. A strategy of the other player binds if its probability over tau, a multiplier, does
/// not vanish: it keeps more than 0.35. Probabilities below 1e-6 count as vanished. On these
/// supports each player's limit solves a convex problem of its own, min KL(x || reference) where
/// all binding strategies pay the same, by Newton's method (`project_entropy`). The result is kept
/// only if it lies as near to `fine` as the path's own steps say (10 |coarse - fine|, in the max
/// norm); whether it is an equilibrium, its certificate says. Nothing is returned otherwise: with
/// a tau too large the supports are not yet those of the limit. Cost: a few complete orthogonal
/// decompositions of the supports' size. Deterministic. Errors: dimension_mismatch.
template <Scalar Real>
[[nodiscard]] std::optional<std::vector<Real>> path_limit(const MatrixGame<Real, eigen>& game,
                                                          std::span<const Real> reference,
                                                          std::span<const Real> coarse,
                                                          std::span<const Real> fine) {
  using Vector = eigen::vector<Real>;
  const Blocks& blocks = game.players().blocks();
  require(reference.size() == blocks.total() && coarse.size() == blocks.total() &&
              fine.size() == blocks.total(),
          Errc::dimension_mismatch, "path_limit: points need ", blocks.total(), " entries, got ",
          reference.size(), ", ", coarse.size(), " and ", fine.size());
  constexpr Real noise = Real(1e-6);  // a point of the path says nothing about probabilities below
  std::vector<Real> limit(fine.size(), Real{0});
  Real widest = 0;
  for (std::size_t k = 0; k < fine.size(); ++k) {
    widest = std::max(widest, std::abs(fine[k] - coarse[k]));
  }
  for (std::size_t b = 0; b < 2; ++b) {
    const auto keeps = [&](std::size_t block, Real share) {
      std::vector<Eigen::Index> kept;
      const auto now = blocks.of(fine, block), then = blocks.of(coarse, block);
      for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] > share * then[i] && now[i] > noise) {
          kept.push_back(static_cast<Eigen::Index>(i));
        }
      }
      return kept;
    };
    const auto own = keeps(b, Real(0.7)), others = keeps(1 - b, Real(0.35));
    if (own.empty() || others.empty()) {
      return {};
    }
    const auto size = static_cast<Eigen::Index>(own.size());
    eigen::matrix<Real> payoffs(static_cast<Eigen::Index>(others.size()), size);
    Vector from(size), x(size);
    for (Eigen::Index i = 0; i < size; ++i) {
      const auto k = own[static_cast<std::size_t>(i)];
      from(i) = blocks.of(reference, b)[static_cast<std::size_t>(k)];
      x(i) = blocks.of(fine, b)[static_cast<std::size_t>(k)];
      for (std::size_t j = 0; j < others.size(); ++j) {
        payoffs(static_cast<Eigen::Index>(j), i) =
            b == 0 ? game.payoff()(k, others[j]) : game.payoff()(others[j], k);
      }
    }
    x /= x.sum();
    if (!(from.minCoeff() > 0) || !detail::project_entropy(std::move(payoffs), from, x)) {
      return {};
    }
    x /= x.sum();
    const auto out = blocks.of(std::span<Real>(limit), b);
    for (Eigen::Index i = 0; i < size; ++i) {
      out[static_cast<std::size_t>(own[static_cast<std::size_t>(i)])] = x(i);
    }
  }
  for (std::size_t k = 0; k < fine.size(); ++k) {
    if (!(std::abs(limit[k] - fine[k]) <= 10 * widest)) {
      return {};
    }
  }
  return limit;
}

}  // namespace dag
