// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/number.hpp>
#include <dag/utility/any_utility.hpp>
#include <dag/utility/utility_entry.hpp>

namespace dag {

/// All utilities, in the order of the documentation: the rows of detail/utility_entries.hpp.
[[nodiscard]] inline const std::vector<UtilityEntry>& utility_registry() {
  static const std::vector<UtilityEntry> registry = std::apply(
      [](const auto&... row) {
        return std::vector<UtilityEntry>{
            {row.info, [](const UtilityData& data) -> AnyUtility {
               return typename std::remove_cvref_t<decltype(row)>::make_type{}(data);
             }}...};
      },
      detail::make_utility_rows());
  return registry;
}

/// A utility as it was asked for: the entry, the alias that settles some of its fields, a factor of
/// its weight.
struct UtilityChoice {
  const UtilityEntry* entry;            ///< what the name stands for
  const UtilityAlias* alias = nullptr;  ///< where it was an alias
  double factor = 1;                    ///< in a sum

  /// The alias settles this field.
  [[nodiscard]] bool settles(std::string_view field) const {
    return alias != nullptr &&
           ((field == "order" && alias->order) || (field == "rule" && !alias->rule.empty()));
  }
  [[nodiscard]] UtilityData defaults() const {
    UtilityData data = entry->defaults();
    if (alias != nullptr) {
      data.order = alias->order.value_or(data.order);
      data.rule = alias->rule.empty() ? data.rule : std::string(alias->rule);
    }
    return data;
  }
};

/// The names of all utilities, a comma between.
[[nodiscard]] inline std::string utility_names() {
  std::string names;
  for (const UtilityEntry& entry : utility_registry()) {
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  return names;
}

/// The utility of this name or alias, `-` for `_` accepted; nothing where there is none.
[[nodiscard]] inline std::optional<UtilityChoice> find_utility(std::string_view word) {
  std::string name(word);
  std::replace(name.begin(), name.end(), '-', '_');
  for (const UtilityEntry& entry : utility_registry()) {
    if (entry.name == name) {
      return UtilityChoice{&entry};
    }
    for (const UtilityAlias& alias : entry.aliases) {
      if (alias.name == name) {
        return UtilityChoice{&entry, alias.order || !alias.rule.empty() ? &alias : nullptr};
      }
    }
  }
  return std::nullopt;
}

/// A utility or a sum of them: "gini", "coherence+0.1*entropy". Errors: invalid_argument, naming
/// what is no utility and the names that there are.
[[nodiscard]] inline std::vector<UtilityChoice> utility_sum(std::string_view text) {
  std::vector<UtilityChoice> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    double factor = 1;
    if (const auto star = word.find('*'); star != std::string_view::npos) {
      const bool reads = detail::number_value(word.substr(0, star), factor) == nullptr;
      require(reads && factor > 0 && std::isfinite(factor), Errc::invalid_argument, "the weight '",
              word.substr(0, star), "' of '", word, "' must be a number > 0");
      word.remove_prefix(star + 1);
    }
    auto found = find_utility(word);
    require(found.has_value(), Errc::invalid_argument, "no utility is called '", word,
            "'; there are ", utility_names());
    found->factor = factor;
    parts.push_back(*found);
  }
  return parts;
}

/// Whether any utility has a field of this name.
[[nodiscard]] inline bool is_utility_field(std::string_view key) {
  const auto& all = utility_registry();
  return std::any_of(all.begin(), all.end(),
                     [&](const UtilityEntry& entry) { return entry.field(key) != nullptr; });
}

}  // namespace dag
