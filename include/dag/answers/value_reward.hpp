// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/exact_sum.hpp>

namespace dag {

/// `width` numbers an answer, sample by sample (row-major): what M reward models give, or M
/// features. NaN where the sample has no answer.
struct SampleValues {
  std::size_t width = 0;
  std::vector<double> values;

  [[nodiscard]] std::span<const double> row(std::size_t sample) const noexcept {
    return std::span(values).subspan(sample * width, width);
  }
};

/// <a_m, nu> for each of the numbers: the mean over groups with an answer of the mean over their
/// answered samples, without bias, in any order the same bits. Zeros where no group has an answer.
[[nodiscard]] inline std::vector<double> group_means(const CountedGroups& source,
                                                     const SampleValues& values) {
  const AnswerGroups& groups = source.groups;
  require(values.values.size() == groups.samples() * values.width, Errc::dimension_mismatch,
          "group_means: ", groups.samples(), " samples of ", values.width, " numbers, got ",
          values.values.size());
  std::vector<Mean> means(values.width);
  std::vector<ExactSum> sum(values.width);
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    sum.assign(values.width, ExactSum{});
    std::size_t answered = 0;
    for (auto i = static_cast<std::size_t>(groups.begin[g]);
         i < static_cast<std::size_t>(groups.begin[g + 1]); ++i) {
      if (groups.answer[i] >= 0) {
        const auto row = values.row(i);
        for (std::size_t m = 0; m < row.size(); ++m) {
          sum[m].add(row[m], source.of(i));
        }
        answered += source.of(i);
      }
    }
    for (std::size_t m = 0; answered > 0 && m < sum.size(); ++m) {
      means[m].add(sum[m].value() / static_cast<double>(answered));
    }
  }
  std::vector<double> result;
  result.reserve(means.size());
  for (const Mean& mean : means) {
    result.push_back(mean.get().value_or(0));
  }
  return result;
}

/// The Target's best response to reward models with these means: all on the least, ties evenly.
[[nodiscard]] inline std::vector<double> worst_mixture(std::span<const double> means) {
  double least = std::numeric_limits<double>::infinity();
  for (const double mean : means) {
    least = mean < least ? mean : least;
  }
  double tied = 0;
  for (const double mean : means) {
    tied += mean == least ? 1 : 0;
  }
  std::vector<double> mixture;
  for (const double mean : means) {
    mixture.push_back(mean == least ? 1 / tied : 0.0);
  }
  return mixture;
}

/// <f, nu> <= bound, >= bound or = bound.
struct MomentBound {
  enum class Kind { at_most, at_least, equal };
  Kind kind = Kind::at_most;
  double bound = 0;

  /// How far a mean is beyond the bound, signed so that a positive multiplier pushes back:
  /// <f, nu> - bound, and bound - <f, nu> for at_least. Positive (not zero: equal) is a violation.
  [[nodiscard]] double excess(double mean) const noexcept {
    return kind == Kind::at_least ? bound - mean : mean - bound;
  }
  /// The sign of f in the Lagrangian.
  [[nodiscard]] double sign() const noexcept { return kind == Kind::at_least ? -1.0 : 1.0; }
};

/// Multipliers of the quadratic penalty -weight / 2 sum_k (excess_k)_+^2 (equal: excess_k^2), whose
/// gradient is -sum_k lambda_k f_k with lambda_k = weight (excess_k)_+ at the sampled means: a bias
/// of order 1 / (samples of all groups), since the sample counts in the mean.
[[nodiscard]] inline std::vector<double> penalty_multipliers(std::span<const double> means,
                                                             std::span<const MomentBound> bounds,
                                                             double weight) {
  require(means.size() == bounds.size(), Errc::dimension_mismatch,
          "penalty_multipliers: ", means.size(), " features but ", bounds.size(), " bounds");
  std::vector<double> multipliers;
  for (std::size_t k = 0; k < means.size(); ++k) {
    const double excess = bounds[k].excess(means[k]);
    const bool equal = bounds[k].kind == MomentBound::Kind::equal;
    multipliers.push_back(equal || excess > 0 ? weight * excess : 0.0);
  }
  return multipliers;
}

/// Rewards sum_m weights[m] values[m]: linear in nu, so without bias given the weights (a mixture
/// of reward models; minus the multipliers of features). NaN for a missing answer. Errors:
/// dimension_mismatch.
inline void weighted_value_rewards(const AnswerGroups& groups, const SampleValues& values,
                                   std::span<const double> weights, std::span<double> out) {
  require(values.values.size() == groups.samples() * values.width &&
              weights.size() == values.width && out.size() == groups.samples(),
          Errc::dimension_mismatch, "weighted_value_rewards: ", groups.samples(), " samples of ",
          values.width, " numbers, got ", values.values.size(), ", ", weights.size(),
          " weights and room for ", out.size(), " rewards");
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto row = values.row(i);
    double sum = 0;
    for (std::size_t m = 0; m < row.size(); ++m) {
      sum += weights[m] * row[m];
    }
    out[i] = groups.answer[i] >= 0 ? sum : std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace dag
