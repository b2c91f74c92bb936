// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <dag/text/detail/exact.hpp>

namespace dag::detail {

/// A unit: powers of base units by name, and the factor to them. A noun ("apples") is a base unit
/// of its own; a unit that says nothing ("units") has no powers.
struct Unit {
  std::map<std::string, int> powers;
  Exact factor{1};

  [[nodiscard]] Unit raised(int power) const {
    Unit result;
    for (const auto& [name, p] : powers) {
      if (p * power != 0) {
        result.powers[name] = p * power;
      }
    }
    const Exact size = factor.power(static_cast<std::uint64_t>(std::abs(power)));
    result.factor = power < 0 ? size.inverse() : size;
    return result;
  }
  [[nodiscard]] friend Unit operator*(const Unit& a, const Unit& b) {
    Unit result = a;
    for (const auto& [name, p] : b.powers) {
      if ((result.powers[name] += p) == 0) {
        result.powers.erase(name);
      }
    }
    result.factor = a.factor * b.factor;
    return result;
  }
  /// "m s^-1"
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [name, p] : powers) {
      out += (out.empty() ? "" : " ") + name + (p == 1 ? "" : "^" + std::to_string(p));
    }
    return out;
  }
};

struct UnitName {
  std::string_view name;
  std::string_view powers;  ///< of base units, as Unit::text writes them
  std::string_view factor;  ///< decimal, or p/q
};

/// Units by name, in singular where they are words. Sorted by nothing: looked up rarely.
inline constexpr std::array unit_names{
    // length
    UnitName{"m", "m", "1"},
    UnitName{"meter", "m", "1"},
    UnitName{"metre", "m", "1"},
    UnitName{"centimeter", "m", "0.01"},
    UnitName{"centimetre", "m", "0.01"},
    UnitName{"millimeter", "m", "0.001"},
    UnitName{"millimetre", "m", "0.001"},
    UnitName{"kilometer", "m", "1000"},
    UnitName{"kilometre", "m", "1000"},
    UnitName{"micrometer", "m", "0.000001"},
    UnitName{"micron", "m", "0.000001"},
    UnitName{"nanometer", "m", "0.000000001"},
    UnitName{"in", "m", "0.0254"},
    UnitName{"inch", "m", "0.0254"},
    UnitName{"inche", "m", "0.0254"},
    UnitName{"ft", "m", "0.3048"},
    UnitName{"foot", "m", "0.3048"},
    UnitName{"feet", "m", "0.3048"},
    UnitName{"yd", "m", "0.9144"},
    UnitName{"yard", "m", "0.9144"},
    UnitName{"mi", "m", "1609.344"},
    UnitName{"mile", "m", "1609.344"},
    // mass
    UnitName{"g", "kg", "0.001"},
    UnitName{"gram", "kg", "0.001"},
    UnitName{"kilogram", "kg", "1"},
    UnitName{"kilo", "kg", "1"},
    UnitName{"milligram", "kg", "0.000001"},
    UnitName{"tonne", "kg", "1000"},
    UnitName{"lb", "kg", "0.45359237"},
    UnitName{"pound", "kg", "0.45359237"},
    UnitName{"oz", "kg", "0.028349523125"},
    UnitName{"ounce", "kg", "0.028349523125"},
    // time
    UnitName{"s", "s", "1"},
    UnitName{"sec", "s", "1"},
    UnitName{"second", "s", "1"},
    UnitName{"min", "s", "60"},
    UnitName{"minute", "s", "60"},
    UnitName{"h", "s", "3600"},
    UnitName{"hr", "s", "3600"},
    UnitName{"hour", "s", "3600"},
    UnitName{"day", "s", "86400"},
    UnitName{"week", "s", "604800"},
    UnitName{"month", "month", "1"},
    UnitName{"year", "month", "12"},
    UnitName{"yr", "month", "12"},
    UnitName{"decade", "month", "120"},
    UnitName{"century", "month", "1200"},
    UnitName{"centurie", "month", "1200"},
    UnitName{"millisecond", "s", "0.001"},
    // area and volume
    UnitName{"L", "m^3", "0.001"},
    UnitName{"l", "m^3", "0.001"},
    UnitName{"liter", "m^3", "0.001"},
    UnitName{"litre", "m^3", "0.001"},
    UnitName{"milliliter", "m^3", "0.000001"},
    UnitName{"millilitre", "m^3", "0.000001"},
    UnitName{"cc", "m^3", "0.000001"},
    UnitName{"hectare", "m^2", "10000"},
    UnitName{"ha", "m^2", "10000"},
    UnitName{"acre", "m^2", "4046.8564224"},
    UnitName{"gallon", "m^3", "0.003785411784"},
    UnitName{"gal", "m^3", "0.003785411784"},
    UnitName{"quart", "m^3", "0.000946352946"},
    UnitName{"pint", "m^3", "0.000473176473"},
    UnitName{"cup", "cup", "1"},
    // speed
    UnitName{"mph", "m s^-1", "0.44704"},
    UnitName{"kmh", "m s^-1", "5/18"},
    UnitName{"kph", "m s^-1", "5/18"},
    UnitName{"kmph", "m s^-1", "5/18"},
    UnitName{"mps", "m s^-1", "1"},
    UnitName{"knot", "m s^-1", "463/900"},
    // electricity, mechanics, heat
    UnitName{"A", "A", "1"},
    UnitName{"amp", "A", "1"},
    UnitName{"ampere", "A", "1"},
    UnitName{"K", "K", "1"},
    UnitName{"kelvin", "K", "1"},
    UnitName{"mol", "mol", "1"},
    UnitName{"mole", "mol", "1"},
    UnitName{"cd", "cd", "1"},
    UnitName{"N", "kg m s^-2", "1"},
    UnitName{"newton", "kg m s^-2", "1"},
    UnitName{"J", "kg m^2 s^-2", "1"},
    UnitName{"joule", "kg m^2 s^-2", "1"},
    UnitName{"W", "kg m^2 s^-3", "1"},
    UnitName{"watt", "kg m^2 s^-3", "1"},
    UnitName{"Pa", "kg m^-1 s^-2", "1"},
    UnitName{"pascal", "kg m^-1 s^-2", "1"},
    UnitName{"bar", "kg m^-1 s^-2", "100000"},
    UnitName{"atm", "kg m^-1 s^-2", "101325"},
    UnitName{"Hz", "s^-1", "1"},
    UnitName{"hertz", "s^-1", "1"},
    UnitName{"V", "A^-1 kg m^2 s^-3", "1"},
    UnitName{"volt", "A^-1 kg m^2 s^-3", "1"},
    UnitName{"ohm", "A^-2 kg m^2 s^-3", "1"},
    UnitName{"C", "A s", "1"},
    UnitName{"coulomb", "A s", "1"},
    UnitName{"F", "A^2 kg^-1 m^-2 s^4", "1"},
    UnitName{"farad", "A^2 kg^-1 m^-2 s^4", "1"},
    UnitName{"T", "A^-1 kg s^-2", "1"},
    UnitName{"tesla", "A^-1 kg s^-2", "1"},
    UnitName{"H", "A^-2 kg m^2 s^-2", "1"},
    UnitName{"henry", "A^-2 kg m^2 s^-2", "1"},
    UnitName{"eV", "eV", "1"},
    UnitName{"cal", "kg m^2 s^-2", "4.184"},
    UnitName{"calorie", "kg m^2 s^-2", "4.184"},
    UnitName{"kWh", "kg m^2 s^-2", "3600000"},
    UnitName{"M", "m^-3 mol", "1000"},
    UnitName{"Wb", "A^-1 kg m^2 s^-2", "1"},
    UnitName{"lm", "lm", "1"},
    UnitName{"lx", "lx", "1"},
    UnitName{"Bq", "s^-1", "1"},
    UnitName{"kelvins", "K", "1"},
    UnitName{"kilojoule", "kg m^2 s^-2", "1000"},
    UnitName{"kilowatt", "kg m^2 s^-3", "1000"},
    UnitName{"megawatt", "kg m^2 s^-3", "1000000"},
    // angles
    UnitName{"degree", "deg", "1"},
    UnitName{"deg", "deg", "1"},
    UnitName{"rad", "rad", "1"},
    UnitName{"radian", "rad", "1"},
    UnitName{"degC", "degC", "1"},
    UnitName{"degF", "degF", "1"},
    UnitName{"celsius", "degC", "1"},
    UnitName{"fahrenheit", "degF", "1"},
    UnitName{"rev", "rev", "1"},
    UnitName{"revolution", "rev", "1"},
    UnitName{"rpm", "rev s^-1", "1/60"},
    // information
    UnitName{"bit", "bit", "1"},
    UnitName{"byte", "bit", "8"},
    UnitName{"B", "bit", "8"},
    UnitName{"kilobyte", "bit", "8000"},
    UnitName{"megabyte", "bit", "8000000"},
    UnitName{"gigabyte", "bit", "8000000000"},
    // money
    UnitName{"USD", "USD", "1"},
    UnitName{"dollar", "USD", "1"},
    UnitName{"buck", "USD", "1"},
    UnitName{"cent", "USD", "0.01"},
    UnitName{"penny", "USD", "0.01"},
    UnitName{"pennie", "USD", "0.01"},
    UnitName{"EUR", "EUR", "1"},
    UnitName{"euro", "EUR", "1"},
    UnitName{"GBP", "GBP", "1"},
    UnitName{"JPY", "JPY", "1"},
    UnitName{"yen", "JPY", "1"},
    UnitName{"INR", "INR", "1"},
    UnitName{"rupee", "INR", "1"},
    UnitName{"Rs", "INR", "1"},
    UnitName{"CNY", "CNY", "1"},
    UnitName{"RMB", "CNY", "1"},
    UnitName{"yuan", "CNY", "1"},
    UnitName{"won", "KRW", "1"},
    UnitName{"KRW", "KRW", "1"},
    // words that say nothing about the value
    UnitName{"unit", "", "1"},
    UnitName{"u", "", "1"},
    UnitName{"dozen", "", "12"},
    // other languages' words for these
    UnitName{"\xE5\x85\x83", "CNY", "1"},
    UnitName{"\xE7\xB1\xB3", "m", "1"},
    UnitName{"\xE5\x8E\x98\xE7\xB1\xB3", "m", "0.01"},
    UnitName{"\xE5\x8D\x83\xE7\xB1\xB3", "m", "1000"},
    UnitName{"\xE5\xB0\x8F\xE6\x97\xB6", "s", "3600"},
    UnitName{"\xE5\x88\x86\xE9\x92\x9F", "s", "60"},
    UnitName{"\xE5\xBA\xA6", "deg", "1"},
};

struct UnitPrefix {
  char letter;
  int exponent;
};
inline constexpr std::array unit_prefixes{
    UnitPrefix{'n', -9}, UnitPrefix{'u', -6},  UnitPrefix{'m', -3}, UnitPrefix{'c', -2},
    UnitPrefix{'d', -1}, UnitPrefix{'k', 3},   UnitPrefix{'M', 6},  UnitPrefix{'G', 9},
    UnitPrefix{'T', 12}, UnitPrefix{'p', -12}, UnitPrefix{'f', -15}};

[[nodiscard]] inline Unit unit_of(const UnitName& entry) {
  Unit unit;
  const std::size_t slash = entry.factor.find('/');
  unit.factor = Exact::decimal(entry.factor.substr(0, slash));
  if (slash != std::string_view::npos) {
    unit.factor = unit.factor / Exact::decimal(entry.factor.substr(slash + 1));
  }
  std::string_view rest = entry.powers;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const std::size_t caret = part.find('^');
    unit.powers[std::string(part.substr(0, caret))] =
        caret == std::string_view::npos ? 1
                                        : std::atoi(std::string(part.substr(caret + 1)).c_str());
  }
  return unit;
}

/// The unit that a name spells: symbols as they are (mA is not MA), words in any case and number.
[[nodiscard]] inline std::optional<Unit> known_unit(std::string_view name) {
  const auto find = [](std::string_view wanted) -> const UnitName* {
    const auto at = std::find_if(unit_names.begin(), unit_names.end(),
                                 [&](const UnitName& u) { return u.name == wanted; });
    return at == unit_names.end() ? nullptr : &*at;
  };
  if (const UnitName* entry = find(name)) {
    return unit_of(*entry);
  }
  // A prefix and a symbol.
  constexpr std::array<std::string_view, 24> prefixed{"m", "g", "s", "L",  "l",   "A", "K",   "mol",
                                                      "N", "J", "W", "Pa", "Hz",  "V", "ohm", "C",
                                                      "F", "T", "H", "eV", "cal", "B", "bit", "M"};
  if (name.size() >= 2) {
    const std::string_view symbol = name.substr(1);
    for (const auto& prefix : unit_prefixes) {
      if (prefix.letter == name[0] &&
          std::find(prefixed.begin(), prefixed.end(), symbol) != prefixed.end()) {
        Unit unit = unit_of(*find(symbol));
        const Exact ten = Exact(10).power(static_cast<std::uint64_t>(std::abs(prefix.exponent)));
        unit.factor = unit.factor * (prefix.exponent < 0 ? ten.inverse() : ten);
        return unit;
      }
    }
  }
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  for (const std::string_view word :
       {std::string_view(lower),
        std::string_view(lower).substr(0, lower.size() - (lower.size() > 1 ? 1 : 0))}) {
    if (word.size() == lower.size() || lower.back() == 's') {
      if (word.size() >= 2) {
        if (const UnitName* entry = find(word)) {
          return unit_of(*entry);
        }
      }
    }
  }
  if (name == "kgs" || name == "kms" || name == "cms" || name == "mms" || name == "mLs") {
    return known_unit(name.substr(0, 2));
  }
  return std::nullopt;
}

[[nodiscard]] inline bool is_money(const Unit& unit) {
  return unit.powers.size() == 1 && unit.powers.begin()->second == 1 &&
         unit.powers.begin()->first.size() == 3 && unit.powers.begin()->first[0] >= 'A' &&
         unit.powers.begin()->first[0] <= 'Z';
}

}  // namespace dag::detail
