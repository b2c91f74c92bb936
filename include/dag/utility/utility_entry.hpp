// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>

namespace dag {

/// What a utility is made from: numbers, and data by answer, stacked over contexts.
struct UtilityData {
  double weight = 1, order = 3, k = 4, terms = 8, q = 0.5, epsilon = 0.1, bound = 0;
  std::string rule = "at_most";
  std::vector<double> reward = {}, target = {}, feature = {};
  std::vector<bool> correct = {};
  std::vector<std::vector<double>> rewards = {};            ///< a row a model
  std::vector<std::vector<double>> kernel = {}, cost = {};  ///< answers x answers

  friend bool operator==(const UtilityData&, const UtilityData&) = default;
};

/// One field of a utility: where it lies in `UtilityData`, its unit, default and range.
struct UtilityField {
  using Member = std::variant<double UtilityData::*, std::string UtilityData::*,
                              std::vector<double> UtilityData::*, std::vector<bool> UtilityData::*,
                              std::vector<std::vector<double>> UtilityData::*>;
  std::string_view name;
  Member member;
  std::string_view unit;
  std::string_view help;
  std::string_view option = {};                           ///< what gives it in `dag rewards`
  std::optional<double> fallback = {};                    ///< of a number; data by answer have none
  double low = -std::numeric_limits<double>::infinity();  ///< of a number
  double high = std::numeric_limits<double>::infinity();  ///< of a number
  bool above = false;                                     ///< the range begins above `low`
  bool whole = false;                                     ///< a whole number
  bool asked = false;     ///< a problem of `dag align` has to say it
  bool matrix = false;    ///< rows run over answers x answers
  bool averaged = false;  ///< by answer: of the mean over contexts, so times their weights

  [[nodiscard]] bool is_number() const { return member.index() == 0; }
  /// "> 0", ">= 1", "0 to 1", "a whole number, 1 to 4096"; "finite" where there is no bound.
  [[nodiscard]] std::string range() const {
    if (!std::isfinite(low)) {
      return "finite";
    }
    std::string text = whole ? "a whole number, " : "";
    text += std::isfinite(high) ? "" : above ? "> " : ">= ";
    detail::append(text, low);
    if (std::isfinite(high)) {
      text += " to ";
      detail::append(text, high);
    }
    return text;
  }
  /// Errors: invalid_argument, naming the field as `where` + its name.
  void check(double value, std::string_view where) const {
    require(std::isfinite(value) && (above ? value > low : value >= low) && value <= high &&
                (!whole || value == std::floor(value)),
            Errc::invalid_argument, where, name, " must be ",
            std::isfinite(low) ? range() + " and " : std::string(), "finite, got ", value);
  }
};

/// Another name of a utility, and the fields that it settles.
struct UtilityAlias {
  std::string_view name;
  std::optional<double> order = {};
  std::string_view rule = {};
};

/// What the reward of a sampled answer is made of.
enum class UtilityFamily {
  answer,     ///< the answer's probability
  target,     ///< it and a given p(z)
  frozen,     ///< it and a consensus that stays
  event,      ///< the probability of the right answers
  consensus,  ///< the consensus of the question's contexts
  pairwise,   ///< every other context
  values,     ///< numbers given by answer
  gradient,   ///< the gradient of F at the whole distribution
};

/// What is said of a utility of the library, under its name.
struct UtilityInfo {
  std::string_view name;
  std::vector<UtilityAlias> aliases;
  UtilityFamily family;
  std::string_view formula;  ///< F(nu) at weight 1, one context
  std::string_view help;     ///< its reward, in one line
  std::string_view method;   ///< how `equilibrium` finds its exact answer
  std::string_view source;
  std::vector<UtilityField> fields;
  std::vector<EstimatorKind> estimators;  ///< that `dag rewards` takes

  [[nodiscard]] const UtilityField* field(std::string_view key) const {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const UtilityField& f) { return f.name == key; });
    return found == fields.end() ? nullptr : &*found;
  }
  /// Its fields' defaults.
  [[nodiscard]] UtilityData defaults() const {
    UtilityData data;
    for (const UtilityField& f : fields) {
      if (f.fallback) {
        data.*std::get<double UtilityData::*>(f.member) = *f.fallback;
      }
    }
    return data;
  }
};

/// A row of the list (detail/utility_entries.hpp): `make(data)` is the utility, a lambda without
/// captures whose result says its type.
template <class Make>
struct UtilityRow {
  using make_type = Make;
  UtilityInfo info;
  Make make;
};
template <class Make>
UtilityRow(UtilityInfo, Make) -> UtilityRow<Make>;

}  // namespace dag
