// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/detail/config.hpp>
#include <dag/numeric/exponential.hpp>
#include <dag/numeric/lanes.hpp>
#include <dag/numeric/probability.hpp>
#include <dag/utility/sum.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag::detail {

/// What `align_batch` solves: sums over answers.
template <class U>
concept BatchUtility =
    Utility<U> && EveryPart<IsPointwise, U>::value && std::same_as<typename U::scalar_type, double>;

inline namespace DAG_BINARY_NAMESPACE {

/// Contexts of one number of answers, eight in step.
///
/// Stationarity is R(nu_z) - strength (s_z - base_z) = lambda with s = log nu and the log-affine
/// parts in base and strength (as in `ContextResponse`). Newton's method in (s, lambda): answers
/// are coupled by lambda alone, so that a round costs an exponential, a reward and a slope an
/// answer; steps are held to `longest_step`, and s is normalised after each. A lane that is done
/// keeps what it has while others go on. Memory: 7 numbers an answer and lane; nothing is allocated
/// after the constructor.
template <BatchUtility U>
class AlignmentLanes {
 public:
  static constexpr std::int32_t round_limit = 60;
  static constexpr double longest_step = 2;  ///< nats
  static constexpr double last_step = 1e-8;  ///< quadratic: what is left is rounding

  AlignmentLanes(const U& utility, std::size_t answers)
      : log_reference(answers),
        s(answers),
        nu(answers),
        u_(utility),
        base_(answers),
        left_(answers),
        curvature_(answers) {}

  // In, for `solve`: log_reference (an entry an answer), `first` (stacked index of the context's
  // first answer) and beta. Out: s = log nu, nu, rounds.
  std::vector<Lanes> log_reference, s, nu;
  std::array<std::size_t, lane_count> first{};
  std::array<std::int32_t, lane_count> rounds{};
  Lanes beta;
  Lanes value, residual, gap;  ///< of `certify`, a context's own

  void solve() {
    start();
    std::array<bool, lane_count> busy{};
    if constexpr (CurvedParts<U>::value > 0) {
      busy.fill(true);
    }
    for (std::int32_t round = 1; round <= round_limit; ++round) {
      if (std::find(busy.begin(), busy.end(), true) == busy.end()) {
        return;
      }
      newton(busy);
      for (std::size_t l = 0; l < lane_count; ++l) {
        rounds[l] = busy[l] ? round : rounds[l];
        busy[l] = busy[l] && !(longest_[l] <= last_step);
      }
    }
  }

  /// What `certify_policy` says, of each context alone. In: s and nu too.
  void certify() {
    std::vector<Lanes>& reward = left_;
    std::vector<Lanes>& response = curvature_;
    const Lanes none = all(-infinity);
    Lanes highest = none, top = none, divergence, earned, sum;
    value = residual = Lanes{};
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        const bool alive = log_reference[z][l] > -infinity;
        const Probability<double> p{nu[z][l], s[z][l]};
        double total = 0, term = 0;
        if (alive) {
          for_each_part(u_, [&](const auto& part) {
            total += reward_at(part, first[l] + z, p);
            term += term_at(part, first[l] + z, p);
          });
        }
        reward[z][l] = alive ? field_entry(total, log_reference[z][l]) : -infinity;
        highest[l] = reward[z][l] > highest[l] ? reward[z][l] : highest[l];
        value[l] += term;
        divergence[l] += p.value > 0 ? p.value * (p.log - log_reference[z][l]) : 0.0;
      }
    }
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        const bool alive = log_reference[z][l] > -infinity;
        const double above = alive ? reward[z][l] - highest[l] : 0.0;
        earned[l] += nu[z][l] > 0 ? nu[z][l] * above : 0.0;
        response[z][l] = log_reference[z][l] + above / beta[l];
        top[l] = response[z][l] > top[l] ? response[z][l] : top[l];
      }
    }
    exponentials(response, top, response, sum);
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        const double off = std::abs(response[z][l] / sum[l] - nu[z][l]);
        residual[l] = off <= residual[l] ? residual[l] : off;  // NaN stays
      }
    }
    for (std::size_t l = 0; l < lane_count; ++l) {
      gap[l] = beta[l] * (divergence[l] + top[l] + std::log(sum[l])) - earned[l];
      value[l] -= beta[l] * divergence[l];
    }
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  [[nodiscard]] static Lanes all(double number) noexcept {
    Lanes lanes;
    lanes.at.fill(number);
    return lanes;
  }
  /// out = e^(logits - top), and their sums.
  static void exponentials(const std::vector<Lanes>& logits, const Lanes& top,
                           std::vector<Lanes>& out, Lanes& sum) noexcept {
    sum = Lanes{};
    for (std::size_t z = 0; z < logits.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        out[z][l] = loop_exp(logits[z][l] - top[l]);
      }
      for (std::size_t l = 0; l < lane_count; ++l) {
        sum[l] += out[z][l];
      }
    }
  }
  /// s - log sum e^s and its exponential, in busy lanes.
  void normalize(const std::array<bool, lane_count>& busy) noexcept {
    Lanes top = all(-infinity), sum, shift, scale;
    for (const Lanes& logit : s) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        top[l] = logit[l] > top[l] ? logit[l] : top[l];
      }
    }
    exponentials(s, top, left_, sum);
    for (std::size_t l = 0; l < lane_count; ++l) {
      shift[l] = top[l] + std::log(sum[l]);
      scale[l] = 1 / sum[l];
    }
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        s[z][l] = busy[l] ? s[z][l] - shift[l] : s[z][l];
        nu[z][l] = busy[l] ? left_[z][l] * scale[l] : nu[z][l];
      }
    }
  }

  /// The equilibrium without the parts that are not log-affine.
  void start() {
    rounds.fill(0);
    strength_ = beta;
    for_each_part(u_, [&](const auto& part) {
      if constexpr (LogAffine<std::remove_cvref_t<decltype(part)>>) {
        for (std::size_t l = 0; l < lane_count; ++l) {
          strength_[l] += part.log_affine_rate();
        }
      }
    });
    Lanes top = all(-infinity);
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        double pull = 0;
        for_each_part(u_, [&](const auto& part) {
          if constexpr (LogAffine<std::remove_cvref_t<decltype(part)>>) {
            pull += part.log_affine_level(first[l] + z);
          }
        });
        base_[z][l] = log_reference[z][l] > -infinity ? pull : -infinity;
        top[l] = base_[z][l] > top[l] ? base_[z][l] : top[l];
      }
    }
    // Less the highest level: over a small strength its rounding would drown the reference.
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        const double level = beta[l] * log_reference[z][l] + (base_[z][l] - top[l]);
        base_[z][l] = base_[z][l] > -infinity ? level / strength_[l] : -infinity;
        s[z][l] = base_[z][l];
      }
    }
    std::array<bool, lane_count> every{};
    every.fill(true);
    normalize(every);
  }

  void newton(const std::array<bool, lane_count>& busy) {
    Lanes mass, lambda;
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        const bool alive = log_reference[z][l] > -infinity;
        const Probability<double> p{nu[z][l], s[z][l]};
        double reward = 0, slope = 0;
        for_each_part(u_, [&](const auto& part) {
          using Part = std::remove_cvref_t<decltype(part)>;
          if constexpr (CurvedParts<Part>::value == 1) {
            reward += reward_from_zero_at(part, first[l] + z, p);
            slope += slope_at(part, first[l] + z, p);
          }
        });
        left_[z][l] = alive ? reward - strength_[l] * (p.log - base_[z][l]) : 0.0;
        curvature_[z][l] = alive ? strength_[l] - slope : 1.0;
        const double weight = alive ? p.value / curvature_[z][l] : 0.0;
        mass[l] += weight;
        lambda[l] += weight * left_[z][l];
      }
    }
    for (std::size_t l = 0; l < lane_count; ++l) {
      lambda[l] /= mass[l];
      longest_[l] = 0;
    }
    for (std::size_t z = 0; z < s.size(); ++z) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        const bool alive = log_reference[z][l] > -infinity;
        const double step = alive ? (left_[z][l] - lambda[l]) / curvature_[z][l] : 0.0;
        const double size = std::abs(step);
        longest_[l] = size <= longest_[l] ? longest_[l] : size;  // NaN stays
        const double held = step > longest_step    ? longest_step
                            : step < -longest_step ? -longest_step
                                                   : step;
        s[z][l] = busy[l] ? s[z][l] + held : s[z][l];
      }
    }
    normalize(busy);
  }

  const U& u_;
  std::vector<Lanes> base_, left_, curvature_;
  Lanes strength_, longest_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
