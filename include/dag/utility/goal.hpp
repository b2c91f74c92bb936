// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// A given distribution p for every context, stacked: what divergence utilities pull towards.
template <Scalar Real>
class Goal {
 public:
  Goal() = default;
  explicit Goal(std::span<const Real> p) {
    entries_.reserve(p.size());
    for (const Real value : p) {
      entries_.push_back(Probability<Real>::of(value));
    }
  }
  Goal(const std::vector<Real>& p)  // NOLINT(google-explicit-constructor)
      : Goal(std::span<const Real>(p)) {}
  /// From log-probabilities, for targets below the smallest double.
  [[nodiscard]] static Goal from_log(std::span<const Real> log_p) {
    Goal goal;
    for (const Real log : log_p) {
      goal.entries_.push_back(Probability<Real>::of_log(log));
    }
    return goal;
  }

  [[nodiscard]] const Probability<Real>& operator[](std::size_t i) const { return entries_[i]; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// Errors: dimension_mismatch, not_a_distribution (an entry, or a context's sum, within
  /// sqrt(epsilon)).
  void check(const Blocks& blocks, std::string_view utility) const {
    require(size() == blocks.total(), Errc::dimension_mismatch, utility, ": the target has ",
            size(), " entries for ", blocks.total(), " answers");
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      Real total = 0;
      for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
        require(entries_[i].value >= 0, Errc::not_a_distribution, utility, ": target entry ", i,
                " must be >= 0, got ", entries_[i].value);
        total += entries_[i].value;
      }
      require(std::abs(total - 1) <= std::sqrt(std::numeric_limits<Real>::epsilon()),
              Errc::not_a_distribution, utility, ": the target of context ", x,
              " must sum to 1, got ", total);
    }
  }

 private:
  std::vector<Probability<Real>> entries_;
};

namespace detail {

/// Contexts of one question: the same answers in every block.
inline void check_same_answers(const Blocks& blocks, std::string_view utility) {
  for (std::size_t x = 1; x < blocks.count(); ++x) {
    require(blocks.size(x) == blocks.size(0), Errc::dimension_mismatch, utility,
            ": contexts of one question need the same answers; context 0 has ", blocks.size(0),
            ", context ", x, " has ", blocks.size(x));
  }
}

/// weight > 0 and finite, or an error naming the utility.
template <Scalar Real>
void require_weight(Real tau, std::string_view utility) {
  require(tau > 0 && std::isfinite(tau), Errc::invalid_argument, utility,
          ": tau must be > 0 and finite, got ", tau);
}

}  // namespace detail
}  // namespace dag
