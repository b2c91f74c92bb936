// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>

/// What `dag check` is made of, whatever the game.
namespace cli {

using Json = nlohmann::ordered_json;

/// A sum as two doubles: exact additions (Knuth) and products (fused multiply-add) are carried
/// along, so that what is lost is of the order of 1e-32 of the terms.
class Sum {
 public:
  void add(double x) {
    const double total = high_ + x;
    const double part = total - high_;
    low_ += (high_ - (total - part)) + (x - part);
    high_ = total;
  }
  void add_product(double x, double y) {
    const double product = x * y;
    low_ += std::fma(x, y, -product);
    add(product);
  }
  [[nodiscard]] double value() const { return high_ + low_; }

 private:
  double high_ = 0;
  double low_ = 0;
};

/// One claim of a result.
struct Finding {
  std::string claim;
  std::string said;
  std::string found;
  bool holds = true;
};

/// What became of the claims of a result.
struct Checked {
  std::vector<Finding> findings;
  std::vector<std::string> unchecked;  ///< names of claims that were not recomputed, once each

  void leave(const std::string& name) {
    if (std::find(unchecked.begin(), unchecked.end(), name) == unchecked.end()) {
      unchecked.push_back(name);
    }
  }
  void add(const Checked& more) {
    findings.insert(findings.end(), more.findings.begin(), more.findings.end());
    for (const std::string& name : more.unchecked) {
      leave(name);
    }
  }
};

/// Claims of a result held against what is true, one by one.
class Claims {
 public:
  explicit Claims(std::string where) : where_(std::move(where)) {}
  [[nodiscard]] const Checked& checked() const { return checked_; }

 protected:
  /// "equilibria[3].onset" as "equilibria[].onset".
  static std::string kind_of(const std::string& name) {
    std::string out;
    bool inside = false;
    for (const char c : name) {
      inside = inside && c != ']';
      if (!inside) {
        out += c;
      }
      inside = inside || c == '[';
    }
    return out;
  }
  /// The claim of this name was looked at, by a finding of another name.
  void touch(const std::string& name) { touched_.insert(kind_of(name)); }
  void leave(const std::string& name) { checked_.leave(kind_of(name)); }
  /// Names what an object has that was not looked at: all but what is null, empty or `told`, which
  /// says how the run went or what was asked for.
  void rest(const Json& object, std::initializer_list<std::string_view> told,
            const std::string& prefix = "") {
    for (const auto& [key, value] : object.items()) {
      const std::string name = kind_of(prefix + key);
      if (!value.is_null() && !value.empty() &&
          std::find(told.begin(), told.end(), key) == told.end() && touched_.count(name) == 0) {
        checked_.leave(name);
      }
    }
  }
  static void need(bool holds, const std::string& rule) {
    dag::require(holds, dag::Errc::parse, "the result: ", rule);
  }
  static double number_of(const Json& object, const char* key, double otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
  }
  void say(const std::string& claim, const std::string& said, const std::string& found,
           bool holds) {
    touch(claim);
    checked_.findings.push_back({where_ + claim, said, found, holds});
  }
  void equals(const Json& object, const char* key, double truth, double slack,
              const std::string& prefix = "") {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
      return;
    }
    const bool number = found->is_number();
    const double said = number ? found->get<double>() : 0.0;
    say(prefix + key, number ? fmt::format("{}", said) : found->dump().substr(0, 60),
        fmt::format("{}", truth), number && std::abs(said - truth) <= slack);
  }
  void equals(const Json& object, const char* key, const std::vector<double>& truth, double slack,
              const std::string& prefix = "") {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
      return;
    }
    touch(prefix + key);
    const bool fits = found->is_array() && found->size() == truth.size();
    say(prefix + key + ".size", fmt::format("{}", found->size()), fmt::format("{}", truth.size()),
        fits);
    for (std::size_t i = 0; fits && i < truth.size(); ++i) {
      const Json& entry = (*found)[i];
      const double said = entry.is_number() ? entry.get<double>() : 0.0;
      say(fmt::format("{}{}[{}]", prefix, key, i), entry.dump().substr(0, 60),
          fmt::format("{}", truth[i]), entry.is_number() && std::abs(said - truth[i]) <= slack);
    }
  }
  /// `equilibria` of a result: how many are said to be there, and `each` of them by its name.
  template <class Each>
  void each_equilibrium(const Json& result, Each&& each) {
    const Json& list = result["equilibria"];
    need(list.is_array(), "equilibria is a list");
    touch("equilibria");
    const double count = number_of(result, "equilibria_count", -1);
    const auto listed = static_cast<double>(list.size());
    say("equilibria_count", fmt::format("{}", count), fmt::format("{} are listed", list.size()),
        count >= listed && (count == listed || result.value("complete", Json()) == Json(false)));
    for (std::size_t k = 0; k < list.size(); ++k) {
      const std::string name = fmt::format("equilibria[{}]", k);
      need(list[k].is_object() && list[k].contains("strategies"), name + " has strategies");
      each(list[k], name);
    }
  }

 private:
  std::string where_;
  Checked checked_;
  std::set<std::string> touched_;
};

}  // namespace cli
