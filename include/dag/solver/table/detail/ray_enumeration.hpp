// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/numeric/integer.hpp>

namespace dag::detail {

/// The double description method in whole numbers: the extreme rays of {q >= 0 : rows q <= 0}.
class RayEnumeration {
 public:
  RayEnumeration(std::size_t columns, std::vector<std::vector<Integer>> rows)
      : columns_(columns), rows_(std::move(rows)), words_((columns + rows_.size() + 63) / 64) {}

  /// False where more than `most` rays are held, or the deadline passes.
  [[nodiscard]] bool run(std::size_t most, const Deadline& deadline) {
    for (std::size_t j = 0; j < columns_; ++j) {
      Ray ray{std::vector<Integer>(columns_), Bits(words_, 0)};
      ray.entries[j] = Integer(1);
      for (std::size_t k = 0; k < columns_; ++k) {
        if (k != j) {
          set(ray.tight, k);
        }
      }
      rays_.push_back(std::move(ray));
    }
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (!add(row, most, deadline)) {
        return false;
      }
    }
    return true;
  }
  template <class Visit>
  void each(Visit&& visit) const {
    for (const Ray& ray : rays_) {
      visit(ray.entries);
    }
  }
  [[nodiscard]] std::size_t most_rays() const noexcept { return most_rays_; }

 private:
  using Bits = std::vector<std::uint64_t>;
  struct Ray {
    std::vector<Integer> entries;
    Bits tight;  ///< which constraints it meets with equality: entries, then rows
  };

  static void set(Bits& bits, std::size_t k) { bits[k / 64] |= std::uint64_t{1} << k % 64; }

  bool add(std::size_t row, std::size_t most, const Deadline& deadline) {
    std::vector<Integer> values;
    std::vector<std::size_t> inside;
    std::vector<std::size_t> outside;
    for (std::size_t r = 0; r < rays_.size(); ++r) {
      Integer value;
      for (std::size_t j = 0; j < columns_; ++j) {
        if (rows_[row][j].sign() != 0 && rays_[r].entries[j].sign() != 0) {
          value = value + rows_[row][j] * rays_[r].entries[j];
        }
      }
      if (value.sign() == 0) {
        set(rays_[r].tight, columns_ + row);
      } else {
        (value.sign() < 0 ? inside : outside).push_back(r);
      }
      values.push_back(std::move(value));
    }
    std::vector<Ray> made;
    for (const std::size_t in : inside) {
      for (const std::size_t out : outside) {
        if (deadline.passed()) {
          return false;
        }
        if (!adjacent(in, out)) {
          continue;
        }
        made.push_back(between(rays_[in], values[out], rays_[out], values[in].negated()));
        set(made.back().tight, columns_ + row);
        if (rays_.size() + made.size() > 2 * most) {
          return false;
        }
      }
    }
    std::vector<Ray> kept;
    for (std::size_t r = 0; r < rays_.size(); ++r) {
      if (values[r].sign() <= 0) {
        kept.push_back(std::move(rays_[r]));
      }
    }
    for (Ray& ray : made) {
      kept.push_back(std::move(ray));
    }
    rays_ = std::move(kept);
    most_rays_ = rays_.size() > most_rays_ ? rays_.size() : most_rays_;
    return rays_.size() <= most;
  }

  /// Two rays span a face of dimension two if no third one meets all that both meet.
  [[nodiscard]] bool adjacent(std::size_t a, std::size_t b) const {
    Bits both(words_);
    int common = 0;
    for (std::size_t w = 0; w < words_; ++w) {
      both[w] = rays_[a].tight[w] & rays_[b].tight[w];
      common += std::popcount(both[w]);
    }
    if (static_cast<std::size_t>(common) + 2 < columns_) {
      return false;
    }
    for (std::size_t r = 0; r < rays_.size(); ++r) {
      if (r == a || r == b) {
        continue;
      }
      bool all = true;
      for (std::size_t w = 0; w < words_ && all; ++w) {
        all = (both[w] & ~rays_[r].tight[w]) == 0;
      }
      if (all) {
        return false;
      }
    }
    return true;
  }

  /// x a + y b without common divisor, x and y > 0.
  [[nodiscard]] Ray between(const Ray& a, const Integer& x, const Ray& b, const Integer& y) const {
    Ray ray{std::vector<Integer>(columns_), Bits(words_)};
    BigNatural divisor;
    for (std::size_t j = 0; j < columns_; ++j) {
      ray.entries[j] = x * a.entries[j] + y * b.entries[j];
      divisor = gcd(divisor, ray.entries[j].size());
    }
    const Integer unit(false, divisor);
    for (Integer& entry : ray.entries) {
      entry = quotient(entry, unit);
    }
    for (std::size_t w = 0; w < words_; ++w) {
      ray.tight[w] = a.tight[w] & b.tight[w];
    }
    return ray;
  }

  std::size_t columns_;
  std::vector<std::vector<Integer>> rows_;
  std::size_t words_;
  std::vector<Ray> rays_;
  std::size_t most_rays_ = 0;
};

}  // namespace dag::detail
