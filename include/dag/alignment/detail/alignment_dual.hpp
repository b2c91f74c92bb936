// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/alignment/detail/target_program.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>

namespace dag::detail {

/// The dual of a game whose Target is adversarial and whose other parts are pointwise:
///   psi(y) = max_nu Phi(nu, y) - beta KL, convex and smooth in the Target's y,
/// minimised by Newton's method with an exact quadratic program for the bounds at each step and
/// backtracking: gradient <a_k, nu(y)> + b_k, Hessian the covariances of the rows under
/// nu / (beta - slope).
template <class Game>
class AlignmentDual {
 public:
  using Real = typename Game::Real;

  explicit AlignmentDual(const Game& game)
      : game_(game),
        beta_(game.beta()),
        offset_(game.policy_size()),
        base_(game.policy_size()),
        log_nu_(game.policy_size()),
        nu_(game.policy_size()) {
    response_.emplace(game.utility(), beta_);
    for_each_part(game.utility(), [&](const auto& part) {
      using Part = std::remove_cvref_t<decltype(part)>;
      if constexpr (AdversarialUtility<Part>) {
        bool mixes = false;
        for (std::size_t k = 0; k < part.target_size(); ++k) {
          const TargetKind kind = part.target_kind(k);
          mixes = mixes || kind == TargetKind::mixture;
          shape_.bounded.push_back(kind != TargetKind::free);
          shape_.mixture.push_back(kind == TargetKind::mixture ? shape_.mixtures
                                                               : TargetShape::none);
          rows_.push_back({part.target_row(k), part.target_offset(k), Part::context_weighted});
        }
        shape_.mixtures += mixes ? 1 : 0;
      }
    });
    const std::size_t size = shape_.size();
    y_.resize(size);
    gradient_.resize(size);
    hessian_.resize(size * size);
    std::vector<Real> members(shape_.mixtures, 0);
    for (std::size_t k = 0; k < size; ++k) {
      if (shape_.mixture[k] != TargetShape::none) {
        members[shape_.mixture[k]] += 1;
      }
    }
    for (std::size_t k = 0; k < size; ++k) {
      y_[k] = shape_.mixture[k] == TargetShape::none ? Real{0} : 1 / members[shape_.mixture[k]];
    }
  }

  /// Newton from the centre; where it stops short (beta far below the rewards: psi is then nearly
  /// piecewise linear) once more along falling betas, each start the end of the one before: the
  /// minimiser moves by about beta, which is a fixed distance in logits.
  /// Errors: invalid_argument where no policy satisfies the constraints, proved by weak duality.
  void solve(const EquilibriumOptions<Real>& options, AlignmentSolution<Real>& found) {
    const Deadline deadline(options.stop, options.time_limit, "equilibrium");
    const std::vector<Real> centre = y_;
    EquilibriumOptions<Real> each = options;
    each.max_iterations = std::min<std::int64_t>(options.max_iterations, 200);
    const Real reached = minimise(each, found);
    if (!(reached > options.tolerance) || found.iterations >= options.max_iterations ||
        deadline.passed()) {
      return;
    }
    const std::vector<Real> direct = y_;
    std::int64_t spent = found.iterations;
    y_ = centre;
    Real widest = 0;
    for (const Row& row : rows_) {
      for (const Real entry : row.entries) {
        widest = std::fmax(widest, std::abs(entry));
      }
    }
    for (Real beta = widest;
         beta > 2 * game_.beta() && spent < options.max_iterations && !deadline.passed();
         beta /= 4) {
      beta_ = beta;
      response_.emplace(game_.utility(), beta_);
      each.max_iterations = options.max_iterations - spent;
      each.time_limit = deadline.left();
      (void)minimise(each, found);
      spent += found.iterations;
    }
    beta_ = game_.beta();
    response_.emplace(game_.utility(), beta_);
    each.max_iterations = std::max<std::int64_t>(0, options.max_iterations - spent);
    each.time_limit = deadline.left();
    const Real continued = minimise(each, found);
    found.iterations += spent;
    if (!(continued < reached)) {
      y_ = direct;
      (void)evaluate(y_);
      found.target = y_;
      found.log_nu = log_nu_;
    }
  }

 private:
  /// Damped Newton on psi at the present beta, from y_; what its optimality conditions leave.
  Real minimise(const EquilibriumOptions<Real>& options, AlignmentSolution<Real>& found) {
    const std::size_t size = shape_.size();
    std::vector<Real> d(size), trial(size), best(size);
    Real value = evaluate(y_);
    derivatives();
    Real least =
        target_residual(shape_, std::span<const Real>(gradient_), std::span<const Real>(y_));
    best = y_;
    int idle = 0;
    Real radius = 4;
    const Deadline deadline(options.stop, options.time_limit, "equilibrium");
    for (found.iterations = 0; found.iterations < options.max_iterations; ++found.iterations) {
      if (deadline.passed()) {
        break;
      }
      if (!target_step(shape_, std::span<const Real>(hessian_), std::span<const Real>(gradient_),
                       std::span<const Real>(y_), std::span<Real>(d))) {
        break;
      }
      Real slope = 0, longest = 0, largest = 1;
      for (std::size_t k = 0; k < size; ++k) {
        slope += gradient_[k] * d[k];
        longest = std::fmax(longest, std::abs(d[k]));
        largest = std::fmax(largest, std::abs(y_[k]));
      }
      const Real noise = std::numeric_limits<Real>::epsilon() * 64 * (1 + std::abs(value));
      // Where nu sits at a vertex psi is nearly linear and Newton's step far too long: the step may
      // move logits by `radius`, which doubles as long as that is what holds it back.
      const Real reach = largest_logit_change(d);
      Real length = reach > radius ? radius / reach : Real{1}, next = 0;
      const bool held_back = length < 1;
      bool accepted = false;
      for (int halving = 0; halving < 60 && !accepted; ++halving, length /= accepted ? 1 : 2) {
        for (std::size_t k = 0; k < size; ++k) {
          trial[k] = y_[k] + length * d[k];
          trial[k] = shape_.bounded[k] ? std::fmax(trial[k], Real{0}) : trial[k];
        }
        next = evaluate(trial);
        // Below the rounding of psi no search can tell better from worse: a plain Newton step.
        accepted = next <= value + Real(1e-4) * length * slope + noise || -slope <= 64 * noise;
        radius = accepted ? (held_back && halving == 0 ? 2 * radius : radius) : length * reach / 2;
      }
      if (!accepted) {
        break;
      }
      const bool flat = -slope <= 64 * noise || value - next <= noise;
      y_ = trial;
      value = next;
      refuse_infeasible(value);
      derivatives();
      const Real distance =
          target_residual(shape_, std::span<const Real>(gradient_), std::span<const Real>(y_));
      if (distance < least) {
        idle = 0;
        least = distance;
        best = y_;
      } else if (flat) {
        ++idle;  // only rounding is left
      }
      if (least == 0 || idle >= 3 ||
          longest <= std::numeric_limits<Real>::epsilon() * 2 * largest) {
        ++found.iterations;
        break;
      }
    }
    y_ = best;
    // Steps keep a mixture's sum up to their own rounding, which grows with the rewards.
    std::vector<Real> sums(shape_.mixtures, 0);
    for (std::size_t k = 0; k < size; ++k) {
      if (shape_.mixture[k] != TargetShape::none) {
        sums[shape_.mixture[k]] += y_[k];
      }
    }
    for (std::size_t k = 0; k < size; ++k) {
      const Real sum = shape_.mixture[k] != TargetShape::none ? sums[shape_.mixture[k]] : Real{1};
      y_[k] = sum > 0 ? y_[k] / sum : y_[k];
    }
    (void)evaluate(y_);
    found.target = y_;
    found.log_nu = log_nu_;
    return least;
  }

  struct Row {
    std::span<const Real> entries;
    Real offset;
    bool context_weighted;
  };

  /// max |change of reward| / strength when y moves by d.
  [[nodiscard]] Real largest_logit_change(const std::vector<Real>& d) const {
    const Blocks& blocks = game_.contexts().blocks();
    Real largest = 0;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
        Real change = 0;
        for (std::size_t k = 0; k < d.size(); ++k) {
          change += d[k] * scaled(k, x, i);
        }
        largest = std::fmax(largest, std::abs(change));
      }
    }
    return largest / response_->strength();
  }

  /// psi(y); leaves nu(y).
  Real evaluate(const std::vector<Real>& y) {
    const Blocks& blocks = game_.contexts().blocks();
    const auto weights = game_.contexts().weights();
    Real constant = 0;
    for (Real& r : offset_) {
      r = 0;
    }
    for (std::size_t k = 0; k < rows_.size(); ++k) {
      constant += y[k] * rows_[k].offset;
      for (std::size_t x = 0; y[k] != 0 && x < blocks.count(); ++x) {
        const Real scale = rows_[k].context_weighted ? y[k] : y[k] / weights[x];
        for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
          offset_[i] += scale * rows_[k].entries[i];
        }
      }
    }
    Real total = constant;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      const std::size_t first = blocks.offset(x);
      response_->solve(
          first, blocks.of(game_.log_reference(), x), blocks.of(std::span<const Real>(offset_), x),
          blocks.of(std::span<Real>(base_), x), blocks.of(std::span<Real>(log_nu_), x));
      Real sum = 0;
      for (std::size_t i = first; i < first + blocks.size(x); ++i) {
        nu_[i] = std::exp(log_nu_[i]);
        if (nu_[i] > 0) {
          sum += nu_[i] * (offset_[i] - beta_ * (log_nu_[i] - game_.log_reference()[i]));
        }
        for_each_part(game_.utility(), [&](const auto& part) {
          if constexpr (PointwiseUtility<std::remove_cvref_t<decltype(part)>>) {
            sum += term_at(part, i, Probability<Real>{nu_[i], log_nu_[i]});
          }
        });
      }
      total += weights[x] * sum;
    }
    return total;
  }

  /// Gradient and Hessian at the nu left by `evaluate`.
  void derivatives() {
    const Blocks& blocks = game_.contexts().blocks();
    const auto weights = game_.contexts().weights();
    const std::size_t size = rows_.size();
    for (std::size_t k = 0; k < size; ++k) {
      gradient_[k] = rows_[k].offset;
    }
    for (Real& h : hessian_) {
      h = 0;
    }
    std::vector<Real> mean(size);
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      const std::size_t first = blocks.offset(x), last = first + blocks.size(x);
      const auto metric = [&](std::size_t i) {
        return nu_[i] /
               (response_->strength() - response_->slope(i, Probability<Real>{nu_[i], log_nu_[i]}));
      };
      Real mass = 0;
      for (Real& m : mean) {
        m = 0;
      }
      for (std::size_t i = first; i < last; ++i) {
        if (nu_[i] > 0) {
          const Real d = metric(i);
          mass += d;
          for (std::size_t k = 0; k < size; ++k) {
            mean[k] += d * scaled(k, x, i);
            gradient_[k] += nu_[i] * weights[x] * scaled(k, x, i);
          }
        }
      }
      for (Real& m : mean) {
        m /= mass;
      }
      for (std::size_t i = first; i < last; ++i) {
        if (nu_[i] > 0) {
          const Real d = weights[x] * metric(i);
          for (std::size_t k = 0; k < size; ++k) {
            const Real left = d * (scaled(k, x, i) - mean[k]);
            for (std::size_t j = 0; j < size; ++j) {
              hessian_[k * size + j] += left * (scaled(j, x, i) - mean[j]);
            }
          }
        }
      }
    }
  }
  /// Row k as a reward of context x.
  [[nodiscard]] Real scaled(std::size_t k, std::size_t x, std::size_t i) const {
    return rows_[k].context_weighted ? rows_[k].entries[i]
                                     : rows_[k].entries[i] / game_.contexts().weights()[x];
  }

  /// psi is above the J of every feasible policy: a psi below all J proves that there is none.
  void refuse_infeasible(Real value) const {
    std::size_t worst = TargetShape::none;
    for (std::size_t k = 0; k < shape_.size(); ++k) {
      if (shape_.mixture[k] == TargetShape::none &&
          (worst == TargetShape::none || std::abs(y_[k]) > std::abs(y_[worst]))) {
        worst = k;
      }
    }
    if (worst == TargetShape::none || value > 0 || beta_ != game_.beta()) {
      return;
    }
    Real bound = least_pointwise_value(game_);
    for (std::size_t m = 0; m < shape_.mixtures; ++m) {
      Real least = 0;
      for (std::size_t k = 0; k < rows_.size(); ++k) {
        for (std::size_t i = 0; shape_.mixture[k] == m && i < rows_[k].entries.size(); ++i) {
          least = std::fmin(least, rows_[k].entries[i]);
        }
      }
      bound += least;
    }
    if (value < bound - Real(1e-6) * (1 + std::abs(bound))) {
      fail(Errc::invalid_argument,
           "equilibrium: no policy within the reference's support satisfies the constraints (the "
           "dual fell to ",
           value, ", below every feasible policy's ", bound, "); constraint ", worst,
           " asks for most (bound ", rows_[worst].offset, ", multiplier ", y_[worst],
           "): relax it, or give the reference mass where it holds");
    }
  }

  const Game& game_;
  Real beta_;  ///< of psi: the game's but on the way there
  std::optional<ContextResponse<typename Game::utility_type>> response_;
  TargetShape shape_;
  std::vector<Row> rows_;
  std::vector<Real> offset_, base_, log_nu_, nu_;
  std::vector<Real> y_, gradient_, hessian_;
};

}  // namespace dag::detail
