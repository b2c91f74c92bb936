// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// X contexts (prompts) with their reference answer distributions nu0_x and weights w_x: what an
/// alignment is anchored to. In the log domain: -inf is an answer that the reference cannot give.
/// Rows and weights are checked to sum to 1 within sqrt(epsilon), then normalised.
/// Errors: not_a_distribution, not_finite, dimension_mismatch, invalid_argument.
template <Scalar Real>
class Contexts {
 public:
  /// One context.
  explicit Contexts(std::vector<Real> nu0) : Contexts(std::vector<std::vector<Real>>{nu0}) {}
  /// A row of probabilities a context; weights 1/X if left out.
  explicit Contexts(const std::vector<std::vector<Real>>& nu0, std::vector<Real> weights = {})
      : weights_(std::move(weights)) {
    for (const auto& row : nu0) {
      require(!row.empty(), Errc::invalid_argument, "Contexts: reference ", blocks_.count(),
              " is empty");
      for (const Real p : row) {
        require(p >= 0 && std::isfinite(p), Errc::not_a_distribution, "Contexts: reference ",
                blocks_.count(), " must be >= 0 and finite, got ", p);
        log_reference_.push_back(std::log(p));
      }
      blocks_.push_back(row.size());
    }
    normalize();
  }
  /// From log-probabilities.
  [[nodiscard]] static Contexts from_log(const std::vector<std::vector<Real>>& log_nu0,
                                         std::vector<Real> weights = {}) {
    Contexts contexts;
    contexts.weights_ = std::move(weights);
    for (const auto& row : log_nu0) {
      require(!row.empty(), Errc::invalid_argument, "Contexts: reference ",
              contexts.blocks_.count(), " is empty");
      contexts.log_reference_.insert(contexts.log_reference_.end(), row.begin(), row.end());
      contexts.blocks_.push_back(row.size());
    }
    contexts.normalize();
    return contexts;
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  [[nodiscard]] std::span<const Real> weights() const noexcept { return weights_; }
  [[nodiscard]] std::span<const Real> log_reference() const noexcept { return log_reference_; }

 private:
  Contexts() = default;

  void normalize() {
    require(blocks_.count() > 0, Errc::invalid_argument, "Contexts: needs at least one context");
    const Real slack = std::sqrt(std::numeric_limits<Real>::epsilon());
    for (std::size_t x = 0; x < blocks_.count(); ++x) {
      const auto row = blocks_.of(std::span<Real>(log_reference_), x);
      const Real total = log_sum_exp(row);
      require(std::abs(total) <= slack, Errc::not_a_distribution, "Contexts: reference ", x,
              " must sum to 1, got ", std::exp(total));
      for (Real& log : row) {
        log -= total;
      }
    }
    if (weights_.empty()) {
      weights_.assign(blocks_.count(), Real{1} / static_cast<Real>(blocks_.count()));
    }
    require(weights_.size() == blocks_.count(), Errc::dimension_mismatch,
            "Contexts: ", weights_.size(), " weights for ", blocks_.count(), " contexts");
    Real sum = 0;
    for (const Real w : weights_) {
      require(w > 0 && std::isfinite(w), Errc::invalid_argument,
              "Contexts: weights must be > 0 (leave out a context of weight 0), got ", w);
      sum += w;
    }
    require(std::abs(sum - 1) <= slack, Errc::not_a_distribution,
            "Contexts: weights must sum to 1, got ", sum);
    for (Real& w : weights_) {
      w /= sum;
    }
  }

  Blocks blocks_;
  std::vector<Real> weights_;
  std::vector<Real> log_reference_;
};

}  // namespace dag
