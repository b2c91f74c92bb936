// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

/// Fills table[k] with the plug-in estimate of a reward that depends on p = nu(z) alone, for a
/// sample whose answer k of the other K - 1 samples share: reward((k + 1) / K), K = table.size().
/// `reward`: double(double p) for p in (0, 1]. Its bias is O(1/K) for log p. Errors: a value that
/// is not finite (Errc::not_finite).
template <class Reward>
void plug_in_table(Reward&& reward, std::span<double> table) {
  for (std::size_t k = 0; k < table.size(); ++k) {
    const double p = static_cast<double>(k + 1) / static_cast<double>(table.size());
    table[k] = reward(p);
    require(std::isfinite(table[k]), Errc::not_finite, "plug_in_table: reward(", p, ") is ",
            table[k]);
  }
}

/// The leave-one-out estimate: reward(k / (K - 1)), independent of the sample it rewards, so it is
/// unbiased for rewards affine in p. Where no other sample agrees (k = 0) and reward(0) is not
/// finite (log p, 1/p), the count is floored at one half: reward(1 / (2 (K - 1))). K = 1 has no
/// other sample: reward(1), a constant that any baseline removes. `reward`: double(double p) on [0,
/// 1].
template <class Reward>
void leave_one_out_table(Reward&& reward, std::span<double> table) {
  const double others = static_cast<double>(table.size()) - 1;
  for (std::size_t k = 0; k < table.size(); ++k) {
    const double p = others > 0 ? static_cast<double>(k) / others : 1;
    table[k] = reward(p);
    if (k == 0 && !std::isfinite(table[k])) {
      table[k] = reward(others > 0 ? 0.5 / others : 1);
    }
    require(std::isfinite(table[k]), Errc::not_finite, "leave_one_out_table: reward(", p, ") is ",
            table[k]);
  }
}

namespace detail {

/// A table of K entries so that sums of K of them, and of their squares, are exact in double and so
/// the same in any order: entries less their centre, rounded to multiples of 2^(e - bits), 2^e the
/// power of two above the largest, squares to multiples of 2^(2 e - bits), K <= 2^(52 - bits).
struct TableSums {
  static constexpr std::size_t largest = 4096;  ///< 40 bits are left
  struct Entry {
    double value;
    double square;
  };
  double centre = 0;
  double least = 0;  ///< a sum of n squared deviations below n times this is too coarse for float
  std::vector<Entry> entries;

  TableSums() = default;
  template <class Scalar>
  explicit TableSums(std::span<const Scalar> table) {
    const auto [low, high] = std::minmax_element(table.begin(), table.end());
    centre = 0.5 * static_cast<double>(*low) + 0.5 * static_cast<double>(*high);
    int exponent = 0;
    (void)std::frexp(static_cast<double>(*high) - centre, &exponent);
    const int bits = 52 - static_cast<int>(std::bit_width(table.size() - 1));
    const auto round = [](double x, int unit) {
      return std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
    };
    for (const Scalar value : table) {
      const double own = round(static_cast<double>(value) - centre, exponent - bits);
      entries.push_back({own, round(own * own, 2 * exponent - bits)});
    }
    least = std::ldexp(1.0, 2 * exponent + 24 - bits);
  }
};

}  // namespace detail

/// Reward tables for the group sizes that occur: `table(K)[k]` is the reward of a sample in a group
/// of K answered samples, k of the others having its answer. Built once, read by the hot loops.
/// Memory: the sum of the distinct sizes, at most the number of samples.
template <class Scalar>
class RewardTables {
 public:
  RewardTables() = default;

  /// Tables for every size a group can have once its missing answers (-1) are taken out. `builder`
  /// is called once a size, in increasing order: builder(std::span<double> table), K =
  /// table.size(). For example [&](auto table) { plug_in_table(reward, table); }. Errors: offsets
  /// (dimension_mismatch), entries that are not finite (not_finite).
  template <class Builder>
  RewardTables(std::span<const std::int32_t> answer, std::span<const std::int64_t> begin,
               Builder&& builder) {
    std::vector<char> occurs(1);
    for (std::size_t g = 0; g + 1 < begin.size(); ++g) {
      require(begin[g] >= 0 && begin[g] <= begin[g + 1] &&
                  begin[g + 1] <= static_cast<std::int64_t>(answer.size()),
              Errc::dimension_mismatch, "RewardTables: group ", g, " runs from ", begin[g], " to ",
              begin[g + 1], " of ", answer.size(), " samples");
      std::size_t answered = 0;
      for (auto i = begin[g]; i < begin[g + 1]; ++i) {
        answered += answer[static_cast<std::size_t>(i)] >= 0 ? 1 : 0;
      }
      if (answered >= occurs.size()) {
        occurs.resize(answered + 1);
      }
      occurs[answered] = 1;
    }
    build(occurs, builder);
  }

  /// Tables for these sizes; a size may stand in it several times, and 0 needs no table.
  template <class Builder>
  RewardTables(std::span<const std::size_t> sizes, Builder&& builder) {
    std::vector<char> occurs(1);
    for (const std::size_t size : sizes) {
      if (size >= occurs.size()) {
        occurs.resize(size + 1);
      }
      occurs[size] = 1;
    }
    build(occurs, builder);
  }

  /// The table of one size only, for groups that all have it and miss no answer.
  template <class Builder>
  RewardTables(std::size_t size, Builder&& builder) : start_(size + 1, -1) {
    require(size > 0, Errc::invalid_argument, "RewardTables: a group has at least one sample");
    add(size, builder);
  }

  /// How sums over the samples of a group of `size` are taken; nullptr beyond
  /// detail::TableSums::largest and where that size was not built.
  [[nodiscard]] const detail::TableSums* sums(std::size_t size) const noexcept {
    return size < sums_.size() && !sums_[size].entries.empty() ? &sums_[size] : nullptr;
  }

  /// The table of groups with `size` answered samples; empty where that size was not built.
  [[nodiscard]] std::span<const Scalar> table(std::size_t size) const noexcept {
    if (size >= start_.size() || start_[size] < 0) {
      return {};
    }
    return std::span(values_).subspan(static_cast<std::size_t>(start_[size]), size);
  }

 private:
  template <class Builder>
  void build(std::span<const char> occurs, Builder& builder) {
    start_.assign(occurs.size(), -1);
    for (std::size_t size = 1; size < occurs.size(); ++size) {
      if (occurs[size] != 0) {
        add(size, builder);
      }
    }
  }
  template <class Builder>
  void add(std::size_t size, Builder& builder) {
    std::vector<double> table(size);
    builder(std::span<double>(table));
    start_[size] = static_cast<std::int64_t>(values_.size());
    for (std::size_t k = 0; k < size; ++k) {
      const auto value = static_cast<Scalar>(table[k]);
      require(std::isfinite(value), Errc::not_finite, "RewardTables: entry ", k, " for groups of ",
              size, " is ", table[k]);
      values_.push_back(value);
    }
    if (std::is_same_v<Scalar, float> && size <= detail::TableSums::largest) {
      if (sums_.size() <= size) {
        sums_.resize(size + 1);
      }
      sums_[size] = detail::TableSums(std::span<const Scalar>(values_).last(size));
    }
  }

  std::vector<std::int64_t> start_;
  std::vector<detail::TableSums> sums_;  ///< by size
  std::vector<Scalar> values_;
};

}  // namespace dag
