// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/numeric/exponential.hpp>
#include <dag/numeric/lanes.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag::detail {

/// The quantal response equilibria of two-player games of one shape at one lambda each, eight in
/// step; a game that is done leaves its lane to the next, and what it gets does not depend on its
/// neighbours.
///
/// With u the strategy of the player with fewer strategies (k of them), v that of the other (h) and
/// their payoffs K_u (k x h), K_v (h x k): theta = t K_u v, v = softmax(t K_v u), u =
/// softmax(theta), payoffs times lambda. The solution is followed from t = 0 along its arc in
/// (theta, t) by Euler steps and Newton's method across the tangent, turning points of t included;
/// a step that would pass t = 1 becomes one that lands there. A step is taken back and halved where
/// its first correction moves a log-probability by more than `stray` or the tangent turns by more
/// than `bend` allows, so that no other branch is reached; below `shortest` the game is left to
/// another method. A round of eight games: (h k^2 + k^3) multiplications of lanes and h + k
/// exponentials. Memory: (3 h k + k^2 + 10 (h + k)) times 64 bytes. Nothing is allocated after the
/// constructor.
class LogitLanes {
 public:
  static constexpr double stray = 0.03;
  static constexpr double bend = 0.99;  // cosine
  static constexpr double shortest = 1e-6;

  LogitLanes(std::size_t fewer, std::size_t others)
      : k_(fewer),
        h_(others),
        payoff_u_(k_ * h_),
        payoff_v_(h_ * k_),
        theta_(k_),
        base_(k_),
        tangent_(k_),
        u_(k_),
        v_(h_),
        earned_u_(k_),
        earned_v_(h_),
        turned_(h_ * k_),
        weighted_(h_),
        system_(k_ * width()) {}

  /// Payoffs of both times lambda, row-major over (u's strategy, v's strategy), `turned` where the
  /// arrays are over (v, u) instead.
  struct Payoffs {
    const double* u = nullptr;
    const double* v = nullptr;
    double lambda = 0;
    double range = 0;  ///< of payoffs: the arc's scale
  };
  enum class End : std::uint8_t { solved, steps_vanish, round_limit };

  template <class Next, class Done>
  void run(double tolerance, bool turned, std::int32_t round_limit, Next&& next, Done&& done) {
    std::array<bool, lane_count> busy{};
    const auto take = [&](std::size_t l) {
      const Payoffs game = next(l);
      load(l, game, turned);
      busy[l] = game.u != nullptr;
    };
    for (std::size_t l = 0; l < lane_count; ++l) {
      take(l);
    }
    while (std::find(busy.begin(), busy.end(), true) != busy.end()) {
      newton();
      for (std::size_t l = 0; l < lane_count; ++l) {
        if (busy[l] && advance(l, tolerance, round_limit)) {
          done(l);
          take(l);
        }
      }
    }
  }

  [[nodiscard]] End end(std::size_t lane) const noexcept { return end_[lane]; }
  [[nodiscard]] std::int32_t rounds(std::size_t lane) const noexcept { return rounds_[lane]; }
  /// The strategies after the last Newton step: u = softmax(theta) and v the response to it.
  void read(std::size_t lane, std::span<double> u, std::span<double> v) const {
    for (std::size_t i = 0; i < k_; ++i) {
      u[i] = theta_[i][lane] - newton(i, lane);
    }
    dag::softmax(u);
    for (std::size_t j = 0; j < h_; ++j) {
      v[j] = 0;
      for (std::size_t i = 0; i < k_; ++i) {
        v[j] += payoff_v_[j * k_ + i][lane] * u[i];
      }
    }
    dag::softmax(v);
  }

 private:
  [[nodiscard]] std::size_t width() const noexcept { return k_ + 2; }

  /// Payoffs less their mean over the player's own strategies: a response does not change.
  void load(std::size_t l, const Payoffs& game, bool turned) noexcept {
    const bool there = game.u != nullptr;
    const auto at = [&](const double* payoff, std::size_t i, std::size_t j) {
      return there ? game.lambda * (turned ? payoff[j * k_ + i] : payoff[i * h_ + j]) : 0.0;
    };
    for (std::size_t j = 0; j < h_; ++j) {
      double mean = 0;
      for (std::size_t i = 0; i < k_; ++i) {
        mean += at(game.u, i, j);
      }
      mean /= static_cast<double>(k_);
      for (std::size_t i = 0; i < k_; ++i) {
        payoff_u_[i * h_ + j][l] = at(game.u, i, j) - mean;
      }
    }
    for (std::size_t i = 0; i < k_; ++i) {
      double mean = 0;
      for (std::size_t j = 0; j < h_; ++j) {
        mean += at(game.v, i, j);
      }
      mean /= static_cast<double>(h_);
      for (std::size_t j = 0; j < h_; ++j) {
        payoff_v_[j * k_ + i][l] = at(game.v, i, j) - mean;
      }
    }
    for (std::size_t i = 0; i < k_; ++i) {
      theta_[i][l] = base_[i][l] = tangent_[i][l] = 0;
    }
    trial_[l] = 0;
    reached_[l] = 0;
    scale_[l] = game.lambda * game.range;
    forward_[l] = 0;
    step_[l] = 0;
    tries_[l] = 0;
    rounds_[l] = 0;
    lands_[l] = true;
    longer_[l] = false;
  }

  /// u, v, what they earn, and the system with right sides G and -dG/dt at every lane's theta and
  /// t.
  void newton() noexcept {
    softmax(theta_, u_);
    multiply(payoff_v_, h_, k_, u_, earned_v_);
    for (std::size_t j = 0; j < h_; ++j) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        v_[j][l] = trial_[l] * earned_v_[j][l];
      }
    }
    softmax(v_, v_);
    multiply(payoff_u_, k_, h_, v_, earned_u_);
    // D_v K_v D_u, D_p = diag(p) - p p'.
    for (std::size_t j = 0; j < h_; ++j) {
      for (std::size_t i = 0; i < k_; ++i) {
        for (std::size_t l = 0; l < lane_count; ++l) {
          turned_[j * k_ + i][l] = (payoff_v_[j * k_ + i][l] - earned_v_[j][l]) * u_[i][l];
        }
      }
    }
    for (std::size_t i = 0; i < k_; ++i) {
      centre(i);
    }
    Lanes mean;
    for (std::size_t j = 0; j < h_; ++j) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        mean[l] += v_[j][l] * earned_v_[j][l];
      }
    }
    for (std::size_t j = 0; j < h_; ++j) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        weighted_[j][l] = v_[j][l] * (1 + trial_[l] * (earned_v_[j][l] - mean[l]));
      }
    }
    Lanes squared;
    for (std::size_t l = 0; l < lane_count; ++l) {
      squared[l] = trial_[l] * trial_[l];
    }
    for (std::size_t i = 0; i < k_; ++i) {
      Lanes* row = &system_[i * width()];
      const Lanes* entries = &payoff_u_[i * h_];
      for (std::size_t c = 0; c < k_; ++c) {
        Lanes sum;
        for (std::size_t j = 0; j < h_; ++j) {
          for (std::size_t l = 0; l < lane_count; ++l) {
            sum[l] -= entries[j][l] * turned_[j * k_ + c][l];
          }
        }
        for (std::size_t l = 0; l < lane_count; ++l) {
          row[c][l] = sum[l] * squared[l];
        }
      }
      Lanes ahead;
      for (std::size_t j = 0; j < h_; ++j) {
        for (std::size_t l = 0; l < lane_count; ++l) {
          ahead[l] += entries[j][l] * weighted_[j][l];
        }
      }
      row[k_ + 1] = ahead;
      for (std::size_t l = 0; l < lane_count; ++l) {
        row[i][l] += 1;
        row[k_][l] = theta_[i][l] - trial_[l] * earned_u_[i][l];
      }
    }
    eliminate();
  }
  void centre(std::size_t i) noexcept {
    Lanes mean;
    for (std::size_t j = 0; j < h_; ++j) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        mean[l] += v_[j][l] * turned_[j * k_ + i][l];
      }
    }
    for (std::size_t j = 0; j < h_; ++j) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        turned_[j * k_ + i][l] = v_[j][l] * (turned_[j * k_ + i][l] - mean[l]);
      }
    }
  }

  static void multiply(const std::vector<Lanes>& matrix, std::size_t rows, std::size_t columns,
                       const std::vector<Lanes>& p, std::vector<Lanes>& out) noexcept {
    for (std::size_t i = 0; i < rows; ++i) {
      Lanes sum;
      for (std::size_t j = 0; j < columns; ++j) {
        for (std::size_t l = 0; l < lane_count; ++l) {
          sum[l] += matrix[i * columns + j][l] * p[j][l];
        }
      }
      out[i] = sum;
    }
  }
  static void softmax(const std::vector<Lanes>& logits, std::vector<Lanes>& out) noexcept {
    Lanes largest = logits[0];
    for (const Lanes& logit : logits) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        largest[l] = logit[l] > largest[l] ? logit[l] : largest[l];
      }
    }
    Lanes sum;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        out[i][l] = loop_exp(logits[i][l] - largest[l]);
      }
      for (std::size_t l = 0; l < lane_count; ++l) {
        sum[l] += out[i][l];
      }
    }
    for (Lanes& p : out) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        p[l] /= sum[l];
      }
    }
  }

  /// Gauss and Jordan with row pivots, a lane's own; a vanishing pivot leaves infinities, which
  /// `advance` takes for a step too long.
  void eliminate() noexcept {
    sign_.at.fill(1);
    for (std::size_t c = 0; c < k_; ++c) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        std::size_t at = c;
        for (std::size_t i = c + 1; i < k_; ++i) {
          at = std::abs(system_[i * width() + c][l]) > std::abs(system_[at * width() + c][l]) ? i
                                                                                              : at;
        }
        if (at != c) {
          for (std::size_t j = c; j < width(); ++j) {
            std::swap(system_[at * width() + j][l], system_[c * width() + j][l]);
          }
          sign_[l] = -sign_[l];
        }
      }
      Lanes* top = &system_[c * width()];
      Lanes inverse;
      for (std::size_t l = 0; l < lane_count; ++l) {
        inverse[l] = 1 / top[c][l];
        sign_[l] = top[c][l] < 0 ? -sign_[l] : sign_[l];
      }
      for (std::size_t j = c + 1; j < width(); ++j) {
        for (std::size_t l = 0; l < lane_count; ++l) {
          top[j][l] *= inverse[l];
        }
      }
      for (std::size_t i = 0; i < k_; ++i) {
        if (i == c) {
          continue;
        }
        Lanes* row = &system_[i * width()];
        const Lanes factor = row[c];
        for (std::size_t j = c + 1; j < width(); ++j) {
          for (std::size_t l = 0; l < lane_count; ++l) {
            row[j][l] -= factor[l] * top[j][l];
          }
        }
      }
    }
  }

  /// J^-1 G and -J^-1 dG/dt, the way ahead, of a lane's player u.
  [[nodiscard]] double newton(std::size_t i, std::size_t l) const noexcept {
    return system_[i * width() + k_][l];
  }
  [[nodiscard]] double ahead(std::size_t i, std::size_t l) const noexcept {
    return system_[i * width() + k_ + 1][l];
  }

  /// What a lane does with its Newton step; true when its game is done.
  bool advance(std::size_t l, double tolerance, std::int32_t round_limit) noexcept {
    ++rounds_[l];
    // Across the tangent: (delta theta, delta t) is at right angles to it. Landing keeps t.
    double along = scale_[l] * scale_[l] * forward_[l];
    double off = 0;
    for (std::size_t i = 0; i < k_; ++i) {
      along += tangent_[i][l] * ahead(i, l);
      off += tangent_[i][l] * newton(i, l);
    }
    const double later = lands_[l] ? 0.0 : off / along;
    double moved = 0;
    for (std::size_t i = 0; i < k_; ++i) {
      const double delta = std::abs(later * ahead(i, l) - newton(i, l));
      moved = delta <= moved ? moved : delta;  // NaN is kept
    }
    const bool last = lands_[l] && trial_[l] >= 1;
    if (moved <= (last ? tolerance : 1e-6)) {
      if (!turn(l)) {
        return halve(l);
      }
      if (last) {
        end_[l] = End::solved;
        return true;
      }
      for (std::size_t i = 0; i < k_; ++i) {
        base_[i][l] = theta_[i][l] + later * ahead(i, l) - newton(i, l);
      }
      reached_[l] = trial_[l] + later;
      step_[l] *= longer_[l] ? 2.0 : 1.0;
      start(l);
    } else if (moved <= (tries_[l] == 0 ? stray : stray / 4) && tries_[l] < 8) {
      longer_[l] = tries_[l] == 0 ? moved < stray / 5 : longer_[l];
      for (std::size_t i = 0; i < k_; ++i) {
        theta_[i][l] += later * ahead(i, l) - newton(i, l);
      }
      trial_[l] += later;
      ++tries_[l];
    } else if (halve(l)) {
      return true;
    }
    if (rounds_[l] >= round_limit) {
      end_[l] = End::round_limit;
      return true;
    }
    return false;
  }
  /// The tangent at a trial that Newton's method has reached; false where it is too far from the
  /// one before. At t = 0 there is none before: the arc leaves with t growing.
  bool turn(std::size_t l) noexcept {
    double length = scale_[l] * scale_[l];
    double cosine = length * forward_[l];
    for (std::size_t i = 0; i < k_; ++i) {
      length += ahead(i, l) * ahead(i, l);
      cosine += tangent_[i][l] * ahead(i, l);
    }
    const bool first = forward_[l] == 0 && step_[l] == 0;
    const double scale = (first || cosine > 0 ? 1.0 : -1.0) / std::sqrt(length);
    // Along one branch the determinant of J and the direction of t change their signs together.
    if (!first && !(cosine * scale >= bend && sign_[l] * scale > 0)) {
      return false;
    }
    for (std::size_t i = 0; i < k_; ++i) {
      tangent_[i][l] = ahead(i, l) * scale;
    }
    forward_[l] = scale;
    if (first) {
      step_[l] = 1 / scale;  // to t = 1 at once
    }
    return true;
  }
  bool halve(std::size_t l) noexcept {
    step_[l] = std::abs(tried_[l]) / 2;
    if (!(step_[l] >= shortest)) {
      end_[l] = End::steps_vanish;
      return true;
    }
    start(l);
    return false;
  }
  void start(std::size_t l) noexcept {
    const double landing = (1 - reached_[l]) / forward_[l];
    lands_[l] = landing <= step_[l] && landing >= -step_[l] && (landing >= 0 || reached_[l] > 1);
    tried_[l] = lands_[l] ? landing : step_[l];
    trial_[l] = lands_[l] ? 1.0 : reached_[l] + tried_[l] * forward_[l];
    for (std::size_t i = 0; i < k_; ++i) {
      theta_[i][l] = base_[i][l] + tried_[l] * tangent_[i][l];
    }
    tries_[l] = 0;
    longer_[l] = true;  // unless a correction says otherwise
  }

  std::size_t k_;
  std::size_t h_;
  std::vector<Lanes> payoff_u_;
  std::vector<Lanes> payoff_v_;
  std::vector<Lanes> theta_;    // log u but for a constant, at trial_
  std::vector<Lanes> base_;     // the same at reached_
  std::vector<Lanes> tangent_;  // of the arc there, in (theta, t), of length 1
  std::vector<Lanes> u_;
  std::vector<Lanes> v_;
  std::vector<Lanes> earned_u_;
  std::vector<Lanes> earned_v_;
  std::vector<Lanes> turned_;
  std::vector<Lanes> weighted_;
  std::vector<Lanes> system_;  // k rows of J, G and -dG/dt
  Lanes sign_;                 // of det J
  Lanes trial_;
  Lanes reached_;
  Lanes scale_;    // of t beside theta: lambda * payoff range
  Lanes forward_;  // the tangent's part in t
  Lanes step_;
  Lanes tried_;
  std::array<std::int32_t, lane_count> tries_{};
  std::array<std::int32_t, lane_count> rounds_{};
  std::array<bool, lane_count> lands_{};
  std::array<bool, lane_count> longer_{};
  std::array<End, lane_count> end_{};
};

}  // namespace dag::detail
