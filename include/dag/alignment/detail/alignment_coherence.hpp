// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/core/deadline.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag::detail {

/// A pool at a held consensus q = exp(theta): a pointwise utility, whose equilibrium is a context's
/// exact best response.
template <CoherenceUtility Pool>
struct HeldConsensus {
  using scalar_type = typename Pool::scalar_type;
  using Real = scalar_type;
  const Pool& pool;
  std::span<const Real> theta;

  [[nodiscard]] Probability<Real> datum(std::size_t i) const {
    return Probability<Real>::of_log(theta[i]);
  }
  [[nodiscard]] Real term(Probability<Real> nu, Probability<Real> q) const {
    return pool.pair_term(nu, q);
  }
  [[nodiscard]] Real reward(Probability<Real> nu, Probability<Real> q) const {
    return pool.pair_reward(nu, q);
  }
  [[nodiscard]] Real slope(Probability<Real> nu, Probability<Real> q) const {
    return pool.own_slope(nu, q);
  }
  [[nodiscard]] Real log_root(std::size_t i, Real beta, Real level) const {
    return pool.log_root(datum(i), beta, level);
  }
};

/// A coherence game through its consensus: theta = log q -> exact best responses nu_x(q) -> their
/// pool. Newton on theta - log pool(nu(theta)), whose Jacobian is diagonal plus rank X: O(n X^2 +
/// X^3) a round whatever beta, where best responses alone need about 1 / beta rounds. A step is
/// kept if it raises the potential D(q) = max_nu sum_x w_x (<f(nu_x, q)> - beta KL) or halves the
/// error; otherwise it is halved, and at last the best response itself is taken, which never lowers
/// D.
template <class Game>
class ConsensusNewton {
 public:
  using Real = typename Game::Real;

  explicit ConsensusNewton(const Game& game)
      : game_(game),
        beta_(game.beta()),
        size_(game.contexts().blocks().size(0)),
        count_(game.contexts().blocks().count()) {
    log_nu_.assign(game.log_reference().begin(), game.log_reference().end());
    nu_.resize(log_nu_.size());
    base_.resize(size_);
    level_.assign(count_, infinity);
    pool_.resize(size_);
    error_.resize(size_);
    refresh_points();
    pool();
  }

  void solve(const EquilibriumOptions<Real>& options, AlignmentSolution<Real>& found) {
    const Deadline deadline(options.stop, options.time_limit, "equilibrium");
    deadline_ = &deadline;
    found.iterations = 0;
    const std::vector<Real> start = pool_;
    std::vector<Real> theta = start;
    if (!improve(options, deadline, theta, 20, found.iterations)) {
      // From a strong anchor, where the map contracts, to the one that was asked for.
      theta = start;
      for (Real factor = Real(1e12); factor > 1 && !deadline.passed(); factor /= 4) {
        beta_ = game_.beta() * factor;
        (void)improve(options, deadline, theta, 5, found.iterations);
      }
      beta_ = game_.beta();
      if (!deadline.passed()) {
        (void)improve(options, deadline, theta, 200, found.iterations);
      }
    }
    if (!deadline.passed()) {  // else the last policy that there was time for
      (void)evaluate(theta);
    }
    found.log_nu = log_nu_;
    deadline_ = nullptr;
  }

 private:
  static constexpr Real infinity = std::numeric_limits<Real>::infinity();

  /// Rounds from theta until only rounding is left, or `patience` rounds gained nothing; the best
  /// point seen goes to theta. True if the error fell to 1e-9.
  [[nodiscard]] bool improve(const EquilibriumOptions<Real>& options, const Deadline& deadline,
                             std::vector<Real>& theta, int patience, std::int64_t& rounds) {
    std::vector<Real> step(size_), trial(size_), best = theta;
    Real potential = evaluate(theta);
    Real error = largest_error(theta);
    Real least = error;
    for (int idle = 0; rounds < options.max_iterations && least > 0; ++rounds) {
      if (deadline.passed()) {
        break;
      }
      if (idle >= (least <= Real(1e-9) ? 2 : patience)) {
        break;
      }
      const Real noise = std::numeric_limits<Real>::epsilon() * 16 * (1 + std::abs(potential));
      const std::vector<Real> response = pool_;
      bool accepted = false;
      Real length = newton_step(theta, step) ? Real{1} : Real{0};
      for (int halving = 0; length > 0 && halving < (least <= Real(1e-9) ? 1 : 12) && !accepted &&
                            !deadline.passed();
           ++halving, length /= 2) {
        for (std::size_t z = 0; z < size_; ++z) {
          trial[z] = theta[z] > -infinity ? theta[z] + length * step[z] : -infinity;
        }
        log_normalize(trial);
        const Real next = evaluate(trial);
        const Real remaining = largest_error(trial);
        accepted = next > potential + noise || remaining <= error / 2;
        potential = accepted ? next : potential;
        error = accepted ? remaining : error;
      }
      if (accepted) {
        theta = trial;
      } else {
        theta = response;
        log_normalize(theta);
        potential = evaluate(theta);
        error = largest_error(theta);
      }
      idle = error < Real(0.9) * least ? 0 : idle + 1;
      if (error < least) {
        least = error;
        best = theta;
      }
    }
    theta = best;
    return least <= Real(1e-9);
  }

  [[nodiscard]] AnswersView<Real> answers() const {
    return {game_.contexts().blocks(), game_.contexts().weights(), {nu_, log_nu_}};
  }
  void refresh_points() {
    for (std::size_t i = 0; i < nu_.size(); ++i) {
      nu_[i] = std::exp(log_nu_[i]);
    }
  }
  void pool() {
    const Real total = log_pool_total(game_.utility(), answers());
    for (std::size_t z = 0; z < size_; ++z) {
      pool_[z] = game_.utility().log_pool(answers(), z) - total;
    }
  }

  /// D(exp(theta)); leaves the best responses and their pool.
  Real evaluate(const std::vector<Real>& theta) {
    Real total = 0;
    using Held = HeldConsensus<typename Game::utility_type>;
    const Held held{game_.utility(), theta};
    const ContextResponse<Held> response(held, beta_, deadline_);
    for (std::size_t x = 0; x < count_; ++x) {
      response.solve(0, game_.contexts().blocks().of(game_.log_reference(), x), {},
                     std::span<Real>(base_), std::span<Real>(log_nu_).subspan(x * size_, size_),
                     &level_[x]);
    }
    refresh_points();
    pool();
    for (std::size_t x = 0; x < count_; ++x) {
      Real sum = 0;
      for (std::size_t z = 0; z < size_; ++z) {
        const std::size_t i = x * size_ + z;
        sum += game_.utility().pair_term({nu_[i], log_nu_[i]}, Probability<Real>::of_log(theta[z]));
        sum -= nu_[i] > 0 ? beta_ * nu_[i] * (log_nu_[i] - game_.log_reference()[i]) : Real{0};
      }
      total += game_.contexts().weights()[x] * sum;
    }
    return total;
  }

  [[nodiscard]] Real largest_error(const std::vector<Real>& theta) {
    Real worst = 0;
    for (std::size_t z = 0; z < size_; ++z) {
      error_[z] = theta[z] > -infinity && pool_[z] > -infinity ? theta[z] - pool_[z] : Real{0};
      worst = std::fmax(worst, std::abs(error_[z]));
    }
    return worst;
  }

  /// step = -(diagonal + U V')^-1 error; false if the small system is singular.
  [[nodiscard]] bool newton_step(const std::vector<Real>& theta, std::vector<Real>& step) {
    using Pool = typename Game::utility_type;
    const auto weights = game_.contexts().weights();
    left_.assign(size_ * count_, 0);
    right_.assign(size_ * count_, 0);
    std::vector<Real> diagonal(size_, 1), mass(count_, 0);
    for (std::size_t x = 0; x < count_; ++x) {
      for (std::size_t z = 0; z < size_; ++z) {
        const std::size_t i = x * size_ + z;
        if (!(log_nu_[i] > -infinity) || !(theta[z] > -infinity)) {
          mass[x] += nu_[i] / beta_;
          continue;
        }
        const Probability<Real> nu{nu_[i], log_nu_[i]};
        // In the mean's Jacobian q stands for the pool: equal at the root, and always invertible.
        const auto q = Probability<Real>::of_log(Pool::pool_is_mean ? pool_[z] : theta[z]);
        const Real strength = beta_ - game_.utility().own_slope(nu, q);
        const Real share =
            Pool::pool_is_mean ? weights[x] * std::exp(log_nu_[i] - pool_[z]) : weights[x];
        const Real other = game_.utility().other_slope(nu, q);
        diagonal[z] -= share * other / strength;
        left_[i] = share / strength;
        right_[i] = nu.value * other / strength;
        mass[x] += nu.value / strength;
      }
    }
    for (std::size_t z = 0; z < size_; ++z) {
      step[z] = -error_[z] / diagonal[z];
    }
    std::vector<Real> inner(count_ * count_), right_side(count_);
    std::vector<std::size_t> pivots(count_);
    for (std::size_t x = 0; x < count_; ++x) {
      for (std::size_t z = 0; z < size_; ++z) {
        right_[x * size_ + z] /= mass[x];
        right_side[x] += right_[x * size_ + z] * step[z];
      }
      for (std::size_t y = 0; y < count_; ++y) {
        Real sum = x == y ? Real{1} : Real{0};
        for (std::size_t z = 0; z < size_; ++z) {
          sum += right_[x * size_ + z] * left_[y * size_ + z] / diagonal[z];
        }
        inner[x * count_ + y] = sum;
      }
    }
    if (!lu_factor(inner, std::span<std::size_t>(pivots))) {
      return false;
    }
    lu_solve(inner, std::span<const std::size_t>(pivots), right_side);
    for (std::size_t x = 0; x < count_; ++x) {
      for (std::size_t z = 0; z < size_; ++z) {
        step[z] -= left_[x * size_ + z] * right_side[x] / diagonal[z];
      }
    }
    Real sum = 0;
    for (const Real s : step) {
      sum += s;
    }
    return std::isfinite(sum);
  }

  const Game& game_;
  Real beta_;                           // the game's, or a larger one on the way there
  const Deadline* deadline_ = nullptr;  // while solving
  std::size_t size_, count_;
  std::vector<Real> log_nu_, nu_, base_, level_, pool_, error_, left_, right_;
};

}  // namespace dag::detail
