// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

// Sums chosen at run time, one type a family, so that the solvers are instantiated once for all.

/// A sum of utilities whose rewards are level(i) - rate log nu(i): it only moves the anchor.
struct LogAffineSum {
  using scalar_type = double;
  std::vector<double> level;  ///< stacked answers; empty: zeros
  double rate = 0;

  template <class U>
  void add(const U& u, std::size_t answers) {
    rate += u.log_affine_rate();
    level.resize(answers);
    for (std::size_t i = 0; i < answers; ++i) {
      level[i] += u.log_affine_level(i);
    }
  }
  [[nodiscard]] double datum(std::size_t i) const { return log_affine_level(i); }
  [[nodiscard]] double term(Probability<double> nu, double l) const {
    return nu.value > 0 ? nu.value * (l - rate * nu.log) : 0.0;
  }
  [[nodiscard]] double reward(Probability<double> nu, double l) const { return l - rate * nu.log; }
  [[nodiscard]] double slope(Probability<double>, double) const { return -rate; }
  [[nodiscard]] double log_affine_level(std::size_t i) const {
    return level.empty() ? 0.0 : level[i];
  }
  [[nodiscard]] double log_affine_rate() const { return rate; }
  /// A level of -inf: nu must be 0 there.
  [[nodiscard]] bool excludes(std::size_t i) const {
    return !(log_affine_level(i) > -std::numeric_limits<double>::infinity());
  }
};

/// A sum of pointwise utilities.
struct PointwiseSum {
  using scalar_type = double;
  /// Term, its derivative (the reward) and second derivative at the probability of an answer.
  struct Part {
    std::function<double(Probability<double>, std::size_t)> term, reward, slope;
  };
  std::vector<Part> parts;
  std::vector<bool> excluded;  ///< answers where nu has to be 0; empty: none

  template <PointwiseUtility U>
  void add(const U& u) {
    parts.push_back(
        {[u](Probability<double> nu, std::size_t i) { return detail::term_at(u, i, nu); },
         [u](Probability<double> nu, std::size_t i) { return detail::reward_at(u, i, nu); },
         [u](Probability<double> nu, std::size_t i) { return detail::slope_at(u, i, nu); }});
  }
  [[nodiscard]] std::size_t datum(std::size_t i) const { return i; }
  [[nodiscard]] double term(Probability<double> nu, std::size_t i) const {
    return sum(&Part::term, nu, i);
  }
  [[nodiscard]] double reward(Probability<double> nu, std::size_t i) const {
    return sum(&Part::reward, nu, i);
  }
  [[nodiscard]] double slope(Probability<double> nu, std::size_t i) const {
    return sum(&Part::slope, nu, i);
  }
  [[nodiscard]] bool excludes(std::size_t i) const { return !excluded.empty() && excluded[i]; }

 private:
  template <class Member>
  [[nodiscard]] double sum(Member member, Probability<double> nu, std::size_t i) const {
    double total = 0;
    for (const Part& part : parts) {
      total += (part.*member)(nu, i);
    }
    return total;
  }
};

/// A sum of adversarial utilities: their Targets side by side. The worst of one set of rewards plus
/// the worst of another is the worst of all their pairs: at most one mixture. Rows carry the
/// contexts' weights.
struct AdversarialSum {
  using scalar_type = double;
  static constexpr bool context_weighted = false;
  /// A block of the Target's strategy: its kind, the payoff's entries by answer, and a constant.
  struct Row {
    TargetKind kind;
    std::vector<double> entries;
    double offset;
  };
  std::vector<Row> rows;

  template <AdversarialUtility U>
  void add(const U& u, const Blocks& blocks, std::span<const double> weights) {
    std::vector<Row> mixed;
    for (std::size_t k = 0; k < u.target_size(); ++k) {
      const auto entries = u.target_row(k);
      Row row{u.target_kind(k), {entries.begin(), entries.end()}, u.target_offset(k)};
      for (std::size_t x = 0; U::context_weighted && x < blocks.count(); ++x) {
        for (double& entry : blocks.of(std::span<double>(row.entries), x)) {
          entry *= weights[x];
        }
      }
      (row.kind == TargetKind::mixture ? mixed : rows).push_back(std::move(row));
    }
    if (mixed.empty()) {
      return;
    }
    std::vector<Row> before, kept;
    for (Row& row : rows) {
      (row.kind == TargetKind::mixture ? before : kept).push_back(std::move(row));
    }
    for (const Row& row : before) {
      for (const Row& own : mixed) {
        Row pair = row;
        pair.offset += own.offset;
        for (std::size_t i = 0; i < pair.entries.size(); ++i) {
          pair.entries[i] += own.entries[i];
        }
        kept.push_back(std::move(pair));
      }
    }
    if (before.empty()) {
      kept.insert(kept.end(), mixed.begin(), mixed.end());
    }
    rows = std::move(kept);
  }
  [[nodiscard]] std::size_t target_size() const { return rows.size(); }
  [[nodiscard]] TargetKind target_kind(std::size_t k) const { return rows[k].kind; }
  [[nodiscard]] std::span<const double> target_row(std::size_t k) const { return rows[k].entries; }
  [[nodiscard]] double target_offset(std::size_t k) const { return rows[k].offset; }
};

/// A sum of any utilities without a Target of their own, by value and gradient.
struct DirectSum {
  using scalar_type = double;
  /// Value and gradient of a part.
  struct Part {
    std::function<double(AnswersView<double>)> value;
    std::function<void(AnswersView<double>, std::span<double>, std::span<double>)> gradient;
  };
  std::vector<Part> parts;
  std::vector<bool> excluded;  ///< answers where nu has to be 0; empty: none
  bool concave = true;         ///< no part says that it is not

  template <Utility U>
  void add(const U& u) {
    if constexpr (requires { u.concave; }) {
      concave = concave && u.concave;
    }
    parts.push_back(
        {[u](AnswersView<double> nu) { return value_of(u, nu, std::span<const double>{}); },
         [u](AnswersView<double> nu, std::span<double> out, std::span<double> scratch) {
           gradient_of(u, nu, std::span<const double>{}, out, scratch);
         }});
  }
  [[nodiscard]] double value(AnswersView<double> nu) const {
    double total = 0;
    for (const Part& part : parts) {
      total += part.value(nu);
    }
    return total;
  }
  void gradient(AnswersView<double> nu, std::span<double> out) const {
    std::vector<double> own(out.size()), scratch(out.size());
    for (double& g : out) {
      g = 0;
    }
    for (const Part& part : parts) {
      part.gradient(nu, own, scratch);
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += own[i];
      }
    }
  }
  [[nodiscard]] bool excludes(std::size_t i) const { return !excluded.empty() && excluded[i]; }
};

}  // namespace dag
