// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/number.hpp>

namespace dag::detail {

/// What follows a game's name, cut at the colons: `3x4:0.5:7` gives sizes 3, 4, then 0.5, then 7.
class GameArguments {
 public:
  GameArguments(std::string_view name, std::string_view usage, std::string_view rest)
      : name_(name), usage_(usage) {
    while (!rest.empty()) {
      rest.remove_prefix(1);  // the colon
      const std::size_t end = rest.find(':');
      parts_.push_back(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return parts_.size(); }
  void expect(std::size_t least, std::size_t most) const {
    require(parts_.size() >= least && parts_.size() <= most, Errc::invalid_argument,
            "named_game: '", name_, "' does not follow its form ", usage_);
  }
  [[nodiscard]] std::uint64_t natural(std::size_t part) const { return natural_of(parts_[part]); }
  [[nodiscard]] double real(std::size_t part) const {
    double value = 0.0;
    const char* wrong = number_value(parts_[part], value);
    require(wrong == nullptr, Errc::invalid_argument, "named_game: '", name_, "': '", parts_[part],
            "' is ", wrong == nullptr ? "" : wrong, "; the form is ", usage_);
    return value;
  }
  /// Sizes such as 3x4; together with the players not more than 2^27 payoffs (1 GiB).
  [[nodiscard]] std::vector<std::size_t> sizes(std::size_t part, std::size_t least,
                                               std::size_t most) const {
    std::vector<std::size_t> found;
    std::string_view rest = parts_[part];
    while (true) {
      const std::size_t cross = rest.find('x');
      found.push_back(natural_of(rest.substr(0, cross)));
      require(found.back() >= 1, Errc::invalid_argument, "named_game: '", name_,
              "': every player needs at least one strategy");
      if (cross == std::string_view::npos) {
        break;
      }
      rest.remove_prefix(cross + 1);
    }
    require(found.size() >= least && found.size() <= most, Errc::invalid_argument, "named_game: '",
            name_, "' does not follow its form ", usage_);
    constexpr std::size_t limit = std::size_t{1} << 27;
    require(bounded_product(found, limit) <= limit / found.size(), Errc::invalid_argument,
            "named_game: '", name_, "' has more than 2^27 payoffs (1 GiB)");
    return found;
  }
  /// A square game's size.
  [[nodiscard]] std::size_t side(std::size_t part) const {
    const std::uint64_t n = natural(part);
    require(n >= 1 && n <= 8192, Errc::invalid_argument, "named_game: '", name_,
            "': needs 1 to 8192 strategies, got ", n);
    return n;
  }

 private:
  [[nodiscard]] std::uint64_t natural_of(std::string_view text) const {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    require(!text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size(),
            Errc::invalid_argument, "named_game: '", name_, "': '", text,
            "' is not a natural number; the form is ", usage_);
    return value;
  }

  std::string_view name_;
  std::string_view usage_;
  std::vector<std::string_view> parts_;
};

/// Insertions, deletions and replacements that turn one word into another.
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      const std::size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
      row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
    }
  }
  return row[b.size()];
}

}  // namespace dag::detail
